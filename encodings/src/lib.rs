//! What a cluster can do: the term IR, transition systems, and the Kubernetes controllers, events and intents as
//! symbolic rules. No YAML, no solver, no files, no threads.
//!
//! * [`term`]: booleans and bounded integers, hash-consed, with their concrete evaluator.
//! * [`subject`]: whom and what a variable or a rule is about, and their names.
//! * [`system`]: variables, rules, fairness, properties: what every engine works on.
//! * [`stop`]: giving up in the middle of long work on terms.
//! * [`plural`]: numbers of things in words.
//! * [`cluster`]: the input in Kubernetes' words, as plain data. Its parser is in the `kubound` package, because
//!   this crate reads no text.

pub mod assemble;
pub mod cluster;
pub mod controllers;
pub mod events;
pub mod explanation;
pub mod faults;
pub mod footprint;
pub mod intents;
pub mod kinds;
pub mod limits;
pub mod needs;
pub mod plural;
pub mod scene;
pub mod state;
pub mod stop;
pub mod subject;
pub mod system;
pub mod term;
