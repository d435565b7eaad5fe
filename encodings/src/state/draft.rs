//! The system under construction: what controllers, events and intents have made of it so far.

use super::BoolVar;
use super::IntVar;
use super::Model;
use super::clock::Timer;
use crate::system::{Constraint, FairnessUnit, Monitor, Rule, StateVar};
use crate::term::{Bool, Int, Term, TermId, VarId};

/// The parts of a transition system, and what is known of its rules only while they are made.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// Role and initial value, by `VarId`.
    pub(crate) vars: Vec<StateVar>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) monitors: Vec<Monitor>,
    pub(crate) fairness: Vec<FairnessUnit>,
    /// Conditions under which covered fast rules are enabled (see [`Model::add_covered_rule`](super::Model)).
    pub(crate) busy: Vec<Bool>,
    /// Indices of covered rules.
    pub(crate) covered: Vec<usize>,
    /// Fairness units whose rules a settled cluster does not wait for, although they have to act some time.
    pub(crate) unhurried: Vec<usize>,
    /// Rules that wait until the cluster has settled, by index: operations with `when: settled`.
    pub(crate) gated: Vec<usize>,
    /// Conditions under which no time passes and nothing periodic is done.
    pub(crate) still: Vec<Bool>,
    /// What processes keep in memory only.
    pub(crate) memory: Vec<Memory>,
    /// Rules that stand for several requests, by index.
    pub(crate) divisible: Vec<(usize, Divisible)>,
    /// Rules for which no time has to pass, by index.
    pub(crate) at_any_moment: Vec<usize>,
    /// What was used although nobody said that it is needed.
    pub(crate) undeclared: Vec<String>,
}

/// A variable that a controller keeps in memory only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// The controller.
    pub(crate) controller: &'static str,
    /// The variable.
    pub(crate) var: VarId,
    /// What it is right after a restart.
    pub(crate) becomes: TermId,
}

/// How the requests of a rule come one after the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Divisible {
    /// As many alike requests as this number, on which all effects depend.
    Alike(TermId),
    /// Each of what the split of the rule picks is a request.
    Chosen,
    /// The writes, in the order of their stages; those of one stage in any order.
    Stages,
}

impl Draft {
    /// How the requests of a rule come one after the other, where they are several.
    pub(crate) fn division(&self, rule: usize) -> Option<Divisible> {
        self.divisible.iter().find(|(divided, _)| *divided == rule).map(|(_, how)| *how)
    }
}

impl Model<'_> {
    /// Says that a restart of the process of a controller makes a variable this.
    pub fn forgets(&mut self, controller: &'static str, var: IntVar, becomes: impl Into<Int>) {
        self.draft.memory.push(Memory { controller, var: var.id, becomes: becomes.into().id() });
    }

    /// The same of a flag.
    pub fn forgets_flag(&mut self, controller: &'static str, var: BoolVar, becomes: impl Into<Bool>) {
        self.draft.memory.push(Memory { controller, var: var.id, becomes: becomes.into().id() });
    }

    /// Says that a countdown is in the memory of a controller: a restart begins it anew.
    pub fn forgets_timer(&mut self, controller: &'static str, timer: &Timer) {
        if let Some(left) = timer.left {
            self.forgets(controller, left, timer.full);
        }
    }
}
