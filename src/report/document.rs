//! The findings as one plain document: what every output format prints. Its serialisation is the JSON report, with
//! keys in the order of the fields here.

mod comparison;
mod notes;
mod outcome;
#[cfg(test)]
pub mod testing;
mod violation;
mod wording;

pub use comparison::{BeforeDocument, ComparisonDocument, GoneDocument};
pub use notes::{ExceptionDocument, NoteDocument, exceptions};
pub use outcome::Outcome;
pub use violation::{CountedDocument, LateDocument, NodeDocument, VariableDocument, ViolationDocument};
pub use wording::{blamed, document_word, expected_word, waited_for};

use super::cause;
use super::origin::OriginDocument;
use super::repairs::RepairsDocument;
use super::scene::SceneDocument;
use super::shard::{PieceDocument, ShardDocument};
use super::words::{self, Word, is_zero};
use crate::limits::repair::MOST_BLAMED;
use crate::manifest::Loaded;
use crate::search::Findings;
use crate::search::cross_check::Recheck;
use crate::search::scope::{Scope, Size};
use itertools::Itertools;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// What it was compared with, of `kubound diff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<ComparisonDocument>,
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
    /// What it was on the old side of a comparison, and what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<BeforeDocument>,
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
    /// The most telling violation told before it that ends alike, and how, if there is one.
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
    /// Whether it was shown only of runs in which no node is drained, though nodes may be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undrained: bool,
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

/// Who acted, with the reasons as Kubernetes Events name them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// A controller, a node, a user.
    pub name: String,
    /// The reasons.
    pub reasons: Vec<String>,
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

impl Document {
    /// Words the findings about a cluster that was read.
    pub fn new(loaded: &Loaded, findings: &Findings, exit_code: u8, solver: String) -> Self {
        let answers = findings.results.iter();
        let mut results: Vec<IntentDocument> =
            answers.map(|result| IntentDocument::new(loaded, findings.systems_of(result), result)).collect();
        cause::compare(&mut results);
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
            notes: loaded.notes.iter().map(NoteDocument::from).chain(notes::dormant(loaded, findings)).collect(),
            exceptions,
            shard: None,
            comparison: None,
        }
    }

    /// How many exceptions there are of each state, if there are any.
    pub fn told_exceptions(&self) -> Option<String> {
        let of = |state: &str| self.exceptions.iter().filter(|exception| exception.state == state).count();
        let told = || ["used", "unused", "expired"].map(|state| format!("{} {state}", of(state))).join(", ");
        (!self.exceptions.is_empty()).then(told)
    }
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
    /// The intent and what it speaks of.
    pub fn title(&self) -> String {
        let target = self.target.as_ref().map(|target| format!(" {target}")).unwrap_or_default();
        let piece = self.piece.as_ref().map(|piece| format!(" (piece {})", piece.number)).unwrap_or_default();
        format!("{}{target}{piece}", self.intent)
    }

    /// The answer in a line, with how far it goes.
    pub fn told(&self) -> String {
        let without = if self.undrained { " without drains" } else { "" };
        let told = match (&self.same_as, self.verdict) {
            (Some(other), _) => format!("as for {other}{without}, from which it differs only by name"),
            (None, "holds") => {
                format!("no run{without} violates it, at any depth, {} ({})", self.extent(), self.message)
            }
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
        wording::extent(self.timing)
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

    /// Takes what repairs it; the fields of its repairs are to blame, those of the best one first, and come first among the
    /// origins. Where nothing repairs it, those do that somebody waits for in the end.
    pub fn blame(&mut self, repairs: RepairsDocument) {
        let changes = repairs.found.iter().flat_map(|repair| &repair.changes);
        let mut blamed: Vec<OriginDocument> =
            changes.take(MOST_BLAMED).map(|change| OriginDocument::from(change).excerpted()).collect();
        if blamed.is_empty() {
            blamed = self.waited_for();
            self.origins.retain(|origin| !blamed.iter().any(|one| one.is_of_same_field(origin)));
        }
        self.origins.splice(0..0, blamed);
        self.repairs = Some(repairs);
    }

    /// The fields that make somebody wait in the end who need not wait for others, with what is waited for.
    fn waited_for(&self) -> Vec<OriginDocument> {
        let scene = self.violation.iter().filter_map(|violation| violation.scene.as_ref());
        let fields = scene.flat_map(SceneDocument::roots).flat_map(|wait| {
            wait.origins.iter().map(|origin| OriginDocument { acts: Some(wait.text.clone()), ..origin.clone() })
        });
        fields.unique_by(|origin| (origin.object.clone(), origin.field.clone())).take(MOST_BLAMED).collect()
    }

    /// The origins that are to blame, which come first: those with a repair, or where there is none those that somebody
    /// waits for. Nothing where nobody looked for repairs.
    pub fn to_blame(&self) -> &[OriginDocument] {
        let repaired = self.origins.iter().take_while(|origin| origin.why.is_some()).count();
        let count = match &self.repairs {
            Some(repairs) if repairs.found.is_empty() => self.waited_for().len(),
            Some(_) => repaired,
            None => 0,
        };
        &self.origins[..count.min(self.origins.len())]
    }
}
