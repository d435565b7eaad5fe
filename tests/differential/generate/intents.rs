//! Intents of every kind, and in words.

use super::Sketch;
use super::nodes::{HOSTNAME, ZONE};
use serde_json::{Value, json};

const KEPT: &[&str] = &["Deployment", "ReplicaSet", "StatefulSet", "Job", "Pod"];
const MOMENTS: &[&str] = &["always", "settled", "afterReached"];

/// Adds an intent.
pub fn add(sketch: &mut Sketch) {
    let intent = if sketch.percent(25) { in_words(sketch) } else { built_in(sketch) };
    let Some(mut intent) = intent else { return add_general(sketch) };
    intent["id"] = format!("intent-{}", sketch.intents.len() + 1).into();
    sketch.intents.push(intent);
}

/// Adds one that any cluster may have.
fn add_general(sketch: &mut Sketch) {
    let mut intent =
        sketch.one_of(&[json!({"noOscillation": {}}), json!({"converges": {}}), json!({"schedulable": {}})]);
    intent["id"] = format!("intent-{}", sketch.intents.len() + 1).into();
    sketch.intents.push(intent);
}

fn limit(sketch: &mut Sketch) -> Value {
    sketch.one_of(&[
        json!("spec.replicas"),
        json!(1),
        json!(2),
        json!("nodes.present"),
        json!("min(spec.replicas, nodes.present)"),
    ])
}

fn built_in(sketch: &mut Sketch) -> Option<Value> {
    let target = sketch.some_of(KEPT).map(|one| sketch.workloads[one].reference.clone());
    let with_cron = sketch.some_of(&[KEPT, &["CronJob", "CronJob"]].concat());
    let with_cron = with_cron.map(|one| sketch.workloads[one].reference.clone());
    let with_daemons = sketch.some_of(&[KEPT, &["DaemonSet", "DaemonSet"]].concat());
    let with_daemons = with_daemons.map(|one| sketch.workloads[one].reference.clone());
    let optional = |target: Option<String>| target.map_or(json!({}), |target| json!({"target": target}));
    let is_drained = sketch.events.iter().any(|event| event["drain"].is_object() || event["maintenance"].is_object());
    if is_drained && sketch.percent(25) {
        return Some(json!({"drainCompletes": {}}));
    }
    let panics = sketch.spec.get("controllers").and_then(Value::as_array);
    if panics.is_some_and(|all| all.iter().any(|one| one["kernelPanic"].is_object())) && sketch.percent(40) {
        return Some(json!({"noNodePanicLoop": {}}));
    }
    let is_updated = sketch.events.iter().any(|event| event["rollout"].is_object() || event["apply"].is_object());
    if is_updated && sketch.percent(35) {
        return with_daemons.map(|target| json!({"rolloutCompletes": {"target": target}}));
    }
    if sketch.spec.contains_key("operations") && sketch.percent(50) {
        let oracle = sketch.one_of(&["sameAsFresh", "rollbackRestores", "recovers", "sameAsWithoutFaults"]);
        return Some(json!({oracle: {}}));
    }
    let narrowed = sketch.percent(50);
    let when = sketch.one_of(MOMENTS);
    Some(match sketch.random.within(0, 11) {
        0 | 1 => json!({"noOscillation": optional(target.filter(|_| narrowed))}),
        2 => json!({"noOvershoot": {"target": target?}}),
        3 | 4 => {
            let mut body = optional(with_cron.filter(|_| narrowed));
            body["mode"] = sketch.one_of(&["settled", "settled", "immediate"]).into();
            json!({"schedulable": body})
        }
        5 | 6 => replicas(sketch, &target?, when),
        7 => {
            let key = sketch.one_of(&[HOSTNAME, HOSTNAME, ZONE]);
            let skew = sketch.one_of(&[1, 1, 2]);
            json!({"spread": {"target": target?, "topologyKey": key, "maxSkew": skew, "when": when}})
        }
        8 => json!({"available": {"target": with_daemons?, "min": limit(sketch)}}),
        9 => json!({"converges": optional(with_cron.filter(|_| narrowed))}),
        10 => {
            let mut body = json!({"target": with_cron?});
            if narrowed {
                body["max"] = 3.into();
            }
            json!({"boundedPods": body})
        }
        _ => {
            let pool = sketch.random.pick(&sketch.pool_names());
            json!({"placement": {"target": with_cron?, "pools": [pool]}})
        }
    })
}

fn replicas(sketch: &mut Sketch, target: &str, when: &str) -> Value {
    let mut body = json!({"target": target, "when": when});
    let which = sketch.random.within(0, 2);
    if which != 1 {
        body["min"] = limit(sketch);
    }
    if which != 0 {
        body["max"] = limit(sketch);
    }
    json!({"replicas": body})
}

fn in_words(sketch: &mut Sketch) -> Option<Value> {
    let word = sketch.one_of(&["always", "eventually", "eventuallyAlways", "infinitelyOften", "leadsTo"]);
    let first = condition(sketch)?;
    Some(if word == "leadsTo" {
        let second = condition(sketch)?;
        json!({word: [first, second]})
    } else {
        json!({word: first})
    })
}

fn condition(sketch: &mut Sketch) -> Option<String> {
    let one = sketch.some_of(KEPT)?;
    let (name, reference) = (sketch.name(one).to_owned(), sketch.workloads[one].reference.clone());
    let node = sketch.some_node();
    let pool = sketch.random.pick(&sketch.pool_names());
    let hpa = sketch.objects.iter().find(|object| object["kind"] == "HorizontalPodAutoscaler");
    let mut texts = vec![
        format!("pods.filter(p, p.owner == '{name}' && p.ready).size() >= 1"),
        "pods.all(p, p.ready)".into(),
        "pods.all(p, p.phase != 'pending')".into(),
        format!("!settled || pods.exists(p, p.node == '{node}')"),
        "nodes.all(n, pods.filter(p, p.node == n.name).size() <= 2)".into(),
        "nodes.exists(n, n.ready && n.schedulable)".into(),
        format!("nodes.exists(n, n.name == '{node}')"),
        format!("workloads['{reference}'].status.readyReplicas >= 1"),
        format!("workloads['{reference}'].status.replicas == workloads['{reference}'].spec.replicas"),
        "workloads.all(w, w.status.readyReplicas <= w.spec.replicas)".into(),
        "workloads.all(w, w.status.succeeded == 0 || w.status.replicas <= 1)".into(),
        "workloads.exists(w, w.kind == 'Deployment' && w.namespace == 'default')".into(),
        format!("pods.all(p, p.pool in ['{pool}', ''])"),
        "pods.exists_one(p, p.ready)".into(),
        "pods.all(p, p.ready == (p.phase == 'running'))".into(),
        format!("workloads['{reference}'].status.replicas + pods.filter(p, p.phase == 'terminating').size() <= 4"),
        "pods.filter(p, p.phase == 'terminating').size() == 0 ? true : settled".into(),
        format!("pods.filter(p, p.namespace == 'default').size() * 2 - nodes.size() <= 3 || '{name}' == 'api'"),
        "nodes.filter(n, n.pool == '".to_owned() + &pool + "').size() >= 1",
    ];
    if let Some(hpa) = hpa {
        let scaler = hpa["metadata"]["name"].as_str().unwrap_or_default();
        texts.push(format!("hpas['{scaler}'].status.desiredReplicas <= hpas['{scaler}'].spec.maxReplicas"));
        texts.push("hpas.all(h, h.status.desiredReplicas >= h.spec.minReplicas && h.name != 'none')".into());
    }
    Some(sketch.random.pick(&texts))
}
