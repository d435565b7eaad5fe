//! `drainCompletes`: every drain that has begun ends: in no fair run a node is being drained forever.

use super::{IntentModel, Weight, property};
use crate::cluster::{Cluster, Intent, IntentKind};
use crate::events::Course;
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::state::Model;
use crate::system::{Claim, Property};
use crate::term::any;

/// See the module.
pub struct DrainCompletes;

impl IntentModel for DrainCompletes {
    fn names(&self) -> &'static [&'static str] {
        &["drainCompletes"]
    }

    fn summary(&self) -> &'static str {
        "every drain that has begun ends"
    }

    fn explanation(&self) -> Explanation {
        Explanation {
            meaning: "Every node that `kubectl drain` (or a maintenance) begins to empty is empty eventually. It is not where a PodDisruptionBudget allows no disruption and never will: one replica and minAvailable 1, pods that never become ready, two budgets for one pod; nor where the node has stopped, so that its pods stay Terminating.",
            formal: "In every fair run, after each beginning of a drain or maintenance of a node there is a state in which no pod is left on the node and kubectl is done.",
            failing: "nodes: [{name: worker, count: 2, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\nevents: [{nodeFailure: {recovers: false}}, {drain: {}}]\nintents: [drainCompletes]",
            passing: "nodes: [{name: worker, count: 2, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\nevents: [{drain: {}}]\nintents: [drainCompletes]",
            upstream: "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Promise
    }

    fn needs(&self, _: &Cluster, _: &Intent, _: &Needs) -> Needs {
        Needs::default()
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        let IntentKind::DrainCompletes = &intent.kind else { return vec![] };
        // Loops contain no events, and only an event begins a drain: what is being drained somewhere in a loop is so
        // in all of it.
        let open = any(model.sides::<Course>().flat_map(|(_, course)| &course.underway).map(|(_, flag)| flag.value));
        let claim = Claim::NoFairLoop { within: open, keep: true.into(), progress: true.into(), stay: true.into() };
        vec![property(model, intent, None, "a drain never ends".to_owned(), claim, open)]
    }
}
