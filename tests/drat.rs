//! The proofs that `--proof` writes are accepted by an independent checker of DRAT proofs, and only they.

use dratify::{Checker, Lit};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn verify(arguments: &[&str], proof: &Path) -> Output {
    let proof = proof.to_str().expect("a name in Unicode");
    Command::new(env!("CARGO_BIN_EXE_kubound"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg("verify")
        .args(arguments)
        .args(["--proof", proof])
        .output()
        .expect("the command runs")
}

/// A file of its own for a test.
fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// The checker numbers literals from zero, two for each variable.
fn literal(text: &str) -> Option<Lit> {
    let number: i32 = text.parse().expect("a number");
    (number != 0).then(|| 2 * (number.unsigned_abs() - 1) + u32::from(number < 0))
}

fn literals<'a>(words: impl Iterator<Item = &'a str>) -> Vec<Lit> {
    words.map_while(literal).collect()
}

struct Refutation {
    variables: u32,
    clauses: Vec<Vec<Lit>>,
    steps: Vec<(bool, Vec<Lit>)>,
}

fn read(proof: &Path) -> Refutation {
    let text = std::fs::read_to_string(proof.with_extension("cnf")).expect("the clauses");
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().expect("a head").split(' ').collect();
    let clauses: Vec<Vec<Lit>> = lines.map(|line| literals(line.split(' '))).collect();
    assert_eq!(head[..2], ["p", "cnf"]);
    assert_eq!(head[3], clauses.len().to_string());
    let text = std::fs::read_to_string(proof).expect("the proof");
    let step = |line: &str| match line.strip_prefix("d ") {
        Some(rest) => (true, literals(rest.split(' '))),
        None => (false, literals(line.split(' '))),
    };
    Refutation { variables: head[2].parse().expect("a number"), clauses, steps: text.lines().map(step).collect() }
}

fn is_accepted(refutation: &Refutation) -> bool {
    Checker::new(refutation.variables, &refutation.clauses, true, true).check(&refutation.steps).ok
}

#[test]
fn an_independent_checker_accepts_the_proof() {
    let proof = file("c2.drat");
    let output = verify(&["cases/c2/fixed", "--depth", "5"], &proof);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("no run of at most 5 steps violates replicas"), "{told}");
    let mut refutation = read(&proof);
    assert!(is_accepted(&refutation));
    // Without the question there is nothing to refute: the checker notices.
    let clauses = refutation.clauses.len();
    refutation.clauses.truncate(clauses / 2);
    assert!(!is_accepted(&refutation));
}

#[test]
fn a_loop_is_refuted_too() {
    let proof = file("c8.drat");
    let output = verify(&["cases/c8/fixed", "--depth", "3", "--nodes", "1"], &proof);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(is_accepted(&read(&proof)));
}

#[test]
fn a_violation_has_no_such_proof() {
    let output = verify(&["cases/c8/broken", "--engine", "explicit"], &file("broken.drat"));
    assert_eq!(output.status.code(), Some(0), "the scenario expects the violation");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("noOscillation is violated, so there is nothing to prove"), "{told}");
    assert!(!file("broken.drat").exists());
    let output = verify(&["tests/fixtures/plain"], &file("many.drat"));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--intent"));
}
