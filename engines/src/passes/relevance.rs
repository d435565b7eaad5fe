//! What depends on what: the one fixpoint behind slices, unrollings, proofs and comparisons of states.

use kubound_encodings::system::{Choice, Initial, TransitionSystem};
use kubound_encodings::term::{Term, TermId, VarId};

/// Where values come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Through {
    /// Steps: updates of rules and monitors.
    Steps,
    /// Steps and initial values.
    StepsAndStarts,
}

/// Guards, constraints and bounds of choices. They decide what can happen and what has to, so nothing may lose them.
pub fn conditions(system: &TransitionSystem) -> Vec<TermId> {
    let mut terms = Vec::new();
    for rule in &system.rules {
        terms.extend([rule.enabled.id(), rule.due().id(), rule.constraint.id()]);
        for choice in &rule.choices {
            if let Choice::Split { low, high, total, .. } = choice {
                terms.extend(low.iter().chain(high).chain([total]));
            }
        }
    }
    terms
}

/// Marks the variables (by `VarId`) that the conditions of rules or one of `roots` depend on, at any distance.
pub fn dependencies(system: &TransitionSystem, roots: &[TermId], through: Through) -> Vec<bool> {
    let mut sources: Vec<Vec<TermId>> = vec![Vec::new(); system.vars.len()];
    let updates = system.rules.iter().flat_map(|rule| rule.updates.iter().copied());
    for (var, term) in updates.chain(system.monitors.iter().map(|monitor| (monitor.var, monitor.next))) {
        sources[var.index()].push(term);
    }
    for (index, var) in system.vars.iter().enumerate() {
        if let (Initial::Term(term), Through::StepsAndStarts) = (var.initial, through) {
            sources[index].push(term);
        }
    }
    let mut relevant = vec![false; system.vars.len()];
    let mut terms: Vec<TermId> = roots.iter().copied().chain(conditions(system)).collect();
    while !terms.is_empty() {
        for var in system.dag.support(std::mem::take(&mut terms)) {
            if !std::mem::replace(&mut relevant[var.index()], true) {
                terms.append(&mut sources[var.index()]);
            }
        }
    }
    relevant
}

/// Marks the variables (by `VarId`) that no rule and no monitor ever changes.
pub fn unchanging(system: &TransitionSystem) -> Vec<bool> {
    let mut unchanging = vec![true; system.vars.len()];
    let updated = system.rules.iter().flat_map(|rule| rule.updates.iter().map(|&(var, _)| var));
    for var in updated.chain(system.monitors.iter().map(|monitor| monitor.var)) {
        unchanging[var.index()] = false;
    }
    unchanging
}

/// The variables on which states are compared: those of `relevant` that something changes.
pub fn compared(system: &TransitionSystem, relevant: &[bool]) -> Vec<VarId> {
    let unchanging = unchanging(system);
    (0..system.vars.len())
        .filter(|&index| relevant[index] && !unchanging[index])
        .map(|index| VarId(index as u32))
        .collect()
}
