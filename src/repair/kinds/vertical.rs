//! Vertical autoscalers.

use super::super::Way;
use super::super::catalogue::{Does, Entry, Made, Room, Site};
use serde_json::Value;

const BOUNDS: &str = "up to which requests the autoscaler goes";
const SINGLE: &str = "workloads with fewer pods keep their requests";
const CONTROLLED: &str = "which requests it sets; others may read the same ones";

pub(super) const ROOM: Room = Room {
    kinds: &["VerticalPodAutoscaler"],
    telling: &["replicas", "schedulable", "noOscillation"],
    entries: &[
        Entry {
            path: "spec.resourcePolicy.containerPolicies[*]",
            does: Does::Add("controlledResources", &["[memory]", "[cpu]"]),
            why: CONTROLLED,
        },
        Entry { path: "spec.resourcePolicy.containerPolicies[*]", does: Does::Made(bounded), why: BOUNDS },
        Entry { path: "spec", does: Does::Made(controlled), why: CONTROLLED },
        Entry { path: "spec.resourcePolicy.containerPolicies[*].maxAllowed.*", does: Does::Quantity, why: BOUNDS },
        Entry {
            path: "spec.updatePolicy.updateMode",
            does: Does::Set(&["Initial", "\"Off\""]),
            why: "whether pods are evicted to get other requests",
        },
        Entry { path: "spec.updatePolicy", does: Does::Add("minReplicas", &["1"]), why: SINGLE },
        Entry { path: "spec", does: Does::Add("updatePolicy", &["\n  minReplicas: 1"]), why: SINGLE },
        Entry { path: "spec.updatePolicy.minReplicas", does: Does::Number(1, 1000), why: SINGLE },
    ],
};

/// At most what the input says that a pool has, less an eighth of it.
fn bounded(site: &Site) -> Vec<Made> {
    if site.value.get("maxAllowed").is_some() {
        return Vec::new();
    }
    let pools = site.sheets.iter().flat_map(|one| one.value.pointer("/spec/nodes").and_then(Value::as_array)).flatten();
    let memory: Vec<i64> = pools
        .filter_map(|pool| pool.pointer("/template/allocatable/memory")?.as_str()?.strip_suffix("Gi")?.parse().ok())
        .collect();
    let Some(most) = memory.into_iter().max().map(|most| most - (most / 8).max(1)).filter(|most| *most > 0) else {
        return Vec::new();
    };
    site.add(&format!("maxAllowed:\n  memory: {most}Gi")).into_iter().collect()
}

fn controlled(site: &Site) -> Vec<Made> {
    if site.value.get("resourcePolicy").is_some() {
        return Vec::new();
    }
    let lines = "resourcePolicy:\n  containerPolicies:\n  - containerName: \"*\"\n    controlledResources: ";
    let made = |resource: &str| {
        let made = site.add(&format!("{lines}[{resource}]"))?;
        Some(Made { way: Way::Added, ..made })
    };
    ["memory", "cpu"].into_iter().filter_map(made).collect()
}
