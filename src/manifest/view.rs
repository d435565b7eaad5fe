//! A value together with its place: typed reading with errors that name file, object and field, and accounting for
//! every key that nobody read.

use super::error::InputError;
use super::judgements::{Judgement, Table};
use super::places::Places;
use super::quantity::{Quantity, Unit};
use super::suggest::nearest_or_list;
use super::value::{Mapping, Value, child};
use super::{ErrorKind, Note, NoteKind, Severity};
use crate::limits::reader::MAX_AMOUNT;
use kubound_encodings::cluster::{Labels, Origin};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::Arc;

/// Notes collected so far, shared by all readers.
pub(super) type Notes = Rc<RefCell<Vec<Note>>>;

/// A field that the models do not read: its key, whether that matters, and why.
pub(super) type Ignored = (&'static str, Severity, &'static str);

/// An object and its place.
pub(super) struct Entry {
    pub(super) value: Value,
    pub(super) context: Context,
}

/// Where an object is written.
#[derive(Clone)]
pub(super) struct Context {
    /// File.
    pub(super) file: String,
    /// Index of the document.
    pub(super) document: usize,
    /// Line of the document.
    pub(super) line: usize,
    /// Text of the file.
    pub(super) source: Arc<str>,
    /// Where the values of the object are written.
    pub(super) places: Arc<Places>,
    /// `Kind/namespace/name`.
    pub(super) object: String,
    /// Where notes go.
    pub(super) notes: Notes,
}

impl Context {
    /// An error about a field of the object.
    pub(super) fn error(&self, field: &str, message: impl Into<String>) -> InputError {
        InputError::new(message)
            .in_file(&self.file)
            .in_document(self.document)
            .in_text(&self.source, self.places.find(field).region())
            .in_object(&self.object)
            .at(field)
    }

    /// Remembers something about a field.
    pub(super) fn note(&self, severity: Severity, field: &str, message: impl Into<String>) {
        self.note_kind(severity.into(), severity, field, message);
    }

    /// Remembers something of a given kind about a field.
    pub(super) fn note_kind(&self, kind: NoteKind, severity: Severity, field: &str, message: impl Into<String>) {
        self.notes.borrow_mut().push(Note {
            kind,
            severity,
            file: self.file.clone(),
            document: self.document,
            object: self.object.clone(),
            field: field.to_owned(),
            message: message.into(),
            region: Some(self.places.find(field).region()),
            source: Some(Arc::clone(&self.source)),
        });
    }

    /// The origin of a field of the object.
    pub(super) fn origin(&self, field: &str) -> Origin {
        Origin { object: self.object.clone(), field: field.to_owned() }
    }
}

/// A value and its path.
#[derive(Clone)]
pub(super) struct View<'a> {
    pub(super) value: &'a Value,
    pub(super) path: String,
    pub(super) context: &'a Context,
}

impl<'a> View<'a> {
    /// The root of an object.
    pub(super) fn root(value: &'a Value, context: &'a Context) -> Self {
        Self { value, path: String::new(), context }
    }

    /// An error about this value.
    pub(super) fn error(&self, message: impl Into<String>) -> InputError {
        self.context.error(&self.path, message)
    }

    fn mistyped(&self, expected: impl Into<String>) -> InputError {
        self.error(format!("found {}", self.value.describe())).expected(expected)
    }

    /// Remembers something about this value.
    pub(super) fn note(&self, severity: Severity, message: impl Into<String>) {
        self.context.note(severity, &self.path, message);
    }

    /// Remembers that nobody knows this value.
    fn note_unknown(&self) {
        let message = "unknown field; it has no effect on the model";
        self.context.note_kind(NoteKind::UnknownField, Severity::Risky, &self.path, message);
    }

    /// The origin of this value.
    pub(super) fn origin(&self) -> Origin {
        self.context.origin(&self.path)
    }

    /// Text.
    pub(super) fn text(&self) -> Result<&'a str, InputError> {
        match self.value {
            Value::Text(text) => Ok(text),
            Value::Integer(_) | Value::Float(_) | Value::Bool(_) => Err(self.mistyped("text").help("put it in quotes")),
            _ => Err(self.mistyped("text")),
        }
    }

    /// Text that is not empty.
    pub(super) fn name(&self) -> Result<&'a str, InputError> {
        let text = self.text()?;
        if text.trim().is_empty() { Err(self.mistyped("text that is not empty")) } else { Ok(text) }
    }

    /// A boolean.
    pub(super) fn boolean(&self) -> Result<bool, InputError> {
        match self.value {
            Value::Bool(value) => Ok(*value),
            _ => Err(self.mistyped("true or false")),
        }
    }

    /// An integer within limits.
    pub(super) fn integer(&self, limits: RangeInclusive<i64>) -> Result<i64, InputError> {
        let expected = || format!("an integer from {} to {}", limits.start(), limits.end());
        let number = match self.value {
            Value::Integer(number) => i64::try_from(*number).ok(),
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => Some(*number as i64),
            _ => return Err(self.mistyped(expected())),
        };
        number.filter(|number| limits.contains(number)).ok_or_else(|| self.mistyped(expected()))
    }

    /// A percentage from 0 to 100.
    pub(super) fn percentage(&self) -> Result<f64, InputError> {
        let number = match self.value {
            Value::Integer(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        };
        let percentage = number.filter(|number| (0.0..=100.0).contains(number));
        percentage.ok_or_else(|| self.mistyped("a percentage from 0 to 100"))
    }

    /// The items of a list.
    pub(super) fn list(&self) -> Result<Vec<View<'a>>, InputError> {
        match self.value {
            Value::List(list) => Ok(list
                .iter()
                .enumerate()
                .map(|(index, value)| View { value, path: format!("{}[{index}]", self.path), context: self.context })
                .collect()),
            _ => Err(self.mistyped("a list")),
        }
    }

    /// A list of texts.
    pub(super) fn texts(&self) -> Result<Vec<String>, InputError> {
        self.list()?.iter().map(|item| item.text().map(str::to_owned)).collect()
    }

    /// The fields of a mapping.
    pub(super) fn fields(&self) -> Result<Fields<'a>, InputError> {
        match self.value {
            Value::Map(map) => Ok(Fields { map, view: self.clone(), taken: RefCell::default() }),
            _ => Err(self.mistyped("a mapping")),
        }
    }

    /// The fields of a mapping in which no other keys may occur.
    pub(super) fn strict_fields(&self, allowed: &[&str]) -> Result<Fields<'a>, InputError> {
        let fields = self.fields()?;
        for key in fields.map.keys() {
            if !allowed.contains(&key.as_str()) {
                return Err(self
                    .context
                    .error(&child(&self.path, key), format!("unknown key `{key}`"))
                    .kind(ErrorKind::UnknownKey)
                    .help(nearest_or_list(key, allowed.iter().copied())));
            }
        }
        Ok(fields)
    }

    /// A mapping from text to text.
    pub(super) fn labels(&self) -> Result<Labels, InputError> {
        let fields = self.fields()?;
        fields
            .entries()
            .map(|(key, value)| match value.value {
                Value::Null => Ok((key.to_owned(), String::new())),
                _ => Ok((key.to_owned(), value.text()?.to_owned())),
            })
            .collect()
    }

    /// One of several words.
    pub(super) fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, InputError> {
        let text = self.text()?;
        words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.mistyped(format!("one of {}", names.join(", "))).help(super::suggest::did_you_mean(text, names))
        })
    }

    /// The text of a quantity, which may also be written as a bare number.
    pub(super) fn scalar_text(&self) -> Option<String> {
        match self.value {
            Value::Text(text) => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Float(number) if number.is_finite() => Some(number.to_string()),
            _ => None,
        }
    }

    /// A quantity as an amount of a resource.
    pub(super) fn amount(&self, unit: Unit) -> Result<i64, InputError> {
        let text = self.scalar_text().ok_or_else(|| self.mistyped("a quantity such as 500m, 2 or 1Gi"))?;
        self.amount_of(&text, unit)
    }

    /// As [`View::amount`], for a part of the text of this value.
    pub(super) fn amount_of(&self, text: &str, unit: Unit) -> Result<i64, InputError> {
        let quantity = Quantity::parse(text).map_err(|message| self.error(message).kind(ErrorKind::Quantity))?;
        if quantity.is_negative() {
            let error = self.error(format!("`{text}` is negative")).kind(ErrorKind::Quantity);
            return Err(error.expected("an amount of 0 or more"));
        }
        let name = if unit == Unit::Milli { "thousandths" } else { "units" };
        quantity.amount(unit).ok_or_else(|| {
            let error = self.error(format!("`{text}` is too large")).kind(ErrorKind::Quantity);
            error.expected(format!("at most {MAX_AMOUNT} (2^50) {name}"))
        })
    }

    /// An amount that may be below zero, where the API server takes such a one.
    pub(super) fn signed_amount(&self, unit: Unit) -> Result<i64, InputError> {
        match self.scalar_text().as_deref().and_then(|text| text.strip_prefix('-')) {
            Some(positive) => Ok(-self.amount_of(positive, unit)?),
            None => self.amount(unit),
        }
    }

    /// A duration in seconds: a number of seconds, or text such as `90s`, `5m`, `1h30m`.
    pub(super) fn seconds(&self) -> Result<i64, InputError> {
        let parsed = match self.value {
            Value::Integer(number) => i64::try_from(*number).ok(),
            Value::Text(text) => parse_duration(text),
            _ => None,
        };
        parsed
            .filter(|seconds| (0..=31_536_000).contains(seconds))
            .ok_or_else(|| self.mistyped("a duration such as 90s, 5m or 1h30m, at most a year"))
    }
}

/// Seconds of a text such as `1h30m`.
pub(super) fn parse_duration(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let end = rest.find(|one: char| !one.is_ascii_digit())?;
        let number: i64 = rest[..end].parse().ok()?;
        let factor = match rest[end..].chars().next()? {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = &rest[end + 1..];
    }
    (!text.trim().is_empty()).then_some(total)
}

/// The keys of a mapping; remembers which were read.
pub(super) struct Fields<'a> {
    map: &'a Mapping,
    /// The mapping itself.
    pub(super) view: View<'a>,
    taken: RefCell<BTreeSet<String>>,
}

impl<'a> Fields<'a> {
    /// The value of a key; `None` if absent or null.
    pub(super) fn get(&self, key: &str) -> Option<View<'a>> {
        self.taken.borrow_mut().insert(key.to_owned());
        let value = self.map.get(key).filter(|value| **value != Value::Null)?;
        Some(View { value, path: child(&self.view.path, key), context: self.view.context })
    }

    /// The value of a key that must be there.
    pub(super) fn require(&self, key: &str, expected: &str) -> Result<View<'a>, InputError> {
        self.get(key).ok_or_else(|| {
            let error = self.view.context.error(&child(&self.view.path, key), "missing");
            error.kind(ErrorKind::MissingField).expected(expected)
        })
    }

    /// Tells that a key is missing that the API server asks for and the models can do without.
    pub(super) fn note_missing(&self, key: &str) {
        let message = "missing; the API server refuses the object without it";
        self.view.context.note(Severity::Warning, &child(&self.view.path, key), message);
    }

    /// Reads a key if it is there.
    pub(super) fn read<T>(
        &self,
        key: &str,
        read: impl FnOnce(View<'a>) -> Result<T, InputError>,
    ) -> Result<Option<T>, InputError> {
        self.get(key).map(read).transpose()
    }

    /// One of several words, or what counts where none is written, which an empty text means as well.
    pub(super) fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)], default: T) -> Result<T, InputError> {
        let view = self.get(key).filter(|view| view.value.as_text() != Some(""));
        view.map_or(Ok(default), |view| view.one_of(words))
    }

    /// The items of a list; none if it is absent.
    pub(super) fn items(&self, key: &str) -> Result<Vec<View<'a>>, InputError> {
        Ok(self.read(key, |view| view.list())?.unwrap_or_default())
    }

    /// The fields of a mapping below.
    pub(super) fn below(&self, key: &str) -> Result<Option<Fields<'a>>, InputError> {
        self.read(key, |view| view.fields())
    }

    /// All keys with their values.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, View<'a>)> {
        self.map.iter().map(|(key, value)| {
            (key.as_str(), View { value, path: child(&self.view.path, key), context: self.view.context })
        })
    }

    /// Notes every key that was not read as the table of its type says, or as unknown. The table and the reader agree on
    /// what is read.
    pub(super) fn judge_rest(&self, table: &Table) {
        let taken = self.taken.borrow();
        debug_assert!(taken.iter().all(|key| table.field(key).is_some()), "{} lacks one of {taken:?}", table.schema);
        for field in table.fields.iter().filter(|field| field.judgement == Judgement::Modelled) {
            debug_assert!(taken.contains(field.key), "nobody reads {} of {}", field.key, table.schema);
        }
        for (key, view) in self.entries() {
            if taken.contains(key) || *view.value == Value::Null {
                continue;
            }
            match table.field(key).map(|field| field.judgement) {
                Some(Judgement::Harmless { why, .. }) => view.note(Severity::Harmless, why),
                Some(Judgement::Risky { why } | Judgement::Depends { on: why }) => view.note(Severity::Risky, why),
                Some(Judgement::Modelled) | None => view.note_unknown(),
            }
        }
    }

    /// Whether a key is there, even with nothing behind it.
    pub(super) fn has(&self, key: &str) -> bool {
        self.taken.borrow_mut().insert(key.to_owned());
        self.map.contains_key(key)
    }

    /// Notes every key that was not read: as the table says, or as unknown. For formats of other programs.
    pub(super) fn note_rest(&self, table: &[Ignored]) {
        let taken = self.taken.borrow();
        for (key, view) in self.entries() {
            if taken.contains(key) || *view.value == Value::Null {
                continue;
            }
            match table.iter().find(|(name, ..)| *name == key) {
                Some((_, severity, why)) => view.note(*severity, *why),
                None => view.note_unknown(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_duration("90s"), Some(90));
        assert_eq!(parse_duration("1h30m"), Some(5400));
        for text in ["", "5", "m", "5x", "-5m", "99999999999999999999h"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
