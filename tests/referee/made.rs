//! What a trial is made of: a cluster and the events that happen to it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A cluster and its events.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Made {
    /// Nodes.
    pub nodes: Vec<Value>,
    /// Objects that are there before any workload: classes, budgets, quotas, bounds.
    pub rules: Vec<Value>,
    /// Workloads.
    pub workloads: Vec<Value>,
    /// The configuration of the scheduler, where it is not the default.
    #[serde(default)]
    pub scheduler: Option<Value>,
    /// The policy of the descheduler, where there is one.
    #[serde(default)]
    pub descheduler: Option<Value>,
    /// CPU that pods use, by workload, where that matters.
    #[serde(default)]
    pub usage: BTreeMap<String, Usage>,
    /// What happens, one after the other, each after a quiet moment.
    pub events: Vec<Event>,
}

/// Thousandths of a CPU.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Usage {
    /// Each pod uses them.
    Each(i64),
    /// All ready pods together do.
    Shared(i64),
}

impl Usage {
    /// As the stand-in of metrics-server reads it.
    pub fn in_words(self) -> String {
        match self {
            Usage::Each(amount) => format!("{amount}m"),
            Usage::Shared(amount) => format!("load {amount}m"),
        }
    }

    /// As a scenario says it.
    pub fn setting(self) -> (&'static str, Value) {
        match self {
            Usage::Each(amount) => ("cpuUsage", format!("{amount}m").into()),
            Usage::Shared(amount) => ("load", json!({"cpu": format!("{amount}m")})),
        }
    }
}

/// Something that a user does, or a machine.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// `kubectl drain`.
    Drain { node: String },
    /// `kubectl cordon`.
    Cordon { node: String },
    /// `kubectl uncordon`.
    Uncordon { node: String },
    /// `kubectl scale`.
    Scale { kind: String, name: String, replicas: i64 },
    /// `kubectl apply` of another manifest of a workload.
    Apply { manifest: Value },
    /// `kubectl apply` of a new Deployment.
    Create { manifest: Value },
    /// `kubectl rollout restart`.
    Restart { kind: String, name: String },
    /// `kubectl rollout undo`.
    RollBack { name: String },
    /// Each pod of a workload uses so many thousandths of a CPU from now on.
    Use { kind: String, name: String, to: i64 },
    /// A node stops, for good.
    Stop { node: String },
}

impl Event {
    /// The event as a scenario has it, and the file that it reads.
    pub fn in_scenario(&self, number: usize) -> (Value, Option<(String, Value)>) {
        let target = |kind: &str, name: &str| format!("{kind}/default/{name}");
        let file = format!("event-{number}.json");
        let mut body = match self {
            Event::Drain { node } => json!({"drain": {"node": node}}),
            Event::Cordon { node } => json!({"cordon": {"node": node}}),
            Event::Uncordon { node } => json!({"uncordon": {"node": node}}),
            Event::Scale { kind, name, replicas } => {
                json!({"scale": {"target": target(kind, name), "replicas": replicas}})
            }
            Event::Apply { .. } => json!({"apply": {"file": file}}),
            Event::Create { .. } => json!({"createDeployment": {"file": file}}),
            Event::Restart { kind, name } => json!({"rollout": {"target": target(kind, name)}}),
            Event::RollBack { name } => json!({"rollback": {"target": target("Deployment", name)}}),
            Event::Use { kind, name, to } => {
                json!({"cpuChange": {"target": target(kind, name), "to": format!("{to}m")}})
            }
            Event::Stop { node } => json!({"nodeFailure": {"node": node, "recovers": false}}),
        };
        body["id"] = format!("event-{number}").into();
        if number > 0 {
            body["after"] = format!("event-{}", number - 1).into();
        }
        let manifest = match self {
            Event::Apply { manifest } | Event::Create { manifest } => Some((file, manifest.clone())),
            _ => None,
        };
        (body, manifest)
    }

    /// What `kubectl` is told, and what it reads; nothing where a machine acts.
    pub fn in_words(&self) -> Option<(Vec<String>, Option<Value>)> {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        Some(match self {
            Event::Drain { node } => (words(&format!("drain {node} --ignore-daemonsets --delete-emptydir-data")), None),
            Event::Cordon { node } => (words(&format!("cordon {node}")), None),
            Event::Uncordon { node } => (words(&format!("uncordon {node}")), None),
            Event::Scale { kind, name, replicas } => {
                (words(&format!("scale {kind}/{name} --replicas {replicas}")), None)
            }
            Event::Apply { manifest } | Event::Create { manifest } => (words("apply -f -"), Some(manifest.clone())),
            Event::Restart { kind, name } => (words(&format!("rollout restart {kind}/{name}")), None),
            Event::RollBack { name } => (words(&format!("rollout undo Deployment/{name}")), None),
            Event::Use { name, to, .. } => {
                let patch = json!({"data": {name: format!("{to}m")}}).to_string();
                (["patch", "configmap", "usage", "--patch", &patch].map(str::to_owned).to_vec(), None)
            }
            Event::Stop { .. } => return None,
        })
    }
}

impl Made {
    /// Workloads of the start, and those that events create.
    pub fn owners(&self) -> Vec<&Value> {
        let created = self.events.iter().filter_map(|event| match event {
            Event::Create { manifest } => Some(manifest),
            _ => None,
        });
        self.workloads.iter().chain(created).collect()
    }
}

/// The name of an object.
pub fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// The kind of an object.
pub fn kind(object: &Value) -> &str {
    object["kind"].as_str().unwrap_or_default()
}
