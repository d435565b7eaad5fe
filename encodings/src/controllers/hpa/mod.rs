//! The HorizontalPodAutoscaler controller (section 3): one sync writes `spec.replicas` of its target.
//!
//! ## One step
//! One sync whose outcome differs from `spec.replicas`. Syncs that change nothing are part of the time that passes:
//! what the metrics propose while it passes is recorded, also if less than a period passes. Under interleaved timing
//! they are a rule of their own.
//! A recommendation leaves a stabilisation window, or an event its policy's memory: see [`window`].
//!
//! ## What it reads (section 3.4)
//! Pods without a node, or assigned and not started: unready. Starting pods: with `ready: after` or `never` unready;
//! with `ready: at-once` ready with the start-up usage, or (a tagged rule) sampled before they were Ready and so
//! unready. Either way they may not be sampled yet and so missing (another tagged rule).
//! Running pods: ready with their usage, also when they became unready later; on a node that stopped: missing.
//! Pods of all revisions count, those of a surge too (the row on rolling updates of section 9).
//! Terminating and failed pods: ignored. Pods of other workloads that the target's selector matches count like its own,
//! with what they use and request; completed ones of Jobs have no sample and are missing. Two autoscalers of one workload,
//! or with a pod under both selectors, look at no metrics and only clamp.
//!
//! Metrics of type Pods look at pods as memory does. Those of type Object and External with a target `value` count pods
//! that are Ready: running ones on nodes that have not stopped, and terminating ones too, as the real code does; which of
//! those were Ready is not known, so that a tagged rule counts any number of them.
//!
//! ## Not modelled
//! Completed pods of Jobs of a CronJob, or of Jobs without `completions`, that it selects; metrics of one of several
//! containers where it is not known what each uses, and of type Pods, Object and External where the scenario gives no
//! value (the reader reports them).

mod calculator;
mod metric;
mod named;
mod selected;
mod variants;
mod window;

use super::Controller;
use crate::cluster::hpa::{OtherMetric, ScalingPolicy, ScalingRules, SelectPolicy};
use crate::cluster::{Cluster, HorizontalPodAutoscaler, Span, Workload};
use crate::footprint::{CONTROLLER_MANAGER, Footprint};
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::{Model, RuleBuilder, text, value};
use crate::subject::{ObjectId, Subject};
use crate::term::{Bool, Int, ite, max_of, min_of};
use metric::Fresh;
use variants::Variant;
use window::{Events, Window};

pub(crate) use window::Memory;

/// As Kubernetes Events name it.
const NAME: &str = "horizontal-pod-autoscaler";

/// Growth that one sync may bring without `behavior` (section 3.1).
const LIMIT_FACTOR: i64 = 2;
/// Replicas up to which growth is never limited without `behavior`.
const LIMIT_MINIMUM: i64 = 4;

/// See the module.
pub struct Hpa;

impl Controller for Hpa {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "sets spec.replicas from metrics"
    }

    fn needs(&self, cluster: &Cluster, _: &Needs) -> Needs {
        cluster.hpas.iter().map(|hpa| needs_of(cluster, hpa)).fold(Needs::default(), Needs::and)
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: CONTROLLER_MANAGER,
            watches: &["HorizontalPodAutoscaler", "Pod"],
            reads_live: &["the scale of its target", "metrics"],
            forgets: &["recommendations", "scale events"],
        }
    }

    fn waits(&self, model: &mut Model) -> Vec<Wait> {
        let target = |hpa: &'_ HorizontalPodAutoscaler| model.cluster.workload(&hpa.target);
        let scalers = model.cluster.hpas.iter().filter_map(|hpa| Some((hpa, target(hpa)?)));
        scalers.flat_map(|(hpa, group)| waits(model, hpa, group)).collect()
    }

    fn add_rules(&self, model: &mut Model) {
        for index in 0..model.cluster.hpas.len() {
            let hpa = &model.cluster.hpas[index];
            if let Some(group) = model.cluster.workload(&hpa.target) {
                self.add_autoscaler(model, (hpa, model.ids.hpas[index]), group);
            }
        }
    }
}

/// What one autoscaler needs.
fn needs_of(cluster: &Cluster, hpa: &HorizontalPodAutoscaler) -> Needs {
    let windows = match &hpa.behavior {
        None => vec![hpa.downscale_stabilization],
        Some(behavior) => vec![behavior.up.stabilization, behavior.down.stabilization],
    };
    let takes = |workload: &&Workload| workload.templates().any(|one| hpa.takes(workload, one)) && hpa.reads_memory();
    let named = hpa.other_metrics.iter().filter_map(|one| match one {
        OtherMetric::Named(named) => Some(named.name.clone()),
        OtherMetric::Container { .. } => None,
    });
    Needs {
        replicas: vec![(hpa.target.clone(), Span { lo: hpa.min, hi: hpa.max, step: 1 })],
        memory_usage: cluster.workloads.iter().filter(takes).map(|workload| workload.reference.clone()).collect(),
        metrics: named.collect(),
        ..Needs::durations([hpa.sync_period].into_iter().chain(windows).chain(hpa.remembered_periods()))
    }
}

/// An autoscaler and what subjects call it.
type Scaler<'a> = (&'a HorizontalPodAutoscaler, ObjectId);

/// What a sync comes to.
struct Sync {
    /// The metrics' proposal, clamped to the largest replicas.
    proposal: Int,
    /// Whether metrics were looked at and gave one.
    proposes: Bool,
    /// The new `spec.replicas`.
    desired: Int,
}

/// Everything remembered between syncs.
struct Recall {
    down: Window,
    up: Option<Window>,
    events: Vec<Events>,
}

impl Hpa {
    fn add_autoscaler(&self, model: &mut Model, (hpa, id): Scaler, group: usize) {
        let current = model.groups[group].spec.value;
        let leaving = named::terminating(model, hpa, group);
        let (proposal, proposes) = propose(model, hpa, group, (Fresh::Sampled, leaving));
        let recall = declare_recall(model, (hpa, id), group, proposal, proposes);
        let exists = model.groups[group].exists.map_or(true.into(), |exists| exists.value);
        let exact = Variant::exact(finish(hpa, current, proposal, proposes, &recall));
        let lagging = variants::lagging(model, (hpa, id), group, leaving, &recall);
        let wants = exists & exact.may_change(current);
        recall.note_while_time_passes(model, proposal, proposes, wants);
        let only_notes = exists & proposes & exact.sync.desired.is(current);
        let periodic = model.periodic(Subject::new("sync period").of(id), hpa.sync_period, wants);
        let unit = model.fairness_unit(Subject::new(NAME).of(id));
        for variant in std::iter::once(exact).chain(lagging) {
            let rule = variant.rule(model, (hpa, id), group, &recall);
            let rule = rule.when(exists).when(variant.may_change(current)).when(periodic.may_act);
            let rule = model.take_over(group, variant.qualify(rule, current, unit), true.into());
            let rule = recall.record(rule.remembers(), &variant.sync, current);
            model.add_rule(periodic.restart(rule));
        }
        recall.add_rules(model, (hpa, id), proposal, only_notes);
    }
}

/// Which of its limits keeps an autoscaler from what the metrics propose (`ScalingLimited`, `ScalingActive`).
fn waits(model: &Model, hpa: &HorizontalPodAutoscaler, group: usize) -> Vec<Wait> {
    let name = model.workload_name(group);
    let current = model.groups[group].spec.value;
    let exists = model.groups[group].exists.map_or(true.into(), |exists| exists.value);
    let (proposal, proposes) = propose(model, hpa, group, (Fresh::Sampled, 0.into()));
    let field = |field: &str| crate::system::Origin { field: field.to_owned(), ..hpa.origin.clone() };
    let wait = |reason: &'static str, when: Bool| Wait::new(NAME, reason, exists & when).about(model.groups[group].id);
    let told = |words: String| [text(words)];
    let without_value = hpa.other_metrics.iter().filter_map(|metric| match metric {
        OtherMetric::Named(metric) => {
            let gone = wait("FailedComputeMetricsReplicas", named::is_gone(model, group, &metric.name));
            let told = told(format!("metric {} of {name} has no value: nothing is scaled down by it", metric.name));
            Some(gone.says(told).because_of(field("spec.metrics")))
        }
        OtherMetric::Container { .. } => None,
    });
    let limits = [
        wait("TooManyReplicas", proposes & current.is(hpa.max) & proposal.at_least(hpa.max))
            .says(told(format!("{name} is at maxReplicas {}, metrics propose that or more", hpa.max)))
            .because_of(field("spec.maxReplicas")),
        wait("TooFewReplicas", proposes & current.is(hpa.min) & proposal.below(hpa.min))
            .says(told(format!("{name} is at minReplicas {}, metrics propose ", hpa.min)))
            .says([value(proposal)])
            .because_of(field("spec.minReplicas")),
        wait("ScalingDisabled", current.is(0))
            .says(told(format!("{name} has spec.replicas 0, which turns its autoscaler off")))
            .because_of(model.origin(group, "spec.replicas")),
    ];
    limits.into_iter().chain(without_value).collect()
}

/// The metrics' proposal: the largest of the valid ones; no scaling down while some are invalid (section 3.3).
fn propose(model: &Model, hpa: &HorizontalPodAutoscaler, group: usize, (fresh, leaving): (Fresh, Int)) -> (Int, Bool) {
    let current = model.groups[group].spec.value;
    let most = hpa.max.max(current.range().hi);
    let resources = hpa.metrics.iter().map(|metric| metric::proposal(model, hpa, (metric, None), group, fresh));
    let others = hpa.other_metrics.iter().map(|metric| match metric {
        OtherMetric::Container { container, metric } => {
            metric::proposal(model, hpa, (metric, Some(container)), group, fresh)
        }
        OtherMetric::Named(metric) => named::proposal(model, hpa, metric, group, (fresh, leaving)),
    });
    let proposals: Vec<(Int, Bool)> = resources.chain(others).collect();
    let valid: Vec<Int> = proposals.iter().map(|&(replicas, valid)| ite(valid, replicas.min(most), -1)).collect();
    if valid.is_empty() {
        return (current, false.into());
    }
    let largest = max_of(&valid);
    let some = crate::term::any(proposals.iter().map(|&(_, valid)| valid));
    let every = crate::term::all(proposals.iter().map(|&(_, valid)| valid));
    // Two autoscalers of the same pods: neither looks at metrics, both still clamp.
    let is_alone = !selected::is_ambiguous(model, hpa, group);
    let in_range = is_alone & current.above(0) & current.at_most(hpa.max) & current.at_least(hpa.min);
    let proposes = in_range & some & (every | largest.at_least(current));
    (ite(proposes, largest.max(0), current), proposes)
}

/// From proposal to outcome: clamps, stabilisation, limits (sections 3.3, 3.6 and 3.7).
fn finish(hpa: &HorizontalPodAutoscaler, current: Int, proposal: Int, proposes: Bool, recall: &Recall) -> Sync {
    let by_metrics = match &hpa.behavior {
        None => {
            let stable = recall.down.stabilised(proposal);
            let limit = (current * LIMIT_FACTOR).max(LIMIT_MINIMUM).min(hpa.max);
            stable.max(hpa.min).min(limit)
        }
        Some(behavior) => {
            let up = recall.up.as_ref().map_or(proposal, |window| window.stabilised(proposal));
            let down = recall.down.stabilised(proposal);
            let raised = current.max(up);
            let recommendation = ite(raised.above(down), down, raised);
            let up_limit = limit(&behavior.up, current, &recall.events, true).max(current);
            let down_limit = limit(&behavior.down, current, &recall.events, false).min(current);
            let grown = recommendation.min(up_limit).min(hpa.max);
            let shrunk = recommendation.max(down_limit).max(hpa.min);
            ite(recommendation.above(current), grown, ite(recommendation.below(current), shrunk, current))
        }
    };
    let adjusted = ite(proposes, by_metrics, current);
    let clamped = ite(current.above(hpa.max), hpa.max, ite(current.below(hpa.min), hpa.min, adjusted));
    Sync { proposal, proposes, desired: ite(current.is(0), current, clamped) }
}

/// The limit of the policies of a direction (section 3.7).
fn limit(rules: &ScalingRules, current: Int, events: &[Events], upwards: bool) -> Int {
    if rules.select == SelectPolicy::Disabled || rules.policies.is_empty() {
        return current;
    }
    let limits: Vec<Int> = rules
        .policies
        .iter()
        .map(|policy| {
            let (ScalingPolicy::Pods { period, .. } | ScalingPolicy::Percent { period, .. }) = *policy;
            let start = events.iter().find(|one| one.period == period).map_or(current, |one| one.period_start(current));
            match *policy {
                ScalingPolicy::Pods { value, .. } if upwards => start + value,
                ScalingPolicy::Pods { value, .. } => start.monus(value),
                ScalingPolicy::Percent { value, .. } if upwards => {
                    start.tabulate(|start| (start as f64 * (1.0 + value as f64 / 100.0)).ceil() as i64)
                }
                ScalingPolicy::Percent { value, .. } => {
                    start.tabulate(|start| ((start as f64 * (1.0 - value as f64 / 100.0)) as i64).max(0))
                }
            }
        })
        .collect();
    match (rules.select, upwards) {
        (SelectPolicy::Max, true) | (SelectPolicy::Min, false) => max_of(&limits),
        _ => min_of(&limits),
    }
}

fn declare_recall(model: &mut Model, (hpa, id): Scaler, group: usize, proposal: Int, proposes: Bool) -> Recall {
    let (down_seconds, up_seconds) = match &hpa.behavior {
        None => (hpa.downscale_stabilization, 0),
        Some(behavior) => (behavior.down.stabilization, behavior.up.stabilization),
    };
    let most = hpa.max.max(model.groups[group].spec.value.range().hi);
    let down = Window::declare(model, id, group, down_seconds, Memory::Largest, most, proposal, proposes);
    let up = (up_seconds > 0)
        .then(|| Window::declare(model, id, group, up_seconds, Memory::Smallest, most, proposal, proposes));
    let periods = hpa.remembered_periods();
    let events = periods.into_iter().map(|period| Events::declare(model, id, period, most)).collect();
    Recall { down, up, events }
}

impl Recall {
    /// The recommendations that a sync leaves behind.
    fn note(&self, rule: RuleBuilder, sync: &Sync) -> RuleBuilder {
        let rule = self.down.record(rule, sync.proposal, sync.proposes);
        self.up.iter().fold(rule, |rule, window| window.record(rule, sync.proposal, sync.proposes))
    }

    /// The rescales that a sync leaves behind.
    fn record(&self, rule: RuleBuilder, sync: &Sync, current: Int) -> RuleBuilder {
        self.events.iter().fold(rule, |rule, events| events.record(rule, current, sync.desired))
    }

    fn note_while_time_passes(&self, model: &mut Model, proposal: Int, proposes: Bool, wants: Bool) {
        for window in [Some(&self.down), self.up.as_ref()].into_iter().flatten() {
            window.note_while_time_passes(model, proposal, proposes, wants);
        }
    }

    fn add_rules(self, model: &mut Model, hpa: Scaler, proposal: Int, only_notes: Bool) {
        for window in [Some(self.down), self.up].into_iter().flatten() {
            window.add_rules(model, hpa, proposal, only_notes);
        }
        for events in self.events {
            events.add_rules(model, hpa);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{Dag, within};

    fn rules(select: SelectPolicy) -> ScalingRules {
        let policies =
            vec![ScalingPolicy::Pods { value: 4, period: 15 }, ScalingPolicy::Percent { value: 100, period: 15 }];
        ScalingRules { stabilization: 0, policies, select }
    }

    #[test]
    fn default_behaviour_allows_7_from_3_and_16_from_8() {
        let (limits, _) = within(Dag::default(), || {
            [3, 8].map(|current| limit(&rules(SelectPolicy::Max), current.into(), &[], true).constant())
        });
        assert_eq!(limits, [Some(7), Some(16)]);
    }

    #[test]
    fn min_selects_the_smallest_change_and_disabled_none() {
        let (limits, _) = within(Dag::default(), || {
            [SelectPolicy::Min, SelectPolicy::Disabled]
                .map(|select| limit(&rules(select), 3.into(), &[], true).constant())
        });
        assert_eq!(limits, [Some(6), Some(3)]);
    }
}
