//! Proofs as obligations: conjunctions that must have no solution, each checked from scratch by any solver.

use super::candidates::Candidate;
use super::invariants::assert_all;
use crate::engines::Limits;
use crate::smt::unroll::Unrolling;
use crate::smt::{Check, Encoding, Size, Stop, View, open};
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::{Dag, TermId, VarId};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// One thing that a proof rests on.
#[derive(Clone, Debug)]
pub struct Obligation {
    /// What it says.
    pub name: String,
    /// The graph of its terms.
    pub dag: Arc<Dag>,
    /// Truth values that must not all be true.
    pub facts: Vec<TermId>,
}

impl Obligation {
    /// Whether a fresh solver of this encoding agrees: `Unsat` if it does.
    pub fn check(&self, encoding: Encoding, stop: &Stop) -> Check {
        let mut view = open(encoding);
        for &fact in &self.facts {
            view.assert(&self.dag, fact);
        }
        view.check(&self.dag, &[], stop)
    }
}

/// A view that only writes down what is demanded.
struct Recorder(Rc<RefCell<Vec<TermId>>>);

impl View for Recorder {
    fn assert(&mut self, _: &Dag, term: TermId) {
        self.0.borrow_mut().push(term);
    }

    fn mention(&mut self, _: &Dag, _: TermId) {}

    fn check(&mut self, _: &Dag, _: &[TermId], _: &Stop) -> Check {
        Check::Unknown("nothing is solved here".to_owned())
    }

    fn value(&self, dag: &Dag, var: VarId) -> i64 {
        dag.vars()[var.index()].sort.range().lo
    }

    fn term_value(&self, dag: &Dag, term: TermId) -> i64 {
        dag.range(term).lo
    }

    fn size(&self) -> Size {
        Size::default()
    }
}

/// A growing unrolling whose demands are written down.
pub struct Recording<'a> {
    /// The unrolling.
    pub unrolling: Unrolling<'a>,
    facts: Rc<RefCell<Vec<TermId>>>,
}

impl<'a> Recording<'a> {
    /// From initial states.
    pub fn initially(system: &'a TransitionSystem, roots: &[TermId]) -> Self {
        let facts = Rc::default();
        let view = Box::new(Recorder(Rc::clone(&facts)));
        Self { unrolling: Unrolling::new(system, roots, &Limits::default(), view), facts }
    }

    /// From any state.
    pub fn anywhere(system: &'a TransitionSystem, roots: &[TermId]) -> Self {
        let facts = Rc::default();
        let view = Box::new(Recorder(Rc::clone(&facts)));
        Self { unrolling: Unrolling::anywhere(system, roots, view), facts }
    }

    /// The obligations that what was demanded excludes each of `goals`.
    pub fn exclude(self, goals: Vec<(String, TermId)>) -> Vec<Obligation> {
        let facts = self.facts.borrow().clone();
        let dag = Arc::new(self.unrolling.dag);
        let obligation = |(name, goal)| {
            let facts = facts.iter().copied().chain([goal]).collect();
            Obligation { name, dag: Arc::clone(&dag), facts }
        };
        goals.into_iter().map(obligation).collect()
    }
}

/// The obligations behind invariants: each holds initially and is kept by every step out of states with all of them,
/// and no step leaves the ranges of variables.
pub fn of_invariants(system: &TransitionSystem, invariants: &[Candidate]) -> Vec<Obligation> {
    let terms: Vec<TermId> = invariants.iter().map(|one| one.term).collect();
    let words: Vec<String> = terms.iter().map(|&term| super::words::words(&system.dag, term)).collect();
    let mut first = Recording::initially(system, &terms);
    let mut goals = vec![("initial values are in their ranges".to_owned(), first.unrolling.overflow())];
    for (&term, words) in terms.iter().zip(&words) {
        let holds = first.unrolling.at(0, term);
        goals.push((format!("initially: {words}"), first.unrolling.not(holds)));
    }
    let mut obligations = first.exclude(goals);
    let mut step = Recording::anywhere(system, &terms);
    assert_all(&mut step.unrolling, 0, invariants);
    step.unrolling.extend();
    let mut goals = vec![("values stay in their ranges".to_owned(), step.unrolling.overflow())];
    for (&term, words) in terms.iter().zip(&words) {
        let holds = step.unrolling.at(1, term);
        goals.push((format!("kept by every step: {words}"), step.unrolling.not(holds)));
    }
    obligations.extend(step.exclude(goals));
    obligations
}
