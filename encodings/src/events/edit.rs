//! `edit`: somebody writes fields of the specification of a custom resource. A request that its schema refuses changes
//! nothing.

use super::{EventModel, Operation, plan};
use crate::cluster::custom::{Assigned, CustomField, EDIT, Edit, RESOURCE, of};
use crate::cluster::{Cluster, Event, EventKind};
use crate::needs::Needs;
use crate::state::{CustomState, FieldState, Model, text, value};
use crate::subject::Subject;
use crate::system::{Pace, Phrase, Verb};
use crate::term::{Int, all, int_choice, ite, ite_bool};

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
        let mut values = Vec::new();
        for (field, to) in &edit.set {
            let described = &own.parts[RESOURCE].fields[*field];
            let wanted: Int = match to {
                Assigned::Bool(to) => i64::from(*to).into(),
                Assigned::Number(span) if span.constant().is_some() => span.lo.into(),
                Assigned::Number(span) => {
                    let about = Subject::new(described.name.clone()).of(model.event_id(event));
                    let (choice, place) = int_choice(about, 0, span.len() - 1);
                    rule = rule.pick(choice);
                    place * span.step + span.lo
                }
            };
            values.push((described, resource.fields[*field], wanted));
        }
        let is_admitted = |(described, field, wanted): &(&CustomField, FieldState, Int)| match field {
            FieldState::Number(var) if described.only_grows => wanted.at_least(var.value),
            _ => true.into(),
        };
        let admitted = all(values.iter().map(is_admitted).collect::<Vec<_>>());
        for (index, (described, field, wanted)) in values.into_iter().enumerate() {
            rule = rule.and_says(text(format!("{} {} ", if index == 0 { ":" } else { "," }, described.name)));
            rule = match field {
                FieldState::Bool(var) => {
                    let to = ite_bool(admitted, wanted.is(1), var.value);
                    rule.set_bool(var, to).and_says(Phrase::After(var.id))
                }
                FieldState::Number(var) => {
                    let rule = rule.set(var, ite(admitted, wanted, var.value)).and_says(value(var.value));
                    rule.and_says(text(" -> ")).and_says(Phrase::After(var.id))
                }
                FieldState::Ready(_) => rule,
            };
        }
        vec![Operation::Begins(rule)]
    }
}
