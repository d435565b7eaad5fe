//! The tree that every text format is turned into, before anything is known about kinds.

use indexmap::IndexMap;

/// A mapping in the order written; equality does not look at the order.
pub(super) type Mapping = IndexMap<String, Value>;

/// A YAML or JSON value with its type.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    /// `null`, `~`, or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer.
    Integer(i128),
    /// A number with a point or an exponent.
    Float(f64),
    /// Text.
    Text(String),
    /// A sequence.
    List(Vec<Value>),
    /// A mapping with text keys.
    Map(Mapping),
}

impl Value {
    /// What it is, for messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Null => "nothing".into(),
            Self::Bool(value) => format!("the boolean {value}"),
            Self::Integer(value) => format!("the integer {value}"),
            Self::Float(value) => format!("the number {value}"),
            Self::Text(text) => {
                let short: String = text.chars().take(60).collect();
                format!("the text {short:?}{}", if short.len() < text.len() { "…" } else { "" })
            }
            Self::List(_) => "a list".into(),
            Self::Map(_) => "a mapping".into(),
        }
    }

    /// The mapping, if it is one.
    pub(super) fn as_map(&self) -> Option<&Mapping> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value below a chain of keys.
    pub(super) fn below(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().try_fold(self, |value, key| value.as_map()?.get(*key))
    }
}

/// The last key of a path, without its brackets and quotes: `requests.cpu` of `spec.hard["requests.cpu"]`.
pub fn last_key(path: &str) -> &str {
    match path.strip_suffix("\"]").and_then(|inside| inside.rsplit_once("[\"")) {
        Some((_, key)) => key,
        None => path.rsplit('.').next().unwrap_or_default(),
    }
}

/// The path of a key of the mapping at `path`.
pub fn child(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|one| one.is_alphanumeric() || one == '-' || one == '_');
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{key:?}]"),
    }
}

/// A text that YAML 1.1 and 1.2 both read as this text; where it could be taken for anything else it is quoted as in JSON,
/// which YAML reads alike.
pub fn scalar(text: &str) -> String {
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain = text.chars().next().is_some_and(|first| first.is_ascii_alphabetic())
        && text.chars().all(|one| one.is_ascii_alphanumeric() || "-._/".contains(one))
        && !words.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// The same for one word of a change, which a reader must not take for anything else either: short ones are quoted.
pub fn word(text: &str) -> String {
    if text.len() > 3 { scalar(text) } else { quoted(text) }
}

/// A text in quotes, as in JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_key_of_a_path_may_hold_dots() {
        assert_eq!(last_key("spec.hard[\"requests.cpu\"]"), "requests.cpu");
        assert_eq!(last_key(&child("spec.hard", "limits.memory")), "limits.memory");
        assert_eq!(last_key("spec.replicas"), "replicas");
        assert_eq!(last_key("spec"), "spec");
    }
}
