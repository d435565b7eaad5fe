//! `kernelPanic`: an assumption on the environment, off unless the scenario names it. A node whose free CPU falls below a share of
//! its allocatable stops, and comes back once it is above again. Kubernetes itself does no such thing (section 10):
//! CPU that is used up throttles.
//!
//! Pods use CPU while they run or start; deleted ones on a stopped node do not. Stopping and coming back are fair and
//! fast: they are consequences, not choices, and have no budget.

use super::Controller;
use crate::cluster::node::CPU;
use crate::cluster::workload::Usage;
use crate::cluster::{Cluster, ScenarioController, ScenarioControllerKind};
use crate::footprint::Footprint;
use crate::needs::Needs;
use crate::state::{Model, RuleBuilder, text, words};
use crate::subject::Subject;
use crate::system::Pace;
use crate::term::{Int, sum};

/// See the module.
pub struct KernelPanic;

impl Controller for KernelPanic {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn summary(&self) -> &'static str {
        "stops nodes without free CPU, where the scenario names kernelPanic (an assumption on the environment)"
    }

    fn needs(&self, cluster: &Cluster, _: &Needs) -> Needs {
        let panics = |one: &ScenarioController| matches!(one.kind, ScenarioControllerKind::KernelPanic { .. });
        let panics = cluster.scenario_controllers.iter().any(panics);
        // Nodes stop as fast as pods are bound.
        Needs { nodes_stop: panics, sees_admission: panics, ..Needs::default() }
    }

    fn footprint(&self) -> Footprint {
        Footprint { runs_in: "node", watches: &[], reads_live: &["the CPU that its pods use"], forgets: &[] }
    }

    fn add_rules(&self, model: &mut Model) {
        for (number, one) in model.cluster.scenario_controllers.iter().enumerate() {
            self.panic(model, number, one);
        }
    }
}

impl KernelPanic {
    fn panic(&self, model: &mut Model, number: usize, own: &ScenarioController) {
        let ScenarioControllerKind::KernelPanic { cpu_left_below } = &own.kind else { return };
        let id = model.ids.scenario_controllers[number];
        for slot in 0..model.slots.len() {
            let there = &model.slots[slot];
            let alive = there.runs();
            let (name, present) = (there.name.clone(), there.present);
            let unit = model.units.get(CPU).copied().unwrap_or(1);
            let capacity = there.allocatable.get(CPU).map_or(0.into(), |&amount| amount * unit);
            let used = used_cpu(model, slot);
            // free < share of capacity, in percent
            let exhausted = (used * 100).above(capacity * (100 - cpu_left_below));
            let fairness = model.fairness_unit(Subject::new("kernel").on(slot));
            let rule = |verb: &'static str, reason: &'static str, what: &str| {
                RuleBuilder::new(Subject::new(verb).of(id).on(slot), "node", reason, Pace::Fast)
                    .when(present)
                    .fair(fairness)
                    .says([text(format!("{name} {what}"))])
                    .because_of(own.origin.clone())
            };
            let rules = [
                rule(words::PANIC, "KernelPanic", "has no free CPU left and stops")
                    .when(alive.value & exhausted)
                    .happens()
                    .set_bool(alive, false),
                rule(words::RECOVER, "Starting", "has free CPU and comes back")
                    .when(!alive.value & !exhausted)
                    .happens()
                    .set_bool(alive, true),
            ];
            for rule in rules {
                model.add_rule(rule);
            }
        }
    }
}

/// CPU used by the pods on a slot, milli-cores.
fn used_cpu(model: &Model, slot: usize) -> Int {
    sum((0..model.groups.len()).map(|group| {
        let state = &model.groups[group];
        let usage = model.uses(group).cpu * model.uses(group).cpu_unit;
        let each = match model.workload(group).cpu_usage {
            Usage::Shared(_) => usage / model.ready(group),
            _ => usage,
        };
        let startup = model.startup(group).map_or(0, |startup| startup.cpu);
        state.running_on(slot) * each + state.starting_on(slot) * startup
    }))
}
