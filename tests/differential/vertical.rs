//! Vertical autoscalers of random clusters.

use crate::nodes_and_pods::origin;
use crate::random::Random;
use kubound_encodings::cluster::hpa::MetricResource;
use kubound_encodings::cluster::node::CPU;
use kubound_encodings::cluster::vpa::{Allowed, Controlled, usages};
use kubound_encodings::cluster::workload::Usage;
use kubound_encodings::cluster::{Cluster, Span, VerticalPodAutoscaler};

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
        name: "default/vertical".into(),
        target: workload.reference.clone(),
        evicts: random.percent(80),
        min_replicas: random.pick(&[1, 2]),
        controlled: vec![controlled],
        written: written.into_iter().collect(),
        origin: origin("VerticalPodAutoscaler/default/vertical"),
    }];
}
