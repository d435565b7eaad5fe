//! RemoveDuplicates (section 4.5): no node keeps more than its share of the pods of one ReplicaSet.
//!
//! Pods are keyed by namespace, owner and images, hence by group, those of a StatefulSet by images. With `occ` pods over
//! ready nodes and `T` ready nodes whose taints and affinity admit them (at least two), every node keeps at most
//! `ceil(occ / |T|)`. Resources and scores are not looked at: that is what lets the scheduler put a pod back.

use super::asked::{Ask, ask, cut_short};
use super::budgets::some_granted;
use super::evictor::{is_evictable, passes_node_fit};
use super::{Evictions, Stage, exactly, looked_at};
use crate::cluster::DeschedulerPolicy;
use crate::cluster::descheduler::{DeschedulerPlugin, EnabledPlugin};
use crate::cluster::workload::{DAEMON_SET, JOB, STATEFUL_SET};
use crate::state::Model;
use crate::term::{Bool, Int, all, count, ite, sum};

pub(super) fn stages(model: &Model, policy: &DeschedulerPolicy, plugin: &EnabledPlugin) -> Vec<Stage> {
    let DeschedulerPlugin::RemoveDuplicates { exclude_owner_kinds, namespaces } = &plugin.plugin else { return vec![] };
    let mut wanted = Vec::new();
    for groups in alike(model) {
        // The owner of a Deployment's pod is its ReplicaSet.
        let owner = match model.workload(groups[0]) {
            workload if workload.is_daemon() => DAEMON_SET,
            workload if workload.ordinals().is_some() => STATEFUL_SET,
            workload if workload.job().is_some() => JOB,
            _ => "ReplicaSet",
        };
        let is_excluded = exclude_owner_kinds.iter().any(|kind| kind == owner);
        if !is_excluded && namespaces.contains(&model.workload(groups[0]).reference.namespace) {
            wanted.extend(evictions(model, policy, plugin, &groups));
        }
    }
    if wanted.is_empty() {
        return vec![];
    }
    if wanted.iter().any(|(groups, ..)| groups.len() > 1) {
        return vec![of_several_groups(model, policy, plugin, &wanted)];
    }
    let wanted: Vec<(usize, usize, Int)> =
        wanted.iter().map(|&(ref groups, slot, pods)| (groups[0], slot, pods)).collect();
    let enabled = some_granted(model, &wanted);
    let Evictions { parts, picks, constraint, wider } = exactly(model, policy, &wanted);
    let subject = plugin.plugin.name().into();
    let origins = vec![];
    vec![Stage { subject, plugin: plugin.clone(), enabled, parts, picks, constraint, wider, origins }]
}

/// Groups whose pods have the same owner and images.
fn alike(model: &Model) -> Vec<Vec<usize>> {
    let mut alike: Vec<Vec<usize>> = Vec::new();
    for group in (0..model.groups.len()).filter(|&group| !model.workload(group).is_bare()) {
        let is_alike = |groups: &&mut Vec<usize>| {
            model.siblings(group).contains(&groups[0])
                && model.template(group).images == model.template(groups[0]).images
        };
        match alike.iter_mut().find(is_alike) {
            Some(groups) => groups.push(group),
            None => alike.push(vec![group]),
        }
    }
    alike
}

/// Evictions of pods with ordinals: any of the duplicates of a node go, since the order in which nodes list them is not
/// known.
fn of_several_groups(
    model: &Model,
    policy: &DeschedulerPolicy,
    plugin: &EnabledPlugin,
    wanted: &[(Vec<usize>, usize, Int)],
) -> Stage {
    let all_groups: Vec<usize> = wanted.iter().flat_map(|(groups, ..)| groups.clone()).collect();
    let wider = cut_short(model, policy, &all_groups);
    let mut asks = Vec::new();
    for &(ref groups, slot, pods) in wanted {
        for &group in groups {
            let high = considered(model, policy, plugin, group, slot).min(pods);
            // A limit that one node uses up leaves another one fewer than it should lose.
            let low = if groups.len() == 1 && !policy.is_limited() { high } else { 0.into() };
            asks.push(Ask { group, slot, low, high });
        }
    }
    let asked = ask(model, &asks, |_| true);
    let mut numbers = asked.numbers.iter();
    let exactly = wanted.iter().map(|(groups, _, pods)| {
        let number = sum(numbers.by_ref().take(groups.len()).copied());
        if wider.is_some() { number.at_most(*pods) } else { number.is(*pods) }
    });
    let exactly: Bool = all(exactly.collect::<Vec<_>>());
    asked.stage(model, plugin, &asks, exactly, wider, vec![])
}

/// Pods of a group on a slot that are looked at.
fn considered(model: &Model, policy: &DeschedulerPolicy, plugin: &EnabledPlugin, group: usize, slot: usize) -> Int {
    let evictable = is_evictable(model, group, &plugin.evictor);
    let fits = passes_node_fit(model, policy, &plugin.evictor, group, slot);
    ite(evictable & looked_at(model, policy, slot) & fits, model.groups[group].active_on(slot), 0)
}

/// (groups, slot, pods to evict) for every slot.
fn evictions(
    model: &Model,
    policy: &DeschedulerPolicy,
    plugin: &EnabledPlugin,
    groups: &[usize],
) -> Vec<(Vec<usize>, usize, Int)> {
    let template = model.template(groups[0]);
    let considered: Vec<Int> = (0..model.slots.len())
        .map(|slot| sum(groups.iter().map(|&group| considered(model, policy, plugin, group, slot))))
        .collect();
    let targets = count((0..model.slots.len()).map(|slot| {
        let there = &model.slots[slot];
        let admitted = there.taints_for(template).allow_scheduling & there.matches_affinity(template);
        looked_at(model, policy, slot) & admitted
    }));
    let share = sum(considered.iter().copied()).ceil_div(targets);
    let several = targets.at_least(2);
    let goes = |(slot, &pods): (usize, &Int)| (groups.to_vec(), slot, ite(several, pods.monus(share), 0));
    considered.iter().enumerate().map(goes).collect()
}
