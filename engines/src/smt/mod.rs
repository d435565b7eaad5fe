//! Deciding terms: one graph of terms, three ways to hand it to a solver.
//!
//! Everything symbolic in this crate is written down once, as terms of a [`Dag`]; an unrolling is nothing but a
//! larger graph whose variables are the values that the solver may pick. A [`View`] lowers such a graph and decides
//! it. Because the graph is the only interface, it is simplified once for all views (constants of the initial states
//! run through the first steps), the engines do not know which view they talk to, and tests hold every view against
//! the evaluator of the same graph.
//!
//! * [`Encoding::Clauses`]: our own bit blaster (`gates`, `words`, `clauses`) in front of a SAT core. The ranges of
//!   the terms give narrow words, and it measured fastest, so it is the default.
//! * [`Encoding::CadicalClauses`]: the same clauses, decided by CaDiCaL (`cadical`) instead of Z3's SAT core.
//! * [`Encoding::BitVectors`] and [`Encoding::Integers`]: the same terms as words or integers of Z3 (`z3`). Integers
//!   serve proofs, where sums over many slots decide; bit-vectors are there to hold the first ones against.

pub mod cadical;
pub mod clauses;
pub mod drat;
pub mod gates;
pub mod query;
pub mod unroll;
pub mod words;
pub mod z3;

pub use crate::limits::Stop;

use kubound_encodings::term::{Dag, TermId, VarId};

/// How terms are handed to the solver.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Encoding {
    /// Clauses of our own bit blaster, decided by Z3.
    #[default]
    Clauses,
    /// The same clauses, decided by CaDiCaL.
    CadicalClauses,
    /// Z3's bit-vectors.
    BitVectors,
    /// Z3's integers.
    Integers,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Encoding; 4] =
        [Encoding::Clauses, Encoding::CadicalClauses, Encoding::BitVectors, Encoding::Integers];

    /// Its name, and that of the solver where several take the same encoding.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Clauses => "clauses",
            Encoding::CadicalClauses => "clauses/cadical",
            Encoding::BitVectors => "bv",
            Encoding::Integers => "int",
        }
    }

    /// Who decides it.
    pub fn solver(self) -> Solver {
        match self {
            Encoding::CadicalClauses => Solver::Cadical,
            Encoding::Clauses | Encoding::BitVectors | Encoding::Integers => Solver::Z3,
        }
    }

    /// The same encoding with another solver; `None` if that solver does not take it.
    pub fn with_solver(self, solver: Solver) -> Option<Encoding> {
        match (self, solver) {
            (Encoding::Clauses | Encoding::CadicalClauses, Solver::Z3) => Some(Encoding::Clauses),
            (Encoding::Clauses | Encoding::CadicalClauses, Solver::Cadical) => Some(Encoding::CadicalClauses),
            (Encoding::BitVectors | Encoding::Integers, Solver::Z3) => Some(self),
            (Encoding::BitVectors | Encoding::Integers, Solver::Cadical) => None,
        }
    }
}

/// A solver library.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Solver {
    /// Z3.
    Z3,
    /// CaDiCaL.
    Cadical,
}

impl Solver {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Solver::Z3 => "Z3",
            Solver::Cadical => "CaDiCaL",
        }
    }

    /// The other one.
    pub fn other(self) -> Solver {
        match self {
            Solver::Z3 => Solver::Cadical,
            Solver::Cadical => Solver::Z3,
        }
    }
}

/// What a solver says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Check {
    /// There is an assignment; ask for it with [`View::value`].
    Sat,
    /// There is none.
    Unsat,
    /// It was stopped, or gave up.
    Unknown(String),
}

/// What was handed to a solver.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Size {
    /// Variables; for terms of Z3, its constants.
    pub variables: u64,
    /// Clauses; for terms of Z3, its assertions.
    pub clauses: u64,
}

/// A solver for boolean terms of one growing graph.
///
/// The graph is passed with every call and must be the same one, or one that it has grown into: what was lowered is
/// remembered by [`TermId`]. Variables of the graph are the unknowns and stay within their ranges; primed variables
/// and choices must not occur.
pub trait View {
    /// Demands that `term` be true from now on.
    fn assert(&mut self, dag: &Dag, term: TermId);

    /// Lowers `term` (of either sort) and its variables, so that it counts in checks and values are known.
    fn mention(&mut self, dag: &Dag, term: TermId);

    /// Whether everything asserted, and every one of `assumptions`, can be true at once.
    fn check(&mut self, dag: &Dag, assumptions: &[TermId], stop: &Stop) -> Check;

    /// The value of a variable in the assignment found by the last check; the lowest of its range if it was never
    /// mentioned. Booleans are 0 and 1.
    fn value(&self, dag: &Dag, var: VarId) -> i64;

    /// The value of a term that was mentioned, as the solver itself computes it.
    fn term_value(&self, dag: &Dag, term: TermId) -> i64;

    /// How much was handed over so far.
    fn size(&self) -> Size;
}

/// A fresh solver of this encoding.
pub fn open(encoding: Encoding) -> Box<dyn View> {
    match encoding {
        Encoding::Clauses => Box::new(clauses::ClauseView::new(z3::SatCore::new())),
        Encoding::CadicalClauses => Box::new(clauses::ClauseView::new(cadical::Cadical::new())),
        Encoding::BitVectors => Box::new(z3::terms::TermView::<z3::bitvectors::BitVectors>::new()),
        Encoding::Integers => Box::new(z3::terms::TermView::<z3::integers::Integers>::new()),
    }
}

/// The solver libraries in use, with their versions.
pub fn versions() -> String {
    format!("Z3 {}, CaDiCaL {}", z3::version(), cadical::version())
}
