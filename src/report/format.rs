//! What a format of reports is, and what the formats share.

use super::cause;
use super::document::{Document, IntentDocument};
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
    /// How it is written.
    pub writing: Writing,
}

/// How a format is written.
#[derive(Clone, Copy, Debug)]
pub enum Writing {
    /// As a whole: reports of one input, unless the format takes several.
    Whole(fn(&[Document], &Style) -> serde_json::Result<String>),
    /// As answers come in.
    AsTheyCome {
        /// The text of answers that are told together, given the name of the report.
        some: fn(&str, &[&IntentDocument], &Style) -> serde_json::Result<String>,
        /// What comes after all answers.
        rest: fn(&Document, &Style) -> serde_json::Result<String>,
    },
}

impl Format {
    /// The text of reports.
    pub fn render(&self, documents: &[Document], style: &Style) -> serde_json::Result<String> {
        let Writing::AsTheyCome { some, rest } = self.writing else { return self.rest(documents, style) };
        documents.iter().try_fold(String::new(), |text, document| {
            let answers = some(&document.name, &cause::in_order(&document.results), style)?;
            Ok(text + &answers + &rest(document, style)?)
        })
    }

    /// The text of answers that are told together, if the format is written as answers come in.
    pub fn some(&self, name: &str, results: &[&IntentDocument], style: &Style) -> serde_json::Result<Option<String>> {
        match self.writing {
            Writing::Whole(_) => Ok(None),
            Writing::AsTheyCome { some, .. } => some(name, results, style).map(Some),
        }
    }

    /// What is left of the text of reports once the text of each answer is written.
    pub fn rest(&self, documents: &[Document], style: &Style) -> serde_json::Result<String> {
        match self.writing {
            Writing::Whole(render) => render(documents, style),
            Writing::AsTheyCome { rest, .. } => documents.iter().map(|document| rest(document, style)).collect(),
        }
    }
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
