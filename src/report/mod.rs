//! Reports: [`document`] words the findings once, every other file prints that in one format.

pub mod cause;
pub mod diagnostic;
pub mod document;
mod fold;
pub mod format;
pub mod formats;
pub mod github;
pub mod html;
pub mod human;
pub mod itf;
pub mod json;
pub mod jsonl;
mod judged;
pub mod junit;
pub mod markdown;
mod mermaid;
pub mod narrate;
pub mod nodes;
pub mod origin;
pub mod patch;
mod places;
pub mod repairs;
mod room;
pub mod sarif;
pub mod saved;
pub mod scene;
pub mod schema;
pub mod shard;
pub mod sizes;
pub mod states;
pub mod telling;
mod variables;
pub mod words;
pub mod writers;

/// Where the documents of a report are versioned.
pub const API_VERSION: &str = "kubound.dev/v1alpha1";

#[cfg(test)]
mod hostile;
