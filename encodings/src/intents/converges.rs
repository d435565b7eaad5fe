//! `converges`: in every fair run in which `spec.replicas` and the template stop changing, the workload is eventually always as
//! desired: that many active pods, all running and ready, nothing terminating. What a node that stopped still shows does
//! not count: its terminating pods stay until it comes back, and others have taken their place. A Job is as desired when it is complete; one
//! of a CronJob has to be so again and again.

use super::{IntentModel, Weight, called, distinct, property, targets};
use crate::cluster::{Cluster, Intent, IntentKind};
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::state::{IntVar, Model};
use crate::system::{Claim, Property};
use crate::term::{Int, all, primed};

/// See the module.
pub struct Converges;

impl IntentModel for Converges {
    fn names(&self) -> &'static [&'static str] {
        &["converges"]
    }

    fn summary(&self) -> &'static str {
        "once spec.replicas stops changing, all pods are eventually ready"
    }

    fn explanation(&self) -> Explanation {
        Explanation {
            meaning: "Once nobody changes the wanted number of replicas any more, the workload gets there: all pods run and are ready, and nothing is being deleted. A Job gets there when it is complete; one that a CronJob starts again and again completes again and again.",
            formal: "In every fair run in which spec.replicas of the target stops changing, from some point on always: active pods = spec.replicas, all of them ready, none terminating on a node that is ready; or, of a Job, spec.completions pods have succeeded. Of a Job of a CronJob: in no fair run from some point on always fewer.",
            failing: "nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"1\", memory: 8Gi}}}]\nintents: [{converges: {target: web}}]",
            passing: "nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\nintents: [{converges: {target: web}}]",
            upstream: "https://kubernetes.io/docs/concepts/architecture/controller/",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Goal
    }

    fn needs(&self, _: &Cluster, _: &Intent, _: &Needs) -> Needs {
        Needs::default()
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        let IntentKind::Converges { target } = &intent.kind else { return vec![] };
        let make = |group: usize| {
            let state = &model.groups[group];
            let spec = state.spec;
            let exists = state.exists.map_or(true.into(), |exists| exists.value);
            let unchanged = |var: IntVar| primed::<Int>(var.id).is(var.value);
            let terminating = model.terminating_on_ready_nodes(group);
            let good = model.is_complete(group).unwrap_or_else(|| {
                let replicas = all([model.active(group).is(spec.value), model.ready(group).is(spec.value)]);
                !exists | (replicas & terminating.is(0))
            });
            let keep = unchanged(spec) & model.revision_wanted(group).map_or(true.into(), unchanged);
            let recurs = model.cluster.cron_job_of(&model.workload(group).reference).is_some();
            let claim = if recurs {
                Claim::NoFairLoop { within: !good, keep, progress: true.into(), stay: true.into() }
            } else {
                Claim::NoFairLoop { within: true.into(), keep, progress: !good, stay: !good }
            };
            let object = called(model, group);
            let headline = match model.job_state(group) {
                Some(_) if recurs => format!("{object} never completes"),
                Some(_) => format!("{object} does not complete"),
                None => format!("{object} does not come to spec.replicas ready pods"),
            };
            property(model, intent, Some(group), headline, claim, spec.value.above(0))
        };
        // Nobody replaces a bare pod, unless it is asked for by name.
        let is_meant = |&group: &usize| target.is_some() || !model.workload(group).is_bare();
        let groups: Vec<usize> = targets(model, target.as_ref()).into_iter().filter(is_meant).collect();
        distinct(model, groups).into_iter().map(make).collect()
    }
}
