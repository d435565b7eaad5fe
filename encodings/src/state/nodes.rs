//! Node slots: a pool of `lo..hi` nodes has `hi` slots, present ones first.

use super::{BoolVar, Model, NodeLabels, words};
use crate::cluster::Resources;
use crate::cluster::node::{NodePool, Taint, TaintEffect};
use crate::cluster::pod::PodTemplate;
use crate::cluster::selector::NodeSelectorTerm;
use crate::subject::{Part, Subject};
use crate::system::Role;
use crate::term::{Bool, Int};

/// Key of the taint of cordoned nodes.
pub const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// Key of the taint of a node that runs out of memory.
pub const MEMORY_PRESSURE: &str = "node.kubernetes.io/memory-pressure";
/// Key of the taint of a node that stopped.
pub const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// One node slot.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Index of its pool.
    pub pool: usize,
    /// Index within the pool.
    pub index: usize,
    /// Node name.
    pub name: String,
    /// Labels, hostname included.
    pub labels: NodeLabels,
    /// Whether the node exists: over frozen variables, or where an autoscaler adds and removes nodes, `exists`.
    pub present: Bool,
    /// Whether the node exists; only where that changes.
    pub exists: Option<BoolVar>,
    /// An autoscaler is about to remove the node, with the key of the NoSchedule taint that it has then.
    pub deleting: Option<(BoolVar, &'static str)>,
    /// Allocatable in model units, without pods.
    pub allocatable: Resources<Int>,
    /// Allocatable pods.
    pub pods: Int,
    /// Taints of the manifest.
    pub taints: Vec<Taint>,
    /// Taints that the node has while it starts up.
    pub startup_taints: Vec<Taint>,
    /// The node has been added and still has its startup taints; only where nodes are added that have some.
    pub starting_up: Option<BoolVar>,
    /// `spec.unschedulable` where it can change; else the constant of the manifest.
    pub cordoned: Option<BoolVar>,
    /// `spec.unschedulable`.
    pub is_cordoned: Bool,
    /// The kubelet runs; only where nodes may stop.
    pub alive: Option<BoolVar>,
    /// The node controller has found the node not ready: NoSchedule taint, pods not ready (section 6.1).
    pub not_ready: Option<BoolVar>,
    /// Whether its pods are marked as not ready because it is not; only where nodes stop. The same, but for faults.
    pub pods_not_ready: Option<BoolVar>,
    /// The node controller has added the NoExecute taint (section 6.1).
    pub no_execute: Option<BoolVar>,
    /// The kubelet reports MemoryPressure, and the node controller has tainted the node (section 5.3).
    pub memory_pressure: Option<BoolVar>,
    /// Quotas no longer count what is terminating here; only where nodes may stop and there are quotas.
    pub left_out_of_quotas: Option<BoolVar>,
    /// Whether allocatable holds no variable.
    pub has_constant_size: bool,
}

/// How the taints of a slot meet the tolerations of a pod template.
#[derive(Clone, Copy, Debug)]
pub struct Taints {
    /// No untolerated NoSchedule or NoExecute taint.
    pub allow_scheduling: Bool,
    /// Number of untolerated PreferNoSchedule taints.
    pub preferences_violated: i64,
}

impl Slot {
    /// What pods may use of a resource, in model units; nothing where the node has none of it.
    pub fn available(&self, resource: &str) -> Int {
        self.allocatable.get(resource).copied().unwrap_or(0.into())
    }

    /// `spec.unschedulable`, for those who change it.
    pub fn unschedulable(&self) -> BoolVar {
        self.cordoned.expect("who cordons nodes says so in its needs")
    }

    /// Whether the kubelet runs, for those who stop it.
    pub fn runs(&self) -> BoolVar {
        self.alive.expect("who stops nodes says so in its needs")
    }

    /// Whether the kubelet reports MemoryPressure, for those who make it do so.
    pub fn pressed(&self) -> BoolVar {
        self.memory_pressure.expect("who lets memory run out says so in its needs")
    }

    /// Whether the kubelet runs.
    pub fn is_alive(&self) -> Bool {
        self.alive.map_or(self.present, |alive| self.present & alive.value)
    }

    /// Whether the node has been added and still has its startup taints.
    pub fn starts_up(&self) -> Bool {
        self.starting_up.map_or(false.into(), |flag| flag.value)
    }

    /// Whether the node counts as Ready for the control plane.
    pub fn is_ready(&self) -> Bool {
        self.not_ready.map_or(self.present, |not_ready| self.present & !not_ready.value)
    }

    /// The taints against a template: the manifest's, the one of a cordon, those of the node controller.
    pub fn taints_for(&self, template: &PodTemplate) -> Taints {
        let tolerated = |taint: &Taint| template.tolerations.iter().any(|toleration| toleration.tolerates(taint));
        let fixed = self.taints.iter().all(|taint| taint.effect == TaintEffect::PreferNoSchedule || tolerated(taint));
        let mut allow = Bool::from(fixed) & self.cordon_allows(template);
        if let Some((deleting, key)) = self.deleting {
            let taint = Taint::of(key, TaintEffect::NoSchedule);
            if !tolerated(&taint) {
                allow = allow & !deleting.value;
            }
        }
        if let Some(starting_up) = self.starting_up.filter(|_| !self.startup_taints.iter().all(tolerated)) {
            allow = allow & !starting_up.value;
        }
        for (var, key, effect) in [
            (self.not_ready, UNREACHABLE, TaintEffect::NoSchedule),
            (self.no_execute, UNREACHABLE, TaintEffect::NoExecute),
            (self.memory_pressure, MEMORY_PRESSURE, TaintEffect::NoSchedule),
        ] {
            let taint = Taint { key: key.into(), value: String::new(), effect };
            if let (Some(var), false) = (var, tolerated(&taint)) {
                allow = allow & !var.value;
            }
        }
        // TaintToleration's score looks only at tolerations whose effect is PreferNoSchedule or empty, which is
        // what `tolerates` compares for a PreferNoSchedule taint.
        let preferences_violated = self
            .taints
            .iter()
            .filter(|taint| taint.effect == TaintEffect::PreferNoSchedule && !tolerated(taint))
            .count();
        Taints { allow_scheduling: allow, preferences_violated: preferences_violated as i64 }
    }

    /// Whether a cordon lets pods of a template in: there is none, or they tolerate its taint.
    pub fn cordon_allows(&self, template: &PodTemplate) -> Bool {
        let cordon = Taint::of(UNSCHEDULABLE, TaintEffect::NoSchedule);
        let tolerated = template.tolerations.iter().any(|toleration| toleration.tolerates(&cordon));
        if tolerated { true.into() } else { !self.is_cordoned }
    }

    /// Whether nodeSelector and required node affinity match (section 1.7).
    pub fn matches_affinity(&self, template: &PodTemplate) -> Bool {
        self.labels.hold(|labels| template.wants_node(&self.name, labels))
    }

    /// Whether they may match some time.
    pub fn may_match_affinity(&self, template: &PodTemplate) -> bool {
        self.labels.may_hold(|labels| template.wants_node(&self.name, labels))
    }

    /// Whether they match a node that has the labels of its manifest.
    pub fn matches_affinity_initially(&self, template: &PodTemplate) -> bool {
        template.wants_node(&self.name, self.labels.initial())
    }

    /// Whether one of some terms matches.
    pub fn matches_some<'t>(&self, terms: impl IntoIterator<Item = &'t NodeSelectorTerm> + Clone) -> Bool {
        self.labels.hold(|labels| terms.clone().into_iter().any(|term| term.matches(&self.name, labels)))
    }
}

impl Model<'_> {
    /// Whether pods of a node are marked as not ready by a request of its own.
    pub(crate) fn tells_pods_apart(&self, slot: usize) -> bool {
        let there = &self.slots[slot];
        there.pods_not_ready.map(|flag| flag.id) != there.not_ready.map(|flag| flag.id)
    }

    pub(super) fn declare_nodes(&mut self) {
        let cluster = self.cluster;
        for (pool_index, pool) in cluster.pools.iter().enumerate() {
            let size = self.frozen(Subject::new(words::NODES).of(self.ids.pools[pool_index]), pool.count);
            self.pool_sizes.push(size);
            for index in 0..usize::try_from(pool.most_nodes()).unwrap_or(0) {
                let next = self.slots.len();
                let slot = self.declare_slot((pool_index, pool), next, index, size);
                self.slots.push(slot);
            }
        }
    }

    fn declare_slot(&mut self, (pool_index, pool): (usize, &NodePool), slot: usize, index: usize, size: Int) -> Slot {
        let name = pool.slot_name(index);
        let needs = (self.needs.nodes_cordoned, self.needs.nodes_stop, self.needs.memory_runs_out);
        let (cordons, stops, runs_out) = needs;
        let subject =
            |resource: &str| Subject::new(words::ALLOCATABLE).with(Part::Field(resource.to_owned().into())).on(slot);
        let allocatable = pool
            .allocatable
            .iter()
            .map(|(resource, span)| {
                let unit = self.units.get(resource).copied().unwrap_or(1);
                let scaled =
                    crate::cluster::Span { lo: span.lo / unit, hi: span.hi / unit, step: (span.step / unit).max(1) };
                (resource.clone(), self.frozen(subject(resource), scaled))
            })
            .collect();
        let pods = self.frozen(subject(words::PODS), pool.pods);
        let autoscaler = self.cluster.node_autoscaler.as_ref().filter(|_| pool.autoscaling.is_some());
        let initially = size.above(index as i64);
        let exists = autoscaler.map(|_| self.bool_var(Subject::new(words::EXISTS).on(slot), Role::Cluster, initially));
        let deleting = autoscaler.map(|one| {
            let flag = self.bool_var(Subject::new("deleting").on(slot), Role::Cluster, false.into());
            (flag, one.kind.deletion_taint())
        });
        let starting_up = autoscaler.filter(|_| !pool.startup_taints.is_empty());
        let starting_up =
            starting_up.map(|_| self.bool_var(Subject::new("startupTaints").on(slot), Role::Cluster, false.into()));
        // A fault may come between the condition of the node and those of its pods.
        let is_apart = self.cluster.faults.iter().any(|fault| fault.times > 0);
        let mut flag = |what: &'static str, role: Role, initial: bool, exists: bool| {
            exists.then(|| self.bool_var(Subject::new(what).on(slot), role, initial.into()))
        };
        let cordoned = flag("unschedulable", Role::Cluster, pool.unschedulable, cordons);
        let alive = flag("alive", Role::Cluster, true, stops);
        let not_ready = flag("notReady", Role::Cluster, false, stops);
        let apart = flag("podsNotReady", Role::Cluster, false, stops && is_apart);
        let no_execute = flag("noExecuteTaint", Role::Cluster, false, stops);
        let memory_pressure = flag("memoryPressure", Role::Cluster, false, runs_out);
        let has_quotas = !self.cluster.quotas.is_empty();
        let mut flag = |what: &'static str, role: Role| self.bool_var(Subject::new(what).on(slot), role, false.into());
        let left_out_of_quotas = (stops && has_quotas).then(|| flag("leftOutOfQuotas", Role::Cluster));
        Slot {
            pool: pool_index,
            index,
            labels: self.declare_labels(pool, slot, index),
            present: exists.map_or(initially, |exists| exists.value),
            exists,
            deleting,
            allocatable,
            pods,
            taints: pool.taints.clone(),
            startup_taints: pool.startup_taints.clone(),
            starting_up,
            is_cordoned: cordoned.map_or(pool.unschedulable.into(), |var| var.value),
            cordoned,
            alive,
            not_ready,
            pods_not_ready: apart.or(not_ready),
            no_execute,
            memory_pressure,
            left_out_of_quotas,
            has_constant_size: pool.allocatable.values().all(|span| span.constant().is_some())
                && pool.pods.constant().is_some(),
            name,
        }
    }
}
