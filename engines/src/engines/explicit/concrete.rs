//! From paths over canonical states back to runs.
//!
//! A canonical state stands for all its permutations, so that a step between canonical states is matched by a step
//! of the real system whose result has the right canonical form. A cycle closes at a permutation of the state it
//! began in; walked again and again it comes back to that state itself. Whether the loop is then fair to every
//! single unit, not only to some of each lump, is checked on the way; a walk that lets those act first that waited
//! longest makes it so where it can be.

use super::edge::Successor;
use super::fair::Cycle;
use super::model::Model;
use super::search::Search;
use crate::engines::EngineError;
use crate::limits::explicit::LONGEST_LOOP;
use kubound_encodings::term::program::Registers;

/// A run over rows.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The initial state.
    pub first: Vec<u8>,
    /// The steps.
    pub steps: Vec<Successor>,
}

impl Walk {
    fn last(&self) -> &[u8] {
        self.steps.last().map_or(&self.first, |step| &step.row)
    }
}

fn canonical(model: &Model, row: &[u8]) -> Vec<u8> {
    let mut row = row.to_vec();
    model.layout.canonicalise(&mut row);
    row
}

/// A run along the states of a path; none where rows of interchangeable objects are not canonical enough to find it.
pub fn along(search: &Search, path: &[u32], registers: &mut Registers) -> Result<Option<Walk>, EngineError> {
    let mut walk = Walk { first: search.start(path[0]).to_vec(), steps: Vec::new() };
    for &state in &path[1..] {
        let steps = search.model.successors(walk.last(), registers)?;
        let step = steps.into_iter().find(|step| canonical(search.model, &step.row) == search.row(state));
        match step {
            Some(step) => walk.steps.push(step),
            None => return lost(search.model, "a state on a path"),
        }
    }
    Ok(Some(walk))
}

/// Sorted slots are canonical, and what leads to a state is found again; objects may have several rows for one state.
fn lost<T>(model: &Model, what: &str) -> Result<Option<T>, EngineError> {
    if !model.layout.objects.is_empty() {
        return Ok(None);
    }
    Err(EngineError::Internal(format!("{what} cannot be reached again; a symmetry class is not one")))
}

/// What was seen while walking a loop.
struct Seen {
    /// For each step its unit.
    acted: Vec<Option<usize>>,
    /// For each step the units enabled before it.
    enabled: Vec<Vec<bool>>,
    /// For each step the units due before it.
    due: Vec<Vec<bool>>,
    /// For each step whether it is slow.
    slow: Vec<bool>,
}

/// Extends a run to the start of a cycle by the cycle, until it closes and is fair; the index at which the loop
/// starts.
pub fn around(
    search: &Search,
    mut walk: Walk,
    cycle: &Cycle,
    longest_wait: bool,
    registers: &mut Registers,
) -> Result<Option<(Walk, usize)>, EngineError> {
    let model = search.model;
    let units = model.system.fairness.len();
    let prefix = walk.steps.len();
    let mut seen = Seen { acted: Vec::new(), enabled: Vec::new(), due: Vec::new(), slow: Vec::new() };
    let mut rounds = vec![(prefix, walk.last().to_vec())];
    let mut last_acted = vec![0; units];
    while walk.steps.len() - prefix + cycle.len() <= LONGEST_LOOP.max(cycle.len()) {
        for &(_, edge) in cycle {
            let steps = model.successors(walk.last(), registers)?;
            let mut enabled = vec![false; units];
            let unit_of = |step: &Successor| model.system.rules[step.rule].fairness;
            steps.iter().filter_map(unit_of).for_each(|unit| enabled[unit] = true);
            seen.due.push(due(model, walk.last(), &enabled, registers));
            seen.enabled.push(enabled);
            let mut matching = steps.into_iter().filter(|step| {
                step.keep
                    && step.progress == edge.progress()
                    && !super::machine::is_event(&model.system.rules[step.rule])
                    && model.discharged_by(step.rule) == model.discharged_by(edge.rule())
                    && canonical(model, &step.row) == search.row(edge.target)
            });
            let step = if longest_wait {
                matching.min_by_key(|step| unit_of(step).map_or(0, |unit| last_acted[unit]))
            } else {
                matching.next()
            };
            let Some(step) = step else { return lost(model, "a state on a loop") };
            if let Some(unit) = unit_of(&step) {
                last_acted[unit] = walk.steps.len() + 1;
            }
            seen.acted.push(unit_of(&step));
            seen.slow.push(model.is_slow(step.rule));
            walk.steps.push(step);
        }
        let here = walk.last().to_vec();
        // The shortest fair stretch is taken.
        let mut closed = rounds.iter().rev().filter(|(_, row)| *row == here).map(|&(start, _)| start).peekable();
        let closes = closed.peek().is_some();
        if let Some(start) = closed.find(|start| is_fair(model, &seen, start - prefix)) {
            return Ok(Some((walk, start)));
        }
        if !longest_wait && closes {
            return Ok(None);
        }
        rounds.push((walk.steps.len(), here));
    }
    Ok(None)
}

/// The units due in a state, given those enabled.
fn due(model: &Model, row: &[u8], enabled: &[bool], registers: &mut Registers) -> Vec<bool> {
    model.layout.unpack(row, registers);
    model.machine.enter(registers);
    let mut due = enabled.to_vec();
    for (index, rule) in model.system.rules.iter().enumerate() {
        if let (Some(unit), Some(_)) = (rule.fairness, rule.waits) {
            due[unit] = due[unit] || model.machine.is_due(index, registers);
        }
    }
    due
}

/// Whether every unit acts from a step on, or is owed nothing there and, if it is prompt, not late.
fn is_fair(model: &Model, seen: &Seen, from: usize) -> bool {
    (0..model.system.fairness.len()).filter(|&unit| model.obligation[unit].is_some()).all(|unit| {
        let mut steps = seen.enabled[from..].iter().zip(&seen.slow[from..]);
        let is_late = model.system.fairness[unit].prompt && steps.any(|(enabled, slow)| enabled[unit] && *slow);
        let is_owed = seen.due[from..].iter().all(|due| due[unit]) && seen.enabled[from..].iter().any(|on| on[unit]);
        seen.acted[from..].contains(&Some(unit)) || (!is_late && !is_owed)
    })
}
