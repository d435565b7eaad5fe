//! Induction and ranking: what they prove of toys and cases, that other solvers agree with every obligation, and that
//! broken systems are not proved.

use crate::toys::{Expected, all_toys};
use kubound::engines::proof::effects::Effects;
use kubound::engines::proof::obligations::Obligation;
use kubound::engines::proof::{Argument, Prover};
use kubound::engines::{Answer, Cancel, Engine, Limits};
use kubound::manifest;
use kubound::smt::{Check, Encoding, Stop};
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::Granularity;
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::{Bool, Term, within};
use std::path::PathBuf;

fn decide(system: &TransitionSystem) -> Answer {
    Prover::default().decide(system, 0, &Limits::default(), &Cancel::default()).expect("no fault").answer
}

fn is_proved(system: &TransitionSystem) -> bool {
    matches!(decide(system), Answer::Holds { .. })
}

/// A variant of a case with small pools.
fn case(name: &str, variant: &str, most: i64) -> TransitionSystem {
    small(&format!("cases/{name}/{variant}"), most)
}

/// The cluster of a folder, with small pools.
fn small(folder: &str, most: i64) -> TransitionSystem {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut cluster = manifest::load(&[folder], None).expect("the case can be read").cluster;
    for pool in &mut cluster.pools {
        pool.count.hi = pool.count.hi.min(most);
    }
    for workload in &mut cluster.workloads {
        workload.replicas.hi = workload.replicas.hi.min(2 * most);
    }
    assemble(&cluster, Granularity::Fused).expect("the case can be modelled")
}

#[test]
fn toys_are_proved_only_if_they_hold() {
    let mut proved = Vec::new();
    for toy in all_toys() {
        if matches!(toy.expected, Expected::OutOfRange(_)) {
            assert!(!is_proved_with_ranges(&toy.system), "{}", toy.name);
            continue;
        }
        let answer = decide(&toy.system);
        match (toy.expected, &answer) {
            (Expected::Holds, Answer::Holds { proof, .. }) => {
                assert!(!proof.is_empty(), "{}", toy.name);
                proved.push(toy.name);
            }
            (_, Answer::Unknown { .. }) => {}
            other => panic!("{}: {other:?}", toy.name),
        }
    }
    for name in ["a drain loses no pod", "a rule with a claim to act ends the loop"] {
        assert!(proved.contains(&name), "{name} is not among {proved:?}");
    }
}

#[test]
fn fixed_cases_are_proved_and_broken_ones_are_not() {
    for name in ["c7", "c8"] {
        assert!(is_proved(&case(name, "fixed", 2)), "{name} fixed");
        assert!(!is_proved(&case(name, "broken", 2)), "{name} broken");
    }
}

/// How many evictions such a budget allows is a quotient, which single rules leave out; that no more pods go than there
/// are is a condition of its own.
#[test]
fn a_drain_beside_a_budget_in_percent_is_proved_rule_by_rule() {
    let system = small("tests/fixtures/proofs/percent", 3);
    let (stop, property) = (Stop::default(), 0);
    let effects = Effects::new(&system, &stop).expect("no value leaves its range");
    assert!(matches!(effects.decide(property, &stop).answer, Answer::Holds { .. }));
}

/// Every amount of CPU from 8 to 64 cores on each node, pods anywhere at the start: nothing here can be listed.
#[test]
fn an_equal_share_is_a_measure() {
    let system = small("tests/fixtures/ranges/c5/fixed", 2);
    let proof = Prover::default().prove(&system, 0, &Limits::default(), &Cancel::default());
    let proof = proof.unwrap_or_else(|_| panic!("c5 with a hard constraint is proved"));
    let first = &proof.in_words()[1];
    let starts = "measure (never rises): max(0, running[default/web][big-0] + -(spec.replicas[default/web] + ";
    assert!(first.starts_with(starts), "{first}");
    let stop = Stop::default();
    assert!(proof.obligations().iter().all(|one| one.check(Encoding::Clauses, &stop) == Check::Unsat));
}

/// Breaking one rule of a system that is proved: it must no longer be.
#[test]
fn a_broken_rule_breaks_the_proof() {
    let mut system = case("c8", "fixed", 2);
    let pending =
        system.dag.vars().iter().position(|var| var.name.starts_with("pending[")).expect("pods may be pending");
    let rule = system.rules.iter().position(|rule| rule.name.contains("bind-and-start")).expect("a scheduler");
    // The scheduler starts pods and leaves them pending as well, as long as there is room.
    system.rules[rule].updates.retain(|(var, _)| var.index() != pending);
    assert!(!is_proved_with_ranges(&system));
    // The ReplicaSet forgets how many pods it wants, again and again.
    let mut system = case("c7", "fixed", 2);
    let spec = system.dag.vars().iter().position(|var| var.name.starts_with("replicaSet[")).expect("a ReplicaSet");
    let (never, dag) = within(std::mem::take(&mut system.dag), || Bool::from(true));
    system.dag = dag;
    let before = system.rules.len();
    let mut undo = system.rules[0].clone();
    undo.name = "mutant/undo".to_owned();
    undo.enabled = never;
    undo.fairness = None;
    undo.choices.clear();
    let (zero, dag) = within(std::mem::take(&mut system.dag), || kubound_encodings::term::Int::from(0).id());
    system.dag = dag;
    undo.updates = vec![(kubound_encodings::term::VarId(spec as u32), zero)];
    system.rules.push(undo);
    assert_eq!(system.rules.len(), before + 1);
    assert!(!is_proved(&system));
}

/// Like [`is_proved`], for systems whose updates may leave their ranges: then a fault is as good as no proof.
fn is_proved_with_ranges(system: &TransitionSystem) -> bool {
    let outcome = Prover::default().decide(system, 0, &Limits::default(), &Cancel::default());
    outcome.is_ok_and(|outcome| matches!(outcome.answer, Answer::Holds { .. }))
}

#[test]
fn other_solvers_agree_with_every_obligation() {
    let (limits, cancel) = (Limits::default(), Cancel::default());
    let recheck = |obligations: Vec<Obligation>| {
        assert!(!obligations.is_empty());
        for obligation in obligations {
            for encoding in [Encoding::Clauses, Encoding::BitVectors] {
                let check = obligation.check(encoding, &Stop::default());
                assert_eq!(check, Check::Unsat, "{} ({})", obligation.name, encoding.name());
            }
        }
    };
    let mut system = case("c7", "fixed", 2);
    let proof = Prover::default().prove(&system, 0, &limits, &cancel);
    recheck(proof.unwrap_or_else(|_| panic!("c7 is proved")).obligations());
    let drain = all_toys().into_iter().find(|toy| toy.name == "a drain loses no pod").expect("a toy of this name");
    let proof = Prover::default().prove(&drain.system, 0, &limits, &cancel);
    recheck(proof.unwrap_or_else(|_| panic!("the toy is proved")).obligations());
    // And they notice an obligation that is none.
    system = drain.system;
    let mut proof = Prover::default().prove(&system, 0, &limits, &cancel).unwrap_or_else(|_| panic!("as before"));
    let (wrong, dag) = within(std::mem::take(&mut proof.invariants.system.dag), || Bool::from(false).id());
    proof.invariants.system.dag = dag;
    let Argument::Induction(induction) = &mut proof.argument else { panic!("the toy is about single states") };
    induction.claim = wrong;
    let found = |one: &Obligation| one.check(Encoding::BitVectors, &Stop::default()) == Check::Sat;
    assert!(proof.obligations().iter().any(found));
}
