//! The DaemonSet controller: one pod for each node that its template admits (section 8.4).
//!
//! ## One step
//! A pod for a node without one, terminating ones included, is created and bound. The real controller creates it at once
//! for every node whose taints and labels admit it, and the scheduler binds it when the rest (room, ports, affinity
//! between pods) does; the time between, in which the pod is Pending, is left out here: nothing but the count of
//! pending pods could tell. In which order pods of DaemonSets and of others get room is free.
//!
//! ## Elsewhere
//! The reader adds the tolerations that the controller adds, so that cordons and failures of nodes do not matter to its
//! pods. Drains and maintenance leave them alone, the descheduler does unless `evictDaemonSetPods`.
//!
//! ## Not modelled
//! Updates of the template, and preemption by its pods (reported by the reader).

use super::{Controller, replica_set, scheduler};
use crate::state::{Model, RuleBuilder, text};
use crate::system::Pace;

/// See the module.
pub struct DaemonSet;

impl Controller for DaemonSet {
    fn name(&self) -> &'static str {
        "daemonset-controller"
    }

    fn summary(&self) -> &'static str {
        "creates a pod of a DaemonSet on each node that admits it"
    }

    fn add_rules(&self, model: &mut Model) {
        for group in 0..model.groups.len() {
            if model.workload(group).is_daemon() {
                self.add_group(model, group);
            }
        }
    }
}

impl DaemonSet {
    fn add_group(&self, model: &mut Model, group: usize) {
        let feasible = scheduler::feasible(model, group);
        let may_create = replica_set::may_create(model, group);
        for (slot, feasible) in feasible.into_iter().enumerate() {
            let object = model.groups[group].object.clone();
            let unit = model.slot_fairness(&format!("{} {object}", self.name()), slot);
            let state = &model.groups[group];
            let place = format!("{}/{}", state.name, model.slots[slot].name);
            let rule = |verb: &str| {
                RuleBuilder::new(format!("{}/{verb}/{place}", self.name()), self.name(), "SuccessfulCreate", Pace::Fast)
                    .when(feasible & may_create)
                    .when(state.assigned_on(slot).is(0))
                    .fair(unit)
                    .for_slot(model, slot)
                    .says([text(format!("a pod of {} on {}", state.name, model.slots[slot].name))])
                    .because_of(model.origin(group, "spec.template.spec"))
            };
            let rule = match &state.bound {
                Some(bound) => rule("create").add(bound[slot], 1),
                None => {
                    let expansion = [format!("{}/create/{place}", self.name()), format!("kubelet/start/{place}")];
                    let alive = model.slots[slot].is_alive();
                    rule("create-and-start").when(alive).add(state.first_running_phase(slot), 1).expands_to(expansion)
                }
            };
            model.add_rule(rule);
        }
    }
}
