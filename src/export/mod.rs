//! Questions as text for other tools: the unrolled query as SMT-LIB 2, the transition system as BTOR2; and the rules of
//! a system as text for people.
//!
//! All are pure functions and know nothing of files. The former share the way numbers become bit-vectors ([`bits`]): each as
//! wide as its range needs, two's complement where the range has negative values.

pub mod bits;
pub mod btor2;
pub mod rules;
pub mod smt2;
