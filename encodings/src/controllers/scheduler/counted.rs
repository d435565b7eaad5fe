//! The pods that filters and scores count: those on the nodes, or on one node others in their place.

use crate::state::Model;
use crate::term::Int;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// The pods that filters count.
pub(super) struct Pods<'m, 'c> {
    /// What they are part of.
    pub model: &'m Model<'c>,
    /// The counts assumed for a slot instead of those of its pods.
    instead: Option<Counts>,
    /// What has been asked of these counts.
    asked: RefCell<BTreeSet<Asked>>,
}

/// One of the counts on a slot: those of the active pods of a group, or of all that are assigned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Asked {
    /// The active pods of a group.
    Active(usize),
    /// Its pods, terminating ones included.
    Assigned(usize),
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

    /// One of them.
    pub fn get(&self, asked: Asked) -> Int {
        match asked {
            Asked::Active(group) => self.active[group],
            Asked::Assigned(group) => self.assigned[group],
        }
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
        Self { model, instead: None, asked: RefCell::default() }
    }

    /// Those that are there, but for one slot.
    pub fn instead(model: &'m Model<'c>, counts: Counts) -> Self {
        Self { model, instead: Some(counts), asked: RefCell::default() }
    }

    /// Which of the counts assumed for a slot have been asked for.
    pub fn asked(&self) -> BTreeSet<Asked> {
        self.asked.borrow().clone()
    }

    /// The count assumed for a slot, where one is.
    fn assumed(&self, slot: usize, asked: Asked) -> Option<Int> {
        let counts = self.instead.as_ref().filter(|counts| counts.slot == slot)?;
        self.asked.borrow_mut().insert(asked);
        Some(counts.get(asked))
    }

    /// Active pods of a group on a slot.
    pub fn active(&self, group: usize, slot: usize) -> Int {
        self.assumed(slot, Asked::Active(group)).unwrap_or_else(|| self.model.groups[group].active_on(slot))
    }

    /// Pods of a group on a slot, terminating ones included.
    pub fn assigned(&self, group: usize, slot: usize) -> Int {
        self.assumed(slot, Asked::Assigned(group)).unwrap_or_else(|| self.model.groups[group].assigned_on(slot))
    }
}
