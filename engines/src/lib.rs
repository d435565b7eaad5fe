//! How a property of a transition system is decided within limits, and how what was found is replayed. Nothing here
//! knows Kubernetes: systems come from `kubound-encodings`, and who asks is in the `kubound` package.
//!
//! * [`passes`]: smaller systems with the same answers.
//! * [`engines`]: explicit search, lasso, proofs, walks.
//! * [`smt`]: terms as clauses, bit-vectors or integers, for Z3 and CaDiCaL.
//! * [`trace`]: runs, replayed step by step on the unreduced system.
//! * [`limits`]: how far a search may go and when it has to stop; the table of all limits.

pub mod engines;
pub mod limits;
pub mod passes;
pub mod smt;
pub mod testing;
pub mod trace;
