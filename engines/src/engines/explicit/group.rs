//! One group of initial states: specialise, enumerate, search, and turn what was found into a run.
//!
//! A loop that is fair to lumps but was not found to be fair to single units is looked for again without symmetry,
//! where obligations are single units and the answer is exact.

use super::concrete::{Walk, along, around};
use super::edge::Edge;
use super::fair::fair_components;
use super::initial::{Starts, Stopped};
use super::model::Model;
use super::search::{End, Search};
use super::{Explicit, MOST_TRIES, Report, Shared};
use crate::engines::{EngineError, Statistics};
use crate::passes::{Reduced, SlotClass};
use crate::trace::{Ending, Step, Trace, execute};
use kubound_encodings::system::{Rule, Signature, TransitionSystem};
use kubound_encodings::term::VarId;
use rustc_hash::FxHashSet;
use std::sync::atomic::Ordering;

/// Initial states that share the values of the variables that decide sizes.
#[derive(Clone, Debug)]
pub struct Group {
    /// Position in the order of search.
    pub number: usize,
    /// Number of nodes.
    pub nodes: i64,
    /// The values.
    pub given: Vec<(VarId, i64)>,
    /// Its part of the states to tell runs to.
    pub samples: usize,
}

/// What is known about a group.
#[derive(Clone, Debug)]
pub enum Finding {
    /// No violation.
    Clean,
    /// A violation.
    Violated(Box<Trace>),
    /// Could not tell.
    Unknown(String),
}

/// A group made ready to search.
struct Prepared<'a> {
    given_system: &'a TransitionSystem,
    reduced: Reduced,
    nodes: i64,
    samples: usize,
}

impl Group {
    /// Decides the property from the initial states of this group.
    pub fn decide(
        &self,
        engine: &Explicit,
        given_system: &TransitionSystem,
        property: usize,
        reduced: &Reduced,
        shared: &Shared,
    ) -> Result<Report, EngineError> {
        debug_assert!(property < given_system.properties.len());
        let (reduced, nodes, samples) = (reduced.sized(&self.given), self.nodes, self.samples);
        let prepared = Prepared { given_system, reduced, nodes, samples };
        let report = prepared.search(engine.symmetry, engine.partial_order, shared)?;
        match report.finding {
            Finding::Violated(_) => shared.best.fetch_min(self.nodes, Ordering::Relaxed),
            _ => 0,
        };
        Ok(report)
    }
}

impl Prepared<'_> {
    /// Searches; with interchangeable slots and objects in one order if `symmetric`.
    fn search(&self, symmetric: bool, partial_order: bool, shared: &Shared) -> Result<Report, EngineError> {
        let Reduced { system, kept, complete, slots, objects, .. } = &self.reduced;
        let (slots, objects) = if symmetric { (&slots[..], &objects[..]) } else { (&[][..], &[][..]) };
        let mut report = Report {
            finding: Finding::Clean,
            statistics: Statistics::default(),
            fired: Vec::new(),
            premise: false,
            rests: false,
            sampled: Vec::new(),
        };
        let Ok(model) = Model::new(system.clone(), kept, complete, slots, objects) else {
            report.finding = Finding::Unknown("too many terms for the explicit engine".into());
            return Ok(report);
        };
        let mut search = Search::new(&model, shared.limits);
        search.check_all = shared.limits.check_all;
        if shared.limits.watch_rest {
            search.watch_rest();
        }
        if partial_order && search.reduce_orders().is_err() {
            report.finding = Finding::Unknown("too many terms for the explicit engine".into());
            return Ok(report);
        }
        if let Err(reason) = self.add_initial(&mut search, shared) {
            report.finding = Finding::Unknown(reason);
            return Ok(report);
        }
        let end = search.run(&mut |states| shared.stop(self.nodes, states))?;
        shared.states.fetch_add(search.len(), Ordering::Relaxed);
        if search.reduces_orders() && matches!(end, End::Bad(_)) {
            // The run is not a shortest one. The full search finds that, unless it comes to a limit before.
            let found = self.judge(&search, end, symmetric)?;
            let (states, transitions) = (search.len() as u64, search.transitions);
            drop(search);
            let mut shortest = self.search(symmetric, false, shared)?;
            if let (Finding::Unknown(_), Finding::Violated(_)) = (&shortest.finding, &found) {
                shortest.finding = found;
                shortest.statistics.states += states;
                shortest.statistics.transitions += transitions;
            }
            return Ok(shortest);
        }
        report.rests = end == End::Fixpoint && search.rests();
        report.finding = self.judge(&search, end, symmetric)?;
        report.premise = search.premise;
        report.statistics.states = search.len() as u64;
        report.statistics.transitions = search.transitions;
        report.statistics.depth = search.len().checked_sub(1).map_or(0, |last| search.depth(last as u32) as usize);
        report.fired = self.fired(&search, slots);
        if matches!(report.finding, Finding::Clean) {
            report.sampled = self.sampled(&search)?;
        }
        if symmetric && matches!(&report.finding, Finding::Unknown(reason) if reason == UNFAIR) {
            drop(search);
            let exact = self.search(false, partial_order, shared)?;
            report.finding = exact.finding;
            report.statistics.states += exact.statistics.states;
            report.statistics.transitions += exact.statistics.transitions;
        }
        Ok(report)
    }

    /// The rules that fired, and those of other slots that do what they do: in sorted states only some are tried.
    fn fired(&self, search: &Search, slots: &[SlotClass]) -> Vec<String> {
        let canonical = |rule: &Rule| {
            let subject = slots.iter().fold(rule.subject.clone(), |subject, class| class.canonical(&subject));
            Signature { subject, actor: rule.actor.clone() }
        };
        let rules = &self.reduced.system.rules;
        let fired: FxHashSet<Signature> =
            rules.iter().zip(&search.fired).filter(|&(_, &fired)| fired).map(|(rule, _)| canonical(rule)).collect();
        rules.iter().filter(|rule| fired.contains(&canonical(rule))).map(|rule| rule.name.clone()).collect()
    }

    /// Runs to states that lie evenly among those found.
    fn sampled(&self, search: &Search) -> Result<Vec<Trace>, EngineError> {
        let mut registers = search.model.machine.registers();
        let mut runs = Vec::new();
        for number in 1..=self.samples.min(search.len()) {
            let state = (number * search.len() / (self.samples + 1)).min(search.len() - 1);
            if let Some(walk) = along(search, &search.path(state as u32), &mut registers)? {
                runs.push(self.trace(search, &walk, Ending::Stays)?);
            }
        }
        Ok(runs)
    }

    /// Adds all initial states.
    fn add_initial(&self, search: &mut Search, shared: &Shared) -> Result<(), String> {
        let mut starts = Starts::new(&self.reduced.system, MOST_TRIES);
        let (estimate, widest) = starts.estimate(&self.reduced.kept);
        let most = shared.limits.states.unwrap_or(super::MOST_STATES);
        let refusal = || format!("more than {most} initial states: {} range too widely", widest.join(", "));
        if estimate > most as f64 {
            return Err(refusal());
        }
        let model = search.model;
        let mut row = vec![0; model.layout.stride];
        let mut faulty = None;
        let ended = starts.each(&self.reduced.kept, &[], &mut |values| {
            let mut vars = self.reduced.system.dag.vars().iter().zip(values);
            if let Some((var, value)) = vars.find(|(var, value)| !var.sort.range().contains(**value)) {
                faulty = Some(format!("the model is faulty: {} starts at {value}, outside its range", var.name));
                return false;
            }
            model.layout.pack_values(values, &mut row);
            search.add_initial(&row);
            shared.stop(self.nodes, search.len()).is_none()
        });
        match ended {
            Ok(()) => Ok(()),
            Err(Stopped::TooMany) => Err(refusal()),
            Err(Stopped::Enough) => {
                Err(faulty.or_else(|| shared.stop(self.nodes, search.len())).unwrap_or_else(refusal))
            }
        }
    }

    fn judge(&self, search: &Search, end: End, symmetric: bool) -> Result<Finding, EngineError> {
        let mut registers = search.model.machine.registers();
        let to = |state: u32, ending: Ending, registers: &mut _| {
            let Some(walk) = along(search, &search.path(state), registers)? else {
                return Ok(Finding::Unknown(UNFAIR.into()));
            };
            self.trace(search, &walk, ending).map(|trace| Finding::Violated(Box::new(trace)))
        };
        match end {
            End::Bad(state) => return to(state, Ending::Bad, &mut registers),
            End::Stays(state) => return to(state, Ending::Stays, &mut registers),
            End::Fixpoint | End::Stopped(_) => {}
        }
        if search.model.is_loop_claim() {
            match self.fair_loop(search, symmetric)? {
                Finding::Clean => {}
                finding => return Ok(finding),
            }
        }
        Ok(match end {
            End::Stopped(reason) => Finding::Unknown(reason),
            _ => Finding::Clean,
        })
    }

    fn fair_loop(&self, search: &Search, symmetric: bool) -> Result<Finding, EngineError> {
        let passes = |state: u32, edge: Edge| search.within(state) && search.within(edge.target);
        let found = fair_components(search, &passes, &|_, edge| edge.progress());
        let mut best: Option<(Walk, usize)> = None;
        let mut suspicious = false;
        let mut registers = search.model.machine.registers();
        for number in 0..found.members().len() {
            suspicious = true;
            for cycle in found.cycles(search, &passes, number).iter().take(4) {
                let length = search.depth(cycle[0].0) as usize + cycle.len();
                if best.as_ref().is_some_and(|(walk, _)| walk.steps.len() <= length) {
                    break;
                }
                for longest_wait in [false, true] {
                    let Some(prefix) = along(search, &search.path(cycle[0].0), &mut registers)? else { break };
                    let Some(closed) = around(search, prefix, cycle, longest_wait, &mut registers)? else { continue };
                    if best.as_ref().is_none_or(|(walk, _)| closed.0.steps.len() < walk.steps.len()) {
                        best = Some(closed);
                    }
                    break;
                }
            }
        }
        Ok(match best {
            Some((walk, start)) => Finding::Violated(Box::new(self.trace(search, &walk, Ending::Loop { start })?)),
            None if suspicious && symmetric => Finding::Unknown(UNFAIR.into()),
            None if suspicious => Finding::Unknown("a fair loop exists but is too long to write down".into()),
            None => Finding::Clean,
        })
    }

    /// The run over all variables of the system given.
    fn trace(&self, search: &Search, walk: &Walk, ending: Ending) -> Result<Trace, EngineError> {
        let layout = &search.model.layout;
        let mut given = vec![None; self.reduced.system.vars.len()];
        for field in &layout.fields {
            given[field.var.index()] = Some(layout.value(field, &walk.first));
        }
        let mut initial = Vec::new();
        let mut first = vec![0; layout.stride];
        let ended = Starts::new(&self.reduced.system, MOST_TRIES).each(&self.reduced.kept, &given, &mut |values| {
            layout.pack_values(values, &mut first);
            let found = first == walk.first;
            if found {
                initial = values.to_vec();
            }
            !found
        });
        if ended != Err(Stopped::Enough) {
            return Err(EngineError::Internal("an initial state cannot be found again".into()));
        }
        let mut trace = Trace { initial, steps: Vec::with_capacity(walk.steps.len()), ending };
        for step in &walk.steps {
            let name = &self.reduced.system.rules[step.rule].name;
            let rule = self.given_system.rule(name).ok_or_else(|| EngineError::Internal(format!("no rule {name}")))?;
            let state = execute::fire(self.given_system, rule, &step.picks, trace.state(trace.steps.len()))
                .map_err(|(var, value)| EngineError::OutOfRange { rule: name.clone(), var, value })?;
            trace.steps.push(Step { rule: name.clone(), picks: step.picks.clone(), state });
        }
        Ok(trace)
    }
}

/// The reason for which the search is repeated without symmetry.
const UNFAIR: &str = "a run is fair to interchangeable slots together, but perhaps not to each";
