//! What has been read so far, before references between objects are resolved.

use super::Accepted;
use super::AskedTiming;
use super::ExpectedVerdict;
use super::SourceMap;
use super::Varied;
use super::kinds::{Containers, NodeImages};
use super::value::Value;
use super::view::{Context, Notes};
use super::wanted::Wanted;
use kubound_encodings::cluster::hpa::{Metric, NamedMetric};
use kubound_encodings::cluster::node::{CPU, MEMORY};
use kubound_encodings::cluster::{
    Assumption, Bounds, CronJob, DeschedulerPolicy, Event, Fault, FeatureGates, HorizontalPodAutoscaler, Intent,
    KubernetesVersion, LabelSelector, NodeAutoscaler, NodePool, NodeSelectorTerm, Origin, Other, Placement,
    PodDisruptionBudget, ResourceQuota, Resources, ScenarioController, SchedulerProfile, Service, Start, Workload,
    WorkloadRef,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// A workload with what is needed later.
pub(super) struct DraftWorkload {
    /// The workload; its priority is not resolved yet.
    pub(super) workload: Workload,
    /// `spec.selector`, where it has one.
    pub(super) selector: Option<LabelSelector>,
    /// `spec.template` as written, to tell whether an applied manifest changes it.
    pub(super) template: Value,
    /// `priorityClassName`.
    pub(super) priority_class: Option<String>,
    /// `preemptionPolicy: Never` in the template.
    pub(super) never_preempts: bool,
    /// Names of claims that all of its pods use.
    pub(super) claims: Vec<String>,
    /// Names of `volumeClaimTemplates`.
    pub(super) claim_templates: Vec<String>,
    /// What its containers ask for, before LimitRanges.
    pub(super) containers: Containers,
    /// Whether its namespace has a LimitRange.
    pub(super) is_limited: bool,
    /// Why a LimitRange refuses its pods.
    pub(super) refusal: Option<String>,
    /// Other templates that events apply, in the order of `Workload::later_templates`.
    pub(super) later: Vec<DraftWorkload>,
    /// `spec.revisionHistoryLimit`.
    pub(super) history_limit: i64,
    /// What starts Jobs of this template, if it is that of a CronJob; its kind is then that of the CronJob.
    pub(super) cron: Option<DraftCronJob>,
    /// Where it is written.
    pub(super) context: Context,
}

/// A CronJob whose Jobs are not among the workloads yet.
pub(super) struct DraftCronJob {
    pub(super) cron: CronJob,
    /// `activeJobs` of the scenario.
    pub(super) active_jobs: Option<usize>,
}

/// A PersistentVolume.
pub(super) struct Volume {
    pub(super) name: String,
    /// Namespace and name of the claim that is bound to it.
    pub(super) claim: Option<(String, String)>,
    /// What it asks of nodes: one term of each list.
    pub(super) nodes: Vec<Vec<NodeSelectorTerm>>,
    /// `accessModes`.
    pub(super) modes: Vec<String>,
    /// `spec` as written, which says what kind of volume it is.
    pub(super) spec: Value,
}

/// A PersistentVolumeClaim.
pub(super) struct Claim {
    pub(super) namespace: String,
    pub(super) name: String,
    /// The volume that it is bound to.
    pub(super) volume: Option<String>,
    /// `accessModes`.
    pub(super) modes: Vec<String>,
    /// `storageClassName`.
    pub(super) class: Option<String>,
    /// Where it is written.
    pub(super) context: Context,
}

/// What Pod Security enforces in a namespace: `baseline`, or `restricted`.
pub(super) struct PodSecurity {
    pub(super) namespace: String,
    pub(super) is_restricted: bool,
    /// The release whose checks it asks for.
    pub(super) version: Option<KubernetesVersion>,
    /// Where it is written.
    pub(super) origin: Origin,
}

/// A StorageClass.
pub(super) struct StorageClass {
    pub(super) name: String,
    /// The driver that makes its volumes.
    pub(super) provisioner: String,
    /// Whether claims that name no class are of this one.
    pub(super) is_default: bool,
}

/// A PriorityClass.
pub(super) struct PriorityClass {
    pub(super) name: String,
    pub(super) value: i64,
    pub(super) is_default: bool,
    pub(super) preempts: bool,
}

/// An autoscaler with its place, for the check of its target.
pub(super) struct DraftHpa {
    pub(super) hpa: HorizontalPodAutoscaler,
    /// Whether the behaviour leaves the window for scaling down to the controller's flag.
    pub(super) flag_decides_down_window: bool,
    /// Tolerances of the behaviour downwards and upwards, in thousandths.
    pub(super) tolerances: Tolerances,
    /// Metrics of type ContainerResource, which depend on the containers of the target.
    pub(super) container_metrics: Vec<ContainerMetric>,
    /// Metrics of type Pods, Object and External, which depend on the scenario.
    pub(super) named_metrics: Vec<DraftMetric>,
    pub(super) context: Context,
}

/// What a behaviour says of tolerances downwards and upwards, in thousandths.
pub(super) type Tolerances = (Option<i64>, Option<i64>);

/// A metric of one container.
pub(super) struct ContainerMetric {
    pub(super) container: String,
    pub(super) metric: Metric,
    /// Where it is written.
    pub(super) field: String,
}

/// A metric of type Pods, Object or External.
pub(super) struct DraftMetric {
    pub(super) kind: &'static str,
    pub(super) metric: NamedMetric,
    /// Where it is written.
    pub(super) field: String,
}

/// A disruption budget with its place, for the check of what it selects.
pub(super) struct DraftBudget {
    pub(super) budget: PodDisruptionBudget,
    pub(super) context: Context,
}

/// `updatePolicy.updateMode`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum UpdateMode {
    /// Nothing is changed.
    Off,
    /// Only new pods get other requests.
    Initial,
    /// Running pods are evicted, too.
    Recreate,
}

/// A policy of `resourcePolicy.containerPolicies`.
#[derive(Clone)]
pub(super) struct ContainerPolicy {
    /// The name of a container, or `*`.
    pub(super) container: String,
    /// `mode: Off`.
    pub(super) is_off: bool,
    pub(super) min: Resources<i64>,
    pub(super) max: Resources<i64>,
    /// `controlledResources`.
    pub(super) controlled: Vec<&'static str>,
    /// `controlledValues: RequestsOnly`.
    pub(super) requests_only: bool,
}

impl Default for ContainerPolicy {
    fn default() -> Self {
        Self {
            container: "*".into(),
            is_off: false,
            min: Resources::new(),
            max: Resources::new(),
            controlled: vec![CPU, MEMORY],
            requests_only: false,
        }
    }
}

/// A vertical autoscaler as written.
pub(super) struct DraftVpa {
    pub(super) name: String,
    pub(super) target: WorkloadRef,
    pub(super) mode: UpdateMode,
    pub(super) min_replicas: i64,
    pub(super) policies: Vec<ContainerPolicy>,
    pub(super) context: Context,
}

/// A LimitRange.
#[derive(Clone)]
pub(super) struct LimitRange {
    pub(super) namespace: String,
    pub(super) name: String,
    /// What it says of each container.
    pub(super) container: Limits,
    /// What it says of all containers of a pod together.
    pub(super) pod: Limits,
    pub(super) origin: Origin,
}

/// The limits of one type.
#[derive(Clone, Default)]
pub(super) struct Limits {
    pub(super) default: Resources<i64>,
    pub(super) default_request: Resources<i64>,
    pub(super) min: Resources<i64>,
    pub(super) max: Resources<i64>,
    /// Thousandths.
    pub(super) max_ratio: Resources<i64>,
}

/// Everything read from manifests.
pub(super) struct Draft {
    pub(super) pools: Vec<NodePool>,
    pub(super) workloads: Vec<DraftWorkload>,
    pub(super) hpas: Vec<DraftHpa>,
    /// Objects of kinds that are added from elsewhere.
    pub(super) others: Vec<Other>,
    pub(super) vpas: Vec<DraftVpa>,
    pub(super) budgets: Vec<DraftBudget>,
    pub(super) quotas: Vec<ResourceQuota>,
    pub(super) limit_ranges: Vec<LimitRange>,
    /// Images that nodes have already.
    pub(super) images: Vec<NodeImages>,
    pub(super) volumes: Vec<Volume>,
    pub(super) claims: Vec<Claim>,
    pub(super) storage_classes: Vec<StorageClass>,
    pub(super) pod_security: Vec<PodSecurity>,
    /// CSIDrivers: whether each attaches its volumes to nodes.
    pub(super) drivers: BTreeMap<String, bool>,
    pub(super) services: Vec<Service>,
    pub(super) descheduler: Option<DeschedulerPolicy>,
    /// Where the descheduler's RemoveFailedPods is enabled.
    pub(super) failed_pods: Vec<(Context, String)>,
    /// The profiles of the scheduler, if it is configured.
    pub(super) scheduler: Option<Vec<SchedulerProfile>>,
    pub(super) priority_classes: Vec<PriorityClass>,
    /// `--descheduling-interval` of a descheduler that is itself among the manifests.
    pub(super) descheduler_interval: Option<i64>,
    /// Exceptions in annotations.
    pub(super) exceptions: Vec<Accepted>,
    pub(super) sources: SourceMap,
    pub(super) notes: Notes,
}

impl Draft {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self {
            pools: Vec::new(),
            workloads: Vec::new(),
            hpas: Vec::new(),
            others: Vec::new(),
            vpas: Vec::new(),
            budgets: Vec::new(),
            quotas: Vec::new(),
            limit_ranges: Vec::new(),
            images: Vec::new(),
            volumes: Vec::new(),
            claims: Vec::new(),
            storage_classes: Vec::new(),
            pod_security: Vec::new(),
            drivers: BTreeMap::new(),
            services: Vec::new(),
            descheduler: None,
            failed_pods: Vec::new(),
            scheduler: None,
            priority_classes: Vec::new(),
            descheduler_interval: None,
            exceptions: Vec::new(),
            sources: SourceMap::default(),
            notes: Notes::default(),
        }
    }

    /// Adds a workload, in the place of one of the same name if there is one.
    pub(super) fn place(&mut self, read: DraftWorkload) {
        match self.workloads.iter_mut().find(|other| other.workload.reference == read.workload.reference) {
            Some(other) => *other = read,
            None => self.workloads.push(read),
        }
    }

    /// Value of a priority class and whether its pods preempt others.
    pub(super) fn priority_of(&self, name: &str) -> Option<(i64, bool)> {
        match name {
            "system-cluster-critical" => Some((2_000_000_000, true)),
            "system-node-critical" => Some((2_000_001_000, true)),
            _ => {
                self.priority_classes.iter().find(|class| class.name == name).map(|class| (class.value, class.preempts))
            }
        }
    }

    /// The class of pods that name none: the global default of the smallest value.
    pub(super) fn default_priority(&self) -> Option<&PriorityClass> {
        self.priority_classes.iter().filter(|class| class.is_default).min_by_key(|class| class.value)
    }
}

/// Name of the assumed scenario in messages.
pub(super) const ASSUMED: &str = "<assumed scenario>";

/// A scenario that nobody wrote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Assumed {
    /// Its text.
    pub(super) text: String,
    /// What it assumes that a verdict depends on, in one line.
    pub(super) told: String,
    /// What its nodes must have room for; none where nodes are given.
    pub(super) wanted: Option<Wanted>,
}

/// What a scenario says beside nodes and workloads, which go into the draft.
#[derive(Default)]
pub(super) struct Scenario {
    pub(super) name: Option<String>,
    /// What it assumes, if nobody wrote it.
    pub(super) assumed: Option<String>,
    pub(super) version: KubernetesVersion,
    /// `spec.featureGates`, and `spec.hpa.configurableTolerance`.
    pub(super) gates: FeatureGates,
    pub(super) start: Start,
    pub(super) timing: AskedTiming,
    pub(super) vary: Vec<Varied>,
    pub(super) bounds: Bounds,
    pub(super) depth: Option<usize>,
    pub(super) timeout: Option<Duration>,
    pub(super) expect: BTreeMap<String, ExpectedVerdict>,
    pub(super) controllers: Vec<ScenarioController>,
    pub(super) events: Vec<Event>,
    pub(super) faults: Vec<Fault>,
    pub(super) intents: Vec<Intent>,
    pub(super) exceptions: Vec<Accepted>,
    pub(super) assumptions: Vec<Assumption>,
    pub(super) placed: Vec<Placement>,
    /// `spec.clusterAutoscaler` or `spec.karpenter`.
    pub(super) node_autoscaler: Option<NodeAutoscaler>,
    /// `spec.hpa.tolerance`, in thousandths.
    pub(super) hpa_tolerance: Option<i64>,
    /// `spec.deschedulerInterval`, in seconds.
    pub(super) descheduler_interval: Option<i64>,
    /// `spec.hpa.syncPeriod`, in seconds.
    pub(super) hpa_sync_period: Option<i64>,
    /// `spec.hpa.downscaleStabilization`, in seconds.
    pub(super) hpa_downscale_stabilization: Option<i64>,
}
