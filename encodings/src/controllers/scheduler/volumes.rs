//! VolumeBinding and VolumeZone of volumes that are bound, and VolumeRestrictions of claims that one pod may use
//! (`satisfyReadWriteOncePod`).

use super::counted::Pods;
use crate::cluster::workload::Access;
use crate::state::Model;
use crate::term::{Bool, all, sum};

/// Whether the volumes of a pod can be used on a node.
pub(super) fn are_there(model: &Model, group: usize, slot: usize) -> Bool {
    let (there, workload) = (&model.slots[slot], model.workload(group));
    let own = workload.ordinals().zip(model.groups[group].ordinal).map(|(set, at)| set.start + at as i64);
    let needed = workload.volume_nodes.iter().filter(|volume| volume.ordinal.is_none_or(|one| own == Some(one)));
    all(needed.map(|volume| there.matches_some(&volume.terms)).collect::<Vec<_>>())
}

/// Whether no pod on any node has a claim of the group that only one pod may use; terminating ones have it, too.
pub(super) fn are_free(pods: &Pods, group: usize) -> Bool {
    let model = pods.model;
    let rivals = (0..model.groups.len()).filter(|&other| model.shares_claim(group, other, Access::OnePod));
    let there = rivals.flat_map(|other| (0..model.slots.len()).map(move |slot| pods.assigned(other, slot)));
    sum(there.collect::<Vec<_>>()).is(0)
}
