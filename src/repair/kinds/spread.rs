//! Topology spread constraints of pods.

use super::super::catalogue::{Does, Entry, Room};

pub(super) const ROOM: Room = Room {
    kinds: &["Pod"],
    telling: &["spread", "schedulable", "noOscillation", "rolloutCompletes"],
    entries: &[
        Entry {
            path: "spec.topologySpreadConstraints[*]",
            does: Does::Add("matchLabelKeys", &["[pod-template-hash]"]),
            why: "pods of the old revision count as well",
        },
        Entry {
            path: "spec.topologySpreadConstraints[*]",
            does: Does::Add("nodeTaintsPolicy", &["Honor"]),
            why: "nodes that take no pod count as empty",
        },
        Entry {
            path: "spec.topologySpreadConstraints[*].nodeTaintsPolicy",
            does: Does::Words(&["Honor", "Ignore"]),
            why: "nodes that take no pod count as empty",
        },
        Entry {
            path: "spec.topologySpreadConstraints[*].whenUnsatisfiable",
            does: Does::Words(&["ScheduleAnyway", "DoNotSchedule"]),
            why: "whether pods wait until it is met",
        },
        Entry {
            path: "spec.topologySpreadConstraints[*].maxSkew",
            does: Does::Number(1, 1000),
            why: "how uneven the domains may be",
        },
    ],
};
