//! The growing unrolling behind every bounded search, and its answers in the words of [`crate::engines::Answer`].

use super::witness;
use crate::engines::{Answer, EngineError, Limits, Outcome, Statistics};
use crate::smt::unroll::Unrolling;
use crate::smt::{Check, Encoding, Stop, open};
use crate::trace::{Ending, Trace};
use kubound_encodings::stop::Stopped;
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::TermId;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One growing unrolling and the limits of its search.
pub struct Search<'a> {
    /// The runs so far.
    pub unrolling: Unrolling<'a>,
    limits: &'a Limits,
    stop: &'a Stop,
    excluded: &'a Excluded,
}

/// The number of steps for which a violation is excluded, if any is; known even if the search is given up in the middle.
#[derive(Debug)]
pub struct Excluded(AtomicUsize);

/// Nothing is excluded.
const NOTHING: usize = usize::MAX;

impl Default for Excluded {
    fn default() -> Self {
        Self(AtomicUsize::new(NOTHING))
    }
}

impl Excluded {
    fn answer(&self, reason: String) -> Answer {
        match self.0.load(Ordering::Relaxed) {
            NOTHING => Answer::Unknown { reason },
            depth => Answer::NoViolationUpTo { depth },
        }
    }

    /// What is known when the search was given up.
    pub fn given_up(&self, stopped: Stopped) -> Outcome {
        let outcome = Outcome::unknown(String::new());
        Outcome { answer: self.answer(stopped.to_string()), ..outcome }
    }
}

/// What is to be done after a query.
pub enum Next {
    /// Go on with the next question or depth.
    Continue,
    /// There is a model.
    Found,
    /// Give this answer.
    Finish(Answer),
}

impl<'a> Search<'a> {
    /// At depth 0. `roots` are all terms of the system that will be asked for.
    pub fn new(
        system: &'a TransitionSystem,
        roots: &[TermId],
        encoding: Encoding,
        limits: &'a Limits,
        stop: &'a Stop,
        excluded: &'a Excluded,
    ) -> Self {
        Self { unrolling: Unrolling::new(system, roots, limits, open(encoding)), limits, stop, excluded }
    }

    /// Whether `goal` (of the unrolled graph) can be reached. If not, its negation is kept: it follows from what is
    /// asserted, and whatever is asserted later only narrows the runs, so it stays true and saves later searches the
    /// work.
    pub fn ask(&mut self, goal: TermId) -> Next {
        let unrolling = &mut self.unrolling;
        let began = std::time::Instant::now();
        let answer = unrolling.view.check(&unrolling.dag, &[goal], self.stop);
        log::debug!("depth {}: {answer:?} after {:.1?}", unrolling.depth(), began.elapsed());
        match answer {
            Check::Sat => Next::Found,
            Check::Unsat => {
                let lemma = unrolling.not(goal);
                unrolling.assert(lemma);
                Next::Continue
            }
            Check::Unknown(reason) => Next::Finish(self.give_up(reason)),
        }
    }

    /// Nothing was found at the present depth: adds a step, unless a limit is reached or no run goes on.
    pub fn deepen(&mut self) -> Next {
        let depth = self.unrolling.depth();
        self.excluded.0.store(depth, Ordering::Relaxed);
        if let Some(reason) = self.stop.reason() {
            return Next::Finish(self.give_up(reason.to_owned()));
        }
        if self.limits.depth.is_some_and(|limit| depth >= limit) {
            return Next::Finish(Answer::NoViolationUpTo { depth });
        }
        // Without a limit of the depth somebody has to notice that all runs have come to an end.
        if self.limits.depth.is_none() {
            let unrolling = &mut self.unrolling;
            match unrolling.view.check(&unrolling.dag, &[], self.stop) {
                Check::Sat => {}
                Check::Unsat => return Next::Finish(Answer::NoViolationUpTo { depth }),
                Check::Unknown(reason) => return Next::Finish(self.give_up(reason)),
            }
        }
        self.unrolling.extend();
        Next::Continue
    }

    fn give_up(&self, reason: String) -> Answer {
        self.excluded.answer(reason)
    }

    /// The run that the last model describes.
    pub fn witness(&self, ending: Ending) -> Result<Trace, EngineError> {
        witness::extract(&self.unrolling, ending)
    }

    /// The answer with the sizes of the search.
    pub fn outcome(&self, answer: Answer) -> Outcome {
        let size = self.unrolling.view.size();
        let fired = match &answer {
            Answer::Violated(trace) => {
                let mut names: Vec<String> = trace.steps.iter().map(|step| step.rule.clone()).collect();
                names.sort_unstable();
                names.dedup();
                names
            }
            _ => Vec::new(),
        };
        Outcome {
            answer,
            statistics: Statistics {
                clauses: size.clauses,
                variables: size.variables,
                depth: self.unrolling.depth(),
                ..Statistics::default()
            },
            fired,
            rests: false,
            sampled: Vec::new(),
        }
    }
}
