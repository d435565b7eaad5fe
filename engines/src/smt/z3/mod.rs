//! The only place that names the solver library.
//!
//! A `Session` is one incremental solver of a logic, opened by name so that the library picks its SAT core instead
//! of its general one. A check runs under a watcher thread that interrupts it when asked to stop or out of time.
//!
//! [`SatCore`] takes clauses. Built as terms, each one costs a few microseconds to build and assert, one by one or in
//! batches, and several times that when the solver takes it in at the next check. Given as text in the DIMACS format,
//! all clauses since the last check at once, building costs the same, and the next check was about three times faster
//! on a hundred thousand easy random clauses. Whole searches gained from half to nothing (where solving dominates,
//! the spread between runs is larger). That the text means the constants of those numbers is a habit of the library
//! and no promise, so it is tried out once, and terms are the fallback.
//!
//! Terms live in a context of the thread and cannot leave it; a view is built and used by one thread. The numbering
//! of declaration kinds differs between versions of the library, so nothing here ever looks into a term: models are
//! read as numerals only.

pub mod bitvectors;
pub mod integers;
pub mod terms;

use super::gates::{ClauseSink, Literal, SatSolver};
use super::{Check, Stop};
use crate::limits::solvers::WATCH;
use ::z3::ast::{Ast, Bool};
use ::z3::{Context, Model, Params, SatResult, Solver};
use std::fmt::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

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
        // Otherwise the library takes the interrupt for itself while it checks, and the user is not heard.
        let mut own = Params::new();
        own.set_bool("ctrl_c", false);
        solver.set_params(&own);
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
    pending: Pending,
}

/// Most clauses that are given to the library at once.
const AT_ONCE: usize = 100_000;

/// Clauses since the last check.
#[derive(Debug)]
enum Pending {
    /// As lines of DIMACS, with their number.
    Text(String, usize),
    /// As terms.
    Terms(Vec<Bool>),
}

/// Whether this library reads clauses as text and takes variable `n` for the constant of number `n`.
fn reads_text() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        let mut core = SatCore::with(Pending::Text(String::new(), 0));
        let literals: Vec<Literal> = (0..3).map(|_| core.new_variable()).collect();
        let (a, b, c) = (literals[0], literals[1], literals[2]);
        core.clause(&[a, b]);
        core.clause(&[a, !b]);
        core.clause(&[!a, !b]);
        let stop = Stop::default();
        let reads = core.solve(&[], &stop) == Check::Sat && core.value(1) && !core.value(2);
        // The same question again, after the clauses of the first.
        core.clause(&[!a, !c, b]);
        reads && core.solve(&[c], &stop) == Check::Unsat && core.solve(&[!c], &stop) == Check::Sat
    })
}

impl SatCore {
    /// Without clauses.
    pub fn new() -> Self {
        Self::with(if reads_text() { Pending::Text(String::new(), 0) } else { Pending::Terms(Vec::new()) })
    }

    /// Taking clauses as terms, whatever this version of the library can read.
    pub fn fed_with_terms() -> Self {
        Self::with(Pending::Terms(Vec::new()))
    }

    fn with(pending: Pending) -> Self {
        let truth = Bool::from_bool(true);
        let negative = vec![truth.not()];
        Self { session: Session::new("QF_FD"), positive: vec![truth], negative, pending }
    }

    fn term(&self, literal: Literal) -> &Bool {
        let list = if literal.is_negated() { &self.negative } else { &self.positive };
        &list[literal.variable() as usize]
    }

    /// Gives the clauses since the last time to the library.
    fn flush(&mut self) {
        match &mut self.pending {
            Pending::Text(text, count) if *count > 0 => {
                let header = format!("p cnf {} {count}\n", self.positive.len() - 1);
                self.session.solver.from_string(header + text);
                text.clear();
                *count = 0;
            }
            Pending::Terms(terms) if !terms.is_empty() => {
                self.session.assert(&Bool::and(terms));
                terms.clear();
            }
            _ => {}
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
        let as_term = matches!(self.pending, Pending::Terms(_))
            .then(|| Bool::or(&literals.iter().map(|&literal| self.term(literal)).collect::<Vec<_>>()));
        match &mut self.pending {
            Pending::Text(text, count) => {
                for literal in literals {
                    let sign = if literal.is_negated() { "-" } else { "" };
                    // Writing to a string cannot fail.
                    let _ = write!(text, "{sign}{} ", literal.variable());
                }
                text.push_str("0\n");
                *count += 1;
            }
            Pending::Terms(pending) => pending.extend(as_term),
        }
        // Reading them cannot be interrupted.
        if matches!(self.pending, Pending::Text(_, count) if count >= AT_ONCE) {
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
