//! Vertical pod autoscalers (autoscaling.k8s.io/v1): what they recommend, as a function of what pods use (section 7.3).
//!
//! The real recommender keeps decaying histograms of usage. Here a recommendation is that of a history in which usage was
//! always what it is at present: the percentile is the usage itself, both confidence factors are 1 (`recommender.go`).

use super::hpa::MetricResource;
use super::node::{CPU, MEMORY, Resources};
use super::workload::{Share, Usage, WorkloadRef};
use crate::limits::models::{MOST_TARGETS, MOST_TARGETS_OF_BOTH, MOST_USAGES};
use crate::system::Origin;
use std::collections::BTreeMap;

/// What is added to usage, in percent (`--recommendation-margin-fraction`).
const MARGIN: i64 = 15;
/// Least recommendation of CPU for a pod, milli-cores (`--pod-recommendation-min-cpu-millicores`).
const LEAST_CPU: i64 = 25;
/// Least recommendation of memory for a pod, bytes (`--pod-recommendation-min-memory-mb`).
const LEAST_MEMORY: i64 = 250 << 20;
/// Share by which requests must be off before old pods are evicted (`--pod-update-threshold`).
const LEAST_CHANGE: f64 = 0.1;

/// Requests by container.
pub type Requests = BTreeMap<String, Resources<i64>>;

/// Between what a recommendation is kept (`minAllowed` and `maxAllowed`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Allowed {
    /// Least amount.
    pub min: Option<i64>,
    /// Most; stronger than `min`.
    pub max: Option<i64>,
    /// Among how many containers the least recommendation of a pod is divided (`GetRecommendedPodResources`); none is one.
    pub containers: i64,
}

/// The recommended request for a usage, both milli-cores or bytes.
pub fn target(resource: MetricResource, usage: i64, allowed: Allowed) -> i64 {
    let least = if resource == MetricResource::Cpu { LEAST_CPU } else { LEAST_MEMORY };
    let recommended = (i128::from(usage) * i128::from(100 + MARGIN) / 100).min(i128::from(i64::MAX / 4)) as i64;
    let least = least / allowed.containers.max(1);
    let raised = recommended.max(least).max(allowed.min.unwrap_or(0));
    allowed.max.map_or(raised, |most| raised.min(most))
}

/// A container, and which part of what its pod uses it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// Its name.
    pub container: String,
    /// Its part.
    pub share: Share,
}

/// A resource of a container whose requests are recommended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Controlled {
    /// The container.
    pub part: Part,
    /// CPU or memory.
    pub resource: MetricResource,
    /// The targets that are told apart, ascending.
    pub targets: Vec<i64>,
    /// For each target the largest usage of the container for which it is recommended; any usage has at least the last one.
    pub most_usage: Vec<i64>,
    /// Whether there are more targets than are told apart: each is rounded up to one of them.
    pub is_rounded: bool,
}

impl Controlled {
    /// The targets for these usages of a pod, ascending; `alone`: of no other resource or container several are recommended.
    pub fn new(part: Part, resource: MetricResource, usages: Vec<i64>, allowed: Allowed, alone: bool) -> Self {
        let mut usages: Vec<i64> = usages.into_iter().map(|usage| part.share.of(usage)).collect();
        usages.sort_unstable();
        usages.dedup();
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
        Self { part, resource, targets, most_usage, is_rounded }
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
    /// What containers request of the controlled resources according to the manifest.
    pub written: Requests,
    /// Where it is written.
    pub origin: Origin,
}

impl VerticalPodAutoscaler {
    /// Whether requests of several containers are recommended.
    pub fn has_several(&self) -> bool {
        self.controlled.iter().any(|one| one.part.container != self.controlled[0].part.container)
    }

    /// The recommended requests of each level, from level 1 on: every combination of targets, the last resource of the last
    /// container fastest.
    pub fn levels(&self) -> Vec<Requests> {
        self.controlled.iter().fold(vec![Requests::new()], |levels, one| {
            let with = |level: &Requests, target: i64| {
                let mut level = level.clone();
                level.entry(one.part.container.clone()).or_default().insert(one.name().to_owned(), target);
                level
            };
            levels.iter().flat_map(|level| one.targets.iter().map(move |&target| with(level, target))).collect()
        })
    }

    /// What pods of a level request of the controlled resources; level 0 is the manifest's.
    fn requests(&self, level: usize) -> Requests {
        level.checked_sub(1).map_or_else(|| self.written.clone(), |index| self.levels().swap_remove(index))
    }

    /// Why pods of a level go where another is recommended, and by which share of their requests they are off, summed up
    /// over resources, each of all containers together (`GetUpdatePriority`, `AddPod`).
    pub fn urgency(&self, level: usize, recommended: usize) -> Option<(Urgency, f64)> {
        let (own, wanted) = (self.requests(level), self.requests(recommended));
        let own_of = |container: &str, resource: &str| own.get(container).and_then(|own| own.get(resource)).copied();
        let mut totals: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        let mut too_small = false;
        for (container, targets) in &wanted {
            for (resource, &target) in targets {
                let own = own_of(container, resource);
                too_small |= own.is_none_or(|own| own < target);
                let (requested, recommended) = totals.entry(resource).or_default();
                *requested += own.unwrap_or(0) as f64;
                *recommended += target as f64;
            }
        }
        // In milli-units, as quantities are compared.
        let off = totals.iter().map(|(&resource, &(requested, recommended))| {
            let scale = if resource == CPU { 1.0 } else { 1000.0 };
            let requested = (requested * scale).max(1.0);
            (requested - recommended * scale).abs() / requested
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

    fn app() -> Part {
        Part { container: "app".into(), share: Share::Rest(0) }
    }

    fn scaler(controlled: Vec<Controlled>, written: &[(&str, i64)]) -> VerticalPodAutoscaler {
        VerticalPodAutoscaler {
            name: "web".into(),
            target: WorkloadRef { kind: "Deployment".into(), namespace: "default".into(), name: "web".into() },
            evicts: true,
            min_replicas: 2,
            controlled,
            written: [("app".to_owned(), written.iter().map(|&(name, amount)| (name.to_owned(), amount)).collect())]
                .into(),
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
        assert_eq!(target(Cpu, 300, Allowed { min: Some(500), ..free }), 500);
        assert_eq!(target(Cpu, 300, Allowed { max: Some(200), ..free }), 200);
        assert_eq!(target(Cpu, 10, Allowed { max: Some(20), ..free }), 20, "the policy comes after the floor");
        assert_eq!(target(Cpu, 0, Allowed { containers: 2, ..free }), 12, "the floor is divided among containers");
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
        let exact = Controlled::new(app(), Cpu, vec![10, 20, 300, 400], Allowed::default(), true);
        assert_eq!(
            (exact.targets, exact.most_usage, exact.is_rounded),
            (vec![25, 345, 460], vec![20, 300, 400], false)
        );
        let many = Controlled::new(app(), Cpu, (1..=8).map(|one| one * 100).collect(), Allowed::default(), true);
        assert_eq!((many.targets, many.is_rounded), (vec![230, 460, 690, 920], true));
    }

    #[test]
    fn pods_that_request_too_little_go_at_once_others_when_they_are_old() {
        let cpu = Controlled::new(app(), Cpu, vec![100, 300], Allowed::default(), true);
        let web = scaler(vec![cpu], &[(CPU, 125)]);
        assert_eq!(web.levels().len(), 2);
        let why = |from: usize, to: usize| web.urgency(from, to).map(|(urgency, off)| (urgency, (off * 100.0) as i64));
        assert_eq!(why(0, 2), Some((Urgency::TooSmall, 176)), "125 and 345");
        assert_eq!(why(2, 1), Some((Urgency::Old, 66)), "345 and 115");
        assert_eq!(why(0, 1), None, "125 and 115: 8 %");
        assert_eq!(why(1, 1), None);
        let unwritten = VerticalPodAutoscaler { written: Requests::new(), ..web };
        assert!(matches!(unwritten.urgency(0, 1), Some((Urgency::TooSmall, _))), "no request is outside");
    }

    #[test]
    fn of_several_containers_each_may_be_too_small_and_totals_are_off() {
        let of = |container: &str, share: Share| Part { container: container.into(), share };
        let halved = Allowed { containers: 2, ..Allowed::default() };
        let usages = vec![150, 350];
        let app = Controlled::new(of("app", Share::Rest(50)), Cpu, usages.clone(), halved, true);
        let side = Controlled::new(of("side", Share::Exactly(50)), Cpu, usages, halved, true);
        assert_eq!((app.targets.clone(), side.targets.clone()), (vec![115, 345], vec![57]));
        assert_eq!(side.most_usage, [50]);
        let mut web = scaler(vec![app, side], &[(CPU, 345)]);
        assert!(web.has_several());
        assert_eq!(web.levels().len(), 2);
        web.written.insert("side".into(), [(CPU.to_owned(), 40)].into());
        let (urgency, off) = web.urgency(0, 2).expect("40 is below 57");
        assert!(urgency == Urgency::TooSmall && (off - 17.0 / 385.0).abs() < 1e-9, "{off}: 385 and 402 together");
        web.written.insert("side".into(), [(CPU.to_owned(), 60)].into());
        assert_eq!(web.urgency(0, 2), None, "405 and 402");
        assert!(matches!(web.urgency(0, 1), Some((Urgency::Old, _))), "405 and 172");
    }

    #[test]
    fn levels_are_pairs_and_differences_add_up() {
        let cpu = Controlled::new(app(), Cpu, vec![100, 300], Allowed::default(), false);
        let memory = Controlled::new(app(), Memory, vec![400 << 20], Allowed::default(), false);
        let web = scaler(vec![cpu, memory], &[(CPU, 120), (MEMORY, 480 << 20)]);
        assert_eq!(web.levels().iter().map(|level| level["app"][CPU]).collect::<Vec<_>>(), [115, 345]);
        assert_eq!(web.urgency(0, 1), None, "4.2 % and 4.2 %");
        let wider = scaler(web.controlled, &[(CPU, 122), (MEMORY, 490 << 20)]);
        let (urgency, off) = wider.urgency(0, 1).expect("5.7 % and 6.1 %");
        assert!(urgency == Urgency::Old && off > 0.11 && off < 0.12, "{off}");
    }
}
