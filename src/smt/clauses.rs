//! Terms as clauses: the view that a SAT core decides.
//!
//! Every term becomes one literal or one [`Word`], once. What is demanded outright is not turned into a gate and then
//! asserted, but written down as clauses: a conjunction part by part, a disjunction as one clause, and an equality
//! under conditions (the shape of every "if this rule fires, the variable becomes that") bit by bit.

use super::gates::{Gates, Literal, SatSolver};
use super::words::{Columns, Word};
use super::{Check, Size, Stop, View};
use kubound_encodings::term::{Dag, Node, Range, Sort, TermId, VarId};

/// What a term became.
#[derive(Clone, Debug)]
enum Lowered {
    Bool(Literal),
    Int(Word),
}

/// The terms that `id` is computed from: its operands, or, for multiples in a sum, what they are multiples of.
fn for_each_needed(dag: &Dag, id: TermId, mut visit: impl FnMut(TermId)) {
    let node = dag.node(id);
    node.for_each_operand(|operand| match (node, dag.node(operand)) {
        (Node::Add(_), Node::Scale(_, inner)) => visit(*inner),
        _ => visit(operand),
    });
}

/// Lowers terms to clauses for a SAT solver.
#[derive(Debug)]
pub struct ClauseView<S> {
    gates: Gates<S>,
    known: Vec<Option<Lowered>>,
    vars: Vec<Option<Lowered>>,
}

impl<S: SatSolver> ClauseView<S> {
    /// In front of this solver, which must be empty.
    pub fn new(solver: S) -> Self {
        Self { gates: Gates::new(solver), known: Vec::new(), vars: Vec::new() }
    }

    /// The solver, with everything it was given.
    pub fn into_solver(self) -> S {
        self.gates.sink
    }

    /// Lowers `root` and what it needs, operands first.
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
            for_each_needed(dag, id, |operand| {
                if self.known[operand.index()].is_none() {
                    stack.push(operand);
                }
            });
            if stack.len() == before {
                let lowered = self.lower_node(dag, id);
                self.known[id.index()] = Some(lowered);
                stack.pop();
            }
        }
    }

    fn bool(&self, id: TermId) -> Literal {
        match &self.known[id.index()] {
            Some(Lowered::Bool(literal)) => *literal,
            _ => unreachable!("operands are lowered first and have the right sort"),
        }
    }

    fn int(&self, id: TermId) -> Word {
        match &self.known[id.index()] {
            Some(Lowered::Int(word)) => word.clone(),
            _ => unreachable!("operands are lowered first and have the right sort"),
        }
    }

    fn bools(&self, list: &[TermId]) -> Vec<Literal> {
        list.iter().map(|&id| self.bool(id)).collect()
    }

    fn lower_node(&mut self, dag: &Dag, id: TermId) -> Lowered {
        match dag.node(id) {
            Node::Var(var) => self.variable(dag, *var),
            node => match dag.sort(id) {
                Sort::Bool => Lowered::Bool(self.lower_bool(node)),
                Sort::Int(range) => Lowered::Int(self.lower_int(dag, node, range)),
            },
        }
    }

    fn variable(&mut self, dag: &Dag, var: VarId) -> Lowered {
        if self.vars.len() <= var.index() {
            self.vars.resize(dag.vars().len(), None);
        }
        if let Some(lowered) = &self.vars[var.index()] {
            return lowered.clone();
        }
        let lowered = match dag.vars()[var.index()].sort {
            Sort::Bool => Lowered::Bool(self.gates.fresh()),
            Sort::Int(range) => Lowered::Int(self.gates.fresh_word(range)),
        };
        self.vars[var.index()] = Some(lowered.clone());
        lowered
    }

    fn lower_bool(&mut self, node: &Node) -> Literal {
        match node {
            Node::Bool(value) => Literal::constant(*value),
            Node::Not(a) => !self.bool(*a),
            Node::And(list) => self.gates.and(&self.bools(list)),
            Node::Or(list) => self.gates.or(&self.bools(list)),
            Node::Iff(a, b) => self.gates.iff(self.bool(*a), self.bool(*b)),
            Node::Ite(c, a, b) => self.gates.mux(self.bool(*c), self.bool(*a), self.bool(*b)),
            Node::Eq(a, b) => self.gates.equal(&self.int(*a), &self.int(*b)),
            Node::Le(a, b) => self.gates.at_most(&self.int(*a), &self.int(*b)),
            _ => unreachable!("{node:?} is no boolean term over variables"),
        }
    }

    fn lower_int(&mut self, dag: &Dag, node: &Node, range: Range) -> Word {
        match node {
            Node::Int(value) => Word::constant(*value),
            Node::Ite(c, a, b) => self.gates.choose(self.bool(*c), &self.int(*a), &self.int(*b), range),
            Node::Min(a, b) | Node::Max(a, b) => {
                let (first, second) = (self.int(*a), self.int(*b));
                let ordered = self.gates.at_most(&first, &second);
                let pick_first = if matches!(node, Node::Min(..)) { ordered } else { !ordered };
                self.gates.choose(pick_first, &first, &second, range)
            }
            Node::Add(list) => self.sum(dag, list, range),
            Node::Scale(factor, a) => {
                let mut columns = Columns::new(range);
                columns.add_scaled(*factor, &self.int(*a));
                columns.sum(&mut self.gates, range)
            }
            Node::Mul(a, b) => {
                let (first, second) = (self.int(*a), self.int(*b));
                let mut columns = Columns::new(range);
                columns.add_product(&mut self.gates, &first, &second);
                columns.sum(&mut self.gates, range)
            }
            Node::Count(list) => {
                let mut columns = Columns::new(range);
                self.bools(list).into_iter().for_each(|bit| columns.add_bit(bit, 0, false));
                columns.sum(&mut self.gates, range)
            }
            Node::Div(a, b) | Node::Rem(a, b) => {
                let (quotient, rest) = self.gates.divide(&self.int(*a), &self.int(*b));
                let bits = if matches!(node, Node::Div(..)) { quotient } else { rest };
                self.gates.resize(&bits, range)
            }
            Node::Table(index, table) => {
                let inside = dag.range(*index);
                self.gates.look_up(&self.int(*index), inside, table, range)
            }
            _ => unreachable!("{node:?} is no integer term over variables"),
        }
    }

    /// Summands that are multiples of something go into the columns as such.
    fn sum(&mut self, dag: &Dag, list: &[TermId], range: Range) -> Word {
        let mut columns = Columns::new(range);
        for &operand in list {
            match dag.node(operand) {
                Node::Int(value) => columns.add_constant(*value),
                Node::Scale(factor, inner) => columns.add_scaled(*factor, &self.int(*inner)),
                _ => columns.add_scaled(1, &self.int(operand)),
            }
        }
        columns.sum(&mut self.gates, range)
    }

    /// The literal of a boolean term.
    fn literal(&mut self, dag: &Dag, term: TermId) -> Literal {
        self.lower(dag, term);
        self.bool(term)
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
                    let literal = self.literal(dag, operand);
                    clause.push(if truth { literal } else { !literal });
                }
                if let Some(last) = last {
                    self.demand(dag, &clause, last, truth);
                }
            }
            (Node::Eq(a, b), true) => {
                self.lower(dag, *a);
                self.lower(dag, *b);
                let (first, second) = (self.int(*a), self.int(*b));
                for (x, y) in first.pairs(&second) {
                    self.clause_with(prefix, &[x, !y]);
                    self.clause_with(prefix, &[!x, y]);
                }
            }
            _ => {
                let literal = self.literal(dag, term);
                self.clause_with(prefix, &[if truth { literal } else { !literal }]);
            }
        }
    }

    fn clause_with(&mut self, prefix: &[Literal], rest: &[Literal]) {
        let clause: Vec<Literal> = prefix.iter().chain(rest).copied().collect();
        self.gates.clause(&clause);
    }

    fn read(&self, lowered: &Lowered) -> i64 {
        let bit = |literal: Literal| match literal.as_constant() {
            Some(value) => value,
            None => self.gates.sink.value(literal.variable()) != literal.is_negated(),
        };
        match lowered {
            Lowered::Bool(literal) => i64::from(bit(*literal)),
            Lowered::Int(word) => word.value(bit),
        }
    }
}

impl<S: SatSolver> View for ClauseView<S> {
    fn assert(&mut self, dag: &Dag, term: TermId) {
        self.demand(dag, &[], term, true);
    }

    fn mention(&mut self, dag: &Dag, term: TermId) {
        self.lower(dag, term);
    }

    fn check(&mut self, dag: &Dag, assumptions: &[TermId], stop: &Stop) -> Check {
        let literals: Vec<Literal> = assumptions.iter().map(|&term| self.literal(dag, term)).collect();
        if literals.contains(&Literal::FALSE) {
            return Check::Unsat;
        }
        let open: Vec<Literal> = literals.into_iter().filter(|&literal| literal != Literal::TRUE).collect();
        self.gates.sink.solve(&open, stop)
    }

    fn value(&self, dag: &Dag, var: VarId) -> i64 {
        match self.vars.get(var.index()) {
            Some(Some(lowered)) => self.read(lowered),
            _ => dag.vars()[var.index()].sort.range().lo,
        }
    }

    fn term_value(&self, dag: &Dag, term: TermId) -> i64 {
        match self.known.get(term.index()) {
            Some(Some(lowered)) => self.read(lowered),
            _ => dag.range(term).lo,
        }
    }

    fn size(&self) -> Size {
        self.gates.size()
    }
}
