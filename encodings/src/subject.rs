//! Whom and what a variable, a rule, a choice, a fairness unit or a property is about: data, not text.
//!
//! Everything that asks "is this about that object, or that node?" compares [`Subject`]s. Names are printed from
//! them, in this file and nowhere else, for people, for saved runs, and to find the same thing again in another system
//! of the same cluster. Nobody takes a name apart. [`TransitionSystem::check`] refuses a system in which two things
//! of one kind have the same name, so that equal names mean equal subjects.
//!
//! [`TransitionSystem::check`]: crate::system::TransitionSystem::check

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// An object of the cluster or of the scenario: an index into [`Names::objects`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ObjectId(pub u32);

/// The place of a node: an index into [`Names::slots`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct SlotId(pub u32);

impl ObjectId {
    /// The dense index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl SlotId {
    /// The dense index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl From<usize> for SlotId {
    fn from(slot: usize) -> Self {
        Self(u32::try_from(slot).expect("fewer than 2^32 nodes"))
    }
}

/// The kind of objects that stand for an event or a controller of the scenario.
pub const EVENT: &str = "Event";

/// The kind of objects that stand for a pool of nodes.
pub const POOL: &str = "NodePool";

/// An object that subjects may speak of.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Object {
    /// Its kind, e.g. `Deployment`; [`EVENT`] and [`POOL`] for parts of the scenario.
    pub kind: String,
    /// Its namespace; empty where there is none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Whether labels say the kind, because another object has the same label without it.
    pub says_kind: bool,
    /// The object that it is a part of, or acts on: of the pods of a revision their workload, of an autoscaler what it scales.
    pub owner: Option<ObjectId>,
    /// The ordinal of a pod of a StatefulSet.
    pub ordinal: Option<i64>,
    /// The revision of pods, from 0.
    pub revision: usize,
    /// The level of requests that pods of a vertical autoscaler have, from 0: those of the manifest.
    pub level: usize,
}

impl Object {
    /// An object that is a part of no other.
    pub fn new(kind: impl Into<String>, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind: kind.into(), namespace: namespace.into(), name: name.into(), ..Self::default() }
    }

    /// What names call it: `namespace/name`, with the ordinal of a pod, and `@2` and so on from the second revision on.
    pub fn label(&self) -> String {
        let mut label = String::new();
        if !self.namespace.is_empty() {
            label.push_str(&self.namespace);
            label.push('/');
        }
        label.push_str(&self.name);
        if self.says_kind {
            label.push('.');
            label.push_str(&self.kind.to_lowercase());
        }
        if let Some(ordinal) = self.ordinal {
            let _ = write!(label, "-{ordinal}");
        }
        let version = self.revision.max(self.level);
        if version > 0 {
            let _ = write!(label, "@{}", version + 1);
        }
        label
    }
}

/// As `kind/namespace/name`, as reports name objects.
impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = Self { says_kind: false, ..self.clone() };
        write!(f, "{}/{}", self.kind, plain.label())
    }
}

/// The place of a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotName {
    /// Its name.
    pub name: String,
    /// Its pool, in the order of the pools.
    pub pool: usize,
}

/// A further part of what a subject is about.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Part {
    /// Another object: the event that evicts, the budget that refuses.
    Object(ObjectId),
    /// Another node.
    Slot(SlotId),
    /// A number: a period, a level.
    Number(i64),
    /// How many units of time are left.
    Left(u8),
    /// A word: a phase, a metric, a plugin.
    Word(Cow<'static, str>),
    /// A field of what the first word says, e.g. the resource of `allocatable`.
    Field(Cow<'static, str>),
}

/// What of its object, or on its node, a subject is about.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Aspect {
    /// The main word: a phase, a field, the verb of a rule.
    pub word: Cow<'static, str>,
    /// What tells it from other aspects of the same word.
    pub parts: Vec<Part>,
}

/// What something is about. See the module.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Subject {
    /// The object, if one.
    pub object: Option<ObjectId>,
    /// The node, if one.
    pub slot: Option<SlotId>,
    /// What of them.
    pub aspect: Aspect,
}

impl Subject {
    /// A subject without object and node.
    pub fn new(word: impl Into<Cow<'static, str>>) -> Self {
        Self { object: None, slot: None, aspect: Aspect { word: word.into(), parts: Vec::new() } }
    }

    /// The same of an object.
    pub fn of(self, object: ObjectId) -> Self {
        Self { object: Some(object), ..self }
    }

    /// The same on a node.
    pub fn on(self, slot: impl Into<SlotId>) -> Self {
        Self { slot: Some(slot.into()), ..self }
    }

    /// The same with a further part.
    pub fn with(mut self, part: Part) -> Self {
        self.aspect.parts.push(part);
        self
    }

    /// The same with a further word.
    pub fn word(self, word: impl Into<Cow<'static, str>>) -> Self {
        self.with(Part::Word(word.into()))
    }

    /// The same with another object.
    pub fn and(self, object: ObjectId) -> Self {
        self.with(Part::Object(object))
    }

    /// All objects that it speaks of.
    pub fn objects(&self) -> impl Iterator<Item = ObjectId> + '_ {
        let further = self.aspect.parts.iter().filter_map(|part| match part {
            Part::Object(object) => Some(*object),
            _ => None,
        });
        self.object.into_iter().chain(further)
    }

    /// All nodes that it speaks of.
    pub fn slots(&self) -> impl Iterator<Item = SlotId> + '_ {
        let further = self.aspect.parts.iter().filter_map(|part| match part {
            Part::Slot(slot) => Some(*slot),
            _ => None,
        });
        self.slot.into_iter().chain(further)
    }

    /// The same of other objects and nodes.
    pub fn map(&self, object: impl Fn(ObjectId) -> ObjectId, slot: impl Fn(SlotId) -> SlotId) -> Self {
        let part = |part: &Part| match part {
            Part::Object(one) => Part::Object(object(*one)),
            Part::Slot(one) => Part::Slot(slot(*one)),
            other => other.clone(),
        };
        Self {
            object: self.object.map(&object),
            slot: self.slot.map(&slot),
            aspect: Aspect { word: self.aspect.word.clone(), parts: self.aspect.parts.iter().map(part).collect() },
        }
    }
}

impl From<&str> for Subject {
    fn from(word: &str) -> Self {
        Self::new(word.to_owned())
    }
}

impl From<String> for Subject {
    fn from(word: String) -> Self {
        Self::new(word)
    }
}

/// The objects and nodes of a system, and how names call them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Names {
    /// By [`ObjectId`].
    pub objects: Vec<Object>,
    /// By [`SlotId`].
    pub slots: Vec<SlotName>,
}

impl Names {
    /// Adds an object.
    pub fn add(&mut self, object: Object) -> ObjectId {
        self.objects.push(object);
        ObjectId(u32::try_from(self.objects.len() - 1).expect("fewer than 2^32 objects"))
    }

    /// The object.
    pub fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.index()]
    }

    /// The object of a name that is no part of another one.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<ObjectId> {
        let is_meant = |one: &Object| {
            (one.kind.as_str(), one.namespace.as_str(), one.name.as_str()) == (kind, namespace, name)
                && one.ordinal.is_none()
                && one.revision.max(one.level) == 0
        };
        self.objects.iter().position(is_meant).map(|index| ObjectId(index as u32))
    }

    /// The outermost owner of an object: of pods of a revision their workload.
    pub fn root(&self, id: ObjectId) -> ObjectId {
        self.object(id).owner.map_or(id, |owner| self.root(owner))
    }

    /// The workload that an object is or belongs to, as `Kind/namespace/name`.
    pub fn workload(&self, id: ObjectId) -> String {
        Object { ordinal: None, ..self.object(self.root(id)).clone() }.to_string()
    }

    /// Whether an object is another one, or a part of it.
    pub fn belongs(&self, id: ObjectId, to: ObjectId) -> bool {
        id == to || self.object(id).owner.is_some_and(|owner| self.belongs(owner, to))
    }

    fn label(&self, id: ObjectId) -> String {
        self.objects.get(id.index()).map_or_else(|| format!("object {}", id.0), Object::label)
    }

    fn slot(&self, id: SlotId) -> String {
        self.slots.get(id.index()).map_or_else(|| id.0.to_string(), |slot| slot.name.clone())
    }

    /// The name of a variable or a choice: `running[default/web][spot-0]`.
    pub fn variable(&self, subject: &Subject) -> String {
        let mut name = self.aspect(&subject.aspect, false);
        for about in subject.object.map(|id| self.label(id)).into_iter().chain(subject.slot.map(|id| self.slot(id))) {
            let _ = write!(name, "[{about}]");
        }
        name
    }

    /// The name of a rule: `default-scheduler/bind/default/web/spot-0`; that of a rule of an event begins with the event.
    pub fn rule(&self, actor: &str, subject: &Subject) -> String {
        let event = subject.objects().find(|id| self.is_event(*id));
        let mut name = event.map_or_else(|| actor.to_owned(), |id| format!("event/{}", self.label(id)));
        let object = subject.object.filter(|id| !self.is_event(*id));
        let aspect = Some(self.aspect(&subject.aspect, true)).filter(|aspect| !aspect.is_empty());
        let about = object.map(|id| self.label(id)).into_iter().chain(subject.slot.map(|id| self.slot(id)));
        for piece in aspect.into_iter().chain(about) {
            let _ = write!(name, "/{piece}");
        }
        name
    }

    /// The name of a fairness unit: `kubelet starts default/web on spot-0`.
    pub fn unit(&self, subject: &Subject) -> String {
        let mut name = self.sentence(subject);
        if let Some(slot) = subject.slot {
            let _ = write!(name, " on {}", self.slot(slot));
        }
        name
    }

    /// The name of a number that a rule shows: `score of spot-0`.
    pub fn detail(&self, subject: &Subject) -> String {
        let mut name = self.sentence(subject);
        if let Some(slot) = subject.slot {
            let _ = write!(name, " {}", self.slot(slot));
        }
        name
    }

    fn sentence(&self, subject: &Subject) -> String {
        let mut name = self.aspect(&subject.aspect, false);
        if let Some(object) = subject.object {
            let _ = write!(name, " {}", self.label(object));
        }
        name
    }

    fn is_event(&self, id: ObjectId) -> bool {
        self.objects.get(id.index()).is_some_and(|object| object.kind == EVENT)
    }

    /// The words of an aspect; in a path each is a piece of its own, and the event is left to its beginning.
    fn aspect(&self, aspect: &Aspect, is_path: bool) -> String {
        let mut name = aspect.word.to_string();
        let between = if is_path { '/' } else { ' ' };
        for part in &aspect.parts {
            let piece = match part {
                Part::Object(id) if is_path && self.is_event(*id) => continue,
                Part::Object(id) => self.label(*id),
                Part::Slot(id) => self.slot(*id),
                Part::Number(number) => number.to_string(),
                Part::Word(word) => word.to_string(),
                Part::Left(units) => {
                    let _ = write!(name, ", {units} left");
                    continue;
                }
                Part::Field(field) => {
                    let _ = write!(name, ".{field}");
                    continue;
                }
            };
            if !name.is_empty() {
                name.push(between);
            }
            name.push_str(&piece);
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> (Names, ObjectId, ObjectId) {
        let mut names = Names::default();
        let web = names.add(Object::new("Deployment", "default", "web"));
        let drain = names.add(Object::new(EVENT, "", "drain-1"));
        names.slots.push(SlotName { name: "spot-0".into(), pool: 0 });
        (names, web, drain)
    }

    #[test]
    fn names_are_printed_from_objects_nodes_and_aspects() {
        let (mut names, web, drain) = names();
        let later = names.add(Object { owner: Some(web), revision: 1, ..names.object(web).clone() });
        let starting = Subject::new("starting").with(Part::Left(3)).of(later).on(0);
        assert_eq!(names.variable(&starting), "starting, 3 left[default/web@2][spot-0]");
        assert_eq!(
            names.variable(&Subject::new("allocatable").with(Part::Field("cpu".into())).on(0)),
            "allocatable.cpu[spot-0]"
        );
        assert_eq!(names.rule("kubelet", &Subject::new("start").of(web).on(0)), "kubelet/start/default/web/spot-0");
        let evict = Subject::new("evict").word("running").and(drain).of(web).on(0);
        assert_eq!(names.rule("kubectl", &evict), "event/drain-1/evict/running/default/web/spot-0");
        assert_eq!(names.unit(&Subject::new("kubelet starts").of(web).on(0)), "kubelet starts default/web on spot-0");
        assert_eq!(names.object(later).to_string(), "Deployment/default/web@2");
        assert_eq!(names.root(later), web);
    }

    #[test]
    fn pods_of_a_stateful_set_are_called_by_their_ordinal() {
        let (mut names, ..) = names();
        let set = Object { says_kind: true, ..Object::new("StatefulSet", "default", "web") };
        let pod = names.add(Object { ordinal: Some(4), revision: 1, ..set });
        assert_eq!(names.object(pod).label(), "default/web.statefulset-4@2");
        assert_eq!(names.object(pod).to_string(), "StatefulSet/default/web-4@2");
    }

    #[test]
    fn a_mapping_reaches_every_object_and_node() {
        let (_, web, drain) = names();
        let subject = Subject::new("evict").and(web).with(Part::Slot(SlotId(1))).of(drain).on(0);
        let swap = |id: ObjectId| ObjectId(1 - id.0);
        let mapped = subject.map(swap, |slot| SlotId(1 - slot.0));
        assert_eq!(
            (mapped.objects().collect::<Vec<_>>(), mapped.slots().collect::<Vec<_>>()),
            (vec![web, drain], vec![SlotId(1), SlotId(0)])
        );
        assert_eq!(mapped.map(swap, |slot| SlotId(1 - slot.0)), subject);
    }
}
