//! Paced, delayed and interleaved time against each other. Each allows the runs of the one before but for what clocks say,
//! so what is violated under the narrower one is violated under the wider one. And a run under the wider one that violates
//! an intent, and that can be followed under the narrower one, is a violation there.

use crate::compare::{Case, Outcome, STATES, Verdict, explicit, systems};
use kubound::engines::explicit::Explicit;
use kubound::engines::{Cancel, Limits};
use kubound::search::clock::{self, Clock};
use kubound::trace::execute::{fire, values};
use kubound::trace::replay::replay;
use kubound::trace::{Ending, Step, Trace};
use kubound_encodings::cluster::{Cluster, Timing};
use kubound_encodings::system::{Initial, Pace, Rule, TransitionSystem};
use kubound_encodings::term::{ChoiceId, Term};
use std::collections::BTreeSet;

/// Most states looked at while a run is followed.
const MOST: usize = 2000;
/// How often a loop is followed until its paced states repeat.
const ROUNDS: usize = 6;

/// Compares.
pub fn compare(case: &Case) -> Outcome {
    let mut decided = Vec::new();
    for timing in [Timing::Paced, Timing::Delayed, Timing::Interleaved] {
        let (fine, fused) = systems(&Cluster { timing, ..case.cluster.clone() })?;
        let verdict = explicit(Explicit::default(), &fused, case.property, "other")?;
        if !matches!(verdict, Verdict::Undecided) {
            decided.push((timing, fine, verdict));
        }
    }
    for pair in decided.windows(2) {
        let [(narrow, few, first), (wide, many, second)] = pair else { continue };
        match (first, second) {
            // Where the clock stops, what waits for time never acts: a wider timing makes it act, and ends the loop.
            (Verdict::Violated(_), clean) if clean.is_clean() && clock_stops(few)? => return Ok(false),
            (Verdict::Violated(_), clean) if clean.is_clean() => {
                return Err(format!("{narrow:?} violated, {wide:?} {}", clean.word()));
            }
            // The run of a fused system is not one of the fine one.
            (clean, Verdict::Violated(trace))
                if clean.is_clean() && follow(few, many, trace, case.property).is_some() =>
            {
                return Err(format!("{narrow:?} {}, {wide:?} violated by a run that is {narrow:?}", clean.word()));
            }
            _ => {}
        }
    }
    Ok(decided.len() == 3)
}

/// Whether fast rules can go on forever, or may for all that is known.
fn clock_stops(system: &TransitionSystem) -> Result<bool, String> {
    let limits = Limits { states: Some(STATES), ..Limits::default() };
    let clock = clock::decide(system, &limits, &Cancel::default()).map_err(|fault| format!("clock: {fault}"))?;
    Ok(clock != Clock::Runs)
}

/// A run being followed.
struct Follow<'a> {
    narrow: &'a TransitionSystem,
    wide: &'a TransitionSystem,
    trace: &'a Trace,
    property: usize,
    seen: BTreeSet<(usize, Vec<i64>)>,
}

/// The run of a system of narrower timing that does the same as one of wider timing, with time passing in between.
fn follow(narrow: &TransitionSystem, wide: &TransitionSystem, trace: &Trace, property: usize) -> Option<Trace> {
    let initial = translate(narrow, wide, &trace.initial)?;
    let mut follow = Follow { narrow, wide, trace, property, seen: BTreeSet::new() };
    let start = Trace { initial, steps: Vec::new(), ending: Ending::Bad };
    follow.from(start, 0, &mut Vec::new())
}

impl Follow<'_> {
    /// Goes on from the end of a run, the step with this number next (counted through the rounds of a loop); `begins`
    /// says where rounds began.
    fn from(&mut self, run: Trace, number: usize, begins: &mut Vec<usize>) -> Option<Trace> {
        let here = run.state(run.steps.len()).to_vec();
        if self.seen.len() >= MOST || !self.seen.insert((number, here.clone())) {
            return None;
        }
        let index = match (self.trace.ending, number.checked_sub(self.trace.steps.len())) {
            (_, None) => number,
            (Ending::Loop { start }, Some(beyond)) => {
                let length = self.trace.steps.len() - start;
                if beyond % length == 0 {
                    begins.push(run.steps.len());
                    if let Some(closed) = self.closed(&run, begins) {
                        return Some(closed);
                    }
                    if beyond / length >= ROUNDS {
                        begins.pop();
                        return None;
                    }
                }
                start + beyond % length
            }
            (ending, Some(_)) => {
                let whole = Trace { ending, ..run.clone() };
                if replay(self.narrow, &whole, self.property).is_ok() {
                    return Some(whole);
                }
                // Perhaps after more time.
                return self.passes(&run, &here, number, begins);
            }
        };
        let step = &self.trace.steps[index];
        for next in self.steps(step, &here) {
            let mut longer = run.clone();
            longer.steps.push(next);
            if let Some(found) = self.from(longer, number + 1, begins) {
                return Some(found);
            }
        }
        self.passes(&run, &here, number, begins)
    }

    /// Goes on after time has passed, by a rule that only the narrower system has.
    fn passes(&mut self, run: &Trace, here: &[i64], number: usize, begins: &mut Vec<usize>) -> Option<Trace> {
        let narrow = self.narrow;
        let is_time = |rule: &&Rule| rule.pace == Pace::Clock && self.wide.rule(&rule.name).is_none();
        let rules: Vec<&Rule> = narrow.rules.iter().filter(is_time).collect();
        for rule in rules {
            for step in self.fired(rule, &[], here) {
                let mut longer = run.clone();
                longer.steps.push(step);
                if let Some(found) = self.from(longer, number, begins) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// The loop, if the run has come to a state at which an earlier round began.
    fn closed(&self, run: &Trace, begins: &[usize]) -> Option<Trace> {
        let (_, earlier) = begins.split_last()?;
        earlier.iter().find_map(|&start| {
            let whole = Trace { ending: Ending::Loop { start }, ..run.clone() };
            replay(self.narrow, &whole, self.property).is_ok().then_some(whole)
        })
    }

    /// The steps of the narrower system that are this one.
    fn steps(&self, step: &Step, here: &[i64]) -> Vec<Step> {
        let known = self.wide.dag.choices();
        let picks: Vec<(&str, i64)> =
            step.picks.iter().map(|&(id, value)| (known[id.index()].name.as_str(), value)).collect();
        self.narrow.rule(&step.rule).map(|rule| self.fired(rule, &picks, here)).unwrap_or_default()
    }

    /// The steps of a rule with these picks; other choices take the ends of their ranges.
    fn fired(&self, rule: &Rule, known: &[(&str, i64)], here: &[i64]) -> Vec<Step> {
        let system = self.narrow;
        if values(system, &[rule.enabled.id()], here, &[]) != [1] {
            return Vec::new();
        }
        let mut all: Vec<Vec<(ChoiceId, i64)>> = vec![Vec::new()];
        for &choice in rule.choices.iter().flat_map(|choice| choice.ids()) {
            let declared = &system.dag.choices()[choice.index()];
            let range = declared.sort.range();
            let options: BTreeSet<i64> = match known.iter().find(|(name, _)| *name == declared.name) {
                Some(&(_, value)) => [value].into(),
                None => [range.lo, range.lo + (range.hi - range.lo) / 2, range.hi].into(),
            };
            let with = |picks: &Vec<(ChoiceId, i64)>| -> Vec<_> {
                options.iter().map(|&value| [picks.clone(), vec![(choice, value)]].concat()).collect()
            };
            all = all.iter().flat_map(with).collect();
        }
        let step = |mut picks: Vec<(ChoiceId, i64)>| {
            picks.sort_unstable();
            if values(system, &[rule.constraint.id()], here, &picks) != [1] {
                return None;
            }
            let state = fire(system, rule, &picks, here).ok()?;
            Some(Step { rule: rule.name.clone(), picks, state })
        };
        all.into_iter().filter_map(step).collect()
    }
}

/// An initial state of one system as one of another: variables are matched by name, others start as they do.
fn translate(to: &TransitionSystem, from: &TransitionSystem, initial: &[i64]) -> Option<Vec<i64>> {
    let mut state: Vec<i64> = to.dag.vars().iter().map(|var| var.sort.range().lo).collect();
    for (index, var) in to.dag.vars().iter().enumerate() {
        let known = from.dag.vars().iter().position(|other| other.name == var.name);
        state[index] = match (known, to.vars[index].initial) {
            (Some(at), _) => initial[at],
            (None, Initial::Term(term)) => values(to, &[term], &state, &[])[0],
            (None, Initial::Free) => var.sort.range().lo,
        };
        var.sort.range().contains(state[index]).then_some(())?;
    }
    Some(state)
}
