//! Slots that may be interchangeable, and what belongs to them.

use crate::subject::{SlotId, Subject};
use crate::term::{Dag, TermId, VarId};
use rustc_hash::FxHashMap;

/// Slots that may differ only by name. Whether permuting them maps runs to runs is for the user of the list to find out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SymmetryClass {
    /// The slots.
    pub slots: Vec<SlotId>,
    /// How many of the slots (the first ones) take part, a term over frozen variables.
    pub active: TermId,
}

impl SymmetryClass {
    /// For each slot the variables of a graph that speak of it, in the same order for every slot: a variable
    /// corresponds to the one that says the same of the other slot. `None` if some variable speaks of several slots of
    /// the class, or has nothing that corresponds to it.
    pub fn vars(&self, dag: &Dag) -> Option<Vec<Vec<VarId>>> {
        let members = &self.slots;
        let position = |slot: SlotId| members.iter().position(|&one| one == slot);
        let mut rows: FxHashMap<Subject, Vec<Option<VarId>>> = FxHashMap::default();
        let mut order: Vec<Subject> = Vec::new();
        for (index, decl) in dag.vars().iter().enumerate() {
            let mut own = decl.subject.slots().filter_map(position);
            let Some(slot) = own.next() else { continue };
            if own.any(|other| other != slot) {
                return None;
            }
            let of_first = decl.subject.map(|object| object, |one| if one == members[slot] { members[0] } else { one });
            let row = rows.entry(of_first).or_insert_with_key(|subject| {
                order.push(subject.clone());
                vec![None; members.len()]
            });
            row[slot] = Some(VarId(index as u32));
        }
        let column = |slot: usize| order.iter().map(|subject| rows[subject][slot]).collect::<Option<Vec<_>>>();
        (0..members.len()).map(column).collect()
    }
}
