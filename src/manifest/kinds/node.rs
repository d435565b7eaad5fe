//! Node manifests: each is a pool of exactly one.

use super::super::ErrorKind;
use super::super::Severity::{Harmless, Risky};
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::judgements::{Field, Table, depends, harmless, read, risky, table, within};
use super::super::quantity::Unit;
use super::super::span::{Count, read_span};
use super::super::value::Value;
use super::super::view::{Fields, View};
use super::metadata::METADATA;
use super::resources::{check_whole, is_extended};
use super::syntax::{check_key, check_value};
use super::{Object, images};
use kubound_encodings::cluster::{NodePool, Resources, Span, Taint, TaintEffect};

/// Pods that a node takes unless it says otherwise (the kubelet's default).
const DEFAULT_PODS: i64 = 110;

/// A Node.
pub(super) static NODE: Table = table(
    "io.k8s.api.core.v1.Node",
    &[
        read("apiVersion"),
        read("kind"),
        within("metadata", &METADATA),
        within("spec", &SPEC),
        within("status", &STATUS),
    ],
);

const CLOUD: &str = "only controllers of the cloud and of the network read it; networks are not modelled";

static SPEC: Table = table(
    "io.k8s.api.core.v1.NodeSpec",
    &[
        harmless("configSource", "no release that is supported reads it", "pkg/apis/core/types.go"),
        harmless("externalID", "no release that is supported reads it", "pkg/apis/core/types.go"),
        harmless("podCIDR", CLOUD, "pkg/controller/nodeipam/ipam/range_allocator.go"),
        harmless("podCIDRs", CLOUD, "pkg/controller/nodeipam/ipam/range_allocator.go"),
        risky("podPreemptionPolicy", "pods may not preempt on this node, or resized ones may; that is not modelled"),
        harmless("providerID", CLOUD, "pkg/controller/nodeipam/ipam/range_allocator.go"),
        within("taints", &TAINT),
        read("unschedulable"),
    ],
);

const NOT_READ: &str = "no controller that is modelled reads it";
const NODE_INFO: &str = "pkg/scheduler/framework/types.go";

static STATUS: Table = table(
    "io.k8s.api.core.v1.NodeStatus",
    &[
        harmless("addresses", CLOUD, NODE_INFO),
        read("allocatable"),
        depends("capacity", "it is what is allocatable where that is not written; otherwise it means nothing"),
        depends("conditions", "a node that was not ready; in the model all nodes start ready"),
        harmless("config", "no release that is supported reads it", "pkg/apis/core/types.go"),
        harmless("daemonEndpoints", NOT_READ, NODE_INFO),
        risky("declaredFeatures", "the scheduler keeps pods away from nodes without the features that they need"),
        harmless("features", "supplementalGroupsPolicy is told at the pods that need it", NODE_INFO),
        Field {
            holds: Some(&images::IMAGE),
            ..depends("images", "images that only some nodes have: the scheduler prefers these (ImageLocality)")
        },
        harmless("nodeInfo", "what it decides is told at `os` of pods", NODE_INFO),
        harmless("phase", "no release that is supported reads it", "pkg/apis/core/types.go"),
        harmless("runtimeHandlers", "what it decides is told at `hostUsers` of pods", NODE_INFO),
        risky("volumesAttached", "limits of volumes are not modelled"),
        risky("volumesInUse", "limits of volumes are not modelled"),
    ],
);

static TAINT: Table = table(
    "io.k8s.api.core.v1.Taint",
    &[
        read("effect"),
        read("key"),
        harmless("timeAdded", "taints count from the start of a run", "pkg/controller/tainteviction/taint_eviction.go"),
        read("value"),
    ],
);

/// Reads a Node.
pub(super) fn read_node(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.below("spec")?;
    let status = object.fields.below("status")?;
    object.judge_rest();
    let mut taints = Vec::new();
    let mut unschedulable = false;
    if let Some(spec) = &spec {
        taints = spec.read("taints", |view| read_taints(&view))?.unwrap_or_default();
        unschedulable = spec.read("unschedulable", |view| view.boolean())?.unwrap_or(false);
        spec.judge_rest(&SPEC);
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
        note_not_ready(status);
        status.judge_rest(&STATUS);
    }
    note_missing(object.context, "status.allocatable", &allocatable);
    let name = object.metadata.name.clone();
    draft.pools.retain(|pool| pool.name != name);
    draft.pools.push(NodePool {
        name,
        is_single_node: true,
        count: Span::exactly(1),
        autoscaling: None,
        labels: object.metadata.labels.clone(),
        taints,
        startup_taints: Vec::new(),
        unschedulable,
        allocatable,
        pods: pods.unwrap_or(Span::exactly(DEFAULT_PODS)),
        origin: object.context.origin(""),
    });
    Ok(())
}

/// Pods and what there are whole pieces only of are whole numbers (`ValidateNodeResources`).
fn check_whole_ones(status: &Fields) -> Result<(), InputError> {
    for key in ["capacity", "allocatable"] {
        let amounts = status.below(key)?;
        for (resource, view) in amounts.iter().flat_map(Fields::entries) {
            if resource == "pods" || is_extended(resource) {
                check_whole(resource, &view)?;
            }
        }
    }
    Ok(())
}

fn read_status(status: &Fields) -> Result<(Resources<Span>, Option<Span>), InputError> {
    check_whole_ones(status)?;
    let capacity = status.get("capacity");
    let source = match status.get("allocatable") {
        Some(view) => {
            capacity.iter().for_each(|view| view.note(Harmless, "allocatable counts"));
            Some(view)
        }
        None => capacity,
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

fn note_not_ready(status: &Fields) {
    let Some(view) = status.get("conditions") else { return };
    let Value::List(conditions) = view.value else { return };
    let is = |value: &Value, key: &str, text: &str| value.below(&[key]).and_then(Value::as_text) == Some(text);
    if conditions.iter().any(|one| is(one, "type", "Ready") && !is(one, "status", "True")) {
        view.note(Risky, "the node was not ready; the model starts with all nodes ready");
    } else {
        view.note(Harmless, "nodes start ready; failures come from events");
    }
}

/// Reads a list of taints.
pub(in super::super) fn read_taints(view: &View) -> Result<Vec<Taint>, InputError> {
    let mut taints = Vec::new();
    for item in view.list()? {
        let fields = item.fields()?;
        let key_view = fields.require("key", "the key of the taint")?;
        let key = key_view.name()?.to_owned();
        check_key(&key_view, &key)?;
        let value = match fields.get("value") {
            Some(view) => {
                check_value(&view, view.text()?)?;
                view.text()?.to_owned()
            }
            None => String::new(),
        };
        let effect =
            fields.require("effect", "NoSchedule, PreferNoSchedule or NoExecute")?.one_of(TaintEffect::NAMES)?;
        fields.judge_rest(&TAINT);
        if taints.iter().any(|other: &Taint| other.key == key && other.effect == effect) {
            let error = item.error(format!("a second taint {key} of this effect")).kind(ErrorKind::Duplicate);
            return Err(error.expected("each pair of key and effect once").help("the API server refuses such a node"));
        }
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
