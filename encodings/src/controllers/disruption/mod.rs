//! The disruption controller: how many evictions each PodDisruptionBudget allows (section 6.5, `trySync`,
//! `getExpectedPodCount`, `countHealthyPods`).
//!
//! The status of a budget is a function of pods and `spec.replicas`, so it is a term of the state, not a variable:
//! it is always up to date. It adds no rules; whoever evicts asks [`admission`].
//!
//! * healthy: ready pods that are not terminating. A pod whose eviction was granted terminates in the same step, so
//!   `status.disruptedPods` is always empty.
//! * expected: `spec.replicas` of all workloads that have a matching pod (pending and terminating ones too), unless
//!   `minAvailable` is a number. Bare pods are not expected by anybody; where pods of a Job are selected, nothing is
//!   allowed then.
//! * desired: `minAvailable`, or what `maxUnavailable` leaves of the expected pods; percentages are rounded up.
//! * allowed: healthy beyond desired, none if no pod is expected.
//!
//! ## Not modelled
//! Delays between a change of a pod and the status; failed pods, but where an intent counts them.

mod eviction;

pub(crate) use eviction::{Admission, admission};

use super::Controller;
use crate::cluster::disruption::Demand;
use crate::cluster::rollout::Amount;
use crate::cluster::{Cluster, PodDisruptionBudget, Taint, TaintEffect, Workload};
use crate::footprint::{CONTROLLER_MANAGER, Footprint};
use crate::needs::Needs;
use crate::state::{Model, RuleBuilder, UNSCHEDULABLE, counted, text};
use crate::subject::{ObjectId, Subject};
use crate::term::{Bool, Int, Term, any, ite, sum};

/// See the module.
pub struct Disruption;

impl Controller for Disruption {
    fn name(&self) -> &'static str {
        "disruption-controller"
    }

    fn summary(&self) -> &'static str {
        "says how many evictions each PodDisruptionBudget allows"
    }

    fn needs(&self, cluster: &Cluster, others: &Needs) -> Needs {
        let cordon = Taint::of(UNSCHEDULABLE, TaintEffect::NoSchedule);
        let mut templates = cluster.workloads.iter().flat_map(Workload::templates);
        let tolerated = templates.any(|one| one.tolerations.iter().any(|toleration| toleration.tolerates(&cordon)));
        // Evictions of pods that have not started ask no budget.
        let evicted = others.takes_pods || (others.nodes_cordoned && tolerated);
        Needs { sees_admission: evicted && !cluster.disruption_budgets.is_empty(), ..Needs::default() }
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: CONTROLLER_MANAGER,
            watches: &["PodDisruptionBudget", "Pod", "ReplicaSet", "Deployment", "StatefulSet"],
            reads_live: &["scales of other owners; the eviction API reads the budget"],
            forgets: &[],
        }
    }

    fn add_rules(&self, _: &mut Model) {}
}

/// `status` of a budget.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Status {
    /// Ready pods that are not terminating.
    pub(crate) current_healthy: Int,
    /// How many of them there must be.
    pub(crate) desired_healthy: Int,
    /// How many pods there should be.
    pub(crate) expected_pods: Int,
    /// How many pods may be evicted at once.
    pub(crate) disruptions_allowed: Int,
}

/// The status of a budget in a state.
pub(crate) fn status(model: &Model, budget: &PodDisruptionBudget) -> Status {
    let selected =
        |&group: &usize| budget.selects(&model.workload(group).reference.namespace, &model.template(group).labels);
    let groups: Vec<usize> = (0..model.groups.len()).filter(selected).collect();
    let ready = |&group: &usize| sum(model.groups[group].slots().map(|slot| model.revision_ready_on(group, slot)));
    let current_healthy = sum(groups.iter().map(ready).collect::<Vec<_>>());
    let wanted = wanted(model, &groups);
    let (expected_pods, desired_healthy) = match budget.demand {
        Demand::Nothing => (0.into(), 0.into()),
        Demand::MinAvailable(Amount::Pods(pods)) => {
            (sum(groups.iter().map(|&group| pods_of(model, group)).collect::<Vec<_>>()), pods.into())
        }
        Demand::MinAvailable(Amount::Percent(percent)) => (wanted, share(wanted, percent)),
        Demand::MaxUnavailable(Amount::Pods(pods)) => (wanted, wanted.monus(pods)),
        Demand::MaxUnavailable(Amount::Percent(percent)) => (wanted, wanted.monus(share(wanted, percent))),
    };
    // A Job has no scale, which counting its replicas needs: then nothing is allowed (`failSafe`).
    let needs_scale = !matches!(budget.demand, Demand::MinAvailable(Amount::Pods(_)) | Demand::Nothing);
    let jobs = groups.iter().filter(|&&group| needs_scale && model.workload(group).job().is_some());
    let fails = any(jobs.map(|&group| pods_of(model, group).above(0)).collect::<Vec<_>>());
    let allowed = expected_pods.above(0) & !fails;
    let disruptions_allowed = ite(allowed, current_healthy.monus(desired_healthy), 0);
    Status { current_healthy, desired_healthy, expected_pods, disruptions_allowed }
}

/// A percentage of pods, rounded up.
fn share(pods: Int, percent: i64) -> Int {
    (pods * percent).ceil_div(100)
}

/// All pods of a group that the API server knows.
fn pods_of(model: &Model, group: usize) -> Int {
    let state = &model.groups[group];
    let terminating = sum(state.terminating.iter().map(|count| count.value));
    state.active() + terminating + state.failed.map_or(0.into(), |failed| failed.value)
}

/// `spec.replicas` of the workloads that have a pod in some of the groups.
fn wanted(model: &Model, groups: &[usize]) -> Int {
    let scaled = groups.iter().filter(|&&group| !model.workload(group).is_bare());
    let mut workloads: Vec<usize> = scaled.map(|&group| model.groups[group].workload).collect();
    workloads.sort_unstable();
    workloads.dedup();
    let scale = |workload: usize| {
        let own: Vec<usize> = groups.iter().copied().filter(|&one| model.groups[one].workload == workload).collect();
        let pods = sum(own.iter().map(|&group| pods_of(model, group)).collect::<Vec<_>>());
        own.first().map_or(0.into(), |&group| ite(pods.above(0), model.groups[group].spec.value, 0))
    };
    sum(workloads.into_iter().map(scale).collect::<Vec<_>>())
}

/// Adds the status of a budget to what a rule tells with `-v`, and the budget to where it stems from.
pub(crate) fn tell(rule: RuleBuilder, (budget, id): (&PodDisruptionBudget, ObjectId), status: &Status) -> RuleBuilder {
    let of = |word: &'static str| Subject::new(word).of(id);
    rule.detail(of("currentHealthy of"), status.current_healthy.id())
        .detail(of("desiredHealthy of"), status.desired_healthy.id())
        .detail(of("expectedPods of"), status.expected_pods.id())
        .detail(of("disruptionsAllowed of"), status.disruptions_allowed.id())
        .because_of(budget.demand_origin())
}

/// Makes a rule tell what the budgets of the cluster allow before the step, and stem from them.
pub(crate) fn tell_budgets(model: &Model, mut rule: RuleBuilder) -> RuleBuilder {
    for budget in &model.cluster.disruption_budgets {
        let is_selected = |workload: &crate::cluster::Workload| {
            workload.templates().any(|one| budget.selects(&workload.reference.namespace, &one.labels))
        };
        if model.cluster.workloads.iter().any(is_selected) {
            let allowed = status(model, budget).disruptions_allowed;
            rule = rule
                .also_says([
                    text(format!("budget {}/{} allows ", budget.namespace, budget.name)),
                    counted(allowed, "disruption", "disruptions"),
                ])
                .because_of(budget.demand_origin());
        }
    }
    rule
}

/// Whether the budget would let an unready pod go without counting it (`IfHealthyBudget`, section 6.6).
fn is_healthy(status: &Status) -> Bool {
    status.current_healthy.at_least(status.desired_healthy) & status.desired_healthy.above(0)
}
