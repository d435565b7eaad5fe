//! `relabel`: labels of a node are set and removed (`kubectl label node`).
//!
//! Pods that are there stay: required affinity is asked for `DuringScheduling` and when a kubelet admits a pod, not later.
//! The DaemonSet controller does look at labels again (`updateNode`, `NodeShouldRunDaemonPod`), the descheduler with
//! RemovePodsViolatingNodeAffinity does, and a later pod finds other nodes and other domains than an earlier one.
//!
//! ## Not modelled
//! Labels that the kubelet sets back when it starts, and admission by a kubelet that starts again.

use super::{EventModel, Operation, plan};
use crate::cluster::descheduler::DeschedulerPlugin;
use crate::cluster::event::EventKind;
use crate::cluster::{Cluster, Event, LabelChange, ScenarioControllerKind, Workload, label_change};
use crate::limits::models::MOST_LABEL_SETS;
use crate::needs::Needs;
use crate::state::{Model, text};
use crate::subject::Subject;
use crate::system::{Pace, Verb};

/// See the module.
pub struct Relabel;

/// Labels by which the node controller counts nodes, in zones.
const COUNTED_BY: &[&str] =
    &["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "node.kubernetes.io/exclude-disruption"];

impl EventModel for Relabel {
    fn names(&self) -> &'static [&'static str] {
        &["relabel"]
    }

    fn summary(&self) -> &'static str {
        "labels of a node are set or removed"
    }

    fn needs(&self, _: &Cluster, event: &Event, _: &Needs) -> Needs {
        let EventKind::Relabel(change) = &event.kind else { return Needs::default() };
        Needs { label_changes: vec![change.clone()], ..Needs::default() }
    }

    fn unsupported(&self, cluster: &Cluster, event: &Event) -> Option<String> {
        let EventKind::Relabel(change) = &event.kind else { return None };
        // Of a cluster of a size without such nodes nothing has to be said.
        let number = made(cluster, change)?;
        if number < 2 {
            return Some("no node has other labels after it".to_owned());
        }
        if number > MOST_LABEL_SETS {
            let most = format!("at most {MOST_LABEL_SETS} can be modelled, name the nodes or take fewer events");
            return Some(format!("events make more than {MOST_LABEL_SETS} sets of labels of one node; {most}"));
        }
        let key = |is_such: &dyn Fn(&str) -> bool| change.keys().find(|key| is_such(key));
        if let Some(key) = key(&|key| is_balanced(cluster, key)) {
            return Some(format!("the descheduler balances pods over {key}, of which no change is modelled"));
        }
        if let Some(key) = key(&|key| COUNTED_BY.contains(&key)).filter(|_| nodes_stop(cluster)) {
            return Some(format!(
                "nodes stop, and the node controller counts them by {key}, of which no change is modelled"
            ));
        }
        None
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let EventKind::Relabel(change) = &event.kind else { return vec![] };
        let mut operations = Vec::new();
        for slot in 0..model.slots.len() {
            let there = &model.slots[slot];
            if !change.is_about(&model.cluster.pools[there.pool], &there.name) {
                continue;
            }
            let (name, present, changed) = (there.name.clone(), there.present, there.labels.changed(change));
            let rule = plan::rule(model, event, Subject::new("").on(slot), "kubectl", "Relabelled", Pace::Event)
                .when(present)
                .writes_node(Verb::Patch, slot)
                .says([text(format!("labels of {name}: {}", told(change)))]);
            // What has to be done is done where nothing becomes of it, too.
            let has_to = event.must || event.operation.is_some();
            let rule = match changed {
                Some((which, after)) => {
                    let after = which.value.table(&after);
                    let rule = rule.set(which, after);
                    if has_to { rule } else { rule.when(after.is_not(which.value)) }
                }
                None if has_to => rule,
                None => continue,
            };
            operations.push(Operation::Begins(rule));
        }
        operations
    }
}

/// A change as `kubectl label` has it: `key=value` for those that are set, `key-` for those that are removed.
pub fn told(change: &LabelChange) -> String {
    let set = change.set.iter().map(|(key, value)| format!("{key}={value}"));
    let removed = change.remove.iter().map(|key| format!("{key}-"));
    set.chain(removed).collect::<Vec<_>>().join(" ")
}

/// How many sets of labels there are of the node that an event makes most of; one where nothing becomes of it. Nothing where
/// it is about no node.
fn made(cluster: &Cluster, change: &LabelChange) -> Option<usize> {
    let others = cluster.events.iter().filter_map(|event| match &event.kind {
        EventKind::Relabel(change) => Some(change),
        _ => None,
    });
    let others: Vec<&LabelChange> = others.collect();
    let mut most = None;
    for pool in &cluster.pools {
        // A cluster of a size without nodes of a pool is one of those in which there are some.
        for index in 0..usize::try_from(pool.most_nodes()).unwrap_or(0).max(1) {
            let name = pool.slot_name(index);
            if change.is_about(pool, &name) {
                let others: Vec<&LabelChange> =
                    others.iter().copied().filter(|one| one.is_about(pool, &name)).collect();
                let sets = label_change::closure(pool.slot_labels(index), &others, MOST_LABEL_SETS + 1);
                let acts = sets.iter().any(|labels| change.applied(labels) != *labels);
                most = most.max(Some(if acts { sets.len() } else { 1 }));
            }
        }
    }
    most
}

/// Whether the descheduler balances pods over the values of a label.
fn is_balanced(cluster: &Cluster, key: &str) -> bool {
    let balances = |plugin: &DeschedulerPlugin| {
        matches!(plugin, DeschedulerPlugin::RemovePodsViolatingTopologySpreadConstraint { .. })
    };
    let is_on = cluster.descheduler.iter().flat_map(|policy| &policy.plugins).any(|one| balances(&one.plugin));
    let mut templates = cluster.workloads.iter().flat_map(Workload::templates);
    is_on && templates.any(|template| template.spread.iter().any(|one| one.topology_key == key))
}

/// Whether nodes stop.
fn nodes_stop(cluster: &Cluster) -> bool {
    let fails = |event: &Event| matches!(event.kind, EventKind::NodeFailure { .. });
    let panics = cluster.scenario_controllers.iter();
    let mut panics = panics.map(|one| matches!(one.kind, ScenarioControllerKind::KernelPanic { .. }));
    cluster.events.iter().any(fails) || panics.any(|panics| panics)
}
