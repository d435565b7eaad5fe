//! Rules files of operators: objects of kind `CustomController`. As in scenarios every key is known, or an error.

mod edit;
mod entries;
mod fields;
mod schema;
mod template;
#[cfg(test)]
mod tests;

pub(super) use edit::EDIT;
pub use schema::custom_controller_schema;
pub use template::custom_controller_template;

use super::ErrorKind;
use super::draft::Draft;
use super::error::InputError;
use super::own;
use super::value::Value;
use super::view::{Context, Fields, View};
use crate::limits::reader::MOST_OWNED;
use entries::Place;
use kubound_encodings::cluster::custom::{CUSTOM_CONTROLLER, CustomField, Part, PartKind, Values};
use kubound_encodings::cluster::workload::STATEFUL_SET;
use kubound_encodings::cluster::{CustomController, Other, WorkloadRef};
use std::collections::BTreeSet;

/// The keys of `spec`.
const SPEC: &[&str] = &["resource", "owns", "memory", "reconcile", "others"];

/// The keys of `resource`.
const RESOURCE: &[&str] = &["kind", "name", "namespace", "spec", "status"];

/// The keys of what is owned.
const OWNED: &[&str] = &["kind", "name", "namespace", "count", "exists", "fields", "replicas"];

/// What conditions call the custom resource.
const CR: &str = "cr";

/// What conditions call what is remembered.
const MEMORY: &str = "memory";

/// Words that mean something already.
const TAKEN: &[&str] = &[CR, MEMORY, "each", "settled", "custom", "true", "false", "null", "in"];

/// Kinds of workloads that a rules file may name among the manifests.
const WORKLOADS: &[&str] = &["Deployment", "ReplicaSet", STATEFUL_SET];

/// Whether a value is a rules file, of whatever version.
pub(super) fn is_rules_file(value: &Value) -> bool {
    own::is_of_kind(value, CUSTOM_CONTROLLER)
}

/// Reads a rules file.
pub(super) fn read(value: &Value, context: &Context, draft: &mut Draft) -> Result<(), InputError> {
    let root = own::root(value, context)?;
    let metadata = root.require("metadata", "a mapping with a name")?.strict_fields(own::METADATA)?;
    let name = metadata.require("name", "the name of the controller")?.name()?.to_owned();
    let spec = root.require("spec", "the rules of the controller")?.strict_fields(SPEC)?;
    let mut parts = vec![read_resource(&spec)?, read_memory(&spec)?];
    read_owned(&spec, &mut parts)?;
    let (reconcile, others) = (Vec::new(), Vec::new());
    let mut own = CustomController { name, parts, reconcile, others, origin: context.origin("") };
    let known: Vec<&CustomController> = kubound_encodings::cluster::custom::among(&draft.others).collect();
    let number = known.iter().position(|other| other.name == own.name).unwrap_or(known.len());
    check_objects(&own, &known, &spec)?;
    own.reconcile = entries::read(&spec, Place::Reconcile, (number, &own))?;
    own.others = entries::read(&spec, Place::Others, (number, &own))?;
    if own.reconcile.is_empty() {
        let error = spec.require("reconcile", "a list of entries")?.error("an empty list");
        return Err(error.kind(ErrorKind::MissingField).expected("at least one entry"));
    }
    let same =
        draft.others.iter_mut().find(|other| other.get::<CustomController>().is_some_and(|one| one.name == own.name));
    let read = Other::new(CUSTOM_CONTROLLER, own);
    match same {
        Some(other) => *other = read,
        None => draft.others.push(read),
    }
    Ok(())
}

fn read_resource(spec: &Fields) -> Result<Part, InputError> {
    let resource = spec.require("resource", "the custom resource: kind, name, spec")?.strict_fields(RESOURCE)?;
    let mut fields = Vec::new();
    for section in ["spec", "status"] {
        fields::read(&resource, section, section, &mut fields)?;
    }
    let kind = read_object(&resource, None)?;
    Ok(Part { word: CR.into(), kind, count: None, exists: true, fields })
}

fn read_memory(spec: &Fields) -> Result<Part, InputError> {
    let mut fields = Vec::new();
    fields::read(spec, MEMORY, "", &mut fields)?;
    Ok(Part { word: MEMORY.into(), kind: PartKind::Memory, count: None, exists: true, fields })
}

/// Kind, namespace and name.
fn read_object(fields: &Fields, name: Option<String>) -> Result<PartKind, InputError> {
    let kind = fields.require("kind", "the kind of the object")?.name()?.to_owned();
    let namespace = fields.read("namespace", |view| view.name().map(str::to_owned))?;
    let name = match (fields.get("name"), name) {
        (Some(view), _) => view.name()?.to_owned(),
        (None, Some(name)) => name,
        (None, None) => fields.require("name", "the name of the object")?.name()?.to_owned(),
    };
    Ok(PartKind::Object { kind, namespace: namespace.unwrap_or_else(|| "default".into()), name })
}

/// Reads what is owned, behind the resource and the memory.
fn read_owned(spec: &Fields, parts: &mut Vec<Part>) -> Result<(), InputError> {
    let Some(owns) = spec.below("owns")? else { return Ok(()) };
    let resource = match &parts[0].kind {
        PartKind::Object { name, .. } => name.clone(),
        _ => String::new(),
    };
    for (word, view) in owns.entries() {
        fields::check_word(word, &view, TAKEN)?;
        let body = view.strict_fields(OWNED)?;
        let kind = read_object(&body, Some(format!("{resource}-{word}")))?;
        let is_workload = matches!(&kind, PartKind::Object { kind, .. } if WORKLOADS.contains(&kind.as_str()));
        let part = if is_workload && !body.has("fields") {
            read_workload(word, kind, &body)?
        } else {
            let mut described = Vec::new();
            fields::read(&body, "fields", "", &mut described)?;
            if let Some(replicas) = body.get("replicas") {
                let error = replicas.error("only of a workload among the manifests").kind(ErrorKind::NotSupported);
                return Err(error.expected("fields: {replicas: 0..3}"));
            }
            let count = body.read("count", |view| view.integer(1..=MOST_OWNED))?;
            let exists = body.read("exists", |view| view.boolean())?.unwrap_or(false);
            let count = count.and_then(|count| usize::try_from(count).ok());
            Part { word: word.to_owned(), kind, count, exists, fields: described }
        };
        parts.push(part);
    }
    Ok(())
}

/// A workload among the manifests.
fn read_workload(word: &str, kind: PartKind, body: &Fields) -> Result<Part, InputError> {
    let PartKind::Object { kind, namespace, name } = kind else { unreachable!("just read as an object") };
    if let Some(count) = body.get("count") {
        let error = count.error("a workload among the manifests is one object").kind(ErrorKind::NotSupported);
        return Err(error.expected("no count, or `fields` for objects of which nothing else is known"));
    }
    let exists = body.get("exists");
    let is_there = exists.as_ref().map(View::boolean).transpose()?.unwrap_or(true);
    if let (Some(view), false, true) = (exists, is_there, kind != "Deployment") {
        let error = view.error(format!("a {kind} cannot be created later")).kind(ErrorKind::NotSupported);
        return Err(error.expected("a Deployment, or `fields` for an object of which nothing else is known"));
    }
    let said = body.read("replicas", |view| fields::span(&view))?;
    let field = |name: &str, values| CustomField { name: name.into(), values, is_status: false, only_grows: false };
    let fields = vec![field("replicas", Values::Replicas(said)), field("readyReplicas", Values::ReadyReplicas)];
    let kind = PartKind::Workload(WorkloadRef { kind, namespace, name });
    Ok(Part { word: word.to_owned(), kind, count: None, exists: is_there, fields })
}

/// No two words stand for the same object.
fn check_objects(own: &CustomController, known: &[&CustomController], spec: &Fields) -> Result<(), InputError> {
    let others = known.iter().filter(|other| other.name != own.name).flat_map(|other| &other.parts);
    let is_object = |part: &&Part| matches!(part.kind, PartKind::Object { .. });
    let mut seen: BTreeSet<String> = others.filter(is_object).map(Part::label).collect();
    for part in &own.parts {
        if part.kind != PartKind::Memory && !seen.insert(part.label()) {
            let key = if part.word == CR { "resource".to_owned() } else { "owns".to_owned() };
            let view = spec.require(&key, "objects")?;
            return Err(view
                .error(format!("{} is there twice", part.label()))
                .kind(ErrorKind::Duplicate)
                .expected("an object of its own for each word, which no other rules file has"));
        }
    }
    Ok(())
}

/// Ties rules files to the workloads that they name.
pub(super) fn tie(draft: &mut Draft) -> Result<(), InputError> {
    let mut later = Vec::new();
    for own in kubound_encodings::cluster::custom::among(&draft.others) {
        for part in &own.parts {
            let PartKind::Workload(target) = &part.kind else { continue };
            let field = format!("spec.owns.{}", part.word);
            if !draft.workloads.iter().any(|one| one.workload.reference == *target) {
                let error = match draft.sources.locate(&own.origin.object) {
                    Some(place) => InputError::new(format!("{target} is not among the manifests"))
                        .in_file(&place.file)
                        .in_document(place.document)
                        .in_text(place.source(), place.region(&field)),
                    None => InputError::new(format!("{target} is not among the manifests")),
                };
                return Err(error.in_object(&own.origin.object).at(field).kind(ErrorKind::UnknownName).expected(
                    "the manifest of the workload, or `fields` for an object of which nothing else is known",
                ));
            }
            if !part.exists {
                later.push(target.clone());
            }
        }
    }
    for read in draft.workloads.iter_mut().filter(|read| later.contains(&read.workload.reference)) {
        read.workload.exists = false;
    }
    Ok(())
}
