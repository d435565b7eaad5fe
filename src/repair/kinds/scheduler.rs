//! Configurations of the scheduler.

use super::super::catalogue::{Does, Entry, Room};

pub(super) const ROOM: Room = Room {
    kinds: &["KubeSchedulerConfiguration"],
    telling: &["noOscillation"],
    entries: &[Entry {
        path: "profiles[*].pluginConfig[*].args.scoringStrategy.type",
        does: Does::Words(&["LeastAllocated", "MostAllocated"]),
        why: "whether the scheduler prefers empty nodes or full ones",
    }],
};
