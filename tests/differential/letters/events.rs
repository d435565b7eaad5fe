//! Events, and controllers of the scenario.

use super::{Letters, fields, is_range, kinds};
use kubound_encodings::cluster::LabelChange;
use kubound_encodings::cluster::event::{ApplyMode, Event, EventKind, Moment};
use kubound_encodings::cluster::metric_change::MetricChange;
use kubound_encodings::cluster::scenario_controller::{ScenarioController, ScenarioControllerKind};

pub const ALL: &[&[&str]] = &[EVENT, EVENT_KIND, DETAIL, APPLY, CONTROLLER];

fn metric_change(kind: &EventKind) -> Option<&MetricChange> {
    match kind {
        EventKind::Other(other) => other.get(),
        _ => None,
    }
}

fields! { EVENT, of_event: Event,
    Event { id: _, kind: _, times, must, after, operation, origin: _ } => {
        "event: times": *times > 1,
        "event: must": *must,
        "event: after": after.is_some(),
        "operation: settled": *operation == Some(Moment::Settled),
        "operation: any": *operation == Some(Moment::Any),
    }
}

kinds! { EVENT_KIND, of_event_kind: EventKind, {
    EventKind::CpuChange { target: _, to: _ } => "event cpuChange",
    EventKind::NodeFailure { pool: _, recovers: _ } => "event nodeFailure",
    EventKind::Maintenance { pools: _, at_once: _ } => "event maintenance",
    EventKind::Drain { node: _, uncordon: _ } => "event drain",
    EventKind::Cordon { node: _ } => "event cordon",
    EventKind::Uncordon { node: _ } => "event uncordon",
    EventKind::Relabel(LabelChange { nodes: _, set: _, remove: _ }) => "event relabel",
    EventKind::Apply { target: _, replicas: _, template: _, mode: _, paused: _ } => "event apply",
    EventKind::Rollout { target: _ } => "event rollout",
    EventKind::Rollback { target: _ } => "event rollback",
    EventKind::Scale { target: _, replicas: _ } => "event scale",
    EventKind::CreateDeployment { target: _ } => "event createDeployment",
    // Kinds that others add to the models bring their own tests.
} beyond { EventKind::Other(_) } }

kinds! { CONTROLLER, of_controller: ScenarioControllerKind, {
    ScenarioControllerKind::SelfHeal { target: _, interval: _ } => "controller selfHeal",
    ScenarioControllerKind::KernelPanic { cpu_left_below: _ } => "controller kernelPanic",
    ScenarioControllerKind::MemoryPressure => "controller memoryPressure",
} }

/// The letters of a controller of the scenario.
pub fn controller_letters(controller: &ScenarioController, found: &mut Letters) {
    let ScenarioController { id: _, kind, origin: _ } = controller;
    of_controller(kind, found);
}

kinds! { APPLY, of_apply: ApplyMode, {
    ApplyMode::ClientSide => "apply: client-side",
    ApplyMode::ServerSide => "apply: server-side",
} }

fields! { DETAIL, of_detail: EventKind, kind => {
    "cpuChange: a range": matches!(kind, EventKind::CpuChange { to, .. } if is_range(*to)),
    "metricChange: a value": metric_change(kind).is_some_and(|one| one.to.is_some()),
    "metricChange: unavailable": metric_change(kind).is_some_and(|one| one.to.is_none()),
    "nodeFailure: any node": matches!(kind, EventKind::NodeFailure { pool: None, .. }),
    "nodeFailure: a node or pool": matches!(kind, EventKind::NodeFailure { pool: Some(_), .. }),
    "nodeFailure: recovers": matches!(kind, EventKind::NodeFailure { recovers: true, .. }),
    "nodeFailure: for good": matches!(kind, EventKind::NodeFailure { recovers: false, .. }),
    "maintenance: pools": matches!(kind, EventKind::Maintenance { pools, .. } if !pools.is_empty()),
    "maintenance: two at once": matches!(kind, EventKind::Maintenance { at_once: 2, .. }),
    "drain: a node": matches!(kind, EventKind::Drain { node: Some(_), .. }),
    "drain: uncordon": matches!(kind, EventKind::Drain { uncordon: true, .. }),
    "cordon: a node": matches!(kind, EventKind::Cordon { node: Some(_) }),
    "relabel: a node or pool": matches!(kind, EventKind::Relabel(change) if change.nodes.is_some()),
    "relabel: any node": matches!(kind, EventKind::Relabel(change) if change.nodes.is_none()),
    "relabel: set": matches!(kind, EventKind::Relabel(change) if !change.set.is_empty()),
    "relabel: removed": matches!(kind, EventKind::Relabel(change) if !change.remove.is_empty()),
    "uncordon: a node": matches!(kind, EventKind::Uncordon { node: Some(_) }),
    "apply: replicas": matches!(kind, EventKind::Apply { replicas: Some(_), .. }),
    "apply: another template": matches!(kind, EventKind::Apply { template: 1.., .. }),
    "apply: paused": matches!(kind, EventKind::Apply { paused: true, .. }),
    "scale: a range": matches!(kind, EventKind::Scale { replicas, .. } if is_range(*replicas)),
    "scale: to none": matches!(kind, EventKind::Scale { replicas, .. } if replicas.hi == 0),
} }

/// The letters of an event.
pub fn letters(event: &Event, found: &mut Letters) {
    of_event(event, found);
    of_event_kind(&event.kind, found);
    of_detail(&event.kind, found);
    if let EventKind::Apply { mode, .. } = &event.kind {
        of_apply(mode, found);
    }
}
