//! `restore`: the manifest that a workload had before all operations is applied again.

use super::apply::{Manifest, applied};
use super::{EventModel, Operation};
use crate::cluster::comparison::Restore as To;
use crate::cluster::event::{ApplyMode, EventKind};
use crate::cluster::{Cluster, Event};
use crate::needs::Needs;
use crate::state::Model;

/// See the module.
pub struct Restore;

/// The workload, if an event is of this kind.
fn target(cluster: &Cluster, event: &Event) -> Option<usize> {
    match &event.kind {
        EventKind::Other(other) => cluster.workload(&other.get::<To>()?.target),
        _ => None,
    }
}

impl EventModel for Restore {
    fn names(&self) -> &'static [&'static str] {
        &["restore"]
    }

    fn summary(&self) -> &'static str {
        "the manifest from before all operations is applied again"
    }

    fn needs(&self, cluster: &Cluster, event: &Event, _: &Needs) -> Needs {
        let Some(own) = target(cluster, event).map(|index| &cluster.workloads[index]) else { return Needs::default() };
        let needs = Needs {
            replicas: vec![(own.reference.clone(), own.replicas)],
            paused: vec![(own.reference.clone(), own.rollout.is_paused)],
            applied: vec![(own.reference.clone(), ApplyMode::ClientSide)],
            ..Needs::default()
        };
        needs.with_template(cluster, &own.reference)
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let Some(group) = target(model.cluster, event) else { return vec![] };
        let own = model.workload(group);
        let replicas = own.replicas_managed.then(|| model.initial_of(model.groups[group].spec));
        let manifest =
            Manifest { replicas, template: 0, mode: ApplyMode::ClientSide, is_paused: own.rollout.is_paused };
        applied(model, event, group, manifest)
    }
}
