//! Invariants: guesses from templates, thinned to an inductive set.
//!
//! 1. A few random runs on the evaluator ([`super::samples`]).
//! 2. Guesses that none of them contradicts ([`super::candidates`]).
//! 3. The guesses that hold initially, and of those an inductive set ([`super::houdini`]), in stages: first the simple ones
//!    in a system with simpler terms and more runs ([`weakened`]), then the others in the system itself, given the first
//!    ones. After each stage the claim is tried.
//!
//! What comes out is a conjunction that holds initially and is kept by every step, hence in every reachable state. It
//! can be checked again from scratch, by any solver ([`super::obligations`]).

use super::candidates::{self, Candidate, Guesses, Template, guess};
use super::houdini::{Interrupted, Thinning, thin};
use super::samples::{Samples, sample};
use super::words::words;
use crate::engines::{Cancel, EngineError, Limits};
use crate::limits::proof::PREMISE_DEPTH;
use crate::limits::proof::{INITIALLY, OTHERS, SIMPLE};
use crate::passes::{Through, dependencies, simple_terms, weakened};
use crate::smt::unroll::Unrolling;
use crate::smt::{Check, Encoding, Size, Stop, open};
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::TermId;

/// How everything that is not simple is handed to a solver. Questions about one step are small and many: CaDiCaL
/// answers them in a fraction of the time that Z3 takes.
pub const CLAUSES: Encoding = Encoding::CadicalClauses;

/// Invariants of a system: their conjunction holds initially and is kept by every step.
pub struct Invariants {
    /// The system, its graph extended by the invariants.
    pub system: TransitionSystem,
    /// A system of which it is a special case, simple enough for linear arithmetic.
    pub weak: TransitionSystem,
    /// The invariants.
    pub list: Vec<Candidate>,
    /// Integer terms that may serve as measures.
    pub measures: Vec<TermId>,
    /// Some runs.
    pub samples: Samples,
    /// What solvers were given.
    pub size: Size,
}

/// Why there is no proof.
pub enum Obstacle {
    /// In words for the user.
    Reason(String),
    /// A fault of the model or of ours.
    Fault(EngineError),
}

impl From<Interrupted> for Obstacle {
    fn from(interrupted: Interrupted) -> Self {
        match interrupted {
            Interrupted::Stopped => Obstacle::Reason("stopped before a proof was found".to_owned()),
            Interrupted::Fault(fault) => Obstacle::Fault(fault),
        }
    }
}

impl From<EngineError> for Obstacle {
    fn from(fault: EngineError) -> Self {
        Obstacle::Fault(fault)
    }
}

/// Which guesses a stage thins, and in which system.
struct Stage {
    /// Whether guesses of a template belong to it.
    takes: fn(Template) -> bool,
    /// Whether the simpler system with more runs will do.
    weak: bool,
}

/// The stages, by what they cost. A later one tries again what an earlier one could not show.
const STAGES: [Stage; 4] = [
    Stage { takes: |_| false, weak: true },
    Stage { takes: |template| template <= Template::Absent, weak: true },
    Stage { takes: |template| template <= Template::Implication, weak: true },
    Stage { takes: |_| true, weak: false },
];

/// Finds invariants over the variables that `roots` (terms of the claim) depend on, in stages of growing cost, and calls
/// `attempt` after each stage until it finds a proof. `wanted` is tried beside the guesses.
pub fn with_invariants<P>(
    system: &TransitionSystem,
    roots: &[TermId],
    wanted: Option<TermId>,
    encoding: Encoding,
    stop: &Stop,
    mut attempt: impl FnMut(&Invariants) -> Result<P, Obstacle>,
) -> Result<(Invariants, P), Obstacle> {
    let relevant = dependencies(system, roots, Through::Steps);
    let samples = sample(system, roots, stop)?;
    if samples.states.is_empty() {
        return Err(Obstacle::Reason("no initial state was found in time".to_owned()));
    }
    let Guesses { system, invariants: mut left, measures } = guess(system, &relevant, &samples);
    if let Some(term) = wanted {
        left.retain(|candidate| candidate.term != term);
        let simple = simple_terms(&system.dag)[term.index()];
        left.push(Candidate { term, template: Template::Claim, simple });
    }
    let guesses = left.len();
    let roots: Vec<TermId> = roots.iter().copied().chain(left.iter().map(|candidate| candidate.term)).collect();
    let mut size = Size::default();
    // Where pods may start anywhere, sums of counts are what decides: hard for clauses, easy for integers.
    let how = Thinning { step: false, chunk: 64, patience: INITIALLY };
    let (simple, others): (Vec<Candidate>, Vec<Candidate>) = left.into_iter().partition(|one| one.simple);
    let mut initially = Unrolling::new(&system, &roots, &Limits::default(), open(encoding));
    left = thinned(&mut initially, simple, how, stop)?.0;
    add(&mut size, &initially);
    let mut initially = Unrolling::new(&system, &roots, &Limits::default(), open(CLAUSES));
    left.extend(thinned(&mut initially, others, how, stop)?.0);
    let overflow = initially.overflow();
    if initially.view.check(&initially.dag, &[overflow], stop) != Check::Unsat {
        return Err(Obstacle::Reason("initial values may leave their ranges".to_owned()));
    }
    add(&mut size, &initially);
    log::info!("proof: {} states sampled, {guesses} guesses, {} hold initially", samples.states.len(), left.len());
    let mut found = Invariants { weak: weakened(&system), system, list: Vec::new(), measures, samples, size };
    let mut reason = String::new();
    for stage in STAGES {
        let takes = |one: &Candidate| (stage.takes)(one.template) && (one.simple || !stage.weak);
        let (chosen, later): (Vec<Candidate>, Vec<Candidate>) = left.into_iter().partition(takes);
        let how = if stage.weak { (32, SIMPLE) } else { (8, OTHERS) };
        let how = Thinning { step: true, chunk: how.0, patience: how.1 };
        let model = if stage.weak { &found.weak } else { &found.system };
        let mut unrolling = step_from(model, &roots, &found.list, if stage.weak { encoding } else { CLAUSES });
        let (proved, not_yet) = thinned(&mut unrolling, chosen, how, stop)?;
        add(&mut found.size, &unrolling);
        log::info!("proof: {} of {} guesses are inductive", proved.len(), proved.len() + not_yet.len());
        for one in &not_yet {
            log::debug!("proof: not shown: {}", words(&found.system.dag, one.term));
        }
        left = later.into_iter().chain(not_yet).collect();
        found.list.extend(proved);
        let result = in_ranges(&found, &roots, stop).and_then(|()| attempt(&found));
        match result {
            Ok(proof) => return Ok((found, proof)),
            Err(Obstacle::Fault(fault)) => return Err(Obstacle::Fault(fault)),
            Err(Obstacle::Reason(why)) => reason = why,
        }
        if stop.reason().is_some() {
            break;
        }
    }
    Err(Obstacle::Reason(reason))
}

/// Shows that no step leaves the ranges of variables.
fn in_ranges(found: &Invariants, roots: &[TermId], stop: &Stop) -> Result<(), Obstacle> {
    let mut unrolling = step_from(&found.system, roots, &found.list, CLAUSES);
    let overflow = unrolling.overflow();
    match unrolling.view.check(&unrolling.dag, &[overflow], stop) {
        Check::Unsat => Ok(()),
        Check::Sat => {
            let reason = "the invariants found do not show that all values stay in their ranges";
            Err(Obstacle::Reason(reason.to_owned()))
        }
        Check::Unknown(reason) => Err(Obstacle::Reason(reason)),
    }
}

/// What is left of some guesses, and what is not.
fn thinned(
    unrolling: &mut Unrolling,
    list: Vec<Candidate>,
    how: Thinning,
    stop: &Stop,
) -> Result<(Vec<Candidate>, Vec<Candidate>), Interrupted> {
    let terms: Vec<TermId> = list.iter().map(|candidate| candidate.term).collect();
    let mut alive = thin(unrolling, &terms, how, stop)?.into_iter();
    Ok(list.into_iter().partition(|_| alive.next().unwrap_or(false)))
}

/// One step between states that satisfy `invariants`, which must be inductive.
pub fn step_from<'a>(
    system: &'a TransitionSystem,
    roots: &[TermId],
    invariants: &[Candidate],
    encoding: Encoding,
) -> Unrolling<'a> {
    step_of(system, roots, invariants, encoding, |_| true)
}

/// The same for steps of one rule.
pub fn step_by<'a>(
    system: &'a TransitionSystem,
    rule: usize,
    roots: &[TermId],
    invariants: &[Candidate],
    encoding: Encoding,
) -> Unrolling<'a> {
    step_of(system, roots, invariants, encoding, |other| other == rule)
}

fn step_of<'a>(
    system: &'a TransitionSystem,
    roots: &[TermId],
    invariants: &[Candidate],
    encoding: Encoding,
    may: impl Fn(usize) -> bool,
) -> Unrolling<'a> {
    let roots: Vec<TermId> = roots.iter().copied().chain(invariants.iter().map(|one| one.term)).collect();
    let mut unrolling = Unrolling::anywhere(system, &roots, open(encoding));
    assert_all(&mut unrolling, 0, invariants);
    unrolling.extend_by(may);
    assert_all(&mut unrolling, 1, invariants);
    unrolling
}

/// Demands invariants in a frame.
pub fn assert_all(unrolling: &mut Unrolling, frame: usize, invariants: &[Candidate]) {
    for candidate in invariants {
        let term = unrolling.at(frame, candidate.term);
        unrolling.assert(term);
    }
}

fn add(size: &mut Size, unrolling: &Unrolling) {
    let more = unrolling.view.size();
    size.clauses += more.clauses;
    size.variables += more.variables;
}

impl Invariants {
    /// Whether some state that satisfies a condition is reachable; `None` if that is not known.
    pub fn reaches(&self, condition: TermId, limits: &Limits, cancel: &Cancel) -> Result<Option<bool>, Obstacle> {
        if self.samples.reach(&self.system, condition) {
            return Ok(Some(true));
        }
        let stop = Stop::of(limits, cancel);
        let roots: Vec<TermId> = [condition].into_iter().chain(self.list.iter().map(|one| one.term)).collect();
        let mut unrolling = Unrolling::anywhere(&self.system, &roots, open(CLAUSES));
        assert_all(&mut unrolling, 0, &self.list);
        let goal = unrolling.at(0, condition);
        if unrolling.view.check(&unrolling.dag, &[goal], &stop) == Check::Unsat {
            return Ok(Some(false));
        }
        let mut unrolling = Unrolling::new(&self.system, &roots, &Limits::default(), open(CLAUSES));
        for depth in 0..=PREMISE_DEPTH {
            let goal = unrolling.at(depth, condition);
            match unrolling.view.check(&unrolling.dag, &[goal], &stop) {
                Check::Sat => return Ok(Some(true)),
                Check::Unsat => unrolling.extend(),
                Check::Unknown(_) => break,
            }
        }
        Ok(None)
    }

    /// The invariants in words, by template.
    pub fn in_words(&self) -> Vec<String> {
        let mut lines: Vec<(candidates::Template, String)> =
            self.list.iter().map(|one| (one.template, words(&self.system.dag, one.term))).collect();
        lines.sort();
        lines.dedup();
        lines.into_iter().map(|(template, text)| format!("invariant ({}): {text}", template.name())).collect()
    }
}

/// Goes on only if `goal` has no solution.
pub fn expect_none(unrolling: &mut Unrolling, goal: TermId, stop: &Stop, otherwise: &str) -> Result<(), Obstacle> {
    match unrolling.view.check(&unrolling.dag, &[goal], stop) {
        Check::Unsat => Ok(()),
        Check::Sat => Err(Obstacle::Reason(otherwise.to_owned())),
        Check::Unknown(reason) => Err(Obstacle::Reason(reason)),
    }
}
