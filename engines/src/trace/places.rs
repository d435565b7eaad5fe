//! States of one system in the order of the variables of another one of the same cluster.

use super::Trace;
use kubound_encodings::system::TransitionSystem;
use rustc_hash::FxHashMap;

/// Where the variables of a system are among those of the one that a run is of.
pub struct Places(Vec<usize>);

impl Places {
    /// In runs of `from`, if it has all variables of `to`.
    pub fn of(from: &TransitionSystem, to: &TransitionSystem) -> Option<Self> {
        let names = from.dag.vars().iter().enumerate().map(|(place, var)| (var.name.as_str(), place));
        let places: FxHashMap<&str, usize> = names.collect();
        to.dag.vars().iter().map(|var| places.get(var.name.as_str()).copied()).collect::<Option<_>>().map(Self)
    }

    /// A state of a run; 0 is the one before the first step.
    pub fn state(&self, trace: &Trace, index: usize) -> Vec<i64> {
        let state = trace.state(index);
        self.0.iter().map(|&place| state[place]).collect()
    }
}
