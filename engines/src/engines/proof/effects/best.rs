//! Rules that share out by score: of all nodes that would do the best one is taken.
//!
//! Whether a pod can be bound at all does not depend on scores: among the nodes that pass the filters one has the highest
//! score. This is read off the terms. Each rule of a unit compares its score with one maximum; the maximum is over the scores of
//! the same rules, where each counts only if its own filter passes, and else as less than any score can be. So if some
//! filter passes, the comparison is true for a rule whose filter passes, and the unit as a whole is enabled as if nobody
//! compared.

use crate::passes::{Literal, conjuncts};
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::{Dag, Node, Term, TermId};
use std::collections::{BTreeMap, BTreeSet};

/// For rules of a unit the conjuncts of their guards. Comparisons with the best are left out where that does not change
/// whether some rule of the unit is enabled; rules that compare in another way are left out, as if they were never enabled.
pub fn guards(system: &TransitionSystem, rules: &[usize]) -> Vec<Vec<Literal>> {
    let dag = &system.dag;
    let (mut plain, mut groups) = (Vec::new(), BTreeMap::<Contest, Vec<Competitor>>::new());
    for &rule in rules {
        let guard = conjuncts(dag, (system.rules[rule].enabled.id(), false));
        let comparisons: Vec<Literal> = guard.iter().copied().filter(|&one| compared(dag, one).is_some()).collect();
        match comparisons[..] {
            [] => plain.push(guard),
            [comparison] => {
                if let Some((key, competitor)) = competitor(dag, &guard, comparison) {
                    groups.entry(key).or_default().push(competitor);
                }
            }
            _ => {}
        }
    }
    for ((best, _), group) in groups {
        if someone_wins(dag, best, &group) {
            plain.extend(group.into_iter().map(|one| one.guard));
        }
    }
    plain
}

/// The score and the maximum, if a literal compares a score with a maximum of several.
fn compared(dag: &Dag, (term, negated): Literal) -> Option<(TermId, TermId)> {
    let Node::Eq(a, b) = *dag.node(term) else { return None };
    let is_max = |id: TermId| matches!(dag.node(id), Node::Max(..));
    match (negated, is_max(a), is_max(b)) {
        (false, false, true) => Some((a, b)),
        (false, true, false) => Some((b, a)),
        _ => None,
    }
}

/// The maximum that scores are compared with, and what the rules ask for beside their own filters.
type Contest = (TermId, BTreeSet<Literal>);

/// A rule whose score is compared with the maximum.
struct Competitor {
    /// The guard without the comparison.
    guard: Vec<Literal>,
    /// Where its score stands in the maximum.
    leaf: TermId,
    /// The score.
    score: TermId,
}

/// A rule that competes, with the maximum and with what it asks for beside its own filter.
fn competitor(dag: &Dag, guard: &[Literal], comparison: Literal) -> Option<(Contest, Competitor)> {
    let (score, best) = compared(dag, comparison)?;
    let own = |leaf: &TermId| match entry(dag, *leaf, score) {
        Some((filter, _)) => conjuncts(dag, filter).iter().all(|one| guard.contains(one)),
        None => *leaf == score,
    };
    let leaf = leaves(dag, best).into_iter().find(own)?;
    let filter = entry(dag, leaf, score).map_or_else(Vec::new, |(filter, _)| conjuncts(dag, filter));
    let guard: Vec<Literal> = guard.iter().copied().filter(|&one| one != comparison).collect();
    let rest = guard.iter().copied().filter(|one| !filter.contains(one)).collect();
    Some(((best, rest), Competitor { guard, leaf, score }))
}

/// Where a score counts only if a filter passes: the filter, and what counts instead.
fn entry(dag: &Dag, leaf: TermId, score: TermId) -> Option<(Literal, TermId)> {
    match *dag.node(leaf) {
        Node::Ite(filter, one, other) if one == score => Some(((filter, false), other)),
        Node::Ite(filter, one, other) if other == score => Some(((filter, true), one)),
        _ => None,
    }
}

/// Whether, if the filter of some competitor passes, the maximum is the score of one whose filter passes. They all ask for
/// the same beside their filters.
fn someone_wins(dag: &Dag, best: TermId, group: &[Competitor]) -> bool {
    let least_score = group.iter().map(|one| dag.range(one.score).lo).min();
    let served: BTreeSet<TermId> = group.iter().map(|one| one.leaf).collect();
    let otherwise = leaves(dag, best).into_iter().filter_map(|leaf| match served.contains(&leaf) {
        false => Some(dag.range(leaf).hi),
        true => group.iter().find_map(|one| entry(dag, leaf, one.score)).map(|(_, other)| dag.range(other).hi),
    });
    // Whoever loses by its filter, or has no rule, counts as less than any score.
    otherwise.max().is_none_or(|most| least_score.is_some_and(|least| most < least))
}

/// What a maximum is over.
fn leaves(dag: &Dag, best: TermId) -> BTreeSet<TermId> {
    let (mut found, mut left) = (BTreeSet::new(), vec![best]);
    while let Some(id) = left.pop() {
        match *dag.node(id) {
            Node::Max(a, b) => left.extend([a, b]),
            _ => {
                found.insert(id);
            }
        }
    }
    found
}
