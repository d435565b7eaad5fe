//! What is assumed to happen where nothing says it: as much as a search of seconds can look at.

use super::super::draft::{Draft, DraftHpa};
use crate::limits::first_run::MOST_WORK;
use kubound_encodings::cluster::WorkloadRef;
use kubound_encodings::cluster::hpa::{Metric, MetricResource, MetricTarget};
use kubound_encodings::cluster::node::{CPU, MEMORY};

/// What is assumed to happen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Events {
    /// A node is drained.
    pub(super) drain: bool,
    /// A node fails and comes back.
    pub(super) failure: bool,
    /// These are rolled out anew.
    pub(super) rollouts: Vec<WorkloadRef>,
    /// What pods of autoscaled workloads use together.
    pub(super) loads: Vec<Load>,
    /// What would be likely as well, and takes too long beside the rest.
    pub(super) left_out: Vec<&'static str>,
    /// How many more nodes there may be than are needed.
    pub(super) spare: i64,
    /// Whether controllers that are late are asked about, too.
    pub(super) asks_about_late: bool,
}

/// Load of a workload: so many equal steps up to the most.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Load {
    pub(super) target: WorkloadRef,
    pub(super) resource: MetricResource,
    /// One of four steps, milli-cores or bytes.
    pub(super) step: i64,
}

impl Load {
    /// As a range of scenarios.
    pub(super) fn range(&self) -> String {
        let (key, unit) = match self.resource {
            MetricResource::Cpu => ("cpu", "m"),
            MetricResource::Memory => ("memory", ""),
        };
        format!("{{{key}: {0}{unit}..{1}{unit}/{0}{unit}}}", self.step, self.step.saturating_mul(STEPS))
    }
}

/// Values of a load.
const STEPS: i64 = 4;

impl Events {
    /// What is likely to happen to these objects, as much of it as can be looked at.
    pub(super) fn of(draft: &Draft) -> Self {
        let mut events =
            Self { loads: draft.hpas.iter().filter_map(|read| load(read, draft)).collect(), ..Self::default() };
        let lasting: Vec<_> = draft.workloads.iter().filter(|one| !one.workload.is_daemon()).collect();
        let size = lasting.len() + 2 * draft.hpas.len();
        let is_spread = lasting.iter().any(|one| one.workload.replicas.hi > 1) || !draft.budgets.is_empty();
        let can_move = is_spread && draft.pools.len() != 1;
        // What takes too long with a drain is asked again without one.
        events.drain = can_move;
        let mut work = size + if can_move { size } else { 0 };
        let mut fits = |times: usize| {
            let is_little = work + times * size <= MOST_WORK;
            work += if is_little { times * size } else { 0 };
            is_little
        };
        let is_rolled = |kind: &str, is_paused: bool| kind == "Deployment" && !is_paused;
        let rolled =
            lasting.iter().filter(|one| is_rolled(&one.workload.reference.kind, one.workload.rollout.is_paused));
        let rollouts: Vec<WorkloadRef> = rolled.map(|one| one.workload.reference.clone()).collect();
        if !rollouts.is_empty() {
            if fits(1) {
                events.rollouts = rollouts;
            } else {
                events.left_out.push("rollouts");
            }
        }
        if can_move {
            // Timers of failed nodes and the states of rollouts multiply.
            events.failure = events.rollouts.is_empty() && fits(2);
            events.left_out.extend((!events.failure).then_some("node failures"));
        }
        events.spare = i64::from(work <= MOST_WORK);
        events.asks_about_late = 3 * work <= 2 * MOST_WORK;
        events
    }

    /// The same for a cluster that runs. Its pods are there already, so that a drain can always be looked at, and without it
    /// there would be nothing to ask about.
    pub(super) fn of_running(draft: &Draft) -> Self {
        Self { drain: draft.pools.len() > 1, ..Self::of(draft) }
    }

    /// How many nodes may be gone at a time.
    pub(super) fn lost(&self) -> i64 {
        i64::from(self.drain) + i64::from(self.failure)
    }

    /// In words; nothing if nothing happens.
    pub(super) fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.drain {
            told.push("a node is drained".to_owned());
        }
        if self.failure {
            told.push("a node fails and comes back".to_owned());
        }
        if !self.rollouts.is_empty() {
            told.push("each Deployment is restarted".to_owned());
        }
        if !self.loads.is_empty() {
            told.push("autoscaled workloads have any of four loads".to_owned());
        }
        told
    }
}

/// Loads up to that for which the autoscaler asks for as many pods as it may.
fn load(read: &DraftHpa, draft: &Draft) -> Option<Load> {
    let hpa = &read.hpa;
    let workload = &draft.workloads.iter().find(|one| one.workload.reference == hpa.target)?.workload;
    let Metric { resource, target } = *hpa.metrics.first()?;
    let template = &workload.template;
    let request = match resource {
        MetricResource::Cpu => template.lasting_request(CPU),
        MetricResource::Memory => template.lasting_request(MEMORY),
    };
    let wanted = match target {
        MetricTarget::Utilization(percent) => request.saturating_mul(percent) / 100,
        // In thousandths of a byte for memory.
        MetricTarget::AverageValue(value) if resource == MetricResource::Memory => value / 1000,
        MetricTarget::AverageValue(value) => value,
    };
    let step = wanted.saturating_mul(hpa.max) / STEPS;
    (step > 0).then(|| Load { target: hpa.target.clone(), resource, step })
}
