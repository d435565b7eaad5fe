//! A transition system as a compiled program: one block for what several guards share, then per rule one block for
//! the guard and everything that does not depend on choices, and one for the rest.
//!
//! What is cheap and read by several guards is computed for every state; what is expensive is lazy. The rest of a
//! guard is tested conjunct by conjunct. Choices are enumerated in registers; for every pick that satisfies the
//! constraint the primed registers hold the state after the step, monitors included, while the visitor runs.

use super::sharing::{choice_free, shared_terms};
use crate::engines::EngineError;
use crate::passes::SlotClass;
use kubound_encodings::subject::Subject;
use kubound_encodings::system::{Choice, Claim, Pace, Rule, TransitionSystem};
use kubound_encodings::term::compile::{Block, Compiler, TooLarge};
use kubound_encodings::term::program::{Program, Reg, Registers};
use kubound_encodings::term::{ChoiceId, Range, Term, TermId, VarId};

/// A compiled update.
struct Update {
    var: VarId,
    before: Reg,
    after: Reg,
    value: Reg,
    range: Range,
}

enum Picks {
    Value {
        choice: Reg,
        range: Range,
    },
    /// `twins` names for a part the class and the slot whose exchange with the slot before it exchanges the part with
    /// the one before it and maps the rule to itself.
    Split {
        parts: Vec<Reg>,
        twins: Vec<Option<(usize, usize)>>,
        low: Vec<Reg>,
        high: Vec<Reg>,
        total: Reg,
    },
}

/// Shown each way to fire a rule; false ends the enumeration.
pub type Visit<'a> = dyn FnMut(&mut Registers) -> Result<bool, EngineError> + 'a;

/// Whether a slot of a class equals the one before it in the state entered.
pub type Repeats<'a> = dyn Fn(usize, usize) -> bool + 'a;

struct Compiled {
    guard: Block,
    /// What makes it due, where that is less than its guard.
    waits: Option<Block>,
    fire: Block,
    picks: Vec<Picks>,
    updates: Vec<Update>,
}

/// What is observed in a state.
#[derive(Clone, Copy, Debug)]
pub struct Observed {
    /// The invariant; means nothing for other claims.
    pub holds: bool,
    /// `within` of the claim; means nothing for an invariant.
    pub within: bool,
    /// `stay` of the claim; likewise.
    pub stay: bool,
    /// The premise.
    pub premise: bool,
    /// The number of nodes.
    pub nodes: i64,
    /// The number of pods.
    pub pods: i64,
}

/// A compiled system.
pub struct Machine {
    program: Program,
    shared: Block,
    rules: Vec<Compiled>,
    monitors: Vec<(Block, Update)>,
    observe: (Block, [Reg; 6]),
    step: (Block, [Reg; 2]),
    /// Registers of the variables before and after the step, by `VarId`.
    pub vars: Vec<(Reg, Reg)>,
    choices: Vec<Reg>,
    names: Vec<String>,
    var_names: Vec<String>,
    /// Whether a pick that changes nothing is a fault, by rule.
    complete: Vec<bool>,
}

impl Machine {
    /// Compiles a system and its property 0; `complete` says of which rules all updates are present. Of picks that only
    /// permute equal slots of the classes given, one will do.
    pub fn new(system: &TransitionSystem, complete: &[bool], slots: &[SlotClass]) -> Result<Self, TooLarge> {
        let dag = &system.dag;
        let mut compiler = Compiler::new(dag)?;
        let (eager, lazy) = shared_terms(system);
        let (shared, _) = compiler.block(&[], &eager)?;
        compiler.share_lazily(&lazy)?;
        let scope = compiler.begin();
        let observe = compile_observe(&mut compiler, system)?;
        compiler.end(scope);
        // Monitors and steps are computed between the picks of a rule, whose registers they must leave alone.
        let scope = compiler.begin();
        let mut monitors = Vec::with_capacity(system.monitors.len());
        for monitor in &system.monitors {
            let (block, values) = compiler.block(&[], &[monitor.next])?;
            monitors.push((block, update(&compiler, system, monitor.var, values[0])));
        }
        let step = compile_step(&mut compiler, system)?;
        compiler.end_apart(scope);
        let rules = system
            .rules
            .iter()
            .map(|rule| compile_rule(&mut compiler, system, rule, slots))
            .collect::<Result<Vec<_>, _>>()?;
        let vars = (0..system.vars.len() as u32).map(VarId).map(|var| (compiler.var(var), compiler.primed(var)));
        Ok(Self {
            vars: vars.collect(),
            choices: (0..dag.choices().len() as u32).map(|choice| compiler.choice(ChoiceId(choice))).collect(),
            names: system.rules.iter().map(|rule| rule.name.clone()).collect(),
            var_names: dag.vars().iter().map(|var| var.name.clone()).collect(),
            complete: complete.to_vec(),
            program: compiler.finish(),
            shared,
            rules,
            monitors,
            observe,
            step,
        })
    }

    /// Fresh registers.
    pub fn registers(&self) -> Registers {
        self.program.registers()
    }

    /// To be called after the variables were set, before and after the step alike.
    pub fn enter(&self, registers: &mut Registers) {
        registers.next_epoch();
        self.program.run(self.shared, registers);
    }

    /// What is observed in the state entered.
    pub fn observe(&self, registers: &mut Registers) -> Observed {
        self.program.run(self.observe.0, registers);
        let [holds, within, stay, premise, nodes, pods] = self.observe.1.map(|register| registers.get(register));
        Observed { holds: holds != 0, within: within != 0, stay: stay != 0, premise: premise != 0, nodes, pods }
    }

    /// `keep` and `progress` of the step that a visitor sees.
    pub fn step(&self, registers: &mut Registers) -> (bool, bool) {
        self.program.run(self.step.0, registers);
        let [keep, progress] = self.step.1.map(|register| registers.get(register));
        (keep != 0, progress != 0)
    }

    /// The value of a choice while a visitor runs.
    pub fn pick(&self, choice: ChoiceId, registers: &Registers) -> i64 {
        registers.get(self.choices[choice.index()])
    }

    /// Whether a rule is enabled in the state entered.
    pub fn is_enabled(&self, rule: usize, registers: &mut Registers) -> bool {
        self.program.run(self.rules[rule].guard, registers)
    }

    /// Whether a rule wants to act in the state entered, also if it is held back there.
    pub fn is_due(&self, rule: usize, registers: &mut Registers) -> bool {
        let compiled = &self.rules[rule];
        self.program.run(compiled.waits.unwrap_or(compiled.guard), registers)
    }

    /// Fires a rule in every way that it can in the state entered; false if it is disabled. Of picks that differ only
    /// by equal neighbouring slots, one is enough: the others lead to permutations of the same state.
    pub fn fire(
        &self,
        rule: usize,
        registers: &mut Registers,
        repeats: &Repeats,
        visit: &mut Visit,
    ) -> Result<bool, EngineError> {
        let compiled = &self.rules[rule];
        if !self.program.run(compiled.guard, registers) {
            return Ok(false);
        }
        let mut valid = 0_usize;
        self.pick_from(rule, 0, registers, &mut valid, repeats, visit)?;
        if valid == 0 {
            return Err(self.bad_rule(rule, "none of its choices satisfies its constraint"));
        }
        Ok(true)
    }

    fn bad_rule(&self, rule: usize, what: &str) -> EngineError {
        EngineError::BadRule { rule: self.names[rule].clone(), what: what.to_owned() }
    }

    fn pick_from(
        &self,
        rule: usize,
        position: usize,
        registers: &mut Registers,
        valid: &mut usize,
        repeats: &Repeats,
        visit: &mut Visit,
    ) -> Result<bool, EngineError> {
        match self.rules[rule].picks.get(position) {
            None => self.apply(rule, registers, valid, visit),
            Some(Picks::Value { choice, range }) => {
                for value in range.lo..=range.hi {
                    registers.set(*choice, value);
                    if !self.pick_from(rule, position + 1, registers, valid, repeats, visit)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Some(Picks::Split { parts, twins, low, high, total }) => {
                let bounds: Vec<(i64, i64)> =
                    low.iter().zip(high).map(|(&low, &high)| (registers.get(low), registers.get(high))).collect();
                if bounds.iter().any(|(low, high)| low > high) {
                    return Ok(true);
                }
                let twins: Vec<bool> =
                    twins.iter().map(|twin| twin.is_some_and(|(class, slot)| repeats(class, slot))).collect();
                let remaining = registers.get(*total);
                let mut parts_left = Composition { parts, twins: &twins, bounds: &bounds, remaining };
                parts_left.each(0, registers, &mut |registers| {
                    self.pick_from(rule, position + 1, registers, valid, repeats, visit)
                })
            }
        }
    }

    /// Computes the state after the step, shows it, and puts the primed registers back.
    fn apply(
        &self,
        rule: usize,
        registers: &mut Registers,
        valid: &mut usize,
        visit: &mut Visit,
    ) -> Result<bool, EngineError> {
        let compiled = &self.rules[rule];
        if !self.program.run(compiled.fire, registers) {
            return Ok(true);
        }
        *valid += 1;
        let mut changes = false;
        for update in &compiled.updates {
            let value = registers.get(update.value);
            if !update.range.contains(value) {
                let var = self.var_names[update.var.index()].clone();
                return Err(EngineError::OutOfRange { rule: self.names[rule].clone(), var, value });
            }
            changes |= value != registers.get(update.before);
            registers.set(update.after, value);
        }
        if !changes && self.complete[rule] {
            return Err(self.bad_rule(rule, "changes nothing"));
        }
        for (block, update) in &self.monitors {
            self.program.run(*block, registers);
            let value = registers.get(update.value);
            if !update.range.contains(value) {
                let var = self.var_names[update.var.index()].clone();
                return Err(EngineError::OutOfRange { rule: self.names[rule].clone(), var, value });
            }
            registers.set(update.after, value);
        }
        let goes_on = visit(registers)?;
        for update in compiled.updates.iter().chain(self.monitors.iter().map(|(_, update)| update)) {
            registers.set(update.after, registers.get(update.before));
        }
        Ok(goes_on)
    }
}

/// Enumerates the ways to split a total over parts with bounds; a twin takes no more than the part before it.
struct Composition<'a> {
    parts: &'a [Reg],
    twins: &'a [bool],
    bounds: &'a [(i64, i64)],
    remaining: i64,
}

impl Composition<'_> {
    fn each(&mut self, index: usize, registers: &mut Registers, visit: &mut Visit) -> Result<bool, EngineError> {
        let Some(&(low, high)) = self.bounds.get(index) else {
            return if self.remaining == 0 { visit(registers) } else { Ok(true) };
        };
        let rest = &self.bounds[index + 1..];
        let least: i64 = rest.iter().map(|(low, _)| low).sum();
        let most: i64 = rest.iter().map(|(_, high)| high).sum();
        let high = if self.twins[index] { high.min(registers.get(self.parts[index - 1])) } else { high };
        for value in low.max(self.remaining - most)..=high.min(self.remaining - least) {
            registers.set(self.parts[index], value);
            self.remaining -= value;
            let goes_on = self.each(index + 1, registers, visit)?;
            self.remaining += value;
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// For each part of a split the class and the slot whose exchange with the slot before it does no more to the rule than to
/// exchange the part with the one before it.
fn twins(
    system: &TransitionSystem,
    rule: &Rule,
    parts: &[ChoiceId],
    slots: &[SlotClass],
) -> Vec<Option<(usize, usize)>> {
    let subject = |part: ChoiceId| &system.dag.choices()[part.index()].subject;
    let places = |subject: &Subject| -> Vec<(usize, usize)> {
        let of_class = |(class, given): (usize, &SlotClass)| -> Vec<(usize, usize)> {
            given.mentioned(subject).into_iter().map(|slot| (class, slot)).collect()
        };
        slots.iter().enumerate().flat_map(of_class).collect()
    };
    let mut mentioned = places(&rule.subject);
    mentioned.extend(rule.choices.iter().flat_map(Choice::ids).flat_map(|&choice| places(subject(choice))));
    let once = |place: (usize, usize)| mentioned.iter().filter(|&&one| one == place).count() == 1;
    let twin = |index: usize| {
        let (before, part) = (parts[index.checked_sub(1)?], parts[index]);
        let ([(class, slot)], [(other, first)]) = (&places(subject(part))[..], &places(subject(before))[..]) else {
            return None;
        };
        let neighbours = class == other && first + 1 == *slot && once((*class, *slot)) && once((*class, *first));
        let swaps = neighbours && slots[*class].exchanged(*first, *slot, subject(part)) == *subject(before);
        swaps.then_some((*class, *slot))
    };
    (0..parts.len()).map(twin).collect()
}

fn update(compiler: &Compiler, system: &TransitionSystem, var: VarId, value: Reg) -> Update {
    let range = system.dag.vars()[var.index()].sort.range();
    Update { var, before: compiler.var(var), after: compiler.primed(var), value, range }
}

fn compile_rule(
    compiler: &mut Compiler,
    system: &TransitionSystem,
    rule: &Rule,
    slots: &[SlotClass],
) -> Result<Compiled, TooLarge> {
    let scope = compiler.begin();
    let mut wanted = Vec::new();
    for choice in &rule.choices {
        if let Choice::Split { low, high, total, .. } = choice {
            wanted.extend(low.iter().chain(high).chain([total]).copied());
        }
    }
    let bounds = wanted.len();
    let values: Vec<TermId> = rule.updates.iter().map(|&(_, term)| term).collect();
    if !rule.choices.is_empty() {
        wanted.extend(choice_free(&system.dag, values.iter().copied().chain([rule.constraint.id()])));
    }
    let (guard, registers) = compiler.block(&[rule.enabled.id()], &wanted)?;
    let mut bounds = registers[..bounds].iter().copied();
    let mut picks = Vec::with_capacity(rule.choices.len());
    for choice in &rule.choices {
        picks.push(match choice {
            Choice::Value(id) => {
                let range = system.dag.choices()[id.index()].sort.range();
                Picks::Value { choice: compiler.choice(*id), range }
            }
            Choice::Split { parts, low, high, .. } => Picks::Split {
                parts: parts.iter().map(|&part| compiler.choice(part)).collect(),
                twins: twins(system, rule, parts, slots),
                low: bounds.by_ref().take(low.len()).collect(),
                high: bounds.by_ref().take(high.len()).collect(),
                total: bounds.next().ok_or(TooLarge)?,
            },
        });
    }
    let (fire, registers) = compiler.block(&[rule.constraint.id()], &values)?;
    compiler.end(scope);
    let scope = compiler.begin();
    let waits = rule.waits.map(|waits| compiler.block(&[waits.id()], &[])).transpose()?;
    let waits = waits.map(|(block, _)| block);
    compiler.end(scope);
    let updates = rule.updates.iter().zip(registers).map(|(&(var, _), value)| update(compiler, system, var, value));
    Ok(Compiled { guard, waits, fire, picks, updates: updates.collect() })
}

fn compile_observe(compiler: &mut Compiler, system: &TransitionSystem) -> Result<(Block, [Reg; 6]), TooLarge> {
    let premise = system.properties[0].premise.id();
    // What the claim does not have is never looked at: the premise stands in for it.
    let [holds, within, stay] = match system.properties[0].claim {
        Claim::Invariant(holds) => [holds.id(), premise, premise],
        Claim::NoFairLoop { within, stay, .. } => [premise, within.id(), stay.id()],
    };
    let (block, found) = compiler.block(&[], &[holds, within, stay, premise, system.nodes, system.pods])?;
    Ok((block, [found[0], found[1], found[2], found[3], found[4], found[5]]))
}

fn compile_step(compiler: &mut Compiler, system: &TransitionSystem) -> Result<(Block, [Reg; 2]), TooLarge> {
    let (keep, progress) = match system.properties[0].claim {
        Claim::Invariant(_) => (system.properties[0].premise, system.properties[0].premise),
        Claim::NoFairLoop { keep, progress, .. } => (keep, progress),
    };
    let (block, found) = compiler.block(&[], &[keep.id(), progress.id()])?;
    Ok((block, [found[0], found[1]]))
}

/// Whether steps of a rule are external events.
pub fn is_event(rule: &Rule) -> bool {
    rule.pace == Pace::Event
}
