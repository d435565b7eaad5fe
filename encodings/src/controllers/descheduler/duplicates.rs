//! RemoveDuplicates (section 4.5): no node keeps more than its share of the pods of one ReplicaSet.
//!
//! Pods are keyed by namespace, owner and images, hence by group. With `occ` pods over ready nodes and `T` ready
//! nodes whose taints and affinity admit them (at least two), every node keeps at most `ceil(occ / |T|)`. Resources
//! and scores are not looked at: that is what lets the scheduler put a pod back.

use super::budgets::some_granted;
use super::evictor::{is_evictable, passes_node_fit};
use super::{Evictions, Stage, exactly, looked_at};
use crate::cluster::DeschedulerPolicy;
use crate::cluster::descheduler::{DeschedulerPlugin, EnabledPlugin};
use crate::cluster::workload::DAEMON_SET;
use crate::state::Model;
use crate::term::{Int, count, ite, sum};

pub(super) fn stages(model: &Model, policy: &DeschedulerPolicy, plugin: &EnabledPlugin) -> Vec<Stage> {
    let DeschedulerPlugin::RemoveDuplicates { exclude_owner_kinds, namespaces } = &plugin.plugin else { return vec![] };
    let mut wanted = Vec::new();
    for group in 0..model.groups.len() {
        // The owner of a Deployment's pod is its ReplicaSet.
        let owner = if model.workload(group).is_daemon() { DAEMON_SET } else { "ReplicaSet" };
        let is_excluded = exclude_owner_kinds.iter().any(|kind| kind == owner);
        if !is_excluded && namespaces.contains(&model.workload(group).reference.namespace) {
            wanted.extend(evictions(model, policy, plugin, group));
        }
    }
    if wanted.is_empty() {
        return vec![];
    }
    let enabled = some_granted(model, &wanted);
    let Evictions { parts, picks, constraint, wider } = exactly(model, policy, &wanted);
    let name = "RemoveDuplicates".to_owned();
    let origins = vec![];
    vec![Stage { name, plugin: plugin.clone(), enabled, parts, picks, constraint, wider, origins }]
}

/// (group, slot, pods to evict) for every slot.
fn evictions(
    model: &Model,
    policy: &DeschedulerPolicy,
    plugin: &EnabledPlugin,
    group: usize,
) -> Vec<(usize, usize, Int)> {
    let template = model.template(group);
    let evictable = is_evictable(model, group, &plugin.evictor);
    let considered: Vec<Int> = model.groups[group]
        .slots()
        .map(|slot| {
            let looked_at = looked_at(model, policy, slot);
            let fits = passes_node_fit(model, policy, &plugin.evictor, group, slot);
            ite(evictable & looked_at & fits, model.groups[group].active_on(slot), 0)
        })
        .collect();
    let targets = count((0..model.slots.len()).map(|slot| {
        let there = &model.slots[slot];
        let admitted = there.taints_for(template).allow_scheduling & there.matches_affinity(template).into();
        looked_at(model, policy, slot) & admitted
    }));
    let share = sum(considered.iter().copied()).ceil_div(targets);
    let several = targets.at_least(2);
    considered.iter().enumerate().map(|(slot, &pods)| (group, slot, ite(several, pods.monus(share), 0))).collect()
}
