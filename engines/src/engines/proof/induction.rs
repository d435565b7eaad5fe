//! Proofs of invariants for every depth: induction over states that satisfy automatically found invariants.
//!
//! The claim is one of the guesses that are thinned to an inductive set ([`super::invariants`]). If it survives, it holds
//! in every reachable state. If one step is not enough, k steps are tried: no path of k different good states that all
//! satisfy the invariants leads to a bad one, and no run of fewer than k steps is bad. States are told apart by the
//! variables that the claim and the rules depend on.

use super::invariants::{CLAUSES, Invariants, Obstacle, assert_all, expect_none};
use super::obligations::{Obligation, Recording};
use super::words::words;
use crate::engines::Limits;
use crate::limits::proof::{DEEPEST, INDUCTION};
use crate::smt::unroll::Unrolling;
use crate::smt::{Check, Stop, open};
use kubound_encodings::plural::plural;
use kubound_encodings::term::{Node, Sort, TermId, VarId};

/// An induction that shows an invariant.
#[derive(Clone, Copy, Debug)]
pub struct Induction {
    /// The claim, over states.
    pub claim: TermId,
    /// Steps of the induction; 1 if the claim is inductive relative to the invariants.
    pub steps: usize,
}

impl Induction {
    /// Looks for one, given invariants.
    pub fn find(found: &Invariants, claim: TermId, stop: &Stop) -> Result<Self, Obstacle> {
        steps(found, claim, stop).map(|steps| Self { claim, steps })
    }

    /// What it says.
    pub fn in_words(&self, found: &Invariants) -> Vec<String> {
        let claim = words(&found.system.dag, self.claim);
        vec![match self.steps {
            1 => format!("claim, in every state that satisfies the invariants below: {claim}"),
            steps => format!("claim, by induction over {steps} steps given the invariants below: {claim}"),
        }]
    }

    /// What it rests on beside the invariants.
    pub fn obligations(&self, found: &Invariants) -> Vec<Obligation> {
        let mut first = Recording::initially(&found.system, &[self.claim]);
        let mut goals = Vec::new();
        for depth in 0..self.steps {
            let good = first.unrolling.at(depth, self.claim);
            goals.push((format!("the claim after {}", plural(depth as i64, "step")), first.unrolling.not(good)));
            if depth + 1 < self.steps {
                first.unrolling.extend();
            }
        }
        let mut obligations = first.exclude(goals);
        let mut path = Recording::anywhere(&found.system, &roots(found, self.claim));
        let bad = good_path(&mut path.unrolling, found, self.claim, self.steps);
        obligations.extend(
            path.exclude(vec![(format!("the claim is kept after {}", plural(self.steps as i64, "good state")), bad)]),
        );
        obligations
    }
}

/// How many steps of induction show the claim, given invariants. What holds in all states that satisfy them need not
/// be inductive by itself, and is found with one step.
fn steps(found: &Invariants, claim: TermId, stop: &Stop) -> Result<usize, Obstacle> {
    if found.list.iter().any(|candidate| candidate.term == claim) {
        return Ok(1);
    }
    let mut first = Unrolling::new(&found.system, &[claim], &Limits::default(), open(CLAUSES));
    for steps in 1..=DEEPEST {
        let good = first.at(steps - 1, claim);
        let bad = first.not(good);
        expect_none(&mut first, bad, stop, "there may be a violation")?;
        if induction(found, claim, steps, stop)? {
            return Ok(steps);
        }
        first.extend();
    }
    Err(Obstacle::Reason(format!(
        "the claim does not follow from the {} found, not even by induction over {DEEPEST} steps",
        plural(found.list.len() as i64, "invariant")
    )))
}

fn roots(found: &Invariants, claim: TermId) -> Vec<TermId> {
    [claim].into_iter().chain(found.list.iter().map(|one| one.term)).collect()
}

/// Demands a path of different good states; returns that the next one is bad.
fn good_path(unrolling: &mut Unrolling, found: &Invariants, claim: TermId, steps: usize) -> TermId {
    assert_all(unrolling, 0, &found.list);
    for step in 0..steps {
        let good = unrolling.at(step, claim);
        unrolling.assert(good);
        unrolling.extend();
        assert_all(unrolling, step + 1, &found.list);
    }
    for later in 1..steps {
        for earlier in 0..later {
            let same = equal_states(unrolling, earlier, later);
            let different = unrolling.not(same);
            unrolling.assert(different);
        }
    }
    let good = unrolling.at(steps, claim);
    unrolling.not(good)
}

fn induction(found: &Invariants, claim: TermId, steps: usize, stop: &Stop) -> Result<bool, Obstacle> {
    let mut unrolling = Unrolling::anywhere(&found.system, &roots(found, claim), open(CLAUSES));
    let bad = good_path(&mut unrolling, found, claim, steps);
    match unrolling.view.check(&unrolling.dag, &[bad], &stop.at_most(INDUCTION)) {
        Check::Unsat => Ok(true),
        Check::Sat => Ok(false),
        Check::Unknown(_) if stop.reason().is_none() => Ok(false),
        Check::Unknown(reason) => Err(Obstacle::Reason(reason)),
    }
}

/// Whether two frames agree on everything that matters.
fn equal_states(unrolling: &mut Unrolling, a: usize, b: usize) -> TermId {
    let mut equal = Vec::new();
    for index in 0..unrolling.system.vars.len() {
        let var = VarId(index as u32);
        let (Some(first), Some(second)) = (unrolling.variable(a, var), unrolling.variable(b, var)) else { continue };
        let node = match unrolling.dag.sort(first) {
            Sort::Bool => Node::Iff(first, second),
            Sort::Int(_) => Node::Eq(first, second),
        };
        equal.push(unrolling.dag.make(node));
    }
    unrolling.and(equal)
}
