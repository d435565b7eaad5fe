//! The autoscaler's memory between syncs: stabilisation windows and past rescales, each as a few numbers.
//!
//! A window keeps its extreme recommendation and the extreme since. While the present proposal reaches the extreme,
//! every sync renews it, so its countdown runs only while the proposal falls short. When it runs off, the extreme
//! becomes that of the younger recommendations: exactly the proposal if nothing lay between, else any value between
//! the two (tagged). Past rescales within a policy's period are kept as two sums with one countdown each period; at
//! its end any part of them may still be within the period (tagged).

use super::{NAME, Scaler};
use crate::state::{IntVar, Model, RuleBuilder, Timer, text};
use crate::subject::{ObjectId, Part, Subject};
use crate::system::{Pace, Role};
use crate::term::{Bool, Int, int_choice, ite};

/// What a window keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Memory {
    /// The largest recommendation: delays scaling down.
    Largest,
    /// The smallest: delays scaling up.
    Smallest,
}

/// A stabilisation window; without duration it remembers nothing.
pub(super) struct Window {
    memory: Memory,
    extreme: Option<IntVar>,
    since: Option<IntVar>,
    timer: Option<Timer>,
}

impl Window {
    #[expect(clippy::too_many_arguments, reason = "called twice, each time with all of them")]
    pub(super) fn declare(
        model: &mut Model,
        id: ObjectId,
        group: usize,
        seconds: i64,
        memory: Memory,
        most: i64,
        proposal: Int,
        proposes: Bool,
    ) -> Self {
        if seconds == 0 {
            return Self { memory, extreme: None, since: None, timer: None };
        }
        let word = if memory == Memory::Largest { "largest" } else { "smallest" };
        // The first reconcile records the present replicas as the first recommendation.
        let initial = model.initial_of(model.groups[group].spec);
        let extreme = model.int_var(Subject::new(word).word("recommendation").of(id), Role::Clock, 0, most, initial);
        let falls_short = match memory {
            Memory::Largest => proposal.below(extreme.value),
            Memory::Smallest => proposal.above(extreme.value),
        };
        let timer =
            model.timer(Subject::new(word).word("recommendation timer").of(id), seconds, proposes & falls_short);
        let neutral = if memory == Memory::Largest { 0 } else { most };
        let since = timer.left.is_some().then(|| {
            model.int_var(Subject::new(word).word("recommendation since").of(id), Role::Clock, 0, most, neutral)
        });
        // A new process begins with the present replicas as its first recommendation (`recordInitialRecommendation`).
        model.forgets(NAME, extreme, model.groups[group].spec.value);
        if let Some(since) = since {
            model.forgets(NAME, since, neutral);
        }
        model.forgets_timer(NAME, &timer);
        Self { memory, extreme: Some(extreme), since, timer: Some(timer) }
    }

    /// The syncs that happen while time passes note the proposal. One that would rescale is a step of its own: as
    /// long as it `wants` to, there was none.
    pub(super) fn note_while_time_passes(&self, model: &mut Model, proposal: Int, proposes: Bool, wants: Bool) {
        let (Some(extreme), Some(since), Some(timer)) = (self.extreme, self.since, &self.timer) else { return };
        let noted = |value: Int, happens: Bool| ite(happens & !wants, self.further(value, proposal), value);
        let neutral = since.value.range();
        let neutral = if self.memory == Memory::Largest { neutral.lo } else { neutral.hi };
        model.clock.while_time_passes.push((since, ite(timer.armed, noted(since.value, true.into()), neutral)));
        model.clock.while_time_passes.push((extreme, noted(extreme.value, proposes)));
    }

    /// The more extreme of two recommendations.
    fn further(&self, a: Int, b: Int) -> Int {
        match self.memory {
            Memory::Largest => a.max(b),
            Memory::Smallest => a.min(b),
        }
    }

    /// The recommendation that counts.
    pub(super) fn stabilised(&self, proposal: Int) -> Int {
        self.extreme.map_or(proposal, |extreme| self.further(extreme.value, proposal))
    }

    /// What a sync leaves behind.
    pub(super) fn record(&self, rule: RuleBuilder, proposal: Int, proposes: Bool) -> RuleBuilder {
        match self.extreme {
            Some(extreme) => rule.set(extreme, ite(proposes, self.further(extreme.value, proposal), extreme.value)),
            None => rule,
        }
    }

    /// The extreme leaves the window. Without a clock a sync that only notes the proposal is a rule too.
    pub(super) fn add_rules(self, model: &mut Model, scaler: Scaler, proposal: Int, only_notes: Bool) {
        let (Some(extreme), Some(timer)) = (self.extreme, &self.timer) else { return };
        if timer.left.is_none() {
            self.add_note(model, scaler, proposal, only_notes);
        }
        let (hpa, id) = scaler;
        let pace = if timer.left.is_some() { Pace::Fast } else { Pace::Clock };
        let word = if self.memory == Memory::Largest { "largest" } else { "smallest" };
        let unit = model.fairness_unit(Subject::new(word).word("recommendation of").of(id));
        let between = match self.since {
            Some(since) => self.further(since.value, proposal),
            // Without a clock nothing is known of the younger recommendations.
            None => match self.memory {
                Memory::Largest => extreme.value - 1,
                Memory::Smallest => extreme.value + 1,
            },
        };
        let base = |kind: &'static str| {
            let subject = Subject::new(kind).word(word).of(id);
            let rule = RuleBuilder::new(subject, NAME, "StabilizationWindowEnds", pace)
                .when(timer.armed)
                .when(timer.expired)
                .fair(unit)
                .says([text(format!("the {word} recommendation of {} leaves the stabilisation window", hpa.label()))])
                .because_of(hpa.origin.clone());
            timer.wind_up(rule)
        };
        model.add_rule(base("forget").remembers().set(extreme, proposal));
        let (choice, kept) = int_choice(Subject::new(word).word("recommendation").of(id), 0, extreme.value.range().hi);
        let inside = match self.memory {
            Memory::Largest => kept.above(proposal) & kept.at_most(between) & kept.below(extreme.value),
            Memory::Smallest => kept.below(proposal) & kept.at_least(between) & kept.above(extreme.value),
        };
        let possible = match self.memory {
            Memory::Largest => between.min(extreme.value - 1).above(proposal),
            Memory::Smallest => between.max(extreme.value + 1).below(proposal),
        };
        model.add_rule(
            base("keep-some")
                .when(possible)
                .pick(choice)
                .such_that(inside)
                .remembers()
                .set(extreme, kept)
                .over_approximates("of the younger recommendations only the extreme is known"),
        );
    }
}

impl Window {
    fn add_note(&self, model: &mut Model, (hpa, id): Scaler, proposal: Int, only_notes: Bool) {
        let Some(extreme) = self.extreme else { return };
        let word = if self.memory == Memory::Largest { "largest" } else { "smallest" };
        let name = hpa.label();
        let unit = model.fairness_unit(Subject::new(word).word("noted of").of(id));
        let noted = self.further(extreme.value, proposal);
        let subject = Subject::new("note").word(word).of(id);
        let rule = RuleBuilder::new(subject, NAME, "RecommendationNoted", Pace::Clock)
            .when(only_notes)
            .when(noted.is_not(extreme.value))
            .fair(unit)
            .remembers()
            .set(extreme, noted)
            .says([text(format!("{name} notes the proposal as its {word} recommendation"))])
            .because_of(hpa.origin.clone());
        model.add_rule(rule);
    }
}

/// Rescales within a policy's period.
pub(super) struct Events {
    /// Seconds.
    pub(super) period: i64,
    added: IntVar,
    deleted: IntVar,
    timer: Timer,
}

impl Events {
    pub(super) fn declare(model: &mut Model, id: ObjectId, period: i64, most: i64) -> Self {
        let subject = |word: &'static str| Subject::new(word).with(Part::Number(period)).word("s").of(id);
        // What adds up within a period is bounded by saturation: beyond `most` no limit changes any more.
        let added = model.int_var(subject("replicas added in"), Role::Clock, 0, most, 0);
        let deleted = model.int_var(subject("replicas deleted in"), Role::Clock, 0, most, 0);
        let armed = added.value.above(0) | deleted.value.above(0);
        let timer = model.timer(subject("rescales timer of"), period, armed);
        model.forgets(NAME, added, 0);
        model.forgets(NAME, deleted, 0);
        model.forgets_timer(NAME, &timer);
        Self { period, added, deleted, timer }
    }

    /// Replicas at the start of the period.
    pub(super) fn period_start(&self, current: Int) -> Int {
        (current - self.added.value + self.deleted.value).max(0)
    }

    pub(super) fn record(&self, rule: RuleBuilder, current: Int, desired: Int) -> RuleBuilder {
        rule.saturate(self.added, desired.monus(current)).saturate(self.deleted, current.monus(desired))
    }

    pub(super) fn add_rules(self, model: &mut Model, (hpa, id): Scaler) {
        let pace = if self.timer.left.is_some() { Pace::Fast } else { Pace::Clock };
        let subject = |word: &'static str| Subject::new(word).with(Part::Number(self.period)).word("s").of(id);
        let unit = model.fairness_unit(subject("rescales in"));
        let hi = self.added.value.range().hi;
        let (added_choice, added) = int_choice(subject("still added in"), 0, hi);
        let (deleted_choice, deleted) = int_choice(subject("still deleted in"), 0, hi);
        let fewer = added.below(self.added.value) | deleted.below(self.deleted.value);
        let some_left = added.above(0) | deleted.above(0);
        let base = |word: &'static str| {
            let subject = Subject::new(word).with(Part::Number(self.period)).of(id);
            RuleBuilder::new(subject, NAME, "ScalingPolicyPeriodEnds", pace)
                .when(self.timer.armed)
                .when(self.timer.expired)
                .fair(unit)
                .over_approximates("rescales within a policy's period share one countdown")
                .says([text(format!("rescales of {} leave the policy period", hpa.label()))])
        };
        // With nothing left to count the next rescale has the whole period before it.
        let all = self.timer.wind_up(base("forget-rescales"));
        model.add_rule(all.remembers().set(self.added, 0).set(self.deleted, 0));
        let some = base("forget-some-rescales")
            .when((self.added.value + self.deleted.value).at_least(2))
            .pick(added_choice)
            .pick(deleted_choice)
            .such_that(added.at_most(self.added.value) & deleted.at_most(self.deleted.value) & fewer & some_left)
            .remembers()
            .set(self.added, added)
            .set(self.deleted, deleted);
        model.add_rule(self.timer.restart(some));
    }
}
