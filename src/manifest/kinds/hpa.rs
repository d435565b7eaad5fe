//! HorizontalPodAutoscalers, v1 and v2, with the defaults of section 3.2.

use super::super::ErrorKind;
use super::super::Severity::{Risky, Warning};
use super::super::draft::{ContainerMetric, Draft, DraftHpa, DraftMetric, Tolerances};
use super::super::error::InputError;
use super::super::judgements::{Table, depends, harmless, read as is_read, status, table, table_in, within};
use super::super::quantity::Unit;
use super::super::value::Value;
use super::super::view::{Fields, View};
use super::metadata::METADATA;
use super::syntax::{is_dns_label, is_path_segment};
use super::{Object, hpa_metrics};
use crate::limits::reader::MAX_REPLICAS;
use kubound_encodings::cluster::FeatureGate;
use kubound_encodings::cluster::hpa::{
    Behavior, HorizontalPodAutoscaler, Metric, MetricResource, MetricTarget, ScalingPolicy, ScalingRules, SelectPolicy,
    Tolerance,
};
use kubound_encodings::cluster::workload::WorkloadRef;

/// A HorizontalPodAutoscaler.
pub(super) static HPA: Table = table(
    "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
    &[
        is_read("apiVersion"),
        is_read("kind"),
        within("metadata", &METADATA),
        within("spec", &SPEC),
        status("pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go"),
    ],
);

/// A HorizontalPodAutoscaler of v1.
pub(super) static HPA_V1: Table = table_in(
    "io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler",
    "of v1",
    &[
        is_read("apiVersion"),
        is_read("kind"),
        within("metadata", &METADATA),
        within("spec", &SPEC_V1),
        status("pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go"),
    ],
);

static SPEC_V1: Table = table_in(
    "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec",
    "of v1",
    &[
        is_read("maxReplicas"),
        is_read("minReplicas"),
        within("scaleTargetRef", &TARGET_V1),
        is_read("targetCPUUtilizationPercentage"),
    ],
);

static SPEC: Table = table(
    "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec",
    &[
        within("behavior", &BEHAVIOR),
        is_read("maxReplicas"),
        within("metrics", &METRIC),
        is_read("minReplicas"),
        within("scaleTargetRef", &TARGET),
    ],
);

static TARGET: Table = table(
    "io.k8s.api.autoscaling.v2.CrossVersionObjectReference",
    &[is_read("apiVersion"), is_read("kind"), is_read("name")],
);

static TARGET_V1: Table = table_in("io.k8s.api.autoscaling.v1.CrossVersionObjectReference", "of v1", TARGET.fields);

static METRIC: Table = table(
    "io.k8s.api.autoscaling.v2.MetricSpec",
    &[
        within("containerResource", &CONTAINER_RESOURCE),
        within("external", &hpa_metrics::EXTERNAL),
        within("object", &hpa_metrics::OBJECT),
        within("pods", &hpa_metrics::PODS),
        within("resource", &RESOURCE),
        is_read("type"),
    ],
);

static RESOURCE: Table = table(
    "io.k8s.api.autoscaling.v2.ResourceMetricSource",
    &[depends("name", "others than cpu and memory: the metric is left out"), within("target", &METRIC_TARGET)],
);

static CONTAINER_RESOURCE: Table = table(
    "io.k8s.api.autoscaling.v2.ContainerResourceMetricSource",
    &[
        is_read("container"),
        depends("name", "others than cpu and memory: the metric is left out"),
        within("target", &METRIC_TARGET),
    ],
);

static METRIC_TARGET: Table = table_in(
    "io.k8s.api.autoscaling.v2.MetricTarget",
    "of a resource",
    &[
        is_read("averageUtilization"),
        is_read("averageValue"),
        is_read("type"),
        harmless("value", "metrics of resources have no such target", "pkg/controller/podautoscaler/horizontal.go"),
    ],
);

static BEHAVIOR: Table = table(
    "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior",
    &[within("scaleDown", &RULES), within("scaleUp", &RULES)],
);

static RULES: Table = table(
    "io.k8s.api.autoscaling.v2.HPAScalingRules",
    &[
        within("policies", &POLICY),
        is_read("selectPolicy"),
        is_read("stabilizationWindowSeconds"),
        is_read("tolerance"),
    ],
);

static POLICY: Table =
    table("io.k8s.api.autoscaling.v2.HPAScalingPolicy", &[is_read("periodSeconds"), is_read("type"), is_read("value")]);

/// Target utilisation of CPU where no metric is written.
const DEFAULT_UTILIZATION: i64 = 80;
/// `--horizontal-pod-autoscaler-sync-period` in seconds.
const SYNC_PERIOD: i64 = 15;
/// `--horizontal-pod-autoscaler-downscale-stabilization` in seconds.
const DOWNSCALE_STABILIZATION: i64 = 300;

/// Reads an autoscaler.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.require("spec", "the specification of the autoscaler")?.fields()?;
    object.judge_rest();
    let target_view = spec.require("scaleTargetRef", "kind and name of a workload")?;
    let target = read_target(&target_view, object)?;
    let is_served = is_served(&target_view, &target.kind);
    let limits = 1..=MAX_REPLICAS;
    let max_view = spec.require("maxReplicas", "an integer of at least 1")?;
    let max = max_view.integer(limits.clone())?;
    let min = spec.read("minReplicas", |view| view.integer(limits))?.unwrap_or(1);
    if min > max {
        return Err(max_view
            .error(format!("maxReplicas {max} is below minReplicas {min}"))
            .expected("max of at least min"));
    }
    let Metrics { resources, containers, named } = match object.version {
        "v1" => Metrics { resources: read_v1(object, &spec)?, ..Metrics::default() },
        _ => read_metrics(&spec)?,
    };
    let (behavior, tolerances) = if object.version == "v1" { (None, (None, None)) } else { read_behavior(&spec)? };
    spec.judge_rest(if object.version == "v1" { &SPEC_V1 } else { &SPEC });
    let name = object.metadata.name.clone();
    let is_same =
        |other: &HorizontalPodAutoscaler| other.name == name && other.target.namespace == object.metadata.namespace;
    draft.hpas.retain(|other| !is_same(&other.hpa));
    if !is_served {
        return Ok(());
    }
    let window = ["spec", "behavior", "scaleDown", "stabilizationWindowSeconds"];
    let written = object.fields.view.value.below(&window).filter(|value| **value != Value::Null);
    draft.hpas.push(DraftHpa {
        flag_decides_down_window: written.is_none(),
        tolerances,
        container_metrics: containers,
        named_metrics: named,
        hpa: HorizontalPodAutoscaler {
            name,
            target,
            selector: None,
            other_metrics: Vec::new(),
            min,
            max,
            metrics: resources,
            behavior,
            tolerance: Tolerance::default(),
            sync_period: SYNC_PERIOD,
            downscale_stabilization: DOWNSCALE_STABILIZATION,
            origin: object.context.origin(""),
        },
        context: object.context.clone(),
    });
    Ok(())
}

pub(super) fn read_target(view: &View, object: &Object) -> Result<WorkloadRef, InputError> {
    let fields = view.fields()?;
    let part = |key: &str, what: &str| {
        let view = fields.require(key, what)?;
        match view.name()? {
            text if is_path_segment(text) => Ok(text.to_owned()),
            text => {
                Err(view.error(format!("`{text}` is not {what}")).expected("text without `/` and `%`").help(REFUSED))
            }
        }
    };
    let kind = part("kind", "the kind of a workload")?;
    let name = part("name", "the name of a workload")?;
    fields.get("apiVersion");
    fields.judge_rest(&TARGET);
    Ok(WorkloadRef { kind, namespace: object.metadata.namespace.clone(), name })
}

/// Whether the target's kind is in the group of its `apiVersion`, whatever the version: else the autoscaler finds no
/// mapping for it and does nothing (`FailedGetScale`).
fn is_served(view: &View, kind: &str) -> bool {
    let group = match kind {
        "Deployment" | "ReplicaSet" | "StatefulSet" => "apps",
        _ => return true,
    };
    let version = view.value.below(&["apiVersion"]).and_then(Value::as_text).unwrap_or_default();
    let written = version.split_once('/').map_or("", |(group, _)| group);
    if written != group {
        let found = if version.is_empty() { "without `apiVersion`".to_owned() } else { format!("in `{version}`") };
        view.note(Warning, format!("no {kind} {found}: the autoscaler never scales; write `apiVersion: {group}/v1`"));
    }
    written == group
}

fn cpu_utilization(percent: i64) -> Metric {
    Metric { resource: MetricResource::Cpu, target: MetricTarget::Utilization(percent) }
}

fn read_v1(object: &Object, spec: &Fields) -> Result<Vec<Metric>, InputError> {
    for (name, what) in [("metrics", "metrics"), ("behavior", "limits on the speed of scaling")] {
        let key = format!("autoscaling.alpha.kubernetes.io/{name}");
        if object.metadata.annotations.contains_key(&key) {
            let field = super::super::value::child("metadata.annotations", &key);
            object.context.note(Risky, &field, format!("{what} in an annotation are not read; use autoscaling/v2"));
        }
    }
    let percent = spec.read("targetCPUUtilizationPercentage", |view| view.integer(1..=i64::from(i32::MAX)))?;
    Ok(vec![cpu_utilization(percent.unwrap_or(DEFAULT_UTILIZATION))])
}

const REFUSED: &str = "the API server refuses such an autoscaler";

/// Types of targets.
pub(super) const TYPES: &[(&str, &str)] =
    &[("Utilization", "Utilization"), ("AverageValue", "AverageValue"), ("Value", "Value")];

/// Types of metrics, and the keys under which they are written.
const SOURCES: [(&str, &str); 5] = [
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
    ("Pods", "pods"),
    ("Object", "object"),
    ("External", "external"),
];

/// `spec.metrics`: of resources of pods, and of containers, and others.
#[derive(Default)]
struct Metrics {
    resources: Vec<Metric>,
    containers: Vec<ContainerMetric>,
    named: Vec<DraftMetric>,
}

fn read_metrics(spec: &Fields) -> Result<Metrics, InputError> {
    let views = spec.items("metrics")?;
    let mut metrics = Metrics::default();
    if views.is_empty() {
        metrics.resources.push(cpu_utilization(DEFAULT_UTILIZATION));
    }
    for view in &views {
        let fields = view.fields()?;
        let kinds = SOURCES.map(|(kind, _)| (kind, kind));
        let kind = fields.require("type", "the type of the metric")?.one_of(&kinds)?;
        let sources = SOURCES.map(|(other, key)| fields.get(key).filter(|_| other == kind));
        fields.judge_rest(&METRIC);
        let key = SOURCES.iter().find(|(other, _)| *other == kind).map_or("", |(_, key)| *key);
        let Some(source) = sources.into_iter().flatten().next() else {
            return Err(view
                .context
                .error(&super::super::value::child(&view.path, key), "missing")
                .kind(ErrorKind::MissingField)
                .expected(format!("the metric, under `{key}`")));
        };
        let others = SOURCES.iter().filter(|(other, _)| *other != kind).find_map(|(_, key)| fields.get(key));
        if let Some(other) = others {
            return Err(other
                .error(format!("a second source of a metric of type {kind}"))
                .expected(format!("`{key}` alone"))
                .help(REFUSED));
        }
        match kind {
            "Resource" => metrics.resources.extend(read_resource(&source, &RESOURCE)?),
            "ContainerResource" => {
                let named = source.fields()?.require("container", "the name of a container")?;
                let container = named.name()?.to_owned();
                if !is_dns_label(&container) {
                    let error = named.error(format!("`{container}` is no name of a container"));
                    return Err(error.expected("the name of a container of the target").help(REFUSED));
                }
                let field = view.path.clone();
                let metric = read_resource(&source, &CONTAINER_RESOURCE)?;
                metrics.containers.extend(metric.map(|metric| ContainerMetric { container, metric, field }));
            }
            _ => metrics.named.extend(hpa_metrics::read_metric(kind, view, &source)?),
        }
    }
    Ok(metrics)
}

fn read_resource(view: &View, table: &Table) -> Result<Option<Metric>, InputError> {
    let fields = view.fields()?;
    let name = fields.require("name", "cpu or memory")?;
    if table.field("container").is_some() {
        fields.get("container");
    }
    let resource = match name.text()? {
        "cpu" => MetricResource::Cpu,
        "memory" => MetricResource::Memory,
        other => {
            name.note(Risky, format!("metrics of {other} are not modelled; this one is left out"));
            return Ok(None);
        }
    };
    let target_view = fields.require("target", "type and value of the target")?;
    fields.judge_rest(table);
    let target = target_view.fields()?;
    // The controller looks at what is set, whatever the type says (`computeStatusForResourceMetricGeneric`).
    target.require("type", "Utilization or AverageValue")?.one_of(TYPES)?;
    let utilization = target.read("averageUtilization", |view| view.integer(1..=i64::from(i32::MAX)))?;
    let value = target.read("averageValue", read_amount)?;
    target.judge_rest(&METRIC_TARGET);
    let target = match (utilization, value) {
        (Some(percent), None) => MetricTarget::Utilization(percent),
        (None, Some(amount)) => MetricTarget::AverageValue(amount),
        (None, None) => {
            let error = target_view.error("no target").kind(ErrorKind::MissingField);
            return Err(error.expected("averageUtilization or averageValue").help(REFUSED));
        }
        (Some(_), Some(_)) => {
            let error = target_view.error("averageUtilization and averageValue");
            return Err(error.expected("one of the two").help(REFUSED));
        }
    };
    Ok(Some(Metric { resource, target }))
}

/// A target in thousandths, rounded up as the controller does.
pub(super) fn read_amount(view: View) -> Result<i64, InputError> {
    let amount = view.amount(Unit::Milli)?;
    if amount > 0 { Ok(amount) } else { Err(view.error("0 is no target").expected("an amount above 0")) }
}

/// With the tolerances that it asks for.
fn read_behavior(spec: &Fields) -> Result<(Option<Behavior>, Tolerances), InputError> {
    let (mut lower, mut higher) = (None, None);
    let Some(behavior) = spec.below("behavior")? else { return Ok((None, (None, None))) };
    let up = ScalingRules {
        stabilization: 0,
        policies: vec![ScalingPolicy::Pods { value: 4, period: 15 }, ScalingPolicy::Percent { value: 100, period: 15 }],
        select: SelectPolicy::Max,
    };
    let down = ScalingRules {
        stabilization: DOWNSCALE_STABILIZATION,
        policies: vec![ScalingPolicy::Percent { value: 100, period: 15 }],
        select: SelectPolicy::Max,
    };
    let behavior_rules = Behavior {
        up: read_rules(behavior.below("scaleUp")?, up, &mut higher)?,
        down: read_rules(behavior.below("scaleDown")?, down, &mut lower)?,
    };
    behavior.judge_rest(&BEHAVIOR);
    Ok((Some(behavior_rules), (lower, higher)))
}

fn read_rules(
    fields: Option<Fields>,
    mut rules: ScalingRules,
    tolerance: &mut Option<i64>,
) -> Result<ScalingRules, InputError> {
    let Some(fields) = fields else { return Ok(rules) };
    if let Some(seconds) = fields.read("stabilizationWindowSeconds", |view| view.integer(0..=3600))? {
        rules.stabilization = seconds;
    }
    let select = [("Max", SelectPolicy::Max), ("Min", SelectPolicy::Min), ("Disabled", SelectPolicy::Disabled)];
    if let Some(policy) = fields.read("selectPolicy", |view| view.one_of(&select))? {
        rules.select = policy;
    }
    if let Some(view) = fields.get("policies") {
        let policies = view.list()?.iter().map(read_policy).collect::<Result<Vec<_>, _>>()?;
        if policies.is_empty() {
            return Err(view.error("no policies").expected("at least one policy, or no `policies` for the defaults"));
        }
        rules.policies = policies;
    }
    *tolerance = match fields.get("tolerance") {
        Some(view) if view.signed_amount(Unit::Milli)? < 0 => {
            let gate = FeatureGate::HpaConfigurableTolerance.name();
            view.note(
                Warning,
                format!("below 0: the API server refuses it with the gate {gate}, and drops it otherwise"),
            );
            None
        }
        view => view.map(|view| view.amount(Unit::Milli)).transpose()?,
    };
    fields.judge_rest(&RULES);
    Ok(rules)
}

fn read_policy(view: &View) -> Result<ScalingPolicy, InputError> {
    let fields = view.fields()?;
    let is_percent = fields.require("type", "Pods or Percent")?.one_of(&[("Percent", true), ("Pods", false)])?;
    let value = fields.require("value", "an integer of at least 1")?.integer(1..=i64::from(i32::MAX))?;
    let period = fields.require("periodSeconds", "an integer from 1 to 1800")?.integer(1..=1800)?;
    fields.judge_rest(&POLICY);
    Ok(if is_percent { ScalingPolicy::Percent { value, period } } else { ScalingPolicy::Pods { value, period } })
}
