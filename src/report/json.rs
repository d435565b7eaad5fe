//! The report as JSON, for machines.

use super::document::Document;
use super::format::{Format, Style, Writing, pretty};

/// The format.
pub const FORMAT: Format = Format {
    name: "json",
    summary: "one object, for programs; see `kubound schema report`",
    takes_several: false,
    writing: Writing::Whole(render),
};

fn render(documents: &[Document], _: &Style) -> serde_json::Result<String> {
    documents.iter().map(pretty).collect()
}
