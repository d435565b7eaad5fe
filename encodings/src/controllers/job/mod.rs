//! The Job controller: pods that run until enough have succeeded (section 8.1).
//!
//! ## One step
//! One part of a sync: pods that are gone are counted, missing pods are created, or a Job with too many failures fails.
//! Wanted are as many pods as `parallelism`, but no more than successes are missing; without `completions` no new pods
//! once one has succeeded. A pod succeeds when it has run for its time (`runTime` of the scenario), or at any moment.
//!
//! ## Failures
//! A pod that is deleted by anybody else (evicted, preempted, taken by a taint or by pressure) or rejected counts against
//! `backoffLimit`, unless the policy ignores disruptions. It is replaced when its deletion begins, with
//! `podReplacementPolicy: Failed` when it is gone. Beyond the limit the Job fails and its pods are deleted.
//!
//! The controller remembers how many pods it knows of; those that are missing later have failed.
//!
//! ## Indexes
//! With `backoffLimitPerIndex` an index whose pods failed more often than that has failed and is not tried again; the Job
//! fails when all indexes have ended and one has failed, or at once with more than `maxFailedIndexes`. With a limit of 0
//! each failure is an index. Otherwise it is not known which failures are of the same index: any number of indexes for
//! which there are enough failures may have failed (tagged).
//!
//! ## Deadline
//! `activeDeadlineSeconds` after it began a Job that has not ended fails. Pods without `runTime` that run end before: how long
//! they take is not known, and no Job fails for that. One that waits, or whose node has stopped, does not.
//!
//! ## Not modelled
//! Containers that fail, delays before replacements. Rejected pods count as disrupted. `ttlSecondsAfterFinished` deletes Jobs that have ended, which hold nothing.

mod state;

pub use state::JobState;

use super::{Controller, Late, replica_set};
use crate::cluster::workload::{Disruption, Job as Spec};
use crate::cluster::{Cluster, FeatureGate, Workload};
use crate::footprint::{CONTROLLER_MANAGER, Footprint};
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::{IntVar, Model, RuleBuilder, Timer, counted, text};
use crate::subject::{ObjectId, Subject};
use crate::system::{Pace, Verb};
use crate::term::{Bool, Int, int_choice, sum};

/// As Kubernetes Events name it.
const NAME: &str = "job-controller";

/// See the module.
pub struct Job;

impl Controller for Job {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "creates pods of a Job until enough have succeeded, and counts failures"
    }

    fn needs(&self, cluster: &Cluster, _: &Needs) -> Needs {
        let deadline = |workload: &Workload| workload.job().and_then(|job| job.active_deadline);
        Needs::durations(cluster.workloads.iter().filter_map(deadline))
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: CONTROLLER_MANAGER,
            watches: &["Job", "Pod"],
            reads_live: &["the Job, before it adopts pods"],
            forgets: &["expectations", "back-off"],
        }
    }

    /// Of the status of Jobs. What it counts of pods that have ended it counts anew in each sync, by their finalizers; only
    /// what the status says already is forgotten. A write to a Job that it sees late is refused, so that it creates once.
    fn late(&self, model: &Model) -> Vec<Late> {
        if model.cluster.has(FeatureGate::StaleControllerConsistencyJob) {
            return Vec::new();
        }
        let late = |group: usize| {
            let state = model.job_state(group)?;
            Some(Late {
                key: model.groups[group].id,
                kind: "Job",
                counts: [state.succeeded, state.failures].into_iter().chain(state.failed_indexes).collect(),
                flags: vec![state.has_failed],
                expires: None,
            })
        };
        (0..model.cluster.workloads.len()).filter_map(late).collect()
    }

    fn prepare(&self, model: &mut Model) {
        for group in 0..model.cluster.workloads.len() {
            state::declare(model, group);
            let deadline = |job: &Spec| job.active_deadline.filter(|_| !job.is_suspended);
            let (Some(seconds), Some(ended)) = (model.workload(group).job().and_then(deadline), model.has_ended(group))
            else {
                continue;
            };
            let exists = model.groups[group].exists.map_or(true.into(), |exists| exists.value);
            let timer = Subject::new("deadline timer").of(model.groups[group].id);
            let timer = model.timer(timer, seconds, exists & !ended);
            model.remember(group, DeadlineTimer(timer));
        }
    }

    fn waits(&self, model: &mut Model) -> Vec<Wait> {
        let mut waits = Vec::new();
        for group in 0..model.cluster.workloads.len() {
            let (Some(spec), Some(state)) = (model.workload(group).job(), model.job_state(group)) else { continue };
            let (id, name) = (model.groups[group].id, &model.groups[group].name);
            let failed = Wait::new(NAME, "Failed", state.has_failed.value).about(id);
            waits.push(failed.says([text(format!("{name} has failed and gets no more pods"))]));
            let suspended = Wait::new(NAME, "JobSuspended", spec.is_suspended.into()).about(id);
            let suspended = suspended.says([text(format!("{name} is suspended"))]);
            waits.push(suspended.because_of(model.origin(group, "spec.suspend")));
            let missing = model.job_wanted(group).above(model.groups[group].active()) & !state.has_failed.value;
            waits.extend(replica_set::failed_create(model, group, NAME, missing));
        }
        waits
    }

    fn add_rules(&self, model: &mut Model) {
        for group in 0..model.cluster.workloads.len() {
            if let (Some(spec), Some(state)) = (model.workload(group).job().copied(), model.job_state(group)) {
                self.add_group(model, group, spec, state);
            }
        }
    }
}

/// Countdown of the run time of the pods of a Job; only where that is given.
#[derive(Clone)]
pub(super) struct RunTimer(pub(super) Timer);

/// Countdown to the deadline of a Job; only where it has one.
#[derive(Clone)]
struct DeadlineTimer(Timer);

/// The countdowns of a Job that are counted, with their full lengths.
pub(super) fn job_timers(model: &Model, group: usize) -> impl Iterator<Item = (IntVar, i64)> {
    let run = model.side::<RunTimer>(group).map(|one| &one.0);
    let deadline = model.side::<DeadlineTimer>(group).map(|one| &one.0);
    let counted = [run, deadline].map(|timer| timer.and_then(|timer| Some((timer.left?, timer.full))));
    counted.into_iter().flatten()
}

impl Job {
    fn add_group(&self, model: &mut Model, group: usize, spec: Spec, state: JobState) {
        let one = &model.groups[group];
        let (id, name, active) = (one.id, one.name.clone(), one.active());
        let terminating = sum(one.terminating.iter().map(|count| count.value));
        // What still stands for a pod that was created.
        let present = if spec.replaces_failed_only { active + terminating } else { active };
        let lost = state.known.value.monus(present);
        let too_many = state.failures.value.above(spec.backoff_limit);
        let failures = match spec.on_disruption {
            Disruption::Count => state.failures.value + lost,
            Disruption::Ignore => state.failures.value,
            Disruption::FailJob => (spec.backoff_limit + 1).into(),
        };
        let rule = self.rule(model, group, "count", "PodFailed", "spec.backoffLimit");
        let rule = rule
            .when(lost.above(0))
            .when(!state.has_failed.value)
            .writes(Verb::Status, id)
            .set(state.known, present.min(state.known.value.range().hi))
            .says([counted(lost, format!("pod of {name} is lost"), format!("pods of {name} are lost"))]);
        let rule = match spec.on_disruption {
            Disruption::Count => rule.saturate(state.failures, lost),
            Disruption::Ignore => rule,
            Disruption::FailJob => rule.set(state.failures, failures.min(state.failures.value.range().hi)),
        };
        let rule = fail_indexes(id, spec, state, lost, failures, rule);
        model.add_rule(rule);
        let wanted = model.job_wanted(group);
        let missing = replica_set::missing(model, group, wanted.monus(present) + active);
        let rule = self.rule(model, group, "create", "SuccessfulCreate", "spec.parallelism");
        let by_index = indexes_fail(spec, state);
        let rule = rule.when(lost.is(0)).when(!too_many).when(!state.has_failed.value).when(missing.above(0));
        let rule = rule.when(!by_index);
        let (missing, rule) = replica_set::as_far_as_others_let(model, group, missing, rule);
        let rule = replica_set::create(model, group, missing, rule).writes(Verb::Status, id).add(state.known, missing);
        model.add_rule(rule);
        let rule = self.rule(model, group, "fail", "BackoffLimitExceeded", "spec.backoffLimit");
        let rule = rule
            .when(too_many & !state.has_failed.value)
            .carries_out(model.origin(group, "spec.backoffLimit"), "no Job ever fails by it")
            .stage(2)
            .writes(Verb::Status, id)
            .set_bool(state.has_failed, true)
            .set(state.known, 0)
            .says([text(format!("{name} has failed: more failures than backoffLimit {}", spec.backoff_limit))]);
        let rule = rule.stage(1).delete_all(&model.groups[group]);
        model.add_rule(rule);
        let rule = self.rule(model, group, "fail-by-index", "FailedIndexes", "spec.backoffLimitPerIndex");
        let rule = rule
            .when(by_index & lost.is(0) & !state.has_failed.value)
            .stage(2)
            .writes(Verb::Status, id)
            .set_bool(state.has_failed, true)
            .set(state.known, 0)
            .says([text(format!("{name} has failed: indexes have failed"))])
            .stage(1)
            .delete_all(&model.groups[group]);
        model.add_rule(rule);
        if let Some(seconds) = spec.active_deadline.filter(|_| !spec.is_suspended) {
            self.add_deadline(model, group, seconds, state);
        }
    }

    /// The Job fails when it has been active for so long (`pastActiveDeadline`).
    fn add_deadline(&self, model: &mut Model, group: usize, seconds: i64, state: JobState) {
        let Some(DeadlineTimer(timer)) = model.side::<DeadlineTimer>(group).cloned() else { return };
        let (id, name) = (model.groups[group].id, model.groups[group].name.clone());
        let pace = if timer.left.is_some() || timer.full == 0 { Pace::Fast } else { Pace::Clock };
        let rule = self.paced(model, group, ("deadline", pace), "DeadlineExceeded", "spec.activeDeadlineSeconds");
        let rule = rule
            .when(timer.armed & timer.expired & !model.is_ending(group))
            .carries_out(model.origin(group, "spec.activeDeadlineSeconds"), "no Job is ever active for so long")
            .stage(2)
            .writes(Verb::Status, id)
            .set_bool(state.has_failed, true)
            .set(state.known, 0)
            .says([text(format!("{name} has failed: active for longer than {seconds} s (activeDeadlineSeconds)"))])
            .stage(1)
            .delete_all(&model.groups[group]);
        model.add_rule(rule);
    }

    fn rule(
        &self,
        model: &mut Model,
        group: usize,
        verb: &'static str,
        reason: &'static str,
        field: &str,
    ) -> RuleBuilder {
        self.paced(model, group, (verb, Pace::Fast), reason, field)
    }

    fn paced(
        &self,
        model: &mut Model,
        group: usize,
        (verb, pace): (&'static str, Pace),
        reason: &'static str,
        field: &str,
    ) -> RuleBuilder {
        let id = model.groups[group].id;
        let unit = model.fairness_unit(Subject::new(self.name()).of(id));
        RuleBuilder::new(Subject::new(verb).of(id), self.name(), reason, pace)
            .fair(unit)
            .because_of(model.origin(group, field))
    }
}

/// Whether a Job fails because of its indexes.
fn indexes_fail(spec: Spec, state: JobState) -> Bool {
    let (Some(by_index), Some(failed), Some(completions)) = (spec.by_index, state.failed_indexes, spec.completions)
    else {
        return false.into();
    };
    let all_ended = failed.value.above(0) & (state.succeeded.value + failed.value).at_least(completions);
    all_ended | by_index.max_failed.map_or(false.into(), |most| failed.value.above(most))
}

/// The indexes that fail with so many lost pods, `failures` being all that are counted now.
fn fail_indexes(id: ObjectId, spec: Spec, state: JobState, lost: Int, failures: Int, rule: RuleBuilder) -> RuleBuilder {
    let (Some(by_index), Some(failed)) = (spec.by_index, state.failed_indexes) else { return rule };
    let most = failed.value.range().hi;
    match spec.on_disruption {
        Disruption::Count if by_index.limit == 0 => rule.saturate(failed, lost),
        Disruption::Count => {
            let (choice, more) = int_choice(Subject::new("failed indexes").of(id), 0, most);
            let each = by_index.limit + 1;
            let enough = (failures - failed.value * each).max(0) / each;
            rule.pick(choice)
                .such_that(more.at_most(lost.min(enough)) & (failed.value + more).at_most(most))
                .saturate(failed, more)
                .over_approximates("failures are not counted by index: any that were enough may be of the same one")
        }
        Disruption::Ignore | Disruption::FailJob => rule,
    }
}

impl Model<'_> {
    /// How many active pods a Job wants.
    fn job_wanted(&self, group: usize) -> Int {
        let (Some(spec), Some(state)) = (self.workload(group).job(), self.job_state(group)) else { return 0.into() };
        let parallelism = self.groups[group].spec.value;
        match spec.completions {
            _ if spec.is_suspended => 0.into(),
            Some(completions) => {
                let failed = state.failed_indexes.map_or(0.into(), |failed| failed.value);
                parallelism.min(Int::from(completions).monus(state.succeeded.value + failed))
            }
            None => crate::term::ite(state.succeeded.value.above(0), self.groups[group].active(), parallelism),
        }
    }
}
