//! `rolloutCompletes`: after a change of the template every fair run comes to a state in which the Deployment is
//! complete (`DeploymentComplete`, otherwise `kubectl rollout status`): `spec.replicas` pods of the new revision, all available, and no others. Violated by
//! a run in which the template changed and from some point on the Deployment never was complete.

use super::{IntentModel, Weight, monitor, property, targets, watched};
use crate::cluster::{Cluster, Intent, IntentKind};
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::state::Model;
use crate::system::{Claim, Property};
use crate::term::{Bool, Int, all, any, ite, primed, sum};

/// See the module.
pub struct RolloutCompletes;

impl IntentModel for RolloutCompletes {
    fn names(&self) -> &'static [&'static str] {
        &["rolloutCompletes"]
    }

    fn summary(&self) -> &'static str {
        "after a change of the template all pods are eventually on the new revision"
    }

    fn explanation(&self) -> Explanation {
        Explanation {
            meaning: "A change of the pod template reaches all pods. A rollout that may not take an old pod away before a new one is ready (maxUnavailable 0, which 25% of few replicas is) needs room for one more pod than usual; without it, it stands still.",
            formal: "In every fair run, after each change of the template of the target there is a state in which spec.replicas pods of the new revision exist, all available, and no others (of a DaemonSet: an available one on each node that admits it); or the template changes again.",
            failing: "nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\nevents: [{rollout: {target: web}}]\nintents: [{rolloutCompletes: {target: web}}]",
            passing: "nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"3\", memory: 8Gi}}}]\nevents: [{rollout: {target: web}}]\nintents: [{rolloutCompletes: {target: web}}]",
            upstream: "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#failed-deployment",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Promise
    }

    fn needs(&self, _: &Cluster, _: &Intent, _: &Needs) -> Needs {
        Needs::default()
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        let IntentKind::RolloutCompletes { target } = &intent.kind else { return vec![] };
        let groups = targets(model, Some(target));
        let mut make = |group: usize| {
            let object = model.groups[group].object.clone();
            let headline = format!("a rollout of {object} never completes");
            let Some(wanted) = model.revision_wanted(group) else {
                // Nothing ever changes the template.
                let claim = Claim::Invariant(true.into());
                return property(model, intent, Some(group), headline, claim, false.into());
            };
            let complete = is_complete(model, group, wanted.value);
            let changes = primed::<Int>(wanted.id).is_not(wanted.value);
            // Lags by a step, which the condition itself makes good.
            let subject = watched(model, intent, "begun", Some(group));
            let begun = monitor(model, subject, |begun| changes | (begun & !complete));
            let open = begun & !complete;
            let claim = Claim::NoFairLoop { within: open, keep: true.into(), progress: true.into(), stay: true.into() };
            property(model, intent, Some(group), headline, claim, begun)
        };
        groups.into_iter().map(&mut make).collect()
    }
}

/// Whether all wanted pods are there, of the wanted revision and available. Of a StatefulSet the ordinals below
/// `partition` may be of another revision; a DaemonSet wants one on each node that admits it.
fn is_complete(model: &Model, group: usize, wanted: Int) -> Bool {
    let spec = model.groups[group].spec.value;
    if let Some(ordinals) = model.workload(group).ordinals() {
        let available = |one: usize| sum(model.groups[one].slots().map(|slot| model.available_on(one, slot)));
        let updated = model.revisions(group).map(|one| {
            let is_new = wanted.is(model.groups[one].revision as i64);
            ite(is_new, available(one), 0)
        });
        let updated = sum(updated).at_least(spec.monus(ordinals.partition));
        return all([updated, model.active(group).is(spec), sum(model.revisions(group).map(available)).is(spec)]);
    }
    if model.workload(group).is_daemon() {
        return all(model.groups[group].slots().map(|slot| {
            let there =
                |new: usize| wanted.is(model.groups[new].revision as i64) & model.available_on(new, slot).above(0);
            !model.wants_daemon_on(group, slot) | any(model.revisions(group).map(there))
        }));
    }
    any(model.revisions(group).map(|new| {
        let available = sum(model.groups[new].slots().map(|slot| model.available_on(new, slot)));
        let is_new = wanted.is(model.groups[new].revision as i64);
        all([is_new, model.groups[new].active().is(spec), available.is(spec), model.active(group).is(spec)])
    }))
}
