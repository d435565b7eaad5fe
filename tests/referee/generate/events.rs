//! What happens to a cluster.

use super::{Letter, Sketch, pod_of};
use crate::made::{Event, kind, name};
use serde_json::Value;

/// Workloads that can be scaled by hand.
const SCALED: &[&str] = &["Deployment", "Deployment", "ReplicaSet", "StatefulSet"];
/// Workloads whose template may change.
const ROLLED: &[&str] = &["Deployment", "StatefulSet", "DaemonSet"];
/// Workloads that an `apply` of a scenario may change.
const APPLIED: &[&str] = &["Deployment", "Deployment", "StatefulSet"];

pub fn drain(sketch: &mut Sketch) {
    let node = sketch.some_node();
    sketch.made.events.push(Event::Drain { node });
}

pub fn cordon(sketch: &mut Sketch) {
    let node = sketch.some_node();
    sketch.made.events.push(Event::Cordon { node });
}

/// A node takes pods again, if one does not.
pub fn uncordon(sketch: &mut Sketch) {
    let is_closed = |node: &&Value| node["spec"]["unschedulable"] == true;
    let closed = sketch.made.nodes.iter().find(is_closed).map(|node| name(node).to_owned());
    let drained = sketch.made.events.iter().find_map(|event| match event {
        Event::Drain { node } | Event::Cordon { node } => Some(node.clone()),
        _ => None,
    });
    match drained.or(closed) {
        Some(node) => sketch.made.events.push(Event::Uncordon { node }),
        None => drain(sketch),
    }
}

pub fn scale(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(SCALED) else { return drain(sketch) };
    let replicas = sketch.random.within(0, 6);
    let workload = &sketch.made.workloads[one];
    let (kind, name) = (kind(workload).to_owned(), name(workload).to_owned());
    sketch.made.events.push(Event::Scale { kind, name, replicas });
}

pub fn restart(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(ROLLED) else { return drain(sketch) };
    let workload = &sketch.made.workloads[one];
    let (kind, name) = (kind(workload).to_owned(), name(workload).to_owned());
    sketch.made.events.push(Event::Restart { kind, name });
}

/// Another template is applied.
pub fn apply(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(APPLIED) else { return drain(sketch) };
    let cpu = sketch.cpu();
    let change = sketch.random.within(0, 3);
    let mut manifest = sketch.made.workloads[one].clone();
    let pod = pod_of(&mut manifest);
    match change {
        0 => pod["containers"][0]["resources"]["requests"]["cpu"] = cpu,
        1 => pod["nodeSelector"] = serde_json::json!({"disk": "ssd"}),
        // No node has it: the rollout is stuck.
        2 => pod["nodeSelector"] = serde_json::json!({"disk": "none"}),
        _ => pod["containers"][0]["image"] = "registry.example/app:2".into(),
    }
    sketch.made.events.push(Event::Apply { manifest });
}

/// Back to the revision before, if there is one.
pub fn roll_back(sketch: &mut Sketch) {
    let changed = sketch.made.events.iter().find_map(|event| match event {
        Event::Apply { manifest } if kind(manifest) == "Deployment" => Some(name(manifest).to_owned()),
        Event::Restart { kind, name } if kind == "Deployment" => Some(name.clone()),
        _ => None,
    });
    match changed {
        Some(name) => sketch.made.events.push(Event::RollBack { name }),
        None => scale(sketch),
    }
}

/// A new Deployment.
pub fn create(sketch: &mut Sketch) {
    let mut manifest = super::workloads::workload(sketch, "Deployment", "late");
    if let Some(class) = sketch.made.rules.iter().find(|rule| kind(rule) == "PriorityClass") {
        pod_of(&mut manifest)["priorityClassName"] = name(class).into();
    }
    sketch.made.events.push(Event::Create { manifest });
}

pub fn stop(sketch: &mut Sketch) {
    let node = sketch.some_node();
    super::pods::leave_soon(sketch);
    sketch.made.events.push(Event::Stop { node });
}

/// Every event of users, for profiles that have no own.
pub const USERS: &[(i64, Letter)] =
    &[(6, drain), (2, cordon), (2, uncordon), (5, scale), (3, restart), (5, apply), (3, create)];
