//! The descheduler's policy.

use super::{Letters, fields, kinds};
use kubound_encodings::cluster::descheduler::{
    DeschedulerPlugin, DeschedulerPolicy, EnabledPlugin, Evictor, Namespaces, PodPhase, Utilization,
};
use kubound_encodings::cluster::node::HOSTNAME;
use kubound_encodings::cluster::pod::WhenUnsatisfiable;
use kubound_encodings::cluster::selector::LabelSelector;

pub const ALL: &[&[&str]] = &[DESCHEDULER, PLUGIN, EVICTOR, NAMESPACES, POD_PHASE, UTILIZATION, SPARED];

fields! { DESCHEDULER, of_descheduler: DeschedulerPolicy,
    DeschedulerPolicy { plugins, node_selector, max_per_node, max_per_namespace, max_total, interval, origin: _ } => {
        "descheduler: several plugins": plugins.len() > 1,
        "descheduler: nodeSelector": node_selector.is_some(),
        "descheduler: nodeSelector with a name":
            node_selector.iter().flat_map(|one| &one.requirements).any(|one| one.key == HOSTNAME),
        "descheduler: most per node": max_per_node.is_some(),
        "descheduler: most per namespace": max_per_namespace.is_some(),
        "descheduler: most in total": max_total.is_some(),
        "descheduler: interval": *interval != 300,
    }
}

kinds! { PLUGIN, of_plugin: DeschedulerPlugin, {
    DeschedulerPlugin::RemoveDuplicates { exclude_owner_kinds: _, namespaces: _ } => "RemoveDuplicates",
    DeschedulerPlugin::RemovePodsViolatingTopologySpreadConstraint {
        constraints: _, topology_balance_node_fit: _, label_selector: _, namespaces: _,
    } => "RemovePodsViolatingTopologySpreadConstraint",
    DeschedulerPlugin::RemovePodsViolatingNodeAffinity { required: _, preferred: _, label_selector: _, namespaces: _ } =>
        "RemovePodsViolatingNodeAffinity",
    DeschedulerPlugin::RemovePodsViolatingNodeTaints { include_prefer_no_schedule: _, excluded: _ } =>
        "RemovePodsViolatingNodeTaints",
    DeschedulerPlugin::RemovePodsViolatingInterPodAntiAffinity { label_selector: _, namespaces: _ } =>
        "RemovePodsViolatingInterPodAntiAffinity",
    DeschedulerPlugin::LowNodeUtilization(_) => "LowNodeUtilization",
    DeschedulerPlugin::HighNodeUtilization(_) => "HighNodeUtilization",
    DeschedulerPlugin::PodLifeTime { max_seconds: _, phases: _, label_selector: _, namespaces: _ } => "PodLifeTime",
    DeschedulerPlugin::RemovePodsHavingTooManyRestarts { states: _, label_selector: _, namespaces: _ } =>
        "RemovePodsHavingTooManyRestarts",
} }

fields! { EVICTOR, of_evictor: Evictor,
    Evictor {
        evict_local_storage_pods, evict_system_critical_pods, evict_daemon_set_pods, ignore_pvc_pods,
        ignore_pods_without_pdb, priority_threshold, label_selector, min_replicas, node_fit,
    } => {
        "evictor: evictLocalStoragePods": *evict_local_storage_pods,
        "evictor: evictSystemCriticalPods": *evict_system_critical_pods,
        "evictor: evictDaemonSetPods": *evict_daemon_set_pods,
        "evictor: ignorePvcPods": *ignore_pvc_pods,
        "evictor: ignorePodsWithoutPDB": *ignore_pods_without_pdb,
        "evictor: priorityThreshold": priority_threshold.is_some(),
        "evictor: labelSelector": label_selector.is_some(),
        "evictor: minReplicas": *min_replicas > 1,
        "evictor: nodeFit": *node_fit,
    }
}

kinds! { NAMESPACES, of_namespaces: Namespaces, {
    Namespaces::All => "plugin: all namespaces",
    Namespaces::Include(_) => "plugin: some namespaces",
    Namespaces::Exclude(_) => "plugin: other namespaces",
} }

kinds! { POD_PHASE, of_pod_phase: PodPhase, {
    PodPhase::Pending => "plugin: Pending",
    PodPhase::Running => "plugin: Running",
    PodPhase::CrashLoopBackOff => "plugin: CrashLoopBackOff",
} }

fields! { UTILIZATION, of_utilization: Utilization,
    Utilization {
        thresholds, targets: _, uses_deviations, number_of_nodes, excluded_namespaces, most_per_node,
        only_thresholding_resources,
    } => {
        "utilization of pods": thresholds.contains_key("pods"),
        "utilization of CPU": thresholds.contains_key("cpu"),
        "utilization of memory": thresholds.contains_key("memory"),
        "utilization: deviations": *uses_deviations,
        "utilization: numberOfNodes": *number_of_nodes > 0,
        "utilization: namespaces": !excluded_namespaces.is_empty(),
        "utilization: evictionLimits": most_per_node.is_some(),
        "utilization: evictionModes": *only_thresholding_resources,
    }
}

const SPARED: &[&str] = &["plugin: labelSelector", "plugin: soft constraints", "plugin: any age", "plugin: any node"];

/// The letters of a policy.
pub fn letters(policy: &DeschedulerPolicy, found: &mut Letters) {
    of_descheduler(policy, found);
    for EnabledPlugin { plugin, evictor, origin: _ } in &policy.plugins {
        of_plugin(plugin, found);
        of_evictor(evictor, found);
        let mut selects = |selector: &Option<LabelSelector>| {
            if selector.is_some() {
                found.insert("plugin: labelSelector");
            }
        };
        match plugin {
            DeschedulerPlugin::RemoveDuplicates { namespaces, .. } => of_namespaces(namespaces, found),
            DeschedulerPlugin::RemovePodsViolatingTopologySpreadConstraint {
                constraints,
                topology_balance_node_fit,
                label_selector,
                namespaces,
            } => {
                selects(label_selector);
                of_namespaces(namespaces, found);
                found.extend(
                    constraints.contains(&WhenUnsatisfiable::ScheduleAnyway).then_some("plugin: soft constraints"),
                );
                found.extend((!topology_balance_node_fit).then_some("plugin: any node"));
            }
            DeschedulerPlugin::RemovePodsViolatingNodeAffinity { label_selector, namespaces, .. }
            | DeschedulerPlugin::RemovePodsViolatingInterPodAntiAffinity { label_selector, namespaces } => {
                selects(label_selector);
                of_namespaces(namespaces, found);
            }
            DeschedulerPlugin::RemovePodsViolatingNodeTaints { .. } => {}
            DeschedulerPlugin::LowNodeUtilization(args) | DeschedulerPlugin::HighNodeUtilization(args) => {
                of_utilization(args, found);
            }
            DeschedulerPlugin::PodLifeTime { max_seconds, phases, label_selector, namespaces } => {
                selects(label_selector);
                of_namespaces(namespaces, found);
                found.extend((*max_seconds == Some(0)).then_some("plugin: any age"));
                phases.iter().flatten().for_each(|phase| of_pod_phase(phase, found));
            }
            DeschedulerPlugin::RemovePodsHavingTooManyRestarts { states, label_selector, namespaces } => {
                selects(label_selector);
                of_namespaces(namespaces, found);
                states.iter().flatten().for_each(|phase| of_pod_phase(phase, found));
            }
        }
    }
}
