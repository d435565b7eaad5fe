//! One state of a system after the other, with the rules that can fire in it: each step costs what it changes.

use super::graph::{Slot, Step};
use super::picks::Plan;
use super::values::Values;
use crate::engines::EngineError;
use crate::passes::{compared, relevant};
use fastrand::Rng;
use kubound_encodings::system::{Claim, Pace, TransitionSystem};
use kubound_encodings::term::{ChoiceId, Range, Term, TermId, VarId};
use rustc_hash::FxHashMap;

/// What a rule picked, sorted by choice.
pub type Picks = Box<[(ChoiceId, i64)]>;

/// What is known of a fairness unit in a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UnitHere {
    /// How many of its rules are enabled.
    pub enabled: u32,
    /// How many of its rules are due.
    pub due: u32,
}

/// What the claim says of a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The invariant; true for other claims.
    pub holds: bool,
    /// `within` of a claim about loops.
    pub within: bool,
    /// Whether no rule that must fire is enabled, and staying is forbidden.
    pub stays: bool,
    /// Number of nodes.
    pub nodes: i64,
    /// Number of pods.
    pub pods: i64,
}

/// A plan for a condition or a value over steps.
#[derive(Clone, Debug)]
struct OnDemand {
    plan: Vec<Slot>,
    slot: Slot,
}

/// What a guard decides.
#[derive(Clone, Copy, Debug)]
enum Reader {
    Enabled(u32),
    Due(u32),
}

/// A system in one of its states.
pub struct Walker<'a> {
    /// The system.
    pub system: &'a TransitionSystem,
    property: usize,
    values: Values,
    readers: FxHashMap<Slot, Vec<Reader>>,
    plans: Vec<Option<Plan>>,
    monitors: Vec<(VarId, OnDemand)>,
    /// How many of the monitors the property can see: those come first.
    relevant_monitors: usize,
    claim: [Slot; 5],
    step: Option<[OnDemand; 2]>,
    state: Vec<i64>,
    primed: Vec<i64>,
    choices: Vec<i64>,
    enabled: Vec<u32>,
    /// Position of each rule in `enabled`.
    position: Vec<Option<u32>>,
    is_due: Vec<bool>,
    units: Vec<UnitHere>,
    live_units: usize,
    /// How many fast rules are enabled.
    fast: usize,
    matters: Vec<bool>,
    key: u64,
    ranges: Vec<Range>,
    /// Whether to compute all monitors, not only those that the property can see.
    pub keeps_all: bool,
    /// Whether to find out if steps make progress, which may read every variable.
    pub judges_progress: bool,
    /// `keep` and `progress` of the last step, for claims about loops.
    pub judged: (bool, bool),
}

impl<'a> Walker<'a> {
    /// A system with one of its properties, in no state in particular.
    pub fn new(system: &'a TransitionSystem, property: usize) -> Self {
        let dag = &system.dag;
        let mut watched: Vec<TermId> = system.rules.iter().map(|rule| rule.enabled.id()).collect();
        watched.extend(system.rules.iter().filter_map(|rule| Some(rule.waits?.id())));
        let claim = claim_terms(system, property);
        let mut values = Values::new(dag, &claim, &watched);
        let claim = claim.map(|term| values.place(dag, term));
        let mut on_demand = |term: TermId| {
            let plan = values.plan(dag, [term]);
            OnDemand { plan, slot: values.place(dag, term) }
        };
        let relevant = relevant(system, property);
        // A relevant monitor reads relevant ones only, so the order among them stays right.
        let mut monitors: Vec<_> = system.monitors.iter().collect();
        monitors.sort_by_key(|monitor| !relevant[monitor.var.index()]);
        let relevant_monitors = monitors.iter().filter(|monitor| relevant[monitor.var.index()]).count();
        let monitors = monitors.into_iter().map(|monitor| (monitor.var, on_demand(monitor.next))).collect();
        let step = match system.properties[property].claim {
            Claim::NoFairLoop { keep, progress, .. } => Some([on_demand(keep.id()), on_demand(progress.id())]),
            Claim::Invariant(_) => None,
        };
        let ranges: Vec<Range> = dag.vars().iter().map(|var| var.sort.range()).collect();
        let state: Vec<i64> = ranges.iter().map(|range| range.lo).collect();
        let mut matters = vec![false; state.len()];
        for var in compared(system, &relevant) {
            matters[var.index()] = true;
        }
        let mut walker = Self {
            readers: FxHashMap::default(),
            plans: vec![None; system.rules.len()],
            primed: state.clone(),
            choices: dag.choices().iter().map(|choice| choice.sort.range().lo).collect(),
            enabled: Vec::new(),
            position: vec![None; system.rules.len()],
            is_due: vec![false; system.rules.len()],
            units: vec![UnitHere::default(); system.fairness.len()],
            live_units: 0,
            fast: 0,
            key: 0,
            judges_progress: false,
            judged: (false, false),
            system,
            property,
            values,
            monitors,
            relevant_monitors,
            keeps_all: false,
            claim,
            step,
            state,
            matters,
            ranges,
        };
        walker.read_guards();
        walker
    }

    /// Finds out who reads which guard, and what the guards say now.
    fn read_guards(&mut self) {
        for (index, rule) in self.system.rules.iter().enumerate() {
            let enabled = self.values.place(&self.system.dag, rule.enabled.id());
            let due = self.values.place(&self.system.dag, rule.due().id());
            let readers = [(enabled, Reader::Enabled(index as u32)), (due, Reader::Due(index as u32))];
            for (slot, reader) in readers {
                self.readers.entry(slot).or_default().push(reader);
                self.read(reader, self.values.get(slot) != 0);
            }
        }
    }

    /// Goes to a state.
    pub fn enter(&mut self, state: &[i64]) {
        for (index, &value) in state.iter().enumerate() {
            self.assign(VarId(index as u32), value);
        }
        self.settle();
    }

    fn assign(&mut self, var: VarId, value: i64) {
        let at = var.index();
        let old = std::mem::replace(&mut self.state[at], value);
        self.primed[at] = value;
        if old != value {
            self.values.set(var, value);
            if self.matters[at] {
                self.key ^= mix(at, old) ^ mix(at, value);
            }
        }
    }

    fn settle(&mut self) {
        let mut told = Vec::new();
        self.values.settle(|slot, value| told.push((slot, value != 0)));
        for (slot, is_true) in told {
            for index in 0..self.readers.get(&slot).map_or(0, Vec::len) {
                self.read(self.readers[&slot][index], is_true);
            }
        }
    }

    fn read(&mut self, reader: Reader, is_true: bool) {
        match reader {
            Reader::Enabled(rule) if is_true => self.enable(rule),
            Reader::Enabled(rule) => self.disable(rule),
            Reader::Due(rule) => {
                let was = std::mem::replace(&mut self.is_due[rule as usize], is_true);
                if let (Some(unit), true) = (self.system.rules[rule as usize].fairness, was != is_true) {
                    let due = &mut self.units[unit].due;
                    *due = if is_true { *due + 1 } else { *due - 1 };
                }
            }
        }
    }

    fn enable(&mut self, rule: u32) {
        if self.position[rule as usize].is_some() {
            return;
        }
        self.position[rule as usize] = Some(self.enabled.len() as u32);
        self.enabled.push(rule);
        self.fast += usize::from(!self.is_slow(rule));
        if let Some(unit) = self.system.rules[rule as usize].fairness {
            self.units[unit].enabled += 1;
            self.live_units += usize::from(self.units[unit].enabled == 1);
        }
    }

    fn disable(&mut self, rule: u32) {
        let Some(at) = self.position[rule as usize].take() else { return };
        self.enabled.swap_remove(at as usize);
        self.fast -= usize::from(!self.is_slow(rule));
        if let Some(&moved) = self.enabled.get(at as usize) {
            self.position[moved as usize] = Some(at);
        }
        if let Some(unit) = self.system.rules[rule as usize].fairness {
            self.units[unit].enabled -= 1;
            self.live_units -= usize::from(self.units[unit].enabled == 0);
        }
    }

    /// The claim of the property.
    pub fn claim(&self) -> Claim {
        self.system.properties[self.property].claim
    }

    /// The values of all variables.
    pub fn state(&self) -> &[i64] {
        &self.state
    }

    /// The rules that can fire, in no order in particular.
    pub fn enabled(&self) -> &[u32] {
        &self.enabled
    }

    /// What is known of the fairness units.
    pub fn units(&self) -> &[UnitHere] {
        &self.units
    }

    /// Whether no rule that must fire can.
    pub fn is_quiet(&self) -> bool {
        self.live_units == 0
    }

    /// Whether no fast rule can fire.
    pub fn is_at_rest(&self) -> bool {
        self.fast == 0
    }

    /// A digest of the variables that matter to the property and change.
    pub fn key(&self) -> u64 {
        self.key
    }

    /// Whether a state has the same values as this one where they matter.
    pub fn is_like(&self, state: &[i64]) -> bool {
        self.state.iter().zip(state).zip(&self.matters).all(|((own, other), matters)| !matters || own == other)
    }

    /// What the claim says of this state.
    pub fn seen(&self) -> Seen {
        let [holds, within, stay, nodes, pods] = self.claim.map(|slot| self.values.get(slot));
        let is_loop_claim = self.step.is_some();
        let within = is_loop_claim && within != 0;
        let stays = within && stay != 0 && self.is_quiet();
        Seen { holds: is_loop_claim || holds != 0, within, stays, nodes, pods }
    }

    /// Fires a rule that is enabled with random picks; what it picked, or `None` if no picks were found.
    pub fn fire(&mut self, rule: u32, random: &mut Rng) -> Result<Option<Picks>, EngineError> {
        let plan = self.plan(rule);
        let found = plan.pick(&mut self.values, &mut self.choices, random);
        let picks: Option<Picks> =
            found.then(|| plan.choices.iter().map(|&choice| (choice, self.choices[choice.index()])).collect());
        let result = if found { self.apply(rule, &plan) } else { Ok(()) };
        self.plans[rule as usize] = Some(plan);
        result.map(|()| picks)
    }

    /// Fires a rule with given picks; false if it cannot.
    pub fn repeat(&mut self, rule: u32, picks: &[(ChoiceId, i64)]) -> Result<bool, EngineError> {
        if self.position[rule as usize].is_none() {
            return Ok(false);
        }
        let plan = self.plan(rule);
        picks.iter().for_each(|&(choice, value)| self.choices[choice.index()] = value);
        let accepted = plan.accepts(&mut self.values, &self.choices);
        let result = if accepted { self.apply(rule, &plan) } else { Ok(()) };
        self.plans[rule as usize] = Some(plan);
        result.map(|()| accepted)
    }

    /// How a rule fires, taken out while it does.
    fn plan(&mut self, rule: u32) -> Plan {
        let (dag, of_rule) = (&self.system.dag, &self.system.rules[rule as usize]);
        self.plans[rule as usize].take().unwrap_or_else(|| Plan::new(dag, of_rule, &mut self.values))
    }

    /// Does what a rule does with the picks made.
    fn apply(&mut self, rule: u32, plan: &Plan) -> Result<(), EngineError> {
        let mut changes = false;
        for &(var, slot) in &plan.updates {
            let value = self.values.get(slot);
            changes |= value != self.state[var.index()];
            self.change(rule, var, value)?;
        }
        if !changes {
            let rule = self.system.rules[rule as usize].name.clone();
            return Err(EngineError::BadRule { rule, what: "changes nothing".to_owned() });
        }
        let monitors = std::mem::take(&mut self.monitors);
        let number = if self.keeps_all { monitors.len() } else { self.relevant_monitors };
        let computed = monitors[..number].iter().try_for_each(|(var, next)| {
            let value = self.demand(next);
            self.change(rule, *var, value)
        });
        if let Some([keep, progress]) = self.step.take() {
            self.judged.0 = self.demand(&keep) != 0;
            self.judged.1 = self.judges_progress && self.demand(&progress) != 0;
            self.step = Some([keep, progress]);
        }
        for &(var, _) in &plan.updates {
            self.assign(var, self.primed[var.index()]);
        }
        for (var, _) in &monitors[..number] {
            self.assign(*var, self.primed[var.index()]);
        }
        self.monitors = monitors;
        self.settle();
        computed
    }

    /// Notes a value after the step.
    fn change(&mut self, rule: u32, var: VarId, value: i64) -> Result<(), EngineError> {
        if !self.ranges[var.index()].contains(value) {
            let (rule, var) = (&self.system.rules[rule as usize].name, &self.system.dag.vars()[var.index()].name);
            return Err(EngineError::OutOfRange { rule: rule.clone(), var: var.clone(), value });
        }
        self.primed[var.index()] = value;
        Ok(())
    }

    fn demand(&mut self, wanted: &OnDemand) -> i64 {
        self.values.follow(&wanted.plan, Step { primed: &self.primed, choices: &[] });
        self.values.get(wanted.slot)
    }

    /// Whether a rule is slow: what fast rules are late for.
    pub fn is_slow(&self, rule: u32) -> bool {
        self.system.rules[rule as usize].pace != Pace::Fast
    }

    /// Whether a rule is an external event.
    pub fn is_event(&self, rule: u32) -> bool {
        self.system.rules[rule as usize].pace == Pace::Event
    }

    /// The fairness unit of a rule.
    pub fn unit(&self, rule: u32) -> Option<usize> {
        self.system.rules[rule as usize].fairness
    }
}

/// The claim over states, and the sizes; what a claim does not have is the number of nodes instead, never looked at.
fn claim_terms(system: &TransitionSystem, property: usize) -> [TermId; 5] {
    let (nodes, pods) = (system.nodes, system.pods);
    match system.properties[property].claim {
        Claim::Invariant(holds) => [holds.id(), nodes, nodes, nodes, pods],
        Claim::NoFairLoop { within, stay, .. } => [nodes, within.id(), stay.id(), nodes, pods],
    }
}

/// A number that is random enough for a value of a variable (splitmix).
fn mix(var: usize, value: i64) -> u64 {
    let mut mixed = (var as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(value as u64);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
