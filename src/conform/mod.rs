//! Conformance: whether the model can do what a real cluster was recorded doing.
//!
//! `events` reads recordings, `pods` tells pods apart, `actions` turns events into actions, `labels` says what steps of the model would have
//! been recorded as, and `search` looks for a run that performs the recorded actions in their order.

pub mod actions;
pub mod events;
pub mod labels;
mod pods;
pub mod search;

use crate::engines::explicit::stepper::{Move, Stepper};
use crate::engines::proof::words::words;
use crate::limits::report::{MOST_ACTIONS, MOST_REASONS};
use crate::report::narrate::sentence;
use crate::trace::replay::check_step;
use crate::trace::{Step, execute};
use actions::{Class, Deed, Recording};
use events::Event;
use kubound_encodings::cluster::Cluster;
use kubound_encodings::system::{Rule, TransitionSystem};
use kubound_encodings::term::{Node, Term, TermId};
use labels::{Label, Names};
use search::{Bounds, Deal, Found, Search, SearchError};
use serde::Serialize;

/// How well the model follows a recording.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Conformance {
    /// Recorded actions.
    pub recorded: usize,
    /// Those among them that the run performs.
    pub recorded_matched: usize,
    /// Actions of the run of the model that would have been recorded.
    pub modelled: usize,
    /// Those among them that were recorded.
    pub modelled_matched: usize,
    /// Matched actions of both sides over all actions of both, in percent.
    pub rate: f64,
    /// Whether the search met one of its limits, so that another run may match more.
    pub limited: bool,
    /// Node slots by name of the recorded node.
    pub nodes: Vec<(String, String)>,
    /// What does not match, in order.
    pub mismatches: Vec<Mismatch>,
    /// Why events are no actions, with how many there are.
    pub left_out: Vec<(String, usize)>,
    /// The run, in words, each step with what it performs.
    pub run: Vec<RunStep>,
}

/// Something that happened on one side only.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mismatch {
    /// `recorded` or `modelled`.
    pub side: &'static str,
    /// Time of the event, as seconds since 1970, for recorded actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
    /// What happened.
    pub what: String,
    /// Why the model cannot do it, or what it does instead.
    pub why: Vec<String>,
}

/// One step of the run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunStep {
    /// Who acts.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// What happens.
    pub text: String,
    /// The recorded events that it performs: reason and object.
    pub performs: Vec<String>,
}

/// Looks for a run of `system`, a fine system of `cluster`, that follows `events`, ordered by their first time.
///
/// # Errors
/// The cluster is too large to be enumerated, or the model is faulty.
pub fn conform(
    cluster: &Cluster,
    system: &TransitionSystem,
    events: &[Event],
    recording: &Recording,
    bounds: Bounds,
) -> Result<Conformance, SearchError> {
    if recording.actions.len() > MOST_ACTIONS {
        let most = MOST_ACTIONS;
        return Err(SearchError::TooLarge(format!("more than {most} recorded actions; narrow --since and --until")));
    }
    let slots: Vec<String> = system.names.slots.iter().map(|slot| slot.name.clone()).collect();
    let names = Names { cluster, names: &system.names, vars: system.dag.vars() };
    let too_large = || SearchError::TooLarge("too many terms; narrow the ranges of the scenario".into());
    let stepper = Stepper::new(system).ok_or_else(too_large)?;
    let system = stepper.system().clone();
    let mut search = Search::new(stepper, &names, recording, bounds);
    let found = search.run(&slots)?;
    let teller = Teller { system: &system, events, recording, slots: &slots, cluster, search: &search };
    teller.conformance(&found)
}

struct Teller<'a> {
    system: &'a TransitionSystem,
    events: &'a [Event],
    recording: &'a Recording,
    slots: &'a [String],
    cluster: &'a Cluster,
    search: &'a Search<'a>,
}

impl Teller<'_> {
    fn conformance(&self, found: &Found) -> Result<Conformance, SearchError> {
        let (mut modelled, mut modelled_matched, mut skipped, mut ended) = (0, 0, 0, 0);
        let mut left_out = self.recording.left_out.clone();
        let (mut mismatches, mut run) = (Vec::new(), Vec::new());
        let mut state = found.initial.clone();
        for deal in &found.deals {
            match deal {
                Deal::Skip(action) => {
                    skipped += 1;
                    mismatches.push(self.skipped(*action, &state, &found.binding));
                }
                Deal::Ended(_) => {
                    ended += 1;
                    *left_out.entry("eviction of a pod that has ended by itself".into()).or_default() += 1;
                }
                Deal::Step { step, performs, unrecorded } => {
                    let rule = &self.system.rules[step.rule];
                    let done = Step { rule: rule.name.clone(), picks: step.picks.clone(), state: step.state.clone() };
                    // The compiled machine found the step; the interpreter has to agree.
                    check_step(self.system, &state, &done).map_err(|what| {
                        let fault = format!("{} is no step on the interpreter: {what}", rule.name);
                        SearchError::Engine(crate::engines::EngineError::Internal(fault))
                    })?;
                    for (label, times) in self.silent(&state, step) {
                        let why = format!("{label} of the model's run: nobody recorded any in this cluster");
                        *left_out.entry(why).or_default() += times as usize;
                    }
                    modelled_matched += performs.len();
                    modelled += performs.len();
                    let text = sentence(self.system, rule, &state, &done);
                    for &(label, times) in unrecorded {
                        modelled += times as usize;
                        mismatches.push(self.unrecorded(label, times, rule, &text));
                    }
                    run.push(RunStep {
                        actor: rule.actor.clone(),
                        reason: rule.reason.to_owned(),
                        text,
                        performs: performs.iter().map(|&action| self.told(action)).collect(),
                    });
                    state.clone_from(&step.state);
                }
            }
        }
        let recorded = self.recording.actions.len() - ended;
        let recorded_matched = recorded - skipped;
        let all = recorded + modelled;
        let rate = if all == 0 { 0.0 } else { 100.0 * (recorded_matched + modelled_matched) as f64 / all as f64 };
        let bound = self.recording.nodes.iter().zip(&found.binding);
        let nodes = bound.filter_map(|(name, slot)| Some((name.clone(), self.slots[(*slot)?].clone())));
        Ok(Conformance {
            recorded,
            recorded_matched,
            modelled,
            modelled_matched,
            rate,
            limited: found.limited,
            nodes: nodes.collect(),
            mismatches,
            left_out: left_out.into_iter().collect(),
            run,
        })
    }

    /// What a step does that nobody would have recorded.
    fn silent(&self, before: &[i64], step: &Move) -> Vec<(Deed, i64)> {
        let recorder = self.search.recorders()[step.rule].as_ref();
        let labels = recorder.map(|recorder| recorder.labels(self.system, before, step)).unwrap_or_default();
        let is_silent = |(label, _): &(Label, i64)| self.recording.silent.contains(&label.deed);
        labels.into_iter().filter(is_silent).map(|(label, times)| (label.deed, times)).collect()
    }

    fn told(&self, action: usize) -> String {
        let event = &self.events[self.recording.actions[action].event];
        let message = event.message.trim();
        let about = if message.is_empty() { String::new() } else { format!(": {message}") };
        format!("{} {}/{}{about}", event.reason, event.kind, event.name)
    }

    fn unrecorded(&self, label: Label, times: i64, rule: &Rule, text: &str) -> Mismatch {
        let workload = label.workload.map(|index| format!(" {}", self.cluster.workloads[index].reference));
        let node = label.slot.map(|slot| format!(" on {}", self.slots[slot]));
        let (workload, node) = (workload.unwrap_or_default(), node.unwrap_or_default());
        Mismatch {
            side: "modelled",
            at: None,
            what: format!("{times} x {}{workload}{node}", label.deed),
            why: vec![format!("the model does more than was recorded: {} {} {text}", rule.actor, rule.reason)],
        }
    }

    fn skipped(&self, action: usize, state: &[i64], binding: &[Option<usize>]) -> Mismatch {
        let recorded = &self.recording.actions[action];
        let class = &self.recording.classes[recorded.class];
        let mut why: Vec<String> = self.rules_of(class, binding).flat_map(|rule| self.refusals(rule, state)).collect();
        why.dedup();
        why.truncate(MOST_REASONS);
        if why.is_empty() {
            why.push("no rule of the model does this in this cluster".to_owned());
        }
        Mismatch { side: "recorded", at: Some(self.events[recorded.event].first), what: self.told(action), why }
    }

    /// The rules that might perform an action.
    fn rules_of<'b>(&'b self, class: &'b Class, binding: &'b [Option<usize>]) -> impl Iterator<Item = &'b Rule> {
        let slot = class.node.and_then(|node| binding[node]);
        let rules = self.system.rules.iter().zip(self.search.recorders());
        rules.filter_map(move |(rule, recorder)| {
            recorder.as_ref()?.may(class.deed, class.workload, slot).then_some(rule)
        })
    }

    /// The conjuncts of a guard that are false in a state, in words; that it acts otherwise if there is none.
    fn refusals(&self, rule: &Rule, state: &[i64]) -> Vec<String> {
        let dag = &self.system.dag;
        let guard = rule.enabled.id();
        let conjuncts: Vec<TermId> = match dag.node(guard) {
            Node::And(list) => list.to_vec(),
            _ => vec![guard],
        };
        let values = execute::values(self.system, &conjuncts, state, &[]);
        let failing: Vec<TermId> =
            conjuncts.iter().zip(values).filter(|&(_, value)| value == 0).map(|(&term, _)| term).collect();
        if failing.is_empty() {
            return vec![format!("{} is enabled, but does it to another pod, node or size", rule.name)];
        }
        let tell = |&term: &TermId| {
            let read: Vec<String> = dag
                .support([term])
                .iter()
                .take(6)
                .map(|var| format!("{} = {}", dag.vars()[var.index()].name, state[var.index()]))
                .collect();
            let mut text = words(dag, term);
            if text.chars().count() > 160 {
                text = text.chars().take(160).chain("...".chars()).collect();
            }
            format!("{} needs {text}, with {}", rule.name, read.join(", "))
        };
        failing.iter().take(1).map(tell).collect()
    }
}
