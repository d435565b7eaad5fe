//! The filters (section 1.7): NodeUnschedulable, NodeName, TaintToleration, NodeAffinity, NodeResourcesFit and the
//! hard constraints of PodTopologySpread.

use super::spread;
use crate::state::Model;
use crate::term::{Bool, Int, all, sum};

/// By slot: whether all filters let a pod of the group onto the node.
pub(super) fn feasible(model: &Model, group: usize) -> Vec<Bool> {
    let template = model.template(group);
    let disabled = |plugin: &str| model.cluster.scheduler.disabled_filters.iter().any(|name| name == plugin);
    let spread =
        if disabled("PodTopologySpread") { vec![true.into(); model.slots.len()] } else { spread::filter(model, group) };
    model
        .slots
        .iter()
        .enumerate()
        .map(|(slot, there)| {
            // A cordon is visible as a taint, so TaintToleration covers NodeUnschedulable, but not the reverse.
            let tolerated = match (disabled("TaintToleration"), disabled("NodeUnschedulable")) {
                (false, _) => there.taints_for(template).allow_scheduling,
                (true, false) => there.cordon_allows(template),
                (true, true) => true.into(),
            };
            let affinity = disabled("NodeAffinity") || there.matches_affinity(template);
            let room = if disabled("NodeResourcesFit") { true.into() } else { fits(model, group, slot) };
            all([there.present, tolerated, affinity.into(), room, spread[slot]])
        })
        .collect()
}

/// Σ requests of a resource over the pods assigned to a slot, terminating ones included, in model units.
pub(super) fn resources_used(model: &Model, slot: usize, resource: &str) -> Int {
    sum((0..model.groups.len()).map(|group| {
        let request = model.template(group).requests.get(resource).copied().unwrap_or(0);
        model.groups[group].assigned_on(slot) * model.scaled(resource, request)
    }))
}

/// NodeResourcesFit: one more pod of the group fits. Resources that it does not request are not checked.
pub(in crate::controllers) fn fits(model: &Model, group: usize, slot: usize) -> Bool {
    let there = &model.slots[slot];
    let pods = sum(model.groups.iter().map(|other| other.assigned_on(slot)));
    let requests = model.template(group).requests.iter().filter(|&(_, &request)| request > 0);
    let resources = requests.map(|(resource, &request)| {
        let available = there.allocatable.get(resource).copied().unwrap_or(0.into());
        (resources_used(model, slot, resource) + model.scaled(resource, request)).at_most(available)
    });
    all(resources) & pods.below(there.pods)
}
