//! What is remembered of a Deployment and its ReplicaSets beyond their pods.

use crate::state::{BoolVar, IntVar, Model, words};
use crate::subject::{ObjectId, Subject};
use crate::system::Role;
use crate::term::{Bool, Int};

/// The ReplicaSet of one revision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplicaSetState {
    /// Its `spec.replicas`.
    pub(crate) size: IntVar,
    /// What else is known of it; only where the workload has several revisions.
    pub(crate) history: Option<History>,
}

/// What a Deployment's ReplicaSet remembers beyond its size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History {
    /// Place in the order of creation, from 1; 0 if there is no ReplicaSet of this revision yet.
    pub(crate) created: IntVar,
    /// The annotations `desired-replicas` and `max-replicas` of the last scaling; only where `spec.replicas` changes.
    pub(crate) annotations: Option<(IntVar, IntVar)>,
    /// Place in the order of revision numbers, from 1; 0 without a number. Only where something is rolled back.
    pub(crate) number: Option<IntVar>,
}

/// Whether a Deployment is paused; only where that changes.
struct Paused(BoolVar);

/// The ReplicaSet that pods of a group belong to: that of their revision, whatever they request.
pub(crate) fn replica_set(model: &Model, group: usize) -> Option<ReplicaSetState> {
    model.side(group).or_else(|| model.side(model.groups[group].workload)).copied()
}

/// The same of a workload that ReplicaSets keep.
pub(crate) fn kept(model: &Model, group: usize) -> ReplicaSetState {
    replica_set(model, group).expect("declared for every workload that ReplicaSets keep")
}

/// Whether the Deployment of a group is paused.
pub(crate) fn is_paused(model: &Model, group: usize) -> Bool {
    let paused = paused(model, group);
    paused.map_or(model.workload(group).rollout.is_paused.into(), |paused| paused.value)
}

/// The flag of a Deployment that says whether it is paused, where that changes.
pub(crate) fn paused(model: &Model, group: usize) -> Option<BoolVar> {
    model.side::<Paused>(model.groups[group].workload).map(|paused| paused.0)
}

/// Declares what is remembered of a workload that ReplicaSets keep.
pub(super) fn declare(model: &mut Model, index: usize) {
    let cluster = model.cluster;
    let workload = &cluster.workloads[index];
    let initially = workload.rollout.is_paused;
    let mut written = model.needs.paused.iter().filter(|(target, _)| *target == workload.reference);
    if written.any(|(_, paused)| *paused != initially) {
        let subject = Subject::new(words::PAUSED).of(model.ids.workloads[index]);
        let paused = model.bool_var(subject, Role::Cluster, initially.into());
        model.remember(index, Paused(paused));
    }
    let starts = model.starts_with_pods(workload);
    let wanted = model.initial_of(model.groups[index].spec);
    for group in model.revisions(index).collect::<Vec<_>>() {
        let (id, level) = (model.groups[group].id, model.groups[group].level);
        if level > 0 {
            continue;
        }
        let initially = (starts && group == index).then_some(wanted);
        let most = model.most_of_a_revision(workload);
        let subject = Subject::new(words::REPLICA_SET).of(id);
        let size = model.int_var(subject, Role::Cluster, 0, most, initially.unwrap_or(0.into()));
        let several = cluster.revisions(workload) > 1;
        let history = several.then(|| declare_history(model, id, index, initially));
        model.remember(group, ReplicaSetState { size, history });
    }
}

/// Declares what a ReplicaSet remembers; `initially` is its size if it exists when runs start.
fn declare_history(model: &mut Model, id: ObjectId, index: usize, initially: Option<Int>) -> History {
    let workload = &model.cluster.workloads[index];
    let most = model.cluster.revisions(workload) as i64;
    let about = |word: &'static str| Subject::new(word).of(id);
    let exists = i64::from(initially.is_some());
    let created = model.int_var(about("created"), Role::Cluster, 0, most, exists);
    let (least, largest) = model.replica_range(workload);
    let changes = least < largest && model.needs.writes_replicas(&workload.reference);
    let annotations = changes.then(|| {
        let surge = |replicas: i64| replicas + workload.rollout.strategy.surge(replicas);
        let (desired, limit) = initially.map_or((0.into(), 0.into()), |wanted| (wanted, wanted.tabulate(surge)));
        let desired = model.int_var(about(words::DESIRED_REPLICAS), Role::Cluster, 0, largest, desired);
        (desired, model.int_var(about(words::WITH_SURGE), Role::Cluster, 0, surge(largest), limit))
    });
    let is_numbered = model.needs.revision_numbers.contains(&workload.reference);
    let number = is_numbered.then(|| model.int_var(about("revision"), Role::Cluster, 0, most, exists));
    History { created, annotations, number }
}
