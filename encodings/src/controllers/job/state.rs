//! What a Job remembers (section 8.1).

use crate::cluster::workload::Disruption;
use crate::state::{BoolVar, IntVar, Model};
use crate::subject::Subject;
use crate::system::Role;
use crate::term::Bool;

/// What a Job's status and its controller know.
#[derive(Clone, Copy, Debug)]
pub struct JobState {
    /// Pods that succeeded; without `completions` whether there is one.
    pub succeeded: IntVar,
    /// Pods that failed, up to one beyond `backoffLimit`.
    pub failures: IntVar,
    /// Indexes that have failed; only where failures are counted by index.
    pub failed_indexes: Option<IntVar>,
    /// Pods that the controller created and has not seen end.
    pub known: IntVar,
    /// Whether the Job has failed.
    pub has_failed: BoolVar,
}

/// Declares the state of the Job behind a group, if it is one.
pub(super) fn declare(model: &mut Model, group: usize) {
    let cluster = model.cluster;
    let (workload, id, most) = (&cluster.workloads[group], model.groups[group].id, model.groups[group].most);
    let Some(job) = workload.job() else { return };
    let completions = job.completions.unwrap_or(1);
    // One that a CronJob has not started yet is as if it had ended.
    let done = if cluster.cron_job_of(&workload.reference).is_some() { completions } else { 0 };
    let mut count = |what: &'static str, most: i64, initial: i64| {
        model.int_var(Subject::new(what).of(id), Role::Cluster, 0, most, initial)
    };
    let succeeded = count("succeeded", completions, done);
    // An index fails no more often than its limit allows, and once.
    let by_index = job.by_index.filter(|_| job.on_disruption != Disruption::FailJob);
    let by_index = by_index.map_or(i64::MAX, |one| (one.limit + 1).saturating_mul(completions));
    let failures = count("failures", job.backoff_limit.saturating_add(1).min(by_index), 0);
    let failed_indexes = job.by_index.map(|_| count("failed indexes", completions, 0));
    let known = count("known", most, 0);
    let has_failed = model.bool_var(Subject::new("failed").of(id), Role::Cluster, false.into());
    model.remember(group, JobState { succeeded, failures, failed_indexes, known, has_failed });
}

impl Model<'_> {
    /// What a Job knows, if the pods of a group are those of one.
    pub fn job_state(&self, group: usize) -> Option<JobState> {
        self.side(self.groups[group].workload).copied()
    }

    /// Whether a Job has ended, complete or failed.
    pub fn has_ended(&self, group: usize) -> Option<Bool> {
        Some(self.is_complete(group)? | self.job_state(group)?.has_failed.value)
    }

    /// Whether pods of a Job run that end at any moment, because nobody says how long they run.
    pub fn is_ending(&self, group: usize) -> Bool {
        if self.workload(group).job().is_none_or(|job| job.run_time.is_some()) {
            return false.into();
        }
        let running = self.slots.iter().zip(&self.groups[group].running);
        crate::term::any(running.map(|(slot, count)| slot.is_alive() & count.value.above(0)))
    }

    /// Whether a Job is complete.
    pub fn is_complete(&self, group: usize) -> Option<Bool> {
        let (job, state) = (self.workload(group).job()?, self.job_state(group)?);
        Some(match job.completions {
            Some(completions) => state.succeeded.value.at_least(completions),
            None => state.succeeded.value.above(0) & self.groups[group].active().is(0),
        })
    }
}
