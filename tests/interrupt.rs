//! What happens when the user, or the reader of the output, has enough: partial results and a clean end.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

fn kubound(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_kubound"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("RUST_LOG", "kubound=info")
        .env("NO_COLOR", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started")
}

/// Reads until a line with these words is there.
fn wait_for(stderr: &mut BufReader<ChildStderr>, words: &str) {
    let mut line = String::new();
    while !line.contains(words) {
        line.clear();
        assert!(stderr.read_line(&mut line).expect("text") > 0, "`{words}` never came");
    }
}

#[test]
fn an_interrupt_ends_with_what_is_known() {
    ends_with_what_is_known("-INT");
}

/// What a pipeline sends when its time is over.
#[test]
fn a_request_to_terminate_ends_with_what_is_known() {
    ends_with_what_is_known("-TERM");
}

fn ends_with_what_is_known(signal: &str) {
    // The first intent is violated by the first pod; the states of the second take more than any memory.
    let mut child = kubound(&["verify", "tests/fixtures/long", "--engine", "explicit", "--timeout", "1h"]);
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    wait_for(&mut stderr, "decided 1 of 2: boundedPods: violated");
    wait_for(&mut stderr, "noOscillation");
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill is there");
    assert!(sent.success());
    let mut said = String::new();
    stderr.read_to_string(&mut said).expect("text");
    let output = child.wait_with_output().expect("ended");
    let report = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("interrupted: stopping"), "{said}");
    assert!(report.starts_with("error[boundedPods]"), "{report}");
    assert!(report.contains("interrupted: ") && !report.contains("holds[noOscillation]"), "{report}");
}

/// Solvers must not take the signal for themselves, and nothing may go on for long without asking.
#[test]
fn every_engine_ends_soon_after_an_interrupt() {
    for engine in ["portfolio", "symbolic", "proof", "explicit"] {
        let mut child = kubound(&["verify", "tests/fixtures/long", "--engine", engine, "--timeout", "1h"]);
        let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
        wait_for(&mut stderr, "noOscillation");
        std::thread::sleep(Duration::from_millis(1500));
        let begin = Instant::now();
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success(), "{engine}");
        let output = child.wait_with_output().expect("ended");
        assert_eq!(output.status.code(), Some(130), "{engine}");
        assert!(begin.elapsed() < SOON, "{engine}: {:?}", begin.elapsed());
    }
}

/// The answer to the easy intent is there while the hard one, which comes first in the scenario, takes its time.
#[test]
fn answers_are_printed_as_soon_as_they_are_known() {
    for (format, begin) in [("human", "error[boundedPods]"), ("jsonl", "{\"type\":\"intent\""), ("github", "::error ")]
    {
        let mut child = kubound(&["verify", "tests/fixtures/long", "-o", format, "--timeout", "1h"]);
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("text");
        assert!(line.starts_with(begin) && (format == "human" || line.contains("boundedPods")), "{format}: {line}");
        assert!(child.try_wait().expect("a process").is_none(), "{format}: it was not over");
        let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success(), "{format}");
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).expect("text");
        assert_eq!(child.wait().expect("ended").code(), Some(130), "{format}: {rest}");
    }
}

/// Far less memory than the states of the hard intent take.
#[test]
fn searches_give_up_before_they_take_more_memory_than_they_may() {
    let arguments = ["--memory", "200Mi", "--intent", "noOscillation", "--timeout", "5m", "--engine"];
    for engine in ["explicit", "portfolio"] {
        let arguments = ["verify", "tests/fixtures/long"].iter().chain(&arguments).chain([&engine]);
        let output = kubound(&arguments.copied().collect::<Vec<_>>()).wait_with_output().expect("ended");
        let report = String::from_utf8(output.stdout).expect("text");
        // Beside the explicit engine clauses may have come to some depth by then.
        let is_bounded = engine == "portfolio" && report.contains("no violation up to depth");
        assert_eq!(output.status.code(), Some(3), "{engine}: {report}");
        assert!(is_bounded || report.contains("explicit: memory limit"), "{engine}: {report}");
    }
}

/// A second, and what a busy machine needs.
const SOON: Duration = Duration::from_secs(3);

#[test]
fn time_is_kept_in_every_phase_of_a_large_cluster() {
    // Proofs from single rules decide some of its intents, and not all of them in this time.
    let folder = large_cluster(60, 50);
    // The model alone takes longer than the first of these.
    for (seconds, engines) in [(1, &["portfolio"][..]), (5, &["portfolio", "symbolic", "proof", "explicit"])] {
        for engine in engines {
            let timeout = format!("{seconds}s");
            let begin = Instant::now();
            let child = kubound(&["verify", &folder, "--engine", engine, "--timeout", &timeout, "-o", "json"]);
            let output = child.wait_with_output().expect("ended");
            let most = Duration::from_secs(seconds) + SOON;
            assert!(begin.elapsed() < most, "{engine}: {:?} of {timeout}", begin.elapsed());
            assert_eq!(output.status.code(), Some(3), "{engine}: {timeout}");
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
            let results = report["results"].as_array().expect("a list");
            assert!(!results.is_empty(), "{engine}: {timeout}");
            let is_open = |result: &serde_json::Value| result["verdict"] == "unknown";
            assert!(results.iter().any(is_open), "{engine}: {timeout}");
        }
    }
}

/// A folder with so many Deployments that differ in their requests.
fn large_cluster(workloads: usize, nodes: usize) -> String {
    let folder = std::env::temp_dir().join(format!("kubound-large-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let deployment = |number: usize| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: w{number}}}\nspec:\n  replicas: 3\n  selector: \
             {{matchLabels: {{app: w{number}}}}}\n  template:\n    metadata: {{labels: {{app: w{number}}}}}\n    spec: \
             {{containers: [{{name: a, image: x, resources: {{requests: {{cpu: {}m, memory: {}Mi}}}}}}]}}\n---\n",
            100 + number * 10,
            64 + number
        )
    };
    let manifests: String = (0..workloads).map(deployment).collect();
    let scenario = format!(
        "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: large}}\nspec:\n  start: empty\n  nodes: \
         [{{name: n, count: {nodes}, template: {{allocatable: {{cpu: \"8\", memory: 32Gi, pods: \"110\"}}}}}}]\n  \
         intents: [{{noOscillation: {{}}}}, {{schedulable: {{}}}}]\n"
    );
    std::fs::write(folder.join("manifests.yaml"), manifests).expect("written");
    std::fs::write(folder.join("scenario.yaml"), scenario).expect("written");
    folder.display().to_string()
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for (arguments, code) in [
        (&["verify", "cases/c8/broken"][..], 0),
        (&["verify", "cases/c8/broken", "-o", "json"], 0),
        (&["cases", "show", "c8"], 0),
        (&["list", "ids"], 0),
        (&["explain", "syntax"], 0),
        (&["--help"], 0),
    ] {
        let mut child = kubound(arguments);
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("ended");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("error:"), "{arguments:?}: {said}");
    }
}
