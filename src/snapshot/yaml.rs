//! Values as YAML, written by serde_yaml, with quotes around texts that kubectl would take for something else.

use crate::manifest::edit::scalar;
use serde_json::Value as Json;
use serde_yaml::{Mapping, Value};

/// Keys that come first, in this order; the others follow by name.
const FIRST: &[&str] = &["apiVersion", "kind", "metadata", "name", "namespace", "target", "pool", "spec", "status"];

/// Stands before texts that need quotes, and makes serde_yaml write double ones: as `MARK` it is written in the quotes.
/// No text has it: it is a noncharacter, which YAML does not allow.
const MARKER: char = '\u{ffff}';

/// How serde_yaml writes the marker at the beginning of a text.
const MARK: &str = "\"\\uFFFF";

/// The text of a mapping.
pub(super) fn write(value: &Json) -> String {
    // Only keys that are no texts, numbers that are none and the like cannot be written.
    let text = serde_yaml::to_string(&ordered(value)).expect("JSON is YAML");
    text.replace(MARK, "\"")
}

/// The same with its keys in order, and with a mark before texts that need quotes.
fn ordered(value: &Json) -> Value {
    match value {
        Json::Object(map) => {
            let place = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_by_key(|key| (place(key), key.as_str()));
            Value::Mapping(keys.into_iter().map(|key| (text(key), ordered(&map[key]))).collect::<Mapping>())
        }
        Json::Array(list) => Value::Sequence(list.iter().map(ordered).collect()),
        Json::String(own) => text(own),
        Json::Number(number) => serde_yaml::to_value(number).expect("a number of JSON is one of YAML"),
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Null => Value::Null,
    }
}

/// serde_yaml writes YAML 1.2, where `no` and `1_000` are texts; kubectl reads YAML 1.1.
fn text(own: &str) -> Value {
    let own = own.replace(MARKER, "\u{fffd}");
    Value::String(if scalar(&own) == own { own } else { format!("{MARKER}{own}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::of_text;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn texts_stay_texts_and_blocks_nest() {
        let value = json!({"kind": "A", "spec": {"b": ["no", "1", "x y", {"name": "web", "c": [1]}, [], {}], "a": {}}});
        let text = "kind: A\nspec:\n  a: {}\n  b:\n  - \"no\"\n  - \"1\"\n  - \"x y\"\n  - name: web\n    c:\n    - 1\n  - []\n  - {}\n";
        assert_eq!(write(&value), text);
    }

    #[test]
    fn names_cannot_add_lines() {
        let value = json!({"name": "a\n  evil: yes\u{1b}[2J"});
        assert_eq!(write(&value), "name: \"a\\n  evil: yes\\e[2J\"\n");
    }

    /// Texts that some reader of YAML takes for something else, and others; the reader refuses control characters.
    fn texts() -> impl Strategy<Value = String> {
        let odd = "(no|off|ON|y|N|~|null|Null|=|<<|1_000|0o7|012|0x1f|1:30|\\.5|\\.inf|1e3|2020-01-01|-|\\?|:|\"\\\\uFFFF|'|#|a: b|- a|\\||>|%d|&a|\\*a|!x|@|`)";
        prop_oneof![odd, "\\PC{0,8}", "[ -~\n\t]{0,8}"]
    }

    fn keys() -> impl Strategy<Value = String> {
        texts().prop_map(|text| text.replace(['\n', '\t'], ""))
    }

    fn values() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            texts().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<bool>().prop_map(Json::from)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::btree_map(keys(), inner, 0..4).prop_map(|map| map.into_iter().collect::<Json>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_reader_reads_what_was_written(value in values()) {
            let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": value});
            let text = write(&object);
            prop_assert_eq!(of_text(&text), vec![object], "{}", text);
        }
    }
}
