//! Terms as a flat register program: the evaluator that exhaustive search runs millions of times.
//!
//! Every variable (before and after the step), choice and constant has a fixed register; all other terms get
//! temporaries. A program is a list of *blocks* of straight-line operations. What an earlier block computed is not
//! computed again: blocks compiled outside any scope are run for every state and their registers stay visible; the
//! blocks of a *scope* (one rule: guard, then bounds, then updates) see each other's registers, and the next scope
//! uses the same registers again. A block may have conditions: its conjuncts are tested in the order of their cost
//! and the block stops at the first that is false, so that the expensive half of a guard is rarely reached.
//!
//! Terms that several scopes need and that are too expensive to compute for every state are *lazy*: computed by a
//! block of their own when first asked for in a state. Each state is an *epoch*; a register remembers the epoch in
//! which the block last ran.
//!
//! The register file has 2^18 entries and register numbers are cut to 18 bits, hence no access needs a bounds check. A
//! program that would need more is refused with [`TooLarge`], and the caller must do without.

use super::dag::{ChoiceId, Dag, Node, TermId, VarId};
use super::program::{Op, Program, Reg};
use crate::limits::terms::REGISTERS;
use crate::stop::tick;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// The program needs more than 2^18 registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("too many terms for the compiled evaluator")]
pub struct TooLarge;

/// Number of a block of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block(pub(super) u32);

/// What a scope must give back when it ends.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    placed: usize,
    next: usize,
}

const UNPLACED: u32 = u32::MAX;

/// Compiles terms of one graph to a [`Program`].
pub struct Compiler<'a> {
    dag: &'a Dag,
    ops: Vec<Op>,
    blocks: Vec<Range<usize>>,
    tables: Vec<i64>,
    table_starts: FxHashMap<Box<[i64]>, usize>,
    constants: FxHashMap<i64, Reg>,
    /// Register of each term that is computed already, or `UNPLACED`.
    place: Vec<u32>,
    /// Terms placed, in order, so that the end of a scope can forget them.
    placed: Vec<TermId>,
    /// Block, stamp and result of each lazy term.
    lazy: FxHashMap<TermId, (u32, Reg, Reg)>,
    /// First free temporary.
    next: usize,
    /// Stamps for walks over the graph.
    seen: Vec<u32>,
    walk: u32,
}

impl<'a> Compiler<'a> {
    /// A compiler for terms of `dag`.
    pub fn new(dag: &'a Dag) -> Result<Self, TooLarge> {
        let fixed = 1 + 2 * dag.vars().len() + dag.choices().len();
        if fixed >= REGISTERS / 4 * 3 {
            return Err(TooLarge);
        }
        Ok(Self {
            dag,
            ops: Vec::new(),
            blocks: Vec::new(),
            tables: Vec::new(),
            table_starts: FxHashMap::default(),
            constants: FxHashMap::default(),
            place: vec![UNPLACED; dag.len()],
            placed: Vec::new(),
            lazy: FxHashMap::default(),
            next: fixed,
            seen: vec![0; dag.len()],
            walk: 0,
        })
    }

    /// The register of a variable before the step.
    pub fn var(&self, var: VarId) -> Reg {
        Reg((1 + var.index()) as u32)
    }

    /// The register of a variable after the step.
    pub fn primed(&self, var: VarId) -> Reg {
        Reg((1 + self.dag.vars().len() + var.index()) as u32)
    }

    /// The register of a choice.
    pub fn choice(&self, choice: ChoiceId) -> Reg {
        Reg((1 + 2 * self.dag.vars().len() + choice.index()) as u32)
    }

    /// Begins a scope: what is compiled until [`Self::end`] is visible only until then.
    pub fn begin(&self) -> Scope {
        Scope { placed: self.placed.len(), next: self.next }
    }

    /// Ends a scope.
    pub fn end(&mut self, scope: Scope) {
        for id in self.placed.drain(scope.placed..) {
            self.place[id.index()] = UNPLACED;
        }
        self.next = scope.next;
    }

    /// Ends a scope whose blocks run while those of later scopes are not done yet: its registers are not used again.
    pub fn end_apart(&mut self, scope: Scope) {
        let next = self.next;
        self.end(scope);
        self.next = next;
    }

    /// Makes `terms`, which must read neither primed variables nor choices, lazy. Outside any scope only.
    pub fn share_lazily(&mut self, terms: &[TermId]) -> Result<(), TooLarge> {
        let mut terms = terms.to_vec();
        terms.sort_unstable();
        terms.dedup();
        terms.retain(|id| self.place[id.index()] == UNPLACED && !is_leaf(self.dag.node(*id)));
        let kept = terms.iter().map(|_| Ok((self.temporary()?, self.temporary()?))).collect::<Result<Vec<_>, _>>()?;
        // A lazy block asks for the others that it needs before it computes anything (see `compute`), so all of them
        // can use the same temporaries.
        let first = self.next;
        let mut last = first;
        for (id, (stamp, result)) in terms.into_iter().zip(kept) {
            self.next = first;
            let mark = self.placed.len();
            let start = self.ops.len();
            let register = self.compute(id)?;
            self.ops.push(Op::Or(result, register, register));
            let block = self.end_block(start)?;
            for inner in self.placed.drain(mark..) {
                self.place[inner.index()] = UNPLACED;
            }
            last = last.max(self.next);
            self.lazy.insert(id, (block.0, stamp, result));
        }
        self.next = last;
        Ok(())
    }

    /// Compiles a block that stops at the first of the `conditions` that is false, and computes `roots` if none is.
    pub fn block(&mut self, conditions: &[TermId], roots: &[TermId]) -> Result<(Block, Vec<Reg>), TooLarge> {
        let start = self.ops.len();
        let mut conjuncts = Vec::new();
        for &condition in conditions {
            self.conjuncts(condition, true, &mut conjuncts);
        }
        let mut priced: Vec<(usize, TermId, bool)> =
            conjuncts.into_iter().map(|(id, positive)| (self.cost(id), id, positive)).collect();
        priced.sort_unstable();
        priced.dedup();
        for (_, id, positive) in priced {
            let register = self.compute(id)?;
            self.ops.push(if positive { Op::StopUnless(register) } else { Op::StopIf(register) });
        }
        let registers = roots.iter().map(|&root| self.compute(root)).collect::<Result<Vec<_>, _>>()?;
        Ok((self.end_block(start)?, registers))
    }

    fn end_block(&mut self, start: usize) -> Result<Block, TooLarge> {
        let number = u32::try_from(self.blocks.len()).map_err(|_| TooLarge)?;
        self.blocks.push(start..self.ops.len());
        Ok(Block(number))
    }

    /// The finished program.
    pub fn finish(self) -> Program {
        let constants = self.constants.into_iter().map(|(value, register)| (register, value)).collect();
        Program::new(self.ops, self.blocks, self.tables, constants)
    }

    /// Splits a condition into conjuncts with their polarity.
    fn conjuncts(&self, id: TermId, positive: bool, into: &mut Vec<(TermId, bool)>) {
        match self.dag.node(id) {
            Node::And(list) if positive => list.iter().for_each(|&part| self.conjuncts(part, true, into)),
            Node::Or(list) if !positive => list.iter().for_each(|&part| self.conjuncts(part, false, into)),
            Node::Not(inner) => self.conjuncts(*inner, !positive, into),
            _ => into.push((id, positive)),
        }
    }

    /// How many terms must still be computed for `id`.
    fn cost(&mut self, id: TermId) -> usize {
        self.missing(id).len()
    }

    /// The terms that must still be computed for `root`, operands first.
    fn missing(&mut self, root: TermId) -> Vec<TermId> {
        self.walk += 1;
        let mut found = Vec::new();
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            let known = self.place[id.index()] != UNPLACED || is_leaf(self.dag.node(id));
            if known || std::mem::replace(&mut self.seen[id.index()], self.walk) == self.walk {
                continue;
            }
            found.push(id);
            if !self.lazy.contains_key(&id) {
                for_each_input(self.dag, id, |operand| stack.push(operand));
            }
        }
        found.sort_unstable();
        found
    }

    /// Emits what `id` needs, lazy terms first, and returns its register.
    fn compute(&mut self, id: TermId) -> Result<Reg, TooLarge> {
        let (lazy, own): (Vec<TermId>, Vec<TermId>) =
            self.missing(id).into_iter().partition(|term| self.lazy.contains_key(term));
        for term in lazy {
            let (block, stamp, result) = self.lazy[&term];
            self.ops.push(Op::Ensure(stamp, block));
            self.keep(term, result);
        }
        tick(own.len() + 1);
        for term in own {
            let register = self.emit(term)?;
            self.keep(term, register);
        }
        self.register(id)
    }

    fn keep(&mut self, term: TermId, register: Reg) {
        self.place[term.index()] = register.0;
        self.placed.push(term);
    }

    /// The register of a leaf.
    fn fixed(&mut self, id: TermId) -> Result<Option<Reg>, TooLarge> {
        Ok(Some(match *self.dag.node(id) {
            Node::Bool(value) => self.constant(i64::from(value))?,
            Node::Int(value) => self.constant(value)?,
            Node::Var(var) => self.var(var),
            Node::Primed(var) => self.primed(var),
            Node::Choice(choice) => self.choice(choice),
            _ => return Ok(None),
        }))
    }

    /// The register of a term that is a leaf or computed.
    fn register(&mut self, id: TermId) -> Result<Reg, TooLarge> {
        if let Some(register) = self.fixed(id)? {
            return Ok(register);
        }
        debug_assert!(self.place[id.index()] != UNPLACED, "operand not computed");
        Ok(Reg(self.place[id.index()]))
    }

    fn temporary(&mut self) -> Result<Reg, TooLarge> {
        if self.next >= REGISTERS / 4 * 3 {
            return Err(TooLarge);
        }
        self.next += 1;
        Ok(Reg((self.next - 1) as u32))
    }

    /// Constants take the last quarter of the register file, where no temporary goes.
    fn constant(&mut self, value: i64) -> Result<Reg, TooLarge> {
        if let Some(&register) = self.constants.get(&value) {
            return Ok(register);
        }
        if self.constants.len() >= REGISTERS / 4 {
            return Err(TooLarge);
        }
        let register = Reg((REGISTERS - 1 - self.constants.len()) as u32);
        self.constants.insert(value, register);
        Ok(register)
    }

    fn emit(&mut self, id: TermId) -> Result<Reg, TooLarge> {
        let to = self.temporary()?;
        let dag = self.dag;
        match dag.node(id) {
            Node::Not(inner) => match *dag.node(*inner) {
                Node::Eq(a, b) | Node::Iff(a, b) => self.binary(Op::Differ, to, a, b)?,
                Node::Le(a, b) => self.binary(Op::Less, to, b, a)?,
                _ => {
                    let from = self.register(*inner)?;
                    self.ops.push(Op::Not(to, from));
                }
            },
            Node::And(list) => self.junction(to, list)?,
            Node::Or(list) => self.chain(Op::Or, to, list)?,
            Node::Count(list) => self.chain(Op::Add, to, list)?,
            Node::Add(list) => self.sum(to, list)?,
            Node::Iff(a, b) | Node::Eq(a, b) => self.binary(Op::Equal, to, *a, *b)?,
            Node::Le(a, b) => self.binary(Op::AtMost, to, *a, *b)?,
            Node::Mul(a, b) => self.binary(Op::Multiply, to, *a, *b)?,
            Node::Div(a, b) => self.binary(Op::Divide, to, *a, *b)?,
            Node::Rem(a, b) => self.binary(Op::Remainder, to, *a, *b)?,
            Node::Min(a, b) => self.binary(Op::Min, to, *a, *b)?,
            Node::Max(a, b) => self.binary(Op::Max, to, *a, *b)?,
            Node::Scale(factor, a) => {
                let (factor, a) = (self.constant(*factor)?, self.register(*a)?);
                self.ops.push(Op::Multiply(to, a, factor));
            }
            Node::Ite(c, a, b) => {
                let (c, a, b) = (self.register(*c)?, self.register(*a)?, self.register(*b)?);
                self.ops.push(Op::Select(to, c, a, b));
            }
            Node::Table(index, values) => {
                let start = self.table(values);
                let (start, index) = (self.constant(start as i64)?, self.register(*index)?);
                self.ops.push(Op::Table(to, index, start));
            }
            Node::Bool(_) | Node::Int(_) | Node::Var(_) | Node::Primed(_) | Node::Choice(_) => {
                unreachable!("leaves have fixed registers")
            }
        }
        Ok(to)
    }

    fn binary(&mut self, op: fn(Reg, Reg, Reg) -> Op, to: Reg, a: TermId, b: TermId) -> Result<(), TooLarge> {
        let (a, b) = (self.register(a)?, self.register(b)?);
        self.ops.push(op(to, a, b));
        Ok(())
    }

    /// Folds all operands with one operation, in `to`.
    fn chain(&mut self, op: fn(Reg, Reg, Reg) -> Op, to: Reg, list: &[TermId]) -> Result<(), TooLarge> {
        let mut so_far = self.register(list[0])?;
        for &operand in &list[1..] {
            let next = self.register(operand)?;
            self.ops.push(op(to, so_far, next));
            so_far = to;
        }
        Ok(())
    }

    /// A conjunction, with plain negations folded in.
    fn junction(&mut self, to: Reg, list: &[TermId]) -> Result<(), TooLarge> {
        let (negated, plain): (Vec<TermId>, Vec<TermId>) =
            list.iter().partition(|&&operand| plain_negation(self.dag, operand).is_some());
        let mut so_far = None;
        for &operand in &plain {
            let next = self.register(operand)?;
            if let Some(previous) = so_far.replace(next) {
                self.ops.push(Op::And(to, previous, next));
                so_far = Some(to);
            }
        }
        for &operand in &negated {
            let Some(inner) = plain_negation(self.dag, operand) else { continue };
            let next = self.register(inner)?;
            self.ops.push(match so_far {
                Some(previous) => Op::AndNot(to, previous, next),
                None => Op::Not(to, next),
            });
            so_far = Some(to);
        }
        Ok(())
    }

    /// A sum, with factors folded in.
    fn sum(&mut self, to: Reg, list: &[TermId]) -> Result<(), TooLarge> {
        let (scaled, plain): (Vec<TermId>, Vec<TermId>) =
            list.iter().partition(|&&operand| matches!(self.dag.node(operand), Node::Scale(..)));
        let mut so_far = None;
        for &operand in &plain {
            let next = self.register(operand)?;
            if let Some(previous) = so_far.replace(next) {
                self.ops.push(Op::Add(to, previous, next));
                so_far = Some(to);
            }
        }
        for &operand in &scaled {
            let Node::Scale(factor, inner) = *self.dag.node(operand) else { continue };
            let inner = self.register(inner)?;
            let op = match (so_far, factor) {
                (Some(previous), -1) => Op::Subtract(to, previous, inner),
                (Some(previous), _) => Op::MultiplyAdd(to, inner, self.constant(factor)?, previous),
                (None, _) => Op::Multiply(to, inner, self.constant(factor)?),
            };
            self.ops.push(op);
            so_far = Some(to);
        }
        Ok(())
    }

    /// Where a table starts in the common array.
    fn table(&mut self, values: &[i64]) -> usize {
        if let Some(&start) = self.table_starts.get(values) {
            return start;
        }
        let start = self.tables.len();
        self.tables.extend_from_slice(values);
        self.table_starts.insert(values.into(), start);
        start
    }
}

fn is_leaf(node: &Node) -> bool {
    matches!(node, Node::Bool(_) | Node::Int(_) | Node::Var(_) | Node::Primed(_) | Node::Choice(_))
}

/// The operand of a negation that `emit` would compute as a negation, not as the opposite comparison.
fn plain_negation(dag: &Dag, id: TermId) -> Option<TermId> {
    match *dag.node(id) {
        Node::Not(inner) if !matches!(dag.node(inner), Node::Eq(..) | Node::Iff(..) | Node::Le(..)) => Some(inner),
        _ => None,
    }
}

/// The terms whose registers `emit` reads for `id`: its operands, seen through what is folded in.
fn for_each_input(dag: &Dag, id: TermId, mut visit: impl FnMut(TermId)) {
    match dag.node(id) {
        Node::Not(inner) if plain_negation(dag, id).is_none() => dag.node(*inner).for_each_operand(visit),
        Node::And(list) => {
            list.iter().for_each(|&operand| visit(plain_negation(dag, operand).unwrap_or(operand)));
        }
        Node::Add(list) => list.iter().for_each(|&operand| match *dag.node(operand) {
            Node::Scale(_, inner) => visit(inner),
            _ => visit(operand),
        }),
        node => node.for_each_operand(visit),
    }
}
