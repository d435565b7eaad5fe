//! Explanations of everything that has a stable id: intents, errors, warnings and failures. `kubound explain` and the pages of
//! the book are made of the same text.

pub mod book;
mod errors;
mod failures;
pub mod fields;
pub mod lookup;
mod page;
pub mod reference;
mod warnings;

pub use failures::FailureKind;
pub use page::{index, page};

use crate::manifest::{ErrorKind, NoteKind};
use kubound_encodings::explanation::Explanation;
use kubound_encodings::intents;

/// What an id belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// Something that shall hold.
    Intent,
    /// A reason to refuse an input.
    Error,
    /// Something about the input that is to be known.
    Warning,
    /// What else ends a command.
    Failure,
}

impl Class {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

/// An id with its explanation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What it belongs to.
    pub class: Class,
    /// The id.
    pub id: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Everything else.
    pub explanation: Explanation,
}

/// All ids: intents in the order of their registry, then errors, warnings and failures by name.
pub fn entries() -> Vec<Entry> {
    let intents = intents::REGISTRY.iter().flat_map(|intent| {
        let entry = |id: &&'static str| Entry {
            class: Class::Intent,
            id,
            summary: intent.summary(),
            explanation: intent.explanation(),
        };
        intent.names().iter().map(entry)
    });
    let errors = ErrorKind::ALL.iter().map(|&kind| {
        let (summary, explanation) = errors::explain(kind);
        Entry { class: Class::Error, id: kind.id(), summary, explanation }
    });
    let warnings = NoteKind::ALL.iter().map(|&kind| {
        let (summary, explanation) = warnings::explain(kind);
        Entry { class: Class::Warning, id: kind.id(), summary, explanation }
    });
    let failures = FailureKind::ALL.iter().map(|&kind| {
        let (summary, explanation) = failures::explain(kind);
        Entry { class: Class::Failure, id: kind.id(), summary, explanation }
    });
    intents.chain(errors).chain(warnings).chain(failures).collect()
}

/// The entry of an id.
pub fn find(id: &str) -> Option<Entry> {
    entries().into_iter().find(|entry| entry.id == id)
}
