//! The Vertical Pod Autoscaler (section 7.3; `vertical-pod-autoscaler/pkg` of kubernetes/autoscaler): the recommender says
//! what pods should request, the admission controller gives it to new pods, the updater evicts those that request
//! something else.
//!
//! ## State
//! The recommendation is a level: 0 is the manifest (there is no recommendation yet), then one for each combination
//! of requests that is recommended for its containers. Pods of each level are a group of their own, counted by node and
//! phase like a revision; all belong to the same ReplicaSet, which creates pods of the level that is recommended at that
//! moment (the webhook).
//!
//! ## One step
//! The recommender takes over the target for what pods use at present (see `cluster/vpa.rs`); the updater deletes pods
//! that wait without a node, or evicts as many running ones as one pass may. Both act at any quiescent instant, at some
//! time: nothing bounds how long histories take.
//!
//! ## Over-approximation
//! * A load that ready pods share is taken as it is also while some pods are missing, which a history would hardly
//!   show (tagged).
//! * Pods that request too much go at any time, not when they are 12 hours old or the upper bound has come down (tagged).
//! * Where more targets are possible than are told apart, each is rounded up to one of them (tagged).
//!
//! ## Not modelled
//! Sidecars, whose requests stay as they are; workloads other than Deployments and ReplicaSets, or with several revisions,
//! caps by LimitRanges, evictions after running out of memory, resizing in place, `evictionRequirements` (all reported by the reader).

mod recommender;
mod updater;

use super::Controller;
use crate::cluster::hpa::MetricResource;
use crate::cluster::{Cluster, VerticalPodAutoscaler};
use crate::footprint::Footprint;
use crate::needs::Needs;
use crate::state::{IntVar, Model};
use crate::subject::ObjectId;
use crate::subject::Subject;
use crate::system::Role;

/// An autoscaler and what subjects call it.
type Scaler<'a> = (&'a VerticalPodAutoscaler, ObjectId);

/// See the module.
pub struct Vpa;

/// The level that new pods of a workload get; only where requests are recommended.
struct Recommended(IntVar);

/// The level that new pods of the workload of a group get, where requests are recommended.
pub(crate) fn recommended(model: &Model, group: usize) -> Option<IntVar> {
    model.side::<Recommended>(model.groups[group].workload).map(|one| one.0)
}

impl Controller for Vpa {
    fn name(&self) -> &'static str {
        "vertical-pod-autoscaler"
    }

    fn summary(&self) -> &'static str {
        "recommends requests, gives them to new pods and evicts pods that request something else"
    }

    fn needs(&self, cluster: &Cluster, _: &Needs) -> Needs {
        let reads_memory =
            |one: &&VerticalPodAutoscaler| one.controlled.iter().any(|one| one.resource == MetricResource::Memory);
        Needs {
            memory_usage: cluster.vpas.iter().filter(reads_memory).map(|one| one.target.clone()).collect(),
            // Whichever pods come at once may be of different levels.
            sees_each_step: !cluster.vpas.is_empty(),
            ..Needs::default()
        }
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: "vertical-pod-autoscaler",
            watches: &["VerticalPodAutoscaler", "Pod"],
            reads_live: &["metrics"],
            forgets: &["histories since the last checkpoint"],
        }
    }

    fn prepare(&self, model: &mut Model) {
        let cluster = model.cluster;
        for (group, workload) in cluster.workloads.iter().enumerate() {
            if let Some(vpa) = cluster.vpa(workload) {
                let subject = Subject::new("recommended").of(model.ids.workloads[group]);
                let level = model.int_var(subject, Role::Cluster, 0, vpa.levels().len() as i64, 0);
                model.remember(group, Recommended(level));
            }
        }
    }

    fn add_rules(&self, model: &mut Model) {
        for index in 0..model.cluster.vpas.len() {
            let (vpa, id) = (&model.cluster.vpas[index], model.ids.vpas[index]);
            if let Some(group) = model.cluster.workload(&vpa.target) {
                recommender::add_rules(model, (vpa, id), group);
                if vpa.evicts {
                    updater::add_rules(model, (vpa, id), group);
                }
            }
        }
    }
}
