//! A run in words: one line a step, from the sentence that its rule carries.

use super::nodes::{RequestedDocument, ScoreDocument};
use super::origin::OriginDocument;
use crate::trace::{Step, Trace, execute};
use itertools::Itertools;
use kubound_encodings::state::words;
use kubound_encodings::subject::{ObjectId, SlotId, Subject};
use kubound_encodings::system::{Detail, DetailKind, FaultMark, Phrase, Rule, TransitionSystem, Verb, Write, seconds};
use kubound_encodings::term::eval::{Assignment, evaluate};
use kubound_encodings::term::{ChoiceId, Sort, TermId, VarId};
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One step in words.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
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
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub picks: BTreeMap<String, i64>,
    /// What it compared, before the step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<(String, i64)>,
    /// Why the rule allows more than the real controller does, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_approximates: Option<String>,
    /// The kind of fault that happens by it, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The step as of which it reads objects of a kind, where that is not the present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads_as_of: Option<usize>,
    /// Their kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads_late: Option<String>,
    /// The controllers that could have acted before it and are late, where nothing but that makes the run possible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<String>,
    /// What it changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeDocument>,
    /// What the nodes were worth to the scheduler, the chosen one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<ScoreDocument>,
    /// The fields of the input that its rule stems from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<OriginDocument>,
    /// Those of the details that `-v` shows beside scores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<(String, i64)>,
    /// How full nodes are from then on, where it changes that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requested: Vec<RequestedDocument>,
    /// The pods that it binds or starts, if it does nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<Placing>,
    /// What the step is about.
    #[serde(skip)]
    pub about: About,
}

/// A variable that a step changes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChangeDocument {
    /// Its name.
    pub variable: String,
    /// Its value before the step.
    pub before: i64,
    /// Its value after the step.
    pub after: i64,
}

/// A step that binds pods to a node, or starts them there.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Placing {
    /// What they are pods of.
    pub pods: String,
    /// The node.
    pub node: Option<String>,
    /// Whether it binds them; otherwise it starts them.
    pub binds: bool,
}

/// What a step is about, as data.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct About {
    /// What its rule is about.
    pub subject: Option<Subject>,
    /// The node that it is about.
    pub node: Option<String>,
    /// What it wrote.
    pub requests: Vec<Request>,
    /// What the nodes were worth to the scheduler; below 0 where they do not take the pod.
    pub scores: Vec<(String, i64)>,
}

impl About {
    /// The main word of the subject.
    pub fn word(&self) -> &str {
        self.subject.as_ref().map_or("", |subject| &subject.aspect.word)
    }
}

/// Alike requests of a step to the API server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// What kind of request.
    pub verb: Verb,
    /// The object that is written; of pods what they are pods of.
    pub object: Option<ObjectId>,
    /// What names call it.
    pub label: String,
    /// The node that is written, or that the pods are on.
    pub node: Option<String>,
    /// How many requests there are.
    pub count: i64,
}

impl ToldStep {
    /// What happens, with whether that is a fault and what it reads late.
    pub fn told(&self) -> String {
        let fault = self.fault.as_ref().map_or(String::new(), |kind| format!("[fault: {kind}] "));
        let objects = match self.reads_late.as_deref() {
            None | Some("Pod") => "pods".to_owned(),
            Some(kind) => format!("{kind}s"),
        };
        let past = match self.reads_as_of {
            Some(0) => format!(" (reads {objects} as they were at the start)"),
            Some(step) => format!(" (reads {objects} as of step {step})"),
            None => String::new(),
        };
        format!("{fault}{}{past}", self.text)
    }

    /// Who is late at it, in words behind its text.
    pub fn told_late(&self) -> String {
        match self.late.as_slice() {
            [] => String::new(),
            late => format!(" [late: {}]", late.join(", ")),
        }
    }
}

/// All steps of a run in words.
pub fn tell(system: &TransitionSystem, trace: &Trace) -> Vec<ToldStep> {
    let steps = trace.steps.iter().enumerate();
    let mut told: Vec<ToldStep> =
        steps.map(|(index, step)| tell_step(system, trace.state(index), step, index + 1)).collect();
    read_late(system, trace, &mut told);
    told
}

/// Says of steps as of which one they read pods or other objects, where a fault has them see the past.
fn read_late(system: &TransitionSystem, trace: &Trace, told: &mut [ToldStep]) {
    let mut since: Vec<(&str, FaultMark, usize)> = Vec::new();
    for (index, step) in trace.steps.iter().enumerate() {
        let Some(rule) = system.rule(&step.rule) else { continue };
        let Some(mark) = rule.fault else { continue };
        let is_same = |&&(actor, began, _): &&(&str, FaultMark, usize)| {
            (actor, began.kind, began.of) == (rule.actor.as_str(), mark.kind, mark.of)
        };
        match mark.happens {
            true => since.push((&rule.actor, mark, index)),
            // What only ends, or lets expectations end, asks for nothing.
            false if rule.writes.iter().any(|write| write.verb.is_request()) => {
                told[index].reads_as_of = since.iter().rev().find(is_same).map(|&(_, _, step)| step);
                told[index].reads_late = mark.of.map(str::to_owned);
            }
            false => {}
        }
    }
}

fn tell_step(system: &TransitionSystem, before: &[i64], step: &Step, number: usize) -> ToldStep {
    let picks = picked(system, step);
    let Some(rule) = system.rule(&step.rule) else {
        return ToldStep {
            number,
            actor: "unknown".into(),
            text: step.rule.clone(),
            rule: step.rule.clone(),
            picks,
            ..ToldStep::default()
        };
    };
    let about = about(system, rule, before, step);
    ToldStep {
        number,
        actor: rule.actor.clone(),
        reason: rule.reason.to_owned(),
        text: sentence(system, rule, before, step),
        rule: rule.name.clone(),
        picks,
        details: details(system, rule, before, step, |_| true),
        over_approximates: rule.over_approximates.map(str::to_owned),
        fault: rule.fault.filter(|mark| mark.happens).map(|mark| mark.kind.to_owned()),
        facts: details(system, rule, before, step, |detail| detail.kind == DetailKind::Fact),
        places: placing(&about),
        about,
        ..ToldStep::default()
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
    let at = Assignment { vars: before, primed: &step.state, choices: &choices };
    words(system, &rule.sentence, &values_of(system, &roots, at), &step.state)
}

/// The values of terms, each computed once.
pub fn values_of(system: &TransitionSystem, terms: &[TermId], at: Assignment) -> Values {
    terms.iter().copied().zip(evaluate(&system.dag, terms, at)).collect()
}

/// The values of terms.
pub type Values = FxHashMap<TermId, i64>;

/// Phrases in words, given the values of their terms and of the variables that they show.
pub fn words(system: &TransitionSystem, phrases: &[Phrase], values: &Values, state: &[i64]) -> String {
    let shown = |term: TermId, scale: i64| show(values[&term] * scale, system.dag.sort(term));
    let told = |phrase: &Phrase| match phrase {
        Phrase::Text(piece) => piece.clone(),
        Phrase::Value { term, scale, unit } => format!("{}{unit}", shown(*term, *scale)),
        Phrase::Count { term, one, many } => {
            format!("{} {}", values[term], if values[term] == 1 { one } else { many })
        }
        Phrase::Seconds { term, unit } => seconds(values[term] * unit),
        Phrase::IfAny { term, .. } if values[term] == 0 => String::new(),
        Phrase::IfAny { before, term, after } => format!("{before}{}{after}", shown(*term, 1)),
        Phrase::After(var) => show_var(system, *var, state),
        Phrase::Parts(parts) => {
            let some = parts.iter().map(|(term, name)| (values[term], name)).filter(|&(count, _)| count != 0);
            some.map(|(count, name)| format!("{count} from {name}")).join(", ")
        }
    };
    phrases.iter().map(told).collect()
}

/// The terms that a phrase tells.
pub fn terms(phrase: &Phrase) -> Vec<TermId> {
    match phrase {
        Phrase::Text(_) | Phrase::After(_) => Vec::new(),
        Phrase::Value { term, .. }
        | Phrase::Count { term, .. }
        | Phrase::Seconds { term, .. }
        | Phrase::IfAny { term, .. } => vec![*term],
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

fn details(
    system: &TransitionSystem,
    rule: &Rule,
    before: &[i64],
    step: &Step,
    is_meant: impl Fn(&Detail) -> bool,
) -> Vec<(String, i64)> {
    let meant: Vec<&Detail> = rule.details.iter().filter(|detail| is_meant(detail)).collect();
    let roots: Vec<TermId> = meant.iter().map(|detail| detail.term).collect();
    let values = execute::values(system, &roots, before, &step.picks);
    meant.iter().map(|detail| system.names.detail(&detail.subject)).zip(values).collect()
}

fn about(system: &TransitionSystem, rule: &Rule, before: &[i64], step: &Step) -> About {
    let node = |slot: SlotId| system.names.slots.get(slot.index()).map(|slot| slot.name.clone());
    let scores: Vec<&Detail> = rule.details.iter().filter(|detail| detail.kind == DetailKind::Score).collect();
    let roots: Vec<TermId> = scores.iter().map(|detail| detail.term).collect();
    let worth = execute::values(system, &roots, before, &step.picks);
    let scores = scores.iter().zip(worth).filter_map(|(detail, worth)| Some((node(detail.subject.slot?)?, worth)));
    About {
        subject: Some(rule.subject.clone()),
        node: rule.subject.slot.and_then(node),
        requests: requests(system, rule, before, step),
        scores: scores.collect(),
    }
}

/// What a step from `before` asked the API server for.
fn requests(system: &TransitionSystem, rule: &Rule, before: &[i64], step: &Step) -> Vec<Request> {
    let writes: Vec<&Write> = rule.writes.iter().filter(|write| write.verb.is_request()).collect();
    let roots: Vec<TermId> = writes.iter().filter_map(|write| write.times).collect();
    let mut counts = execute::values(system, &roots, before, &step.picks).into_iter();
    let request = |write: &&Write| Request {
        verb: write.verb,
        object: write.object,
        label: write.object.map_or_else(String::new, |object| system.names.object(object).label()),
        node: write.slot.and_then(|slot| system.names.slots.get(slot.index())).map(|slot| slot.name.clone()),
        count: write.times.and_then(|_| counts.next()).unwrap_or(1),
    };
    let requests: Vec<Request> = writes.iter().map(request).collect();
    requests.into_iter().filter(|request| request.count > 0).collect()
}

/// What a step binds or starts, if it does nothing else.
pub(super) fn placing(about: &About) -> Option<Placing> {
    let verb = match about.word() {
        words::BIND => Verb::Bind,
        words::START => Verb::Status,
        _ => return None,
    };
    let request = about.requests.iter().find(|request| request.verb == verb)?;
    Some(Placing { pods: request.label.clone(), node: request.node.clone(), binds: verb == Verb::Bind })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny;
    use crate::trace::Ending;
    use crate::trace::testing::tiny_run;

    #[test]
    fn a_sentence_reads_the_state_before_and_after() {
        let (system, _) = tiny();
        let told = tell(&system, &tiny_run(3, Ending::Bad));
        assert_eq!(told[2].text, "web to spot-0, 2 before, 3 after");
        assert_eq!(told[2].details, [("score of spot-0".to_owned(), 5)]);
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
}
