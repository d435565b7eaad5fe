//! Autoscalers of pods and of nodes.

use super::events::happen;
use super::{Letter, Sketch, push};
use serde_json::{Value, json};

pub const LETTERS: &[Letter] = &[
    scale_horizontally,
    scale_horizontally,
    scale_by_container,
    scale_by_metric,
    scale_by_metric,
    scale_vertically,
    scale_vertically,
    scale_nodes,
    scale_nodes,
    provision_nodes,
    provision_nodes,
];

const SCALED: &[&str] = &["Deployment", "ReplicaSet", "StatefulSet"];

fn resource(sketch: &mut Sketch) -> Value {
    let target = sketch.one_of(&[
        json!({"type": "Utilization", "averageUtilization": 50}),
        json!({"type": "Utilization", "averageUtilization": 90}),
        json!({"type": "AverageValue", "averageValue": "400m"}),
    ]);
    json!({"type": "Resource", "resource": {"name": "cpu", "target": target}})
}

fn scaling(sketch: &mut Sketch) -> Value {
    let mut policies = Vec::new();
    for _ in 0..sketch.random.within(1, 2) {
        policies.push(json!({
            "type": sketch.one_of(&["Pods", "Percent"]),
            "value": sketch.one_of(&[1, 4, 50, 100]),
            "periodSeconds": sketch.one_of(&[15, 60]),
        }));
    }
    let mut rules = json!({
        "policies": policies,
        "selectPolicy": sketch.one_of(&["Max", "Max", "Min", "Disabled"]),
        "stabilizationWindowSeconds": sketch.one_of(&[0, 0, 60]),
    });
    if sketch.percent(15) {
        rules["tolerance"] = "0.3".into();
    }
    rules
}

/// A horizontal autoscaler with these metrics.
fn scale_by(sketch: &mut Sketch, workload: usize, metrics: Vec<Value>) {
    let (kind, name) = (sketch.kind(workload).to_owned(), sketch.name(workload).to_owned());
    let scaler = format!("{name}-scaler");
    if sketch.objects.iter().any(|object| object["metadata"]["name"] == scaler.as_str()) {
        return;
    }
    let least = sketch.one_of(&[1, 1, 2]);
    let mut spec = json!({
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": name},
        "minReplicas": least,
        "maxReplicas": sketch.one_of(&[2, 3, 4]),
        "metrics": metrics,
    });
    if sketch.percent(50) {
        let (up, down) = (scaling(sketch), scaling(sketch));
        spec["behavior"] = json!({"scaleUp": up, "scaleDown": down});
        if sketch.percent(20) {
            sketch.spec.insert("hpa".into(), json!({"configurableTolerance": true}));
        }
    } else if sketch.percent(60) {
        let window = sketch.one_of(&["30s", "0s"]);
        sketch.spec.insert("hpa".into(), json!({"downscaleStabilization": window}));
    }
    sketch.objects.push(json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": scaler, "namespace": "default"}, "spec": spec,
    }));
}

fn scale_horizontally(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(SCALED) else { return };
    let mut metrics = vec![resource(sketch)];
    if sketch.percent(25) {
        let target = json!({"type": "Utilization", "averageUtilization": 60});
        metrics.push(json!({"type": "Resource", "resource": {"name": "memory", "target": target}}));
    }
    scale_by(sketch, one, metrics);
    if sketch.percent(60) && !sketch.workloads[one].settings.contains_key("cpuUsage") {
        let load = sketch.one_of(&[json!({"cpu": "900m"}), json!({"cpu": "400m..1200m/400m"})]);
        sketch.workloads[one].settings.insert("load".into(), load);
    }
    // Pods of the other one count as well.
    if sketch.percent(25) && sketch.workloads.len() > 1 {
        let labels = json!({"app": "shared"});
        for workload in &mut sketch.workloads {
            let spec = &mut workload.manifest["spec"];
            if spec["selector"]["matchLabels"].is_object() {
                spec["selector"]["matchLabels"] = labels.clone();
                spec["template"]["metadata"]["labels"] = labels.clone();
            }
        }
    }
}

fn scale_by_container(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(SCALED) else { return };
    let target = json!({"type": "Utilization", "averageUtilization": sketch.one_of(&[40, 90])});
    let source = json!({"name": "cpu", "container": "app", "target": target});
    scale_by(sketch, one, vec![json!({"type": "ContainerResource", "containerResource": source})]);
    let sidecar =
        json!({"name": "proxy", "image": "registry.example/proxy:1", "resources": {"requests": {"cpu": "100m"}}});
    if sketch.pod(one)["containers"].as_array().is_some_and(|all| all.len() == 1) {
        push(&mut sketch.pod(one)["containers"], sidecar);
    }
    let settings = &mut sketch.workloads[one].settings;
    settings.retain(|key, _| !["cpuUsage", "load"].contains(&key.as_str()));
    let used = sketch.random.pick(&["200m", "450m", "100m..400m/300m"]);
    let containers = json!([{"name": "app", "cpuUsage": used}, {"name": "proxy", "cpuUsage": "50m"}]);
    sketch.workloads[one].settings.insert("containers".into(), containers);
}

fn scale_by_metric(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(SCALED) else { return };
    let metric = json!({"name": "queue"});
    let average = json!({"type": "AverageValue", "averageValue": "30"});
    let value = json!({"type": "Value", "value": "30"});
    let object = json!({"apiVersion": "v1", "kind": "Service", "name": "queue"});
    let metric = match sketch.random.within(0, 3) {
        0 => json!({"type": "Pods", "pods": {"metric": metric, "target": average}}),
        1 => json!({"type": "External", "external": {"metric": metric, "target": average}}),
        2 => json!({"type": "External", "external": {"metric": metric, "target": value}}),
        _ => json!({"type": "Object", "object": {"metric": metric, "describedObject": object, "target": value}}),
    };
    scale_by(sketch, one, vec![metric]);
    let value = sketch.one_of(&[
        json!({"name": "queue", "value": "50"}),
        json!({"name": "queue", "value": "10..50/40"}),
        json!({"name": "queue", "load": "60"}),
    ]);
    sketch.workloads[one].settings.insert("metrics".into(), json!([value]));
    if sketch.percent(50) {
        let target = sketch.workloads[one].reference.clone();
        let to = sketch.one_of(&["0", "90", "20..80/60", "unavailable"]);
        happen(sketch, "metricChange", json!({"target": target, "metric": "queue", "to": to}));
    }
}

fn scale_vertically(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(&["Deployment", "ReplicaSet"]) else { return };
    let (kind, name) = (sketch.kind(one).to_owned(), sketch.name(one).to_owned());
    let mut update = json!({"updateMode": sketch.one_of(&["Recreate", "Auto", "Recreate", "Initial"])});
    if sketch.percent(50) {
        update["minReplicas"] = 1.into();
    }
    let mut policy = json!({"containerName": "*", "controlledResources": ["cpu"]});
    if sketch.percent(30) {
        policy["maxAllowed"] = json!({"cpu": "700m"});
    }
    if sketch.percent(20) {
        policy["minAllowed"] = json!({"cpu": "300m"});
    }
    let settings = &mut sketch.workloads[one].settings;
    settings.retain(|key, _| key != "load" && key != "containers");
    let is_both = sketch.percent(15);
    if is_both {
        policy["controlledResources"] = json!(["cpu", "memory"]);
        sketch.workloads[one].settings.insert("memoryUsage".into(), "512Mi".into());
    }
    if sketch.percent(70) || is_both {
        let usage = sketch.one_of(&["900m", "100m", "100m..700m/600m"]);
        sketch.workloads[one].settings.insert("cpuUsage".into(), usage.into());
    } else {
        sketch.workloads[one].settings.remove("cpuUsage");
        sketch.workloads[one].settings.insert("load".into(), json!({"cpu": "1200m"}));
    }
    if sketch.percent(25) && !is_both {
        let pod = sketch.pod(one);
        let helper = json!({"name": "helper", "image": "registry.example/helper:1",
            "resources": {"requests": {"cpu": "100m"}}});
        let first = pod["containers"][0]["name"].clone();
        let is_alone = pod["containers"].as_array().is_some_and(|all| all.len() == 1);
        if is_alone && first.is_string() {
            push(&mut pod["containers"], helper);
            let usage = sketch.one_of(&["100m..700m/600m", "300m"]);
            let containers = json!([{"name": first, "cpuUsage": usage}, {"name": "helper", "cpuUsage": "50m"}]);
            let settings = &mut sketch.workloads[one].settings;
            settings.retain(|key, _| !["load", "cpuUsage", "memoryUsage"].contains(&key.as_str()));
            settings.insert("containers".into(), containers);
        }
    }
    sketch.objects.push(json!({
        "apiVersion": "autoscaling.k8s.io/v1", "kind": "VerticalPodAutoscaler",
        "metadata": {"name": format!("{name}-vertical"), "namespace": "default"},
        "spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": kind, "name": name},
            "updatePolicy": update,
            "resourcePolicy": {"containerPolicies": [policy]},
        },
    }));
}

/// Lets a pool come and go; whether there is one.
fn let_come_and_go(sketch: &mut Sketch) -> bool {
    if sketch.pools.is_empty() || sketch.spec.contains_key("karpenter") || sketch.spec.contains_key("clusterAutoscaler")
    {
        return false;
    }
    // Every node that may come is part of the state.
    sketch.pools.truncate(1);
    sketch.pools[0]["count"] = sketch.random.pick(&[json!(0), json!(1), json!("0..1"), json!(2)]);
    sketch.pools[0]["autoscaling"] = json!({"min": 0, "max": 2});
    if sketch.percent(25) {
        let effect = sketch.one_of(&["NoSchedule", "NoExecute"]);
        sketch.pools[0]["template"]["startupTaints"] = json!([{"key": "node.example/not-ready", "effect": effect}]);
    }
    true
}

fn scale_nodes(sketch: &mut Sketch) {
    if !let_come_and_go(sketch) {
        return;
    }
    let mut settings = json!({"scaleDownUnneededTime": sketch.one_of(&["10m", "60s"])});
    if sketch.percent(40) {
        settings["scaleDownUtilizationThreshold"] = "0.75".into();
    }
    sketch.spec.insert("clusterAutoscaler".into(), settings);
}

fn provision_nodes(sketch: &mut Sketch) {
    if !let_come_and_go(sketch) {
        return;
    }
    let mut settings = json!({"consolidateAfter": sketch.one_of(&["0s", "30s", "Never"])});
    if sketch.percent(40) {
        settings["consolidationPolicy"] = "WhenEmpty".into();
    }
    if sketch.percent(30) {
        settings["preferencePolicy"] = sketch.one_of(&["Respect", "Ignore", "Ignore"]).into();
    }
    if sketch.percent(25) {
        sketch.pools[0]["autoscaling"]["limits"] = sketch.random.pick(&[json!({"cpu": "3"}), json!({"memory": "5Gi"})]);
    }
    sketch.spec.insert("karpenter".into(), settings);
}
