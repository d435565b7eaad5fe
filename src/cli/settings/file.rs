//! `kubound.toml`: a setting a line, no others, no tables.

use super::{NO_SETTINGS, PATHS, Setting, Source};
use crate::limits::files::MOST_SETTINGS;
use crate::manifest::{ErrorKind, InputError, Region, nearest_or_list};
use clap::{Arg, ArgAction};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use toml_edit::{Document, Item, Value};

/// Reads the settings of a file.
pub fn read(path: &Path, known: &[&Arg]) -> Result<BTreeMap<String, Setting>, InputError> {
    let name: Arc<str> = path.display().to_string().into();
    let text: Arc<str> = text(path).map_err(|error| error.in_file(&*name))?.into();
    let fault = |span: Option<Range<usize>>, message: String| {
        InputError::new(message).in_file(&*name).in_text(&text, region(&text, span))
    };
    let document = Document::parse(&*text)
        .map_err(|error| fault(error.span(), error.message().to_owned()).kind(ErrorKind::Syntax))?;
    let mut settings = BTreeMap::new();
    for (key, item) in document.iter() {
        let key_span = document.key(key).and_then(toml_edit::Key::span);
        let Some(arg) = known.iter().find(|arg| arg.get_long() == Some(key)) else {
            let keys: Vec<&str> = known.iter().filter_map(|arg| arg.get_long()).collect();
            let help = match NO_SETTINGS.contains(&key) {
                true => format!("--{key} is about one run only: give it on the command line"),
                false => nearest_or_list(key, keys),
            };
            let error = fault(key_span, format!("no setting is called `{key}`"));
            return Err(error.kind(ErrorKind::UnknownKey).help(help));
        };
        let values = values(arg, item)
            .map_err(|expected| fault(item.span(), format!("found {}", item.type_name())).expected(expected).at(key))?;
        let values = if PATHS.contains(&key) { relative_to(path, values) } else { values };
        let region = region(&text, item.span().or(key_span));
        let source = Source::File(Arc::clone(&name), region);
        settings.insert(key.to_owned(), Setting { values, source, text: Some(Arc::clone(&text)) });
    }
    Ok(settings)
}

fn text(path: &Path) -> Result<String, InputError> {
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MOST_SETTINGS + 1).read_to_string(&mut text));
    read.map_err(|error| InputError::new(format!("cannot be read: {error}")).kind(ErrorKind::Unreadable))?;
    if text.len() as u64 > MOST_SETTINGS {
        return Err(InputError::new(format!("longer than {MOST_SETTINGS} bytes")).kind(ErrorKind::Limits));
    }
    Ok(text)
}

/// The values of a setting as one would write them behind the flag, or what was expected.
fn values(arg: &Arg, item: &Item) -> Result<Vec<String>, String> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        _ => None,
    };
    let (found, expected) = match (arg.get_action(), item.as_value()) {
        (ArgAction::SetTrue, Some(value)) => (value.as_bool().map(|on| vec![on.to_string()]), "true or false"),
        (ArgAction::Append, Some(Value::Array(items))) => (items.iter().map(one).collect(), "a list of texts"),
        (ArgAction::Append, _) => (None, "a list of texts"),
        (_, Some(value)) => (one(value).map(|value| vec![value]), "a text or a number"),
        (_, None) => (None, "a text or a number"),
    };
    found.ok_or_else(|| expected.to_owned())
}

/// Paths in the file are relative to its folder.
fn relative_to(file: &Path, values: Vec<String>) -> Vec<String> {
    let folder = file.parent().unwrap_or(Path::new(""));
    values.into_iter().map(|value| folder.join(value).display().to_string()).collect()
}

/// A stretch of bytes as line, column and length.
fn region(text: &str, span: Option<Range<usize>>) -> Region {
    let span = span.unwrap_or(0..0);
    let before = text.get(..span.start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let inside = text.get(span.clone()).unwrap_or_default().lines().next().unwrap_or_default();
    Region {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        length: inside.chars().count(),
    }
}
