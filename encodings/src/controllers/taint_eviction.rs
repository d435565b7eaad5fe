//! The taint eviction controller: deletes pods from nodes with NoExecute taints (section 6.3).
//!
//! ## One step
//! Some pods of a workload in one phase on one node are deleted. Untolerated taints: at once. Tolerated for a time:
//! when the shortest `tolerationSeconds` has passed. Deletion does not ask PodDisruptionBudgets. A pod that the
//! kubelet has not admitted yet is gone at once; on a node that stopped, deleted pods stay Terminating.

use super::Controller;
use crate::cluster::{Cluster, Taint, TaintEffect, Workload};
use crate::footprint::{CONTROLLER_MANAGER, Footprint};
use crate::needs::Needs;
use crate::state::{IntVar, Model, Phase, RuleBuilder, Timer, UNREACHABLE, counted};
use crate::subject::Subject;
use crate::system::{Pace, Verb};
use crate::term::{Bool, int_choice, ite};

/// Mark of rules about the taint that the node controller adds.
const BY_UNREACHABLE: &str = "unreachable";

/// See the module.
pub struct TaintEviction;

impl Controller for TaintEviction {
    fn name(&self) -> &'static str {
        "taint-eviction-controller"
    }

    fn summary(&self) -> &'static str {
        "deletes pods from nodes with NoExecute taints"
    }

    fn needs(&self, cluster: &Cluster, others: &Needs) -> Needs {
        let mut taints = cluster.pools.iter().flat_map(|pool| &pool.taints);
        if !others.nodes_stop && !taints.any(|taint| taint.effect == TaintEffect::NoExecute) {
            return Needs::default();
        }
        let templates = cluster.workloads.iter().flat_map(Workload::templates);
        Needs::durations(templates.flat_map(|one| &one.tolerations).filter_map(|toleration| toleration.seconds))
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: CONTROLLER_MANAGER,
            watches: &["Pod", "Node"],
            reads_live: &[],
            forgets: &["countdowns of tolerations"],
        }
    }

    fn add_rules(&self, model: &mut Model) {
        for group in 0..model.groups.len() {
            for slot in model.groups[group].slots() {
                let fixed: Vec<Taint> = model.slots[slot]
                    .taints
                    .iter()
                    .filter(|taint| taint.effect == TaintEffect::NoExecute)
                    .cloned()
                    .collect();
                if !fixed.is_empty() {
                    let present = model.slots[slot].present;
                    self.evict(model, group, slot, &fixed, present, None);
                }
                if let Some(no_execute) = model.slots[slot].no_execute {
                    let taint = Taint::of(UNREACHABLE, TaintEffect::NoExecute);
                    self.evict(model, group, slot, &[taint], no_execute.value, Some(BY_UNREACHABLE));
                }
            }
        }
    }
}

/// Seconds after which a pod with these tolerations is deleted because of these taints, and by which toleration if one says
/// so; `None` for never.
fn seconds_until_deletion(template: &crate::cluster::PodTemplate, taints: &[Taint]) -> Option<(i64, Option<usize>)> {
    let mut least: Option<(i64, Option<usize>)> = None;
    for taint in taints {
        // The first toleration that matches is the one used.
        let index = template.tolerations.iter().position(|one| one.tolerates(taint));
        match index.map(|index| template.tolerations[index].seconds) {
            None => return Some((0, None)),
            Some(None) => {}
            Some(Some(seconds)) if least.is_some_and(|(known, _)| known <= seconds.max(0)) => {}
            Some(Some(seconds)) => least = Some((seconds.max(0), index)),
        }
    }
    least
}

/// A subject that says by which taint.
fn by(subject: Subject, cause: Option<&'static str>) -> Subject {
    cause.into_iter().fold(subject, Subject::word)
}

impl TaintEviction {
    fn evict(
        &self,
        model: &mut Model,
        group: usize,
        slot: usize,
        taints: &[Taint],
        tainted: Bool,
        cause: Option<&'static str>,
    ) {
        let Some((seconds, by_toleration)) = seconds_until_deletion(model.template(group), taints) else { return };
        let here = model.groups[group].active_on(slot);
        if here.constant() == Some(0) {
            return;
        }
        let timer = by(Subject::new("toleration timer"), cause).of(model.groups[group].id).on(slot);
        let armed = tainted & here.above(0);
        let timer = (seconds > 0).then(|| model.timer(timer, seconds, armed));
        if let Some(timer) = &timer {
            // Countdowns begin when the process first sees the taint (`TaintEvictionQueue`).
            model.forgets_timer(self.name(), timer);
        }
        let phases: Vec<(Phase, IntVar)> =
            model.groups[group].phases().map(|(phase, counts)| (phase, counts[slot])).collect();
        for (phase, pods) in phases {
            self.evict_phase(model, group, slot, (phase, pods), tainted, (timer.as_ref(), by_toleration), cause);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call; a struct would only rename them")]
    fn evict_phase(
        &self,
        model: &mut Model,
        group: usize,
        slot: usize,
        (phase, pods): (Phase, IntVar),
        tainted: Bool,
        (timer, by_toleration): (Option<&Timer>, Option<usize>),
        cause: Option<&'static str>,
    ) {
        let state = &model.groups[group];
        if pods.value.range().hi == 0 {
            return;
        }
        let terminating = state.terminating[slot];
        let pace = match timer {
            Some(timer) if timer.left.is_none() => Pace::Clock,
            _ => Pace::Fast,
        };
        let id = state.id;
        let about = |subject: Subject| by(subject, cause).of(id).on(slot);
        let unit = model.fairness_unit(Subject::new("taint-eviction of").of(id).on(slot));
        let (choice, deleted) = int_choice(about(phase.tell(Subject::new("deleted"))), 1, pods.value.range().hi);
        let stays = if phase == Phase::Bound { ite(model.slots[slot].is_alive(), 0, deleted) } else { deleted };
        let place = format!("{} on {}", model.groups[group].name, model.slots[slot].name);
        let mut rule =
            RuleBuilder::new(about(phase.subject()), "taint-eviction-controller", "TaintManagerEviction", pace)
                .when(tainted)
                .when(pods.value.above(0))
                .fair(unit)
                .pick(choice)
                .such_that(deleted.at_most(pods.value))
                .writes(Verb::Delete, id)
                .at(slot)
                .times(deleted)
                .add(pods, -deleted)
                .saturate(terminating, stays)
                .says([counted(
                    deleted,
                    format!("pod of {place} is deleted (NoExecute taint)"),
                    format!("pods of {place} are deleted (NoExecute taint)"),
                )])
                .because_of(model.origin(group, "spec.template.spec.tolerations"))
                .because_of(model.cluster.pools[model.slots[slot].pool].origin.clone());
        if let Some(index) = by_toleration {
            let field = format!("spec.template.spec.tolerations[{index}].tolerationSeconds");
            rule = rule.carries_out(model.origin(group, &field), "no pod is ever deleted because it runs out");
        }
        if let Some(timer) = timer {
            rule = rule.when(timer.expired);
            rule = timer.restart(rule);
            if timer.left.is_some() && model.groups[group].most > 1 {
                rule = rule.over_approximates("pods of a workload on a node share one toleration countdown");
            }
        }
        model.add_rule(rule);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::PodTemplate;
    use crate::cluster::pod::Toleration;

    fn template(seconds: &[Option<i64>]) -> PodTemplate {
        let tolerations = seconds.iter().map(|&seconds| Toleration {
            key: "k".into(),
            exists: true,
            value: String::new(),
            effect: None,
            seconds,
        });
        PodTemplate { tolerations: tolerations.collect(), ..PodTemplate::default() }
    }

    fn taint(key: &str) -> Taint {
        Taint::of(key, TaintEffect::NoExecute)
    }

    #[test]
    fn the_first_toleration_that_matches_counts_and_an_untolerated_taint_acts_at_once() {
        let taints = [taint("k")];
        assert_eq!(seconds_until_deletion(&template(&[]), &taints), Some((0, None)));
        assert_eq!(seconds_until_deletion(&template(&[None]), &taints), None);
        assert_eq!(seconds_until_deletion(&template(&[Some(60), Some(30), None]), &taints), Some((60, Some(0))));
        assert_eq!(seconds_until_deletion(&template(&[None, Some(60), Some(30)]), &taints), None);
        assert_eq!(seconds_until_deletion(&template(&[Some(-5)]), &taints), Some((0, Some(0))));
        assert_eq!(seconds_until_deletion(&template(&[Some(30)]), &[taint("k"), taint("other")]), Some((0, None)));
    }
}
