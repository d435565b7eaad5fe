//! Changes to single fields of the input that make a violation go away, each decided anew before anybody sees it.
//!
//! [`kinds`] has the catalogue: for every kind of object which fields can be moved, switched, added or taken away, and why
//! that may matter. [`candidates`] reads off what can be done to the objects of an input, the most promising first;
//! [`search`] has each decided by the same search that found the violation, within limits of its own.

pub mod candidates;
pub mod catalogue;
pub mod kinds;
pub mod path;
pub mod search;

use crate::manifest::Region;
use crate::manifest::edit::{Edit, Texts, edited};
use indexmap::IndexMap;
use std::sync::Arc;
use std::time::Duration;

/// What is done to a field.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Way {
    /// A number becomes another one.
    Moved,
    /// A word becomes another one.
    Switched,
    /// A field that is not there is added.
    Added,
    /// A field is taken away.
    Removed,
}

impl Way {
    /// Its word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Switched => "switched",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// A change to one field.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// The object.
    pub object: String,
    /// The field, which is not written yet where it is added.
    pub field: String,
    /// What is done.
    pub way: Way,
    /// What is written now; nothing where a field is added.
    pub before: String,
    /// What is to be written; nothing where a field is taken away.
    pub after: String,
    /// What the field decides, in words.
    pub why: &'static str,
    /// The file in which it is (first) written.
    pub file: String,
    /// Where in that file.
    pub region: Region,
    /// Text of the file.
    pub source: Arc<str>,
    /// The replacements that make it, in all files that write the field.
    pub edits: Vec<Edit>,
    /// The number it is moved to.
    pub number: Option<i64>,
}

/// A change to one field or two, shown to make a violation go away.
#[derive(Clone, PartialEq, Debug)]
pub struct Repair {
    /// The changes.
    pub changes: Vec<Change>,
    /// Other numbers in the place of the one of a single change that were shown to do as well, smallest first.
    pub also: Vec<i64>,
    /// Other violations that it makes go away, by their place among the results.
    pub mends: Vec<usize>,
    /// Sizes that were looked at in the place of others, because the change moves them.
    pub instead: Vec<String>,
}

impl Change {
    /// Whether two changes are about one thing: the same field, one around the other, or two fields of one constraint or
    /// section, which whoever wrote them decides together.
    pub fn is_beside(&self, other: &Self) -> bool {
        let (own, others) = (self.field.as_str(), other.field.as_str());
        if self.object != other.object || own.is_empty() || others.is_empty() {
            // An object that is added is none of the fields of another one.
            return self.object == other.object && own == others;
        }
        let is_around = path::is_within(own, others) || path::is_within(others, own);
        let section = path::section(own);
        is_around || (section.is_some() && section == path::section(others))
    }
}

impl Repair {
    /// All replacements.
    pub fn edits(&self) -> Vec<Edit> {
        self.changes.iter().flat_map(|change| change.edits.iter().cloned()).collect()
    }

    /// The texts of the files that it changes.
    pub fn apply(&self, texts: &Texts) -> Option<Texts> {
        edited(texts, &self.edits())
    }
}

/// A change that makes a violation go away, and brings others.
#[derive(Clone, PartialEq, Debug)]
pub struct Trade {
    /// The change.
    pub change: Change,
    /// The intents that held, and that it violates.
    pub breaks: Vec<search::Claim>,
}

/// What came of a search for repairs of one violation.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Repairs {
    /// What was found, the best first.
    pub found: Vec<Repair>,
    /// Changes that make it go away and violate other intents, the most promising first.
    pub trades: Vec<Trade>,
    /// How many changes of single fields the catalogue has for the input.
    pub known: usize,
    /// How many of them were decided.
    pub tried: usize,
    /// How many pairs were decided.
    pub pairs: usize,
    /// How many of all these the search could not decide.
    pub open: usize,
    /// The time for all repairs, if it was over before everything was tried that should have been.
    pub ran_out: Option<Duration>,
    /// The violation that is repaired by the same change and has been told, by its place among the results.
    pub same_as: Option<usize>,
}

/// Repairs by the place of the violation among the results.
pub type Found = IndexMap<usize, Repairs>;
