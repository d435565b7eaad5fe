//! Admission of one pod.

use crate::clusters::{cluster, deployment, node, taints, tolerations};
use crate::evaluator::{Evaluator, Latest};
use crate::tally::Tally;
use crate::vectors::{File, field};
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::{NodeSelectorTerm, PodTemplate, Requirement, Resources, Span};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most pods of each template.
const MOST: i64 = 9;
const NAMES: [&str; 2] = ["first", "second"];

/// Replays the vectors.
pub fn check(file: &File) -> Tally {
    let mut tally = Tally::default();
    let mut latest = Latest::default();
    for vector in &file.lines {
        let key = ["labels", "taints", "allocatable", "pods", "templates"].map(|part| &vector[part]);
        let evaluator = latest.of(key, |_| system(vector));
        let admitted = admissions(evaluator, vector);
        let real = vec![field::<bool>(vector, "admitted")];
        tally.count((admitted != real).then(|| format!("{vector}\n  model: {admitted:?}")));
    }
    tally
}

fn system(vector: &Value) -> Evaluator {
    let mut node = node("node");
    node.labels = field(vector, "labels");
    node.taints = taints(vector);
    let amounts: BTreeMap<String, i64> = field(vector, "allocatable");
    node.allocatable = amounts.into_iter().map(|(name, amount)| (name, Span::exactly(amount))).collect();
    node.pods = Span::exactly(field(vector, "pods"));
    let templates: Vec<Value> = field(vector, "templates");
    let workload = |(name, one): (&&str, &Value)| {
        let mut workload = deployment(name, MOST);
        workload.template = template(one);
        workload
    };
    Evaluator::new(&cluster(vec![node], NAMES.iter().zip(&templates).map(workload).collect()))
}

/// The pod of a vector.
pub fn template(value: &Value) -> PodTemplate {
    let requests: Resources<i64> = field(value, "requests");
    let terms: Option<Vec<Vec<Value>>> = field(value, "affinity");
    let term = |list: &Vec<Value>| NodeSelectorTerm {
        expressions: list.iter().map(requirement).collect(),
        fields: Vec::new(),
    };
    PodTemplate {
        node_name: Some("node".into()),
        node_selector: field(value, "nodeSelector"),
        required_affinity: terms.map(|terms| terms.iter().map(term).collect()),
        tolerations: tolerations(value),
        requests,
        scheduler_name: "default-scheduler".into(),
        ..PodTemplate::default()
    }
}

/// A requirement of a selector.
pub fn requirement(value: &Value) -> Requirement {
    let values: Vec<String> = field(value, "values");
    let number = || values[0].parse().expect("a number");
    let operator = match field::<String>(value, "operator").as_str() {
        "In" => Operator::In(values),
        "NotIn" => Operator::NotIn(values),
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        "Gt" => Operator::Gt(number()),
        "Lt" => Operator::Lt(number()),
        other => panic!("operator {other}"),
    };
    Requirement { key: field(value, "key"), operator }
}

/// Whether the model may admit the next pod, and whether it may reject it.
fn admissions(evaluator: &Evaluator, vector: &Value) -> Vec<bool> {
    let (there, terminating): (Vec<i64>, Vec<i64>) = (field(vector, "there"), field(vector, "terminating"));
    let mut state = evaluator.blank();
    for (index, name) in NAMES.iter().enumerate() {
        evaluator.set(&mut state, &format!("running[default/{name}][node]"), there[index] - terminating[index]);
        evaluator.set(&mut state, &format!("terminating[default/{name}][node]"), terminating[index]);
    }
    let next = NAMES[field::<usize>(vector, "next")];
    evaluator.set(&mut state, &format!("bound[default/{next}][node]"), 1);
    let can = |verb: &str| {
        let rule = evaluator.rule(&format!("kubelet/{verb}/default/{next}/node"));
        rule.is_some_and(|rule| !evaluator.outcomes(rule, &state).is_empty())
    };
    [("start", true), ("reject", false)]
        .into_iter()
        .filter(|(verb, _)| can(verb))
        .map(|(_, admitted)| admitted)
        .collect()
}
