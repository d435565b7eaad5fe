//! The updater (`pkg/updater`): evicts pods whose requests are not as recommended.
//!
//! * None if fewer pods are alive than `minReplicas` (`GetCreatorMaps`).
//! * A pod that waits without a node goes without a look at anything else (`CanEvict`).
//! * Of running pods, ready or not, as many as leave more than half of the configured replicas, rounded up; of a single
//!   replica that one (`isPodDisruptable`).
//! * Pods that request too little before those that request too much, then those that are further off (`Less`). Where a
//!   disruption budget is asked, the pods that it grants are any of them.
//! * Through the eviction API: budgets may refuse.

use super::Scaler;
use crate::cluster::VerticalPodAutoscaler;
use crate::cluster::vpa::Urgency;
use crate::controllers::{Admission, admission, kept};
use crate::state::{IntVar, Model, Phase, RuleBuilder, counted, text};
use crate::subject::{Part as Further, Subject};
use crate::system::{Pace, Phrase, Verb};
use crate::term::{Bool, Int, Term, int_choice, ite, sum};

/// Running pods of one level on a slot.
struct Part<'c> {
    group: usize,
    slot: usize,
    phase: Phase,
    pods: IntVar,
    /// Place among the levels, the most urgent first.
    class: usize,
    label: String,
    admission: Admission<'c>,
}

/// Adds the rules of the updater, for each recommendation.
pub(super) fn add_rules(model: &mut Model, (vpa, id): Scaler, group: usize) {
    for recommended in 1..=vpa.levels().len() {
        let levels = |urgency: Urgency| -> Vec<usize> {
            let off = |&one: &usize| {
                let found = vpa.urgency(model.groups[one].level, recommended);
                found.filter(|(why, _)| *why == urgency).map(|(_, off)| (one, off))
            };
            let mut found: Vec<(usize, f64)> = model.siblings(group).iter().filter_map(off).collect();
            found.sort_by(|(_, one), (_, other)| other.total_cmp(one));
            found.into_iter().map(|(one, _)| one).collect()
        };
        let (too_small, old) = (levels(Urgency::TooSmall), levels(Urgency::Old));
        let applies = applies(model, vpa, group, recommended);
        delete_waiting(model, (vpa, id), (group, recommended), &too_small, applies);
        evict(model, (vpa, id), ("evict", recommended), &too_small, applies);
        // Those that want to grow come first.
        let none = sum(too_small.iter().map(|&one| running(model, one))).is(0);
        evict(model, (vpa, id), ("evict-old", recommended), &old, applies & none);
    }
}

/// Whether this is recommended and enough pods are alive.
fn applies(model: &Model, vpa: &VerticalPodAutoscaler, group: usize, recommended: usize) -> Bool {
    let is_recommended = super::recommended(model, group).map_or(false.into(), |one| one.value.is(recommended as i64));
    is_recommended & model.active(group).at_least(vpa.min_replicas) & kept(model, group).size.value.above(0)
}

/// Pods of a level that run: not in the phase Pending.
fn running(model: &Model, group: usize) -> Int {
    let state = &model.groups[group];
    let counts = state.phases().filter(|(phase, _)| *phase != Phase::Bound).flat_map(|(_, counts)| counts);
    sum(counts.map(|count| count.value).collect::<Vec<_>>())
}

fn rule(model: &mut Model, (vpa, id): Scaler, verb: &'static str, recommended: usize) -> RuleBuilder {
    let unit = model.fairness_unit(Subject::new("vpa-updater").of(id));
    let subject = Subject::new(verb).with(Further::Number(recommended as i64)).of(id);
    RuleBuilder::new(subject, "vertical-pod-autoscaler", "EvictedByVPA", Pace::Clock)
        .fair(unit)
        .because_of(vpa.origin.clone())
        .carries_out(vpa.origin.clone(), "it never replaces a pod to give it other requests")
}

/// Deletes pods that wait without a node.
fn delete_waiting(
    model: &mut Model,
    scaler: Scaler,
    (group, recommended): (usize, usize),
    levels: &[usize],
    applies: Bool,
) {
    let waiting = sum(levels.iter().map(|&one| model.groups[one].pending.value).collect::<Vec<_>>());
    if waiting.range().hi == 0 {
        return;
    }
    let name = model.workload_name(group);
    let mut rule = rule(model, scaler, "delete", recommended).when(applies & waiting.above(0)).says([counted(
        waiting,
        format!("pod of {name} that waits for a node is deleted"),
        format!("pods of {name} that wait for a node are deleted"),
    )]);
    for &one in levels {
        let state = &model.groups[one];
        rule = rule.writes(Verb::Evict, state.id).times(state.pending.value).set(state.pending, 0);
        for &nominated in state.nominated.iter().flatten() {
            rule = rule.set(nominated, 0);
        }
    }
    model.add_rule(rule);
}

/// Evicts running pods of some levels, the most urgent first.
fn evict(
    model: &mut Model,
    scaler: Scaler,
    (verb, recommended): (&'static str, usize),
    levels: &[usize],
    applies: Bool,
) {
    let parts = parts(model, levels);
    let Some(group) = levels.first().copied().filter(|_| !parts.is_empty()) else { return };
    let is_asked = parts.iter().any(|part| !part.admission.is_free());
    let free = sum(parts.iter().map(|part| part.granted(true)).collect::<Vec<_>>());
    let guarded = sum(parts.iter().map(|part| part.granted(false)).collect::<Vec<_>>());
    let disruptions = parts.iter().find_map(|part| match &part.admission {
        Admission::Asked { status, .. } => Some(status.disruptions_allowed),
        _ => None,
    });
    let disruptions = disruptions.unwrap_or(0.into());
    let total = tolerated(model, group).min(free + guarded.min(disruptions));
    let (mut choices, mut low, mut high) = (Vec::new(), Vec::new(), Vec::new());
    let mut shown = Vec::new();
    let mut of_budget = Vec::new();
    let mut rule = rule(model, scaler, verb, recommended).when(applies & total.above(0));
    for part in &parts {
        let subject = part.phase.tell(Subject::new("evict")).of(model.groups[part.group].id).on(part.slot);
        let (choice, evicted) = int_choice(subject, 0, part.pods.value.range().hi);
        choices.push(choice);
        let (least, most) =
            if is_asked { (0.into(), part.granted(true) + part.granted(false)) } else { bounds(&parts, part, total) };
        low.push(least);
        high.push(most);
        shown.push((evicted.id(), part.label.clone()));
        of_budget.push(ite(part.granted(true).above(0), 0, evicted));
        let state = &model.groups[part.group];
        rule = rule.writes(Verb::Evict, state.id).at(part.slot).times(evicted).add(part.pods, -evicted);
        rule = rule.saturate(state.terminating[part.slot], evicted);
    }
    if is_asked {
        rule = rule.such_that(sum(of_budget).at_most(disruptions));
    }
    let name = model.workload_name(group);
    let mut rule =
        rule.split(choices, &low, &high, total).says([text(format!("evicts pods of {name}: ")), Phrase::Parts(shown)]);
    for part in &parts {
        rule = part.admission.tell(rule);
    }
    if verb == "evict-old" {
        rule = rule.over_approximates("neither the age of a pod nor the length of a history is counted");
    } else if is_asked && levels.len() > 1 {
        rule = rule.over_approximates("which pods a budget grants first depends on their order");
    }
    model.add_rule(rule);
}

/// Running pods that the updater may evict at once.
fn tolerated(model: &Model, group: usize) -> Int {
    let configured = kept(model, group).size.value;
    let running = sum(model.siblings(group).into_iter().map(|one| running(model, one)).collect::<Vec<_>>());
    let single = configured.at_most(1) & running.is(configured);
    ite(single, running, running.monus(configured - configured / 2))
}

fn parts<'c>(model: &Model<'c>, levels: &[usize]) -> Vec<Part<'c>> {
    let mut parts = Vec::new();
    for (class, &group) in levels.iter().enumerate() {
        let phases = model.groups[group].phases().filter(|(phase, _)| *phase != Phase::Bound);
        for (phase, counts) in phases {
            for (slot, &pods) in counts.iter().enumerate().filter(|(_, pods)| pods.value.range().hi > 0) {
                let name = &model.groups[group].name;
                let label = format!("{name} ({}) on {}", phase.name(), model.slots[slot].name);
                let admission = admission(model, group, slot, phase);
                parts.push(Part { group, slot, phase, pods, class, label, admission });
            }
        }
    }
    parts
}

impl Part<'_> {
    /// Its pods whose evictions no budget counts, or those for which one is asked.
    fn granted(&self, freely: bool) -> Int {
        let pods = self.pods.value;
        match &self.admission {
            Admission::Free if freely => pods,
            Admission::Asked { uncounted, .. } => ite(if freely { *uncounted } else { !*uncounted }, pods, 0),
            _ => 0.into(),
        }
    }
}

/// Fewest and most pods of a part that go where so many go in all: a class only once all before it are gone.
fn bounds(parts: &[Part], part: &Part, total: Int) -> (Int, Int) {
    let pods =
        |which: &dyn Fn(&&Part) -> bool| sum(parts.iter().filter(which).map(|one| one.pods.value).collect::<Vec<_>>());
    let left = total.monus(pods(&|one| one.class < part.class));
    let others = pods(&|one| one.class == part.class) - part.pods.value;
    (left.monus(others).min(part.pods.value), left.min(part.pods.value))
}
