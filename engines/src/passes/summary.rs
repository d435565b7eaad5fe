//! What the passes leave of a system, in words for reports.

use super::{Passes, Reduced};
use kubound_encodings::plural::plural;
use kubound_encodings::subject::SlotId;
use kubound_encodings::system::{Claim, TransitionSystem};
use kubound_encodings::term::VarId;

/// What is left out of the search for a property; `explicit` for the explicit engine, which sorts and reorders too.
pub fn reductions(system: &TransitionSystem, property: usize, explicit: bool) -> Vec<String> {
    let mut told = Vec::new();
    let reduced = Reduced::new(system, property, Passes { symmetry: explicit, ..Passes::default() });
    if !reduced.left_out.is_empty() {
        told.push(format!(
            "{} of {} cannot matter to it",
            reduced.left_out.len(),
            plural(system.vars.len() as i64, "variable")
        ));
    }
    if !explicit {
        return told;
    }
    if let Some(nodes) = alike_nodes(&reduced) {
        told.push(nodes);
    }
    for class in &reduced.objects {
        told.push(format!("{} objects that differ only by name in one order", class.objects.len()));
    }
    if matches!(system.properties[property].claim, Claim::Invariant(_)) {
        told.push("one order of rules that do not concern each other".to_owned());
    }
    told
}

/// How many pools have nodes that are alike, where all have as many nodes as they may have.
fn alike_nodes(reduced: &Reduced) -> Option<String> {
    let system = &reduced.system;
    let sizes = system.dag.support(system.symmetry.iter().map(|class| class.active));
    let most = |var: VarId| (var, system.dag.vars()[var.index()].sort.range().hi);
    let largest: Vec<(VarId, i64)> = sizes.into_iter().map(most).collect();
    let alike = reduced.sized(&largest).slots;
    let slots: Vec<SlotId> = alike.into_iter().flat_map(|class| class.slots).collect();
    let pools = system.symmetry.iter().filter(|pool| pool.slots.iter().any(|slot| slots.contains(slot))).count();
    (pools > 0).then(|| format!("nodes that are alike in one order ({pools} of {} pools)", system.symmetry.len()))
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
