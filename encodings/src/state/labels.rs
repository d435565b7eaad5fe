//! Labels of a node: those of the manifest, and where events change them, one of the sets that they make of them.

use super::{IntVar, Model};
use crate::cluster::node::NodePool;
use crate::cluster::selector::Labels;
use crate::cluster::{LabelChange, label_change};
use crate::limits::models::MOST_LABEL_SETS;
use crate::subject::Subject;
use crate::system::Role;
use crate::term::{Bool, any};

/// Labels of a node.
#[derive(Clone, Debug)]
pub struct NodeLabels {
    /// What they may be, those of the manifest first.
    sets: Vec<Labels>,
    /// Which of them they are; only where that changes.
    which: Option<IntVar>,
}

impl NodeLabels {
    /// Those that the node has when it comes.
    pub fn initial(&self) -> &Labels {
        &self.sets[0]
    }

    /// The same for a node that has just come.
    #[must_use]
    pub fn of_new_node(&self) -> Self {
        Self { sets: vec![self.initial().clone()], which: None }
    }

    /// Whether a condition on labels holds.
    pub fn hold(&self, condition: impl Fn(&Labels) -> bool) -> Bool {
        self.alternatives(condition).into_iter().fold(Bool::from(false), |found, (holds, when)| match holds {
            true => found | when,
            false => found,
        })
    }

    /// Whether a condition on labels may hold some time.
    pub fn may_hold(&self, condition: impl Fn(&Labels) -> bool) -> bool {
        self.sets.iter().any(condition)
    }

    /// Whether the label is there.
    pub fn has(&self, key: &str) -> Bool {
        self.hold(|labels| labels.contains_key(key))
    }

    /// What the label may be, and when it is that.
    pub fn values(&self, key: &str) -> Vec<(&str, Bool)> {
        let found = self.alternatives(|labels| labels.get(key));
        found.into_iter().filter_map(|(value, when)| Some((value?.as_str(), when))).collect()
    }

    /// What is found in the labels, and when, without two of the same.
    pub fn alternatives<'l, T: PartialEq>(&'l self, find: impl Fn(&'l Labels) -> T) -> Vec<(T, Bool)> {
        let mut found: Vec<(T, Vec<usize>)> = Vec::new();
        for (index, labels) in self.sets.iter().enumerate() {
            let one = find(labels);
            match found.iter_mut().find(|(known, _)| *known == one) {
                Some((_, indices)) => indices.push(index),
                None => found.push((one, vec![index])),
            }
        }
        let is_only = found.len() == 1;
        let when = |indices: Vec<usize>| match self.which {
            Some(which) if !is_only => any(indices.into_iter().map(|index| which.value.is(index as i64))),
            _ => true.into(),
        };
        found.into_iter().map(|(one, indices)| (one, when(indices))).collect()
    }

    /// Which set they are, where that changes, with what a change makes of each.
    pub(crate) fn changed(&self, change: &LabelChange) -> Option<(IntVar, Vec<i64>)> {
        let after = |labels: &Labels| {
            let changed = change.applied(labels);
            self.sets.iter().position(|one| *one == changed).unwrap_or(0) as i64
        };
        self.which.map(|which| (which, self.sets.iter().map(after).collect()))
    }

    /// Which set they are; only where that changes.
    pub(crate) fn which(&self) -> Option<IntVar> {
        self.which
    }
}

impl Model<'_> {
    /// The labels of a slot.
    pub(super) fn declare_labels(&mut self, pool: &NodePool, slot: usize, index: usize) -> NodeLabels {
        let (initial, name) = (pool.slot_labels(index), pool.slot_name(index));
        let changes = self.needs.label_changes.iter().filter(|change| change.is_about(pool, &name));
        let sets = label_change::closure(initial, &changes.collect::<Vec<_>>(), MOST_LABEL_SETS);
        let last = sets.len() as i64 - 1;
        let which = (last > 0).then(|| self.int_var(Subject::new("labels").on(slot), Role::Cluster, 0, last, 0));
        NodeLabels { sets, which }
    }
}
