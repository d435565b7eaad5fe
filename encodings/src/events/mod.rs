//! External events: one file a kind, registered in [`REGISTRY`]. A kind says of which operations an event consists; when
//! they may happen is for the plan (`plan`): up to a budget, at quiescent instants under paced timing, and never has to
//! unless it is marked `must`.

mod apply;
mod cordon;
mod cpu_change;
mod create;
mod drain;
mod edit;
mod metric_change;
mod node_failure;
mod plan;
mod relabel;
mod restore;
mod rollback;
mod rollout;
pub(crate) mod scale;

use crate::cluster::{Cluster, Event, EventKind, WorkloadRef};
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::{BoolVar, Model};
use crate::term::{Bool, Int, all, sum};
pub(crate) use plan::Course;
pub use plan::{Operation, rule as operation};
pub use relabel::told as told_labels;

/// A kind of event: turns events of that kind into operations.
pub trait EventModel: Sync {
    /// The names of the kinds in scenario files.
    fn names(&self) -> &'static [&'static str];

    /// What happens, in a line.
    fn summary(&self) -> &'static str;

    /// What an event of this kind needs of the model, where `others` is what is known of the needs of all.
    fn needs(&self, cluster: &Cluster, event: &Event, others: &Needs) -> Needs;

    /// Why an event of this kind cannot be modelled in this cluster, if it cannot.
    fn unsupported(&self, cluster: &Cluster, event: &Event) -> Option<String> {
        let _ = (cluster, event);
        None
    }

    /// How often an event of this kind happens at a moment of its own choice.
    fn moments(&self, event: &Event) -> i64 {
        event.times.max(0)
    }

    /// Declares what tells, by slot, that an event has begun and not ended; nothing where events end at once.
    fn underway(&self, model: &mut Model, event: &Event) -> Vec<(usize, BoolVar)> {
        let _ = (model, event);
        Vec::new()
    }

    /// What an event consists of; nothing if it is of another kind.
    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation>;

    /// What keeps an event that has begun from going on, for reports.
    fn waits(&self, model: &Model, event: &Event) -> Vec<Wait> {
        let _ = (model, event);
        Vec::new()
    }
}

/// All kinds of events.
pub const REGISTRY: &[&dyn EventModel] = &[
    &apply::Apply,
    &cordon::Cordon,
    &cpu_change::CpuChange,
    &create::Create,
    &drain::Drain,
    &edit::EditResource,
    &metric_change::MetricChange,
    &node_failure::NodeFailure,
    &relabel::Relabel,
    &restore::Restore,
    &rollback::Rollback,
    &rollout::Rollout,
    &scale::Scale,
];

/// Kinds of events.
type Kinds<'k> = &'k [&'static dyn EventModel];

/// What all events of a cluster need.
pub(crate) fn needs(kinds: Kinds, cluster: &Cluster, others: &Needs) -> Needs {
    let needs = |event: &Event| {
        let needs = |kind: &dyn EventModel| {
            let moments = Needs { moments: kind.moments(event), ..Needs::default() };
            kind.needs(cluster, event, others).and(moments)
        };
        kind(kinds, event).map_or(Needs::default(), needs)
    };
    cluster.events.iter().map(needs).fold(Needs::default(), Needs::and)
}

/// The first event of a cluster that cannot be modelled, and why.
pub fn unsupported(cluster: &Cluster) -> Option<(&Event, String)> {
    cluster.events.iter().find_map(|event| Some((event, kind(REGISTRY, event)?.unsupported(cluster, event)?)))
}

/// Adds the rules of all events of the cluster.
pub(crate) fn add_rules(kinds: Kinds, model: &mut Model) {
    let events = &model.cluster.events;
    let underway: Vec<_> =
        events.iter().map(|event| kind(kinds, event).map_or(Vec::new(), |kind| kind.underway(model, event))).collect();
    for (number, underway) in underway.into_iter().enumerate() {
        plan::declare(model, number, underway);
    }
    for event in events {
        let operations = kind(kinds, event).map_or(Vec::new(), |kind| kind.operations(model, event));
        for operation in operations {
            plan::schedule(model, event, operation);
        }
    }
}

/// What keeps the events of the cluster from going on.
pub(crate) fn waits(kinds: Kinds, model: &Model) -> Vec<Wait> {
    let events = model.cluster.events.iter();
    events.flat_map(|event| kind(kinds, event).map_or(Vec::new(), |kind| kind.waits(model, event))).collect()
}

/// The kind of an event.
fn kind(kinds: Kinds, event: &Event) -> Option<&'static dyn EventModel> {
    kinds.iter().copied().find(|kind| kind.names().contains(&event.kind.name()))
}

/// Whether all operations are done.
pub(crate) fn operations_are_over(model: &Model) -> Bool {
    all(model.cluster.operations().map(|(_, event)| plan::course(model, event).is_over()))
}

/// How often an event may still happen.
pub(crate) fn left(model: &Model, event: &Event) -> Int {
    plan::course(model, event).left.value
}

/// How often the rollout of a workload has been restarted.
fn times_restarted(model: &Model, target: &WorkloadRef) -> Int {
    let restarts = model.cluster.events.iter().filter(|event| match &event.kind {
        EventKind::Rollout { target: one } => one == target,
        _ => false,
    });
    sum(restarts.map(|event| plan::times(model, event)))
}
