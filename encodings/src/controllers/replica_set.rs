//! The ReplicaSet controller: creates missing pods, deletes surplus ones by rank (sections 2.7 and 2.8).
//!
//! ## One step
//! One sync on an up-to-date view (the expectations of section 2.7 say it acts on no other): all missing pods are
//! created, or the whole surplus is deleted, at most 500. A deleting sync ranks once and then deletes, so the pods
//! are chosen as one vector of removals: a later class is touched only when all earlier ones are used up, and
//! inside a class any pods may go.
//!
//! ## Ranking (section 2.8)
//! First pods without a node, then those not admitted yet (phase Pending), then those not ready, then the ready ones;
//! inside the last three first those on the node with more active pods of the workload, of whatever revision; where no Deployment
//! owns the ReplicaSet, it has no related pods, and nodes do not matter (`getIndirectlyRelatedPods`). Ages, restarts and names
//! (criteria 6 to 8) are free ties: counts do not tell pods apart. Deletion costs (criterion 4) are annotations of the
//! template: only pods of one ReplicaSet are ranked against each other, and these have the same. The ranks are those before the sync, as in the
//! real code.
//!
//! ## Not modelled
//! Deletion costs of single pods (reported by the reader), adoption of orphans, creations that fail for other reasons than quotas.
//!
//! ## Recommended requests
//! Pods of one ReplicaSet that a vertical autoscaler gives different requests are groups of their own (see
//! `state/revisions.rs`): all count as its pods, and new ones come into the group that is recommended.
//!
//! ## Quotas
//! Pods that a ResourceQuota refuses are not created; the sync is retried, here as soon as there is room.

use super::{Controller, Late, kept, recommended};
use crate::cluster::workload::Readiness;
use crate::cluster::{Cluster, FaultKind, FeatureGate};
use crate::footprint::{CONTROLLER_MANAGER, Footprint};
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::{IntVar, Model, Phase, Refusal, RuleBuilder, counted, text};
use crate::subject::Subject;
use crate::system::{Pace, Phrase, Verb};
use crate::term::{Bool, Int, Term, any, int_choice, ite, sum};

/// As Kubernetes Events name it.
pub(super) const NAME: &str = "replicaset-controller";

/// Most pods that one sync creates or deletes.
const BURST: i64 = 500;

/// Seconds after which expectations that are not met count no more (`ExpectationsTimeout`).
const EXPECTATIONS_TIMEOUT: i64 = 300;

/// See the module.
pub struct ReplicaSet;

/// Whether expectations end unmet: up to 1.35, and later with the gate off. With it a sync waits until it has seen what it
/// wrote, as long as that takes (`consistencyStore.EnsureReady` in `syncReplicaSet`).
fn forgets_expectations(cluster: &Cluster) -> bool {
    !cluster.has(FeatureGate::StaleControllerConsistencyReplicaSet)
}

/// What a sync does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sync {
    /// Creates missing pods.
    Create,
    /// Deletes surplus pods.
    Delete,
}

impl Sync {
    /// The verb in rule names.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Sync::Create => "create",
            Sync::Delete => "delete",
        }
    }
}

impl Controller for ReplicaSet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "creates missing pods and deletes surplus ones by rank"
    }

    fn needs(&self, cluster: &Cluster, _: &Needs) -> Needs {
        let may = |kind: FaultKind| cluster.faults.iter().any(|fault| fault.kind == kind && fault.times > 0);
        // Within less than any duration no expectation ends.
        let repeats = may(FaultKind::Stall) && forgets_expectations(cluster);
        let is_late = may(FaultKind::Stale) || may(FaultKind::Stall);
        let lost = cluster.faults.iter().filter(|fault| is_late && fault.kind == FaultKind::ApiFault);
        Needs {
            makes_surplus: is_late,
            doubles_pods: repeats,
            unexpected_pods: lost.map(|fault| fault.times).sum(),
            ..Needs::durations(repeats.then_some(EXPECTATIONS_TIMEOUT))
        }
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: CONTROLLER_MANAGER,
            watches: &["ReplicaSet", "Pod"],
            reads_live: &["the ReplicaSet, before it adopts pods"],
            forgets: &["expectations"],
        }
    }

    fn waits(&self, model: &mut Model) -> Vec<Wait> {
        let groups = (0..model.groups.len()).filter(|&group| model.workload(group).has_replica_sets());
        let first = groups.filter(|&group| model.siblings(group)[0] == group);
        let wait =
            |group: usize| failed_create(model, group, NAME, active(model, group).below(kept(model, group).size.value));
        first.flat_map(wait).collect()
    }

    fn late(&self, model: &Model) -> Vec<Late> {
        let expires = forgets_expectations(model.cluster).then_some(EXPECTATIONS_TIMEOUT);
        let has_own = |&group: &usize| model.workload(group).has_replica_sets() && model.siblings(group)[0] == group;
        // Which pods without a node are nominated to one cannot be told from counts of different moments.
        let is_told = |group: &usize| model.groups[*group].nominated.is_none();
        let pods = |group: usize| {
            let state = &model.groups[group];
            [state.pending].into_iter().chain(state.phases().flat_map(|(_, counts)| counts.iter().copied()))
        };
        let late = |group: usize| Late {
            key: model.groups[group].id,
            kind: "Pod",
            flags: Vec::new(),
            counts: model.siblings(group).into_iter().flat_map(pods).collect(),
            expires,
        };
        (0..model.groups.len()).filter(has_own).filter(is_told).map(late).collect()
    }

    fn add_rules(&self, model: &mut Model) {
        for group in 0..model.groups.len() {
            if !model.workload(group).has_replica_sets() {
                continue;
            }
            let siblings = model.siblings(group);
            if siblings[0] != group {
                continue;
            }
            let (active, wanted) = (active(model, group), kept(model, group).size.value);
            let creates = active.below(wanted) & may_create(model, group);
            for (kind, reason, differs) in
                [(Sync::Create, "SuccessfulCreate", creates), (Sync::Delete, "SuccessfulDelete", active.above(wanted))]
            {
                if kind == Sync::Delete && !model.may_have_surplus(group) {
                    continue;
                }
                let id = model.groups[group].id;
                let unit = model.fairness_unit(Subject::new(NAME).of(id));
                let rule = RuleBuilder::new(Subject::new(kind.verb()).of(id), self.name(), reason, Pace::Fast)
                    .when(differs)
                    .fair(unit)
                    .because_of(model.origin(group, ""));
                let rule = sync(model, group, kind, wanted, rule);
                model.add_rule(rule);
            }
        }
    }
}

/// Active pods that the controller of a group sees as its own.
fn active(model: &Model, group: usize) -> Int {
    sum(model.siblings(group).into_iter().map(|one| model.groups[one].active()))
}

/// What refuses new pods of a group, where some are missing (`FailedCreate`).
pub(super) fn failed_create(model: &Model, group: usize, actor: &'static str, missing: Bool) -> Vec<Wait> {
    let of = |(one, is_current): (usize, Bool)| {
        let (id, name) = (model.groups[one].id, format!("pods of {}", model.groups[one].name));
        let wait = move |refusal: Refusal| {
            Wait::new(actor, "FailedCreate", missing & is_current & refusal.when)
                .about(id)
                .of(name.clone())
                .says(refusal.says)
                .because_of(refusal.origin)
        };
        model.refusals(one).into_iter().map(wait).collect::<Vec<_>>()
    };
    receivers(model, group).into_iter().flat_map(of).collect()
}

/// The groups that new pods come into, with whether they do at present: that of the level that a vertical autoscaler
/// recommends, where one does.
fn receivers(model: &Model, group: usize) -> Vec<(usize, Bool)> {
    match recommended(model, group) {
        None => vec![(group, true.into())],
        Some(recommended) => {
            let is_current = |one: usize| recommended.value.is(model.groups[one].level as i64);
            model.siblings(group).into_iter().map(|one| (one, is_current(one))).collect()
        }
    }
}

/// Whether no quota refuses every new pod of a group.
pub(super) fn may_create(model: &Model, group: usize) -> Bool {
    let room = |one: usize| model.quota_room(one).map_or(true.into(), |room| room.above(0));
    let receivers = receivers(model, group);
    any(receivers.into_iter().map(|(one, is_current)| is_current & room(one)).collect::<Vec<_>>())
}

/// Adds the choices and updates of a sync towards `wanted` pods to a rule that is enabled only if pods are missing
/// or surplus, respectively.
pub(super) fn sync(model: &mut Model, group: usize, kind: Sync, wanted: Int, rule: RuleBuilder) -> RuleBuilder {
    match kind {
        Sync::Create if recommended(model, group).is_some() => create_as_recommended(model, group, wanted, rule),
        Sync::Create => {
            let missing = missing(model, group, wanted);
            let (created, rule) = as_far_as_others_let(model, group, missing, rule);
            create(model, group, created, rule)
        }
        Sync::Delete => delete(model, group, wanted, rule),
    }
}

/// How many pods a sync towards so many pods creates: as quotas allow.
pub(super) fn missing(model: &Model, group: usize, wanted: Int) -> Int {
    let missing = wanted.monus(active(model, group)).min(BURST);
    model.quota_room(group).map_or(missing, |room| missing.min(room))
}

/// How many of the missing pods are created. Controllers create one pod after the other and several do so at once: where
/// another workload has part in the same quota, it may come in between and take any part of the room.
pub(super) fn as_far_as_others_let(model: &Model, group: usize, missing: Int, rule: RuleBuilder) -> (Int, RuleBuilder) {
    let most = missing.range().hi;
    if most < 2 || !model.shares_quota(group) {
        return (missing, rule);
    }
    let (choice, created) = int_choice(Subject::new("created").of(model.groups[group].id), 1, most);
    (created, rule.pick(choice).such_that(missing.at_least(created)))
}

/// Creates so many pods.
pub(super) fn create(model: &Model, group: usize, missing: Int, rule: RuleBuilder) -> RuleBuilder {
    let rule = model.quota_origins(group).into_iter().fold(rule, RuleBuilder::because_of);
    let rule = rule.also_says(told_creation(missing, &model.groups[group].name));
    place_new(model, group, missing, rule).alike(missing)
}

/// `created 2 pods for default/web`.
fn told_creation(number: Int, name: &str) -> [Phrase; 2] {
    [text("created "), counted(number, format!("pod for {name}"), format!("pods for {name}"))]
}

/// Creates missing pods with the requests that a vertical autoscaler recommends at present.
fn create_as_recommended(model: &Model, group: usize, wanted: Int, rule: RuleBuilder) -> RuleBuilder {
    let of = |(one, is_current): (usize, Bool)| (one, ite(is_current, missing(model, one, wanted), 0));
    let created: Vec<(usize, Int)> = receivers(model, group).into_iter().map(of).collect();
    let name = &model.groups[group].name;
    let total = sum(created.iter().map(|&(_, missing)| missing));
    let rule = model.quota_origins(group).into_iter().fold(rule, RuleBuilder::because_of);
    let rule = rule.also_says(told_creation(total, name));
    created.into_iter().fold(rule, |rule, (one, missing)| {
        let state = &model.groups[one];
        let rule = place_new(model, one, missing, rule);
        if state.level == 0 {
            return rule;
        }
        let after = format!(" as {}", state.name);
        rule.and_says(Phrase::IfAny { before: ", ".into(), term: missing.id(), after })
    })
}

/// Pods that come into being: pending, or on the node that their template names.
pub(super) fn place_new(model: &Model, group: usize, missing: Int, rule: RuleBuilder) -> RuleBuilder {
    let state = &model.groups[group];
    match (&state.pinned, &state.bound) {
        // Pods with a nodeName are born assigned; without that node they stay Pending.
        (Some(Some(slot)), Some(bound)) => {
            let present = model.slots[*slot].present;
            let (there, nowhere) = (ite(present, missing, 0), ite(present, 0, missing));
            let rule = rule.writes(Verb::Create, state.id).at(*slot).times(there).add(bound[*slot], there);
            rule.writes(Verb::Create, state.id).times(nowhere).add(state.pending, nowhere)
        }
        _ => rule.writes(Verb::Create, state.id).times(missing).add(state.pending, missing),
    }
}

/// A set of pods that are equal for the ranking except for the node's rank.
struct Part {
    group: usize,
    class: usize,
    /// Active pods of the workload on the node; constant for pods without a node and those of bare ReplicaSets.
    rank: Int,
    pods: Int,
    var: IntVar,
    /// The slot where a deleted pod goes on terminating; `None` if it is gone at once.
    slot: Option<usize>,
    /// A count of which these pods are a part.
    part_of: Option<IntVar>,
    /// What tells them from the others.
    subject: Subject,
    label: String,
}

fn delete(model: &mut Model, group: usize, wanted: Int, rule: RuleBuilder) -> RuleBuilder {
    let parts: Vec<Part> = model.siblings(group).into_iter().flat_map(|one| parts(model, one)).collect();
    let surplus = active(model, group).monus(wanted).min(BURST);
    let (low, high) = bounds(&parts, surplus);
    let name = model.groups[group].name.clone();
    let mut rule = rule;
    let (mut choices, mut shown) = (Vec::new(), Vec::new());
    for part in &parts {
        let (choice, removed) = int_choice(part.subject.clone(), 0, part.pods.range().hi.max(0));
        choices.push(choice);
        shown.push((removed.id(), part.label.clone()));
        rule = rule.writes(Verb::Delete, model.groups[part.group].id).times(removed).add(part.var, -removed);
        if let Some(all) = part.part_of {
            rule = rule.add(all, -removed);
        }
        if let Some(slot) = part.slot {
            rule = rule.at(slot).add_terminating(&model.groups[part.group], slot, removed);
        }
    }
    let rule = rule.split(choices, &low, &high, surplus).chosen_one_by_one();
    rule.also_says([text(format!("deleted pods of {name}: ")), Phrase::Parts(shown)])
}

/// The pods of a group, by class and slot. A pod on a slot counts in one class only.
fn parts(model: &Model, group: usize) -> Vec<Part> {
    let state = &model.groups[group];
    let level = if state.level > 0 { format!("@{} ", state.level + 1) } else { String::new() };
    let about = |subject: Subject| subject.of(state.id);
    let without_node = |pods: Int, var: IntVar, subject: Subject, label: String| Part {
        group,
        class: 0,
        rank: 0.into(),
        pods,
        var,
        slot: None,
        part_of: None,
        subject,
        label,
    };
    let nominated = sum(state.nominated.iter().flatten().map(|count| count.value));
    let pending = about(Subject::new("delete").word("pending"));
    let unplaced = state.pending.value.monus(nominated);
    let mut parts = vec![without_node(unplaced, state.pending, pending, format!("{level}without a node"))];
    for (slot, &count) in state.nominated.iter().flatten().enumerate() {
        let label = format!("{level}nominated to {}", model.slots[slot].name);
        let subject = about(Subject::new("delete").word("nominated")).on(slot);
        parts.push(Part { part_of: Some(state.pending), ..without_node(count.value, count, subject, label) });
    }
    let starts_unready = model.startup(group).is_some_and(|startup| startup.readiness != Readiness::AtOnce);
    let is_unranked = model.workload(group).is_bare_replica_set();
    for (phase, counts) in state.phases() {
        for (slot, &var) in counts.iter().enumerate() {
            let there = &model.slots[slot];
            let part = |class: usize, counts: Bool| Part {
                group,
                class,
                rank: if is_unranked { 0.into() } else { model.active_on(group, slot) },
                pods: ite(counts, var.value, 0),
                var,
                slot: Some(slot),
                part_of: None,
                subject: about(phase.tell(Subject::new("delete"))).on(slot),
                label: format!("{level}{} on {}", phase.name(), there.name),
            };
            match (phase, there.pods_not_ready) {
                (Phase::Bound, _) => parts.push(part(1, true.into())),
                (Phase::Starting(_), _) if starts_unready => parts.push(part(2, true.into())),
                (Phase::Crashed, _) => parts.push(part(2, true.into())),
                (_, Some(not_ready)) => {
                    parts.push(Part {
                        subject: about(phase.tell(Subject::new("delete")).word("not ready")).on(slot),
                        label: format!("{level}{} on not ready {}", phase.name(), there.name),
                        ..part(2, not_ready.value)
                    });
                    parts.push(part(3, !not_ready.value));
                }
                (_, None) => parts.push(part(3, true.into())),
            }
        }
    }
    parts
}

/// Fewest and most pods of each part that a deletion of `surplus` pods takes.
fn bounds(parts: &[Part], surplus: Int) -> (Vec<Int>, Vec<Int>) {
    let classes = parts.iter().map(|part| part.class).max().map_or(0, |last| last + 1);
    let members = |class: usize| parts.iter().filter(|part| part.class == class).collect::<Vec<_>>();
    let classes: Vec<Class> = (0..classes).map(|class| Class::new(members(class))).collect();
    let mut lower = Int::from(0);
    let mut before = Vec::new();
    for class in &classes {
        before.push(lower);
        lower = lower + class.pods;
    }
    let bounds = parts.iter().map(|part| {
        let (higher, equal) = classes[part.class].around(part.rank);
        let left = surplus.monus(before[part.class] + higher);
        let peers = equal.monus(part.pods);
        (left.monus(peers).min(part.pods), left.min(part.pods))
    });
    bounds.unzip()
}

/// The parts that only the node's rank tells apart.
struct Class<'a> {
    members: Vec<&'a Part>,
    pods: Int,
    /// Where nodes are many and ranks few: for each rank the pods on nodes of a higher one and of an equal one.
    by_rank: Option<Vec<(Int, Int)>>,
}

impl<'a> Class<'a> {
    fn new(members: Vec<&'a Part>) -> Self {
        let most = members.iter().map(|part| part.rank.range().hi).max().unwrap_or(0);
        let pods = sum(members.iter().map(|part| part.pods));
        let by_rank = (members.len() as i64 > most + 1).then(|| {
            let mut at_least = pods;
            let around = |rank: i64| {
                let higher = above(&members, rank.into());
                let equal = at_least - higher;
                at_least = higher;
                (higher, equal)
            };
            (0..=most).map(around).collect()
        });
        Self { pods, members, by_rank }
    }

    /// The pods on nodes of a higher rank, and those on nodes of an equal one.
    fn around(&self, rank: Int) -> (Int, Int) {
        let Some(by_rank) = &self.by_rank else {
            let equal = sum(self.members.iter().map(|one| ite(one.rank.is(rank), one.pods, 0)));
            return (above(&self.members, rank), equal);
        };
        let mut found = (Int::from(0), Int::from(0));
        for (value, &(higher, equal)) in (0_i64..).zip(by_rank) {
            found = (ite(rank.is(value), higher, found.0), ite(rank.is(value), equal, found.1));
        }
        found
    }
}

/// The pods on nodes of a higher rank.
fn above(members: &[&Part], rank: Int) -> Int {
    sum(members.iter().map(|one| ite(one.rank.above(rank), one.pods, 0)))
}
