//! Autoscalers of random clusters.

use crate::generate::target;
use crate::nodes_and_pods::origin;
use crate::random::Random;
use kubound_encodings::cluster::hpa::{
    Behavior, Comparison, Metric, MetricResource, MetricTarget, NamedMetric, OtherMetric, ScalingPolicy, ScalingRules,
    SelectPolicy,
};
use kubound_encodings::cluster::node::CPU;
use kubound_encodings::cluster::pod::ContainerRequests;
use kubound_encodings::cluster::vpa::{Allowed, Controlled, usages};
use kubound_encodings::cluster::workload::{ContainerUsage, MetricValue, Share, Usage};
use kubound_encodings::cluster::{Cluster, HorizontalPodAutoscaler, LabelSelector, Span, VerticalPodAutoscaler};

/// Lets requests of CPU of the only workload be recommended, in some clusters.
pub fn recommend(random: &mut Random, cluster: &mut Cluster) {
    let [workload] = cluster.workloads.as_slice() else { return };
    if !random.percent(6) || !workload.has_replica_sets() || cluster.revisions(workload) > 1 {
        return;
    }
    let usage = random.pick(&[
        Usage::PerPod(Span::exactly(900)),
        Usage::PerPod(Span::exactly(100)),
        Usage::Shared(Span::exactly(1200)),
    ]);
    let allowed = Allowed { min: None, max: random.pick(&[None, Some(700)]) };
    let controlled = Controlled::new(MetricResource::Cpu, usages(usage, &[], 2), allowed, true);
    let workload = &mut cluster.workloads[0];
    workload.cpu_usage = usage;
    let template = |&target: &i64| {
        let mut template = workload.template.clone();
        template.requests.insert(CPU.to_owned(), target);
        (template.nonzero_cpu, template.cpu_requested_everywhere) = (target, true);
        template
    };
    workload.recommended = controlled.targets.iter().map(template).collect();
    let written = workload.template.requests.get(CPU).map(|&amount| (CPU.to_owned(), amount));
    cluster.vpas = vec![VerticalPodAutoscaler {
        name: "vertical".into(),
        target: workload.reference.clone(),
        evicts: random.percent(80),
        min_replicas: random.pick(&[1, 2]),
        controlled: vec![controlled],
        written: written.into_iter().collect(),
        origin: origin("VerticalPodAutoscaler/default/vertical"),
    }];
}

/// An autoscaler of some workload.
pub fn autoscaler(random: &mut Random, cluster: &Cluster) -> HorizontalPodAutoscaler {
    let cpu = |target| Metric { resource: MetricResource::Cpu, target };
    let memory = Metric { resource: MetricResource::Memory, target: MetricTarget::Utilization(60) };
    let mut metrics = vec![cpu(random.pick(&[
        MetricTarget::Utilization(50),
        MetricTarget::Utilization(90),
        MetricTarget::AverageValue(400),
    ]))];
    if random.percent(20) {
        metrics.push(memory);
    }
    HorizontalPodAutoscaler {
        name: "scaler".into(),
        target: target(random, cluster),
        selector: None,
        other_metrics: Vec::new(),
        min: random.pick(&[1, 1, 2]),
        max: random.pick(&[2, 3, 4]),
        metrics,
        behavior: random.percent(50).then(|| Behavior { up: scaling(random), down: scaling(random) }),
        tolerance: Default::default(),
        sync_period: 15,
        downscale_stabilization: random.pick(&[300, 30, 0]),
        origin: origin("HorizontalPodAutoscaler/default/scaler"),
    }
}

fn scaling(random: &mut Random) -> ScalingRules {
    let mut policies = Vec::new();
    for _ in 0..random.within(1, 2) {
        let period = random.pick(&[15, 60]);
        policies.push(random.pick(&[
            ScalingPolicy::Pods { value: 1, period },
            ScalingPolicy::Pods { value: 4, period },
            ScalingPolicy::Percent { value: 50, period },
            ScalingPolicy::Percent { value: 100, period },
        ]));
    }
    let select = random.pick(&[SelectPolicy::Max, SelectPolicy::Max, SelectPolicy::Min, SelectPolicy::Disabled]);
    ScalingRules { stabilization: random.pick(&[0, 0, 60]), policies, select }
}

/// Lets autoscalers look at the pods of all workloads, and at one of two containers, in some clusters.
pub fn take_others(random: &mut Random, cluster: &mut Cluster) {
    for autoscaler in &mut cluster.hpas {
        autoscaler.selector = random.percent(30).then(LabelSelector::default);
        if random.percent(20) {
            let target = MetricTarget::Utilization(random.pick(&[40, 90]));
            let metric = Metric { resource: MetricResource::Cpu, target };
            autoscaler.other_metrics = vec![OtherMetric::Container { container: "app".into(), metric }];
            let used = random.pick(&[Share::Exactly(200), Share::Rest(50)]);
            for workload in &mut cluster.workloads {
                let part = |name: &str, cpu: i64| ContainerRequests {
                    name: name.into(),
                    requests: [(CPU.to_owned(), cpu)].into(),
                };
                workload.template.containers = vec![part("app", 400), part("proxy", 100)];
                workload.container_usage = vec![ContainerUsage { name: "app".into(), cpu: Some(used), memory: None }];
            }
        }
    }
}

/// Lets autoscalers look at a metric that is no resource, in some clusters.
pub fn add_metrics(random: &mut Random, cluster: &mut Cluster) {
    for autoscaler in &mut cluster.hpas {
        if random.percent(20) {
            let comparison = random.pick(&[Comparison::PerPod, Comparison::Value, Comparison::AverageValue]);
            let metric = NamedMetric { name: "queue".into(), comparison, target: 30_000 };
            autoscaler.other_metrics.push(OtherMetric::Named(metric));
            let value = random.pick(&[Span::exactly(50_000), Span { lo: 10_000, hi: 50_000, step: 40_000 }]);
            let is_shared = random.percent(30);
            for workload in &mut cluster.workloads {
                workload.metrics = vec![MetricValue { name: "queue".into(), value, is_shared }];
            }
        }
    }
}
