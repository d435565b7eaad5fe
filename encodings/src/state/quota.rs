//! What ResourceQuotas leave for new pods (section 8.5); nothing where a LimitRange refuses them. The API server refuses a pod that would exceed one; pods that
//! are terminating count until they are gone, those on a node that stopped until quotas leave them out. What a pod does not request is not checked, but a pod without a request for CPU or memory is refused where a
//! quota limits that.

use super::{IntVar, Model};
use crate::cluster::node::{CPU, MEMORY};
use crate::cluster::quota::{LIMITS, PODS};
use crate::cluster::{PodTemplate, ResourceQuota};
use crate::system::Origin;
use crate::term::{Int, ite, sum};

impl Model<'_> {
    /// How many more pods of a group quotas allow; nothing where none limits them.
    pub fn quota_room(&self, group: usize) -> Option<Int> {
        let template = self.template(group);
        if template.refused_by.is_some() {
            return Some(0.into());
        }
        let mut room: Option<Int> = None;
        for quota in self.quotas_of(group) {
            for (resource, &hard) in &quota.hard {
                let request = self.requested(template, resource);
                let is_missing = (resource == CPU && !template.cpu_requested_everywhere)
                    || (resource == MEMORY && !template.memory_requested_everywhere)
                    || (resource == "limits.cpu" && !template.cpu_limited_everywhere)
                    || (resource == "limits.memory" && !template.memory_limited_everywhere);
                let left = match request {
                    _ if is_missing => 0.into(),
                    0 => continue,
                    _ => Int::from(self.whole(resource, hard)).monus(self.charged(quota, resource)) / request,
                };
                room = Some(room.map_or(left, |room| room.min(left)));
            }
        }
        room
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
