//! Time: periods of controllers, timers of pods, and the rule by which time passes.
//!
//! Under paced timing every duration is a countdown in units that divide all durations of the cluster. Time passes only
//! at quiescence, and never past an expiry or a deadline. Under delayed timing it is the same, but periodic controllers and
//! events need no quiescence. Under interleaved timing there are no countdowns: an armed timer may expire at any moment.
//!
//! A periodic controller has one countdown `phase`: above its period it may not act yet, at or below it may, and at
//! 0 it must before time goes on. After it acted it starts at twice the period, and while it has nothing to do it
//! waits at the period. Hence it acts within one period of becoming enabled and never twice within a period.
//!
//! A schedule has a countdown to its next moment. The first one may come at any time within the first gap. Moments of a
//! regular schedule come when the countdown ends, before time goes on; those of another one then or at any time later.
//!
//! ## No countdown
//! Where only one thing counts down, nothing can be ordered against it, so the countdown is left out: the controller
//! acts, or the timer expires, at any quiescent instant. The runs are the same but for the clock, and but for timers of
//! that one kind on several nodes, which may then run off in another order than they were armed in.

use super::grid::Grid;
use super::{BoolVar, IntVar, Model, RuleBuilder, text};
use crate::cluster::Timing;
use crate::needs::Needs;
use crate::subject::{ObjectId, Subject};
use crate::system::{Pace, Phrase, Role, Verb, seconds};
use crate::term::{Bool, Int, Term, any, int_choice, ite, ite_bool, min_of};

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
    /// What they are pods of.
    pub pods: ObjectId,
    /// The slot that they are on.
    pub slot: usize,
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

    fn pass(&self, rule: RuleBuilder, passed: Int) -> RuleBuilder {
        let mut rule = rule.writes(Verb::Status, self.pods).at(self.slot).times(self.finished(passed));
        for (index, stage) in self.stages.iter().enumerate() {
            let moved = (1..).zip(&self.stages[index + 1..]);
            let next = moved.fold(Int::from(0), |next, (units, later)| ite(passed.is(units), later.value, next));
            rule = rule.set(*stage, ite(self.runs, next, stage.value));
        }
        rule.add(self.done, self.finished(passed))
    }
}

/// What takes time in a model, and how time is divided.
#[derive(Clone, Debug)]
pub struct Clock {
    /// How time is divided.
    pub grid: Grid,
    /// Timers collected so far.
    pub timers: Vec<Timer>,
    /// Periodic controllers collected so far.
    pub periodic: Vec<Periodic>,
    /// Moments at which Jobs are started.
    pub schedules: Vec<Schedule>,
    /// Pods counted by the time that they have left.
    pub(crate) countdowns: Vec<Countdown>,
    /// What else happens while time passes: new values of variables.
    pub(crate) while_time_passes: Vec<(IntVar, Int)>,
}

impl Clock {
    pub(super) fn of(needs: &Needs) -> Self {
        Self {
            grid: Grid::of(needs),
            timers: Vec::new(),
            periodic: Vec::new(),
            schedules: Vec::new(),
            countdowns: Vec::new(),
            while_time_passes: Vec::new(),
        }
    }
}

impl Model<'_> {
    /// Whether countdowns are kept: not where timers may expire at any moment, and only for more than one clocked thing.
    pub fn keeps_time(&self) -> bool {
        self.cluster.timing != Timing::Interleaved && self.needs.durations.len() > 1
    }

    /// Units of a duration.
    pub fn time_units(&self, seconds: i64) -> i64 {
        seconds * 1000 / self.clock.grid.unit
    }

    /// Notes a countdown that nobody asked for: units of time do not divide it.
    fn expect_duration(&mut self, subject: &Subject, seconds: i64) {
        if seconds > 0 && !self.needs.durations.contains(&seconds) {
            let name = self.names.variable(subject);
            self.draft.undeclared.push(format!("{name} counts down {seconds} s"));
        }
    }

    /// Declares a timer of `seconds` that runs while `armed`.
    pub fn timer(&mut self, subject: Subject, seconds: i64, armed: Bool) -> Timer {
        self.expect_duration(&subject, seconds);
        let full = self.time_units(seconds);
        let left = (self.keeps_time() && full > 0).then(|| self.int_var(subject, Role::Clock, 0, full, full));
        let expired = left.map_or(true.into(), |left| left.value.is(0));
        let timer = Timer { left, full, armed, expired };
        self.clock.timers.push(timer.clone());
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
        self.clock.periodic.push(periodic.clone());
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
        self.clock.schedules.push(schedule.clone());
        schedule
    }

    /// Adds the rules by which time passes, after all other rules are made.
    pub fn add_time(&mut self) {
        let (expiries, deadline_reached) = self.expiries();
        if expiries.is_empty() {
            return;
        }
        let most = expiries.iter().map(|(_, units)| units.range().hi).max().unwrap_or(0);
        let candidates: Vec<Int> = expiries.iter().map(|&(live, units)| ite(live, units, Int::from(most))).collect();
        let next = min_of(&candidates).max(1);
        let live = any(expiries.iter().map(|&(live, _)| live));
        let can_pass = !any(deadline_reached);
        let something_may_happen =
            any(self.draft.rules.iter().filter(|rule| rule.pace != Pace::Fast).map(|rule| rule.enabled));
        self.note_instants();
        let passes = self.time_rule("passes", next).when(live & can_pass);
        self.add_rule(passes);
        // Before the next expiry, or as long as anybody likes where nothing runs: then all that matters is that some
        // time was over.
        let stride = self.clock.grid.stride;
        let (choice, strides) = int_choice(Subject::new("instant"), 1, ((most - 1) / stride).max(1));
        let before_next = live & next.above(stride) & something_may_happen;
        let goes_by = !live & self.is_stale() & something_may_happen;
        let stops = self.time_rule("stops", strides * stride);
        let stops = stops.when(can_pass & (before_next | goes_by)).pick(choice).such_that(ite_bool(
            live,
            (strides * stride).below(next),
            strides.is(1),
        ));
        self.add_rule(stops);
    }

    /// Says so where some order of expiries takes instants at which time never stops.
    fn note_instants(&mut self) {
        let some = |pace: Pace| self.draft.rules.iter().any(|rule| rule.pace == pace);
        // Events have budgets; what needs no event and no countdown comes again and again.
        if some(Pace::Clock) || (some(Pace::Event) && !self.clock.grid.is_exact) {
            let apart = seconds(self.clock.grid.unit * self.clock.grid.stride);
            let text = format!("events, and what else has no fixed moment, come at multiples of {apart} only");
            self.constrain(text, true.into(), true);
        }
    }

    /// Whether some countdown is not as it is after a while in which it did not run.
    fn is_stale(&self) -> Bool {
        let timers = self.clock.timers.iter().filter_map(|one| Some(!one.armed & one.left?.value.below(one.full)));
        let waits = |one: &Periodic| Some(!one.wants & one.phase?.value.below(one.period));
        let noted = self.clock.while_time_passes.iter().map(|(var, next)| next.is_not(var.value));
        any(timers.chain(self.clock.periodic.iter().filter_map(waits)).chain(noted))
    }

    /// When countdowns end, each with the condition that it runs; and conditions under which no time may pass.
    fn expiries(&self) -> (Vec<(Bool, Int)>, Vec<Bool>) {
        let mut expiries: Vec<(Bool, Int)> = Vec::new();
        let mut deadline_reached: Vec<Bool> = Vec::new();
        for periodic in &self.clock.periodic {
            if let Some(phase) = periodic.phase {
                let cooling = phase.value.above(periodic.period);
                let due = !cooling & periodic.wants;
                let until_allowed = (phase.value - periodic.period).max(0);
                expiries.push((cooling, until_allowed));
                expiries.push((due, phase.value.min(periodic.period)));
                deadline_reached.push(due & phase.value.is(0));
            }
        }
        for timer in &self.clock.timers {
            if let Some(left) = timer.left {
                expiries.push((timer.armed & left.value.above(0), left.value));
            }
        }
        for schedule in &self.clock.schedules {
            if let Some((left, _)) = schedule.clock {
                expiries.push((left.value.above(0), left.value));
                deadline_reached.extend(schedule.is_regular.then(|| left.value.is(0)));
            }
        }
        expiries.extend(self.clock.countdowns.iter().flat_map(Countdown::expiries));
        (expiries, deadline_reached)
    }

    /// A rule by which so many units of time pass.
    fn time_rule(&mut self, verb: &'static str, passed: Int) -> RuleBuilder {
        let unit = self.fairness_unit(TIME.into());
        let mut rule = RuleBuilder::new(verb, TIME, "TimePasses", Pace::Clock)
            .fair(unit)
            .says([Phrase::Seconds { term: Term::id(passed), unit: self.clock.grid.unit }, text(" pass")]);
        for periodic in &self.clock.periodic {
            if let Some(phase) = periodic.phase {
                let waits = phase.value.at_most(periodic.period) & !periodic.wants;
                let cooling = phase.value.above(periodic.period);
                let cooled = (phase.value - passed).max(periodic.period);
                let next = ite(cooling, cooled, ite(waits, Int::from(periodic.period), phase.value.monus(passed)));
                rule = rule.winds(phase, next);
            }
        }
        for timer in &self.clock.timers {
            if let Some(left) = timer.left {
                rule = rule.winds(left, ite(timer.armed, left.value.monus(passed), Int::from(timer.full)));
            }
        }
        for (left, _) in self.clock.schedules.iter().filter_map(|schedule| schedule.clock) {
            rule = rule.winds(left, left.value.monus(passed));
        }
        for countdown in &self.clock.countdowns {
            rule = rule.and_says(Phrase::IfAny {
                before: "; ".into(),
                term: Term::id(countdown.finished(passed)),
                after: countdown.outcome.clone(),
            });
            rule = countdown.pass(rule, passed);
        }
        rule = rule.remembers();
        for &(var, next) in &self.clock.while_time_passes {
            rule = rule.set(var, next);
        }
        rule
    }
}

impl Periodic {
    /// Starts the period anew: the controller has acted.
    pub fn restart(&self, rule: RuleBuilder) -> RuleBuilder {
        match self.phase {
            Some(phase) => rule.winds(phase, 2 * self.period),
            None => rule,
        }
    }
}

impl Schedule {
    /// Waits for the next moment.
    pub fn restart(&self, rule: RuleBuilder) -> RuleBuilder {
        match self.clock {
            Some((left, begun)) => rule.winds(left, self.gap).winds_flag(begun, true),
            None => rule,
        }
    }
}

impl Timer {
    /// Winds the countdown up: all of it is left.
    pub fn wind_up(&self, rule: RuleBuilder) -> RuleBuilder {
        self.left.into_iter().fold(rule, |rule, left| rule.winds(left, self.full))
    }

    /// Starts the countdown anew: what is left is any of `0..=full`, which over-approximates the pods that entered
    /// after the first one.
    pub fn restart(&self, rule: RuleBuilder) -> RuleBuilder {
        match self.left {
            Some(left) => {
                let mut subject = rule.subject().clone();
                subject.aspect.word = "again".into();
                let (choice, again) = int_choice(subject, 0, self.full);
                rule.pick(choice).winds(left, again)
            }
            None => rule,
        }
    }
}
