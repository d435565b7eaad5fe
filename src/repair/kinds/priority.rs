//! Priorities of pods.

use super::super::Way;
use super::super::catalogue::{Does, Entry, Made, Room, Site};

pub(super) const ROOM: Room = Room {
    kinds: &["PriorityClass"],
    telling: &["available", "schedulable"],
    entries: &[
        Entry {
            path: "preemptionPolicy",
            does: Does::Set(&["Never"]),
            why: "these pods push out others, budgets or not",
        },
        Entry {
            path: "",
            does: Does::Add("preemptionPolicy", &["Never"]),
            why: "these pods push out others, budgets or not",
        },
        Entry { path: "value", does: Does::Made(other_value), why: "which pods push out others, and get nodes added" },
    ],
};

/// What DaemonSets need on full nodes.
pub(super) const DAEMON_ROOM: Room = Room {
    kinds: &["DaemonSet"],
    telling: &["schedulable", "rolloutCompletes"],
    entries: &[Entry {
        path: "spec.template.spec",
        does: Does::Add("priorityClassName", &["system-node-critical"]),
        why: "without a priority a pod pushes out none on a full node",
    }],
};

/// The least value for which a cluster autoscaler adds nodes, unless it is told another one.
const LEAST_SERVED: i64 = -10;

/// Values on the other side of a border: the one below which pods get no nodes, and those of other classes.
fn other_value(site: &Site) -> Vec<Made> {
    let Some(own) = site.value.as_i64() else { return Vec::new() };
    let classes = site.sheets.iter().filter(|one| one.kind() == "PriorityClass");
    let others = classes.filter_map(|one| one.value.get("value")?.as_i64()).filter(|other| *other != own);
    let mut wanted = vec![LEAST_SERVED, 0];
    wanted.retain(|border| own < *border);
    for other in others {
        wanted.extend([other.saturating_add(1), other.saturating_sub(1)]);
    }
    wanted.retain(|value| (-2_147_483_648..=1_000_000_000).contains(value) && *value != own);
    wanted.into_iter().filter_map(|value| site.set(Way::Moved, &value.to_string(), None)).collect()
}
