//! What nodes that are assumed must have room for, and how two inputs share them.

use kubound_encodings::cluster::{Labels, Resources};
use std::collections::BTreeSet;

/// What assumed nodes must have room for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    pub(super) demand: Demand,
    /// Nodes that may be away at a time.
    pub(super) lost: i64,
    /// Nodes that there may be beside those.
    pub(super) spare: i64,
}

impl Wanted {
    /// What nodes must have room for that serve one as well as the other.
    pub(super) fn and(&self, other: &Self) -> Self {
        let demand = self.demand.and(&other.demand);
        Self { demand, lost: self.lost.max(other.lost), spare: self.spare.max(other.spare) }
    }
}

/// What the pods of an input ask of nodes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Demand {
    /// Most of each resource that one pod requests.
    pub(super) largest: Resources<i64>,
    /// What all pods request together.
    pub(super) total: Resources<i64>,
    /// What the pods request that are on every node.
    pub(super) on_each: Resources<i64>,
    /// All pods, without those on every node.
    pub(super) pods: i64,
    /// Most pods that must be on different nodes.
    pub(super) apart: i64,
    /// Most pods, or domains, that must be in different domains of another kind than nodes.
    pub(super) domains: i64,
    /// Labels whose values are domains, such as zones.
    pub(super) keys: BTreeSet<String>,
    /// Labels that pods ask for: sets that one node can have.
    pub(super) labels: Vec<Labels>,
}

impl Demand {
    /// What nodes must have room for that serve one as well as the other, not both at once.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut both = Self {
            largest: most(&self.largest, &other.largest),
            total: most(&self.total, &other.total),
            on_each: most(&self.on_each, &other.on_each),
            pods: self.pods.max(other.pods),
            apart: self.apart.max(other.apart),
            domains: self.domains.max(other.domains),
            keys: self.keys.union(&other.keys).cloned().collect(),
            labels: self.labels.clone(),
        };
        for asked in &other.labels {
            both.add_labels(asked.clone());
        }
        both
    }

    /// Labels that pods ask nodes for, in the first set that they fit into.
    pub(super) fn add_labels(&mut self, asked: Labels) {
        let fits = |set: &&mut Labels| asked.iter().all(|(key, value)| set.get(key).is_none_or(|own| own == value));
        match self.labels.iter_mut().find(fits) {
            Some(set) => set.extend(asked),
            None => self.labels.push(asked),
        }
    }
}

/// The larger amount of each resource.
fn most(one: &Resources<i64>, other: &Resources<i64>) -> Resources<i64> {
    let mut most = one.clone();
    for (resource, amount) in other {
        let known = most.entry(resource.clone()).or_default();
        *known = (*known).max(*amount);
    }
    most
}
