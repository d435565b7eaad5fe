//! From recorded events to the actions that a model can perform.

use super::events::Event;
use crate::limits::report::MOST_ACTIONS;
use indexmap::{IndexMap, IndexSet};
use kubound_encodings::cluster::Cluster;
use std::fmt;

/// Most events that client-go's recorder sends in a burst about one object; further ones may be dropped.
const RECORDER_BURST: u32 = 25;

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Deed {
    /// A pod was bound to a node.
    Scheduled,
    /// A pod started on a node.
    Started,
    /// A kubelet rejected a pod.
    Rejected,
    /// A kubelet ended a pod that was deleted.
    Killing,
    /// A ReplicaSet created a pod.
    Created,
    /// A ReplicaSet deleted a pod.
    Deleted,
    /// A Deployment set the size of a ReplicaSet.
    ScaledReplicaSet,
    /// An autoscaler set the size of its target.
    Rescaled,
    /// A pod was deleted because of a NoExecute taint.
    TaintEvicted,
    /// The descheduler evicted a pod.
    Descheduled,
    /// A node became not ready.
    NodeNotReady,
    /// A node became ready.
    NodeReady,
    /// A node was cordoned.
    Cordoned,
    /// A node was put back.
    Uncordoned,
}

impl Deed {
    /// The reason that Kubernetes gives.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Scheduled => "Scheduled",
            Self::Started => "Started",
            Self::Rejected => "Failed",
            Self::Killing => "Killing",
            Self::Created => "SuccessfulCreate",
            Self::Deleted => "SuccessfulDelete",
            Self::ScaledReplicaSet => "ScalingReplicaSet",
            Self::Rescaled => "SuccessfulRescale",
            Self::TaintEvicted => "TaintManagerEviction",
            Self::Descheduled => "Descheduled",
            Self::NodeNotReady => "NodeNotReady",
            Self::NodeReady => "NodeReady",
            Self::Cordoned => "NodeNotSchedulable",
            Self::Uncordoned => "NodeSchedulable",
        }
    }

    /// Whether the pod is on its way out afterwards.
    fn ends_pod(self) -> bool {
        matches!(self, Self::Deleted | Self::TaintEvicted | Self::Descheduled)
    }
}

/// What is told apart: who or what, where, and to which number.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Class {
    /// What was done.
    pub deed: Deed,
    /// Index of the workload in the cluster; `None` for nodes.
    pub workload: Option<usize>,
    /// Index into [`Recording::nodes`], where known.
    pub node: Option<usize>,
    /// The size set, for what sets sizes.
    pub number: Option<i64>,
}

/// One recorded action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Action {
    /// Index into [`Recording::classes`].
    pub class: usize,
    /// Not before this second.
    pub earliest: i64,
    /// Not after this second.
    pub latest: i64,
    /// Index of the event among those given.
    pub event: usize,
}

/// The actions of a recording.
#[derive(Clone, Default, Debug)]
pub struct Recording {
    /// The kinds of actions that occur.
    pub classes: IndexSet<Class>,
    /// Names of nodes.
    pub nodes: IndexSet<String>,
    /// The actions, by latest time.
    pub actions: Vec<Action>,
    /// By deed and workload: the second after which the recorder may have dropped events.
    pub dropped: IndexMap<(Deed, Option<usize>), i64>,
    /// Why events are no actions, with their number.
    pub left_out: IndexMap<String, usize>,
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.reason())
    }
}

/// What is known of a pod while events are read.
#[derive(Default)]
struct Pod {
    node: Option<usize>,
    has_started: bool,
    is_killed: bool,
    /// When it was recorded as deleted.
    ended: Option<i64>,
}

/// Reads the actions out of events, which are ordered by their first time. An event may be stamped up to `slack`
/// seconds after the deed. No more than one action beyond [`MOST_ACTIONS`] is read.
pub fn actions(cluster: &Cluster, events: &[Event], slack: i64) -> Recording {
    let mut reader = Reader { cluster, slack, pods: IndexMap::new(), recording: Recording::default() };
    for event in events.iter().filter(|event| event.kind == "Pod" && event.reason == "Scheduled") {
        let node = reader.node_of(event);
        reader.pod(event).node = node;
    }
    for event in events.iter().filter(|event| deed(event).is_some_and(Deed::ends_pod) && !is_cancelled(event)) {
        let name = if event.kind == "Pod" { event.name.as_str() } else { named(&event.message) };
        let pod = reader.pods.entry((event.namespace.clone(), name.to_owned())).or_default();
        pod.ended = Some(pod.ended.map_or(event.first, |known| known.min(event.first)));
    }
    for (index, event) in events.iter().enumerate() {
        reader.read(index, event);
    }
    reader.note_dropped(events);
    let mut recording = reader.recording;
    recording.actions.sort_by_key(|action| (action.latest, action.earliest));
    recording
}

/// The deed that an event reports, if it is one.
fn deed(event: &Event) -> Option<Deed> {
    let deed = match (event.kind.as_str(), event.reason.as_str()) {
        ("Pod", "Scheduled") => Deed::Scheduled,
        ("Pod", "Started") => Deed::Started,
        ("Pod", "Killing") => Deed::Killing,
        ("Pod", "TaintManagerEviction") => Deed::TaintEvicted,
        ("Pod", "Descheduled") => Deed::Descheduled,
        ("Pod", "TaintToleration" | "NodeAffinity" | "NodeName" | "UnexpectedAdmissionError") => Deed::Rejected,
        ("Pod", reason) if reason.starts_with("OutOf") => Deed::Rejected,
        ("Pod", _) if event.component.contains("descheduler") => Deed::Descheduled,
        ("ReplicaSet", "SuccessfulCreate") => Deed::Created,
        ("ReplicaSet", "SuccessfulDelete") => Deed::Deleted,
        ("Deployment", "ScalingReplicaSet") => Deed::ScaledReplicaSet,
        ("HorizontalPodAutoscaler", "SuccessfulRescale") => Deed::Rescaled,
        ("Node", "NodeNotReady") => Deed::NodeNotReady,
        ("Node", "NodeReady") => Deed::NodeReady,
        ("Node", "NodeNotSchedulable") => Deed::Cordoned,
        ("Node", "NodeSchedulable") => Deed::Uncordoned,
        _ => return None,
    };
    Some(deed)
}

fn is_cancelled(event: &Event) -> bool {
    event.message.starts_with("Cancelling")
}

/// The pod in `Created pod: web-5d-x` and `Deleted pod: web-5d-x`.
fn named(message: &str) -> &str {
    message.rsplit_once(": ").map_or("", |(_, pod)| pod.trim())
}

struct Reader<'a> {
    cluster: &'a Cluster,
    slack: i64,
    pods: IndexMap<(String, String), Pod>,
    recording: Recording,
}

impl Reader<'_> {
    fn pod(&mut self, event: &Event) -> &mut Pod {
        self.pods.entry((event.namespace.clone(), event.name.clone())).or_default()
    }

    fn leave_out(&mut self, why: String) {
        *self.recording.left_out.entry(why).or_default() += 1;
    }

    /// The node of a `Scheduled` event: the last word of its message.
    fn node_of(&mut self, event: &Event) -> Option<usize> {
        let (_, node) = event.message.rsplit_once(" to ")?;
        Some(self.recording.nodes.insert_full(node.trim().to_owned()).0)
    }

    /// The workload that an object belongs to: that of its name, or of its name without the suffixes that ReplicaSets
    /// and pods get.
    fn workload(&self, event: &Event) -> Option<usize> {
        if event.kind == "HorizontalPodAutoscaler" {
            let hpas = self.cluster.hpas.iter();
            let hpa =
                hpas.into_iter().find(|hpa| (&hpa.name, &hpa.target.namespace) == (&event.name, &event.namespace))?;
            return self.cluster.workload(&hpa.target);
        }
        let suffixes = match event.kind.as_str() {
            "Pod" => 2,
            "ReplicaSet" => 1,
            _ => 0,
        };
        let mut name = event.name.as_str();
        for _ in 0..=suffixes {
            let found = self.cluster.workloads.iter().position(|workload| {
                let same_kind = event.kind != "Deployment" || workload.reference.kind == "Deployment";
                same_kind && workload.reference.namespace == event.namespace && workload.reference.name == name
            });
            if found.is_some() {
                return found;
            }
            name = name.rsplit_once('-')?.0;
        }
        None
    }

    fn read(&mut self, index: usize, event: &Event) {
        let Some(deed) = deed(event) else {
            return self.leave_out(format!("{} is no action of the model", event.reason));
        };
        if event.kind == "StatefulSet" {
            return self
                .leave_out("pods with names of their own: when they were created and deleted is not compared".into());
        }
        let is_node = event.kind == "Node";
        let workload = if is_node { None } else { self.workload(event) };
        if !is_node && workload.is_none() {
            return self.leave_out("object of another workload".into());
        }
        let node = match (event.kind.as_str(), deed) {
            ("Node", _) => Some(self.recording.nodes.insert_full(event.name.clone()).0),
            ("Pod", _) => {
                if let Err(why) = self.note_pod(event, deed) {
                    return self.leave_out(why.into());
                }
                self.pod(event).node
            }
            (_, Deed::Deleted) => {
                let pod = (event.namespace.clone(), named(&event.message).to_owned());
                self.pods.get(&pod).and_then(|pod| pod.node)
            }
            _ => None,
        };
        let number = match deed {
            Deed::ScaledReplicaSet | Deed::Rescaled => size(&event.message),
            _ => None,
        };
        let class = self.recording.classes.insert_full(Class { deed, workload, node, number }).0;
        let times = if event.kind == "Pod" { 1 } else { event.count };
        for occurrence in 0..times {
            if self.recording.actions.len() > MOST_ACTIONS {
                return;
            }
            // Of an event seen several times the first and the last time are known.
            let (earliest, latest) = match occurrence {
                0 => (event.first, event.first),
                last if last + 1 == times => (event.last, event.last),
                _ => (event.first, event.last),
            };
            let earliest = earliest - self.slack;
            self.recording.actions.push(Action { class, earliest, latest, event: index });
        }
    }

    /// Follows a pod; why the event is no action otherwise.
    fn note_pod(&mut self, event: &Event, deed: Deed) -> Result<(), &'static str> {
        let pod = self.pod(event);
        match deed {
            _ if is_cancelled(event) => Err("a deletion called off"),
            Deed::Killing if std::mem::replace(&mut pod.is_killed, true) => Err("repeated for the same pod"),
            Deed::Started if pod.has_started => Err("repeated for the same pod"),
            Deed::Started | Deed::Rejected if pod.ended.is_some_and(|ended| ended <= event.first) => {
                Err("a kubelet that had not heard yet that the pod was deleted")
            }
            Deed::Started => {
                pod.has_started = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Notes for which objects the recorder reached its limit, and when.
    fn note_dropped(&mut self, events: &[Event]) {
        let mut seen: IndexMap<(&str, &str, &str, &str), (u32, i64)> = IndexMap::new();
        for event in events {
            let about = (&*event.component, &*event.kind, &*event.namespace, &*event.name);
            let entry = seen.entry(about).or_insert((0, event.last));
            *entry = (entry.0.saturating_add(event.count), entry.1.max(event.last));
        }
        for event in events.iter().filter(|event| event.kind != "Pod") {
            let about = (&*event.component, &*event.kind, &*event.namespace, &*event.name);
            let (Some(deed), (count, last)) = (deed(event), seen[&about]) else { continue };
            if count >= RECORDER_BURST {
                let workload = self.workload(event);
                self.recording.dropped.insert((deed, workload), last - self.slack);
            }
        }
    }
}

/// The size in `Scaled up replica set web-5d to 3 from 1` and in `New size: 3; reason: ...`.
fn size(message: &str) -> Option<i64> {
    let after = message.split_once("New size: ").or_else(|| {
        let (before, after) = message.split_once(" to ")?;
        Some((before, after))
    });
    let digits: String = after?.1.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
