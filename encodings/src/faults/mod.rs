//! Faults: one file a kind, registered in `REGISTRY`. A kind turns the rules that controllers and events have made into
//! more rules, or has them read what is past; it knows rules, their writes and what is kept in memory, and no controller.
//!
//! Every fault is an event with a budget. Hence no loop contains one, and a run that loops forever after a fault is a run of
//! the cluster without faults, from a state that faults can reach. Faults wait for nothing: they may come between any two
//! steps, whatever the timing; a pod never starts in the step that binds it where there are any.
//!
//! A cluster without faults has the same system as if this folder did not exist.

mod api;
mod conflict;
mod crash;
mod interrupted;
mod stall;

use crate::cluster::{Cluster, Fault, FaultKind};
use crate::controllers::Controller;
use crate::kinds::Kinds;
use crate::needs::Needs;
use crate::state::{IntVar, Model, RuleBuilder, words};
use crate::subject::Subject;
use crate::system::{Role, Rule};

/// A kind of fault.
trait FaultModel: Sync {
    /// Which one.
    fn kind(&self) -> FaultKind;

    /// Adds its rules, and changes those that see it.
    fn add_rules(&self, model: &mut Model, injection: &Injection);
}

/// All kinds, in the order in which they are added: what changes rules comes before what makes more of them.
const REGISTRY: &[&dyn FaultModel] =
    &[&stall::STALE, &stall::STALL, &crash::Crash, &conflict::Conflict, &api::ApiFault];

/// A fault of a cluster, with whom it may happen to.
struct Injection<'c> {
    fault: &'c Fault,
    /// How often it may still happen.
    left: IntVar,
    /// The controllers that it may happen to.
    concerned: Vec<&'static dyn Controller>,
    /// All controllers.
    controllers: &'c [&'static dyn Controller],
}

impl Injection<'_> {
    /// A rule by which the fault happens.
    fn happens(&self, model: &Model, rule: RuleBuilder) -> RuleBuilder {
        let rule = rule.when(self.left.value.above(0)).breaks(self.fault.kind.name());
        let rule = model.settled_once.into_iter().fold(rule, |rule, settled| rule.when(settled.value));
        rule.happens().add(self.left, -1).because_of(self.fault.origin.clone())
    }

    /// The fault as verdicts repeat it, with whose late views of pods no model has.
    fn told(&self, model: &Model) -> String {
        let told = self.fault.told();
        if !matches!(self.fault.kind, FaultKind::Stale | FaultKind::Stall) {
            return told;
        }
        let acts = |name: &str| model.draft.rules.iter().any(|rule| rule.actor == name);
        let missing = self
            .concerned
            .iter()
            .filter(|one| one.footprint().watches_pods() && acts(one.name()) && !sees_late_pods(**one, model));
        let missing: Vec<&str> = missing.map(|one| one.name()).collect();
        if missing.is_empty() {
            return told;
        }
        format!("{told}; not modelled is what these do on pods that they see late: {}", missing.join(", "))
    }

    /// The process in which a controller runs.
    fn process_of(&self, controller: &str) -> Option<&'static str> {
        self.controllers.iter().find(|one| one.name() == controller).map(|one| one.footprint().runs_in)
    }

    /// Whether it may happen to whoever acts by a rule.
    fn concerns(&self, rule: &Rule) -> bool {
        self.concerned.iter().any(|one| rule.actor == one.name())
    }

    /// The rules that stand for several requests of controllers that it may happen to, by index.
    fn divisible(&self, model: &Model) -> Vec<usize> {
        let rules = model.draft.divisible.iter().map(|&(rule, _)| rule);
        rules.filter(|&rule| self.concerns(&model.draft.rules[rule])).collect()
    }
}

/// Whether the model knows what a controller does on late pods.
fn sees_late_pods(controller: &dyn Controller, model: &Model) -> bool {
    controller.late(model).iter().any(|late| late.kind == "Pod")
}

/// What the faults of a cluster need, whichever they are: what each controller does about them it says for itself.
pub(crate) fn needs(cluster: &Cluster) -> Needs {
    // One rule that stands for two requests skips the state between them.
    let of =
        |fault: &Fault| Needs { sees_each_step: true, sees_admission: true, moments: fault.times, ..Needs::default() };
    cluster.faults.iter().filter(|fault| fault.times > 0).map(of).fold(Needs::default(), Needs::and)
}

/// Adds the faults of a cluster to the rules that are made so far.
pub(crate) fn add_rules(kinds: &Kinds, model: &mut Model) {
    let (cluster, controllers) = (model.cluster, kinds.controllers.as_slice());
    for kind in REGISTRY {
        for fault in cluster.faults.iter().filter(|fault| fault.kind == kind.kind() && fault.times > 0) {
            let is_meant = |one: &&&'static dyn Controller| fault.concerns(one.name(), one.footprint().runs_in);
            let concerned = controllers.iter().filter(is_meant).copied().collect();
            let subject = Subject::new(words::LEFT).word(fault.kind.name());
            let left = model.int_var(subject, Role::Budget, 0, fault.times, fault.times);
            let injection = Injection { fault, left, concerned, controllers };
            kind.add_rules(model, &injection);
            model.constrain(injection.told(model), true.into(), true);
        }
    }
}
