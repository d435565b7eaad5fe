//! `schedulable`: pods find a node. Settled (the default): in no fair run has the workload from some point on always
//! a pending pod. Immediate: no pod is ever pending without a feasible node.

use super::{IntentModel, Weight, always, called, distinct, property, targets};
use crate::cluster::intent::SchedulableMode;
use crate::cluster::{Cluster, Intent, IntentKind};
use crate::controllers::feasible_nodes;
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::state::Model;
use crate::system::{Claim, Property};
use crate::term::{Bool, all, any};

/// See the module.
pub struct Schedulable;

impl IntentModel for Schedulable {
    fn names(&self) -> &'static [&'static str] {
        &["schedulable"]
    }

    fn summary(&self) -> &'static str {
        "pods find a node"
    }

    fn explanation(&self) -> Explanation {
        Explanation {
            meaning: "Pods find a node. `mode: settled` (the default) allows that a pod waits for a while; `mode: immediate` allows no pod that no node can take, however short.",
            formal: "Settled: no fair run without events has from some point on always a pending pod of the target. Immediate: in no reachable state is a pod of the target pending while no node passes the filters of the scheduler.",
            failing: "nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"1\", memory: 8Gi}}}]\nintents: [{schedulable: {target: web}}]",
            passing: "nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\nintents: [{schedulable: {target: web}}]",
            upstream: "https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Limit
    }

    fn needs(&self, _: &Cluster, _: &Intent, _: &Needs) -> Needs {
        Needs::default()
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        let IntentKind::Schedulable { target, mode } = &intent.kind else { return vec![] };
        let make = |group: usize| {
            let pending = any(model.revisions(group).map(|one| model.groups[one].unplaced().above(0)));
            let object = called(model, group);
            let wanted = match model.workload(group).is_daemon() {
                true => any(model.groups[group].slots().map(|slot| model.wants_daemon_on(group, slot))),
                false => model.groups[group].spec.value.above(0),
            };
            let (claim, premise, headline) = match mode {
                SchedulableMode::Settled => {
                    let claim = Claim::NoFairLoop {
                        within: pending,
                        keep: true.into(),
                        progress: true.into(),
                        stay: true.into(),
                    };
                    (claim, wanted, format!("a pod of {object} stays pending forever"))
                }
                SchedulableMode::Immediate => {
                    let placeable = model.revisions(group).map(|one| is_placeable(model, one));
                    let placeable = all(placeable.collect::<Vec<_>>());
                    let (claim, premise) = always(model, placeable, wanted);
                    (claim, premise, format!("a pod of {object} finds no node"))
                }
            };
            property(model, intent, Some(group), headline, claim, premise)
        };
        let groups = match target {
            Some(_) => targets(model, target.as_ref()),
            None => (0..model.cluster.workloads.len()).collect(),
        };
        distinct(model, groups).into_iter().map(make).collect()
    }
}

/// Whether no pod of a group is pending, or some node that it may go to is feasible.
fn is_placeable(model: &Model, group: usize) -> Bool {
    let (state, feasible) = (&model.groups[group], feasible_nodes(model, group));
    match &state.waiting {
        None => state.pending.value.is(0) | any(feasible.iter().copied()),
        Some(waiting) => {
            let feasible = feasible.iter().copied().chain(std::iter::repeat(false.into()));
            all(waiting.iter().zip(feasible).map(|(count, feasible)| count.value.is(0) | feasible).collect::<Vec<_>>())
        }
    }
}
