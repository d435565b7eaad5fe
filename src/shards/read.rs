//! Reports of shards, read again.

use super::error::MergeError;
use crate::report::API_VERSION;
use crate::report::document::Document;
use crate::report::shard::ShardDocument;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The report of a shard in a file of this name.
pub fn read(file: &str, text: &str) -> Result<Document, MergeError> {
    let wrong = |why: String| MergeError::NoReport { file: file.to_owned(), why };
    let value: Value = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    if (word("apiVersion").as_str(), word("kind").as_str()) != (API_VERSION, "Report") {
        return Err(wrong(format!("it is not a {API_VERSION} Report")));
    }
    let own = env!("CARGO_PKG_VERSION");
    if word("kubound") != own {
        return Err(MergeError::Version { file: file.to_owned(), found: word("kubound"), own });
    }
    let mut document: Document = serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
    let Some(shard) = &document.shard else { return Err(MergeError::NoShard { file: file.to_owned() }) };
    let sources = sources(shard);
    for origin in document.results.iter_mut().flat_map(|result| &mut result.origins) {
        origin.source = origin.file.as_ref().and_then(|file| sources.get(file)).cloned();
    }
    for note in &mut document.notes {
        note.source = sources.get(&note.file).cloned();
    }
    Ok(document)
}

/// Texts that have the lines of the report where they were, and nothing else.
fn sources(shard: &ShardDocument) -> BTreeMap<String, Arc<str>> {
    let sparse = |lines: &BTreeMap<usize, String>| {
        let mut text = String::new();
        let mut at = 1;
        for (&line, content) in lines {
            // What would take more memory than any input is no place in one.
            let gap = line.saturating_sub(at).min(crate::limits::reader::MAX_BYTES as usize);
            text.push_str(&"\n".repeat(gap));
            text.push_str(content);
            text.push('\n');
            at = line.saturating_add(1);
        }
        Arc::from(text)
    };
    shard.lines.iter().map(|(file, lines)| (file.clone(), sparse(lines))).collect()
}
