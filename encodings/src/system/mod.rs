//! The transition system: everything an engine needs to know, and nothing about Kubernetes.
//!
//! A system is built by `assemble` (or by hand in tests) and then only read. A *step* fires one enabled rule: the
//! rule's choices are picked within its constraint, its updates happen at once, every variable it does not mention
//! keeps its value, and then every monitor is computed from the state before and after.
//!
//! * A rule that is enabled has at least one pick of its choices that satisfies its constraint, and every such pick
//!   changes the state: there are no idle steps. Engines rely on it, the explicit engine checks it.
//! * An update outside the range of its variable is an error of the model, reported as such; it never disables a rule.
//! * A run that reaches a state where no rule with a fairness unit is enabled may stay there forever.

mod check;
mod rule;
mod symmetry;
mod write;

pub use check::IllFormed;
pub use rule::{Choice, Detail, DetailKind, FaultMark, Origin, Pace, Phrase, Rule, Setting, Signature, seconds};
pub use symmetry::SymmetryClass;
pub use write::{Effect, Verb, Write, lowered};

use crate::subject::{Names, ObjectId, Subject};
use crate::term::{Bool, Dag, Term, TermId, VarId};

/// What a state variable is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Chosen initially, never changed: sizes, allocatable, requests.
    Frozen,
    /// Part of the cluster: a step that changes it counts as a change of the cluster.
    Cluster,
    /// A timer or a cooldown: its changes alone are no oscillation.
    Clock,
    /// How often an external event may still happen, or how far an operation of the environment has come.
    Budget,
    /// Computed from the run for some property; no rule reads it.
    Monitor,
}

/// The value of a variable in initial states.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Initial {
    /// Any value of its range (subject to [`TransitionSystem::constraints`]).
    Free,
    /// This term over free variables and variables with smaller ids.
    Term(TermId),
}

/// Role and initial value of a variable; name and range are in the graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StateVar {
    /// What it is for.
    pub role: Role,
    /// Where it starts.
    pub initial: Initial,
}

/// A variable computed from the run.
#[derive(Clone, Copy, Debug)]
pub struct Monitor {
    /// The variable, of role [`Role::Monitor`].
    pub var: VarId,
    /// Its value after a step, over variables before and (primed) after the step; may not read primed monitors
    /// other than those earlier in the list.
    pub next: TermId,
}

/// Who has to act: a unit that stays enabled forever acts again and again (weak fairness). What only holds a rule back until
/// no fast rule can act does not count: if a unit is due all the time and enabled now and then, it acts again and again. A prompt unit is also not late
/// forever: if again and again something slow happens while it is enabled, it acts again and again. Among fast rules the
/// same one may win every time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FairnessUnit {
    /// Who is to get a turn with what.
    pub subject: Subject,
    /// Name, e.g. `kubelet starts default/web on spot-0`; unique, printed from the subject.
    pub name: String,
    /// Whether it is prompt; see [`is_prompt`].
    pub prompt: bool,
}

/// A fairness unit with its rules.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unit {
    /// Indices of its rules.
    pub rules: Vec<usize>,
    /// Whether it is prompt.
    pub prompt: bool,
}

/// Whether a unit with these rules is prompt: all of them act at once. A timer is not: one that is started anew again and
/// again need not ever run off.
pub fn is_prompt(rules: &[Rule], unit: usize) -> bool {
    let mut own = rules.iter().filter(|rule| rule.fairness == Some(unit));
    own.all(|rule| rule.pace == Pace::Fast)
}

/// A condition on initial states that verdicts repeat.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// As the user wrote it or as the model words it.
    pub text: String,
    /// Over initial states.
    pub holds: Bool,
    /// Whether it narrows the user's question (printed with the verdict) or only encodes the start.
    pub is_assumption: bool,
}

/// What shall hold.
#[derive(Clone, Debug)]
pub struct Property {
    /// Id of the intent, e.g. `noOscillation`.
    pub intent: String,
    /// The object that it speaks of, if one.
    pub object: Option<ObjectId>,
    /// The same, as reports name it.
    pub target: Option<String>,
    /// Headline when violated, e.g. `pods of Deployment default/web are evicted and re-created forever`.
    pub headline: String,
    /// The claim.
    pub claim: Claim,
    /// States in which the intent has something to say; a clean verdict is vacuous if none is reachable.
    pub premise: Bool,
    /// The fields it stems from.
    pub origins: Vec<Origin>,
}

impl Property {
    /// A claim that no intent makes, in all states alike.
    pub fn of_nobody(claim: Claim) -> Self {
        Self {
            intent: String::new(),
            object: None,
            target: None,
            headline: String::new(),
            claim,
            premise: true.into(),
            origins: Vec::new(),
        }
    }
}

/// The two forms of claims.
#[derive(Clone, Copy, Debug)]
pub enum Claim {
    /// In every reachable state.
    Invariant(Bool),
    /// No fair run ends in a loop (without external events) all of whose states satisfy `within`, all of whose
    /// steps satisfy `keep`, and some step of which satisfies `progress`; nor stays forever in a state that
    /// satisfies `within` and `stay`. `keep` and `progress` may read primed variables.
    NoFairLoop {
        /// Over states.
        within: Bool,
        /// Over steps.
        keep: Bool,
        /// Over steps.
        progress: Bool,
        /// Over states.
        stay: Bool,
    },
}

impl Claim {
    /// The terms of the claim.
    pub fn terms(&self) -> Vec<TermId> {
        match *self {
            Claim::Invariant(holds) => vec![holds.id()],
            Claim::NoFairLoop { within, keep, progress, stay } => {
                vec![within.id(), keep.id(), progress.id(), stay.id()]
            }
        }
    }
}

/// A transition system. See the module for what a step is.
#[derive(Clone, Debug)]
pub struct TransitionSystem {
    /// The terms, variables and choices.
    pub dag: Dag,
    /// By `VarId`.
    pub vars: Vec<StateVar>,
    /// Conditions on initial states beyond the initial terms.
    pub constraints: Vec<Constraint>,
    /// The rules, in a fixed order.
    pub rules: Vec<Rule>,
    /// The monitors, in order of computation.
    pub monitors: Vec<Monitor>,
    /// The fairness units.
    pub fairness: Vec<FairnessUnit>,
    /// The properties.
    pub properties: Vec<Property>,
    /// Groups of slots that may differ only by name.
    pub symmetry: Vec<SymmetryClass>,
    /// Objects that may differ only by name, each with the objects that belong to it. Whether exchanging them maps runs
    /// to runs is for the user of the list to find out.
    pub alike: Vec<Vec<ObjectId>>,
    /// What subjects speak of.
    pub names: Names,
    /// Number of nodes that exist, over the state; sizes a counterexample.
    pub nodes: TermId,
    /// Number of pods that exist or are wanted, over the state; sizes a counterexample.
    pub pods: TermId,
}

impl TransitionSystem {
    /// The rule of a name.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// The fairness units that have rules; one without is never enabled.
    pub fn fairness_units(&self) -> Vec<Unit> {
        let mut units: Vec<Unit> =
            self.fairness.iter().map(|unit| Unit { rules: Vec::new(), prompt: unit.prompt }).collect();
        for (index, rule) in self.rules.iter().enumerate() {
            if let Some(unit) = rule.fairness {
                units[unit].rules.push(index);
            }
        }
        units.retain(|unit| !unit.rules.is_empty());
        units
    }

    /// The variable of a subject.
    pub fn var(&self, subject: &Subject) -> Option<VarId> {
        self.dag.vars().iter().position(|var| var.subject == *subject).map(|index| VarId(index as u32))
    }

    /// Names everything after the objects and nodes that subjects speak of.
    pub fn print_names(&mut self) {
        self.dag.print_names(&self.names);
        for rule in &mut self.rules {
            rule.name = self.names.rule(&rule.actor, &rule.subject);
        }
        for unit in &mut self.fairness {
            unit.name = self.names.unit(&unit.subject);
        }
    }

    /// The names of the fine rules that a rule stands for, in order: its own, if it is one of them.
    pub fn fine_names(&self, rule: &Rule) -> Vec<String> {
        let name = |one: &Signature| self.names.rule(&one.actor, &one.subject);
        if rule.expansion.is_empty() { vec![rule.name.clone()] } else { rule.expansion.iter().map(name).collect() }
    }
}
