//! What ResourceQuotas leave for new pods (section 8.5); nothing where a LimitRange refuses them. The API server refuses a pod that would exceed one; pods that
//! are terminating count until they are gone, those on a node that stopped until quotas leave them out. What a pod does not request is not checked, but a pod without a request for CPU or memory is refused where a
//! quota limits that.

use super::{IntVar, Model, Phrases, text};
use crate::cluster::node::{CPU, MEMORY};
use crate::cluster::quota::{LIMITS, PODS};
use crate::cluster::{PodTemplate, ResourceQuota};
use crate::system::{Origin, Phrase};
use crate::term::{Bool, Int, Term, ite, sum};

/// Why a quota lets no more pods of a group in, or how many more it does.
enum Left {
    /// The pod says nothing about a resource that is limited.
    Missing,
    /// So much is left beside what is used, in model units.
    Amount { request: i64, hard: i64, used: Int },
}

/// A refusal of the API server.
pub(crate) struct Refusal {
    /// Whether a pod is refused.
    pub(crate) when: Bool,
    /// What the API server says.
    pub(crate) says: Phrases,
    /// The field that refuses it.
    pub(crate) origin: Origin,
}

impl Model<'_> {
    /// How many more pods of a group quotas allow; nothing where none limits them.
    pub fn quota_room(&self, group: usize) -> Option<Int> {
        let template = self.template(group);
        if template.refused_by.is_some() {
            return Some(0.into());
        }
        let left = self.left_by_quotas(group).into_iter().map(|(_, _, left)| match left {
            Left::Missing => 0.into(),
            Left::Amount { request, hard, used } => Int::from(hard).monus(used) / request,
        });
        left.reduce(Int::min)
    }

    /// By quota that counts a group, and resource that it limits: what is left for new pods.
    fn left_by_quotas(&self, group: usize) -> Vec<(&ResourceQuota, &str, Left)> {
        let template = self.template(group);
        let mut all = Vec::new();
        for quota in self.quotas_of(group) {
            for (resource, &hard) in &quota.hard {
                let request = self.requested(template, resource);
                let is_missing = (resource == CPU && !template.cpu_requested_everywhere)
                    || (resource == MEMORY && !template.memory_requested_everywhere)
                    || (resource == "limits.cpu" && !template.cpu_limited_everywhere)
                    || (resource == "limits.memory" && !template.memory_limited_everywhere);
                let left = match request {
                    _ if is_missing => Left::Missing,
                    0 => continue,
                    _ => {
                        Left::Amount { request, hard: self.whole(resource, hard), used: self.charged(quota, resource) }
                    }
                };
                all.push((quota, resource.as_str(), left));
            }
        }
        all
    }

    /// What the API server says to one more pod of a group (`checkRequest`), where it refuses it.
    pub(crate) fn refusals(&self, group: usize) -> Vec<Refusal> {
        if let Some(origin) = self.template(group).refused_by.clone() {
            // The level of Pod Security is written at the namespace.
            let why = match origin.object.split('/').next() {
                Some("Namespace") => "they violate the Pod Security level that their namespace enforces",
                _ => "they are not within the limits of a LimitRange",
            };
            let says = vec![text(format!("pods are forbidden, {why}"))];
            return vec![Refusal { when: true.into(), says, origin }];
        }
        let refusal = |(quota, resource, left): (&ResourceQuota, &str, Left)| {
            let origin = Origin { object: quota.origin.object.clone(), field: "spec.hard".into() };
            let (when, says) = match left {
                Left::Missing => {
                    (true.into(), vec![text(format!("failed quota: {}: must specify {resource}", quota.name))])
                }
                Left::Amount { request, hard, used } => {
                    let of =
                        |word: &str, term: Int| [text(format!(", {word}: {resource}=")), amount(self, resource, term)];
                    let mut says = vec![text(format!("exceeded quota: {}", quota.name))];
                    says.extend([of("requested", request.into()), of("used", used)].into_iter().flatten());
                    // In model units it is rounded to what requests can add up to.
                    let limit = quota.hard.get(resource).copied().unwrap_or(0);
                    says.push(text(format!(", limited: {resource}={}", told_amount(resource, limit))));
                    ((used + request).above(hard), says)
                }
            };
            Refusal { when, says, origin }
        };
        self.left_by_quotas(group).into_iter().map(refusal).collect()
    }

    /// Whether a quota that counts pods of a group counts those of others, too.
    pub fn shares_quota(&self, group: usize) -> bool {
        let is_counted = |quota: &ResourceQuota, other: usize| {
            quota.counts(&self.workload(other).reference.namespace, self.template(other))
        };
        let own = self.siblings(group);
        let mut others = (0..self.groups.len()).filter(|other| !own.contains(other));
        others.any(|other| self.quotas_of(group).any(|quota| is_counted(quota, other)))
    }

    /// The fields of the quotas that limit a group.
    pub fn quota_origins(&self, group: usize) -> Vec<Origin> {
        let field = |quota: &ResourceQuota| Origin { object: quota.origin.object.clone(), field: "spec.hard".into() };
        self.quotas_of(group).map(field).chain(self.template(group).refused_by.clone()).collect()
    }

    fn quotas_of(&self, group: usize) -> impl Iterator<Item = &ResourceQuota> {
        let (namespace, template) = (&self.workload(group).reference.namespace, self.template(group));
        self.cluster.quotas.iter().filter(move |quota| quota.counts(namespace, template))
    }

    /// A request in model units.
    fn requested(&self, template: &PodTemplate, resource: &str) -> i64 {
        let amount = || match resource.strip_prefix(LIMITS) {
            Some(limited) => template.limits.get(limited).copied().unwrap_or(0),
            None => template.requests.get(resource).copied().unwrap_or(0),
        };
        if resource == PODS { 1 } else { self.scaled(resource, amount()) }
    }

    /// A limit in whole model units: amounts requested are multiples of them.
    fn whole(&self, resource: &str, hard: i64) -> i64 {
        if resource == PODS { hard } else { self.scaled(resource, hard) }
    }

    /// What the pods that a quota counts have, in model units.
    fn charged(&self, quota: &ResourceQuota, resource: &str) -> Int {
        sum((0..self.groups.len()).map(|group| {
            let template = self.template(group);
            if !quota.counts(&self.workload(group).reference.namespace, template) {
                return 0.into();
            }
            let state = &self.groups[group];
            let lasting = |(slot, count): (usize, &IntVar)| {
                let there = &self.slots[slot];
                let left_out = there.left_out_of_quotas.map_or(false.into(), |flag| flag.value);
                ite(there.is_alive() | (there.present & !left_out), count.value, 0)
            };
            let pods = state.active() + sum(state.terminating.iter().enumerate().map(lasting));
            pods * self.requested(template, resource)
        }))
    }
}

/// An amount of a resource in words.
fn amount(model: &Model, resource: &str, term: Int) -> Phrase {
    let unit = model.units.get(resource).copied().unwrap_or(1);
    let (scale, unit) = if resource == PODS { (1, "") } else { in_words(resource, unit) };
    Phrase::Value { term: term.id(), scale, unit }
}

/// The same of an amount as the input has it.
fn told_amount(resource: &str, amount: i64) -> String {
    let (number, unit) = in_words(resource, amount);
    format!("{number}{unit}")
}

/// An amount in a larger unit, if it is a whole number of it.
fn in_words(resource: &str, amount: i64) -> (i64, &'static str) {
    const MEBIBYTE: i64 = 1 << 20;
    let is_memory = resource.ends_with(MEMORY) || resource.ends_with("storage");
    match resource {
        _ if resource.ends_with(CPU) => (amount, "m"),
        _ if is_memory && amount % MEBIBYTE == 0 => (amount / MEBIBYTE, "Mi"),
        _ => (amount, ""),
    }
}
