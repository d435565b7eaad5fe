//! What each plugin of the scheduler says by itself. The scheduler's rules hold only what comes of all of them; this is
//! for comparisons with the real plugins, and for reports.

use super::fit::{self, Weights};
use super::{feasible_nodes, served, waits};
use super::{filter, pod_affinity, score, spread};
use crate::state::Model;
use crate::subject::ObjectId;
use crate::term::{Int, Term, TermId, ite};

/// Why the scheduler takes a node for a pod of a group, or does not: terms over the state before it decides.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The object that stands for the group.
    pub object: ObjectId,
    /// The words of filters, as Events have them, each with the nodes for which it is the first that refuses them.
    pub refusals: Vec<(String, Vec<TermId>)>,
    /// What plugins add to the scores of feasible nodes, each with its weight; empty where the scores are not known.
    pub shares: Vec<(&'static str, i64, Vec<TermId>)>,
}

/// Why the scheduler decides as it does, for each group that may choose among nodes.
pub(crate) fn judgements(model: &Model) -> Vec<Judgement> {
    let may_choose = |&group: &usize| model.groups[group].waiting.is_none() && !feasible_nodes(model, group).is_empty();
    served(model).into_iter().filter(may_choose).map(|group| judgement(model, group)).collect()
}

fn judgement(model: &Model, group: usize) -> Judgement {
    let feasible = feasible_nodes(model, group);
    let share = |share: score::Share| {
        let weighted = match share.scores {
            Ok(scores) => scores.into_iter().map(|score| (score * share.weight).id()).collect(),
            Err(alike) => feasible.iter().map(|_| Int::from(alike * share.weight).id()).collect(),
        };
        (share.plugin, share.weight, weighted)
    };
    let refusals = waits::refusals(model, group).into_iter();
    Judgement {
        object: model.groups[group].id,
        refusals: refusals.map(|one| (one.words, one.slots.into_iter().map(Term::id).collect())).collect(),
        shares: score::shares(model, group, feasible).unwrap_or_default().into_iter().map(share).collect(),
    }
}

/// Answers and scores for a pod of a group, by slot, over the state.
#[derive(Clone, Debug)]
pub struct Plugins {
    /// `namespace/name` of the group.
    pub group: String,
    /// Names of the slots.
    pub slots: Vec<String>,
    /// Whether each filter lets the pod onto a node, whether the profile has it or not.
    pub filters: Vec<(&'static str, Vec<TermId>)>,
    /// Scores of the nodes, meaningful on feasible ones.
    pub scores: Vec<PluginScores>,
}

/// What a plugin scores.
#[derive(Clone, Debug)]
pub struct PluginScores {
    /// Its name.
    pub plugin: &'static str,
    /// Before normalising; `None` for plugins that do not normalise, or have nothing to say about the pod.
    pub raw: Option<Vec<TermId>>,
    /// 0 to 100, without the weight; `None` if the plugin has nothing to say about the pod: all nodes score alike.
    pub normalised: Option<Vec<TermId>>,
}

/// What each plugin says of a pod of each group that the scheduler serves.
pub(crate) fn plugins(model: &Model) -> Vec<Plugins> {
    served(model)
        .into_iter()
        .filter(|&group| !feasible_nodes(model, group).is_empty() && !model.workload(group).is_daemon())
        .map(|group| of_group(model, group))
        .collect()
}

fn of_group(model: &Model, group: usize) -> Plugins {
    let ids = |terms: Vec<Int>| terms.into_iter().map(Term::id).collect::<Vec<_>>();
    let feasible = feasible_nodes(model, group);
    let fixed = |raw: &[score::Raw]| {
        let one = |slot: &score::Raw| slot.iter().fold(Int::from(0), |other, &(value, when)| ite(when, value, other));
        raw.iter().map(one).collect::<Vec<_>>()
    };
    let resources = |fit: i64, balance: i64| {
        let (scores, is_exact) = fit::scores(model, group, Weights { fit, balance });
        is_exact.then(|| ids(scores))
    };
    let (violated, preferred) = (score::violated(model, group), score::preferred(model, group));
    let spread = spread::both_scores(model, group, feasible);
    let (spread_raw, spread_normalised) =
        spread.map_or((None, None), |(raw, score)| (Some(ids(raw)), Some(ids(score))));
    let affinity_raw =
        pod_affinity::raw_score(model, group).map(|(raw, unit)| ids(raw.into_iter().map(|one| one * unit).collect()));
    let scores = [
        ("TaintToleration", Some(ids(fixed(&violated))), score::taints(&violated, feasible).map(ids)),
        ("NodeAffinity", Some(ids(fixed(&preferred))), score::preferences(&preferred, feasible).map(ids)),
        ("NodeResourcesFit", None, resources(1, 0)),
        ("NodeResourcesBalancedAllocation", None, resources(0, 1)),
        ("PodTopologySpread", spread_raw, spread_normalised),
        ("InterPodAffinity", affinity_raw, pod_affinity::score(model, group, feasible).map(ids)),
    ];
    let answers = filter::answers(model, group).into_iter();
    Plugins {
        group: model.groups[group].name.clone(),
        slots: model.slots.iter().map(|slot| slot.name.clone()).collect(),
        filters: answers.map(|(name, allows)| (name, allows.into_iter().map(Term::id).collect())).collect(),
        scores: scores.map(|(plugin, raw, normalised)| PluginScores { plugin, raw, normalised }).into(),
    }
}
