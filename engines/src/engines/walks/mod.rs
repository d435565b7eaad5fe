//! Random runs of the whole system: they only ever find violations, and often before anybody has seen anything else of a
//! large cluster.
//!
//! A step costs what it changes (`values`). Runs start in different initial states and follow different policies
//! (`policy`); each closes loops where it comes back to a state (`lasso`). Every other run goes on from a state in which
//! controllers are at rest, by each of the events that can happen there in turn (`rests`). What is found is
//! compared with what a few more runs find, and made shorter (`shorten`). Seeds are fixed: the same system gives the same run, however long it takes.

mod graph;
mod lasso;
mod picks;
mod policy;
mod rests;
mod run;
mod shorten;
mod starts;
mod values;
pub mod walker;

use super::{Answer, Cancel, Engine, EngineError, Limits, Outcome, Statistics};
use crate::limits::Stop;
use crate::limits::walks::{EAGER, FEW_RULES, LEAST_MORE, MOST_MORE, PAUSE, SHORTEST, STARTS};
use crate::trace::{Ending, Step, Trace};
use kubound_encodings::system::TransitionSystem;
use rests::Rests;
use run::{Found, Run};
use std::time::{Duration, Instant};
use walker::Walker;

/// The engine. It is no choice of users, but a part of the portfolio.
#[derive(Clone, Copy, Debug, Default)]
pub struct Walks {
    /// Whether to leave most of the time to others where these have good chances, and where nothing was found soon.
    pub is_polite: bool,
    /// Most runs; `None`: until another limit.
    pub runs: Option<usize>,
}

impl Walks {
    /// Its name in reports.
    pub const NAME: &str = "walks";
}

impl Engine for Walks {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn decide(
        &self,
        system: &TransitionSystem,
        property: usize,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Outcome, EngineError> {
        if let Some(what) = system.dag.overflow() {
            return Err(EngineError::Internal(what.to_owned()));
        }
        let stop = Stop::of(limits, cancel);
        let prepared = stop.heed(|| (Walker::new(system, property), starts::starts(system, property, STARTS)));
        match prepared {
            Ok((walker, starts)) => self.walk(walker, &starts, limits, &stop),
            Err(stopped) => Ok(Outcome::unknown(stopped.to_string())),
        }
    }
}

impl Walks {
    fn walk(
        &self,
        mut walker: Walker,
        starts: &[Vec<i64>],
        limits: &Limits,
        stop: &Stop,
    ) -> Result<Outcome, EngineError> {
        if starts.is_empty() {
            return Ok(Outcome::unknown("no initial state was found".to_owned()));
        }
        let is_small = walker.system.rules.len() <= FEW_RULES;
        let (mut best, mut transitions, mut rests) = (Best::default(), 0, Rests::default());
        let mut number = 0;
        while !best.is_good_enough(transitions) && number < self.runs.unwrap_or(usize::MAX) && stop.reason().is_none() {
            let begin = Instant::now();
            let most = best.most(limits.depth.unwrap_or(usize::MAX).min(SHORTEST * sometimes_longer(number)));
            let from = if number % 2 == 1 { rests.next() } else { None };
            let run = match from {
                Some(rest) => Run::onward(&mut walker, &mut rests, number / 2, rest),
                None => Run::new(&mut walker, &mut rests, number / 2, &starts[number / 2 % starts.len()]),
            };
            let (found, walked) = run.go(most, limits, stop)?;
            transitions += walked as u64;
            match found {
                Some(found) => best.take(found, number, transitions),
                None if self.is_polite && (is_small || transitions > EAGER) => pause(begin.elapsed() * PAUSE, stop),
                None => {}
            }
            number += 1;
        }
        let Some(found) = best.found else {
            let reason = stop.reason().unwrap_or("no run violates it").to_owned();
            return Ok(outcome(Answer::Unknown { reason }, transitions));
        };
        let shorter = shorten::shorten(&mut walker, found, stop)?;
        let trace = trace(&mut walker, &shorter)?;
        Ok(outcome(Answer::Violated(Box::new(trace)), transitions))
    }
}

/// The shortest violation so far.
#[derive(Default)]
struct Best {
    found: Option<Found>,
    /// How many steps were made when the first one was found.
    first: u64,
}

impl Best {
    fn take(&mut self, found: Found, number: usize, transitions: u64) {
        log::info!("walks: run {number} violates the claim with {} steps, after {transitions}", found.steps.len());
        if self.found.is_none() {
            self.first = transitions;
        }
        if self.found.as_ref().is_none_or(|best| found.steps.len() < best.steps.len()) {
            self.found = Some(found);
        }
    }

    /// Whether it is time to be content with it.
    fn is_good_enough(&self, transitions: u64) -> bool {
        self.found.is_some() && transitions >= self.first + self.first.clamp(LEAST_MORE, MOST_MORE)
    }

    /// Most steps of a run, if longer ones do not help.
    fn most(&self, wanted: usize) -> usize {
        self.found.as_ref().map_or(wanted, |best| wanted.min(best.steps.len().saturating_sub(1)))
    }
}

/// Waits, or until there is a reason to stop.
fn pause(time: Duration, stop: &Stop) {
    let end = Instant::now() + time;
    while stop.reason().is_none() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(1).min(time));
    }
}

/// Most runs are short, a few twice as long, fewer again twice as long: 1, 1, 2, 1, 1, 2, 4 and so on, for each policy and
/// each start in turn.
fn sometimes_longer(number: usize) -> usize {
    let mut number = number / 32 + 1;
    loop {
        let bits = usize::BITS - number.leading_zeros();
        if number == (1 << bits) - 1 {
            return 1 << (bits - 1);
        }
        number -= (1 << (bits - 1)) - 1;
    }
}

fn outcome(answer: Answer, transitions: u64) -> Outcome {
    let statistics = Statistics { transitions, ..Statistics::default() };
    Outcome { answer, statistics, fired: Vec::new(), rests: false, sampled: Vec::new() }
}

/// The run with all its states.
fn trace(walker: &mut Walker, found: &Found) -> Result<Trace, EngineError> {
    let Found { initial, steps, ending } = found;
    walker.enter(initial);
    walker.keeps_all = true;
    let mut trace = Trace { initial: initial.clone(), steps: Vec::with_capacity(steps.len()), ending: *ending };
    for step in steps {
        if !walker.repeat(step.rule, &step.picks)? {
            return Err(EngineError::Internal("a random run cannot be walked again".to_owned()));
        }
        let rule = walker.system.rules[step.rule as usize].name.clone();
        trace.steps.push(Step { rule, picks: step.picks.to_vec(), state: walker.state().to_vec() });
    }
    if let Ending::Loop { start } = trace.ending
        && !walker.is_like(trace.state(start))
    {
        return Err(EngineError::Internal("a random run does not close its loop".to_owned()));
    }
    Ok(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_runs_are_long() {
        let lengths: Vec<usize> = (0..7).map(|round| sometimes_longer(32 * round)).collect();
        assert_eq!(lengths, [1, 1, 2, 1, 1, 2, 4]);
    }

    #[test]
    fn a_shorter_violation_replaces_a_longer_one() {
        let found = |steps: usize| Found {
            initial: Vec::new(),
            steps: vec![run::Fired { rule: 0, picks: Box::default() }; steps],
            ending: Ending::Bad,
        };
        let mut best = Best::default();
        assert!(!best.is_good_enough(u64::MAX) && best.most(100) == 100);
        best.take(found(30), 0, 10);
        best.take(found(40), 1, 20);
        assert_eq!(best.most(100), 29);
        best.take(found(20), 2, 30);
        assert_eq!(best.most(100), 19);
        assert!(!best.is_good_enough(10 + LEAST_MORE - 1) && best.is_good_enough(10 + LEAST_MORE));
    }
}
