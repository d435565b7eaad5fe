//! Inputs of the checker as data: files of documents, which can be read, made smaller and written as YAML.

use kubound::manifest::{Loaded, load_embedded};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

/// The file of the scenario.
pub const SCENARIO: &str = "scenario.yaml";
/// The file of the manifests.
pub const MANIFESTS: &str = "manifests.yaml";

/// A folder.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Input {
    /// Name and documents of each file.
    pub files: Vec<(String, Vec<Value>)>,
}

impl Input {
    /// Reads it as the command line would; the message of the reader if it refuses it.
    pub fn load(&self) -> Result<Loaded, String> {
        // The reader takes JSON, too, which is made faster.
        let text = |documents: &[Value]| documents.iter().map(|one| format!("---\n{one}\n")).collect::<String>();
        let files: Vec<_> = self.files.iter().map(|(name, documents)| (name.clone(), text(documents))).collect();
        load_embedded("random", &files).map_err(|error| error.to_string())
    }

    /// Writes the folder.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        for (name, documents) in &self.files {
            std::fs::write(folder.join(name), yaml(documents))?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        for (name, documents) in &self.files {
            write!(f, "# {name}\n{}", yaml(documents))?;
        }
        Ok(())
    }
}

fn yaml(documents: &[Value]) -> String {
    let mut text = String::new();
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            text.push_str("---\n");
        }
        block(&mut text, document, 0);
    }
    text
}

/// A mapping line by line; what is small fits on one line.
fn block(text: &mut String, value: &Value, depth: usize) {
    let Value::Object(map) = value else { return };
    // As people order them.
    let place = |key: &str| ["apiVersion", "kind", "metadata", "spec"].iter().position(|known| *known == key);
    let mut keys: Vec<_> = map.iter().collect();
    keys.sort_by_key(|(key, _)| place(key).unwrap_or(4));
    for (key, value) in keys {
        let indent = "  ".repeat(depth);
        let line = flow(value);
        match value {
            Value::Object(_) if line.len() > 60 => {
                let _ = writeln!(text, "{indent}{key}:");
                block(text, value, depth + 1);
            }
            Value::Array(items) if line.len() > 60 => {
                let _ = writeln!(text, "{indent}{key}:");
                for item in items {
                    let _ = writeln!(text, "{indent}- {}", flow(item));
                }
            }
            _ => {
                let _ = writeln!(text, "{indent}{key}: {line}");
            }
        }
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let items: Vec<_> = map.iter().map(|(key, value)| format!("{}: {}", quoted(key), flow(value))).collect();
            format!("{{{}}}", items.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// A text that is read as this text.
fn quoted(text: &str) -> String {
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain = text.starts_with(|one: char| one.is_ascii_alphabetic())
        && text.chars().all(|one| one.is_ascii_alphanumeric() || "-_./".contains(one))
        && !words.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}
