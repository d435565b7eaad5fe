//! `docs/src/fidelity.md`, written from the outcomes.

use crate::COMPONENTS;
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

const INTRODUCTION: &str = "# Fidelity

The models against Kubernetes' own code. A Go program calls the real functions on random small inputs, boundary values
over-represented, and records what they do; a test replays every vector on the concrete evaluator of the model, in both
directions: what the real code does must be among what the model allows, and the model must allow nothing that the real
code does for no pods with the same counts. Rules that are tagged as over-approximations may allow more; how often they
did is counted. Vectors that no rule models yet are recorded for later and never count as matched.

This page is written by the test: `KUBOUND_WRITE_FIDELITY=1 cargo test --test fidelity`. The vectors are made anew by
`cd tests/fidelity/generate && go run .` (in `descheduler` below it for the descheduler's), which needs Go and the
network; see its `README.md`.

| component | Kubernetes | vectors | replayed | matched | over-approximated | not modelled yet |
|---|---|---|---|---|---|---|
";

/// Compares the page with the outcomes, or writes it.
pub fn check() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/fidelity.md");
    let page = render();
    if std::env::var_os("KUBOUND_WRITE_FIDELITY").is_some() {
        std::fs::write(&path, page).expect("the page can be written");
        return;
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(known == page, "docs/src/fidelity.md is out of date: KUBOUND_WRITE_FIDELITY=1 cargo test --test fidelity");
}

fn render() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut details = String::new();
    for component in &COMPONENTS {
        let (file, tally) = component.outcome();
        let version = version(&file.header);
        let vectors = file.lines.len();
        let row = match component.check {
            Some(_) => format!(
                "{} | {:.2} % | {} | {}",
                tally.replayed,
                tally.rate(),
                tally.over_approximated,
                tally.not_modelled
            ),
            None => format!("0 | - | - | {vectors}"),
        };
        let _ = writeln!(page, "| {} | {version} | {vectors} | {row} |", component.name);
        let _ = writeln!(details, "\n## {}\n\nCalled: {}.\n\n{}", component.name, component.real, component.covers);
        if !tally.deviations.is_empty() {
            let _ = writeln!(details, "\n{} deviations.", tally.deviations.len());
        }
    }
    page + &details
}

/// What was called, from the header of a file of vectors.
fn version(header: &Value) -> String {
    match (header["kubernetes"].as_str(), header["descheduler"].as_str()) {
        (Some(version), _) => version.to_owned(),
        (None, Some(version)) => format!("descheduler {version}"),
        (None, None) => "?".to_owned(),
    }
}
