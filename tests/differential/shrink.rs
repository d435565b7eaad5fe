//! Makes a cluster that fails smaller: parts are removed, one at a time, while it still fails in the same way.

use kubound_encodings::cluster::workload::Usage;
use kubound_encodings::cluster::{Cluster, Span, Start};

/// The smallest cluster found that still `fails`.
pub fn shrink(cluster: &Cluster, fails: impl Fn(&Cluster) -> bool) -> Cluster {
    let mut smallest = cluster.clone();
    while let Some(smaller) = smaller(&smallest).into_iter().find(|candidate| fails(candidate)) {
        smallest = smaller;
    }
    smallest
}

/// The cluster with one part less, in all ways that leave it meaningful.
fn smaller(cluster: &Cluster) -> Vec<Cluster> {
    let mut list = Vec::new();
    let mut with = |change: &dyn Fn(&mut Cluster)| {
        let mut copy = cluster.clone();
        change(&mut copy);
        if copy != *cluster {
            list.push(copy);
        }
    };
    for index in 0..cluster.intents.len() {
        if cluster.intents.len() > 1 {
            with(&|copy| drop(copy.intents.remove(index)));
        }
    }
    for index in 0..cluster.scenario_controllers.len() {
        with(&|copy| drop(copy.scenario_controllers.remove(index)));
    }
    for index in 0..cluster.events.len() {
        with(&|copy| drop_event(copy, index));
        with(&|copy| copy.events[index].must = false);
        with(&|copy| copy.events[index].after = None);
    }
    for index in 0..cluster.disruption_budgets.len() {
        with(&|copy| drop(copy.disruption_budgets.remove(index)));
        with(&|copy| copy.disruption_budgets[index].always_allows_unhealthy = false);
    }
    with(&|copy| copy.hpas.clear());
    with(&|copy| {
        copy.vpas.clear();
        copy.workloads.iter_mut().for_each(|workload| workload.recommended.clear());
    });
    with(&|copy| copy.descheduler = None);
    for index in 0..cluster.workloads.len() {
        if cluster.workloads.len() > 1 {
            with(&|copy| drop_workload(copy, index));
        }
    }
    for index in 0..cluster.pools.len() {
        if cluster.pools.len() > 1 {
            with(&|copy| drop(copy.pools.remove(index)));
        }
    }
    with(&|copy| copy.start = Start::Empty);
    pools(cluster, &mut with);
    workloads(cluster, &mut with);
    autoscalers(cluster, &mut with);
    list
}

type With<'a> = dyn FnMut(&dyn Fn(&mut Cluster)) + 'a;

fn pools(cluster: &Cluster, with: &mut With) {
    for (index, pool) in cluster.pools.iter().enumerate() {
        for count in [pool.count.lo, pool.count.hi, pool.count.hi - 1] {
            if count >= 0 && (pool.count.constant().is_none() || count < pool.count.hi) {
                with(&|copy| copy.pools[index].count = Span::exactly(count));
            }
        }
        with(&|copy| copy.pools[index].taints.clear());
        with(&|copy| copy.pools[index].unschedulable = false);
        with(&|copy| copy.pools[index].pods = Span::exactly(110));
        for key in pool.labels.keys() {
            with(&|copy| drop(copy.pools[index].labels.remove(key)));
        }
        for (resource, amount) in &pool.allocatable {
            with(&|copy| {
                copy.pools[index].allocatable.insert(resource.clone(), Span::exactly(amount.hi));
            });
        }
    }
}

fn workloads(cluster: &Cluster, with: &mut With) {
    for (index, workload) in cluster.workloads.iter().enumerate() {
        for replicas in [workload.replicas.lo, workload.replicas.hi, workload.replicas.hi - 1] {
            if replicas >= 1 && (workload.replicas.constant().is_none() || replicas < workload.replicas.hi) {
                with(&|copy| copy.workloads[index].replicas = Span::exactly(replicas));
            }
        }
        with(&|copy| copy.workloads[index].startup = None);
        with(&|copy| forget_templates(copy, index));
        with(&|copy| copy.workloads[index].cpu_usage = Usage::Request);
        with(&|copy| copy.workloads[index].memory_usage = Usage::Request);
        with(&|copy| copy.workloads[index].template.node_name = None);
        with(&|copy| copy.workloads[index].template.node_selector.clear());
        with(&|copy| copy.workloads[index].template.required_affinity = None);
        with(&|copy| copy.workloads[index].template.preferred_affinity.clear());
        with(&|copy| copy.workloads[index].template.priority = 0);
        for number in 0..workload.template.tolerations.len() {
            with(&|copy| drop(copy.workloads[index].template.tolerations.remove(number)));
        }
        for number in 0..workload.template.spread.len() {
            with(&|copy| drop(copy.workloads[index].template.spread.remove(number)));
        }
        for resource in workload.template.requests.keys() {
            with(&|copy| {
                copy.workloads[index].template.requests.remove(resource);
            });
        }
    }
}

fn autoscalers(cluster: &Cluster, with: &mut With) {
    if let Some(policy) = &cluster.descheduler {
        for number in 0..policy.plugins.len() {
            if policy.plugins.len() > 1 {
                with(&|copy| drop(copy.descheduler.as_mut().map(|policy| policy.plugins.remove(number))));
            }
        }
    }
    for (index, autoscaler) in cluster.hpas.iter().enumerate() {
        with(&|copy| copy.hpas[index].behavior = None);
        with(&|copy| copy.hpas[index].downscale_stabilization = 0);
        if autoscaler.metrics.len() > 1 {
            with(&|copy| copy.hpas[index].metrics.truncate(1));
        }
    }
}

fn forget_templates(cluster: &mut Cluster, index: usize) {
    use kubound_encodings::cluster::EventKind;
    let workload = &mut cluster.workloads[index];
    workload.later_templates.clear();
    for event in &mut cluster.events {
        match &mut event.kind {
            EventKind::Apply { target, template, .. } if *target == workload.reference => *template = 0,
            _ => {}
        }
    }
}

fn drop_event(cluster: &mut Cluster, index: usize) {
    let event = cluster.events.remove(index);
    for other in &mut cluster.events {
        other.after = other.after.take().filter(|id| *id != event.id);
    }
    for workload in &mut cluster.workloads {
        workload.exists = true;
    }
}

fn drop_workload(cluster: &mut Cluster, index: usize) {
    use kubound_encodings::cluster::EventKind;
    let reference = cluster.workloads.remove(index).reference;
    cluster.hpas.retain(|autoscaler| autoscaler.target != reference);
    cluster.vpas.retain(|autoscaler| autoscaler.target != reference);
    cluster.intents.retain(|intent| intent.kind.target() != Some(&reference));
    cluster.events.retain(|event| match &event.kind {
        EventKind::CpuChange { target, .. }
        | EventKind::Apply { target, .. }
        | EventKind::Scale { target, .. }
        | EventKind::Rollout { target }
        | EventKind::Rollback { target }
        | EventKind::CreateDeployment { target } => *target != reference,
        _ => true,
    });
}
