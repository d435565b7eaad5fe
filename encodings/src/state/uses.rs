//! What pods use, and the values of their metrics.

use super::{BoolVar, IntVar, Model, gcd, words};
use crate::cluster::metric_change::MetricChange;
use crate::cluster::node::{CPU, MEMORY};
use crate::cluster::workload::{MetricValue, Usage};
use crate::cluster::{Span, Workload};
use crate::subject::{ObjectId, Subject};
use crate::system::Role;
use crate::term::Int;

/// What a ready pod of a group uses, or the load that the ready pods of a workload share.
#[derive(Clone, Debug)]
pub struct Uses {
    /// CPU in units of `cpu_unit` milli-cores.
    pub cpu: Int,
    /// The variable behind it where an event changes it.
    pub cpu_var: Option<IntVar>,
    /// Milli-cores of one unit.
    pub cpu_unit: i64,
    /// Memory, bytes.
    pub memory: Int,
    /// The metrics of the workload, in their order.
    pub metrics: Vec<Metric>,
}

/// A metric that is no resource.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Its value, thousandths.
    pub value: Int,
    /// The variable behind it where an event changes it.
    pub var: Option<IntVar>,
    /// Whether it has no value; only where an event makes it so.
    pub is_gone: Option<BoolVar>,
}

impl Model<'_> {
    /// What the pods of a group use.
    pub fn uses(&self, group: usize) -> &Uses {
        self.side(group).expect("declared with the group")
    }

    /// Declares what the pods of the manifest's template use.
    pub(super) fn declare_uses(&mut self, index: usize) {
        let (id, workload) = (self.ids.workloads[index], &self.cluster.workloads[index]);
        let (cpu, cpu_var, cpu_unit) = self.declare_cpu(id, workload);
        let memory = self.declare_memory(id, workload);
        let metrics = self.declare_metrics(id, workload);
        self.remember(index, Uses { cpu, cpu_var, cpu_unit, memory, metrics });
    }

    /// What pods of a later group use: as much as they request where the scenario says no other thing, else what those
    /// of the first group use.
    pub(super) fn declare_later_uses(&mut self, group: usize) {
        let (workload, template) = (self.workload(group), self.template(group));
        let requested = |resource: &str| template.lasting_request(resource);
        let differs = |resource: &str| requested(resource) != workload.template.lasting_request(resource);
        let mut uses = self.uses(self.groups[group].workload).clone();
        if workload.cpu_usage == Usage::Request && uses.cpu_var.is_none() && differs(CPU) {
            (uses.cpu, uses.cpu_unit) = (requested(CPU).into(), 1);
        }
        if workload.memory_usage == Usage::Request && differs(MEMORY) {
            uses.memory = requested(MEMORY).into();
        }
        self.remember(group, uses);
    }

    /// CPU usage as a term, with its variable where events change it, in units that keep the numbers small.
    fn declare_cpu(&mut self, id: ObjectId, workload: &Workload) -> (Int, Option<IntVar>, i64) {
        let request = workload.template.lasting_request(CPU);
        let initial = match workload.cpu_usage {
            Usage::Request => Span::exactly(request),
            Usage::PerPod(span) | Usage::Shared(span) => span,
        };
        let changes = self.needs.cpu_usage.iter().filter(|(target, _)| *target == workload.reference);
        let changes: Vec<Span> = changes.map(|(_, to)| *to).collect();
        let unit = cpu_unit(workload, &initial, &changes);
        let start = self.frozen(Subject::new(words::INITIAL_CPU_USAGE).of(id), scaled(&initial, unit));
        if changes.is_empty() {
            return (start, None, unit);
        }
        let lo = changes.iter().chain([&initial]).map(|span| span.lo / unit).min().unwrap_or(0);
        let hi = changes.iter().chain([&initial]).map(|span| span.hi / unit).max().unwrap_or(0);
        let var = self.int_var(Subject::new(words::CPU_USAGE).of(id), Role::Cluster, lo, hi, start);
        (var.value, Some(var), unit)
    }

    /// Memory usage; a range is a variable only where something reads it.
    fn declare_memory(&mut self, id: ObjectId, workload: &Workload) -> Int {
        let span = match workload.memory_usage {
            Usage::Request => Span::exactly(workload.template.lasting_request(MEMORY)),
            Usage::PerPod(span) | Usage::Shared(span) => span,
        };
        let is_read = self.needs.memory_usage.contains(&workload.reference);
        if is_read { self.frozen(Subject::new(words::MEMORY_USAGE).of(id), span) } else { span.hi.into() }
    }

    /// Metrics that are no resources, likewise; with variables where events change them.
    fn declare_metrics(&mut self, id: ObjectId, workload: &Workload) -> Vec<Metric> {
        let mut declare = |metric: &MetricValue| {
            if !self.needs.metrics.contains(&metric.name) {
                return Metric { value: metric.value.hi.into(), var: None, is_gone: None };
            }
            let about = |word: &'static str| Subject::new(word).word(metric.name.clone()).of(id);
            let start = self.frozen(about(words::METRIC), metric.value);
            let is_own = |one: &&MetricChange| one.target == workload.reference && one.metric == metric.name;
            let changes: Vec<Option<Span>> =
                self.needs.metric_changes.iter().filter(is_own).map(|one| one.to).collect();
            let is_gone = changes.contains(&None);
            let is_gone = is_gone.then(|| self.bool_var(about(words::METRIC_GONE), Role::Cluster, false.into()));
            let spans: Vec<Span> = changes.into_iter().flatten().collect();
            if spans.is_empty() {
                return Metric { value: start, var: None, is_gone };
            }
            let lo = spans.iter().chain([&metric.value]).map(|span| span.lo).min().unwrap_or(0);
            let hi = spans.iter().chain([&metric.value]).map(|span| span.hi).max().unwrap_or(0);
            let var = self.int_var(about(words::METRIC_NOW), Role::Cluster, lo, hi, start);
            Metric { value: var.value, var: Some(var), is_gone }
        };
        workload.metrics.iter().map(&mut declare).collect()
    }
}

/// Milli-cores of one unit of what pods of a workload use: the largest that divides all amounts there may be.
pub fn cpu_unit(workload: &Workload, initial: &Span, changes: &[Span]) -> i64 {
    let mut unit = gcd(workload.startup.map_or(0, |startup| startup.cpu), 0);
    for span in changes.iter().chain([initial]) {
        unit = gcd(unit, gcd(span.lo, if span.constant().is_some() { 0 } else { span.step }));
    }
    unit.max(1)
}

fn scaled(span: &Span, unit: i64) -> Span {
    Span { lo: span.lo / unit, hi: span.hi / unit, step: (span.step / unit).max(1) }
}

/// Milli-cores that the variable of the initial usage stands for.
pub fn initial_cpu(span: &Span, unit: i64, value: i64) -> i64 {
    let scaled = scaled(span, unit);
    match scaled.constant() {
        Some(constant) => constant * unit,
        None if scaled.step == 1 => value * unit,
        None => (scaled.lo + value * scaled.step) * unit,
    }
}
