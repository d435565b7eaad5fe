//! The question of a bounded engine as data, for exports and proofs.

use super::{bmc, lasso};
use crate::engines::{EngineError, Limits};
use crate::smt::query::{Query, Recorder};
use crate::smt::unroll::Unrolling;
use kubound_encodings::system::{Claim, TransitionSystem};

/// Whether some run of at most `depth` steps violates the property, or makes the model leave a range.
pub fn query(system: &TransitionSystem, property: usize, limits: &Limits, depth: usize) -> Result<Query, EngineError> {
    let claim = system.properties[property].claim;
    let (recorder, facts) = Recorder::new();
    let mut unrolling = Unrolling::new(system, &claim.terms(), limits, Box::new(recorder));
    let enter = || facts.borrow_mut().push(Vec::new());
    let goals = match claim {
        Claim::Invariant(holds) => bmc::goals(&mut unrolling, holds, depth, enter),
        Claim::NoFairLoop { .. } => lasso::goals(&mut unrolling, claim, depth, enter)?,
    };
    let facts = facts.take();
    Ok(Query { dag: unrolling.dag, facts, goals })
}
