//! A run in Apalache's Informal Trace Format, for the tools of TLA+ and Quint: the first violation of the report, a
//! record a state, `loop` the index of the state that a lasso returns to.

use super::document::{Document, IntentDocument, VariableDocument, ViolationDocument};
use super::format::{Format, Style, Writing, pretty};
use crate::text::neutralise;
use serde_json::{Map, Value, json};

/// The format.
pub const FORMAT: Format = Format {
    name: "itf",
    summary: "Apalache's trace format: the run of the first violation",
    takes_several: false,
    writing: Writing::Whole(render),
};

/// Largest integer that a JSON number of the format may be.
const PLAIN: i64 = 1 << 53;

fn render(documents: &[Document], _: &Style) -> serde_json::Result<String> {
    let results = documents.iter().flat_map(|document| document.results.iter().map(move |result| (document, result)));
    let mut violated = results.filter_map(|(document, result)| Some((document, result, result.violation.as_ref()?)));
    let first = violated.next();
    let others: Vec<String> = violated.map(|(_, result, _)| neutralise(&result.title())).collect();
    let trace = match first {
        Some((document, result, violation)) => trace(document, result, violation, &others),
        None => json!({
            "#meta": { "format": "ITF", "source": "kubound", "description": "no intent is violated" },
            "vars": [],
            "states": [],
        }),
    };
    pretty(&trace)
}

fn trace(document: &Document, result: &IntentDocument, violation: &ViolationDocument, others: &[String]) -> Value {
    let names = names(&violation.variables);
    let states: Vec<Value> = violation
        .states()
        .iter()
        .enumerate()
        .map(|(index, values)| {
            let mut state = Map::new();
            state.insert("#meta".into(), json!({ "index": index }));
            let step = index.checked_sub(1).map(|index| &violation.steps[index]);
            state.insert("actor".into(), json!(step.map_or(String::new(), |step| neutralise(&step.actor))));
            state.insert("action".into(), json!(step.map_or_else(|| "init".into(), |step| neutralise(&step.rule))));
            state.insert("reason".into(), json!(step.map_or(String::new(), |step| neutralise(&step.reason))));
            let text = step.map_or(String::new(), |step| step.told() + &step.told_late());
            state.insert("text".into(), json!(neutralise(&text)));
            for ((name, variable), &value) in names.iter().zip(&violation.variables).zip(values) {
                state.insert(name.clone(), itf_value(variable, value));
            }
            Value::Object(state)
        })
        .collect();
    let described: Map<String, Value> = names
        .iter()
        .zip(&violation.variables)
        .map(|(name, variable)| {
            let about = json!({
                "role": variable.role, "what": neutralise(&variable.what),
                "workload": variable.workload.as_deref().map(neutralise), "node": variable.node.as_deref().map(neutralise),
            });
            (name.clone(), about)
        })
        .collect();
    let told = ["actor", "action", "reason", "text"].map(String::from);
    let types: Map<String, Value> = told
        .iter()
        .map(|name| (name.clone(), json!("Str")))
        .chain(
            names
                .iter()
                .zip(&violation.variables)
                .map(|(name, variable)| (name.clone(), json!(if variable.is_flag { "Bool" } else { "Int" }))),
        )
        .collect();
    let mut trace = json!({
        "#meta": {
            "format": "ITF",
            "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
            "source": neutralise(&document.name),
            "tool": format!("kubound {}", document.kubound),
            "description": neutralise(&result.message),
            "intent": neutralise(&result.intent),
            "target": result.target.as_deref().map(neutralise),
            "ending": violation.ending,
            "otherViolations": others,
            "varTypes": types,
            "variables": described,
        },
        "params": [],
        "vars": told.iter().chain(&names).collect::<Vec<_>>(),
        "states": states,
    });
    if let Some((first, _)) = violation.repeats {
        // The last state is the one before the first step of the loop; what follows it is the state after that step.
        trace["loop"] = json!(first);
    }
    trace
}

/// Names of fields, each once.
fn names(variables: &[VariableDocument]) -> Vec<String> {
    variables.iter().map(|variable| neutralise(&variable.name)).collect()
}

fn itf_value(variable: &VariableDocument, value: i64) -> Value {
    match value {
        _ if variable.is_flag => json!(value != 0),
        value if value.abs() < PLAIN => json!(value),
        value => json!({ "#bigint": value.to_string() }),
    }
}
