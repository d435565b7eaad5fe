//! What values are: the leaves of the schema.

use crate::manifest::own::told;
use serde_json::{Value, json};

/// A text.
pub(super) fn text(example: &str) -> Value {
    json!({"type": "string", "minLength": 1, "examples": [example]})
}

/// True or false.
pub(super) fn flag() -> Value {
    json!({"type": "boolean"})
}

/// An integer within bounds.
pub(super) fn integer(lo: i64, hi: i64) -> Value {
    json!({"type": "integer", "minimum": lo, "maximum": hi})
}

/// A list of such items.
pub(super) fn list(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

/// One of several words.
pub(super) fn words<T>(table: &[(&str, T)]) -> Value {
    json!({"enum": table.iter().map(|(word, _)| *word).collect::<Vec<_>>()})
}

/// A count or a range of counts.
pub(super) fn counts(example: &str) -> Value {
    json!({"type": ["integer", "string"], "minimum": 0, "examples": [example]})
}

/// A quantity or a range of quantities.
pub(super) fn amounts(example: &str) -> Value {
    json!({"type": ["number", "string"], "minimum": 0, "examples": [example]})
}

/// A length of time.
pub(super) fn duration(example: &str) -> Value {
    json!({"type": ["integer", "string"], "minimum": 0, "examples": [example]})
}

/// A number or an expression.
pub(super) fn expression(example: &str) -> Value {
    json!({"type": ["integer", "string"], "examples": [example]})
}

/// The kinds of values that a mapping from names may have.
pub(super) fn names_to(value: Value) -> Value {
    json!({"type": "object", "additionalProperties": value})
}

/// The name of a workload.
pub(super) fn target() -> Value {
    told("Kind/namespace/name of a workload, or a shorter form that is not ambiguous.", text("Deployment/default/web"))
}

/// A mapping that may be left empty.
pub(super) fn or_nothing(mut schema: Value) -> Value {
    schema["type"] = json!(["object", "null"]);
    schema
}
