//! Affinity and anti-affinity between pods, and ports of nodes that pods bind (sections 1.7 and 1.13).

use super::selector::{LabelSelector, Labels, Requirement};

/// The label that every namespace carries with its own name.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// What `matchLabelKeys` or `mismatchLabelKeys` say of `pod-template-hash`, the label that tells revisions apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RevisionMatch {
    /// Neither has it.
    #[default]
    Any,
    /// `matchLabelKeys` has it: only pods of the same revision.
    Own,
    /// `mismatchLabelKeys` has it: all but those of the same revision.
    Other,
}

/// A term of affinity or anti-affinity between pods.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PodAffinityTerm {
    /// Label key whose values are the domains.
    pub topology_key: String,
    /// Pods meant; `None` means none.
    pub selector: Option<LabelSelector>,
    /// `matchLabelKeys` and `mismatchLabelKeys` but `pod-template-hash`, with the values of the pod; heeded from
    /// release 1.31 on, where they are on by default.
    pub label_keys: Vec<Requirement>,
    /// The same for `pod-template-hash`.
    pub revision: RevisionMatch,
    /// Namespaces of the pods meant.
    pub namespaces: Vec<String>,
    /// Further namespaces, by label; an empty selector means all. Without namespaces and selector the namespace of the
    /// pod itself is meant.
    pub namespace_selector: Option<LabelSelector>,
}

impl PodAffinityTerm {
    /// Whether pods of a namespace may be meant by a term of a pod in namespace `own`. Of the labels of namespaces only
    /// that with the name is known.
    pub fn looks_into(&self, own: &str, namespace: &str) -> bool {
        if self.namespaces.is_empty() && self.namespace_selector.is_none() {
            return own == namespace;
        }
        let labels = Labels::from([(NAMESPACE_NAME.to_owned(), namespace.to_owned())]);
        self.namespaces.iter().any(|name| name == namespace)
            || self.namespace_selector.as_ref().is_some_and(|selector| selector.matches(&labels))
    }
}

/// A preferred term.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WeightedPodAffinityTerm {
    /// 1 to 100.
    pub weight: i64,
    /// The preference.
    pub term: PodAffinityTerm,
}

/// `podAffinity` or `podAntiAffinity` of a pod.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PodAffinity {
    /// Filters.
    pub required: Vec<PodAffinityTerm>,
    /// Scores.
    pub preferred: Vec<WeightedPodAffinityTerm>,
}

/// A port of the node that a container binds.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct HostPort {
    /// Address; empty or `0.0.0.0` for all.
    pub ip: String,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// 1 to 65535.
    pub port: i64,
}

impl HostPort {
    /// Whether both cannot be bound on one node.
    pub fn conflicts_with(&self, other: &HostPort) -> bool {
        let is_any = |port: &HostPort| port.ip.is_empty() || port.ip == "0.0.0.0";
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip == other.ip || is_any(self) || is_any(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::selector::Operator;

    #[test]
    fn ports_conflict_on_the_same_or_on_any_address() {
        let port = |ip: &str, protocol: &str, port| HostPort { ip: ip.into(), protocol: protocol.into(), port };
        let one = port("10.0.0.1", "TCP", 80);
        for (other, conflicts) in [
            (port("10.0.0.1", "TCP", 80), true),
            (port("10.0.0.2", "TCP", 80), false),
            (port("", "TCP", 80), true),
            (port("0.0.0.0", "TCP", 80), true),
            (port("", "UDP", 80), false),
            (port("", "TCP", 81), false),
        ] {
            assert_eq!(one.conflicts_with(&other), conflicts, "{other:?}");
            assert_eq!(other.conflicts_with(&one), conflicts, "{other:?}");
        }
    }

    #[test]
    fn namespaces_default_to_the_own_one_and_an_empty_selector_means_all() {
        let own = PodAffinityTerm::default();
        assert!(own.looks_into("a", "a") && !own.looks_into("a", "b"));
        let listed = PodAffinityTerm { namespaces: vec!["b".into()], ..PodAffinityTerm::default() };
        assert!(!listed.looks_into("a", "a") && listed.looks_into("a", "b"));
        let all = PodAffinityTerm { namespace_selector: Some(LabelSelector::default()), ..PodAffinityTerm::default() };
        assert!(all.looks_into("a", "a") && all.looks_into("a", "b"));
        let requirement = Requirement { key: NAMESPACE_NAME.into(), operator: Operator::In(vec!["b".into()]) };
        let by_name = PodAffinityTerm {
            namespace_selector: Some(LabelSelector { requirements: vec![requirement] }),
            ..PodAffinityTerm::default()
        };
        assert!(!by_name.looks_into("a", "a") && by_name.looks_into("a", "b"));
    }
}
