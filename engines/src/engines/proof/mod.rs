//! Proofs: that an intent holds in runs of any length, for all sizes and values, without looking at each of them.
//!
//! Invariants are found first ([`invariants`]); they are enough for a claim if an argument of its shape goes through:
//! about single states by induction ([`induction`]), about endless runs by measures that loops cannot change
//! ([`ranking`]). What a proof rests on can be checked again from scratch, by any solver ([`obligations`]).

pub mod candidates;
pub mod effects;
pub mod houdini;
pub mod induction;
pub mod invariants;
pub mod obligations;
pub mod ranking;
pub mod samples;
pub mod words;

use super::symbolic::alone;
use super::{Answer, Cancel, Engine, EngineError, Limits, Outcome, Part, Registration, Statistics};
use crate::smt::{Encoding, Stop};
use induction::Induction;
use invariants::{Invariants, Obstacle, with_invariants};
use kubound_encodings::system::{Claim, TransitionSystem};
use kubound_encodings::term::Term;
use obligations::{Obligation, of_invariants};
use ranking::Ranking;

/// The engine, for the command line and the search.
pub const REGISTRATION: Registration = Registration {
    name: "proof",
    aliases: &["induction", "ranking"],
    summary: "Proves intents for every depth, by invariants and measures that it finds",
    part: Part::Fallback,
    // Which solver serves which question is part of how proofs are found.
    chooses_solvers: true,
    open: |_| Box::new(Prover::default()),
};

/// The engine.
#[derive(Clone, Copy, Debug)]
pub struct Prover {
    /// How the simple part of invariants is handed to the solver.
    pub encoding: Encoding,
}

impl Default for Prover {
    fn default() -> Self {
        Self { encoding: Encoding::Integers }
    }
}

/// Why invariants are enough for a claim, by its shape.
#[derive(Clone, Debug)]
pub enum Argument {
    /// About single states.
    Induction(Induction),
    /// About endless runs.
    Ranking(Ranking),
}

/// A proof.
pub struct Proof {
    /// What it rests on.
    pub invariants: Invariants,
    /// Why that is enough.
    pub argument: Argument,
}

impl Engine for Prover {
    fn name(&self) -> &'static str {
        REGISTRATION.name
    }

    fn decide(
        &self,
        system: &TransitionSystem,
        property: usize,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Outcome, EngineError> {
        let found = alone(&Stop::of(limits, cancel), || {
            let proved = self.prove(system, property, limits, cancel);
            match proved.and_then(|proof| proof.conclude(property, limits, cancel)) {
                Ok(outcome) => Ok(outcome),
                Err(Obstacle::Fault(fault)) => Err(fault),
                Err(Obstacle::Reason(reason)) => Ok(Outcome::unknown(reason)),
            }
        })?;
        Ok(found.unwrap_or_else(|stopped| Outcome::unknown(stopped.to_string())))
    }
}

impl Prover {
    /// A proof of a property.
    pub fn prove(
        &self,
        system: &TransitionSystem,
        property: usize,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Proof, Obstacle> {
        let (claim, stop) = (system.properties[property].claim, Stop::of(limits, cancel));
        let wanted = match claim {
            Claim::Invariant(holds) => Some(holds.id()),
            Claim::NoFairLoop { .. } => None,
        };
        let argue = |found: &Invariants| match claim {
            Claim::Invariant(holds) => Induction::find(found, holds.id(), &stop).map(Argument::Induction),
            Claim::NoFairLoop { .. } => Ranking::find(found, claim, &stop).map(Argument::Ranking),
        };
        let (invariants, argument) = with_invariants(system, &claim.terms(), wanted, self.encoding, &stop, argue)?;
        Ok(Proof { invariants, argument })
    }
}

impl Proof {
    /// What the proof rests on, each of them to be refuted by any solver.
    pub fn obligations(&self) -> Vec<Obligation> {
        let mut obligations = of_invariants(&self.invariants.system, &self.invariants.list);
        obligations.extend(match &self.argument {
            Argument::Induction(induction) => induction.obligations(&self.invariants),
            Argument::Ranking(ranking) => ranking.obligations(&self.invariants),
        });
        obligations
    }

    /// The proof in words, a line each.
    pub fn in_words(&self) -> Vec<String> {
        let mut lines = match &self.argument {
            Argument::Induction(induction) => induction.in_words(&self.invariants),
            Argument::Ranking(ranking) => ranking.in_words(&self.invariants),
        };
        lines.extend(self.invariants.in_words());
        lines
    }

    /// The answer, provided that it is known whether the premise of the property can be met.
    fn conclude(&self, property: usize, limits: &Limits, cancel: &Cancel) -> Result<Outcome, Obstacle> {
        let found = &self.invariants;
        let premise = found.system.properties[property].premise.id();
        let Some(premise_reached) = found.reaches(premise, limits, cancel)? else {
            let reason = "it holds, but whether its premise can be met is not known";
            return Err(Obstacle::Reason(reason.to_owned()));
        };
        let (method, depth) = match &self.argument {
            Argument::Induction(induction) => ("induction", induction.steps),
            Argument::Ranking(ranking) => ("ranking", ranking.measures.len()),
        };
        let statistics =
            Statistics { clauses: found.size.clauses, variables: found.size.variables, depth, ..Statistics::default() };
        let answer = Answer::Holds { method, premise_reached, proof: self.in_words() };
        // What sampled runs did is not all that can happen, so nothing is said about who acts.
        Ok(Outcome { answer, statistics, fired: Vec::new(), rests: false, sampled: Vec::new() })
    }
}
