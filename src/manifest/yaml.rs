//! Text to values, each with its place. The only file that names the YAML library; JSON is read as the YAML that it
//! is. Scalars have the types that kubectl gives them, which are those of YAML 1.1.

use super::error::InputError;
use super::ids::ErrorKind;
use super::places::{Below, Places, Region};
use super::value::{Mapping, Value, child};
use crate::limits::reader::MAX_DEPTH;
use crate::limits::reader::MAX_DUPLICATES;
use crate::limits::reader::MAX_KEY;
use crate::limits::reader::MAX_REPEATED;
use crate::limits::reader::MAX_VALUES;
use indexmap::IndexMap;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One document that is not empty.
#[derive(Debug)]
pub(super) struct Document {
    /// From 1, empty documents not counted.
    pub(super) index: usize,
    /// Line of its first content, from 1.
    pub(super) line: usize,
    /// Its value.
    pub(super) root: Value,
    /// Where its values are written.
    pub(super) places: Arc<Places>,
    /// Keys that occur more than once.
    pub(super) duplicates: Vec<Duplicate>,
    /// Scalars that only YAML 1.1 reads as it does.
    pub(super) old: Vec<Old>,
}

/// A scalar that looks like text and is none: `yes`, `on`, `012`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Old {
    /// Path of the value; of a key, that of its mapping.
    pub(super) path: String,
    /// As it is written.
    pub(super) text: String,
    /// What it is read as.
    pub(super) value: String,
}

/// A key that occurs a second time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Duplicate {
    /// Path of the key.
    pub(super) path: String,
    /// Line of the value that does not count.
    pub(super) first: usize,
    /// Line of the value that counts instead.
    pub(super) last: usize,
}

/// Why a text could not be read.
#[derive(Debug)]
pub(super) struct Malformed {
    /// Why it is refused.
    pub(super) kind: ErrorKind,
    /// Index of the document.
    pub(super) document: usize,
    /// Where in the text.
    pub(super) region: Region,
    /// What is wrong.
    pub(super) message: String,
    /// What to do.
    pub(super) help: String,
}

impl Malformed {
    /// The error about the file whose text it is.
    pub(super) fn in_file(self, file: &str, text: &Arc<str>) -> InputError {
        let Self { kind, document, region, message, help } = self;
        InputError::new(message).kind(kind).in_file(file).in_document(document).in_text(text, region).help(help)
    }
}

/// Reads all documents of a text.
pub(super) fn parse_documents(text: &str) -> Result<Vec<Document>, Malformed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    for chunk in chunks(text) {
        let mut reader = Reader { parser: Parser::new_from_str(&chunk.text), chunk: &chunk, state: State::default() };
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

/// A part of the text that the library can read by itself.
struct Chunk<'a> {
    text: Cow<'a, str>,
    /// Lines before it.
    lines: usize,
    /// Characters before it on its first line.
    columns: usize,
}

/// The whole text; of JSON the values one by one, because in YAML they cannot follow each other.
fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let whole = |text| vec![Chunk { text, lines: 0, columns: 0 }];
    if !text.trim_start().starts_with('{') {
        return whole(Cow::Borrowed(text));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    let mut ends = vec![0];
    while let Some(value) = values.next() {
        if value.is_err() {
            return whole(Cow::Borrowed(text));
        }
        ends.push(values.byte_offset());
    }
    // Counted along the way: a file may hold a million values.
    let (mut lines, mut columns) = (0, 0);
    let chunk = |range: &[usize]| {
        let part = &text[range[0]..range[1]];
        let chunk = Chunk { text: without_surrogates(part), lines, columns };
        match part.rsplit_once('\n') {
            Some((before, last)) => {
                lines += before.matches('\n').count() + 1;
                columns = last.chars().count();
            }
            None => columns += part.chars().count(),
        }
        chunk
    };
    ends.windows(2).map(chunk).collect()
}

/// Writes the pairs of escapes by which JSON names characters beyond U+FFFF as the one escape of YAML.
fn without_surrogates(json: &str) -> Cow<'_, str> {
    let escaped = |text: &str| u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let mut written = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(next) = json[at..].find('\\') {
        at += next;
        let pair = escaped(&json[at..]).zip(json.get(at + 6..).and_then(escaped));
        match pair {
            Some((high @ 0xd800..0xdc00, low @ 0xdc00..0xe000)) => {
                let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                written += &json[done..at];
                written += &format!("\\U{code:08x}");
                at += 12;
                done = at;
            }
            // The character behind a backslash is ASCII in valid JSON.
            _ => at += 2,
        }
    }
    if done == 0 { Cow::Borrowed(json) } else { Cow::Owned(written + &json[done..]) }
}

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

fn too_deep() -> String {
    format!("nested more than {MAX_DEPTH} levels deep")
}

/// What is collected while a document is read.
#[derive(Default)]
struct State {
    nodes: usize,
    repeated: usize,
    path: Vec<String>,
    duplicates: Vec<Duplicate>,
    old: Vec<Old>,
    anchors: BTreeMap<usize, Anchored>,
}

impl State {
    fn path(&self) -> String {
        self.path.iter().fold(String::new(), |path, part| match part.starts_with('[') {
            true => path + part,
            false => child(&path, part),
        })
    }

    /// Remembers a plain scalar that later versions of YAML take for text, or for another number.
    fn look_at(&mut self, text: &str, value: &Value) {
        let read = match value {
            Value::Bool(value) if !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false") => {
                value.to_string()
            }
            Value::Integer(value) if is_old_number(text) => value.to_string(),
            _ => return,
        };
        if self.old.len() < MAX_DUPLICATES {
            self.old.push(Old { path: self.path(), text: text.to_owned(), value: read });
        }
    }
}

/// Whether an integer is octal behind a mere `0`, or written with underscores.
fn is_old_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_octal =
        digits.len() > 1 && digits.starts_with('0') && digits[1..].starts_with(|one: char| one.is_ascii_digit());
    is_octal || text.contains('_')
}

/// A value with its places, and how large it is.
#[derive(Clone)]
struct Node {
    value: Value,
    places: Arc<Places>,
    size: Size,
}

/// How large a value is, aliases expanded.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
    height: usize,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.nodes += other.nodes;
        self.bytes += other.bytes;
        self.height = self.height.max(other.height + 1);
    }
}

type Anchored = Node;
type Input<'a> = (Event<'a>, Span);

/// Turns events into values.
struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    chunk: &'a Chunk<'a>,
    state: State,
}

impl<'a> Reader<'a> {
    fn documents(&mut self, documents: &mut Vec<Document>) -> Result<(), Fault> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentStart(_), _) => {
                    self.state = State::default();
                    let start = self.next()?;
                    let mut node = self.node(start, 0)?;
                    if is_own(&node.value) {
                        let lines: Vec<&str> = self.chunk.text.lines().collect();
                        spell_words(&mut node.value, &node.places, &lines);
                        self.state.old.clear();
                    }
                    if node.value != Value::Null {
                        documents.push(Document {
                            index: documents.len() + 1,
                            line: node.places.value.line,
                            root: node.value,
                            places: node.places,
                            duplicates: std::mem::take(&mut self.state.duplicates),
                            old: std::mem::take(&mut self.state.old),
                        });
                    }
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<Input<'a>, Fault> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.malformed(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// Turns a fault found by the library into ours.
    fn malformed(&self, error: &ScanError) -> Fault {
        let at = *error.marker();
        let region = self.region(Span::new(at, at));
        if error.info().contains("recursion limit") {
            return Fault::new(ErrorKind::Limits, region, too_deep());
        }
        let help = "check the indentation and quotes at this line".to_owned();
        Fault { kind: ErrorKind::Syntax, region, message: format!("not valid YAML: {}", error.info()), help }
    }

    /// The first line of a span.
    fn region(&self, span: Span) -> Region {
        let column = |at: Marker| at.col() + if at.line() <= 1 { self.chunk.columns } else { 0 };
        let is_short = span.start.line() == span.end.line();
        Region {
            line: span.start.line().max(1) + self.chunk.lines,
            column: column(span.start) + 1,
            length: if is_short { span.end.col().saturating_sub(span.start.col()) } else { 0 },
        }
    }

    fn count(&mut self, nodes: usize, region: Region) -> Result<(), Fault> {
        self.state.nodes += nodes;
        if self.state.nodes > MAX_VALUES {
            return Err(Fault::new(
                ErrorKind::Limits,
                region,
                format!("more than {MAX_VALUES} values in one document"),
            ));
        }
        Ok(())
    }

    /// Reads the value that an event starts.
    fn node(&mut self, (event, span): Input<'a>, depth: usize) -> Result<Node, Fault> {
        let region = self.region(span);
        let is_collection = matches!(event, Event::SequenceStart(..) | Event::MappingStart(..));
        if is_collection && depth >= MAX_DEPTH {
            return Err(Fault::new(ErrorKind::Limits, region, too_deep()));
        }
        if let Event::Alias(anchor) = event {
            return self.alias(anchor, region, depth);
        }
        self.count(1, region)?;
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref())
                    .map_err(|(kind, message)| Fault::new(kind, region, message))?;
                if style == ScalarStyle::Plain && tag.is_none() {
                    self.state.look_at(&text, &value);
                }
                let size = Size { nodes: 1, bytes: text.len(), height: 0 };
                let places = Places { value: region, ..Places::default() };
                (anchor, Node { value, places: Arc::new(places), size })
            }
            Event::SequenceStart(anchor, _) => (anchor, self.list(region, depth)?),
            Event::MappingStart(anchor, _) => (anchor, self.mapping(region, depth)?),
            _ => return Err(Fault::new(ErrorKind::Syntax, region, "not valid YAML: a value is missing")),
        };
        if anchor > 0 {
            self.state.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, region: Region, depth: usize) -> Result<Node, Fault> {
        let Some(node) = self.state.anchors.get(&anchor).cloned() else {
            return Err(Fault::new(ErrorKind::Syntax, region, "an alias inside of the value that it names"));
        };
        self.state.nodes += node.size.nodes;
        self.state.repeated += node.size.bytes;
        if self.state.nodes > MAX_VALUES || self.state.repeated > MAX_REPEATED {
            let help = "write the values out, or remove the nested aliases".to_owned();
            return Err(Fault {
                help,
                ..Fault::new(ErrorKind::Limits, region, "aliases expand to far more values than the file holds")
            });
        }
        if depth + node.size.height > MAX_DEPTH {
            return Err(Fault::new(ErrorKind::Limits, region, too_deep()));
        }
        Ok(node)
    }

    fn list(&mut self, region: Region, depth: usize) -> Result<Node, Fault> {
        let (mut list, mut places, mut size) = (Vec::new(), Vec::new(), Size { nodes: 1, ..Size::default() });
        loop {
            let event = self.next()?;
            if event.0 == Event::SequenceEnd {
                break;
            }
            self.state.path.push(format!("[{}]", list.len()));
            let item = self.node(event, depth + 1)?;
            self.state.path.pop();
            size.add(item.size);
            list.push(item.value);
            places.push(item.places);
        }
        let places = Places { key: None, value: region, below: Below::List(places) };
        Ok(Node { value: Value::List(list), places: Arc::new(places), size })
    }

    fn mapping(&mut self, region: Region, depth: usize) -> Result<Node, Fault> {
        let mut entries = Entries::default();
        let mut size = Size { nodes: 1, ..Size::default() };
        loop {
            let event = self.next()?;
            if event.0 == Event::MappingEnd {
                break;
            }
            let key_region = self.region(event.1);
            // In quotes it is a key like all others.
            let is_merge = matches!(&event.0, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
            let key_node = self.node(event, depth + 1)?;
            let key = key_text(key_node.value).map_err(|(kind, message)| Fault::new(kind, key_region, message))?;
            let event = self.next()?;
            self.state.path.push(key.clone());
            let node = self.node(event, depth + 1)?;
            self.state.path.pop();
            size.add(key_node.size);
            size.add(node.size);
            if is_merge {
                entries.merged.push((node.value, node.places, key_region));
                continue;
            }
            let places = Arc::new(Places { key: Some(key_region), ..Arc::unwrap_or_clone(node.places) });
            if let Some(earlier) = entries.places.insert(key.clone(), places) {
                let first = earlier.key.map_or(key_region.line, |key| key.line);
                let path = child(&self.state.path(), &key);
                if self.state.duplicates.len() < MAX_DUPLICATES {
                    self.state.duplicates.push(Duplicate { path, first, last: key_region.line });
                }
            }
            entries.map.insert(key, node.value);
        }
        for (value, places, at) in std::mem::take(&mut entries.merged) {
            entries.merge(value, &places).map_err(|message| Fault::new(ErrorKind::Syntax, at, message))?;
        }
        let places = Places { key: None, value: region, below: Below::Map(entries.places) };
        Ok(Node { value: Value::Map(entries.map), places: Arc::new(places), size })
    }
}

/// Whether a document is in a format of Kubound, which kubectl does not read.
fn is_own(root: &Value) -> bool {
    root.below(&["apiVersion"]).and_then(Value::as_text).is_some_and(|version| version.starts_with("kubound.dev/"))
}

/// Takes words such as `n` and `on` as they are written: who calls a pool `n` in a scenario means no boolean.
fn spell_words(value: &mut Value, places: &Places, lines: &[&str]) {
    match (value, &places.below) {
        (Value::Map(map), Below::Map(places)) => {
            for (key, value) in map {
                places.get(key).into_iter().for_each(|places| spell_words(value, places, lines));
            }
        }
        (Value::List(list), Below::List(places)) => {
            list.iter_mut().zip(places).for_each(|(value, places)| spell_words(value, places, lines));
        }
        (value @ Value::Bool(_), _) => {
            let Region { line, column, length } = places.value;
            let line = line.checked_sub(1).and_then(|line| lines.get(line)).copied().unwrap_or_default();
            let written: String = line.chars().skip(column.saturating_sub(1)).take(length).collect();
            if !matches!(written.to_ascii_lowercase().as_str(), "true" | "false")
                && resolve(&written) == Ok(value.clone())
            {
                *value = Value::Text(written);
            }
        }
        _ => {}
    }
}

/// A mapping while it is read.
#[derive(Default)]
struct Entries {
    map: Mapping,
    places: IndexMap<String, Arc<Places>>,
    merged: Vec<(Value, Arc<Places>, Region)>,
}

impl Entries {
    /// The merge key `<<`: keys that are there already win.
    fn merge(&mut self, value: Value, places: &Places) -> Result<(), String> {
        match (value, &places.below) {
            (Value::Map(other), Below::Map(places)) => {
                for (key, value) in other {
                    if let (false, Some(place)) = (self.map.contains_key(&key), places.get(&key)) {
                        self.places.insert(key.clone(), Arc::clone(place));
                        self.map.insert(key, value);
                    }
                }
                Ok(())
            }
            (Value::List(list), Below::List(places)) => {
                list.into_iter().zip(places).try_for_each(|(one, places)| self.merge(one, places))
            }
            (other, _) => Err(format!("the merge key `<<` needs a mapping, not {}", other.describe())),
        }
    }
}

/// The value of a scalar, as `sigs.k8s.io/yaml` reads it for kubectl and the API server.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, Refused> {
    let Some(tag) = tag else {
        return if style == ScalarStyle::Plain { resolve(text) } else { visible(text) };
    };
    if !tag.is_yaml_core_schema() {
        return visible(text);
    }
    let (what, value) = match (tag.suffix.as_str(), || resolve(text)) {
        ("bool", resolved) => ("a boolean", Some(resolved()?).filter(|value| matches!(value, Value::Bool(_)))),
        ("int", resolved) => ("an integer", Some(resolved()?).filter(|value| matches!(value, Value::Integer(_)))),
        ("null", resolved) => ("null", Some(resolved()?).filter(|value| *value == Value::Null)),
        ("float", resolved) => match resolved()? {
            Value::Integer(number) => ("a number", Some(Value::Float(number as f64))),
            value => ("a number", Some(value).filter(|value| matches!(value, Value::Float(_)))),
        },
        _ => return visible(text),
    };
    value.ok_or_else(|| (ErrorKind::InvalidValue, format!("{text:?} is not {what}")))
}

/// A plain scalar: what it looks like to `resolve` of `go.yaml.in/yaml/v2`, which follows YAML 1.1.
fn resolve(text: &str) -> Result<Value, Refused> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Ok(Value::Bool(true));
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Ok(Value::Bool(false));
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf"
        | "-.INF" => return Err((ErrorKind::InvalidValue, format!("{text} is no number that JSON has"))),
        _ => {}
    }
    let float = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite()).map(Value::Float);
    let number = match text.as_bytes()[0] {
        b'.' if is_decimal(text) => float(text),
        b'0'..=b'9' | b'+' | b'-' => {
            let plain = text.replace('_', "");
            integer(&plain).map(Value::Integer).or_else(|| float(&plain).filter(|_| is_decimal(&plain)))
        }
        _ => None,
    };
    number.map_or_else(|| visible(text), Ok)
}

/// An integer of 64 bits: decimal, octal behind `0` or `0o`, behind `0x` or `0b` (`strconv.ParseInt` with base 0).
fn integer(text: &str) -> Option<i128> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (digits, radix) = match unsigned.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (&unsigned[2..], 16),
        Some("0o") => (&unsigned[2..], 8),
        Some("0b") => (&unsigned[2..], 2),
        _ if unsigned.len() > 1 && unsigned.starts_with('0') => (&unsigned[1..], 8),
        _ => (unsigned, 10),
    };
    if digits.is_empty() || !digits.chars().all(|one| one.is_digit(radix)) {
        return None;
    }
    let number = i128::from_str_radix(digits, radix).ok()?;
    let number = if text.starts_with('-') { -number } else { number };
    let most = if unsigned.len() == text.len() { i128::from(u64::MAX) } else { i128::from(i64::MAX) };
    (i128::from(i64::MIN)..=most).contains(&number).then_some(number)
}

/// Whether a text is a decimal number with a point or an exponent, or digits (`yamlStyleFloat`).
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|one| one.is_ascii_digit());
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    has_digits
        && are_digits(whole)
        && are_digits(fraction)
        && exponent.is_none_or(|one| !one.is_empty() && are_digits(one))
}

/// Text that a reader can see.
fn visible(text: &str) -> Result<Value, Refused> {
    match text.chars().find(|&one| is_hidden(one)) {
        Some(hidden) => {
            let code = u32::from(hidden);
            Err((
                ErrorKind::HiddenCharacter,
                format!("a hidden control character (U+{code:04X}) in {text:?}; remove it"),
            ))
        }
        None => Ok(Value::Text(text.to_owned())),
    }
}

/// A key as text; numbers and booleans are written out as the API server does.
fn key_text(key: Value) -> Result<String, Refused> {
    match key {
        Value::Text(text) if text.len() > MAX_KEY => {
            Err((ErrorKind::Limits, format!("a key of {} bytes; at most {MAX_KEY}", text.len())))
        }
        Value::Text(text) => Ok(text),
        Value::Integer(number) if i64::try_from(number).is_ok() => Ok(number.to_string()),
        Value::Float(number) => Ok(float_key(number)),
        Value::Bool(value) => Ok(value.to_string()),
        other => {
            let message = format!("the key of a mapping is {}; only text can be a key", other.describe());
            Err((ErrorKind::InvalidValue, message))
        }
    }
}

/// A number as the key that it becomes: `strconv.FormatFloat` of 32 bits.
fn float_key(number: f64) -> String {
    let short = number as f32;
    if short.is_infinite() {
        return if short > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() };
    }
    let scientific = format!("{short:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return short.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Characters that a reader cannot see but a program reads: control codes and direction overrides.
fn is_hidden(one: char) -> bool {
    (one.is_control() && !matches!(one, '\n' | '\r' | '\t'))
        || matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Document {
        let mut documents = parse_documents(text).expect("valid");
        assert_eq!(documents.len(), 1);
        documents.remove(0)
    }

    fn fails(text: &str) -> Malformed {
        parse_documents(text).expect_err("invalid")
    }

    #[test]
    fn documents_are_counted_without_the_empty_ones_and_know_their_lines() {
        let documents =
            parse_documents("\u{feff}# hello\r\n---\r\na: 1\r\n---\r\n---\r\n# only this\r\n---\r\nb: 2\r\n...\r\n");
        let places: Vec<_> = documents.expect("valid").iter().map(|one| (one.index, one.line)).collect();
        assert_eq!(places, [(1, 3), (2, 8)]);
    }

    #[test]
    fn directives_and_content_on_the_marker_line_are_accepted() {
        assert_eq!(one("%YAML 1.1\n--- {a: 1}\n").root.below(&["a"]), Some(&Value::Integer(1)));
    }

    #[test]
    fn the_last_of_two_equal_keys_wins_and_is_reported_with_its_path() {
        let document = one("spec:\n  list:\n  - a: 1\n    a: 2\n");
        let duplicate = Duplicate { path: "spec.list[0].a".into(), first: 3, last: 4 };
        assert_eq!(document.duplicates, [duplicate]);
        let Some(Value::List(list)) = document.root.below(&["spec", "list"]) else { panic!("a list") };
        assert_eq!(list[0].below(&["a"]), Some(&Value::Integer(2)));
        assert_eq!(one(r#"{"a": 1, "a": 2}"#).duplicates[0].path, "a");
    }

    #[test]
    fn scalars_keep_their_type() {
        let document = one("a: 1\nb: 0.5\nc: '1'\nd: no\ne: true\nf: ~\ng: 1e9\nh: 012\n");
        let get = |key: &str| document.root.below(&[key]).expect("there").clone();
        assert_eq!(get("a"), Value::Integer(1));
        assert_eq!(get("b"), Value::Float(0.5));
        assert_eq!(get("c"), Value::Text("1".into()));
        assert_eq!(get("d"), Value::Bool(false));
        assert_eq!(get("e"), Value::Bool(true));
        assert_eq!(get("f"), Value::Null);
        assert_eq!(get("g"), Value::Float(1e9));
        assert_eq!(get("h"), Value::Integer(10));
    }

    #[test]
    fn scalars_that_only_yaml_1_1_reads_so_are_told_with_their_paths() {
        let document = one("a: {b: yes}\nc: [012, 12, 0x1f, 0, true, \"no\", -017]\non: 1_000\n");
        let told: Vec<_> =
            document.old.iter().map(|old| (old.path.as_str(), old.text.as_str(), old.value.as_str())).collect();
        let expected = [
            ("a.b", "yes", "true"),
            ("c[0]", "012", "10"),
            ("c[6]", "-017", "-15"),
            ("", "on", "true"),
            ("true", "1_000", "1000"),
        ];
        assert_eq!(told, expected);
        assert!(one("apiVersion: kubound.dev/v1\na: on\n").old.is_empty(), "scenarios say words");
    }

    #[test]
    fn words_of_scenarios_are_text() {
        let text = "apiVersion: kubound.dev/v1\na: [n, {b: on}, true, \"yes\", False]\n";
        let Some(Value::List(list)) = one(text).root.below(&["a"]).cloned() else { panic!("a list") };
        assert_eq!(list[0], Value::Text("n".into()));
        assert_eq!(list[1].below(&["b"]), Some(&Value::Text("on".into())));
        assert_eq!(list[2..], [Value::Bool(true), Value::Text("yes".into()), Value::Bool(false)]);
        let Some(Value::List(list)) = one(&text.replace("kubound.dev", "apps")).root.below(&["a"]).cloned() else {
            panic!("a list")
        };
        assert_eq!(list[0], Value::Bool(false));
    }

    #[test]
    fn anchors_and_merge_keys_work() {
        let document = one("base: &base {a: 1, b: 2}\nmore:\n  <<: *base\n  b: 3\n");
        assert_eq!(document.root.below(&["more", "a"]), Some(&Value::Integer(1)));
        assert_eq!(document.root.below(&["more", "b"]), Some(&Value::Integer(3)));
        assert_eq!(one("\"<<\": 1\n").root.below(&["<<"]), Some(&Value::Integer(1)));
    }

    #[test]
    fn hostile_texts_are_refused() {
        assert_eq!(fails(&"[".repeat(100)).document, 1);
        assert_eq!(fails(&"[".repeat(4 << 20)).message, "nested more than 64 levels deep");
        assert_eq!(fails(&"- ".repeat(100_000)).message, "nested more than 64 levels deep");
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(fails(&deep).message, "nested more than 64 levels deep");
        let deep_json = format!("{{\"a\": {deep}}}");
        assert_eq!(fails(&deep_json).message, "nested more than 64 levels deep");
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", ")));
        }
        assert!(fails(&bomb).message.contains("aliases expand"), "{}", fails(&bomb).message);
        assert!(fails("a: \"x\\u0007y\"").message.contains("hidden control character (U+0007)"));
        assert!(fails("a: \"x\\u202Ey\"").message.contains("hidden control character (U+202E)"));
        assert!(fails("? {a: 1}\n: 2").message.contains("only text can be a key"));
        let broken = fails("ok: 1\n---\na: [1\nb: 2\n");
        assert_eq!(broken.document, 2);
        assert!(broken.region.line >= 3);
        assert!(fails("a: {{ .Values.x }}\nb: }").help.contains("helm template"));
    }

    /// Whether a value is that of JSON: integers exactly, other numbers as floats.
    fn is_json(value: &Value, json: &serde_json::Value) -> bool {
        match (value, json) {
            (Value::Null, serde_json::Value::Null) => true,
            (Value::Bool(one), serde_json::Value::Bool(other)) => one == other,
            (Value::Integer(one), serde_json::Value::Number(other)) => one.to_string() == other.to_string(),
            (Value::Float(one), serde_json::Value::Number(other)) => Some(*one) == other.as_f64(),
            (Value::Text(one), serde_json::Value::String(other)) => one == other,
            (Value::Map(one), serde_json::Value::Object(other)) => {
                one.len() == other.len()
                    && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| is_json(value, other)))
            }
            _ => false,
        }
    }

    #[test]
    fn scalars_are_what_kubectl_makes_of_them() {
        let mut count = 0;
        for line in include_str!("../../tests/yaml/scalars.txt").lines() {
            let mut values = serde_json::Deserializer::from_str(line).into_iter::<serde_json::Value>();
            let written = values.next().expect("a text").expect("JSON");
            let text = written.as_str().expect("a text");
            let read = parse_documents(text);
            match values.next() {
                Some(expected) => {
                    let root = &read.expect(text).remove(0).root;
                    assert!(is_json(root, &expected.expect("JSON")), "{text:?}: {root:?}");
                }
                None => assert!(read.is_err(), "{text:?}: {read:?}"),
            }
            count += 1;
        }
        assert!(count > 200, "{count}");
    }

    #[test]
    fn the_earlier_values_win_when_mappings_are_merged() {
        let document = one("a: &a {p: 1, q: 1}\nb: &b {q: 2, r: 2}\nc: {<<: [*a, *b], p: 0}\n");
        let get = |key: &str| document.root.below(&["c", key]).cloned();
        let expected = [0, 1, 2].map(|number| Some(Value::Integer(number)));
        assert_eq!([get("p"), get("q"), get("r")], expected);
        assert_eq!(document.places.find("c.r").region().line, 2, "where it is written");
        assert!(document.duplicates.is_empty());
        assert!(fails("a: &a [*a]").message.contains("inside of the value that it names"));
        assert!(fails("a: {<<: 5}").message.contains("needs a mapping"));
    }

    #[test]
    fn json_values_in_a_row_know_their_places() {
        let documents = parse_documents("{\"a\": 1} {\"b\": 2}\n\n{\"c\":\n 3}{\"d\": 4}").expect("valid");
        let at = |index: usize, key: &str| {
            let region = documents[index].places.find(key).region();
            (region.line, region.column)
        };
        assert_eq!([at(0, "a"), at(1, "b"), at(2, "c"), at(3, "d")], [(1, 7), (1, 16), (4, 2), (4, 10)]);
    }

    #[test]
    fn repeated_text_and_long_keys_are_limited() {
        let long = "x".repeat(1 << 20);
        let repeated = format!("a: &a {long}\nb: [{}]", vec!["*a"; 40].join(", "));
        assert!(fails(&repeated).message.contains("aliases expand"));
        assert!(fails(&format!("? {long}\n: 1")).message.contains("a key of 1048576 bytes"));
    }
}
