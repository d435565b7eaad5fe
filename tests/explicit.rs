//! The explicit engine on toys with known verdicts, with its reductions on and off.

use crate::toys_explicit::*;
use kubound::engines::explicit::Explicit;
use kubound::engines::explicit::inevitable::{Inevitability, inevitability};
use kubound::engines::{Answer, Cancel, Engine, EngineError, Limits, Outcome};
use kubound::trace::replay::replay;
use kubound::trace::{Ending, Trace};
use kubound_encodings::system::{Claim, Signature, TransitionSystem};
use kubound_encodings::term::{Bool, VarId, within};

const PLAIN: Explicit = Explicit { symmetry: false, slicing: false, partial_order: false };

fn run(engine: Explicit, system: &TransitionSystem) -> Outcome {
    engine.decide(system, 0, &Limits::default(), &Cancel::default()).unwrap()
}

fn violation(engine: Explicit, system: &TransitionSystem) -> Trace {
    match run(engine, system).answer {
        Answer::Violated(trace) => {
            replay(system, &trace, 0).unwrap();
            *trace
        }
        other => panic!("{other:?}"),
    }
}

fn holds(system: &TransitionSystem) {
    for engine in [Explicit::default(), PLAIN] {
        let outcome = run(engine, system);
        assert!(matches!(outcome.answer, Answer::Holds { premise_reached: true, .. }), "{:?}", outcome.answer);
    }
}

fn violated(system: &TransitionSystem, steps: usize) -> Trace {
    let plain = violation(PLAIN, system);
    let trace = violation(Explicit::default(), system);
    assert_eq!((plain.steps.len(), trace.steps.len()), (steps, steps));
    trace
}

#[test]
fn a_counter_is_bad_at_its_first_bad_value() {
    assert_eq!(violated(&counter(9, 4), 4).ending, Ending::Bad);
    holds(&counter(9, 10));
}

#[test]
fn a_token_goes_round_for_ever() {
    assert_eq!(violated(&ring(5), 5).ending, Ending::Loop { start: 0 });
}

#[test]
fn a_split_takes_pods_from_any_nodes() {
    for symmetric in [false, true] {
        let trace = violated(&drain(5, 3, symmetric), 6);
        assert_eq!(trace.initial[0], 3);
        holds(&drain(2, 2, symmetric));
    }
    let (on, off) = (run(Explicit::default(), &drain(6, 2, true)), run(PLAIN, &drain(6, 2, true)));
    assert!(on.statistics.states < off.statistics.states);
}

#[test]
fn reductions_keep_verdicts_and_depths() {
    let verdict = |engine: Explicit, system: &TransitionSystem| match run(engine, system).answer {
        Answer::Violated(trace) => {
            replay(system, &trace, 0).unwrap();
            Some(trace.steps.len())
        }
        Answer::Holds { .. } => None,
        other => panic!("{other:?}"),
    };
    for pods in 1..6 {
        for take in 0..=pods {
            let system = drain(pods, take, true);
            let expected = verdict(PLAIN, &system);
            for (symmetry, slicing) in [(true, true), (true, false), (false, true)] {
                assert_eq!(
                    verdict(Explicit { symmetry, slicing, ..Explicit::default() }, &system),
                    expected,
                    "{pods} pods, {take} taken"
                );
            }
        }
    }
}

#[test]
fn only_fairness_ends_a_loop() {
    assert_eq!(violated(&lasso(false), 2).ending, Ending::Loop { start: 0 });
    holds(&lasso(true));
}

#[test]
fn a_run_may_stay_where_nothing_must_happen() {
    assert_eq!(violated(&rest(3, true), 3).ending, Ending::Stays);
    holds(&rest(3, false));
}

#[test]
fn monitors_see_both_sides_of_a_step() {
    violated(&monitored(), 5);
    let outcome = run(Explicit::default(), &monitored());
    assert_eq!(outcome.fired, ["up", "turn", "down"]);
}

#[test]
fn a_loop_may_close_only_at_a_permutation() {
    for size in 2..5 {
        let trace = violation(Explicit::default(), &rotating(size, true));
        assert!(matches!(trace.ending, Ending::Loop { .. }));
        violation(PLAIN, &rotating(size, false));
    }
}

#[test]
fn lumped_fairness_never_accuses_one_slot() {
    for symmetric in [false, true] {
        holds(&kubelets(symmetric, true));
        // Without the phases, which nothing reads, the loop is one step shorter.
        assert_eq!(violation(PLAIN, &kubelets(symmetric, false)).steps.len(), 3);
        assert_eq!(violation(Explicit::default(), &kubelets(symmetric, false)).steps.len(), 2);
    }
}

#[test]
fn faults_of_the_model_are_errors() {
    let stuck = toy(|toy| {
        let (var, x) = toy.int("x", kubound_encodings::system::Role::Cluster, 0, 3, Some(0));
        toy.rule("stay", None, x.is(0), &[(var, x)]);
        toy.invariant(true.into());
        let _ = x;
    });
    // The invariant does not read x, its guard does: the variable matters, and the step changes nothing.
    let found = Explicit::default().decide(&stuck, 0, &Limits::default(), &Cancel::default());
    assert!(matches!(found, Err(EngineError::BadRule { .. })), "{found:?}");
    let wild = toy(|toy| {
        let (var, x) = toy.int("x", kubound_encodings::system::Role::Cluster, 0, 3, Some(0));
        toy.rule("jump", None, x.is_not(1), &[(var, x + 2)]);
        toy.invariant(x.is_not(9));
    });
    let found = Explicit::default().decide(&wild, 0, &Limits::default(), &Cancel::default());
    assert!(matches!(found, Err(EngineError::OutOfRange { value: 4, .. })), "{found:?}");
}

#[test]
fn limits_are_honoured() {
    let few = Limits { states: Some(3), ..Limits::default() };
    let found = Explicit::default().decide(&counter(9, 10), 0, &few, &Cancel::default()).unwrap();
    assert!(matches!(found.answer, Answer::Unknown { .. }));
    let cancel = Cancel::default();
    cancel.cancel();
    let found = Explicit::default().decide(&counter(9, 10), 0, &Limits::default(), &cancel).unwrap();
    assert!(matches!(found.answer, Answer::Unknown { .. }));
    let few = Limits { nodes: Some(2), ..Limits::default() };
    let found = Explicit::default().decide(&drain(5, 3, true), 0, &few, &Cancel::default()).unwrap();
    assert!(matches!(found.answer, Answer::Holds { .. }));
}

#[test]
fn replay_rejects_tampered_runs() {
    let system = drain(5, 3, true);
    let good = violation(Explicit::default(), &system);
    let tampered = |change: &dyn Fn(&mut Trace)| {
        let mut trace = good.clone();
        change(&mut trace);
        replay(&system, &trace, 0).unwrap_err().to_string()
    };
    let last = good.steps.len() - 1;
    assert!(tampered(&|trace| trace.initial[1] = 1).contains("initial state: on[0]"));
    assert!(tampered(&|trace| trace.initial[1] = 77).contains("state 0: on[0] = 77"));
    assert!(tampered(&|trace| drop(trace.steps.remove(0))).contains("recorded"));
    assert!(tampered(&|trace| trace.steps[1].rule = "nothing".into()).contains("no such rule"));
    assert!(tampered(&|trace| trace.steps[1].rule = "drain".into()).contains("not enabled"));
    assert!(tampered(&|trace| trace.steps[last].picks[0].1 += 1).contains("pick"));
    assert!(tampered(&|trace| trace.steps[last].picks.truncate(2)).contains("not those of the rule"));
    assert!(tampered(&|trace| trace.steps[2].state[VarId(4).index()] ^= 1).contains("waiting becomes"));
    assert!(tampered(&|trace| drop(trace.steps.pop())).contains("not bad"));
    assert!(tampered(&|trace| trace.ending = Ending::Stays).contains("does not fit"));
    let system = lasso(false);
    let good = violation(Explicit::default(), &system);
    let mut open = good.clone();
    open.steps.pop();
    assert!(replay(&system, &open, 0).unwrap_err().to_string().contains("does not close"));
    let unfair = lasso(true);
    assert!(replay(&unfair, &good, 0).unwrap_err().to_string().contains("exit is always enabled"));
    let mut early = violation(Explicit::default(), &rest(3, true));
    early.steps.pop();
    assert!(replay(&rest(3, true), &early, 0).unwrap_err().to_string().contains("up must happen"));
}

#[test]
fn inevitability_of_violations() {
    let of = |system: &TransitionSystem| {
        let trace = violation(Explicit::default(), system);
        inevitability(system, 0, &trace, &Limits::default(), &Cancel::default()).unwrap()
    };
    assert_eq!(of(&counter(9, 4)), Inevitability::Inevitable);
    assert_eq!(of(&ring(4)), Inevitability::Inevitable);
    assert_eq!(of(&rest(3, true)), Inevitability::Inevitable);
    assert_eq!(of(&monitored()), Inevitability::Inevitable);
    // Nothing makes the exit happen, but it may.
    assert_eq!(of(&lasso(false)), Inevitability::Possible { step: 0 });
    // The event has happened, and waits for nothing while the work goes on.
    assert_eq!(of(&begun()), Inevitability::Possible { step: 1 });
    // The scheduler spreads over the nodes as it likes.
    assert!(matches!(of(&drain(5, 3, true)), Inevitability::Possible { .. }));
}

#[test]
fn passes_keep_verdicts() {
    use kubound::passes::{slice, specialise};
    for system in [counter(5, 3), ring(3), drain(4, 2, true), lasso(true), lasso(false), monitored(), rotating(3, true)]
    {
        let expected = run(PLAIN, &system).answer;
        let sliced = slice(&system, 0).system;
        sliced.check().unwrap();
        let special = specialise(&system, &[]).system;
        special.check().unwrap();
        for reduced in [run(Explicit::default(), &sliced).answer, run(PLAIN, &special).answer] {
            match (&expected, &reduced) {
                (Answer::Violated(a), Answer::Violated(b)) => assert_eq!(a.steps.len(), b.steps.len()),
                (Answer::Holds { .. }, Answer::Holds { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(slice(&monitored(), 0).left_out, ["changes"]);
    let two = specialise(&drain(4, 2, true), &[(VarId(0), 2)]);
    assert!(two.system.rules.iter().all(|rule| rule.name != "bind/2"));
    assert_eq!(two.fixed[0], Some(2));
}

#[test]
fn a_fused_run_expands_to_a_fine_one() {
    use kubound::trace::expand::replay_expanded;
    let mut fine = counter(8, 4);
    fine.print_names();
    let fused = |names: [&str; 2]| {
        let mut system = toy(|toy| {
            let (var, x) = toy.int("x", kubound_encodings::system::Role::Cluster, 0, 8, Some(0));
            let unit = toy.unit("counter");
            toy.rule("twice", unit, x.below(8), &[(var, x + 2)]);
            toy.invariant(x.below(4));
        });
        system.rules[0].expansion = names.map(|name| Signature { actor: "toy".into(), subject: name.into() }).to_vec();
        system.print_names();
        system
    };
    let system = fused(["up", "up"]);
    let trace = violation(Explicit::default(), &system);
    let expanded = replay_expanded(&fine, &system, &trace, 0).unwrap();
    assert_eq!((trace.steps.len(), expanded.steps.len()), (2, 4));
    let wrong = fused(["up", "down"]);
    assert!(replay_expanded(&fine, &wrong, &trace, 0).unwrap_err().to_string().contains("down"));
}

/// Run with `cargo test --release --test suite -- --ignored --nocapture speed`.
#[test]
#[ignore = "a measurement"]
fn speed() {
    let system = drain(200, 0, false);
    let begun = std::time::Instant::now();
    let found = run(Explicit::default(), &system);
    let seconds = begun.elapsed().as_secs_f64();
    println!("{:?}, {:.2} million states/s", found.statistics, found.statistics.states as f64 / seconds / 1e6);
}

#[test]
fn orders_of_independent_rules_are_left_out() {
    let whole = Explicit { partial_order: false, ..Explicit::default() };
    let states = |engine, system: &TransitionSystem| run(engine, system).statistics.states;
    // The first worker is seen by the invariant, the others only wait for their turn: 4^4 orders become one.
    let system = workers(4, 3, 4, false, None);
    holds(&system);
    assert_eq!(states(whole, &system), 256);
    assert_eq!(states(Explicit::default(), &system), 13);
    assert_eq!(violated(&workers(4, 3, 3, false, None), 3).ending, Ending::Bad);
}

#[test]
fn a_violation_is_kept_although_the_shortest_is_out_of_reach() {
    let system = workers(4, 3, 3, false, None);
    // The search with few orders finds one within 13 states; that for the shortest looks at more.
    let few = Limits { states: Some(20), ..Limits::default() };
    let found = Explicit::default().decide(&system, 0, &few, &Cancel::default()).unwrap();
    let Answer::Violated(trace) = found.answer else { panic!("{:?}", found.answer) };
    replay(&system, &trace, 0).unwrap();
    let whole = Explicit { partial_order: false, ..Explicit::default() };
    let found = whole.decide(&system, 0, &few, &Cancel::default()).unwrap();
    assert!(matches!(found.answer, Answer::Unknown { .. }), "{:?}", found.answer);
}

#[test]
fn what_is_put_off_happens_all_the_same() {
    // The switch alone would be a stubborn set forever.
    violated(&workers(1, 3, 3, true, None), 3);
    violated(&workers(3, 2, 2, true, Some(2)), 2);
    holds(&workers(3, 2, 3, true, Some(2)));
    // A rule that the first worker enables: it has to be looked at although it is disabled.
    holds(&workers(3, 3, 4, false, Some(1)));
}

#[test]
fn loops_are_searched_in_every_order() {
    let mut system = workers(3, 2, 3, true, None);
    let Claim::Invariant(holds) = system.properties[0].claim else { panic!() };
    let (never, dag) = within(system.dag.clone(), || Bool::from(false));
    system.dag = dag;
    system.properties[0].claim = Claim::NoFairLoop { within: holds, keep: holds, progress: holds, stay: never };
    for partial_order in [false, true] {
        let outcome = run(Explicit { slicing: false, partial_order, ..PLAIN }, &system);
        assert!(matches!(outcome.answer, Answer::Violated(_)), "{:?}", outcome.answer);
        assert_eq!(outcome.statistics.states, 54);
    }
}
