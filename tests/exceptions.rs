//! Violations that are accepted for a time: in the scenario and on objects, used, unused and expired, in every report.

use kubound::manifest::{Loaded, NoteKind, load_embedded};
use std::path::{Path, PathBuf};
use std::process::Command;

const WORKLOAD: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {ANNOTATIONS}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example/web, resources: {requests: {cpu: '1'}}}]}
";

/// A node that holds one of the two pods: `schedulable` and `converges` are violated, `noOscillation` holds.
const SCENARIO: &str = "apiVersion: kubound.dev/v1alpha1
kind: Scenario
metadata: {name: full}
spec:
  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: 1500m, memory: 1Gi}}}]
  intents: [noOscillation, schedulable: {target: web}, converges: {target: web}]
  exceptions: EXCEPTIONS
";

fn texts(annotations: &str, exceptions: &str) -> [(String, String); 2] {
    let workload = WORKLOAD.replace("ANNOTATIONS", annotations);
    [("web.yaml".into(), workload), ("scenario.yaml".into(), SCENARIO.replace("EXCEPTIONS", exceptions))]
}

fn read(annotations: &str, exceptions: &str) -> Result<Loaded, String> {
    load_embedded("full", &texts(annotations, exceptions)).map_err(|error| error.to_string())
}

/// The exit code of `verify`, and what it says in a format.
fn verify(name: &str, (annotations, exceptions): (&str, &str), format: &str) -> (Option<i32>, String) {
    let folder: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("exceptions-{name}"));
    std::fs::create_dir_all(&folder).expect("a folder");
    for (file, text) in texts(annotations, exceptions) {
        std::fs::write(folder.join(file), text).expect("written");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_kubound"))
        .args(["verify", ".", "--engine", "explicit", "-o", format])
        .env("GITHUB_ACTIONS", "")
        .env("NO_COLOR", "1")
        .current_dir(&folder)
        .output()
        .expect("it runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

const IN_SCENARIO: &str = "[{intent: schedulable, reason: wait for nodes, expires: '9999-12-31'}]";
const ON_OBJECT: &str = "kubound.dev/ignore: 'converges until 9999-12-31: wait for nodes'";

#[test]
fn accepted_violations_do_not_fail_and_are_counted_in_every_report() {
    for (format, counted) in [
        ("human", "exceptions  2 used, 0 unused, 0 expired"),
        ("json", "\"state\": \"used\""),
        ("jsonl", "\"state\":\"used\""),
        ("sarif", "\"justification\": \"wait for nodes (until 9999-12-31)\""),
        ("junit", "<property name=\"exceptions\" value=\"2 used, 0 unused, 0 expired\"/>"),
        ("github", "::notice "),
        ("markdown", "| exceptions | 2 used, 0 unused, 0 expired |"),
        ("html", "\"state\":\"used\""),
    ] {
        let (code, text) = verify(&format!("used-{format}"), (ON_OBJECT, IN_SCENARIO), format);
        assert_eq!(code, Some(0), "{format}: {text}");
        assert!(text.contains(counted), "{format}: {text}");
    }
}

#[test]
fn what_is_not_excepted_still_fails() {
    let (code, text) = verify("one", ("", IN_SCENARIO), "human");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("excepted[schedulable]") && text.contains("error[converges]"), "{text}");
    assert!(text.contains("1 used, 0 unused, 0 expired"), "{text}");
}

#[test]
fn expired_exceptions_fail_again_with_a_warning() {
    let (code, text) =
        verify("expired", ("kubound.dev/ignore: 'converges until 2001-01-31: wait for nodes'", IN_SCENARIO), "human");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("warning[expired-exception]") && text.contains("web.yaml:5:"), "{text}");
    assert!(text.contains("1 used, 0 unused, 1 expired"), "{text}");
}

#[test]
fn unused_exceptions_are_told() {
    let unused = "[{intent: noOscillation, reason: none, expires: '9999-12-31'}, {intent: schedulable, target: web, reason: r, expires: '9999-12-31'}]";
    let (code, text) = verify("unused", (ON_OBJECT, unused), "human");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("noOscillation is not violated; remove the exception (none)"), "{text}");
}

#[test]
fn exceptions_have_an_intent_a_reason_and_a_day() {
    for (annotations, exceptions, message) in [
        ("", "[{intent: schedulable, expires: '9999-12-31'}]", "why the violation is accepted"),
        ("", "[{intent: schedulable, reason: ' ', expires: '9999-12-31'}]", "no reason"),
        ("", "[{intent: schedulable, reason: r}]", "the last day"),
        ("", "[{intent: schedulable, reason: r, expires: '31.12.2030'}]", "a day such as"),
        ("", "[{intent: schedulable, reason: r, expires: '2030-02-30'}]", "a day such as"),
        ("", "[{intent: schedulabel, reason: r, expires: '9999-12-31'}]", "did you mean `schedulable`?"),
        ("", "[{intent: schedulable, target: wob, reason: r, expires: '9999-12-31'}]", "no workload `wob`"),
        ("", "[{intent: schedulable, why: r}]", "why"),
        ("kubound.dev/ignore: 'converges'", "[]", "INTENT until YYYY-MM-DD: REASON"),
        ("kubound.dev/ignore: 'converges until 9999-12-31:'", "[]", "INTENT until YYYY-MM-DD: REASON"),
        ("kubound.dev/ignore: ''", "[]", "no exception"),
        ("kubound.dev/ignore: 'gone until 9999-12-31: r'", "[]", "no intent `gone`"),
    ] {
        let error = read(annotations, exceptions).expect_err(message);
        assert!(error.contains(message), "{error}");
    }
    let loaded = read("kubound.dev/ignore: \"converges until 9999-12-31: a\\nschedulable until 2001-01-01: b\"", "[]");
    let loaded = loaded.expect("two lines");
    assert_eq!(loaded.accepted.len(), 2);
    assert_eq!(loaded.notes.iter().filter(|note| note.kind == NoteKind::ExpiredException).count(), 1);
    let web = Some("Deployment/default/web");
    let covered = |intent: &str| loaded.accepted.iter().any(|one| one.covers(intent, web));
    assert!(covered("converges") && !covered("schedulable") && !covered("noOscillation"));
}
