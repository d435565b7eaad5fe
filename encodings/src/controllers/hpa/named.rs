//! Metrics of type Pods, Object and External: from their values to a proposal (sections 3.4 and 3.5).

use super::calculator::{Calculator, Sample};
use super::metric::{Counts, Fresh, completed, counts};
use super::selected::{by_workload, selected};
use crate::cluster::HorizontalPodAutoscaler;
use crate::cluster::hpa::{Comparison, MetricResource, MetricTarget, NamedMetric};
use crate::state::Model;
use crate::term::{Bool, Int, any, sum};

/// The proposal of a metric, and whether it is valid. `leaving` terminating pods are Ready.
pub(super) fn proposal(
    model: &Model,
    hpa: &HorizontalPodAutoscaler,
    metric: &NamedMetric,
    group: usize,
    (fresh, leaving): (Fresh, Int),
) -> (Int, Bool) {
    let current = model.groups[group].spec.value;
    let calculator = Calculator {
        target: MetricTarget::AverageValue(metric.target),
        milli: 1,
        request: 0,
        current,
        most: hpa.max.max(current.range().hi),
        version: model.cluster.version.0,
        tolerance: hpa.tolerance,
    };
    let selected = selected(model, hpa, group);
    let parts = by_workload(model, &selected);
    // Readiness is not looked at, which is what counts for memory.
    let all: Vec<Counts> =
        parts.iter().map(|revisions| counts(model, MetricResource::Memory, revisions, fresh)).collect();
    let ready = || sum(all.iter().map(|one| one.serving).collect::<Vec<_>>());
    let value = || {
        let (value, is_shared) = value(model, group, &metric.name)?;
        // Where no pod is Ready, all of it is left.
        Some(if is_shared { value / all[0].serving.max(1) } else { value })
    };
    let (replicas, is_valid) = match metric.comparison {
        Comparison::PerPod => match sample(model, &metric.name, &parts, &all) {
            Some(sample) => (calculator.replicas(&sample, None), sample.ready.above(0)),
            None => (current, false.into()),
        },
        Comparison::Value => match value() {
            Some(value) => {
                let (replicas, tolerated) = calculator.replicas_of_value(value, ready() + leaving);
                (replicas, tolerated | pods(model, &selected).above(0))
            }
            None => (current, false.into()),
        },
        Comparison::AverageValue => match value() {
            Some(value) => (calculator.replicas_of_total(value, status_replicas(model, group)), true.into()),
            None => (current, false.into()),
        },
    };
    // Where the API has no value the calculation ends with its error.
    let is_gone = parts.iter().map(|revisions| is_gone(model, revisions[0], &metric.name));
    (replicas, is_valid & !any(is_gone.collect::<Vec<_>>()))
}

/// Whether the API has no value of a metric of the workload of a group.
pub(super) fn is_gone(model: &Model, group: usize, name: &str) -> Bool {
    let index = model.workload(group).metrics.iter().position(|one| one.name == name);
    let metric = index.and_then(|index| model.uses(model.groups[group].workload).metrics[index].is_gone);
    metric.map_or(false.into(), |gone| gone.value)
}

/// Terminating pods of those that the autoscaler looks at, on nodes that have not stopped: each is Ready until its
/// containers end, unless it never was, or its probe fails.
pub(super) fn terminating(model: &Model, hpa: &HorizontalPodAutoscaler, group: usize) -> Int {
    let places = selected(model, hpa, group).into_iter().flat_map(|one| {
        let state = &model.groups[one];
        state.slots().map(move |slot| (state, slot))
    });
    let alive = |slot: usize, pods: Int| crate::term::ite(model.slots[slot].is_alive(), pods, 0);
    sum(places.map(|(state, slot)| alive(slot, state.terminating[slot].value)).collect::<Vec<_>>())
}

/// The value of a metric of the workload of a group, and whether its ready pods share it.
fn value(model: &Model, group: usize, name: &str) -> Option<(Int, bool)> {
    let index = model.workload(group).metrics.iter().position(|one| one.name == name)?;
    let first = model.groups[group].workload;
    Some((model.uses(first).metrics[index].value, model.workload(group).metrics[index].is_shared))
}

/// All pods that the autoscaler looks at, with what they have of a metric; the reader has made sure that it is known.
fn sample(model: &Model, name: &str, parts: &[Vec<usize>], all: &[Counts]) -> Option<Sample> {
    let mut each = None;
    let mut usages = Vec::new();
    for (revisions, counts) in parts.iter().zip(all) {
        let (value, is_shared) = value(model, revisions[0], name)?;
        usages.push(if is_shared {
            // Pods that are not Ready yet serve nothing of it; each share is truncated.
            counts.ready.min(counts.serving) * (value / counts.serving.max(1))
        } else {
            each = Some(value).filter(|_| parts.len() == 1);
            counts.ready * value
        });
    }
    let total = |of: fn(&Counts) -> Int| sum(all.iter().map(of).collect::<Vec<_>>());
    Some(Sample {
        ready: total(|one| one.ready),
        unready: total(|one| one.unready),
        missing: total(|one| one.missing),
        usage: sum(usages),
        each,
    })
}

/// Pods that the autoscaler finds, of whatever phase: without any it reports an error.
fn pods(model: &Model, selected: &[usize]) -> Int {
    sum(selected
        .iter()
        .map(|&one| {
            let state = &model.groups[one];
            let terminating = sum(state.terminating.iter().map(|count| count.value).collect::<Vec<_>>());
            state.active() + terminating + completed(model, state)
        })
        .collect::<Vec<_>>())
}

/// `status.replicas` of the target; that of a StatefulSet counts terminating pods.
fn status_replicas(model: &Model, group: usize) -> Int {
    let terminating = model.workload(group).ordinals().map(|_| model.terminating(group));
    model.active(group) + terminating.unwrap_or(0.into())
}
