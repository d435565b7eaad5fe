//! The words of aspects that others than their own controller ask for: reports, recorded runs, scripts.

/// Pods without a node.
pub const PENDING: &str = "pending";
/// Pods with a node that the kubelet has not admitted.
pub const BOUND: &str = "bound";
/// Pods whose start-up is not over.
pub const STARTING: &str = "starting";
/// Pods that are ready, but not for long enough.
pub const FRESH: &str = "running, not available yet";
/// Running pods.
pub const RUNNING: &str = "running";
/// Pods with a crashed container.
pub const CRASHED: &str = "crashed";
/// Pods whose deletion has begun.
pub const TERMINATING: &str = "terminating";
/// Failed pods.
pub const FAILED: &str = "failed";
/// `spec.replicas` of a workload.
pub const REPLICAS: &str = "spec.replicas";
/// `spec.paused` of a Deployment.
pub const PAUSED: &str = "paused";
/// Which template of a workload is wanted.
pub const TEMPLATE: &str = "template";
/// The number of replicas of its Deployment that is noted at a ReplicaSet.
pub const DESIRED_REPLICAS: &str = "desired-replicas";
/// The same with the surge.
pub const WITH_SURGE: &str = "max-replicas";
/// Pods without a node for which room was made on one.
pub const NOMINATED: &str = "nominated";
/// CPU that each pod uses.
pub const CPU_USAGE: &str = "cpuUsage";
/// What `spec.replicas` is initially.
pub const INITIAL_REPLICAS: &str = "initial replicas";
/// `spec.replicas` of a ReplicaSet.
pub const REPLICA_SET: &str = "replicaSet";
/// Whether a workload or a node exists.
pub const EXISTS: &str = "exists";
/// How many nodes a pool has.
pub const NODES: &str = "nodes";
/// What a node offers of a resource.
pub const ALLOCATABLE: &str = "allocatable";
/// Pods that a node offers room for, as a resource.
pub const PODS: &str = "pods";
/// The value of a metric that is no resource.
pub const METRIC: &str = "metric";
/// The value of a metric that events change.
pub const METRIC_NOW: &str = "metric now";
/// Whether a metric has no value.
pub const METRIC_GONE: &str = "metric gone";
/// CPU that pods use initially.
pub const INITIAL_CPU_USAGE: &str = "initial cpuUsage";
/// Memory that pods use.
pub const MEMORY_USAGE: &str = "memoryUsage";
/// How often an event may still happen.
pub const LEFT: &str = "left";
/// Rules that give a pod a node, and picks of nodes.
pub const BIND: &str = "bind";
/// Rules that start a pod.
pub const START: &str = "start";
/// Rules that turn a pod away.
pub const REJECT: &str = "reject";
/// Rules by which a node stops.
pub const STOP: &str = "stop";
/// Rules by which the kernel of a node stops.
pub const PANIC: &str = "panic";
/// Rules by which a node comes back.
pub const RECOVER: &str = "recover";
/// Rules that end a drain or a maintenance.
pub const FINISH: &str = "finish";
/// Rules that evict pods.
pub const EVICT: &str = "evict";
/// The CPU usage that an event picks.
pub const USAGE: &str = "usage";
