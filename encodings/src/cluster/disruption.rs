//! PodDisruptionBudgets (section 6.5).

use super::Cluster;
use super::rollout::Amount;
use super::selector::{LabelSelector, Labels};
use crate::system::Origin;

/// What a budget demands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Demand {
    /// `spec.minAvailable`; a percentage is one of the replicas wanted, rounded up.
    MinAvailable(Amount),
    /// `spec.maxUnavailable`; a percentage is one of the replicas wanted, rounded up.
    MaxUnavailable(Amount),
    /// Neither field: no pods are expected then, which allows no disruption at all.
    Nothing,
}

/// A PodDisruptionBudget.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodDisruptionBudget {
    /// Namespace, whose pods it selects.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `spec.selector`; `None` selects none, an empty one all pods of the namespace.
    pub selector: Option<LabelSelector>,
    /// What it demands.
    pub demand: Demand,
    /// `spec.unhealthyPodEvictionPolicy` is `AlwaysAllow`.
    pub always_allows_unhealthy: bool,
    /// Where it is written.
    pub origin: Origin,
}

impl PodDisruptionBudget {
    /// The field that says what it demands.
    pub fn demand_origin(&self) -> Origin {
        let field = match self.demand {
            Demand::MinAvailable(_) => "spec.minAvailable",
            Demand::MaxUnavailable(_) => "spec.maxUnavailable",
            Demand::Nothing => "spec",
        };
        Origin { object: self.origin.object.clone(), field: field.into() }
    }

    /// Whether it selects pods of a namespace with these labels.
    pub fn selects(&self, namespace: &str, labels: &Labels) -> bool {
        self.namespace == namespace && self.selector.as_ref().is_some_and(|selector| selector.matches(labels))
    }
}

impl Cluster {
    /// The budgets that select pods of a namespace with these labels.
    pub fn budgets_of<'a>(
        &'a self,
        namespace: &'a str,
        labels: &'a Labels,
    ) -> impl Iterator<Item = &'a PodDisruptionBudget> {
        self.disruption_budgets.iter().filter(move |budget| budget.selects(namespace, labels))
    }
}
