//! PodLifeTime (section 4.9): evicts pods that are older than `maxPodLifeTimeSeconds`.
//!
//! Pods are counted, not dated: with an age any of them may be old enough at any pass (tagged). With states alone it
//! is all pods in these states. Reasons of containers, such as CrashLoopBackOff, never occur in the model.

use super::asked::{Ask, ask, cut_short};
use super::evictor::{is_evictable, looks_at, passes_node_fit};
use super::{Stage, looked_at};
use crate::cluster::DeschedulerPolicy;
use crate::cluster::descheduler::{DeschedulerPlugin, EnabledPlugin, PodPhase};
use crate::state::{Model, Phase};
use crate::term::{ite, sum};

/// Why more is allowed than the real plugin does.
const AGELESS: &str = "the age of pods is not counted: any may be old enough";

pub(super) fn stages(model: &Model, policy: &DeschedulerPolicy, plugin: &EnabledPlugin) -> Vec<Stage> {
    let DeschedulerPlugin::PodLifeTime { max_seconds, phases, label_selector, namespaces } = &plugin.plugin else {
        return vec![];
    };
    let is_meant = |phase: Phase| {
        let name = if phase == Phase::Bound { PodPhase::Pending } else { PodPhase::Running };
        phases.as_ref().is_none_or(|listed| listed.contains(&name))
    };
    let (mut asks, mut groups) = (Vec::new(), Vec::new());
    for group in 0..model.groups.len() {
        if !looks_at(model, group, label_selector, namespaces) {
            continue;
        }
        groups.push(group);
        let evictable = is_evictable(model, group, &plugin.evictor);
        for slot in model.groups[group].slots() {
            let fits = passes_node_fit(model, policy, &plugin.evictor, group, slot);
            let there = model.groups[group].phases().filter(|(phase, _)| is_meant(*phase));
            let pods = sum(there.map(|(_, counts)| counts[slot].value).collect::<Vec<_>>());
            let high = ite(evictable & looked_at(model, policy, slot) & fits, pods, 0);
            if high.range().hi > 0 {
                asks.push(Ask { group, slot, low: 0.into(), high });
            }
        }
    }
    if asks.is_empty() {
        return vec![];
    }
    let wider = max_seconds.map(|_| AGELESS).or_else(|| cut_short(model, policy, &groups));
    if wider.is_none() {
        asks.iter_mut().for_each(|ask| ask.low = ask.high);
    }
    let asked = ask(model, &asks, is_meant);
    vec![asked.stage(model, plugin, &asks, true.into(), wider, vec![])]
}
