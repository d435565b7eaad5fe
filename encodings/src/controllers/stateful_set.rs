//! The StatefulSet controller: a pod with each ordinal (section 8.3, `updateStatefulSet`).
//!
//! ## One step
//! One pod is created or deleted. `OrderedReady`: the lowest ordinal without a pod gets one when all below it are available;
//! when all wanted ones are available the highest surplus pod goes, unless it is not Ready (1.34: not available) and one below
//! it is not either.
//! `Parallel`: every missing pod is created and every surplus one deleted, whatever the others do.
//!
//! ## Updates (`RollingUpdate`)
//! When nothing is left to scale (`OrderedReady`), the pod of the highest ordinal whose revision is not the wanted one is
//! deleted, provided that all above it are Ready (from 1.34 on available: `isUnavailable` in place of `isHealthy`); not below `partition`. Before that `OrderedReady` waits until every
//! pod is Ready: a pod of a broken template is never replaced by a corrected one. `Parallel` does not wait. A pod below
//! `partition` that is lost comes back with the template of before (`status.currentRevision`). `OnDelete` replaces
//! nothing, but makes lost pods from the new template.
//!
//! ## Updates with the gate MaxUnavailableStatefulSet (`updateStatefulSetAfterInvariantEstablished`)
//! One sync deletes pods of other revisions from the highest ordinal down to `partition`: as many as `maxUnavailable` exceeds
//! the pods of all wanted ordinals that are not Ready (1.34: not available). So a pod of a former template that is not Ready
//! stays with `Parallel` as well, if no more may be unavailable.
//!
//! ## Ordinals
//! A pod keeps its ordinal until it is gone: one that is terminating is not replaced. On a node that stopped it stays so
//! until the node comes back. Each ordinal is a group of at most one pod (see `state/revisions.rs`).
//!
//! ## Not modelled
//! Volumes that are not bound yet (reported by the reader), the labels that the controller adds to pods.

use super::{Controller, replica_set};
use crate::cluster::rollout::Amount;
use crate::cluster::workload::StatefulSet as Spec;
use crate::cluster::{Cluster, FeatureGate};
use crate::footprint::{CONTROLLER_MANAGER, Footprint};
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::{IntVar, Model, RuleBuilder, counted, text};
use crate::subject::Subject;
use crate::system::{Pace, Role, Verb};
use crate::term::{Bool, Int, all, any, ite, sum};

/// As Kubernetes Events name it.
const NAME: &str = "statefulset-controller";

/// See the module.
pub struct StatefulSet;

impl Controller for StatefulSet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "creates, deletes and updates the pods of a StatefulSet by ordinal"
    }

    fn needs(&self, _: &Cluster, _: &Needs) -> Needs {
        Needs::default()
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: CONTROLLER_MANAGER,
            watches: &["StatefulSet", "Pod", "PersistentVolumeClaim", "ControllerRevision"],
            reads_live: &["the StatefulSet, before it adopts pods"],
            forgets: &[],
        }
    }

    fn waits(&self, model: &mut Model) -> Vec<Wait> {
        let sets = model.cluster.workloads.iter().enumerate();
        let sets: Vec<(usize, Spec)> =
            sets.filter_map(|(index, workload)| Some((index, *workload.ordinals()?))).collect();
        sets.into_iter().flat_map(|(workload, spec)| waits(model, workload, spec)).collect()
    }

    fn add_rules(&self, model: &mut Model) {
        for workload in 0..model.cluster.workloads.len() {
            if let Some(spec) = model.workload(workload).ordinals() {
                self.add_workload(model, workload, *spec);
            }
        }
    }
}

/// The pod of an ordinal before a sync.
struct Ordinal {
    /// Its revisions.
    groups: Vec<usize>,
    /// Whether `spec.replicas` asks for it.
    is_wanted: Bool,
    /// Whether it is there, terminating or not.
    exists: Bool,
    /// Not terminating, and what others wait for: see [`healthy`].
    is_healthy: Bool,
    /// Not terminating, and Ready for `minReadySeconds`.
    is_available: Bool,
}

/// Everything that a sync looks at.
struct State {
    spec: Spec,
    ordinals: Vec<Ordinal>,
    /// The revision of the template.
    update: Int,
    /// The revision of `status.currentRevision`; only where it is read.
    current: Option<IntVar>,
}

impl State {
    fn new(model: &mut Model, workload: usize, spec: Spec) -> Self {
        let ordinals = ordinals(model, workload);
        let wanted = model.revision_wanted(workload);
        let current = wanted.filter(|_| spec.partition > 0).map(|wanted| {
            let subject = Subject::new("currentRevision").of(model.ids.workloads[workload]);
            model.int_var(subject, Role::Cluster, 0, wanted.value.range().hi, 0)
        });
        Self { spec, ordinals, update: wanted.map_or(0.into(), |wanted| wanted.value), current }
    }

    /// Whether all ordinals below this one that are wanted are available.
    fn available_below(&self, at: usize) -> Bool {
        all(self.ordinals[..at].iter().map(|one| !one.is_wanted | one.is_available))
    }

    /// Whether nothing is left of surplus pods.
    fn no_surplus(&self) -> Bool {
        all(self.ordinals.iter().map(|one| one.is_wanted | !one.exists))
    }

    /// Whether a pod of this ordinal would be created now.
    fn creates(&self, at: usize) -> Bool {
        let one = &self.ordinals[at];
        let turn = if self.spec.is_ordered { self.available_below(at) } else { true.into() };
        one.is_wanted & !one.exists & turn
    }

    /// The revision of a pod that is created (`newVersionedStatefulSetPod`).
    fn revision_of(&self, at: usize) -> Int {
        match self.current {
            Some(current) if !self.spec.updates_on_delete && (at as i64) < self.spec.partition => current.value,
            _ => self.update,
        }
    }

    /// Whether the pod of this ordinal, which is not terminating, is surplus and its turn has come.
    fn deletes(&self, at: usize) -> Bool {
        let one = &self.ordinals[at];
        if !self.spec.is_ordered {
            return !one.is_wanted;
        }
        let above = all(self.ordinals[at + 1..].iter().map(|one| !one.exists));
        let unhealthy_below = any(self.ordinals[..at].iter().map(|one| !one.is_wanted & one.exists & !one.is_healthy));
        !one.is_wanted
            & self.available_below(self.ordinals.len())
            & above
            & (one.is_available | (!one.is_healthy & !unhealthy_below))
    }

    /// Whether an ordinal is one that updates replace.
    fn is_updated(&self, at: usize) -> bool {
        !self.spec.updates_on_delete && (at as i64) >= self.spec.partition
    }

    /// Whether updates may begin.
    fn is_scaled(&self) -> Bool {
        if self.spec.is_ordered { self.available_below(self.ordinals.len()) & self.no_surplus() } else { true.into() }
    }

    /// Whether the pod of this ordinal, which is not terminating, has to make room for one of the wanted revision.
    fn updates(&self, model: &Model, at: usize, revision: usize) -> Bool {
        let one = &self.ordinals[at];
        if !self.is_updated(at) {
            return false.into();
        }
        let healthy_anew = |one: &Ordinal| {
            any(one
                .groups
                .iter()
                .map(|&group| self.update.is(model.groups[group].revision as i64) & healthy(model, group).above(0)))
        };
        let above = all(self.ordinals[at + 1..].iter().map(|one| !one.is_wanted | healthy_anew(one)));
        one.is_wanted & self.update.is_not(revision as i64) & above & self.is_scaled()
    }

    /// Groups whose pod a sync deletes together with others, and whether it does.
    fn updates_together(&self, model: &Model, workload: usize) -> Vec<(usize, Bool)> {
        // `getStatefulSetMaxUnavailable`: a share is rounded down, to at least one.
        let most = match self.spec.max_unavailable {
            Amount::Pods(pods) => pods.into(),
            Amount::Percent(percent) => model.groups[workload].spec.value * percent / 100,
        };
        let most: Int = most.max(1);
        let missing = self.ordinals.iter().map(|one| ite(one.is_wanted & !one.is_healthy, 1, 0));
        let mut room = most.monus(sum(missing));
        let mut deleted = Vec::new();
        let updated = self.ordinals.iter().enumerate().rev().filter(|(at, _)| self.is_updated(*at));
        for (_, one) in updated {
            let has_room = room.above(0);
            let is_old = |group: usize| {
                let revision = model.groups[group].revision as i64;
                model.groups[group].active().above(0) & self.update.is_not(revision)
            };
            let due: Vec<(usize, Bool)> =
                one.groups.iter().map(|&group| (group, one.is_wanted & has_room & is_old(group))).collect();
            room = room.monus(sum(due.iter().map(|&(_, due)| ite(due, 1, 0))));
            deleted.extend(due);
        }
        deleted
    }
}

/// The pods of a set by ordinal.
fn ordinals(model: &Model, workload: usize) -> Vec<Ordinal> {
    let mut ordinals: Vec<Ordinal> = Vec::new();
    let is_there = model.groups[workload].exists.map_or(true.into(), |exists| exists.value);
    for group in model.revisions(workload).collect::<Vec<_>>() {
        let at = model.groups[group].ordinal.unwrap_or_default();
        match ordinals.get_mut(at) {
            Some(one) => one.groups.push(group),
            None => ordinals.push(Ordinal {
                groups: vec![group],
                is_wanted: is_there & model.groups[workload].spec.value.above(at as i64),
                exists: false.into(),
                is_healthy: false.into(),
                is_available: false.into(),
            }),
        }
    }
    for one in &mut ordinals {
        one.exists = any(one.groups.iter().map(|&group| exists(model, group)));
        one.is_available = any(one.groups.iter().map(|&group| available(model, group).above(0)));
        one.is_healthy = any(one.groups.iter().map(|&group| healthy(model, group).above(0)));
    }
    ordinals
}

/// What pods of a set wait for that are not there: quotas, and lower ordinals (`monotonic`).
fn waits(model: &Model, workload: usize, spec: Spec) -> Vec<Wait> {
    let ordinals = ordinals(model, workload);
    let mut waits = Vec::new();
    for (at, one) in ordinals.iter().enumerate() {
        let missing = one.is_wanted & !one.exists;
        let first = one.groups[0];
        waits.extend(replica_set::failed_create(model, first, NAME, missing));
        for (below, lower) in ordinals[..at].iter().enumerate().filter(|_| spec.is_ordered) {
            let sooner = all(ordinals[..below].iter().map(|one| !one.is_wanted | one.is_available).collect::<Vec<_>>());
            let name = |one: &Ordinal| model.groups[one.groups[0]].name.clone();
            let told = format!("{} is made once {} is ready", name(one), name(lower));
            let when = missing & lower.is_wanted & lower.exists & !lower.is_available & sooner;
            let wait = Wait::new(NAME, "OrderedReady", when).about(model.groups[first].id).says([text(told)]);
            waits.push(wait.because_of(model.origin(workload, "spec.podManagementPolicy")).follows());
        }
    }
    waits
}

/// Whether the pod of a group is there, terminating or not.
fn exists(model: &Model, group: usize) -> Bool {
    let state = &model.groups[group];
    (state.active() + sum(state.terminating.iter().map(|count| count.value))).above(0)
}

/// Ready pods of a group.
fn ready(model: &Model, group: usize) -> Int {
    sum(model.groups[group].slots().map(|slot| model.revision_ready_on(group, slot)))
}

/// Available pods of a group.
fn available(model: &Model, group: usize) -> Int {
    sum(model.groups[group].slots().map(|slot| model.available_on(group, slot)))
}

/// Pods of a group that updates and scale-downs need not wait for: Ready ones (`isHealthy`), from 1.34 on available ones
/// (`isUnavailable`).
fn healthy(model: &Model, group: usize) -> Int {
    if model.cluster.version.0 < 34 { ready(model, group) } else { available(model, group) }
}

impl StatefulSet {
    fn add_workload(&self, model: &mut Model, workload: usize, spec: Spec) {
        let state = State::new(model, workload, spec);
        let together = model.cluster.has(FeatureGate::MaxUnavailableStatefulSet);
        if together && !spec.updates_on_delete && model.revisions(workload).count() > state.ordinals.len() {
            self.update_together(model, workload, &state);
        }
        for (at, one) in state.ordinals.iter().enumerate() {
            for &group in &one.groups {
                let revision = model.groups[group].revision;
                let creates = state.creates(at)
                    & state.revision_of(at).is(revision as i64)
                    & replica_set::may_create(model, group);
                let rule = self.rule(model, group, "create", "SuccessfulCreate", "spec.template").when(creates);
                let rule = model.quota_origins(group).into_iter().fold(rule, RuleBuilder::because_of);
                let rule = replica_set::place_new(model, group, 1.into(), rule);
                model.add_rule(rule);
                let is_active = model.groups[group].active().above(0);
                let updates = if together { false.into() } else { state.updates(model, at, revision) };
                for (verb, field, due) in
                    [("delete", "spec.replicas", state.deletes(at)), ("update", "spec.updateStrategy", updates)]
                {
                    let rule = self.rule(model, group, verb, "SuccessfulDelete", field).when(is_active).when(due);
                    let rule = rule.delete_all(&model.groups[group]);
                    model.add_rule(rule);
                }
            }
        }
        self.complete(model, workload, &state);
    }

    fn rule(
        &self,
        model: &mut Model,
        group: usize,
        verb: &'static str,
        reason: &'static str,
        field: &str,
    ) -> RuleBuilder {
        let state = &model.groups[group];
        let what = match verb {
            "create" => format!("creates {}", state.name),
            "delete" => format!("deletes {}", state.name),
            _ => format!("deletes {}, which is not of the wanted revision", state.name),
        };
        let id = state.id;
        // Pods of an ordinal share it, whatever their revision.
        let is_first = |&one: &usize| model.groups[one].ordinal == state.ordinal;
        let first = model.revisions(group).find(is_first).unwrap_or(group);
        let unit = model.fairness_unit(Subject::new(self.name()).of(model.groups[first].id));
        RuleBuilder::new(Subject::new(verb).of(id), self.name(), reason, Pace::Fast)
            .fair(unit)
            .says([text(what)])
            .because_of(model.origin(group, field))
    }

    /// The update of several pods in one sync.
    fn update_together(&self, model: &mut Model, workload: usize, state: &State) {
        let deleted = state.updates_together(model, workload);
        let id = model.ids.workloads[workload];
        let unit = model.fairness_unit(Subject::new(self.name()).of(id));
        let name = model.workload_name(workload);
        let count = sum(deleted.iter().map(|&(_, due)| ite(due, 1, 0)));
        let rule = self
            .rule(model, workload, "update", "SuccessfulDelete", "spec.updateStrategy")
            .about(Subject::new("update").of(id))
            .fair(unit)
            .when(count.above(0))
            .when(state.is_scaled())
            .says([
                text("deletes "),
                counted(
                    count,
                    format!("pod of {name} that is not of the wanted revision"),
                    format!("pods of {name} that are not of the wanted revision"),
                ),
            ]);
        let rule = deleted.into_iter().fold(rule, |rule, (group, due)| rule.delete_all_if(&model.groups[group], due));
        model.add_rule(rule);
    }

    /// `status.currentRevision` follows when all pods are of the wanted revision and Ready (`completeRollingUpdate`).
    fn complete(&self, model: &mut Model, workload: usize, state: &State) {
        let Some(current) = state.current else { return };
        let groups: Vec<usize> = model.revisions(workload).collect();
        let there = sum(groups.iter().map(|&group| {
            let state = &model.groups[group];
            state.active() + sum(state.terminating.iter().map(|count| count.value))
        }));
        let updated = sum(groups
            .iter()
            .map(|&group| ite(state.update.is(model.groups[group].revision as i64), ready(model, group), 0)));
        let rule = self.rule(model, workload, "complete", "Completed", "spec.updateStrategy");
        let name = model.workload_name(workload);
        let rule = rule
            .about(Subject::new("complete").of(model.ids.workloads[workload]))
            .when(current.value.is_not(state.update))
            .when(updated.is(there))
            .writes(Verb::Status, model.ids.workloads[workload])
            .set(current, state.update)
            .says([text(format!("the update of {name} is complete"))]);
        if !state.spec.updates_on_delete {
            model.add_rule(rule);
        }
    }
}
