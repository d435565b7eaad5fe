//! Objects that differ only by name.
//!
//! Whoever builds a system lists the objects that may be alike ([`TransitionSystem::alike`]). Whether they
//! are is found out here and nowhere else: exchanging two objects maps the subjects of variables, rules, choices and
//! fairness units, and two objects are interchangeable if that maps the system and the property to themselves, which
//! digests show. What is not found to be a symmetry is no symmetry: that costs
//! states, never soundness.
//!
//! Exchanges with one member of a class generate all permutations of the class, so each object is only compared with
//! the first member of each class so far.

use super::digest::{Digests, Sketch, choices_are_distinct, nameless_object, own_object, own_slot, unordered};
use crate::limits::passes::MOST_DIGESTS;
use kubound_encodings::subject::{ObjectId, Subject};
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::VarId;
use rustc_hash::FxHashMap;

/// Objects any two of which may be exchanged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ObjectClass {
    /// Each object with those that belong to it.
    pub objects: Vec<Vec<ObjectId>>,
    /// The variables of each object, in the same order for all.
    pub vars: Vec<Vec<VarId>>,
}

impl ObjectClass {
    /// What the first object has in the place of what an object of the class has.
    pub fn of_first(&self, subject: &Subject) -> Subject {
        match owner(subject, &self.objects) {
            Owner::One(object) => exchanged(&self.objects[object], &self.objects[0], subject),
            Owner::None | Owner::Several => subject.clone(),
        }
    }

    /// The only object of the class that a subject speaks of.
    pub fn owner(&self, subject: &Subject) -> Option<usize> {
        match owner(subject, &self.objects) {
            Owner::One(object) => Some(object),
            Owner::None | Owner::Several => None,
        }
    }
}

/// The classes, of two objects or more, of the objects of a system with the one property 0.
pub fn interchangeable(system: &TransitionSystem) -> Vec<ObjectClass> {
    let mut classes: Vec<Vec<usize>> = Vec::new();
    let alike = &system.alike;
    if alike.len() < 2 || !choices_are_distinct(system) {
        return Vec::new();
    }
    let sketch = Sketch::new(system);
    let families = Families::of(system, &sketch);
    let pairs = (0..alike.len()).flat_map(|one| (one + 1..alike.len()).map(move |other| (one, other)));
    let comparisons = pairs.filter(|&(one, other)| families.may_be_alike(one, other)).count();
    if comparisons == 0 || comparisons.saturating_mul(system.dag.len()) > MOST_DIGESTS {
        return Vec::new();
    }
    let plain = with_exchanged(&sketch, &[], &[]).all();
    for object in 0..alike.len() {
        let class = classes.iter_mut().find(|class| {
            let (first, other) = (&alike[class[0]], &alike[object]);
            families.may_be_alike(class[0], object) && with_exchanged(&sketch, first, other).all() == plain
        });
        match class {
            Some(class) => class.push(object),
            None => classes.push(vec![object]),
        }
    }
    classes.retain(|class| class.len() > 1);
    classes.iter().filter_map(|class| class_of(system, class)).collect()
}

/// What tells the families of objects that may be alike apart at once, whichever property a question is about.
///
/// An exchange of two families maps the rules about one to those about the other, and changes nothing where the objects of
/// families have no names. So families whose rules differ there cannot be exchanged.
#[derive(Clone, Debug)]
pub struct Families {
    /// By family: its size, and what the rules about its objects come to.
    colours: Vec<(usize, u128)>,
}

impl Families {
    /// The families of a system.
    pub fn new(system: &TransitionSystem) -> Self {
        Self::of(system, &Sketch::new(system))
    }

    fn of(system: &TransitionSystem, sketch: &Sketch) -> Self {
        let mut known: FxHashMap<ObjectId, (usize, usize)> = FxHashMap::default();
        for (family, objects) in system.alike.iter().enumerate() {
            known.extend(objects.iter().enumerate().map(|(place, &object)| (object, (family, place))));
        }
        let name = |id| known.get(&id).map_or_else(|| own_object(id), |&(_, place)| nameless_object(place));
        let mut about: Vec<Vec<u128>> = vec![Vec::new(); system.alike.len()];
        let digests = sketch.digests(name, own_slot).rules();
        for (rule, digest) in system.rules.iter().zip(digests) {
            let mut families: Vec<usize> =
                rule.subject.objects().filter_map(|id| known.get(&id)).map(|one| one.0).collect();
            families.sort_unstable();
            families.dedup();
            families.into_iter().for_each(|family| about[family].push(digest));
        }
        let colours = system.alike.iter().zip(about).map(|(family, rules)| (family.len(), unordered(58, rules)));
        Self { colours: colours.collect() }
    }

    /// Whether two families may be exchanged, as far as this tells.
    fn may_be_alike(&self, one: usize, other: usize) -> bool {
        self.colours[one] == self.colours[other]
    }

    /// Whether a property says of one object what another property says of another that differs from it only by name.
    pub fn says_the_same(&self, system: &TransitionSystem, property: usize, other: usize) -> bool {
        let family = |property: usize| {
            let object = system.properties[property].object?;
            system.alike.iter().position(|family| family.contains(&object))
        };
        let (Some(own), Some(others)) = (family(property), family(other)) else { return false };
        let same_intent = system.properties[property].intent == system.properties[other].intent;
        if !same_intent || !self.may_be_alike(own, others) {
            return false;
        }
        let sketch = Sketch::new(system);
        let exchanged = || with_exchanged(&sketch, &system.alike[own], &system.alike[others]).about(&[other]);
        choices_are_distinct(system) && with_exchanged(&sketch, &[], &[]).about(&[property]) == exchanged()
    }
}

/// The variables of the objects of a class, those of the first in the order of their ids; `None` if some variable
/// speaks of several objects of the class, so that no order of objects sorts it.
fn class_of(system: &TransitionSystem, class: &[usize]) -> Option<ObjectClass> {
    let vars = system.dag.vars();
    let by_subject: FxHashMap<&Subject, usize> =
        vars.iter().enumerate().map(|(index, var)| (&var.subject, index)).collect();
    let objects: Vec<Vec<ObjectId>> = class.iter().map(|&object| system.alike[object].clone()).collect();
    let mut own: Vec<usize> = Vec::new();
    for (index, var) in vars.iter().enumerate() {
        match owner(&var.subject, &objects) {
            Owner::One(0) => own.push(index),
            Owner::One(_) | Owner::None => {}
            Owner::Several => return None,
        }
    }
    let of = |object: usize| -> Option<Vec<VarId>> {
        let image = |&index: &usize| {
            let subject = exchanged(&objects[0], &objects[object], &vars[index].subject);
            by_subject.get(&subject).map(|&index| VarId(index as u32))
        };
        own.iter().map(image).collect()
    };
    let vars = (0..objects.len()).map(of).collect::<Option<Vec<_>>>()?;
    Some(ObjectClass { objects, vars })
}

/// What stands in the place of an object where two families change places.
fn counterpart(one: &[ObjectId], other: &[ObjectId], id: ObjectId) -> ObjectId {
    let at = |family: &[ObjectId]| family.iter().position(|&member| member == id);
    match (at(one), at(other)) {
        (Some(place), _) => other[place],
        (None, Some(place)) => one[place],
        (None, None) => id,
    }
}

/// A subject in which two families change places.
fn exchanged(one: &[ObjectId], other: &[ObjectId], subject: &Subject) -> Subject {
    subject.map(|id| counterpart(one, other, id), |slot| slot)
}

/// The digests of a system in which two families change places.
fn with_exchanged<'a>(sketch: &Sketch<'a>, one: &[ObjectId], other: &[ObjectId]) -> Digests<'a> {
    sketch.digests(|id| own_object(counterpart(one, other, id)), own_slot)
}

/// How many objects of a class a subject speaks of.
enum Owner {
    None,
    One(usize),
    Several,
}

fn owner(subject: &Subject, objects: &[Vec<ObjectId>]) -> Owner {
    let mut found = subject.objects().filter_map(|id| objects.iter().position(|family| family.contains(&id)));
    match found.next() {
        None => Owner::None,
        Some(first) if found.all(|other| other == first) => Owner::One(first),
        Some(_) => Owner::Several,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_belongs_to_the_only_object_that_it_speaks_of() {
        let [one, two, pods] = [0, 1, 2].map(ObjectId);
        let objects = vec![vec![one, pods], vec![two, ObjectId(3)]];
        let class = ObjectClass { objects, vars: vec![vec![], vec![]] };
        let of_pods = Subject::new("running").of(pods);
        assert_eq!(class.owner(&of_pods), Some(0));
        assert_eq!(class.of_first(&Subject::new("running").of(ObjectId(3))), of_pods);
        let both = Subject::new("of").of(one).and(two);
        assert_eq!((class.owner(&both), class.of_first(&both)), (None, both.clone()));
        assert_eq!(class.owner(&Subject::new("nodes")), None);
    }
}
