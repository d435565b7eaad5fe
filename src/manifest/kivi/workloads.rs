//! `setup.d` and `userDefined.dTypes`: Deployments with their autoscalers.

use super::super::Severity::{Harmless, Risky};
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::kinds;
use super::super::value::Value;
use super::super::view::{Fields, Ignored, View};
use super::super::{ErrorKind, source_map_place};
use super::{
    Deployment, Parts, gibibytes, label_map, map, object_name, part, read_counted, read_index, read_name, sizes, text,
};
use crate::limits::reader::MAX_REPLICAS;
use kubound_encodings::cluster::{Span, WorkloadRef};

const REST: &[Ignored] = &[
    ("id", Harmless, "names and positions tell deployments apart"),
    ("status", Harmless, "the deployment is there from the start"),
    ("curVersion", Harmless, "no event changes the template"),
    ("replicas", Harmless, "pods are counted"),
    ("strategy", Harmless, "no event changes the template"),
    ("maxSurge", Harmless, "no event changes the template"),
    ("maxUnavailable", Harmless, "no event changes the template"),
];

/// Reads the deployments into the draft.
pub(super) fn read(parts: &Parts, draft: &mut Draft) -> Result<Vec<Deployment>, InputError> {
    let views = match parts.sizes {
        Some(sizes) => sizes.require("dTypes", "a list of types of deployments")?.list()?,
        None => parts.setup.require("d", "a list of deployments")?.list()?,
    };
    let mut deployments: Vec<Deployment> = Vec::new();
    for (index, view) in views.iter().enumerate() {
        let read = read_one(view, index, parts, draft)?;
        if deployments.iter().any(|other| other.reference == read.reference) {
            return Err(view
                .error(format!("a second deployment `{}`", read.written))
                .kind(ErrorKind::Duplicate)
                .expected("names that differ"));
        }
        deployments.push(read);
    }
    Ok(deployments)
}

fn read_one(view: &View, index: usize, parts: &Parts, draft: &mut Draft) -> Result<Deployment, InputError> {
    let mut fields = view.fields()?;
    let mut replicas = None;
    if parts.sizes.is_some() {
        let template = fields.require("template", "what deployments of the type are like")?.fields()?;
        replicas = Some(sizes::read_replicas(&fields)?);
        fields = template;
    }
    let written = fields.read("name", |view| read_name(&view))?.unwrap_or_else(|| (index + 1).to_string());
    let name = object_name("deployment", &written);
    let number = fields.require("podTemplateId", "the number of a pod template")?;
    let template_index = read_index(&number, parts.templates.len(), "a pod template")?;
    let template = &parts.templates[template_index];
    let spec_replicas = fields.read("specReplicas", |view| view.integer(0..=MAX_REPLICAS))?;
    let replicas = replicas.unwrap_or(Span::exactly(spec_replicas.unwrap_or(1)));
    note_revisions(&fields)?;
    let hpa = fields.get("hpaSpec");
    fields.note_rest(REST);
    // A label of its own: two deployments may share a template, and their pods are still theirs.
    let own = ("kivi/deployment".to_owned(), name.clone());
    let labels: Vec<_> = template.labels.iter().cloned().chain([own.clone()]).collect();
    let manifest = map([
        ("apiVersion", text("apps/v1")),
        ("kind", text("Deployment")),
        ("metadata", map([("name", text(&name))])),
        (
            "spec",
            map([
                ("replicas", Value::Integer(replicas.hi.into())),
                ("selector", map([("matchLabels", label_map(&[own]))])),
                (
                    "template",
                    map([("metadata", map([("labels", label_map(&labels))])), ("spec", template.spec.clone())]),
                ),
            ]),
        ),
    ]);
    let reference = WorkloadRef { kind: "Deployment".into(), namespace: "default".into(), name };
    let context = part(view, reference.to_string());
    draft.sources.insert(&context.object, source_map_place(&context));
    kinds::read_object(&manifest, &context, draft)?;
    if let Some(read) = draft.workloads.iter_mut().find(|read| read.workload.reference == reference) {
        read.workload.replicas = replicas;
        read.workload.cpu_usage = template.usage.unwrap_or(read.workload.cpu_usage);
        read.workload.startup = template.startup;
    }
    let min_replicas = match hpa {
        Some(view) => read_autoscaler(&view, &reference, parts.has_autoscaling, draft)?,
        None => None,
    };
    Ok(Deployment { written, reference, template: template_index, min_replicas, replicas })
}

/// Pods of older revisions are not told apart.
fn note_revisions(fields: &Fields) -> Result<(), InputError> {
    for view in fields.items("replicaSets")?.iter().skip(1) {
        let set = view.fields()?;
        if let Some(replicas) = set.get("replicas")
            && replicas.integer(0..=MAX_REPLICAS)? > 0
        {
            replicas.note(Risky, "a second revision is not read: its pods count as those of the first");
        }
    }
    Ok(())
}

/// Reads an autoscaler; returns its lower limit if it is enabled and autoscalers run.
fn read_autoscaler(
    view: &View,
    target: &WorkloadRef,
    has_autoscaling: bool,
    draft: &mut Draft,
) -> Result<Option<i64>, InputError> {
    let fields = view.fields()?;
    if fields.read("isEnabled", |view| view.integer(0..=1))?.unwrap_or(0) == 0 {
        return Ok(None);
    }
    let limits = 1..=MAX_REPLICAS;
    let max_view = fields.require("maxReplicas", "an integer of at least 1")?;
    let max = max_view.integer(limits.clone())?;
    let min = fields.read("minReplicas", |view| view.integer(limits))?.unwrap_or(1);
    if min > max {
        return Err(max_view.error(format!("{max} is below minReplicas {min}")).expected("at least minReplicas"));
    }
    let metrics = read_metrics(&fields)?;
    fields.note_rest(&[]);
    if !has_autoscaling {
        view.note(Risky, "`hpa` is not among the controllers: nothing scales the deployment");
        return Ok(None);
    }
    let owner = map([("apiVersion", text("apps/v1")), ("kind", text("Deployment")), ("name", text(&target.name))]);
    let manifest = map([
        ("apiVersion", text("autoscaling/v2")),
        ("kind", text("HorizontalPodAutoscaler")),
        ("metadata", map([("name", text(&target.name))])),
        (
            "spec",
            map([
                ("scaleTargetRef", owner),
                ("minReplicas", Value::Integer(min.into())),
                ("maxReplicas", Value::Integer(max.into())),
                ("metrics", Value::List(metrics)),
            ]),
        ),
    ]);
    let context = part(view, format!("HorizontalPodAutoscaler/default/{}", target.name));
    draft.sources.insert(&context.object, source_map_place(&context));
    kinds::read_object(&manifest, &context, draft)?;
    Ok(Some(min))
}

/// `metricNames` (0 CPU, 1 memory), `metricTypes` (0 a value, 1 utilisation) and `metricTargets`, side by side.
fn read_metrics(fields: &Fields) -> Result<Vec<Value>, InputError> {
    let names = read_counted(fields, "metricNames", "numMetrics")?;
    let (types, targets) = (fields.items("metricTypes")?, fields.items("metricTargets")?);
    if names.is_empty() || types.len() < names.len() || targets.len() < names.len() {
        return Err(fields
            .view
            .error(format!("{} metrics, {} types and {} targets", names.len(), types.len(), targets.len()))
            .expected("metricNames, metricTypes and metricTargets of one length, at least 1"));
    }
    let mut metrics = Vec::new();
    for ((name, kind), target) in names.iter().zip(&types).zip(&targets) {
        let is_cpu = name.integer(0..=1)? == 0;
        let is_utilization = kind.integer(0..=1)? == 1;
        let value = target.integer(1..=super::MOST_UNITS)?;
        let target = if is_utilization {
            map([("type", text("Utilization")), ("averageUtilization", Value::Integer(value.into()))])
        } else {
            let value = if is_cpu { text(value.to_string()) } else { gibibytes(value) };
            map([("type", text("AverageValue")), ("averageValue", value)])
        };
        let resource = map([("name", text(if is_cpu { "cpu" } else { "memory" })), ("target", target)]);
        metrics.push(map([("type", text("Resource")), ("resource", resource)]));
    }
    Ok(metrics)
}
