//! `start: arbitrary`: runs start in any state of pods, ReplicaSets, timers and notes of controllers, reachable or not, so that
//! what holds from there holds whatever has happened before, faults included. What manifests say and how nodes are stays as
//! it is; a few conditions remain, without which a state could not be one of a cluster.

use super::{Model, words};
use crate::cluster::{Cluster, Start};
use crate::needs::Needs;
use crate::subject::{ObjectId, Subject};
use crate::system::{Initial, Role};
use crate::term::{Bool, Int, VarId, all, any, subject_of, sum};

/// What `start: arbitrary` needs of the model.
pub(crate) fn needs(cluster: &Cluster) -> Needs {
    let is_asked = cluster.start == Start::Arbitrary;
    // That merged rules lose nothing is looked at in states that are reached from empty ones.
    Needs { makes_surplus: is_asked, doubles_pods: is_asked, sees_each_step: is_asked, ..Needs::default() }
}

impl Model<'_> {
    /// Frees what a cluster may be in the middle of.
    pub(crate) fn forget_start(&mut self) {
        if self.cluster.start != Start::Arbitrary {
            return;
        }
        for index in 0..self.draft.vars.len() {
            let (subject, _) = subject_of(VarId(index as u32));
            if matches!(self.draft.vars[index].role, Role::Cluster | Role::Clock) && self.may_be_anything(&subject) {
                self.draft.vars[index].initial = Initial::Free;
            }
        }
        for slot in 0..self.slots.len() {
            self.constrain_slot(slot);
        }
        for group in 0..self.groups.len() {
            self.constrain_group(group);
        }
        self.constrain_places();
        self.constrain_replica_sets();
    }

    /// Whether a variable is free: of what controllers have made, not of what users and machines say.
    fn may_be_anything(&self, subject: &Subject) -> bool {
        let Some(object) = subject.object else { return false };
        let workload = self.ids.workloads.iter().position(|&id| self.names.belongs(object, id));
        let Some(workload) = workload.map(|index| &self.cluster.workloads[index]) else {
            let is_budget = self.ids.budgets.contains(&object);
            return is_budget || self.ids.hpas.contains(&object) || self.ids.vpas.contains(&object);
        };
        let is_scaled = self.cluster.hpas.iter().any(|hpa| hpa.target == workload.reference);
        match subject.aspect.word.as_ref() {
            words::REPLICAS => is_scaled,
            // Where a pod would like to go is decided anew for each pod.
            words::EXISTS | words::TEMPLATE | words::PAUSED | words::NOMINATED | words::CPU_USAGE => false,
            words::METRIC_NOW | words::METRIC_GONE => false,
            _ => workload.job().is_none(),
        }
    }

    /// No pods are on nodes that do not exist, and those on a node fit.
    fn constrain_slot(&mut self, slot: usize) {
        let there = &self.slots[slot];
        let groups = 0..self.groups.len();
        let pods = sum(groups.clone().map(|group| self.groups[group].assigned_on(slot)));
        let resources = there.allocatable.iter().map(|(resource, &available)| {
            let request = |group: usize| self.template(group).requests.get(resource).copied().unwrap_or(0);
            sum(groups
                .clone()
                .map(|group| self.groups[group].assigned_on(slot) * self.scaled(resource, request(group))))
            .at_most(available)
        });
        let resources: Vec<Bool> = resources.collect();
        let fits = all(resources) & pods.at_most(there.pods) & (there.present | pods.is(0));
        let text = format!("pods fit on {} initially", there.name);
        self.constrain(text, fits, false);
    }

    /// Pods of a group are no more than its controller could have made.
    fn constrain_group(&mut self, group: usize) {
        let own = &self.groups[group];
        let within = own.slots().map(|slot| {
            let most = own.terminating[slot].value.range().hi;
            self.groups[group].assigned_on(slot).at_most(most)
        });
        let within: Vec<Bool> = within.collect();
        let waiting = own.waiting.iter().flatten().enumerate();
        let waiting: Vec<Bool> =
            waiting.map(|(slot, waiting)| (waiting.value + own.active_on(slot)).at_most(1)).collect();
        let most = own.pending.value.range().hi;
        let few = if self.workload(group).is_bare() {
            // Nobody makes another one while it is deleted.
            (own.active() + sum(own.terminating.iter().map(|count| count.value))).at_most(1)
        } else if own.waiting.is_some() {
            true.into()
        } else {
            own.active().at_most(most)
        };
        let text = format!("pods of {} initially", own.name);
        self.constrain(text, all(within) & all(waiting) & few, false);
    }

    /// One pod of each number at most.
    fn constrain_places(&mut self) {
        for index in 0..self.cluster.workloads.len() {
            let numbers = self.groups.iter().filter(|group| group.workload == index).filter_map(|group| group.ordinal);
            let most = numbers.max().map_or(0, |most| most + 1);
            for ordinal in 0..most {
                let same = self.groups.iter().filter(|one| one.workload == index && one.ordinal == Some(ordinal));
                let pods = sum(same.map(|one| one.active() + sum(one.terminating.iter().map(|count| count.value))));
                let text =
                    format!("pods of {} with number {ordinal} initially", self.cluster.workloads[index].reference);
                self.constrain(text, pods.at_most(1), false);
            }
        }
    }

    /// The numbers of a word that belong to a workload, by the ReplicaSet.
    fn numbers_of(&self, workload: usize, word: &str) -> Vec<(ObjectId, Int)> {
        let id = self.ids.workloads[workload];
        let named = (0..self.draft.vars.len()).filter_map(|var| {
            let (subject, value) = subject_of(VarId(var as u32));
            let own = subject.object.filter(|&object| self.names.belongs(object, id) && subject.aspect.word == word)?;
            Some((own, value?))
        });
        named.collect()
    }

    /// The ReplicaSets of a Deployment ask for no more pods together than one of them may, and than the largest number that
    /// is noted at any; what is noted is a number of replicas, and that number with the surge.
    fn constrain_replica_sets(&mut self) {
        for index in 0..self.cluster.workloads.len() {
            let workload = &self.cluster.workloads[index];
            let sizes = self.numbers_of(index, words::REPLICA_SET);
            let Some(most) = sizes.iter().map(|(_, size)| size.range().hi).max().filter(|_| sizes.len() > 1) else {
                continue;
            };
            let all_pods = sum(sizes.iter().map(|(_, size)| *size));
            let desired = self.numbers_of(index, words::DESIRED_REPLICAS);
            let limits = self.numbers_of(index, words::WITH_SURGE);
            let with_surge = |replicas: i64| replicas + workload.rollout.strategy.surge(replicas);
            let noted = limits.iter().map(|(object, limit)| {
                let own = desired.iter().find(|(other, _)| other == object).map(|(_, desired)| *desired);
                let fits = |desired: Int| limit.is(desired.tabulate(with_surge)) | (limit.is(0) & desired.is(0));
                own.map_or(true.into(), fits)
            });
            let noted: Vec<Bool> = noted.collect();
            let some = limits.iter().map(|(_, limit)| limit.at_least(all_pods)).collect::<Vec<_>>();
            let within = if some.is_empty() { true.into() } else { any(some) | all_pods.is(0) };
            let text = format!("ReplicaSets of {} initially", workload.reference);
            self.constrain(text, all_pods.at_most(most) & all(noted) & within, false);
        }
    }
}
