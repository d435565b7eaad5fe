//! `metrics` of a workload: values of those that are no resources, by which autoscalers scale it.

use super::super::ErrorKind;
use super::super::draft::{DraftHpa, DraftWorkload};
use super::super::error::InputError;
use super::super::quantity::Unit;
use super::super::span::{Count, read_span};
use super::super::suggest::nearest_or_list;
use super::super::view::Fields;
use kubound_encodings::cluster::workload::MetricValue;

/// The keys of an entry.
pub(super) const METRIC: &[&str] = &["name", "value", "load"];

/// Reads the entries; autoscalers have been read.
pub(super) fn read(fields: &Fields, read: &mut DraftWorkload, hpas: &[DraftHpa]) -> Result<(), InputError> {
    let mut metrics: Vec<MetricValue> = Vec::new();
    let namespace = &read.workload.reference.namespace;
    let nearby = hpas.iter().filter(|one| one.hpa.target.namespace == *namespace);
    let names: Vec<&str> = nearby.flat_map(|one| &one.named_metrics).map(|one| one.metric.name.as_str()).collect();
    for item in fields.items("metrics")? {
        let entry = item.strict_fields(METRIC)?;
        let name_view = entry.require("name", "the name of a metric")?;
        let name = name_view.text()?.to_owned();
        if !names.contains(&name.as_str()) {
            return Err(name_view
                .error(format!("no autoscaler in {namespace} has a metric `{name}`"))
                .kind(ErrorKind::UnknownName)
                .expected("the name of a metric of type Pods, Object or External")
                .help(nearest_or_list(&name, names.iter().copied())));
        }
        if metrics.iter().any(|other| other.name == name) {
            return Err(name_view
                .error(format!("{name} occurs twice"))
                .kind(ErrorKind::Duplicate)
                .expected("one entry for each metric"));
        }
        let (view, is_shared) = match (entry.get("value"), entry.get("load")) {
            (Some(_), Some(load)) => {
                let error = load.error("both value and load").kind(ErrorKind::Duplicate);
                return Err(error.expected("one of the two"));
            }
            (Some(value), None) => (value, false),
            (None, Some(load)) => (load, true),
            (None, None) => {
                let error = item.error(format!("no value of {name}")).kind(ErrorKind::MissingField);
                return Err(error.expected("`value`, or the `load` that ready pods share"));
            }
        };
        let value = read_span(&view, &Count::Amount(Unit::Milli))?;
        metrics.push(MetricValue { name, value, is_shared });
    }
    read.workload.metrics = metrics;
    Ok(())
}
