//! The report as one JSON object a line, for programs that read as they go: a line for each intent, with the text for
//! people inside as soon as it is decided, a line for each note, and a line that says what was covered. `type` tells them apart; readers should
//! expect new types and new fields.

use super::document::{ComparisonDocument, Document, ExceptionDocument, IntentDocument, NoteDocument};
use super::format::{Format, Style, Writing};
use super::human;
use crate::search::scope::Scope;
use crate::text::escape;
use serde::Serialize;

/// The format.
pub const FORMAT: Format = Format {
    name: "jsonl",
    summary: "one JSON object a line: intents, notes, summary",
    takes_several: true,
    writing: Writing::AsTheyCome { some, rest },
};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Line<'a> {
    Intent {
        report: &'a str,
        #[serde(flatten)]
        result: &'a IntentDocument,
        rendered: String,
    },
    Note {
        report: &'a str,
        #[serde(flatten)]
        note: &'a NoteDocument,
    },
    Summary {
        report: &'a str,
        api_version: &'static str,
        kubound: &'static str,
        solver: &'a str,
        exit_code: u8,
        interrupted: bool,
        seconds: f64,
        scope: &'a Scope,
        exceptions: &'a [ExceptionDocument],
        #[serde(skip_serializing_if = "Option::is_none")]
        comparison: Option<&'a ComparisonDocument>,
    },
}

fn some(report: &str, results: &[&IntentDocument], style: &Style) -> serde_json::Result<String> {
    let one = |result: &&IntentDocument| {
        let rendered = human::one(result, &style.human.without_colours());
        line(&Line::Intent { report, result, rendered })
    };
    results.iter().map(one).collect()
}

fn rest(document: &Document, _: &Style) -> serde_json::Result<String> {
    let report = document.name.as_str();
    let notes = document.notes.iter().map(|note| Line::Note { report, note });
    let summary = Line::Summary {
        report,
        api_version: document.api_version,
        kubound: document.kubound,
        solver: &document.solver,
        exit_code: document.exit_code,
        interrupted: document.interrupted,
        seconds: document.seconds,
        scope: &document.scope,
        exceptions: &document.exceptions,
        comparison: document.comparison.as_ref(),
    };
    notes.chain([summary]).map(|one| line(&one)).collect()
}

fn line(line: &Line) -> serde_json::Result<String> {
    Ok(escape(&serde_json::to_string(line)?) + "\n")
}
