//! `nodeFailure`: a node's kubelet stops; with `recovers` it comes back.
//!
//! Coming back is fair: some time it happens, whether or not the failure must. How long that takes nobody knows, so that a
//! cluster may settle before: what is said of settled states is said of those with the node away, too. What is said of
//! the end of a run is not said of runs in which the node stays away.

use super::{EventModel, Operation, plan};
use crate::cluster::event::EventKind;
use crate::cluster::{Cluster, Event};
use crate::needs::Needs;
use crate::state::{Model, text, words};
use crate::subject::Subject;
use crate::system::Pace;

/// See the module.
pub struct NodeFailure;

impl EventModel for NodeFailure {
    fn names(&self) -> &'static [&'static str] {
        &["nodeFailure"]
    }

    fn summary(&self) -> &'static str {
        "a node stops, and comes back where it recovers"
    }

    fn needs(&self, _: &Cluster, _: &Event, _: &Needs) -> Needs {
        Needs { nodes_stop: true, ..Needs::default() }
    }

    fn moments(&self, event: &Event) -> i64 {
        let comes_back = matches!(event.kind, EventKind::NodeFailure { recovers: true, .. });
        event.times.max(0) * if comes_back { 2 } else { 1 }
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let EventKind::NodeFailure { pool, recovers } = &event.kind else { return vec![] };
        let mut operations = Vec::new();
        for slot in 0..model.slots.len() {
            let there = &model.slots[slot];
            let belongs =
                pool.as_ref().is_none_or(|pool| *pool == model.cluster.pools[there.pool].name || *pool == there.name);
            if !belongs {
                continue;
            }
            let alive = there.runs();
            let (name, present) = (there.name.clone(), there.present);
            let rule = plan::rule(model, event, Subject::new(words::STOP).on(slot), "node", "NodeStopped", Pace::Event)
                .when(present)
                .when(alive.value)
                .happens()
                .set_bool(alive, false)
                .says([text(format!("{name} stops"))]);
            operations.push(Operation::Begins(rule));
            if *recovers {
                let unit = model.fairness_unit(Subject::new("recovery").of(model.event_id(event)).on(slot));
                let rule =
                    plan::rule(model, event, Subject::new(words::RECOVER).on(slot), "node", "Starting", Pace::Event)
                        .when(present)
                        .when(!alive.value)
                        .happens()
                        .set_bool(alive, true)
                        .fair(unit)
                        .says([text(format!("{name} comes back"))]);
                operations.push(Operation::GoesOn(rule));
                model.draft.unhurried.push(unit);
            }
        }
        operations
    }
}
