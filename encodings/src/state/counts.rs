//! Declaring what a group counts: pods by phase and slot.

use super::{IntVar, Model, Phase, words};
use crate::cluster::workload::Readiness;
use crate::cluster::{PlacedPhase, PodTemplate, Workload};
use crate::limits::models::MOST_STAGES;
use crate::subject::{ObjectId, Subject};
use crate::system::Role;
use crate::term::Int;

impl Model<'_> {
    /// Whether pods may be assigned to a node beyond what its resources allow (the kubelet rejects them then).
    pub(super) fn may_pile_up(&self, template: &PodTemplate) -> bool {
        let profile = self.cluster.profile(template);
        let off = profile.disabled_filters.iter().any(|name| name == "NodeResourcesFit");
        let unchecked = off || template.requests.keys().any(|resource| profile.ignores(resource));
        template.node_name.is_some() || unchecked
    }

    /// Bound of a count of active pods on a slot.
    pub(super) fn most_on(&self, template: &PodTemplate, slot: usize, most: i64) -> i64 {
        if self.may_pile_up(template) { most } else { most.min(self.capacity(template, slot)) }
    }

    /// Counts that begin at zero; `floor` is what a count must be able to hold on each slot, whatever resources allow.
    pub(super) fn declare_counts(
        &mut self,
        subject: &Subject,
        id: ObjectId,
        template: &PodTemplate,
        (most, floor): (i64, &[i64]),
    ) -> Vec<IntVar> {
        (0..self.slots.len())
            .map(|slot| {
                let hi = self.most_on(template, slot, most).max(floor.get(slot).copied().unwrap_or(0));
                self.int_var(subject.clone().of(id).on(slot), Role::Cluster, 0, hi, 0)
            })
            .collect()
    }

    /// Pods without a node that may go to one only, where its labels match.
    pub(super) fn declare_waiting(&mut self, id: ObjectId, template: &PodTemplate) -> Vec<IntVar> {
        let most: Vec<i64> = self.slots.iter().map(|slot| i64::from(slot.may_match_affinity(template))).collect();
        let about = |slot: usize| Subject::new(words::PENDING).of(id).on(slot);
        let declare = |(slot, most): (usize, i64)| self.int_var(about(slot), Role::Cluster, 0, most, 0);
        most.into_iter().enumerate().map(declare).collect()
    }

    /// Pending pods to which a node is nominated, where pods of the template may preempt others.
    pub(super) fn declare_nominated(&mut self, id: ObjectId, template: &PodTemplate, most: i64) -> Option<Vec<IntVar>> {
        self.cluster
            .may_preempt(template)
            .then(|| self.declare_counts(&Subject::new(words::NOMINATED), id, template, (most, &[])))
    }

    /// Assigned pods of the first revision, some of which may be there initially.
    pub(super) fn declare_bound(&mut self, id: ObjectId, workload: &Workload, most: i64) -> Vec<IntVar> {
        (0..self.slots.len())
            .map(|slot| {
                let hi = self.most_on(&workload.template, slot, most).max(self.most_initially(workload, slot));
                self.declare_initial(PlacedPhase::Scheduled, id, workload, (slot, hi))
            })
            .collect()
    }

    /// Where start-up lasts a few units of time, pods are counted by the units left, which is exact; else they share
    /// one countdown (see the kubelet).
    pub(super) fn declare_starting(
        &mut self,
        id: ObjectId,
        workload: &Workload,
        template: &PodTemplate,
        most: i64,
    ) -> Vec<(Phase, Vec<IntVar>)> {
        let Some(startup) = workload.startup else { return Vec::new() };
        let counted = startup.readiness != Readiness::Never;
        let phases = self.stages(startup.seconds, counted, Phase::Starting);
        self.declare_stages(phases, id, workload, template, most)
    }

    /// Ready pods that are not available yet, likewise.
    pub(super) fn declare_fresh(
        &mut self,
        id: ObjectId,
        workload: &Workload,
        template: &PodTemplate,
        most: i64,
    ) -> Vec<(Phase, Vec<IntVar>)> {
        let Some(seconds) = self.cluster.min_ready_seconds(workload) else { return Vec::new() };
        let phases = self.stages(seconds, true, Phase::Fresh);
        self.declare_stages(phases, id, workload, template, most)
    }

    /// One phase for each unit of a duration, where they are few and counted.
    fn stages(&self, seconds: i64, counted: bool, phase: fn(u8) -> Phase) -> Vec<Phase> {
        let units = self.time_units(seconds);
        let few = (1..=MOST_STAGES * self.clock.grid.parts).contains(&units) && counted && self.keeps_time();
        match u8::try_from(units) {
            Ok(units) if few => (1..=units).map(phase).collect(),
            _ => vec![phase(0)],
        }
    }

    fn declare_stages(
        &mut self,
        phases: Vec<Phase>,
        id: ObjectId,
        workload: &Workload,
        template: &PodTemplate,
        most: i64,
    ) -> Vec<(Phase, Vec<IntVar>)> {
        let floor: Vec<i64> = (0..self.slots.len()).map(|slot| self.most_initially(workload, slot)).collect();
        let declare = |phase: Phase| (phase, self.declare_counts(&phase.subject(), id, template, (most, &floor)));
        phases.into_iter().map(declare).collect()
    }

    /// Pods with a crashed container, where the scenario says that some crash.
    pub(super) fn declare_crashed(
        &mut self,
        id: ObjectId,
        workload: &Workload,
        template: &PodTemplate,
        most: i64,
    ) -> Option<Vec<IntVar>> {
        let floor: Vec<i64> = (0..self.slots.len()).map(|slot| self.most_initially(workload, slot)).collect();
        workload.crashes(template).then(|| self.declare_counts(&Phase::Crashed.subject(), id, template, (most, &floor)))
    }

    pub(super) fn declare_running(&mut self, id: ObjectId, workload: &Workload, most: i64) -> Vec<IntVar> {
        (0..self.slots.len())
            .map(|slot| {
                let hi = self.most_on(&workload.template, slot, most).max(self.most_initially(workload, slot));
                self.declare_initial(PlacedPhase::Running, id, workload, (slot, hi))
            })
            .collect()
    }

    /// Pods of the first revision without a node, some of which may be there initially.
    pub(super) fn declare_pending(&mut self, id: ObjectId, workload: &Workload, most: i64) -> IntVar {
        let (variable, waiting) = (Subject::new(words::PENDING).of(id), self.placed_pending(workload));
        match workload.shape().first_number {
            // Its controller makes those that wait at once.
            _ if workload.shape().is_per_node => self.int_var(variable, Role::Cluster, 0, 0, 0),
            Some(_) if waiting > 0 => self.free_int(variable, Role::Cluster, 0, most),
            None if self.is_just_created(workload) => {
                let has_node = self.pinned_to(&workload.template).map(|slot| self.slots[slot].present.as_int());
                let created = Int::from(i64::from(workload.template.refused_by.is_none()));
                self.int_var(variable, Role::Cluster, 0, most, created.monus(has_node.unwrap_or(0.into())))
            }
            _ => self.int_var(variable, Role::Cluster, 0, most, waiting),
        }
    }

    /// Pods of the first revision on a slot, up to so many, some of which may be there initially. Placements do not say
    /// which numbers they mean.
    fn declare_initial(
        &mut self,
        phase: PlacedPhase,
        id: ObjectId,
        workload: &Workload,
        (slot, hi): (usize, i64),
    ) -> IntVar {
        let pods = self.initially(workload, slot, phase);
        let phase = if phase == PlacedPhase::Scheduled { words::BOUND } else { phase.name() };
        let variable = Subject::new(phase).of(id).on(slot);
        let present = self.slots[slot].present;
        let is_exact = workload.shape().first_number.is_none() || pods.hi == 0;
        match pods.constant().filter(|_| is_exact) {
            Some(pods) => self.int_var(variable, Role::Cluster, 0, hi, crate::term::ite(present, pods, 0)),
            None => self.free_int(variable, Role::Cluster, 0, hi),
        }
    }

    /// Terminating pods still hold their place, so resources bound them like active ones; those of pods that may pile
    /// up saturate instead (see the kubelet).
    pub(super) fn declare_terminating(
        &mut self,
        id: ObjectId,
        workload: &Workload,
        template: &PodTemplate,
        is_first: bool,
        most: i64,
    ) -> Vec<IntVar> {
        let piles_up = self.may_pile_up(template);
        (0..self.slots.len())
            .map(|slot| {
                let there = if is_first { self.most_initially(workload, slot) } else { 0 };
                let room = self.capacity(template, slot);
                let shape = workload.shape();
                let room = if shape.is_single || shape.first_number.is_some() { room.min(1) } else { room };
                let hi = if piles_up { most } else { room }.max(there);
                if is_first {
                    return self.declare_initial(PlacedPhase::Terminating, id, workload, (slot, hi));
                }
                self.int_var(Subject::new(words::TERMINATING).of(id).on(slot), Role::Cluster, 0, hi, 0)
            })
            .collect()
    }
}
