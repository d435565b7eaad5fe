//! The explicit engine: breadth-first search over canonical states to the fixpoint.
//!
//! The initial states are split into *groups* by the frozen variables that decide how many nodes and interchangeable
//! slots there are. Each group is specialised and compiled on its own, which makes its program short and its states
//! small; groups with fewer nodes come first, and a violation makes larger groups unnecessary. What cannot be
//! enumerated is refused with the variables that are to blame.
//!
//! Variables that the property cannot see are left out ([`crate::passes::slice()`]), and slots are sorted. The run
//! reported is walked again over all variables of the system given.
//!
//! Under a limit on nodes an answer speaks of the initial states within it only, `holds` included: the caller set the
//! limit and knows. Under a limit on pods, or on nodes where these come and go, runs are cut, and nothing but a
//! violation is ever claimed.

mod checks;
mod concrete;
mod edge;
mod fair;
mod group;
pub mod inevitable;
pub(super) mod initial;
mod layout;
mod machine;
mod model;
mod objects;
mod rest;
mod search;
mod sharing;
pub mod stepper;
mod stubborn;

use super::{Answer, Cancel, Engine, EngineError, Limits, Outcome, Part, Registration, Statistics};
use crate::limits::Stop;
use crate::limits::explicit::MOST_STATES;
use crate::limits::explicit::MOST_TRIES;
use crate::passes::{ObjectClass, Passes, Reduced};
use crate::trace::Trace;
use group::{Finding, Group};
use initial::{Starts, Stopped};
use kubound_encodings::system::{Initial, Role, Rule, Signature, TransitionSystem};
use kubound_encodings::term::VarId;
use rustc_hash::FxHashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

/// The engine, for the command line and the search.
pub const REGISTRATION: Registration = Registration {
    name: "explicit",
    aliases: &[],
    summary: "Walks all states; refuses what it cannot enumerate",
    part: Part::Exhaustive,
    chooses_solvers: false,
    open: |_| Box::new(Explicit::default()),
};

/// The engine; [`Default`] has its reductions on.
#[derive(Clone, Copy, Debug)]
pub struct Explicit {
    /// Whether to sort interchangeable slots and objects.
    pub symmetry: bool,
    /// Whether to leave out variables that the property cannot see.
    pub slicing: bool,
    /// Whether to leave out orders in which independent rules may fire, for invariants.
    pub partial_order: bool,
}

impl Default for Explicit {
    fn default() -> Self {
        Self { symmetry: true, slicing: true, partial_order: true }
    }
}

/// What all groups share while they are searched.
struct Shared<'a> {
    limits: &'a Limits,
    stop: Stop,
    states: AtomicUsize,
    /// Number of nodes of the smallest violation so far.
    best: AtomicI64,
}

impl Shared<'_> {
    /// Why a group with this many nodes and this many new states should stop.
    fn stop(&self, nodes: i64, states: usize) -> Option<String> {
        if self.best.load(Ordering::Relaxed) < nodes {
            return Some("a smaller violation was found".into());
        }
        if let Some(reason) = self.stop.reason() {
            return Some(reason.into());
        }
        let most = self.limits.states.unwrap_or(MOST_STATES);
        (self.states.load(Ordering::Relaxed) + states > most).then(|| format!("more than {most} states"))
    }
}

/// What became of one group.
struct Report {
    finding: Finding,
    statistics: Statistics,
    fired: Vec<String>,
    premise: bool,
    /// Whether fast rules always come to rest, as far as the search knows.
    rests: bool,
    /// Runs to some states.
    sampled: Vec<Trace>,
}

impl Report {
    /// Could not tell.
    fn unknown(reason: String) -> Self {
        let statistics = Statistics::default();
        let (fired, sampled) = (Vec::new(), Vec::new());
        Self { finding: Finding::Unknown(reason), statistics, fired, premise: false, rests: false, sampled }
    }
}

impl Engine for Explicit {
    fn name(&self) -> &'static str {
        REGISTRATION.name
    }

    fn decide(
        &self,
        system: &TransitionSystem,
        property: usize,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Outcome, EngineError> {
        if let Some(what) = system.dag.overflow() {
            return Err(EngineError::Internal(what.to_owned()));
        }
        let stop = Stop::of(limits, cancel);
        let shared = Shared { limits, stop, states: AtomicUsize::new(0), best: AtomicI64::new(i64::MAX) };
        let prepared = shared.stop.heed(|| {
            let reduced = Reduced::new(system, property, Passes { slicing: self.slicing, symmetry: self.symmetry });
            groups(&reduced.system, limits, &shared).map(|groups| (reduced, groups))
        });
        let (reduced, groups) = match prepared {
            Ok(Ok(prepared)) => prepared,
            Ok(Err(reason)) => return Ok(Outcome::unknown(reason)),
            Err(stopped) => return Ok(Outcome::unknown(stopped.to_string())),
        };
        let next = AtomicUsize::new(0);
        let reports: Mutex<Vec<(usize, Result<Report, EngineError>)>> = Mutex::new(Vec::new());
        let work = || {
            while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                if shared.best.load(Ordering::Relaxed) < group.nodes {
                    break;
                }
                let report = shared.stop.heed_late(|| group.decide(self, system, property, &reduced, &shared));
                let report = report.unwrap_or_else(|stopped| Ok(Report::unknown(stopped.to_string())));
                let failed = report.is_err();
                reports.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push((group.number, report));
                if failed {
                    next.store(groups.len(), Ordering::Relaxed);
                }
            }
        };
        rayon::scope(|scope| {
            for _ in 1..rayon::current_num_threads().min(groups.len()) {
                scope.spawn(|_| work());
            }
            work();
        });
        let mut reports = reports.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        reports.sort_by_key(|(number, _)| *number);
        let reports = reports.into_iter().map(|(_, report)| report).collect::<Result<Vec<_>, _>>()?;
        Ok(combine(system, &reduced.objects, &groups, reports, &shared))
    }
}

/// What the reports on all groups come to.
fn combine(
    system: &TransitionSystem,
    objects: &[ObjectClass],
    groups: &[Group],
    reports: Vec<Report>,
    shared: &Shared,
) -> Outcome {
    let mut statistics = Statistics::default();
    let (mut fired, mut premise_reached) = (FxHashSet::default(), false);
    let mut best: Option<(i64, Box<Trace>)> = None;
    let mut unknown = None;
    let mut rests = shared.limits.watch_rest;
    let mut sampled = Vec::new();
    // How far larger groups came before a violation made them unnecessary depends on how threads were scheduled:
    // what they saw is left out of reports, so that these are the same every time.
    let needed = shared.best.load(Ordering::Relaxed);
    for (report, group) in reports.into_iter().zip(groups).filter(|(_, group)| group.nodes <= needed) {
        statistics.states += report.statistics.states;
        statistics.transitions += report.statistics.transitions;
        statistics.depth = statistics.depth.max(report.statistics.depth);
        fired.extend(report.fired);
        premise_reached |= report.premise;
        rests &= report.rests;
        sampled.extend(report.sampled);
        match report.finding {
            Finding::Clean => {}
            Finding::Unknown(reason) => unknown = unknown.or(Some(reason)),
            Finding::Violated(trace) => {
                let size = |trace: &Trace| trace.steps.len();
                let better = |(nodes, so_far): &(i64, Box<Trace>)| (group.nodes, size(&trace)) < (*nodes, size(so_far));
                if best.as_ref().is_none_or(better) {
                    best = Some((group.nodes, trace));
                }
            }
        }
    }
    let answer = match (best, unknown) {
        (Some((_, trace)), _) => Answer::Violated(trace),
        (None, Some(reason)) => Answer::Unknown { reason },
        // Larger runs were cut off, so this is no proof; but those within were searched at any depth.
        (None, None) if cuts_runs(system, shared.limits) => Answer::NoViolationUpTo { depth: usize::MAX },
        (None, None) => Answer::Holds { method: "explicit search to the fixpoint", premise_reached, proof: Vec::new() },
    };
    // Only an answer about every run tells what no run does.
    rests &= matches!(answer, Answer::Holds { .. });
    Outcome { answer, statistics, fired: all_instances(system, &fired, objects), rests, sampled }
}

/// Whether the limits speak of sizes that change during a run.
fn cuts_runs(system: &TransitionSystem, limits: &Limits) -> bool {
    let is_frozen = |var: VarId| system.vars[var.index()].role == Role::Frozen;
    let nodes_change = || !system.dag.support([system.nodes]).into_iter().all(is_frozen);
    limits.pods.is_some() || (limits.nodes.is_some() && nodes_change())
}

/// Rules that fired, and those of other objects of the class: in sorted states only some are tried.
fn all_instances(system: &TransitionSystem, fired: &FxHashSet<String>, objects: &[ObjectClass]) -> Vec<String> {
    let of_first = |rule: &Rule| {
        let subject = objects.iter().fold(rule.subject.clone(), |subject, class| class.of_first(&subject));
        Signature { actor: rule.actor.clone(), subject }
    };
    let all = || system.rules.iter().map(|rule| (rule, of_first(rule)));
    let of_firsts: FxHashSet<Signature> =
        all().filter(|(rule, _)| fired.contains(&rule.name)).map(|(_, first)| first).collect();
    all().filter(|(_, first)| of_firsts.contains(first)).map(|(rule, _)| rule.name.clone()).collect()
}

/// The groups of initial states, those with the fewest nodes first.
fn groups(system: &TransitionSystem, limits: &Limits, shared: &Shared) -> Result<Vec<Group>, String> {
    let key = key_vars(system);
    let mut starts = Starts::new(system, MOST_TRIES);
    let mut groups = Vec::new();
    let ended = starts.groups(&key, &mut |values| {
        let nodes = crate::trace::execute::values(system, &[system.nodes], values, &[])[0];
        if limits.nodes.is_none_or(|most| nodes <= most) {
            let given = key.iter().map(|&var| (var, values[var.index()])).collect();
            groups.push(Group { number: 0, nodes, given, samples: 0 });
        }
        shared.stop(0, 0).is_none()
    });
    match ended {
        Err(Stopped::TooMany) => return Err("too many sizes of the cluster to enumerate".into()),
        Err(Stopped::Enough) => return Err(shared.stop(0, 0).unwrap_or_default()),
        Ok(()) => {}
    }
    groups.sort_by_key(|group| group.nodes);
    let (count, samples) = (groups.len(), limits.samples);
    for (number, group) in groups.iter_mut().enumerate() {
        group.number = number;
        group.samples = (number + 1) * samples / count - number * samples / count;
    }
    Ok(groups)
}

/// The free frozen variables that the number of nodes and of active slots depends on.
fn key_vars(system: &TransitionSystem) -> Vec<VarId> {
    let mut queue = system.dag.support(system.symmetry.iter().map(|class| class.active).chain([system.nodes]));
    let mut seen = vec![false; system.vars.len()];
    let mut key = Vec::new();
    while let Some(var) = queue.pop() {
        if std::mem::replace(&mut seen[var.index()], true) {
            continue;
        }
        match system.vars[var.index()].initial {
            Initial::Free if system.vars[var.index()].role == Role::Frozen => key.push(var),
            Initial::Free => {}
            Initial::Term(term) => queue.extend(system.dag.support([term])),
        }
    }
    key.sort_unstable();
    key
}
