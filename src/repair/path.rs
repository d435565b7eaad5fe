//! Patterns of paths.

use crate::manifest::edit::path_to;
use serde_json::Value;

/// The fields of an object that a pattern names, with their paths.
pub fn matching<'a>(root: &'a Value, pattern: &str) -> Vec<(String, &'a Value)> {
    let mut found = vec![(String::new(), root)];
    for part in parts(pattern) {
        found = found.into_iter().flat_map(|(path, value)| below(&path, value, part)).collect();
    }
    found
}

/// `a.b[*].c` in its parts; dots in brackets belong to them.
pub fn parts(pattern: &str) -> Vec<&str> {
    let (mut parts, mut start, mut is_inside) = (Vec::new(), 0, false);
    for (at, letter) in pattern.char_indices() {
        match letter {
            '.' if !is_inside => {
                parts.push(&pattern[start..at]);
                start = at + 1;
            }
            '[' => {
                parts.push(&pattern[start..at]);
                (start, is_inside) = (at, true);
            }
            ']' => is_inside = false,
            _ => {}
        }
    }
    parts.push(&pattern[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

fn below<'a>(path: &str, value: &'a Value, part: &str) -> Vec<(String, &'a Value)> {
    let Some(filter) = inside(part).filter(|_| key_of(part).is_none()) else {
        let key = key_of(part).unwrap_or(part);
        return match (key, value.as_object()) {
            ("*", Some(map)) => map.iter().map(|(key, value)| (path_to(path, key), value)).collect(),
            (key, Some(map)) => map.get(key).map(|value| (path_to(path, key), value)).into_iter().collect(),
            (_, None) => Vec::new(),
        };
    };
    let is_it = |index: usize, item: &Value| match filter.split_once('=') {
        Some((key, wanted)) => item.get(key).and_then(Value::as_str) == Some(wanted),
        None => filter.parse().map_or(true, |wanted: usize| wanted == index),
    };
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default().iter().enumerate();
    items.filter(|(index, item)| is_it(*index, item)).map(|(index, item)| (format!("{path}[{index}]"), item)).collect()
}

/// What stands in the brackets of a part.
fn inside(part: &str) -> Option<&str> {
    part.strip_prefix('[').and_then(|part| part.strip_suffix(']'))
}

/// The key that a part in brackets quotes: `a.b` of `["a.b"]`.
fn key_of(part: &str) -> Option<&str> {
    inside(part)?.strip_prefix('"')?.strip_suffix('"')
}

/// The key that a part stands for; none where it stands for items of a list, or for several keys.
pub fn plain_key(part: &str) -> Option<&str> {
    match inside(part) {
        Some(_) => key_of(part),
        None => Some(part).filter(|part| *part != "*"),
    }
}

/// Whether a path names a field, or something inside of it.
pub fn is_within(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The constraint or section that a field stands in: the item of a list or the mapping around it. The `spec` of an object or
/// of a pod is none, for its fields have little to do with each other.
pub fn section(path: &str) -> Option<&str> {
    let last = parts(path).pop()?;
    let around = path.strip_suffix(last)?.trim_end_matches('.');
    let is_own = around.contains(['.', '[']) && !around.ends_with(".spec");
    is_own.then_some(around)
}

/// Where a kind of object has its template of pods, if it has one.
pub fn pods_of(kind: &str) -> Option<&'static str> {
    match kind {
        "Pod" => Some(""),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "ReplicationController" => {
            Some("spec.template")
        }
        "CronJob" => Some("spec.jobTemplate.spec.template"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_of_one_section_are_known() {
        assert_eq!(section("spec.replicas"), None);
        assert_eq!(section("spec.template.spec.nodeName"), None);
        assert_eq!(section("spec.strategy.rollingUpdate.maxSurge"), Some("spec.strategy.rollingUpdate"));
        assert_eq!(section("spec.nodes[1].autoscaling.max"), Some("spec.nodes[1].autoscaling"));
        assert_eq!(section("a.b[0].maxSkew"), Some("a.b[0]"));
        assert!(is_within("a.b[0].c", "a.b") && is_within("a.b", "a.b"));
        assert!(!is_within("a.bc", "a.b") && !is_within("a", "a.b"));
    }

    #[test]
    fn patterns_find_fields_and_items() {
        let value = json!({"a": [{"name": "x", "b": 1}, {"name": "y", "b": 2}], "c": {"k.l/m": 3}});
        let found = |pattern: &str| -> Vec<(String, i64)> {
            let fields = matching(&value, pattern).into_iter();
            fields.map(|(path, value)| (path, value.as_i64().unwrap_or(-1))).collect()
        };
        assert_eq!(found("a[*].b"), [("a[0].b".into(), 1), ("a[1].b".into(), 2)]);
        assert_eq!(found("a[name=y].b"), [("a[1].b".into(), 2)]);
        assert_eq!(found("c.*"), [("c[\"k.l/m\"]".into(), 3)]);
        assert_eq!(found(""), [(String::new(), -1)]);
        assert_eq!(found("a.b"), []);
        assert_eq!(found("a[1].b"), [("a[1].b".into(), 2)]);
        assert_eq!(found("c[\"k.l/m\"]"), [("c[\"k.l/m\"]".into(), 3)]);
        assert_eq!(found("a[7].b"), []);
        assert_eq!(["b", "[\"k.l\"]", "[0]", "*"].map(plain_key), [Some("b"), Some("k.l"), None, None]);
    }
}
