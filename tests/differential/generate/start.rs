//! Where runs start, how time goes, and the sizes of the search.

use super::{Letter, Sketch};
use serde_json::{Value, json};

pub const LETTERS: &[Letter] = &[place, place, snapshot, assume, bound];

/// What every scenario says.
pub fn add(sketch: &mut Sketch) {
    if !sketch.spec.contains_key("start") {
        let start =
            sketch.one_of(&["empty", "empty", "empty", "empty", "settled", "settled", "any", "any", "arbitrary"]);
        // Pods that are placed somewhere are in no arbitrary place.
        let start = if start == "arbitrary" && sketch.spec.contains_key("placed") { "any" } else { start };
        sketch.spec.insert("start".into(), start.into());
    }
    if sketch.percent(25) {
        let timing = sketch.one_of(&["paced", "delayed", "interleaved"]);
        sketch.spec.insert("timing".into(), timing.into());
    }
    let version = sketch.one_of(&["1.29", "1.30", "1.32", "1.33", "1.33", "1.34", "1.36"]);
    sketch.spec.insert("kubernetesVersion".into(), version.into());
    update_together(sketch);
}

/// May let an update of a StatefulSet replace several pods at once.
fn update_together(sketch: &mut Sketch) {
    let is_rolled = |one: &usize| {
        sketch.kind(*one) == "StatefulSet"
            && sketch.workloads[*one].manifest["spec"]["updateStrategy"]["type"] != "OnDelete"
    };
    let Some(set) = (0..sketch.workloads.len()).find(is_rolled) else { return };
    if sketch.percent(40) {
        let strategy = &mut sketch.workloads[set].manifest["spec"]["updateStrategy"];
        strategy["rollingUpdate"]["maxUnavailable"] = 2.into();
        sketch.spec.insert("featureGates".into(), json!({"MaxUnavailableStatefulSet": true}));
    }
}

const PLACED: &[&str] = &["Deployment", "ReplicaSet", "StatefulSet", "Pod"];

fn placement(sketch: &mut Sketch, phase: &str, pods: Value) -> Option<Value> {
    let one = sketch.some_of(PLACED)?;
    let mut placed = json!({"target": sketch.workloads[one].reference, "pods": pods});
    if phase != "pending" {
        let pools = sketch.pool_names();
        placed["pool"] = sketch.random.pick(&pools).into();
    }
    if phase != "running" {
        placed["phase"] = phase.into();
    }
    Some(placed)
}

/// Pods that are there initially.
fn place(sketch: &mut Sketch) {
    let pods = sketch.one_of(&[json!(1), json!("0..1"), json!(2)]);
    let Some(placed) = placement(sketch, "running", pods) else { return };
    let start = sketch.one_of(&["empty", "any"]);
    sketch.spec.insert("start".into(), start.into());
    sketch.spec.insert("placed".into(), json!([placed]));
}

fn snapshot(sketch: &mut Sketch) {
    let phase = sketch.one_of(&["running", "pending", "scheduled", "terminating"]);
    let Some(placed) = placement(sketch, phase, json!(1)) else { return };
    for pool in &mut sketch.pools {
        if !pool["count"].is_i64() {
            pool["count"] = 2.into();
        }
    }
    sketch.spec.insert("start".into(), "snapshot".into());
    sketch.spec.insert("placed".into(), json!([placed]));
}

fn assume(sketch: &mut Sketch) {
    let mut conditions = vec!["nodes.present >= 1".to_owned(), "capacitySuffices".to_owned()];
    if let Some(one) = sketch.some_of(&["Deployment", "ReplicaSet", "StatefulSet"]) {
        let reference = &sketch.workloads[one].reference;
        conditions.push(format!("replicas('{reference}') <= nodes.present"));
        conditions.push(format!("replicas('{reference}') * 2 <= max(nodes.present, 2) || nodes.present == 1"));
    }
    let condition = sketch.random.pick(&conditions);
    sketch.spec.insert("assume".into(), json!([condition]));
}

fn bound(sketch: &mut Sketch) {
    let bounds = sketch.one_of(&[json!({"nodesPerPool": 2}), json!({"pods": 3}), json!({"podsPerNode": 1})]);
    sketch.spec.insert("bounds".into(), bounds);
}
