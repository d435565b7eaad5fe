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
use crate::scene::Wait;
use crate::state::{BoolVar, Model, RuleBuilder, Slot, UNREACHABLE, text};
use crate::subject::Subject;
use crate::system::{Pace, Role, Verb};
use crate::term::{Bool, Int, all, any, count};

/// Zones of more nodes than this are drained slowly instead of not at all.
const LARGE_ZONE: i64 = 50;

/// Nodes with this label are not counted.
const UNCOUNTED: &str = "node.kubernetes.io/exclude-disruption";

/// See the module.
pub struct NodeLifecycle;

/// Pods of a node whose conditions are told apart from that of the node, and whether they are still to be marked
/// (`nodesToRetry`).
struct ToMark {
    pods: BoolVar,
    to_mark: BoolVar,
}

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
            forgets: &["when each node was last heard of", "nodes whose pods are still to be marked"],
        }
    }

    fn waits(&self, model: &mut Model) -> Vec<Wait> {
        let mut waits = Vec::new();
        for (slot, ToMark { pods, to_mark }) in model.sides::<ToMark>() {
            let there = &model.slots[slot];
            let forgotten = !there.is_ready() & there.present & !pods.value & !to_mark.value;
            for state in &model.groups {
                let told = format!("{} is not ready, and its pods are still marked as ready", there.name);
                let wait = Wait::new(self.name(), "PodsNotMarked", forgotten & state.active_on(slot).above(0));
                waits.push(wait.about(state.id).says([text(told)]));
            }
        }
        waits
    }

    fn prepare(&self, model: &mut Model) {
        for slot in (0..model.slots.len()).filter(|&slot| model.tells_pods_apart(slot)).collect::<Vec<_>>() {
            let Some(pods) = model.slots[slot].pods_not_ready else { continue };
            let to_mark = model.bool_var(Subject::new("pods to mark").on(slot), Role::Clock, false.into());
            model.forgets_flag(self.name(), to_mark, false);
            model.remember(slot, ToMark { pods, to_mark });
        }
    }

    fn add_rules(&self, model: &mut Model) {
        if !model.needs.nodes_stop {
            return;
        }
        let zones: Vec<Labels> = model.slots.iter().map(|slot| zone(slot.labels.initial())).collect();
        let mut names = zones.clone();
        names.sort();
        names.dedup();
        let counts: Vec<(Int, Int)> = names.iter().map(|name| census(model, &zones, name)).collect();
        let mut everywhere = all(counts.iter().map(|&(not_ready, present)| not_ready.is(present) | present.is(0)));
        if model.slots.iter().any(|slot| slot.labels.initial().contains_key(UNCOUNTED)) {
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
    let counted = |slot: &&Slot| !slot.labels.initial().contains_key(UNCOUNTED);
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
        let back = rule("ready", "NodeReady", "is ready again")
            .when(alive.value & not_ready.value)
            .writes_node(Verb::Status, slot)
            .set_bool(not_ready, false)
            .writes_node(Verb::Patch, slot)
            .set_bool(no_execute, false);
        let back = match model.side::<ToMark>(slot) {
            Some(ToMark { pods, to_mark }) => back.set_bool(*pods, false).remembers().set_bool(*to_mark, false),
            None => back,
        };
        let rules = [
            self.notice(model, slot, rule("not-ready", "NodeNotReady", "is not ready")),
            rule("taint", "TaintAdded", "gets the NoExecute taint unreachable")
                .when(!alive.value & not_ready.value & !no_execute.value & may_taint)
                .writes_node(Verb::Patch, slot)
                .set_bool(no_execute, true),
            rule("untaint", "TaintRemoved", "loses the NoExecute taint: no zone has a ready node")
                .when(!alive.value & no_execute.value & everywhere)
                .writes_node(Verb::Patch, slot)
                .set_bool(no_execute, false),
            back,
        ];
        for rule in rules {
            model.add_rule(rule);
        }
        self.mark_again(model, slot, rule("mark-pods", "NodeNotReady", "is not ready: its pods are marked, too"));
    }

    /// The condition of the node is written, then those of its pods (`monitorNodeHealth`, `MarkPodsNotReady`). That the second
    /// failed is kept in memory only: after a restart the condition no longer changes, and nobody marks the pods.
    fn notice(&self, model: &Model, slot: usize, rule: RuleBuilder) -> RuleBuilder {
        let there = &model.slots[slot];
        let (Some(alive), Some(not_ready)) = (there.alive, there.not_ready) else { return rule };
        let rule = rule.when(!alive.value & !not_ready.value);
        match model.side::<ToMark>(slot) {
            None => rule.writes_node(Verb::Status, slot).set_bool(not_ready, true),
            Some(ToMark { pods, to_mark }) => rule
                .remembers()
                .set_bool(*to_mark, true)
                .stage(1)
                .writes_node(Verb::Status, slot)
                .set_bool(not_ready, true)
                .stage(2)
                .writes_node(Verb::Status, slot)
                .set_bool(*pods, true)
                .remembers()
                .set_bool(*to_mark, false),
        }
    }

    /// Pods are marked that should have been.
    fn mark_again(&self, model: &mut Model, slot: usize, rule: RuleBuilder) {
        let Some(not_ready) = model.slots[slot].not_ready else { return };
        let Some(ToMark { pods, to_mark }) = model.side::<ToMark>(slot) else { return };
        let rule = rule
            .when(not_ready.value & to_mark.value)
            .writes_node(Verb::Status, slot)
            .set_bool(*pods, true)
            .remembers()
            .set_bool(*to_mark, false);
        model.add_rule(rule);
    }
}
