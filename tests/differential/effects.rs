//! What single rules show must hold: proofs from effects, of the fine and of the fused system.

use crate::compare::{Case, Outcome, Verdict};
use kubound::engines::Answer;
use kubound::engines::proof::effects::Effects;
use kubound::limits::Stop;
use kubound_encodings::system::TransitionSystem;
use std::time::Duration;

/// Longest time for one system.
const PATIENCE: Duration = Duration::from_secs(2);

/// What single rules show about the systems of a cluster.
#[derive(Default)]
pub struct Shown(Vec<Effects>);

impl Shown {
    pub fn of(systems: [&TransitionSystem; 2]) -> Self {
        let stop = || Stop::default().at_most(PATIENCE);
        Self(systems.into_iter().filter_map(|system| Effects::new(system, &stop()).ok()).collect())
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
            (Answer::Unknown { .. }, _) => false,
            (answer, verdict) => return Err(format!("effects contradict explicit {}: {answer:?}", verdict.word())),
        };
    }
    Ok(is_shown)
}
