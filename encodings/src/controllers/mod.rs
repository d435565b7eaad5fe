//! The controllers: one file each, registered in [`REGISTRY`].

mod cluster_autoscaler;
mod cron_job;
mod custom;
mod daemon_set;
mod deployment;
mod descheduler;
mod disruption;
mod hpa;
mod job;
mod karpenter;
mod kernel_panic;
mod kubelet;
mod node_lifecycle;
mod replica_set;
mod resource_quota;
mod scheduler;
mod self_heal;
mod stateful_set;
mod taint_eviction;
mod vpa;

pub(crate) use cron_job::Beyond;
pub(crate) use deployment::memory::{is_paused, kept, paused, replica_set as replica_set_of};
pub(crate) use disruption::{Admission, admission, tell_budgets};
pub use job::JobState;
use kubelet::kept_elsewhere;
pub(crate) use scheduler::{Domains, feasible_nodes, judgements, plugins};
pub use scheduler::{Judgement, PluginScores, Plugins};
pub(crate) use vpa::recommended;

use crate::cluster::Cluster;
use crate::footprint::Footprint;
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::{BoolVar, IntVar, Model};
use crate::subject::ObjectId;

/// A controller: turns the state into rules.
pub trait Controller: Sync {
    /// Its name, as Kubernetes Events have it.
    fn name(&self) -> &'static str;

    /// What it does, in a line.
    fn summary(&self) -> &'static str;

    /// What it needs of the model, where `others` is what is known of the needs of all: see [`Needs`].
    fn needs(&self, cluster: &Cluster, others: &Needs) -> Needs;

    /// What the real controller watches, reads live and forgets.
    fn footprint(&self) -> Footprint;

    /// Declares what it remembers, and what others may read of it, before anybody adds a rule: who comes first in the
    /// registry means nothing.
    fn prepare(&self, model: &mut Model) {
        let _ = model;
    }

    /// What it reads by watching objects of some kind, where the model knows what it does if that is late.
    fn late(&self, model: &Model) -> Vec<Late> {
        let _ = model;
        Vec::new()
    }

    /// Adds its rules, if the cluster has work for it.
    fn add_rules(&self, model: &mut Model);

    /// What keeps it from going on, for reports.
    fn waits(&self, model: &mut Model) -> Vec<Wait> {
        let _ = model;
        Vec::new()
    }
}

/// What syncs about an object read by watching objects of some kind. After a sync that asks for something the next one waits
/// until that is seen.
#[derive(Clone, Debug)]
pub struct Late {
    /// The object.
    pub key: ObjectId,
    /// The kind that is watched: one of those of the footprint.
    pub kind: &'static str,
    /// The numbers that are read: of pods how many there are.
    pub counts: Vec<IntVar>,
    /// What else is read.
    pub flags: Vec<BoolVar>,
    /// Seconds after which it waits no more, where it does not wait as long as it takes.
    pub expires: Option<i64>,
}

/// All controllers, in the order in which their rules are listed.
pub const REGISTRY: &[&dyn Controller] = &[
    &daemon_set::DaemonSet,
    &deployment::Deployment,
    &replica_set::ReplicaSet,
    &stateful_set::StatefulSet,
    &job::Job,
    &scheduler::Scheduler,
    &kubelet::Kubelet,
    &cron_job::CronJob,
    &node_lifecycle::NodeLifecycle,
    &taint_eviction::TaintEviction,
    &resource_quota::ResourceQuota,
    &disruption::Disruption,
    &hpa::Hpa,
    &vpa::Vpa,
    &descheduler::Descheduler,
    &cluster_autoscaler::ClusterAutoscaler,
    &karpenter::Karpenter,
    &kernel_panic::KernelPanic,
    &self_heal::SelfHeal,
    &custom::Custom,
];
