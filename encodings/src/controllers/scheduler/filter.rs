//! The filters (section 1.7): NodeUnschedulable, NodeName, TaintToleration, NodeAffinity, NodePorts, NodeResourcesFit,
//! the hard constraints of PodTopologySpread and the required terms of InterPodAffinity.

use super::{pod_affinity, ports, spread};
use crate::state::Model;
use crate::term::{Bool, Int, all, sum};

/// The pods that filters count.
pub(super) struct Pods<'m, 'c> {
    /// What they are part of.
    pub model: &'m Model<'c>,
}

impl<'m, 'c> Pods<'m, 'c> {
    /// Those that are there.
    pub fn there(model: &'m Model<'c>) -> Self {
        Self { model }
    }

    /// Active pods of a group on a slot.
    pub fn active(&self, group: usize, slot: usize) -> Int {
        self.model.groups[group].active_on(slot)
    }

    /// Pods of a group on a slot, terminating ones included.
    pub fn assigned(&self, group: usize, slot: usize) -> Int {
        self.model.groups[group].assigned_on(slot)
    }
}

/// By slot: whether all filters let a pod of the group onto the node.
pub(super) fn feasible(pods: &Pods, group: usize) -> Vec<Bool> {
    let model = pods.model;
    let template = model.template(group);
    let disabled = |plugin: &str| model.cluster.scheduler.disabled_filters.iter().any(|name| name == plugin);
    let everywhere = || vec![Bool::from(true); model.slots.len()];
    let spread = if disabled("PodTopologySpread") { everywhere() } else { spread::filter(pods, group) };
    let affinity = if disabled("InterPodAffinity") { everywhere() } else { pod_affinity::filter(pods, group) };
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
            let on_node = disabled("NodeAffinity") || there.matches_affinity(template);
            let room = if disabled("NodeResourcesFit") { true.into() } else { room(pods, group, slot) };
            let ports = if disabled("NodePorts") { true.into() } else { ports::filter(pods, group, slot) };
            all([there.present, tolerated, on_node.into(), ports, room, spread[slot], affinity[slot]])
        })
        .collect()
}

/// Σ requests of a resource over the pods assigned to a slot, terminating ones included, in model units.
pub(super) fn resources_used(model: &Model, slot: usize, resource: &str) -> Int {
    used(&Pods::there(model), slot, resource)
}

fn used(pods: &Pods, slot: usize, resource: &str) -> Int {
    let model = pods.model;
    sum((0..model.groups.len()).map(|group| {
        let request = model.template(group).requests.get(resource).copied().unwrap_or(0);
        pods.assigned(group, slot) * model.scaled(resource, request)
    }))
}

/// NodeResourcesFit: one more pod of the group fits beside those that are there.
pub(in crate::controllers) fn fits(model: &Model, group: usize, slot: usize) -> Bool {
    room(&Pods::there(model), group, slot)
}

/// NodeResourcesFit: one more pod of the group fits. Resources that it does not request are not checked.
fn room(pods: &Pods, group: usize, slot: usize) -> Bool {
    let model = pods.model;
    let there = &model.slots[slot];
    let number = sum((0..model.groups.len()).map(|other| pods.assigned(other, slot)));
    let requests = model.template(group).requests.iter().filter(|&(_, &request)| request > 0);
    let resources = requests.map(|(resource, &request)| {
        let available = there.allocatable.get(resource).copied().unwrap_or(0.into());
        (used(pods, slot, resource) + model.scaled(resource, request)).at_most(available)
    });
    all(resources) & number.below(there.pods)
}
