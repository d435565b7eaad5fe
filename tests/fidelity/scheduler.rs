//! One scheduling cycle: which nodes the filters leave, what they score, which are the best.

use crate::clusters::{cluster, deployment, node, taints};
use crate::evaluator::{Evaluator, Latest};
use crate::kubelet::{requirement, template};
use crate::plugins;
use crate::tally::Tally;
use crate::vectors::{File, field};
use kubound::trace::execute::values;
use kubound_encodings::cluster::node::{CPU, MEMORY};
use kubound_encodings::cluster::pod::{PreferredTerm, TopologySpreadConstraint, WhenUnsatisfiable};
use kubound_encodings::cluster::pod_affinity::{
    HostPort, PodAffinity, PodAffinityTerm, RevisionMatch, WeightedPodAffinityTerm,
};
use kubound_encodings::cluster::scheduler::{DefaultSpread, ScoringStrategy};
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::{
    Cluster, LabelSelector, NodePool, NodeSelectorTerm, PodTemplate, Requirement, SchedulerProfile, Service, Span,
    Workload,
};
use kubound_encodings::system::Detail;
use kubound_encodings::term::{Term, TermId};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most pods of a workload on a node.
const MOST: i64 = 6;

/// Replays the vectors.
pub fn check(file: &File) -> Tally {
    let mut tally = Tally::default();
    let mut latest = Latest::default();
    let version = file.release();
    for vector in &file.lines {
        let cluster = |cluster: &Value| Cluster { version, ..system(cluster) };
        let evaluator = latest.of(&vector["cluster"], |value| Evaluator::with_plugins(&cluster(value)));
        let model = Cycle::of_model(evaluator, vector);
        let real = Cycle::of_vector(vector);
        let mut deviations = plugins::deviations(evaluator, vector);
        if model != real {
            deviations.push(format!("real: {real:?}, model: {model:?}"));
        }
        tally.count((!deviations.is_empty()).then(|| format!("{vector}\n  {}", deviations.join("\n  "))));
    }
    tally
}

/// What comes of a cycle.
#[derive(PartialEq, Eq, Debug)]
struct Cycle {
    /// Scores of the feasible nodes above that of the worst of them: the model leaves out what they have in common.
    above_worst: BTreeMap<String, i64>,
    /// Nodes that may be chosen.
    best: Vec<String>,
}

impl Cycle {
    fn new(scores: Vec<(String, i64)>, best: Vec<String>) -> Self {
        let worst = scores.iter().map(|(_, score)| *score).min().unwrap_or(0);
        Self { above_worst: scores.into_iter().map(|(name, score)| (name, score - worst)).collect(), best }
    }

    fn of_vector(vector: &Value) -> Self {
        let (feasible, totals): (Vec<String>, Vec<i64>) = (field(vector, "feasible"), field(vector, "totals"));
        Self::new(feasible.into_iter().zip(totals).collect(), field(vector, "best"))
    }

    fn of_model(evaluator: &Evaluator, vector: &Value) -> Self {
        let names = workload_names(&vector["cluster"]);
        let nodes = node_names(&vector["cluster"]);
        let state = state(evaluator, vector, &names, &nodes);
        let next = &names[field::<usize>(vector, "next")];
        let rules: Vec<_> = nodes
            .iter()
            .filter_map(|node| {
                evaluator.rule(&format!("default-scheduler/bind/{next}/{node}")).map(|rule| (node, rule))
            })
            .collect();
        // Rules that can never be enabled are not in the system; each of the others says what all nodes score.
        let Some((_, example)) = rules.first() else { return Self::new(Vec::new(), Vec::new()) };
        let score = |node: &String| -> TermId {
            let name = format!("score of {node}");
            let names = &evaluator.system.names;
            let is_meant = |one: &&Detail| names.detail(&one.subject) == name;
            example.details.iter().find(is_meant).expect("a score of each node").term
        };
        let mut terms: Vec<TermId> = nodes.iter().map(score).collect();
        terms.extend(rules.iter().map(|(_, rule)| rule.enabled.id()));
        let found = values(&evaluator.system, &terms, &state, &[]);
        let (scores, enabled) = found.split_at(nodes.len());
        let scores = nodes.iter().cloned().zip(scores.iter().copied()).filter(|(_, score)| *score >= 0).collect();
        let best = rules.iter().zip(enabled).filter(|(_, enabled)| **enabled == 1);
        Self::new(scores, best.map(|((node, _), _)| (*node).clone()).collect())
    }
}

/// The state of a vector.
pub fn state(evaluator: &Evaluator, vector: &Value, names: &[String], nodes: &[String]) -> Vec<i64> {
    let (there, terminating): (Vec<Vec<i64>>, Vec<Vec<i64>>) = (field(vector, "there"), field(vector, "terminating"));
    let mut state = evaluator.blank();
    for (index, name) in names.iter().enumerate() {
        for (place, node) in nodes.iter().enumerate() {
            let (there, terminating) = (there[index][place], terminating[index][place]);
            evaluator.set(&mut state, &format!("running[{name}][{node}]"), there - terminating);
            evaluator.set(&mut state, &format!("terminating[{name}][{node}]"), terminating);
        }
    }
    evaluator.set(&mut state, &format!("pending[{}]", names[field::<usize>(vector, "next")]), 1);
    state
}

/// Names of the nodes of a cluster.
pub fn node_names(cluster: &Value) -> Vec<String> {
    field::<Vec<Value>>(cluster, "nodes").iter().map(|node| field(node, "name")).collect()
}

/// Namespaces and names of the workloads of a cluster.
pub fn workload_names(cluster: &Value) -> Vec<String> {
    let name = |one: &Value| format!("{}/{}", field::<String>(one, "namespace"), field::<String>(one, "name"));
    field::<Vec<Value>>(cluster, "workloads").iter().map(name).collect()
}

fn system(value: &Value) -> Cluster {
    let nodes = field::<Vec<Value>>(value, "nodes").iter().map(pool).collect();
    let workloads: Vec<Workload> = field::<Vec<Value>>(value, "workloads").iter().map(workload).collect();
    let services: Vec<bool> = field(value, "services");
    let service = |(workload, _): (&Workload, &bool)| Service {
        name: workload.reference.name.clone(),
        namespace: workload.reference.namespace.clone(),
        selector: [("app".to_owned(), workload.template.labels["app"].clone())].into(),
    };
    let services = workloads.iter().zip(&services).filter(|(_, there)| **there).map(service).collect();
    Cluster { scheduler: profile(&value["profile"]), services, ..cluster(nodes, workloads) }
}

/// A node of a vector.
pub fn pool(value: &Value) -> NodePool {
    let amounts: BTreeMap<String, i64> = field(value, "allocatable");
    NodePool {
        labels: field(value, "labels"),
        taints: taints(value),
        unschedulable: field(value, "unschedulable"),
        allocatable: amounts.into_iter().map(|(name, amount)| (name, Span::exactly(amount))).collect(),
        pods: Span::exactly(field(value, "pods")),
        ..node(&field::<String>(value, "name"))
    }
}

/// A Deployment of a vector.
pub fn workload(value: &Value) -> Workload {
    let mut workload = deployment(&field::<String>(value, "name"), MOST);
    workload.reference.namespace = field(value, "namespace");
    let pod = template(&value["pod"]);
    let mut required = pod.required_affinity.clone();
    if let Some(names) = field::<Option<Vec<String>>>(value, "fields") {
        let by_name = Requirement { key: "metadata.name".into(), operator: Operator::In(names) };
        required.get_or_insert_default().push(NodeSelectorTerm { expressions: Vec::new(), fields: vec![by_name] });
    }
    let preferred = |one: &Value| PreferredTerm {
        weight: field(one, "weight"),
        term: NodeSelectorTerm { expressions: requirements(&one["term"]), fields: Vec::new() },
    };
    workload.template = PodTemplate {
        labels: field(value, "labels"),
        node_name: None,
        required_affinity: required,
        preferred_affinity: field::<Vec<Value>>(value, "preferred").iter().map(preferred).collect(),
        pod_affinity: pod_affinity(value, "podAffinity"),
        pod_anti_affinity: pod_affinity(value, "podAntiAffinity"),
        host_ports: list(value, "ports").iter().map(host_port).collect(),
        spread: field::<Vec<Value>>(value, "spread").iter().map(constraint).collect(),
        // Containers without a request count as 100 m and 200 MiB.
        nonzero_cpu: pod.requests.get(CPU).copied().unwrap_or(100),
        nonzero_memory: pod.requests.get(MEMORY).copied().unwrap_or(200 << 20),
        ..pod
    };
    workload
}

/// A list that is left out where it is empty.
fn list(value: &Value, key: &str) -> Vec<Value> {
    field::<Option<Vec<Value>>>(value, key).unwrap_or_default()
}

fn pod_affinity(workload: &Value, key: &str) -> PodAffinity {
    let mut affinity = PodAffinity::default();
    let labels: BTreeMap<String, String> = field(workload, "labels");
    for one in list(workload, key) {
        let term = pod_term(&one, &labels);
        match field::<Option<i64>>(&one, "weight") {
            Some(weight) => affinity.preferred.push(WeightedPodAffinityTerm { weight, term }),
            None => affinity.required.push(term),
        }
    }
    affinity
}

fn pod_term(value: &Value, labels: &BTreeMap<String, String>) -> PodAffinityTerm {
    let selector = |list: &Value| (!list.is_null()).then(|| LabelSelector { requirements: requirements(list) });
    let mut term = PodAffinityTerm {
        topology_key: field(value, "key"),
        selector: selector(&value["selector"]),
        namespaces: field::<Option<Vec<String>>>(value, "namespaces").unwrap_or_default(),
        namespace_selector: selector(&value["namespaceSelector"]),
        ..PodAffinityTerm::default()
    };
    for (key, revision) in [("match", RevisionMatch::Own), ("mismatch", RevisionMatch::Other)] {
        let operator = if revision == RevisionMatch::Own { Operator::In } else { Operator::NotIn };
        for name in field::<Option<Vec<String>>>(value, key).unwrap_or_default() {
            match (name.as_str(), labels.get(&name)) {
                ("pod-template-hash", _) => term.revision = revision,
                (_, Some(value)) => {
                    term.label_keys.push(Requirement { key: name, operator: operator(vec![value.clone()]) });
                }
                (_, None) => {}
            }
        }
    }
    term
}

fn host_port(value: &Value) -> HostPort {
    HostPort { ip: field(value, "ip"), protocol: field(value, "protocol"), port: field(value, "port") }
}

/// The requirements of a selector.
pub fn requirements(list: &Value) -> Vec<Requirement> {
    list.as_array().expect("a list of requirements").iter().map(requirement).collect()
}

fn constraint(value: &Value) -> TopologySpreadConstraint {
    let selector = &value["selector"];
    TopologySpreadConstraint {
        max_skew: field(value, "maxSkew"),
        topology_key: field(value, "key"),
        when_unsatisfiable: match field(value, "hard") {
            true => WhenUnsatisfiable::DoNotSchedule,
            false => WhenUnsatisfiable::ScheduleAnyway,
        },
        selector: (!selector.is_null()).then(|| LabelSelector { requirements: requirements(selector) }),
        min_domains: field::<Option<i64>>(value, "minDomains").unwrap_or(1),
        honors_affinity: field(value, "honorsAffinity"),
        honors_taints: field(value, "honorsTaints"),
        own_revision: false,
    }
}

fn profile(value: &Value) -> SchedulerProfile {
    let default = SchedulerProfile::default();
    let weights: Option<BTreeMap<String, i64>> = field(value, "weights");
    let weight = |name: &str, otherwise: i64| weights.as_ref().map_or(otherwise, |weights| weights[name]);
    let resource = |one: &Value| (field(one, "name"), field(one, "weight"));
    SchedulerProfile {
        taint_toleration: weight("TaintToleration", default.taint_toleration),
        node_affinity: weight("NodeAffinity", default.node_affinity),
        resources_fit: weight("NodeResourcesFit", default.resources_fit),
        balanced_allocation: weight("NodeResourcesBalancedAllocation", default.balanced_allocation),
        topology_spread: weight("PodTopologySpread", default.topology_spread),
        inter_pod_affinity: weight("InterPodAffinity", default.inter_pod_affinity),
        hard_pod_affinity_weight: field::<Option<i64>>(value, "hardWeight").unwrap_or(default.hard_pod_affinity_weight),
        ignores_preferences_of_others: field::<Option<bool>>(value, "ignoresOthers").unwrap_or_default(),
        strategy: match field::<String>(value, "strategy").as_str() {
            "LeastAllocated" => ScoringStrategy::LeastAllocated,
            "MostAllocated" => ScoringStrategy::MostAllocated,
            "RequestedToCapacityRatio" => ScoringStrategy::RequestedToCapacityRatio(field(value, "shape")),
            other => panic!("strategy {other}"),
        },
        strategy_resources: field::<Vec<Value>>(value, "resources").iter().map(resource).collect(),
        balanced_resources: field(value, "balanced"),
        default_spread: match field::<Option<Vec<Value>>>(value, "spread") {
            Some(list) => DefaultSpread::List(list.iter().map(constraint).collect()),
            None => DefaultSpread::System,
        },
        disabled_filters: field(value, "disabled"),
        ..default
    }
}
