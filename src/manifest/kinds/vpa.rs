//! VerticalPodAutoscalers (section 7.3). What they recommend depends on usage and containers: see `manifest/vertical.rs`.

use super::super::Severity::Risky;
use super::super::draft::{ContainerPolicy, Draft, DraftVpa, UpdateMode};
use super::super::error::InputError;
use super::super::quantity::Unit;
use super::super::view::{Fields, View};
use super::Object;
use super::hpa::read_target;
use kubound_encodings::cluster::Resources;
use kubound_encodings::cluster::node::{CPU, MEMORY};

/// Live pods below which nothing is evicted (`--min-replicas`).
const MIN_REPLICAS: i64 = 2;

/// Reads a vertical autoscaler.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.require("spec", "the specification of the autoscaler")?.fields()?;
    object.fields.note_rest(&[]);
    let target = read_target(&spec.require("targetRef", "kind and name of a workload")?, object)?;
    let (mode, min_replicas) = match spec.below("updatePolicy")? {
        Some(policy) => read_update_policy(&policy)?,
        None => (UpdateMode::Recreate, MIN_REPLICAS),
    };
    let policies = match spec.below("resourcePolicy")? {
        Some(policy) => {
            let policies = policy.items("containerPolicies")?.iter().map(read_policy).collect();
            policy.note_rest(&[]);
            policies
        }
        None => Ok(Vec::new()),
    };
    spec.note_rest(&[
        ("recommenders", Risky, "recommendations are those of the default recommender"),
        ("startupBoost", Risky, "requests during start-up are not raised"),
    ]);
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
    fields.note_rest(&[
        ("evictionRequirements", Risky, "pods are evicted whatever becomes of their requests"),
        ("evictAfterOOMSeconds", Risky, "pods that run out of memory are not evicted here"),
    ]);
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
    fields.note_rest(&[("startupBoost", Risky, "requests during start-up are not raised")]);
    Ok(policy)
}
