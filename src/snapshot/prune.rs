//! What of each kind is written: a list of what may leave the cluster, never one of what may not.

use super::{owner, text};
use serde_json::{Map, Value, json};

/// A kind that is written.
#[derive(Debug)]
pub struct Kind {
    /// Its name.
    pub kind: &'static str,
    /// What `kubectl get` calls it.
    pub resource: &'static str,
    /// Whether its objects are in namespaces.
    pub is_namespaced: bool,
    /// Whether a cluster cannot be checked without it.
    pub is_needed: bool,
    /// File that holds its objects.
    pub file: &'static str,
    /// Fields that are kept, with all that is in them: below `spec`, except those that begin elsewhere.
    keep: &'static [&'static str],
}

const fn kind(
    kind: &'static str,
    resource: &'static str,
    is_needed: bool,
    file: &'static str,
    keep: &'static [&'static str],
) -> Kind {
    Kind { kind, resource, is_namespaced: true, is_needed, file, keep }
}

const fn global(
    kind: &'static str,
    resource: &'static str,
    is_needed: bool,
    file: &'static str,
    keep: &'static [&'static str],
) -> Kind {
    Kind { kind, resource, is_namespaced: false, is_needed, file, keep }
}

/// The kinds that are written.
pub const KINDS: &[Kind] = &[
    global("Node", "nodes", true, "nodes.yaml", &["taints", "unschedulable"]),
    global("Namespace", "namespaces", false, "others.yaml", &[]),
    global("PriorityClass", "priorityclasses.scheduling.k8s.io", false, "others.yaml", &[]),
    kind(
        "Deployment",
        "deployments.apps",
        true,
        "workloads.yaml",
        &[
            "replicas",
            "selector",
            "strategy",
            "minReadySeconds",
            "paused",
            "progressDeadlineSeconds",
            "revisionHistoryLimit",
        ],
    ),
    kind("ReplicaSet", "replicasets.apps", true, "workloads.yaml", &["replicas", "selector", "minReadySeconds"]),
    kind(
        "StatefulSet",
        "statefulsets.apps",
        false,
        "workloads.yaml",
        &[
            "replicas",
            "selector",
            "podManagementPolicy",
            "updateStrategy",
            "ordinals",
            "minReadySeconds",
            "persistentVolumeClaimRetentionPolicy",
        ],
    ),
    kind("DaemonSet", "daemonsets.apps", false, "workloads.yaml", &["selector", "updateStrategy", "minReadySeconds"]),
    kind(
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers.autoscaling",
        false,
        "autoscalers.yaml",
        &["scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior", "targetCPUUtilizationPercentage"],
    ),
    kind(
        "VerticalPodAutoscaler",
        "verticalpodautoscalers.autoscaling.k8s.io",
        false,
        "autoscalers.yaml",
        &["targetRef", "updatePolicy", "resourcePolicy"],
    ),
    kind(
        "PodDisruptionBudget",
        "poddisruptionbudgets.policy",
        false,
        "others.yaml",
        &["minAvailable", "maxUnavailable", "selector", "unhealthyPodEvictionPolicy"],
    ),
    kind("Service", "services", false, "others.yaml", &["selector"]),
    kind("ResourceQuota", "resourcequotas", false, "others.yaml", &["hard", "scopes", "scopeSelector"]),
    kind("LimitRange", "limitranges", false, "others.yaml", &["limits"]),
    global("StorageClass", "storageclasses.storage.k8s.io", false, "volumes.yaml", &[]),
    global("CSIDriver", "csidrivers.storage.k8s.io", false, "volumes.yaml", &["attachRequired"]),
    global("PersistentVolume", "persistentvolumes", false, "volumes.yaml", &["accessModes", "nodeAffinity"]),
    kind(
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        false,
        "volumes.yaml",
        &["accessModes", "storageClassName", "volumeName"],
    ),
];

/// Annotations of objects that the reader of manifests looks at.
const ANNOTATIONS: &[&str] = &[
    "kubound.dev/ignore",
    "scheduler.alpha.kubernetes.io/node-selector",
    "scheduler.alpha.kubernetes.io/defaultTolerations",
    "storageclass.kubernetes.io/is-default-class",
];

/// Annotations of pods that a controller looks at.
const POD_ANNOTATIONS: &[&str] = &["descheduler.alpha.kubernetes.io/evict"];

/// Fields of pods that are kept with all that is in them.
const POD: &[&str] = &[
    "activeDeadlineSeconds",
    "affinity",
    "evictionResponders",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "nodeName",
    "nodeSelector",
    "os",
    "overhead",
    "preemptionPolicy",
    "priorityClassName",
    "readinessGates",
    "resourceClaims",
    "resources",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "schedulingGates",
    "schedulingGroup",
    "securityContext",
    "setHostnameAsFQDN",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpreadConstraints",
];

/// Fields of containers that are kept with all that is in them.
const CONTAINER: &[&str] = &["image", "name", "resources", "restartPolicy", "securityContext"];

/// Fields of ports that are kept.
const PORT: &[&str] = &["containerPort", "hostPort", "protocol"];

/// Whether a Deployment owns the object and makes it anew.
pub(super) fn is_owned(object: &Value) -> bool {
    text(object, &["kind"]) == "ReplicaSet" && owner(object).is_some_and(|(kind, _)| kind == "Deployment")
}

/// What is written of an object.
pub(super) fn prune(known: &Kind, object: &Value) -> Value {
    let mut pruned = json!({
        "apiVersion": text(object, &["apiVersion"]),
        "kind": known.kind,
        "metadata": metadata(object, known),
    });
    let fields = pruned.as_object_mut().expect("made as an object");
    match known.kind {
        "PriorityClass" => fields.extend(kept(object, &["value", "globalDefault", "preemptionPolicy"])),
        "StorageClass" => fields.extend(kept(object, &["provisioner"])),
        "Namespace" => {}
        "Node" => {
            fields.insert("spec".into(), spec(object, known));
            fields.insert("status".into(), node_status(object));
        }
        _ => {
            fields.insert("spec".into(), spec(object, known));
        }
    }
    pruned
}

/// The fields of these names that are there.
fn kept(value: &Value, names: &[&str]) -> Map<String, Value> {
    let there =
        |name: &&str| value.get(*name).filter(|value| !value.is_null()).map(|value| ((*name).into(), value.clone()));
    names.iter().filter_map(there).collect()
}

fn spec(object: &Value, known: &Kind) -> Value {
    let Some(spec) = object.get("spec") else { return json!({}) };
    let mut written = kept(spec, known.keep);
    if let Some(taints) = written.get_mut("taints").and_then(Value::as_array_mut) {
        for taint in taints {
            *taint = kept(taint, &["key", "value", "effect"]).into();
        }
    }
    if known.kind == "PersistentVolume" {
        written.extend(volume_source(spec));
    }
    let claims: Vec<Value> = super::list(spec, &["volumeClaimTemplates"]).iter().map(claim_template).collect();
    if !claims.is_empty() {
        written.insert("volumeClaimTemplates".into(), claims.into());
    }
    if let Some(template) = spec.get("template") {
        written.insert("template".into(), pod_template(template));
    }
    written.into()
}

fn metadata(object: &Value, known: &Kind) -> Value {
    let Some(metadata) = object.get("metadata") else { return json!({}) };
    let mut written = kept(metadata, &["name", "namespace", "labels", "deletionTimestamp"]);
    let there = metadata.get("annotations").cloned().unwrap_or_default();
    let mut annotations = kept(&there, ANNOTATIONS);
    const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
    if known.kind == "Deployment"
        && let Some(applied) = there.get(APPLIED).and_then(Value::as_str)
    {
        // Who manages spec.replicas depends on whether the applied manifest had it, and on nothing else in it.
        let applied: Value = serde_json::from_str(applied).unwrap_or_default();
        let spec = kept(applied.get("spec").unwrap_or(&Value::Null), &["replicas"]);
        annotations.insert(APPLIED.into(), json!({ "spec": spec }).to_string().into());
    }
    if !annotations.is_empty() {
        written.insert("annotations".into(), annotations.into());
    }
    written.into()
}

fn node_status(object: &Value) -> Value {
    let Some(status) = object.get("status") else { return json!({}) };
    let mut written = kept(status, &["allocatable"]);
    let conditions = super::list(status, &["conditions"]);
    let ready: Vec<Value> = conditions
        .iter()
        .filter(|condition| text(condition, &["type"]) == "Ready")
        .map(|condition| kept(condition, &["type", "status"]).into())
        .collect();
    written.insert("conditions".into(), ready.into());
    written.into()
}

fn pod_template(template: &Value) -> Value {
    let metadata = template.get("metadata").cloned().unwrap_or_default();
    let mut written = kept(&metadata, &["labels"]);
    let annotations = kept(&metadata.get("annotations").cloned().unwrap_or_default(), POD_ANNOTATIONS);
    if !annotations.is_empty() {
        written.insert("annotations".into(), annotations.into());
    }
    let pod = template.get("spec").cloned().unwrap_or_default();
    let mut spec = kept(&pod, POD);
    for key in ["containers", "initContainers"] {
        let containers: Vec<Value> = super::list(&pod, &[key]).iter().map(container).collect();
        if !containers.is_empty() {
            spec.insert(key.into(), containers.into());
        }
    }
    let volumes: Vec<Value> = super::list(&pod, &["volumes"]).iter().map(volume).collect();
    if !volumes.is_empty() {
        spec.insert("volumes".into(), volumes.into());
    }
    json!({ "metadata": written, "spec": spec })
}

fn container(container: &Value) -> Value {
    let mut written = kept(container, CONTAINER);
    let ports: Vec<Value> = super::list(container, &["ports"]).iter().map(|port| kept(port, PORT).into()).collect();
    if !ports.is_empty() {
        written.insert("ports".into(), ports.into());
    }
    written.into()
}

/// A volume's name and kind, and the claim that it is; what else is in it may be a secret.
fn volume(volume: &Value) -> Value {
    let Some(fields) = volume.as_object() else { return json!({}) };
    let written = |key: &str, value: &Value| match key {
        "name" => value.clone(),
        "persistentVolumeClaim" => kept(value, &["claimName"]).into(),
        _ => json!({}),
    };
    Value::Object(fields.iter().map(|(key, value)| (key.clone(), written(key, value))).collect())
}

/// The name of claims that a StatefulSet makes.
fn claim_template(claim: &Value) -> Value {
    let metadata = kept(claim.get("metadata").unwrap_or(&Value::Null), &["name"]);
    json!({ "metadata": metadata })
}

/// Of which kind a PersistentVolume is, by which driver, and whose claim is bound to it.
fn volume_source(spec: &Value) -> Map<String, Value> {
    const SOURCES: &[&str] =
        &["nfs", "hostPath", "local", "azureFile", "azureDisk", "awsElasticBlockStore", "iscsi", "fc"];
    let mut written: Map<String, Value> = SOURCES
        .iter()
        .filter(|source| spec.get(**source).is_some())
        .map(|source| ((*source).into(), json!({})))
        .collect();
    for (key, names) in [("csi", &["driver"][..]), ("claimRef", &["namespace", "name"][..])] {
        if let Some(value) = spec.get(key) {
            written.insert(key.into(), kept(value, names).into());
        }
    }
    written
}
