//! `spec.operations`: what is done to the cluster, one after the other. Each is an event that has to happen once the one
//! before it is over.

use super::super::ErrorKind;
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::view::View;
use super::event_kinds::back;
use super::events::{Item, free_id, numbered};
use kubound_encodings::cluster::custom::{self, Assigned, Edit, RESOURCE, Values};
use kubound_encodings::cluster::{Event, EventKind, Moment, Other, Span, WorkloadRef};

/// Keys that every operation may have.
pub(super) const COMMON: &[&str] = &["id", "when"];

/// When an operation may begin.
pub(super) const MOMENTS: &[(&str, Moment)] = &[("settled", Moment::Settled), ("any", Moment::Any)];

/// What an operation is made of: several events, where it puts back everything.
pub(super) fn add(
    view: &View,
    item: &Item,
    kind: Option<EventKind>,
    draft: &Draft,
    events: &mut Vec<Event>,
) -> Result<(), InputError> {
    let moment = item.common("when")?.map(|when| when.one_of(MOMENTS)).transpose()?.unwrap_or_default();
    let kinds = match kind {
        Some(kind) => vec![kind],
        None => everything(view, draft, events)?,
    };
    for kind in kinds {
        let id = match item.common("id")? {
            Some(id) => free_id(&id, events)?,
            None => numbered(&kind, events),
        };
        let after = events.iter().rev().find(|event| event.operation.is_some()).map(|event| event.id.clone());
        // What comes after an operation has waited for it already.
        events.push(Event { id, kind, times: 1, must: true, after, operation: Some(moment), origin: view.origin() });
    }
    Ok(())
}

/// What puts back everything that operations have changed.
fn everything(view: &View, draft: &Draft, events: &[Event]) -> Result<Vec<EventKind>, InputError> {
    let mut targets: Vec<WorkloadRef> = Vec::new();
    let mut edits: Vec<Edit> = Vec::new();
    for event in events.iter().filter(|event| event.operation.is_some()) {
        match &event.kind {
            EventKind::Scale { target, .. } | EventKind::Apply { target, .. } | EventKind::Rollback { target }
                if !targets.contains(target) =>
            {
                targets.push(target.clone());
            }
            EventKind::Other(other) => edits.extend(other.get::<Edit>().cloned()),
            _ => {}
        }
    }
    let mut kinds: Vec<EventKind> = targets.into_iter().map(back).collect();
    let customs: Vec<_> = custom::among(&draft.others).collect();
    for (number, own) in customs.iter().enumerate() {
        let mut set = Vec::new();
        for (field, _) in edits.iter().filter(|edit| edit.controller == number).flat_map(|edit| &edit.set) {
            if set.iter().any(|(known, _)| known == field) {
                continue;
            }
            let described = &own.parts[RESOURCE].fields[*field];
            let Some(to) = initially(described.values) else {
                let error =
                    view.error(format!("{} of {} may be several values initially", described.name, own.resource()));
                return Err(error
                    .kind(ErrorKind::NotSupported)
                    .expected("one initial value, or an `edit` in place of `restore`"));
            };
            set.push((*field, to));
        }
        if !set.is_empty() {
            kinds.push(EventKind::Other(Other::new(custom::EDIT, Edit { controller: number, set })));
        }
    }
    if kinds.is_empty() {
        return Err(view.error("nothing to restore").expected("an operation before it that changes a manifest"));
    }
    Ok(kinds)
}

/// The value of a field before all operations, where it is one.
fn initially(values: Values) -> Option<Assigned> {
    match values {
        Values::Bool(initial) => initial.map(Assigned::Bool),
        Values::Number(span, initial) => initial.or(span.constant()).map(|one| Assigned::Number(Span::exactly(one))),
        Values::Replicas(_) | Values::ReadyReplicas => None,
    }
}
