//! Budgets and quotas.

use super::{Letter, Sketch};
use serde_json::{Value, json};

pub const LETTERS: &[Letter] = &[guard, guard, guard, add_quota, add_quota, preempt];

/// A disruption budget, with something that disrupts.
fn guard(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let selector = sketch.random.pick(&[
        json!({"matchLabels": {"app": sketch.name(one)}}),
        json!({"matchLabels": {"app": sketch.name(one)}}),
        json!({}),
    ]);
    let amounts: [Value; 5] = [json!(0), json!(1), json!(2), json!("50%"), json!("100%")];
    let mut spec = json!({"selector": selector});
    if sketch.percent(95) {
        spec[sketch.one_of(&["minAvailable", "maxUnavailable"])] = sketch.one_of(&amounts);
    }
    if sketch.percent(30) {
        spec["unhealthyPodEvictionPolicy"] = "AlwaysAllow".into();
    }
    let name = format!("budget-{}", sketch.objects.len());
    sketch.objects.push(json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "default"}, "spec": spec,
    }));
    match sketch.random.within(0, 3) {
        0 => super::descheduling::evict(sketch),
        1 => super::events::maintain(sketch),
        _ => super::events::drain(sketch),
    }
}

fn add_quota(sketch: &mut Sketch) {
    let hard = sketch.one_of(&[
        json!({"pods": "1"}),
        json!({"pods": "2"}),
        json!({"requests.cpu": "1"}),
        json!({"requests.memory": "1Gi", "pods": "3"}),
        json!({"limits.cpu": "1"}),
    ]);
    let mut spec = json!({"hard": hard});
    if sketch.percent(25) {
        spec["scopes"] = json!([sketch.one_of(&["BestEffort", "NotBestEffort"])]);
        if spec["scopes"][0] == "BestEffort" {
            spec["hard"] = json!({"pods": "1"});
        }
    }
    sketch.objects.push(json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "quota", "namespace": "default"}, "spec": spec,
    }));
}

/// Two workloads of different priorities and little room.
fn preempt(sketch: &mut Sketch) {
    if sketch.workloads.len() < 2 {
        let add = sketch.one_of(super::workloads::LETTERS);
        add(sketch);
    }
    let policy = sketch.one_of(&["PreemptLowerPriority", "PreemptLowerPriority", "Never"]);
    sketch.objects.push(json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "urgent"}, "value": 1000,
        "preemptionPolicy": policy,
    }));
    let last = sketch.workloads.len() - 1;
    sketch.pod(last)["priorityClassName"] = "urgent".into();
    for workload in 0..sketch.workloads.len() {
        sketch.container(workload)["resources"]["requests"]["cpu"] = "1".into();
    }
}
