//! VerticalPodAutoscalers (section 7.3). What they recommend depends on usage and containers: see `manifest/vertical.rs`.

use super::super::Severity::Risky;
use super::super::draft::{ContainerPolicy, Draft, DraftVpa, UpdateMode};
use super::super::error::InputError;
use super::super::judgements::{Table, depends, read as is_read, risky, status, table, within};
use super::super::quantity::Unit;
use super::super::view::{Fields, View};
use super::Object;
use super::hpa::read_target;
use super::metadata::METADATA;
use kubound_encodings::cluster::Resources;
use kubound_encodings::cluster::node::{CPU, MEMORY};

/// A VerticalPodAutoscaler.
pub(super) static VPA: Table = table(
    "k8s.io/autoscaler/vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/v1.VerticalPodAutoscaler",
    &[
        is_read("apiVersion"),
        is_read("kind"),
        within("metadata", &METADATA),
        within("spec", &SPEC),
        status("k8s.io/autoscaler/vertical-pod-autoscaler: pkg/recommender/routines/recommender.go"),
    ],
);

const BOOST: &str = "requests during start-up are not raised";
const OOM: &str = "pods that run out of memory are not evicted here, and get no larger requests";
const HISTORY: &str = "the recommendation follows present usage at once: there are no histories";

static SPEC: Table = table(
    "k8s.io/autoscaler/vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/v1.VerticalPodAutoscalerSpec",
    &[
        risky("recommenders", "recommendations are those of the default recommender"),
        within("resourcePolicy", &POLICY),
        risky("startupBoost", BOOST),
        is_read("targetRef"),
        within("updatePolicy", &UPDATE),
    ],
);

static UPDATE: Table = table(
    "k8s.io/autoscaler/vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/v1.PodUpdatePolicy",
    &[
        risky("evictAfterOOMSeconds", OOM),
        risky("evictionRequirements", "pods are evicted whatever becomes of their requests"),
        is_read("minReplicas"),
        depends("updateMode", "InPlaceOrRecreate: pods are evicted, as where resizing in place is not feasible"),
    ],
);

static POLICY: Table = table(
    "k8s.io/autoscaler/vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/v1.PodResourcePolicy",
    &[within("containerPolicies", &CONTAINER)],
);

static CONTAINER: Table = table(
    "k8s.io/autoscaler/vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/v1.ContainerResourcePolicy",
    &[
        is_read("containerName"),
        is_read("controlledResources"),
        is_read("controlledValues"),
        is_read("maxAllowed"),
        risky("memoryAggregationIntervalCount", HISTORY),
        risky("memoryAggregationIntervalSeconds", HISTORY),
        is_read("minAllowed"),
        is_read("mode"),
        risky("oomBumpUpRatio", OOM),
        risky("oomMinBumpUp", OOM),
        risky("startupBoost", BOOST),
    ],
);

/// Live pods below which nothing is evicted (`--min-replicas`).
const MIN_REPLICAS: i64 = 2;

/// Reads a vertical autoscaler.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.require("spec", "the specification of the autoscaler")?.fields()?;
    object.judge_rest();
    let target = read_target(&spec.require("targetRef", "kind and name of a workload")?, object)?;
    let (mode, min_replicas) = match spec.below("updatePolicy")? {
        Some(policy) => read_update_policy(&policy)?,
        None => (UpdateMode::Recreate, MIN_REPLICAS),
    };
    let policies = match spec.below("resourcePolicy")? {
        Some(policy) => {
            let policies = policy.items("containerPolicies")?.iter().map(read_policy).collect();
            policy.judge_rest(&POLICY);
            policies
        }
        None => Ok(Vec::new()),
    };
    spec.judge_rest(&SPEC);
    let name = object.metadata.name.clone();
    let namespace = &object.metadata.namespace;
    draft.vpas.retain(|other| (&other.name, &other.target.namespace) != (&name, namespace));
    let context = object.context.clone();
    draft.vpas.push(DraftVpa { name, target, mode, min_replicas, policies: policies?, context });
    Ok(())
}

fn read_update_policy(fields: &Fields) -> Result<(UpdateMode, i64), InputError> {
    let modes = [
        ("Off", (UpdateMode::Off, false)),
        ("Initial", (UpdateMode::Initial, false)),
        ("Recreate", (UpdateMode::Recreate, false)),
        ("Auto", (UpdateMode::Recreate, false)),
        ("InPlaceOrRecreate", (UpdateMode::Recreate, true)),
    ];
    let mode = match fields.get("updateMode") {
        Some(view) => {
            let (mode, in_place) = view.one_of(&modes)?;
            if in_place {
                view.note(Risky, "resizing in place is not modelled: pods are evicted, as where it is not feasible");
            }
            mode
        }
        None => UpdateMode::Recreate,
    };
    let min = fields.read("minReplicas", |view| view.integer(1..=i64::from(i32::MAX)))?;
    fields.judge_rest(&UPDATE);
    Ok((mode, min.unwrap_or(MIN_REPLICAS)))
}

fn read_policy(view: &View) -> Result<ContainerPolicy, InputError> {
    let fields = view.fields()?;
    let mut policy = ContainerPolicy::default();
    if let Some(name) = fields.read("containerName", |view| view.text().map(str::to_owned))? {
        policy.container = name;
    }
    policy.is_off = fields.read("mode", |view| view.one_of(&[("Auto", false), ("Off", true)]))?.unwrap_or(false);
    let amounts = |key: &str| {
        let read = |view: View| {
            let fields = view.fields()?;
            let amount =
                |(resource, amount): (&str, View)| Ok((resource.to_owned(), amount.amount(Unit::of(resource))?));
            fields.entries().map(amount).collect::<Result<Resources<i64>, InputError>>()
        };
        Ok::<_, InputError>(fields.read(key, read)?.unwrap_or_default())
    };
    (policy.min, policy.max) = (amounts("minAllowed")?, amounts("maxAllowed")?);
    if let Some(view) = fields.get("controlledResources") {
        let resources = [("cpu", CPU), ("memory", MEMORY)];
        policy.controlled = view.list()?.iter().map(|one| one.one_of(&resources)).collect::<Result<Vec<_>, _>>()?;
    }
    let values = [("RequestsAndLimits", false), ("RequestsOnly", true)];
    policy.requests_only = fields.read("controlledValues", |view| view.one_of(&values))?.unwrap_or(false);
    fields.judge_rest(&CONTAINER);
    Ok(policy)
}
