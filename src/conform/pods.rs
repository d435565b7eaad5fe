//! Which pod an event is about: that of its UID, or where none was recorded, that of its name.

use super::events::Event;
use indexmap::IndexMap;

/// What is known of a pod while events are read.
#[derive(Default)]
pub(super) struct Pod {
    /// When it was first heard of.
    since: i64,
    /// Where it was put, as the recording numbers nodes.
    pub(super) node: Option<usize>,
    pub(super) has_started: bool,
    pub(super) is_killed: bool,
    pub(super) is_preempted: bool,
    /// When it was recorded as deleted.
    pub(super) ended: Option<i64>,
}

/// Namespace, name, and UID or nothing.
type Key = (String, String, String);

/// The pods of a recording.
#[derive(Default)]
pub(super) struct Pods {
    pods: IndexMap<Key, Pod>,
}

impl Pods {
    /// The pod that an event of pods is about. Those of StatefulSets have the names of those before them.
    pub(super) fn of(&mut self, event: &Event) -> &mut Pod {
        let key = (event.namespace.clone(), event.name.clone(), event.uid.clone());
        self.pods.entry(key).or_insert_with(|| Pod { since: event.first, ..Pod::default() })
    }

    /// The number of the pod of a name that may have been deleted at a time: the first one there that was not before.
    pub(super) fn named(&self, namespace: &str, name: &str, at: i64) -> Option<usize> {
        let called = |(key, pod): (&Key, &Pod)| {
            (key.0.as_str(), key.1.as_str()) == (namespace, name) && pod.ended.is_none_or(|ended| ended > at)
        };
        let of_name = || self.pods.iter().enumerate().filter(|&(_, one)| called(one));
        let there = of_name().find(|(_, (_, pod))| pod.since <= at);
        there.or_else(|| of_name().next()).map(|(number, _)| number)
    }

    /// The pod of a number.
    pub(super) fn at(&mut self, number: usize) -> &mut Pod {
        &mut self.pods[number]
    }
}
