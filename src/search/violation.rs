//! A violation that some engine found: made small, replayed on the fine system and judged.

use super::driver::{Effort, Search};
use super::minimise::{self, Smallest, Task};
use super::restrict::Restricted;
use super::{Fault, Violation};
use crate::engines::explicit::inevitable::{Inevitability, inevitability};
use crate::engines::{Answer, EngineError, Limits, Part, Statistics};
use crate::limits::search::{INSTEAD, JUDGE, JUDGE_LARGE, NARROW};
use crate::trace::Trace;
use crate::trace::expand::replay_expanded;
use crate::trace::replay::replay;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long a violation is worked on.
#[derive(Clone, Copy)]
struct Patience {
    narrow: Duration,
    judge: Duration,
}

/// A violation over the system searched, as small as it was made.
struct Found {
    trace: Trace,
    /// Whether every smaller size was ruled out.
    proved: bool,
    /// The engine whose run it is.
    by: &'static str,
    /// What that engine has cost.
    statistics: Statistics,
}

impl Search<'_> {
    /// Makes a violation small, replays it on the fine system and judges it.
    pub(super) fn violation(
        &self,
        engine: &'static str,
        found: Trace,
        statistics: Statistics,
    ) -> Result<(&'static str, Statistics, Violation), Fault> {
        let intent = &self.claim().intent;
        // What was found must be a run of the model before anything is built on it.
        let first = self.replayed(engine, &found)?;
        self.observer.phase(&format_args!("{intent}: violated; looking for the smallest cluster"));
        let Found { trace: smallest, proved, by, statistics } = self.smallest(engine, &found, statistics)?;
        let trace = if smallest == found { first } else { self.replayed(by, &smallest)? };
        let patience = self.patience(by);
        let trace = self.without_over_approximation(&trace, patience).unwrap_or(trace);
        let fine = &self.systems.fine;
        let inevitability = self.inevitability(&trace, patience)?;
        let (nodes, pods) = (minimise::nodes(fine, &trace), minimise::pods(fine, &trace));
        let violation = Violation { trace, inevitability, nodes, pods, minimised: proved, late: None };
        Ok((by, statistics, violation))
    }

    /// The smallest violation that is found, given one.
    fn smallest(&self, engine: &'static str, found: &Trace, statistics: Statistics) -> Result<Found, Fault> {
        let (system, property, cancel) = (self.systems.searched(), self.property, self.cancel);
        let missing = || self.fault(EngineError::Internal(format!("no engine {engine}")));
        let (part, finder) = self.engines.named(engine).ok_or_else(missing)?;
        // An exhaustive engine needs no depth: it ends by itself.
        let is_exhaustive = matches!(part, Part::Exhaustive | Part::Companion);
        let limits = Limits {
            depth: if is_exhaustive { None } else { Some(found.steps.len()) },
            deadline: Some(self.until.decided.min(Instant::now() + self.options.minimise)),
            watch_rest: false,
            ..self.limits()
        };
        let searched = |searcher| {
            let restricted = Restricted::new(searcher, self.cluster, self.systems);
            let task = Task { engine: &restricted, system, property, cancel, spent: Cell::default() };
            let smallest = if part == Part::Companion {
                let soon = Instant::now() + INSTEAD;
                task.instead_of(found, &limits, soon, |limits| restricted.is_smaller(limits))
            } else {
                task.minimise(found.clone(), &limits).map(Some)
            };
            smallest.map(|smallest| (smallest, task.spent.get())).map_err(|source| self.fault(source))
        };
        if part != Part::Companion {
            let known = |Smallest { trace, proved }| Found { trace, proved, by: engine, statistics };
            return searched(finder)?.0.map(known).ok_or_else(missing);
        }
        // Random runs say nothing about sizes: an exhaustive engine does, and the run is its own then.
        for exhaustive in self.engines.with(Part::Exhaustive) {
            if let (Some(Smallest { trace, proved }), statistics) = searched(exhaustive)? {
                return Ok(Found { trace, proved, by: exhaustive.name(), statistics });
            }
        }
        Ok(Found { trace: found.clone(), proved: false, by: engine, statistics })
    }

    /// How long a violation is worked on, by who found it. What random runs find and nobody else are systems of which
    /// others do not see the end.
    fn patience(&self, engine: &str) -> Patience {
        match self.engines.named(engine) {
            Some((Part::Companion, _)) => Patience { narrow: JUDGE_LARGE, judge: JUDGE_LARGE },
            _ => Patience { narrow: NARROW, judge: JUDGE },
        }
    }

    /// Whether a violation had to come. One that needs a late controller did not.
    fn inevitability(&self, trace: &Trace, patience: Patience) -> Result<Inevitability, Fault> {
        if self.effort != Effort::Full {
            return Ok(Inevitability::Undecided);
        }
        let deadline = self.until.decided.min(Instant::now() + patience.judge);
        let limits = Limits { depth: None, deadline: Some(deadline), ..self.limits() };
        inevitability(&self.systems.fine, self.property, trace, &limits, self.cancel)
            .map_err(|source| self.fault(source))
    }

    /// Where a run rests on rules that allow more than the real controllers do: another one on a cluster as small that
    /// does without them, if there is one. Leaving rules out can make up runs, so the replay decides.
    fn without_over_approximation(&self, trace: &Trace, patience: Patience) -> Option<Trace> {
        let fine = &self.systems.fine;
        let is_tagged = |name: &str| fine.rule(name).is_some_and(|rule| rule.over_approximates.is_some());
        if !trace.steps.iter().any(|step| is_tagged(&step.rule)) {
            return None;
        }
        let mut narrowed = self.systems.searched().clone();
        let searched = self.systems.searched();
        narrowed.rules.retain(|rule| {
            rule.over_approximates.is_none() && !searched.fine_names(rule).iter().any(|name| is_tagged(name))
        });
        let limits = Limits {
            nodes: Some(minimise::nodes(fine, trace)),
            pods: Some(minimise::pods(fine, trace)),
            depth: None,
            deadline: Some(self.until.decided.min(Instant::now() + patience.narrow)),
            ..self.limits()
        };
        self.engines.with(Part::Exhaustive).find_map(|engine| {
            let outcome = engine.decide(&narrowed, self.property, &limits, self.cancel).ok()?;
            let Answer::Violated(found) = outcome.answer else { return None };
            self.replayed(engine.name(), &found).ok()
        })
    }

    /// The run on the fine system, step by step.
    fn replayed(&self, engine: &str, trace: &Trace) -> Result<Trace, Fault> {
        let fine = &self.systems.fine;
        let result = match &self.systems.fused {
            None => replay(fine, trace, self.property).map(|()| trace.clone()),
            Some(fused) => replay_expanded(fine, fused, trace, self.property),
        };
        let intent = self.claim().intent.clone();
        result.map_err(|error| Fault::Replay { intent, engine: engine.to_owned(), why: error.to_string() })
    }
}
