//! Which pods go on scale-down (section 2.8), and the handing down of replicas.

use crate::support::{World, cluster, deployment, event, node, reference};
use kubound_encodings::cluster::Span;
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::workload::{Readiness, Startup};

const DELETE: &str = "replicaset-controller/delete/default/web";
const PENDING: &str = "pending[default/web]";

/// Two nodes; pods that start are not ready.
fn world() -> World {
    let mut web = deployment("web", 6, 100, 100);
    web.startup = Some(Startup { cpu: 100, seconds: 30, readiness: Readiness::After });
    let mut cluster = cluster(vec![node("a", &[]), node("b", &[])], vec![web]);
    // Without something that lowers `spec.replicas` there is no deletion.
    let target = reference("web");
    cluster.events = vec![event("scale", EventKind::Scale { target, replicas: Span::exactly(0) })];
    World::fine(&cluster)
}

fn count(phase: &str, node: &str) -> String {
    format!("{phase}[default/web][{node}]")
}

/// Pods left on a and b in a phase, after a deletion down to `replicas`.
fn left(world: &mut World, replicas: i64, phase: &str) -> Vec<Vec<i64>> {
    world.set("spec.replicas[default/web]", replicas).set("replicaSet[default/web]", replicas);
    world.results(DELETE, &[PENDING, &count(phase, "a"), &count(phase, "b")])
}

#[test]
fn pending_pods_go_first() {
    let mut world = world();
    world.run_pods("web", &[("a", 2), ("b", 1)]).set(PENDING, 2);
    assert_eq!(left(&mut world, 4, "running"), [[1, 2, 1]]);
    assert_eq!(left(&mut world, 3, "running"), [[0, 2, 1]]);
    assert_eq!(left(&mut world, 2, "running"), [[0, 1, 1]], "then a doubled-up one");
}

#[test]
fn bound_pods_go_before_unready_ones_and_those_before_ready_ones() {
    let mut world = world();
    world.run_pods("web", &[("a", 3)]);
    world.set(&count("bound", "b"), 1).set(&count("starting", "b"), 1);
    assert_eq!(left(&mut world, 4, "bound"), [[0, 0, 0]]);
    assert_eq!(left(&mut world, 4, "starting"), [[0, 0, 1]]);
    assert_eq!(left(&mut world, 3, "starting"), [[0, 0, 0]]);
    assert_eq!(left(&mut world, 2, "running"), [[0, 2, 0]]);
}

#[test]
fn ties_are_free_and_ranks_are_those_before_the_sync() {
    let mut world = world();
    world.run_pods("web", &[("a", 2), ("b", 2)]);
    assert_eq!(left(&mut world, 3, "running"), [[0, 1, 2], [0, 2, 1]]);
    assert_eq!(left(&mut world, 2, "running"), [[0, 0, 2], [0, 1, 1], [0, 2, 0]], "two of one node may go");
    world.run_pods("web", &[("a", 3), ("b", 2)]);
    assert_eq!(left(&mut world, 2, "running"), [[0, 0, 2]], "all three of a rank before those of b");
}

#[test]
fn terminating_pods_are_replaced_at_once() {
    let mut world = world();
    world.run_pods("web", &[("a", 2)]).set(&count("running", "a"), 1).set(&count("terminating", "a"), 1);
    assert_eq!(world.results("replicaset-controller/create/default/web", &[PENDING]), [[1]]);
}

#[test]
fn the_deployment_hands_down_replicas_in_one_jump() {
    let mut world = world();
    world.run_pods("web", &[("a", 1)]).set("spec.replicas[default/web]", 6);
    world.fire("deployment-controller/scale/default/web");
    assert_eq!(world.get("replicaSet[default/web]"), 6);
    world.fire("replicaset-controller/create/default/web");
    assert_eq!(world.get(PENDING), 5);
}
