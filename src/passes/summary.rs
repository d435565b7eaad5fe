//! What the passes leave of a system, in words for reports.

use super::{interchangeable, slice};
use kubound_encodings::system::{Claim, TransitionSystem};

/// What is left out of the search for a property; `explicit` for the explicit engine, which sorts and reorders too.
pub fn reductions(system: &TransitionSystem, property: usize, explicit: bool) -> Vec<String> {
    let mut told = Vec::new();
    let sliced = slice(system, property);
    if !sliced.left_out.is_empty() {
        told.push(format!("{} of {} variables cannot matter to it", sliced.left_out.len(), system.vars.len()));
    }
    if !explicit {
        return told;
    }
    let nodes = system.symmetry.iter().filter(|class| class.slots.len() > 1).count();
    if nodes > 0 {
        told.push(format!("nodes of a pool in one order ({nodes} of {} pools)", system.symmetry.len()));
    }
    for class in interchangeable(&sliced.system) {
        told.push(format!("{} objects that differ only by name in one order", class.names.len()));
    }
    if matches!(system.properties[property].claim, Claim::Invariant(_)) {
        told.push("one order of rules that do not concern each other".to_owned());
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny;

    #[test]
    fn nothing_is_told_of_what_is_not_reduced() {
        let (system, property) = tiny();
        assert!(reductions(&system, property, false).is_empty());
        assert_eq!(reductions(&system, property, true), ["one order of rules that do not concern each other"]);
    }
}
