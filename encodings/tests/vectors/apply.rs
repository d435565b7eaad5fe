//! `spec.replicas` and apply, row by row (section 2.9).

use crate::support::{World, acting, cluster, deployment, event, node, reference};
use kubound_encodings::cluster::event::{ApplyMode, EventKind};
use kubound_encodings::cluster::{ScenarioControllerKind, Span};

const SPEC: &str = "spec.replicas[default/web]";

/// `spec.replicas` after an apply to a Deployment with 5 replicas; nothing on a conflict.
fn applied(managed: bool, owned_by_other: bool, replicas: Option<i64>, mode: ApplyMode) -> Option<i64> {
    let mut web = deployment("web", 5, 100, 100);
    web.replicas_managed = managed;
    let mut cluster = cluster(vec![node("a", &[])], vec![web]);
    cluster.events =
        vec![event("e", EventKind::Apply { target: reference("web"), replicas, template: 0, mode, paused: false })];
    let mut world = World::new(&cluster);
    world.calm();
    if owned_by_other {
        world.set("replicas owned by another[default/web]", 1);
    }
    world.is_enabled("event/e/apply").then(|| world.fire("event/e/apply").get(SPEC))
}

#[test]
fn client_side_apply() {
    use ApplyMode::ClientSide;
    assert_eq!(applied(true, false, Some(3), ClientSide), Some(3), "the manifest's value, every time");
    assert_eq!(applied(false, false, Some(3), ClientSide), Some(3));
    assert_eq!(applied(true, false, None, ClientSide), Some(1), "removed: the default");
    assert_eq!(applied(false, false, None, ClientSide), Some(5), "never there: untouched");
}

#[test]
fn server_side_apply() {
    use ApplyMode::ServerSide;
    assert_eq!(applied(true, false, Some(3), ServerSide), Some(3));
    assert_eq!(applied(true, true, Some(3), ServerSide), None, "a conflict");
    assert_eq!(applied(true, true, Some(5), ServerSide), Some(5), "the same value is shared");
    assert_eq!(applied(true, false, None, ServerSide), Some(1), "removed by its only owner");
    assert_eq!(applied(true, true, None, ServerSide), Some(5), "the other owner keeps it");
    assert_eq!(applied(false, false, None, ServerSide), Some(5), "never there: untouched");
}

#[test]
fn scaling_by_hand_takes_ownership() {
    let apply = EventKind::Apply {
        target: reference("web"),
        replicas: Some(5),
        template: 0,
        mode: ApplyMode::ServerSide,
        paused: false,
    };
    let mut cluster = cluster(vec![node("a", &[])], vec![deployment("web", 5, 100, 100)]);
    let scale = EventKind::Scale { target: reference("web"), replicas: Span::exactly(2) };
    cluster.events = vec![event("e", apply), event("s", scale)];
    let mut world = World::new(&cluster);
    world.calm().fire("event/s/scale").calm();
    assert_eq!(world.get(SPEC), 2);
    assert!(!world.is_enabled("event/e/apply"));
}

#[test]
fn what_applies_manifests_again_puts_replicas_back_unless_the_manifest_leaves_them_out() {
    let mut cluster = cluster(vec![node("a", &[])], vec![deployment("web", 3, 100, 100)]);
    let target = reference("web");
    cluster.events = vec![event("scale", EventKind::Scale { target: target.clone(), replicas: Span::exactly(1) })];
    let heals = acting("gitops", ScenarioControllerKind::SelfHeal { target, interval: 180 });
    cluster.scenario_controllers = vec![heals];
    let mut world = World::new(&cluster);
    assert!(!world.is_enabled("event/gitops/heal"));
    world.calm().fire("event/scale/scale").calm().fire("event/gitops/heal");
    assert_eq!(world.get("spec.replicas[default/web]"), 3);
    cluster.workloads[0].replicas_managed = false;
    assert!(World::new(&cluster).system.rule("event/gitops/heal").is_none());
    cluster.workloads[0].replicas_managed = true;
    cluster.events.clear();
    assert!(World::new(&cluster).system.rule("event/gitops/heal").is_none(), "nothing changes what it watches");
}
