//! RemovePodsViolatingNodeAffinity (section 4.9): evicts pods from nodes that their node affinity does not want.
//!
//! * `requiredDuringSchedulingIgnoredDuringExecution`: the pod has a required node affinity, and the node does not match
//!   it or the node selector.
//! * `preferredDuringSchedulingIgnoredDuringExecution`: some node that is looked at has a larger sum of the weights of
//!   preferred terms than the pod's own.
//!
//! Either way the pod must fit *some* node, of which its own is one (where resources are not looked at). So a pod is
//! evicted though the better node is full or tainted, and may come back forever.

use super::budgets::some_granted;
use super::evictor::{fits_node, fits_own_node, is_evictable, looks_at, passes_node_fit};
use super::{Evictions, Stage, exactly, looked_at};
use crate::cluster::DeschedulerPolicy;
use crate::cluster::descheduler::{DeschedulerPlugin, EnabledPlugin};
use crate::controllers::scheduler::preferred_weight;
use crate::state::Model;
use crate::term::{Bool, Int, all, any, ite};

pub(super) fn stages(model: &Model, policy: &DeschedulerPolicy, plugin: &EnabledPlugin) -> Vec<Stage> {
    let DeschedulerPlugin::RemovePodsViolatingNodeAffinity { required, preferred, label_selector, namespaces } =
        &plugin.plugin
    else {
        return vec![];
    };
    let mut wanted: Vec<(usize, usize, Int)> = Vec::new();
    for group in 0..model.groups.len() {
        if !looks_at(model, group, label_selector, namespaces) {
            continue;
        }
        let evictable = is_evictable(model, group, &plugin.evictor);
        for slot in 0..model.slots.len() {
            let unwanted = if *required { violates(model, group, slot) } else { false.into() };
            let outdone = if *preferred { is_outdone(model, policy, group, slot) } else { false.into() };
            let goes = all([
                evictable,
                looked_at(model, policy, slot),
                unwanted | outdone,
                fits_some_node(model, policy, group, slot),
                passes_node_fit(model, policy, &plugin.evictor, group, slot),
            ]);
            wanted.push((group, slot, ite(goes, model.groups[group].active_on(slot), 0)));
        }
    }
    wanted.retain(|(_, _, pods)| pods.range().hi > 0);
    if wanted.is_empty() {
        return vec![];
    }
    let enabled = some_granted(model, &wanted);
    let mut origins: Vec<crate::system::Origin> = Vec::new();
    for &(group, ..) in &wanted {
        let origin = model.origin(group, "spec.template.spec.affinity");
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    let Evictions { parts, picks, constraint, wider } = exactly(model, policy, &wanted);
    let subject = plugin.plugin.name().into();
    vec![Stage { subject, plugin: plugin.clone(), enabled, parts, picks, constraint, wider, origins }]
}

/// Whether pods of a group have a required affinity and are on a node that does not match it.
fn violates(model: &Model, group: usize, slot: usize) -> Bool {
    let template = model.template(group);
    if template.required_affinity.is_some() { !model.slots[slot].matches_affinity(template) } else { false.into() }
}

/// Whether pods of a group prefer some node to the one that they are on.
fn is_outdone(model: &Model, policy: &DeschedulerPolicy, group: usize, slot: usize) -> Bool {
    let weight = |slot: usize| preferred_weight(model, group, &model.slots[slot]);
    let own = weight(slot);
    any((0..model.slots.len()).filter(|&other| other != slot).map(|other| {
        let pairs = weight(other).into_iter().flat_map(|other| own.iter().map(move |&own| (other, own)));
        let larger = pairs.filter(|((other, _), (own, _))| other > own).map(|((_, when), (_, then))| when & then);
        looked_at(model, policy, other) & any(larger.collect::<Vec<_>>())
    }))
}

/// Whether a pod on a slot fits some node, its own included.
fn fits_some_node(model: &Model, policy: &DeschedulerPolicy, group: usize, slot: usize) -> Bool {
    any((0..model.slots.len()).map(|other| {
        let fits = if other == slot { fits_own_node(model, group, slot) } else { fits_node(model, group, other) };
        looked_at(model, policy, other) & fits
    }))
}
