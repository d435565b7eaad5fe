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
#[cfg(test)]
mod testing;
pub mod timings;
mod vacuous;
mod verify;
mod violation;

use crate::engines::explicit::inevitable::Inevitability;
use crate::engines::proof::effects::Effects;
use crate::engines::symbolic::alone;
use crate::engines::{EngineError, Registration, Statistics, named};
use crate::limits::Stop;
use crate::limits::report::SCENE;
use crate::limits::search::{BESIDE, MINIMISE, TIMEOUT};
use crate::passes::Families;
use crate::smt::Encoding;
use crate::trace::Trace;
use estimate::Estimate;
use kubound_encodings::assemble::{AssembleError, assemble, assemble_with_judgements, assemble_with_scene};
use kubound_encodings::cluster::{Cluster, Granularity, Timing};
use kubound_encodings::controllers::Judgement;
use kubound_encodings::scene::Scene;
use kubound_encodings::system::{Origin, TransitionSystem};
use late::Late;
pub use rounds::check;
use rustc_hash::FxHashSet;
use scope::Scope;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
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

/// The systems of a cluster: the one searched, and the fine one on which violations are replayed.
#[derive(Clone, Debug)]
pub struct Systems {
    /// One rule a reconcile.
    pub fine: TransitionSystem,
    /// With rules merged, which is possible under paced timing only; `None` where the fine one is searched.
    pub fused: Option<TransitionSystem>,
    /// What single rules show about the fine system, once somebody has asked; or why they show nothing.
    effects: Arc<OnceLock<Result<Effects, String>>>,
    /// The cluster, where somebody may ask how its states look.
    described: Option<Arc<Cluster>>,
    /// What tells objects of the system searched apart.
    families: Arc<OnceLock<Families>>,
    /// How states look, once somebody has asked; or why nobody knows.
    scene: Arc<OnceLock<Result<Staged, String>>>,
    /// Why the scheduler decides as it does, once somebody has asked; nothing where that takes too long.
    judgements: Arc<OnceLock<Option<Judged>>>,
}

/// How the states of a system look, in the words of the system beside.
pub type Staged = (TransitionSystem, Scene);

/// Why the scheduler decides as it does, in the words of the system beside.
pub type Judged = (TransitionSystem, Vec<Judgement>);

impl Systems {
    /// The fine system, and the one with rules merged, of a cluster that nobody knows.
    pub fn of(fine: TransitionSystem, fused: Option<TransitionSystem>) -> Self {
        Self {
            fine,
            fused,
            effects: Arc::default(),
            described: None,
            families: Arc::default(),
            scene: Arc::default(),
            judgements: Arc::default(),
        }
    }

    /// What single rules show about the fine system. It serves all intents, so it is worth the time of all of them.
    pub fn effects(&self, stop: &Stop) -> Result<&Effects, String> {
        if let Some(known) = self.effects.get() {
            return known.as_ref().map_err(Clone::clone);
        }
        let found = alone(stop, || Ok(Effects::new(&self.fine, stop)));
        let found = match found {
            Ok(Ok(found)) => found,
            Ok(Err(fault)) => return Err(fault.to_string()),
            Err(stopped) => return Err(stopped.to_string()),
        };
        match stop.reason() {
            // With more time it may come to more.
            Some(reason) if found.is_err() => Err(reason.to_owned()),
            _ => self.effects.get_or_init(|| found).as_ref().map_err(Clone::clone),
        }
    }

    /// Whether somebody has asked for that already.
    pub fn knows_effects(&self) -> bool {
        self.effects.get().is_some()
    }

    /// What tells objects of the system searched apart, found out once.
    pub fn families(&self) -> &Families {
        self.families.get_or_init(|| Families::new(self.searched()))
    }

    /// How states of the cluster look, made once for all reports, unless it takes too long; nothing where the cluster is
    /// not known.
    pub fn scene(&self) -> Option<Result<&Staged, &str>> {
        self.scene_within(SCENE)
    }

    /// The same, with another limit on the time where it was not made before.
    pub fn scene_within(&self, most: Duration) -> Option<Result<&Staged, &str>> {
        let cluster = self.described.as_ref()?;
        let make = || {
            let made = Stop::default().at_most(most).heed(|| assemble_with_scene(cluster, Granularity::Fine));
            made.map_err(|stopped| stopped.to_string())?.map_err(|fault| fault.to_string())
        };
        Some(self.scene.get_or_init(make).as_ref().map_err(String::as_str))
    }

    /// Why the scheduler decides as it does, made once for all reports; nothing where that takes too long, as it does where
    /// [`Self::scene`] does, or the cluster is not known.
    pub fn judgements(&self) -> Option<&Judged> {
        self.scene()?.ok()?;
        let cluster = self.described.as_ref()?;
        let make = || {
            let made = Stop::default().at_most(SCENE).heed(|| assemble_with_judgements(cluster, Granularity::Fine));
            made.ok()?.ok()
        };
        self.judgements.get_or_init(make).as_ref()
    }

    /// Builds the systems of a cluster.
    pub fn new(cluster: &Cluster, granularity: Granularity) -> Result<Self, AssembleError> {
        let fine = assemble(cluster, Granularity::Fine)?;
        let fused = match granularity {
            Granularity::Fused if cluster.timing == Timing::Paced => Some(assemble(cluster, Granularity::Fused)?),
            _ => None,
        };
        Ok(Self { described: Some(Arc::new(cluster.clone())), ..Self::of(fine, fused) })
    }

    /// The same, unless there is a reason to stop before they are built.
    pub fn within(cluster: &Cluster, granularity: Granularity, stop: &Stop) -> Result<Self, AssembleError> {
        stop.heed(|| Self::new(cluster, granularity)).unwrap_or_else(|stopped| Err(AssembleError::Stopped(stopped)))
    }

    /// The names of rules of the fine system, given those of rules that were searched.
    pub fn fine_names(&self, searched: &[String]) -> FxHashSet<String> {
        let system = self.searched();
        searched.iter().filter_map(|name| system.rule(name)).flat_map(|rule| system.fine_names(rule)).collect()
    }

    /// The system that engines search.
    pub fn searched(&self) -> &TransitionSystem {
        self.fused.as_ref().unwrap_or(&self.fine)
    }
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
