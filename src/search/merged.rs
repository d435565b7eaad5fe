//! Whether merged rules lose nothing, and make nothing up: looked at from some states that a search came by.
//!
//! Merged rules exist under paced timing only, where whatever is not fast waits until no fast rule can act. So runs are cut
//! where fast rules come to rest: one step of any kind, and then fast steps up to the next rest. From a state of a run of the
//! merged system, both systems must come to rest in the same states, and what an invariant forbids must not be seen on the way
//! of the fine system alone. If that is so from every state at rest, it is so for all runs. Each merged rule that can fire
//! on the way must also be a run of the rules that it stands for.
//!
//! A difference is a fault of the model. What comes to rest only after very many states is not compared.
//!
//! Where the fine system is small, it is decided as well: then nothing rests on merged rules, claims about loops and who has
//! to act in them included.

use super::Systems;
use crate::engines::explicit::Explicit;
use crate::engines::explicit::stepper::{Move, Stepper};
use crate::engines::{Answer, Engine as _, EngineError, Limits};
use crate::limits::Stop;
use crate::limits::search::MOST_NAMED;
use crate::passes::relevant;
use crate::trace::Trace;
use crate::trace::expand::embedded;
use kubound_encodings::system::{Claim, Pace, TransitionSystem};
use rustc_hash::FxHashSet;

/// Both systems of a cluster, compiled.
pub struct Merging {
    fine: Stepper,
    merged: Stepper,
    /// For each variable of the fine system the one of the merged system, if there is one.
    known: Vec<Option<usize>>,
    /// The state looked at, as one of the fine system.
    start: Vec<i64>,
    /// For each variable of the fine system whether the property can see it.
    relevant: Vec<bool>,
}

/// Where runs come to rest.
struct Runs {
    /// The states, as those of the fine system.
    rests: FxHashSet<Vec<i64>>,
    /// Whether some state on the way is bad.
    is_bad: bool,
    /// Whether all runs were looked at.
    is_whole: bool,
}

/// Is shown each step, with the state before it.
type Show<'a> = dyn FnMut(&[i64], &Move) -> Result<(), EngineError> + 'a;

/// Compares from the last states of runs of the merged system, looking at no more than `most` states from each; the number of
/// those from which all runs were compared.
///
/// # Errors
/// A difference.
pub fn check(
    systems: &Systems,
    property: usize,
    sampled: &[Trace],
    most: usize,
    stop: &Stop,
) -> Result<usize, EngineError> {
    let Some(merged) = systems.fused.as_ref().filter(|_| !sampled.is_empty()) else { return Ok(0) };
    let Some(mut merging) = Merging::new(&systems.fine, merged, property) else { return Ok(0) };
    let mut compared = 0;
    for run in sampled {
        if stop.reason().is_some() {
            break;
        }
        compared += usize::from(merging.compare(run.state(run.steps.len()), most)?);
    }
    Ok(compared)
}

/// Whether the fine system was looked at as a whole, which is done up to `most` states, and no run of it violates a property
/// that holds with merged rules; given the runs that tell that all states of the merged one were looked at.
///
/// # Errors
/// Some run violates it.
pub fn agrees(
    systems: &Systems,
    property: usize,
    sampled: &[Trace],
    most: usize,
    stop: &Stop,
) -> Result<bool, EngineError> {
    if systems.fused.is_none() || sampled.is_empty() {
        return Ok(false);
    }
    let limits = Limits { states: Some(most), deadline: stop.deadline, ..Limits::default() };
    match Explicit::default().decide(&systems.fine, property, &limits, &stop.cancel)?.answer {
        Answer::Violated(run) => {
            let rules: Vec<&str> = run.steps.iter().map(|step| step.rule.as_str()).collect();
            Err(EngineError::Internal(format!("self-check: merged rules lose the run {}", rules.join(", "))))
        }
        Answer::Holds { .. } => Ok(true),
        _ => Ok(false),
    }
}

impl Merging {
    /// Compiles both systems; none if they have too many terms.
    pub fn new(fine: &TransitionSystem, merged: &TransitionSystem, property: usize) -> Option<Self> {
        let of_merged = |name: &str| merged.dag.vars().iter().position(|var| var.name == name);
        let known = fine.dag.vars().iter().map(|var| of_merged(&var.name)).collect();
        let relevant = relevant(fine, property);
        let (fine, merged) = (Stepper::watching(fine, property)?, Stepper::watching(merged, property)?);
        Some(Self { fine, merged, known, start: Vec::new(), relevant })
    }

    /// Compares from one state of the merged system, looking at no more than `most` states of each; whether all runs were.
    ///
    /// # Errors
    /// A difference.
    pub fn compare(&mut self, state: &[i64], most: usize) -> Result<bool, EngineError> {
        self.start = embedded(self.fine.system(), self.merged.system(), state)
            .map_err(|error| EngineError::Internal(format!("self-check: {error}")))?;
        let merged = self.merged_runs(state, most)?;
        let start = self.start.clone();
        let fine = runs(&mut self.fine, start, most, &mut |_, _| Ok(()))?;
        let (merged, fine) = (self.noted(merged)?, self.noted(fine)?);
        if merged.is_whole {
            if let Some(lost) = fine.rests.difference(&merged.rests).next() {
                return Err(self.fault("merged rules lose the rest", lost));
            }
            if fine.is_bad && !merged.is_bad {
                return Err(self.fault("merged rules lose a violation on the way", &self.start));
            }
        }
        if fine.is_whole
            && let Some(made_up) = merged.rests.difference(&fine.rests).next()
        {
            return Err(self.fault("merged rules make up the rest", made_up));
        }
        Ok(fine.is_whole && merged.is_whole)
    }

    /// Runs with rests that tell what intents will have noted after the next step, in place of what they have noted: a note
    /// lags by a step, so the last step to a rest may or may not be noted yet. Where no step follows, only a claim about
    /// loops could still read a note; what invariants say of it is compared in all states. Notes of other intents do not count.
    fn noted(&mut self, runs: Runs) -> Result<Runs, EngineError> {
        let system = self.fine.system();
        let notes: Vec<usize> = system.monitors.iter().map(|monitor| monitor.var.index()).collect();
        if notes.is_empty() {
            return Ok(runs);
        }
        let (own, others): (Vec<usize>, Vec<usize>) = notes.into_iter().partition(|&note| self.relevant[note]);
        let is_invariant = matches!(system.properties[0].claim, Claim::Invariant(_));
        let mut rests = FxHashSet::default();
        for mut rest in runs.rests {
            others.iter().for_each(|&note| rest[note] = 0);
            let moves = self.fine.moves(&rest)?;
            if !moves.is_empty() || is_invariant {
                own.iter().for_each(|&note| rest[note] = 0);
            }
            // The steps of states that differ in notes only are the same, in the same order.
            rest.extend(moves.iter().flat_map(|step| own.iter().map(|&note| step.state[note])));
            rests.insert(rest);
        }
        Ok(Runs { rests, ..runs })
    }

    /// The runs of the merged system; each merged rule that fires must be a run of the fine system.
    fn merged_runs(&mut self, state: &[i64], most: usize) -> Result<Runs, EngineError> {
        let Self { fine, merged, known, start, .. } = self;
        let as_fine = |state: &[i64]| -> Vec<i64> {
            known.iter().zip(start.iter()).map(|(at, &given)| at.map_or(given, |at| state[at])).collect()
        };
        let system = merged.system().clone();
        let mut expand = |state: &[i64], step: &Move| {
            let rule = &system.rules[step.rule];
            if rule.expansion.is_empty() {
                return Ok(());
            }
            let names = system.fine_names(rule);
            if leads_to(fine, &names, &as_fine(state), &as_fine(&step.state))? {
                return Ok(());
            }
            let what = format!("{} is no run of {}", rule.name, names.join(", "));
            Err(EngineError::Internal(format!("self-check: {what}; in {}", words(&system, state))))
        };
        let runs = runs(merged, state.to_vec(), most, &mut expand)?;
        Ok(Runs { rests: runs.rests.iter().map(|rest| as_fine(rest)).collect(), ..runs })
    }

    fn fault(&self, what: &str, state: &[i64]) -> EngineError {
        let system = self.fine.system();
        let (state, start) = (words(system, state), words(system, &self.start));
        EngineError::Internal(format!("self-check: {what} {state}; from {start}"))
    }
}

/// One step of any kind, and then fast ones, until no fast rule is enabled; each step is shown.
fn runs(stepper: &mut Stepper, start: Vec<i64>, most: usize, show: &mut Show) -> Result<Runs, EngineError> {
    let mut runs = Runs { rests: FxHashSet::default(), is_bad: false, is_whole: true };
    // Where not all runs are looked at, they should not be the ones that begin alike.
    let mut random = fastrand::Rng::with_seed(most as u64);
    let mut seen = FxHashSet::default();
    let mut stack = vec![(start, true)];
    while let Some((state, is_first)) = stack.pop() {
        runs.is_bad |= stepper.is_bad(&state);
        let mut moves = stepper.moves(&state)?;
        let is_fast = |stepper: &Stepper, step: &Move| stepper.system().rules[step.rule].pace == Pace::Fast;
        if !is_first {
            moves.retain(|step| is_fast(stepper, step));
            if moves.is_empty() {
                runs.rests.insert(state);
                continue;
            }
        }
        random.shuffle(&mut moves);
        for step in moves {
            show(&state, &step)?;
            // The first state may be come by again, as one in the middle of a run.
            if seen.len() == most {
                runs.is_whole = false;
            } else if seen.insert(step.state.clone()) {
                stack.push((step.state, false));
            }
        }
    }
    Ok(runs)
}

/// Whether rules of these names, fired one after the other, may lead from one state to another.
fn leads_to(fine: &mut Stepper, names: &[String], from: &[i64], to: &[i64]) -> Result<bool, EngineError> {
    let Some((name, rest)) = names.split_first() else { return Ok(from == to) };
    for step in fine.moves(from)? {
        if fine.system().rules[step.rule].name == *name && leads_to(fine, rest, &step.state, to)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A state by its variables that are not at the lower end of their range.
fn words(system: &TransitionSystem, state: &[i64]) -> String {
    let vars = system.dag.vars().iter().zip(state).filter(|(var, value)| **value != var.sort.range().lo);
    let named: Vec<String> = vars.map(|(var, value)| format!("{} = {value}", var.name)).collect();
    let more = if named.len() > MOST_NAMED { ", ..." } else { "" };
    format!("{{{}{more}}}", named[..named.len().min(MOST_NAMED)].join(", "))
}
