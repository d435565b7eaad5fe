//! The terms of a system as operations over a dense array of values: first those that are kept up to date, in the order
//! of the graph, then those that are computed on demand.

use kubound_encodings::stop::tick;
use kubound_encodings::term::eval::divide;
use kubound_encodings::term::{ChoiceId, Dag, Node, TermId, VarId};
use rustc_hash::FxHashMap;

/// Position of a value.
pub type Slot = u32;

const NONE: Slot = Slot::MAX;

/// A stretch of the operands of all terms with many.
#[derive(Clone, Copy, Debug)]
pub struct List {
    start: u32,
    len: u32,
}

impl List {
    /// How many operands there are.
    pub fn len(self) -> i64 {
        i64::from(self.len)
    }
}

/// How a value comes about.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// It is set from outside: a constant, or a variable before the step.
    Leaf,
    /// A variable after the step.
    Primed(VarId),
    /// A choice.
    Choice(ChoiceId),
    /// Negation.
    Not(Slot),
    /// Conjunction.
    And(List),
    /// Disjunction.
    Or(List),
    /// Sum, or number of true operands.
    Sum(List),
    /// Equality.
    Same(Slot, Slot),
    /// `if condition then a else b`.
    Select(Slot, Slot, Slot),
    /// `a <= b`.
    AtMost(Slot, Slot),
    /// Product with a constant.
    Scale(i64, Slot),
    /// Product.
    Multiply(Slot, Slot),
    /// Quotient.
    Divide(Slot, Slot),
    /// Remainder.
    Remainder(Slot, Slot),
    /// Smaller one.
    Min(Slot, Slot),
    /// Larger one.
    Max(Slot, Slot),
    /// Entry of a table, by the number of the table.
    Table(Slot, u32),
}

/// What is known of a step besides the values of terms.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step<'a> {
    /// Values of variables after it, by `VarId`.
    pub primed: &'a [i64],
    /// Values of choices, by `ChoiceId`.
    pub choices: &'a [i64],
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Graph {
    ops: Vec<Op>,
    lists: Vec<Slot>,
    tables: Vec<Box<[i64]>>,
    slots: Vec<Slot>,
    constants: Vec<(Slot, i64)>,
    /// The slot of each variable.
    pub vars: Vec<Slot>,
    /// How many terms are kept up to date: those of the first slots.
    pub kept: usize,
    table_numbers: FxHashMap<Box<[i64]>, u32>,
}

impl Graph {
    /// Keeps `roots` up to date, with all that they need, which must read neither choices nor variables after a step.
    pub fn new(dag: &Dag, roots: impl IntoIterator<Item = TermId>) -> Self {
        let (slots, vars) = (vec![NONE; dag.len()], vec![NONE; dag.vars().len()]);
        let mut graph = Self {
            ops: Vec::new(),
            lists: Vec::new(),
            tables: Vec::new(),
            slots,
            constants: Vec::new(),
            vars,
            kept: 0,
            table_numbers: FxHashMap::default(),
        };
        let cone = dag.cone(roots);
        for (index, &is_needed) in cone.iter().enumerate() {
            let id = TermId(index as u32);
            // Every variable has a value, also those that only terms on demand read.
            if is_needed || matches!(dag.node(id), Node::Var(_)) {
                graph.add(dag, id);
            }
        }
        graph.kept = graph.ops.len();
        graph
    }

    /// Number of slots.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// The slot of a term that has one.
    pub fn slot(&self, term: TermId) -> Option<Slot> {
        Some(self.slots[term.index()]).filter(|&slot| slot != NONE)
    }

    /// Values of all slots in which only the constants are right.
    pub fn blank(&self) -> Vec<i64> {
        let mut values = vec![0; self.ops.len()];
        self.constants.iter().for_each(|&(slot, value)| values[slot as usize] = value);
        values
    }

    /// The constants since some slot.
    pub fn constants_from(&self, first: usize) -> impl Iterator<Item = (Slot, i64)> + '_ {
        self.constants.iter().copied().filter(move |&(slot, _)| slot as usize >= first)
    }

    /// How a value comes about.
    pub fn op(&self, slot: Slot) -> Op {
        self.ops[slot as usize]
    }

    /// The operands of a list.
    pub fn list(&self, list: List) -> &[Slot] {
        &self.lists[list.start as usize..(list.start + list.len) as usize]
    }

    /// Calls `visit` on every operand of a slot, in order.
    pub fn for_each_operand(&self, slot: Slot, visit: impl FnMut(Slot)) {
        match self.op(slot) {
            Op::Leaf | Op::Primed(_) | Op::Choice(_) => {}
            Op::Not(a) | Op::Scale(_, a) | Op::Table(a, _) => [a].into_iter().for_each(visit),
            Op::And(list) | Op::Or(list) | Op::Sum(list) => self.list(list).iter().copied().for_each(visit),
            Op::Select(a, b, c) => [a, b, c].into_iter().for_each(visit),
            Op::Same(a, b)
            | Op::AtMost(a, b)
            | Op::Multiply(a, b)
            | Op::Divide(a, b)
            | Op::Remainder(a, b)
            | Op::Min(a, b)
            | Op::Max(a, b) => [a, b].into_iter().for_each(visit),
        }
    }

    /// The slots to compute, in order, for terms that are not kept up to date.
    pub fn plan(&mut self, dag: &Dag, roots: impl IntoIterator<Item = TermId>) -> Vec<Slot> {
        let mut wanted = Vec::new();
        let mut stack: Vec<TermId> = roots.into_iter().collect();
        let mut seen = rustc_hash::FxHashSet::default();
        while let Some(id) = stack.pop() {
            let is_kept = self.slot(id).is_some_and(|slot| (slot as usize) < self.kept);
            if is_kept || matches!(dag.node(id), Node::Bool(_) | Node::Int(_)) || !seen.insert(id) {
                continue;
            }
            wanted.push(id);
            dag.node(id).for_each_operand(|operand| stack.push(operand));
        }
        wanted.sort_unstable();
        wanted.into_iter().map(|id| self.add(dag, id)).collect()
    }

    /// The slot of a term, a new one if it has none; its operands come first.
    pub fn add(&mut self, dag: &Dag, id: TermId) -> Slot {
        if self.slots[id.index()] != NONE {
            return self.slots[id.index()];
        }
        tick(1);
        let mut operands: Vec<Slot> = Vec::new();
        dag.node(id).for_each_operand(|operand| {
            let slot = self.slots[operand.index()];
            let is_missing_constant = slot == NONE && matches!(dag.node(operand), Node::Bool(_) | Node::Int(_));
            operands.push(if is_missing_constant { self.add(dag, operand) } else { slot });
        });
        debug_assert!(operands.iter().all(|&operand| operand != NONE), "operands come first");
        let slot = self.ops.len() as Slot;
        let op = self.op_of(dag.node(id), &operands, slot);
        self.ops.push(op);
        self.slots[id.index()] = slot;
        slot
    }

    fn op_of(&mut self, node: &Node, operands: &[Slot], slot: Slot) -> Op {
        let mut list = || {
            let start = self.lists.len() as u32;
            self.lists.extend_from_slice(operands);
            List { start, len: operands.len() as u32 }
        };
        match node {
            Node::Bool(value) => {
                self.constants.push((slot, i64::from(*value)));
                Op::Leaf
            }
            Node::Int(value) => {
                self.constants.push((slot, *value));
                Op::Leaf
            }
            Node::Var(var) => {
                self.vars[var.index()] = slot;
                Op::Leaf
            }
            Node::Primed(var) => Op::Primed(*var),
            Node::Choice(choice) => Op::Choice(*choice),
            Node::Not(_) => Op::Not(operands[0]),
            Node::And(_) => Op::And(list()),
            Node::Or(_) => Op::Or(list()),
            Node::Add(_) | Node::Count(_) => Op::Sum(list()),
            Node::Iff(..) | Node::Eq(..) => Op::Same(operands[0], operands[1]),
            Node::Ite(..) => Op::Select(operands[0], operands[1], operands[2]),
            Node::Le(..) => Op::AtMost(operands[0], operands[1]),
            Node::Scale(factor, _) => Op::Scale(*factor, operands[0]),
            Node::Mul(..) => Op::Multiply(operands[0], operands[1]),
            Node::Div(..) => Op::Divide(operands[0], operands[1]),
            Node::Rem(..) => Op::Remainder(operands[0], operands[1]),
            Node::Min(..) => Op::Min(operands[0], operands[1]),
            Node::Max(..) => Op::Max(operands[0], operands[1]),
            Node::Table(_, entries) => {
                let next = self.tables.len() as u32;
                let number = *self.table_numbers.entry(entries.clone()).or_insert(next);
                if number == next {
                    self.tables.push(entries.clone());
                }
                Op::Table(operands[0], number)
            }
        }
    }

    /// The value of a slot, given those of its operands; its own if it is set from outside.
    pub fn compute(&self, slot: Slot, values: &[i64], step: Step) -> i64 {
        let value = |slot: Slot| values[slot as usize];
        match self.ops[slot as usize] {
            Op::Leaf => value(slot),
            Op::Primed(var) => step.primed[var.index()],
            Op::Choice(choice) => step.choices[choice.index()],
            Op::Not(a) => 1 - value(a),
            Op::And(list) => i64::from(self.list(list).iter().all(|&slot| value(slot) != 0)),
            Op::Or(list) => i64::from(self.list(list).iter().any(|&slot| value(slot) != 0)),
            Op::Sum(list) => self.list(list).iter().map(|&slot| value(slot)).sum(),
            Op::Same(a, b) => i64::from(value(a) == value(b)),
            Op::Select(condition, a, b) => value(if value(condition) != 0 { a } else { b }),
            Op::AtMost(a, b) => i64::from(value(a) <= value(b)),
            Op::Scale(factor, a) => factor * value(a),
            Op::Multiply(a, b) => value(a) * value(b),
            Op::Divide(a, b) => divide(value(a), value(b)),
            Op::Remainder(a, b) => value(a) - value(b) * divide(value(a), value(b)),
            Op::Min(a, b) => value(a).min(value(b)),
            Op::Max(a, b) => value(a).max(value(b)),
            Op::Table(index, table) => self.tables[table as usize][value(index) as usize],
        }
    }
}
