//! `edit`: somebody writes fields of the specification of a custom resource. What its schema refuses does not happen.

use super::{EventModel, Operation, plan};
use crate::cluster::custom::{Assigned, EDIT, Edit, RESOURCE, of};
use crate::cluster::{Cluster, Event, EventKind};
use crate::needs::Needs;
use crate::state::{CustomState, FieldState, Model, text, value};
use crate::subject::Subject;
use crate::system::{Pace, Phrase, Verb};
use crate::term::{Int, int_choice};

/// See the module.
pub struct EditResource;

impl EventModel for EditResource {
    fn names(&self) -> &'static [&'static str] {
        &["edit"]
    }

    fn summary(&self) -> &'static str {
        "fields of a custom resource are written"
    }

    fn needs(&self, _: &Cluster, _: &Event, _: &Needs) -> Needs {
        Needs::default()
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let EventKind::Other(other) = &event.kind else { return vec![] };
        let Some(edit) = other.get::<Edit>().filter(|_| other.kind() == EDIT) else { return vec![] };
        let Some(state) = model.side::<CustomState>(edit.controller) else { return vec![] };
        let resource = state.parts[RESOURCE][0].clone();
        let own = of(model.cluster)[edit.controller];
        let mut rule = plan::rule(model, event, "edit", "kubectl", "Edited", Pace::Event)
            .writes(Verb::Update, resource.id)
            .says([text(format!("{} edited", own.resource()))]);
        for (index, (field, to)) in edit.set.iter().enumerate() {
            let described = &own.parts[RESOURCE].fields[*field];
            let name = text(format!("{} {} ", if index == 0 { ":" } else { "," }, described.name));
            rule = rule.and_says(name);
            match (resource.fields[*field], to) {
                (FieldState::Bool(var), Assigned::Bool(to)) => {
                    rule = rule.set_bool(var, *to).and_says(Phrase::After(var.id));
                }
                (FieldState::Number(var), Assigned::Number(span)) => {
                    let wanted: Int = match span.constant() {
                        Some(only) => only.into(),
                        None => {
                            let about = Subject::new(described.name.clone()).of(model.event_id(event));
                            let (choice, place) = int_choice(about, 0, span.len() - 1);
                            rule = rule.pick(choice);
                            place * span.step + span.lo
                        }
                    };
                    if described.only_grows {
                        // The largest one is admitted if any is.
                        rule = rule.when(var.value.at_most(span.hi)).such_that(wanted.at_least(var.value));
                    }
                    rule = rule.set(var, wanted);
                    for phrase in [value(var.value), text(" -> "), Phrase::After(var.id)] {
                        rule = rule.and_says(phrase);
                    }
                }
                _ => {}
            }
        }
        vec![Operation::Begins(rule)]
    }
}
