//! Unrolling: the runs of a transition system with k steps, as one growing graph of terms.
//!
//! The unrolled graph has variables of its own: the free part of the initial state, and per step which rule fires,
//! what it picks, and the few values that are not worth a function. A state variable is not a solver variable but a
//! *term* in every frame, so what no rule changes is shared by all frames, constants of the initial state run through
//! the first steps, and the ranges of the first frames are narrow.
//!
//! One step: exactly one rule fires; a rule that fires is enabled, its picks satisfy its constraint and splits. Picks
//! are shared between rules, since only one of them fires. A variable's next value is the update of the rule that
//! fires, else the old value: a function of the old frame where that is small, else a fresh value tied to each update
//! under the condition that the rule fires (fewer and shorter clauses than a chain of multiplexers). The monitors are
//! computed last, from both states.
//!
//! An update whose static range exceeds the variable's has an *overflow*: the value is only passed on if it fits, and
//! the engine asks for "bad or overflow", so that a model that leaves its ranges is found out and never pruned.
//!
//! Only variables that matter are unrolled (see [`dependencies`]), but the initial state is complete, because
//! the conditions on it may tie any of them together.

mod facts;
mod slots;

use super::View;
use crate::limits::Limits;
use crate::passes::{Through, dependencies, unchanging};
use kubound_encodings::system::{Choice, Initial, TransitionSystem};
use kubound_encodings::term::lower::{complete, operands};
use kubound_encodings::term::{ChoiceId, Dag, Node, Range, Sort, Term, TermId, VarId};
use rustc_hash::FxHashMap;

/// One state of the run.
#[derive(Debug, Default)]
struct Frame {
    /// Terms of the variables, by `VarId`; `None` for what is left out.
    vars: Vec<Option<TermId>>,
    /// Terms of the system over this state, the step from it and the state after that, by `TermId`.
    known: Vec<Option<TermId>>,
}

/// One step of the run.
#[derive(Debug)]
struct StepTerms {
    /// Whether each rule fires.
    fire: Vec<TermId>,
    /// What is picked, by slot.
    picks: FxHashMap<usize, TermId>,
    /// Whether some update leaves its range.
    overflow: TermId,
}

/// The runs with a growing number of steps, in an incremental solver.
pub struct Unrolling<'a> {
    /// The system.
    pub system: &'a TransitionSystem,
    /// Which variables are unrolled, by `VarId`.
    pub relevant: Vec<bool>,
    /// The unrolled graph.
    pub dag: Dag,
    /// The solver.
    pub view: Box<dyn View>,
    slots: Vec<usize>,
    frames: Vec<Frame>,
    steps: Vec<StepTerms>,
    nodes: Option<i64>,
    pods: Option<i64>,
    initial_overflow: Vec<TermId>,
}

impl<'a> Unrolling<'a> {
    /// The initial states. `roots` are the terms that will be asked for later.
    pub fn new(system: &'a TransitionSystem, roots: &[TermId], limits: &Limits, view: Box<dyn View>) -> Self {
        let mut roots = roots.to_vec();
        roots.extend(limits.nodes.map(|_| system.nodes));
        roots.extend(limits.pods.map(|_| system.pods));
        let mut this = Self {
            system,
            relevant: dependencies(system, &roots, Through::Steps),
            dag: Dag::default(),
            view,
            slots: slots::choice_slots(system),
            frames: vec![Frame::default()],
            steps: Vec::new(),
            nodes: limits.nodes,
            pods: limits.pods,
            initial_overflow: Vec::new(),
        };
        this.start();
        this
    }

    /// Any states of the variables' ranges, reachable or not, in which what no rule ever changes is as it is initially.
    pub fn anywhere(system: &'a TransitionSystem, roots: &[TermId], view: Box<dyn View>) -> Self {
        let mut this = Self {
            system,
            relevant: dependencies(system, roots, Through::Steps),
            dag: Dag::default(),
            view,
            slots: slots::choice_slots(system),
            frames: vec![Frame::default()],
            steps: Vec::new(),
            nodes: None,
            pods: None,
            initial_overflow: Vec::new(),
        };
        for decl in system.dag.vars() {
            let term = this.fresh(decl.name.clone(), decl.sort);
            this.frames[0].vars.push(Some(term));
        }
        let unchanging = unchanging(system);
        let settled = |term: TermId| system.dag.support([term]).iter().all(|var| unchanging[var.index()]);
        for (index, var) in system.vars.iter().enumerate() {
            if let (true, Initial::Term(initial)) = (unchanging[index], var.initial)
                && settled(initial)
            {
                let (value, initial) = (this.frames[0].vars[index].expect("just made"), this.at(0, initial));
                let node = match this.dag.sort(value) {
                    Sort::Bool => Node::Iff(value, initial),
                    Sort::Int(_) => Node::Eq(value, initial),
                };
                let same = this.dag.make(node);
                this.assert(same);
            }
        }
        for constraint in system.constraints.iter().filter(|constraint| settled(constraint.holds.id())) {
            let term = this.at(0, constraint.holds.id());
            this.assert(term);
        }
        this
    }

    fn start(&mut self) {
        let system = self.system;
        self.frames[0].vars = vec![None; system.vars.len()];
        for (index, var) in system.vars.iter().enumerate() {
            if var.initial == Initial::Free {
                let decl = &system.dag.vars()[index];
                let term = self.fresh(format!("{}@0", decl.name), decl.sort);
                self.frames[0].vars[index] = Some(term);
            }
        }
        for (index, var) in system.vars.iter().enumerate() {
            if let Initial::Term(initial) = var.initial {
                let value = self.at(0, initial);
                let always = self.bool(true);
                let mut overflow = Vec::new();
                let term = self.join(VarId(index as u32), &[(value, always)], None, &mut overflow);
                self.initial_overflow.append(&mut overflow);
                self.frames[0].vars[index] = Some(term);
            }
        }
        for constraint in &system.constraints {
            let term = self.at(0, constraint.holds.id());
            self.assert(term);
        }
        self.limit_sizes();
    }

    /// Number of steps so far.
    pub fn depth(&self) -> usize {
        self.steps.len()
    }

    /// A term of the system in frame `frame`. It may read primed variables and choices if the step from it exists.
    pub fn at(&mut self, frame: usize, term: TermId) -> TermId {
        let mut known = std::mem::take(&mut self.frames[frame].known);
        let system = self.system;
        complete(&system.dag, term, &mut known, operands, |id, known| match system.dag.node(id) {
            Node::Var(var) => self.value(frame, *var),
            Node::Primed(var) => self.value(frame + 1, *var),
            Node::Choice(choice) => self.steps[frame].picks[&self.slots[choice.index()]],
            node => self.dag.make(node.map(|operand| known[operand.index()].expect("operands come first"))),
        });
        let result = known[term.index()].expect("just computed");
        self.frames[frame].known = known;
        result
    }

    fn value(&self, frame: usize, var: VarId) -> TermId {
        self.variable(frame, var).expect("what is read belongs to the relevant variables")
    }

    /// The term of a variable in a frame; `None` if it was left out.
    pub fn variable(&self, frame: usize, var: VarId) -> Option<TermId> {
        self.frames[frame].vars[var.index()]
    }

    /// Whether rule `rule` fires in step `step`.
    pub fn fires(&self, step: usize, rule: usize) -> TermId {
        self.steps[step].fire[rule]
    }

    /// What is picked for a choice in step `step`, if any rule with such a choice can fire there.
    pub fn pick(&self, step: usize, choice: ChoiceId) -> Option<TermId> {
        self.steps[step].picks.get(&self.slots[choice.index()]).copied()
    }

    /// Whether the step into the last frame (or the start) left the range of a variable.
    pub fn overflow(&mut self) -> TermId {
        match self.steps.last() {
            Some(step) => step.overflow,
            None => {
                let list = self.initial_overflow.clone();
                self.or(list)
            }
        }
    }

    /// Adds a step.
    pub fn extend(&mut self) {
        self.extend_by(|_| true);
    }

    /// Adds a step of one of the rules that `may` names.
    pub fn extend_by(&mut self, may: impl Fn(usize) -> bool) {
        let step = self.steps.len();
        let no = self.bool(false);
        self.steps.push(StepTerms {
            fire: vec![no; self.system.rules.len()],
            picks: FxHashMap::default(),
            overflow: no,
        });
        self.fire_one(step, may);
        for rule in 0..self.system.rules.len() {
            if self.steps[step].fire[rule] != no {
                self.constrain_rule(step, rule);
            }
        }
        let overflow = self.advance(step);
        self.steps[step].overflow = self.or(overflow);
        self.limit_sizes();
    }

    /// Exactly one of the rules that may and that are not plainly disabled fires.
    fn fire_one(&mut self, step: usize, may: impl Fn(usize) -> bool) {
        let no = self.bool(false);
        let mut possible = Vec::new();
        for (index, rule) in self.system.rules.iter().enumerate() {
            if may(index) && self.at(step, rule.enabled.id()) != no {
                possible.push(index);
            }
        }
        let fires: Vec<TermId> = match possible.as_slice() {
            [_] => vec![self.bool(true)],
            _ => possible
                .iter()
                .map(|&rule| self.fresh(format!("{}@{step}", self.system.rules[rule].name), Sort::Bool))
                .collect(),
        };
        for (&rule, &fire) in possible.iter().zip(&fires) {
            self.steps[step].fire[rule] = fire;
        }
        let some = self.or(fires.clone());
        self.assert(some);
        self.at_most_one(fires);
    }

    /// What follows if a rule fires: it is enabled and its picks are allowed.
    fn constrain_rule(&mut self, step: usize, index: usize) {
        let rule = &self.system.rules[index];
        for choice in rule.choices.iter().flat_map(|choice| choice.ids()) {
            let slot = self.slots[choice.index()];
            if !self.steps[step].picks.contains_key(&slot) {
                let decl = &self.system.dag.choices()[choice.index()];
                let pick = self.fresh(format!("{}@{step}", decl.name), decl.sort);
                self.steps[step].picks.insert(slot, pick);
            }
        }
        let mut facts = vec![self.at(step, rule.enabled.id()), self.at(step, rule.constraint.id())];
        for choice in &rule.choices {
            let Choice::Split { parts, low, high, total } = choice else { continue };
            let parts: Vec<TermId> = parts.iter().filter_map(|&part| self.pick(step, part)).collect();
            for ((&part, &low), &high) in parts.iter().zip(low).zip(high) {
                let (low, high) = (self.at(step, low), self.at(step, high));
                facts.push(self.dag.make(Node::Le(low, part)));
                facts.push(self.dag.make(Node::Le(part, high)));
            }
            let total = self.at(step, *total);
            let sum = self.dag.make(Node::Add(parts.into()));
            facts.push(self.dag.make(Node::Eq(sum, total)));
        }
        let fire = self.steps[step].fire[index];
        for fact in facts {
            let clause = self.implies(fire, fact);
            self.assert(clause);
        }
    }

    /// Computes the frame after `step`; returns the ways to leave a range.
    fn advance(&mut self, step: usize) -> Vec<TermId> {
        let system = self.system;
        let no = self.bool(false);
        let mut updates: FxHashMap<VarId, Vec<(TermId, Vec<TermId>)>> = FxHashMap::default();
        for (index, rule) in system.rules.iter().enumerate() {
            let fire = self.steps[step].fire[index];
            for &(var, update) in &rule.updates {
                if fire == no || !self.relevant[var.index()] {
                    continue;
                }
                let value = self.at(step, update);
                let groups = updates.entry(var).or_default();
                match groups.iter_mut().find(|(known, _)| *known == value) {
                    Some((_, fires)) => fires.push(fire),
                    None => groups.push((value, vec![fire])),
                }
            }
        }
        let mut overflow = Vec::new();
        let mut next: Vec<Option<TermId>> = vec![None; system.vars.len()];
        for (index, old) in self.frames[step].vars.clone().into_iter().enumerate() {
            let var = VarId(index as u32);
            if !self.relevant[index] || system.monitors.iter().any(|monitor| monitor.var == var) {
                continue;
            }
            let groups = updates.remove(&var).unwrap_or_default();
            let groups: Vec<(TermId, TermId)> =
                groups.into_iter().map(|(value, fires)| (value, self.or(fires))).collect();
            next[index] = Some(self.join(var, &groups, old, &mut overflow));
        }
        self.frames.push(Frame { vars: next, known: Vec::new() });
        let always = self.bool(true);
        for monitor in &system.monitors {
            if !self.relevant[monitor.var.index()] {
                continue;
            }
            let value = self.at(step, monitor.next);
            let term = self.join(monitor.var, &[(value, always)], None, &mut overflow);
            self.frames[step + 1].vars[monitor.var.index()] = Some(term);
        }
        overflow
    }

    /// The value of `var` that each of `groups` (value, condition; the conditions exclude each other) gives it, else
    /// `old`, which may be missing if one of the conditions is always true.
    fn join(
        &mut self,
        var: VarId,
        groups: &[(TermId, TermId)],
        old: Option<TermId>,
        overflow: &mut Vec<TermId>,
    ) -> TermId {
        let decl = &self.system.dag.vars()[var.index()];
        let declared = decl.sort.range();
        let yes = self.bool(true);
        let certain = groups.iter().find(|group| group.1 == yes).copied();
        let groups: Vec<_> = certain.map_or_else(
            || groups.iter().copied().filter(|&(value, _)| Some(value) != old).collect(),
            |group| vec![group],
        );
        let old = if certain.is_some() { None } else { old };
        let fits = groups.iter().all(|&(value, _)| declared.hull(self.dag.range(value)) == declared);
        if fits && (groups.len() <= 2 || decl.sort == Sort::Bool) {
            let mut groups = groups.into_iter().rev();
            let last = old.or_else(|| groups.next().map(|(value, _)| value));
            let last = last.expect("a variable has an old value or a certain new one");
            return groups.fold(last, |rest, (value, when)| self.dag.make(Node::Ite(when, value, rest)));
        }
        let mut hull: Option<Range> = old.map(|old| self.dag.range(old));
        for &(value, _) in &groups {
            let range = self.dag.range(value);
            if range.lo <= declared.hi && declared.lo <= range.hi {
                let clipped = Range::new(range.lo.max(declared.lo), range.hi.min(declared.hi));
                hull = Some(hull.map_or(clipped, |hull| hull.hull(clipped)));
            }
        }
        let result = self.fresh(decl.name.clone(), Sort::Int(hull.unwrap_or(declared)));
        let mut unchanged = Vec::new();
        for (value, when) in groups {
            unchanged.push(when);
            let outside = self.outside(value, declared);
            overflow.push(self.and(vec![when, outside]));
            let same = self.dag.make(Node::Eq(result, value));
            let otherwise = self.not(when);
            let clause = self.or(vec![otherwise, outside, same]);
            self.assert(clause);
        }
        if let Some(old) = old {
            unchanged.push(self.dag.make(Node::Eq(result, old)));
            let clause = self.or(unchanged);
            self.assert(clause);
        }
        result
    }

    fn outside(&mut self, value: TermId, range: Range) -> TermId {
        let (lo, hi) = (self.int(range.lo), self.int(range.hi));
        let (above, below) = (self.dag.make(Node::Le(lo, value)), self.dag.make(Node::Le(value, hi)));
        let inside = self.and(vec![above, below]);
        self.not(inside)
    }

    /// The sizes of the last state are within the limits.
    fn limit_sizes(&mut self) {
        let system = self.system;
        for (measure, most) in [(system.nodes, self.nodes), (system.pods, self.pods)] {
            if let Some(most) = most {
                let term = self.at(self.steps.len(), measure);
                let within_limit = self.at_most_constant(term, most);
                self.assert(within_limit);
            }
        }
    }

    fn at_most_constant(&mut self, term: TermId, most: i64) -> TermId {
        let most = self.int(most);
        self.dag.make(Node::Le(term, most))
    }
}
