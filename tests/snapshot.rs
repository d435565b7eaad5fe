//! Running clusters as folders: a stand-in for kubectl answers from `tests/fixtures/dump`, whose every text that might
//! be a secret says so.
#![cfg(unix)]

use kubound::manifest::load;
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::{Granularity, PlacedPhase, Start};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const KUBOUND: &str = env!("CARGO_BIN_EXE_kubound");

fn dump() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dump")
}

/// An empty folder for one test.
fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("kubound-snapshot-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A program that runs these lines of shell.
fn program(folder: &Path, name: &str, lines: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{lines}\n")).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
}

/// `kubound` in a folder, where it finds the programs of this folder and no others.
fn kubound(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(KUBOUND).args(arguments).env("PATH", folder).current_dir(folder).output().expect("it runs")
}

fn all_text(folder: &Path) -> String {
    let files = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    files.map(|file| fs::read_to_string(file).expect("text")).collect()
}

/// Placements as `phase node pods`.
fn placed(folder: &Path) -> Vec<String> {
    let loaded = load(&[folder.to_path_buf()], None).expect("the snapshot can be read");
    assert_eq!(loaded.cluster.start, Start::Snapshot);
    assert_eq!(loaded.cluster.version.0, 32);
    assemble(&loaded.cluster, Granularity::Fused).expect("it assembles");
    let mut placed: Vec<String> = loaded
        .cluster
        .placed
        .iter()
        .map(|one| format!("{} {} {}", one.phase.name(), one.pool.as_deref().unwrap_or("-"), one.pods.lo))
        .collect();
    placed.sort();
    placed
}

const PLACED: [&str; 4] = ["pending - 2", "running n1 2", "scheduled n2 1", "terminating n2 1"];

#[test]
fn a_cluster_is_asked_through_kubectl_and_secrets_never() {
    let folder = scratch("kubectl");
    program(
        &folder,
        "kubectl",
        &format!(
            "echo \"$@\" >> {0}/asked\ncase \"$*\" in *limitranges*) echo forbidden >&2; exit 1;; esac\nfor word; do [ \"$word\" = get ] && found=1 && continue; [ \"$found\" = 1 ] && break; done\ncat {1}/\"$word\".json",
            folder.display(),
            dump().display()
        ),
    );
    let output = kubound(&folder, &["snapshot", "out", "--context", "staging"]);
    assert!(output.status.success(), "{}", said(&output));
    let asked = fs::read_to_string(folder.join("asked")).expect("kubectl ran");
    assert!(asked.lines().all(|line| line.starts_with("--context staging get ")), "{asked}");
    assert!(!asked.contains("secret") && !asked.contains("configmap"), "{asked}");
    assert!(said(&output).contains("limitranges could not be read and are left out: forbidden"), "{}", said(&output));
    assert_eq!(placed(&folder.join("out")), PLACED);
    let again = kubound(&folder, &["snapshot", "out"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(said(&again).contains("is not empty"), "{}", said(&again));
}

#[test]
fn nothing_secret_is_written() {
    let folder = scratch("secrets");
    let output = kubound(&folder, &["snapshot", "out", "-f", dump().to_str().expect("text")]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("left out  1 ConfigMap, 1 Secret"), "{}", said(&output));
    let written = all_text(&folder.join("out"));
    assert!(written.contains("400m") && written.contains("cpuUsage: \"200m\""), "{written}");
    assert!(!written.contains("s3cr3t"), "{written}");
    assert!(!written.contains("PASSWORD"), "{written}");
    for note in ["1 pod that ended", "1 pod on nodes that are not", "1 pod of DaemonSet"] {
        assert!(said(&output).contains(note), "{note}: {}", said(&output));
    }
    assert_eq!(placed(&folder.join("out")), PLACED);
    let loaded = load(&[folder.join("out")], None).expect("read");
    assert!(loaded.cluster.workloads[0].replicas_managed, "the applied manifest had spec.replicas");
    assert!(loaded.cluster.workloads[0].template.annotations.contains_key("descheduler.alpha.kubernetes.io/evict"));
}

/// Two nodes of one CPU and pods of 400m: two fit on each. Five are wanted, so one stays without a node.
#[test]
fn runs_start_with_the_pods_that_were_there() {
    let folder = scratch("verify");
    let output = kubound(&folder, &["snapshot", "out", "-f", dump().to_str().expect("text")]);
    assert!(output.status.success(), "{}", said(&output));
    let verdict = kubound(&folder, &["verify", "out", "--intent", "schedulable", "--engine", "explicit"]);
    let text = said(&verdict);
    assert_eq!(verdict.status.code(), Some(1), "{text}");
    assert!(text.contains("start snapshot"), "{text}");
    // Five pods are there: the ReplicaSet creates none before the first one is bound.
    assert!(!text.contains(" for default/web"), "{text}");
}

#[test]
fn what_is_missing_is_said() {
    let folder = scratch("missing");
    let output = kubound(&folder, &["snapshot", "out"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("install kubectl, or give dumps with -f"), "{}", said(&output));
    program(&folder, "kubectl", "echo 'the server is down' >&2; exit 1");
    let output = kubound(&folder, &["snapshot", "out"]);
    assert!(said(&output).contains("kubectl get nodes: the server is down"), "{}", said(&output));
    program(&folder, "kubectl", "echo '<html>'");
    let output = kubound(&folder, &["snapshot", "out"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("not JSON"), "{}", said(&output));
    fs::write(folder.join("d.yaml"), "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n").expect("written");
    let output = kubound(&folder, &["snapshot", "out", "-f", "d.yaml"]);
    assert!(said(&output).contains("no Deployment or ReplicaSet"), "{}", said(&output));
    assert!(!folder.join("out").exists());
}

#[test]
fn phases_have_rules() {
    let read = |placed: &str, start: &str| {
        let folder = scratch("phases");
        kubound(&folder, &["snapshot", "out", "-f", dump().to_str().expect("text")]);
        let scenario = format!(
            "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  start: {start}\n  placed: [{placed}]\n"
        );
        fs::write(folder.join("out/scenario.yaml"), scenario).expect("written");
        load(&[folder.join("out")], None)
            .map(|loaded| loaded.cluster.placed[0].phase)
            .map_err(|error| error.to_string())
    };
    assert_eq!(read("{target: web, pods: 2, phase: pending}", "empty"), Ok(PlacedPhase::Pending));
    for (placed, start, message) in [
        ("{target: web, pool: n1, pods: 2, phase: pending}", "snapshot", "pending pods have no node"),
        ("{target: web, pods: 2}", "snapshot", "the name of a pool or Node"),
        ("{target: web, pool: n1, pods: 0..2, phase: scheduled}", "empty", "an exact number of pods"),
        ("{target: web, pool: n1, pods: 2, phase: terminating}", "any", "running pods only"),
        ("{target: web, pods: 1, phase: pending}, {target: web, pods: 2, phase: pending}", "snapshot", "occur twice"),
    ] {
        let error = read(placed, start).expect_err(placed);
        assert!(error.contains(message), "{placed}: {error}");
    }
}

/// A folder with the manifests of a small cluster below `parts`, which only a program brings together.
fn chart(name: &str, file: &str) -> PathBuf {
    let folder = scratch(name);
    fs::create_dir(folder.join("chart")).expect("made");
    fs::write(folder.join("chart").join(file), "name: web\n").expect("written");
    fs::write(folder.join("chart/values.yaml"), "replicas: 1\n").expect("written");
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/c8/fixed");
    let rendered: String = ["deploy.yaml", "policy.yaml"]
        .map(|file| fs::read_to_string(case.join(file)).expect("there") + "\n---\n")
        .concat();
    fs::write(folder.join("rendered"), rendered).expect("written");
    let scenario = fs::read_to_string(case.join("scenario.yaml")).expect("there");
    let scenario: String =
        scenario.lines().filter(|line| !line.contains("resources:")).flat_map(|line| [line, "\n"]).collect();
    fs::write(folder.join("chart/scenario.yaml"), scenario).expect("written");
    folder
}

#[test]
fn charts_and_kustomizations_are_rendered_by_their_programs() {
    for (name, file, stub, called) in [
        ("helm", "Chart.yaml", "helm", "template release-name ./chart"),
        ("kubectl-kustomize", "kustomization.yaml", "kubectl", "kustomize ./chart"),
        ("kustomize", "kustomization.yml", "kustomize", "build ./chart"),
    ] {
        let folder = chart(name, file);
        let missing = kubound(&folder, &["verify", "chart"]);
        assert_eq!(missing.status.code(), Some(2), "{}", said(&missing));
        assert!(said(&missing).contains("cannot be found") && said(&missing).contains("install"), "{}", said(&missing));
        program(&folder, stub, "echo \"$@\" > called\ncat rendered");
        let output = kubound(&folder, &["verify", "chart", "--intent", "noOscillation", "--nodes", "1"]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(fs::read_to_string(folder.join("called")).expect("called").trim(), called);
        program(&folder, stub, "echo 'values are wrong' >&2; exit 3");
        let failed = kubound(&folder, &["verify", "chart"]);
        assert_eq!(failed.status.code(), Some(2));
        assert!(said(&failed).contains("values are wrong"), "{}", said(&failed));
    }
}

#[test]
fn applications_of_a_repository_are_decided_one_by_one() {
    let folder = scratch("applications");
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  \
               template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: a, image: a}]}\n";
    for (file, text) in [
        ("apps/web.yaml", web),
        ("chart/Chart.yaml", "name: web\n"),
        ("chart/templates/web.yaml", "kind: {{ .Values.kind }}\n"),
        ("overlay/kustomization.yaml", "resources: [../base]\n"),
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", web),
        ("rendered", web),
    ] {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    let verify = |more: &[&str]| {
        let output =
            kubound(&folder, &[&["verify", ".", "--timing", "paced", "--intent", "schedulable"], more].concat());
        (output.status.code(), said(&output))
    };
    let (code, text) = verify(&[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("a Helm chart, left out: helm template chart | kubound verify -"), "{text}");
    assert!(text.contains("a kustomization, left out: kubectl kustomize overlay | kubound verify -"), "{text}");
    assert!(!text.contains("base") && !text.contains("application "), "{text}");

    program(&folder, "helm", "cat rendered");
    let (code, text) = verify(&[]);
    assert_eq!(code, Some(0), "{text}");
    let named: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("application ")).collect();
    assert_eq!(named, [".", "chart"], "{text}");
    assert!(!text.contains("a Helm chart") && text.contains("a kustomization, left out"), "{text}");

    program(&folder, "kustomize", "cat rendered");
    let (code, text) = verify(&["-o", "junit=report.xml"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.matches("holds[schedulable]").count(), 3, "{text}");
    assert!(!text.contains("left out"), "{text}");
    let report = fs::read_to_string(folder.join("report.xml")).expect("written");
    assert_eq!(report.matches("<testsuite ").count(), 3, "{report}");
    let (code, text) = verify(&["-o", "json"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("-o json takes one input, and here are 3"), "{text}");
    let (code, text) = verify(&["--save", "runs"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("--save takes one application") && text.contains("name one of them: ., chart, overlay"),
        "{text}"
    );

    program(&folder, "helm", "echo 'values are wrong' >&2; exit 3");
    let (code, text) = verify(&[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("values are wrong"), "{text}");
    assert_eq!(text.matches("holds[schedulable]").count(), 2, "the others are decided: {text}");
}

#[test]
fn a_snapshot_asks_about_what_is_likely_to_happen() {
    let folder = scratch("likely");
    let output = kubound(&folder, &["snapshot", "out", "-f", dump().to_str().expect("text")]);
    assert!(output.status.success(), "{}", said(&output));
    let cluster = load(&[folder.join("out")], None).expect("read").cluster;
    let events: Vec<&str> = cluster.events.iter().map(|event| event.kind.name()).collect();
    assert!(events.contains(&"drain") && events.contains(&"rollout"), "{events:?}");
    let intents: Vec<&str> = cluster.intents.iter().map(|intent| intent.kind.name()).collect();
    for intent in ["drainCompletes", "rolloutCompletes", "schedulable", "converges"] {
        assert!(intents.contains(&intent), "{intents:?}");
    }
}

#[test]
fn rendered_manifests_can_be_piped_to_a_scenario() {
    let folder = chart("pipe", "Chart.yaml");
    let mut command = Command::new(KUBOUND);
    command.args(["verify", "-", "chart/scenario.yaml", "--intent", "noOscillation", "--nodes", "1"]);
    let rendered = fs::File::open(folder.join("rendered")).expect("there");
    let output = command.current_dir(&folder).stdin(rendered).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn volumes_and_security_contexts_are_kept() {
    let folder = scratch("claims").join("taken");
    let dump = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/claims/dump.json");
    let taken = Command::new(KUBOUND).arg("snapshot").arg("-f").arg(dump).arg(&folder).output().expect("it runs");
    assert!(taken.status.success(), "{}", said(&taken));
    let loaded = load(&[folder], None).expect("the snapshot can be read");
    let web = &loaded.cluster.workloads[0];
    assert_eq!((web.volume_nodes.len(), web.exclusive_claims.len()), (1, 1), "tied to node a, attached to one node");
    assert_eq!(web.template.refused_by, None, "its namespace enforces restricted, and it keeps to that");
}
