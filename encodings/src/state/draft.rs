//! The system under construction: what controllers, events and intents have made of it so far.

use crate::system::{Constraint, FairnessUnit, Monitor, Rule, StateVar};
use crate::term::Bool;

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
    /// What was used although nobody said that it is needed.
    pub(crate) undeclared: Vec<String>,
}
