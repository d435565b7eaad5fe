//! Engines: each decides one property of a transition system, knowing nothing of Kubernetes. A new one is a file (or a
//! folder) with a [`Registration`], and a line in [`REGISTRY`].

pub mod explicit;
pub mod proof;
pub mod symbolic;
pub mod walks;

pub use crate::limits::{Cancel, Limits};

use crate::smt::Encoding;
use crate::trace::Trace;
use kubound_encodings::system::TransitionSystem;

/// What an engine found out.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// A run that violates the property, over all variables of the system given.
    Violated(Box<Trace>),
    /// No run violates it, at any depth, for every initial state of the system given.
    Holds {
        /// How it was shown, e.g. `explicit search to the fixpoint`.
        method: &'static str,
        /// Whether some reachable state satisfies the premise of the property.
        premise_reached: bool,
        /// The proof in words, a line each; empty where every state was looked at.
        proof: Vec<String>,
    },
    /// No violation with at most this many steps.
    NoViolationUpTo {
        /// Steps; `usize::MAX` where every number of steps was looked at, but not every run (`Limits::pods`).
        depth: usize,
    },
    /// Could not tell.
    Unknown {
        /// Why, in words for the user.
        reason: String,
    },
}

/// Sizes of a search, for reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// States stored by an explicit search.
    pub states: u64,
    /// Steps taken by an explicit search.
    pub transitions: u64,
    /// Clauses given to a solver.
    pub clauses: u64,
    /// Variables given to a solver.
    pub variables: u64,
    /// Steps of the deepest unrolling, or the depth of a search to the fixpoint.
    pub depth: usize,
}

/// An answer with the sizes of the search.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The answer.
    pub answer: Answer,
    /// Its cost.
    pub statistics: Statistics,
    /// Names of the rules that fired in some reachable state, where the engine knows them.
    pub fired: Vec<String>,
    /// Whether it was shown that no run fires fast rules only from some step on; asked for by [`Limits::watch_rest`],
    /// and for systems in which nothing else can fire while a fast rule can.
    pub rests: bool,
    /// Runs to some of the states looked at, the initial ones perhaps among them; asked for by [`Limits::samples`].
    pub sampled: Vec<Trace>,
}

impl Outcome {
    /// Could not tell.
    pub fn unknown(reason: String) -> Self {
        let (statistics, fired, sampled) = (Statistics::default(), Vec::new(), Vec::new());
        Self { answer: Answer::Unknown { reason }, statistics, fired, rests: false, sampled }
    }
}

/// A fault in the model or in an engine; never the user's.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// An update left the range of its variable.
    #[error("the model is faulty: rule {rule} sets {var} to {value}, outside its range")]
    OutOfRange {
        /// The rule.
        rule: String,
        /// The variable.
        var: String,
        /// The value.
        value: i64,
    },
    /// An enabled rule that cannot fire, or changes nothing.
    #[error("the model is faulty: rule {rule} is enabled but {what}")]
    BadRule {
        /// The rule.
        rule: String,
        /// What is wrong.
        what: String,
    },
    /// Something else that must not happen.
    #[error("internal error: {0}")]
    Internal(String),
}

/// A decision procedure for one property.
pub trait Engine: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// Decides property `property` of `system`, as far as the limits allow.
    fn decide(
        &self,
        system: &TransitionSystem,
        property: usize,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Outcome, EngineError>;
}

/// When an engine takes part in a search by several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// From the start, on the whole system; it ends by itself, or gives up.
    Exhaustive,
    /// On the whole system, once the exhaustive ones have given up.
    Fallback,
    /// From the start, in rounds of growing sizes.
    Growing,
    /// From almost the start, on the whole system, for as long as others search; it only ever finds violations, and is no
    /// choice of users.
    Companion,
}

/// An engine that users may choose.
#[derive(Debug)]
pub struct Registration {
    /// Its name on the command line and in reports.
    pub name: &'static str,
    /// Other names that are still understood.
    pub aliases: &'static [&'static str],
    /// What it does, in a line.
    pub summary: &'static str,
    /// When it takes part.
    pub part: Part,
    /// Whether it chooses encodings and solvers by itself.
    pub chooses_solvers: bool,
    /// Makes it.
    pub open: fn(Encoding) -> Box<dyn Engine>,
}

/// All engines.
pub const REGISTRY: &[Registration] = &[explicit::REGISTRATION, symbolic::REGISTRATION, proof::REGISTRATION];

/// The engine of a name.
pub fn named(name: &str) -> Option<&'static Registration> {
    REGISTRY.iter().find(|engine| engine.name == name || engine.aliases.contains(&name))
}
