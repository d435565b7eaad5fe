//! Random clusters: autoscalers, the descheduler, events and intents around random nodes and workloads.

use crate::autoscaling::{add_metrics, autoscaler, recommend, take_others};
use crate::nodes_and_pods::{ZONE, origin, pool, workload};
use crate::random::Random;
use kubound_encodings::cluster::cron_job::CRON_JOB;
use kubound_encodings::cluster::descheduler::{DeschedulerPlugin, EnabledPlugin, Evictor, Namespaces};
use kubound_encodings::cluster::disruption::Demand;
use kubound_encodings::cluster::event::ApplyMode;
use kubound_encodings::cluster::intent::SchedulableMode;
use kubound_encodings::cluster::node::{CPU, HOSTNAME};
use kubound_encodings::cluster::pod::WhenUnsatisfiable;
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::workload::{
    ByIndex, Control, DAEMON_SET, DaemonSet, Disruption, JOB, Job, POD, STATEFUL_SET, StatefulSet, Usage,
};
use kubound_encodings::cluster::{
    Cluster, ConcurrencyPolicy, CronJob, DeschedulerPolicy, Event, EventKind, Expression, Intent, IntentKind,
    KubernetesVersion, LabelSelector, NodeAutoscaler, NodeAutoscalerKind, NodeGroup, NodePool, PodDisruptionBudget,
    Requirement, ScenarioController, ScenarioControllerKind, Span, Start, Strategy, Timing, When, Workload,
    WorkloadRef,
};

/// The cluster of a seed.
pub fn cluster(seed: u64) -> Cluster {
    let random = &mut Random::new(seed);
    let pools: Vec<_> = (0..random.within(1, 2) as usize).map(|number| pool(random, number)).collect();
    let mut workloads = workloads(random, &pools);
    // Draws of their own, which leave the rest of a seed's cluster as it is.
    give_ordinals(&mut Random::new(seed.wrapping_add(1 << 40)), &mut workloads);
    let mut cluster = Cluster {
        name: format!("seed {seed}"),
        version: KubernetesVersion(random.pick(&[29, 33])),
        pools,
        workloads,
        start: random.pick(&[Start::Empty, Start::Settled, Start::Any]),
        timing: if random.percent(80) { Timing::Paced } else { Timing::Interleaved },
        ..Cluster::default()
    };
    if random.percent(25) {
        cluster.hpas.push(autoscaler(random, &cluster));
    }
    if random.percent(35) {
        cluster.descheduler = Some(descheduler(random));
    }
    let guarded = random.percent(30);
    if guarded {
        for number in 0..random.pick(&[1, 1, 1, 2]) {
            let budget = budget(random, &cluster, number);
            cluster.disruption_budgets.push(budget);
        }
    }
    if guarded || random.percent(50) {
        for number in 0..random.pick(&[1, 1, 2]) {
            let event = event(random, &mut cluster, number);
            cluster.events.extend(event);
        }
    }
    for number in 0..random.within(2, 4) {
        let intent = intent(random, &cluster, number);
        cluster.intents.push(intent);
    }
    add_another(&mut Random::new(seed.wrapping_add(1 << 41)), &mut cluster);
    start_again(&mut Random::new(seed.wrapping_add(1 << 42)), &mut cluster);
    take_others(&mut Random::new(seed.wrapping_add(1 << 44)), &mut cluster);
    add_metrics(&mut Random::new(seed.wrapping_add(1 << 46)), &mut cluster);
    update_daemons(&mut Random::new(seed.wrapping_add(1 << 44)), &mut cluster);
    pause(&mut Random::new(seed.wrapping_add(1 << 45)), &mut cluster);
    recommend(&mut Random::new(seed.wrapping_add(1 << 43)), &mut cluster);
    // Small ones, since every node that may come is part of the state.
    let is_small = cluster.workloads.len() == 1 && cluster.hpas.is_empty() && cluster.descheduler.is_none();
    if is_small && random.percent(8) {
        scale_nodes(random, &mut cluster);
    }
    cluster
}

/// Adds a Job or a bare pod, in some clusters of one workload.
fn add_another(random: &mut Random, cluster: &mut Cluster) {
    if !random.percent(2) || cluster.workloads.len() > 1 {
        return;
    }
    let mut other = workload(random, 2, &cluster.pools);
    (other.startup, other.crash_loop) = (None, None);
    other.reference.kind = if random.percent(70) { JOB.into() } else { POD.into() };
    other.origin = origin(&other.reference.to_string());
    other.control = Control::Bare;
    other.replicas = Span::exactly(1);
    if other.reference.kind == JOB {
        other.replicas = random.pick(&[Span::exactly(1), Span::exactly(2)]);
        other.control = Control::Ends(Job {
            completions: random.pick(&[None, Some(1), Some(2)]),
            backoff_limit: random.within(0, 1),
            by_index: None,
            active_deadline: None,
            is_suspended: false,
            on_disruption: random.pick(&[
                Disruption::Count,
                Disruption::Count,
                Disruption::Ignore,
                Disruption::FailJob,
            ]),
            replaces_failed_only: random.percent(30),
            run_time: random.pick(&[None, Some(60), Some(300)]),
        });
    }
    let kind = IntentKind::Converges { target: Some(other.reference.clone()) };
    cluster.workloads.push(other);
    cluster.intents.push(Intent { id: "another".into(), kind, origin: origin("Scenario") });
}

/// Adds a CronJob, in some clusters of one workload.
fn start_again(random: &mut Random, cluster: &mut Cluster) {
    if !random.percent(1) || cluster.workloads.len() > 1 {
        return;
    }
    let reference = WorkloadRef { kind: CRON_JOB.into(), namespace: "default".into(), name: "cron".into() };
    let policies = [ConcurrencyPolicy::Allow, ConcurrencyPolicy::Forbid, ConcurrencyPolicy::Replace];
    let policy = random.pick(&policies);
    let mut job = workload(random, 2, &cluster.pools);
    (job.startup, job.crash_loop, job.replicas) = (None, None, Span::exactly(1));
    let run_time = random.pick(&[None, Some(60), Some(300)]);
    let active_deadline = random.pick(&[None, None, Some(120)]);
    let backoff_limit = random.within(0, 1);
    let by_index = random.percent(20).then(|| ByIndex { limit: random.within(0, 1), max_failed: None });
    job.control = Control::Ends(Job { backoff_limit, by_index, run_time, active_deadline, ..Job::default() });
    let mut cron = CronJob {
        reference: reference.clone(),
        gap: random.pick(&[Some(60), Some(120)]),
        is_regular: random.percent(60),
        policy,
        is_suspended: false,
        starting_deadline: random.pick(&[None, None, Some(60)]),
        jobs: Vec::new(),
        origin: origin(&reference.to_string()),
    };
    for place in 1..=if policy == ConcurrencyPolicy::Allow { 2 } else { 1 } {
        let mut one = job.clone();
        one.reference = WorkloadRef { kind: JOB.into(), name: format!("cron#{place}"), ..reference.clone() };
        one.origin = origin(&reference.to_string());
        cron.jobs.push(one.reference.clone());
        cluster.workloads.push(one);
    }
    cluster.cron_jobs.push(cron);
    let converges = IntentKind::Converges { target: Some(reference.clone()) };
    let bounded = IntentKind::BoundedPods { target: reference, max: None };
    for (id, kind) in [("completes", converges), ("bounded", bounded)] {
        cluster.intents.push(Intent { id: id.into(), kind, origin: origin("Scenario") });
    }
}

/// Lets some manifests that are applied pause their Deployment.
fn pause(random: &mut Random, cluster: &mut Cluster) {
    for event in &mut cluster.events {
        if let EventKind::Apply { paused, .. } = &mut event.kind {
            *paused = random.percent(10);
        }
    }
}

/// Adds a DaemonSet that is restarted, in some clusters of one workload.
fn update_daemons(random: &mut Random, cluster: &mut Cluster) {
    if !random.percent(1) || cluster.workloads.len() > 1 || !cluster.cron_jobs.is_empty() {
        return;
    }
    let mut daemon = workload(random, 2, &cluster.pools);
    daemon.reference.kind = DAEMON_SET.into();
    daemon.origin = origin(&daemon.reference.to_string());
    (daemon.replicas, daemon.template.node_name, daemon.template.never_preempts) = (Span::exactly(0), None, true);
    let amounts = [Amount::Pods(1), Amount::Pods(2), Amount::Percent(50)];
    let (some, none) = (random.pick(&amounts), Amount::Pods(0));
    let (max_unavailable, max_surge) = if random.percent(60) { (some, none) } else { (none, some) };
    let updates_on_delete = random.percent(10);
    daemon.control = Control::EachNode(DaemonSet { updates_on_delete, max_unavailable, max_surge });
    let target = daemon.reference.clone();
    cluster.workloads.push(daemon);
    cluster.events.push(Event {
        id: "update".into(),
        kind: EventKind::Rollout { target: target.clone() },
        times: 1,
        must: random.percent(50),
        after: None,
        origin: origin("Scenario"),
    });
    let kind = IntentKind::RolloutCompletes { target };
    cluster.intents.push(Intent { id: "updated".into(), kind, origin: origin("Scenario") });
}

/// Makes a StatefulSet of the first Deployment, in some clusters; lets its pods wait for `minReadySeconds` in some.
fn give_ordinals(random: &mut Random, workloads: &mut [Workload]) {
    if random.percent(4) {
        workloads[0].rollout.min_ready_seconds = random.pick(&[15, 60, 90]);
    }
    if !random.percent(8) || workloads[0].reference.kind != "Deployment" {
        return;
    }
    let old = workloads[0].reference.clone();
    workloads[0].reference.kind = STATEFUL_SET.into();
    workloads[0].origin = origin(&workloads[0].reference.to_string());
    workloads[0].control = Control::Ordinals(StatefulSet {
        is_ordered: random.percent(60),
        updates_on_delete: random.percent(10),
        partition: random.pick(&[0, 0, 0, 1]),
        start: 0,
    });
    // Two that differ by name only stay alike.
    let (first, others) = workloads.split_at_mut(1);
    for other in others.iter_mut().filter(|other| other.reference.kind == old.kind && random.percent(50)) {
        other.reference.kind = STATEFUL_SET.into();
        other.origin = origin(&other.reference.to_string());
        other.control = first[0].control;
    }
}

/// Lets nodes of a pool come and go.
fn scale_nodes(random: &mut Random, cluster: &mut Cluster) {
    let Some(pool) = cluster.pools.iter_mut().find(|pool| !pool.is_single_node) else { return };
    pool.autoscaling =
        Some(NodeGroup { min: pool.count.lo.min(1), max: pool.count.hi.max(2), cpu_limit: None, memory_limit: None });
    let kind = random.pick(&[NodeAutoscalerKind::ClusterAutoscaler, NodeAutoscalerKind::Karpenter]);
    let is_karpenter = kind == NodeAutoscalerKind::Karpenter;
    cluster.node_autoscaler = Some(NodeAutoscaler {
        kind,
        threshold: (!is_karpenter).then(|| random.pick(&[500, 750])),
        only_empty: is_karpenter && random.percent(30),
        unneeded: random.pick(&[Some(600), Some(60), Some(0), None]),
        origin: origin("Scenario"),
    });
}

/// One or two workloads, or some that differ by name only.
fn workloads(random: &mut Random, pools: &[NodePool]) -> Vec<Workload> {
    let count = if random.percent(70) { 1 } else { 2 };
    if !random.percent(20) {
        return (0..count).map(|number| workload(random, number, pools)).collect();
    }
    let again = random.clone();
    (0..=count)
        .map(|number| {
            *random = again.clone();
            workload(random, number, pools)
        })
        .collect()
}

pub fn target(random: &mut Random, cluster: &Cluster) -> WorkloadRef {
    random.pick(&cluster.workloads).reference
}

/// A budget of one workload, or of all.
fn budget(random: &mut Random, cluster: &Cluster, number: i64) -> PodDisruptionBudget {
    let amounts =
        [Amount::Pods(0), Amount::Pods(1), Amount::Pods(1), Amount::Pods(2), Amount::Percent(50), Amount::Percent(100)];
    let amount = random.pick(&amounts);
    let labels = random.pick(&cluster.workloads).template.labels;
    let requirement = |(key, value): (String, String)| Requirement { key, operator: Operator::In(vec![value]) };
    let all = random.percent(25);
    let requirements = if all { vec![] } else { labels.into_iter().map(requirement).collect() };
    PodDisruptionBudget {
        namespace: "default".into(),
        name: format!("budget{number}"),
        selector: Some(LabelSelector { requirements }),
        demand: if random.percent(50) { Demand::MinAvailable(amount) } else { Demand::MaxUnavailable(amount) },
        always_allows_unhealthy: random.percent(30),
        origin: origin("PodDisruptionBudget"),
    }
}

fn descheduler(random: &mut Random) -> DeschedulerPolicy {
    let evictor = Evictor {
        node_fit: random.percent(40),
        min_replicas: random.pick(&[0, 0, 2]),
        evict_local_storage_pods: random.percent(20),
        ignore_pods_without_pdb: random.percent(5),
        ..Evictor::default()
    };
    let (hard, soft) = (WhenUnsatisfiable::DoNotSchedule, WhenUnsatisfiable::ScheduleAnyway);
    let taints = DeschedulerPlugin::RemovePodsViolatingNodeTaints {
        include_prefer_no_schedule: random.percent(40),
        excluded: vec![],
    };
    let duplicates =
        DeschedulerPlugin::RemoveDuplicates { exclude_owner_kinds: vec![], namespaces: Namespaces::default() };
    let spread = DeschedulerPlugin::RemovePodsViolatingTopologySpreadConstraint {
        constraints: random.pick(&[vec![hard], vec![hard, soft]]),
        topology_balance_node_fit: random.percent(60),
        label_selector: None,
        namespaces: Namespaces::default(),
    };
    let affinity = DeschedulerPlugin::RemovePodsViolatingNodeAffinity {
        required: random.percent(70),
        preferred: random.percent(70),
        label_selector: None,
        namespaces: Namespaces::default(),
    };
    let all = [taints, affinity, duplicates, spread];
    let several = random.percent(30);
    let only = random.within(0, 3) as usize;
    let chosen = all.into_iter().enumerate().filter(|(index, _)| several || *index == only);
    let enabled = |(_, plugin)| EnabledPlugin { plugin, evictor: evictor.clone(), origin: origin("DeschedulerPolicy") };
    let limit = random.pick(&[None, None, None, Some(1), Some(2)]);
    let which = random.within(0, 2);
    DeschedulerPolicy {
        plugins: chosen.map(enabled).collect(),
        node_selector: None,
        max_per_node: limit.filter(|_| which == 0),
        max_per_namespace: limit.filter(|_| which == 1),
        max_total: limit.filter(|_| which == 2),
        interval: random.pick(&[60, 300]),
        origin: origin("DeschedulerPolicy"),
    }
}

fn event(random: &mut Random, cluster: &mut Cluster, number: i64) -> Option<Event> {
    let pool = random.pick(&cluster.pools);
    let node = random.percent(40).then(|| pool.slot_name(0));
    let target = target(random, cluster);
    let replicas = random.within(1, 3);
    let wanted = Span::new(random.within(0, 2), replicas.max(2), 1).expect("not empty");
    let mode = random.pick(&[ApplyMode::ClientSide, ApplyMode::ServerSide]);
    let new_usage = Span::new(random.pick(&[100, 400]), 400, 300).expect("not empty");
    let is_guarded = !cluster.disruption_budgets.is_empty();
    let which = if is_guarded && random.percent(50) { random.within(2, 3) } else { random.within(0, 12) };
    let kind = match which {
        0 => EventKind::CpuChange { target, to: new_usage },
        1 => EventKind::NodeFailure { pool: random.percent(50).then_some(pool.name), recovers: random.percent(50) },
        2 => EventKind::Maintenance {
            pools: if random.percent(50) { vec![pool.name] } else { vec![] },
            at_once: random.within(1, 2),
        },
        3 => EventKind::Drain { node, uncordon: random.percent(50) },
        4 => EventKind::Cordon { node },
        5 => EventKind::Uncordon { node },
        6 => {
            let template = if random.percent(30) { other_template(random, cluster, &target) } else { 0 };
            EventKind::Apply { target, replicas: random.percent(60).then_some(replicas), template, mode, paused: false }
        }
        7 => EventKind::Scale { target, replicas: wanted },
        8 => {
            if let Some(group) = cluster.workload(&target) {
                cluster.workloads[group].exists = false;
            }
            EventKind::CreateDeployment { target }
        }
        9 | 10 => {
            if let Some(group) = cluster.workload(&target) {
                cluster.workloads[group].rollout.strategy = strategy(random);
            }
            if number > 0 && random.percent(30) {
                EventKind::Rollback { target }
            } else {
                EventKind::Rollout { target }
            }
        }
        11 => {
            let kind = ScenarioControllerKind::KernelPanic { cpu_left_below: random.pick(&[10, 40]) };
            add_controller(cluster, number, kind);
            return None;
        }
        _ => {
            for workload in &mut cluster.workloads {
                workload.memory_usage = Usage::PerPod(Span::exactly(random.pick(&[1 << 29, 3 << 29])));
            }
            add_controller(cluster, number, ScenarioControllerKind::MemoryPressure);
            return None;
        }
    };
    let after = (number > 0 && random.percent(30)).then(|| "event0".to_owned());
    Some(Event {
        id: format!("event{number}"),
        kind,
        times: 1,
        must: random.percent(30),
        after: after.filter(|_| cluster.scenario_controllers.is_empty()),
        origin: origin("Scenario"),
    })
}

fn add_controller(cluster: &mut Cluster, number: i64, kind: ScenarioControllerKind) {
    let one = ScenarioController { id: format!("event{number}"), kind, origin: origin("Scenario") };
    cluster.scenario_controllers.push(one);
}

/// The number of a template that asks for more, or that any node takes; 0 for a bare ReplicaSet.
fn other_template(random: &mut Random, cluster: &mut Cluster, target: &WorkloadRef) -> usize {
    let Some(group) = cluster.workload(target).filter(|_| target.kind != "ReplicaSet") else { return 0 };
    let workload = &mut cluster.workloads[group];
    if workload.later_templates.is_empty() {
        let mut other = workload.template.clone();
        match random.within(0, 2) {
            0 => {
                other.requests.insert(CPU.to_owned(), 1000);
                other.nonzero_cpu = 1000;
                other.cpu_requested_everywhere = true;
            }
            1 => other.spread.clear(),
            _ => other.images = vec!["app2".into()],
        }
        workload.later_templates.push(other);
    }
    1
}

fn strategy(random: &mut Random) -> Strategy {
    let amounts = [Amount::Percent(25), Amount::Percent(50), Amount::Pods(0), Amount::Pods(1), Amount::Pods(2)];
    let (max_surge, max_unavailable) = (random.pick(&amounts), random.pick(&amounts));
    if random.percent(20) { Strategy::Recreate } else { Strategy::RollingUpdate { max_surge, max_unavailable } }
}

fn intent(random: &mut Random, cluster: &Cluster, number: i64) -> Intent {
    let target = target(random, cluster);
    let one = random.percent(50).then(|| target.clone());
    let when = random.pick(&[When::Always, When::Settled, When::AfterReached]);
    let limit = |random: &mut Random| {
        random.pick(&[Expression::SpecReplicas, Expression::Number(1), Expression::Number(2), Expression::NodesPresent])
    };
    let drained =
        cluster.events.iter().any(|one| matches!(one.kind, EventKind::Drain { .. } | EventKind::Maintenance { .. }));
    if drained && random.percent(25) {
        let kind = IntentKind::DrainCompletes;
        return Intent { id: format!("{}{number}", kind.name()), kind, origin: origin("Scenario") };
    }
    let kind = match random.within(0, 11) {
        0 | 1 => IntentKind::NoOscillation { target: one },
        2 => IntentKind::NoOvershoot { target },
        3 => IntentKind::Schedulable {
            target: one,
            mode: random.pick(&[SchedulableMode::Settled, SchedulableMode::Immediate]),
        },
        4 => {
            let (min, max) = (random.percent(60).then(|| limit(random)), random.percent(50).then(|| limit(random)));
            IntentKind::Replicas { target, min, max, when }
        }
        5 => IntentKind::Spread {
            target,
            topology_key: random.pick(&[HOSTNAME, ZONE]).to_owned(),
            max_skew: random.within(1, 2),
            when,
        },
        6 => IntentKind::Available { target, min: limit(random) },
        7 => IntentKind::Converges { target: one },
        8 => IntentKind::BoundedPods { target, max: random.percent(50).then_some(Expression::Number(3)) },
        9 => IntentKind::NoNodePanicLoop,
        10 => IntentKind::RolloutCompletes { target },
        _ => IntentKind::Placement { target, pools: vec![random.pick(&cluster.pools).name] },
    };
    Intent { id: format!("{}{number}", kind.name()), kind, origin: origin("Scenario") }
}
