//! Events of every kind, and controllers of the scenario.

use super::nodes::ZONE;
use super::{Letter, Size, Sketch, Written, pod_of};
use serde_json::{Map, Value, json};

pub const LETTERS: &[Letter] = &[
    change_cpu,
    fail_node,
    fail_node,
    maintain,
    drain,
    drain,
    cordon,
    uncordon,
    relabel,
    relabel,
    apply,
    change_template,
    restart,
    roll_back,
    scale,
    scale,
    create,
    panic,
    press_memory,
    heal,
    operate,
];

const SCALED: &[&str] = &["Deployment", "ReplicaSet", "StatefulSet"];

/// Adds an event with what every event may say.
pub fn happen(sketch: &mut Sketch, name: &str, body: Value) {
    let mut event = json!({name: body});
    event["id"] = format!("event-{}", sketch.events.len() + 1).into();
    if sketch.percent(25) {
        event["must"] = true.into();
    }
    if sketch.percent(20) {
        event["times"] = 2.into();
    }
    if sketch.percent(40)
        && let Some(last) = sketch.events.last()
    {
        event["after"] = last["id"].clone();
    }
    sketch.events.push(event);
}

/// Adds a controller of the scenario.
fn act(sketch: &mut Sketch, name: &str, body: Value) {
    let controllers = sketch.spec.entry("controllers").or_insert_with(|| json!([]));
    let is_there = controllers.as_array().is_some_and(|all| all.iter().any(|one| one.get(name).is_some()));
    if !is_there {
        super::push(controllers, json!({name: body, "id": name}));
    }
}

/// Adds operations, which are done one after the other.
fn operate(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(SCALED) else { return };
    let replicas = sketch.one_of(&["0", "1", "3", "1..2"]);
    let mut first = json!({"scale": {"target": target(sketch, one), "replicas": replicas}});
    if sketch.percent(50) {
        first["when"] = "any".into();
    }
    let mut operations = vec![first];
    match sketch.random.within(0, 3) {
        0 => operations.push(json!({"restore": {}})),
        1 => operations.push(json!({"cordon": {}, "when": "any"})),
        2 => operations.push(json!({"relabel": {"set": {"tier": "fast"}}})),
        _ => {}
    }
    sketch.spec.insert("operations".into(), operations.into());
}

fn target(sketch: &Sketch, workload: usize) -> Value {
    sketch.workloads[workload].reference.clone().into()
}

fn change_cpu(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(SCALED) else { return };
    let to = sketch.one_of(&["400m", "100m..400m/300m"]);
    let target = target(sketch, one);
    happen(sketch, "cpuChange", json!({"target": target, "to": to}));
}

/// A node stops.
pub fn fail_node(sketch: &mut Sketch) {
    let mut body = json!({});
    match sketch.random.within(0, 2) {
        0 => body["pool"] = sketch.random.pick(&sketch.pool_names()).into(),
        1 => body["node"] = sketch.some_node().into(),
        _ => {}
    }
    if sketch.percent(50) {
        body["recovers"] = false.into();
    }
    happen(sketch, "nodeFailure", body);
}

/// Nodes are emptied and put back.
pub fn maintain(sketch: &mut Sketch) {
    let mut body = json!({"atOnce": sketch.one_of(&[1, 1, 2])});
    if sketch.percent(40) {
        body["pools"] = json!([sketch.random.pick(&sketch.pool_names())]);
    }
    happen(sketch, "maintenance", body);
}

fn some_node_or_any(sketch: &mut Sketch) -> Value {
    if sketch.percent(50) { json!({"node": sketch.some_node()}) } else { json!({}) }
}

/// `kubectl drain`.
pub fn drain(sketch: &mut Sketch) {
    let mut body = some_node_or_any(sketch);
    if sketch.percent(50) {
        body["uncordon"] = true.into();
    }
    happen(sketch, "drain", body);
}

fn cordon(sketch: &mut Sketch) {
    let body = some_node_or_any(sketch);
    happen(sketch, "cordon", body);
}

fn uncordon(sketch: &mut Sketch) {
    cordon(sketch);
    let body = some_node_or_any(sketch);
    happen(sketch, "uncordon", body);
}

/// Labels of nodes become those of others, or go.
fn relabel(sketch: &mut Sketch) {
    let mut body = match sketch.random.within(0, 2) {
        0 => json!({}),
        1 => json!({"node": sketch.some_node()}),
        _ => json!({"pool": sketch.random.pick(&sketch.pool_names())}),
    };
    let key = sketch.one_of(&["tier", "tier", ZONE, ZONE, "rank"]);
    if sketch.percent(70) {
        let value = match key {
            "tier" => sketch.one_of(&["fast", "slow"]),
            ZONE => sketch.one_of(&["a", "b", "c"]),
            _ => sketch.one_of(&["1", "5"]),
        };
        body["set"] = json!({key: value});
    } else {
        body["remove"] = json!([key]);
    }
    happen(sketch, "relabel", body);
}

/// The manifest of a workload is applied, with other replicas.
fn apply(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(SCALED) else { return };
    let mut manifest = sketch.workloads[one].manifest.clone();
    if let Some(replicas) = sketch.one_of(&[None, Some(1), Some(2), Some(3)]) {
        manifest["spec"]["replicas"] = replicas.into();
    }
    if sketch.percent(15) && sketch.kind(one) == "Deployment" {
        manifest["spec"]["paused"] = true.into();
    }
    apply_manifest(sketch, manifest);
}

fn apply_manifest(sketch: &mut Sketch, manifest: Value) {
    let file = format!("applied-{}.yaml", sketch.files.len() + 1);
    let mut body = json!({"file": file});
    if sketch.percent(40) {
        body["mode"] = "server-side".into();
    }
    sketch.files.push((file, manifest));
    happen(sketch, "apply", body);
}

/// Another template is applied.
pub fn change_template(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(&["Deployment", "Deployment", "StatefulSet", "DaemonSet"]) else { return };
    if sketch.size == Size::Large {
        return;
    }
    let mut manifest = sketch.workloads[one].manifest.clone();
    let pod = pod_of(&mut manifest);
    match sketch.random.within(0, 2) {
        0 => pod["containers"][0]["resources"]["requests"]["cpu"] = "1".into(),
        1 => pod["nodeSelector"] = json!({"tier": "fast"}),
        _ => pod["containers"][0]["image"] = "registry.example/app:2".into(),
    }
    apply_manifest(sketch, manifest);
}

fn restart(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(&["Deployment", "StatefulSet", "DaemonSet"]) else { return };
    let target = target(sketch, one);
    happen(sketch, "rollout", json!({"target": target}));
}

fn roll_back(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(&["Deployment"]) else { return };
    if sketch.percent(70) {
        change_template(sketch);
    }
    let target = target(sketch, one);
    happen(sketch, "rollback", json!({"target": target}));
}

fn scale(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(SCALED) else { return };
    let replicas = sketch.one_of(&[json!(0), json!(1), json!(2), json!(3), json!("1..3")]);
    let target = target(sketch, one);
    happen(sketch, "scale", json!({"target": target, "replicas": replicas}));
}

/// A Deployment that an event brings into being.
fn create(sketch: &mut Sketch) {
    if sketch.workloads.iter().any(|other| other.is_created) {
        return;
    }
    let container = json!({
        "name": "app", "image": "registry.example/app:1", "resources": {"requests": {"cpu": "500m"}},
    });
    let labels = json!({"app": "late"});
    let replicas = sketch.one_of(&[1, 1, 2]);
    let manifest = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "late", "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    });
    sketch.files.push(("late.yaml".into(), manifest.clone()));
    let reference = "Deployment/default/late".to_owned();
    sketch.workloads.push(Written { reference, manifest, settings: Map::new(), is_created: true });
    happen(sketch, "createDeployment", json!({"file": "late.yaml"}));
}

fn panic(sketch: &mut Sketch) {
    let share = sketch.one_of(&["10%", "40%"]);
    act(sketch, "kernelPanic", json!({"cpuLeftBelow": share}));
}

fn press_memory(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let usage = sketch.one_of(&["512Mi", "1536Mi", "3Gi"]);
    sketch.workloads[one].settings.insert("memoryUsage".into(), usage.into());
    act(sketch, "memoryPressure", json!({}));
}

/// GitOps, and something that it undoes.
fn heal(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(SCALED) else { return };
    let target = target(sketch, one);
    let every = sketch.one_of(&["60s", "3m"]);
    act(sketch, "selfHeal", json!({"target": target, "every": every}));
    if sketch.percent(50) {
        let replicas = sketch.one_of(&[1, 2]);
        happen(sketch, "scale", json!({"target": target, "replicas": replicas}));
    }
}
