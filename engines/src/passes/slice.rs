//! The cone of influence of a property.
//!
//! A variable matters if the claim or the premise of the property, a guard, a constraint or a bound of a choice, or
//! the measures of size read it; if the next value of a variable that matters reads it; or if the initial value of
//! one does. All else is bookkeeping for other properties: dropping it leaves a system whose runs are those of the
//! given one, seen through the variables that matter. Guards are never dropped, because fairness depends on them.

use super::relevance::{Through, dependencies};
use kubound_encodings::system::{Role, TransitionSystem};
use kubound_encodings::term::Term;

/// A sliced system.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The system with the one property, which has index 0.
    pub system: TransitionSystem,
    /// Which variables matter, by `VarId`. The others keep their initial values in the sliced system.
    pub relevant: Vec<bool>,
    /// For each rule whether all its updates were kept.
    pub complete: Vec<bool>,
    /// Names of the variables left out, for reports.
    pub left_out: Vec<String>,
}

impl Slice {
    /// Everything, as if all of it mattered.
    pub fn whole(system: &TransitionSystem, property: usize) -> Self {
        Self {
            system: TransitionSystem { properties: vec![system.properties[property].clone()], ..system.clone() },
            relevant: vec![true; system.vars.len()],
            complete: vec![true; system.rules.len()],
            left_out: Vec::new(),
        }
    }
}

/// Which variables matter to a property, by `VarId`.
pub fn relevant(system: &TransitionSystem, property: usize) -> Vec<bool> {
    let mut roots = vec![system.nodes, system.pods];
    roots.extend(system.properties[property].claim.terms());
    roots.push(system.properties[property].premise.id());
    roots.extend(system.symmetry.iter().map(|class| class.active));
    dependencies(system, &roots, Through::StepsAndStarts)
}

/// Drops what a property cannot see.
pub fn slice(system: &TransitionSystem, property: usize) -> Slice {
    let relevant = relevant(system, property);
    let mut sliced = system.clone();
    let mut complete = Vec::with_capacity(system.rules.len());
    for rule in &mut sliced.rules {
        let before = rule.updates.len();
        rule.writes.clear();
        rule.updates.retain(|(var, _)| relevant[var.index()]);
        complete.push(rule.updates.len() == before);
    }
    sliced.monitors.retain(|monitor| relevant[monitor.var.index()]);
    sliced.properties = vec![system.properties[property].clone()];
    let left_out = (0..system.vars.len())
        .filter(|&index| !relevant[index] && system.vars[index].role != Role::Frozen)
        .map(|index| system.dag.vars()[index].name.clone())
        .collect();
    Slice { system: sliced, relevant, complete, left_out }
}
