//! Systems seen through a few of their variables: each step of the original is one of theirs, or changes nothing that is seen.

use super::random_systems::{build, specs};
use kubound::engines::explicit::stepper::Stepper;
use kubound::passes::projected;
use kubound_encodings::system::{Claim, Property, TransitionSystem};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeSet;

/// Variables that are seen; who sees the monitor sees what it reads.
const SEEN: [[bool; 4]; 5] = [
    [true, false, false, false],
    [false, true, false, false],
    [false, true, true, false],
    [true, false, true, true],
    [true, true, false, true],
];

/// States of the original that are looked at.
const MOST: usize = 60;

#[test]
fn no_step_is_lost() {
    let mut runner =
        TestRunner::new_with_rng(Config::with_cases(150), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let compared = std::cell::Cell::new(0_usize);
    let outcome = runner.run(&specs(), |spec| {
        let system = build(&spec, true);
        for seen in SEEN {
            compared.set(compared.get() + keeps_steps(&system, &seen));
        }
        Ok(())
    });
    outcome.expect("every step is kept");
    assert!(compared.get() > 5000, "only {} steps change what is seen", compared.get());
}

/// How many steps that change what is seen were found again.
fn keeps_steps(system: &TransitionSystem, seen: &[bool]) -> usize {
    let always = || Property::of_nobody(Claim::Invariant(true.into()));
    let through = projected(system, seen, always);
    let own: Vec<usize> = (0..seen.len()).filter(|&var| seen[var]).collect();
    let place = |var: usize| {
        let name = &system.dag.vars()[var].name;
        through.dag.vars().iter().position(|one| one.name == *name).expect("variables stay")
    };
    let places: Vec<usize> = own.iter().map(|&var| place(var)).collect();
    // What monitors note belongs to what is seen here, so properties alone are left out.
    let mut whole = Stepper::watching(system, 0).expect("small");
    let mut partial = Stepper::watching(&through, 0).expect("small");
    let base = partial.initial(1000).expect("small")[0].clone();
    let image = |state: &[i64]| {
        let mut image = base.clone();
        own.iter().zip(&places).for_each(|(&var, &place)| image[place] = state[var]);
        image
    };
    let mut known: BTreeSet<Vec<i64>> = BTreeSet::new();
    let mut left = whole.initial(MOST).expect("small");
    let mut found = 0;
    while let Some(state) = left.pop() {
        if known.len() == MOST || !known.insert(state.clone()) {
            continue;
        }
        let Ok(moves) = whole.moves(&state) else { continue };
        let before = image(&state);
        let there: Vec<Vec<i64>> = partial.moves(&before).expect("no fault").into_iter().map(|one| one.state).collect();
        for step in moves {
            let after = image(&step.state);
            if after != before {
                let is_it = |other: &Vec<i64>| places.iter().all(|&place| other[place] == after[place]);
                assert!(there.iter().any(is_it), "{before:?} -> {after:?} is lost, seen through {seen:?}");
                found += 1;
            }
            left.push(step.state);
        }
    }
    found
}
