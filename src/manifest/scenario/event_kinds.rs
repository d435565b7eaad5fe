//! The kinds of events of `spec.events` and `spec.operations`, and how each is read.

use super::super::custom;
use super::super::draft::{Draft, DraftWorkload};
use super::super::error::InputError;
#[cfg(test)]
use super::super::kinds;
use super::super::names::Names;
use super::super::quantity::Unit;
use super::super::span::{Count, read_span};
use super::super::suggest::nearest_or_list;
use super::super::view::{Fields, View};
use super::super::{ErrorKind, Severity};
use super::files::Folder;
use crate::limits::reader::MAX_REPLICAS;
use kubound_encodings::cluster::comparison::{RESTORE, Restore};
use kubound_encodings::cluster::event::ApplyMode;
use kubound_encodings::cluster::metric_change::{METRIC_CHANGE, MetricChange};
use kubound_encodings::cluster::node::HOSTNAME;
use kubound_encodings::cluster::workload::{DAEMON_SET, JOB, POD, STATEFUL_SET};
use kubound_encodings::cluster::{EventKind, LabelChange, Other, Rollout, WorkloadRef};

/// A kind of event in scenario files.
pub(in super::super) struct EventReader {
    /// Its name.
    pub(in super::super) name: &'static str,
    /// Its keys, without the common ones.
    pub(in super::super) keys: &'static [&'static str],
    /// Those that must be there.
    pub(in super::super) required: &'static [&'static str],
    /// What happens.
    pub(in super::super) about: &'static str,
    pub(in super::super) read: fn(&mut Reading) -> Result<EventKind, InputError>,
}

/// All kinds of events.
pub(super) const EVENTS: &[EventReader] = &[
    EventReader {
        name: "cpuChange",
        keys: &["target", "to"],
        required: &["target", "to"],
        about: "The CPU usage of each pod of a workload changes.",
        read: read_cpu_change,
    },
    EventReader {
        name: METRIC_CHANGE,
        keys: &["target", "metric", "to"],
        required: &["target", "metric", "to"],
        about: "A metric of type Pods, Object or External becomes another value, or unavailable: its API has none any more.",
        read: read_metric_change,
    },
    EventReader {
        name: "nodeFailure",
        keys: &["pool", "node", "recovers"],
        required: &[],
        about: "A node stops, and comes back unless recovers is false.",
        read: read_node_failure,
    },
    EventReader {
        name: "maintenance",
        keys: &["pools", "atOnce"],
        required: &[],
        about: "Nodes of pools are drained, so many at once, and put back at some later quiet moment; times counts nodes.",
        read: read_maintenance,
    },
    EventReader {
        name: "drain",
        keys: &["node", "uncordon"],
        required: &[],
        about: "kubectl drain: cordons a node and evicts its pods as disruption budgets allow, for as long as it takes; with uncordon it is put back at once.",
        read: |reading| Ok(EventKind::Drain { node: reading.node()?, uncordon: reading.flag("uncordon", false)? }),
    },
    EventReader {
        name: "cordon",
        keys: &["node"],
        required: &[],
        about: "A node takes no more pods.",
        read: |reading| Ok(EventKind::Cordon { node: reading.node()? }),
    },
    EventReader {
        name: "uncordon",
        keys: &["node"],
        required: &[],
        about: "A node takes pods again.",
        read: |reading| Ok(EventKind::Uncordon { node: reading.node()? }),
    },
    EventReader {
        name: "relabel",
        keys: &["node", "pool", "set", "remove"],
        required: &[],
        about: "kubectl label node: labels of a node are set, or removed; its pods stay.",
        read: read_relabel,
    },
    EventReader {
        name: "apply",
        keys: &["file", "mode"],
        required: &["file"],
        about: "A manifest of a workload that is there is applied; another pod template begins a rollout.",
        read: read_apply,
    },
    EventReader {
        name: "rollout",
        keys: &["target"],
        required: &["target"],
        about: "kubectl rollout restart; each time a new revision.",
        read: |reading| Ok(EventKind::Rollout { target: rolled(reading, false)? }),
    },
    EventReader {
        name: "rollback",
        keys: &["target"],
        required: &["target"],
        about: "kubectl rollout undo, back to the revision before.",
        read: |reading| Ok(EventKind::Rollback { target: rolled(reading, true)? }),
    },
    EventReader {
        name: "scale",
        keys: &["target", "replicas"],
        required: &["target", "replicas"],
        about: "spec.replicas is set by hand.",
        read: read_scale,
    },
    EventReader {
        name: "createDeployment",
        keys: &["file"],
        required: &["file"],
        about: "A Deployment is created.",
        read: read_created,
    },
    PUT_BACK,
    custom::EDIT,
    #[cfg(test)]
    kinds::nap::WAKE,
];

/// How `restore` is read.
pub(super) const PUT_BACK: EventReader = EventReader {
    name: RESTORE,
    keys: &["target"],
    required: &["target"],
    about: "kubectl apply of what the manifests said before all operations; among operations without a target: of everything that they changed.",
    read: |reading: &mut Reading| Ok(back(reading.target()?)),
};

/// Puts a workload back.
pub(super) fn back(target: WorkloadRef) -> EventKind {
    EventKind::Other(Other::new(RESTORE, Restore { target }))
}

/// What a metric is whose API has no value.
const UNAVAILABLE: &str = "unavailable";

/// Keys that every event may have.
pub(super) const COMMON: &[&str] = &["id", "times", "must", "after"];

/// How a file is applied.
pub(super) const APPLY_MODES: &[(&str, ApplyMode)] =
    &[("client-side", ApplyMode::ClientSide), ("server-side", ApplyMode::ServerSide)];

/// What the reader of a kind has at hand.
pub(in super::super) struct Reading<'r, 'a> {
    pub(in super::super) body: &'r Fields<'a>,
    pub(super) names: &'r Names,
    pub(super) files: &'r Folder<'r>,
    pub(in super::super) draft: &'r mut Draft,
    /// What `createDeployment` creates.
    pub(super) created: Option<&'r WorkloadRef>,
}

impl Reading<'_, '_> {
    /// The workload that is meant.
    pub(super) fn target(&self) -> Result<WorkloadRef, InputError> {
        self.names.workload(&self.body.require("target", "kind/namespace/name of a workload")?)
    }

    fn node(&self) -> Result<Option<String>, InputError> {
        self.body.read("node", |view| self.names.node(&view))
    }

    fn flag(&self, key: &str, default: bool) -> Result<bool, InputError> {
        Ok(self.body.read(key, |view| view.boolean())?.unwrap_or(default))
    }
}

fn read_cpu_change(reading: &mut Reading) -> Result<EventKind, InputError> {
    let to = reading.body.require("to", "a CPU usage such as 100m..900m/100m")?;
    Ok(EventKind::CpuChange { target: reading.target()?, to: read_span(&to, &Count::Amount(Unit::Milli))? })
}

fn read_metric_change(reading: &mut Reading) -> Result<EventKind, InputError> {
    let target = reading.target()?;
    let view = reading.body.require("metric", "the name of a metric")?;
    let metric = view.text()?.to_owned();
    let own = reading.draft.workloads.iter().find(|one| one.workload.reference == target);
    let known: Vec<&str> = own.iter().flat_map(|one| &one.workload.metrics).map(|one| one.name.as_str()).collect();
    if !known.contains(&metric.as_str()) {
        return Err(view
            .error(format!("{target} has no metric `{metric}` that it begins with"))
            .kind(ErrorKind::UnknownName)
            .expected("the name of one of `metrics` in the entry of the workload")
            .help(nearest_or_list(&metric, known)));
    }
    let to = reading.body.require("to", "a value such as 0 or 0..100/10, or `unavailable`")?;
    let to = match to.text() {
        Ok(UNAVAILABLE) => None,
        _ => Some(read_span(&to, &Count::Amount(Unit::Milli))?),
    };
    Ok(EventKind::Other(Other::new(METRIC_CHANGE, MetricChange { target, metric, to })))
}

fn read_node_failure(reading: &mut Reading) -> Result<EventKind, InputError> {
    Ok(EventKind::NodeFailure { pool: read_nodes(reading)?, recovers: reading.flag("recovers", true)? })
}

/// The pool or node that is meant, if one is.
fn read_nodes(reading: &Reading) -> Result<Option<String>, InputError> {
    let pool = reading.body.read("pool", |view| reading.names.pool(&view))?;
    let node = reading.node()?;
    if let (Some(_), Some(_)) = (&pool, &node) {
        let error = reading.body.view.error("both pool and node");
        return Err(error.expected("one of the two, or none for any node"));
    }
    Ok(pool.or(node))
}

/// Labels that the kubelet of a node sets by itself, and by which nodes are told apart here.
const OWN_LABELS: &[&str] = &[HOSTNAME, "kubernetes.io/os"];

fn read_relabel(reading: &mut Reading) -> Result<EventKind, InputError> {
    let nodes = read_nodes(reading)?;
    let set = reading.body.read("set", |view| view.labels())?.unwrap_or_default();
    let removed = reading.body.items("remove")?;
    let remove = removed.iter().map(|view| Ok(view.text()?.to_owned())).collect::<Result<Vec<_>, InputError>>()?;
    let change = LabelChange { nodes, set, remove };
    let error = |message: &str| reading.body.view.error(message);
    if change.keys().next().is_none() {
        return Err(error("no label").expected("labels in `set`, or keys in `remove`"));
    }
    if let Some(own) = change.keys().find(|key| OWN_LABELS.contains(&key.as_str())) {
        return Err(error(&format!("the label {own} is set by kubelets"))
            .kind(ErrorKind::NotSupported)
            .expected("another label"));
    }
    if let Some(both) = change.remove.iter().find(|key| change.set.contains_key(*key)) {
        return Err(error(&format!("the label {both} is both set and removed")).expected("one of the two"));
    }
    Ok(EventKind::Relabel(change))
}

fn read_maintenance(reading: &mut Reading) -> Result<EventKind, InputError> {
    let pools = reading.body.items("pools")?;
    let pools = pools.iter().map(|view| reading.names.pool(view)).collect::<Result<Vec<_>, _>>()?;
    let at_once = reading.body.read("atOnce", |view| view.integer(1..=5000))?.unwrap_or(1);
    Ok(EventKind::Maintenance { pools, at_once })
}

fn read_scale(reading: &mut Reading) -> Result<EventKind, InputError> {
    let replicas = reading.body.require("replicas", "a number or a range such as 2..5")?;
    let target = reading.target()?;
    if [POD, JOB].contains(&target.kind.as_str()) {
        return Err(reading.body.view.error(format!("{target} has no replicas")).expected("a workload with replicas"));
    }
    Ok(EventKind::Scale { target, replicas: read_span(&replicas, &Count::Plain(0..=MAX_REPLICAS))? })
}

fn read_created(reading: &mut Reading) -> Result<EventKind, InputError> {
    match reading.created {
        Some(target) => Ok(EventKind::CreateDeployment { target: target.clone() }),
        None => Err(reading.body.view.error("no workload").expected("a file with one workload")),
    }
}

/// `kubectl rollout` works on Deployments that are not paused; here StatefulSets and DaemonSets can be restarted, too.
fn rolled(reading: &Reading, is_back: bool) -> Result<WorkloadRef, InputError> {
    let Reading { body, names, draft, .. } = reading;
    let view = body.require("target", "kind/namespace/name of a Deployment")?;
    let target = names.workload_or_daemon_set(&view)?;
    if [STATEFUL_SET, DAEMON_SET].contains(&target.kind.as_str()) && is_back {
        return Err(view
            .error(format!("rolling {target} back is not supported"))
            .kind(ErrorKind::NotSupported)
            .expected("a Deployment")
            .help("apply the manifest of before"));
    }
    if !["Deployment", STATEFUL_SET, DAEMON_SET].contains(&target.kind.as_str()) {
        return Err(view.error(format!("{target} has no rollouts")).expected("a Deployment, StatefulSet or DaemonSet"));
    }
    let named = draft.workloads.iter().find(|read| read.workload.reference == target);
    if named.is_some_and(|read| read.workload.rollout.is_paused) {
        return Err(view.error(format!("{target} is paused")).expected("a Deployment without `paused: true`"));
    }
    Ok(target)
}

fn read_apply(reading: &mut Reading) -> Result<EventKind, InputError> {
    let Reading { body, files, draft, .. } = reading;
    let file = body.require("file", "a file with one workload")?;
    let mode = body.read("mode", |view| view.one_of(APPLY_MODES))?.unwrap_or(ApplyMode::ClientSide);
    let Some(applied) = files.read_workload(&file)?.workloads.pop() else {
        return Err(file.error("no workload").expected("one Deployment, ReplicaSet, StatefulSet or DaemonSet"));
    };
    let target = applied.workload.reference.clone();
    let is_target = |read: &&mut DraftWorkload| read.workload.reference == target;
    let Some(existing) = draft.workloads.iter_mut().find(is_target) else {
        return Err(file
            .error(format!("{target} does not exist"))
            .kind(ErrorKind::UnknownName)
            .expected("a workload among the manifests")
            .help("use createDeployment to create one"));
    };
    let replicas = applied.workload.replicas_managed.then_some(applied.workload.replicas.lo);
    let paused = applied.workload.rollout.is_paused;
    let template = template_number(existing, applied, &file)?;
    Ok(EventKind::Apply { target, replicas, template, mode, paused })
}

/// The number of the applied template among those of the workload, to which it is added if it is a new one.
fn template_number(existing: &mut DraftWorkload, applied: DraftWorkload, file: &View) -> Result<usize, InputError> {
    let (new, old) = (&applied.workload, &existing.workload);
    let new_rollout = Rollout { is_paused: old.rollout.is_paused, ..new.rollout };
    if (new_rollout, new.control) != (old.rollout, old.control) {
        let message = "another strategy than in the manifests is not taken over";
        applied.context.note(Severity::Risky, "spec.strategy", message);
    }
    if applied.template == existing.template {
        return Ok(0);
    }
    if !["Deployment", STATEFUL_SET, DAEMON_SET].contains(&existing.workload.reference.kind.as_str()) {
        return Err(file
            .error(format!("changing the template of {} is not supported", existing.workload.reference))
            .kind(ErrorKind::NotSupported)
            .expected("the same spec.template as in the manifests, or a Deployment, StatefulSet or DaemonSet"));
    }
    if let Some(known) = existing.later.iter().position(|later| later.template == applied.template) {
        return Ok(known + 1);
    }
    existing.later.push(applied);
    Ok(existing.later.len())
}
