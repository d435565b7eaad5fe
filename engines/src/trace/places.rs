//! States of one system in the order of the variables of another one of the same cluster.

use kubound_encodings::system::TransitionSystem;
use rustc_hash::FxHashMap;

/// Where the variables of a system are among those of another one, if it has all of them.
pub fn places(from: &TransitionSystem, to: &TransitionSystem) -> Option<Vec<usize>> {
    let names = from.dag.vars().iter().enumerate().map(|(place, var)| (var.name.as_str(), place));
    let places: FxHashMap<&str, usize> = names.collect();
    to.dag.vars().iter().map(|var| places.get(var.name.as_str()).copied()).collect()
}
