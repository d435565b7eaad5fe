//! `placement`: pods of a workload are only on nodes of the given pools.

use super::{IntentModel, Weight, always, called, distinct, property, targets};
use crate::cluster::{Cluster, Intent, IntentKind};
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::state::Model;
use crate::system::Property;
use crate::term::all;

/// See the module.
pub struct Placement;

impl IntentModel for Placement {
    fn names(&self) -> &'static [&'static str] {
        &["placement"]
    }

    fn summary(&self) -> &'static str {
        "pods are only on nodes of the given pools"
    }

    fn explanation(&self) -> Explanation {
        Explanation {
            meaning: "Pods of a workload run only on nodes of the given pools.",
            formal: "In every reachable state, every pod of the target that is bound to a node is bound to a node of one of `pools`.",
            failing: "nodes:\n- {name: a, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}\n- {name: b, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}\nintents: [{placement: {target: web, pools: [a]}}]",
            passing: "nodes:\n- {name: a, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}\nintents: [{placement: {target: web, pools: [a]}}]",
            upstream: "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Limit
    }

    fn needs(&self, _: &Cluster, _: &Intent, _: &Needs) -> Needs {
        Needs::default()
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        let IntentKind::Placement { target, pools } = &intent.kind else { return vec![] };
        let make = |group: usize| {
            let state = &model.groups[group];
            let elsewhere = |slot: &usize| !pools.contains(&model.cluster.pools[model.slots[*slot].pool].name);
            let none = all(state.slots().filter(elsewhere).map(|slot| model.active_on(group, slot).is(0)));
            let headline = format!("a pod of {} is outside its pools", called(model, group));
            let (claim, premise) = always(model, none, state.spec.value.above(0));
            property(model, intent, Some(group), headline, claim, premise)
        };
        distinct(model, targets(model, Some(target))).into_iter().map(make).collect()
    }
}
