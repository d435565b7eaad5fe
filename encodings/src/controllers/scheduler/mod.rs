//! kube-scheduler: binds one pending pod to a feasible node of the best score (section 1).
//!
//! ## One step
//! One scheduling cycle with its binding: filters, scores, any node of the maximal total (section 1.5: the real
//! scheduler picks one at random). A pod without a feasible node stays pending and is tried again whenever a node
//! becomes feasible, since the guard looks at the present state: the retry of section 1.6 without its delay.
//!
//! ## Queue
//! Pending pods of a higher priority that have a feasible node, or can preempt others, go first; among pods of equal
//! priority the order is free, an over-approximation of PrioritySort, whose ties are broken by time in the queue.
//!
//! A pod that could not be scheduled is in back-off for 1 to 10 s when something changes that may help it. Meanwhile the
//! queue of active pods is served without it (`activeQueue.unlockedPop`; from 1.33 on back-off ends early, but only
//! when that queue is empty), so that a pod of a lower priority overtakes it. Paced timing has no such delay. Under
//! interleaved timing any pod may be overtaken: which of them have failed before is not known (tagged).
//!
//! ## Scores
//! Exact, but for balanced allocation on nodes whose allocatable is a range (see `fit`). With such nodes and a
//! RequestedToCapacityRatio strategy, or more than two balanced resources, any feasible node is taken (tagged).
//!
//! ## Profiles
//! A pod is judged by the profile that its `schedulerName` names; without one it waits forever. Beyond 100 nodes only a
//! part of the feasible ones is scored (`percentageOfNodesToScore`): any is taken then (tagged).
//!
//! ## Admission at once
//! Under paced timing kubelets act at once: a pod starts in the step that binds it, by one rule. That is part of what such a
//! verdict claims. The two stay apart where it would make a difference to say so: where a filter is switched off or some
//! workload has a `nodeName` (its pods bypass the filters, so that a kubelet may refuse a pod), where nodes panic (they stop
//! as fast as pods are bound) or a stopped node is tolerated, where budgets decide or pods may preempt others, and where an
//! intent bounds the spread of ready pods in states that are not settled (it sees the order of starts).
//!
//! ## Pods of DaemonSets
//! Their controller makes each for one node, by a required affinity to its name: nothing is scored, and a pod that finds
//! no room there preempts others there or nowhere.
//!
//! ## Not modelled
//! Volumes that are not bound yet and limits of volumes a node (reported by the reader); image locality, which is taken as equal on all
//! nodes. Scheduling gates are never lifted.

mod bind;
mod counted;
mod filter;
mod fit;
mod plugins;
mod pod_affinity;
mod ports;
mod preemption;
mod score;
mod spread;
mod volumes;
mod waits;

pub(super) use filter::{feasible, has_room, resources_used};
pub use plugins::{Judgement, PluginScores, Plugins};
pub(crate) use plugins::{judgements, plugins};
pub(super) use pod_affinity::means;
pub(super) use score::preferred_weight;
pub(crate) use spread::{Domains, FixedDomains};

use super::Controller;
use crate::cluster::Timing;
use crate::cluster::{Cluster, Workload};
use crate::footprint::Footprint;
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::{Model, RuleBuilder};
use crate::subject::Subject;
use crate::term::{Bool, any};
use bind::Cycle;
use preemption::Preemptor;

/// Why a pod may be taken before those of a higher priority.
const IN_BACK_OFF: &str = "whether a pod of a higher priority has failed before, and is in back-off, is not known";

/// See the module.
pub struct Scheduler;

impl Controller for Scheduler {
    fn name(&self) -> &'static str {
        "default-scheduler"
    }

    fn summary(&self) -> &'static str {
        "binds pending pods to the best feasible node"
    }

    fn needs(&self, cluster: &Cluster, _: &Needs) -> Needs {
        let mut templates = cluster.workloads.iter().flat_map(Workload::templates);
        // A pod that is to be preempted may do something meanwhile.
        Needs { sees_each_step: templates.any(|one| cluster.may_preempt(one)), ..Needs::default() }
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: "kube-scheduler",
            watches: &["Pod", "Node", "PodDisruptionBudget", "Service", "ReplicaSet", "StatefulSet"],
            reads_live: &[],
            forgets: &["pods assumed to be bound", "nominations", "back-off"],
        }
    }

    fn prepare(&self, model: &mut Model) {
        for group in 0..model.groups.len() {
            if self.serves(model, group) {
                let feasible = filter::feasible(model, group);
                model.remember(group, Feasible(feasible));
            }
        }
    }

    fn waits(&self, model: &mut Model) -> Vec<Wait> {
        waits::waits(model)
    }

    fn add_rules(&self, model: &mut Model) {
        let preemptors: Vec<Option<Preemptor>> =
            (0..model.groups.len()).map(|group| Preemptor::new(model, group)).collect();
        for group in served(model) {
            self.add_group(model, group, &preemptors);
        }
    }
}

/// By slot: whether the filters let a pod of a group onto the node; only for groups that the scheduler serves.
struct Feasible(Vec<Bool>);

/// The groups that the scheduler serves.
pub(crate) fn served(model: &Model) -> Vec<usize> {
    (0..model.groups.len()).filter(|&group| model.side::<Feasible>(group).is_some()).collect()
}

/// By slot: whether the filters let a pod of a group onto the node; empty for groups that the scheduler does not serve.
pub(crate) fn feasible_nodes<'m>(model: &'m Model, group: usize) -> &'m [Bool] {
    model.side::<Feasible>(group).map_or(&[], |one| &one.0)
}

impl Scheduler {
    /// Pods with a nodeName bypass the scheduler; those of another schedulerName, and gated ones, wait forever.
    fn serves(&self, model: &Model, group: usize) -> bool {
        let template = model.template(group);
        let is_served = model.cluster.served_by(template).is_some() && !template.is_gated;
        model.groups[group].pinned.is_none() && is_served
    }

    fn add_group(&self, model: &mut Model, group: usize, preemptors: &[Option<Preemptor>]) {
        if model.slots.is_empty() {
            return;
        }
        let cycle = Cycle::new(model, group);
        let yields = self.yields(model, group, preemptors);
        let preemptor = preemptors[group].as_ref();
        let unit = model.fairness_unit(Subject::new(self.name()).of(model.groups[group].id));
        for slot in 0..model.slots.len() {
            for rule in cycle.rules(model, slot, unit, preemptor) {
                add_in_order(model, rule, yields);
            }
        }
        for rule in preemptor.map(|one| one.rules(model, unit)).unwrap_or_default() {
            add_in_order(model, rule, yields);
        }
        let busy = acts(model, group, preemptor) & !yields;
        model.draft.busy.push(busy);
    }

    /// Whether a pod of a higher priority has something to do.
    fn yields(&self, model: &Model, group: usize, preemptors: &[Option<Preemptor>]) -> Bool {
        let priority = model.template(group).priority;
        let others = (0..model.groups.len()).filter(|&other| model.template(other).priority > priority);
        any(others.map(|other| acts(model, other, preemptors[other].as_ref())))
    }
}

/// Adds a rule for pods that wait for their turn; under interleaved timing also one by which they do not.
fn add_in_order(model: &mut Model, rule: RuleBuilder, yields: Bool) {
    if model.cluster.timing == Timing::Interleaved {
        let overtakes = rule.clone().called_also("overtaking").over_approximates(IN_BACK_OFF);
        model.add_covered_rule(overtakes.when(yields));
    }
    model.add_covered_rule(rule.when(!yields));
}

/// Whether some pod of a group has a feasible node, or can preempt others.
fn acts(model: &Model, group: usize, preemptor: Option<&Preemptor>) -> Bool {
    match preemptor {
        Some(preemptor) => preemptor.acts(model),
        None => {
            let state = &model.groups[group];
            let feasible = feasible_nodes(model, group).iter().enumerate();
            any(feasible
                .map(|(slot, &feasible)| feasible & state.unplaced_for(slot).value.above(0))
                .collect::<Vec<_>>())
        }
    }
}
