//! The references of scenario files and of intents, made from the JSON Schema of the strict reader and from the
//! registries of events and intents; and the page of limits, made from their table.

use crate::limits;
use crate::manifest::scenario_schema;
use kubound_encodings::{events, intents};
use serde_json::Value;
use std::fmt::Write as _;

const SCENARIO: &str = "# Scenario files

A document with `apiVersion: kubound.dev/v1alpha1` and `kind: Scenario`, beside the manifests it is about. Unknown keys
are errors; [editors can know them](fitting.md#editors). Numbers that may be ranges are written `lo..hi` or
`lo..hi/step`; the default step is one unit of the suffix. This page is made from the schema that `kubound schema scenario`
prints.

Inputs of Kivi need none: they say [by themselves](compare.md#kivis-own-inputs) what a scenario says.

```yaml
apiVersion: kubound.dev/v1alpha1
kind: Scenario
metadata: {name: shop}
spec:
  nodes:
  - name: worker
    count: 1..6
    template: {allocatable: {cpu: \"4\", memory: 8Gi}}
  workloads:
  - target: Deployment/default/shop
    cpuUsage: 50m..500m/50m
  events:
  - cpuChange: {target: Deployment/default/shop, to: 100m..900m/100m}
  intents:
  - schedulable: {target: Deployment/default/shop}
```

Nodes of a pool are called `POOL-0`, `POOL-1`, ... and carry the label `kubernetes.io/hostname`. Limits: 250 nodes in all
pools together, 10 000 replicas of a workload. Counts and values that no assumption allows end with exit code 2, before
any search. Exceptions are told about [elsewhere](fitting.md#accepted-for-a-time), and so is
[`start: snapshot`](fitting.md#a-running-cluster).
";

const EVENTS: &str = "
Each may happen up to `times`, in any order, and never has to, unless it says `must`. `kubound list events` names the kinds.
";

const CONTROLLERS: &str = "
They act again and again, beside the controllers of Kubernetes; nothing else in a scenario or manifest brings them about.
";

const EXPRESSIONS: &str = "
## Limits and assumptions

Limits of intents, and the conditions of `assume`, are expressions over `spec.replicas`, `nodes.present`, `nodes('POOL')`,
`replicas('NAME')`, `allocatable('POOL', 'RESOURCE')` with `+ - * /` (rounded down), `min`, `max`. Assumptions compare such
expressions and join them with `&&`, `||`, `!`; `capacitySuffices` is predefined.
";

const LIMITS: &str = "# Limits

Every number by which Kubound itself limits what it reads, searches and shows. Input beyond a limit of the reader or of the
models is refused; a search that ends at a limit says `unknown`, or up to which depth it came. `kubound doctor --limits` prints
this table. The time, the depth and the sizes of a search are set by [flags and scenarios](guarantees.md).
";

const INTENTS: &str = "# Intents

What shall hold, as items of [`intents`](scenario.md) in a scenario: the name of one, or a name with parameters; `id` tells
two of a kind apart. Those of the second half take [conditions in words](words.md). `kubound explain NAME` prints the same
with examples. This page is made from the registry of intents and the schema.
";

/// The reference of scenario files.
pub fn scenario() -> String {
    let schema = scenario_schema();
    let mut page = SCENARIO.to_owned();
    section(&mut page, "spec", &schema["properties"]["spec"]);
    page + EXPRESSIONS
}

/// The reference of intents.
pub fn intents() -> String {
    let schema = scenario_schema();
    let items = &schema["properties"]["spec"]["properties"]["intents"]["items"]["anyOf"][1]["properties"];
    let mut page = INTENTS.to_owned();
    let names = || intents::REGISTRY.iter().flat_map(|model| model.names().iter().map(move |name| (*model, *name)));
    page.push_str("\n| intent | what shall hold |\n|---|---|\n");
    for (model, name) in names() {
        let _ = writeln!(page, "| [`{name}`](#{}) | {} |", name.to_lowercase(), model.summary());
    }
    for (model, name) in names() {
        let explanation = model.explanation();
        let _ = write!(page, "\n## {name}\n\n{}\n", explanation.meaning);
        let schema = &items[name];
        if schema["properties"].is_object() {
            table(&mut page, schema, &["id"]);
        } else if schema["items"].is_object() {
            let _ = write!(page, "\nTakes two conditions, each {}.\n", value(&schema["items"]));
        } else {
            let _ = write!(page, "\nTakes a condition, {}.\n", value(schema));
        }
        let formal = explanation.formal;
        let _ = write!(page, "\nExactly: {formal}\n\nExamples: [{name}](explain/{name}.md).\n");
    }
    page
}

/// The page of limits.
pub fn limits() -> String {
    let mut page = LIMITS.to_owned();
    let mut area = "";
    for limit in limits::all() {
        if limit.area() != area {
            area = limit.area();
            let _ = write!(page, "\n## {area}\n\n| name | limit | of what | why |\n|---|---|---|---|\n");
        }
        let name = limit.name.rsplit("::").next().unwrap_or(limit.name);
        let _ = writeln!(page, "| `{name}` | {limit} | {} | {} |", limit.what, limit.why);
    }
    page
}

/// The keys of a mapping, and then those of the mappings in it.
fn section(page: &mut String, path: &str, schema: &Value) {
    let _ = write!(page, "\n## {path}\n");
    if schema["oneOf"].is_array() {
        return kinds(page, schema, if path.ends_with(".events[]") { EVENTS } else { CONTROLLERS });
    }
    table(page, schema, &[]);
    for (key, inner) in properties(schema) {
        let (inner, suffix) = if inner["items"].is_object() { (&inner["items"], "[]") } else { (inner, "") };
        // Intents have a page of their own, and some mappings are as Kubernetes has them.
        if inner["additionalProperties"] == false {
            section(page, &format!("{path}.{key}{suffix}"), inner);
        }
    }
}

/// A table of keys but for some.
fn table(page: &mut String, schema: &Value, without: &[&str]) {
    let keys: Vec<_> = properties(schema).filter(|(key, _)| !without.contains(key)).collect();
    if keys.is_empty() {
        page.push_str("\nNo parameters.\n");
        return;
    }
    page.push_str("\n| key | value | meaning |\n|---|---|---|\n");
    for (key, schema_of_key) in keys {
        let is_required = schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == key));
        let required = if is_required { "Required. " } else { "" };
        let meaning = schema_of_key["description"].as_str().unwrap_or("");
        let _ = writeln!(page, "| `{key}` | {} | {required}{meaning} |", value(schema_of_key));
    }
}

/// The keys that all kinds of events or controllers share, then those of each kind. Controllers among events are the
/// spelling of before.
fn kinds(page: &mut String, schema: &Value, about: &str) {
    page.push_str(about);
    let all: Vec<&str> = schema["oneOf"].as_array().into_iter().flatten().filter_map(kind).collect();
    table(page, schema, &all);
    let common: Vec<&str> = properties(schema).map(|(key, _)| key).filter(|key| !all.contains(key)).collect();
    let of_events: Vec<&str> = events::REGISTRY.iter().flat_map(|event| event.names().iter().copied()).collect();
    let is_events = all.iter().any(|name| of_events.contains(name));
    for name in if is_events { of_events } else { all } {
        let one = &schema["properties"][name];
        let _ = write!(page, "\n### {name}\n\n{}\n", one["description"].as_str().unwrap_or(""));
        table(page, one, &common);
    }
}

/// The kind that an alternative of a schema is about.
fn kind(alternative: &Value) -> Option<&str> {
    alternative["required"][0].as_str()
}

fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    schema["properties"].as_object().into_iter().flatten().map(|(key, schema)| (key.as_str(), schema))
}

/// The values that a schema takes, in words.
fn value(schema: &Value) -> String {
    let code = |value: &Value| format!("`{}`", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    if let Some(all) = schema["enum"].as_array() {
        return all.iter().map(code).collect::<Vec<_>>().join(", ");
    }
    if schema["const"].is_string() {
        return code(&schema["const"]);
    }
    if let Some(example) = schema["examples"].get(0) {
        return format!("such as {}", code(example));
    }
    if let Some(any) = schema["anyOf"].as_array() {
        return any.iter().map(value).collect::<Vec<_>>().join(" or ");
    }
    let kind = schema["type"].get(0).unwrap_or(&schema["type"]).as_str().unwrap_or("");
    match kind {
        "boolean" => "`true`, `false`".to_owned(),
        "integer" => match (&schema["minimum"], &schema["maximum"]) {
            (Value::Number(lo), Value::Number(hi)) => format!("{lo} to {hi}"),
            _ => "a whole number".to_owned(),
        },
        "string" => "a text".to_owned(),
        "array" if schema["items"]["anyOf"].is_array() => "list of [intents](intents.md)".to_owned(),
        "array" if schema["items"]["additionalProperties"] == false => "list, below".to_owned(),
        "array" if schema["items"]["properties"].is_object() => {
            let keys: Vec<String> = properties(&schema["items"]).map(|(key, _)| format!("`{key}`")).collect();
            format!("list of mappings with {}", keys.join(", "))
        }
        "array" => format!("list, {}", value(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("mapping from names to {}", value(&schema["additionalProperties"]))
        }
        "object" => "mapping, below".to_owned(),
        _ => "any".to_owned(),
    }
}
