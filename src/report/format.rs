//! What a format of reports is, and what the formats share.

use super::document::Document;
use super::human;
use crate::text::escape;
use serde::Serialize;
use std::path::PathBuf;

/// A format of reports.
#[derive(Debug)]
pub struct Format {
    /// Its name behind `-o`.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Whether the reports on several inputs fit into one text.
    pub takes_several: bool,
    /// The text of reports: of one, unless the format takes several.
    pub render: fn(&[Document], &Style) -> serde_json::Result<String>,
}

/// How to write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Style {
    /// How to speak to people.
    pub human: human::Options,
    /// The folder that paths of machine formats are relative to, where they lie in it.
    pub root: Option<PathBuf>,
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Format {}

impl Style {
    /// Without colours, neither short nor long.
    pub fn plain() -> Self {
        Self { human: human::Options::plain(), root: None }
    }
}

/// A value as JSON on several lines, with a newline at the end.
pub(super) fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    Ok(text.split('\n').map(|line| escape(line) + "\n").collect())
}
