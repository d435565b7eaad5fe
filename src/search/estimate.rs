//! How large a search may become, for people who wait for it: an upper bound of the number of states, and what contributes
//! most to it.

use super::Systems;
use crate::limits::search::MOST_OWNERS;
use crate::passes::relevant;
use itertools::Itertools;
use kubound_encodings::subject::Subject;
use kubound_encodings::system::{Initial, Role, TransitionSystem};
use rustc_hash::FxHashMap;
use std::fmt;

/// How many states there are at most, and whose they are.
#[derive(Clone, PartialEq, Debug)]
pub struct Estimate {
    /// The decimal logarithm of the number.
    pub magnitude: f64,
    /// What contributes most, with the logarithm of its part.
    pub most: Vec<(String, f64)>,
}

impl Estimate {
    /// For the states that a property can see.
    pub fn new(systems: &Systems, property: usize) -> Self {
        let system = systems.searched();
        let relevant = relevant(system, property);
        let mut parts: FxHashMap<String, f64> = FxHashMap::default();
        for (index, var) in system.vars.iter().enumerate().filter(|(index, _)| relevant[*index]) {
            // What never changes and follows from other values adds nothing.
            if var.role == Role::Frozen && var.initial != Initial::Free {
                continue;
            }
            let decl = &system.dag.vars()[index];
            *parts.entry(owner(system, &decl.subject)).or_default() += (decl.sort.range().size() as f64).log10();
        }
        let by_size = |one: &(String, f64), other: &(String, f64)| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0));
        let most: Vec<(String, f64)> = parts.into_iter().sorted_by(by_size).collect();
        let magnitude = most.iter().map(|(_, size)| size).sum();
        Self { magnitude, most: most.into_iter().filter(|(_, size)| *size > 0.0).take(MOST_OWNERS).collect() }
    }
}

/// The object that a variable belongs to; the nodes, or the cluster, if none.
fn owner(system: &TransitionSystem, subject: &Subject) -> String {
    match (subject.object, subject.slot) {
        (Some(object), _) => {
            let object = system.names.object(system.names.root(object));
            format!("{} {}/{}", object.kind, object.namespace, object.name)
        }
        (None, Some(_)) => "nodes".to_owned(),
        (None, None) => subject.aspect.word.clone().into_owned(),
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let most = self.most.iter().map(|(owner, size)| format!("{owner} (10^{size:.0})")).join(", ");
        write!(f, "at most 10^{:.0} states; what costs most is {most}", self.magnitude)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny;

    #[test]
    fn the_bound_is_the_product_of_the_ranges() {
        let (fine, property) = tiny();
        let size = |(index, _): (usize, &_)| fine.dag.vars()[index].sort.range().size() as f64;
        let all: f64 = fine.vars.iter().enumerate().map(size).product();
        let estimate = Estimate::new(&Systems::of(fine.clone(), None), property);
        assert!(estimate.magnitude > 0.0 && estimate.magnitude <= all.log10() + 1e-9, "{estimate}");
        let told: f64 = estimate.most.iter().map(|(_, size)| size).sum();
        assert!(told <= estimate.magnitude + 1e-9 && !estimate.most.is_empty(), "{estimate}");
    }
}
