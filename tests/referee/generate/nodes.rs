//! Nodes.

use super::{Letter, Sketch, pod_of, push};
use serde_json::json;

/// The key of host names.
pub const HOSTNAME: &str = "kubernetes.io/hostname";
/// The key of zones.
pub const ZONE: &str = "topology.kubernetes.io/zone";

pub const LETTERS: &[Letter] = &[taint, taint, cordon, limit_pods, add_device];

/// Two to four nodes.
pub fn add(sketch: &mut Sketch) {
    for number in 0..sketch.random.within(2, 4) {
        let name = format!("n{number}");
        let mut labels = json!({HOSTNAME: name});
        if sketch.percent(80) {
            labels[ZONE] = sketch.one_of(&["a", "b"]).into();
        }
        if sketch.percent(60) {
            labels["disk"] = sketch.one_of(&["ssd", "hdd"]).into();
        }
        if sketch.percent(20) {
            labels["rank"] = sketch.one_of(&["1", "5"]).into();
        }
        let cpu = if sketch.is_brim {
            format!("{}m", sketch.random.within(900, 2100))
        } else {
            sketch.one_of(&["1", "1500m", "2"]).to_owned()
        };
        let amounts = json!({"cpu": cpu, "memory": sketch.one_of(&["2Gi", "4Gi"]), "pods": "110"});
        sketch.made.nodes.push(json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels},
            "spec": {}, "status": {"allocatable": amounts, "capacity": amounts},
        }));
    }
}

fn some(sketch: &mut Sketch) -> usize {
    sketch.random.within(0, sketch.made.nodes.len() as i64 - 1) as usize
}

fn taint(sketch: &mut Sketch) {
    let effect = sketch.one_of(&["NoSchedule", "PreferNoSchedule", "NoExecute"]);
    let node = some(sketch);
    let taints = &mut sketch.made.nodes[node]["spec"]["taints"];
    if taints.is_null() {
        push(taints, json!({"key": "dedicated", "value": "batch", "effect": effect}));
    }
    if sketch.percent(60) {
        super::pods::tolerate(sketch);
    }
}

fn cordon(sketch: &mut Sketch) {
    let node = some(sketch);
    sketch.made.nodes[node]["spec"]["unschedulable"] = true.into();
}

fn limit_pods(sketch: &mut Sketch) {
    let (node, pods) = (some(sketch), sketch.one_of(&["1", "2", "3"]));
    for amounts in ["allocatable", "capacity"] {
        sketch.made.nodes[node]["status"][amounts]["pods"] = pods.into();
    }
}

/// An extended resource on some nodes, that some workload asks for.
fn add_device(sketch: &mut Sketch) {
    for _ in 0..2 {
        let (node, amount) = (some(sketch), sketch.one_of(&["1", "2"]));
        for amounts in ["allocatable", "capacity"] {
            sketch.made.nodes[node]["status"][amounts]["example.com/gpu"] = amount.into();
        }
    }
    let workload = sketch.some_workload();
    for amounts in ["requests", "limits"] {
        pod_of(&mut sketch.made.workloads[workload])["containers"][0]["resources"][amounts]["example.com/gpu"] =
            "1".into();
    }
}
