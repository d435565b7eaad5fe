//! Enumerating initial states: backtracking over the free variables, pruned by interval arithmetic.
//!
//! The constraints are rewritten over free variables only. After each assignment their ranges are recomputed with
//! the unassigned variables at their full ranges; a constraint that can no longer be true cuts the branch. Variables
//! that do not matter to the property are assigned last, and only one completion is looked for.

use crate::passes::Rebuilder;
use kubound_encodings::stop::tick;
use kubound_encodings::system::{Initial, TransitionSystem};
use kubound_encodings::term::eval::{Assignment, divide, evaluate};
use kubound_encodings::term::{Dag, Node, Range, TermId, VarId};

/// Why an enumeration ended early.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stopped {
    /// The visitor asked for it.
    Enough,
    /// Too many assignments were tried.
    TooMany,
}

/// The initial states of a system.
pub struct Starts<'a> {
    system: &'a TransitionSystem,
    dag: Dag,
    /// Conjuncts over free variables, and the terms they consist of, in order.
    conditions: Vec<TermId>,
    order: Vec<TermId>,
    /// Assignments tried so far and at most.
    tried: u64,
    limit: u64,
}

impl<'a> Starts<'a> {
    /// Prepares the constraints; at most `limit` partial assignments will be tried.
    pub fn new(system: &'a TransitionSystem, limit: u64) -> Self {
        let mut copy = Rebuilder::new(&system.dag, &[]);
        for (index, var) in system.vars.iter().enumerate() {
            if let Initial::Term(term) = var.initial {
                // Terms of variables with larger ids are copied later, when this replacement is in place.
                let image = copy.term(term);
                copy.replace(&Node::Var(VarId(index as u32)), image);
            }
        }
        let mut conditions: Vec<TermId> =
            system.constraints.iter().map(|constraint| copy.condition(constraint.holds)).map(id_of).collect();
        let dag = copy.finish();
        conditions = conditions
            .into_iter()
            .flat_map(|condition| match dag.node(condition) {
                Node::And(list) => list.to_vec(),
                _ => vec![condition],
            })
            .collect();
        let cone = dag.cone(conditions.iter().copied());
        let order = (0..dag.len()).filter(|&index| cone[index]).map(|index| TermId(index as u32)).collect();
        Self { system, dag, conditions, order, tried: 0, limit }
    }

    /// Whether some constraint reads each variable.
    fn constrained(&self) -> Vec<bool> {
        let mut constrained = vec![false; self.system.vars.len()];
        self.dag.support(self.conditions.iter().copied()).iter().for_each(|var| constrained[var.index()] = true);
        constrained
    }

    /// The free variables among `wanted`, those of a constraint first.
    fn free(&self, wanted: impl Fn(usize) -> bool) -> Vec<VarId> {
        let constrained = self.constrained();
        let mut vars: Vec<VarId> = (0..self.system.vars.len())
            .filter(|&index| self.system.vars[index].initial == Initial::Free && wanted(index))
            .map(|index| VarId(index as u32))
            .collect();
        vars.sort_by_key(|var| !constrained[var.index()]);
        vars
    }

    /// The number of assignments to the free variables of `kept` that no constraint reads, which is a lower bound
    /// of the number of initial states, with the variables of the largest ranges.
    pub fn estimate(&self, kept: &[bool]) -> (f64, Vec<String>) {
        let constrained = self.constrained();
        let mut vars = self.free(|index| kept[index]);
        let size = |var: &VarId| self.system.dag.vars()[var.index()].sort.range().size();
        let estimate = vars.iter().filter(|var| !constrained[var.index()]).map(|var| size(var) as f64).product::<f64>();
        vars.sort_by_key(|var| std::cmp::Reverse(size(var)));
        let names = vars.iter().take(3).map(|var| self.system.dag.vars()[var.index()].name.clone()).collect();
        (estimate, names)
    }

    /// Visits every assignment to the free variables of `kept` that some assignment to the others completes to an
    /// initial state, with the values of all variables in one such state.
    pub fn each(
        &mut self,
        kept: &[bool],
        given: &[Option<i64>],
        visit: &mut dyn FnMut(&[i64]) -> bool,
    ) -> Result<(), Stopped> {
        let mut ranges: Vec<Range> = self.system.dag.vars().iter().map(|var| var.sort.range()).collect();
        for (range, value) in ranges.iter_mut().zip(given) {
            if let Some(value) = value {
                *range = Range::point(*value);
            }
        }
        let first = self.free(|index| kept[index]);
        let rest = self.free(|index| !kept[index]);
        self.assign(&first, &rest, &mut ranges, visit).map(|_| ())
    }

    /// Visits the assignments to `key` that no constraint excludes outright; other free variables are anything.
    pub fn groups(&mut self, key: &[VarId], visit: &mut dyn FnMut(&[i64]) -> bool) -> Result<(), Stopped> {
        let mut ranges: Vec<Range> = self.system.dag.vars().iter().map(|var| var.sort.range()).collect();
        self.assign(key, &[], &mut ranges, visit).map(|_| ())
    }

    /// Assigns `first` in all ways; true if a complete assignment was visited.
    fn assign(
        &mut self,
        first: &[VarId],
        rest: &[VarId],
        ranges: &mut Vec<Range>,
        visit: &mut dyn FnMut(&[i64]) -> bool,
    ) -> Result<bool, Stopped> {
        self.tried += 1;
        if self.tried > self.limit {
            return Err(Stopped::TooMany);
        }
        if !self.possible(ranges) {
            return Ok(false);
        }
        let (only_one, var) = match (first.split_first(), rest.split_first()) {
            (Some((&var, _)), _) => (false, var),
            (None, Some((&var, _))) => (true, var),
            (None, None) => {
                let values = self.complete(ranges);
                return if visit(&values) { Ok(true) } else { Err(Stopped::Enough) };
            }
        };
        let range = ranges[var.index()];
        let mut found = false;
        for value in range.lo..=range.hi {
            ranges[var.index()] = Range::point(value);
            found |= if only_one {
                self.assign(&[], &rest[1..], ranges, visit)?
            } else {
                self.assign(&first[1..], rest, ranges, visit)?
            };
            if only_one && found {
                break;
            }
        }
        ranges[var.index()] = range;
        Ok(found)
    }

    /// Whether no constraint is already false.
    fn possible(&self, ranges: &[Range]) -> bool {
        if self.conditions.is_empty() {
            return true;
        }
        tick(1 + self.dag.len() / 32);
        let mut found = vec![Range::point(0); self.dag.len()];
        for &id in &self.order {
            found[id.index()] = bounds(self.dag.node(id), &found, ranges);
        }
        self.conditions.iter().all(|condition| found[condition.index()].hi == 1)
    }

    /// The values of all variables, the free ones given as points.
    fn complete(&self, ranges: &[Range]) -> Vec<i64> {
        let mut values: Vec<i64> = ranges.iter().map(|range| range.lo).collect();
        for (index, var) in self.system.vars.iter().enumerate() {
            if let Initial::Term(term) = var.initial {
                values[index] = match *self.system.dag.node(term) {
                    Node::Int(value) => value,
                    Node::Bool(value) => i64::from(value),
                    Node::Var(other) => values[other.index()],
                    _ => {
                        let assignment = Assignment { vars: &values, primed: &[], choices: &[] };
                        evaluate(&self.system.dag, &[term], assignment)[0]
                    }
                };
            }
        }
        values
    }
}

fn id_of(condition: kubound_encodings::term::Bool) -> TermId {
    kubound_encodings::term::Term::id(condition)
}

/// The values that a node can take, given those of its operands and of the variables.
fn bounds(node: &Node, found: &[Range], vars: &[Range]) -> Range {
    let of = |id: &TermId| found[id.index()];
    let truth = |surely: bool, possibly: bool| Range { lo: i64::from(surely), hi: i64::from(possibly) };
    match node {
        Node::Bool(value) => Range::point(i64::from(*value)),
        Node::Int(value) => Range::point(*value),
        Node::Var(var) | Node::Primed(var) => vars[var.index()],
        Node::Choice(_) => truth(false, true),
        Node::Not(a) => Range { lo: 1 - of(a).hi, hi: 1 - of(a).lo },
        Node::And(list) => truth(list.iter().all(|a| of(a).lo == 1), list.iter().all(|a| of(a).hi == 1)),
        Node::Or(list) => truth(list.iter().any(|a| of(a).lo == 1), list.iter().any(|a| of(a).hi == 1)),
        Node::Iff(a, b) | Node::Eq(a, b) => {
            let (a, b) = (of(a), of(b));
            truth(a.lo == a.hi && a == b, a.lo <= b.hi && b.lo <= a.hi)
        }
        Node::Le(a, b) => truth(of(a).hi <= of(b).lo, of(a).lo <= of(b).hi),
        Node::Ite(c, a, b) => match (of(c).lo, of(c).hi) {
            (1, _) => of(a),
            (_, 0) => of(b),
            _ => of(a).hull(of(b)),
        },
        Node::Add(list) | Node::Count(list) => {
            Range { lo: list.iter().map(|a| of(a).lo).sum(), hi: list.iter().map(|a| of(a).hi).sum() }
        }
        Node::Scale(factor, a) => corners(*factor, *factor, of(a)),
        Node::Mul(a, b) => corners(of(a).lo, of(a).hi, of(b)),
        Node::Div(a, b) => {
            let (a, b) = (of(a), of(b));
            let lo = if b.lo == 0 { 0 } else { divide(a.lo, b.hi) };
            Range { lo, hi: if b.hi == 0 { 0 } else { divide(a.hi, b.lo.max(1)) } }
        }
        Node::Rem(a, b) => match (of(a).constant(), of(b).constant()) {
            (Some(x), Some(y)) => Range::point(x - y * divide(x, y)),
            _ => Range { lo: 0, hi: of(a).hi },
        },
        Node::Min(a, b) => Range { lo: of(a).lo.min(of(b).lo), hi: of(a).hi.min(of(b).hi) },
        Node::Max(a, b) => Range { lo: of(a).lo.max(of(b).lo), hi: of(a).hi.max(of(b).hi) },
        Node::Table(index, values) => {
            let used = &values[of(index).lo as usize..=of(index).hi as usize];
            used.iter().skip(1).fold(Range::point(used[0]), |range, &value| range.hull(Range::point(value)))
        }
    }
}

fn corners(lo: i64, hi: i64, other: Range) -> Range {
    let products = [lo * other.lo, lo * other.hi, hi * other.lo, hi * other.hi];
    products.into_iter().skip(1).fold(Range::point(products[0]), |range, value| range.hull(Range::point(value)))
}
