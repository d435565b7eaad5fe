//! The filters (section 1.7): NodeUnschedulable, NodeName, TaintToleration, NodeAffinity, NodePorts, NodeResourcesFit,
//! VolumeBinding and VolumeZone of bound volumes, VolumeRestrictions of claims for one pod, the hard constraints of PodTopologySpread and the required terms of InterPodAffinity.

use super::counted::{Asked, Counts, Pods};
use super::{pod_affinity, ports, spread, volumes};
use crate::state::Model;
use crate::term::{Bool, Int, Term, TermId, all, sum};
use std::collections::BTreeMap;

/// By slot: whether all filters let a pod of the group onto the node, with and without the pods nominated to it.
pub(in crate::controllers) fn feasible(model: &Model, group: usize) -> Vec<Bool> {
    let there = passes(&Pods::there(model), group);
    let also = |(slot, there): (usize, Bool)| {
        let nominated = nominated(model, group, slot, 0);
        if nominated.is_empty() { there } else { there & on(model, group, Counts::there(model, slot).with(&nominated)) }
    };
    there.into_iter().enumerate().map(also).collect()
}

/// Whether all filters let a pod of the group onto a node that holds these pods, with and without the pods nominated
/// to it, `own` of which are the pod itself.
pub(super) fn fits(model: &Model, group: usize, counts: &Counts, own: i64) -> Bool {
    Trials::new(model, group, counts.slot, own).fits(counts)
}

/// Filters for a pod of a group on one slot, asked about one set of pods after the other. Preemption puts pods back one
/// by one, and most filters do not look at most of them: what they say is made once for the counts that they ask for.
pub(super) struct Trials<'m, 'c> {
    /// What the pod is part of.
    pub model: &'m Model<'c>,
    group: usize,
    /// The slot.
    pub slot: usize,
    /// Pods nominated to the slot that have to be left room for.
    nominated: Vec<Int>,
    /// What the filters but NodeResourcesFit ask for, once they were asked.
    asked: Option<Vec<Asked>>,
    /// What these filters say, by the counts that they asked for.
    known: BTreeMap<Vec<TermId>, Bool>,
}

impl<'m, 'c> Trials<'m, 'c> {
    /// Of the pods nominated to the slot, `own` are the pod itself.
    pub fn new(model: &'m Model<'c>, group: usize, slot: usize, own: i64) -> Self {
        let nominated = nominated(model, group, slot, own);
        Self { model, group, slot, nominated, asked: None, known: BTreeMap::new() }
    }

    /// Whether all filters let the pod onto the slot if it holds these pods, with and without the nominated ones.
    pub fn fits(&mut self, counts: &Counts) -> Bool {
        self.but_room(counts) & self.room(counts).holds(self.model, self.group, 0)
    }

    /// The same of all filters but NodeResourcesFit.
    pub fn but_room(&mut self, counts: &Counts) -> Bool {
        if self.nominated.is_empty() {
            return self.but_room_on(counts);
        }
        self.but_room_on(&counts.with(&self.nominated)) & self.but_room_on(counts)
    }

    /// Whether these filters look at pods of a group; to be asked after they were.
    pub fn look_at(&self, group: usize) -> bool {
        let kinds = [Asked::Active(group), Asked::Assigned(group)];
        self.asked.iter().flatten().any(|asked| kinds.contains(asked))
    }

    /// What NodeResourcesFit finds left beside the pod. Nominated pods only take from it.
    pub fn room(&self, counts: &Counts) -> Room {
        let counts = if self.nominated.is_empty() { counts.clone() } else { counts.with(&self.nominated) };
        if is_disabled(self.model, self.group, "NodeResourcesFit") {
            return Room { pods: None, resources: Vec::new() };
        }
        let (pods, profile) = (Pods::instead(self.model, counts), self.model.profile(self.group));
        let requested = requested(self.model, self.group, |resource| profile.ignores(resource));
        let left = |(resource, request): (&str, i64)| (resource.to_owned(), left(&pods, self.slot, resource, request));
        let resources = requested.map(left).collect();
        Room { pods: Some(self.model.slots[self.slot].pods - number(&pods, self.slot) - 1), resources }
    }

    fn but_room_on(&mut self, counts: &Counts) -> Bool {
        let key = |asked: &[Asked]| asked.iter().map(|&one| counts.get(one).id()).collect::<Vec<_>>();
        if let Some(made) = self.asked.as_ref().and_then(|asked| self.known.get(&key(asked))) {
            return *made;
        }
        let pods = Pods::instead(self.model, counts.clone());
        let made = but_room(&pods, self.group, self.slot);
        // What filters ask for depends on labels, ports and claims, and not on counts.
        let asked: Vec<Asked> = pods.asked().into_iter().collect();
        debug_assert!(self.asked.as_ref().is_none_or(|before| *before == asked));
        self.known.insert(key(&asked), made);
        self.asked = Some(asked);
        made
    }
}

/// What is left on a slot beside a pod, negative where that does not fit.
pub(super) struct Room {
    /// Pods, where their number counts.
    pods: Option<Int>,
    /// By resource that the pod requests, in model units.
    resources: Vec<(String, Int)>,
}

impl Room {
    /// Whether so many more pods of a group fit beside it.
    pub fn holds(&self, model: &Model, group: usize, more: i64) -> Bool {
        let request = |resource: &str| model.template(group).requests.get(resource).copied().unwrap_or(0);
        let resources = self
            .resources
            .iter()
            .map(|(resource, left)| left.at_least(model.scaled(resource, request(resource)) * more));
        let resources = all(resources.collect::<Vec<_>>());
        self.pods.map_or(resources, |left| left.at_least(more) & resources)
    }
}

/// Pods nominated to a slot that a pod of the group has to leave room for, by group; empty if there can be none.
fn nominated(model: &Model, group: usize, slot: usize, own: i64) -> Vec<Int> {
    let priority = model.template(group).priority;
    let of = |other: usize| {
        let counts = model.groups[other].nominated.as_ref().filter(|_| model.template(other).priority >= priority);
        let count = counts.map_or(0.into(), |counts| counts[slot].value);
        if other == group { count.monus(own) } else { count }
    };
    let nominated: Vec<Int> = (0..model.groups.len()).map(of).collect();
    if nominated.iter().all(|one| one.constant() == Some(0)) { Vec::new() } else { nominated }
}

/// Whether the pod lacks nothing on a node but pods that its affinity requires: then preemption is not tried there
/// (`UnschedulableAndUnresolvable`). Taints and node affinity need no mention: no preemption helps against them.
pub(super) fn lacks_affinity(model: &Model, group: usize, slot: usize) -> Bool {
    if model.template(group).pod_affinity.required.is_empty() || is_disabled(model, group, "InterPodAffinity") {
        return false.into();
    }
    let lacks = |counts: Counts| {
        let pods = Pods::instead(model, counts);
        earlier(&pods, group, slot) & !pod_affinity::attracted(&pods, group)[slot]
    };
    let there = Counts::there(model, slot);
    let nominated = nominated(model, group, slot, 0);
    if nominated.is_empty() {
        return lacks(there);
    }
    let with = there.with(&nominated);
    lacks(with.clone()) | (on(model, group, with) & lacks(there))
}

/// Whether no preemption helps the pod onto a node, whatever it holds: it is not there, its taints are not tolerated,
/// or it is not one that the pod asks for.
pub(super) fn is_hopeless(model: &Model, group: usize, slot: usize) -> Bool {
    !on_node(model, group, slot)
}

pub(super) fn is_disabled(model: &Model, group: usize, plugin: &str) -> bool {
    model.profile(group).disabled_filters.iter().any(|name| name == plugin)
}

/// By slot: whether all filters let a pod of the group onto the node.
fn passes(pods: &Pods, group: usize) -> Vec<Bool> {
    let (spread, affinity) = (spread_of(pods, group), affinity_of(pods, group));
    let slots = 0..pods.model.slots.len();
    slots
        .map(|slot| all([on_node(pods.model, group, slot), held(pods, group, slot), spread[slot], affinity[slot]]))
        .collect()
}

/// Whether all filters let a pod of the group onto a node that holds these pods.
fn on(model: &Model, group: usize, counts: Counts) -> Bool {
    let slot = counts.slot;
    let pods = Pods::instead(model, counts);
    but_room(&pods, group, slot) & room_unless_disabled(&pods, group, slot)
}

/// What all filters but NodeResourcesFit say.
fn but_room(pods: &Pods, group: usize, slot: usize) -> Bool {
    let (spread, affinity) = (spread_of(pods, group)[slot], affinity_of(pods, group)[slot]);
    all([on_node(pods.model, group, slot), unused(pods, group, slot), spread, affinity])
}

/// The filters between those of the node and InterPodAffinity.
fn earlier(pods: &Pods, group: usize, slot: usize) -> Bool {
    held(pods, group, slot) & spread_of(pods, group)[slot]
}

pub(super) fn spread_of(pods: &Pods, group: usize) -> Vec<Bool> {
    let model = pods.model;
    if is_disabled(model, group, "PodTopologySpread") { everywhere(model) } else { spread::filter(pods, group) }
}

fn affinity_of(pods: &Pods, group: usize) -> Vec<Bool> {
    let model = pods.model;
    if is_disabled(model, group, "InterPodAffinity") { everywhere(model) } else { pod_affinity::filter(pods, group) }
}

fn everywhere(model: &Model) -> Vec<Bool> {
    vec![true.into(); model.slots.len()]
}

/// By filter and slot: what each filter says by itself, whether it is enabled or not.
pub(super) fn answers(model: &Model, group: usize) -> Vec<(&'static str, Vec<Bool>)> {
    let (pods, template) = (Pods::there(model), model.template(group));
    let each = |of: &dyn Fn(usize) -> Bool| (0..model.slots.len()).map(of).collect();
    vec![
        ("NodeUnschedulable", each(&|slot| model.slots[slot].cordon_allows(template))),
        ("TaintToleration", each(&|slot| model.slots[slot].taints_for(template).allow_scheduling)),
        ("NodeAffinity", each(&|slot| matches_node(model, group, slot))),
        ("NodePorts", each(&|slot| ports::filter(&pods, group, slot))),
        ("NodeResourcesFit", each(&|slot| room_by_profile(&pods, group, slot))),
        ("PodTopologySpread", spread::filter(&pods, group)),
        ("InterPodAffinity", pod_affinity::filter(&pods, group)),
    ]
}

/// The filters that look at the node itself.
fn on_node(model: &Model, group: usize, slot: usize) -> Bool {
    let (there, template) = (&model.slots[slot], model.template(group));
    // A cordon is visible as a taint, so TaintToleration covers NodeUnschedulable, but not the reverse.
    let tolerated = match (is_disabled(model, group, "TaintToleration"), is_disabled(model, group, "NodeUnschedulable"))
    {
        (false, _) => there.taints_for(template).allow_scheduling,
        (true, false) => there.cordon_allows(template),
        (true, true) => true.into(),
    };
    let unless = |plugin: &str, allows: Bool| if is_disabled(model, group, plugin) { true.into() } else { allows };
    let matches = unless("NodeAffinity", matches_node(model, group, slot));
    let has_volumes = unless("VolumeBinding", volumes::are_there(model, group, slot));
    let minds = model.pose_of(group).is_some_and(|pose| pose.minds_soft_taints);
    let is_free = !minds || there.taints_for(template).preferences_violated == 0;
    all([there.present, tolerated, matches, has_volumes, is_free.into()])
}

/// NodeAffinity: the node is one that the pod asks for, and one that its profile adds.
pub(super) fn matches_node(model: &Model, group: usize, slot: usize) -> Bool {
    model.slots[slot].matches_affinity(model.template(group)) & is_added(model, group, slot)
}

/// Whether a node is one of those that the profile adds to every pod's required node affinity.
fn is_added(model: &Model, group: usize, slot: usize) -> Bool {
    let there = &model.slots[slot];
    let added = model.profile(group).added_required.as_ref();
    added.map_or(true.into(), |terms| there.matches_some(terms))
}

/// The filters that look at what the node holds: ports, resources, and claims for one pod.
fn held(pods: &Pods, group: usize, slot: usize) -> Bool {
    unused(pods, group, slot) & room_unless_disabled(pods, group, slot)
}

/// Whether nobody uses what one pod alone may use: ports, and claims for one pod.
fn unused(pods: &Pods, group: usize, slot: usize) -> Bool {
    let model = pods.model;
    let ports = if is_disabled(model, group, "NodePorts") { true.into() } else { ports::filter(pods, group, slot) };
    let free =
        if is_disabled(model, group, "VolumeRestrictions") { true.into() } else { volumes::are_free(pods, group) };
    ports & free
}

/// NodeResourcesFit, unless the profile of the group is without it.
fn room_unless_disabled(pods: &Pods, group: usize, slot: usize) -> Bool {
    let is_off = is_disabled(pods.model, group, "NodeResourcesFit");
    if is_off { true.into() } else { room_by_profile(pods, group, slot) }
}

/// Σ requests of a resource over the pods assigned to a slot, terminating ones included, in model units.
pub(in crate::controllers) fn resources_used(model: &Model, slot: usize, resource: &str) -> Int {
    used(&Pods::there(model), slot, resource)
}

fn used(pods: &Pods, slot: usize, resource: &str) -> Int {
    let model = pods.model;
    sum((0..model.groups.len()).map(|group| {
        let request = model.template(group).requests.get(resource).copied().unwrap_or(0);
        pods.assigned(group, slot) * model.scaled(resource, request)
    }))
}

/// NodeResourcesFit: one more pod of the group fits beside those that are there.
pub(in crate::controllers) fn has_room(model: &Model, group: usize, slot: usize) -> Bool {
    room(&Pods::there(model), group, slot, |_| false)
}

/// NodeResourcesFit as the profile of the group has it.
fn room_by_profile(pods: &Pods, group: usize, slot: usize) -> Bool {
    let profile = pods.model.profile(group);
    room(pods, group, slot, |resource| profile.ignores(resource))
}

/// NodeResourcesFit: one more pod of the group fits. Resources that it does not request are not checked, nor those
/// that are ignored.
fn room(pods: &Pods, group: usize, slot: usize, ignores: impl Fn(&str) -> bool) -> Bool {
    let model = pods.model;
    let there = &model.slots[slot];
    let number = number(pods, slot);
    let resources =
        requested(model, group, ignores).map(|(resource, request)| has_resource(pods, slot, resource, request));
    all(resources.collect::<Vec<_>>()) & number.below(there.pods)
}

/// The pods on a slot.
pub(super) fn number(pods: &Pods, slot: usize) -> Int {
    sum((0..pods.model.groups.len()).map(|other| pods.assigned(other, slot)))
}

/// What a pod of a group requests, without the resources that are ignored.
fn requested<'m>(
    model: &'m Model,
    group: usize,
    ignores: impl Fn(&str) -> bool + 'm,
) -> impl Iterator<Item = (&'m str, i64)> {
    let requests = model.template(group).requests.iter().map(|(resource, &request)| (resource.as_str(), request));
    requests.filter(move |&(resource, request)| request > 0 && !ignores(resource))
}

/// Whether there is room for one more request of a resource on a slot.
fn has_resource(pods: &Pods, slot: usize, resource: &str, request: i64) -> Bool {
    let model = pods.model;
    let available = model.slots[slot].available(resource);
    (used(pods, slot, resource) + model.scaled(resource, request)).at_most(available)
}

/// What is left of a resource on a slot beside one more request.
fn left(pods: &Pods, slot: usize, resource: &str, request: i64) -> Int {
    let model = pods.model;
    let available = model.slots[slot].available(resource);
    available - used(pods, slot, resource) - model.scaled(resource, request)
}

/// By resource that NodeResourcesFit checks for a group, and slot: whether it is lacking.
pub(super) fn lacking<'m>(pods: &Pods<'m, '_>, group: usize) -> Vec<(&'m str, Vec<Bool>)> {
    let model = pods.model;
    let profile = model.profile(group);
    let slots = 0..model.slots.len();
    requested(model, group, |resource| profile.ignores(resource))
        .map(|(resource, request)| {
            (resource, slots.clone().map(|slot| !has_resource(pods, slot, resource, request)).collect())
        })
        .collect()
}
