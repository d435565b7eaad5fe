//! `cordon` and `uncordon`: `spec.unschedulable` is set and cleared (section 6.4).

use super::{EventModel, Operation, plan};
use crate::cluster::event::EventKind;
use crate::cluster::{Cluster, Event};
use crate::needs::Needs;
use crate::state::{Model, text};
use crate::subject::Subject;
use crate::system::{Pace, Verb};

/// See the module.
pub struct Cordon;

impl EventModel for Cordon {
    fn names(&self) -> &'static [&'static str] {
        &["cordon", "uncordon"]
    }

    fn summary(&self) -> &'static str {
        "a node is cordoned or uncordoned"
    }

    fn needs(&self, _: &Cluster, _: &Event, _: &Needs) -> Needs {
        Needs { nodes_cordoned: true, ..Needs::default() }
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let (node, to) = match &event.kind {
            EventKind::Cordon { node } => (node, true),
            EventKind::Uncordon { node } => (node, false),
            _ => return vec![],
        };
        let mut operations = Vec::new();
        for slot in 0..model.slots.len() {
            let there = &model.slots[slot];
            let (name, present) = (there.name.clone(), there.present);
            if node.as_ref().is_some_and(|node| *node != name) {
                continue;
            }
            let cordoned = there.unschedulable();
            let (what, reason) =
                if to { ("cordoned", "NodeNotSchedulable") } else { ("uncordoned", "NodeSchedulable") };
            let rule = plan::rule(model, event, Subject::new("").on(slot), "kubectl", reason, Pace::Event)
                .when(present)
                .when(if to { !cordoned.value } else { cordoned.value })
                .writes_node(Verb::Patch, slot)
                .set_bool(cordoned, to)
                .says([text(format!("{name} is {what}"))]);
            operations.push(Operation::Begins(rule));
        }
        operations
    }
}
