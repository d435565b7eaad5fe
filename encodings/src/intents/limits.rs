//! `replicas` and `available`: ready pods stay within limits.
//!
//! `available` is about voluntary actions: it says nothing while some node is down, and the minimum has to be
//! reached anew afterwards.

use super::{IntentModel, Weight, bounded, called, is_judged, monitor, property, targets, watched};
use crate::cluster::expression::Expression;
use crate::cluster::{Cluster, Intent, IntentKind, When};
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::scene::Numbers;
use crate::state::{Model, number, text, value};
use crate::system::{Claim, Property};
use crate::term::{Bool, all};

/// See the module.
pub struct Replicas;

/// See the module.
pub struct Available;

impl IntentModel for Replicas {
    fn names(&self) -> &'static [&'static str] {
        &["replicas"]
    }

    fn summary(&self) -> &'static str {
        "ready pods on ready nodes stay within limits"
    }

    fn explanation(&self) -> Explanation {
        Explanation {
            meaning: "The number of ready pods on ready nodes stays within limits, which may be expressions such as `nodes.present`.",
            formal: "Always (or in settled states, or once it was so for the first time: `when`), min <= ready pods of the target on ready nodes <= max.",
            failing: "nodes: [{name: worker, count: 2, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\nevents: [{drain: {}}]\nintents: [{replicas: {target: web, min: 2, when: afterReached}}]",
            passing: "nodes: [{name: worker, count: 2, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\nintents: [{replicas: {target: web, min: 2, when: afterReached}}]",
            upstream: "https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Promise
    }

    fn needs(&self, _: &Cluster, intent: &Intent, others: &Needs) -> Needs {
        let IntentKind::Replicas { when, .. } = &intent.kind else { return Needs::default() };
        Needs { sees_admission: *when != When::Settled && others.takes_pods, ..Needs::default() }
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        let IntentKind::Replicas { target, min, max, when } = &intent.kind else { return vec![] };
        let groups = targets(model, Some(target));
        let make = |group: usize| {
            let ready = model.ready(group);
            let low = min.as_ref().map_or(true.into(), |min| ready.at_least(number(model, min, Some(group))));
            let high = max.as_ref().map_or(true.into(), |max| ready.at_most(number(model, max, Some(group))));
            let object = model.groups[group].object.clone();
            let (claim, premise) = bounded(model, intent, group, low & high, *when);
            let headline = format!("the number of ready pods of {object} leaves its limits");
            property(model, intent, Some(group), headline, claim, premise)
        };
        groups.into_iter().map(make).collect()
    }

    fn numbers(&self, model: &Model, intent: &Intent) -> Vec<Numbers> {
        let IntentKind::Replicas { target, min, max, .. } = &intent.kind else { return vec![] };
        let limits = (min.as_ref(), max.as_ref());
        targets(model, Some(target)).into_iter().map(|group| numbers(model, intent, group, limits)).collect()
    }
}

/// The ready pods of a workload beside their limits.
fn numbers(
    model: &Model,
    intent: &Intent,
    group: usize,
    (min, max): (Option<&Expression>, Option<&Expression>),
) -> Numbers {
    let object = called(model, group);
    let mut says = vec![text(format!("ready pods of {object}: ")), value(model.ready(group))];
    for (word, limit) in [("at least", min), ("at most", max)] {
        if let Some(limit) = limit {
            says.extend([text(format!(", {word} ")), value(number(model, limit, Some(group)))]);
        }
    }
    Numbers::new(intent, Some(object), says)
}

impl IntentModel for Available {
    fn names(&self) -> &'static [&'static str] {
        &["available"]
    }

    fn summary(&self) -> &'static str {
        "once reached, ready pods stay above a minimum through voluntary actions"
    }

    fn explanation(&self) -> Explanation {
        Explanation {
            meaning: "Enough pods stay ready while people and controllers take pods away on purpose: drains, evictions, scaling. Failures of nodes are not counted against it.",
            formal: "Once `min` pods of the target are ready, at least `min` stay ready; the intent says nothing while some node is down, and `min` has to be reached anew afterwards.",
            failing: "nodes: [{name: worker, count: 2, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\nevents: [{drain: {}}]\nintents: [{available: {target: web, min: 2}}]",
            passing: "nodes: [{name: worker, count: 2, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\nintents: [{available: {target: web, min: 2}}]",
            upstream: "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Promise
    }

    fn needs(&self, _: &Cluster, _: &Intent, others: &Needs) -> Needs {
        // Another pod may be taken while one that was bound has not started.
        Needs { sees_admission: others.takes_pods, ..Needs::default() }
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        let IntentKind::Available { target, min } = &intent.kind else { return vec![] };
        let groups = targets(model, Some(target));
        let make = |group: usize| {
            let enough = model.ready(group).at_least(number(model, min, Some(group)));
            let undisturbed: Bool =
                all(model.slots.iter().map(|slot| !slot.present | (slot.is_alive() & slot.is_ready())));
            let object = model.groups[group].object.clone();
            let counts = is_judged(model) & enough;
            let subject = watched(model, intent, "undisturbed", Some(group));
            let reached = monitor(model, subject, |reached| undisturbed & (reached | counts));
            let headline = format!("voluntary actions leave too few ready pods of {object}");
            let claim = Claim::Invariant(!(reached & undisturbed) | enough);
            property(model, intent, Some(group), headline, claim, reached | counts)
        };
        groups.into_iter().map(make).collect()
    }

    fn numbers(&self, model: &Model, intent: &Intent) -> Vec<Numbers> {
        let IntentKind::Available { target, min } = &intent.kind else { return vec![] };
        let limits = (Some(min), None);
        targets(model, Some(target)).into_iter().map(|group| numbers(model, intent, group, limits)).collect()
    }
}
