//! What is told of a built-in case: `case.yaml`, read strictly.

use kubound_encodings::controllers;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Declares the symptoms in the order in which they are listed: what they are called, and what shows them.
macro_rules! symptoms {
    ($($name:ident = $words:literal, $seen:literal;)*) => {
        /// What somebody sees who does not know the cause yet.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
        pub enum Symptom {
            $(#[doc = $seen] #[serde(rename = $words)] $name,)*
        }

        impl Symptom {
            /// All of them, in the order in which they are listed.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What it is called in `case.yaml` and in lists.
            pub const fn words(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)*
                }
            }

            /// What shows it.
            pub const fn seen(self) -> &'static str {
                match self {
                    $(Self::$name => $seen,)*
                }
            }
        }
    };
}

symptoms! {
    PodsPending = "pods stay pending", "No node takes a pod, and nothing is done about it.";
    PodsEvicted = "pods are evicted or restarted again and again",
        "Pods are young although nobody changed anything; Events of evictions, failures and new pods repeat.";
    FewerPods = "fewer pods serve than promised", "Fewer pods are Ready, or can be reached, than somebody relies on.";
    ReplicasJump = "replicas jump", "spec.replicas rises or falls without a reason in the load, or does both in turn.";
    RolloutHangs = "a rollout hangs", "`kubectl rollout status` waits forever.";
    DrainHangs = "a drain hangs", "`kubectl drain` waits forever or gives up, or a node that nobody needs stays.";
    NodesComeAndGo = "nodes come and go", "Nodes are added and removed, or stop and come back, again and again.";
    PodsPileUp = "pods pile up", "There are more pods than anybody asked for, perhaps of pods that have failed.";
    PodsCrowd = "pods crowd on few nodes", "One node has more than its share of pods, and takes them with it when it stops.";
    JobsIncomplete = "jobs do not complete", "A Job fails or is ended although its pods would have done their work.";
    ResourceUnlike = "a custom resource never becomes what it says",
        "An operator has nothing left to do, and what it manages is not what its resource asks for.";
}

/// What is told of a case.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct About {
    /// What happens, in a line.
    #[serde(deserialize_with = "text")]
    pub title: String,
    /// What is seen of it.
    pub symptom: Symptom,
    /// The controllers that bring it about, by their names in the models; none where people do.
    #[serde(deserialize_with = "known")]
    pub controllers: Vec<&'static str>,
    /// Where it was reported.
    #[serde(deserialize_with = "text")]
    pub source: String,
    /// How it comes about; may have several lines.
    #[serde(deserialize_with = "text")]
    pub mechanism: String,
    /// Nodes and pods of the smallest violation.
    #[serde(deserialize_with = "smallest")]
    pub smallest: (i64, i64),
    /// What helps; may have several lines.
    #[serde(deserialize_with = "text")]
    pub fixed_by: String,
}

impl About {
    /// Reads the text of a `case.yaml`, one of our own.
    ///
    /// # Errors
    ///
    /// What is missing, unknown, there twice or of another kind, with its place.
    pub fn read(text: &str) -> Result<Self, serde_yaml::Error> {
        serde_yaml::from_str(text)
    }
}

/// Nodes and pods, as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Smallest {
    nodes: u16,
    pods: u16,
}

fn smallest<'de, D: Deserializer<'de>>(source: D) -> Result<(i64, i64), D::Error> {
    let Smallest { nodes, pods } = Smallest::deserialize(source)?;
    Ok((nodes.into(), pods.into()))
}

/// A text that says something, without the line breaks at its end.
fn text<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    let text = String::deserialize(source)?;
    match text.trim_end() {
        "" => Err(D::Error::custom("a text that is not empty is expected")),
        text => Ok(text.to_owned()),
    }
}

/// Controllers that the models have.
fn known<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<&'static str>, D::Error> {
    let known = |name: &String| controllers::REGISTRY.iter().map(|one| one.name()).find(|one| one == name);
    let named = Vec::<String>::deserialize(source)?;
    named.iter().map(|name| known(name).ok_or_else(|| D::Error::custom(format!("no controller `{name}`")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "title: Two of them\nsymptom: replicas jump\ncontrollers: [gitops, kubelet]\nsource: \"a: b\"\n\
        mechanism: |\n  One.\n  Two.\nsmallest: {nodes: 1, pods: 2}\nfixedBy: Less.\n# Arithmetic.\n";

    #[test]
    fn everything_is_read_and_blocks_keep_their_lines() {
        let about = About::read(TEXT).expect("a whole one");
        assert_eq!((about.title.as_str(), about.symptom), ("Two of them", Symptom::ReplicasJump));
        assert_eq!((about.mechanism.as_str(), about.smallest), ("One.\nTwo.", (1, 2)));
        assert_eq!((about.controllers.as_slice(), about.source.as_str()), (["gitops", "kubelet"].as_slice(), "a: b"));
    }

    #[test]
    fn what_is_unknown_missing_or_twice_is_an_error() {
        for (from, to, said) in [
            ("replicas jump", "replica jump", "symptom: unknown variant `replica jump`"),
            ("gitops", "argocd", "no controller `argocd`"),
            ("source:", "sources:", "unknown field `sources`"),
            ("title: Two of them\n", "", "missing field `title`"),
            ("nodes: 1", "nodes: one", "smallest.nodes: invalid type"),
            ("source:", "title: b\nsource:", "duplicate field `title`"),
            ("title: Two of them", "title: ''", "not empty"),
            ("# Arithmetic.", "---\na: b", "more than one document"),
            ("fixedBy: Less.", "fixedBy: [", "at line"),
        ] {
            let text = TEXT.replace(from, to);
            assert_ne!(text, TEXT);
            let error = About::read(&text).expect_err(&text).to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn symptoms_have_names_of_their_own() {
        for (index, one) in Symptom::ALL.iter().enumerate() {
            assert!(Symptom::ALL[..index].iter().all(|other| other.words() != one.words()), "{one:?}");
        }
    }
}
