//! Fair loops in the graph of canonical states: strongly connected components, then a short cycle through one.
//!
//! A component has a fair loop exactly if some edge inside makes progress and every obligation is met inside: by an edge
//! that acts, or by a state in which it is not due, since a cycle may visit all of them. One that is not met may still be
//! avoided: what only waits for fast rules is owed nothing in loops that never come to rest, and a prompt obligation is late
//! only where something slow happens. So the states in which the former is enabled, and the slow edges out of states in
//! which the latter is, are left out, and the components of what remains are looked at in the same way. A cycle is found
//! greedily: from a progress edge always on to the nearest place that meets something still owed, then home.

use super::edge::Edge;
use super::model::all_bits;
use super::search::{NONE, Search};
use kubound_encodings::stop::tick;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// A cycle of edges with their sources; it starts at the state that is reached first.
pub type Cycle = Vec<(u32, Edge)>;

/// Strongly connected components with at least one edge inside.
pub struct Components {
    /// For each state the number of its component, or `NONE`.
    pub of: Vec<u32>,
    /// The states of each.
    pub members: Vec<Vec<u32>>,
}

/// Which edges between which states count.
pub type Filter<'f> = &'f dyn Fn(u32, Edge) -> bool;

/// The components of the graph of the edges that pass the filter (Tarjan, without recursion).
pub fn components(search: &Search, passes: Filter) -> Components {
    let count = search.expanded();
    let mut index = vec![NONE; count];
    let mut low = vec![0; count];
    let mut found = Components { of: vec![NONE; count], members: Vec::new() };
    let mut on_stack = vec![false; count];
    let (mut next, mut stack, mut calls) = (0, Vec::new(), Vec::<(u32, usize)>::new());
    for root in 0..count as u32 {
        if index[root as usize] != NONE {
            continue;
        }
        calls.push((root, 0));
        while let Some((state, position)) = calls.pop() {
            tick(1);
            let at = state as usize;
            if position == 0 {
                index[at] = next;
                low[at] = next;
                next += 1;
                stack.push(state);
                on_stack[at] = true;
            }
            let mut descended = false;
            for (offset, &edge) in search.edges(state).iter().enumerate().skip(position) {
                let target = edge.target as usize;
                if target >= count || !passes(state, edge) {
                    continue;
                }
                if index[target] == NONE {
                    calls.push((state, offset + 1));
                    calls.push((edge.target, 0));
                    descended = true;
                    break;
                }
                if on_stack[target] {
                    low[at] = low[at].min(index[target]);
                }
            }
            if descended {
                continue;
            }
            if let Some(&(parent, _)) = calls.last() {
                low[parent as usize] = low[parent as usize].min(low[at]);
            }
            if low[at] == index[at] {
                close(search, passes, state, &mut stack, &mut on_stack, &mut found);
            }
        }
    }
    found
}

/// Takes a finished component off the stack.
fn close(
    search: &Search,
    passes: Filter,
    root: u32,
    stack: &mut Vec<u32>,
    on_stack: &mut [bool],
    found: &mut Components,
) {
    let begin = stack.iter().rposition(|&state| state == root).unwrap_or(0);
    let members = stack.split_off(begin);
    members.iter().for_each(|&state| on_stack[state as usize] = false);
    let loops_to_itself = || search.edges(root).iter().any(|&edge| edge.target == root && passes(root, edge));
    if members.len() > 1 || loops_to_itself() {
        let number = found.members.len() as u32;
        members.iter().for_each(|&state| found.of[state as usize] = number);
        found.members.push(members);
    }
}

/// What fair loops stay away from, by state: bits of obligations that do not act in any loop through it.
struct Cuts {
    /// Prompt ones: nothing slow happens while one of them is enabled.
    late: Vec<u64>,
    /// Others, due all the time: the state is left out if one of them is enabled there.
    owed: Vec<u64>,
    words: usize,
}

impl Cuts {
    fn new(search: &Search) -> Self {
        let words = search.model.prompt.len();
        let none = vec![0; search.expanded() * words];
        Self { late: none.clone(), owed: none, words }
    }

    fn meets(&self, search: &Search, bits: &[u64], state: u32) -> bool {
        let own = &bits[state as usize * self.words..][..self.words];
        own.iter().zip(search.live(state)).any(|(own, live)| own & live != 0)
    }

    fn allow(&self, search: &Search, state: u32, edge: Edge) -> bool {
        let is_owed = |state: u32| self.meets(search, &self.owed, state);
        let is_late = || search.model.is_slow(edge.rule()) && self.meets(search, &self.late, state);
        !is_owed(state) && (edge.target as usize) < search.expanded() && !is_owed(edge.target) && !is_late()
    }

    /// Notes what is left for the states of a component.
    fn add(&mut self, members: &[u32], left: &Left) {
        for &state in members {
            let range = state as usize * self.words..(state as usize + 1) * self.words;
            self.late[range.clone()].iter_mut().zip(left.late()).for_each(|(own, bits)| *own |= bits);
            self.owed[range].iter_mut().zip(left.owed()).for_each(|(own, bits)| *own |= bits);
        }
    }
}

/// Components with a fair loop, and what loops in them stay away from.
pub struct FairComponents {
    components: Components,
    cuts: Cuts,
}

/// The components in which some fair loop takes a wanted edge: every walk through all of one is fair.
pub fn fair_components(search: &Search, passes: Filter, wanted: Filter) -> FairComponents {
    let mut cuts = Cuts::new(search);
    loop {
        let inside = |state: u32, edge: Edge| passes(state, edge) && cuts.allow(search, state, edge);
        let found = components(search, &inside);
        let mut more: Vec<(usize, Left)> = Vec::new();
        let mut fair = Components { of: vec![NONE; search.expanded()], members: Vec::new() };
        for number in 0..found.members.len() {
            if !found.inside(search, &inside, number).any(|(state, edge)| wanted(state, edge)) {
                continue;
            }
            let left = found.left(search, &inside, number);
            if left.is_empty() {
                let members = &found.members[number];
                members.iter().for_each(|&state| fair.of[state as usize] = fair.members.len() as u32);
                fair.members.push(members.clone());
            } else {
                more.push((number, left));
            }
        }
        if more.is_empty() {
            return FairComponents { components: fair, cuts };
        }
        more.iter().for_each(|(number, left)| cuts.add(&found.members[*number], left));
    }
}

impl FairComponents {
    /// The states of each.
    pub fn members(&self) -> &[Vec<u32>] {
        &self.components.members
    }

    /// Short fair cycles through a component, the shortest runs first.
    pub fn cycles(&self, search: &Search, passes: Filter, number: usize) -> Vec<Cycle> {
        let inside = |state: u32, edge: Edge| passes(state, edge) && self.cuts.allow(search, state, edge);
        self.components.cycles(search, &inside, number)
    }
}

impl Components {
    /// The edges inside a component.
    pub fn inside<'a>(
        &'a self,
        search: &'a Search,
        passes: Filter<'a>,
        number: usize,
    ) -> impl Iterator<Item = (u32, Edge)> + 'a {
        self.members[number].iter().flat_map(move |&state| {
            search.edges(state).iter().map(move |&edge| (state, edge)).filter(move |&(state, edge)| {
                self.of.get(edge.target as usize) == Some(&(number as u32)) && passes(state, edge)
            })
        })
    }

    /// What is owed inside, if a walk goes everywhere.
    fn left(&self, search: &Search, passes: Filter, number: usize) -> Left {
        let mut left = Left::new(search);
        for &state in &self.members[number] {
            left.visit(search, state);
        }
        for (state, edge) in self.inside(search, passes, number) {
            left.take(search, state, edge);
        }
        left
    }

    fn cycles(&self, search: &Search, passes: Filter, number: usize) -> Vec<Cycle> {
        let mut begins: Vec<(u32, Edge)> =
            self.inside(search, passes, number).filter(|(_, edge)| edge.progress()).collect();
        begins.sort_by_key(|&(state, _)| (search.depth(state), state));
        begins.truncate((2_000_000 / self.members[number].len()).clamp(1, 24));
        let mut cycles: Vec<Cycle> =
            begins.into_iter().filter_map(|begin| self.cycle(search, passes, number, begin)).collect();
        for cycle in &mut cycles {
            let first = (0..cycle.len()).min_by_key(|&index| search.depth(cycle[index].0)).unwrap_or(0);
            cycle.rotate_left(first);
        }
        cycles.sort_by_key(|cycle| cycle.len() + search.depth(cycle[0].0) as usize);
        cycles
    }

    fn cycle(&self, search: &Search, passes: Filter, number: usize, begin: (u32, Edge)) -> Option<Cycle> {
        let home = begin.0;
        let mut left = Left::new(search);
        let mut cycle = vec![begin];
        left.visit(search, home);
        left.take(search, home, begin.1);
        left.visit(search, begin.1.target);
        loop {
            let here = cycle.last()?.1.target;
            let path = if left.is_empty() {
                if here == home {
                    return Some(cycle);
                }
                self.nearest(search, passes, number, here, &|edge| edge.target == home)?
            } else {
                self.nearest(search, passes, number, here, &|edge| left.would_shrink(search, edge))?
            };
            for &(state, edge) in &path {
                left.take(search, state, edge);
                left.visit(search, edge.target);
            }
            cycle.extend(path);
        }
    }

    /// A shortest path inside a component that ends with an edge of a kind.
    fn nearest(
        &self,
        search: &Search,
        passes: Filter,
        number: usize,
        from: u32,
        wanted: &dyn Fn(Edge) -> bool,
    ) -> Option<Cycle> {
        let mut reached: FxHashMap<u32, (u32, Edge)> = FxHashMap::default();
        let mut queue = VecDeque::from([from]);
        while let Some(state) = queue.pop_front() {
            for &edge in search.edges(state) {
                if self.of.get(edge.target as usize) != Some(&(number as u32)) || !passes(state, edge) {
                    continue;
                }
                if wanted(edge) {
                    let mut path = vec![(state, edge)];
                    let mut at = state;
                    while at != from {
                        let previous = reached[&at];
                        path.push(previous);
                        at = previous.0;
                    }
                    path.reverse();
                    return Some(path);
                }
                if edge.target != from && !reached.contains_key(&edge.target) {
                    reached.insert(edge.target, (state, edge));
                    queue.push_back(edge.target);
                }
            }
        }
        None
    }
}

/// What is still owed after a walk, as bits of obligations.
struct Left {
    /// Those that neither acted nor were less than due somewhere.
    unmet: Vec<u64>,
    /// Those that were enabled somewhere.
    live: Vec<u64>,
    /// Prompt ones that were late somewhere.
    late: Vec<u64>,
    /// Those that acted.
    acted: Vec<u64>,
}

impl Left {
    fn new(search: &Search) -> Self {
        let unmet = all_bits(search.model.obligations);
        let none = vec![0; unmet.len()];
        Self { unmet, live: none.clone(), late: none.clone(), acted: none }
    }

    /// Those that were due all the time, enabled somewhere, and did not act.
    fn owed(&self) -> impl Iterator<Item = u64> + '_ {
        self.unmet.iter().zip(&self.live).map(|(unmet, live)| unmet & live)
    }

    /// Those that were late and did not act.
    fn late(&self) -> impl Iterator<Item = u64> + '_ {
        self.late.iter().zip(&self.acted).map(|(late, acted)| late & !acted)
    }

    fn is_empty(&self) -> bool {
        self.owed().chain(self.late()).all(|word| word == 0)
    }

    fn visit(&mut self, search: &Search, state: u32) {
        self.unmet.iter_mut().zip(search.idle(state)).for_each(|(word, &idle)| *word &= !idle);
        self.live.iter_mut().zip(search.live(state)).for_each(|(word, &live)| *word |= live);
    }

    fn take(&mut self, search: &Search, state: u32, edge: Edge) {
        if search.model.is_slow(edge.rule()) {
            let late = search.live(state).iter().zip(&search.model.prompt).map(|(live, prompt)| live & prompt);
            self.late.iter_mut().zip(late).for_each(|(own, late)| *own |= late);
        }
        if let Some(obligation) = search.model.discharged_by(edge.rule()) {
            let (word, bit) = (obligation / 64, 1 << (obligation % 64));
            self.acted[word] |= bit;
            self.unmet[word] &= !bit;
        }
    }

    fn would_shrink(&self, search: &Search, edge: Edge) -> bool {
        let owed: Vec<u64> = self.owed().collect();
        let acts = |obligation: usize| {
            let late = self.late[obligation / 64] & !self.acted[obligation / 64];
            (owed[obligation / 64] | late) & (1 << (obligation % 64)) != 0
        };
        search.model.discharged_by(edge.rule()).is_some_and(acts)
            || owed.iter().zip(search.idle(edge.target)).any(|(&word, &idle)| word & idle != 0)
    }
}
