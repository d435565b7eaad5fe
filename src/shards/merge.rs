//! The reports of all shards of a run as one report of the whole.
//!
//! Whatever is missing, doubled or about something else is refused: what no shard has decided, nobody may take for decided.

mod answers;

use super::error::{Difference, MergeError};
use crate::report::document::{Document, ExceptionDocument, IntentDocument};
use crate::report::shard::{OwnPiece, ShardDocument};
use answers::combine;
use std::collections::BTreeMap;

/// A report with the name of its file.
struct Report {
    file: String,
    document: Document,
    shard: ShardDocument,
}

/// Puts the reports of all shards together; the exit code is still to be set.
pub fn merge(reports: Vec<(String, Document)>) -> Result<Document, MergeError> {
    let mut known = Vec::new();
    for (file, mut document) in reports {
        match document.shard.take() {
            Some(shard) => known.push(Report { file, document, shard }),
            None => return Err(MergeError::NoShard { file }),
        }
    }
    known.sort_by_key(|report| report.shard.index);
    compare(&known)?;
    let pieces = pieces(&known)?;
    let mut whole = known[0].shard.whole.clone();
    whole.assumptions.clear();
    for assumption in known.iter().flat_map(|report| &report.shard.whole.assumptions) {
        if !whole.assumptions.contains(assumption) {
            whole.assumptions.push(assumption.clone());
        }
    }
    let results = answers(&pieces)?;
    Ok(Document {
        exit_code: 0,
        interrupted: false,
        seconds: known.iter().map(|report| report.document.seconds).sum(),
        scope: whole,
        exceptions: exceptions(&known),
        results,
        shard: None,
        ..known[0].document.clone()
    })
}

/// Refuses reports that are not one of each shard of one run.
fn compare(reports: &[Report]) -> Result<(), MergeError> {
    let Some(first) = reports.first() else { return Err(MergeError::Nothing) };
    for report in reports {
        if let Some(difference) = difference(report, first) {
            return Err(MergeError::Different(Box::new(difference)));
        }
        let (file, own) = (report.file.clone(), &report.shard);
        if report.document.interrupted {
            return Err(MergeError::Interrupted { file, shard: told(own) });
        }
        if own.index == 0 || own.index > own.shards {
            return Err(MergeError::Broken { file, why: format!("there is no shard {}", told(own)) });
        }
    }
    for pair in reports.windows(2) {
        if pair[0].shard.index == pair[1].shard.index {
            let (file, other, shard) = (pair[0].file.clone(), pair[1].file.clone(), told(&pair[0].shard));
            return Err(MergeError::Doubled { file, other, shard });
        }
    }
    let of = first.shard.shards;
    let is_missing = |index: &usize| reports.binary_search_by_key(index, |report| report.shard.index).is_err();
    let missing: Vec<String> = (1..=of).filter(is_missing).map(|index| index.to_string()).collect();
    match missing.len() {
        0 => Ok(()),
        1 => Err(MergeError::Missing { shards: format!("shard {}", missing[0]), of }),
        _ => Err(MergeError::Missing { shards: format!("shards {}", missing.join(", ")), of }),
    }
}

/// What tells the run of a report from that of another.
fn difference(report: &Report, first: &Report) -> Option<Difference> {
    let (own, other) = (&report.shard, &first.shard);
    let different = |what: &'static str, found: &str, expected: &str, help: &'static str| Difference {
        file: report.file.clone(),
        other: first.file.clone(),
        what,
        found: found.to_owned(),
        expected: expected.to_owned(),
        help,
    };
    if own.shards != other.shards {
        let (found, expected) = (own.shards.to_string(), other.shards.to_string());
        let help = "run all shards with the same N of --shard I/N";
        return Some(different("the number of shards", &found, &expected, help));
    }
    if own.input != other.input {
        let help = "run all shards on the same manifests and scenario";
        return Some(different("the digest of the input", &own.input, &other.input, help));
    }
    if let Some((found, expected)) = own.flags.iter().zip(&other.flags).find(|(found, expected)| found != expected) {
        return Some(different("the question", found, expected, "run all shards with the same flags and settings"));
    }
    let help = "run all shards with the same flags and settings, on the same day if there are exceptions";
    let is_same = own.question == other.question && own.pieces == other.pieces;
    (!is_same).then(|| different("the digest of the question", &own.question, &other.question, help))
}

fn told(shard: &ShardDocument) -> String {
    format!("{}/{}", shard.index, shard.shards)
}

/// A piece with its answers.
struct Answered<'a> {
    piece: &'a OwnPiece,
    results: Vec<&'a IntentDocument>,
}

impl<'a> Answered<'a> {
    /// The answer about what another answer speaks of, which stands at this place.
    fn answer(&self, index: usize, pattern: &IntentDocument) -> Option<&'a IntentDocument> {
        let same = self.results.get(index).filter(|result| result.target == pattern.target);
        let nameless = || self.results.iter().find(|result| result.target.is_none() && !result.decided);
        same.or_else(nameless).copied()
    }
}

/// All pieces in the order of their numbers, each of which some report has, and has once.
fn pieces(reports: &[Report]) -> Result<Vec<Answered<'_>>, MergeError> {
    let mut found: BTreeMap<usize, (&str, Answered)> = BTreeMap::new();
    for report in reports {
        let broken = |why: String| MergeError::Broken { file: report.file.clone(), why };
        for piece in &report.shard.own {
            let is_of = |result: &&IntentDocument| result.piece.as_ref().is_some_and(|one| one.number == piece.number);
            let results: Vec<&IntentDocument> = report.document.results.iter().filter(is_of).collect();
            if piece.number == 0 || piece.number > report.shard.pieces {
                return Err(broken(format!("there is no piece {}", piece.number)));
            }
            if results.is_empty() && piece.empty.is_none() {
                return Err(broken(format!("piece {} has no answer", piece.number)));
            }
            if results.iter().any(|result| result.intent != piece.intent) {
                return Err(broken(format!("piece {} is about {}, and its answer is not", piece.number, piece.intent)));
            }
            if let Some((other, _)) = found.insert(piece.number, (&report.file, Answered { piece, results })) {
                return Err(broken(format!("piece {} is in {other} as well", piece.number)));
            }
        }
        let is_own = |number: usize| report.shard.own.iter().any(|piece| piece.number == number);
        let stray = |result: &&IntentDocument| !result.piece.as_ref().is_some_and(|piece| is_own(piece.number));
        if let Some(result) = report.document.results.iter().find(stray) {
            return Err(broken(format!("the answer about {} is of no piece of this shard", result.title())));
        }
    }
    let first = &reports[0];
    if let Some(number) = (1..=first.shard.pieces).find(|number| !found.contains_key(number)) {
        return Err(MergeError::Broken { file: first.file.clone(), why: format!("no report has piece {number}") });
    }
    Ok(found.into_values().map(|(_, answered)| answered).collect())
}

/// The answer to each intent, given those about its pieces.
fn answers(pieces: &[Answered]) -> Result<Vec<IntentDocument>, MergeError> {
    let mut merged = Vec::new();
    for group in pieces.chunk_by(|one, other| one.piece.intent == other.piece.intent) {
        let inhabited: Vec<&Answered> = group.iter().filter(|answered| answered.piece.empty.is_none()).collect();
        // Where the time was over before the model was built, the answer does not say what it speaks of.
        let names = |answered: &&&Answered| {
            let is_named = answered.results.iter().any(|result| result.target.is_some());
            (is_named, answered.results.len())
        };
        let Some(pattern) = inhabited.iter().max_by_key(names) else {
            let why = group.iter().find_map(|answered| answered.piece.empty.clone()).unwrap_or_default();
            return Err(MergeError::NothingToCheck { why });
        };
        for (index, pattern) in pattern.results.iter().enumerate() {
            let answers: Option<Vec<&IntentDocument>> =
                inhabited.iter().map(|answered| answered.answer(index, pattern)).collect();
            let Some(answers) = answers else {
                let why = format!("the pieces of {} do not speak of the same objects", pattern.title());
                return Err(MergeError::Broken { file: "these reports".to_owned(), why });
            };
            merged.push(combine(pattern, &answers));
        }
    }
    Ok(merged)
}

/// Exceptions are the same for all shards; one is used if some shard uses it.
fn exceptions(reports: &[Report]) -> Vec<ExceptionDocument> {
    let mut exceptions = reports[0].document.exceptions.clone();
    for (index, exception) in exceptions.iter_mut().enumerate() {
        let is_used = |report: &Report| report.document.exceptions.get(index).is_some_and(|one| one.state == "used");
        if exception.state == "unused" && reports.iter().any(is_used) {
            exception.state = "used";
        }
    }
    exceptions
}
