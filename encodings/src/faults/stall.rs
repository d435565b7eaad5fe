//! `stall` and `stale`: a controller sees objects of a kind as they were at some earlier moment, and acts on that.
//!
//! When it begins, what the controller reads of them is kept: a past state as it was, not a mixture. When the watch goes on,
//! it sees the present again. Each kind has a watch of its own: who sees pods late may see Jobs as they are. A stall lasts as long as it likes, but not forever; while a controller is merely stale no
//! countdown goes on, so that it is shorter than any duration of the cluster.
//!
//! Controllers that expect what they have asked for (`controller_utils.go`, `ControllerExpectations`) do not act again until
//! they see it; expectations that are not met end after five minutes, which happens once in a stall here, where the release
//! still has it so. A restart lists anew and forgets them.
//!
//! What is created or deleted on a past view happens to what is there: pods that are gone already cannot be deleted. An object
//! of another kind that is seen late is not written, since its resource version is old (409): only syncs that write others
//! act on the past.

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

/// Pods, which syncs create and delete without looking at their resource version.
const PODS: &str = "Pod";

/// A watch of a controller.
struct Watch<'m> {
    controller: &'static str,
    /// The kind of the objects that it delivers.
    of: &'static str,
    /// Whether it delivers nothing.
    halted: BoolVar,
    /// What is seen in place of what.
    views: Vec<(IntVar, IntVar)>,
    /// The same of what is no number.
    flag_views: Vec<(BoolVar, BoolVar)>,
    keys: Vec<Key<'m>>,
}

/// What a sync is about, with whether it waits to see what it has asked for.
struct Key<'m> {
    late: &'m Late,
    expects: BoolVar,
    /// Whether expectations have ended unmet in this stall, and the countdown until they do.
    expiry: Option<(BoolVar, Timer)>,
}

/// A subject that tells watches of a controller apart.
fn about_watch(subject: Subject, of: &'static str) -> Subject {
    if of == PODS { subject } else { subject.word(of) }
}

impl FaultModel for Stall {
    fn kind(&self) -> FaultKind {
        self.0
    }

    fn add_rules(&self, model: &mut Model, injection: &Injection) {
        for controller in &injection.concerned {
            for late in controller.late(model).chunk_by(|one, next| one.kind == next.kind) {
                let watch = self.declare(model, controller.name(), late);
                watch.act_on_the_past(model, self.0);
                self.halt(model, injection, &watch);
                self.go_on(model, &watch);
                self.expire(model, &watch);
            }
        }
    }
}

impl Stall {
    fn declare<'m>(&self, model: &mut Model, controller: &'static str, late: &'m [Late]) -> Watch<'m> {
        let (kind, of) = (self.0.name(), late[0].kind);
        let halted = about_watch(Subject::new("watch").word(kind).word(controller), of);
        let halted = model.bool_var(halted, Role::Budget, false.into());
        let seen = |var: VarId| {
            let subject = current(|dag| dag.vars()[var.index()].subject.clone());
            subject.word("seen").word(kind)
        };
        let mut views: Vec<(IntVar, IntVar)> = Vec::new();
        for counts in late.iter().flat_map(|one| &one.counts) {
            let range = counts.value.range();
            views.push((*counts, model.int_var(seen(counts.id), Role::Budget, range.lo, range.hi, range.lo)));
        }
        let mut flag_views: Vec<(BoolVar, BoolVar)> = Vec::new();
        for flag in late.iter().flat_map(|one| &one.flags) {
            flag_views.push((*flag, model.bool_var(seen(flag.id), Role::Budget, false.into())));
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
        let watch = Watch { controller, of, halted, views, flag_views, keys };
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
        let subject = about_watch(Subject::new("begin").word(self.0.name()).word(watch.controller), watch.of);
        let (whose, objects) = match watch.of {
            PODS => (String::new(), "pods".to_owned()),
            of => (format!(" of {of}s"), format!("{of}s")),
        };
        let what = match self.0 {
            FaultKind::Stale => format!("lags behind: it sees {objects} as they are now"),
            _ => format!("stalls: until it goes on, {objects} are seen as they are now"),
        };
        let rule = RuleBuilder::new(subject, watch.controller, "WatchStalled", Pace::Event)
            .when(!watch.halted.value)
            .says([text(format!("the watch{whose} of {} {what}", watch.controller))]);
        let rule = injection.happens(model, rule).sees_late(watch.of).remembers().set_bool(watch.halted, true);
        let rule = watch.views.iter().fold(rule, |rule, &(counts, seen)| rule.set(seen, counts.value));
        let rule = watch.flag_views.iter().fold(rule, |rule, &(flag, seen)| rule.set_bool(seen, flag.value));
        model.add_rule(rule);
    }

    /// It ends, some time.
    fn go_on(&self, model: &mut Model, watch: &Watch) {
        let about =
            |word: &'static str| about_watch(Subject::new(word).word(self.0.name()).word(watch.controller), watch.of);
        let unit = model.fairness_unit(about("watch goes on"));
        let whole = match watch.of {
            PODS => "pods".to_owned(),
            of => format!("{of}s"),
        };
        let rule = RuleBuilder::new(about("end"), watch.controller, "WatchResumed", Pace::Event)
            .when(watch.halted.value)
            .fair(unit)
            .after_fault(self.0.name())
            .says([text(format!("the watch of {} goes on: it sees all {whole} as they are", watch.controller))])
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
        let flags = flags.chain(self.flag_views.iter().map(|&(_, seen)| seen));
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
            let own: Vec<usize> =
                (0..model.draft.rules.len()).filter(|&rule| self.may_be_late(model, key, kind, rule)).collect();
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

    /// Whether a rule is a sync that acts on what it sees, late or not. One that acts on the past of another kind may.
    fn may_be_late(&self, model: &Model, key: &Key, kind: FaultKind, index: usize) -> bool {
        let rule = &model.draft.rules[index];
        let about = rule.subject.object;
        let is_sync = rule.fault.is_none_or(|mark| {
            let asks = rule.writes.iter().any(|write| write.verb.is_request());
            (mark.kind, mark.happens) == (kind.name(), false) && asks
        });
        let is_own =
            rule.actor == self.controller && about.is_some_and(|about| model.names.belongs(about, key.late.key));
        is_own && is_sync && (self.of == PODS || self.is_about_others(rule))
    }

    /// Whether a sync reads what it may see late, and writes other objects.
    fn is_about_others(&self, rule: &Rule) -> bool {
        let counts = self.views.iter().map(|(counts, _)| counts.id);
        let viewed: Vec<VarId> = counts.chain(self.flag_views.iter().map(|(flag, _)| flag.id)).collect();
        let writes = rule.writes.iter().flat_map(|write| &write.effects).any(|(var, _)| viewed.contains(var));
        !writes && self.substitution().changes(rule.enabled.id())
    }

    /// How requests come one after the other that depend on what was.
    fn seen(&self, divisible: Divisible) -> Divisible {
        match divisible {
            Divisible::Alike(requests) => Divisible::Alike(self.substitution().apply(requests)),
            other => other,
        }
    }

    fn substitution(&self) -> Substitution {
        let counts = self.views.iter().map(|(counts, seen)| (counts.value.id(), seen.value.id()));
        Substitution::new(counts.chain(self.flag_views.iter().map(|(flag, seen)| (flag.value.id(), seen.value.id()))))
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
            subject: about_watch(rule.subject.clone().word(kind.name()), self.of),
            enabled: Bool::from_id(seen.apply(rule.enabled.id())) & self.halted.value & !key.expects.value,
            constraint: Bool::from_id(seen.apply(rule.constraint.id())),
            choices,
            sentence: rule.sentence.iter().map(|phrase| phrase.map(|term| seen.apply(term))).collect(),
            details: Vec::new(),
            fault: Some(FaultMark { kind: kind.name(), happens: false, of: Some(self.of) }),
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
