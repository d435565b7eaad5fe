//! Budgets: how many pods may go at a time.

use super::super::catalogue::{Does, Entry, Made, Room, Site};

pub(super) const ROOM: Room = Room {
    kinds: &["PodDisruptionBudget"],
    telling: &["drainCompletes", "eventuallyAlways", "eventually", "available", "rolloutCompletes"],
    entries: &[
        Entry {
            path: "spec.unhealthyPodEvictionPolicy",
            does: Does::Words(&["AlwaysAllow", "IfHealthyBudget"]),
            why: "whether pods that are not ready may go all the same",
        },
        Entry {
            path: "spec.minAvailable",
            does: Does::Made(as_unavailable),
            why: "so many ready pods must stay, or none may be evicted",
        },
        Entry {
            path: "spec.minAvailable",
            does: Does::Number(0, 1000),
            why: "so many ready pods must stay, or none may be evicted",
        },
        Entry {
            path: "spec.maxUnavailable",
            does: Does::Number(0, 1000),
            why: "so many pods may be missing at a time",
        },
        Entry {
            path: "spec",
            does: Does::Add("unhealthyPodEvictionPolicy", &["AlwaysAllow"]),
            why: "whether pods that are not ready may go all the same",
        },
    ],
};

/// A budget that grows with the workload.
fn as_unavailable(site: &Site) -> Vec<Made> {
    site.reword("maxUnavailable: 1").into_iter().collect()
}
