//! Values of fields: whole ranges are decided as each of their values is by itself, values are written into the text of the
//! input, and what cannot be varied is told.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MANIFESTS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: app
        resources: {requests: {cpu: \"1\", memory: 1Gi}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: guard}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: web}}
";

const SCENARIO: &str = "\
apiVersion: kubound.dev/v1alpha1
kind: Scenario
spec:
  nodes:
  - {name: worker, count: 2, template: {allocatable: {cpu: \"4\", memory: 16Gi, pods: \"110\"}}}
  events: [{drain: {}}]
  timing: paced
  intents: [{schedulable: {target: web}}, drainCompletes]
";

/// A folder with the manifests, and the scenario with other lines in the place of some.
fn folder(name: &str, changes: &[(&str, &str)]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("kubound-vary-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let scenario = changes.iter().fold(SCENARIO.to_owned(), |text, (before, after)| {
        assert!(text.contains(before), "{before}");
        text.replace(before, after)
    });
    std::fs::write(folder.join("web.yaml"), MANIFESTS).expect("a manifest");
    std::fs::write(folder.join("scenario.yaml"), scenario).expect("a scenario");
    folder
}

fn vary(folder: &Path, fields: &[&str], flags: &[&str]) -> Output {
    let fields = fields.iter().flat_map(|field| ["--field", field]);
    Command::new(env!("CARGO_BIN_EXE_kubound"))
        .arg("vary")
        .arg(folder)
        .args(fields)
        .args(flags)
        .output()
        .expect("kubound runs")
}

fn document(folder: &Path, fields: &[&str], flags: &[&str]) -> Value {
    let output = vary(folder, fields, &[flags, &["-o", "json"]].concat());
    let told = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"))
}

/// The verdict of every combination, by intent and values; clean ones are alike.
fn verdicts(document: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for intent in document["intents"].as_array().expect("intents") {
        for answer in intent["answers"].as_array().expect("answers") {
            let verdict = answer["verdict"].as_str().expect("a verdict").replace("vacuous", "holds");
            found.insert(format!("{} {}", intent["intent"], answer["values"]), verdict);
        }
    }
    found
}

/// Decides fields with ranges, and again with the same values in an order in which they are no range.
fn agree(folder: &Path, ranges: &[&str], lists: &[&str], flags: &[&str]) -> (u64, BTreeMap<String, String>) {
    let (whole, single) = (document(folder, ranges, flags), document(folder, lists, flags));
    let (symbolic, by_value) = (verdicts(&whole), verdicts(&single));
    assert!(!symbolic.is_empty());
    assert_eq!(symbolic, by_value, "{ranges:?}");
    let searches = |document: &Value| document["searches"].as_u64().expect("a number");
    assert!(searches(&whole) <= 2 * searches(&single), "{whole:#}");
    std::fs::remove_dir_all(folder).expect("removed");
    (searches(&whole), symbolic)
}

fn count(verdicts: &BTreeMap<String, String>, verdict: &str) -> usize {
    verdicts.values().filter(|one| *one == verdict).count()
}

#[test]
fn ranges_of_replicas_are_decided_as_each_of_their_values() {
    let folder = folder("replicas", &[]);
    let (searches, found) = agree(&folder, &["web spec.replicas=1..7"], &["web spec.replicas=7,1,2,3,4,5,6"], &[]);
    assert_eq!((count(&found, "violated"), count(&found, "holds")), (4, 10));
    assert!(searches < 7, "{searches}");
}

#[test]
fn safe_values_cost_one_search() {
    let folder = folder("safe", &[]);
    let document = document(&folder, &["web spec.replicas=2..4"], &[]);
    assert_eq!((document["searches"].as_u64(), count(&verdicts(&document), "holds")), (Some(1), 6));
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn assumptions_and_bounds_leave_no_value_out() {
    let assumed = folder("assumed", &[("  timing", "  assume: [\"nodes.present >= 2\"]\n  timing")]);
    let ranges = ["web spec.replicas=1..3", "Scenario spec.nodes[0].count=1..3"];
    let lists = ["web spec.replicas=3,1,2", "Scenario spec.nodes[name=worker].count=3,1,2"];
    let (_, found) = agree(&assumed, &ranges[..1], &lists[..1], &[]);
    assert_eq!(count(&found, "violated"), 1);
    let assumed = folder("assumed-nodes", &[("  timing", "  assume: [\"nodes.present >= 2\"]\n  timing")]);
    let single = document(&assumed, &[lists[0], lists[1]], &[]);
    let whole = document(&assumed, &[ranges[0], ranges[1]], &[]);
    let strip = |document: &Value| verdicts(document).into_values().collect::<Vec<_>>();
    assert_eq!(strip(&single), strip(&whole));
    assert_eq!(whole["refused"].as_array().map(Vec::len), Some(3));
    std::fs::remove_dir_all(&assumed).expect("removed");
    let bounded = folder("bounded", &[("  timing", "  bounds: {pods: 3}\n  timing")]);
    let (_, found) = agree(&bounded, &["web spec.replicas=2..6"], &["web spec.replicas=6,2,3,4,5"], &[]);
    assert_eq!(count(&found, "violated"), 2);
}

#[test]
fn ranges_of_amounts_are_split_until_each_is_known() {
    let folder = folder("amounts", &[]);
    let field = "Scenario spec.nodes[0].template.allocatable.cpu";
    let (ranges, lists) = (format!("{field}=500m..2500m/500m"), format!("{field}=2500m,500m,1000m,1500m,2000m"));
    let (_, found) = agree(&folder, &[&ranges], &[&lists], &["--intent", "schedulable"]);
    assert_eq!((count(&found, "violated"), count(&found, "holds")), (3, 2));
}

#[test]
fn the_scenario_says_which_fields_are_varied() {
    let entry = "  vary:\n  - {object: web, field: spec.replicas, in: 1..2}\n  - {object: guard, field: spec.minAvailable, in: [1, 2, \"50%\", -3]}\n  timing";
    let folder = folder("scenario", &[("  timing", entry)]);
    let output = vary(&folder, &[], &["--intent", "drainCompletes"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("\n    2              holds     violated  holds     refused\n"), "{text}");
    assert!(text.contains("\nrefused for spec.replicas 1..2, spec.minAvailable -3: spec.minAvailable of"), "{text}");
    assert!(text.contains("\n  with spec.replicas 1, spec.minAvailable 1: a drain never ends\n"), "{text}");
    let verified =
        Command::new(env!("CARGO_BIN_EXE_kubound")).arg("verify").arg(&folder).output().expect("kubound runs");
    let text = String::from_utf8(verified.stdout).expect("UTF-8");
    assert!(
        verified.status.success() && text.contains("[varied-field]: spec.replicas of Deployment/default/web"),
        "{text}"
    );
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn replicas_of_the_scenario_are_varied_in_place_of_those_of_the_manifest() {
    let entry = "  workloads: [{target: Deployment/web, replicas: 1..9}]\n  timing";
    let folder = folder("override", &[("  timing", entry)]);
    let document = document(&folder, &["web spec.replicas=2..5"], &["--intent", "schedulable"]);
    assert_eq!((count(&verdicts(&document), "violated"), count(&verdicts(&document), "holds")), (1, 3));
    let again = self::folder("override-agrees", &[("  timing", entry)]);
    agree(&again, &["web spec.replicas=2..5"], &["web spec.replicas=5,2,3,4"], &[]);
    let text = String::from_utf8(vary(&folder, &["web spec.replicas=5,2"], &[]).stdout).expect("UTF-8");
    assert!(text.contains("set spec.workloads[0].replicas of"), "{text}");
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn fields_that_are_not_written_are_added() {
    let folder = folder("added", &[]);
    let field = "web spec.template.spec.nodeSelector.disk=ssd,hdd";
    let document = document(&folder, &[field], &["--intent", "schedulable"]);
    assert_eq!(count(&verdicts(&document), "violated"), 2, "{document:#}");
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn what_cannot_be_varied_is_bad_usage() {
    let folder = folder("usage", &[]);
    for (fields, told) in [
        (&["nobody spec.replicas=1..2"][..], "no object is called `nobody`"),
        (&["web spec.template.spec.containers[3].image=a"], "names an item that is not there"),
        (&["web spec.replicas=1..900", "guard spec.minAvailable=1..2"], "1800 combinations"),
        (&["web spec.replicas=1", "Deployment/web spec.replicas=2"], "twice"),
        (&[], "there is no field to vary"),
    ] {
        let output = vary(&folder, fields, &[]);
        let text = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(output.status.code() == Some(2) && text.contains(told), "{fields:?}: {text}");
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn the_reader_of_scenarios_is_strict() {
    for (index, (entry, told)) in [
        ("{object: web, field: spec.replicas}", "expected a range such as"),
        ("{object: web, field: spec.replicas, in: 5..1}", "has no values"),
        ("{object: web, field: spec.replicas, in: []}", "no value to try"),
        ("{object: web, field: spec.replicas, in: [1, 1]}", "the value 1 twice"),
        ("{object: nobody, field: spec.replicas, in: [1]}", "no object is called"),
        ("{object: web, field: spec.replicas, in: [1], step: 2}", "unknown key `step`"),
        ("{object: web, field: spec.replicas, in: [{a: 1}]}", "expected a number"),
        ("{object: web, field: spec.x, in: [1]}, {object: Deployment/web, field: spec.x, in: [2]}", "occurs twice"),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = folder(&format!("strict-{index}"), &[("  timing", &format!("  vary: [{entry}]\n  timing"))]);
        let output = vary(&folder, &[], &[]);
        let text = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(output.status.code() == Some(2) && text.contains(told), "{entry}: {text}");
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
