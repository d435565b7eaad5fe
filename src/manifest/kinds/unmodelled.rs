//! Kinds that nobody models: which of them matter.

use super::super::NoteKind;
use super::super::Severity::{self, Harmless, Risky};
use super::super::value::Value;
use super::super::view::Context;
use super::pod_template::DELETION_COST;

/// Kinds whose controllers create, delete, move, resize or block pods, or act on nodes.
const RISKY: &[(&str, &str)] = &[
    ("ReplicationController", "its pods take no room in the model"),
    ("Pod", "the pod of an owner that is not modelled takes no room"),
    ("RuntimeClass", "it may add overhead to pods; write `overhead` out"),
    ("MutatingWebhookConfiguration", "it may change objects"),
    ("MutatingAdmissionPolicy", "it may change objects"),
    ("ValidatingWebhookConfiguration", "it may refuse objects"),
    ("ValidatingAdmissionPolicy", "it may refuse objects"),
    ("PodTemplate", "nothing reads it"),
    ("Kustomization", "it is not applied; render it first (`kubectl kustomize DIR | kubound verify -`)"),
    ("Gateway", "Istio, Envoy Gateway and others make a Deployment from it; its pods take no room in the model"),
    ("KubeletConfiguration", "reservations and eviction thresholds of nodes are taken from allocatable only"),
];

/// Kinds that do not touch pods or nodes.
const HARMLESS: &[&str] = &[
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Secret",
    "Ingress",
    "IngressClass",
    "NetworkPolicy",
    "Endpoints",
    "EndpointSlice",
    "Event",
    "Lease",
    "StorageClass",
    "CSIDriver",
    "CustomResourceDefinition",
    "APIService",
    "ControllerRevision",
    "ValidatingAdmissionPolicyBinding",
    "ComponentStatus",
    "GatewayClass",
    "HTTPRoute",
    "ServiceMonitor",
    "PodMonitor",
    "PrometheusRule",
    "Certificate",
    "Issuer",
    "ClusterIssuer",
];

/// Notes an object whose kind nobody models.
pub(super) fn note(api_version: &str, kind: &str, value: &Value, context: &Context) {
    let (severity, why) = judge(api_version, kind, value);
    context.note_kind(NoteKind::UnmodelledKind, severity, "", format!("{kind} is not modelled: {why}"));
}

fn judge(api_version: &str, kind: &str, value: &Value) -> (Severity, String) {
    let has_cost = value.below(&["metadata", "annotations", DELETION_COST]).is_some();
    if kind == "Pod" && is_made_by_the_model(value) && has_cost {
        return (Risky, format!("pods of one template are alike here, so that its {DELETION_COST} decides nothing"));
    }
    if kind == "Pod" && is_made_by_the_model(value) {
        return (
            Harmless,
            "pods of a ReplicaSet, StatefulSet, Job or DaemonSet come into being in the model itself".into(),
        );
    }
    if kind == "CSINode" && limits_volumes(value) {
        return (Risky, "the scheduler keeps to the number of volumes a node; here nodes take any number".into());
    }
    if kind == "CSINode" {
        return (Harmless, "it bounds the number of volumes for no driver".into());
    }
    if let Some((_, why)) = RISKY.iter().find(|(name, _)| *name == kind) {
        return (Risky, (*why).into());
    }
    if HARMLESS.contains(&kind) {
        return (Harmless, "it does not act on pods or nodes".into());
    }
    (Risky, format!("a controller of {api_version} may act on pods or nodes"))
}

/// Whether a driver of a CSINode takes a limited number of volumes.
fn limits_volumes(value: &Value) -> bool {
    let Some(Value::List(drivers)) = value.below(&["spec", "drivers"]) else { return false };
    drivers.iter().any(|driver| driver.below(&["allocatable", "count"]).is_some())
}

fn is_made_by_the_model(value: &Value) -> bool {
    let Some(Value::List(owners)) = value.below(&["metadata", "ownerReferences"]) else { return false };
    owners.iter().any(|owner| {
        let kind = owner.below(&["kind"]).and_then(Value::as_text);
        kind.is_some_and(|kind| ["ReplicaSet", "StatefulSet", "Job", "DaemonSet"].contains(&kind))
    })
}
