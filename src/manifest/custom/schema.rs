//! The JSON Schema of rules files, from the tables of keys that the reader uses.

use super::super::own::{API_VERSION, METADATA, ROOT, mapping, told};
use super::entries::{DO, OTHERS, RECONCILE};
use super::fields::FIELD;
use super::{OWNED, RESOURCE, SPEC};
use crate::limits::reader::{MAX_REPLICAS, MOST_OWNED};
use kubound_encodings::cluster::custom::CUSTOM_CONTROLLER;
use serde_json::{Value, json};

/// The schema.
pub fn custom_controller_schema() -> Value {
    let mut schema = mapping(ROOT, &["apiVersion", "kind", "metadata", "spec"], &|key| match key {
        "apiVersion" => json!({"const": API_VERSION}),
        "kind" => json!({"const": CUSTOM_CONTROLLER}),
        "metadata" => mapping(METADATA, &["name"], &|key| match key {
            "name" => told("Name of the controller: who acts, in reports.", text()),
            _ => json!({"type": "object"}),
        }),
        _ => mapping(SPEC, &["resource", "reconcile"], &spec),
    });
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("Rules file of Kubound");
    schema["description"] = json!("What an operator does: its custom resource, what it owns, and its rules.");
    schema
}

fn text() -> Value {
    json!({"type": "string", "minLength": 1})
}

fn words_to(value: Value) -> Value {
    json!({"type": "object", "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9_]*$"}, "additionalProperties": value})
}

fn spec(key: &str) -> Value {
    match key {
        "resource" => told(
            "The custom resource.",
            mapping(RESOURCE, &["kind", "name"], &|key| match key {
                "spec" => told("Fields that users write, with their values.", words_to(field())),
                "status" => told("Fields that the controller writes, with their values.", words_to(field())),
                _ => text(),
            }),
        ),
        "owns" => told("What the controller owns, each by a word.", words_to(mapping(OWNED, &["kind"], &owned))),
        "memory" => told("What the controller remembers, and a restart loses.", words_to(field())),
        "reconcile" => {
            let entries = mapping(RECONCILE, &[], &entry);
            told(
                "Entries, of which the first that applies acts.",
                json!({"type": "array", "items": entries, "minItems": 1}),
            )
        }
        _ => told(
            "What others do to the same objects, in no order.",
            json!({"type": "array", "items": mapping(OTHERS, &["by", "do"], &entry)}),
        ),
    }
}

fn owned(key: &str) -> Value {
    match key {
        "count" => told(
            "How many alike objects there may be.",
            json!({"type": "integer", "minimum": 1, "maximum": MOST_OWNED}),
        ),
        "exists" => told("Whether it is there initially.", json!({"type": "boolean"})),
        "fields" => told("Its fields, with their values.", words_to(field())),
        "replicas" => told("Numbers that are written, of a workload among the manifests.", values()),
        "name" => told("Its name. Default: that of the resource, `-` and the word.", text()),
        _ => text(),
    }
}

fn entry(key: &str) -> Value {
    match key {
        "by" => told("Who does it.", text()),
        "when" => told("The condition, in CEL. Default: true.", json!({"type": ["string", "boolean"]})),
        "do" => told(
            "The request.",
            mapping(DO, &[], &|key| match key {
                "which" => told(
                    "Which objects of a list may be written; each is called `each`.",
                    json!({"type": ["string", "boolean"]}),
                ),
                "set" => told("New values of fields.", assigned()),
                _ => told("What is written.", text()),
            }),
        ),
        "remember" => told("New values of what is remembered.", assigned()),
        _ => told("The controller stops with this error, and comes to no later entry.", text()),
    }
}

/// Names of fields with expressions, numbers or truth values.
fn assigned() -> Value {
    json!({"type": "object", "additionalProperties": {"type": ["string", "integer", "boolean"]}})
}

fn values() -> Value {
    json!({"type": ["string", "integer", "boolean"], "minimum": 0, "maximum": MAX_REPLICAS, "examples": ["0..3", "bool"]})
}

fn field() -> Value {
    let described = mapping(FIELD, &["values"], &|key| match key {
        "values" => values(),
        "initial" => told("What it is initially.", json!({"type": ["integer", "boolean"]})),
        _ => told("Whether the schema lets users only make it larger.", json!({"type": "boolean"})),
    });
    json!({"anyOf": [values(), described]})
}
