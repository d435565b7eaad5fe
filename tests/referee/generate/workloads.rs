//! Workloads, and how they replace their pods.

use super::{Letter, Sketch};
use serde_json::{Value, json};

/// Names of workloads, in their order.
const NAMES: &[&str] = &["web", "api", "db"];

pub const LETTERS: &[Letter] = &[replace_otherwise, replace_otherwise, wait_for_availability];

/// A workload of a kind.
pub fn add(sketch: &mut Sketch, kind: &str) {
    let name = NAMES[sketch.made.workloads.len()];
    let made = workload(sketch, kind, name);
    sketch.made.workloads.push(made);
}

/// A workload of a kind with a name.
pub fn workload(sketch: &mut Sketch, kind: &str, name: &str) -> Value {
    let labels = json!({"app": name});
    let mut requests = json!({});
    if sketch.percent(90) {
        requests["cpu"] = sketch.cpu();
    }
    if sketch.percent(25) {
        requests["memory"] = sketch.one_of(&["512Mi", "1Gi"]).into();
    }
    let container = json!({"name": "app", "image": "registry.example/app:1", "resources": {"requests": requests}});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [container]}});
    let mut spec = json!({"template": template});
    if kind != "Job" {
        spec["selector"] = json!({"matchLabels": labels});
    }
    match kind {
        "Job" => run_to_the_end(sketch, &mut spec),
        "DaemonSet" => update_daemons(sketch, &mut spec),
        _ => spec["replicas"] = sketch.one_of(&[1, 2, 2, 3, 3, 4, 5]).into(),
    }
    if kind == "StatefulSet" {
        order(sketch, &mut spec);
    }
    let version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "default"}, "spec": spec})
}

fn run_to_the_end(sketch: &mut Sketch, spec: &mut Value) {
    spec["template"]["spec"]["restartPolicy"] = "Never".into();
    spec["backoffLimit"] = sketch.one_of(&[0, 3, 6]).into();
    spec["parallelism"] = sketch.one_of(&[1, 2, 3]).into();
    if sketch.percent(70) {
        spec["completions"] = sketch.one_of(&[1, 2, 3, 4]).into();
        if sketch.percent(30) {
            spec["completionMode"] = "Indexed".into();
        }
    }
    if sketch.percent(20) {
        spec["podReplacementPolicy"] = "Failed".into();
    }
}

fn update_daemons(sketch: &mut Sketch, spec: &mut Value) {
    spec["updateStrategy"] = sketch.one_of(&[
        json!({"type": "RollingUpdate"}),
        json!({"type": "OnDelete"}),
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}}),
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "50%"}}),
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}),
    ]);
}

fn order(sketch: &mut Sketch, spec: &mut Value) {
    spec["serviceName"] = "none".into();
    if sketch.percent(50) {
        spec["podManagementPolicy"] = "Parallel".into();
    }
    if sketch.percent(20) {
        spec["updateStrategy"] = json!({"type": "OnDelete"});
    } else if sketch.percent(20) {
        spec["updateStrategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}});
    }
    if sketch.percent(15) {
        spec["ordinals"] = json!({"start": 1});
    }
}

fn replace_otherwise(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(&["Deployment"]) else { return };
    let amounts = [json!(0), json!(1), json!(2), json!("25%"), json!("50%"), json!("100%")];
    let (surge, mut unavailable) = (sketch.one_of(&amounts), sketch.one_of(&amounts));
    if surge == json!(0) && unavailable == json!(0) {
        unavailable = json!(1);
    }
    sketch.made.workloads[one]["spec"]["strategy"] = if sketch.percent(25) {
        json!({"type": "Recreate"})
    } else {
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}})
    };
}

fn wait_for_availability(sketch: &mut Sketch) {
    let seconds = sketch.one_of(&[1, 2]);
    if let Some(one) = sketch.some_of(&["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"]) {
        sketch.made.workloads[one]["spec"]["minReadySeconds"] = seconds.into();
    }
}
