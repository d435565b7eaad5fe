//! What a rule writes: requests to the API server, changes of a controller's own memory, and what the environment does.
//!
//! A rule's effects *add* to a variable or *set* it. Engines read neither: they read the updates, one new value a
//! variable, that [`lowered`] makes of all writes of a rule. Everything that has to tell "creates two more" from "there
//! are three now" reads the effects: reports, recorded runs, passes that lose or repeat single requests.

use crate::subject::{ObjectId, SlotId};
use crate::term::{Int, Sort, Term, TermId, VarId, current, variable};
use std::fmt;

/// What kind of request a write is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Verb {
    /// An object comes into being.
    Create,
    /// Its fields are written.
    Update,
    /// Some of its fields are.
    Patch,
    /// It is deleted, or its deletion begins.
    Delete,
    /// A pod gets a node.
    Bind,
    /// A pod is asked to leave, which budgets may refuse.
    Evict,
    /// Its status is written.
    Status,
    /// Nothing is written: the actor remembers something.
    Memory,
    /// A countdown goes on, or begins anew.
    Clock,
    /// Something happens outside of the API.
    Environment,
}

impl Verb {
    /// As dumps print it.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
            Verb::Bind => "bind",
            Verb::Evict => "evict",
            Verb::Status => "status",
            Verb::Memory => "memory",
            Verb::Clock => "clock",
            Verb::Environment => "environment",
        }
    }

    /// Whether it is a request to the API server.
    pub fn is_request(self) -> bool {
        !matches!(self, Verb::Memory | Verb::Clock | Verb::Environment)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a write does to a variable. Terms are over the state before the step and the choices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// So much is added; a sum outside the range of the variable is an error of the model.
    Add(TermId),
    /// So much is added, but the sum stays at the end of the range that it would leave: a count of which only that there
    /// are so many, or more, matters.
    Saturate(TermId),
    /// It becomes this.
    Set(TermId),
}

impl Effect {
    /// The amount, or the new value.
    pub fn term(self) -> TermId {
        match self {
            Self::Add(term) | Self::Saturate(term) | Self::Set(term) => term,
        }
    }

    /// The same with another amount or value.
    #[must_use]
    pub fn map(self, to: impl FnOnce(TermId) -> TermId) -> Self {
        match self {
            Self::Add(term) => Self::Add(to(term)),
            Self::Saturate(term) => Self::Saturate(to(term)),
            Self::Set(term) => Self::Set(to(term)),
        }
    }
}

/// One request, or as many alike requests as `times` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Write {
    /// What kind of request.
    pub verb: Verb,
    /// The object that is written, of pods the group they belong to; `None` for memory, clocks, nodes.
    pub object: Option<ObjectId>,
    /// The node that is written, or that the pods written are on.
    pub slot: Option<SlotId>,
    /// How many requests it stands for, a term over the state before the step and the choices; `None`: one.
    pub times: Option<TermId>,
    /// Where it comes in the order of the requests of a sync, from 1; 0 where it is part of one with the others.
    pub stage: u8,
    /// What it does.
    pub effects: Vec<(VarId, Effect)>,
}

impl Write {
    /// A write without effects.
    pub fn new(verb: Verb) -> Self {
        Self { verb, object: None, slot: None, times: None, stage: 0, effects: Vec::new() }
    }

    /// The same with other amounts and values.
    #[must_use]
    pub fn map(&self, mut to: impl FnMut(TermId) -> TermId) -> Self {
        let times = self.times.map(&mut to);
        let effects = self.effects.iter().map(|&(var, effect)| (var, effect.map(&mut to))).collect();
        Self { times, effects, ..*self }
    }
}

/// The value of a variable after one more effect, in the current graph.
pub fn applied(var: VarId, before: TermId, effect: Effect) -> TermId {
    let now = Int::from_id(before);
    match effect {
        Effect::Set(value) => value,
        Effect::Add(amount) => (now + Int::from_id(amount)).id(),
        Effect::Saturate(amount) => {
            let sort = current(|dag| dag.vars()[var.index()].sort);
            let sum = now + Int::from_id(amount);
            match sort {
                Sort::Int(range) => sum.min(range.hi).max(range.lo).id(),
                Sort::Bool => sum.id(),
            }
        }
    }
}

/// The new values that writes come to, in the current graph. Effects on one variable follow each other: what is added
/// adds up, also to what was set before; what is set replaces all before it.
pub fn lowered<'a>(writes: impl IntoIterator<Item = &'a Write>) -> Vec<(VarId, TermId)> {
    let mut updates: Vec<(VarId, TermId)> = Vec::new();
    for &(var, effect) in writes.into_iter().flat_map(|write| &write.effects) {
        match updates.iter_mut().find(|(known, _)| *known == var) {
            Some(update) => update.1 = applied(var, update.1, effect),
            None => updates.push((var, applied(var, variable(var), effect))),
        }
    }
    updates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{Dag, int_var, within};

    fn lower(effects: &[fn(Int) -> Effect]) -> TermId {
        let (var, value) = int_var("pods", 0, 5);
        let effects = effects.iter().map(|effect| (var, effect(value))).collect();
        let updates = lowered(&[Write { effects, ..Write::new(Verb::Update) }]);
        assert_eq!(updates.len(), 1);
        updates[0].1
    }

    #[test]
    fn effects_on_a_variable_follow_each_other() {
        let ((), _) = within(Dag::default(), || {
            let (_, three) = (0, Int::from(3));
            let set: fn(Int) -> Effect = |_| Effect::Set(Int::from(2).id());
            let add: fn(Int) -> Effect = |_| Effect::Add(Int::from(1).id());
            assert_eq!(lower(&[set, add]), three.id(), "what is added adds to what was set");
            assert_eq!(lower(&[add, set]), Int::from(2).id(), "what is set replaces what was added");
            assert_eq!(lower(&[set, add, add]), Int::from(4).id(), "what is added adds up");
        });
    }

    #[test]
    fn a_saturating_count_stays_at_the_end_of_its_range() {
        let ((), _) = within(Dag::default(), || {
            let five: fn(Int) -> Effect = |_| Effect::Set(Int::from(5).id());
            let up: fn(Int) -> Effect = |_| Effect::Saturate(Int::from(2).id());
            let down: fn(Int) -> Effect = |_| Effect::Saturate(Int::from(-9).id());
            assert_eq!(lower(&[five, up]), Int::from(5).id());
            assert_eq!(lower(&[five, down]), Int::from(0).id());
        });
    }
}
