//! Fields of the input in documents: where they are written, and what they have to do with a violation.

use super::repairs::FieldChangeDocument;
use crate::manifest::{Region, SourceMap};
use crate::repair::Way;
use kubound_encodings::system::Origin;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A field of the input.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OriginDocument {
    /// The object.
    pub object: String,
    /// The field; empty for the whole object.
    pub field: String,
    /// The file, if known.
    pub file: Option<String>,
    /// The line, if known; that of the field, or of what is around it where the field is not written.
    pub line: Option<usize>,
    /// The column, from 1, in characters.
    pub column: Option<usize>,
    /// The column behind the last character; `null` where the rest of the line is meant.
    pub end_column: Option<usize>,
    /// Who acts on it in the violation, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acts: Option<String>,
    /// What the field decides, where a change to it is shown to make the violation go away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether the field is written; otherwise the place is that of what is around it.
    pub written: bool,
    /// Text of the file.
    #[serde(skip)]
    pub source: Option<Arc<str>>,
}

impl OriginDocument {
    /// Looks up where a field is written; `acts` says what a violation does with it.
    pub fn new(origin: &Origin, acts: Option<String>, sources: &SourceMap) -> Self {
        let place = sources.locate(&origin.object);
        let region = place.map(|place| place.region(&origin.field));
        Self {
            object: origin.object.clone(),
            field: origin.field.clone(),
            file: place.map(|place| place.file.to_string()),
            line: region.map(|region| region.line),
            column: region.map(|region| region.column),
            end_column: region.and_then(end_column),
            acts,
            why: None,
            written: place.is_none_or(|place| place.is_written(&origin.field)),
            source: place.map(|place| Arc::clone(place.source())),
        }
    }
}

impl OriginDocument {
    /// What it has to do with the violation: what the field decides, if it is to blame, or who acts on it.
    pub fn told(&self) -> Option<&str> {
        self.why.as_deref().or(self.acts.as_deref())
    }
}

impl From<&FieldChangeDocument> for OriginDocument {
    fn from(change: &FieldChangeDocument) -> Self {
        Self {
            object: change.object.clone(),
            field: change.field.clone(),
            file: Some(change.file.clone()),
            line: Some(change.line),
            column: Some(change.column),
            end_column: change.end_column,
            acts: None,
            why: Some(change.why.clone()),
            written: change.way != Way::Added.word(),
            source: change.source.clone(),
        }
    }
}

/// The column behind the last character of a stretch of text.
pub fn end_column(region: Region) -> Option<usize> {
    (region.length > 0).then_some(region.column + region.length)
}

/// The stretch of text between two columns of a line, if they are known.
pub fn region(line: Option<usize>, column: Option<usize>, end_column: Option<usize>) -> Option<Region> {
    let (line, column) = line.zip(column)?;
    Some(Region { line, column, length: end_column.map_or(0, |end| end.saturating_sub(column)) })
}
