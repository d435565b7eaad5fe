//! Sums that come to rest: what loops cannot change, shown rule by rule.
//!
//! A sum of variables is the same in all states of a loop if
//!
//! * every rule that changes it brings it nearer to a value that loops do not change: the pods of a ReplicaSet to what it
//!   wants, what a Deployment asks of a ReplicaSet to its own replicas; or
//! * no loop has steps that increase it beside steps that decrease it: an autoscaler whose load stays does not scale both
//!   up and down.
//!
//! Which sums and values may do is read off the guards of rules. Each question is about one rule, or two, and the few terms
//! that the sum is changed by.

use super::ask::{Question, reads};
use super::excess;
use super::form::{Form, inequalities};
use super::steps::Loops;
use crate::engines::proof::obligations::Obligation;
use crate::limits::proof::{MOST_COUNTS, MOST_PAIRS, TIMERS};
use crate::passes::conjuncts;
use crate::smt::Stop;
use kubound_encodings::subject::ObjectId;
use kubound_encodings::system::{Choice, Role};
use kubound_encodings::term::{Node, Term as _, TermId, VarId};
use std::collections::{BTreeMap, BTreeSet};

/// A sum that no loop changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settled {
    /// The sum, less what it comes nearer to.
    pub form: Form,
    /// What it does.
    pub course: Course,
}

/// What steps of loops do to a sum at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Course {
    /// It comes nearer to 0.
    Nears,
    /// It goes one way.
    OneWay,
    /// What exceeds 0 gets less.
    LessExcess,
}

/// Finds sums that loops cannot change, takes what follows out of the loops, and returns them in their order.
pub fn settle(loops: &mut Loops, obligations: &mut Vec<Obligation>, stop: &Stop) -> Vec<Settled> {
    let mut found = Vec::new();
    let (mut tried, mut directed) = (BTreeSet::new(), BTreeSet::new());
    // Timers that are started again and again come to no rest, and every step of time changes all of them.
    let mut timers: Option<Stop> = None;
    loop {
        let before = found.len();
        for form in candidates(loops) {
            let stop = if is_timer(loops, &form) { timers.get_or_insert_with(|| stop.at_most(TIMERS)) } else { stop };
            // What was not shown may be once fewer rules are left.
            let rules = loops.writers(&form);
            if stop.reason().is_some() || !tried.insert((form.parts.clone(), form.constant, rules.clone())) {
                continue;
            }
            let nears = shows(loops, &form, &rules, obligations, (nears, stop));
            // Constants do not matter to directions.
            let is_new = !nears && directed.insert((form.parts.clone(), rules.clone()));
            if nears || (is_new && shows(loops, &form, &rules, obligations, (goes_one_way, stop))) {
                take_out(loops, &form, obligations, stop);
                found.push(Settled { form, course: if nears { Course::Nears } else { Course::OneWay } });
                continue;
            }
            for form in [Some(form.clone()), form.times(-1)].into_iter().flatten() {
                if excess::exclude(loops, &form, &rules, obligations, stop) {
                    found.push(Settled { form, course: Course::LessExcess });
                }
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

type Argument = fn(&Loops, &Form, &[usize], &Stop) -> Option<Vec<Obligation>>;

fn shows(
    loops: &Loops,
    form: &Form,
    rules: &[usize],
    obligations: &mut Vec<Obligation>,
    (argument, stop): (Argument, &Stop),
) -> bool {
    let shown = if rules.is_empty() { None } else { argument(loops, form, rules, stop) };
    let is_shown = shown.is_some();
    obligations.extend(shown.into_iter().flatten());
    is_shown
}

/// Differences that guards compare with 0, of variables that loops change and values that they do not.
fn candidates(loops: &Loops) -> Vec<Form> {
    let (dag, constant) = (&loops.system.dag, loops.constant());
    let mut found = Vec::new();
    let is_constant = |atom: TermId| reads(dag, atom).is_some_and(|vars| vars.iter().all(|var| constant[var.index()]));
    // What comes to rest may be what a rule waits for that is part of no loop any more, such as the end of a drain.
    let others = (0..loops.alive.len()).filter(|&rule| !loops.alive[rule]);
    for rule in loops.rules().chain(others) {
        for literal in conjuncts(dag, (loops.system.rules[rule].enabled.id(), false)) {
            if reads(dag, literal.0).is_none() {
                continue;
            }
            let literals = if matches!((dag.node(literal.0), literal.1), (Node::Eq(..), true)) {
                (literal.0, false)
            } else {
                literal
            };
            for form in inequalities(dag, literals) {
                let changing = form.parts.keys().filter(|&&atom| !is_constant(atom)).copied().collect::<Vec<_>>();
                let is_counted = |&atom: &TermId| matches!(*dag.node(atom), Node::Var(var) if !loops.is_monitor(var));
                if changing.is_empty() || !changing.iter().all(is_counted) {
                    continue;
                }
                let sign = form.parts[&changing[0]].signum();
                let Some(form) = form.times(sign) else { continue };
                if form.constant == 0 && form.parts.values().all(|&factor| factor > 0) {
                    found.extend(of_each_object(loops, &form));
                }
                // A strict comparison is off by one.
                for by in [0, sign, -sign] {
                    found.push(Form { constant: form.constant.saturating_sub(by), ..form.clone() });
                }
            }
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|form| seen.insert((form.parts.clone(), form.constant)));
    // What few rules change is shown sooner, and makes the rest easier.
    found.sort_by_cached_key(|form| (is_timer(loops, form), loops.writers(form).len()));
    found
}

/// Whether a form speaks of a clock.
fn is_timer(loops: &Loops, form: &Form) -> bool {
    let is_clock = |&atom: &TermId| matches!(*loops.system.dag.node(atom), Node::Var(var) if loops.system.vars[var.index()].role == Role::Clock);
    form.parts.keys().any(is_clock)
}

/// The parts of a sum that somebody waits for to be 0 that belong to one object each: pods of one workload among those of a node. Also without one of
/// their counts: what leaves the others may stay in that one, as pods do that are terminating.
fn of_each_object(loops: &Loops, form: &Form) -> Vec<Form> {
    let dag = &loops.system.dag;
    let mut parts: BTreeMap<Option<ObjectId>, Form> = BTreeMap::new();
    for (&atom, &factor) in form.parts.iter() {
        let Node::Var(var) = *dag.node(atom) else { return Vec::new() };
        let own = parts.entry(dag.vars()[var.index()].subject.object).or_default();
        if own.add_atom(atom, factor).is_none() {
            return Vec::new();
        }
    }
    let parts: Vec<Form> = if parts.len() > 1 { parts.into_values().collect() } else { vec![form.clone()] };
    let without = |form: &Form| {
        let one_less = |(&atom, &factor): (&TermId, &i64)| {
            let mut rest = form.clone();
            rest.add_atom(atom, -factor).map(|()| rest)
        };
        let several = (2..=MOST_COUNTS).contains(&form.parts.len());
        form.parts.iter().filter(|_| several).filter_map(one_less).collect::<Vec<_>>()
    };
    parts.iter().flat_map(|form| [form.clone()].into_iter().chain(without(form))).collect()
}

impl Loops {
    /// What a step of a rule adds to a form over variables and values that loops do not change; `None` if numbers grow
    /// out of bounds.
    pub fn change(&self, rule: usize, form: &Form) -> Option<Form> {
        let mut sum = Form::default();
        for (var, change) in &self.changes[rule] {
            if let Some(&factor) = form.parts.get(&self.vars[var.index()]) {
                sum = sum.plus(&change.times(factor)?)?;
            }
        }
        for choice in &self.system.rules[rule].choices {
            let Choice::Split { parts, total, .. } = choice else { continue };
            let parts: Option<Vec<TermId>> = parts.iter().map(|part| self.choice(*part)).collect();
            let Some(parts) = parts else { continue };
            // What all parts are counted in alike is their sum.
            let factor = parts.first().and_then(|part| sum.parts.get(part)).copied();
            if let Some(factor) = factor.filter(|factor| parts.iter().all(|part| sum.parts.get(part) == Some(factor))) {
                parts.iter().try_for_each(|&part| sum.add_atom(part, -factor))?;
                sum.add(&self.system.dag, *total, factor)?;
            }
        }
        Some(sum)
    }
}

impl Question<'_> {
    /// The absolute value.
    fn distance(&mut self, number: TermId) -> TermId {
        let opposite = self.dag.make(Node::Scale(-1, number));
        self.dag.make(Node::Max(number, opposite))
    }
}

fn name(loops: &Loops, rule: usize, what: &str) -> String {
    format!("{}: {what}", loops.system.rules[rule].name)
}

/// Every step that changes the form brings it nearer to 0.
fn nears(loops: &Loops, form: &Form, rules: &[usize], stop: &Stop) -> Option<Vec<Obligation>> {
    let constant = loops.constant();
    let show = |&rule: &usize| {
        let mut question = Question::new(loops, &constant);
        let (before, after) = question.step(1, rule, form)?;
        let changed = question.dag.make(Node::Eq(before, after));
        let changed = question.not(changed);
        let (before, after) = (question.distance(before), question.distance(after));
        let no_nearer = question.dag.make(Node::Le(before, after));
        question.demand(changed);
        question.demand(no_nearer);
        question.refuted(|| name(loops, rule, "what it changes comes nearer"), stop)
    };
    rules.iter().map(show).collect()
}

/// No two steps of a loop move the form in opposite directions.
fn goes_one_way(loops: &Loops, form: &Form, rules: &[usize], stop: &Stop) -> Option<Vec<Obligation>> {
    let constant = loops.constant();
    let mut shown = Vec::new();
    let one_way = |rule: usize, up: bool| {
        let mut question = Question::new(loops, &constant);
        moves(&mut question, 1, rule, form, up)?;
        question.refuted(|| name(loops, rule, if up { "never up" } else { "never down" }), stop)
    };
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for &rule in rules {
        let (least, most) = loops.facts(rule, &[]).form(&loops.change(rule, form)?);
        for (rising, rises, list) in [(true, least > 0, &mut up), (false, most < 0, &mut down)] {
            match if rises { None } else { one_way(rule, rising) } {
                Some(one) => shown.push(one),
                None => list.push(rule),
            }
        }
        if up.len() * down.len() > MOST_PAIRS {
            return None;
        }
    }
    for (&one, &other) in up.iter().flat_map(|one| down.iter().map(move |other| (one, other))) {
        let mut question = Question::new(loops, &constant);
        moves(&mut question, 1, one, form, true)?;
        moves(&mut question, 2, other, form, false)?;
        let other = &loops.system.rules[other].name;
        shown.push(question.refuted(|| name(loops, one, &format!("up, and {other} down")), stop)?);
    }
    Some(shown)
}

/// Demands that a rule moves a form up, or down.
fn moves(question: &mut Question, number: u8, rule: usize, form: &Form, up: bool) -> Option<()> {
    let (before, after) = question.step(number, rule, form)?;
    let (a, b) = if up { (after, before) } else { (before, after) };
    let stays = question.dag.make(Node::Le(a, b));
    let moves = question.not(stays);
    question.demand(moves);
    Some(())
}

/// Takes the rules out of the loops that always change a form that loops do not change. A variable that the form says stays is
/// changed by no rule.
pub fn take_out(loops: &mut Loops, form: &Form, obligations: &mut Vec<Obligation>, stop: &Stop) {
    let constant = loops.constant();
    for rule in loops.writers(form) {
        let mut question = Question::new(loops, &constant);
        let Some((before, after)) = question.step(1, rule, form) else { continue };
        let stays = question.dag.make(Node::Eq(before, after));
        question.demand(stays);
        if let Some(shown) = question.refuted(|| name(loops, rule, "always changes it"), stop) {
            obligations.push(shown);
            loops.alive[rule] = false;
        }
    }
    let changing: Vec<VarId> = (0..loops.vars.len())
        .filter(|&index| !constant[index] && form.parts.contains_key(&loops.vars[index]))
        .map(|index| VarId(index as u32))
        .collect();
    if let [only] = changing[..] {
        for rule in 0..loops.alive.len() {
            if loops.alive[rule] {
                loops.changes[rule].retain(|(var, _)| *var != only);
                // A step that changes nothing is none.
                loops.alive[rule] = !loops.changes[rule].is_empty();
            }
        }
    }
}
