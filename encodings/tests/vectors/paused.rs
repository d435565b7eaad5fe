//! Paused Deployments (sections 2.2 and 2.4): they are scaled, and nothing else.

use crate::support::{World, cluster, deployment, event, node, reference};
use kubound_encodings::cluster::event::{ApplyMode, EventKind};
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::{Cluster, Span, Start, Strategy};

const ROLL: &str = "deployment-controller/roll/default/web";
const SCALE: &str = "deployment-controller/scale/default/web";

fn apply(template: usize, paused: bool) -> EventKind {
    EventKind::Apply { target: reference("web"), replicas: None, template, mode: ApplyMode::ClientSide, paused }
}

/// A Deployment of 4 on one node, surge 1 and unavailable 1, with a second template and events.
fn paused(events: Vec<EventKind>) -> Cluster {
    let mut web = deployment("web", 4, 10, 10);
    (web.replicas, web.replicas_managed) = (Span::exactly(4), false);
    web.rollout.strategy = Strategy::RollingUpdate { max_surge: Amount::Pods(1), max_unavailable: Amount::Pods(1) };
    web.later_templates = vec![web.template.clone()];
    let mut cluster = cluster(vec![node("a", &[])], vec![web]);
    let scale = EventKind::Scale { target: reference("web"), replicas: Span { lo: 2, hi: 8, step: 1 } };
    let named = events.into_iter().chain([scale]).enumerate();
    cluster.events = named.map(|(index, kind)| event(&format!("e{index}"), kind)).collect();
    cluster
}

fn sizes(world: &World) -> (i64, i64) {
    (world.get("replicaSet[default/web]"), world.get("replicaSet[default/web@2]"))
}

#[test]
fn a_new_template_waits_until_the_deployment_is_resumed() {
    let mut world = World::fine(&paused(vec![apply(1, true), apply(1, false)]));
    world.calm().fire("event/e0/apply");
    assert_eq!((world.get("paused[default/web]"), world.get("template[default/web]")), (1, 1));
    assert!(!world.is_enabled(ROLL) && !world.is_enabled(SCALE), "not even the ReplicaSet is made");
    world.calm().fire("event/e1/apply").calm();
    assert_eq!(sizes(&world), (0, 4));
}

#[test]
fn the_only_active_one_gets_all_replicas_even_if_it_is_not_the_wanted_one() {
    let mut world = World::fine(&paused(vec![apply(1, true)]));
    world.calm().fire("event/e0/apply").set("spec.replicas[default/web]", 8).calm();
    assert_eq!(sizes(&world), (8, 0));
    world.set("replicaSet[default/web]", 0).set("spec.replicas[default/web]", 2).calm();
    assert_eq!(sizes(&world), (2, 0), "none is active: the newest that there is");
}

#[test]
fn in_mid_rollout_both_are_scaled_by_their_sizes() {
    let mut world = World::fine(&paused(vec![apply(1, true)]));
    world.calm().fire("event/e0/apply");
    for (name, size, created) in [("default/web", 3, 1), ("default/web@2", 2, 2)] {
        world.set(&format!("replicaSet[{name}]"), size).set(&format!("created[{name}]"), created);
        world.set(&format!("desired-replicas[{name}]"), 4).set(&format!("max-replicas[{name}]"), 5);
    }
    assert!(!world.is_enabled(ROLL) && !world.is_enabled(SCALE), "the surge is there, and nothing moves");
    // 3 x 9 / 5 = 5.4 and 2 x 9 / 5 = 3.6; 8 + 1 pods.
    world.set("spec.replicas[default/web]", 8).fire(SCALE);
    assert_eq!(sizes(&world), (5, 4));
    assert!(!world.is_enabled(ROLL) && !world.is_enabled(SCALE));
}

#[test]
fn what_is_paused_from_the_start_has_no_replica_set() {
    for start in [Start::Empty, Start::Any] {
        let mut cluster = paused(vec![]);
        cluster.workloads[0].later_templates.clear();
        cluster.workloads[0].rollout.is_paused = true;
        cluster.events.clear();
        cluster.start = start;
        let mut world = World::fine(&cluster);
        assert_eq!(world.get("replicaSet[default/web]"), if start == Start::Any { 4 } else { 0 });
        world.calm();
        let pods = world.get("running[default/web][a]");
        assert_eq!(pods, if start == Start::Any { 4 } else { 0 });
    }
}

#[test]
fn nobody_restarts_or_rolls_back_what_is_paused() {
    let restart = EventKind::Rollout { target: reference("web") };
    let mut world = World::fine(&paused(vec![apply(1, true), restart]));
    world.calm();
    assert!(world.is_enabled("event/e1/restart"));
    world.fire("event/e0/apply");
    assert!(!world.is_enabled("event/e1/restart"), "kubectl refuses");
}
