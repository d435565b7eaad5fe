//! From recorded events to the actions that a model can perform.

use super::events::Event;
use super::pods::Pods;
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
    /// A workload's controller created a pod.
    Created,
    /// A workload's controller deleted a pod.
    Deleted,
    /// The scheduler deleted a pod to make room for another one.
    Preempted,
    /// A pod of a Job ended by itself, which nobody reports.
    Ended,
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
            Self::Preempted => "Preempted",
            Self::Ended => "Completed",
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
        matches!(self, Self::Deleted | Self::Preempted | Self::TaintEvicted | Self::Descheduled)
    }

    /// Whether a kubelet reports what happens to pods on its node.
    fn is_of_kubelets(self) -> bool {
        matches!(self, Self::Started | Self::Rejected | Self::Killing)
    }

    /// Whether a kubelet reports what it sees happen to its own node.
    fn is_of_cordons(self) -> bool {
        matches!(self, Self::Cordoned | Self::Uncordoned)
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
    /// What nobody would have recorded in this cluster.
    pub silent: Vec<Deed>,
    /// Workloads whose pods end by themselves.
    pub ending: Vec<usize>,
    /// Why events are no actions, with their number.
    pub left_out: IndexMap<String, usize>,
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.reason())
    }
}

/// Reads the actions out of events, which are ordered by their first time. An event may be stamped up to `slack`
/// seconds after the deed. No more than one action beyond [`MOST_ACTIONS`] is read.
pub fn actions(cluster: &Cluster, events: &[Event], slack: i64) -> Recording {
    let recording = Recording { silent: silent(events), ending: ending(cluster), ..Recording::default() };
    let mut reader = Reader { cluster, slack, pods: Pods::default(), deleted: IndexMap::new(), recording };
    for event in events {
        reader.meet(event);
    }
    for (index, event) in events.iter().enumerate() {
        if !deed(event).is_some_and(Deed::ends_pod) || is_cancelled(event) {
            continue;
        }
        if event.kind == "Pod" {
            move_to_first(&mut reader.pods.of(event).ended, event);
        } else if let Some(number) = reader.pods.named(&event.namespace, named(event), event.first, slack) {
            move_to_first(&mut reader.pods.at(number).ended, event);
            reader.deleted.insert(index, number);
        }
    }
    for (index, event) in events.iter().enumerate() {
        reader.read(index, event);
    }
    reader.note_dropped(events);
    let mut recording = reader.recording;
    recording.actions.sort_by_key(|action| (action.latest, action.earliest));
    recording
}

/// What no event speaks of because nobody there reports it: nodes without machines (KWOK, virtual kubelets) have no
/// kubelets that do.
fn silent(events: &[Event]) -> Vec<Deed> {
    let reported = |group: fn(Deed) -> bool| {
        events.iter().any(|event| event.component == "kubelet" || deed(event).is_some_and(group))
    };
    let kubelets = [Deed::Started, Deed::Rejected, Deed::Killing].into_iter();
    let cordons = [Deed::Cordoned, Deed::Uncordoned].into_iter();
    let kubelets = kubelets.filter(|_| !reported(Deed::is_of_kubelets));
    kubelets.chain(cordons.filter(|_| !reported(Deed::is_of_cordons))).collect()
}

/// Workloads whose pods end by themselves.
fn ending(cluster: &Cluster) -> Vec<usize> {
    let workloads = cluster.workloads.iter().enumerate();
    workloads.filter(|(_, workload)| workload.job().is_some()).map(|(index, _)| index).collect()
}

/// The deed that an event reports, if it is one.
fn deed(event: &Event) -> Option<Deed> {
    let deed = match (event.kind.as_str(), event.reason.as_str()) {
        ("Pod", "Scheduled") => Deed::Scheduled,
        ("Pod", "Started") => Deed::Started,
        ("Pod", "Killing") => Deed::Killing,
        ("Pod", "TaintManagerEviction") => Deed::TaintEvicted,
        ("Pod", "Descheduled") => Deed::Descheduled,
        ("Pod", "Preempted") => Deed::Preempted,
        ("Pod", "TaintToleration" | "NodeAffinity" | "NodeName" | "UnexpectedAdmissionError") => Deed::Rejected,
        ("Pod", reason) if reason.starts_with("OutOf") => Deed::Rejected,
        // `EvictionFailed`: with `evictionFailureEventNotification`.
        ("Pod", why) if event.component.contains("descheduler") && why != "EvictionFailed" => Deed::Descheduled,
        // Claims of StatefulSets are created under the same reason: `create Claim`, from 1.36 on `Create Claim`.
        ("StatefulSet", _) if event.said().split(' ').nth(1) == Some("Claim") => return None,
        ("ReplicaSet" | "DaemonSet" | "StatefulSet" | "Job", "SuccessfulCreate") => Deed::Created,
        ("ReplicaSet" | "DaemonSet" | "StatefulSet", "SuccessfulDelete") => Deed::Deleted,
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

/// Moves the time of something that is recorded several times to the first one.
fn move_to_first(at: &mut Option<i64>, event: &Event) {
    *at = Some(at.map_or(event.first, |known| known.min(event.first)));
}

fn is_cancelled(event: &Event) -> bool {
    event.said().starts_with("Cancelling")
}

/// The pod in `Created pod: web-5d-x`, `Deleted pod: web-5d-x` and `delete Pod web-0 in StatefulSet web successful`.
fn named(event: &Event) -> &str {
    if event.kind == "StatefulSet" {
        return event.said().split(' ').nth(2).unwrap_or_default();
    }
    event.said().rsplit_once(": ").map_or("", |(_, pod)| pod.trim())
}

impl Recording {
    /// The node of a `Scheduled` event: the last word of its message.
    fn node_of(&mut self, event: &Event) -> Option<usize> {
        let (_, node) = event.message.rsplit_once(" to ")?;
        Some(self.nodes.insert_full(node.trim().to_owned()).0)
    }
}

struct Reader<'a> {
    cluster: &'a Cluster,
    slack: i64,
    pods: Pods,
    /// By event: the pod that it says was deleted.
    deleted: IndexMap<usize, usize>,
    recording: Recording,
}

impl Reader<'_> {
    fn leave_out(&mut self, why: String) {
        *self.recording.left_out.entry(why).or_default() += 1;
    }

    /// Notes what an event says of a pod, before any is read.
    fn meet(&mut self, event: &Event) {
        let deed = deed(event);
        if event.kind != "Pod" {
            if deed == Some(Deed::Created) {
                self.pods.note_created(&event.namespace, named(event), event.count);
            }
            return;
        }
        let node = if event.reason == "Scheduled" { self.recording.node_of(event) } else { None };
        let pod = self.pods.of(event);
        pod.node = node.or(pod.node);
        // A container that fails its probes is ended, too, and its pod goes on.
        if deed == Some(Deed::Killing) && !event.said().ends_with("will be restarted") {
            move_to_first(&mut pod.killed, event);
        }
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
                self.pods.of(event).node
            }
            // Of several pods of one name it is not known which were where.
            (_, Deed::Deleted) if event.count == 1 => {
                self.deleted.get(&index).and_then(|&number| self.pods.at(number).node)
            }
            _ => None,
        };
        let number = match deed {
            Deed::ScaledReplicaSet | Deed::Rescaled => size(event.said()),
            _ => None,
        };
        let class = self.recording.classes.insert_full(Class { deed, workload, node, number }).0;
        // Only the last of several sizes is known.
        let earlier = match number {
            Some(_) if event.is_combined() && event.count > 1 => {
                self.recording.classes.insert_full(Class { deed, workload, node, number: None }).0
            }
            _ => class,
        };
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
            let class = if occurrence + 1 == times { class } else { earlier };
            self.recording.actions.push(Action { class, earliest, latest, event: index });
        }
    }

    /// Follows a pod; why the event is no action otherwise.
    fn note_pod(&mut self, event: &Event, deed: Deed) -> Result<(), &'static str> {
        let pod = self.pods.of(event);
        match deed {
            _ if is_cancelled(event) => Err("a deletion called off"),
            Deed::Killing if std::mem::replace(&mut pod.is_killed, true) => Err("repeated for the same pod"),
            // Two pods preempt the same one.
            Deed::Preempted if std::mem::replace(&mut pod.is_preempted, true) => Err("repeated for the same pod"),
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
