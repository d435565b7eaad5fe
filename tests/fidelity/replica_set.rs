//! Victims of a scale-down.

use crate::clusters::{cluster, deployment, event, node, reference};
use crate::evaluator::Evaluator;
use crate::tally::Tally;
use crate::vectors::{File, field};
use kubound_encodings::cluster::workload::{Readiness, Startup};
use kubound_encodings::cluster::{EventKind, Span};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Most pods of a vector.
const MOST: i64 = 12;

/// Counts of pods that are left: without a node, then by phase and node.
type Counts = Vec<i64>;

/// Replays the vectors.
pub fn check(file: &File) -> Tally {
    let mut tally = Tally::default();
    let mut systems: BTreeMap<usize, Evaluator> = BTreeMap::new();
    for vector in &file.lines {
        let not_ready: Vec<bool> = field(vector, "notReady");
        let evaluator = systems.entry(not_ready.len()).or_insert_with(|| system(not_ready.len()));
        let real: Vec<Value> = field(vector, "after");
        let real: BTreeSet<Counts> = real.iter().map(counts).collect();
        let allowed = allowed(evaluator, vector, &not_ready);
        let deviation = (real != allowed).then(|| {
            let impossible: Vec<_> = real.difference(&allowed).collect();
            let invented: Vec<_> = allowed.difference(&real).collect();
            format!("{vector}\n  not allowed: {impossible:?}\n  never happens: {invented:?}")
        });
        tally.count(deviation);
    }
    tally
}

fn system(nodes: usize) -> Evaluator {
    let mut web = deployment("web", MOST);
    web.startup = Some(Startup { cpu: 0, seconds: 10, readiness: Readiness::After });
    let mut cluster = cluster((0..nodes).map(|index| node(&format!("node-{index}"))).collect(), vec![web]);
    let replicas = Span { lo: 0, hi: MOST, step: 1 };
    cluster.events.push(event("scale", EventKind::Scale { target: reference("web"), replicas }));
    cluster.events.push(event("failure", EventKind::NodeFailure { pool: None, recovers: true }));
    Evaluator::new(&cluster)
}

const PHASES: [&str; 3] = ["bound", "starting", "running"];

fn counts(pods: &Value) -> Counts {
    let mut counts = vec![field::<i64>(pods, "pending")];
    for phase in PHASES {
        counts.extend(field::<Vec<i64>>(pods, phase));
    }
    counts
}

fn variables(nodes: usize) -> Vec<String> {
    let mut names = vec!["pending[default/web]".to_owned()];
    for phase in PHASES {
        names.extend((0..nodes).map(|node| format!("{phase}[default/web][node-{node}]")));
    }
    names
}

/// What the model allows.
fn allowed(evaluator: &Evaluator, vector: &Value, not_ready: &[bool]) -> BTreeSet<Counts> {
    let names = variables(not_ready.len());
    let before = counts(&vector["before"]);
    let mut state = evaluator.blank();
    for (name, &value) in names.iter().zip(&before) {
        evaluator.set(&mut state, name, value);
    }
    for (node, &flag) in not_ready.iter().enumerate() {
        evaluator.set(&mut state, &format!("alive[node-{node}]"), i64::from(!flag));
        evaluator.set(&mut state, &format!("notReady[node-{node}]"), i64::from(flag));
    }
    let wanted = before.iter().sum::<i64>() - field::<i64>(vector, "surplus");
    evaluator.set(&mut state, "replicaSet[default/web]", wanted);
    evaluator.set(&mut state, "spec.replicas[default/web]", wanted);
    let rule = evaluator.rule("replicaset-controller/delete/default/web").expect("the rule");
    let project = |after: Vec<i64>| names.iter().map(|name| evaluator.get(&after, name)).collect();
    evaluator.outcomes(rule, &state).into_iter().map(project).collect()
}
