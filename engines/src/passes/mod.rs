//! Passes from system to system; they keep the ids of variables and choices and the names of rules.
//!
//! [`Reduced`] runs them in their order: [`slice()`] drops what a property cannot see; [`interchangeable()`] finds objects
//! that differ only by name; [`specialise()`] substitutes what is known to be constant; [`alike_slots()`] finds slots that
//! are alike. [`reductions()`] tells what they come to. None changes a verdict: the states of the reduced system are those of the given one, seen through fewer variables.

mod digest;
mod interchangeable;
mod pipeline;
mod project;
mod rebuild;
mod relevance;
mod slice;
mod slots;
mod specialise;
mod summary;
mod weaken;

pub use interchangeable::{Families, ObjectClass, interchangeable};
pub use pipeline::{Passes, Reduced};
pub use project::projected;
pub use rebuild::Rebuilder;
pub use relevance::{Through, compared, conditions, dependencies, unchanging};
pub use slice::{Slice, relevant, slice};
pub use slots::{SlotClass, alike_slots, only_slot};
pub use specialise::{Specialised, specialise};
pub use summary::reductions;
pub use weaken::{Literal, conjuncts, simple_terms, weakened};
