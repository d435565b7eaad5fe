//! Whole syncs of the autoscaler (section 3).

use crate::support::{World, cluster, deployment, event, node, origin, reference};
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::hpa::{
    Behavior, Comparison, Metric, MetricResource, MetricTarget, NamedMetric, OtherMetric, ScalingPolicy, ScalingRules,
    SelectPolicy, Tolerance,
};
use kubound_encodings::cluster::pod::ContainerRequests;
use kubound_encodings::cluster::workload::{
    ContainerUsage, Control, Job, MetricValue, Readiness, Share, Startup, Usage,
};
use kubound_encodings::cluster::{Cluster, HorizontalPodAutoscaler, KubernetesVersion, LabelSelector, Span, Workload};

const SYNC: &str = "horizontal-pod-autoscaler/sync/default/web";
const SPEC: &str = "spec.replicas[default/web]";

fn autoscaler() -> HorizontalPodAutoscaler {
    HorizontalPodAutoscaler {
        name: "web".into(),
        target: reference("web"),
        selector: None,
        other_metrics: Vec::new(),
        min: 1,
        max: 30,
        metrics: vec![Metric { resource: MetricResource::Cpu, target: MetricTarget::Utilization(50) }],
        behavior: None,
        tolerance: Default::default(),
        sync_period: 15,
        downscale_stabilization: 300,
        origin: origin(),
    }
}

/// Large nodes, pods of 500 m that use this much, scaled at half of it.
fn scaled(usage: i64) -> Cluster {
    let mut large = node("a", &[]);
    large.allocatable.insert("cpu".into(), Span::exactly(64_000));
    let mut web = deployment("web", 3, 500, 100);
    web.cpu_usage = Usage::PerPod(Span::exactly(usage));
    Cluster { hpas: vec![autoscaler()], ..cluster(vec![large], vec![web]) }
}

fn default_behavior() -> Behavior {
    let percent = ScalingPolicy::Percent { value: 100, period: 15 };
    let rules = |stabilization, policies| ScalingRules { stabilization, policies, select: SelectPolicy::Max };
    Behavior {
        up: rules(0, vec![ScalingPolicy::Pods { value: 4, period: 15 }, percent]),
        down: rules(300, vec![percent]),
    }
}

/// `pods` run and `replicas` are wanted; what one sync makes of it.
fn after_sync(cluster: &Cluster, pods: i64, replicas: i64) -> i64 {
    let mut world = World::new(cluster);
    world.run_pods("web", &[("a", pods)]);
    // More pods than wanted, as a surge brings them: the state is set by hand, and only the sync is looked at.
    world.set(SPEC, replicas).set("largest recommendation[default/web]", 0);
    // What can never be enabled is no rule at all.
    let Some(rule) = world.system.rule(SYNC).map(|rule| rule.updates.iter()) else { return replicas };
    let spec = world.system.dag.vars().iter().position(|var| var.name == SPEC).expect("replicas");
    let (_, term) = rule.into_iter().find(|(var, _)| var.index() == spec).expect("an update");
    world.evaluate_state(*term)
}

#[test]
fn the_vectors_through_the_whole_sync() {
    assert_eq!(after_sync(&scaled(400), 3, 3), 5);
    assert_eq!(after_sync(&scaled(279), 3, 3), 3, "1.1 is inside in 1.33");
    let older = Cluster { version: KubernetesVersion(32), ..scaled(279) };
    assert_eq!(after_sync(&older, 3, 3), 4, "and outside before");
    assert_eq!(after_sync(&scaled(100), 3, 3), 2);
    assert_eq!(after_sync(&scaled(300), 13, 10), 16, "the pods counted, not the replicas");
}

#[test]
fn growth_is_limited_to_6_or_7_from_3() {
    let mut cluster = scaled(2000);
    assert_eq!(after_sync(&cluster, 3, 3), 6);
    cluster.hpas[0].behavior = Some(default_behavior());
    assert_eq!(after_sync(&cluster, 3, 3), 7);
    assert_eq!(after_sync(&cluster, 8, 8), 16);
    assert_eq!(after_sync(&cluster, 20, 20), 30, "maxReplicas");
}

#[test]
fn replicas_out_of_range_are_clamped_without_metrics_and_zero_is_left_alone() {
    let mut cluster = scaled(100);
    (cluster.hpas[0].min, cluster.hpas[0].max) = (4, 8);
    cluster.workloads[0].replicas = Span { lo: 0, hi: 12, step: 1 };
    for (replicas, expected) in [(3, 4), (12, 8), (0, 0)] {
        assert_eq!(after_sync(&cluster, replicas, replicas), expected);
    }
}

#[test]
fn two_autoscalers_of_a_workload_only_clamp() {
    let mut cluster = scaled(2000);
    cluster.hpas.push(HorizontalPodAutoscaler { name: "other".into(), ..autoscaler() });
    assert_eq!(after_sync(&cluster, 3, 3), 3);
    assert_eq!(after_sync(&Cluster { hpas: vec![autoscaler()], ..cluster }, 3, 3), 6);
}

#[test]
fn the_largest_of_several_metrics_counts_and_a_failing_one_forbids_scaling_down() {
    let memory = Metric { resource: MetricResource::Memory, target: MetricTarget::AverageValue(50 << 20) };
    let mut cluster = scaled(100);
    cluster.hpas[0].metrics.push(Metric { target: MetricTarget::AverageValue((50 << 20) * 1000), ..memory });
    assert_eq!(after_sync(&cluster, 3, 3), 6, "100 MiB used, 50 MiB wanted, in milli-bytes");
    cluster.hpas[0].metrics[1].target = MetricTarget::Utilization(50);
    assert_eq!(after_sync(&cluster, 3, 3), 6);
    cluster.workloads[0].template.memory_requested_everywhere = false;
    assert_eq!(after_sync(&cluster, 3, 3), 3);
}

#[test]
fn scaling_down_waits_for_the_window() {
    let mut world = World::new(&scaled(100));
    world.run_pods("web", &[("a", 3)]);
    let timer = "largest recommendation timer[default/web]";
    assert_eq!(world.get(timer), 20, "300 s in units of 15 s");
    assert!(!world.is_enabled(SYNC));
    while !world.is_enabled("horizontal-pod-autoscaler/forget/largest/default/web") {
        assert!(!world.is_enabled(SYNC));
        world.fire("time/passes");
    }
    assert_eq!(world.get(timer), 0);
    world.fire("horizontal-pod-autoscaler/forget/largest/default/web").fire(SYNC);
    assert_eq!(world.get(SPEC), 2);
}

#[test]
fn unready_and_missing_pods_are_corrected_for() {
    let mut cluster = scaled(400);
    let startup = |readiness| Some(Startup { cpu: 2000, seconds: 300, readiness });
    cluster.workloads[0].startup = startup(Readiness::After);
    let mut world = World::new(&cluster);
    world.run_pods("web", &[("a", 2)]).set("starting[default/web][a]", 2).set(SPEC, 4);
    world.set("replicaSet[default/web]", 4).set("largest recommendation[default/web]", 0);
    assert!(!world.is_enabled(SYNC), "800 m over four pods are 40 %: no growth, and no shrinking");
    cluster.workloads[0].startup = startup(Readiness::AtOnce);
    let mut world = World::new(&cluster);
    world.run_pods("web", &[("a", 2)]).set("starting[default/web][a]", 2).set(SPEC, 4);
    world.set("replicaSet[default/web]", 4).set("largest recommendation[default/web]", 0);
    assert_eq!(world.fire(SYNC).get(SPEC), 8, "their start-up usage counts, up to the limit");
}

#[test]
fn a_load_is_shared_among_all_ready_pods() {
    let mut cluster = scaled(0);
    cluster.workloads[0].cpu_usage = Usage::Shared(Span::exactly(1000));
    assert_eq!(after_sync(&cluster, 3, 3), 4, "333 m each are 66 %: 1.32 times 3");
    assert_eq!(after_sync(&cluster, 4, 4), 4);
}

#[test]
fn policy_periods_divide_the_unit_of_time() {
    let mut cluster = scaled(2000);
    let mut behavior = default_behavior();
    behavior.up.policies = vec![ScalingPolicy::Pods { value: 1, period: 100 }];
    cluster.hpas[0].behavior = Some(behavior);
    let mut world = World::new(&cluster);
    world.run_pods("web", &[("a", 3)]);
    assert_eq!(world.get("rescales timer of 100 s[default/web]"), 20, "units of 5 s");
    world.fire(SYNC);
    assert_eq!((world.get(SPEC), world.get("replicas added in 100 s[default/web]")), (4, 1));
    world.calm();
    assert!(!world.is_enabled(SYNC), "one pod in 100 s");
}

#[test]
fn each_pod_is_ready_its_own_start_up_after_it_started() {
    let mut cluster = scaled(250);
    cluster.workloads[0].startup = Some(Startup { cpu: 250, seconds: 30, readiness: Readiness::After });
    let mut world = World::new(&cluster);
    let counts = ["starting, 1 left[default/web][a]", "starting, 2 left[default/web][a]", "running[default/web][a]"];
    world.run_pods("web", &[("a", 1)]).set(SPEC, 3).set("replicaSet[default/web]", 3);
    world.set(counts[0], 1).set(counts[1], 1);
    assert_eq!(world.results("time/passes", &counts), vec![vec![1, 0, 2]], "15 s: only the older one");
    world.fire("time/passes");
    assert_eq!(world.results("time/passes", &counts), vec![vec![0, 0, 3]]);
}

#[test]
fn a_sync_that_would_rescale_is_not_noted_without_happening() {
    for (usage, noted) in [(250, 3), (500, 1)] {
        let mut world = World::new(&scaled(usage));
        world.run_pods("web", &[("a", 3)]).set("largest recommendation[default/web]", 1);
        world.set("sync period[default/web]", 2);
        let largest = world.results("time/passes", &["largest recommendation[default/web]"]);
        assert_eq!(largest, vec![vec![noted]], "{usage}m a pod");
    }
}

#[test]
fn the_tolerance_is_that_of_each_direction() {
    let tolerant = |usage: i64, down: i64, up: i64, version: u32| {
        let mut cluster = Cluster { version: KubernetesVersion(version), ..scaled(usage) };
        cluster.hpas[0].tolerance = Tolerance { down, up };
        after_sync(&cluster, 10, 10)
    };
    // 320m of 500m are 64 %, 1.28 times the target of 50 %.
    assert_eq!(tolerant(320, 100, 300, 33), 10);
    assert_eq!(tolerant(320, 300, 270, 33), 13);
    assert_eq!(tolerant(320, 300, 300, 32), 10, "the flag is older than its parts");
    assert_eq!(tolerant(200, 200, 0, 33), 10, "0.8 of the target");
    assert_eq!(tolerant(200, 190, 1000, 33), 8);
    assert_eq!(tolerant(255, 0, 0, 33), 11, "51 %: nothing is tolerated");
}

/// The cluster of `scaled` with another workload whose pods use this much, and an autoscaler that takes all pods.
fn shared(usage: i64, other: Workload) -> Cluster {
    let mut cluster = scaled(usage);
    cluster.hpas[0].selector = Some(LabelSelector::default());
    cluster.workloads.push(other);
    cluster
}

fn idle() -> Workload {
    Workload { cpu_usage: Usage::PerPod(Span::exactly(100)), ..deployment("batch", 3, 500, 100) }
}

/// What one sync makes of three pods of the target.
fn synced(mut world: World) -> i64 {
    world.run_pods("web", &[("a", 3)]);
    let Some(rule) = world.system.rule(SYNC) else { return 3 };
    let spec = world.system.dag.vars().iter().position(|var| var.name == SPEC).expect("replicas");
    let (_, term) = rule.updates.iter().find(|(var, _)| var.index() == spec).expect("an update");
    world.evaluate_state(*term)
}

/// The same beside two pods of another.
fn with_others(cluster: &Cluster) -> i64 {
    let mut world = World::new(cluster);
    world.run_pods("batch", &[("a", 2)]);
    synced(world)
}

#[test]
fn pods_of_others_under_the_selector_count_in_sum_and_number() {
    // 3 x 400m alone: 80 %, 1.6 x 3 = 5. With 2 x 100m: 1400 of 2500 is 56 %, 1.12 x 5 = 6.
    assert_eq!(with_others(&shared(400, idle())), 6);
    let mut apart = shared(400, idle());
    apart.hpas[0].selector = None;
    assert_eq!(with_others(&apart), 5);
    apart.hpas[0].selector = Some(LabelSelector::default());
    apart.workloads[1].reference.namespace = "other".into();
    let mut world = World::new(&apart);
    world.set("running[other/batch][a]", 2);
    assert_eq!(synced(world), 5, "another namespace");
    // Requests differ: 1400 of 1500 + 2 x 1000 is 40 %.
    let mut larger = shared(400, idle());
    larger.workloads[1].template.requests.insert("cpu".into(), 1000);
    larger.hpas[0].downscale_stabilization = 0;
    assert_eq!(with_others(&larger), 4, "0.8 x 5");
    larger.workloads[1].template.cpu_requested_everywhere = false;
    assert_eq!(with_others(&larger), 3, "one pod without a request makes the metric fail");
}

#[test]
fn completed_pods_of_a_job_are_missing() {
    let mut job = idle();
    job.reference.kind = "Job".into();
    job.control = Control::Ends(Job { completions: Some(2), ..Job::default() });
    let mut cluster = shared(200, job);
    cluster.hpas[0].downscale_stabilization = 0;
    let after = |cluster: &Cluster, succeeded: i64| {
        let mut world = World::new(cluster);
        world.set("succeeded[default/batch]", succeeded);
        synced(world)
    };
    // 200m of 500m: 40 %, 0.8 x 3 = 3. With one that is taken to use all of its request 55 %, above the target: no change.
    assert_eq!([after(&cluster, 0), after(&cluster, 1)], [3, 3]);
    // 100m: 20 %, 0.4 x 3 = 2; with one completed pod 800 of 2000, 40 %, 0.8 x 4 = 4, more than there are.
    cluster.workloads[0].cpu_usage = Usage::PerPod(Span::exactly(100));
    assert_eq!([after(&cluster, 0), after(&cluster, 1)], [2, 3]);
}

#[test]
fn autoscalers_of_two_targets_with_a_pod_under_both_selectors_only_clamp() {
    let mut cluster = shared(400, idle());
    cluster.hpas.push(HorizontalPodAutoscaler { name: "batch".into(), target: reference("batch"), ..autoscaler() });
    assert_eq!(with_others(&cluster), 3);
    cluster.hpas[0].selector = None;
    cluster.hpas[1].selector = None;
    assert_eq!(with_others(&cluster), 5, "each has its own");
    cluster.hpas[1].selector = Some(LabelSelector::default());
    assert_eq!(with_others(&cluster), 3, "the other one takes them");
    let mut world = World::new(&shared(400, idle()));
    world.set(SPEC, 3);
    assert_eq!(synced(world), 5, "none of the other yet");
}

/// The cluster of `scaled` with pods of an application that requests 400m and a sidecar that requests 100m; the sidecar
/// uses 20m.
fn with_sidecar(usage: i64, container: &str, target: MetricTarget) -> Cluster {
    let mut cluster = scaled(usage);
    let web = &mut cluster.workloads[0];
    let part =
        |name: &str, cpu: i64| ContainerRequests { name: name.into(), requests: [("cpu".to_owned(), cpu)].into() };
    web.template.containers = vec![part("app", 400), part("proxy", 100)];
    let used = |name: &str, cpu: Share| ContainerUsage { name: name.into(), cpu: Some(cpu), memory: None };
    web.container_usage = vec![used("app", Share::Rest(20)), used("proxy", Share::Exactly(20))];
    let metric = Metric { resource: MetricResource::Cpu, target };
    cluster.hpas[0].metrics.clear();
    cluster.hpas[0].other_metrics = vec![OtherMetric::Container { container: container.into(), metric }];
    cluster.hpas[0].downscale_stabilization = 0;
    cluster
}

#[test]
fn metrics_of_a_container_divide_its_usage_by_its_request() {
    let sync = |cluster: &Cluster| synced(World::new(cluster));
    let after = |container: &str, target: MetricTarget| sync(&with_sidecar(380, container, target));
    // 360 of 400m is 90 %: 1.8 x 3 = 6 (5.4). 20 of 100m is 20 %: 0.4 x 3 = 2.
    assert_eq!(after("app", MetricTarget::Utilization(50)), 6);
    assert_eq!(after("proxy", MetricTarget::Utilization(50)), 2);
    assert_eq!(after("app", MetricTarget::AverageValue(240)), 5, "360 / 240 = 1.5");
    assert_eq!(after("other", MetricTarget::Utilization(50)), 3, "no such container: the metric fails");
    assert_eq!(after("other", MetricTarget::AverageValue(50)), 3);
    let mut unlimited = with_sidecar(380, "proxy", MetricTarget::Utilization(50));
    unlimited.workloads[0].template.containers[1].requests.clear();
    assert_eq!(sync(&unlimited), 3, "no request");
    unlimited.hpas[0].other_metrics =
        with_sidecar(380, "app", MetricTarget::Utilization(50)).hpas[0].other_metrics.clone();
    assert_eq!(sync(&unlimited), 6, "that of another container does not matter");
}

#[test]
fn a_running_pod_of_another_without_the_container_makes_the_metric_fail() {
    let mut cluster = with_sidecar(380, "app", MetricTarget::Utilization(50));
    cluster.hpas[0].selector = Some(LabelSelector::default());
    cluster.workloads.push(idle());
    assert_eq!(with_others(&cluster), 3);
    let mut world = World::new(&cluster);
    world.set("pending[default/batch]", 2);
    // Two that wait are unready and request nothing: 1080 of 1200 is 90 % still, over five pods: 1.8 x 5 = 9, at most 6.
    assert_eq!(synced(world), 6);
}

/// The cluster of `scaled` with a metric that is no resource: value and target in thousandths.
fn by_metric(comparison: Comparison, target: i64, value: i64, is_shared: bool) -> Cluster {
    let mut cluster = scaled(0);
    let metric = NamedMetric { name: "queue".into(), comparison, target };
    cluster.hpas[0].metrics.clear();
    cluster.hpas[0].other_metrics = vec![OtherMetric::Named(metric)];
    cluster.hpas[0].downscale_stabilization = 0;
    cluster.workloads[0].metrics = vec![MetricValue { name: "queue".into(), value: Span::exactly(value), is_shared }];
    cluster
}

/// What a sync makes of so many replicas, pods that run, wait and terminate.
fn after_metric(cluster: &Cluster, replicas: i64, [running, pending, terminating]: [i64; 3]) -> i64 {
    let mut world = World::new(cluster);
    world.run_pods("web", &[("a", running)]);
    world.set(SPEC, replicas).set("pending[default/web]", pending).set("terminating[default/web][a]", terminating);
    // What can never be enabled is no rule at all.
    let Some(rule) = world.system.rule(SYNC).map(|rule| rule.updates.iter()) else { return replicas };
    let spec = world.system.dag.vars().iter().position(|var| var.name == SPEC).expect("replicas");
    let (_, term) = rule.into_iter().find(|(var, _)| var.index() == spec).expect("an update");
    world.evaluate_state(*term)
}

#[test]
fn a_metric_of_pods_is_the_mean_over_them_whether_they_are_ready_or_not() {
    let each = |value| by_metric(Comparison::PerPod, 10_000, value, false);
    assert_eq!(after_metric(&each(20_000), 3, [3, 0, 0]), 6);
    assert_eq!(after_metric(&each(11_000), 3, [3, 0, 0]), 3, "within the tolerance");
    assert_eq!(after_metric(&each(4_000), 3, [3, 0, 0]), 2);
    // 20 + 20 + 0 + 0 over four is the target; terminating pods are ignored.
    assert_eq!(after_metric(&each(20_000), 4, [2, 2, 0]), 4);
    assert_eq!(after_metric(&each(20_000), 3, [3, 0, 2]), 6);
    assert_eq!(after_metric(&each(20_000), 3, [0, 3, 0]), 3, "no sample");
    let shared = by_metric(Comparison::PerPod, 10_000, 60_000, true);
    assert_eq!(
        [2, 6].map(|pods| after_metric(&shared, pods, [pods, 0, 0])),
        [4, 6],
        "30 each, at most doubled; 10 each"
    );
}

#[test]
fn a_value_multiplies_the_pods_that_are_ready() {
    let whole = |value| by_metric(Comparison::Value, 30_000, value, false);
    assert_eq!(after_metric(&whole(60_000), 2, [2, 0, 0]), 4);
    assert_eq!(after_metric(&whole(60_000), 4, [4, 0, 0]), 8, "again");
    assert_eq!(after_metric(&whole(60_000), 4, [2, 2, 0]), 4, "those that are Ready");
    assert_eq!(after_metric(&whole(60_000), 4, [3, 1, 0]), 6);
    assert_eq!(after_metric(&whole(60_000), 3, [3, 0, 0]), 6);
    assert_eq!(after_metric(&whole(40_000), 3, [2, 1, 2]), 6, "terminating ones are Ready: 1.33 x 4 = 5.3");
    assert_eq!(after_metric(&whole(33_000), 3, [2, 1, 0]), 3, "within the tolerance of 1.33");
    assert_eq!(after_metric(&whole(0), 3, [3, 0, 0]), 1);
    assert_eq!(after_metric(&whole(60_000), 3, [0, 0, 0]), 3, "no pods: the metric fails");
    assert_eq!(after_metric(&whole(60_000), 3, [0, 3, 0]), 1, "none of them Ready: 0");
    let shared = by_metric(Comparison::Value, 30_000, 90_000, true);
    assert_eq!([2, 3].map(|pods| after_metric(&shared, pods, [pods, 0, 0])), [3, 3], "45, and 30 within the tolerance");
}

#[test]
fn an_average_value_divides_the_whole_by_the_replicas_there_are() {
    let whole = |value| by_metric(Comparison::AverageValue, 30_000, value, false);
    assert_eq!(after_metric(&whole(100_000), 2, [2, 0, 0]), 4, "3.3 rounded up");
    assert_eq!(after_metric(&whole(60_000), 4, [4, 0, 0]), 2);
    assert_eq!(after_metric(&whole(60_000), 2, [2, 0, 0]), 2);
    assert_eq!(after_metric(&whole(99_000), 3, [1, 2, 0]), 3, "ratio 1.1, waiting pods count");
    // Within the tolerance for the three there are, which is then what is proposed.
    assert_eq!(after_metric(&whole(90_000), 5, [3, 0, 2]), 3);
    assert_eq!(after_metric(&whole(90_000), 2, [0, 0, 0]), 3, "there are none");
}

#[test]
fn the_largest_of_all_metrics_counts() {
    let mut cluster = by_metric(Comparison::AverageValue, 30_000, 100_000, false);
    let other = NamedMetric { name: "rate".into(), comparison: Comparison::PerPod, target: 10_000 };
    cluster.hpas[0].other_metrics.push(OtherMetric::Named(other));
    assert_eq!(after_metric(&cluster, 5, [5, 0, 0]), 5, "without a value it is invalid: not down");
    assert_eq!(after_metric(&cluster, 3, [3, 0, 0]), 4, "up all the same");
    let rate = MetricValue { name: "rate".into(), value: Span::exactly(20_000), is_shared: false };
    cluster.workloads[0].metrics.push(rate);
    assert_eq!(after_metric(&cluster, 3, [3, 0, 0]), 6);
}

#[test]
fn a_window_is_whole_again_after_a_while_in_which_it_did_not_run() {
    let mut cluster = scaled(250);
    let to = Span::exactly(100);
    cluster.events = vec![event("usage", EventKind::CpuChange { target: reference("web"), to })];
    let mut world = World::new(&cluster);
    let timer = "largest recommendation timer[default/web]";
    world.run_pods("web", &[("a", 3)]);
    assert_eq!(world.get(timer), 40, "300 s in units of 7.5 s");
    world.set(timer, 5);
    assert!(!world.is_enabled("time/passes"), "nothing runs");
    assert_eq!(world.results("time/stops", &[timer]), [[40]], "syncs renew what is proposed");
    world.fire("event/usage/change");
    assert!(world.is_enabled("time/passes") && world.get(timer) == 5, "or none came in between");
    world.set("left[usage]", 0).set("cpuUsage[default/web]", 5);
    assert!(!world.is_enabled("time/stops"), "nobody could tell the difference");
}
