//! The reader from outside: fixtures, and everything that a hostile or careless input may hold.

use kubound::manifest::{ExpectedVerdict, InputError, Loaded, Severity, load, load_embedded};
use kubound_encodings::cluster::descheduler::{DeschedulerPlugin, Namespaces, PodPhase};
use kubound_encodings::cluster::expression::Expression;
use kubound_encodings::cluster::hpa::MetricTarget;
use kubound_encodings::cluster::pod::WhenUnsatisfiable;
use kubound_encodings::cluster::pod_affinity::RevisionMatch;
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::scheduler::{DefaultSpread, ScoringStrategy};
use kubound_encodings::cluster::workload::{ByIndex, DaemonSet, Disruption, Job, Readiness, StatefulSet, Usage};
use kubound_encodings::cluster::{
    ConcurrencyPolicy, EventKind, IntentKind, ScenarioControllerKind, Span, Start, Strategy, Timing,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// An empty folder for one test.
fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("kubound-manifest-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
";

const NODE: &str = "apiVersion: v1
kind: Node
metadata: {name: n1}
status: {allocatable: {cpu: 2, memory: 1Gi}}
";

fn embedded(files: &[(&str, &str)]) -> Result<Loaded, InputError> {
    let files: Vec<_> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    load_embedded("test", &files)
}

fn with_scenario(spec: &str) -> Result<Loaded, InputError> {
    let scenario = format!("apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec: {spec}\n");
    embedded(&[("web.yaml", DEPLOYMENT), ("node.yaml", NODE), ("scenario.yaml", &scenario)])
}

fn with_manifest(text: &str) -> Result<Loaded, InputError> {
    load(&[], Some(&format!("{NODE}---\n{DEPLOYMENT}---\n{text}")))
}

fn with_pod(field: &str) -> Result<Loaded, InputError> {
    load(&[], Some(&format!("{NODE}---\n{DEPLOYMENT}      {field}\n")))
}

#[track_caller]
fn message(result: Result<Loaded, InputError>) -> String {
    result.expect_err("the input is faulty").to_string()
}

#[track_caller]
fn assert_says(result: Result<Loaded, InputError>, parts: &[&str]) {
    let message = message(result);
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

fn has_note(loaded: &Loaded, severity: Severity, field: &str, message: &str) -> bool {
    loaded.notes.iter().any(|note| note.severity == severity && note.field == field && note.message.contains(message))
}

#[test]
fn a_folder_with_a_scenario_is_read_completely() {
    let loaded = load(&[fixture("spread")], None).expect("valid");
    let cluster = &loaded.cluster;
    assert_eq!((cluster.name.as_str(), cluster.version.0), ("soft-spread", 31));
    assert_eq!((cluster.start, cluster.timing), (Start::Settled, Timing::Interleaved));
    assert_eq!((cluster.bounds.nodes_per_pool, cluster.bounds.pods), (4, 20));
    assert_eq!((loaded.depth, loaded.timeout), (Some(30), Some(Duration::from_secs(5400))));

    let [cheap, steady] = cluster.pools.as_slice() else { panic!("two pools") };
    assert_eq!((cheap.count, cheap.pods), (Span { lo: 0, hi: 6, step: 1 }, Span::exactly(20)));
    assert_eq!(cheap.allocatable["memory"], Span { lo: 8 << 30, hi: 16 << 30, step: 4 << 30 });
    assert_eq!(steady.allocatable["cpu"], Span { lo: 500, hi: 2000, step: 1 });
    assert_eq!((steady.pods, steady.taints.len()), (Span::exactly(110), 1));

    let [shop, late] = cluster.workloads.as_slice() else { panic!("two workloads") };
    assert_eq!((shop.exists, late.exists), (true, false));
    assert_eq!(shop.replicas, Span { lo: 1, hi: 36, step: 1 });
    assert!(shop.replicas_managed && !late.replicas_managed);
    assert_eq!(shop.cpu_usage, Usage::PerPod(Span { lo: 50, hi: 500, step: 50 }));
    let startup = shop.startup.expect("given");
    assert_eq!((startup.cpu, startup.seconds, startup.readiness), (800, 300, Readiness::Never));
    let pod = &shop.template;
    assert_eq!((pod.requests["cpu"], pod.requests["memory"]), (1000, 32 << 20), "the init container is the largest");
    assert_eq!((pod.nonzero_cpu, pod.nonzero_memory), (1000, (200 << 20) + (32 << 20)));
    assert!(pod.cpu_requested_everywhere && !pod.memory_requested_everywhere);
    assert!(pod.has_local_storage && !pod.has_claims);
    let seconds: Vec<_> = pod.tolerations.iter().map(|toleration| toleration.seconds).collect();
    assert_eq!(seconds, [Some(10), Some(300)]);
    let selector = pod.spread[0].selector.as_ref().expect("given");
    assert_eq!(selector.requirements.len(), 2, "matchLabelKeys are folded in, without the hash");

    let hpa = &cluster.hpas[0];
    assert_eq!((hpa.min, hpa.max, hpa.metrics[0].target), (2, 10, MetricTarget::Utilization(80)));
    assert_eq!((hpa.sync_period, hpa.downscale_stabilization), (30, 60));
    let behavior = hpa.behavior.as_ref().expect("given");
    assert_eq!((behavior.down.stabilization, behavior.up.stabilization, behavior.up.policies.len()), (60, 0, 2));

    let policy = cluster.descheduler.as_ref().expect("given");
    assert_eq!((policy.interval, policy.plugins.len()), (120, 2), "deschedule plugins run first");
    assert!(policy.plugins[1].evictor.node_fit);
    let DeschedulerPlugin::RemovePodsViolatingTopologySpreadConstraint { constraints, .. } = &policy.plugins[1].plugin
    else {
        panic!("the spread plugin")
    };
    assert_eq!(constraints, &[WhenUnsatisfiable::DoNotSchedule, WhenUnsatisfiable::ScheduleAnyway]);
}

#[test]
fn events_intents_and_expectations_of_the_scenario_are_read() {
    let loaded = load(&[fixture("spread/scenario.yaml")], None).expect("valid");
    let cluster = &loaded.cluster;
    let ids: Vec<_> = cluster.events.iter().map(|event| event.id.as_str()).collect();
    let expected = ["cpuChange", "crash", "maintenance", "drain", "apply", "scale", "createDeployment", "cordon"];
    assert_eq!(ids, expected);
    assert_eq!((cluster.events[0].times, cluster.events[2].times), (2, 2));
    assert!(cluster.events[3].must);
    assert_eq!(cluster.events[3].after.as_deref(), Some("crash"));
    assert!(matches!(&cluster.events[4].kind, EventKind::Apply { replicas: Some(7), .. }));
    // Once an event, now a controller.
    let panics = ScenarioControllerKind::KernelPanic { cpu_left_below: 2 };
    assert_eq!((&cluster.scenario_controllers[0].kind, cluster.scenario_controllers.len()), (&panics, 1));
    assert_eq!(cluster.events[7].kind, EventKind::Cordon { node: None });
    assert_eq!(cluster.intents.len(), 5);
    assert!(matches!(&cluster.intents[2].kind, IntentKind::Replicas { min: Some(Expression::Min(..)), .. }));
    assert_eq!(cluster.intents[3].id, "spreads");
    assert_eq!(loaded.expect["noOscillation"], ExpectedVerdict::Violated);
    assert_eq!(loaded.expect["spreads"], ExpectedVerdict::Unknown);
    assert_eq!(cluster.assumptions.len(), 2);
    assert_eq!(cluster.placed[0].pods, Span { lo: 0, hi: 3, step: 1 });
}

#[test]
fn what_is_ignored_is_noted_with_its_place() {
    let loaded = load(&[fixture("spread")], None).expect("valid");
    let container = "spec.template.spec.containers[0]";
    assert!(has_note(&loaded, Severity::Warning, &format!("{container}.resources"), "more than once"));
    assert!(has_note(&loaded, Severity::Risky, "metadata.labels[\"app.kubernetes.io/managed-by\"]", "managed by Helm"));
    assert!(!loaded.notes.iter().any(|note| note.field.contains("LowNodeUtilization")), "it is off");
    let place = loaded.sources.locate("Deployment/default/shop").expect("known");
    assert!(place.file.ends_with("deploy.yaml"));
    assert_eq!((place.document, place.line), (1, Some(2)));
    assert!(loaded.sources.locate("DeschedulerPolicy").is_some_and(|place| place.file.ends_with("policy.yaml")));
    assert!(loaded.sources.locate("Scenario").is_some());
}

#[test]
fn lists_dumps_and_other_files_are_read_leniently() {
    let loaded = load(&[fixture("plain")], None).expect("valid");
    let cluster = &loaded.cluster;
    let node = &cluster.pools[0];
    assert!(node.is_single_node && node.unschedulable && node.taints.is_empty());
    assert_eq!(node.allocatable["cpu"], Span::exactly(7910));
    assert!(!node.allocatable.contains_key("pods"));
    let web = &cluster.workloads[0];
    assert_eq!(web.reference.to_string(), "Deployment/team/web");
    assert!(!web.replicas_managed, "the last applied manifest had no replicas");
    let scheduler = &cluster.scheduler;
    assert_eq!((scheduler.node_affinity, scheduler.resources_fit, scheduler.topology_spread), (0, 5, 2));
    assert_eq!(scheduler.strategy, ScoringStrategy::MostAllocated);
    assert_eq!(scheduler.default_spread, DefaultSpread::List(Vec::new()));
    let kinds: Vec<_> = cluster.intents.iter().map(|intent| intent.kind.name()).collect();
    assert_eq!(kinds, ["noOscillation", "schedulable", "converges"]);
    let severity =
        |object: &str| loaded.notes.iter().find(|note| note.object.starts_with(object)).map(|note| note.severity);
    assert_eq!(severity("PodDisruptionBudget"), Some(Severity::Warning), "it demands nothing");
    assert_eq!(severity("Pod/"), Some(Severity::Harmless));
    assert_eq!(severity("Secret"), Some(Severity::Harmless));
    assert!(loaded.notes.iter().any(|note| note.file.ends_with("values.yaml") && note.message.contains("skipped 1")));
    assert_eq!(loaded.cluster.scheduler.percentage_of_nodes, 50);
    assert!(loaded.notes.iter().any(|note| note.message.contains("plugin Coscheduling is not modelled")));
}

#[test]
fn windows_line_ends_and_byte_order_marks_do_not_matter() {
    let text = format!("\u{feff}{}---\r\n{}", NODE.replace('\n', "\r\n"), DEPLOYMENT.replace('\n', "\r\n"));
    assert_eq!(load(&[], Some(&text)).expect("valid").cluster.workloads.len(), 1);
}

#[test]
fn hostile_files_give_one_clear_error() {
    let folder = scratch("hostile");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).expect("written");
        path
    };
    let large = write("large.yaml", &vec![b'#'; 10 << 20]);
    assert_says(load(&[large], None), &["large.yaml", "too large", "at most 8 MiB"]);
    let deep = write("deep.yaml", "[".repeat(5000).as_bytes());
    assert_says(load(&[deep], None), &["deep.yaml", "document 1"]);
    let deep = write("deep.json", format!("{}{}", "{\"a\":".repeat(500), "}".repeat(500)).as_bytes());
    assert_says(load(&[deep], None), &["deep.json"]);
    let nested = write("nested.yaml", format!("a: {}{}", "[".repeat(80), "]".repeat(80)).as_bytes());
    assert_says(load(&[nested], None), &["nested.yaml:1:67: document 1: nested more than 64 levels deep"]);
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let bomb = write("bomb.yaml", bomb.as_bytes());
    assert_says(load(&[bomb], None), &["bomb.yaml", "aliases expand to far more values", "help: write the values out"]);
    let binary = write("binary.yaml", b"kind: \xff\xfe");
    assert_says(load(&[binary], None), &["binary.yaml: not UTF-8 text (byte 6)"]);
    let control = write("control.yaml", b"kind: \"a\\u0000b\"");
    assert_says(load(&[control], None), &["hidden control character (U+0000)"]);
    assert_says(load(&[folder.join("missing.yaml")], None), &["missing.yaml: cannot be read", "help: check the path"]);
    fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn folders_without_manifests_and_no_input_are_refused() {
    let folder = scratch("empty");
    assert_says(load(std::slice::from_ref(&folder), None), &["the folder has no .yaml, .yml or .json file"]);
    fs::remove_dir_all(folder).expect("removed");
    assert_says(load(&[], None), &["no input"]);
    assert_says(load(&[], Some("")), &["no workload among the manifests"]);
    assert_says(load(&[], Some(DEPLOYMENT)), &["no nodes are given", "kubectl get nodes", "scenario.yaml"]);
}

#[cfg(unix)]
#[test]
fn paths_cannot_leave_the_folder_of_the_scenario() {
    let folder = scratch("outside");
    let inner = folder.join("inner");
    fs::create_dir_all(&inner).expect("created");
    fs::write(folder.join("web.yaml"), DEPLOYMENT).expect("written");
    std::os::unix::fs::symlink(folder.join("web.yaml"), inner.join("link")).expect("linked");
    for (resource, part) in [
        ("../web.yaml", "`../web.yaml` leaves the folder of the scenario"),
        ("/etc/passwd", "`/etc/passwd` is an absolute path"),
        ("link", "`link` leaves the folder of the scenario by a symbolic link"),
        ("none.yaml", "`none.yaml` cannot be read"),
        ("*.yml", "no file matches `*.yml`"),
    ] {
        let text = format!("apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec: {{resources: ['{resource}']}}\n");
        fs::write(inner.join("scenario.yaml"), text).expect("written");
        assert_says(load(std::slice::from_ref(&inner), None), &["scenario.yaml:3:20", "spec.resources[0]", part]);
    }
    fs::remove_file(inner.join("scenario.yaml")).expect("removed");
    std::os::unix::fs::symlink(folder.join("web.yaml"), inner.join("link.yaml")).expect("linked");
    assert_says(load(std::slice::from_ref(&inner), None), &["link.yaml: a symbolic link that leaves its folder"]);
    fs::remove_dir_all(folder).expect("removed");
    let escaping = "{nodes: [{name: a, count: 1}], events: [{apply: {file: ../x.yaml}}]}";
    assert_says(with_scenario(escaping), &["Scenario: spec.events[0].apply.file: `../x.yaml` leaves the folder"]);
}

#[test]
fn types_of_modelled_fields_are_checked() {
    let replicas = DEPLOYMENT.replace("spec:\n  selector", "spec:\n  replicas: \"3\"\n  selector");
    let result = load(&[], Some(&format!("{NODE}---\n{replicas}")));
    let expected = "<stdin>:10:13: document 2: Deployment/default/web: spec.replicas: found the text \"3\"; \
                    expected an integer from 0 to 10000";
    assert_eq!(message(result), expected);
    for (field, parts) in [
        ("nodeSelector: [a]", &["spec.template.spec.nodeSelector: found a list; expected a mapping"][..]),
        ("nodeSelector: {disk: true}", &["nodeSelector.disk: found the boolean true; expected text", "in quotes"]),
        ("nodeName: 5", &["nodeName: found the integer 5"]),
        ("tolerations: [{operator: Exist}]", &["one of Exists, Equal", "did you mean `Exists`?"]),
        ("tolerations: [{key: a, tolerationSeconds: 5}]", &["tolerationSeconds without effect NoExecute"]),
        ("tolerations: [{value: a}]", &["a toleration without a key"]),
        ("topologySpreadConstraints: [{topologyKey: a, whenUnsatisfiable: DoNotSchedule}]", &["maxSkew: missing"]),
        ("topologySpreadConstraints: [{maxSkew: 0}]", &["maxSkew: found the integer 0"]),
        ("restartPolicy: Never", &["one of Always"]),
        (
            "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 101}]}}",
            &["weight: found the integer 101; expected an integer from 1 to 100"],
        ),
        (
            "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: \
             [{matchExpressions: [{key: a, operator: Inn, values: [b]}]}]}}}",
            &["operator: found the text \"Inn\"", "did you mean `In`?"],
        ),
        ("overhead: {cpu: -1}", &["overhead.cpu: `-1` is negative"]),
        ("overhead: {memory: 2Pi}", &["overhead.memory: `2Pi` is too large; expected at most 1125899906842624 (2^50)"]),
        ("overhead: {memory: 2gb}", &["`2gb` is not a quantity"]),
        ("overhead: {memory: .inf}", &["overhead.memory"]),
    ] {
        assert_says(with_pod(field), parts);
    }
}

#[test]
fn objects_that_the_api_server_refuses_are_refused() {
    let other = DEPLOYMENT.replace("{labels: {app: web}}", "{labels: {app: other}}");
    assert_says(load(&[], Some(&format!("{NODE}---\n{other}"))), &["selector does not match the labels"]);
    let old = DEPLOYMENT.replace("apps/v1", "extensions/v1beta1");
    assert_says(load(&[], Some(&format!("{NODE}---\n{old}"))), &["no", "expected apps/v1", "convert"]);
    let hpa = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: \
               {scaleTargetRef: {kind: Deployment, name: web}, minReplicas: 5, maxReplicas: 2}";
    assert_says(with_manifest(hpa), &["HorizontalPodAutoscaler/default/a", "maxReplicas 2 is below minReplicas 5"]);
    let policy = "apiVersion: descheduler/v1alpha2\nkind: DeschedulerPolicy\nprofiles: \
                  [{name: a, plugins: {deschedule: {enabled: [RemoveDuplicates]}}}]";
    assert_says(with_manifest(policy), &["RemoveDuplicates under `balance`"]);
    assert_says(with_manifest("apiVersion: v1\nkind: Service\n"), &["metadata: missing"]);
    assert_says(with_manifest("apiVersion: v1\nkind: Deployment\n"), &["apiVersion: `v1`", "expected apps/v1"]);
    let foreign = with_manifest("apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n");
    assert!(has_note(&foreign.expect("valid"), Severity::Risky, "", "serving.knative.dev/v1"));
}

#[test]
fn who_preempts_is_said_by_classes_pods_and_the_profile() {
    let class = |more: &str| {
        format!("apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{name: high}}\nvalue: 10\n{more}")
    };
    let with = |class: &str, field: &str| {
        let urgent =
            DEPLOYMENT.replace("name: web}", "name: urgent}").replace("    spec:", &format!("    spec:{field}"));
        load(&[], Some(&format!("{NODE}---\n{DEPLOYMENT}---\n{urgent}---\n{class}"))).expect("valid")
    };
    let never = |loaded: &Loaded| loaded.cluster.workloads[1].template.never_preempts;
    let named = "\n      priorityClassName: high";
    let loaded = with(&class(""), named);
    assert!(!never(&loaded) && loaded.cluster.may_preempt(&loaded.cluster.workloads[1].template));
    assert!(!has_note(&loaded, Severity::Risky, "spec.template.spec.priorityClassName", ""));
    assert!(never(&with(&class("preemptionPolicy: Never\n"), named)));
    assert!(never(&with(&class(""), &format!("{named}\n      preemptionPolicy: Never"))));
    let profile = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles: \
                   [{plugins: {postFilter: {disabled: [{name: DefaultPreemption}]}}}]\n";
    assert!(!with_manifest(profile).expect("valid").cluster.scheduler.preempts);
}

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
spec: {scaleTargetRef: {kind: Deployment, name: gone}, maxReplicas: 2}
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

fn with_plugin(point: &str, name: &str, args: &str) -> Result<Loaded, InputError> {
    with_manifest(&format!(
        "apiVersion: descheduler/v1alpha2\nkind: DeschedulerPolicy\nprofiles:\n- name: one\n  pluginConfig:\n  - \
         {{name: {name}, args: {args}}}\n  plugins: {{{point}: {{enabled: [{name}]}}}}\n"
    ))
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
fn quotas_are_read_as_far_as_they_refuse_pods() {
    let quota = |spec: &str| {
        let head = "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: team}\nspec: ";
        with_manifest(&format!("{head}{spec}\n"))
    };
    let loaded =
        quota("{hard: {pods: 5, cpu: 2, requests.cpu: 1500m, requests.memory: 1Gi, limits.cpu: 4, services: 3}}");
    let loaded = loaded.expect("valid");
    let hard = &loaded.cluster.quotas[0].hard;
    assert_eq!((hard["pods"], hard["cpu"], hard["memory"]), (5, 1500, 1 << 30), "the lower of two names of a resource");
    assert_eq!((hard.len(), hard["limits.cpu"]), (4, 4000));
    assert!(has_note(&loaded, Severity::Harmless, "spec.hard.services", "creates such objects"));
    let loaded = quota("{hard: {pods: 5}, scopes: [BestEffort, NotTerminating]}").expect("valid");
    assert_eq!(loaded.cluster.quotas[0].scopes.len(), 1);
    let loaded = quota("{hard: {pods: 5}, scopes: [Terminating]}").expect("valid");
    assert!(loaded.cluster.quotas.is_empty());
    assert!(has_note(&loaded, Severity::Risky, "spec.scopes[0]", "it refuses nothing"));
    assert!(quota("{hard: {pods: -1}}").is_err());
}

#[test]
fn daemon_sets_are_read_with_the_tolerations_of_their_controller() {
    let set = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec:\n  selector: {matchLabels: {app: \
               agent}}\n  updateStrategy: {type: OnDelete}\n  template:\n    metadata: {labels: {app: agent}}\n    spec: \
               {containers: [{name: a, image: a}]}\n";
    let loaded = with_manifest(set).expect("valid");
    let agent = &loaded.cluster.workloads[1];
    assert!(agent.is_daemon());
    let tolerations = &agent.template.tolerations;
    assert!(tolerations.iter().all(|one| one.exists && one.seconds.is_none()), "{tolerations:?}");
    assert_eq!(tolerations.len(), 6, "network-unavailable only on the network of the node");
    assert!(loaded.cluster.intents.iter().all(|intent| !format!("{:?}", intent.kind).contains("agent")));
    let scenario = |line: &str| {
        with_manifest(&format!("{set}---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {line}\n"))
    };
    let started = scenario("workloads: [{target: agent, startup: {seconds: 30}}]").expect("valid");
    assert!(started.cluster.workloads[1].startup.is_some());
    for line in [
        "intents: [{converges: {target: agent}}]",
        "events: [{cpuChange: {target: agent, to: 100m}}]",
        "workloads: [{target: agent, replicas: 2}]",
    ] {
        assert_says(scenario(line), &["DaemonSet"]);
    }
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
fn tolerances_and_metrics_of_the_only_container_are_read() {
    let hpa = |rest: &str, scenario: &str| {
        let head = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  \
                    scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  maxReplicas: 3\n";
        let tail = format!("---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {scenario}\n");
        with_manifest(&format!("{head}  {rest}\n{tail}")).expect("valid")
    };
    let tolerance = |loaded: &Loaded| (loaded.cluster.hpas[0].tolerance.down, loaded.cluster.hpas[0].tolerance.up);
    let behavior = "behavior: {scaleDown: {tolerance: 50m}, scaleUp: {tolerance: 0}}";
    let off = hpa(behavior, "start: empty");
    assert_eq!(tolerance(&off), (100, 100));
    assert!(has_note(&off, Severity::Warning, "spec.behavior", "HPAConfigurableTolerance"));
    assert_eq!(tolerance(&hpa(behavior, "hpa: {configurableTolerance: true}")), (50, 0));
    assert_eq!(tolerance(&hpa("minReplicas: 1", "hpa: {tolerance: 0.2}")), (200, 200));
    let metric = |container: &str| {
        format!(
            "metrics: [{{type: ContainerResource, containerResource: {{container: {container}, name: cpu, target: \
             {{type: Utilization, averageUtilization: 60}}}}}}]"
        )
    };
    assert_eq!(hpa(&metric("web"), "start: empty").cluster.hpas[0].other_metrics.len(), 1);
    let other = hpa(&metric("other"), "start: empty");
    assert!(has_note(&other, Severity::Risky, "spec.metrics[0]", "no container `other`"));
}

#[test]
fn risky_fields_of_pods_are_noted() {
    for field in [
        "schedulingGates: [{name: a}]",
        "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a, \
         namespaceSelector: {matchLabels: {team: a}}}]}}",
        "volumes: [{name: a, persistentVolumeClaim: {claimName: a}}]",
        "somethingNew: 1",
    ] {
        let loaded = with_pod(field).expect(field);
        assert!(loaded.notes.iter().any(|note| note.severity == Severity::Risky), "{field}");
    }
    let loaded = with_pod("dnsPolicy: Default").expect("valid");
    assert!(loaded.notes.iter().all(|note| note.severity == Severity::Harmless));
}

#[test]
fn affinity_between_pods_is_read() {
    let loaded = with_pod(
        "affinity:
        podAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
          - {weight: 5, podAffinityTerm: {topologyKey: zone, labelSelector: {}, namespaceSelector: {}}}
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - topologyKey: kubernetes.io/hostname
            labelSelector: {matchLabels: {tier: web}}
            namespaces: [other]
            matchLabelKeys: [app, absent]
            mismatchLabelKeys: [pod-template-hash]",
    )
    .expect("valid");
    assert!(loaded.notes.iter().all(|note| note.severity == Severity::Harmless), "{:?}", loaded.notes);
    let template = &loaded.cluster.workloads[0].template;
    let [preferred] = &template.pod_affinity.preferred[..] else { panic!("{template:?}") };
    assert_eq!((preferred.weight, preferred.term.topology_key.as_str()), (5, "zone"));
    assert_eq!(preferred.term.selector.as_ref().map(|one| one.is_empty()), Some(true));
    assert!(preferred.term.looks_into("default", "any"));
    let [required] = &template.pod_anti_affinity.required[..] else { panic!("{template:?}") };
    assert_eq!(required.revision, RevisionMatch::Other);
    assert_eq!(required.namespaces, ["other"]);
    let keys: Vec<&str> = required.label_keys.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["app"], "keys that the pod does not have are left out");
    for (field, said) in [
        ("{topologyKey: a, matchLabelKeys: [app]}", "matchLabelKeys without labelSelector"),
        ("{labelSelector: {}}", "topologyKey"),
        ("{topologyKey: a, labelSelector: {matchLabels: {app: web}}, mismatchLabelKeys: [app]}", "labelSelector"),
    ] {
        let pod = format!("affinity: {{podAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{field}]}}}}");
        let error = with_pod(&pod).expect_err(field).to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn ports_of_the_node_are_read() {
    let ports = |pod: &str| {
        let text = DEPLOYMENT.replace(
            "{name: web, image: web}",
            "{name: web, image: web, ports: [{containerPort: 80}, \
             {containerPort: 81, hostPort: 8081, hostIP: 10.0.0.1, protocol: UDP}]}",
        );
        let loaded = load(&[], Some(&format!("{NODE}---\n{text}      {pod}\n"))).expect("valid");
        let ports = &loaded.cluster.workloads[0].template.host_ports;
        ports.iter().map(|port| format!("{}:{}/{}", port.ip, port.port, port.protocol)).collect::<Vec<_>>()
    };
    assert_eq!(ports("hostNetwork: false"), ["10.0.0.1:8081/UDP"]);
    assert_eq!(ports("hostNetwork: true"), [":80/TCP", "10.0.0.1:8081/UDP"]);
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
        ("{start: setled}", &["one of empty, settled, any, snapshot", "did you mean `settled`?"]),
        ("{kubernetesVersion: \"1.28\"}", &["the rules of Kubernetes 1.28 are not known"]),
        ("{kubernetesVersion: 1.3}", &["in quotes"]),
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

#[test]
fn two_scenarios_are_one_too_many() {
    let scenario = "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec: {}\n";
    let files = [("web.yaml", DEPLOYMENT), ("a.yaml", scenario), ("b.yaml", scenario)];
    assert_says(embedded(&files), &["b.yaml", "a second scenario", "the first is in a.yaml"]);
}

#[test]
fn names_of_files_and_objects_cannot_steer_the_terminal() {
    use kubound::report::diagnostic::Diagnostic;
    use kubound::text::Paint;
    let folder = scratch("steering");
    let path = folder.join("a\u{1b}[2J\u{202e}.yaml");
    let comment = "# \u{1b}]0;title\u{7} \u{9b}31m\u{202e}";
    fs::write(&path, format!("kind: Service {comment}\napiVersion: v1 {comment}\nmetadata: {{name: 5}} {comment}\n"))
        .expect("written");
    for paths in [vec![path], vec![folder.clone()], vec![folder.join("none\u{1b}[2J\u{9b}")]] {
        let error = load(&paths, None).expect_err("faulty");
        let said = Diagnostic::from(&error).render(Paint { colours: false });
        let steers = |one: char| one != '\n' && (one.is_control() || one == '\u{202e}');
        assert!(!said.contains(steers), "{said:?}");
    }
    fs::remove_dir_all(folder).expect("removed");
}

/// Line and column of the note about a field.
#[track_caller]
fn noted_at(loaded: &Loaded, field: &str) -> (usize, usize) {
    let note = loaded.notes.iter().find(|note| note.field == field).expect(field);
    note.region.map(|region| (region.line, region.column)).expect("a place")
}

#[test]
fn fields_have_lines_and_columns() {
    let loaded = load(&[fixture("spread")], None).expect("valid");
    let duplicate = "spec.template.spec.containers[0].resources";
    let text = fs::read_to_string(fixture("spread/deploy.yaml")).expect("there");
    let lines: Vec<usize> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.trim_start().starts_with("resources:"))
        .map(|(index, _)| index + 1)
        .collect();
    let (first, last) = (lines[lines.len() - 2], lines[lines.len() - 1]);
    let note = loaded.notes.iter().find(|note| note.field == duplicate).expect("noted");
    assert!(note.message.contains(&format!("lines {first} and {last}")), "{} {lines:?}", note.message);
    assert_eq!(noted_at(&loaded, duplicate).0, last);
    let place = loaded.sources.locate("Scenario").expect("known");
    let region = place.region("spec.intents[0]");
    let line = place.source().lines().nth(region.line - 1).expect("a line");
    assert!(line[region.column - 1..].starts_with("noOscillation"), "{line}");
}

#[test]
fn json_is_read_with_places_like_yaml() {
    let deployment = "{\n\t\"apiVersion\": \"apps/v1\",\n\t\"kind\":\"Deployment\", \"metadata\": {\"name\": \"web\", \"annotations\": \
                      {\"a\": \"\\ud83d\\ude00 \\u2028 \\/ \\\\\"}},\n\"spec\": {\"replicas\": 1e1, \"selector\": \
                      {\"matchLabels\": {\"app\": \"web\"}}, \"template\": {\"metadata\": {\"labels\": {\"app\": \"web\"}}, \
                      \"spec\": {\"containers\": [{\"name\": \"w\", \"image\": \"w\"}], \"odd\": 1}}}}";
    let node = "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n\"},\"status\":{\"allocatable\":{\"cpu\":\"2\"}}}";
    let loaded = load(&[], Some(&format!("{deployment} {node}\n"))).expect("valid");
    assert_eq!(loaded.cluster.workloads[0].replicas, Span::exactly(10));
    assert_eq!(loaded.cluster.pools[0].allocatable["cpu"], Span::exactly(2000));
    assert_eq!(noted_at(&loaded, "spec.template.spec.odd").0, 4);
    let node = loaded.sources.locate("Node//n").expect("known");
    assert_eq!((node.document, node.line), (2, Some(4)));
    assert_eq!(node.region("status.allocatable.cpu").line, 4);
}

#[test]
fn a_policy_inside_a_config_map_is_shown_where_it_is_written() {
    let map = "apiVersion: v1
kind: ConfigMap
metadata: {name: policy}
data:
  policy.yaml: |
    apiVersion: descheduler/v1alpha2
    kind: DeschedulerPolicy
    profiles:
    - name: one
      plugins:
        balance:
          enabled: [LowNodeUtilization]
";
    let start = NODE.lines().count() + DEPLOYMENT.lines().count() + 2;
    let loaded = with_manifest(map).expect("valid");
    let note = loaded.notes.iter().find(|note| note.message.contains("no entry in `pluginConfig`")).expect("noted");
    assert_eq!(note.region.map(|region| (region.line, region.column)), Some((start + 12, 21)));
    let broken = map.replace("[LowNodeUtilization]", "7");
    assert_says(with_manifest(&broken), &[&format!("<stdin>:{}:20: document 3", start + 12), "found the integer 7"]);
}

const ROLLED: &str = "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  events: [{rollout: {target: web, times: 2}}, \
                     {rollback: {target: web}}]\n  intents: [{rolloutCompletes: {target: web}}]\n";

fn rolled_out(spec: &str) -> Result<Loaded, InputError> {
    let deployment = DEPLOYMENT.replacen("spec:\n", &format!("spec:\n  {spec}\n"), 1);
    embedded(&[("web.yaml", &deployment), ("n.yaml", NODE), ("scenario.yaml", ROLLED)])
}

#[test]
fn rollouts_and_the_strategy_are_read() {
    let loaded = rolled_out("strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 10%}}").expect("valid");
    let cluster = &loaded.cluster;
    assert!(matches!(cluster.events[0].kind, EventKind::Rollout { .. }) && cluster.events[0].times == 2);
    assert!(matches!(cluster.events[1].kind, EventKind::Rollback { .. }));
    assert!(matches!(cluster.intents[0].kind, IntentKind::RolloutCompletes { .. }));
    assert_eq!(cluster.revisions(&cluster.workloads[0]), 3);
    let strategy = Strategy::RollingUpdate { max_surge: Amount::Pods(1), max_unavailable: Amount::Percent(10) };
    assert_eq!(cluster.workloads[0].rollout.strategy, strategy);
    let recreated = rolled_out("strategy: {type: Recreate}").expect("valid").cluster;
    assert_eq!(recreated.workloads[0].rollout.strategy, Strategy::Recreate);
}

#[test]
fn what_the_api_server_refuses_of_a_strategy_is_refused() {
    let both = "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}";
    assert_says(rolled_out(both), &["spec.strategy.rollingUpdate", "both 0"]);
    assert_says(rolled_out("strategy: {type: Recreate, rollingUpdate: {}}"), &["rollingUpdate with Recreate"]);
    assert_says(rolled_out("strategy: {rollingUpdate: {maxUnavailable: 101%}}"), &["maxUnavailable", "25%"]);
    assert_says(rolled_out("strategy: {type: Rolling}"), &["spec.strategy.type"]);
    assert_says(rolled_out("paused: true"), &["Deployment/default/web is paused"]);
}

#[test]
fn deletion_costs_matter_on_single_pods_only() {
    let cost = "annotations: {controller.kubernetes.io/pod-deletion-cost: \"5\"}";
    let template = DEPLOYMENT.replace("labels: {app: web}}", &format!("labels: {{app: web}}, {cost}}}"));
    assert_ne!(template, DEPLOYMENT);
    let loaded = load(&[], Some(&format!("{NODE}---\n{template}"))).expect("valid");
    assert!(has_note(&loaded, Severity::Harmless, "spec.template.metadata.annotations", "same deletion cost"));
    let owner = "ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: u, controller: true}]";
    let pod = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web-1-x, {cost}, {owner}}}\n");
    let loaded = with_manifest(&pod).expect("valid");
    assert!(has_note(&loaded, Severity::Risky, "", "pod-deletion-cost decides nothing"));
}

#[test]
fn manifests_pause_and_resume_deployments() {
    let deploy = DEPLOYMENT.replace("  selector", "  paused: true\n  selector");
    let scenario = "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  resources: [deploy.yaml, node.yaml]\n  \
                    events: [{apply: {file: applied.yaml}}]\n";
    let load = |deploy: &str, applied: &str| {
        let files =
            [("scenario.yaml", scenario), ("deploy.yaml", deploy), ("node.yaml", NODE), ("applied.yaml", applied)];
        embedded(&files).expect("valid")
    };
    let paused = |loaded: &Loaded| match &loaded.cluster.events[0].kind {
        EventKind::Apply { paused, .. } => (loaded.cluster.workloads[0].rollout.is_paused, *paused),
        other => panic!("{other:?}"),
    };
    let resumed = load(&deploy, DEPLOYMENT);
    assert_eq!(paused(&resumed), (true, false));
    assert!(has_note(&resumed, Severity::Warning, "spec.paused", "it gets no pods"));
    let applied = load(DEPLOYMENT, &deploy);
    assert_eq!(paused(&applied), (false, true));
    assert!(!applied.notes.iter().any(|note| note.field.contains("strategy")), "pausing is no other strategy");
}

#[test]
fn a_short_history_is_risky_where_something_is_rolled_back() {
    let loaded = rolled_out("revisionHistoryLimit: 1").expect("valid");
    assert!(has_note(&loaded, Severity::Risky, "spec.revisionHistoryLimit", "never cleaned up"));
}

proptest::proptest! {
    #[test]
    fn no_change_of_a_text_makes_it_panic(
        at in 0usize..4000,
        length in 0usize..12,
        other in "[-\\[\\]{}:,'\"*&!|>%@ \n0-9a-z/.é]{0,6}",
    ) {
        let scenario = include_str!("fixtures/spread/scenario.yaml");
        let deployment = include_str!("fixtures/spread/deploy.yaml");
        let text: Vec<char> = format!("{scenario}---\n{deployment}---\n{NODE}").chars().collect();
        let start = at.min(text.len());
        let end = (start + length).min(text.len());
        let changed: String = text[..start].iter().copied().chain(other.chars()).chain(text[end..].iter().copied()).collect();
        let _ = load(&[], Some(&changed));
        let _ = embedded(&[("scenario.yaml", &changed), ("second.yaml", DEPLOYMENT), ("applied.yaml", deployment)]);
    }
}

#[test]
fn stateful_sets_are_read_with_their_ordinals() {
    let set = |spec: &str| {
        with_manifest(&format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db}}\nspec:\n  serviceName: db\n  selector: \
             {{matchLabels: {{app: db}}}}\n  template:\n    metadata: {{labels: {{app: db}}}}\n    spec: {{containers: \
             [{{name: a, image: a}}]}}\n{spec}"
        ))
    };
    let ordinals = |loaded: &Loaded| *loaded.cluster.workloads[1].ordinals().expect("a StatefulSet");
    let plain = set("").expect("valid");
    assert_eq!(ordinals(&plain), StatefulSet::default());
    assert_eq!(plain.cluster.workloads[1].replicas, Span::exactly(1));
    let spec = "  podManagementPolicy: Parallel\n  ordinals: {start: 3}\n  updateStrategy: {rollingUpdate: {partition: 2, \
                maxUnavailable: 2}}\n  volumeClaimTemplates: [{metadata: {name: data}}]\n";
    let loaded = set(spec).expect("valid");
    let expected = StatefulSet { is_ordered: false, updates_on_delete: false, partition: 2, start: 3 };
    assert_eq!(ordinals(&loaded), expected);
    assert!(loaded.cluster.workloads[1].template.has_claims);
    assert!(has_note(&loaded, Severity::Risky, "spec.template.spec.volumes", "no volume is bound to the claim data"));
    assert!(has_note(&loaded, Severity::Harmless, "spec.updateStrategy.rollingUpdate.maxUnavailable", "alpha"));
    assert!(set("  podManagementPolicy: Any\n").is_err());
    assert!(set("  updateStrategy: {type: OnDelete, rollingUpdate: {partition: 1}}\n").is_err());
    let rolled_back =
        "---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  events: [{rollback: {target: db}}]\n";
    assert!(set(rolled_back).is_err());
}

#[test]
fn pods_that_nobody_owns_are_read() {
    let pod = |metadata: &str, rest: &str| {
        let head = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: debug, labels: {{app: debug}}{metadata}}}\n");
        with_manifest(&format!("{head}spec: {{containers: [{{name: a, image: a}}]{rest}}}\n"))
    };
    let loaded = pod("", "").expect("valid");
    let debug = &loaded.cluster.workloads[1];
    assert!(debug.is_bare());
    assert_eq!((debug.replicas, debug.template.labels["app"].as_str()), (Span::exactly(1), "debug"));
    let about = |name: &str| loaded.cluster.intents.iter().filter(|one| one.kind.name() == name).count();
    assert_eq!((about("schedulable"), about("converges")), (2, 1), "nobody replaces it");
    let once = pod("", ", restartPolicy: Never").expect("valid");
    assert!(has_note(&once, Severity::Risky, "spec.restartPolicy", "run for ever"));
    let owner = |kind: &str| {
        let owner = format!("{{apiVersion: v1, kind: {kind}, name: x, uid: u, controller: true}}");
        pod(&format!(", ownerReferences: [{owner}]"), "").expect("valid")
    };
    for kind in ["ReplicaSet", "Node"] {
        assert_eq!(owner(kind).cluster.workloads.len(), 1, "{kind}");
    }
    assert!(has_note(&owner("Node"), Severity::Risky, "", "takes no room"));
    let ended = "apiVersion: v1\nkind: Pod\nmetadata: {name: debug}\nstatus: {phase: Succeeded}\nspec: {}\n";
    assert_eq!(with_manifest(ended).expect("valid").cluster.workloads.len(), 1);
    for line in ["workloads: [{target: debug, replicas: 2}]", "events: [{scale: {target: debug, replicas: 2}}]"] {
        let scenario = format!("---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {line}\n");
        assert!(pod("", &format!("}}\n{scenario}#")).is_err(), "{line}");
    }
}

#[test]
fn jobs_are_read_with_what_ends_them() {
    let job = |spec: &str| {
        let head = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\nspec:\n  template:\n    spec: {restartPolicy: \
                    Never, containers: [{name: a, image: a}]}\n";
        with_manifest(&format!("{head}{spec}"))
    };
    let read = |loaded: &Loaded| *loaded.cluster.workloads[1].job().expect("a Job");
    let plain = job("").expect("valid");
    assert_eq!((read(&plain), plain.cluster.workloads[1].replicas), (Job::default(), Span::exactly(1)));
    let queue = read(&job("  parallelism: 3\n").expect("valid"));
    assert_eq!(queue.completions, None, "nil if only parallelism is written");
    let policy = "  completions: 4\n  backoffLimit: 2\n  podFailurePolicy: {rules: [{action: Ignore, onPodConditions: \
                  [{type: DisruptionTarget, status: \"True\"}]}, {action: FailJob, onExitCodes: {operator: In, values: \
                  [42]}}]}\n  activeDeadlineSeconds: 60\n  suspend: true\n";
    let loaded = job(policy).expect("valid");
    let found = read(&loaded);
    assert_eq!((found.completions, found.backoff_limit, found.is_suspended), (Some(4), 2, true));
    assert_eq!((found.on_disruption, found.replaces_failed_only), (Disruption::Ignore, true));
    assert!(has_note(&loaded, Severity::Risky, "spec.podFailurePolicy.rules[1].onExitCodes", "not modelled"));
    assert_eq!(found.active_deadline, Some(60));
    assert!(job("  activeDeadlineSeconds: -1\n").is_err());
    let kept = job("  ttlSecondsAfterFinished: 100\n").expect("valid");
    assert!(has_note(&kept, Severity::Harmless, "spec.ttlSecondsAfterFinished", "takes no room"));
    let indexed = job("  completionMode: Indexed\n  completions: 3\n  backoffLimitPerIndex: 1\n").expect("valid");
    let found = read(&indexed);
    assert_eq!((found.by_index, found.backoff_limit), (Some(ByIndex { limit: 1, max_failed: None }), 1000));
    let policy = "  completionMode: Indexed\n  completions: 3\n  backoffLimitPerIndex: 4\n  maxFailedIndexes: 2\n  \
                  podFailurePolicy: {rules: [{action: FailIndex, onPodConditions: [{type: DisruptionTarget}]}]}\n";
    let failing = ByIndex { limit: 0, max_failed: Some(2) };
    assert_eq!(read(&job(policy).expect("valid")).by_index, Some(failing), "the first failure is that of the index");
    for refused in ["  backoffLimitPerIndex: 1\n", "  maxFailedIndexes: 1\n"] {
        assert!(job(refused).is_err(), "{refused}");
    }
    assert!(job("  podReplacementPolicy: Always\n").is_err());
    let ended = job("status: {conditions: [{type: Complete, status: \"True\"}]}\n").expect("valid");
    assert_eq!(ended.cluster.workloads.len(), 1);
    let scenario =
        |line: &str| job(&format!("---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {line}\n"));
    let timed = scenario("workloads: [{target: migrate, runTime: 5m, replicas: 1..2}]").expect("valid");
    assert_eq!(read(&timed).run_time, Some(300));
    for line in ["workloads: [{target: web, runTime: 5m}]", "events: [{scale: {target: migrate, replicas: 2}}]"] {
        assert!(scenario(line).is_err(), "{line}");
    }
}

#[test]
fn daemon_sets_say_how_their_pods_are_replaced() {
    let daemon = |spec: &str, scenario: &str| {
        with_manifest(&format!(
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: agent}}\nspec:\n  selector: {{matchLabels: {{app: \
             agent}}}}\n  template: {{metadata: {{labels: {{app: agent}}}}, spec: {{containers: [{{name: a, image: \
             a}}]}}}}\n{spec}---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {scenario}\n"
        ))
    };
    let found = |spec: &str| {
        let workload = daemon(spec, "start: empty").expect("valid").cluster.workloads.remove(1);
        (workload.daemon_set().expect("a DaemonSet"), workload.rollout.min_ready_seconds)
    };
    assert_eq!(found(""), (DaemonSet::default(), 0));
    let rolling = |body: &str| format!("  updateStrategy: {{rollingUpdate: {{{body}}}}}\n");
    let (surging, _) = found(&rolling("maxSurge: 10%, maxUnavailable: 0"));
    assert_eq!((surging.max_surge, surging.max_unavailable), (Amount::Percent(10), Amount::Pods(0)));
    let (deleted, seconds) = found("  minReadySeconds: 5\n  updateStrategy: {type: OnDelete}\n");
    assert_eq!((deleted.updates_on_delete, seconds), (true, 5));
    for (body, words) in [
        ("maxSurge: 1", "both above 0"),
        ("maxUnavailable: 0", "both 0"),
        ("maxUnavailable: 101%", "a number of pods, or 25%"),
    ] {
        assert_says(daemon(&rolling(body), "start: empty"), &[words]);
    }
    let restarted = "events: [{rollout: {target: agent}}]\n  intents: [{rolloutCompletes: {target: agent}}, {available: \
                     {target: agent, min: 1}}]";
    let restarted = daemon("", restarted);
    assert_eq!(restarted.expect("valid").cluster.events.len(), 1);
    assert_says(daemon("", "events: [{rollback: {target: agent}}]"), &["rolling DaemonSet/default/agent back"]);
    assert_says(daemon("", "events: [{scale: {target: agent, replicas: 2}}]"), &["is a DaemonSet"]);
}

#[test]
fn cron_jobs_are_read_as_jobs_that_are_started_again_and_again() {
    let cron = |spec: &str, scenario: &str| {
        let head = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: report}\nspec:\n  jobTemplate: {spec: \
                    {parallelism: 2, backoffLimit: 1, template: {spec: {restartPolicy: Never, containers: [{name: a, \
                    image: a}]}}}}\n";
        let scenario = if scenario.is_empty() {
            String::new()
        } else {
            format!("---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {scenario}\n")
        };
        with_manifest(&format!("{head}{spec}{scenario}"))
    };
    let read = |loaded: &Loaded| loaded.cluster.cron_jobs[0].clone();
    let hourly = cron("  schedule: '0 * * * *'\n  successfulJobsHistoryLimit: 5\n", "").expect("valid");
    let found = read(&hourly);
    assert_eq!((found.gap, found.is_regular, found.policy), (Some(3600), true, ConcurrencyPolicy::Allow));
    let names: Vec<String> = found.jobs.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["Job/default/report#1", "Job/default/report#2", "Job/default/report#3"]);
    let job = hourly.cluster.workloads[1].job().expect("a Job");
    assert_eq!((job.completions, job.backoff_limit, hourly.cluster.workloads[3].replicas), (None, 1, Span::exactly(2)));
    assert!(has_note(&hourly, Severity::Harmless, "spec.successfulJobsHistoryLimit", "takes no room"));
    assert!(has_note(&hourly, Severity::Risky, "spec.concurrencyPolicy", "taken to end before the next Job starts"));
    let more =
        "  schedule: '0 9 * * 1-5'\n  concurrencyPolicy: Forbid\n  startingDeadlineSeconds: 60\n  suspend: true\n";
    let found = cron(more, "").expect("valid");
    assert!(has_note(&found, Severity::Harmless, "spec.schedule", "86400 s apart or more"));
    let found = read(&found);
    assert_eq!((found.is_regular, found.starting_deadline, found.runs_every()), (false, Some(60), None));
    assert_eq!((found.policy, found.jobs.len()), (ConcurrencyPolicy::Forbid, 1));
    for (spec, words) in [
        ("  schedule: '* * * *'\n", "4 fields"),
        ("  schedule: '61 * * * *'\n", "`61` where numbers from 0 to 59"),
        ("  schedule: '* * * * *'\n  timeZone: Local\n", "no time zone"),
        ("  schedule: '* * * * *'\n  concurrencyPolicy: Never\n", "Never"),
        ("", "spec.schedule"),
    ] {
        assert_says(cron(spec, ""), &[words]);
    }
}

#[test]
fn scenarios_speak_of_cron_jobs_as_a_whole() {
    let cron = |policy: &str, scenario: &str| {
        with_manifest(&format!(
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: report}}\nspec:\n  schedule: '*/5 * * * *'\n  \
             concurrencyPolicy: {policy}\n  jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, containers: \
             [{{name: a, image: a}}]}}}}}}}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {scenario}\n"
        ))
    };
    let places = |loaded: &Loaded| loaded.cluster.cron_jobs[0].jobs.len();
    let timed = cron("Allow", "workloads: [{target: report, runTime: 10m, activeJobs: 5}]").expect("valid");
    assert_eq!(places(&timed), 5);
    assert!(timed.cluster.workloads[1..].iter().all(|one| one.job().is_some_and(|job| job.run_time == Some(600))));
    let asked: Vec<&str> = timed.cluster.intents.iter().map(|intent| intent.kind.name()).collect();
    assert_eq!(asked.iter().filter(|name| **name == "boundedPods").count(), 1, "asked because all else depends on it");
    let limited = cron("Allow", "intents: [{boundedPods: {target: report, max: 6}}, {schedulable: {target: report}}]");
    let limited = limited.expect("valid");
    assert_eq!((places(&limited), limited.cluster.intents.len()), (7, 2), "enough to go beyond the limit");
    for (policy, scenario) in [
        ("Forbid", "workloads: [{target: report, activeJobs: 2}]"),
        ("Allow", "workloads: [{target: web, activeJobs: 2}]"),
        ("Allow", "workloads: [{target: report, replicas: 2}]"),
        ("Allow", "intents: [{noOscillation: {target: report}}]"),
        ("Allow", "events: [{scale: {target: report, replicas: 2}}]"),
        ("Allow", "assume: [\"replicas('report') >= 2\"]"),
    ] {
        assert_says(cron(policy, scenario), &["Job"]);
    }
}

#[test]
fn limit_ranges_change_and_refuse_pods_of_their_namespace() {
    let range = |limits: &str| {
        let text = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: sizes}\nspec: {limits: [";
        with_manifest(&format!("{text}{limits}]}}\n"))
    };
    let web = |loaded: &Loaded| loaded.cluster.workloads[0].template.clone();
    let before = web(&with_manifest("").expect("valid"));
    let memory = |requests: &std::collections::BTreeMap<String, i64>| requests.get("memory").copied();
    assert_eq!(memory(&before.limits), None);
    let loaded = range("{type: Container, default: {memory: 1Gi}}, {type: PersistentVolumeClaim, max: {storage: 1Gi}}");
    let loaded = loaded.expect("valid");
    assert_eq!(memory(&web(&loaded).limits), Some(1 << 30));
    assert!(web(&loaded).memory_limited_everywhere && web(&loaded).refused_by.is_none());
    let refused = range("{type: Pod, min: {memory: 100Gi}}").expect("valid");
    assert!(web(&refused).refused_by.is_some());
    assert!(has_note(&refused, Severity::Risky, "spec.template.spec.containers", "LimitRange sizes refuses the pods"));
    let elsewhere = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: sizes, namespace: other}\nspec: {limits: [{type: \
                     Pod, min: {memory: 100Gi}}]}\n";
    assert!(web(&with_manifest(elsewhere).expect("valid")).refused_by.is_none());
    assert!(range("{type: Container, min: {memory: much}}").is_err());
}

#[test]
fn volumes_tie_pods_to_nodes() {
    let volume = |name: &str, claim: &str, rest: &str| {
        format!(
            "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: {name}{rest}}}\nspec:\n  capacity: {{storage: 1Gi}}\n  \
             local: {{path: /data}}\n  claimRef: {{namespace: default, name: {claim}}}\n  nodeAffinity: {{required: \
             {{nodeSelectorTerms: [{{matchExpressions: [{{key: kubernetes.io/hostname, operator: In, values: \
             [n1]}}]}}]}}}}\n---\n"
        )
    };
    let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  replicas: 2\n  selector: {matchLabels: \
               {app: db}}\n  template:\n    metadata: {labels: {app: db}}\n    spec:\n      containers: [{name: a, image: \
               a}]\n      volumes: [{name: shared, persistentVolumeClaim: {claimName: shared}}]\n  volumeClaimTemplates: \
               [{metadata: {name: data}}]\n";
    let zone = ", labels: {topology.kubernetes.io/zone: a__b}";
    let (first, second) = (volume("one", "data-db-0", ""), volume("two", "shared", zone));
    let loaded = with_manifest(&format!("{first}{second}{set}")).expect("valid");
    let tied = &loaded.cluster.workloads[1].volume_nodes;
    let ordinals: Vec<Option<i64>> = tied.iter().map(|one| one.ordinal).collect();
    assert_eq!(ordinals, [None, None, Some(0)], "affinity and zone of the shared one, and that of db-0");
    assert!(has_note(&loaded, Severity::Risky, "spec.template.spec.volumes", "claim data"), "db-1 has none yet");
    let bound =
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data-db-1}\nspec: {volumeName: one}\n---\n";
    let loaded = with_manifest(&format!("{first}{second}{bound}{set}")).expect("valid");
    assert_eq!(loaded.cluster.workloads[1].volume_nodes.len(), 4);
    assert!(!has_note(&loaded, Severity::Risky, "spec.template.spec.volumes", "claim data"));
}

#[test]
fn fields_that_could_change_a_verdict_are_risky() {
    let pod = |field: &str, at: &str, about: &str| {
        let loaded = with_pod(field).expect(field);
        let at = format!("spec.template.spec.{at}");
        assert!(has_note(&loaded, Severity::Risky, &at, about), "{field}: {:?}", loaded.notes);
    };
    pod("os: {name: windows}", "os", "another operating system");
    let context = "securityContext";
    pod(
        "securityContext: {sysctls: [{name: net.core.somaxconn, value: \"1\"}]}",
        &format!("{context}.sysctls[0]"),
        "net.core.somaxconn",
    );
    pod(
        "securityContext: {supplementalGroupsPolicy: Strict}",
        &format!("{context}.supplementalGroupsPolicy"),
        "refuses",
    );
    pod(
        "securityContext: {appArmorProfile: {type: RuntimeDefault}}",
        &format!("{context}.appArmorProfile"),
        "AppArmor",
    );

    let object = |text: &str, at: &str, about: &str| {
        let loaded = with_manifest(text).expect(text);
        assert!(has_note(&loaded, Severity::Risky, at, about), "{text}: {:?}", loaded.notes);
    };
    let quota = |key: &str| {
        format!("apiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q}}\nspec: {{hard: {{{key}: \"1\"}}}}")
    };
    for key in ["count/replicasets.apps", "count/jobs.batch", "persistentvolumeclaims", "requests.storage"] {
        let child = if key.contains('/') || key.contains('.') { format!("[{key:?}]") } else { format!(".{key}") };
        object(&quota(key), &format!("spec.hard{child}"), "are not counted");
    }
    object(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {pod-security.kubernetes.io/enforce: baseline}}",
        "metadata.labels[\"pod-security.kubernetes.io/enforce\"]",
        "level baseline",
    );
    object(
        "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\nspec: {limits: [{type: PersistentVolumeClaim, max: {storage: 1Gi}}]}",
        "spec.limits[0].type",
        "claims outside of these bounds are refused",
    );
    let claim = |mode: &str| {
        format!("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: c}}\nspec: {{accessModes: [{mode}]}}")
    };
    object(&claim("ReadWriteOnce"), "spec.accessModes", "second node");
    object(&claim("ReadWriteOncePod"), "spec.accessModes", "one pod of the cluster");
    object(
        "apiVersion: storage.k8s.io/v1\nkind: CSINode\nmetadata: {name: n1}\nspec: {drivers: [{name: d, nodeID: n, allocatable: {count: 2}}]}",
        "",
        "number of volumes",
    );
    object("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}", "", "Deployment");
    let stateful_set = DEPLOYMENT.replace("Deployment", "StatefulSet").replace("name: web}", "name: db}");
    let stateful_set = stateful_set.replace(
        "spec:\n  selector",
        "spec:\n  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}\n  selector",
    );
    object(&stateful_set, "spec.persistentVolumeClaimRetentionPolicy.whenScaled", "are deleted");
}

#[test]
fn what_changes_nothing_beside_risky_fields_stays_harmless() {
    let harmless = |text: &str, at: &str| {
        let loaded = with_manifest(text).expect(text);
        assert!(has_note(&loaded, Severity::Harmless, at, ""), "{text}: {:?}", loaded.notes);
        assert!(!loaded.notes.iter().any(|note| note.severity == Severity::Risky), "{text}: {:?}", loaded.notes);
    };
    harmless(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec: {accessModes: [ReadWriteMany]}",
        "spec.accessModes",
    );
    harmless(
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {secrets: 1}}",
        "spec.hard.secrets",
    );
    harmless("apiVersion: storage.k8s.io/v1\nkind: CSINode\nmetadata: {name: n1}\nspec: {drivers: []}", "");
}

#[test]
fn images_that_only_some_nodes_have_are_risky() {
    let node = |name: &str, image: &str, size: i64| {
        let images = format!("[{{names: [\"{image}\"], sizeBytes: {size}}}]");
        NODE.replace("name: n1", &format!("name: {name}"))
            .replace("status: {", &format!("status: {{images: {images}, "))
    };
    let severity = |nodes: &[String]| {
        let loaded = load(&[], Some(&format!("{DEPLOYMENT}---\n{}", nodes.join("---\n")))).expect("read");
        let note = loaded.notes.iter().find(|note| note.field == "status.images").expect("a note");
        note.severity
    };
    let large = 500 << 20;
    let differ = [node("a", "web:latest", large), node("b", "other:latest", large)];
    assert_eq!(severity(&differ), Severity::Risky);
    let same = [node("a", "web:latest", large), node("b", "web:latest", large)];
    assert_eq!(severity(&same), Severity::Harmless);
    let small = [node("a", "web:latest", 1 << 20), node("b", "other:latest", large)];
    assert_eq!(severity(&small), Severity::Harmless);
    let missing = [node("a", "web:latest", large), NODE.to_owned()];
    assert_eq!(severity(&missing), Severity::Risky);
}
