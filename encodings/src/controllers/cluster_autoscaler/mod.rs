//! The Cluster Autoscaler: adds nodes for pods that find none, removes nodes that are not needed (section 7.1).
//!
//! ## One step
//! A node of a pool comes; a node that was not needed for long enough is tainted and begins to be emptied; some of its
//! pods are evicted; it is given up because a budget refuses the rest; it is gone.
//!
//! ## Scale-up
//! A pending pod has no feasible node, and the filters would let it onto a new and empty node of the pool, which has
//! fewer nodes than its `max`. Nodes come one by one and are ready at once; between two of them the scheduler places what
//! it can. Which of several pools grows is free (tagged: the expander decides).
//!
//! ## Scale-down
//! Requested CPU and memory are below the threshold, the pool has more nodes than its `min`, nothing blocks (a budget
//! without disruptions left, the annotation `safe-to-evict: "false"`, local storage, system pods without a budget, pods
//! of no controller), and all pods would find another node. The first pod of each workload is held against the filters
//! as if the node were not there; further ones are counted against the room that is left elsewhere. That is exact for a
//! single pod, and for pods of one workload that no other filter ties together; else more nodes may go (tagged).
//! All that must hold for `scaleDownUnneededTime`. Pods of DaemonSets go with their node.
//!
//! ## Startup taints
//! A node may come with taints that something on it takes away some time later. Pods wait for that; the autoscaler adds no
//! other node for those that will have room, and removes none meanwhile. Pods of several workloads each count that room as
//! theirs, so that further nodes may come later than in a real cluster.
//!
//! The machine itself takes its time: until it is gone, the node is there with its taint, empty.
//!
//! ## Not modelled
//! Delays after an addition, nodes that fail to come, balancing of similar pools, prices, removal of several nodes at a
//! time, the threshold of nodes with accelerators.

mod fit;
mod preferences;

use super::{Admission, Controller, admission, feasible_nodes, scheduler};
use crate::cluster::node::{CPU, MEMORY};
use crate::cluster::{Cluster, NodeAutoscaler, NodeAutoscalerKind, NodeGroup, NodePool};
use crate::footprint::Footprint;
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::{IntVar, Model, Phase, Pose, RuleBuilder, Slot, counted, text};
use crate::subject::Subject;
use crate::system::{Origin, Pace, Verb};
use crate::term::{Bool, Int, all, any, count, int_choice, ite, sum};

/// Pods of a lower priority do not make a cluster grow (`--expendable-pods-priority-cutoff`).
const EXPENDABLE: i64 = -10;

/// See the module.
pub struct ClusterAutoscaler;

impl Controller for ClusterAutoscaler {
    fn name(&self) -> &'static str {
        "cluster-autoscaler"
    }

    fn summary(&self) -> &'static str {
        "adds nodes for pods that find none and removes nodes that are not needed"
    }

    fn needs(&self, cluster: &Cluster, _: &Needs) -> Needs {
        needs(cluster, NodeAutoscalerKind::ClusterAutoscaler)
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: "cluster-autoscaler",
            watches: &["Pod", "Node", "PodDisruptionBudget", "DaemonSet"],
            reads_live: &["machines of the cloud"],
            forgets: &["since when nodes are not needed", "nodes that it is deleting"],
        }
    }

    fn waits(&self, model: &mut Model) -> Vec<Wait> {
        waits_of(model, self.name(), NodeAutoscalerKind::ClusterAutoscaler)
    }

    fn add_rules(&self, model: &mut Model) {
        add_rules(model, self.name(), NodeAutoscalerKind::ClusterAutoscaler);
    }
}

/// What the cluster's autoscaler of nodes needs if it is of this kind.
pub(super) fn needs(cluster: &Cluster, kind: NodeAutoscalerKind) -> Needs {
    let own = cluster.node_autoscaler.as_ref().filter(|one| one.kind == kind);
    Needs::durations(own.and_then(|one| one.unneeded))
}

/// Adds the rules of the cluster's autoscaler of nodes if it is of this kind.
pub(super) fn add_rules(model: &mut Model, actor: &'static str, kind: NodeAutoscalerKind) {
    let Some(settings) = model.cluster.node_autoscaler.clone().filter(|one| one.kind == kind) else { return };
    let busy = any(model.slots.iter().filter_map(|slot| slot.deleting.map(|(flag, _)| flag.value)));
    let autoscaler = Autoscaler { actor, settings, busy };
    for slot in 0..model.slots.len() {
        if model.slots[slot].exists.is_some() {
            autoscaler.grow(model, slot);
            autoscaler.start_up(model, slot);
            autoscaler.shrink(model, slot);
            autoscaler.empty(model, slot);
            autoscaler.remove(model, slot);
        }
    }
}

/// Why no pool grows for pods that find no node (`NotTriggerScaleUp`), if the cluster's autoscaler is of this kind.
pub(super) fn waits_of(model: &mut Model, actor: &'static str, kind: NodeAutoscalerKind) -> Vec<Wait> {
    let Some(settings) = model.cluster.node_autoscaler.clone().filter(|one| one.kind == kind) else {
        return Vec::new();
    };
    let autoscaler = Autoscaler { actor, settings, busy: false.into() };
    let grows = (0..model.groups.len()).filter_map(|group| autoscaler.not_triggered(model, group));
    let grows: Vec<Wait> = grows.collect();
    let shrinks = (0..model.slots.len()).flat_map(|slot| autoscaler.not_removed(model, slot));
    grows.into_iter().chain(shrinks.collect::<Vec<_>>()).collect()
}

/// An autoscaler of nodes.
struct Autoscaler {
    actor: &'static str,
    settings: NodeAutoscaler,
    /// Whether some node is being emptied.
    busy: Bool,
}

impl Autoscaler {
    fn rule(
        &self,
        model: &mut Model,
        slot: usize,
        verb: &'static str,
        reason: &'static str,
        pace: Pace,
    ) -> RuleBuilder {
        let unit = Subject::new(self.actor).word(verb);
        let unit = match verb {
            // Any of them will do.
            "add" => unit,
            _ => unit.on(slot),
        };
        RuleBuilder::new(Subject::new(verb).on(slot), self.actor, reason, pace)
            .fair(model.fairness_unit(unit))
            .because_of(self.settings.origin.clone())
    }

    /// The nodes of the pool of a slot that there are.
    fn size(&self, model: &Model, slot: usize) -> Int {
        let siblings = model.slots.iter().filter(|one| one.pool == model.slots[slot].pool);
        count(siblings.map(|one| one.present))
    }

    fn grow(&self, model: &mut Model, slot: usize) {
        let there = model.slots[slot].clone();
        let pool = &model.cluster.pools[there.pool];
        let (Some(exists), Some(group)) = (there.exists, pool.autoscaling) else { return };
        let served: Vec<usize> = (0..model.groups.len()).filter(|&one| self.provides_for(model, one)).collect();
        let lonely = served.into_iter().map(|one| waits(model, one) & self.provides(model, one, slot));
        let lonely = any(lonely.collect::<Vec<_>>());
        // The free slot of the lowest index comes next: they differ by name only.
        let earlier = all(model
            .slots
            .iter()
            .filter(|one| one.pool == there.pool && one.index < there.index)
            .map(|one| one.present)
            .collect::<Vec<_>>());
        let size = self.size(model, slot);
        let pools = model.cluster.pools.iter().filter(|one| one.autoscaling.is_some()).count();
        let mut rule = self
            .rule(model, slot, "add", "TriggeredScaleUp", Pace::Clock)
            .when(!there.present & earlier & lonely)
            .when(size.below(group.max) & within_limits(model, slot, group))
            .writes_node(Verb::Create, slot)
            .set_bool(exists, true)
            .says([text(format!("a pod finds no node; {} is added", there.name))])
            .because_of(pool.origin.clone())
            .carries_out(autoscaling(pool), "no node is ever added");
        if let Some(starting_up) = there.starting_up {
            rule = rule.set_bool(starting_up, true);
        }
        if pools > 1 {
            rule = rule.over_approximates("which of several pools grows depends on prices and the expander");
        }
        model.add_rule(rule);
    }

    /// What runs on a new node takes its startup taints away, some time later.
    fn start_up(&self, model: &mut Model, slot: usize) {
        let there = &model.slots[slot];
        let Some(starting_up) = there.starting_up else { return };
        let (name, pool) = (there.name.clone(), model.cluster.pools[there.pool].origin.clone());
        let unit = model.fairness_unit(Subject::new("start up").on(slot));
        let rule = RuleBuilder::new(Subject::new("start-up").on(slot), "node", "StartupTaintsRemoved", Pace::Clock)
            .fair(unit)
            .when(model.slots[slot].present & model.slots[slot].is_alive() & starting_up.value)
            .writes_node(Verb::Patch, slot)
            .set_bool(starting_up, false)
            .says([text(format!("{name} has no startup taint any more"))])
            .because_of(Origin { field: format!("{}.template.startupTaints", pool.field), ..pool });
        model.add_rule(rule);
    }

    /// Whether a node in a slot is one that comes for a pod of a group: it would take it, and by what the pod prefers no
    /// other pool goes before it.
    fn provides(&self, model: &mut Model, group: usize, slot: usize) -> Bool {
        let others = model.cluster.pools.iter().filter(|pool| pool.autoscaling.is_some()).count() > 1;
        let steps = if others { self.steps(model, group) } else { Vec::new() };
        if steps.is_empty() {
            return fit::fits_new(model, group, slot);
        }
        let own = model.slots[slot].pool;
        let (mut provides, mut none_before) = (Bool::from(false), Bool::from(true));
        for step in steps {
            let (here, anywhere) = model.posing(&step, |model| {
                let here = fit::fits_new(model, group, slot);
                (here, here | self.gets_new(model, group, Some(own)))
            });
            provides = provides | (none_before & here);
            none_before = none_before & !anywhere;
        }
        provides
    }

    /// Whether some pool but one can grow by a node that would take a pod of a group.
    fn gets_new(&self, model: &mut Model, group: usize, but: Option<usize>) -> Bool {
        let mut found = Bool::from(false);
        for index in (0..model.cluster.pools.len()).filter(|&index| Some(index) != but) {
            // The last slot has no node while the pool can grow.
            let last = model.slots.iter().rposition(|slot| slot.pool == index);
            let (Some(limits), Some(slot)) = (model.cluster.pools[index].autoscaling, last) else { continue };
            let has_room = self.size(model, slot).below(limits.max) & within_limits(model, slot, limits);
            found = found | (has_room & fit::fits_new(model, group, slot));
        }
        found
    }

    /// A pod of a group as nodes are sought for it, step by step; nothing where it prefers nothing that counts.
    fn steps(&self, model: &Model, group: usize) -> Vec<Pose> {
        if self.settings.respects_preferences { preferences::steps(model, group) } else { Vec::new() }
    }

    /// Whether pods of a group on a slot find other nodes before they would get a new one, and whether they would but for
    /// what they prefer.
    fn finds_another(&self, model: &mut Model, group: usize, slot: usize) -> (Bool, Bool) {
        let fits = fit::fits_elsewhere(model, group, slot);
        let steps = self.steps(model, group);
        if steps.is_empty() {
            return (fits, fits);
        }
        let own = model.slots[slot].pool;
        let (mut finds, mut none_before) = (Bool::from(false), Bool::from(true));
        for step in steps {
            let (there, new) = model.posing(&step, |model| {
                let there = fit::finds_place(model, group, slot);
                // In place of the node itself there can be one like it.
                let alike = fit::fits_new(model, group, slot);
                (there, alike | fit::without(model, slot, |model| self.gets_new(model, group, Some(own))))
            });
            finds = finds | (none_before & there);
            none_before = none_before & !(there | new);
        }
        // Of pods of several workloads the largest is placed first (`byCPUAndMemoryDescending`); the others find what it
        // leaves, which is not known.
        (fits & (finds | !self.is_first(model, group, slot)), fits)
    }

    /// Whether pods of a group are the first of a slot for which a place is sought.
    fn is_first(&self, model: &Model, group: usize, slot: usize) -> Bool {
        let size = |group: usize| {
            let request = |resource: &str| model.template(group).requests.get(resource).copied().unwrap_or(0);
            (request(CPU), request(MEMORY))
        };
        let before = model.movable().into_iter().filter(|&other| other != group && size(other) >= size(group));
        all(before.map(|other| model.groups[other].active_on(slot).is(0)).collect::<Vec<_>>())
    }

    /// Pools by the reason for which none of them grows for a pod of a group.
    fn not_triggered(&self, model: &mut Model, group: usize) -> Option<Wait> {
        if !self.provides_for(model, group) {
            return None;
        }
        let (mut full, mut limited, mut unfit) = (Vec::new(), Vec::new(), Vec::new());
        let mut fields = Vec::new();
        for (index, pool) in model.cluster.pools.iter().enumerate() {
            // The last slot has no node while the pool can grow.
            let last = model.slots.iter().rposition(|slot| slot.pool == index);
            let (Some(limits), Some(slot)) = (pool.autoscaling, last) else { continue };
            let has_room = self.size(model, slot).below(limits.max);
            let within = within_limits(model, slot, limits);
            full.push(!has_room);
            limited.push(has_room & !within);
            unfit.push(has_room & within & !fit::fits_new(model, group, slot));
            fields.push(pool.origin.clone());
        }
        let pools = full.len();
        let reasons = [
            (count(full), "max node group size reached"),
            (count(limited), "max cluster cpu, memory limit reached"),
            (count(unfit), "node(s) of the pool would not take it"),
        ];
        let none = reasons.iter().fold(Int::from(0), |all, &(reason, _)| all + reason).at_least(pools as i64);
        let subject = format!("a pod of {} makes no pool grow", model.groups[group].name);
        let wait = Wait::new(self.actor, "NotTriggerScaleUp", waits(model, group) & none);
        let wait = wait
            .about(model.groups[group].id)
            .of(subject)
            .counts(reasons.map(|(reason, words)| (reason, words.to_owned())));
        Some(fields.into_iter().fold(wait, Wait::because_of))
    }

    /// Whether nodes are added for pods of a group.
    fn provides_for(&self, model: &Model, group: usize) -> bool {
        let cutoff = if self.settings.kind == NodeAutoscalerKind::ClusterAutoscaler { EXPENDABLE } else { i64::MIN };
        let is_meant = !feasible_nodes(model, group).is_empty() && !model.workload(group).is_daemon();
        is_meant && model.template(group).priority >= cutoff
    }

    /// Which pods keep a little used node from being removed.
    fn not_removed(&self, model: &mut Model, slot: usize) -> Vec<Wait> {
        let there = model.slots[slot].clone();
        let (Some(_), Some(limits)) = (self.settings.unneeded, model.cluster.pools[there.pool].autoscaling) else {
            return Vec::new();
        };
        let candidate = all([
            there.is_alive() & there.is_ready(),
            self.size(model, slot).above(limits.min),
            self.is_little_used(model, slot),
        ]);
        let moved = model.movable();
        let mut waits = Vec::new();
        for group in moved {
            let place = format!("{} is little used and stays: pods of {}", there.name, model.groups[group].name);
            let pods = candidate & model.groups[group].active_on(slot).above(0);
            let id = model.groups[group].id;
            let wait = |reason: &'static str, when: Bool, why: &str| {
                let wait = Wait::new(self.actor, reason, pods & when).about(id);
                wait.says([text(format!("{place} {why}"))])
            };
            if self.settings.only_empty {
                waits.push(wait("NotEmpty", true.into(), "are there, and only empty nodes are removed"));
                continue;
            }
            let blocked = self.is_blocked(model, group, slot);
            let refused = admission(model, group, slot, Phase::Running).says();
            let by_budget = wait("NotEnoughPdb", blocked, "must not be evicted");
            waits.push(match refused {
                Some((says, origins)) => {
                    origins.into_iter().fold(by_budget.says([text(": ")]).says(says), Wait::because_of)
                }
                None => by_budget.because_of(model.origin(group, "spec.template")),
            });
            let (finds, fits) = self.finds_another(model, group, slot);
            waits.push(wait("NoPlaceToMovePods", !blocked & !fits, "fit nowhere else"));
            let dear = !blocked & fits & !finds;
            waits.push(wait("Unconsolidatable", dear, "would get a new node by what they prefer, which is no cheaper"));
        }
        waits
    }

    fn shrink(&self, model: &mut Model, slot: usize) {
        let Some(seconds) = self.settings.unneeded else { return };
        let there = model.slots[slot].clone();
        let (Some((deleting, _)), Some(group)) = (there.deleting, model.cluster.pools[there.pool].autoscaling) else {
            return;
        };
        let moved = model.movable();
        let pods = sum(moved.iter().map(|&one| model.groups[one].active_on(slot)).collect::<Vec<_>>());
        let (movable, is_exact) = if self.settings.only_empty {
            (pods.is(0), true.into())
        } else {
            let each = moved.iter().map(|&one| {
                let none = model.groups[one].active_on(slot).is(0);
                none | (!self.is_blocked(model, one, slot) & self.finds_another(model, one, slot).0)
            });
            let each = all(each.collect::<Vec<_>>());
            let prefers = moved.iter().any(|&one| !self.steps(model, one).is_empty());
            let is_exact = if prefers { false.into() } else { fit::is_exact(model, &moved, slot) };
            (each, is_exact | pods.at_most(1))
        };
        let unneeded = all([
            there.is_alive() & there.is_ready(),
            !deleting.value & !there.starts_up(),
            self.size(model, slot).above(group.min),
            self.is_little_used(model, slot),
            movable,
        ]);
        let name = there.name.clone();
        let timer = model.timer(Subject::new("unneeded timer").on(slot), seconds, unneeded);
        if self.settings.kind == NodeAutoscalerKind::ClusterAutoscaler {
            model.forgets_timer(self.actor, &timer);
            // The first loop of a new process takes back the taints of the one before (`cleanUpIfRequired`).
            model.forgets_flag(self.actor, deleting, false);
        }
        // Zero seconds still wait for a scan.
        let pace = if timer.left.is_some() { Pace::Fast } else { Pace::Clock };
        for (verb, here, wider) in [("shrink", is_exact, false), ("shrink-perhaps", !is_exact, true)] {
            let mut rule = self
                .rule(model, slot, verb, "ScaleDown", pace)
                .when(unneeded & here & !self.busy)
                .when(timer.expired)
                .writes_node(Verb::Patch, slot)
                .set_bool(deleting, true)
                .says([text(format!("{name} is not needed: it is tainted and emptied"))])
                .because_of(model.cluster.pools[there.pool].origin.clone())
                .carries_out(autoscaling(&model.cluster.pools[there.pool]), "no node is ever removed");
            rule = timer.wind_up(rule);
            if wider {
                rule = rule.over_approximates("whether several pods fit elsewhere together is not simulated in full");
            }
            model.add_rule(rule);
        }
    }

    /// Whether less is requested of a node than the threshold.
    fn is_little_used(&self, model: &Model, slot: usize) -> Bool {
        let Some(threshold) = self.settings.threshold else { return true.into() };
        let below = |resource: &str| match model.slots[slot].allocatable.get(resource) {
            Some(&amount) => {
                let used = scheduler::resources_used(model, slot, resource);
                (used * 1000).below(amount * threshold) | used.is(0)
            }
            None => true.into(),
        };
        below(CPU) & below(MEMORY)
    }

    /// Whether the pods of a group on a slot keep it from being emptied.
    fn is_blocked(&self, model: &Model, group: usize, slot: usize) -> Bool {
        let template = model.template(group);
        let annotated = |key: &str, value: &str| template.annotations.get(key).is_some_and(|known| known == value);
        let reference = &model.workload(group).reference;
        let always = match self.settings.kind {
            NodeAutoscalerKind::Karpenter => annotated("karpenter.sh/do-not-disrupt", "true"),
            NodeAutoscalerKind::ClusterAutoscaler => {
                let safe = annotated("cluster-autoscaler.kubernetes.io/safe-to-evict", "true");
                let is_guarded = model.cluster.budgets_of(&reference.namespace, &template.labels).next().is_some();
                annotated("cluster-autoscaler.kubernetes.io/safe-to-evict", "false")
                    || (!safe
                        && (template.has_local_storage
                            || reference.kind == "Pod"
                            || (reference.namespace == "kube-system" && !is_guarded)))
            }
        };
        let refused = match admission(model, group, slot, Phase::Running) {
            Admission::Free => false.into(),
            Admission::Refused => true.into(),
            Admission::Asked { status, .. } => status.disruptions_allowed.below(1),
        };
        Bool::from(always) | refused
    }

    fn empty(&self, model: &mut Model, slot: usize) {
        let Some((deleting, _)) = model.slots[slot].deleting else { return };
        let name = model.slots[slot].name.clone();
        let mut granted: Vec<Bool> = Vec::new();
        let mut left: Vec<Bool> = Vec::new();
        for group in model.movable() {
            let phases: Vec<(Phase, IntVar)> =
                model.groups[group].phases().map(|(phase, counts)| (phase, counts[slot])).collect();
            for (phase, pods) in phases.into_iter().filter(|(_, pods)| pods.value.range().hi > 0) {
                let terminating = model.groups[group].terminating[slot];
                let place = format!("{} on {name}", model.groups[group].name);
                let subject = phase.tell(Subject::new("evict")).of(model.groups[group].id).on(slot);
                let (choice, evicted) = int_choice(subject.clone(), 1, pods.value.range().hi);
                let admission = admission(model, group, slot, phase);
                let most = admission.most(pods.value);
                granted.push(most.above(0));
                left.push(pods.value.above(0));
                let rule = self
                    .rule(model, slot, "evict", "ScaleDown", Pace::Fast)
                    .about(subject)
                    .when(deleting.value & most.above(0))
                    .pick(choice)
                    .such_that(admission.grants(evicted, pods.value))
                    .writes(Verb::Evict, model.groups[group].id)
                    .at(slot)
                    .times(evicted)
                    .add(pods, -evicted)
                    .saturate(terminating, evicted)
                    .says([counted(
                        evicted,
                        format!("pod of {place} is evicted"),
                        format!("pods of {place} are evicted"),
                    )]);
                model.add_rule(admission.tell(rule));
            }
        }
        let stuck = any(left) & !any(granted);
        let rule = self
            .rule(model, slot, "give-up", "ScaleDownFailed", Pace::Clock)
            .when(deleting.value & stuck)
            .writes_node(Verb::Patch, slot)
            .set_bool(deleting, false)
            .says([text(format!("{name} is kept: its pods cannot be evicted"))]);
        model.add_rule(rule);
    }

    /// The machine is gone, and with it the pods of DaemonSets; a new one of this name has nothing of it.
    fn remove(&self, model: &mut Model, slot: usize) {
        let there = model.slots[slot].clone();
        let (Some(exists), Some((deleting, _))) = (there.exists, there.deleting) else { return };
        let groups = 0..model.groups.len();
        let (daemons, others): (Vec<usize>, Vec<usize>) = groups.partition(|&group| model.workload(group).is_daemon());
        let empty = all(others.iter().map(|&one| model.groups[one].assigned_on(slot).is(0)).collect::<Vec<_>>());
        let mut rule = self
            .rule(model, slot, "remove", "ScaleDown", Pace::Clock)
            .when(exists.value & deleting.value & empty)
            .writes_node(Verb::Delete, slot)
            .set_bool(exists, false)
            .set_bool(deleting, false)
            .says([text(format!("{} is gone", there.name))]);
        if let Some(cordoned) = there.cordoned {
            rule = rule.set_bool(cordoned, model.cluster.pools[there.pool].unschedulable);
        }
        if let Some(labels) = there.labels.which() {
            rule = rule.set(labels, 0);
        }
        for (flag, back) in [
            (there.alive, true),
            (there.not_ready, false),
            (there.pods_not_ready.filter(|_| model.tells_pods_apart(slot)), false),
            (there.no_execute, false),
            (there.memory_pressure, false),
            (there.starting_up, false),
        ] {
            if let Some(flag) = flag {
                rule = rule.set_bool(flag, back);
            }
        }
        for group in daemons {
            let state = &model.groups[group];
            rule = rule.writes(Verb::Delete, state.id).at(slot).times(state.assigned_on(slot));
            for var in state.phases().map(|(_, counts)| counts[slot]).chain([state.terminating[slot]]) {
                rule = rule.set(var, 0);
            }
            for counts in [&state.waiting, &state.nominated].into_iter().flatten() {
                rule = rule.set(counts[slot], 0);
            }
        }
        model.add_rule(rule);
    }
}

/// Whether the nodes of a pool and another one stay within the limits of the pool (`filterByRemainingResources`); what is
/// allocatable stands for capacity.
fn within_limits(model: &Model, slot: usize, group: NodeGroup) -> Bool {
    let there = &model.slots[slot];
    let within = |resource: &str, limit: Option<i64>| {
        let (Some(limit), Some(&more)) = (limit, there.allocatable.get(resource)) else { return true.into() };
        let siblings = model.slots.iter().filter(|one| one.pool == there.pool);
        let amount = |one: &Slot| one.allocatable.get(resource).map_or(0.into(), |&amount| ite(one.present, amount, 0));
        (sum(siblings.map(amount).collect::<Vec<_>>()) + more).at_most(model.scaled(resource, limit))
    };
    within(CPU, group.cpu_limit) & within(MEMORY, group.memory_limit)
}

/// Whether a pod of a group waits, has no node nominated, none that would take it, and none that will once its startup taints
/// are gone: these are left out of account (`StateNode.Taints` of Karpenter, `TaintConfig` of the Cluster Autoscaler).
fn waits(model: &mut Model, group: usize) -> Bool {
    let coming = fit::room_coming(model, group);
    let state = &model.groups[group];
    let nominated = sum(state.nominated.iter().flatten().map(|count| count.value));
    state.pending.value.above(nominated + coming) & !any(feasible_nodes(model, group).iter().copied())
}

/// Where it is written that a pool is scaled.
fn autoscaling(pool: &NodePool) -> Origin {
    Origin { field: format!("{}.autoscaling", pool.origin.field), ..pool.origin.clone() }
}
