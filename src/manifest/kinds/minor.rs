//! Services, Namespaces and PriorityClasses, of which little is read.

use super::super::Severity::Risky;
use super::super::draft::{Draft, PriorityClass};
use super::super::error::InputError;
use super::super::judgements::{Table, harmless, read, status, table, within};
use super::metadata::METADATA;
use super::{Object, pod_security};
use kubound_encodings::cluster::Service;

const PROXY: &str = "only networks read it: of a Service the scheduler reads the selector";
const DEFAULT_SELECTOR: &str = "pkg/scheduler/framework/plugins/helper/spread.go";

/// A Service.
pub(super) static SERVICE: Table = table(
    "io.k8s.api.core.v1.Service",
    &[
        read("apiVersion"),
        read("kind"),
        within("metadata", &METADATA),
        within("spec", &SERVICE_SPEC),
        status("pkg/registry/core/service/strategy.go"),
    ],
);

static SERVICE_SPEC: Table = table(
    "io.k8s.api.core.v1.ServiceSpec",
    &[
        harmless("allocateLoadBalancerNodePorts", PROXY, DEFAULT_SELECTOR),
        harmless("clusterIP", PROXY, DEFAULT_SELECTOR),
        harmless("clusterIPs", PROXY, DEFAULT_SELECTOR),
        harmless("externalIPs", PROXY, DEFAULT_SELECTOR),
        harmless("externalName", PROXY, DEFAULT_SELECTOR),
        harmless("externalTrafficPolicy", PROXY, DEFAULT_SELECTOR),
        harmless("healthCheckNodePort", PROXY, DEFAULT_SELECTOR),
        harmless("internalTrafficPolicy", PROXY, DEFAULT_SELECTOR),
        harmless("ipFamilies", PROXY, DEFAULT_SELECTOR),
        harmless("ipFamilyPolicy", PROXY, DEFAULT_SELECTOR),
        harmless("loadBalancerClass", PROXY, DEFAULT_SELECTOR),
        harmless("loadBalancerIP", PROXY, DEFAULT_SELECTOR),
        harmless("loadBalancerSourceRanges", PROXY, DEFAULT_SELECTOR),
        harmless("ports", PROXY, DEFAULT_SELECTOR),
        harmless("publishNotReadyAddresses", PROXY, DEFAULT_SELECTOR),
        read("selector"),
        harmless("sessionAffinity", PROXY, DEFAULT_SELECTOR),
        harmless("sessionAffinityConfig", PROXY, DEFAULT_SELECTOR),
        harmless("trafficDistribution", PROXY, DEFAULT_SELECTOR),
        harmless("type", PROXY, DEFAULT_SELECTOR),
    ],
);

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

/// Only the selector of a Service matters: it takes part in the default topology spread.
pub(super) fn read_service(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.below("spec")?;
    object.judge_rest();
    let selector = spec.as_ref().map(|spec| spec.read("selector", |view| view.labels())).transpose()?.flatten();
    spec.iter().for_each(|spec| spec.judge_rest(&SERVICE_SPEC));
    let namespace = object.metadata.namespace.clone();
    let name = object.metadata.name.clone();
    draft.services.retain(|other| (&other.namespace, &other.name) != (&namespace, &name));
    draft.services.push(Service { namespace, name, selector: selector.unwrap_or_default() });
    Ok(())
}

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
    let value = fields.require("value", "an integer")?.integer(-2_147_483_648..=most)?;
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
