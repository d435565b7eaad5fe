//! The picks that can share a place, because only one rule fires in a step.

use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::Sort;
use rustc_hash::FxHashMap;

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
