//! Decides every property of a cluster in several ways and holds the verdicts against each other.

use crate::tally::Tally;
use crate::{effects, sizes, timings, whole, words};
use kubound::engines::explicit::Explicit;
use kubound::engines::proof::Prover;
use kubound::engines::symbolic::Symbolic;
use kubound::engines::walks::Walks;
use kubound::engines::{Answer, Cancel, Engine, Limits};
use kubound::search::merged::Merging;
use kubound::smt::Encoding;
use kubound::trace::Trace;
use kubound::trace::expand::replay_expanded;
use kubound::trace::replay::replay;
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::{Cluster, Granularity, Timing};
use kubound_encodings::system::{Claim, TransitionSystem};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Most states that an explicit search may store here.
pub const STATES: usize = 15_000;
/// From how many states merged rules are compared with fine ones, and how many states are looked at from each.
const SAMPLES: usize = 4;
const COMPARED: usize = 300;
/// Random runs of each system.
const RUNS: usize = 24;
/// Longest time for a proof.
const PROOF: Duration = Duration::from_millis(400);

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

/// What is compared with the explicit search of the fused system.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Comparison {
    /// The explicit search without symmetry.
    Symmetry,
    /// The explicit search over all variables.
    Slicing,
    /// The explicit search in all orders.
    Orders,
    /// The fine system.
    Granularity,
    /// Paced, delayed and interleaved time.
    Timings,
    /// The symbolic engines on CaDiCaL, a few steps deep.
    Symbolic,
    /// The symbolic engines on Z3, deeper.
    Deeper,
    /// Proofs.
    Proofs,
    /// Proofs from what single rules do.
    Effects,
    /// Random runs.
    Walks,
    /// The same intent in words.
    Words,
    /// Every size of a range by itself.
    Sizes,
    /// All that `kubound verify` does, for all intents together and for each alone.
    Whole,
}

impl Comparison {
    /// All of them, each with how many clusters there are for each one compared in this way.
    pub const SHARES: [(Comparison, u64); 13] = [
        (Comparison::Symmetry, 1),
        (Comparison::Slicing, 4),
        (Comparison::Orders, 4),
        (Comparison::Granularity, 2),
        (Comparison::Timings, 8),
        (Comparison::Symbolic, 2),
        (Comparison::Deeper, 300),
        (Comparison::Proofs, 40),
        (Comparison::Effects, 2),
        (Comparison::Walks, 4),
        (Comparison::Words, 4),
        (Comparison::Sizes, 6),
        (Comparison::Whole, 125),
    ];
}

/// A fault.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    /// What was compared; `None` where the systems could not be built or searched at all.
    pub comparison: Option<Comparison>,
    /// What is wrong, without the places where it differs from cluster to cluster.
    pub kind: String,
    /// All that is known.
    pub what: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self.comparison {
            Some(comparison) => write!(f, "{comparison:?}: {}", self.what),
            None => write!(f, "{}", self.what),
        }
    }
}

/// An answer to one intent.
pub enum Verdict {
    Violated(Box<Trace>),
    Holds,
    Vacuous,
    Undecided,
}

impl Verdict {
    /// In a word.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Violated(_) => "violated",
            Verdict::Holds => "holds",
            Verdict::Vacuous => "vacuous",
            Verdict::Undecided => "undecided",
        }
    }

    /// Whether no run violates the intent.
    pub fn is_clean(&self) -> bool {
        matches!(self, Verdict::Holds | Verdict::Vacuous)
    }
}

/// What became of one comparison: whether both ways answered.
pub type Outcome = Result<bool, String>;

/// One cluster with its systems, and the verdict on one property.
pub struct Case<'a> {
    pub cluster: &'a Cluster,
    pub fine: TransitionSystem,
    pub fused: TransitionSystem,
    pub property: usize,
    pub verdict: Verdict,
    pub shown: effects::Shown,
}

/// Decides and compares; a fault of any kind, panics included, is told.
pub fn compare(cluster: &Cluster, comparisons: &[Comparison]) -> Result<Tally, Failure> {
    let mut now = None;
    let result = catch_unwind(AssertUnwindSafe(|| all_properties(cluster, comparisons, &mut now)));
    let what = match result {
        Ok(Ok(tally)) => return Ok(tally),
        Ok(Err(what)) => what,
        Err(payload) => {
            let text = payload.downcast_ref::<String>().cloned();
            let text = text.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()));
            format!("panic: {}", text.unwrap_or_default())
        }
    };
    // What differs from cluster to cluster comes behind a colon, and the intent in parentheses.
    let kind = what.split([':', '(']).next().unwrap_or_default().trim().to_owned();
    Err(Failure { comparison: now, kind, what })
}

fn all_properties(
    cluster: &Cluster,
    comparisons: &[Comparison],
    now: &mut Option<Comparison>,
) -> Result<Tally, String> {
    let (fine, fused) = systems(cluster)?;
    let mut tally = Tally { clusters: 1, ..Tally::default() };
    let shown = match comparisons.contains(&Comparison::Effects) {
        true => effects::Shown::of([&fine, &fused]),
        false => effects::Shown::default(),
    };
    let mut case = Case { cluster, fine, fused, property: 0, verdict: Verdict::Undecided, shown };
    for property in 0..case.fused.properties.len() {
        *now = None;
        case.property = property;
        case.verdict = case.decide()?;
        match case.verdict {
            Verdict::Violated(_) => tally.violated += 1,
            Verdict::Holds => tally.holds += 1,
            Verdict::Vacuous => tally.vacuous += 1,
            Verdict::Undecided => tally.undecided += 1,
        }
        for &comparison in comparisons {
            *now = Some(comparison);
            let begin = Instant::now();
            let intent = &case.fused.properties[property].intent;
            let outcome = case.compare(comparison).map_err(|what| format!("{what} ({intent})"))?;
            note(&mut tally, comparison, outcome, begin);
        }
    }
    tally.decided = u64::from(tally.undecided < tally.intents());
    for (comparison, all) in
        [(Comparison::Words, words::compare as fn(&Cluster) -> _), (Comparison::Whole, whole::compare)]
    {
        if comparisons.contains(&comparison) {
            *now = Some(comparison);
            let begin = Instant::now();
            for outcome in all(cluster)? {
                note(&mut tally, comparison, Some(outcome), begin);
            }
        }
    }
    Ok(tally)
}

fn note(tally: &mut Tally, comparison: Comparison, outcome: Option<bool>, begin: Instant) {
    let count = tally.comparisons.entry(comparison).or_default();
    count.spent += begin.elapsed();
    if let Some(is_answered) = outcome {
        count.compared += 1;
        count.agreed += u64::from(is_answered);
        count.cut_off += u64::from(!is_answered);
    }
}

/// The fine and the fused system of a cluster.
pub fn systems(cluster: &Cluster) -> Result<(TransitionSystem, TransitionSystem), String> {
    let build = |granularity| {
        let system = assemble(cluster, granularity).map_err(|error| format!("assemble: {error}"))?;
        system.check().map_err(|error| format!("check: {error}"))?;
        Ok::<_, String>(system)
    };
    let (fine, fused) = (build(Granularity::Fine)?, build(Granularity::Fused)?);
    if fine.properties.len() != fused.properties.len() {
        return Err("assemble: another number of properties".into());
    }
    Ok((fine, fused))
}

/// Decides a property by an explicit search; a violation is replayed.
pub fn explicit(engine: Explicit, system: &TransitionSystem, property: usize, name: &str) -> Result<Verdict, String> {
    let limits = Limits { states: Some(STATES), ..Limits::default() };
    let outcome = engine
        .decide(system, property, &limits, &Cancel::default())
        .map_err(|error| format!("explicit search of the {name} system: {error}"))?;
    Ok(match outcome.answer {
        Answer::Violated(trace) => {
            replay(system, &trace, property).map_err(|error| format!("replay on the {name} system: {error}"))?;
            Verdict::Violated(trace)
        }
        Answer::Holds { premise_reached: true, .. } => Verdict::Holds,
        Answer::Holds { premise_reached: false, .. } => Verdict::Vacuous,
        Answer::NoViolationUpTo { .. } | Answer::Unknown { .. } => Verdict::Undecided,
    })
}

/// Whether both ways decided; they must have decided alike then.
pub fn same(what: &str, first: &Verdict, second: &Verdict) -> Outcome {
    if matches!(first, Verdict::Undecided) || matches!(second, Verdict::Undecided) {
        return Ok(false);
    }
    if first.word() != second.word() {
        return Err(format!("{what}, {} and {}", first.word(), second.word()));
    }
    Ok(true)
}

impl Case<'_> {
    /// The verdict that all others are compared with. A violation is a run of the fine system.
    fn decide(&self) -> Result<Verdict, String> {
        let verdict = explicit(Explicit::default(), &self.fused, self.property, "fused")?;
        if let Verdict::Violated(trace) = &verdict {
            replay_expanded(&self.fine, &self.fused, trace, self.property)
                .map_err(|error| format!("replay on the fine system: {error}"))?;
        }
        Ok(verdict)
    }

    /// Compares in one way; nothing where there is nothing to compare, or where it is done for all intents together.
    fn compare(&self, comparison: Comparison) -> Result<Option<bool>, String> {
        let all = Explicit::default();
        let otherwise = |engine: Explicit, name: &str| {
            if matches!(self.verdict, Verdict::Undecided) {
                return Ok(false);
            }
            let other = explicit(engine, &self.fused, self.property, "fused")?;
            same(name, &self.verdict, &other)
        };
        Ok(Some(match comparison {
            Comparison::Symmetry => otherwise(Explicit { symmetry: false, ..all }, "with and without symmetry")?,
            Comparison::Slicing => otherwise(Explicit { slicing: false, ..all }, "with and without slicing")?,
            Comparison::Orders => otherwise(Explicit { partial_order: false, ..all }, "in some and in all orders")?,
            Comparison::Granularity => {
                if self.cluster.timing != Timing::Paced {
                    return Ok(None);
                }
                self.merged_rules()?;
                let on_fine = explicit(all, &self.fine, self.property, "fine")?;
                same("fused and fine", &self.verdict, &on_fine)?
            }
            Comparison::Timings => timings::compare(self)?,
            Comparison::Symbolic => self.symbolic(Encoding::CadicalClauses, USUAL)?,
            Comparison::Deeper => self.symbolic(Encoding::Clauses, DEEPER)?,
            Comparison::Proofs => self.proofs()?,
            Comparison::Effects => effects::compare(self)?,
            Comparison::Walks => self.walks()?,
            Comparison::Sizes => return sizes::compare(self),
            Comparison::Words | Comparison::Whole => return Ok(None),
        }))
    }

    /// From some states both systems must come to rest in the same ones.
    fn merged_rules(&self) -> Result<(), String> {
        if !self.verdict.is_clean() || self.fused.rules.iter().all(|rule| rule.expansion.is_empty()) {
            return Ok(());
        }
        let limits = Limits { states: Some(STATES), samples: SAMPLES, ..Limits::default() };
        let search = Explicit::default().decide(&self.fused, self.property, &limits, &Cancel::default());
        let runs = search.map_err(|error| format!("explicit search for states: {error}"))?.sampled;
        let merging = Merging::new(&self.fine, &self.fused, self.property);
        let Some(mut merging) = merging else { return Ok(()) };
        for run in runs {
            merging.compare(run.state(run.steps.len()), COMPARED).map_err(|fault| format!("merged rules: {fault}"))?;
        }
        Ok(())
    }

    fn is_invariant(&self) -> bool {
        matches!(self.fused.properties[self.property].claim, Claim::Invariant(_))
    }

    /// What the explicit engine found must be found by the symbolic one, at the same depth, and nothing else.
    fn symbolic(&self, encoding: Encoding, Reach { depth, rules, terms }: Reach) -> Outcome {
        let is_large = self.fused.rules.len() > rules || self.fused.dag.len() > terms;
        if is_large || matches!(self.verdict, Verdict::Undecided) {
            return Ok(false);
        }
        let most = Limits { depth: Some(depth), ..Limits::default() };
        let Verdict::Violated(trace) = &self.verdict else {
            return match self.steps_found(encoding, &most)? {
                Some(depth) => Err(format!("explicit {}, symbolic violated: at {depth} steps", self.verdict.word())),
                None => Ok(true),
            };
        };
        // The explicit engine begins with the fewest nodes first, so its run is a shortest one of so many nodes; but where
        // nodes are added on the way, a shorter one may begin with them.
        let nodes = kubound::search::minimise::nodes(&self.fused, trace);
        let begins = Trace { initial: trace.initial.clone(), steps: vec![], ..Trace::clone(trace) };
        let is_shortest = self.is_invariant() && kubound::search::minimise::nodes(&self.fused, &begins) == nodes;
        let found = self.steps_found(encoding, &Limits { nodes: Some(nodes), ..most })?;
        let steps = trace.steps.len();
        match found {
            Some(found) if found > steps || (is_shortest && found != steps) => {
                Err(format!("explicit and symbolic violated, not alike: at {steps} and {found} steps"))
            }
            None if steps <= depth => Err(format!("explicit violated, symbolic not: at {steps} steps")),
            _ => Ok(true),
        }
    }

    /// The number of steps of the violation found.
    fn steps_found(&self, encoding: Encoding, limits: &Limits) -> Result<Option<usize>, String> {
        let outcome = Symbolic { encoding }
            .decide(&self.fused, self.property, limits, &Cancel::default())
            .map_err(|error| format!("symbolic: {error}"))?;
        match outcome.answer {
            Answer::Violated(trace) => {
                replay_expanded(&self.fine, &self.fused, &trace, self.property)
                    .map_err(|error| format!("replay of a symbolic run: {error}"))?;
                Ok(Some(trace.steps.len()))
            }
            Answer::NoViolationUpTo { .. } => Ok(None),
            other => Err(format!("symbolic: {other:?}")),
        }
    }

    /// What is proved must hold.
    fn proofs(&self) -> Outcome {
        if matches!(self.verdict, Verdict::Undecided) {
            return Ok(false);
        }
        let prover = Prover::default();
        let limits = Limits { deadline: Some(Instant::now() + PROOF), ..Limits::default() };
        let outcome = prover
            .decide(&self.fused, self.property, &limits, &Cancel::default())
            .map_err(|error| format!("proof: {error}"))?;
        match (outcome.answer, self.verdict.is_clean()) {
            (Answer::Holds { .. }, true) => Ok(true),
            (Answer::Unknown { .. } | Answer::NoViolationUpTo { .. }, _) | (Answer::Violated(_), false) => Ok(false),
            (answer, _) => Err(format!("proof contradicts explicit {}: {answer:?}", self.verdict.word())),
        }
    }

    /// What random runs find is a run that violates, of both systems, and nothing that holds.
    fn walks(&self) -> Outcome {
        let walks = Walks { runs: Some(RUNS), ..Walks::default() };
        let outcome = walks
            .decide(&self.fused, self.property, &Limits::default(), &Cancel::default())
            .map_err(|error| format!("random runs: {error}"))?;
        let Answer::Violated(trace) = outcome.answer else { return Ok(false) };
        replay(&self.fused, &trace, self.property).map_err(|error| format!("replay of a random run: {error}"))?;
        replay_expanded(&self.fine, &self.fused, &trace, self.property)
            .map_err(|error| format!("replay of a random run on the fine system: {error}"))?;
        if self.verdict.is_clean() {
            return Err(format!("explicit {}, a random run violates", self.verdict.word()));
        }
        Ok(true)
    }
}
