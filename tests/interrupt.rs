//! What happens when the user, or the reader of the output, has enough: partial results and a clean end.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

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
