//! BTOR2: the transition system with one property, for model checkers and simulators of hardware.
//!
//! * A state for each variable that matters, an input for each choice, and an input that names the rule that fires.
//! * Inputs that no step of the system has (a rule that is not enabled, a pick outside its bounds, no rule) lead to a
//!   state that is *not valid* and stays so, and only valid states are bad; so nothing has to be assumed about inputs,
//!   and a run may end anywhere. The only `constraint` is about the first state.
//! * An update outside its range is bad.
//! * Endless runs become bad states: an input says when the loop starts, and the state is saved then. From there on
//!   every step must be one of a loop; it is noted whether there was progress and whether every fairness unit got its
//!   due. A valid state equal to the saved one after all that is bad. So is a state where the run may stay forever.

use super::bits::{Bits, Language, Operation, Value, width};
use crate::passes::{Through, compared, dependencies};
use kubound_encodings::system::{Choice, Claim, Initial, Pace, TransitionSystem, Unit};
use kubound_encodings::term::lower::{Algebra, Lowering, Value as Lowered};
use kubound_encodings::term::{ChoiceDecl, ChoiceId, Range, Sort, Term, TermId, VarDecl, VarId};
use rustc_hash::FxHashMap;
use std::fmt::Write as _;

/// Lines of a file; value `n` is line `n`.
#[derive(Default)]
struct Lines {
    text: String,
    last: usize,
    sorts: FxHashMap<u32, usize>,
    constants: FxHashMap<(u32, u64), Value>,
}

impl Lines {
    fn line(&mut self, body: &str) -> usize {
        self.last += 1;
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{} {body}", self.last);
        self.last
    }

    fn sort(&mut self, width: u32) -> usize {
        if let Some(&sort) = self.sorts.get(&width) {
            return sort;
        }
        let sort = self.line(&format!("sort bitvec {width}"));
        self.sorts.insert(width, sort);
        sort
    }

    /// `input` or `state` with a name.
    fn declare(&mut self, what: &str, width: u32, name: &str) -> Value {
        let sort = self.sort(width);
        let symbol: String = name.chars().map(|c| if c.is_whitespace() || c == ';' { '_' } else { c }).collect();
        Value { number: self.line(&format!("{what} {sort} {symbol}")), width }
    }

    /// `init` or `next` of a state.
    fn tie(&mut self, what: &str, state: Value, value: Value) {
        let sort = self.sort(state.width);
        self.line(&format!("{what} {sort} {} {}", state.number, value.number));
    }
}

impl Language for Lines {
    fn constant(&mut self, width: u32, value: u64) -> Value {
        if let Some(&known) = self.constants.get(&(width, value)) {
            return known;
        }
        let sort = self.sort(width);
        let constant = Value { number: self.line(&format!("constd {sort} {value}")), width };
        self.constants.insert((width, value), constant);
        constant
    }

    fn apply(&mut self, operation: Operation, width: u32, operands: &[Value]) -> Value {
        let sort = self.sort(width);
        let name = match operation {
            Operation::Not => "not",
            Operation::And => "and",
            Operation::Or => "or",
            Operation::Equal => "eq",
            Operation::AtMost => "ulte",
            Operation::AtMostSigned => "slte",
            Operation::Add => "add",
            Operation::Multiply => "mul",
            Operation::Divide => "udiv",
            Operation::Remainder => "urem",
            Operation::Choose => "ite",
            Operation::ZeroExtend => "uext",
            Operation::SignExtend => "sext",
            Operation::Low => "slice",
        };
        let mut body = operands.iter().fold(format!("{name} {sort}"), |body, value| format!("{body} {}", value.number));
        match operation {
            Operation::ZeroExtend | Operation::SignExtend => body += &format!(" {}", width - operands[0].width),
            Operation::Low => body += &format!(" {} 0", width - 1),
            _ => {}
        }
        Value { number: self.line(&body), width }
    }
}

/// A file under construction.
struct Writer<'a> {
    system: &'a TransitionSystem,
    lowering: Lowering<Bits<Lines>>,
    /// Whether each rule is the one named and may fire as picked.
    fires: Vec<Value>,
}

/// The file for one property. `title` is put in front as a comment.
pub fn file(system: &TransitionSystem, property: usize, title: &str) -> String {
    let claim = system.properties[property].claim;
    let relevant = dependencies(system, &claim.terms(), Through::Steps);
    let mut bits = Bits::new(Lines::default());
    bits.primed = vec![None; system.vars.len()];
    let mut writer = Writer { system, lowering: Lowering::new(bits), fires: Vec::new() };
    writer.declare();
    let unfit = writer.start();
    let valid = writer.steps(&relevant, unfit);
    match claim {
        Claim::Invariant(holds) => {
            let good = writer.term(holds.id());
            let bad = writer.bits().not(&good);
            writer.bad(&[valid, bad]);
        }
        Claim::NoFairLoop { within, keep, progress, stay } => {
            let within = writer.term(within.id());
            let stay = writer.term(stay.id());
            writer.staying(valid, within, stay);
            writer.loops(valid, within, [keep.id(), progress.id()], &relevant);
        }
    }
    let mut text: String = title.lines().map(|line| format!("; {line}\n")).collect();
    text += &writer.bits().language.text;
    text
}

impl Writer<'_> {
    fn term(&mut self, term: TermId) -> Value {
        match *self.lowering.lower(&self.system.dag, term) {
            Lowered::Bool(value) | Lowered::Int(value) => value,
        }
    }

    fn bits(&mut self) -> &mut Bits<Lines> {
        &mut self.lowering.algebra
    }

    /// The state of a variable.
    fn state(&self, index: usize) -> Value {
        self.lowering.algebra.vars[index].expect("declared")
    }

    /// The input of a choice.
    fn input(&self, index: usize) -> Value {
        self.lowering.algebra.choices[index].expect("declared")
    }

    fn range(&self, var: VarId) -> Range {
        self.system.dag.vars()[var.index()].sort.range()
    }

    fn declare(&mut self) {
        let dag = &self.system.dag;
        let Bits { language, vars, choices, .. } = &mut self.lowering.algebra;
        let var = |decl: &VarDecl| Some(language.declare("state", width(decl.sort), &decl.name));
        *vars = dag.vars().iter().map(var).collect();
        let choice = |(index, decl): (usize, &ChoiceDecl)| {
            Some(language.declare("input", width(decl.sort), &format!("pick_{index}_{}", decl.name)))
        };
        *choices = dag.choices().iter().enumerate().map(choice).collect();
    }

    /// A state of the file's own that starts with a constant.
    fn flag(&mut self, name: &str, initial: bool) -> Value {
        let state = self.bits().language.declare("state", 1, name);
        let initial = self.bits().truth(initial);
        self.bits().language.tie("init", state, initial);
        state
    }

    fn tie_next(&mut self, state: Value, next: Value) {
        self.bits().language.tie("next", state, next);
    }

    fn bad(&mut self, facts: &[Value]) {
        let bad = self.bits().and(facts);
        self.bits().language.line(&format!("bad {}", bad.number));
    }

    /// The condition on the first state; returns whether it is the first and an initial value leaves its range.
    fn start(&mut self) -> Value {
        let system = self.system;
        let first = self.flag("first", true);
        let no = self.bits().truth(false);
        self.tie_next(first, no);
        let mut demanded = Vec::new();
        let mut unfit = Vec::new();
        for (index, var) in system.vars.iter().enumerate() {
            let state = self.state(index);
            let range = self.range(VarId(index as u32));
            match var.initial {
                Initial::Free => demanded.push(self.bits().is_proper(state, range)),
                Initial::Term(term) => {
                    let value = self.term(term);
                    let from = system.dag.range(term);
                    let fits = self.bits().is_inside(value, from, range);
                    let value = self.bits().convert(value, from, range);
                    demanded.push(self.bits().same(state, value));
                    if !(range.contains(from.lo) && range.contains(from.hi)) {
                        unfit.push(self.bits().not(&fits));
                    }
                }
            }
        }
        for constraint in &system.constraints {
            demanded.push(self.term(constraint.holds.id()));
        }
        let holds = self.bits().and(&demanded);
        let later = self.bits().not(&first);
        let constraint = self.bits().or(&[later, holds]);
        self.bits().language.line(&format!("constraint {}", constraint.number));
        let unfit = self.bits().or(&unfit);
        self.bits().and(&[first, unfit])
    }

    /// Rules, next values and monitors; returns whether the state is one of a run.
    fn steps(&mut self, relevant: &[bool], unfit: Value) -> Value {
        let system = self.system;
        let valid = self.flag("valid", true);
        let overflow = self.flag("left_range", false);
        let names = Range::new(0, system.rules.len().max(1) as i64);
        let named = self.bits().language.declare("input", names.width(), "rule");
        for index in 0..system.rules.len() {
            let fires = self.fires(named, names, index);
            self.fires.push(fires);
        }
        let mut leaves = Vec::new();
        for index in (0..system.vars.len()).filter(|&index| relevant[index]) {
            let var = VarId(index as u32);
            if !system.monitors.iter().any(|monitor| monitor.var == var) {
                let next = self.updated(var, &mut leaves);
                self.bits().primed[index] = Some(next);
            }
        }
        for monitor in system.monitors.iter().filter(|monitor| relevant[monitor.var.index()]) {
            let (from, range) = (system.dag.range(monitor.next), self.range(monitor.var));
            let value = self.term(monitor.next);
            let fits = self.bits().is_inside(value, from, range);
            leaves.push(self.bits().not(&fits));
            let next = self.bits().convert(value, from, range);
            self.bits().primed[monitor.var.index()] = Some(next);
        }
        for index in 0..system.vars.len() {
            let state = self.state(index);
            let next = self.bits().primed[index].unwrap_or(state);
            self.tie_next(state, next);
        }
        let fires = self.fires.clone();
        let some = self.bits().or(&fires);
        let step = self.bits().and(&[valid, some]);
        let leaves = self.bits().or(&leaves);
        let stays_inside = self.bits().not(&leaves);
        let next_valid = self.bits().and(&[step, stays_inside]);
        self.tie_next(valid, next_valid);
        let next_overflow = self.bits().and(&[step, leaves]);
        self.tie_next(overflow, next_overflow);
        self.bad(&[overflow]);
        self.bad(&[unfit]);
        valid
    }

    /// Whether rule `index` is the one named and may fire with the picks.
    fn fires(&mut self, named: Value, names: Range, index: usize) -> Value {
        let system = self.system;
        let rule = &system.rules[index];
        let number = self.bits().number(index as i64, names);
        let mut facts = vec![self.bits().same(named, number)];
        facts.push(self.term(rule.enabled.id()));
        facts.push(self.term(rule.constraint.id()));
        for &ChoiceId(choice) in rule.choices.iter().flat_map(|choice| choice.ids()) {
            if let Sort::Int(range) = system.dag.choices()[choice as usize].sort {
                let pick = self.input(choice as usize);
                facts.push(self.bits().is_proper(pick, range));
            }
        }
        for choice in &rule.choices {
            if let Choice::Split { parts, low, high, total } = choice {
                self.split(parts, low, high, *total, &mut facts);
            }
        }
        self.bits().and(&facts)
    }

    fn split(&mut self, parts: &[ChoiceId], low: &[TermId], high: &[TermId], total: TermId, facts: &mut Vec<Value>) {
        let dag = &self.system.dag;
        let range = |part: ChoiceId| dag.choices()[part.index()].sort.range();
        // Wide enough for the sum of the parts and for every bound.
        let (lo, hi) = parts.iter().fold((0, 0), |(lo, hi), &part| (lo + range(part).lo, hi + range(part).hi));
        let terms = low.iter().chain(high).chain([&total]);
        let wide = terms.fold(Range::new(lo.min(0), hi.max(0)), |wide, &term| wide.hull(dag.range(term)));
        let wide = parts.iter().fold(wide, |wide, &part| wide.hull(range(part)));
        let compare = if wide.lo < 0 { Operation::AtMostSigned } else { Operation::AtMost };
        let mut sum = self.bits().number(0, wide);
        for ((&part, &low), &high) in parts.iter().zip(low).zip(high) {
            let pick = self.input(part.index());
            let pick = self.bits().convert(pick, range(part), wide);
            let (low, high) = (self.widened(low, wide), self.widened(high, wide));
            facts.push(self.bits().language.apply(compare, 1, &[low, pick]));
            facts.push(self.bits().language.apply(compare, 1, &[pick, high]));
            sum = self.bits().language.apply(Operation::Add, wide.width(), &[sum, pick]);
        }
        let total = self.widened(total, wide);
        facts.push(self.bits().same(sum, total));
    }

    fn widened(&mut self, term: TermId, wide: Range) -> Value {
        let value = self.term(term);
        let from = self.system.dag.range(term);
        self.bits().convert(value, from, wide)
    }

    /// The value of a variable after the step; notes how it may leave its range.
    fn updated(&mut self, var: VarId, leaves: &mut Vec<Value>) -> Value {
        let system = self.system;
        let mut next = self.state(var.index());
        for (index, rule) in system.rules.iter().enumerate() {
            let Some(&(_, update)) = rule.updates.iter().find(|(other, _)| *other == var) else { continue };
            let (from, range, fires) = (system.dag.range(update), self.range(var), self.fires[index]);
            let value = self.term(update);
            if !(range.contains(from.lo) && range.contains(from.hi)) {
                let fits = self.bits().is_inside(value, from, range);
                let unfit = self.bits().not(&fits);
                leaves.push(self.bits().and(&[fires, unfit]));
            }
            let value = self.bits().convert(value, from, range);
            next = self.bits().pick(fires, value, next);
        }
        next
    }

    /// A run may stay forever where nothing has to happen.
    fn staying(&mut self, valid: Value, within: Value, stay: Value) {
        let system = self.system;
        let must: Vec<TermId> =
            system.rules.iter().filter(|rule| rule.fairness.is_some()).map(|rule| rule.enabled.id()).collect();
        let must: Vec<Value> = must.into_iter().map(|term| self.term(term)).collect();
        let must = self.bits().or(&must);
        let rests = self.bits().not(&must);
        self.bad(&[valid, within, stay, rests]);
    }

    fn loops(&mut self, valid: Value, within: Value, [keep, progress]: [TermId; 2], relevant: &[bool]) {
        let system = self.system;
        let start = self.bits().language.declare("input", 1, "loop_starts");
        let saved = self.flag("in_loop", false);
        let proper = self.flag("loop_is_proper", true);
        let progressed = self.flag("loop_made_progress", false);
        let starts = self.bits().and(&[start, valid]);
        let inside = self.bits().or(&[saved, starts]);
        self.tie_next(saved, inside);
        let events: Vec<Value> = (0..system.rules.len())
            .filter(|&rule| system.rules[rule].pace == Pace::Event)
            .map(|rule| self.fires[rule])
            .collect();
        let event = self.bits().or(&events);
        let no_event = self.bits().not(&event);
        let keep = self.term(keep);
        let step_is_proper = self.bits().and(&[within, keep, no_event]);
        let outside = self.bits().not(&inside);
        let fine = self.bits().or(&[outside, step_is_proper]);
        let next_proper = self.bits().and(&[proper, fine]);
        self.tie_next(proper, next_proper);
        let progress = self.term(progress);
        self.collect(progressed, inside, progress);
        let mut closes = vec![valid, within, saved, proper, progressed];
        let slow: Vec<Value> = (0..system.rules.len())
            .filter(|&rule| system.rules[rule].pace != Pace::Fast)
            .map(|rule| self.fires[rule])
            .collect();
        let slow = self.bits().or(&slow);
        for (index, Unit { rules, prompt }) in system.fairness_units().into_iter().enumerate() {
            let due = self.flag(&format!("fair_{index}"), false);
            let enabled: Vec<Value> = rules.iter().map(|&rule| self.term(system.rules[rule].enabled.id())).collect();
            let enabled = self.bits().or(&enabled);
            let acts: Vec<Value> = rules.iter().map(|&rule| self.fires[rule]).collect();
            let acts = self.bits().or(&acts);
            let wishes: Vec<Value> = rules.iter().map(|&rule| self.term(system.rules[rule].due().id())).collect();
            let wishes = self.bits().or(&wishes);
            let idle = self.bits().not(&wishes);
            let content = self.bits().or(&[acts, idle]);
            self.collect(due, inside, content);
            let live = self.flag(&format!("live_{index}"), false);
            self.collect(live, inside, enabled);
            let never = self.bits().not(&live);
            closes.push(self.bits().or(&[never, due]));
            if prompt {
                let (acted, late) =
                    (self.flag(&format!("acted_{index}"), false), self.flag(&format!("late_{index}"), false));
                self.collect(acted, inside, acts);
                let is_late = self.bits().and(&[slow, enabled]);
                self.collect(late, inside, is_late);
                let in_time = self.bits().not(&late);
                closes.push(self.bits().or(&[in_time, acted]));
            }
        }
        let was_outside = self.bits().not(&saved);
        let saves = self.bits().and(&[starts, was_outside]);
        for var in compared(system, relevant) {
            let decl = &system.dag.vars()[var.index()];
            let copy = self.bits().language.declare("state", width(decl.sort), &format!("saved_{}", decl.name));
            let state = self.state(var.index());
            let next = self.bits().pick(saves, state, copy);
            self.tie_next(copy, next);
            closes.push(self.bits().same(state, copy));
        }
        self.bad(&closes);
    }

    /// A flag that stays set once `what` was true inside the loop.
    fn collect(&mut self, flag: Value, inside: Value, what: Value) {
        let now = self.bits().and(&[inside, what]);
        let next = self.bits().or(&[flag, now]);
        self.tie_next(flag, next);
    }
}
