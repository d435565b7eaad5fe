//! From a model of the solver to a run of the system.
//!
//! Of the model only the initial state, the rules that fire and their picks are used; every state after that is
//! computed by executing the rules on the evaluator, variables that the unrolling left out included. Whatever does
//! not fit then (a rule that is not enabled, a pick outside its bounds) is a fault of ours and is reported as such,
//! and an update outside its range is the fault of the model that the engine was looking for.

use crate::engines::EngineError;
use crate::smt::unroll::Unrolling;
use crate::trace::{Ending, Step, Trace};
use kubound_encodings::system::{Choice, Rule, TransitionSystem};
use kubound_encodings::term::eval::{Assignment, evaluate};
use kubound_encodings::term::{ChoiceId, Node, Term, TermId, VarId};

/// The run that the last model of the unrolling's solver describes.
pub fn extract(unrolling: &Unrolling, ending: Ending) -> Result<Trace, EngineError> {
    let system = unrolling.system;
    let model = Model::read(unrolling);
    let initial: Vec<i64> = (0..system.vars.len())
        .map(|index| unrolling.variable(0, VarId(index as u32)).map_or(0, |term| model.value(term)))
        .collect();
    for (index, value) in initial.iter().enumerate() {
        check_range(system, "of the initial state", VarId(index as u32), *value)?;
    }
    let mut trace = Trace { initial, steps: Vec::new(), ending };
    for step in 0..unrolling.depth() {
        let fires = |rule: &usize| model.value(unrolling.fires(step, *rule)) == 1;
        let Some(rule) = (0..system.rules.len()).find(fires) else {
            return Err(EngineError::Internal(format!("no rule fires in step {step} of the model")));
        };
        let rule = &system.rules[rule];
        let mut picks: Vec<(ChoiceId, i64)> = rule
            .choices
            .iter()
            .flat_map(|choice| choice.ids())
            .map(|&choice| (choice, unrolling.pick(step, choice).map_or(0, |term| model.value(term))))
            .collect();
        picks.sort_unstable();
        let state = execute(system, rule, &picks, trace.state(step))?;
        trace.steps.push(Step { rule: rule.name.clone(), picks, state });
    }
    Ok(trace)
}

/// Values of all terms of the unrolled graph.
pub struct Model(Vec<i64>);

impl Model {
    /// The last model of the unrolling's solver.
    pub fn read(unrolling: &Unrolling) -> Self {
        let dag = &unrolling.dag;
        let vars: Vec<i64> =
            (0..dag.vars().len()).map(|index| unrolling.view.value(dag, VarId(index as u32))).collect();
        let terms: Vec<TermId> = (0..dag.len() as u32).map(TermId).collect();
        debug_assert!(terms.iter().all(|&term| !matches!(dag.node(term), Node::Primed(_) | Node::Choice(_))));
        Self(evaluate(dag, &terms, Assignment { vars: &vars, primed: &[], choices: &[] }))
    }

    /// The value of a term.
    pub fn value(&self, term: TermId) -> i64 {
        self.0[term.index()]
    }
}

fn check_range(system: &TransitionSystem, rule: &str, var: VarId, value: i64) -> Result<(), EngineError> {
    let decl = &system.dag.vars()[var.index()];
    if decl.sort.range().contains(value) {
        return Ok(());
    }
    Err(EngineError::OutOfRange { rule: rule.to_owned(), var: decl.name.clone(), value })
}

/// The state after `rule` fires with `picks` in `state`, every precondition checked.
pub fn execute(
    system: &TransitionSystem,
    rule: &Rule,
    picks: &[(ChoiceId, i64)],
    state: &[i64],
) -> Result<Vec<i64>, EngineError> {
    let mut choices: Vec<i64> = system.dag.choices().iter().map(|choice| choice.sort.range().lo).collect();
    picks.iter().for_each(|&(choice, value)| choices[choice.index()] = value);
    let before = Assignment { vars: state, primed: &[], choices: &choices };
    let mut roots = vec![rule.enabled.id(), rule.constraint.id()];
    roots.extend(rule.updates.iter().map(|&(_, term)| term));
    let values = evaluate(&system.dag, &roots, before);
    if values[..2] != [1, 1] || !rule.choices.iter().all(|choice| allowed(system, choice, before)) {
        return Err(EngineError::Internal(format!("rule {} fires in the model where it must not", rule.name)));
    }
    let mut next = state.to_vec();
    for (&(var, _), &value) in rule.updates.iter().zip(&values[2..]) {
        check_range(system, &rule.name, var, value)?;
        next[var.index()] = value;
    }
    for monitor in &system.monitors {
        let value = evaluate(&system.dag, &[monitor.next], Assignment { vars: state, primed: &next, choices: &[] })[0];
        check_range(system, &rule.name, monitor.var, value)?;
        next[monitor.var.index()] = value;
    }
    Ok(next)
}

fn allowed(system: &TransitionSystem, choice: &Choice, before: Assignment) -> bool {
    let value = |term: TermId| evaluate(&system.dag, &[term], before)[0];
    let picked = |id: ChoiceId| before.choices[id.index()];
    let in_range = |id: &ChoiceId| system.dag.choices()[id.index()].sort.range().contains(picked(*id));
    choice.ids().iter().all(in_range)
        && match choice {
            Choice::Value(_) => true,
            Choice::Split { parts, low, high, total } => {
                let bounded = |(&part, (&low, &high)): (&ChoiceId, (&TermId, &TermId))| {
                    value(low) <= picked(part) && picked(part) <= value(high)
                };
                parts.iter().zip(low.iter().zip(high)).all(bounded)
                    && parts.iter().map(|&part| picked(part)).sum::<i64>() == value(*total)
            }
        }
}

/// The value of a boolean term of the system in a state of the trace, or of a step into the next one.
pub fn holds(system: &TransitionSystem, trace: &Trace, at: usize, term: TermId) -> bool {
    let primed = if at < trace.steps.len() { trace.state(at + 1) } else { &[] };
    evaluate(&system.dag, &[term], Assignment { vars: trace.state(at), primed, choices: &[] })[0] == 1
}
