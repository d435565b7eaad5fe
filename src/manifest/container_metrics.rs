//! Metrics of type ContainerResource: which are modelled depends on whether it is known what each container uses.

use super::Severity::Risky;
use super::draft::{ContainerMetric, DraftWorkload};
use super::view::Context;
use kubound_encodings::cluster::hpa::{MetricResource, OtherMetric};
use kubound_encodings::cluster::workload::{Readiness, Share};
use kubound_encodings::cluster::{Event, EventKind, HorizontalPodAutoscaler, Workload};

/// Gives an autoscaler the metrics of containers that it has; says which are left out.
pub(super) fn add(
    hpa: &mut HorizontalPodAutoscaler,
    metrics: &[ContainerMetric],
    (workloads, events): (&[DraftWorkload], &[Event]),
    context: &Context,
) {
    for ContainerMetric { container, metric, field } in metrics {
        let taken: Vec<&DraftWorkload> = workloads
            .iter()
            .filter(|one| {
                let mut each = std::iter::once(&one.workload).chain(one.later.iter().map(|later| &later.workload));
                each.any(|workload| hpa.takes(workload, &workload.template))
            })
            .collect();
        if taken.iter().any(|one| one.workload.reference == hpa.target && !has(one, container)) {
            let message = format!("no container `{container}` in pods of {}: the metric fails", hpa.target);
            context.note(Risky, field, message);
        }
        let unknown =
            taken.iter().find(|one| has(one, container) && !is_known(one, container, metric.resource, events));
        match unknown {
            Some(one) => {
                let message = format!(
                    "what container {container} of {} uses is not known (`containers` of the scenario); this metric is \
                     left out",
                    one.workload.reference
                );
                context.note(Risky, field, message);
            }
            None => {
                hpa.other_metrics.push(OtherMetric::Container { container: container.clone(), metric: *metric });
            }
        }
    }
}

fn has(read: &DraftWorkload, container: &str) -> bool {
    read.workload.template.container(container).is_some()
}

/// Whether it is known what a container uses, whatever events do.
fn is_known(read: &DraftWorkload, container: &str, resource: MetricResource, events: &[Event]) -> bool {
    let workload: &Workload = &read.workload;
    let several = workload.template.containers.len() > 1;
    let is_cpu = resource == MetricResource::Cpu;
    // Start-up and changes are told of whole pods.
    let starts = is_cpu && workload.startup.is_some_and(|startup| startup.readiness == Readiness::AtOnce);
    let changes = |event: &Event| {
        matches!(&event.kind, EventKind::CpuChange { target, .. } if *target == workload.reference) && is_cpu
    };
    let ranges = workload.container_usage.iter().any(|one| matches!(one.cpu, Some(Share::Rest(_))));
    let is_told = workload.share(&workload.template, container, resource).is_some();
    is_told && !(several && (starts || (!ranges && events.iter().any(changes))))
}
