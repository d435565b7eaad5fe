//! One random run, up to a violation, a dead end or its number of steps.

use super::lasso::{Judgement, judge};
use super::policy::Policy;
use super::rests::{Rest, Rests};
use super::walker::{Picks, Walker};
use crate::engines::{EngineError, Limits};
use crate::limits::Stop;
use crate::trace::Ending;
use kubound_encodings::system::Claim;
use rustc_hash::FxHashMap;

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fired {
    /// Index of the rule.
    pub rule: u32,
    /// What it picked.
    pub picks: Picks,
}

/// A run that violates the property.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Values of all variables initially.
    pub initial: Vec<i64>,
    /// The steps.
    pub steps: Vec<Fired>,
    /// How it goes on.
    pub ending: Ending,
}

/// Looks for one violation by one run.
pub struct Run<'r, 's> {
    walker: &'r mut Walker<'s>,
    rests: &'r mut Rests,
    /// How many states at rest it has added to them.
    noted: usize,
    policy: Policy,
    initial: Vec<i64>,
    /// All steps from the initial state on.
    steps: Vec<Fired>,
    /// How many of them others made.
    given: usize,
    /// Where each state was seen first since the last event or state that no loop may go through.
    known: FxHashMap<u64, usize>,
    is_loop_claim: bool,
    /// Steps walked again to judge loops.
    judged: usize,
}

/// Steps between two questions whether to stop.
const ASK: usize = 32;

impl<'r, 's> Run<'r, 's> {
    /// The run of a number from an initial state.
    pub fn new(walker: &'r mut Walker<'s>, rests: &'r mut Rests, number: usize, initial: &[i64]) -> Self {
        let policy = Policy::new(number, walker.system.rules.len());
        let is_loop_claim = matches!(walker.claim(), Claim::NoFairLoop { .. });
        let (initial, steps, known) = (initial.to_vec(), Vec::new(), FxHashMap::default());
        walker.enter(&initial);
        Self { walker, rests, noted: 0, policy, initial, steps, given: 0, known, is_loop_claim, judged: 0 }
    }

    /// The run of a number that goes on from a state at rest.
    pub fn onward(walker: &'r mut Walker<'s>, rests: &'r mut Rests, number: usize, rest: Rest) -> Self {
        let mut run = Self::new(walker, rests, number, &rest.initial);
        run.walker.enter(&rest.state);
        run.policy.leave_by(rest.tried - 1);
        Self { given: rest.steps.len(), steps: rest.steps, ..run }
    }

    /// Goes at most so many steps; the violation found, if one, and the number of steps made.
    pub fn go(mut self, most: usize, limits: &Limits, stop: &Stop) -> Result<(Option<Found>, usize), EngineError> {
        let mut ending = None;
        while self.steps.len() - self.given <= most {
            if self.steps.len().is_multiple_of(ASK) && stop.reason().is_some() {
                break;
            }
            let seen = self.walker.seen();
            if limits.nodes.is_some_and(|most| seen.nodes > most) || limits.pods.is_some_and(|most| seen.pods > most) {
                break;
            }
            ending = if !seen.holds {
                Some(Ending::Bad)
            } else if seen.stays {
                Some(Ending::Stays)
            } else if seen.within {
                self.closed()?
            } else {
                self.known.clear();
                None
            };
            if ending.is_some() {
                break;
            }
            self.note();
            if !self.step()? {
                break;
            }
        }
        let walked = self.steps.len() - self.given + self.judged;
        let found = ending.map(|ending| Found { initial: self.initial, steps: self.steps, ending });
        Ok((found, walked))
    }

    /// Notes the state, if others may go on from it.
    fn note(&mut self) {
        let key = self.walker.key();
        if self.walker.is_at_rest() && self.rests.wants(key, self.noted) {
            let (initial, steps, state) = (self.initial.clone(), self.steps.clone(), self.walker.state().to_vec());
            self.rests.add(key, Rest { initial, steps, state, tried: 0 });
            self.noted += 1;
        }
    }

    /// Fires one rule; false at a dead end.
    fn step(&mut self) -> Result<bool, EngineError> {
        let mut barred = Vec::new();
        while let Some(rule) = self.policy.choose(self.walker, &barred) {
            let mut random = self.policy.picks(self.walker);
            if let Some(picks) = self.walker.fire(rule, &mut random)? {
                if self.walker.is_event(rule) || (self.is_loop_claim && !self.walker.judged.0) {
                    self.known.clear();
                }
                self.steps.push(Fired { rule, picks });
                return Ok(true);
            }
            barred.push(rule);
        }
        Ok(false)
    }

    /// Whether the run closes a loop here that violates the claim.
    fn closed(&mut self) -> Result<Option<Ending>, EngineError> {
        let here = self.steps.len();
        let start = *self.known.entry(self.walker.key()).or_insert(here);
        let length = here - start;
        // Judging takes no longer than walking, all in all.
        if length == 0 || self.judged + length > 2 * (here - self.given) + 2 * ASK {
            return Ok(None);
        }
        self.judged += length;
        // The state is the same where it matters, so that the loop can be walked from here.
        let begin = self.walker.state().to_vec();
        let judgement = judge(self.walker, &self.steps[start..])?;
        if judgement == Judgement::Violates {
            return Ok(Some(Ending::Loop { start }));
        }
        self.walker.enter(&begin);
        match judgement {
            Judgement::Unfair(units) => self.policy.urge(&units),
            _ => self.policy.wants_event = true,
        }
        Ok(None)
    }
}
