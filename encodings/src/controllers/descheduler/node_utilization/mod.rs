//! LowNodeUtilization and HighNodeUtilization (sections 4.7 and 4.8).
//!
//! A node is *under* if the requests of its pods are at most the thresholds of allocatable for every resource that has
//! one. LowNodeUtilization takes pods from nodes *over* a target for some resource, until they are not, or until the
//! room below the targets of the nodes under has gone. HighNodeUtilization takes pods from nodes under, until the room of
//! the others has gone. Nodes go by the sum of their requests (milli-cores, bytes and pods added up), pods by priority
//! and quality of service.
//!
//! Neither asks whether the scheduler agrees: what HighNodeUtilization takes from the emptiest node, LeastAllocated puts
//! back there; what LowNodeUtilization takes from the fullest, MostAllocated puts back.
//!
//! ## What is reachable
//! Nodes and pods of equal rank may come in any order. All pods of a pass share the room, and once it has gone nothing
//! more goes. So the evictions that some order leads to are those where each node gave what it had to, or the room has
//! gone, and then one node was the last: see [`order`].
//!
//! ## Not modelled
//! Usage from metrics (`metricsUtilization`, reported by the reader). Averages (`useDeviationThresholds`) are exact
//! fractions here, the real code adds up doubles. With allocatable that is a range, any evictable pod may go (tagged).

mod amounts;
mod order;

use super::asked::{Ask, ask, cut_short};
use super::evictor::{is_evictable, passes_node_fit};
use super::{Stage, looked_at};
use crate::cluster::DeschedulerPolicy;
use crate::cluster::descheduler::{DeschedulerPlugin, EnabledPlugin, Utilization};
use crate::state::Model;
use crate::term::{Bool, Int, all, any, count, ite, sum};
use amounts::Amounts;

/// Why more is allowed than the real plugin does.
const SYMBOLIC: &str = "thresholds need constant allocatable; any evictable pod may go";

pub(super) fn stages(model: &Model, policy: &DeschedulerPolicy, plugin: &EnabledPlugin) -> Vec<Stage> {
    let (args, fills) = match &plugin.plugin {
        DeschedulerPlugin::LowNodeUtilization(args) => (args, false),
        DeschedulerPlugin::HighNodeUtilization(args) => (args, true),
        _ => return vec![],
    };
    let plan = Plan { model, policy, plugin, args, fills };
    let groups: Vec<usize> = (0..model.groups.len()).filter(|&group| plan.may_go(group)).collect();
    let stage = match Amounts::new(&plan) {
        Some(amounts) => plan.exact(&groups, &amounts),
        None => plan.loose(&groups),
    };
    stage.into_iter().collect()
}

/// One of the two plugins.
struct Plan<'a> {
    model: &'a Model<'a>,
    policy: &'a DeschedulerPolicy,
    plugin: &'a EnabledPlugin,
    args: &'a Utilization,
    /// HighNodeUtilization, which fills nodes up.
    fills: bool,
}

/// Pods of a group on a slot that may go.
struct Candidate {
    group: usize,
    slot: usize,
    pods: Int,
}

/// Which nodes give, and which take.
struct Roles {
    sources: Vec<Bool>,
    destinations: Vec<Bool>,
}

impl Plan<'_> {
    fn looked_at(&self, slot: usize) -> Bool {
        looked_at(self.model, self.policy, slot)
    }

    /// Whether pods of a group may go at all.
    fn may_go(&self, group: usize) -> bool {
        let template = self.model.template(group);
        let requests = || self.args.thresholds.keys().any(|resource| template.requests.contains_key(resource));
        let is_excluded = self.args.excluded_namespaces.contains(&self.model.workload(group).reference.namespace);
        !is_excluded
            && (!self.args.only_thresholding_resources || requests())
            && is_evictable(self.model, group, &self.plugin.evictor).constant() != Some(false)
    }

    fn roles(&self, amounts: &Amounts) -> Roles {
        let slots = 0..self.model.slots.len();
        let cordoned = |slot: usize| self.model.slots[slot].is_cordoned;
        let under = |slot: usize| self.looked_at(slot) & amounts.is_under(slot);
        let low: Vec<Bool> =
            slots.clone().map(|slot| if self.fills { under(slot) } else { under(slot) & !cordoned(slot) }).collect();
        let others: Vec<Bool> = slots
            .clone()
            .map(|slot| {
                let counts = if self.fills { !cordoned(slot) } else { amounts.is_over(slot) };
                all([self.looked_at(slot), !low[slot], counts])
            })
            .collect();
        let number = count(low.iter().copied());
        let goes_on = all([
            number.above(self.args.number_of_nodes.max(0)),
            number.below(count(slots.map(|slot| self.looked_at(slot)))),
            any(others.iter().copied()),
        ]);
        let (sources, destinations) = if self.fills { (low, others) } else { (others, low) };
        Roles { sources: sources.into_iter().map(|is| is & goes_on).collect(), destinations }
    }

    /// Pods that pass the evictor on nodes that give and tolerate the taints of some node that takes.
    fn candidates(&self, groups: &[usize], roles: &Roles) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for &group in groups {
            let evictable = is_evictable(self.model, group, &self.plugin.evictor);
            let taken =
                any((0..self.model.slots.len()).map(|slot| roles.destinations[slot] & self.tolerates(group, slot)));
            for slot in self.model.groups[group].slots() {
                let fits = passes_node_fit(self.model, self.policy, &self.plugin.evictor, group, slot);
                let may_go = all([evictable, roles.sources[slot], taken, fits]);
                let pods = ite(may_go, self.model.groups[group].active_on(slot), 0);
                if pods.range().hi > 0 {
                    candidates.push(Candidate { group, slot, pods });
                }
            }
        }
        candidates
    }

    /// Whether the plugin takes a pod to tolerate all taints of a node that is ready and not cordoned: of any effect,
    /// and it must not have fewer tolerations than the node has taints.
    fn tolerates(&self, group: usize, slot: usize) -> Bool {
        let (taints, tolerations) = (&self.model.slots[slot].taints, &self.model.template(group).tolerations);
        let all = taints.iter().all(|taint| tolerations.iter().any(|one| one.tolerates(taint)));
        (tolerations.len() >= taints.len() && all).into()
    }

    fn exact(&self, groups: &[usize], amounts: &Amounts) -> Option<Stage> {
        let roles = self.roles(amounts);
        let room: Vec<Int> = amounts.room(&roles.destinations);
        let candidates = self.candidates(groups, &roles);
        if candidates.is_empty() {
            return None;
        }
        let order = order::Order { plan: self, amounts, candidates: &candidates, room: &room };
        let wider = cut_short(self.model, self.policy, groups);
        let most = order.most();
        let suffices = order.suffices(&most);
        let asks: Vec<Ask> = candidates
            .iter()
            .zip(&most)
            .map(|(one, &high)| {
                // A node with pods of one group gives all that it has to, if there is room for everything.
                let is_only = candidates.iter().filter(|other| other.slot == one.slot).count() == 1;
                let low = if wider.is_none() && is_only { ite(suffices, high, 0) } else { 0.into() };
                Ask { group: one.group, slot: one.slot, low, high }
            })
            .collect();
        let asked = ask(self.model, &asks, |_| true);
        let constraint = if wider.is_some() { true.into() } else { order.is_reachable(&asked.numbers) };
        Some(asked.stage(self.model, self.plugin, &asks, constraint, wider, vec![]))
    }

    fn loose(&self, groups: &[usize]) -> Option<Stage> {
        let mut asks = Vec::new();
        for &group in groups {
            let evictable = is_evictable(self.model, group, &self.plugin.evictor);
            for slot in self.model.groups[group].slots() {
                let fits = passes_node_fit(self.model, self.policy, &self.plugin.evictor, group, slot);
                let may_go = all([evictable, self.looked_at(slot), fits]);
                let high = ite(may_go, self.model.groups[group].active_on(slot), 0);
                if high.range().hi > 0 {
                    asks.push(Ask { group, slot, low: 0.into(), high });
                }
            }
        }
        let asked = ask(self.model, &asks, |_| true);
        (!asks.is_empty()).then(|| asked.stage(self.model, self.plugin, &asks, true.into(), Some(SYMBOLIC), vec![]))
    }

    /// Pods of a group on a slot that the scheduler counts, terminating ones included.
    fn assigned(&self, group: usize, slot: usize) -> Int {
        self.model.groups[group].assigned_on(slot)
    }

    /// All pods on a slot.
    fn pods_on(&self, slot: usize) -> Int {
        sum((0..self.model.groups.len()).map(|group| self.assigned(group, slot)))
    }
}
