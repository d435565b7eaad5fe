//! Workloads: Deployments and ReplicaSets, and the Services that select their pods.

use super::pod::PodTemplate;
use super::selector::Labels;
use super::span::Span;
use crate::system::Origin;
use std::fmt;

/// `kind/namespace/name`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct WorkloadRef {
    /// `Deployment` or `ReplicaSet`.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
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

/// A Deployment or a bare ReplicaSet with one revision of its pods.
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
    /// CPU that ready pods use.
    pub cpu_usage: Usage,
    /// Memory that ready pods use.
    pub memory_usage: Usage,
    /// Start-up behaviour; `None`: ready as soon as started.
    pub startup: Option<Startup>,
    /// False for a workload that only a `createDeployment` event brings into being.
    pub exists: bool,
    /// Where it is written.
    pub origin: Origin,
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
