//! What is told of a built-in case: `case.yaml`, read strictly.

use super::error::InputError;
use super::places::Region;
use super::view::{Context, View};
use super::yaml;
use kubound_encodings::controllers;
use std::sync::Arc;

/// The keys of `case.yaml`; all of them are there.
const KEYS: &[&str] = &["title", "symptom", "controllers", "source", "mechanism", "smallest", "fixedBy"];

/// Declares the symptoms in the order in which they are listed: what they are called, and what shows them.
macro_rules! symptoms {
    ($($name:ident = $words:literal, $seen:literal;)*) => {
        /// What somebody sees who does not know the cause yet.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Symptom {
            $(#[doc = $seen] $name,)*
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
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct About {
    /// What happens, in a line.
    pub title: String,
    /// What is seen of it.
    pub symptom: Symptom,
    /// The controllers that bring it about, by their names in the models; none where people do.
    pub controllers: Vec<&'static str>,
    /// Where it was reported.
    pub source: String,
    /// How it comes about; may have several lines.
    pub mechanism: String,
    /// Nodes and pods of the smallest violation.
    pub smallest: (i64, i64),
    /// What helps; may have several lines.
    pub fixed_by: String,
}

impl About {
    /// Reads the text of a `case.yaml`.
    pub fn read(file: &str, text: &str) -> Result<Self, InputError> {
        let source: Arc<str> = text.into();
        let documents = yaml::parse_documents(text).map_err(|malformed| malformed.in_file(file, &source))?;
        let [document] = documents.as_slice() else {
            let found = format!("{} documents", documents.len());
            return Err(InputError::new(found).in_file(file).in_text(&source, Region::default()).expected("one"));
        };
        let context = Context {
            file: file.to_owned(),
            document: document.index,
            line: document.line,
            source,
            places: Arc::clone(&document.places),
            object: String::new(),
            notes: Default::default(),
        };
        if let Some(twice) = document.duplicates.first() {
            return Err(context.error(&twice.path, "a key that occurs more than once"));
        }
        Self::of(&View::root(&document.root, &context))
    }

    fn of(root: &View) -> Result<Self, InputError> {
        let fields = root.strict_fields(KEYS)?;
        let text = |key: &str| Ok(fields.require(key, "a text")?.name()?.trim_end().to_owned());
        let symptoms: Vec<(&str, Symptom)> = Symptom::ALL.iter().map(|&one| (one.words(), one)).collect();
        let known: Vec<(&str, &'static str)> =
            controllers::REGISTRY.iter().map(|one| (one.name(), one.name())).collect();
        let controllers = fields.require("controllers", "a list of controllers")?.list()?;
        let smallest = fields.require("smallest", "numbers of nodes and pods")?.strict_fields(&["nodes", "pods"])?;
        let count = |key: &str| smallest.require(key, "a number")?.integer(0..=i64::from(u16::MAX));
        Ok(Self {
            title: text("title")?,
            symptom: fields.require("symptom", "a symptom")?.one_of(&symptoms)?,
            controllers: controllers.iter().map(|one| one.one_of(&known)).collect::<Result<_, _>>()?,
            source: text("source")?,
            mechanism: text("mechanism")?,
            smallest: (count("nodes")?, count("pods")?),
            fixed_by: text("fixedBy")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "title: Two of them\nsymptom: replicas jump\ncontrollers: [gitops, kubelet]\nsource: \"a: b\"\n\
        mechanism: |\n  One.\n  Two.\nsmallest: {nodes: 1, pods: 2}\nfixedBy: Less.\n# Arithmetic.\n";

    #[test]
    fn everything_is_read_and_blocks_keep_their_lines() {
        let about = About::read("case.yaml", TEXT).expect("a whole one");
        assert_eq!((about.title.as_str(), about.symptom), ("Two of them", Symptom::ReplicasJump));
        assert_eq!((about.mechanism.as_str(), about.smallest), ("One.\nTwo.", (1, 2)));
        assert_eq!((about.controllers.as_slice(), about.source.as_str()), (["gitops", "kubelet"].as_slice(), "a: b"));
    }

    #[test]
    fn what_is_unknown_missing_or_twice_is_an_error() {
        for (from, to, said) in [
            ("replicas jump", "replica jump", "did you mean"),
            ("gitops", "argocd", "one of "),
            ("source:", "sources:", "did you mean `source`"),
            ("title: Two of them\n", "", "title: missing"),
            ("nodes: 1", "nodes: one", "an integer"),
            ("source:", "title: b\nsource:", "more than once"),
            ("title: Two of them", "title: ''", "not empty"),
            ("# Arithmetic.", "---\na: b", "2 documents"),
            ("fixedBy: Less.", "fixedBy: [", ""),
        ] {
            let text = TEXT.replace(from, to);
            assert_ne!(text, TEXT);
            let error = About::read("case.yaml", &text).expect_err(&text).to_string();
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
