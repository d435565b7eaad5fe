//! Proofs rule by rule: what single rules do to sums, without looking at states.
//!
//! Almost every rule adds constants to a few counts. So that loops end can be read off the rules: no step of a loop increases a
//! weighted sum (`weights`), every step that changes a sum brings it nearer to a value that stays (`settle`); a rule that
//! always decreases such a measure is part of no loop, and what no rule left changes stays. Claims about states in which runs
//! may stay are refuted by sums (`rest`) that never exceed a bound (`bounds`). A question is about one rule or two and the
//! few terms that count, so that the cost grows with the number of rules and not with that of states. What no sum tells of a few
//! variables, such as the advice of an autoscaler, all their states tell (`component`); what is too much never grows (`excess`).
//!
//! What is found about loops serves all claims about a system: it is found once.

mod ask;
mod best;
mod bounds;
mod component;
mod excess;
mod form;
mod idle;
mod rest;
mod settle;
mod stays;
mod steps;
mod together;
mod weights;

use super::obligations::Obligation;
use super::samples::reaches;
use crate::engines::{Answer, Outcome, Statistics};
use crate::limits::Stop;
use crate::passes::specialise;
pub use ask::Answers;
use ask::Question;
use bounds::Bounds;
use component::Component;
pub use component::METHOD as ALONE;
use form::{Form, each_term};
use idle::Idle;
use kubound_encodings::system::{Claim, Pace, TransitionSystem};
use kubound_encodings::term::{Bool, Node, Term, TermId, VarId};
use settle::{Course, Settled};
use stays::Stays;
use steps::Loops;
use weights::Weighted;

/// How reports call these proofs.
pub const METHOD: &str = "effects of single rules";

/// What single rules show about a system.
#[derive(Debug)]
pub struct Effects {
    loops: Loops,
    measures: Vec<Measure>,
    bounds: Bounds,
    idle: Idle,
    /// Whether fast rules always come to rest.
    rests: bool,
    obligations: Vec<Obligation>,
}

/// Why a claim holds.
enum Shown {
    /// By what was found about loops, and this beside.
    OfLoops(Vec<Obligation>),
    /// Whatever the rest of the system does.
    Alone(Component),
}

/// What may make progress in loops.
#[derive(Default)]
struct Progress {
    /// A rule that may.
    by: Option<usize>,
    /// Conditions on states that are progress wherever they hold.
    states: Vec<TermId>,
}

/// A sum that loops cannot change.
#[derive(Debug)]
enum Measure {
    Weighted(Weighted),
    Settled(Settled),
    Component(Component),
}

impl Effects {
    /// Looks at the rules of a system. The reason in words if nothing can be said.
    pub fn new(system: &TransitionSystem, stop: &Stop) -> Result<Self, String> {
        Self::knowing(system, &Answers::default(), stop)
    }

    /// The same with what became of questions before, and for others to come.
    pub fn knowing(system: &TransitionSystem, answers: &Answers, stop: &Stop) -> Result<Self, String> {
        let mut loops = Loops::new(specialise(system, &[]).system).ok_or("numbers grow out of bounds")?;
        loops.answers = answers.clone();
        let mut obligations = Vec::new();
        let every = loops.with_all_rules();
        log::info!("effects: {} rules, {} terms", loops.system.rules.len(), loops.system.dag.len());
        let mut bounds = Bounds::new(&every, &mut obligations, stop);
        log::info!("effects: {} bounds", bounds.below.len());
        in_ranges(&every, &mut bounds, &mut obligations, stop)?;
        log::info!("effects: values stay in their ranges");
        loops.recall(&bounds.below);
        let measures = measures(&mut loops, &mut obligations, stop)?;
        let rests = come_to_rest(&loops, &mut obligations, stop)?;
        log::info!("effects: fast rules {}", if rests { "come to rest" } else { "may act forever" });
        let idle = Idle::new(&loops);
        Ok(Self { loops, measures, bounds, idle, rests, obligations })
    }

    /// Decides a claim, if it can.
    pub fn decide(&self, property: usize, stop: &Stop) -> Outcome {
        match self.prove(property, stop) {
            Ok(shown) => {
                let Some(premise_reached) = self.meets_premise(property, stop) else {
                    return Outcome::unknown("it holds, but whether its premise can be met is not known".to_owned());
                };
                let (method, proof) = match &shown {
                    Shown::OfLoops(more) => (METHOD, self.in_words(more)),
                    Shown::Alone(one) => (ALONE, vec![self.component(one)]),
                };
                let statistics = Statistics { depth: self.measures.len(), ..Statistics::default() };
                Outcome {
                    answer: Answer::Holds { method, premise_reached, proof },
                    statistics,
                    ..Outcome::unknown(String::new())
                }
            }
            Err(reason) => Outcome::unknown(reason),
        }
    }

    /// Whether the premise of a property can be met, as far as a few random runs tell.
    fn meets_premise(&self, property: usize, stop: &Stop) -> Option<bool> {
        let (system, premise) = (&self.loops.system, self.loops.system.properties[property].premise.id());
        if let Node::Bool(value) = *system.dag.node(premise) {
            return Some(value);
        }
        reaches(system, premise, stop).ok()?.then_some(true)
    }

    /// What the proof of a claim rests on, each of them to be refuted by any solver.
    pub fn obligations(&self, property: usize, stop: &Stop) -> Result<Vec<Obligation>, String> {
        let more = match self.prove(property, stop)? {
            Shown::OfLoops(more) => more,
            Shown::Alone(_) => Vec::new(),
        };
        Ok(self.obligations.iter().cloned().chain(more).collect())
    }

    /// How many components the proof of a claim rests on, and how many of them a search finds as they were that takes no two
    /// states for the same.
    pub fn components_again(&self, property: usize, stop: &Stop) -> Result<(usize, usize), String> {
        let own = self.prove(property, stop)?;
        let of_loops = self.measures.iter().filter_map(|measure| match (measure, &own) {
            (Measure::Component(one), Shown::OfLoops(_)) => Some(one),
            _ => None,
        });
        let own = if let Shown::Alone(one) = &own { Some(one) } else { None };
        let all: Vec<&Component> = of_loops.chain(own).collect();
        Ok((all.len(), all.iter().filter(|one| one.holds_again(stop)).count()))
    }

    /// Why a claim holds.
    fn prove(&self, property: usize, stop: &Stop) -> Result<Shown, String> {
        let claim = self.loops.system.properties[property].claim;
        let Claim::NoFairLoop { within, progress, stay, .. } = claim else {
            let alone = component::keeps(&self.loops.system, property, stop).map(Shown::Alone);
            return alone.ok_or_else(|| "what it reads does not tell by itself".to_owned());
        };
        let Progress { by, mut states } = self.progress(progress);
        if !matches!(self.loops.system.dag.node(stay.id()), Node::Bool(false)) {
            states.push(stay.id());
        }
        states.sort_unstable();
        states.dedup();
        if by.is_none() && states.is_empty() {
            return Ok(Shown::OfLoops(Vec::new()));
        }
        let name = |rule: usize| &self.loops.system.rules[rule].name;
        Stays::new(&self.loops, &self.bounds, &self.idle, stop)
            .shown(within, by.is_none().then_some(&states))
            .map(Shown::OfLoops)
            .ok_or_else(|| match by {
                Some(rule) => format!("no measure was found that {} decreases", name(rule)),
                None => "runs may stay in a bad state, as far as sums tell".to_owned(),
            })
    }

    /// What may make progress in loops, as far as is known.
    fn progress(&self, progress: Bool) -> Progress {
        let (loops, dag) = (&self.loops, &self.loops.system.dag);
        let mut found = Progress::default();
        let Some(first) = loops.rules().next() else { return found };
        let mut parts = vec![progress.id()];
        while let Some(part) = parts.pop() {
            match dag.node(part) {
                Node::Or(list) => parts.extend(list.iter().copied()),
                Node::Bool(false) => {}
                // States are looked at, whatever leads to them.
                _ if each_term(dag, part, |node| !matches!(node, Node::Primed(_) | Node::Bool(true))) => {
                    found.states.push(part);
                }
                _ => {
                    let read = dag.support([part]);
                    let changes = |&rule: &usize| loops.changes[rule].iter().any(|(var, _)| read.contains(var));
                    let changing = loops.rules().find(changes);
                    let always = || (!is_false_if_nothing_changes(loops, part)).then_some(first);
                    found.by = found.by.or(changing).or_else(always);
                }
            }
        }
        found
    }

    /// Whether fast rules always come to rest, as far as is known.
    pub fn rests(&self) -> bool {
        self.rests
    }

    /// The proof in words, a line each.
    fn in_words(&self, more: &[Obligation]) -> Vec<String> {
        let mut lines = vec!["between external events, no loop changes any of these, in this order:".to_owned()];
        lines.extend(self.measures.iter().map(|measure| match measure {
            Measure::Weighted(one) => {
                let rules = match one.rules.len() {
                    1 => "1 rule decreases it".to_owned(),
                    several => format!("{several} rules decrease it"),
                };
                format!("measure (never rises; {rules}): {}", self.weights(&one.weights))
            }
            Measure::Settled(one) => {
                let course = match one.course {
                    Course::Nears => "comes nearer to 0",
                    Course::OneWay => "goes one way",
                    Course::LessExcess => "exceeds 0 by less and less",
                };
                format!("measure ({course}): {}", self.form(&one.form))
            }
            Measure::Component(one) => {
                let name = &self.loops.system.dag.vars()[one.var.index()].name;
                format!("no loop changes {name}: {}", self.component(one))
            }
        }));
        lines.extend(more.iter().map(|one| format!("sums: {}", one.name)));
        lines
    }

    fn component(&self, one: &Component) -> String {
        let vars = self.loops.system.dag.vars();
        let seen = one.seen.iter().map(|var| (1, vars[var.index()].name.clone()));
        format!("a search of the {} states of {}, whatever else happens", one.states, listed(seen, 0))
    }

    fn weights(&self, weights: &[(VarId, i64)]) -> String {
        let vars = self.loops.system.dag.vars();
        listed(weights.iter().map(|&(var, weight)| (weight, vars[var.index()].name.clone())), 0)
    }

    fn form(&self, form: &Form) -> String {
        let dag = &self.loops.system.dag;
        let parts = form.parts.iter().map(|(&atom, &factor)| (factor, super::words::words(dag, atom)));
        listed(parts, form.constant)
    }
}

/// Whether a condition over a step is false if the step changes nothing that it reads.
fn is_false_if_nothing_changes(loops: &Loops, condition: TermId) -> bool {
    let nothing = vec![false; loops.vars.len()];
    let mut question = Question::new(loops, &nothing);
    let mut at = question.moment(1);
    let copy = question.term(&mut at, condition);
    matches!(question.dag.node(copy), Node::Bool(false))
}

/// All measures: each kind until it finds no more.
fn measures(loops: &mut Loops, obligations: &mut Vec<Obligation>, stop: &Stop) -> Result<Vec<Measure>, String> {
    let mut found = Vec::new();
    let mut looked_at = None;
    loop {
        let before = found.len();
        if looked_at.as_ref() != Some(&loops.alive) {
            for alone in component::resting(loops, stop) {
                let mut form = Form::default();
                form.add_atom(loops.vars[alone.var.index()], 1).ok_or("numbers grow out of bounds")?;
                settle::take_out(loops, &form, obligations, stop);
                found.push(Measure::Component(alone));
            }
            looked_at = Some(loops.alive.clone());
        }
        found.extend(weights::exclude(loops, stop)?.into_iter().map(Measure::Weighted));
        found.extend(settle::settle(loops, obligations, stop).into_iter().map(Measure::Settled));
        if let Some(reason) = stop.reason() {
            return Err(reason.to_owned());
        }
        log::info!("effects: {} measures, {} rules left", found.len(), loops.rules().count());
        if found.len() == before {
            return Ok(found);
        }
    }
}

/// Whether fast rules always come to rest: none of them is part of a loop of fast ones.
fn come_to_rest(loops: &Loops, obligations: &mut Vec<Obligation>, stop: &Stop) -> Result<bool, String> {
    let mut fast = loops.clone();
    for (alive, rule) in fast.alive.iter_mut().zip(&loops.system.rules) {
        *alive &= rule.pace == Pace::Fast;
    }
    weights::exclude(&mut fast, stop)?;
    settle::settle(&mut fast, obligations, stop);
    Ok(fast.rules().next().is_none())
}

/// Shows that no step leaves the ranges of variables.
fn in_ranges(every: &Loops, bounds: &mut Bounds, obligations: &mut Vec<Obligation>, stop: &Stop) -> Result<(), String> {
    for rule in 0..every.changes.len() {
        // What is known about one variable may leave another one.
        while let Err(var) = rule_in_ranges(every, rule, bounds, obligations, stop) {
            if !bounds.more_about(every, var, obligations, stop) {
                let (name, var) = (&every.system.rules[rule].name, &every.system.dag.vars()[var.index()].name);
                return Err(format!("{name} may leave the range of {var}"));
            }
        }
    }
    Ok(())
}

/// The same for one rule; else the variable whose range it may leave.
fn rule_in_ranges(
    every: &Loops,
    rule: usize,
    bounds: &Bounds,
    obligations: &mut Vec<Obligation>,
    stop: &Stop,
) -> Result<(), VarId> {
    let mut after = Vec::new();
    for (var, change) in &every.changes[rule] {
        let mut form = change.clone();
        form.add_atom(every.vars[var.index()], 1).ok_or(*var)?;
        after.push((*var, form));
    }
    let known: Vec<Form> = after.iter().flat_map(|(_, form)| bounds.about(form)).collect();
    let facts = every.facts(rule, &known);
    for (var, after) in &after {
        let range = every.system.dag.vars()[var.index()].sort.range();
        let (lo, hi) = facts.form(after);
        if lo < i128::from(range.lo) || hi > i128::from(range.hi) {
            obligations.push(bounds.in_range(every, rule, (*var, after), stop).ok_or(*var)?);
        }
    }
    Ok(())
}

/// A sum in words; many parts are counted.
fn listed(parts: impl Iterator<Item = (i64, String)>, constant: i64) -> String {
    let parts: Vec<String> = parts
        .map(|(factor, name)| match factor {
            1 => name,
            -1 => format!("-{name}"),
            _ => format!("{factor} * {name}"),
        })
        .chain((constant != 0).then(|| constant.to_string()))
        .collect();
    let (shown, more) = parts.split_at(parts.len().min(crate::limits::proof::SHOWN));
    match more.len() {
        0 => shown.join(" + "),
        more => format!("{} + {more} more", shown.join(" + ")),
    }
}

#[cfg(test)]
mod tests;
