//! Whether a violation had to come: with the external events of a run, and no others, does every fair run violate?
//!
//! A system is built in which the events of the run happen in their order with their picks, as things that must
//! happen; a variable counts how many did. Its states reachable from the initial state of the run are searched
//! without symmetry. A fair run that avoids the violation ends in a fair loop, or stays in a state, that is not a
//! violating one; the states from which one can be reached are found backwards. If the initial state is none of
//! them, the violation is inevitable; else the first step is named at which an alternative leads to one.

use super::MOST_STATES;
use super::edge::Edge;
use super::fair::{Filter, fair_components};
use super::model::Model;
use super::search::{End, Search};
use crate::engines::{Cancel, EngineError, Limits};
use crate::limits::Stop;
use crate::passes::{Passes, Rebuilder, Reduced};
use crate::trace::{Step, Trace};
use kubound_encodings::stop::tick;
use kubound_encodings::subject::{Part, Subject};
use kubound_encodings::system::{Claim, FairnessUnit, Initial, Pace, Property, Role, Rule, StateVar, TransitionSystem};
use kubound_encodings::term::{Bool, Node, Range, Sort, Term, TermId, VarDecl, VarId};

/// Whether a violation had to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inevitability {
    /// Every fair run with these events violates the property.
    Inevitable,
    /// Some fair run does not; at this step of the trace another choice leads to one.
    Possible {
        /// Index of the step.
        step: usize,
    },
    /// Could not tell.
    Undecided,
}

/// Decides whether the violation that `trace` shows was inevitable.
pub fn inevitability(
    system: &TransitionSystem,
    property: usize,
    trace: &Trace,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Inevitability, EngineError> {
    let stop = Stop::of(limits, cancel);
    stop.heed(|| judge(system, property, trace, limits, &stop)).unwrap_or(Ok(Inevitability::Undecided))
}

fn judge(
    system: &TransitionSystem,
    property: usize,
    trace: &Trace,
    limits: &Limits,
    stop: &Stop,
) -> Result<Inevitability, EngineError> {
    let scripted = script(system, property, trace);
    let invariant = match scripted.properties[0].claim {
        Claim::Invariant(_) => true,
        Claim::NoFairLoop { .. } => false,
    };
    let system = watched(scripted);
    let Reduced { system: reduced, kept, .. } =
        Reduced::new(&system, 0, Passes { symmetry: false, ..Passes::default() }).sized(&[]);
    // Faults of the model were reported by the search that found the trace.
    let complete = vec![false; reduced.rules.len()];
    let Ok(model) = Model::new(reduced, &kept, &complete, &[], &[]) else {
        return Ok(Inevitability::Undecided);
    };
    let mut search = Search::new(&model, &Limits::default());
    search.everything = true;
    let mut first = vec![0; model.layout.stride];
    let mut initial = trace.initial.clone();
    initial.push(0);
    model.layout.pack_values(&initial, &mut first);
    search.add_initial(&first);
    let most = limits.states.unwrap_or(MOST_STATES);
    let end = search.run(&mut |states| (states > most || stop.reason().is_some()).then(String::new))?;
    if end != End::Fixpoint {
        return Ok(Inevitability::Undecided);
    }
    let avoiding = avoiding(&search, invariant)?;
    if !avoiding[0] {
        return Ok(Inevitability::Inevitable);
    }
    first_alternative(&search, trace, &avoiding)
}

/// The system started at the initial state of the run, with its events as a script.
fn script(system: &TransitionSystem, property: usize, trace: &Trace) -> TransitionSystem {
    let events: Vec<&Step> = trace
        .steps
        .iter()
        .filter(|step| system.rule(&step.rule).is_some_and(|rule| rule.pace == Pace::Event))
        .collect();
    let range = Range::new(0, events.len() as i64 + 1);
    let counter = VarId(system.vars.len() as u32);
    let more = [VarDecl::new("events so far", Sort::Int(range))];
    let mut copy = Rebuilder::new(&system.dag, &more);
    let mut result = TransitionSystem { properties: vec![system.properties[property].clone()], ..system.clone() };
    result.rules = system.rules.iter().filter(|rule| rule.pace != Pace::Event).map(|rule| copy.rule(rule)).collect();
    result.monitors.iter_mut().for_each(|monitor| monitor.next = copy.term(monitor.next));
    result.constraints.clear();
    result.symmetry.clear();
    result.alike.clear();
    for (index, var) in result.vars.iter_mut().enumerate() {
        let sort = system.dag.vars()[index].sort;
        var.initial = Initial::Term(copy.constant(sort, trace.initial[index]));
    }
    let zero = copy.constant(Sort::Int(range), 0);
    result.vars.push(StateVar { role: Role::Budget, initial: Initial::Term(zero) });
    (result.nodes, result.pods) = (zero, zero);
    let Property { claim, premise, .. } = &mut result.properties[0];
    *claim = copy.claim(claim);
    *premise = copy.condition(*premise);
    for (number, step) in events.iter().enumerate() {
        let Some(rule) = system.rule(&step.rule) else { continue };
        let rule = scripted_event(&mut copy, system, rule, step, counter, number as i64);
        let fairness = Some(result.fairness.len());
        let subject = Subject::new("scripted event").with(Part::Number(number as i64));
        let unit = FairnessUnit { name: result.names.unit(&subject), subject, prompt: true };
        result.fairness.push(unit);
        result.rules.push(Rule { fairness, ..rule });
    }
    result.dag = copy.finish();
    result
}

/// The name of the rule that stands for an event of a run.
fn scripted(rule: &str, number: i64) -> String {
    format!("{rule} (event {number})")
}

/// An event that happens with the picks that it had, when it is its turn.
fn scripted_event(
    copy: &mut Rebuilder,
    system: &TransitionSystem,
    rule: &Rule,
    step: &Step,
    counter: VarId,
    number: i64,
) -> Rule {
    copy.forget();
    for &(choice, value) in &step.picks {
        let constant = copy.constant(system.dag.choices()[choice.index()].sort, value);
        copy.replace(&Node::Choice(choice), constant);
    }
    let mut fixed = copy.rule(rule);
    copy.forget();
    let (count, turn) = (copy.var(counter), copy.constant(Sort::Int(Range::point(number)), number));
    let graph = copy.graph();
    let its_turn = graph.make(Node::Eq(count, turn));
    let constraint = fixed.constraint.id();
    // Before and after its turn it waits for nothing; else it would be due forever and no loop idle.
    for guard in [&mut fixed.enabled].into_iter().chain(&mut fixed.waits) {
        let together: Vec<TermId> = vec![guard.id(), constraint, its_turn];
        *guard = Bool::from_id(graph.make(Node::And(together.into())));
    }
    fixed.constraint = Bool::from_id(graph.make(Node::Bool(true)));
    let next = graph.make(Node::Int(number + 1));
    fixed.updates.push((counter, next));
    fixed.choices.clear();
    fixed.name = scripted(&fixed.name, number);
    fixed.subject = fixed.subject.with(Part::Number(number));
    // It cannot be part of a loop, because it counts; being due it is as fair as a controller.
    fixed.pace = Pace::Fast;
    fixed
}

/// An invariant as a claim about loops, so that the search keeps edges: `within` is that it holds.
fn watched(mut system: TransitionSystem) -> TransitionSystem {
    let mut constant = |value| Bool::from_id(system.dag.make(Node::Bool(value)));
    let (yes, no) = (constant(true), constant(false));
    if let Claim::Invariant(holds) = system.properties[0].claim {
        system.properties[0].claim = Claim::NoFairLoop { within: holds, keep: yes, progress: yes, stay: no };
    }
    system
}

/// The states from which a fair run avoids the violation.
fn avoiding(search: &Search, invariant: bool) -> Result<Vec<bool>, EngineError> {
    let count = search.expanded();
    let mut avoiding = vec![false; count];
    let mut registers = search.model.machine.registers();
    for state in 0..count as u32 {
        search.model.layout.unpack(search.row(state), &mut registers);
        search.model.machine.enter(&mut registers);
        let seen = search.model.machine.observe(&mut registers);
        let violates = if invariant { !seen.within } else { seen.within && seen.stay };
        avoiding[state as usize] = search.is_quiet(state) && !violates;
    }
    let passes = |state: u32, edge: Edge| !invariant || (search.within(state) && search.within(edge.target));
    // A fair loop violates unless it leaves `within` or `keep` somewhere, or makes no progress at all.
    mark_fair(search, &passes, &mut avoiding, &|state, edge| invariant || !search.within(state) || !edge.keep());
    if !invariant {
        mark_fair(search, &|_, edge| !edge.progress(), &mut avoiding, &|_, _| true);
    }
    // Backwards, to the states that can reach one.
    let mut changed = true;
    while changed {
        changed = false;
        for state in (0..count as u32).rev() {
            tick(1);
            let reaches = |edge: &Edge| passes(state, *edge) && avoiding[edge.target as usize];
            if !avoiding[state as usize] && search.edges(state).iter().any(reaches) {
                avoiding[state as usize] = true;
                changed = true;
            }
        }
    }
    Ok(avoiding)
}

/// Marks the components with a fair loop that takes some wanted edge.
fn mark_fair(search: &Search, passes: Filter, avoiding: &mut [bool], wanted: Filter) {
    let found = fair_components(search, passes, wanted);
    found.members().iter().flatten().for_each(|&state| avoiding[state as usize] = true);
}

/// The first step of the run with an alternative that leads to a state from which the violation can be avoided.
fn first_alternative(search: &Search, trace: &Trace, avoiding: &[bool]) -> Result<Inevitability, EngineError> {
    let mut events = 0;
    let row_of = |values: &[i64], events: i64| {
        let mut all = values.to_vec();
        all.push(events);
        let mut row = vec![0; search.model.layout.stride];
        search.model.layout.pack_values(&all, &mut row);
        row
    };
    for (index, step) in trace.steps.iter().enumerate() {
        let Some(state) = search.find(&row_of(trace.state(index), events)) else { break };
        let is_event = search.model.system.rules.iter().all(|rule| rule.name != step.rule)
            && search.model.system.rules.iter().any(|rule| rule.name == scripted(&step.rule, events));
        events += i64::from(is_event);
        let next = search.find(&row_of(&step.state, events));
        let elsewhere = |edge: &Edge| Some(edge.target) != next && avoiding[edge.target as usize];
        if search.edges(state).iter().any(elsewhere) || (search.is_quiet(state) && avoiding[state as usize]) {
            return Ok(Inevitability::Possible { step: index });
        }
    }
    Ok(Inevitability::Possible { step: trace.steps.len().saturating_sub(1) })
}
