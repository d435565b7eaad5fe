//! What pods ask for.

use super::nodes::{HOSTNAME, ZONE};
use super::{Letter, Sketch, pod_of, push};
use crate::made::{kind, name};
use serde_json::{Value, json};

pub const LETTERS: &[Letter] = &[
    select_nodes,
    require_nodes,
    prefer_nodes,
    keep_together,
    keep_apart,
    keep_apart,
    spread,
    spread,
    spread,
    bind_port,
    tolerate,
    add_container,
];

fn select_nodes(sketch: &mut Sketch) {
    let selector = sketch.one_of(&[json!({"disk": "ssd"}), json!({ZONE: "a"})]);
    sketch.some_pod()["nodeSelector"] = selector;
}

fn expression(sketch: &mut Sketch) -> Value {
    let node = sketch.some_node();
    sketch.one_of(&[
        json!({"key": "disk", "operator": "In", "values": ["ssd"]}),
        json!({"key": "disk", "operator": "NotIn", "values": ["hdd"]}),
        json!({"key": ZONE, "operator": "Exists"}),
        json!({"key": ZONE, "operator": "DoesNotExist"}),
        json!({"key": ZONE, "operator": "In", "values": ["a", "c"]}),
        json!({"key": HOSTNAME, "operator": "NotIn", "values": [node]}),
        json!({"key": "rank", "operator": "Gt", "values": ["3"]}),
        json!({"key": "rank", "operator": "Lt", "values": ["3"]}),
    ])
}

fn require_nodes(sketch: &mut Sketch) {
    let mut terms = vec![json!({"matchExpressions": [expression(sketch)]})];
    if sketch.percent(40) {
        terms.push(json!({"matchExpressions": [expression(sketch)]}));
    }
    sketch.some_pod()["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
        json!({"nodeSelectorTerms": terms});
}

fn prefer_nodes(sketch: &mut Sketch) {
    let term = json!({"matchExpressions": [expression(sketch)]});
    let term = json!({"weight": sketch.one_of(&[1, 50, 100]), "preference": term});
    push(&mut sketch.some_pod()["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"], term);
}

/// A selector of the pods of a workload, its own as a rule.
fn selector(sketch: &mut Sketch, workload: usize) -> Value {
    let own = name(&sketch.made.workloads[workload]).to_owned();
    let other = sketch.some_name();
    sketch.one_of(&[
        json!({"matchLabels": {"app": own}}),
        json!({"matchLabels": {"app": own}}),
        json!({"matchLabels": {"app": other}}),
        json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": [own]}]}),
        json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
    ])
}

fn relate(sketch: &mut Sketch, key: &str) {
    let one = sketch.some_workload();
    let selector = selector(sketch, one);
    let mut term = json!({"topologyKey": sketch.one_of(&[HOSTNAME, HOSTNAME, ZONE]), "labelSelector": selector});
    if kind(&sketch.made.workloads[one]) == "Deployment" && sketch.percent(15) {
        term["matchLabelKeys"] = json!(["pod-template-hash"]);
    }
    let is_required = sketch.percent(60);
    let weight = sketch.one_of(&[1, 30, 100]);
    let affinity = &mut pod_of(&mut sketch.made.workloads[one])["affinity"][key];
    if is_required {
        push(&mut affinity["requiredDuringSchedulingIgnoredDuringExecution"], term);
    } else {
        let term = json!({"weight": weight, "podAffinityTerm": term});
        push(&mut affinity["preferredDuringSchedulingIgnoredDuringExecution"], term);
    }
}

fn keep_together(sketch: &mut Sketch) {
    relate(sketch, "podAffinity");
}

fn keep_apart(sketch: &mut Sketch) {
    relate(sketch, "podAntiAffinity");
}

fn spread(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let is_hard = sketch.percent(60);
    let mut constraint = json!({
        "maxSkew": sketch.one_of(&[1, 1, 2]),
        "topologyKey": sketch.one_of(&[HOSTNAME, HOSTNAME, ZONE]),
        "whenUnsatisfiable": if is_hard { "DoNotSchedule" } else { "ScheduleAnyway" },
        "labelSelector": selector(sketch, one),
    });
    if is_hard && sketch.percent(25) {
        constraint["minDomains"] = sketch.one_of(&[2, 3]).into();
    }
    if sketch.percent(25) {
        constraint["nodeAffinityPolicy"] = "Ignore".into();
    }
    if sketch.percent(25) {
        constraint["nodeTaintsPolicy"] = "Honor".into();
    }
    if kind(&sketch.made.workloads[one]) == "Deployment" && sketch.percent(20) {
        constraint["matchLabelKeys"] = json!(["pod-template-hash"]);
    }
    let constraints = &mut pod_of(&mut sketch.made.workloads[one])["topologySpreadConstraints"];
    // Two with the same key and the same consequence are refused.
    let alike = |other: &Value| ["topologyKey", "whenUnsatisfiable"].iter().all(|key| other[key] == constraint[key]);
    if !constraints.as_array().is_some_and(|all| all.iter().any(alike)) {
        push(constraints, constraint);
    }
}

fn bind_port(sketch: &mut Sketch) {
    let port = sketch.one_of(&[80, 81]);
    sketch.some_pod()["containers"][0]["ports"] = json!([{"containerPort": port, "hostPort": port}]);
}

/// A toleration of the taint of nodes.
pub fn tolerate(sketch: &mut Sketch) {
    let toleration = sketch.one_of(&[
        json!({"key": "dedicated", "operator": "Exists"}),
        json!({"key": "dedicated", "operator": "Equal", "value": "batch"}),
        json!({"key": "dedicated", "operator": "Equal", "value": "other"}),
        json!({"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}),
        json!({"operator": "Exists"}),
    ]);
    push(&mut sketch.some_pod()["tolerations"], toleration);
}

/// Seconds after which pods leave a node that has stopped: fewer than by default, so that it is soon quiet.
pub fn leave_soon(sketch: &mut Sketch) {
    for one in 0..sketch.made.workloads.len() {
        let seconds = sketch.one_of(&[3, 5]);
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
            let toleration =
                json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds});
            push(&mut pod_of(&mut sketch.made.workloads[one])["tolerations"], toleration);
        }
    }
}

/// A container that runs first, a sidecar, or another one.
fn add_container(sketch: &mut Sketch) {
    let cpu = sketch.cpu();
    let mut container =
        json!({"name": "more", "image": "registry.example/more:1", "resources": {"requests": {"cpu": cpu}}});
    let which = sketch.random.within(0, 2);
    if which == 1 {
        container["restartPolicy"] = "Always".into();
    }
    let key = if which == 2 { "containers" } else { "initContainers" };
    let pod = sketch.some_pod();
    let is_there = |list: &Value| list.as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "more"));
    if !is_there(&pod["containers"]) && !is_there(&pod["initContainers"]) {
        push(&mut pod[key], container);
    }
}
