//! Who owns `spec.replicas` (section 2.9); only of workloads whose manifest is applied.

use super::{BoolVar, Model, RuleBuilder};
use crate::cluster::event::ApplyMode;
use crate::subject::Subject;
use crate::system::Role;
use crate::term::Bool;

/// The owners of `spec.replicas` of a workload.
#[derive(Clone, Copy, Debug)]
pub struct Ownership {
    /// Whether the last-applied configuration has the field.
    pub applied: BoolVar,
    /// Whether a manager other than the applier (the HPA, `kubectl scale`) owns it; only where a manifest is applied
    /// server-side.
    pub by_other: Option<BoolVar>,
}

impl Model<'_> {
    /// Declares the owners of a workload's field, where they matter.
    pub(super) fn declare_ownership(&mut self, index: usize) {
        let workload = &self.cluster.workloads[index];
        let modes = self.needs.applied.iter().filter(|(target, _)| *target == workload.reference);
        let modes: Vec<ApplyMode> = modes.map(|(_, mode)| *mode).collect();
        if modes.is_empty() {
            return;
        }
        let id = self.ids.workloads[index];
        let applied = Subject::new("replicas applied").of(id);
        let applied = self.bool_var(applied, Role::Budget, workload.replicas_managed.into());
        let by_other = modes
            .contains(&ApplyMode::ServerSide)
            .then(|| self.bool_var(Subject::new("replicas owned by another").of(id), Role::Budget, false.into()));
        self.remember(index, Ownership { applied, by_other });
    }

    /// The owners of `spec.replicas` of the workload of a group, where they matter.
    pub fn ownership(&self, group: usize) -> Option<&Ownership> {
        self.side(self.groups[group].workload)
    }

    /// Makes a rule take over `spec.replicas` for another manager where a condition holds.
    pub(crate) fn take_over(&self, group: usize, rule: RuleBuilder, when: Bool) -> RuleBuilder {
        match self.ownership(group).and_then(|one| one.by_other) {
            Some(owned) => rule.set_bool(owned, owned.value | when),
            None => rule,
        }
    }
}
