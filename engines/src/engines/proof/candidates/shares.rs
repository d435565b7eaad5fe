//! Guesses about equal shares: what one slot holds, against a quotient that never changes.
//!
//! Controllers divide what is (so many pods over so many nodes); what is bounded by what should be. So a quotient that
//! the system computes is tried with what should be in place of what is: every unchanging variable that it compares
//! with something that changes.

use super::{Pool, Template};
use crate::limits::passes::CASES;
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::{Dag, Int, Node, Term, TermId, VarId, sum};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// What one slot holds, and quotients that never change.
#[derive(Default)]
pub(super) struct Shares {
    /// The same count or sum for every slot that has it.
    counts: Vec<Vec<TermId>>,
    /// Quotients of the system.
    quotients: Vec<TermId>,
    /// Other quotients worth a try, to be rounded up.
    quotients_of: Vec<(TermId, TermId)>,
}

impl Shares {
    pub(super) fn new(system: &TransitionSystem, dag: &Dag, pool: &Pool, cone: &[bool]) -> Self {
        let unchanging_variables = crate::passes::unchanging(system);
        let mut unchanging: Vec<bool> = Vec::with_capacity(dag.len());
        let (mut quotients, mut divisors) = (Vec::new(), Vec::new());
        for (id, &in_cone) in (0..).map(TermId).zip(cone) {
            let mut stays = true;
            match dag.node(id) {
                Node::Var(var) => stays = unchanging_variables[var.index()],
                Node::Primed(_) | Node::Choice(_) => stays = false,
                node => node.for_each_operand(|operand| stays &= unchanging[operand.index()]),
            }
            unchanging.push(stays);
            let Node::Div(_, divisor) = *dag.node(id) else { continue };
            let is_small = (2..=CASES).contains(&dag.range(divisor).size());
            if in_cone && is_small && unchanging[divisor.index()] {
                if stays {
                    quotients.push(id);
                } else if !divisors.contains(&divisor) {
                    divisors.push(divisor);
                }
            }
        }
        let mut wholes: Vec<TermId> = Vec::new();
        for (a, b) in pool.compared.iter().flat_map(|&(a, b)| [(a, b), (b, a)]) {
            let is_amount = matches!(dag.node(a), Node::Var(_)) && dag.range(a).lo >= 0 && dag.range(a).hi > 1;
            if is_amount && unchanging[a.index()] && !unchanging[b.index()] && !wholes.contains(&a) {
                wholes.push(a);
            }
        }
        let quotients_of = divisors.iter().flat_map(|&by| wholes.iter().map(move |&whole| (whole, by))).collect();
        Self { counts: counts(system, dag, pool), quotients, quotients_of }
    }

    /// No slot holds more than a share.
    pub(super) fn guesses(&self, found: &mut Vec<(TermId, Template)>) {
        for share in self.quotients() {
            let counts = self.counts.iter().flatten();
            found.extend(counts.map(|&count| (Int::from_id(count).at_most(share).id(), Template::Share)));
        }
    }

    /// What slots hold above a share, all together.
    pub(super) fn measures(&self) -> Vec<TermId> {
        let above = |share: Int| {
            self.counts.iter().map(move |slots| sum(slots.iter().map(|&count| Int::from_id(count).monus(share))).id())
        };
        self.quotients().into_iter().flat_map(above).collect()
    }

    fn quotients(&self) -> Vec<Int> {
        let made = self.quotients_of.iter().map(|&(whole, by)| Int::from_id(whole).ceil_div(Int::from_id(by)));
        let mut all: Vec<Int> = self.quotients.iter().map(|&id| Int::from_id(id)).chain(made).collect();
        let mut seen = FxHashSet::default();
        all.retain(|share| seen.insert(share.id()));
        all
    }
}

/// Counts of one slot, and sums of them that the system computes, those of different slots side by side.
fn counts(system: &TransitionSystem, dag: &Dag, pool: &Pool) -> Vec<Vec<TermId>> {
    let mut places: FxHashMap<VarId, (usize, usize, usize)> = FxHashMap::default();
    let slots: Vec<Vec<VarId>> = system.symmetry.iter().filter_map(|class| class.vars(dag)).flatten().collect();
    for (index, slot) in slots.iter().enumerate() {
        for (position, &var) in slot.iter().enumerate() {
            places.insert(var, (index, slot.len(), position));
        }
    }
    let mut found: BTreeMap<(usize, Vec<usize>), Vec<TermId>> = BTreeMap::new();
    for &id in &pool.ints {
        let operands = match dag.node(id) {
            Node::Add(list) => list,
            _ => std::slice::from_ref(&id),
        };
        let place = |operand: &TermId| match dag.node(*operand) {
            Node::Var(var) if dag.range(*operand).lo == 0 => places.get(var).copied(),
            _ => None,
        };
        let Some(all) = operands.iter().map(place).collect::<Option<Vec<_>>>() else { continue };
        if all.iter().any(|&(slot, ..)| slot != all[0].0) {
            continue;
        }
        let mut positions: Vec<usize> = all.iter().map(|&(_, _, position)| position).collect();
        positions.sort_unstable();
        found.entry((all[0].1, positions)).or_default().push(id);
    }
    found.into_values().collect()
}
