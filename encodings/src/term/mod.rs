//! The typed term IR: booleans and integers with statically known ranges.
//!
//! Terms live in a [`Dag`]: hash-consed, densely numbered, simplified while they are built. [`Bool`] and [`Int`]
//! are `Copy` handles with overloaded operators, so that a rule reads like the Kubernetes source it mirrors.
//! Handles carry no reference to their graph: they are built against the *current* graph of the thread, which
//! [`within`] installs and takes back. A finished [`Dag`] is plain data (`Send + Sync`), and every view of it
//! (evaluator, clauses, bit-vectors, integers) walks it by [`TermId`].
//!
//! There is no wrap-around anywhere: the range of every term is computed when it is built, and a range that would
//! leave ±2^60 marks the graph as overflowing (see [`Dag::overflow`]) instead of being clipped silently.

mod build;
pub mod compile;
mod dag;
pub mod eval;
pub mod lower;
pub mod program;
mod range;
mod simplify;
mod substitute;

pub(crate) use build::subject_of;
pub use build::{
    Bool, Int, Term, all, any, bool_choice, bool_var, choice_of, choose, count, current, differ, int_choice, int_var,
    ite, ite_bool, max_of, min_of, primed, sum, variable, within,
};
pub use dag::{ChoiceDecl, ChoiceId, Dag, Node, Sort, TermId, VarDecl, VarId};
pub use range::Range;
pub use substitute::Substitution;
