//! kube-scheduler: binds one pending pod to a feasible node of the best score (section 1).
//!
//! ## One step
//! One scheduling cycle with its binding: filters, scores, any node of the maximal total (section 1.5: the real
//! scheduler picks one at random). A pod without a feasible node stays pending and is tried again whenever a node
//! becomes feasible, since the guard looks at the present state: the retry of section 1.6 without its delay.
//!
//! ## Queue
//! Pending pods of a higher priority that have a feasible node go first (their back-off of some seconds is not
//! modelled); among pods of equal priority the order is free, an over-approximation of PrioritySort, whose ties are
//! broken by time in the queue.
//!
//! ## Scores
//! Exact, but for balanced allocation on nodes whose allocatable is a range (see `fit`). With such nodes and a
//! RequestedToCapacityRatio strategy, or more than two balanced resources, any feasible node is taken (tagged).
//!
//! ## Fused
//! Binding and the start of the pod by the kubelet are one rule. Under paced timing this loses nothing: a bound pod
//! counts for the scheduler like a running one, nothing periodic acts before it started, admission repeats filters
//! that just held, and a start does not disable or enable any other fast rule but that of its own pod. They stay apart
//! where a filter is switched off or some workload has a `nodeName` (its pods bypass the filters and may be admitted
//! first), where nodes panic (they stop as fast as pods are bound) or a stopped node is tolerated, and where an intent
//! bounds the spread of ready pods in states that are not settled (it sees the order of starts).
//!
//! ## Not modelled
//! Volumes and preemption (reported by the reader); image locality, which is taken as equal on all nodes; sampling of
//! nodes beyond 100. Scheduling gates are never lifted.

mod filter;
mod fit;
mod pod_affinity;
mod ports;
mod score;
mod spread;

pub(super) use filter::fits;
pub(super) use pod_affinity::means;
pub(super) use score::preferred_weight;
pub(crate) use spread::Domains;

use super::Controller;
use crate::state::{Model, RuleBuilder, text};
use crate::system::Pace;
use crate::term::{Bool, Int, Term, any, ite, max_of};

/// Why a rule may take a node that is not the best.
const UNKNOWN_SCORES: &str = "the scores of this profile need constant allocatable; any feasible node is taken";

/// See the module.
pub struct Scheduler;

impl Controller for Scheduler {
    fn name(&self) -> &'static str {
        "default-scheduler"
    }

    fn summary(&self) -> &'static str {
        "binds pending pods to the best feasible node"
    }

    fn add_rules(&self, model: &mut Model) {
        let served: Vec<bool> = (0..model.groups.len()).map(|group| self.serves(model, group)).collect();
        model.feasible = served
            .iter()
            .enumerate()
            .map(
                |(group, &served)| {
                    if served { filter::feasible(&filter::Pods::there(model), group) } else { Vec::new() }
                },
            )
            .collect();
        for group in (0..model.groups.len()).filter(|&group| served[group]) {
            self.add_group(model, group);
        }
    }
}

impl Scheduler {
    /// Pods with a nodeName bypass the scheduler; those of another schedulerName, and gated ones, wait for ever.
    fn serves(&self, model: &Model, group: usize) -> bool {
        let template = model.template(group);
        let is_served = template.scheduler_name == model.cluster.scheduler.name && !template.is_gated;
        model.groups[group].pinned.is_none() && is_served
    }

    fn add_group(&self, model: &mut Model, group: usize) {
        if model.slots.is_empty() {
            return;
        }
        let feasible = model.feasible[group].clone();
        let scores = score::totals(model, group, &feasible);
        let ranked: Vec<Int> = feasible.iter().zip(&scores.terms).map(|(&ok, &score)| ite(ok, score, -1)).collect();
        let best = if ranked.is_empty() { Int::from(-1) } else { max_of(&ranked) };
        let yields = self.yields(model, group);
        let object = model.groups[group].object.clone();
        let unit = model.fairness_unit(&format!("default-scheduler {object}"), &format!("scheduler {object}"));
        for slot in 0..feasible.len() {
            let state = &model.groups[group];
            let place = format!("{}/{}", state.name, model.slots[slot].name);
            let base = |name: &str| {
                let mut rule =
                    RuleBuilder::new(format!("default-scheduler/{name}/{place}"), self.name(), "Scheduled", Pace::Fast)
                        .when(state.pending.value.above(0))
                        .when(feasible[slot])
                        .when(if scores.is_exact { scores.terms[slot].is(best) } else { true.into() })
                        .when(!yields)
                        .fair(unit)
                        .for_slot(model, slot)
                        .add(state.pending, -1)
                        .says([text(format!("a pod of {} to {}", state.name, model.slots[slot].name))])
                        .because_of(model.origin(group, "spec.template.spec"));
                for (there, &score) in model.slots.iter().zip(&ranked) {
                    let shown = ite(score.at_least(0), score + scores.common, -1);
                    rule = rule.detail(format!("score of {}", there.name), shown.id());
                }
                if scores.is_exact { rule } else { rule.over_approximates(UNKNOWN_SCORES) }
            };
            let alive = model.slots[slot].is_alive();
            let mut rules = Vec::new();
            if let Some(bound) = &state.bound {
                rules.push(base("bind").add(bound[slot], 1));
            } else {
                let starts = state.first_running_phase(slot);
                let expansion = ["default-scheduler/bind", "kubelet/start"].map(|rule| format!("{rule}/{place}"));
                rules.push(base("bind-and-start").when(alive).add(starts, 1).expands_to(expansion));
            }
            for rule in rules {
                model.add_covered_rule(rule);
            }
        }
        let busy = model.groups[group].pending.value.above(0) & any(feasible) & !yields;
        model.busy.push(busy);
    }

    /// Whether a pod of a higher priority is pending and has a feasible node.
    fn yields(&self, model: &Model, group: usize) -> Bool {
        let priority = model.template(group).priority;
        let others = (0..model.groups.len()).filter(|&other| model.template(other).priority > priority);
        any(others.map(|other| model.groups[other].pending.value.above(0) & any(model.feasible[other].iter().copied())))
    }
}
