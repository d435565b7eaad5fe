//! The scheduler's plugins, each by itself: the nodes that a filter refuses, raw and normalised scores.

use crate::evaluator::Evaluator;
use crate::scheduler::{node_names, state, workload_names};
use crate::vectors::field;
use kubound::trace::execute::values;
use kubound_encodings::controllers::PluginScores;
use kubound_encodings::term::TermId;
use serde_json::Value;
use std::collections::BTreeMap;

/// By plugin.
type Refused = BTreeMap<String, Vec<String>>;
type Scores = BTreeMap<String, Vec<i64>>;

/// What the plugins of the model say otherwise than the real ones.
pub fn deviations(evaluator: &Evaluator, vector: &Value) -> Vec<String> {
    let (names, nodes) = (workload_names(&vector["cluster"]), node_names(&vector["cluster"]));
    let next = &names[field::<usize>(vector, "next")];
    let plugins = evaluator.plugins.iter().find(|one| one.group == *next).expect("a group that is served");
    assert_eq!(plugins.slots, nodes);
    let state = state(evaluator, vector, &names, &nodes);
    let value = |terms: &[TermId]| values(&evaluator.system, terms, &state, &[]);
    let mut deviations = Vec::new();
    let mut compare = |what: String, real: String, model: String| {
        if real != model {
            deviations.push(format!("{what}: real {real}, model {model}"));
        }
    };

    let (refused, disabled): (Refused, Vec<String>) =
        (field(vector, "refused"), field(&vector["cluster"]["profile"], "disabled"));
    for (filter, allows) in plugins.filters.iter().filter(|(name, _)| !disabled.iter().any(|other| other == name)) {
        let real = refused.get(*filter).cloned().unwrap_or_default();
        let real = if real == ["all"] { nodes.clone() } else { real };
        let found = nodes.iter().zip(value(allows)).filter(|(_, allows)| *allows == 0).map(|(name, _)| name.clone());
        compare(format!("{filter} refuses"), format!("{real:?}"), format!("{:?}", found.collect::<Vec<_>>()));
    }

    let feasible: Vec<String> = field(vector, "feasible");
    let (scores, raw): (Scores, Scores) = (field(vector, "scores"), field(vector, "raw"));
    let on_feasible = |terms: &[TermId]| -> Vec<i64> {
        let found = nodes.iter().zip(value(terms)).filter(|(name, _)| feasible.contains(name));
        found.map(|(_, score)| score).collect()
    };
    for one in &plugins.scores {
        if let Some(real) = scores.get(one.plugin) {
            let found = one.normalised.as_deref().map_or_else(|| unsaid(one, real), on_feasible);
            compare(format!("{} scores", one.plugin), format!("{real:?}"), format!("{found:?}"));
        }
        if let Some(real) = raw.get(one.plugin) {
            let found = one.raw.as_deref().map_or_else(|| vec![0; real.len()], on_feasible);
            compare(format!("{} scores raw", one.plugin), format!("{real:?}"), format!("{found:?}"));
        }
    }
    deviations
}

/// What all nodes score where the model has no term for it.
fn unsaid(one: &PluginScores, real: &[i64]) -> Vec<i64> {
    let same = match one.plugin {
        "TaintToleration" | "PodTopologySpread" => 100,
        _ => 0,
    };
    vec![same; real.len()]
}
