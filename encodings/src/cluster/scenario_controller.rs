//! Controllers that only scenarios name: what acts around a cluster, again and again, and is no object of its API.

use super::workload::WorkloadRef;
use crate::system::Origin;

/// What it does.
#[derive(Clone, PartialEq, Debug)]
pub enum ScenarioControllerKind {
    /// What applies manifests again and again (GitOps) puts `spec.replicas` back to what the manifest says.
    SelfHeal {
        /// The workload.
        target: WorkloadRef,
        /// Seconds between two comparisons.
        interval: i64,
    },
    /// An assumption on the environment: a node whose free CPU falls below this percentage stops, and comes back when it
    /// is above again. Not something Kubernetes does (section 10).
    KernelPanic {
        /// Percent of allocatable CPU.
        cpu_left_below: i64,
    },
    /// Kubelets evict pods from nodes whose pods use more memory than is allocatable (section 5.3).
    MemoryPressure,
}

/// A controller of the scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct ScenarioController {
    /// Name for reports; unique, also among events.
    pub id: String,
    /// What it does.
    pub kind: ScenarioControllerKind,
    /// Where it is written.
    pub origin: Origin,
}

impl ScenarioControllerKind {
    /// The name in scenario files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SelfHeal { .. } => "selfHeal",
            Self::KernelPanic { .. } => "kernelPanic",
            Self::MemoryPressure => "memoryPressure",
        }
    }
}
