//! Merged rules: that nothing is lost is compared from states of the built-in cases, and what is wrong is found.

use crate::toys_explicit::{Toy, toy};
use kubound::engines::explicit::Explicit;
use kubound::engines::{Answer, Cancel, Engine, Limits};
use kubound::limits::Stop;
use kubound::manifest;
use kubound::search::Systems;
use kubound::search::merged::{Merging, agrees, check};
use kubound::trace::Trace;
use kubound_encodings::cluster::Granularity;
use kubound_encodings::system::{Role, Rule, Signature, TransitionSystem};
use kubound_encodings::term::{Int, VarId};
use std::path::Path;

/// The systems of a fixed case, and runs to some states of the merged one.
fn sampled(case: &str, samples: usize) -> (Systems, Vec<Trace>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(case).join("fixed");
    let cluster = manifest::load(&[folder], None).expect("a readable case").cluster;
    let systems = Systems::new(&cluster, Granularity::Fused).expect("a case that can be modelled");
    let limits = Limits { samples, ..Limits::default() };
    let outcome = Explicit::default().decide(systems.searched(), 0, &limits, &Cancel::default()).expect("no fault");
    assert!(matches!(outcome.answer, Answer::Holds { .. }), "{case}: {:?}", outcome.answer);
    (systems, outcome.sampled)
}

fn compared(systems: &Systems, runs: &[Trace]) -> Result<usize, String> {
    check(systems, 0, runs, 3000, &Stop::default()).map_err(|fault| fault.to_string())
}

fn nothing_is_lost(case: &str, at_least: usize) {
    let (systems, runs) = sampled(case, 60);
    let merged = systems.fused.as_ref().expect("a merged system");
    assert!(merged.rules.iter().any(|rule| !rule.expansion.is_empty()), "{case} has no merged rules");
    let compared = compared(&systems, &runs).expect("no difference");
    assert!(compared >= at_least, "{case}: compared from {compared} of {} states", runs.len());
}

#[test]
fn nothing_is_lost_in_the_cases() {
    for (case, at_least) in [("c2", 10), ("c3", 20), ("c5", 10), ("c6", 20), ("c8", 10)] {
        nothing_is_lost(case, at_least);
    }
}

/// What is found after the merged system of a case was changed.
fn fault_after(case: &str, change: impl FnOnce(&mut Vec<Rule>)) -> String {
    let (mut systems, runs) = sampled(case, 60);
    change(&mut systems.fused.as_mut().expect("a merged system").rules);
    compared(&systems, &runs).expect_err("a difference")
}

#[test]
fn a_rule_that_is_left_out_is_found() {
    let fault = fault_after("c2", |rules| rules.retain(|rule| !rule.name.contains("/bind-and-start/")));
    assert!(fault.contains("merged rules lose the rest"), "{fault}");
}

#[test]
fn a_rule_that_stands_for_others_is_found() {
    let fault = fault_after("c3", |rules| {
        for rule in rules.iter_mut().filter(|rule| rule.name.contains("/bind-and-start/")) {
            rule.expansion.reverse();
        }
    });
    assert!(fault.contains("bind-and-start") && fault.contains("is no run of kubelet/start"), "{fault}");
}

const MOST: i64 = 2;

/// One who takes from `waiting`, and one who hands over from `held` to `done`; `also` may come between.
fn hand_over(also: impl FnOnce(&mut Toy, [(VarId, Int); 4])) -> TransitionSystem {
    let mut system = toy(|toy| {
        let mut var = |name: &str, initial| toy.int(name, Role::Cluster, 0, MOST, Some(initial));
        let vars = [var("waiting", MOST), var("held", 0), var("done", 0), var("other", 0)];
        let [(waiting_var, waiting), (held_var, held), (done_var, done), (_, other)] = vars;
        toy.rule("take", None, waiting.above(0), &[(waiting_var, waiting - 1), (held_var, held + 1)]);
        toy.rule("finish", None, held.above(0), &[(held_var, held - 1), (done_var, done + 1)]);
        toy.invariant(other.is(0) | held.is(0));
        also(toy, vars);
    });
    system.print_names();
    system
}

/// `take` and `finish` as one rule and nothing else, as if nothing could come between.
fn merged() -> TransitionSystem {
    let mut merged = hand_over(|toy, [(waiting_var, waiting), _, (done_var, done), _]| {
        let both = toy.rule("both", None, waiting.above(0), &[(waiting_var, waiting - 1), (done_var, done + 1)]);
        let of = |word: &'static str| Signature { actor: "toy".into(), subject: word.into() };
        both.expansion = vec![of("take"), of("finish")];
    });
    merged.rules.drain(..2);
    merged
}

#[test]
fn what_comes_between_is_found() {
    let alone = hand_over(|_, _| ());
    let mut same = Merging::new(&alone, &merged(), 0).expect("small");
    assert!(same.compare(&[MOST, 0, 0, 0], 100).expect("no difference"));
    // Somebody takes away what is held.
    let thief = hand_over(|toy, [_, (held_var, held), _, (other_var, other)]| {
        let steals = [(held_var, held - 1), (other_var, other + 1)];
        toy.rule("steal", None, held.above(0), &steals);
    });
    let mut lossy = Merging::new(&thief, &merged(), 0).expect("small");
    let fault = lossy.compare(&[MOST, 0, 0, 0], 100).expect_err("a difference").to_string();
    assert!(fault.contains("merged rules lose the rest"), "{fault}");
    // The other way round, the fine system is what cannot do it.
    let mut made_up = Merging::new(&merged(), &thief, 0).expect("small");
    let fault = made_up.compare(&[MOST, 0, 0, 0], 100).expect_err("a difference").to_string();
    assert!(fault.contains("merged rules make up the rest"), "{fault}");
}

#[test]
fn a_violation_on_the_way_is_found() {
    let fine = hand_over(|toy, [_, (_, held), ..]| toy.invariant(held.is(0)));
    let mut lossy = Merging::new(&fine, &merged(), 0).expect("small");
    let fault = lossy.compare(&[MOST, 0, 0, 0], 100).expect_err("a difference").to_string();
    assert!(fault.contains("merged rules lose a violation"), "{fault}");
}

/// What becomes of a property that holds in the merged system of a toy when the fine one is decided as well.
fn decided(fine: TransitionSystem, most: usize) -> Result<bool, String> {
    let systems = Systems::of(fine, Some(merged()));
    let limits = Limits { samples: 1, ..Limits::default() };
    let outcome = Explicit::default().decide(systems.searched(), 0, &limits, &Cancel::default()).expect("no fault");
    assert!(matches!(outcome.answer, Answer::Holds { .. }), "{:?}", outcome.answer);
    agrees(&systems, 0, &outcome.sampled, most, &Stop::default()).map_err(|fault| fault.to_string())
}

#[test]
fn a_small_fine_system_is_decided_as_well() {
    assert_eq!(decided(hand_over(|_, _| ()), 100), Ok(true));
    assert_eq!(decided(hand_over(|_, _| ()), 3), Ok(false), "it has more states");
    let thief = |toy: &mut Toy, [_, (held_var, held), _, (other_var, other)]: [(VarId, Int); 4]| {
        toy.rule("steal", None, held.above(0), &[(held_var, held - 1), (other_var, other + 1)]);
    };
    let fault = decided(hand_over(thief), 100).expect_err("a run that is lost");
    assert!(fault.contains("lose the run") && fault.contains("steal"), "{fault}");
}

/// Whether the fine system of a fixed case was decided as well, with so many states at most.
fn is_decided_whole(case: &str, most: usize) -> bool {
    let (systems, runs) = sampled(case, 1);
    agrees(&systems, 0, &runs, most, &Stop::default()).expect("no run is lost")
}

#[test]
fn the_fine_systems_of_the_cases_agree_as_a_whole() {
    assert!(is_decided_whole("c2", 1000));
    assert!(is_decided_whole("c3", 100_000));
    assert!(!is_decided_whole("c8", 100_000), "it has more than three million states");
}
