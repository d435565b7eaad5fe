//! Deployments with several revisions: the rules around [`sync`](super::sync).

use super::memory::{self, ReplicaSetState};
use super::sync::{Outcome, Revision, State};
use crate::cluster::Strategy;
use crate::scene::Wait;
use crate::state::{Model, RuleBuilder, text, value};
use crate::subject::Subject;
use crate::system::{Pace, Phrase, Verb};
use crate::term::{Bool, Int, Term, any, count, ite, max_of, sum};

/// Adds the rules of a Deployment whose template can change; `group` is that of its first revision.
pub(super) fn add_rules(model: &mut Model, group: usize) {
    let groups: Vec<usize> = model.revisions(group).collect();
    let state = state(model, group, &groups);
    let paused = memory::is_paused(model, group);
    let scaling = state.is_scaling() | paused;
    let (rolled, scaled) = (state.roll(), state.scale());
    let rule = sync(model, "roll", group, &groups, &state, &rolled).when(!scaling);
    model.add_rule(rule);
    let rule = sync(model, "scale", group, &groups, &state, &scaled).when(scaling);
    model.add_rule(rule);
}

/// What a rollout waits for that has not come to its end.
pub(super) fn waits(model: &Model, group: usize, paused: Bool) -> Vec<Wait> {
    let groups: Vec<usize> = model.revisions(group).collect();
    let state = state(model, group, &groups);
    let name = &model.groups[group].name;
    let new = sum(state.revisions.iter().map(|one| ite(one.is_new, one.available, 0)));
    let all_pods = sum(state.revisions.iter().map(|one| one.existing));
    let old = sum(state.revisions.iter().map(|one| ite(one.is_new, 0, one.existing)));
    let available = sum(state.revisions.iter().map(|one| one.available));
    let is_open = new.below(state.replicas) | old.above(0);
    let wait = |reason: &'static str, when: Bool| {
        Wait::new("deployment-controller", reason, when).about(model.groups[group].id)
    };
    let on_hold = wait("DeploymentPaused", paused & is_open)
        .says([text(format!("the rollout of {name} is paused"))])
        .because_of(model.origin(group, "spec.paused"));
    let how_far = [
        text(format!("the rollout of {name} has ")),
        value(new),
        text(" of "),
        value(state.replicas),
        text(" new pods"),
    ];
    let progress = wait("Progressing", !paused & is_open).says(how_far).follows();
    let progress = progress.because_of(model.origin(group, "spec.strategy"));
    let progress = match state.strategy {
        Strategy::Recreate => progress.says([text(" and waits until old pods are gone: "), value(old)]),
        Strategy::RollingUpdate { .. } => progress.says([
            text("; maxUnavailable wants "),
            value(state.replicas - state.unavailable()),
            text(" available of all, there are "),
            value(available),
            text("; maxSurge allows "),
            value(state.max_replicas()),
            text(", there are "),
            value(all_pods),
        ]),
    };
    vec![on_hold, progress]
}

/// The Deployment as its controller sees it.
fn state(model: &Model, group: usize, groups: &[usize]) -> State {
    let wanted = model.revision_wanted(group).map_or(0.into(), |wanted| wanted.value);
    let revision = |&index: &usize| {
        let one = &model.groups[index];
        let ReplicaSetState { size, history } = memory::kept(model, index);
        let annotations = history.and_then(|history| history.annotations);
        Revision {
            size: size.value,
            available: sum(one.slots().map(|slot| model.available_on(index, slot))),
            existing: one.active(),
            terminating: sum(one.terminating.iter().map(|count| count.value)),
            created: history.map_or(1.into(), |history| history.created.value),
            is_new: wanted.is(one.revision as i64),
            annotations: annotations.map(|(desired, most)| (desired.value, most.value)),
        }
    };
    State {
        replicas: model.groups[group].spec.value,
        strategy: model.workload(group).rollout.strategy,
        revisions: groups.iter().map(revision).collect(),
    }
}

/// A rule that does what a sync comes to; enabled where that changes something.
fn sync(
    model: &mut Model,
    verb: &'static str,
    group: usize,
    groups: &[usize],
    state: &State,
    outcomes: &[Outcome],
) -> RuleBuilder {
    let first = &model.groups[group];
    let (name, id) = (first.name.clone(), first.id);
    let exists = first.exists.map_or(true.into(), |exists| exists.value);
    let unit = model.fairness_unit(Subject::new("deployment-controller").of(id));
    let subject = Subject::new(verb).of(id);
    let mut rule = RuleBuilder::new(subject, "deployment-controller", "ScalingReplicaSet", Pace::Fast)
        .when(exists)
        .fair(unit)
        .says([text(name)])
        .because_of(model.origin(group, if verb == "roll" { "spec.strategy" } else { "spec.replicas" }));
    let newest = max_of(&state.revisions.iter().map(|one| one.created).collect::<Vec<_>>());
    let mut changes: Vec<Bool> = Vec::new();
    let mut set = |rule: RuleBuilder, var: crate::state::IntVar, to: Int| {
        changes.push(var.value.is_not(to));
        rule.set(var, to)
    };
    let numbers = numbers(model, groups, state, outcomes);
    // Numbers of revisions are only told apart once all of a sync is done.
    if numbers.is_empty() {
        rule = rule.stage(1);
    }
    for (index, (&revision, outcome)) in groups.iter().zip(outcomes).enumerate() {
        let ReplicaSetState { size, history } = memory::kept(model, revision);
        rule = set(rule.writes(Verb::Update, model.groups[revision].id), size, outcome.size);
        let Some(history) = history else { continue };
        if let Some((desired, most)) = history.annotations {
            rule = set(rule, desired, ite(outcome.is_annotated, state.replicas, desired.value));
            rule = set(rule, most, ite(outcome.is_annotated, state.max_replicas(), most.value));
        }
        if let Some(number) = history.number {
            rule = set(rule, number, numbers[index]);
        }
        let next = (newest + 1).min(history.created.value.range().hi);
        rule = rule.writes(Verb::Create, model.groups[revision].id).times(outcome.is_created.as_int());
        rule = set(rule, history.created, ite(outcome.is_created, next, history.created.value));
    }
    for (&revision, outcome) in groups.iter().zip(outcomes) {
        let one = &model.groups[revision];
        let size = memory::kept(model, revision).size.value;
        let (up, down) = (outcome.size.monus(size), size.monus(outcome.size));
        let which = format!("revision {}", one.revision + 1);
        rule = rule
            .and_says(Phrase::IfAny { before: format!(", {which} up by "), term: up.id(), after: String::new() })
            .and_says(Phrase::IfAny { before: format!(", {which} down by "), term: down.id(), after: String::new() });
    }
    rule.when(any(changes))
}

/// The places of the revisions in the order of revision numbers after a sync: that of the wanted one, if its
/// ReplicaSet exists then, becomes the highest, and those above it move down.
fn numbers(model: &Model, groups: &[usize], state: &State, outcomes: &[Outcome]) -> Vec<Int> {
    let Some(now) = groups
        .iter()
        .map(|&group| memory::kept(model, group).history?.number.map(|number| number.value))
        .collect::<Option<Vec<Int>>>()
    else {
        return Vec::new();
    };
    let exists = any(state
        .revisions
        .iter()
        .zip(outcomes)
        .map(|(one, outcome)| one.is_new & (one.created.above(0) | outcome.is_created)));
    let own = sum(state.revisions.iter().zip(&now).map(|(one, &number)| ite(one.is_new, number, 0)));
    let numbered = count(now.iter().map(|number| number.above(0)));
    let highest = numbered + ite(own.is(0), 1, 0);
    let next = |(one, &number): (&Revision, &Int)| {
        let moved = number - ite(own.above(0) & number.above(own), 1, 0);
        ite(exists, ite(one.is_new, highest.min(number.range().hi), moved.max(0)), number)
    };
    state.revisions.iter().zip(&now).map(next).collect()
}
