//! States in which runs may stay, or that they come by again and again, though a claim complains about them: in each of
//! them somebody acts whom no loop lets act.
//!
//! Where one sum does not tell, the ways in which such a state can come about are looked at one by one.

use super::ask::Question;
use super::bounds::Bounds;
use super::form::{Form, apart, inequalities};
use super::idle::Idle;
use super::rest::Rest;
use super::steps::Loops;
use crate::engines::proof::obligations::Obligation;
use crate::limits::Stop;
use crate::limits::proof::{MOST_SOURCES, MOST_WAYS, ONE_SUM};
use crate::passes::Literal;
use crate::smt::{Check, Encoding};
use kubound_encodings::system::Rule;
use kubound_encodings::term::{Bool, Dag, Node, Sort, Term, TermId, VarId};
use std::collections::BTreeSet;
use std::time::Duration;

/// Asks about such states.
pub struct Stays<'a> {
    loops: &'a Loops,
    bounds: &'a Bounds,
    idle: &'a Idle,
    stop: &'a Stop,
}

/// What obligations about such states say.
const SOMEBODY_ACTS: &str = "somebody acts wherever the claim complains";

/// Time for each question, as long as there are others to ask.
type Patience = Option<Duration>;

impl<'a> Stays<'a> {
    /// About the states of a system within bounds.
    pub fn new(loops: &'a Loops, bounds: &'a Bounds, idle: &'a Idle, stop: &'a Stop) -> Self {
        Self { loops, bounds, idle, stop }
    }

    /// Shows that somebody acts wherever a condition holds, together with any of some others if these are given.
    pub fn shown(&self, within: Bool, others: Option<&[TermId]>) -> Option<Vec<Obligation>> {
        let Some(others) = others else { return self.shown_with(within, None) };
        let shown = others.iter().map(|&other| self.shown_with(within, Some(other)));
        Some(shown.collect::<Option<Vec<_>>>()?.concat())
    }

    /// The same together with one other condition.
    fn shown_with(&self, within: Bool, stay: Option<TermId>) -> Option<Vec<Obligation>> {
        let dag = &self.loops.system.dag;
        let stays = stay.map(|stay| ways(dag, (stay, false))).filter(|stays| stays.len() <= MOST_WAYS);
        let whole = stay.map(|stay| Way { literal: (stay, false), below: None });
        let mut shown = Vec::new();
        for case in ways(dag, (within.id(), false)) {
            let both: Vec<&Way> = [&case].into_iter().chain(whole.as_ref()).collect();
            let all = |patience: Patience| {
                let one = self.somebody_acts(patience, &both).map(|one| vec![one]);
                // Whoever is too few, too many or on the way: each for itself.
                let each = || {
                    let shown = stays.as_ref()?.iter().map(|stay| self.somebody_acts_here(patience, &[&case, stay]));
                    Some(shown.collect::<Option<Vec<_>>>()?.concat())
                };
                one.or_else(each).or_else(|| self.somebody_else_acts(patience, &both))
            };
            // What does not follow from one sum may follow from another one much faster.
            shown.extend(all(Some(ONE_SUM)).or_else(|| all(None))?);
        }
        Some(shown)
    }

    /// The same for one way to stay, the last of the conditions: as a whole, or where there is none of something that rules
    /// turn into what is missing, and where there is some of it.
    fn somebody_acts_here(&self, patience: Patience, conditions: &[&Way]) -> Option<Vec<Obligation>> {
        if let Some(one) = self.somebody_acts(patience, conditions) {
            return Some(vec![one]);
        }
        let literal = conditions.last()?.literal;
        self.sources(literal.0).into_iter().find_map(|atom| {
            let counted = |factor: i64, constant: i64| {
                let mut form = Form { constant, ..Form::default() };
                form.add_atom(atom, factor)?;
                Some(Way { literal: (atom, false), below: Some(form) })
            };
            let both = [counted(1, 0)?, counted(-1, 1)?];
            both.iter().map(|count| self.somebody_acts(patience, &[conditions, &[count]].concat())).collect()
        })
    }

    /// Whoever asks for the first condition and for something to be gone, and does not act, waits for what is left, such as
    /// pods on a node that is being drained: each for itself.
    fn somebody_else_acts(&self, patience: Patience, conditions: &[&Way]) -> Option<Vec<Obligation>> {
        let dag = &self.loops.system.dag;
        self.idle.asking_for(conditions.first()?.literal).find_map(|others| {
            if others.is_empty() || !others.iter().all(|&one| is_gone(dag, one)) {
                return None;
            }
            let reasons: Vec<Way> = others.iter().flat_map(|&(term, negated)| ways(dag, (term, !negated))).collect();
            let here = |reason| self.somebody_acts_here(patience, &[conditions, &[reason]].concat());
            let shown = reasons.iter().map(here);
            Some(shown.collect::<Option<Vec<_>>>()?.concat())
        })
    }

    /// Counts that a condition reads, those that rules change together with them, and those that rules change together with
    /// such counts: counts of the whole cluster first, such as pending pods, which most often tell whether somebody acts.
    fn sources(&self, condition: TermId) -> Vec<TermId> {
        let system = &self.loops.system;
        let mut found: Vec<VarId> = system.dag.support([condition]);
        let mut known: BTreeSet<VarId> = found.iter().copied().collect();
        for _ in 0..2 {
            let near = |rule: &&Rule| rule.updates.iter().any(|(var, _)| known.contains(var));
            let changed = system.rules.iter().filter(near).flat_map(|rule| rule.updates.iter().map(|(var, _)| *var));
            let more: BTreeSet<VarId> = changed.filter(|var| !known.contains(var)).collect();
            found.extend(&more);
            known.extend(more);
        }
        let is_count = |var: &VarId| matches!(system.dag.vars()[var.index()].sort, Sort::Int(range) if range.lo == 0);
        found.sort_by_key(|var| system.dag.vars()[var.index()].subject.slot.is_some());
        found.into_iter().filter(is_count).map(|var| self.loops.vars[var.index()]).take(MOST_SOURCES).collect()
    }

    /// Shows that wherever the conditions hold somebody has to act whom no loop lets act.
    fn somebody_acts(&self, patience: Patience, conditions: &[&Way]) -> Option<Obligation> {
        let roots = self.loops.system.dag.support(conditions.iter().map(|way| way.literal.0));
        let at_rest = |about: Option<&[VarId]>| {
            let mut rest = Rest::new(&self.loops.system, self.bounds);
            conditions.iter().for_each(|way| rest.demand(way));
            self.idle.demand(&mut rest, about);
            rest
        };
        let stop = || patience.map_or_else(|| self.stop.clone(), |patience| self.stop.at_most(patience));
        let near = at_rest(Some(&roots));
        let by_few =
            near.plainly_refuted(SOMEBODY_ACTS, &stop()).or_else(|| near.refuted_by_all(SOMEBODY_ACTS, &stop()));
        if by_few.is_some() {
            return by_few;
        }
        let all = at_rest(None);
        if let Some(shown) = all.plainly_refuted(SOMEBODY_ACTS, &stop()) {
            return Some(shown);
        }
        // Alternatives are split by a solver in a fraction of the time that it takes to add up all their sums.
        match self.exactly(conditions, &self.stop.at_most(patience.unwrap_or(ONE_SUM * 4))) {
            Some((exactly, Check::Unsat)) => Some(exactly),
            // Then no sum refutes it either: sums say less.
            Some((_, Check::Sat)) => None,
            _ => all.refuted_by_all(SOMEBODY_ACTS, &stop()),
        }
    }

    /// The same with alternatives as they are, and what a solver says of it.
    fn exactly(&self, conditions: &[&Way], stop: &Stop) -> Option<(Obligation, Check)> {
        let nothing = vec![false; self.loops.vars.len()];
        let mut question = Question::new(self.loops, &nothing);
        let mut at = question.moment(1);
        for way in conditions {
            match &way.below {
                Some(form) => question.demand_at_most_zero(&mut at, [form]),
                None => question.demand_all(&mut at, &[way.literal]),
            }
        }
        question.demand_at_most_zero(&mut at, &self.bounds.below);
        for guard in self.idle.guards() {
            question.refuse_all(&mut at, guard);
        }
        question.answered_by(Encoding::Integers, SOMEBODY_ACTS, stop)
    }
}

/// One of the ways in which a condition can hold.
#[derive(Clone, Debug)]
pub struct Way {
    /// The literal.
    pub literal: Literal,
    /// What is at most 0 then, in place of the literal: two numbers differ because one of them is less.
    pub below: Option<Form>,
}

/// The ways in which a literal can hold: in each state in which it does, one of them does.
fn ways(dag: &Dag, literal: Literal) -> Vec<Way> {
    let alone = || vec![Way { literal, below: None }];
    match (dag.node(literal.0), literal.1) {
        (Node::Or(list), false) | (Node::And(list), true) => {
            list.iter().flat_map(|&one| ways(dag, (one, literal.1))).collect()
        }
        (Node::Not(inner), negated) => ways(dag, (*inner, !negated)),
        (Node::Eq(a, b), true) => {
            let both = apart(dag, *a, *b);
            both.map_or_else(alone, |both| both.map(|form| Way { literal, below: Some(form) }).into())
        }
        _ => alone(),
    }
}

/// Whether a literal says that counts are 0.
fn is_gone(dag: &Dag, literal: Literal) -> bool {
    let is_count = |(&atom, &factor): (&TermId, &i64)| factor > 0 && dag.range(atom).lo >= 0;
    matches!(&inequalities(dag, literal)[..], [form] if form.constant == 0 && form.parts.iter().all(is_count))
}
