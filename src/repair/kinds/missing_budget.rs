//! Budgets that are not there.

use super::super::catalogue::{Does, Entry, Made, Room, Site, shown, word};
use serde_json::Value;
use std::fmt::Write as _;

pub(super) const ROOM: Room = Room {
    kinds: &["Deployment", "StatefulSet"],
    telling: &["available"],
    entries: &[Entry { path: "", does: Does::Made(budget), why: "without a budget all pods may be evicted at once" }],
};

/// A budget for the pods of this workload, unless one names the same labels.
fn budget(site: &Site) -> Vec<Made> {
    let Some(labels) = site.value.pointer("/spec/selector/matchLabels") else { return Vec::new() };
    let selects = |one: &Value| one.pointer("/spec/selector/matchLabels") == Some(labels);
    if site.sheets.iter().any(|one| one.kind() == "PodDisruptionBudget" && selects(&one.value)) {
        return Vec::new();
    }
    let metadata = |key: &str| site.value.pointer(&format!("/metadata/{key}")).and_then(Value::as_str);
    let (Some(name), Some(labels)) = (metadata("name"), labels.as_object()) else { return Vec::new() };
    let mut object = String::from("apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n");
    let _ = writeln!(object, "  name: {}", word(name));
    if let Some(namespace) = metadata("namespace") {
        let _ = writeln!(object, "  namespace: {}", word(namespace));
    }
    let lines = labels.iter().map(|(key, value)| format!("      {}: {}\n", word(key), word(&shown(value))));
    let selector = format!("  selector:\n    matchLabels:\n{}", lines.collect::<String>());
    let made = |limit: &str| {
        let after = format!("a PodDisruptionBudget with {limit} for {name}");
        site.append(&format!("{object}spec:\n  {limit}\n{selector}"), after)
    };
    ["minAvailable: 1", "maxUnavailable: 1"].into_iter().filter_map(made).collect()
}
