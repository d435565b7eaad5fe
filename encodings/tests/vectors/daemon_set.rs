//! Pods of DaemonSets (section 8.4): where they are created, and what leaves them alone.

use crate::support::{HOST, World, cluster, deployment, event, labels, node, policy};
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::descheduler::{DeschedulerPlugin, Evictor};
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::pod::Toleration;
use kubound_encodings::cluster::workload::DAEMON_SET;
use kubound_encodings::cluster::{Cluster, LabelChange, Span, Taint, TaintEffect, Workload};

fn agent(cpu: i64) -> Workload {
    let mut agent = deployment("agent", 0, cpu, 100);
    agent.reference.kind = DAEMON_SET.into();
    agent.replicas = Span::exactly(0);
    agent.template.tolerations = vec![Toleration {
        key: "node.kubernetes.io/unschedulable".into(),
        exists: true,
        value: String::new(),
        effect: Some(TaintEffect::NoSchedule),
        seconds: None,
    }];
    agent
}

/// Two nodes of 4 cores.
fn nodes(agent: Workload) -> Cluster {
    cluster(vec![node("a", &[]), node("b", &[])], vec![deployment("web", 6, 1000, 100), agent])
}

fn creates(world: &World) -> Vec<&str> {
    world.enabled("daemonset-controller/")
}

#[test]
fn there_is_one_pod_on_each_node() {
    let mut world = World::fine(&nodes(agent(100)));
    let (first, second) =
        ("daemonset-controller/create/default/agent/a", "daemonset-controller/create/default/agent/b");
    assert_eq!(creates(&world), [first, second]);
    world.fire(first);
    assert_eq!(creates(&world), [second], "a pod that is not admitted yet is there");
    world.set("bound[default/agent][a]", 0).set("terminating[default/agent][a]", 1);
    assert_eq!(creates(&world), [second], "one that terminates, too");
    world.set("terminating[default/agent][a]", 0).calm();
    assert_eq!((world.get("running[default/agent][a]"), world.get("running[default/agent][b]")), (1, 1));
    assert_eq!(world.get("pending[default/agent]"), 0);
}

#[test]
fn nodes_must_admit_it_and_have_room() {
    let places = |cluster: &Cluster, web: i64| {
        let mut world = World::fine(cluster);
        world.run_pods("web", &[("a", web)]);
        let waits = world.enabled("daemonset-controller/create-pending/").len();
        (creates(&world).len() - waits, waits)
    };
    assert_eq!(places(&nodes(agent(1000)), 3), (2, 0));
    assert_eq!(places(&nodes(agent(1000)), 4), (1, 1), "4 of 4 cores are taken");
    let mut cluster = nodes(agent(100));
    cluster.pools[0].unschedulable = true;
    assert_eq!(places(&cluster, 0), (2, 0), "a cordon is tolerated");
    cluster.pools[0].taints = vec![Taint { key: "k".into(), value: String::new(), effect: TaintEffect::NoExecute }];
    assert_eq!(places(&cluster, 0), (1, 0));
    cluster.workloads[1].template.node_selector = labels(&[(HOST, "a")]);
    assert_eq!(places(&cluster, 0), (0, 0));
}

#[test]
fn a_pod_without_room_waits_for_its_node() {
    let mut world = World::fine(&nodes(agent(1000)));
    world.run_pods("web", &[("a", 4)]).set("running[default/agent][b]", 1);
    world.fire("daemonset-controller/create-pending/default/agent/a");
    assert_eq!((creates(&world), world.enabled("default-scheduler/")), (vec![], vec![]), "there is room on b only");
    world.set("running[default/web][a]", 3);
    world.fire("default-scheduler/bind/default/agent/a");
    assert_eq!((world.get("pending[default/agent][a]"), world.get("bound[default/agent][a]")), (0, 1));
}

#[test]
fn a_pod_of_a_higher_priority_preempts_on_its_node() {
    let mut important = agent(1000);
    important.template.priority = 1000;
    let mut world = World::fine(&nodes(important));
    world.run_pods("web", &[("a", 4)]).set("running[default/agent][b]", 1);
    world.fire("daemonset-controller/create-pending/default/agent/a");
    assert_eq!(world.enabled("default-scheduler/"), ["default-scheduler/preempt/default/agent/a"]);
    world.fire("default-scheduler/preempt/default/agent/a");
    assert_eq!((world.get("running[default/web][a]"), world.get("terminating[default/web][a]")), (3, 1));
    world.calm();
    assert_eq!(world.get("running[default/agent][a]"), 1);
}

#[test]
fn its_pods_take_room_from_others() {
    let mut world = World::new(&nodes(agent(3500)));
    world.set("running[default/agent][a]", 1).set("running[default/agent][b]", 1).set("pending[default/web]", 1);
    assert!(world.enabled("default-scheduler/").is_empty());
}

#[test]
fn drains_leave_it_alone() {
    let mut cluster = nodes(agent(100));
    cluster.events = vec![event("drain", EventKind::Drain { node: Some("a".into()), uncordon: false })];
    let mut world = World::fine(&cluster);
    world.run_pods("web", &[("a", 1)]).set("running[default/agent][a]", 1).set("running[default/agent][b]", 1);
    world.fire("event/drain/a").calm();
    assert_eq!(world.get("running[default/agent][a]"), 1);
    assert_eq!(world.get("running[default/web][a]"), 0);
}

#[test]
fn its_pod_leaves_a_node_whose_labels_no_longer_match() {
    let mut agent = agent(100);
    agent.template.node_selector = labels(&[("tier", "edge")]);
    let mut cluster = nodes(agent);
    for pool in &mut cluster.pools {
        pool.labels.insert("tier".into(), "edge".into());
    }
    let change = LabelChange { nodes: Some("a".into()), remove: vec!["tier".into()], ..LabelChange::default() };
    cluster.events = vec![event("relabel", EventKind::Relabel(change))];
    let mut world = World::fine(&cluster);
    world.run_pods("web", &[]).set("running[default/agent][a]", 1).set("running[default/agent][b]", 1);
    let leaves = "daemonset-controller/leave/default/agent/a";
    assert!(!world.is_enabled(leaves));
    world.fire("event/relabel/a");
    assert_eq!(world.enabled("daemonset-controller/"), [leaves]);
    world.fire(leaves).calm();
    assert_eq!((world.get("running[default/agent][a]"), world.get("running[default/agent][b]")), (0, 1));
    assert!(creates(&world).is_empty(), "the node is not wanted any more");
}

#[test]
fn the_descheduler_takes_it_only_if_told() {
    let policed = |evict_daemon_set_pods: bool| {
        let evictor = Evictor { evict_daemon_set_pods, ..Evictor::default() };
        let plugin = DeschedulerPlugin::PodLifeTime {
            max_seconds: None,
            phases: None,
            label_selector: None,
            namespaces: Default::default(),
        };
        let descheduler = Some(policy(plugin, evictor));
        let mut world = World::new(&Cluster { descheduler, ..nodes(agent(100)) });
        world.run_pods("web", &[]).set("running[default/agent][a]", 1).set("running[default/agent][b]", 1);
        world.is_enabled("descheduler/PodLifeTime")
    };
    assert!(!policed(false));
    assert!(policed(true));
}

#[test]
fn nothing_is_added_where_there_is_none() {
    let cluster = cluster(vec![node("a", &[])], vec![deployment("web", 2, 100, 100)]);
    let system = assemble(&cluster, Default::default()).expect("a system");
    assert!(!system.rules.iter().any(|rule| rule.name.starts_with("daemonset-controller")));
}
