//! The cluster as symbolic state: which variables exist, and what terms mean in Kubernetes' words.
//!
//! Counts, not names: pods of one workload are interchangeable, so the state counts them by node slot and phase. A
//! variable exists only if some controller, event or intent of this cluster can change it or see the difference
//! ([`Features`]); otherwise the same question is answered by a constant.

pub(crate) mod arbitrary;
mod clock;
mod counts;
mod custom;
mod draft;
mod expression;
mod formula;
mod grid;
mod groups;
mod identity;
mod labels;
mod nodes;
mod ownership;
mod pods;
mod pose;
mod quota;
mod revisions;
mod rule;
mod start;
mod tables;
mod uses;
pub mod words;

pub use clock::{Clock, Countdown, Periodic, Schedule, Timer};
pub(crate) use clock::{PRESSURE_TRANSITION, TIME};
pub use custom::{CustomObject, CustomState, FieldState, FieldValue};
pub(crate) use draft::{Divisible, Draft};
pub use expression::{condition, number};
pub use formula::holds;
pub(crate) use formula::{Item, Value, value as value_of};
pub use grid::Grid;
pub use identity::Ids;
pub use labels::NodeLabels;
pub use nodes::{MEMORY_PRESSURE, Slot, Taints, UNREACHABLE, UNSCHEDULABLE};
pub use ownership::Ownership;
pub use pods::{Group, Phase};
pub(crate) use pose::Pose;
pub(crate) use quota::Refusal;
pub use rule::{Phrases, RuleBuilder, counted, text, value};
pub use uses::{Uses, cpu_unit, initial_cpu};

use crate::cluster::node::{CPU, MEMORY};
use crate::cluster::quota::LIMITS;
use crate::cluster::{Cluster, Granularity, Start, Timing};
use crate::needs::Needs;
use crate::subject::{Names, Subject};
use crate::system::{Constraint, FairnessUnit, Initial, Role, StateVar, Write};
use crate::term::{Bool, Int, Term, VarId, bool_var, int_var};
use std::collections::BTreeMap;

/// An integer state variable and its value before the step.
#[derive(Clone, Copy, Debug)]
pub struct IntVar {
    /// The variable.
    pub id: VarId,
    /// Its value.
    pub value: Int,
}

/// A boolean state variable and its value before the step.
#[derive(Clone, Copy, Debug)]
pub struct BoolVar {
    /// The variable.
    pub id: VarId,
    /// Its value.
    pub value: Bool,
}

/// How steps follow each other in this cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Features {
    /// Whether a pod starts in the step that binds it: only under paced timing, where templates do not change and nothing sees
    /// each step (see `docs/src/decisions`).
    pub fused: bool,
    /// Whether time is paced.
    pub paced: bool,
    /// Events wait for the first settled state.
    pub settles_first: bool,
}

impl Features {
    fn of(cluster: &Cluster, granularity: Granularity, needs: &Needs) -> Self {
        let paced = cluster.timing == Timing::Paced;
        let skips = !needs.sees_each_step && needs.templates.is_empty();
        Self {
            fused: paced && granularity == Granularity::Fused && skips,
            paced,
            settles_first: cluster.start == Start::Settled,
        }
    }
}

/// The symbolic state under construction, with the rules collected so far.
#[derive(Debug)]
pub struct Model<'c> {
    /// The input.
    pub cluster: &'c Cluster,
    /// What controllers, events and intents need of it.
    pub needs: Needs,
    /// How steps follow each other.
    pub features: Features,
    /// The objects of the cluster.
    pub ids: Ids,
    /// How names call objects and nodes.
    pub names: Names,
    /// Node slots of all pools.
    pub slots: Vec<Slot>,
    /// Number of nodes that exist initially, by pool.
    pub pool_sizes: Vec<Int>,
    /// Pod groups: the first revision of each workload, by workload, then all other revisions.
    pub groups: Vec<Group>,
    /// Greatest common divisor of all amounts of a resource: one model unit.
    pub units: BTreeMap<String, i64>,
    /// What controllers and events remember beside the pods.
    tables: tables::Tables,
    /// Whether no fair rule can change anything but clocks from here on; known once all rules are made.
    pub settled: Bool,
    /// Whether the run has settled once (only with `start: settled`).
    pub settled_once: Option<BoolVar>,
    /// What takes time, and what counts it.
    pub clock: Clock,
    /// The group whose pods are asked about as if they asked for something else.
    pose: Option<Pose>,
    /// The parts of the system made so far.
    pub(crate) draft: Draft,
}

impl<'c> Model<'c> {
    /// Declares the state of a cluster.
    pub fn new(cluster: &'c Cluster, granularity: Granularity, needs: Needs) -> Self {
        let (names, ids) = identity::identify(cluster);
        let mut model = Self {
            cluster,
            features: Features::of(cluster, granularity, &needs),
            ids,
            names,
            slots: Vec::new(),
            pool_sizes: Vec::new(),
            groups: Vec::new(),
            units: units(cluster, &needs),
            tables: tables::Tables::default(),
            settled: true.into(),
            settled_once: None,
            clock: Clock::of(&needs),
            pose: None,
            draft: Draft::default(),
            needs,
        };
        model.declare_nodes();
        model.declare_groups();
        if model.features.settles_first {
            model.settled_once = Some(model.bool_var("settled once", Role::Budget, false.into()));
        }
        model
    }

    /// Declares an integer variable with an initial term.
    pub fn int_var(
        &mut self,
        subject: impl Into<Subject>,
        role: Role,
        lo: i64,
        hi: i64,
        initial: impl Into<Int>,
    ) -> IntVar {
        let (id, value) = int_var(subject, lo, hi);
        self.draft.vars.push(StateVar { role, initial: Initial::Term(initial.into().id()) });
        IntVar { id, value }
    }

    /// Declares an integer variable that is free initially.
    pub fn free_int(&mut self, subject: impl Into<Subject>, role: Role, lo: i64, hi: i64) -> IntVar {
        let (id, value) = int_var(subject, lo, hi);
        self.draft.vars.push(StateVar { role, initial: Initial::Free });
        IntVar { id, value }
    }

    /// Declares a boolean variable with an initial term.
    pub fn bool_var(&mut self, subject: impl Into<Subject>, role: Role, initial: Bool) -> BoolVar {
        let (id, value) = bool_var(subject);
        self.draft.vars.push(StateVar { role, initial: Initial::Term(initial.id()) });
        BoolVar { id, value }
    }

    /// A frozen value of a span: a constant, or a free frozen variable (which counts the steps, where they are not 1).
    pub fn frozen(&mut self, subject: impl Into<Subject>, span: crate::cluster::Span) -> Int {
        match span.constant() {
            Some(value) => value.into(),
            None if span.step == 1 => self.free_int(subject, Role::Frozen, span.lo, span.hi).value,
            None => self.free_int(subject, Role::Frozen, 0, span.len() - 1).value * span.step + span.lo,
        }
    }

    /// The scheduler's profile for pods of a group.
    pub fn profile(&self, group: usize) -> &'c crate::cluster::SchedulerProfile {
        let cluster = self.cluster;
        let workload = &cluster.workloads[self.groups[group].workload];
        cluster.profile(workload.template_of(self.groups[group].template))
    }

    /// The initial value of a variable that has a term for it.
    pub fn initial_of(&self, var: IntVar) -> Int {
        match self.draft.vars[var.id.index()].initial {
            Initial::Term(term) => Int::from_id(term),
            Initial::Free => var.value,
        }
    }

    /// An amount of a resource in model units.
    pub fn scaled(&self, resource: &str, amount: i64) -> i64 {
        amount / self.units.get(resource).copied().unwrap_or(1)
    }

    /// Adds a condition on initial states.
    pub fn constrain(&mut self, text: impl Into<String>, holds: Bool, is_assumption: bool) {
        self.draft.constraints.push(Constraint { text: text.into(), holds, is_assumption });
    }

    /// The fairness unit of a subject. Made at first use.
    pub fn fairness_unit(&mut self, subject: Subject) -> usize {
        if let Some(index) = self.draft.fairness.iter().position(|unit| unit.subject == subject) {
            return index;
        }
        // Whether it is prompt follows from its rules, once all are made.
        self.draft.fairness.push(FairnessUnit { subject, name: String::new(), prompt: false });
        self.draft.fairness.len() - 1
    }

    /// What is used although nobody said that it is needed: countdowns, and values of `spec.replicas` and templates
    /// that make for surplus pods and several revisions.
    pub(crate) fn undeclared(&self) -> impl Iterator<Item = String> + '_ {
        let written = self.draft.rules.iter().flat_map(|rule| rule.updates.iter().map(move |&(var, _)| (rule, var)));
        let changed = written.filter_map(|(rule, var)| {
            let group = (0..self.cluster.workloads.len()).find(|&group| {
                let reference = &self.workload(group).reference;
                let replicas = self.groups[group].spec.id == var && !self.needs.writes_replicas(reference);
                let template = self.revision_wanted(group).is_some_and(|wanted| wanted.id == var);
                replicas || (template && !self.needs.changes_template(reference))
            })?;
            Some(format!("{} changes {}", self.names.rule(&rule.actor, &rule.subject), self.groups[group].object))
        });
        let aimless = self.draft.rules.iter().filter(|rule| {
            let is_aimless = |write: &Write| write.object.is_none() && write.slot.is_none();
            rule.writes.iter().any(|write| write.verb.is_request() && is_aimless(write))
        });
        let aimless = aimless.map(|rule| format!("{} writes to nothing", self.names.rule(&rule.actor, &rule.subject)));
        self.draft.undeclared.iter().cloned().chain(changed).chain(aimless)
    }

    /// Number of nodes that exist now, in all pools.
    pub fn nodes_present(&self) -> Int {
        crate::term::sum((0..self.pool_sizes.len()).map(|pool| self.pool_size(pool)))
    }

    /// Number of nodes of a pool that exist now.
    pub fn pool_size(&self, pool: usize) -> Int {
        let members = || self.slots.iter().filter(|slot| slot.pool == pool);
        match members().any(|slot| slot.exists.is_some()) {
            true => crate::term::count(members().map(|slot| slot.present)),
            false => self.pool_sizes[pool],
        }
    }

    /// The workload's pods that exist or are wanted, whichever is more, over all workloads: the size of a state.
    pub fn pods_measure(&self) -> Int {
        let workloads = 0..self.cluster.workloads.len();
        crate::term::sum(workloads.map(|group| self.groups[group].spec.value.max(self.active(group))))
    }
}

/// The greatest common divisor of all amounts of each resource that meet in arithmetic.
fn units(cluster: &Cluster, needs: &Needs) -> BTreeMap<String, i64> {
    let mut units: BTreeMap<String, i64> = BTreeMap::new();
    let mut meet = |resource: &str, amount: i64| {
        let unit = units.entry(resource.to_owned()).or_insert(0);
        *unit = gcd(*unit, amount);
    };
    for pool in &cluster.pools {
        for (resource, span) in &pool.allocatable {
            for amount in [span.lo, span.hi - span.lo, if span.constant().is_some() { 0 } else { span.step }] {
                meet(resource, amount);
            }
        }
    }
    for workload in &cluster.workloads {
        for template in workload.templates() {
            for (resource, &amount) in &template.requests {
                meet(resource, amount);
            }
            for (resource, &limit) in &template.limits {
                meet(&format!("{LIMITS}{resource}"), limit);
            }
            meet(CPU, template.nonzero_cpu);
            meet(MEMORY, template.nonzero_memory);
        }
    }
    for (resource, amount) in &needs.amounts {
        meet(resource, *amount);
    }
    units.retain(|_, unit| *unit > 0);
    units
}

/// Greatest common divisor; `gcd(0, x) = x`.
pub(crate) fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}
