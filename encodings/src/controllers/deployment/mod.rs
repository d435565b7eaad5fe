//! The Deployment controller: it hands `spec.replicas` to its ReplicaSets, and replaces pods where the template changes.
//!
//! ## One step
//! One sync. With one revision the only ReplicaSet gets `spec.replicas` at once, with no regard to surge (section 2.4,
//! step 1, `FindActiveOrLatest`). With several, a sync either scales (`scale`, section 2.4: an active ReplicaSet was
//! last sized for other replicas) or goes on with the rollout (`roll`, sections 2.5 and 2.6): the new ReplicaSet is
//! created or grows, or old ones lose unavailable and then available replicas, or all of theirs (Recreate). The
//! arithmetic is in `sync.rs`. Status of ReplicaSets is that of their pods: it does not lag.
//!
//! ## Revisions
//! Pods of a revision are a group of their own (see `state/revisions.rs`): schedulers, spread constraints and
//! autoscalers see them by their labels, rankings on scale-down by their Deployment.
//!
//! ## Paused
//! A Deployment with `spec.paused` is only scaled (`sync`): a ReplicaSet of a new template is not even created, several
//! active ones share `spec.replicas` and the surge by their sizes, a single one or else the newest gets them all. One that
//! is paused from the start has no ReplicaSet, and so no pods.
//!
//! ## Not modelled
//! The condition that `progressDeadlineSeconds` sets: no controller here reads it, and nothing is rolled back by it
//! (section 2.5). Clean-up by `revisionHistoryLimit`, hash collisions.

pub(super) mod memory;
mod rollout;
mod sync;

use super::Controller;
use crate::cluster::Cluster;
use crate::footprint::{CONTROLLER_MANAGER, Footprint};
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::{Model, RuleBuilder, text, value};
use crate::subject::Subject;
use crate::system::{Pace, Phrase, Verb};
use crate::term::Bool;

/// See the module.
pub struct Deployment;

impl Controller for Deployment {
    fn name(&self) -> &'static str {
        "deployment-controller"
    }

    fn summary(&self) -> &'static str {
        "hands spec.replicas of a Deployment to its ReplicaSets, rolls out new templates"
    }

    fn needs(&self, _: &Cluster, _: &Needs) -> Needs {
        Needs::default()
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: CONTROLLER_MANAGER,
            watches: &["Deployment", "ReplicaSet", "Pod"],
            reads_live: &["the Deployment, before it adopts ReplicaSets"],
            forgets: &[],
        }
    }

    fn prepare(&self, model: &mut Model) {
        for group in 0..model.cluster.workloads.len() {
            if model.workload(group).has_replica_sets() {
                memory::declare(model, group);
            }
        }
    }

    fn waits(&self, model: &mut Model) -> Vec<Wait> {
        let kept = (0..model.cluster.workloads.len()).filter(|&group| model.workload(group).has_replica_sets());
        kept.flat_map(|group| waits(model, group)).collect()
    }

    fn add_rules(&self, model: &mut Model) {
        for group in 0..model.cluster.workloads.len() {
            if !model.workload(group).has_replica_sets() {
                continue;
            }
            if model.revision_wanted(group).is_some() {
                rollout::add_rules(model, group);
                continue;
            }
            if let Some(scale) = self.scale(model, group) {
                model.add_rule(scale);
            }
        }
    }
}

/// What keeps a Deployment from having the pods of its template.
fn waits(model: &Model, group: usize) -> Vec<Wait> {
    let name = &model.groups[group].name;
    let paused = memory::is_paused(model, group);
    if model.revision_wanted(group).is_some() {
        return rollout::waits(model, group, paused);
    }
    let lacks = memory::kept(model, group).size.value.below(model.groups[group].spec.value);
    let told = format!("{name} is paused and has no ReplicaSet yet");
    let wait = Wait::new("deployment-controller", "DeploymentPaused", paused & lacks).about(model.groups[group].id);
    vec![wait.says([text(told)]).because_of(model.origin(group, "spec.paused"))]
}

impl Deployment {
    fn scale(&self, model: &mut Model, group: usize) -> Option<RuleBuilder> {
        let size = memory::replica_set(model, group)?.size;
        let id = model.groups[group].id;
        let unit = model.fairness_unit(Subject::new(self.name()).of(id));
        let state = &model.groups[group];
        let exists = state.exists.map_or(true.into(), |exists| exists.value);
        let first_paused = model.workload(group).rollout.is_paused && !model.starts_with_pods(model.workload(group));
        let has_replica_set = Bool::from(!first_paused) | size.value.above(0);
        let rule = RuleBuilder::new(Subject::new("scale").of(id), self.name(), "ScalingReplicaSet", Pace::Fast)
            .when(exists)
            .when(!memory::is_paused(model, group) | has_replica_set)
            .when(size.value.is_not(state.spec.value))
            .writes(Verb::Update, id)
            .set(size, state.spec.value)
            .fair(unit)
            .says([text(format!("{} ", state.name)), value(size.value), text(" -> "), Phrase::After(size.id)])
            .because_of(model.origin(group, "spec.replicas"));
        Some(rule)
    }
}
