//! PodTopologySpread: domains, the filter of hard constraints (section 1.7) and the score of soft ones (section 1.8).

use super::counted::Pods;
use crate::cluster::Service;
use crate::cluster::node::HOSTNAME;
use crate::cluster::pod::{TopologySpreadConstraint, WhenUnsatisfiable};
use crate::cluster::scheduler::DefaultSpread;
use crate::cluster::selector::{LabelSelector, Labels, NodeSelectorTerm};
use crate::state::Model;
use crate::term::{Bool, Int, all, any, count, ite, max_of, min_of, sum};
use indexmap::IndexMap;

/// Pods on a slot that a selector counts for a group: active pods of the same namespace whose labels match. A
/// missing or empty selector counts none (`None` here stands for the derived selector of default constraints,
/// which matches the pods of the group's own ReplicaSet or StatefulSet).
fn matching_on(pods: &Pods, group: usize, slot: usize, selector: Counted) -> Int {
    let model = pods.model;
    let namespace = &model.workload(group).reference.namespace;
    let siblings = model.siblings(group);
    sum((0..model.groups.len()).filter_map(|other| {
        let labels = &model.template(other).labels;
        let counts = match selector {
            Counted::OwnReplicaSet => siblings.contains(&other),
            Counted::Selector { selector, own_revision } => {
                let same_revision = !own_revision || model.is_same_revision(other, group);
                model.workload(other).reference.namespace == *namespace && selector.matches(labels) && same_revision
            }
            Counted::Nothing => false,
        };
        counts.then(|| pods.active(other, slot))
    }))
}

/// Which pods a constraint counts.
#[derive(Clone, Copy, Debug)]
enum Counted<'a> {
    /// None.
    Nothing,
    /// Those that match, perhaps only those of the same revision.
    Selector { selector: &'a LabelSelector, own_revision: bool },
    /// Those of the same ReplicaSet or StatefulSet.
    OwnReplicaSet,
}

/// A constraint with what it counts.
#[derive(Clone, Debug)]
struct Constraint {
    spec: TopologySpreadConstraint,
    is_default: bool,
}

impl Constraint {
    fn counted(&self) -> Counted<'_> {
        match &self.spec.selector {
            _ if self.is_default => Counted::OwnReplicaSet,
            Some(selector) if self.spec.own_revision || !selector.is_empty() => {
                Counted::Selector { selector, own_revision: self.spec.own_revision }
            }
            _ => Counted::Nothing,
        }
    }
}

/// The constraints of a group with one reaction: its own, or the defaults if it has none at all (section 1.9); and
/// whether nodes need all keys (not with the system's defaults).
fn constraints(model: &Model, group: usize, reaction: WhenUnsatisfiable) -> (Vec<Constraint>, bool) {
    let own = &model.template(group).spread;
    let chosen = |list: &[TopologySpreadConstraint]| -> Vec<TopologySpreadConstraint> {
        list.iter().filter(|one| one.when_unsatisfiable == reaction).cloned().collect()
    };
    if !own.is_empty() || model.pose_of(group).is_some() {
        let own = chosen(own).into_iter().map(|spec| Constraint { spec, is_default: false });
        return (own.collect(), true);
    }
    let of_services = of_services(model, group);
    let by_default = |list: &[TopologySpreadConstraint]| -> Vec<Constraint> {
        let constraint = |spec: TopologySpreadConstraint| match &of_services {
            _ if has_own_selector(model, group) => Some(Constraint { spec, is_default: true }),
            None => None,
            selector => {
                let spec = TopologySpreadConstraint { selector: selector.clone(), ..spec };
                Some(Constraint { spec, is_default: false })
            }
        };
        chosen(list).into_iter().filter_map(constraint).collect()
    };
    match &model.profile(group).default_spread {
        DefaultSpread::List(list) => (by_default(list), true),
        DefaultSpread::System => {
            let soft = |max_skew: i64, key: &str| TopologySpreadConstraint {
                max_skew,
                topology_key: key.to_owned(),
                when_unsatisfiable: WhenUnsatisfiable::ScheduleAnyway,
                selector: None,
                min_domains: 1,
                honors_affinity: true,
                honors_taints: false,
                own_revision: false,
            };
            (by_default(&[soft(3, HOSTNAME), soft(5, "topology.kubernetes.io/zone")]), false)
        }
    }
}

/// Whether default constraints count what the controller of a pod selects (`DefaultSelector`): ReplicaSets and
/// StatefulSets, no Jobs and DaemonSets, and nobody for bare pods.
fn has_own_selector(model: &Model, group: usize) -> bool {
    let workload = model.workload(group);
    workload.has_replica_sets() || workload.ordinals().is_some()
}

/// What the Services of a pod select together, which default constraints of all others count; nothing where none does.
fn of_services(model: &Model, group: usize) -> Option<LabelSelector> {
    let (namespace, labels) = (&model.workload(group).reference.namespace, &model.template(group).labels);
    let selects = |service: &&Service| {
        service.namespace == *namespace
            && !service.selector.is_empty()
            && service.selector.iter().all(|(key, value)| labels.get(key) == Some(value))
    };
    let services = model.cluster.services.iter().filter(selects);
    let merged: Labels = services.flat_map(|service| service.selector.clone()).collect();
    (!merged.is_empty()).then(|| LabelSelector::of_labels(&merged))
}

/// The domains of a topology key: its values with the slots that may carry them, in order of first appearance.
#[derive(Clone, Debug)]
pub(crate) struct Domains {
    /// Slots by value, and when they are of the domain.
    pub by_value: IndexMap<String, Vec<(usize, Bool)>>,
}

/// Domains of which the slots never change.
#[derive(Clone, Debug)]
pub(crate) struct FixedDomains {
    /// Slots by value.
    pub by_value: IndexMap<String, Vec<usize>>,
}

impl Domains {
    /// The domains over the slots that satisfy `carries`.
    pub fn new(model: &Model, key: &str, carries: impl Fn(usize) -> Bool) -> Self {
        let mut by_value: IndexMap<String, Vec<(usize, Bool)>> = IndexMap::new();
        for (slot, there) in model.slots.iter().enumerate() {
            for (value, when) in there.labels.values(key) {
                let is_member = when & carries(slot);
                if is_member.constant() != Some(false) {
                    by_value.entry(value.to_owned()).or_default().push((slot, is_member));
                }
            }
        }
        Self { by_value }
    }

    /// The same where no slot comes or goes.
    pub fn fixed(self) -> FixedDomains {
        let slots = |members: Vec<(usize, Bool)>| members.into_iter().map(|(slot, _)| slot).collect();
        FixedDomains { by_value: self.by_value.into_iter().map(|(value, members)| (value, slots(members))).collect() }
    }
}

/// Whether a slot counts for a constraint under its inclusion policies.
fn included(model: &Model, group: usize, slot: usize, spec: &TopologySpreadConstraint) -> Bool {
    let (there, template) = (&model.slots[slot], model.template(group));
    let affinity = if spec.honors_affinity { there.matches_affinity(template) } else { true.into() };
    let taints = if spec.honors_taints { there.taints_for(template).allow_scheduling } else { true.into() };
    all([there.present, affinity, taints])
}

/// Whether a domain is there without any node: Karpenter can make one in it, where the pod asks for no other
/// (`ForEachDomain`, `domainMinCount` in `topologygroup.go`).
fn is_offered(model: &Model, group: usize, key: &str, members: &[(usize, Bool)]) -> bool {
    let Some(pose) = model.pose_of(group) else { return false };
    let is_asked_for = |labels: &Labels| {
        let value = labels.get(key);
        let selected = pose.template.node_selector.get(key).is_none_or(|wanted| Some(wanted) == value);
        let terms = pose.template.required_affinity.as_ref();
        let matches = |term: &NodeSelectorTerm| {
            term.expressions.iter().all(|one| one.key != key || one.matches(value.map(String::as_str)))
        };
        selected && terms.is_none_or(|terms| terms.iter().any(matches))
    };
    members
        .iter()
        .map(|&(slot, _)| &model.slots[slot])
        .any(|there| there.exists.is_some() && is_asked_for(there.labels.initial()))
}

/// Whether the least number of pods on a host counts as none: Karpenter can always make another host
/// (`nextDomainTopologySpread`).
fn assumes_empty_hosts(model: &Model, group: usize, spec: &TopologySpreadConstraint) -> bool {
    model.pose_of(group).is_some() && spec.topology_key == HOSTNAME
}

/// By slot: whether the hard constraints let a pod of the group onto the node.
pub(super) fn filter(pods: &Pods, group: usize) -> Vec<Bool> {
    let model = pods.model;
    let (hard, _) = constraints(model, group, WhenUnsatisfiable::DoNotSchedule);
    let has_keys = |slot: usize| {
        let keys = || hard.iter().map(|one| &one.spec.topology_key);
        model.slots[slot].labels.hold(|labels| keys().all(|key| labels.contains_key(key)))
    };
    let mut allowed: Vec<Bool> = (0..model.slots.len()).map(has_keys).collect();
    for constraint in &hard {
        let spec = &constraint.spec;
        let domains = Domains::new(model, &spec.topology_key, has_keys);
        let (mut counts, mut exists) = (Vec::new(), Vec::new());
        for members in domains.by_value.values() {
            let included: Vec<Bool> =
                members.iter().map(|&(slot, is_member)| is_member & included(model, group, slot, spec)).collect();
            counts
                .push(sum(members.iter().zip(&included).map(|(&(slot, _), &counts)| {
                    ite(counts, matching_on(pods, group, slot, constraint.counted()), 0)
                })));
            exists.push(any(included) | is_offered(model, group, &spec.topology_key, members).into());
        }
        if counts.is_empty() {
            continue;
        }
        let beyond = counts.iter().map(|count| count.range().hi).max().unwrap_or(0);
        let candidates: Vec<Int> =
            counts.iter().zip(&exists).map(|(&count, &there)| ite(there, count, beyond)).collect();
        let few = count(exists.iter().copied()).below(spec.min_domains);
        let least = if assumes_empty_hosts(model, group, spec) { 0.into() } else { ite(few, 0, min_of(&candidates)) };
        let labels = &model.template(group).labels;
        let own = match constraint.counted() {
            Counted::Selector { selector, .. } => i64::from(selector.matches(labels)),
            Counted::OwnReplicaSet => 1,
            Counted::Nothing => 0,
        };
        for (&domain_count, members) in counts.iter().zip(domains.by_value.values()) {
            let fits = (domain_count + own).at_most(least + spec.max_skew);
            for &(slot, is_member) in members {
                allowed[slot] = allowed[slot] & is_member.implies(fits);
            }
        }
    }
    allowed
}

/// By slot: the normalised score of the soft constraints, or nothing if there are none (then it is equal on all
/// nodes). Meaningful on feasible nodes only.
pub(super) fn score(model: &Model, group: usize, feasible: &[Bool]) -> Option<Vec<Int>> {
    both_scores(model, group, feasible).map(|(_, normalised)| normalised)
}

/// By slot: the score of the soft constraints, raw and normalised.
pub(super) fn both_scores(model: &Model, group: usize, feasible: &[Bool]) -> Option<(Vec<Int>, Vec<Int>)> {
    let (soft, needs_all_keys) = constraints(model, group, WhenUnsatisfiable::ScheduleAnyway);
    let may_carry = |slot: usize, one: &Constraint| {
        model.slots[slot].labels.may_hold(|labels| labels.contains_key(&one.spec.topology_key))
    };
    let has_keys = |slot: usize| {
        let keys = || soft.iter().map(|one| &one.spec.topology_key);
        model.slots[slot].labels.hold(|labels| !needs_all_keys || keys().all(|key| labels.contains_key(key)))
    };
    let relevant: Vec<&Constraint> =
        soft.iter().filter(|one| (0..feasible.len()).any(|slot| may_carry(slot, one))).collect();
    if soft.is_empty() || (relevant.is_empty() && !needs_all_keys) {
        return None;
    }
    let candidates: Vec<Bool> = feasible.iter().enumerate().map(|(slot, &ok)| ok & has_keys(slot)).collect();
    let views: Vec<View> = relevant.iter().map(|one| View::new(model, group, one, &candidates, &has_keys)).collect();
    let bits = fraction_bits(&views);
    let weights: Vec<Int> =
        views.iter().map(|view| view.size.tabulate(|size| fixed_point(weight(size), bits))).collect();
    let raw: Vec<Int> = (0..feasible.len())
        .map(|slot| {
            let parts = views.iter().zip(&weights).filter_map(|(view, &weight)| {
                let (is_there, count) = view.counts[slot]?;
                Some(ite(is_there, count * weight + ((view.max_skew - 1) << bits), 0))
            });
            (sum(parts) + (1 << bits >> 1)) / (1 << bits)
        })
        .collect();
    let normalised = normalise(&raw, &candidates, has_keys);
    Some((raw, normalised))
}

/// 100·(max + min − raw)/max over the candidates; 100 where max is 0; 0 on nodes that lack a key.
fn normalise(raw: &[Int], candidates: &[Bool], has_keys: impl Fn(usize) -> Bool) -> Vec<Int> {
    let beyond = raw.iter().map(|one| one.range().hi).max().unwrap_or(0);
    let of_candidates =
        |other: i64| -> Vec<Int> { raw.iter().zip(candidates).map(|(&raw, &there)| ite(there, raw, other)).collect() };
    let (most, least) = (max_of(&of_candidates(0)), min_of(&of_candidates(beyond)));
    raw.iter()
        .enumerate()
        .map(|(slot, &raw)| {
            let score = ite(most.is(0), 100, ((most + least).monus(raw) * 100 / most).min(100));
            ite(has_keys(slot), score, 0)
        })
        .collect()
}

/// A soft constraint over the present candidates.
struct View {
    max_skew: i64,
    /// Number of domains among the candidates.
    size: Int,
    /// When each slot has a domain, if it may, and the counted pods in it.
    counts: Vec<Option<(Bool, Int)>>,
}

impl View {
    fn new(
        model: &Model,
        group: usize,
        constraint: &Constraint,
        candidates: &[Bool],
        has_keys: &dyn Fn(usize) -> Bool,
    ) -> Self {
        let spec = &constraint.spec;
        let by_host = spec.topology_key == HOSTNAME;
        let domains = Domains::new(model, &spec.topology_key, has_keys);
        let mut counts: Vec<Option<(Bool, Int)>> = vec![None; model.slots.len()];
        let mut sizes = Vec::new();
        for members in domains.by_value.values() {
            sizes.push(any(members.iter().map(|&(slot, is_member)| is_member & candidates[slot])));
            let on = |slot: usize| matching_on(&Pods::there(model), group, slot, constraint.counted());
            let counted = sum(members
                .iter()
                .map(|&(slot, is_member)| ite(is_member & included(model, group, slot, spec), on(slot), 0)));
            for &(slot, is_member) in members {
                // Hosts count what is on the node itself, whatever the policies.
                let own = if by_host { on(slot) } else { counted };
                counts[slot] = Some(match counts[slot] {
                    None => (is_member, own),
                    Some((before, other)) => (before | is_member, ite(is_member, own, other)),
                });
            }
        }
        // Under the system's defaults nodes without the key are one more domain: the plugin looks the absent label up
        // as an empty value.
        let lacks_key = |slot: usize| !model.slots[slot].labels.has(&spec.topology_key);
        sizes.push(any((0..candidates.len()).map(|slot| lacks_key(slot) & candidates[slot])));
        let size = if by_host { count(candidates.iter().copied()) } else { count(sizes) };
        Self { max_skew: spec.max_skew, size, counts }
    }
}

/// `ln(size + 2)`, the weight of a constraint over that many domains.
fn weight(size: i64) -> f64 {
    ((size + 2) as f64).ln()
}

fn fixed_point(value: f64, bits: u32) -> i64 {
    (value * (1_i64 << bits) as f64).round() as i64
}

/// The fewest fractional bits with which the fixed-point sum rounds like the real double arithmetic for every size
/// and count within the ranges; 32 where there are too many combinations to look at.
fn fraction_bits(views: &[View]) -> u32 {
    let mut points: Vec<(i64, i64, i64)> = Vec::new();
    let mut ranges = Vec::new();
    for view in views {
        let most = view.counts.iter().flatten().map(|(_, count)| count.range().hi).max().unwrap_or(0);
        ranges.push((view.size.range(), most, view.max_skew));
    }
    let combinations = ranges
        .iter()
        .fold(1_u64, |product, (size, most, _)| product.saturating_mul(size.size()).saturating_mul(*most as u64 + 1));
    if combinations > 1 << 20 {
        return 32;
    }
    for &(size, most, skew) in &ranges {
        points.extend((size.lo..=size.hi).flat_map(|size| (0..=most).map(move |count| (size, count, skew))));
    }
    let per_view: Vec<Vec<(i64, i64, i64)>> = ranges
        .iter()
        .map(|&(size, most, skew)| {
            (size.lo..=size.hi).flat_map(|size| (0..=most).map(move |count| (size, count, skew))).collect()
        })
        .collect();
    (6..32).find(|&bits| rounds_alike(&per_view, bits)).unwrap_or(32)
}

/// Whether fixed-point and double arithmetic round alike on every combination of points.
fn rounds_alike(per_view: &[Vec<(i64, i64, i64)>], bits: u32) -> bool {
    fn visit(rest: &[Vec<(i64, i64, i64)>], bits: u32, exact: f64, fixed: i64) -> bool {
        match rest.split_first() {
            None => exact.round() as i64 == (fixed + (1 << bits >> 1)) >> bits,
            Some((first, rest)) => first.iter().all(|&(size, count, skew)| {
                let exact = exact + (count as f64 * weight(size) + (skew - 1) as f64);
                let fixed = fixed + count * fixed_point(weight(size), bits) + ((skew - 1) << bits);
                visit(rest, bits, exact, fixed)
            }),
        }
    }
    visit(per_view, bits, 0.0, 0)
}
