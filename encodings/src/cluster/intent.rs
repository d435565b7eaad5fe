//! Intents: what shall hold (section 6 of the design).

use super::expression::Expression;
use super::formula::{Formula, Word};
use super::other::Other;
use super::workload::WorkloadRef;
use crate::system::Origin;

/// When a bound must be met.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum When {
    /// In every state.
    Always,
    /// In every settled state: no fair rule can change anything but clocks.
    Settled,
    /// In every state after the bound was met for the first time.
    #[default]
    AfterReached,
}

/// What the scheduler may do with a pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SchedulableMode {
    /// No fair run in which from some point on a pod is always pending.
    #[default]
    Settled,
    /// No pod is ever rejected.
    Immediate,
}

/// The claim.
#[derive(Clone, PartialEq, Debug)]
pub enum IntentKind {
    /// No fair loop in which the cluster (or the target) changes.
    NoOscillation {
        /// Only changes of this workload.
        target: Option<WorkloadRef>,
    },
    /// Desired replicas never rise and then fall without an event in between.
    NoOvershoot {
        /// The workload.
        target: WorkloadRef,
    },
    /// Pods find a node.
    Schedulable {
        /// Only this workload.
        target: Option<WorkloadRef>,
        /// How strict.
        mode: SchedulableMode,
    },
    /// Ready pods on ready nodes stay within limits.
    Replicas {
        /// The workload.
        target: WorkloadRef,
        /// Lower limit.
        min: Option<Expression>,
        /// Upper limit.
        max: Option<Expression>,
        /// When.
        when: When,
    },
    /// The skew of ready pods stays small.
    Spread {
        /// The workload.
        target: WorkloadRef,
        /// Domains.
        topology_key: String,
        /// Largest allowed skew.
        max_skew: i64,
        /// When.
        when: When,
    },
    /// Ready pods stay above a minimum once reached, through voluntary actions.
    Available {
        /// The workload.
        target: WorkloadRef,
        /// Lower limit.
        min: Expression,
    },
    /// After a change of the template every fair run comes to all pods on the new revision, available.
    RolloutCompletes {
        /// The workload.
        target: WorkloadRef,
    },
    /// Every drain that has begun ends.
    DrainCompletes,
    /// Eventually always everything is as desired.
    Converges {
        /// Only this workload.
        target: Option<WorkloadRef>,
    },
    /// Pod objects owned, failed ones included, stay few.
    BoundedPods {
        /// The workload, or a CronJob.
        target: WorkloadRef,
        /// Limit; 2 × replicas by default.
        max: Option<Expression>,
    },
    /// No fair loop in which nodes stop and come back.
    NoNodePanicLoop,
    /// Conditions over states under a temporal word.
    Formula {
        /// The word.
        word: Word,
        /// As written.
        text: String,
        /// One, or two for [`Word::LeadsTo`].
        conditions: Vec<Formula>,
    },
    /// Pods are only on nodes of these pools.
    Placement {
        /// The workload.
        target: WorkloadRef,
        /// The pools.
        pools: Vec<String>,
    },
    /// Something of a kind that is added from elsewhere.
    Other(Other),
}

impl IntentKind {
    /// The name in scenario files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoOscillation { .. } => "noOscillation",
            Self::NoOvershoot { .. } => "noOvershoot",
            Self::Schedulable { .. } => "schedulable",
            Self::Replicas { .. } => "replicas",
            Self::Spread { .. } => "spread",
            Self::Available { .. } => "available",
            Self::RolloutCompletes { .. } => "rolloutCompletes",
            Self::DrainCompletes => "drainCompletes",
            Self::Converges { .. } => "converges",
            Self::BoundedPods { .. } => "boundedPods",
            Self::NoNodePanicLoop => "noNodePanicLoop",
            Self::Placement { .. } => "placement",
            Self::Formula { word, .. } => word.name(),
            Self::Other(other) => other.kind(),
        }
    }

    /// The workload it speaks of, if one.
    pub fn target(&self) -> Option<&WorkloadRef> {
        match self {
            Self::NoOscillation { target } | Self::Schedulable { target, .. } | Self::Converges { target } => {
                target.as_ref()
            }
            Self::NoOvershoot { target }
            | Self::Replicas { target, .. }
            | Self::Spread { target, .. }
            | Self::Available { target, .. }
            | Self::RolloutCompletes { target }
            | Self::BoundedPods { target, .. }
            | Self::Placement { target, .. } => Some(target),
            Self::NoNodePanicLoop | Self::DrainCompletes | Self::Formula { .. } | Self::Other(_) => None,
        }
    }
}

/// An intent of the scenario, or of the default set.
#[derive(Clone, PartialEq, Debug)]
pub struct Intent {
    /// Id: the name of its kind unless the user gave one; unique together with the target.
    pub id: String,
    /// The claim.
    pub kind: IntentKind,
    /// Where it is written.
    pub origin: Origin,
}
