//! Workloads: Deployments and ReplicaSets, and the Services that select their pods.

use super::hpa::MetricResource;
use super::node::{CPU, MEMORY};
use super::pod::PodTemplate;
use super::rollout::{Amount, Rollout};
use super::selector::{Labels, NodeSelectorTerm};
use super::span::Span;
use crate::system::Origin;
use std::fmt;

/// The kind of DaemonSets.
pub const DAEMON_SET: &str = "DaemonSet";

/// The kind of ReplicaSets; as workloads those that no Deployment owns.
const REPLICA_SET: &str = "ReplicaSet";

/// The kind of Jobs.
pub const JOB: &str = "Job";

/// The kind of pods that nobody owns.
pub const POD: &str = "Pod";

/// The kind of StatefulSets.
pub const STATEFUL_SET: &str = "StatefulSet";

/// `kind/namespace/name`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct WorkloadRef {
    /// `Deployment`, `ReplicaSet`, `StatefulSet`, `DaemonSet`, `Job` or `Pod`.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl WorkloadRef {
    /// Whether a text is `name`, `Kind/name` or `Kind/namespace/name` of this workload.
    pub fn is_called(&self, text: &str) -> bool {
        match text.split('/').collect::<Vec<_>>()[..] {
            [name] => self.name == name,
            [kind, name] => self.kind == kind && self.name == name,
            [kind, namespace, name] => self.kind == kind && self.namespace == namespace && self.name == name,
            _ => false,
        }
    }
}

impl fmt::Display for WorkloadRef {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind, self.namespace, self.name)
    }
}

/// What the ready pods of a workload use of one resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Usage {
    /// As much as it requests.
    Request,
    /// Each pod this much; a range is a free frozen value.
    PerPod(Span),
    /// This much in total, shared among the ready pods and truncated.
    Shared(Span),
}

/// Which part of what a pod uses one of its containers does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Share {
    /// So much, milli-cores or bytes.
    Exactly(i64),
    /// What is left beyond this much.
    Rest(i64),
}

impl Share {
    /// That part of what a pod uses.
    pub fn of(self, usage: i64) -> i64 {
        match self {
            Self::Exactly(amount) => amount,
            Self::Rest(others) => (usage - others).max(0),
        }
    }
}

/// What one container of the pods of a workload uses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContainerUsage {
    /// Its name.
    pub name: String,
    /// Of CPU, where it is known.
    pub cpu: Option<Share>,
    /// Of memory, where it is known.
    pub memory: Option<Share>,
}

/// When a starting pod becomes Ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readiness {
    /// As soon as its containers run; its usage is the start-up usage until start-up ends.
    AtOnce,
    /// When start-up ends.
    After,
    /// Never.
    Never,
}

/// Start-up behaviour of the pods of a workload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Startup {
    /// CPU usage while starting, milli-cores.
    pub cpu: i64,
    /// Duration in seconds.
    pub seconds: i64,
    /// When pods become Ready.
    pub readiness: Readiness,
}

/// Containers that end with an error some time after each start.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CrashLoop {
    /// Those of these images; empty: all.
    pub images: Vec<String>,
}

/// What a StatefulSet says about its pods, each of which has an ordinal (section 8.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StatefulSet {
    /// `podManagementPolicy: OrderedReady`, the default: one pod at a time, each Ready before the next.
    pub is_ordered: bool,
    /// `updateStrategy: OnDelete`: pods are not replaced because the template changes.
    pub updates_on_delete: bool,
    /// `updateStrategy.rollingUpdate.partition`: so many of the lowest ordinals keep the former template.
    pub partition: i64,
    /// `updateStrategy.rollingUpdate.maxUnavailable`, with the gate MaxUnavailableStatefulSet.
    pub max_unavailable: Amount,
    /// `spec.ordinals.start`: the first ordinal.
    pub start: i64,
}

impl Default for StatefulSet {
    fn default() -> Self {
        Self { is_ordered: true, updates_on_delete: false, partition: 0, max_unavailable: Amount::Pods(1), start: 0 }
    }
}

/// What a DaemonSet says about the replacement of its pods when the template changes (section 8.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DaemonSet {
    /// `updateStrategy: OnDelete`: pods are not replaced because the template changes.
    pub updates_on_delete: bool,
    /// `updateStrategy.rollingUpdate.maxUnavailable`: on how many nodes there may be no available pod.
    pub max_unavailable: Amount,
    /// `updateStrategy.rollingUpdate.maxSurge`: on how many nodes a pod of the new revision may wait beside the old one.
    pub max_surge: Amount,
}

impl Default for DaemonSet {
    fn default() -> Self {
        Self { updates_on_delete: false, max_unavailable: Amount::Pods(1), max_surge: Amount::Pods(0) }
    }
}

impl DaemonSet {
    /// Whether pods of the new revision come before the old ones go (`AllowsSurge`).
    pub fn surges(&self) -> bool {
        self.max_surge.is_positive()
    }

    /// On how many of so many nodes the update may leave no available pod (`updatedDesiredNodeCounts`).
    pub fn unavailable(&self, nodes: i64) -> i64 {
        let unavailable = self.max_unavailable.rounded_up(nodes);
        if nodes > 0 && unavailable == 0 && self.surge(nodes) == 0 { 1 } else { unavailable }
    }

    /// On how many of so many nodes a new pod may wait beside the old one.
    pub fn surge(&self, nodes: i64) -> i64 {
        self.max_surge.rounded_up(nodes)
    }
}

/// The nodes that a volume can be used on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VolumeNodes {
    /// The ordinal whose pod uses it; `None`: all pods of the workload.
    pub ordinal: Option<i64>,
    /// One of them must match.
    pub terms: Vec<NodeSelectorTerm>,
}

/// Who may use a volume at the same time (`accessModes`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Pods on one node: `ReadWriteOnce` of a volume that is attached to nodes.
    OneNode,
    /// One pod of the cluster: `ReadWriteOncePod`.
    OnePod,
}

/// A claim that all pods of a workload use, and that not all nodes or pods can use at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExclusiveClaim {
    /// Its name, in the namespace of the workload.
    pub name: String,
    /// Who may use it at the same time.
    pub access: Access,
    /// Where that is written.
    pub origin: Origin,
}

/// What becomes of a Job when one of its pods is disrupted (`podFailurePolicy` about the condition `DisruptionTarget`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Disruption {
    /// It counts as a failure.
    #[default]
    Count,
    /// It does not count.
    Ignore,
    /// The Job fails.
    FailJob,
}

/// How failures of an Indexed Job are counted for each index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ByIndex {
    /// `spec.backoffLimitPerIndex`: an index with more failures fails.
    pub limit: i64,
    /// `spec.maxFailedIndexes`: with more failed indexes the Job fails at once.
    pub max_failed: Option<i64>,
}

/// What a Job says; `parallelism` is `Workload::replicas` (section 8.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Job {
    /// `spec.completions`; `None` for a work queue.
    pub completions: Option<i64>,
    /// `spec.backoffLimit`.
    pub backoff_limit: i64,
    /// Failures by index; only with `completions`.
    pub by_index: Option<ByIndex>,
    /// `spec.activeDeadlineSeconds`.
    pub active_deadline: Option<i64>,
    /// `spec.suspend`.
    pub is_suspended: bool,
    /// `spec.podFailurePolicy`.
    pub on_disruption: Disruption,
    /// `spec.podReplacementPolicy: Failed`: pods that are terminating are not replaced yet.
    pub replaces_failed_only: bool,
    /// Seconds that a pod runs before it succeeds; `None` for any time.
    pub run_time: Option<i64>,
}

impl Default for Job {
    fn default() -> Self {
        Self {
            completions: Some(1),
            backoff_limit: 6,
            by_index: None,
            active_deadline: None,
            is_suspended: false,
            on_disruption: Disruption::Count,
            replaces_failed_only: false,
            run_time: None,
        }
    }
}

/// How the controller of a workload treats its pods.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Control {
    /// They are alike: Deployments, ReplicaSets.
    #[default]
    Alike,
    /// There is one on each node: DaemonSets.
    EachNode(DaemonSet),
    /// They have ordinals: StatefulSets.
    Ordinals(StatefulSet),
    /// They end: Jobs.
    Ends(Job),
    /// There is one, and nobody makes another: a bare pod.
    Bare,
}

/// What the pods of a workload are like, whoever makes them: all that the state asks of its controller.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shape {
    /// The number of the first one, where each has a number of its own and there is at most one of each.
    pub first_number: Option<i64>,
    /// There is at most one on a node, and none without.
    pub is_per_node: bool,
    /// There is one, made by hand before runs start.
    pub is_single: bool,
    /// They end; none exists initially.
    pub ends: bool,
}

/// The value of a metric of type Pods, Object or External.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetricValue {
    /// Its name.
    pub name: String,
    /// Thousandths; a range is a value that stays as it is during a run.
    pub value: Span,
    /// Whether the ready pods share it, so that more of them make it smaller.
    pub is_shared: bool,
}

/// A Deployment, a bare ReplicaSet, a StatefulSet, a DaemonSet, a Job or a bare pod.
#[derive(Clone, PartialEq, Debug)]
pub struct Workload {
    /// Identity.
    pub reference: WorkloadRef,
    /// `spec.replicas`; a range is a free initial value.
    pub replicas: Span,
    /// Whether the manifest set `spec.replicas` (what the last-applied configuration remembers, section 2.9).
    pub replicas_managed: bool,
    /// The pod template.
    pub template: PodTemplate,
    /// Other pod templates that events apply later; `EventKind::Apply` counts them from 1.
    pub later_templates: Vec<PodTemplate>,
    /// The template as a vertical autoscaler recommends it, by level (see `VerticalPodAutoscaler::levels`).
    pub recommended: Vec<PodTemplate>,
    /// How pods of a Deployment are replaced when the template changes.
    pub rollout: Rollout,
    /// How its controller treats pods.
    pub control: Control,
    /// Nodes that volumes of its pods are on.
    pub volume_nodes: Vec<VolumeNodes>,
    /// Claims of its pods that not everybody can use at once.
    pub exclusive_claims: Vec<ExclusiveClaim>,
    /// CPU that ready pods use.
    pub cpu_usage: Usage,
    /// Memory that ready pods use.
    pub memory_usage: Usage,
    /// What containers use of that, where it is known.
    pub container_usage: Vec<ContainerUsage>,
    /// Values of metrics that are no resources, by which it is scaled.
    pub metrics: Vec<MetricValue>,
    /// Start-up behaviour; `None`: ready as soon as started.
    pub startup: Option<Startup>,
    /// Containers that crash; `None`: none does.
    pub crash_loop: Option<CrashLoop>,
    /// False for a workload that only a `createDeployment` event brings into being.
    pub exists: bool,
    /// Where it is written.
    pub origin: Origin,
}

impl Workload {
    /// Which part of what a pod uses its container does: what the scenario says; all where there is no other; what it
    /// requests where pods use that. `None` where it is not known.
    pub fn share(&self, template: &PodTemplate, container: &str, resource: MetricResource) -> Option<Share> {
        let said = self.container_usage.iter().find(|one| one.name == container);
        let (said, name, usage) = match resource {
            MetricResource::Cpu => (said.and_then(|one| one.cpu), CPU, self.cpu_usage),
            MetricResource::Memory => (said.and_then(|one| one.memory), MEMORY, self.memory_usage),
        };
        match (said, template.containers.as_slice()) {
            (Some(share), _) => Some(share),
            (None, [_]) => Some(Share::Rest(0)),
            (None, _) if usage == Usage::Request => {
                let requests = template.container(container).map(|one| &one.requests);
                Some(Share::Exactly(requests.and_then(|one| one.get(name)).copied().unwrap_or(0)))
            }
            (None, _) => None,
        }
    }

    /// Whether it is a DaemonSet: a pod on each node that admits it, `replicas` is 0 and not looked at.
    pub fn is_daemon(&self) -> bool {
        self.reference.kind == DAEMON_SET
    }

    /// What it says of updates, if it is a DaemonSet.
    pub fn daemon_set(&self) -> Option<DaemonSet> {
        match self.control {
            Control::EachNode(spec) => Some(spec),
            _ => self.is_daemon().then(DaemonSet::default),
        }
    }

    /// Whether pods of a template crash again and again.
    pub fn crashes(&self, template: &PodTemplate) -> bool {
        self.crash_loop
            .as_ref()
            .is_some_and(|one| one.images.is_empty() || one.images.iter().any(|image| template.images.contains(image)))
    }

    /// What it says of its ordinals, if it is a StatefulSet.
    pub fn ordinals(&self) -> Option<&StatefulSet> {
        match &self.control {
            Control::Ordinals(ordinals) => Some(ordinals),
            _ => None,
        }
    }

    /// What it says of pods that end, if it is a Job.
    pub fn job(&self) -> Option<&Job> {
        match &self.control {
            Control::Ends(job) => Some(job),
            _ => None,
        }
    }

    /// Whether it is a pod that no controller owns.
    pub fn is_bare(&self) -> bool {
        self.control == Control::Bare
    }

    /// What its pods are like.
    pub fn shape(&self) -> Shape {
        let shape = Shape { is_per_node: self.is_daemon(), ..Shape::default() };
        match &self.control {
            Control::Alike | Control::EachNode(_) => shape,
            Control::Ordinals(set) => Shape { first_number: Some(set.start), ..shape },
            Control::Ends(_) => Shape { ends: true, ..shape },
            Control::Bare => Shape { is_single: true, ..shape },
        }
    }

    /// Whether ReplicaSets keep its pods: a Deployment or a ReplicaSet.
    pub fn has_replica_sets(&self) -> bool {
        self.control == Control::Alike && !self.is_daemon()
    }

    /// Whether it is a ReplicaSet that no Deployment owns.
    pub fn is_bare_replica_set(&self) -> bool {
        self.reference.kind == REPLICA_SET
    }

    /// A template by its number: 0 for that of the manifest, then those that events apply, then the recommended ones.
    pub fn template_of(&self, number: usize) -> &PodTemplate {
        self.templates().nth(number).unwrap_or(&self.template)
    }

    /// All templates, that of the manifest first.
    pub fn templates(&self) -> impl Iterator<Item = &PodTemplate> {
        std::iter::once(&self.template).chain(&self.later_templates).chain(&self.recommended)
    }
}

/// A Service: selects pods by label.
#[derive(Clone, PartialEq, Debug)]
pub struct Service {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `spec.selector`; empty selects nothing.
    pub selector: Labels,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_nodes_are_rounded_up() {
        let of = |max_unavailable, max_surge, nodes| {
            let spec = DaemonSet { max_unavailable, max_surge, ..DaemonSet::default() };
            (spec.unavailable(nodes), spec.surge(nodes))
        };
        assert_eq!([0, 1, 10, 11].map(|nodes| of(Amount::Percent(10), Amount::Pods(0), nodes).0), [0, 1, 1, 2]);
        assert_eq!(of(Amount::Pods(0), Amount::Percent(30), 7), (0, 3));
        assert_eq!(of(Amount::Percent(0), Amount::Percent(0), 3), (1, 0), "the API server refuses this");
        let plain = DaemonSet::default();
        assert_eq!((plain.unavailable(5), plain.surge(5), plain.surges()), (1, 0, false));
    }
}
