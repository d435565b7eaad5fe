//! Fields of the input in documents: where they are written, and what they have to do with a violation.

use super::repairs::FieldChangeDocument;
use crate::limits::report::{LONGEST_LINE, MOST_INSIDE};
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
    /// The lines that it is on, where it is to be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<ExcerptDocument>,
    /// Text of the file.
    #[serde(skip)]
    pub source: Option<Arc<str>>,
}

/// Some lines of a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExcerptDocument {
    /// The number of the first one, from 1.
    pub first: usize,
    /// The lines, each cut where it is very long.
    pub lines: Vec<String>,
}

/// Lines before and behind a field that are shown with it.
const AROUND: usize = 2;

/// How many lines behind one are inside of it: they are further to the right, or items of its list.
fn inside(source: &str, line: usize) -> usize {
    let indent = |text: &str| text.len() - text.trim_start().len();
    let mut lines = source.lines().skip(line - 1);
    let head = lines.next().unwrap_or_default();
    let is_inside = |text: &&str| {
        let is_item = text.trim_start().starts_with("- ") && !head.trim_start().starts_with("- ");
        indent(text) > indent(head) || (is_item && indent(text) == indent(head))
    };
    lines.take_while(is_inside).count()
}

impl ExcerptDocument {
    /// The lines around one; nothing if there is no such line.
    fn around(source: &str, line: usize) -> Option<Self> {
        source.lines().nth(line.checked_sub(1)?)?;
        let first = line.saturating_sub(AROUND).max(1);
        let inside = inside(source, line).clamp(AROUND, MOST_INSIDE);
        let shown = source.lines().skip(first - 1).take(line + inside + 1 - first);
        Some(Self { first, lines: shown.map(|line| line.chars().take(LONGEST_LINE).collect()).collect() })
    }
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
            excerpt: None,
            source: place.map(|place| Arc::clone(place.source())),
        }
    }
}

impl OriginDocument {
    /// The same with the lines that it is on.
    #[must_use]
    pub fn excerpted(self) -> Self {
        let shown = self.source.as_deref().zip(self.line).and_then(|(text, line)| ExcerptDocument::around(text, line));
        Self { excerpt: shown, ..self }
    }

    /// Whether two are about one field of one object.
    pub fn is_of_same_field(&self, other: &Self) -> bool {
        (&self.object, &self.field) == (&other.object, &other.field)
    }

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
            excerpt: None,
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
