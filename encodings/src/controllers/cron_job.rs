//! The CronJob controller: Jobs that are started again and again (section 8.2, `cronjob_controllerv2.go`).
//!
//! ## One step
//! At a moment of the schedule a Job is started. While another one is active, `Allow` starts it beside that, `Replace`
//! deletes that and its pods, and `Forbid` does not start it: the moment is missed. A missed start is made up for as soon
//! as the active Job has ended, unless `startingDeadlineSeconds` are over; of several missed ones only the last.
//!
//! ## Moments
//! The reader turns `schedule` into the least time between two starts. Where all are that far apart, a Job is started
//! exactly so often, the first one at any time within the first gap. Otherwise (`0 9 * * 1-5`) it is started that long
//! after the last one or at any time later, which is more than the real controller does. Moments do not keep a cluster
//! from being settled: it is, between two Jobs, until the next one.
//!
//! A pod without `runTime` that runs ends before the next moment: else any Job could last for days, and every CronJob
//! would pile up. The reader says so. One that waits, or whose node has stopped, does not keep the next Job from starting.
//!
//! ## Jobs
//! A Job that has ended takes no room, and its place is that of the next one. With `Forbid` and `Replace` there is one
//! place, with `Allow` as many as the scenario says (`activeJobs`). If all are taken and another Job would start, the
//! step says so and `boundedPods` is violated, possibly so because the model does not know that it is without end; the
//! Job is not started. Verdicts of other intents assume that it does not come to that, and say so.
//!
//! ## Not modelled
//! `successfulJobsHistoryLimit` and `failedJobsHistoryLimit` delete Jobs that have ended: their pods hold no resources, and
//! no intent counts them.

use super::Controller;
use super::job::job_timers;
use crate::cluster::{Cluster, ConcurrencyPolicy, CronJob as Spec};
use crate::footprint::{CONTROLLER_MANAGER, Footprint};
use crate::needs::Needs;
use crate::state::{BoolVar, Model, RuleBuilder, Schedule, Timer, text};
use crate::subject::{ObjectId, Subject};
use crate::system::{Origin, Pace, Role, Verb};
use crate::term::{Bool, any};

/// See the module.
pub struct CronJob;

impl Controller for CronJob {
    fn name(&self) -> &'static str {
        "cronjob-controller"
    }

    fn summary(&self) -> &'static str {
        "starts the Jobs of a CronJob by its schedule, as concurrencyPolicy allows"
    }

    fn needs(&self, cluster: &Cluster, _: &Needs) -> Needs {
        let of = |one: &Spec| [one.runs_every(), one.runs_every().and(one.starting_deadline)];
        Needs::durations(cluster.cron_jobs.iter().flat_map(of).flatten())
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: CONTROLLER_MANAGER,
            watches: &["CronJob", "Job"],
            reads_live: &["Jobs that status calls active and the watch does not show"],
            forgets: &[],
        }
    }

    fn add_rules(&self, model: &mut Model) {
        let cluster = model.cluster;
        for (index, spec) in cluster.cron_jobs.iter().enumerate() {
            let jobs: Vec<usize> = spec.jobs.iter().filter_map(|job| cluster.workload(job)).collect();
            // A Job without pods is of no consequence.
            let is_idle = |job: usize| {
                let one = model.workload(job);
                one.replicas.hi == 0 || one.job().is_some_and(|job| job.is_suspended || job.completions == Some(0))
            };
            if let (Some(gap), false) = (spec.runs_every(), jobs.is_empty() || jobs.iter().any(|&job| is_idle(job))) {
                let id = model.ids.cron_jobs[index];
                let name = model.names.object(id).label();
                let schedule = model.schedule(id, gap, spec.is_regular);
                Starter { index, spec, id, name, jobs, schedule }.add_rules(model);
            }
        }
    }
}

/// Whether more Jobs of a CronJob would have been active than are modelled; only where that can be.
pub(crate) struct Beyond(pub(crate) BoolVar);

/// A CronJob that starts Jobs.
struct Starter<'c> {
    index: usize,
    spec: &'c Spec,
    id: ObjectId,
    name: String,
    /// Groups of its Jobs.
    jobs: Vec<usize>,
    schedule: Schedule,
}

impl Starter<'_> {
    fn add_rules(&self, model: &mut Model) {
        let ended: Vec<Bool> = self.jobs.iter().filter_map(|&job| model.has_ended(job)).collect();
        match self.spec.policy {
            ConcurrencyPolicy::Allow => self.add_beyond(model, !any(ended.iter().copied())),
            ConcurrencyPolicy::Replace => self.add_replacing(model, ended[0]),
            ConcurrencyPolicy::Forbid => self.add_missing(model, ended[0]),
        }
        for (&job, &ended) in self.jobs.iter().zip(&ended) {
            if self.spec.policy == ConcurrencyPolicy::Allow {
                let rule = self.tick(model, "start", job, "SuccessfulCreate").when(ended);
                let rule = self.start(model, job, rule);
                model.add_rule(rule);
            }
        }
    }

    /// Another Job while all places are taken.
    fn add_beyond(&self, model: &mut Model, taken: Bool) {
        let beyond = model.bool_var(Subject::new("beyond").of(self.id), Role::Budget, false.into());
        model.remember(self.index, Beyond(beyond));
        let most = self.jobs.len();
        let counts = if most == 1 { "a Job is".to_owned() } else { format!("{most} Jobs are") };
        let rule = self.tick(model, "beyond", self.jobs[0], "SuccessfulCreate").when(taken);
        let rule = if self.schedule.clock.is_none() { rule.when(!beyond.value) } else { rule };
        let rule = rule
            .remembers()
            .set_bool(beyond, true)
            .says([text(format!(
                "another Job of {} would start while {counts} active; no more are modelled",
                self.name
            ))])
            .over_approximates("more active Jobs of a CronJob than `activeJobs` count as pods without end");
        model.add_rule(rule);
        let text = match most {
            1 => format!("at most 1 active Job of {}", self.name),
            _ => format!("at most {most} active Jobs of {}", self.name),
        };
        model.constrain(text, true.into(), true);
    }

    /// `Replace`: the Job that is there gives way.
    fn add_replacing(&self, model: &mut Model, ended: Bool) {
        let job = self.jobs[0];
        let rule = self.tick(model, "start", job, "SuccessfulCreate").when(ended);
        let rule = self.start(model, job, rule);
        model.add_rule(rule);
        let mut rule = self.tick(model, "replace", job, "SuccessfulDelete").when(!ended);
        if self.schedule.clock.is_none() {
            // Without a clock, a Job that has just begun is the same as its successor.
            let group = &model.groups[job];
            let state = model.job_state(job).expect("a Job of a CronJob");
            let counts = [state.succeeded, state.failures, state.known].map(|count| count.value.above(0));
            rule = rule.when(any(counts) | group.active().above(0));
        }
        rule = rule.stage(1).delete_all(&model.groups[job]);
        rule = self
            .start(model, job, rule.stage(2))
            .says([text(format!("the active Job of {} is deleted, a new one started", self.name))]);
        model.add_rule(rule);
    }

    /// `Forbid`: the moment is missed while a Job is active.
    fn add_missing(&self, model: &mut Model, ended: Bool) {
        let job = self.jobs[0];
        let missed = model.bool_var(Subject::new("missed").of(self.id), Role::Clock, false.into());
        let rule = self.tick(model, "start", job, "SuccessfulCreate").when(ended & !missed.value);
        let rule = self.start(model, job, rule);
        model.add_rule(rule);
        let rule = self.tick(model, "forbid", job, "JobAlreadyActive").when(!ended);
        let rule = if self.schedule.clock.is_none() { rule.when(!missed.value) } else { rule };
        let mut rule = rule
            .remembers()
            .set_bool(missed, true)
            .says([text(format!("no Job of {} is started while one is active (concurrencyPolicy Forbid)", self.name))]);
        if let Some(seconds) = self.spec.starting_deadline {
            // It counts from the last moment that was missed.
            let timer = model.timer(Subject::new("missed start timer").of(self.id), seconds, missed.value);
            rule = timer.wind_up(rule);
            self.add_deadline(model, missed, &timer);
        }
        model.add_rule(rule);
        let rule = self.rule(model, "catch-up", job, "SuccessfulCreate", Pace::Fast).when(missed.value & ended);
        let rule = self.start(model, job, rule).remembers().set_bool(missed, false);
        let rule = rule.says([text(format!("a Job of {} starts late", self.name))]);
        model.add_rule(rule);
    }

    /// A missed start is given up.
    fn add_deadline(&self, model: &mut Model, missed: BoolVar, timer: &Timer) {
        let pace = if timer.left.is_some() || timer.full == 0 { Pace::Fast } else { Pace::Clock };
        let rule = self
            .rule(model, "give-up", self.jobs[0], "MissSchedule", pace)
            .when(missed.value & timer.expired)
            .remembers()
            .set_bool(missed, false)
            .says([text(format!("the missed start of {} is given up (startingDeadlineSeconds)", self.name))]);
        model.add_rule(rule);
    }

    /// Begins a Job in the place of one that has ended or is deleted.
    fn start(&self, model: &Model, job: usize, rule: RuleBuilder) -> RuleBuilder {
        let group = &model.groups[job];
        let state = model.job_state(job).expect("a Job of a CronJob");
        let counts = [state.succeeded, state.failures, state.known].into_iter().chain(state.failed_indexes);
        let rule = rule.writes(Verb::Create, group.id);
        let rule = counts.fold(rule, |rule, count| rule.set(count, 0));
        let rule = rule.set_bool(state.has_failed, false);
        let rule = group.failed.into_iter().fold(rule, |rule, failed| rule.set(failed, 0));
        job_timers(model, job).fold(rule, |rule, (left, full)| rule.winds(left, full))
    }

    /// A rule for a moment of the schedule.
    fn tick(&self, model: &mut Model, verb: &'static str, job: usize, reason: &'static str) -> RuleBuilder {
        let ending = any(self.jobs.iter().map(|&job| model.is_ending(job)));
        let rule = self.rule(model, verb, job, reason, Pace::Periodic).when(self.schedule.due & !ending);
        let rule = rule.says([text(format!("a Job of {} starts", self.name))]);
        let rule = self.schedule.restart(rule);
        if self.schedule.is_regular {
            rule
        } else {
            rule.over_approximates(
                "a schedule whose starts are not equally far apart is one of starts at least that far apart",
            )
        }
    }

    fn rule(&self, model: &mut Model, verb: &'static str, job: usize, reason: &'static str, pace: Pace) -> RuleBuilder {
        let unit = model.fairness_unit(Subject::new("cronjob-controller").of(self.id));
        let object = if self.jobs.len() > 1 { model.groups[job].id } else { self.id };
        let field = if pace == Pace::Periodic { "spec.schedule" } else { "spec.concurrencyPolicy" };
        RuleBuilder::new(Subject::new(verb).of(object), "cronjob-controller", reason, pace)
            .fair(unit)
            .because_of(Origin { object: self.spec.origin.object.clone(), field: field.to_owned() })
    }
}
