//! Random runs of a system on the interpreter, for people who want to see a model move, and for finding out which
//! rules ever fire.

use super::execute::{fire, values};
use super::{Ending, Step, Trace};
use crate::limits::search::INITIAL_TRIES;
use crate::limits::search::PICK_TRIES;
use kubound_encodings::system::{Choice, Claim, Initial, Rule, TransitionSystem};
use kubound_encodings::term::{ChoiceId, Term, TermId};

/// A random run.
#[derive(Clone, PartialEq, Debug)]
pub struct Simulation {
    /// The run; its ending means nothing.
    pub trace: Trace,
    /// Whether it ended because no rule was enabled, and not at the limit of steps.
    pub is_over: bool,
    /// Properties whose invariants are violated, with the number of steps before the first bad state.
    pub violated: Vec<(usize, usize)>,
}

/// A random initial state, if one is found by trying.
pub fn initial(system: &TransitionSystem, random: &mut fastrand::Rng) -> Option<Vec<i64>> {
    let holds: Vec<TermId> = system.constraints.iter().map(|constraint| constraint.holds.id()).collect();
    (0..INITIAL_TRIES).find_map(|_| {
        let mut state: Vec<i64> = system.dag.vars().iter().map(|var| var.sort.range().lo).collect();
        for (index, var) in system.dag.vars().iter().enumerate() {
            let range = var.sort.range();
            state[index] = match system.vars[index].initial {
                Initial::Free => random.i64(range.lo..=range.hi),
                Initial::Term(term) => values(system, &[term], &state, &[])[0],
            };
        }
        values(system, &holds, &state, &[]).iter().all(|&holds| holds == 1).then_some(state)
    })
}

/// A run of at most `steps` steps: each fires one of the enabled rules, with one of its picks.
///
/// # Errors
/// What is wrong with the model, if a rule cannot fire as it says.
pub fn run(
    system: &TransitionSystem,
    initial: Vec<i64>,
    steps: usize,
    random: &mut fastrand::Rng,
) -> Result<Simulation, String> {
    let guards: Vec<TermId> = system.rules.iter().map(|rule| rule.enabled.id()).collect();
    let invariants: Vec<(usize, TermId)> = system
        .properties
        .iter()
        .enumerate()
        .filter_map(|(index, property)| match property.claim {
            Claim::Invariant(holds) => Some((index, holds.id())),
            Claim::NoFairLoop { .. } => None,
        })
        .collect();
    let mut trace = Trace { initial, steps: Vec::new(), ending: Ending::Stays };
    let mut violated: Vec<(usize, usize)> = Vec::new();
    loop {
        let done = trace.steps.len();
        let state = trace.state(done);
        for &(property, holds) in &invariants {
            let is_known = violated.iter().any(|&(known, _)| known == property);
            if !is_known && values(system, &[holds], state, &[]) == [0] {
                violated.push((property, done));
            }
        }
        let enabled = values(system, &guards, state, &[]);
        let enabled: Vec<&Rule> =
            system.rules.iter().zip(enabled).filter(|&(_, enabled)| enabled == 1).map(|(rule, _)| rule).collect();
        if enabled.is_empty() || done == steps {
            return Ok(Simulation { is_over: enabled.is_empty(), trace, violated });
        }
        let rule = enabled[random.usize(0..enabled.len())];
        let picks = pick(system, rule, state, random).ok_or_else(|| format!("{} finds no pick", rule.name))?;
        let state =
            fire(system, rule, &picks, state).map_err(|(var, to)| format!("{} sets {var} to {to}", rule.name))?;
        trace.steps.push(Step { rule: rule.name.clone(), picks, state });
    }
}

/// Random picks that satisfy the constraint of a rule.
fn pick(
    system: &TransitionSystem,
    rule: &Rule,
    state: &[i64],
    random: &mut fastrand::Rng,
) -> Option<Vec<(ChoiceId, i64)>> {
    (0..PICK_TRIES).find_map(|_| {
        let mut picks = Vec::new();
        for choice in &rule.choices {
            match choice {
                Choice::Value(id) => {
                    let range = system.dag.choices()[id.index()].sort.range();
                    picks.push((*id, random.i64(range.lo..=range.hi)));
                }
                Choice::Split { parts, low, high, total } => {
                    let bounds: Vec<(i64, i64)> =
                        values(system, low, state, &[]).into_iter().zip(values(system, high, state, &[])).collect();
                    let mut left = values(system, &[*total], state, &[])[0];
                    for (index, &part) in parts.iter().enumerate() {
                        let rest = &bounds[index + 1..];
                        let least = left - rest.iter().map(|(_, high)| high).sum::<i64>();
                        let most = left - rest.iter().map(|(low, _)| low).sum::<i64>();
                        let (least, most) = (bounds[index].0.max(least), bounds[index].1.min(most));
                        let value = if least < most { random.i64(least..=most) } else { least };
                        picks.push((part, value));
                        left -= value;
                    }
                }
            }
        }
        picks.sort_unstable();
        (values(system, &[rule.constraint.id()], state, &picks) == [1]).then_some(picks)
    })
}
