//! All engines on the same toys: verdicts and shortest depths, in every encoding and with reductions on and off; limits
//! and stopping of the symbolic ones.

use crate::toys::{Expected, Toy, all_toys};
use kubound::engines::explicit::Explicit;
use kubound::engines::symbolic::Symbolic;
use kubound::engines::{Answer, Cancel, Engine, EngineError, Limits, Outcome};
use kubound::smt::Encoding;
use kubound::trace::Ending;
use kubound::trace::replay::replay;
use kubound_encodings::system::Claim;
use std::time::{Duration, Instant};

fn decide(toy: &Toy, encoding: Encoding, limits: &Limits) -> Result<Outcome, EngineError> {
    Symbolic { encoding }.decide(&toy.system, 0, limits, &Cancel::default())
}

fn toy(name: &str) -> Toy {
    all_toys().into_iter().find(|toy| toy.name == name).expect("a toy of this name")
}

fn check_toys(encoding: Encoding) {
    let limits = Limits { depth: Some(8), ..Limits::default() };
    for toy in all_toys() {
        let place = format!("{} ({})", toy.name, encoding.name());
        let outcome = decide(&toy, encoding, &limits);
        match toy.expected {
            Expected::Holds => {
                let answer = outcome.expect(&place).answer;
                assert_eq!(answer, Answer::NoViolationUpTo { depth: 8 }, "{place}");
            }
            Expected::Violated(depth) => {
                let Answer::Violated(trace) = outcome.expect(&place).answer else { panic!("{place}: not found") };
                assert_eq!(trace.steps.len(), depth, "{place}: {trace:?}");
                assert_eq!(trace.initial.len(), toy.system.vars.len(), "{place}");
            }
            Expected::OutOfRange(_) => {
                assert!(matches!(outcome, Err(EngineError::OutOfRange { value: 4, .. })), "{place}: {outcome:?}");
            }
        }
    }
}

#[test]
fn toys_as_clauses() {
    check_toys(Encoding::Clauses);
}

#[test]
fn toys_as_clauses_for_cadical() {
    check_toys(Encoding::CadicalClauses);
}

#[test]
fn toys_as_bit_vectors() {
    check_toys(Encoding::BitVectors);
}

#[test]
fn toys_as_integers() {
    check_toys(Encoding::Integers);
}

#[test]
fn toys_by_explicit_search() {
    for reductions in 0..8 {
        let (symmetry, slicing, partial_order) = (reductions & 1 != 0, reductions & 2 != 0, reductions & 4 != 0);
        let engine = Explicit { symmetry, slicing, partial_order };
        for toy in all_toys() {
            let place = format!("{} ({engine:?})", toy.name);
            let outcome = engine.decide(&toy.system, 0, &Limits::default(), &Cancel::default());
            match toy.expected {
                Expected::Holds => {
                    let answer = outcome.expect(&place).answer;
                    assert!(matches!(answer, Answer::Holds { .. }), "{place}: {answer:?}");
                }
                Expected::Violated(depth) => {
                    let Answer::Violated(trace) = outcome.expect(&place).answer else { panic!("{place}: not found") };
                    replay(&toy.system, &trace, 0).expect(&place);
                    // Loops are looked for once all states are known, so they need not be the shortest.
                    let exact = matches!(toy.system.properties[0].claim, Claim::Invariant(_));
                    let steps = trace.steps.len();
                    assert!(if exact { steps == depth } else { steps >= depth }, "{place}: {trace:?}");
                }
                Expected::OutOfRange(_) => {
                    assert!(matches!(outcome, Err(EngineError::OutOfRange { value: 4, .. })), "{place}: {outcome:?}");
                }
            }
        }
    }
}

#[test]
fn endings_say_how_the_run_goes_on() {
    let limits = Limits { depth: Some(8), ..Limits::default() };
    for (name, ending) in [
        ("a pod stays pending forever", Ending::Stays),
        ("a pod moves between the slots forever", Ending::Loop { start: 0 }),
        ("a loop after an event, with a step it must not take", Ending::Loop { start: 2 }),
        ("a counter reaches its limit", Ending::Bad),
    ] {
        let answer = decide(&toy(name), Encoding::Clauses, &limits).unwrap().answer;
        let Answer::Violated(trace) = answer else { panic!("{name}: {answer:?}") };
        assert_eq!(trace.ending, ending, "{name}");
    }
}

#[test]
fn limits_narrow_the_runs() {
    let growth = toy("pods outgrow the smaller clusters");
    let unlimited = Limits { depth: Some(7), ..Limits::default() };
    for limits in [Limits { nodes: Some(2), ..unlimited }, Limits { pods: Some(5), ..unlimited }] {
        let answer = decide(&growth, Encoding::Clauses, &limits).unwrap().answer;
        assert_eq!(answer, Answer::NoViolationUpTo { depth: 7 }, "{limits:?}");
    }
    for limits in [Limits { nodes: Some(3), ..unlimited }, Limits { pods: Some(6), ..unlimited }] {
        let answer = decide(&growth, Encoding::Clauses, &limits).unwrap().answer;
        assert!(matches!(answer, Answer::Violated(_)), "{limits:?}: {answer:?}");
    }
}

#[test]
fn a_search_without_a_depth_ends_with_the_runs() {
    let answer = decide(&toy("a countdown ends"), Encoding::Clauses, &Limits::default()).unwrap().answer;
    assert_eq!(answer, Answer::NoViolationUpTo { depth: 4 });
}

#[test]
fn a_search_stops_when_told() {
    // Nothing is ever found here, and the runs never end.
    let ring = toy("two processes are never inside at once");
    for encoding in Encoding::ALL {
        let started = Instant::now();
        let deadline = Some(started + Duration::from_millis(300));
        let outcome = decide(&ring, encoding, &Limits { deadline, ..Limits::default() }).unwrap();
        assert!(started.elapsed() < Duration::from_millis(1500), "{encoding:?}: {:?}", started.elapsed());
        assert!(!matches!(outcome.answer, Answer::Violated(_)));

        let cancel = Cancel::default();
        let started = Instant::now();
        let outcome = std::thread::scope(|scope| {
            let other = cancel.clone();
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(200));
                other.cancel();
            });
            Symbolic { encoding }.decide(&ring.system, 0, &Limits::default(), &cancel)
        });
        assert!(started.elapsed() < Duration::from_millis(1500), "{encoding:?}: {:?}", started.elapsed());
        assert!(matches!(outcome.unwrap().answer, Answer::NoViolationUpTo { .. }));
    }
}
