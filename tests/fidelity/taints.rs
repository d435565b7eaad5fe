//! Tolerations, and the deletion of pods from nodes with NoExecute taints.

use crate::clusters::{cluster, deployment, node, origin, reference, taints, tolerations};
use crate::evaluator::Evaluator;
use crate::tally::Tally;
use crate::vectors::{File, field};
use kubound_encodings::cluster::HorizontalPodAutoscaler;
use serde_json::Value;

/// Replays the vectors.
pub fn check(file: &File) -> Tally {
    let mut tally = Tally::default();
    for vector in &file.lines {
        let real: Vec<Vec<bool>> = field(vector, "tolerates");
        let tolerations = tolerations(vector);
        let row = |taint| tolerations.iter().map(|toleration| toleration.tolerates(taint)).collect();
        let tolerates: Vec<Vec<bool>> = taints(vector).iter().map(row).collect();
        let deleted = deletion(vector);
        let same = tolerates == real && deleted == field(vector, "deleted");
        tally.count((!same).then(|| format!("{vector}\n  model: {tolerates:?}, deleted after {deleted:?} s")));
    }
    tally
}

/// Seconds until the model deletes a running pod; found by letting time pass.
fn deletion(vector: &Value) -> Option<i64> {
    let mut node = node("node");
    node.taints = taints(vector);
    let mut web = deployment("web", 1);
    web.template.tolerations = tolerations(vector);
    let mut cluster = cluster(vec![node], vec![web]);
    // An autoscaler that never acts, so that more than one thing is clocked and countdowns are kept, by the second.
    cluster.hpas.push(HorizontalPodAutoscaler {
        name: "clock".into(),
        target: reference("web"),
        selector: None,
        other_metrics: Vec::new(),
        min: 1,
        max: 1,
        metrics: Vec::new(),
        behavior: None,
        tolerance: Default::default(),
        sync_period: 1,
        downscale_stabilization: 0,
        origin: origin(),
    });
    let evaluator = Evaluator::new(&cluster);
    let rule = evaluator.rule("taint-eviction-controller/running/default/web/node")?;
    let mut state = evaluator.blank();
    for name in ["spec.replicas[default/web]", "replicaSet[default/web]", "running[default/web][node]"] {
        evaluator.set(&mut state, name, 1);
    }
    let timer = "toleration timer[default/web][node]";
    let full = if evaluator.has(timer) {
        let armed = evaluator.system.dag.vars().iter().find(|var| var.name == timer).expect("the timer");
        armed.sort.range().hi
    } else {
        0
    };
    if full > 0 {
        evaluator.set(&mut state, timer, full);
        assert!(evaluator.outcomes(rule, &state).is_empty(), "deleted at once in spite of a timer: {vector}");
        let passes = evaluator.rule("time/passes").expect("time passes");
        let later = evaluator.outcomes(passes, &state);
        let [after] = later.as_slice() else { panic!("time does not pass: {vector}") };
        assert_eq!(evaluator.get(after, timer), 0, "{vector}");
        state.clone_from(after);
    }
    let deleted = evaluator.outcomes(rule, &state);
    let gone = |after: &Vec<i64>| evaluator.get(after, "running[default/web][node]") == 0;
    (!deleted.is_empty() && deleted.iter().all(gone)).then_some(full)
}
