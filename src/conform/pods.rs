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
    /// When a kubelet first ended it.
    pub(super) killed: Option<i64>,
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
    /// By namespace and name: how many have been created.
    created: IndexMap<(String, String), u32>,
}

impl Pods {
    /// The pod that an event of pods is about. Those of StatefulSets have the names of those before them.
    pub(super) fn of(&mut self, event: &Event) -> &mut Pod {
        let key = (event.namespace.clone(), event.name.clone(), event.uid.clone());
        self.pods.entry(key).or_insert_with(|| Pod { since: event.first, ..Pod::default() })
    }

    /// Notes that pods of a name were created.
    pub(super) fn note_created(&mut self, namespace: &str, name: &str, times: u32) {
        let created = self.created.entry((namespace.to_owned(), name.to_owned())).or_default();
        *created = created.saturating_add(times);
    }

    /// The number of the pod of a name that was deleted at a time, if that is known: the first one there that was not
    /// before. Where a pod of the name was never bound, and so has no events, it is only one that was there in an earlier
    /// second and that a kubelet ended not before; events are stamped up to `slack` seconds late.
    pub(super) fn named(&self, namespace: &str, name: &str, at: i64, slack: i64) -> Option<usize> {
        let called = |(key, pod): (&Key, &Pod)| {
            (key.0.as_str(), key.1.as_str()) == (namespace, name) && pod.ended.is_none_or(|ended| ended > at)
        };
        let of_name = || self.pods.iter().enumerate().filter(|&(_, one)| called(one));
        if self.is_one_unheard_of(namespace, name) {
            let is_ended_then = |pod: &Pod| pod.since < at && pod.killed.is_some_and(|killed| killed >= at - slack);
            return of_name().find(|(_, (_, pod))| is_ended_then(pod)).map(|(number, _)| number);
        }
        let there = of_name().find(|(_, (_, pod))| pod.since <= at);
        there.or_else(|| of_name().next()).map(|(number, _)| number)
    }

    /// Whether more pods of a name were created than events of pods tell of.
    fn is_one_unheard_of(&self, namespace: &str, name: &str) -> bool {
        let heard_of = self.pods.keys().filter(|key| (key.0.as_str(), key.1.as_str()) == (namespace, name)).count();
        let created = self.created.get(&(namespace.to_owned(), name.to_owned()));
        created.is_some_and(|&created| created as usize > heard_of)
    }

    /// The pod of a number.
    pub(super) fn at(&mut self, number: usize) -> &mut Pod {
        &mut self.pods[number]
    }
}
