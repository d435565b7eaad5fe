//! Priorities of pods.

use super::super::catalogue::{Does, Entry, Room};

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
    ],
};
