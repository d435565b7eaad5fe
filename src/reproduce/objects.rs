//! The objects of a run: as they are written, with the replicas that the run starts with and the names of its nodes.

use super::nodes::Nodes;
use super::{File, Input, Refusal, State, Tool, quote};
use kubound_encodings::cluster::node::{CPU, HOSTNAME, MEMORY};
use kubound_encodings::cluster::workload::Usage;
use kubound_encodings::cluster::{EventKind, Span, Workload, WorkloadRef};
use kubound_encodings::state::{cpu_unit, initial_cpu, words};
use serde_json::Value;
use std::collections::BTreeMap;

/// Files of objects, and what the script does with them.
pub(super) struct ObjectFiles {
    /// All files.
    pub(super) files: Vec<File>,
    /// Those that are applied at the start, in order.
    pub(super) initial: Vec<String>,
    /// Namespaces that have to be made.
    pub(super) namespaces: Vec<String>,
    /// Workloads whose replicas are set after they were applied, because the manifest leaves them out.
    pub(super) scaled: Vec<(WorkloadRef, i64)>,
    /// What pods use from the start on, as words of `set_usage`.
    pub(super) usage: Vec<String>,
    /// Whether the scheduler has a configuration.
    pub(super) has_scheduler: bool,
}

/// Objects that configure programs, and are not applied.
const CONFIGURATIONS: &[&str] = &["DeschedulerPolicy", "KubeSchedulerConfiguration"];

/// Writes all objects.
pub(super) fn files(input: &Input, nodes: &Nodes, tool: Tool) -> Result<ObjectFiles, Refusal> {
    let mut found = ObjectFiles {
        files: Vec::new(),
        initial: Vec::new(),
        namespaces: Vec::new(),
        scaled: Vec::new(),
        usage: Vec::new(),
        has_scheduler: false,
    };
    let order = |name: &str| {
        let kind = name.split('/').next().unwrap_or_default();
        ["Namespace", "PriorityClass", "ConfigMap", "Service", "Deployment", "ReplicaSet", "DaemonSet"]
            .iter()
            .position(|first| *first == kind)
            .unwrap_or(if kind == "HorizontalPodAutoscaler" { 9 } else { 3 })
    };
    // What an event creates is not there before.
    let is_later = |name: &str| {
        let created = input.cluster.events.iter().filter_map(|event| match &event.kind {
            EventKind::CreateDeployment { target } => Some(target.to_string()),
            _ => None,
        });
        created.into_iter().any(|later| later == name)
    };
    let is_meant = |name: &str| !name.starts_with("Node//") && !is_later(name);
    let mut objects: Vec<_> = input.manifests.objects.iter().filter(|one| is_meant(&one.name)).collect();
    objects.sort_by_key(|one| (order(&one.name), one.name.clone()));
    for one in objects {
        let mut value = one.value.clone();
        if CONFIGURATIONS.contains(&one.name.as_str()) {
            let path = if one.name == "DeschedulerPolicy" { "policy.json" } else { "scheduler.json" };
            found.has_scheduler |= one.name == "KubeSchedulerConfiguration";
            found.files.push(File { path: path.into(), text: pretty(&value), is_program: false });
            continue;
        }
        start_as_in_the_run(input, &one.name, &mut value, &mut found.scaled);
        rename(&mut value, nodes);
        let path = format!("objects/{:02}-{}.json", found.initial.len() + 1, file_name(&one.name));
        found.initial.push(path.clone());
        found.files.push(File { path, text: pretty(&value), is_program: false });
    }
    for workload in &input.cluster.workloads {
        let namespace = &workload.reference.namespace;
        let is_known = namespace == "default" || found.namespaces.contains(namespace);
        if !is_known && !input.manifests.objects.iter().any(|one| one.name == format!("Namespace//{namespace}")) {
            found.namespaces.push(namespace.clone());
        }
    }
    if tool == Tool::Kwok && !input.cluster.hpas.is_empty() {
        let workloads = input.cluster.workloads.iter();
        found.usage = workloads.filter_map(|workload| usage(input, workload, None)).collect();
    }
    for event in &input.cluster.events {
        if !matches!(event.kind, EventKind::Apply { .. } | EventKind::CreateDeployment { .. }) {
            continue;
        }
        let written = input.manifests.applied.get(&event.id).ok_or_else(|| Refusal::NoFile(event.id.clone()))?;
        let items: Vec<Value> = written.iter().map(|one| renamed(&one.value, nodes)).collect();
        let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items});
        let text = pretty(items.first().filter(|_| items.len() == 1).unwrap_or(&list));
        found.files.push(File { path: event_path(input, &event.id), text, is_program: false });
    }
    Ok(found)
}

/// The file that an event applies.
pub(super) fn event_path(input: &Input, id: &str) -> String {
    let index = input.cluster.events.iter().position(|event| event.id == id).unwrap_or_default();
    format!("events/{:02}-{}.json", index + 1, file_name(id))
}

/// Sets the replicas.
fn start_as_in_the_run(input: &Input, name: &str, value: &mut Value, scaled: &mut Vec<(WorkloadRef, i64)>) {
    let state = State { system: input.system, values: &input.trace.initial };
    let Some(workload) = input.cluster.workloads.iter().find(|one| one.reference.to_string() == name) else { return };
    let reference = &workload.reference;
    if !["Deployment", "ReplicaSet", "StatefulSet"].contains(&reference.kind.as_str()) {
        return;
    }
    let replicas = state.of(reference, words::REPLICAS).unwrap_or(workload.replicas.lo);
    match value.pointer_mut("/spec/replicas") {
        Some(written) => *written = replicas.into(),
        None if replicas != 1 => scaled.push((reference.clone(), replicas)),
        None => {}
    }
}

/// What the pods of a workload use, as words of `set_usage`: as at the start of the run, or CPU of so many milli-cores.
pub(super) fn usage(input: &Input, workload: &Workload, changed: Option<i64>) -> Option<String> {
    let state = State { system: input.system, values: &input.trace.initial };
    let containers = workload.template.containers.len().max(1) as i64;
    let (mode, cpu) = match (changed, workload.cpu_usage) {
        (Some(cpu), _) => ("each", cpu),
        (None, Usage::Request) => ("each", workload.template.lasting_request(CPU)),
        (None, Usage::PerPod(span)) => ("each", initial(input, &state, workload, &span)),
        (None, Usage::Shared(span)) => ("shared", initial(input, &state, workload, &span)),
    };
    let memory = match workload.memory_usage {
        Usage::PerPod(span) => Some(state.of(&workload.reference, words::MEMORY_USAGE).unwrap_or(span.hi)),
        Usage::Request => Some(workload.template.lasting_request(MEMORY)),
        Usage::Shared(_) => None,
    };
    let memory = memory.map(|bytes| (bytes / containers).to_string()).unwrap_or_default();
    let (burst, seconds) = workload
        .startup
        .map_or((String::new(), 0), |startup| ((startup.cpu / containers).to_string(), startup.seconds));
    // KWOK gives the amount to each container.
    let cpu = (cpu / containers).to_string();
    let words = [&workload.reference.namespace, &selector(input, &workload.reference), mode, &cpu, &memory, &burst];
    Some(format!("{} {seconds}", words.map(quote).join(" ")))
}

fn initial(input: &Input, state: &State, workload: &Workload, span: &Span) -> i64 {
    let changes: Vec<Span> = (input.cluster.events.iter())
        .filter_map(|event| match &event.kind {
            EventKind::CpuChange { target, to } if *target == workload.reference => Some(*to),
            _ => None,
        })
        .collect();
    let value = state.of(&workload.reference, words::INITIAL_CPU_USAGE).unwrap_or_default();
    initial_cpu(span, cpu_unit(workload, span, &changes), value)
}

fn renamed(value: &Value, nodes: &Nodes) -> Value {
    let mut value = value.clone();
    rename(&mut value, nodes);
    value
}

/// Puts the cluster's names of nodes where the object names nodes.
fn rename(value: &mut Value, nodes: &Nodes) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|item| rename(item, nodes)),
        Value::Object(map) => {
            let key = map.get("key").and_then(Value::as_str);
            let names_nodes = key == Some(HOSTNAME) || key == Some("metadata.name");
            if let Some(Value::Array(values)) = map.get_mut("values").filter(|_| names_nodes) {
                values.iter_mut().for_each(|value| rename_text(value, nodes));
            }
            for (key, value) in map.iter_mut() {
                if key == "nodeName" || key == HOSTNAME {
                    rename_text(value, nodes);
                } else {
                    rename(value, nodes);
                }
            }
        }
        _ => {}
    }
}

fn rename_text(value: &mut Value, nodes: &Nodes) {
    if let Some(name) = value.as_str() {
        *value = nodes.name(name).into();
    }
}

/// JSON, which is YAML as well.
pub(super) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// A name that every file system takes.
fn file_name(name: &str) -> String {
    let clean: String = name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    clean.chars().take(60).collect()
}

/// Labels that select the pods of a workload, as `key=value,key=value`.
pub(super) fn selector(input: &Input, reference: &WorkloadRef) -> String {
    let workload = input.cluster.workloads.iter().find(|one| one.reference == *reference);
    let labels: BTreeMap<_, _> = workload.map(|one| one.template.labels.clone()).unwrap_or_default();
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}
