//! Small terms and facts of the unrolled graph.

use super::Unrolling;
use kubound_encodings::term::{Node, Sort, Term, TermId, bool_var, int_var, within};

impl Unrolling<'_> {
    /// Pairwise within groups of four, and at most one group: each group has a commander that follows from its
    /// members.
    pub fn at_most_one(&mut self, list: Vec<TermId>) {
        let mut level = list;
        loop {
            let single = level.len() <= 5;
            let mut commanders = Vec::new();
            for group in level.chunks(if single { 5 } else { 4 }) {
                for (index, &a) in group.iter().enumerate() {
                    for &b in &group[index + 1..] {
                        let (not_a, not_b) = (self.not(a), self.not(b));
                        let clause = self.or(vec![not_a, not_b]);
                        self.assert(clause);
                    }
                }
                if !single {
                    let commander = self.fresh("group".to_owned(), Sort::Bool);
                    for &member in group {
                        let clause = self.implies(member, commander);
                        self.assert(clause);
                    }
                    commanders.push(commander);
                }
            }
            if single {
                return;
            }
            level = commanders;
        }
    }

    /// Demands a term of the unrolled graph.
    pub fn assert(&mut self, term: TermId) {
        self.view.assert(&self.dag, term);
    }

    /// A fresh unknown of the unrolled graph.
    pub fn fresh(&mut self, name: String, sort: Sort) -> TermId {
        let dag = std::mem::take(&mut self.dag);
        let (term, dag) = within(dag, || match sort {
            Sort::Bool => bool_var(name).1.id(),
            Sort::Int(range) => int_var(name, range.lo, range.hi).1.id(),
        });
        self.dag = dag;
        term
    }

    /// A constant.
    pub fn bool(&mut self, value: bool) -> TermId {
        self.dag.make(Node::Bool(value))
    }

    pub(super) fn int(&mut self, value: i64) -> TermId {
        self.dag.make(Node::Int(value))
    }

    /// Negation.
    pub fn not(&mut self, a: TermId) -> TermId {
        self.dag.make(Node::Not(a))
    }

    /// Conjunction.
    pub fn and(&mut self, list: Vec<TermId>) -> TermId {
        self.dag.make(Node::And(list.into()))
    }

    /// Disjunction.
    pub fn or(&mut self, list: Vec<TermId>) -> TermId {
        self.dag.make(Node::Or(list.into()))
    }

    /// Implication.
    pub fn implies(&mut self, a: TermId, b: TermId) -> TermId {
        let negated = self.not(a);
        self.or(vec![negated, b])
    }
}
