//! Services, Namespaces and PriorityClasses, of which little is read.

use super::super::Severity::{Harmless, Risky};
use super::super::draft::{Draft, PriorityClass};
use super::super::error::InputError;
use super::{Object, security};
use kubound_encodings::cluster::Service;

/// Only the selector of a Service matters: it takes part in the default topology spread.
pub(super) fn read_service(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.below("spec")?;
    object.fields.note_rest(&[]);
    let selector = spec.as_ref().map(|spec| spec.read("selector", |view| view.labels())).transpose()?.flatten();
    let namespace = object.metadata.namespace.clone();
    let name = object.metadata.name.clone();
    draft.services.retain(|other| (&other.namespace, &other.name) != (&namespace, &name));
    draft.services.push(Service { namespace, name, selector: selector.unwrap_or_default() });
    Ok(())
}

/// A Namespace only matters by what Pod Security refuses and by annotations that narrow where its pods may run.
pub(super) fn read_namespace(object: &Object, _: &mut Draft) -> Result<(), InputError> {
    object.fields.get("spec");
    object.fields.note_rest(&[]);
    security::note_namespace(&object.metadata.labels, object.context);
    for key in ["scheduler.alpha.kubernetes.io/node-selector", "scheduler.alpha.kubernetes.io/defaultTolerations"] {
        if object.metadata.annotations.contains_key(key) {
            let field = super::super::value::child("metadata.annotations", key);
            object.context.note(Risky, &field, "defaults for the pods of a namespace are not modelled");
        }
    }
    Ok(())
}

/// The value of a PriorityClass is what pods get as their priority.
pub(super) fn read_priority_class(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let fields = &object.fields;
    let value = fields.require("value", "an integer")?.integer(-2_147_483_648..=1_000_000_000)?;
    let is_default = fields.read("globalDefault", |view| view.boolean())?.unwrap_or(false);
    let preempts = fields
        .read("preemptionPolicy", |view| view.one_of(&[("PreemptLowerPriority", true), ("Never", false)]))?
        .unwrap_or(true);
    fields.note_rest(&[("description", Harmless, "text for readers")]);
    let name = object.metadata.name.clone();
    draft.priority_classes.retain(|other| other.name != name);
    draft.priority_classes.push(PriorityClass { name, value, is_default, preempts });
    Ok(())
}
