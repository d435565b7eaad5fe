//! Memory that runs out (section 5.3). Off unless the scenario names `memoryPressure`, since it depends on what pods really use.
//!
//! ## One step
//! A node whose pods use more memory than is allocatable gets the condition MemoryPressure and with it the NoSchedule
//! taint of the node controller; the kubelet evicts one pod; or the condition goes 5 min after the last observation.
//! Pods use memory while their containers run and until they are gone. Allocatable is taken as what is left when the
//! threshold of the kubelet is reached (capacity less reservations less `memory.available`).
//!
//! ## Ranking
//! Pods that use more than they request go first, then those of lower priority, then those that exceed their request by
//! more. Critical pods are never evicted. Budgets and grace are not asked for: an evicted pod is Failed at once.
//! Its ReplicaSet replaces it, and the scheduler, which looks at requests, may put the next one back.
//!
//! The taint keeps off all pods that do not tolerate it: the API server adds a toleration to pods with requests only
//! with the admission plugin PodTolerationRestriction, which is off by default.
//!
//! Rules are consequences, not choices: fair, and without a budget.

use crate::cluster::node::MEMORY;
use crate::cluster::workload::Usage;
use crate::cluster::{Cluster, ScenarioController, ScenarioControllerKind};
use crate::needs::Needs;
use crate::state::{Model, PRESSURE_TRANSITION, Phase, RuleBuilder, Timer, text, words};
use crate::subject::{ObjectId, Subject};
use crate::system::{Pace, Verb};
use crate::term::{Bool, Int, any, sum};

/// Priority from which pods are critical.
const CRITICAL: i64 = 2_000_000_000;

/// What memory that runs out needs.
pub(super) fn needs(cluster: &Cluster) -> Needs {
    if !cluster.scenario_controllers.iter().any(is_named) {
        return Needs::default();
    }
    let amounts = cluster.workloads.iter().flat_map(|workload| match workload.memory_usage {
        Usage::PerPod(span) | Usage::Shared(span) => {
            vec![span.lo, span.hi - span.lo, if span.constant().is_some() { 0 } else { span.step }]
        }
        Usage::Request => vec![],
    });
    Needs {
        memory_usage: cluster.workloads.iter().map(|workload| workload.reference.clone()).collect(),
        amounts: amounts.map(|amount| (MEMORY.to_owned(), amount)).collect(),
        memory_runs_out: true,
        sees_admission: true,
        ..Needs::durations([PRESSURE_TRANSITION])
    }
}

pub(super) fn add_rules(model: &mut Model) {
    let cluster = model.cluster;
    for (number, own) in cluster.scenario_controllers.iter().enumerate().filter(|(_, one)| is_named(one)) {
        let id = model.ids.scenario_controllers[number];
        for slot in 0..model.slots.len() {
            let Some(&available) = model.slots[slot].allocatable.get(MEMORY) else { continue };
            let over = used(model, slot).above(available);
            watch(model, (id, own), slot, over);
        }
    }
}

fn is_named(one: &ScenarioController) -> bool {
    one.kind == ScenarioControllerKind::MemoryPressure
}

fn watch(model: &mut Model, (id, own): (ObjectId, &ScenarioController), slot: usize, over: Bool) {
    let there = &model.slots[slot];
    let pressed = there.pressed();
    let (name, alive) = (there.name.clone(), there.is_alive());
    let timer = Subject::new("memory pressure timer").of(id).on(slot);
    let timer = model.timer(timer, PRESSURE_TRANSITION, pressed.value & !over);
    let base = |model: &mut Model, verb: &'static str, reason: &'static str, pace: Pace| {
        let unit = model.fairness_unit(Subject::new("kubelet watches memory").on(slot));
        RuleBuilder::new(Subject::new(verb).of(id).on(slot), "kubelet", reason, pace)
            .when(alive)
            .fair(unit)
            .because_of(own.origin.clone())
    };
    let begin = base(model, "begin", "NodeHasInsufficientMemory", Pace::Fast)
        .when(over & !pressed.value)
        .writes_node(Verb::Status, slot)
        .set_bool(pressed, true)
        .says([text(format!("{name} is out of memory: MemoryPressure, and its NoSchedule taint"))]);
    let pace = if timer.left.is_some() { Pace::Fast } else { Pace::Clock };
    let end = base(model, "end", "NodeHasSufficientMemory", pace)
        .when(timer.armed)
        .when(timer.expired)
        .writes_node(Verb::Status, slot)
        .set_bool(pressed, false)
        .says([text(format!("{name} has had enough memory for 5 min: no MemoryPressure"))]);
    model.add_rule(begin);
    model.add_rule(timer.wind_up(end));
    evict(model, (id, own), slot, over, &timer);
}

fn evict(model: &mut Model, (id, own): (ObjectId, &ScenarioController), slot: usize, over: Bool, timer: &Timer) {
    let there = &model.slots[slot];
    let pressed = there.pressed();
    let (node, alive) = (there.name.clone(), there.is_alive());
    let evictable: Vec<usize> =
        (0..model.groups.len()).filter(|&group| model.template(group).priority < CRITICAL).collect();
    for &group in &evictable {
        let rank = Rank::of(model, group);
        let earlier = evictable.iter().filter(|&&other| other != group);
        let outranked = any(earlier
            .map(|&other| running_on(model, other, slot).above(0) & Rank::of(model, other).goes_before(&rank))
            .collect::<Vec<_>>());
        let running: Vec<_> = model.groups[group]
            .phases()
            .filter(|(phase, _)| *phase != Phase::Bound)
            .map(|(phase, counts)| (phase, counts[slot]))
            .collect();
        for (phase, pods) in running.into_iter().filter(|(_, pods)| pods.value.range().hi > 0) {
            let unit = model.fairness_unit(Subject::new("kubelet evicts").on(slot));
            let place = format!("{} on {node}", model.groups[group].name);
            let subject = phase.tell(Subject::new(words::EVICT)).and(id).of(model.groups[group].id).on(slot);
            let mut rule = RuleBuilder::new(subject, "kubelet", "Evicted", Pace::Fast)
                .when(alive & pressed.value & over)
                .when(pods.value.above(0))
                .when(!outranked)
                .fair(unit)
                .writes(Verb::Status, model.groups[group].id)
                .at(slot)
                .add(pods, -1)
                .says([text(format!("a pod of {place} is evicted: the node was low on memory"))])
                .because_of(own.origin.clone())
                .because_of(model.origin(group, "spec.template.spec"));
            if let Some(failed) = model.groups[group].failed {
                rule = rule.saturate(failed, 1);
            }
            model.add_rule(timer.wind_up(rule));
        }
    }
}

/// Pods of a group on a slot whose containers have been started.
fn running_on(model: &Model, group: usize, slot: usize) -> Int {
    let state = &model.groups[group];
    state.admitted_on(slot) - state.terminating[slot].value
}

/// Memory that one pod of a group uses, in model units.
fn usage(model: &Model, group: usize) -> Int {
    let unit = model.units.get(MEMORY).copied().unwrap_or(1);
    let all = model.uses(group).memory / unit;
    match model.workload(group).memory_usage {
        Usage::Shared(_) => all / model.ready(group).max(1),
        _ => all,
    }
}

/// Memory that the pods on a slot use, in model units. A container that has crashed uses none.
fn used(model: &Model, slot: usize) -> Int {
    sum((0..model.groups.len()).map(|group| {
        let state = &model.groups[group];
        let crashed = state.crashed.as_ref().map_or(0.into(), |counts| counts[slot].value);
        (state.admitted_on(slot) - crashed) * usage(model, group)
    }))
}

/// What decides which pod goes first.
struct Rank {
    exceeds: Bool,
    priority: i64,
    excess: Int,
}

impl Rank {
    fn of(model: &Model, group: usize) -> Self {
        let request = model.template(group).requests.get(MEMORY).copied().unwrap_or(0);
        let (usage, request) = (usage(model, group), model.scaled(MEMORY, request));
        Self { exceeds: usage.above(request), priority: model.template(group).priority, excess: usage - request }
    }

    fn goes_before(&self, other: &Self) -> Bool {
        let equal = self.exceeds.iff(other.exceeds);
        let later = Bool::from(self.priority < other.priority)
            | (Bool::from(self.priority == other.priority) & self.excess.above(other.excess));
        (self.exceeds & !other.exceeds) | (equal & later)
    }
}
