//! What is seen of a real cluster: whether it is quiet, and where its pods are.

use crate::http::Server;
use crate::made::{Made, kind, name};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Result;

/// Lists that have to stay the same while a cluster is quiet.
const LISTS: &[&str] = &[
    "/api/v1/namespaces/default/pods",
    "/api/v1/nodes",
    "/api/v1/namespaces/default/resourcequotas",
    "/api/v1/namespaces/default/limitranges",
    "/apis/apps/v1/namespaces/default/deployments",
    "/apis/apps/v1/namespaces/default/replicasets",
    "/apis/apps/v1/namespaces/default/statefulsets",
    "/apis/apps/v1/namespaces/default/daemonsets",
    "/apis/batch/v1/namespaces/default/jobs",
    "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
];

/// A cluster at a moment.
pub struct Snapshot {
    pods: Vec<Value>,
    nodes: Vec<Value>,
    /// Quotas, bounds, workloads and budgets.
    others: Vec<Value>,
}

/// Pods of an owner on a node: ones that run, wait or start, or ones that end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub owner: String,
    /// Empty where pods have none.
    pub node: String,
    pub is_terminating: bool,
}

/// Where the pods are, and what else a question is about.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Placement {
    pub pods: BTreeMap<Place, i64>,
    /// Nodes that take no pods.
    closed: BTreeSet<String>,
    /// Nodes that have stopped.
    stopped: BTreeSet<String>,
    /// `spec.replicas` of Deployments and bare ReplicaSets.
    replicas: BTreeMap<String, i64>,
}

fn has_condition(object: &Value, kind: &str, status: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    conditions.iter().any(|one| one["type"] == kind && one["status"] == status)
}

/// Whether a pod has succeeded or failed.
pub fn has_ended(pod: &Value) -> bool {
    pod["status"]["phase"] == "Succeeded" || pod["status"]["phase"] == "Failed"
}

/// The node of a pod; empty if it has none.
pub fn node_of(pod: &Value) -> &str {
    pod["spec"]["nodeName"].as_str().unwrap_or_default()
}

/// Whether a pod is being deleted.
pub fn is_terminating(pod: &Value) -> bool {
    !pod["metadata"]["deletionTimestamp"].is_null()
}

/// The name and kind of what controls an object.
pub fn controller(object: &Value) -> Option<(&str, &str)> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    Some((owner["name"].as_str()?, owner["kind"].as_str()?))
}

impl Snapshot {
    /// Asks the server.
    pub fn take(server: &Server) -> Result<Self> {
        let mut lists = LISTS.iter().map(|path| server.list(path)).collect::<Result<Vec<_>>>()?.into_iter();
        let mut next = || lists.next().unwrap_or_default();
        Ok(Self { pods: next(), nodes: next(), others: lists.flatten().collect() })
    }

    /// Equal as long as nothing but heartbeats changes.
    pub fn signature(&self) -> Vec<String> {
        let version = |object: &Value| format!("{} {}", name(object), object["metadata"]["resourceVersion"]);
        let of_node =
            |node: &Value| format!("{} {} {}", name(node), node["spec"], has_condition(node, "Ready", "True"));
        self.pods.iter().chain(&self.others).map(version).chain(self.nodes.iter().map(of_node)).collect()
    }

    /// What still has to happen, whatever the clock says.
    pub fn unrest(&self, stopped: &BTreeSet<String>) -> Option<String> {
        let pods = self.pods.iter().filter(|pod| !stopped.contains(node_of(pod)));
        for pod in pods {
            let waits = has_condition(pod, "PodScheduled", "False");
            let runs = has_ended(pod) || pod["status"]["phase"] == "Running" && has_condition(pod, "Ready", "True");
            if is_terminating(pod) {
                return Some(format!("{} ends", name(pod)));
            }
            if !(if node_of(pod).is_empty() { waits } else { runs }) {
                return Some(format!("{} starts", name(pod)));
            }
        }
        // Quotas and bounds may refuse pods.
        let refuses = |one: &Value| one["spec"]["hard"].is_object() || one["spec"]["limits"].is_array();
        let may_refuse = self.others.iter().any(refuses);
        for one in &self.others {
            if let Some(unrest) = workload_unrest(one, may_refuse) {
                return Some(unrest);
            }
        }
        self.nodes.iter().find_map(node_unrest)
    }

    /// Where the pods are.
    pub fn placement(&self, made: &Made) -> Placement {
        let mut placement = Placement::default();
        let deployed: BTreeMap<&str, &str> = self
            .others
            .iter()
            .filter_map(|one| {
                controller(one).filter(|(_, kind)| *kind == "Deployment").map(|(owner, _)| (name(one), owner))
            })
            .collect();
        for pod in self.pods.iter().filter(|pod| !has_ended(pod)) {
            let Some((owner, owner_kind)) = controller(pod) else { continue };
            let node = node_of(pod).to_owned();
            // The model has no pods of DaemonSets that wait.
            if owner_kind == "DaemonSet" && node.is_empty() {
                continue;
            }
            let owner = deployed.get(owner).copied().unwrap_or(owner).to_owned();
            *placement.pods.entry(Place { owner, node, is_terminating: is_terminating(pod) }).or_default() += 1;
        }
        for node in &self.nodes {
            if node["spec"]["unschedulable"] == true {
                placement.closed.insert(name(node).to_owned());
            }
            if !has_condition(node, "Ready", "True") {
                placement.stopped.insert(name(node).to_owned());
            }
        }
        for owner in made.owners().into_iter().filter(|one| ["Deployment", "ReplicaSet"].contains(&kind(one))) {
            let is_it = |one: &&Value| name(one) == name(owner) && one["spec"]["replicas"].is_number();
            if let Some(replicas) = self.others.iter().find(is_it).and_then(|one| one["spec"]["replicas"].as_i64()) {
                placement.replicas.insert(name(owner).to_owned(), replicas);
            }
        }
        placement
    }

    /// Whether nodes are ready for pods, and quotas for requests.
    pub fn is_ready(&self) -> bool {
        self.nodes.iter().all(|node| has_condition(node, "Ready", "True") && node_unrest(node).is_none())
            && self.others.iter().all(|one| !one["spec"]["hard"].is_object() || one["status"]["hard"].is_object())
    }

    /// Whether some pod waits for a node, of a DaemonSet or another one.
    pub fn has_pods_without_node(&self) -> bool {
        self.pods.iter().any(|pod| node_of(pod).is_empty())
    }

    /// Whether no pod and no workload is left.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty() && self.others.is_empty()
    }

    /// Names of nodes that are there.
    pub fn node_names(&self) -> Vec<String> {
        self.nodes.iter().map(|node| name(node).to_owned()).collect()
    }
}

/// What a controller of pods still has to do.
fn workload_unrest(one: &Value, may_refuse: bool) -> Option<String> {
    let seen = &one["status"]["observedGeneration"];
    if seen.is_number() && *seen != one["metadata"]["generation"] {
        return Some(format!("{} is not seen", name(one)));
    }
    let count = |key: &str| one["status"][key].as_i64().unwrap_or_default();
    let is_replica_set = controller(one).is_some_and(|(_, kind)| kind == "Deployment");
    if is_replica_set && one["spec"]["replicas"] != count("replicas") && !has_condition(one, "ReplicaFailure", "True") {
        return Some(format!("{} has {} pods", name(one), count("replicas")));
    }
    // A Job waits ten seconds and more before it replaces a pod that failed.
    let parallelism = one["spec"]["parallelism"].as_i64()?;
    let left = one["spec"]["completions"].as_i64().map_or(parallelism, |all| all - count("succeeded"));
    let ends = ["Complete", "Failed"].iter().any(|kind| has_condition(one, kind, "True"));
    let is_short = !ends && !may_refuse && count("active") < parallelism.min(left) && count("terminating") == 0;
    is_short.then(|| format!("{} waits", name(one)))
}

/// Taints of the control plane that come, or go, with what the node is.
fn node_unrest(node: &Value) -> Option<String> {
    let taints = node["spec"]["taints"].as_array().map(Vec::as_slice).unwrap_or_default();
    let has = |key: &str| taints.iter().any(|taint| taint["key"] == key);
    let is_ready = has_condition(node, "Ready", "True");
    let is_late = has("node.kubernetes.io/unschedulable") != (node["spec"]["unschedulable"] == true)
        || is_ready && (has("node.kubernetes.io/not-ready") || has("node.kubernetes.io/unreachable"));
    is_late.then(|| format!("{} is tainted or not", name(node)))
}

impl Placement {
    /// The condition that the pods are there, in the words of an intent.
    pub fn condition(&self, made: &Made, events: usize) -> String {
        let mut parts = vec!["settled".to_owned()];
        let known = Made { events: made.events[..events].to_vec(), ..made.clone() };
        for owner in known.owners() {
            let called = name(owner);
            let nodes = known.nodes.iter().map(name).chain((kind(owner) != "DaemonSet").then_some(""));
            for node in nodes {
                let count = |is_terminating: bool| {
                    let place = Place { owner: called.to_owned(), node: node.to_owned(), is_terminating };
                    self.pods.get(&place).copied().unwrap_or_default()
                };
                let of = |sign: &str, count: i64| {
                    format!(
                        "pods.filter(p, p.owner == '{called}' && p.node == '{node}' && p.phase {sign} 'terminating').size() == {count}"
                    )
                };
                parts.push(of("!=", count(false)));
                if !node.is_empty() {
                    parts.push(of("==", count(true)));
                }
            }
            if let Some(replicas) = self.replicas.get(called) {
                parts.push(format!("workloads['{called}'].spec.replicas == {replicas}"));
            }
        }
        for node in known.nodes.iter().map(name) {
            let closed = if self.closed.contains(node) { "!" } else { "" };
            let stopped = if self.stopped.contains(node) { "!" } else { "" };
            parts.push(format!("nodes.exists(n, n.name == '{node}' && {closed}n.schedulable && {stopped}n.ready)"));
        }
        format!("!({})", parts.join(" && "))
    }

    /// Readable, for records.
    pub fn in_words(&self) -> Value {
        let mut words = BTreeMap::new();
        for (place, count) in &self.pods {
            let node = if place.node.is_empty() { "-" } else { &place.node };
            let ending = if place.is_terminating { " (terminating)" } else { "" };
            words.insert(format!("{}@{node}{ending}", place.owner), *count);
        }
        json!({"pods": words, "closed": self.closed, "stopped": self.stopped, "replicas": self.replicas})
    }
}

impl Serialize for Placement {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.in_words().serialize(serializer)
    }
}
