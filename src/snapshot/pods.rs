//! Pods as numbers: of which workload, on which node, how far they have come.

use super::{at, list, namespace, owner, text};
use crate::text::plural;
use kubound_encodings::cluster::PlacedPhase;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Pods of a workload that are alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Placed {
    /// `Kind/namespace/name`.
    pub(super) target: String,
    /// Node; empty for pending pods.
    pub(super) node: String,
    pub(super) phase: PlacedPhase,
    pub(super) pods: i64,
}

/// All pods of a cluster.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) placed: Vec<Placed>,
    pub(super) notes: Vec<String>,
}

/// Counts them.
pub(super) fn count(objects: &[Value]) -> Counted {
    let of_kind = |kind: &'static str| objects.iter().filter(move |object| text(object, &["kind"]) == kind);
    let nodes: BTreeSet<&str> = of_kind("Node").map(|node| text(node, &["metadata", "name"])).collect();
    let mut workloads: BTreeSet<String> = BTreeSet::new();
    let mut sets: BTreeMap<(&str, &str), String> = BTreeMap::new();
    for deployment in of_kind("Deployment") {
        workloads.insert(reference("Deployment", deployment));
    }
    for set in of_kind("StatefulSet") {
        workloads.insert(reference("StatefulSet", set));
    }
    for set in of_kind("ReplicaSet") {
        let target = match owner(set) {
            Some(("Deployment", name)) => format!("Deployment/{}/{name}", namespace(set)),
            _ => reference("ReplicaSet", set),
        };
        workloads.insert(target.clone());
        sets.insert((namespace(set), text(set, &["metadata", "name"])), target);
    }
    let mut placed: BTreeMap<(String, String, PlacedPhase), i64> = BTreeMap::new();
    let (mut ended, mut elsewhere) = (0, 0);
    let mut others: BTreeMap<String, i64> = BTreeMap::new();
    for pod in of_kind("Pod") {
        if ["Succeeded", "Failed"].contains(&text(pod, &["status", "phase"])) {
            ended += 1;
            continue;
        }
        let target = workload_of(pod, &sets, &workloads);
        let node = text(pod, &["spec", "nodeName"]);
        let Some(target) = target else {
            let kind = owner(pod).map_or("nobody", |(kind, _)| kind);
            *others.entry(kind.to_owned()).or_default() += 1;
            continue;
        };
        let is_deleted = at(pod, &["metadata", "deletionTimestamp"]).is_some_and(|time| !time.is_null());
        let phase = match (node.is_empty(), is_deleted) {
            // Nothing holds a pod without a node once it is deleted.
            (true, true) => continue,
            (true, false) => PlacedPhase::Pending,
            (false, true) => PlacedPhase::Terminating,
            (false, false) if is_ready(pod) => PlacedPhase::Running,
            (false, false) => PlacedPhase::Scheduled,
        };
        if !node.is_empty() && !nodes.contains(node) {
            elsewhere += 1;
            continue;
        }
        *placed.entry((target, node.to_owned(), phase)).or_default() += 1;
    }
    let mut notes = Vec::new();
    if ended > 0 {
        notes.push(format!("left out: {} that ended", plural(ended, "pod")));
    }
    if elsewhere > 0 {
        notes.push(format!("left out: {} on nodes that are not in the dump", plural(elsewhere, "pod")));
    }
    for (kind, pods) in others {
        let why = if kind == "DaemonSet" { "the model makes them anew" } else { "the model gives them no room" };
        notes.push(format!("left out: {} of {kind}; {why}", plural(pods, "pod")));
    }
    let placed = placed.into_iter().map(|((target, node, phase), pods)| Placed { target, node, phase, pods }).collect();
    Counted { placed, notes }
}

fn reference(kind: &str, object: &Value) -> String {
    format!("{kind}/{}/{}", namespace(object), text(object, &["metadata", "name"]))
}

/// The workload that a pod belongs to, if there is one.
fn workload_of(pod: &Value, sets: &BTreeMap<(&str, &str), String>, workloads: &BTreeSet<String>) -> Option<String> {
    let set = match owner(pod)? {
        ("ReplicaSet", set) => set,
        ("StatefulSet", set) => {
            let target = format!("StatefulSet/{}/{set}", namespace(pod));
            return Some(target).filter(|target| workloads.contains(target));
        }
        _ => return None,
    };
    if let Some(target) = sets.get(&(namespace(pod), set)) {
        return Some(target.clone()).filter(|target| workloads.contains(target));
    }
    // A dump without ReplicaSets: their names are that of the Deployment and the hash of the template.
    let hash = text(pod, &["metadata", "labels", "pod-template-hash"]);
    let name = set.strip_suffix(hash)?.strip_suffix('-')?;
    Some(format!("Deployment/{}/{name}", namespace(pod))).filter(|target| workloads.contains(target))
}

fn is_ready(pod: &Value) -> bool {
    list(pod, &["status", "conditions"])
        .iter()
        .any(|one| text(one, &["type"]) == "Ready" && text(one, &["status"]) == "True")
}
