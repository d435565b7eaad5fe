//! Node manifests: each is a pool of exactly one.

use super::super::Severity::{Harmless, Risky};
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::quantity::Unit;
use super::super::span::{Count, read_span};
use super::super::value::Value;
use super::super::view::{Fields, Ignored, View};
use super::{Object, images};
use kubound_encodings::cluster::{NodePool, Resources, Span, Taint, TaintEffect};

/// Pods that a node takes unless it says otherwise (the kubelet's default).
const DEFAULT_PODS: i64 = 110;

const SPEC: &[Ignored] = &[
    ("podCIDR", Harmless, "networks are not modelled"),
    ("podCIDRs", Harmless, "networks are not modelled"),
    ("providerID", Harmless, "cloud providers are not modelled"),
    ("externalID", Harmless, "deprecated"),
    ("configSource", Harmless, "deprecated"),
];

const STATUS: &[Ignored] = &[
    ("capacity", Harmless, "allocatable counts"),
    ("conditions", Harmless, "nodes start ready; failures come from events"),
    ("addresses", Harmless, "networks are not modelled"),
    ("nodeInfo", Harmless, "versions of nodes are not modelled"),
    ("daemonEndpoints", Harmless, "not read by a controller"),
    ("volumesAttached", Risky, "limits of volumes are not modelled"),
    ("volumesInUse", Risky, "limits of volumes are not modelled"),
    ("phase", Harmless, "deprecated"),
    ("config", Harmless, "deprecated"),
    ("runtimeHandlers", Harmless, "not read by a modelled controller"),
    ("features", Harmless, "not read by a modelled controller"),
];

/// Reads a Node.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.below("spec")?;
    let status = object.fields.below("status")?;
    object.fields.note_rest(&[]);
    let mut taints = Vec::new();
    let mut unschedulable = false;
    if let Some(spec) = &spec {
        taints = spec.read("taints", |view| read_taints(&view))?.unwrap_or_default();
        unschedulable = spec.read("unschedulable", |view| view.boolean())?.unwrap_or(false);
        spec.note_rest(SPEC);
    }
    // The node controller keeps this taint in step with `unschedulable`; the model derives it.
    taints.retain(|taint| taint.key != "node.kubernetes.io/unschedulable");
    let (allocatable, pods) = match &status {
        Some(status) => read_status(status)?,
        None => (Resources::new(), None),
    };
    if let Some(view) = status.as_ref().and_then(|status| status.get("images")) {
        let read = images::read(&view)?;
        draft.images.retain(|other| !other.is_of(&object.context.object));
        draft.images.push(read);
    }
    if let Some(status) = &status {
        status.note_rest(STATUS);
    }
    note_missing(object.context, "status.allocatable", &allocatable);
    note_not_ready(object);
    let name = object.metadata.name.clone();
    draft.pools.retain(|pool| pool.name != name);
    draft.pools.push(NodePool {
        name,
        is_single_node: true,
        count: Span::exactly(1),
        autoscaling: None,
        labels: object.metadata.labels.clone(),
        taints,
        unschedulable,
        allocatable,
        pods: pods.unwrap_or(Span::exactly(DEFAULT_PODS)),
        origin: object.context.origin(""),
    });
    Ok(())
}

fn read_status(status: &Fields) -> Result<(Resources<Span>, Option<Span>), InputError> {
    let source = match status.get("allocatable") {
        Some(view) => Some(view),
        None => status.get("capacity"),
    };
    let Some(view) = source else { return Ok((Resources::new(), None)) };
    Ok((read_resources(&view)?, read_pods(&view)?))
}

/// Says that a node has no CPU or memory to give, which is rarely what is meant.
pub(in super::super) fn note_missing(
    context: &super::super::view::Context,
    field: &str,
    allocatable: &Resources<Span>,
) {
    for resource in ["cpu", "memory"] {
        if !allocatable.contains_key(resource) {
            context.note(
                Risky,
                &format!("{field}.{resource}"),
                format!("missing: no pod that requests {resource} fits"),
            );
        }
    }
}

fn note_not_ready(object: &Object) {
    let Some(Value::List(conditions)) = object.fields.view.value.below(&["status", "conditions"]) else { return };
    let is = |value: &Value, key: &str, text: &str| value.below(&[key]).and_then(Value::as_text) == Some(text);
    if conditions.iter().any(|one| is(one, "type", "Ready") && !is(one, "status", "True")) {
        object.context.note(
            Risky,
            "status.conditions",
            "the node was not ready; the model starts with all nodes ready",
        );
    }
}

/// Reads a list of taints.
pub(in super::super) fn read_taints(view: &View) -> Result<Vec<Taint>, InputError> {
    let mut taints = Vec::new();
    for item in view.list()? {
        let fields = item.fields()?;
        let key = fields.require("key", "the key of the taint")?.name()?.to_owned();
        let value = fields.read("value", |view| view.text().map(str::to_owned))?.unwrap_or_default();
        let effect =
            fields.require("effect", "NoSchedule, PreferNoSchedule or NoExecute")?.one_of(TaintEffect::NAMES)?;
        fields.note_rest(&[("timeAdded", Harmless, "taints count from the start")]);
        taints.push(Taint { key, value, effect });
    }
    Ok(taints)
}

/// Reads allocatable amounts without `pods`; ranges are accepted.
pub(in super::super) fn read_resources(view: &View) -> Result<Resources<Span>, InputError> {
    let fields = view.fields()?;
    let mut resources = Resources::new();
    for (resource, amount) in fields.entries() {
        if resource != "pods" && *amount.value != Value::Null {
            resources.insert(resource.to_owned(), read_span(&amount, &Count::Amount(Unit::of(resource)))?);
        }
    }
    Ok(resources)
}

/// Reads `pods` of allocatable amounts.
pub(in super::super) fn read_pods(view: &View) -> Result<Option<Span>, InputError> {
    view.fields()?.read("pods", |view| read_span(&view, &Count::Amount(Unit::Whole)))
}
