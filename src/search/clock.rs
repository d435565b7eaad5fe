//! Whether paced timing is a question at all. Time passes, and events happen, only when no fast rule can act. Where fast
//! rules can go on forever, time stops: everything that needs it is left unexplored, and a clean verdict is worth nothing.
//!
//! The claim is that of a property of its own: no fair run ends in a loop all of whose states have an enabled fast rule.
//! Nothing else can fire in such states. Where the explicit engine has looked at every state for some intent and its fast
//! steps form no cycle, that is known already ([`crate::engines::Outcome::rests`]).

use super::Fault;
use super::portfolio::{Contender, race};
use crate::engines::{Answer, Cancel, Engine, Limits};
use crate::engines::{explicit::Explicit, proof::Prover, symbolic::Symbolic};
use crate::trace::replay::replay;
use crate::trace::{Ending, Trace};
use kubound_encodings::system::{Claim, Pace, Property, TransitionSystem};
use kubound_encodings::term::{Bool, any, within};

/// What is known of the clock of a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Clock {
    /// Fast rules always come to rest.
    Runs,
    /// Fast rules can go on forever.
    Stops,
    /// Not decided, for this reason.
    Unknown(String),
}

/// Whether a run ends in a loop of fast rules, in which no time passes.
pub fn stops_it(system: &TransitionSystem, trace: &Trace) -> bool {
    let Ending::Loop { start } = trace.ending else { return false };
    let is_fast = |rule: &str| system.rule(rule).is_some_and(|rule| rule.pace == Pace::Fast);
    trace.steps[start..].iter().all(|step| is_fast(&step.rule))
}

/// The system with the one claim that its clock runs.
pub fn claim(system: &TransitionSystem) -> TransitionSystem {
    let ((within_loop, yes, no), dag) = within(system.dag.clone(), || {
        let fast = system.rules.iter().filter(|rule| rule.pace == Pace::Fast);
        (any(fast.map(|rule| rule.enabled)), Bool::from(true), Bool::from(false))
    });
    let property = Property {
        intent: "the clock runs".into(),
        target: None,
        object: None,
        headline: String::new(),
        claim: Claim::NoFairLoop { within: within_loop, keep: yes, progress: yes, stay: no },
        premise: yes,
        origins: Vec::new(),
    };
    TransitionSystem { dag, properties: vec![property], ..system.clone() }
}

/// Decides whether the clock of a system runs.
pub fn decide(system: &TransitionSystem, limits: &Limits, cancel: &Cancel) -> Result<Clock, Fault> {
    let probe = claim(system);
    let engines: [&dyn Engine; 2] = [&Prover::default(), &Symbolic::default()];
    let fault = |source| Fault::Engine { intent: probe.properties[0].intent.clone(), source };
    let explicit = Explicit::default().decide(&probe, 0, limits, cancel).map_err(fault)?;
    let Answer::Unknown { reason } = explicit.answer else { return judged(&probe, &explicit.answer) };
    let contenders = engines.map(|engine| {
        let probe = &probe;
        Contender::new(engine.name(), move |cancel: &Cancel| engine.decide(probe, 0, limits, cancel))
    });
    let settles = |answer: &Answer| matches!(answer, Answer::Holds { .. } | Answer::Violated(_));
    for (_, outcome) in race(contenders.into(), cancel, settles) {
        let answer = outcome.map_err(fault)?.answer;
        if settles(&answer) {
            return judged(&probe, &answer);
        }
    }
    Ok(Clock::Unknown(reason))
}

fn judged(probe: &TransitionSystem, answer: &Answer) -> Result<Clock, Fault> {
    let Answer::Violated(trace) = answer else { return Ok(Clock::Runs) };
    let intent = || probe.properties[0].intent.clone();
    let shown = replay(probe, trace, 0);
    shown.map_err(|error| Fault::Replay { intent: intent(), engine: "explicit".into(), why: error.to_string() })?;
    Ok(Clock::Stops)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny;
    use crate::trace::testing::tiny_run;
    use kubound_encodings::term::{Int, Term};

    #[test]
    fn only_a_loop_of_fast_rules_stops_the_clock() {
        let (mut system, _) = tiny();
        let stops = |system: &TransitionSystem, ending| stops_it(system, &tiny_run(3, ending));
        assert!(stops(&system, Ending::Loop { start: 1 }));
        assert!(!stops(&system, Ending::Bad));
        system.rules[0].pace = Pace::Periodic;
        assert!(!stops(&system, Ending::Loop { start: 1 }));
    }

    #[test]
    fn a_clock_runs_until_fast_rules_undo_each_other() {
        let decided = |system: &TransitionSystem| decide(system, &Limits::default(), &Cancel::default());
        let (mut system, _) = tiny();
        assert_eq!(decided(&system).expect("no fault"), Clock::Runs);
        let mut undo = system.rules[0].clone();
        let (var, count) = (undo.updates[0].0, system.pods);
        let ((enabled, less), dag) = within(std::mem::take(&mut system.dag), || {
            let count = Int::from_id(count);
            (count.above(0), (count - 1).id())
        });
        system.dag = dag;
        (undo.name, undo.enabled, undo.updates) = ("undo".into(), enabled, vec![(var, less)]);
        system.rules.push(undo);
        assert_eq!(decided(&system).expect("no fault"), Clock::Stops);
        system.rules[1].pace = Pace::Event;
        assert_eq!(decided(&system).expect("no fault"), Clock::Runs);
    }
}
