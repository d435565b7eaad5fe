//! Volumes that are attached to one node at a time: a pod on another one waits before its containers start
//! (`isMultiAttachForbidden` of the attach/detach controller, `WaitForAttachAndMount` of the kubelet).
//!
//! A volume is attached to a node as long as an admitted pod there has it, terminating ones included: until the node is
//! back where it has stopped. Which of two pods that were bound at the same time gets it is free.

use crate::cluster::workload::Access;
use crate::cluster::{Cluster, Workload};
use crate::needs::Needs;
use crate::state::Model;
use crate::term::{Int, sum};

/// Pods that wait are bound and not started.
pub(super) fn needs(cluster: &Cluster) -> Needs {
    let has_some = |workload: &Workload| workload.exclusive_claims.iter().any(|one| one.access == Access::OneNode);
    Needs { sees_admission: cluster.workloads.iter().any(has_some), ..Needs::default() }
}

/// Pods on other nodes that keep a volume of the group there.
pub(in crate::controllers) fn kept_elsewhere(model: &Model, group: usize, slot: usize) -> Int {
    let sharing = (0..model.groups.len()).filter(|&other| model.shares_claim(group, other, Access::OneNode));
    let on_others = |other: usize| {
        let others = (0..model.slots.len()).filter(move |&there| there != slot);
        others.map(move |there| model.groups[other].admitted_on(there))
    };
    sum(sharing.flat_map(on_others).collect::<Vec<_>>())
}
