//! What becomes of each field of the scheduler's configuration.

use super::super::judgements::{Table, depends, harmless, read, risky, table, table_in, within};

const RULES: &str = "it changes nothing in what is scheduled";
const SPEED: &str = "it changes how fast pods are scheduled, and nothing else";
const RETRY: &str = "pending pods are tried again after any time";
const POINT: &str = "changes of this extension point are not modelled";

/// A KubeSchedulerConfiguration.
pub(super) static CONFIGURATION: Table = table(
    "k8s.io/kube-scheduler/config/v1.KubeSchedulerConfiguration",
    &[
        read("apiVersion"),
        harmless("clientConnection", RULES, "cmd/kube-scheduler/app/server.go"),
        harmless("delayCacheUntilActive", SPEED, "pkg/scheduler/scheduler.go"),
        harmless("enableContentionProfiling", RULES, "cmd/kube-scheduler/app/server.go"),
        harmless("enableProfiling", RULES, "cmd/kube-scheduler/app/server.go"),
        risky("extenders", "extenders are not modelled"),
        harmless("healthzBindAddress", RULES, "cmd/kube-scheduler/app/server.go"),
        read("kind"),
        harmless("leaderElection", RULES, "cmd/kube-scheduler/app/server.go"),
        read("metadata"),
        harmless("metricsBindAddress", RULES, "cmd/kube-scheduler/app/server.go"),
        harmless("parallelism", SPEED, "pkg/scheduler/scheduler.go"),
        read("percentageOfNodesToScore"),
        harmless("podInitialBackoffSeconds", RETRY, "pkg/scheduler/backend/queue/backoff_queue.go"),
        harmless("podMaxBackoffSeconds", RETRY, "pkg/scheduler/backend/queue/backoff_queue.go"),
        within("profiles", &PROFILE),
    ],
);

/// A profile.
pub(super) static PROFILE: Table = table(
    "k8s.io/kube-scheduler/config/v1.KubeSchedulerProfile",
    &[
        read("percentageOfNodesToScore"),
        within("pluginConfig", &PLUGIN_CONFIG),
        within("plugins", &PLUGINS),
        read("schedulerName"),
    ],
);

/// Arguments of a plugin.
pub(super) static PLUGIN_CONFIG: Table = table_in(
    "k8s.io/kube-scheduler/config/v1.PluginConfig",
    "of the scheduler",
    &[depends("args", "those of plugins that are not modelled"), read("name")],
);

/// Extension points.
pub(super) static PLUGINS: Table = table_in(
    "k8s.io/kube-scheduler/config/v1.Plugins",
    "of the scheduler",
    &[
        risky("bind", POINT),
        within("filter", &SET),
        within("multiPoint", &SET),
        risky("permit", POINT),
        risky("placementGenerate", POINT),
        risky("placementScore", POINT),
        risky("podGroupPostFilter", POINT),
        risky("postBind", POINT),
        within("postFilter", &SET),
        risky("preBind", POINT),
        risky("preEnqueue", POINT),
        risky("preFilter", POINT),
        risky("preScore", POINT),
        risky("queueSort", POINT),
        risky("reserve", POINT),
        within("score", &SET),
    ],
);

/// An extension point.
pub(super) static SET: Table =
    table("k8s.io/kube-scheduler/config/v1.PluginSet", &[within("disabled", &DISABLED), within("enabled", &PLUGIN)]);

/// A plugin that is enabled.
pub(super) static PLUGIN: Table = table(
    "k8s.io/kube-scheduler/config/v1.Plugin",
    &[depends("name", "plugins that are not modelled"), read("weight")],
);

/// A plugin that is disabled.
pub(super) static DISABLED: Table = table_in(
    "k8s.io/kube-scheduler/config/v1.Plugin",
    "that is disabled",
    &[
        read("name"),
        harmless("weight", "a plugin that is off has no weight", "pkg/scheduler/framework/runtime/framework.go"),
    ],
);

/// Arguments of NodeResourcesFit.
pub(super) static FIT: Table = table(
    "k8s.io/kube-scheduler/config/v1.NodeResourcesFitArgs",
    &[
        read("apiVersion"),
        read("ignoredResourceGroups"),
        read("ignoredResources"),
        read("kind"),
        within("scoringStrategy", &STRATEGY),
    ],
);

/// How NodeResourcesFit scores.
pub(super) static STRATEGY: Table = table(
    "k8s.io/kube-scheduler/config/v1.ScoringStrategy",
    &[within("requestedToCapacityRatio", &RATIO), within("resources", &RESOURCE), read("type")],
);

/// A shape.
pub(super) static RATIO: Table =
    table("k8s.io/kube-scheduler/config/v1.RequestedToCapacityRatioParam", &[within("shape", &SHAPE)]);

/// A point of a shape.
pub(super) static SHAPE: Table =
    table("k8s.io/kube-scheduler/config/v1.UtilizationShapePoint", &[read("score"), read("utilization")]);

/// A resource with its weight.
pub(super) static RESOURCE: Table =
    table("k8s.io/kube-scheduler/config/v1.ResourceSpec", &[read("name"), read("weight")]);

/// Arguments of NodeResourcesBalancedAllocation.
pub(super) static BALANCED: Table = table(
    "k8s.io/kube-scheduler/config/v1.NodeResourcesBalancedAllocationArgs",
    &[read("apiVersion"), read("kind"), within("resources", &RESOURCE)],
);

/// Arguments of PodTopologySpread.
pub(super) static SPREAD: Table = table(
    "k8s.io/kube-scheduler/config/v1.PodTopologySpreadArgs",
    &[read("apiVersion"), read("defaultConstraints"), read("defaultingType"), read("kind")],
);

/// Arguments of NodeAffinity.
pub(super) static NODE_AFFINITY: Table = table(
    "k8s.io/kube-scheduler/config/v1.NodeAffinityArgs",
    &[read("addedAffinity"), read("apiVersion"), read("kind")],
);

/// Arguments of InterPodAffinity.
pub(super) static POD_AFFINITY: Table = table(
    "k8s.io/kube-scheduler/config/v1.InterPodAffinityArgs",
    &[read("apiVersion"), read("hardPodAffinityWeight"), read("ignorePreferredTermsOfExistingPods"), read("kind")],
);

/// The arguments of the plugins that are read.
pub(super) static ARGUMENTS: &[(&str, &Table)] = &[
    ("InterPodAffinity", &POD_AFFINITY),
    ("NodeAffinity", &NODE_AFFINITY),
    ("NodeResourcesBalancedAllocation", &BALANCED),
    ("NodeResourcesFit", &FIT),
    ("PodTopologySpread", &SPREAD),
];
