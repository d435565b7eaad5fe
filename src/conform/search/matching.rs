//! Which recorded actions the labels of a step perform.

use super::super::actions::{Class, Deed};
use super::super::labels::Label;
use super::{Place, Search};
use rustc_hash::FxHashSet;

/// One way to match the labels of a step.
pub(super) struct Matched {
    pub(super) progress: Vec<u16>,
    pub(super) binding: Vec<Option<usize>>,
    pub(super) performs: Vec<usize>,
    pub(super) unrecorded: Vec<(Label, i64)>,
    pub(super) cost: u32,
}

impl Search<'_> {
    /// The ways to find recorded actions for the labels of a step. What is not found counts as unrecorded, unless the
    /// recorder may have dropped it.
    pub(super) fn matchings(&self, place: &Place, labels: &[(Label, i64)], open: &[u16], instant: i64) -> Vec<Matched> {
        let start = Matched {
            progress: place.progress.clone(),
            binding: place.binding.clone(),
            performs: Vec::new(),
            unrecorded: Vec::new(),
            cost: 0,
        };
        let mut ways = vec![start];
        for &(label, times) in labels {
            for _ in 0..times {
                ways = ways.into_iter().flat_map(|way| self.match_one(way, label, open, instant)).collect();
                let halfway: Vec<Matched> = ways.iter().flat_map(|way| self.halfway(way, label, open)).collect();
                ways.extend(halfway);
                // Ways that come to the same are one.
                let mut known = FxHashSet::default();
                ways.retain(|way| known.insert((way.progress.clone(), way.binding.clone())));
            }
        }
        ways
    }

    /// One sync may scale an old ReplicaSet down twice: first by its unhealthy pods (`cleanupUnhealthyReplicas`), then by others.
    /// The model does both at once.
    fn halfway(&self, way: &Matched, label: Label, open: &[u16]) -> Vec<Matched> {
        let (Deed::ScaledReplicaSet, Some(after), Some(before)) = (label.deed, label.number, label.before) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (class, kind) in self.recording.classes.iter().enumerate() {
            let is_between = kind.number.is_some_and(|number| after < number && number < before);
            if kind.deed != label.deed
                || kind.workload != label.workload
                || !is_between
                || way.progress[class] >= open[class]
            {
                continue;
            }
            found.push(self.with_next(way, class, way.binding.clone()));
        }
        found
    }

    /// A way with the next action of a class performed as well.
    fn with_next(&self, way: &Matched, class: usize, binding: Vec<Option<usize>>) -> Matched {
        let next = usize::from(way.progress[class]);
        let (mut progress, mut performs) = (way.progress.clone(), way.performs.clone());
        progress[class] += 1;
        performs.push(self.by_class[class][next]);
        Matched { progress, binding, performs, unrecorded: way.unrecorded.clone(), cost: way.cost }
    }

    fn match_one(&self, way: Matched, label: Label, open: &[u16], instant: i64) -> Vec<Matched> {
        let mut found = Vec::new();
        for (class, kind) in self.recording.classes.iter().enumerate() {
            if way.progress[class] >= open[class] {
                continue;
            }
            let Some(binding) = agrees(kind, label, &way.binding) else { continue };
            found.push(self.with_next(&way, class, binding));
        }
        if found.is_empty() {
            let mut way = way;
            let dropped = self.recording.dropped.get(&(label.deed, label.workload));
            let is_silent = self.recording.silent.contains(&label.deed);
            if !is_silent && dropped.is_none_or(|&from| instant < from) {
                way.cost += 1;
                match way.unrecorded.last_mut() {
                    Some((known, times)) if *known == label => *times += 1,
                    _ => way.unrecorded.push((label, 1)),
                }
            }
            found.push(way);
        }
        found
    }
}

/// Whether a label is of a class; the binding of nodes afterwards.
fn agrees(class: &Class, label: Label, binding: &[Option<usize>]) -> Option<Vec<Option<usize>>> {
    let same_size = class.number.is_none() || label.number.is_none() || class.number == label.number;
    if class.deed != label.deed || class.workload != label.workload || !same_size {
        return None;
    }
    match (class.node, label.slot) {
        (Some(node), Some(slot)) => match binding[node] {
            Some(bound) => (bound == slot).then(|| binding.to_vec()),
            None if binding.contains(&Some(slot)) => None,
            None => {
                let mut binding = binding.to_vec();
                binding[node] = Some(slot);
                Some(binding)
            }
        },
        (Some(_), None) => None,
        // Of a pod that the scheduler did not place the recording does not say where it was.
        (None, _) => Some(binding.to_vec()),
    }
}
