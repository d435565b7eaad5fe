//! Makes a violation small: fewest nodes, then fewest pods, among runs that are no longer than the one found (an engine
//! that searches to the fixpoint has no such limit). Steps need no round of their own: engines return the
//! shortest run within their limits, and a run that was the shortest within wider limits is so within narrower ones
//! that still contain it.

use super::scaling::add;
use crate::engines::{Answer, Cancel, Engine, EngineError, Limits, Statistics};
use crate::trace::Trace;
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::TermId;
use kubound_encodings::term::eval::{Assignment, evaluate};
use std::cell::Cell;
use std::time::Instant;

/// A violation and whether it is known to be the smallest.
pub struct Smallest {
    /// The run, over the system searched.
    pub trace: Trace,
    /// Whether every smaller size was ruled out, as deep as the engine looked.
    pub proved: bool,
}

/// Most nodes at any moment of a run.
pub fn nodes(system: &TransitionSystem, trace: &Trace) -> i64 {
    most(system, system.nodes, trace)
}

/// Most pods at any moment of a run.
pub fn pods(system: &TransitionSystem, trace: &Trace) -> i64 {
    most(system, system.pods, trace)
}

fn most(system: &TransitionSystem, term: TermId, trace: &Trace) -> i64 {
    let value = |state| evaluate(&system.dag, &[term], Assignment { vars: state, primed: &[], choices: &[] })[0];
    (0..=trace.steps.len()).map(|index| value(trace.state(index))).max().unwrap_or(0)
}

/// What a query for a smaller violation came to.
enum Probe {
    Found(Box<Trace>),
    None,
    GaveUp,
}

/// What to ask whom for smaller violations.
pub struct Task<'a> {
    /// Who searches.
    pub engine: &'a dyn Engine,
    /// Where.
    pub system: &'a TransitionSystem,
    /// For violations of which property.
    pub property: usize,
    /// Tells when to stop.
    pub cancel: &'a Cancel,
    /// What the search has cost so far.
    pub spent: Cell<Statistics>,
}

impl Task<'_> {
    fn probe(&self, limits: &Limits) -> Result<Probe, EngineError> {
        let outcome = self.engine.decide(self.system, self.property, limits, self.cancel)?;
        self.spent.set(add(self.spent.get(), outcome.statistics));
        Ok(match outcome.answer {
            Answer::Violated(trace) => Probe::Found(trace),
            Answer::Holds { .. } => Probe::None,
            Answer::NoViolationUpTo { depth } if depth >= limits.depth.unwrap_or(usize::MAX) => Probe::None,
            Answer::NoViolationUpTo { .. } | Answer::Unknown { .. } => Probe::GaveUp,
        })
    }

    /// Shrinks a violation that the engine found within `limits` (whose deadline bounds the shrinking too).
    pub fn minimise(&self, trace: Trace, limits: &Limits) -> Result<Smallest, EngineError> {
        let (system, probe) = (self.system, |limits: Limits| self.probe(&limits));
        let fewest_nodes =
            shrink(trace, |trace| nodes(system, trace), |size| probe(Limits { nodes: Some(size), ..*limits }))?;
        let size = Some(nodes(system, &fewest_nodes.trace));
        let fewest_pods = shrink(
            fewest_nodes.trace,
            |trace| pods(system, trace),
            |pods| probe(Limits { nodes: size, pods: Some(pods), ..*limits }),
        )?;
        Ok(Smallest { trace: fewest_pods.trace, proved: fewest_nodes.proved && fewest_pods.proved })
    }

    /// The smallest violation instead of one of any size and length, which somebody else found; `None` if the engine finds
    /// none of its size by `soon`. Small sizes are asked about first, as long as `is_smaller` says that a limit leaves less
    /// to search: bisecting would begin with sizes at which nobody comes back.
    pub fn instead_of(
        &self,
        trace: &Trace,
        limits: &Limits,
        soon: Instant,
        is_smaller: impl Fn(&Limits) -> bool,
    ) -> Result<Option<Smallest>, EngineError> {
        let (nodes, pods) = (nodes(self.system, trace), pods(self.system, trace));
        if !is_smaller(&Limits { nodes: Some(nodes - 1), pods: Some(pods - 1), ..*limits }) {
            // The sizes are given: there is nothing to choose.
            return Ok(None);
        }
        let begin = Limits { deadline: Some(limits.deadline.map_or(soon, |end| end.min(soon))), ..*limits };
        let sizes = std::iter::successors(Some(1), |size| Some(size * 2)).take_while(|&size| size < nodes);
        let small = sizes.map(|size| (size, 3 * size)).filter(|&(_, most)| most < pods);
        for (nodes, pods) in small.chain([(nodes, pods)]) {
            match self.probe(&Limits { nodes: Some(nodes), pods: Some(pods), ..begin })? {
                Probe::Found(small) => return self.minimise(*small, limits).map(Some),
                Probe::None => {}
                Probe::GaveUp => break,
            }
        }
        Ok(None)
    }
}

/// Bisects for the smallest measure for which a query still finds a run.
fn shrink(
    mut best: Trace,
    measure: impl Fn(&Trace) -> i64,
    mut query: impl FnMut(i64) -> Result<Probe, EngineError>,
) -> Result<Smallest, EngineError> {
    let mut impossible = -1;
    while measure(&best) - impossible > 1 {
        let middle = impossible + (measure(&best) - impossible) / 2;
        match query(middle)? {
            Probe::Found(trace) if measure(&trace) <= middle => best = *trace,
            Probe::Found(_) => return Err(EngineError::Internal("a run exceeds the size limit of its search".into())),
            Probe::None => impossible = middle,
            Probe::GaveUp => return Ok(Smallest { trace: best, proved: false }),
        }
    }
    Ok(Smallest { trace: best, proved: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::testing::Scripted;
    use crate::testing::tiny;
    use crate::trace::Ending;
    use crate::trace::testing::tiny_run;

    fn run(size: i64) -> Trace {
        Trace { initial: vec![size], steps: Vec::new(), ending: Ending::Bad }
    }

    fn instead(answers: Vec<Answer>, is_smaller: bool) -> (Option<Smallest>, usize) {
        let (system, property) = tiny();
        let engine = Scripted::new(answers);
        let (cancel, spent) = (Cancel::default(), Cell::default());
        let task = Task { engine: &engine, system: &system, property, cancel: &cancel, spent };
        let soon = Instant::now() + std::time::Duration::from_secs(60);
        let found = task.instead_of(&tiny_run(3, Ending::Bad), &Limits::default(), soon, |_| is_smaller);
        (found.expect("no fault"), engine.asked().len())
    }

    #[test]
    fn a_random_run_gives_way_to_the_smallest_that_an_engine_finds() {
        let holds = || Answer::Holds { method: "test", premise_reached: true, proof: Vec::new() };
        let shorter = Answer::Violated(Box::new(tiny_run(2, Ending::Bad)));
        // One probe of its size, then smaller ones by bisection.
        let (found, asked) = instead(vec![shorter, holds(), holds()], true);
        let found = found.expect("a smaller one");
        assert_eq!((found.trace.steps.len(), found.proved, asked), (2, true, 3));
    }

    #[test]
    fn a_random_run_stays_where_no_engine_finds_one() {
        let unknown = Answer::Unknown { reason: "too large".into() };
        let (found, asked) = instead(vec![unknown], true);
        assert_eq!((found.is_none(), asked), (true, 1));
        // Where sizes are given nobody is asked.
        let (found, asked) = instead(Vec::new(), false);
        assert_eq!((found.is_none(), asked), (true, 0));
    }

    #[test]
    fn bisection_finds_the_smallest_size() {
        for smallest in 0..20 {
            let found = shrink(
                run(20),
                |trace| trace.initial[0],
                |size| Ok(if size >= smallest { Probe::Found(Box::new(run(size))) } else { Probe::None }),
            );
            let found = found.expect("no fault");
            assert_eq!((found.trace.initial[0], found.proved), (smallest, true));
        }
    }

    #[test]
    fn giving_up_keeps_the_best_so_far() {
        let found = shrink(
            run(20),
            |trace| trace.initial[0],
            |size| Ok(if size >= 8 { Probe::Found(Box::new(run(size))) } else { Probe::GaveUp }),
        );
        let found = found.expect("no fault");
        assert!(!found.proved);
        assert_eq!(found.trace.initial[0], 9);
    }
}
