//! Fair loops in the graph of canonical states: strongly connected components, then a short cycle through one.
//!
//! A component has a fair loop exactly if some edge inside makes progress and every obligation is met inside: by an edge
//! that acts, or, under weak fairness, by a state in which it is idle, since a cycle may visit all of them. Under strong
//! fairness an obligation that never acts inside must be idle in every state of the loop: the states in which it is
//! not are cut off, and the components of what is left are looked at in the same way. A cycle is found greedily: from a
//! progress edge always on to the nearest place that meets something still owed, then home.

use super::edge::Edge;
use super::search::{NONE, Search, all_bits};
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

/// The components in which some fair loop takes a wanted edge: every walk through all of one is fair.
pub fn fair_components(search: &Search, passes: Filter, wanted: Filter) -> Components {
    let mut alive = vec![true; search.expanded()];
    loop {
        let inside = |state: u32, edge: Edge| {
            alive[state as usize] && alive.get(edge.target as usize) == Some(&true) && passes(state, edge)
        };
        let found = components(search, &inside);
        let mut cut = false;
        let mut next = vec![false; alive.len()];
        let mut fair = Components { of: vec![NONE; alive.len()], members: Vec::new() };
        for number in 0..found.members.len() {
            if !found.inside(search, &inside, number).any(|(state, edge)| wanted(state, edge)) {
                continue;
            }
            let left = found.owed(search, &inside, number);
            let members = &found.members[number];
            if left.is_empty(search) {
                members.iter().for_each(|&state| fair.of[state as usize] = fair.members.len() as u32);
                fair.members.push(members.clone());
            }
            // Fewer states and edges do not meet what is owed under weak fairness.
            if !left.has_weak(search) {
                cut |= !left.is_empty(search);
                members.iter().for_each(|&state| next[state as usize] = left.is_idle(search, state));
            }
        }
        if !cut {
            return fair;
        }
        alive = next;
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
    fn owed(&self, search: &Search, passes: Filter, number: usize) -> Left {
        let mut left = Left::new(search);
        for &state in &self.members[number] {
            left.visit(search, state);
        }
        for (_, edge) in self.inside(search, passes, number) {
            left.take(search, edge);
        }
        left
    }

    /// Short fair cycles through a fair component with a progress edge, the shortest runs first.
    pub fn cycles(&self, search: &Search, passes: Filter, number: usize) -> Vec<Cycle> {
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
        left.take(search, begin.1);
        left.visit(search, begin.1.target);
        loop {
            let here = cycle.last()?.1.target;
            let path = if left.is_empty(search) {
                if here == home {
                    return Some(cycle);
                }
                self.nearest(search, passes, number, here, &|edge| edge.target == home)?
            } else {
                self.nearest(search, passes, number, here, &|edge| left.would_shrink(search, edge))?
            };
            for &(_, edge) in &path {
                left.take(search, edge);
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

/// What the places visited so far tell about obligations, as bits.
struct Left {
    /// Those that acted.
    acted: Vec<u64>,
    /// Those that were idle in some state.
    idle: Vec<u64>,
    /// Those that were not idle in some state.
    live: Vec<u64>,
    /// Those under weak fairness.
    weak: Vec<u64>,
}

impl Left {
    fn new(search: &Search) -> Self {
        let all = all_bits(search.model.obligations);
        let none = vec![0; all.len()];
        let weak = all.iter().zip(&search.model.strong).map(|(all, strong)| all & !strong).collect();
        Self { acted: none.clone(), idle: none.clone(), live: none, weak }
    }

    /// What is still owed, of one word.
    fn word(&self, search: &Search, at: usize) -> u64 {
        let weak = self.weak[at] & !self.idle[at];
        let strong = search.model.strong[at] & self.live[at];
        (weak | strong) & !self.acted[at]
    }

    fn words<'a>(&'a self, search: &'a Search) -> impl Iterator<Item = u64> + 'a {
        (0..self.acted.len()).map(|at| self.word(search, at))
    }

    fn is_empty(&self, search: &Search) -> bool {
        self.words(search).all(|word| word == 0)
    }

    /// Whether something is owed that staying away from states cannot settle.
    fn has_weak(&self, search: &Search) -> bool {
        self.words(search).zip(&self.weak).any(|(word, weak)| word & weak != 0)
    }

    /// Whether everything owed is idle in a state.
    fn is_idle(&self, search: &Search, state: u32) -> bool {
        self.words(search).zip(search.idle(state)).all(|(word, idle)| word & !idle == 0)
    }

    fn visit(&mut self, search: &Search, state: u32) {
        for (at, &idle) in search.idle(state).iter().enumerate() {
            self.idle[at] |= idle;
            self.live[at] |= !idle;
        }
    }

    fn take(&mut self, search: &Search, edge: Edge) {
        if let Some(obligation) = search.model.discharged_by(edge.rule()) {
            self.acted[obligation / 64] |= 1 << (obligation % 64);
        }
    }

    fn would_shrink(&self, search: &Search, edge: Edge) -> bool {
        let acts = search
            .model
            .discharged_by(edge.rule())
            .is_some_and(|obligation| self.word(search, obligation / 64) & (1 << (obligation % 64)) != 0);
        let idle = search.idle(edge.target);
        acts || (0..idle.len()).any(|at| self.word(search, at) & self.weak[at] & idle[at] != 0)
    }
}
