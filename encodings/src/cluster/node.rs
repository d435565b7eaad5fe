//! Nodes: pools of equal nodes, with ranges for their number and size.

use super::node_autoscaler::NodeGroup;
use super::selector::Labels;
use super::span::Span;
use crate::system::Origin;
use std::collections::BTreeMap;

/// The resource name of CPU, in milli-cores.
pub const CPU: &str = "cpu";
/// The resource name of memory, in bytes.
pub const MEMORY: &str = "memory";
/// The resource name of local ephemeral storage, in bytes.
pub const EPHEMERAL_STORAGE: &str = "ephemeral-storage";
/// The label that every node carries with its own name.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// Amounts by resource name: `cpu` in milli-cores, `memory` and `ephemeral-storage` in bytes, others in units.
pub type Resources<T> = BTreeMap<String, T>;

/// Whether a resource is an extended one: named with a domain other than Kubernetes' own (`IsExtendedResourceName`).
pub fn is_extended_resource(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/") && !name.starts_with("requests.")
}

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum TaintEffect {
    /// Not scheduled there.
    NoSchedule,
    /// Scheduled there only if nothing better exists.
    PreferNoSchedule,
    /// Not scheduled there, and deleted if already there.
    NoExecute,
}

impl TaintEffect {
    /// Effects with their names in manifests.
    pub const NAMES: &[(&str, Self)] = &[
        ("NoSchedule", Self::NoSchedule),
        ("PreferNoSchedule", Self::PreferNoSchedule),
        ("NoExecute", Self::NoExecute),
    ];

    /// Its name in manifests.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, effect)| *effect == self).map_or("", |(name, _)| name)
    }
}

/// A taint of a node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Taint {
    /// Key.
    pub key: String,
    /// Value; empty if none.
    pub value: String,
    /// Effect.
    pub effect: TaintEffect,
}

impl Taint {
    /// A taint without a value.
    pub fn of(key: impl Into<String>, effect: TaintEffect) -> Self {
        Self { key: key.into(), value: String::new(), effect }
    }
}

/// A pool of nodes that differ in name only (and in allocatable, where that is a range).
#[derive(Clone, PartialEq, Debug)]
pub struct NodePool {
    /// Name; slots are `NAME-0`, `NAME-1`, …, or just `NAME` for a Node manifest.
    pub name: String,
    /// Whether it stands for one Node manifest, whose only slot is called like the pool.
    pub is_single_node: bool,
    /// How many nodes there are initially.
    pub count: Span,
    /// Between how many nodes an autoscaler keeps it; `None`: its nodes neither come nor go.
    pub autoscaling: Option<NodeGroup>,
    /// Labels, without the hostname, which every slot carries by itself (unless a Node manifest sets it).
    pub labels: Labels,
    /// Taints.
    pub taints: Vec<Taint>,
    /// Taints that nodes which are added have until something on them takes these away: `startupTaints` of Karpenter's
    /// NodePools, or named by `--startup-taint` of the Cluster Autoscaler.
    pub startup_taints: Vec<Taint>,
    /// `spec.unschedulable`.
    pub unschedulable: bool,
    /// Allocatable per resource without `pods`; a range is a free value for each node.
    pub allocatable: Resources<Span>,
    /// Allocatable pods, 110 by default.
    pub pods: Span,
    /// Where it is written.
    pub origin: Origin,
}

impl NodePool {
    /// Most nodes that it ever has.
    pub fn most_nodes(&self) -> i64 {
        self.autoscaling.map_or(self.count.hi, |group| group.max.max(self.count.hi))
    }

    /// Name of the slot with this index.
    pub fn slot_name(&self, index: usize) -> String {
        if self.is_single_node { self.name.clone() } else { format!("{}-{index}", self.name) }
    }

    /// Labels of the slot with this index, hostname included.
    pub fn slot_labels(&self, index: usize) -> Labels {
        let mut labels = self.labels.clone();
        labels.entry(HOSTNAME.to_owned()).or_insert_with(|| self.slot_name(index));
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_resources_have_a_domain_of_their_own() {
        for (name, extended) in [
            (CPU, false),
            ("ephemeral-storage", false),
            ("hugepages-2Mi", false),
            ("example.com/gpu", true),
            ("kubernetes.io/batch", false),
        ] {
            assert_eq!(is_extended_resource(name), extended, "{name}");
        }
    }
}
