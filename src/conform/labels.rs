//! What a step of the model would have been recorded as.

use super::actions::Deed;
use crate::engines::explicit::stepper::Move;
use crate::trace::execute;
use kubound_encodings::cluster::Cluster;
use kubound_encodings::state::words;
use kubound_encodings::subject::{self, ObjectId, SlotId};
use kubound_encodings::system::{Rule, TransitionSystem, Verb, Write};
use kubound_encodings::term::{TermId, VarDecl, VarId};

/// An action of the model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label {
    /// What was done.
    pub deed: Deed,
    /// Index of the workload in the cluster.
    pub workload: Option<usize>,
    /// Index of the node slot.
    pub slot: Option<usize>,
    /// The size set, where the rule sets one size.
    pub number: Option<i64>,
}

/// How often a step does what it does.
enum Times {
    Once,
    /// As often as these terms say together.
    Sum(Vec<TermId>),
    /// Each part as often as its term says, with some workload and slot.
    Parts(Vec<(TermId, Option<usize>, Option<usize>)>),
}

/// What the steps of one rule are recorded as.
pub struct Recorder {
    label: Label,
    times: Times,
    number: Option<VarId>,
}

/// What rules are read by.
pub struct Names<'a> {
    /// The cluster of the system.
    pub cluster: &'a Cluster,
    /// What subjects of the system speak of.
    pub names: &'a subject::Names,
    /// The variables of the system.
    pub vars: &'a [VarDecl],
}

impl Names<'_> {
    /// The workload that an object is, or a part of it.
    fn workload(&self, object: ObjectId) -> Option<usize> {
        let root = self.names.object(self.names.root(object));
        self.cluster.workloads.iter().position(|one| {
            let own = &one.reference;
            (&own.kind, &own.namespace, &own.name) == (&root.kind, &root.namespace, &root.name)
        })
    }

    /// How steps of a rule are recorded; `None` if nothing would be.
    pub fn recorder(&self, rule: &Rule) -> Option<Recorder> {
        let (deed, verb) = match (rule.actor.as_str(), rule.reason) {
            ("default-scheduler", "Scheduled") => (Deed::Scheduled, Verb::Bind),
            ("kubelet", "Started") => (Deed::Started, Verb::Status),
            ("kubelet", "Failed") => (Deed::Rejected, Verb::Status),
            ("kubelet", "Killing") => (Deed::Killing, Verb::Delete),
            ("taint-eviction-controller", "TaintManagerEviction") => (Deed::TaintEvicted, Verb::Delete),
            ("replicaset-controller", "SuccessfulCreate") => (Deed::Created, Verb::Create),
            ("replicaset-controller", "SuccessfulDelete") => (Deed::Deleted, Verb::Delete),
            ("descheduler", "Descheduled") => (Deed::Descheduled, Verb::Evict),
            ("deployment-controller", "ScalingReplicaSet") => (Deed::ScaledReplicaSet, Verb::Update),
            ("horizontal-pod-autoscaler", "SuccessfulRescale") => (Deed::Rescaled, Verb::Update),
            ("node-controller", "NodeNotReady") => (Deed::NodeNotReady, Verb::Status),
            ("node-controller", "NodeReady") => (Deed::NodeReady, Verb::Status),
            ("kubectl", "NodeNotSchedulable") => (Deed::Cordoned, Verb::Patch),
            ("kubectl", "NodeSchedulable") => (Deed::Uncordoned, Verb::Patch),
            _ => return None,
        };
        let requests: Vec<&Write> = rule.writes.iter().filter(|write| write.verb == verb).collect();
        let (workload, slot) = self.about(requests.first()?);
        let plain = Label { deed, workload, slot, number: None };
        let counted = |write: &&Write| write.times;
        Some(match deed {
            Deed::Created => {
                let times = Times::Sum(requests.iter().filter_map(counted).collect());
                Recorder { label: Label { slot: None, ..plain }, times, number: None }
            }
            Deed::Killing | Deed::TaintEvicted => {
                let times = Times::Sum(requests.iter().filter_map(counted).collect());
                Recorder { label: plain, times, number: None }
            }
            Deed::Deleted | Deed::Descheduled => {
                let part = |write: &&Write| {
                    let (workload, slot) = self.about(write);
                    Some((write.times?, workload, slot))
                };
                let times = Times::Parts(requests.iter().filter_map(part).collect());
                let workload = workload.filter(|_| deed == Deed::Deleted);
                Recorder { label: Label { workload, slot: None, ..plain }, times, number: None }
            }
            Deed::ScaledReplicaSet | Deed::Rescaled => {
                Recorder { label: plain, times: Times::Once, number: self.number(&requests) }
            }
            _ => Recorder { label: plain, times: Times::Once, number: None },
        })
    }

    /// The workload and the slot that a request is about.
    fn about(&self, write: &Write) -> (Option<usize>, Option<usize>) {
        (write.object.and_then(|object| self.workload(object)), write.slot.map(SlotId::index))
    }

    /// The size that the only one of some requests sets.
    fn number(&self, requests: &[&Write]) -> Option<VarId> {
        let [only] = requests else { return None };
        let is_size = |var: &VarId| {
            let word = &self.vars[var.index()].subject.aspect.word;
            *word == words::REPLICAS || *word == words::REPLICA_SET
        };
        only.effects.iter().map(|&(var, _)| var).find(is_size)
    }
}

impl Recorder {
    /// What a step would have been recorded as, each label with how often.
    pub fn labels(&self, system: &TransitionSystem, before: &[i64], step: &Move) -> Vec<(Label, i64)> {
        let label = Label { number: self.number.map(|var| step.state[var.index()]), ..self.label };
        match &self.times {
            Times::Once => vec![(label, 1)],
            Times::Sum(terms) => vec![(label, execute::values(system, terms, before, &step.picks).iter().sum())],
            Times::Parts(parts) => {
                let terms: Vec<TermId> = parts.iter().map(|&(term, _, _)| term).collect();
                let counts = execute::values(system, &terms, before, &step.picks);
                let told = parts.iter().zip(counts).filter(|&(_, count)| count > 0);
                told.map(|(&(_, workload, slot), count)| (Label { workload, slot, ..label }, count)).collect()
            }
        }
    }

    /// Whether some step of the rule might be recorded like this.
    pub fn may(&self, deed: Deed, workload: Option<usize>, slot: Option<usize>) -> bool {
        let fits = |own: Option<usize>, asked: Option<usize>| own.is_none() || asked.is_none() || own == asked;
        let slots = match &self.times {
            Times::Parts(parts) => parts.iter().any(|&(_, _, own)| fits(own, slot)),
            _ => fits(self.label.slot, slot),
        };
        self.label.deed == deed && fits(self.label.workload, workload) && slots
    }
}
