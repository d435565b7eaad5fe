//! InterPodAffinity: the filter of required terms (section 1.7) and the score of preferred ones (section 1.8). Pods
//! count in all phases that hold a place on a node, terminating ones included.

use super::counted::Pods;
use super::spread::Domains;
use crate::cluster::FeatureGate;
use crate::cluster::pod_affinity::{PodAffinityTerm, RevisionMatch};
use crate::state::{Model, gcd};
use crate::term::{Bool, Int, all, any, ite, max_of, min_of, sum};
use indexmap::IndexMap;

/// Whether a term of the pods of `owner` means the pods of `other`.
pub(in crate::controllers) fn means(model: &Model, owner: usize, term: &PodAffinityTerm, other: usize) -> bool {
    let namespace = |group: usize| &model.workload(group).reference.namespace;
    let labels = &model.template(other).labels;
    let by_keys = || {
        let revision = match term.revision {
            RevisionMatch::Any => true,
            RevisionMatch::Own => model.is_same_revision(other, owner),
            RevisionMatch::Other => !model.is_same_revision(other, owner),
        };
        revision && term.label_keys.iter().all(|one| one.matches(labels.get(&one.key).map(String::as_str)))
    };
    term.looks_into(namespace(owner), namespace(other))
        && term.selector.as_ref().is_some_and(|selector| selector.matches(labels))
        && (!model.cluster.has(FeatureGate::MatchLabelKeysInPodAffinity) || by_keys())
}

/// By slot: whether the node has the key, and the pods of some groups in its domain.
fn in_domain(pods: &Pods, key: &str, weights: &[(usize, i64)]) -> Vec<(Bool, Int)> {
    let mut counts = vec![(Bool::from(false), Int::from(0)); pods.model.slots.len()];
    for members in Domains::new(pods.model, key, |_| true.into()).by_value.values() {
        let on = |slot: usize| sum(weights.iter().map(|&(group, weight)| pods.assigned(group, slot) * weight));
        let count = sum(members.iter().map(|&(slot, is_member)| ite(is_member, on(slot), 0)));
        for &(slot, is_member) in members {
            let (has_key, others) = counts[slot];
            counts[slot] = (has_key | is_member, ite(is_member, count, others));
        }
    }
    counts
}

fn each(groups: impl Iterator<Item = usize>) -> Vec<(usize, i64)> {
    groups.map(|group| (group, 1)).collect()
}

/// By slot: whether the required terms of the pod and of those that are there let a pod of the group onto the node.
pub(super) fn filter(pods: &Pods, group: usize) -> Vec<Bool> {
    let parts = [attracted(pods, group), keeps_away(pods, group), kept_away(pods, group)];
    (0..pods.model.slots.len()).map(|slot| all(parts.iter().map(|part| part[slot]).collect::<Vec<_>>())).collect()
}

/// By slot: whether the pod's own anti-affinity lets it onto the node.
pub(super) fn keeps_away(pods: &Pods, group: usize) -> Vec<Bool> {
    let model = pods.model;
    let terms = model.template(group).pod_anti_affinity.required.iter();
    let meant = |term| each((0..model.groups.len()).filter(|&other| means(model, group, term, other)));
    without(pods, terms.map(|term| (term.topology_key.as_str(), meant(term))))
}

/// By slot: whether the anti-affinity of pods that are there lets the pod onto the node.
pub(super) fn kept_away(pods: &Pods, group: usize) -> Vec<Bool> {
    let model = pods.model;
    let terms = (0..model.groups.len())
        .flat_map(|other| model.template(other).pod_anti_affinity.required.iter().map(move |term| (other, term)));
    let against = terms.filter(|&(other, term)| means(model, other, term, group));
    without(pods, against.map(|(other, term)| (term.topology_key.as_str(), vec![(other, 1)])))
}

/// By slot: whether there are none of some groups in its domain of a key.
fn without<'k>(pods: &Pods, terms: impl Iterator<Item = (&'k str, Vec<(usize, i64)>)>) -> Vec<Bool> {
    let mut allowed = vec![Bool::from(true); pods.model.slots.len()];
    for (key, groups) in terms {
        for (slot, (has_key, count)) in in_domain(pods, key, &groups).into_iter().enumerate() {
            allowed[slot] = allowed[slot] & has_key.implies(count.is(0));
        }
    }
    allowed
}

/// By slot: required affinity. Each term needs a pod in the node's domain that all terms mean; the first pod of a group that
/// means itself needs only the keys.
pub(super) fn attracted(pods: &Pods, group: usize) -> Vec<Bool> {
    let model = pods.model;
    let terms = &model.template(group).pod_affinity.required;
    let slots = 0..model.slots.len();
    if terms.is_empty() {
        return vec![true.into(); slots.len()];
    }
    let meant = |other: usize| terms.iter().all(|term| means(model, group, term, other));
    let groups = each((0..model.groups.len()).filter(|&other| meant(other)));
    let domains: Vec<_> = terms.iter().map(|term| in_domain(pods, &term.topology_key, &groups)).collect();
    let is_first = if meant(group) {
        // Pods on nodes without any of the keys are not seen.
        let is_seen = |slot: usize| any(domains.iter().map(|counts| counts[slot].0).collect::<Vec<_>>());
        let there = slots.clone().map(|slot| {
            let pods = sum(groups.iter().map(|&(other, _)| pods.assigned(other, slot)));
            ite(is_seen(slot), pods, 0)
        });
        sum(there).is(0)
    } else {
        false.into()
    };
    let allows = |slot: usize| {
        let has_keys = domains.iter().fold(Bool::from(true), |all, counts| all & counts[slot].0);
        has_keys & (domains.iter().fold(Bool::from(true), |all, counts| all & counts[slot].1.above(0)) | is_first)
    };
    slots.map(allows).collect()
}

/// By slot: the normalised score, or nothing if no preference is about these pods (then it is equal on all nodes).
/// Meaningful on feasible nodes only.
pub(super) fn score(model: &Model, group: usize, feasible: &[Bool]) -> Option<Vec<Int>> {
    raw_score(model, group).map(|(raw, _)| normalise(&raw, feasible))
}

/// By slot: the raw score, in units of the number beside it; nothing likewise.
pub(super) fn raw_score(model: &Model, group: usize) -> Option<(Vec<Int>, i64)> {
    let by_key = preferences(model, group);
    // Only ratios matter, so common factors are left out.
    let unit = by_key.values().flatten().fold(0, |unit, &weight| gcd(unit, weight));
    if unit == 0 {
        return None;
    }
    let pods = Pods::there(model);
    let mut raw = vec![Vec::new(); model.slots.len()];
    for (key, weights) in by_key {
        let weights: Vec<(usize, i64)> = weights
            .iter()
            .enumerate()
            .filter(|&(_, &weight)| weight != 0)
            .map(|(other, &w)| (other, w / unit))
            .collect();
        for (slot, count) in in_domain(&pods, &key, &weights).into_iter().enumerate() {
            raw[slot].push(count.1);
        }
    }
    Some((raw.into_iter().map(sum).collect(), unit))
}

/// By topology key and group: what each of its pods adds to the score of the nodes in its domain.
fn preferences(model: &Model, group: usize) -> IndexMap<String, Vec<i64>> {
    let profile = model.profile(group);
    let own = model.template(group);
    let has_own = !own.pod_affinity.preferred.is_empty() || !own.pod_anti_affinity.preferred.is_empty();
    let mut by_key: IndexMap<String, Vec<i64>> = IndexMap::new();
    if profile.ignores_preferences_of_others && !has_own || profile.inter_pod_affinity == 0 {
        return by_key;
    }
    let groups = model.groups.len();
    let mut add = |key: &str, other: usize, weight: i64| {
        by_key.entry(key.to_owned()).or_insert_with(|| vec![0; groups])[other] += weight;
    };
    for other in 0..groups {
        let there = model.template(other);
        for (sign, ours, theirs) in [
            (1, &own.pod_affinity.preferred, &there.pod_affinity.preferred),
            (-1, &own.pod_anti_affinity.preferred, &there.pod_anti_affinity.preferred),
        ] {
            for one in ours.iter().filter(|one| means(model, group, &one.term, other)) {
                add(&one.term.topology_key, other, sign * one.weight);
            }
            for one in theirs.iter().filter(|one| means(model, other, &one.term, group)) {
                add(&one.term.topology_key, other, sign * one.weight);
            }
        }
        for term in there.pod_affinity.required.iter().filter(|term| means(model, other, term, group)) {
            add(&term.topology_key, other, profile.hard_pod_affinity_weight);
        }
    }
    by_key
}

/// `trunc(100 * ((raw - min) / (max - min)))` in doubles over the feasible nodes, 0 if all are equal.
fn normalise(raw: &[Int], feasible: &[Bool]) -> Vec<Int> {
    let lowest = raw.iter().map(|one| one.range().lo).min().unwrap_or(0);
    let highest = raw.iter().map(|one| one.range().hi).max().unwrap_or(0);
    let of_feasible =
        |other: i64| -> Vec<Int> { raw.iter().zip(feasible).map(|(&raw, &ok)| ite(ok, raw, other)).collect() };
    let (most, least) = (max_of(&of_feasible(lowest)), min_of(&of_feasible(highest)));
    let difference = most.monus(least);
    let score = |&raw: &Int| {
        let above = raw.monus(least);
        let quotient = (above * 100 / difference).min(100);
        // A quotient depends only on the ratio, so doubles fall short only where it is a whole number of these.
        let falls_short = any((0..=100).filter(|&score| in_doubles(score) < score).map(|score| quotient.is(score)))
            & (quotient * difference).is(above * 100);
        ite(difference.is(0), 0, ite(falls_short, quotient - 1, quotient).max(0))
    };
    raw.iter().map(score).collect()
}

/// What becomes of a score that is exactly this.
fn in_doubles(score: i64) -> i64 {
    (100.0 * (score as f64 / 100.0)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{Dag, within};

    fn normalised(raw: &[i64], feasible: &[bool]) -> Vec<Option<i64>> {
        let build = || {
            let raw: Vec<Int> = raw.iter().map(|&one| one.into()).collect();
            let feasible: Vec<Bool> = feasible.iter().map(|&one| one.into()).collect();
            normalise(&raw, &feasible).iter().map(|score| score.constant()).collect()
        };
        within(Dag::default(), build).0
    }

    #[test]
    fn scores_lie_between_the_extremes_of_feasible_nodes() {
        assert_eq!(normalised(&[-5, 0, 10], &[true; 3]), [Some(0), Some(33), Some(100)]);
        assert_eq!(normalised(&[4, 4], &[true; 2]), [Some(0), Some(0)]);
        assert_eq!(normalised(&[0, 1, 9], &[true, true, false])[..2], [Some(0), Some(100)]);
    }

    #[test]
    fn doubles_truncate_29_57_and_58_percent() {
        let short: Vec<i64> = (0..=100).filter(|&score| in_doubles(score) < score).collect();
        assert_eq!(short, [29, 57, 58]);
        assert_eq!(normalised(&[0, 29, 100], &[true; 3])[1], Some(28));
        assert_eq!(normalised(&[0, 30, 100], &[true; 3])[1], Some(30));
    }
}
