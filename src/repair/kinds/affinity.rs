//! What ties pods to nodes and to each other.

use super::super::Way;
use super::super::catalogue::{Does, Entry, Made, Room, Site, word};
use std::collections::BTreeSet;

const TOGETHER: &str = "which nodes are one place";
const OLD: &str = "pods of the old revision count as well";
const PINNED: &str = "passes by the scheduler; a full node refuses the pod";

pub(super) const ROOM: Room = Room {
    kinds: &["Pod"],
    telling: &["rolloutCompletes", "noOscillation", "schedulable", "boundedPods", "placement"],
    entries: &[
        Entry {
            path: "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[*]",
            does: Does::Add("matchLabelKeys", &["[pod-template-hash]"]),
            why: OLD,
        },
        Entry { path: "spec.nodeName", does: Does::Made(selected), why: PINNED },
        Entry { path: "spec.nodeName", does: Does::Remove, why: PINNED },
        Entry {
            path: "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[*].topologyKey",
            does: Does::Made(other_key),
            why: TOGETHER,
        },
        Entry {
            path: "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[*].topologyKey",
            does: Does::Made(other_key),
            why: TOGETHER,
        },
        Entry {
            path: "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution",
            does: Does::Made(preferred),
            why: "these pods wait for a place of their own",
        },
        Entry {
            path: "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution",
            does: Does::Made(preferred),
            why: "pods wait for a place beside others",
        },
        Entry { path: "spec.nodeSelector", does: Does::Remove, why: "pods wait for nodes with these labels" },
    ],
};

/// Keys by which nodes of the input are labelled.
fn keys(site: &Site) -> BTreeSet<String> {
    let pools = site.sheets.iter().flat_map(|one| one.value.pointer("/spec/nodes").and_then(|one| one.as_array()));
    let templates = pools.flatten().filter_map(|pool| pool.pointer("/template/labels"));
    let nodes = site.sheets.iter().filter(|one| one.kind() == "Node");
    let labels = nodes.filter_map(|node| node.value.pointer("/metadata/labels")).chain(templates);
    let keys = labels.filter_map(|labels| labels.as_object()).flat_map(|labels| labels.keys().cloned());
    keys.chain(["kubernetes.io/hostname".to_owned()])
        .filter(|key| key.starts_with("topology.") || key.ends_with("hostname"))
        .collect()
}

fn other_key(site: &Site) -> Vec<Made> {
    keys(site).iter().rev().filter_map(|key| site.set(Way::Switched, &word(key), None)).collect()
}

/// The scheduler finds the node, and waits where it has no room.
fn selected(site: &Site) -> Vec<Made> {
    let has_selector = site.sheet.value.pointer(&parent_pointer(&site.path, "nodeSelector")).is_some();
    let Some(node) = site.value.as_str().filter(|_| !has_selector) else { return Vec::new() };
    site.reword(&format!("nodeSelector: {{kubernetes.io/hostname: {}}}", word(node))).into_iter().collect()
}

fn parent_pointer(path: &str, key: &str) -> String {
    let mut parts: Vec<&str> = path.split('.').collect();
    parts.pop();
    parts.push(key);
    format!("/{}", parts.join("/"))
}

/// The same terms as wishes.
fn preferred(site: &Site) -> Vec<Made> {
    let is_plain = |terms: &Vec<serde_json::Value>| terms.len() == 1;
    let Some(terms) = site.value.as_array().filter(|terms| is_plain(terms)) else { return Vec::new() };
    let Ok(term) = serde_json::to_string(&terms[0]) else { return Vec::new() };
    let key = "preferredDuringSchedulingIgnoredDuringExecution";
    let line = format!("{key}: [{{weight: 100, podAffinityTerm: {term}}}]");
    let made = site.reword(&line);
    let shorter = |made: Made| Made { before: "required".into(), after: "preferred".into(), ..made };
    made.map(shorter).into_iter().collect()
}
