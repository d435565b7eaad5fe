//! States in which fast rules are at rest, as places to go on from: what happens to a cluster happens there. Each is left by
//! every rule that can fire in it, in turn, the least tried one first.

use super::run::Fired;
use crate::limits::walks::{MOST_RESTS, RESTS_OF_RUN};
use rustc_hash::FxHashSet;

/// One such state, and how it was reached.
#[derive(Clone, Debug)]
pub struct Rest {
    /// Values of all variables initially.
    pub initial: Vec<i64>,
    /// The steps to it.
    pub steps: Vec<Fired>,
    /// Values of all variables in it.
    pub state: Vec<i64>,
    /// How often runs began in it.
    pub tried: usize,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Rests {
    found: Vec<Rest>,
    known: FxHashSet<u64>,
}

impl Rests {
    /// The state to go on from next, which counts as tried once more.
    pub fn next(&mut self) -> Option<Rest> {
        // The first of those: states near to the beginning.
        let rest = self.found.iter_mut().min_by_key(|rest| rest.tried)?;
        rest.tried += 1;
        Some(rest.clone())
    }

    /// Whether a run that has found so many would note another one.
    pub fn wants(&self, key: u64, of_run: usize) -> bool {
        of_run < RESTS_OF_RUN && self.found.len() < MOST_RESTS && !self.known.contains(&key)
    }

    /// Notes a state.
    pub fn add(&mut self, key: u64, rest: Rest) {
        if self.known.insert(key) {
            self.found.push(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_at_rest_have_their_turns() {
        let mut rests = Rests::default();
        assert!(rests.next().is_none());
        for key in [3, 5, 3] {
            let state = vec![key as i64];
            rests.add(key, Rest { initial: Vec::new(), steps: Vec::new(), state, tried: 0 });
        }
        let turns: Vec<(i64, usize)> =
            std::iter::from_fn(|| rests.next()).take(4).map(|rest| (rest.state[0], rest.tried)).collect();
        assert_eq!(turns, [(3, 1), (5, 1), (3, 2), (5, 2)]);
        assert!(rests.wants(7, 0) && !rests.wants(3, 0) && !rests.wants(7, RESTS_OF_RUN));
    }
}
