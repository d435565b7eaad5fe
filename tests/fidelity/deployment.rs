//! Replicas of the ReplicaSet of a Deployment with one revision.

use crate::clusters::{cluster, deployment, node};
use crate::evaluator::Evaluator;
use crate::tally::Tally;
use crate::vectors::{File, field};
use serde_json::Value;

/// Most replicas of a vector.
const MOST: i64 = 40;

/// Replays the vectors.
pub fn check(file: &File) -> Tally {
    let mut tally = Tally::default();
    let evaluator = Evaluator::new(&cluster(vec![node("node")], vec![deployment("web", MOST)]));
    let rule = evaluator.rule("deployment-controller/scale/default/web").expect("the rule");
    for vector in &file.lines {
        let revisions: Vec<Value> = field(vector, "revisions");
        let [only] = revisions.as_slice() else {
            tally.not_modelled += 1;
            continue;
        };
        if field::<i64>(vector, "new") != 0 {
            tally.not_modelled += 1;
            continue;
        }
        let mut state = evaluator.blank();
        let replicas = field(only, "replicas");
        evaluator.set(&mut state, "spec.replicas[default/web]", field(vector, "replicas"));
        evaluator.set(&mut state, "replicaSet[default/web]", replicas);
        let mut allowed: Vec<i64> = evaluator
            .outcomes(rule, &state)
            .iter()
            .map(|after| evaluator.get(after, "replicaSet[default/web]"))
            .collect();
        // A sync that changes nothing is no step.
        if allowed.is_empty() {
            allowed.push(replicas);
        }
        let real: Vec<i64> = field(vector, "after");
        tally.count((real != allowed).then(|| format!("{vector}\n  allowed: {allowed:?}")));
    }
    tally
}
