//! Proofs that a bounded question has no answer, for checkers that share no code with us: the clauses in the DIMACS
//! format and CaDiCaL's proof in the textual DRAT format.

use super::cadical::{Cadical, number};
use super::gates::{ClauseSink, Literal, SatSolver};
use super::query::Query;
use super::{Check, Stop};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// CaDiCaL, with every clause that it was given.
struct WrittenDown {
    solver: Cadical,
    variables: u32,
    clauses: Vec<Vec<i32>>,
}

impl ClauseSink for WrittenDown {
    fn new_variable(&mut self) -> Literal {
        self.variables += 1;
        self.solver.new_variable()
    }

    fn clause(&mut self, literals: &[Literal]) {
        self.clauses.push(literals.iter().map(|&literal| number(literal)).collect());
        self.solver.clause(literals);
    }
}

impl SatSolver for WrittenDown {
    fn solve(&mut self, assumptions: &[Literal], stop: &Stop) -> Check {
        // A proof is about clauses alone: what is assumed has to be one of them.
        assumptions.iter().for_each(|&literal| self.clause(&[literal]));
        self.solver.solve(&[], stop)
    }

    fn value(&self, variable: u32) -> bool {
        self.solver.value(variable)
    }
}

/// Asks a question from scratch; writes its clauses to one file and, if there is no answer, the proof of that to the
/// other. The proof of a question that has an answer, or was not decided, is worth nothing.
pub fn refute(query: &Query, clauses: &Path, proof: &Path, stop: &Stop) -> io::Result<Check> {
    let cannot = || io::Error::other(format!("the solver cannot write {}", proof.display()));
    let solver = Cadical::with_proof(proof).ok_or_else(cannot)?;
    let (answer, mut asked) = query.solve(WrittenDown { solver, variables: 0, clauses: Vec::new() }, stop);
    asked.solver.close_proof();
    let mut file = BufWriter::new(File::create(clauses)?);
    writeln!(file, "p cnf {} {}", asked.variables, asked.clauses.len())?;
    for clause in &asked.clauses {
        for literal in clause {
            write!(file, "{literal} ")?;
        }
        writeln!(file, "0")?;
    }
    file.flush()?;
    Ok(answer)
}
