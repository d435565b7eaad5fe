//! Kubound: a symbolic bounded model checker for the controllers of a Kubernetes cluster.
//!
//! Data flow: [`manifest`] turns text into a [`kubound_encodings::cluster::Cluster`]; `assemble` (in the encodings
//! crate) turns that into a transition system; [`passes`] shrink it; [`engines`] decide its properties, the symbolic
//! ones through [`smt`]; [`search`] picks engines and sizes, [`trace`] replays what they found on the unreduced system;
//! [`report`] shows it; [`cli`] is the command line around all of it.

pub mod cases;
pub mod cli;
pub mod conform;
pub mod explain;
pub mod export;
pub mod manifest;
pub mod memory;
pub mod repair;
pub mod report;
pub mod reproduce;
pub mod search;
pub mod shards;
pub mod snapshot;
pub mod text;
pub mod vary;

pub use kubound_encodings::plural;
#[cfg(test)]
use kubound_engines::testing;
pub use kubound_engines::{engines, limits, passes, smt, trace};
