//! Requests that are recommended (section 7.3).

use crate::support::{World, cluster, deployment, event, node, origin, reference};
use kubound_encodings::cluster::disruption::Demand;
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::hpa::MetricResource;
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::vpa::{Allowed, Controlled, Part, usages};
use kubound_encodings::cluster::workload::{Share, Usage};
use kubound_encodings::cluster::{
    Cluster, LabelSelector, PodDisruptionBudget, Span, Timing, VerticalPodAutoscaler, Workload,
};

const RECOMMENDED: &str = "recommended[default/web]";

/// A Deployment whose pods request 200m, with a vertical autoscaler of CPU.
fn scaled(usage: Usage, replicas: i64) -> Cluster {
    let mut web = Workload { cpu_usage: usage, ..deployment("web", replicas, 200, 100) };
    let part = Part { container: "app".into(), share: Share::Rest(0) };
    let usages = usages(usage, &[], replicas);
    let controlled = Controlled::new(part, MetricResource::Cpu, usages, Allowed::default(), true);
    web.recommended = controlled
        .targets
        .iter()
        .map(|&target| {
            let mut template = web.template.clone();
            template.requests.insert("cpu".into(), target);
            template.nonzero_cpu = target;
            template
        })
        .collect();
    let vpa = VerticalPodAutoscaler {
        name: "vertical".into(),
        target: reference("web"),
        evicts: true,
        min_replicas: 2,
        controlled: vec![controlled],
        written: [("app".to_owned(), [("cpu".to_owned(), 200)].into())].into(),
        origin: origin(),
    };
    Cluster { vpas: vec![vpa], ..cluster(vec![node("a", &[]), node("b", &[])], vec![web]) }
}

fn per_pod(usage: i64) -> Usage {
    Usage::PerPod(Span::exactly(usage))
}

/// With so many pods of the manifest's requests on each node, the recommendation made.
fn recommended(cluster: &Cluster, pods: &[(&str, i64)]) -> World {
    let mut world = World::new(cluster);
    world.run_pods("web", pods);
    world.fire("vertical-pod-autoscaler/recommend/default/vertical");
    world
}

#[test]
fn the_target_for_present_usage_is_recommended_once_a_pod_is_ready() {
    let cluster = scaled(per_pod(300), 4);
    assert!(World::new(&cluster).enabled("vertical-pod-autoscaler/").is_empty(), "no samples");
    let world = recommended(&cluster, &[("a", 2)]);
    assert_eq!(world.get(RECOMMENDED), 1);
    assert_eq!(world.enabled("vertical-pod-autoscaler/"), ["vertical-pod-autoscaler/evict/1/default/vertical"]);
}

#[test]
fn a_shared_load_is_recommended_for_as_many_pods_as_are_ready() {
    let cluster = scaled(Usage::Shared(Span::exactly(1200)), 4);
    // 4 pods: 300m and 345m; 3: 400m and 460m; 2: 600m and 690m; 1: 1380m.
    let targets = &cluster.vpas[0].controlled[0].targets;
    assert_eq!(targets, &[345, 460, 690, 1380]);
    assert_eq!(recommended(&cluster, &[("a", 2), ("b", 2)]).get(RECOMMENDED), 1);
    assert_eq!(recommended(&cluster, &[("a", 2)]).get(RECOMMENDED), 3);
    let mut missing = World::new(&Cluster { timing: Timing::Interleaved, ..cluster });
    missing.run_pods("web", &[("a", 2)]).set("spec.replicas[default/web]", 3);
    let found = missing.enabled("vertical-pod-autoscaler/recommend");
    assert_eq!(found, ["vertical-pod-autoscaler/recommend-in-between/default/vertical"]);
}

#[test]
fn new_pods_request_what_is_recommended() {
    let mut world = recommended(&scaled(per_pod(300), 4), &[("a", 2)]);
    world.set("replicaSet[default/web]", 3).set("spec.replicas[default/web]", 3);
    world.fire("replicaset-controller/create/default/web");
    assert_eq!((world.get("pending[default/web]"), world.get("pending[default/web@2]")), (0, 1));
    assert!(!world.is_enabled("replicaset-controller/create/default/web@2"), "one ReplicaSet");
    world.calm();
    assert_eq!(world.get("running[default/web@2][a]") + world.get("running[default/web@2][b]"), 1);
}

#[test]
fn surplus_pods_go_whatever_they_request() {
    let mut cluster = scaled(per_pod(300), 4);
    let scale = EventKind::Scale { target: reference("web"), replicas: Span::exactly(1) };
    cluster.events = vec![event("scale", scale)];
    let mut world = recommended(&cluster, &[("a", 2)]);
    world.set("running[default/web@2][b]", 1).set("replicaSet[default/web]", 1).set("spec.replicas[default/web]", 1);
    // Both pods of the node with two go before the other.
    let left = ["running[default/web][a]", "running[default/web@2][b]"];
    assert_eq!(world.results("replicaset-controller/delete/default/web", &left), [[0, 1]]);
}

/// How many pods one pass of the updater leaves on the nodes.
fn after_eviction(world: &World) -> Vec<Vec<i64>> {
    let nodes = ["running[default/web][a]", "running[default/web][b]"];
    world.results("vertical-pod-autoscaler/evict/1/default/vertical", &nodes)
}

#[test]
fn half_of_the_replicas_may_go_at_once_and_one_of_two() {
    let pass = |pods: &[(&str, i64)]| after_eviction(&recommended(&scaled(per_pod(300), 5), pods));
    assert_eq!(pass(&[("a", 2), ("b", 2)]), [[0, 2], [1, 1], [2, 0]], "4 - 4/2 = 2");
    assert_eq!(pass(&[("a", 5)]), [[3, 0]], "5/2 is truncated to 2");
    assert_eq!(pass(&[("a", 1), ("b", 1)]), [[0, 1], [1, 0]]);
    let single = recommended(&scaled(per_pod(300), 5), &[("a", 1)]);
    assert!(single.enabled("vertical-pod-autoscaler/").is_empty(), "fewer than minReplicas");
    let mut alone = scaled(per_pod(300), 5);
    alone.vpas[0].min_replicas = 1;
    assert_eq!(after_eviction(&recommended(&alone, &[("a", 1)])), [[0, 0]], "the only one");
}

#[test]
fn pods_that_do_not_run_count_as_missing_and_go_freely() {
    let cluster = Cluster { timing: Timing::Interleaved, ..scaled(per_pod(300), 4) };
    let mut world = recommended(&cluster, &[("a", 3)]);
    world.set("pending[default/web]", 1).set("replicaSet[default/web]", 4).set("spec.replicas[default/web]", 4);
    assert_eq!(after_eviction(&world), [[2, 0]], "3 run of 4, 2 must");
    let delete = "vertical-pod-autoscaler/delete/1/default/vertical";
    assert_eq!(world.results(delete, &["pending[default/web]"]), [[0]]);
    world.set("running[default/web][a]", 2);
    assert!(!world.is_enabled("vertical-pod-autoscaler/evict/1/default/vertical"), "2 run of 4");
}

#[test]
fn a_budget_without_disruptions_keeps_pods_as_they_are() {
    let mut cluster = scaled(per_pod(300), 4);
    let budget = |pods: i64| PodDisruptionBudget {
        namespace: "default".into(),
        name: "web".into(),
        selector: Some(LabelSelector::default()),
        demand: Demand::MinAvailable(Amount::Pods(pods)),
        always_allows_unhealthy: false,
        origin: origin(),
    };
    cluster.disruption_budgets = vec![budget(4)];
    let world = recommended(&cluster, &[("a", 4)]);
    assert!(world.enabled("vertical-pod-autoscaler/").is_empty());
    cluster.disruption_budgets = vec![budget(3)];
    assert_eq!(after_eviction(&recommended(&cluster, &[("a", 4)])), [[3, 0]], "one disruption is allowed");
}

#[test]
fn pods_that_request_too_much_go_when_they_are_old_if_it_is_worth_it() {
    let old = |usage: i64| recommended(&scaled(per_pod(usage), 4), &[("a", 4)]);
    let evict = "vertical-pod-autoscaler/evict-old/1/default/vertical";
    assert_eq!(old(100).enabled("vertical-pod-autoscaler/"), [evict], "200m and 115m");
    let world = old(100);
    let rule = world.system.rule(evict).expect("the rule");
    assert!(rule.over_approximates.is_some(), "ages are not counted");
    assert!(old(160).enabled("vertical-pod-autoscaler/").is_empty(), "200m and 184m: 8 %");
    let mut initial = scaled(per_pod(300), 4);
    initial.vpas[0].evicts = false;
    assert!(recommended(&initial, &[("a", 4)]).enabled("vertical-pod-autoscaler/").is_empty(), "mode Initial");
}

#[test]
fn the_smallest_requests_go_first() {
    let load = Usage::Shared(Span::exactly(1200));
    let mut world = World::new(&scaled(load, 4));
    world.run_pods("web", &[("a", 2)]).set("running[default/web@2][a]", 1).set("running[default/web@2][b]", 1);
    world.set("replicaSet[default/web]", 4).set("spec.replicas[default/web]", 4).set(RECOMMENDED, 3);
    let names = ["running[default/web][a]", "running[default/web@2][a]", "running[default/web@2][b]"];
    let evict = "vertical-pod-autoscaler/evict/3/default/vertical";
    assert_eq!(world.results(evict, &names), [[0, 1, 1]], "200m before 345m, towards 690m");
    world.set("running[default/web][a]", 1).set("running[default/web@2][b]", 2);
    assert_eq!(world.results(evict, &names), [[0, 0, 2], [0, 1, 1]]);
}

#[test]
fn the_horizontal_autoscaler_divides_by_what_each_pod_requests() {
    use kubound_encodings::cluster::HorizontalPodAutoscaler;
    use kubound_encodings::cluster::hpa::{Metric, MetricTarget};
    let mut cluster = scaled(per_pod(300), 4);
    cluster.hpas = vec![HorizontalPodAutoscaler {
        name: "web".into(),
        target: reference("web"),
        selector: None,
        other_metrics: Vec::new(),
        min: 1,
        max: 9,
        metrics: vec![Metric { resource: MetricResource::Cpu, target: MetricTarget::Utilization(60) }],
        behavior: None,
        tolerance: Default::default(),
        sync_period: 15,
        downscale_stabilization: 0,
        origin: origin(),
    }];
    let after = |first: i64, second: i64| {
        let mut world = World::new(&cluster);
        world.run_pods("web", &[("a", first)]).set("running[default/web@2][a]", second);
        world.set("spec.replicas[default/web]", 2).set("replicaSet[default/web]", 2);
        world.fire("horizontal-pod-autoscaler/sync/default/web").get("spec.replicas[default/web]")
    };
    // 600 of 400m: 150 %, 2.5, limited to 4; 600 of 545m: 110 %, 1.83; 600 of 690m: 86 %, 1.43.
    assert_eq!([after(2, 0), after(1, 1), after(0, 2)], [4, 4, 3]);
}

#[test]
fn of_two_containers_the_one_whose_usage_changes_gets_what_is_left() {
    let usage = Usage::PerPod(Span::new(150, 350, 200).expect("not empty"));
    let mut cluster = scaled(usage, 4);
    let of = |container: &str, share: Share| {
        let allowed = Allowed { containers: 2, ..Allowed::default() };
        let part = Part { container: container.into(), share };
        Controlled::new(part, MetricResource::Cpu, usages(usage, &[], 4), allowed, true)
    };
    // 350m: 300m and 345m of one, 50m and 57m of the other.
    cluster.vpas[0].controlled = vec![of("side", Share::Exactly(50)), of("app", Share::Rest(50))];
    cluster.vpas[0].written = [("app".to_owned(), [("cpu".to_owned(), 150)].into())].into();
    let world = recommended(&cluster, &[("a", 2)]);
    let starts = [world.get(RECOMMENDED)];
    assert!(starts == [1] || starts == [2], "{starts:?}");
    let levels = cluster.vpas[0].levels();
    assert_eq!(
        levels.iter().map(|level| (level["app"]["cpu"], level["side"]["cpu"])).collect::<Vec<_>>(),
        [(115, 57), (345, 57)]
    );
    assert!(!world.enabled("vertical-pod-autoscaler/evict").is_empty(), "the other container requests nothing");
}
