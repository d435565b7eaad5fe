//! The descheduler's policy, v1alpha1 and v1alpha2 brought to one form (sections 4.2 and 4.4).

use super::node::Taint;
use super::pod::WhenUnsatisfiable;
use super::selector::LabelSelector;
use crate::system::Origin;
use std::collections::BTreeMap;

/// Which namespaces a plugin looks at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Namespaces {
    /// All.
    #[default]
    All,
    /// Only these.
    Include(Vec<String>),
    /// All but these.
    Exclude(Vec<String>),
}

impl Namespaces {
    /// Whether a namespace is looked at.
    pub fn contains(&self, namespace: &str) -> bool {
        match self {
            Namespaces::All => true,
            Namespaces::Include(list) => list.iter().any(|name| name == namespace),
            Namespaces::Exclude(list) => !list.iter().any(|name| name == namespace),
        }
    }
}

/// The DefaultEvictor's arguments.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Evictor {
    /// Pods with local storage may be evicted.
    pub evict_local_storage_pods: bool,
    /// Critical pods may be evicted, and the priority threshold is off.
    pub evict_system_critical_pods: bool,
    /// Pods of DaemonSets may be evicted.
    pub evict_daemon_set_pods: bool,
    /// Pods with claims are protected.
    pub ignore_pvc_pods: bool,
    /// Pods that no disruption budget selects are protected.
    pub ignore_pods_without_pdb: bool,
    /// Only pods below this priority; `None`: below system-critical.
    pub priority_threshold: Option<i64>,
    /// Pods must match.
    pub label_selector: Option<LabelSelector>,
    /// Owner must have that many pods, if above 1.
    pub min_replicas: i64,
    /// Pods must fit some other ready node.
    pub node_fit: bool,
}

/// The names of the plugins that are modelled.
pub const PLUGINS: &[&str] = &[
    "RemoveDuplicates",
    "RemovePodsViolatingTopologySpreadConstraint",
    "RemovePodsViolatingNodeAffinity",
    "RemovePodsViolatingNodeTaints",
    "RemovePodsViolatingInterPodAntiAffinity",
    "LowNodeUtilization",
    "HighNodeUtilization",
    "PodLifeTime",
    "RemovePodsHavingTooManyRestarts",
];

/// A plugin with its arguments.
#[derive(Clone, PartialEq, Debug)]
pub enum DeschedulerPlugin {
    /// Section 4.5.
    RemoveDuplicates {
        /// Kinds of owners left alone.
        exclude_owner_kinds: Vec<String>,
        /// Namespaces looked at.
        namespaces: Namespaces,
    },
    /// Section 4.6.
    RemovePodsViolatingTopologySpreadConstraint {
        /// Constraints looked at.
        constraints: Vec<WhenUnsatisfiable>,
        /// Evicted pods must fit a node of a domain below average.
        topology_balance_node_fit: bool,
        /// Pods looked at.
        label_selector: Option<LabelSelector>,
        /// Namespaces looked at.
        namespaces: Namespaces,
    },
    /// Section 4.9; evicts from nodes that the node affinity does not want.
    RemovePodsViolatingNodeAffinity {
        /// `requiredDuringSchedulingIgnoredDuringExecution` is looked at.
        required: bool,
        /// `preferredDuringSchedulingIgnoredDuringExecution` is looked at.
        preferred: bool,
        /// Pods looked at.
        label_selector: Option<LabelSelector>,
        /// Namespaces looked at.
        namespaces: Namespaces,
    },
    /// Section 4.9; evicts from nodes with untolerated NoSchedule taints.
    RemovePodsViolatingNodeTaints {
        /// PreferNoSchedule too.
        include_prefer_no_schedule: bool,
        /// Taints left alone.
        excluded: Vec<Taint>,
    },
    /// Section 4.9; evicts pods that repel one that is there.
    RemovePodsViolatingInterPodAntiAffinity {
        /// Pods looked at.
        label_selector: Option<LabelSelector>,
        /// Namespaces looked at.
        namespaces: Namespaces,
    },
    /// Section 4.7; evicts from nodes above targets while others are below thresholds.
    LowNodeUtilization(Utilization),
    /// Section 4.8; evicts from nodes below thresholds while others have room. Without targets.
    HighNodeUtilization(Utilization),
    /// Section 4.9; evicts pods by age and state.
    PodLifeTime {
        /// `maxPodLifeTimeSeconds`; `None`: of any age.
        max_seconds: Option<i64>,
        /// Phases looked at; `None`: all.
        phases: Option<Vec<PodPhase>>,
        /// Pods looked at.
        label_selector: Option<LabelSelector>,
        /// Namespaces looked at.
        namespaces: Namespaces,
    },
    /// Section 4.9; evicts pods whose containers have restarted often.
    RemovePodsHavingTooManyRestarts {
        /// States looked at; `None`: all.
        states: Option<Vec<PodPhase>>,
        /// Pods looked at.
        label_selector: Option<LabelSelector>,
        /// Namespaces looked at.
        namespaces: Namespaces,
    },
}

/// `status.phase` of an active pod, or why a container of it waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PodPhase {
    /// Not all containers have started.
    Pending,
    /// All containers have started.
    Running,
    /// A container waits to be restarted; the pod is Running, too.
    CrashLoopBackOff,
}

/// Percentages of allocatable, 0 to 100, by resource; `pods` among them.
pub type Thresholds = BTreeMap<String, f64>;

/// The arguments of the plugins that read how full nodes are.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Utilization {
    /// A node with all of these at most is underutilised.
    pub thresholds: Thresholds,
    /// A node with one of these exceeded is overutilised; of the same resources.
    pub targets: Thresholds,
    /// Both are distances from the average over nodes.
    pub uses_deviations: bool,
    /// Nothing is done with so many underutilised nodes or fewer.
    pub number_of_nodes: i64,
    /// Namespaces whose pods stay, though they count.
    pub excluded_namespaces: Vec<String>,
    /// Evictions of this plugin from one node in one pass.
    pub most_per_node: Option<i64>,
    /// Only pods that request a resource of the thresholds go.
    pub only_thresholding_resources: bool,
}

impl DeschedulerPlugin {
    /// The plugin's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RemoveDuplicates { .. } => "RemoveDuplicates",
            Self::RemovePodsViolatingTopologySpreadConstraint { .. } => "RemovePodsViolatingTopologySpreadConstraint",
            Self::RemovePodsViolatingNodeAffinity { .. } => "RemovePodsViolatingNodeAffinity",
            Self::RemovePodsViolatingNodeTaints { .. } => "RemovePodsViolatingNodeTaints",
            Self::RemovePodsViolatingInterPodAntiAffinity { .. } => "RemovePodsViolatingInterPodAntiAffinity",
            Self::LowNodeUtilization(_) => "LowNodeUtilization",
            Self::HighNodeUtilization(_) => "HighNodeUtilization",
            Self::PodLifeTime { .. } => "PodLifeTime",
            Self::RemovePodsHavingTooManyRestarts { .. } => "RemovePodsHavingTooManyRestarts",
        }
    }
}

/// An enabled plugin of a profile.
#[derive(Clone, PartialEq, Debug)]
pub struct EnabledPlugin {
    /// The plugin.
    pub plugin: DeschedulerPlugin,
    /// The evictor of its profile.
    pub evictor: Evictor,
    /// Where it is written.
    pub origin: Origin,
}

/// The policy, with plugins in the order in which a pass runs them: deschedule plugins of all profiles, then
/// balance plugins of all profiles.
#[derive(Clone, PartialEq, Debug)]
pub struct DeschedulerPolicy {
    /// Plugins in order.
    pub plugins: Vec<EnabledPlugin>,
    /// Label selector of the nodes looked at.
    pub node_selector: Option<LabelSelector>,
    /// Evictions from one node in one pass.
    pub max_per_node: Option<i64>,
    /// Evictions in one namespace in one pass.
    pub max_per_namespace: Option<i64>,
    /// Evictions in one pass.
    pub max_total: Option<i64>,
    /// Seconds between passes; 300 by default.
    pub interval: i64,
    /// Where it is written.
    pub origin: Origin,
}

impl DeschedulerPolicy {
    /// Whether any limit bounds the evictions of a pass.
    pub fn is_limited(&self) -> bool {
        self.max_per_node.is_some() || self.max_per_namespace.is_some() || self.max_total.is_some()
    }
}
