//! From a cluster to verdicts: which engines run, up to which sizes, and what their answers amount to.
//!
//! An engine decides one property of one system within limits and knows nothing else. This module builds the systems
//! of a cluster, lets engines race ([`portfolio`]), grows and shrinks the sizes they look at ([`scaling`],
//! [`minimise`]), replays every violation on the unreduced fine system before anyone sees it, and says what a clean
//! verdict covers ([`scope`]).

pub mod cross_check;
mod driver;
pub mod minimise;
pub mod portfolio;
pub mod restrict;
pub mod scaling;
pub mod scope;
mod start;
#[cfg(test)]
mod testing;

use crate::engines::explicit::inevitable::Inevitability;
use crate::engines::{Cancel, EngineError, Statistics};
use crate::limits::search::{MINIMISE, TIMEOUT};
use crate::passes::says_the_same;
use crate::smt::Encoding;
use crate::trace::{Ending, Trace};
use kubound_encodings::assemble::{AssembleError, assemble};
use kubound_encodings::cluster::{Cluster, Granularity, Timing};
use kubound_encodings::system::{Origin, Pace, Property, TransitionSystem};
use scope::Scope;
use std::fmt;
use std::time::{Duration, Instant};

/// Which engines to use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EngineChoice {
    /// Explicit, and proofs where it gives up, beside symbolic; the first sound answer wins.
    #[default]
    Portfolio,
    /// Only the explicit engine.
    Explicit,
    /// Only bounded model checking of invariants.
    Bmc,
    /// Only bounded search for fair loops.
    Lasso,
    /// `Bmc` or `Lasso`, as the claim needs.
    Symbolic,
    /// Only proofs by induction.
    Induction,
    /// Only proofs by ranking.
    Ranking,
}

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
}

/// The answer to one intent.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// Some run violates it.
    Violated(Box<Violation>),
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
            Self::Holds { .. } => "holds",
            Self::BoundedClean { .. } => "no violation up to depth",
            Self::Vacuous { .. } => "vacuous",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Whether a question of the user stays open.
    pub fn is_undecided(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::BoundedClean { asked: false, .. })
    }
}

/// The answer to one intent, with its cost.
#[derive(Clone, PartialEq, Debug)]
pub struct IntentResult {
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
    /// Whether it was decided under interleaved timing, because a loop stops the clock of paced timing.
    pub interleaved: bool,
    /// The object for which it was decided, where the target differs from it only by name.
    pub same_as: Option<String>,
    /// What came out when the verdict was looked at again.
    pub rechecks: Vec<cross_check::Recheck>,
    /// Wall time.
    pub seconds: f64,
}

/// The systems of a cluster: the one searched, and the fine one on which violations are replayed.
#[derive(Clone, Debug)]
pub struct Systems {
    /// One rule a reconcile.
    pub fine: TransitionSystem,
    /// With rules merged, which is possible under paced timing only; `None` where the fine one is searched.
    pub fused: Option<TransitionSystem>,
}

impl Systems {
    /// Builds the systems of a cluster.
    pub fn new(cluster: &Cluster, granularity: Granularity) -> Result<Self, AssembleError> {
        let fine = assemble(cluster, Granularity::Fine)?;
        let fused = match granularity {
            Granularity::Fused if cluster.timing == Timing::Paced => Some(assemble(cluster, Granularity::Fused)?),
            _ => None,
        };
        Ok(Self { fine, fused })
    }

    /// The system that engines search.
    pub fn searched(&self) -> &TransitionSystem {
        self.fused.as_ref().unwrap_or(&self.fine)
    }
}

/// Everything found out about a cluster.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The systems, for reports.
    pub systems: Systems,
    /// Those of the same cluster under interleaved timing, where an intent was decided under it.
    pub interleaved: Option<Systems>,
    /// What clean verdicts cover.
    pub scope: Scope,
    /// One an intent, in order; fewer after an interrupt.
    pub results: Vec<IntentResult>,
    /// Whether the user interrupted the search.
    pub interrupted: bool,
    /// Wall time.
    pub seconds: f64,
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

    /// An intent is decided, one of `intents` of which now `decided` are.
    fn decided(&self, intent: &str, verdict: &str, decided: usize, intents: usize) {
        let _ = (intent, verdict, decided, intents);
    }
}

/// An observer that does not listen.
pub struct Silent;

impl Observer for Silent {
    fn phase(&self, _: &fmt::Arguments) {}
}

/// Decides every intent of a cluster. Time is shared: each intent may use its part of what the ones before it left.
pub fn check(
    cluster: &Cluster,
    systems: Systems,
    options: &Options,
    cancel: &Cancel,
    observer: &dyn Observer,
) -> Result<Findings, Fault> {
    let begin = Instant::now();
    let end = begin + options.timeout;
    start::require_initial_state(&systems.fine, end, cancel)?;
    let count = systems.fine.properties.len();
    let mut results = Vec::new();
    for property in 0..count {
        if cancel.is_cancelled() {
            break;
        }
        if let Some(same) = same_as_before(systems.searched(), property, &results, options) {
            results.push(same);
            continue;
        }
        let now = Instant::now();
        let left = end.saturating_duration_since(now);
        let deadline = now + left / (count - property) as u32;
        let result = driver::decide(cluster, &systems, property, options, deadline, cancel, observer)?;
        observer.decided(&result.intent, result.verdict.word(), results.len() + 1, count);
        results.push(result);
    }
    let stops = results.iter().any(|result| stops_the_clock(&systems.fine, &result.verdict));
    let interleaved = if cluster.timing == Timing::Paced && stops {
        decide_interleaved(cluster, &mut results, options, end, cancel, observer)?
    } else {
        None
    };
    let scope = Scope::new(cluster, &systems, options);
    let seconds = begin.elapsed().as_secs_f64();
    Ok(Findings { systems, interleaved, scope, results, interrupted: cancel.is_cancelled(), seconds })
}

/// The clean answer of an earlier intent that says the same of an object that differs only by name. Violations are
/// looked for anew: each has a run of its own.
fn same_as_before(
    system: &TransitionSystem,
    property: usize,
    results: &[IntentResult],
    options: &Options,
) -> Option<IntentResult> {
    if options.cross_check {
        return None;
    }
    let clean = |verdict: &Verdict| matches!(verdict, Verdict::Holds { .. } | Verdict::Vacuous { .. });
    let earlier = |&index: &usize| clean(&results[index].verdict) && results[index].same_as.is_none();
    let index = (0..results.len()).filter(earlier).find(|&index| says_the_same(system, property, index))?;
    let (Property { target, headline, origins, .. }, found) = (&system.properties[property], &results[index]);
    Some(IntentResult {
        target: target.clone(),
        headline: headline.clone(),
        origins: origins.clone(),
        same_as: found.target.clone(),
        seconds: 0.0,
        ..found.clone()
    })
}

/// Whether a violation is a loop of fast rules only. Under paced timing no time passes in it, so that whatever needs
/// time never happens in such runs.
fn stops_the_clock(system: &TransitionSystem, verdict: &Verdict) -> bool {
    let Verdict::Violated(violation) = verdict else { return false };
    let Ending::Loop { start } = violation.trace.ending else { return false };
    let is_fast = |rule: &str| system.rule(rule).is_some_and(|rule| rule.pace == Pace::Fast);
    violation.trace.steps[start..].iter().all(|step| is_fast(&step.rule))
}

/// Decides the intents without a violation anew where a loop can stop the clock: in runs that end in the loop nothing
/// that needs time ever happens, so that a clean verdict under paced timing would be worth little.
fn decide_interleaved(
    cluster: &Cluster,
    results: &mut [IntentResult],
    options: &Options,
    end: Instant,
    cancel: &Cancel,
    observer: &dyn Observer,
) -> Result<Option<Systems>, Fault> {
    let open: Vec<usize> =
        (0..results.len()).filter(|&index| !matches!(results[index].verdict, Verdict::Violated(_))).collect();
    if open.is_empty() {
        return Ok(None);
    }
    let cluster = Cluster { timing: Timing::Interleaved, ..cluster.clone() };
    let systems = match Systems::new(&cluster, options.granularity) {
        Ok(systems) => systems,
        Err(error) => {
            let why = format!("a loop of fast controllers stops the clock of paced timing, and interleaved: {error}");
            open.iter().for_each(|&index| results[index].verdict = Verdict::Unknown { why: why.clone() });
            return Ok(None);
        }
    };
    for (done, &index) in open.iter().enumerate() {
        let now = Instant::now();
        let deadline = now + end.saturating_duration_since(now) / (open.len() - done) as u32;
        // Results are in the order of the properties.
        let again = driver::decide(&cluster, &systems, index, options, deadline, cancel, observer)?;
        let seconds = results[index].seconds + again.seconds;
        results[index] = IntentResult { interleaved: true, seconds, ..again };
    }
    Ok(Some(systems))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny;
    use crate::trace::testing::tiny_run;

    #[test]
    fn only_a_loop_of_fast_rules_stops_the_clock() {
        let violated = |ending| {
            Verdict::Violated(Box::new(Violation {
                trace: tiny_run(3, ending),
                inevitability: Inevitability::Undecided,
                nodes: 1,
                pods: 1,
                minimised: false,
            }))
        };
        let (mut system, _) = tiny();
        assert!(stops_the_clock(&system, &violated(Ending::Loop { start: 1 })));
        assert!(!stops_the_clock(&system, &violated(Ending::Bad)));
        system.rules[0].pace = Pace::Periodic;
        assert!(!stops_the_clock(&system, &violated(Ending::Loop { start: 1 })));
    }
}
