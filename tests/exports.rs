//! What is exported means the same to others: an independent solver (cvc5) decides the SMT-LIB scripts, and an
//! independent model checker (patronus, with cvc5 behind it) searches the BTOR2 files.

use crate::toys::{Expected, all_toys};
use kubound::engines::symbolic::Symbolic;
use kubound::engines::symbolic::query::query;
use kubound::engines::{Answer, Cancel, Engine, Limits};
use kubound::export::{btor2, smt2};
use kubound::manifest;
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::{Granularity, Span};
use kubound_encodings::system::TransitionSystem;
use patronus::expr::Context;
use patronus::mc::{ModelCheckResult, bmc};
use patronus::smt::{CVC5, Solver};
use std::io::Write;
use std::process::{Command, Stdio};

/// Whether a run of at most `depth` steps violates property 0, by cvc5.
fn solved(system: &TransitionSystem, depth: usize) -> bool {
    let query = query(system, 0, &Limits::default(), depth).expect("a query");
    let script = smt2::script(&query, "a question");
    let mut solver = Command::new("cvc5")
        .args(["--lang", "smt2", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cvc5 runs; scripts/test installs it");
    solver.stdin.take().expect("piped").write_all(script.as_bytes()).expect("cvc5 reads");
    let output = solver.wait_with_output().expect("cvc5 ends");
    match String::from_utf8_lossy(&output.stdout).trim() {
        "sat" => true,
        "unsat" => false,
        other => panic!("cvc5 says {other}"),
    }
}

/// The same by bounded model checking of the BTOR2 file.
fn checked(system: &TransitionSystem, depth: usize) -> bool {
    let text = btor2::file(system, 0, "a question");
    let mut context = Context::default();
    let file = patronus::btor2::parse_str(&mut context, &text, Some("exported")).expect("the file is well-formed");
    let mut solver = CVC5.start(None).expect("cvc5 runs; scripts/test installs it");
    let result = bmc(&mut context, &mut solver, &file, false, false, depth as u64).expect("cvc5 answers");
    matches!(result, ModelCheckResult::Fail(_))
}

/// Most steps for systems that hold.
const DEEP: usize = 5;

fn agree(violated: impl Fn(&TransitionSystem, usize) -> bool) {
    for toy in all_toys() {
        match toy.expected {
            Expected::Holds => assert!(!violated(&toy.system, DEEP), "{}", toy.name),
            Expected::Violated(depth) | Expected::OutOfRange(depth) => {
                assert!(violated(&toy.system, depth.max(1)), "{}: {depth} steps", toy.name);
                if depth > 1 {
                    assert!(!violated(&toy.system, depth - 1), "{}: fewer than {depth} steps", toy.name);
                }
            }
        }
    }
}

#[test]
fn cvc5_decides_the_scripts_of_toys_alike() {
    agree(solved);
}

#[test]
fn patronus_finds_bad_states_of_toys_alike() {
    agree(checked);
}

#[test]
fn a_case_cut_down_to_two_nodes_has_the_same_answers() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/c8/broken");
    let mut cluster = manifest::load(&[folder], None).expect("the case is well-formed").cluster;
    for pool in &mut cluster.pools {
        pool.count = Span::new(1, 1, 1).expect("one node");
    }
    for workload in &mut cluster.workloads {
        workload.replicas = Span::new(2, 2, 1).expect("two pods");
    }
    let system = assemble(&cluster, Granularity::Fused).expect("the case is supported");
    for depth in [2, 4] {
        let limits = Limits { depth: Some(depth), ..Limits::default() };
        let answer = Symbolic::default().decide(&system, 0, &limits, &Cancel::default()).expect("no fault").answer;
        let violated = matches!(answer, Answer::Violated(_));
        assert_eq!(solved(&system, depth), violated, "{depth} steps: the engine says {answer:?}");
        assert_eq!(checked(&system, depth), violated, "{depth} steps: the engine says {answer:?}");
    }
}
