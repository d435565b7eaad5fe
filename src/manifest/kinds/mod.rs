//! One file per kind of object, and the table of those that are modelled.

mod affinity;
mod config_map;
mod container_fields;
mod containers;
mod cron_job;
mod daemon_set;
mod descheduler;
mod descheduler_failed_pods;
mod descheduler_fields;
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
mod pod_failure_policy;
mod pod_fields;
mod pod_security;
mod pod_template;
mod ports;
mod release;
mod resource_quota;
mod resources;
mod rollout;
mod schedule;
mod scheduler;
mod scheduler_fields;
mod security;
mod selector;
mod service;
mod stateful_set;
mod storage;
mod syntax;
mod tolerations;
mod unmodelled;
mod volume_fields;
mod volumes;
mod vpa;
mod workload;

pub(super) use containers::Containers;
pub(super) use descheduler_failed_pods::note as note_failed_pods;
pub(super) use images::{NodeImages, note as note_images};
pub(super) use limit_range::{apply as apply_limit_ranges, note_refusals};
pub(super) use node::{note_missing, read_pods, read_resources, read_taints};
pub(super) use pod_security::apply as apply_pod_security;
pub(super) use release::apply as apply_release;
pub(super) use volumes::tie as tie_to_volumes;

use super::ErrorKind;
use super::Severity;
use super::custom;
use super::draft::Draft;
use super::error::InputError;
use super::exceptions;
use super::judgements::Table;
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
    /// What becomes of its fields.
    table: &'static Table,
    /// A version whose fields are others.
    other: Option<(&'static str, &'static Table)>,
}

impl Kind {
    /// With a version whose fields are others.
    const fn and(self, version: &'static str, table: &'static Table) -> Self {
        Self { other: Some((version, table)), ..self }
    }

    /// What becomes of the fields of a version.
    fn table(&self, version: &str) -> &'static Table {
        self.other.filter(|(other, _)| *other == version).map_or(self.table, |(_, table)| table)
    }
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
    table: &'static Table,
}

impl Object<'_> {
    /// Notes what nobody reads of it.
    pub(super) fn judge_rest(&self) {
        self.fields.judge_rest(self.table);
    }
}

const fn namespaced(
    group: &'static str,
    kind: &'static str,
    versions: &'static [&'static str],
    read: fn(&Object, &mut Draft) -> Result<(), InputError>,
    table: &'static Table,
) -> Kind {
    Kind { group, kind, versions, is_namespaced: true, is_configuration: false, read, table, other: None }
}

const fn global(
    group: &'static str,
    kind: &'static str,
    versions: &'static [&'static str],
    read: fn(&Object, &mut Draft) -> Result<(), InputError>,
    table: &'static Table,
) -> Kind {
    Kind { group, kind, versions, is_namespaced: false, is_configuration: false, read, table, other: None }
}

const fn configuration(
    group: &'static str,
    kind: &'static str,
    versions: &'static [&'static str],
    read: fn(&Object, &mut Draft) -> Result<(), InputError>,
    table: &'static Table,
) -> Kind {
    Kind { group, kind, versions, is_namespaced: false, is_configuration: true, read, table, other: None }
}

/// The kinds that the models read.
const KINDS: &[Kind] = &[
    global("", "Node", &["v1"], node::read_node, &node::NODE),
    global("", "Namespace", &["v1"], minor::read_namespace, &minor::NAMESPACE),
    namespaced("", "Pod", &["v1"], pod::read, &pod_fields::POD),
    namespaced("", "Service", &["v1"], service::read, &service::SERVICE),
    namespaced("", "ConfigMap", &["v1"], config_map::read_config_map, &config_map::CONFIG_MAP),
    namespaced("apps", "Deployment", &["v1"], workload::read_workload, &workload::DEPLOYMENT),
    namespaced("apps", "ReplicaSet", &["v1"], workload::read_workload, &workload::REPLICA_SET),
    namespaced("apps", "StatefulSet", &["v1"], stateful_set::read, &stateful_set::STATEFUL_SET),
    namespaced("apps", "DaemonSet", &["v1"], daemon_set::read, &daemon_set::DAEMON_SET),
    namespaced("batch", "Job", &["v1"], job::read, &job::JOB),
    namespaced("batch", "CronJob", &["v1"], cron_job::read, &cron_job::CRON_JOB),
    namespaced("autoscaling", "HorizontalPodAutoscaler", &["v1", "v2"], hpa::read, &hpa::HPA).and("v1", &hpa::HPA_V1),
    namespaced("autoscaling.k8s.io", "VerticalPodAutoscaler", &["v1", "v1beta2"], vpa::read, &vpa::VPA),
    namespaced("policy", "PodDisruptionBudget", &["v1"], disruption_budget::read, &disruption_budget::BUDGET),
    namespaced("", "LimitRange", &["v1"], limit_range::read, &limit_range::LIMIT_RANGE),
    global("", "PersistentVolume", &["v1"], volumes::read_volume, &volume_fields::VOLUME),
    namespaced("", "PersistentVolumeClaim", &["v1"], volumes::read_claim, &volume_fields::CLAIM),
    global("storage.k8s.io", "StorageClass", &["v1"], storage::read_class, &storage::STORAGE_CLASS),
    global("storage.k8s.io", "CSIDriver", &["v1"], storage::read_driver, &storage::CSI_DRIVER),
    namespaced("", "ResourceQuota", &["v1"], resource_quota::read, &resource_quota::QUOTA),
    global("scheduling.k8s.io", "PriorityClass", &["v1"], minor::read_priority_class, &minor::PRIORITY_CLASS),
    #[cfg(test)]
    namespaced("kubound.dev", "Nap", &["v1"], nap::read, &nap::NAP_TABLE),
    configuration(
        "descheduler",
        "DeschedulerPolicy",
        &["v1alpha1", "v1alpha2"],
        descheduler::read,
        &descheduler_fields::POLICY,
    )
    .and("v1alpha1", &descheduler_fields::OLD_POLICY),
    configuration(
        "kubescheduler.config.k8s.io",
        "KubeSchedulerConfiguration",
        &["v1", "v1beta3"],
        scheduler::read,
        &scheduler_fields::CONFIGURATION,
    ),
];

/// A kind, or the arguments of a plugin, with what becomes of its fields.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// The kind, or the plugin.
    pub name: &'static str,
    /// Its group and version.
    pub version: &'static str,
    /// What becomes of its fields.
    pub table: &'static Table,
}

/// Kinds that are read, a version of each set of fields; then arguments of plugins, which configurations hold.
pub fn judged() -> Vec<Judged> {
    let mut judged = Vec::new();
    for kind in KINDS {
        let newest = kind.versions.iter().find(|version| kind.other.is_none_or(|(other, _)| other != **version));
        judged.extend(newest.map(|version| Judged { name: kind.kind, version, table: kind.table }));
        judged.extend(kind.other.map(|(version, table)| Judged { name: kind.kind, version, table }));
    }
    let plugins = descheduler_fields::ARGUMENTS.iter().map(|(name, table)| (*name, "descheduler", *table));
    let plugins = plugins.chain(scheduler_fields::ARGUMENTS.iter().map(|(name, table)| (*name, "scheduler", *table)));
    judged.extend(plugins.map(|(name, version, table)| Judged { name, version, table }));
    judged
}

/// Kinds that are not modelled and do not matter, each with its group, why, and the upstream code that shows it.
pub fn harmless_kinds() -> &'static [(&'static str, &'static str, &'static str, &'static str)] {
    unmodelled::HARMLESS
}

/// Kinds that are not modelled and could matter, with what could happen.
pub fn risky_kinds() -> &'static [(&'static str, &'static str)] {
    unmodelled::RISKY
}

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

/// Whether a value is an object that has pods.
pub(super) fn is_workload(value: &Value) -> bool {
    const WORKLOADS: [&str; 7] = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"];
    header(value).is_some_and(|(_, kind)| WORKLOADS.contains(&kind))
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
    if custom::is_rules_file(value) {
        return custom::read(value, context, draft);
    }
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
    let metadata = metadata::read_metadata(&fields, context, known.kind, known.is_configuration)?;
    read_exceptions(&fields, kind, context, draft)?;
    let object = Object { version, metadata, fields, context, table: known.table(version) };
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
