//! Quotas of namespaces.

use super::super::catalogue::{Does, Entry, Room};

const WHY: &str = "pods beyond the quota are not created";

pub(super) const ROOM: Room = Room {
    kinds: &["ResourceQuota"],
    telling: &["replicas", "schedulable"],
    entries: &[
        Entry { path: "spec.hard.pods", does: Does::Number(0, 100_000), why: WHY },
        Entry { path: "spec.hard.*", does: Does::More, why: WHY },
    ],
};
