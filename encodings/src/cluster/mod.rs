//! The input as plain data in the words of Kubernetes: what manifests and the scenario say, with defaults filled in
//! and ranges allowed. Units: CPU in milli-cores, memory in bytes, extended resources in units, time in seconds.

pub mod comparison;
pub mod cron_job;
pub mod custom;
pub mod descheduler;
pub mod disruption;
pub mod event;
pub mod expression;
pub mod fault;
pub mod formula;
pub mod hpa;
pub mod intent;
pub mod label_change;
pub mod metric_change;
pub mod node;
pub mod node_autoscaler;
pub mod other;
pub mod pod;
pub mod pod_affinity;
pub mod quota;
pub mod release;
pub mod rollout;
pub mod scenario_controller;
pub mod scheduler;
pub mod selector;
pub mod span;
pub mod vpa;
pub mod workload;

pub use comparison::{Comparison, Oracle};
pub use cron_job::{ConcurrencyPolicy, CronJob};
pub use custom::CustomController;
pub use descheduler::DeschedulerPolicy;
pub use disruption::PodDisruptionBudget;
pub use event::{Event, EventKind, Moment};
pub use expression::Expression;
pub use fault::{Fault, FaultKind};
pub use formula::Formula;
pub use hpa::HorizontalPodAutoscaler;
pub use intent::{Intent, IntentKind, When};
pub use label_change::LabelChange;
pub use node::{NodePool, Resources, Taint, TaintEffect};
pub use node_autoscaler::{NodeAutoscaler, NodeAutoscalerKind, NodeGroup};
pub use other::Other;
pub use pod::PodTemplate;
pub use pod_affinity::{HostPort, PodAffinity, PodAffinityTerm};
pub use quota::ResourceQuota;
pub use release::{FeatureGate, FeatureGates, GateState, KubernetesVersion};
pub use rollout::{Rollout, Strategy};
pub use scenario_controller::{ScenarioController, ScenarioControllerKind};
pub use scheduler::SchedulerProfile;
pub use selector::{LabelSelector, Labels, NodeSelectorTerm, Requirement};
pub use span::Span;
pub use vpa::VerticalPodAutoscaler;
pub use workload::{Service, Workload, WorkloadRef};

pub use crate::system::Origin;

/// How controllers and events are interleaved with time. Every run under one of these is one under those after it, but for
/// the clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Timing {
    /// Fast rules first; periodic ones and events at quiescent instants; time passes at quiescence only.
    #[default]
    Paced,
    /// Any enabled rule may fire next, but time passes at quiescence only: controllers may be late, by less than any
    /// duration of the cluster.
    Delayed,
    /// Any enabled rule may fire next; timers may expire at any moment.
    Interleaved,
}

/// Whether admission by a kubelet is a step of its own under paced timing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Granularity {
    /// It is: one rule is one reconcile of one controller on one object, as under any other timing.
    Fine,
    /// A pod starts in the step that binds it, where nothing in the cluster comes in between.
    #[default]
    Fused,
}

/// Where runs start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Start {
    /// No pods.
    #[default]
    Empty,
    /// As `Empty`, with events disabled until the first settled state.
    Settled,
    /// Every workload at its replicas, running and ready on nodes that could take them.
    Any,
    /// Any state of what controllers make and remember, reachable or not.
    Arbitrary,
    /// Pods as given by `Cluster::placed`, which then holds exact numbers.
    Snapshot,
}

/// How far pods that exist initially have come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum PlacedPhase {
    /// Without a node.
    Pending,
    /// Assigned to a node, not started yet.
    Scheduled,
    /// Started, start-up over.
    #[default]
    Running,
    /// Being deleted, still on its node.
    Terminating,
}

impl PlacedPhase {
    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Terminating => "terminating",
        }
    }
}

/// Pods that exist initially on the nodes of a pool.
#[derive(Clone, PartialEq, Debug)]
pub struct Placement {
    /// The workload.
    pub target: WorkloadRef,
    /// Name of the pool (or of a node, which is a pool of one); `None` exactly for pending pods.
    pub pool: Option<String>,
    /// Pods on each node of the pool; a range is a free value for each node, and only for running pods.
    pub pods: Span,
    /// How far they have come.
    pub phase: PlacedPhase,
    /// Where it is written.
    pub origin: Origin,
}

/// A condition over initial values.
#[derive(Clone, PartialEq, Debug)]
pub struct Assumption {
    /// As written.
    pub text: String,
    /// Parsed.
    pub condition: Expression,
    /// Where it is written.
    pub origin: Origin,
}

/// Sizes to which the search goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Most nodes of one pool.
    pub nodes_per_pool: i64,
    /// Most pods of all workloads together in an initial state (`spec.replicas` summed up).
    pub pods: i64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { nodes_per_pool: 6, pods: 36 }
    }
}

/// Everything that a verdict is about.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Cluster {
    /// Name for reports.
    pub name: String,
    /// Release whose rules apply.
    pub version: KubernetesVersion,
    /// Feature gates that are set.
    pub gates: FeatureGates,
    /// Nodes, by pool; a Node manifest is a pool of exactly one.
    pub pools: Vec<NodePool>,
    /// Deployments (and bare ReplicaSets).
    pub workloads: Vec<Workload>,
    /// What starts Jobs again and again.
    pub cron_jobs: Vec<CronJob>,
    /// Autoscalers.
    pub hpas: Vec<HorizontalPodAutoscaler>,
    /// Vertical autoscalers that act: at most one for a workload, none for one whose template changes.
    pub vpas: Vec<VerticalPodAutoscaler>,
    /// Objects of kinds that are added from elsewhere.
    pub others: Vec<Other>,
    /// Disruption budgets.
    pub disruption_budgets: Vec<PodDisruptionBudget>,
    /// Quotas.
    pub quotas: Vec<ResourceQuota>,
    /// Services; only their selectors matter (default topology spread).
    pub services: Vec<Service>,
    /// The descheduler, if one runs.
    pub descheduler: Option<DeschedulerPolicy>,
    /// What adds and removes nodes, if anything does.
    pub node_autoscaler: Option<NodeAutoscaler>,
    /// The scheduler's first profile.
    pub scheduler: SchedulerProfile,
    /// Its other profiles, of other names.
    pub other_profiles: Vec<SchedulerProfile>,
    /// What else acts, again and again, because the scenario says so.
    pub scenario_controllers: Vec<ScenarioController>,
    /// External events.
    pub events: Vec<Event>,
    /// What may go wrong around controllers.
    pub faults: Vec<Fault>,
    /// What shall hold; never empty (the default set is filled in by the reader).
    pub intents: Vec<Intent>,
    /// Conditions over initial values.
    pub assumptions: Vec<Assumption>,
    /// What was assumed in place of a scenario, in words, where nobody wrote one.
    pub assumed: Option<String>,
    /// Pods that exist initially.
    pub placed: Vec<Placement>,
    /// Where runs start.
    pub start: Start,
    /// How rules interleave.
    pub timing: Timing,
    /// Sizes.
    pub bounds: Bounds,
}

impl Cluster {
    /// Whether a feature gate is on.
    pub fn has(&self, gate: FeatureGate) -> bool {
        self.gates.is_on(gate, self.version)
    }

    /// The place of an event.
    pub fn event(&self, event: &Event) -> Option<usize> {
        self.events.iter().position(|other| other.id == event.id)
    }

    /// The workload of a reference.
    pub fn workload(&self, target: &WorkloadRef) -> Option<usize> {
        self.workloads.iter().position(|workload| workload.reference == *target)
    }

    /// The CronJob that starts a Job.
    pub fn cron_job_of(&self, job: &WorkloadRef) -> Option<&CronJob> {
        self.cron_jobs.iter().find(|one| one.jobs.contains(job))
    }

    /// `namespace/name` of a workload; with its kind behind it where an earlier one of another kind, or a pod of a
    /// StatefulSet, has that name.
    pub fn name_of(&self, workload: &Workload) -> String {
        let own = &workload.reference;
        let name = format!("{}/{}", own.namespace, own.name);
        if self.is_name_taken(workload) { format!("{name}.{}", own.kind.to_lowercase()) } else { name }
    }

    /// Whether an earlier workload of another kind, or a pod of a StatefulSet, has the name of a workload.
    pub fn is_name_taken(&self, workload: &Workload) -> bool {
        let own = &workload.reference;
        let earlier = self.workloads.iter().take_while(|other| other.reference != *own);
        let is_taken = earlier
            .into_iter()
            .any(|other| (&other.reference.namespace, &other.reference.name) == (&own.namespace, &own.name));
        let of_ordinal = self.workloads.iter().filter(|other| other.ordinals().is_some()).any(|other| {
            let number = own.name.strip_prefix(&other.reference.name).and_then(|rest| rest.strip_prefix('-'));
            other.reference.namespace == own.namespace && number.is_some_and(|number| number.parse::<u32>().is_ok())
        });
        is_taken || of_ordinal
    }

    /// The origin of a field of a workload. A bare pod is its own template; a Job of a CronJob is written in it.
    pub fn origin_of(&self, workload: &Workload, field: &str) -> Origin {
        let field = if workload.is_bare() { field.strip_prefix("spec.template.").unwrap_or(field) } else { field };
        let field = match self.cron_job_of(&workload.reference) {
            Some(_) => format!("spec.jobTemplate.{field}"),
            None => field.to_owned(),
        };
        Origin { object: workload.origin.object.clone(), field }
    }

    /// The vertical autoscaler of a workload.
    pub fn vpa(&self, workload: &Workload) -> Option<&VerticalPodAutoscaler> {
        self.vpas.iter().find(|vpa| vpa.target == workload.reference)
    }

    /// How often events may restart the rollout of a workload (`kubectl rollout restart`), each time with a template
    /// of its own.
    pub fn restarts(&self, target: &WorkloadRef) -> i64 {
        let restarts = self.events.iter().filter(|event| match &event.kind {
            EventKind::Rollout { target: restarted } => restarted == target,
            _ => false,
        });
        restarts.map(|event| event.times.max(0)).sum()
    }

    /// `spec.minReadySeconds` of a workload, where something depends on which of its pods are available: rollouts, and the
    /// order of ordinals.
    pub fn min_ready_seconds(&self, workload: &Workload) -> Option<i64> {
        let seconds = workload.rollout.min_ready_seconds;
        let is_ordered = workload.ordinals().is_some_and(|ordinals| ordinals.is_ordered);
        // Updates of StatefulSets wait for it from 1.34 on.
        let waits = workload.ordinals().is_some() && self.version >= KubernetesVersion(34);
        let is_replaced = workload.has_replica_sets() || workload.is_daemon() || waits;
        let matters = is_ordered || (is_replaced && self.revisions(workload) > 1);
        Some(seconds).filter(|&seconds| seconds > 0 && matters)
    }

    /// The profile that `schedulerName` of a template names, if there is one.
    pub fn served_by(&self, template: &PodTemplate) -> Option<&SchedulerProfile> {
        self.profiles().find(|profile| profile.name == template.scheduler_name)
    }

    /// All profiles of the scheduler.
    pub fn profiles(&self) -> impl Iterator<Item = &SchedulerProfile> {
        std::iter::once(&self.scheduler).chain(&self.other_profiles)
    }

    /// The profile by which pods of a template are judged: the one that they name; the first one for those that no
    /// profile serves, where it makes no difference, and for those of DaemonSets.
    pub fn profile(&self, template: &PodTemplate) -> &SchedulerProfile {
        self.served_by(template).unwrap_or(&self.scheduler)
    }

    /// Whether pods of a template may preempt others: the scheduler serves them, and some have a lower priority.
    pub fn may_preempt(&self, template: &PodTemplate) -> bool {
        let is_served = template.node_name.is_none() && !template.is_gated && self.served_by(template).is_some();
        let mut others = self.workloads.iter().flat_map(Workload::templates);
        self.profile(template).preempts
            && is_served
            && !template.never_preempts
            && others.any(|other| other.priority < template.priority)
    }

    /// How many revisions of a workload can be there: each of its templates, restarted so many times. Revision
    /// `template * (restarts + 1) + times restarted`; the first is the template of the manifest.
    pub fn revisions(&self, workload: &Workload) -> usize {
        let restarts = usize::try_from(self.restarts(&workload.reference)).unwrap_or(usize::MAX);
        (workload.later_templates.len() + 1).saturating_mul(restarts.saturating_add(1))
    }
}
