//! Affinity and anti-affinity between pods, and host ports, through the rules of the scheduler.

use crate::support::{HOST, World, ZONE, cluster, deployment, node};
use kubound_encodings::cluster::pod_affinity::{HostPort, PodAffinityTerm, RevisionMatch, WeightedPodAffinityTerm};
use kubound_encodings::cluster::selector::{Operator, Requirement};
use kubound_encodings::cluster::{Cluster, KubernetesVersion, LabelSelector, NodePool, SchedulerProfile};

/// A term about the pods of a workload.
fn about(name: &str, key: &str) -> PodAffinityTerm {
    let requirement = Requirement { key: "app".into(), operator: Operator::In(vec![name.into()]) };
    PodAffinityTerm {
        topology_key: key.into(),
        selector: Some(LabelSelector { requirements: vec![requirement] }),
        ..PodAffinityTerm::default()
    }
}

/// Nodes a1 and a2 of zone a, b1 of zone b, and one without a zone.
fn zones() -> Vec<NodePool> {
    let zoned = |name: &str, zone: &str| node(name, &[(ZONE, zone)]);
    vec![zoned("a1", "a"), zoned("a2", "a"), zoned("b1", "b"), node("x", &[])]
}

/// Small pods `web`, and `db`.
fn two() -> Cluster {
    cluster(zones(), vec![deployment("web", 6, 10, 10), deployment("db", 6, 10, 10)])
}

/// Nodes that filters leave to a pod of a workload.
fn feasible(world: &World, workload: &str) -> Vec<&'static str> {
    let nodes = ["a1", "a2", "b1", "x"];
    let rules = nodes.map(|one| format!("default-scheduler/bind-and-start/default/{workload}/{one}"));
    // Rules that can never be enabled are not in the system; each of the others says what all nodes score.
    let Some(rule) = rules.iter().find(|rule| world.system.rule(rule).is_some()) else { return Vec::new() };
    nodes.into_iter().filter(|node| world.detail(rule, &format!("score of {node}")) >= 0).collect()
}

#[test]
fn anti_affinity_keeps_pods_out_of_the_domain_and_lets_nodes_without_the_key_be() {
    let mut cluster = two();
    cluster.workloads[0].template.pod_anti_affinity.required = vec![about("db", ZONE)];
    let mut world = World::new(&cluster);
    world.set("pending[default/web]", 1);
    assert_eq!(feasible(&world, "web"), ["a1", "a2", "b1", "x"]);
    world.run_pods("db", &[("a1", 1), ("x", 1)]);
    assert_eq!(feasible(&world, "web"), ["b1", "x"]);
}

#[test]
fn anti_affinity_of_pods_that_are_there_counts_against_new_ones() {
    let mut cluster = two();
    cluster.workloads[0].template.pod_anti_affinity.required = vec![about("db", ZONE)];
    let mut world = World::new(&cluster);
    world.set("pending[default/db]", 1).run_pods("web", &[("a2", 1)]);
    assert_eq!(feasible(&world, "db"), ["b1", "x"]);
}

#[test]
fn terminating_pods_still_repel() {
    let mut cluster = two();
    cluster.workloads[0].template.pod_anti_affinity.required = vec![about("web", HOST)];
    let mut world = World::new(&cluster);
    world.set("pending[default/web]", 1).set("terminating[default/web][a1]", 1).run_pods("web", &[("b1", 1)]);
    assert_eq!(feasible(&world, "web"), ["a2", "x"]);
}

#[test]
fn affinity_needs_a_pod_in_the_domain_but_for_the_first_of_its_kind() {
    let mut cluster = two();
    cluster.workloads[0].template.pod_affinity.required = vec![about("db", ZONE)];
    cluster.workloads[1].template.pod_affinity.required = vec![about("db", ZONE)];
    let mut world = World::new(&cluster);
    assert_eq!(feasible(&world, "web"), [""; 0], "web does not mean itself");
    assert_eq!(feasible(&world, "db"), ["a1", "a2", "b1"], "the first one needs the key only");
    world.set("pending[default/web]", 1).run_pods("db", &[("a1", 1)]);
    assert_eq!(feasible(&world, "web"), ["a1", "a2"]);
    assert_eq!(feasible(&world, "db"), ["a1", "a2"]);
    // A pod on a node without the key is not seen.
    world.run_pods("db", &[("a1", 0), ("x", 1)]);
    assert_eq!(feasible(&world, "db"), ["a1", "a2", "b1"]);
}

#[test]
fn affinity_pods_count_only_if_all_terms_mean_them() {
    let mut cluster = two();
    let tiered = Requirement { key: "tier".into(), operator: Operator::Exists };
    let selector = Some(LabelSelector { requirements: vec![tiered] });
    let other = PodAffinityTerm { selector, ..about("db", HOST) };
    cluster.workloads[0].template.pod_affinity.required = vec![about("db", ZONE), other];
    let of = |cluster: &Cluster| {
        let mut world = World::new(cluster);
        feasible(world.run_pods("db", &[("a1", 1)]), "web")
    };
    assert_eq!(of(&cluster), [""; 0]);
    cluster.workloads[1].template.labels.insert("tier".into(), "a".into());
    assert_eq!(of(&cluster), ["a1"]);
}

#[test]
fn namespaces_and_label_keys_narrow_what_is_meant() {
    let mut cluster = two();
    let term = about("db", HOST);
    let of = |cluster: &mut Cluster, term: PodAffinityTerm| {
        cluster.workloads[0].template.pod_anti_affinity.required = vec![term];
        let mut world = World::new(cluster);
        world.run_pods("db", &[("a1", 1)]);
        feasible(&world, "web").len()
    };
    assert_eq!(of(&mut cluster, PodAffinityTerm { namespaces: vec!["other".into()], ..term.clone() }), 4);
    assert_eq!(of(&mut cluster, PodAffinityTerm { selector: None, ..term.clone() }), 4);
    let everywhere = PodAffinityTerm { namespace_selector: Some(LabelSelector::default()), ..term.clone() };
    assert_eq!(of(&mut cluster, everywhere), 3);
    let own_revision = PodAffinityTerm { revision: RevisionMatch::Own, ..term };
    assert_eq!(of(&mut cluster, own_revision.clone()), 4);
    cluster.version = KubernetesVersion(30);
    assert_eq!(of(&mut cluster, own_revision), 3, "before 1.31 the API server drops the field");
}

/// Only InterPodAffinity scores.
fn only_affinity() -> SchedulerProfile {
    SchedulerProfile {
        taint_toleration: 0,
        node_affinity: 0,
        resources_fit: 0,
        balanced_allocation: 0,
        topology_spread: 0,
        inter_pod_affinity: 1,
        ..SchedulerProfile::default()
    }
}

fn scores(world: &World, workload: &str) -> Vec<i64> {
    let rule = format!("default-scheduler/bind-and-start/default/{workload}/a1");
    ["a1", "a2", "b1", "x"].map(|node| world.detail(&rule, &format!("score of {node}"))).into()
}

#[test]
fn preferences_of_both_sides_add_up_by_domain() {
    let mut cluster = two();
    cluster.scheduler = only_affinity();
    let weighted = |weight, term| WeightedPodAffinityTerm { weight, term };
    cluster.workloads[0].template.pod_affinity.preferred = vec![weighted(10, about("db", ZONE))];
    cluster.workloads[0].template.pod_anti_affinity.preferred = vec![weighted(30, about("web", HOST))];
    let mut world = World::new(&cluster);
    world.set("pending[default/web]", 1).run_pods("db", &[("a1", 1), ("b1", 2)]).run_pods("web", &[("b1", 1)]);
    // Own affinity: zone a 10, zone b 20. Anti-affinity on b1, own and of the pod there: -30 twice.
    // Raw 10, 10, -40, 0: 100 * 50/50, the same, 0, trunc(100 * 40/50).
    assert_eq!(scores(&world, "web"), [100, 100, 0, 80]);
}

#[test]
fn required_affinity_of_pods_that_are_there_attracts_with_the_hard_weight() {
    let mut cluster = two();
    cluster.scheduler = only_affinity();
    cluster.workloads[1].template.pod_affinity.required = vec![about("web", ZONE)];
    let of = |cluster: &Cluster| {
        let mut world = World::new(cluster);
        world.set("pending[default/web]", 1).run_pods("db", &[("b1", 1)]);
        scores(&world, "web")
    };
    assert_eq!(of(&cluster), [0, 0, 100, 0]);
    cluster.scheduler.hard_pod_affinity_weight = 0;
    assert_eq!(of(&cluster), [0; 4]);
    cluster.scheduler.hard_pod_affinity_weight = 100;
    cluster.scheduler.ignores_preferences_of_others = true;
    assert_eq!(of(&cluster), [0; 4], "the plugin skips pods without preferences");
}

#[test]
fn a_host_port_is_bound_once_a_node() {
    let mut cluster = two();
    let port = |ip: &str| vec![HostPort { ip: ip.into(), protocol: "TCP".into(), port: 80 }];
    cluster.workloads[0].template.host_ports = port("10.0.0.1");
    cluster.workloads[1].template.host_ports = port("10.0.0.2");
    let of = |cluster: &Cluster| {
        let mut world = World::new(cluster);
        world.set("pending[default/web]", 1).run_pods("web", &[("a1", 1)]).run_pods("db", &[("b1", 1)]);
        feasible(&world, "web")
    };
    assert_eq!(of(&cluster), ["a2", "b1", "x"]);
    cluster.workloads[1].template.host_ports = port("");
    assert_eq!(of(&cluster), ["a2", "x"]);
    cluster.scheduler.disabled_filters = vec!["NodePorts".into()];
    let fine = World::fine(&cluster);
    let bind = |node: &str| format!("default-scheduler/bind/default/web/{node}");
    assert!(fine.system.rule(&bind("a1")).is_some());
}

#[test]
fn the_kubelet_rejects_a_port_that_is_taken() {
    let mut cluster = two();
    cluster.workloads[0].template.host_ports = vec![HostPort { ip: "".into(), protocol: "TCP".into(), port: 80 }];
    cluster.scheduler.disabled_filters = vec!["NodePorts".into()];
    let mut world = World::fine(&cluster);
    world.run_pods("web", &[("a1", 1)]).set("bound[default/web][a1]", 1).set("bound[default/web][a2]", 1);
    assert!(world.is_enabled("kubelet/reject/default/web/a1"));
    assert!(world.is_enabled("kubelet/start/default/web/a2"));
}

#[test]
fn a_gated_pod_is_never_scheduled() {
    let mut cluster = two();
    cluster.workloads[0].template.is_gated = true;
    let world = World::new(&cluster);
    assert!(
        world.system.rules.iter().all(|rule| !rule.name.starts_with("default-scheduler/bind-and-start/default/web"))
    );
}
