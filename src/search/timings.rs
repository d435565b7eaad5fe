//! Which timing a verdict is about.
//!
//! Real controllers are sometimes late. So an intent is decided under several timings, each of which allows more runs than
//! the one before: *paced*, where controllers act at once; *delayed*, where they may be late, by less than any duration of
//! the cluster; *interleaved*, where timers may expire early as well. The verdict is the strongest statement that was
//! shown:
//!
//! * a paced run violates the intent: *violated*;
//! * no interleaved run does: *holds*, under any timing;
//! * no paced run does, but a delayed one: a *race*. One that lasts is a violation, since a short delay leaves damage that
//!   nobody repairs; one that passes is told as what it is;
//! * no delayed run does, but an interleaved one: *holds*, unless somebody is late by a duration of the cluster;
//! * otherwise *holds*, as long as controllers act at once: the rest was not decided.
//!
//! Paced timing comes first, because a violation of it needs no other. The others cost what they may: at most
//! [`BESIDE_STATES`] states or as many as the paced search had, up to [`BESIDE_MOST_STATES`], and at most
//! [`Options::beside`] or as long as all paced searches together took. States decide on an idle machine, so that a verdict does not depend on how fast it is.
//!
//! Where fast rules can go on forever, the clock of paced timing stops ([`super::clock`]), and interleaved timing alone
//! decides. A loop that stops the clock is a violation only if it is fair to those who wait for the clock as well.

use super::clock::{self, Clock};
use super::driver::{self, Effort, Question, Until};
use super::late::{Late, lasts, late_steps};
use super::rounds::unknown_about;
use super::{Beside, Fault, IntentResult, Observer, Options, Systems, Verdict, Violation};
use crate::engines::{Cancel, Limits};
use crate::limits::Stop;
use crate::limits::search::{BESIDE_MOST, BESIDE_MOST_STATES, BESIDE_STATES, LASTS};
use crate::trace::Trace;
use crate::trace::expand::transfer;
use crate::trace::replay::replay;
use kubound_encodings::assemble::AssembleError;
use kubound_encodings::cluster::{Cluster, Timing};
use kubound_encodings::system::Pace;
use std::time::{Duration, Instant};

/// Part of [`Options::beside`] that every intent gets, however much the ones before it have spent for nothing.
const LEAST: u32 = 4;

/// The cluster under one timing.
struct World {
    cluster: Cluster,
    systems: Systems,
}

/// The cluster under all timings that were needed so far.
pub struct Timings<'a> {
    options: &'a Options,
    end: Instant,
    cancel: &'a Cancel,
    observer: &'a dyn Observer,
    own: World,
    others: Vec<World>,
    clock: Option<Clock>,
    /// Time of the searches under the cluster's own timing.
    own_time: Duration,
    /// Time of the other searches that came to nothing.
    lost: Duration,
}

impl<'a> Timings<'a> {
    /// With the systems under the timing of the cluster.
    pub fn new(
        cluster: &Cluster,
        systems: Systems,
        options: &'a Options,
        end: Instant,
        cancel: &'a Cancel,
        observer: &'a dyn Observer,
    ) -> Self {
        let own = World { cluster: cluster.clone(), systems };
        let (own_time, lost) = (Duration::ZERO, Duration::ZERO);
        Self { options, end, cancel, observer, own, others: Vec::new(), clock: None, own_time, lost }
    }

    /// The systems under a timing, or those of the cluster's own where they were never needed.
    pub fn systems(&self, timing: Timing) -> &Systems {
        &self.known(timing).unwrap_or(&self.own).systems
    }

    /// The systems under the timing of the cluster, and the others.
    pub fn into_systems(self) -> (Systems, Vec<(Timing, Systems)>) {
        let others = self.others.into_iter().map(|world| (world.cluster.timing, world.systems)).collect();
        (self.own.systems, others)
    }

    fn known(&self, timing: Timing) -> Option<&World> {
        std::iter::once(&self.own).chain(&self.others).find(|world| world.cluster.timing == timing)
    }

    fn world(&mut self, timing: Timing) -> Result<&World, AssembleError> {
        if self.known(timing).is_none() {
            let cluster = Cluster { timing, ..self.own.cluster.clone() };
            let stop = Stop { cancel: self.cancel.clone(), deadline: Some(self.end) };
            let systems = Systems::within(&cluster, self.options.granularity, &stop)?;
            self.others.push(World { cluster, systems });
        }
        Ok(self.known(timing).unwrap_or(&self.own))
    }

    /// Decides one intent.
    pub fn decide(&mut self, property: usize, until: Until) -> Result<IntentResult, Fault> {
        let own = self.own.cluster.timing;
        if own == Timing::Interleaved {
            return self.ask(own, property, until, Effort::Full);
        }
        if !matches!(self.clock, None | Some(Clock::Runs)) {
            return self.without_clock(property, until);
        }
        let first = self.ask(own, property, until, Effort::Full)?;
        self.own_time += Duration::from_secs_f64(first.seconds);
        if first.verdict.is_undecided() && until.found < until.decided && Instant::now() >= until.found {
            // There is more time for it, but not now.
            return Ok(first);
        }
        match &first.verdict {
            Verdict::Violated(found) if clock::stops_it(&self.own.systems.fine, &found.trace) => {
                self.clock = Some(Clock::Stops);
                if self.is_interleaved(property, &found.trace) {
                    return Ok(first);
                }
                self.without_clock(property, until)
            }
            Verdict::Violated(_) => Ok(first),
            _ if own == Timing::Paced && self.options.both => self.beside(property, first, until),
            Verdict::Holds { .. } | Verdict::Vacuous { .. } if !self.clock_runs(&first, until)? => {
                self.without_clock(property, until)
            }
            _ => Ok(first),
        }
    }

    /// Whether a loop that stops the clock is fair even if the clock goes on.
    fn is_interleaved(&mut self, property: usize, trace: &Trace) -> bool {
        if self.world(Timing::Interleaved).is_err() {
            return false;
        }
        let (own, any) = (&self.own.systems.fine, &self.systems(Timing::Interleaved).fine);
        transfer(any, own, trace).is_ok_and(|run| replay(any, &run, property).is_ok())
    }

    /// One search.
    fn ask(&mut self, timing: Timing, property: usize, until: Until, effort: Effort) -> Result<IntentResult, Fault> {
        let (options, cancel, observer) = (self.options, self.cancel, self.observer);
        match self.world(timing) {
            Ok(World { cluster, systems }) => {
                driver::decide(&Question { cluster, systems, property, options, until, effort, cancel, observer })
            }
            Err(error) => Ok(unknown_about(&self.own.cluster, &self.own.systems.fine, property, error.to_string())),
        }
    }

    /// One search beside that under paced timing, whose answer is given.
    fn ask_beside(
        &mut self,
        timing: Timing,
        property: usize,
        first: &IntentResult,
        until: Until,
    ) -> Result<IntentResult, Fault> {
        let least = self.options.beside;
        let time = least.max(self.own_time.min(BESIDE_MOST)).saturating_sub(self.lost).max(least / LEAST);
        let states =
            usize::try_from(first.statistics.states).unwrap_or(usize::MAX).clamp(BESIDE_STATES, BESIDE_MOST_STATES);
        let begin = Instant::now();
        let soon = until.decided.min(begin + time);
        let until = Until { found: soon, decided: soon, ..until };
        let result = self.ask(timing, property, until, Effort::Little { states })?;
        if result.verdict.is_undecided() {
            self.lost += begin.elapsed();
        }
        Ok(result)
    }

    /// What the verdict is if controllers may be late, given the answer where they are not.
    fn beside(&mut self, property: usize, first: IntentResult, until: Until) -> Result<IntentResult, Fault> {
        let second = self.ask_beside(Timing::Interleaved, property, &first, until)?;
        let bounded = matches!(second.verdict, Verdict::BoundedClean { .. });
        let is_weaker = bounded && matches!(first.verdict, Verdict::Holds { .. } | Verdict::Vacuous { .. });
        if second.verdict.is_clean() && !is_weaker {
            return Ok(second.noting(&first));
        }
        // A bounded answer says how far it goes, and asks for no more.
        let says_more = matches!(first.verdict, Verdict::Holds { .. } | Verdict::Vacuous { .. });
        if says_more && !self.clock_runs(&first, until)? {
            return self.without_clock(property, until);
        }
        if second.verdict.violation().is_none() {
            return Ok(first.noting(&second));
        }
        if self.is_delayed_the_same() {
            return self.race(property, first, second, until);
        }
        let third = self.ask_beside(Timing::Delayed, property, &first, until)?;
        if third.verdict.violation().is_some() {
            return self.race(property, first, third, until);
        }
        let limits = Limits { deadline: Some(until.decided), ..Limits::default() };
        let runs = |system| Ok(clock::decide(system, &limits, self.cancel)? == Clock::Runs);
        if third.verdict.is_clean() && runs(self.systems(Timing::Delayed).searched())? {
            return Ok(third.noting(&first).noting(&second));
        }
        Ok(first.noting(&third).noting(&second))
    }

    /// Whether nothing is left to time: delayed and interleaved timing then have the same runs.
    fn is_delayed_the_same(&mut self) -> bool {
        let Ok(delayed) = self.world(Timing::Delayed) else { return false };
        let fine = &delayed.systems.fine;
        let (vars, rules) = (fine.vars.len(), fine.rules.len());
        let waits = fine.rules.iter().any(|rule| rule.pace == Pace::Clock);
        let other = &self.systems(Timing::Interleaved).fine;
        !waits && (vars, rules) == (other.vars.len(), other.rules.len())
    }

    /// The verdict where only late controllers violate the intent.
    fn race(
        &mut self,
        property: usize,
        first: IntentResult,
        mut found: IntentResult,
        until: Until,
    ) -> Result<IntentResult, Fault> {
        let Verdict::Violated(violation) = found.verdict else { return Ok(first) };
        let fine = &self.systems(found.timing).fine;
        let steps = late_steps(fine, &violation.trace);
        if steps.is_empty() && first.verdict.is_clean() {
            let can_be = replay(&self.own.systems.fine, &violation.trace, property).is_ok();
            let dump = if can_be { "it is a run under paced timing" } else { "nobody is late in it" };
            return Err(Fault::Contradiction {
                intent: first.intent,
                first: format!("{} ({} under paced timing)", first.engine, first.verdict.word()),
                second: format!("{} (violated under {} timing)", found.engine, timing_word(found.timing)),
                dump: dump.to_owned(),
            });
        }
        let limits = Limits { deadline: Some(until.decided.min(Instant::now() + LASTS)), ..Limits::default() };
        let fault = |source| Fault::Engine { intent: first.intent.clone(), source };
        let lasts = lasts(fine, property, &violation.trace, &limits, self.cancel).map_err(fault)?;
        let late = (!steps.is_empty()).then_some(Late { steps, lasts });
        let is_shown = late.is_none() || lasts;
        let violation = Box::new(Violation { late, ..*violation });
        found.verdict = match first.verdict.is_undecided() {
            _ if is_shown => Verdict::Violated(violation),
            false => Verdict::Race(violation),
            // Whether somebody has to be late for it is not known.
            true => return Ok(first.noting(&IntentResult { verdict: Verdict::Race(violation), ..found })),
        };
        Ok(found.noting(&first))
    }

    /// Whether time always passes, decided once for the cluster.
    fn clock_runs(&mut self, first: &IntentResult, until: Until) -> Result<bool, Fault> {
        if self.clock.is_none() {
            let clock = if first.rests && first.timing == Timing::Paced {
                Clock::Runs
            } else {
                self.observer.phase(&format_args!("whether fast controllers always come to rest"));
                let limits = Limits { deadline: Some(until.decided), ..Limits::default() };
                clock::decide(self.own.systems.searched(), &limits, self.cancel)?
            };
            self.clock = Some(clock);
        }
        Ok(self.clock == Some(Clock::Runs))
    }

    /// The verdict where paced timing is no question.
    fn without_clock(&mut self, property: usize, until: Until) -> Result<IntentResult, Fault> {
        let why = match &self.clock {
            Some(Clock::Unknown(reason)) => {
                format!("nobody knows whether fast controllers always come to rest ({reason})")
            }
            _ => "a loop of fast controllers stops the clock".to_owned(),
        };
        let mut alone = self.ask(Timing::Interleaved, property, until, Effort::Full)?;
        if alone.verdict.is_undecided() {
            // A paced run that is no such loop is one under any timing.
            let own = self.ask(self.own.cluster.timing, property, until, Effort::Full)?;
            let is_run = |found: &Violation| !clock::stops_it(&self.own.systems.fine, &found.trace);
            if own.verdict.violation().is_some_and(is_run) {
                return Ok(own);
            }
        }
        alone.unpaced = Some(why);
        Ok(alone)
    }
}

impl IntentResult {
    /// The same, knowing what came out under another timing.
    fn noting(mut self, other: &IntentResult) -> Self {
        let why = match &other.verdict {
            Verdict::Unknown { why } | Verdict::Vacuous { why } => why.clone(),
            _ => String::new(),
        };
        self.beside.push(Beside { timing: other.timing, answer: other.verdict.word(), why });
        self.rechecks.extend(other.rechecks.iter().cloned());
        self
    }
}

/// The word for a timing in scenario files.
pub fn timing_word(timing: Timing) -> &'static str {
    match timing {
        Timing::Paced => "paced",
        Timing::Delayed => "delayed",
        Timing::Interleaved => "interleaved",
    }
}
