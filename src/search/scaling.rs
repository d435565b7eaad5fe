//! The scaling loop of symbolic engines: rounds of growing sizes, so that small violations are found by small queries.

use crate::engines::{Answer, Cancel, Engine, EngineError, Limits, Outcome, Statistics};
use kubound_encodings::system::TransitionSystem;

/// The sizes of one round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Round {
    /// Most nodes; `None`: all that the scenario allows.
    pub nodes: Option<i64>,
    /// Most pods; `None`: all that the scenario allows.
    pub pods: Option<i64>,
    /// Most steps; `None`: until another limit.
    pub depth: Option<usize>,
}

/// The rounds. The last one has no size limit but the scenario's, and `depth` as the user wants it.
pub fn rounds(depth: Option<usize>) -> Vec<Round> {
    let bounded = |steps: usize| Some(depth.map_or(steps, |depth| steps.min(depth)));
    vec![
        Round { nodes: Some(2), pods: Some(4), depth: bounded(12) },
        Round { nodes: Some(1), pods: Some(3), depth: bounded(17) },
        Round { nodes: Some(3), pods: Some(8), depth: bounded(24) },
        Round { nodes: Some(6), pods: Some(12), depth: bounded(24) },
        Round { nodes: None, pods: None, depth },
    ]
}

/// The limits of a round within those of the whole search.
pub fn narrow(limits: &Limits, round: &Round) -> Limits {
    Limits { nodes: round.nodes, pods: round.pods, depth: round.depth, ..*limits }
}

/// Runs the rounds until one finds a violation, or the last one is done. Only the last round may say that there is
/// none, since the others leave runs out.
pub fn grow(
    engine: &dyn Engine,
    system: &TransitionSystem,
    property: usize,
    limits: &Limits,
    cancel: &Cancel,
    mut announce: impl FnMut(&Round),
) -> Result<Outcome, EngineError> {
    let mut spent = Statistics::default();
    let rounds = rounds(limits.depth);
    let last = rounds.len() - 1;
    for (index, round) in rounds.iter().enumerate() {
        announce(round);
        let mut outcome = engine.decide(system, property, &narrow(limits, round), cancel)?;
        spent = add(spent, outcome.statistics);
        let found = matches!(outcome.answer, Answer::Violated(_));
        let late = cancel.is_cancelled() || limits.deadline.is_some_and(|end| std::time::Instant::now() >= end);
        if !found && index < last && late {
            let reason = if cancel.is_cancelled() { "interrupted" } else { "out of time" };
            outcome.answer = Answer::Unknown { reason: format!("{reason} while looking at small clusters") };
        }
        if found || index == last || late {
            return Ok(Outcome { statistics: spent, ..outcome });
        }
    }
    Err(EngineError::Internal("a scaling loop without rounds".into()))
}

/// The cost of two searches one after the other.
fn add(a: Statistics, b: Statistics) -> Statistics {
    Statistics {
        states: a.states + b.states,
        transitions: a.transitions + b.transitions,
        clauses: a.clauses + b.clauses,
        variables: a.variables + b.variables,
        depth: a.depth.max(b.depth),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::testing::{Scripted, tiny};

    #[test]
    fn a_clean_small_round_is_never_the_answer() {
        let (system, property) = tiny();
        let engine = Scripted::new(vec![
            Answer::NoViolationUpTo { depth: 14 },
            Answer::NoViolationUpTo { depth: 18 },
            Answer::NoViolationUpTo { depth: 20 },
            Answer::NoViolationUpTo { depth: 20 },
            Answer::NoViolationUpTo { depth: 20 },
        ]);
        let limits = Limits { depth: Some(20), ..Limits::default() };
        let outcome = grow(&engine, &system, property, &limits, &Cancel::default(), |_| {}).expect("no fault");
        assert_eq!(outcome.answer, Answer::NoViolationUpTo { depth: 20 });
        let asked = engine.asked();
        assert_eq!(
            asked.iter().map(|limits| limits.nodes).collect::<Vec<_>>(),
            [Some(2), Some(1), Some(3), Some(6), None]
        );
        assert!(asked.iter().all(|limits| limits.depth <= Some(20)));
    }

    #[test]
    fn an_interrupt_in_a_small_round_leaves_the_question_open() {
        let (system, property) = tiny();
        let engine = Scripted::new(vec![Answer::NoViolationUpTo { depth: 14 }]);
        let cancel = Cancel::default();
        cancel.cancel();
        let outcome = grow(&engine, &system, property, &Limits::default(), &cancel, |_| {}).expect("no fault");
        assert!(matches!(outcome.answer, Answer::Unknown { .. }));
    }
}
