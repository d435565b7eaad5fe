//! Text to values, each with its place. JSON is read as the YAML that it is. Scalars have the types that kubectl gives them,
//! which are those of YAML 1.1.
//!
//! The text is cut into parts that the library can read (`chunks`), whose events become values (`reader`, the only file that
//! names the library); `scalars` tells what plain text is, `entries` puts mappings together, and `own` reads the words of
//! Kubound's own formats.

mod chunks;
mod entries;
mod own;
mod reader;
mod scalars;
#[cfg(test)]
mod tests;

use super::error::InputError;
use super::ids::ErrorKind;
use super::places::{Places, Region};
use super::value::Value;
use chunks::chunks;
use reader::Reader;
use std::sync::Arc;

/// One document that is not empty.
#[derive(Debug)]
pub(in crate::manifest) struct Document {
    /// From 1, empty documents not counted.
    pub(in crate::manifest) index: usize,
    /// Line of its first content, from 1.
    pub(in crate::manifest) line: usize,
    /// Its value.
    pub(in crate::manifest) root: Value,
    /// Where its values are written.
    pub(in crate::manifest) places: Arc<Places>,
    /// Keys that occur more than once.
    pub(in crate::manifest) duplicates: Vec<Duplicate>,
    /// Scalars that only YAML 1.1 reads as it does.
    pub(in crate::manifest) old: Vec<Old>,
}

/// A scalar that looks like text and is none: `yes`, `on`, `012`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::manifest) struct Old {
    /// Path of the value; of a key, that of its mapping.
    pub(in crate::manifest) path: String,
    /// As it is written.
    pub(in crate::manifest) text: String,
    /// What it is read as.
    pub(in crate::manifest) value: String,
}

/// A key that occurs a second time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::manifest) struct Duplicate {
    /// Path of the key.
    pub(in crate::manifest) path: String,
    /// Line of the value that does not count.
    pub(in crate::manifest) first: usize,
    /// Line of the value that counts instead.
    pub(in crate::manifest) last: usize,
}

/// Why a text could not be read.
#[derive(Debug)]
pub(in crate::manifest) struct Malformed {
    /// Why it is refused.
    pub(in crate::manifest) kind: ErrorKind,
    /// Index of the document.
    pub(in crate::manifest) document: usize,
    /// Where in the text.
    pub(in crate::manifest) region: Region,
    /// What is wrong.
    pub(in crate::manifest) message: String,
    /// What to do.
    pub(in crate::manifest) help: String,
}

impl Malformed {
    /// The error about the file whose text it is.
    pub(in crate::manifest) fn in_file(self, file: &str, text: &Arc<str>) -> InputError {
        let Self { kind, document, region, message, help } = self;
        InputError::new(message).kind(kind).in_file(file).in_document(document).in_text(text, region).help(help)
    }
}

/// Reads all documents of a text.
pub(in crate::manifest) fn parse_documents(text: &str) -> Result<Vec<Document>, Malformed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    for chunk in chunks(text) {
        let mut reader = Reader::new(&chunk);
        reader.documents(&mut documents).map_err(|fault| Malformed {
            kind: fault.kind,
            document: documents.len() + 1,
            region: fault.region,
            help: if text.contains("{{") { TEMPLATE.to_owned() } else { fault.help },
            message: fault.message,
        })?;
    }
    Ok(documents)
}

const TEMPLATE: &str = "this looks like a template: render it first (`helm template . | kubound verify -`)";

/// What is wrong with a text, and where.
struct Fault {
    kind: ErrorKind,
    region: Region,
    message: String,
    help: String,
}

impl Fault {
    fn new(kind: ErrorKind, region: Region, message: impl Into<String>) -> Self {
        Self { kind, region, message: message.into(), help: String::new() }
    }
}

/// Why a scalar is refused.
type Refused = (ErrorKind, String);
