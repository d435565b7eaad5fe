//! A run in words: one line a step, from the sentence that its rule carries.

use crate::trace::{Step, Trace, execute};
use kubound_encodings::system::{Phrase, Rule, TransitionSystem};
use kubound_encodings::term::eval::{Assignment, evaluate};
use kubound_encodings::term::{ChoiceId, Sort, TermId, VarId};
use serde::Serialize;
use std::collections::BTreeMap;

/// One step in words.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToldStep {
    /// Counted from 1.
    pub number: usize,
    /// Who acted.
    pub actor: String,
    /// Why, as Kubernetes Events name it.
    pub reason: String,
    /// What happened.
    pub text: String,
    /// Name of the rule.
    pub rule: String,
    /// What it picked.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub picks: BTreeMap<String, i64>,
    /// What it compared, before the step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<(String, i64)>,
    /// Why the rule allows more than the real controller does, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_approximates: Option<&'static str>,
}

/// All steps of a run in words.
pub fn tell(system: &TransitionSystem, trace: &Trace) -> Vec<ToldStep> {
    trace.steps.iter().enumerate().map(|(index, step)| tell_step(system, trace.state(index), step, index + 1)).collect()
}

fn tell_step(system: &TransitionSystem, before: &[i64], step: &Step, number: usize) -> ToldStep {
    let picks = picked(system, step);
    let Some(rule) = system.rule(&step.rule) else {
        return ToldStep {
            number,
            actor: "unknown".into(),
            reason: String::new(),
            text: step.rule.clone(),
            rule: step.rule.clone(),
            picks,
            details: Vec::new(),
            over_approximates: None,
        };
    };
    ToldStep {
        number,
        actor: rule.actor.clone(),
        reason: rule.reason.to_owned(),
        text: sentence(system, rule, before, step),
        rule: rule.name.clone(),
        picks,
        details: details(system, rule, before, step),
        over_approximates: rule.over_approximates,
    }
}

fn picked(system: &TransitionSystem, step: &Step) -> BTreeMap<String, i64> {
    let name = |choice: ChoiceId| system.dag.choices()[choice.index()].name.clone();
    step.picks.iter().map(|&(choice, value)| (name(choice), value)).collect()
}

/// The sentence of a rule, for a step from `before`.
pub fn sentence(system: &TransitionSystem, rule: &Rule, before: &[i64], step: &Step) -> String {
    let mut choices = vec![0; system.dag.choices().len()];
    for &(choice, value) in &step.picks {
        choices[choice.index()] = value;
    }
    let roots: Vec<TermId> = rule.sentence.iter().flat_map(terms).collect();
    let values = evaluate(&system.dag, &roots, Assignment { vars: before, primed: &step.state, choices: &choices });
    let mut values = roots.iter().zip(values);
    let mut next = |term: TermId| {
        let (&root, value) = values.next().expect("one value a term");
        debug_assert_eq!(root, term);
        (value, system.dag.sort(term))
    };
    let mut text = String::new();
    for phrase in &rule.sentence {
        match phrase {
            Phrase::Text(piece) => text.push_str(piece),
            Phrase::Value { term, scale, unit } => {
                let (value, sort) = next(*term);
                text.push_str(&show(value * scale, sort));
                text.push_str(unit);
            }
            Phrase::After(var) => text.push_str(&show_var(system, *var, &step.state)),
            Phrase::Parts(parts) => {
                let told: Vec<String> = parts
                    .iter()
                    .map(|(term, name)| (next(*term).0, name))
                    .filter(|&(count, _)| count != 0)
                    .map(|(count, name)| format!("{count} from {name}"))
                    .collect();
                text.push_str(&told.join(", "));
            }
        }
    }
    text
}

fn terms(phrase: &Phrase) -> Vec<TermId> {
    match phrase {
        Phrase::Text(_) | Phrase::After(_) => Vec::new(),
        Phrase::Value { term, .. } => vec![*term],
        Phrase::Parts(parts) => parts.iter().map(|&(term, _)| term).collect(),
    }
}

fn show_var(system: &TransitionSystem, var: VarId, state: &[i64]) -> String {
    show(state[var.index()], system.dag.vars()[var.index()].sort)
}

fn show(value: i64, sort: Sort) -> String {
    match sort {
        Sort::Bool => (value != 0).to_string(),
        Sort::Int(_) => value.to_string(),
    }
}

fn details(system: &TransitionSystem, rule: &Rule, before: &[i64], step: &Step) -> Vec<(String, i64)> {
    let roots: Vec<TermId> = rule.details.iter().map(|&(_, term)| term).collect();
    let values = execute::values(system, &roots, before, &step.picks);
    rule.details.iter().map(|(name, _)| name.clone()).zip(values).collect()
}

/// A line of a report: one step, or a run of steps of the same kind.
#[derive(Clone, PartialEq, Debug)]
pub enum Line<'a> {
    /// One step.
    One(&'a ToldStep),
    /// At least [`FOLD`] steps in a row by the same actor for the same reason.
    Many(&'a [ToldStep]),
}

/// Fewest steps that are folded into one line.
pub const FOLD: usize = 4;

/// Folds runs of similar steps; a run never crosses `boundary`, the index at which a loop starts.
pub fn fold(steps: &[ToldStep], boundary: Option<usize>) -> Vec<Line<'_>> {
    let cut = boundary.unwrap_or(steps.len()).min(steps.len());
    let (prefix, rest) = steps.split_at(cut);
    let similar = |a: &ToldStep, b: &ToldStep| a.actor == b.actor && a.reason == b.reason;
    let mut lines = Vec::new();
    for chunk in prefix.chunk_by(similar).chain(rest.chunk_by(similar)) {
        if chunk.len() >= FOLD {
            lines.push(Line::Many(chunk));
        } else {
            lines.extend(chunk.iter().map(Line::One));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::testing::{tiny, tiny_run};
    use crate::trace::Ending;

    #[test]
    fn a_sentence_reads_the_state_before_and_after() {
        let (system, _) = tiny();
        let told = tell(&system, &tiny_run(3, Ending::Bad));
        assert_eq!(told[2].text, "web to spot-0, 2 before, 3 after");
        assert_eq!(told[2].details, [("score spot-0".to_owned(), 5)]);
        assert_eq!((told[2].number, told[2].reason.as_str()), (3, "Scheduled"));
    }

    #[test]
    fn parts_that_are_zero_are_left_out() {
        let (mut system, _) = tiny();
        let (zero, bound) = (system.nodes, system.pods);
        system.rules[0].sentence = vec![Phrase::Parts(vec![(zero, "spot-0".into()), (bound, "spot-1".into())])];
        let trace = tiny_run(3, Ending::Bad);
        assert_eq!(tell(&system, &trace)[2].text, "2 from spot-1");
    }

    #[test]
    fn long_runs_are_folded_but_not_across_the_start_of_a_loop() {
        let (system, _) = tiny();
        let told = tell(&system, &tiny_run(7, Ending::Loop { start: 4 }));
        let lines = fold(&told, Some(4));
        assert!(matches!(&lines[0], Line::Many(steps) if steps.len() == 4));
        assert_eq!(lines.len(), 1 + 3);
        assert!(matches!(&fold(&told, None)[..], [Line::Many(steps)] if steps.len() == 7));
    }
}
