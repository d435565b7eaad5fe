//! NodeResourcesFit and NodeResourcesBalancedAllocation: scores of one node as functions of what its pods request
//! (section 1.8). Under constant requests and allocatable they are tables over counts, computed with the arithmetic
//! of the real code, doubles included; otherwise they are integer terms.

use super::filter::resources_used;
use crate::cluster::node::{CPU, EPHEMERAL_STORAGE, MEMORY};
use crate::cluster::pod::PodTemplate;
use crate::cluster::scheduler::{SchedulerProfile, ScoringStrategy};
use crate::limits::models::MOST_TABLE;
use crate::state::Model;
use crate::term::{Int, ite, sum};

/// Weights of both plugins; 0 for one that does not score.
#[derive(Clone, Copy)]
pub(super) struct Weights {
    /// Of NodeResourcesFit.
    pub fit: i64,
    /// Of NodeResourcesBalancedAllocation.
    pub balance: i64,
}

/// By slot: the weighted sum of both plugins; and whether it is what the real plugins compute.
pub(super) fn scores(model: &Model, group: usize, weights: Weights) -> (Vec<Int>, bool) {
    if weights.fit == 0 && weights.balance == 0 {
        return (vec![0.into(); model.slots.len()], true);
    }
    let mut is_exact = true;
    let scores = (0..model.slots.len()).map(|slot| match mixes(model, slot) {
        Some(mixes) if model.slots[slot].has_constant_size => tabulated(model, group, slot, &mixes, weights),
        _ => {
            is_exact &= has_symbolic_form(model, group, weights);
            symbolic(model, group, slot, weights)
        }
    });
    (scores.collect(), is_exact)
}

/// How a release balances allocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Balance {
    /// Every pod, by the node with the pod.
    EveryPod,
    /// Pods that request a balanced resource, by the node with the pod.
    WhatRequests,
    /// Such pods, by what the pod makes of the balance of the node.
    Change,
}

impl Balance {
    fn of(model: &Model) -> Self {
        match model.cluster.version.0 {
            ..=32 => Self::EveryPod,
            33..=35 => Self::WhatRequests,
            36.. => Self::Change,
        }
    }

    /// Whether a pod is balanced.
    fn includes(self, profile: &SchedulerProfile, pod: &PodTemplate) -> bool {
        let requests = |one: &String| pod.requests.get(one).is_some_and(|&amount| amount > 0);
        self == Self::EveryPod || profile.balanced_resources.iter().any(requests)
    }

    /// The score, from the balance of the node with the pod and without it.
    fn score(self, with: Int, without: impl FnOnce() -> Int) -> Int {
        match self {
            Self::EveryPod | Self::WhatRequests => with,
            Self::Change => (with + 50 - without()).max(0) / 2 + 50,
        }
    }
}

/// The resources that are balanced for a pod.
fn balanced_resources<'m>(model: &'m Model, group: usize) -> Vec<&'m String> {
    let pod = model.template(group);
    model.profile(group).balanced_resources.iter().filter(|resource| is_scored(pod, resource)).collect()
}

/// Whether [`symbolic`] covers the profile.
fn has_symbolic_form(model: &Model, group: usize, weights: Weights) -> bool {
    let shaped = matches!(model.profile(group).strategy, ScoringStrategy::RequestedToCapacityRatio(_));
    let balances = weights.balance > 0 && Balance::of(model).includes(model.profile(group), model.template(group));
    !(shaped && weights.fit > 0 || balances && balanced_resources(model, group).len() > 2)
}

/// Groups of pods that request the same, with the clamped number of their pods on the slot.
struct Mix {
    /// A group of the mix.
    example: usize,
    pods: Int,
    most: i64,
}

/// The mixes of a slot, if a table over their counts is small enough.
fn mixes(model: &Model, slot: usize) -> Option<Vec<Mix>> {
    let mut members: Vec<Vec<usize>> = Vec::new();
    for group in 0..model.groups.len() {
        match members.iter_mut().find(|list| requests_alike(model.template(list[0]), model.template(group))) {
            Some(list) => list.push(group),
            None => members.push(vec![group]),
        }
    }
    let mixes: Vec<Mix> = members
        .into_iter()
        .map(|list| {
            let pods = sum(list.iter().map(|&group| model.groups[group].assigned_on(slot)));
            // Beyond the capacity the node is not feasible for these pods, and others are not there in such numbers
            // unless pods may pile up.
            let room = model.capacity(model.template(list[0]), slot);
            let piles_up = list.iter().any(|&group| model.groups[group].running[slot].value.range().hi > room);
            let most = if piles_up { pods.range().hi } else { room.min(pods.range().hi) }.max(0);
            Mix { example: list[0], pods: pods.min(most), most }
        })
        .collect();
    let entries = mixes.iter().try_fold(1_i64, |product, mix| product.checked_mul(mix.most + 1))?;
    (entries <= MOST_TABLE).then_some(mixes)
}

fn requests_alike(a: &PodTemplate, b: &PodTemplate) -> bool {
    a.requests == b.requests && a.nonzero_cpu == b.nonzero_cpu && a.nonzero_memory == b.nonzero_memory
}

/// A table over the mixed-radix index of the counts.
fn tabulated(model: &Model, group: usize, slot: usize, mixes: &[Mix], weights: Weights) -> Int {
    let mut index = Int::from(0);
    for mix in mixes {
        index = index * (mix.most + 1) + mix.pods;
    }
    index.tabulate(|mut index| {
        let mut counts = vec![0; mixes.len()];
        for (count, mix) in counts.iter_mut().zip(mixes).rev() {
            *count = index % (mix.most + 1);
            index /= mix.most + 1;
        }
        let templates: Vec<(&PodTemplate, i64)> =
            mixes.iter().zip(counts).map(|(mix, count)| (model.template(mix.example), count)).collect();
        let allocatable = |resource: &str| {
            let there = &model.slots[slot];
            let unit = model.units.get(resource).copied().unwrap_or(1);
            there.allocatable.get(resource).and_then(|amount| amount.constant()).unwrap_or(0) * unit
        };
        let pod = model.template(group);
        let (fit, balance) = both(model.profile(group), pod, &templates, allocatable, Balance::of(model));
        weights.fit * fit + weights.balance * balance
    })
}

/// Both plugins for a pod on a node with `existing` pods.
fn both(
    profile: &SchedulerProfile,
    pod: &PodTemplate,
    existing: &[(&PodTemplate, i64)],
    allocatable: impl Fn(&str) -> i64,
    balance: Balance,
) -> (i64, i64) {
    let there = |of: &dyn Fn(&PodTemplate) -> i64| existing.iter().map(|(one, count)| of(one) * count).sum::<i64>();
    let total = |of: &dyn Fn(&PodTemplate) -> i64| of(pod) + there(of);
    let mut fit = Vec::new();
    for (resource, weight) in &profile.strategy_resources {
        if !is_scored(pod, resource) {
            continue;
        }
        let requested = total(&|template| scoring_request(template, resource));
        fit.push((requested, allocatable(resource), *weight));
    }
    let request = |template: &PodTemplate, resource: &str| template.requests.get(resource).copied().unwrap_or(0);
    let balanced = |with_pod: bool| {
        let resources = profile.balanced_resources.iter().filter(|resource| is_scored(pod, resource));
        let fractions: Vec<(i64, i64)> = resources
            .map(|resource| {
                let own = if with_pod { request(pod, resource) } else { 0 };
                (own + there(&|template| request(template, resource)), allocatable(resource))
            })
            .collect();
        balanced_allocation(&fractions)
    };
    let balance = match balance {
        _ if !balance.includes(profile, pod) => 0,
        Balance::Change => 50 + (50 + balanced(true) - balanced(false)) / 2,
        Balance::EveryPod | Balance::WhatRequests => balanced(true),
    };
    (resources_fit(&profile.strategy, &fit), balance)
}

/// Whether both plugins look at a resource: extended ones only if the pod requests them.
fn is_scored(pod: &PodTemplate, resource: &str) -> bool {
    matches!(resource, CPU | MEMORY | EPHEMERAL_STORAGE) || pod.requests.get(resource).is_some_and(|&amount| amount > 0)
}

/// The request that scoring assumes: missing CPU and memory requests are not zero.
fn scoring_request(template: &PodTemplate, resource: &str) -> i64 {
    match resource {
        CPU => template.nonzero_cpu,
        MEMORY => template.nonzero_memory,
        other => template.requests.get(other).copied().unwrap_or(0),
    }
}

/// NodeResourcesFit for (requested with the pod, allocatable, weight) of each resource.
fn resources_fit(strategy: &ScoringStrategy, resources: &[(i64, i64, i64)]) -> i64 {
    let (mut score, mut weights) = (0, 0);
    for &(requested, capacity, weight) in resources.iter().filter(|(_, capacity, _)| *capacity > 0) {
        let one = match strategy {
            ScoringStrategy::LeastAllocated if requested > capacity => 0,
            ScoringStrategy::LeastAllocated => (capacity - requested) * 100 / capacity,
            ScoringStrategy::MostAllocated => requested.min(capacity) * 100 / capacity,
            ScoringStrategy::RequestedToCapacityRatio(shape) => {
                let utilisation = if requested > capacity { 100 } else { requested * 100 / capacity };
                let one = interpolate(shape, utilisation);
                if one == 0 {
                    continue;
                }
                one
            }
        };
        score += one * weight;
        weights += weight;
    }
    match (weights, strategy) {
        (0, _) => 0,
        (_, ScoringStrategy::RequestedToCapacityRatio(_)) => (score as f64 / weights as f64).round() as i64,
        _ => score / weights,
    }
}

/// Piecewise linear in integers, constant beyond the ends; shape scores of 0..10 count ten times.
fn interpolate(shape: &[(i64, i64)], utilisation: i64) -> i64 {
    for (index, &(point, score)) in shape.iter().enumerate() {
        if utilisation <= point {
            let Some(&(before, low)) = index.checked_sub(1).and_then(|previous| shape.get(previous)) else {
                return score * 10;
            };
            return low * 10 + (score - low) * 10 * (utilisation - before) / (point - before);
        }
    }
    shape.last().map_or(0, |&(_, score)| score * 10)
}

/// NodeResourcesBalancedAllocation for (requested with the pod, allocatable) of each resource.
fn balanced_allocation(resources: &[(i64, i64)]) -> i64 {
    let fractions: Vec<f64> = resources
        .iter()
        .filter(|(_, capacity)| *capacity > 0)
        .map(|&(requested, capacity)| (requested as f64 / capacity as f64).min(1.0))
        .collect();
    let deviation = match fractions.as_slice() {
        [] | [_] => 0.0,
        [a, b] => ((a - b) / 2.0).abs(),
        list => {
            let mean = list.iter().sum::<f64>() / list.len() as f64;
            (list.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>() / list.len() as f64).sqrt()
        }
    };
    ((1.0 - deviation) * 100.0) as i64
}

/// Both plugins as integer terms, where allocatable is symbolic or the groups are too many for a table. Exact for
/// LeastAllocated and MostAllocated; balanced allocation is exact rational arithmetic instead of doubles, which can
/// differ by one where the exact result is an integer. What it does not cover ([`has_symbolic_form`]) counts as 0, and
/// the scheduler then takes any feasible node.
fn symbolic(model: &Model, group: usize, slot: usize, weights: Weights) -> Int {
    let profile = model.profile(group);
    let there = &model.slots[slot];
    let pod = model.template(group);
    let capacity = |resource: &str| there.allocatable.get(resource).copied().unwrap_or(0.into());
    let (mut parts, mut shares) = (Vec::new(), Vec::new());
    for (resource, weight) in &profile.strategy_resources {
        if !is_scored(pod, resource) {
            continue;
        }
        let used = sum((0..model.groups.len()).map(|other| {
            model.groups[other].assigned_on(slot)
                * model.scaled(resource, scoring_request(model.template(other), resource))
        }));
        let requested = used + model.scaled(resource, scoring_request(pod, resource));
        let capacity = capacity(resource);
        let one = match profile.strategy {
            ScoringStrategy::LeastAllocated => capacity.monus(requested) * 100 / capacity,
            ScoringStrategy::MostAllocated => requested.min(capacity) * 100 / capacity,
            ScoringStrategy::RequestedToCapacityRatio(_) => 0.into(),
        };
        parts.push(one * *weight);
        // A resource that the node does not have is left out.
        shares.push(ite(capacity.above(0), *weight, 0));
    }
    let fit = sum(parts) / sum(shares);
    let balanced = |resources: &[&String], with_pod: bool| match resources {
        [a, b] => {
            let fraction = |resource: &str| {
                let own = if with_pod { pod.requests.get(resource).copied().unwrap_or(0) } else { 0 };
                let used = resources_used(model, slot, resource) + model.scaled(resource, own);
                (used.min(capacity(resource)), capacity(resource))
            };
            let ((first, first_capacity), (second, second_capacity)) = (fraction(a), fraction(b));
            let (x, y) = (first * second_capacity, second * first_capacity);
            let difference = ite(x.at_least(y), x - y, y - x).max(0);
            let both = first_capacity.above(0) & second_capacity.above(0);
            ite(both, Int::from(100) - (difference * 50).ceil_div(first_capacity * second_capacity), 100)
        }
        _ => 100.into(),
    };
    let how = Balance::of(model);
    let balance = match balanced_resources(model, group).as_slice() {
        resources @ ([] | [_] | [_, _]) if how.includes(profile, pod) => {
            how.score(balanced(resources, true), || balanced(resources, false))
        }
        _ => 0.into(),
    };
    fit * weights.fit + balance * weights.balance
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEBI: i64 = 1 << 20;

    fn node(cpu_used: i64, memory_used: i64) -> (i64, i64) {
        let (cpu, memory) = (cpu_used + 500, (memory_used + 256) * MEBI);
        let fit = resources_fit(&ScoringStrategy::LeastAllocated, &[(cpu, 4000, 1), (memory, 8192 * MEBI, 1)]);
        (fit, balanced_allocation(&[(cpu, 4000), (memory, 8192 * MEBI)]))
    }

    #[test]
    fn the_three_nodes_of_section_13() {
        assert_eq!(node(1000, 1024), (73, 89));
        assert_eq!(node(500, 4096), (60, 85));
        assert_eq!(node(0, 0), (91, 95));
    }

    #[test]
    fn a_best_effort_pod_counts_as_100m_and_200mi_and_is_not_balanced() {
        let pod = PodTemplate { nonzero_cpu: 100, nonzero_memory: 200 * MEBI, ..PodTemplate::default() };
        let allocatable = |resource: &str| if resource == CPU { 4000 } else { 8192 * MEBI };
        assert_eq!(both(&SchedulerProfile::default(), &pod, &[], allocatable, Balance::WhatRequests), (97, 0));
        assert_eq!(both(&SchedulerProfile::default(), &pod, &[], allocatable, Balance::EveryPod), (97, 100));
    }

    #[test]
    fn extended_resources_are_scored_only_if_requested() {
        const GPU: &str = "example.com/gpu";
        let amounts = |list: &[(&str, i64)]| list.iter().map(|&(name, amount)| (name.to_owned(), amount)).collect();
        let pod = |list| PodTemplate { requests: amounts(list), nonzero_cpu: 2000, ..PodTemplate::default() };
        let profile = |other: &str| SchedulerProfile {
            strategy_resources: vec![(CPU.into(), 1), (other.into(), 1)],
            balanced_resources: vec![CPU.into(), other.into()],
            ..SchedulerProfile::default()
        };
        let allocatable = |resource: &str| if resource == CPU { 4000 } else { 4 };
        let score =
            |other: &str, pod: PodTemplate| both(&profile(other), &pod, &[], allocatable, Balance::WhatRequests);
        assert_eq!(score(GPU, pod(&[(CPU, 2000)])), (50, 100));
        assert_eq!(score(GPU, pod(&[(CPU, 2000), (GPU, 1)])), (62, 87));
        assert_eq!(score(EPHEMERAL_STORAGE, pod(&[(CPU, 2000)])), (75, 75), "it is not an extended resource");
    }

    #[test]
    fn most_allocated_and_the_ratio_shape() {
        let half = [(2000, 4000, 1)];
        assert_eq!(resources_fit(&ScoringStrategy::MostAllocated, &half), 50);
        let packing = ScoringStrategy::RequestedToCapacityRatio(vec![(0, 0), (100, 10)]);
        assert_eq!(resources_fit(&packing, &half), 50);
        assert_eq!(interpolate(&[(20, 10), (80, 0)], 10), 100);
        assert_eq!(interpolate(&[(20, 10), (80, 0)], 50), 50);
        assert_eq!(interpolate(&[(20, 10), (80, 0)], 90), 0);
    }
}
