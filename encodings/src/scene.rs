//! How a state looks to people, and what it waits for: made beside a system, for reports only. Engines never see it.
//!
//! A scene is a list of terms over the variables of the system, with the words that go with them. Controllers, events
//! and intents say in their own files what keeps them from going on ([`Wait`]); nodes and pods are told here.

use crate::cluster::Intent;
use crate::cluster::node::{CPU, MEMORY};
use crate::cluster::workload::Readiness;
use crate::state::{Model, Phase, Phrases, words};
use crate::subject::{ObjectId, SlotId};
use crate::system::{Origin, Phrase};
use crate::term::{Bool, Int, Term, TermId, ite, sum};

/// Something that waits, and for what.
#[derive(Clone, Debug)]
pub struct Wait {
    /// Who would go on.
    pub actor: String,
    /// Why it does not, as Events and conditions of Kubernetes name it.
    pub reason: &'static str,
    /// Whether it waits in a state.
    pub when: TermId,
    /// Who or what waits, told before a colon; empty where the words tell it.
    pub subject: String,
    /// For what, in words.
    pub says: Phrases,
    /// Numbers behind the words, told as `2 Insufficient cpu, 1 Too many pods` where they are not 0.
    pub counts: Vec<(TermId, String)>,
    /// The fields of the input that make it wait, each with whether it does.
    pub origins: Vec<(TermId, Origin)>,
    /// Whether it waits for what somebody else cannot do.
    pub follows: bool,
    /// The object whose pods are concerned; none: no single one.
    pub object: Option<ObjectId>,
}

impl Wait {
    /// Somebody who waits.
    pub fn new(actor: impl Into<String>, reason: &'static str, when: Bool) -> Self {
        let (says, counts, origins) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            actor: actor.into(),
            reason,
            when: when.id(),
            says,
            counts,
            origins,
            follows: false,
            object: None,
            subject: String::new(),
        }
    }

    /// Says who or what waits.
    #[must_use]
    pub fn of(self, subject: String) -> Self {
        Self { subject, ..self }
    }

    /// Says for what.
    #[must_use]
    pub fn says(mut self, phrases: impl IntoIterator<Item = Phrase>) -> Self {
        self.says.extend(phrases);
        self
    }

    /// Adds numbers behind the words.
    #[must_use]
    pub fn counts(mut self, counts: impl IntoIterator<Item = (Int, String)>) -> Self {
        self.counts.extend(counts.into_iter().map(|(count, name)| (count.id(), name)));
        self
    }

    /// Names a field that makes it wait.
    #[must_use]
    pub fn because_of(self, origin: Origin) -> Self {
        self.because_of_where(true.into(), origin)
    }

    /// Names a field that makes it wait in some states.
    #[must_use]
    pub fn because_of_where(mut self, when: Bool, origin: Origin) -> Self {
        self.origins.push((when.id(), origin));
        self
    }

    /// Says whose pods are concerned.
    #[must_use]
    pub fn about(self, object: ObjectId) -> Self {
        Self { object: Some(object), ..self }
    }

    /// Says that others have to go on first.
    #[must_use]
    pub fn follows(mut self) -> Self {
        self.follows = true;
        self
    }
}

/// The numbers that an intent is about.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// Id of the intent.
    pub intent: String,
    /// The object it speaks of; none: the cluster.
    pub target: Option<String>,
    /// The numbers in words, beside their limits.
    pub says: Phrases,
    /// Whether they are worth telling in a state.
    pub when: TermId,
}

impl Numbers {
    /// Numbers that are worth telling in every state.
    pub fn new(intent: &Intent, target: Option<String>, says: Phrases) -> Self {
        Self { intent: intent.id.clone(), target, says, when: Bool::from(true).id() }
    }

    /// Tells them only where this holds.
    #[must_use]
    pub fn only_where(self, when: Bool) -> Self {
        Self { when: when.id(), ..self }
    }
}

/// A node in a scene.
#[derive(Clone, Debug)]
pub struct NodeScene {
    /// Its name.
    pub name: String,
    /// Whether it exists.
    pub present: TermId,
    /// What is told of it behind its name, where it is so.
    pub marks: Vec<(TermId, &'static str)>,
    /// How much room it has.
    pub room: Vec<Room>,
}

/// How much of a resource a node offers, and how much its pods request, terminating ones included.
#[derive(Clone, Debug)]
pub struct Room {
    /// The resource; `pods` for the number of pods.
    pub resource: String,
    /// The amount that 1 stands for, in millicores, bytes or pieces.
    pub unit: i64,
    /// What its pods request.
    pub requested: TermId,
    /// What it offers.
    pub allocatable: TermId,
}

/// Alike pods in a scene.
#[derive(Clone, Debug)]
pub struct PodScene {
    /// What they are pods of, as names have it.
    pub of: String,
    /// The node they are on.
    pub slot: Option<SlotId>,
    /// Their status, as `kubectl get pods` has it.
    pub status: &'static str,
    /// How many there are.
    pub count: TermId,
}

/// A workload in a scene.
#[derive(Clone, Debug)]
pub struct WorkloadScene {
    /// What pods are called pods of, without numbers of revisions.
    pub name: String,
    /// Whether it exists.
    pub exists: TermId,
    /// Its ready pods.
    pub ready: TermId,
    /// How many its controller wants; none where no controller keeps so many.
    pub wanted: Option<TermId>,
}

/// How states look.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The workloads.
    pub workloads: Vec<WorkloadScene>,
    /// The nodes.
    pub nodes: Vec<NodeScene>,
    /// The pods.
    pub pods: Vec<PodScene>,
    /// What waits.
    pub waits: Vec<Wait>,
    /// What intents count.
    pub numbers: Vec<Numbers>,
}

/// The nodes and pods of a model.
pub(crate) fn furnished(model: &Model) -> Scene {
    let workloads = (0..model.cluster.workloads.len()).map(|group| workload(model, group)).collect();
    let nodes = (0..model.slots.len()).map(|slot| node(model, slot)).collect();
    Scene { workloads, nodes, pods: pods(model), ..Scene::default() }
}

/// The workload of a first group.
fn workload(model: &Model, group: usize) -> WorkloadScene {
    let (state, own) = (&model.groups[group], model.workload(group));
    let wanted = match (own.is_bare() || own.job().is_some(), own.is_daemon()) {
        (true, _) => None,
        (false, false) => Some(state.spec.value.id()),
        (false, true) => {
            let on = state.slots().map(|slot| model.wants_daemon_on(group, slot).as_int());
            Some(sum(on.collect::<Vec<_>>()).id())
        }
    };
    let exists = state.exists.map_or(true.into(), |exists| exists.value);
    WorkloadScene { name: model.workload_name(group), exists: exists.id(), ready: model.ready(group).id(), wanted }
}

fn node(model: &Model, index: usize) -> NodeScene {
    let slot = &model.slots[index];
    let flag = |flag: Option<crate::state::BoolVar>| flag.map(|flag| flag.value);
    let marks = [
        (slot.alive.map(|alive| !alive.value & !slot.not_ready.map_or(false.into(), |one| one.value)), "stopped"),
        (flag(slot.not_ready), "NotReady"),
        (Some(slot.is_cordoned), "SchedulingDisabled"),
        (flag(slot.memory_pressure), "MemoryPressure"),
        (slot.deleting.map(|(deleting, _)| deleting.value), "being removed"),
        (flag(slot.starting_up), "startup taint"),
    ];
    let marks = marks.into_iter().filter_map(|(when, mark)| Some((when?.id(), mark))).collect();
    NodeScene { name: slot.name.clone(), present: slot.present.id(), marks, room: room(model, index) }
}

/// The resources of a node that some pod requests, with CPU and memory in any case, and the number of its pods.
fn room(model: &Model, slot: usize) -> Vec<Room> {
    let there = &model.slots[slot];
    let groups = || 0..model.groups.len();
    let request = |group: usize, resource: &str| model.template(group).requests.get(resource).copied().unwrap_or(0);
    let is_told =
        |resource: &str| matches!(resource, CPU | MEMORY) || groups().any(|group| request(group, resource) > 0);
    let assigned = |group: usize| model.groups[group].assigned_on(slot);
    let offered = there.allocatable.iter().filter(|(resource, _)| is_told(resource));
    let mut room: Vec<Room> = offered
        .map(|(resource, allocatable)| Room {
            resource: resource.clone(),
            unit: model.units.get(resource).copied().unwrap_or(1),
            requested: sum(groups().map(|group| assigned(group) * model.scaled(resource, request(group, resource))))
                .id(),
            allocatable: allocatable.id(),
        })
        .collect();
    let (requested, allocatable) = (sum(groups().map(assigned)).id(), there.pods.id());
    room.push(Room { resource: words::PODS.to_owned(), unit: 1, requested, allocatable });
    room
}

fn pods(model: &Model) -> Vec<PodScene> {
    let mut pods = Vec::new();
    for (index, group) in model.groups.iter().enumerate() {
        let mut add = |slot: Option<usize>, status: &'static str, count: Int| {
            if count.range().hi > 0 {
                let slot = slot.map(SlotId::from);
                pods.push(PodScene { of: group.name.clone(), slot, status, count: count.id() });
            }
        };
        let starts_ready = model.startup(index).is_none_or(|one| one.readiness == Readiness::AtOnce);
        for slot in group.slots() {
            let is_ready = model.slots[slot].pods_not_ready.map_or(true.into(), |not_ready| !not_ready.value);
            for (phase, counts) in group.phases() {
                let count = counts[slot].value;
                match phase {
                    Phase::Bound => add(Some(slot), "ContainerCreating", count),
                    Phase::Crashed => add(Some(slot), "CrashLoopBackOff", count),
                    Phase::Starting(_) if !starts_ready => add(Some(slot), NOT_READY, count),
                    _ => {
                        add(Some(slot), "Running", ite(is_ready, count, 0));
                        add(Some(slot), NOT_READY, ite(is_ready, 0, count));
                    }
                }
            }
            add(Some(slot), "Terminating", group.terminating[slot].value);
            if let Some(waiting) = &group.waiting {
                add(Some(slot), "Pending for this node", waiting[slot].value);
            }
        }
        add(None, "Pending", group.pending.value);
    }
    pods
}

/// The status of pods that run and are not ready.
const NOT_READY: &str = "Running, not ready";
