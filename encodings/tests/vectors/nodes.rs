//! Admission, failed nodes, taints and drains (sections 5 and 6).

use crate::support::{MEBI, World, ZONE, acting, cluster, deployment, event, labels, node};
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::pod::Toleration;
use kubound_encodings::cluster::workload::{CrashLoop, Usage};
use kubound_encodings::cluster::{
    Cluster, Granularity, LabelChange, NodePool, ScenarioControllerKind, Span, Taint, TaintEffect, Workload,
};

fn no_execute() -> Taint {
    Taint { key: "k".into(), value: String::new(), effect: TaintEffect::NoExecute }
}

fn tolerates_for(seconds: i64) -> Toleration {
    Toleration { key: "k".into(), exists: true, value: String::new(), effect: None, seconds: Some(seconds) }
}

/// Nodes in zones, of which those named failed and were found not ready.
fn failed(nodes: &[(&str, &str)], not_ready: &[&str]) -> World {
    let pools = nodes.iter().map(|&(name, zone)| node(name, &[(ZONE, zone)])).collect();
    let mut cluster = cluster(pools, vec![deployment("web", 1, 100, 100)]);
    cluster.events = vec![event("fail", EventKind::NodeFailure { pool: None, recovers: true })];
    let mut world = World::new(&cluster);
    for name in not_ready {
        world.set(&format!("alive[{name}]"), 0).set(&format!("notReady[{name}]"), 1);
    }
    world
}

const FIVE: [(&str, &str); 5] = [("n0", "a"), ("n1", "a"), ("n2", "a"), ("n3", "a"), ("n4", "a")];

#[test]
fn zones_decide_whether_nodes_are_tainted() {
    let taints = |world: &World| world.enabled("node-controller/taint/").len();
    let names: Vec<&str> = FIVE.iter().map(|&(name, _)| name).collect();
    assert_eq!(taints(&failed(&FIVE, &names[..2])), 2, "two of five: normal");
    assert_eq!(taints(&failed(&FIVE, &names[..3])), 0, "three of five: partial disruption");
    let with_other: Vec<(&str, &str)> = FIVE.iter().copied().chain([("m", "b")]).collect();
    assert_eq!(taints(&failed(&with_other, &names)), 5, "a full zone beside a healthy one");
    let mut all = names.clone();
    all.push("m");
    let mut world = failed(&with_other, &all);
    assert_eq!(taints(&world), 0, "all zones full");
    world.set("noExecuteTaint[m]", 1);
    assert_eq!(world.enabled("node-controller/untaint/"), ["node-controller/untaint/m"]);
}

#[test]
fn a_failed_node_is_found_tainted_and_forgiven() {
    let mut world = failed(&FIVE[..3], &[]);
    world.calm().fire("event/fail/stop/n0").calm();
    assert_eq!((world.get("notReady[n0]"), world.get("noExecuteTaint[n0]")), (1, 1));
    world.fire("event/fail/recover/n0").calm();
    assert_eq!((world.get("notReady[n0]"), world.get("noExecuteTaint[n0]")), (0, 0));
}

#[test]
fn a_pinned_pod_is_rejected_where_a_no_execute_taint_is_not_tolerated() {
    let mut web = deployment("web", 1, 100, 100);
    web.template.node_name = Some("a".into());
    let mut cluster = cluster(vec![node("a", &[]), node("b", &[])], vec![web]);
    let admitted = |cluster: &Cluster| {
        let mut world = World::new(cluster);
        world.set("bound[default/web][a]", 1);
        let start = world.is_enabled("kubelet/start/default/web/a");
        assert_ne!(start, world.is_enabled("kubelet/reject/default/web/a"));
        start
    };
    assert!(admitted(&cluster));
    cluster.pools[0].taints = vec![Taint { effect: TaintEffect::NoSchedule, ..no_execute() }];
    cluster.pools[0].unschedulable = true;
    assert!(admitted(&cluster), "NoSchedule and cordons are not checked");
    cluster.pools[0].taints = vec![no_execute()];
    assert!(!admitted(&cluster));
    cluster.workloads[0].template.tolerations = vec![tolerates_for(60)];
    assert!(admitted(&cluster));
    cluster.workloads[0].template.requests.insert("cpu".into(), 5000);
    assert!(!admitted(&cluster), "OutOfcpu");
    cluster.workloads[0].template.requests.insert("cpu".into(), 500);
    cluster.workloads[0].template.node_selector.insert("disk".into(), "fast".into());
    assert!(!admitted(&cluster), "NodeAffinity");
}

#[test]
fn a_filter_switched_off_leaves_the_check_to_the_kubelet() {
    let mut cluster = cluster(vec![node("a", &[])], vec![deployment("web", 1, 5000, 100)]);
    cluster.scheduler.disabled_filters = vec!["NodeResourcesFit".into()];
    let mut world = World::new(&cluster);
    world.set("pending[default/web]", 1).run_pods("web", &[]);
    world.fire("default-scheduler/bind/default/web/a");
    assert_eq!(world.enabled("kubelet/"), ["kubelet/reject/default/web/a"]);
}

#[test]
fn a_taint_is_tolerated_for_its_seconds() {
    let tolerating = |name: &str, seconds: i64| {
        let mut workload = deployment(name, 2, 100, 100);
        workload.template.tolerations = vec![tolerates_for(seconds)];
        workload
    };
    let tainted = NodePool { taints: vec![no_execute()], ..node("a", &[]) };
    let cluster = cluster(vec![tainted], vec![tolerating("web", 60), tolerating("brief", 20)]);
    let mut world = World::new(&cluster);
    world.run_pods("web", &[("a", 2)]).run_pods("brief", &[("a", 1)]);
    let (web, brief) =
        ("taint-eviction-controller/running/default/web/a", "taint-eviction-controller/running/default/brief/a");
    assert!(!world.is_enabled(web) && !world.is_enabled(brief));
    world.fire("time/passes");
    assert!(!world.is_enabled(web) && world.is_enabled(brief));
    world.set("spec.replicas[default/brief]", 0).set("replicaSet[default/brief]", 0);
    world.set("running[default/brief][a]", 0);
    world.fire("time/passes");
    assert!(world.is_enabled(web), "60 s are over");
    assert_eq!(world.results(web, &["running[default/web][a]"]), [[0], [1]], "they came one by one");
}

#[test]
fn an_untolerated_taint_acts_at_once_on_one_or_all() {
    let tainted = NodePool { taints: vec![no_execute()], ..node("a", &[]) };
    let mut world = World::new(&cluster(vec![tainted], vec![deployment("web", 2, 100, 100)]));
    world.run_pods("web", &[("a", 2)]);
    let rule = "taint-eviction-controller/running/default/web/a";
    assert_eq!(world.results(rule, &["running[default/web][a]", "terminating[default/web][a]"]), [[0, 2], [1, 1]]);
}

/// Two nodes, the first of which loses its label once.
fn relabelled(workload: Workload) -> World {
    let nodes = vec![node("a", &[("tier", "fast")]), node("b", &[("tier", "fast")])];
    let mut cluster = cluster(nodes, vec![workload]);
    let change = LabelChange { nodes: Some("a".into()), remove: vec!["tier".into()], ..LabelChange::default() };
    cluster.events = vec![event("relabel", EventKind::Relabel(change))];
    World::new(&cluster)
}

/// What is said of an event about nodes of which there are so many, beside one without labels.
fn relabelling(count: i64, nodes: Option<&str>, removed: &str) -> Result<(), String> {
    let mut pool = node("a", &[("tier", "fast")]);
    pool.count = Span::exactly(count);
    let mut cluster = cluster(vec![pool, node("b", &[])], vec![deployment("web", 1, 100, 100)]);
    let nodes = nodes.map(str::to_owned);
    let change = LabelChange { nodes, remove: vec![removed.into()], ..LabelChange::default() };
    cluster.events = vec![event("relabel", EventKind::Relabel(change))];
    assemble(&cluster, Granularity::Fine).map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn a_change_of_labels_is_refused_or_not_whatever_the_number_of_nodes() {
    for (count, nodes) in [(1, None), (0, None), (1, Some("a")), (0, Some("a"))] {
        assert_eq!(relabelling(count, nodes, "tier"), Ok(()), "{count} {nodes:?}");
        let refused = relabelling(count, nodes, "absent").unwrap_err();
        assert!(refused.contains("no node has other labels after it"), "{refused}");
    }
    assert_eq!(relabelling(1, Some("gone"), "tier"), Ok(()), "a node of a larger cluster");
}

#[test]
fn pods_stay_where_a_label_goes_and_new_ones_stay_away() {
    let mut web = deployment("web", 2, 100, 100);
    web.template.node_selector = labels(&[("tier", "fast")]);
    let mut world = relabelled(web);
    world.run_pods("web", &[("a", 1)]).set("pending[default/web]", 1);
    let binds = |world: &World| world.enabled("default-scheduler/bind").len();
    assert_eq!(binds(&world), 1, "the other node has fewer pods");
    world.set("running[default/web][b]", 1).set("running[default/web][a]", 0);
    assert!(world.enabled("default-scheduler/").iter().all(|rule| rule.ends_with("/a")));
    world.set("labels[a]", 1);
    assert!(world.enabled("default-scheduler/").iter().all(|rule| rule.ends_with("/b")), "a has no label any more");
    world.set("pending[default/web]", 0).set("running[default/web][a]", 1).set("labels[a]", 0);
    world.fire("event/relabel/a").calm();
    assert_eq!(on(&world, "a"), 1, "ignored during execution");
    assert!(!world.is_enabled("event/relabel/a"));
}

#[test]
fn a_pod_bound_before_its_node_loses_the_label_is_rejected() {
    let mut web = deployment("web", 1, 100, 100);
    web.template.node_selector = labels(&[("tier", "fast")]);
    let mut world = relabelled(web);
    world.set("bound[default/web][a]", 1);
    assert!(world.is_enabled("kubelet/start/default/web/a"));
    world.set("labels[a]", 1);
    assert!(world.is_enabled("kubelet/reject/default/web/a"), "NodeAffinity");
}

/// Two nodes, two pods on the first, and an event.
fn drained(kind: EventKind) -> World {
    let mut cluster = cluster(vec![node("a", &[]), node("b", &[])], vec![deployment("web", 2, 100, 100)]);
    cluster.events = vec![event("e", kind)];
    let mut world = World::new(&cluster);
    world.run_pods("web", &[("a", 2)]);
    world
}

fn on(world: &World, node: &str) -> i64 {
    world.get(&format!("running[default/web][{node}]"))
}

#[test]
fn a_drain_evicts_and_puts_back() {
    let mut world = drained(EventKind::Drain { node: Some("a".into()), uncordon: true });
    world.fire("event/e/a");
    assert_eq!(world.get("unschedulable[a]"), 1);
    world.calm();
    assert_eq!((on(&world, "a"), on(&world, "b")), (0, 2));
    assert_eq!(world.get("unschedulable[a]"), 0, "put back");
}

#[test]
fn a_drain_without_uncordon_leaves_the_node_cordoned() {
    let mut world = drained(EventKind::Drain { node: Some("a".into()), uncordon: false });
    world.fire("event/e/a").calm();
    assert_eq!((on(&world, "b"), world.get("unschedulable[a]")), (2, 1));
    assert!(!world.is_enabled("event/e/a"), "its budget is spent");
}

#[test]
fn maintenance_takes_one_node_at_a_time_and_waits() {
    let mut world = drained(EventKind::Maintenance { pools: vec![], at_once: 1 });
    world.fire("event/e/a").calm();
    assert!(!world.is_enabled("event/e/b"));
    assert_eq!((on(&world, "b"), world.get("unschedulable[a]")), (2, 1), "at a later instant");
    world.fire("event/e/finish/a");
    assert_eq!(world.get("unschedulable[a]"), 0);
}

#[test]
fn a_cordoned_node_may_be_drained() {
    let mut world = drained(EventKind::Drain { node: Some("a".into()), uncordon: false });
    world.set("unschedulable[a]", 1);
    assert!(world.is_enabled("event/e/a"));
}

#[test]
fn excluded_nodes_do_not_count_in_their_zone() {
    let taints = |excluded: bool| {
        let mut pools: Vec<NodePool> = ["a", "b", "c", "d"].map(|name| node(name, &[])).to_vec();
        if excluded {
            pools[2].labels.insert("node.kubernetes.io/exclude-disruption".into(), String::new());
        }
        let mut cluster = cluster(pools, vec![deployment("web", 1, 100, 100)]);
        cluster.events = vec![event("failure", EventKind::NodeFailure { pool: None, recovers: true })];
        let mut world = World::new(&cluster);
        for name in ["a", "b", "c"] {
            world.set(&format!("alive[{name}]"), 0).set(&format!("notReady[{name}]"), 1);
        }
        world.enabled("node-controller/taint").len()
    };
    assert_eq!(taints(false), 0, "3 of 4 nodes are not ready");
    assert_eq!(taints(true), 3, "2 of the 3 that count");
}

/// One node of 8 GiB, and workloads that request and use so much memory (MiB) at a priority.
fn pressed(workloads: &[(&str, i64, i64, i64)]) -> World {
    let make = |&(name, request, usage, priority): &(&str, i64, i64, i64)| {
        let mut workload = deployment(name, 3, 100, request);
        workload.memory_usage = Usage::PerPod(Span::exactly(usage * MEBI));
        workload.template.priority = priority;
        workload.template.never_preempts = true;
        workload
    };
    let mut cluster = cluster(vec![node("n", &[])], workloads.iter().map(make).collect());
    cluster.scenario_controllers = vec![acting("memory", ScenarioControllerKind::MemoryPressure)];
    let mut world = World::new(&cluster);
    for (name, ..) in workloads {
        world.run_pods(name, &[("n", 1)]);
    }
    world
}

/// The workloads of which a kubelet under pressure evicts a pod.
fn evicted_first(workloads: &[(&str, i64, i64, i64)]) -> Vec<String> {
    let mut world = pressed(workloads);
    if !world.is_enabled("event/memory/begin/n") {
        return vec![];
    }
    world.fire("event/memory/begin/n");
    world.enabled("event/memory/evict/").iter().map(|rule| rule.split('/').nth(5).expect("a name").to_owned()).collect()
}

#[test]
fn memory_is_taken_from_pods_above_their_request_then_of_low_priority_then_furthest_above() {
    let (within, above) = (("a", 5000, 4000, 0), ("b", 1000, 4500, 10));
    assert_eq!(evicted_first(&[within, above]), ["b"], "above its request, whatever its priority");
    assert_eq!(evicted_first(&[("a", 1000, 4000, 5), above]), ["a"], "of lower priority");
    assert_eq!(evicted_first(&[("a", 1000, 4000, 10), above]), ["b"], "3500 above against 3000");
    assert_eq!(evicted_first(&[("a", 1000, 4500, 10), above]), ["a", "b"], "a tie");
    assert_eq!(evicted_first(&[("a", 500, 4500, 2_000_000_000), above]), ["b"], "critical pods stay");
    assert!(evicted_first(&[("a", 500, 4096, 0), ("b", 500, 4096, 0)]).is_empty(), "8192 of 8192");
}

#[test]
fn a_node_under_memory_pressure_takes_no_pods_until_it_is_over_for_some_time() {
    let mut world = pressed(&[("a", 1000, 4500, 0), ("b", 1000, 4500, 0)]);
    world.calm();
    let there = |world: &World| world.get("running[default/a][n]") + world.get("running[default/b][n]");
    assert_eq!((there(&world), world.get("memoryPressure[n]")), (1, 1), "one was evicted, its successor waits");
    assert!(world.enabled("event/memory/").contains(&"event/memory/end/n"));
    world.fire("event/memory/end/n").calm();
    assert_eq!((there(&world), world.get("memoryPressure[n]")), (1, 1), "it came, and one was evicted again");
}

#[test]
fn a_crashed_container_makes_its_pod_unready_but_not_inactive() {
    let mut web = deployment("web", 2, 100, 100);
    web.crash_loop = Some(CrashLoop { images: vec!["web:2".into()] });
    web.template.images = vec!["web:1".into()];
    let fine = World::new(&cluster(vec![node("n", &[])], vec![web.clone()]));
    assert!(fine.system.rule("kubelet/crash/default/web/n").is_none(), "another image");
    web.template.images = vec!["web:2".into()];
    let mut world = World::new(&cluster(vec![node("n", &[])], vec![web]));
    world.run_pods("web", &[("n", 2)]).fire("kubelet/crash/default/web/n").calm();
    assert_eq!((world.get("running[default/web][n]"), world.get("crashed[default/web][n]")), (1, 1));
    assert_eq!(world.get("pending[default/web]"), 0, "no replacement");
    world.fire("kubelet/restart/default/web/n");
    assert_eq!((world.get("running[default/web][n]"), world.get("crashed[default/web][n]")), (2, 0));
}
