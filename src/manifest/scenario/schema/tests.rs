//! The schema against the strict reader: for each key a scenario that both take, and scenarios that neither takes.

use super::super::super::{load_embedded, value, yaml};
use super::*;
use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::Map;

const CLUSTER: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, resources: {requests: {cpu: 100m}}}]}
---
apiVersion: v1
kind: Node
metadata: {name: worker}
status: {allocatable: {cpu: 2, memory: 1Gi}}
---
apiVersion: v1
kind: Node
metadata: {name: worker-0}
status: {allocatable: {cpu: 2, memory: 1Gi}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 3
  metrics: [{type: External, external: {metric: {name: queue-length}, target: {type: Value, value: 30}}}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: once, image: once, resources: {requests: {cpu: 100m}}}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: often}
spec:
  schedule: \"*/5 * * * *\"
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, containers: [{name: often, image: often, resources: {requests: {cpu: 100m}}}]}
---
apiVersion: kubound.dev/v1alpha1
kind: CustomController
metadata: {name: rabbitmq-operator}
spec:
  resource: {kind: RabbitmqCluster, name: rabbit, spec: {replicas: 1}}
  memory: {seen: bool}
  reconcile: [{remember: {seen: true}}]
";

fn compile() -> (Schemas, SchemaIndex) {
    let mut compiler = Compiler::new();
    compiler.set_default_draft(Draft::V7);
    compiler.add_resource("scenario.json", scenario_schema()).expect("a resource");
    let mut schemas = Schemas::new();
    let index = compiler.compile("scenario.json", &mut schemas).expect("a valid schema");
    (schemas, index)
}

fn is_read(scenario: &Value) -> Result<(), String> {
    let created = CLUSTER.split("---").next().unwrap_or_default().replace("name: web}", "name: new}");
    let files = [
        ("cluster.yaml".to_owned(), CLUSTER.to_owned()),
        ("web.yaml".to_owned(), CLUSTER.split("---").next().unwrap_or_default().to_owned()),
        ("new.yaml".to_owned(), created),
        ("scenario.yaml".to_owned(), scenario.to_string()),
    ];
    load_embedded("test", &files).map(|_| ()).map_err(|error| error.to_string())
}

/// A value that a schema takes; nothing for one that tells nothing.
fn sample(schema: &Value) -> Option<Value> {
    if let Some(example) = schema["examples"].get(0).or(schema["enum"].get(0)).or(schema.get("const")) {
        return Some(example.clone());
    }
    let kind = schema["type"].get(0).unwrap_or(&schema["type"]);
    match kind.as_str() {
        Some("boolean") => Some(json!(true)),
        Some("integer") => Some(schema["minimum"].clone()),
        Some("string") => Some(json!("x")),
        Some("array") => Some(json!([sample(&schema["items"])?])),
        Some("object") => samples(schema).into_iter().next().map(|(_, sample)| sample).or(Some(json!({}))),
        _ => schema["anyOf"].get(0).and_then(sample),
    }
}

/// One sample for each key of a mapping: the key, those that must be there, and nothing else.
fn samples(schema: &Value) -> Vec<(String, Value)> {
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut found = Vec::new();
    for (key, inner) in properties {
        let deeper: Vec<(String, Value)> = match (inner["type"].as_str(), inner.get("properties")) {
            (_, Some(_)) => samples(inner),
            (Some("array"), _) if inner["items"].get("properties").is_some() => wrap(samples(&inner["items"])),
            (Some("array"), _) if inner["items"]["anyOf"][1].get("properties").is_some() => {
                wrap(samples(&inner["items"]["anyOf"][1]))
            }
            _ => Vec::new(),
        };
        let deeper =
            if deeper.is_empty() { vec![(String::new(), sample(inner).unwrap_or(Value::Null))] } else { deeper };
        for (path, value) in deeper.into_iter().filter(|(_, value)| !value.is_null()) {
            let mut map: Map<String, Value> =
                required.iter().filter_map(|key| Some(((*key).to_owned(), sample(&properties[*key])?))).collect();
            map.insert(key.clone(), value);
            found.push((format!("{key}.{path}"), Value::Object(map)));
        }
    }
    found
}

fn wrap(samples: Vec<(String, Value)>) -> Vec<(String, Value)> {
    samples.into_iter().map(|(path, value)| (path, json!([value]))).collect()
}

/// What a key needs beside it that a schema cannot say.
fn complete(path: &str, scenario: &mut Value) {
    let spec = &mut scenario["spec"];
    let parts: Vec<&str> = path.split('.').collect();
    match parts.as_slice() {
        // An event that comes after another one, or an item with nothing but common keys.
        ["spec", "events", "id" | "times" | "must", ..] => spec["events"][0]["cordon"] = Value::Null,
        ["spec", "events", "after", ..] => {
            spec["events"] = json!([{"cordon": {"id": "first"}}, {"uncordon": null, "after": "first"}]);
        }
        ["spec", "events", _, "after", ..] => {
            let event = spec["events"][0].clone();
            spec["events"] = json!([{"cordon": {"id": "first"}}, event]);
        }
        ["spec", "operations", "id" | "when", ..] => spec["operations"][0]["cordon"] = Value::Null,
        ["spec", "controllers", "id", ..] => spec["controllers"][0]["memoryPressure"] = Value::Null,
        ["spec", "intents", "id", ..] => spec["intents"][0]["noOscillation"] = Value::Null,
        ["spec", "intents", "leadsTo", ..] => spec["intents"][0]["leadsTo"] = json!(["true", "settled"]),
        ["spec", "workloads", "runTime", ..] => spec["workloads"][0]["target"] = json!("Job/default/once"),
        ["spec", "workloads", "activeJobs", ..] => spec["workloads"][0]["target"] = json!("CronJob/default/often"),
        // A metric has a value.
        ["spec", "workloads", "metrics", "name", ..] => spec["workloads"][0]["metrics"][0]["value"] = json!(1),
        // They scale pools that say so.
        ["spec", "clusterAutoscaler" | "karpenter", ..] => {
            let template = json!({"allocatable": {"cpu": "4", "memory": "8Gi"}});
            spec["nodes"] = json!([{"name": "scaled", "count": 1, "autoscaling": {"max": 2}, "template": template}]);
        }
        // Between the least numbers that the schema takes.
        ["spec", "nodes", "autoscaling", ..] => {
            spec["nodes"][0]["count"] = json!(0);
            spec["karpenter"] = json!({});
        }
        // Of nodes that are added.
        ["spec", "nodes", "template", "startupTaints", ..] => {
            spec["nodes"][0]["count"] = json!(0);
            spec["nodes"][0]["autoscaling"] = json!({"max": 1});
            spec["karpenter"] = json!({});
        }
        // The newest release knows all of them.
        ["spec", "featureGates", ..] => spec["kubernetesVersion"] = json!("1.36"),
        // Only pending pods have none.
        ["spec", "placed", ..] => spec["placed"][0]["pool"] = json!("worker"),
        ["spec", "intents", "replicas", ..] => spec["intents"][0]["replicas"]["min"] = json!(1),
        _ => {}
    }
    let mut listed: Vec<&mut Value> = Vec::new();
    for (key, list) in spec.as_object_mut().into_iter().flatten() {
        if ["events", "operations"].contains(&key.as_str()) {
            listed.extend(list.as_array_mut().into_iter().flatten());
        }
    }
    for event in listed {
        // Without an operation before it there is nothing else to put back.
        if event.get("restore").is_some() {
            event["restore"]["target"] = json!("Deployment/default/web");
        }
        if event.get("createDeployment").is_some() {
            event["createDeployment"]["file"] = json!("new.yaml");
        }
        if event.get("wake").is_some() {
            event["wake"]["nap"] = json!("siesta");
        }
        // Nodes have no label that is removed: what is set is what changes.
        if event.get("relabel").is_some_and(|event| event.get("set").is_none()) {
            event["relabel"]["set"] = json!({"rack": "1"});
        }
        if event.get("metricChange").is_some() {
            event["metricChange"]["metric"] = json!("queue-length");
        }
    }
    // A metric that changes has a value before.
    if path.contains("metricChange") {
        spec["workloads"] =
            json!([{"target": "Deployment/default/web", "metrics": [{"name": "queue-length", "value": 1}]}]);
    }
    // Files that events name are no part of the cluster, but `web` and the nodes always are.
    let resources = json!(["cluster.yaml"]);
    if !spec.is_null() {
        spec["resources"] = resources;
    }
}

#[test]
fn the_reader_takes_every_key_of_the_schema() {
    let (schemas, index) = compile();
    let all = samples(&scenario_schema());
    assert!(all.len() > 80, "{} samples", all.len());
    for (path, mut scenario) in all {
        complete(&path, &mut scenario);
        let valid = schemas.validate(&scenario, index).map_err(|error| error.to_string());
        assert_eq!(valid, Ok(()), "schema, {path}: {scenario}");
        assert_eq!(is_read(&scenario), Ok(()), "reader, {path}: {scenario}");
    }
}

#[test]
fn neither_takes_a_key_that_is_unknown() {
    let (schemas, index) = compile();
    let mut broken = 0;
    for (path, mut scenario) in samples(&scenario_schema()) {
        complete(&path, &mut scenario);
        for depth in 0..6 {
            let mut spoilt = scenario.clone();
            // Labels, resources and verdicts are named freely, fields of custom resources by their rules files; taints are
            // read as leniently as those of manifests.
            let free = ["labels", "annotations", "allocatable", "taints", "startupTaints", "expect", "set"];
            if !spoil(&mut spoilt, &path, depth, &free) {
                break;
            }
            assert!(schemas.validate(&spoilt, index).is_err(), "schema: {spoilt}");
            let error = is_read(&spoilt).expect_err(&format!("reader: {spoilt}"));
            let refusals = ["unknown", "several keys", "not one key", "intents ("];
            assert!(refusals.iter().any(|refusal| error.contains(refusal)), "{error}");
            broken += 1;
        }
    }
    assert!(broken > 150, "{broken} broken scenarios");
}

/// Adds an unknown key `depth` mappings down the path; false if there is none.
fn spoil(value: &mut Value, path: &str, depth: usize, free: &[&str]) -> bool {
    let mut at = value;
    for key in path.split('.').filter(|key| !key.is_empty()).take(depth) {
        if free.contains(&key) {
            return false;
        }
        at = &mut at[key];
        if at.is_array() {
            at = &mut at[0];
        }
    }
    let Value::Object(map) = at else { return false };
    map.insert("noSuchKey".into(), json!(1));
    true
}

#[test]
fn the_schema_takes_the_scenarios_of_all_cases() {
    let (schemas, index) = compile();
    let mut seen = 0;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for case in std::fs::read_dir(root.join("cases")).expect("cases") {
        for variant in ["broken", "fixed"] {
            let file = case.as_ref().expect("an entry").path().join(variant).join("scenario.yaml");
            let Ok(text) = std::fs::read_to_string(&file) else { continue };
            for document in yaml::parse_documents(&text).expect("YAML") {
                let valid = schemas.validate(&as_json(&document.root), index).map_err(|error| error.to_string());
                assert_eq!(valid, Ok(()), "{}", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen >= 16, "{seen} scenarios");
}

fn as_json(value: &value::Value) -> Value {
    use value::Value as From;
    match value {
        From::Null => Value::Null,
        From::Bool(value) => json!(value),
        From::Integer(value) => json!(i64::try_from(*value).expect("a small number")),
        From::Float(value) => json!(value),
        From::Text(text) => json!(text),
        From::List(list) => list.iter().map(as_json).collect(),
        From::Map(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), as_json(value))).collect()),
    }
}
