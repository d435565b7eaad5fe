//! Updates of DaemonSets (section 8.4): which pods go, which come first, and what holds an update back.

use crate::support::{World, cluster, deployment, event, labels, node, origin};
use kubound_encodings::cluster::event::{ApplyMode, EventKind};
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::workload::{Control, CrashLoop, DAEMON_SET, DaemonSet, Readiness, Startup};
use kubound_encodings::cluster::{Cluster, Intent, IntentKind, Span, Workload};

const NAMES: [&str; 3] = ["a", "b", "c"];

fn agent(spec: DaemonSet) -> Workload {
    let mut agent = deployment("agent", 0, 1000, 100);
    agent.reference.kind = DAEMON_SET.into();
    agent.replicas = Span::exactly(0);
    agent.replicas_managed = false;
    agent.control = Control::EachNode(spec);
    agent
}

/// Three nodes with an agent that is restarted.
fn restarted(spec: DaemonSet) -> Cluster {
    let target = agent(spec).reference;
    let mut cluster = cluster(NAMES.map(|name| node(name, &[])).to_vec(), vec![agent(spec)]);
    cluster.events = vec![event("restart", EventKind::Rollout { target: target.clone() })];
    let kind = IntentKind::RolloutCompletes { target };
    cluster.intents = vec![Intent { id: "rolloutCompletes".into(), kind, origin: origin() }];
    cluster
}

/// A pod of the first revision on each node, and the template has changed.
fn changed(cluster: &Cluster) -> World {
    let mut world = World::fine(cluster);
    world.calm();
    world.fire("event/restart/restart");
    world
}

fn acts(world: &World, verb: &str) -> usize {
    world.enabled(&format!("daemonset-controller/{verb}/")).len()
}

fn running(world: &World, name: &str) -> Vec<i64> {
    NAMES.map(|node| world.get(&format!("running[default/{name}][{node}]"))).to_vec()
}

fn unavailable(max_unavailable: Amount) -> DaemonSet {
    DaemonSet { max_unavailable, ..DaemonSet::default() }
}

fn surging(max_surge: Amount) -> DaemonSet {
    DaemonSet { max_unavailable: Amount::Pods(0), max_surge, ..DaemonSet::default() }
}

/// How many pods an update takes away before it waits.
fn taken(spec: DaemonSet) -> usize {
    let mut world = changed(&restarted(spec));
    let mut taken = 0;
    while let Some(rule) = world.enabled("daemonset-controller/update/").first().map(|rule| (*rule).to_owned()) {
        world.fire(&rule);
        taken += 1;
    }
    taken
}

#[test]
fn as_many_nodes_as_max_unavailable_lose_their_pod_at_a_time() {
    let amounts = [Amount::Pods(1), Amount::Pods(2), Amount::Percent(1), Amount::Percent(34), Amount::Percent(100)];
    assert_eq!(amounts.map(|amount| taken(unavailable(amount))), [1, 2, 1, 2, 3]);
    assert_eq!(taken(DaemonSet { updates_on_delete: true, ..DaemonSet::default() }), 0);
}

#[test]
fn a_new_pod_comes_when_the_old_one_is_gone_and_the_update_goes_on_when_it_is_available() {
    let mut world = changed(&restarted(DaemonSet::default()));
    world.fire("daemonset-controller/update/default/agent/a");
    assert_eq!((acts(&world, "create"), acts(&world, "update")), (0, 0), "the old one is still terminating");
    world.fire("kubelet/terminate/default/agent/a");
    assert_eq!(world.enabled("daemonset-controller/"), ["daemonset-controller/create/default/agent@2/a"]);
    world.fire("daemonset-controller/create/default/agent@2/a");
    assert_eq!(acts(&world, "update"), 0, "it is not available yet");
    world.calm();
    assert_eq!((running(&world, "agent"), running(&world, "agent@2")), (vec![0, 0, 0], vec![1, 1, 1]));
}

#[test]
fn pods_that_are_not_available_go_whatever_the_budget_says() {
    let mut cluster = restarted(DaemonSet::default());
    cluster.workloads[0].startup = Some(Startup { cpu: 0, seconds: 60, readiness: Readiness::Never });
    let world = changed(&cluster);
    assert_eq!(acts(&world, "update"), 3);
}

#[test]
fn a_broken_template_stops_after_the_first_nodes() {
    let mut cluster = restarted(unavailable(Amount::Pods(2)));
    let mut broken = cluster.workloads[0].template.clone();
    broken.images = vec!["broken".into()];
    cluster.workloads[0].later_templates = vec![broken];
    cluster.workloads[0].crash_loop = Some(CrashLoop { images: vec!["broken".into()] });
    let target = cluster.workloads[0].reference.clone();
    let mode = ApplyMode::ClientSide;
    cluster.events =
        vec![event("restart", EventKind::Apply { target, replicas: None, template: 1, mode, paused: false })];
    let mut world = World::fine(&cluster);
    world.calm().fire("event/restart/apply");
    world.fire("daemonset-controller/update/default/agent/a").fire("kubelet/terminate/default/agent/a");
    world.fire("daemonset-controller/create/default/agent@2/a");
    world.set("bound[default/agent@2][a]", 0).set("crashed[default/agent@2][a]", 1);
    assert_eq!(acts(&world, "update"), 2, "one more may be without an available pod");
    world.fire("daemonset-controller/update/default/agent/b");
    assert_eq!(acts(&world, "update"), 0);
}

#[test]
fn a_pod_that_never_ends_to_terminate_holds_the_update_back() {
    let mut world = changed(&restarted(DaemonSet::default()));
    world.set("running[default/agent][a]", 0).set("terminating[default/agent][a]", 1);
    assert_eq!(acts(&world, "update"), 0);
    let mut world = changed(&restarted(unavailable(Amount::Pods(2))));
    world.set("running[default/agent][a]", 0).set("terminating[default/agent][a]", 1);
    assert_eq!(acts(&world, "update"), 2);
}

#[test]
fn with_max_surge_the_new_pod_comes_first() {
    let mut world = changed(&restarted(surging(Amount::Percent(34))));
    assert_eq!((acts(&world, "update"), acts(&world, "surge")), (0, 3));
    world.fire("daemonset-controller/surge/default/agent@2/a").fire("daemonset-controller/surge/default/agent@2/b");
    assert_eq!(acts(&world, "surge"), 0, "34 % of 3 nodes are 2");
    world.fire("default-scheduler/bind/default/agent@2/a");
    assert_eq!((acts(&world, "update"), acts(&world, "surge")), (0, 0), "the new one is not available yet");
    world.set("bound[default/agent@2][a]", 0).set("running[default/agent@2][a]", 1);
    assert_eq!(world.enabled("daemonset-controller/update/"), ["daemonset-controller/update/default/agent/a"]);
    world.calm();
    assert_eq!((running(&world, "agent"), running(&world, "agent@2")), (vec![0, 0, 0], vec![1, 1, 1]));
}

#[test]
fn a_new_pod_without_room_waits_and_holds_the_surge() {
    let mut cluster = restarted(surging(Amount::Pods(1)));
    cluster.pools[0].allocatable.insert("cpu".into(), Span::exactly(1000));
    let mut world = changed(&cluster);
    world.fire("daemonset-controller/surge/default/agent@2/a");
    assert_eq!(world.enabled("default-scheduler/"), [""; 0], "1000m for two pods of 1000m, and one surge at a time");
    assert_eq!(world.enabled("daemonset-controller/"), [""; 0]);
}

#[test]
fn pods_leave_nodes_that_the_new_template_does_not_admit() {
    let mut cluster = restarted(DaemonSet { updates_on_delete: true, ..DaemonSet::default() });
    let mut elsewhere = cluster.workloads[0].template.clone();
    elsewhere.node_selector = labels(&[("disk", "ssd")]);
    cluster.workloads[0].later_templates = vec![elsewhere];
    cluster.pools[1].labels = labels(&[("disk", "ssd")]);
    let target = cluster.workloads[0].reference.clone();
    let mode = ApplyMode::ClientSide;
    cluster.events =
        vec![event("restart", EventKind::Apply { target, replicas: None, template: 1, mode, paused: false })];
    let mut world = World::fine(&cluster);
    world.calm().fire("event/restart/apply").calm();
    assert_eq!(running(&world, "agent"), [0, 1, 0]);
}
