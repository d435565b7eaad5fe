//! Preemption for one pod: the node that is nominated, and who is preempted there.

use crate::clusters::{cluster, origin};
use crate::evaluator::{Evaluator, Latest};
use crate::scheduler::{node_names, pool, workload, workload_names};
use crate::tally::Tally;
use crate::vectors::{File, field};
use kubound_encodings::cluster::disruption::Demand;
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::{Cluster, LabelSelector, PodDisruptionBudget, Requirement, Workload};
use kubound_encodings::system::Rule;
use serde_json::Value;
use std::collections::BTreeSet;

/// A node with the pods that go, by workload.
type Outcome = (String, Vec<i64>);

/// Replays the vectors.
pub fn check(file: &File) -> Tally {
    let mut tally = Tally::default();
    let mut latest = Latest::default();
    for vector in &file.lines {
        let evaluator = latest.of(&vector["cluster"], |cluster| Evaluator::new(&system(cluster)));
        let outcome = |one: &Value| -> Outcome { (field(one, "node"), field(one, "victims")) };
        let real: BTreeSet<Outcome> = field::<Vec<Value>>(vector, "outcomes").iter().map(outcome).collect();
        let (allowed, is_tagged) = allowed(evaluator, vector);
        tally.both_ways(vector, &real, &allowed, is_tagged);
    }
    tally
}

/// What the model allows, and whether an enabled rule is tagged.
fn allowed(evaluator: &Evaluator, vector: &Value) -> (BTreeSet<Outcome>, bool) {
    let (names, nodes) = (workload_names(&vector["cluster"]), node_names(&vector["cluster"]));
    let before = state(evaluator, vector, &names, &nodes);
    let next = &names[field::<usize>(vector, "next")];
    let (mut outcomes, mut is_tagged) = (BTreeSet::new(), false);
    for node in &nodes {
        let rule = |name: &str| evaluator.rule(&format!("default-scheduler/{name}/{next}/{node}"));
        let rules: Vec<&Rule> = ["preempt", "preempt-any"].into_iter().filter_map(rule).collect();
        for rule in rules {
            let after = evaluator.outcomes(rule, &before);
            is_tagged |= !after.is_empty() && rule.over_approximates.is_some();
            for after in after {
                let gone = |name: &String| {
                    let variable = format!("running[{name}][{node}]");
                    evaluator.get(&before, &variable) - evaluator.get(&after, &variable)
                };
                let nominated = format!("nominated[{next}][{node}]");
                assert_eq!(evaluator.get(&after, &nominated), evaluator.get(&before, &nominated) + 1);
                outcomes.insert((node.clone(), names.iter().map(gone).collect()));
            }
        }
    }
    (outcomes, is_tagged)
}

fn state(evaluator: &Evaluator, vector: &Value, names: &[String], nodes: &[String]) -> Vec<i64> {
    let counts = |key: &str| field::<Vec<Vec<i64>>>(vector, key);
    let (there, terminating, nominated) = (counts("there"), counts("terminating"), counts("nominated"));
    let next: usize = field(vector, "next");
    let mut state = evaluator.blank();
    for (index, name) in names.iter().enumerate() {
        let mut pending = i64::from(index == next);
        for (place, node) in nodes.iter().enumerate() {
            let (there, ending) = (there[index][place], terminating[index][place]);
            evaluator.set(&mut state, &format!("running[{name}][{node}]"), there - ending);
            evaluator.set(&mut state, &format!("terminating[{name}][{node}]"), ending);
            if nominated[index][place] > 0 {
                evaluator.set(&mut state, &format!("nominated[{name}][{node}]"), nominated[index][place]);
                pending += nominated[index][place];
            }
        }
        evaluator.set(&mut state, &format!("pending[{name}]"), pending);
    }
    state
}

fn system(value: &Value) -> Cluster {
    let nodes = field::<Vec<Value>>(value, "nodes").iter().map(pool).collect();
    let workloads = field::<Vec<Value>>(value, "workloads").iter().map(described).collect();
    let budgets = field::<Vec<Value>>(value, "budgets");
    let disruption_budgets = budgets.iter().enumerate().map(|(number, one)| budget(number, one)).collect();
    Cluster { disruption_budgets, ..cluster(nodes, workloads) }
}

fn described(value: &Value) -> Workload {
    let mut workload = workload(value);
    workload.template.priority = field(value, "priority");
    workload.template.never_preempts = field(value, "never");
    workload
}

/// A budget of the pods with a label; without one its selector is empty.
fn budget(number: usize, value: &Value) -> PodDisruptionBudget {
    let app: String = field(value, "app");
    let requirement = Requirement { key: "app".into(), operator: Operator::In(vec![app.clone()]) };
    let requirements = if app.is_empty() { Vec::new() } else { vec![requirement] };
    PodDisruptionBudget {
        namespace: "default".into(),
        name: format!("budget-{number}"),
        selector: Some(LabelSelector { requirements }),
        demand: Demand::MinAvailable(Amount::Pods(field(value, "minAvailable"))),
        always_allows_unhealthy: false,
        origin: origin(),
    }
}
