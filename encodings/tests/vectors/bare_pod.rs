//! Pods that no controller owns: they are there once.

use crate::support::{World, cluster, deployment, event, node, origin, policy};
use kubound_encodings::cluster::descheduler::{DeschedulerPlugin, Evictor};
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::workload::{Control, POD, STATEFUL_SET, StatefulSet};
use kubound_encodings::cluster::{Cluster, Span, Workload};

fn debug() -> Workload {
    let mut debug = deployment("debug", 1, 100, 100);
    debug.reference.kind = POD.into();
    debug.replicas = Span::exactly(1);
    debug.control = Control::Bare;
    debug
}

fn nodes(debug: Workload) -> Cluster {
    cluster(vec![node("a", &[]), node("b", &[])], vec![deployment("web", 2, 100, 100), debug])
}

#[test]
fn it_waits_for_a_node_at_the_start_and_is_made_only_once() {
    let mut world = World::fine(&nodes(debug()));
    assert_eq!(world.get("pending[default/debug]"), 1);
    world.set("pending[default/debug]", 0);
    let about = |world: &World| world.enabled("").iter().filter(|rule| rule.contains("debug")).count();
    assert_eq!(about(&world), 0, "nobody makes another");
}

#[test]
fn it_may_name_its_node() {
    let mut pinned = debug();
    pinned.template.node_name = Some("b".into());
    let world = World::fine(&nodes(pinned.clone()));
    assert_eq!((world.get("pending[default/debug]"), world.get("bound[default/debug][b]")), (0, 1));
    pinned.template.node_name = Some("nowhere".into());
    assert_eq!(World::fine(&nodes(pinned)).get("pending[default/debug]"), 1);
}

#[test]
fn drains_refuse_to_evict_anything_beside_it() {
    let mut cluster = nodes(debug());
    cluster.events = vec![event("drain", EventKind::Drain { node: Some("a".into()), uncordon: false })];
    let mut world = World::fine(&cluster);
    world.run_pods("web", &[("a", 1)]).set("pending[default/debug]", 0).set("running[default/debug][a]", 1);
    world.fire("event/drain/a").calm();
    assert_eq!((world.get("unschedulable[a]"), world.get("running[default/web][a]")), (1, 1));
    world.set("running[default/debug][a]", 0).set("running[default/debug][b]", 1).calm();
    assert_eq!(world.get("running[default/web][a]"), 0, "on another node it is in nobody's way");
}

#[test]
fn the_descheduler_takes_it_only_if_it_says_so_itself() {
    let takes = |says_so: bool| {
        let mut debug = debug();
        if says_so {
            debug.template.annotations.insert("descheduler.alpha.kubernetes.io/evict".into(), "true".into());
        }
        let plugin = DeschedulerPlugin::PodLifeTime {
            max_seconds: None,
            phases: None,
            label_selector: None,
            namespaces: Default::default(),
        };
        let descheduler = Some(policy(plugin, Evictor::default()));
        let mut world = World::new(&Cluster { descheduler, ..nodes(debug) });
        world.run_pods("web", &[]).set("pending[default/debug]", 0).set("running[default/debug][a]", 1);
        world.is_enabled("descheduler/PodLifeTime")
    };
    assert!(!takes(false));
    assert!(takes(true));
}

#[test]
fn budgets_do_not_expect_it() {
    use kubound_encodings::cluster::PodDisruptionBudget;
    use kubound_encodings::cluster::disruption::Demand;
    use kubound_encodings::cluster::rollout::Amount;
    let mut cluster = nodes(debug());
    // All pods of the namespace; of 2 + 1 pods the workloads expect 2, and 1 of them may be missing.
    cluster.disruption_budgets = vec![PodDisruptionBudget {
        namespace: "default".into(),
        name: "all".into(),
        selector: Some(Default::default()),
        demand: Demand::MaxUnavailable(Amount::Pods(1)),
        always_allows_unhealthy: false,
        origin: origin(),
    }];
    cluster.events = vec![event("drain", EventKind::Drain { node: Some("b".into()), uncordon: false })];
    let mut world = World::fine(&cluster);
    world.run_pods("web", &[("b", 2)]).set("pending[default/debug]", 0).set("running[default/debug][a]", 1);
    world.fire("event/drain/b");
    let rule = "event/drain/evict/running/default/web/b";
    assert_eq!(world.results(rule, &["running[default/web][b]"]), [[0], [1]], "3 are healthy, 1 is demanded");
}

#[test]
fn workloads_of_one_name_are_told_apart_by_kind() {
    let mut twin = debug();
    twin.reference.name = "web".into();
    let mut set = deployment("db", 2, 100, 100);
    set.reference.kind = STATEFUL_SET.into();
    set.control = Control::Ordinals(StatefulSet::default());
    let mut ordinal = debug();
    ordinal.reference.name = "db-0".into();
    let workloads = vec![deployment("web", 2, 100, 100), twin, ordinal, set];
    let world = World::fine(&cluster(vec![node("a", &[])], workloads));
    for name in ["web", "web.pod", "db-0", "db-0.pod"] {
        assert!(world.has(&format!("pending[default/{name}]")), "{name}");
    }
}
