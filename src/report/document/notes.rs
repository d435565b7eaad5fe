//! What a report says of the input itself: fields that are not modelled, and violations that are accepted.

use super::super::origin::{OriginDocument, end_column};
use super::super::words::{self, Word};
use super::IntentDocument;
use super::wording::extent;
use crate::manifest::{Acceptance, Accepted, Loaded, Note, NoteKind, Severity};
use crate::search::Findings;
use crate::search::dormant::{Dormant, settings};
use crate::search::timings::timing_word;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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

/// A warning for each setting that is written and does nothing in any run.
pub(super) fn dormant(loaded: &Loaded, findings: &Findings) -> Vec<NoteDocument> {
    let told = |one: Dormant| {
        let origin = OriginDocument::new(&one.setting.origin, None, &loaded.sources);
        let extent = extent(timing_word(one.timing));
        let is_told = origin.file.is_some() && origin.written;
        is_told.then(|| NoteDocument {
            id: NoteKind::DormantSetting.id(),
            severity: "warning",
            file: origin.file.unwrap_or_default(),
            line: origin.line,
            column: origin.column,
            end_column: origin.end_column,
            source: origin.source,
            object: origin.object,
            field: origin.field,
            message: format!("{} in any run of this scenario, {extent}", one.setting.idle),
        })
    };
    settings(findings).into_iter().filter_map(told).collect()
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
