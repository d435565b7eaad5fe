//! States in which nobody acts: no rule is enabled of the units that no loop lets act.
//!
//! A rule that waits for fast ones says so in its guard: none of them can act. Where nobody acts that is so anyway, and what
//! is left of the guard is refused like all others.

use super::best::guards;
use super::form::each_term;
use super::rest::Rest;
use super::steps::Loops;
use crate::limits::proof::MOST_WAYS;
use crate::passes::{Literal, conjuncts};
use kubound_encodings::system::Unit;
use kubound_encodings::term::{Dag, Node, TermId, VarId};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The units of which no rule is part of a loop.
#[derive(Debug)]
pub struct Idle {
    units: Vec<IdleUnit>,
}

/// A unit: what it changes, and guards one of which holds where a rule of it can act.
#[derive(Debug)]
struct IdleUnit {
    changed: BTreeSet<VarId>,
    guards: Vec<Vec<Literal>>,
}

impl Idle {
    /// Those of a system.
    pub fn new(loops: &Loops) -> Self {
        let (system, constant) = (&loops.system, loops.constant());
        let stays = |&(term, _): &Literal| {
            each_term(&system.dag, term, |node| match node {
                Node::Var(var) | Node::Primed(var) => constant[var.index()],
                _ => true,
            })
        };
        let idle = system.fairness_units().into_iter().filter(|unit| !unit.rules.iter().any(|&rule| loops.alive[rule]));
        let idle: Vec<Unit> = idle.collect();
        let guards_of = |unit: &Unit, waits: bool| {
            let of = |rule: &&usize| system.rules[**rule].waits.is_some() == waits;
            let mut found = guards(system, &unit.rules.iter().filter(of).copied().collect::<Vec<_>>());
            found.retain(|guard| guard.iter().all(stays));
            found
        };
        let at_once: Vec<Vec<Vec<Literal>>> = idle.iter().map(|unit| guards_of(unit, false)).collect();
        let prompt = Prompt::new(&system.dag, at_once.iter().flatten());
        let unit = |(unit, mut guards): (&Unit, Vec<Vec<Literal>>)| {
            let late = guards_of(unit, true).into_iter();
            guards.extend(late.map(|guard| guard.into_iter().filter(|&one| !prompt.acts_unless(one)).collect()));
            let changed = unit.rules.iter().flat_map(|&rule| &system.rules[rule].updates);
            IdleUnit { changed: changed.map(|(var, _)| *var).collect(), guards }
        };
        let units = idle.iter().zip(at_once).map(unit).collect();
        Self { units }
    }

    /// Guards that ask for a condition, without it. Where the condition holds and nobody acts, something else in each of them
    /// does not.
    pub fn asking_for(&self, condition: Literal) -> impl Iterator<Item = Vec<Literal>> + '_ {
        let guards = self.units.iter().flat_map(|unit| &unit.guards).filter(move |guard| guard.contains(&condition));
        guards.map(move |guard| guard.iter().copied().filter(|&one| one != condition).collect())
    }

    /// All guards, none of which holds where nobody acts.
    pub fn guards(&self) -> impl Iterator<Item = &[Literal]> {
        self.units.iter().flat_map(|unit| &unit.guards).map(Vec::as_slice)
    }

    /// Demands that nobody acts, of all units or of those that change one of some variables.
    pub fn demand(&self, rest: &mut Rest, about: Option<&[VarId]>) {
        let is_about = |unit: &&IdleUnit| about.is_none_or(|about| about.iter().any(|var| unit.changed.contains(var)));
        for unit in self.units.iter().filter(is_about) {
            rest.nobody(unit.guards.iter().cloned());
        }
    }
}

/// Guards of rules that do not wait.
struct Prompt<'a> {
    dag: &'a Dag,
    guards: BTreeMap<Literal, Vec<BTreeSet<Literal>>>,
    known: RefCell<BTreeMap<TermId, bool>>,
}

impl<'a> Prompt<'a> {
    fn new<'g>(dag: &'a Dag, all: impl Iterator<Item = &'g Vec<Literal>>) -> Self {
        let mut guards: BTreeMap<Literal, Vec<BTreeSet<Literal>>> = BTreeMap::new();
        for guard in all {
            let guard: BTreeSet<Literal> = guard.iter().copied().collect();
            if let Some(&first) = guard.first() {
                guards.entry(first).or_default().push(guard);
            }
        }
        Self { dag, guards, known: RefCell::default() }
    }

    /// Whether one of the guards holds wherever a literal does not: the literal says that somebody cannot act.
    fn acts_unless(&self, (term, negated): Literal) -> bool {
        if !negated {
            return false;
        }
        if let Some(&known) = self.known.borrow().get(&term) {
            return known;
        }
        let acts = self.acts(conjuncts(self.dag, (term, false)).into_iter().collect(), MOST_WAYS);
        self.known.borrow_mut().insert(term, acts);
        acts
    }

    /// Whether one of the guards holds wherever all of some literals do; alternatives among them are looked at one by one.
    fn acts(&self, literals: BTreeSet<Literal>, depth: usize) -> bool {
        let of = literals.iter().filter_map(|literal| self.guards.get(literal)).flatten();
        if of.into_iter().any(|guard| guard.is_subset(&literals)) {
            return true;
        }
        let alternatives = |&(term, negated): &Literal| match (self.dag.node(term), negated) {
            (Node::Or(list), false) | (Node::And(list), true) => Some((list.clone(), negated)),
            _ => None,
        };
        let Some((chosen, (list, negated))) = literals.iter().find_map(|one| Some((*one, alternatives(one)?))) else {
            return false;
        };
        let Some(depth) = depth.checked_sub(1) else { return false };
        list.iter().all(|&one| {
            let mut case = literals.clone();
            case.remove(&chosen);
            case.extend(conjuncts(self.dag, (one, negated)));
            self.acts(case, depth)
        })
    }
}
