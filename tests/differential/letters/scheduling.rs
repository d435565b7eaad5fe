//! Profiles of the scheduler.

use super::{Letters, fields, kinds, names_nodes};
use kubound_encodings::cluster::scheduler::{DefaultSpread, SchedulerProfile, ScoringStrategy};

pub const ALL: &[&[&str]] = &[PROFILE, SCORING, DEFAULT_SPREAD];

/// The letters of a profile.
pub fn letters(profile: &SchedulerProfile, found: &mut Letters) {
    of_profile(profile, found);
    of_scoring(&profile.strategy, found);
    of_default_spread(&profile.default_spread, found);
}

fields! { PROFILE, of_profile: SchedulerProfile,
    SchedulerProfile {
        name: _, taint_toleration, node_affinity, resources_fit, balanced_allocation, topology_spread,
        inter_pod_affinity, hard_pod_affinity_weight, ignores_preferences_of_others, strategy: _,
        strategy_resources: _, balanced_resources, default_spread: _, disabled_filters, preempts, added_required,
        added_preferred, ignored_resources, percentage_of_nodes: _,
    } => {
        "profile: TaintToleration": *taint_toleration != 3,
        "profile: NodeAffinity": *node_affinity != 2,
        "profile: NodeResourcesFit": *resources_fit != 1,
        "profile: NodeResourcesBalancedAllocation": *balanced_allocation != 1,
        "profile: PodTopologySpread": *topology_spread != 2,
        "profile: InterPodAffinity": *inter_pod_affinity != 2,
        "profile: a plugin does not score": *taint_toleration * *node_affinity * *resources_fit * *topology_spread == 0,
        "profile: hardPodAffinityWeight": *hard_pod_affinity_weight != 1,
        "profile: ignorePreferredTermsOfExistingPods": *ignores_preferences_of_others,
        "profile: balanced resources": balanced_resources.len() == 1,
        "profile: a filter is off": !disabled_filters.is_empty(),
        "profile: NodeResourcesFit does not filter": disabled_filters.iter().any(|one| one == "NodeResourcesFit"),
        "profile: no preemption": !preempts,
        "profile: addedAffinity": added_required.is_some(),
        "profile: addedAffinity with names": added_required.as_deref().is_some_and(names_nodes),
        "profile: preferred addedAffinity": !added_preferred.is_empty(),
        "profile: ignoredResources": ignored_resources.iter().any(|one| !one.ends_with('/')),
        "profile: ignoredResourceGroups": ignored_resources.iter().any(|one| one.ends_with('/')),
    }
}

kinds! { SCORING, of_scoring: ScoringStrategy, {
    ScoringStrategy::LeastAllocated => "LeastAllocated",
    ScoringStrategy::MostAllocated => "MostAllocated",
    ScoringStrategy::RequestedToCapacityRatio(_) => "RequestedToCapacityRatio",
} }

kinds! { DEFAULT_SPREAD, of_default_spread: DefaultSpread, {
    DefaultSpread::System => "default spread: System",
    DefaultSpread::List(_) => "default spread: List",
} }
