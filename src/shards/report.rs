//! The report of one shard: its answers, each with the piece that it is about, and what it takes to put the shards
//! together.

use super::{Piece, Plan, Shard};
use crate::manifest::{Acceptance, Loaded};
use crate::report::document::{Document, IntentDocument, exceptions};
use crate::report::shard::{OwnPiece, PieceDocument, ShardDocument};
use crate::search::Options;
use crate::search::scope::{Scope, Size};
use std::collections::BTreeMap;

/// How many lines around one that is shown go with it, since messages show what is between lines.
const AROUND: usize = 3;

/// What a shard decided.
pub struct Decided<'a> {
    /// What was read.
    pub loaded: &'a Loaded,
    /// How it was searched.
    pub options: &'a Options,
    /// The plan.
    pub plan: &'a Plan,
    /// The shard.
    pub shard: Shard,
    /// Digest of the input.
    pub input: String,
    /// Assumptions that the searches told.
    pub assumptions: Vec<String>,
    /// Pieces without any cluster, with the reason.
    pub empty: Vec<(usize, String)>,
    /// Whether the user interrupted the search.
    pub interrupted: bool,
    /// Wall time.
    pub seconds: f64,
}

/// The answer about an intent as one about a piece.
pub fn about(plan: &Plan, piece: &Piece, result: IntentDocument) -> IntentDocument {
    IntentDocument { piece: Some(PieceDocument { number: piece.number, sizes: plan.sizes(piece) }), ..result }
}

impl Decided<'_> {
    /// The report, given the answers.
    pub fn document(self, exit_code: u8, solver: String, results: Vec<IntentDocument>) -> Document {
        let own = self.plan.of(self.shard.index - 1);
        let pieces: Vec<OwnPiece> = own.iter().map(|piece| self.own(piece)).collect();
        let whole = Scope::of(&self.plan.whole(&self.loaded.cluster), self.options);
        let scope = Scope { assumptions: self.assumptions.clone(), ..whole.clone() };
        let mut document = Document {
            comparison: None,
            api_version: crate::report::API_VERSION,
            kind: "Report",
            kubound: env!("CARGO_PKG_VERSION"),
            solver,
            name: self.loaded.cluster.name.clone(),
            exit_code,
            interrupted: self.interrupted,
            seconds: self.seconds,
            scope: covered(scope, &pieces),
            exceptions: exceptions(self.loaded, &results),
            results,
            notes: self.loaded.notes.iter().map(Into::into).collect(),
            shard: None,
        };
        document.shard = Some(ShardDocument {
            index: self.shard.index,
            shards: self.shard.shards,
            pieces: self.plan.pieces.len(),
            question: question(self.loaded, self.options),
            flags: flags(self.loaded, self.options),
            input: self.input,
            whole: Scope { assumptions: self.assumptions, ..whole },
            own: pieces,
            lines: lines(&document),
        });
        document
    }

    fn own(&self, piece: &Piece) -> OwnPiece {
        let empty = self.empty.iter().find(|(number, _)| *number == piece.number);
        OwnPiece {
            number: piece.number,
            intent: piece.intent.clone(),
            sizes: self.plan.sizes(piece),
            empty: empty.map(|(_, why)| why.clone()),
        }
    }
}

/// What a shard covers: where its pieces differ, a size is that of one of them.
fn covered(mut scope: Scope, own: &[OwnPiece]) -> Scope {
    let replace = |sizes: &mut Vec<Size>| {
        for size in sizes {
            let mut counts: Vec<&str> = Vec::new();
            for part in own.iter().flat_map(|piece| &piece.sizes).filter(|part| part.name == size.name) {
                if !counts.contains(&part.count.as_str()) {
                    counts.push(&part.count);
                }
            }
            if !counts.is_empty() {
                size.count = counts.join(" or ");
            }
        }
    };
    [&mut scope.pools, &mut scope.workloads, &mut scope.values].into_iter().for_each(replace);
    scope
}

/// Everything about the question that flags and settings can change, in words.
fn flags(loaded: &Loaded, options: &Options) -> Vec<String> {
    let whole = Scope::of(&loaded.cluster, options);
    let mut intents: Vec<&str> = loaded.cluster.intents.iter().map(|intent| intent.id.as_str()).collect();
    intents.dedup();
    vec![
        format!("sizes {}", whole.sizes()),
        format!("intents {}", intents.join(", ")),
        format!("timing {}", whole.timing),
        format!("granularity {}", whole.granularity),
        format!("depth {}", options.depth.map_or("any".to_owned(), |depth| depth.to_string())),
    ]
}

/// A digest of the model, of what is expected of it, and of what is accepted.
fn question(loaded: &Loaded, options: &Options) -> String {
    let accepted: Vec<String> = loaded.accepted.iter().map(told_acceptance).collect();
    let asked = (&loaded.cluster, &loaded.expect, accepted, options.depth, options.granularity, options.both);
    // FNV-1a; the digest tells changes, and protects from nobody.
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    format!("{:016x}", format!("{asked:?}").bytes().fold(0xcbf2_9ce4_8422_2325, hash))
}

fn told_acceptance(accepted: &crate::manifest::Accepted) -> String {
    let until = match &accepted.by {
        Acceptance::Exception { expires, expired, .. } => format!("{expires} {expired}"),
        Acceptance::Baseline => String::new(),
    };
    format!("{} {:?} {until}", accepted.intent, accepted.target)
}

/// The lines of the input that messages of a report show.
fn lines(document: &Document) -> BTreeMap<String, BTreeMap<usize, String>> {
    let mut lines: BTreeMap<String, BTreeMap<usize, String>> = BTreeMap::new();
    let mut keep = |file: &str, line: usize, source: &str| {
        let first = line.saturating_sub(AROUND).max(1);
        let shown = source.lines().enumerate().skip(first - 1).take(line + AROUND + 1 - first);
        lines.entry(file.to_owned()).or_default().extend(shown.map(|(index, text)| (index + 1, text.to_owned())));
    };
    for origin in document.results.iter().flat_map(|result| &result.origins) {
        if let (Some(file), Some(line), Some(source)) = (&origin.file, origin.line, &origin.source) {
            keep(file, line, source);
        }
    }
    for note in &document.notes {
        if let (Some(line), Some(source)) = (note.line, &note.source) {
            keep(&note.file, line, source);
        }
    }
    lines
}
