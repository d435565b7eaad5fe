//! What a step of the model would have been recorded as.

use super::actions::Deed;
use crate::engines::explicit::stepper::Move;
use crate::trace::execute;
use kubound_encodings::cluster::Cluster;
use kubound_encodings::system::{Phrase, Rule, TransitionSystem};
use kubound_encodings::term::{TermId, VarId};

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
    /// As often as this term says.
    Term(TermId),
    /// As often as the only pick says.
    Pick,
    /// The parts of a split, each of some workload and slot.
    Parts(Vec<(TermId, Option<usize>, Option<usize>)>),
}

/// What the steps of one rule are recorded as.
pub struct Recorder {
    label: Label,
    times: Times,
    number: Option<VarId>,
}

/// The names that rules are read by.
pub struct Names<'a> {
    /// The cluster of the system.
    pub cluster: &'a Cluster,
    /// Names of the node slots.
    pub slots: &'a [String],
}

impl Names<'_> {
    fn slot(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|slot| slot == name)
    }

    /// The workload of a pod group, `namespace/name` with the number of a revision behind `@`, or with an ordinal.
    fn workload(&self, group: &str) -> Option<usize> {
        let plain = group.split('@').next().unwrap_or(group);
        let (namespace, name) = plain.split_once('/')?;
        let find = |name: &str, has_ordinals: bool| {
            self.cluster.workloads.iter().position(|one| {
                let own = (one.reference.namespace.as_str(), one.reference.name.as_str());
                own == (namespace, name) && one.ordinals().is_some() == has_ordinals
            })
        };
        find(name, false).or_else(|| find(name.rsplit_once('-')?.0, true))
    }

    /// How steps of a rule are recorded; `None` if nothing would be.
    pub fn recorder(&self, rule: &Rule) -> Option<Recorder> {
        let mut path = rule.name.split('/').skip(2);
        let rest: Vec<&str> = path.by_ref().collect();
        let group = || self.workload(&rest.iter().take(2).copied().collect::<Vec<_>>().join("/"));
        let last = || rest.last().and_then(|name| self.slot(name));
        let at = |index: usize| rest.get(index).and_then(|name| self.slot(name));
        let plain = |deed, workload, slot| Label { deed, workload, slot, number: None };
        let once = |label| Some(Recorder { label, times: Times::Once, number: None });
        match (rule.actor.as_str(), rule.reason) {
            ("default-scheduler", "Scheduled") => once(plain(Deed::Scheduled, group(), at(2))),
            ("kubelet", "Started") => once(plain(Deed::Started, group(), at(2))),
            ("kubelet", "Failed") => once(plain(Deed::Rejected, group(), at(2))),
            ("kubelet", "Killing") => {
                Some(Recorder { label: plain(Deed::Killing, group(), at(2)), times: Times::Pick, number: None })
            }
            ("taint-eviction-controller", "TaintManagerEviction") => {
                Some(Recorder { label: plain(Deed::TaintEvicted, group(), at(2)), times: Times::Pick, number: None })
            }
            ("replicaset-controller", "SuccessfulCreate") => {
                let count = rule.sentence.iter().rev().find_map(|phrase| match phrase {
                    Phrase::Value { term, .. } => Some(*term),
                    _ => None,
                })?;
                let label = plain(Deed::Created, group(), None);
                Some(Recorder { label, times: Times::Term(count), number: None })
            }
            ("replicaset-controller", "SuccessfulDelete") => {
                let label = plain(Deed::Deleted, group(), None);
                Some(Recorder { times: self.parts(rule, group())?, label, number: None })
            }
            ("descheduler", "Descheduled") => {
                let label = plain(Deed::Descheduled, None, None);
                Some(Recorder { times: self.parts(rule, None)?, label, number: None })
            }
            ("deployment-controller", "ScalingReplicaSet") => {
                let label = plain(Deed::ScaledReplicaSet, group(), None);
                Some(Recorder { label, times: Times::Once, number: after(rule) })
            }
            ("horizontal-pod-autoscaler", "SuccessfulRescale") => {
                let hpa = self.cluster.hpas.iter().find(|hpa| rule.name.ends_with(&format!("/{}", hpa.name)))?;
                let label = plain(Deed::Rescaled, self.cluster.workload(&hpa.target), None);
                Some(Recorder { label, times: Times::Once, number: after(rule) })
            }
            ("node-controller", "NodeNotReady") => once(plain(Deed::NodeNotReady, None, last())),
            ("node-controller", "NodeReady") => once(plain(Deed::NodeReady, None, last())),
            ("kubectl", "NodeNotSchedulable") => once(plain(Deed::Cordoned, None, last())),
            ("kubectl", "NodeSchedulable") => once(plain(Deed::Uncordoned, None, last())),
            _ => None,
        }
    }

    /// The split of a rule; labels of parts read `running on NODE` or `namespace/name (bound) on NODE`.
    fn parts(&self, rule: &Rule, workload: Option<usize>) -> Option<Times> {
        let parts = rule.sentence.iter().find_map(|phrase| match phrase {
            Phrase::Parts(parts) => Some(parts),
            _ => None,
        })?;
        let read = |(term, label): &(TermId, String)| {
            let slot = label.rsplit(' ').next().and_then(|name| self.slot(name));
            let group = workload.or_else(|| self.workload(label.split(' ').next()?));
            (*term, group, slot)
        };
        Some(Times::Parts(parts.iter().map(read).collect()))
    }
}

/// The variable whose new value a sentence tells.
fn after(rule: &Rule) -> Option<VarId> {
    rule.sentence.iter().find_map(|phrase| match phrase {
        Phrase::After(var) => Some(*var),
        _ => None,
    })
}

impl Recorder {
    /// What a step would have been recorded as, each label with how often.
    pub fn labels(&self, system: &TransitionSystem, before: &[i64], step: &Move) -> Vec<(Label, i64)> {
        let label = Label { number: self.number.map(|var| step.state[var.index()]), ..self.label };
        match &self.times {
            Times::Once => vec![(label, 1)],
            Times::Term(term) => vec![(label, execute::values(system, &[*term], before, &step.picks)[0])],
            Times::Pick => vec![(label, step.picks.iter().map(|&(_, value)| value).sum())],
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
