//! What single rules show must hold: proofs from effects, of the fine and of the fused system.

use crate::compare::{Case, Outcome, STATES, Verdict};
use kubound::engines::explicit::Explicit;
use kubound::engines::proof::effects::Effects;
use kubound::engines::{Answer, Cancel, Engine, Limits};
use kubound::limits::Stop;
use kubound_encodings::system::TransitionSystem;
use std::time::Duration;

/// Longest time for one system.
const PATIENCE: Duration = Duration::from_secs(1);

/// What single rules show about the systems of a cluster.
#[derive(Default)]
pub struct Shown(Vec<Effects>);

impl Shown {
    pub fn of(systems: [&TransitionSystem; 2]) -> Self {
        let stop = || Stop::default().at_most(PATIENCE);
        Self(systems.into_iter().filter_map(|system| Effects::new(system, &stop()).ok()).collect())
    }
}

impl Case<'_> {
    /// Whether some state is initial.
    fn begins(&self) -> Result<bool, String> {
        let limits = Limits { states: Some(STATES), ..Limits::default() };
        let searched = Explicit::default().decide(&self.fused, self.property, &limits, &Cancel::default());
        Ok(searched.map_err(|error| error.to_string())?.statistics.states > 0)
    }
}

/// Whether something was shown; it must agree with the verdict.
pub fn compare(case: &Case) -> Outcome {
    if matches!(case.verdict, Verdict::Undecided) {
        return Ok(false);
    }
    let mut is_shown = false;
    for effects in &case.shown.0 {
        let outcome = effects.decide(case.property, &Stop::default().at_most(PATIENCE));
        is_shown |= match (outcome.answer, &case.verdict) {
            (Answer::Holds { premise_reached: true, .. }, Verdict::Holds) => true,
            (Answer::Holds { premise_reached: false, .. }, Verdict::Vacuous) => true,
            // Where no state is initial all is vacuous. Searches look for one first, and here nobody did.
            (Answer::Holds { .. }, Verdict::Vacuous) if !case.begins()? => false,
            (Answer::Unknown { .. }, _) => false,
            (answer, verdict) => return Err(format!("effects contradict explicit {}: {answer:?}", verdict.word())),
        };
    }
    Ok(is_shown)
}
