//! The node lifecycle controller: notices nodes that stopped and taints them (sections 6.1 and 6.2).
//!
//! ## One step
//! One node: found not ready (condition taint NoSchedule, its pods no longer Ready), the NoExecute taint added or
//! removed, or found ready again. The grace period of 40 or 50 s is part of the failure's instant: nothing is
//! decided during it that is not also decided just before or after.
//!
//! ## Zones (section 6.2)
//! No NoExecute taint where more than two nodes and at least 55 % of a zone of at most 50 nodes are not ready; none
//! at all, and existing ones removed, while every zone has no ready node. Nodes with the label
//! `node.kubernetes.io/exclude-disruption` do not count. What becomes of a zone in which no node counts depends on the
//! order of a map in the real code; here it is held back while all others have no ready node, and never by itself.

use super::Controller;
use crate::cluster::{Cluster, Labels, Taint, TaintEffect, Workload};
use crate::footprint::{CONTROLLER_MANAGER, Footprint};
use crate::needs::Needs;
use crate::state::{Model, RuleBuilder, Slot, UNREACHABLE, text};
use crate::subject::Subject;
use crate::system::{Pace, Verb};
use crate::term::{Bool, Int, all, any, count};

/// Zones of more nodes than this are drained slowly instead of not at all.
const LARGE_ZONE: i64 = 50;

/// Nodes with this label are not counted.
const UNCOUNTED: &str = "node.kubernetes.io/exclude-disruption";

/// See the module.
pub struct NodeLifecycle;

impl Controller for NodeLifecycle {
    fn name(&self) -> &'static str {
        "node-controller"
    }

    fn summary(&self) -> &'static str {
        "marks and taints nodes whose kubelet stopped"
    }

    fn needs(&self, cluster: &Cluster, others: &Needs) -> Needs {
        let taint = Taint::of(UNREACHABLE, TaintEffect::NoSchedule);
        let mut templates = cluster.workloads.iter().flat_map(Workload::templates);
        // Pods that tolerate the taint are bound to a node that has stopped, and not admitted there.
        let tolerated = templates.any(|one| one.tolerations.iter().any(|toleration| toleration.tolerates(&taint)));
        Needs { sees_admission: others.nodes_stop && tolerated, ..Needs::default() }
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: CONTROLLER_MANAGER,
            watches: &["Node", "Pod", "Lease", "DaemonSet"],
            reads_live: &[],
            forgets: &["when each node was last heard of"],
        }
    }

    fn add_rules(&self, model: &mut Model) {
        if !model.needs.nodes_stop {
            return;
        }
        let zones: Vec<Labels> = model.slots.iter().map(|slot| zone(&slot.labels)).collect();
        let mut names = zones.clone();
        names.sort();
        names.dedup();
        let counts: Vec<(Int, Int)> = names.iter().map(|name| census(model, &zones, name)).collect();
        let mut everywhere = all(counts.iter().map(|&(not_ready, present)| not_ready.is(present) | present.is(0)));
        if model.slots.iter().any(|slot| slot.labels.contains_key(UNCOUNTED)) {
            everywhere = everywhere & any(counts.iter().map(|(_, present)| present.above(0)));
        }
        for slot in 0..model.slots.len() {
            let (not_ready, present) = census(model, &zones, &zones[slot]);
            let partial = not_ready.above(2) & (not_ready * 100).at_least(present * 55) & not_ready.below(present);
            let may_taint = !everywhere & (!partial | present.above(LARGE_ZONE));
            self.watch(model, slot, may_taint, everywhere);
        }
    }
}

/// The region and zone labels.
fn zone(labels: &Labels) -> Labels {
    let keys = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"];
    keys.iter().filter_map(|&key| labels.get(key).map(|value| (key.to_owned(), value.clone()))).collect()
}

/// Not ready and present nodes of a zone that count.
fn census(model: &Model, zones: &[Labels], zone: &Labels) -> (Int, Int) {
    let counted = |slot: &&Slot| !slot.labels.contains_key(UNCOUNTED);
    let members =
        || model.slots.iter().zip(zones).filter(|&(_, own)| own == zone).map(|(slot, _)| slot).filter(counted);
    let not_ready = count(members().filter_map(|slot| slot.not_ready.map(|flag| slot.present & flag.value)));
    (not_ready, count(members().map(|slot| slot.present)))
}

impl NodeLifecycle {
    fn watch(&self, model: &mut Model, slot: usize, may_taint: Bool, everywhere: Bool) {
        let there = &model.slots[slot];
        let (Some(alive), Some(not_ready), Some(no_execute)) = (there.alive, there.not_ready, there.no_execute) else {
            return;
        };
        let (name, present) = (there.name.clone(), there.present);
        let unit = model.fairness_unit(Subject::new("node-controller").on(slot));
        let rule = |verb: &'static str, reason: &'static str, what: &str| {
            RuleBuilder::new(Subject::new(verb).on(slot), "node-controller", reason, Pace::Fast)
                .when(present)
                .fair(unit)
                .says([text(format!("{name} {what}"))])
        };
        let rules = [
            rule("not-ready", "NodeNotReady", "is not ready")
                .when(!alive.value & !not_ready.value)
                .writes_node(Verb::Status, slot)
                .set_bool(not_ready, true),
            rule("taint", "TaintAdded", "gets the NoExecute taint unreachable")
                .when(!alive.value & not_ready.value & !no_execute.value & may_taint)
                .writes_node(Verb::Patch, slot)
                .set_bool(no_execute, true),
            rule("untaint", "TaintRemoved", "loses the NoExecute taint: no zone has a ready node")
                .when(!alive.value & no_execute.value & everywhere)
                .writes_node(Verb::Patch, slot)
                .set_bool(no_execute, false),
            rule("ready", "NodeReady", "is ready again")
                .when(alive.value & not_ready.value)
                .writes_node(Verb::Status, slot)
                .set_bool(not_ready, false)
                .writes_node(Verb::Patch, slot)
                .set_bool(no_execute, false),
        ];
        for rule in rules {
            model.add_rule(rule);
        }
    }
}
