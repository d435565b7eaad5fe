//! Pod groups: the pods of one workload revision, counted by node slot and phase. The first groups are the first
//! revisions of the workloads, in their order; those of further revisions follow.

use super::{IntVar, Model, Slot, words};
use crate::cluster::pod::PodTemplate;
use crate::cluster::workload::{Access, Readiness, Startup};
use crate::cluster::{SchedulerProfile, Workload};
use crate::subject::{ObjectId, Part, Subject};
use crate::system::{Origin, Role};
use crate::term::{Int, sum};

/// A phase of an active pod that is assigned to a node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Phase {
    /// Assigned, not yet admitted by the kubelet.
    Bound,
    /// Running, start-up not over: units of time left, 0 where they are not counted.
    Starting(u8),
    /// Running, start-up over, but not yet ready for `minReadySeconds`: units of time left, 0 where they are not counted.
    Fresh(u8),
    /// Running, start-up over.
    Running,
    /// A container has crashed and waits for its restart (CrashLoopBackOff).
    Crashed,
}

impl Phase {
    /// The word for it, whatever time is left.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Bound => words::BOUND,
            Phase::Starting(_) => words::STARTING,
            Phase::Fresh(_) => words::FRESH,
            Phase::Running => words::RUNNING,
            Phase::Crashed => words::CRASHED,
        }
    }

    fn left(self) -> Option<Part> {
        match self {
            Phase::Starting(left) | Phase::Fresh(left) if left > 0 => Some(Part::Left(left)),
            _ => None,
        }
    }

    /// The subject of counts of pods in this phase.
    pub fn subject(self) -> Subject {
        let subject = Subject::new(self.word());
        match self.left() {
            Some(left) => subject.with(left),
            None => subject,
        }
    }

    /// A subject that says the phase, too.
    pub fn tell(self, subject: Subject) -> Subject {
        let subject = subject.word(self.word());
        match self.left() {
            Some(left) => subject.with(left),
            None => subject,
        }
    }

    /// What people read.
    pub fn name(self) -> String {
        match self.left() {
            Some(Part::Left(left)) => format!("{}, {left} left", self.word()),
            _ => self.word().to_owned(),
        }
    }
}

/// The pods of one revision of a workload.
#[derive(Clone, Debug)]
pub struct Group {
    /// Index of the workload.
    pub workload: usize,
    /// Number of the revision, from 0.
    pub revision: usize,
    /// Number of the pod template among those of the workload.
    pub template: usize,
    /// Level of its requests: 0 for those of the manifest, else as a vertical autoscaler recommends them.
    pub level: usize,
    /// Place of its only pod among those with numbers, from 0.
    pub ordinal: Option<usize>,
    /// What it is: the workload itself, or a part of it.
    pub id: ObjectId,
    /// `namespace/name`, of a pod with a number with that, with `@2` and so on from the second revision on.
    pub name: String,
    /// `kind/namespace/name`, likewise.
    pub object: String,
    /// `spec.replicas` of the workload.
    pub spec: IntVar,
    /// Whether the workload exists yet; only where an event creates it.
    pub exists: Option<super::BoolVar>,
    /// Pods without a node that may go to any.
    pub pending: IntVar,
    /// Pods without a node that may go to this one only, by slot; only of DaemonSets.
    pub waiting: Option<Vec<IntVar>>,
    /// Pods without a node to which the scheduler has nominated one, by slot; only where they may preempt others.
    pub nominated: Option<Vec<IntVar>>,
    /// Pods assigned, by slot; only where admission is a step of its own.
    pub bound: Option<Vec<IntVar>>,
    /// Pods starting, by slot, for each number of units of time left, ascending; a single entry where units are not
    /// counted, none where start-up is not modelled.
    pub starting: Vec<(Phase, Vec<IntVar>)>,
    /// Pods running that are not available yet, likewise; only where `minReadySeconds` matters.
    pub fresh: Vec<(Phase, Vec<IntVar>)>,
    /// Pods running, by slot.
    pub running: Vec<IntVar>,
    /// Pods with a crashed container, by slot; only where containers crash.
    pub crashed: Option<Vec<IntVar>>,
    /// Whether pods may be assigned to a node beyond what its resources allow.
    pub piles_up: bool,
    /// Pods terminating, by slot.
    pub terminating: Vec<IntVar>,
    /// Failed pods, saturating; only where an intent counts them.
    pub failed: Option<IntVar>,
    /// The slot named by `spec.nodeName`, where the pods bypass the scheduler; `Some(None)` if there is no such node.
    pub pinned: Option<Option<usize>>,
    /// Largest number of active pods.
    pub most: i64,
}

impl Group {
    /// The phases of active pods that are assigned to a node, in the order of a pod's life, with their counts by slot.
    pub fn phases(&self) -> impl Iterator<Item = (Phase, &[IntVar])> {
        let bound = self.bound.iter().map(|counts| (Phase::Bound, counts.as_slice()));
        let starting = self.starting.iter().rev().map(|(phase, counts)| (*phase, counts.as_slice()));
        let crashed = self.crashed.iter().map(|counts| (Phase::Crashed, counts.as_slice()));
        let fresh = self.fresh.iter().rev().map(|(phase, counts)| (*phase, counts.as_slice()));
        bound.chain(starting).chain(fresh).chain([(Phase::Running, self.running.as_slice())]).chain(crashed)
    }

    /// Active pods on a slot: assigned and neither terminating nor failed.
    pub fn active_on(&self, slot: usize) -> Int {
        sum(self.phases().map(|(_, counts)| counts[slot].value))
    }

    /// Pods on a slot whose start-up is not over.
    pub fn starting_on(&self, slot: usize) -> Int {
        sum(self.starting.iter().map(|(_, counts)| counts[slot].value))
    }

    /// Pods on a slot that the kubelet has admitted, terminating ones included.
    pub fn admitted_on(&self, slot: usize) -> Int {
        let bound = self.bound.as_ref().map_or(0.into(), |counts| counts[slot].value);
        self.assigned_on(slot) - bound
    }

    /// Pods on a slot that run and whose start-up is over, available or not.
    pub fn running_on(&self, slot: usize) -> Int {
        self.running[slot].value + sum(self.fresh.iter().map(|(_, counts)| counts[slot].value))
    }

    /// The counts that a pod enters when its start-up is over.
    pub fn ready_phase(&self, slot: usize) -> IntVar {
        self.fresh.last().map_or(self.running[slot], |(_, counts)| counts[slot])
    }

    /// The counts that a pod enters when its containers start.
    pub fn first_running_phase(&self, slot: usize) -> IntVar {
        self.starting.last().map_or_else(|| self.ready_phase(slot), |(_, counts)| counts[slot])
    }

    /// Pods of any phase that the scheduler counts on a slot: active and terminating.
    pub fn assigned_on(&self, slot: usize) -> Int {
        self.active_on(slot) + self.terminating[slot].value
    }

    /// Active pods: pending or assigned.
    pub fn active(&self) -> Int {
        let slots = 0..self.running.len();
        self.unplaced() + sum(slots.map(|slot| self.active_on(slot)))
    }

    /// Pods without a node.
    pub fn unplaced(&self) -> Int {
        self.pending.value + sum(self.waiting.iter().flatten().map(|count| count.value))
    }

    /// The pods without a node that may go to this one.
    pub fn unplaced_for(&self, slot: usize) -> IntVar {
        self.waiting.as_ref().map_or(self.pending, |waiting| waiting[slot])
    }

    /// The slots that its pods may be on.
    pub fn slots(&self) -> std::ops::Range<usize> {
        0..self.running.len()
    }
}

impl Model<'_> {
    /// The workload behind a group.
    pub fn workload(&self, group: usize) -> &Workload {
        &self.cluster.workloads[self.groups[group].workload]
    }

    /// The pod template of a group.
    pub fn template(&self, group: usize) -> &PodTemplate {
        if let Some(pose) = self.pose_of(group) {
            return &pose.template;
        }
        let group = &self.groups[group];
        self.cluster.workloads[group.workload].template_of(group.template)
    }

    /// `namespace/name` of the workload of a group (see [`crate::cluster::Cluster::name_of`]).
    pub fn workload_name(&self, group: usize) -> String {
        self.cluster.name_of(self.workload(group))
    }

    /// The groups whose pods have the same controller as those of a group: pods of a Deployment belong to the ReplicaSet
    /// of their revision, whatever they request.
    pub fn siblings(&self, group: usize) -> Vec<usize> {
        let has_levels = self.revisions(group).any(|one| self.groups[one].level > 0);
        if self.groups[group].ordinal.is_some() || has_levels { self.revisions(group).collect() } else { vec![group] }
    }

    /// The groups whose pods leave a node that is emptied: all but those of DaemonSets (`--ignore-daemonsets` of
    /// `kubectl drain`).
    pub fn movable(&self) -> Vec<usize> {
        (0..self.groups.len()).filter(|&group| !self.workload(group).is_daemon()).collect()
    }

    /// Whether the pods of two groups are of the same revision of the same workload.
    pub fn is_same_revision(&self, group: usize, other: usize) -> bool {
        let (one, other) = (&self.groups[group], &self.groups[other]);
        (one.workload, one.revision) == (other.workload, other.revision)
    }

    /// Whether pods of two groups have a claim in common that not everybody may use at once.
    pub(crate) fn shares_claim(&self, group: usize, other: usize, access: Access) -> bool {
        let (one, other) = (self.workload(group), self.workload(other));
        one.reference.namespace == other.reference.namespace
            && one.exclusive_claims.iter().filter(|claim| claim.access == access).any(|claim| {
                other.exclusive_claims.iter().any(|there| (&there.name, there.access) == (&claim.name, access))
            })
    }

    /// The start-up behaviour of a group.
    pub fn startup(&self, group: usize) -> Option<Startup> {
        self.workload(group).startup
    }

    /// The origin of a field of a group's workload.
    pub fn origin(&self, group: usize, field: &str) -> Origin {
        self.cluster.origin_of(self.workload(group), field)
    }

    /// Ready pods of one revision on a slot: running, start-up permitting, on a node that counts as ready.
    pub fn revision_ready_on(&self, group: usize, slot: usize) -> Int {
        let state = &self.groups[group];
        let mut ready = state.running_on(slot);
        if self.startup(group).is_some_and(|one| one.readiness == Readiness::AtOnce) {
            ready = ready + state.starting_on(slot);
        }
        match self.slots[slot].pods_not_ready {
            Some(not_ready) => crate::term::ite(not_ready.value, 0, ready),
            None => ready,
        }
    }

    /// Available pods of one revision on a slot: ready for `minReadySeconds`, which are counted from the end of start-up.
    pub fn available_on(&self, group: usize, slot: usize) -> Int {
        let state = &self.groups[group];
        if state.fresh.is_empty() {
            return self.revision_ready_on(group, slot);
        }
        let available = state.running[slot].value;
        self.slots[slot].pods_not_ready.map_or(available, |not_ready| crate::term::ite(not_ready.value, 0, available))
    }

    /// Ready pods of the workload of a group on a slot, of whatever revision.
    pub fn ready_on(&self, group: usize, slot: usize) -> Int {
        sum(self.revisions(group).map(|one| self.revision_ready_on(one, slot)))
    }

    /// Ready pods of the workload of a group on ready nodes, of whatever revision.
    pub fn ready(&self, group: usize) -> Int {
        sum(self.groups[group].slots().map(|slot| self.ready_on(group, slot)))
    }

    /// Active pods of the workload of a group, of whatever revision.
    pub fn active(&self, group: usize) -> Int {
        sum(self.revisions(group).map(|one| self.groups[one].active()))
    }

    /// Active pods of the workload of a group on a slot, of whatever revision.
    pub fn active_on(&self, group: usize, slot: usize) -> Int {
        sum(self.revisions(group).map(|one| self.groups[one].active_on(slot)))
    }

    /// Terminating pods of the workload of a group, of whatever revision.
    pub fn terminating(&self, group: usize) -> Int {
        sum(self.revisions(group).flat_map(|one| self.groups[one].terminating.iter().map(|count| count.value)))
    }

    /// Terminating pods of the workload of a group, of whatever revision, that are not left on a node that stopped.
    pub fn terminating_on_ready_nodes(&self, group: usize) -> Int {
        let on_slot = |slot: &Slot, count: Int| match slot.not_ready {
            Some(not_ready) => crate::term::ite(not_ready.value, 0, count),
            None => count,
        };
        sum(self.revisions(group).flat_map(|one| {
            let counts = self.groups[one].terminating.iter().map(|count| count.value);
            self.slots.iter().zip(counts).map(|(slot, count)| on_slot(slot, count)).collect::<Vec<_>>()
        }))
    }

    /// Whether the kubelet admits whatever the scheduler binds: all filters that it repeats are on, no pods with a
    /// nodeName come to nodes behind the scheduler's back, none is of another operating system than a node, and nodes keep
    /// their labels.
    pub fn filters_imply_admission(&self) -> bool {
        let repeated = ["NodeResourcesFit", "NodePorts", "NodeAffinity", "TaintToleration"];
        let is_lax = |profile: &SchedulerProfile| {
            let off = profile.disabled_filters.iter().any(|name| repeated.contains(&name.as_str()));
            off || !profile.ignored_resources.is_empty()
        };
        let off = self.cluster.profiles().any(is_lax);
        let mut templates = self.cluster.workloads.iter().flat_map(Workload::templates);
        let is_foreign =
            |template: &PodTemplate| self.slots.iter().any(|slot| !template.is_of_system(slot.labels.initial()));
        !off && self.needs.label_changes.is_empty()
            && templates.all(|template| template.node_name.is_none() && !is_foreign(template))
    }

    /// Whether a group can have more active pods than its ReplicaSet wants: something lowers `spec.replicas`, or the
    /// pods that exist initially may be too many. Else pods are only ever created up to that number.
    pub fn may_have_surplus(&self, group: usize) -> bool {
        let reference = &self.workload(group).reference;
        self.needs.writes_replicas(reference)
            || self.needs.makes_surplus
            || self.needs.changes_template(reference)
            || self.cluster.placed.iter().any(|placement| placement.target == *reference)
    }

    /// Largest number of pods of a template that resources allow on a slot.
    pub fn capacity(&self, template: &PodTemplate, slot: usize) -> i64 {
        let slot = &self.slots[slot];
        let mut most = slot.pods.range().hi;
        for (resource, &request) in &template.requests {
            if request > 0 {
                let available = slot.allocatable.get(resource).map_or(0, |amount| amount.range().hi);
                most = most.min(available / self.scaled(resource, request));
            }
        }
        most.max(0)
    }

    /// The values that `spec.replicas` can take.
    pub(crate) fn replica_range(&self, workload: &Workload) -> (i64, i64) {
        let (mut lo, mut hi) = (workload.replicas.lo, workload.replicas.hi);
        let mut reach = |value: i64| {
            lo = lo.min(value);
            hi = hi.max(value);
        };
        for (_, span) in self.needs.replicas.iter().filter(|(target, _)| *target == workload.reference) {
            reach(span.lo);
            reach(span.hi);
        }
        (lo, hi)
    }

    /// Declares the count of failed pods of a group, saturating at `most`, for intents that read it.
    pub fn declare_failed(&mut self, group: usize, most: i64) {
        if self.groups[group].failed.is_none() {
            let what = if self.workload(group).shape().ends { "failed pods" } else { words::FAILED };
            let subject = Subject::new(what).of(self.groups[group].id);
            self.groups[group].failed = Some(self.int_var(subject, Role::Cluster, 0, most, 0));
        }
    }
}
