//! A few variables by themselves, with whatever the rest of the cluster may do to them: all their states are walked.
//!
//! What an autoscaler asks for depends on a metric, on the pods of its own target and on what it remembers. No weight tells
//! that it comes to rest; that in no run, whatever other pods and nodes do, it asks for more and for less again and again is
//! seen by looking at all states of these few. So is what it may never do. How large the rest of the cluster is does not
//! matter.

use super::steps::Loops;
use crate::engines::explicit::Explicit;
use crate::engines::{Answer, Engine, Limits};
use crate::limits::Stop;
use crate::limits::proof::{MOST_SEEN, ONE_COMPONENT, STATES_OF_COMPONENT};
use crate::passes::projected;
use kubound_encodings::system::{Choice, Claim, Pace, Property, Role, Rule, TransitionSystem};
use kubound_encodings::term::{Bool, Int, Sort, Term, TermId, VarId, differ, primed, variable};
use std::collections::BTreeSet;

/// How reports call proofs by such a search alone.
pub const METHOD: &str = "search of a component";

/// A claim that holds of a few variables by themselves.
#[derive(Debug)]
pub struct Component {
    /// What it is about, the first of them.
    pub var: VarId,
    /// The variables looked at that change.
    pub seen: Vec<VarId>,
    /// How many states they have.
    pub states: u64,
    /// The system of these variables, with the claim.
    alone: Box<TransitionSystem>,
}

impl Component {
    /// One in which the claim holds, as far as a search tells.
    fn search(var: VarId, kept: &[bool], alone: TransitionSystem, stop: &Stop) -> Option<Self> {
        let states = states(&Explicit::default(), &alone, &stop.at_most(ONE_COMPONENT));
        let name = &alone.dag.vars()[var.index()].name;
        log::info!("effects: {name} by itself: {} rules, {states:?} states", alone.rules.len());
        let states = states?;
        Some(Self { var, seen: changing(&alone, kept), states, alone: Box::new(alone) })
    }

    /// Whether the claim holds as well in a search that takes no two states for the same and leaves out no order.
    pub fn holds_again(&self, stop: &Stop) -> bool {
        let plain = Explicit { symmetry: false, partial_order: false, ..Explicit::default() };
        states(&plain, &self.alone, stop).is_some()
    }
}

/// Variables of objects that rules change once a period, and that change in no loop, seen by themselves.
pub fn resting(loops: &Loops, stop: &Stop) -> Vec<Component> {
    let (system, constant) = (&loops.system, loops.constant());
    let is_asked = |&var: &VarId| {
        let is_state = system.vars[var.index()].role == Role::Cluster && !constant[var.index()];
        is_state && is_of_object(system, var) && writers(system, var).any(|rule| rule.pace == Pace::Periodic)
    };
    (0..system.vars.len() as u32).map(VarId).filter(is_asked).filter_map(|var| rests(loops, var, stop)).collect()
}

fn rests(loops: &Loops, var: VarId, stop: &Stop) -> Option<Component> {
    let system = &loops.system;
    let kept = around(system, [var])?;
    let changes = || {
        let yes = Bool::from(true);
        let changes = differ(next(system, var), variable(var));
        Property::of_nobody(Claim::NoFairLoop { within: yes, keep: yes, progress: changes, stay: false.into() })
    };
    let mut alone = projected(system, &kept, changes);
    // What is part of no loop may happen before one.
    let of_loops: BTreeSet<&str> = loops.rules().map(|rule| &*system.rules[rule].name).collect();
    for rule in alone.rules.iter_mut().filter(|rule| !of_loops.contains(&*rule.name)) {
        rule.pace = Pace::Event;
    }
    Component::search(var, &kept, alone, stop)
}

/// An invariant of a few variables by themselves.
pub fn keeps(system: &TransitionSystem, property: usize, stop: &Stop) -> Option<Component> {
    let claim = system.properties[property].claim;
    let roots = system.dag.support(claim.terms());
    let &var = roots.first()?;
    let kept = around(system, roots)?;
    Component::search(var, &kept, projected(system, &kept, || Property::of_nobody(claim)), stop)
}

/// The number of states, if the claim of a system holds in all runs.
fn states(engine: &Explicit, alone: &TransitionSystem, stop: &Stop) -> Option<u64> {
    let limits = Limits { states: Some(STATES_OF_COMPONENT), deadline: stop.deadline, ..Limits::default() };
    // What is seen of a split may not add up in states that the system never comes to; then nothing is known.
    let outcome = engine.decide(alone, 0, &limits, &stop.cancel).ok()?;
    matches!(outcome.answer, Answer::Holds { .. }).then_some(outcome.statistics.states)
}

/// The value of a variable after a step.
fn next(system: &TransitionSystem, var: VarId) -> TermId {
    match system.dag.vars()[var.index()].sort {
        Sort::Bool => primed::<Bool>(var).id(),
        Sort::Int(_) => primed::<Int>(var).id(),
    }
}

fn writers(system: &TransitionSystem, var: VarId) -> impl Iterator<Item = &Rule> {
    system.rules.iter().filter(move |rule| rule.updates.iter().any(|(one, _)| *one == var))
}

fn is_of_object(system: &TransitionSystem, var: VarId) -> bool {
    let subject = &system.dag.vars()[var.index()].subject;
    subject.object.is_some() && subject.slot.is_none()
}

/// Some variables, those that the monitors among them read, and what decides about steps that change them: by `VarId`. `None`
/// if they are too many.
fn around(system: &TransitionSystem, roots: impl IntoIterator<Item = VarId>) -> Option<Vec<bool>> {
    let mut kept = vec![false; system.vars.len()];
    let mut left: Vec<VarId> = roots.into_iter().collect();
    let mut own = Vec::new();
    while let Some(var) = left.pop() {
        if !std::mem::replace(&mut kept[var.index()], true) {
            own.push(var);
            let computed = system.monitors.iter().filter(|monitor| monitor.var == var);
            left.extend(system.dag.support(computed.map(|monitor| monitor.next)));
        }
    }
    let mut terms: Vec<TermId> = system.symmetry.iter().map(|class| class.active).collect();
    for var in own.into_iter().filter(|&var| is_of_object(system, var)) {
        for rule in writers(system, var) {
            terms.extend([rule.due().id(), rule.constraint.id()]);
            terms.extend(rule.updates.iter().filter(|(one, _)| *one == var).map(|(_, term)| *term));
        }
    }
    system.dag.support(terms).iter().for_each(|var| kept[var.index()] = true);
    // Without what a split adds up to, its parts would be anything.
    let changes = |rule: &&Rule| rule.updates.iter().any(|(var, _)| kept[var.index()]);
    let splits = system.rules.iter().filter(changes).flat_map(|rule| &rule.choices).flat_map(|choice| match choice {
        Choice::Split { low, high, total, .. } => [&low[..], &high[..], std::slice::from_ref(total)].concat(),
        Choice::Value(_) => Vec::new(),
    });
    system.dag.support(splits).iter().for_each(|var| kept[var.index()] = true);
    (changing(system, &kept).len() <= MOST_SEEN).then_some(kept)
}

/// The kept variables that are not frozen.
fn changing(system: &TransitionSystem, kept: &[bool]) -> Vec<VarId> {
    let vars = (0..kept.len() as u32).map(VarId);
    vars.filter(|var| kept[var.index()] && system.vars[var.index()].role != Role::Frozen).collect()
}
