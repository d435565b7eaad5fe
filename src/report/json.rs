//! The report as JSON, for machines.

use super::document::Document;

/// The text, with a newline at the end.
pub fn render(document: &Document) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}
