//! `boundedPods`: the pod objects that a workload owns, failed ones included, stay few.

use super::{IntentModel, Weight, always, called, property, targets};
use crate::cluster::{Cluster, Intent, IntentKind};
use crate::controllers::Beyond;
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::scene::Numbers;
use crate::state::{Model, number, text, value};
use crate::system::Property;
use crate::term::{Int, sum};

/// See the module.
pub struct BoundedPods;

impl IntentModel for BoundedPods {
    fn names(&self) -> &'static [&'static str] {
        &["boundedPods"]
    }

    fn summary(&self) -> &'static str {
        "pod objects, failed ones included, stay few"
    }

    fn explanation(&self) -> Explanation {
        Explanation {
            meaning: "Pod objects do not pile up: failed and evicted ones are counted too, because they fill the API server even when they no longer run.",
            formal: "Always, the pods that the target owns, failed and terminating ones included, are at most `max` (by default twice spec.replicas; of a CronJob, whose Jobs count together, twice spec.parallelism).",
            failing: "nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"4\", memory: 8Gi}}}]\nintents: [{boundedPods: {target: web, max: 1}}]",
            passing: "nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"4\", memory: 8Gi}}}]\nintents: [{boundedPods: {target: web, max: 2}}]",
            upstream: "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Limit
    }

    fn needs(&self, _: &Cluster, _: &Intent, _: &Needs) -> Needs {
        Needs::default()
    }

    fn prepare(&self, model: &mut Model, intent: &Intent) {
        for group in groups(model, intent) {
            // Failed pods are never cleaned up by these models, so their count saturates just above the largest limit.
            let alike = model.cluster.intents.iter().filter(|other| groups(model, other).contains(&group));
            let most = alike.map(|other| limit(model, other, group).range().hi + 1).max().unwrap_or(1);
            for revision in model.revisions(group).collect::<Vec<_>>() {
                model.declare_failed(revision, most.max(1));
            }
        }
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        if let Some(all) = of_cron_job(model, intent) {
            return vec![all];
        }
        let make = |group: usize| {
            let state = &model.groups[group];
            let few = objects(model, group).at_most(limit(model, intent, group));
            let (claim, premise) = always(model, few, state.spec.value.above(0));
            let headline = format!("pod objects of {} pile up", state.object);
            property(model, intent, Some(group), headline, claim, premise)
        };
        groups(model, intent).into_iter().map(make).collect()
    }

    fn numbers(&self, model: &Model, intent: &Intent) -> Vec<Numbers> {
        let numbers = |groups: &[usize]| {
            let object = called(model, groups[0]);
            let says = vec![
                text(format!("pod objects of {object}: ")),
                value(sum(groups.iter().map(|&group| objects(model, group)).collect::<Vec<_>>())),
                text(", at most "),
                value(limit(model, intent, groups[0])),
            ];
            Numbers::new(intent, Some(object), says)
        };
        // The Jobs of a CronJob count together.
        let groups = groups(model, intent);
        groups.chunk_by(|&one, &other| called(model, one) == called(model, other)).map(numbers).collect()
    }
}

/// The pod objects of a workload.
fn objects(model: &Model, group: usize) -> Int {
    let failed = model.revisions(group).filter_map(|one| model.groups[one].failed);
    model.active(group) + model.terminating(group) + sum(failed.map(|failed| failed.value))
}

/// The pods of all Jobs of a CronJob together, which also pile up if there are more Jobs than are modelled.
fn of_cron_job(model: &Model, intent: &Intent) -> Option<Property> {
    let IntentKind::BoundedPods { target, .. } = &intent.kind else { return None };
    let index = model.cluster.cron_jobs.iter().position(|one| one.reference == *target)?;
    let jobs = groups(model, intent);
    let first = *jobs.first()?;
    let pods = sum(jobs.iter().map(|&job| objects(model, job)));
    let few = !model.side::<Beyond>(index).map_or(false.into(), |beyond| beyond.0.value);
    let few = few & pods.at_most(limit(model, intent, first));
    let (claim, premise) = always(model, few, model.groups[first].spec.value.above(0));
    let headline = format!("pod objects of {target} pile up");
    let object = Some(model.ids.cron_jobs[index]);
    Some(Property {
        object,
        target: Some(target.to_string()),
        ..property(model, intent, None, headline, claim, premise)
    })
}

fn groups(model: &Model, intent: &Intent) -> Vec<usize> {
    match &intent.kind {
        IntentKind::BoundedPods { target, .. } => targets(model, Some(target)),
        _ => vec![],
    }
}

/// The limit: the user's, or twice the wanted replicas.
fn limit(model: &Model, intent: &Intent, group: usize) -> Int {
    match &intent.kind {
        IntentKind::BoundedPods { max: Some(max), .. } => number(model, max, Some(group)),
        _ => model.groups[group].spec.value * 2,
    }
}
