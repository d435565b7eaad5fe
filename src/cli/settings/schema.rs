//! The JSON Schema of `kubound.toml`, which editors of TOML read.

use super::{FILE, all};
use clap::{Arg, ArgAction, Command};
use serde_json::{Map, Value, json};

/// The schema, from the command line.
pub fn schema(command: &Command) -> Value {
    let property = |arg: &&Arg| {
        let mut schema = value(arg);
        if let Some(help) = arg.get_help() {
            schema["description"] = json!(help.to_string());
        }
        Some((arg.get_long()?.to_owned(), schema))
    };
    let properties: Map<String, Value> = all(command).iter().filter_map(property).collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": format!("Settings of Kubound ({FILE})"),
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn value(arg: &Arg) -> Value {
    let words: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let one = if words.is_empty() { json!({"type": ["string", "integer"]}) } else { json!({"enum": words}) };
    match arg.get_action() {
        ArgAction::SetTrue => json!({"type": "boolean"}),
        ArgAction::Append => json!({"type": "array", "items": one}),
        _ => one,
    }
}
