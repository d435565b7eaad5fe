//! Items of lists that say what happens, who acts and what shall hold: events, operations, controllers and intents.

use super::super::controllers::{CONTROLLERS, ID};
use super::super::event_kinds::{APPLY_MODES, COMMON, EVENTS, PUT_BACK};
use super::super::intents::{INTENTS, MODES, MOMENTS};
use super::super::operations;
use super::values::{amounts, counts, duration, expression, flag, integer, list, or_nothing, target, text, words};
use crate::manifest::own::{mapping, told};
use kubound_encodings::cluster::formula::Word;
use kubound_encodings::cluster::metric_change::METRIC_CHANGE;
use kubound_encodings::intents;
use serde_json::{Value, json};

/// An item of `events`: one event, and common keys inside or beside it; or a controller, as it was once written.
pub(super) fn event() -> Value {
    let kinds: Vec<&str> =
        EVENTS.iter().map(|kind| kind.name).chain(CONTROLLERS.iter().map(|kind| kind.name)).collect();
    let keys: Vec<&str> = kinds.iter().chain(COMMON).copied().collect();
    let mut item = mapping(&keys, &[], &|key| {
        let event = EVENTS.iter().find(|kind| kind.name == key).map(|kind| (kind.keys, kind.required, kind.about));
        let formerly = || CONTROLLERS.iter().find(|kind| kind.name == key);
        let formerly = || formerly().map(|kind| (kind.keys, kind.required, "An entry of controllers, formerly here."));
        match event.or_else(formerly) {
            Some((keys, required, about)) => one_of_a_kind(key, (keys, COMMON), required, about),
            None => parameter("", key),
        }
    });
    item["oneOf"] = kinds.iter().map(|kind| json!({"required": [kind]})).collect();
    item
}

/// An item of `operations`: one event, and the keys of operations inside or beside it.
pub(super) fn operation() -> Value {
    let kinds: Vec<&str> = EVENTS.iter().map(|kind| kind.name).collect();
    let keys: Vec<&str> = kinds.iter().chain(operations::COMMON).copied().collect();
    let mut item = mapping(&keys, &[], &|key| match EVENTS.iter().find(|kind| kind.name == key) {
        Some(kind) => {
            // Without a target everything is put back.
            let required = if key == PUT_BACK.name { &[] } else { kind.required };
            one_of_a_kind(key, (kind.keys, operations::COMMON), required, kind.about)
        }
        None => parameter("operation", key),
    });
    item["oneOf"] = kinds.iter().map(|kind| json!({"required": [kind]})).collect();
    item
}

/// An item of `controllers`: one controller, and its id inside or beside it.
pub(super) fn controller() -> Value {
    let kinds: Vec<&str> = CONTROLLERS.iter().map(|kind| kind.name).collect();
    let keys: Vec<&str> = kinds.iter().copied().chain([ID]).collect();
    let mut item = mapping(&keys, &[], &|key| match CONTROLLERS.iter().find(|kind| kind.name == key) {
        Some(kind) => one_of_a_kind(key, (kind.keys, &[ID]), kind.required, kind.about),
        None => parameter("", key),
    });
    item["oneOf"] = kinds.iter().map(|kind| json!({"required": [kind]})).collect();
    item
}

/// The body of an event or a controller.
fn one_of_a_kind(name: &str, (keys, common): (&[&str], &[&str]), required: &[&str], about: &str) -> Value {
    let keys: Vec<&str> = keys.iter().chain(common).copied().collect();
    let body = mapping(&keys, required, &|key| parameter(name, key));
    told(about, if required.is_empty() { or_nothing(body) } else { body })
}

fn about_intent(name: &str) -> &'static str {
    intents::REGISTRY.iter().find(|intent| intent.names().contains(&name)).map_or("", |intent| intent.summary())
}

/// An item of `intents`: the name of one without parameters that must be there, or one with its parameters.
pub(super) fn intent() -> Value {
    let names: Vec<&str> = INTENTS.iter().map(|(name, _)| *name).collect();
    let words = Word::ALL.map(Word::name);
    let keys: Vec<&str> = names.iter().copied().chain(words).chain(["id"]).collect();
    let mut item = mapping(&keys, &[], &|key| match INTENTS.iter().find(|(name, _)| *name == key) {
        Some((name, keys)) => {
            let keys: Vec<&str> = keys.iter().copied().chain(["id"]).collect();
            let required = required_by_intent(name);
            let body = mapping(&keys, required, &|key| parameter(name, key));
            told(about_intent(name), if required.is_empty() { or_nothing(body) } else { body })
        }
        None if key == "leadsTo" => {
            let pair = json!({"type": "array", "items": text("pods.all(p, p.ready)"), "minItems": 2, "maxItems": 2});
            told("Whenever the first condition holds, the second one does then or later.", pair)
        }
        None if words.contains(&key) => told("A condition in a subset of CEL.", text("pods.all(p, p.ready)")),
        None => parameter("", key),
    });
    item["oneOf"] = names.iter().chain(&words).map(|name| json!({"required": [name]})).collect();
    let bare: Vec<&str> = names.into_iter().filter(|name| required_by_intent(name).is_empty()).collect();
    json!({"anyOf": [{"enum": bare}, item]})
}

fn required_by_intent(name: &str) -> &'static [&'static str] {
    match name {
        "noOvershoot" | "replicas" | "boundedPods" | "rolloutCompletes" => &["target"],
        "spread" => &["target", "topologyKey", "maxSkew"],
        "available" => &["target", "min"],
        "placement" => &["target", "pools"],
        _ => &[],
    }
}

/// A parameter of an event or an intent.
fn parameter(of: &str, key: &str) -> Value {
    match (of, key) {
        ("edit", "target") => {
            told("Kind/namespace/name of a custom resource, or a shorter form.", text("RabbitmqCluster/default/rabbit"))
        }
        ("edit", "set") => told(
            "Fields of its spec with their new values: numbers, ranges, true or false.",
            json!({"type": "object", "minProperties": 1, "additionalProperties": {"type": ["integer", "string", "boolean"]}, "examples": [{"replicas": "1..5"}]}),
        ),
        ("relabel", "set") => told(
            "Labels that it has afterwards.",
            json!({"type": "object", "additionalProperties": {"type": ["string", "null"]}, "examples": [{"tier": "slow"}]}),
        ),
        ("relabel", "remove") => told("Keys of labels that it has no more.", list(text("tier"))),
        (_, "id") => told("Its name.", text("second")),
        (_, "times") => told("How often it may happen. Default: 1.", integer(1, 1000)),
        (_, "must") => told("Whether it happens eventually.", flag()),
        (_, "after") => told("Id of the event that it comes after.", text("first")),
        (_, "target") => target(),
        (METRIC_CHANGE, "metric") => {
            told("Name of one of the metrics that the workload begins with.", text("queue_length"))
        }
        (METRIC_CHANGE, "to") => told("Its value after it, or unavailable.", amounts("0..100/10")),
        (_, "to") => told("CPU usage after it.", amounts("100m..900m/100m")),
        (_, "pool") => told("Name of a pool or Node.", text("worker")),
        (_, "node") => told("Name of a Node, or POOL-INDEX.", text("worker-0")),
        (_, "recovers") => told("Whether it comes back eventually. Default: true.", flag()),
        (_, "uncordon") => told("Whether it is put back once it is empty. Default: false.", flag()),
        (_, "pools") => told("Names of pools or Nodes.", list(text("worker"))),
        (_, "atOnce") => told("How many nodes at once. Default: 1.", integer(1, 5000)),
        (_, "file") => told("A file with one workload, relative to this file.", text("web.yaml")),
        ("apply", "mode") => {
            told("Who is asked which fields were set before. Default: client-side.", words(APPLY_MODES))
        }
        ("schedulable", "mode") => {
            told("Pods may wait while something changes, or may never be rejected. Default: settled.", words(MODES))
        }
        (of, "when") if of == "operation" || EVENTS.iter().any(|kind| kind.name == of) => told(
            "When it may begin once the one before it is over: when the cluster has settled, or at any moment. Default: settled.",
            words(operations::MOMENTS),
        ),
        (_, "when") => told("When the limit must be met. Default: afterReached.", words(MOMENTS)),
        (_, "replicas") => told("spec.replicas after it.", counts("2..5")),
        (_, "every") => told("Time between two comparisons with the manifest. Default: 3m.", duration("3m")),
        (_, "cpuLeftBelow") => told(
            "Part of the allocatable CPU that is left, in percent.",
            json!({"type": ["integer", "string"], "examples": ["2%"]}),
        ),
        (_, "min" | "max") => told("A number or an expression over initial values.", expression("spec.replicas")),
        (_, "topologyKey") => told("A label of nodes.", text("kubernetes.io/hostname")),
        (_, "maxSkew") => told("Most by which two domains may differ.", integer(0, 10_000)),
        _ => json!({}),
    }
}
