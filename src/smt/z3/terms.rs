//! Terms of our graph as terms of the solver library, for the two sorts of numbers that it offers.
//!
//! What the numbers are is a [`Theory`]: it gets the static range with every operand and of every result, so that
//! bit-vectors can choose widths that cannot wrap, and integers need nothing of it. Booleans, the walk over the
//! graph and the solver are the same for both and live here.

use super::Session;
use crate::smt::{Check, Size, Stop, View};
use ::z3::ast::{Ast, Bool};
use kubound_encodings::term::{Dag, Node, Range, Sort, TermId, VarId};
use rustc_hash::FxHashMap;

/// A term with its static range.
pub struct Ranged<'a, N> {
    /// The term.
    pub number: &'a N,
    /// Its range.
    pub range: Range,
}

/// A sort of numbers of the library. `range` is always the range of the result.
pub trait Theory {
    /// Its terms.
    type Number: Ast + Clone;

    /// The logic to open the solver for.
    const LOGIC: &'static str;

    /// An unknown; the caller demands its range.
    fn unknown(name: &str, range: Range) -> Self::Number;
    /// A constant of a range that contains it.
    fn constant(value: i64, range: Range) -> Self::Number;
    /// Sum.
    fn add(list: &[Ranged<Self::Number>], range: Range) -> Self::Number;
    /// Product.
    fn multiply(a: Ranged<Self::Number>, b: Ranged<Self::Number>, range: Range) -> Self::Number;
    /// Quotient of non-negative numbers, the divisor not being 0.
    fn quotient(a: Ranged<Self::Number>, b: Ranged<Self::Number>, range: Range) -> Self::Number;
    /// Remainder, likewise.
    fn remainder(a: Ranged<Self::Number>, b: Ranged<Self::Number>, range: Range) -> Self::Number;
    /// `a <= b`.
    fn at_most(a: Ranged<Self::Number>, b: Ranged<Self::Number>) -> Bool;
    /// `a = b`.
    fn equal(a: Ranged<Self::Number>, b: Ranged<Self::Number>) -> Bool;
    /// The same number as a term of another range, which contains its value.
    fn convert(a: Ranged<Self::Number>, range: Range) -> Self::Number;
    /// The value of a numeral.
    fn value(numeral: &Self::Number, range: Range) -> Option<i64>;
}

#[derive(Clone)]
enum Lowered<N> {
    Bool(Bool),
    Int(N),
}

/// Lowers terms to the library's own.
pub struct TermView<T: Theory> {
    session: Session,
    known: Vec<Option<Lowered<T::Number>>>,
    vars: FxHashMap<VarId, TermId>,
    size: Size,
}

impl<T: Theory> Default for TermView<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Theory> TermView<T> {
    /// Without assertions.
    pub fn new() -> Self {
        Self { session: Session::new(T::LOGIC), known: Vec::new(), vars: FxHashMap::default(), size: Size::default() }
    }

    fn lower(&mut self, dag: &Dag, root: TermId) {
        if self.known.len() < dag.len() {
            self.known.resize(dag.len(), None);
        }
        let mut stack = vec![root];
        while let Some(&id) = stack.last() {
            if self.known[id.index()].is_some() {
                stack.pop();
                continue;
            }
            let before = stack.len();
            dag.node(id).for_each_operand(|operand| {
                if self.known[operand.index()].is_none() {
                    stack.push(operand);
                }
            });
            if stack.len() == before {
                let lowered = match (dag.node(id), dag.sort(id)) {
                    (Node::Var(var), sort) => {
                        self.vars.insert(*var, id);
                        self.variable(*var, sort)
                    }
                    (node, Sort::Bool) => Lowered::Bool(self.lower_bool(dag, node)),
                    (node, Sort::Int(range)) => Lowered::Int(self.lower_int(dag, node, range)),
                };
                self.known[id.index()] = Some(lowered);
                stack.pop();
            }
        }
    }

    fn bool(&self, id: TermId) -> &Bool {
        match &self.known[id.index()] {
            Some(Lowered::Bool(term)) => term,
            _ => unreachable!("operands are lowered first and have the right sort"),
        }
    }

    fn int(&self, dag: &Dag, id: TermId) -> Ranged<'_, T::Number> {
        match &self.known[id.index()] {
            Some(Lowered::Int(number)) => Ranged { number, range: dag.range(id) },
            _ => unreachable!("operands are lowered first and have the right sort"),
        }
    }

    fn bools(&self, list: &[TermId]) -> Vec<&Bool> {
        list.iter().map(|&id| self.bool(id)).collect()
    }

    fn variable(&mut self, var: VarId, sort: Sort) -> Lowered<T::Number> {
        self.size.variables += 1;
        let name = format!("v{}", var.0);
        match sort {
            Sort::Bool => Lowered::Bool(Bool::new_const(name)),
            Sort::Int(range) => {
                let number = T::unknown(&name, range);
                let itself = || Ranged { number: &number, range };
                for (bound, above) in [(range.lo, true), (range.hi, false)] {
                    let constant = T::constant(bound, Range::point(bound));
                    let limit = Ranged { number: &constant, range: Range::point(bound) };
                    let fact = if above { T::at_most(limit, itself()) } else { T::at_most(itself(), limit) };
                    self.session.assert(&fact);
                }
                Lowered::Int(number)
            }
        }
    }

    fn lower_bool(&self, dag: &Dag, node: &Node) -> Bool {
        match node {
            Node::Bool(value) => Bool::from_bool(*value),
            Node::Not(a) => self.bool(*a).not(),
            Node::And(list) => Bool::and(&self.bools(list)),
            Node::Or(list) => Bool::or(&self.bools(list)),
            Node::Iff(a, b) => self.bool(*a).iff(self.bool(*b)),
            Node::Ite(c, a, b) => self.bool(*c).ite(self.bool(*a), self.bool(*b)),
            Node::Eq(a, b) => T::equal(self.int(dag, *a), self.int(dag, *b)),
            Node::Le(a, b) => T::at_most(self.int(dag, *a), self.int(dag, *b)),
            _ => unreachable!("{node:?} is no boolean term over variables"),
        }
    }

    fn lower_int(&self, dag: &Dag, node: &Node, range: Range) -> T::Number {
        match node {
            Node::Int(value) => T::constant(*value, range),
            Node::Ite(c, a, b) => self.choose(dag, self.bool(*c), *a, *b, range),
            Node::Min(a, b) => self.choose(dag, &T::at_most(self.int(dag, *a), self.int(dag, *b)), *a, *b, range),
            Node::Max(a, b) => self.choose(dag, &T::at_most(self.int(dag, *b), self.int(dag, *a)), *a, *b, range),
            Node::Add(list) => T::add(&list.iter().map(|&id| self.int(dag, id)).collect::<Vec<_>>(), range),
            Node::Scale(factor, a) => {
                let point = Range::point(*factor);
                let constant = T::constant(*factor, point);
                T::multiply(Ranged { number: &constant, range: point }, self.int(dag, *a), range)
            }
            Node::Mul(a, b) => T::multiply(self.int(dag, *a), self.int(dag, *b), range),
            Node::Div(a, b) => {
                let quotient = T::quotient(self.int(dag, *a), self.int(dag, *b), range);
                self.is_zero(dag, *b).ite(&T::constant(0, range), &quotient)
            }
            Node::Rem(a, b) => {
                let whole = T::convert(self.int(dag, *a), range);
                let remainder = T::remainder(self.int(dag, *a), self.int(dag, *b), range);
                self.is_zero(dag, *b).ite(&whole, &remainder)
            }
            Node::Count(list) => {
                let bit = Range::new(0, 1);
                let (one, none) = (T::constant(1, bit), T::constant(0, bit));
                let ones: Vec<T::Number> = self.bools(list).into_iter().map(|term| term.ite(&one, &none)).collect();
                T::add(&ones.iter().map(|number| Ranged { number, range: bit }).collect::<Vec<_>>(), range)
            }
            Node::Table(index, table) => {
                let inside = dag.range(*index);
                self.look_up(&self.int(dag, *index), inside, table, range)
            }
            _ => unreachable!("{node:?} is no integer term over variables"),
        }
    }

    fn is_zero(&self, dag: &Dag, id: TermId) -> Bool {
        let zero = T::constant(0, Range::point(0));
        T::equal(self.int(dag, id), Ranged { number: &zero, range: Range::point(0) })
    }

    fn choose(&self, dag: &Dag, condition: &Bool, a: TermId, b: TermId, range: Range) -> T::Number {
        let (first, second) = (T::convert(self.int(dag, a), range), T::convert(self.int(dag, b), range));
        condition.ite(&first, &second)
    }

    /// Binary search for the entry; runs of equal entries are leaves.
    fn look_up(&self, index: &Ranged<T::Number>, inside: Range, table: &[i64], range: Range) -> T::Number {
        let entries = &table[inside.lo as usize..=inside.hi as usize];
        if entries.iter().all(|entry| *entry == entries[0]) {
            return T::constant(entries[0], range);
        }
        let middle = inside.lo + (inside.hi - inside.lo) / 2;
        let low = self.look_up(index, Range::new(inside.lo, middle), table, range);
        let high = self.look_up(index, Range::new(middle + 1, inside.hi), table, range);
        let point = Range::point(middle);
        let bound = T::constant(middle, point);
        let itself = Ranged { number: index.number, range: index.range };
        T::at_most(itself, Ranged { number: &bound, range: point }).ite(&low, &high)
    }
}

impl<T: Theory> View for TermView<T> {
    fn assert(&mut self, dag: &Dag, term: TermId) {
        self.lower(dag, term);
        self.size.clauses += 1;
        self.session.assert(self.bool(term));
    }

    fn mention(&mut self, dag: &Dag, term: TermId) {
        self.lower(dag, term);
    }

    fn check(&mut self, dag: &Dag, assumptions: &[TermId], stop: &Stop) -> Check {
        // The library only takes constants as assumptions, so each term gets a name.
        let mut names = Vec::with_capacity(assumptions.len());
        for &term in assumptions {
            self.lower(dag, term);
            let name = Bool::new_const(format!("a{}", term.0));
            self.session.assert(&name.implies(self.bool(term)));
            names.push(name);
        }
        self.session.check(&names, stop)
    }

    fn value(&self, dag: &Dag, var: VarId) -> i64 {
        let lowest = dag.vars()[var.index()].sort.range().lo;
        self.vars.get(&var).map_or(lowest, |&id| self.term_value(dag, id))
    }

    fn term_value(&self, dag: &Dag, term: TermId) -> i64 {
        let range = dag.range(term);
        let value = match self.known.get(term.index()) {
            Some(Some(Lowered::Bool(lowered))) => {
                self.session.evaluate(lowered).and_then(|value| value.as_bool()).map(i64::from)
            }
            Some(Some(Lowered::Int(lowered))) => {
                self.session.evaluate(lowered).and_then(|value| T::value(&value, range))
            }
            _ => None,
        };
        value.unwrap_or(range.lo)
    }

    fn size(&self) -> Size {
        self.size
    }
}
