//! Substitutes constants: variables given a value, and variables that start at a constant and are never updated.
//!
//! What folds to a rule that can never fire is dropped; with it may go the last update of another variable, hence
//! the pass repeats until nothing changes. A variable of a narrower meaning than its range (a pool count fixed to
//! two of six) makes whole controllers vanish, and the rest compiles to a much shorter program.

use super::rebuild::Rebuilder;
use super::relevance::unchanging;
use kubound_encodings::system::{
    Constraint, Initial, Monitor, Property, Role, StateVar, SymmetryClass, TransitionSystem,
};
use kubound_encodings::term::{Node, TermId, VarId};

/// A specialised system.
#[derive(Clone, Debug)]
pub struct Specialised {
    /// The system; fixed variables start at their constant and no term reads them.
    pub system: TransitionSystem,
    /// The value of each fixed variable, by `VarId`.
    pub fixed: Vec<Option<i64>>,
}

/// Substitutes `given` values of frozen variables and everything that follows to be constant.
///
/// Initial states that contradict the given values are excluded: the result starts in the initial states of `system`
/// in which the given variables have the given values.
pub fn specialise(system: &TransitionSystem, given: &[(VarId, i64)]) -> Specialised {
    let mut fixed: Vec<Option<i64>> = vec![None; system.vars.len()];
    for &(var, value) in given {
        fixed[var.index()] = Some(value);
    }
    find_constants(system, &mut fixed);
    let mut current = substitute(system, &fixed);
    loop {
        let before = fixed.iter().flatten().count();
        find_constants(&current, &mut fixed);
        if fixed.iter().flatten().count() == before {
            return Specialised { system: current, fixed };
        }
        current = substitute(&current, &fixed);
    }
}

/// Fixes the variables that nothing updates and that start at a constant.
fn find_constants(system: &TransitionSystem, fixed: &mut [Option<i64>]) {
    let unchanging = unchanging(system);
    for (index, var) in system.vars.iter().enumerate() {
        if !unchanging[index] || var.role == Role::Monitor || fixed[index].is_some() {
            continue;
        }
        fixed[index] = match var.initial {
            Initial::Term(term) => constant(system, term),
            Initial::Free => system.dag.vars()[index].sort.range().constant(),
        };
    }
}

fn constant(system: &TransitionSystem, term: TermId) -> Option<i64> {
    match *system.dag.node(term) {
        Node::Bool(value) => Some(i64::from(value)),
        Node::Int(value) => Some(value),
        // One that is fixed already: its constant is found in the next round.
        _ => None,
    }
}

fn substitute(system: &TransitionSystem, fixed: &[Option<i64>]) -> TransitionSystem {
    let mut copy = Rebuilder::new(&system.dag, &[]);
    copy.fix(fixed);
    let vars = system.vars.iter().enumerate().map(|(index, var)| start(&mut copy, system, fixed, index, var)).collect();
    let mut constraints = contradictions(&mut copy, system, fixed);
    constraints
        .extend(system.constraints.iter().map(|from| Constraint { holds: copy.condition(from.holds), ..from.clone() }));
    let mut rules = Vec::with_capacity(system.rules.len());
    for rule in &system.rules {
        let enabled = copy.condition(rule.enabled);
        let never = copy.graph().make(Node::Bool(false));
        if kubound_encodings::term::Term::id(enabled) != never {
            rules.push(copy.rule(rule));
        }
    }
    let monitors =
        system.monitors.iter().map(|monitor| Monitor { next: copy.term(monitor.next), ..*monitor }).collect();
    let properties = system
        .properties
        .iter()
        .map(|property| Property {
            claim: copy.claim(&property.claim),
            premise: copy.condition(property.premise),
            ..property.clone()
        })
        .collect();
    let symmetry = system
        .symmetry
        .iter()
        .map(|class| SymmetryClass { active: copy.term(class.active), ..class.clone() })
        .collect();
    let (nodes, pods) = (copy.term(system.nodes), copy.term(system.pods));
    TransitionSystem {
        vars,
        constraints,
        rules,
        monitors,
        properties,
        symmetry,
        alike: system.alike.clone(),
        names: system.names.clone(),
        nodes,
        pods,
        fairness: system.fairness.clone(),
        dag: copy.finish(),
    }
}

fn start(
    copy: &mut Rebuilder,
    system: &TransitionSystem,
    fixed: &[Option<i64>],
    index: usize,
    var: &StateVar,
) -> StateVar {
    let initial = match (fixed[index], var.initial) {
        (Some(value), _) => Initial::Term(copy.constant(system.dag.vars()[index].sort, value)),
        (None, Initial::Free) => Initial::Free,
        (None, Initial::Term(term)) => Initial::Term(copy.term(term)),
    };
    StateVar { initial, ..*var }
}

/// A value given to a variable with an initial term restricts the variables that the term reads.
fn contradictions(copy: &mut Rebuilder, system: &TransitionSystem, fixed: &[Option<i64>]) -> Vec<Constraint> {
    let mut found = Vec::new();
    for (index, var) in system.vars.iter().enumerate() {
        let (Some(value), Initial::Term(term)) = (fixed[index], var.initial) else { continue };
        let sort = system.dag.vars()[index].sort;
        let (start, value) = (copy.term(term), copy.constant(sort, value));
        let equal = match sort {
            kubound_encodings::term::Sort::Bool => Node::Iff(start, value),
            kubound_encodings::term::Sort::Int(_) => Node::Eq(start, value),
        };
        let holds = copy.graph().make(equal);
        if !matches!(copy.graph().node(holds), Node::Bool(true)) {
            let text = format!("{} starts at its given value", system.dag.vars()[index].name);
            let holds = kubound_encodings::term::Term::from_id(holds);
            found.push(Constraint { text, holds, is_assumption: false });
        }
    }
    found
}
