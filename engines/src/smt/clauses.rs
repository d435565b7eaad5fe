//! Terms as clauses: the view that a SAT core decides.
//!
//! Every term becomes one literal or one [`Word`], once. What is demanded outright is not turned into a gate and then
//! asserted, but written down as clauses: a conjunction part by part, a disjunction as one clause, and an equality
//! under conditions (the shape of every "if this rule fires, the variable becomes that") bit by bit.

use super::gates::{Gates, Literal, SatSolver};
use super::words::{Columns, Word};
use super::{Check, Size, Stop, View};
use kubound_encodings::term::lower::{Algebra, Lowering, Ranged, Value};
use kubound_encodings::term::{Dag, Node, Range, Sort, TermId, VarId};

/// Gates as a language: literals are its truth values, words its numbers.
#[derive(Debug)]
struct Circuit<S> {
    gates: Gates<S>,
    vars: Vec<Option<Value<Literal, Word>>>,
}

impl<S: SatSolver> Circuit<S> {
    fn read(&self, value: &Value<Literal, Word>) -> i64 {
        let bit = |literal: Literal| match literal.as_constant() {
            Some(value) => value,
            None => self.gates.sink.value(literal.variable()) != literal.is_negated(),
        };
        match value {
            Value::Bool(literal) => i64::from(bit(*literal)),
            Value::Int(word) => word.value(bit),
        }
    }
}

impl<S: SatSolver> Algebra for Circuit<S> {
    type Bool = Literal;
    type Int = Word;

    const SUMS_TAKE_FACTORS: bool = true;

    fn variable(&mut self, var: VarId, sort: Sort) -> Value<Literal, Word> {
        if self.vars.len() <= var.index() {
            self.vars.resize(var.index() + 1, None);
        }
        let gates = &mut self.gates;
        let made = || match sort {
            Sort::Bool => Value::Bool(gates.fresh()),
            Sort::Int(range) => Value::Int(gates.fresh_word(range)),
        };
        self.vars[var.index()].get_or_insert_with(made).clone()
    }

    fn truth(&mut self, value: bool) -> Literal {
        Literal::constant(value)
    }

    fn not(&mut self, a: &Literal) -> Literal {
        !*a
    }

    fn and(&mut self, list: &[Literal]) -> Literal {
        self.gates.and(list)
    }

    fn or(&mut self, list: &[Literal]) -> Literal {
        self.gates.or(list)
    }

    fn iff(&mut self, a: &Literal, b: &Literal) -> Literal {
        self.gates.iff(*a, *b)
    }

    fn choose_bool(&mut self, condition: &Literal, a: &Literal, b: &Literal) -> Literal {
        self.gates.mux(*condition, *a, *b)
    }

    fn number(&mut self, value: i64, _: Range) -> Word {
        Word::constant(value)
    }

    fn equal(&mut self, a: Ranged<Word>, b: Ranged<Word>) -> Literal {
        self.gates.equal(a.number, b.number)
    }

    fn at_most(&mut self, a: Ranged<Word>, b: Ranged<Word>) -> Literal {
        self.gates.at_most(a.number, b.number)
    }

    fn choose(&mut self, condition: &Literal, a: Ranged<Word>, b: Ranged<Word>, range: Range) -> Word {
        self.gates.choose(*condition, a.number, b.number, range)
    }

    fn sum(&mut self, parts: &[(i64, Ranged<Word>)], range: Range) -> Word {
        let mut columns = Columns::new(range);
        parts.iter().for_each(|(factor, part)| columns.add_scaled(*factor, part.number));
        columns.sum(&mut self.gates, range)
    }

    fn count(&mut self, list: &[Literal], range: Range) -> Word {
        let mut columns = Columns::new(range);
        list.iter().for_each(|&bit| columns.add_bit(bit, 0, false));
        columns.sum(&mut self.gates, range)
    }

    fn product(&mut self, a: Ranged<Word>, b: Ranged<Word>, range: Range) -> Word {
        let mut columns = Columns::new(range);
        columns.add_product(&mut self.gates, a.number, b.number);
        columns.sum(&mut self.gates, range)
    }

    fn quotient(&mut self, a: Ranged<Word>, b: Ranged<Word>, range: Range) -> Word {
        let (quotient, _) = self.gates.divide(a.number, b.number);
        self.gates.resize(&quotient, range)
    }

    fn remainder(&mut self, a: Ranged<Word>, b: Ranged<Word>, range: Range) -> Word {
        let (_, rest) = self.gates.divide(a.number, b.number);
        self.gates.resize(&rest, range)
    }

    fn entry(&mut self, index: Ranged<Word>, table: &[i64], range: Range) -> Word {
        self.gates.look_up(index.number, index.range, table, range)
    }
}

/// Lowers terms to clauses for a SAT solver.
#[derive(Debug)]
pub struct ClauseView<S: SatSolver>(Lowering<Circuit<S>>);

impl<S: SatSolver> ClauseView<S> {
    /// In front of this solver, which must be empty.
    pub fn new(solver: S) -> Self {
        Self(Lowering::new(Circuit { gates: Gates::new(solver), vars: Vec::new() }))
    }

    /// The solver, with everything it was given.
    pub fn into_solver(self) -> S {
        self.0.algebra.gates.sink
    }

    /// Demands that one of `prefix` or `term` (or its negation) be true.
    fn demand(&mut self, dag: &Dag, prefix: &[Literal], term: TermId, truth: bool) {
        match (dag.node(term), truth) {
            (Node::Not(inner), _) => self.demand(dag, prefix, *inner, !truth),
            (Node::And(list), true) | (Node::Or(list), false) => {
                for &operand in list {
                    self.demand(dag, prefix, operand, truth);
                }
            }
            (Node::Or(list), true) | (Node::And(list), false) => {
                // One operand may unfold under the others as conditions; an equality is worth it most.
                let unfolds = |id: &&TermId| matches!(dag.node(**id), Node::Eq(..)) && truth;
                let last = list.iter().find(unfolds).or(list.last()).copied();
                let mut clause = prefix.to_vec();
                for &operand in list.iter().filter(|&&operand| Some(operand) != last) {
                    let literal = self.0.bool(dag, operand);
                    clause.push(if truth { literal } else { !literal });
                }
                if let Some(last) = last {
                    self.demand(dag, &clause, last, truth);
                }
            }
            (Node::Eq(a, b), true) => {
                let (first, second) = (self.0.int(dag, *a), self.0.int(dag, *b));
                for (x, y) in first.pairs(&second) {
                    self.clause_with(prefix, &[x, !y]);
                    self.clause_with(prefix, &[!x, y]);
                }
            }
            _ => {
                let literal = self.0.bool(dag, term);
                self.clause_with(prefix, &[if truth { literal } else { !literal }]);
            }
        }
    }

    fn clause_with(&mut self, prefix: &[Literal], rest: &[Literal]) {
        let clause: Vec<Literal> = prefix.iter().chain(rest).copied().collect();
        self.0.algebra.gates.clause(&clause);
    }
}

impl<S: SatSolver> View for ClauseView<S> {
    fn assert(&mut self, dag: &Dag, term: TermId) {
        self.demand(dag, &[], term, true);
    }

    fn mention(&mut self, dag: &Dag, term: TermId) {
        self.0.lower(dag, term);
    }

    fn check(&mut self, dag: &Dag, assumptions: &[TermId], stop: &Stop) -> Check {
        let literals: Vec<Literal> = assumptions.iter().map(|&term| self.0.bool(dag, term)).collect();
        if literals.contains(&Literal::FALSE) {
            return Check::Unsat;
        }
        let open: Vec<Literal> = literals.into_iter().filter(|&literal| literal != Literal::TRUE).collect();
        self.0.algebra.gates.sink.solve(&open, stop)
    }

    fn value(&self, dag: &Dag, var: VarId) -> i64 {
        match self.0.algebra.vars.get(var.index()) {
            Some(Some(value)) => self.0.algebra.read(value),
            _ => dag.vars()[var.index()].sort.range().lo,
        }
    }

    fn term_value(&self, dag: &Dag, term: TermId) -> i64 {
        self.0.get(term).map_or_else(|| dag.range(term).lo, |value| self.0.algebra.read(value))
    }

    fn size(&self) -> Size {
        self.0.algebra.gates.size()
    }
}
