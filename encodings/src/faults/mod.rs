//! Faults: one file a kind, registered in `REGISTRY`. A kind turns the rules that controllers and events have made into
//! more rules, or has them read what is past; it knows rules, their writes and what is kept in memory, and no controller.
//!
//! Every fault is an event with a budget. Hence no loop contains one, and a run that loops forever after a fault is a run of
//! the cluster without faults, from a state that faults can reach. Faults wait for nothing: they may come between any two
//! steps, whatever the timing; rules are never merged where there are any.
//!
//! A cluster without faults has the same system as if this folder did not exist.

mod api;
mod conflict;
mod crash;
mod interrupted;
mod stall;

use crate::cluster::{Cluster, Fault, FaultKind};
use crate::controllers::Late;
use crate::footprint::Footprint;
use crate::kinds::Kinds;
use crate::needs::Needs;
use crate::state::{IntVar, Model, RuleBuilder, words};
use crate::subject::Subject;
use crate::system::Role;

/// A kind of fault.
trait FaultModel: Sync {
    /// Which one.
    fn kind(&self) -> FaultKind;

    /// What it needs of the model.
    fn needs(&self, cluster: &Cluster, fault: &Fault) -> Needs {
        let _ = (cluster, fault);
        Needs::default()
    }

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
    concerned: Vec<&'static str>,
    /// What controllers may see late.
    late: Vec<(&'static str, Vec<Late>)>,
    /// All controllers with what they remember and where they run.
    controllers: &'c [(&'static str, Footprint)],
}

impl Injection<'_> {
    /// A rule by which the fault happens.
    fn happens(&self, model: &Model, rule: RuleBuilder) -> RuleBuilder {
        let rule = rule.when(self.left.value.above(0)).breaks(self.fault.kind.name());
        let rule = model.settled_once.into_iter().fold(rule, |rule, settled| rule.when(settled.value));
        rule.happens().add(self.left, -1).because_of(self.fault.origin.clone())
    }

    /// The process in which a controller runs.
    fn process_of(&self, controller: &str) -> Option<&'static str> {
        let mut controllers = self.controllers.iter();
        controllers.find(|(name, _)| *name == controller).map(|(_, footprint)| footprint.runs_in)
    }

    /// The rules that stand for several requests of controllers that it may happen to, by index.
    fn divisible(&self, model: &Model) -> Vec<usize> {
        let rules = model.draft.divisible.iter().map(|&(rule, _)| rule);
        rules.filter(|&rule| self.concerned.iter().any(|name| model.draft.rules[rule].actor == *name)).collect()
    }
}

/// What the faults of a cluster need.
pub(crate) fn needs(cluster: &Cluster) -> Needs {
    let of = |fault: &Fault| {
        let own = kind(fault.kind).map_or(Needs::default(), |kind| kind.needs(cluster, fault));
        // Merged rules skip the states between two requests.
        own.and(Needs { sees_each_step: true, sees_admission: true, moments: fault.times, ..Needs::default() })
    };
    cluster.faults.iter().filter(|fault| fault.times > 0).map(of).fold(Needs::default(), Needs::and)
}

/// Adds the faults of a cluster to the rules that are made so far.
pub(crate) fn add_rules(kinds: &Kinds, model: &mut Model) {
    if model.cluster.faults.iter().all(|fault| fault.times <= 0) {
        return;
    }
    let controllers: Vec<(&'static str, Footprint)> =
        kinds.controllers.iter().map(|one| (one.name(), one.footprint())).collect();
    let cluster = model.cluster;
    for kind in REGISTRY {
        for fault in cluster.faults.iter().filter(|fault| fault.kind == kind.kind() && fault.times > 0) {
            let concerned = controllers.iter().filter(|(name, footprint)| fault.concerns(name, footprint.runs_in));
            let concerned = concerned.map(|&(name, _)| name).collect();
            let subject = Subject::new(words::LEFT).word(fault.kind.name());
            let left = model.int_var(subject, Role::Budget, 0, fault.times, fault.times);
            let late = kinds.controllers.iter().map(|one| (one.name(), one.late(model))).collect();
            kind.add_rules(model, &Injection { fault, left, concerned, late, controllers: &controllers });
            model.constrain(fault.told(), true.into(), true);
        }
    }
}

fn kind(kind: FaultKind) -> Option<&'static dyn FaultModel> {
    REGISTRY.iter().copied().find(|one| one.kind() == kind)
}
