//! What intents mean on given states.

use crate::support::{World, ZONE, cluster, deployment, event, node, origin, reference};
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::formula::{Formula, Word};
use kubound_encodings::cluster::hpa::{Metric, MetricResource, MetricTarget};
use kubound_encodings::cluster::{Cluster, Expression, HorizontalPodAutoscaler, Intent, IntentKind, Span, Start, When};
use kubound_encodings::system::Claim;
use kubound_encodings::term::Term;

const SPEC: &str = "spec.replicas[default/web]";

fn asked(kind: IntentKind) -> Cluster {
    let pools = vec![node("a", &[(ZONE, "x")]), node("b", &[(ZONE, "y")]), node("c", &[(ZONE, "y")])];
    let intents = vec![Intent { id: kind.name().into(), kind, origin: origin() }];
    Cluster { intents, ..cluster(pools, vec![deployment("web", 4, 100, 100)]) }
}

fn at_least_two(when: When) -> Cluster {
    asked(IntentKind::Replicas { target: reference("web"), min: Some(Expression::Number(2)), max: None, when })
}

/// Node b is cordoned or uncordoned: a step to compute monitors by.
fn step(world: &mut World) {
    let rule = world.enabled("event/").first().expect("an event").to_string();
    world.fire(&rule);
}

#[test]
fn after_reached_says_nothing_before() {
    let mut cluster = at_least_two(When::AfterReached);
    cluster.events = vec![event("cordon", EventKind::Cordon { node: None })];
    cluster.events[0].times = 3;
    let mut world = World::new(&cluster);
    world.run_pods("web", &[("a", 1)]);
    step(&mut world);
    assert!(world.holds(), "not reached yet");
    world.run_pods("web", &[("a", 2)]);
    step(&mut world);
    assert!(world.holds());
    world.run_pods("web", &[("a", 1)]);
    assert!(!world.holds(), "reached and lost");
}

#[test]
fn always_and_settled() {
    let mut world = World::new(&at_least_two(When::Always));
    assert!(!world.holds(), "from the start");
    world.run_pods("web", &[("a", 2)]);
    assert!(world.holds());
    let mut world = World::new(&at_least_two(When::Settled));
    assert!(world.holds(), "pods are still to be created");
    world.run_pods("web", &[("a", 1)]);
    assert!(!world.holds(), "nothing more will happen");
}

#[test]
fn pods_on_a_node_that_is_not_ready_do_not_count() {
    let mut cluster = at_least_two(When::Always);
    cluster.events = vec![event("fail", EventKind::NodeFailure { pool: None, recovers: false })];
    let mut world = World::new(&cluster);
    world.run_pods("web", &[("a", 1), ("b", 1)]);
    assert!(world.holds());
    world.set("alive[a]", 0);
    assert!(world.holds(), "nobody has noticed");
    world.set("notReady[a]", 1);
    assert!(!world.holds());
}

#[test]
fn skew_is_that_of_domains() {
    let kind =
        IntentKind::Spread { target: reference("web"), topology_key: ZONE.into(), max_skew: 1, when: When::Always };
    let mut world = World::new(&asked(kind));
    world.run_pods("web", &[("a", 2), ("b", 1), ("c", 1)]);
    assert!(world.holds());
    world.run_pods("web", &[("a", 0), ("b", 1), ("c", 1)]);
    assert!(!world.holds());
}

/// An autoscaler that raises replicas from 3 to 6 at the present usage.
fn overshooting() -> Cluster {
    let mut cluster = asked(IntentKind::NoOvershoot { target: reference("web") });
    cluster.workloads[0].replicas = Span::exactly(3);
    cluster.hpas = vec![HorizontalPodAutoscaler {
        name: "web".into(),
        target: reference("web"),
        selector: None,
        other_metrics: Vec::new(),
        min: 1,
        max: 10,
        metrics: vec![Metric { resource: MetricResource::Cpu, target: MetricTarget::Utilization(50) }],
        behavior: None,
        tolerance: Default::default(),
        sync_period: 15,
        downscale_stabilization: 300,
        origin: origin(),
    }];
    let to = Span { lo: 20, hi: 100, step: 80 };
    cluster.events = vec![
        event("usage", EventKind::CpuChange { target: reference("web"), to }),
        event("maintenance", EventKind::Maintenance { pools: vec![], at_once: 1 }),
    ];
    cluster
}

/// Replicas rise to 6, something happens, and a sync lowers them.
fn rise_and_fall(between: impl Fn(&mut World)) -> bool {
    let sync = "horizontal-pod-autoscaler/sync/default/web";
    let mut world = World::new(&overshooting());
    world.run_pods("web", &[("a", 3)]);
    world.fire(sync).calm();
    assert_eq!(world.get(SPEC), 6);
    between(&mut world);
    world.calm().set("cpuUsage[default/web]", 20 / usage_unit()).set("largest recommendation[default/web]", 0);
    world.set("sync period[default/web]", 0);
    world.fire(sync);
    assert!(world.get(SPEC) < 6);
    world.holds()
}

fn usage_unit() -> i64 {
    20
}

#[test]
fn rising_and_falling_is_an_overshoot_unless_something_happened() {
    assert!(!rise_and_fall(|_| ()));
    assert!(rise_and_fall(|world| {
        world.fire("event/usage/change");
    }));
    assert!(rise_and_fall(|world| {
        world.fire("event/maintenance/a");
    }));
}

#[test]
fn putting_a_node_back_counts_as_something() {
    let mut world = World::new(&overshooting());
    world.run_pods("web", &[("a", 3)]).fire("event/maintenance/b").calm();
    world.fire("horizontal-pod-autoscaler/sync/default/web").calm();
    assert_eq!(world.get("rose noOvershoot[default/web]"), 1);
    world.fire("event/maintenance/finish/b");
    assert_eq!(world.get("rose noOvershoot[default/web]"), 0);
}

#[test]
fn failed_pods_count_up_to_the_largest_limit() {
    let limit = |max: i64| IntentKind::BoundedPods { target: reference("web"), max: Some(Expression::Number(max)) };
    let mut cluster = asked(limit(2));
    cluster.intents.push(Intent { id: "second".into(), kind: limit(7), origin: origin() });
    cluster.workloads[0].template.node_name = Some("a".into());
    let mut world = World::new(&cluster);
    world.set("failed[default/web]", 8);
    assert!(!world.holds());
    world.set("failed[default/web]", 2);
    assert!(world.holds());
}

#[test]
fn states_before_the_first_settled_one_are_not_judged() {
    let words = |text: &str| {
        let conditions = vec![Formula::Bool(false)];
        asked(IntentKind::Formula { word: Word::Always, text: text.into(), conditions })
    };
    for cluster in [at_least_two(When::Always), words("false")] {
        let mut world = World::fine(&Cluster { start: Start::Settled, ..cluster });
        let judged = |world: &World| world.evaluate_state(world.system.properties[0].premise.id()) == 1;
        assert!(world.holds() && !judged(&world), "pods are still to be created");
        world.run_pods("web", &[("a", 1)]);
        assert!(world.holds(), "settled from here on");
        world.fire("scenario/settled");
        assert!(!world.holds() && judged(&world));
    }
}

#[test]
fn what_a_stopped_node_still_shows_keeps_nothing_from_converging() {
    let mut cluster = asked(IntentKind::Converges { target: Some(reference("web")) });
    cluster.events = vec![event("fail", EventKind::NodeFailure { pool: None, recovers: false })];
    let stays = |world: &World| match world.system.properties[0].claim {
        Claim::NoFairLoop { stay, .. } => world.evaluate_state(stay.id()) == 1,
        Claim::Invariant(_) => panic!("a claim about loops"),
    };
    let mut world = World::new(&cluster);
    world.run_pods("web", &[("a", 1), ("b", 1)]).set("terminating[default/web][c]", 1);
    assert!(stays(&world), "a pod is still being deleted");
    world.set("alive[c]", 0).set("notReady[c]", 1);
    assert!(!stays(&world), "two are wanted and ready");
    world.set("running[default/web][a]", 0).set("running[default/web][c]", 1);
    assert!(stays(&world), "one of them is on the node that stopped");
}

#[test]
fn a_machine_said_to_come_back_comes_back_some_time() {
    for recovers in [false, true] {
        let mut cluster = at_least_two(When::Settled);
        cluster.events = vec![event("fail", EventKind::NodeFailure { pool: None, recovers })];
        let mut world = World::new(&cluster);
        world.run_pods("web", &[("a", 1)]);
        world.set("left[fail]", 0).set("alive[c]", 0).set("notReady[c]", 1).set("noExecuteTaint[c]", 1);
        let back = world.system.rule("event/fail/recover/c");
        assert_eq!(back.is_some_and(|rule| rule.fairness.is_some()), recovers);
        assert!(!world.holds(), "the cluster is settled meanwhile, however long the machine stays away");
    }
}
