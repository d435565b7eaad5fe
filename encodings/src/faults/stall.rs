//! `stall` and `stale`: a controller sees pods as they were at some earlier moment, and acts on that.
//!
//! When it begins, what the controller reads of pods is kept: a past state as it was, not a mixture. When the watch goes on,
//! it sees the present again. A stall lasts as long as it likes, but not forever; while a controller is merely stale no
//! countdown goes on, so that it is shorter than any duration of the cluster.
//!
//! Controllers that expect what they have asked for (`controller_utils.go`, `ControllerExpectations`) do not act again until
//! they see it; expectations that are not met end after five minutes, which happens once in a stall here, where the release
//! still has it so. A restart lists anew and forgets them.
//!
//! What is created or deleted on a past view happens to what is there: pods that are gone already cannot be deleted.

use super::{FaultModel, Injection};
use crate::cluster::FaultKind;
use crate::controllers::Late;
use crate::state::{BoolVar, Divisible, IntVar, Model, RuleBuilder, Timer, text};
use crate::subject::Subject;
use crate::system::{FaultMark, Pace, Role, Rule, Verb, Write};
use crate::term::{Bool, Int, Substitution, Term, VarId, current};

/// See the module.
pub(super) struct Stall(FaultKind);

/// Shorter than any duration.
pub(super) const STALE: Stall = Stall(FaultKind::Stale);

/// As long as it likes.
pub(super) const STALL: Stall = Stall(FaultKind::Stall);

/// A watch of a controller.
struct Watch<'m> {
    controller: &'static str,
    /// Whether it delivers nothing.
    halted: BoolVar,
    /// What is seen in place of what.
    views: Vec<(IntVar, IntVar)>,
    keys: Vec<Key<'m>>,
}

/// What a sync is about, with whether it waits to see what it has asked for.
struct Key<'m> {
    late: &'m Late,
    expects: BoolVar,
    /// Whether expectations have ended unmet in this stall, and the countdown until they do.
    expiry: Option<(BoolVar, Timer)>,
}

impl FaultModel for Stall {
    fn kind(&self) -> FaultKind {
        self.0
    }

    fn add_rules(&self, model: &mut Model, injection: &Injection) {
        for controller in &injection.concerned {
            let late = controller.late(model);
            if late.is_empty() {
                continue;
            }
            let watch = self.declare(model, controller.name(), &late);
            watch.act_on_the_past(model, self.0);
            self.halt(model, injection, &watch);
            self.go_on(model, &watch);
            self.expire(model, &watch);
        }
    }
}

impl Stall {
    fn declare<'m>(&self, model: &mut Model, controller: &'static str, late: &'m [Late]) -> Watch<'m> {
        let kind = self.0.name();
        let halted = model.bool_var(Subject::new("watch").word(kind).word(controller), Role::Budget, false.into());
        let mut views: Vec<(IntVar, IntVar)> = Vec::new();
        for pods in late.iter().flat_map(|one| &one.pods) {
            let subject = current(|dag| dag.vars()[pods.id.index()].subject.clone());
            let range = pods.value.range();
            let seen = model.int_var(subject.word("seen").word(kind), Role::Budget, range.lo, range.hi, range.lo);
            views.push((*pods, seen));
        }
        let mut keys = Vec::new();
        for late in late {
            let about = |word: &'static str| Subject::new(word).word(kind).of(late.key);
            let expects = model.bool_var(about("expects"), Role::Budget, false.into());
            let expires = late.expires.filter(|_| self.0 == FaultKind::Stall);
            let expiry = expires.map(|seconds| {
                let expired = model.bool_var(about("expired"), Role::Budget, false.into());
                let armed = halted.value & expects.value & !expired.value;
                (expired, model.timer(about("expectations timer"), seconds, armed))
            });
            keys.push(Key { late, expects, expiry });
        }
        let watch = Watch { controller, halted, views, keys };
        for (var, becomes) in watch.flags() {
            model.forgets_flag(controller, var, becomes);
        }
        for &(_, seen) in &watch.views {
            model.forgets(controller, seen, seen.value.range().lo);
        }
        if self.0 == FaultKind::Stale {
            model.draft.still.push(halted.value);
        }
        watch
    }

    /// It begins: what is seen is kept.
    fn halt(&self, model: &mut Model, injection: &Injection, watch: &Watch) {
        let subject = Subject::new("begin").word(self.0.name()).word(watch.controller);
        let what = match self.0 {
            FaultKind::Stale => "lags behind: it sees pods as they are now",
            _ => "stalls: until it goes on, pods are seen as they are now",
        };
        let rule = RuleBuilder::new(subject, watch.controller, "WatchStalled", Pace::Event)
            .when(!watch.halted.value)
            .says([text(format!("the watch of {} {what}", watch.controller))]);
        let rule = injection.happens(model, rule).remembers().set_bool(watch.halted, true);
        let rule = watch.views.iter().fold(rule, |rule, &(pods, seen)| rule.set(seen, pods.value));
        model.add_rule(rule);
    }

    /// It ends, some time.
    fn go_on(&self, model: &mut Model, watch: &Watch) {
        let subject = Subject::new("end").word(self.0.name()).word(watch.controller);
        let unit = model.fairness_unit(Subject::new("watch goes on").word(self.0.name()).word(watch.controller));
        let rule = RuleBuilder::new(subject, watch.controller, "WatchResumed", Pace::Event)
            .when(watch.halted.value)
            .fair(unit)
            .after_fault(self.0.name())
            .says([text(format!("the watch of {} goes on: it sees all pods as they are", watch.controller))])
            .remembers();
        let rule = watch.flags().into_iter().fold(rule, |rule, (var, becomes)| rule.set_bool(var, becomes));
        let rule = watch.views.iter().fold(rule, |rule, &(_, seen)| rule.set(seen, seen.value.range().lo));
        model.add_rule(watch.wound(rule));
    }

    /// Expectations end unmet.
    fn expire(&self, model: &mut Model, watch: &Watch) {
        for key in &watch.keys {
            let Some((expired, timer)) = &key.expiry else { continue };
            let pace = if timer.left.is_some() { Pace::Fast } else { Pace::Clock };
            let about = |word: &'static str| Subject::new(word).word(self.0.name()).of(key.late.key);
            let unit = model.fairness_unit(about("expectations end"));
            let name = model.names.object(key.late.key).label();
            let rule = RuleBuilder::new(about("expire"), watch.controller, "ExpectationsExpired", pace)
                .when(timer.armed & timer.expired)
                .fair(unit)
                .after_fault(self.0.name())
                .says([text(format!("expectations of {name} end: for 5 min it has not seen what it asked for"))])
                .remembers()
                .set_bool(key.expects, false)
                .set_bool(*expired, true);
            model.add_rule(timer.wind_up(rule));
        }
    }
}

impl Watch<'_> {
    /// What is true only while it delivers nothing, with what it is else.
    fn flags(&self) -> Vec<(BoolVar, bool)> {
        let expiries = self.keys.iter().filter_map(|key| key.expiry.as_ref()).map(|(expired, _)| *expired);
        let flags = [self.halted].into_iter().chain(self.keys.iter().map(|key| key.expects)).chain(expiries);
        flags.map(|flag| (flag, false)).collect()
    }

    /// All countdowns begun anew.
    fn wound(&self, rule: RuleBuilder) -> RuleBuilder {
        let timers = self.keys.iter().filter_map(|key| key.expiry.as_ref()).map(|(_, timer)| timer);
        timers.fold(rule, |rule, timer| timer.wind_up(rule))
    }

    /// Doubles the rules of the controller: one sees the present, one the past.
    fn act_on_the_past(&self, model: &mut Model, kind: FaultKind) {
        for key in &self.keys {
            let is_own = |rule: &Rule| {
                let about = rule.subject.object;
                rule.actor == self.controller
                    && rule.fault.is_none()
                    && about.is_some_and(|about| model.names.belongs(about, key.late.key))
            };
            let own: Vec<usize> =
                (0..model.draft.rules.len()).filter(|&index| is_own(&model.draft.rules[index])).collect();
            for index in own {
                let rule = &mut model.draft.rules[index];
                let present = rule.clone();
                rule.enabled = rule.enabled & !self.halted.value;
                let divisible = model.draft.division(index);
                let past = self.past(present, key, kind);
                let past = divisible.into_iter().fold(past, |past, how| past.divided(self.seen(how)));
                model.add_rule(past);
            }
        }
    }

    /// How requests come one after the other that depend on what was.
    fn seen(&self, divisible: Divisible) -> Divisible {
        match divisible {
            Divisible::Alike(requests) => Divisible::Alike(self.substitution().apply(requests)),
            other => other,
        }
    }

    fn substitution(&self) -> Substitution {
        Substitution::new(self.views.iter().map(|(pods, seen)| (pods.value.id(), seen.value.id())))
    }

    /// A rule that reads what was.
    fn past(&self, rule: Rule, key: &Key, kind: FaultKind) -> RuleBuilder {
        let mut seen = self.substitution();
        let deletes = rule.writes.iter().any(|write| write.verb == Verb::Delete);
        let writes = rule.writes.iter().map(|write| {
            let write = write.map(|term| seen.apply(term));
            if write.verb == Verb::Delete { self.as_far_as_there(write) } else { write }
        });
        let writes = writes.collect();
        let choices = rule.choices.iter().map(|choice| choice.map(|term| seen.apply(term))).collect();
        let past = Rule {
            subject: rule.subject.clone().word(kind.name()),
            enabled: Bool::from_id(seen.apply(rule.enabled.id())) & self.halted.value & !key.expects.value,
            constraint: Bool::from_id(seen.apply(rule.constraint.id())),
            choices,
            sentence: rule.sentence.iter().map(|phrase| phrase.map(|term| seen.apply(term))).collect(),
            details: Vec::new(),
            fault: Some(FaultMark { kind: kind.name(), happens: false }),
            over_approximates: deletes.then_some("counts do not tell whether a pod that was seen is one of those left"),
            writes,
            ..rule
        };
        RuleBuilder::from(past).remembers().set_bool(key.expects, true)
    }

    /// No more is deleted than is there.
    fn as_far_as_there(&self, write: Write) -> Write {
        let is_pods = |var: VarId| self.views.iter().find(|(pods, _)| pods.id == var);
        let Some(times) = write.times else { return write };
        let lost = write.effects.iter().filter_map(|&(var, _)| is_pods(var));
        let there = lost.fold(Int::from_id(times), |least, (pods, _)| least.min(pods.value));
        let mut instead = Substitution::new([(times, there.id())]);
        write.map(|term| instead.apply(term))
    }
}
