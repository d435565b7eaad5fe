//! Workloads of every kind.

use super::nodes::HOSTNAME;
use super::{Letter, Size, Sketch, Written};
use serde_json::{Map, Value, json};

const KINDS: &[&str] = &[
    "Deployment",
    "Deployment",
    "Deployment",
    "Deployment",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Pod",
];

/// One or two workloads.
pub fn add(sketch: &mut Sketch) {
    let kind = sketch.one_of(KINDS);
    add_one(sketch, kind);
    if sketch.size != Size::Large && sketch.percent(30) {
        let kind = sketch.one_of(KINDS);
        add_one(sketch, kind);
    }
}

pub const LETTERS: &[Letter] = &[
    add_another,
    add_twin,
    wait_for_readiness,
    replace_otherwise,
    pause,
    start_slowly,
    start_slowly,
    crash,
    use_cpu,
    use_memory,
    give_defaults,
];

fn add_one(sketch: &mut Sketch, kind: &'static str) {
    let name = ["web", "api", "extra", "more", "rest"][sketch.workloads.len().min(4)];
    let replicas = replicas(sketch);
    let mut requests = json!({});
    if sketch.percent(75) {
        requests["cpu"] = sketch.one_of(&["250m", "500m", "500m", "1"]).into();
    }
    if sketch.percent(20) {
        requests["memory"] = sketch.one_of(&["512Mi", "1Gi"]).into();
    }
    let container = json!({"name": "app", "image": "registry.example/app:1", "resources": {"requests": requests}});
    let labels = json!({"app": name});
    let mut template = json!({"metadata": {"labels": labels}, "spec": {"containers": [container]}});
    let metadata = json!({"name": name, "namespace": "default"});
    let selector = json!({"matchLabels": labels});
    let mut settings = Map::new();
    let mut spec = match kind {
        "Pod" => template["spec"].take(),
        "Job" | "CronJob" => {
            template["spec"]["restartPolicy"] = "Never".into();
            let mut job = job(sketch, &mut settings);
            job["template"] = template;
            if kind == "CronJob" { cron_job(sketch, job) } else { job }
        }
        _ => json!({"selector": selector, "template": template}),
    };
    match kind {
        "Deployment" | "ReplicaSet" | "StatefulSet" => {
            if let Some(exact) = replicas.as_i64() {
                spec["replicas"] = exact.into();
            } else {
                settings.insert("replicas".into(), replicas);
            }
        }
        _ => {}
    }
    match kind {
        "StatefulSet" => order(sketch, &mut spec),
        "DaemonSet" => update_daemons(sketch, &mut spec),
        _ => {}
    }
    let version = match kind {
        "Pod" => "v1",
        "Job" | "CronJob" => "batch/v1",
        _ => "apps/v1",
    };
    let mut manifest = json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec});
    if kind == "Pod" {
        manifest["metadata"]["labels"] = labels;
    }
    let reference = format!("{kind}/default/{name}");
    sketch.workloads.push(Written { reference, manifest, settings, is_created: false });
}

fn replicas(sketch: &mut Sketch) -> Value {
    match sketch.size {
        Size::Large => sketch.one_of(&[json!(4), json!(6), json!("1..4"), json!(5), json!("2..3")]),
        Size::Medium => sketch.one_of(&[json!(2), json!(3), json!(4), json!("1..3"), json!("2..4")]),
        Size::Small => sketch.one_of(&[json!(1), json!(2), json!(2), json!("1..2"), json!("0..2"), json!(3)]),
    }
}

fn job(sketch: &mut Sketch, settings: &mut Map<String, Value>) -> Value {
    let mut job = json!({"backoffLimit": sketch.one_of(&[0, 1])});
    if sketch.percent(40) {
        job["parallelism"] = sketch.one_of(&[1, 2]).into();
    }
    if sketch.percent(50) {
        job["completions"] = sketch.one_of(&[1, 2]).into();
        if sketch.percent(40) {
            job["completionMode"] = "Indexed".into();
            job["backoffLimitPerIndex"] = sketch.one_of(&[0, 1]).into();
            if sketch.percent(40) {
                job["maxFailedIndexes"] = 0.into();
            }
        }
    }
    if sketch.percent(20) {
        job["activeDeadlineSeconds"] = sketch.one_of(&[60, 120]).into();
    }
    if sketch.percent(15) {
        let rule = json!({
            "action": sketch.one_of(&["Ignore", "FailJob", "Count"]),
            "onPodConditions": [{"type": "DisruptionTarget"}],
        });
        job["podFailurePolicy"] = json!({"rules": [rule]});
    } else if sketch.percent(15) {
        job["podReplacementPolicy"] = "Failed".into();
    }
    if sketch.percent(4) {
        job["suspend"] = true.into();
    }
    if sketch.percent(50) {
        settings.insert("runTime".into(), sketch.one_of(&["60s", "300s"]).into());
    }
    job
}

fn cron_job(sketch: &mut Sketch, job: Value) -> Value {
    let mut cron = json!({
        "schedule": sketch.one_of(&["* * * * *", "*/2 * * * *", "0 3,4 * * *"]),
        "concurrencyPolicy": sketch.one_of(&["Allow", "Forbid", "Forbid", "Replace"]),
        "jobTemplate": {"spec": job},
    });
    if sketch.percent(20) {
        cron["startingDeadlineSeconds"] = 60.into();
    }
    if sketch.percent(4) {
        cron["suspend"] = true.into();
    }
    cron
}

/// What a StatefulSet says of its ordinals.
fn order(sketch: &mut Sketch, spec: &mut Value) {
    if sketch.percent(50) {
        spec["podManagementPolicy"] = "Parallel".into();
    }
    if sketch.percent(15) {
        spec["updateStrategy"] = json!({"type": "OnDelete"});
    } else if sketch.percent(15) {
        spec["updateStrategy"] = json!({"rollingUpdate": {"partition": 1}});
    }
    if sketch.percent(15) {
        spec["ordinals"] = json!({"start": 1});
    }
    if sketch.percent(20) {
        claim_by_ordinal(sketch, spec);
    }
}

/// Volumes of single ordinals, tied to nodes.
fn claim_by_ordinal(sketch: &mut Sketch, spec: &mut Value) {
    spec["volumeClaimTemplates"] = json!([{"metadata": {"name": "data"}, "spec": {}}]);
    let set = ["web", "api", "extra", "more", "rest"][sketch.workloads.len().min(4)];
    let node = sketch.some_node();
    let volume = volume("volume-0", &format!("data-{set}-0"), &node);
    sketch.objects.push(volume);
}

/// A volume that only one node can use.
pub fn volume(name: &str, claim: &str, node: &str) -> Value {
    let term = json!({"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": [node]}]});
    json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "claimRef": {"namespace": "default", "name": claim},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
        },
    })
}

fn update_daemons(sketch: &mut Sketch, spec: &mut Value) {
    let update = sketch.one_of(&[
        json!({}),
        json!({"type": "OnDelete"}),
        json!({"rollingUpdate": {"maxUnavailable": 2}}),
        json!({"rollingUpdate": {"maxUnavailable": "50%"}}),
        json!({"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}),
    ]);
    spec["updateStrategy"] = update;
}

fn add_another(sketch: &mut Sketch) {
    let kind = sketch.one_of(KINDS);
    add_one(sketch, kind);
}

/// A workload that differs from another one by its name only.
fn add_twin(sketch: &mut Sketch) {
    let Some(first) = sketch.some_of(&["Deployment", "ReplicaSet", "StatefulSet", "Job"]) else { return };
    let (old, new) = (sketch.name(first).to_owned(), "twin");
    if sketch.workloads.iter().any(|other| other.reference.ends_with("/twin")) {
        return;
    }
    let text = sketch.workloads[first].manifest.to_string().replace(&format!("\"{old}\""), &format!("\"{new}\""));
    let manifest = serde_json::from_str(&text).expect("names only were replaced");
    let reference = sketch.workloads[first].reference.replace(&format!("/{old}"), &format!("/{new}"));
    let settings = sketch.workloads[first].settings.clone();
    sketch.workloads.push(Written { reference, manifest, settings, is_created: false });
}

fn wait_for_readiness(sketch: &mut Sketch) {
    let seconds = sketch.one_of(&[15, 60, 90]);
    if let Some(one) = sketch.some_of(&["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"]) {
        sketch.workloads[one].manifest["spec"]["minReadySeconds"] = seconds.into();
    }
    if sketch.percent(50) {
        super::events::change_template(sketch);
    }
}

fn replace_otherwise(sketch: &mut Sketch) {
    let Some(one) = sketch.some_of(&["Deployment"]) else { return };
    let amounts = [json!(0), json!(1), json!(2), json!("25%"), json!("50%")];
    let (surge, unavailable) = (sketch.one_of(&amounts), sketch.one_of(&amounts));
    let strategy = if sketch.percent(30) {
        json!({"type": "Recreate"})
    } else {
        json!({"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}})
    };
    sketch.workloads[one].manifest["spec"]["strategy"] = strategy;
    super::events::change_template(sketch);
}

fn pause(sketch: &mut Sketch) {
    if let Some(one) = sketch.some_of(&["Deployment"]) {
        sketch.workloads[one].manifest["spec"]["paused"] = true.into();
        sketch.spec.insert("start".into(), "any".into());
    }
}

fn start_slowly(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let mut startup = json!({
        "seconds": sketch.one_of(&["15s", "60s"]),
        "ready": sketch.one_of(&["at-once", "after", "after", "never"]),
    });
    if sketch.percent(60) {
        startup["cpuUsage"] = sketch.one_of(&["0", "300m", "900m"]).into();
    }
    sketch.workloads[one].settings.insert("startup".into(), startup);
}

fn crash(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let crash = sketch.one_of(&[json!({}), json!({}), json!({"images": ["registry.example/app:2"]})]);
    sketch.workloads[one].settings.insert("crashLoop".into(), crash);
}

fn use_cpu(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    if sketch.percent(60) {
        let usage = sketch.one_of(&["100m", "600m", "100m..700m/300m"]);
        sketch.workloads[one].settings.insert("cpuUsage".into(), usage.into());
    } else {
        let load = sketch.one_of(&["900m", "400m..1200m/400m"]);
        sketch.workloads[one].settings.insert("load".into(), json!({"cpu": load}));
    }
}

fn use_memory(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    if sketch.percent(70) {
        let usage = sketch.one_of(&["512Mi", "1536Mi", "3Gi"]);
        sketch.workloads[one].settings.insert("memoryUsage".into(), usage.into());
    } else if !sketch.workloads[one].settings.contains_key("load") {
        sketch.workloads[one].settings.insert("load".into(), json!({"memory": "3Gi"}));
    }
}

/// A LimitRange that gives pods requests and limits, or refuses them.
fn give_defaults(sketch: &mut Sketch) {
    let limits = sketch.one_of(&[
        json!({"type": "Container", "defaultRequest": {"cpu": "500m"}}),
        json!({"type": "Container", "default": {"cpu": "1"}}),
        json!({"type": "Container", "max": {"cpu": "500m"}}),
        json!({"type": "Pod", "max": {"cpu": "250m"}}),
    ]);
    sketch.objects.push(json!({
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "limits", "namespace": "default"},
        "spec": {"limits": [limits]},
    }));
}
