//! What is assumed without a scenario: the same as `kubound init` writes, enough nodes, and events as far as a search of
//! seconds goes.

use kubound::engines::Cancel;
use kubound::manifest::{First, Input, Loaded, NoteKind, Severity, first_scenario};
use kubound::search::{Findings, Options, Silent, verify};
use kubound::trace::replay::replay;
use kubound_encodings::cluster::{Cluster, EventKind, IntentKind, Span};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An empty folder of its own.
fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("kubound-first-run-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("made");
    folder
}

/// A folder with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = scratch(name);
    for (file, text) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    folder
}

fn verified(folder: &Path) -> Loaded {
    Input::of_repository(&[folder.to_path_buf()], &[]).read(&Default::default()).expect("valid").0
}

/// A Deployment with a field more in its pods.
fn deployment(name: &str, replicas: i64, cpu: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: {replicas}\n  \
         selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      \
         {more}\n      containers: [{{name: a, image: a, resources: {{requests: {{cpu: \"{cpu}\"}}}}}}]\n"
    )
}

const AUTOSCALER: &str = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  \
    minReplicas: 1\n  maxReplicas: 4\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  \
    metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]\n";

fn events(cluster: &Cluster) -> Vec<&'static str> {
    cluster.events.iter().map(|event| event.kind.name()).collect()
}

#[test]
fn what_init_writes_is_what_verify_assumes() {
    let node = "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {allocatable: {cpu: \"4\", memory: 8Gi}}\n";
    let web = deployment("web", 2, "500m", "");
    let budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 1, selector: {matchLabels: {app: web}}}\n";
    let zoned = deployment(
        "web",
        3,
        "500m",
        "topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}]",
    );
    let job = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {schedule: \"0 3 * * *\", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}}}\n";
    let inputs: [(&str, Vec<(&str, &str)>); 6] = [
        ("flat", vec![("web.yaml", &web), ("budget.yaml", budget)]),
        ("deep", vec![("apps/web/web.yaml", &web), ("apps/on.yaml", budget), ("compose.yml", "services: {}")]),
        ("nodes", vec![("web.yaml", &web), ("node.yaml", node)]),
        ("scaled", vec![("web.yaml", &web), ("hpa.yaml", AUTOSCALER)]),
        ("zoned", vec![("web.yaml", &zoned)]),
        ("job", vec![("job.yaml", job)]),
    ];
    for (name, files) in inputs {
        let folder = folder(name, &files);
        let assumed = verified(&folder);
        let Ok(First::Assumed(text)) = first_scenario(&folder) else { panic!("{name}: nothing to assume") };
        fs::write(folder.join("scenario.yaml"), text).expect("written");
        let written = verified(&folder);
        assert!(assumed.cluster.assumed.is_some() && written.cluster.assumed.is_none(), "{name}");
        assert_eq!(Cluster { assumed: None, ..assumed.cluster }, written.cluster, "{name}");
        assert_eq!((assumed.timeout, assumed.timing), (written.timeout, written.timing), "{name}");
        assert!(matches!(first_scenario(&folder), Ok(First::Written(_))), "{name}");
        fs::remove_dir_all(folder).expect("removed");
    }
}

#[test]
fn likely_events_are_assumed_as_far_as_the_time_goes() {
    let of = |name: &str, workloads: &[String]| {
        let folder = folder(name, &[("all.yaml", &workloads.join("---\n"))]);
        let loaded = verified(&folder);
        fs::remove_dir_all(folder).expect("removed");
        loaded.cluster
    };
    let web = |replicas| deployment("web", replicas, "500m", "");
    assert_eq!(events(&of("one", &[web(1)])), ["rollout"], "nothing that a drain could break");
    assert_eq!(events(&of("two", &[web(2)])), ["drain", "rollout"]);
    let set = web(2).replace("Deployment", "StatefulSet");
    assert_eq!(events(&of("set", &[set])), ["drain", "nodeFailure"]);
    let many: Vec<String> = (0..12).map(|index| deployment(&format!("web{index}"), 2, "100m", "")).collect();
    let cluster = of("many", &many);
    assert_eq!(events(&cluster), ["drain"], "a drain is always asked about");
    let told = cluster.assumed.expect("nobody wrote a scenario");
    assert!(told.contains("no rollouts or node failures, for time"), "{told}");
    let class = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 5\n".to_owned();
    let first = [class, deployment("first", 1, "100m", "priorityClassName: high")];
    let cluster = of("preempting", &[&first[..], &many].concat());
    assert_eq!(events(&cluster), ["drain"], "what takes too long with a drain is asked again without one");
    let scaled = of("load", &[web(1), AUTOSCALER.to_owned()]);
    let values: Vec<_> = scaled.workloads.iter().map(|workload| format!("{:?}", workload.cpu_usage)).collect();
    assert_eq!(values, ["Shared(Span { lo: 250, hi: 1000, step: 250 })"]);
    assert!(scaled.intents.iter().any(|intent| matches!(intent.kind, IntentKind::NoOvershoot { .. })));
    assert!(scaled.events.iter().all(|event| !matches!(event.kind, EventKind::CpuChange { .. })));
}

/// What is found out about a first run, with so much time for drains.
fn found(cluster: &Cluster, with_drains: Duration) -> Findings {
    let options = Options { undrained: Some(with_drains), both: false, ..Options::default() };
    verify(cluster, &options, &Cancel::default(), &Silent).expect("a cluster that is modelled").expect("no fault")
}

/// Two pods behind a budget, one node is drained, two intents.
fn guarded(allowed: i64) -> Cluster {
    let budget = format!(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: web}}\n\
         spec: {{maxUnavailable: {allowed}, selector: {{matchLabels: {{app: web}}}}}}\n"
    );
    let folder =
        folder(&format!("again{allowed}"), &[("a.yaml", &deployment("web", 2, "500m", "")), ("b.yaml", &budget)]);
    let mut cluster = verified(&folder).cluster;
    fs::remove_dir_all(folder).expect("removed");
    cluster.intents.retain(|intent| ["schedulable", "drainCompletes"].contains(&intent.kind.name()));
    cluster
}

fn told(findings: &Findings) -> Vec<(&str, &str, bool)> {
    let results = findings.results.iter();
    results.map(|one| (one.intent.as_str(), one.verdict.word(), one.undrained)).collect()
}

#[test]
fn what_takes_too_long_with_a_drain_is_told_without_one() {
    let without = found(&guarded(0), Duration::ZERO);
    assert_eq!(told(&without), [("schedulable", "holds", true), ("drainCompletes", "unknown", false)]);
    let assumes = |findings: &Findings| findings.scope.assumptions.iter().any(|one| one.contains("without drains"));
    assert!(assumes(&without));
    let with = found(&guarded(0), Duration::from_secs(60));
    assert_eq!(told(&with), [("schedulable", "holds", false), ("drainCompletes", "violated", false)]);
    assert!(!assumes(&with));
}

#[test]
fn a_violation_without_drains_is_one_with_them() {
    let mut cluster = guarded(1);
    cluster.pools[0].allocatable.insert("cpu".to_owned(), Span::exactly(400));
    let findings = found(&cluster, Duration::ZERO);
    assert_eq!(told(&findings), [("schedulable", "violated", false), ("drainCompletes", "unknown", false)]);
    let violation = findings.results[0].verdict.violation().expect("violated");
    let system = &findings.systems_of(&findings.results[0]).fine;
    replay(system, &violation.trace, findings.results[0].property).expect("a run of the cluster with drains");
}

#[test]
fn assumed_nodes_have_what_pods_ask_for() {
    let apart = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}";
    let files = [
        deployment("web", 3, "500m", apart),
        deployment("gpu", 1, "6", "nodeSelector: {gpu: \"yes\"}"),
        deployment("arm", 1, "100m", "nodeSelector: {arch: arm}"),
        deployment("intel", 1, "100m", "nodeSelector: {arch: amd}"),
    ];
    let folder = folder("asked", &[("all.yaml", &files.join("---\n"))]);
    let cluster = verified(&folder).cluster;
    let [first, second] = cluster.pools.as_slice() else { panic!("two pools: {:?}", cluster.pools) };
    assert_eq!(first.labels.get("gpu").map(String::as_str), Some("yes"));
    assert_eq!((first.labels["arch"].as_str(), second.labels["arch"].as_str()), ("arm", "amd"));
    assert!(first.count.lo >= 4, "three pods and one more of a rollout: {:?}", first.count);
    assert!(first.allocatable["cpu"].lo >= 6000);
    fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_folder_with_a_scenario_is_read_as_it_always_was() {
    let scenario = "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec: {nodes: [{name: n, count: 1}]}\n";
    let web = deployment("web", 2, "500m", "");
    let files: [(&str, &str); 3] = [("scenario.yaml", scenario), ("web.yaml", &web), ("more/api.yaml", &web)];
    let folder = folder("written", &files);
    let loaded = verified(&folder);
    assert!(loaded.cluster.assumed.is_none() && loaded.cluster.events.is_empty());
    assert_eq!(loaded.cluster.workloads.len(), 1);
    assert!(loaded.notes.iter().all(|note| note.kind != NoteKind::DuplicateObject), "more/ is not searched");
    fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn what_is_left_out_and_skipped_is_told() {
    let web = deployment("web", 2, "500m", "");
    let scenario = "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec: {nodes: [{name: n, count: 1}]}\n";
    let files: [(&str, &str); 8] = [
        ("apps/web.yaml", &web),
        ("chart/Chart.yaml", "name: chart"),
        ("chart/templates/web.yaml", "kind: {{ .Values.kind }}"),
        ("loose/template.yaml", "apiVersion: v1\nkind: {{ .Values.kind }}\n  x: }"),
        ("tested/scenario.yaml", scenario),
        ("tested/web.yaml", &web),
        ("compose.yml", "services: {}"),
        ("cloud.yaml", "a: !Ref [b\n"),
    ];
    let folder = folder("told", &files);
    let loaded = verified(&folder);
    assert_eq!(loaded.cluster.workloads.len(), 1);
    let told = |severity: Severity| -> Vec<String> {
        let notes = loaded.notes.iter().filter(|note| note.severity == severity);
        notes.map(|note| Path::new(&note.file).strip_prefix(&folder).expect("inside").display().to_string()).collect()
    };
    assert_eq!(told(Severity::Warning), ["chart", "tested"]);
    assert_eq!(told(Severity::Harmless), ["cloud.yaml", "compose.yml", "loose/template.yaml"]);
    fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn all_faults_are_told_at_once() {
    let wrong = deployment("web", 2, "500m", "").replace("replicas: 2", "replicas: two");
    let files: [(&str, &str); 3] =
        [("a.yaml", &wrong), ("b/c.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: x\n"), ("d.yaml", &wrong)];
    let folder = folder("faults", &files);
    let fault =
        Input::of_repository(std::slice::from_ref(&folder), &[]).read(&Default::default()).expect_err("invalid");
    let mut names: Vec<&str> = std::iter::once(&fault).chain(&fault.others).map(|one| one.file.as_str()).collect();
    names.sort_unstable();
    let expected = ["a.yaml", "b/c.yaml", "d.yaml"].map(|name| folder.join(name).display().to_string());
    assert_eq!(names, expected);
    fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn ranges_of_a_scenario_raise_the_bounds_that_it_does_not_set() {
    let web = deployment("web", 2, "500m", "");
    let bounds = |spec: &str| {
        let scenario = format!("apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec: {{{spec}}}\n");
        let folder = folder("bounds", &[("web.yaml", &web), ("scenario.yaml", &scenario)]);
        let bounds = verified(&folder).cluster.bounds;
        fs::remove_dir_all(folder).expect("removed");
        (bounds.nodes_per_pool, bounds.pods)
    };
    assert_eq!(bounds("nodes: [{name: n, count: 1..3}]"), (6, 36));
    assert_eq!(bounds("nodes: [{name: n, count: 20..40}]"), (40, 36));
    assert_eq!(bounds("nodes: [{name: n, count: 1..9}], workloads: [{target: web, replicas: 1..50}]"), (9, 50));
    assert_eq!(bounds("nodes: [{name: n, count: 1..9}], bounds: {nodesPerPool: 4}"), (4, 36));
}
