//! What a step of the model would have been recorded as.

use super::actions::Deed;
use crate::engines::explicit::stepper::Move;
use crate::trace::execute;
use kubound_encodings::cluster::Cluster;
use kubound_encodings::state::words;
use kubound_encodings::subject::{self, ObjectId, SlotId};
use kubound_encodings::system::{Rule, TransitionSystem, Verb, Write};
use kubound_encodings::term::{TermId, VarDecl, VarId};

/// As Kubernetes Events name it.
const DAEMON_SET: &str = "daemonset-controller";

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
    /// The size before.
    pub before: Option<i64>,
}

impl Label {
    /// One without sizes.
    fn about(deed: Deed, workload: Option<usize>, slot: Option<usize>) -> Self {
        Self { deed, workload, slot, number: None, before: None }
    }
}

/// One thing that steps of a rule are recorded as.
struct Part {
    label: Label,
    /// How often it is done, a term over the state before; `None`: once.
    times: Option<TermId>,
    /// The size that is set; nothing is recorded where it stays as it is.
    size: Option<VarId>,
}

/// What the steps of one rule are recorded as.
pub struct Recorder {
    parts: Vec<Part>,
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

    /// Whether an object is an event that others come `after`.
    pub fn is_awaited(&self, object: ObjectId) -> bool {
        let is_it = |id: &String| self.names.object(object).name == *id;
        self.cluster.events.iter().any(|event| event.after.as_ref().is_some_and(is_it))
    }

    /// How steps of a rule are recorded; `None` if nothing would be.
    pub fn recorder(&self, rule: &Rule) -> Option<Recorder> {
        let (deed, verb) = match (rule.actor.as_str(), rule.reason) {
            ("default-scheduler", "Scheduled") => (Deed::Scheduled, Verb::Bind),
            ("kubelet", "Started") => (Deed::Started, Verb::Status),
            ("kubelet", "Failed") => (Deed::Rejected, Verb::Status),
            ("kubelet", "Killing") => (Deed::Killing, Verb::Delete),
            ("taint-eviction-controller", "TaintManagerEviction") => (Deed::TaintEvicted, Verb::Delete),
            (
                "replicaset-controller" | DAEMON_SET | "statefulset-controller" | "job-controller",
                "SuccessfulCreate",
            ) => (Deed::Created, Verb::Create),
            ("replicaset-controller" | DAEMON_SET | "statefulset-controller", "SuccessfulDelete") => {
                (Deed::Deleted, Verb::Delete)
            }
            ("default-scheduler", "Preempted") => (Deed::Preempted, Verb::Delete),
            ("kubelet", "Completed") => (Deed::Ended, Verb::Status),
            ("descheduler", "Descheduled") => (Deed::Descheduled, Verb::Evict),
            ("deployment-controller", "ScalingReplicaSet") => (Deed::ScaledReplicaSet, Verb::Update),
            ("horizontal-pod-autoscaler", "SuccessfulRescale") => (Deed::Rescaled, Verb::Update),
            ("node-controller", "NodeNotReady") => (Deed::NodeNotReady, Verb::Status),
            ("node-controller", "NodeReady") => (Deed::NodeReady, Verb::Status),
            ("kubectl", "NodeNotSchedulable") => (Deed::Cordoned, Verb::Patch),
            ("kubectl", "NodeSchedulable") => (Deed::Uncordoned, Verb::Patch),
            _ => return None,
        };
        let requests = rule.writes.iter().filter(|write| write.verb == verb);
        let parts: Vec<Part> = match deed {
            Deed::ScaledReplicaSet => requests.filter_map(|write| self.size(deed, write)).collect(),
            Deed::Created
            | Deed::Deleted
            | Deed::Preempted
            | Deed::TaintEvicted
            | Deed::Descheduled
            | Deed::Killing
            | Deed::Ended => requests.flat_map(|write| self.pods(deed, rule, write)).collect(),
            // What else they write belongs to the same.
            _ => requests.take(1).map(|write| self.whole(deed, write)).collect(),
        };
        (!parts.is_empty()).then_some(Recorder { parts })
    }

    /// What a step is recorded as that does one thing.
    fn whole(&self, deed: Deed, write: &Write) -> Part {
        let (workload, slot) = self.about(write);
        let size = if deed == Deed::Rescaled { self.size_set(write) } else { None };
        Part { label: Label::about(deed, workload, slot), times: None, size }
    }

    /// What a request about pods is recorded as.
    fn pods(&self, deed: Deed, rule: &Rule, write: &Write) -> Vec<Part> {
        let (workload, slot) = self.about(write);
        let times = write.times;
        let part =
            |deed: Deed, slot: Option<usize>| Part { label: Label::about(deed, workload, slot), times, size: None };
        match deed {
            // Pods of DaemonSets that have room are created and bound in one step.
            Deed::Created if rule.actor == DAEMON_SET && slot.is_some() => {
                vec![part(deed, None), part(Deed::Scheduled, slot)]
            }
            Deed::Created => vec![part(deed, None)],
            // What is written without a node is the Job's status.
            Deed::Ended if slot.is_none() => Vec::new(),
            _ => vec![part(deed, slot)],
        }
    }

    /// The size of a Deployment's ReplicaSet that a request sets. Nobody else's ReplicaSets are scaled.
    fn size(&self, deed: Deed, write: &Write) -> Option<Part> {
        let (workload, _) = self.about(write);
        let is_deployment = |&index: &usize| self.cluster.workloads[index].reference.kind == "Deployment";
        let label = Label::about(deed, Some(workload.filter(is_deployment)?), None);
        Some(Part { label, times: None, size: Some(self.size_set(write)?) })
    }

    /// The workload and the slot that a request is about.
    fn about(&self, write: &Write) -> (Option<usize>, Option<usize>) {
        (write.object.and_then(|object| self.workload(object)), write.slot.map(SlotId::index))
    }

    /// The size that a request sets.
    fn size_set(&self, write: &Write) -> Option<VarId> {
        let is_size = |var: &VarId| {
            let word = &self.vars[var.index()].subject.aspect.word;
            *word == words::REPLICAS || *word == words::REPLICA_SET
        };
        write.effects.iter().map(|&(var, _)| var).find(is_size)
    }
}

impl Recorder {
    /// What a step would have been recorded as, each label with how often.
    pub fn labels(&self, system: &TransitionSystem, before: &[i64], step: &Move) -> Vec<(Label, i64)> {
        let terms: Vec<TermId> = self.parts.iter().filter_map(|part| part.times).collect();
        let mut counts = execute::values(system, &terms, before, &step.picks).into_iter();
        let told = |part: &Part| {
            let times = part.times.map_or(Some(1), |_| counts.next())?;
            let number = part.size.map(|var| step.state[var.index()]);
            let former = part.size.map(|var| before[var.index()]);
            let is_done = number.is_none() || number != former;
            (times > 0 && is_done).then_some((Label { number, before: former, ..part.label }, times))
        };
        self.parts.iter().filter_map(told).collect()
    }

    /// Whether some step of the rule might be recorded like this.
    pub fn may(&self, deed: Deed, workload: Option<usize>, slot: Option<usize>) -> bool {
        let fits = |own: Option<usize>, asked: Option<usize>| own.is_none() || asked.is_none() || own == asked;
        self.parts
            .iter()
            .map(|part| part.label)
            .any(|label| label.deed == deed && fits(label.workload, workload) && fits(label.slot, slot))
    }
}
