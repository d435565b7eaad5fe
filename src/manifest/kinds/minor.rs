//! Namespaces and PriorityClasses, of which little is read.

use super::super::Severity::Risky;
use super::super::draft::{Draft, PriorityClass};
use super::super::error::InputError;
use super::super::judgements::{Table, harmless, read, status, table, within};
use super::metadata::METADATA;
use super::{Object, pod_security};

/// A Namespace.
pub(super) static NAMESPACE: Table = table(
    "io.k8s.api.core.v1.Namespace",
    &[
        read("apiVersion"),
        read("kind"),
        within("metadata", &METADATA),
        harmless(
            "spec",
            "finalizers only matter where the namespace is deleted",
            "pkg/controller/namespace/deletion/namespaced_resources_deleter.go",
        ),
        status("pkg/registry/core/namespace/strategy.go"),
    ],
);

/// A PriorityClass.
pub(super) static PRIORITY_CLASS: Table = table(
    "io.k8s.api.scheduling.v1.PriorityClass",
    &[
        read("apiVersion"),
        harmless("description", "text for readers", "plugin/pkg/admission/priority/admission.go"),
        read("globalDefault"),
        read("kind"),
        within("metadata", &METADATA),
        read("preemptionPolicy"),
        read("value"),
    ],
);

/// A Namespace only matters by what Pod Security refuses and by annotations that narrow where its pods may run.
pub(super) fn read_namespace(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    object.judge_rest();
    pod_security::read_namespace(object, draft);
    for key in ["scheduler.alpha.kubernetes.io/node-selector", "scheduler.alpha.kubernetes.io/defaultTolerations"] {
        if object.metadata.annotations.contains_key(key) {
            let field = super::super::value::child("metadata.annotations", key);
            object.context.note(Risky, &field, "defaults for the pods of a namespace are not modelled");
        }
    }
    Ok(())
}

/// Classes that every cluster has.
const SYSTEM_CLASSES: [(&str, i64); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// The value of a PriorityClass is what pods get as their priority.
pub(super) fn read_priority_class(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let fields = &object.fields;
    let system = SYSTEM_CLASSES.iter().find(|(name, _)| *name == object.metadata.name);
    let most = system.map_or(1_000_000_000, |(_, value)| *value);
    let value = fields.read("value", |view| view.integer(-2_147_483_648..=most))?.unwrap_or(0);
    if object.metadata.name.starts_with("system-") && system.is_none_or(|(_, known)| *known != value) {
        return Err(object
            .context
            .error("metadata.name", "names that begin with `system-` are those of Kubernetes itself")
            .expected("another name")
            .help("the API server refuses such a class"));
    }
    let is_default = fields.read("globalDefault", |view| view.boolean())?.unwrap_or(false);
    let preempts = fields
        .read("preemptionPolicy", |view| view.one_of(&[("PreemptLowerPriority", true), ("Never", false)]))?
        .unwrap_or(true);
    object.judge_rest();
    let name = object.metadata.name.clone();
    draft.priority_classes.retain(|other| other.name != name);
    draft.priority_classes.push(PriorityClass { name, value, is_default, preempts });
    Ok(())
}
