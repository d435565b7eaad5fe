//! Policies of the descheduler and profiles of the scheduler.

use super::{assert_says, has_note, with_manifest, with_plugin};
use kubound::manifest::{Loaded, Severity};
use kubound_encodings::cluster::descheduler::{DeschedulerPlugin, Namespaces, PodPhase};

#[test]
fn priorities_autoscalers_and_policies_are_resolved() {
    let more = "apiVersion: descheduler/v1alpha2
kind: DeschedulerPolicy
maxNoOfPodsToEvictTotal: 3
profiles:
- name: one
  pluginConfig:
  - {name: DefaultEvictor, args: {nodeFit: true, minReplicas: 2, priorityThreshold: {name: high}, minPodAge: 5m}}
  - {name: RemovePodsViolatingNodeTaints, args: {excludedTaints: [a=b]}}
  - name: RemovePodsViolatingNodeAffinity
    args: {nodeAffinityType: [preferredDuringSchedulingIgnoredDuringExecution]}
  plugins:
    balance: {enabled: [RemoveDuplicates]}
    deschedule: {enabled: [RemovePodsViolatingNodeTaints, RemovePodsViolatingNodeAffinity, RemoveFailedPods]}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
globalDefault: true
---
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: gone}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: gone}, maxReplicas: 2}
";
    let loaded = with_manifest(more).expect("valid");
    assert_eq!(loaded.cluster.workloads[0].template.priority, 1000);
    assert!(loaded.cluster.hpas.is_empty());
    assert!(has_note(&loaded, Severity::Risky, "spec.scaleTargetRef", "not among the manifests"));
    let unconfigured = "profiles[0].plugins.balance.enabled[0]";
    assert!(has_note(&loaded, Severity::Warning, unconfigured, "no entry in `pluginConfig`"));
    let configured = "profiles[0].plugins.deschedule.enabled[0]";
    assert!(!has_note(&loaded, Severity::Warning, configured, ""));
    let policy = loaded.cluster.descheduler.as_ref().expect("given");
    let names: Vec<_> = policy.plugins.iter().map(|plugin| plugin.plugin.name()).collect();
    let descheduling = ["RemovePodsViolatingNodeTaints", "RemovePodsViolatingNodeAffinity"];
    assert_eq!(names[..2], descheduling, "deschedule plugins run first");
    assert_eq!(names[2..], ["RemoveDuplicates"]);
    let affinity = &policy.plugins[1].plugin;
    let preferred = DeschedulerPlugin::RemovePodsViolatingNodeAffinity {
        required: false,
        preferred: true,
        label_selector: None,
        namespaces: Namespaces::All,
    };
    assert_eq!(*affinity, preferred);
    let evictor = &policy.plugins[0].evictor;
    assert_eq!((evictor.priority_threshold, evictor.min_replicas, policy.max_total), (Some(1000), 2, Some(3)));
    let failed = "profiles[0].plugins.deschedule.enabled[2]";
    assert!(has_note(&loaded, Severity::Harmless, failed, "failed pods hold no room"));
}

#[test]
fn what_remove_failed_pods_would_do_is_lost_only_where_pod_objects_are_counted() {
    let with = |arguments: &str, scenario: &str| {
        with_manifest(&format!(
            "apiVersion: descheduler/v1alpha2\nkind: DeschedulerPolicy\nprofiles:\n- name: one\n  pluginConfig: [{{name: \
             RemoveFailedPods, args: {{{arguments}}}}}]\n  plugins: {{deschedule: {{enabled: \
             [RemoveFailedPods]}}}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {scenario}\n"
        ))
    };
    let all = "excludeOwnerKinds: [Job], minPodLifetimeSeconds: 60, reasons: [OutOfcpu], exitCodes: [1], \
               includingInitContainers: true, labelSelector: {matchLabels: {app: web}}, namespaces: {include: [default]}";
    let place = "profiles[0].plugins.deschedule.enabled[0]";
    let plain = with(all, "start: empty").expect("valid");
    assert!(has_note(&plain, Severity::Harmless, place, "changes nothing"));
    assert!(plain.notes.iter().all(|note| !note.field.contains("pluginConfig")), "all arguments are read");
    assert!(plain.cluster.descheduler.as_ref().expect("given").plugins.is_empty());
    let counted = with(all, "intents: [{boundedPods: {target: web}}]").expect("valid");
    assert!(has_note(&counted, Severity::Risky, place, "never deleted any"));
    assert!(with("minPodLifetimeSeconds: -1", "start: empty").is_err());
    let old = "apiVersion: descheduler/v1alpha1\nkind: DeschedulerPolicy\nstrategies: {RemoveFailedPods: {enabled: true, \
               params: {failedPods: {reasons: [NodeAffinity], minPodLifetimeSeconds: 3600}}}}\n";
    assert!(has_note(
        &with_manifest(old).expect("valid"),
        Severity::Harmless,
        "strategies.RemoveFailedPods",
        "no room"
    ));
}

#[test]
fn plugins_that_read_how_full_nodes_are_are_read() {
    let low = "{thresholds: {cpu: 20, pods: 12.5}, targetThresholds: {cpu: 50, pods: 50}, numberOfNodes: 1, \
               evictableNamespaces: {exclude: [kube-system]}, evictionLimits: {node: 2}}";
    let loaded = with_plugin("balance", "LowNodeUtilization", low).expect("valid");
    assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
    let plugins = |loaded: Loaded| loaded.cluster.descheduler.expect("given").plugins;
    let DeschedulerPlugin::LowNodeUtilization(args) = &plugins(loaded)[0].plugin else { panic!("another plugin") };
    assert_eq!((args.thresholds["pods"], args.targets["cpu"]), (12.5, 50.0));
    assert_eq!((args.number_of_nodes, args.most_per_node), (1, Some(2)));
    assert_eq!(args.excluded_namespaces, ["kube-system"]);
    let high = "{thresholds: {memory: 30}, evictionModes: [OnlyThresholdingResources]}";
    let loaded = with_plugin("balance", "HighNodeUtilization", high).expect("valid");
    let DeschedulerPlugin::HighNodeUtilization(args) = &plugins(loaded)[0].plugin else { panic!("another plugin") };
    assert!(args.only_thresholding_resources);
    for (args, said) in [
        ("{thresholds: {cpu: 20}}", "targetThresholds"),
        ("{thresholds: {cpu: 20}, targetThresholds: {memory: 50}}", "names other resources"),
        ("{thresholds: {cpu: 60}, targetThresholds: {cpu: 50}}", "below its threshold"),
        ("{thresholds: {cpu: 101}, targetThresholds: {cpu: 101}}", "a percentage from 0 to 100"),
        ("{thresholds: {}, targetThresholds: {}}", "no resource"),
        ("{thresholds: {cpu: 1}, targetThresholds: {cpu: 2}, evictableNamespaces: {include: [a]}}", "not supported"),
    ] {
        let error = with_plugin("balance", "LowNodeUtilization", args).expect_err(args).to_string();
        assert!(error.contains(said), "{error}");
    }
    let metered = "{thresholds: {cpu: 1}, targetThresholds: {cpu: 2}, metricsUtilization: {source: KubernetesMetrics}}";
    let loaded = with_plugin("balance", "LowNodeUtilization", metered).expect("valid");
    assert!(has_note(
        &loaded,
        Severity::Risky,
        "profiles[0].pluginConfig[0].args.metricsUtilization",
        "requests are compared instead"
    ));
}

#[test]
fn ages_and_states_of_pods_are_read() {
    let loaded = with_plugin("deschedule", "PodLifeTime", "{maxPodLifeTimeSeconds: 60, states: [Running, Evicted]}");
    let loaded = loaded.expect("valid");
    assert!(has_note(&loaded, Severity::Risky, "profiles[0].pluginConfig[0].args.states[1]", "ever in this state"));
    let plugin = &loaded.cluster.descheduler.expect("given").plugins[0].plugin;
    let DeschedulerPlugin::PodLifeTime { max_seconds, phases, .. } = plugin else { panic!("{plugin:?}") };
    assert_eq!((*max_seconds, phases.as_deref()), (Some(60), Some([PodPhase::Running].as_slice())));
}

#[test]
fn several_profiles_of_the_scheduler_are_read() {
    let head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
    let read = |rest: &str| with_manifest(&format!("{head}{rest}\n"));
    let loaded = read(
        "percentageOfNodesToScore: 30\nprofiles:\n- {schedulerName: first, percentageOfNodesToScore: 100}\n- schedulerName: second\n  pluginConfig:\n  \
         - name: NodeAffinity\n    args: {addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: \
         {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}}\n  - name: NodeResourcesFit\n    \
         args: {ignoredResources: [a.com/b], ignoredResourceGroups: [c.com]}",
    );
    let loaded = loaded.expect("valid");
    let (first, second) = (&loaded.cluster.scheduler, &loaded.cluster.other_profiles[0]);
    assert_eq!((first.name.as_str(), second.name.as_str()), ("first", "second"));
    assert_eq!((first.percentage_of_nodes, second.percentage_of_nodes), (100, 30));
    assert_eq!(second.added_required.as_ref().map(Vec::len), Some(1));
    assert_eq!(second.ignored_resources, ["a.com/b", "c.com/"]);
    assert!(has_note(&loaded, Severity::Risky, "spec.template.spec.schedulerName", "called `default-scheduler`"));
    assert_says(read("profiles: [{}, {schedulerName: default-scheduler}]"), &["a second profile `default-scheduler`"]);
}
