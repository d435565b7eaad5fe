//! LimitRanges (section 8.5): defaults that pods get when they are created, and limits beyond which they are refused
//! (the admission plugin LimitRanger).

use super::super::ErrorKind;
use super::super::Severity::{Risky, Warning};
use super::super::draft::{Draft, DraftWorkload, LimitRange, Limits};
use super::super::error::InputError;
use super::super::judgements::{Table, depends, read as is_read, table, within};
use super::super::quantity::Unit;
use super::super::view::{Fields, View};
use super::Object;
use super::containers::{Containers, fill};
use super::metadata::METADATA;
use super::resources::{is_of_containers, may_be_overcommitted};
use super::syntax::is_key;
use kubound_encodings::cluster::Resources;
use std::collections::BTreeSet;

/// A LimitRange.
pub(super) static LIMIT_RANGE: Table = table(
    "io.k8s.api.core.v1.LimitRange",
    &[is_read("apiVersion"), is_read("kind"), within("metadata", &METADATA), within("spec", &SPEC)],
);

static SPEC: Table = table("io.k8s.api.core.v1.LimitRangeSpec", &[within("limits", &ITEM)]);

static ITEM: Table = table(
    "io.k8s.api.core.v1.LimitRangeItem",
    &[
        is_read("default"),
        is_read("defaultRequest"),
        is_read("max"),
        is_read("maxLimitRequestRatio"),
        is_read("min"),
        depends("type", "PersistentVolumeClaim: claims outside of the bounds are refused"),
    ],
);

/// Reads a LimitRange.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.below("spec")?;
    object.judge_rest();
    let Some(spec) = spec else { return Ok(()) };
    let (mut container, mut pod) = (Limits::default(), Limits::default());
    let mut seen = BTreeSet::new();
    for item in spec.items("limits")? {
        let fields = item.fields()?;
        let kind = fields.require("type", "Container, Pod or PersistentVolumeClaim")?;
        let name = kind.text()?;
        if !seen.insert(name) {
            let error = kind.error(format!("a second item of type {name}")).kind(ErrorKind::Duplicate);
            return Err(error.expected("one item for each type").help(REFUSED));
        }
        match name {
            "Container" => {
                let read = read_limits(&fields)?;
                container = with_defaults(read.clone());
                check(&fields, &read, &container)?;
            }
            "Pod" => {
                pod = read_limits(&fields)?;
                check(&fields, &pod, &pod)?;
                if let Some(view) = fields.get("default").or_else(|| fields.get("defaultRequest")) {
                    let error = view.error("defaults of whole pods");
                    return Err(error.expected("defaults of `type: Container` only").help(REFUSED));
                }
            }
            _ => {
                read_other(&kind, &fields)?;
                continue;
            }
        }
        fields.judge_rest(&ITEM);
    }
    spec.judge_rest(&SPEC);
    let (namespace, name) = (object.metadata.namespace.clone(), object.metadata.name.clone());
    draft.limit_ranges.retain(|other| (&other.namespace, &other.name) != (&namespace, &name));
    draft.limit_ranges.push(LimitRange {
        namespace,
        name,
        container,
        pod,
        origin: object.context.origin("spec.limits"),
    });
    Ok(())
}

const REFUSED: &str = "the API server refuses such a LimitRange";

/// Bounds of claims and of other kinds are told only.
fn read_other(kind: &View, fields: &Fields) -> Result<(), InputError> {
    let name = kind.text()?;
    if name == "PersistentVolumeClaim" {
        let has = |key: &str| fields.view.value.below(&[key, "storage"]).is_some();
        if !has("min") && !has("max") {
            let error = fields.view.error("no bound of storage").kind(ErrorKind::MissingField);
            return Err(error.expected("a `min` or `max` of storage").help(REFUSED));
        }
        let message = "claims outside of these bounds are refused, and a StatefulSet then makes no pods; here all claims are made";
        kind.note(Risky, message);
        return Ok(());
    }
    if name.contains('/') && is_key(name) {
        kind.note(Risky, "nothing that is modelled knows limits of this type");
        return Ok(());
    }
    kind.one_of(&[("Container", ()), ("Pod", ()), ("PersistentVolumeClaim", ())])
}

/// Bounds and defaults do not contradict each other (`ValidateLimitRange`).
fn check(fields: &Fields, written: &Limits, limits: &Limits) -> Result<(), InputError> {
    let pairs = [
        ("min", &limits.min, "max", &limits.max),
        ("min", &limits.min, "defaultRequest", &limits.default_request),
        ("defaultRequest", &limits.default_request, "max", &limits.max),
        ("defaultRequest", &limits.default_request, "default", &limits.default),
        ("min", &limits.min, "default", &limits.default),
        ("default", &limits.default, "max", &limits.max),
    ];
    for (lower, lows, upper, highs) in pairs {
        let is_above = |&(resource, low): &(&String, &i64)| highs.get(resource).is_some_and(|high| low > high);
        if let Some((resource, _)) = lows.iter().find(is_above) {
            let error = fields.view.error(format!("{lower} of {resource} is above {upper}"));
            return Err(error.expected("min ≤ defaultRequest ≤ default ≤ max").help(REFUSED));
        }
    }
    for (resource, &ratio) in &written.max_ratio {
        let bounds = written.min.get(resource).zip(written.max.get(resource)).filter(|(min, _)| **min > 0);
        let is_beyond = bounds.is_some_and(|(&min, &max)| i128::from(ratio) * i128::from(min) > i128::from(max) * 1000);
        if ratio < 1000 || is_beyond {
            let error = fields.view.error(format!("maxLimitRequestRatio of {resource} cannot be met"));
            return Err(error.expected("1 or more, and at most max by min").help(REFUSED));
        }
    }
    let is_uneven = |&(resource, default): &(&String, &i64)| {
        let request = limits.default_request.get(resource);
        !may_be_overcommitted(resource) && request.is_some_and(|request| request != default)
    };
    if let Some((resource, _)) = limits.default.iter().find(is_uneven) {
        let error = fields.view.error(format!("default and defaultRequest of {resource} are not the same"));
        return Err(error.expected("the same amount, as nodes cannot promise more than they have").help(REFUSED));
    }
    Ok(())
}

fn read_limits(fields: &Fields) -> Result<Limits, InputError> {
    let amounts = |key: &str| {
        let read = |view: View| {
            let fields = view.fields()?;
            let amount = |(resource, amount): (&str, View)| {
                if !is_of_containers(resource) {
                    let error = amount.error(format!("`{resource}` is no resource of containers"));
                    return Err(error
                        .expected("cpu, memory, ephemeral-storage, or a name such as example.com/gpu")
                        .help(REFUSED));
                }
                let unit = if key == "maxLimitRequestRatio" { Unit::Milli } else { Unit::of(resource) };
                Ok((resource.to_owned(), amount.signed_amount(unit)?))
            };
            fields.entries().map(amount).collect::<Result<Resources<i64>, InputError>>()
        };
        Ok::<_, InputError>(fields.read(key, read)?.unwrap_or_default())
    };
    Ok(Limits {
        default: amounts("default")?,
        default_request: amounts("defaultRequest")?,
        min: amounts("min")?,
        max: amounts("max")?,
        max_ratio: amounts("maxLimitRequestRatio")?,
    })
}

/// What the API server fills in (`SetDefaults_LimitRangeItem`).
fn with_defaults(mut limits: Limits) -> Limits {
    fill(&mut limits.default, &limits.max);
    fill(&mut limits.default_request, &limits.default);
    fill(&mut limits.default_request, &limits.min);
    limits
}

/// Gives the pods of all workloads what LimitRanges add, and marks those that are refused. Begins anew each time.
pub(in super::super) fn apply(draft: &mut Draft) {
    let ranges = draft.limit_ranges.clone();
    if ranges.is_empty() {
        return;
    }
    for read in draft.workloads.iter_mut() {
        apply_to(&ranges, read);
        read.later.iter_mut().for_each(|later| apply_to(&ranges, later));
    }
}

fn apply_to(ranges: &[LimitRange], read: &mut DraftWorkload) {
    let namespace = &read.workload.reference.namespace;
    let ranges: Vec<&LimitRange> = ranges.iter().filter(|range| range.namespace == *namespace).collect();
    let mut containers: Containers = read.containers.clone();
    ranges.iter().for_each(|range| containers.add_defaults(&range.container));
    let refusal = ranges.iter().find_map(|range| Some((*range, containers.refusal(&range.container, &range.pod)?)));
    read.is_limited = !ranges.is_empty();
    containers.give_totals(&mut read.workload.template);
    read.workload.template.refused_by = refusal.as_ref().map(|(range, _)| range.origin.clone());
    read.refusal = refusal.map(|(range, why)| format!("LimitRange {} refuses the pods: {why}", range.name));
}

/// Tells which pods are refused.
pub(in super::super) fn note_refusals(draft: &Draft) {
    for read in draft.workloads.iter().flat_map(|read| std::iter::once(read).chain(&read.later)) {
        if let Some(refusal) = &read.refusal {
            read.context.note(Warning, "spec.template.spec.containers", refusal.clone());
        }
    }
}
