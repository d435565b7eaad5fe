//! Profiles of the scheduler.

use super::pods::{constraint, node_term, preferences};
use super::{Letter, Sketch};
use serde_json::{Value, json};

pub const LETTERS: &[Letter] = &[configure, configure, configure, ignore_device, add_profile, serve_by_default];

const SCORES: &[&str] = &[
    "TaintToleration",
    "NodeAffinity",
    "NodeResourcesFit",
    "NodeResourcesBalancedAllocation",
    "PodTopologySpread",
    "InterPodAffinity",
];

const FILTERS: &[&str] =
    &["NodeUnschedulable", "TaintToleration", "NodeAffinity", "NodePorts", "NodeResourcesFit", "PodTopologySpread"];

/// The configuration, made if there is none.
fn profiles(sketch: &mut Sketch) -> &mut Value {
    let is_there = |object: &Value| object["kind"] == "KubeSchedulerConfiguration";
    let at = match sketch.objects.iter().position(is_there) {
        Some(at) => at,
        None => {
            sketch.objects.push(json!({
                "apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration",
                "profiles": [{"schedulerName": "default-scheduler"}],
            }));
            sketch.objects.len() - 1
        }
    };
    &mut sketch.objects[at]["profiles"]
}

/// A profile of another name.
pub fn add_profile(sketch: &mut Sketch) {
    let change = change(sketch);
    let mut profile = json!({"schedulerName": "batch"});
    change.apply(&mut profile);
    let profiles = profiles(sketch);
    if profiles.as_array().is_some_and(|all| all.len() == 1) {
        super::push(profiles, profile);
    }
}

fn configure(sketch: &mut Sketch) {
    let change = change(sketch);
    change.apply(&mut profiles(sketch)[0]);
}

/// What is put into a profile.
enum Change {
    /// Arguments of a plugin.
    Arguments(&'static str, Value),
    /// A plugin is on with another weight, or off, at an extension point.
    Plugin(&'static str, &'static str, Value),
}

impl Change {
    fn apply(self, profile: &mut Value) {
        match self {
            Change::Arguments(name, args) => {
                super::push(&mut profile["pluginConfig"], json!({"name": name, "args": args}));
            }
            Change::Plugin(point, key, plugin) => super::push(&mut profile["plugins"][point][key], plugin),
        }
    }
}

fn change(sketch: &mut Sketch) -> Change {
    match sketch.random.within(0, 10) {
        0 => Change::Plugin("score", "disabled", json!({"name": sketch.one_of(SCORES)})),
        1 => {
            let plugin = json!({"name": sketch.one_of(SCORES), "weight": sketch.one_of(&[1, 5, 100])});
            Change::Plugin("multiPoint", "enabled", plugin)
        }
        2 | 3 => Change::Plugin("filter", "disabled", json!({"name": sketch.one_of(FILTERS)})),
        4 => Change::Plugin("postFilter", "disabled", json!({"name": "DefaultPreemption"})),
        5 => {
            let mut added = json!({});
            if sketch.percent(60) {
                let term = node_term(sketch);
                added["requiredDuringSchedulingIgnoredDuringExecution"] = json!({"nodeSelectorTerms": [term]});
            } else {
                added["preferredDuringSchedulingIgnoredDuringExecution"] = preferences(sketch);
            }
            Change::Arguments("NodeAffinity", json!({"addedAffinity": added}))
        }
        6 => {
            let mut default = constraint(sketch);
            default.as_object_mut().map(|fields| fields.remove("minDomains"));
            let list = json!({"defaultingType": "List", "defaultConstraints": [default]});
            let none = json!({"defaultingType": "List", "defaultConstraints": []});
            Change::Arguments("PodTopologySpread", sketch.one_of(&[list.clone(), list, none]))
        }
        7 => Change::Arguments("NodeResourcesFit", json!({"scoringStrategy": {"type": "MostAllocated"}})),
        8 => {
            let shape = json!([{"utilization": 0, "score": 0}, {"utilization": 50, "score": 10}]);
            let strategy = json!({"type": "RequestedToCapacityRatio", "requestedToCapacityRatio": {"shape": shape}});
            Change::Arguments("NodeResourcesFit", json!({"scoringStrategy": strategy}))
        }
        9 => Change::Arguments(
            "NodeResourcesBalancedAllocation",
            json!({"resources": [{"name": sketch.one_of(&["cpu", "memory"]), "weight": 1}]}),
        ),
        _ => {
            let ignores = sketch.percent(50);
            let args = json!({"hardPodAffinityWeight": sketch.one_of(&[0, 50]), "ignorePreferredTermsOfExistingPods": ignores});
            Change::Arguments("InterPodAffinity", args)
        }
    }
}

/// An extended resource that the scheduler lets pass.
fn ignore_device(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    for kind in ["requests", "limits"] {
        sketch.container(one)["resources"][kind]["example.com/gpu"] = "1".into();
    }
    let args = sketch.one_of(&[
        json!({"ignoredResources": ["example.com/gpu"]}),
        json!({"ignoredResourceGroups": ["example.com"]}),
        json!({"ignoredResources": ["example.com/other"]}),
    ]);
    Change::Arguments("NodeResourcesFit", args).apply(&mut profiles(sketch)[0]);
}

/// A Service, from which default spread constraints are derived.
fn serve_by_default(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let selector = json!({"app": sketch.name(one)});
    sketch.objects.push(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "service", "namespace": "default"},
        "spec": {"selector": selector, "ports": [{"port": 80}]},
    }));
    let mut default = constraint(sketch);
    default.as_object_mut().map(|fields| fields.remove("minDomains"));
    let args = json!({"defaultingType": "List", "defaultConstraints": [default]});
    Change::Arguments("PodTopologySpread", args).apply(&mut profiles(sketch)[0]);
}
