//! When time stops: at expiries, and before them as long as something may happen.

use crate::support::{World, cluster, deployment, event, node, reference};
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::pod::Toleration;
use kubound_encodings::cluster::workload::{Readiness, Startup};
use kubound_encodings::cluster::{Cluster, NodePool, Span, Taint, TaintEffect, Timing};

const STOPS: &str = "time/stops";
const TOLERATED: &str = "toleration timer[default/web][a]";

/// A pod that tolerates the taint of its node for 300 s, a Deployment whose pods start for 100 s, and events that scale
/// the latter.
fn tolerating(times: i64) -> Cluster {
    let taint = Taint { key: "k".into(), value: String::new(), effect: TaintEffect::NoExecute };
    let tainted = NodePool { taints: vec![taint], ..node("a", &[]) };
    let mut web = deployment("web", 1, 100, 100);
    web.template.tolerations =
        vec![Toleration { key: "k".into(), exists: true, value: String::new(), effect: None, seconds: Some(300) }];
    let mut db = deployment("db", 2, 100, 100);
    db.startup = Some(Startup { cpu: 0, seconds: 100, readiness: Readiness::After });
    let scale = EventKind::Scale { target: reference("db"), replicas: Span::exactly(2) };
    let mut cluster = cluster(vec![tainted, node("b", &[])], vec![web, db]);
    cluster.events = vec![kubound_encodings::cluster::Event { times, ..event("scale", scale) }];
    cluster
}

/// One pod of `web` runs, and as many of `db`.
fn world(cluster: &Cluster) -> World {
    let mut world = World::fine(cluster);
    world.run_pods("web", &[("a", 1)]).run_pods("db", &[("b", 1)]);
    world
}

#[test]
fn time_may_stop_anywhere_while_an_event_may_happen() {
    let mut world = world(&tolerating(1));
    assert_eq!(world.get(TOLERATED), 6, "units of 50 s: half of what divides 300 s and 100 s");
    assert_eq!(world.results("time/passes", &[TOLERATED]), [[0]]);
    assert_eq!(world.results(STOPS, &[TOLERATED]), [[1], [2], [3], [4], [5]]);
    world.set(TOLERATED, 1).fire("event/scale/scale").calm();
    assert_eq!(world.get("starting, 2 left[default/db][b]"), 1);
    assert!(!world.is_enabled(STOPS), "nothing is left that could happen");
    world.fire("time/passes");
    assert_eq!(world.get("starting, 1 left[default/db][b]"), 1, "50 s are left when the taint is no longer tolerated");
    assert!(world.is_enabled("taint-eviction-controller/running/default/web/a"));
}

#[test]
fn each_event_adds_a_fraction() {
    assert_eq!(world(&tolerating(2)).get(TOLERATED), 12, "units of 25 s: thirds of 100 s are no milliseconds");
    assert_eq!(world(&tolerating(3)).get(TOLERATED), 12);
}

#[test]
fn what_is_left_out_is_told() {
    let told = |cluster: &Cluster| {
        let system = World::fine(cluster).system;
        system.constraints.iter().filter(|one| one.is_assumption).map(|one| one.text.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told(&tolerating(3)), [""; 0]);
    let few = "events, and what else has no fixed moment, come at multiples of 20 s only";
    assert_eq!(told(&tolerating(7)), [few]);
    assert_eq!(told(&Cluster { timing: Timing::Interleaved, ..tolerating(7) }), [""; 0]);
}
