//! Configurations of the scheduler.

use super::super::catalogue::{Does, Entry, Made, Room, Site};
use serde_json::Value;

pub(super) const ROOM: Room = Room {
    kinds: &["KubeSchedulerConfiguration"],
    telling: &["noOscillation"],
    entries: &[Entry {
        path: "profiles[*].pluginConfig[*].args.scoringStrategy.type",
        does: Does::Words(&["LeastAllocated", "MostAllocated"]),
        why: "whether the scheduler prefers empty nodes or full ones",
    }],
};

/// Configurations that are not there.
pub(super) const MISSING_ROOM: Room = Room {
    kinds: &["DeschedulerPolicy"],
    telling: &["noOscillation"],
    entries: &[Entry {
        path: "profiles[*].plugins.balance.enabled",
        does: Does::Made(packing),
        why: "the scheduler prefers the empty nodes that the descheduler empties",
    }],
};

/// A scheduler that fills nodes, where the descheduler empties little used ones and nobody says how the scheduler scores.
fn packing(site: &Site) -> Vec<Made> {
    let plugins = site.value.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_emptying = plugins.iter().filter_map(Value::as_str).any(|name| name == "HighNodeUtilization");
    if !is_emptying || site.sheets.iter().any(|one| one.kind() == "KubeSchedulerConfiguration") {
        return Vec::new();
    }
    let kind = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n";
    let fit = "  - name: NodeResourcesFit\n    args:\n      scoringStrategy:\n        type: MostAllocated\n";
    let resources = "        resources: [{name: cpu, weight: 1}, {name: memory, weight: 1}]\n";
    let spread = "  - name: PodTopologySpread\n    args: {defaultingType: List, defaultConstraints: []}\n";
    let made = |(plugins, more): (String, &str)| {
        let object = format!("{kind}- schedulerName: default-scheduler\n  pluginConfig:\n{plugins}");
        site.append(&object, format!("a KubeSchedulerConfiguration with MostAllocated{more}"))
    };
    let alone = (format!("{fit}{resources}"), "");
    let without_spread = (format!("{fit}{resources}{spread}"), " and no default constraints");
    [alone, without_spread].into_iter().filter_map(made).collect()
}
