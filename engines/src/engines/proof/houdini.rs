//! Thinning guesses to an inductive set (Flanagan and Leino's Houdini): whatever a counterexample to a step falsifies
//! is dropped, until no step out of what is left falsifies any of it.

use crate::engines::EngineError;
use crate::engines::symbolic::witness::Model;
use crate::smt::unroll::Unrolling;
use crate::smt::{Check, Stop};
use kubound_encodings::term::TermId;
use std::time::Duration;

/// Why thinning ended early.
#[derive(Debug)]
pub enum Interrupted {
    /// Cancelled or out of time.
    Stopped,
    /// A fault of ours.
    Fault(EngineError),
}

/// How to thin.
#[derive(Clone, Copy, Debug)]
pub struct Thinning {
    /// Whether the guesses are to be kept by the step into frame 1, given all of them in frame 0; else they are to hold
    /// in frame 0.
    pub step: bool,
    /// How many guesses are asked for at once.
    pub chunk: usize,
    /// Longest time for one question; a guess that takes longer is dropped.
    pub patience: Duration,
}

/// Thins `terms`; returns which of them are left.
pub fn thin(unrolling: &mut Unrolling, terms: &[TermId], how: Thinning, stop: &Stop) -> Result<Vec<bool>, Interrupted> {
    let before: Vec<TermId> = terms.iter().map(|&term| unrolling.at(0, term)).collect();
    let after: Vec<TermId> =
        if how.step { terms.iter().map(|&term| unrolling.at(1, term)).collect() } else { before.clone() };
    for &term in before.iter().chain(&after) {
        unrolling.view.mention(&unrolling.dag, term);
    }
    let mut alive = vec![true; terms.len()];
    let mut shown = vec![false; terms.len()];
    let mut chunk = how.chunk;
    let mut dropped = false;
    loop {
        let Some(first) = (0..terms.len()).find(|&index| alive[index] && !shown[index]) else {
            if !(how.step && dropped) {
                return Ok(alive);
            }
            // What was shown with the help of something that is gone must be shown again.
            shown.fill(false);
            dropped = false;
            continue;
        };
        let asked: Vec<usize> =
            (first..terms.len()).filter(|&index| alive[index] && !shown[index]).take(chunk).collect();
        let negations = asked.iter().map(|&index| after[index]).collect::<Vec<_>>();
        let all = unrolling.and(negations);
        let goal = unrolling.not(all);
        let mut assumptions = vec![goal];
        if how.step {
            assumptions.extend((0..terms.len()).filter(|&index| alive[index]).map(|index| before[index]));
        }
        match unrolling.view.check(&unrolling.dag, &assumptions, &stop.at_most(how.patience)) {
            Check::Unsat => {
                asked.iter().for_each(|&index| shown[index] = true);
                chunk = (chunk * 2).min(how.chunk);
            }
            Check::Sat => {
                let model = Model::read(unrolling);
                let falsified: Vec<usize> =
                    (0..terms.len()).filter(|&index| alive[index] && model.value(after[index]) == 0).collect();
                if falsified.is_empty() {
                    let what = "a counterexample to induction falsifies nothing".to_owned();
                    return Err(Interrupted::Fault(EngineError::Internal(what)));
                }
                falsified.iter().for_each(|&index| alive[index] = false);
                dropped = true;
            }
            Check::Unknown(_) if stop.reason().is_some() => return Err(Interrupted::Stopped),
            Check::Unknown(_) if asked.len() > 1 => chunk = 1,
            Check::Unknown(_) => {
                alive[first] = false;
                dropped = true;
            }
        }
    }
}
