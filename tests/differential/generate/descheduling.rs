//! The descheduler's policy.

use super::nodes::HOSTNAME;
use super::{Letter, Sketch};
use serde_json::{Map, Value, json};

pub const LETTERS: &[Letter] = &[evict];

const PLUGINS: &[(&str, &str)] = &[
    ("deschedule", "RemovePodsViolatingNodeTaints"),
    ("deschedule", "RemovePodsViolatingNodeAffinity"),
    ("deschedule", "RemovePodsViolatingInterPodAntiAffinity"),
    ("deschedule", "PodLifeTime"),
    ("deschedule", "RemovePodsHavingTooManyRestarts"),
    ("balance", "RemoveDuplicates"),
    ("balance", "RemovePodsViolatingTopologySpreadConstraint"),
    ("balance", "LowNodeUtilization"),
    ("balance", "HighNodeUtilization"),
];

/// A policy with some plugins, if there is none yet.
pub fn evict(sketch: &mut Sketch) {
    if sketch.objects.iter().any(|object| object["kind"] == "DeschedulerPolicy") {
        return;
    }
    let mut configuration = vec![json!({"name": "DefaultEvictor", "args": evictor(sketch)})];
    let mut points = json!({});
    let mut used: Vec<&str> = Vec::new();
    for _ in 0..sketch.one_of(&[1, 1, 1, 2, 3]) {
        let (point, name) = sketch.one_of(PLUGINS);
        if used.contains(&name) {
            continue;
        }
        used.push(name);
        super::push(&mut points[point]["enabled"], name.into());
        configuration.push(json!({"name": name, "args": arguments(sketch, name)}));
    }
    let mut policy = json!({
        "apiVersion": "descheduler/v1alpha2", "kind": "DeschedulerPolicy",
        "profiles": [{"name": "default", "pluginConfig": configuration, "plugins": points}],
    });
    if sketch.percent(25) {
        let node = sketch.some_node();
        policy["nodeSelector"] = match sketch.random.within(0, 2) {
            0 => "tier=fast".into(),
            1 => format!("{HOSTNAME}={node}").into(),
            _ => format!("{HOSTNAME}!={node}").into(),
        };
    }
    if sketch.percent(35) {
        let keys = ["maxNoOfPodsToEvictPerNode", "maxNoOfPodsToEvictPerNamespace", "maxNoOfPodsToEvictTotal"];
        policy[sketch.one_of(&keys)] = sketch.one_of(&[1, 1, 2, 0]).into();
    }
    if sketch.percent(30) {
        sketch.spec.insert("deschedulerInterval".into(), sketch.random.pick(&["60s", "10m"]).into());
    }
    sketch.objects.push(policy);
}

fn evictor(sketch: &mut Sketch) -> Value {
    let mut args = Map::new();
    let mut flag = |sketch: &mut Sketch, name: &str, chance: i64| {
        if sketch.percent(chance) {
            args.insert(name.to_owned(), true.into());
        }
    };
    flag(sketch, "nodeFit", 40);
    flag(sketch, "evictLocalStoragePods", 30);
    flag(sketch, "evictSystemCriticalPods", 10);
    flag(sketch, "evictDaemonSetPods", 25);
    flag(sketch, "ignorePvcPods", 15);
    flag(sketch, "ignorePodsWithoutPDB", 10);
    let mut args = Value::from(args);
    if sketch.percent(15) {
        args["minReplicas"] = 2.into();
    }
    if sketch.percent(10) {
        args["priorityThreshold"] = json!({"value": sketch.one_of(&[5, 100])});
    }
    if sketch.percent(10) {
        args["labelSelector"] = label_selector(sketch);
    }
    args
}

fn label_selector(sketch: &mut Sketch) -> Value {
    let one = sketch.some_workload();
    json!({"matchLabels": {"app": sketch.name(one)}})
}

fn arguments(sketch: &mut Sketch, name: &str) -> Value {
    let mut args = match name {
        "RemovePodsViolatingNodeTaints" => {
            let mut args = json!({"includePreferNoSchedule": sketch.percent(40)});
            if sketch.percent(15) {
                args["excludedTaints"] = json!(["dedicated=batch"]);
            }
            return args;
        }
        "RemovePodsViolatingNodeAffinity" => {
            let required = "requiredDuringSchedulingIgnoredDuringExecution";
            let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
            let kinds = sketch.one_of(&[vec![required], vec![preferred], vec![required, preferred]]);
            json!({"nodeAffinityType": kinds})
        }
        "PodLifeTime" => {
            let mut args = json!({"maxPodLifeTimeSeconds": sketch.one_of(&[0, 600, 600])});
            if sketch.percent(40) {
                args["states"] = sketch.one_of(&[json!(["Pending"]), json!(["Running"]), json!(["CrashLoopBackOff"])]);
            }
            args
        }
        "RemovePodsHavingTooManyRestarts" => {
            let mut args = json!({"podRestartThreshold": 2});
            if sketch.percent(40) {
                args["states"] = sketch.one_of(&[json!(["Running"]), json!(["CrashLoopBackOff"])]);
            }
            args
        }
        "RemoveDuplicates" if sketch.percent(20) => json!({"excludeOwnerKinds": ["StatefulSet", "Job"]}),
        "RemovePodsViolatingTopologySpreadConstraint" => {
            let constraints = sketch.one_of(&[json!(["DoNotSchedule"]), json!(["DoNotSchedule", "ScheduleAnyway"])]);
            json!({"constraints": constraints, "topologyBalanceNodeFit": sketch.percent(60)})
        }
        "LowNodeUtilization" => return low_utilization(sketch),
        "HighNodeUtilization" => {
            let mut args = json!({"thresholds": {sketch.one_of(&["cpu", "pods"]): sketch.one_of(&[20, 50])}});
            if sketch.percent(25) {
                args["evictionModes"] = json!(["OnlyThresholdingResources"]);
            }
            return args;
        }
        _ => json!({}),
    };
    if sketch.percent(15) {
        args["namespaces"] = sketch.one_of(&[json!({"include": ["default"]}), json!({"exclude": ["default"]})]);
    } else if sketch.percent(15) && name != "RemoveDuplicates" {
        args["labelSelector"] = label_selector(sketch);
    }
    args
}

fn low_utilization(sketch: &mut Sketch) -> Value {
    let resource = sketch.one_of(&["cpu", "memory", "pods"]);
    let (low, high) = if resource == "pods" { (1, 1) } else { (sketch.one_of(&[20, 40]), sketch.one_of(&[50, 70])) };
    let mut args = json!({"thresholds": {resource: low}, "targetThresholds": {resource: high}});
    if sketch.percent(20) {
        args["useDeviationThresholds"] = true.into();
    }
    if sketch.percent(15) {
        args["numberOfNodes"] = 1.into();
    }
    if sketch.percent(20) {
        args["evictionLimits"] = json!({"node": 1});
    }
    if sketch.percent(10) {
        args["evictableNamespaces"] = json!({"exclude": ["default"]});
    }
    args
}
