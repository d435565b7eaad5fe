//! Rollouts through whole systems: the sequences of section 13, Recreate, rollback, what counts which revisions.

use crate::support::{HOST, World, cluster, deployment, event, node, origin, reference, spread};
use kubound_encodings::cluster::event::{ApplyMode, EventKind};
use kubound_encodings::cluster::hpa::{Metric, MetricResource, MetricTarget};
use kubound_encodings::cluster::pod::WhenUnsatisfiable;
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::workload::{Readiness, Startup, Usage};
use kubound_encodings::cluster::{Cluster, Event, HorizontalPodAutoscaler, Span, Strategy};

const ROLL: &str = "deployment-controller/roll/default/web";
const SCALE: &str = "deployment-controller/scale/default/web";

fn target() -> kubound_encodings::cluster::WorkloadRef {
    reference("web")
}

/// A Deployment of so many replicas on one node, with a restart and other events.
fn rollout(replicas: i64, strategy: Strategy, events: Vec<Event>) -> Cluster {
    let mut web = deployment("web", replicas, 10, 10);
    web.replicas = Span::exactly(replicas);
    web.rollout.strategy = strategy;
    let mut cluster = cluster(vec![node("a", &[])], vec![web]);
    cluster.events = vec![event("restart", EventKind::Rollout { target: target() })];
    cluster.events.extend(events);
    cluster
}

/// Lets the ReplicaSets, the scheduler and the kubelet finish.
fn calm_pods(world: &mut World) {
    for _ in 0..1000 {
        let prefixes = ["replicaset-controller/", "default-scheduler/", "kubelet/"];
        let enabled = prefixes.iter().flat_map(|prefix| world.enabled(prefix)).next().map(str::to_owned);
        let Some(rule) = enabled else { return };
        world.fire(&rule);
    }
    panic!("pods never settle");
}

fn sizes(world: &World) -> (i64, i64) {
    (world.get("replicaSet[default/web]"), world.get("replicaSet[default/web@2]"))
}

/// Old and new replicas after each sync that changes them, all pods available before the next one.
fn sequence(replicas: i64, strategy: Strategy) -> Vec<(i64, i64)> {
    let mut world = World::fine(&rollout(replicas, strategy, vec![]));
    world.calm();
    let mut seen = vec![sizes(&world)];
    world.fire("event/restart/restart");
    while world.is_enabled(ROLL) {
        world.fire(ROLL);
        calm_pods(&mut world);
        seen.push(sizes(&world));
    }
    seen
}

fn percent(surge: i64, unavailable: i64) -> Strategy {
    Strategy::RollingUpdate { max_surge: Amount::Percent(surge), max_unavailable: Amount::Percent(unavailable) }
}

fn pods(surge: i64, unavailable: i64) -> Strategy {
    Strategy::RollingUpdate { max_surge: Amount::Pods(surge), max_unavailable: Amount::Pods(unavailable) }
}

#[test]
fn the_sequences_of_section_13() {
    let quarters = percent(25, 25);
    // The sync that creates the new ReplicaSet also shrinks the old one; the sheet shows the two apart.
    assert_eq!(sequence(10, quarters), [(10, 0), (8, 3), (8, 5), (3, 5), (3, 10), (0, 10)]);
    assert_eq!(sequence(3, quarters), [(3, 0), (3, 1), (2, 1), (2, 2), (1, 2), (1, 3), (0, 3)]);
    assert_eq!(sequence(1, quarters), [(1, 0), (1, 1), (0, 1)]);
    assert_eq!(sequence(4, quarters), [(4, 0), (3, 1), (3, 2), (1, 2), (1, 4), (0, 4)]);
}

#[test]
fn without_surge_old_pods_make_room() {
    assert_eq!(sequence(3, pods(0, 1)), [(3, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2), (0, 3)]);
    assert_eq!(sequence(2, percent(0, 0)), [(2, 0), (1, 0), (1, 1), (0, 1), (0, 2)], "0 and 0 let one be unavailable");
}

#[test]
fn recreate_waits_for_the_last_old_pod() {
    let mut world = World::fine(&rollout(2, Strategy::Recreate, vec![]));
    world.calm();
    world.fire("event/restart/restart").fire(ROLL);
    assert_eq!(sizes(&world), (0, 0));
    assert!(!world.is_enabled(ROLL));
    world.fire("replicaset-controller/delete/default/web");
    assert_eq!(world.get("terminating[default/web][a]"), 2);
    assert!(!world.is_enabled(ROLL), "terminating pods still count");
    calm_pods(&mut world);
    world.fire(ROLL);
    assert_eq!(sizes(&world), (0, 2));
}

#[test]
fn unready_new_pods_hold_a_rollout_back() {
    let mut cluster = rollout(3, percent(25, 25), vec![]);
    cluster.workloads[0].startup = Some(Startup { cpu: 0, seconds: 60, readiness: Readiness::Never });
    let mut world = World::fine(&cluster);
    world.set("replicaSet[default/web]", 3).set("created[default/web]", 1).set("running[default/web][a]", 3);
    world.fire("event/restart/restart").fire(ROLL);
    calm_pods(&mut world);
    assert_eq!(sizes(&world), (3, 1));
    assert!(!world.is_enabled(ROLL), "surge 1, unavailable 0: nothing may go");
}

#[test]
fn unhealthy_old_pods_go_first_and_surplus_ones_stop_the_sync() {
    let mut world = World::fine(&rollout(4, pods(1, 1), vec![]));
    let old = |world: &mut World, size: i64, running: i64, pending: i64| {
        world.set("replicaSet[default/web]", size).set("running[default/web][a]", running);
        world.set("pending[default/web]", pending).set("created[default/web]", 1).set("template[default/web]", 1);
        world.set("created[default/web@2]", 2).set("replicaSet[default/web@2]", 1).set("running[default/web@2][a]", 1);
    };
    old(&mut world, 4, 2, 2);
    assert_eq!(world.results(ROLL, &["replicaSet[default/web]"]), [[2]], "both unavailable ones");
    // Five pods are left of a ReplicaSet of four: its surplus must not count as available.
    old(&mut world, 4, 5, 0);
    assert!(!world.is_enabled(ROLL));
}

#[test]
fn scaling_mid_rollout_is_proportional() {
    let scale = event("scale", EventKind::Scale { target: target(), replicas: Span::exactly(15) });
    let mut world = World::fine(&rollout(10, percent(30, 25), vec![scale]));
    for (name, size, created) in [("default/web", 8, 1), ("default/web@2", 5, 2)] {
        world.set(&format!("replicaSet[{name}]"), size).set(&format!("created[{name}]"), created);
        world.set(&format!("desired-replicas[{name}]"), 10).set(&format!("max-replicas[{name}]"), 13);
    }
    world.set("template[default/web]", 1).set("spec.replicas[default/web]", 15);
    assert!(!world.is_enabled(ROLL), "a scaling event is dealt with first");
    world.fire(SCALE);
    assert_eq!(sizes(&world), (12, 8));
    assert_eq!(world.get("desired-replicas[default/web]"), 15);
    assert_eq!(world.get("max-replicas[default/web@2]"), 20);
}

/// A Deployment of 6 replicas, by the sizes of both ReplicaSets and the `desired-replicas` on them.
fn annotated(sizes_before: (i64, i64), desired: (i64, i64)) -> World {
    let scale = event("scale", EventKind::Scale { target: target(), replicas: Span { lo: 1, hi: 9, step: 1 } });
    let mut world = World::fine(&rollout(6, percent(25, 25), vec![scale]));
    let parts = ["default/web", "default/web@2"].into_iter().zip([sizes_before.0, sizes_before.1]);
    for ((name, size), desired) in parts.zip([desired.0, desired.1]) {
        world.set(&format!("replicaSet[{name}]"), size).set(&format!("running[{name}][a]"), size);
        world.set(&format!("desired-replicas[{name}]"), desired).set(&format!("max-replicas[{name}]"), desired + 2);
    }
    world.set("created[default/web]", 1).set("created[default/web@2]", 2).set("template[default/web]", 1);
    world
}

/// What a scaling event makes of the ReplicaSets, if it is one.
fn scaled(sizes_before: (i64, i64), desired: (i64, i64)) -> Option<(i64, i64)> {
    let mut world = annotated(sizes_before, desired);
    world.is_enabled(SCALE).then(|| {
        world.fire(SCALE);
        sizes(&world)
    })
}

#[test]
fn a_single_replica_set_that_has_pods_takes_all_replicas() {
    assert_eq!(scaled((0, 4), (4, 4)), Some((0, 6)), "the old one stays empty");
    assert_eq!(scaled((4, 0), (4, 4)), Some((6, 0)), "even if it is not the newest");
    assert_eq!(scaled((0, 6), (4, 6)), None, "what an empty ReplicaSet was annotated with does not matter");
    assert!(annotated((3, 3), (6, 6)).is_enabled(ROLL), "no scaling event: the rollout goes on");
    assert!(!annotated((3, 3), (4, 6)).is_enabled(ROLL));
}

#[test]
fn a_rollback_reuses_the_old_replica_set_and_a_second_one_comes_back() {
    let mut undo = event("undo", EventKind::Rollback { target: target() });
    undo.times = 2;
    let mut world = World::fine(&rollout(2, percent(25, 25), vec![undo]));
    world.calm();
    assert!(!world.is_enabled("event/undo/undo"), "there is no revision before");
    world.fire("event/restart/restart").calm();
    assert_eq!(sizes(&world), (0, 2));
    assert_eq!(world.get("revision[default/web@2]"), 2);
    world.fire("event/undo/undo").calm();
    assert_eq!(sizes(&world), (2, 0));
    assert_eq!(world.get("revision[default/web]"), 2, "the old one has the highest number now");
    world.fire("event/undo/undo").calm();
    assert_eq!(sizes(&world), (0, 2));
}

#[test]
fn ranks_count_pods_of_all_revisions() {
    let scale = event("scale", EventKind::Scale { target: target(), replicas: Span::exactly(1) });
    let mut cluster = rollout(6, percent(25, 25), vec![scale]);
    cluster.pools.push(node("b", &[]));
    let mut world = World::fine(&cluster);
    world.set("running[default/web][a]", 1).set("running[default/web][b]", 1).set("running[default/web@2][b]", 2);
    world.set("replicaSet[default/web]", 1);
    let left = world
        .results("replicaset-controller/delete/default/web", &["running[default/web][a]", "running[default/web][b]"]);
    assert_eq!(left, [[1, 0]], "three pods of the Deployment are on b");
}

/// A Deployment with an autoscaler on CPU at 50 %, and a manifest with another request that is applied.
fn autoscaled(request: i64) -> Cluster {
    let mut web = deployment("web", 10, 500, 100);
    web.cpu_usage = Usage::PerPod(Span::exactly(300));
    web.replicas = Span::exactly(10);
    let mut other = web.template.clone();
    other.requests.insert("cpu".into(), request);
    web.later_templates = vec![other];
    let large = ["a", "b"].map(|name| {
        let mut node = node(name, &[]);
        node.allocatable.insert("cpu".into(), Span::exactly(64_000));
        node
    });
    let mut cluster = cluster(large.into(), vec![web]);
    let apply =
        EventKind::Apply { target: target(), replicas: None, template: 1, mode: ApplyMode::ClientSide, paused: false };
    cluster.events = vec![event("apply", apply)];
    cluster.hpas = vec![HorizontalPodAutoscaler {
        name: "web".into(),
        target: target(),
        selector: None,
        other_metrics: Vec::new(),
        min: 1,
        max: 40,
        metrics: vec![Metric { resource: MetricResource::Cpu, target: MetricTarget::Utilization(50) }],
        behavior: None,
        tolerance: Default::default(),
        sync_period: 15,
        downscale_stabilization: 0,
        origin: origin(),
    }];
    cluster
}

/// What the autoscaler sets with 6 old and 7 new pods on two nodes.
fn rescaled(request: i64) -> i64 {
    let mut world = World::fine(&autoscaled(request));
    world.set("template[default/web]", 1).set("created[default/web]", 1).set("created[default/web@2]", 2);
    for (name, pods) in [("default/web", 6), ("default/web@2", 7)] {
        world.set(&format!("replicaSet[{name}]"), pods).set(&format!("desired-replicas[{name}]"), 10);
        world.set(&format!("max-replicas[{name}]"), 13);
        world.set(&format!("running[{name}][{}]", if pods == 6 { "a" } else { "b" }), pods);
    }
    world.set("spec.replicas[default/web]", 10);
    let rule = "horizontal-pod-autoscaler/sync/default/web";
    let sync = world.system.rule(rule).expect("the rule").updates.clone();
    let spec = world.system.dag.vars().iter().position(|var| var.name == "spec.replicas[default/web]").expect("there");
    let (_, term) = sync.iter().find(|(var, _)| var.index() == spec).expect("it is written");
    world.evaluate_state(*term)
}

#[test]
fn the_autoscaler_counts_pods_of_all_revisions() {
    // Section 13: 300 m of 500 m at a target of 50 %, 13 pods of 10 wanted.
    assert_eq!(rescaled(500), 16);
    // 13 * 300 m of 6 * 500 m + 7 * 1000 m: 39 % is 0.78 of the target; ceil(0.78 * 13) = 11.
    assert_eq!(rescaled(1000), 11);
}

#[test]
fn hard_constraints_count_all_revisions_unless_the_hash_separates_them() {
    for own_revision in [false, true] {
        let mut cluster = rollout(3, percent(25, 25), vec![]);
        cluster.pools.push(node("b", &[]));
        // Without scores every feasible node is taken.
        cluster.scheduler.resources_fit = 0;
        cluster.scheduler.balanced_allocation = 0;
        let mut constraint = spread(HOST, 1, WhenUnsatisfiable::DoNotSchedule);
        constraint.own_revision = own_revision;
        cluster.workloads[0].template.spread = vec![constraint];
        let mut world = World::fine(&cluster);
        world.set("running[default/web][a]", 1).set("pending[default/web@2]", 1);
        let bind = |node: &str| format!("default-scheduler/bind/default/web@2/{node}");
        assert!(world.is_enabled(&bind("b")));
        assert_eq!(world.is_enabled(&bind("a")), own_revision, "a has one matching pod more than b");
    }
}

#[test]
fn an_applied_template_rolls_out_and_the_old_one_comes_back() {
    let mut web = deployment("web", 2, 100, 10);
    web.replicas = Span::exactly(2);
    let mut other = web.template.clone();
    other.requests.insert("cpu".into(), 200);
    web.later_templates = vec![other];
    let mut cluster = cluster(vec![node("a", &[])], vec![web]);
    let apply = |template| EventKind::Apply {
        target: target(),
        replicas: Some(2),
        template,
        mode: ApplyMode::ClientSide,
        paused: false,
    };
    cluster.events = vec![event("v2", apply(1)), event("v1", apply(0))];
    let mut world = World::fine(&cluster);
    world.calm().fire("event/v2/apply").calm();
    assert_eq!(sizes(&world), (0, 2));
    world.fire("event/v1/apply").calm();
    assert_eq!(sizes(&world), (2, 0));
    assert_eq!(world.get("created[default/web]"), 1, "the old ReplicaSet is used again");
}

#[test]
fn a_restart_keeps_its_annotation_when_a_manifest_is_applied() {
    let mut cluster = rollout(2, percent(25, 25), vec![]);
    cluster.workloads[0].later_templates = vec![cluster.workloads[0].template.clone()];
    let apply = EventKind::Apply {
        target: target(),
        replicas: Some(2),
        template: 1,
        mode: ApplyMode::ClientSide,
        paused: false,
    };
    cluster.events.push(event("v2", apply));
    let mut world = World::fine(&cluster);
    // Revisions: manifest, manifest restarted, v2, v2 restarted.
    world.calm().fire("event/restart/restart").calm().fire("event/v2/apply").calm();
    assert_eq!(world.get("template[default/web]"), 3);
    assert_eq!(world.get("replicaSet[default/web@4]"), 2);
}

#[test]
fn one_revision_has_no_more_variables_than_before() {
    let mut cluster = rollout(3, Strategy::default(), vec![]);
    cluster.events.clear();
    let world = World::fine(&cluster);
    assert!(world.system.dag.vars().iter().all(|var| !var.name.contains('@') && !var.name.starts_with("created")));
    assert!(!world.system.rules.iter().any(|rule| rule.name == ROLL));
}

#[test]
fn new_pods_are_waited_for_until_they_are_available() {
    let mut cluster = rollout(2, pods(1, 0), vec![]);
    cluster.workloads[0].rollout.min_ready_seconds = 30;
    let mut world = World::fine(&cluster);
    world.set("spec.replicas[default/web]", 2).set("replicaSet[default/web]", 2).set("created[default/web]", 1);
    world.set("running[default/web][a]", 2).fire("event/restart/restart").fire(ROLL);
    assert_eq!(sizes(&world), (2, 1));
    world.set("running, not available yet[default/web@2][a]", 1);
    assert!(!world.is_enabled(ROLL), "Ready, but not for 30 s");
    world.fire("kubelet/available/default/web@2/a").fire(ROLL);
    assert_eq!(sizes(&world), (1, 1));
}
