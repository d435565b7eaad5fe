//! Random node pools and workloads.

use crate::random::Random;
use kubound_encodings::cluster::node::{CPU, HOSTNAME, MEMORY};
use kubound_encodings::cluster::pod::{PreferredTerm, Toleration, TopologySpreadConstraint, WhenUnsatisfiable};
use kubound_encodings::cluster::pod_affinity::{
    HostPort, PodAffinity, PodAffinityTerm, RevisionMatch, WeightedPodAffinityTerm,
};
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::workload::{Control, CrashLoop, Readiness, Startup, Usage};
use kubound_encodings::cluster::{
    LabelSelector, Labels, NodePool, NodeSelectorTerm, Origin, PodTemplate, Requirement, Resources, Rollout, Span,
    Taint, TaintEffect, Workload, WorkloadRef,
};

/// The key of zones.
pub const ZONE: &str = "topology.kubernetes.io/zone";
const GIBIBYTE: i64 = 1 << 30;
const MEBIBYTE: i64 = 1 << 20;

/// Where a random part is written: nowhere.
pub fn origin(object: &str) -> Origin {
    Origin { object: object.to_owned(), field: String::new() }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn span(lo: i64, hi: i64, step: i64) -> Span {
    Span::new(lo, hi, step).expect("a range with a value")
}

/// A pool; the number tells it from the others.
pub fn pool(random: &mut Random, number: usize) -> NodePool {
    let is_single_node = random.percent(15);
    let count = if is_single_node {
        Span::exactly(1)
    } else {
        random.pick(&[span(0, 2, 1), span(1, 3, 1), span(1, 2, 1), span(2, 2, 1), span(3, 3, 1), span(1, 1, 1)])
    };
    let mut own = Labels::new();
    if random.percent(70) {
        own.insert(ZONE.to_owned(), random.pick(&["a", "b"]).to_owned());
    }
    if random.percent(50) {
        own.insert("tier".to_owned(), random.pick(&["fast", "slow"]).to_owned());
    }
    let effects = [TaintEffect::NoSchedule, TaintEffect::PreferNoSchedule, TaintEffect::NoExecute];
    let taint =
        Taint { key: "dedicated".into(), value: random.pick(&["batch", ""]).into(), effect: random.pick(&effects) };
    let mut allocatable = Resources::new();
    allocatable
        .insert(CPU.to_owned(), random.pick(&[span(1000, 1000, 1), span(2000, 2000, 1), span(1000, 2000, 1000)]));
    allocatable.insert(MEMORY.to_owned(), random.pick(&[Span::exactly(2 * GIBIBYTE), Span::exactly(4 * GIBIBYTE)]));
    NodePool {
        name: format!("pool{number}"),
        is_single_node,
        count,
        autoscaling: None,
        labels: own,
        taints: if random.percent(30) { vec![taint] } else { vec![] },
        unschedulable: random.percent(5),
        allocatable,
        pods: random.pick(&[Span::exactly(110), Span::exactly(110), Span::exactly(2), span(1, 3, 2)]),
        origin: origin("Scenario"),
    }
}

/// A workload for nodes of these pools.
pub fn workload(random: &mut Random, number: usize, pools: &[NodePool]) -> Workload {
    let name = ["web", "api", "jobs"][number];
    let kind = if random.percent(85) { "Deployment" } else { "ReplicaSet" };
    let reference = WorkloadRef { kind: kind.into(), namespace: "default".into(), name: name.into() };
    let template = template(random, name, pools);
    let request = template.requests.get(CPU).copied().unwrap_or(0);
    let usage = [
        Usage::Request,
        Usage::PerPod(Span::exactly(request / 2 + 100)),
        Usage::PerPod(span(100, 700, 300)),
        Usage::Shared(Span::exactly(900)),
        Usage::Shared(span(400, 1200, 400)),
    ];
    let readiness = [Readiness::AtOnce, Readiness::After, Readiness::Never];
    let startup = Startup {
        cpu: random.pick(&[0, 300, 900]),
        seconds: random.pick(&[15, 60]),
        readiness: random.pick(&readiness),
    };
    Workload {
        origin: origin(&reference.to_string()),
        reference,
        replicas: random.pick(&[span(1, 1, 1), span(2, 2, 1), span(3, 3, 1), span(1, 2, 1), span(1, 3, 1)]),
        replicas_managed: random.percent(50),
        template,
        later_templates: vec![],
        recommended: vec![],
        container_usage: vec![],
        metrics: vec![],
        rollout: Rollout::default(),
        control: Control::default(),
        volume_nodes: vec![],
        cpu_usage: random.pick(&usage),
        memory_usage: random.pick(&[Usage::Request, Usage::PerPod(Span::exactly(300 * MEBIBYTE))]),
        startup: random.percent(25).then_some(startup),
        crash_loop: random.percent(4).then(CrashLoop::default),
        exists: true,
    }
}

fn template(random: &mut Random, name: &str, pools: &[NodePool]) -> PodTemplate {
    let mut requests = Resources::new();
    if random.percent(70) {
        requests.insert(CPU.to_owned(), random.pick(&[500, 500, 700, 1000]));
    }
    if random.percent(30) {
        requests.insert(MEMORY.to_owned(), random.pick(&[512 * MEBIBYTE, GIBIBYTE]));
    }
    let node_name = random.percent(7).then(|| {
        let pool = random.pick(pools);
        if random.percent(80) { pool.slot_name(0) } else { "nowhere".to_owned() }
    });
    let spread = if random.percent(45) { random.within(1, 2) } else { 0 };
    let own = labels(&[("app", name)]);
    let preferred = (0..if random.percent(20) { random.within(1, 2) } else { 0 })
        .map(|_| PreferredTerm { weight: random.pick(&[1, 50, 100]), term: node_term(random) });
    let preferred_affinity = preferred.collect();
    PodTemplate {
        node_name,
        node_selector: if random.percent(12) { labels(&[("tier", "fast")]) } else { Labels::new() },
        required_affinity: random.percent(12).then(|| (0..random.within(1, 2)).map(|_| node_term(random)).collect()),
        preferred_affinity,
        pod_affinity: if random.percent(12) { pod_affinity(random) } else { PodAffinity::default() },
        pod_anti_affinity: if random.percent(20) { pod_affinity(random) } else { PodAffinity::default() },
        host_ports: if random.percent(10) { vec![host_port(random)] } else { vec![] },
        is_gated: random.percent(2),
        tolerations: tolerations(random),
        spread: (0..spread).map(|_| spread_constraint(random, &own)).collect(),
        nonzero_cpu: requests.get(CPU).copied().unwrap_or(100),
        nonzero_memory: requests.get(MEMORY).copied().unwrap_or(200 * MEBIBYTE),
        cpu_requested_everywhere: requests.contains_key(CPU),
        memory_requested_everywhere: requests.contains_key(MEMORY),
        requests,
        labels: own,
        qos: Default::default(),
        images: vec!["app".into()],
        scheduler_name: if random.percent(97) { "default-scheduler" } else { "other" }.into(),
        has_local_storage: random.percent(5),
        has_claims: false,
        priority: random.pick(&[0, 0, 0, 10]),
        never_preempts: random.pick(&[false, false, true]),
        annotations: Labels::new(),
        ..PodTemplate::default()
    }
}

/// One or two terms about the pods of one workload or of all.
fn pod_affinity(random: &mut Random) -> PodAffinity {
    let mut affinity = PodAffinity::default();
    for _ in 0..random.pick(&[1, 1, 2]) {
        let term = pod_term(random);
        if random.percent(55) {
            affinity.required.push(term);
        } else {
            let weight = random.pick(&[1, 29, 100]);
            affinity.preferred.push(WeightedPodAffinityTerm { weight, term });
        }
    }
    affinity
}

fn pod_term(random: &mut Random) -> PodAffinityTerm {
    let app = |names: &[&str]| {
        let operator = Operator::In(names.iter().map(|&name| name.to_owned()).collect());
        Some(LabelSelector { requirements: vec![Requirement { key: "app".into(), operator }] })
    };
    let everything = Some(LabelSelector::default());
    PodAffinityTerm {
        topology_key: random.pick(&[HOSTNAME, HOSTNAME, ZONE]).to_owned(),
        selector: random.pick(&[app(&["web"]), app(&["api"]), app(&["web", "api", "jobs"]), everything, None]),
        revision: random.pick(&[RevisionMatch::Any, RevisionMatch::Any, RevisionMatch::Own, RevisionMatch::Other]),
        namespaces: if random.percent(8) { vec!["elsewhere".into()] } else { vec![] },
        ..PodAffinityTerm::default()
    }
}

fn host_port(random: &mut Random) -> HostPort {
    HostPort { ip: random.pick(&["", "10.0.0.1"]).into(), protocol: "TCP".into(), port: random.pick(&[80, 80, 81]) }
}

fn node_term(random: &mut Random) -> NodeSelectorTerm {
    let operators = [
        ("tier", Operator::In(vec!["fast".into()])),
        ("tier", Operator::NotIn(vec!["fast".into()])),
        ("tier", Operator::Exists),
        (ZONE, Operator::In(vec!["a".into()])),
        (ZONE, Operator::DoesNotExist),
    ];
    let (key, operator) = random.pick(&operators);
    NodeSelectorTerm { expressions: vec![Requirement { key: key.to_owned(), operator }], fields: vec![] }
}

/// The two that admission adds, and perhaps one for the taint of the pools.
fn tolerations(random: &mut Random) -> Vec<Toleration> {
    let mut list: Vec<Toleration> = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
        .map(|key| Toleration {
            key: key.into(),
            exists: true,
            value: String::new(),
            effect: Some(TaintEffect::NoExecute),
            seconds: Some(300),
        })
        .into();
    if random.percent(35) {
        let exists = random.percent(50);
        let effect = random.pick(&[None, Some(TaintEffect::NoExecute), Some(TaintEffect::NoSchedule)]);
        let may_end = effect == Some(TaintEffect::NoExecute);
        list.push(Toleration {
            key: "dedicated".into(),
            exists,
            value: if exists { String::new() } else { "batch".into() },
            effect,
            seconds: (may_end && random.percent(60)).then(|| random.pick(&[0, 60])),
        });
    }
    list
}

fn spread_constraint(random: &mut Random, own: &Labels) -> TopologySpreadConstraint {
    let is_hard = random.percent(60);
    let requirement = |(key, value): (&String, &String)| Requirement {
        key: key.clone(),
        operator: Operator::In(vec![value.clone()]),
    };
    let selector = LabelSelector { requirements: own.iter().map(requirement).collect() };
    TopologySpreadConstraint {
        max_skew: random.pick(&[1, 1, 2]),
        topology_key: random.pick(&[HOSTNAME, ZONE]).to_owned(),
        when_unsatisfiable: if is_hard { WhenUnsatisfiable::DoNotSchedule } else { WhenUnsatisfiable::ScheduleAnyway },
        selector: random.pick(&[Some(selector.clone()), Some(selector), Some(LabelSelector::default()), None]),
        min_domains: if is_hard && random.percent(25) { 2 } else { 1 },
        honors_affinity: random.percent(75),
        honors_taints: random.percent(25),
        own_revision: random.percent(20),
    }
}
