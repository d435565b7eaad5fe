//! Two reports side by side: what a change of the input, or an upgrade of Kubernetes, breaks and fixes. The comparison is the
//! report on the new side, in which each answer knows what it was before.

use super::super::words::{self, Word};
use super::{Document, IntentDocument, NoteDocument};
use crate::search::scope::Scope;
use crate::text::plural;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a report was compared with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparisonDocument {
    /// The old side, as it was named.
    pub old: String,
    /// The new side.
    pub new: String,
    /// What the verdicts of the old side cover; none where it has nothing of this application.
    pub scope: Option<Scope>,
    /// Answers of the old side about what the new side does not ask.
    pub gone: Vec<GoneDocument>,
}

/// An intent that only the old side has.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GoneDocument {
    /// Its id.
    pub intent: String,
    /// Object it speaks of.
    pub target: Option<String>,
    /// The verdict.
    #[serde(deserialize_with = "words::known")]
    pub verdict: Word,
}

/// What an answer was before.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BeforeDocument {
    /// What became of it: `broken` and `fixed` are about violations; `changed` is any other difference.
    #[schemars(extend("enum" = ["broken", "fixed", "changed", "same"]))]
    #[serde(deserialize_with = "words::known")]
    pub change: Word,
    /// The verdict of the old side; none where it does not ask.
    #[serde(default, deserialize_with = "words::known_or_none")]
    pub verdict: Option<Word>,
    /// Why, in one line.
    pub message: String,
}

/// What became of the answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Violated now, and not before.
    pub broken: usize,
    /// Violated before, and shown not to be now.
    pub fixed: usize,
    /// Different in another way.
    pub changed: usize,
    /// Not different.
    pub same: usize,
    /// Violated before and after; they are among those that are not different.
    pub still: usize,
}

impl Document {
    /// Says of each answer what it was on the old side, and leaves out notes that the old side has as well. `names` are
    /// those of the sides.
    pub fn compare(&mut self, old: Option<&Self>, (before, after): (&str, &str)) {
        let none = [];
        let known = old.map_or(&none[..], |old| &old.results);
        for new in &mut self.results {
            let old = known.iter().find(|old| is_same(old, new));
            let (change, verdict) = (change(old, new), old.map(|old| old.verdict));
            let message = old.map(|old| old.message.clone()).unwrap_or_default();
            new.before = Some(BeforeDocument { change, verdict, message });
        }
        let gone = known.iter().filter(|old| !self.results.iter().any(|new| is_same(old, new)));
        self.comparison = Some(ComparisonDocument {
            old: before.to_owned(),
            new: after.to_owned(),
            scope: old.map(|old| old.scope.clone()),
            gone: gone.map(GoneDocument::from).collect(),
        });
        let notes = old.map_or(&[][..], |old| &old.notes);
        let about = |note: &NoteDocument| (note.id, note.object.clone(), note.field.clone());
        self.notes.retain(|note| !notes.iter().any(|old| about(old) == about(note)));
    }

    /// Gives files other names.
    pub fn rename_files(&mut self, name: impl Fn(&str) -> String) {
        let rename = |origin: &mut super::super::origin::OriginDocument| {
            if let Some(file) = &mut origin.file {
                *file = name(file);
            }
        };
        for result in &mut self.results {
            result.origins.iter_mut().for_each(rename);
            if let Some(violation) = &mut result.violation {
                violation.steps.iter_mut().flat_map(|step| &mut step.origins).for_each(rename);
                let waits = violation.scene.iter_mut().flat_map(|scene| &mut scene.waits);
                waits.flat_map(|wait| &mut wait.origins).for_each(rename);
            }
            let changes = result.repairs.iter_mut().flat_map(|repairs| &mut repairs.found);
            for change in changes.flat_map(|repair| &mut repair.changes) {
                change.file = name(&change.file);
                change.edits.iter_mut().for_each(|edit| edit.file = name(&edit.file));
            }
        }
        self.notes.iter_mut().for_each(|note| note.file = name(&note.file));
    }

    /// What became of the answers.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for result in &self.results {
            match result.before.as_ref().map(|before| before.change) {
                Some("broken") => counts.broken += 1,
                Some("fixed") => counts.fixed += 1,
                Some("changed") => counts.changed += 1,
                _ => {
                    counts.same += 1;
                    counts.still += usize::from(result.verdict == "violated");
                }
            }
        }
        counts.changed += self.comparison.as_ref().map_or(0, |comparison| comparison.gone.len());
        counts
    }
}

impl Counts {
    /// What differs.
    pub fn told(&self) -> String {
        format!("{} broken, {} fixed, {} changed otherwise", self.broken, self.fixed, self.changed)
    }

    /// What does not.
    pub fn told_same(&self) -> String {
        let intents = plural(self.same as i64, "intent");
        format!("{intents} unchanged, {} of them violated before and after", self.still)
    }
}

impl From<&IntentDocument> for GoneDocument {
    fn from(old: &IntentDocument) -> Self {
        Self { intent: old.intent.clone(), target: old.target.clone(), verdict: old.verdict }
    }
}

impl GoneDocument {
    /// The intent and what it speaks of.
    pub fn title(&self) -> String {
        self.target.as_ref().map_or_else(|| self.intent.clone(), |target| format!("{} of {target}", self.intent))
    }
}

impl IntentDocument {
    /// The verdict before and now, where it is compared: `holds -> violated`.
    pub fn told_change(&self) -> Option<String> {
        let before = self.before.as_ref()?;
        let old = before.verdict.map_or("not there", |verdict| worded(verdict, &before.message));
        Some(format!("{old} -> {}", worded(self.verdict, &self.message)))
    }
}

/// A verdict in words: a clean one up to a depth says which.
fn worded<'a>(verdict: &'a str, message: &'a str) -> &'a str {
    if verdict == "bounded" { message } else { verdict }
}

fn is_same(one: &IntentDocument, other: &IntentDocument) -> bool {
    one.intent == other.intent && one.target == other.target
}

/// Whether an answer says that there is no violation: a clean or a vacuous one, not an open one.
fn is_clean(result: &IntentDocument) -> bool {
    result.decided && !["violated", "race"].contains(&result.verdict)
}

fn change(old: Option<&IntentDocument>, new: &IntentDocument) -> Word {
    let was_violated = old.is_some_and(|old| old.verdict == "violated");
    match old {
        _ if new.verdict == "violated" && !was_violated => "broken",
        _ if was_violated && is_clean(new) => "fixed",
        Some(old) if old.verdict == new.verdict && old.decided == new.decided => "same",
        _ => "changed",
    }
}
