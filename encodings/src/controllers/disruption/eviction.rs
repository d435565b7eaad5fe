//! The eviction subresource of pods: whether an eviction is granted (section 6.6, `EvictionREST.Create`).
//!
//! * A pod that has not started (phase `Pending`) is deleted without a look at budgets.
//! * A pod that several budgets select is never evicted: the API server answers with an error.
//! * An unready pod goes without being counted if the policy is `AlwaysAllow`, or if the budget is kept and demands a
//!   healthy pod at all. Else it is treated as a ready one.
//! * A ready pod goes if a disruption is allowed, and uses it up.

use super::{Status, is_healthy, status, tell};
use crate::cluster::PodDisruptionBudget;
use crate::cluster::workload::Readiness;
use crate::state::{Model, Phase, Phrases, RuleBuilder, counted, text, value};
use crate::subject::ObjectId;
use crate::system::Origin;
use crate::term::{Bool, Int, ite};

/// What the API server says to evictions of pods of a group in a phase on a slot.
pub(crate) enum Admission<'c> {
    /// All are granted.
    Free,
    /// None is granted.
    Refused,
    /// A budget is asked.
    Asked {
        /// The budget.
        budget: &'c PodDisruptionBudget,
        /// What subjects call it.
        id: ObjectId,
        /// Its index among the budgets of the cluster.
        index: usize,
        /// Its status.
        status: Status,
        /// Whether these pods go without being counted.
        uncounted: Bool,
    },
}

/// What the API server says to evictions of pods of a group in a phase on a slot.
pub(crate) fn admission<'c>(model: &Model<'c>, group: usize, slot: usize, phase: Phase) -> Admission<'c> {
    if phase == Phase::Bound {
        return Admission::Free;
    }
    let cluster = model.cluster;
    let (namespace, labels) = (&model.workload(group).reference.namespace, &model.template(group).labels);
    let mut budgets =
        cluster.disruption_budgets.iter().enumerate().filter(|(_, budget)| budget.selects(namespace, labels));
    let (index, budget) = match (budgets.next(), budgets.next()) {
        (None, _) => return Admission::Free,
        (Some(_), Some(_)) => return Admission::Refused,
        (Some(only), None) => only,
    };
    let status = status(model, budget);
    let starts_ready = model.startup(group).is_none_or(|one| one.readiness == Readiness::AtOnce);
    let is_ready = match (phase, model.slots[slot].pods_not_ready) {
        (Phase::Starting(_), _) if !starts_ready => false.into(),
        (Phase::Crashed, _) => false.into(),
        (_, Some(not_ready)) => !not_ready.value,
        (_, None) => true.into(),
    };
    let lets_unready_go = if budget.always_allows_unhealthy { true.into() } else { is_healthy(&status) };
    Admission::Asked { budget, id: model.ids.budgets[index], index, status, uncounted: !is_ready & lets_unready_go }
}

impl Admission<'_> {
    /// Whether a budget or a refusal stands between an eviction and the pods.
    pub(crate) fn is_free(&self) -> bool {
        matches!(self, Self::Free)
    }

    /// Most of so many pods that are granted at once, if nobody else evicts.
    pub(crate) fn most(&self, pods: Int) -> Int {
        match self {
            Self::Free => pods,
            Self::Refused => 0.into(),
            Self::Asked { status, uncounted, .. } => ite(*uncounted, pods, pods.min(status.disruptions_allowed)),
        }
    }

    /// Whether so many of some pods are granted at once, if nobody else evicts: no more than there are, and no more than the
    /// budget allows. Two conditions, so that who asks about the pods need not know how a budget is computed.
    pub(crate) fn grants(&self, evicted: Int, pods: Int) -> Bool {
        evicted.at_most(pods)
            & match self {
                Self::Free => true.into(),
                Self::Refused => evicted.is(0),
                Self::Asked { status, uncounted, .. } => *uncounted | evicted.at_most(status.disruptions_allowed),
            }
    }

    /// What the API server says where it refuses an eviction, with the field that makes it do so.
    pub(crate) fn says(&self) -> Option<(Phrases, Vec<Origin>)> {
        match self {
            Self::Free => None,
            Self::Refused => {
                let told = "more than one PodDisruptionBudget selects them, which the eviction API does not support";
                Some((vec![text(told)], Vec::new()))
            }
            Self::Asked { budget, status, .. } => {
                let says = vec![
                    text(format!("budget {}/{} needs ", budget.namespace, budget.name)),
                    counted(status.desired_healthy, "healthy pod", "healthy pods"),
                    text(" and has "),
                    value(status.current_healthy),
                ];
                Some((says, vec![budget.demand_origin()]))
            }
        }
    }

    /// Makes a rule tell of the budget.
    pub(crate) fn tell(&self, rule: RuleBuilder) -> RuleBuilder {
        match self {
            Self::Asked { budget, id, status, .. } => tell(rule, (budget, *id), status),
            _ => rule,
        }
    }
}
