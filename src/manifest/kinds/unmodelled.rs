//! Kinds that nobody models: which of them matter.

use super::super::NoteKind;
use super::super::Severity::{self, Harmless, Risky};
use super::super::value::Value;
use super::super::view::Context;
use super::pod_template::DELETION_COST;

/// Kinds whose controllers create, delete, move, resize or block pods, or act on nodes.
pub(super) const RISKY: &[(&str, &str)] = &[
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
    ("Issuer", "with ACME, pods that solve challenges are made; they take no room in the model"),
    ("ClusterIssuer", "with ACME, pods that solve challenges are made; they take no room in the model"),
    ("CSINode", "the scheduler keeps to the number of volumes a node; here nodes take any number"),
    ("KubeletConfiguration", "reservations and eviction thresholds of nodes are taken from allocatable only"),
];

/// Kinds that do not touch pods or nodes: group, kind, why, and the upstream code that shows it.
pub(super) const HARMLESS: &[(&str, &str, &str, &str)] = &[
    (
        "",
        "ServiceAccount",
        "only a missing account refuses pods; manifests are taken to leave accounts out",
        "plugin/pkg/admission/serviceaccount/admission.go",
    ),
    (
        "",
        "Secret",
        "only a missing one keeps containers from starting; manifests are taken to leave it out",
        "pkg/kubelet/kubelet_pods.go",
    ),
    (
        "rbac.authorization.k8s.io",
        "ClusterRole",
        "controllers are taken to have the rights that they need",
        "plugin/pkg/auth/authorizer/rbac/rbac.go",
    ),
    (
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        "controllers are taken to have the rights that they need",
        "plugin/pkg/auth/authorizer/rbac/rbac.go",
    ),
    (
        "rbac.authorization.k8s.io",
        "Role",
        "controllers are taken to have the rights that they need",
        "plugin/pkg/auth/authorizer/rbac/rbac.go",
    ),
    (
        "rbac.authorization.k8s.io",
        "RoleBinding",
        "controllers are taken to have the rights that they need",
        "plugin/pkg/auth/authorizer/rbac/rbac.go",
    ),
    (
        "networking.k8s.io",
        "Ingress",
        "networks are not modelled: nothing here sends traffic",
        "pkg/apis/networking/types.go",
    ),
    (
        "networking.k8s.io",
        "IngressClass",
        "networks are not modelled: nothing here sends traffic",
        "pkg/apis/networking/types.go",
    ),
    (
        "networking.k8s.io",
        "NetworkPolicy",
        "networks are not modelled: nothing here sends traffic",
        "pkg/apis/networking/types.go",
    ),
    (
        "",
        "Endpoints",
        "controllers make it from pods, and no other controller reads it",
        "pkg/controller/endpoint/endpoints_controller.go",
    ),
    (
        "discovery.k8s.io",
        "EndpointSlice",
        "controllers make it from pods, and no other controller reads it",
        "pkg/controller/endpointslice/endpointslice_controller.go",
    ),
    ("", "Event", "no controller reads it", "pkg/apis/core/types.go"),
    ("events.k8s.io", "Event", "no controller reads it", "pkg/apis/core/types.go"),
    (
        "coordination.k8s.io",
        "Lease",
        "nodes fail where the scenario says so",
        "pkg/controller/nodelifecycle/node_lifecycle_controller.go",
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "it only declares a kind; its objects are told",
        "staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/types.go",
    ),
    (
        "apiregistration.k8s.io",
        "APIService",
        "it only declares kinds; their objects are told",
        "staging/src/k8s.io/kube-aggregator/pkg/apis/apiregistration/types.go",
    ),
    (
        "apps",
        "ControllerRevision",
        "controllers make it from templates, and nothing is rolled back by it in a run",
        "pkg/controller/history/controller_history.go",
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
        "the policy that it binds is told",
        "staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/plugin.go",
    ),
    ("", "ComponentStatus", "no controller reads it", "pkg/registry/core/componentstatus/rest.go"),
    (
        "gateway.networking.k8s.io",
        "GatewayClass",
        "only a Gateway has pods made, and those are told",
        "sigs.k8s.io/gateway-api: apis/v1/gatewayclass_types.go",
    ),
    (
        "gateway.networking.k8s.io",
        "HTTPRoute",
        "networks are not modelled: nothing here sends traffic",
        "sigs.k8s.io/gateway-api: apis/v1/httproute_types.go",
    ),
    (
        "monitoring.coreos.com",
        "ServiceMonitor",
        "Prometheus reads metrics by it; the scenario says what metrics are",
        "github.com/prometheus-operator/prometheus-operator: pkg/apis/monitoring/v1/servicemonitor_types.go",
    ),
    (
        "monitoring.coreos.com",
        "PodMonitor",
        "Prometheus reads metrics by it; the scenario says what metrics are",
        "github.com/prometheus-operator/prometheus-operator: pkg/apis/monitoring/v1/podmonitor_types.go",
    ),
    (
        "monitoring.coreos.com",
        "PrometheusRule",
        "Prometheus alerts by it; the scenario says what metrics are",
        "github.com/prometheus-operator/prometheus-operator: pkg/apis/monitoring/v1/prometheusrule_types.go",
    ),
    (
        "cert-manager.io",
        "Certificate",
        "a Secret is made from it, and nothing else",
        "github.com/cert-manager/cert-manager: pkg/apis/certmanager/v1/types_certificate.go",
    ),
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
    if ["Issuer", "ClusterIssuer"].contains(&kind) && value.below(&["spec", "acme"]).is_none() {
        return (Harmless, "it serves Certificates, and makes no pods".into());
    }
    if kind == "CSINode" && !limits_volumes(value) {
        return (Harmless, "it bounds the number of volumes for no driver".into());
    }
    if let Some((_, why)) = RISKY.iter().find(|(name, _)| *name == kind) {
        return (Risky, (*why).into());
    }
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    if let Some((_, _, why, _)) = HARMLESS.iter().find(|(other, name, ..)| (*other, *name) == (group, kind)) {
        return (Harmless, (*why).into());
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
