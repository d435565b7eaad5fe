//! Zones of the node lifecycle controller: which nodes that are not ready get the NoExecute taint.

use crate::clusters::{cluster, deployment, event, node};
use crate::evaluator::{Evaluator, Latest};
use crate::tally::Tally;
use crate::vectors::{File, field};
use kubound_encodings::cluster::{EventKind, NodePool};
use serde_json::Value;

/// Replays the vectors.
pub fn check(file: &File) -> Tally {
    let mut tally = Tally::default();
    let mut latest = Latest::default();
    for vector in &file.lines {
        let evaluator = latest.of(&vector["nodes"], |nodes| system(nodes));
        let steps: Vec<Value> = field(vector, "steps");
        let real: Vec<Vec<bool>> = steps.iter().map(|step| field(step, "tainted")).collect();
        let found = tainted(evaluator, &steps);
        tally.count((found != real).then(|| format!("{vector}\n  model: {found:?}")));
    }
    tally
}

fn system(nodes: &Value) -> Evaluator {
    let pool = |(index, one): (usize, &Value)| -> NodePool {
        let mut pool = node(&format!("n{index}"));
        let zone: String = field(one, "zone");
        if !zone.is_empty() {
            pool.labels.insert("topology.kubernetes.io/zone".into(), zone);
        }
        if field(one, "excluded") {
            pool.labels.insert("node.kubernetes.io/exclude-disruption".into(), String::new());
        }
        pool
    };
    let pools = nodes.as_array().expect("a list of nodes").iter().enumerate().map(pool).collect();
    let mut cluster = cluster(pools, vec![deployment("web", 1)]);
    cluster.events.push(event("failure", EventKind::NodeFailure { pool: None, recovers: true }));
    Evaluator::new(&cluster)
}

/// The nodes that have the taint after each step: all changes are noticed, then taints come and go.
fn tainted(evaluator: &Evaluator, steps: &[Value]) -> Vec<Vec<bool>> {
    let mut state = evaluator.blank();
    let mut after = Vec::new();
    for step in steps {
        let not_ready: Vec<bool> = field(step, "notReady");
        for (index, &not_ready) in not_ready.iter().enumerate() {
            evaluator.set(&mut state, &format!("alive[n{index}]"), i64::from(!not_ready));
        }
        for verbs in [["not-ready", "ready"], ["taint", "untaint"]] {
            let nodes = 0..not_ready.len();
            let names: Vec<String> = nodes
                .flat_map(|index| verbs.iter().map(move |verb| format!("node-controller/{verb}/n{index}")))
                .collect();
            while let Some(next) = names.iter().find_map(|name| evaluator.outcomes(evaluator.rule(name)?, &state).pop())
            {
                state = next;
            }
        }
        let has = |index: usize| evaluator.get(&state, &format!("noExecuteTaint[n{index}]")) == 1;
        after.push((0..not_ready.len()).map(has).collect());
    }
    after
}
