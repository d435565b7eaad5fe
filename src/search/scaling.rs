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

/// Nodes, pods and steps of the rounds before the last. A query grows steeply with all three, so the first rounds are
/// small and shallow, deeper ones come back to small sizes, and many nodes come last.
const SIZES: [(i64, i64, usize); 7] =
    [(1, 2, 12), (2, 4, 8), (3, 6, 10), (1, 3, 17), (2, 5, 24), (3, 8, 24), (6, 12, 24)];

/// The rounds. The last one has no size limit but the scenario's, and `depth` as the user wants it.
pub fn rounds(depth: Option<usize>) -> Vec<Round> {
    let small = SIZES.iter().map(|&(nodes, pods, steps)| Round {
        nodes: Some(nodes),
        pods: Some(pods),
        depth: Some(depth.map_or(steps, |depth| steps.min(depth))),
    });
    small.chain([Round { nodes: None, pods: None, depth }]).collect()
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
pub fn add(a: Statistics, b: Statistics) -> Statistics {
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
    use crate::search::testing::Scripted;
    use crate::testing::tiny;

    #[test]
    fn a_clean_small_round_is_never_the_answer() {
        let (system, property) = tiny();
        let answers =
            rounds(Some(20)).into_iter().map(|round| Answer::NoViolationUpTo { depth: round.depth.unwrap_or(0) });
        let engine = Scripted::new(answers.collect());
        let limits = Limits { depth: Some(20), ..Limits::default() };
        let outcome = grow(&engine, &system, property, &limits, &Cancel::default(), |_| {}).expect("no fault");
        assert_eq!(outcome.answer, Answer::NoViolationUpTo { depth: 20 });
        let asked = engine.asked();
        assert_eq!(asked.len(), SIZES.len() + 1);
        assert_eq!(asked.last().map(|limits| (limits.nodes, limits.pods)), Some((None, None)));
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
