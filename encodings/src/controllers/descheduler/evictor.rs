//! The DefaultEvictor: which pods may be evicted at all, and whether they fit elsewhere (section 4.4).

use super::budgets::is_selected;
use super::looked_at;
use crate::cluster::descheduler::{Evictor, Namespaces};
use crate::cluster::{DeschedulerPolicy, LabelSelector, PodAffinityTerm};
use crate::controllers::scheduler::{has_room, means};
use crate::state::Model;
use crate::term::{Bool, all, any, sum};

/// Annotation that makes a pod evictable whatever else holds.
const EVICT: &str = "descheduler.alpha.kubernetes.io/evict";
/// Priority from which pods are critical.
const SYSTEM_CRITICAL: i64 = 2_000_000_000;

/// Whether a plugin with this `labelSelector` and these `namespaces` looks at the pods of a group.
pub(super) fn looks_at(model: &Model, group: usize, labels: &Option<LabelSelector>, namespaces: &Namespaces) -> bool {
    labels.as_ref().is_none_or(|selector| selector.matches(&model.template(group).labels))
        && namespaces.contains(&model.workload(group).reference.namespace)
}

/// Filter: whether pods of a group may be evicted.
pub(super) fn is_evictable(model: &Model, group: usize, evictor: &Evictor) -> Bool {
    let template = model.template(group);
    if template.annotations.contains_key(EVICT) {
        return true.into();
    }
    let threshold = evictor.priority_threshold.unwrap_or(SYSTEM_CRITICAL);
    let allowed = (evictor.evict_local_storage_pods || !template.has_local_storage)
        && (evictor.evict_system_critical_pods || template.priority < threshold)
        && (evictor.evict_daemon_set_pods || !model.workload(group).is_daemon())
        && !model.workload(group).is_bare()
        && !(evictor.ignore_pvc_pods && template.has_claims)
        && (!evictor.ignore_pods_without_pdb || is_selected(model, group))
        && evictor.label_selector.as_ref().is_none_or(|selector| selector.matches(&template.labels));
    if evictor.min_replicas <= 1 {
        return allowed.into();
    }
    let objects = sum(model.siblings(group).into_iter().map(|one| {
        let state = &model.groups[one];
        let terminating = sum(state.terminating.iter().map(|count| count.value));
        state.active() + terminating + state.failed.map_or(0.into(), |failed| failed.value)
    }));
    Bool::from(allowed) & objects.at_least(evictor.min_replicas)
}

/// NodeFit for a node other than the pod's own: schedulable, affinity, taints, resources, and no pod on that very node
/// that the pod's required anti-affinity means.
pub(super) fn fits_node(model: &Model, group: usize, slot: usize) -> Bool {
    admits(model, group, slot, 0) & has_room(model, group, slot)
}

/// NodeFit for the node that a pod is on: its resources are not looked at, and the pod is no rival of itself.
pub(super) fn fits_own_node(model: &Model, group: usize, slot: usize) -> Bool {
    admits(model, group, slot, 1)
}

/// What NodeFit looks at besides resources; so many pods of the group on the node are the pod itself.
fn admits(model: &Model, group: usize, slot: usize, itself: i64) -> Bool {
    let (there, template) = (&model.slots[slot], model.template(group));
    let alone = all(template.pod_anti_affinity.required.iter().flat_map(|term| {
        let has_key = there.labels.has(&term.topology_key);
        // The descheduler does not read `namespaceSelector`.
        let term = PodAffinityTerm { namespace_selector: None, ..term.clone() };
        let rivals = (0..model.groups.len()).filter(move |&other| means(model, group, &term, other));
        rivals.map(move |other| {
            let most = if other == group { itself } else { 0 };
            has_key.implies(model.groups[other].assigned_on(slot).at_most(most))
        })
    }));
    all([
        there.present,
        !there.is_cordoned,
        there.matches_affinity(template),
        there.taints_for(template).allow_scheduling,
        alone,
    ])
}

/// PreEvictionFilter: with `nodeFit`, a pod on `slot` must fit some other ready node.
pub(super) fn passes_node_fit(
    model: &Model,
    policy: &DeschedulerPolicy,
    evictor: &Evictor,
    group: usize,
    slot: usize,
) -> Bool {
    if !evictor.node_fit {
        return true.into();
    }
    let others = (0..model.slots.len()).filter(|&other| other != slot);
    any(others.map(|other| looked_at(model, policy, other) & fits_node(model, group, other)))
}
