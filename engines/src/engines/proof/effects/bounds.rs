//! Sums that never exceed a bound, in any reachable state: the pods of a ReplicaSet those that it may want.

use super::ask::{Question, reads};
use super::form::{Facts, Form, inequalities};
use super::steps::Loops;
use super::together;
use crate::engines::proof::obligations::Obligation;
use crate::limits::proof::MOST_WRITERS;
use crate::passes::conjuncts;
use crate::smt::Stop;
use kubound_encodings::system::{Initial, TransitionSystem};
use kubound_encodings::term::{Node, Range, Term, TermId, VarId};
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Forms over variables that are at most 0 in every reachable state.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// The forms.
    pub below: Vec<Form>,
    /// Forms that many rules may increase, to be tried where somebody needs them.
    later: Vec<Form>,
    /// Those of them that say what is 0 where something that stays is not there.
    absences: BTreeMap<TermId, Vec<Absence>>,
}

/// A count is 0 where something that stays, such as a node that there may be, is not there.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Absence {
    /// At most 0 where it is there, else 1.
    absent: Form,
    /// What is at most 0 therefore: the count, unless it is there.
    bound: Form,
}

impl Bounds {
    /// Those that guards suggest. `every` has all rules, events among them.
    pub fn new(every: &Loops, obligations: &mut Vec<Obligation>, stop: &Stop) -> Self {
        let mut found = Self::default();
        for index in 0..every.vars.len() {
            if let Some((form, mut shown)) = never_rises(every, VarId(index as u32), stop) {
                found.below.push(form);
                obligations.append(&mut shown);
            }
        }
        // Few rules increase a sum of all pods of a kind; of those on a node each binding does.
        let few = |form: &Form| every.writers(form).len() <= MOST_WRITERS;
        let Candidates { bounds, relations } = candidates(every);
        let (now, later): (Vec<Form>, Vec<Form>) = bounds.into_iter().partition(few);
        found.later = later.into_iter().chain(relations).collect();
        together::candidates(every)
            .into_iter()
            .chain(now)
            .for_each(|form| found.try_one(every, form, obligations, stop));
        while found.absences(every, obligations, stop) {}
        found
    }

    /// One more round of counts that are 0 where something is not there; whether there were new ones.
    fn absences(&mut self, every: &Loops, obligations: &mut Vec<Obligation>, stop: &Stop) -> bool {
        let before = self.below.len();
        for (atom, absence) in absences(every, self) {
            let shown = self.below.len();
            if every.writers(&absence.bound).len() > MOST_WRITERS {
                if !self.later.contains(&absence.bound) {
                    self.later.push(absence.bound);
                }
                continue;
            }
            self.try_one(every, absence.bound.clone(), obligations, stop);
            if self.below.len() > shown {
                self.absences.entry(atom).or_default().push(absence);
            }
        }
        self.below.len() > before
    }

    /// What must be there for a rule to be enabled, as far as counts say so that its guard asks for.
    fn there(&self, every: &Loops, rule: usize) -> Vec<&Absence> {
        let dag = &every.system.dag;
        let literals = conjuncts(dag, (every.system.rules[rule].enabled.id(), false));
        let some = |form: &Form| match form.parts.first_key_value() {
            Some((&atom, -1)) if form.parts.len() == 1 && form.constant == 1 => self.absences.get(&atom),
            _ => None,
        };
        let forms = literals.into_iter().flat_map(|literal| inequalities(dag, literal));
        forms.filter_map(|form| some(&form)).flatten().collect()
    }

    fn try_one(&mut self, every: &Loops, form: Form, obligations: &mut Vec<Obligation>, stop: &Stop) {
        // The tightest bound of a sum comes first.
        let is_known = self.below.iter().any(|known| known.parts == form.parts);
        if !is_known
            && stop.reason().is_none()
            && let Some(mut shown) = self.keeps(every, &form, stop)
        {
            obligations.append(&mut shown);
            self.below.push(form);
        }
    }

    /// Tries what was put off about a variable; whether there was something to try.
    pub fn more_about(&mut self, every: &Loops, var: VarId, obligations: &mut Vec<Obligation>, stop: &Stop) -> bool {
        let speaks = |form: &Form| form.parts.contains_key(&every.vars[var.index()]);
        let (now, later): (Vec<Form>, Vec<Form>) = std::mem::take(&mut self.later).into_iter().partition(speaks);
        self.later = later;
        let any = !now.is_empty();
        now.into_iter().for_each(|form| self.try_one(every, form, obligations, stop));
        any
    }

    /// Those that speak of an atom of a form.
    pub fn about(&self, form: &Form) -> Vec<Form> {
        let speaks = |known: &&Form| known.parts.keys().any(|atom| form.parts.contains_key(atom));
        self.below.iter().filter(speaks).cloned().collect()
    }

    /// Shows that a form is at most 0 initially and after every step from states where it is, and where counts are 0 of what
    /// is not there.
    fn keeps(&self, every: &Loops, form: &Form, stop: &Stop) -> Option<Vec<Obligation>> {
        if initially(&every.system, form)? > 0 {
            return None;
        }
        let nothing = vec![false; every.vars.len()];
        let mut shown = Vec::new();
        for rule in every.writers(form) {
            let change = every.change(rule, form)?;
            let own = &every.system.rules[rule];
            // Often the guard compares the same sum.
            let facts = every.facts(rule, &[]);
            if facts.form(&form.plus(&change)?).1 <= 0 {
                continue;
            }
            if (change.parts.is_empty() && change.constant <= 0) || facts.form(&change).1 <= 0 {
                continue;
            }
            let mut question = Question::new(every, &nothing);
            let known: Vec<&Form> = self.there(every, rule).into_iter().map(|one| &one.bound).collect();
            let (before, after) = question.step_where(1, rule, form, &known)?;
            let [holds, kept] = [before, after].map(|value| question.at_most_zero(value));
            let broken = question.not(kept);
            question.demand(holds);
            question.demand(broken);
            shown.push(question.refuted(|| format!("{}: a sum keeps its bound", own.name), stop)?);
        }
        Some(shown)
    }

    /// Shows that a rule leaves a variable in its range, whose value after it is given. Most often the rule's guard tells; what is
    /// known of sums makes questions larger.
    pub fn in_range(
        &self,
        every: &Loops,
        rule: usize,
        (var, after): (VarId, &Form),
        stop: &Stop,
    ) -> Option<Obligation> {
        let known = self.about(after);
        let ask = |known: &[Form]| {
            let (nothing, own) = (vec![false; every.vars.len()], &every.system.rules[rule]);
            let mut question = Question::new(every, &nothing);
            let mut at = question.moment(1);
            question.fires(&mut at, own, &known.iter().chain([after]).collect::<Vec<_>>());
            question.demand_at_most_zero(&mut at, known);
            let value = question.form(&mut at, after);
            let inside = question.within(value, every.system.dag.vars()[var.index()].sort.range());
            let outside = question.not(inside);
            question.demand(outside);
            question.refuted(|| format!("{}: values stay in their ranges", own.name), stop)
        };
        ask(&[]).or_else(|| if known.is_empty() { None } else { ask(&known) })
    }
}

/// The most that a form is in initial states; `None` if that is not plain.
pub fn initially(system: &TransitionSystem, form: &Form) -> Option<i128> {
    let mut most = i128::from(form.constant);
    for (&atom, &factor) in form.parts.iter() {
        let Node::Var(var) = *system.dag.node(atom) else { return None };
        let Range { lo, hi } = first(system, var);
        most += i128::from(factor) * i128::from(if factor > 0 { hi } else { lo });
    }
    Some(most)
}

/// The values of a variable in initial states.
fn first(system: &TransitionSystem, var: VarId) -> Range {
    match system.vars[var.index()].initial {
        Initial::Term(term) => match *system.dag.node(term) {
            Node::Bool(value) => Range::point(i64::from(value)),
            _ => system.dag.sort(term).range(),
        },
        Initial::Free => system.dag.vars()[var.index()].sort.range(),
    }
}

/// The bound of a variable that no rule increases, if it is narrower than its range.
fn never_rises(every: &Loops, var: VarId, stop: &Stop) -> Option<(Form, Vec<Obligation>)> {
    let hi = first(&every.system, var).hi;
    if every.is_monitor(var) || hi == every.system.dag.vars()[var.index()].sort.range().hi {
        return None;
    }
    let mut form = Form { constant: -hi, ..Form::default() };
    form.add_atom(every.vars[var.index()], 1)?;
    let rises = |&rule: &usize| every.change(rule, &form).is_none_or(|one| every.facts(rule, &[]).form(&one).1 > 0);
    let writers = every.writers(&form);
    if writers.len() > MOST_WRITERS || writers.iter().any(rises) {
        return None;
    }
    Bounds::default().keeps(every, &form, stop).map(|shown| (form, shown))
}

/// What guards suggest, each at most 0.
struct Candidates {
    /// Sums of counts that guards compare with something else, below the most that this can be.
    bounds: Vec<Form>,
    /// Counts below others, where a rule wants so much room as it then takes.
    relations: Vec<Form>,
}

fn candidates(every: &Loops) -> Candidates {
    let dag = &every.system.dag;
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    let mut relations: Vec<Form> = Vec::new();
    let is_count = |atom: TermId| {
        matches!(*dag.node(atom), Node::Var(var) if !every.is_monitor(var)) && dag.sort(atom).range().lo == 0
    };
    let ranges = Facts::new(dag, &[], &[]);
    for rule in 0..every.alive.len() {
        let facts = LazyCell::new(|| every.facts(rule, &[]));
        let mut suggest = |counts: &Form, least: i128| {
            let whole = ranges.form(counts).1;
            let rises = every.change(rule, counts).map_or(0, |change| facts.form(&change).1);
            for off in BTreeSet::from([0, 1, rises.max(0)]) {
                let Ok(constant) = i64::try_from(least - off) else { continue };
                let form = Form { constant, ..counts.clone() };
                if -i128::from(constant) < whole && seen.insert((form.parts.clone(), constant)) {
                    found.push(form);
                }
            }
        };
        // What the guard wants none of, in several conditions.
        let mut none = BTreeMap::new();
        for literal in conjuncts(dag, (every.system.rules[rule].enabled.id(), false)) {
            if reads(dag, literal.0).is_none() {
                continue;
            }
            for compared in inequalities(dag, literal) {
                let parts = compared.parts.iter().map(|(&atom, &factor)| (atom, factor));
                let (counts, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
                    parts.partition(|&(atom, factor)| factor > 0 && is_count(atom));
                if others.is_empty() && compared.constant == 0 {
                    none.extend(counts.keys().map(|&atom| (atom, 1)));
                }
                if !counts.is_empty() && others.keys().any(|&atom| is_count(atom)) {
                    let rises = every.change(rule, &compared).map_or(0, |change| facts.form(&change).1);
                    let wanted = i64::try_from(rises).ok().filter(|&rises| rises > 0);
                    if let Some(constant) = wanted.and_then(|rises| compared.constant.checked_sub(rises)) {
                        let form = Form { constant, ..compared.clone() };
                        if !relations.contains(&form) {
                            relations.push(form);
                        }
                    }
                }
                if counts.len() < 2 {
                    continue;
                }
                // counts <= -(others + constant), the guard says, or as much less as the rule then adds.
                let others = Form { parts: Arc::new(others), constant: compared.constant };
                suggest(&Form { parts: Arc::new(counts), constant: 0 }, ranges.form(&others).0);
            }
        }
        if none.len() > 1 {
            suggest(&Form { parts: Arc::new(none), constant: 0 }, 0);
        }
    }
    // The tightest bound of a sum first.
    found.sort_by_key(|form| std::cmp::Reverse(form.constant));
    Candidates { bounds: found, relations }
}

/// Counts that only rise where something that stays allows it, such as a node that there may be: they are 0 where it is not
/// there. Only where that makes a difference of 1, so that a sum can say it.
fn absences(every: &Loops, known: &Bounds) -> Vec<(TermId, Absence)> {
    let dag = &every.system.dag;
    let (constant, ranges) = (every.constant(), Facts::new(dag, &[], &[]));
    let stays = |atom: &TermId| matches!(*dag.node(*atom), Node::Var(var) if constant[var.index()]);
    // What is at most 0 where a rule is enabled, and 1 where what it needs is not there.
    let needed = |rule: usize| -> Vec<Form> {
        let literals = conjuncts(dag, (every.system.rules[rule].enabled.id(), false));
        let forms = literals.into_iter().flat_map(|literal| inequalities(dag, literal));
        let own = forms.filter(|form| form.parts.keys().all(stays) && ranges.form(form).1 == 1);
        own.chain(known.there(every, rule).into_iter().map(|one| one.absent.clone())).collect()
    };
    let mut found = Vec::new();
    for &atom in &every.vars {
        let Range { lo, hi } = dag.range(atom);
        let mut count = Form::default();
        let is_count = dag.sort(atom).range().lo == 0 && lo == 0 && hi > 0 && !stays(&atom);
        if !is_count || known.absences.contains_key(&atom) || count.add_atom(atom, 1).is_none() {
            continue;
        }
        let rises =
            |&rule: &usize| every.change(rule, &count).is_none_or(|one| every.facts(rule, &[]).form(&one).1 > 0);
        let mut rising = every.writers(&count).into_iter().filter(rises).map(needed);
        let Some(first) = rising.next() else { continue };
        let common = rising.fold(first, |common, other| common.into_iter().filter(|one| other.contains(one)).collect());
        // Twice the most, so that a step that would leave the range does not break it.
        let absence = |absent: Form| {
            let mut bound = absent.times(hi.checked_mul(2)?)?;
            bound.constant = bound.constant.checked_sub(hi.checked_mul(2)?)?;
            bound.add_atom(atom, 1)?;
            Some((atom, Absence { absent, bound }))
        };
        found.extend(common.into_iter().filter_map(absence));
    }
    found
}
