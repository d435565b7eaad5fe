//! Passes from system to system; they keep the ids of variables and choices and the names of rules.
//!
//! [`Reduced`] runs them in their order: [`slice()`] drops what a property cannot see; [`interchangeable()`] finds objects
//! that differ only by name; [`specialise()`] substitutes what is known to be constant; [`alike_slots()`] finds slots that
//! are alike. [`reductions()`] tells what they come to. None changes a verdict: the states of the reduced system are those of the given one, seen through fewer variables.
//! For proofs alone are [`weakened()`] and [`projected()`], which allow more than the given system.

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

use kubound_encodings::subject::Subject;
use kubound_encodings::term::{ChoiceId, Sort, Term, TermId, bool_choice, int_choice};

/// A choice of any value of a sort.
fn any_value(subject: impl Into<Subject>, sort: Sort) -> (ChoiceId, TermId) {
    match sort {
        Sort::Bool => {
            let (id, any) = bool_choice(subject);
            (id, any.id())
        }
        Sort::Int(range) => {
            let (id, any) = int_choice(subject, range.lo, range.hi);
            (id, any.id())
        }
    }
}
