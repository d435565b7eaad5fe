//! RemovePodsViolatingNodeTaints (section 4.9): evicts pods from nodes with a NoSchedule taint that they do not
//! tolerate. NoExecute is left to the taint eviction controller.

use super::budgets::some_granted;
use super::evictor::{is_evictable, passes_node_fit};
use super::{Evictions, Stage, exactly, looked_at};
use crate::cluster::descheduler::{DeschedulerPlugin, EnabledPlugin};
use crate::cluster::{DeschedulerPolicy, Taint, TaintEffect};
use crate::state::{MEMORY_PRESSURE, Model, Slot, UNSCHEDULABLE};
use crate::term::{Bool, Int, all, ite};

pub(super) fn stages(model: &Model, policy: &DeschedulerPolicy, plugin: &EnabledPlugin) -> Vec<Stage> {
    let DeschedulerPlugin::RemovePodsViolatingNodeTaints { include_prefer_no_schedule, excluded } = &plugin.plugin
    else {
        return vec![];
    };
    let mut wanted: Vec<(usize, usize, Int)> = Vec::new();
    for group in 0..model.groups.len() {
        let evictable = is_evictable(model, group, &plugin.evictor);
        for (slot, there) in model.slots.iter().enumerate() {
            let violates = violates(model, group, there, *include_prefer_no_schedule, excluded);
            let fits = passes_node_fit(model, policy, &plugin.evictor, group, slot);
            let goes = all([evictable, looked_at(model, policy, slot), violates, fits]);
            wanted.push((group, slot, ite(goes, model.groups[group].active_on(slot), 0)));
        }
    }
    wanted.retain(|(_, _, pods)| pods.range().hi > 0);
    if wanted.is_empty() {
        return vec![];
    }
    let enabled = some_granted(model, &wanted);
    let Evictions { parts, picks, constraint, wider } = exactly(model, policy, &wanted);
    let subject = plugin.plugin.name().into();
    vec![Stage { subject, plugin: plugin.clone(), enabled, parts, picks, constraint, wider, origins: vec![] }]
}

/// Whether the pods of a group do not tolerate a taint of the node that the plugin looks at.
fn violates(model: &Model, group: usize, slot: &Slot, includes_preferences: bool, excluded: &[Taint]) -> Bool {
    let template = model.template(group);
    let untolerated = |taint: &Taint| {
        let looked_at = taint.effect == TaintEffect::NoSchedule
            || (includes_preferences && taint.effect == TaintEffect::PreferNoSchedule);
        let left_alone = excluded
            .iter()
            .any(|other| other.key == taint.key && (other.value.is_empty() || other.value == taint.value));
        looked_at && !left_alone && !template.tolerations.iter().any(|one| one.tolerates(taint))
    };
    let is_untolerated = |key: &str| untolerated(&Taint::of(key, TaintEffect::NoSchedule));
    let mut violates = Bool::from(slot.taints.iter().any(untolerated));
    if is_untolerated(UNSCHEDULABLE) {
        violates = violates | slot.is_cordoned;
    }
    let pressure = slot.memory_pressure.map(|flag| (flag, MEMORY_PRESSURE));
    for (flag, key) in pressure.into_iter().chain(slot.deleting) {
        if is_untolerated(key) {
            violates = violates | flag.value;
        }
    }
    violates
}
