//! PodDisruptionBudgets and the eviction API (sections 6.5 and 6.6): by drains, and by the descheduler.

use crate::support::{World, cluster, deployment, event, node, origin, policy};
use kubound_encodings::cluster::descheduler::{DeschedulerPlugin, Evictor, Namespaces};
use kubound_encodings::cluster::disruption::Demand;
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::selector::{LabelSelector, Operator, Requirement};
use kubound_encodings::cluster::workload::{Readiness, Startup};
use kubound_encodings::cluster::{Cluster, EventKind, PodDisruptionBudget, Workload};

const EVICT: &str = "event/drain/evict/running/default/web/a";
const EVICT_UNREADY: &str = "event/drain/evict/starting/default/web/a";

/// A budget of the pods labelled `app: web`.
fn budget(demand: Demand) -> PodDisruptionBudget {
    let requirement = Requirement { key: "app".into(), operator: Operator::In(vec!["web".into()]) };
    PodDisruptionBudget {
        namespace: "default".into(),
        name: "web".into(),
        selector: Some(LabelSelector { requirements: vec![requirement] }),
        demand,
        always_allows_unhealthy: false,
        origin: origin(),
    }
}

/// Pods on two nodes, the first of which may be drained.
fn guarded(budgets: Vec<PodDisruptionBudget>) -> Cluster {
    let mut cluster = cluster(vec![node("a", &[]), node("b", &[])], vec![never_ready()]);
    cluster.events = vec![event("drain", EventKind::Drain { node: Some("a".into()), uncordon: false })];
    cluster.disruption_budgets = budgets;
    cluster
}

/// A workload some of whose pods may never become ready.
fn never_ready() -> Workload {
    let mut web = deployment("web", 8, 100, 100);
    web.startup = Some(Startup { cpu: 0, seconds: 60, readiness: Readiness::Never });
    web
}

/// A node that is being drained, with so many ready and unready pods.
fn draining(cluster: &Cluster, ready: i64, unready: i64) -> World {
    let mut world = World::new(cluster);
    world.run_pods("web", &[("a", ready)]);
    world.set("starting[default/web][a]", unready);
    for size in ["spec.replicas[default/web]", "replicaSet[default/web]"] {
        world.set(size, ready + unready);
    }
    world.fire("event/drain/a");
    world
}

/// How many of so many ready pods may be evicted at once.
fn allowed(demand: Demand, ready: i64) -> i64 {
    let world = draining(&guarded(vec![budget(demand)]), ready, 0);
    if !world.is_enabled(EVICT) {
        return 0;
    }
    let left = world.results(EVICT, &["terminating[default/web][a]"]);
    left.last().map_or(0, |gone| gone[0])
}

#[test]
fn percentages_are_rounded_up() {
    assert_eq!(allowed(Demand::MaxUnavailable(Amount::Percent(25)), 3), 1, "ceil(0.75) = 1");
    assert_eq!(allowed(Demand::MinAvailable(Amount::Percent(50)), 3), 1, "3 - ceil(1.5)");
    assert_eq!(allowed(Demand::MinAvailable(Amount::Percent(100)), 3), 0);
    assert_eq!(allowed(Demand::MaxUnavailable(Amount::Percent(0)), 3), 0);
}

#[test]
fn numbers_are_taken_as_they_are() {
    assert_eq!(allowed(Demand::MinAvailable(Amount::Pods(1)), 1), 0, "never drained");
    assert_eq!(allowed(Demand::MaxUnavailable(Amount::Pods(0)), 5), 0);
    assert_eq!(allowed(Demand::MinAvailable(Amount::Pods(2)), 5), 3);
    assert_eq!(allowed(Demand::MaxUnavailable(Amount::Pods(7)), 5), 5, "desired is not negative");
    assert_eq!(allowed(Demand::Nothing, 5), 0, "no pods are expected");
}

#[test]
fn what_is_away_already_counts() {
    let mut world = draining(&guarded(vec![budget(Demand::MaxUnavailable(Amount::Pods(1)))]), 3, 0);
    world.fire(EVICT);
    assert!(!world.is_enabled(EVICT), "one is terminating");
    world.set("terminating[default/web][a]", 0);
    assert!(!world.is_enabled(EVICT), "its replacement is not ready");
    world.set("running[default/web][b]", 1);
    assert!(world.is_enabled(EVICT));
}

#[test]
fn unready_pods_go_uncounted_only_where_the_budget_is_kept() {
    let kept = |min: i64| draining(&guarded(vec![budget(Demand::MinAvailable(Amount::Pods(min)))]), 1, 2);
    let all = |world: &World| world.results(EVICT_UNREADY, &["terminating[default/web][a]"]);
    assert_eq!(all(&kept(1)), [[1], [2]], "healthy 1 of 1");
    assert!(!kept(1).is_enabled(EVICT), "the ready one stays");
    assert!(!kept(2).is_enabled(EVICT_UNREADY), "a crash-looping workload below its budget is never evicted");
    assert_eq!(all(&kept(0)), [[1]], "nothing is demanded: they are counted like ready ones");
    let mut always = budget(Demand::MinAvailable(Amount::Pods(2)));
    always.always_allows_unhealthy = true;
    let world = draining(&guarded(vec![always]), 1, 2);
    assert_eq!(all(&world), [[1], [2]]);
    assert!(!world.is_enabled(EVICT));
}

#[test]
fn two_budgets_for_a_pod_refuse_all_evictions() {
    let loose = || budget(Demand::MinAvailable(Amount::Pods(0)));
    let second = PodDisruptionBudget { name: "other".into(), ..loose() };
    let world = draining(&guarded(vec![loose(), second]), 2, 1);
    assert!(world.enabled("event/drain/evict").is_empty());
    let elsewhere = PodDisruptionBudget { namespace: "other".into(), ..loose() };
    let nothing = PodDisruptionBudget { name: "nothing".into(), selector: None, ..loose() };
    let world = draining(&guarded(vec![loose(), elsewhere, nothing]), 2, 1);
    assert!(world.is_enabled(EVICT), "they select other pods, or none");
}

#[test]
fn workloads_without_pods_are_not_expected() {
    let mut cluster = guarded(vec![budget(Demand::MaxUnavailable(Amount::Percent(50)))]);
    let mut other = deployment("other", 8, 100, 100);
    other.template.labels = cluster.workloads[0].template.labels.clone();
    cluster.workloads.push(other);
    let mut world = World::new(&cluster);
    world.run_pods("web", &[("a", 2)]).run_pods("other", &[]);
    world.fire("event/drain/a").set("spec.replicas[default/other]", 4);
    assert_eq!(world.results(EVICT, &["terminating[default/web][a]"]), [[1]], "1 of 2");
    world.set("pending[default/other]", 4);
    assert!(!world.is_enabled(EVICT), "3 of 6 may be away, 4 are");
}

/// A pass of RemoveDuplicates over two nodes: what is evicted from each, in all ways.
fn duplicates(budgets: Vec<PodDisruptionBudget>, pods: [i64; 2], min_replicas: i64) -> Vec<Vec<i64>> {
    let plugin = DeschedulerPlugin::RemoveDuplicates { exclude_owner_kinds: vec![], namespaces: Namespaces::All };
    let evictor = Evictor { min_replicas, ..Evictor::default() };
    let pools = ["a", "b", "c", "d"].map(|name| node(name, &[])).to_vec();
    let mut cluster = cluster(pools, vec![deployment("web", 8, 100, 100)]);
    cluster.disruption_budgets = budgets;
    cluster.descheduler = Some(policy(plugin, evictor));
    let mut world = World::new(&cluster);
    world.run_pods("web", &[("a", pods[0]), ("b", pods[1])]);
    let rule = "descheduler/RemoveDuplicates";
    if !world.is_enabled(rule) {
        return vec![];
    }
    world.results(rule, &["terminating[default/web][a]", "terminating[default/web][b]"])
}

#[test]
fn the_descheduler_evicts_what_the_budget_grants() {
    let at_least = |pods: i64| vec![budget(Demand::MinAvailable(Amount::Pods(pods)))];
    assert_eq!(duplicates(vec![], [3, 3], 0), [[1, 1]], "a share of ceil(6 / 4)");
    assert_eq!(duplicates(at_least(4), [3, 3], 0), [[1, 1]]);
    assert_eq!(duplicates(at_least(5), [3, 3], 0), [[0, 1], [1, 0]], "which one comes first is free");
    assert_eq!(duplicates(at_least(6), [3, 3], 0), Vec::<Vec<i64>>::new());
    let two = [at_least(0), at_least(0)].concat();
    assert_eq!(duplicates(two, [3, 3], 0), Vec::<Vec<i64>>::new(), "answered with an error");
}
