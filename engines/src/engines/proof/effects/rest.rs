//! What can be wrong where nobody has anything to do: claims about states in which runs may stay, by sums.
//!
//! A pod is pending and can go nowhere: then every node lacks room, so together the nodes hold more than there can be. Such a
//! state is described by linear inequalities that every one of them satisfies, and some others too; if the inequalities
//! exclude each other, there is none. A condition that is no comparison becomes a number between 0 and 1 that is at
//! least its truth: of an alternative the sum, of a comparison how much of the way there its sum has gone.

use super::bounds::Bounds;
use super::form::{Facts, Form, apart, inequalities, total};
use super::stays::Way;
use crate::engines::proof::obligations::Obligation;
use crate::limits::proof::{LARGEST_CONDITION, UNIT};
use crate::passes::Literal;
use crate::smt::{Check, Encoding, Stop};
use kubound_encodings::stop::tick;
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::{Dag, Node, Range, Sort, TermId, VarDecl};
use std::collections::BTreeMap;
use std::sync::Arc;

/// States that satisfy some conditions, as linear inequalities over the atoms of the system.
pub struct Rest<'a> {
    system: &'a TransitionSystem,
    facts: Facts<'a>,
    /// Forms that are at most 0: first those of which that is so in every reachable state.
    below: Vec<Form>,
    bounds: usize,
    /// Further unknowns between 0 and [`UNIT`]: the truth of conjunctions within alternatives.
    truths: usize,
    links: Vec<(Truth, usize)>,
    /// Which of `below` say that nobody of a unit can act.
    units: Vec<std::ops::Range<usize>>,
}

/// A number that is at least the truth of a condition, times [`UNIT`].
#[derive(Clone, Debug, Default)]
struct Truth {
    form: Form,
    /// The unknowns that are added.
    unknowns: Vec<usize>,
}

impl Truth {
    fn constant(constant: i64) -> Self {
        Self { form: Form { constant, ..Form::default() }, unknowns: Vec::new() }
    }

    fn is_certain(&self) -> bool {
        self.form.parts.is_empty() && self.unknowns.is_empty() && self.form.constant >= UNIT
    }
}

impl<'a> Rest<'a> {
    /// All states within bounds.
    pub fn new(system: &'a TransitionSystem, bounds: &Bounds) -> Self {
        let facts = Facts::new(&system.dag, &[], &bounds.below);
        let below = bounds.below.clone();
        Self { system, facts, bounds: below.len(), below, truths: 0, links: Vec::new(), units: Vec::new() }
    }

    /// Demands that a condition holds in some way.
    pub fn demand(&mut self, way: &Way) {
        match &way.below {
            Some(form) => self.below.push(form.clone()),
            None => self.add(way.literal.0, way.literal.1),
        }
        // What holds in all these states narrows what else can be.
        self.facts = Facts::new(&self.system.dag, &[], &self.below);
    }

    fn add(&mut self, condition: TermId, negated: bool) {
        let dag = &self.system.dag;
        match (dag.node(condition), negated) {
            (Node::And(list), false) | (Node::Or(list), true) => list.iter().for_each(|&one| self.add(one, negated)),
            (Node::Not(inner), _) => self.add(*inner, !negated),
            (Node::Le(..), _) | (Node::Eq(..), false) => self.below.extend(inequalities(dag, (condition, negated))),
            _ => {
                let mut budget = LARGEST_CONDITION;
                if let Some(truth) = self.truth(condition, negated, &mut budget) {
                    self.require(truth);
                }
            }
        }
    }

    /// Demands that none of some guards holds, those of a unit.
    pub fn nobody(&mut self, guards: impl IntoIterator<Item = Vec<Literal>>) {
        let from = self.below.len();
        guards.into_iter().for_each(|guard| self.refuse(&guard));
        if self.below.len() > from {
            self.units.push(from..self.below.len());
        }
    }

    /// Demands that not all of some literals hold.
    fn refuse(&mut self, literals: &[Literal]) {
        let mut budget = LARGEST_CONDITION;
        let truths = literals.iter().map(|&(term, negated)| self.truth(term, !negated, &mut budget));
        if let Some(sum) = truths.collect::<Option<Vec<Truth>>>().and_then(sum) {
            self.require(sum);
        }
    }

    /// Demands that a truth is at least 1.
    fn require(&mut self, truth: Truth) {
        if truth.is_certain() {
            return;
        }
        if truth.unknowns.is_empty() {
            if let Some(mut form) = truth.form.times(-1) {
                form.constant = form.constant.saturating_add(UNIT);
                self.below.push(form);
            }
        } else {
            self.links.push((truth, usize::MAX));
        }
    }

    /// A number that is at least the truth of a condition; `None` if that takes too many terms.
    fn truth(&mut self, term: TermId, negated: bool, budget: &mut usize) -> Option<Truth> {
        *budget = budget.checked_sub(1)?;
        let dag = &self.system.dag;
        match (dag.node(term), negated) {
            (Node::Bool(value), _) => Some(Truth::constant(if *value == negated { 0 } else { UNIT })),
            (Node::Not(inner), _) => self.truth(*inner, !negated, budget),
            (Node::And(list), true) | (Node::Or(list), false) => {
                let parts = list.iter().map(|&one| self.truth(one, negated, budget));
                sum(parts.collect::<Option<Vec<_>>>()?)
            }
            (Node::And(list), false) | (Node::Or(list), true) => {
                let parts = list.iter().map(|&one| self.truth(one, negated, budget)).collect::<Option<Vec<_>>>()?;
                Some(self.least(parts))
            }
            (Node::Ite(condition, a, b), _) if dag.sort(term) == Sort::Bool => {
                let [holds, fails] = self.both_truths(*condition, budget)?;
                let (then, other) = (self.truth(*a, negated, budget)?, self.truth(*b, negated, budget)?);
                self.chosen((holds, then), (fails, other))
            }
            (Node::Eq(a, b), true) => {
                let [less, more] = apart(dag, *a, *b)?;
                sum(vec![self.progress(&less), self.progress(&more)])
            }
            _ => {
                let forms = inequalities(dag, (term, negated));
                let parts = forms.iter().map(|form| self.at_most_zero(form, budget)).collect();
                Some(self.least(parts))
            }
        }
    }

    /// A number that is at least the truth of a form being at most 0. Of the lesser or larger of two numbers each may be the
    /// one, as long as that does not take too many terms.
    fn at_most_zero(&mut self, form: &Form, budget: &mut usize) -> Truth {
        let mut left = *budget;
        let split = self.by_operands(form, &mut left);
        if split.is_some() {
            *budget = left;
        }
        split.unwrap_or_else(|| self.progress(form))
    }

    fn by_operands(&mut self, form: &Form, budget: &mut usize) -> Option<Truth> {
        let dag = &self.system.dag;
        let is_split = |atom: &TermId| matches!(dag.node(*atom), Node::Min(..) | Node::Max(..) | Node::Ite(..));
        let (&atom, &factor) = form.parts.iter().find(|(atom, _)| is_split(atom))?;
        *budget = budget.checked_sub(1)?;
        let with = |operand: TermId| {
            let mut one = form.clone();
            one.add_atom(atom, -factor)?;
            one.add(dag, operand, factor)?;
            Some(one)
        };
        match *dag.node(atom) {
            Node::Min(a, b) | Node::Max(a, b) => {
                let parts = [with(a)?, with(b)?].map(|one| self.at_most_zero(&one, budget)).into();
                let is_either = matches!(dag.node(atom), Node::Min(..)) == (factor > 0);
                if is_either { sum(parts) } else { Some(self.least(parts)) }
            }
            Node::Ite(condition, a, b) => {
                let [holds, fails] = self.both_truths(condition, budget)?;
                let (then, other) = (self.at_most_zero(&with(a)?, budget), self.at_most_zero(&with(b)?, budget));
                self.chosen((holds, then), (fails, other))
            }
            _ => None,
        }
    }

    /// The truth of a condition and of its opposite.
    fn both_truths(&mut self, condition: TermId, budget: &mut usize) -> Option<[Truth; 2]> {
        Some([self.truth(condition, false, budget)?, self.truth(condition, true, budget)?])
    }

    /// The truth of one thing where a condition holds, and of another one where it fails.
    fn chosen(&mut self, then: (Truth, Truth), other: (Truth, Truth)) -> Option<Truth> {
        let (then, other) = (self.least(vec![then.0, then.1]), self.least(vec![other.0, other.1]));
        sum(vec![then, other])
    }

    /// How much of the way a form has gone to being at most 0, from the most that it can be.
    fn progress(&self, form: &Form) -> Truth {
        let (lo, hi) = self.facts.form(form);
        if hi <= 0 {
            return Truth::constant(UNIT);
        }
        if lo > 0 {
            return Truth::constant(0);
        }
        // (hi - form) / hi is 1 where the form is 0, and never below 0.
        let factor = (i128::from(UNIT) + hi - 1) / hi;
        let scaled = i64::try_from(factor).ok().zip(i64::try_from(factor * hi).ok());
        let found = scaled.and_then(|(factor, most)| {
            let mut truth = form.times(factor.checked_neg()?)?;
            truth.constant = truth.constant.checked_add(most)?;
            Some(Truth { form: truth, unknowns: Vec::new() })
        });
        found.unwrap_or_else(|| Truth::constant(UNIT))
    }

    /// The truth of a conjunction: an unknown that is at most each of the parts.
    fn least(&mut self, parts: Vec<Truth>) -> Truth {
        let mut parts: Vec<Truth> = parts.into_iter().filter(|one| !one.is_certain()).collect();
        match parts.len() {
            0 => Truth::constant(UNIT),
            1 => parts.swap_remove(0),
            _ => {
                let unknown = self.truths;
                self.truths += 1;
                self.links.extend(parts.into_iter().map(|part| (part, unknown)));
                Truth { form: Form::default(), unknowns: vec![unknown] }
            }
        }
    }

    /// Whether there is no such state, as far as that is plain: by one inequality, or by the sum of those of a unit. If so that is an
    /// obligation.
    pub fn plainly_refuted(&self, name: &str, stop: &Stop) -> Option<Obligation> {
        // Often a single inequality can never hold: the pods of all workloads do not fill a node.
        let never = self.below.iter().find(|form| self.facts.form(form).0 > 0);
        let alone = never.and_then(|form| {
            let speaks = |other: &&Form| other.parts.keys().any(|atom| form.parts.contains_key(atom));
            let bounds = self.below[..self.bounds].iter().filter(speaks);
            self.refuted_by(name, bounds.chain([form]), &[], stop)
        });
        // Or a unit as a whole: the pods of all workloads do not fill all nodes.
        let together = || {
            let (unit, bounds) = self.units.iter().find_map(|unit| Some((unit, self.bounds_against(unit.clone())?)))?;
            let bounds = bounds.into_iter().map(|bound| &self.below[bound]);
            self.written(name, self.below[unit.clone()].iter().chain(bounds), &[])
        };
        alone.or_else(together)
    }

    /// Whether there is no such state by all inequalities together; if so that is an obligation.
    pub fn refuted_by_all(&self, name: &str, stop: &Stop) -> Option<Obligation> {
        self.refuted_by(name, self.below.iter(), &self.links, stop)
    }

    /// Bounds with which the sum of some inequalities cannot hold, if that is plain: of atoms that a bound speaks of it counts
    /// only those that weigh most, so often as the bound allows.
    fn bounds_against(&self, unit: std::ops::Range<usize>) -> Option<Vec<usize>> {
        let mut sum = Form::default();
        self.below[unit].iter().try_for_each(|one| sum.add_form(one))?;
        let mut least = i128::from(sum.constant);
        // What lowers the sum: the weight of an atom, and how often it counts at most.
        let mut left: BTreeMap<TermId, (i128, i128)> = BTreeMap::new();
        for (&atom, &factor) in sum.parts.iter() {
            let range = self.facts.atom(atom);
            if factor < 0 && range.lo >= 0 {
                left.insert(atom, (-i128::from(factor), i128::from(range.hi)));
            } else {
                least += i128::from(factor) * i128::from(if factor > 0 { range.lo } else { range.hi });
            }
        }
        let mut gains: Vec<(i128, usize)> = Vec::new();
        for (index, bound) in self.below[..self.bounds].iter().enumerate() {
            tick(1 + bound.parts.len() / 8);
            gains.extend(self.gain(bound, &left).map(|(gain, _)| (gain, index)));
        }
        gains.sort_unstable_by_key(|&(gain, index)| (std::cmp::Reverse(gain), index));
        let mut used = Vec::new();
        for (_, index) in gains {
            // Other bounds may have taken its atoms.
            let bound = &self.below[index];
            if let Some((_, most)) = self.gain(bound, &left) {
                least -= most;
                for atom in bound.parts.keys() {
                    left.remove(atom);
                }
                used.push(index);
            }
        }
        least -= left.values().map(|(weight, most)| weight * most).sum::<i128>();
        (least > 0).then_some(used)
    }

    /// How much less some atoms weigh by a bound of their sum, and how much they weigh at most; `None` if it is no less.
    fn gain(&self, bound: &Form, left: &BTreeMap<TermId, (i128, i128)>) -> Option<(i128, i128)> {
        let most = -i128::from(bound.constant);
        let (mut alone, mut heaviest) = (0, 0);
        for (&atom, &factor) in bound.parts.iter() {
            if factor < 0 || self.facts.atom(atom).lo < 0 {
                return None;
            }
            if let Some(&(weight, times)) = left.get(&atom) {
                alone += weight * times;
                // Rounded up.
                let factor = i128::from(factor);
                heaviest = heaviest.max((weight * most + factor - 1) / factor);
            }
        }
        (most >= 0 && heaviest < alone).then_some((alone - heaviest, heaviest))
    }

    /// Whether some of the inequalities exclude each other.
    fn refuted_by<'f>(
        &self,
        name: &str,
        below: impl Iterator<Item = &'f Form>,
        links: &[(Truth, usize)],
        stop: &Stop,
    ) -> Option<Obligation> {
        let obligation = self.written(name, below, links)?;
        (obligation.check(Encoding::Integers, stop) == Check::Unsat).then_some(obligation)
    }

    /// That some of the inequalities exclude each other.
    fn written<'f>(
        &self,
        name: &str,
        below: impl Iterator<Item = &'f Form>,
        links: &[(Truth, usize)],
    ) -> Option<Obligation> {
        let mut writer = Writer { rest: self, dag: Dag::default(), atoms: BTreeMap::new(), unknowns: BTreeMap::new() };
        let mut facts = Vec::new();
        for form in below {
            let sum = writer.sum(&Truth { form: form.clone(), unknowns: Vec::new() });
            let zero = writer.dag.make(Node::Int(0));
            facts.push(writer.dag.make(Node::Le(sum, zero)));
        }
        for (truth, unknown) in links {
            let sum = writer.sum(truth);
            let least = match *unknown {
                usize::MAX => writer.dag.make(Node::Int(UNIT)),
                unknown => writer.unknown(unknown),
            };
            facts.push(writer.dag.make(Node::Le(least, sum)));
        }
        if writer.dag.overflow().is_some() {
            return None;
        }
        Some(Obligation { name: name.to_owned(), dag: Arc::new(writer.dag), facts })
    }
}

/// The sum of truths, no more than certain if one is.
fn sum(parts: Vec<Truth>) -> Option<Truth> {
    if parts.iter().any(Truth::is_certain) {
        return Some(Truth::constant(UNIT));
    }
    parts.into_iter().try_fold(Truth::default(), |mut sum, part| {
        sum.form = sum.form.plus(&part.form)?;
        sum.unknowns.extend(part.unknowns);
        Some(sum)
    })
}

/// Writes inequalities down as terms.
struct Writer<'a> {
    rest: &'a Rest<'a>,
    dag: Dag,
    atoms: BTreeMap<TermId, TermId>,
    unknowns: BTreeMap<usize, TermId>,
}

impl Writer<'_> {
    fn sum(&mut self, truth: &Truth) -> TermId {
        let mut multiples: Vec<(TermId, i64)> =
            truth.form.parts.iter().map(|(&atom, &factor)| (self.atom(atom), factor)).collect();
        multiples.extend(truth.unknowns.iter().map(|&unknown| (self.unknown(unknown), 1)));
        total(&mut self.dag, truth.form.constant, multiples)
    }

    fn atom(&mut self, atom: TermId) -> TermId {
        if let Some(&known) = self.atoms.get(&atom) {
            return known;
        }
        let from = &self.rest.system.dag;
        let name = match from.node(atom) {
            Node::Var(var) => from.vars()[var.index()].name.clone(),
            _ => format!("term {}", atom.0),
        };
        let known = self.declare(name, from.range(atom));
        self.atoms.insert(atom, known);
        known
    }

    fn unknown(&mut self, unknown: usize) -> TermId {
        if let Some(&known) = self.unknowns.get(&unknown) {
            return known;
        }
        let known = self.declare(format!("truth {unknown}"), Range { lo: 0, hi: UNIT });
        self.unknowns.insert(unknown, known);
        known
    }

    fn declare(&mut self, name: String, range: Range) -> TermId {
        let var = self.dag.declare(VarDecl { name, ..VarDecl::new("unknown", Sort::Int(range)) });
        self.dag.make(Node::Var(var))
    }
}
