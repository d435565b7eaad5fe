//! The only place that names the solver library.
//!
//! A [`Session`] is one incremental solver of a logic, opened by name so that the library picks its SAT core instead
//! of its general one. A check runs under a watcher thread that interrupts it when asked to stop or out of time.
//!
//! [`SatCore`] takes clauses. Each one costs a few calls through the library's interface; asserting them one by one
//! and asserting large conjunctions of them measured about the same, a few microseconds a clause, of the order of
//! what the solver then needs to take them in; so they are collected in modest batches and given when needed.
//!
//! Terms live in a context of the thread and cannot leave it; a view is built and used by one thread. The numbering
//! of declaration kinds differs between versions of the library, so nothing here ever looks into a term: models are
//! read as numerals only.

pub mod bitvectors;
pub mod integers;
pub mod terms;

use super::gates::{ClauseSink, Literal, SatSolver};
use super::{Check, Stop};
use ::z3::ast::{Ast, Bool};
use ::z3::{Context, Model, SatResult, Solver};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long the watcher sleeps between two looks at the reasons to stop.
const WATCH: Duration = Duration::from_millis(10);

/// The version of the library in use.
pub fn version() -> String {
    ::z3::full_version().to_owned()
}

/// One incremental solver.
#[derive(Debug)]
pub(crate) struct Session {
    solver: Solver,
    model: Option<Model>,
}

impl Session {
    fn new(logic: &str) -> Self {
        let solver = Solver::new_for_logic(logic).unwrap_or_default();
        Self { solver, model: None }
    }

    fn assert(&self, fact: &Bool) {
        self.solver.assert(fact);
    }

    fn check(&mut self, assumptions: &[Bool], stop: &Stop) -> Check {
        self.model = None;
        if let Some(reason) = stop.reason() {
            return Check::Unknown(reason.to_owned());
        }
        let result = watched(stop, || self.solver.check_assumptions(assumptions));
        match result {
            SatResult::Unsat => Check::Unsat,
            SatResult::Sat => {
                self.model = self.solver.get_model();
                match self.model {
                    Some(_) => Check::Sat,
                    None => Check::Unknown("the solver found a model but does not show it".to_owned()),
                }
            }
            SatResult::Unknown => {
                let solver_says = || self.solver.get_reason_unknown().unwrap_or_else(|| "the solver gave up".into());
                Check::Unknown(stop.reason().map_or_else(solver_says, str::to_owned))
            }
        }
    }

    /// The value of a term in the last model, completed arbitrarily.
    fn evaluate<T: Ast>(&self, term: &T) -> Option<T> {
        self.model.as_ref()?.eval(term, true)
    }
}

/// Runs `work`, interrupting the solvers of this thread when `stop` says so.
fn watched<R>(stop: &Stop, work: impl FnOnce() -> R) -> R {
    let context = Context::thread_local();
    let handle = context.handle();
    let done = AtomicBool::new(false);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let watcher = std::thread::Builder::new().spawn_scoped(scope, || {
            while !done.load(Ordering::Acquire) {
                // Again and again: an interrupt before the solver has started is lost.
                if stop.reason().is_some() {
                    handle.interrupt();
                }
                let patience = if started.elapsed() < WATCH { WATCH / 4 } else { WATCH };
                std::thread::park_timeout(patience);
            }
        });
        let result = work();
        done.store(true, Ordering::Release);
        if let Ok(watcher) = watcher {
            watcher.thread().unpark();
        }
        result
    })
}

/// The library's SAT core, fed with clauses.
#[derive(Debug)]
pub struct SatCore {
    session: Session,
    positive: Vec<Bool>,
    negative: Vec<Bool>,
    pending: Vec<Bool>,
}

/// Clauses asserted at once.
const BATCH: usize = 1000;

impl SatCore {
    /// Without clauses.
    pub fn new() -> Self {
        let truth = Bool::from_bool(true);
        let negative = vec![truth.not()];
        Self { session: Session::new("QF_FD"), positive: vec![truth], negative, pending: Vec::new() }
    }

    fn term(&self, literal: Literal) -> &Bool {
        let list = if literal.is_negated() { &self.negative } else { &self.positive };
        &list[literal.variable() as usize]
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.session.assert(&Bool::and(&self.pending));
            self.pending.clear();
        }
    }
}

impl Default for SatCore {
    fn default() -> Self {
        Self::new()
    }
}

impl ClauseSink for SatCore {
    fn new_variable(&mut self) -> Literal {
        let number = self.positive.len() as u32;
        let term = Bool::new_const(number);
        self.negative.push(term.not());
        self.positive.push(term);
        Literal::positive(number)
    }

    fn clause(&mut self, literals: &[Literal]) {
        let clause = match literals {
            [single] => self.term(*single).clone(),
            _ => Bool::or(&literals.iter().map(|&literal| self.term(literal)).collect::<Vec<_>>()),
        };
        self.pending.push(clause);
        if self.pending.len() >= BATCH {
            self.flush();
        }
    }
}

impl SatSolver for SatCore {
    fn solve(&mut self, assumptions: &[Literal], stop: &Stop) -> Check {
        self.flush();
        let terms: Vec<Bool> = assumptions.iter().map(|&literal| self.term(literal).clone()).collect();
        self.session.check(&terms, stop)
    }

    fn value(&self, variable: u32) -> bool {
        let value = self.session.evaluate(&self.positive[variable as usize]);
        value.and_then(|value| value.as_bool()).unwrap_or(false)
    }
}
