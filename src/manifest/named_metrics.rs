//! Metrics of type Pods, Object and External: those that the scenario gives values of are modelled.

use super::Severity::Risky;
use super::draft::{DraftMetric, DraftWorkload};
use super::view::Context;
use kubound_encodings::cluster::HorizontalPodAutoscaler;
use kubound_encodings::cluster::hpa::{Comparison, OtherMetric};

/// Gives an autoscaler those that it has; says which are left out.
pub(super) fn add(
    hpa: &mut HorizontalPodAutoscaler,
    metrics: &[DraftMetric],
    workloads: &[DraftWorkload],
    context: &Context,
) {
    for (index, DraftMetric { kind, metric, field }) in metrics.iter().enumerate() {
        let name = &metric.name;
        // Those of type Pods are read of each pod that the autoscaler looks at.
        let is_read_of = |one: &&DraftWorkload| {
            let mut each = std::iter::once(&one.workload).chain(one.later.iter().map(|later| &later.workload));
            let mut is_taken = || each.any(|workload| hpa.takes(workload, &workload.template));
            one.workload.reference == hpa.target || (metric.comparison == Comparison::PerPod && is_taken())
        };
        let is_unknown = |one: &&DraftWorkload| !one.workload.metrics.iter().any(|value| value.name == *name);
        if let Some(one) = workloads.iter().filter(is_read_of).find(is_unknown) {
            let message = format!(
                "the scenario gives no value of {name} (`metrics` of {}); this metric of type {kind} is left out",
                one.workload.reference
            );
            context.note(Risky, field, message);
            continue;
        }
        if metrics[..index].iter().any(|other| other.metric.name == *name) {
            let message = format!("another metric is called {name}, too; both have the value that the scenario gives");
            context.note(Risky, field, message);
        }
        hpa.other_metrics.push(OtherMetric::Named(metric.clone()));
    }
}
