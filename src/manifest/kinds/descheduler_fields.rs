//! What becomes of each field of the descheduler's policy, and of the arguments of its plugins.

use super::super::judgements::{Table, depends, harmless, read, risky, table, table_in, within};
use super::selector::LABEL_SELECTOR;

const MEASURED: &str = "plugins that read metrics are told one by one";
const POINT: &str = "plugins other than the DefaultEvictor: they may protect or order pods";
const FAILED: &str = "pods that have failed hold no room, and no controller counts them";
const EVICTOR_CODE: &str = "sigs.k8s.io/descheduler: pkg/framework/plugins/defaultevictor/defaultevictor.go";
const STATES: &str = "only states that no pod of the model has depend on them, and those are told";
const LIFE_TIME_CODE: &str = "sigs.k8s.io/descheduler: pkg/framework/plugins/podlifetime/pod_lifetime.go";

/// A DeschedulerPolicy.
pub(super) static POLICY: Table = table(
    "sigs.k8s.io/descheduler/pkg/api/v1alpha2.DeschedulerPolicy",
    &[
        read("apiVersion"),
        harmless(
            "evictionFailureEventNotification",
            "it only makes Events",
            "sigs.k8s.io/descheduler: pkg/descheduler/evictions/evictions.go",
        ),
        harmless(
            "gracePeriodSeconds",
            "termination takes any time",
            "sigs.k8s.io/descheduler: pkg/descheduler/evictions/evictions.go",
        ),
        read("kind"),
        read("maxNoOfPodsToEvictPerNamespace"),
        read("maxNoOfPodsToEvictPerNode"),
        read("maxNoOfPodsToEvictTotal"),
        read("metadata"),
        harmless("metricsCollector", MEASURED, "sigs.k8s.io/descheduler: pkg/descheduler/descheduler.go"),
        harmless("metricsProviders", MEASURED, "sigs.k8s.io/descheduler: pkg/descheduler/descheduler.go"),
        read("nodeSelector"),
        within("profiles", &PROFILE),
    ],
);

/// A DeschedulerPolicy of v1alpha1.
pub(super) static OLD_POLICY: Table = table_in(
    "descheduler/v1alpha1.DeschedulerPolicy",
    "of v1alpha1",
    &[
        read("apiVersion"),
        harmless(
            "evictFailedBarePods",
            FAILED,
            "sigs.k8s.io/descheduler: pkg/framework/plugins/defaultevictor/defaultevictor.go",
        ),
        harmless(
            "evictionFailureEventNotification",
            "it only makes Events",
            "sigs.k8s.io/descheduler: pkg/descheduler/evictions/evictions.go",
        ),
        read("evictLocalStoragePods"),
        read("evictSystemCriticalPods"),
        harmless(
            "gracePeriodSeconds",
            "termination takes any time",
            "sigs.k8s.io/descheduler: pkg/descheduler/evictions/evictions.go",
        ),
        read("ignorePvcPods"),
        read("kind"),
        read("maxNoOfPodsToEvictPerNamespace"),
        read("maxNoOfPodsToEvictPerNode"),
        read("maxNoOfPodsToEvictTotal"),
        read("metadata"),
        harmless("metricsCollector", MEASURED, "sigs.k8s.io/descheduler: pkg/descheduler/descheduler.go"),
        harmless("metricsProviders", MEASURED, "sigs.k8s.io/descheduler: pkg/descheduler/descheduler.go"),
        read("nodeSelector"),
        harmless("prometheus", MEASURED, "sigs.k8s.io/descheduler: pkg/descheduler/descheduler.go"),
        within("strategies", &STRATEGY),
    ],
);

/// A profile.
pub(super) static PROFILE: Table = table(
    "sigs.k8s.io/descheduler/pkg/api/v1alpha2.DeschedulerProfile",
    &[read("name"), within("pluginConfig", &PLUGIN_CONFIG), within("plugins", &PLUGINS)],
);

/// Arguments of a plugin.
pub(super) static PLUGIN_CONFIG: Table = table_in(
    "sigs.k8s.io/descheduler/pkg/api/v1alpha2.PluginConfig",
    "of the descheduler",
    &[depends("args", "those of plugins that are not enabled or not modelled"), read("name")],
);

/// Extension points.
pub(super) static PLUGINS: Table = table_in(
    "sigs.k8s.io/descheduler/pkg/api/v1alpha2.Plugins",
    "of the descheduler",
    &[
        within("balance", &SET),
        within("deschedule", &SET),
        depends("filter", POINT),
        depends("preevictionfilter", POINT),
        depends("preEvictionFilter", POINT),
        depends("presort", POINT),
        depends("sort", POINT),
    ],
);

/// An extension point.
pub(super) static SET: Table = table_in(
    "sigs.k8s.io/descheduler/pkg/api/v1alpha2.PluginSet",
    "of the descheduler",
    &[read("disabled"), depends("enabled", "plugins that are not modelled: their evictions do not happen")],
);

/// Arguments of the DefaultEvictor.
pub(super) static EVICTOR: Table = table(
    "sigs.k8s.io/descheduler/pkg/framework/plugins/defaultevictor.DefaultEvictorArgs",
    &[
        read("apiVersion"),
        read("evictDaemonSetPods"),
        harmless("evictFailedBarePods", FAILED, EVICTOR_CODE),
        read("evictLocalStoragePods"),
        read("evictSystemCriticalPods"),
        read("ignorePodsWithoutPDB"),
        read("ignorePvcPods"),
        read("kind"),
        within("labelSelector", &LABEL_SELECTOR),
        risky("minPodAge", "the age of pods is not modelled: pods are evicted earlier"),
        read("minReplicas"),
        risky("namespaceLabelSelector", "labels of namespaces are not modelled: more pods are evicted"),
        read("nodeFit"),
        risky("nodeSelector", "nodeFit looks at all nodes"),
        risky("noEvictionPolicy", "the annotation prefer-no-eviction is not modelled"),
        risky("podProtections", "use the older flags (evictLocalStoragePods and so on)"),
        within("priorityThreshold", &THRESHOLD),
    ],
);

/// A priority, by value or by class.
pub(super) static THRESHOLD: Table =
    table("sigs.k8s.io/descheduler/pkg/api.PriorityThreshold", &[read("name"), read("value")]);

/// Namespaces that a plugin looks at.
pub(super) static NAMESPACES: Table =
    table("sigs.k8s.io/descheduler/pkg/api.Namespaces", &[read("exclude"), read("include")]);

/// Arguments of RemoveDuplicates.
pub(super) static DUPLICATES: Table = table(
    "sigs.k8s.io/descheduler/pkg/framework/plugins/removeduplicates.RemoveDuplicatesArgs",
    &[read("apiVersion"), read("excludeOwnerKinds"), read("kind"), within("namespaces", &NAMESPACES)],
);

/// Arguments of RemovePodsViolatingTopologySpreadConstraint.
pub(super) static SPREAD: Table = table(
    "sigs.k8s.io/descheduler/pkg/framework/plugins/removepodsviolatingtopologyspreadconstraint.RemovePodsViolatingTopologySpreadConstraintArgs",
    &[
        read("apiVersion"),
        read("constraints"),
        read("kind"),
        within("labelSelector", &LABEL_SELECTOR),
        within("namespaces", &NAMESPACES),
        read("topologyBalanceNodeFit"),
    ],
);

/// Arguments of RemovePodsViolatingNodeAffinity.
pub(super) static NODE_AFFINITY: Table = table(
    "sigs.k8s.io/descheduler/pkg/framework/plugins/removepodsviolatingnodeaffinity.RemovePodsViolatingNodeAffinityArgs",
    &[
        read("apiVersion"),
        read("kind"),
        within("labelSelector", &LABEL_SELECTOR),
        within("namespaces", &NAMESPACES),
        read("nodeAffinityType"),
    ],
);

/// Arguments of RemovePodsViolatingNodeTaints.
pub(super) static NODE_TAINTS: Table = table(
    "sigs.k8s.io/descheduler/pkg/framework/plugins/removepodsviolatingnodetaints.RemovePodsViolatingNodeTaintsArgs",
    &[
        read("apiVersion"),
        depends("excludedTaints", "a taint without a value: only taints of its key with an empty value are left alone"),
        risky("includedTaints", "this argument of RemovePodsViolatingNodeTaints is not modelled: it evicts more"),
        read("includePreferNoSchedule"),
        read("kind"),
        risky("labelSelector", "this argument of RemovePodsViolatingNodeTaints is not modelled: it evicts more"),
        risky("namespaces", "this argument of RemovePodsViolatingNodeTaints is not modelled: it evicts more"),
    ],
);

/// Arguments of RemovePodsViolatingInterPodAntiAffinity.
pub(super) static ANTI_AFFINITY: Table = table(
    "sigs.k8s.io/descheduler/pkg/framework/plugins/removepodsviolatinginterpodantiaffinity.RemovePodsViolatingInterPodAntiAffinityArgs",
    &[read("apiVersion"), read("kind"), within("labelSelector", &LABEL_SELECTOR), within("namespaces", &NAMESPACES)],
);

/// Arguments of RemovePodsHavingTooManyRestarts.
pub(super) static RESTARTS: Table = table(
    "sigs.k8s.io/descheduler/pkg/framework/plugins/removepodshavingtoomanyrestarts.RemovePodsHavingTooManyRestartsArgs",
    &[
        read("apiVersion"),
        harmless(
            "includingInitContainers",
            "restarts are not counted: any pod of a workload that crashes may go",
            "sigs.k8s.io/descheduler: pkg/framework/plugins/removepodshavingtoomanyrestarts/toomanyrestarts.go",
        ),
        read("kind"),
        within("labelSelector", &LABEL_SELECTOR),
        within("namespaces", &NAMESPACES),
        read("podRestartThreshold"),
        depends("states", "states that no pod of the model is ever in"),
    ],
);

/// Arguments of PodLifeTime.
pub(super) static LIFE_TIME: Table = table(
    "sigs.k8s.io/descheduler/pkg/framework/plugins/podlifetime.PodLifeTimeArgs",
    &[
        read("apiVersion"),
        risky("conditions", "conditions of pods are not modelled: more pods are evicted"),
        risky("exitCodes", "containers do not end in the model: more pods are evicted"),
        harmless("includingEphemeralContainers", STATES, LIFE_TIME_CODE),
        harmless("includingInitContainers", STATES, LIFE_TIME_CODE),
        read("kind"),
        within("labelSelector", &LABEL_SELECTOR),
        read("maxPodLifeTimeSeconds"),
        within("namespaces", &NAMESPACES),
        risky("ownerKinds", "pods of owners of all kinds are evicted"),
        depends("states", "states that no pod of the model is ever in"),
    ],
);

/// Arguments of RemoveFailedPods.
pub(super) static FAILED_PODS: Table = table(
    "sigs.k8s.io/descheduler/pkg/framework/plugins/removefailedpods.RemoveFailedPodsArgs",
    &[
        read("apiVersion"),
        read("excludeOwnerKinds"),
        read("exitCodes"),
        read("includingInitContainers"),
        read("kind"),
        within("labelSelector", &LABEL_SELECTOR),
        read("minPodLifetimeSeconds"),
        within("namespaces", &NAMESPACES),
        read("reasons"),
    ],
);

/// Arguments of LowNodeUtilization.
pub(super) static LOW: Table = table(
    "sigs.k8s.io/descheduler/pkg/framework/plugins/nodeutilization.LowNodeUtilizationArgs",
    &[
        read("apiVersion"),
        within("evictableNamespaces", &NAMESPACES),
        within("evictionLimits", &LIMITS),
        read("kind"),
        risky("metricsUtilization", "usage from metrics is not modelled: requests are compared instead"),
        read("numberOfNodes"),
        read("targetThresholds"),
        read("thresholds"),
        read("useDeviationThresholds"),
    ],
);

/// Arguments of HighNodeUtilization.
pub(super) static HIGH: Table = table(
    "sigs.k8s.io/descheduler/pkg/framework/plugins/nodeutilization.HighNodeUtilizationArgs",
    &[
        read("apiVersion"),
        within("evictableNamespaces", &NAMESPACES),
        read("evictionModes"),
        read("kind"),
        read("numberOfNodes"),
        read("thresholds"),
    ],
);

/// Limits of one plugin.
pub(super) static LIMITS: Table = table("sigs.k8s.io/descheduler/pkg/api.EvictionLimits", &[read("node")]);

/// A strategy of v1alpha1.
pub(super) static STRATEGY: Table = table(
    "descheduler/v1alpha1.DeschedulerStrategy",
    &[
        read("enabled"),
        within("params", &PARAMETERS),
        harmless("weight", "no strategy reads it", "sigs.k8s.io/descheduler: pkg/api/v1alpha2/types.go"),
    ],
);

/// Parameters of a strategy of v1alpha1.
pub(super) static PARAMETERS: Table = table(
    "descheduler/v1alpha1.StrategyParameters",
    &[
        depends("evictableNamespaces", "the strategy that is configured does not use it"),
        depends("excludedTaints", "the strategy that is configured does not use it"),
        depends("excludeOwnerKinds", "the strategy that is configured does not use it"),
        depends("failedPods", "the strategy that is configured does not use it"),
        depends("includedTaints", "the strategy that is configured does not use it"),
        depends("includePreferNoSchedule", "the strategy that is configured does not use it"),
        depends("includeSoftConstraints", "the strategy that is configured does not use it"),
        depends("labelSelector", "the strategy that is configured does not use it"),
        depends("namespaces", "the strategy that is configured does not use it"),
        depends("nodeAffinityType", "the strategy that is configured does not use it"),
        depends("nodeFit", "the strategy that is configured does not use it"),
        depends("nodeResourceUtilizationThresholds", "the strategy that is configured does not use it"),
        depends("podLifeTime", "the strategy that is configured does not use it"),
        depends("podsHavingTooManyRestarts", "the strategy that is configured does not use it"),
        depends("removeDuplicates", "the strategy that is configured does not use it"),
        depends("thresholdPriority", "the strategy that is configured does not use it"),
        depends("thresholdPriorityClassName", "the strategy that is configured does not use it"),
        depends("topologyBalanceNodeFit", "the strategy that is configured does not use it"),
    ],
);

/// What RemoveDuplicates of v1alpha1 takes.
pub(super) static OLD_DUPLICATES: Table = table("descheduler/v1alpha1.RemoveDuplicates", &[read("excludeOwnerKinds")]);

/// What RemovePodsHavingTooManyRestarts of v1alpha1 takes.
pub(super) static OLD_RESTARTS: Table = table(
    "descheduler/v1alpha1.PodsHavingTooManyRestarts",
    &[
        harmless(
            "includingInitContainers",
            "restarts are not counted: any pod of a workload that crashes may go",
            "sigs.k8s.io/descheduler: pkg/framework/plugins/removepodshavingtoomanyrestarts/toomanyrestarts.go",
        ),
        read("podRestartThreshold"),
        depends("states", "states that no pod of the model is ever in"),
    ],
);

/// What PodLifeTime of v1alpha1 takes.
pub(super) static OLD_LIFE_TIME: Table = table(
    "descheduler/v1alpha1.PodLifeTime",
    &[read("maxPodLifeTimeSeconds"), depends("podStatusPhases", "states that no pod of the model is ever in")],
);

/// What RemoveFailedPods of v1alpha1 takes.
pub(super) static OLD_FAILED_PODS: Table = table(
    "descheduler/v1alpha1.FailedPods",
    &[
        read("excludeOwnerKinds"),
        read("exitCodes"),
        read("includingInitContainers"),
        read("minPodLifetimeSeconds"),
        read("reasons"),
    ],
);

/// What LowNodeUtilization of v1alpha1 takes.
pub(super) static OLD_LOW: Table = table(
    "descheduler/v1alpha1.NodeResourceUtilizationThresholds",
    &[
        within("evictionLimits", &LIMITS),
        read("numberOfNodes"),
        read("targetThresholds"),
        read("thresholds"),
        read("useDeviationThresholds"),
    ],
);

/// What HighNodeUtilization of v1alpha1 takes.
pub(super) static OLD_HIGH: Table = table_in(
    "descheduler/v1alpha1.NodeResourceUtilizationThresholds",
    "of HighNodeUtilization",
    &[
        read("evictionModes"),
        read("numberOfNodes"),
        depends("targetThresholds", "HighNodeUtilization does not take it"),
        read("thresholds"),
    ],
);

/// The arguments of a plugin.
pub(super) fn arguments_of(plugin: &str) -> Option<&'static Table> {
    ARGUMENTS.iter().find(|(name, _)| *name == plugin).map(|(_, table)| *table)
}

/// The arguments of the plugins that are read.
pub(super) static ARGUMENTS: &[(&str, &Table)] = &[
    ("DefaultEvictor", &EVICTOR),
    ("HighNodeUtilization", &HIGH),
    ("LowNodeUtilization", &LOW),
    ("PodLifeTime", &LIFE_TIME),
    ("RemoveDuplicates", &DUPLICATES),
    ("RemoveFailedPods", &FAILED_PODS),
    ("RemovePodsHavingTooManyRestarts", &RESTARTS),
    ("RemovePodsViolatingInterPodAntiAffinity", &ANTI_AFFINITY),
    ("RemovePodsViolatingNodeAffinity", &NODE_AFFINITY),
    ("RemovePodsViolatingNodeTaints", &NODE_TAINTS),
    ("RemovePodsViolatingTopologySpreadConstraint", &SPREAD),
];
