//! The scheduler's profile (sections 1.3 and 1.12): plugin weights and arguments that the models read.

use super::node::is_extended_resource;
use super::pod::{PreferredTerm, TopologySpreadConstraint};
use super::selector::NodeSelectorTerm;

/// `NodeResourcesFitArgs.scoringStrategy.type`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ScoringStrategy {
    /// Prefer empty nodes.
    LeastAllocated,
    /// Prefer full nodes.
    MostAllocated,
    /// Piecewise linear: points of utilisation (0..100) and score (0..10), utilisation strictly ascending.
    RequestedToCapacityRatio(Vec<(i64, i64)>),
}

/// Default constraints of PodTopologySpread.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DefaultSpread {
    /// maxSkew 3 over hostnames and 5 over zones, both ScheduleAnyway (section 1.9).
    System,
    /// These; selectors are derived.
    List(Vec<TopologySpreadConstraint>),
}

/// One profile; weights of 0 mean that the plugin does not score.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SchedulerProfile {
    /// Its name.
    pub name: String,
    /// Weight of TaintToleration, 3 by default.
    pub taint_toleration: i64,
    /// Weight of NodeAffinity, 2 by default.
    pub node_affinity: i64,
    /// Weight of NodeResourcesFit, 1 by default.
    pub resources_fit: i64,
    /// Weight of NodeResourcesBalancedAllocation, 1 by default.
    pub balanced_allocation: i64,
    /// Weight of PodTopologySpread, 2 by default.
    pub topology_spread: i64,
    /// Weight of InterPodAffinity, 2 by default.
    pub inter_pod_affinity: i64,
    /// `InterPodAffinityArgs.hardPodAffinityWeight`: what a required affinity of a pod that is there adds, 0 to 100, 1
    /// by default.
    pub hard_pod_affinity_weight: i64,
    /// `InterPodAffinityArgs.ignorePreferredTermsOfExistingPods`.
    pub ignores_preferences_of_others: bool,
    /// Scoring strategy of NodeResourcesFit.
    pub strategy: ScoringStrategy,
    /// Resources and weights of the strategy, cpu 1 and memory 1 by default.
    pub strategy_resources: Vec<(String, i64)>,
    /// Resources of NodeResourcesBalancedAllocation, cpu and memory by default.
    pub balanced_resources: Vec<String>,
    /// Default spread constraints.
    pub default_spread: DefaultSpread,
    /// Filter plugins switched off, by name.
    pub disabled_filters: Vec<String>,
    /// Whether DefaultPreemption is on.
    pub preempts: bool,
    /// `NodeAffinityArgs.addedAffinity`: terms, ORed, one of which nodes must match besides what a pod asks for.
    pub added_required: Option<Vec<NodeSelectorTerm>>,
    /// `NodeAffinityArgs.addedAffinity`: preferences besides those of a pod.
    pub added_preferred: Vec<PreferredTerm>,
    /// `NodeResourcesFitArgs.ignoredResources` and `ignoredResourceGroups`, which ends with a `/` each: extended
    /// resources that NodeResourcesFit lets pass.
    pub ignored_resources: Vec<String>,
    /// `percentageOfNodesToScore`, 0 to 100; 0 means adaptive.
    pub percentage_of_nodes: i64,
}

impl Default for SchedulerProfile {
    fn default() -> Self {
        Self {
            name: "default-scheduler".into(),
            taint_toleration: 3,
            node_affinity: 2,
            resources_fit: 1,
            balanced_allocation: 1,
            topology_spread: 2,
            inter_pod_affinity: 2,
            hard_pod_affinity_weight: 1,
            ignores_preferences_of_others: false,
            strategy: ScoringStrategy::LeastAllocated,
            strategy_resources: vec![("cpu".into(), 1), ("memory".into(), 1)],
            balanced_resources: vec!["cpu".into(), "memory".into()],
            default_spread: DefaultSpread::System,
            disabled_filters: Vec::new(),
            preempts: true,
            added_required: None,
            added_preferred: Vec::new(),
            ignored_resources: Vec::new(),
            percentage_of_nodes: 0,
        }
    }
}

/// Nodes up to which all feasible ones are scored, whatever `percentageOfNodesToScore` says.
const ALWAYS_SCORED: usize = 100;

impl SchedulerProfile {
    /// Whether NodeResourcesFit lets a resource pass; only extended ones can be ignored.
    pub fn ignores(&self, resource: &str) -> bool {
        let is_meant = |one: &String| one == resource || (one.ends_with('/') && resource.starts_with(one.as_str()));
        is_extended_resource(resource) && self.ignored_resources.iter().any(is_meant)
    }

    /// Whether a cluster of so many nodes may have feasible nodes that are not scored (section 1.4).
    pub fn samples(&self, nodes: usize) -> bool {
        nodes > ALWAYS_SCORED && self.percentage_of_nodes < 100
    }
}
