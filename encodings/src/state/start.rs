//! Pods that exist initially: `start: any`, a snapshot, placements.

use super::Model;
use crate::cluster::{PlacedPhase, Placement, PodTemplate, Span, Start, Workload};
use crate::term::{Bool, Int, ite, sum};

impl Model<'_> {
    /// Whether pods of the workload exist initially.
    pub(crate) fn starts_with_pods(&self, workload: &Workload) -> bool {
        workload.exists
            && !workload.shape().ends
            && (matches!(self.cluster.start, Start::Any | Start::Snapshot)
                || self.cluster.placed.iter().any(|placement| placement.target == workload.reference))
    }

    /// Whether it is a single pod that somebody has created when runs start.
    pub(super) fn is_just_created(&self, workload: &Workload) -> bool {
        workload.shape().is_single && !self.starts_with_pods(workload)
    }

    /// The slot that a template names.
    pub(super) fn pinned_to(&self, template: &PodTemplate) -> Option<usize> {
        template.node_name.as_ref().and_then(|node| self.slots.iter().position(|slot| slot.name == *node))
    }

    /// The most active pods that placements can create.
    pub(super) fn most_placed(&self, workload: &Workload) -> i64 {
        let mut most = self.placed_pending(workload);
        for slot in 0..self.slots.len() {
            most += self.placed(workload, slot, PlacedPhase::Scheduled);
            most += self.placement(workload, slot, PlacedPhase::Running).map_or(0, |placement| placement.pods.hi);
        }
        if self.cluster.start == Start::Any { workload.replicas.hi.max(most) } else { most }
    }

    /// The placement that speaks of pods of a workload in a phase on a slot.
    fn placement(&self, workload: &Workload, slot: usize, phase: PlacedPhase) -> Option<&Placement> {
        let slot = &self.slots[slot];
        let here = [self.cluster.pools[slot.pool].name.as_str(), slot.name.as_str()];
        self.cluster.placed.iter().find(|placement| {
            placement.target == workload.reference
                && placement.phase == phase
                && placement.pool.as_deref().is_some_and(|pool| here.contains(&pool))
        })
    }

    /// Pods placed on a slot in a phase whose number is always exact: any but running.
    pub(super) fn placed(&self, workload: &Workload, slot: usize, phase: PlacedPhase) -> i64 {
        self.placement(workload, slot, phase).map_or(0, |placement| placement.pods.hi)
    }

    /// Pods of a workload that wait for a node initially.
    pub(super) fn placed_pending(&self, workload: &Workload) -> i64 {
        let of_workload =
            |placement: &&Placement| placement.target == workload.reference && placement.phase == PlacedPhase::Pending;
        self.cluster.placed.iter().filter(of_workload).map(|placement| placement.pods.hi).sum()
    }

    /// Most pods of a workload (of those with numbers: with one of them) that are on a slot initially, whatever their phase.
    pub(super) fn most_initially(&self, workload: &Workload, slot: usize) -> i64 {
        let phases = [PlacedPhase::Running, PlacedPhase::Scheduled, PlacedPhase::Terminating];
        let pods = phases.iter().map(|&phase| self.initially(workload, slot, phase).hi).sum::<i64>();
        if workload.shape().first_number.is_some() { pods.min(1) } else { pods }
    }

    /// The pods of a workload that may be on a slot in a phase initially.
    pub(super) fn initially(&self, workload: &Workload, slot: usize, phase: PlacedPhase) -> Span {
        match phase {
            PlacedPhase::Running => self.initial_pods(workload, slot),
            PlacedPhase::Scheduled
                if self.is_just_created(workload)
                    && workload.template.refused_by.is_none()
                    && self.pinned_to(&workload.template) == Some(slot) =>
            {
                Span::exactly(1)
            }
            _ => Span::exactly(self.placed(workload, slot, phase)),
        }
    }

    /// How many numbers pods of a workload with numbers can have.
    pub(super) fn numbers(&self, workload: &Workload) -> usize {
        let terminating = (0..self.slots.len()).map(|slot| self.placed(workload, slot, PlacedPhase::Terminating));
        let placed = self.most_placed(workload) + terminating.sum::<i64>();
        usize::try_from(self.replica_range(workload).1.max(placed).max(1)).unwrap_or(1)
    }

    /// Whether some pods are assigned initially and have not started.
    pub(super) fn places_scheduled(&self) -> bool {
        self.cluster.placed.iter().any(|placement| placement.phase == PlacedPhase::Scheduled && placement.pods.hi > 0)
    }

    /// The pods of a workload that may run on a slot initially.
    pub(super) fn initial_pods(&self, workload: &Workload, slot: usize) -> Span {
        let nothing = Span::exactly(0);
        if !self.starts_with_pods(workload) {
            return nothing;
        }
        if let Some(placement) = self.placement(workload, slot, PlacedPhase::Running) {
            return placement.pods;
        }
        let most = self.capacity(&workload.template, slot).min(workload.replicas.hi);
        match self.cluster.start {
            Start::Any if most > 0 => Span { lo: 0, hi: most, step: 1 },
            _ => nothing,
        }
    }

    /// Conditions on pods that exist initially (`start: any`, placements with ranges).
    pub(super) fn constrain_start(&mut self, group: usize) {
        let workload = &self.cluster.workloads[group];
        if !self.starts_with_pods(workload) {
            return;
        }
        if workload.shape().first_number.is_some() {
            self.constrain_numbers(group);
        } else {
            self.constrain_alike(group);
        }
    }

    /// With `start: any`, the pods of all workloads together fit on each node.
    pub(super) fn constrain_room(&mut self) {
        let starts_with_pods = self.cluster.workloads.iter().any(|workload| self.starts_with_pods(workload));
        if self.cluster.start != Start::Any || !starts_with_pods {
            return;
        }
        for slot in 0..self.slots.len() {
            let fits = self.fits_initially(slot);
            self.constrain(format!("pods fit on {} initially", self.slots[slot].name), fits, false);
        }
    }

    /// The conditions on a workload whose pods are alike.
    fn constrain_alike(&mut self, group: usize) {
        let workload = &self.cluster.workloads[group];
        let anywhere = self.cluster.start == Start::Any;
        for slot in 0..self.slots.len() {
            let pods = self.groups[group].running[slot].value;
            let span = self.initial_pods(workload, slot);
            let there = &self.slots[slot];
            let inside =
                pods.at_least(span.lo) & pods.at_most(span.hi) & (pods - span.lo).max(0).is_multiple(span.step);
            let placed = self.placement(workload, slot, PlacedPhase::Running).is_some();
            let allowed = Bool::from(there.matches_affinity_initially(&workload.template));
            let fits = if anywhere && !placed {
                allowed & there.taints_for(&workload.template).allow_scheduling
            } else {
                true.into()
            };
            let condition = (there.present & inside & (fits | pods.is(0))) | (!there.present & pods.is(0));
            self.constrain(
                format!("pods of {} on {} initially", self.groups[group].name, there.name),
                condition,
                false,
            );
        }
        if anywhere {
            let running = sum(self.groups[group].running.iter().map(|count| count.value));
            let all_placed = running.is(self.groups[group].spec.value);
            self.constrain(format!("all pods of {} run", self.groups[group].name), all_placed, false);
        }
    }

    /// The conditions on pods with numbers: one of a number at most, and as many on each slot as placed there. With
    /// `start: any` the pods are those of the first numbers.
    fn constrain_numbers(&mut self, first: usize) {
        let workload = &self.cluster.workloads[first];
        let anywhere = self.cluster.start == Start::Any;
        let groups: Vec<usize> = self.revisions(first).filter(|&one| self.groups[one].revision == 0).collect();
        let counts = |group: usize, phase: PlacedPhase| {
            let state = &self.groups[group];
            match phase {
                PlacedPhase::Scheduled => state.bound.as_deref().unwrap_or_default(),
                PlacedPhase::Running => &state.running,
                _ => &state.terminating,
            }
        };
        let mut conditions: Vec<(String, Bool)> = Vec::new();
        for slot in 0..self.slots.len() {
            let there = &self.slots[slot];
            for phase in [PlacedPhase::Scheduled, PlacedPhase::Running, PlacedPhase::Terminating] {
                let span = self.initially(workload, slot, phase);
                if span.hi == 0 {
                    continue;
                }
                let pods = sum(groups.iter().filter_map(|&group| counts(group, phase).get(slot).map(|one| one.value)));
                let inside =
                    pods.at_least(span.lo) & pods.at_most(span.hi) & (pods - span.lo).max(0).is_multiple(span.step);
                let placed = self.placement(workload, slot, phase).is_some();
                let allowed = Bool::from(there.matches_affinity_initially(&workload.template));
                let fits = if anywhere && !placed {
                    allowed & there.taints_for(&workload.template).allow_scheduling
                } else {
                    true.into()
                };
                let text = format!("{} pods of {} on {} initially", phase.name(), workload.reference, there.name);
                let holds = (there.present & inside & (fits | pods.is(0))) | (!there.present & pods.is(0));
                conditions.push((text, holds));
            }
        }
        let waiting = sum(groups.iter().map(|&group| self.groups[group].pending.value));
        conditions.push((
            format!("pending pods of {} initially", workload.reference),
            waiting.is(self.placed_pending(workload)),
        ));
        let numbers = self.initial_numbers(first);
        for &group in &groups {
            let state = &self.groups[group];
            let pods = state.active() + sum(state.terminating.iter().map(|count| count.value));
            let ordinal = state.ordinal.unwrap_or_default() as i64;
            let holds = if anywhere {
                pods.is(state.spec.value.above(ordinal).as_int())
            } else {
                pods.at_most(1) & (pods.is(0) | numbers.above(ordinal))
            };
            conditions.push((format!("pods of {} initially", state.name), holds));
        }
        for (text, holds) in conditions.into_iter().filter(|(_, holds)| holds.constant() != Some(true)) {
            self.constrain(text, holds, false);
        }
    }

    /// How many numbers pods may have initially, with as many nodes and replicas as there are: as [`Self::numbers`] for a
    /// cluster of that size, so that one of several sizes begins as it does by itself.
    fn initial_numbers(&self, first: usize) -> Int {
        let workload = &self.cluster.workloads[first];
        let phases = [PlacedPhase::Scheduled, PlacedPhase::Running, PlacedPhase::Terminating];
        let on = |slot: usize| -> i64 { phases.iter().map(|&phase| self.initially(workload, slot, phase).hi).sum() };
        let placed = sum((0..self.slots.len()).map(|slot| ite(self.slots[slot].present, on(slot), 0)));
        let written = self.needs.replicas.iter().filter(|(target, _)| *target == workload.reference);
        let written = written.map(|(_, span)| span.hi).max().unwrap_or(0).max(1);
        (placed + self.placed_pending(workload)).max(self.groups[first].spec.value).max(written)
    }

    /// Whether the requests of the pods on a slot stay within its allocatable, and no two bind the same port.
    fn fits_initially(&self, slot: usize) -> Bool {
        let there = &self.slots[slot];
        // There are no later revisions yet.
        let first: Vec<usize> = (0..self.groups.len()).filter(|&group| self.groups[group].revision == 0).collect();
        let pods = sum(first.iter().map(|&group| self.groups[group].assigned_on(slot)));
        let resources = there.allocatable.iter().map(|(resource, &available)| {
            sum(first.iter().map(|&group| {
                let request = self.template(group).requests.get(resource).copied().unwrap_or(0);
                self.groups[group].assigned_on(slot) * self.scaled(resource, request)
            }))
            .at_most(available)
        });
        let ports = first.iter().enumerate().flat_map(|(at, &one)| first[at..].iter().map(move |&other| (one, other)));
        let ports =
            ports.filter(|&(one, other)| self.template(one).collides_with(self.template(other))).map(|(one, other)| {
                let on = |group: usize| self.groups[group].assigned_on(slot);
                if one == other { on(one).at_most(1) } else { on(one).is(0) | on(other).is(0) }
            });
        crate::term::all(resources) & crate::term::all(ports) & pods.at_most(there.pods)
    }
}
