//! Policies of the descheduler.

use super::super::Way;
use super::super::catalogue::{Does, Entry, Made, Room, Site};

const FIT: &str = "evicts pods although no other node takes them";
const THRESHOLD: &str = "from when on a node is under- or overused";

pub(super) const ROOM: Room = Room {
    kinds: &["DeschedulerPolicy"],
    telling: &["noOscillation", "available", "converges", "boundedPods", "spread"],
    entries: &[
        Entry {
            path: "profiles[*].pluginConfig[*].args.constraints",
            does: Does::Set(&["[DoNotSchedule]"]),
            why: "evicts for what the scheduler only prefers",
        },
        Entry {
            path: "profiles[*].pluginConfig[*].args.topologyBalanceNodeFit",
            does: Does::Words(&["true", "false"]),
            why: FIT,
        },
        Entry { path: "profiles[*].pluginConfig[*].args.nodeFit", does: Does::Words(&["true"]), why: FIT },
        Entry {
            path: "profiles[*].pluginConfig[*].args.evictDaemonSetPods",
            does: Does::Words(&["false"]),
            why: "these pods come back to the same node",
        },
        Entry {
            path: "profiles[*].pluginConfig[name=DefaultEvictor].args",
            does: Does::Add("nodeFit", &["true"]),
            why: FIT,
        },
        Entry { path: "profiles[*].pluginConfig[*].args.thresholds.*", does: Does::Number(0, 100), why: THRESHOLD },
        Entry {
            path: "profiles[*].pluginConfig[*].args.targetThresholds.*",
            does: Does::Number(0, 100),
            why: THRESHOLD,
        },
        Entry { path: "profiles[*]", does: Does::Made(evictor), why: FIT },
        Entry {
            path: "profiles[*].plugins.*.enabled",
            does: Does::Made(without),
            why: "evicts pods that are put back",
        },
    ],
};

/// A plugin off.
fn without(site: &Site) -> Vec<Made> {
    let Some(items) = site.value.as_array() else { return Vec::new() };
    let names: Vec<&str> = items.iter().filter_map(|item| item.as_str()).collect();
    let without = |name: &&str| {
        let left: Vec<&str> = names.iter().filter(|other| *other != name).copied().collect();
        let made = site.set(Way::Switched, &format!("[{}]", left.join(", ")), None)?;
        Some(Made { before: format!("[{}]", names.join(", ")), ..made })
    };
    names.iter().filter_map(without).collect()
}

/// Arguments for the evictor where there are none.
fn evictor(site: &Site) -> Vec<Made> {
    let configured = site.value.get("pluginConfig");
    let is_evictor = |one: &serde_json::Value| one.get("name").is_some_and(|name| name == "DefaultEvictor");
    let path = format!("{}.pluginConfig", site.path);
    let lines = "name: DefaultEvictor\nargs:\n  nodeFit: true";
    match configured.and_then(serde_json::Value::as_array) {
        Some(list) if list.iter().any(is_evictor) => Vec::new(),
        Some(_) => {
            let made = |edit| Made {
                path,
                way: Way::Added,
                before: String::new(),
                after: "DefaultEvictor with nodeFit: true".to_owned(),
                edits: vec![edit],
                number: None,
            };
            site.sheet.push(&format!("{}.pluginConfig", site.path), lines).map(made).into_iter().collect()
        }
        None => site.add(&format!("pluginConfig:\n- {}", lines.replace('\n', "\n  "))).into_iter().collect(),
    }
}
