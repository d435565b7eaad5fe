//! RemovePodsViolatingTopologySpreadConstraint (section 4.6): moves pods from large domains to small ones.
//!
//! For each constraint by itself: the domains are sorted by size, and two pointers walk towards each other, each
//! move taking the smaller of what the large domain has above average, what the small one lacks, and half of the
//! excess skew. The number taken from each *position* of the sorted list is a function of the sizes; which of
//! several domains of equal size stands at which position is a free tie. Of a domain, pods that fit a node of a domain
//! below average are taken first, then those without node affinity, then those of higher priority; the rest is free.
//! A taken pod is evicted unless it fits no node of a domain below average; it is booked as moved either way. With two
//! domains there is no tie.
//!
//! Among several nodes of a domain the real plugin takes few pods in the order of a cache, node by node, and many in the
//! order that an unstable sort leaves: any choice is allowed (tagged).

use super::budgets::{is_granted, is_selected};
use super::evictor::{fits_node, is_evictable, looks_at, passes_node_fit};
use super::{LIMITED, Part, Pick, Stage, looked_at, part_label, part_subject, phases};
use crate::cluster::DeschedulerPolicy;
use crate::cluster::descheduler::{DeschedulerPlugin, EnabledPlugin};
use crate::cluster::pod::TopologySpreadConstraint;
use crate::controllers::scheduler::{Domains, FixedDomains};
use crate::state::Model;
use crate::subject::Subject;
use crate::term::{Bool, Int, all, any, count, int_choice, ite, max_of, min_of, sum};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

pub(super) fn stages(model: &Model, policy: &DeschedulerPolicy, plugin: &EnabledPlugin) -> Vec<Stage> {
    let DeschedulerPlugin::RemovePodsViolatingTopologySpreadConstraint {
        constraints, namespaces, label_selector, ..
    } = &plugin.plugin
    else {
        return vec![];
    };
    let mut seen: Vec<(Vec<usize>, &TopologySpreadConstraint)> = Vec::new();
    for group in 0..model.groups.len() {
        let protected = is_evictable(model, group, &plugin.evictor).constant() == Some(false);
        if protected || !looks_at(model, group, label_selector, namespaces) {
            continue;
        }
        for spec in model.template(group).spread.iter().filter(|one| constraints.contains(&one.when_unsatisfiable)) {
            match seen.iter_mut().find(|(groups, known)| is_same(model, (group, spec), (groups[0], known))) {
                Some((groups, _)) => groups.push(group),
                None => seen.push((vec![group], spec)),
            }
        }
    }
    seen.into_iter().filter_map(|(groups, spec)| stage(model, policy, plugin, groups, spec)).collect()
}

/// Whether two pods contribute the same constraint: key, skew, selector, policies, and what the policies honor.
fn is_same(model: &Model, a: (usize, &TopologySpreadConstraint), b: (usize, &TopologySpreadConstraint)) -> bool {
    let (first, second) = (model.template(a.0), model.template(b.0));
    let namespace = |group: usize| &model.workload(group).reference.namespace;
    let unmarked = |spec: &TopologySpreadConstraint| TopologySpreadConstraint {
        when_unsatisfiable: crate::cluster::pod::WhenUnsatisfiable::DoNotSchedule,
        min_domains: 1,
        ..spec.clone()
    };
    let has_same_affinity =
        first.required_affinity == second.required_affinity && first.node_selector == second.node_selector;
    !a.1.own_revision
        && unmarked(a.1) == unmarked(b.1)
        && namespace(a.0) == namespace(b.0)
        && (!a.1.honors_affinity || has_same_affinity)
        && (!a.1.honors_taints || first.tolerations == second.tolerations)
}

/// The pods and nodes of one constraint.
struct Balance<'a> {
    model: &'a Model<'a>,
    policy: &'a DeschedulerPolicy,
    plugin: &'a EnabledPlugin,
    /// The group that contributes the constraint; its affinity and tolerations decide which nodes count.
    contributor: usize,
    /// All groups that contribute it.
    contributors: Vec<usize>,
    spec: &'a TopologySpreadConstraint,
    domains: FixedDomains,
    /// Pods by domain.
    sizes: Vec<Int>,
    /// Whether a domain counts.
    exists: Vec<Bool>,
    /// By group: where its pods fit, once somebody has asked.
    known: RefCell<BTreeMap<usize, Rc<Targets>>>,
}

/// Where pods of a group fit.
struct Targets {
    /// By slot of the domains: whether it is in a domain below average, counts, and has room.
    slots: Vec<(usize, Bool)>,
    /// How many of these there are.
    number: Int,
}

fn stage(
    model: &Model,
    policy: &DeschedulerPolicy,
    plugin: &EnabledPlugin,
    contributors: Vec<usize>,
    spec: &TopologySpreadConstraint,
) -> Option<Stage> {
    let domains = Domains::new(model, &spec.topology_key, |_| true.into()).fixed();
    let contributor = contributors[0];
    let (sizes, exists) = (Vec::new(), Vec::new());
    let known = RefCell::default();
    let mut balance = Balance { model, policy, plugin, contributor, contributors, spec, domains, sizes, exists, known };
    for slots in balance.domains.by_value.values() {
        let pods = sum(slots
            .iter()
            .flat_map(|&slot| balance.groups().map(move |group| (group, slot)))
            .map(|(group, slot)| balance.considered(group, slot)));
        let counted = any(slots.iter().map(|&slot| balance.counts(slot)));
        balance.sizes.push(pods);
        // A considered pod on a node that fails the policies still adds its domain.
        balance.exists.push(counted | pods.above(0));
    }
    if balance.sizes.len() < 2 {
        return None;
    }
    Some(if balance.sizes.len() == 2 { two_domains(&balance) } else { many_domains(&balance) })
}

impl Balance<'_> {
    /// Groups whose pods the constraint counts.
    fn groups(&self) -> impl Iterator<Item = usize> {
        let (model, spec, plugin) = (self.model, self.spec, self.plugin);
        let namespace = &model.workload(self.contributor).reference.namespace;
        (0..model.groups.len()).filter(move |&group| {
            let labels = &model.template(group).labels;
            let is_looked_at = match &plugin.plugin {
                DeschedulerPlugin::RemovePodsViolatingTopologySpreadConstraint {
                    label_selector, namespaces, ..
                } => looks_at(model, group, label_selector, namespaces),
                _ => false,
            };
            model.workload(group).reference.namespace == *namespace
                && is_looked_at
                && (!spec.own_revision || group == self.contributor)
                && spec.selector.as_ref().is_some_and(|selector| selector.matches(labels))
        })
    }

    /// Pods of a group on a slot that the plugin looks at.
    fn considered(&self, group: usize, slot: usize) -> Int {
        let evictable = is_evictable(self.model, group, &self.plugin.evictor);
        let ready = looked_at(self.model, self.policy, slot);
        ite(evictable & ready, self.model.groups[group].active_on(slot), 0)
    }

    /// Whether a slot counts under the inclusion policies.
    fn counts(&self, slot: usize) -> Bool {
        let (there, template) = (&self.model.slots[slot], self.model.template(self.contributor));
        let affinity = if self.spec.honors_affinity { there.matches_affinity(template) } else { true.into() };
        let taints = if self.spec.honors_taints { there.taints_for(template).allow_scheduling } else { true.into() };
        all([looked_at(self.model, self.policy, slot), affinity, taints])
    }

    fn number(&self) -> Int {
        count(self.exists.iter().copied())
    }

    /// Whether a domain lies below the average size.
    fn is_below_average(&self, domain: usize) -> Bool {
        self.exists[domain] & (self.sizes[domain] * self.number()).below(sum(self.sizes.iter().copied()))
    }

    /// Whether a pod taken from a slot is evicted: it fits a node of a domain below average, and passes the evictor.
    fn moves_on(&self, group: usize, slot: usize) -> Bool {
        let needs_fit = match &self.plugin.plugin {
            DeschedulerPlugin::RemovePodsViolatingTopologySpreadConstraint { topology_balance_node_fit, .. } => {
                *topology_balance_node_fit
            }
            _ => true,
        };
        let evictor = passes_node_fit(self.model, self.policy, &self.plugin.evictor, group, slot);
        if !needs_fit {
            return evictor;
        }
        let targets = self.targets(group);
        let own = targets.slots.iter().find(|(other, _)| *other == slot).map_or(false.into(), |&(_, fits)| fits);
        evictor & ite(own, targets.number - 1, targets.number).above(0)
    }

    /// The nodes of domains below average that pods of a group fit, made once for all slots that they may be taken from.
    fn targets(&self, group: usize) -> Rc<Targets> {
        if let Some(known) = self.known.borrow().get(&group) {
            return Rc::clone(known);
        }
        let slots = self.domains.by_value.values().enumerate().flat_map(|(domain, slots)| {
            let below = self.is_below_average(domain);
            slots
                .iter()
                .map(move |&other| (other, all([below, self.counts(other), fits_node(self.model, group, other)])))
        });
        let slots: Vec<(usize, Bool)> = slots.collect();
        let number = count(slots.iter().map(|&(_, fits)| fits));
        let made = Rc::new(Targets { slots, number });
        self.known.borrow_mut().insert(group, Rc::clone(&made));
        made
    }

    /// The parts of a domain with a choice of how many are taken from each, at most `most`.
    fn parts(&self, domain: usize, most: Int) -> (Vec<Part>, Vec<(Int, usize)>, Pick) {
        let (mut parts, mut taken) = (Vec::new(), Vec::new());
        let mut pick = Pick { parts: Vec::new(), low: Vec::new(), high: Vec::new(), total: most };
        for &slot in &self.domains.by_value[domain] {
            for group in self.groups() {
                let considered = self.considered(group, slot);
                for (phase, pods) in phases(self.model, group, slot) {
                    let label = part_label(self.model, group, slot, phase);
                    let (choice, picked) =
                        int_choice(part_subject(self.model, "take", (group, slot, phase)), 0, pods.value.range().hi);
                    pick.parts.push(choice);
                    pick.low.push(0.into());
                    let most = pods.value.min(considered).min(most);
                    pick.high.push(most);
                    taken.push((picked, group));
                    let evicted = ite(self.moves_on(group, slot), picked, 0);
                    parts.push(Part { group, slot, phase, pods, most, wanted: evicted, evicted, label });
                }
            }
        }
        (parts, taken, pick)
    }

    fn is_limited(&self) -> bool {
        let policy = self.policy;
        policy.is_limited()
    }

    /// Whether pods of a group fit a node of a domain below average: those of other domains are asked, so that their
    /// own node is not among the nodes.
    fn fits_below_average(&self, group: usize) -> Bool {
        any(self.domains.by_value.values().enumerate().flat_map(|(domain, slots)| {
            let below = self.is_below_average(domain);
            slots.iter().map(move |&slot| all([below, self.counts(slot), fits_node(self.model, group, slot)]))
        }))
    }

    /// Whether pods of a group are taken before those of another one: they fit, have no node affinity or selector, or
    /// the higher priority.
    fn is_before(&self, group: usize, other: usize) -> Bool {
        if group == other {
            return false.into();
        }
        let rank = |group: usize| {
            let template = self.model.template(group);
            let is_free = template.required_affinity.is_none()
                && template.preferred_affinity.is_empty()
                && template.node_selector.is_empty();
            (is_free, template.priority)
        };
        let (fits, other_fits) = (self.fits_below_average(group), self.fits_below_average(other));
        if rank(group) > rank(other) { fits | !other_fits } else { fits & !other_fits }
    }

    /// Pods are taken in order; where limits cut the evictions short, any of those taken may be left.
    fn respects_order(&self, taken: &[(Int, usize)], pick: &Pick) -> Bool {
        if self.is_limited() {
            return true.into();
        }
        let groups: Vec<usize> = self.groups().collect();
        let pairs = groups.iter().flat_map(|&group| groups.iter().map(move |&other| (group, other)));
        let ordered = pairs.filter(|(group, other)| group != other).map(|(group, other)| {
            let later = taken.iter().filter(|(_, one)| *one == other);
            let some_later = any(later.map(|(picked, _)| picked.above(0)).collect::<Vec<_>>());
            let first = taken.iter().zip(&pick.high).filter(|((_, one), _)| *one == group);
            let all_first = all(first.map(|((picked, _), &high)| picked.is(high)).collect::<Vec<_>>());
            (self.is_before(group, other) & some_later).implies(all_first)
        });
        all(ordered.collect::<Vec<_>>())
    }

    /// Why more is allowed than the real plugin does, if it is.
    fn wider(&self) -> Option<&'static str> {
        let several = self.domains.by_value.values().any(|slots| slots.len() > 1);
        if self.is_limited() {
            Some(LIMITED)
        } else {
            several.then_some("which pods of a domain of several nodes go first depends on the order of a cache")
        }
    }

    fn finish(&self, enabled: Bool, parts: Vec<Part>, picks: Vec<Pick>, constraint: Bool) -> Stage {
        let model = self.model;
        let index = model.template(self.contributor).spread.iter().position(|one| one == self.spec).unwrap_or(0);
        let field = format!("spec.template.spec.topologySpreadConstraints[{index}]");
        let origins = vec![model.origin(self.contributor, &field)];
        let subject = Subject::new(self.plugin.plugin.name()).and(model.groups[self.contributor].id);
        let subject = subject.word(self.spec.topology_key.clone());
        Stage { subject, plugin: self.plugin.clone(), enabled, parts, picks, constraint, wider: self.wider(), origins }
    }

    /// Whether some pick of `most` pods of a domain evicts one: of one that moves on, those before it do not suffice.
    fn some_moves(&self, parts: &[Part], pick: &Pick, most: Int) -> Bool {
        let before = |group: usize| {
            let others = self.groups().filter(|&other| other != group);
            sum(others
                .map(|other| {
                    let pods = parts.iter().filter(|part| part.group == other).map(|part| self.considered_in(part));
                    ite(self.is_before(other, group), sum(pods.collect::<Vec<_>>()), 0)
                })
                .collect::<Vec<_>>())
        };
        let reached: Vec<(usize, Bool)> = self
            .groups()
            .map(|group| (group, if self.is_limited() { true.into() } else { before(group).below(most) }))
            .collect();
        any(parts.iter().zip(&pick.high).map(|(part, &high)| {
            let reached = reached.iter().find(|(group, _)| *group == part.group).map_or(true.into(), |&(_, is)| is);
            let granted = if is_selected(self.model, part.group) {
                is_granted(self.model, part.group, part.slot, (part.phase, part.pods))
            } else {
                true.into()
            };
            all([high.above(0), self.moves_on(part.group, part.slot), reached, granted])
        }))
    }

    /// The pods of a part that the plugin looks at.
    fn considered_in(&self, part: &Part) -> Int {
        part.pods.value.min(self.considered(part.group, part.slot))
    }

    /// Whether pods that bring the constraint along are there. Where only such pods count, a pod to move says so.
    fn is_contributed(&self) -> Bool {
        if self.groups().all(|group| self.contributors.contains(&group)) {
            return true.into();
        }
        let slots = 0..self.model.slots.len();
        any(slots.flat_map(|slot| self.contributors.iter().map(move |&group| self.considered(group, slot).above(0))))
    }
}

/// Two domains: the larger gives; one closed form.
fn two_domains(balance: &Balance) -> Stage {
    let (mut parts, mut picks, mut order, mut enabled) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let [first, second] = [balance.sizes[0], balance.sizes[1]];
    let both = balance.exists[0] & balance.exists[1];
    for (domain, (own, other)) in [(first, second), (second, first)].into_iter().enumerate() {
        let surplus = own.monus(other);
        let excess = surplus.monus(balance.spec.max_skew);
        // Above and below average by the same half, rounded up; half of the excess skew, rounded up.
        let moved = ite(both & excess.above(0), surplus.ceil_div(2).min(excess.ceil_div(2)), 0);
        let (mine, taken, mut pick) = balance.parts(domain, moved);
        order.push(balance.respects_order(&taken, &pick));
        enabled.push(balance.some_moves(&mine, &pick, moved));
        parts.extend(mine);
        if !pick.parts.is_empty() {
            if balance.is_limited() {
                pick.add_slack(balance.policy, Some(domain));
            }
            picks.push(pick);
        }
    }
    balance.finish(any(enabled) & balance.is_contributed(), parts, picks, all(order))
}

/// Any number of domains: positions of the sorted list, and a choice of which domain stands where.
fn many_domains(balance: &Balance) -> Stage {
    let taken_at = taken_by_position(&balance.sizes, &balance.exists, balance.spec.max_skew);
    let positions: Vec<(Int, Int)> = taken_at.sorted.iter().copied().zip(taken_at.taken.iter().copied()).collect();
    let (mut parts, mut order, mut domain_sums, mut enabled) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut pick =
        Pick { parts: Vec::new(), low: Vec::new(), high: Vec::new(), total: sum(taken_at.taken.iter().copied()) };
    for (domain, &size) in balance.sizes.iter().enumerate() {
        let most = max_of(&positions.iter().map(|&(at, taken)| ite(at.is(size), taken, 0)).collect::<Vec<_>>());
        let (mine, taken, own) = balance.parts(domain, most);
        order.push(balance.respects_order(&taken, &own));
        domain_sums.push(sum(taken.iter().map(|&(picked, _)| picked)));
        enabled.push(balance.some_moves(&mine, &own, most));
        parts.extend(mine);
        pick.parts.extend(own.parts);
        pick.low.extend(own.low);
        pick.high.extend(own.high);
    }
    // The numbers taken from the domains of a size are those of the positions of that size, in some order.
    // Domains that do not exist stand at positions of their own.
    let beyond = taken_at.beyond;
    let listed: Vec<Int> =
        balance.sizes.iter().zip(&balance.exists).map(|(&size, &there)| ite(there, size, beyond)).collect();
    let matches = listed.iter().zip(&domain_sums).map(|(&size, &taken)| {
        let alike = |list: &mut dyn Iterator<Item = (Int, Int)>| {
            count(list.map(|(at, other)| at.is(size) & other.is(taken)).collect::<Vec<_>>())
        };
        let at_positions = alike(&mut positions.iter().copied());
        let at_domains = alike(&mut listed.iter().copied().zip(domain_sums.iter().copied()));
        at_positions.is(at_domains)
    });
    if balance.is_limited() {
        pick.add_slack(balance.policy, None);
    }
    // Limits cut the walk short at a point that caches decide.
    let constraint = if balance.is_limited() { all(order) } else { all(matches.chain(order).collect::<Vec<_>>()) };
    balance.finish(any(enabled) & balance.is_contributed(), parts, vec![pick], constraint)
}

/// Sorted sizes (domains that do not exist come last, with a size no domain has) and what is taken from each.
struct Taken {
    sorted: Vec<Int>,
    taken: Vec<Int>,
    /// The size that stands for no domain.
    beyond: i64,
}

/// The two-pointer walk over the sorted sizes.
fn taken_by_position(sizes: &[Int], exists: &[Bool], max_skew: i64) -> Taken {
    let positions = sizes.len();
    let beyond = sizes.iter().map(|size| size.range().hi).max().unwrap_or(0) + 1;
    let mut sorted: Vec<Int> = sizes.iter().zip(exists).map(|(&size, &there)| ite(there, size, beyond)).collect();
    for end in (1..positions).rev() {
        for index in 0..end {
            let (a, b) = (sorted[index], sorted[index + 1]);
            (sorted[index], sorted[index + 1]) = (a.min(b), a.max(b));
        }
    }
    let number = count(exists.iter().copied());
    let total = sum(sizes.iter().zip(exists).map(|(&size, &there)| ite(there, size, 0)));
    let mut current = sorted.clone();
    let mut taken = vec![Int::from(0); positions];
    let (mut low, mut high) = (Int::from(0), (number - 1).max(0));
    let at = |list: &[Int], index: Int| {
        list.iter()
            .enumerate()
            .skip(1)
            .fold(list[0], |otherwise, (position, &value)| ite(index.is(position as i64), value, otherwise))
    };
    // Every iteration moves pods, advances `low`, or lowers `high`; a move is followed by one of the others.
    for _ in 0..2 * positions {
        let goes_on = low.below(high);
        let lowers = goes_on & (at(&current, high) * number).at_most(total);
        high = high - lowers.as_int();
        high = high.max(0).min(positions as i64 - 1);
        let (large, small) = (at(&current, high), at(&current, low));
        let skew = large.monus(small);
        let above = (large * number).monus(total).ceil_div(number);
        let below = total.monus(small * number).ceil_div(number);
        let moved = min_of(&[above, below, skew.monus(max_skew).ceil_div(2)]);
        let moved = ite(goes_on, moved, 0);
        let stays = moved.is(0);
        for position in 0..positions {
            let (is_low, is_high) = (low.is(position as i64), high.is(position as i64));
            current[position] = (current[position] + ite(is_low, moved, 0) - ite(is_high, moved, 0)).max(0).min(beyond);
            taken[position] = (taken[position] + ite(is_high, moved, 0)).min(beyond);
        }
        low = (low + (goes_on & stays).as_int()).min(positions as i64 - 1);
    }
    Taken { sorted, taken, beyond }
}

#[cfg(test)]
#[path = "spread_tests.rs"]
mod tests;
