//! The symbolic engine: bounded searches for the shortest violation with a solver.
//!
//! * [`bmc`] looks for runs into a bad state, [`lasso`] for runs that go on forever as the claim forbids.
//! * [`search`] grows the unrolling that both ask, step by step.
//! * [`alone`] gives each search a thread of its own, because a solver and its terms belong to one thread and an
//!   interrupted one is best thrown away together with everything around it.
//! * [`witness`] turns a model into a run by *executing* it on the system, so that a trace never repeats a mistake of
//!   an encoding.

pub mod bmc;
pub mod lasso;
pub mod query;
pub mod search;
pub mod witness;

use super::{Cancel, Engine, EngineError, Limits, Outcome, Part, Registration};
use crate::smt::{Encoding, Stop};
use kubound_encodings::stop::Stopped;
use kubound_encodings::system::{Claim, TransitionSystem};
use kubound_encodings::term::Term;
use search::Excluded;

/// The engine, for the command line and the search.
pub const REGISTRATION: Registration = Registration {
    name: "symbolic",
    aliases: &["bmc", "lasso"],
    summary: "Looks for the shortest violation with a solver; never says that an intent holds",
    part: Part::Growing,
    chooses_solvers: false,
    open: |encoding| Box::new(Symbolic { encoding }),
};

/// The engine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Symbolic {
    /// How terms are handed to the solver.
    pub encoding: Encoding,
}

impl Engine for Symbolic {
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
        let claim = system.properties[property].claim;
        let (stop, excluded) = (Stop::of(limits, cancel), Excluded::default());
        let search = || search::Search::new(system, &claim.terms(), self.encoding, limits, &stop, &excluded);
        let found = alone(&stop, || match claim {
            Claim::Invariant(holds) => bmc::run(search(), holds.id()),
            Claim::NoFairLoop { .. } => lasso::run(search(), claim),
        })?;
        Ok(found.unwrap_or_else(|stopped| excluded.given_up(stopped)))
    }
}

/// Runs `work` on a thread of its own, unless and until there is a reason to stop.
pub fn alone<R: Send>(
    stop: &Stop,
    work: impl FnOnce() -> Result<R, EngineError> + Send,
) -> Result<Result<R, Stopped>, EngineError> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .name("solver".to_owned())
            .spawn_scoped(scope, || match stop.heed(work) {
                Ok(result) => result.map(Ok),
                Err(stopped) => Ok(Err(stopped)),
            })
            .map_err(|error| EngineError::Internal(format!("no thread for the solver: {error}")))?;
        worker.join().unwrap_or_else(|payload| {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Err(EngineError::Internal(format!("the symbolic search broke off: {text}")))
        })
    })
}
