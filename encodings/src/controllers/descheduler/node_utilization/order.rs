//! Which evictions some order of nodes and pods leads to.
//!
//! A node gives pods until it has given what it had to (LowNodeUtilization: it is above no target; or its limit is
//! reached, or no pod is left), or until the room has gone. So either there is room left in the end, and every node gave
//! what it had to; or the node that gave last took the rest of the room with its last pod, those before it in the order
//! gave what they had to, and those behind it gave nothing.

use super::super::asked::rank;
use super::amounts::Amounts;
use super::{Candidate, Plan};
use crate::term::{Bool, Int, all, any, ite, sum};

/// The candidates of a pass.
pub(super) struct Order<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) amounts: &'a Amounts,
    pub(super) candidates: &'a [Candidate],
    /// Before the pass, by resource.
    pub(super) room: &'a [Int],
}

/// What a slot gives: its candidates with how many go of each.
type Given<'a> = Vec<(&'a Candidate, Int)>;

impl Order<'_> {
    /// The most that can go of each candidate: as if it were the only one.
    pub(super) fn most(&self) -> Vec<Int> {
        let is_room = all(self.room.iter().map(|room| room.above(0)));
        let limit = self.plan.args.most_per_node;
        let most = self.candidates.iter().map(|one| {
            let mut most = one.pods;
            if !self.plan.fills {
                most = most.min(self.amounts.needed(one.slot, one.group, one.pods));
            }
            for (&room, request) in self.room.iter().zip(self.amounts.requests(one.group)) {
                if request > 0 {
                    most = most.min(room.max(0).ceil_div(request));
                }
            }
            ite(is_room, limit.map_or(most, |limit| most.min(limit)), 0)
        });
        most.collect()
    }

    /// Whether there is room for all of that and more.
    pub(super) fn suffices(&self, most: &[Int]) -> Bool {
        let numbers: Vec<(usize, Int)> =
            self.candidates.iter().zip(most).map(|(one, &number)| (one.group, number)).collect();
        all(self.left(&numbers).into_iter().map(|room| room.above(0)))
    }

    /// The room that is left when so many pods of some groups have gone.
    fn left(&self, gone: &[(usize, Int)]) -> Vec<Int> {
        let taken = |index: usize| {
            let requests =
                gone.iter().map(|&(group, pods)| pods * self.amounts.requests(group).nth(index).unwrap_or(0));
            sum(requests.collect::<Vec<_>>())
        };
        self.room.iter().enumerate().map(|(index, &room)| room - taken(index)).collect()
    }

    /// Whether some order leads to these numbers, by candidate.
    pub(super) fn is_reachable(&self, numbers: &[Int]) -> Bool {
        let slots = 0..self.plan.model.slots.len();
        let given: Vec<Given> = slots
            .map(|slot| {
                let pairs = self.candidates.iter().zip(numbers.iter().copied());
                pairs.filter(|(one, _)| one.slot == slot).collect()
            })
            .collect();
        let gone: Vec<(usize, Int)> =
            self.candidates.iter().zip(numbers).map(|(one, &number)| (one.group, number)).collect();
        let left = self.left(&gone);
        let has_room = all(left.iter().map(|room| room.above(0)));
        let gives: Vec<usize> = (0..given.len()).filter(|&slot| !given[slot].is_empty()).collect();
        let weights: Vec<Int> = (0..given.len()).map(|slot| self.amounts.weight(self.plan, slot)).collect();
        let done: Vec<Bool> = (0..given.len()).map(|slot| self.is_done(slot, &given[slot])).collect();
        let total = |slot: usize| sum(given[slot].iter().map(|&(_, number)| number));
        let is_last = |last: usize| {
            let others = gives.iter().filter(|&&slot| slot != last).map(|&slot| {
                let (heavier, lighter) = (weights[slot].at_least(weights[last]), weights[slot].at_most(weights[last]));
                let (before, behind) = if self.plan.fills { (lighter, heavier) } else { (heavier, lighter) };
                let gave = total(slot).above(0);
                (gave & done[slot] & before) | (!gave & (behind | done[slot]))
            });
            all(others.collect::<Vec<_>>()) & self.ends_with(last, &given[last], Some(&left))
        };
        let each_is_sound = gives.iter().map(|&slot| {
            let ends = total(slot).is(0) | self.ends_with(slot, &given[slot], None);
            ends & self.respects_ranks(&given[slot])
        });
        let all_done = all(gives.iter().map(|&slot| done[slot]));
        let ends = any(gives.iter().map(|&slot| is_last(slot)).collect::<Vec<_>>());
        all(each_is_sound.collect::<Vec<_>>()) & ((has_room & all_done) | (!has_room & ends))
    }

    /// Whether a slot has given what it had to.
    fn is_done(&self, slot: usize, given: &Given) -> Bool {
        let all_gone = all(given.iter().map(|(one, number)| number.is(one.pods)));
        let total = sum(given.iter().map(|&(_, number)| number));
        let limited = self.plan.args.most_per_node.map_or(false.into(), |limit| total.at_least(limit));
        let gone: Vec<(usize, Int)> = given.iter().map(|&(one, number)| (one.group, number)).collect();
        let enough = if self.plan.fills { false.into() } else { !self.amounts.is_above_without(slot, &gone) };
        any([all_gone, limited, enough])
    }

    /// Whether the last pod of a slot still had to go: one of the latest rank; without it the slot is above a target,
    /// there was room left, and no limit was reached.
    fn ends_with(&self, slot: usize, given: &Given, left: Option<&[Int]>) -> Bool {
        let limit = self.plan.args.most_per_node;
        let total = sum(given.iter().map(|&(_, number)| number));
        let within = limit.map_or(true.into(), |limit| total.at_most(limit));
        let ends = given.iter().map(|&(last, number)| {
            let later = given.iter().filter(|(one, _)| self.rank(one) > self.rank(last));
            let is_latest = all(later.map(|(_, number)| number.is(0)).collect::<Vec<_>>());
            let but_one = |&(one, number): &(&Candidate, Int)| {
                let is_last = std::ptr::eq(one, last);
                (one.group, if is_last { number - 1 } else { number })
            };
            let gone: Vec<(usize, Int)> = given.iter().map(but_one).collect();
            let had_to = if self.plan.fills { true.into() } else { self.amounts.is_above_without(slot, &gone) };
            let had_room = left.map_or(true.into(), |left| {
                let requests = left.iter().zip(self.amounts.requests(last.group));
                all(requests.map(|(&room, request)| (room + request).above(0)).collect::<Vec<_>>())
            });
            all([number.above(0), is_latest, had_to, had_room])
        });
        within & any(ends.collect::<Vec<_>>())
    }

    /// Pods of a later rank go only when those of the earlier ones have gone.
    fn respects_ranks(&self, given: &Given) -> Bool {
        let pairs = given.iter().flat_map(|first| given.iter().map(move |second| (first, second)));
        let ordered = pairs
            .filter(|(first, second)| self.rank(first.0) < self.rank(second.0))
            .map(|((first, number), (_, later))| later.is(0) | number.is(first.pods));
        all(ordered.collect::<Vec<_>>())
    }

    fn rank(&self, one: &Candidate) -> (i64, crate::cluster::pod::QosClass) {
        rank(self.plan.model, one.group)
    }
}
