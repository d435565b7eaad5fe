//! What containers ask for.

use super::super::Way;
use super::super::catalogue::{Does, Entry, Made, Room, Site};
use crate::manifest::edit::last_key;
use serde_json::Value;

const REQUESTS: &str = "so much is set aside, whatever the pod uses";

pub(super) const ROOM: Room = Room {
    kinds: &["Pod"],
    telling: &["noNodePanicLoop", "schedulable"],
    entries: &[
        Entry { path: "spec.containers[*].resources.requests.*", does: Does::Made(as_used), why: REQUESTS },
        Entry { path: "spec.containers[*].resources.requests.*", does: Does::Quantity, why: REQUESTS },
    ],
};

/// Containers that say nothing.
pub(super) const SILENT_ROOM: Room = Room {
    kinds: &["Pod"],
    telling: &["replicas", "noOvershoot", "noOscillation"],
    entries: &[Entry {
        path: "spec.containers[*]",
        does: Does::Made(requested),
        why: "where a container requests nothing, a share of its requests cannot be computed",
    }],
};

/// Small requests where there are none.
fn requested(site: &Site) -> Vec<Made> {
    let lines = "requests:\n  cpu: 20m\n  memory: 32Mi";
    let path = format!("{}.resources", site.path);
    match site.value.get("resources") {
        None => site.add(&format!("resources:\n  {}", lines.replace('\n', "\n  "))).into_iter().collect(),
        Some(resources) if resources.get("requests").is_none() => {
            let inner = Site { path, value: resources, ..*site };
            inner.add(lines).into_iter().collect()
        }
        Some(_) => Vec::new(),
    }
}

/// As much as the scenario says that a pod uses.
fn as_used(site: &Site) -> Vec<Made> {
    let resource = last_key(&site.path);
    let workloads = site.sheets.iter().flat_map(|one| one.value.pointer("/spec/workloads").and_then(Value::as_array));
    let used = workloads.flatten().filter(|one| {
        one.get("target")
            .and_then(Value::as_str)
            .is_some_and(|target| site.sheet.object == target || site.sheet.object.rsplit('/').next() == Some(target))
    });
    let usage = used.filter_map(|one| one.get(format!("{resource}Usage"))?.as_str());
    let most = usage.filter_map(|text| text.rsplit("..").next()?.split('/').next());
    most.filter_map(|most| site.set(Way::Moved, most, None)).collect()
}
