//! The findings as one plain document: what every output format prints. Its serialisation is the JSON report, with
//! keys in the order of the fields here.

use super::cause;
use super::narrate::{ToldStep, tell};
use super::origin::{OriginDocument, end_column};
use super::repairs::RepairsDocument;
use super::scene::{SceneDocument, Stage};
use super::shard::{PieceDocument, ShardDocument};
use super::states::Decoder;
use super::words::{self, Word};
use super::{sizes, telling};
use crate::engines::explicit::inevitable::Inevitability;
use crate::manifest::{Acceptance, Accepted, ExpectedVerdict, Loaded, Note, Severity};
use crate::passes::reductions;
use crate::search::cross_check::Recheck;
use crate::search::late::Late;
use crate::search::scope::{Scope, Size};
use crate::search::timings::timing_word;
use crate::search::{Beside, Findings, IntentResult, Systems, Verdict, Violation};
use crate::trace::Ending;
use itertools::Itertools;
use kubound_encodings::system::{Origin, TransitionSystem};
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The whole report.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Version of this format.
    #[serde(deserialize_with = "words::known")]
    pub api_version: Word,
    /// Always `Report`.
    #[schemars(extend("enum" = ["Report"]))]
    #[serde(deserialize_with = "words::known")]
    pub kind: Word,
    /// Version of Kubound.
    #[serde(deserialize_with = "words::known")]
    pub kubound: Word,
    /// Names and versions of the solvers.
    pub solver: String,
    /// Name of the scenario.
    pub name: String,
    /// Exit code of the command.
    pub exit_code: u8,
    /// Whether the user interrupted the search.
    pub interrupted: bool,
    /// Wall time.
    pub seconds: f64,
    /// What the verdicts cover.
    pub scope: Scope,
    /// One an intent.
    pub results: Vec<IntentDocument>,
    /// What the reader has to say.
    pub notes: Vec<NoteDocument>,
    /// Violations that the input says are accepted.
    pub exceptions: Vec<ExceptionDocument>,
    /// Which part of the whole this is, of a run with `--shard`; none: the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardDocument>,
}

/// A violation that is accepted for a time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExceptionDocument {
    /// Id of the intent.
    pub intent: String,
    /// Object it speaks of; none: any.
    pub target: Option<String>,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is, `YYYY-MM-DD`.
    pub expires: String,
    /// `used`: a violation does not fail the command for it; `unused`: there is no such violation; `expired`: it counts
    /// no more.
    #[schemars(extend("enum" = ["used", "unused", "expired"]))]
    #[serde(deserialize_with = "words::known")]
    pub state: Word,
}

/// The answer to one intent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IntentDocument {
    /// Id of the intent.
    pub intent: String,
    /// The kind of intent, which `kubound explain` knows.
    #[serde(deserialize_with = "words::known")]
    pub rule: Word,
    /// Object it speaks of.
    pub target: Option<String>,
    /// `violated`, `race`, `holds`, `bounded`, `vacuous` or `unknown`. A race is a violation that needs a late controller,
    /// and passes.
    #[schemars(extend("enum" = ["violated", "race", "holds", "bounded", "vacuous", "unknown"]))]
    #[serde(deserialize_with = "words::known")]
    pub verdict: Word,
    /// Whether the question is answered: not so for `unknown`, and for a bounded answer that nobody asked for.
    pub decided: bool,
    /// What the scenario expects, if it says.
    #[serde(default, deserialize_with = "words::known_or_none")]
    pub expected: Option<Word>,
    /// Why the violation does not fail the command, with the last day on which it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excepted: Option<String>,
    /// Why, in one line: the headline of a violation, the method of a proof, the reason of a doubt.
    pub message: String,
    /// Of a clean answer: how many fields may change it and are not modelled (`risky` among the notes).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unmodelled: usize,
    /// Depth of a bounded answer.
    pub depth: Option<usize>,
    /// The fields it stems from; the first is the primary one.
    pub origins: Vec<OriginDocument>,
    /// Who acted in reachable states and why, where the engine knows it.
    pub acted: Vec<Actor>,
    /// Who never acted in them: cannot, or cannot matter to the intent.
    pub did_not_act: Vec<String>,
    /// The violation.
    pub violation: Option<ViolationDocument>,
    /// The violation before it that ends alike, and how, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_like: Option<String>,
    /// Whether repairs are searched once every intent is decided.
    #[serde(skip)]
    pub repairs_follow: bool,
    /// What repairs it, where that was searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repairs: Option<RepairsDocument>,
    /// The timing it was decided under: for a clean verdict the widest one (`interleaved` is any timing), for a violation
    /// the narrowest one (`paced` needs no late controller).
    #[schemars(extend("enum" = ["paced", "delayed", "interleaved"]))]
    #[serde(deserialize_with = "words::known")]
    pub timing: Word,
    /// What is known under other timings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<BesideDocument>,
    /// Why paced timing is no question, where it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpaced: Option<String>,
    /// The object for which it was decided, where the target differs from it only by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    /// What came out when the verdict was looked at again (`--cross-check`).
    pub rechecks: Vec<Recheck>,
    /// The proof in words, a line each; empty where every state was looked at, and where nothing was proved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<String>,
    /// The engine that answered.
    pub engine: String,
    /// What was left out of the search because it cannot change the verdict.
    pub reductions: Vec<String>,
    /// Cost.
    pub statistics: StatisticsDocument,
    /// Wall time.
    pub seconds: f64,
    /// The sizes and values that the answer is about, where `--shard` has divided them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub piece: Option<PieceDocument>,
}

/// What is known of an intent under another timing than that of its verdict.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BesideDocument {
    /// The timing.
    #[schemars(extend("enum" = ["paced", "delayed", "interleaved"]))]
    #[serde(deserialize_with = "words::known")]
    pub timing: Word,
    /// The word for the answer.
    #[serde(deserialize_with = "words::known")]
    pub answer: Word,
    /// More about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Who is late in a violation that needs it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LateDocument {
    /// The controller that is late.
    pub who: String,
    /// Who comes first.
    pub behind: String,
    /// What they do, as Kubernetes Events name it.
    pub reason: String,
    /// The step at which they do it, counted from 1; steps tell who is late at them.
    pub step: usize,
    /// Whether the violation lasts, however fast everybody is from then on.
    pub lasts: bool,
}

/// Who acted, with the reasons as Kubernetes Events name them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// A controller, a node, a user.
    pub name: String,
    /// The reasons.
    pub reasons: Vec<String>,
}

/// A violation in words.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ViolationDocument {
    /// Most nodes at a time.
    pub nodes: i64,
    /// The nodes.
    pub machines: Vec<NodeDocument>,
    /// Number of nodes of each pool that has any.
    pub pools: Vec<Size>,
    /// Most pods at a time.
    pub pods: i64,
    /// Whether smaller clusters were ruled out.
    pub minimised: bool,
    /// Other values that were ranges, in units of the input.
    pub values: Vec<Size>,
    /// What the state consists of, with its value before the first step; steps tell what they change in it.
    pub variables: Vec<VariableDocument>,
    /// The steps.
    pub steps: Vec<ToldStep>,
    /// `bad`: the last state violates the intent; `stays`: no controller has anything left to do; `loop`.
    #[schemars(extend("enum" = ["bad", "stays", "loop"]))]
    #[serde(deserialize_with = "words::known")]
    pub ending: Word,
    /// First and last step of the loop, counted from 1.
    #[serde(rename = "loop")]
    pub repeats: Option<(usize, usize)>,
    /// `inevitable`, `possible` or `undecided`.
    #[schemars(extend("enum" = ["inevitable", "possible", "undecided"]))]
    #[serde(deserialize_with = "words::known")]
    pub inevitability: Word,
    /// The step whose picks decide, counted from 1.
    pub needs_choice_at: Option<usize>,
    /// Who has to be late for it; none where nobody has to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late: Option<LateDocument>,
    /// The cluster where it ends, and what waits there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene: Option<SceneDocument>,
}

/// A node of a run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NodeDocument {
    /// Its name.
    pub name: String,
    /// The pool it is of.
    pub pool: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// A variable of the model.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VariableDocument {
    /// Its name, by which steps refer to it.
    pub name: String,
    /// `size`: never changes; `cluster`: part of the cluster; `clock`: a timer; `budget`: what may still happen.
    #[schemars(extend("enum" = ["size", "cluster", "clock", "budget"]))]
    #[serde(deserialize_with = "words::known")]
    pub role: Word,
    /// The workload it is about.
    pub workload: Option<String>,
    /// The node it is about.
    pub node: Option<String>,
    /// What it counts or says of them, such as `running`.
    pub what: String,
    /// Whether it is true (1) or false (0).
    pub is_flag: bool,
    /// Its value before the first step.
    pub initial: i64,
}

/// Sizes of a search.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatisticsDocument {
    /// States stored.
    pub states: u64,
    /// Steps taken.
    pub transitions: u64,
    /// Clauses.
    pub clauses: u64,
    /// Variables.
    pub variables: u64,
    /// Depth.
    pub depth: usize,
    /// Rules that fired, where the engine knows them.
    pub rules_fired: usize,
}

/// Something that is not modelled, or odd.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NoteDocument {
    /// What it is about; `kubound explain` knows it.
    #[serde(deserialize_with = "words::known")]
    pub id: Word,
    /// `harmless`, `risky` or `warning`.
    #[schemars(extend("enum" = ["harmless", "risky", "warning"]))]
    #[serde(deserialize_with = "words::known")]
    pub severity: Word,
    /// The file.
    pub file: String,
    /// The line, if known.
    pub line: Option<usize>,
    /// The column, from 1, in characters.
    pub column: Option<usize>,
    /// The column behind the last character; none where the rest of the line is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<usize>,
    /// Text of the file.
    #[serde(skip)]
    pub source: Option<Arc<str>>,
    /// The object.
    pub object: String,
    /// The field.
    pub field: String,
    /// In words.
    pub message: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Document {
    /// Words the findings about a cluster that was read.
    pub fn new(loaded: &Loaded, findings: &Findings, exit_code: u8, solver: String) -> Self {
        let mut results: Vec<IntentDocument> = Vec::new();
        for result in &findings.results {
            let mut told = IntentDocument::new(loaded, findings.systems_of(result), result);
            cause::compare(&mut told, &results);
            results.push(told);
        }
        Self::of(loaded, findings, exit_code, solver, results)
    }

    /// The same where the answers have been worded before, in the order of the findings.
    pub fn of(
        loaded: &Loaded,
        findings: &Findings,
        exit_code: u8,
        solver: String,
        results: Vec<IntentDocument>,
    ) -> Self {
        let exceptions = exceptions(loaded, &results);
        Self {
            api_version: super::API_VERSION,
            kind: "Report",
            kubound: env!("CARGO_PKG_VERSION"),
            solver,
            name: loaded.cluster.name.clone(),
            exit_code,
            interrupted: findings.interrupted,
            seconds: findings.seconds,
            scope: findings.scope.clone(),
            results,
            notes: loaded.notes.iter().map(NoteDocument::from).collect(),
            exceptions,
            shard: None,
        }
    }

    /// How many exceptions there are of each state, if there are any.
    pub fn told_exceptions(&self) -> Option<String> {
        let of = |state: &str| self.exceptions.iter().filter(|exception| exception.state == state).count();
        let told = || ["used", "unused", "expired"].map(|state| format!("{} {state}", of(state))).join(", ");
        (!self.exceptions.is_empty()).then(told)
    }
}

/// The exceptions of an input, with what became of them.
pub fn exceptions(loaded: &Loaded, results: &[IntentDocument]) -> Vec<ExceptionDocument> {
    loaded.accepted.iter().filter_map(|one| exception(one, results)).collect()
}

fn exception(accepted: &Accepted, results: &[IntentDocument]) -> Option<ExceptionDocument> {
    let Acceptance::Exception { reason, expires, expired, .. } = &accepted.by else { return None };
    let is_used = results.iter().any(|result| {
        result.violation.is_some()
            && result.expected.is_none()
            && accepted.covers(&result.intent, result.target.as_deref())
    });
    Some(ExceptionDocument {
        intent: accepted.intent.clone(),
        target: accepted.target.clone(),
        reason: reason.clone(),
        expires: expires.clone(),
        state: if *expired {
            "expired"
        } else if is_used {
            "used"
        } else {
            "unused"
        },
    })
}

/// What an answer means for whoever waits for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// Violated, as the scenario expects.
    Expected,
    /// Violated, and accepted for a time.
    Excepted,
    /// Violated, or not what the scenario expects.
    Failed,
    /// Violated only by a late controller, for a while.
    Race,
    /// Not answered, or an answer worth nothing.
    Open,
}

impl Document {
    /// What the verdicts cover, by name.
    pub fn covered(&self) -> Vec<(String, String)> {
        let scope = &self.scope;
        let sizes = |sizes: &[Size]| sizes.iter().map(|size| format!("{} {}", size.name, size.count)).join(", ");
        let listed = [
            ("shard", self.shard.as_ref().map(ShardDocument::told).unwrap_or_default()),
            ("nodes", sizes(&scope.pools)),
            ("replicas", sizes(&scope.workloads)),
            ("values", sizes(&scope.values)),
            ("assuming", scope.assumptions.join("; ")),
            ("controllers", scope.controllers.join(", ")),
            ("events", scope.events.join(", ")),
            ("start", scope.start.clone()),
            ("timing", scope.timing.clone()),
            ("granularity", scope.granularity.clone()),
            ("exceptions", self.told_exceptions().unwrap_or_default()),
            ("Kubernetes", scope.kubernetes.clone()),
            ("kubound", format!("{} ({})", self.kubound, self.solver)),
        ];
        let told = listed.into_iter().filter(|(_, value)| !value.is_empty());
        told.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl IntentDocument {
    /// Words an answer, given the systems in which it was found.
    pub fn new(loaded: &Loaded, systems: &Systems, result: &IntentResult) -> Self {
        Context { loaded, systems, system: &systems.fine }.intent(result)
    }

    /// The intent and what it speaks of.
    pub fn title(&self) -> String {
        let target = self.target.as_ref().map(|target| format!(" {target}")).unwrap_or_default();
        let piece = self.piece.as_ref().map(|piece| format!(" (piece {})", piece.number)).unwrap_or_default();
        format!("{}{target}{piece}", self.intent)
    }

    /// The answer in a line, with how far it goes.
    pub fn told(&self) -> String {
        let told = match (&self.same_as, self.verdict) {
            (Some(other), _) => format!("as for {other}, from which it differs only by name"),
            (None, "holds") => format!("no run violates it, at any depth, {} ({})", self.extent(), self.message),
            (None, "bounded") => format!("{}, {}; longer runs were not looked at", self.message, self.extent()),
            (None, _) => self.message.clone(),
        };
        match &self.piece {
            Some(piece) => format!("{told}; {}", piece.told()),
            None => told,
        }
    }

    /// Which runs a clean answer is about.
    fn extent(&self) -> &'static str {
        match self.timing {
            "interleaved" => "under any timing",
            "delayed" => "unless somebody is late by as long as a duration or a back-off",
            _ => "as long as controllers act at once",
        }
    }

    /// What is known under other timings, where that is less than the answer says.
    pub fn told_beside(&self) -> Option<String> {
        let known = match (self.violation.is_some(), self.timing) {
            (false, "paced" | "delayed") => self.beside.iter(),
            _ => return None,
        };
        let mut known = known.filter(|one| one.timing != "paced").peekable();
        known.peek()?;
        let told = known.map(|one| match one.why.as_str() {
            "" => format!("{} under {} timing", one.answer, one.timing),
            why => format!("{} under {} timing ({why})", one.answer, one.timing),
        });
        Some(told.collect::<Vec<_>>().join("; "))
    }

    /// Takes what repairs it; the fields of its best repair are to blame, and come first among the origins.
    pub fn blame(&mut self, repairs: RepairsDocument) {
        let best = repairs.found.first().map(|repair| repair.changes.as_slice()).unwrap_or_default();
        let blamed: Vec<OriginDocument> = best.iter().map(OriginDocument::from).collect();
        self.origins.splice(0..0, blamed);
        self.repairs = Some(repairs);
    }

    /// What the answer means, given what the scenario expects.
    pub fn outcome(&self) -> Outcome {
        let is_expected = self.expected.is_some_and(|expected| {
            expected == self.verdict || (expected == "holds" && self.verdict == "bounded" && self.decided)
        });
        match (self.verdict, self.expected) {
            ("violated" | "race", _) if is_expected => Outcome::Expected,
            ("violated" | "race", None) if self.excepted.is_some() => Outcome::Excepted,
            _ if is_expected => Outcome::Passed,
            _ if !self.decided => Outcome::Open,
            (_, Some(_)) | ("violated", None) => Outcome::Failed,
            ("race", None) => Outcome::Race,
            ("vacuous", None) => Outcome::Open,
            _ => Outcome::Passed,
        }
    }
}

impl ViolationDocument {
    /// The values of all variables before the first step and after each, in the order of the variables.
    pub fn states(&self) -> Vec<Vec<i64>> {
        let index: FxHashMap<&str, usize> =
            self.variables.iter().enumerate().map(|(index, variable)| (variable.name.as_str(), index)).collect();
        let mut state: Vec<i64> = self.variables.iter().map(|variable| variable.initial).collect();
        let mut states = vec![state.clone()];
        for step in &self.steps {
            for change in &step.changes {
                if let Some(&index) = index.get(change.variable.as_str()) {
                    state[index] = change.after;
                }
            }
            states.push(state.clone());
        }
        states
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

struct Context<'a> {
    loaded: &'a Loaded,
    systems: &'a Systems,
    system: &'a TransitionSystem,
}

impl Context<'_> {
    fn intent(&self, result: &IntentResult) -> IntentDocument {
        let (message, depth, violation) = match &result.verdict {
            Verdict::Violated(found) | Verdict::Race(found) => {
                let violation = self.violation(found, result);
                let late = violation.late.as_ref().map(LateDocument::told);
                let message = [Some(result.headline.clone()), late].into_iter().flatten().join(": ");
                (message, None, Some(violation))
            }
            Verdict::Holds { method, .. } => ((*method).to_owned(), None, None),
            Verdict::BoundedClean { depth, .. } => (format!("no violation up to depth {depth}"), Some(*depth), None),
            Verdict::Vacuous { why } | Verdict::Unknown { why } => (why.clone(), None, None),
        };
        let expected = self.loaded.expect.get(&result.intent).copied().map(expected_word);
        let statistics = result.statistics;
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
                .map(|one| OriginDocument::new(&one.origin, one.told(), &self.loaded.sources))
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
            same_as: result.same_as.clone(),
            rechecks: result.rechecks.clone(),
            proof: match &result.verdict {
                Verdict::Holds { proof, .. } => proof.clone(),
                _ => Vec::new(),
            },
            engine: result.engine.clone(),
            reductions: match (&result.same_as, &result.verdict) {
                (Some(_), _) | (_, Verdict::Unknown { .. }) => Vec::new(),
                _ => reductions(self.systems.searched(), result.property, result.engine == "explicit"),
            },
            statistics: StatisticsDocument {
                states: statistics.states,
                transitions: statistics.transitions,
                clauses: statistics.clauses,
                variables: statistics.variables,
                depth: statistics.depth,
                rules_fired: result.fired.len(),
            },
            seconds: result.seconds,
            piece: None,
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
        let stage = Stage { cluster, systems: self.systems, sources: &self.loaded.sources };
        let scene = stage.at_the_end(trace, &result.intent, result.target.as_deref());
        ViolationDocument {
            nodes: found.nodes,
            machines: decoder.nodes(),
            pools: sizes::pools(cluster, self.system, trace),
            pods: found.pods,
            minimised: found.minimised,
            values: sizes::values(cluster, self.system, &trace.initial),
            variables: decoder.variables(trace),
            steps,
            ending,
            repeats,
            inevitability,
            needs_choice_at,
            late,
            scene,
        }
    }
}

impl LateDocument {
    fn new(late: &Late, steps: &[ToldStep]) -> Option<Self> {
        let first = late.steps.first()?;
        let step = &steps[first.step];
        Some(Self {
            who: first.late.first()?.clone(),
            behind: step.actor.clone(),
            reason: step.reason.clone(),
            step: step.number,
            lasts: late.lasts,
        })
    }

    /// Who is late for whom, in words.
    fn told(&self) -> String {
        let Self { who, behind, reason, step, .. } = self;
        format!("a race, {who} is late for {behind} ({reason}, step {step})")
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

impl From<&Note> for NoteDocument {
    fn from(note: &Note) -> Self {
        Self {
            id: note.kind.id(),
            severity: match note.severity {
                Severity::Harmless => "harmless",
                Severity::Risky => "risky",
                Severity::Warning => "warning",
            },
            file: note.file.to_string(),
            line: note.region.map(|region| region.line),
            column: note.region.map(|region| region.column),
            end_column: note.region.and_then(end_column),
            source: note.source.clone(),
            object: note.object.clone(),
            field: note.field.clone(),
            message: note.message.clone(),
        }
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
