//! Whether fast rules always come to rest: a by-product of a search to the fixpoint, so that the question whether time
//! can be stopped costs next to nothing where it cannot.
//!
//! In the systems for which this is asked nothing but fast rules can fire while one of them can. An infinite run of fast
//! rules passes some state twice, since states are finite; so if their steps form no cycle, there is no such run. The
//! converse is not claimed: a cycle may be unfair. Canonical states are enough: a cycle of states is one of canonical ones.
//!
//! With stubborn sets, some steps are left out. Let a run do the steps `p` and then fast ones, `f`, forever, and let a set
//! be fired in its first state. Some member of it is the first one in `p`: it can be moved to the front, and `p` gets
//! shorter. Or none is in `p`, but one is in `f`: it can be moved to the front too. Or none is in either: any member can
//! be put in front, above all one that leads to a new state. In each case the search has the step, and behind it a run of
//! the same kind. If `p` never becomes empty, the search has an infinite path of states with reduced sets, because a state
//! in which every rule is fired shortens `p`. If `p` does become empty, the rest of the path consists of fast rules, since
//! nothing else can fire. So there is such a run only if the steps of reduced states, whatever they fire, and the fast
//! steps of all others form a cycle.

use kubound_encodings::stop::tick;
use kubound_encodings::system::{Pace, TransitionSystem};

/// The steps that matter.
pub struct Rest {
    /// For each rule whether it is fast.
    fast: Vec<bool>,
    targets: Vec<u32>,
    starts: Vec<usize>,
}

impl Rest {
    /// No steps yet.
    pub fn new(system: &TransitionSystem) -> Self {
        let fast = system.rules.iter().map(|rule| rule.pace == Pace::Fast).collect();
        Self { fast, targets: Vec::new(), starts: vec![0] }
    }

    /// A step from the state that is looked at, in which every rule is fired.
    pub fn step(&mut self, rule: usize, target: u32) {
        if self.fast[rule] {
            self.targets.push(target);
        }
    }

    /// All steps from the state that is looked at, in which only some rules are fired.
    pub fn of_reduced(&mut self, targets: &[u32]) {
        self.targets.extend(targets);
    }

    /// The state has been looked at.
    pub fn close(&mut self) {
        self.starts.push(self.targets.len());
    }

    fn from(&self, state: usize) -> &[u32] {
        &self.targets[self.starts[state]..self.starts[state + 1]]
    }

    /// Whether the steps between the first `count` states form no cycle: states without steps into them are taken away
    /// until none is left.
    pub fn always_comes(&self, count: usize) -> bool {
        let mut into = vec![0u32; count];
        self.targets.iter().for_each(|&target| into[target as usize] += 1);
        let mut free: Vec<usize> = (0..count).filter(|&state| into[state] == 0).collect();
        let mut taken = 0;
        while let Some(state) = free.pop() {
            tick(1);
            taken += 1;
            for &target in self.from(state) {
                into[target as usize] -= 1;
                if into[target as usize] == 0 {
                    free.push(target as usize);
                }
            }
        }
        taken == count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(steps: &[&[u32]]) -> Rest {
        let mut rest = Rest { fast: vec![true, false], targets: Vec::new(), starts: vec![0] };
        for targets in steps {
            targets.iter().for_each(|&target| rest.step(0, target));
            rest.step(1, 0);
            rest.close();
        }
        rest
    }

    #[test]
    fn only_cycles_of_fast_steps_count() {
        assert!(rest(&[&[1, 2], &[2], &[]]).always_comes(3));
        assert!(!rest(&[&[1], &[2], &[1]]).always_comes(3));
        assert!(!rest(&[&[], &[1]]).always_comes(2));
        assert!(rest(&[]).always_comes(0));
    }

    #[test]
    fn every_step_of_a_reduced_state_counts() {
        let mut rest = rest(&[&[1]]);
        rest.of_reduced(&[0]);
        rest.close();
        assert!(!rest.always_comes(2));
    }
}
