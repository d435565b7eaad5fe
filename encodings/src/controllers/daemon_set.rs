//! The DaemonSet controller: one pod for each node that its template admits (section 8.4).
//!
//! ## One step
//! A pod for a node without one, terminating ones included, is created for every node whose taints and labels admit it.
//! Where the rest (room, ports, affinity between pods) admits it, too, creation and binding are one step: in which order
//! pods of DaemonSets and of others get room is free. Where it does not, the pod is Pending: quotas count it, it may preempt
//! others, and the scheduler binds it to its node when it can. One whose node is gone is deleted.
//!
//! ## Elsewhere
//! The reader adds the tolerations that the controller adds, so that cordons and failures of nodes do not matter to its
//! pods. Drains and maintenance leave them alone, the descheduler does unless `evictDaemonSetPods`.
//!
//! ## Updates (`RollingUpdate`, `update.go`)
//! A pod of another revision than the wanted one is deleted if it is not available itself, or as long as there are fewer
//! nodes without an available pod than `maxUnavailable`, a share of the nodes that want a pod, rounded up. A pod that is
//! terminating leaves its node without one, so that a node that stopped may hold back the update of all others. The new
//! pod comes when the old one is gone.
//!
//! With `maxSurge` the new pod comes first, on so many nodes at a time as its share allows, and on every node whose old pod
//! is not available; the old one is deleted when the new one is available, or it is not available itself. A new pod that
//! finds no room beside the old one is pending, and counts as one of `maxSurge`.
//!
//! `OnDelete` replaces nothing, but lost pods come back with the wanted template. A pod on a node that the wanted template
//! does not admit any more is deleted.
//!
//! ## Not modelled
//! A new pod does not come while one of the same revision is still terminating on its node.

use super::{Controller, replica_set, scheduler};
use crate::cluster::workload::DaemonSet as Spec;
use crate::cluster::{Cluster, TaintEffect};
use crate::footprint::{CONTROLLER_MANAGER, Footprint};
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::{Model, RuleBuilder, text};
use crate::subject::Subject;
use crate::system::{Pace, Verb};
use crate::term::{Bool, Int, any, ite, sum};

/// See the module.
pub struct DaemonSet;

impl Controller for DaemonSet {
    fn name(&self) -> &'static str {
        "daemonset-controller"
    }

    fn summary(&self) -> &'static str {
        "keeps a pod of a DaemonSet on each node that admits it, and replaces pods of another revision"
    }

    fn needs(&self, _: &Cluster, _: &Needs) -> Needs {
        Needs::default()
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: CONTROLLER_MANAGER,
            watches: &["DaemonSet", "Pod", "Node", "ControllerRevision"],
            reads_live: &["the DaemonSet, before it adopts pods"],
            forgets: &["expectations"],
        }
    }

    fn waits(&self, model: &mut Model) -> Vec<Wait> {
        let first = |group: &usize| model.workload(*group).is_daemon() && model.groups[*group].revision == 0;
        let missing = |group: usize| {
            let lacks = |slot: usize| {
                let there = model.revisions(group).map(|one| {
                    let state = &model.groups[one];
                    state.assigned_on(slot) + state.unplaced_for(slot).value
                });
                model.wants_daemon_on(group, slot) & sum(there.collect::<Vec<_>>()).is(0)
            };
            let missing = any(model.groups[group].slots().map(lacks).collect::<Vec<_>>());
            let failed = replica_set::failed_create(model, group, "daemonset-controller", missing);
            failed.into_iter().chain([unwanted(model, group)]).collect::<Vec<Wait>>()
        };
        (0..model.groups.len()).filter(first).flat_map(missing).collect()
    }

    fn add_rules(&self, model: &mut Model) {
        for group in 0..model.groups.len() {
            if let (Some(spec), 0) = (model.workload(group).daemon_set(), model.groups[group].revision) {
                match model.revision_wanted(group) {
                    None => self.add_group(model, group),
                    Some(wanted) => Update::new(model, group, spec, wanted.value).add_rules(model),
                }
            }
        }
    }
}

impl DaemonSet {
    fn add_group(&self, model: &mut Model, group: usize) {
        let feasible = scheduler::feasible_nodes(model, group).to_vec();
        let may_create = replica_set::may_create(model, group);
        for slot in model.groups[group].slots() {
            let id = model.groups[group].id;
            let unit = model.fairness_unit(Subject::new(self.name()).of(id).on(slot));
            // Those of no scheduler wait forever.
            let feasible = feasible.get(slot).copied().unwrap_or(false.into());
            let state = &model.groups[group];
            let rule = |verb: &'static str| {
                let subject = Subject::new(verb).of(id).on(slot);
                RuleBuilder::new(subject, self.name(), "SuccessfulCreate", Pace::Fast)
                    .when(may_create)
                    .when(state.assigned_on(slot).is(0) & state.unplaced_for(slot).value.is(0))
                    .fair(unit)
                    .says([text(format!("a pod of {} on {}", state.name, model.slots[slot].name))])
                    .because_of(model.origin(group, "spec.template.spec"))
            };
            let created = match &state.bound {
                Some(bound) => rule("create").when(feasible).writes(Verb::Create, id).at(slot).add(bound[slot], 1),
                None => {
                    let expansion = [(self.name(), "create"), ("kubelet", "start")];
                    let expansion = expansion.map(|(actor, verb)| (actor, Subject::new(verb).of(id).on(slot)));
                    let alive = model.slots[slot].is_alive();
                    rule("create-and-start")
                        .when(feasible & alive)
                        .writes(Verb::Create, id)
                        .at(slot)
                        .add(state.first_running_phase(slot), 1)
                        .expands_to(expansion)
                }
            };
            let wanted = model.wants_daemon_on(group, slot);
            let waits = rule("create-pending").when(wanted & !feasible);
            let waits = create_pending(model, group, slot, waits);
            let (present, tolerated) = (model.slots[slot].present, tolerates(model, group, slot));
            let subject = Subject::new("withdraw").of(id).on(slot);
            let withdrawn = RuleBuilder::new(subject, self.name(), "SuccessfulDelete", Pace::Fast)
                .when(!present | leaves(model, tolerated))
                .fair(unit)
                .because_of(model.origin(group, "spec.template.spec"));
            let withdrawn = withdraw(model, group, slot, withdrawn);
            for rule in [created, waits, withdrawn] {
                model.add_rule(rule);
            }
            let subject = Subject::new("leave").of(id).on(slot);
            let left = RuleBuilder::new(subject, self.name(), "SuccessfulDelete", Pace::Fast)
                .when(leaves(model, tolerated))
                .fair(unit)
                .because_of(model.origin(group, "spec.template.spec"));
            let left = leave(model, group, slot, left, "is not admitted any more");
            if !model.needs.label_changes.is_empty() {
                model.add_rule(left);
            }
        }
    }
}

/// That no node is one that a DaemonSet wants a pod on.
fn unwanted(model: &Model, group: usize) -> Wait {
    let wanted = any(model.groups[group].slots().map(|slot| model.wants_daemon_on(group, slot)).collect::<Vec<_>>());
    let nodes = any(model.slots.iter().map(|slot| slot.present).collect::<Vec<_>>());
    let told = format!("no node has the labels and taints that pods of {} ask for", model.workload_name(group));
    Wait::new("daemonset-controller", "NoNodeMatches", nodes & !wanted)
        .about(model.groups[group].id)
        .says([text(told)])
        .because_of(model.origin(group, "spec.template.spec"))
}

/// Whether pods of a DaemonSet whose template stays leave a node: its labels have changed.
fn leaves(model: &Model, tolerated: Bool) -> Bool {
    if model.needs.label_changes.is_empty() { false.into() } else { !tolerated }
}

/// Deletes the pod on a node.
fn leave(model: &Model, group: usize, slot: usize, rule: RuleBuilder, why: &str) -> RuleBuilder {
    let state = &model.groups[group];
    let pods = state.active_on(slot);
    let said = format!("deletes the pod of {} on {}, which {why}", state.name, model.slots[slot].name);
    let rule = rule.when(pods.above(0)).says([text(said)]).writes(Verb::Delete, state.id).at(slot).times(pods);
    let rule = state.phases().fold(rule, |rule, (_, counts)| rule.set(counts[slot], 0));
    rule.add_terminating(state, slot, pods)
}

/// Creates a pod that waits for its node.
fn create_pending(model: &Model, group: usize, slot: usize, rule: RuleBuilder) -> RuleBuilder {
    let state = &model.groups[group];
    let (name, there) = (&state.name, &model.slots[slot].name);
    let rule = rule.says([text(format!("a pod of {name} for {there}, which has no room for it"))]);
    rule.writes(Verb::Create, state.id).add(state.unplaced_for(slot), 1)
}

/// Deletes a pod that waits for its node.
fn withdraw(model: &Model, group: usize, slot: usize, rule: RuleBuilder) -> RuleBuilder {
    let state = &model.groups[group];
    let (name, there) = (&state.name, &model.slots[slot].name);
    let waiting = state.unplaced_for(slot);
    let rule = rule
        .when(waiting.value.above(0))
        .says([text(format!("the pod of {name} that waits for {there} is deleted"))])
        .writes(Verb::Delete, state.id)
        .set(waiting, 0);
    state.nominated.iter().fold(rule, |rule, nominated| rule.set(nominated[slot], 0))
}

/// The pods of a DaemonSet on a node, before a sync.
struct OnNode {
    /// Whether the wanted template admits the node.
    wanted: Bool,
    /// Whether it has no objection to a pod that is there (`shouldContinueRunning`).
    tolerated: Bool,
    /// Pods of the wanted revision, pending ones included, terminating ones not.
    new: Int,
    /// Pods of other revisions, likewise.
    old: Int,
    /// Whether a pod of the wanted revision is available.
    new_available: Bool,
    /// Whether one of another revision is.
    old_available: Bool,
    /// Terminating pods.
    terminating: Int,
}

/// A DaemonSet whose template changes.
struct Update {
    spec: Spec,
    /// The groups of its revisions.
    groups: Vec<usize>,
    /// The revision of the template.
    revision: Int,
    nodes: Vec<OnNode>,
}

impl Update {
    fn new(model: &Model, first: usize, spec: Spec, revision: Int) -> Self {
        let groups: Vec<usize> = model.revisions(first).collect();
        let nodes = model.groups[first].slots().map(|slot| {
            let is_new = |&group: &usize| revision.is(model.groups[group].revision as i64);
            let pods = |group: &usize| {
                let state = &model.groups[*group];
                state.active_on(slot) + state.unplaced_for(slot).value
            };
            let available = |group: &usize| model.available_on(*group, slot).above(0);
            OnNode {
                wanted: model.wants_daemon_on(first, slot),
                tolerated: any(groups.iter().map(|group| is_new(group) & tolerates(model, *group, slot))),
                new: sum(groups.iter().map(|group| ite(is_new(group), pods(group), 0))),
                old: sum(groups.iter().map(|group| ite(is_new(group), 0, pods(group)))),
                new_available: any(groups.iter().map(|group| is_new(group) & available(group))),
                old_available: any(groups.iter().map(|group| !is_new(group) & available(group))),
                terminating: sum(groups.iter().map(|&group| model.groups[group].terminating[slot].value)),
            }
        });
        let nodes = nodes.collect();
        Self { spec, groups, revision, nodes }
    }

    fn add_rules(&self, model: &mut Model) {
        let desired = sum(self.nodes.iter().map(|node| node.wanted.as_int()));
        let may_lose = self.unavailable().below(desired.tabulate(|nodes| self.spec.unavailable(nodes)));
        let may_surge = self.surging().below(desired.tabulate(|nodes| self.spec.surge(nodes)));
        for &group in &self.groups {
            let feasible = scheduler::feasible_nodes(model, group).to_vec();
            for slot in model.groups[group].slots() {
                self.add_creation(model, group, slot, feasible.get(slot).copied().unwrap_or(false.into()));
                self.add_deletions(model, group, slot, may_lose);
                if self.spec.surges() {
                    self.add_surge(model, group, slot, may_surge);
                }
            }
        }
    }

    /// Nodes without an available pod but for those whose old pod is not available, which goes anyway.
    fn unavailable(&self) -> Int {
        sum(self.nodes.iter().map(|node| {
            let none = node.old.is(0) & node.new.is(0) & (node.wanted | node.terminating.above(0));
            let both = node.old.above(0) & node.new.above(0);
            let new = node.old.is(0) & node.new.above(0) & !node.new_available;
            (none | both | new).as_int()
        }))
    }

    /// Nodes on which a new pod beside the old one is not available yet.
    fn surging(&self) -> Int {
        let surges = |node: &OnNode| node.old.above(0) & node.new.above(0) & !node.new_available;
        sum(self.nodes.iter().map(|node| surges(node).as_int()))
    }

    fn is_new(&self, model: &Model, group: usize) -> Bool {
        self.revision.is(model.groups[group].revision as i64)
    }

    fn add_creation(&self, model: &mut Model, group: usize, slot: usize, feasible: Bool) {
        let node = &self.nodes[slot];
        let nothing = node.old.is(0) & node.new.is(0) & node.terminating.is(0);
        let state = &model.groups[group];
        let Some(bound) = state.bound.as_ref().map(|bound| bound[slot]) else { return };
        let (id, name) = (state.id, state.name.clone());
        let due = nothing & self.is_new(model, group) & replica_set::may_create(model, group);
        let rule = self.rule(model, group, slot, "create", "SuccessfulCreate", "spec.template.spec");
        let rule = rule
            .when(due & feasible)
            .writes(Verb::Create, id)
            .at(slot)
            .add(bound, 1)
            .says([text(format!("a pod of {name} on {}", model.slots[slot].name))]);
        model.add_rule(rule);
        let rule = self.rule(model, group, slot, "create-pending", "SuccessfulCreate", "spec.template.spec");
        let rule = create_pending(model, group, slot, rule.when(due & node.wanted & !feasible));
        model.add_rule(rule);
    }

    fn add_deletions(&self, model: &mut Model, group: usize, slot: usize, may_lose: Bool) {
        let node = &self.nodes[slot];
        let is_new = self.is_new(model, group);
        let available = model.available_on(group, slot).above(0);
        let older = self.groups.iter().take_while(|&&other| other != group);
        let has_older =
            any(older.map(|&other| !self.is_new(model, other) & model.groups[other].active_on(slot).above(0)));
        let due = if self.spec.updates_on_delete {
            false.into()
        } else if self.spec.surges() {
            node.new.above(0) & (node.new_available | !available) | has_older
        } else {
            node.new.is(0) & (!available | may_lose)
        };
        for (verb, field, due) in
            [("update", "spec.updateStrategy", due & !is_new), ("leave", "spec.template.spec", !node.tolerated)]
        {
            let what = match verb {
                "update" => "is not of the wanted revision",
                _ => "is not admitted by the wanted template",
            };
            let rule = self.rule(model, group, slot, verb, "SuccessfulDelete", field).when(due);
            let rule = leave(model, group, slot, rule, what);
            model.add_rule(rule);
        }
        // A pod that waits is not available: it goes at once, unless nobody asks for the new one.
        let stays = Bool::from(self.spec.updates_on_delete) & node.tolerated & model.slots[slot].present;
        let due = !stays & (!is_new | !node.tolerated | !model.slots[slot].present);
        let rule = self.rule(model, group, slot, "withdraw", "SuccessfulDelete", "spec.template.spec");
        let rule = withdraw(model, group, slot, rule.when(due));
        model.add_rule(rule);
    }

    /// A new pod is to come beside the old one.
    fn add_surge(&self, model: &mut Model, group: usize, slot: usize, may_surge: Bool) {
        let node = &self.nodes[slot];
        let candidate = self.is_new(model, group) & node.wanted & node.old.above(0) & node.new.is(0);
        let due = candidate & (!node.old_available | may_surge) & replica_set::may_create(model, group);
        let (state, there) = (&model.groups[group], &model.slots[slot].name);
        let none = state.terminating[slot].value.is(0);
        let says = text(format!("a pod of {} is to come to {there} beside the old one", state.name));
        let rule = self.rule(model, group, slot, "surge", "SuccessfulCreate", "spec.updateStrategy");
        let state = &model.groups[group];
        let rule = rule.when(due & none).says([says]).writes(Verb::Create, state.id).add(state.unplaced_for(slot), 1);
        model.add_rule(rule);
    }

    fn rule(
        &self,
        model: &mut Model,
        group: usize,
        slot: usize,
        verb: &'static str,
        reason: &'static str,
        field: &str,
    ) -> RuleBuilder {
        let controller = DaemonSet.name();
        let whole = model.ids.workloads[model.groups[group].workload];
        let unit = model.fairness_unit(Subject::new(controller).of(whole).on(slot));
        let subject = Subject::new(verb).of(model.groups[group].id).on(slot);
        RuleBuilder::new(subject, controller, reason, Pace::Fast).fair(unit).because_of(model.origin(group, field))
    }
}

/// Whether a template has no objection to a pod that is on a node already.
fn tolerates(model: &Model, group: usize, slot: usize) -> Bool {
    let (template, slot) = (model.template(group), &model.slots[slot]);
    let mut taints = slot.taints.iter().filter(|taint| taint.effect == TaintEffect::NoExecute);
    let tolerated = taints.all(|taint| template.tolerations.iter().any(|toleration| toleration.tolerates(taint)));
    slot.matches_affinity(template) & tolerated.into()
}

impl Model<'_> {
    /// Whether a DaemonSet wants a pod on a node (`NodeShouldRunDaemonPod`): its template matches labels and taints.
    pub(crate) fn wants_daemon_on(&self, group: usize, slot: usize) -> Bool {
        let there = &self.slots[slot];
        let revision = self.revision_wanted(group);
        let admits = self.revisions(group).map(|one| {
            let template = self.template(one);
            let is_wanted = revision.map_or(true.into(), |wanted| wanted.value.is(self.groups[one].revision as i64));
            is_wanted & there.matches_affinity(template) & there.taints_for(template).allow_scheduling
        });
        there.present & any(admits)
    }
}
