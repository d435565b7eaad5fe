//! The pages of the book that are made from the code.

use super::{entries, fields, index, page, reference};

/// A reference: its name, and what makes its page.
pub type Reference = (&'static str, fn() -> String);

/// References that `kubound explain NAME` prints as well.
pub const REFERENCES: [Reference; 3] =
    [("scenario", reference::scenario), ("intents", reference::intents), ("fields", fields::page)];

/// All of them, each with its file in `docs/src`.
pub fn pages() -> Vec<(String, String)> {
    let entries = entries();
    let explained = entries.iter().map(|entry| (format!("explain/{}.md", entry.id), page(entry)));
    let references = REFERENCES.iter().map(|(name, make)| (format!("{name}.md"), make()));
    let others = [("explain/index.md".to_owned(), index(&entries)), ("limits.md".to_owned(), reference::limits())];
    explained.chain(references).chain(others).collect()
}
