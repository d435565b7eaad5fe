//! Scores and filters, through the rules of the scheduler.

use crate::support::{HOST, World, ZONE, cluster, deployment, event, node, spread};
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::pod::{PreferredTerm, Toleration, WhenUnsatisfiable};
use kubound_encodings::cluster::scheduler::{DefaultSpread, ScoringStrategy};
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::{
    Cluster, KubernetesVersion, LabelChange, NodePool, NodeSelectorTerm, Requirement, SchedulerProfile, Span, Taint,
    TaintEffect,
};

fn taint(key: &str, effect: TaintEffect) -> Taint {
    Taint { key: key.into(), value: String::new(), effect }
}

/// Only the plugins with these weights score.
fn weights(taint_toleration: i64, resources: i64, topology_spread: i64) -> SchedulerProfile {
    SchedulerProfile {
        taint_toleration,
        node_affinity: 0,
        resources_fit: resources,
        balanced_allocation: resources,
        topology_spread,
        ..SchedulerProfile::default()
    }
}

/// The totals of the nodes for a pod of `web`.
fn scores(world: &World, nodes: &[&str]) -> Vec<i64> {
    let rule = format!("default-scheduler/bind-and-start/default/web/{}", nodes[0]);
    nodes.iter().map(|node| world.detail(&rule, &format!("score of {node}"))).collect()
}

/// Nodes that a pod of `web` may be bound to.
fn targets(world: &World) -> Vec<&str> {
    let prefix = "default-scheduler/bind-and-start/default/web/";
    world.enabled(prefix).into_iter().map(|rule| &rule[prefix.len()..]).collect()
}

#[test]
fn resources_of_the_three_nodes() {
    let mut cluster = cluster(
        vec![node("a", &[]), node("b", &[]), node("c", &[])],
        vec![deployment("web", 1, 500, 256), deployment("x", 1, 1000, 1024), deployment("y", 1, 500, 4096)],
    );
    cluster.scheduler = weights(0, 1, 0);
    let mut world = World::new(&cluster);
    world.set("pending[default/web]", 1).run_pods("x", &[("a", 1)]).run_pods("y", &[("b", 1)]);
    assert_eq!(scores(&world, &["a", "b", "c"]), [73 + 89, 60 + 85, 91 + 95]);
    assert_eq!(targets(&world), ["c"]);
}

#[test]
fn balance_is_what_a_pod_changes_from_1_36_on() {
    let mut pools = vec![node("a", &[]), node("b", &[]), node("c", &[])];
    let workloads = vec![deployment("web", 1, 500, 256), deployment("x", 1, 1000, 1024), deployment("y", 1, 500, 4096)];
    let scores_of = |pools: &[NodePool], minor: u32| {
        let mut cluster = cluster(pools.to_vec(), workloads.clone());
        cluster.scheduler = weights(0, 1, 0);
        cluster.version = KubernetesVersion(minor);
        let mut world = World::new(&cluster);
        world.set("pending[default/web]", 1).run_pods("x", &[("a", 1)]).run_pods("y", &[("b", 1)]);
        scores(&world, &["a", "b", "c"])
    };
    // Balances with the pod are 89, 85 and 95, without it 93, 81 and 100.
    assert_eq!(scores_of(&pools, 35), [73 + 89, 60 + 85, 91 + 95]);
    assert_eq!(scores_of(&pools, 36), [73 + 73, 60 + 77, 91 + 72]);
    pools[0].allocatable.insert("cpu".into(), Span { lo: 4000, hi: 8000, step: 1000 });
    assert_eq!(scores_of(&pools, 36), [73 + 73, 60 + 77, 91 + 72], "as a term");
}

#[test]
fn a_best_effort_pod_counts_as_100m_and_200mi() {
    let mut web = deployment("web", 1, 0, 0);
    web.template.requests.clear();
    (web.template.nonzero_cpu, web.template.nonzero_memory) = (100, 200 << 20);
    let mut cluster = cluster(vec![node("a", &[]), node("b", &[])], vec![web]);
    cluster.scheduler = weights(0, 1, 0);
    assert_eq!(scores(&World::new(&cluster), &["a", "b"]), [97, 97], "balanced allocation is skipped");
    cluster.version = KubernetesVersion(32);
    assert_eq!(scores(&World::new(&cluster), &["a", "b"]), [197, 197]);
}

#[test]
fn allocatable_as_a_range_scores_like_the_constant() {
    let mut pools = vec![node("a", &[]), node("b", &[])];
    pools[0].allocatable.insert("cpu".into(), Span { lo: 4000, hi: 8000, step: 1000 });
    let mut cluster = cluster(pools, vec![deployment("web", 1, 500, 256), deployment("x", 1, 1000, 1024)]);
    cluster.scheduler = weights(0, 1, 0);
    let mut world = World::new(&cluster);
    world.set("pending[default/web]", 1).run_pods("x", &[("a", 1)]);
    assert_eq!(scores(&world, &["a", "b"]), [73 + 89, 91 + 95]);
}

#[test]
fn preferences_normalise_over_feasible_nodes() {
    let keys = ["k1", "k2", "k3"];
    let prefers = |count: usize| keys[..count].iter().map(|key| taint(key, TaintEffect::PreferNoSchedule)).collect();
    let pools: Vec<NodePool> =
        (0..4).map(|count| NodePool { taints: prefers(count), ..node(&format!("n{count}"), &[]) }).collect();
    let mut tainted = cluster(pools, vec![deployment("web", 1, 100, 100)]);
    tainted.scheduler = weights(3, 0, 0);
    let nodes = ["n0", "n1", "n2", "n3"];
    assert_eq!(scores(&World::new(&tainted), &nodes), [300, 201, 102, 0]);
    tainted.pools[3].unschedulable = true;
    assert_eq!(scores(&World::new(&tainted), &nodes), [300, 150, 0, -1], "n3 no longer counts");
}

#[test]
fn soft_spread_over_hosts() {
    let mut web = deployment("web", 4, 100, 100);
    web.template.spread = vec![spread(HOST, 1, WhenUnsatisfiable::ScheduleAnyway)];
    let mut cluster = cluster(vec![node("a", &[]), node("b", &[]), node("c", &[])], vec![web]);
    cluster.scheduler = weights(0, 0, 1);
    let mut world = World::new(&cluster);
    world.set("pending[default/web]", 1).run_pods("web", &[("b", 1), ("c", 2)]);
    assert_eq!(scores(&world, &["a", "b", "c"]), [100, 33, 0]);
}

#[test]
fn the_default_constraints_over_two_zones() {
    let zoned = |name: &str, zone: &str| node(name, &[(ZONE, zone)]);
    let pools = vec![zoned("a1", "a"), zoned("a2", "a"), zoned("b1", "b"), zoned("b2", "b")];
    let mut cluster = cluster(pools, vec![deployment("web", 4, 100, 100)]);
    cluster.scheduler = weights(0, 0, 1);
    let mut world = World::new(&cluster);
    world.set("pending[default/web]", 1).run_pods("web", &[("a1", 2), ("b1", 1)]);
    assert_eq!(scores(&world, &["a1", "a2", "b1", "b2"]), [58, 83, 83, 100]);
    assert_eq!(targets(&world), ["b2"]);
}

#[test]
fn nodes_without_a_zone_are_one_more_domain_of_the_default_constraints() {
    let pools = vec![node("a", &[(ZONE, "a")]), node("b", &[])];
    let mut cluster = cluster(pools, vec![deployment("web", 4, 100, 100)]);
    cluster.scheduler = weights(0, 0, 1);
    let mut world = World::new(&cluster);
    world.set("pending[default/web]", 1).run_pods("web", &[("a", 1), ("b", 1)]);
    // Node a: ln 4 + 2 for its host, ln 4 + 4 for its zone, rounded to 9; node b: ln 4 + 2, rounded to 3.
    assert_eq!(scores(&world, &["a", "b"]), [100 * 3 / 9, 100]);
    world.run_pods("web", &[("a", 3), ("b", 1)]);
    // With ln 3 for a single zone, a would score 13 and not 14.
    assert_eq!(scores(&world, &["a", "b"]), [100 * 3 / 14, 100]);
}

/// Zones a, b and c, the last too small for any pod, with 2, 2 and 0 pods and one pending.
fn zones() -> Cluster {
    let zoned = |name: &str| node(name, &[(ZONE, name)]);
    let mut small = zoned("c");
    small.allocatable.insert("cpu".into(), Span::exactly(50));
    let mut web = deployment("web", 5, 100, 100);
    web.template.spread = vec![spread(ZONE, 1, WhenUnsatisfiable::DoNotSchedule)];
    cluster(vec![zoned("a"), zoned("b"), small], vec![web])
}

fn with_pods(cluster: &Cluster, pods: &[(&str, i64)]) -> World {
    let mut world = World::new(cluster);
    world.set("pending[default/web]", 1).run_pods("web", pods);
    world
}

#[test]
fn an_empty_domain_without_room_keeps_pods_pending() {
    let cluster = zones();
    assert!(targets(&with_pods(&cluster, &[("a", 2), ("b", 2)])).is_empty());
}

#[test]
fn a_tainted_domain_counts_unless_taints_are_honoured() {
    let mut cluster = zones();
    cluster.pools[2].taints = vec![taint("k", TaintEffect::NoSchedule)];
    assert!(targets(&with_pods(&cluster, &[("a", 2), ("b", 2)])).is_empty());
    cluster.workloads[0].template.spread[0].honors_taints = true;
    assert_eq!(targets(&with_pods(&cluster, &[("a", 2), ("b", 2)])), ["a", "b"]);
}

#[test]
fn too_few_domains_make_the_minimum_zero() {
    let mut cluster = zones();
    cluster.pools.truncate(2);
    cluster.workloads[0].template.spread[0].min_domains = 3;
    assert_eq!(targets(&with_pods(&cluster, &[("a", 1), ("b", 0)])), ["b"]);
    assert!(targets(&with_pods(&cluster, &[("a", 1), ("b", 1)])).is_empty());
    cluster.workloads[0].template.spread[0].min_domains = 2;
    assert_eq!(targets(&with_pods(&cluster, &[("a", 1), ("b", 1)])), ["a", "b"]);
}

#[test]
fn a_cordon_is_visible_as_a_taint() {
    let mut cluster = cluster(vec![node("a", &[])], vec![deployment("web", 1, 100, 100)]);
    cluster.pools[0].unschedulable = true;
    assert!(targets(&with_pods(&cluster, &[])).is_empty());
    cluster.scheduler.disabled_filters = vec!["NodeUnschedulable".into()];
    let bound = |cluster: &Cluster| !with_pods(cluster, &[]).enabled("default-scheduler/").is_empty();
    assert!(!bound(&cluster), "the taint is still there");
    cluster.scheduler.disabled_filters = vec!["TaintToleration".into()];
    assert!(!bound(&cluster), "the field is still there");
    cluster.scheduler.disabled_filters.push("NodeUnschedulable".into());
    assert!(bound(&cluster));
    cluster.scheduler.disabled_filters.clear();
    cluster.workloads[0].template.tolerations = vec![Toleration {
        key: "node.kubernetes.io/unschedulable".into(),
        exists: true,
        value: String::new(),
        effect: Some(TaintEffect::NoSchedule),
        seconds: None,
    }];
    assert_eq!(targets(&with_pods(&cluster, &[])), ["a"]);
}

#[test]
fn a_pending_pod_of_higher_priority_goes_first() {
    let mut cluster =
        cluster(vec![node("a", &[])], vec![deployment("web", 1, 100, 100), deployment("first", 1, 100, 100)]);
    cluster.workloads[1].template.priority = 10;
    cluster.workloads[1].template.never_preempts = true;
    let mut world = with_pods(&cluster, &[]);
    world.set("pending[default/first]", 1);
    assert!(targets(&world).is_empty());
    world.set("running[default/first][a]", 0).set("pending[default/first]", 0);
    assert_eq!(targets(&world), ["a"]);
}

/// The nodes that a pending pod of `web` goes to, judged by a second profile of this name.
fn by_profile(change: impl FnOnce(&mut SchedulerProfile)) -> Vec<String> {
    let pools = vec![node("a", &[("tier", "fast")]), node("b", &[])];
    let mut cluster = cluster(pools, vec![deployment("web", 3, 500, 256)]);
    let mut second = SchedulerProfile { name: "second".into(), ..SchedulerProfile::default() };
    change(&mut second);
    cluster.other_profiles = vec![second];
    cluster.workloads[0].template.scheduler_name = "second".into();
    targets(&with_pods(&cluster, &[("a", 2)])).into_iter().map(str::to_owned).collect()
}

fn on_fast_nodes() -> NodeSelectorTerm {
    let requirement = Requirement { key: "tier".into(), operator: Operator::In(vec!["fast".into()]) };
    NodeSelectorTerm { expressions: vec![requirement], fields: vec![] }
}

#[test]
fn a_pod_is_judged_by_the_profile_that_it_names() {
    assert_eq!(by_profile(|_| {}), ["b"], "the least allocated one");
    assert_eq!(by_profile(|second| second.strategy = ScoringStrategy::MostAllocated), ["b"], "spread weighs more");
    let packs = |second: &mut SchedulerProfile| {
        second.strategy = ScoringStrategy::MostAllocated;
        second.default_spread = DefaultSpread::List(vec![]);
        second.balanced_allocation = 0;
    };
    assert_eq!(by_profile(packs), ["a"]);
    assert!(by_profile(|second| second.name = "third".into()).is_empty(), "no profile of that name");
}

#[test]
fn a_profile_adds_to_the_affinity_of_every_pod() {
    assert_eq!(by_profile(|second| second.added_required = Some(vec![on_fast_nodes()])), ["a"]);
    let prefers = PreferredTerm { weight: 1, term: on_fast_nodes() };
    assert_eq!(by_profile(|second| second.added_preferred = vec![prefers]), ["a"], "2 x 100 outweigh the rest");
}

#[test]
fn ignored_extended_resources_are_left_to_the_kubelet() {
    let fits = |ignored: &[&str]| {
        let mut cluster = cluster(vec![node("a", &[])], vec![deployment("web", 1, 100, 100)]);
        cluster.workloads[0].template.requests.insert("example.com/gpu".into(), 1);
        cluster.scheduler.ignored_resources = ignored.iter().map(|&name| name.to_owned()).collect();
        !with_pods(&cluster, &[]).enabled("default-scheduler/").is_empty()
    };
    assert!(!fits(&[]), "no node has any");
    assert!(fits(&["example.com/gpu"]) && fits(&["example.com/"]));
    assert!(!fits(&["example.com"]) && !fits(&["cpu"]));
}

#[test]
fn of_many_nodes_a_part_is_scored() {
    let profile = |percentage: i64| SchedulerProfile { percentage_of_nodes: percentage, ..SchedulerProfile::default() };
    assert!(!profile(0).samples(100) && profile(0).samples(101) && profile(99).samples(101));
    assert!(!profile(100).samples(5000));
}

#[test]
fn a_node_changes_its_domain_with_its_label() {
    let mut cluster = zones();
    let moved = LabelChange {
        nodes: Some("a".into()),
        set: [(ZONE.to_owned(), "b".to_owned())].into(),
        ..LabelChange::default()
    };
    let gone = LabelChange { nodes: Some("a".into()), remove: vec![ZONE.into()], ..LabelChange::default() };
    cluster.pools.truncate(2);
    cluster.events = vec![event("move", EventKind::Relabel(moved)), event("drop", EventKind::Relabel(gone))];
    let binds = |labels: i64, pods: &[(&str, i64)]| {
        let mut world = with_pods(&cluster, pods);
        world.set("labels[a]", labels);
        world.enabled("default-scheduler/").len()
    };
    assert_eq!(binds(0, &[("a", 2), ("b", 1)]), 1, "a would be two ahead");
    assert_eq!(binds(1, &[("a", 2), ("b", 1)]), 1, "one domain with one minimum, and the better node");
    assert_eq!(binds(2, &[("a", 1), ("b", 4)]), 1, "a has no zone: its pods do not count, b is the only domain");
    let mut world = with_pods(&cluster, &[("a", 1), ("b", 4)]);
    assert!(world.enabled("default-scheduler/").iter().all(|rule| rule.ends_with("/a")));
    world.set("labels[a]", 2);
    assert!(world.enabled("default-scheduler/").iter().all(|rule| rule.ends_with("/b")), "a lacks the key");
}
