//! Objects that differ only by name.
//!
//! Whoever builds a system lists the names of objects that may be alike ([`TransitionSystem::objects`]). Whether they
//! are is found out here and nowhere else: exchanging two objects renames variables, rules, choices and fairness units,
//! and two objects are interchangeable if that renaming maps the system and the property to themselves. Terms are
//! compared by 128-bit digests that do not depend on the order of operands where the operator does not. What is not
//! found to be a symmetry is no symmetry: that costs states, never soundness.
//!
//! Exchanges with one member of a class generate all permutations of the class, so each object is only compared with
//! the first member of each class so far.

use super::digest::{Digests, Labels, choices_are_distinct, ordered, text};
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::VarId;
use rustc_hash::FxHashMap;

/// Objects any two of which may be exchanged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ObjectClass {
    /// The names of each object.
    pub names: Vec<Vec<String>>,
    /// The variables of each object, in the same order for all.
    pub vars: Vec<Vec<VarId>>,
}

impl ObjectClass {
    /// The name that the first object has for what an object of the class calls `name`.
    pub fn of_first(&self, name: &str) -> String {
        match owner(name, &self.names) {
            Some(object) => exchange(name, &self.names[object], &self.names[0]),
            None => name.to_owned(),
        }
    }
}

/// Most terms digested in search of symmetries: beyond it, they are not worth the time.
const MOST_WORK: usize = 40_000_000;

/// The classes, of two objects or more, of the objects of a system with the one property 0.
pub fn interchangeable(system: &TransitionSystem) -> Vec<ObjectClass> {
    let mut classes: Vec<Vec<usize>> = Vec::new();
    let comparisons = system.objects.len() * system.objects.len().saturating_sub(1) / 2;
    if comparisons == 0 || comparisons.saturating_mul(system.dag.len()) > MOST_WORK || !choices_are_distinct(system) {
        return Vec::new();
    }
    let plain = renamed(system, &|name: &str| name.to_owned()).all();
    for object in 0..system.objects.len() {
        let class = classes.iter_mut().find(|class| {
            let swap = |name: &str| exchange(name, &system.objects[class[0]], &system.objects[object]);
            system.objects[class[0]].len() == system.objects[object].len() && renamed(system, &swap).all() == plain
        });
        match class {
            Some(class) => class.push(object),
            None => classes.push(vec![object]),
        }
    }
    classes.retain(|class| class.len() > 1);
    classes.iter().filter_map(|class| class_of(system, class)).collect()
}

/// Whether a property says of one object what another property says of another that differs from it only by name.
pub fn says_the_same(system: &TransitionSystem, property: usize, other: usize) -> bool {
    let target = |property: usize| system.properties[property].target.as_deref();
    let (Some(target), Some(others)) = (target(property), target(other)) else { return false };
    let (Some(object), Some(others)) = (owner(target, &system.objects), owner(others, &system.objects)) else {
        return false;
    };
    let (own, others) = (&system.objects[object], &system.objects[others]);
    if own.len() != others.len() || system.properties[property].intent != system.properties[other].intent {
        return false;
    }
    let (same, swap) = (|name: &str| name.to_owned(), |name: &str| exchange(name, own, others));
    choices_are_distinct(system) && renamed(system, &same).about(&[property]) == renamed(system, &swap).about(&[other])
}

/// The variables of the objects of a class, those of the first in the order of their ids.
fn class_of(system: &TransitionSystem, class: &[usize]) -> Option<ObjectClass> {
    let vars = system.dag.vars();
    let by_name: FxHashMap<&str, usize> =
        vars.iter().enumerate().map(|(index, var)| (var.name.as_str(), index)).collect();
    let names: Vec<Vec<String>> = class.iter().map(|&object| system.objects[object].clone()).collect();
    let own: Vec<usize> = (0..vars.len()).filter(|&index| owner(&vars[index].name, &names) == Some(0)).collect();
    let of = |object: usize| -> Option<Vec<VarId>> {
        let image = |&index: &usize| {
            let name = exchange(&vars[index].name, &names[0], &names[object]);
            by_name.get(name.as_str()).map(|&index| VarId(index as u32))
        };
        own.iter().map(image).collect()
    };
    let vars = (0..names.len()).map(of).collect::<Option<Vec<_>>>()?;
    Some(ObjectClass { names, vars })
}

/// The only object of a class that a name mentions.
pub fn owner(name: &str, names: &[Vec<String>]) -> Option<usize> {
    let mentioned = |object: &Vec<String>| object.iter().any(|own| occurrences(name, own).next().is_some());
    let mut owners = (0..names.len()).filter(|&object| mentioned(&names[object]));
    let first = owners.next()?;
    owners.next().is_none().then_some(first)
}

/// A name with the names of two objects exchanged.
fn exchange(name: &str, left: &[String], right: &[String]) -> String {
    let mut found: Vec<(usize, &str, &str)> = Vec::new();
    for (a, b) in left.iter().zip(right) {
        found.extend(occurrences(name, a).map(|at| (at, a.as_str(), b.as_str())));
        found.extend(occurrences(name, b).map(|at| (at, b.as_str(), a.as_str())));
    }
    found.sort_unstable_by_key(|&(at, from, _)| (at, std::cmp::Reverse(from.len())));
    let (mut result, mut done) = (String::new(), 0);
    for (at, from, to) in found {
        if at >= done {
            result.push_str(&name[done..at]);
            result.push_str(to);
            done = at + from.len();
        }
    }
    result.push_str(&name[done..]);
    result
}

/// Where a name occurs in another as a whole word of an object's name.
fn occurrences<'a>(name: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    name.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let bytes = name.as_bytes();
        let before = at.checked_sub(1).is_some_and(|before| part(bytes[before]));
        let after = bytes.get(at + word.len()).is_some_and(|&after| part(after));
        !before && !after
    })
}

/// The digests of a system in which everything has another name.
fn renamed<'a>(system: &'a TransitionSystem, rename: &dyn Fn(&str) -> String) -> Digests<'a> {
    let label = |name: &str| text(&rename(name));
    let vars = system.dag.vars().iter().map(|var| label(&var.name)).collect();
    let labels = Labels {
        vars,
        choices: system.dag.choices().iter().map(|choice| label(&choice.name)).collect(),
        rules: system.rules.iter().map(|rule| label(&rule.name)).collect(),
        units: system.fairness.iter().map(|unit| label(&unit.name)).collect(),
        slots: system.rules.iter().map(|rule| slot_label(rule.slot)).collect(),
    };
    Digests::new(system, labels)
}

/// What tells the slot of a rule from others.
fn slot_label(slot: Option<(usize, usize)>) -> u128 {
    slot.map_or(0, |(class, slot)| ordered(15, [class as u128, slot as u128]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn exchanging_respects_whole_names() {
        let (one, two) = (names(&["default/web-1"]), names(&["default/web-2"]));
        assert_eq!(exchange("running[default/web-1][n-0]", &one, &two), "running[default/web-2][n-0]");
        assert_eq!(exchange("running[default/web-12][n-0]", &one, &two), "running[default/web-12][n-0]");
        assert_eq!(exchange("default/web-1 against default/web-2", &one, &two), "default/web-2 against default/web-1");
        assert_eq!(owner("Deployment/default/web-2", &[one.clone(), two.clone()]), Some(1));
        assert_eq!(owner("default/web-1 and default/web-2", &[one, two]), None);
    }
}
