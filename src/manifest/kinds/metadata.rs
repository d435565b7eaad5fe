//! `metadata`, with what it tells about managers that nobody models.

use super::super::Severity::{Harmless, Risky, Warning};
use super::super::error::InputError;
use super::super::judgements::{Table, depends, harmless, read, risky, table, within};
use super::super::value::{Value, child};
use super::super::view::{Context, Fields, View};
use super::super::{ErrorKind, NoteKind};
use super::syntax::{self, is_dns_label, is_subdomain};
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
    /// Whether a manager other than those that scale owns `spec.replicas`, if `managedFields` tells its owners.
    pub(crate) replicas_owned: Option<bool>,
}

const SET: &str = "the API server sets it";
const BEFORE_CREATE: &str = "staging/src/k8s.io/apiserver/pkg/registry/rest/create.go";

/// `metadata` of an object.
pub(super) static METADATA: Table = table(
    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
    &[
        depends("annotations", "those that say who manages the object, and those that controllers read, are told"),
        harmless("creationTimestamp", "the model allows objects of any age", BEFORE_CREATE),
        harmless("deletionGracePeriodSeconds", SET, BEFORE_CREATE),
        risky("deletionTimestamp", "the object is being deleted; it is modelled as if it stayed"),
        harmless(
            "finalizers",
            "deletion of the object is no part of a run",
            "pkg/controller/garbagecollector/garbagecollector.go",
        ),
        harmless("generateName", "the name counts", BEFORE_CREATE),
        harmless("generation", SET, BEFORE_CREATE),
        read("labels"),
        depends("managedFields", "of all fields only the owner of spec.replicas counts, which `apply` asks for"),
        read("name"),
        read("namespace"),
        within("ownerReferences", &OWNER),
        harmless("resourceVersion", SET, BEFORE_CREATE),
        harmless("selfLink", SET, BEFORE_CREATE),
        harmless("uid", SET, BEFORE_CREATE),
    ],
);

static OWNER: Table = table(
    "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference",
    &[
        harmless("apiVersion", "kind and name tell owners apart", "pkg/controller/controller_ref_manager.go"),
        harmless(
            "blockOwnerDeletion",
            "deletion of the owner is no part of a run",
            "pkg/controller/garbagecollector/garbagecollector.go",
        ),
        read("controller"),
        depends("kind", "the controller: an object that another one makes is left out, or told"),
        depends("name", "the controller: an object that another one makes is left out, or told"),
        harmless("uid", "kind and name tell owners apart", "pkg/controller/controller_ref_manager.go"),
    ],
);

/// Reads `metadata`.
pub(super) fn read_metadata(
    fields: &Fields,
    context: &Context,
    kind: &str,
    is_optional: bool,
) -> Result<Metadata, InputError> {
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
            check_name(&name, kind)?;
            text.to_owned()
        }
        None if is_optional => String::new(),
        None => {
            return Err(context.error("metadata.name", "missing").kind(ErrorKind::MissingField).expected(
                match metadata.get("generateName") {
                    Some(_) => "the name of the object; with `generateName` each `kubectl create` makes up another one",
                    None => "the name of the object",
                },
            ));
        }
    };
    let namespace = metadata.read("namespace", |view| match view.name()? {
        name if is_dns_label(name) => Ok(name.to_owned()),
        name => Err(view
            .error(format!("`{name}` is no name of a namespace"))
            .expected("lower-case letters, digits and `-`, at most 63, at both ends a letter or digit")),
    })?;
    let labels = metadata.read("labels", |view| syntax::labels(&view))?.unwrap_or_default();
    let annotations = metadata.read("annotations", |view| syntax::annotations(&view))?.unwrap_or_default();
    let owner = read_owner(&metadata)?;
    let replicas_owned = read_managers(&metadata)?;
    metadata.judge_rest(&METADATA);
    note_manager(&labels, &annotations, context);
    Ok(Metadata {
        name,
        namespace: namespace.unwrap_or_else(|| "default".into()),
        labels,
        annotations,
        owner,
        replicas_owned,
    })
}

/// Kinds whose names are labels of DNS, with the checks of their registries.
const NAMED_BY_LABELS: [&str; 3] = ["Namespace", "Service", "StatefulSet"];

/// Refuses what is no name of an object of a kind.
fn check_name(name: &View, kind: &str) -> Result<(), InputError> {
    let text = name.name()?;
    if NAMED_BY_LABELS.contains(&kind) {
        if !is_dns_label(text) {
            return Err(name
                .error(format!("`{text}` is no name of a {kind}"))
                .expected("lower-case letters, digits and `-`, at most 63, at both ends a letter or digit"));
        }
        if kind == "Service" && text.starts_with(|one: char| one.is_ascii_digit()) {
            name.note(Warning, "before 1.36 the API server refuses names of Services that begin with a digit");
        }
    } else if !is_subdomain(text) {
        return Err(name
            .error(format!("`{text}` is not a name"))
            .expected("lower-case letters, digits, `-` and `.`, at most 253, at both ends a letter or digit"));
    }
    Ok(())
}

/// Who owns `spec.replicas`: autoscalers and `kubectl scale` write it by the subresource `scale`.
fn read_managers(metadata: &Fields) -> Result<Option<bool>, InputError> {
    let Some(view) = metadata.get("managedFields") else { return Ok(None) };
    let managers = view.list()?;
    view.note(Harmless, "only the owner of spec.replicas counts");
    let owns = |manager: &&View| manager.value.below(&["fieldsV1", "f:spec", "f:replicas"]).is_some();
    let scales = |manager: &View| manager.value.below(&["subresource"]).and_then(Value::as_text) == Some("scale");
    let owners = managers.iter().filter(owns).map(|manager| !scales(manager));
    Ok(owners.reduce(|one, other| one || other))
}

/// The controller, of which there may be one (`ValidateOwnerReferences`).
fn read_owner(metadata: &Fields) -> Result<Option<(String, String)>, InputError> {
    let mut controller = None;
    for item in metadata.items("ownerReferences")? {
        let owner = item.fields()?;
        for key in ["apiVersion", "kind", "name", "uid"] {
            let value = item.value.below(&[key]).and_then(Value::as_text).unwrap_or_default();
            if value.is_empty() {
                let field = child(&item.path, key);
                item.context.note(Warning, &field, "missing; the API server refuses an owner without it");
            }
        }
        if owner.read("controller", |view| view.boolean())? != Some(true) {
            continue;
        }
        if controller.is_some() {
            let error = item.error("a second controller").kind(ErrorKind::Duplicate);
            return Err(error.expected("at most one owner with `controller: true`").help("the API server refuses it"));
        }
        let text = |key| owner.require(key, "text").and_then(|view| view.text().map(str::to_owned));
        controller = Some((text("kind")?, text("name")?));
    }
    Ok(controller)
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
                    &child(field, key),
                    format!("managed by {manager}, which is not modelled: it may change or revert fields"),
                );
                return;
            }
        }
    }
}
