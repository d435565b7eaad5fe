//! Metrics of autoscalers of type Pods, Object and External. What they are is for the scenario to say.

use super::super::Severity::Harmless;
use super::super::draft::DraftMetric;
use super::super::error::InputError;
use super::super::view::{Fields, View};
use super::hpa::read_amount;
use kubound_encodings::cluster::hpa::{Comparison, NamedMetric};

/// Reads a metric of a type from the fields of an item of `metrics`.
pub(super) fn read(kind: &'static str, item: &View, fields: &Fields) -> Result<DraftMetric, InputError> {
    let key = kind.to_ascii_lowercase();
    let source = fields.require(&key, "name and target of the metric")?.fields()?;
    fields.note_rest(&[]);
    let identity = source.require("metric", "the name of the metric")?.fields()?;
    let name = identity.require("name", "the name of the metric")?.text()?.to_owned();
    let told = "the scenario says what the metric is";
    identity.note_rest(&[("selector", Harmless, told)]);
    let target_view = source.require("target", "type and value of the target")?;
    source.note_rest(&[("describedObject", Harmless, told)]);
    let target = target_view.fields()?;
    let types = [("AverageValue", true), ("Value", false)];
    let known = if kind == "Pods" { &types[..1] } else { &types };
    let is_average = target.require("type", "Value or AverageValue")?.one_of(known)?;
    let (value, average) = (target.read("value", read_amount)?, target.read("averageValue", read_amount)?);
    target.note_rest(&[]);
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
