//! The only place that names CaDiCaL: the second SAT core for the same clauses.
//!
//! Variables keep the numbers of the clauses. The techniques of the solver that invent variables of their own are off,
//! since those would take numbers that the next step of an unrolling needs.

use super::gates::{ClauseSink, Literal, SatSolver};
use super::{Check, Stop};
use cadical_sys::{CaDiCal, Status, Terminator};
use std::fmt;
use std::path::Path;

/// The version of the library in use.
pub fn version() -> String {
    CaDiCal::version()
}

/// The number of a literal in the DIMACS format.
pub(super) fn number(literal: Literal) -> i32 {
    let variable = i32::try_from(literal.variable()).expect("fewer than 2^31 variables");
    if literal.is_negated() { -variable } else { variable }
}

/// Asked by the solver every few conflicts, so that it ends soon after it is told to.
struct Watch(Stop);

impl Terminator for Watch {
    fn terminated(&mut self) -> bool {
        self.0.reason().is_some()
    }
}

/// CaDiCaL, incremental.
pub struct Cadical {
    solver: CaDiCal,
    variables: u32,
    /// The last assignment, by variable.
    model: Vec<bool>,
}

impl Cadical {
    /// Without clauses.
    pub fn new() -> Self {
        let mut solver = CaDiCal::new();
        for option in ["factor", "factorcheck"] {
            solver.set(option, 0);
        }
        Self { solver, variables: 0, model: Vec::new() }
    }

    /// Without clauses, writing a proof in the textual DRAT format; `None` if the file cannot be written.
    pub fn with_proof(file: &Path) -> Option<Self> {
        let mut this = Self::new();
        this.solver.set("binary", 0);
        this.solver.trace_proof2(file.to_str()?).then_some(this)
    }

    /// Ends the proof, so that it is whole on disk.
    pub fn close_proof(&mut self) {
        self.solver.close_proof_trace(false);
    }
}

impl Default for Cadical {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Cadical {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.debug_struct("Cadical").field("variables", &self.variables).finish_non_exhaustive()
    }
}

impl ClauseSink for Cadical {
    fn new_variable(&mut self) -> Literal {
        self.variables += 1;
        Literal::positive(self.variables)
    }

    fn clause(&mut self, literals: &[Literal]) {
        literals.iter().for_each(|&literal| self.solver.add(number(literal)));
        self.solver.add(0);
    }
}

impl SatSolver for Cadical {
    fn solve(&mut self, assumptions: &[Literal], stop: &Stop) -> Check {
        if let Some(reason) = stop.reason() {
            return Check::Unknown(reason.to_owned());
        }
        assumptions.iter().for_each(|&literal| self.solver.assume(number(literal)));
        self.solver.connect_terminator(Watch(stop.clone()));
        let status = self.solver.solve();
        match status {
            Status::SATISFIABLE => {
                let last = i32::try_from(self.variables).expect("fewer than 2^31 variables");
                self.model.clear();
                self.model.push(true);
                self.model.extend((1..=last).map(|variable| self.solver.val(variable) > 0));
                Check::Sat
            }
            Status::UNSATISFIABLE => Check::Unsat,
            Status::UNKNOWN => Check::Unknown(stop.reason().unwrap_or("the solver gave up").to_owned()),
        }
    }

    fn value(&self, variable: u32) -> bool {
        self.model.get(variable as usize).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Cancel;
    use std::time::{Duration, Instant};

    #[test]
    fn answers_under_assumptions_and_goes_on() {
        let mut solver = Cadical::new();
        let (a, b) = (solver.new_variable(), solver.new_variable());
        solver.clause(&[a, b]);
        let stop = Stop::default();
        assert_eq!(solver.solve(&[!a], &stop), Check::Sat);
        assert!(!solver.value(1) && solver.value(2));
        assert_eq!(solver.solve(&[!a, !b], &stop), Check::Unsat);
        solver.clause(&[!b]);
        assert_eq!(solver.solve(&[], &stop), Check::Sat);
        assert!(solver.value(1) && !solver.value(2));
    }

    /// More pigeons than holes: easy to state, and far too hard for any solver of this kind.
    fn pigeons(solver: &mut Cadical, holes: usize) {
        let sits: Vec<Vec<Literal>> =
            (0..=holes).map(|_| (0..holes).map(|_| solver.new_variable()).collect()).collect();
        for pigeon in &sits {
            solver.clause(pigeon);
        }
        for (index, first) in sits.iter().enumerate() {
            for (&a, &b) in sits[..index].iter().flat_map(|second| first.iter().zip(second)) {
                solver.clause(&[!a, !b]);
            }
        }
    }

    #[test]
    fn ends_when_cancelled_or_out_of_time() {
        let mut solver = Cadical::new();
        pigeons(&mut solver, 40);
        let soon = Stop { deadline: Some(Instant::now() + Duration::from_millis(50)), ..Stop::default() };
        assert_eq!(solver.solve(&[], &soon), Check::Unknown("out of time".to_owned()));
        let stop = Stop { cancel: Cancel::default(), deadline: None };
        let cancel = stop.cancel.clone();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(50));
                cancel.cancel();
            });
            assert_eq!(solver.solve(&[], &stop), Check::Unknown("cancelled".to_owned()));
        });
    }
}
