//! Initial states that differ: the first one of all, then some with random values.

use crate::engines::explicit::initial::{Starts, Stopped};
use crate::limits::walks::START_TRIES;
use crate::passes::relevant;
use fastrand::Rng;
use kubound_encodings::system::{Initial, TransitionSystem};

/// At most so many initial states, all different.
pub fn starts(system: &TransitionSystem, property: usize, most: usize) -> Vec<Vec<i64>> {
    let kept = relevant(system, property);
    let is_free = |index: &usize| system.vars[*index].initial == Initial::Free;
    let free: Vec<usize> = (0..system.vars.len()).filter(is_free).collect();
    let constrained: Vec<bool> = {
        let terms = system.constraints.iter().map(|constraint| kubound_encodings::term::Term::id(constraint.holds));
        let mut read = vec![false; system.vars.len()];
        system.dag.support(terms).iter().for_each(|var| read[var.index()] = true);
        read
    };
    let mut random = Rng::with_seed(0);
    let mut found: Vec<Vec<i64>> = Vec::new();
    let rounds = if free.is_empty() { 1 } else { 2 * most };
    for round in 0..rounds {
        let mut wished: Vec<usize> = free.clone();
        random.shuffle(&mut wished);
        // Values that no condition reads never get in the way of others; of the rest only a few are wished for.
        let (mut few, any): (Vec<usize>, Vec<usize>) = wished.into_iter().partition(|&index| constrained[index]);
        few.truncate(if round == 0 { 0 } else { 4 });
        loop {
            let mut given = vec![None; system.vars.len()];
            let any = any.iter().filter(|_| round > 0);
            for &index in few.iter().chain(any) {
                let range = system.dag.vars()[index].sort.range();
                given[index] = Some(random.i64(range.lo..=range.hi));
            }
            let mut state = None;
            let ended = Starts::new(system, START_TRIES).each(&kept, &given, &mut |values| {
                state = Some(values.to_vec());
                false
            });
            if let (Err(Stopped::Enough), Some(state)) = (ended, state) {
                if !found.contains(&state) {
                    found.push(state);
                }
                break;
            }
            // Wishes that do not go together are dropped, one by one.
            if few.pop().is_none() {
                break;
            }
        }
        if found.len() == most {
            break;
        }
    }
    found
}
