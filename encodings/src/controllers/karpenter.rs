//! Karpenter: provisions nodes for pods that find none, and consolidates (section 7.2).
//!
//! Nodes come as those of the Cluster Autoscaler do, up to the `max` of their pool and as long as
//! its nodes together stay within its `limits`. A node goes when it is empty or, with
//! `WhenEmptyOrUnderutilized`, when all its pods fit on the others, after `consolidateAfter`; how much is requested of it
//! does not matter. Blockers are disruption budgets and the annotation `karpenter.sh/do-not-disrupt`.
//!
//! While it seeks nodes it takes what pods prefer for required, step by step less of it, unless it is told to ignore that
//! (`cluster_autoscaler/preferences.rs`).
//!
//! ## Not modelled
//! Replacement by cheaper nodes, drift, expiry, prices and weights of pools; budgets of disruptions (one node at a time is removed); `consolidateAfter` counts from the moment at
//! which the node could be removed, not from the last change of its pods.

use super::{Controller, cluster_autoscaler};
use crate::cluster::{Cluster, NodeAutoscalerKind};
use crate::footprint::Footprint;
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::Model;

/// See the module.
pub struct Karpenter;

impl Controller for Karpenter {
    fn name(&self) -> &'static str {
        "karpenter"
    }

    fn summary(&self) -> &'static str {
        "provisions nodes for pods that find none and consolidates"
    }

    fn needs(&self, cluster: &Cluster, _: &Needs) -> Needs {
        cluster_autoscaler::needs(cluster, NodeAutoscalerKind::Karpenter)
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: "karpenter",
            watches: &["Pod", "Node", "NodeClaim", "NodePool", "DaemonSet", "PodDisruptionBudget"],
            reads_live: &["machines of the cloud"],
            forgets: &["nodes nominated for pods"],
        }
    }

    fn waits(&self, model: &mut Model) -> Vec<Wait> {
        cluster_autoscaler::waits_of(model, self.name(), NodeAutoscalerKind::Karpenter)
    }

    fn add_rules(&self, model: &mut Model) {
        cluster_autoscaler::add_rules(model, self.name(), NodeAutoscalerKind::Karpenter);
    }
}
