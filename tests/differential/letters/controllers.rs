//! CronJobs, autoscalers, budgets and quotas.

use super::{Letters, fields, kinds};
use kubound_encodings::cluster::Cluster;
use kubound_encodings::cluster::cron_job::{ConcurrencyPolicy, CronJob};
use kubound_encodings::cluster::disruption::{Demand, PodDisruptionBudget};
use kubound_encodings::cluster::hpa::{
    Behavior, Comparison, HorizontalPodAutoscaler, MetricResource, MetricTarget, OtherMetric, ScalingPolicy,
    ScalingRules, SelectPolicy, Tolerance,
};
use kubound_encodings::cluster::node_autoscaler::{NodeAutoscaler, NodeAutoscalerKind};
use kubound_encodings::cluster::quota::{ResourceQuota, Scope};
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::selector::LabelSelector;
use kubound_encodings::cluster::vpa::VerticalPodAutoscaler;

pub const ALL: &[&[&str]] = &[
    CRON,
    POLICY,
    HPA,
    TARGET,
    OTHER,
    COMPARED,
    RULES,
    SCALING,
    SELECT,
    VPA,
    BUDGET,
    DEMAND,
    QUOTA,
    SCOPE,
    AUTOSCALER,
    AUTOSCALER_KIND,
];

/// The letters of all of them.
pub fn letters(cluster: &Cluster, found: &mut Letters) {
    for cron in &cluster.cron_jobs {
        of_cron(cron, found);
        of_policy(&cron.policy, found);
    }
    cluster.hpas.iter().for_each(|hpa| hpa_letters(hpa, found));
    cluster.vpas.iter().for_each(|vpa| of_vpa(vpa, found));
    for budget in &cluster.disruption_budgets {
        of_budget(budget, found);
        of_demand(&budget.demand, found);
    }
    for quota in &cluster.quotas {
        of_quota(quota, found);
        quota.scopes.iter().for_each(|scope| of_scope(scope, found));
    }
    if let Some(autoscaler) = &cluster.node_autoscaler {
        of_autoscaler(autoscaler, found);
        of_autoscaler_kind(&autoscaler.kind, found);
    }
}

fields! { CRON, of_cron: CronJob,
    CronJob { reference: _, gap: _, is_regular, policy: _, is_suspended, starting_deadline, jobs, origin: _ } => {
        "CronJob: regular": *is_regular,
        "CronJob: irregular": !is_regular,
        "CronJob: suspend": *is_suspended,
        "CronJob: startingDeadlineSeconds": starting_deadline.is_some(),
        "CronJob: several Jobs": jobs.len() > 1,
    }
}

kinds! { POLICY, of_policy: ConcurrencyPolicy, {
    ConcurrencyPolicy::Allow => "CronJob: Allow",
    ConcurrencyPolicy::Forbid => "CronJob: Forbid",
    ConcurrencyPolicy::Replace => "CronJob: Replace",
} }

fields! { HPA, of_hpa: HorizontalPodAutoscaler,
    HorizontalPodAutoscaler {
        name: _, target, selector: _, min, max: _, metrics, other_metrics: _, behavior, tolerance, sync_period: _,
        downscale_stabilization, origin: _,
    } => {
        "HPA": true,
        "HPA of a StatefulSet": target.kind == "StatefulSet",
        "HPA: minReplicas": *min > 1,
        "HPA: several metrics": metrics.len() > 1,
        "HPA: memory": metrics.iter().any(|metric| metric.resource == MetricResource::Memory),
        "HPA: behavior": behavior.is_some(),
        "HPA: tolerance": { let Tolerance { down, up } = *tolerance; (down, up) != (100, 100) },
        "HPA: downscaleStabilization": *downscale_stabilization != 300,
    }
}

kinds! { TARGET, of_target: MetricTarget, {
    MetricTarget::Utilization(_) => "HPA: Utilization",
    MetricTarget::AverageValue(_) => "HPA: AverageValue",
} }

kinds! { OTHER, of_other: OtherMetric, {
    OtherMetric::Container { container: _, metric: _ } => "HPA: ContainerResource",
    OtherMetric::Named(_) => "HPA: a metric",
} }

kinds! { COMPARED, of_comparison: Comparison, {
    Comparison::PerPod => "HPA: metric of pods",
    Comparison::Value => "HPA: metric as it is",
    Comparison::AverageValue => "HPA: metric over pods",
} }

fields! { RULES, of_rules: ScalingRules,
    ScalingRules { stabilization, policies, select: _ } => {
        "behavior: stabilizationWindowSeconds": *stabilization == 60,
        "behavior: several policies": policies.len() > 1,
    }
}

kinds! { SCALING, of_scaling: ScalingPolicy, {
    ScalingPolicy::Pods { value: _, period: _ } => "behavior: Pods",
    ScalingPolicy::Percent { value: _, period: _ } => "behavior: Percent",
} }

kinds! { SELECT, of_select: SelectPolicy, {
    SelectPolicy::Max => "behavior: Max",
    SelectPolicy::Min => "behavior: Min",
    SelectPolicy::Disabled => "behavior: Disabled",
} }

fn hpa_letters(hpa: &HorizontalPodAutoscaler, found: &mut Letters) {
    of_hpa(hpa, found);
    hpa.metrics.iter().for_each(|metric| of_target(&metric.target, found));
    for metric in &hpa.other_metrics {
        of_other(metric, found);
        if let OtherMetric::Named(named) = metric {
            of_comparison(&named.comparison, found);
        }
    }
    if let Some(Behavior { up, down }) = &hpa.behavior {
        for rules in [up, down] {
            of_rules(rules, found);
            rules.policies.iter().for_each(|policy| of_scaling(policy, found));
            of_select(&rules.select, found);
        }
    }
}

fields! { VPA, of_vpa: VerticalPodAutoscaler,
    VerticalPodAutoscaler { name: _, target: _, evicts, min_replicas, controlled, written, origin: _ } => {
        "VPA that evicts": *evicts,
        "VPA that does not evict": !evicts,
        "VPA: minReplicas 1": *min_replicas == 1,
        "VPA: both resources": controlled.iter().any(|one| one.resource != controlled[0].resource),
        "VPA: several containers": controlled.iter().any(|one| one.part != controlled[0].part),
        "VPA: several targets": controlled.iter().any(|one| one.targets.len() > 1),
        "VPA: nothing written": written.values().all(|one| one.is_empty()),
    }
}

fields! { BUDGET, of_budget: PodDisruptionBudget,
    PodDisruptionBudget { namespace: _, name: _, selector, demand: _, always_allows_unhealthy, origin: _ } => {
        "budget of all pods": selector.as_ref().is_some_and(LabelSelector::is_empty),
        "budget: AlwaysAllow": *always_allows_unhealthy,
    }
}

kinds! { DEMAND, of_demand: Demand, {
    Demand::MinAvailable(Amount::Pods(_)) => "budget: minAvailable",
    Demand::MinAvailable(Amount::Percent(_)) => "budget: minAvailable in percent",
    Demand::MaxUnavailable(Amount::Pods(_)) => "budget: maxUnavailable",
    Demand::MaxUnavailable(Amount::Percent(_)) => "budget: maxUnavailable in percent",
    Demand::Nothing => "budget without a demand",
} }

fields! { QUOTA, of_quota: ResourceQuota,
    ResourceQuota { namespace: _, name: _, hard, scopes: _, origin: _ } => {
        "quota of pods": hard.contains_key("pods"),
        "quota of requests": hard.contains_key("cpu") || hard.contains_key("memory"),
        "quota of limits": hard.contains_key("limits.cpu"),
    }
}

kinds! { SCOPE, of_scope: Scope, {
    Scope::BestEffort => "quota of BestEffort",
    Scope::NotBestEffort => "quota of NotBestEffort",
} }

fields! { AUTOSCALER, of_autoscaler: NodeAutoscaler,
    NodeAutoscaler { kind, threshold, only_empty, unneeded, respects_preferences, origin: _ } => {
        "node autoscaler: threshold": threshold.is_some_and(|threshold| threshold != 500),
        "node autoscaler: only empty nodes": *only_empty,
        "node autoscaler: at once": *unneeded == Some(0),
        "node autoscaler: never down": unneeded.is_none(),
        "Karpenter: preferences respected": *respects_preferences,
        "Karpenter: preferences ignored": *kind == NodeAutoscalerKind::Karpenter && !respects_preferences,
    }
}

kinds! { AUTOSCALER_KIND, of_autoscaler_kind: NodeAutoscalerKind, {
    NodeAutoscalerKind::ClusterAutoscaler => "Cluster Autoscaler",
    NodeAutoscalerKind::Karpenter => "Karpenter",
} }
