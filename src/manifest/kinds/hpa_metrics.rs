//! Metrics of autoscalers of type Pods, Object and External. What they are is for the scenario to say.

use super::super::ErrorKind;
use super::super::Severity::Risky;
use super::super::draft::DraftMetric;
use super::super::error::InputError;
use super::super::judgements::{Table, harmless, read as is_read, table, within};
use super::super::value::{Value, child};
use super::super::view::{Fields, View};
use super::hpa::{TYPES, read_amount};
use super::syntax::is_path_segment;
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
pub(super) fn read_metric(kind: &'static str, item: &View, source: &View) -> Result<Option<DraftMetric>, InputError> {
    let source = source.fields()?;
    let identity = source.require("metric", "the name of the metric")?.fields()?;
    let name_view = identity.require("name", "the name of the metric")?;
    let name = name_view.name()?.to_owned();
    if !is_path_segment(&name) {
        return Err(name_view
            .error(format!("`{name}` is no name of a metric"))
            .expected("text without `/` and `%`")
            .help(REFUSED));
    }
    identity.judge_rest(&IDENTIFIER);
    if kind == "Object" {
        check_object(&source)?;
    }
    let target_view = source.require("target", "type and value of the target")?;
    source.judge_rest(match kind {
        "Pods" => &PODS,
        "Object" => &OBJECT,
        _ => &EXTERNAL,
    });
    let target = target_view.fields()?;
    let written = target.require("type", "Value or AverageValue")?.one_of(TYPES)?;
    let (value, average) = (target.read("value", read_amount)?, target.read("averageValue", read_amount)?);
    target.judge_rest(&TARGET);
    let (comparison, target) = match (kind, value, average) {
        ("Pods", _, Some(amount)) => (Comparison::PerPod, amount),
        ("External", Some(_), Some(_)) => {
            return Err(target_view.error("value and averageValue").expected("one of the two").help(REFUSED));
        }
        // The controller looks at what is set, whatever the type says (`computeStatusForExternalMetric`).
        ("External", None, Some(amount)) => (Comparison::AverageValue, amount),
        ("External", Some(amount), None) => (Comparison::Value, amount),
        (_, None, None) | ("Pods", ..) => {
            let expected = if kind == "Pods" { "averageValue" } else { "value or averageValue" };
            let error = target_view.error("no target").kind(ErrorKind::MissingField);
            return Err(error.expected(expected).help(REFUSED));
        }
        (_, Some(amount), _) if written == "Value" => (Comparison::Value, amount),
        (_, _, Some(amount)) if written == "AverageValue" => (Comparison::AverageValue, amount),
        _ => {
            // `computeStatusForObjectMetric`: an error each time, which keeps it from scaling down.
            target_view.note(
                Risky,
                format!("no target of type {written}: the controller has an error; the metric is left out"),
            );
            return Ok(None);
        }
    };
    Ok(Some(DraftMetric { kind, metric: NamedMetric { name, comparison, target }, field: item.path.clone() }))
}

/// A metric of an object says of which.
fn check_object(source: &Fields) -> Result<(), InputError> {
    let at = child(&source.view.path, "describedObject");
    for key in ["kind", "name"] {
        let text = source.view.value.below(&["describedObject", key]).and_then(Value::as_text).unwrap_or_default();
        if text.is_empty() || !is_path_segment(text) {
            let error = source.view.context.error(&child(&at, key), "missing").kind(ErrorKind::MissingField);
            return Err(error.expected("kind and name of an object").help(REFUSED));
        }
    }
    Ok(())
}

const REFUSED: &str = "the API server refuses such an autoscaler";
