//! External events: one file a kind, registered in [`REGISTRY`]. Each may happen up to its budget, at quiescent
//! instants under paced timing, and never has to unless it is marked `must`.

mod apply;
mod cordon;
mod cpu_change;
mod create;
mod drain;
mod kernel_panic;
mod memory_pressure;
mod node_failure;
mod rollback;
mod rollout;
mod scale;
mod self_heal;

use crate::cluster::{Cluster, Event, EventKind, WorkloadRef};
use crate::needs::Needs;
use crate::state::{IntVar, Model, RuleBuilder};
use crate::subject::Subject;
use crate::system::{Pace, Role};
use crate::term::{Int, any, sum};

/// A kind of event: turns events of that kind into rules.
pub trait EventModel: Sync {
    /// The names of the kinds in scenario files.
    fn names(&self) -> &'static [&'static str];

    /// What happens, in a line.
    fn summary(&self) -> &'static str;

    /// What an event of this kind needs of the model, where `others` is what is known of the needs of all.
    fn needs(&self, cluster: &Cluster, event: &Event, others: &Needs) -> Needs;

    /// How often an event of this kind happens at a moment of its own choice.
    fn moments(&self, event: &Event) -> i64 {
        event.times.max(0)
    }

    /// Adds the rules of an event if it is of this kind.
    fn add_rules(&self, model: &mut Model, event: &Event);
}

/// All kinds of events.
pub const REGISTRY: &[&dyn EventModel] = &[
    &apply::Apply,
    &cordon::Cordon,
    &cpu_change::CpuChange,
    &create::Create,
    &drain::Drain,
    &kernel_panic::KernelPanic,
    &memory_pressure::MemoryPressure,
    &node_failure::NodeFailure,
    &rollback::Rollback,
    &rollout::Rollout,
    &scale::Scale,
    &self_heal::SelfHeal,
];

/// What all events of a cluster need.
pub(crate) fn needs(cluster: &Cluster, others: &Needs) -> Needs {
    let needs = |event: &Event| {
        let kind = REGISTRY.iter().find(|kind| kind.names().contains(&event.kind.name()));
        let needs = |kind: &&dyn EventModel| {
            let moments = Needs { moments: kind.moments(event), ..Needs::default() };
            kind.needs(cluster, event, others).and(moments)
        };
        kind.map_or(Needs::default(), needs)
    };
    cluster.events.iter().map(needs).fold(Needs::default(), Needs::and)
}

/// Adds the rules of all events of the cluster.
pub(crate) fn add_rules(model: &mut Model) {
    for event in &model.cluster.events {
        drain::declare(model, event);
    }
    for event in &model.cluster.events {
        for kind in REGISTRY {
            kind.add_rules(model, event);
        }
    }
}

/// The budget of an event; declared at first use.
fn budget(model: &mut Model, event: &Event) -> IntVar {
    let position = model.cluster.events.iter().position(|other| other.id == event.id).expect("an event of the cluster");
    while model.budgets.len() <= position {
        let event = &model.cluster.events[model.budgets.len()];
        let (times, id) = (event.times.max(0), model.event_id(event));
        let left = model.int_var(Subject::new("left").of(id), Role::Budget, 0, times, times);
        model.budgets.push(left);
    }
    model.budgets[position]
}

/// How often the rollout of a workload has been restarted.
fn times_restarted(model: &mut Model, target: &WorkloadRef) -> Int {
    let events = model.cluster.events.iter();
    let restarts: Vec<&Event> =
        events.filter(|event| matches!(&event.kind, EventKind::Rollout { target: one } if one == target)).collect();
    sum(restarts
        .into_iter()
        .map(|event| Int::from(event.times.max(0)) - budget(model, event).value)
        .collect::<Vec<_>>())
}

/// A rule of an event: within its budget, after the event it waits for, and not before the first settled state where
/// the scenario says so.
fn happens(model: &mut Model, event: &Event, subject: Subject, actor: &str, reason: &'static str) -> RuleBuilder {
    let left = budget(model, event);
    let id = model.event_id(event);
    let mut rule = RuleBuilder::new(subject.of(id), actor, reason, Pace::Event)
        .when(left.value.above(0))
        .add(left, -1)
        .because_of(event.origin.clone());
    if let Some(other) = event.after.as_ref().and_then(|id| model.cluster.events.iter().find(|other| other.id == *id)) {
        let earlier = budget(model, other);
        rule = rule.when(earlier.value.below(other.times));
        // A drain or a maintenance has happened when it has ended.
        if let Some((_, begun)) = model.operations.iter().find(|(id, _)| *id == other.id) {
            rule = rule.when(!any(begun.iter().map(|(_, flag)| flag.value)));
        }
    }
    if let Some(settled) = model.settled_once {
        rule = rule.when(settled.value);
    }
    if event.must {
        let unit = model.fairness_unit(Subject::new("event").of(id));
        rule = rule.fair(unit);
    }
    rule
}
