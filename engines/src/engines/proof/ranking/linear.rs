//! Steps of loops in linear arithmetic: all rules at once, and where that takes too long each rule by itself.
//!
//! Sums over many slots defeat clauses, and are what integers are good at. Most rules change what one slot holds; with
//! the rule known, the other slots are the same terms before and after and cancel out. Where that is still too hard, the
//! values of a small divisor are told apart: with a constant for it, equal shares are linear.

use super::{Measure, in_loop, moves};
use crate::engines::proof::candidates::Candidate;
use crate::engines::proof::invariants::{Invariants, step_by, step_from};
use crate::limits::passes::CASES;
use crate::limits::proof::ALL_CASES;
use crate::limits::proof::AT_ONCE;
use crate::limits::proof::ONE_CASE;
use crate::smt::unroll::Unrolling;
use crate::smt::{Check, Encoding, Stop};
use kubound_encodings::system::{Claim, Pace};
use kubound_encodings::term::{Node, TermId};

/// Steps in a system of which the one in question is a special case: what none of them does, none does there.
pub(super) struct Linear<'a> {
    found: &'a Invariants,
    claim: Claim,
    /// Steps of any rule.
    any: Unrolling<'a>,
    /// Steps of each rule that may be part of a loop; empty until they are needed.
    each: Vec<Unrolling<'a>>,
    /// The measures found so far.
    kept: Vec<Measure>,
}

impl<'a> Linear<'a> {
    pub(super) fn new(found: &'a Invariants, claim: Claim) -> Self {
        Self { found, claim, any: steps(found, claim, None), each: Vec::new(), kept: Vec::new() }
    }

    /// Whether no step moves the measure against its direction; if so, loops keep it, which is demanded from now on.
    pub(super) fn is_kept(&mut self, measure: Measure, stop: &Stop) -> bool {
        let (against, _) = moves(&mut self.any, measure);
        let is_kept = match self.any.view.check(&self.any.dag, &[against], &stop.at_most(AT_ONCE)) {
            Check::Unsat => true,
            Check::Sat => false,
            Check::Unknown(_) => self.is_kept_by_each(measure, &stop.at_most(ALL_CASES)),
        };
        if is_kept {
            self.kept.push(measure);
            [&mut self.any].into_iter().chain(&mut self.each).for_each(|step| demand(step, measure));
        }
        is_kept
    }

    fn is_kept_by_each(&mut self, measure: Measure, stop: &Stop) -> bool {
        if self.each.is_empty() {
            let rules = self.found.weak.rules.iter().enumerate();
            let rules = rules.filter(|(_, rule)| rule.pace != Pace::Event).map(|(index, _)| index);
            self.each = rules.map(|rule| steps(self.found, self.claim, Some(rule))).collect();
            for step in &mut self.each {
                self.kept.iter().for_each(|&measure| demand(step, measure));
            }
        }
        self.each.iter_mut().all(|step| {
            let (against, _) = moves(step, measure);
            is_refuted(step, against, stop)
        })
    }
}

/// Steps of one rule, or of any, that may be part of a loop.
fn steps(found: &Invariants, claim: Claim, rule: Option<usize>) -> Unrolling<'_> {
    let simple: Vec<Candidate> = found.list.iter().copied().filter(|one| one.simple).collect();
    let system = &found.weak;
    // Measures may read what only conditions depend on that the weaker system does without.
    let roots: Vec<TermId> = claim.terms().into_iter().chain(found.measures.iter().copied()).collect();
    let mut step = match rule {
        None => step_from(system, &roots, &simple, Encoding::Integers),
        Some(rule) => step_by(system, rule, &roots, &simple, Encoding::Integers),
    };
    if let Claim::NoFairLoop { within, keep, .. } = claim {
        in_loop(&mut step, within, keep);
    }
    step
}

fn demand(step: &mut Unrolling, measure: Measure) {
    let (_, same) = moves(step, measure);
    step.assert(same);
}

/// Whether a fact is refuted, by the values of a small divisor if need be.
fn is_refuted(step: &mut Unrolling, fact: TermId, stop: &Stop) -> bool {
    let answer = step.view.check(&step.dag, &[fact], &stop.at_most(ONE_CASE));
    let (Check::Unknown(_), Some(divisor)) = (&answer, small_divisor(step, fact)) else {
        return answer == Check::Unsat;
    };
    let range = step.dag.range(divisor);
    (range.lo..=range.hi).all(|value| {
        let value = step.dag.make(Node::Int(value));
        let is_value = step.dag.make(Node::Eq(divisor, value));
        step.view.check(&step.dag, &[fact, is_value], &stop.at_most(ONE_CASE)) == Check::Unsat
    })
}

/// A divisor with few values that a fact depends on.
fn small_divisor(step: &Unrolling, fact: TermId) -> Option<TermId> {
    let cone = step.dag.cone([fact]);
    (0..step.dag.len() as u32).map(TermId).filter(|id| cone[id.index()]).find_map(|id| match *step.dag.node(id) {
        Node::Div(_, by) if (2..=CASES).contains(&step.dag.range(by).size()) => Some(by),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::proof::invariants::with_invariants;
    use crate::testing::tiny;
    use kubound_encodings::system::{Initial, Role, Rule, StateVar, TransitionSystem};
    use kubound_encodings::term::{Bool, Int, Term, VarId, int_var, within};

    /// Pods move from one of two nodes to the other, where there are fewer than an equal share, as long as moves are left.
    fn moving() -> (TransitionSystem, Claim) {
        let (mut system, property) = tiny();
        let dag = std::mem::take(&mut system.dag);
        let ((moves, claim), dag) = within(dag, || {
            let (vars, terms): (Vec<VarId>, Vec<Int>) =
                ["left", "on 0", "on 1"].into_iter().map(|name| int_var(name, 0, 6)).unzip();
            let share = (terms[1] + terms[2]) / 2;
            let rule = |from: usize, to: usize| Rule {
                name: format!("move from {} to {}", from - 1, to - 1),
                enabled: terms[0].above(0) & terms[from].above(share),
                updates: [(0, -1), (from, -1), (to, 1)]
                    .map(|(index, by)| (vars[index], (terms[index] + by).id()))
                    .to_vec(),
                ..system.rules[0].clone()
            };
            let (yes, no) = (Bool::from(true), Bool::from(false));
            let claim = Claim::NoFairLoop { within: yes, keep: yes, progress: yes, stay: no };
            (vec![rule(1, 2), rule(2, 1)], claim)
        });
        system.dag = dag;
        system.rules.extend(moves);
        system.vars.extend([(); 3].map(|()| StateVar { role: Role::Cluster, initial: Initial::Free }));
        system.properties[property].claim = claim;
        (system, claim)
    }

    #[test]
    fn rule_by_rule_the_same_measures_are_kept() {
        let (system, claim) = moving();
        let stop = Stop::default();
        let mut answers = Vec::new();
        let stage = with_invariants(&system, &claim.terms(), None, Encoding::Integers, &stop, |found| {
            for (&term, falls) in found.measures.iter().take(12).flat_map(|term| [(term, true), (term, false)]) {
                let measure = Measure { term, falls };
                let at_once = Linear::new(found, claim).is_kept(measure, &stop);
                assert_eq!(Linear::new(found, claim).is_kept_by_each(measure, &stop), at_once, "{measure:?}");
                answers.push(at_once);
            }
            Ok(())
        });
        assert!(stage.is_ok());
        assert!(answers.contains(&true) && answers.contains(&false), "{answers:?}");
    }
}
