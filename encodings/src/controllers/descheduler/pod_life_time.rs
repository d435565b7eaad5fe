//! PodLifeTime (section 4.9): evicts pods that are older than `maxPodLifeTimeSeconds`.
//!
//! Pods are counted, not dated: with an age any of them may be old enough at any pass (tagged). With states alone it
//! is all pods in these states. Of the reasons of containers there is CrashLoopBackOff only.

use super::Stage;
use super::asked::{ask, asks, cut_short, is_in};
use super::evictor::looks_at;
use crate::cluster::DeschedulerPolicy;
use crate::cluster::descheduler::{DeschedulerPlugin, EnabledPlugin};
use crate::state::{Model, Phase};

/// Why more is allowed than the real plugin does.
const AGELESS: &str = "the age of pods is not counted: any may be old enough";

pub(super) fn stages(model: &Model, policy: &DeschedulerPolicy, plugin: &EnabledPlugin) -> Vec<Stage> {
    let DeschedulerPlugin::PodLifeTime { max_seconds, phases, label_selector, namespaces } = &plugin.plugin else {
        return vec![];
    };
    let is_meant = |phase: Phase| is_in(phase, phases.as_deref());
    let looked_at = |&group: &usize| looks_at(model, group, label_selector, namespaces);
    let groups: Vec<usize> = (0..model.groups.len()).filter(looked_at).collect();
    let mut asks = asks(model, policy, plugin, &groups, is_meant);
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
