//! What the steps of controllers leave behind where it can still be found later.

use super::nodes::Nodes;
use super::{Input, State, command, object, quote, workload};
use crate::report::narrate::{Request, ToldStep};
use kubound_encodings::cluster::WorkloadRef;
use kubound_encodings::state::words;
use kubound_encodings::system::Verb;

/// What a step is looked for by, before Events are added up.
pub(super) struct Sight {
    /// `at-least`, `at-most` or `exactly`.
    pub(super) relation: &'static str,
    /// The number.
    pub(super) number: i64,
    /// Prints the number.
    pub(super) command: String,
    /// Whether numbers of the same command add up from the start of the run on.
    pub(super) is_counted: bool,
}

/// What a controller's step leaves behind.
pub(super) fn sights(input: &Input, nodes: &Nodes, told: &ToldStep, after: &State) -> Vec<Sight> {
    let counted = |number: i64, command: String| Sight { relation: "at-least", number, command, is_counted: true };
    let state = |relation, number: i64, command: String| Sight { relation, number, command, is_counted: false };
    let requests = &told.about.requests;
    let first = |verb: Verb| requests.iter().find(|request| request.verb == verb);
    let of = |request: &Request| workload(input, request.object?);
    // Pods of a workload on a node.
    let placed = |verb: Verb| {
        let request = first(verb)?;
        Some((of(request)?, input.system.names.root(request.object?), request.node.as_deref()?))
    };
    let sight = match (told.actor.as_str(), told.reason.as_str()) {
        ("deployment-controller", "ScalingReplicaSet") => first(Verb::Update)
            .and_then(of)
            .map(|one| counted(1, events_about(&one.namespace, &one.name, 0, "ScalingReplicaSet", "Scaled "))),
        ("replicaset-controller", reason @ ("SuccessfulCreate" | "SuccessfulDelete")) => {
            let verb = if reason == "SuccessfulCreate" { Verb::Create } else { Verb::Delete };
            let change = requests.iter().filter(|request| request.verb == verb).map(|request| request.count).sum();
            first(verb)
                .and_then(of)
                .map(|one| counted(change, events_about(&one.namespace, &one.name, parts(one) - 1, reason, "pod: ")))
        }
        ("default-scheduler", "Scheduled") => placed(Verb::Bind).map(|(one, _, node)| {
            let message = format!(" to @{} ", nodes.name(node));
            counted(1, events_about(&one.namespace, &one.name, parts(one), "Scheduled", &message))
        }),
        // A restart is no start of a pod.
        ("kubelet", "Started" | "Ready") => placed(Verb::Status).map(|(one, _, node)| {
            let is_first = told.about.word() == words::START;
            counted(i64::from(is_first), on_node("started", one, nodes.name(node)))
        }),
        ("default-scheduler", "Preempted") => return preemptions(input, nodes, told),
        ("daemonset-controller" | "statefulset-controller" | "job-controller", reason) => {
            return of_owner(input, nodes, told, reason);
        }
        ("kubelet", "Killing") => placed(Verb::Delete).map(|(one, id, node)| {
            let left = after.in_phase(id, node, words::TERMINATING);
            state("at-most", left, pods_command(one, &at(nodes, node), "terminating"))
        }),
        ("kubelet", "Failed") => {
            placed(Verb::Status).map(|(one, _, node)| counted(1, pods_command(one, &at(nodes, node), "failed")))
        }
        ("horizontal-pod-autoscaler", "SuccessfulRescale") => first(Verb::Update).and_then(of).and_then(|one| {
            let hpa = input.cluster.hpas.iter().find(|hpa| hpa.target == *one)?;
            let message = format!("New size: {};", after.of(one, words::REPLICAS)?);
            Some(counted(1, events_about(&one.namespace, &hpa.name, 0, "SuccessfulRescale", &message)))
        }),
        ("node-controller", reason @ ("NodeNotReady" | "NodeReady")) => {
            let number = i64::from(reason == "NodeReady");
            let node = told.about.node.as_deref();
            node.map(|node| state("exactly", number, format!("ready {}", quote(&at(nodes, node)))))
        }
        ("node-controller", "TaintAdded") => told.about.node.as_deref().map(|node| {
            let node = quote(&at(nodes, node));
            state("at-least", 1, format!("tainted {node} node.kubernetes.io/unreachable"))
        }),
        ("taint-eviction-controller", _) | ("descheduler", "Descheduled") => return evictions(input, nodes, told),
        ("kubectl", "Evicted") => placed(Verb::Evict)
            .map(|(one, id, node)| state("at-most", after.on(id, node), pods_command(one, &at(nodes, node), "active"))),
        _ => None,
    };
    sight.into_iter().collect()
}

/// Events about pods that leave nodes.
fn evictions(input: &Input, nodes: &Nodes, told: &ToldStep) -> Vec<Sight> {
    let is_descheduler = told.actor == "descheduler";
    let mut found: Vec<Sight> = Vec::new();
    for workload in &input.cluster.workloads {
        let reference = &workload.reference;
        let id = object(input.system, reference);
        let own = told.about.requests.iter().filter(|request| {
            request.object.map(|object| input.system.names.root(object)) == id
                && matches!(request.verb, Verb::Evict | Verb::Delete)
        });
        let own: Vec<&Request> = own.collect();
        let (namespace, name) = (&reference.namespace, &reference.name);
        let mut look = |number: i64, reason: &str, message: &str| {
            let command = events_about(namespace, name, parts(reference), reason, message);
            if number > 0 {
                found.push(Sight { relation: "at-least", number, command, is_counted: true });
            }
        };
        if !is_descheduler {
            let gone = own.iter().map(|request| request.count).sum();
            look(gone, "TaintManagerEviction", "Marking for deletion");
            continue;
        }
        for (slot, node) in nodes.slots() {
            let here = own.iter().filter(|request| request.node.as_deref() == Some(slot));
            look(here.map(|request| request.count).sum(), "", &format!(" from @{node} "));
        }
    }
    found
}

/// How many generated parts the names of a workload's pods have behind its own.
fn parts(reference: &WorkloadRef) -> usize {
    match reference.kind.as_str() {
        "Deployment" => 2,
        "Pod" => 0,
        _ => 1,
    }
}

fn events_about(namespace: &str, object: &str, parts: usize, reason: &str, message: &str) -> String {
    command("events", [namespace, object, &parts.to_string(), reason, message])
}

pub(super) fn pods_command(reference: &WorkloadRef, node: &str, what: &str) -> String {
    command("pods", [&reference.namespace, &reference.name, &parts(reference).to_string(), node, what])
}

/// A node of the cluster, whose name is found when something happens there.
fn at(nodes: &Nodes, slot: &str) -> String {
    format!("@{}", nodes.name(slot))
}

fn on_node(name: &str, reference: &WorkloadRef, node: &str) -> String {
    let WorkloadRef { namespace, name: object, .. } = reference;
    command(name, [namespace, object, &parts(reference).to_string(), &format!("@{node}")])
}

/// What controllers of pods write about the object that they control.
fn of_owner(input: &Input, nodes: &Nodes, told: &ToldStep, reason: &str) -> Vec<Sight> {
    let counted = |number: i64, command: String| Sight { relation: "at-least", number, command, is_counted: true };
    let verb = match reason {
        "SuccessfulCreate" => Verb::Create,
        "SuccessfulDelete" => Verb::Delete,
        "BackoffLimitExceeded" | "DeadlineExceeded" => Verb::Update,
        _ => return Vec::new(),
    };
    let own: Vec<&Request> = told.about.requests.iter().filter(|request| request.verb == verb).collect();
    let Some(one) = own.iter().find_map(|request| workload(input, request.object?)) else { return Vec::new() };
    let number = if verb == Verb::Update { 1 } else { own.iter().map(|request| request.count).sum() };
    let mut found = vec![counted(number, events_about(&one.namespace, &one.name, 0, reason, ""))];
    // The model's DaemonSets give their pods nodes at once; in a cluster the scheduler does.
    if one.kind == "DaemonSet" && verb == Verb::Create {
        for node in own.iter().filter_map(|request| request.node.as_deref()) {
            let message = format!(" to @{} ", nodes.name(node));
            found.push(counted(1, events_about(&one.namespace, &one.name, parts(one), "Scheduled", &message)));
        }
    }
    found
}

/// Pods that make room.
fn preemptions(input: &Input, nodes: &Nodes, told: &ToldStep) -> Vec<Sight> {
    let victims = told.about.requests.iter().filter(|request| matches!(request.verb, Verb::Evict | Verb::Delete));
    let sight = |request: &Request| {
        let one = workload(input, request.object?)?;
        let message = format!(" on node @{} ", nodes.name(request.node.as_deref()?));
        let command = events_about(&one.namespace, &one.name, parts(one), "Preempted", &message);
        Some(Sight { relation: "at-least", number: request.count, command, is_counted: true })
    };
    victims.filter_map(sight).collect()
}
