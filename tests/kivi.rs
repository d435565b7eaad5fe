//! Kivi's own inputs: what they become, what is said about what they do not become, and what is refused.

use kubound::manifest::{ErrorKind, InputError, Loaded, NoteKind, Severity, load, load_embedded};
use kubound_encodings::cluster::descheduler::DeschedulerPlugin;
use kubound_encodings::cluster::node::HOSTNAME;
use kubound_encodings::cluster::pod::WhenUnsatisfiable;
use kubound_encodings::cluster::workload::{Readiness, Usage};
use kubound_encodings::cluster::{EventKind, IntentKind, PlacedPhase, Span, Start};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fixture(name: &str) -> PathBuf {
    Path::new("tests/fixtures/kivi").join(name)
}

fn loaded(name: &str) -> Loaded {
    load(&[fixture(name)], None).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The fixture with the value at a JSON pointer put in; the key is added if it is new, and removed by `None`.
fn with(pointer: &str, value: Option<Value>) -> Result<Loaded, InputError> {
    let text = std::fs::read_to_string(fixture("duplicates.json")).expect("a fixture");
    let mut input: Value = serde_json::from_str(&text).expect("JSON");
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    match input.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}")) {
        Value::Object(map) => match value {
            Some(value) => drop(map.insert(key.to_owned(), value)),
            None => drop(map.remove(key)),
        },
        Value::Array(list) => list[key.parse::<usize>().expect("an index")] = value.expect("a value"),
        other => panic!("{other} at {parent}"),
    }
    load_embedded("kivi", &[("input.json".into(), input.to_string())])
}

fn changed(pointer: &str, value: Value) -> Loaded {
    with(pointer, Some(value)).unwrap_or_else(|error| panic!("{pointer}: {error}"))
}

fn notes(loaded: &Loaded, severity: Severity) -> Vec<&str> {
    let notes = loaded.notes.iter().filter(|note| note.severity == severity);
    notes.map(|note| note.field.as_str()).collect()
}

fn verify(name: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kubound"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["verify", "-q", "-o", "json"])
        .arg(fixture(name))
        .output()
        .expect("the command runs")
}

fn verdicts(output: &Output) -> Vec<(String, String)> {
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let results = report["results"].as_array().expect("results");
    results.iter().map(|result| (word(&result["intent"]), word(&result["verdict"]))).collect()
}

#[test]
fn a_topology_is_read_with_its_sizes_fixed() {
    let cluster = loaded("duplicates.json").cluster;
    let pools: Vec<_> =
        cluster.pools.iter().map(|pool| (pool.name.as_str(), pool.count, pool.is_single_node)).collect();
    assert_eq!(pools, [("node-1", Span::exactly(1), true), ("node-2", Span::exactly(1), true)]);
    assert_eq!(cluster.pools[1].allocatable["cpu"], Span::exactly(10_000));
    assert_eq!(cluster.pools[1].allocatable["memory"], Span::exactly(10 << 30));
    assert_eq!(cluster.pools[1].labels["topology.kubernetes.io/zone"], "2");
    let web = &cluster.workloads[0];
    assert_eq!(
        (web.reference.to_string().as_str(), web.replicas),
        ("Deployment/default/deployment-5", Span::exactly(4))
    );
    assert_eq!((web.template.requests["cpu"], web.template.requests["memory"]), (8000, 8 << 30));
    assert_eq!((web.cpu_usage, web.template.labels["app"].as_str()), (Usage::Request, "web"));
    assert_eq!(cluster.start, Start::Empty);
    let plugins: Vec<_> = cluster.descheduler.iter().flat_map(|policy| &policy.plugins).collect();
    assert!(matches!(plugins[..], [one] if one.plugin.name() == "RemoveDuplicates"));
    let intents: Vec<_> = cluster.intents.iter().map(|intent| intent.id.as_str()).collect();
    assert_eq!(intents, ["noOscillation", "schedulable"]);
    assert_eq!(cluster.intents[0].kind.target(), Some(&web.reference));
}

#[test]
fn types_become_pools_and_ranges() {
    let loaded = loaded("sizes.json");
    let cluster = &loaded.cluster;
    let pools: Vec<_> = cluster.pools.iter().map(|pool| (pool.count.lo, pool.count.hi, pool.taints.len())).collect();
    assert_eq!(pools, [(0, 2, 0), (1, 3, 1)]);
    let web = &cluster.workloads[0];
    assert_eq!(web.replicas, Span { lo: 1, hi: 8, step: 1 });
    assert_eq!(web.cpu_usage, Usage::PerPod(Span::exactly(2000)));
    let startup = web.startup.expect("a start-up");
    assert_eq!((startup.cpu, startup.seconds, startup.readiness), (6000, 60, Readiness::AtOnce));
    let spread = &web.template.spread[0];
    assert_eq!((spread.topology_key.as_str(), spread.max_skew), (HOSTNAME, 2));
    assert_eq!(spread.when_unsatisfiable, WhenUnsatisfiable::ScheduleAnyway);
    assert_eq!(web.template.preferred_affinity[0].weight, 7);
    assert_eq!(web.template.required_affinity.as_ref().map(Vec::len), Some(1));
    let texts: Vec<_> = cluster.assumptions.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(texts, ["nodes.present >= 1", "replicas('deployment-7') <= 4 * nodes.present"]);
    assert_eq!((cluster.hpas[0].min, cluster.hpas[0].max), (2, 5));
    assert_eq!((cluster.bounds.nodes_per_pool, cluster.bounds.pods), (3, 8));
    let plugin = &cluster.descheduler.as_ref().expect("a policy").plugins[0].plugin;
    assert!(matches!(
        plugin,
        DeschedulerPlugin::RemovePodsViolatingTopologySpreadConstraint { constraints, .. } if constraints.len() == 2
    ));
}

#[test]
fn events_and_intents_are_ours_by_other_names() {
    let cluster = loaded("sizes.json").cluster;
    let events: Vec<_> = cluster.events.iter().map(|event| (event.kind.name(), event.times)).collect();
    assert_eq!(cluster.scenario_controllers[0].kind.name(), "kernelPanic");
    assert_eq!(events, [("apply", 1), ("maintenance", 5), ("cpuChange", 1)]);
    assert!(matches!(cluster.events[0].kind, EventKind::Apply { replicas: None, template: 0, .. }));
    assert!(matches!(cluster.events[2].kind, EventKind::CpuChange { to, .. } if (to.lo, to.hi) == (3000, 8000)));
    let intents: Vec<_> = cluster.intents.iter().map(|intent| intent.id.as_str()).collect();
    assert_eq!(intents, ["replicas", "replicas-2", "noOvershoot", "noNodePanicLoop", "schedulable"]);
    assert!(matches!(&cluster.intents[0].kind, IntentKind::Replicas { min: Some(_), max: None, .. }));
}

#[test]
fn pods_that_run_are_placed() {
    let pods = json!([
        {"loc": 1, "status": 1, "workloadId": 1, "cpu": 12}, {"loc": 1, "status": 1, "workloadId": 1, "cpu": 12},
        {"loc": 0, "status": 2, "workloadId": 1}, {"loc": 2, "status": 3, "workloadId": 1}, {"status": 0}
    ]);
    let loaded = changed("/setup/pods", pods);
    let cluster = &loaded.cluster;
    assert_eq!(cluster.start, Start::Snapshot);
    let placed: Vec<_> = cluster.placed.iter().map(|one| (one.pool.as_deref(), one.phase, one.pods.lo)).collect();
    assert_eq!(
        placed,
        [
            (None, PlacedPhase::Pending, 1),
            (Some("node-1"), PlacedPhase::Running, 2),
            (Some("node-2"), PlacedPhase::Terminating, 1)
        ]
    );
    assert_eq!(cluster.workloads[0].cpu_usage, Usage::PerPod(Span::exactly(12_000)));
    // The whole of a node is there although less is left than it has: pods that are listed use the rest.
    let both = json!({"name": 1, "cpu": 32, "memory": 32, "cpuLeft": 16, "memLeft": 4});
    let left = changed("/setup/nodes/0", both);
    assert_eq!(left.cluster.pools[0].allocatable["memory"], Span::exactly(4 << 30));
    assert_eq!(notes(&left, Severity::Risky), ["setup.nodes[0].cpuLeft", "setup.nodes[0].memLeft"]);
}

#[test]
fn what_is_not_modelled_is_said() {
    assert_eq!(notes(&loaded("duplicates.json"), Severity::Risky), [""; 0]);
    let sizes = loaded("sizes.json");
    let risky = notes(&sizes, Severity::Risky);
    for field in [
        "template.userDefined.nodesTypes[1].template.cpuLeft",
        "template.userDefined.dTypes[0].HPAfactor",
        "template.events[2].name",
    ] {
        assert!(risky.contains(&field), "{field} in {risky:?}");
    }
    for (pointer, value, field) in [
        ("/events", json!([{"name": "meteorite"}]), "events[0].name"),
        ("/intents/0/name", json!("checkBalanceNode"), "intents[0].name"),
        ("/userCommand/0/name", json!("dance"), "userCommand[0].name"),
        (
            "/controllers/descheduler/profiles/0/LowNodeUtilization",
            json!({}),
            "controllers.descheduler.profiles[0].LowNodeUtilization",
        ),
        ("/controllers/karpenter", json!({}), "controllers.karpenter"),
        ("/setup/nodes/0/gpu", json!(1), "setup.nodes[0].gpu"),
        ("/setup/nodes/0/status", json!(0), "setup.nodes[0].status"),
        ("/setup/podTemplates/0/colour", json!("red"), "setup.podTemplates[0].colour"),
        ("/setup/d/0/colour", json!("red"), "setup.d[0].colour"),
        ("/setup/clouds", json!([]), "setup.clouds"),
        ("/remarks", json!("none"), "remarks"),
        ("/userCommand", json!([]), "setup.d[0]"),
    ] {
        let loaded = changed(pointer, value);
        let note = loaded.notes.iter().find(|note| note.field == field && note.severity == Severity::Risky);
        let note = note.unwrap_or_else(|| panic!("{field}: {:?}", loaded.notes));
        assert!([NoteKind::UnknownField, NoteKind::UnmodelledField].contains(&note.kind), "{field}");
        assert!(note.region.is_some() && note.file == "input.json", "{field}");
    }
}

#[test]
fn bad_input_names_its_field() {
    for (pointer, value, field, kind) in [
        ("/setup", Some(json!([])), "setup", ErrorKind::InvalidValue),
        ("/setup/nodes", None, "setup.nodes", ErrorKind::MissingField),
        ("/setup/nodes/0/cpu", None, "setup.nodes[0].cpu", ErrorKind::MissingField),
        ("/setup/nodes/0/cpu", Some(json!("64 cores")), "setup.nodes[0].cpu", ErrorKind::InvalidValue),
        ("/setup/nodes/0/cpu", Some(json!(-1)), "setup.nodes[0].cpu", ErrorKind::InvalidValue),
        ("/setup/nodes/0/cpu", Some(json!(u64::MAX)), "setup.nodes[0].cpu", ErrorKind::InvalidValue),
        ("/setup/nodes/0/taint", Some(json!(["k=v:Sometimes"])), "setup.nodes[0].taint[0]", ErrorKind::InvalidValue),
        ("/setup/nodes/1/name", Some(json!(1)), "setup.nodes[1]", ErrorKind::Duplicate),
        ("/setup/nodes/1/name", Some(json!("A b")), "setup.nodes[1].name", ErrorKind::InvalidValue),
        ("/setup/d/0/podTemplateId", Some(json!(2)), "setup.d[0].podTemplateId", ErrorKind::UnknownName),
        ("/setup/d/0/podTemplateId", Some(json!(0)), "setup.d[0].podTemplateId", ErrorKind::UnknownName),
        ("/setup/d/0/specReplicas", Some(json!(10_000_000)), "setup.d[0].specReplicas", ErrorKind::InvalidValue),
        (
            "/setup/d/0/hpaSpec",
            Some(json!({"isEnabled": 1})),
            "setup.d[0].hpaSpec.maxReplicas",
            ErrorKind::MissingField,
        ),
        (
            "/setup/pods/0",
            Some(json!({"status": 1, "loc": 9, "workloadId": 1})),
            "setup.pods[0].loc",
            ErrorKind::UnknownName,
        ),
        ("/setup/pods/0", Some(json!({"status": 7})), "setup.pods[0].status", ErrorKind::InvalidValue),
        ("/setup/podTemplates/0/nodeName", Some(json!(8)), "setup.podTemplates[0].nodeName", ErrorKind::UnknownName),
        ("/userCommand/0/para", Some(json!(3)), "userCommand[0].para", ErrorKind::UnknownName),
        ("/events", Some(json!([{"name": "maintenance"}])), "events[0]", ErrorKind::MissingField),
        ("/intents/0/para/did", Some(json!(2)), "intents[0].para.did", ErrorKind::UnknownName),
        ("/intents", Some(json!({})), "intents", ErrorKind::InvalidValue),
        (
            "/intents/0",
            Some(json!({"name": "checkExpReplicas", "para": {"expReplicas": "d[did].specReplicas*2"}})),
            "intents[0].para.expReplicas",
            ErrorKind::Expression,
        ),
    ] {
        let error = with(pointer, value).err().unwrap_or_else(|| panic!("{pointer} is accepted"));
        assert_eq!((error.field.as_str(), error.kind), (field, kind), "{error}");
        assert!(error.file == "input.json" && error.region.is_some() && !error.message.is_empty(), "{error}");
        assert!(!error.expected.is_empty() || error.kind == ErrorKind::Duplicate, "{error}");
    }
}

#[test]
fn no_value_makes_the_reader_panic() {
    let text = std::fs::read_to_string(fixture("sizes.json")).expect("a fixture");
    let input: Value = serde_json::from_str(&text).expect("JSON");
    let mut pointers = vec![String::new()];
    let mut next = 0;
    while let Some(pointer) = pointers.get(next).cloned() {
        next += 1;
        match input.pointer(&pointer) {
            Some(Value::Object(map)) => pointers.extend(map.keys().map(|key| format!("{pointer}/{key}"))),
            Some(Value::Array(list)) => pointers.extend((0..list.len()).map(|index| format!("{pointer}/{index}"))),
            _ => {}
        }
    }
    assert!(pointers.len() > 80);
    let hostile =
        [json!(null), json!(-1), json!(i64::MAX), json!(1e308), json!(""), json!("\u{202e}"), json!([]), json!({})];
    let mut refused = 0;
    for pointer in &pointers[1..] {
        for value in &hostile {
            let mut input = input.clone();
            *input.pointer_mut(pointer).expect("a value") = value.clone();
            let read = load_embedded("kivi", &[("input.json".into(), input.to_string())]);
            refused += usize::from(read.is_err());
        }
    }
    assert!(refused > pointers.len(), "{refused}");
}

#[test]
fn saved_runs_know_their_input() {
    let digest = |name: &str| loaded(name).digest().expect("it can be read again");
    assert_ne!(digest("duplicates.json"), digest("roomy.json"));
    assert_eq!(digest("roomy.json"), digest("roomy.json"));
    assert!(!loaded("roomy.json").has_manifests());
}

#[test]
fn it_stands_alone() {
    let text = std::fs::read_to_string(fixture("duplicates.json")).expect("a fixture");
    let files = [("a.json".to_owned(), text.clone()), ("b.json".to_owned(), text)];
    let error = load_embedded("kivi", &files).expect_err("two inputs");
    assert_eq!(error.kind, ErrorKind::Duplicate);
}

#[test]
fn a_violation_is_found_and_a_clean_one_is_not_accused() {
    let broken = verify("duplicates.json");
    assert_eq!(broken.status.code(), Some(1), "{}", String::from_utf8_lossy(&broken.stderr));
    assert_eq!(verdicts(&broken)[0], ("noOscillation".into(), "violated".into()));
    let clean = verify("roomy.json");
    assert_eq!(clean.status.code(), Some(0), "{}", String::from_utf8_lossy(&clean.stderr));
    assert_eq!(verdicts(&clean), [("noOscillation".into(), "holds".into()), ("schedulable".into(), "holds".into())]);
}
