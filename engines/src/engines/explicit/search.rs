//! Breadth-first search over the canonical states of one group of initial states.
//!
//! States are rows in one arena, found again through an open-addressing table of their numbers; each remembers the
//! state and the rule that it was first reached by. States are looked at in the order in which they were found, so
//! that the first bad one has the least depth. For claims about loops the edges that a loop may use are kept, and
//! for each state which fairness obligations are enabled there, and which are not even due.

use super::checks::Checks;
use super::edge::Edge;
use super::machine::{Observed, is_event};
use super::model::Model;
use super::rest::Rest;
use super::stubborn::Stubborn;
use crate::engines::{EngineError, Limits};
use kubound_encodings::term::compile::TooLarge;
use kubound_encodings::term::program::Registers;
use rustc_hash::FxHashMap;
use std::hash::Hasher;

/// No state.
pub const NONE: u32 = u32::MAX;

/// Why a search ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// Every reachable state was looked at.
    Fixpoint,
    /// A state that violates the invariant.
    Bad(u32),
    /// A state in which a run may stay although it must not.
    Stays(u32),
    /// A limit.
    Stopped(String),
}

/// What of a fairness unit is seen in a state.
#[derive(Clone, Copy, Default)]
struct UnitHere {
    /// Whether a rule of it was looked at.
    is_known: bool,
    /// Whether one is enabled.
    is_enabled: bool,
    /// Whether one is due.
    is_due: bool,
}

/// The states found so far.
pub struct Search<'a> {
    /// The group.
    pub model: &'a Model,
    rows: Vec<u8>,
    table: Vec<u32>,
    /// For each state the one it was reached from and the rule, or `NONE` for initial states.
    pub parents: Vec<(u32, u32)>,
    depths: Vec<u32>,
    edges: Vec<Edge>,
    starts: Vec<usize>,
    within: Vec<bool>,
    idle: Vec<u64>,
    live: Vec<u64>,
    words: usize,
    /// Steps taken.
    pub transitions: u64,
    /// Which rules fired.
    pub fired: Vec<bool>,
    /// Whether a state satisfied the premise.
    pub premise: bool,
    /// Whether a state was pruned because it has too many nodes or pods.
    pub pruned: bool,
    nodes: Option<i64>,
    pods: Option<i64>,
    /// Initial states as they are, where they are not canonical.
    raw: FxHashMap<u32, Box<[u8]>>,
    /// Whether to keep all edges, those that no violating loop may use too, and not to stop at a violation.
    pub everything: bool,
    /// Whether every state is checked, not only some of them.
    pub check_all: bool,
    quiet: Vec<bool>,
    /// The partial-order reduction, with its registers.
    stubborn: Option<(Stubborn, Registers)>,
    /// The steps of fast rules, where somebody wants to know whether they end.
    rest: Option<Rest>,
}

impl<'a> Search<'a> {
    /// An empty search; states with more nodes or pods than the limits allow are not looked at.
    pub fn new(model: &'a Model, limits: &Limits) -> Self {
        let changes = !model.system.dag.support([model.system.nodes]).is_empty();
        Self {
            model,
            rows: Vec::new(),
            table: vec![NONE; 1 << 10],
            parents: Vec::new(),
            depths: Vec::new(),
            edges: Vec::new(),
            starts: vec![0],
            within: Vec::new(),
            idle: Vec::new(),
            live: Vec::new(),
            words: model.obligations.div_ceil(64),
            transitions: 0,
            fired: vec![false; model.system.rules.len()],
            premise: false,
            pruned: false,
            nodes: limits.nodes.filter(|_| changes),
            pods: limits.pods,
            raw: FxHashMap::default(),
            everything: false,
            check_all: false,
            quiet: Vec::new(),
            stubborn: None,
            rest: None,
        }
    }

    /// Notes whether fast rules always come to rest.
    pub fn watch_rest(&mut self) {
        self.rest = Some(Rest::new(&self.model.system));
    }

    /// Whether fast rules always come to rest, if every state was looked at; false also where nobody asked.
    pub fn rests(&self) -> bool {
        !self.pruned && self.rest.as_ref().is_some_and(|rest| rest.always_comes(self.expanded()))
    }

    /// Has only stubborn sets of rules fired where that is sound. Runs found are then not the shortest.
    pub fn reduce_orders(&mut self) -> Result<(), TooLarge> {
        // A limit on what changes reads it in every state.
        if self.nodes.is_none() && self.pods.is_none() {
            self.stubborn = Stubborn::new(&self.model.system)?.map(|stubborn| {
                let registers = stubborn.registers();
                (stubborn, registers)
            });
        }
        Ok(())
    }

    /// Whether only stubborn sets of rules are fired.
    pub fn reduces_orders(&self) -> bool {
        self.stubborn.is_some()
    }

    /// Number of states found.
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    /// Number of states looked at.
    pub fn expanded(&self) -> usize {
        self.within.len()
    }

    /// Depth at which a state was found.
    pub fn depth(&self, state: u32) -> u32 {
        self.depths[state as usize]
    }

    /// The row of a state.
    pub fn row(&self, state: u32) -> &[u8] {
        let stride = self.model.layout.stride;
        &self.rows[state as usize * stride..(state as usize + 1) * stride]
    }

    /// The edges out of a state that a loop may use; none for a state not looked at.
    pub fn edges(&self, state: u32) -> &[Edge] {
        match self.starts.get(state as usize..state as usize + 2) {
            Some(&[from, to]) => &self.edges[from..to],
            _ => &[],
        }
    }

    /// Whether a state satisfies `within`.
    pub fn within(&self, state: u32) -> bool {
        self.within.get(state as usize).is_some_and(|&within| within)
    }

    /// Whether no rule that must happen is enabled in a state.
    pub fn is_quiet(&self, state: u32) -> bool {
        self.quiet.get(state as usize).is_some_and(|&quiet| quiet)
    }

    /// The number of a canonical row.
    pub fn find(&self, row: &[u8]) -> Option<u32> {
        let mask = self.table.len() - 1;
        let mut at = hash(row) & mask;
        while self.table[at] != NONE {
            if self.row(self.table[at]) == row {
                return Some(self.table[at]);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// The obligations with a unit that is enabled in a state, as bits.
    pub fn live(&self, state: u32) -> &[u64] {
        &self.live[state as usize * self.words..(state as usize + 1) * self.words]
    }

    /// The obligations with a unit that is not due in a state, as bits.
    pub fn idle(&self, state: u32) -> &[u64] {
        &self.idle[state as usize * self.words..(state as usize + 1) * self.words]
    }

    /// Adds an initial state.
    pub fn add_initial(&mut self, row: &[u8]) {
        let mut canonical = row.to_vec();
        self.model.layout.canonicalise(&mut canonical);
        let state = self.add(&canonical, NONE, NONE);
        if canonical != row {
            self.raw.entry(state).or_insert_with(|| row.into());
        }
    }

    /// An initial state as it is before it is made canonical.
    pub fn start(&self, state: u32) -> &[u8] {
        match self.raw.get(&state) {
            Some(row) => row,
            None => self.row(state),
        }
    }

    /// Adds a row, made canonical before; the number of the state.
    pub fn add(&mut self, row: &[u8], parent: u32, rule: u32) -> u32 {
        if self.parents.len() * 2 >= self.table.len() {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut at = hash(row) & mask;
        loop {
            match self.table[at] {
                NONE => break,
                state if self.row(state) == row => return state,
                _ => at = (at + 1) & mask,
            }
        }
        let state = self.parents.len() as u32;
        self.table[at] = state;
        self.rows.extend_from_slice(row);
        self.parents.push((parent, rule));
        self.depths.push(if parent == NONE { 0 } else { self.depth(parent) + 1 });
        state
    }

    fn grow(&mut self) {
        let mask = self.table.len() * 2 - 1;
        let mut table = vec![NONE; mask + 1];
        for state in 0..self.parents.len() as u32 {
            let mut at = hash(self.row(state)) & mask;
            while table[at] != NONE {
                at = (at + 1) & mask;
            }
            table[at] = state;
        }
        self.table = table;
    }

    /// Looks at states until all are, or one is bad, or `stop` gives a reason; `stop` is asked often.
    pub fn run(&mut self, stop: &mut dyn FnMut(usize) -> Option<String>) -> Result<End, EngineError> {
        let mut registers = self.model.machine.registers();
        let (mut row, mut scratch) = (Vec::new(), vec![0; self.model.layout.stride]);
        let mut checks = Checks::new(self.model, self.check_all);
        while self.expanded() < self.len() {
            if let Some(reason) = stop(self.len()) {
                return Ok(End::Stopped(reason));
            }
            let state = self.expanded() as u32;
            row.clear();
            row.extend_from_slice(self.row(state));
            checks.state(self.model, state, &row)?;
            self.model.layout.unpack(&row, &mut registers);
            self.model.machine.enter(&mut registers);
            let seen = self.model.machine.observe(&mut registers);
            let pruned =
                self.nodes.is_some_and(|nodes| seen.nodes > nodes) || self.pods.is_some_and(|pods| seen.pods > pods);
            self.pruned |= pruned;
            self.premise |= seen.premise && !pruned;
            if !pruned && !self.model.is_loop_claim() && !seen.holds {
                return Ok(End::Bad(state));
            }
            let quiet = !pruned
                && !self.expand_stubborn(state, &row, &mut scratch, &mut registers)?
                && self.expand(state, seen, &row, &mut scratch, &mut registers, stop)?;
            if pruned {
                self.idle.extend(std::iter::repeat_n(0, self.words));
                self.live.extend(std::iter::repeat_n(0, self.words));
            }
            if let Some(rest) = &mut self.rest {
                rest.close();
            }
            self.within.push(!pruned && seen.within);
            self.starts.push(self.edges.len());
            self.quiet.push(quiet);
            if quiet && !self.everything && self.model.is_loop_claim() && seen.within && seen.stay {
                return Ok(End::Stays(state));
            }
        }
        Ok(End::Fixpoint)
    }

    /// Adds the successors by a stubborn set of rules, if there is one and some successor is new.
    fn expand_stubborn(
        &mut self,
        state: u32,
        row: &[u8],
        scratch: &mut [u8],
        registers: &mut Registers,
    ) -> Result<bool, EngineError> {
        let model = self.model;
        let Some((stubborn, own)) = &mut self.stubborn else { return Ok(false) };
        let enabled: Vec<bool> =
            (0..model.system.rules.len()).map(|rule| model.machine.is_enabled(rule, registers)).collect();
        let Some(chosen) = stubborn.choose(row, &model.layout, &enabled, own) else { return Ok(false) };
        let known = self.len();
        let mut reduced = Vec::new();
        for rule in chosen {
            // Equal neighbours outside the set would be missed if those inside were left to them.
            self.fired[rule] |= model.machine.fire(rule, registers, &|_, _| false, &mut |registers| {
                self.transitions += 1;
                model.layout.pack_after(registers, scratch);
                model.layout.canonicalise(scratch);
                reduced.push(self.add(scratch, state, rule as u32));
                Ok(true)
            })?;
        }
        // Had it led to known states only, rules outside might be put off round and round forever.
        if self.len() == known {
            return Ok(false);
        }
        if let Some(rest) = &mut self.rest {
            rest.of_reduced(&reduced);
        }
        self.idle.extend(std::iter::repeat_n(0, self.words));
        self.live.extend(std::iter::repeat_n(0, self.words));
        Ok(true)
    }

    /// Adds the successors of a state; true if no rule that must happen is enabled.
    fn expand(
        &mut self,
        state: u32,
        seen: Observed,
        row: &[u8],
        scratch: &mut [u8],
        registers: &mut Registers,
        stop: &mut dyn FnMut(usize) -> Option<String>,
    ) -> Result<bool, EngineError> {
        let model = self.model;
        let loops = model.is_loop_claim();
        let mut units = vec![UnitHere::default(); if loops { model.system.fairness.len() } else { 0 }];
        let mut stopping = false;
        for (index, rule) in model.system.rules.iter().enumerate() {
            if model.repeats(row, index) {
                continue;
            }
            let first_edge = self.edges.len();
            let keeps_edges = loops && (seen.within || self.everything) && !is_event(rule);
            let repeats = |class: usize, slot: usize| model.layout.repeats(row, class, slot);
            let enabled = model.machine.fire(index, registers, &repeats, &mut |registers| {
                self.transitions += 1;
                if self.transitions.is_multiple_of(4096) {
                    stopping |= stop(self.len()).is_some();
                }
                if stopping {
                    return Ok(false);
                }
                model.layout.pack_after(registers, scratch);
                model.layout.canonicalise(scratch);
                let target = self.add(scratch, state, index as u32);
                if let Some(rest) = &mut self.rest {
                    rest.step(index, target);
                }
                if keeps_edges {
                    let (keep, progress) = model.machine.step(registers);
                    let edge = Edge::new(target, index, keep, progress);
                    if (keep || self.everything) && !self.edges[first_edge..].contains(&edge) {
                        self.edges.push(edge);
                    }
                }
                Ok(true)
            })?;
            self.fired[index] |= enabled;
            if let (true, Some(unit)) = (loops, rule.fairness) {
                let unit = &mut units[unit];
                unit.is_known = true;
                unit.is_enabled |= enabled;
                unit.is_due |= enabled || (rule.waits.is_some() && model.machine.is_due(index, registers));
            }
        }
        let (mut some_idle, mut live) = (vec![0; self.words], vec![0; self.words]);
        for (unit, here) in units.iter().enumerate() {
            if let (true, Some(obligation)) = (here.is_known, model.obligation[unit]) {
                live[obligation / 64] |= u64::from(here.is_enabled) << (obligation % 64);
                some_idle[obligation / 64] |= u64::from(!here.is_due) << (obligation % 64);
            }
        }
        self.idle.extend(some_idle);
        self.live.extend(live);
        Ok(!units.iter().any(|unit| unit.is_enabled))
    }

    /// The states from an initial one to `state`, both included.
    pub fn path(&self, state: u32) -> Vec<u32> {
        let mut path = vec![state];
        let mut at = state;
        while self.parents[at as usize].0 != NONE {
            at = self.parents[at as usize].0;
            path.push(at);
        }
        path.reverse();
        path
    }
}

fn hash(row: &[u8]) -> usize {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(row);
    let hash = hasher.finish();
    (hash ^ (hash >> 29)) as usize
}
