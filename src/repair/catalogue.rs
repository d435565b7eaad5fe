//! What an entry of the catalogue says.

use super::Way;
pub use crate::manifest::edit::word;
use crate::manifest::edit::{Edit, Sheet, last_key, path_to};
use serde_json::Value;

/// Entries for objects of some kinds.
pub struct Room {
    /// The kinds; `Pod` stands for everything with a template of pods.
    pub kinds: &'static [&'static str],
    /// Kinds of intents that its fields decide more often than others do.
    pub telling: &'static [&'static str],
    /// The entries, the most promising first.
    pub entries: &'static [Entry],
}

/// A field that can be changed.
pub struct Entry {
    /// The field, or the mapping or list to which something is added: keys with dots, `[*]` for any item, `[name=X]` for
    /// those with such a field.
    pub path: &'static str,
    /// What can be done to it.
    pub does: Does,
    /// What the field decides, in words that end a sentence.
    pub why: &'static str,
}

/// What can be done to a field.
pub enum Does {
    /// Other words in its place, where it has one of them.
    Words(&'static [&'static str]),
    /// Another value in its place, whatever it is.
    Set(&'static [&'static str]),
    /// Other whole numbers within these ends.
    Number(i64, i64),
    /// Other quantities of resources.
    Quantity,
    /// Larger quantities of resources.
    More,
    /// A key that is not there, with its value.
    Add(&'static str, &'static [&'static str]),
    /// Take it away.
    Remove,
    /// What only the input tells.
    Made(fn(&Site) -> Vec<Made>),
}

/// A place where an entry applies.
pub struct Site<'a> {
    /// The object.
    pub sheet: &'a Sheet,
    /// The field.
    pub path: String,
    /// Its value.
    pub value: &'a Value,
    /// All objects.
    pub sheets: &'a [Sheet],
}

/// A change that an entry makes for one place.
#[derive(Clone, PartialEq, Debug)]
pub struct Made {
    /// The field it is about.
    pub path: String,
    /// What is done.
    pub way: Way,
    /// What is written now.
    pub before: String,
    /// What is to be written.
    pub after: String,
    /// The replacements.
    pub edits: Vec<Edit>,
    /// The number it is moved to.
    pub number: Option<i64>,
}

impl Site<'_> {
    /// A change of this field into another value.
    pub fn set(&self, way: Way, after: &str, number: Option<i64>) -> Option<Made> {
        let edits = vec![self.sheet.replace(&self.path, after)?];
        let before = shown(self.value);
        (before != after).then(|| Made { path: self.path.clone(), way, before, after: after.to_owned(), edits, number })
    }

    /// A key added to this mapping; `lines` is YAML in block style that begins with the key.
    pub fn add(&self, lines: &str) -> Option<Made> {
        let key = lines.split(':').next()?;
        let path = path_to(&self.path, key);
        let edits = vec![self.sheet.insert(&self.path, lines)?];
        Some(Made { path, way: Way::Added, before: String::new(), after: lines.to_owned(), edits, number: None })
    }

    /// An object added behind the others of the file, with what it is in words.
    pub fn append(&self, object: &str, after: String) -> Option<Made> {
        let edits = vec![self.sheet.append(object)?];
        Some(Made { path: String::new(), way: Way::Added, before: String::new(), after, edits, number: None })
    }

    /// Other words in the place of this key and its value.
    pub fn reword(&self, line: &str) -> Option<Made> {
        let key = last_key(&self.path);
        let edits = vec![self.sheet.reword(&self.path, line)?];
        let before = format!("{key}: {}", shown(self.value));
        Some(Made { path: self.path.clone(), way: Way::Switched, before, after: line.to_owned(), edits, number: None })
    }

    /// This field taken away.
    pub fn remove(&self) -> Option<Made> {
        let key = last_key(&self.path);
        let before = format!("{key}: {}", shown(self.value));
        let edits = vec![self.sheet.remove(&self.path)?];
        Some(Made { path: self.path.clone(), way: Way::Removed, before, after: String::new(), edits, number: None })
    }
}

/// A value on one line.
pub fn shown(value: &Value) -> String {
    let list = |list: &[String]| list.join(", ");
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", list(&items.iter().map(shown).collect::<Vec<_>>())),
        Value::Object(map) => {
            let fields: Vec<String> = map.iter().map(|(key, value)| format!("{key}: {}", shown(value))).collect();
            format!("{{{}}}", list(&fields))
        }
        other => other.to_string(),
    }
}
