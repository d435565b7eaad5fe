//! Vertical pod autoscalers (autoscaling.k8s.io/v1): what they recommend, as a function of what pods use (section 7.3).
//!
//! The real recommender keeps decaying histograms of usage. Here a recommendation is that of a history in which usage was
//! always what it is at present: the percentile is the usage itself, both confidence factors are 1 (`recommender.go`).

use super::hpa::MetricResource;
use super::node::{CPU, MEMORY, Resources};
use super::workload::{Usage, WorkloadRef};
use crate::limits::models::{MOST_TARGETS, MOST_TARGETS_OF_BOTH, MOST_USAGES};
use crate::system::Origin;

/// What is added to usage, in percent (`--recommendation-margin-fraction`).
const MARGIN: i64 = 15;
/// Least recommendation of CPU for a pod, milli-cores (`--pod-recommendation-min-cpu-millicores`).
const LEAST_CPU: i64 = 25;
/// Least recommendation of memory for a pod, bytes (`--pod-recommendation-min-memory-mb`).
const LEAST_MEMORY: i64 = 250 << 20;
/// Share by which requests must be off before old pods are evicted (`--pod-update-threshold`).
const LEAST_CHANGE: f64 = 0.1;
/// Between what a recommendation is kept (`minAllowed` and `maxAllowed`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Allowed {
    /// Least amount.
    pub min: Option<i64>,
    /// Most; stronger than `min`.
    pub max: Option<i64>,
}

/// The recommended request for a usage, both milli-cores or bytes.
pub fn target(resource: MetricResource, usage: i64, allowed: Allowed) -> i64 {
    let least = if resource == MetricResource::Cpu { LEAST_CPU } else { LEAST_MEMORY };
    let recommended = (i128::from(usage) * i128::from(100 + MARGIN) / 100).min(i128::from(i64::MAX / 4)) as i64;
    let raised = recommended.max(least).max(allowed.min.unwrap_or(0));
    allowed.max.map_or(raised, |most| raised.min(most))
}

/// A resource whose requests are recommended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Controlled {
    /// CPU or memory.
    pub resource: MetricResource,
    /// The targets that are told apart, ascending.
    pub targets: Vec<i64>,
    /// For each target the largest usage for which it is recommended; any usage has at least the last one.
    pub most_usage: Vec<i64>,
    /// Whether there are more targets than are told apart: each is rounded up to one of them.
    pub is_rounded: bool,
}

impl Controlled {
    /// The targets for these usages of a pod, ascending; `alone`: no other resource is recommended.
    pub fn new(resource: MetricResource, mut usages: Vec<i64>, allowed: Allowed, alone: bool) -> Self {
        usages.sort_unstable();
        let mut steps: Vec<(i64, i64)> = Vec::new();
        for usage in usages {
            let target = target(resource, usage, allowed);
            match steps.last_mut() {
                Some((known, most)) if *known == target => *most = usage,
                _ => steps.push((target, usage)),
            }
        }
        let most = if alone { MOST_TARGETS } else { MOST_TARGETS_OF_BOTH };
        let is_rounded = steps.len() > most;
        if is_rounded {
            let size = steps.len().div_ceil(most);
            steps = steps.chunks(size).filter_map(|chunk| chunk.last().copied()).collect();
        }
        let (targets, most_usage) = steps.into_iter().unzip();
        Self { resource, targets, most_usage, is_rounded }
    }

    /// The name of the resource.
    pub fn name(&self) -> &'static str {
        if self.resource == MetricResource::Cpu { CPU } else { MEMORY }
    }
}

/// What a pod may use where its workload has so many pods at most, ascending or not; nothing for `Usage::Request`.
pub fn usages(usage: Usage, changes: &[Usage], most_pods: i64) -> Vec<i64> {
    let mut found = Vec::new();
    for one in changes.iter().chain([&usage]) {
        let (span, pods) = match *one {
            Usage::Request => continue,
            Usage::PerPod(span) => (span, 1),
            Usage::Shared(span) => (span, most_pods.max(1)),
        };
        let wanted = (MOST_USAGES / pods).max(2);
        let stride = (span.len() - 1).div_euclid(wanted) + 1;
        let values = (0..span.len()).step_by(stride as usize).map(|index| span.lo + index * span.step);
        found.extend(values.chain([span.hi]).flat_map(|value| (1..=pods).map(move |pods| value / pods)));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Why pods with certain requests are evicted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Urgency {
    /// Some request is below the lower bound, which is the target after an hour of history.
    TooSmall,
    /// No request is too small, and together they are 10 % off: the pod goes once it is 12 hours old, or once enough
    /// history has brought the upper bound down to the target.
    Old,
}

/// A VerticalPodAutoscaler.
#[derive(Clone, PartialEq, Debug)]
pub struct VerticalPodAutoscaler {
    /// Its name; its namespace is that of its target.
    pub name: String,
    /// `spec.targetRef`.
    pub target: WorkloadRef,
    /// Whether running pods are evicted (`updateMode: Recreate` and `Auto`), or new ones only get other requests.
    pub evicts: bool,
    /// Fewest live pods for evictions (`updatePolicy.minReplicas`).
    pub min_replicas: i64,
    /// What is recommended; not empty.
    pub controlled: Vec<Controlled>,
    /// What the only container requests of the controlled resources according to the manifest.
    pub written: Resources<i64>,
    /// Where it is written.
    pub origin: Origin,
}

impl VerticalPodAutoscaler {
    /// The recommended requests of each level, from level 1 on: every pair of targets, the last resource fastest.
    pub fn levels(&self) -> Vec<Resources<i64>> {
        self.controlled.iter().fold(vec![Resources::new()], |levels, one| {
            let with = |level: &Resources<i64>, target: i64| {
                let mut level = level.clone();
                level.insert(one.name().to_owned(), target);
                level
            };
            levels.iter().flat_map(|level| one.targets.iter().map(move |&target| with(level, target))).collect()
        })
    }

    /// What pods of a level request of the controlled resources; level 0 is the manifest's.
    fn requests(&self, level: usize) -> Resources<i64> {
        level.checked_sub(1).map_or_else(|| self.written.clone(), |index| self.levels().swap_remove(index))
    }

    /// Why pods of a level go where another is recommended, and by which share of their requests they are off, summed up
    /// over resources (`GetUpdatePriority`, `AddPod`).
    pub fn urgency(&self, level: usize, recommended: usize) -> Option<(Urgency, f64)> {
        let (own, wanted) = (self.requests(level), self.requests(recommended));
        let too_small = wanted.iter().any(|(resource, target)| own.get(resource).is_none_or(|own| own < target));
        // In milli-units, as quantities are compared.
        let off = wanted.iter().map(|(resource, &target)| {
            let scale = if resource == CPU { 1.0 } else { 1000.0 };
            let own = (own.get(resource).copied().unwrap_or(0) as f64 * scale).max(1.0);
            (own - target as f64 * scale).abs() / own
        });
        let off: f64 = off.sum();
        match (too_small, off >= LEAST_CHANGE) {
            (true, _) => Some((Urgency::TooSmall, off)),
            (false, true) => Some((Urgency::Old, off)),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Span;
    use MetricResource::{Cpu, Memory};

    fn scaler(controlled: Vec<Controlled>, written: &[(&str, i64)]) -> VerticalPodAutoscaler {
        VerticalPodAutoscaler {
            name: "web".into(),
            target: WorkloadRef { kind: "Deployment".into(), namespace: "default".into(), name: "web".into() },
            evicts: true,
            min_replicas: 2,
            controlled,
            written: written.iter().map(|&(resource, amount)| (resource.to_owned(), amount)).collect(),
            origin: Origin { object: "test".into(), field: String::new() },
        }
    }

    #[test]
    fn the_target_is_usage_and_a_margin_within_bounds() {
        let free = Allowed::default();
        assert_eq!(target(Cpu, 300, free), 345);
        assert_eq!(target(Cpu, 10, free), 25, "the floor of a pod");
        assert_eq!(target(Memory, 100 << 20, free), 250 << 20);
        assert_eq!(target(Memory, 1000 << 20, free), 1150 << 20);
        assert_eq!(target(Cpu, 300, Allowed { min: Some(500), max: None }), 500);
        assert_eq!(target(Cpu, 300, Allowed { min: None, max: Some(200) }), 200);
        assert_eq!(target(Cpu, 10, Allowed { min: None, max: Some(20) }), 20, "the policy comes after the floor");
    }

    #[test]
    fn a_shared_load_has_a_usage_for_each_number_of_pods() {
        let load = Usage::Shared(Span::exactly(1200));
        assert_eq!(usages(load, &[], 4), [300, 400, 600, 1200]);
        let change = Usage::PerPod(Span::new(100, 300, 100).expect("not empty"));
        assert_eq!(usages(Usage::PerPod(Span::exactly(50)), &[change], 4), [50, 100, 200, 300]);
        assert!(usages(Usage::Request, &[], 4).is_empty());
        let wide = usages(Usage::PerPod(Span::new(0, 1_000_000, 1).expect("not empty")), &[], 1);
        assert!(wide.len() <= 2002 && wide.ends_with(&[1_000_000]));
    }

    #[test]
    fn few_targets_are_told_apart_and_others_rounded_up() {
        let exact = Controlled::new(Cpu, vec![10, 20, 300, 400], Allowed::default(), true);
        assert_eq!(
            (exact.targets, exact.most_usage, exact.is_rounded),
            (vec![25, 345, 460], vec![20, 300, 400], false)
        );
        let many = Controlled::new(Cpu, (1..=8).map(|one| one * 100).collect(), Allowed::default(), true);
        assert_eq!((many.targets, many.is_rounded), (vec![230, 460, 690, 920], true));
    }

    #[test]
    fn pods_that_request_too_little_go_at_once_others_when_they_are_old() {
        let cpu = Controlled::new(Cpu, vec![100, 300], Allowed::default(), true);
        let web = scaler(vec![cpu], &[(CPU, 125)]);
        assert_eq!(web.levels().len(), 2);
        let why = |from: usize, to: usize| web.urgency(from, to).map(|(urgency, off)| (urgency, (off * 100.0) as i64));
        assert_eq!(why(0, 2), Some((Urgency::TooSmall, 176)), "125 and 345");
        assert_eq!(why(2, 1), Some((Urgency::Old, 66)), "345 and 115");
        assert_eq!(why(0, 1), None, "125 and 115: 8 %");
        assert_eq!(why(1, 1), None);
        let unwritten = VerticalPodAutoscaler { written: Resources::new(), ..web };
        assert!(matches!(unwritten.urgency(0, 1), Some((Urgency::TooSmall, _))), "no request is outside");
    }

    #[test]
    fn levels_are_pairs_and_differences_add_up() {
        let cpu = Controlled::new(Cpu, vec![100, 300], Allowed::default(), false);
        let memory = Controlled::new(Memory, vec![400 << 20], Allowed::default(), false);
        let web = scaler(vec![cpu, memory], &[(CPU, 120), (MEMORY, 480 << 20)]);
        assert_eq!(web.levels().iter().map(|level| level[CPU]).collect::<Vec<_>>(), [115, 345]);
        assert_eq!(web.urgency(0, 1), None, "4.2 % and 4.2 %");
        let wider =
            VerticalPodAutoscaler { written: [(CPU.to_owned(), 122), (MEMORY.to_owned(), 490 << 20)].into(), ..web };
        let (urgency, off) = wider.urgency(0, 1).expect("5.7 % and 6.1 %");
        assert!(urgency == Urgency::Old && off > 0.11 && off < 0.12, "{off}");
    }
}
