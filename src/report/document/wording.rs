//! Findings become documents.

use super::super::narrate::tell;
use super::super::origin::OriginDocument;
use super::super::scene::{SceneDocument, Stage};
use super::super::states::Decoder;
use super::super::words::Word;
use super::super::{judged, room, sizes, telling};
use super::{Actor, BesideDocument, IntentDocument, LateDocument, StatisticsDocument, ViolationDocument};
use crate::engines::explicit::inevitable::Inevitability;
use crate::manifest::{Acceptance, ExpectedVerdict, Loaded, Severity};
use crate::passes::reductions;
use crate::search::timings::timing_word;
use crate::search::{Beside, Findings, IntentResult, Systems, Verdict, Violation};
use crate::trace::{Ending, Trace};
use itertools::Itertools;
use kubound_encodings::system::{Origin, Pace, Rule, TransitionSystem};

impl IntentDocument {
    /// Words an answer, given the systems in which it was found.
    pub fn new(loaded: &Loaded, systems: &Systems, result: &IntentResult) -> Self {
        Context { loaded, systems, system: &systems.fine }.intent(result)
    }
}

/// The fields that a violation stems from, all that its actors read and those of its intent.
pub fn blamed(loaded: &Loaded, findings: &Findings, result: &IntentResult) -> Vec<Origin> {
    let system = &findings.systems_of(result).fine;
    match result.verdict.violation() {
        Some(found) => telling::all_origins(&loaded.cluster, system, &found.trace, &result.origins),
        None => result.origins.clone(),
    }
}

/// The fields that those wait for who cannot go on at the end of a violation, if it ends so.
pub fn waited_for(loaded: &Loaded, findings: &Findings, result: &IntentResult) -> Vec<Origin> {
    let stage = Stage { systems: findings.systems_of(result), sources: &loaded.sources };
    let found = result.verdict.violation();
    let scene = found.and_then(|found| stage.at_the_end(&found.trace, &result.intent, result.target.as_deref()));
    let fields = scene.iter().flat_map(SceneDocument::roots).flat_map(|wait| &wait.origins);
    fields.map(|origin| Origin { object: origin.object.clone(), field: origin.field.clone() }).collect()
}

struct Context<'a> {
    loaded: &'a Loaded,
    systems: &'a Systems,
    system: &'a TransitionSystem,
}

impl Context<'_> {
    fn intent(&self, result: &IntentResult) -> IntentDocument {
        let (message, depth, violation) = self.answer(result);
        let expected = self.loaded.expect.get(&result.intent).copied().map(expected_word);
        let origins = match result.verdict.violation() {
            Some(found) => telling::origins(&self.loaded.cluster, self.system, &found.trace, &result.origins),
            None => result.origins.iter().cloned().map(telling::ToldOrigin::from).collect(),
        };
        let acts = acts(self.systems, &result.fired);
        IntentDocument {
            intent: result.intent.clone(),
            rule: self.rule(result),
            target: result.target.clone(),
            verdict: document_word(&result.verdict),
            before: None,
            decided: !result.verdict.is_undecided(),
            expected,
            excepted: self.excepted(result),
            message,
            unmodelled: match &result.verdict {
                Verdict::Holds { .. } | Verdict::BoundedClean { .. } | Verdict::Vacuous { .. } => self.unmodelled(),
                Verdict::Violated(_) | Verdict::Race(_) | Verdict::Unknown { .. } => 0,
            },
            depth,
            origins: origins
                .iter()
                .map(|one| OriginDocument::new(&one.origin, one.told(), &self.loaded.sources).excerpted())
                .collect(),
            acted: acts.0,
            did_not_act: acts.1,
            violation,
            ends_like: None,
            repairs_follow: false,
            repairs: None,
            timing: timing_word(result.timing),
            beside: result.beside.iter().map(beside).collect(),
            unpaced: result.unpaced.clone(),
            undrained: result.undrained,
            same_as: result.same_as.clone(),
            rechecks: result.rechecks.clone(),
            proof: match &result.verdict {
                Verdict::Holds { proof, .. } => proof.clone(),
                _ => Vec::new(),
            },
            engine: result.engine.clone(),
            reductions: match (&result.same_as, &result.verdict) {
                (Some(_), _) | (_, Verdict::Unknown { .. }) => Vec::new(),
                // Of another system.
                _ if result.undrained => Vec::new(),
                _ => reductions(self.systems.searched(), result.property, result.engine == "explicit"),
            },
            statistics: statistics(result),
            seconds: result.seconds,
            piece: None,
        }
    }

    /// What a verdict says, how deep it looked where it stopped at a depth, and the run that it tells of, if one.
    fn answer(&self, result: &IntentResult) -> (String, Option<usize>, Option<ViolationDocument>) {
        match &result.verdict {
            Verdict::Violated(found) | Verdict::Race(found) => {
                let violation = self.violation(found, result);
                let late = violation.late.as_ref().map(LateDocument::told);
                let message = [Some(result.headline.clone()), late].into_iter().flatten().join(": ");
                (message, None, Some(violation))
            }
            Verdict::Holds { method, .. } => ((*method).to_owned(), None, None),
            Verdict::BoundedClean { depth, .. } => (format!("no violation up to depth {depth}"), Some(*depth), None),
            Verdict::Vacuous { why } | Verdict::Unknown { why } => (why.clone(), None, None),
        }
    }

    /// How many fields could change a verdict and are not modelled.
    fn unmodelled(&self) -> usize {
        self.loaded.notes.iter().filter(|note| note.severity == Severity::Risky).count()
    }

    /// Why a violation does not fail the command, if the input says so.
    fn excepted(&self, result: &IntentResult) -> Option<String> {
        if result.verdict.violation().is_none() || self.loaded.expect.contains_key(&result.intent) {
            return None;
        }
        let covering = self.loaded.accepted.iter().filter(|one| one.covers(&result.intent, result.target.as_deref()));
        let mut told = covering.filter_map(|one| match &one.by {
            Acceptance::Exception { reason, expires, .. } => Some(format!("{reason} (until {expires})")),
            Acceptance::Baseline => None,
        });
        told.next()
    }

    /// The kind of the intent of a result.
    fn rule(&self, result: &IntentResult) -> &'static str {
        let intent = self.loaded.cluster.intents.iter().find(|intent| intent.id == result.intent);
        intent.map_or("", |intent| intent.kind.name())
    }

    fn violation(&self, found: &Violation, result: &IntentResult) -> ViolationDocument {
        let trace = &found.trace;
        let cluster = &self.loaded.cluster;
        let (inevitability, needs_choice_at) = match found.inevitability {
            Inevitability::Inevitable => ("inevitable", None),
            Inevitability::Possible { step } => ("possible", Some(step + 1)),
            Inevitability::Undecided => ("undecided", None),
        };
        let (ending, repeats) = match trace.ending {
            Ending::Bad => ("bad", None),
            Ending::Stays => ("stays", None),
            Ending::Loop { start } => ("loop", Some((start + 1, trace.steps.len()))),
        };
        let decoder = Decoder::new(cluster, self.system, &trace.initial);
        let mut steps = tell(self.system, trace);
        decoder.complete(&mut steps, trace, &self.loaded.sources);
        for late in found.late.iter().flat_map(|late| &late.steps) {
            steps[late.step].late.clone_from(&late.late);
        }
        let late = found.late.as_ref().and_then(|late| LateDocument::new(late, &steps));
        let stage = Stage { systems: self.systems, sources: &self.loaded.sources };
        let scene = stage.at_the_end(trace, &result.intent, result.target.as_deref());
        let mut machines = decoder.nodes();
        room::complete(self.systems, trace, &mut machines, &mut steps);
        judged::complete(self.systems, trace, &mut steps);
        ViolationDocument {
            nodes: found.nodes,
            machines,
            pools: sizes::pools(cluster, self.system, trace),
            pods: found.pods,
            minimised: found.minimised,
            values: sizes::values(cluster, self.system, &trace.initial),
            variables: decoder.variables(trace),
            steps,
            ending,
            start_up: start_up(self.system, trace),
            repeats,
            inevitability,
            needs_choice_at,
            late,
            scene,
        }
    }
}

/// How many steps at the beginning of a run only bring the cluster up.
fn start_up(system: &TransitionSystem, trace: &Trace) -> usize {
    let all = trace.steps.len();
    let until = match trace.ending {
        Ending::Loop { start } => start,
        Ending::Bad | Ending::Stays => all,
    };
    let reacts = |rule: &Rule| rule.pace == Pace::Fast && rule.fault.is_none();
    let steps = trace.steps[..until].iter().take_while(|step| system.rule(&step.rule).is_some_and(reacts)).count();
    if steps == all { 0 } else { steps }
}

/// What a search came to.
fn statistics(result: &IntentResult) -> StatisticsDocument {
    let statistics = result.statistics;
    StatisticsDocument {
        states: statistics.states,
        transitions: statistics.transitions,
        clauses: statistics.clauses,
        variables: statistics.variables,
        depth: statistics.depth,
        rules_fired: result.fired.len(),
    }
}

fn beside(known: &Beside) -> BesideDocument {
    BesideDocument { timing: timing_word(known.timing), answer: known.answer, why: known.why.clone() }
}

/// Who acted when rules of these names fired, and who did not; nothing if no names are known.
fn acts(systems: &Systems, fired: &[String]) -> (Vec<Actor>, Vec<String>) {
    if fired.is_empty() {
        return Default::default();
    }
    let fired = systems.fine_names(fired);
    let mut acted: Vec<Actor> = Vec::new();
    let mut idle: Vec<String> = Vec::new();
    for rule in &systems.fine.rules {
        if !fired.contains(&rule.name) {
            if !idle.contains(&rule.actor) {
                idle.push(rule.actor.clone());
            }
            continue;
        }
        let reason = rule.reason.to_owned();
        match acted.iter_mut().find(|actor| actor.name == rule.actor) {
            Some(actor) if actor.reasons.contains(&reason) => {}
            Some(actor) => actor.reasons.push(reason),
            None => acted.push(Actor { name: rule.actor.clone(), reasons: vec![reason] }),
        }
    }
    idle.retain(|name| !acted.iter().any(|actor| actor.name == *name));
    (acted, idle)
}

/// Which runs are meant by a timing.
pub(super) fn extent(timing: &str) -> &'static str {
    match timing {
        "interleaved" => "under any timing",
        "delayed" => "unless somebody is late by as long as a duration or a back-off",
        _ => "as long as controllers act at once",
    }
}

/// The word of documents for a verdict.
pub fn document_word(verdict: &Verdict) -> Word {
    match verdict {
        Verdict::BoundedClean { .. } => "bounded",
        other => other.word(),
    }
}

/// The word of scenario files for an expected verdict.
pub fn expected_word(expected: ExpectedVerdict) -> &'static str {
    match expected {
        ExpectedVerdict::Violated => "violated",
        ExpectedVerdict::Holds => "holds",
        ExpectedVerdict::Race => "race",
        ExpectedVerdict::Unknown => "unknown",
        ExpectedVerdict::Vacuous => "vacuous",
    }
}
