//! Volumes that only some nodes reach.

use super::super::Way;
use super::super::catalogue::{Does, Entry, Made, Room, Site, word};
use crate::manifest::edit::Sheet;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const ROOM: Room = Room {
    kinds: &["PersistentVolume"],
    telling: &["schedulable", "converges", "drainCompletes"],
    entries: &[Entry {
        path: "spec.nodeAffinity.required.nodeSelectorTerms[*].matchExpressions[*]",
        does: Does::Made(of_zone),
        why: "only these nodes reach the volume; a disk of one node has to become one that moves with the pod",
    }],
};

const HOST: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

/// The zones of the nodes in the place of their names.
fn of_zone(site: &Site) -> Vec<Made> {
    let text = |key: &str| site.value.get(key).and_then(Value::as_str);
    if text("key") != Some(HOST) || text("operator") != Some("In") {
        return Vec::new();
    }
    let nodes = site.value.get("values").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let zones: Option<BTreeSet<&str>> = nodes.map(|node| zone(node, site.sheets)).collect();
    let Some(zones) = zones.filter(|zones| !zones.is_empty()) else { return Vec::new() };
    let list = zones.into_iter().map(word).collect::<Vec<_>>().join(", ");
    let after = format!("{{key: {ZONE}, operator: In, values: [{list}]}}");
    site.set(Way::Switched, &after, None).into_iter().collect()
}

/// The zone that a node of the input is in, or any of its pool.
fn zone<'a>(node: &str, sheets: &'a [Sheet]) -> Option<&'a str> {
    let zone_in = |labels: Option<&'a Value>| labels?.get(ZONE)?.as_str();
    let is_named =
        |one: &&Sheet| one.kind() == "Node" && one.value.pointer("/metadata/name").is_some_and(|name| name == node);
    if let Some(own) = sheets.iter().find(is_named) {
        return zone_in(own.value.pointer("/metadata/labels"));
    }
    let mut pools = sheets.iter().filter_map(|one| one.value.pointer("/spec/nodes")?.as_array()).flatten();
    let is_of = |pool: &&Value| {
        let name = pool.get("name").and_then(Value::as_str);
        name.and_then(|name| node.strip_prefix(name)?.strip_prefix('-'))
            .is_some_and(|number| number.parse::<usize>().is_ok())
    };
    zone_in(pools.find(is_of)?.pointer("/template/labels"))
}
