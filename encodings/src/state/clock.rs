//! Time: periods of controllers, timers of pods, and the rule by which time passes.
//!
//! Under paced timing every duration is a countdown in units of the greatest common divisor of all durations of the
//! cluster. Time passes only at quiescence; it jumps to the next expiry and never past a deadline. Under interleaved
//! timing there are no countdowns: an armed timer may expire at any moment.
//!
//! A periodic controller has one countdown `phase`: above its period it may not act yet, at or below it may, and at
//! 0 it must before time goes on. After it acted it starts at twice the period, and while it has nothing to do it
//! waits at the period. Hence it acts within one period of becoming enabled and never twice within a period.
//!
//! A schedule has a countdown to its next moment. The first one may come at any time within the first gap. Moments of a
//! regular schedule come when the countdown ends, before time goes on; those of another one then or at any time later.
//!
//! Where one single countdown exists, nothing can be ordered against it, so it is left out: the controller acts, or
//! the timer expires, at any quiescent instant. The runs are the same but for the clock.

use super::{BoolVar, IntVar, Model, RuleBuilder, gcd};
use crate::cluster::Timing;
use crate::needs::Needs;
use crate::subject::{ObjectId, Subject};
use crate::system::{Pace, Phrase, Role};
use crate::term::{Bool, Int, Term, any, int_choice, ite, min_of};

/// Seconds for which a kubelet goes on reporting a pressure that is over (`evictionPressureTransitionPeriod`).
pub(crate) const PRESSURE_TRANSITION: i64 = 300;

/// Who makes time pass.
pub(crate) const TIME: &str = "time";

/// A countdown that is armed while a condition holds.
#[derive(Clone, Debug)]
pub struct Timer {
    /// Units left; `None` where the countdown is left out.
    pub left: Option<IntVar>,
    /// Units of the whole.
    pub full: i64,
    /// Whether it runs.
    pub armed: Bool,
    /// Whether it has run off. Only meaningful while armed.
    pub expired: Bool,
}

/// A controller that acts once a period.
#[derive(Clone, Debug)]
pub struct Periodic {
    /// See the module.
    pub phase: Option<IntVar>,
    /// Units of a period.
    pub period: i64,
    /// Whether it has something to do.
    pub wants: Bool,
    /// Whether it may act.
    pub may_act: Bool,
}

/// Moments at which a CronJob starts a Job. They are a fixed time apart, or at least that far.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Units left until the next one, and whether there has been a first one, which may come at any moment; `None` where
    /// time is not counted.
    pub clock: Option<(IntVar, BoolVar)>,
    /// Units between two.
    pub gap: i64,
    /// Whether they are never further apart.
    pub is_regular: bool,
    /// Whether one is now.
    pub due: Bool,
}

/// Pods that become something after a few units of time, counted by the units left.
#[derive(Clone, Debug)]
pub struct Countdown {
    /// Pods with one unit left, with two, and so on.
    pub stages: Vec<IntVar>,
    /// Where they are counted at the end.
    pub done: IntVar,
    /// Whether time counts.
    pub runs: Bool,
    /// What happened to them at the end, in words behind their number.
    pub outcome: String,
}

impl Countdown {
    /// Whether some pod has time left.
    pub fn armed(&self) -> Bool {
        self.runs & any(self.stages.iter().map(|stage| stage.value.above(0)))
    }

    /// When the next pods are done.
    fn expiries(&self) -> impl Iterator<Item = (Bool, Int)> {
        (1..).zip(&self.stages).map(|(left, stage)| (self.runs & stage.value.above(0), Int::from(left)))
    }

    /// Pods done once `passed` units are over; never more than the first ones due.
    fn finished(&self, passed: Int) -> Int {
        let due = (1..).zip(&self.stages);
        let due = due.fold(Int::from(0), |due, (left, stage)| ite(passed.is(left), stage.value, due));
        ite(self.runs, due, 0)
    }

    fn pass(&self, mut rule: RuleBuilder, passed: Int) -> RuleBuilder {
        for (index, stage) in self.stages.iter().enumerate() {
            let moved = (1..).zip(&self.stages[index + 1..]);
            let next = moved.fold(Int::from(0), |next, (units, later)| ite(passed.is(units), later.value, next));
            rule = rule.set(*stage, ite(self.runs, next, stage.value));
        }
        rule.add(self.done, self.finished(passed))
    }
}

/// Seconds of one unit of time.
pub(super) fn time_unit(needs: &Needs) -> i64 {
    needs.durations.iter().copied().fold(0, gcd).max(1)
}

impl Model<'_> {
    /// Whether countdowns are kept: paced, and more than one clocked thing.
    pub fn keeps_time(&self) -> bool {
        self.cluster.timing == Timing::Paced && self.needs.durations.len() > 1
    }

    /// Units of a duration.
    pub fn time_units(&self, seconds: i64) -> i64 {
        seconds / self.time_unit
    }

    /// Notes a countdown that nobody asked for: units of time do not divide it.
    fn expect_duration(&mut self, subject: &Subject, seconds: i64) {
        if seconds > 0 && !self.needs.durations.contains(&seconds) {
            let name = self.names.variable(subject);
            self.undeclared.push(format!("{name} counts down {seconds} s"));
        }
    }

    /// Declares a timer of `seconds` that runs while `armed`.
    pub fn timer(&mut self, subject: Subject, seconds: i64, armed: Bool) -> Timer {
        self.expect_duration(&subject, seconds);
        let full = self.time_units(seconds);
        let left = (self.keeps_time() && full > 0).then(|| self.int_var(subject, Role::Clock, 0, full, full));
        let expired = left.map_or(true.into(), |left| left.value.is(0));
        let timer = Timer { left, full, armed, expired };
        self.timers.push(timer.clone());
        timer
    }

    /// Declares a periodic controller that has something to do while `wants`.
    pub fn periodic(&mut self, subject: Subject, seconds: i64, wants: Bool) -> Periodic {
        self.expect_duration(&subject, seconds);
        let period = self.time_units(seconds);
        let phase =
            (self.keeps_time() && period > 0).then(|| self.int_var(subject, Role::Clock, 0, 2 * period, period));
        let may_act = phase.map_or(true.into(), |phase| phase.value.at_most(period));
        let periodic = Periodic { phase, period, wants, may_act };
        self.periodic.push(periodic.clone());
        periodic
    }

    /// Declares moments of which two are `seconds` apart, or at least.
    pub fn schedule(&mut self, id: ObjectId, seconds: i64, is_regular: bool) -> Schedule {
        self.expect_duration(&Subject::new("schedule").of(id), seconds);
        let gap = self.time_units(seconds);
        let clock = (self.keeps_time() && gap > 0).then(|| {
            let left = self.int_var(Subject::new("schedule").of(id), Role::Clock, 0, gap, gap);
            (left, self.bool_var(Subject::new("scheduled").of(id), Role::Clock, false.into()))
        });
        let due = clock.map_or(true.into(), |(left, begun)| left.value.is(0) | !begun.value);
        let schedule = Schedule { clock, gap, is_regular, due };
        self.schedules.push(schedule.clone());
        schedule
    }

    /// Adds the rule by which time passes, after all timers and periodic controllers are declared.
    pub fn add_time(&mut self) {
        let mut expiries: Vec<(Bool, Int)> = Vec::new();
        let mut deadline_reached: Vec<Bool> = Vec::new();
        for periodic in &self.periodic {
            if let Some(phase) = periodic.phase {
                let cooling = phase.value.above(periodic.period);
                let due = !cooling & periodic.wants;
                let until_allowed = (phase.value - periodic.period).max(0);
                expiries.push((cooling, until_allowed));
                expiries.push((due, phase.value.min(periodic.period)));
                deadline_reached.push(due & phase.value.is(0));
            }
        }
        for timer in &self.timers {
            if let Some(left) = timer.left {
                expiries.push((timer.armed & left.value.above(0), left.value));
            }
        }
        for schedule in &self.schedules {
            if let Some((left, _)) = schedule.clock {
                expiries.push((left.value.above(0), left.value));
                deadline_reached.extend(schedule.is_regular.then(|| left.value.is(0)));
            }
        }
        expiries.extend(self.countdowns.iter().flat_map(Countdown::expiries));
        if expiries.is_empty() {
            return;
        }
        let most = expiries.iter().map(|(_, units)| units.range().hi).max().unwrap_or(0);
        let candidates: Vec<Int> = expiries.iter().map(|&(live, units)| ite(live, units, Int::from(most))).collect();
        let passed = min_of(&candidates).max(1);
        let live = any(expiries.iter().map(|&(live, _)| live));
        let unit = self.fairness_unit(TIME.into());
        let mut rule = RuleBuilder::new("passes", TIME, "TimePasses", Pace::Clock)
            .when(live)
            .when(!any(deadline_reached))
            .fair(unit)
            .says([Phrase::Value { term: Term::id(passed), scale: self.time_unit, unit: " s pass" }]);
        for periodic in &self.periodic {
            if let Some(phase) = periodic.phase {
                let waits = phase.value.at_most(periodic.period) & !periodic.wants;
                let cooling = phase.value.above(periodic.period);
                let cooled = (phase.value - passed).max(periodic.period);
                let next = ite(cooling, cooled, ite(waits, Int::from(periodic.period), phase.value.monus(passed)));
                rule = rule.set(phase, next);
            }
        }
        for timer in &self.timers {
            if let Some(left) = timer.left {
                rule = rule.set(left, ite(timer.armed, left.value.monus(passed), Int::from(timer.full)));
            }
        }
        for (left, _) in self.schedules.iter().filter_map(|schedule| schedule.clock) {
            rule = rule.set(left, left.value.monus(passed));
        }
        for countdown in &self.countdowns {
            rule = rule.and_says(Phrase::IfAny {
                before: "; ".into(),
                term: Term::id(countdown.finished(passed)),
                after: countdown.outcome.clone(),
            });
            rule = countdown.pass(rule, passed);
        }
        for &(var, next) in &self.while_time_passes {
            rule = rule.set(var, next);
        }
        self.add_rule(rule);
    }
}

impl Periodic {
    /// Starts the period anew: the controller has acted.
    pub fn restart(&self, rule: RuleBuilder) -> RuleBuilder {
        match self.phase {
            Some(phase) => rule.set(phase, 2 * self.period),
            None => rule,
        }
    }
}

impl Schedule {
    /// Waits for the next moment.
    pub fn restart(&self, rule: RuleBuilder) -> RuleBuilder {
        match self.clock {
            Some((left, begun)) => rule.set(left, self.gap).set_bool(begun, true),
            None => rule,
        }
    }
}

impl Timer {
    /// Starts the countdown anew: what is left is any of `0..=full`, which over-approximates the pods that entered
    /// after the first one.
    pub fn restart(&self, rule: RuleBuilder) -> RuleBuilder {
        match self.left {
            Some(left) => {
                let mut subject = rule.subject().clone();
                subject.aspect.word = "again".into();
                let (choice, again) = int_choice(subject, 0, self.full);
                rule.pick(choice).set(left, again)
            }
            None => rule,
        }
    }
}
