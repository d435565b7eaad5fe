//! Files and folders: which count, and what is hostile.

use super::{DEPLOYMENT, NODE, assert_says, embedded, fixture, has_note, scratch, with_scenario};
use kubound::manifest::{ExpectedVerdict, Severity, load};
use kubound_encodings::cluster::descheduler::DeschedulerPlugin;
use kubound_encodings::cluster::expression::Expression;
use kubound_encodings::cluster::hpa::MetricTarget;
use kubound_encodings::cluster::pod::WhenUnsatisfiable;
use kubound_encodings::cluster::scheduler::{DefaultSpread, ScoringStrategy};
use kubound_encodings::cluster::workload::{Readiness, Usage};
use kubound_encodings::cluster::{EventKind, IntentKind, ScenarioControllerKind, Span, Start, Timing};
use std::fs;
use std::time::Duration;

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
