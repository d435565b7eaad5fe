//! Bounded model checking of invariants: the shortest run into a bad state.
//!
//! One incremental solver holds the unrolling. At depth 0, 1, 2 and so on it is asked for a run whose last state is
//! bad; if there is none, "the last state is not bad" is kept as a lemma and a step is added. So the first run found
//! is a shortest one, and nothing is claimed about longer ones.

use super::search::{Next, Search};
use super::witness;
use crate::engines::{Answer, EngineError, Outcome};
use crate::smt::unroll::Unrolling;
use crate::trace::Ending;
use kubound_encodings::term::{Bool, Term, TermId};

/// Looks for a state in which `holds` does not.
pub(super) fn run(mut search: Search, holds: TermId) -> Result<Outcome, EngineError> {
    let system = search.unrolling.system;
    loop {
        let depth = search.unrolling.depth();
        let goal = goal(&mut search.unrolling, holds);
        match search.ask(goal) {
            Next::Continue => {}
            Next::Finish(answer) => return Ok(search.outcome(answer)),
            Next::Found => {
                let trace = search.witness(Ending::Bad)?;
                if witness::holds(system, &trace, depth, holds) {
                    return Err(EngineError::Internal("the bad state found is not bad".to_owned()));
                }
                return Ok(search.outcome(Answer::Violated(Box::new(trace))));
            }
        }
        if let Next::Finish(answer) = search.deepen() {
            return Ok(search.outcome(answer));
        }
    }
}

/// The last state is bad, or the run left its ranges.
fn goal(unrolling: &mut Unrolling, holds: TermId) -> TermId {
    let good = unrolling.at(unrolling.depth(), holds);
    let bad = unrolling.not(good);
    let overflow = unrolling.overflow();
    unrolling.or(vec![bad, overflow])
}

/// Unrolls up to `depth` without solving; returns the goal of every number of steps. `enter` is called before
/// anything is asserted about a further step.
pub(super) fn goals(unrolling: &mut Unrolling, holds: Bool, depth: usize, enter: impl Fn()) -> Vec<TermId> {
    let mut goals = vec![goal(unrolling, holds.id())];
    for _ in 0..depth {
        enter();
        unrolling.extend();
        goals.push(goal(unrolling, holds.id()));
    }
    goals
}
