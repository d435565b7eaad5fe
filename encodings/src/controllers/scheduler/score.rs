//! Scores (section 1.8): each plugin normalised over the feasible nodes, weighted, added.

use super::fit::{self, Weights};
use super::{pod_affinity, spread};
use crate::cluster::pod::PreferredTerm;
use crate::state::{Model, Slot};
use crate::term::{Bool, Int, any, ite, sum};

/// Totals by slot, meaningful on feasible nodes only.
pub(super) struct Totals {
    /// What differs between nodes.
    pub terms: Vec<Int>,
    /// What every node gets besides; left out of comparisons.
    pub common: i64,
    /// Whether they are the real totals; if not, nothing is known about the order of feasible nodes.
    pub is_exact: bool,
}

/// The totals of a group, given its feasible nodes.
pub(super) fn totals(model: &Model, group: usize, feasible: &[Bool]) -> Totals {
    let profile = model.profile(group);
    let mut common = 0;
    let weights = Weights { fit: profile.resources_fit, balance: profile.balanced_allocation };
    let (fit, is_exact) = fit::scores(model, group, weights);
    let mut plugins: Vec<Vec<Int>> = vec![fit];
    for Share { weight, scores, .. } in beside_resources(model, group, feasible) {
        match scores {
            Ok(scores) => plugins.push(scores.iter().map(|&score| score * weight).collect()),
            Err(alike) => common += alike * weight,
        }
    }
    let terms = (0..feasible.len()).map(|slot| sum(plugins.iter().map(|plugin| plugin[slot]))).collect();
    Totals { terms, common, is_exact }
}

/// What a plugin adds to the totals.
pub(super) struct Share {
    /// The plugin.
    pub plugin: &'static str,
    /// Its weight.
    pub weight: i64,
    /// 0 to 100 by slot; or what all nodes get alike.
    pub scores: Result<Vec<Int>, i64>,
}

/// The plugins whose shares [`totals`] adds up; nothing where the totals are not the real ones.
pub(super) fn shares(model: &Model, group: usize, feasible: &[Bool]) -> Option<Vec<Share>> {
    let profile = model.profile(group);
    let by = |fit: i64, balance: i64| {
        let (scores, is_exact) = fit::scores(model, group, Weights { fit, balance });
        is_exact.then_some(Ok(scores))
    };
    let mut shares = Vec::new();
    for (plugin, weight, weights) in [
        ("NodeResourcesFit", profile.resources_fit, (1, 0)),
        ("NodeResourcesBalancedAllocation", profile.balanced_allocation, (0, 1)),
    ] {
        if weight > 0 {
            shares.push(Share { plugin, weight, scores: by(weights.0, weights.1)? });
        }
    }
    shares.extend(beside_resources(model, group, feasible).into_iter().filter(|share| share.weight > 0));
    Some(shares)
}

/// The plugins that do not look at resources.
fn beside_resources(model: &Model, group: usize, feasible: &[Bool]) -> [Share; 4] {
    let profile = model.profile(group);
    let share = |plugin: &'static str, weight: i64, scores: Option<Vec<Int>>, alike: i64| Share {
        plugin,
        weight,
        scores: scores.ok_or(alike),
    };
    [
        share("TaintToleration", profile.taint_toleration, taints(&violated(model, group), feasible), 100),
        share("NodeAffinity", profile.node_affinity, preferences(&preferred(model, group), feasible), 0),
        share("PodTopologySpread", profile.topology_spread, spread::score(model, group, feasible), 100),
        share("InterPodAffinity", profile.inter_pod_affinity, pod_affinity::score(model, group, feasible), 0),
    ]
}

/// By slot: TaintToleration's raw score, the taints of effect PreferNoSchedule that are not tolerated.
pub(super) fn violated(model: &Model, group: usize) -> Vec<Raw> {
    let template = model.template(group);
    model.slots.iter().map(|slot| vec![(slot.taints_for(template).preferences_violated, true.into())]).collect()
}

/// By slot: NodeAffinity's raw score, with what the profile adds to the preferences of every pod.
pub(super) fn preferred(model: &Model, group: usize) -> Vec<Raw> {
    let (own, added) = (&model.template(group).preferred_affinity, &model.profile(group).added_preferred);
    model.slots.iter().map(|slot| weights(slot, [own, added])).collect()
}

/// TaintToleration's score; nothing if it is 100 on all nodes.
pub(super) fn taints(violated: &[Raw], feasible: &[Bool]) -> Option<Vec<Int>> {
    over_largest(violated, feasible, |raw, most| if most == 0 { 100 } else { 100 - 100 * raw / most })
}

/// NodeAffinity's score; nothing if it is 0 on all nodes.
pub(super) fn preferences(preferred: &[Raw], feasible: &[Bool]) -> Option<Vec<Int>> {
    over_largest(preferred, feasible, |raw, most| if most == 0 { 0 } else { 100 * raw / most })
}

/// NodeAffinity's raw score of a node: the weights of the preferred terms that match.
pub(in crate::controllers) fn preferred_weight(model: &Model, group: usize, slot: &Slot) -> Raw {
    weights(slot, [&model.template(group).preferred_affinity])
}

/// The sum of the weights of the terms that match, and when it is that.
fn weights<const N: usize>(slot: &Slot, lists: [&Vec<PreferredTerm>; N]) -> Raw {
    slot.labels.alternatives(|labels| {
        let terms = lists.iter().flat_map(|terms| terms.iter());
        terms.filter(|one| one.term.matches(&slot.name, labels)).map(|one| one.weight).sum::<i64>()
    })
}

/// What a raw score may be, and when it is that.
pub(in crate::controllers) type Raw = Vec<(i64, Bool)>;

/// `normalise(raw, largest raw of a feasible node)` by slot; nothing if all are equal and zero.
fn over_largest(raw: &[Raw], feasible: &[Bool], normalise: impl Fn(i64, i64) -> i64) -> Option<Vec<Int>> {
    let mut values: Vec<i64> = raw.iter().flatten().map(|&(value, _)| value).collect();
    values.sort_unstable();
    values.dedup();
    if values == [0] || values.is_empty() {
        return None;
    }
    let on = |slot: &Raw, value: i64| slot.iter().find(|one| one.0 == value).map(|&(_, when)| when);
    let of = |own: i64| {
        // From the smallest candidate for the maximum outwards: the largest value with a feasible node decides.
        values.iter().fold(Int::from(normalise(own, own)), |otherwise, &most| {
            if most < own {
                return otherwise;
            }
            let some = any(raw.iter().zip(feasible).filter_map(|(raw, &ok)| Some(ok & on(raw, most)?)));
            ite(some, normalise(own, most), otherwise)
        })
    };
    let scores = raw.iter().map(|slot| {
        let mut rest = slot.iter().rev();
        let last = rest.next().map_or(Int::from(0), |&(own, _)| of(own));
        rest.fold(last, |otherwise, &(own, when)| ite(when, of(own), otherwise))
    });
    Some(scores.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{Dag, within};

    fn fixed(value: i64) -> Raw {
        vec![(value, true.into())]
    }

    #[test]
    fn untolerated_preferences_0_to_3_score_100_67_34_0() {
        let (scores, _) =
            within(Dag::default(), || {
                let feasible = vec![Bool::from(true); 4];
                let scores = over_largest(&[0, 1, 2, 3].map(fixed), &feasible, |raw, most| {
                    if most == 0 { 100 } else { 100 - 100 * raw / most }
                });
                scores.expect("not all zero").iter().map(|score| score.constant()).collect::<Vec<_>>()
            });
        assert_eq!(scores, [Some(100), Some(67), Some(34), Some(0)]);
    }

    #[test]
    fn only_feasible_nodes_normalise() {
        let (scores, _) = within(Dag::default(), || {
            let feasible = [true, true, false].map(Bool::from);
            let scores = over_largest(
                &[20, 5, 40].map(fixed),
                &feasible,
                |raw, most| if most == 0 { 0 } else { 100 * raw / most },
            );
            scores.expect("not all zero").iter().take(2).map(|score| score.constant()).collect::<Vec<_>>()
        });
        assert_eq!(scores, [Some(100), Some(25)]);
    }
}
