//! Nodes of the input.

use super::super::catalogue::{Does, Entry, Room};

pub(super) const ROOM: Room = Room {
    kinds: &["Node"],
    telling: &["schedulable"],
    entries: &[
        Entry { path: "spec.unschedulable", does: Does::Remove, why: "no pod is placed on a cordoned node" },
        Entry {
            path: "spec.taints",
            does: Does::Remove,
            why: "pods that do not tolerate a taint are kept from its node, or deleted there",
        },
    ],
};
