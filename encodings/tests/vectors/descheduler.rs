//! What passes of the descheduler evict (section 4).

use crate::support::{HOST, World, ZONE, cluster, deployment, event, node, policy, spread};
use kubound_encodings::cluster::descheduler::{DeschedulerPlugin, Evictor, Namespaces, PodPhase, Utilization};
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::pod::{PreferredTerm, Toleration, WhenUnsatisfiable};
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::workload::CrashLoop;
use kubound_encodings::cluster::{
    Cluster, LabelChange, LabelSelector, NodeSelectorTerm, PodAffinityTerm, Requirement, Taint, TaintEffect,
};

const AFFINITY: &str = "descheduler/RemovePodsViolatingNodeAffinity";
const DUPLICATES: &str = "descheduler/RemoveDuplicates";
const SPREAD: &str = "descheduler/RemovePodsViolatingTopologySpreadConstraint/default/web/kubernetes.io/hostname";
const NAMES: [&str; 6] = ["n0", "n1", "n2", "n3", "n4", "n5"];

fn duplicates() -> DeschedulerPlugin {
    DeschedulerPlugin::RemoveDuplicates { exclude_owner_kinds: vec![], namespaces: Namespaces::All }
}

fn balancing() -> DeschedulerPlugin {
    DeschedulerPlugin::RemovePodsViolatingTopologySpreadConstraint {
        constraints: vec![WhenUnsatisfiable::DoNotSchedule],
        topology_balance_node_fit: true,
        label_selector: None,
        namespaces: Namespaces::All,
    }
}

/// As many nodes as given, one workload spread over hosts, and a policy of one plugin.
fn policed(nodes: usize, max_skew: i64, plugin: DeschedulerPlugin) -> Cluster {
    let mut web = deployment("web", 30, 100, 100);
    web.template.spread = vec![spread(HOST, max_skew, WhenUnsatisfiable::DoNotSchedule)];
    let pools = NAMES[..nodes].iter().map(|name| node(name, &[])).collect();
    Cluster { descheduler: Some(policy(plugin, Evictor::default())), ..cluster(pools, vec![web]) }
}

/// Evictions by node in every outcome of a pass over these pods; none if nothing is to be done.
fn evicted(cluster: &Cluster, rule: &str, pods: &[i64]) -> Vec<Vec<i64>> {
    let mut world = World::new(cluster);
    let placed: Vec<(&str, i64)> = NAMES.iter().copied().zip(pods.iter().copied()).collect();
    world.run_pods("web", &placed);
    let terminating: Vec<String> = placed.iter().map(|(node, _)| format!("terminating[default/web][{node}]")).collect();
    let names: Vec<&str> = terminating.iter().map(String::as_str).collect();
    if world.is_enabled(rule) { world.results(rule, &names) } else { vec![] }
}

#[test]
fn spread_moves_pods_from_large_domains() {
    let moved = |max_skew: i64, pods: &[i64]| evicted(&policed(pods.len(), max_skew, balancing()), SPREAD, pods);
    assert_eq!(moved(1, &[2, 5, 3, 8, 5, 7]), [[0, 0, 0, 3, 0, 2]]);
    assert_eq!(moved(1, &[0, 3]), [[0, 1]]);
    assert_eq!(moved(1, &[0, 0, 4]), [[0, 0, 3]]);
    assert_eq!(moved(1, &[1, 1, 3]), [[0, 0, 1]]);
    assert_eq!(moved(2, &[1, 4, 4]), [[0, 0, 1], [0, 1, 0]], "which of equal domains gives is free");
    assert_eq!(moved(1, &[0, 2]), [[0, 1]]);
    assert!(moved(1, &[1, 2, 2]).is_empty());
}

#[test]
fn soft_constraints_and_other_labels_are_not_looked_at() {
    let mut cluster = policed(2, 1, balancing());
    cluster.workloads[0].template.spread[0].when_unsatisfiable = WhenUnsatisfiable::ScheduleAnyway;
    assert!(evicted(&cluster, SPREAD, &[0, 3]).is_empty());
}

#[test]
fn spread_needs_a_small_domain_with_room() {
    let mut cluster = policed(2, 1, balancing());
    cluster.pools[0].taints = vec![Taint { key: "k".into(), value: String::new(), effect: TaintEffect::NoSchedule }];
    assert!(evicted(&cluster, SPREAD, &[0, 3]).is_empty(), "it counts but fits nobody");
}

#[test]
fn duplicates_keep_their_share() {
    let kept = |pods: &[i64]| evicted(&policed(pods.len(), 1, duplicates()), DUPLICATES, pods);
    assert_eq!(kept(&[3, 0]), [[1, 0]], "3 over 2 nodes: 2 may stay");
    assert_eq!(kept(&[4, 0, 0]), [[2, 0, 0]], "4 over 3 nodes: 2 may stay");
    assert_eq!(kept(&[6, 0, 0]), [[4, 0, 0]], "6 over 3 nodes: 2 may stay");
    assert_eq!(kept(&[3, 3, 0]), [[1, 1, 0]]);
    assert!(kept(&[2, 1]).is_empty());
    assert!(kept(&[3]).is_empty(), "one ready node: the pass is given up");
}

#[test]
fn duplicates_do_not_look_at_room_unless_nodes_must_fit() {
    let mut cluster = policed(2, 1, duplicates());
    cluster.pools[1].allocatable.insert("cpu".into(), kubound_encodings::cluster::Span::exactly(50));
    assert_eq!(evicted(&cluster, DUPLICATES, &[3, 0]), [[1, 0]]);
    cluster.descheduler.as_mut().expect("a policy").plugins[0].evictor.node_fit = true;
    assert!(evicted(&cluster, DUPLICATES, &[3, 0]).is_empty());
    cluster.descheduler.as_mut().expect("a policy").plugins[0].evictor.node_fit = false;
    cluster.pools[1].unschedulable = true;
    assert!(evicted(&cluster, DUPLICATES, &[3, 0]).is_empty(), "the taint of a cordon leaves one target");
}

fn by_affinity(required: bool, preferred: bool) -> DeschedulerPlugin {
    let (label_selector, namespaces) = (None, Namespaces::All);
    DeschedulerPlugin::RemovePodsViolatingNodeAffinity { required, preferred, label_selector, namespaces }
}

/// A term that the node of a name matches.
fn named(name: &str) -> NodeSelectorTerm {
    let requirement = Requirement { key: HOST.into(), operator: Operator::In(vec![name.into()]) };
    NodeSelectorTerm { expressions: vec![requirement], fields: vec![] }
}

#[test]
fn preferred_affinity_evicts_though_the_better_node_is_full() {
    let mut cluster = policed(2, 1, by_affinity(true, true));
    let preferred = |weight, name| PreferredTerm { weight, term: named(name) };
    cluster.workloads[0].template.preferred_affinity = vec![preferred(10, "n0"), preferred(30, "n1")];
    assert_eq!(evicted(&cluster, AFFINITY, &[2, 1]), [[2, 0]], "30 > 10");
    cluster.pools[1].allocatable.insert("cpu".into(), kubound_encodings::cluster::Span::exactly(100));
    assert_eq!(evicted(&cluster, AFFINITY, &[2, 1]), [[2, 0]], "the pods fit their own node");
    cluster.pools[0].unschedulable = true;
    assert!(evicted(&cluster, AFFINITY, &[2, 1]).is_empty(), "now they fit none");
    cluster.pools[0].unschedulable = false;
    cluster.descheduler.as_mut().expect("a policy").plugins[0].evictor.node_fit = true;
    assert!(evicted(&cluster, AFFINITY, &[2, 1]).is_empty(), "the evictor asks for another node");
    let required = policed(2, 1, by_affinity(true, false));
    cluster.descheduler = required.descheduler;
    assert!(evicted(&cluster, AFFINITY, &[2, 0]).is_empty(), "preferences are not looked at");
}

#[test]
fn required_affinity_evicts_from_nodes_that_do_not_match() {
    let mut cluster = policed(3, 1, by_affinity(true, false));
    // Only pods that bypass the scheduler get there.
    cluster.scheduler.disabled_filters = vec!["NodeAffinity".into()];
    cluster.workloads[0].template.required_affinity = Some(vec![named("n1")]);
    assert_eq!(evicted(&cluster, AFFINITY, &[2, 1, 1]), [[2, 0, 1]]);
    cluster.pools[1].unschedulable = true;
    assert!(evicted(&cluster, AFFINITY, &[2, 1, 1]).is_empty(), "no node fits");
    let preferred = policed(3, 1, by_affinity(false, true));
    cluster.descheduler = preferred.descheduler;
    cluster.pools[1].unschedulable = false;
    assert!(evicted(&cluster, AFFINITY, &[2, 1, 1]).is_empty());
}

#[test]
fn limits_leave_which_pods_go() {
    let mut cluster = policed(3, 1, duplicates());
    let policy = cluster.descheduler.as_mut().expect("a policy");
    policy.max_total = Some(1);
    assert_eq!(evicted(&cluster, DUPLICATES, &[4, 4, 0]), [[0, 1, 0], [1, 0, 0]]);
    let policy = cluster.descheduler.as_mut().expect("a policy");
    (policy.max_total, policy.max_per_node) = (None, Some(1));
    assert_eq!(evicted(&cluster, DUPLICATES, &[5, 4, 0]), [[1, 1, 0]]);
    let policy = cluster.descheduler.as_mut().expect("a policy");
    policy.max_total = Some(1);
    assert_eq!(evicted(&cluster, DUPLICATES, &[5, 4, 0]), [[0, 1, 0], [1, 0, 0]]);
    let policy = cluster.descheduler.as_mut().expect("a policy");
    policy.max_total = Some(0);
    assert!(evicted(&cluster, DUPLICATES, &[5, 4, 0]).is_empty());
}

#[test]
fn limited_spread_takes_up_to_the_limit() {
    let mut cluster = policed(2, 1, balancing());
    cluster.descheduler.as_mut().expect("a policy").max_per_node = Some(1);
    assert_eq!(evicted(&cluster, SPREAD, &[0, 7]), [[0, 1]]);
}

#[test]
fn too_few_replicas_protect() {
    let mut cluster = policed(2, 1, duplicates());
    cluster.descheduler.as_mut().expect("a policy").plugins[0].evictor.min_replicas = 4;
    assert!(evicted(&cluster, DUPLICATES, &[3, 0]).is_empty());
    assert_eq!(evicted(&cluster, DUPLICATES, &[4, 0]), [[2, 0]]);
}

#[test]
fn a_constraint_counts_while_some_pod_brings_it_along() {
    let mut cluster = policed(2, 1, balancing());
    let mut other = deployment("other", 10, 100, 100);
    other.template.labels = cluster.workloads[0].template.labels.clone();
    cluster.workloads.push(other);
    let evicts = |cluster: &Cluster, web: i64| {
        let mut world = World::new(cluster);
        world.run_pods("web", &[("n0", web)]).run_pods("other", &[("n0", 4)]);
        world.is_enabled(SPREAD)
    };
    assert!(!evicts(&cluster, 0), "pods of the other workload only match the selector");
    assert!(evicts(&cluster, 1));
    cluster.workloads[1].template.spread = cluster.workloads[0].template.spread.clone();
    assert!(evicts(&cluster, 0), "both bring it along");
}

/// Two workloads that one constraint counts, a policy that balances, and what both give from the first of two nodes.
fn given(change: impl FnOnce(&mut Cluster)) -> Vec<Vec<i64>> {
    let mut cluster = policed(2, 1, balancing());
    let mut other = deployment("other", 10, 100, 100);
    other.template.labels = cluster.workloads[0].template.labels.clone();
    other.template.spread = cluster.workloads[0].template.spread.clone();
    cluster.workloads.push(other);
    change(&mut cluster);
    let mut world = World::new(&cluster);
    world.run_pods("web", &[("n0", 4)]).run_pods("other", &[("n0", 4)]);
    world.results(SPREAD, &["terminating[default/web][n0]", "terminating[default/other][n0]"])
}

#[test]
fn spread_takes_pods_that_fit_first_then_those_of_higher_priority() {
    assert_eq!(given(|_| {}), [[0, 4], [1, 3], [2, 2], [3, 1], [4, 0]]);
    assert_eq!(given(|cluster| cluster.workloads[1].template.priority = 1), [[0, 4]]);
    let first_fits = given(|cluster| {
        cluster.workloads[1].template.priority = 1;
        cluster.workloads[1].template.requests.insert("cpu".into(), 4000 / 8);
        cluster.pools[1].allocatable.insert("cpu".into(), kubound_encodings::cluster::Span::exactly(400));
    });
    assert_eq!(first_fits, [[4, 0]]);
}

#[test]
fn tolerations_tell_constraints_apart_only_if_taints_are_honored() {
    let constraints = |honors_taints: bool| {
        let mut cluster = policed(2, 1, balancing());
        let mut other = deployment("other", 10, 100, 100);
        other.template.labels = cluster.workloads[0].template.labels.clone();
        other.template.spread = cluster.workloads[0].template.spread.clone();
        other.template.tolerations =
            vec![Toleration { key: String::new(), exists: true, value: String::new(), effect: None, seconds: None }];
        cluster.workloads.push(other);
        for workload in &mut cluster.workloads {
            workload.template.spread[0].honors_taints = honors_taints;
        }
        let world = World::new(&cluster);
        let balances = |rule: &&kubound_encodings::system::Rule| rule.reason == "Descheduled";
        world.system.rules.iter().filter(balances).count()
    };
    assert_eq!((constraints(false), constraints(true)), (1, 2));
}

fn thresholds(cpu: f64) -> kubound_encodings::cluster::descheduler::Thresholds {
    [("cpu".to_owned(), cpu)].into()
}

fn low(cpu: f64, target: f64) -> Utilization {
    Utilization { thresholds: thresholds(cpu), targets: thresholds(target), ..Utilization::default() }
}

const LOW: &str = "descheduler/LowNodeUtilization";
const HIGH: &str = "descheduler/HighNodeUtilization";

/// Nodes of 4 cores, pods of 500 millicores.
fn half_cores(nodes: usize, plugin: DeschedulerPlugin) -> Cluster {
    let mut cluster = policed(nodes, 1, plugin);
    let requests = &mut cluster.workloads[0].template.requests;
    requests.insert("cpu".into(), 500);
    requests.insert("memory".into(), 0);
    cluster
}

#[test]
fn low_utilization_takes_pods_until_no_target_is_exceeded() {
    let taken = |args: Utilization, pods: &[i64]| {
        evicted(&half_cores(pods.len(), DeschedulerPlugin::LowNodeUtilization(args)), LOW, pods)
    };
    assert_eq!(taken(low(20.0, 50.0), &[8, 1]), [[3, 0]], "room for 3 below the target of the other: 4 - 1");
    assert_eq!(taken(low(20.0, 50.0), &[6, 0, 4]), [[2, 0, 0]], "4 of 8 are at the target, not above it");
    assert_eq!(taken(low(20.0, 50.0), &[8, 6, 1]), [[3, 0, 0]], "the fuller node first, until the room has gone");
    assert_eq!(taken(low(20.0, 50.0), &[6, 6, 1]), [[1, 2, 0], [2, 1, 0]], "which of equal nodes is first is free");
    assert!(taken(low(20.0, 50.0), &[8, 2]).is_empty(), "25 % is above the threshold of 20 %");
    assert!(taken(low(20.0, 50.0), &[4, 1]).is_empty());
    assert!(taken(Utilization { number_of_nodes: 1, ..low(20.0, 50.0) }, &[8, 1]).is_empty());
    let limited = Utilization { most_per_node: Some(1), ..low(20.0, 50.0) };
    assert_eq!(taken(limited, &[8, 8, 0]), [[1, 1, 0]]);
    let excluded = Utilization { excluded_namespaces: vec!["default".into()], ..low(20.0, 50.0) };
    assert!(taken(excluded, &[8, 1]).is_empty());
    // The average of 8 and 0 of 8 is 50 %: 40 % and 60 %, that is 4.8 pods; the room is 2400 millicores.
    let around = Utilization { uses_deviations: true, ..low(10.0, 10.0) };
    assert_eq!(taken(around, &[8, 0]), [[4, 0]]);
}

#[test]
fn high_utilization_empties_nodes_while_others_have_room() {
    let high = Utilization { thresholds: thresholds(30.0), ..Utilization::default() };
    let taken = |args: &Utilization, pods: &[i64]| {
        evicted(&half_cores(pods.len(), DeschedulerPlugin::HighNodeUtilization(args.clone())), HIGH, pods)
    };
    assert_eq!(taken(&high, &[2, 3]), [[2, 0]]);
    assert_eq!(taken(&high, &[2, 7]), [[1, 0]], "room for one");
    assert_eq!(taken(&high, &[2, 1, 6]), [[1, 1, 0]], "the emptier node first");
    assert!(taken(&high, &[2, 2]).is_empty(), "all are under");
    assert!(taken(&high, &[2, 8]).is_empty(), "no room");
    let by_memory = Utilization { thresholds: [("memory".into(), 30.0)].into(), ..high };
    let asks = Utilization { only_thresholding_resources: true, ..by_memory.clone() };
    assert!(taken(&by_memory, &[2, 3]).is_empty(), "nobody uses memory: all are under");
    assert!(taken(&asks, &[2, 3]).is_empty());
}

const REPELLED: &str = "descheduler/RemovePodsViolatingInterPodAntiAffinity";

#[test]
fn of_pods_that_repel_each_other_one_is_left() {
    let (label_selector, namespaces) = (None, Namespaces::All);
    let plugin = DeschedulerPlugin::RemovePodsViolatingInterPodAntiAffinity { label_selector, namespaces };
    let mut cluster = policed(3, 1, plugin);
    cluster.scheduler.disabled_filters = vec!["InterPodAffinity".into()];
    let requirement = Requirement { key: "app".into(), operator: Operator::In(vec!["web".into()]) };
    let term = |key: &str| PodAffinityTerm {
        topology_key: key.into(),
        selector: Some(LabelSelector { requirements: vec![requirement.clone()] }),
        ..PodAffinityTerm::default()
    };
    assert!(evicted(&cluster, REPELLED, &[3, 0, 1]).is_empty(), "no pod repels any");
    cluster.workloads[0].template.pod_anti_affinity.required = vec![term(HOST)];
    assert_eq!(evicted(&cluster, REPELLED, &[3, 0, 1]), [[2, 0, 0]]);
    assert!(evicted(&cluster, REPELLED, &[1, 1, 1]).is_empty());
    for pool in &mut cluster.pools[..2] {
        pool.labels.insert(ZONE.into(), "a".into());
    }
    cluster.workloads[0].template.pod_anti_affinity.required = vec![term(ZONE)];
    assert_eq!(evicted(&cluster, REPELLED, &[1, 2, 1]), [[0, 2, 0], [1, 1, 0]], "one of the zone; the last is alone");
    assert_eq!(evicted(&cluster, REPELLED, &[0, 1, 3]), [[0, 0, 2]], "a node without the key is its own domain");
}

#[test]
fn pods_of_an_age_may_go_and_those_of_a_state_do() {
    let plugin = |max_seconds, phases| DeschedulerPlugin::PodLifeTime {
        max_seconds,
        phases,
        label_selector: None,
        namespaces: Namespaces::All,
    };
    let gone = |plugin| evicted(&policed(2, 1, plugin), "descheduler/PodLifeTime", &[2, 0]);
    assert_eq!(gone(plugin(Some(60), None)), [[1, 0], [2, 0]]);
    assert_eq!(gone(plugin(None, Some(vec![PodPhase::Running]))), [[2, 0]]);
    assert!(gone(plugin(None, Some(vec![PodPhase::Pending]))).is_empty());
}

#[test]
fn pods_that_crash_may_have_restarted_too_often() {
    let plugin = |states: Option<Vec<PodPhase>>| DeschedulerPlugin::RemovePodsHavingTooManyRestarts {
        states,
        label_selector: None,
        namespaces: Namespaces::All,
    };
    const RESTARTS: &str = "descheduler/RemovePodsHavingTooManyRestarts";
    let steady = policed(2, 1, plugin(None));
    assert!(World::new(&steady).system.rule(RESTARTS).is_none(), "no container crashes");
    let crashing = |states: Option<Vec<PodPhase>>| {
        let mut cluster = policed(2, 1, plugin(states));
        cluster.workloads[0].crash_loop = Some(CrashLoop::default());
        cluster
    };
    let crashed = |states: Option<Vec<PodPhase>>| {
        let mut world = World::new(&crashing(states));
        world.run_pods("web", &[("n0", 1), ("n1", 1)]).fire("kubelet/crash/default/web/n0");
        world.results(RESTARTS, &["crashed[default/web][n0]", "running[default/web][n1]"])
    };
    assert_eq!(crashed(None), [[0, 0], [0, 1], [1, 0]]);
    assert_eq!(crashed(Some(vec![PodPhase::Running])), [[0, 0], [0, 1], [1, 0]]);
    assert_eq!(crashed(Some(vec![PodPhase::CrashLoopBackOff])), [[0, 1]]);
}

#[test]
fn a_label_that_goes_makes_required_affinity_violated() {
    let mut cluster = policed(2, 1, by_affinity(true, false));
    for pool in &mut cluster.pools {
        pool.labels.insert("tier".into(), "fast".into());
    }
    let requirement = Requirement { key: "tier".into(), operator: Operator::Exists };
    let term = NodeSelectorTerm { expressions: vec![requirement], fields: vec![] };
    cluster.workloads[0].template.required_affinity = Some(vec![term]);
    let change = LabelChange { nodes: Some("n0".into()), remove: vec!["tier".into()], ..LabelChange::default() };
    cluster.events = vec![event("relabel", EventKind::Relabel(change))];
    let mut world = World::new(&cluster);
    world.run_pods("web", &[("n0", 2), ("n1", 1)]);
    assert!(!world.is_enabled(AFFINITY));
    world.set("labels[n0]", 1);
    assert_eq!(world.results(AFFINITY, &["running[default/web][n0]", "running[default/web][n1]"]), [[0, 1]]);
}
