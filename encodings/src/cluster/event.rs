//! External events: what users and machines may do, with budgets.

use super::label_change::LabelChange;
use super::other::Other;
use super::span::Span;
use super::workload::WorkloadRef;
use crate::system::Origin;

/// How a manifest is applied (section 2.9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ApplyMode {
    /// Client-side: three-way merge with the last-applied configuration.
    ClientSide,
    /// Server-side: field ownership.
    ServerSide,
}

/// What happens.
#[derive(Clone, PartialEq, Debug)]
pub enum EventKind {
    /// The CPU usage of each pod of the target becomes one of the values (milli-cores).
    CpuChange {
        /// The workload.
        target: WorkloadRef,
        /// The new usage.
        to: Span,
    },
    /// A node stops (and may come back).
    NodeFailure {
        /// Only nodes of this pool (or the node of this name); `None`: any node.
        pool: Option<String>,
        /// Whether it may come back.
        recovers: bool,
    },
    /// Nodes are drained, and put back when empty.
    Maintenance {
        /// Only nodes of these pools; empty: of all.
        pools: Vec<String>,
        /// How many nodes may be away at the same time.
        at_once: i64,
    },
    /// `kubectl drain`: cordon, then evict until nothing is left.
    Drain {
        /// The node, by slot name; `None`: any node.
        node: Option<String>,
        /// Whether it is uncordoned when empty.
        uncordon: bool,
    },
    /// `spec.unschedulable` is set.
    Cordon {
        /// The node, by slot name; `None`: any node.
        node: Option<String>,
    },
    /// `spec.unschedulable` is cleared.
    Uncordon {
        /// The node, by slot name; `None`: any node.
        node: Option<String>,
    },
    /// `kubectl label node`.
    Relabel(LabelChange),
    /// A manifest of an existing workload is applied.
    Apply {
        /// The workload.
        target: WorkloadRef,
        /// `spec.replicas` of the applied manifest, if it has the field.
        replicas: Option<i64>,
        /// Number of its pod template: 0 for that of the workload's manifest, else one of its later templates.
        template: usize,
        /// How.
        mode: ApplyMode,
        /// Whether the applied manifest has `spec.paused: true`.
        paused: bool,
    },
    /// `kubectl rollout restart`: the template changes in a way that no other controller can see.
    Rollout {
        /// The workload.
        target: WorkloadRef,
    },
    /// `kubectl rollout undo`: back to the template of the revision before.
    Rollback {
        /// The workload.
        target: WorkloadRef,
    },
    /// `kubectl scale`.
    Scale {
        /// The workload.
        target: WorkloadRef,
        /// The new `spec.replicas`.
        replicas: Span,
    },
    /// A workload that was read with `exists: false` is created.
    CreateDeployment {
        /// The workload.
        target: WorkloadRef,
    },
    /// Something of a kind that is added from elsewhere.
    Other(Other),
}

/// When an operation may begin, once those before it are over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Moment {
    /// At any moment: the cluster may still be about to react to the one before.
    Any,
    /// Once nothing but clocks can change.
    #[default]
    Settled,
}

/// An event with its budget.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Name, for `after` and reports; unique.
    pub id: String,
    /// What happens.
    pub kind: EventKind,
    /// How often it may happen; for maintenance the number of nodes.
    pub times: i64,
    /// Whether it eventually does happen.
    pub must: bool,
    /// Only after the event of this id has happened.
    pub after: Option<String>,
    /// When it may begin, if it is one of the operations that are done one after the other.
    pub operation: Option<Moment>,
    /// Where it is written.
    pub origin: Origin,
}

impl EventKind {
    /// The name in scenario files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::CpuChange { .. } => "cpuChange",
            Self::NodeFailure { .. } => "nodeFailure",
            Self::Maintenance { .. } => "maintenance",
            Self::Drain { .. } => "drain",
            Self::Cordon { .. } => "cordon",
            Self::Uncordon { .. } => "uncordon",
            Self::Relabel(_) => "relabel",
            Self::Apply { .. } => "apply",
            Self::Rollout { .. } => "rollout",
            Self::Rollback { .. } => "rollback",
            Self::Scale { .. } => "scale",
            Self::CreateDeployment { .. } => "createDeployment",
            Self::Other(other) => other.kind(),
        }
    }
}
