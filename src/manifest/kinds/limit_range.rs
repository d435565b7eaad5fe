//! LimitRanges (section 8.5): defaults that pods get when they are created, and limits beyond which they are refused
//! (the admission plugin LimitRanger).

use super::super::Severity::{Risky, Warning};
use super::super::draft::{Draft, DraftWorkload, LimitRange, Limits};
use super::super::error::InputError;
use super::super::judgements::{Table, depends, read as is_read, table, within};
use super::super::quantity::Unit;
use super::super::view::{Fields, View};
use super::Object;
use super::containers::{Containers, fill};
use super::metadata::METADATA;
use kubound_encodings::cluster::Resources;

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
    for item in spec.items("limits")? {
        let fields = item.fields()?;
        let kind = fields.require("type", "Container, Pod or PersistentVolumeClaim")?;
        match kind.text()? {
            "Container" => container = with_defaults(read_limits(&fields)?),
            "Pod" => pod = read_limits(&fields)?,
            _ => {
                kind.note(
                    Risky,
                    "claims outside of these bounds are refused, and a StatefulSet then makes no pods; here all claims are made",
                );
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

fn read_limits(fields: &Fields) -> Result<Limits, InputError> {
    let amounts = |key: &str| {
        let read = |view: View| {
            let fields = view.fields()?;
            let amount = |(resource, amount): (&str, View)| {
                let unit = if key == "maxLimitRequestRatio" { Unit::Milli } else { Unit::of(resource) };
                Ok((resource.to_owned(), amount.amount(unit)?))
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
