//! Random runs of a system on the evaluator: what they contradict needs no solver to be dropped.

use crate::engines::symbolic::witness::{Model, execute};
use crate::engines::{EngineError, Limits};
use crate::limits::proof::{ATTEMPTS, LONG_RUN, REACHED, RUNS, START, STARTS, STARTS_ENOUGH, STEPS};
use crate::smt::unroll::Unrolling;
use crate::smt::{Check, Encoding, Stop, open};
use kubound_encodings::system::{Choice, Rule, TransitionSystem};
use kubound_encodings::term::eval::{Assignment, evaluate};
use kubound_encodings::term::{ChoiceId, Node, Sort, Term, TermId, VarId};
use std::time::Instant;

/// States of some runs, with the steps between them.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// Reachable states.
    pub states: Vec<Vec<i64>>,
    /// Index of the state before, the rule that fired, index of the state after.
    pub steps: Vec<(usize, usize, usize)>,
}

/// A generator of numbers that are random enough to explore with (xorshift), the same in every run of the program.
struct Dice(u64);

impl Default for Dice {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        if bound == 0 { 0 } else { (self.0 >> 11) % bound }
    }

    fn between(&mut self, lo: i64, hi: i64) -> i64 {
        if hi <= lo { lo } else { lo + self.below(hi.abs_diff(lo).saturating_add(1)) as i64 }
    }
}

/// Some runs; none if initial states are not found in time.
pub fn sample(system: &TransitionSystem, roots: &[TermId], stop: &Stop) -> Result<Samples, EngineError> {
    let mut dice = Dice::default();
    let mut samples = Samples::default();
    for start in starts(system, roots, &mut dice, stop) {
        for _ in 0..RUNS {
            samples.run(system, start.clone(), &mut dice, stop)?;
        }
    }
    Ok(samples)
}

/// Whether some random runs come to a state in which a condition holds. Such a run is longer than one that is kept: an event
/// waits until all pods run.
pub fn reaches(system: &TransitionSystem, condition: TermId, stop: &Stop) -> Result<bool, EngineError> {
    let mut dice = Dice::default();
    let (guards, stop) = (guards(system), stop.at_most(REACHED));
    for start in starts(system, &[condition], &mut dice, &stop) {
        for _ in 0..RUNS {
            let mut state = start.clone();
            for _ in 0..LONG_RUN {
                if holds(system, condition, &state) {
                    return Ok(true);
                }
                if stop.reason().is_some() {
                    return Ok(false);
                }
                let Some((_, next)) = step(system, &guards, &state, &mut dice)? else { break };
                state = next;
            }
        }
    }
    Ok(false)
}

/// Different initial states: random values wanted for one free variable after the other, as far as they go together.
fn starts(system: &TransitionSystem, roots: &[TermId], dice: &mut Dice, stop: &Stop) -> Vec<Vec<i64>> {
    // Conditions on initial states are sums and comparisons.
    let mut unrolling = Unrolling::new(system, roots, &Limits::default(), open(Encoding::Integers));
    let free: Vec<TermId> = (0..unrolling.dag.len() as u32)
        .map(TermId)
        .filter(|&term| matches!(unrolling.dag.node(term), Node::Var(_)))
        .collect();
    for &term in &free {
        unrolling.view.mention(&unrolling.dag, term);
    }
    let mut found = Vec::new();
    let begin = Instant::now();
    for round in 0..STARTS {
        let mut wanted = Vec::new();
        let mut order = free.clone();
        for index in (1..order.len()).rev() {
            order.swap(index, dice.below(index as u64 + 1) as usize);
        }
        order.truncate(40);
        // The first ones try the ends of the ranges: small clusters and large ones.
        for &term in order.iter().take_while(|_| begin.elapsed() < STARTS_ENOUGH * (round as u32 + 1) / STARTS as u32) {
            let range = unrolling.dag.range(term);
            let value = match round {
                0 => range.hi,
                1 => range.lo,
                _ => dice.between(range.lo, range.hi),
            };
            let fact = fix(&mut unrolling, term, value);
            wanted.push(fact);
            if unrolling.view.check(&unrolling.dag, &wanted, &stop.at_most(START)) != Check::Sat {
                wanted.pop();
            }
        }
        if unrolling.view.check(&unrolling.dag, &wanted, &stop.at_most(10 * START)) == Check::Sat {
            let model = Model::read(&unrolling);
            let value = |index: usize| unrolling.variable(0, VarId(index as u32)).map_or(0, |term| model.value(term));
            found.push((0..system.vars.len()).map(value).collect());
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn fix(unrolling: &mut Unrolling, term: TermId, value: i64) -> TermId {
    match unrolling.dag.sort(term) {
        Sort::Bool if value == 1 => term,
        Sort::Bool => unrolling.not(term),
        Sort::Int(_) => {
            let value = unrolling.dag.make(Node::Int(value));
            unrolling.dag.make(Node::Eq(term, value))
        }
    }
}

impl Samples {
    /// Whether a condition holds in some of the states.
    pub fn reach(&self, system: &TransitionSystem, condition: TermId) -> bool {
        self.states.iter().any(|state| holds(system, condition, state))
    }

    fn run(
        &mut self,
        system: &TransitionSystem,
        start: Vec<i64>,
        dice: &mut Dice,
        stop: &Stop,
    ) -> Result<(), EngineError> {
        let guards = guards(system);
        self.states.push(start);
        for _ in 0..STEPS {
            if stop.reason().is_some() {
                return Ok(());
            }
            let before = self.states.len() - 1;
            let Some((rule, next)) = step(system, &guards, &self.states[before], dice)? else { return Ok(()) };
            self.states.push(next);
            self.steps.push((before, rule, before + 1));
        }
        Ok(())
    }
}

fn holds(system: &TransitionSystem, condition: TermId, state: &[i64]) -> bool {
    evaluate(&system.dag, &[condition], Assignment { vars: state, primed: &[], choices: &[] })[0] == 1
}

fn guards(system: &TransitionSystem) -> Vec<TermId> {
    system.rules.iter().map(|rule| rule.enabled.id()).collect()
}

/// A step of any rule out of a state, and where it leads; `None` if there is none.
fn step(
    system: &TransitionSystem,
    guards: &[TermId],
    state: &[i64],
    dice: &mut Dice,
) -> Result<Option<(usize, Vec<i64>)>, EngineError> {
    let values = evaluate(&system.dag, guards, Assignment { vars: state, primed: &[], choices: &[] });
    let mut enabled: Vec<usize> = (0..values.len()).filter(|&rule| values[rule] == 1).collect();
    while !enabled.is_empty() {
        let rule = enabled.swap_remove(dice.below(enabled.len() as u64) as usize);
        if let Some(picks) = pick(system, &system.rules[rule], state, dice) {
            return Ok(Some((rule, execute(system, &system.rules[rule], &picks, state)?)));
        }
    }
    Ok(None)
}

/// Picks that a rule allows in a state, if a few attempts find some.
fn pick(system: &TransitionSystem, rule: &Rule, state: &[i64], dice: &mut Dice) -> Option<Vec<(ChoiceId, i64)>> {
    let constraint = rule.constraint.id();
    let read = |term: TermId| evaluate(&system.dag, &[term], Assignment { vars: state, primed: &[], choices: &[] })[0];
    for _ in 0..ATTEMPTS {
        let mut picks = Vec::new();
        for choice in &rule.choices {
            match choice {
                Choice::Value(id) => {
                    let range = system.dag.choices()[id.index()].sort.range();
                    picks.push((*id, dice.between(range.lo, range.hi)));
                }
                Choice::Split { parts, low, high, total } => {
                    let low: Vec<i64> = low.iter().map(|&term| read(term)).collect();
                    let high: Vec<i64> = high.iter().map(|&term| read(term)).collect();
                    let mut left = read(*total) - low.iter().sum::<i64>();
                    let mut values = low;
                    let mut order: Vec<usize> = (0..parts.len()).collect();
                    for index in (1..order.len()).rev() {
                        order.swap(index, dice.below(index as u64 + 1) as usize);
                    }
                    for index in order {
                        let more = left.min(high[index] - values[index]).max(0);
                        values[index] += more;
                        left -= more;
                    }
                    if left != 0 {
                        return None;
                    }
                    picks.extend(parts.iter().copied().zip(values));
                }
            }
        }
        picks.sort_unstable();
        let mut choices: Vec<i64> = system.dag.choices().iter().map(|choice| choice.sort.range().lo).collect();
        picks.iter().for_each(|&(choice, value)| choices[choice.index()] = value);
        let in_range = picks.iter().all(|&(id, value)| system.dag.choices()[id.index()].sort.range().contains(value));
        if in_range
            && evaluate(&system.dag, &[constraint], Assignment { vars: state, primed: &[], choices: &choices })[0] == 1
        {
            return Some(picks);
        }
    }
    None
}
