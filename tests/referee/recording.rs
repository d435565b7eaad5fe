//! What is kept of recorded Events: facts about actions, without what only this run had.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Reasons that `kubound conform` reads; others say nothing that it compares.
const REASONS: &[&str] = &[
    "Scheduled",
    "Started",
    "Killing",
    "SuccessfulCreate",
    "SuccessfulDelete",
    "ScalingReplicaSet",
    "SuccessfulRescale",
    "TaintManagerEviction",
    "Preempted",
    "NodeNotReady",
    "NodeReady",
];

/// Events by time, one a line; UIDs are numbered.
pub fn facts(events: &[Value]) -> Vec<Value> {
    let first = |event: &Value| {
        let times = [&event["eventTime"], &event["firstTimestamp"]];
        times.into_iter().find_map(Value::as_str).unwrap_or_default().to_owned()
    };
    let mut told: Vec<&Value> = events.iter().filter(|event| is_told(event)).collect();
    told.sort_by_key(|event| first(event));
    let mut uids: BTreeMap<&str, usize> = BTreeMap::new();
    let mut facts = Vec::new();
    for event in told {
        let about = &event["involvedObject"];
        let next = uids.len() + 1;
        let number = *uids.entry(about["uid"].as_str().unwrap_or_default()).or_insert(next);
        let mut fact = json!({
            "first": first(event), "component": component(event), "reason": event["reason"], "kind": about["kind"],
            "namespace": about["namespace"], "name": about["name"], "uid": number.to_string(), "message": message(event),
        });
        if event["count"].as_i64().is_some_and(|count| count > 1) {
            (fact["count"], fact["last"]) = (event["count"].clone(), event["lastTimestamp"].clone());
        }
        facts.push(fact);
    }
    facts
}

fn component(event: &Value) -> &str {
    let told = [&event["source"]["component"], &event["reportingComponent"]];
    told.into_iter().find_map(Value::as_str).unwrap_or_default()
}

/// Whether something happened to what the scenario has: nodes say once more of each pod that they are not ready.
fn is_told(event: &Value) -> bool {
    let reason = event["reason"].as_str().unwrap_or_default();
    // It gives the name of a plugin.
    let is_eviction = event["type"] == "Normal" && component(event).contains("descheduler");
    let is_of_node = reason.starts_with("Node") == (event["involvedObject"]["kind"] == "Node");
    is_eviction || REASONS.contains(&reason) && is_of_node
}

/// The message, where it says more than the reason.
fn message(event: &Value) -> &str {
    let reason = event["reason"].as_str().unwrap_or_default();
    let is_told = ["Scheduled", "Successful", "Scaling", "TaintManager"].iter().any(|told| reason.starts_with(told));
    if is_told { event["message"].as_str().unwrap_or_default() } else { "" }
}
