//! Values of terms that follow the state: when variables change, only what reads them is computed anew, in the order of
//! the graph, and no further than values differ. Sums, conjunctions and disjunctions are not added up again: each remembers
//! the sum of its operands, to which differences are added.

use super::graph::{Graph, Op, Slot, Step};
use kubound_encodings::term::{Dag, TermId, VarId};
use rustc_hash::FxHashSet;

/// Values of the terms of a system in one state.
#[derive(Clone, Debug)]
pub struct Values {
    graph: Graph,
    values: Vec<i64>,
    /// For terms with many operands their sum.
    sums: Vec<i64>,
    /// Which slots have to be looked at, as bits, and which words of these are not zero.
    stale: Vec<u64>,
    stale_words: Vec<u64>,
    /// Who reads each slot: a stretch of `users`.
    starts: Vec<u32>,
    users: Vec<Slot>,
    /// Whether somebody wants to know if it changes.
    is_watched: Vec<bool>,
    changed: Vec<Slot>,
}

impl Values {
    /// The values of `roots` where every variable is at the lower end of its range; and of those watched, whose changes are
    /// told.
    pub fn new(dag: &Dag, roots: &[TermId], watched: &[TermId]) -> Self {
        let graph = Graph::new(dag, roots.iter().chain(watched).copied());
        let (starts, users) = users(&graph);
        let mut values = graph.blank();
        for (slot, var) in graph.vars.iter().zip(dag.vars()) {
            if let Some(value) = values.get_mut(*slot as usize) {
                *value = var.sort.range().lo;
            }
        }
        let mut sums = vec![0; graph.kept];
        for slot in 0..graph.kept as Slot {
            values[slot as usize] = graph.compute(slot, &values, Step::default());
            if let Op::And(list) | Op::Or(list) | Op::Sum(list) = graph.op(slot) {
                sums[slot as usize] = graph.list(list).iter().map(|&operand| values[operand as usize]).sum();
            }
        }
        let mut is_watched = vec![false; graph.kept];
        for &term in watched {
            if let Some(slot) = graph.slot(term) {
                is_watched[slot as usize] = true;
            }
        }
        let words = graph.kept.div_ceil(64);
        let (stale, stale_words) = (vec![0; words], vec![0; words.div_ceil(64)]);
        Self { graph, values, sums, stale, stale_words, starts, users, is_watched, changed: Vec::new() }
    }

    /// The value of a slot.
    pub fn get(&self, slot: Slot) -> i64 {
        self.values[slot as usize]
    }

    /// Sets a variable; what reads it is right after [`Self::settle`] only.
    pub fn set(&mut self, var: VarId, value: i64) {
        let slot = self.graph.vars[var.index()];
        // A variable that no term mentions has no slot.
        if let Some(&old) = self.values.get(slot as usize)
            && old != value
        {
            self.change(slot, value);
        }
    }

    fn change(&mut self, slot: Slot, value: i64) {
        let at = slot as usize;
        let difference = value - std::mem::replace(&mut self.values[at], value);
        if self.is_watched[at] {
            self.changed.push(slot);
        }
        for &user in &self.users[self.starts[at] as usize..self.starts[at + 1] as usize] {
            let user = user as usize;
            self.sums[user] += difference;
            self.stale[user / 64] |= 1 << (user % 64);
            self.stale_words[user / 4096] |= 1 << (user / 64 % 64);
        }
    }

    /// Computes anew what reads variables that were set. Calls `tell` for every slot watched that changed.
    pub fn settle(&mut self, mut tell: impl FnMut(Slot, i64)) {
        for group in 0..self.stale_words.len() {
            while self.stale_words[group] != 0 {
                let word = group * 64 + self.stale_words[group].trailing_zeros() as usize;
                while self.stale[word] != 0 {
                    let bit = self.stale[word].trailing_zeros();
                    self.stale[word] &= !(1 << bit);
                    self.refresh((word * 64) as Slot + bit);
                }
                self.stale_words[group] &= !(1 << (word % 64));
            }
        }
        for slot in self.changed.drain(..) {
            tell(slot, self.values[slot as usize]);
        }
    }

    fn refresh(&mut self, slot: Slot) {
        let sum = self.sums[slot as usize];
        let value = match self.graph.op(slot) {
            Op::And(list) => i64::from(sum == list.len()),
            Op::Or(_) => i64::from(sum > 0),
            Op::Sum(_) => sum,
            _ => self.graph.compute(slot, &self.values, Step::default()),
        };
        if value != self.values[slot as usize] {
            self.change(slot, value);
        }
    }

    /// What to compute for terms that have no value of their own.
    pub fn plan(&mut self, dag: &Dag, roots: impl IntoIterator<Item = TermId>) -> Vec<Slot> {
        let before = self.graph.len();
        let plan = self.graph.plan(dag, roots);
        self.grow(before);
        plan
    }

    /// Has room for what the graph grew by, constants with their values.
    fn grow(&mut self, before: usize) {
        self.values.resize(self.graph.len(), 0);
        for (slot, value) in self.graph.constants_from(before) {
            self.values[slot as usize] = value;
        }
    }

    /// The slot of a term, which may be a constant that nothing mentioned so far.
    pub fn place(&mut self, dag: &Dag, term: TermId) -> Slot {
        self.plan(dag, [term]);
        let before = self.graph.len();
        let slot = self.graph.add(dag, term);
        self.grow(before);
        slot
    }

    /// Splits a plan into what does not depend on choices and what does.
    pub fn split(&self, plan: Vec<Slot>) -> (Vec<Slot>, Vec<Slot>) {
        let mut picked = FxHashSet::default();
        plan.into_iter().partition(|&slot| {
            let mut depends = matches!(self.graph.op(slot), Op::Choice(_));
            self.graph.for_each_operand(slot, |operand| depends |= picked.contains(&operand));
            if depends {
                picked.insert(slot);
            }
            !depends
        })
    }

    /// Computes what a plan says.
    pub fn follow(&mut self, plan: &[Slot], step: Step) {
        for &slot in plan {
            self.values[slot as usize] = self.graph.compute(slot, &self.values, step);
        }
    }
}

/// For each slot kept up to date who reads it, slot behind slot; one that reads it twice is there twice.
fn users(graph: &Graph) -> (Vec<u32>, Vec<Slot>) {
    let mut pairs: Vec<(Slot, Slot)> = Vec::new();
    for user in 0..graph.kept as Slot {
        graph.for_each_operand(user, |operand| pairs.push((operand, user)));
    }
    pairs.sort_unstable();
    let mut starts = vec![0; graph.kept + 1];
    pairs.iter().for_each(|&(operand, _)| starts[operand as usize + 1] += 1);
    for index in 1..starts.len() {
        starts[index] += starts[index - 1];
    }
    (starts, pairs.into_iter().map(|(_, user)| user).collect())
}
