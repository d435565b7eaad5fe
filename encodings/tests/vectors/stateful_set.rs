//! StatefulSets (section 8.3): the order of ordinals, updates, what a node that stopped holds back.

use crate::support::{World, cluster, deployment, event, node};
use kubound_encodings::cluster::event::{ApplyMode, EventKind};
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::workload::{Control, STATEFUL_SET, StatefulSet, VolumeNodes};
use kubound_encodings::cluster::{
    Cluster, FeatureGate, KubernetesVersion, NodeSelectorTerm, Requirement, Span, Workload, WorkloadRef,
};

const ORDERED: StatefulSet = StatefulSet {
    is_ordered: true,
    updates_on_delete: false,
    partition: 0,
    max_unavailable: Amount::Pods(1),
    start: 0,
};
const PARALLEL: StatefulSet = StatefulSet { is_ordered: false, ..ORDERED };

fn reference() -> WorkloadRef {
    WorkloadRef { kind: STATEFUL_SET.into(), namespace: "default".into(), name: "db".into() }
}

fn db(replicas: i64, spec: StatefulSet) -> Workload {
    let replicas = Span::exactly(replicas);
    let control = Control::Ordinals(spec);
    Workload { reference: reference(), replicas, replicas_managed: false, control, ..deployment("db", 3, 100, 100) }
}

fn nodes(db: Workload) -> Cluster {
    cluster(vec![node("a", &[]), node("b", &[])], vec![db])
}

/// With a second template, which an event applies.
fn updated(spec: StatefulSet, replicas: i64, cpu: i64) -> Cluster {
    let mut cluster = nodes(db(replicas, spec));
    let workload = &mut cluster.workloads[0];
    let mut later = workload.template.clone();
    later.requests.insert("cpu".into(), cpu);
    workload.later_templates = vec![later];
    for (id, template) in [("new", 1), ("old", 0)] {
        let kind = EventKind::Apply {
            target: reference(),
            replicas: None,
            template,
            mode: ApplyMode::ClientSide,
            paused: false,
        };
        cluster.events.push(event(id, kind));
    }
    cluster
}

fn acts(world: &World) -> Vec<String> {
    world
        .enabled("statefulset-controller/")
        .into_iter()
        .map(|rule| rule.replace("statefulset-controller/", ""))
        .collect()
}

/// The pods of these ordinals of the first revision run on node a.
fn run(world: &mut World, ordinals: &[i64]) {
    for ordinal in ordinals {
        world.set(&format!("running[default/db-{ordinal}][a]"), 1);
    }
}

#[test]
fn ordinals_come_one_after_the_other_when_ordered() {
    let mut world = World::fine(&nodes(db(3, ORDERED)));
    assert_eq!(acts(&world), ["create/default/db-0"]);
    world.fire("statefulset-controller/create/default/db-0");
    assert!(acts(&world).is_empty(), "pending is not Ready");
    world.set("pending[default/db-0]", 0);
    run(&mut world, &[0]);
    assert_eq!(acts(&world), ["create/default/db-1"]);
    run(&mut world, &[2]);
    assert_eq!(acts(&world), ["create/default/db-1"], "a hole is filled, whatever is above");
    world.set("running[default/db-0][a]", 0);
    assert_eq!(acts(&world), ["create/default/db-0"], "the lowest first");
    world.calm();
    let on = |ordinal: i64, node: &str| world.get(&format!("running[default/db-{ordinal}][{node}]"));
    assert_eq!([0, 1, 2].map(|ordinal| on(ordinal, "a") + on(ordinal, "b")), [1, 1, 1]);
}

#[test]
fn all_ordinals_come_at_once_in_parallel() {
    let world = World::fine(&nodes(db(3, PARALLEL)));
    assert_eq!(acts(&world), ["create/default/db-0", "create/default/db-1", "create/default/db-2"]);
    let from_five = World::fine(&nodes(db(2, StatefulSet { start: 5, ..PARALLEL })));
    assert_eq!(acts(&from_five), ["create/default/db-5", "create/default/db-6"]);
}

#[test]
fn the_highest_ordinal_goes_first_and_alone_when_ordered() {
    let mut cluster = nodes(db(3, ORDERED));
    cluster.events = vec![event("scale", EventKind::Scale { target: reference(), replicas: Span::exactly(1) })];
    let mut world = World::fine(&cluster);
    run(&mut world, &[0, 1, 2]);
    world.fire("event/scale/scale");
    assert_eq!(acts(&world), ["delete/default/db-2"]);
    world.fire("statefulset-controller/delete/default/db-2");
    assert_eq!(world.get("terminating[default/db-2][a]"), 1);
    assert!(acts(&world).is_empty(), "a terminating pod is waited for");
    world.set("terminating[default/db-2][a]", 0);
    assert_eq!(acts(&world), ["delete/default/db-1"]);
    world.set("running[default/db-0][a]", 0);
    assert_eq!(acts(&world), ["create/default/db-0"], "what is wanted comes first");
}

#[test]
fn surplus_pods_that_are_not_ready() {
    let mut cluster = nodes(db(3, ORDERED));
    cluster.events = vec![event("scale", EventKind::Scale { target: reference(), replicas: Span::exactly(1) })];
    let mut world = World::fine(&cluster);
    run(&mut world, &[0, 1]);
    world.set("pending[default/db-2]", 1).set("spec.replicas[default/db]", 1);
    assert_eq!(acts(&world), ["delete/default/db-2"], "the only unhealthy one goes");
    world.set("running[default/db-1][a]", 0).set("pending[default/db-1]", 1);
    assert!(acts(&world).is_empty(), "db-1 is the first unhealthy one, and db-2 comes before it");
    world.set("pending[default/db-2]", 0);
    assert_eq!(acts(&world), ["delete/default/db-1"]);
    world.fire("statefulset-controller/delete/default/db-1");
    assert_eq!(world.get("pending[default/db-1]"), 0, "a pod without a node is gone at once");
}

#[test]
fn surplus_pods_go_together_in_parallel() {
    let mut cluster = nodes(db(3, PARALLEL));
    cluster.events = vec![event("scale", EventKind::Scale { target: reference(), replicas: Span::exactly(1) })];
    let mut world = World::fine(&cluster);
    run(&mut world, &[0, 1, 2]);
    world.set("spec.replicas[default/db]", 1);
    assert_eq!(acts(&world), ["delete/default/db-1", "delete/default/db-2"]);
}

#[test]
fn updates_go_down_from_the_highest_ordinal() {
    for spec in [ORDERED, PARALLEL] {
        let mut world = World::fine(&updated(spec, 3, 200));
        run(&mut world, &[0, 1, 2]);
        world.fire("event/new/apply");
        assert_eq!(acts(&world), ["update/default/db-2"]);
        world.fire("statefulset-controller/update/default/db-2");
        assert!(acts(&world).is_empty());
        world.set("terminating[default/db-2][a]", 0);
        assert_eq!(acts(&world), ["create/default/db-2@2"]);
        world.fire("statefulset-controller/create/default/db-2@2");
        assert!(acts(&world).is_empty(), "not Ready yet");
        world.set("pending[default/db-2@2]", 0).set("running[default/db-2@2][b]", 1);
        assert_eq!(acts(&world), ["update/default/db-1"]);
    }
}

#[test]
fn updates_wait_for_available_pods_from_1_34_on() {
    // db-2@2 is Ready, but not for minReadySeconds.
    let world = |minor: u32| {
        let mut cluster = updated(PARALLEL, 3, 200);
        cluster.version = KubernetesVersion(minor);
        cluster.workloads[0].rollout.min_ready_seconds = 10;
        let mut world = World::fine(&cluster);
        run(&mut world, &[0, 1, 2]);
        let phase = if minor < 34 { "running" } else { "running, not available yet" };
        world.fire("event/new/apply").set("running[default/db-2][a]", 0);
        world.set(&format!("{phase}[default/db-2@2][b]"), 1);
        world
    };
    assert_eq!(acts(&world(33)), ["update/default/db-1"]);
    let mut later = world(34);
    assert!(acts(&later).is_empty(), "{:?}", acts(&later));
    later.set("running, not available yet[default/db-2@2][b]", 0).set("running[default/db-2@2][b]", 1);
    assert_eq!(acts(&later), ["update/default/db-1"]);
}

#[test]
fn surplus_pods_that_are_not_available() {
    let acts_in = |minor: u32| {
        let mut cluster = nodes(db(3, ORDERED));
        cluster.version = KubernetesVersion(minor);
        cluster.workloads[0].rollout.min_ready_seconds = 10;
        cluster.events = vec![event("scale", EventKind::Scale { target: reference(), replicas: Span::exactly(1) })];
        let mut world = World::fine(&cluster);
        run(&mut world, &[0]);
        world.set("running, not available yet[default/db-1][a]", 1).set("spec.replicas[default/db]", 1);
        acts(&world)
    };
    assert!(acts_in(33).is_empty(), "db-1 is Ready, and so not the first unhealthy pod; it has to be available first");
    assert_eq!(acts_in(34), ["delete/default/db-1"], "it is the first pod that is not available");
}

#[test]
fn with_the_gate_several_pods_are_updated_at_once() {
    let gated = |spec: StatefulSet, max_unavailable: Amount| {
        let mut cluster = updated(StatefulSet { max_unavailable, ..spec }, 4, 200);
        cluster.gates.0.insert(FeatureGate::MaxUnavailableStatefulSet, true);
        let mut world = World::fine(&cluster);
        run(&mut world, &[0, 1, 2, 3]);
        world.fire("event/new/apply");
        world
    };
    let left = |world: &World| [0, 1, 2, 3].map(|ordinal| world.get(&format!("running[default/db-{ordinal}][a]")));
    for spec in [ORDERED, PARALLEL] {
        for (amount, expected) in [
            (Amount::Pods(1), [1, 1, 1, 0]),
            (Amount::Pods(3), [1, 0, 0, 0]),
            (Amount::Percent(60), [1, 1, 0, 0]),
            (Amount::Percent(10), [1, 1, 1, 0]),
        ] {
            let mut world = gated(spec, amount);
            assert_eq!(acts(&world), ["update/default/db"]);
            world.fire("statefulset-controller/update/default/db");
            assert_eq!(left(&world), expected, "{spec:?}, {amount:?}");
            assert!(acts(&world).is_empty(), "what is terminating is not available");
        }
    }
    let mut world = gated(StatefulSet { partition: 3, ..PARALLEL }, Amount::Pods(3));
    world.fire("statefulset-controller/update/default/db");
    assert_eq!(left(&world), [1, 1, 1, 0], "not below the partition");
    let mut world = gated(PARALLEL, Amount::Pods(2));
    world.set("running[default/db-1][a]", 0).set("pending[default/db-1]", 1);
    world.fire("statefulset-controller/update/default/db");
    assert_eq!(left(&world), [1, 0, 1, 0], "db-1 counts as unavailable");
    let mut world = gated(PARALLEL, Amount::Pods(1));
    world.set("running[default/db-1][a]", 0).set("pending[default/db-1]", 1);
    assert!(acts(&world).is_empty(), "a broken pod of the former template keeps the update from going on");
}

#[test]
fn a_partition_keeps_the_lowest_ordinals() {
    let spec = StatefulSet { partition: 2, ..ORDERED };
    let mut world = World::fine(&updated(spec, 3, 200));
    run(&mut world, &[0, 1, 2]);
    world.fire("event/new/apply").set("running[default/db-2][a]", 0).set("running[default/db-2@2][a]", 1);
    assert!(acts(&world).is_empty(), "{:?}", acts(&world));
    world.set("running[default/db-1][a]", 0);
    assert_eq!(acts(&world), ["create/default/db-1"], "with the template of before");
    world.set("running[default/db-1][a]", 1).set("running[default/db-2@2][a]", 0);
    assert_eq!(acts(&world), ["create/default/db-2@2"]);
}

#[test]
fn the_current_revision_follows_a_complete_update() {
    let spec = StatefulSet { partition: 2, ..ORDERED };
    let mut world = World::fine(&updated(spec, 3, 200));
    world.set("template[default/db]", 1);
    assert_eq!(acts(&world), ["create/default/db-0", "complete/default/db"], "no pod is of another revision");
    world.fire("statefulset-controller/complete/default/db");
    assert_eq!(acts(&world), ["create/default/db-0@2"]);
}

#[test]
fn on_delete_replaces_nothing_but_uses_the_new_template() {
    let mut world = World::fine(&updated(StatefulSet { updates_on_delete: true, ..ORDERED }, 2, 200));
    run(&mut world, &[0, 1]);
    world.fire("event/new/apply");
    assert!(acts(&world).is_empty());
    world.set("running[default/db-1][a]", 0);
    assert_eq!(acts(&world), ["create/default/db-1@2"]);
}

#[test]
fn a_broken_template_stays_when_ordered() {
    // No node has 9 cores.
    let broken = |spec: StatefulSet| {
        let mut world = World::fine(&updated(spec, 2, 9000));
        run(&mut world, &[0, 1]);
        world.fire("event/new/apply").fire("statefulset-controller/update/default/db-1");
        world.set("terminating[default/db-1][a]", 0).fire("statefulset-controller/create/default/db-1@2");
        world.calm().fire("event/old/apply");
        acts(&world)
    };
    assert!(broken(ORDERED).is_empty());
    assert_eq!(broken(PARALLEL), ["update/default/db-1@2"]);
}

#[test]
fn an_ordinal_waits_for_its_terminating_pod() {
    for spec in [ORDERED, PARALLEL] {
        let mut cluster = nodes(db(2, spec));
        cluster.events = vec![event("fails", EventKind::NodeFailure { pool: Some("a".into()), recovers: false })];
        let mut world = World::fine(&cluster);
        run(&mut world, &[0, 1]);
        world.set("alive[a]", 0).set("notReady[a]", 1).set("running[default/db-1][a]", 0);
        world.set("terminating[default/db-1][a]", 1).calm();
        assert_eq!(world.get("terminating[default/db-1][a]"), 1);
        assert!(acts(&world).is_empty(), "{:?}", acts(&world));
    }
}

#[test]
fn a_pod_without_grace_period_is_replaced_even_if_its_node_has_stopped() {
    let mut cluster = nodes(db(2, ORDERED));
    cluster.workloads[0].template.goes_at_once = true;
    cluster.events = vec![event("fails", EventKind::NodeFailure { pool: Some("a".into()), recovers: false })];
    let mut world = World::fine(&cluster);
    run(&mut world, &[0, 1]);
    world.set("alive[a]", 0).set("notReady[a]", 1).set("noExecuteTaint[a]", 1).calm();
    let on_a = ["running", "terminating"].map(|phase| world.get(&format!("{phase}[default/db-1][a]")));
    assert_eq!((on_a, world.get("running[default/db-1][b]")), ([0, 0], 1));
}

#[test]
fn placed_pods_are_of_any_ordinals() {
    let mut cluster = nodes(db(2, ORDERED));
    cluster.start = kubound_encodings::cluster::Start::Any;
    let system = kubound_encodings::assemble::assemble(&cluster, Default::default()).expect("a system");
    let free = |name: &str| {
        let index = system.dag.vars().iter().position(|var| var.name == name).expect("a variable");
        matches!(system.vars[index].initial, kubound_encodings::system::Initial::Free)
    };
    assert!(free("running[default/db-0][a]") && free("running[default/db-1][b]"));
    let names: Vec<&str> = system.constraints.iter().map(|one| one.text.as_str()).collect();
    assert!(names.contains(&"pods of default/db-1 initially"), "{names:?}");
}

#[test]
fn volumes_tie_ordinals_to_nodes() {
    let on = |name: &str| NodeSelectorTerm {
        expressions: vec![],
        fields: vec![Requirement { key: "metadata.name".into(), operator: Operator::In(vec![name.into()]) }],
    };
    let mut cluster = nodes(db(2, PARALLEL));
    cluster.workloads[0].volume_nodes = vec![VolumeNodes { ordinal: Some(1), terms: vec![on("b")] }];
    let mut world = World::fine(&cluster);
    world.fire("statefulset-controller/create/default/db-0").fire("statefulset-controller/create/default/db-1");
    let bound: Vec<&str> = world.enabled("default-scheduler/bind/default/db-1");
    assert_eq!(bound, ["default-scheduler/bind/default/db-1/b"]);
    assert_eq!(world.enabled("default-scheduler/bind/default/db-0").len(), 2);
    world.set("bound[default/db-1][b]", 1).set("pending[default/db-1]", 0).calm();
    assert_eq!(world.get("running[default/db-1][b]"), 1, "kubelets do not ask");
}

#[test]
fn ordered_pods_wait_until_those_below_are_available() {
    let mut set = db(2, ORDERED);
    set.rollout.min_ready_seconds = 30;
    let mut world = World::fine(&nodes(set));
    world.fire("statefulset-controller/create/default/db-0").set("pending[default/db-0]", 0);
    world.set("running, not available yet[default/db-0][a]", 1);
    assert!(acts(&world).is_empty(), "Ready is not enough");
    world.fire("kubelet/available/default/db-0/a");
    assert_eq!(acts(&world), ["create/default/db-1"]);
    let mut parallel = db(2, PARALLEL);
    parallel.rollout.min_ready_seconds = 30;
    assert!(!World::fine(&nodes(parallel)).has("running, not available yet[default/db-0][a]"), "nobody looks");
}
