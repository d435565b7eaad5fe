//! The arithmetic of the replica calculator (section 3.5), with the real code's truncations and doubles.

use crate::cluster::hpa::{MetricTarget, Tolerance};
use crate::state::gcd;
use crate::term::{Bool, Int, any, ite};

/// Pods as the calculator groups them (section 3.4), with what the sampled ones use.
pub(super) struct Sample {
    /// Pods in the ready group.
    pub(super) ready: Int,
    /// Pods in the unready group.
    pub(super) unready: Int,
    /// Pods without a sample.
    pub(super) missing: Int,
    /// Σ usage of the ready group, milli.
    pub(super) usage: Int,
    /// Usage of one pod, where all of the ready group use the same.
    pub(super) each: Option<Int>,
}

/// What pods of revisions that request different amounts request, by group of the calculator.
pub(super) struct Requested {
    /// Σ of the ready group.
    pub(super) ready: Int,
    /// Σ of the unready group.
    pub(super) unready: Int,
    /// Σ of the pods without a sample.
    pub(super) missing: Int,
    /// Σ of what pods without a sample are taken to use while scaling down, in hundredths.
    pub(super) fallback: Int,
}

/// A metric with its constants.
#[derive(Clone, Copy)]
pub(super) struct Calculator {
    pub(super) target: MetricTarget,
    /// Milli-units of one unit of usage.
    pub(super) milli: i64,
    pub(super) request: i64,
    pub(super) current: Int,
    /// Largest proposal that can make a difference.
    pub(super) most: i64,
    pub(super) version: u32,
    pub(super) tolerance: Tolerance,
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
    pub(super) fn fallback(&self) -> i64 {
        match self.target {
            MetricTarget::Utilization(target) if self.milli == 1 => self.request * target.max(100) / 100 * 100,
            MetricTarget::Utilization(target) => self.request * target.max(100),
            MetricTarget::AverageValue(target) => target,
        }
    }

    /// The proposal; `requested` where the pods of revisions request different amounts.
    pub(super) fn replicas(&self, sample: &Sample, requested: Option<&Requested>) -> Int {
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

    /// The proposal for a metric that is compared as it is, and whether it leaves the replicas alone
    /// (`getUsageRatioReplicaCount`).
    pub(super) fn replicas_of_value(&self, value: Int, ready: Int) -> (Int, Bool) {
        let tolerated = self.tolerates(value);
        (ite(tolerated, self.current, self.ceiling(value, ready)), tolerated)
    }

    /// The proposal for a metric that all replicas have together (`GetObjectPerPodMetricReplicas`).
    pub(super) fn replicas_of_total(&self, total: Int, replicas: Int) -> Int {
        let target = self.target_value();
        let range = replicas.range();
        // Without replicas the ratio is infinite, or no number: never within the tolerance.
        let tolerated = any((range.lo.max(1)..=range.hi).map(|count| {
            let all = MetricTarget::AverageValue(target.saturating_mul(count));
            replicas.is(count) & Self { target: all, ..*self }.tolerates(total)
        }));
        ite(tolerated, replicas, total.ceil_div(target)).min(self.most)
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

    /// A metric with this target, for so many replicas.
    fn by_metric(target: i64, current: i64, version: u32) -> Calculator {
        Calculator {
            target: MetricTarget::AverageValue(target),
            milli: 1,
            request: 0,
            current: current.into(),
            most: 100,
            version,
            tolerance: Tolerance::default(),
        }
    }

    #[test]
    fn a_value_is_compared_as_it_is_and_scales_the_ready_pods() {
        let replicas = |value: i64, ready: i64, current: i64, version: u32| {
            let of_value = |calculator: Calculator| calculator.replicas_of_value(value.into(), ready.into());
            within(Dag::default(), || of_value(by_metric(20_000, current, version)).0.constant()).0
        };
        assert_eq!(replicas(40_000, 3, 3, 33), Some(6));
        assert_eq!(replicas(40_000, 2, 3, 33), Some(4), "only those that are Ready");
        assert_eq!(replicas(40_000, 0, 3, 33), Some(0));
        assert_eq!(replicas(22_000, 3, 5, 33), Some(5), "ratio 1.1 is inside in 1.33");
        assert_eq!(replicas(22_000, 3, 5, 32), Some(4), "and outside before");
        assert_eq!(replicas(22_001, 3, 5, 33), Some(4));
        assert_eq!(replicas(10_000, 5, 5, 33), Some(3), "2.5 rounded up");
        assert_eq!(replicas(0, 5, 5, 33), Some(0));
    }

    #[test]
    fn a_total_is_divided_by_the_target_whatever_pods_there_are() {
        let replicas = |total: i64, status: i64| {
            let of_total = || by_metric(30_000, 7, 33).replicas_of_total(total.into(), status.into()).constant();
            within(Dag::default(), of_total).0
        };
        assert_eq!(replicas(100_000, 2), Some(4), "3.3 rounded up");
        assert_eq!(replicas(99_000, 3), Some(3), "ratio 1.1: as many as there are, not as many as are wanted");
        assert_eq!(replicas(99_001, 3), Some(4));
        assert_eq!(replicas(81_000, 3), Some(3), "ratio 0.9");
        assert_eq!(replicas(60_000, 3), Some(2));
        assert_eq!(replicas(100_000, 0), Some(4), "there are none yet");
        assert_eq!(replicas(0, 0), Some(0));
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
