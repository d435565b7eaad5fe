//! The formats that a report can be written in, one file each. A new one is a file and a line in [`REGISTRY`].

use super::format::Format;
use super::{github, html, human, itf, json, jsonl, junit, markdown, sarif};

/// All formats.
pub const REGISTRY: &[&Format] = &[
    &human::FORMAT,
    &json::FORMAT,
    &jsonl::FORMAT,
    &sarif::FORMAT,
    &junit::FORMAT,
    &github::FORMAT,
    &markdown::FORMAT,
    &itf::FORMAT,
    &html::FORMAT,
];

/// The format of a name.
pub fn named(name: &str) -> Option<&'static Format> {
    REGISTRY.iter().copied().find(|format| format.name == name)
}
