//! What objects of Kubound's own format have in common: version, keys around `spec`, and pieces of their JSON Schemas.

use super::ErrorKind;
use super::error::InputError;
use super::kinds;
use super::value::Value;
use super::view::{Context, Fields, View};
use serde_json::{Map, json};

/// The only version of the format.
pub(super) const API_VERSION: &str = "kubound.dev/v1alpha1";

/// The keys of an object.
pub(super) const ROOT: &[&str] = &["apiVersion", "kind", "metadata", "spec"];

/// The keys of `metadata`.
pub(super) const METADATA: &[&str] = &["name", "labels", "annotations"];

/// Whether a value is an object of a kind, of whatever version.
pub(super) fn is_of_kind(value: &Value, kind: &str) -> bool {
    kinds::header(value).is_some_and(|(version, known)| version.starts_with("kubound.dev/") && known == kind)
}

/// The fields of an object of the version that is known.
pub(super) fn root<'a>(value: &'a Value, context: &'a Context) -> Result<Fields<'a>, InputError> {
    let root = View::root(value, context).strict_fields(ROOT)?;
    let version = root.require("apiVersion", API_VERSION)?;
    if version.text()? != API_VERSION {
        let error = version.error(format!("`{}` is not a known version", version.text()?));
        return Err(error.kind(ErrorKind::ApiVersion).expected(API_VERSION));
    }
    Ok(root)
}

/// The schema of a mapping with these keys and no others.
pub(super) fn mapping(
    keys: &[&str],
    required: &[&str],
    value: &dyn Fn(&str) -> serde_json::Value,
) -> serde_json::Value {
    let properties: Map<String, serde_json::Value> = keys.iter().map(|key| ((*key).to_owned(), value(key))).collect();
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// Adds a description to a schema.
pub(super) fn told(description: &str, mut schema: serde_json::Value) -> serde_json::Value {
    schema["description"] = json!(description);
    schema
}
