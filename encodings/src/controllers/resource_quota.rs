//! The ResourceQuota controller, as far as it decides anything: a pod that was deleted on a node that stopped counts until its
//! deletion and grace period are over (`QuotaV1Pod`) and the quota is computed again, when something is given back to it or
//! after the resync of five minutes. Until then its replacement is refused.
//!
//! ## One step
//! All quotas leave out the pods that are terminating on one node. It may come at any quiescent instant after the
//! deletion. Pods that are deleted there later are left out at once.

use super::Controller;
use crate::cluster::Cluster;
use crate::footprint::{CONTROLLER_MANAGER, Footprint};
use crate::needs::Needs;
use crate::state::{Model, RuleBuilder, text};
use crate::subject::Subject;
use crate::system::Pace;
use crate::term::sum;

/// See the module.
pub struct ResourceQuota;

impl Controller for ResourceQuota {
    fn name(&self) -> &'static str {
        "resourcequota-controller"
    }

    fn summary(&self) -> &'static str {
        "leaves pods out that are terminating on a node that stopped, some time after"
    }

    fn needs(&self, _: &Cluster, _: &Needs) -> Needs {
        Needs::default()
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: CONTROLLER_MANAGER,
            watches: &["ResourceQuota", "Pod"],
            reads_live: &[],
            forgets: &["when it computed each quota last"],
        }
    }

    fn add_rules(&self, model: &mut Model) {
        for slot in 0..model.slots.len() {
            let there = &model.slots[slot];
            let Some(left_out) = there.left_out_of_quotas else { continue };
            let (alive, name) = (there.is_alive(), there.name.clone());
            let terminating = model.groups.iter().filter_map(|state| state.terminating.get(slot));
            let terminating = sum(terminating.map(|count| count.value).collect::<Vec<_>>());
            let unit = model.fairness_unit(Subject::new("resourcequota-controller").on(slot));
            let rule = |verb: &'static str, pace: Pace| {
                RuleBuilder::new(Subject::new(verb).on(slot), self.name(), "Recalculated", pace).fair(unit)
            };
            let rules = [
                rule("leave-out", Pace::Clock)
                    .when(!alive & !left_out.value & terminating.above(0))
                    .remembers()
                    .says([text(format!("quotas leave out what is terminating on {name}"))])
                    .set_bool(left_out, true),
                rule("count", Pace::Fast)
                    .when(alive & left_out.value)
                    .remembers()
                    .says([text(format!("quotas count what is terminating on {name} again"))])
                    .set_bool(left_out, false),
            ];
            for rule in rules {
                model.add_rule(rule);
            }
        }
    }
}
