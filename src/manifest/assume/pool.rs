//! The nodes that are assumed where none are given.

use super::super::wanted::Demand;
use crate::limits::first_run::{MOST_DOMAINS, MOST_NEEDED, PODS_OF_NODE};
use crate::limits::reader::MAX_NODES;
use crate::plural::plural_of;
use kubound_encodings::cluster::node::{CPU, MEMORY};
use kubound_encodings::cluster::{Labels, Resources};
use std::fmt::Write as _;

/// Sizes of machines that clouds rent, with four Gi of memory for each core: cores.
const SIZES: &[i64] = &[2, 4, 8, 16, 32, 48, 64, 96];

/// Places that pods of the system may take on a node.
const SYSTEM_PODS: i64 = 10;

/// A Gi, in bytes.
const GI: i64 = 1 << 30;

/// The nodes that are assumed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Nodes {
    /// Milli-cores.
    pub(super) cpu: i64,
    /// Bytes.
    pub(super) memory: i64,
    /// What pods ask for beside them: each node has as much as all pods together.
    pub(super) others: Resources<i64>,
    /// Name, least and greatest count, and labels.
    pub(super) pools: Vec<Pool>,
}

/// A pool of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) count: (i64, i64),
    pub(super) labels: Labels,
}

impl Nodes {
    /// Nodes on which all pods find a place, wherever the scheduler puts them, even if `lost` nodes are not there; and
    /// clusters with up to `spare` more of them.
    pub(super) fn for_demand(demand: &Demand, lost: i64, spare: i64) -> Self {
        let (cpu, memory, needed) = size(demand);
        let least = needed.max(demand.apart).max(1) + lost;
        let mut others = demand.total.clone();
        for (resource, amount) in &demand.on_each {
            *others.entry(resource.clone()).or_default() += amount;
        }
        others.retain(|resource, _| ![CPU, MEMORY].contains(&resource.as_str()));
        let sets = if demand.labels.is_empty() { vec![Labels::new()] } else { demand.labels.clone() };
        let mut pools: Vec<Pool> =
            sets.iter().flat_map(|labels| of_labels(labels, demand, (least, lost, spare))).collect();
        let most = (MAX_NODES / pools.len() as i64).max(1);
        for (index, pool) in pools.iter_mut().enumerate() {
            pool.name = if index == 0 { "worker".to_owned() } else { format!("worker{}", index + 1) };
            pool.count = (pool.count.0.min(most), pool.count.1.min(most));
        }
        Self { cpu, memory, others, pools }
    }

    /// In one line.
    pub(super) fn told(&self) -> String {
        let mut told = Vec::new();
        for pool in &self.pools {
            let mut text = plural_of(&counted(pool.count), "node");
            for (index, (key, value)) in pool.labels.iter().enumerate() {
                let _ = write!(text, "{}{key}={value}", if index == 0 { " with " } else { ", " });
            }
            told.push(text);
        }
        format!("{} of {} CPUs and {}Gi", told.join(", "), self.cpu / 1000, self.memory / GI)
    }
}

/// A number of nodes, or a range.
pub(super) fn counted((least, most): (i64, i64)) -> String {
    if least == most { least.to_string() } else { format!("{least}..{most}") }
}

/// The smallest size on which the largest pod fits and that needs few nodes, with how many it needs.
fn size(demand: &Demand) -> (i64, i64, i64) {
    let sizes = || SIZES.iter().map(|cores| (cores * 1000, cores * 4 * GI));
    let fitting = || sizes().filter_map(|(cpu, memory)| Some((cpu, memory, needed(demand, cpu, memory)?)));
    let few = fitting().find(|(_, _, needed)| *needed <= MOST_NEEDED);
    few.or_else(|| fitting().next_back()).unwrap_or_else(|| larger(demand))
}

/// A size of its own, for pods that fit on no machine of a usual size: a whole number of cores and of Gi.
fn larger(demand: &Demand) -> (i64, i64, i64) {
    let of = |resource: &str| {
        let largest = demand.largest.get(resource).copied().unwrap_or(0);
        largest.saturating_add(demand.on_each.get(resource).copied().unwrap_or(0))
    };
    let usual = SIZES.last().map_or(1, |cores| *cores);
    let up = |amount: i64, unit: i64| amount.saturating_add(unit - 1) / unit * unit;
    let (cpu, memory) = (up(of(CPU), 1000).max(usual * 1000), up(of(MEMORY), GI).max(usual * 4 * GI));
    (cpu, memory, needed(demand, cpu, memory).unwrap_or(1))
}

/// How many nodes it takes for every pod to find one, however the others are spread; none if one fits on no node.
///
/// A node refuses a pod only if what is requested there leaves less than the largest pod requests, and so much is
/// requested on few nodes at the same time.
fn needed(demand: &Demand, cpu: i64, memory: i64) -> Option<i64> {
    let mut refusing = 0;
    let pods = Resources::from([("pods".to_owned(), 1)]);
    let total = Resources::from([("pods".to_owned(), demand.pods)]);
    let limited = [
        (CPU, cpu, &demand.largest, &demand.total),
        (MEMORY, memory, &demand.largest, &demand.total),
        ("pods", PODS_OF_NODE - SYSTEM_PODS, &pods, &total),
    ];
    for (resource, amount, largest, total) in limited {
        let of = |amounts: &Resources<i64>| amounts.get(resource).copied().unwrap_or(0);
        let left = amount - of(&demand.on_each) - of(largest);
        if left < 0 {
            return None;
        }
        refusing += (of(total) - of(largest)) / (left + 1);
    }
    Some(refusing + 1)
}

/// Pools of nodes with these labels: one, or one in each domain that pods are spread over.
fn of_labels(labels: &Labels, demand: &Demand, (least, lost, spare): (i64, i64, i64)) -> Vec<Pool> {
    let free: Vec<&String> = demand.keys.iter().filter(|key| !labels.contains_key(*key)).collect();
    let pool = |count, labels| Pool { name: String::new(), count, labels };
    if free.is_empty() {
        return vec![pool((least, least + spare), labels.clone())];
    }
    let domains = demand.domains.clamp(2, MOST_DOMAINS);
    let each = ((least + domains - 1) / domains).max(1 + lost.min(1));
    let of_domain = |domain: i64| {
        let mut labels = labels.clone();
        for key in &free {
            labels.insert((*key).clone(), format!("zone-{}", domain + 1));
        }
        pool((each, each), labels)
    };
    (0..domains).map(of_domain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(largest: i64, total: i64) -> Demand {
        let of = |amount: i64| Resources::from([(CPU.to_owned(), amount)]);
        Demand { largest: of(largest), total: of(total), pods: 2, labels: vec![Labels::new()], ..Demand::default() }
    }

    #[test]
    fn small_pods_get_small_nodes_and_large_ones_larger() {
        let of = |largest, total| Nodes::for_demand(&demand(largest, total), 0, 1);
        assert_eq!((of(500, 1000).cpu, of(500, 1000).pools[0].count), (2000, (1, 2)));
        assert_eq!(of(3000, 6000).cpu, 8000);
        assert_eq!(of(120_500, 120_500).cpu, 121_000);
    }

    #[test]
    fn nodes_that_go_are_there_beside_those_that_are_needed() {
        let of = |lost| Nodes::for_demand(&demand(500, 1000), lost, 1).pools[0].count;
        assert_eq!([of(0), of(1)], [(1, 2), (2, 3)]);
    }

    #[test]
    fn every_pod_finds_a_place_however_the_others_are_spread() {
        // On three nodes of 2 CPUs: a pod of 1500m fits beside nothing of more than 500m.
        assert_eq!(needed(&demand(1500, 3000), 2000, 8 * GI), Some(3));
        assert_eq!(needed(&demand(2500, 3000), 2000, 8 * GI), None);
    }

    #[test]
    fn pods_that_are_spread_over_zones_get_zones() {
        let keys = ["topology.kubernetes.io/zone".to_owned()].into();
        let nodes = Nodes::for_demand(&Demand { keys, domains: 3, ..demand(500, 1000) }, 1, 1);
        let zones: Vec<&str> = nodes.pools.iter().flat_map(|pool| pool.labels.values().map(String::as_str)).collect();
        assert_eq!(zones, ["zone-1", "zone-2", "zone-3"]);
        assert!(nodes.pools.iter().all(|pool| pool.count == (2, 2)));
    }
}
