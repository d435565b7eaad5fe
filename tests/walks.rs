//! Random runs: the evaluator that computes only what changed against the one that computes everything, and what the runs
//! find against what is known.

use crate::random_systems::{any_bool, build, specs};
use crate::toys::{Expected, all_toys};
use kubound::engines::walks::Walks;
use kubound::engines::walks::walker::Walker;
use kubound::engines::{Answer, Cancel, Engine, EngineError, Limits};
use kubound::manifest;
use kubound::search::{Options, Systems};
use kubound::trace::execute::{fire, step_values, values};
use kubound::trace::replay::replay;
use kubound_encodings::cluster::Granularity;
use kubound_encodings::system::{Claim, TransitionSystem};
use kubound_encodings::term::{Term, TermId};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::path::Path;

fn case(case: &str, variant: &str, granularity: Granularity) -> Systems {
    let loaded = manifest::load(&[Path::new("cases").join(case).join(variant)], None).expect("a readable case");
    Systems::new(&loaded.cluster, granularity).expect("a case that can be modelled")
}

/// What a walker knows of its state is what the interpreter says of it.
fn agree(walker: &Walker, system: &TransitionSystem, property: usize) {
    let state = walker.state();
    let guards: Vec<TermId> = system.rules.iter().map(|rule| rule.enabled.id()).collect();
    let dues: Vec<TermId> = system.rules.iter().map(|rule| rule.due().id()).collect();
    let (guards, dues) = (values(system, &guards, state, &[]), values(system, &dues, state, &[]));
    let mut enabled = walker.enabled().to_vec();
    enabled.sort_unstable();
    let expected: Vec<u32> = (0..guards.len() as u32).filter(|&rule| guards[rule as usize] == 1).collect();
    assert_eq!(enabled, expected);
    for (unit, here) in walker.units().iter().enumerate() {
        let count = |values: &[i64]| {
            let own = system.rules.iter().zip(values).filter(|(rule, _)| rule.fairness == Some(unit));
            own.map(|(_, &value)| value as u32).sum::<u32>()
        };
        assert_eq!((here.enabled, here.due), (count(&guards), count(&dues)));
    }
    let is_quiet = expected.iter().all(|&rule| system.rules[rule as usize].fairness.is_none());
    assert_eq!(walker.is_quiet(), is_quiet);
    let seen = walker.seen();
    let sizes = values(system, &[system.nodes, system.pods], state, &[]);
    assert_eq!([seen.nodes, seen.pods], sizes[..]);
    match system.properties[property].claim {
        Claim::Invariant(holds) => assert_eq!(seen.holds, values(system, &[holds.id()], state, &[]) == [1]),
        Claim::NoFairLoop { within, stay, .. } => {
            let claim = values(system, &[within.id(), stay.id()], state, &[]);
            assert_eq!((seen.within, seen.stays), (claim[0] == 1, claim == [1, 1] && is_quiet));
        }
    }
}

/// Walks some random steps and compares every state; the number of steps made.
fn walk(system: &TransitionSystem, property: usize, steps: usize, seed: u64) -> usize {
    let mut random = fastrand::Rng::with_seed(seed);
    let Some(initial) = kubound::trace::simulate::initial(system, &mut random) else { return 0 };
    let mut walker = Walker::new(system, property);
    (walker.judges_progress, walker.keeps_all) = (true, true);
    walker.enter(&initial);
    let first_key = walker.key();
    agree(&walker, system, property);
    for made in 0..steps {
        let mut open = walker.enabled().to_vec();
        let before = walker.state().to_vec();
        let fired = loop {
            if open.is_empty() {
                return made;
            }
            let rule = open.swap_remove(random.usize(0..open.len()));
            match walker.fire(rule, &mut random) {
                Ok(Some(picks)) => break (rule, picks),
                // Random systems have rules that change nothing.
                Ok(None) | Err(EngineError::BadRule { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        };
        let after = fire(system, &system.rules[fired.0 as usize], &fired.1, &before).expect("within its ranges");
        assert_eq!(walker.state(), after);
        if let Claim::NoFairLoop { keep, progress, .. } = system.properties[property].claim {
            let judged = step_values(system, &[keep.id(), progress.id()], &before, &after);
            assert_eq!((walker.judged.0, walker.judged.1), (judged[0] == 1, judged[1] == 1));
        }
        agree(&walker, system, property);
    }
    // However it got there: the same state has the same digest.
    let (last, key) = (walker.state().to_vec(), walker.key());
    walker.enter(&initial);
    assert_eq!(walker.key(), first_key);
    walker.enter(&last);
    assert_eq!(walker.key(), key);
    agree(&walker, system, property);
    steps
}

#[test]
fn what_changed_is_all_that_changes_in_random_systems() {
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let walked = std::cell::Cell::new(0);
    runner
        .run(&(specs(), any_bool(), 0..1000_u64), |(spec, invariant, seed)| {
            walked.set(walked.get() + walk(&build(&spec, invariant), 0, 40, seed));
            Ok(())
        })
        .unwrap();
    assert!(walked.get() > 1000, "only {} steps", walked.get());
}

#[test]
fn what_changed_is_all_that_changes_in_cases() {
    let mut walked = 0;
    for (name, variant) in [("c1", "broken"), ("c4", "broken"), ("c6", "broken"), ("c8", "fixed"), ("c41", "broken")] {
        for granularity in [Granularity::Fused, Granularity::Fine] {
            let systems = case(name, variant, granularity);
            for property in 0..systems.searched().properties.len() {
                walked += walk(systems.searched(), property, 60, 11);
            }
        }
    }
    assert!(walked > 200, "only {walked} steps");
}

#[test]
fn walks_find_what_is_there_and_nothing_else() {
    let (mut found, mut clean) = (0, 0);
    let (mut made, mut needed) = (0, 0);
    for toy in all_toys() {
        let walks = Walks { runs: Some(400), ..Walks::default() };
        let outcome = walks.decide(&toy.system, 0, &Limits::default(), &Cancel::default());
        match (outcome.map(|outcome| outcome.answer), toy.expected) {
            (Ok(Answer::Violated(trace)), Expected::Violated(steps)) => {
                replay(&toy.system, &trace, 0).unwrap_or_else(|error| panic!("{}: {error}", toy.name));
                assert!(trace.steps.len() >= steps, "{} is shorter than the shortest", toy.name);
                found += 1;
                (made, needed) = (made + trace.steps.len(), needed + steps);
            }
            (Ok(Answer::Unknown { .. }), Expected::Holds) => clean += 1,
            (Err(EngineError::OutOfRange { .. }), Expected::OutOfRange(_)) => {}
            (answer, expected) => panic!("{}: {answer:?}, expected {expected:?}", toy.name),
        }
    }
    assert!(found > 5 && clean > 5, "{found} violations, {clean} others");
    // Not the shortest, but not much longer.
    assert!(2 * made <= 3 * needed, "{made} steps where {needed} would do");
}

#[test]
fn walks_find_the_violations_of_cases_and_replay_them() {
    for name in ["c1", "c2", "c3", "c5", "c6", "c7", "c8"] {
        let systems = case(name, "broken", Options::default().granularity);
        let walks = Walks { runs: Some(20_000), ..Walks::default() };
        let decide = || walks.decide(systems.searched(), 0, &Limits::default(), &Cancel::default()).expect("no fault");
        let Answer::Violated(trace) = decide().answer else { panic!("{name}: nothing was found") };
        replay(systems.searched(), &trace, 0).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(decide().answer, Answer::Violated(trace), "{name}: another run the second time");
        let fixed = case(name, "fixed", Options::default().granularity);
        let walks = Walks { runs: Some(30), ..Walks::default() };
        let outcome = walks.decide(fixed.searched(), 0, &Limits::default(), &Cancel::default()).expect("no fault");
        assert!(matches!(outcome.answer, Answer::Unknown { .. }), "{name} is fixed");
    }
}
