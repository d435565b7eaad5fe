//! The reader from outside: fixtures, and everything that a hostile or careless input may hold. One file for each kind.

mod autoscalers;
mod bad_input;
mod daemon_sets;
mod deployments;
mod folders;
mod jobs;
mod judgements;
mod limits;
mod places;
mod pods;
mod policies;
mod scenario;
mod stateful_sets;
mod validation;
mod volumes;

use kubound::manifest::{InputError, Loaded, Severity, load, load_embedded};
use std::fs;
use std::path::{Path, PathBuf};

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

fn with_plugin(point: &str, name: &str, args: &str) -> Result<Loaded, InputError> {
    with_manifest(&format!(
        "apiVersion: descheduler/v1alpha2\nkind: DeschedulerPolicy\nprofiles:\n- name: one\n  pluginConfig:\n  - \
         {{name: {name}, args: {args}}}\n  plugins: {{{point}: {{enabled: [{name}]}}}}\n"
    ))
}
