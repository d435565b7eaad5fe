//! Looking for a run of the model that performs recorded actions in their order.
//!
//! A search node is a state of the model, how many actions of each class have been performed, and which node slot each
//! recorded node stands for. Going from one recorded instant to the next, all nodes that a run can reach are explored,
//! those with the fewest mismatches first: a recorded action passed over, or an action of the model that was not
//! recorded. Steps that no event reports cost nothing, nor do evictions of pods that have ended by themselves, which
//! the model forgets. At each instant only the best nodes are kept, so the run found
//! need not be the best one: the rate is a lower bound.

mod matching;

use super::actions::{Class, Deed, Recording};
use super::labels::{Label, Names, Recorder};
use crate::engines::EngineError;
use crate::engines::explicit::stepper::{Move, Stepper};
use kubound_encodings::state::words;
use kubound_encodings::system::Role;
use matching::Matched;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How far a search may go.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most search nodes that are expanded between two recorded instants.
    pub states: usize,
    /// Most search nodes that are kept at a recorded instant.
    pub kept: usize,
    /// Most initial states.
    pub initial: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { states: 5_000, kept: 500, initial: 10_000 }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The model is faulty.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The cluster is too large to be enumerated.
    #[error("{0}")]
    TooLarge(String),
}

/// One thing that the run found does, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Deal {
    /// A step of the model, with the recorded actions it performs and the labels that were not recorded.
    Step {
        /// The step.
        step: Move,
        /// Indices of recorded actions.
        performs: Vec<usize>,
        /// Actions of the model that were not recorded, with how often.
        unrecorded: Vec<(Label, i64)>,
    },
    /// A recorded action that is passed over, by index.
    Skip(usize),
    /// A recorded eviction of a pod that has ended by itself, by index.
    Ended(usize),
}

/// The best run found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it starts.
    pub initial: Vec<i64>,
    /// What it does.
    pub deals: Vec<Deal>,
    /// The slot that each recorded node stands for.
    pub binding: Vec<Option<usize>>,
    /// Whether the search met a limit.
    pub limited: bool,
}

/// Everything that tells search nodes apart.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    state: Vec<i64>,
    progress: Vec<u16>,
    binding: Vec<Option<usize>>,
    /// By [`Search::evictions`]: pods that have ended by themselves where such an eviction may find them.
    ended: Vec<u16>,
}

struct Node {
    place: Place,
    cost: u32,
    parent: Option<usize>,
    via: Option<Deal>,
}

/// Search nodes by cost; of one cost those first that have performed most, and among those the older ones.
#[derive(Default)]
struct Queues {
    by_cost: Vec<BinaryHeap<(usize, Reverse<usize>)>>,
    seen: FxHashMap<Place, u32>,
}

pub(super) struct Search<'a> {
    recording: &'a Recording,
    stepper: Stepper,
    recorders: Vec<Option<Recorder>>,
    /// By class its actions, by latest time.
    by_class: Vec<Vec<usize>>,
    /// Classes of evictions of pods that end by themselves.
    evictions: Vec<usize>,
    nodes: Vec<Node>,
    /// By variable, if it says how often an event may still happen: how often at first. That does not tell nodes apart, but
    /// whether an event has happened that others come `after`.
    budgets: Vec<Option<i64>>,
    bounds: Bounds,
    limited: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(stepper: Stepper, names: &Names, recording: &'a Recording, bounds: Bounds) -> Self {
        let recorders = stepper.system().rules.iter().map(|rule| names.recorder(rule)).collect();
        let mut by_class = vec![Vec::new(); recording.classes.len()];
        for (index, action) in recording.actions.iter().enumerate() {
            by_class[action.class].push(index);
        }
        let is_eviction = |class: &Class| {
            class.deed == Deed::TaintEvicted
                && class.workload.is_some_and(|workload| recording.ending.contains(&workload))
        };
        let evictions = (0..by_class.len()).filter(|&class| is_eviction(&recording.classes[class])).collect();
        let system = stepper.system();
        let budgets = system.vars.iter().zip(system.dag.vars()).map(|(var, decl)| {
            let is_budget = var.role == Role::Budget && decl.subject.aspect.word == words::LEFT;
            let is_awaited = || decl.subject.object.is_some_and(|event| names.is_awaited(event));
            is_budget.then(|| if is_awaited() { decl.sort.range().hi } else { i64::MAX })
        });
        let budgets = budgets.collect();
        Self { recording, stepper, recorders, by_class, evictions, nodes: Vec::new(), budgets, bounds, limited: false }
    }

    pub(super) fn recorders(&self) -> &[Option<Recorder>] {
        &self.recorders
    }

    /// The best run found. Recorded nodes named like slots are those.
    pub(super) fn run(&mut self, slots: &[String]) -> Result<Found, SearchError> {
        let most = self.bounds.initial;
        let too_many = || SearchError::TooLarge(format!("more than {most} initial states; narrow the ranges"));
        let binding: Vec<Option<usize>> =
            self.recording.nodes.iter().map(|node| slots.iter().position(|slot| slot == node)).collect();
        for state in self.stepper.initial(most).ok_or_else(too_many)? {
            let (progress, ended) = (vec![0; self.by_class.len()], vec![0; self.evictions.len()]);
            let place = Place { state, progress, binding: binding.clone(), ended };
            self.nodes.push(Node { place, cost: 0, parent: None, via: None });
        }
        if self.nodes.is_empty() {
            return Err(SearchError::TooLarge("no initial state satisfies the assumptions".into()));
        }
        let mut frontier: Vec<usize> = (0..self.nodes.len()).collect();
        let mut instants: Vec<i64> = self.recording.actions.iter().map(|action| action.latest).collect();
        instants.dedup();
        for instant in instants {
            frontier = self.advance(frontier, instant)?;
        }
        let best = frontier.into_iter().min_by_key(|&node| self.nodes[node].cost).expect("never empty");
        Ok(self.unwind(best))
    }

    fn unwind(&self, last: usize) -> Found {
        let mut deals = Vec::new();
        let mut at = last;
        while let Some(parent) = self.nodes[at].parent {
            deals.extend(self.nodes[at].via.clone());
            at = parent;
        }
        deals.reverse();
        let (initial, binding) = (self.nodes[at].place.state.clone(), self.nodes[last].place.binding.clone());
        Found { initial, deals, binding, limited: self.limited }
    }

    /// From the nodes kept at one instant to those at the next, where every action up to it is performed or skipped.
    fn advance(&mut self, frontier: Vec<usize>, instant: i64) -> Result<Vec<usize>, SearchError> {
        let count = |actions: &[usize], within: &dyn Fn(usize) -> bool| {
            actions.iter().filter(|&&action| within(action)).count() as u16
        };
        let actions = &self.recording.actions;
        let due: Vec<u16> =
            self.by_class.iter().map(|list| count(list, &|action| actions[action].latest <= instant)).collect();
        let open: Vec<u16> =
            self.by_class.iter().map(|list| count(list, &|action| actions[action].earliest <= instant)).collect();
        let mut queues = Queues::default();
        for node in frontier {
            self.enqueue(node, &mut queues);
        }
        let mut reached: Vec<usize> = Vec::new();
        let (mut cost, mut expanded) = (0, 0);
        while cost < queues.by_cost.len() {
            let Some((_, Reverse(node))) = queues.by_cost[cost].pop() else {
                if !reached.is_empty() {
                    break;
                }
                (cost, expanded) = (cost + 1, 0);
                continue;
            };
            if self.nodes[node].place.progress.iter().zip(&due).all(|(done, due)| done >= due) {
                reached.push(node);
                if reached.len() >= self.bounds.kept {
                    self.limited |= !queues.by_cost[cost].is_empty();
                    break;
                }
                continue;
            }
            expanded += 1;
            if expanded > self.bounds.states {
                // Enough of this cost: what is left of it may still pass over actions, but takes no further steps.
                self.limited = true;
                self.skips(node, &due, &mut queues);
                continue;
            }
            self.steps(node, &open, instant, &mut queues)?;
            self.skips(node, &due, &mut queues);
        }
        Ok(reached)
    }

    /// Queues a node unless its place is known at this cost or less.
    fn enqueue(&mut self, node: usize, queues: &mut Queues) -> bool {
        let cost = self.nodes[node].cost;
        let mut key = self.nodes[node].place.clone();
        for (value, most) in key.state.iter_mut().zip(&self.budgets) {
            if let Some(most) = most {
                *value = i64::from(*value >= *most);
            }
        }
        if queues.seen.get(&key).is_some_and(|&known| known <= cost) {
            return false;
        }
        let performed = key.progress.iter().map(|&done| usize::from(done)).sum();
        queues.seen.insert(key, cost);
        if queues.by_cost.len() <= cost as usize {
            queues.by_cost.resize_with(cost as usize + 1, BinaryHeap::new);
        }
        queues.by_cost[cost as usize].push((performed, Reverse(node)));
        true
    }

    /// Passes over the first due action of each class.
    fn skips(&mut self, node: usize, due: &[u16], queues: &mut Queues) {
        for (class, &due) in due.iter().enumerate() {
            let done = self.nodes[node].place.progress[class];
            if done >= due {
                continue;
            }
            let mut place = self.nodes[node].place.clone();
            place.progress[class] += 1;
            let action = self.by_class[class][usize::from(done)];
            let eviction = self.evictions.iter().position(|&one| one == class);
            let (deal, cost) = match eviction.map(|at| &mut place.ended[at]) {
                Some(ended) if *ended > 0 => {
                    *ended -= 1;
                    (Deal::Ended(action), 0)
                }
                _ => (Deal::Skip(action), 1),
            };
            let (via, cost) = (Some(deal), self.nodes[node].cost + cost);
            self.nodes.push(Node { place, cost, parent: Some(node), via });
            self.enqueue(self.nodes.len() - 1, queues);
        }
    }

    fn steps(&mut self, node: usize, open: &[u16], instant: i64, queues: &mut Queues) -> Result<(), SearchError> {
        let before = self.nodes[node].place.state.clone();
        for step in self.stepper.moves(&before)? {
            let mut labels = match &self.recorders[step.rule] {
                Some(recorder) => recorder.labels(self.stepper.system(), &before, &step),
                None => Vec::new(),
            };
            let ended = self.ended_after(&self.nodes[node].place, &labels);
            labels.retain(|(label, _)| label.deed != Deed::Ended);
            for matched in self.matchings(&self.nodes[node].place, &labels, open, instant) {
                let Matched { progress, binding, performs, unrecorded, cost } = matched;
                let place = Place { state: step.state.clone(), progress, binding, ended: ended.clone() };
                let cost = self.nodes[node].cost + cost;
                let via = Some(Deal::Step { step: step.clone(), performs, unrecorded });
                self.nodes.push(Node { place, cost, parent: Some(node), via });
                if !self.enqueue(self.nodes.len() - 1, queues) {
                    self.nodes.pop();
                }
            }
        }
        Ok(())
    }

    /// Pods that evictions may find ended after a step with these labels.
    fn ended_after(&self, place: &Place, labels: &[(Label, i64)]) -> Vec<u16> {
        let mut ended = place.ended.clone();
        for (label, times) in labels.iter().filter(|(label, _)| label.deed == Deed::Ended) {
            for (count, &class) in ended.iter_mut().zip(&self.evictions) {
                let kind = &self.recording.classes[class];
                let is_there = kind.node.is_none_or(|node| place.binding[node] == label.slot);
                if kind.workload == label.workload && is_there {
                    // No more than are evicted ever matter.
                    let most = self.by_class[class].len() as u16;
                    *count = count.saturating_add(u16::try_from(*times).unwrap_or(most)).min(most);
                }
            }
        }
        ended
    }
}
