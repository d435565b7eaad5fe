//! From a run of a system with fused rules to the run of the fine system that it stands for.

use super::execute::fire;
use super::replay::{ReplayError, replay};
use super::{Ending, Step, Trace};
use kubound_encodings::system::{DetailKind, Initial, Rule, TransitionSystem};
use kubound_encodings::term::ChoiceId;

/// Replaces each step of a fused rule by the steps of its expansion, and replays the result on the fine system.
///
/// Variables and choices are matched by name; a variable that only the fine system has starts as its initial term
/// says, or at the lower end of its range.
pub fn replay_expanded(
    fine: &TransitionSystem,
    fused: &TransitionSystem,
    trace: &Trace,
    property: usize,
) -> Result<Trace, ReplayError> {
    let mut expanded =
        Trace { initial: embedded(fine, fused, &trace.initial)?, steps: Vec::new(), ending: trace.ending };
    // How many fine steps there are before each fused one.
    let mut before = Vec::with_capacity(trace.steps.len());
    for (index, step) in trace.steps.iter().enumerate() {
        before.push(expanded.steps.len());
        let wrong = |what: String| ReplayError::Step { index, rule: step.rule.clone(), what };
        let rule = fused.rule(&step.rule).ok_or_else(|| wrong("no such rule".into()))?;
        for name in &fused.fine_names(rule) {
            let state = expanded.state(expanded.steps.len());
            let picked = Picked { fused, rule, picks: &step.picks, before: trace.state(index) };
            let next = fine_step(fine, name, &picked, state).map_err(wrong)?;
            expanded.steps.push(next);
        }
    }
    if let Ending::Loop { start } = trace.ending {
        let start = *before.get(start).ok_or_else(|| ReplayError::Ending("the loop has no step".into()))?;
        expanded.ending = Ending::Loop { start };
    }
    replay(fine, &expanded, property)?;
    Ok(expanded)
}

/// The same run on another system of the same cluster, of equal granularity: variables, rules and choices are matched
/// by name, and every state is computed anew. The result is not replayed.
pub fn transfer(to: &TransitionSystem, from: &TransitionSystem, trace: &Trace) -> Result<Trace, ReplayError> {
    let initial = embedded(to, from, &trace.initial)?;
    let mut moved = Trace { initial, steps: Vec::new(), ending: trace.ending };
    for (index, step) in trace.steps.iter().enumerate() {
        let wrong = |what: String| ReplayError::Step { index, rule: step.rule.clone(), what };
        let rule = from.rule(&step.rule).ok_or_else(|| wrong("no such rule".into()))?;
        let picked = Picked { fused: from, rule, picks: &step.picks, before: trace.state(index) };
        let next = fine_step(to, &step.rule, &picked, moved.state(index)).map_err(wrong)?;
        moved.steps.push(next);
    }
    Ok(moved)
}

/// What a fused step picked.
struct Picked<'a> {
    fused: &'a TransitionSystem,
    rule: &'a Rule,
    picks: &'a [(ChoiceId, i64)],
    before: &'a [i64],
}

impl Picked<'_> {
    /// The value of the fine choice of a name: the fused pick of that name, or what the fused rule says it comes to
    /// (a detail of that name). A choice that the fused system knows nothing of concerns pods in a phase that it
    /// leaves out, of which there are none.
    fn value(&self, name: &str) -> i64 {
        let choices = self.fused.dag.choices();
        if let Some(&(_, value)) = self.picks.iter().find(|(id, _)| choices[id.index()].name == name) {
            return value;
        }
        let names = &self.fused.names;
        let mut picks = self.rule.details.iter().filter(|detail| detail.kind == DetailKind::Pick);
        let detail = picks.find(|detail| names.variable(&detail.subject) == name);
        let value = |term| super::execute::values(self.fused, &[term], self.before, self.picks)[0];
        detail.map_or(0, |detail| value(detail.term))
    }
}

fn fine_step(fine: &TransitionSystem, name: &str, picked: &Picked, state: &[i64]) -> Result<Step, String> {
    let rule = fine.rule(name).ok_or_else(|| format!("expands to {name}, which does not exist"))?;
    let mut carried = Vec::new();
    for &choice in rule.choices.iter().flat_map(|choice| choice.ids()) {
        let wanted = &fine.dag.choices()[choice.index()];
        let value = picked.value(&wanted.name);
        if !wanted.sort.range().contains(value) {
            return Err(format!("pick {} = {value} is outside its range in {name}", wanted.name));
        }
        carried.push((choice, value));
    }
    carried.sort_unstable();
    let state = fire(fine, rule, &carried, state).map_err(|(var, value)| format!("{name} sets {var} to {value}"))?;
    Ok(Step { rule: name.to_owned(), picks: carried, state })
}

/// The state of a system that another one of the same cluster has: variables are matched by name, and one that only this
/// system has starts as its initial term says, or at the lower end of its range.
///
/// # Errors
/// A value outside the range of its variable.
pub fn embedded(fine: &TransitionSystem, fused: &TransitionSystem, initial: &[i64]) -> Result<Vec<i64>, ReplayError> {
    let mut values: Vec<i64> = fine.dag.vars().iter().map(|var| var.sort.range().lo).collect();
    for (index, var) in fine.dag.vars().iter().enumerate() {
        let known = fused.dag.vars().iter().position(|other| other.name == var.name).and_then(|at| initial.get(at));
        values[index] = match (known, fine.vars[index].initial) {
            (Some(&value), _) if var.sort.range().contains(value) => value,
            (Some(&value), _) => {
                return Err(ReplayError::Initial(format!("{} = {value} is outside its range", var.name)));
            }
            (None, Initial::Term(term)) => super::execute::values(fine, &[term], &values, &[])[0],
            (None, Initial::Free) => var.sort.range().lo,
        };
    }
    Ok(values)
}
