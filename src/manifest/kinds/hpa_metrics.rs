//! Metrics of autoscalers of type Pods, Object and External. What they are is for the scenario to say.

use super::super::draft::DraftMetric;
use super::super::error::InputError;
use super::super::judgements::{Table, harmless, read as is_read, table, within};
use super::super::view::View;
use super::hpa::read_amount;
use kubound_encodings::cluster::hpa::{Comparison, NamedMetric};

/// A metric of pods.
pub(super) static PODS: Table =
    table("io.k8s.api.autoscaling.v2.PodsMetricSource", &[within("metric", &IDENTIFIER), within("target", &TARGET)]);

/// A metric of an object.
pub(super) static OBJECT: Table = table(
    "io.k8s.api.autoscaling.v2.ObjectMetricSource",
    &[
        harmless("describedObject", TOLD, "pkg/controller/podautoscaler/metrics/client.go"),
        within("metric", &IDENTIFIER),
        within("target", &TARGET),
    ],
);

/// A metric from outside.
pub(super) static EXTERNAL: Table = table(
    "io.k8s.api.autoscaling.v2.ExternalMetricSource",
    &[within("metric", &IDENTIFIER), within("target", &TARGET)],
);

const TOLD: &str = "the scenario says what the metric is";

static IDENTIFIER: Table = table(
    "io.k8s.api.autoscaling.v2.MetricIdentifier",
    &[is_read("name"), harmless("selector", TOLD, "pkg/controller/podautoscaler/metrics/client.go")],
);

static TARGET: Table = table(
    "io.k8s.api.autoscaling.v2.MetricTarget",
    &[
        harmless(
            "averageUtilization",
            "only metrics of resources have such a target",
            "pkg/controller/podautoscaler/horizontal.go",
        ),
        is_read("averageValue"),
        is_read("type"),
        is_read("value"),
    ],
);

/// Reads a metric of a type from its item of `metrics`.
pub(super) fn read_metric(kind: &'static str, item: &View, source: &View) -> Result<DraftMetric, InputError> {
    let source = source.fields()?;
    let identity = source.require("metric", "the name of the metric")?.fields()?;
    let name = identity.require("name", "the name of the metric")?.text()?.to_owned();
    identity.judge_rest(&IDENTIFIER);
    let target_view = source.require("target", "type and value of the target")?;
    source.judge_rest(match kind {
        "Pods" => &PODS,
        "Object" => &OBJECT,
        _ => &EXTERNAL,
    });
    let target = target_view.fields()?;
    let types = [("AverageValue", true), ("Value", false)];
    let known = if kind == "Pods" { &types[..1] } else { &types };
    let is_average = target.require("type", "Value or AverageValue")?.one_of(known)?;
    let (value, average) = (target.read("value", read_amount)?, target.read("averageValue", read_amount)?);
    target.judge_rest(&TARGET);
    let (comparison, target) = match (is_average, value, average) {
        (true, None, Some(amount)) if kind == "Pods" => (Comparison::PerPod, amount),
        (true, None, Some(amount)) => (Comparison::AverageValue, amount),
        (false, Some(amount), None) => (Comparison::Value, amount),
        (true, ..) => {
            return Err(target_view.error("type AverageValue").expected("averageValue, and nothing else"));
        }
        (false, ..) => return Err(target_view.error("type Value").expected("value, and nothing else")),
    };
    Ok(DraftMetric { kind, metric: NamedMetric { name, comparison, target }, field: item.path.clone() })
}
