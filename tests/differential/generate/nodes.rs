//! Nodes.

use super::{Letter, Size, Sketch, push};
use serde_json::{Value, json};

/// The key of zones.
pub const ZONE: &str = "topology.kubernetes.io/zone";
/// The key of host names.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// One or two pools.
pub fn add(sketch: &mut Sketch) {
    let pools = if sketch.percent(65) { 1 } else { 2 };
    for number in 0..pools {
        let counts: &[Value] = match (sketch.size, pools) {
            (Size::Large, 1) => &[json!("1..4"), json!(4), json!("2..4"), json!("0..4")],
            (Size::Large, _) => &[json!(1), json!(2), json!("1..2")],
            (Size::Medium, 1) => &[json!(3), json!(3), json!("2..3"), json!("1..3")],
            (Size::Medium, _) => &[json!(1), json!(2), json!("0..2"), json!("1..2")],
            (Size::Small, 1) => &[json!("0..2"), json!("1..2"), json!(2), json!(2)],
            (Size::Small, _) => &[json!(1), json!(1), json!("0..1")],
        };
        let mut labels = json!({});
        if sketch.percent(60) {
            labels[ZONE] = sketch.one_of(&["a", "b"]).into();
        }
        if sketch.percent(40) {
            labels["tier"] = sketch.one_of(&["fast", "slow"]).into();
        }
        if sketch.percent(15) {
            labels["rank"] = sketch.one_of(&["1", "5", "high"]).into();
        }
        let allocatable = json!({
            "cpu": sketch.one_of(&["1", "2", "2", "4"]),
            "memory": sketch.one_of(&["2Gi", "4Gi"]),
        });
        let name = ["worker", "spare"][number];
        let pool = json!({
            "name": name,
            "count": sketch.one_of(counts),
            "template": {"labels": labels, "allocatable": allocatable},
        });
        sketch.pools.push(pool);
    }
}

/// Most nodes of a pool.
pub fn most(pool: &Value) -> i64 {
    let count = &pool["count"];
    let of_text = |text: &str| text.rsplit("..").next().and_then(|most| most.parse().ok());
    let initially = count.as_i64().or_else(|| count.as_str().and_then(of_text)).unwrap_or(1);
    initially.max(pool["autoscaling"]["max"].as_i64().unwrap_or(0)).max(1)
}

pub const LETTERS: &[Letter] =
    &[add_taint, add_taint, cordon, limit_pods, vary_size, write_node, write_node, add_device];

fn some_template(sketch: &mut Sketch) -> Option<&mut Value> {
    let all = sketch.pools.len() as i64;
    let pool = (all > 0).then(|| sketch.random.within(0, all - 1))?;
    Some(&mut sketch.pools[pool as usize]["template"])
}

fn add_taint(sketch: &mut Sketch) {
    let effect = sketch.one_of(&["NoSchedule", "PreferNoSchedule", "NoExecute", "NoExecute"]);
    let key = sketch.one_of(&["dedicated", "dedicated", "dedicated", "special"]);
    let taint = json!({"key": key, "value": sketch.one_of(&["batch", ""]), "effect": effect});
    if let Some(template) = some_template(sketch) {
        push(&mut template["taints"], taint);
    }
    // A taint that nobody tolerates leaves little to see.
    if sketch.percent(50) {
        super::pods::tolerate(sketch);
    }
}

fn cordon(sketch: &mut Sketch) {
    if let Some(template) = some_template(sketch) {
        template["unschedulable"] = true.into();
    }
}

fn limit_pods(sketch: &mut Sketch) {
    let pods = sketch.one_of(&["1", "2", "1..2"]);
    if let Some(template) = some_template(sketch) {
        template["allocatable"]["pods"] = pods.into();
    }
}

fn vary_size(sketch: &mut Sketch) {
    let cpu = sketch.one_of(&["1..2/1", "500m..1500m/500m"]);
    if let Some(template) = some_template(sketch) {
        template["allocatable"]["cpu"] = cpu.into();
    }
}

/// A Node manifest, beside the pools or in place of one.
fn write_node(sketch: &mut Sketch) {
    if sketch.percent(40) && !sketch.pools.is_empty() {
        sketch.pools.pop();
    }
    let name = format!("node-{}", sketch.nodes.len() + 1);
    // As a rule its own name, but nothing demands it.
    let host = if sketch.percent(90) { name.as_str() } else { "elsewhere" };
    let mut node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {HOSTNAME: host, ZONE: sketch.one_of(&["a", "b"])}},
        "spec": {},
        "status": {"allocatable": {"cpu": sketch.one_of(&["1", "2"]), "memory": "4Gi", "pods": "110"}},
    });
    if sketch.percent(20) {
        node["spec"]["unschedulable"] = true.into();
    }
    sketch.nodes.push(node);
    if sketch.pools.is_empty() && sketch.nodes.len() == 1 && sketch.percent(70) {
        write_node(sketch);
    }
}

/// An extended resource, on some nodes.
fn add_device(sketch: &mut Sketch) {
    if let Some(template) = some_template(sketch) {
        template["allocatable"]["example.com/gpu"] = "1".into();
    }
    let workload = sketch.some_workload();
    for kind in ["requests", "limits"] {
        sketch.container(workload)["resources"][kind]["example.com/gpu"] = "1".into();
    }
}
