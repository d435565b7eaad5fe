//! Words of reports that stand for one of few things, when a report is read again: one that nobody writes is refused; and
//! what is not written.

use super::API_VERSION;
use crate::explain;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// A word of a report.
pub type Word = &'static str;

/// Whether a number is left out of a report.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
pub(super) fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// All but ids that can be explained.
const WORDS: &[Word] = &[
    "",
    API_VERSION,
    "Report",
    env!("CARGO_PKG_VERSION"),
    "used",
    "unused",
    "expired",
    "violated",
    "race",
    "holds",
    "bounded",
    "no violation up to depth",
    "vacuous",
    "unknown",
    "paced",
    "delayed",
    "interleaved",
    "bad",
    "stays",
    "loop",
    "inevitable",
    "possible",
    "undecided",
    "size",
    "cluster",
    "clock",
    "budget",
    "harmless",
    "risky",
    "warning",
    "broken",
    "fixed",
    "changed",
    "same",
];

/// The word that a text is, if reports have it.
pub fn find(text: &str) -> Option<Word> {
    let known = WORDS.iter().copied().find(|word| *word == text);
    known.or_else(|| explain::find(text).map(|entry| entry.id))
}

/// Reads a word.
pub fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    find(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no word of a report")))
}

/// Reads a word that may be missing.
pub fn known_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Word>, D::Error> {
    let Some(text) = Option::<Cow<str>>::deserialize(deserializer)? else { return Ok(None) };
    find(&text).map(Some).ok_or_else(|| D::Error::custom(format!("`{text}` is no word of a report")))
}
