//! DefaultPreemption (section 1.11): who is preempted, where, and for whom the room is kept.

use crate::support::{HOST, World, ZONE, cluster, deployment, node, origin, spread};
use kubound_encodings::cluster::disruption::Demand;
use kubound_encodings::cluster::pod::WhenUnsatisfiable;
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::selector::{LabelSelector, Operator, Requirement};
use kubound_encodings::cluster::{Cluster, PodDisruptionBudget, Timing, Workload};

/// A workload of up to eight pods of some priority.
fn of_priority(name: &str, cpu: i64, priority: i64) -> Workload {
    let mut workload = deployment(name, 8, cpu, 1);
    workload.template.priority = priority;
    workload
}

/// Nodes of four cores; a workload of priority 100 whose pods want 1.5 of them, and others.
fn contended(nodes: &[&str], others: Vec<Workload>) -> Cluster {
    let workloads = [vec![of_priority("high", 1500, 100)], others].concat();
    cluster(nodes.iter().map(|name| node(name, &[(HOST, name)])).collect(), workloads)
}

fn waiting(cluster: &Cluster, pods: i64) -> World {
    let mut world = World::new(cluster);
    world.set("pending[default/high]", pods).run_pods("high", &[]);
    world
}

/// The nodes on which something may be preempted.
fn places(world: &World) -> Vec<&str> {
    let prefix = "default-scheduler/preempt/default/high/";
    world.enabled(prefix).into_iter().map(|rule| &rule[prefix.len()..]).collect()
}

fn preempt(node: &str) -> String {
    format!("default-scheduler/preempt/default/high/{node}")
}

/// A budget of the pods of a workload.
fn budget(name: &str, min_available: i64) -> PodDisruptionBudget {
    let requirement = Requirement { key: "app".into(), operator: Operator::In(vec![name.into()]) };
    PodDisruptionBudget {
        namespace: "default".into(),
        name: name.into(),
        selector: Some(LabelSelector { requirements: vec![requirement] }),
        demand: Demand::MinAvailable(Amount::Pods(min_available)),
        always_allows_unhealthy: false,
        origin: origin(),
    }
}

#[test]
fn no_more_victims_than_needed() {
    let mut world = waiting(&contended(&["a"], vec![of_priority("low", 1000, 0)]), 1);
    world.run_pods("low", &[("a", 4)]);
    let shown = ["running[default/low][a]", "terminating[default/low][a]", "nominated[default/high][a]"];
    assert_eq!(world.results(&preempt("a"), &shown), [[2, 2, 1]], "1500m need two pods of 1000m");
    world.run_pods("low", &[("a", 2)]);
    assert!(places(&world).is_empty(), "it fits");
}

#[test]
fn pods_of_equal_or_higher_priority_stay_and_never_means_never() {
    let mut equal = waiting(&contended(&["a"], vec![of_priority("low", 1000, 100), of_priority("other", 1, 0)]), 1);
    equal.run_pods("low", &[("a", 4)]).run_pods("other", &[]);
    assert!(places(&equal).is_empty());
    let mut cluster = contended(&["a"], vec![of_priority("low", 1000, 0)]);
    cluster.workloads[0].template.never_preempts = true;
    let never = World::new(&cluster);
    assert!(!never.system.rules.iter().any(|rule| rule.name.contains("preempt")));
    cluster.workloads[0].template.never_preempts = false;
    cluster.scheduler.preempts = false;
    let off = World::new(&cluster);
    assert!(!off.system.dag.vars().iter().any(|var| var.name.starts_with("nominated")), "the plugin is off");
}

#[test]
fn those_of_higher_priority_are_put_back_first() {
    let mut world = waiting(&contended(&["a"], vec![of_priority("low", 1000, 0), of_priority("mid", 1000, 50)]), 1);
    world.run_pods("low", &[("a", 1)]).run_pods("mid", &[("a", 3)]);
    let left = ["running[default/low][a]", "running[default/mid][a]"];
    assert_eq!(world.results(&preempt("a"), &left), [[0, 2]]);
}

#[test]
fn the_best_node_has_the_least_important_victims_then_the_smallest_sum() {
    let mut world =
        waiting(&contended(&["a", "b"], vec![of_priority("low", 1000, 0), of_priority("mid", 2000, 50)]), 1);
    world.run_pods("low", &[("a", 4)]).run_pods("mid", &[("b", 2)]);
    assert_eq!(places(&world), ["a"], "two of priority 0 rather than one of 50");
    world.run_pods("low", &[("a", 4), ("b", 2)]).run_pods("mid", &[("b", 1)]);
    assert_eq!(places(&world), ["a", "b"], "two of priority 0 here and there");
    world.run_pods("low", &[("a", 4), ("b", 3)]).run_pods("mid", &[("b", 0)]);
    world.set("terminating[default/low][b]", 1);
    assert_eq!(places(&world), ["a", "b"], "terminating pods are victims like others");
    let shown = ["running[default/low][b]", "terminating[default/low][b]"];
    assert_eq!(world.results(&preempt("b"), &shown), [[1, 3], [2, 2]], "ages decide whether it is one of the two");
}

#[test]
fn violated_budgets_come_before_priorities() {
    let mut cluster = contended(&["a", "b"], vec![of_priority("low", 1000, 0), of_priority("mid", 1000, 50)]);
    cluster.disruption_budgets = vec![budget("low", 3)];
    let mut world = waiting(&cluster, 1);
    world.run_pods("low", &[("a", 4)]).run_pods("mid", &[("b", 4)]);
    assert_eq!(places(&world), ["b"], "one of the two of low would violate its budget");
    world.run_pods("low", &[("a", 5)]);
    cluster.disruption_budgets = vec![budget("low", 2)];
    let mut world = waiting(&cluster, 1);
    world.run_pods("low", &[("a", 4)]).run_pods("mid", &[("b", 4)]);
    assert_eq!(places(&world), ["a"]);
    cluster.disruption_budgets = vec![budget("low", 4), budget("mid", 4)];
    let mut world = waiting(&cluster, 1);
    world.run_pods("low", &[("a", 4)]).run_pods("mid", &[("b", 4)]);
    assert_eq!(places(&world), ["a"], "budgets are best effort only");
}

#[test]
fn guarded_pods_are_put_back_before_others_of_a_higher_priority() {
    let mut cluster = contended(&["a"], vec![of_priority("low", 1000, 0), of_priority("mid", 1000, 50)]);
    cluster.disruption_budgets = vec![budget("low", 8)];
    let mut world = waiting(&cluster, 1);
    world.run_pods("low", &[("a", 2)]).run_pods("mid", &[("a", 2)]);
    let left = ["running[default/low][a]", "running[default/mid][a]"];
    assert_eq!(world.results(&preempt("a"), &left), [[2, 0]]);
    cluster.disruption_budgets[0].selector = Some(LabelSelector { requirements: vec![] });
    let mut world = waiting(&cluster, 1);
    world.run_pods("low", &[("a", 2)]).run_pods("mid", &[("a", 2)]);
    assert_eq!(world.results(&preempt("a"), &left), [[0, 2]], "an empty selector means no pods here");
}

#[test]
fn room_is_kept_for_the_nominated_pod_against_all_but_higher_priorities() {
    let others = vec![of_priority("low", 1000, 0), of_priority("peer", 1500, 100), of_priority("top", 1500, 200)];
    let mut world = waiting(&contended(&["a"], others), 1);
    world.run_pods("low", &[("a", 4)]).run_pods("peer", &[]).run_pods("top", &[]);
    world.fire(&preempt("a"));
    assert!(!world.is_enabled("default-scheduler/bind-nominated/default/high/a"), "the victims are still there");
    assert!(!world.is_enabled("default-scheduler/clear-nomination/default/high/a"), "they are terminating");
    world.set("terminating[default/low][a]", 0).set("pending[default/low]", 1);
    assert!(world.is_enabled("default-scheduler/bind-nominated/default/high/a"));
    assert!(world.enabled("default-scheduler/bind/default/low").is_empty(), "it yields");
    world.set("pending[default/peer]", 1);
    assert!(world.enabled("default-scheduler/bind/default/peer").is_empty(), "the room is nominated");
    assert_eq!(world.enabled("default-scheduler/preempt/default/peer").len(), 1, "it may make room besides");
    world.set("pending[default/top]", 1);
    assert_eq!(world.enabled("default-scheduler/bind/default/top").len(), 1, "a higher priority may take it");
    assert!(!world.is_enabled("default-scheduler/bind-nominated/default/high/a"), "and goes first");
    world.set("pending[default/top]", 0).set("running[default/top][a]", 1);
    world.set("pending[default/peer]", 0);
    assert!(world.is_enabled("default-scheduler/clear-nomination/default/high/a"));
    world.fire("default-scheduler/clear-nomination/default/high/a");
    assert_eq!(places(&world), ["a"]);
}

#[test]
fn a_nominated_pod_goes_where_it_fits_first() {
    let mut world = waiting(&contended(&["a", "b"], vec![of_priority("low", 1000, 0)]), 1);
    world.run_pods("low", &[("a", 4), ("b", 4)]);
    world.fire(&preempt("a")).set("running[default/low][b]", 2);
    let elsewhere = "default-scheduler/bind-elsewhere/default/high/b";
    let shown = ["nominated[default/high][a]", "pending[default/high]", "bound[default/high][b]"];
    assert_eq!(world.results(elsewhere, &shown), [[0, 0, 1]]);
    world.set("terminating[default/low][a]", 0);
    assert!(!world.is_enabled(elsewhere), "its own node comes first");
}

#[test]
fn deleted_pods_take_their_nominations_with_them() {
    let mut cluster = contended(&["a"], vec![of_priority("low", 1000, 0)]);
    let target = cluster.workloads[0].reference.clone();
    let to = kubound_encodings::cluster::Span::exactly(0);
    cluster.events =
        vec![crate::support::event("scale", kubound_encodings::cluster::EventKind::Scale { target, replicas: to })];
    let mut world = waiting(&cluster, 2);
    world.run_pods("low", &[("a", 4)]);
    world.fire(&preempt("a")).set("replicaSet[default/high]", 1);
    let left = ["pending[default/high]", "nominated[default/high][a]"];
    assert_eq!(world.results("replicaset-controller/delete/default/high", &left), [[1, 0], [1, 1]]);
}

#[test]
fn nothing_is_preempted_where_that_cannot_help() {
    let mut cluster = contended(&["a", "b"], vec![of_priority("low", 1000, 0)]);
    cluster.pools[0].unschedulable = true;
    let mut world = waiting(&cluster, 1);
    world.run_pods("low", &[("a", 4), ("b", 4)]);
    assert_eq!(places(&world), ["b"]);
    let mut zoned = contended(&[], vec![of_priority("low", 1000, 0)]);
    zoned.pools = ["a", "b"].map(|name| node(name, &[(ZONE, name)])).to_vec();
    let mut constraint = spread(ZONE, 1, WhenUnsatisfiable::DoNotSchedule);
    let selector = constraint.selector.as_mut().expect("given");
    selector.requirements[0].operator = Operator::In(vec!["high".into()]);
    zoned.workloads[0].template.spread = vec![constraint];
    let mut world = waiting(&zoned, 1);
    world.run_pods("high", &[("a", 1)]).run_pods("low", &[("a", 2), ("b", 4)]);
    assert_eq!(places(&world), ["b"], "on a the constraint forbids it, and its pods there are not of lower priority");
}

#[test]
fn ages_decide_between_pods_of_equal_priority() {
    let mut world = waiting(&contended(&["a"], vec![of_priority("low", 1000, 0), of_priority("more", 2000, 0)]), 1);
    world.run_pods("low", &[("a", 2)]).run_pods("more", &[("a", 1)]);
    assert!(places(&world).is_empty());
    let rule = "default-scheduler/preempt-any/default/high/a";
    let left = ["running[default/low][a]", "running[default/more][a]"];
    assert_eq!(world.results(rule, &left), [[0, 1], [2, 0]], "two small ones, or the large one");
    world.run_pods("more", &[("a", 0)]).run_pods("low", &[("a", 4)]);
    assert_eq!(places(&world), ["a"], "there are no others of its priority here");
}

#[test]
fn a_pod_in_back_off_is_overtaken_only_where_controllers_may_be_late() {
    let low = "default-scheduler/bind/default/low/a";
    let overtakes = "default-scheduler/bind/overtaking/default/low/a";
    let cluster = contended(&["a"], vec![of_priority("low", 1000, 0)]);
    for timing in [Timing::Paced, Timing::Interleaved] {
        let mut world = World::fine(&Cluster { timing, ..cluster.clone() });
        world.set("pending[default/high]", 1).run_pods("high", &[]);
        world.set("pending[default/low]", 1).run_pods("low", &[]);
        assert!(world.is_enabled("default-scheduler/bind/default/high/a"));
        assert!(!world.is_enabled(low), "it waits for its turn");
        assert_eq!(world.is_enabled(overtakes), timing == Timing::Interleaved);
        let tag = world.system.rule(overtakes).and_then(|rule| rule.over_approximates);
        assert_eq!(tag.is_some(), timing == Timing::Interleaved);
        world.set("pending[default/high]", 0).run_pods("high", &[]);
        assert!(world.is_enabled(low) && !world.is_enabled(overtakes));
    }
}
