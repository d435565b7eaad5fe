//! What PodDisruptionBudgets leave of the evictions of a stage (sections 4.3 and 6.6).
//!
//! A plugin asks the eviction API once for each pod that it wants gone; a refusal is logged, and the next pod is tried.
//! So of the pods that a budget counts as many go as it allows, or all; in which order they are tried is that of
//! caches, hence free. Only granted evictions count against the limits of the policy.

use super::{Part, Pick, Stage, part_subject, phases};
use crate::controllers::{Admission, admission};
use crate::state::{IntVar, Model, Phase, RuleBuilder};
use crate::subject::Subject;
use crate::term::{Bool, Int, Term, any, int_choice, ite, sum};
use indexmap::IndexMap;

/// Whether some budget selects the pods of a group.
pub(super) fn is_selected(model: &Model, group: usize) -> bool {
    let (namespace, labels) = (&model.workload(group).reference.namespace, &model.template(group).labels);
    model.cluster.budgets_of(namespace, labels).next().is_some()
}

/// Whether the eviction of some pod of a phase on a slot is granted.
pub(super) fn is_granted(model: &Model, group: usize, slot: usize, (phase, pods): (Phase, IntVar)) -> Bool {
    admission(model, group, slot, phase).most(pods.value).above(0)
}

/// Whether some eviction of as many pods of a group on a slot as are wanted is granted.
pub(super) fn some_granted(model: &Model, wanted: &[(usize, usize, Int)]) -> Bool {
    any(wanted.iter().map(|&(group, slot, pods)| {
        if !is_selected(model, group) {
            return pods.above(0);
        }
        let granted = phases(model, group, slot).into_iter().map(|phase| is_granted(model, group, slot, phase));
        pods.above(0) & any(granted.collect::<Vec<_>>())
    }))
}

/// Takes from the evictions of a stage those that are refused.
pub(super) fn grant(model: &Model, stage: &mut Stage) {
    let mut asked: IndexMap<usize, Vec<(usize, Bool)>> = IndexMap::new();
    let mut allowed: IndexMap<usize, Int> = IndexMap::new();
    for (index, part) in stage.parts.iter_mut().enumerate() {
        match admission(model, part.group, part.slot, part.phase) {
            Admission::Free => {}
            Admission::Refused => part.evicted = 0.into(),
            Admission::Asked { index: budget, status, uncounted, .. } => {
                asked.entry(budget).or_default().push((index, uncounted));
                allowed.insert(budget, status.disruptions_allowed);
            }
        }
    }
    for ((budget, parts), (_, allowed)) in asked.into_iter().zip(allowed) {
        grant_of(model, stage, budget, &parts, allowed);
    }
}

/// Takes from parts, each with whether it goes uncounted, what one budget refuses.
fn grant_of(model: &Model, stage: &mut Stage, budget: usize, parts: &[(usize, Bool)], allowed: Int) {
    if let &[(index, uncounted)] = parts {
        let part = &mut stage.parts[index];
        part.evicted = ite(uncounted, part.wanted, part.wanted.min(allowed));
        return;
    }
    let counted = |uncounted: Bool, pods: Int| ite(uncounted, 0, pods);
    let wanted = sum(parts.iter().map(|&(index, uncounted)| counted(uncounted, stage.parts[index].wanted)));
    let mut pick = Pick::default();
    let mut granted = Vec::new();
    for &(index, uncounted) in parts {
        let part = &mut stage.parts[index];
        let most = part.most.min(allowed);
        let (choice, number) =
            int_choice(part_subject(model, "grant", (part.group, part.slot, part.phase)), 0, most.range().hi.max(0));
        pick.parts.push(choice);
        pick.low.push(0.into());
        pick.high.push(counted(uncounted, most));
        stage.constraint = stage.constraint & number.at_most(part.wanted);
        part.evicted = ite(uncounted, part.wanted, number);
        granted.push(number);
    }
    let are_fixed = parts.iter().all(|&(index, _)| stage.parts[index].wanted.id() == stage.parts[index].most.id());
    let most = sum(parts.iter().map(|&(index, uncounted)| counted(uncounted, stage.parts[index].most)));
    pick.total = most.min(allowed);
    if !are_fixed {
        let (choice, _) =
            int_choice(Subject::new("not granted").of(model.ids.budgets[budget]), 0, pick.total.range().hi.max(0));
        pick.parts.push(choice);
        pick.low.push(0.into());
        pick.high.push(pick.total);
        stage.constraint = stage.constraint & sum(granted).is(wanted.min(allowed));
    }
    stage.picks.push(pick);
}

/// Makes a rule tell of the budgets that are asked.
pub(super) fn tell(model: &Model, parts: &[Part], mut rule: RuleBuilder) -> RuleBuilder {
    let mut told: Vec<usize> = Vec::new();
    for part in parts {
        let admission = admission(model, part.group, part.slot, part.phase);
        if let Admission::Asked { index, .. } = admission
            && !told.contains(&index)
        {
            told.push(index);
            rule = admission.tell(rule);
        }
    }
    rule
}
