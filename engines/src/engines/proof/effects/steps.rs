//! What steps of loops add to variables: a row for each rule, over the weights that a measure gives to variables.

use super::ask::Answers;
use super::form::{Facts, Form};
use crate::limits::proof::FEW_NUMBERS;
use kubound_encodings::system::{Choice, Pace, Role, Rule, TransitionSystem};
use kubound_encodings::term::{ChoiceId, Node, Range, Term, TermId, VarId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The rules that loops may consist of, so far as is known, and what they change.
#[derive(Clone, Debug)]
pub struct Loops {
    /// The system.
    pub system: Arc<TransitionSystem>,
    /// The term of each variable, by `VarId`.
    pub vars: Vec<TermId>,
    /// The term of each choice.
    choices: BTreeMap<u32, TermId>,
    /// Rules that may still be part of a loop.
    pub alive: Vec<bool>,
    /// What a step of each rule adds to variables: forms over the state before and the choices.
    pub changes: Vec<Vec<(VarId, Form)>>,
    /// By `VarId`: the rules that may change the variable.
    writers: Vec<Vec<usize>>,
    /// Forms of few variables that are at most 0 in every reachable state, by the first of their variables.
    known: BTreeMap<VarId, Vec<Form>>,
    /// What became of questions about single steps.
    pub answers: Answers,
}

/// What a step adds to a measure: a combination of weights for each number that differs from step to step.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Row {
    /// What is added in any case.
    pub constant: Vec<(VarId, i64)>,
    /// What is added times a number of this range.
    pub amounts: Vec<Amount>,
    /// What is added times each part of a number of this range.
    pub splits: Vec<(Range, Vec<Amount>)>,
}

/// The range of a number, and what it adds to variables times itself.
pub type Amount = (Range, Vec<(VarId, i64)>);

impl Loops {
    /// All rules but events, which loops never contain. `None` if numbers grow out of bounds.
    pub fn new(mut system: TransitionSystem) -> Option<Self> {
        // Also of variables that no term is left to read; of one with a single value it is that value.
        let vars: Vec<TermId> =
            (0..system.vars.len() as u32).map(|index| system.dag.make(Node::Var(VarId(index)))).collect();
        let terms = (0..system.dag.len() as u32).map(TermId);
        let choices = terms.filter_map(|id| match system.dag.node(id) {
            Node::Choice(choice) => Some((choice.0, id)),
            _ => None,
        });
        let choices = choices.collect();
        let alive = system.rules.iter().map(|rule| rule.pace != Pace::Event).collect();
        let changes: Vec<Vec<(VarId, Form)>> =
            system.rules.iter().map(|rule| changes(&system, &vars, rule)).collect::<Option<_>>()?;
        let mut writers = vec![Vec::new(); vars.len()];
        for (rule, changes) in changes.iter().enumerate() {
            changes.iter().for_each(|(var, _)| writers[var.index()].push(rule));
        }
        let (system, known) = (Arc::new(system), BTreeMap::new());
        Some(Self { system, vars, choices, alive, changes, writers, known, answers: Answers::default() })
    }

    /// The same with all rules, events among them.
    pub fn with_all_rules(&self) -> Self {
        Self { alive: vec![true; self.alive.len()], ..self.clone() }
    }

    /// Keeps forms that are at most 0 in every reachable state, as far as questions may profit from them.
    pub fn recall(&mut self, below: &[Form]) {
        for form in below.iter().filter(|form| (2..=FEW_NUMBERS).contains(&form.parts.len())) {
            if let Some(vars) = self.variables(form) {
                self.known.entry(vars[0]).or_default().push(form.clone());
            }
        }
    }

    /// The forms that are kept and speak of these variables alone.
    pub fn recalled(&self, vars: &BTreeSet<VarId>) -> Vec<&Form> {
        let inside = |form: &&Form| self.variables(form).is_some_and(|all| all.iter().all(|var| vars.contains(var)));
        vars.iter().filter_map(|var| self.known.get(var)).flatten().filter(inside).collect()
    }

    /// The variables of a form that has no other atoms.
    fn variables(&self, form: &Form) -> Option<Vec<VarId>> {
        let variable = |&atom: &TermId| match *self.system.dag.node(atom) {
            Node::Var(var) => Some(var),
            _ => None,
        };
        form.parts.keys().map(variable).collect()
    }

    /// The rules that may still be part of a loop and may change a form.
    pub fn writers(&self, form: &Form) -> Vec<usize> {
        let vars = form.parts.keys().filter_map(|&atom| match *self.system.dag.node(atom) {
            Node::Var(var) => Some(var),
            _ => None,
        });
        let rules: BTreeSet<usize> = vars.flat_map(|var| self.writers[var.index()].iter().copied()).collect();
        let changes = |rule: &usize| self.change(*rule, form).is_none_or(|change| change != Form::default());
        rules.into_iter().filter(|rule| self.alive[*rule] && changes(rule)).collect()
    }

    /// What is known where a rule fires.
    pub fn facts(&self, rule: usize, more: &[Form]) -> Facts<'_> {
        let own = &self.system.rules[rule];
        let mut known = self.picks(own);
        known.extend_from_slice(more);
        Facts::new(&self.system.dag, &[own.enabled.id(), own.constraint.id()], &known)
    }

    /// Whether a variable is computed from the run, by no rule.
    pub fn is_monitor(&self, var: VarId) -> bool {
        self.system.vars[var.index()].role == Role::Monitor
    }

    /// The rules that may still be part of a loop.
    pub fn rules(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.alive.len()).filter(|&rule| self.alive[rule])
    }

    /// By `VarId`: whether no loop changes the variable.
    pub fn constant(&self) -> Vec<bool> {
        let mut constant = vec![true; self.vars.len()];
        for rule in self.rules() {
            self.changes[rule].iter().for_each(|(var, _)| constant[var.index()] = false);
        }
        for monitor in &self.system.monitors {
            constant[monitor.var.index()] = false;
        }
        constant
    }

    /// What a step of a rule adds to a measure, by the weights of variables.
    pub fn row(&self, rule: usize) -> Row {
        let (dag, own) = (&self.system.dag, &self.system.rules[rule]);
        let facts = self.facts(rule, &[]);
        let mut amounts: BTreeMap<TermId, Vec<(VarId, i64)>> = BTreeMap::new();
        let mut constant = Vec::new();
        for (var, form) in &self.changes[rule] {
            if form.constant != 0 {
                constant.push((*var, form.constant));
            }
            for (&atom, &factor) in form.parts.iter() {
                amounts.entry(atom).or_default().push((*var, factor));
            }
        }
        let mut splits = Vec::new();
        for choice in &own.choices {
            let Choice::Split { parts, total, .. } = choice else { continue };
            let Some(total) = Form::of(dag, *total).and_then(|total| as_range(facts.form(&total))) else { continue };
            // A part that no term reads takes of the total as well.
            let part = |part: &ChoiceId| match self.choices.get(&part.0) {
                Some(&atom) => (facts.atom(atom), amounts.remove(&atom).unwrap_or_default()),
                None => (dag.choices()[part.index()].sort.range(), Vec::new()),
            };
            let parts = parts.iter().map(part).collect();
            splits.push((total, parts));
        }
        let amounts = amounts.into_iter().map(|(atom, weights)| (facts.atom(atom), weights)).collect();
        Row { constant, amounts, splits }
    }

    /// The term of a choice, if any term reads it.
    pub fn choice(&self, choice: ChoiceId) -> Option<TermId> {
        self.choices.get(&choice.0).copied()
    }

    /// What the bounds of choices say, as forms that are at most 0.
    pub fn picks(&self, rule: &Rule) -> Vec<Form> {
        let dag = &self.system.dag;
        let mut found = Vec::new();
        for choice in &rule.choices {
            let Choice::Split { parts, low, high, .. } = choice else { continue };
            for ((part, low), high) in parts.iter().zip(low).zip(high) {
                let Some(&part) = self.choices.get(&part.0) else { continue };
                let above = Form::of(dag, *low).and_then(|mut form| form.add_atom(part, -1).map(|()| form));
                let below = Form::of(dag, *high).and_then(|form| form.times(-1));
                let below = below.and_then(|mut form| form.add_atom(part, 1).map(|()| form));
                found.extend(above.into_iter().chain(below));
            }
        }
        found
    }
}

fn as_range((lo, hi): (i128, i128)) -> Option<Range> {
    let (lo, hi) = (i64::try_from(lo).ok()?, i64::try_from(hi).ok()?);
    (lo <= hi).then_some(Range { lo, hi })
}

/// What a step of a rule adds to each variable that it changes.
fn changes(system: &TransitionSystem, vars: &[TermId], rule: &Rule) -> Option<Vec<(VarId, Form)>> {
    let mut changes = Vec::new();
    for &(var, term) in &rule.updates {
        let mut form = Form::of(&system.dag, term)?;
        form.add_atom(vars[var.index()], -1)?;
        if form != Form::default() {
            changes.push((var, form));
        }
    }
    Some(changes)
}
