//! Intents that compare where a cluster comes to rest with where another one does: with a fresh one of the same manifests,
//! or with the same one in which nothing goes wrong.

use super::custom::{Edit, RESOURCE, Values, span};
use super::event::{Event, EventKind};
use super::other::Other;
use super::workload::WorkloadRef;
use super::{Cluster, CustomController, Intent, IntentKind, Span, Start, Timing};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is claimed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Oracle {
    /// After the operations the cluster rests where a fresh one with the same manifests does.
    SameAsFresh,
    /// The same, where the operations end with what there was before them.
    RollbackRestores,
    /// From wherever it starts, and whatever was done to it, the cluster comes to rest where a fresh one does.
    Recovers,
    /// Faults change nothing about where the cluster rests.
    SameAsWithoutFaults,
}

impl Oracle {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SameAsFresh, Self::RollbackRestores, Self::Recovers, Self::SameAsWithoutFaults];

    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Self::SameAsFresh => "sameAsFresh",
            Self::RollbackRestores => "rollbackRestores",
            Self::Recovers => "recovers",
            Self::SameAsWithoutFaults => "sameAsWithoutFaults",
        }
    }
}

/// An intent that compares.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// What is claimed.
    pub oracle: Oracle,
    /// Only of this workload; none: of all workloads and custom resources.
    pub target: Option<WorkloadRef>,
    /// Where the other cluster rests, once somebody has found out.
    pub outcomes: Option<Arc<Outcomes>>,
}

/// Where a cluster can come to rest, for each of its sizes and values.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcomes {
    /// By timing: one for each place to rest, with the values by their names.
    pub rows: BTreeMap<Timing, Vec<BTreeMap<String, i64>>>,
}

impl Comparison {
    /// The comparison that an intent is.
    pub fn of(intent: &Intent) -> Option<&Self> {
        match &intent.kind {
            IntentKind::Other(other) => other.get(),
            _ => None,
        }
    }

    /// An intent of this kind.
    pub fn into_kind(self) -> IntentKind {
        IntentKind::Other(Other::new(self.oracle.name(), self))
    }
}

/// `kubectl apply` of what the manifests of a workload said before all operations.
#[derive(Clone, PartialEq, Debug)]
pub struct Restore {
    /// The workload.
    pub target: WorkloadRef,
}

/// The name of the event in scenario files.
pub const RESTORE: &str = "restore";

/// What manifests say of a workload once all operations are done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// `spec.replicas`.
    pub replicas: WantedReplicas,
    /// Number of its template.
    pub template: usize,
    /// `spec.paused`.
    pub is_paused: bool,
}

/// Who says what `spec.replicas` shall be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WantedReplicas {
    /// The manifest of the start.
    Manifest,
    /// An operation: this number.
    Exactly(i64),
    /// The event of this number, which picks one.
    Picked(usize),
}

impl Cluster {
    /// The events that are operations, each with its place among the events.
    pub fn operations(&self) -> impl Iterator<Item = (usize, &Event)> {
        self.events.iter().enumerate().filter(|(_, event)| event.operation.is_some())
    }

    /// What an intent takes for what manifests say of a workload in the end.
    pub fn wanted_by(&self, oracle: Oracle, workload: usize) -> Wanted {
        match oracle {
            Oracle::SameAsFresh | Oracle::Recovers => self.wanted(workload),
            Oracle::RollbackRestores | Oracle::SameAsWithoutFaults => self.unchanged(workload),
        }
    }

    /// What the manifest of a workload says.
    fn unchanged(&self, workload: usize) -> Wanted {
        let is_paused = self.workloads[workload].rollout.is_paused;
        Wanted { replicas: WantedReplicas::Manifest, template: 0, is_paused }
    }

    /// What manifests say of a workload once all operations are done.
    pub fn wanted(&self, workload: usize) -> Wanted {
        let own = &self.workloads[workload];
        let mut wanted = self.unchanged(workload);
        // The templates by when they were wanted last: undoing takes the last but one.
        let mut history = vec![0];
        for (number, event) in self.operations() {
            match &event.kind {
                EventKind::Scale { target, replicas } if *target == own.reference => {
                    let exactly = replicas.constant().map(WantedReplicas::Exactly);
                    wanted.replicas = exactly.unwrap_or(WantedReplicas::Picked(number));
                }
                EventKind::Apply { target, replicas, template, paused, .. } if *target == own.reference => {
                    // A Deployment that says nothing of replicas gets one.
                    wanted.replicas = WantedReplicas::Exactly(replicas.unwrap_or(1));
                    wanted.is_paused = *paused;
                    become_last(&mut history, *template);
                }
                EventKind::Rollback { target } if *target == own.reference && history.len() > 1 => {
                    let previous = history[history.len() - 2];
                    become_last(&mut history, previous);
                }
                EventKind::Other(other) if other.get::<Restore>().is_some_and(|one| one.target == own.reference) => {
                    wanted = self.unchanged(workload);
                    become_last(&mut history, 0);
                }
                _ => {}
            }
        }
        Wanted { template: history.last().copied().unwrap_or(0), ..wanted }
    }

    /// The cluster that an intent compares with.
    pub fn reference(&self, comparison: &Comparison) -> Cluster {
        match comparison.oracle {
            Oracle::SameAsWithoutFaults => Cluster { faults: Vec::new(), ..self.clone() },
            Oracle::RollbackRestores => self.emptied(),
            Oracle::SameAsFresh | Oracle::Recovers => self.fresh(),
        }
    }

    /// An empty cluster to which the manifests are applied as they are before all operations.
    fn emptied(&self) -> Cluster {
        Cluster { events: Vec::new(), faults: Vec::new(), placed: Vec::new(), start: Start::Empty, ..self.clone() }
    }

    /// An empty cluster to which the manifests are applied as they are after all operations.
    fn fresh(&self) -> Cluster {
        let mut fresh = self.emptied();
        // They speak of initial values, which are those before the operations.
        if self.operations().next().is_some() {
            fresh.assumptions.clear();
        }
        for (number, workload) in fresh.workloads.iter_mut().enumerate() {
            let wanted = self.wanted(number);
            match wanted.replicas {
                WantedReplicas::Manifest => {}
                WantedReplicas::Exactly(replicas) => workload.replicas = Span::exactly(replicas),
                WantedReplicas::Picked(event) => {
                    if let EventKind::Scale { replicas, .. } = self.events[event].kind {
                        workload.replicas = replicas;
                    }
                }
            }
            workload.rollout.is_paused = wanted.is_paused;
            workload.exists |= self.is_created(&workload.reference);
            // The others stay, so that amounts are counted in the same units on both sides.
            if let Some(later) =
                wanted.template.checked_sub(1).and_then(|later| workload.later_templates.get_mut(later))
            {
                std::mem::swap(&mut workload.template, later);
            }
        }
        fresh.others = self.others.iter().map(|other| self.edited(other)).collect();
        fresh
    }

    /// Whether an operation creates a workload.
    fn is_created(&self, reference: &WorkloadRef) -> bool {
        let created =
            |event: &Event| matches!(&event.kind, EventKind::CreateDeployment { target } if target == reference);
        self.operations().any(|(_, event)| created(event))
    }

    /// A custom controller whose resource says anything that edits may have made of it. An edit that its schema refuses
    /// changes nothing, so what is wanted in the end is what the resource says.
    fn edited(&self, other: &Other) -> Other {
        let Some(mut own) = other.get::<CustomController>().cloned() else { return other.clone() };
        let place = super::custom::of(self).iter().position(|one| one.name == own.name);
        for (_, event) in self.operations() {
            let EventKind::Other(edit) = &event.kind else { continue };
            let Some(edit) = edit.get::<Edit>().filter(|edit| Some(edit.controller) == place) else { continue };
            for (number, _) in &edit.set {
                let all = span(self, edit.controller, RESOURCE, *number);
                let field = &mut own.parts[RESOURCE].fields[*number];
                field.values = match (field.values, all) {
                    (Values::Bool(_), _) => Values::Bool(None),
                    (Values::Number(..), Some(all)) => Values::Number(all, None),
                    (same, _) => same,
                };
            }
        }
        Other::new(other.kind(), own)
    }
}

fn become_last(history: &mut Vec<usize>, template: usize) {
    history.retain(|&one| one != template);
    history.push(template);
}
