//! Several revisions of a workload (section 2.2).
//!
//! A revision is a pod template that events can bring about: that of the manifest, those of applied manifests, and
//! each of these restarted so many times. Which of them `spec.template` is at the moment is a variable; workloads with
//! one revision have none of this. What a controller remembers of revisions is its own.

use super::{IntVar, Model, words};
use crate::cluster::Workload;
use crate::subject::Subject;
use crate::system::Role;

/// The number of the revision of `spec.template`; only of workloads with several.
struct WantedRevision(IntVar);

impl Model<'_> {
    /// The groups of all revisions of the workload of a group, and of all levels of requests, in order.
    pub fn revisions(&self, group: usize) -> impl Iterator<Item = usize> + '_ {
        let workload = self.groups[group].workload;
        let later = self.cluster.workloads.len()..self.groups.len();
        std::iter::once(workload).chain(later.filter(move |&other| self.groups[other].workload == workload))
    }

    /// The number of the wanted revision of the workload of a group, where there are several.
    pub fn revision_wanted(&self, group: usize) -> Option<IntVar> {
        self.side::<WantedRevision>(self.groups[group].workload).map(|wanted| wanted.0)
    }

    /// The most pods of one revision of a workload: several share `spec.replicas` and the surge.
    pub(crate) fn most_of_a_revision(&self, workload: &Workload) -> i64 {
        let (_, most) = self.replica_range(workload);
        let surge = if self.cluster.revisions(workload) > 1 { workload.rollout.strategy.surge(most) } else { 0 };
        let repeated = if self.needs.doubles_pods && workload.has_replica_sets() { 2 } else { 1 };
        let unexpected = if workload.has_replica_sets() { self.needs.unexpected_pods } else { 0 };
        (most + surge) * repeated + unexpected
    }

    /// Declares the wanted revision of a workload.
    pub(super) fn declare_wanted_revision(&mut self, index: usize) {
        let revisions = self.cluster.revisions(&self.cluster.workloads[index]);
        if revisions > 1 {
            let subject = Subject::new(words::TEMPLATE).of(self.ids.workloads[index]);
            let wanted = self.int_var(subject, Role::Cluster, 0, revisions as i64 - 1, 0);
            self.remember(index, WantedRevision(wanted));
        }
    }
}
