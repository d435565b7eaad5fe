//! Which pods go on scale-down (section 2.8), and the handing down of replicas.

use crate::support::{MEBI, World, cluster, deployment, event, node, origin, reference};
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::quota::Scope;
use kubound_encodings::cluster::workload::{Readiness, Startup};
use kubound_encodings::cluster::{Cluster, ResourceQuota, Span};

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

const CREATE: &str = "replicaset-controller/create/default/web";

/// Up to six pods of 100 millicores and 100 MiB, and a quota.
fn limited(hard: &[(&str, i64)], scopes: Vec<Scope>) -> Cluster {
    let quota = ResourceQuota {
        namespace: "default".into(),
        name: "team".into(),
        hard: hard.iter().map(|&(resource, amount)| (resource.to_owned(), amount)).collect(),
        scopes,
        origin: origin(),
    };
    let mut cluster = cluster(vec![node("a", &[])], vec![deployment("web", 6, 100, 100)]);
    cluster.quotas = vec![quota];
    cluster
}

/// Pods created beside two that run and one that terminates, of six that are wanted.
fn created(cluster: &Cluster) -> i64 {
    let mut world = World::fine(cluster);
    world.run_pods("web", &[("a", 2)]).set(&count("terminating", "a"), 1);
    world.set("spec.replicas[default/web]", 6).set("replicaSet[default/web]", 6);
    if world.is_enabled(CREATE) { world.fire(CREATE).get(PENDING) } else { 0 }
}

#[test]
fn quotas_refuse_pods_and_terminating_ones_count() {
    assert_eq!(created(&limited(&[], vec![])), 4);
    assert_eq!(created(&limited(&[("pods", 5)], vec![])), 2);
    assert_eq!(created(&limited(&[("pods", 3)], vec![])), 0);
    assert_eq!(created(&limited(&[("cpu", 450)], vec![])), 1, "4 pods request 400m");
    assert_eq!(created(&limited(&[("cpu", 1000), ("memory", 450 * MEBI)], vec![])), 1, "the tightest one");
    assert_eq!(created(&limited(&[("ephemeral-storage", 0)], vec![])), 4, "nobody requests it");
    assert_eq!(created(&limited(&[("pods", 1)], vec![Scope::NotBestEffort])), 4, "the pods are of another scope");
    let mut elsewhere = limited(&[("pods", 1)], vec![]);
    elsewhere.quotas[0].namespace = "other".into();
    assert_eq!(created(&elsewhere), 4);
}

#[test]
fn a_quota_of_cpu_refuses_pods_without_a_request() {
    let mut cluster = limited(&[("cpu", 4000)], vec![]);
    assert_eq!(created(&cluster), 4);
    cluster.workloads[0].template.cpu_requested_everywhere = false;
    assert_eq!(created(&cluster), 0);
}

#[test]
fn a_quota_of_limits_counts_what_pods_are_limited_to() {
    let mut cluster = limited(&[("limits.cpu", 1300)], vec![]);
    assert_eq!(created(&cluster), 0, "pods without a limit are refused");
    let template = &mut cluster.workloads[0].template;
    template.limits = [("cpu".to_owned(), 300)].into();
    template.cpu_limited_everywhere = true;
    assert_eq!(created(&cluster), 1, "4 pods are limited to 1200m");
}

#[test]
fn pods_that_a_limit_range_refuses_are_not_created() {
    let mut cluster = limited(&[], vec![]);
    cluster.workloads[0].template.refused_by = Some(origin());
    assert_eq!(created(&cluster), 0);
}
