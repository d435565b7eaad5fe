//! Changes to the text of the input, by byte span: comments and order stay as they are.

use super::load::Loader;
use super::objects::json;
use super::places::{Below, Places, Region};
use super::scenario::{OBJECT, is_scenario};
use super::source::Disk;
pub use super::source::Texts;
use super::value::{Value, quoted};
pub use super::value::{child as path_to, last_key, scalar, word};
use super::yaml::parse_documents;
use std::ops::Range;
use std::sync::Arc;

/// One replacement in one file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Edit {
    /// The file, as the user named it.
    pub file: String,
    /// What is replaced, in bytes of the text without a byte order mark; empty to insert.
    pub span: (usize, usize),
    /// What stands there instead.
    pub text: String,
}

/// The texts of the files that edits change; `None` where edits overlap or are about an unknown file.
pub fn edited(texts: &Texts, edits: &[Edit]) -> Option<Texts> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut changed = Texts::new();
    for (index, edit) in sorted.iter().enumerate() {
        let before = sorted[..index].iter().rev().find(|other| other.file == edit.file);
        if before.is_some_and(|other| other.span.1 > edit.span.0 || other.span == edit.span) {
            return None;
        }
        changed.entry(edit.file.clone()).or_insert(texts.get(&edit.file)?.clone());
    }
    for edit in sorted.iter().rev() {
        let text = changed.get_mut(&edit.file)?;
        let mark = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
        let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let span = mark + edit.span.0..mark + edit.span.1;
        text.get(span.clone())?;
        text.replace_range(span, &edit.text.replace('\n', line_break));
    }
    Some(changed)
}

/// An object of the input with the places of its fields.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The file.
    pub file: String,
    /// `Kind/namespace/name`, `Kind//name`, `Kind`, or `Scenario`.
    pub object: String,
    /// The object.
    pub value: serde_json::Value,
    /// Text of the file.
    pub source: Arc<str>,
    places: Arc<Places>,
}

/// The objects of texts, lists unpacked; what cannot be read is left out.
pub fn sheets(texts: &Texts) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    for (file, text) in texts {
        let entries = Loader::new(&Disk).parse(text, file).unwrap_or_default();
        sheets.extend(entries.into_iter().map(|entry| Sheet {
            file: file.clone(),
            object: if is_scenario(&entry.value) { OBJECT.to_owned() } else { entry.context.object },
            value: json(entry.value),
            source: entry.context.source,
            places: entry.context.places,
        }));
    }
    sheets
}

impl Sheet {
    /// The kind of the object.
    pub fn kind(&self) -> &str {
        self.value.get("kind").and_then(serde_json::Value::as_str).unwrap_or_default()
    }

    /// Where a field is written, or what is around it.
    pub fn region(&self, path: &str) -> Region {
        self.places.find(path).region()
    }

    /// Writes another value in the place of a field's; the value is text as it stands in YAML.
    pub fn replace(&self, path: &str, value: &str) -> Option<Edit> {
        let places = self.written(path)?;
        let span = self.extent(places)?;
        let value = if self.is_json() { flow(value, true)? } else { value.to_owned() };
        let is_block = !matches!(places.below, Below::Nothing) && !self.source[span.start..].starts_with(['{', '[']);
        match places.key.filter(|_| is_block) {
            // A value on one line stands behind its key.
            Some(key) => Some(self.edit(self.offset(key)?.end..span.end, format!(": {value}"))),
            None => Some(self.edit(span, value)),
        }
    }

    /// Writes another key and value in the place of a field: `lines` is YAML of one line.
    pub fn reword(&self, path: &str, lines: &str) -> Option<Edit> {
        let places = self.written(path)?;
        let span = self.offset(places.key?)?.start..self.extent(places)?.end;
        Some(self.edit(span, if self.is_json() { inner(&flow(lines, true)?) } else { lines.to_owned() }))
    }

    /// Adds keys to a mapping; `lines` is YAML in block style.
    pub fn insert(&self, mapping: &str, lines: &str) -> Option<Edit> {
        let places = self.written(mapping)?;
        let start = self.offset(Region { length: 0, ..places.value })?.start;
        let Below::Map(fields) = &places.below else { return None };
        if self.source[start..].starts_with('{') {
            let keys = inner(&flow(lines, self.is_json())?);
            let separator = if fields.is_empty() { "" } else { ", " };
            return Some(self.edit(start + 1..start + 1, format!("{keys}{separator}")));
        }
        let column = places.value.column - 1;
        let indented = |lines: &str| lines.trim_end().replace('\n', &format!("\n{:column$}", ""));
        let is_own = |one: &&Arc<Places>| {
            one.value.length > 0 && one.key.is_some_and(|key| key.line == one.value.line && key.column == column + 1)
        };
        // Behind the last field that ends on its line.
        match fields.values().filter(is_own).max_by_key(|one| one.value.line) {
            Some(last) => {
                let end = self.line(last.value.line)?.end;
                Some(self.edit(end..end, format!("\n{:column$}{}", "", indented(lines))))
            }
            None => Some(self.edit(start..start, format!("{}\n{:column$}", indented(lines), ""))),
        }
    }

    /// Adds an item at the end of a list; `item` is YAML in block style.
    pub fn push(&self, list: &str, item: &str) -> Option<Edit> {
        let places = self.written(list)?;
        let span = self.extent(places)?;
        let Below::List(items) = &places.below else { return None };
        if self.source[span.start..].starts_with('[') {
            let separator = if items.is_empty() { "" } else { ", " };
            let at = span.end - 1;
            return Some(self.edit(at..at, format!("{separator}{}", flow(item, self.is_json())?)));
        }
        let column = span.start - self.line(places.value.line)?.start;
        let item = item.trim_end().replace('\n', &format!("\n{:1$}", "", column + 2));
        Some(self.edit(span.end..span.end, format!("\n{:column$}- {item}", "")))
    }

    /// Takes a field away.
    pub fn remove(&self, path: &str) -> Option<Edit> {
        let places = self.written(path)?;
        let key = places.key?;
        let start = self.offset(key)?.start;
        let end = self.extent(places)?.end;
        let line = self.line(key.line)?;
        let before = &self.source[line.start..start];
        if before.trim().is_empty() {
            let rest = self.source[end..].find('\n').map_or(self.source.len(), |at| end + at + 1);
            return Some(self.edit(line.start..rest, String::new()));
        }
        let behind = &self.source[end..];
        if before.trim_end().ends_with('-') {
            // The next key moves up behind the dash.
            let next = end + behind.find(|one: char| !one.is_whitespace())?;
            let is_sibling = self.source[..next].rsplit('\n').next()?.chars().count() + 1 == key.column;
            return is_sibling.then(|| self.edit(start..next, String::new()));
        }
        let comma = behind.trim_start().strip_prefix(',').map(|rest| self.source.len() - rest.trim_start().len());
        match comma {
            Some(next) => Some(self.edit(start..next, String::new())),
            None => Some(self.edit(before.trim_end().trim_end_matches(',').len() + line.start..end, String::new())),
        }
    }

    /// Adds an object behind those of the file.
    pub fn append(&self, object: &str) -> Option<Edit> {
        let end = self.source.len();
        let line_break = if self.source.ends_with('\n') { "" } else { "\n" };
        (!self.is_json()).then(|| self.edit(end..end, format!("{line_break}---\n{object}")))
    }

    fn edit(&self, span: Range<usize>, text: String) -> Edit {
        Edit { file: self.file.clone(), span: (span.start, span.end), text }
    }

    fn is_json(&self) -> bool {
        self.source.trim_start().starts_with('{')
    }

    /// The places of a field that is written.
    fn written(&self, path: &str) -> Option<&Places> {
        self.places.is_written(path).then(|| self.places.find(path))
    }

    /// The bytes of a line without its end.
    fn line(&self, line: usize) -> Option<Range<usize>> {
        let text = self.source.split('\n').nth(line.checked_sub(1)?)?;
        let start = text.as_ptr() as usize - self.source.as_ptr() as usize;
        Some(start..start + text.trim_end_matches('\r').len())
    }

    fn offset(&self, region: Region) -> Option<Range<usize>> {
        let line = self.line(region.line)?;
        let text = &self.source[line.clone()];
        let byte = |column: usize| text.char_indices().nth(column).map_or(text.len(), |(byte, _)| byte);
        let column = region.column.checked_sub(1)?;
        Some(line.start + byte(column)..line.start + byte(column + region.length))
    }

    /// The bytes of a value: a scalar on one line, brackets with what is in them, or a block.
    fn extent(&self, places: &Places) -> Option<Range<usize>> {
        let found = self.offset(places.value)?;
        let rest = &self.source[found.start..];
        match places.below {
            Below::Nothing if places.value.length > 0 => Some(found),
            Below::Nothing => None,
            _ if rest.starts_with(['{', '[']) => Some(found.start..found.start + bracketed(rest)?),
            _ => {
                let outer = places.key.map_or(places.value.column.saturating_sub(3), |key| key.column - 1);
                let start = match places.below {
                    Below::List(_) => self.dash(places.value.line)?,
                    _ => found.start,
                };
                Some(start..self.block_end(places.value.line, outer)?)
            }
        }
    }

    /// The dash that a line begins with.
    fn dash(&self, line: usize) -> Option<usize> {
        let range = self.line(line)?;
        let content = self.source[range.clone()].trim_start();
        content.starts_with('-').then(|| range.end - content.len())
    }

    /// The end of a block that starts on a line, below a key or dash of so many columns.
    fn block_end(&self, line: usize, outer: usize) -> Option<usize> {
        let mut end = self.line(line)?.end;
        for next in line + 1.. {
            let Some(range) = self.line(next) else { break };
            let text = &self.source[range.clone()];
            let content = text.trim_start();
            let column = text.len() - content.len();
            let is_item = column == outer && content.starts_with("- ");
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            if column <= outer && !is_item {
                break;
            }
            end = range.end;
        }
        Some(end)
    }
}

/// How many bytes the brackets take that a text begins with.
fn bracketed(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None);
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (Some('"'), '\\') => drop(letters.next()),
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            (None, _) => {}
        }
    }
    None
}

/// A text without the brackets around it.
fn inner(text: &str) -> String {
    text.get(1..text.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// YAML in flow style, or JSON.
fn flow(lines: &str, is_json: bool) -> Option<String> {
    let document = parse_documents(lines).ok()?.into_iter().next()?;
    Some(flowing(&document.root, is_json))
}

fn flowing(value: &Value, is_json: bool) -> String {
    match value {
        Value::Text(text) if is_json => quoted(text),
        Value::Text(text) => word(text),
        Value::List(list) => {
            format!("[{}]", list.iter().map(|one| flowing(one, is_json)).collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let key = |key: &str| if is_json { quoted(key) } else { key.to_owned() };
            let fields = map.iter().map(|(name, value)| format!("{}: {}", key(name), flowing(value, is_json)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
