//! One question as data: the unrolling up to a depth, written down instead of solved.
//!
//! A run may end early (nothing need be enabled after it), so what step `n` demands is kept apart from what shorter
//! runs demand: there is a violation of at most `k` steps if and only if, for some `n <= k`, the facts of levels
//! `0..=n` and goal `n` can be true at once.

use super::clauses::ClauseView;
use super::gates::SatSolver;
use super::{Check, Size, Stop, View};
use kubound_encodings::term::{Dag, Node, Sort, Term, TermId, VarId, bool_var, within};
use std::cell::RefCell;
use std::rc::Rc;

/// A bounded question. See the module.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The graph; its variables are the unknowns.
    pub dag: Dag,
    /// What is demanded of runs with at least that many steps, by number of steps.
    pub facts: Vec<Vec<TermId>>,
    /// When a run with that many steps is a violation, by number of steps.
    pub goals: Vec<TermId>,
}

impl Query {
    /// All of it as facts of one graph, with a variable for "the run has step n".
    pub fn flatten(&self) -> (Dag, Vec<TermId>) {
        let names = (1..self.goals.len()).map(|step| format!("run has step {step}"));
        let (has_step, mut dag) =
            within(self.dag.clone(), || names.map(|name| bool_var(name).1.id()).collect::<Vec<_>>());
        let mut flat = Vec::new();
        let mut goals = Vec::new();
        for (level, (facts, &goal)) in self.facts.iter().zip(&self.goals).enumerate() {
            let condition = level.checked_sub(1).map(|index| has_step[index]);
            let before = level.checked_sub(2).map(|index| has_step[index]);
            let mut demands = facts.clone();
            demands.extend(before);
            for fact in demands {
                flat.push(match condition {
                    Some(condition) => {
                        let negated = dag.make(Node::Not(condition));
                        dag.make(Node::Or([negated, fact].into()))
                    }
                    None => fact,
                });
            }
            goals.push(match condition {
                Some(condition) => dag.make(Node::And([condition, goal].into())),
                None => goal,
            });
        }
        flat.push(dag.make(Node::Or(goals.into())));
        (dag, flat)
    }

    /// Gives the clauses of the question to a solver and asks it.
    pub fn solve<S: SatSolver>(&self, solver: S, stop: &Stop) -> (Check, S) {
        let (dag, facts) = self.flatten();
        let mut view = ClauseView::new(solver);
        facts.iter().for_each(|&fact| view.assert(&dag, fact));
        let answer = view.check(&dag, &[], stop);
        (answer, view.into_solver())
    }
}

/// What was asserted, by level.
type Facts = Rc<RefCell<Vec<Vec<TermId>>>>;

/// A view that writes down what is asserted.
pub struct Recorder(Facts);

impl Recorder {
    /// With the list it writes to; the last level is the current one.
    pub fn new() -> (Self, Facts) {
        let facts = Rc::new(RefCell::new(vec![Vec::new()]));
        (Self(facts.clone()), facts)
    }
}

impl View for Recorder {
    fn assert(&mut self, _: &Dag, term: TermId) {
        self.0.borrow_mut().last_mut().expect("there is always a level").push(term);
    }

    fn mention(&mut self, _: &Dag, _: TermId) {}

    fn check(&mut self, _: &Dag, _: &[TermId], _: &Stop) -> Check {
        Check::Unknown("this is only written down".to_owned())
    }

    fn value(&self, dag: &Dag, var: VarId) -> i64 {
        match dag.vars()[var.index()].sort {
            Sort::Bool => 0,
            Sort::Int(range) => range.lo,
        }
    }

    fn term_value(&self, dag: &Dag, term: TermId) -> i64 {
        dag.range(term).lo
    }

    fn size(&self) -> Size {
        Size::default()
    }
}
