//! Who is late in a run that no run of controllers that act at once can be: the steps at which something slow comes first
//! although a fast rule could act, and whether what follows from it lasts.

use crate::engines::explicit::Explicit;
use crate::engines::{Answer, Cancel, Engine, EngineError, Limits};
use crate::trace::Trace;
use crate::trace::execute::values;
use kubound_encodings::system::{Claim, Initial, Pace, Role, Rule, TransitionSystem};
use kubound_encodings::term::{Bool, Dag, Int, Sort, Term, TermId, within};

/// A step that came before fast rules that could act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LateStep {
    /// Index of the step.
    pub step: usize,
    /// Who could have acted before it; the one that has been able to for longest comes first.
    pub late: Vec<String>,
}

/// Who has to be late for a violation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Late {
    /// The steps that come too early, never none.
    pub steps: Vec<LateStep>,
    /// Whether the violation stays, however fast everybody is from then on.
    pub lasts: bool,
}

/// The steps of a run that came before fast rules that could act.
pub fn late_steps(system: &TransitionSystem, trace: &Trace) -> Vec<LateStep> {
    let fast: Vec<&Rule> = system.rules.iter().filter(|rule| rule.pace == Pace::Fast).collect();
    let guards: Vec<TermId> = fast.iter().map(|rule| rule.enabled.id()).collect();
    // For each fast rule the state since which it could act.
    let mut since: Vec<Option<usize>> = vec![None; fast.len()];
    let mut found = Vec::new();
    for (index, step) in trace.steps.iter().enumerate() {
        for (since, enabled) in since.iter_mut().zip(values(system, &guards, trace.state(index), &[])) {
            *since = (enabled == 1).then(|| since.unwrap_or(index));
        }
        if system.rule(&step.rule).is_none_or(|rule| rule.pace == Pace::Fast) {
            continue;
        }
        let mut waiting: Vec<(usize, &str)> =
            since.iter().zip(&fast).filter_map(|(since, rule)| Some(((*since)?, rule.actor.as_str()))).collect();
        waiting.sort_by_key(|&(since, _)| since);
        let mut late: Vec<String> = Vec::new();
        for (_, actor) in waiting {
            if !late.iter().any(|known| known == actor) {
                late.push(actor.to_owned());
            }
        }
        if !late.is_empty() {
            found.push(LateStep { step: index, late });
        }
    }
    found
}

/// Whether a violation stays: an endless run does; a bad state does if no run from it that needs no event comes to a state
/// that is as it should be. A claim about the past only is never fixed and says nothing about the cluster.
pub fn lasts(
    system: &TransitionSystem,
    property: usize,
    trace: &Trace,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<bool, EngineError> {
    let Claim::Invariant(holds) = system.properties[property].claim else { return Ok(true) };
    let support = system.dag.support([holds.id()]);
    if support.iter().all(|var| system.vars[var.index()].role == Role::Monitor) {
        return Ok(false);
    }
    let probe = from_state(system, property, trace.state(trace.steps.len()), holds);
    let outcome = Explicit::default().decide(&probe, 0, limits, cancel)?;
    // Where nothing was shown, nobody should rely on its passing.
    Ok(!matches!(outcome.answer, Answer::Violated(_)))
}

/// The system started in one state, without events, with the claim that the condition never holds.
fn from_state(system: &TransitionSystem, property: usize, state: &[i64], holds: Bool) -> TransitionSystem {
    let sorts: Vec<Sort> = system.dag.vars().iter().map(|var| var.sort).collect();
    let ((never, initial), dag): ((Bool, Vec<TermId>), Dag) = within(system.dag.clone(), || {
        let constant = |(sort, &value): (&Sort, &i64)| match sort {
            Sort::Bool => Bool::from(value != 0).id(),
            Sort::Int(_) => Int::from(value).id(),
        };
        (!holds, sorts.iter().zip(state).map(constant).collect())
    });
    let mut probe = TransitionSystem { dag, ..system.clone() };
    for (var, value) in probe.vars.iter_mut().zip(initial) {
        var.initial = Initial::Term(value);
    }
    probe.rules.retain(|rule| rule.pace != Pace::Event);
    probe.constraints.clear();
    // The state need not look the same from every node.
    probe.symmetry.clear();
    probe.properties = vec![system.properties[property].clone()];
    probe.properties[0].claim = Claim::Invariant(never);
    probe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny;
    use crate::trace::Ending;
    use crate::trace::testing::tiny_run;

    #[test]
    fn a_slow_step_is_early_where_a_fast_rule_could_act() {
        let (mut system, _) = tiny();
        let event = Rule { name: "event".into(), actor: "user".into(), pace: Pace::Event, ..system.rules[0].clone() };
        system.rules.push(event);
        let mut run = tiny_run(3, Ending::Bad);
        assert_eq!(late_steps(&system, &run), []);
        run.steps[1].rule = "event".into();
        let late = LateStep { step: 1, late: vec!["default-scheduler".into()] };
        assert_eq!(late_steps(&system, &run), [late]);
    }

    #[test]
    fn a_bad_state_passes_if_a_good_one_comes() {
        let (mut system, property) = tiny();
        let count = system.pods;
        let claim = |system: &mut TransitionSystem, least: i64| {
            let (holds, dag) = within(std::mem::take(&mut system.dag), || Int::from_id(count).at_least(least));
            system.dag = dag;
            system.properties[property].claim = Claim::Invariant(holds);
        };
        let lasts = |system: &TransitionSystem| {
            lasts(system, property, &tiny_run(3, Ending::Bad), &Limits::default(), &Cancel::default())
                .expect("no fault")
        };
        claim(&mut system, 5);
        assert!(!lasts(&system));
        system.rules.clear();
        assert!(lasts(&system));
    }
}
