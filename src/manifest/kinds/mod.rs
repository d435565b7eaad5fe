//! One file per kind of object, and the table of those that are modelled.

mod affinity;
mod config_map;
mod containers;
mod cron_job;
mod daemon_set;
mod descheduler;
mod descheduler_failed_pods;
mod descheduler_plugins;
mod descheduler_utilization;
mod disruption_budget;
mod hpa;
mod hpa_metrics;
mod images;
mod job;
mod limit_range;
mod metadata;
mod minor;
#[cfg(test)]
pub(super) mod nap;
mod node;
mod pod;
mod pod_affinity;
mod pod_template;
mod resource_quota;
mod rollout;
mod schedule;
mod scheduler;
mod security;
mod selector;
mod stateful_set;
mod tolerations;
mod unmodelled;
mod volumes;
mod vpa;
mod workload;

pub(super) use containers::Containers;
pub(super) use descheduler_failed_pods::note as note_failed_pods;
pub(super) use images::{NodeImages, note as note_images};
pub(super) use limit_range::{apply as apply_limit_ranges, note_refusals};
pub(super) use node::{note_missing, read_pods, read_resources, read_taints};
pub(super) use volumes::tie as tie_to_volumes;

use super::ErrorKind;
use super::Severity;
use super::draft::Draft;
use super::error::InputError;
use super::exceptions;
use super::value::Value;
use super::view::{Context, Fields, View};
use metadata::Metadata;

/// A kind that the models read.
struct Kind {
    group: &'static str,
    kind: &'static str,
    versions: &'static [&'static str],
    is_namespaced: bool,
    /// Whether `metadata.name` is optional and the object is known by its kind alone.
    is_configuration: bool,
    read: fn(&Object, &mut Draft) -> Result<(), InputError>,
}

/// An object to be read.
pub(super) struct Object<'a> {
    /// Version without the group.
    pub(super) version: &'a str,
    /// Name, labels and so on.
    pub(super) metadata: Metadata,
    /// All of it; `apiVersion`, `kind`, `metadata` and `status` are already taken.
    pub(super) fields: Fields<'a>,
    /// Where it is written.
    pub(super) context: &'a Context,
}

const fn namespaced(
    group: &'static str,
    kind: &'static str,
    versions: &'static [&'static str],
    read: fn(&Object, &mut Draft) -> Result<(), InputError>,
) -> Kind {
    Kind { group, kind, versions, is_namespaced: true, is_configuration: false, read }
}

const fn global(
    group: &'static str,
    kind: &'static str,
    versions: &'static [&'static str],
    read: fn(&Object, &mut Draft) -> Result<(), InputError>,
) -> Kind {
    Kind { group, kind, versions, is_namespaced: false, is_configuration: false, read }
}

const fn configuration(
    group: &'static str,
    kind: &'static str,
    versions: &'static [&'static str],
    read: fn(&Object, &mut Draft) -> Result<(), InputError>,
) -> Kind {
    Kind { group, kind, versions, is_namespaced: false, is_configuration: true, read }
}

/// The kinds that the models read.
const KINDS: &[Kind] = &[
    global("", "Node", &["v1"], node::read),
    global("", "Namespace", &["v1"], minor::read_namespace),
    namespaced("", "Pod", &["v1"], pod::read),
    namespaced("", "Service", &["v1"], minor::read_service),
    namespaced("", "ConfigMap", &["v1"], config_map::read),
    namespaced("apps", "Deployment", &["v1"], workload::read),
    namespaced("apps", "ReplicaSet", &["v1"], workload::read),
    namespaced("apps", "StatefulSet", &["v1"], stateful_set::read),
    namespaced("apps", "DaemonSet", &["v1"], daemon_set::read),
    namespaced("batch", "Job", &["v1"], job::read),
    namespaced("batch", "CronJob", &["v1"], cron_job::read),
    namespaced("autoscaling", "HorizontalPodAutoscaler", &["v1", "v2"], hpa::read),
    namespaced("autoscaling.k8s.io", "VerticalPodAutoscaler", &["v1", "v1beta2"], vpa::read),
    namespaced("policy", "PodDisruptionBudget", &["v1"], disruption_budget::read),
    namespaced("", "LimitRange", &["v1"], limit_range::read),
    global("", "PersistentVolume", &["v1"], volumes::read_volume),
    namespaced("", "PersistentVolumeClaim", &["v1"], volumes::read_claim),
    namespaced("", "ResourceQuota", &["v1"], resource_quota::read),
    global("scheduling.k8s.io", "PriorityClass", &["v1"], minor::read_priority_class),
    #[cfg(test)]
    namespaced("kubound.dev", "Nap", &["v1"], nap::read),
    configuration("descheduler", "DeschedulerPolicy", &["v1alpha1", "v1alpha2"], descheduler::read),
    configuration("kubescheduler.config.k8s.io", "KubeSchedulerConfiguration", &["v1", "v1beta3"], scheduler::read),
];

/// `apiVersion` and `kind` of a value, if it has both.
pub(super) fn header(value: &Value) -> Option<(&str, &str)> {
    Some((value.below(&["apiVersion"])?.as_text()?, value.below(&["kind"])?.as_text()?))
}

/// The name by which an object is known: `Kind/namespace/name`, or the kind alone for configurations.
pub(super) fn object_name(value: &Value) -> String {
    let Some((api_version, kind)) = header(value) else { return String::new() };
    let text = |key| value.below(&["metadata", key]).and_then(Value::as_text).unwrap_or_default();
    let known = find(api_version, kind);
    match known {
        Some(known) if known.is_configuration => kind.to_owned(),
        Some(known) if !known.is_namespaced => format!("{kind}//{}", text("name")),
        _ => {
            let namespace = match (known, text("namespace")) {
                (Some(_), "") => "default",
                (_, namespace) => namespace,
            };
            format!("{kind}/{namespace}/{}", text("name"))
        }
    }
}

fn split_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

fn find(api_version: &str, kind: &str) -> Option<&'static Kind> {
    let (group, _) = split_version(api_version);
    KINDS.iter().find(|known| known.kind == kind && known.group == group)
}

/// Reads one object into the draft.
pub(super) fn read_object(value: &Value, context: &Context, draft: &mut Draft) -> Result<(), InputError> {
    let Some((api_version, kind)) = header(value) else { return Ok(()) };
    let fields = View::root(value, context).fields()?;
    if pod::is_of_another(api_version, kind, value) {
        unmodelled::note(api_version, kind, value, context);
        return Ok(());
    }
    let Some(known) = find(api_version, kind) else {
        // Groups without a dot are Kubernetes' own, so this is no foreign kind of the same name.
        if let (Some(known), false) = (KINDS.iter().find(|known| known.kind == kind), api_version.contains('.')) {
            return Err(wrong_version(known, api_version, context));
        }
        unmodelled::note(api_version, kind, value, context);
        return Ok(());
    };
    let (group, version) = split_version(api_version);
    if !known.versions.contains(&version) || group != known.group {
        return Err(wrong_version(known, api_version, context));
    }
    fields.get("apiVersion");
    fields.get("kind");
    let metadata = metadata::read(&fields, context, known.is_configuration)?;
    if fields.get("status").is_some() && kind != "Node" {
        context.note(
            Severity::Harmless,
            "status",
            "the state that the cluster had; the scenario says where runs start",
        );
    }
    read_exceptions(&fields, kind, context, draft)?;
    let object = Object { version, metadata, fields, context };
    (known.read)(&object, draft)?;
    Ok(())
}

/// Takes over violations that the object itself says are accepted.
fn read_exceptions(fields: &Fields, kind: &str, context: &Context, draft: &mut Draft) -> Result<(), InputError> {
    let Some(metadata) = fields.below("metadata")? else { return Ok(()) };
    let Some(annotations) = metadata.below("annotations")? else { return Ok(()) };
    let Some(view) = annotations.get(exceptions::ANNOTATION) else { return Ok(()) };
    if ["Deployment", "ReplicaSet", "StatefulSet", "Job", "CronJob", "Pod"].contains(&kind) {
        draft.exceptions.extend(exceptions::read_annotation(&view, &context.object)?);
    } else {
        view.note(Severity::Warning, "no intent speaks of such an object; put it on a workload, or into `exceptions`");
    }
    Ok(())
}

fn wrong_version(known: &Kind, api_version: &str, context: &Context) -> InputError {
    let group = if known.group.is_empty() { String::new() } else { format!("{}/", known.group) };
    let accepted: Vec<_> = known.versions.iter().map(|version| format!("{group}{version}")).collect();
    context
        .error("apiVersion", format!("`{api_version}` is not an API version of {} that is still served", known.kind))
        .kind(ErrorKind::ApiVersion)
        .expected(accepted.join(" or "))
        .help("convert the manifest (`kubectl convert`)")
}
