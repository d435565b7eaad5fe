//! What of a system has to be unrolled at all: the variables that matter, and the picks that can share a place.

use kubound_encodings::system::{Choice, TransitionSystem};
use kubound_encodings::term::{Sort, Term, TermId, VarId};
use rustc_hash::FxHashMap;

/// Marks the variables (by `VarId`) that some guard, constraint, choice or one of `roots` depends on, at any distance.
pub fn relevant_variables(system: &TransitionSystem, roots: &[TermId]) -> Vec<bool> {
    let mut relevant = vec![false; system.vars.len()];
    let mut pending: Vec<TermId> = roots.to_vec();
    for rule in &system.rules {
        pending.extend([rule.enabled.id(), rule.constraint.id()]);
        for choice in &rule.choices {
            if let Choice::Split { low, high, total, .. } = choice {
                pending.extend(low.iter().chain(high).chain([total]));
            }
        }
    }
    while !pending.is_empty() {
        let fresh: Vec<VarId> =
            system.dag.support(pending.drain(..)).into_iter().filter(|var| !relevant[var.index()]).collect();
        fresh.iter().for_each(|var| relevant[var.index()] = true);
        let updates = system.rules.iter().flat_map(|rule| rule.updates.iter().copied());
        let monitors = system.monitors.iter().map(|monitor| (monitor.var, monitor.next));
        pending.extend(updates.chain(monitors).filter(|(var, _)| fresh.contains(var)).map(|(_, term)| term));
    }
    relevant
}

/// Marks the variables (by `VarId`) that no rule and no monitor ever changes.
pub fn unchanging(system: &TransitionSystem) -> Vec<bool> {
    let mut unchanging = vec![true; system.vars.len()];
    let updated = system.rules.iter().flat_map(|rule| rule.updates.iter().map(|&(var, _)| var));
    for var in updated.chain(system.monitors.iter().map(|monitor| monitor.var)) {
        unchanging[var.index()] = false;
    }
    unchanging
}

/// For each choice the slot whose pick it takes. Choices of one rule have different slots; choices of different rules
/// and equal sorts share them, because only one rule fires. Should rules share choices in a way that this would mix
/// up, every choice is its own slot.
pub(super) fn choice_slots(system: &TransitionSystem) -> Vec<usize> {
    let count = system.dag.choices().len();
    let mut slots: Vec<Option<usize>> = vec![None; count];
    let mut kinds: FxHashMap<(Sort, usize), usize> = FxHashMap::default();
    for rule in &system.rules {
        let mut ordinals: FxHashMap<Sort, usize> = FxHashMap::default();
        let mut taken = Vec::new();
        for choice in rule.choices.iter().flat_map(|choice| choice.ids()) {
            let sort = system.dag.choices()[choice.index()].sort;
            let ordinal = ordinals.entry(sort).or_default();
            let fresh = kinds.len();
            let slot = *slots[choice.index()].get_or_insert_with(|| *kinds.entry((sort, *ordinal)).or_insert(fresh));
            *ordinal += 1;
            if taken.contains(&slot) {
                return (0..count).collect();
            }
            taken.push(slot);
        }
    }
    // Choices that no rule owns are never read.
    slots.into_iter().map(|slot| slot.unwrap_or(usize::MAX)).collect()
}
