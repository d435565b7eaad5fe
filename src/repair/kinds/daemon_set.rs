//! DaemonSets.

use super::super::catalogue::{Does, Entry, Room};

pub(super) const ROOM: Room = Room {
    kinds: &["DaemonSet"],
    telling: &["rolloutCompletes"],
    entries: &[
        Entry {
            path: "spec.updateStrategy.rollingUpdate.maxUnavailable",
            does: Does::Number(1, 1000),
            why: "so many pods may be missing, those of lost nodes included",
        },
        Entry {
            path: "spec.updateStrategy.rollingUpdate.maxSurge",
            does: Does::Number(0, 1000),
            why: "so many more pods may exist during a rollout",
        },
    ],
};
