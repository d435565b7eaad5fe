//! The pods that filters and scores count: those on the nodes, or on one node others in their place.

use crate::state::Model;
use crate::term::Int;

/// The pods that filters count.
pub(super) struct Pods<'m, 'c> {
    /// What they are part of.
    pub model: &'m Model<'c>,
    /// The counts assumed for a slot instead of those of its pods.
    instead: Option<Counts>,
}

/// Pods on a slot, by group.
#[derive(Clone)]
pub(super) struct Counts {
    /// The slot.
    pub slot: usize,
    /// Active ones.
    pub active: Vec<Int>,
    /// All of them, terminating ones included.
    pub assigned: Vec<Int>,
}

impl Counts {
    /// The counts of the pods on the slot.
    pub fn there(model: &Model, slot: usize) -> Self {
        let active = model.groups.iter().map(|group| group.active_on(slot)).collect();
        let assigned = model.groups.iter().map(|group| group.assigned_on(slot)).collect();
        Self { slot, active, assigned }
    }

    /// With more pods of each group.
    pub fn with(&self, more: &[Int]) -> Self {
        let add = |counts: &[Int]| counts.iter().zip(more).map(|(&one, &more)| one + more).collect();
        Self { slot: self.slot, active: add(&self.active), assigned: add(&self.assigned) }
    }
}

impl<'m, 'c> Pods<'m, 'c> {
    /// Those that are there.
    pub fn there(model: &'m Model<'c>) -> Self {
        Self { model, instead: None }
    }

    /// Those that are there, but for one slot.
    pub fn instead(model: &'m Model<'c>, counts: Counts) -> Self {
        Self { model, instead: Some(counts) }
    }

    fn counts(&self, slot: usize) -> Option<&Counts> {
        self.instead.as_ref().filter(|counts| counts.slot == slot)
    }

    /// Active pods of a group on a slot.
    pub fn active(&self, group: usize, slot: usize) -> Int {
        self.counts(slot).map_or_else(|| self.model.groups[group].active_on(slot), |counts| counts.active[group])
    }

    /// Pods of a group on a slot, terminating ones included.
    pub fn assigned(&self, group: usize, slot: usize) -> Int {
        self.counts(slot).map_or_else(|| self.model.groups[group].assigned_on(slot), |counts| counts.assigned[group])
    }
}
