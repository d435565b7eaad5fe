//! Values as YAML. Texts that could be taken for anything else are quoted as in JSON, which YAML reads alike.

use crate::manifest::edit::scalar;
use serde_json::Value;
use std::fmt::Write as _;

/// Keys that come first, in this order; the others follow by name.
const FIRST: &[&str] = &["apiVersion", "kind", "metadata", "name", "namespace", "target", "pool", "spec", "status"];

/// The text of a mapping.
pub(super) fn write(value: &Value) -> String {
    let mut text = String::new();
    write_block(&mut text, value, 0);
    text
}

fn write_block(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            let place = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_by_key(|key| (place(key), key.as_str()));
            for key in keys {
                let _ = write!(text, "{indent}{}:", scalar(key));
                write_value(text, &map[key], depth + 1);
            }
        }
        Value::Array(list) => {
            for item in list {
                let start = text.len();
                write_block(text, item, depth + 1);
                if matches!(item, Value::Object(map) if !map.is_empty()) {
                    // The dash takes the place of the indentation of the first line.
                    text.replace_range(start..start + indent.len() + 2, &format!("{indent}- "));
                } else {
                    text.truncate(start);
                    let _ = write!(text, "{indent}-");
                    write_value(text, item, depth + 1);
                }
            }
        }
        other => {
            let _ = writeln!(text, "{indent}{}", flow(other));
        }
    }
}

fn write_value(text: &mut String, value: &Value, depth: usize) {
    let is_block = match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => false,
    };
    if is_block {
        text.push('\n');
        write_block(text, value, depth);
    } else {
        let _ = writeln!(text, " {}", flow(value));
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_stay_texts_and_blocks_nest() {
        let value = json!({"kind": "A", "spec": {"b": ["no", "1", "x y", {"name": "web", "c": [1]}, [], {}], "a": {}}});
        let text = "kind: A\nspec:\n  a: {}\n  b:\n    - \"no\"\n    - \"1\"\n    - \"x y\"\n    - name: web\n      c:\n        - 1\n    - []\n    - {}\n";
        assert_eq!(write(&value), text);
    }

    #[test]
    fn names_cannot_add_lines() {
        let value = json!({"name": "a\n  evil: yes\u{1b}[2J"});
        assert_eq!(write(&value), "name: \"a\\n  evil: yes\\u001b[2J\"\n");
    }
}
