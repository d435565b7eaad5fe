//! The eviction API: how many pods of a workload in a phase on a node may be evicted.

use crate::clusters::{cluster, deployment, event, node, origin};
use crate::evaluator::{Evaluator, Latest};
use crate::tally::Tally;
use crate::vectors::{File, field};
use kubound_encodings::cluster::disruption::Demand;
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::selector::{LabelSelector, Operator, Requirement};
use kubound_encodings::cluster::workload::{Readiness, Startup};
use kubound_encodings::cluster::{EventKind, PodDisruptionBudget, Workload};
use serde_json::Value;

/// Most replicas of a workload, and most pods in a phase.
const MOST: i64 = 20;

/// The nodes; the first one is drained.
const NODES: [&str; 2] = ["a", "b"];

/// What a system depends on: labels of the workloads, budgets.
type Kind = (Vec<String>, Vec<Value>);

/// Replays the vectors.
pub fn check(file: &File) -> Tally {
    let mut tally = Tally::default();
    let mut latest = Latest::default();
    for vector in &file.lines {
        let workloads: Vec<Value> = field(vector, "workloads");
        let kind: Kind = (workloads.iter().map(|one| field(one, "app")).collect(), field(vector, "budgets"));
        let evaluator = latest.of(kind, system);
        // `kubectl` evicts in parallel, so that any number up to that may go in a step.
        let allowed: Vec<i64> = (1..=field(vector, "granted")).collect();
        let found = evicted(evaluator, vector, &workloads);
        tally.count((found != allowed).then(|| format!("{vector}\n  model: {found:?}")));
    }
    tally
}

fn system((apps, budgets): &Kind) -> Evaluator {
    let workload = |(number, app): (usize, &String)| -> Workload {
        let mut workload = deployment(&format!("workload-{number}"), MOST);
        workload.template.labels.insert("app".into(), app.clone());
        // So that there are pods that run and are not ready.
        workload.startup = Some(Startup { cpu: 0, seconds: 60, readiness: Readiness::Never });
        workload
    };
    let workloads = apps.iter().enumerate().map(workload).collect();
    let mut cluster = cluster(NODES.map(node).to_vec(), workloads);
    cluster.disruption_budgets = budgets.iter().enumerate().map(|(number, one)| budget(number, one)).collect();
    cluster.events.push(event("drain", EventKind::Drain { node: Some(NODES[0].into()), uncordon: false }));
    Evaluator::new(&cluster)
}

fn budget(number: usize, value: &Value) -> PodDisruptionBudget {
    let selector = |apps: Vec<String>| {
        let requirement = Requirement { key: "app".into(), operator: Operator::In(apps.clone()) };
        LabelSelector { requirements: if apps.is_empty() { Vec::new() } else { vec![requirement] } }
    };
    PodDisruptionBudget {
        namespace: if field(value, "elsewhere") { "other" } else { "default" }.into(),
        name: format!("budget-{number}"),
        selector: field::<Option<Vec<String>>>(value, "apps").map(selector),
        demand: Demand::MinAvailable(Amount::Pods(field(value, "minAvailable"))),
        always_allows_unhealthy: field(value, "alwaysAllow"),
        origin: origin(),
    }
}

/// How many pods a step of the drain may evict, in all ways.
fn evicted(evaluator: &Evaluator, vector: &Value, workloads: &[Value]) -> Vec<i64> {
    let mut state = evaluator.blank();
    for (number, pods) in workloads.iter().enumerate() {
        let name = format!("default/workload-{number}");
        evaluator.set(&mut state, &format!("spec.replicas[{name}]"), field(pods, "replicas"));
        for phase in ["bound", "starting", "running", "terminating"] {
            for (node, count) in NODES.iter().zip(field::<Vec<i64>>(pods, phase)) {
                evaluator.set(&mut state, &format!("{phase}[{name}][{node}]"), count);
            }
        }
    }
    evaluator.set(&mut state, &format!("begun[drain][{}]", NODES[0]), 1);
    let (phase, target): (String, usize) = (field(vector, "phase"), field(vector, "target"));
    let place = format!("default/workload-{target}/{}", NODES[0]);
    let Some(rule) = evaluator.rule(&format!("event/drain/evict/{phase}/{place}")) else { return Vec::new() };
    let variable = format!("{phase}[default/workload-{target}][{}]", NODES[0]);
    let gone = |after: Vec<i64>| evaluator.get(&state, &variable) - evaluator.get(&after, &variable);
    let mut numbers: Vec<i64> = evaluator.outcomes(rule, &state).into_iter().map(gone).collect();
    numbers.sort_unstable();
    numbers
}
