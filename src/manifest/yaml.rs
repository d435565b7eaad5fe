//! Text to values. The only file that names the YAML library; JSON goes through the same visitor, so that duplicate
//! keys, limits and control characters are treated alike.

use super::value::{Mapping, Value, child};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor};
use std::fmt;

/// Deepest nesting accepted.
pub(super) const MAX_DEPTH: usize = 64;
/// Most values in one document, aliases expanded.
pub(super) const MAX_NODES: usize = 1_000_000;

/// One document that is not empty.
#[derive(Debug)]
pub(super) struct Document {
    /// From 1, empty documents not counted.
    pub(super) index: usize,
    /// Line of its first content, from 1.
    pub(super) line: usize,
    /// Its value.
    pub(super) root: Value,
    /// Paths of keys that occur more than once.
    pub(super) duplicates: Vec<String>,
}

/// Why a text could not be read.
#[derive(Debug)]
pub(super) struct Malformed {
    /// Index of the document.
    pub(super) document: usize,
    /// Line in the text.
    pub(super) line: Option<usize>,
    /// What is wrong.
    pub(super) message: String,
    /// What to do.
    pub(super) help: String,
}

/// Reads all documents of a text.
pub(super) fn parse_documents(text: &str) -> Result<Vec<Document>, Malformed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{')
        && let Ok(documents) = parse_json(text)
    {
        return Ok(documents);
    }
    let mut documents = Vec::new();
    for chunk in split(text) {
        let index = documents.len() + 1;
        if opens_too_often(&chunk.text) {
            return Err(Malformed {
                document: index,
                line: Some(chunk.line),
                message: too_deep(),
                help: String::new(),
            });
        }
        let mut state = State::default();
        let deserializer = serde_yaml::Deserializer::from_str(&chunk.text);
        let root = Node { state: &mut state, depth: 0 }.deserialize(deserializer).map_err(|error| {
            let line = error.location().map(|location| location.line() + chunk.line - 1);
            malformed(index, line, error.to_string(), text)
        })?;
        if root != Value::Null {
            documents.push(Document { index, line: chunk.line, root, duplicates: state.duplicates });
        }
    }
    Ok(documents)
}

/// Whether brackets are open far beyond every limit. Looked at first because the library needs quadratic time for
/// them; brackets in texts count too, which is why the limit is so high.
fn opens_too_often(text: &str) -> bool {
    let mut open: usize = 0;
    text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > 5_000
    })
}

/// Reads JSON values that follow each other.
fn parse_json(text: &str) -> Result<Vec<Document>, serde_json::Error> {
    let mut documents = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    while deserializer.end().is_err() {
        let mut state = State::default();
        let root = Node { state: &mut state, depth: 0 }.deserialize(&mut deserializer)?;
        documents.push(Document { index: documents.len() + 1, line: 1, root, duplicates: state.duplicates });
    }
    Ok(documents)
}

/// A part of the text that holds one document, and the line of its first content.
struct Chunk {
    text: String,
    line: usize,
}

/// Splits at document markers, which can only stand at the start of a line. Done here and not by the library, so
/// that a fault is reported with its document and line in the file.
fn split(text: &str) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut current = String::new();
    let mut first_line = 1;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let marker = |word: &str| {
            line.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
        };
        let ends = marker("...");
        if marker("---") || ends {
            finish(&mut chunks, std::mem::take(&mut current), first_line);
            first_line = number + 1;
        }
        let is_directive = line.starts_with('%') && current.trim().is_empty();
        current.push_str(if ends || is_directive { "\n" } else { line });
    }
    finish(&mut chunks, current, first_line);
    chunks
}

/// Keeps a chunk if it has content; lines before the content are cut, so that `line` points at it.
fn finish(chunks: &mut Vec<Chunk>, text: String, first_line: usize) {
    let is_blank = |line: &str| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---" || line.starts_with("--- #")
    };
    let blank = text.split_inclusive('\n').take_while(|line| is_blank(line)).map(str::len);
    let (count, length) = blank.fold((0, 0), |(count, length), one| (count + 1, length + one));
    if length < text.len() {
        chunks.push(Chunk { text: text[length..].to_owned(), line: first_line + count });
    }
}

/// Turns a message of the library into ours.
fn malformed(document: usize, line: Option<usize>, message: String, text: &str) -> Malformed {
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    // The library puts the path in front of our messages.
    let (message, help) = if let Some((_, ours)) = message.split_once(OURS) {
        (ours.to_owned(), String::new())
    } else if message.contains("recursion limit") {
        (too_deep(), String::new())
    } else if message.contains("repetition limit") {
        (
            "aliases expand to far more values than the file holds".to_owned(),
            "write the values out, or remove the nested aliases".to_owned(),
        )
    } else {
        (format!("not valid YAML: {message}"), "check the indentation and quotes at this line".to_owned())
    };
    let template = "this looks like a template: render it first (`helm template . | kubound verify -`)";
    let help = if text.contains("{{") { template.to_owned() } else { help };
    Malformed { document, line, message, help }
}

fn too_deep() -> String {
    format!("nested more than {MAX_DEPTH} levels deep")
}

/// Marks messages of our own visitor inside the library's.
const OURS: &str = "kubound: ";

/// What is collected while a document is read.
#[derive(Default)]
struct State {
    nodes: usize,
    path: Vec<String>,
    duplicates: Vec<String>,
}

impl State {
    fn path_to(&self, key: &str) -> String {
        let path = self.path.iter().fold(String::new(), |path, part| match part.starts_with('[') {
            true => path + part,
            false => child(&path, part),
        });
        child(&path, key)
    }
}

/// Reads one value.
struct Node<'a> {
    state: &'a mut State,
    depth: usize,
}

impl Node<'_> {
    fn enter<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.depth >= MAX_DEPTH { Err(E::custom(format!("{OURS}{}", too_deep()))) } else { Ok(()) }
    }

    fn below(&mut self) -> Node<'_> {
        Node { state: self.state, depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.state.nodes += 1;
        if self.state.nodes > MAX_NODES {
            return Err(D::Error::custom(format!("{OURS}more than {MAX_NODES} values in one document")));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Value, E> {
        i128::try_from(value)
            .map(Value::Integer)
            .map_err(|_| E::custom(format!("{OURS}the integer {value} is too large")))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        match text.chars().find(|&one| is_hidden(one)) {
            Some(hidden) => Err(E::custom(format!(
                "{OURS}a hidden control character (U+{:04X}) in {text:?}; remove it",
                u32::from(hidden)
            ))),
            None => Ok(Value::Text(text.to_owned())),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut list = Vec::new();
        loop {
            self.state.path.push(format!("[{}]", list.len()));
            let item = access.next_element_seed(self.below())?;
            self.state.path.pop();
            match item {
                Some(item) => list.push(item),
                None => return Ok(Value::List(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut map = Mapping::new();
        let mut merged = Vec::new();
        while let Some(key) = access.next_key_seed(self.below())? {
            let key = key_text::<A::Error>(key)?;
            self.state.path.push(key.clone());
            let value = access.next_value_seed(self.below())?;
            self.state.path.pop();
            if key == "<<" {
                merged.push(value);
            } else if map.insert(key.clone(), value).is_some() {
                let path = self.state.path_to(&key);
                self.state.duplicates.push(path);
            }
        }
        merged.into_iter().try_for_each(|value| merge(&mut map, value)).map_err(A::Error::custom)?;
        Ok(Value::Map(map))
    }

    /// A local tag (`!name value`): the API server ignores it, and so do we.
    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        let Node { state, depth } = self;
        let (_, variant) = access.variant_seed(Node { state: &mut *state, depth })?;
        variant.newtype_variant_seed(Node { state, depth })
    }
}

/// A key as text; numbers and booleans are written out as the API server does.
fn key_text<E: serde::de::Error>(key: Value) -> Result<String, E> {
    match key {
        Value::Text(text) => Ok(text),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Null => Ok("null".into()),
        other => Err(E::custom(format!("{OURS}the key of a mapping is {}; only text can be a key", other.describe()))),
    }
}

/// The merge key `<<`: keys that are there already win.
fn merge(map: &mut Mapping, value: Value) -> Result<(), String> {
    match value {
        Value::Map(other) => {
            for (key, value) in other {
                map.entry(key).or_insert(value);
            }
            Ok(())
        }
        Value::List(list) => list.into_iter().try_for_each(|one| merge(map, one)),
        other => Err(format!("{OURS}the merge key `<<` needs a mapping, not {}", other.describe())),
    }
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
        assert_eq!(document.duplicates, ["spec.list[0].a"]);
        let Some(Value::List(list)) = document.root.below(&["spec", "list"]) else { panic!("a list") };
        assert_eq!(list[0].below(&["a"]), Some(&Value::Integer(2)));
        assert_eq!(one(r#"{"a": 1, "a": 2}"#).duplicates, ["a"]);
    }

    #[test]
    fn scalars_keep_their_type() {
        let document = one("a: 1\nb: 0.5\nc: '1'\nd: no\ne: true\nf: ~\ng: 1e9\nh: 012\n");
        let get = |key: &str| document.root.below(&[key]).expect("there").clone();
        assert_eq!(get("a"), Value::Integer(1));
        assert_eq!(get("b"), Value::Float(0.5));
        assert_eq!(get("c"), Value::Text("1".into()));
        assert_eq!(get("d"), Value::Text("no".into()));
        assert_eq!(get("e"), Value::Bool(true));
        assert_eq!(get("f"), Value::Null);
        assert_eq!(get("g"), Value::Float(1e9));
        assert_eq!(get("h"), Value::Text("012".into()));
    }

    #[test]
    fn anchors_and_merge_keys_work() {
        let document = one("base: &base {a: 1, b: 2}\nmore:\n  <<: *base\n  b: 3\n");
        assert_eq!(document.root.below(&["more", "a"]), Some(&Value::Integer(1)));
        assert_eq!(document.root.below(&["more", "b"]), Some(&Value::Integer(3)));
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
        assert!(broken.line.is_some_and(|line| line >= 3));
        assert!(fails("a: {{ .Values.x }}\nb: }").help.contains("helm template"));
    }
}
