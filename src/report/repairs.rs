//! Repairs in documents.

use super::words::{self, Word, is_zero};
use crate::manifest::edit::{Edit, last_key};
use crate::repair::search::Claim;
use crate::repair::{Change, Repair, Repairs, Trade};
use itertools::Itertools;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::sync::Arc;

/// What a search for repairs of a violation came to.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepairsDocument {
    /// What was found, the best first; each was decided with everything under `scope`.
    pub found: Vec<RepairDocument>,
    /// Changes that make it go away and violate other intents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trades: Vec<TradeDocument>,
    /// How many changes of single fields are known for the input.
    pub known: usize,
    /// How many of them were decided.
    pub tried: usize,
    /// How many pairs of them were decided.
    pub pairs: usize,
    /// How many of all these the search could not decide.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub open: usize,
    /// Seconds for all repairs, if they were over before everything was tried that should have been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran_out: Option<f64>,
    /// The violation that has the same repair, and tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
}

/// A change to one field or two that makes a violation go away.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepairDocument {
    /// The changes.
    pub changes: Vec<FieldChangeDocument>,
    /// Other numbers that were shown to do as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<i64>,
    /// Sizes that were looked at in the place of others, because the change moves them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instead: Vec<String>,
    /// Other violations that it makes go away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mends: Vec<String>,
}

/// A change that makes a violation go away and brings others.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TradeDocument {
    /// The change.
    pub change: FieldChangeDocument,
    /// The intents that held, and that it violates.
    pub breaks: Vec<String>,
}

/// A change to one field.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldChangeDocument {
    /// The object.
    pub object: String,
    /// The field; empty where an object is added.
    pub field: String,
    /// `moved`, `switched`, `added` or `removed`.
    #[schemars(extend("enum" = ["moved", "switched", "added", "removed"]))]
    #[serde(deserialize_with = "words::known")]
    pub way: Word,
    /// What is written; empty where something is added.
    pub before: String,
    /// What to write; empty where something is taken away.
    pub after: String,
    /// What the field decides.
    pub why: String,
    /// The file.
    pub file: String,
    /// The line of the field, or of what is around it.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The column behind the last character; none where the rest of the line is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<usize>,
    /// The replacements that make the change.
    pub edits: Vec<EditDocument>,
    /// Text of the file.
    #[serde(skip)]
    pub source: Option<Arc<str>>,
}

/// A replacement in a file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EditDocument {
    /// The file.
    pub file: String,
    /// Line of the first character that goes.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
    /// Line of the first character that stays.
    pub end_line: usize,
    /// Its column.
    pub end_column: usize,
    /// What comes in their place.
    pub text: String,
}

impl RepairsDocument {
    /// Words repairs; `title` names the violation at a place.
    pub fn new(repairs: &Repairs, texts: &crate::manifest::edit::Texts, title: &dyn Fn(usize) -> String) -> Self {
        let repair = |one: &Repair| RepairDocument {
            changes: one.changes.iter().map(|change| FieldChangeDocument::new(change, texts)).collect(),
            also: one.also.clone(),
            instead: one.instead.clone(),
            mends: one.mends.iter().map(|&index| title(index)).collect(),
        };
        let named =
            |(intent, target): &Claim| [Some(intent.as_str()), target.as_deref()].into_iter().flatten().join(" ");
        let trade = |one: &Trade| TradeDocument {
            change: FieldChangeDocument::new(&one.change, texts),
            breaks: one.breaks.iter().map(named).collect(),
        };
        Self {
            found: repairs.found.iter().map(repair).collect(),
            trades: repairs.trades.iter().map(trade).collect(),
            known: repairs.known,
            tried: repairs.tried,
            pairs: repairs.pairs,
            open: repairs.open,
            ran_out: repairs.ran_out.map(|time| time.as_secs_f64()),
            same_as: repairs.same_as.map(title),
        }
    }
}

impl FieldChangeDocument {
    fn new(change: &Change, texts: &crate::manifest::edit::Texts) -> Self {
        let end = (change.region.length > 0).then_some(change.region.column + change.region.length);
        Self {
            object: change.object.clone(),
            field: change.field.clone(),
            way: change.way.word(),
            before: change.before.clone(),
            after: change.after.clone(),
            why: change.why.to_owned(),
            file: change.file.clone(),
            line: change.region.line,
            column: change.region.column,
            end_column: end,
            edits: change.edits.iter().filter_map(|edit| EditDocument::new(edit, texts.get(&edit.file)?)).collect(),
            source: Some(Arc::clone(&change.source)),
        }
    }

    /// The change in a line: `minAvailable: 2 -> 1`.
    pub fn told(&self) -> String {
        let key = last_key(&self.field);
        let on_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (before, after) = (on_one_line(&self.before), on_one_line(&self.after));
        match self.way {
            "added" => format!("add {after}"),
            "removed" => format!("remove {before}"),
            _ if before.contains(": ") && !before.starts_with('{') => format!("{before} -> {after}"),
            _ => format!("{key}: {before} -> {after}"),
        }
    }
}

impl EditDocument {
    fn new(edit: &Edit, text: &str) -> Option<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let place = |at: usize| {
            let before = text.get(..at)?;
            let line = before.rsplit('\n').next().unwrap_or_default();
            Some((before.matches('\n').count() + 1, line.chars().count() + 1))
        };
        let ((line, column), (end_line, end_column)) = (place(edit.span.0)?, place(edit.span.1)?);
        Some(Self { file: edit.file.clone(), line, column, end_line, end_column, text: edit.text.clone() })
    }
}

impl RepairDocument {
    /// The changes in a line.
    pub fn told(&self) -> String {
        let changes: Vec<String> = self.changes.iter().map(FieldChangeDocument::told).collect();
        let mut told = changes.join(", and ");
        if !self.also.is_empty() {
            let also: Vec<String> = self.also.iter().map(ToString::to_string).collect();
            let _ = write!(told, " (or {})", also.join(", "));
        }
        if !self.instead.is_empty() {
            let _ = write!(told, "; shown for {}", self.instead.join(", "));
        }
        told
    }

    /// Where it is, for people, with files named as given.
    pub fn place(&self, file: impl Fn(&str) -> String) -> String {
        let place = |change: &FieldChangeDocument| format!("{}:{}", file(&change.file), change.line);
        self.changes.iter().map(place).collect::<Vec<_>>().join(", ")
    }
}

impl RepairsDocument {
    /// What came of the search, in a sentence.
    pub fn told(&self) -> String {
        let pairs = match self.pairs {
            0 => String::new(),
            1 => ", nor does 1 pair".to_owned(),
            several => format!(", nor do {several} pairs"),
        };
        let open = match self.open {
            0 => String::new(),
            open => format!("; {open} of them nobody could decide"),
        };
        let alone = if self.trades.is_empty() { "" } else { " without violating another intent" };
        match (self.found.as_slice(), self.ran_out) {
            ([], _) if self.known == 0 => "no change of a single field is known that could help".to_owned(),
            ([], Some(seconds)) if self.tried < self.known => format!(
                "no single change was found that helps{alone}, before time ran out: {} of {} tried in {seconds} s{open}",
                self.tried, self.known
            ),
            ([], Some(seconds)) => {
                format!("no single change helps{alone}, of {} known{pairs}, all in {seconds} s{open}", self.tried)
            }
            ([], None) if self.tried == self.known => {
                format!("no single change helps{alone}, of {} known{pairs}{open}", self.tried)
            }
            ([], None) => {
                format!("no single change helps{alone}, of {} tried and {} known{pairs}{open}", self.tried, self.known)
            }
            ([one], _) if one.changes.len() > 1 => "two changes together repair it".to_owned(),
            ([_], _) => "one change repairs it".to_owned(),
            (many, _) => format!("any one of {} changes repairs it", many.len()),
        }
    }
}
