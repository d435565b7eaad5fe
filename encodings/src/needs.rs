//! What controllers, events and intents need of the model, asked before anything is declared.
//!
//! A variable exists only if something can change it or see the difference. Who that is, each kind says for itself:
//! the model folds the answers and knows no kind. A kind that uses what it did not ask for is a fault of the model,
//! which its first test shows: a countdown of seconds nobody named, a change of `spec.replicas` nobody announced.
//!
//! Some answers depend on others: tolerations are counted down only where nodes stop. Hence each kind is asked again,
//! with all answers so far, until nothing is added.

use crate::cluster::event::ApplyMode;
use crate::cluster::metric_change::MetricChange;
use crate::cluster::{Cluster, LabelChange, Span, WorkloadRef};

/// What something needs, or all things together.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Needs {
    /// Seconds that it counts down: one entry for each thing that has a countdown, since a single one is left out.
    pub durations: Vec<i64>,
    /// How often it happens at a moment of its own choice, which no countdown decides.
    pub moments: i64,
    /// Values that it writes to `spec.replicas` of a workload.
    pub replicas: Vec<(WorkloadRef, Span)>,
    /// Workloads whose pod template it changes.
    pub templates: Vec<WorkloadRef>,
    /// Workloads for which it has to know the order of revision numbers.
    pub revision_numbers: Vec<WorkloadRef>,
    /// Values that it writes to `spec.paused` of a workload.
    pub paused: Vec<(WorkloadRef, bool)>,
    /// Workloads whose manifest it applies, and how: then field ownership of `spec.replicas` is remembered.
    pub applied: Vec<(WorkloadRef, ApplyMode)>,
    /// Values that the CPU usage of pods of a workload becomes.
    pub cpu_usage: Vec<(WorkloadRef, Span)>,
    /// Workloads whose memory usage it reads.
    pub memory_usage: Vec<WorkloadRef>,
    /// Metrics that it reads, by name.
    pub metrics: Vec<String>,
    /// What it makes of metrics.
    pub metric_changes: Vec<MetricChange>,
    /// Amounts of resources that meet those of requests in its arithmetic.
    pub amounts: Vec<(String, i64)>,
    /// What it makes of labels of nodes.
    pub label_changes: Vec<LabelChange>,
    /// Nodes stop.
    pub nodes_stop: bool,
    /// Nodes are cordoned or uncordoned.
    pub nodes_cordoned: bool,
    /// Kubelets report that memory runs out.
    pub memory_runs_out: bool,
    /// It takes pods from nodes on which others may still be starting.
    pub takes_pods: bool,
    /// It sees pods that are bound but not yet admitted, or comes between binding and admission.
    pub sees_admission: bool,
    /// A group may have more pods than are wanted of it, although what is wanted stays: controllers are made to see the past, or
    /// runs start in any state.
    pub makes_surplus: bool,
    /// It may have twice as many, where ReplicaSets keep them.
    pub doubles_pods: bool,
    /// It may have so many more, where ReplicaSets keep them: those of which the controller does not know that it has created
    /// them.
    pub unexpected_pods: i64,
    /// It sees each step: pods never start in the step that binds them.
    pub sees_each_step: bool,
}

impl Needs {
    /// What both need.
    #[must_use]
    pub fn and(mut self, other: Needs) -> Needs {
        self.durations.extend(other.durations);
        self.moments = self.moments.saturating_add(other.moments);
        self.replicas.extend(other.replicas);
        self.templates.extend(other.templates);
        self.revision_numbers.extend(other.revision_numbers);
        self.paused.extend(other.paused);
        self.applied.extend(other.applied);
        self.cpu_usage.extend(other.cpu_usage);
        self.memory_usage.extend(other.memory_usage);
        self.metrics.extend(other.metrics);
        self.metric_changes.extend(other.metric_changes);
        self.amounts.extend(other.amounts);
        self.label_changes.extend(other.label_changes);
        self.nodes_stop |= other.nodes_stop;
        self.nodes_cordoned |= other.nodes_cordoned;
        self.memory_runs_out |= other.memory_runs_out;
        self.takes_pods |= other.takes_pods;
        self.sees_admission |= other.sees_admission;
        self.makes_surplus |= other.makes_surplus;
        self.doubles_pods |= other.doubles_pods;
        self.unexpected_pods = self.unexpected_pods.saturating_add(other.unexpected_pods);
        self.sees_each_step |= other.sees_each_step;
        self
    }

    /// Asks everybody with the answers so far until nothing is added.
    pub fn settled(ask: impl Fn(&Needs) -> Needs) -> Needs {
        let mut known = Needs::default();
        loop {
            let next = ask(&known);
            if next == known {
                return known;
            }
            known = next;
        }
    }

    /// Needs nothing but to count down some seconds; those that are no duration are left out.
    pub fn durations(seconds: impl IntoIterator<Item = i64>) -> Needs {
        Needs { durations: seconds.into_iter().filter(|&seconds| seconds > 0).collect(), ..Needs::default() }
    }

    /// Whether something writes `spec.replicas` of a workload.
    pub fn writes_replicas(&self, target: &WorkloadRef) -> bool {
        self.replicas.iter().any(|(one, _)| one == target)
    }

    /// Whether something changes the pod template of a workload.
    pub fn changes_template(&self, target: &WorkloadRef) -> bool {
        self.templates.contains(target)
    }

    /// Says that the template of a workload changes, if there is a template for it to change to.
    #[must_use]
    pub fn with_template(mut self, cluster: &Cluster, target: &WorkloadRef) -> Needs {
        let workload = cluster.workload(target).map(|index| &cluster.workloads[index]);
        if workload.is_some_and(|workload| cluster.revisions(workload) > 1) {
            self.templates.push(target.clone());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_asked_until_nothing_is_added() {
        // The third needs a countdown where the second stops nodes, which it does where the first cordons them.
        let needs = Needs::settled(|others| {
            let first = Needs { nodes_cordoned: true, ..Needs::default() };
            let second = Needs { nodes_stop: others.nodes_cordoned, ..Needs::default() };
            let third = Needs::durations(others.nodes_stop.then_some(60));
            third.and(second).and(first)
        });
        assert_eq!((needs.durations, needs.nodes_stop), (vec![60], true));
    }

    #[test]
    fn no_time_is_no_duration() {
        assert_eq!(Needs::durations([0, 15, -3]).durations, [15]);
    }
}
