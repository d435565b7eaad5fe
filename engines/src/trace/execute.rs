//! One step of a system, computed by the interpreter: slow, obvious, and independent of every engine.

use kubound_encodings::system::{Rule, TransitionSystem};
use kubound_encodings::term::eval::{Assignment, evaluate};
use kubound_encodings::term::{ChoiceId, TermId};

/// Values of all choices, those not picked at the lower end of their range.
pub fn choice_values(system: &TransitionSystem, picks: &[(ChoiceId, i64)]) -> Vec<i64> {
    let mut values: Vec<i64> = system.dag.choices().iter().map(|choice| choice.sort.range().lo).collect();
    for &(choice, value) in picks {
        values[choice.index()] = value;
    }
    values
}

/// The values of terms over a state, with some picks.
pub fn values(system: &TransitionSystem, terms: &[TermId], state: &[i64], picks: &[(ChoiceId, i64)]) -> Vec<i64> {
    let choices = choice_values(system, picks);
    evaluate(&system.dag, terms, Assignment { vars: state, primed: &[], choices: &choices })
}

/// The values of terms over a step.
pub fn step_values(system: &TransitionSystem, terms: &[TermId], before: &[i64], after: &[i64]) -> Vec<i64> {
    evaluate(&system.dag, terms, Assignment { vars: before, primed: after, choices: &[] })
}

/// The state after a rule fired with some picks, monitors included; the guard is not looked at. A variable that
/// leaves its range is named.
pub fn fire(
    system: &TransitionSystem,
    rule: &Rule,
    picks: &[(ChoiceId, i64)],
    state: &[i64],
) -> Result<Vec<i64>, (String, i64)> {
    let mut after = state.to_vec();
    let terms: Vec<TermId> = rule.updates.iter().map(|&(_, term)| term).collect();
    let in_range = |index: usize, value: i64| {
        let var = &system.dag.vars()[index];
        if var.sort.range().contains(value) { Ok(value) } else { Err((var.name.clone(), value)) }
    };
    for (&(var, _), value) in rule.updates.iter().zip(values(system, &terms, state, picks)) {
        after[var.index()] = in_range(var.index(), value)?;
    }
    for monitor in &system.monitors {
        let value = step_values(system, &[monitor.next], state, &after)[0];
        after[monitor.var.index()] = in_range(monitor.var.index(), value)?;
    }
    Ok(after)
}
