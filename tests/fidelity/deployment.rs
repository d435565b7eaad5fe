//! Replicas of the ReplicaSets of a Deployment after one sync.

use crate::clusters::{cluster, deployment, event, node, reference};
use crate::evaluator::Evaluator;
use crate::tally::Tally;
use crate::vectors::{File, field};
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::{EventKind, Span, Strategy};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most replicas of a ReplicaSet, before and after.
const MOST: i64 = 400;

/// Strategy, surge, unavailable, number of revisions.
type Kind = (String, String, String, usize);

/// Replays the vectors.
pub fn check(file: &File) -> Tally {
    let mut tally = Tally::default();
    let mut systems: BTreeMap<Kind, Evaluator> = BTreeMap::new();
    for vector in &file.lines {
        let revisions: Vec<Value> = field(vector, "revisions");
        let new = usize::try_from(field::<i64>(vector, "new")).unwrap_or(revisions.len());
        let count = revisions.len().max(new + 1);
        let kind = (field(vector, "strategy"), field(vector, "maxSurge"), field(vector, "maxUnavailable"), count);
        let evaluator = systems.entry(kind.clone()).or_insert_with(|| system(&kind));
        let allowed = after(evaluator, vector, &revisions, new, count);
        let real: Vec<i64> = field(vector, "after");
        tally.count((real != allowed).then(|| format!("{vector}\n  allowed: {allowed:?}")));
    }
    tally
}

fn amount(text: &str) -> Amount {
    let number = |text: &str| text.parse().expect("a number");
    text.strip_suffix('%').map_or_else(|| Amount::Pods(number(text)), |percent| Amount::Percent(number(percent)))
}

fn system((strategy, surge, unavailable, revisions): &Kind) -> Evaluator {
    let mut web = deployment("web", MOST);
    web.rollout.strategy = match strategy.as_str() {
        "Recreate" => Strategy::Recreate,
        _ => Strategy::RollingUpdate { max_surge: amount(surge), max_unavailable: amount(unavailable) },
    };
    let mut cluster = cluster(vec![node("node")], vec![web]);
    let replicas = Span { lo: 0, hi: MOST, step: 1 };
    cluster.events.push(event("scale", EventKind::Scale { target: reference("web"), replicas }));
    let mut restart = event("rollout", EventKind::Rollout { target: reference("web") });
    restart.times = *revisions as i64 - 1;
    cluster.events.extend((*revisions > 1).then_some(restart));
    Evaluator::new(&cluster)
}

/// Replicas by ReplicaSet after what the model's sync does.
fn after(evaluator: &Evaluator, vector: &Value, revisions: &[Value], new: usize, count: usize) -> Vec<i64> {
    let several = count > 1;
    let name = |index: usize| if index == 0 { "default/web".to_owned() } else { format!("default/web@{}", index + 1) };
    let mut state = evaluator.blank();
    evaluator.set(&mut state, "spec.replicas[default/web]", field(vector, "replicas"));
    if several {
        evaluator.set(&mut state, "template[default/web]", new as i64);
    }
    for (index, one) in revisions.iter().enumerate() {
        let mut set = |what: &str, value: i64| evaluator.set(&mut state, &format!("{what}[{}]", name(index)), value);
        let available: i64 = field(one, "available");
        set("replicaSet", field(one, "replicas"));
        set("pending", field::<i64>(one, "statusReplicas") - available);
        if several {
            set("created", index as i64 + 1);
            set("desired-replicas", field(one, "desiredReplicas"));
            set("max-replicas", field(one, "maxReplicas"));
        }
        evaluator.set(&mut state, &format!("running[{}][node]", name(index)), available);
    }
    let rules = ["roll", "scale"].map(|verb| format!("deployment-controller/{verb}/default/web"));
    let mut outcomes: Vec<Vec<i64>> = Vec::new();
    for rule in rules.iter().filter_map(|rule| evaluator.rule(rule)) {
        outcomes.extend(evaluator.outcomes(rule, &state));
    }
    assert!(outcomes.len() <= 1, "a sync has one outcome");
    // A sync that changes nothing is no step.
    let state = outcomes.pop().unwrap_or(state);
    let exists = |index: &usize| !several || evaluator.get(&state, &format!("created[{}]", name(*index))) > 0;
    (0..count).filter(exists).map(|index| evaluator.get(&state, &format!("replicaSet[{}]", name(index)))).collect()
}
