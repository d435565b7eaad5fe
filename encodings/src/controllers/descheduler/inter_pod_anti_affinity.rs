//! RemovePodsViolatingInterPodAntiAffinity (section 4.9): evicts pods whose required anti-affinity means a pod that is
//! there. Node by node, of the pods of a node those of the lowest priority first (then by quality of service), each is
//! evicted if it repels one that is still there; so of pods that repel each other one is left. Terminating pods are
//! there, too. Only terms of the pod itself count: a pod that others repel is left alone.
//!
//! ## What is reachable
//! Which evictions some order of nodes and of pods of equal rank leads to is a condition on what is left, without the
//! order: pods that are left repel none that is left or goes later; and from those that are left all others can be put
//! back one by one, each beside one that it repels. With domains of one node this is exact, ranks included. With
//! domains of several nodes and several groups in play, orders that no walk over the nodes takes are allowed, too
//! (tagged).

use super::asked::{Ask, ask, cut_short, rank};
use super::evictor::{is_evictable, looks_at, passes_node_fit};
use super::{Stage, looked_at};
use crate::cluster::descheduler::{DeschedulerPlugin, EnabledPlugin};
use crate::cluster::{DeschedulerPolicy, PodAffinityTerm};
use crate::controllers::scheduler::means;
use crate::state::Model;
use crate::system::Origin;
use crate::term::{Bool, Int, all, any, ite, sum};

/// Why more is allowed than the real plugin does.
const NODE_BY_NODE: &str = "in a domain of several nodes any order of pods is allowed, not only node by node";

pub(super) fn stages(model: &Model, policy: &DeschedulerPolicy, plugin: &EnabledPlugin) -> Vec<Stage> {
    let DeschedulerPlugin::RemovePodsViolatingInterPodAntiAffinity { label_selector, namespaces } = &plugin.plugin
    else {
        return vec![];
    };
    let groups: Vec<usize> =
        (0..model.groups.len()).filter(|&group| looks_at(model, group, label_selector, namespaces)).collect();
    let mut repulsions = Vec::new();
    for &group in &groups {
        for (index, term) in model.template(group).pod_anti_affinity.required.iter().enumerate() {
            // The descheduler reads neither of these.
            let term = PodAffinityTerm { namespace_selector: None, label_keys: vec![], ..term.clone() };
            let rivals: Vec<usize> =
                groups.iter().copied().filter(|&other| means(model, group, &term, other)).collect();
            if !rivals.is_empty() {
                repulsions.push(Repulsion { group, index, key: term.topology_key, rivals });
            }
        }
    }
    if repulsions.is_empty() {
        return vec![];
    }
    let plan = Plan { model, policy, plugin, groups, repulsions };
    plan.stage().into_iter().collect()
}

/// A term that means some groups.
struct Repulsion {
    group: usize,
    /// Its place among the terms of the group.
    index: usize,
    key: String,
    rivals: Vec<usize>,
}

struct Plan<'a> {
    model: &'a Model<'a>,
    policy: &'a DeschedulerPolicy,
    plugin: &'a EnabledPlugin,
    /// Groups whose pods are looked at, both as candidates and as rivals.
    groups: Vec<usize>,
    repulsions: Vec<Repulsion>,
}

/// A number for each group that is looked at and each slot.
type Counts = Vec<Vec<Int>>;

impl Plan<'_> {
    fn stage(&self) -> Option<Stage> {
        let model = self.model;
        let there = self.there();
        let candidates = self.candidates(&there);
        if candidates.is_empty() {
            return None;
        }
        let wider = cut_short(model, self.policy, &self.groups);
        let is_loose = wider.is_some();
        let asks: Vec<Ask> = candidates
            .iter()
            .map(|one| {
                let least = if is_loose || !self.repels_itself(one.group) { 0.into() } else { one.least() };
                Ask { group: one.group, slot: one.slot, low: least, high: one.high }
            })
            .collect();
        let asked = ask(model, &asks, |_| true);
        let mut left = there;
        for (one, &number) in candidates.iter().zip(&asked.numbers) {
            let place = self.place(one.group);
            left[place][one.slot] = left[place][one.slot] - number;
        }
        let walks = self.walks(&candidates);
        let constraint = if is_loose {
            true.into()
        } else {
            self.is_stable(&candidates, &asked.numbers, &left, !walks)
                & self.is_reachable(&candidates, &asked.numbers, &left, !walks)
        };
        let wider = wider.or_else(|| (walks && !self.is_alone()).then_some(NODE_BY_NODE));
        Some(asked.stage(model, self.plugin, &asks, constraint, wider, self.origins()))
    }

    /// Pods that are looked at, terminating ones included.
    fn there(&self) -> Counts {
        let on = |&group: &usize| {
            let slots = 0..self.model.slots.len();
            let count =
                |slot| ite(looked_at(self.model, self.policy, slot), self.model.groups[group].assigned_on(slot), 0);
            slots.map(count).collect()
        };
        self.groups.iter().map(on).collect()
    }

    fn place(&self, group: usize) -> usize {
        self.groups.iter().position(|&other| other == group).expect("a group that is looked at")
    }

    fn repels_itself(&self, group: usize) -> bool {
        self.repulsions.iter().any(|one| one.group == group && one.rivals.contains(&group))
    }

    /// Whether only one group is in play.
    fn is_alone(&self) -> bool {
        let group = self.repulsions[0].group;
        self.repulsions.iter().all(|one| one.group == group && one.rivals == [group])
    }

    /// Slots in the domain of a slot, and when: with the same value of the key; a node is always in its own.
    fn domain(&self, slot: usize, key: &str) -> Vec<(usize, Bool)> {
        let slots = &self.model.slots;
        let own = slots[slot].labels.values(key);
        let is_same = |other: usize| {
            if other == slot {
                return Bool::from(true);
            }
            let of_other = slots[other].labels.values(key);
            let pairs = own.iter().flat_map(|one| of_other.iter().map(move |other| (one, other)));
            any(pairs.filter(|(one, other)| one.0 == other.0).map(|(one, other)| one.1 & other.1).collect::<Vec<_>>())
        };
        let members = (0..slots.len()).map(|other| (other, is_same(other)));
        members.filter(|(_, is_same)| is_same.constant() != Some(false)).collect()
    }

    /// Whether a domain of a candidate's has several nodes.
    fn walks(&self, candidates: &[Candidate]) -> bool {
        candidates.iter().any(|one| {
            let mut own = self.repulsions.iter().filter(|other| other.group == one.group);
            own.any(|repulsion| self.domain(one.slot, &repulsion.key).len() > 1)
        })
    }

    /// Whether a pod of a group on a slot that is among those counted repels another one of them.
    fn conflicts(&self, group: usize, slot: usize, counts: &Counts) -> Bool {
        any(self.repulsions.iter().filter(|one| one.group == group).map(|one| {
            let domain = self.domain(slot, &one.key);
            let rivals = one.rivals.iter().map(|&rival| &counts[self.place(rival)]);
            let in_domain =
                |row: &Vec<Int>| domain.iter().map(|&(other, is)| ite(is, row[other], 0)).collect::<Vec<_>>();
            let met = sum(rivals.flat_map(in_domain).collect::<Vec<_>>());
            met.above(i64::from(one.rivals.contains(&group)))
        }))
    }

    /// Pods that may go: evictable, and beside a pod that they repel.
    fn candidates(&self, there: &Counts) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for &group in &self.groups {
            if !self.repulsions.iter().any(|one| one.group == group) {
                continue;
            }
            let evictable = is_evictable(self.model, group, &self.plugin.evictor);
            for slot in self.model.groups[group].slots() {
                let fits = passes_node_fit(self.model, self.policy, &self.plugin.evictor, group, slot);
                let may_go = all([evictable, looked_at(self.model, self.policy, slot), fits]);
                let pods = ite(may_go, self.model.groups[group].active_on(slot), 0);
                let high = ite(self.conflicts(group, slot, there), pods, 0);
                if high.range().hi > 0 {
                    candidates.push(Candidate { group, slot, pods, high });
                }
            }
        }
        candidates
    }

    /// Pods that are left repel none of those that are left, or that go after them: those of a higher rank.
    fn is_stable(&self, candidates: &[Candidate], numbers: &[Int], left: &Counts, by_rank: bool) -> Bool {
        let stable = candidates.iter().zip(numbers).map(|(one, &number)| {
            let mut counts = left.clone();
            let later = candidates
                .iter()
                .zip(numbers)
                .filter(|(other, _)| by_rank && rank(self.model, other.group) > rank(self.model, one.group));
            for (other, &number) in later {
                let place = self.place(other.group);
                counts[place][other.slot] = counts[place][other.slot] + number;
            }
            let stays = (one.pods - number).above(0);
            !(stays & self.conflicts(one.group, one.slot, &counts))
        });
        all(stable.collect::<Vec<_>>())
    }

    /// From those that are left, all that went can be put back, the last to go first, each beside one that it repels.
    fn is_reachable(&self, candidates: &[Candidate], numbers: &[Int], left: &Counts, by_rank: bool) -> Bool {
        let mut present: Vec<Vec<Bool>> =
            left.iter().map(|row| row.iter().map(|count| count.above(0)).collect()).collect();
        let mut ranks: Vec<_> = candidates.iter().map(|one| by_rank.then(|| rank(self.model, one.group))).collect();
        let of: Vec<_> = ranks.clone();
        ranks.sort();
        ranks.dedup();
        let mut back = vec![Bool::from(false); candidates.len()];
        for now in ranks.into_iter().rev() {
            let members: Vec<usize> = (0..candidates.len()).filter(|&index| of[index] == now).collect();
            for _ in 0..self.rounds(members.len()) {
                for &index in &members {
                    let one = &candidates[index];
                    back[index] = back[index] | self.meets(one.group, one.slot, &present);
                }
                for &index in &members {
                    let one = &candidates[index];
                    let place = self.place(one.group);
                    let put_back = back[index] & numbers[index].above(0);
                    present[place][one.slot] = present[place][one.slot] | put_back;
                }
            }
        }
        all(back.iter().zip(numbers).map(|(&back, number)| number.is(0) | back).collect::<Vec<_>>())
    }

    /// How long a chain of pods put back one beside the other can be: in domains of one key all pods of a group can be
    /// put back as soon as one can.
    fn rounds(&self, candidates: usize) -> usize {
        let one_key = self.repulsions.iter().all(|one| one.key == self.repulsions[0].key);
        if one_key { candidates.min(self.groups.len()) } else { candidates }
    }

    /// Whether some pod that those of a group on a slot repel is present.
    fn meets(&self, group: usize, slot: usize, present: &[Vec<Bool>]) -> Bool {
        any(self.repulsions.iter().filter(|one| one.group == group).flat_map(|one| {
            let domain = self.domain(slot, &one.key);
            one.rivals
                .iter()
                .flat_map(|&rival| domain.iter().map(move |&other| (rival, other)).collect::<Vec<_>>())
                .map(|(rival, (other, is))| is & present[self.place(rival)][other])
                .collect::<Vec<_>>()
        }))
    }

    fn origins(&self) -> Vec<Origin> {
        let field = "spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution";
        let origin = |one: &Repulsion| self.model.origin(one.group, &format!("{field}[{}]", one.index));
        let mut origins: Vec<Origin> = Vec::new();
        for one in self.repulsions.iter().map(origin) {
            if !origins.contains(&one) {
                origins.push(one);
            }
        }
        origins
    }
}

/// Pods of a group on a slot.
struct Candidate {
    group: usize,
    slot: usize,
    /// Those that may be evicted.
    pods: Int,
    /// As many, if they repel one that is there; else none.
    high: Int,
}

impl Candidate {
    /// Of pods that repel each other at most one is left.
    fn least(&self) -> Int {
        self.high.monus(1)
    }
}
