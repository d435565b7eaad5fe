//! The symbolic engines against brute force: random small systems, every run of up to four steps enumerated with the
//! evaluator, and the shortest violation by the letter of the definition compared with what the engines find.

use kubound::engines::explicit::Explicit;
use kubound::engines::proof::Prover;
use kubound::engines::symbolic::Symbolic;
use kubound::engines::{Answer, Cancel, Engine, Limits};
use kubound::passes::{Through, dependencies};
use kubound::smt::Encoding;
use kubound::trace::Ending;
use kubound_encodings::subject::Names;
use kubound_encodings::system::{
    Choice, Claim, FairnessUnit, Initial, Monitor, Pace, Property, Role, Rule, StateVar, TransitionSystem,
};
use kubound_encodings::term::eval::{Assignment, evaluate};
use kubound_encodings::term::{Bool, Dag, Int, Term, TermId, VarId, all, int_choice, int_var, ite, primed, within};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const RANGES: [(i64, i64); 3] = [(0, 3), (-1, 2), (0, 1)];
const DEPTH: usize = 4;

/// A comparison of a variable with a constant: 0 at most, 1 at least, 2 equal, 3 different.
type Test = (usize, u8, i64);

#[derive(Clone, Debug)]
struct RuleSpec {
    guard: Vec<Test>,
    /// Variable, operation, operand.
    updates: Vec<(usize, u8, i64)>,
    choice: bool,
    unit: Option<usize>,
    event: bool,
}

#[derive(Clone, Debug)]
pub struct SystemSpec {
    initial: Vec<Option<i64>>,
    rules: Vec<RuleSpec>,
    within: Test,
    progress: Test,
    stay: bool,
}

fn test() -> impl Strategy<Value = Test> {
    (0..RANGES.len(), 0..4_u8, -1_i64..=3)
}

pub fn specs() -> impl Strategy<Value = SystemSpec> {
    let updates = prop::collection::vec((0..RANGES.len(), 0..5_u8, -1_i64..=3), 1..3);
    let rule = (prop::collection::vec(test(), 0..3), updates, any_bool(), prop::option::of(0..2_usize), 0..5_u8)
        .prop_map(|(guard, updates, choice, unit, event)| RuleSpec { guard, updates, choice, unit, event: event == 0 });
    let initial = RANGES.map(|(lo, hi)| prop::option::of(lo..=hi)).to_vec();
    (initial, prop::collection::vec(rule, 1..8), test(), test(), any_bool())
        .prop_map(|(initial, rules, within, progress, stay)| SystemSpec { initial, rules, within, progress, stay })
}

pub fn any_bool() -> impl Strategy<Value = bool> {
    prop_oneof![Just(false), Just(true)]
}

fn compare(value: Int, (_, kind, constant): Test) -> Bool {
    match kind {
        0 => value.at_most(constant),
        1 => value.at_least(constant),
        2 => value.is(constant),
        _ => value.is_not(constant),
    }
}

fn clip(value: Int, (lo, hi): (i64, i64)) -> Int {
    value.max(lo).min(hi)
}

pub fn build(spec: &SystemSpec, invariant: bool) -> TransitionSystem {
    let mut vars = Vec::new();
    let mut rules = Vec::new();
    let mut monitors = Vec::new();
    let ((claim, premise, one), dag) = within(Dag::default(), || {
        let mut terms = Vec::new();
        for (index, &(lo, hi)) in RANGES.iter().enumerate() {
            terms.push(int_var(format!("x{index}"), lo, hi));
            let initial = spec.initial[index].map_or(Initial::Free, |value| Initial::Term(Int::from(value).id()));
            vars.push(StateVar { role: Role::Cluster, initial });
        }
        let (seen_var, seen) = int_var("seen", 0, 2);
        vars.push(StateVar { role: Role::Monitor, initial: Initial::Term(Int::from(0).id()) });
        let after = |index: usize| primed::<Int>(terms[index].0);
        let rises = after(0).above(terms[0].1);
        monitors.push(Monitor { var: seen_var, next: ite(rises, (seen + 1).min(2), seen).id() });
        for (number, rule) in spec.rules.iter().enumerate() {
            rules.push(build_rule(number, rule, &terms));
        }
        let within = compare(terms[spec.within.0].1, spec.within);
        let progress = compare(after(spec.progress.0), spec.progress);
        let claim = if invariant {
            Claim::Invariant(within | seen.below(2))
        } else {
            Claim::NoFairLoop { within, keep: Bool::from(true), progress, stay: Bool::from(spec.stay) }
        };
        (claim, Bool::from(true), Int::from(1).id())
    });
    let system = TransitionSystem {
        dag,
        vars,
        constraints: Vec::new(),
        rules,
        monitors,
        fairness: (0..2)
            .map(|unit: usize| FairnessUnit {
                name: unit.to_string(),
                subject: unit.to_string().into(),
                prompt: unit == 0,
            })
            .collect(),
        properties: vec![Property {
            intent: "random".into(),
            object: None,
            target: None,
            headline: String::new(),
            claim,
            premise,
            origins: Vec::new(),
        }],
        symmetry: Vec::new(),
        alike: Vec::new(),
        names: Names::default(),
        nodes: one,
        pods: one,
    };
    system.check().expect("well-formed");
    system
}

fn build_rule(number: usize, rule: &RuleSpec, terms: &[(VarId, Int)]) -> Rule {
    let choice = rule.choice.then(|| int_choice(format!("pick {number}"), 0, 2));
    let mut updates: Vec<(VarId, TermId)> = Vec::new();
    for &(target, kind, operand) in &rule.updates {
        let (var, value) = terms[target];
        let other = terms[(target + 1) % terms.len()].1;
        let next = match (kind, choice) {
            (0, _) => value + 1,
            (1, _) => value - 1,
            (2, Some((_, pick))) => value + pick - 1,
            (3, _) => other + operand,
            _ => Int::from(operand),
        };
        if updates.iter().all(|update| update.0 != var) {
            updates.push((var, clip(next, RANGES[target]).id()));
        }
    }
    Rule {
        name: format!("rule {number}"),
        actor: String::new(),
        subject: format!("rule {number}").into(),
        reason: "Random",
        pace: match rule.unit {
            _ if rule.event => Pace::Event,
            Some(1) => Pace::Clock,
            _ => Pace::Fast,
        },
        enabled: all(rule.guard.iter().map(|&test| compare(terms[test.0].1, test))),
        // What is slow is due already if the first part of its guard holds.
        waits: (rule.unit == Some(1))
            .then(|| all(rule.guard.iter().take(1).map(|&test| compare(terms[test.0].1, test)))),
        choices: choice.iter().map(|choice| Choice::Value(choice.0)).collect(),
        constraint: choice.map_or(Bool::from(true), |(_, pick)| pick.is_not(1)),
        writes: Vec::new(),
        updates,
        fairness: if rule.event { None } else { rule.unit },
        fault: None,
        over_approximates: None,
        settings: Vec::new(),
        expansion: Vec::new(),
        sentence: Vec::new(),
        details: Vec::new(),
        origins: Vec::new(),
    }
}

/// States with the rules fired in between.
#[derive(Clone)]
struct Run {
    states: Vec<Vec<i64>>,
    fired: Vec<usize>,
}

fn value(system: &TransitionSystem, term: TermId, vars: &[i64], primed: &[i64], choices: &[i64]) -> i64 {
    evaluate(&system.dag, &[term], Assignment { vars, primed, choices })[0]
}

fn initial_runs(system: &TransitionSystem, spec: &SystemSpec) -> Vec<Run> {
    let mut states = vec![Vec::new()];
    for (index, &(lo, hi)) in RANGES.iter().enumerate() {
        let values: Vec<i64> = spec.initial[index].map_or((lo..=hi).collect(), |value| vec![value]);
        states = states
            .iter()
            .flat_map(|state| values.iter().map(|&value| [state.clone(), vec![value]].concat()).collect::<Vec<_>>())
            .collect();
    }
    assert_eq!(system.vars.len(), RANGES.len() + 1);
    states.into_iter().map(|state| Run { states: vec![[state, vec![0]].concat()], fired: Vec::new() }).collect()
}

fn successors(system: &TransitionSystem, run: &Run) -> Vec<Run> {
    let state = run.states.last().expect("a run has a state");
    let mut next = Vec::new();
    for (index, rule) in system.rules.iter().enumerate() {
        if value(system, rule.enabled.id(), state, &[], &[]) == 0 {
            continue;
        }
        let picks = if rule.choices.is_empty() { 0..=0 } else { 0..=2 };
        for pick in picks {
            let choices = vec![pick; system.dag.choices().len()];
            if value(system, rule.constraint.id(), state, &[], &choices) == 0 {
                continue;
            }
            let mut after = state.clone();
            for &(var, term) in &rule.updates {
                after[var.index()] = value(system, term, state, &[], &choices);
            }
            for monitor in &system.monitors {
                after[monitor.var.index()] = value(system, monitor.next, state, &after, &[]);
            }
            let mut longer = run.clone();
            longer.states.push(after);
            longer.fired.push(index);
            next.push(longer);
        }
    }
    next
}

/// Whether the run, as it is, violates the claim with its last state.
fn violates(system: &TransitionSystem, relevant: &[bool], run: &Run) -> bool {
    let last = run.states.last().expect("a run has a state");
    let on = |term: Bool, at: usize| {
        let primed = run.states.get(at + 1).map_or(&[][..], |state| state);
        value(system, term.id(), &run.states[at], primed, &[]) == 1
    };
    let end = run.fired.len();
    match system.properties[0].claim {
        Claim::Invariant(holds) => !on(holds, end),
        Claim::NoFairLoop { within, progress, stay, .. } => {
            let must = system.rules.iter().any(|rule| rule.fairness.is_some() && on(rule.enabled, end));
            if !must && on(within, end) && on(stay, end) {
                return true;
            }
            (0..end).any(|start| {
                let same = |index: usize| !relevant[index] || run.states[start][index] == last[index];
                let due = |unit: usize| {
                    let acts = (start..end).any(|at| system.rules[run.fired[at]].fairness == Some(unit));
                    let own = || system.rules.iter().filter(|rule| rule.fairness == Some(unit));
                    let is_enabled = |at: usize| own().any(|rule| on(rule.enabled, at));
                    let is_due = |at: usize| own().any(|rule| on(rule.due(), at));
                    let is_slow = |at: usize| system.rules[run.fired[at]].pace != Pace::Fast;
                    let is_late = |at: usize| is_slow(at) && is_enabled(at);
                    let was_late = system.fairness[unit].prompt && (start..end).any(is_late);
                    let is_owed = (start..end).all(is_due) && (start..end).any(is_enabled);
                    acts || (!was_late && !is_owed)
                };
                (0..last.len()).all(same)
                    && (start..end).all(|at| on(within, at) && system.rules[run.fired[at]].pace != Pace::Event)
                    && (start..end).any(|at| on(progress, at))
                    && (0..system.fairness.len()).all(due)
            })
        }
    }
}

fn shortest(system: &TransitionSystem, spec: &SystemSpec) -> Option<usize> {
    let terms = system.properties[0].claim.terms();
    let relevant = dependencies(system, &terms, Through::Steps);
    let mut runs = initial_runs(system, spec);
    for depth in 0..=DEPTH {
        if runs.iter().any(|run| violates(system, &relevant, run)) {
            return Some(depth);
        }
        runs = runs.iter().flat_map(|run| successors(system, run)).collect();
        // Enough to look at; what is cut off is left to other cases.
        if runs.len() > 20_000 {
            return Some(usize::MAX);
        }
    }
    None
}

fn engines_agree(encoding: Encoding, cases: u32, seed: u8) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
    let tally = std::cell::Cell::new((0, 0));
    runner
        .run(&(specs(), any_bool()), |(spec, invariant)| {
            let system = build(&spec, invariant);
            let expected = shortest(&system, &spec);
            if expected == Some(usize::MAX) {
                return Ok(());
            }
            let engine = Symbolic { encoding };
            let limits = Limits { depth: Some(DEPTH), ..Limits::default() };
            let outcome = engine.decide(&system, 0, &limits, &Cancel::default()).unwrap();
            match (outcome.answer, expected) {
                (Answer::Violated(trace), Some(depth)) => {
                    prop_assert_eq!(trace.steps.len(), depth);
                    prop_assert_eq!(trace.ending == Ending::Bad, invariant);
                    tally.set((tally.get().0 + 1, tally.get().1));
                }
                (Answer::NoViolationUpTo { depth: DEPTH }, None) => tally.set((tally.get().0, tally.get().1 + 1)),
                (answer, expected) => prop_assert!(false, "{answer:?}, expected {expected:?}"),
            }
            Ok(())
        })
        .unwrap();
    let (found, refuted) = tally.get();
    assert!(found > cases / 20 && refuted > cases / 20, "{found} found, {refuted} refuted: too few of one kind");
}

#[test]
fn clauses_agree_with_brute_force() {
    engines_agree(Encoding::Clauses, 150, 1);
}

#[test]
fn clauses_for_cadical_agree_with_brute_force() {
    engines_agree(Encoding::CadicalClauses, 150, 4);
}

#[test]
fn bit_vectors_agree_with_brute_force() {
    engines_agree(Encoding::BitVectors, 60, 2);
}

#[test]
fn integers_agree_with_brute_force() {
    engines_agree(Encoding::Integers, 60, 3);
}

/// Whatever induction or ranking proves, exhaustive search must prove too.
#[test]
fn proofs_never_contradict_exhaustive_search() {
    let cases = 1000;
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[4; 32]));
    let tally = std::cell::Cell::new((0, 0, 0));
    runner
        .run(&(specs(), any_bool()), |(spec, invariant)| {
            let system = build(&spec, invariant);
            // Exhaustive search refuses systems with rules that may change nothing.
            let (limits, cancel) = (Limits::default(), Cancel::default());
            let Ok(expected) = Explicit::default().decide(&system, 0, &limits, &cancel) else { return Ok(()) };
            let answer = Prover::default().decide(&system, 0, &limits, &cancel).unwrap().answer;
            let proved = match (&answer, &expected.answer) {
                (Answer::Holds { .. }, Answer::Holds { .. }) => true,
                (Answer::Unknown { .. }, _) => false,
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            let (all, holding, shown) = tally.get();
            let holds = matches!(expected.answer, Answer::Holds { .. });
            tally.set((all + 1, holding + u32::from(holds), shown + u32::from(proved)));
            Ok(())
        })
        .unwrap();
    let (all, holding, shown) = tally.get();
    println!("{all} compared, {holding} hold, {shown} of them proved");
    assert!(all > cases / 4 && shown * 2 > holding, "{all} compared, {holding} hold, only {shown} proved");
}
