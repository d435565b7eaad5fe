//! Fields of rules files: names, values, and what they are initially.

use super::super::ErrorKind;
use super::super::error::InputError;
use super::super::span::{Count, read_span};
use super::super::value::Value;
use super::super::view::{Fields, View};
use crate::limits::reader::MAX_REPLICAS;
use kubound_encodings::cluster::Span;
use kubound_encodings::cluster::custom::{CustomField, Values};

/// The keys of a field that says more than its values.
pub(super) const FIELD: &[&str] = &["values", "initial", "onlyGrows"];

/// Names that every owned object has already.
const OWN: &[&str] = &["exists", "ordinal"];

/// What values may be.
const EXPECTED: &str = "a range such as 0..3, `bool`, a number, true or false, or {values, initial}";

/// Reads the fields below a key, in a section of the resource or in none.
pub(super) fn read(parent: &Fields, key: &str, section: &str, fields: &mut Vec<CustomField>) -> Result<(), InputError> {
    let Some(listed) = parent.below(key)? else { return Ok(()) };
    for (name, view) in listed.entries() {
        check_word(name, &view, if section.is_empty() { OWN } else { &[] })?;
        let is_spec = section == "spec";
        let (values, only_grows) = read_field(&view, is_spec)?;
        let name = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
        fields.push(CustomField { name, values, is_status: section == "status", only_grows });
    }
    Ok(())
}

/// Refuses a word that expressions could not name.
pub(super) fn check_word(word: &str, view: &View, taken: &[&str]) -> Result<(), InputError> {
    if taken.contains(&word) {
        return Err(view.error(format!("`{word}` means something already")).expected("another name"));
    }
    let is_first = |one: char| one.is_ascii_alphabetic();
    let is_name = word.starts_with(is_first) && word.chars().all(|one| one.is_ascii_alphanumeric() || one == '_');
    if is_name {
        return Ok(());
    }
    Err(view.error(format!("`{word}` is no name")).expected("letters, digits and `_`, at first a letter"))
}

/// A range of numbers that a field may have.
pub(super) fn span(view: &View) -> Result<Span, InputError> {
    read_span(view, &Count::Plain(0..=MAX_REPLICAS))
}

/// The values of a field, and whether users may only make it larger.
fn read_field(view: &View, is_spec: bool) -> Result<(Values, bool), InputError> {
    if !matches!(view.value, Value::Map(_)) {
        return Ok((plain(view, is_spec)?, false));
    }
    let body = view.strict_fields(FIELD)?;
    let values = plain(&body.require("values", EXPECTED)?, is_spec)?;
    let values = match (values, body.get("initial")) {
        (values, None) => values,
        (Values::Bool(_), Some(initial)) => Values::Bool(Some(initial.boolean()?)),
        (Values::Number(span, _), Some(initial)) => Values::Number(span, Some(initial.integer(span.lo..=span.hi)?)),
        (values, Some(_)) => values,
    };
    let only_grows = body.get("onlyGrows");
    let grows = only_grows.as_ref().map(View::boolean).transpose()?.unwrap_or(false);
    match (only_grows, values) {
        (Some(at), Values::Bool(_)) => Err(at.error("true and false do not grow").expected("a number")),
        (Some(at), _) if !is_spec => {
            let error = at.error("users write `spec` only").kind(ErrorKind::NotSupported);
            Err(error.expected("onlyGrows in `spec` of the resource"))
        }
        _ => Ok((values, grows)),
    }
}

/// Values without anything around them. What users write may be any of them initially, other fields are at the lowest.
fn plain(view: &View, is_spec: bool) -> Result<Values, InputError> {
    match view.value {
        Value::Bool(initial) => Ok(Values::Bool(Some(*initial))),
        Value::Text(text) if text == "bool" => Ok(Values::Bool((!is_spec).then_some(false))),
        Value::Text(_) | Value::Integer(_) => {
            let span = span(view)?;
            Ok(Values::Number(span, (!is_spec || span.constant().is_some()).then_some(span.lo)))
        }
        _ => Err(view.error(format!("found {}", view.value.describe())).expected(EXPECTED)),
    }
}
