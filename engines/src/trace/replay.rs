//! Replaying a run on a system, step by step, with the interpreter.
//!
//! Whatever an engine reports as a violation is checked here against the unreduced system before anybody sees it:
//! that the run starts where runs start, that every step is one, and that it ends as it claims to end.

use super::execute::{fire, step_values, values};
use super::{Ending, Step, Trace};
use crate::passes::relevant;
use kubound_encodings::system::{Choice, Claim, FairnessUnit, Initial, Pace, Rule, TransitionSystem};
use kubound_encodings::term::{ChoiceId, Term, TermId};

/// Why a run is none, or does not violate the property.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReplayError {
    /// A state has the wrong number of values or a value outside the range of its variable.
    #[error("state {index}: {what}")]
    State {
        /// Number of steps before it.
        index: usize,
        /// What is wrong.
        what: String,
    },
    /// The initial state is none.
    #[error("initial state: {0}")]
    Initial(String),
    /// A step is none.
    #[error("step {} ({rule}): {what}", index + 1)]
    Step {
        /// Index of the step.
        index: usize,
        /// Its rule.
        rule: String,
        /// What is wrong.
        what: String,
    },
    /// The run does not end as it says, or its end does not violate the property.
    #[error("ending: {0}")]
    Ending(String),
}

/// Checks that `trace` is a run of `system` that violates property `property`.
pub fn replay(system: &TransitionSystem, trace: &Trace, property: usize) -> Result<(), ReplayError> {
    for index in 0..=trace.steps.len() {
        check_state(system, index, trace.state(index))?;
    }
    check_initial(system, &trace.initial)?;
    for (index, step) in trace.steps.iter().enumerate() {
        check_step(system, trace.state(index), step).map_err(|what| ReplayError::Step {
            index,
            rule: step.rule.clone(),
            what,
        })?;
    }
    check_ending(system, trace, property).map_err(ReplayError::Ending)
}

fn check_state(system: &TransitionSystem, index: usize, state: &[i64]) -> Result<(), ReplayError> {
    if state.len() != system.vars.len() {
        let what = format!("{} values for {} variables", state.len(), system.vars.len());
        return Err(ReplayError::State { index, what });
    }
    for (var, &value) in system.dag.vars().iter().zip(state) {
        let range = var.sort.range();
        if !range.contains(value) {
            let what = format!("{} = {value}, outside {}..{}", var.name, range.lo, range.hi);
            return Err(ReplayError::State { index, what });
        }
    }
    Ok(())
}

fn check_initial(system: &TransitionSystem, state: &[i64]) -> Result<(), ReplayError> {
    for (index, var) in system.vars.iter().enumerate() {
        if let Initial::Term(term) = var.initial {
            let expected = values(system, &[term], state, &[])[0];
            if expected != state[index] {
                let name = &system.dag.vars()[index].name;
                return Err(ReplayError::Initial(format!("{name} is {}, must be {expected}", state[index])));
            }
        }
    }
    for constraint in &system.constraints {
        if values(system, &[constraint.holds.id()], state, &[]) != [1] {
            return Err(ReplayError::Initial(format!("does not satisfy: {}", constraint.text)));
        }
    }
    Ok(())
}

/// Checks one step; what is wrong with it.
pub fn check_step(system: &TransitionSystem, before: &[i64], step: &Step) -> Result<(), String> {
    let rule = system.rule(&step.rule).ok_or("no such rule")?;
    if values(system, &[rule.enabled.id()], before, &[]) != [1] {
        return Err("not enabled".into());
    }
    check_picks(system, rule, before, &step.picks)?;
    if values(system, &[rule.constraint.id()], before, &step.picks) != [1] {
        return Err("picks do not satisfy the constraint".into());
    }
    let after = fire(system, rule, &step.picks, before)
        .map_err(|(var, value)| format!("sets {var} to {value}, outside its range"))?;
    match (0..after.len()).find(|&index| after[index] != step.state[index]) {
        None => Ok(()),
        Some(index) => Err(format!(
            "{} becomes {}, recorded as {}",
            system.dag.vars()[index].name,
            after[index],
            step.state[index]
        )),
    }
}

fn check_picks(
    system: &TransitionSystem,
    rule: &Rule,
    before: &[i64],
    picks: &[(ChoiceId, i64)],
) -> Result<(), String> {
    let mut expected: Vec<ChoiceId> = rule.choices.iter().flat_map(|choice| choice.ids().iter().copied()).collect();
    expected.sort_unstable();
    if !expected.iter().eq(picks.iter().map(|(choice, _)| choice)) {
        return Err("picks are not those of the rule, sorted".into());
    }
    let value_of = |wanted: ChoiceId| picks.iter().find(|(choice, _)| *choice == wanted).map_or(0, |&(_, value)| value);
    for &(choice, value) in picks {
        let decl = &system.dag.choices()[choice.index()];
        if !decl.sort.range().contains(value) {
            return Err(format!("pick {} = {value} is outside its range", decl.name));
        }
    }
    for choice in &rule.choices {
        let Choice::Split { parts, low, high, total } = choice else { continue };
        let (low, high) = (values(system, low, before, &[]), values(system, high, before, &[]));
        let total = values(system, &[*total], before, &[])[0];
        for (index, &part) in parts.iter().enumerate() {
            let value = value_of(part);
            if value < low[index] || value > high[index] {
                let name = &system.dag.choices()[part.index()].name;
                return Err(format!("pick {name} = {value} is outside {}..{}", low[index], high[index]));
            }
        }
        let sum: i64 = parts.iter().map(|&part| value_of(part)).sum();
        if sum != total {
            return Err(format!("picks add up to {sum}, not to {total}"));
        }
    }
    Ok(())
}

fn check_ending(system: &TransitionSystem, trace: &Trace, property: usize) -> Result<(), String> {
    let property_of = system.properties.get(property).ok_or("no such property")?;
    let last = trace.state(trace.steps.len());
    match (trace.ending, property_of.claim) {
        (Ending::Bad, Claim::Invariant(holds)) => match values(system, &[holds.id()], last, &[])[..] {
            [0] => Ok(()),
            _ => Err("the last state is not bad".into()),
        },
        (Ending::Stays, Claim::NoFairLoop { within, stay, .. }) => {
            if let Some(rule) = fair_rules(system).find(|rule| is_enabled(system, rule, last)) {
                return Err(format!("{} must happen, so that the run does not stay", rule.name));
            }
            for (name, term) in [("within", within), ("stay", stay)] {
                if values(system, &[term.id()], last, &[]) != [1] {
                    return Err(format!("the last state does not satisfy `{name}`"));
                }
            }
            Ok(())
        }
        (Ending::Loop { start }, Claim::NoFairLoop { within, keep, progress, .. }) => {
            check_loop(system, trace, property, start, [within.id(), keep.id(), progress.id()])
        }
        _ => Err("does not fit the claim of the property".into()),
    }
}

fn fair_rules(system: &TransitionSystem) -> impl Iterator<Item = &Rule> {
    system.rules.iter().filter(|rule| rule.fairness.is_some())
}

fn is_enabled(system: &TransitionSystem, rule: &Rule, state: &[i64]) -> bool {
    values(system, &[rule.enabled.id()], state, &[]) == [1]
}

fn check_loop(
    system: &TransitionSystem,
    trace: &Trace,
    property: usize,
    start: usize,
    [within, keep, progress]: [TermId; 3],
) -> Result<(), String> {
    let end = trace.steps.len();
    if start >= end {
        return Err("the loop has no step".into());
    }
    let (first, last) = (trace.state(start), trace.state(end));
    let relevant = relevant(system, property);
    if let Some(index) = (0..first.len()).find(|&index| relevant[index] && first[index] != last[index]) {
        let name = &system.dag.vars()[index].name;
        return Err(format!("the loop does not close: {name} is {} and later {}", first[index], last[index]));
    }
    let mut progresses = false;
    for index in start..end {
        let (before, after) = (trace.state(index), trace.state(index + 1));
        if system.rule(&trace.steps[index].rule).is_some_and(|rule| rule.pace == Pace::Event) {
            return Err(format!("step {index} of the loop is an external event"));
        }
        if values(system, &[within], before, &[]) != [1] {
            return Err(format!("the state before step {index} does not satisfy `within`"));
        }
        let found = step_values(system, &[keep, progress], before, after);
        if found[0] != 1 {
            return Err(format!("step {index} does not satisfy `keep`"));
        }
        progresses |= found[1] == 1;
    }
    if !progresses {
        return Err("no step of the loop satisfies `progress`".into());
    }
    check_fairness(system, trace, start)
}

fn check_fairness(system: &TransitionSystem, trace: &Trace, start: usize) -> Result<(), String> {
    let count = system.fairness.len();
    let none = || vec![false; count];
    let (mut acted, mut live, mut idle, mut late) = (none(), none(), none(), none());
    for step in &trace.steps[start..] {
        if let Some(unit) = system.rule(&step.rule).and_then(|rule| rule.fairness) {
            acted[unit] = true;
        }
    }
    let guards: Vec<TermId> = fair_rules(system).map(|rule| rule.enabled.id()).collect();
    let wishes: Vec<TermId> = fair_rules(system).map(|rule| rule.due().id()).collect();
    let units = |index: usize, conditions: &[TermId]| {
        let mut on = none();
        for (rule, value) in fair_rules(system).zip(values(system, conditions, trace.state(index), &[])) {
            if let (Some(unit), 1) = (rule.fairness, value) {
                on[unit] = true;
            }
        }
        on
    };
    for index in start..trace.steps.len() {
        let (enabled, due) = (units(index, &guards), units(index, &wishes));
        let is_slow = system.rule(&trace.steps[index].rule).is_some_and(|rule| rule.pace != Pace::Fast);
        for unit in 0..count {
            live[unit] |= enabled[unit];
            idle[unit] |= !due[unit];
            late[unit] |= enabled[unit] && is_slow && system.fairness[unit].prompt;
        }
    }
    for (unit, FairnessUnit { name, .. }) in system.fairness.iter().enumerate().filter(|&(unit, _)| !acted[unit]) {
        if live[unit] && !idle[unit] {
            return Err(format!("{name} is always enabled in the loop and never acts"));
        }
        if late[unit] {
            return Err(format!("{name} is late in the loop and never acts"));
        }
    }
    Ok(())
}
