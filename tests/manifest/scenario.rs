//! Scenarios.

use super::{DEPLOYMENT, NODE, assert_says, embedded, has_note, with_manifest, with_plugin, with_scenario};
use kubound::manifest::Severity;
use kubound_encodings::cluster::descheduler::{DeschedulerPlugin, PodPhase};
use kubound_encodings::cluster::{EventKind, ScenarioControllerKind};

#[test]
fn restarts_and_crashes_are_read() {
    let plugin = |arguments: &str| with_plugin("deschedule", "RemovePodsHavingTooManyRestarts", arguments);
    let loaded = plugin("{podRestartThreshold: 100, states: [CrashLoopBackOff], includingInitContainers: true}");
    let loaded = loaded.expect("valid");
    let plugins = &loaded.cluster.descheduler.as_ref().expect("given").plugins;
    let DeschedulerPlugin::RemovePodsHavingTooManyRestarts { states, .. } = &plugins[0].plugin else {
        panic!("{plugins:?}")
    };
    assert_eq!(states.as_deref(), Some([PodPhase::CrashLoopBackOff].as_slice()));
    assert_says(plugin("{states: [Running]}"), &["podRestartThreshold"]);
    assert_says(plugin("{podRestartThreshold: 0}"), &["podRestartThreshold"]);
    let scenario =
        |line: &str| with_manifest(&format!("apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {line}\n"));
    let images = |line: &str| {
        let loaded = scenario(line).expect("valid");
        loaded.cluster.workloads[0].crash_loop.clone().map(|one| one.images)
    };
    assert_eq!(images("workloads: [{target: web, crashLoop: {}}]"), Some(vec![]));
    assert_eq!(images("workloads: [{target: web, crashLoop: }]"), Some(vec![]));
    assert_eq!(images("workloads: [{target: web, crashLoop: {images: [a]}}]"), Some(vec!["a".to_owned()]));
    let never = "workloads: [{target: web, crashLoop: {}, startup: {seconds: 5, ready: never}}]";
    assert_says(scenario(never), &["ready: never"]);
    for place in ["controllers", "events"] {
        let loaded = scenario(&format!("{place}: [{{memoryPressure: {{}}}}]")).expect("valid");
        assert_eq!(loaded.cluster.scenario_controllers[0].kind, ScenarioControllerKind::MemoryPressure);
        assert!(loaded.cluster.events.is_empty());
    }
    let loaded = scenario("events: [{selfHeal: {target: web, after: memoryPressure}}]").expect("valid");
    assert!(has_note(&loaded, Severity::Risky, "spec.events[0].selfHeal.after", "acts again and again"));
    assert_says(scenario("controllers: [{selfHeal: {target: web, times: 2}}]"), &["times"]);
    assert_says(scenario("controllers: [{drain: {}}]"), &["unknown controller `drain`"]);
    let twice = "{controllers: [{memoryPressure: {id: drain}}], events: [{drain: {}}]}";
    assert_says(scenario(twice), &["a second `drain`"]);
}

#[test]
fn autoscalers_of_nodes_are_read() {
    let scenario =
        |settings: &str, pool: &str| with_scenario(&format!("{{{settings}, nodes: [{{name: a, count: 1..2{pool}}}]}}"));
    let group = ", autoscaling: {min: 1, max: 3}";
    let read = |settings: &str| scenario(settings, group).expect("valid").cluster;
    let cluster = read("clusterAutoscaler: {}");
    assert_eq!(cluster.pools.iter().find(|pool| pool.name == "a").expect("given").most_nodes(), 3);
    let autoscaler = cluster.node_autoscaler.expect("given");
    assert_eq!((autoscaler.threshold, autoscaler.unneeded), (Some(500), Some(600)));
    let other = read("clusterAutoscaler: {scaleDownUtilizationThreshold: 0.65, scaleDownUnneededTime: 1m}");
    let other = other.node_autoscaler.expect("given");
    assert_eq!((other.threshold, other.unneeded), (Some(650), Some(60)));
    let karpenter = read("karpenter: {consolidationPolicy: WhenEmpty, consolidateAfter: Never}");
    let karpenter = karpenter.node_autoscaler.expect("given");
    assert_eq!((karpenter.only_empty, karpenter.threshold, karpenter.unneeded), (true, None, None));
    let limited = scenario("karpenter: {}", ", autoscaling: {max: 3, limits: {cpu: 6}}").expect("valid").cluster;
    let group = limited.pools.iter().find_map(|pool| pool.autoscaling).expect("given");
    assert_eq!((group.cpu_limit, group.memory_limit), (Some(6000), None));
    let group = ", autoscaling: {min: 1, max: 3}";
    for (settings, pool, said) in [
        ("clusterAutoscaler: {}", "", "no pool has `autoscaling`"),
        ("start: empty", group, "nothing scales it"),
        ("clusterAutoscaler: {}, karpenter: {}", group, "both clusterAutoscaler and karpenter"),
        ("karpenter: {}", ", autoscaling: {min: 2, max: 3}", "min 2 and max 3"),
        ("clusterAutoscaler: {}", ", autoscaling: {max: 3, limits: {cpu: 6}}", "pool a has `limits`"),
        ("karpenter: {}", ", autoscaling: {}", "max"),
        ("clusterAutoscaler: {scaleDownUtilizationThreshold: 2}", group, "too much"),
    ] {
        assert_says(scenario(settings, pool), &[said]);
    }
}

#[test]
fn the_scenario_is_strict() {
    for (spec, parts) in [
        ("{intent: []}", &["Scenario: spec.intent: unknown key `intent`", "did you mean `intents`?"][..]),
        ("{intents: [{noOsillation: {}}]}", &["unknown intent `noOsillation`", "did you mean `noOscillation`?"]),
        ("{intents: [{noOscillation: {targt: web}}]}", &["unknown key `targt`", "did you mean `target`?"]),
        ("{intents: [{always: x}]}", &["nothing is called `x`"]),
        ("{intents: [{leadsTo: {}}]}", &["found a mapping"]),
        ("{intents: [{converges: {target: wbe}}]}", &["no workload `wbe`", "did you mean `web`?"]),
        ("{intents: [converges, converges]}", &["a second intent `converges`"]),
        ("{intents: [{replicas: {target: web}}]}", &["no limit", "min, max or both"]),
        ("{intents: [{replicas: {target: web, min: 1 < 2}}]}", &["this is a condition at column 1 of `1 < 2`"]),
        ("{events: [{rollout: {target: wep}}]}", &["no workload `wep`", "did you mean"]),
        ("{events: [{cpuChnge: {}}]}", &["unknown event `cpuChnge`", "did you mean `cpuChange`?"]),
        ("{events: [{scale: {target: web}}]}", &["spec.events[0].scale.replicas: missing"]),
        ("{events: [{drain: {node: n2}}]}", &["no node `n2`", "did you mean `n1`?"]),
        ("{events: [{maintenance: {pools: [spto]}}]}", &["no pool `spto`"]),
        ("{events: [{id: a, cordon: {after: a}}]}", &["the event `a` waits for itself"]),
        ("{events: [{cordon: {after: b}}]}", &["after: no event `b`"]),
        ("{events: [{apply: {file: web.yaml}}], resources: [node.yaml]}", &["does not exist", "createDeployment"]),
        ("{events: [{createDeployment: {file: node.yaml}}]}", &["Node//n1 is not supported in this file yet"]),
        ("{assume: [\"nodes.presnt > 1\"]}", &["spec.assume[0]", "column 1", "did you mean `nodes.present`?"]),
        ("{start: setled}", &["one of empty, settled, any, arbitrary, snapshot", "did you mean `settled`?"]),
        ("{kubernetesVersion: \"1.28\"}", &["the rules of Kubernetes 1.28 are not known"]),
        ("{kubernetesVersion: 1.3}", &["in quotes"]),
        ("{kubernetesVersion: \"1.37\"}", &["the rules of Kubernetes 1.37 are not known", "\"1.29\" to \"1.36\""]),
        (
            "{featureGates: {HPAConfigurableTolerence: true}}",
            &["no gate of that name changes a rule of the models", "did you mean `HPAConfigurableTolerance`?"],
        ),
        (
            "{featureGates: {SidecarContainers: true}}",
            &["no gate of that name changes a rule of the models", "MaxUnavailableStatefulSet"],
        ),
        ("{featureGates: {MaxUnavailableStatefulSet: 1}}", &["true or false"]),
        (
            "{featureGates: {MatchLabelKeysInPodAffinity: false}}",
            &["spec.featureGates.MatchLabelKeysInPodAffinity: the gate", "is locked in Kubernetes 1.33"],
        ),
        (
            "{kubernetesVersion: \"1.32\", featureGates: {HPAConfigurableTolerance: true}}",
            &["Kubernetes 1.32 does not know the gate HPAConfigurableTolerance"],
        ),
        (
            "{featureGates: {HPAConfigurableTolerance: true}, hpa: {configurableTolerance: false}}",
            &["the opposite of HPAConfigurableTolerance"],
        ),
        ("{nodes: [{name: a, count: 6..1}]}", &["the range `6..1` is empty"]),
        ("{nodes: [{name: n1, count: 1}]}", &["a second pool or Node `n1`"]),
        ("{nodes: [{name: a, count: 1, template: {allocatable: {cpu: -4}}}]}", &["`-4` is negative"]),
        ("{bounds: {depth: deep}}", &["auto, or a number of steps"]),
        ("{bounds: {timeout: 10}, expect: {converge: holds}}", &["no intent `converge`", "did you mean `converges`?"]),
        ("{workloads: [{target: web, cpuUsage: 1, load: {cpu: 1}}]}", &["both cpuUsage and load.cpu"]),
        ("{placed: [{target: web, pool: n1, pods: 0..3}], start: snapshot}", &["an exact number of pods"]),
        ("{deschedulerInterval: 0s}", &["a period of 0"]),
    ] {
        assert_says(with_scenario(spec), parts);
    }
}

#[test]
fn a_node_of_a_pool_has_no_name_of_a_node_manifest() {
    let spec = "{nodes: [{name: n, count: 0..1, autoscaling: {min: 0, max: 2}}], clusterAutoscaler: {}}";
    let scenario = format!("apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec: {spec}\n");
    let node = NODE.replace("name: n1", "name: n-1");
    let files = [("web.yaml", DEPLOYMENT), ("node.yaml", node.as_str()), ("scenario.yaml", scenario.as_str())];
    let parts = ["spec.nodes[0]: pool `n` would have a node `n-1`", "Node//n-1 has already", "another name"];
    assert_says(embedded(&files), &parts);
}

#[test]
fn targets_may_be_short_where_they_are_unambiguous() {
    let other = DEPLOYMENT.replace("{name: web}", "{name: web, namespace: team}");
    let scenario = "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec: {intents: [{converges: {target: web}}]}\n";
    let files = [("a.yaml", DEPLOYMENT), ("b.yaml", &other), ("n.yaml", NODE), ("scenario.yaml", scenario)];
    assert_says(embedded(&files), &["`web` is ambiguous", "Deployment/default/web, Deployment/team/web"]);
    let full = scenario.replace("target: web", "target: Deployment/team/web");
    let files = [("a.yaml", DEPLOYMENT), ("b.yaml", &other), ("n.yaml", NODE), ("scenario.yaml", &full)];
    assert!(embedded(&files).is_ok());
}

#[test]
fn applying_another_template_is_a_revision() {
    let applied = DEPLOYMENT.replace("image: web", "image: web2");
    let event = |file: &str| format!("{{apply: {{file: {file}}}}}");
    let scenario = |events: &[&str]| {
        let events: Vec<String> = events.iter().map(|file| event(file)).collect();
        format!("apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec: {{events: [{}]}}\n", events.join(", "))
    };
    let text = scenario(&["v2.yaml", "v1.yaml", "again.yaml"]);
    let files = [
        ("web.yaml", DEPLOYMENT),
        ("n.yaml", NODE),
        ("v2.yaml", &applied),
        ("v1.yaml", DEPLOYMENT),
        ("again.yaml", &applied),
        ("scenario.yaml", &text),
    ];
    let cluster = embedded(&files).expect("valid").cluster;
    let template = |event: usize| match &cluster.events[event].kind {
        EventKind::Apply { template, replicas: None, .. } => *template,
        other => panic!("{other:?}"),
    };
    assert_eq!([0, 1, 2].map(template), [1, 0, 1]);
    assert_eq!(cluster.workloads.len(), 1);
    assert_eq!(cluster.workloads[0].later_templates[0].images, ["web2"]);
    assert_eq!(cluster.revisions(&cluster.workloads[0]), 2);
}

#[test]
fn applying_another_template_to_a_bare_replica_set_is_refused() {
    let set = DEPLOYMENT.replace("kind: Deployment", "kind: ReplicaSet");
    let applied = set.replace("image: web", "image: web2");
    let scenario = "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec: {events: [{apply: {file: v2.yaml}}]}\n";
    let files = [("web.yaml", &*set), ("n.yaml", NODE), ("v2.yaml", &*applied), ("scenario.yaml", scenario)];
    assert_says(embedded(&files), &["changing the template of ReplicaSet/default/web is not supported"]);
}
