//! Taints that pods do not tolerate.

use super::super::Way;
use super::super::catalogue::{Does, Entry, Made, Room, Site, word};
use serde_json::Value;
use std::collections::BTreeSet;

const WHY: &str = "pods without a toleration are kept away or deleted";

const FOREVER: &str = "without a number of seconds the pod stays on such a node forever";

pub(super) const ROOM: Room = Room {
    kinds: &["Pod"],
    telling: &["noOscillation", "schedulable", "converges", "boundedPods"],
    entries: &[
        Entry { path: "spec", does: Does::Made(tolerate), why: WHY },
        Entry { path: "spec.tolerations[*]", does: Does::Made(limited), why: FOREVER },
        Entry {
            path: "spec.tolerations[*].tolerationSeconds",
            does: Does::Number(0, 1_000_000),
            why: "so many seconds later the pod is deleted",
        },
        Entry {
            path: "spec.tolerations[*].tolerationSeconds",
            does: Does::Remove,
            why: "so many seconds later the pod is deleted",
        },
    ],
};

/// A toleration for each taint of a node, a pool or an event.
fn tolerate(site: &Site) -> Vec<Made> {
    let mut taints = BTreeSet::new();
    for sheet in site.sheets {
        taints_of(&sheet.value, &mut taints);
    }
    let tolerated = site.value.get("tolerations").and_then(Value::as_array);
    let knows =
        |key: &str| tolerated.is_some_and(|list| list.iter().any(|one| one.get("key").is_some_and(|one| one == key)));
    let made = |(key, value, effect): &(String, String, String)| {
        let equal =
            if value.is_empty() { "operator: Exists".to_owned() } else { format!("operator: Equal\nvalue: {value:?}") };
        let item = format!("key: {}\n{equal}\neffect: {}", word(key), word(effect));
        let after = format!("toleration of {key}={value}:{effect}");
        if tolerated.is_some() {
            let path = format!("{}.tolerations", site.path);
            let edits = vec![site.sheet.push(&path, &item)?];
            return Some(Made { path, way: Way::Added, before: String::new(), after, edits, number: None });
        }
        let made = site.add(&format!("tolerations:\n- {}", item.replace('\n', "\n  ")))?;
        Some(Made { after, ..made })
    };
    taints.iter().filter(|(key, ..)| !knows(key)).filter_map(made).collect()
}

/// An end for a toleration of a taint that deletes pods; only those may have one.
fn limited(site: &Site) -> Vec<Made> {
    let is_deleting = site.value.get("effect").is_some_and(|effect| effect == "NoExecute");
    if !is_deleting || site.value.get("tolerationSeconds").is_some() {
        return Vec::new();
    }
    ["300", "60"].iter().filter_map(|seconds| site.add(&format!("tolerationSeconds: {seconds}"))).collect()
}

/// Everything below that has a key and an effect of taints.
fn taints_of(value: &Value, taints: &mut BTreeSet<(String, String, String)>) {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    match value {
        Value::Object(map) => {
            if let (Some(key), Some(effect)) = (text("key"), text("effect"))
                && text("operator").is_none()
            {
                taints.insert((key.to_owned(), text("value").unwrap_or_default().to_owned(), effect.to_owned()));
            }
            map.values().for_each(|value| taints_of(value, taints));
        }
        Value::Array(list) => list.iter().for_each(|value| taints_of(value, taints)),
        _ => {}
    }
}
