//! CronJobs: when they start Jobs, and which (section 8.2). Their Jobs are workloads of the cluster.

use super::workload::WorkloadRef;
use crate::system::Origin;

/// The kind of CronJobs.
pub const CRON_JOB: &str = "CronJob";

/// How many Jobs of a CronJob may be active at the same time where they may run beside each other.
pub const ACTIVE_JOBS: usize = 3;

/// `spec.concurrencyPolicy`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ConcurrencyPolicy {
    /// A Job is started even if others are active.
    #[default]
    Allow,
    /// It is not started while another one is active, but when that has ended, unless it is too late by then.
    Forbid,
    /// The active one is deleted.
    Replace,
}

/// A CronJob.
#[derive(Clone, PartialEq, Debug)]
pub struct CronJob {
    /// Identity.
    pub reference: WorkloadRef,
    /// The least seconds between two starts that `spec.schedule` asks for; `None` if it asks for none at all.
    pub gap: Option<i64>,
    /// Whether all starts are that far apart.
    pub is_regular: bool,
    /// What happens while a Job is active.
    pub policy: ConcurrencyPolicy,
    /// `spec.suspend`.
    pub is_suspended: bool,
    /// `spec.startingDeadlineSeconds`.
    pub starting_deadline: Option<i64>,
    /// Its Jobs: places for as many as may be active at the same time.
    pub jobs: Vec<WorkloadRef>,
    /// Where it is written.
    pub origin: Origin,
}

impl CronJob {
    /// Seconds between two starts, unless it never starts anything.
    pub fn runs_every(&self) -> Option<i64> {
        self.gap.filter(|_| !self.is_suspended)
    }
}
