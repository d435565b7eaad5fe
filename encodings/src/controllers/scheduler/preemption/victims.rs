//! Which pods of lower priority make room on a node (section 1.11, `SelectVictimsOnNode`).
//!
//! All of them are taken away; then as many as possible are put back, first those whose loss a PodDisruptionBudget
//! does not allow, then the others, in both cases those of the highest priority first and the oldest among equals. What
//! is not put back are the victims. Terminating pods are victims like others; they have nothing left to lose.
//!
//! ## Counts
//! Pods of one priority that filters and budgets do not tell apart are a class: how many of a class are put back is a
//! number that follows from the state. Which ones depends on ages, and is free. Where pods of several classes of equal
//! priority are on a node their ages decide how many of each go, too: then any set of victims of which none is needless
//! is allowed.

use super::super::counted::Counts;
use super::super::filter::{self, Trials};
use crate::cluster::pod::WhenUnsatisfiable;
use crate::cluster::{PodDisruptionBudget, PodTemplate};
use crate::controllers::disruption;
use crate::state::{IntVar, Model, Phase};
use crate::term::{Bool, Int, all, count, sum};
use std::collections::BTreeMap;

/// Pods of lower priority on a node that filters and budgets do not tell apart.
pub(super) struct Class {
    /// Their priority.
    pub priority: i64,
    /// Whose pods they are.
    groups: Vec<usize>,
    /// Indices of the budgets that select them.
    budgets: Vec<usize>,
    /// How many there are, terminating ones included.
    pub pods: Int,
}

/// Pods of a class in one phase of one group.
pub(super) struct Part {
    /// Index of the class.
    pub class: usize,
    /// Whose pods they are.
    pub group: usize,
    /// Their count.
    pub pods: IntVar,
    /// Their phase; `None` if they are terminating already.
    pub phase: Option<Phase>,
    /// For sentences.
    pub label: String,
}

/// What preemption would do on a node.
pub(super) struct Candidate {
    /// Whether the pod fits once all pods of lower priority are gone, and some of them are there.
    pub helps: Bool,
    /// The pods of lower priority, those of the highest first.
    pub classes: Vec<Class>,
    /// Whether victims follow from counts: no two classes of equal priority have pods there.
    pub is_ordered: Bool,
    /// Victims by class, where that is so.
    pub victims: Vec<Int>,
    /// How many of them budgets do not allow.
    pub violations: Int,
}

impl Candidate {
    /// What a pod of a group could preempt on a slot.
    pub fn new(model: &Model, group: usize, slot: usize) -> Self {
        let classes = classes(model, group, slot);
        if classes.is_empty() {
            let (helps, is_ordered) = (false.into(), true.into());
            return Self { helps, classes, is_ordered, victims: Vec::new(), violations: 0.into() };
        }
        let some = sum(classes.iter().map(|class| class.pods)).above(0);
        let nothing = vec![Int::from(0); classes.len()];
        let resolvable = !filter::lacks_affinity(model, group, slot);
        let mut trials = Trials::new(model, group, slot, 0);
        let helps = all([some, fits(&mut trials, &classes, &nothing), resolvable]);
        let tiers = classes.chunk_by(|one, other| one.priority == other.priority);
        let is_ordered = all(tiers
            .filter(|tier| tier.len() > 1)
            .map(|tier| count(tier.iter().map(|class| class.pods.above(0))).at_most(1))
            .collect::<Vec<_>>());
        let (victims, violations) = victims(model, &mut trials, &classes);
        Self { helps, classes, is_ordered, victims, violations }
    }

    /// The pods of lower priority on a slot, by class, group and phase.
    pub fn parts(&self, model: &Model, slot: usize) -> Vec<Part> {
        let mut parts = Vec::new();
        for (class, group) in
            self.classes.iter().enumerate().flat_map(|(class, one)| one.groups.iter().map(move |&group| (class, group)))
        {
            let state = &model.groups[group];
            let active = state.phases().map(|(phase, counts)| (Some(phase), counts[slot]));
            for (phase, pods) in active.chain([(None, state.terminating[slot])]) {
                if pods.value.range().hi > 0 {
                    let label = match phase {
                        Some(Phase::Running) => state.name.clone(),
                        Some(phase) => format!("{} ({})", state.name, phase.name()),
                        None => format!("{} (terminating)", state.name),
                    };
                    parts.push(Part { class, group, pods, phase, label });
                }
            }
        }
        parts
    }

    /// Whether so many victims of each class let the pod in, and none of them is needless. Without budgets those of
    /// higher priority are put back first.
    pub fn are_minimal(&self, model: &Model, group: usize, slot: usize, victims: &[Int]) -> Bool {
        let kept: Vec<Int> = self.classes.iter().zip(victims).map(|(class, &gone)| class.pods - gone).collect();
        let by_priority = self.classes.iter().all(|class| class.budgets.is_empty());
        let mut trials = Trials::new(model, group, slot, 0);
        let needed = self.classes.iter().enumerate().map(|(index, class)| {
            let counted = |other: usize| !by_priority || self.classes[other].priority >= class.priority;
            let mut tried: Vec<Int> =
                kept.iter().enumerate().map(|(other, &kept)| if counted(other) { kept } else { 0.into() }).collect();
            tried[index] = tried[index] + 1;
            victims[index].is(0) | !fits(&mut trials, &self.classes, &tried)
        });
        all(needed.collect::<Vec<_>>()) & fits(&mut trials, &self.classes, &kept)
    }
}

/// The pods of lower priority that may be on a slot, those of the highest first.
fn classes(model: &Model, group: usize, slot: usize) -> Vec<Class> {
    let priority = model.template(group).priority;
    let mut classes: Vec<Class> = Vec::new();
    for other in 0..model.groups.len() {
        let pods = model.groups[other].assigned_on(slot);
        let template = model.template(other);
        if template.priority >= priority || pods.range().hi == 0 {
            continue;
        }
        let budgets = budgets(model, other);
        let claims = |one: usize| &model.workload(one).exclusive_claims;
        let alike = |class: &&mut Class| {
            class.priority == template.priority
                && claims(class.groups[0]) == claims(other)
                && class.budgets == budgets
                && are_alike(model.template(group), model.template(class.groups[0]), template)
        };
        match classes.iter_mut().find(alike) {
            Some(class) => {
                class.groups.push(other);
                class.pods = class.pods + pods;
            }
            None => classes.push(Class { priority: template.priority, groups: vec![other], budgets, pods }),
        }
    }
    classes.sort_by_key(|class| std::cmp::Reverse(class.priority));
    classes
}

/// Whether the filters for a pod see no difference between pods of two templates: they look at resources only.
fn are_alike(pod: &PodTemplate, one: &PodTemplate, other: &PodTemplate) -> bool {
    let hard = pod.spread.iter().any(|spread| spread.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule);
    let looks = hard || !pod.pod_affinity.required.is_empty() || !pod.pod_anti_affinity.required.is_empty();
    let plain = |one: &PodTemplate| one.host_ports.is_empty() && one.pod_anti_affinity.required.is_empty();
    !looks && plain(one) && plain(other) && one.requests == other.requests
}

/// The budgets that preemption minds for the pods of a group: an empty selector means no pods here.
fn budgets(model: &Model, group: usize) -> Vec<usize> {
    let (namespace, labels) = (&model.workload(group).reference.namespace, &model.template(group).labels);
    let minds = |budget: &PodDisruptionBudget| {
        budget.selects(namespace, labels) && budget.selector.as_ref().is_some_and(|selector| !selector.is_empty())
    };
    let budgets = model.cluster.disruption_budgets.iter().enumerate();
    budgets.filter(|(_, budget)| !labels.is_empty() && minds(budget)).map(|(index, _)| index).collect()
}

/// Whether the pod fits on a slot that holds, of lower priority, so many pods of each class.
fn fits(trials: &mut Trials, classes: &[Class], kept: &[Int]) -> Bool {
    trials.fits(&holding(trials, classes, kept))
}

/// The pods on a slot that holds, of lower priority, so many pods of each class.
fn holding(trials: &Trials, classes: &[Class], kept: &[Int]) -> Counts {
    let (model, slot) = (trials.model, trials.slot);
    let mut counts = Counts::there(model, slot);
    for (class, &kept) in classes.iter().zip(kept) {
        for (index, &member) in class.groups.iter().enumerate() {
            // Members of a class are alike, so that one may stand for all.
            let kept = if index == 0 { kept } else { 0.into() };
            counts.assigned[member] = kept;
            // Topology spread does not count terminating pods, but takes them off the count when they are removed.
            counts.active[member] = kept - model.groups[member].terminating[slot].value;
        }
    }
    counts
}

/// Victims by class, and how many of them budgets do not allow.
fn victims(model: &Model, trials: &mut Trials, classes: &[Class]) -> (Vec<Int>, Int) {
    let mut kept = vec![Int::from(0); classes.len()];
    let mut put_back = |class: usize, most: Int| {
        let more = put_back(trials, classes, &kept, (class, most));
        kept[class] = kept[class] + more;
        more
    };
    let allowed = allowed(model, classes);
    let mut violations = Int::from(0);
    for (index, class) in classes.iter().enumerate() {
        let guarded = class.pods.monus(allowed[index]);
        if !class.budgets.is_empty() {
            violations = violations + guarded.monus(put_back(index, guarded));
        }
    }
    for (index, &allowed) in allowed.iter().enumerate() {
        put_back(index, allowed);
    }
    (classes.iter().zip(kept).map(|(class, kept)| class.pods.monus(kept)).collect(), violations)
}

/// How many pods of a class, of so many, are put back beside those that were kept before.
fn put_back(trials: &mut Trials, classes: &[Class], kept: &[Int], (class, most): (usize, Int)) -> Int {
    let before = holding(trials, classes, kept);
    let room = trials.room(&before);
    let otherwise = trials.but_room(&before);
    let member = classes[class].groups[0];
    let is_seen = classes[class].groups.iter().any(|&member| trials.look_at(member));
    let with = |more: i64| {
        let otherwise = if is_seen {
            let mut tried = kept.to_vec();
            tried[class] = tried[class] + more;
            trials.but_room(&holding(trials, classes, &tried))
        } else {
            otherwise
        };
        all([most.at_least(more), otherwise, room.holds(trials.model, member, more)])
    };
    // With one more pod it fits no better, so those that fit are the first.
    count((1..=most.range().hi.max(0)).map(with))
}

/// By class: how many of its pods the budgets allow to be lost, if those of the classes before it were.
fn allowed(model: &Model, classes: &[Class]) -> Vec<Int> {
    let mut left: BTreeMap<usize, Int> = BTreeMap::new();
    let of = |class: &Class| {
        let mut allowed = class.pods;
        for &budget in &class.budgets {
            let status = || disruption::status(model, &model.cluster.disruption_budgets[budget]).disruptions_allowed;
            let left = left.entry(budget).or_insert_with(status);
            allowed = allowed.min(*left);
            *left = left.monus(class.pods);
        }
        allowed
    };
    classes.iter().map(of).collect()
}
