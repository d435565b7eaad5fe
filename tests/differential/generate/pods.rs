//! What pods ask for.

use super::nodes::{HOSTNAME, ZONE};
use super::workloads::volume;
use super::{Letter, Sketch, push};
use serde_json::{Value, json};

pub const LETTERS: &[Letter] = &[
    name_node,
    select_nodes,
    select_nodes,
    require_nodes,
    require_nodes,
    prefer_nodes,
    keep_together,
    keep_apart,
    keep_apart,
    bind_port,
    gate,
    tolerate,
    tolerate_for_a_while,
    spread,
    spread,
    spread,
    give_priority,
    give_priority,
    choose_scheduler,
    use_local_storage,
    annotate,
    limit,
    add_container,
    claim_volume,
    claim_for_one,
    end_at_once,
    name_system,
    select_away,
];

fn name_node(sketch: &mut Sketch) {
    let node = if sketch.percent(85) { sketch.some_node() } else { "nowhere".to_owned() };
    let one = sketch.some_workload();
    sketch.pod(one)["nodeName"] = node.into();
}

fn select_nodes(sketch: &mut Sketch) {
    let selector = match sketch.random.within(0, 2) {
        0 => json!({"tier": "fast"}),
        1 => json!({ZONE: "a"}),
        _ => json!({HOSTNAME: sketch.some_node()}),
    };
    let one = sketch.some_workload();
    sketch.pod(one)["nodeSelector"] = selector;
}

/// A term of node affinity, sometimes about names.
pub fn node_term(sketch: &mut Sketch) -> Value {
    let node = sketch.some_node();
    let expression = match sketch.random.within(0, 8) {
        0 => json!({"key": "tier", "operator": "In", "values": ["fast"]}),
        1 => json!({"key": "tier", "operator": "NotIn", "values": ["fast"]}),
        2 => json!({"key": "tier", "operator": "Exists"}),
        3 => json!({"key": ZONE, "operator": "DoesNotExist"}),
        4 => json!({"key": ZONE, "operator": "In", "values": ["a", "c"]}),
        5 => json!({"key": HOSTNAME, "operator": "In", "values": [node]}),
        6 => json!({"key": HOSTNAME, "operator": "NotIn", "values": [node]}),
        7 => json!({"key": "rank", "operator": sketch.one_of(&["Gt", "Lt"]), "values": ["3"]}),
        _ => {
            let operator = sketch.one_of(&["In", "NotIn"]);
            return json!({"matchFields": [{"key": "metadata.name", "operator": operator, "values": [node]}]});
        }
    };
    json!({"matchExpressions": [expression]})
}

fn require_nodes(sketch: &mut Sketch) {
    let mut terms = vec![node_term(sketch)];
    if sketch.percent(30) {
        terms.push(node_term(sketch));
    }
    let one = sketch.some_workload();
    sketch.pod(one)["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
        json!({"nodeSelectorTerms": terms});
}

/// Preferences of node affinity.
pub fn preferences(sketch: &mut Sketch) -> Value {
    let term = node_term(sketch);
    json!([{"weight": sketch.one_of(&[1, 50, 100]), "preference": term}])
}

fn prefer_nodes(sketch: &mut Sketch) {
    let terms = preferences(sketch);
    let one = sketch.some_workload();
    sketch.pod(one)["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] = terms;
}

/// A selector of pods; none selects nothing.
fn pod_selector(sketch: &mut Sketch, workload: usize) -> Option<Value> {
    let (own, other) = (sketch.name(workload).to_owned(), sketch.some_workload());
    let other = sketch.name(other).to_owned();
    sketch.one_of(&[
        Some(json!({"matchLabels": {"app": own}})),
        Some(json!({"matchLabels": {"app": own}})),
        Some(json!({"matchLabels": {"app": other}})),
        Some(json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": [own]}]})),
        Some(json!({})),
        None,
    ])
}

fn relate(sketch: &mut Sketch, key: &str) {
    let one = sketch.some_workload();
    let mut term = json!({"topologyKey": sketch.one_of(&[HOSTNAME, HOSTNAME, ZONE])});
    if let Some(selector) = pod_selector(sketch, one) {
        term["labelSelector"] = selector;
    }
    match sketch.random.within(0, 9) {
        0 if term["labelSelector"].is_object() => term["matchLabelKeys"] = json!(["pod-template-hash"]),
        1 if term["labelSelector"].is_object() => term["mismatchLabelKeys"] = json!(["pod-template-hash"]),
        2 => term["namespaces"] = json!(["elsewhere"]),
        3 => term["namespaceSelector"] = json!({}),
        _ => {}
    }
    let is_required = sketch.percent(60);
    let weighted = json!({"weight": sketch.one_of(&[1, 29, 100]), "podAffinityTerm": term});
    let affinity = &mut sketch.pod(one)["affinity"][key];
    if is_required {
        push(&mut affinity["requiredDuringSchedulingIgnoredDuringExecution"], term);
    } else {
        push(&mut affinity["preferredDuringSchedulingIgnoredDuringExecution"], weighted);
    }
}

fn keep_together(sketch: &mut Sketch) {
    relate(sketch, "podAffinity");
}

fn keep_apart(sketch: &mut Sketch) {
    relate(sketch, "podAntiAffinity");
}

fn bind_port(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let mut port = json!({"containerPort": 80, "hostPort": sketch.one_of(&[80, 81])});
    if sketch.percent(40) {
        port["hostIP"] = sketch.one_of(&["10.0.0.1", "10.0.0.2"]).into();
    }
    push(&mut sketch.container(one)["ports"], port);
}

fn gate(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    sketch.pod(one)["schedulingGates"] = json!([{"name": "example.com/gate"}]);
}

/// A toleration of the taint of pools.
pub fn tolerate(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let mut toleration = json!({"key": "dedicated"});
    if sketch.percent(50) {
        toleration["operator"] = "Exists".into();
    } else {
        toleration["value"] = "batch".into();
    }
    if let Some(effect) = sketch.one_of(&[None, Some("NoExecute"), Some("NoSchedule")]) {
        toleration["effect"] = effect.into();
        if effect == "NoExecute" && sketch.percent(70) {
            toleration["tolerationSeconds"] = sketch.one_of(&[0, 60]).into();
        }
    }
    push(&mut sketch.pod(one)["tolerations"], toleration);
}

/// Other seconds than those of admission for nodes that stop.
fn tolerate_for_a_while(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let seconds = sketch.one_of(&[0, 30, 60]);
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let toleration = json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds});
        push(&mut sketch.pod(one)["tolerations"], toleration);
    }
    super::events::fail_node(sketch);
}

/// A topology spread constraint with or without a selector.
pub fn constraint(sketch: &mut Sketch) -> Value {
    let is_hard = sketch.percent(60);
    let mut constraint = json!({
        "maxSkew": sketch.one_of(&[1, 1, 2]),
        "topologyKey": sketch.one_of(&[HOSTNAME, HOSTNAME, ZONE]),
        "whenUnsatisfiable": if is_hard { "DoNotSchedule" } else { "ScheduleAnyway" },
    });
    if is_hard && sketch.percent(25) {
        constraint["minDomains"] = 2.into();
    }
    if sketch.percent(20) {
        constraint["nodeAffinityPolicy"] = "Ignore".into();
    }
    if sketch.percent(20) {
        constraint["nodeTaintsPolicy"] = "Honor".into();
    }
    constraint
}

fn spread(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let mut constraint = constraint(sketch);
    if let Some(selector) = pod_selector(sketch, one) {
        constraint["labelSelector"] = selector;
        if sketch.percent(20) {
            constraint["matchLabelKeys"] = json!(["pod-template-hash"]);
        }
    }
    push(&mut sketch.pod(one)["topologySpreadConstraints"], constraint);
}

fn give_priority(sketch: &mut Sketch) {
    if !sketch.objects.iter().any(|object| object["kind"] == "PriorityClass") {
        let mut class = json!({
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 10,
        });
        if sketch.percent(15) {
            class["preemptionPolicy"] = "Never".into();
        }
        sketch.objects.push(class);
    }
    let one = sketch.some_workload();
    sketch.pod(one)["priorityClassName"] = "high".into();
    if sketch.percent(15) {
        sketch.pod(one)["preemptionPolicy"] = "Never".into();
    }
}

fn choose_scheduler(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    sketch.pod(one)["schedulerName"] = sketch.one_of(&["other", "batch"]).into();
    if sketch.percent(60) {
        super::scheduling::add_profile(sketch);
    }
}

fn use_local_storage(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    push(&mut sketch.pod(one)["volumes"], json!({"name": "scratch", "emptyDir": {}}));
    super::descheduling::evict(sketch);
}

/// An annotation that the descheduler heeds.
fn annotate(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let manifest = &mut sketch.workloads[one].manifest;
    let metadata = match manifest["kind"].as_str() {
        Some("Pod") => &mut manifest["metadata"],
        Some("CronJob") => &mut manifest["spec"]["jobTemplate"]["spec"]["template"]["metadata"],
        _ => &mut manifest["spec"]["template"]["metadata"],
    };
    metadata["annotations"] = json!({"descheduler.alpha.kubernetes.io/evict": "true"});
    super::descheduling::evict(sketch);
}

/// Limits, up to a quality of service of Guaranteed.
fn limit(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let amounts = json!({"cpu": "500m", "memory": "512Mi"});
    let only_cpu = sketch.percent(40);
    let resources = &mut sketch.container(one)["resources"];
    if only_cpu {
        resources["limits"]["cpu"] = "1".into();
    } else {
        *resources = json!({"requests": amounts, "limits": amounts});
    }
}

fn add_container(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let container =
        json!({"name": "proxy", "image": "registry.example/proxy:1", "resources": {"requests": {"cpu": "100m"}}});
    push(&mut sketch.pod(one)["containers"], container);
}

/// A volume that only one node can use.
fn claim_volume(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let number = sketch.objects.len();
    let (name, claim) = (format!("volume-{number}"), format!("claim-{number}"));
    let node = sketch.some_node();
    sketch.objects.push(volume(&name, &claim, &node));
    let metadata = json!({"name": claim, "namespace": "default"});
    sketch.objects.push(json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": {"volumeName": name},
    }));
    let volume = json!({"name": "data", "persistentVolumeClaim": {"claimName": claim}});
    push(&mut sketch.pod(one)["volumes"], volume);
}

/// A volume that one node or one pod may use at a time, sometimes shared by two workloads.
fn claim_for_one(sketch: &mut Sketch) {
    let claim = format!("claim-{}", sketch.objects.len());
    let mode = sketch.one_of(&["ReadWriteOnce", "ReadWriteOncePod"]);
    let metadata = json!({"name": claim, "namespace": "default"});
    sketch.objects.push(json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": {"accessModes": [mode]},
    }));
    for number in 0..sketch.random.within(1, 2) {
        let one = sketch.some_workload();
        let volume = json!({"name": format!("{claim}-{number}"), "persistentVolumeClaim": {"claimName": claim}});
        push(&mut sketch.pod(one)["volumes"], volume);
    }
}

fn end_at_once(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    sketch.pod(one)["terminationGracePeriodSeconds"] = 0.into();
}

/// The system of no node.
fn name_system(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    sketch.pod(one)["os"] = json!({"name": "windows"});
}

/// Nodes that are not of a name.
fn select_away(sketch: &mut Sketch) {
    let node = sketch.some_node();
    let one = sketch.some_workload();
    let expression = json!({"key": HOSTNAME, "operator": "NotIn", "values": [node]});
    sketch.pod(one)["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
        json!({"nodeSelectorTerms": [{"matchExpressions": [expression]}]});
}
