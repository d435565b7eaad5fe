//! What a verdict covers: sizes, values, assumptions, timing and granularity, in words of the input.

use super::timings::timing_word;
use super::{Options, Systems};
use crate::plural::plural_of;
use itertools::Itertools;
use kubound_encodings::cluster::custom::{self, Values};
use kubound_encodings::cluster::workload::Usage;
use kubound_encodings::cluster::{Cluster, Event, Granularity, Moment, Span, Start, Timing};
use kubound_encodings::system::TransitionSystem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a verdict covers.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// Nodes of each pool.
    pub pools: Vec<Size>,
    /// `spec.replicas` of each workload.
    pub workloads: Vec<Size>,
    /// Values given as ranges.
    pub values: Vec<Size>,
    /// Assumptions over initial values.
    pub assumptions: Vec<String>,
    /// Controllers that the scenario adds to those of Kubernetes.
    pub controllers: Vec<String>,
    /// Events that may happen, with how often.
    pub events: Vec<String>,
    /// Where runs start.
    pub start: String,
    /// How rules interleave: `both` where verdicts say which timing they are about.
    pub timing: String,
    /// How many reconciles one rule stood for during the search.
    pub granularity: String,
    /// Release whose rules apply.
    pub kubernetes: String,
}

/// A number or range with a name.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Size {
    /// Of what.
    pub name: String,
    /// The number, or `lo..hi`, or `lo..hi/step`.
    pub count: String,
}

impl Scope {
    /// The scope of a search.
    pub fn new(cluster: &Cluster, systems: &Systems, options: &Options) -> Self {
        let mut scope = Self::of(cluster, options);
        scope.assumptions.extend(assumptions(&systems.fine));
        scope.assumptions.extend((cluster.start == Start::Arbitrary).then(|| CONDITIONS.to_owned()));
        scope
    }

    /// The same without assumptions of a scenario, which only a system tells.
    pub fn of(cluster: &Cluster, options: &Options) -> Self {
        let size = |name: String, span: Span| Size { name, count: span.to_string() };
        let is_paced = cluster.timing == Timing::Paced;
        Self {
            pools: cluster.pools.iter().map(|pool| size(pool.name.clone(), pool.count)).collect(),
            workloads: cluster
                .workloads
                .iter()
                .filter(|workload| !workload.is_daemon())
                .map(|workload| size(workload.reference.to_string(), workload.replicas))
                .collect(),
            values: values(cluster),
            assumptions: cluster.assumed.iter().cloned().collect(),
            controllers: cluster.scenario_controllers.iter().map(|one| one.id.clone()).collect(),
            events: cluster.events.iter().map(told).collect(),
            start: start_word(cluster.start).to_owned(),
            timing: if options.both && is_paced { "both" } else { timing_word(cluster.timing) }.to_owned(),
            granularity: granularity_word(if is_paced { options.granularity } else { Granularity::Fine }).to_owned(),
            kubernetes: format!("1.{}", cluster.version.0),
        }
    }

    /// One line: the sizes that were checked together.
    pub fn sizes(&self) -> String {
        let list = |sizes: &[Size]| sizes.iter().map(|size| format!("{} {}", size.count, size.name)).join(", ");
        let pods = match self.workloads.as_slice() {
            [] if self.pools.is_empty() => return "no nodes".to_owned(),
            [] => return format!("nodes {}", list(&self.pools)),
            [one] => plural_of(&one.count, "replica"),
            many => format!("replicas {}", list(many)),
        };
        format!("nodes {}; {pods}", list(&self.pools))
    }
}

/// Everything that is given as a range besides node and replica counts.
fn values(cluster: &Cluster) -> Vec<Size> {
    let mut sizes = Vec::new();
    let mut note = |name: String, span: Span, unit: &str| {
        if span.constant().is_none() {
            sizes.push(Size { name, count: format!("{span}{unit}") });
        }
    };
    for pool in &cluster.pools {
        for (resource, &span) in &pool.allocatable {
            note(format!("allocatable {resource} of pool {}", pool.name), span, resource_unit(resource));
        }
        note(format!("allocatable pods of pool {}", pool.name), pool.pods, "");
    }
    for workload in &cluster.workloads {
        for (resource, usage) in [("cpu", workload.cpu_usage), ("memory", workload.memory_usage)] {
            if let Usage::PerPod(span) | Usage::Shared(span) = usage {
                note(format!("{resource} usage of {}", workload.reference), span, resource_unit(resource));
            }
        }
    }
    for workload in &cluster.workloads {
        for metric in &workload.metrics {
            let (span, unit) = metric_unit(metric.value);
            note(format!("metric {} of {}", metric.name, workload.reference), span, unit);
        }
    }
    for placed in &cluster.placed {
        let pool = placed.pool.as_deref().unwrap_or_default();
        note(format!("initial pods of {} on each node of {pool}", placed.target), placed.pods, "");
    }
    for own in custom::of(cluster) {
        for field in &own.parts[custom::RESOURCE].fields {
            match field.values {
                Values::Number(span, None) => note(format!("{} of {}", field.name, own.resource()), span, ""),
                Values::Bool(None) => note(format!("{} of {}", field.name, own.resource()), BIT, ""),
                _ => {}
            }
        }
    }
    sizes
}

/// False and true.
const BIT: Span = Span { lo: 0, hi: 1, step: 1 };

/// The value of a metric, which is given in thousandths, in the unit that reports name it in.
pub fn metric_unit(value: Span) -> (Span, &'static str) {
    let Span { lo, hi, step } = value;
    let is_whole = lo % 1000 == 0 && hi % 1000 == 0 && (lo == hi || step % 1000 == 0);
    match Span::new(lo / 1000, hi / 1000, (step / 1000).max(1)).filter(|_| is_whole) {
        Some(whole) => (whole, ""),
        None => (value, "m"),
    }
}

/// The unit of amounts of a resource in reports.
pub fn resource_unit(resource: &str) -> &'static str {
    match resource {
        "cpu" => "m",
        "memory" | "ephemeral-storage" => " bytes",
        _ => "",
    }
}

fn assumptions(system: &TransitionSystem) -> Vec<String> {
    system
        .constraints
        .iter()
        .filter(|constraint| constraint.is_assumption)
        .map(|constraint| constraint.text.clone())
        .collect()
}

/// What is left of `start: arbitrary`.
const CONDITIONS: &str =
    "initially pods fit on their nodes, are no more than controllers may ask for, and one of each number";

fn start_word(start: Start) -> &'static str {
    match start {
        Start::Empty => "empty",
        Start::Settled => "settled",
        Start::Any => "any",
        Start::Arbitrary => "arbitrary",
        Start::Snapshot => "snapshot",
    }
}

/// The word for a granularity on the command line.
pub fn granularity_word(granularity: Granularity) -> &'static str {
    match granularity {
        Granularity::Fine => "fine",
        Granularity::Fused => "fused",
    }
}

/// An event with how often it may happen; an operation with when it begins.
fn told(event: &Event) -> String {
    match event.operation {
        None => format!("{} (at most {})", event.id, event.times),
        Some(Moment::Settled) => format!("{} (operation, once settled)", event.id),
        Some(Moment::Any) => format!("{} (operation, at any moment)", event.id),
    }
}
