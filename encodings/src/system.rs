//! The transition system: everything an engine needs to know, and nothing about Kubernetes.
//!
//! A system is built by `assemble` (or by hand in tests) and then only read. A *step* fires one enabled rule: the
//! rule's choices are picked within its constraint, its updates happen at once, every variable it does not mention
//! keeps its value, and then every monitor is computed from the state before and after.
//!
//! * A rule that is enabled has at least one pick of its choices that satisfies its constraint, and every such pick
//!   changes the state: there are no idle steps. Engines rely on it, the explicit engine checks it.
//! * An update outside the range of its variable is an error of the model, reported as such; it never disables a rule.
//! * A run that reaches a state where no rule with a fairness unit is enabled may stay there for ever.

use crate::term::{Bool, ChoiceId, Dag, Node, Sort, Term, TermId, VarId};
use rustc_hash::FxHashSet;

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

/// A field of the input that a rule or property stems from.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Origin {
    /// `Kind/namespace/name`, or `Scenario`, `DeschedulerPolicy` and the like.
    pub object: String,
    /// Path of the field, e.g. `spec.template.spec.topologySpreadConstraints[0]`; empty for the whole object.
    pub field: String,
}

/// One guarded command of one controller on one object (and node).
#[derive(Clone, Debug)]
pub struct Rule {
    /// Unique and stable, e.g. `default-scheduler/bind/default/web/spot-0`.
    pub name: String,
    /// Who acts, as Kubernetes Events name it, e.g. `default-scheduler`.
    pub actor: String,
    /// The reason, as Kubernetes Events name it, e.g. `Scheduled`.
    pub reason: &'static str,
    /// When it may act.
    pub pace: Pace,
    /// Guard over the state; implies that some pick satisfies `constraint`.
    pub enabled: Bool,
    /// What it picks.
    pub choices: Vec<Choice>,
    /// Condition over the state and the choices.
    pub constraint: Bool,
    /// New values over the state and the choices.
    pub updates: Vec<(VarId, TermId)>,
    /// Index into [`TransitionSystem::fairness`]; `None` for what never has to happen.
    pub fairness: Option<usize>,
    /// Index of the symmetry class and of the slot in it, for a rule that exists once a slot.
    pub slot: Option<(usize, usize)>,
    /// Why the rule allows more than the real controller does, if it does.
    pub over_approximates: Option<&'static str>,
    /// The rules of the `fine` system that this rule stands for, in order; empty when it is one of them.
    pub expansion: Vec<String>,
    /// What happened, in words.
    pub sentence: Vec<Phrase>,
    /// Named terms over the state before the step and the choices, shown with `-v` (scores of the nodes compared). One
    /// with the name of a choice of a rule of the expansion gives the value of that pick.
    pub details: Vec<(String, TermId)>,
    /// The fields it stems from.
    pub origins: Vec<Origin>,
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

/// Who has to act. Under weak fairness a unit that stays enabled forever acts again and again; under strong fairness
/// being enabled again and again is enough.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FairnessUnit {
    /// Name, e.g. `kubelet spot-0`.
    pub name: String,
    /// Units with the same number differ only by interchangeable slots.
    pub lump: usize,
    /// Whether it is strongly fair; see [`is_strongly_fair`].
    pub strong: bool,
}

/// Whether a unit with these rules is strongly fair. What acts at once is: a scheduler does not miss every single moment
/// at which a pod fits, and an event that must happen does. What waits for a time is not: a timer that is started anew
/// again and again need not ever run off.
pub fn is_strongly_fair(rules: &[Rule], unit: usize) -> bool {
    let mut own = rules.iter().filter(|rule| rule.fairness == Some(unit));
    own.all(|rule| matches!(rule.pace, Pace::Fast | Pace::Event))
}

/// Slots that may differ only by name. Whether permuting them maps runs to runs is for the user of the list to find out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SymmetryClass {
    /// The name of each slot, under which rules, choices and fairness units know it.
    pub names: Vec<String>,
    /// For each slot its variables, in the same order for every slot.
    pub slots: Vec<Vec<VarId>>,
    /// How many of the slots (the first ones) take part, a term over frozen variables.
    pub active: TermId,
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
    /// Object it speaks of, if one.
    pub target: Option<String>,
    /// Headline when violated, e.g. `pods of Deployment default/web are evicted and re-created for ever`.
    pub headline: String,
    /// The claim.
    pub claim: Claim,
    /// States in which the intent has something to say; a clean verdict is vacuous if none is reachable.
    pub premise: Bool,
    /// The fields it stems from.
    pub origins: Vec<Origin>,
}

/// The two forms of claims.
#[derive(Clone, Copy, Debug)]
pub enum Claim {
    /// In every reachable state.
    Invariant(Bool),
    /// No fair run ends in a loop (without external events) all of whose states satisfy `within`, all of whose
    /// steps satisfy `keep`, and some step of which satisfies `progress`; nor stays for ever in a state that
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
    /// Objects that may differ only by name: for each the names under which variables, rules, choices and fairness
    /// units know it. Whether exchanging them maps runs to runs is for the user of the list to find out.
    pub objects: Vec<Vec<String>>,
    /// Number of nodes, over frozen variables.
    pub nodes: TermId,
    /// Number of pods that exist or are wanted, over the state; sizes a counterexample.
    pub pods: TermId,
}

/// Why a system is not well-formed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IllFormed {
    /// Two rules share a name.
    #[error("two rules are named {0}")]
    DuplicateRule(String),
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

/// What a term may read besides constants.
#[derive(Clone, Copy)]
struct MayRead<'a> {
    vars: bool,
    primed: bool,
    choices: &'a [ChoiceId],
}

impl Choice {
    /// The choices it picks.
    pub fn ids(&self) -> &[ChoiceId] {
        match self {
            Choice::Value(id) => std::slice::from_ref(id),
            Choice::Split { parts, .. } => parts,
        }
    }
}

impl TransitionSystem {
    /// Checks that the system is well-formed: names are unique, sorts fit, terms read only what they may, frozen
    /// variables and monitors are not written by rules. Whether enabled rules can fire and updates stay in range
    /// depends on the state and is checked while exploring.
    pub fn check(&self) -> Result<(), IllFormed> {
        if let Some(what) = self.dag.overflow() {
            return Err(IllFormed::Overflow(what.to_owned()));
        }
        let state = MayRead { vars: true, primed: false, choices: &[] };
        let step = MayRead { vars: true, primed: true, choices: &[] };
        for constraint in &self.constraints {
            self.check_bool(&constraint.text, constraint.holds.id(), state)?;
        }
        let mut names = FxHashSet::default();
        for rule in &self.rules {
            if !names.insert(rule.name.as_str()) {
                return Err(IllFormed::DuplicateRule(rule.name.clone()));
            }
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

    fn check_rule(&self, rule: &Rule, state: MayRead) -> Result<(), IllFormed> {
        let ids: Vec<ChoiceId> = rule.choices.iter().flat_map(|choice| choice.ids().iter().copied()).collect();
        let picked = MayRead { choices: &ids, ..state };
        self.check_bool(&rule.name, rule.enabled.id(), state)?;
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

    fn check_reads(&self, place: &str, term: TermId, may: MayRead) -> Result<(), IllFormed> {
        let mut cone = self.dag.cone([term]);
        cone.truncate(term.index() + 1);
        for (index, _) in cone.iter().enumerate().filter(|&(_, &inside)| inside) {
            let what = match self.dag.node(TermId(index as u32)) {
                Node::Var(var) if !may.vars => self.dag.vars()[var.index()].name.clone(),
                Node::Primed(var) if !may.primed => {
                    format!("{} after the step", self.dag.vars()[var.index()].name)
                }
                Node::Choice(choice) if !may.choices.contains(choice) => {
                    self.dag.choices()[choice.index()].name.clone()
                }
                _ => continue,
            };
            return Err(IllFormed::Reads { place: place.to_owned(), what });
        }
        Ok(())
    }

    /// The rule of a name.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }
}
