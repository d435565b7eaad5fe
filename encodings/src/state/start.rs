//! Pods that exist initially: `start: any`, a snapshot, placements.

use super::Model;
use crate::cluster::{Placement, Span, Start, Workload};
use crate::term::sum;

impl Model<'_> {
    /// Whether pods of the workload exist initially.
    pub(super) fn starts_with_pods(&self, workload: &Workload) -> bool {
        workload.exists
            && (matches!(self.cluster.start, Start::Any | Start::Snapshot)
                || self.cluster.placed.iter().any(|placement| placement.target == workload.reference))
    }

    /// The most pods that placements can create.
    pub(super) fn most_placed(&self, workload: &Workload) -> i64 {
        let mut most = 0;
        for slot in 0..self.slots.len() {
            most += self.placement(workload, slot).map_or(0, |placement| placement.pods.hi);
        }
        if self.cluster.start == Start::Any { workload.replicas.hi } else { most }
    }

    /// The placement that speaks of a workload and a slot.
    fn placement(&self, workload: &Workload, slot: usize) -> Option<&Placement> {
        let slot = &self.slots[slot];
        let pool = &self.cluster.pools[slot.pool].name;
        self.cluster.placed.iter().find(|placement| {
            placement.target == workload.reference && (placement.pool == *pool || placement.pool == slot.name)
        })
    }

    /// The pods of a workload that may run on a slot initially.
    pub(super) fn initial_pods(&self, workload: &Workload, slot: usize) -> Span {
        let nothing = Span::exactly(0);
        if !self.starts_with_pods(workload) {
            return nothing;
        }
        if let Some(placement) = self.placement(workload, slot) {
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
            let placed = self.placement(workload, slot).is_some();
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

    /// Whether the requests of the pods on a slot stay within its allocatable.
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
        crate::term::all(resources) & pods.at_most(there.pods)
    }
}
