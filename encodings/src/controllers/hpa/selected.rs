//! Whose pods an autoscaler looks at: those that the selector of its target matches, whoever owns them
//! (`reconcileAutoscaler`, `groupPods`), and whether another autoscaler looks at them, too
//! (`hpasControllingPodsUnderSelector`).

use crate::cluster::HorizontalPodAutoscaler;
use crate::state::Model;
use crate::term::{Bool, any, sum};

/// The groups whose pods the autoscaler of a group looks at: those of its target first.
pub(super) fn selected(model: &Model, hpa: &HorizontalPodAutoscaler, group: usize) -> Vec<usize> {
    let others = (0..model.groups.len())
        .filter(|&one| model.groups[one].workload != group && hpa.takes(model.workload(one), model.template(one)));
    model.revisions(group).chain(others).collect()
}

/// The same by workload: each has a load and a start-up of its own.
pub(super) fn by_workload(model: &Model, groups: &[usize]) -> Vec<Vec<usize>> {
    let mut parts: Vec<Vec<usize>> = Vec::new();
    for &group in groups {
        match parts.iter_mut().find(|part| model.groups[part[0]].workload == model.groups[group].workload) {
            Some(part) => part.push(group),
            None => parts.push(vec![group]),
        }
    }
    parts
}

/// Whether another autoscaler has the same target, or looks at a pod that there is: then neither uses metrics
/// (`AmbiguousSelector`).
pub(super) fn is_ambiguous(model: &Model, hpa: &HorizontalPodAutoscaler, group: usize) -> Bool {
    let cluster = model.cluster;
    let own = selected(model, hpa, group);
    let rivals = cluster.hpas.iter().filter(|other| other.label() != hpa.label());
    let shares = rivals.filter_map(|other| {
        if other.target == hpa.target {
            return Some(true.into());
        }
        let theirs = selected(model, other, cluster.workload(&other.target)?);
        let both: Vec<usize> = own.iter().copied().filter(|one| theirs.contains(one)).collect();
        let pods = sum(both.iter().map(|&one| {
            let state = &model.groups[one];
            state.active() + sum(state.terminating.iter().map(|count| count.value).collect::<Vec<_>>())
        }));
        Some(pods.above(0))
    });
    any(shares.collect::<Vec<_>>())
}
