//! Cluster to transition system: the only place that sees the registries of controllers, events and intents.

use crate::cluster::Cluster;
use crate::system::{IllFormed, TransitionSystem};

/// How many reconciles one rule stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Granularity {
    /// One rule is one reconcile of one controller on one object.
    Fine,
    /// Rules are merged where that cannot change a verdict.
    #[default]
    Fused,
}

/// Why a cluster cannot be modelled.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum AssembleError {
    /// A part of the input that the models do not support and that must not be ignored.
    #[error("{object}: {field}: {what}")]
    Unsupported {
        /// The object.
        object: String,
        /// The field.
        field: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// The system that came out is not well-formed: a fault of the models.
    #[error("internal error: {0}")]
    IllFormed(#[from] IllFormed),
}

/// Builds the transition system of a cluster: one property an intent, in order.
pub fn assemble(cluster: &Cluster, granularity: Granularity) -> Result<TransitionSystem, AssembleError> {
    let _ = (cluster, granularity);
    Err(AssembleError::IllFormed(IllFormed::Overflow("no controllers are modelled yet".into())))
}
