//! Whether a system is well-formed.

use super::{Choice, Role, Rule, TransitionSystem};
use crate::term::{ChoiceId, Node, Sort, Term, TermId};
use rustc_hash::FxHashSet;

/// Why a system is not well-formed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IllFormed {
    /// Two things of one kind share a name, so that subjects do not tell them apart.
    #[error("two {what} are named {name}")]
    Duplicate {
        /// What they are.
        what: &'static str,
        /// Their name.
        name: String,
    },
    /// A term has the wrong sort.
    #[error("{0}: wrong sort")]
    Sort(String),
    /// A term reads what it must not.
    #[error("{place}: must not read {what}")]
    Reads {
        /// Where.
        place: String,
        /// What it reads.
        what: String,
    },
    /// A variable is written that must not be.
    #[error("{rule}: must not update {var}")]
    Writes {
        /// The rule.
        rule: String,
        /// The variable.
        var: String,
    },
    /// A number is out of range.
    #[error("{0}: index out of range")]
    Index(String),
    /// Values leave the range that the IR can hold.
    #[error("{0}")]
    Overflow(String),
}

/// What a term may read besides constants and variables before the step.
#[derive(Clone, Copy)]
struct MayRead<'a> {
    /// By `TermId`: whether a term reads nothing else. Thousands of rules share such terms.
    plain: &'a [bool],
    primed: bool,
    choices: &'a [ChoiceId],
}

impl TransitionSystem {
    /// Checks that the system is well-formed: names are unique within a kind, sorts fit, terms read only what they may, frozen
    /// variables and monitors are not written by rules. Whether enabled rules can fire and updates stay in range
    /// depends on the state and is checked while exploring.
    pub fn check(&self) -> Result<(), IllFormed> {
        if let Some(what) = self.dag.overflow() {
            return Err(IllFormed::Overflow(what.to_owned()));
        }
        let plain = self.plain_terms();
        let state = MayRead { plain: &plain, primed: false, choices: &[] };
        let step = MayRead { primed: true, ..state };
        for constraint in &self.constraints {
            self.check_bool(&constraint.text, constraint.holds.id(), state)?;
        }
        self.check_names()?;
        for rule in &self.rules {
            self.check_rule(rule, state)?;
        }
        for monitor in &self.monitors {
            let name = &self.dag.vars()[monitor.var.index()].name;
            if self.vars[monitor.var.index()].role != Role::Monitor {
                return Err(IllFormed::Writes { rule: "monitor".into(), var: name.clone() });
            }
            self.check_reads(name, monitor.next, step)?;
        }
        for property in &self.properties {
            for term in property.claim.terms() {
                self.check_bool(&property.intent, term, step)?;
            }
            self.check_bool(&property.intent, property.premise.id(), state)?;
        }
        Ok(())
    }

    /// Whether names tell things of one kind apart: variables, rules, the choices of one rule, fairness units.
    fn check_names(&self) -> Result<(), IllFormed> {
        unique("variables", self.dag.vars().iter().map(|var| var.name.as_str()))?;
        unique("rules", self.rules.iter().map(|rule| rule.name.as_str()))?;
        unique("fairness units", self.fairness.iter().map(|unit| unit.name.as_str()))?;
        for rule in &self.rules {
            let choices = rule.choices.iter().flat_map(|choice| choice.ids());
            let of_rule = choices.filter_map(|id| self.dag.choices().get(id.index()));
            unique("choices of a rule", of_rule.map(|choice| choice.name.as_str()))?;
        }
        Ok(())
    }

    fn check_rule(&self, rule: &Rule, state: MayRead) -> Result<(), IllFormed> {
        let ids: Vec<ChoiceId> = rule.choices.iter().flat_map(|choice| choice.ids().iter().copied()).collect();
        let picked = MayRead { choices: &ids, ..state };
        self.check_bool(&rule.name, rule.enabled.id(), state)?;
        self.check_bool(&rule.name, rule.due().id(), state)?;
        self.check_bool(&rule.name, rule.constraint.id(), picked)?;
        for choice in &rule.choices {
            if let Choice::Split { parts, low, high, total } = choice {
                if low.len() != parts.len() || high.len() != parts.len() {
                    return Err(IllFormed::Index(rule.name.clone()));
                }
                for &term in low.iter().chain(high).chain([total]) {
                    self.check_reads(&rule.name, term, state)?;
                }
            }
        }
        let mut written = FxHashSet::default();
        for &(var, term) in &rule.updates {
            let decl = &self.dag.vars()[var.index()];
            let role = self.vars[var.index()].role;
            if matches!(role, Role::Frozen | Role::Monitor) || !written.insert(var) {
                return Err(IllFormed::Writes { rule: rule.name.clone(), var: decl.name.clone() });
            }
            if (decl.sort == Sort::Bool) != (self.dag.sort(term) == Sort::Bool) {
                return Err(IllFormed::Sort(format!("{} updates {}", rule.name, decl.name)));
            }
            self.check_reads(&rule.name, term, picked)?;
        }
        if rule.fairness.is_some_and(|unit| unit >= self.fairness.len()) {
            return Err(IllFormed::Index(rule.name.clone()));
        }
        Ok(())
    }

    fn check_bool(&self, place: &str, term: TermId, may: MayRead) -> Result<(), IllFormed> {
        if self.dag.sort(term) != Sort::Bool {
            return Err(IllFormed::Sort(place.to_owned()));
        }
        self.check_reads(place, term, may)
    }

    fn plain_terms(&self) -> Vec<bool> {
        let mut plain = Vec::with_capacity(self.dag.len());
        for index in 0..self.dag.len() {
            let node = self.dag.node(TermId(index as u32));
            let mut all = !matches!(node, Node::Primed(_) | Node::Choice(_));
            node.for_each_operand(|operand| all &= plain[operand.index()]);
            plain.push(all);
        }
        plain
    }

    fn check_reads(&self, place: &str, term: TermId, may: MayRead) -> Result<(), IllFormed> {
        let (mut seen, mut left) = (FxHashSet::default(), vec![term]);
        while let Some(id) = left.pop() {
            if may.plain[id.index()] || !seen.insert(id) {
                continue;
            }
            let node = self.dag.node(id);
            let what = match node {
                Node::Primed(var) if !may.primed => {
                    format!("{} after the step", self.dag.vars()[var.index()].name)
                }
                Node::Choice(choice) if !may.choices.contains(choice) => {
                    self.dag.choices()[choice.index()].name.clone()
                }
                _ => {
                    node.for_each_operand(|operand| left.push(operand));
                    continue;
                }
            };
            return Err(IllFormed::Reads { place: place.to_owned(), what });
        }
        Ok(())
    }
}

/// Whether no name comes twice.
fn unique<'a>(what: &'static str, names: impl Iterator<Item = &'a str>) -> Result<(), IllFormed> {
    let mut known = FxHashSet::default();
    for name in names {
        if !known.insert(name) {
            return Err(IllFormed::Duplicate { what, name: name.to_owned() });
        }
    }
    Ok(())
}
