//! What of a cluster can be divided: the sizes and values that are given as ranges and chosen once, before a run begins.
//!
//! A range that is a value for each node of a pool is no axis: dividing it would leave out clusters whose nodes differ.

use crate::search::scope::{Size, metric_unit, resource_unit};
use kubound_encodings::cluster::workload::Usage;
use kubound_encodings::cluster::{Cluster, Span, Start, Workload};

/// Where a range stands in a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Knob {
    /// Nodes of a pool.
    Nodes(usize),
    /// Replicas of a workload.
    Replicas(usize),
    /// CPU that pods of a workload use.
    Cpu(usize),
    /// A metric of a workload.
    Metric(usize, usize),
    /// Memory that pods of a workload use.
    Memory(usize),
    /// Allocatable of the only node of a pool.
    Allocatable(usize, String),
    /// Allocatable pods of the only node of a pool.
    Room(usize),
}

/// A range that can be divided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axis {
    knob: Knob,
    /// What it is, as reports name it.
    pub name: String,
    /// All values.
    pub values: Span,
    /// Fewest values of a part.
    least: i64,
    /// Fewest values of the part with the smallest ones.
    least_first: i64,
}

impl Knob {
    fn span<'a>(&self, cluster: &'a mut Cluster) -> Option<&'a mut Span> {
        match self {
            Self::Nodes(pool) => Some(&mut cluster.pools[*pool].count),
            Self::Replicas(workload) => Some(&mut cluster.workloads[*workload].replicas),
            Self::Cpu(workload) => usage(&mut cluster.workloads[*workload].cpu_usage),
            Self::Memory(workload) => usage(&mut cluster.workloads[*workload].memory_usage),
            Self::Metric(workload, metric) => Some(&mut cluster.workloads[*workload].metrics[*metric].value),
            Self::Allocatable(pool, resource) => cluster.pools[*pool].allocatable.get_mut(resource),
            Self::Room(pool) => Some(&mut cluster.pools[*pool].pods),
        }
    }
}

fn usage(usage: &mut Usage) -> Option<&mut Span> {
    match usage {
        Usage::PerPod(span) | Usage::Shared(span) => Some(span),
        Usage::Request => None,
    }
}

/// The axes of a cluster.
pub fn axes(cluster: &Cluster) -> Vec<Axis> {
    let mut scratch = cluster.clone();
    let is_bounded = is_bounded(cluster);
    let axis = |(knob, name): (Knob, String)| {
        let mut values = *knob.span(&mut scratch)?;
        let (mut least, mut least_first) = (1, 1);
        match knob {
            Knob::Nodes(_) => {
                // A range goes no further than the scenario's bound; a part that is one number would forget it.
                let most = values.hi.min(cluster.bounds.nodes_per_pool);
                values = Span::new(values.lo, most, values.step).filter(|_| values.constant().is_none())?;
                // Nobody asks about clusters without nodes alone.
                least_first = if values.lo == 0 { 2 } else { 1 };
            }
            // Their bound is one on the sum of ranges, which numbers alone would not have.
            Knob::Replicas(_) if is_bounded => (least, least_first) = (2, 2),
            _ => {}
        }
        Some(Axis { knob, name, values, least, least_first }).filter(|axis| axis.values.len() > 1)
    };
    knobs(cluster).into_iter().filter_map(axis).collect()
}

/// Whether the scenario bounds the pods of all workloads together.
pub fn is_bounded(cluster: &Cluster) -> bool {
    cluster.workloads.iter().map(|workload| workload.replicas.hi).fold(0, i64::saturating_add) > cluster.bounds.pods
}

/// Everything that may be a range, with its name in reports; what matters most comes first.
fn knobs(cluster: &Cluster) -> Vec<(Knob, String)> {
    let pools = || cluster.pools.iter().enumerate();
    let workloads = || cluster.workloads.iter().enumerate();
    let mut knobs: Vec<(Knob, String)> = pools().map(|(index, pool)| (Knob::Nodes(index), pool.name.clone())).collect();
    // From any state, controllers may have asked for any number of the range before; one number by itself would forget that.
    let is_one_number = |workload: &Workload| workload.is_daemon() || cluster.start == Start::Arbitrary;
    let replicas = workloads().filter(|(_, workload)| !is_one_number(workload));
    knobs.extend(replicas.map(|(index, workload)| (Knob::Replicas(index), workload.reference.to_string())));
    knobs.extend(
        workloads().map(|(index, workload)| (Knob::Cpu(index), format!("cpu usage of {}", workload.reference))),
    );
    for (index, workload) in workloads() {
        let name = |metric: &str| format!("metric {metric} of {}", workload.reference);
        let metrics = workload.metrics.iter().enumerate();
        knobs.extend(metrics.map(|(metric, one)| (Knob::Metric(index, metric), name(&one.name))));
    }
    for (index, pool) in pools().filter(|(_, pool)| pool.most_nodes() == 1) {
        let name = |resource: &str| format!("allocatable {resource} of pool {}", pool.name);
        let resources = pool.allocatable.keys();
        knobs.extend(resources.map(|resource| (Knob::Allocatable(index, resource.clone()), name(resource))));
        knobs.push((Knob::Room(index), name("pods")));
    }
    let memory = |(index, workload): (usize, &Workload)| {
        (Knob::Memory(index), format!("memory usage of {}", workload.reference))
    };
    knobs.extend(workloads().map(memory));
    knobs
}

impl Axis {
    /// Gives a cluster these values of the axis.
    pub fn set(&self, cluster: &mut Cluster, values: Span) {
        if let Some(span) = self.knob.span(cluster) {
            *span = values;
        }
    }

    /// Values as reports write them.
    pub fn size(&self, values: Span) -> Size {
        let (values, unit) = match &self.knob {
            Knob::Nodes(_) | Knob::Replicas(_) | Knob::Room(_) => (values, ""),
            Knob::Cpu(_) => (values, resource_unit("cpu")),
            Knob::Memory(_) => (values, resource_unit("memory")),
            Knob::Metric(..) => metric_unit(values),
            Knob::Allocatable(_, resource) => (values, resource_unit(resource)),
        };
        Size { name: self.name.clone(), count: format!("{values}{unit}") }
    }

    /// How much a search with these values costs, compared with others. Searches take longer the more nodes and pods there
    /// are; other values are as hard as each other.
    pub fn cost(&self, values: Span) -> f64 {
        let sum = |cost: fn(f64) -> f64| values.values().map(|value| cost(value as f64)).sum();
        match self.knob {
            Knob::Nodes(_) => sum(|nodes| nodes.max(1.0) * nodes.max(1.0)),
            Knob::Replicas(_) => sum(|pods| pods + 1.0),
            _ => values.len() as f64,
        }
    }

    /// Two parts of some values that cost about the same, if they may be divided.
    pub fn halves(&self, values: Span) -> Option<[Span; 2]> {
        let least = if values.lo == self.values.lo { self.least_first } else { self.least };
        let (first, last) = (least, values.len() - self.least);
        if first > last {
            return None;
        }
        let half = self.cost(values) / 2.0;
        let (mut low, mut high) = (first, last);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.cost(cut(values, middle)[0]) >= half { high = middle } else { low = middle + 1 }
        }
        let worse = |at: i64| cut(values, at).map(|part| self.cost(part)).into_iter().fold(0.0, f64::max);
        let at = if low > first && worse(low - 1) <= worse(low) { low - 1 } else { low };
        Some(cut(values, at))
    }
}

/// The first `at` values, and the others.
fn cut(values: Span, at: i64) -> [Span; 2] {
    let end = values.lo + (at - 1) * values.step;
    [Span { hi: end, ..values }, Span { lo: end + values.step, ..values }]
}
