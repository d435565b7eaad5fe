//! `noOvershoot`: desired replicas never rise and then fall with no event in between. Nodes that stop, come back or
//! are put back count as events too, also where that spends no budget.

use super::{IntentModel, Weight, is_judged, monitor, property, targets, watched};
use crate::cluster::{Cluster, Intent, IntentKind};
use crate::events::Course;
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::state::Model;
use crate::system::{Claim, Property};
use crate::term::{Bool, Int, any, primed};

/// See the module.
pub struct NoOvershoot;

impl IntentModel for NoOvershoot {
    fn names(&self) -> &'static [&'static str] {
        &["noOvershoot"]
    }

    fn summary(&self) -> &'static str {
        "desired replicas do not rise and then fall without an event in between"
    }

    fn explanation(&self) -> Explanation {
        Explanation {
            meaning: "An autoscaler must not ask for replicas that it takes back by itself. Load that looks high only while pods start makes it scale out too far, and then in again.",
            formal: "No run in which spec.replicas of the target rises and later falls with no event in between; nodes that stop, come back or are put back count as events.",
            failing: "case c1/broken",
            passing: "case c1/fixed",
            upstream: "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Limit
    }

    fn needs(&self, _: &Cluster, _: &Intent, _: &Needs) -> Needs {
        Needs::default()
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        let IntentKind::NoOvershoot { target } = &intent.kind else { return vec![] };
        let groups = targets(model, Some(target));
        let make = |group: usize| {
            let spec = model.groups[group].spec;
            let next: Int = primed(spec.id);
            let event = is_event(model) | !is_judged(model);
            let subject = |word| watched(model, intent, word, Some(group));
            let (rose, overshot) = (subject("rose"), subject("overshot"));
            let rose = monitor(model, rose, |rose| !event & (rose | next.above(spec.value)));
            let fell = monitor(model, overshot, |overshot| overshot | (!event & rose & next.below(spec.value)));
            let headline =
                format!("replicas of {} rise and fall again although nothing happened", model.groups[group].object);
            let scaled = model.cluster.hpas.iter().any(|hpa| hpa.target == model.workload(group).reference);
            property(
                model,
                intent,
                Some(group),
                headline,
                Claim::Invariant(!fell),
                is_judged(model) & Bool::from(scaled),
            )
        };
        groups.into_iter().map(make).collect()
    }
}

/// Whether the step is an external one: it spends a budget, or a node stops, comes back, is cordoned or put back.
fn is_event(model: &Model) -> Bool {
    let spent = model.sides::<Course>().map(|(_, course)| primed::<Int>(course.left.id).below(course.left.value));
    let flags = model.slots.iter().flat_map(|slot| [slot.alive, slot.cordoned]).flatten();
    let flipped = flags.map(|flag| !primed::<Bool>(flag.id).iff(flag.value));
    any(spent.chain(flipped).collect::<Vec<_>>())
}
