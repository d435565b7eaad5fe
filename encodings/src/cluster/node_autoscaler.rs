//! What adds nodes where pods find none, and removes nodes that are not needed (section 7).

use crate::system::Origin;

/// Between how many nodes a pool is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodeGroup {
    /// Fewest nodes.
    pub min: i64,
    /// Most nodes.
    pub max: i64,
    /// Most CPU of all its nodes together, milli-cores (`spec.limits` of Karpenter's NodePools).
    pub cpu_limit: Option<i64>,
    /// Most memory of all its nodes together, bytes.
    pub memory_limit: Option<i64>,
}

/// Which autoscaler it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeAutoscalerKind {
    /// The Cluster Autoscaler.
    ClusterAutoscaler,
    /// Karpenter.
    Karpenter,
}

impl NodeAutoscalerKind {
    /// Key of the taint (effect NoSchedule) of nodes that are about to be removed.
    pub fn deletion_taint(self) -> &'static str {
        match self {
            Self::ClusterAutoscaler => "ToBeDeletedByClusterAutoscaler",
            Self::Karpenter => "karpenter.sh/disrupted",
        }
    }
}

/// An autoscaler of nodes.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeAutoscaler {
    /// Which one.
    pub kind: NodeAutoscalerKind,
    /// Only nodes with less than so many thousandths of their allocatable CPU and memory requested are removed;
    /// `None`: however much it is.
    pub threshold: Option<i64>,
    /// Only nodes without pods are removed.
    pub only_empty: bool,
    /// Seconds for which a node must not be needed before it is removed; `None`: none is ever removed.
    pub unneeded: Option<i64>,
    /// Karpenter takes what pods prefer for required, as long as it finds nodes for them (`--preference-policy=Respect`).
    pub respects_preferences: bool,
    /// Where it is written.
    pub origin: Origin,
}
