//! Guarded commands: who may do what when, and what it changes.

use super::Write;
use crate::subject::Subject;
use crate::term::{Bool, ChoiceId, TermId, VarId};

/// When a rule may act, relative to the others; already part of the guards, kept for engines and reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Pace {
    /// At once: scheduler, Deployment, ReplicaSet, kubelet, taint reactions, operations already begun.
    Fast,
    /// Once a period: HPA, descheduler.
    Periodic,
    /// Time passes.
    Clock,
    /// An external event. Loops never contain one.
    Event,
}

/// Values that a rule picks while it fires.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Choice {
    /// One value of the choice's range.
    Value(ChoiceId),
    /// One value for each part with `low[i] <= parts[i] <= high[i]` and the parts adding up to `total`.
    /// Bounds and total are integer terms over the state; engines enforce them, the constraint need not repeat them.
    Split {
        /// The parts.
        parts: Vec<ChoiceId>,
        /// Smallest value of each part.
        low: Vec<TermId>,
        /// Largest value of each part.
        high: Vec<TermId>,
        /// Their sum.
        total: TermId,
    },
}

/// A piece of the sentence that tells what a rule did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Phrase {
    /// Literal text.
    Text(String),
    /// A term over the state before the step and the choices, shown as `value * scale` with `unit` behind.
    Value {
        /// The term.
        term: TermId,
        /// Factor from the model's unit to the unit shown.
        scale: i64,
        /// Text behind the number, e.g. `m`.
        unit: &'static str,
    },
    /// A number of things: `1 pod of web is gone`, `2 pods of web are gone`.
    Count {
        /// The term.
        term: TermId,
        /// What stands behind 1.
        one: String,
        /// What stands behind any other number.
        many: String,
    },
    /// A length of time, shown in seconds.
    Seconds {
        /// The term.
        term: TermId,
        /// Milliseconds of one of the model's units.
        unit: i64,
    },
    /// A number between two texts, told only if it is not zero.
    IfAny {
        /// The text before it.
        before: String,
        /// The term.
        term: TermId,
        /// The text behind it.
        after: String,
    },
    /// A variable after the step.
    After(VarId),
    /// The parts of a split that are not zero, as `count from name`, joined by commas.
    Parts(Vec<(TermId, String)>),
}

impl Phrase {
    /// The same about other terms.
    #[must_use]
    pub fn map(&self, mut to: impl FnMut(TermId) -> TermId) -> Self {
        match self {
            Self::Value { term, scale, unit } => Self::Value { term: to(*term), scale: *scale, unit },
            Self::Count { term, one, many } => Self::Count { term: to(*term), one: one.clone(), many: many.clone() },
            Self::Seconds { term, unit } => Self::Seconds { term: to(*term), unit: *unit },
            Self::IfAny { before, term, after } => {
                Self::IfAny { before: before.clone(), term: to(*term), after: after.clone() }
            }
            Self::Parts(parts) => Self::Parts(parts.iter().map(|(term, name)| (to(*term), name.clone())).collect()),
            Self::Text(_) | Self::After(_) => self.clone(),
        }
    }
}

/// What a number is that a rule tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DetailKind {
    /// What the node of its subject is worth to the scheduler; below 0 if it does not take the pod.
    Score,
    /// The value of the choice of its subject, which a rule of the expansion has.
    Pick,
    /// Something to show with `-v`.
    Fact,
}

/// A number that a rule tells: a term over the state before the step and the choices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Detail {
    /// What it is for.
    pub kind: DetailKind,
    /// What it says, e.g. the score of a node.
    pub subject: Subject,
    /// The number.
    pub term: TermId,
}

/// Who does what: what tells a rule from all others.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Signature {
    /// Who acts.
    pub actor: String,
    /// What is done, to whom, where.
    pub subject: Subject,
}

/// A length of time in words: `300 s`, `7.5 s`.
pub fn seconds(milliseconds: i64) -> String {
    let digits = format!("{:03}", milliseconds % 1000);
    match digits.trim_end_matches('0') {
        "" => format!("{} s", milliseconds / 1000),
        part => format!("{}.{part} s", milliseconds / 1000),
    }
}

/// A field of the input that a rule or property stems from.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Origin {
    /// `Kind/namespace/name`, or `Scenario`, `DeschedulerPolicy` and the like.
    pub object: String,
    /// Path of the field, e.g. `spec.template.spec.topologySpreadConstraints[0]`; empty for the whole object.
    pub field: String,
}

/// Something in the input that acts only through rules: where none of its rules ever fires, it does nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Setting {
    /// Where it is written.
    pub origin: Origin,
    /// What is true then, in words: `it never evicts a pod`.
    pub idle: &'static str,
}

/// What a rule has to do with a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FaultMark {
    /// The kind of fault, as scenarios call it.
    pub kind: &'static str,
    /// Whether the fault happens by this rule; else it acts, or ends, in consequence of one that has happened.
    pub happens: bool,
    /// The kind of objects that are seen late, if that is the fault.
    pub of: Option<&'static str>,
}

/// One guarded command of one controller on one object (and node).
#[derive(Clone, Debug)]
pub struct Rule {
    /// Unique and stable, e.g. `default-scheduler/bind/default/web/spot-0`; printed from actor and subject.
    pub name: String,
    /// Who acts, as Kubernetes Events name it, e.g. `default-scheduler`.
    pub actor: String,
    /// What is done, to whom, where.
    pub subject: Subject,
    /// The reason, as Kubernetes Events name it, e.g. `Scheduled`.
    pub reason: &'static str,
    /// When it may act.
    pub pace: Pace,
    /// Guard over the state; implies that some pick satisfies `constraint`.
    pub enabled: Bool,
    /// The guard without what only holds the rule back until no fast rule can act; `None` where nothing does. Fairness goes
    /// by it ([`FairnessUnit`](super::FairnessUnit)).
    pub waits: Option<Bool>,
    /// What it picks.
    pub choices: Vec<Choice>,
    /// Condition over the state and the choices.
    pub constraint: Bool,
    /// What it writes, in order. Empty in systems that passes have made smaller: engines read the updates.
    pub writes: Vec<Write>,
    /// The new values that its writes come to (see [`lowered`](super::lowered)), over the state and the choices.
    pub updates: Vec<(VarId, TermId)>,
    /// Index into [`fairness`](super::TransitionSystem::fairness); `None` for what never has to happen.
    pub fairness: Option<usize>,
    /// The kind of fault that it is, or acts on, if one.
    pub fault: Option<FaultMark>,
    /// Why the rule allows more than the real controller does, if it does.
    pub over_approximates: Option<&'static str>,
    /// The rules of the `fine` system that this rule stands for, in order; empty when it is one of them.
    pub expansion: Vec<Signature>,
    /// What happened, in words.
    pub sentence: Vec<Phrase>,
    /// Numbers shown with `-v`: scores of the nodes compared.
    pub details: Vec<Detail>,
    /// The fields it stems from.
    pub origins: Vec<Origin>,
    /// The settings that it is the work of: each has no effect but through such rules.
    pub settings: Vec<Setting>,
}

impl Rule {
    /// Whether it wants to act: its guard, but for what only holds it back until no fast rule can act.
    pub fn due(&self) -> Bool {
        self.waits.unwrap_or(self.enabled)
    }

    /// What tells it from all others.
    pub fn signature(&self) -> Signature {
        Signature { actor: self.actor.clone(), subject: self.subject.clone() }
    }
}

impl Choice {
    /// The same with other bounds and another sum.
    #[must_use]
    pub fn map(&self, mut to: impl FnMut(TermId) -> TermId) -> Self {
        match self {
            Self::Value(id) => Self::Value(*id),
            Self::Split { parts, low, high, total } => Self::Split {
                parts: parts.clone(),
                low: low.iter().map(|&term| to(term)).collect(),
                high: high.iter().map(|&term| to(term)).collect(),
                total: to(*total),
            },
        }
    }

    /// The choices it picks.
    pub fn ids(&self) -> &[ChoiceId] {
        match self {
            Choice::Value(id) => std::slice::from_ref(id),
            Choice::Split { parts, .. } => parts,
        }
    }
}
