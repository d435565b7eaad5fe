//! `noNodePanicLoop`: no fair loop in which nodes stop and come back (with the `kernelPanic` assumption).

use super::{IntentModel, Weight, property};
use crate::cluster::{Cluster, Intent, IntentKind, ScenarioControllerKind};
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::state::Model;
use crate::system::{Claim, Property};
use crate::term::{Bool, any, primed};

/// See the module.
pub struct NoNodePanicLoop;

impl IntentModel for NoNodePanicLoop {
    fn names(&self) -> &'static [&'static str] {
        &["noNodePanicLoop"]
    }

    fn summary(&self) -> &'static str {
        "nodes do not stop and come back forever"
    }

    fn explanation(&self) -> Explanation {
        Explanation {
            meaning: "Nodes must not stop and come back forever: pods that starve a node until it stops are moved to the next one, and stop that too.",
            formal: "No fair loop in which nodes stop and become ready again, under `kernelPanic` among the controllers of the scenario.",
            failing: "case c4/broken",
            passing: "case c4/fixed",
            upstream: "https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Limit
    }

    fn needs(&self, _: &Cluster, _: &Intent, _: &Needs) -> Needs {
        Needs::default()
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        if intent.kind != IntentKind::NoNodePanicLoop {
            return vec![];
        }
        let stops =
            any(model.slots.iter().filter_map(|slot| slot.alive).map(|alive| alive.value & !primed::<Bool>(alive.id)));
        let claim = Claim::NoFairLoop { within: true.into(), keep: true.into(), progress: stops, stay: false.into() };
        let assumed = model
            .cluster
            .scenario_controllers
            .iter()
            .any(|one| matches!(one.kind, ScenarioControllerKind::KernelPanic { .. }));
        let headline = "nodes stop and come back forever".to_owned();
        vec![property(model, intent, None, headline, claim, assumed.into())]
    }
}
