//! Pools of nodes, which the scenario describes in the place of a provider.

use super::super::Way;
use super::super::catalogue::{Does, Entry, Made, Room, Site};
use serde_json::Value;

const LIMITS: &str = "beyond its limits a pool gets no node";
const ROOM_OF_NODES: &str = "how much room a node of the pool has";

pub(super) const ROOM: Room = Room {
    kinds: &["Scenario"],
    telling: &["schedulable", "noOscillation"],
    entries: &[
        Entry {
            path: "spec.nodes[*].autoscaling.max",
            does: Does::Number(1, 250),
            why: "the autoscaler gives the pool so many nodes at most",
        },
        Entry { path: "spec.nodes[*].autoscaling.limits.*", does: Does::More, why: LIMITS },
        Entry {
            path: "spec.nodes[*].template.taints",
            does: Does::Remove,
            why: "pods that do not tolerate a taint make no pool with it grow",
        },
        Entry {
            path: "spec.karpenter.consolidateAfter",
            does: Does::Set(&["5m", "20m", "1h"]),
            why: "so long an empty or little used node is left alone",
        },
        Entry { path: "spec.nodes[*].template.allocatable", does: Does::Made(as_others), why: ROOM_OF_NODES },
        Entry { path: "spec.nodes[*].template.allocatable.cpu", does: Does::More, why: ROOM_OF_NODES },
        Entry { path: "spec.nodes[*].template.allocatable.memory", does: Does::More, why: ROOM_OF_NODES },
    ],
};

/// As much as a node of another pool has, if that is more.
fn as_others(site: &Site) -> Vec<Made> {
    let pools = site.sheet.value.pointer("/spec/nodes").and_then(Value::as_array);
    let others = pools.into_iter().flatten().filter_map(|pool| pool.pointer("/template/allocatable"));
    let written = |value: &Value| serde_json::to_string(value).ok();
    let made = |other: &Value| {
        let made = site.set(Way::Moved, &written(other)?, None)?;
        Some(Made { after: super::super::catalogue::shown(other), ..made })
    };
    others.filter(|other| cpu(other) > cpu(site.value)).filter_map(made).collect()
}

/// Thousandths of a core.
fn cpu(allocatable: &Value) -> Option<i64> {
    let text = allocatable.get("cpu")?.as_str()?;
    match text.strip_suffix('m') {
        Some(thousandths) => thousandths.parse().ok(),
        None => Some(text.parse::<i64>().ok()?.saturating_mul(1000)),
    }
}
