//! Decides every property of a cluster in several ways and holds the verdicts against each other.

use kubound::engines::bmc::Bmc;
use kubound::engines::explicit::Explicit;
use kubound::engines::lasso::Lasso;
use kubound::engines::{Answer, Cancel, Engine, Limits};
use kubound::smt::Encoding;
use kubound::trace::Trace;
use kubound::trace::expand::replay_expanded;
use kubound::trace::replay::replay;
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::{Cluster, Granularity};
use kubound_encodings::system::{Claim, TransitionSystem};
use std::ops::AddAssign;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most states that an explicit search may store here.
const STATES: usize = 15_000;
/// How far systems are unrolled, and which.
#[derive(Clone, Copy)]
struct Reach {
    /// Most steps.
    depth: usize,
    /// Most rules of a system.
    rules: usize,
    /// Most terms of a system.
    terms: usize,
}

/// For most clusters. Longer systems take most of the time: the eighth above this many terms, half of it.
const USUAL: Reach = Reach { depth: 5, rules: 24, terms: 750 };
/// For some.
const DEEPER: Reach = Reach { depth: 9, rules: 60, terms: usize::MAX };

/// How often what came out.
#[derive(Clone, Copy, Default, Debug)]
pub struct Tally {
    pub clusters: u64,
    /// Clusters with an intent that both ways decided.
    pub decided: u64,
    pub properties: u64,
    pub violated: u64,
    pub holds: u64,
    pub vacuous: u64,
    pub undecided: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.clusters += other.clusters;
        self.decided += other.decided;
        self.properties += other.properties;
        self.violated += other.violated;
        self.holds += other.holds;
        self.vacuous += other.vacuous;
        self.undecided += other.undecided;
    }
}

/// What is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// The fused system against the fine one, both searched explicitly.
    Granularities,
    /// The explicit search with and without its reductions.
    Reductions,
    /// The symbolic engines on CaDiCaL against the explicit one, a few steps deep.
    Engines,
    /// The symbolic engines on Z3 against the explicit one, deeper.
    EnginesDeeper,
}

enum Verdict {
    Violated(Box<Trace>),
    Holds,
    Vacuous,
    Undecided,
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Verdict::Violated(_) => "violated",
            Verdict::Holds => "holds",
            Verdict::Vacuous => "vacuous",
            Verdict::Undecided => "undecided",
        }
    }
}

/// One cluster with its systems.
struct Case {
    fine: TransitionSystem,
    fused: TransitionSystem,
    property: usize,
}

/// Compares; a fault of any kind, panics included, is told as text that begins with its kind.
pub fn compare(cluster: &Cluster, comparison: Comparison) -> Result<Tally, String> {
    catch_unwind(AssertUnwindSafe(|| all_properties(cluster, comparison))).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()));
        Err(format!("panic: {}", text.unwrap_or_default()))
    })
}

fn all_properties(cluster: &Cluster, comparison: Comparison) -> Result<Tally, String> {
    let build = |granularity| assemble(cluster, granularity).map_err(|error| format!("assemble: {error}"));
    let (fine, fused) = (build(Granularity::Fine)?, build(Granularity::Fused)?);
    for system in [&fine, &fused] {
        system.check().map_err(|error| format!("check: {error}"))?;
    }
    if fine.properties.len() != fused.properties.len() {
        return Err("assemble: another number of properties".into());
    }
    let mut tally = Tally { clusters: 1, ..Tally::default() };
    let mut case = Case { fine, fused, property: 0 };
    // Many clusters tell more than many intents of one.
    let most = if comparison == Comparison::Engines { 2 } else { usize::MAX };
    for property in 0..case.fused.properties.len().min(most) {
        case.property = property;
        let intent = &case.fused.properties[property].intent;
        let verdict = match comparison {
            Comparison::Granularities => case.granularities(),
            Comparison::Reductions => case.reductions(),
            Comparison::Engines => case.engines(Encoding::CadicalClauses, USUAL),
            Comparison::EnginesDeeper => case.engines(Encoding::Clauses, DEEPER),
        };
        let verdict = verdict.map_err(|what| format!("{what} ({intent})"))?;
        tally.properties += 1;
        match verdict {
            Verdict::Violated(_) => tally.violated += 1,
            Verdict::Holds => tally.holds += 1,
            Verdict::Vacuous => tally.vacuous += 1,
            Verdict::Undecided => tally.undecided += 1,
        }
    }
    tally.decided = u64::from(tally.undecided < tally.properties);
    Ok(tally)
}

impl Case {
    fn granularities(&self) -> Result<Verdict, String> {
        let on_fused = self.explicit(Explicit::default(), &self.fused, "fused")?;
        if let Verdict::Violated(trace) = &on_fused {
            replay_expanded(&self.fine, &self.fused, trace, self.property)
                .map_err(|error| format!("expanded replay: {error}"))?;
        }
        let on_fine = self.explicit(Explicit::default(), &self.fine, "fine")?;
        same("granularities", on_fused, on_fine)
    }

    fn reductions(&self) -> Result<Verdict, String> {
        let reduced = self.explicit(Explicit::default(), &self.fused, "reduced")?;
        let plain =
            self.explicit(Explicit { symmetry: false, slicing: false, partial_order: false }, &self.fused, "plain")?;
        same("reductions", reduced, plain)
    }

    /// What the explicit engine found must be found by the symbolic one, at the same depth, and nothing else.
    fn engines(&self, encoding: Encoding, Reach { depth, rules, terms }: Reach) -> Result<Verdict, String> {
        if self.fused.rules.len() > rules || self.fused.dag.len() > terms {
            return Ok(Verdict::Undecided);
        }
        let explicit = self.explicit(Explicit::default(), &self.fused, "fused")?;
        if matches!(explicit, Verdict::Undecided) {
            return Ok(explicit);
        }
        let most = Limits { depth: Some(depth), ..Limits::default() };
        let found = self.symbolic(encoding, &most)?;
        let Verdict::Violated(trace) = &explicit else {
            return match found {
                Some(depth) => Err(format!("engines: explicit {}, symbolic violated at {depth}", explicit.word())),
                None => Ok(explicit),
            };
        };
        // The explicit engine looks at the fewest nodes first, so its run is a shortest one of so many nodes.
        let nodes = kubound::search::minimise::nodes(&self.fused, trace);
        let found = self.symbolic(encoding, &Limits { nodes: Some(nodes), ..most })?;
        let steps = trace.steps.len();
        let is_invariant = matches!(self.fused.properties[self.property].claim, Claim::Invariant(_));
        match found {
            Some(found) if found > steps || (is_invariant && found != steps) => {
                Err(format!("engines: explicit violated at {steps}, symbolic at {found}"))
            }
            None if steps <= depth => Err(format!("engines: explicit violated at {steps}, symbolic not")),
            _ => Ok(explicit),
        }
    }

    fn explicit(&self, engine: Explicit, system: &TransitionSystem, name: &str) -> Result<Verdict, String> {
        let limits = Limits { states: Some(STATES), ..Limits::default() };
        let outcome = engine
            .decide(system, self.property, &limits, &Cancel::default())
            .map_err(|error| format!("explicit on {name}: {error}"))?;
        Ok(match outcome.answer {
            Answer::Violated(trace) => {
                replay(system, &trace, self.property).map_err(|error| format!("replay on {name}: {error}"))?;
                Verdict::Violated(trace)
            }
            Answer::Holds { premise_reached: true, .. } => Verdict::Holds,
            Answer::Holds { premise_reached: false, .. } => Verdict::Vacuous,
            Answer::NoViolationUpTo { .. } | Answer::Unknown { .. } => Verdict::Undecided,
        })
    }

    /// The number of steps of the violation found.
    fn symbolic(&self, encoding: Encoding, limits: &Limits) -> Result<Option<usize>, String> {
        let (bmc, lasso) = (Bmc { encoding }, Lasso { encoding });
        let engine: &dyn Engine = match self.fused.properties[self.property].claim {
            Claim::Invariant(_) => &bmc,
            Claim::NoFairLoop { .. } => &lasso,
        };
        let outcome = engine
            .decide(&self.fused, self.property, limits, &Cancel::default())
            .map_err(|error| format!("symbolic: {error}"))?;
        match outcome.answer {
            Answer::Violated(trace) => {
                replay_expanded(&self.fine, &self.fused, &trace, self.property)
                    .map_err(|error| format!("symbolic replay: {error}"))?;
                Ok(Some(trace.steps.len()))
            }
            Answer::NoViolationUpTo { .. } => Ok(None),
            other => Err(format!("symbolic: {other:?}")),
        }
    }
}

fn same(what: &str, first: Verdict, second: Verdict) -> Result<Verdict, String> {
    if matches!(first, Verdict::Undecided) || matches!(second, Verdict::Undecided) {
        return Ok(Verdict::Undecided);
    }
    if first.word() != second.word() {
        return Err(format!("{what}: {} and {}", first.word(), second.word()));
    }
    Ok(first)
}
