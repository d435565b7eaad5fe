//! Budgets, quotas, bounds and priorities.

use super::{Letter, Sketch, pod_of};
use crate::made::name;
use serde_json::{Value, json};

pub const BUDGETS: &[Letter] = &[guard];
pub const QUOTAS: &[Letter] = &[limit_together, limit_together, give_defaults];
pub const PRIORITIES: &[Letter] = &[rank, rank, rank, rank_never];

fn has(sketch: &Sketch, called: &str) -> bool {
    sketch.made.rules.iter().any(|rule| name(rule) == called)
}

fn guard(sketch: &mut Sketch) {
    let app = sketch.some_name();
    let called = format!("budget-{app}");
    if has(sketch, &called) {
        return;
    }
    let amounts = [json!(0), json!(1), json!(1), json!(2), json!("50%"), json!("100%")];
    let key = sketch.one_of(&["minAvailable", "maxUnavailable"]);
    let mut spec = json!({"selector": {"matchLabels": {"app": app}}, key: sketch.one_of(&amounts)});
    if sketch.percent(30) {
        spec["unhealthyPodEvictionPolicy"] = sketch.one_of(&["AlwaysAllow", "IfHealthyBudget"]).into();
    }
    sketch.made.rules.push(json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": called, "namespace": "default"}, "spec": spec,
    }));
}

fn limit_together(sketch: &mut Sketch) {
    if has(sketch, "quota") {
        return;
    }
    let mut spec = sketch.one_of(&[
        json!({"hard": {"pods": "2"}}),
        json!({"hard": {"pods": "4"}}),
        json!({"hard": {"pods": "6"}}),
        json!({"hard": {"requests.cpu": "1500m"}}),
        json!({"hard": {"requests.cpu": "2", "pods": "5"}}),
        json!({"hard": {"requests.memory": "2Gi"}}),
        json!({"hard": {"pods": "3"}, "scopes": ["NotBestEffort"]}),
        json!({"hard": {"pods": "1"}, "scopes": ["BestEffort"]}),
    ]);
    if sketch.is_brim {
        let cpu = sketch.cpu();
        spec = json!({"hard": {"requests.cpu": cpu}});
    }
    sketch.made.rules.push(json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "quota", "namespace": "default"}, "spec": spec,
    }));
}

fn give_defaults(sketch: &mut Sketch) {
    if has(sketch, "limits") {
        return;
    }
    let limits = sketch.one_of(&[
        json!({"type": "Container", "defaultRequest": {"cpu": "300m", "memory": "256Mi"}}),
        json!({"type": "Container", "default": {"cpu": "800m"}}),
        json!({"type": "Container", "max": {"cpu": "500m"}}),
        json!({"type": "Container", "min": {"cpu": "200m"}}),
        json!({"type": "Pod", "max": {"cpu": "600m"}}),
    ]);
    sketch.made.rules.push(json!({
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "limits", "namespace": "default"},
        "spec": {"limits": [limits]},
    }));
}

fn class(sketch: &mut Sketch, called: &str, value: i64, policy: &str) {
    if !has(sketch, called) {
        sketch.made.rules.push(json!({
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": called},
            "value": value, "preemptionPolicy": policy,
        }));
    }
    give(sketch, called);
}

fn give(sketch: &mut Sketch, called: &str) {
    let one = sketch.some_workload();
    pod_of(&mut sketch.made.workloads[one])["priorityClassName"] = Value::from(called);
}

fn rank(sketch: &mut Sketch) {
    let (called, value) = sketch.one_of(&[("low", -10), ("high", 10), ("higher", 1000)]);
    class(sketch, called, value, "PreemptLowerPriority");
}

fn rank_never(sketch: &mut Sketch) {
    class(sketch, "patient", 100, "Never");
}
