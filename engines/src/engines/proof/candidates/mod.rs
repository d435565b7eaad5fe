//! What might be invariant, and what might decrease: guesses from the structure of a system and from some of its runs.
//!
//! Nothing here is believed. Invariants are guessed wherever the runs do not contradict them:
//! * conditions that the system itself tests (guards, claims), and their negations;
//! * bounds of the sums that it compares: the constant it compares with, zero, and the largest value seen (conservation
//!   sums and capacity come from here, because controllers compare what is with what should be);
//! * ranges of variables tighter than declared;
//! * bounds of what a slot holds by an equal share (`shares`);
//! * between interchangeable slots: what is absent is empty, and counts differ by at most one or two;
//! * implications between truth values, and from a truth value to a count being zero.
//!
//! Measures are variables, the integers that the system computes, sums of counts over slots, and what slots hold above
//! an equal share.

mod shares;

use super::samples::Samples;
use crate::limits::proof::DIFFERENCE;
use crate::limits::proof::MOST_GUESSES;
use crate::passes::{conditions, simple_terms, unchanging};
use kubound_encodings::system::{Role, TransitionSystem};
use kubound_encodings::term::eval::{Assignment, evaluate};
use kubound_encodings::term::{Bool, Dag, Int, Node, Sort, Term, TermId, VarId, sum, variable, within};
use rustc_hash::{FxHashMap, FxHashSet};
use shares::Shares;
use std::collections::BTreeMap;

/// The template of a guess.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Template {
    /// A bound of a sum that the system compares.
    Sum,
    /// A range tighter than declared.
    Range,
    /// What is absent is empty.
    Absent,
    /// One thing implies another.
    Implication,
    /// A bound of a slot by an equal share.
    Share,
    /// A bound of the difference of two slots.
    Difference,
    /// A condition that the system tests, or its negation.
    Condition,
    /// The claim itself.
    Claim,
}

impl Template {
    /// Its name in proofs.
    pub fn name(self) -> &'static str {
        match self {
            Template::Condition => "tested condition",
            Template::Sum => "sum",
            Template::Range => "range",
            Template::Absent => "absent slot",
            Template::Share => "equal share",
            Template::Difference => "difference of slots",
            Template::Implication => "implication",
            Template::Claim => "claim",
        }
    }
}

/// A guessed invariant.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Over states.
    pub term: TermId,
    /// Where it comes from.
    pub template: Template,
    /// Whether solvers of linear arithmetic take it well ([`simple_terms`]).
    pub simple: bool,
}

/// Guesses about a system, whose graph is extended by them.
pub struct Guesses {
    /// The system with the larger graph.
    pub system: TransitionSystem,
    /// What might be invariant.
    pub invariants: Vec<Candidate>,
    /// What might decrease or increase: integer terms over states.
    pub measures: Vec<TermId>,
}

/// Guesses that no sample contradicts. `relevant` marks the variables that they may read.
pub fn guess(system: &TransitionSystem, relevant: &[bool], samples: &Samples) -> Guesses {
    let mut system = system.clone();
    let dag = std::mem::take(&mut system.dag);
    let pool = Pool::new(&system, &dag, relevant);
    let values = table(&dag, samples, &pool.all());
    let (found, dag) = within(dag, || {
        let mut found = Vec::new();
        pool.conditions(&mut found);
        pool.sums(&values, &mut found);
        pool.ranges(&values, &mut found);
        pool.slots(&system, relevant, &mut found);
        pool.implications(&values, &mut found);
        pool.shares.guesses(&mut found);
        (found, pool.measures(&system, relevant))
    });
    system.dag = dag;
    let (found, measures) = found;
    let simple = simple_terms(&system.dag);
    let terms: Vec<TermId> = found.iter().map(|&(term, _)| term).collect();
    let values = table(&system.dag, samples, &terms);
    let mut seen = FxHashSet::default();
    let mut invariants: Vec<Candidate> = found
        .into_iter()
        .filter(|(term, _)| !matches!(system.dag.node(*term), Node::Bool(_)) && seen.insert(*term))
        .filter(|(term, _)| values[term].iter().all(|&value| value == 1))
        .map(|(term, template)| Candidate { term, template, simple: simple[term.index()] })
        .collect();
    let mut counts: BTreeMap<Template, usize> = BTreeMap::new();
    invariants.retain(|candidate| {
        let count = counts.entry(candidate.template).or_default();
        *count += 1;
        *count <= MOST_GUESSES
    });
    Guesses { system, invariants, measures }
}

/// The values of terms in all sampled states.
pub fn table(dag: &Dag, samples: &Samples, terms: &[TermId]) -> FxHashMap<TermId, Vec<i64>> {
    let mut columns: Vec<Vec<i64>> = vec![Vec::with_capacity(samples.states.len()); terms.len()];
    for state in &samples.states {
        let row = evaluate(dag, terms, Assignment { vars: state, primed: &[], choices: &[] });
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }
    terms.iter().copied().zip(columns).collect()
}

/// Terms over changing states that occur in a system.
struct Pool {
    bools: Vec<TermId>,
    /// Sums and other integers that are compared: `a - b` for each comparison.
    compared: Vec<(TermId, TermId)>,
    ints: Vec<TermId>,
    vars: Vec<VarId>,
    sorts: Vec<Sort>,
    /// For each symmetry class the variables of each of its slots.
    slots: Vec<Vec<Vec<VarId>>>,
    /// What slots hold, and equal shares of it.
    shares: Shares,
}

impl Pool {
    fn new(system: &TransitionSystem, dag: &Dag, relevant: &[bool]) -> Self {
        let mut roots = conditions(system);
        let updates = system.rules.iter().flat_map(|rule| rule.updates.iter());
        roots.extend(updates.filter(|(var, _)| relevant[var.index()]).map(|&(_, term)| term));
        for property in &system.properties {
            roots.extend(property.claim.terms());
        }
        roots.extend(system.monitors.iter().filter(|one| relevant[one.var.index()]).map(|one| one.next));
        let cone = dag.cone(roots);
        let unchanging = unchanging(system);
        // Over states that change: neither picks nor primed variables, and some variable that rules write.
        let mut over_state = vec![true; dag.len()];
        let mut changes = vec![false; dag.len()];
        let mut this = Self {
            bools: Vec::new(),
            compared: Vec::new(),
            ints: Vec::new(),
            vars: (0..system.vars.len() as u32)
                .map(VarId)
                .filter(|var| relevant[var.index()] && !unchanging[var.index()])
                .collect(),
            sorts: dag.vars().iter().map(|decl| decl.sort).collect(),
            slots: system.symmetry.iter().map(|class| class.vars(dag).unwrap_or_default()).collect(),
            shares: Shares::default(),
        };
        for index in 0..dag.len() {
            let id = TermId(index as u32);
            let node = dag.node(id);
            match node {
                Node::Var(var) => {
                    over_state[index] = relevant[var.index()];
                    changes[index] = !unchanging[var.index()];
                }
                Node::Primed(_) | Node::Choice(_) => over_state[index] = false,
                _ => node.for_each_operand(|operand| {
                    over_state[index] &= over_state[operand.index()];
                    changes[index] |= changes[operand.index()];
                }),
            }
            if !(over_state[index] && changes[index] && cone[index]) {
                continue;
            }
            match dag.sort(id) {
                Sort::Bool => this.bools.push(id),
                Sort::Int(_) => this.ints.push(id),
            }
            if let Node::Le(a, b) | Node::Eq(a, b) = *node {
                this.compared.push((a, b));
            }
        }
        this.shares = Shares::new(system, dag, &this, &cone);
        this
    }

    fn all(&self) -> Vec<TermId> {
        let compared = self.compared.iter().flat_map(|&(a, b)| [a, b]);
        let mut all: Vec<TermId> = self.bools.iter().chain(&self.ints).copied().chain(compared).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn conditions(&self, found: &mut Vec<(TermId, Template)>) {
        for &term in &self.bools {
            found.push(((!Bool::from_id(term)).id(), Template::Condition));
            found.push((term, Template::Condition));
        }
    }

    fn sums(&self, values: &FxHashMap<TermId, Vec<i64>>, found: &mut Vec<(TermId, Template)>) {
        for &(a, b) in &self.compared {
            let difference = Int::from_id(a) - Int::from_id(b);
            let seen = values[&a].iter().zip(&values[&b]).map(|(a, b)| a - b);
            let Some((lo, hi)) = extremes(seen) else { continue };
            for bound in [hi, 0, 1] {
                if hi <= bound && bound < difference.range().hi {
                    found.push((difference.at_most(bound).id(), Template::Sum));
                }
            }
            for bound in [lo, 0, -1] {
                if lo >= bound && bound > difference.range().lo {
                    found.push((difference.at_least(bound).id(), Template::Sum));
                }
            }
        }
    }

    fn ranges(&self, values: &FxHashMap<TermId, Vec<i64>>, found: &mut Vec<(TermId, Template)>) {
        for &var in &self.vars {
            let id = variable(var);
            if !values.contains_key(&id) || self.sorts[var.index()] == Sort::Bool {
                continue;
            }
            let term = Int::from_id(id);
            let Some((lo, hi)) = extremes(values[&id].iter().copied()) else { continue };
            for bound in [hi, 0] {
                if hi <= bound && bound < term.range().hi {
                    found.push((term.at_most(bound).id(), Template::Range));
                }
            }
            for bound in [lo, 0, 1] {
                if lo >= bound && bound > term.range().lo {
                    found.push((term.at_least(bound).id(), Template::Range));
                }
            }
        }
    }

    fn slots(&self, system: &TransitionSystem, relevant: &[bool], found: &mut Vec<(TermId, Template)>) {
        let unchanging = unchanging(system);
        // What a slot holds, with the condition that it is active.
        let mut slots: Vec<(Bool, Vec<VarId>)> = Vec::new();
        for (class, members) in system.symmetry.iter().enumerate() {
            for (index, vars) in self.slots[class].iter().enumerate() {
                slots.push((Int::from_id(members.active).above(index as i64), vars.clone()));
            }
        }
        let count = |var: VarId| {
            let is_count = matches!(self.sorts[var.index()], Sort::Int(range) if range.lo == 0 && range.hi > 0);
            (is_count && relevant[var.index()] && !unchanging[var.index()]).then(|| Int::from_id(variable(var)))
        };
        for (index, (active, vars)) in slots.iter().enumerate() {
            for (position, &var) in vars.iter().enumerate() {
                let Some(term) = count(var) else { continue };
                found.push(((*active | term.is(0)).id(), Template::Absent));
                for (other, (other_active, other_vars)) in slots.iter().enumerate() {
                    if other == index || other_vars.len() != vars.len() {
                        continue;
                    }
                    let Some(peer) = count(other_vars[position]) else { continue };
                    for bound in 0..=DIFFERENCE {
                        let close = (term - peer).at_most(bound);
                        found.push(((!*other_active | close).id(), Template::Difference));
                    }
                }
            }
        }
    }

    fn implications(&self, values: &FxHashMap<TermId, Vec<i64>>, found: &mut Vec<(TermId, Template)>) {
        let flags: Vec<Bool> = self
            .vars
            .iter()
            .filter(|var| self.sorts[var.index()] == Sort::Bool)
            .map(|&var| Bool::from_id(variable(var)))
            .collect();
        let mut facts: Vec<Bool> = Vec::new();
        for &var in &self.vars {
            let term = variable(var);
            if !values.contains_key(&term) {
                continue;
            }
            match self.sorts[var.index()] {
                Sort::Bool => facts.extend([Bool::from_id(term), !Bool::from_id(term)]),
                Sort::Int(range) => facts.extend([Int::from_id(term).is(range.lo), Int::from_id(term).is(range.hi)]),
            }
        }
        if flags.len() * facts.len() > 20 * MOST_GUESSES {
            return;
        }
        for &flag in &flags {
            for &fact in &facts {
                found.push((flag.implies(fact).id(), Template::Implication));
                found.push(((!flag).implies(fact).id(), Template::Implication));
            }
        }
    }

    fn measures(&self, system: &TransitionSystem, relevant: &[bool]) -> Vec<TermId> {
        let mut measures = Vec::new();
        let unchanging = unchanging(system);
        let usable = |var: &VarId| relevant[var.index()] && !unchanging[var.index()];
        let mut columns: BTreeMap<(usize, usize), Vec<Int>> = BTreeMap::new();
        for class in &self.slots {
            for slot in class {
                for (position, &var) in slot.iter().enumerate() {
                    if usable(&var) && system.vars[var.index()].role != Role::Frozen {
                        let term = match self.sorts[var.index()] {
                            Sort::Bool => Bool::from_id(variable(var)).as_int(),
                            Sort::Int(_) => Int::from_id(variable(var)),
                        };
                        columns.entry((slot.len(), position)).or_default().push(term);
                    }
                }
            }
        }
        // Sums over all slots first: they say more than one slot does.
        measures.extend(columns.into_values().map(|column| sum(column).id()));
        measures.extend(self.shares.measures());
        for &var in &self.vars {
            let term = variable(var);
            measures.push(match self.sorts[var.index()] {
                Sort::Bool => Bool::from_id(term).as_int().id(),
                Sort::Int(_) => term,
            });
        }
        let compared = self.compared.iter().map(|&(a, b)| (Int::from_id(a) - Int::from_id(b)).id());
        measures.extend(compared);
        measures.extend(self.ints.iter().copied());
        let mut seen = FxHashSet::default();
        measures.retain(|&term| seen.insert(term));
        measures
    }
}

fn extremes(values: impl Iterator<Item = i64>) -> Option<(i64, i64)> {
    values.fold(None, |found, value| match found {
        None => Some((value, value)),
        Some((lo, hi)) => Some((lo.min(value), hi.max(value))),
    })
}
