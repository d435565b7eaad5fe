//! What is wrong with the input, where, and what to do about it.

use super::ids::ErrorKind;
use super::places::Region;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A fault of the input: one clear message. Empty strings mean that the part does not apply.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct InputError(Box<Problem>);

/// The parts of an [`InputError`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Why it is refused.
    pub kind: ErrorKind,
    /// File as the user named it; `<stdin>` for standard input.
    pub file: String,
    /// Index of the document in the file, from 1.
    pub document: Option<usize>,
    /// Where in the file, where known.
    pub region: Option<Region>,
    /// Text of the file, where known.
    pub source: Option<Arc<str>>,
    /// `Kind/namespace/name`.
    pub object: String,
    /// Path of the field.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What was expected instead.
    pub expected: String,
    /// What to do.
    pub help: String,
    /// Further faults of the same input.
    pub others: Vec<InputError>,
}

impl InputError {
    /// An error that says only what is wrong; the rest is added by the `with` methods.
    pub fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Problem {
            kind: ErrorKind::InvalidValue,
            file: String::new(),
            document: None,
            region: None,
            source: None,
            object: String::new(),
            field: String::new(),
            message: message.into(),
            expected: String::new(),
            help: String::new(),
            others: Vec::new(),
        }))
    }

    /// An error if there are faults: the first, with the others.
    pub(super) fn none_of(faults: Vec<Self>) -> Result<(), Self> {
        let mut faults = faults.into_iter();
        let Some(mut first) = faults.next() else { return Ok(()) };
        for mut other in faults {
            let more = std::mem::take(&mut other.0.others);
            first.0.others.push(other);
            first.0.others.extend(more);
        }
        Err(first)
    }

    /// Says why it is refused, where the value itself is not the reason.
    pub fn kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Says what was expected.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = expected.into();
        self
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = help.into();
        self
    }

    /// Says which file.
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.0.file = file.into();
        self
    }

    /// Says which document.
    pub fn in_document(mut self, document: usize) -> Self {
        self.0.document = Some(document);
        self
    }

    /// Says which stretch of which text.
    pub fn in_text(mut self, source: &Arc<str>, region: Region) -> Self {
        self.0.source = Some(Arc::clone(source));
        self.0.region = Some(region);
        self
    }

    /// Says which object.
    pub fn in_object(mut self, object: impl Into<String>) -> Self {
        self.0.object = object.into();
        self
    }

    /// Says which field.
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.0.field = field.into();
        self
    }
}

impl Deref for InputError {
    type Target = Problem;

    fn deref(&self) -> &Problem {
        &self.0
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let mut place = self.file.clone();
        if let (Some(region), false) = (self.region, place.is_empty()) {
            place.push_str(&format!(":{}:{}", region.line, region.column));
        }
        let document = self.document.map(|index| format!("document {index}")).unwrap_or_default();
        for part in [&place, &document, &self.object, &self.field] {
            if !part.is_empty() {
                write!(f, "{part}: ")?;
            }
        }
        f.write_str(&self.message)?;
        if !self.expected.is_empty() {
            write!(f, "; expected {}", self.expected)?;
        }
        if !self.help.is_empty() {
            write!(f, "\nhelp: {}", self.help)?;
        }
        Ok(())
    }
}
