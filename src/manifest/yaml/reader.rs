//! Events of the library to values, within limits. The only file that names the library.

use super::chunks::Chunk;
use super::entries::Entries;
use super::own::{is_own, spell_words};
use super::scalars::{is_old_number, key_text, resolve, visible};
use super::{Document, Duplicate, Fault, Old, Refused};
use crate::limits::reader::MAX_DEPTH;
use crate::limits::reader::MAX_DUPLICATES;
use crate::limits::reader::MAX_REPEATED;
use crate::limits::reader::MAX_VALUES;
use crate::manifest::ids::ErrorKind;
use crate::manifest::places::{Below, Places, Region};
use crate::manifest::value::{Value, child};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use std::collections::BTreeMap;
use std::sync::Arc;

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
pub(super) struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    chunk: &'a Chunk<'a>,
    state: State,
}

impl<'a> Reader<'a> {
    /// One of a part of the text.
    pub(super) fn new(chunk: &'a Chunk<'a>) -> Self {
        Self { parser: Parser::new_from_str(&chunk.text), chunk, state: State::default() }
    }

    /// Reads all documents.
    pub(super) fn documents(&mut self, documents: &mut Vec<Document>) -> Result<(), Fault> {
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
