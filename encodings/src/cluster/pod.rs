//! Pod templates: the fields of a pod that some modelled controller reads.

use super::node::{Resources, Taint, TaintEffect};
use super::pod_affinity::{HostPort, PodAffinity};
use super::selector::{LabelSelector, Labels, NodeSelectorTerm};
use crate::system::Origin;

/// A toleration; admission has already added the 300 s pair for not-ready and unreachable nodes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Toleration {
    /// Key; empty with `exists` tolerates every key.
    pub key: String,
    /// Operator `Exists`: the value is not compared.
    pub exists: bool,
    /// Value, for operator `Equal`.
    pub value: String,
    /// Effect; `None` for every effect.
    pub effect: Option<TaintEffect>,
    /// How long a NoExecute taint is tolerated; `None` forever.
    pub seconds: Option<i64>,
}

impl Toleration {
    /// Whether it tolerates a taint (section 0.5).
    pub fn tolerates(&self, taint: &Taint) -> bool {
        self.effect.is_none_or(|effect| effect == taint.effect)
            && (self.key.is_empty() || self.key == taint.key)
            && (self.exists || self.value == taint.value)
    }
}

/// How a scheduler reacts where a spread constraint cannot be met.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WhenUnsatisfiable {
    /// A filter.
    DoNotSchedule,
    /// A score.
    ScheduleAnyway,
}

/// A topology spread constraint (section 1.10).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopologySpreadConstraint {
    /// Largest allowed difference of pods between two domains; at least 1.
    pub max_skew: i64,
    /// Label key whose values are the domains.
    pub topology_key: String,
    /// Filter or score.
    pub when_unsatisfiable: WhenUnsatisfiable,
    /// Pods that count, `matchLabelKeys` but `pod-template-hash` folded in; `None` counts none.
    pub selector: Option<LabelSelector>,
    /// Fewer domains than this make the global minimum 0; at least 1.
    pub min_domains: i64,
    /// Whether only nodes that match the pod's node affinity count (`Honor`, the default).
    pub honors_affinity: bool,
    /// Whether only nodes whose taints the pod tolerates count (not the default, `Ignore`).
    pub honors_taints: bool,
    /// Whether only pods of the same revision count: `matchLabelKeys` has `pod-template-hash`.
    pub own_revision: bool,
}

/// The label of nodes that says their operating system.
pub const OS: &str = "kubernetes.io/os";

/// A preferred node affinity term.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreferredTerm {
    /// 1 to 100.
    pub weight: i64,
    /// The preference.
    pub term: NodeSelectorTerm,
}

/// How much a pod's requests promise, from least to most (section 0.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord)]
pub enum QosClass {
    /// No container requests or limits CPU or memory.
    #[default]
    BestEffort,
    /// Neither of the others.
    Burstable,
    /// Every container's limits of CPU and memory are its requests.
    Guaranteed,
}

/// What a container requests that runs as long as its pod: an ordinary one or a sidecar.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ContainerRequests {
    /// Its name.
    pub name: String,
    /// Its requests.
    pub requests: Resources<i64>,
}

/// The pod template of a workload.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PodTemplate {
    /// Labels of its pods.
    pub labels: Labels,
    /// `spec.nodeName`: bypasses the scheduler.
    pub node_name: Option<String>,
    /// `spec.nodeSelector`.
    pub node_selector: Labels,
    /// Terms of the required node affinity, ORed; `None` if there is none.
    pub required_affinity: Option<Vec<NodeSelectorTerm>>,
    /// Preferred node affinity.
    pub preferred_affinity: Vec<PreferredTerm>,
    /// Affinity to other pods.
    pub pod_affinity: PodAffinity,
    /// Anti-affinity to other pods.
    pub pod_anti_affinity: PodAffinity,
    /// Ports of the node that its containers bind, sorted.
    pub host_ports: Vec<HostPort>,
    /// Whether it has `spec.schedulingGates`, which nothing lifts: it is never scheduled.
    pub is_gated: bool,
    /// Tolerations.
    pub tolerations: Vec<Toleration>,
    /// Topology spread constraints.
    pub spread: Vec<TopologySpreadConstraint>,
    /// Effective request (section 0.3).
    pub requests: Resources<i64>,
    /// CPU request for scoring: missing container requests count as 100 m (section 1.8).
    pub nonzero_cpu: i64,
    /// Memory request for scoring: missing container requests count as 200 MiB.
    pub nonzero_memory: i64,
    /// Whether every container has a CPU request, without which the HPA's utilisation fails (section 3.5).
    pub cpu_requested_everywhere: bool,
    /// Likewise for memory.
    pub memory_requested_everywhere: bool,
    /// Containers that run as long as the pod.
    pub containers: Vec<ContainerRequests>,
    /// Effective limit.
    pub limits: Resources<i64>,
    /// Whether every container has a CPU limit.
    pub cpu_limited_everywhere: bool,
    /// Likewise for memory.
    pub memory_limited_everywhere: bool,
    /// The LimitRange that refuses its pods: none is ever created.
    pub refused_by: Option<Origin>,
    /// Quality of service.
    pub qos: QosClass,
    /// Images of its containers, sorted.
    pub images: Vec<String>,
    /// `spec.schedulerName`.
    pub scheduler_name: String,
    /// Pod volumes of kind emptyDir or hostPath, which the DefaultEvictor protects.
    pub has_local_storage: bool,
    /// Pod volumes of kind persistentVolumeClaim.
    pub has_claims: bool,
    /// Resolved priority.
    pub priority: i64,
    /// Whether its pods preempt no others: `preemptionPolicy: Never`.
    pub never_preempts: bool,
    /// `terminationGracePeriodSeconds: 0`: the API server removes a deleted pod at once, whatever its node does
    /// (`CheckGracefulDelete`).
    pub goes_at_once: bool,
    /// `spec.os.name`: the kubelet of another operating system refuses its pods (`PodOSNotSupported`).
    pub os: Option<String>,
    /// Pod annotations (`descheduler.alpha.kubernetes.io/evict`).
    pub annotations: Labels,
}

impl PodTemplate {
    /// Whether the kubelet of a node with these labels is of the operating system of the pods; without a label it is Linux.
    pub fn is_of_system(&self, labels: &Labels) -> bool {
        let system = labels.get(OS).map_or("linux", String::as_str);
        self.os.as_ref().is_none_or(|os| os == system)
    }

    /// Whether nodeSelector and required node affinity match a node (section 1.7).
    pub fn wants_node(&self, name: &str, labels: &Labels) -> bool {
        let selector = self.node_selector.iter().all(|(key, value)| labels.get(key) == Some(value));
        let affinity = self.required_affinity.as_ref();
        selector && affinity.is_none_or(|terms| terms.iter().any(|term| term.matches(name, labels)))
    }

    /// What its containers request that run as long as the pod: usage is compared with that, not with the effective
    /// request, which init containers and overhead may raise (`calculatePodRequests` of the HPA).
    pub fn lasting_request(&self, resource: &str) -> i64 {
        if self.containers.is_empty() {
            return self.requests.get(resource).copied().unwrap_or(0);
        }
        self.containers.iter().filter_map(|one| one.requests.get(resource)).sum()
    }

    /// The container of a name, if it runs as long as the pod.
    pub fn container(&self, name: &str) -> Option<&ContainerRequests> {
        self.containers.iter().find(|one| one.name == name)
    }

    /// Whether its pods and those of another template bind the same port of a node.
    pub fn collides_with(&self, other: &PodTemplate) -> bool {
        self.host_ports.iter().any(|port| other.host_ports.iter().any(|there| port.conflicts_with(there)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taint(key: &str, value: &str, effect: TaintEffect) -> Taint {
        Taint { key: key.into(), value: value.into(), effect }
    }

    fn toleration(key: &str, exists: bool, value: &str, effect: Option<TaintEffect>) -> Toleration {
        Toleration { key: key.into(), exists, value: value.into(), effect, seconds: None }
    }

    #[test]
    fn tolerations_match_as_section_0_5_says() {
        let taint = taint("dedicated", "batch", TaintEffect::NoExecute);
        for (toleration, expected) in [
            (toleration("dedicated", false, "batch", Some(TaintEffect::NoExecute)), true),
            (toleration("dedicated", false, "web", None), false),
            (toleration("dedicated", true, "", Some(TaintEffect::NoSchedule)), false),
            (toleration("dedicated", true, "", None), true),
            (toleration("", true, "", None), true),
            (toleration("other", true, "", None), false),
        ] {
            assert_eq!(toleration.tolerates(&taint), expected, "{toleration:?}");
        }
    }
}
