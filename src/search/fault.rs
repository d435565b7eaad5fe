//! Why a search is aborted.

use crate::engines::EngineError;

/// Why a search was aborted: a fault of ours, after which nothing it found can be trusted, or nothing to search.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The model is faulty, or an engine.
    #[error("{intent}: {source}")]
    Engine {
        /// The intent.
        intent: String,
        /// What went wrong.
        source: EngineError,
    },
    /// There is no initial state. The only fault that is the user's.
    #[error(
        "Scenario: spec.assume: nothing to check: no cluster within the counts and values given satisfies {constraints}\n\
         help: change `assume`, or the ranges in `nodes`, `workloads` and `placed`"
    )]
    NothingToCheck {
        /// What no state satisfies.
        constraints: String,
    },
    /// Two engines contradict each other.
    #[error("{intent}: {first} and {second} contradict each other; {dump}")]
    Contradiction {
        /// The intent.
        intent: String,
        /// One engine with its answer.
        first: String,
        /// The other.
        second: String,
        /// Where the details are.
        dump: String,
    },
    /// A violation is no run of the model.
    #[error("{intent}: the run found by {engine} cannot be replayed: {why}")]
    Replay {
        /// The intent.
        intent: String,
        /// The engine.
        engine: String,
        /// What went wrong.
        why: String,
    },
}
