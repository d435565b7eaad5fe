//! The passes in their order: what becomes of a system before an engine walks its states.
//!
//! ```text
//! system -> slice -> interchangeable objects                 once for each property
//!             |
//!             v
//!         specialise -> interchangeable slots                once for each size of the cluster
//! ```
//!
//! Engines that ask solvers leave variables out while they unroll (the same fixpoint, [`super::dependencies`]), and need no
//! constants substituted: terms fold as the frames are built. Proofs have a pass of their own ([`super::weakened`]).

use super::{ObjectClass, Slice, SlotClass, Specialised, alike_slots, interchangeable, slice, specialise};
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::VarId;

/// Which of the passes run that tests can do without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passes {
    /// Whether to leave out variables that the property cannot see.
    pub slicing: bool,
    /// Whether to look for interchangeable objects and slots.
    pub symmetry: bool,
}

impl Default for Passes {
    fn default() -> Self {
        Self { slicing: true, symmetry: true }
    }
}

/// A system made small for one property, which has index 0 in it.
#[derive(Clone, Debug)]
pub struct Reduced {
    /// The system, without its sentences for people.
    pub system: TransitionSystem,
    /// Which variables are left, by `VarId`. The others are constants, or cannot matter and keep their initial values.
    pub kept: Vec<bool>,
    /// For each rule whether all its updates are left.
    pub complete: Vec<bool>,
    /// Names of the variables that cannot matter.
    pub left_out: Vec<String>,
    /// Objects that differ only by name.
    pub objects: Vec<ObjectClass>,
    /// Slots that are alike; known for one size only.
    pub slots: Vec<SlotClass>,
    passes: Passes,
}

impl Reduced {
    /// What can be done for a property whatever the size of the cluster.
    pub fn new(system: &TransitionSystem, property: usize, passes: Passes) -> Self {
        let sliced = if passes.slicing { slice(system, property) } else { Slice::whole(system, property) };
        let Slice { mut system, relevant, complete, left_out } = sliced;
        // Sentences are for reports; copying them for every size would take longer than many a search.
        for rule in &mut system.rules {
            rule.sentence.clear();
            rule.details.clear();
        }
        let objects = if passes.symmetry { interchangeable(&system) } else { Vec::new() };
        Self { system, kept: relevant, complete, left_out, objects, slots: Vec::new(), passes }
    }

    /// What can be done for the initial states in which some frozen variables have these values.
    pub fn sized(&self, given: &[(VarId, i64)]) -> Self {
        let Specialised { system, fixed } = specialise(&self.system, given);
        let kept = fixed.iter().zip(&self.kept).map(|(fixed, &kept)| kept && fixed.is_none()).collect();
        // Rules dropped leave gaps; names tell which are left.
        let mut all = self.system.rules.iter().zip(&self.complete);
        let complete = system.rules.iter().map(|rule| {
            let found = all.find(|(before, _)| before.name == rule.name);
            found.is_some_and(|(_, &complete)| complete)
        });
        let complete = complete.collect();
        let slots = if self.passes.symmetry { alike_slots(&system) } else { Vec::new() };
        Self { system, kept, complete, slots, left_out: self.left_out.clone(), objects: self.objects.clone(), ..*self }
    }
}
