//! The replica calculator (section 3.5): from usage to a proposal, with the real code's truncations and doubles.

use super::selected::{by_workload, selected};
use crate::cluster::HorizontalPodAutoscaler;
use crate::cluster::hpa::{Metric, MetricResource, MetricTarget, Tolerance};
use crate::cluster::node::{CPU, MEMORY};
use crate::cluster::workload::{Readiness, Usage};
use crate::state::{Group, Model, gcd};
use crate::term::{Bool, Int, any, ite, sum};

/// How starting pods look to the calculator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fresh {
    /// Sampled, and Ready if they are Ready at once.
    Sampled,
    /// Sampled before they became Ready.
    Unready,
    /// Without a sample.
    Missing,
}

/// Pods as the calculator groups them (section 3.4), with what the sampled ones use.
struct Sample {
    /// Pods in the ready group.
    ready: Int,
    /// Pods in the unready group.
    unready: Int,
    /// Pods without a sample.
    missing: Int,
    /// Σ usage of the ready group, milli.
    usage: Int,
    /// Usage of one pod, where all of the ready group use the same.
    each: Option<Int>,
}

/// What pods of revisions that request different amounts request, by group of the calculator.
struct Requested {
    /// Σ of the ready group.
    ready: Int,
    /// Σ of the unready group.
    unready: Int,
    /// Σ of the pods without a sample.
    missing: Int,
    /// Σ of what pods without a sample are taken to use while scaling down, in hundredths.
    fallback: Int,
}

/// The proposal of one metric and whether it is valid.
pub(super) fn proposal(
    model: &Model,
    hpa: &HorizontalPodAutoscaler,
    metric: &Metric,
    group: usize,
    fresh: Fresh,
) -> (Int, Bool) {
    let resource = if metric.resource == MetricResource::Cpu { CPU } else { MEMORY };
    let selected = selected(model, hpa, group);
    let requests: Vec<i64> = selected.iter().map(|&one| request(model, one, resource)).collect();
    let needs_request = matches!(metric.target, MetricTarget::Utilization(_));
    let current = model.groups[group].spec.value;
    if needs_request && requests.iter().all(|&request| request == 0) {
        return (current, false.into());
    }
    let sample = sample(model, metric.resource, &selected, fresh);
    let calculator = Calculator {
        target: metric.target,
        milli: if metric.resource == MetricResource::Memory { 1000 } else { 1 },
        request: requests[0],
        current,
        most: hpa.max.max(current.range().hi),
        version: model.cluster.version.0,
        tolerance: hpa.tolerance,
    };
    if !needs_request || requests.iter().all(|&request| request == requests[0]) {
        return (calculator.replicas(&sample, None), sample.ready.above(0));
    }
    // One pod without a request is enough for the metric to fail.
    let by_revision: Vec<Counts> = selected.iter().map(|&one| counts(model, metric.resource, &[one], fresh)).collect();
    let each = || by_revision.iter().zip(&requests);
    let fails = any(each()
        .filter(|&(_, &request)| request == 0)
        .map(|(counts, _)| (counts.ready + counts.unready + counts.missing).above(0)));
    let total = |of: fn(&Counts) -> Int| sum(each().map(|(counts, &request)| of(counts) * request));
    let fallback = each().map(|(counts, &request)| counts.missing * Calculator { request, ..calculator }.fallback());
    let requested = Requested {
        ready: total(|counts| counts.ready),
        unready: total(|counts| counts.unready),
        missing: total(|counts| counts.missing),
        fallback: sum(fallback),
    };
    (calculator.replicas(&sample, Some(&requested)), sample.ready.above(0) & !fails)
}

/// What a pod of a revision requests of a resource; 0 if some container requests nothing.
fn request(model: &Model, revision: usize, resource: &str) -> i64 {
    let template = model.template(revision);
    let everywhere =
        if resource == CPU { template.cpu_requested_everywhere } else { template.memory_requested_everywhere };
    if everywhere { template.requests.get(resource).copied().unwrap_or(0) } else { 0 }
}

/// Pods of some revisions of a workload as the calculator groups them.
struct Counts {
    ready: Int,
    unready: Int,
    missing: Int,
    /// Of the ready ones those whose start-up is over, and those that still start.
    settled: Int,
    fresh: Int,
    /// Pods that serve a shared load.
    serving: Int,
}

fn counts(model: &Model, resource: MetricResource, revisions: &[usize], fresh: Fresh) -> Counts {
    let at_once = model.startup(revisions[0]).is_some_and(|startup| startup.readiness == Readiness::AtOnce);
    let revisions: Vec<&Group> = revisions.iter().map(|&one| &model.groups[one]).collect();
    // Only CPU looks at readiness.
    let looks = match fresh {
        Fresh::Missing => Fresh::Missing,
        Fresh::Sampled if at_once => Fresh::Sampled,
        _ if resource == MetricResource::Memory => Fresh::Sampled,
        _ => Fresh::Unready,
    };
    let on = |slot: usize, pods: Int, alive: bool| {
        let runs = model.slots[slot].is_alive();
        ite(if alive { runs } else { !runs }, pods, 0)
    };
    let running = |alive: bool| {
        let places = revisions.iter().flat_map(|one| one.slots().map(move |slot| (one, slot)));
        sum(places.map(|(one, slot)| on(slot, one.running_on(slot), alive)))
    };
    let none = Int::from(0);
    let starting = |alive: bool| {
        let places = revisions.iter().flat_map(|one| one.slots().map(move |slot| (one, slot)));
        sum(places.map(|(one, slot)| on(slot, one.starting_on(slot), alive)))
    };
    let (fresh_alive, fresh_dead) = (starting(true), starting(false));
    let bound = sum(revisions.iter().flat_map(|one| &one.bound).flatten().map(|count| count.value));
    let settled = running(true);
    // A running pod without a sample is missing whatever its readiness; so is one whose container has crashed.
    let crashed = sum(revisions.iter().flat_map(|one| &one.crashed).flatten().map(|count| count.value));
    let missing = running(false) + crashed + sum(revisions.iter().map(|one| completed(model, one)));
    let as_if = |wanted: Fresh| if looks == wanted { fresh_alive } else { none };
    let (fresh, unready_fresh, missing_fresh) = (as_if(Fresh::Sampled), as_if(Fresh::Unready), as_if(Fresh::Missing));
    let ready = settled + fresh;
    let unready = sum(revisions.iter().map(|one| one.pending.value)) + bound + unready_fresh;
    // A new pod serves its share of a load as soon as it is Ready, whether or not it is sampled yet.
    let serving = settled + if at_once { fresh_alive } else { none };
    Counts { ready, unready, missing: missing + fresh_dead + missing_fresh, settled, fresh, serving }
}

/// Pods of a Job that have succeeded: they are there without a sample until the Job is deleted. Those of a CronJob's are
/// not told apart from none.
fn completed(model: &Model, group: &Group) -> Int {
    let workload = &model.cluster.workloads[group.workload];
    let stay = model.cluster.cron_job_of(&workload.reference).is_none();
    group.job.filter(|_| stay).map_or(0.into(), |job| job.succeeded.value)
}

/// All pods that the autoscaler's selector matches, of whatever workload and revision (section 3.4).
fn sample(model: &Model, resource: MetricResource, selected: &[usize], fresh: Fresh) -> Sample {
    let parts = by_workload(model, selected);
    let mut samples: Vec<Sample> = parts.iter().map(|revisions| sample_of(model, resource, revisions, fresh)).collect();
    if samples.len() == 1 {
        return samples.remove(0);
    }
    let total = |of: fn(&Sample) -> Int| sum(samples.iter().map(of));
    Sample {
        ready: total(|one| one.ready),
        unready: total(|one| one.unready),
        missing: total(|one| one.missing),
        usage: total(|one| one.usage),
        each: None,
    }
}

/// The pods of some revisions of a workload.
fn sample_of(model: &Model, resource: MetricResource, revisions: &[usize], fresh: Fresh) -> Sample {
    let group = revisions[0];
    let all = counts(model, resource, revisions, fresh);
    let alike = |one: &usize| {
        let (first, one) = (&model.groups[group], &model.groups[*one]);
        (first.usage, first.usage_unit, first.memory_usage) == (one.usage, one.usage_unit, one.memory_usage)
    };
    let (usage, each) = if revisions.iter().all(alike) {
        usage(model, resource, group, [all.settled, all.fresh, all.serving])
    } else {
        let parts = revisions.iter().map(|&one| {
            let own = counts(model, resource, &[one], fresh);
            usage(model, resource, one, [own.settled, own.fresh, all.serving]).0
        });
        (sum(parts.collect::<Vec<_>>()), None)
    };
    Sample { ready: all.ready, unready: all.unready, missing: all.missing, usage, each }
}

/// Σ usage of the ready group of a revision, and the usage of one pod where all use the same.
fn usage(
    model: &Model,
    resource: MetricResource,
    group: usize,
    [settled, fresh, serving]: [Int; 3],
) -> (Int, Option<Int>) {
    let state = &model.groups[group];
    let workload = model.workload(group);
    let (per_pod, shared) = match resource {
        MetricResource::Cpu => (state.usage * state.usage_unit, matches!(workload.cpu_usage, Usage::Shared(_))),
        MetricResource::Memory => (state.memory_usage, matches!(workload.memory_usage, Usage::Shared(_))),
    };
    // A shared load is split evenly among the ready pods, each share truncated.
    let per_pod = if shared { per_pod / serving } else { per_pod };
    let startup = model.startup(group).filter(|_| resource == MetricResource::Cpu && fresh.constant() != Some(0));
    match startup {
        Some(startup) => (settled * per_pod + fresh * startup.cpu, None),
        None => ((settled + fresh) * per_pod, Some(per_pod)),
    }
}

/// A metric with its constants.
#[derive(Clone, Copy)]
struct Calculator {
    target: MetricTarget,
    /// Milli-units of one unit of usage.
    milli: i64,
    request: i64,
    current: Int,
    /// Largest proposal that can make a difference.
    most: i64,
    version: u32,
    tolerance: Tolerance,
}

impl Calculator {
    fn target_value(&self) -> i64 {
        match self.target {
            MetricTarget::Utilization(value) | MetricTarget::AverageValue(value) => value,
        }
    }

    /// The compared value: utilisation in percent, or usage per pod, truncated; of pods with `usage` together and
    /// `missing` more that use what a pod without a sample is taken to use while scaling down.
    fn value(&self, usage: Int, missing: Int, pods: Int) -> Int {
        match self.target {
            MetricTarget::Utilization(_) => (usage * 100 + missing * self.fallback()) / self.request / pods,
            MetricTarget::AverageValue(_) => (usage * self.milli + missing * self.fallback()) / pods,
        }
    }

    fn value_of_one(&self, usage: Int) -> Int {
        self.value(usage, 0.into(), 1.into())
    }

    /// Usage ascribed to a pod without a sample while scaling down: in milli-units, or in hundredths where requests
    /// are compared. The real code truncates to milli-units, which for memory loses nothing.
    fn fallback(&self) -> i64 {
        match self.target {
            MetricTarget::Utilization(target) if self.milli == 1 => self.request * target.max(100) / 100 * 100,
            MetricTarget::Utilization(target) => self.request * target.max(100),
            MetricTarget::AverageValue(target) => target,
        }
    }

    /// The proposal; `requested` where the pods of revisions request different amounts.
    fn replicas(&self, sample: &Sample, requested: Option<&Requested>) -> Int {
        let value = match (sample.each, requested) {
            (_, Some(requested)) => sample.usage * 100 / requested.ready,
            (Some(each), None) => self.value_of_one(each),
            (None, None) => self.value(sample.usage, 0.into(), sample.ready),
        };
        let target = self.target_value();
        let (above, below) = (value.above(target), value.below(target));
        let plain = ite(self.tolerates(value), self.current, self.ceiling(value, sample.ready));
        let ignores_unready = sample.unready.above(0) & above;
        let corrects = ignores_unready | sample.missing.above(0);
        if corrects.constant() == Some(false) {
            return plain;
        }
        let pods = sample.ready + ite(above | below, sample.missing, 0) + ite(ignores_unready, sample.unready, 0);
        let corrected = match requested {
            None => self.value(sample.usage, ite(below, sample.missing, 0), pods),
            Some(requested) => {
                let missing = ite(above | below, requested.missing, 0);
                let all = requested.ready + missing + ite(ignores_unready, requested.unready, 0);
                (sample.usage * 100 + ite(below, requested.fallback, 0)) / all
            }
        };
        let replicas = self.ceiling(corrected, pods);
        let (corrected_above, corrected_below) = (corrected.above(target), corrected.below(target));
        let keeps = self.tolerates(corrected)
            | (below & corrected_above)
            | (above & corrected_below)
            | (corrected_below & replicas.above(self.current))
            | (corrected_above & replicas.below(self.current));
        ite(corrects, ite(keeps, self.current, replicas), plain)
    }

    /// Whether the ratio to the target is within the tolerance, compared on doubles as the release does.
    fn tolerates(&self, value: Int) -> Bool {
        let target = self.target_value();
        let inside = |value: i64| is_within_tolerance(value, target, self.tolerance, self.version);
        // The tolerated values are an interval around the target.
        let least = first_where(0, target, inside);
        let far = target.saturating_mul(2 + self.tolerance.up / 1000);
        let beyond = first_where(target, far, |value| !inside(value));
        value.at_least(least) & value.below(beyond)
    }

    /// `ceil(value / target · pods)` as the doubles have it, at most `most`.
    fn ceiling(&self, value: Int, pods: Int) -> Int {
        let target = self.target_value();
        // Beyond this the outcome is `most` for any number of pods but none, so the value may saturate.
        let enough = self.most.saturating_mul(target);
        let value = value.min(enough);
        let exact = (value * pods).ceil_div(target);
        let (values, counts) = (value.range(), pods.range());
        let exceptions = any((counts.lo.max(1)..=counts.hi).map(|count| {
            let is_odd =
                |&one: &i64| values.contains(one) && double_ceiling(one, target, count) != one * count / target;
            let odd: Vec<Bool> =
                whole_ratios(values.hi, target, count).filter(is_odd).map(|one| value.is(one)).collect();
            if odd.is_empty() { false.into() } else { pods.is(count) & any(odd) }
        }));
        (exact + exceptions.as_int()).min(self.most)
    }
}

/// The least value of `lo..hi` that satisfies a condition which all larger ones satisfy too; else `hi`.
fn first_where(mut lo: i64, mut hi: i64, condition: impl Fn(i64) -> bool) -> i64 {
    while lo < hi {
        let middle = lo + (hi - lo) / 2;
        if condition(middle) {
            hi = middle;
        } else {
            lo = middle + 1;
        }
    }
    lo
}

/// The values up to `most` whose ratio to the target, times the pods, is a whole number. The doubles of the real code
/// can come out above it only there: elsewhere the next whole number is at least `1 / target` away, which is more
/// than they err as long as target times replicas stays below 2^51.
fn whole_ratios(most: i64, target: i64, pods: i64) -> impl Iterator<Item = i64> {
    let step = target / gcd(target, pods);
    (0..=most / step).map(move |index| index * step)
}

/// The ceiling of the real code's doubles.
fn double_ceiling(value: i64, target: i64, pods: i64) -> i64 {
    (value as f64 / target as f64 * pods as f64).ceil() as i64
}

/// The tolerance test: its form changed in 1.33, and the boundary 1.1 with it.
fn is_within_tolerance(value: i64, target: i64, tolerance: Tolerance, version: u32) -> bool {
    let ratio = value as f64 / target as f64;
    let (down, up) = (tolerance.down as f64 / 1000.0, tolerance.up as f64 / 1000.0);
    // Before 1.33 there is only the flag, which is one number.
    if version >= 33 { (1.0 - down..=1.0 + up).contains(&ratio) } else { (1.0 - ratio).abs() <= up }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{Dag, within};

    fn cpu(usage: i64, ready: i64, current: i64, version: u32) -> Option<i64> {
        let (replicas, _) = within(Dag::default(), || {
            let calculator = Calculator {
                target: MetricTarget::Utilization(50),
                milli: 1,
                request: 500,
                current: current.into(),
                most: 100,
                version,
                tolerance: Tolerance::default(),
            };
            let sample = Sample {
                ready: ready.into(),
                unready: 0.into(),
                missing: 0.into(),
                usage: (usage * ready).into(),
                each: None,
            };
            calculator.replicas(&sample, None).constant()
        });
        replicas
    }

    #[test]
    fn the_utilisation_vectors_of_section_13() {
        assert_eq!(cpu(400, 3, 3, 33), Some(5));
        assert_eq!(cpu(279, 3, 3, 33), Some(3), "ratio 1.1 is inside in 1.33");
        assert_eq!(cpu(279, 3, 3, 32), Some(4), "and outside before");
        assert_eq!(cpu(100, 3, 3, 33), Some(2));
        assert_eq!(cpu(300, 13, 10, 33), Some(16), "the pods counted, not the replicas");
    }

    #[test]
    fn ratio_nine_tenths_is_inside_in_every_release() {
        for version in [29, 32, 33] {
            assert!(is_within_tolerance(45, 50, Tolerance::default(), version));
            assert!(!is_within_tolerance(44, 50, Tolerance::default(), version));
        }
    }

    #[test]
    fn unready_pods_damp_an_increase() {
        let (replicas, _) = within(Dag::default(), || {
            let calculator = Calculator {
                target: MetricTarget::Utilization(50),
                milli: 1,
                request: 500,
                current: 4.into(),
                most: 100,
                version: 33,
                tolerance: Tolerance::default(),
            };
            // Two pods at 80 % and two unready ones: 40 % over four pods is below the target, so nothing happens.
            let sample =
                Sample { ready: 2.into(), unready: 2.into(), missing: 0.into(), usage: 800.into(), each: None };
            calculator.replicas(&sample, None).constant()
        });
        assert_eq!(replicas, Some(4));
    }
}
