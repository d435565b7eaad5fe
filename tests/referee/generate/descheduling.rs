//! The descheduler: a policy of one or two plugins, and pods that it does not want where the scheduler puts them.

use super::nodes::{HOSTNAME, ZONE};
use super::{Sketch, pod_of, push};
use crate::made::name;
use serde_json::{Value, json};

/// A policy. Plugins that evict for as long as there are pods, such as PodLifeTime, are left out: no cluster would be quiet.
pub fn policy(sketch: &mut Sketch) -> Value {
    let mut evictor = json!({"nodeFit": sketch.percent(50)});
    if sketch.percent(15) {
        evictor["minReplicas"] = 2.into();
    }
    if sketch.percent(10) {
        evictor["ignorePodsWithoutPDB"] = true.into();
    }
    if sketch.percent(15) {
        evictor["priorityThreshold"] = json!({"value": sketch.one_of(&[1, 500, 5000])});
    }
    let mut configurations = vec![json!({"name": "DefaultEvictor", "args": evictor})];
    let mut points = json!({});
    for _ in 0..sketch.one_of(&[1, 1, 2]) {
        let (point, plugin, arguments) = plugin(sketch);
        if configurations.iter().any(|other| other["name"] == plugin) {
            continue;
        }
        configurations.push(json!({"name": plugin, "args": arguments}));
        push(&mut points[point]["enabled"], plugin.into());
    }
    let profile = json!({"name": "default", "pluginConfig": configurations, "plugins": points});
    let mut policy = json!({"apiVersion": "descheduler/v1alpha2", "kind": "DeschedulerPolicy", "profiles": [profile]});
    for limit in ["maxNoOfPodsToEvictPerNode", "maxNoOfPodsToEvictPerNamespace", "maxNoOfPodsToEvictTotal"] {
        if sketch.percent(10) {
            policy[limit] = sketch.one_of(&[1, 2]).into();
        }
    }
    policy
}

/// A plugin, where it runs, and its arguments.
fn plugin(sketch: &mut Sketch) -> (&'static str, &'static str, Value) {
    match sketch.random.within(0, 9) {
        0..=2 => ("balance", "RemoveDuplicates", json!({})),
        3 | 4 => {
            let constraints = sketch.one_of(&[json!(["DoNotSchedule"]), json!(["DoNotSchedule", "ScheduleAnyway"])]);
            let fits = sketch.percent(70);
            let arguments = json!({"constraints": constraints, "topologyBalanceNodeFit": fits});
            ("balance", "RemovePodsViolatingTopologySpreadConstraint", arguments)
        }
        5 => ("deschedule", "RemovePodsViolatingNodeAffinity", json!({"nodeAffinityType": affinity(sketch)})),
        6 => {
            let arguments = json!({"includePreferNoSchedule": sketch.percent(30)});
            ("deschedule", "RemovePodsViolatingNodeTaints", arguments)
        }
        7 => ("deschedule", "RemovePodsViolatingInterPodAntiAffinity", json!({})),
        _ if sketch.percent(80) => {
            let (low, high) = sketch.one_of(&[(20, 50), (30, 60), (30, 80), (10, 40)]);
            let mut arguments = json!({"thresholds": {"cpu": low}, "targetThresholds": {"cpu": high}});
            if sketch.percent(30) {
                (arguments["thresholds"]["pods"], arguments["targetThresholds"]["pods"]) = (1.into(), 2.into());
            }
            ("balance", "LowNodeUtilization", arguments)
        }
        _ => ("balance", "HighNodeUtilization", json!({"thresholds": {"cpu": sketch.one_of(&[20, 40])}})),
    }
}

fn affinity(sketch: &mut Sketch) -> Value {
    let (required, preferred) =
        ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution");
    sketch.one_of(&[json!([required]), json!([preferred]), json!([required, preferred])])
}

/// What the scheduler minds less than the descheduler: pods on one node first, or a spread that it only prefers.
pub fn disagree(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let app = name(&sketch.made.workloads[one]).to_owned();
    let node = sketch.some_node();
    let is_soft = sketch.percent(50);
    let key = sketch.one_of(&[HOSTNAME, ZONE]);
    let pod = pod_of(&mut sketch.made.workloads[one]);
    if is_soft && pod["topologySpreadConstraints"].is_null() {
        let selector = json!({"matchLabels": {"app": app}});
        push(
            &mut pod["topologySpreadConstraints"],
            json!({"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector}),
        );
        return;
    }
    let term = json!({"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": [node]}]});
    push(
        &mut pod["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"],
        json!({"weight": 100, "preference": term}),
    );
}
