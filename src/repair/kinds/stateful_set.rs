//! StatefulSets.

use super::super::catalogue::{Does, Entry, Room};

pub(super) const ROOM: Room = Room {
    kinds: &["StatefulSet"],
    telling: &["rolloutCompletes", "always"],
    entries: &[
        Entry {
            path: "spec.podManagementPolicy",
            does: Does::Words(&["Parallel", "OrderedReady"]),
            why: "with OrderedReady a pod waits for all before it",
        },
        Entry {
            path: "spec.updateStrategy.rollingUpdate.maxUnavailable",
            does: Does::Number(1, 1000),
            why: "so many pods may be missing during a rollout",
        },
        Entry {
            path: "spec",
            does: Does::Add("podManagementPolicy", &["Parallel"]),
            why: "with OrderedReady a pod waits for all before it",
        },
        Entry {
            path: "spec",
            does: Does::Add("updateStrategy", &["\n  type: OnDelete"]),
            why: "pods of a new revision come by themselves, one after the other",
        },
        Entry {
            path: "spec.updateStrategy.type",
            does: Does::Words(&["OnDelete", "RollingUpdate"]),
            why: "who replaces pods",
        },
        Entry { path: "spec.replicas", does: Does::Number(1, 10_000), why: "how many pods are wanted" },
    ],
};
