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

use kubound_encodings::system::{Choice, Initial, Rule, TransitionSystem};
use kubound_encodings::term::{ChoiceId, Dag, Node, Term, TermId, VarId};
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
    let same = |name: &str| name.to_owned();
    let plain = Digests::new(system, &same).all();
    for object in 0..system.objects.len() {
        let class = classes.iter_mut().find(|class| {
            let swap = |name: &str| exchange(name, &system.objects[class[0]], &system.objects[object]);
            system.objects[class[0]].len() == system.objects[object].len() && Digests::new(system, &swap).all() == plain
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
    choices_are_distinct(system)
        && Digests::new(system, &same).about(&[property]) == Digests::new(system, &swap).about(&[other])
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

/// Whether no rule has two choices of one name, which digests could not tell apart.
fn choices_are_distinct(system: &TransitionSystem) -> bool {
    system.rules.iter().all(|rule| {
        let mut names: Vec<&str> = rule
            .choices
            .iter()
            .flat_map(|choice| choice.ids())
            .map(|id| system.dag.choices()[id.index()].name.as_str())
            .collect();
        names.sort_unstable();
        names.windows(2).all(|pair| pair[0] != pair[1])
    })
}

/// Digests of all parts of a system under a renaming.
struct Digests<'a> {
    system: &'a TransitionSystem,
    rename: &'a dyn Fn(&str) -> String,
    vars: Vec<u128>,
    terms: Vec<u128>,
}

impl<'a> Digests<'a> {
    fn new(system: &'a TransitionSystem, rename: &'a dyn Fn(&str) -> String) -> Self {
        let label = |name: &str| text(&rename(name));
        let vars: Vec<u128> = system.dag.vars().iter().map(|var| label(&var.name)).collect();
        let choices: Vec<u128> = system.dag.choices().iter().map(|choice| label(&choice.name)).collect();
        let mut terms = Vec::with_capacity(system.dag.len());
        for index in 0..system.dag.len() {
            let digest = term(&system.dag, TermId(index as u32), &terms, &vars, &choices);
            terms.push(digest);
        }
        Self { system, rename, vars, terms }
    }

    fn of(&self, id: TermId) -> u128 {
        self.terms[id.index()]
    }

    fn named(&self, name: &str) -> u128 {
        text(&(self.rename)(name))
    }

    fn choice(&self, id: ChoiceId) -> u128 {
        let choice = &self.system.dag.choices()[id.index()];
        let range = choice.sort.range();
        ordered(1, [self.named(&choice.name), range.lo as u128, range.hi as u128])
    }

    /// Everything but the order of parts that have none.
    fn all(&self) -> u128 {
        self.about(&(0..self.system.properties.len()).collect::<Vec<_>>())
    }

    /// The same with some of the properties only.
    fn about(&self, properties: &[usize]) -> u128 {
        let system = self.system;
        let vars = unordered(2, (0..system.vars.len()).map(|index| self.var(index)));
        let constraints = unordered(3, system.constraints.iter().map(|constraint| self.of(constraint.holds.id())));
        let rules = unordered(4, system.rules.iter().map(|rule| self.rule(rule)));
        let monitors = unordered(
            5,
            system.monitors.iter().map(|monitor| ordered(6, [self.vars[monitor.var.index()], self.of(monitor.next)])),
        );
        let properties = properties.iter().map(|&property| {
            let property = &system.properties[property];
            let terms = property.claim.terms().into_iter().chain([property.premise.id()]);
            ordered(8, terms.map(|id| self.of(id)))
        });
        let properties = ordered(7, properties);
        let sizes = ordered(9, [self.of(system.nodes), self.of(system.pods)]);
        ordered(10, [vars, constraints, rules, monitors, properties, sizes])
    }

    fn var(&self, index: usize) -> u128 {
        let var = &self.system.vars[index];
        let range = self.system.dag.vars()[index].sort.range();
        let initial = match var.initial {
            Initial::Free => 1,
            Initial::Term(term) => self.of(term),
        };
        ordered(11, [self.vars[index], var.role as u128, range.lo as u128, range.hi as u128, initial])
    }

    fn rule(&self, rule: &Rule) -> u128 {
        let choices = unordered(12, rule.choices.iter().map(|choice| self.choices(choice)));
        let updates =
            unordered(13, rule.updates.iter().map(|&(var, term)| ordered(14, [self.vars[var.index()], self.of(term)])));
        let unit = rule.fairness.map_or(0, |unit| self.named(&self.system.fairness[unit].name));
        let slot = rule.slot.map_or(0, |(class, slot)| ordered(15, [class as u128, slot as u128]));
        let (enabled, constraint) = (self.of(rule.enabled.id()), self.of(rule.constraint.id()));
        let tagged = u128::from(rule.over_approximates.is_some());
        ordered(
            16,
            [self.named(&rule.name), rule.pace as u128, enabled, constraint, choices, updates, unit, slot, tagged],
        )
    }

    fn choices(&self, choice: &Choice) -> u128 {
        match choice {
            Choice::Value(id) => self.choice(*id),
            Choice::Split { parts, low, high, total } => {
                let parts = parts
                    .iter()
                    .zip(low)
                    .zip(high)
                    .map(|((&part, &low), &high)| ordered(17, [self.choice(part), self.of(low), self.of(high)]));
                ordered(18, [unordered(19, parts), self.of(*total)])
            }
        }
    }
}

fn term(dag: &Dag, id: TermId, terms: &[u128], vars: &[u128], choices: &[u128]) -> u128 {
    let of = |id: &TermId| terms[id.index()];
    let list = |tag: u64, list: &[TermId]| unordered(tag, list.iter().map(of));
    match dag.node(id) {
        Node::Bool(value) => ordered(20, [u128::from(*value)]),
        Node::Int(value) => ordered(21, [*value as u128]),
        Node::Var(var) => ordered(22, [vars[var.index()]]),
        Node::Primed(var) => ordered(23, [vars[var.index()]]),
        Node::Choice(choice) => ordered(24, [choices[choice.index()]]),
        Node::Not(a) => ordered(25, [of(a)]),
        Node::And(all) => list(26, all),
        Node::Or(all) => list(27, all),
        Node::Add(all) => list(28, all),
        Node::Count(all) => list(29, all),
        Node::Iff(a, b) => list(30, &[*a, *b]),
        Node::Eq(a, b) => list(31, &[*a, *b]),
        Node::Mul(a, b) => list(32, &[*a, *b]),
        Node::Min(a, b) => list(33, &[*a, *b]),
        Node::Max(a, b) => list(34, &[*a, *b]),
        Node::Ite(c, a, b) => ordered(35, [of(c), of(a), of(b)]),
        Node::Le(a, b) => ordered(36, [of(a), of(b)]),
        Node::Div(a, b) => ordered(37, [of(a), of(b)]),
        Node::Rem(a, b) => ordered(38, [of(a), of(b)]),
        Node::Scale(factor, a) => ordered(39, [*factor as u128, of(a)]),
        Node::Table(index, values) => {
            let values = ordered(40, values.iter().map(|&value| value as u128));
            ordered(41, [of(index), values])
        }
    }
}

/// A digest of a text.
fn text(text: &str) -> u128 {
    text.as_bytes().chunks(16).fold(ordered(42, [text.len() as u128]), |digest, chunk| {
        let mut bytes = [0; 16];
        bytes[..chunk.len()].copy_from_slice(chunk);
        mix(digest ^ u128::from_le_bytes(bytes))
    })
}

/// A digest of parts in their order.
fn ordered(tag: u64, parts: impl IntoIterator<Item = u128>) -> u128 {
    parts.into_iter().fold(mix(u128::from(tag) + 1), |digest, part| mix(digest.rotate_left(29) ^ part))
}

/// A digest of parts whose order means nothing.
fn unordered(tag: u64, parts: impl IntoIterator<Item = u128>) -> u128 {
    let sum = parts.into_iter().fold(0_u128, |sum, part| sum.wrapping_add(mix(part ^ u128::from(tag))));
    mix(sum ^ (u128::from(tag) << 64))
}

/// A bijection that spreads every bit over all others: two multiplications by odd constants with folds between.
fn mix(value: u128) -> u128 {
    const FIRST: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    const SECOND: u128 = 0xd6e8_feb8_6659_fd93_a5a3_5642_7a4b_d1ad;
    let value = (value ^ (value >> 67)).wrapping_mul(FIRST);
    let value = (value ^ (value >> 59)).wrapping_mul(SECOND);
    value ^ (value >> 64)
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

    #[test]
    fn digests_tell_order_where_it_matters() {
        assert_eq!(unordered(1, [3, 4]), unordered(1, [4, 3]));
        assert_ne!(unordered(1, [3, 3, 4]), unordered(1, [3, 4, 4]));
        assert_ne!(ordered(1, [3, 4]), ordered(1, [4, 3]));
        assert_ne!(text("ab"), text("ba"));
    }
}
