//! From a cluster to verdicts: which engines run, up to which sizes, and what their answers amount to.
//!
//! An engine decides one property of one system within limits and knows nothing else. This module builds the systems
//! of a cluster, lets engines race ([`portfolio`]), grows and shrinks the sizes they look at ([`scaling`],
//! [`minimise`]), replays every violation on the unreduced fine system before anyone sees it, and says what a clean
//! verdict covers ([`scope`]).

pub mod clock;
pub mod cross_check;
pub mod dormant;
mod driver;
pub mod estimate;
mod fault;
pub mod late;
mod lineup;
pub mod merged;
pub mod minimise;
pub mod portfolio;
pub mod references;
pub mod restrict;
mod rounds;
pub mod scaling;
pub mod scope;
pub mod start;
mod systems;
#[cfg(test)]
mod testing;
pub mod timings;
pub mod undrained;
mod vacuous;
mod verify;
mod violation;

use crate::engines::explicit::inevitable::Inevitability;
use crate::engines::{Registration, Statistics, named};
use crate::limits::search::{BESIDE, MINIMISE, TIMEOUT};
use crate::smt::Encoding;
use crate::trace::Trace;
use estimate::Estimate;
pub use fault::Fault;
use kubound_encodings::cluster::{Granularity, Timing};
use kubound_encodings::system::Origin;
use late::Late;
pub use rounds::check;
use scope::Scope;
use std::fmt;
use std::time::Duration;
pub use systems::{Judged, Staged, Systems};
pub use verify::verify;

/// Which engines to use.
#[derive(Clone, Copy, Debug, Default)]
pub enum EngineChoice {
    /// All of them, each in its part; the first sound answer wins.
    #[default]
    Portfolio,
    /// Only this one.
    Only(&'static Registration),
}

impl EngineChoice {
    /// The name of all engines together.
    pub const PORTFOLIO: &str = "portfolio";

    /// The choice of a name, or of a name that is still understood.
    pub fn named(name: &str) -> Option<Self> {
        if name == Self::PORTFOLIO { Some(Self::Portfolio) } else { named(name).map(Self::Only) }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portfolio => Self::PORTFOLIO,
            Self::Only(engine) => engine.name,
        }
    }
}

impl PartialEq for EngineChoice {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for EngineChoice {}

/// How to search.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Which engines.
    pub engine: EngineChoice,
    /// How symbolic engines talk to the solver.
    pub encoding: Encoding,
    /// How many reconciles one rule stands for during the search.
    pub granularity: Granularity,
    /// The user wants an answer up to this many steps, and no more than that.
    pub depth: Option<usize>,
    /// Time for all intents together.
    pub timeout: Duration,
    /// Longest time spent on making one violation small.
    pub minimise: Duration,
    /// Whether to look at every verdict again by other means ([`cross_check`]).
    pub cross_check: bool,
    /// Whether to ask, where the timing of the cluster is paced, what changes if controllers are late ([`timings`]).
    pub both: bool,
    /// Least time that this may take for an intent.
    pub beside: Duration,
    /// Time after which what is still open of a cluster with drains is asked again without them ([`undrained`]); none: it never is.
    pub undrained: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            engine: EngineChoice::default(),
            encoding: Encoding::default(),
            granularity: Granularity::default(),
            depth: None,
            timeout: TIMEOUT,
            minimise: MINIMISE,
            cross_check: false,
            both: true,
            beside: BESIDE,
            undrained: None,
        }
    }
}

/// A violation, replayed.
#[derive(Clone, PartialEq, Debug)]
pub struct Violation {
    /// The run, over the fine system.
    pub trace: Trace,
    /// Whether the picks along the run matter.
    pub inevitability: Inevitability,
    /// Nodes in it.
    pub nodes: i64,
    /// Most pods in it.
    pub pods: i64,
    /// Whether no smaller cluster violates the intent, as far as the engine looked.
    pub minimised: bool,
    /// Who has to be late for it, where no run of controllers that act at once violates the intent.
    pub late: Option<Late>,
}

/// The answer to one intent.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// Some run violates it: of controllers that act at once, or of late ones with a damage that lasts.
    Violated(Box<Violation>),
    /// Only runs with a late controller violate it, and the violation passes.
    Race(Box<Violation>),
    /// No run violates it, at any depth.
    Holds {
        /// How it was shown.
        method: &'static str,
        /// The proof in words, a line each; empty where every state was looked at.
        proof: Vec<String>,
    },
    /// No run of at most this many steps violates it.
    BoundedClean {
        /// Steps.
        depth: usize,
        /// Whether the user asked for a bounded answer.
        asked: bool,
    },
    /// It holds, but nothing that it speaks of can happen.
    Vacuous {
        /// Why.
        why: String,
    },
    /// Could not tell.
    Unknown {
        /// Why.
        why: String,
    },
}

impl Verdict {
    /// The word of reports.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Violated(_) => "violated",
            Self::Race(_) => "race",
            Self::Holds { .. } => "holds",
            Self::BoundedClean { .. } => "no violation up to depth",
            Self::Vacuous { .. } => "vacuous",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The run that violates the intent, of whatever kind.
    pub fn violation(&self) -> Option<&Violation> {
        match self {
            Self::Violated(violation) | Self::Race(violation) => Some(violation),
            _ => None,
        }
    }

    /// Whether a question of the user stays open.
    pub fn is_undecided(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::BoundedClean { asked: false, .. })
    }

    /// Whether it says that no run violates the intent, at any depth or as deep as the user asked.
    pub fn is_clean(&self) -> bool {
        self.violation().is_none() && !self.is_undecided()
    }
}

/// The answer to one intent, with its cost.
#[derive(Clone, PartialEq, Debug)]
pub struct IntentResult {
    /// Index of the property of the systems.
    pub property: usize,
    /// Id of the intent.
    pub intent: String,
    /// Object it speaks of.
    pub target: Option<String>,
    /// Headline when violated.
    pub headline: String,
    /// The fields it stems from.
    pub origins: Vec<Origin>,
    /// The answer.
    pub verdict: Verdict,
    /// Name of the engine that gave it.
    pub engine: String,
    /// Sizes of the search.
    pub statistics: Statistics,
    /// Rules that fired in some reachable state, where the engine knows them.
    pub fired: Vec<String>,
    /// Whether it was shown besides that fast rules always come to rest.
    pub rests: bool,
    /// The timing under which it was decided: the widest one for a clean verdict, the narrowest one for a violation.
    pub timing: Timing,
    /// What is known under other timings.
    pub beside: Vec<Beside>,
    /// Why paced timing is no question, where it is none.
    pub unpaced: Option<String>,
    /// Whether it was shown only of runs in which no node is drained.
    pub undrained: bool,
    /// The object for which it was decided, where the target differs from it only by name.
    pub same_as: Option<String>,
    /// What came out when the verdict was looked at again.
    pub rechecks: Vec<cross_check::Recheck>,
    /// Wall time.
    pub seconds: f64,
}

impl IntentResult {
    /// Whether it is clean as long as controllers act at once, and nobody knows what happens if they do not.
    pub fn leaves_races_open(&self) -> bool {
        self.verdict.is_clean() && self.timing == Timing::Paced && !self.beside.is_empty()
    }
}

/// What is known of an intent under another timing than that of its verdict.
#[derive(Clone, PartialEq, Debug)]
pub struct Beside {
    /// The timing.
    pub timing: Timing,
    /// The word for the answer.
    pub answer: &'static str,
    /// More about it, in words; may be empty.
    pub why: String,
}

/// Everything found out about a cluster.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The systems under the timing of the cluster, for reports.
    pub systems: Systems,
    /// Those under other timings under which something was decided.
    pub others: Vec<(Timing, Systems)>,
    /// What clean verdicts cover.
    pub scope: Scope,
    /// One an intent, in the order of the properties; fewer after an interrupt.
    pub results: Vec<IntentResult>,
    /// Whether the user interrupted the search.
    pub interrupted: bool,
    /// Wall time.
    pub seconds: f64,
}

impl Findings {
    /// The systems in which an intent was decided.
    pub fn systems_of(&self, result: &IntentResult) -> &Systems {
        let other = self.others.iter().find(|(timing, _)| *timing == result.timing);
        other.map_or(&self.systems, |(_, systems)| systems)
    }
}

/// Is told what the search is doing.
pub trait Observer: Sync {
    /// A new phase begins.
    fn phase(&self, what: &fmt::Arguments);

    /// The search for an intent takes longer than a few seconds.
    fn long(&self, intent: &str, size: &Estimate) {
        let _ = (intent, size);
    }

    /// An intent is decided.
    fn decided(&self, decision: &Decision) {
        let _ = decision;
    }

    /// Every intent that was open had its turn.
    fn round_is_over(&self) {}
}

/// What is said of an intent in the end, as soon as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// The answer.
    pub result: &'a IntentResult,
    /// The systems in which it was found.
    pub systems: &'a Systems,
    /// Number of intents that have their answer, this one included.
    pub decided: usize,
    /// Number of all intents.
    pub intents: usize,
}

/// An observer that does not listen.
pub struct Silent;

impl Observer for Silent {
    fn phase(&self, _: &fmt::Arguments) {}
}
