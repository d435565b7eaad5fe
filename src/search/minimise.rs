//! Makes a violation small: fewest nodes, then fewest pods, among runs that are no longer than the one found (an engine
//! that searches to the fixpoint has no such limit). Steps need no round of their own: engines return the
//! shortest run within their limits, and a run that was the shortest within wider limits is so within narrower ones
//! that still contain it.

use crate::engines::{Answer, Cancel, Engine, EngineError, Limits};
use crate::trace::Trace;
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::TermId;
use kubound_encodings::term::eval::{Assignment, evaluate};

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

/// Shrinks a violation that `engine` found within `limits` (whose deadline bounds the shrinking too).
pub fn minimise(
    engine: &dyn Engine,
    system: &TransitionSystem,
    property: usize,
    trace: Trace,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Smallest, EngineError> {
    let probe = |limits: Limits| -> Result<Probe, EngineError> {
        Ok(match engine.decide(system, property, &limits, cancel)?.answer {
            Answer::Violated(trace) => Probe::Found(trace),
            Answer::Holds { .. } => Probe::None,
            Answer::NoViolationUpTo { depth } if depth >= limits.depth.unwrap_or(usize::MAX) => Probe::None,
            Answer::NoViolationUpTo { .. } | Answer::Unknown { .. } => Probe::GaveUp,
        })
    };
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
    use crate::trace::Ending;

    fn run(size: i64) -> Trace {
        Trace { initial: vec![size], steps: Vec::new(), ending: Ending::Bad }
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
