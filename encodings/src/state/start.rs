//! Pods that exist initially: `start: any`, a snapshot, placements.

use super::Model;
use crate::cluster::{PlacedPhase, Placement, Span, Start, Workload};
use crate::term::sum;

impl Model<'_> {
    /// Whether pods of the workload exist initially.
    pub(super) fn starts_with_pods(&self, workload: &Workload) -> bool {
        workload.exists
            && (matches!(self.cluster.start, Start::Any | Start::Snapshot)
                || self.cluster.placed.iter().any(|placement| placement.target == workload.reference))
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

    /// Most pods of a workload that are on a slot initially, whatever their phase.
    pub(super) fn most_initially(&self, workload: &Workload, slot: usize) -> i64 {
        self.initial_pods(workload, slot).hi
            + self.placed(workload, slot, PlacedPhase::Scheduled)
            + self.placed(workload, slot, PlacedPhase::Terminating)
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
        let anywhere = self.cluster.start == Start::Any;
        for slot in 0..self.slots.len() {
            let pods = self.groups[group].running[slot].value;
            let span = self.initial_pods(workload, slot);
            let there = &self.slots[slot];
            let inside =
                pods.at_least(span.lo) & pods.at_most(span.hi) & (pods - span.lo).max(0).is_multiple(span.step);
            let placed = self.placement(workload, slot, PlacedPhase::Running).is_some();
            let allowed = crate::term::Bool::from(there.matches_affinity(&workload.template));
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
        if anywhere && group + 1 == self.cluster.workloads.len() {
            for slot in 0..self.slots.len() {
                let fits = self.fits_initially(slot);
                self.constrain(format!("pods fit on {} initially", self.slots[slot].name), fits, false);
            }
        }
    }

    /// Whether the requests of the pods on a slot stay within its allocatable, and no two bind the same port.
    fn fits_initially(&self, slot: usize) -> crate::term::Bool {
        let there = &self.slots[slot];
        let pods = sum(self.groups.iter().map(|group| group.assigned_on(slot)));
        let resources = there.allocatable.iter().map(|(resource, &available)| {
            sum(self.groups.iter().enumerate().map(|(index, group)| {
                let request = self.template(index).requests.get(resource).copied().unwrap_or(0);
                group.assigned_on(slot) * self.scaled(resource, request)
            }))
            .at_most(available)
        });
        let ports = (0..self.groups.len()).flat_map(|one| (one..self.groups.len()).map(move |other| (one, other)));
        let ports =
            ports.filter(|&(one, other)| self.template(one).collides_with(self.template(other))).map(|(one, other)| {
                let on = |group: usize| self.groups[group].assigned_on(slot);
                if one == other { on(one).at_most(1) } else { on(one).is(0) | on(other).is(0) }
            });
        crate::term::all(resources) & crate::term::all(ports) & pods.at_most(there.pods)
    }
}
