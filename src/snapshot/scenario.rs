//! The scenario beside the manifests of a snapshot.

use super::pods::Placed;
use super::{list, namespace, text, yaml};
use crate::manifest::KUBERNETES;
use serde_json::{Map, Value, json};

/// The text of the scenario, and what it does not say.
pub(super) fn write(objects: &[Value], placed: &[Placed]) -> (String, Vec<String>) {
    let mut notes = Vec::new();
    let mut spec = Map::new();
    if let Some(version) = version(objects, &mut notes) {
        spec.insert("kubernetesVersion".into(), version.into());
    }
    spec.insert("start".into(), "snapshot".into());
    let entries: Vec<Value> = placed.iter().map(entry).collect();
    spec.insert("placed".into(), entries.into());
    let workloads = usage(objects);
    if !workloads.is_empty() {
        spec.insert("workloads".into(), workloads.into());
    }
    let scenario = json!({
        "apiVersion": "kubound.dev/v1alpha1",
        "kind": "Scenario",
        "metadata": {"name": "snapshot"},
        "spec": spec,
    });
    let told = "# Written by `kubound snapshot`. Runs start with the pods that were there; `cpuUsage` and `memoryUsage` are what\n\
                # autoscalers saw. What may happen next is what is likely, as far as a search of seconds goes.\n";
    (format!("{told}{}", yaml::write(&scenario)), notes)
}

fn entry(placed: &Placed) -> Value {
    let mut entry = json!({"target": placed.target, "pods": placed.pods, "phase": placed.phase.name()});
    if !placed.node.is_empty() {
        entry["pool"] = placed.node.as_str().into();
    }
    entry
}

/// The release of the oldest kubelet, as far as its rules are known.
fn version(objects: &[Value], notes: &mut Vec<String>) -> Option<String> {
    let minors = objects.iter().filter_map(|object| {
        let version = text(object, &["status", "nodeInfo", "kubeletVersion"]).strip_prefix("v1.")?;
        version.split('.').next()?.parse::<u32>().ok()
    });
    let minor = minors.min()?;
    let known = minor.clamp(*KUBERNETES.start(), *KUBERNETES.end());
    if known != minor {
        notes.push(format!(
            "the cluster runs Kubernetes 1.{minor}; the nearest rules that are known are those of 1.{known}"
        ));
    }
    Some(format!("1.{known}"))
}

/// What the pods of workloads with an autoscaler use, by what the autoscaler saw last.
fn usage(objects: &[Value]) -> Vec<Value> {
    let mut workloads = Vec::new();
    for hpa in objects.iter().filter(|object| text(object, &["kind"]) == "HorizontalPodAutoscaler") {
        let target = ["kind", "name"].map(|key| text(hpa, &["spec", "scaleTargetRef", key]));
        let mut entry = json!({"target": format!("{}/{}/{}", target[0], namespace(hpa), target[1])});
        for metric in list(hpa, &["status", "currentMetrics"]) {
            let key = match text(metric, &["resource", "name"]) {
                "cpu" => "cpuUsage",
                "memory" => "memoryUsage",
                _ => continue,
            };
            let value = text(metric, &["resource", "current", "averageValue"]);
            if !value.is_empty() {
                entry[key] = value.into();
            }
        }
        let is_there = objects.iter().any(|object| {
            text(object, &["kind"]) == target[0]
                && namespace(object) == namespace(hpa)
                && text(object, &["metadata", "name"]) == target[1]
        });
        let is_new = workloads.iter().all(|other: &Value| other["target"] != entry["target"]);
        if is_there && is_new && entry.as_object().is_some_and(|entry| entry.len() > 1) {
            workloads.push(entry);
        }
    }
    workloads
}
