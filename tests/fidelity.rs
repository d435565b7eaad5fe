//! The models against Kubernetes' own code: vectors recorded by `tests/fidelity/generate` are replayed on the
//! concrete evaluator, in both directions. What the real code does must be among what the model allows; and what the
//! model allows must be among what the real code does for some pods with the same counts, tagged over-approximations
//! aside. The page `docs/src/fidelity.md` is written from the outcome: `KUBOUND_WRITE_FIDELITY=1 cargo test --test
//! fidelity` rewrites it, and without the variable it must be as it is.

#[path = "fidelity/clusters.rs"]
mod clusters;
#[path = "fidelity/deployment.rs"]
mod deployment;
#[path = "fidelity/descheduler.rs"]
mod descheduler;
#[path = "fidelity/disruption.rs"]
mod disruption;
#[path = "fidelity/evaluator.rs"]
mod evaluator;
#[path = "fidelity/eviction.rs"]
mod eviction;
#[path = "fidelity/hpa.rs"]
mod hpa;
#[path = "fidelity/kubelet.rs"]
mod kubelet;
#[path = "fidelity/page.rs"]
mod page;
#[path = "fidelity/plugins.rs"]
mod plugins;
#[path = "fidelity/preemption.rs"]
mod preemption;
#[path = "fidelity/replica_set.rs"]
mod replica_set;
#[path = "fidelity/scheduler.rs"]
mod scheduler;
#[path = "fidelity/taints.rs"]
mod taints;
#[path = "fidelity/tally.rs"]
mod tally;
#[path = "fidelity/vectors.rs"]
mod vectors;
#[path = "fidelity/zones.rs"]
mod zones;

use std::sync::OnceLock;
use tally::Tally;

/// A part of Kubernetes with its vectors.
pub struct Component {
    /// Name of the file of vectors.
    pub name: &'static str,
    /// The upstream functions that were called.
    pub real: &'static str,
    /// What the vectors cover, and what they leave out.
    pub covers: &'static str,
    /// Replays the vectors; `None` where no rule models them yet.
    pub check: Option<fn(&vectors::File) -> Tally>,
    outcome: OnceLock<(vectors::File, Tally)>,
}

impl Component {
    const fn new(
        name: &'static str,
        real: &'static str,
        covers: &'static str,
        check: Option<fn(&vectors::File) -> Tally>,
    ) -> Self {
        Self { name, real, covers, check, outcome: OnceLock::new() }
    }

    /// The outcome; computed once.
    pub fn outcome(&self) -> &(vectors::File, Tally) {
        self.outcome.get_or_init(|| {
            let file = vectors::read(self.name);
            let tally = self.check.map_or_else(Tally::default, |check| check(&file));
            (file, tally)
        })
    }
}

/// All components, in the order of the page.
pub static COMPONENTS: [Component; 13] = [
    Component::new(
        "replicaset",
        "`replicaset.getPodsToDelete`",
        "Victims of one scale-down: pods without a node, not started, not ready, on nodes that are not ready, and \
         terminating or failed neighbours. Outcomes are collected over many ages, restart counts and UIDs of the same \
         counts. Pod deletion costs are left out: the reader reports them.",
        Some(replica_set::check),
    ),
    Component::new(
        "deployment",
        "`DeploymentController.syncDeployment`, `util.MaxSurge`, `util.MaxUnavailable`",
        "One sync: fenceposts, new and old replica counts, clean-up of unhealthy replicas, proportional scaling, \
         Recreate; with up to four revisions, the present template among them or not.",
        Some(deployment::check),
    ),
    Component::new(
        "hpa",
        "`HorizontalController.reconcileKey`",
        "Sequences of syncs: replica calculator with unready, missing, ignored pods, tolerance, several metrics, with \
         and without `behavior`, stabilisation windows and policies over time; each sync starts from what the real \
         controller remembers, and how the model keeps that from sync to sync is not compared. Starting pods of a workload are all \
         sampled, all unready or all missing; the model makes the same distinction for all of them together.",
        Some(hpa::check),
    ),
    Component::new(
        "disruption",
        "`DisruptionController.trySync`",
        "Status of a PodDisruptionBudget: numbers and percentages, several Deployments, unready, terminating and \
         disrupted pods. A pod whose eviction was granted terminates at once in the model.",
        Some(disruption::check),
    ),
    Component::new(
        "eviction",
        "`EvictionREST.Create`",
        "Evictions of all pods of a workload in a phase on a node, one after the other, with the budgets' status as it was at \
         first: pods that have not started, unready ones under both policies, ready ones; none, one or several budgets, \
         some with an empty selector, with none or in another namespace. The status is that of the disruption controller's \
         arithmetic. Left out: conflicts of writes, evictions that are refused because the status is out of date.",
        Some(eviction::check),
    ),
    Component::new(
        "taints",
        "`Toleration.ToleratesTaint`, `tainteviction.Controller.handleNodeUpdate`",
        "Which tolerations tolerate which taints, and when a pod on a node with these taints is deleted.",
        Some(taints::check),
    ),
    Component::new(
        "zones",
        "`nodelifecycle.Controller.monitorNodeHealth`, `handleDisruption`, `doNoExecuteTaintingPass`",
        "Which nodes have the NoExecute taint, in two steps, when some of up to seven nodes in up to three zones are not \
         ready: full and partial disruption, all zones at once, nodes that are excluded from the count. The controller's \
         rate is set so high that a node waits for nothing but its zone. Left out: zones of more than 50 nodes, and zones in which no node counts: there the order of a map decides.",
        Some(zones::check),
    ),
    Component::new(
        "kubelet",
        "`lifecycle.PredicateAdmitHandler.Admit`",
        "Admission of a pod with a nodeName beside running and terminating ones: resources, pod count, node selector, \
         required affinity, taints. Host ports, volumes and critical pods are left out.",
        Some(kubelet::check),
    ),
    Component::new(
        "scheduler",
        "`frameworkruntime.NewFramework` with the default plugins: `RunPreFilterPlugins`, `RunFilterPlugins`, \
         `RunScorePlugins`",
        "One cycle for one pod: what each filter answers for each node by itself, what each plugin scores, before and \
         after normalising, the feasible nodes, the differences of their totals and the set of the best. Clusters \
         of 2-5 nodes and two Deployments with taints, cordons, required and preferred node affinity, spread \
         constraints, required and preferred affinity and anti-affinity between pods (namespaces and \
         `matchLabelKeys` included), host ports and requests up to the brim; active and terminating pods on any nodes. Half the profiles are the \
         default one; in the others one plugin scores or filters alone, or strategies, balanced resources and default \
         constraints differ, so that each plugin shows by itself. Left out, since the reader reports them: volumes, images; preemption has vectors of its own. Terms that the model leaves out of all scores alike do not count.",
        Some(scheduler::check),
    ),
    Component::new(
        "scheduler-1.36",
        "as above, of 1.36",
        "The same clusters and pods as above. The vectors of all other components that call Kubernetes come out of 1.36.3 \
         as they come out of 1.33.4, line by line, and are not kept twice.",
        Some(scheduler::check),
    ),
    Component::new(
        "preemption",
        "`DefaultPreemption.PostFilter` with `preemption.Evaluator`, on the filters of the default profile",
        "What becomes of a pod that fits nowhere: the node that is nominated and how many pods of which workload are \
         preempted there, collected over many start times. Clusters of 1-4 full nodes and three Deployments of \
         equal and different priorities, from the lowest to critical ones, `preemptionPolicy: Never`, budgets that allow \
         some, all or none of the victims, terminating pods, pods nominated to the nodes before, and now and then taints, \
         node affinity, hard spread constraints, required terms between pods and host ports. Nominated pods of a higher \
         priority wait for terminating ones. Left out: pods that are nominated themselves, and spread constraints with an \
         empty selector.",
        Some(preemption::check),
    ),
    Component::new(
        "descheduler",
        "`removeduplicates`, `removepodsviolatingtopologyspreadconstraint`, `removepodsviolatingnodetaints`, \
         `removepodsviolatingnodeaffinity`: `Deschedule` or `Balance`; `defaultevictor` and `evictions.PodEvictor`",
        "One pass of one plugin over 2-4 nodes (cordoned, tainted, not ready, full) and pods of two Deployments: how \
         many pods of which workload on which node are evicted, collected over many orders of nodes and pods. \
         Arguments of the plugins and of the DefaultEvictor (`nodeFit`, `minReplicas`, `priorityThreshold`, \
         selectors, protections) and limits vary; with limits the model is tagged as an over-approximation. A pass that evicts \
         nothing is no step of the model, and does not count as an outcome. Left out: several constraints or \
         plugins in one pass, budgets, terminating pods that are annotated as evictable, limits where both kinds of node affinity are looked at.",
        Some(descheduler::check),
    ),
    Component::new(
        "descheduler-more",
        "`nodeutilization` (LowNodeUtilization, HighNodeUtilization), `removepodsviolatinginterpodantiaffinity`, \
         `podlifetime`: `Deschedule` or `Balance`; `defaultevictor` and `evictions.PodEvictor`",
        "As above, with thresholds (also of averages), `numberOfNodes`, `evictableNamespaces`, `evictionLimits`, \
         `evictionModes`, qualities of service, anti-affinity in hosts, zones and other domains, states and ages of pods. \
         Tagged are limits of the policy, anti-affinity in domains of several nodes, and ages: pods are not dated in the \
         model, so that of those that are old enough in the vectors it allows any part. Left out: usage from metrics.",
        Some(descheduler::check),
    ),
];

fn matches(name: &str) {
    let component = COMPONENTS.iter().find(|component| component.name == name).expect("a component");
    let (file, tally) = component.outcome();
    println!("{name}: {} vectors, {tally}", file.lines.len());
    assert!(file.lines.len() >= 3000 || tally.replayed >= 3000, "{} vectors", file.lines.len());
    assert!(component.check.is_none() || tally.replayed > 0);
    assert!(tally.deviations.is_empty(), "{} deviations:\n{}", tally.deviations.len(), tally.first_deviations());
}

#[test]
fn replica_sets_match() {
    matches("replicaset");
}

#[test]
fn deployments_match() {
    matches("deployment");
}

#[test]
fn autoscalers_match() {
    matches("hpa");
}

#[test]
fn disruption_budgets_match() {
    matches("disruption");
}

#[test]
fn evictions_match() {
    matches("eviction");
}

#[test]
fn taints_match() {
    matches("taints");
}

#[test]
fn zones_match() {
    matches("zones");
}

#[test]
fn kubelets_match() {
    matches("kubelet");
}

#[test]
fn schedulers_match() {
    matches("scheduler");
}

#[test]
fn scheduling_of_1_36_matches() {
    matches("scheduler-1.36");
}

#[test]
fn preemption_matches() {
    matches("preemption");
}

#[test]
fn deschedulers_match() {
    matches("descheduler");
}

#[test]
fn further_plugins_of_the_descheduler_match() {
    matches("descheduler-more");
}

#[test]
fn the_page_says_what_was_found() {
    page::check();
}
