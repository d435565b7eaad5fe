//! RemovePodsHavingTooManyRestarts (section 4.9): evicts pods whose containers have restarted `podRestartThreshold`
//! times.
//!
//! Restarts are not counted: of workloads whose containers crash any pod may have had enough of them (tagged). Pods of
//! others have none.

use super::Stage;
use super::asked::{ask, asks, is_in};
use super::evictor::looks_at;
use crate::cluster::DeschedulerPolicy;
use crate::cluster::descheduler::{DeschedulerPlugin, EnabledPlugin};
use crate::state::{Model, Phase};

/// Why more is allowed than the real plugin does.
const UNCOUNTED: &str = "restarts are not counted: any pod that crashes may have had enough of them";

pub(super) fn stages(model: &Model, policy: &DeschedulerPolicy, plugin: &EnabledPlugin) -> Vec<Stage> {
    let DeschedulerPlugin::RemovePodsHavingTooManyRestarts { states, label_selector, namespaces } = &plugin.plugin
    else {
        return vec![];
    };
    let is_meant = |phase: Phase| phase != Phase::Bound && is_in(phase, states.as_deref());
    let looked_at =
        |&group: &usize| model.groups[group].crashed.is_some() && looks_at(model, group, label_selector, namespaces);
    let groups: Vec<usize> = (0..model.groups.len()).filter(looked_at).collect();
    let asks = asks(model, policy, plugin, &groups, is_meant);
    if asks.is_empty() {
        return vec![];
    }
    vec![ask(model, &asks, is_meant).stage(model, plugin, &asks, true.into(), Some(UNCOUNTED), vec![])]
}
