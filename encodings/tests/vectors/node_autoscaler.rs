//! When nodes come and go (section 7).

use crate::support::{HOST, MEBI, World, cluster, deployment, labels, node, origin, reference, spread};
use kubound_encodings::cluster::disruption::Demand;
use kubound_encodings::cluster::pod::{PreferredTerm, Toleration, WhenUnsatisfiable};
use kubound_encodings::cluster::pod_affinity::WeightedPodAffinityTerm;
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::{
    Cluster, Expression, Intent, IntentKind, LabelSelector, NodeAutoscaler, NodeAutoscalerKind, NodeGroup, NodePool,
    NodeSelectorTerm, PodAffinityTerm, PodDisruptionBudget, Requirement, Span, Taint, TaintEffect, When, Workload,
};

/// The Cluster Autoscaler with its defaults.
fn autoscaler() -> NodeAutoscaler {
    NodeAutoscaler {
        kind: NodeAutoscalerKind::ClusterAutoscaler,
        threshold: Some(500),
        only_empty: false,
        unneeded: Some(600),
        respects_preferences: false,
        origin: origin(),
    }
}

/// A node of 4 cores, and a pool of up to two more of which there is none at first.
fn scaled(web: Workload) -> Cluster {
    let extra = NodePool {
        is_single_node: false,
        count: Span::exactly(0),
        autoscaling: Some(NodeGroup { min: 0, max: 2, cpu_limit: None, memory_limit: None }),
        ..node("extra", &[])
    };
    Cluster { node_autoscaler: Some(autoscaler()), ..cluster(vec![node("base", &[]), extra], vec![web]) }
}

/// With so many pods running on the fixed node and on each node of the pool that there is, and so many that wait.
fn world(cluster: &Cluster, base: i64, extra: &[i64], pending: i64) -> World {
    let mut world = World::new(cluster);
    let names = ["extra-0", "extra-1"];
    for name in &names[..extra.len()] {
        world.set(&format!("exists[{name}]"), 1);
    }
    let mut pods = vec![("base", base)];
    pods.extend(names.into_iter().zip(extra.iter().copied()));
    world.set("pending[default/web]", pending).run_pods("web", &pods);
    world
}

fn added(world: &World) -> Vec<&str> {
    world.enabled("cluster-autoscaler/add/")
}

#[test]
fn a_node_comes_for_a_pod_that_finds_none_and_would_fit_a_new_one() {
    let cluster = scaled(deployment("web", 8, 1500, 100));
    assert!(added(&world(&cluster, 1, &[], 1)).is_empty(), "there is room");
    assert_eq!(added(&world(&cluster, 2, &[], 1)), ["cluster-autoscaler/add/extra-0"]);
    assert_eq!(added(&world(&cluster, 2, &[2], 1)), ["cluster-autoscaler/add/extra-1"]);
    assert!(added(&world(&cluster, 2, &[2, 2], 1)).is_empty(), "the pool is at its largest");
    assert!(added(&world(&scaled(deployment("web", 8, 4500, 100)), 0, &[], 1)).is_empty(), "no node is large enough");
    let mut expendable = cluster.clone();
    expendable.workloads[0].template.priority = -11;
    assert!(added(&world(&expendable, 2, &[], 1)).is_empty(), "priority below the cutoff");
    let mut elsewhere = cluster.clone();
    elsewhere.workloads[0].template.node_selector = labels(&[(HOST, "base")]);
    assert!(added(&world(&elsewhere, 2, &[], 1)).is_empty(), "new nodes lack the label");
}

#[test]
fn nodes_of_a_pool_stay_within_its_limits_together() {
    let limited = |cpu: Option<i64>, memory: Option<i64>| {
        let mut cluster = scaled(deployment("web", 8, 1500, 100));
        let group = NodeGroup { min: 0, max: 2, cpu_limit: cpu, memory_limit: memory };
        cluster.pools[1].autoscaling = Some(group);
        cluster
    };
    let second = |cluster: &Cluster| added(&world(cluster, 2, &[2], 1)).len();
    // One node of 4000m and 8192Mi is there; those of other pools do not count.
    assert_eq!(second(&limited(Some(8000), None)), 1);
    assert_eq!(second(&limited(Some(7999), None)), 0, "8000m are too much");
    assert_eq!(second(&limited(Some(8000), Some(16383 * MEBI))), 0);
    assert_eq!(second(&limited(None, Some(16384 * MEBI))), 1);
    assert_eq!(added(&world(&limited(Some(4000), None), 2, &[], 1)).len(), 1, "the first");
}

fn unneeded(cluster: &Cluster, base: i64, extra: i64) -> bool {
    !world(cluster, base, &[extra], 0).enabled("cluster-autoscaler/shrink").is_empty()
}

#[test]
fn a_node_goes_whose_requests_are_below_the_threshold_and_whose_pods_fit_elsewhere() {
    let cluster = scaled(deployment("web", 8, 1000, 100));
    assert!(unneeded(&cluster, 2, 1), "250 of 1000, and room for it");
    assert!(unneeded(&cluster, 4, 0), "empty");
    assert!(!unneeded(&cluster, 2, 2), "500 of 1000 is not below 500");
    assert!(!unneeded(&cluster, 4, 1), "no room elsewhere");
    let mut half = cluster.clone();
    half.node_autoscaler.as_mut().expect("given").threshold = Some(501);
    assert!(unneeded(&half, 2, 2));
    assert!(!unneeded(&half, 3, 2), "only one of two finds room");
    let mut kept = cluster.clone();
    kept.pools[1].autoscaling = Some(NodeGroup { min: 1, max: 2, cpu_limit: None, memory_limit: None });
    assert!(!unneeded(&kept, 2, 1), "the pool is at its smallest");
    let mut alone = cluster.clone();
    alone.workloads[0].template.spread = vec![spread(HOST, 1, WhenUnsatisfiable::DoNotSchedule)];
    assert!(unneeded(&alone, 1, 1), "without the node there is no other domain");
}

#[test]
fn whether_several_pods_fit_elsewhere_is_known_only_where_they_do_not_mind_each_other() {
    let mut cluster = scaled(deployment("web", 8, 1000, 100));
    cluster.node_autoscaler.as_mut().expect("given").threshold = Some(501);
    let shrunk = |cluster: &Cluster| world(cluster, 1, &[2], 0).enabled("cluster-autoscaler/shrink").concat();
    assert_eq!(shrunk(&cluster), "cluster-autoscaler/shrink/extra-0");
    cluster.workloads[0].template.spread = vec![spread(HOST, 5, WhenUnsatisfiable::DoNotSchedule)];
    assert_eq!(shrunk(&cluster), "cluster-autoscaler/shrink-perhaps/extra-0");
}

#[test]
fn pods_block_the_removal_of_their_node() {
    let cluster = scaled(deployment("web", 8, 1000, 100));
    let with = |change: &dyn Fn(&mut Cluster)| {
        let mut changed = cluster.clone();
        change(&mut changed);
        unneeded(&changed, 2, 1)
    };
    assert!(!with(&|one| {
        let key = "cluster-autoscaler.kubernetes.io/safe-to-evict".to_owned();
        one.workloads[0].template.annotations.insert(key, "false".into());
    }));
    assert!(!with(&|one| one.workloads[0].template.has_local_storage = true));
    let budget = |pods: i64| PodDisruptionBudget {
        namespace: "default".into(),
        name: "web".into(),
        selector: Some(LabelSelector { requirements: vec![] }),
        demand: Demand::MinAvailable(Amount::Pods(pods)),
        always_allows_unhealthy: false,
        origin: origin(),
    };
    assert!(!with(&|one| one.disruption_budgets = vec![budget(3)]), "no disruption is allowed");
    assert!(with(&|one| one.disruption_budgets = vec![budget(2)]));
}

#[test]
fn a_node_is_tainted_emptied_and_gone() {
    let cluster = scaled(deployment("web", 8, 1000, 100));
    let mut world = world(&cluster, 2, &[1], 0);
    world.fire("cluster-autoscaler/shrink/extra-0").calm();
    assert_eq!(world.get("running[default/web][base]"), 3, "its pod has moved to the only other node");
    assert_eq!((world.get("exists[extra-0]"), world.get("deleting[extra-0]")), (1, 1), "the machine takes its time");
    world.fire("cluster-autoscaler/remove/extra-0");
    assert_eq!((world.get("exists[extra-0]"), world.get("deleting[extra-0]")), (0, 0));
}

#[test]
fn karpenter_looks_at_no_threshold_and_may_be_told_to_take_empty_nodes_only() {
    let mut cluster = scaled(deployment("web", 8, 1000, 100));
    let karpenter = |only_empty: bool| {
        let kind = NodeAutoscalerKind::Karpenter;
        Some(NodeAutoscaler { kind, threshold: None, only_empty, unneeded: Some(0), ..autoscaler() })
    };
    let goes = |cluster: &Cluster, base: i64, extra: i64| {
        !world(cluster, base, &[extra], 0).enabled("karpenter/shrink").is_empty()
    };
    cluster.node_autoscaler = karpenter(false);
    assert!(goes(&cluster, 1, 3), "three quarters are requested");
    assert!(!goes(&cluster, 2, 3));
    cluster.node_autoscaler = karpenter(true);
    assert!(!goes(&cluster, 1, 1) && goes(&cluster, 1, 0));
}

/// Karpenter without delay, which respects preferences or does not.
fn karpenter(respects_preferences: bool) -> Option<NodeAutoscaler> {
    let kind = NodeAutoscalerKind::Karpenter;
    Some(NodeAutoscaler { kind, threshold: None, unneeded: Some(0), respects_preferences, ..autoscaler() })
}

/// Whether Karpenter takes the first node of the pool away, with so many pods on the other node and on it.
fn goes(web: &Workload, respects_preferences: bool, base: i64, extra: i64) -> bool {
    let mut cluster = scaled(web.clone());
    cluster.node_autoscaler = karpenter(respects_preferences);
    cluster.pools[1].labels = labels(&[("tier", "fast")]);
    !world(&cluster, base, &[extra], 0).enabled("karpenter/shrink").is_empty()
}

#[test]
fn karpenter_keeps_a_node_for_a_pod_that_prefers_to_be_alone() {
    let mut web = deployment("web", 8, 500, 100);
    let term = PodAffinityTerm {
        topology_key: HOST.into(),
        selector: Some(LabelSelector::of_labels(&labels(&[("app", "web")]))),
        ..PodAffinityTerm::default()
    };
    web.template.pod_anti_affinity.preferred = vec![WeightedPodAffinityTerm { weight: 1, term }];
    assert!(!goes(&web, true, 1, 1), "a new node would take it alone");
    assert!(goes(&web, false, 1, 1), "preferences are ignored");
    assert!(goes(&web, true, 0, 1), "it is alone on the other node, too");
    assert!(goes(&web, true, 1, 0), "no pod, no preference");
}

#[test]
fn karpenter_takes_soft_spread_for_hard_and_empty_hosts_for_granted() {
    let mut web = deployment("web", 8, 500, 100);
    let soft = |skew: i64| vec![spread(HOST, skew, WhenUnsatisfiable::ScheduleAnyway)];
    web.template.spread = soft(1);
    assert!(!goes(&web, true, 1, 1), "two on the other node, none on a new one");
    web.template.spread = soft(2);
    assert!(goes(&web, true, 1, 1));
    assert!(!goes(&web, true, 2, 1), "three and none, though there would be one node only");
    web.template.spread = vec![spread(HOST, 1, WhenUnsatisfiable::DoNotSchedule)];
    assert!(goes(&web, true, 1, 1), "a constraint that is hard is judged as the scheduler does");
}

#[test]
fn karpenter_keeps_a_node_that_pods_prefer_and_gives_up_what_no_pool_has() {
    let mut web = deployment("web", 8, 500, 100);
    let preferred = |weight: i64, key: &str| {
        let requirement = Requirement { key: key.into(), operator: Operator::Exists };
        PreferredTerm { weight, term: NodeSelectorTerm { expressions: vec![requirement], fields: vec![] } }
    };
    web.template.preferred_affinity = vec![preferred(10, "tier")];
    assert!(!goes(&web, true, 0, 1));
    web.template.preferred_affinity = vec![preferred(10, "none")];
    assert!(goes(&web, true, 0, 1), "no node has it, so it is given up");
    web.template.preferred_affinity = vec![preferred(10, "none"), preferred(5, "tier")];
    assert!(!goes(&web, true, 0, 1), "then the lighter one is required");
}

#[test]
fn the_pool_that_pods_prefer_grows() {
    let mut cluster = scaled(deployment("web", 8, 1500, 100));
    cluster.node_autoscaler = karpenter(true);
    cluster.pools[1].labels = labels(&[("tier", "fast")]);
    cluster.pools.push(NodePool { name: "more".into(), labels: labels(&[]), ..cluster.pools[1].clone() });
    let adds = |cluster: &Cluster| world(cluster, 2, &[], 1).enabled("karpenter/add/").len();
    assert_eq!(adds(&cluster), 2, "which of them is free");
    let requirement = Requirement { key: "tier".into(), operator: Operator::DoesNotExist };
    let term = NodeSelectorTerm { expressions: vec![requirement], fields: vec![] };
    cluster.workloads[0].template.preferred_affinity = vec![PreferredTerm { weight: 1, term }];
    assert_eq!(world(&cluster, 2, &[], 1).enabled("karpenter/add/"), ["karpenter/add/more-0"]);
    cluster.pools[2].allocatable.insert("cpu".into(), Span::exactly(1000));
    assert_eq!(
        world(&cluster, 2, &[], 1).enabled("karpenter/add/"),
        ["karpenter/add/extra-0"],
        "the other is too small"
    );
}

#[test]
fn a_taint_that_only_asks_is_minded_as_long_as_there_is_another_node() {
    let web = deployment("web", 8, 500, 100);
    let mut cluster = scaled(web);
    cluster.node_autoscaler = karpenter(true);
    let taint = Taint::of("spot", TaintEffect::PreferNoSchedule);
    cluster.pools[0].taints = vec![taint.clone()];
    let goes = |cluster: &Cluster| !world(cluster, 0, &[1], 0).enabled("karpenter/shrink").is_empty();
    assert!(goes(&cluster), "no pool of Karpenter's has such a taint");
    cluster.pools[1].taints = vec![taint];
    assert!(goes(&cluster), "the new node would have it as well: it is tolerated in the end");
    cluster.pools.push(NodePool { name: "more".into(), taints: vec![], ..cluster.pools[1].clone() });
    assert!(!goes(&cluster), "a new node of the other pool has none");
}

#[test]
fn a_node_with_startup_taints_is_waited_for_and_kept() {
    let mut cluster = scaled(deployment("web", 8, 1500, 100));
    cluster.node_autoscaler = karpenter(true);
    cluster.pools[1].startup_taints = vec![Taint::of("agent-not-ready", TaintEffect::NoSchedule)];
    let mut waiting = world(&cluster, 2, &[], 2);
    waiting.fire("karpenter/add/extra-0");
    assert_eq!(waiting.get("startupTaints[extra-0]"), 1);
    assert!(waiting.enabled("default-scheduler/").is_empty(), "the taint is not tolerated");
    assert!(waiting.enabled("karpenter/").is_empty(), "both will have room, and no node goes that starts up");
    waiting.set("pending[default/web]", 3);
    assert_eq!(waiting.enabled("karpenter/"), ["karpenter/add/extra-1"], "two will have room, not three");
    waiting.fire("node/start-up/extra-0");
    assert_eq!((waiting.get("startupTaints[extra-0]"), waiting.enabled("default-scheduler/").len()), (0, 1));
    let toleration = Toleration { key: String::new(), exists: true, value: String::new(), effect: None, seconds: None };
    cluster.workloads[0].template.tolerations = vec![toleration];
    let mut tolerant = world(&cluster, 2, &[0], 1);
    tolerant.set("startupTaints[extra-0]", 1);
    assert!(!tolerant.enabled("default-scheduler/").is_empty());
    cluster.workloads[0].template.tolerations.clear();
    let mut unneeded = world(&cluster, 0, &[0], 0);
    assert!(!unneeded.enabled("karpenter/shrink").is_empty());
    unneeded.set("startupTaints[extra-0]", 1);
    assert!(unneeded.enabled("karpenter/shrink").is_empty(), "it is not initialised");
}

#[test]
fn sizes_are_those_of_the_moment() {
    let mut cluster = scaled(deployment("web", 8, 500, 100));
    let pods = Expression::Add(Box::new(Expression::NodesPresent), Box::new(Expression::NodesOfPool("extra".into())));
    let kind = IntentKind::Replicas { target: reference("web"), min: Some(pods), max: None, when: When::Always };
    cluster.intents = vec![Intent { id: "replicas".into(), kind, origin: origin() }];
    for (extra, enough) in [(&[][..], 1), (&[0], 3), (&[0, 0], 5)] {
        let nodes = world(&cluster, 0, extra, 0);
        assert_eq!(nodes.evaluate_state(nodes.system.nodes), 1 + extra.len() as i64);
        assert!(!world(&cluster, enough - 1, extra, 0).holds(), "{enough} pods are asked for");
        assert!(world(&cluster, enough, extra, 0).holds());
    }
}
