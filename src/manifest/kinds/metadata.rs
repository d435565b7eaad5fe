//! `metadata`, with what it tells about managers that nobody models.

use super::super::Severity::{Harmless, Risky};
use super::super::error::InputError;
use super::super::view::{Context, Fields, Ignored};
use super::super::{ErrorKind, NoteKind};
use kubound_encodings::cluster::Labels;

/// What kinds read of `metadata`.
#[derive(Default)]
pub(crate) struct Metadata {
    /// Name.
    pub(crate) name: String,
    /// Namespace, `default` if none is written.
    pub(crate) namespace: String,
    /// Labels.
    pub(crate) labels: Labels,
    /// Annotations.
    pub(crate) annotations: Labels,
    /// Kind and name of the controller that owns the object.
    pub(crate) owner: Option<(String, String)>,
}

const IGNORED: &[Ignored] = &[
    ("creationTimestamp", Harmless, "age is not modelled"),
    ("deletionGracePeriodSeconds", Harmless, "set by the API server"),
    ("deletionTimestamp", Risky, "the object is being deleted; it is modelled as if it stayed"),
    ("finalizers", Harmless, "deletion of the object is not modelled"),
    ("generateName", Harmless, "only the name counts"),
    ("generation", Harmless, "set by the API server"),
    ("managedFields", Harmless, "ownership of fields follows from the events of the scenario"),
    ("resourceVersion", Harmless, "set by the API server"),
    ("selfLink", Harmless, "set by the API server"),
    ("uid", Harmless, "set by the API server"),
];

/// Reads `metadata`.
pub(super) fn read(fields: &Fields, context: &Context, is_optional: bool) -> Result<Metadata, InputError> {
    let metadata = match (fields.get("metadata"), is_optional) {
        (Some(metadata), _) => metadata.fields()?,
        (None, true) => return Ok(Metadata::default()),
        (None, false) => {
            return Err(context
                .error("metadata", "missing")
                .kind(ErrorKind::MissingField)
                .expected("a mapping with a name"));
        }
    };
    let name = match metadata.get("name") {
        Some(name) => {
            let text = name.name()?;
            let is_valid = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || "-.".contains(one);
            if text.len() > 253 || !text.chars().all(|one| is_valid(one) || ":_".contains(one)) {
                return Err(name
                    .error(format!("`{text}` is not a name"))
                    .expected("lower-case letters, digits, `-` and `.`, at most 253"));
            }
            text.to_owned()
        }
        None if is_optional => String::new(),
        None => {
            return Err(context
                .error("metadata.name", "missing")
                .kind(ErrorKind::MissingField)
                .expected("the name of the object"));
        }
    };
    let namespace = metadata.read("namespace", |view| view.name().map(str::to_owned))?;
    let labels = metadata.read("labels", |view| view.labels())?.unwrap_or_default();
    let annotations = metadata.read("annotations", |view| view.labels())?.unwrap_or_default();
    let owner = read_owner(&metadata)?;
    metadata.note_rest(IGNORED);
    note_manager(&labels, &annotations, context);
    Ok(Metadata { name, namespace: namespace.unwrap_or_else(|| "default".into()), labels, annotations, owner })
}

fn read_owner(metadata: &Fields) -> Result<Option<(String, String)>, InputError> {
    for owner in metadata.items("ownerReferences")? {
        let owner = owner.fields()?;
        if owner.read("controller", |view| view.boolean())? == Some(true) {
            let text = |key| owner.require(key, "text").and_then(|view| view.text().map(str::to_owned));
            return Ok(Some((text("kind")?, text("name")?)));
        }
    }
    Ok(None)
}

/// Prefixes of keys by which tools that rewrite objects mark what they manage.
const MANAGERS: &[(&str, &str)] = &[
    ("argocd.argoproj.io/", "Argo CD"),
    ("kustomize.toolkit.fluxcd.io/", "Flux"),
    ("helm.toolkit.fluxcd.io/", "Flux"),
    ("meta.helm.sh/", "Helm"),
    ("helm.sh/", "Helm"),
    ("keel.sh/", "Keel"),
];

/// Says who manages the object, once.
fn note_manager(labels: &Labels, annotations: &Labels, context: &Context) {
    for (field, map) in [("metadata.labels", labels), ("metadata.annotations", annotations)] {
        for (key, value) in map {
            let manager = match key.as_str() {
                "app.kubernetes.io/managed-by" => Some(value.as_str()),
                key => MANAGERS.iter().find(|(prefix, _)| key.starts_with(prefix)).map(|(_, name)| *name),
            };
            if let Some(manager) = manager {
                context.note_kind(
                    NoteKind::ManagedObject,
                    Risky,
                    &super::super::value::child(field, key),
                    format!("managed by {manager}, which is not modelled: it may change or revert fields"),
                );
                return;
            }
        }
    }
}
