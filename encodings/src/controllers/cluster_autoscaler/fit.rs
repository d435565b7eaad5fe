//! What the filters say about states that are not there: with one more node, or with one less.

use crate::cluster::pod::WhenUnsatisfiable;
use crate::cluster::scheduler::DefaultSpread;
use crate::controllers::scheduler;
use crate::state::{Group, IntVar, Model};
use crate::term::{Bool, Int, all, any, count, ite, sum};

/// Whether the filters let a pod of a group onto a new and empty node in a slot.
pub(super) fn fits_new(model: &mut Model, group: usize, slot: usize) -> Bool {
    let unschedulable = model.cluster.pools[model.slots[slot].pool].unschedulable;
    supposing(model, slot, true, |model| {
        model.slots[slot].is_cordoned = unschedulable.into();
        scheduler::feasible(model, group)[slot]
    })
}

/// Whether pods of a group on a slot find other nodes: the first one by all filters, all of them by the room that is
/// left.
pub(super) fn fits_elsewhere(model: &mut Model, group: usize, slot: usize) -> Bool {
    let pods = model.groups[group].active_on(slot);
    let (finds, room) = supposing(model, slot, false, |model| {
        let others: Vec<usize> = (0..model.slots.len()).filter(|&other| other != slot).collect();
        let feasible = scheduler::feasible(model, group);
        let finds = any(others.iter().map(|&other| feasible[other]).collect::<Vec<_>>());
        let room = (pods.range().hi > 1)
            .then(|| sum(others.iter().map(|&other| room_for(model, group, other)).collect::<Vec<_>>()));
        (finds, room)
    });
    room.map_or(finds, |room| finds & pods.at_most(room))
}

/// Whether a pod of a group on a slot finds another node that is there.
pub(super) fn finds_place(model: &mut Model, group: usize, slot: usize) -> Bool {
    without(model, slot, |model| {
        let feasible = scheduler::feasible(model, group).into_iter().enumerate();
        any(feasible.filter(|&(other, _)| other != slot).map(|(_, feasible)| feasible).collect::<Vec<_>>())
    })
}

/// Asks a question about the state without the node in a slot.
pub(super) fn without<R>(model: &mut Model, slot: usize, ask: impl FnOnce(&mut Model) -> R) -> R {
    supposing(model, slot, false, ask)
}

/// Whether the pods that have to move from a slot are of one workload, and nothing but room and what the nodes
/// themselves are decides where they can be.
pub(super) fn is_exact(model: &Model, moved: &[usize], slot: usize) -> Bool {
    let apart = |group: usize| {
        let template = model.template(group);
        template.spread.iter().all(|one| one.when_unsatisfiable == WhenUnsatisfiable::ScheduleAnyway)
            && template.pod_affinity.required.is_empty()
            && template.pod_anti_affinity.required.is_empty()
    };
    // Constraints that the scheduler adds by default may be hard ones, unless they are its own.
    let are_soft = model.cluster.profiles().all(|profile| profile.default_spread == DefaultSpread::System);
    if !are_soft || !(0..model.groups.len()).all(apart) {
        return false.into();
    }
    count(moved.iter().map(|&group| model.groups[group].active_on(slot).above(0))).at_most(1)
}

/// How many pods of a group have room on a slot beside those that are there.
fn room_for(model: &Model, group: usize, slot: usize) -> Int {
    let (there, template) = (&model.slots[slot], model.template(group));
    if !there.may_match_affinity(template) {
        return 0.into();
    }
    let here = sum((0..model.groups.len()).map(|other| model.groups[other].assigned_on(slot)));
    let mut room = (there.pods - here).max(0);
    for (resource, &request) in template.requests.iter().filter(|&(_, &request)| request > 0) {
        let available = there.available(resource);
        let used = scheduler::resources_used(model, slot, resource);
        room = room.min((available - used).max(0) / model.scaled(resource, request));
    }
    if template.collides_with(template) {
        room = room.min(1);
    }
    ite(all([there.present, there.matches_affinity(template), there.taints_for(template).allow_scheduling]), room, 0)
}

/// How many pods of a group find room on nodes that still have their startup taints, once these are gone.
pub(super) fn room_coming(model: &mut Model, group: usize) -> Int {
    let starting = (0..model.slots.len()).filter(|&slot| model.slots[slot].starting_up.is_some());
    let starting: Vec<(usize, Bool)> = starting.map(|slot| (slot, model.slots[slot].starts_up())).collect();
    if starting.is_empty() {
        return 0.into();
    }
    let slots = model.slots.clone();
    for &(slot, _) in &starting {
        model.slots[slot].starting_up = None;
    }
    let feasible = scheduler::feasible(model, group);
    let room =
        starting.iter().map(|&(slot, starts_up)| ite(starts_up & feasible[slot], room_for(model, group, slot), 0));
    let room = sum(room.collect::<Vec<_>>());
    model.slots = slots;
    room
}

/// Asks a question about the state in which a slot is empty and its node is there or is not.
fn supposing<R>(model: &mut Model, slot: usize, present: bool, ask: impl FnOnce(&mut Model) -> R) -> R {
    let (groups, there) = (model.groups.clone(), model.slots[slot].clone());
    let place = &mut model.slots[slot];
    place.present = present.into();
    (place.alive, place.not_ready, place.pods_not_ready, place.no_execute) = (None, None, None, None);
    (place.memory_pressure, place.deleting) = (None, None);
    place.labels = place.labels.of_new_node();
    place.starting_up = None;
    for group in &mut model.groups {
        clear(group, slot);
    }
    let answer = ask(model);
    model.groups = groups;
    model.slots[slot] = there;
    answer
}

/// Takes all pods of a group off a slot.
fn clear(group: &mut Group, slot: usize) {
    let none = |counts: &mut Vec<IntVar>| counts[slot].value = 0.into();
    group.bound.iter_mut().chain(&mut group.crashed).chain(&mut group.nominated).for_each(none);
    group.starting.iter_mut().chain(&mut group.fresh).for_each(|(_, counts)| none(counts));
    none(&mut group.running);
    none(&mut group.terminating);
}
