//! Several revisions of a Deployment, StatefulSet or DaemonSet: which there can be, and what is remembered of their ReplicaSets (section 2.2).
//!
//! A revision is a pod template that events can bring about: that of the manifest, those of applied manifests, and
//! each of these restarted so many times. Which of them `spec.template` is at the moment is a variable; a revision has
//! a ReplicaSet once the Deployment controller has seen its template, and keeps it (`revisionHistoryLimit` is taken as
//! large enough). Workloads with one revision have none of this.

use super::{BoolVar, Group, IntVar, Model, Phase, words};
use crate::cluster::node::{CPU, MEMORY};
use crate::cluster::workload::Usage;
use crate::cluster::{PodTemplate, Workload};
use crate::subject::{Object, ObjectId, Subject};
use crate::system::Role;
use crate::term::{Bool, Int};

/// What a Deployment's ReplicaSet remembers beyond its size.
#[derive(Clone, Copy, Debug)]
pub struct History {
    /// Place in the order of creation, from 1; 0 if there is no ReplicaSet of this revision yet.
    pub created: IntVar,
    /// The annotations `desired-replicas` and `max-replicas` of the last scaling; only where `spec.replicas` changes.
    pub annotations: Option<(IntVar, IntVar)>,
    /// Place in the order of revision numbers, from 1; 0 without a number. Only where something is rolled back.
    pub number: Option<IntVar>,
}

impl Model<'_> {
    /// The groups of all revisions of the workload of a group, and of all levels of requests, in order.
    pub fn revisions(&self, group: usize) -> impl Iterator<Item = usize> + '_ {
        let workload = self.groups[group].workload;
        let later = self.cluster.workloads.len()..self.groups.len();
        std::iter::once(workload).chain(later.filter(move |&other| self.groups[other].workload == workload))
    }

    /// The number of the wanted revision of the workload of a group, where there are several.
    pub fn revision_wanted(&self, group: usize) -> Option<IntVar> {
        self.revision_wanted.get(self.groups[group].workload).copied().flatten()
    }

    /// The most replicas of one ReplicaSet of a workload: several share `spec.replicas` and the surge.
    pub(super) fn largest_replica_set(&self, workload: &Workload) -> i64 {
        let (_, most) = self.replica_range(workload);
        if self.cluster.revisions(workload) > 1 { most + workload.rollout.strategy.surge(most) } else { most }
    }

    /// Declares what a ReplicaSet remembers; `starts` is `spec.replicas` and whether its pods are there initially.
    pub(super) fn declare_history(
        &mut self,
        id: ObjectId,
        workload: &Workload,
        revision: usize,
        (wanted, starts): (Int, bool),
    ) -> Option<History> {
        let revisions = self.cluster.revisions(workload);
        if revisions == 1 || workload.ordinals().is_some() || workload.is_daemon() {
            return None;
        }
        let most = revisions as i64;
        let is_there = i64::from(starts && revision == 0);
        let created = self.int_var(Subject::new("created").of(id), Role::Cluster, 0, most, is_there);
        let (least, largest) = self.replica_range(workload);
        let annotations = (least < largest && self.needs.writes_replicas(&workload.reference)).then(|| {
            let surge = |replicas: i64| replicas + workload.rollout.strategy.surge(replicas);
            let (desired, limit) = if is_there == 1 { (wanted, wanted.tabulate(surge)) } else { (0.into(), 0.into()) };
            let about = |word: &'static str| Subject::new(word).of(id);
            let desired = self.int_var(about("desired-replicas"), Role::Cluster, 0, largest, desired);
            (desired, self.int_var(about("max-replicas"), Role::Cluster, 0, surge(largest), limit))
        });
        let number = self
            .needs
            .revision_numbers
            .contains(&workload.reference)
            .then(|| self.int_var(Subject::new("revision").of(id), Role::Cluster, 0, most, is_there));
        Some(History { created, annotations, number })
    }

    /// Declares the wanted revision of a workload and all its groups but the first: one for each revision, of a
    /// StatefulSet for each revision of each ordinal.
    pub(super) fn declare_later_groups(&mut self, index: usize) {
        let workload = &self.cluster.workloads[index];
        let revisions = self.cluster.revisions(workload);
        let wanted = (revisions > 1).then(|| {
            let subject = Subject::new("template").of(self.ids.workloads[index]);
            self.int_var(subject, Role::Cluster, 0, revisions as i64 - 1, 0)
        });
        self.revision_wanted.push(wanted);
        if let Some(ordinals) = workload.ordinals() {
            for ordinal in 0..self.ordinals(workload) {
                for revision in usize::from(ordinal == 0)..revisions {
                    let id = self.identify_ordinal(index, ordinals.start + ordinal as i64, revision);
                    let group = self.declare_ordinal(index, ordinal, id, revision);
                    self.groups.push(group);
                }
            }
            return;
        }
        for revision in 1..revisions {
            let first = self.names.object(self.groups[index].id).clone();
            let id = self.names.add(Object { owner: Some(self.ids.workloads[index]), revision, ..first });
            let group = self.declare_revision(index, id, revision);
            self.groups.push(group);
        }
        // Workloads whose requests are recommended have one revision.
        for level in 1..=workload.recommended.len() {
            let first = self.names.object(self.groups[index].id).clone();
            let id = self.names.add(Object { owner: Some(self.ids.workloads[index]), level, ..first });
            let group = self.declare_level(index, id, level);
            self.groups.push(group);
        }
    }

    /// The pods of one level of requests: they belong to the same ReplicaSet as those of the manifest's.
    fn declare_level(&mut self, index: usize, id: ObjectId, level: usize) -> Group {
        let first = self.groups[index].clone();
        let number = self.cluster.workloads[index].later_templates.len() + level;
        let group = self.declare_template(index, id, number, first.most);
        Group { level, object: self.names.object(id).to_string(), ..group }
    }

    /// The pods of one revision with one ordinal: at most one.
    fn declare_ordinal(&mut self, index: usize, ordinal: usize, id: ObjectId, revision: usize) -> Group {
        let workload = &self.cluster.workloads[index];
        if revision > 0 {
            return Group { ordinal: Some(ordinal), ..self.declare_revision(index, id, revision) };
        }
        let object = self.names.object(id).to_string();
        let first = self.groups[index].clone();
        let pending = self.declare_pending(id, workload, 1);
        let nominated = self.declare_nominated(id, &workload.template, 1);
        let bound = first.bound.is_some().then(|| self.declare_bound(id, workload, 1));
        let starting = self.declare_starting(id, workload, &workload.template, 1);
        let fresh = self.declare_fresh(id, workload, &workload.template, 1);
        let running = self.declare_running(id, workload, 1);
        let crashed = self.declare_crashed(id, workload, &workload.template, 1);
        let terminating = self.declare_terminating(id, workload, &workload.template, true, 1);
        let name = self.names.object(id).label();
        let ordinal = Some(ordinal);
        Group {
            ordinal,
            object,
            pending,
            nominated,
            bound,
            starting,
            fresh,
            running,
            crashed,
            terminating,
            name,
            id,
            ..first
        }
    }

    fn declare_revision(&mut self, index: usize, id: ObjectId, revision: usize) -> Group {
        let first = self.groups[index].clone();
        let workload = &self.cluster.workloads[index];
        let restarts = usize::try_from(self.cluster.restarts(&workload.reference)).unwrap_or(0);
        let number = revision / (restarts + 1);
        let is_single = workload.ordinals().is_some() || workload.is_daemon();
        let most = if is_single { 1 } else { self.largest_replica_set(workload) };
        let replica_set = match is_single {
            true => first.replica_set,
            false => self.int_var(Subject::new(words::REPLICA_SET).of(id), Role::Cluster, 0, most, 0),
        };
        let history = self.declare_history(id, workload, revision, (0.into(), false));
        let object = self.names.object(id).to_string();
        Group { revision, object, replica_set, history, ..self.declare_template(index, id, number, most) }
    }

    /// Pods of a template other than the first, of which there are none initially.
    fn declare_template(&mut self, index: usize, id: ObjectId, number: usize, most: i64) -> Group {
        let first = self.groups[index].clone();
        let workload = &self.cluster.workloads[index];
        let template = workload.template_of(number);
        let pinned = template.node_name.as_ref().map(|node| self.slots.iter().position(|slot| slot.name == *node));
        let most_waiting = if workload.is_daemon() { 0 } else { most };
        let pending = self.int_var(Subject::new(words::PENDING).of(id), Role::Cluster, 0, most_waiting, 0);
        let nominated = self.declare_nominated(id, template, most);
        let bound =
            first.bound.is_some().then(|| self.declare_counts(&Phase::Bound.subject(), id, template, (most, &[])));
        let starting = self.declare_starting(id, workload, template, most);
        let fresh = self.declare_fresh(id, workload, template, most);
        let running = self.declare_counts(&Phase::Running.subject(), id, template, (most, &[]));
        let crashed = self.declare_crashed(id, workload, template, most);
        let terminating = self.declare_terminating(id, workload, template, false, most);
        let asked = self.declare_asked(id, workload);
        let (usage, usage_unit, memory_usage) = usage(&first, workload, template);
        Group {
            template: number,
            pending,
            nominated,
            bound,
            starting,
            fresh,
            running,
            crashed,
            terminating,
            pinned,
            usage,
            usage_unit,
            memory_usage,
            most: if workload.is_daemon() { first.most } else { most },
            asked,
            name: self.names.object(id).label(),
            id,
            ..first
        }
    }

    /// Declares whether a Deployment is paused, where manifests change that.
    pub(super) fn declare_paused(&mut self, id: ObjectId, workload: &Workload) -> Option<BoolVar> {
        let initially = workload.rollout.is_paused;
        let mut written = self.needs.paused.iter().filter(|(target, _)| *target == workload.reference);
        let changes = written.any(|(_, paused)| *paused != initially);
        (changes && workload.has_replica_sets())
            .then(|| self.bool_var(Subject::new("paused").of(id), Role::Cluster, initially.into()))
    }

    /// Whether a Deployment is paused.
    pub fn is_paused(&self, group: usize) -> Bool {
        let first = self.groups[group].workload;
        self.groups[first].paused.map_or(self.workload(group).rollout.is_paused.into(), |paused| paused.value)
    }

    /// Declares where a pod of a DaemonSet is to come beside that of another revision.
    pub(super) fn declare_asked(&mut self, id: ObjectId, workload: &Workload) -> Option<Vec<BoolVar>> {
        let surges = workload.daemon_set().is_some_and(|spec| spec.surges() && !spec.updates_on_delete);
        let declare = |model: &mut Self, slot: usize| {
            model.bool_var(Subject::new("asked").of(id).on(slot), Role::Cluster, false.into())
        };
        let several = self.cluster.revisions(workload) > 1;
        (surges && several).then(|| (0..self.slots.len()).map(|slot| declare(self, slot)).collect())
    }
}

/// What pods of a later revision use: as much as they request where the scenario says no other thing, else what those
/// of the first revision use.
fn usage(first: &Group, workload: &Workload, template: &PodTemplate) -> (Int, i64, Int) {
    let requested = |resource: &str, of: &PodTemplate| of.requests.get(resource).copied().unwrap_or(0);
    let differs = |resource: &str| requested(resource, template) != requested(resource, &workload.template);
    let (mut usage, mut unit, mut memory) = (first.usage, first.usage_unit, first.memory_usage);
    if workload.cpu_usage == Usage::Request && first.usage_var.is_none() && differs(CPU) {
        (usage, unit) = (requested(CPU, template).into(), 1);
    }
    if workload.memory_usage == Usage::Request && differs(MEMORY) {
        memory = requested(MEMORY, template).into();
    }
    (usage, unit, memory)
}
