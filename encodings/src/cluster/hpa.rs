//! Horizontal pod autoscalers (autoscaling/v2), defaults filled in (section 3.2).

use super::pod::PodTemplate;
use super::selector::LabelSelector;
use super::workload::{Workload, WorkloadRef};
use crate::system::Origin;

/// What the HPA compares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MetricTarget {
    /// Usage over request, in percent.
    Utilization(i64),
    /// Usage per pod: milli-cores, or milli-bytes.
    AverageValue(i64),
}

/// The resource of a metric.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MetricResource {
    /// CPU.
    Cpu,
    /// Memory.
    Memory,
}

/// A resource metric.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Metric {
    /// The resource.
    pub resource: MetricResource,
    /// The target.
    pub target: MetricTarget,
}

/// A metric of another type than Resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OtherMetric {
    /// Of type ContainerResource.
    Container {
        /// Name of the container.
        container: String,
        /// Resource and target.
        metric: Metric,
    },
    /// Of type Pods, Object or External.
    Named(NamedMetric),
}

/// How a metric that is no resource is compared with its target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// Type Pods: the mean over pods.
    PerPod,
    /// Type Object or External, target `value`: the metric itself.
    Value,
    /// Type Object or External, target `averageValue`: the metric over `status.replicas`.
    AverageValue,
}

/// A metric of type Pods, Object or External. Its values are those that workloads have of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedMetric {
    /// Its name.
    pub name: String,
    /// How it is compared.
    pub comparison: Comparison,
    /// The target, in thousandths.
    pub target: i64,
}

impl OtherMetric {
    /// The resource that it is about, if it is about one.
    pub fn resource(&self) -> Option<MetricResource> {
        match self {
            Self::Container { metric, .. } => Some(metric.resource),
            Self::Named(_) => None,
        }
    }
}

/// One limit on the speed of scaling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScalingPolicy {
    /// At most this many pods a period.
    Pods {
        /// Pods.
        value: i64,
        /// Seconds, 1 to 1800.
        period: i64,
    },
    /// At most this percentage a period.
    Percent {
        /// Percent.
        value: i64,
        /// Seconds, 1 to 1800.
        period: i64,
    },
}

/// Which of several policies decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SelectPolicy {
    /// The largest change.
    Max,
    /// The smallest change.
    Min,
    /// No change in this direction.
    Disabled,
}

/// Rules of one direction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScalingRules {
    /// Stabilisation window in seconds, 0 to 3600.
    pub stabilization: i64,
    /// Policies; at least one unless disabled.
    pub policies: Vec<ScalingPolicy>,
    /// Which decides.
    pub select: SelectPolicy,
}

/// `spec.behavior`, filled in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Behavior {
    /// Upwards.
    pub up: ScalingRules,
    /// Downwards.
    pub down: ScalingRules,
}

/// How far the ratio of usage to target may be from 1 without a change, in thousandths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tolerance {
    /// Below 1.
    pub down: i64,
    /// Above 1.
    pub up: i64,
}

impl Default for Tolerance {
    /// `--horizontal-pod-autoscaler-tolerance`, 0.1.
    fn default() -> Self {
        Self { down: 100, up: 100 }
    }
}

/// A HorizontalPodAutoscaler.
#[derive(Clone, PartialEq, Debug)]
pub struct HorizontalPodAutoscaler {
    /// Its name; its namespace is that of its target.
    pub name: String,
    /// `spec.scaleTargetRef`.
    pub target: WorkloadRef,
    /// The label selector of the target, by which its pods are found; `None`: it matches those of the target only.
    pub selector: Option<LabelSelector>,
    /// `spec.minReplicas`, at least 1.
    pub min: i64,
    /// `spec.maxReplicas`, at least `min`.
    pub max: i64,
    /// `spec.metrics` of type Resource.
    pub metrics: Vec<Metric>,
    /// `spec.metrics` of other types.
    pub other_metrics: Vec<OtherMetric>,
    /// `spec.behavior`; `None`: the legacy limits of section 3.6.
    pub behavior: Option<Behavior>,
    /// Tolerance of both directions.
    pub tolerance: Tolerance,
    /// Seconds between syncs, 15 by default.
    pub sync_period: i64,
    /// Downscale stabilisation in seconds where `behavior` is absent, 300 by default.
    pub downscale_stabilization: i64,
    /// Where it is written.
    pub origin: Origin,
}

impl HorizontalPodAutoscaler {
    /// `namespace/name`.
    pub fn label(&self) -> String {
        format!("{}/{}", self.target.namespace, self.name)
    }

    /// Whether it looks at pods of a template of a workload: those of its target, and all that its selector matches.
    pub fn takes(&self, workload: &Workload, template: &PodTemplate) -> bool {
        let is_selected = || self.selector.as_ref().is_some_and(|selector| selector.matches(&template.labels));
        workload.reference == self.target || (workload.reference.namespace == self.target.namespace && is_selected())
    }

    /// Whether some metric reads memory.
    pub fn reads_memory(&self) -> bool {
        let resources = self.metrics.iter().map(|one| one.resource);
        resources
            .chain(self.other_metrics.iter().filter_map(OtherMetric::resource))
            .any(|one| one == MetricResource::Memory)
    }

    /// Whether some metric is compared by the number of pods that are Ready, terminating ones included.
    pub fn counts_ready_pods(&self) -> bool {
        let is_value =
            |one: &OtherMetric| matches!(one, OtherMetric::Named(metric) if metric.comparison == Comparison::Value);
        self.other_metrics.iter().any(is_value)
    }

    /// Periods of policies that reach back beyond the previous sync, ascending; rescales within them are remembered.
    pub fn remembered_periods(&self) -> Vec<i64> {
        let policies =
            self.behavior.iter().flat_map(|behavior| behavior.up.policies.iter().chain(&behavior.down.policies));
        let periods = policies.map(|policy| match *policy {
            ScalingPolicy::Pods { period, .. } | ScalingPolicy::Percent { period, .. } => period,
        });
        let mut periods: Vec<i64> = periods.filter(|&period| period > self.sync_period).collect();
        periods.sort_unstable();
        periods.dedup();
        periods
    }
}
