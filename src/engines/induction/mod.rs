//! Proofs of invariants for every depth: induction over states that satisfy automatically found invariants.
//!
//! The claim is one of the guesses that are thinned to an inductive set ([`super::proof`]). If it survives, it holds in
//! every reachable state. If one step is not enough, k steps are tried: no path of k different good states that all
//! satisfy the invariants leads to a bad one, and no run of fewer than k steps is bad. States are told apart by the
//! variables that the claim and the rules depend on.
//!
//! Of claims about endless runs this engine shows a sufficient condition: under the invariants no step can make
//! progress at all, and no state where nothing has to happen is one to complain about. Anything else is left to
//! [`super::ranking`].

use super::proof::obligations::{Obligation, Recording, of_invariants};
use super::proof::words::words;
use super::proof::{CLAUSES, Invariants, Obstacle, assert_all, no_proof, step_from, with_invariants};
use super::symbolic::alone;
use super::{Answer, Cancel, Engine, EngineError, Limits, Outcome, Statistics};
use crate::limits::proof::DEEPEST;
use crate::limits::proof::INDUCTION;
use crate::smt::unroll::Unrolling;
use crate::smt::{Check, Encoding, Stop, open};
use kubound_encodings::system::{Claim, TransitionSystem};
use kubound_encodings::term::{Node, Sort, Term, TermId, VarId};

/// The engine.
#[derive(Clone, Copy, Debug)]
pub struct Induction {
    /// How the simple part is handed to the solver.
    pub encoding: Encoding,
}

/// A proof by induction of an invariant.
pub struct Proof {
    /// What it rests on.
    pub invariants: Invariants,
    /// The claim, over states.
    pub claim: TermId,
    /// Steps of the induction; 1 if the claim is inductive relative to the invariants.
    pub steps: usize,
}

impl Default for Induction {
    fn default() -> Self {
        Self { encoding: Encoding::Integers }
    }
}

impl Engine for Induction {
    fn name(&self) -> &'static str {
        "induction"
    }

    fn decide(
        &self,
        system: &TransitionSystem,
        property: usize,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Outcome, EngineError> {
        alone(|| match self.attempt(system, property, limits, cancel) {
            Ok(outcome) => Ok(outcome),
            Err(obstacle) => no_proof(obstacle),
        })
    }
}

impl Induction {
    fn attempt(
        &self,
        system: &TransitionSystem,
        property: usize,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Outcome, Obstacle> {
        let claim = system.properties[property].claim;
        let (invariants, mut lines, steps) = match claim {
            Claim::Invariant(_) => {
                let proof = self.prove(system, property, limits, cancel)?;
                let claim = words(&proof.invariants.system.dag, proof.claim);
                let line = match proof.steps {
                    1 => format!("claim, in every state that satisfies the invariants below: {claim}"),
                    steps => format!("claim, by induction over {steps} steps given the invariants below: {claim}"),
                };
                (proof.invariants, vec![line], proof.steps)
            }
            Claim::NoFairLoop { within, keep, progress, stay } => {
                let stop = Stop::of(limits, cancel);
                let roots = claim.terms();
                let (found, ()) = with_invariants(system, &roots, None, self.encoding, &stop, |found| {
                    let mut step = step_from(&found.system, &roots, &found.list, CLAUSES);
                    let events = super::ranking::events(&mut step);
                    let goal = vec![
                        step.not(events),
                        step.at(0, within.id()),
                        step.at(0, keep.id()),
                        step.at(0, progress.id()),
                        step.at(1, within.id()),
                    ];
                    let goal = step.and(goal);
                    let otherwise = "steps with progress are possible as far as the invariants tell";
                    expect_none(&mut step, goal, &stop, otherwise)?;
                    super::ranking::no_stay(found, &roots, within, stay, &stop)
                })?;
                (found, vec!["no step of a loop can make progress, given the invariants below".to_owned()], 1)
            }
        };
        lines.extend(invariants.in_words());
        conclude(&invariants, property, lines, "induction", steps, limits, cancel)
    }

    /// A proof of the invariant `property`.
    pub fn prove(
        &self,
        system: &TransitionSystem,
        property: usize,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Proof, Obstacle> {
        let Claim::Invariant(claim) = system.properties[property].claim else {
            return Err(Obstacle::Reason("the claim is about endless runs".to_owned()));
        };
        let (claim, stop) = (claim.id(), Stop::of(limits, cancel));
        let (invariants, steps) =
            with_invariants(system, &[claim], Some(claim), self.encoding, &stop, |found| steps(found, claim, &stop))?;
        Ok(Proof { invariants, claim, steps })
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
        "the claim does not follow from the {} invariants found, not even by induction over {DEEPEST} steps",
        found.list.len()
    )))
}

impl Proof {
    /// What the proof rests on, each of them to be refuted by any solver.
    pub fn obligations(&self) -> Vec<Obligation> {
        let found = &self.invariants;
        let mut obligations = of_invariants(&found.system, &found.list);
        let mut first = Recording::initially(&found.system, &[self.claim]);
        let mut goals = Vec::new();
        for depth in 0..self.steps {
            let good = first.unrolling.at(depth, self.claim);
            goals.push((format!("the claim after {depth} steps"), first.unrolling.not(good)));
            if depth + 1 < self.steps {
                first.unrolling.extend();
            }
        }
        obligations.extend(first.exclude(goals));
        let mut path = Recording::anywhere(&found.system, &roots(found, self.claim));
        let bad = good_path(&mut path.unrolling, found, self.claim, self.steps);
        obligations.extend(path.exclude(vec![(format!("the claim is kept after {} good states", self.steps), bad)]));
        obligations
    }
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

/// Goes on only if `goal` has no solution.
pub(super) fn expect_none(
    unrolling: &mut Unrolling,
    goal: TermId,
    stop: &Stop,
    otherwise: &str,
) -> Result<(), Obstacle> {
    match unrolling.view.check(&unrolling.dag, &[goal], stop) {
        Check::Unsat => Ok(()),
        Check::Sat => Err(Obstacle::Reason(otherwise.to_owned())),
        Check::Unknown(reason) => Err(Obstacle::Reason(reason)),
    }
}

/// The answer of a proof, provided that it is known whether the premise of the property can be met.
pub(super) fn conclude(
    found: &Invariants,
    property: usize,
    proof: Vec<String>,
    method: &'static str,
    depth: usize,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Outcome, Obstacle> {
    let premise = found.system.properties[property].premise.id();
    let Some(premise_reached) = found.reaches(premise, limits, cancel)? else {
        let reason = "it holds, but whether its premise can be met is not known";
        return Err(Obstacle::Reason(reason.to_owned()));
    };
    let statistics =
        Statistics { clauses: found.size.clauses, variables: found.size.variables, depth, ..Statistics::default() };
    let answer = Answer::Holds { method, premise_reached, proof };
    // What sampled runs did is not all that can happen, so nothing is said about who acts.
    Ok(Outcome { answer, statistics, fired: Vec::new(), rests: false })
}
