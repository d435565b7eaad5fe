//! What becomes of the labels of nodes.

use super::node::NodePool;
use super::selector::Labels;

/// Labels of a node are set and removed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LabelChange {
    /// Only nodes of this pool, or the node of this name; `None`: any node.
    pub nodes: Option<String>,
    /// Labels that it has afterwards.
    pub set: Labels,
    /// Keys of labels that it has no more.
    pub remove: Vec<String>,
}

impl LabelChange {
    /// What becomes of labels.
    pub fn applied(&self, labels: &Labels) -> Labels {
        let kept = labels.iter().filter(|(key, _)| !self.remove.contains(key));
        kept.chain(&self.set).map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Whether it may happen to a node of a pool.
    pub fn is_about(&self, pool: &NodePool, name: &str) -> bool {
        self.nodes.as_ref().is_none_or(|nodes| *nodes == pool.name || *nodes == name)
    }

    /// The keys of labels that it sets or removes.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.set.keys().chain(&self.remove)
    }
}

/// All labels that changes make of those of a node, in any order, but no more than `most`; those that it has initially come
/// first.
pub fn closure(initial: Labels, changes: &[&LabelChange], most: usize) -> Vec<Labels> {
    let mut known = vec![initial];
    let mut next = 0;
    while next < known.len() {
        for change in changes {
            let changed = change.applied(&known[next]);
            if known.len() < most && !known.contains(&changed) {
                known.push(changed);
            }
        }
        next += 1;
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn labels_are_set_after_others_are_removed() {
        let change = LabelChange {
            set: labels(&[("role", "worker")]),
            remove: vec!["old".to_owned(), "absent".to_owned()],
            ..LabelChange::default()
        };
        let before = labels(&[("old", "1"), ("role", "master"), ("zone", "a")]);
        assert_eq!(change.applied(&before), labels(&[("role", "worker"), ("zone", "a")]));
    }

    #[test]
    fn changes_come_in_any_order_and_more_than_once() {
        let away = LabelChange { remove: vec!["tier".to_owned()], ..LabelChange::default() };
        let slow = LabelChange { set: labels(&[("tier", "slow")]), ..LabelChange::default() };
        let fast = labels(&[("tier", "fast")]);
        let all = closure(fast.clone(), &[&away, &slow], 9);
        assert_eq!(all, [fast.clone(), labels(&[]), labels(&[("tier", "slow")])]);
        assert_eq!(closure(fast.clone(), &[&away, &slow], 2).len(), 2);
        assert_eq!(closure(fast.clone(), &[], 9), [fast]);
    }
}
