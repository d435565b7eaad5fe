//! Reports: [`document`] words the findings once, every other file prints that in one format.

pub mod diagnostic;
pub mod document;
pub mod human;
pub mod json;
pub mod narrate;
pub mod saved;
pub mod sizes;
pub mod telling;
pub mod text;

/// Where the documents of a report are versioned.
pub const API_VERSION: &str = "kubound.dev/v1alpha1";
