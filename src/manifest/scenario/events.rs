//! `spec.events`: what users and machines may do.

use super::super::custom;
use super::super::draft::{Draft, DraftWorkload};
use super::super::error::InputError;
use super::super::kinds;
use super::super::names::Names;
use super::super::quantity::Unit;
use super::super::span::{Count, read_span};
use super::super::suggest::nearest_or_list;
use super::super::value::Value;
use super::super::view::{Fields, View};
use super::super::{ErrorKind, Severity};
use super::controllers::CONTROLLERS;
use super::files::Folder;
use super::operations;
use crate::limits::reader::MAX_REPLICAS;
use kubound_encodings::cluster::comparison::RESTORE;
use kubound_encodings::cluster::event::ApplyMode;
use kubound_encodings::cluster::workload::{DAEMON_SET, JOB, POD, STATEFUL_SET};
use kubound_encodings::cluster::{Event, EventKind, Rollout, WorkloadRef};
use std::sync::LazyLock;

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
    operations::READER,
    custom::EDIT,
    #[cfg(test)]
    kinds::nap::WAKE,
];

/// Keys that every event may have.
pub(super) const COMMON: &[&str] = &["id", "times", "must", "after"];

/// How a file is applied.
pub(super) const APPLY_MODES: &[(&str, ApplyMode)] =
    &[("client-side", ApplyMode::ClientSide), ("server-side", ApplyMode::ServerSide)];

/// An event as written: its kind, and the mapping with its keys. Nothing for a controller in the old spelling.
struct Written<'a> {
    kind: &'static EventReader,
    item: Fields<'a>,
    body: Option<View<'a>>,
}

/// What is written in `events`, and then in `operations`, each with the keys that all items of the list may have.
fn listed<'a>(spec: &Fields<'a>) -> Result<Vec<(View<'a>, Common)>, InputError> {
    let of = |list: &str, common: Common| -> Result<Vec<_>, InputError> {
        Ok(spec.items(list)?.into_iter().map(|view| (view, common)).collect())
    };
    Ok([of("events", COMMON)?, of("operations", operations::COMMON)?].concat())
}

/// Keys that all items of a list may have.
type Common = &'static [&'static str];

fn written<'a>(view: &View<'a>, common: Common) -> Result<Option<Written<'a>>, InputError> {
    let item = view.fields()?;
    let kinds: Vec<(&str, View)> = item.entries().filter(|(key, _)| !common.contains(key)).collect();
    let supported = || EVENTS.iter().map(|kind| kind.name);
    let [(name, at)] = kinds.as_slice() else {
        let found: Vec<_> = kinds.iter().map(|(key, _)| *key).collect();
        let found =
            if found.is_empty() { "no event".to_owned() } else { format!("several keys: {}", found.join(", ")) };
        return Err(view.error(found).expected("one event").help(nearest_or_list("", supported().collect::<Vec<_>>())));
    };
    if common == COMMON && CONTROLLERS.iter().any(|controller| controller.name == *name) {
        return Ok(None);
    }
    let Some(kind) = EVENTS.iter().find(|known| known.name == *name) else {
        let names: Vec<_> = supported().collect();
        let error = at.error(format!("unknown event `{name}`")).kind(ErrorKind::UnknownName);
        return Err(error.help(nearest_or_list(name, names)));
    };
    let body = item.get(name);
    Ok(Some(Written { kind, item, body }))
}

/// Reads the workloads that `createDeployment` events bring into being; returns them by event.
pub(super) fn add_created(
    spec: &Fields,
    files: &Folder,
    draft: &mut Draft,
) -> Result<Vec<Option<WorkloadRef>>, InputError> {
    let mut created = Vec::new();
    for (view, common) in listed(spec)? {
        let written = written(&view, common)?;
        let file = match written.map(|written| (written.kind.name, written.body)) {
            Some(("createDeployment", Some(body))) => body.fields()?.require("file", "a file with one workload")?,
            Some(("createDeployment", None)) => return Err(view.error("no file").expected("file: NAME")),
            _ => {
                created.push(None);
                continue;
            }
        };
        let mut other = files.read_workload(&file)?;
        for mut read in std::mem::take(&mut other.workloads) {
            let reference = read.workload.reference.clone();
            if draft.workloads.iter().any(|known| known.workload.reference == reference) {
                return Err(file
                    .error(format!("{reference} exists already"))
                    .kind(ErrorKind::Duplicate)
                    .expected("a workload that is not there yet"));
            }
            if read.workload.ordinals().is_some() {
                return Err(file
                    .error(format!("{reference} cannot be created later"))
                    .kind(ErrorKind::NotSupported)
                    .expected("a Deployment"));
            }
            read.workload.exists = false;
            draft.sources.insert(&read.context.object, super::source_map_place(&read.context));
            draft.workloads.push(read);
            kinds::apply_limit_ranges(draft);
            created.push(Some(reference));
        }
    }
    Ok(created)
}

/// Reads `spec.events` and `spec.operations`.
pub(super) fn read(
    spec: &Fields,
    names: &Names,
    files: &Folder,
    draft: &mut Draft,
    created: &[Option<WorkloadRef>],
) -> Result<Vec<Event>, InputError> {
    let mut events: Vec<Event> = Vec::new();
    let mut read_views = Vec::new();
    for (index, (view, common)) in listed(spec)?.iter().enumerate() {
        let Some(written) = written(view, common)? else { continue };
        let created = created.get(index).and_then(Option::as_ref);
        let reader = written.kind;
        let item = Item::new(view, written, common)?;
        let is_operation = *common != COMMON;
        let puts_all_back = is_operation && reader.name == RESTORE && !item.body.has("target");
        let kind = match puts_all_back {
            true => None,
            false => Some((reader.read)(&mut Reading { body: &item.body, names, files, draft, created })?),
        };
        match kind {
            Some(kind) if !is_operation => events.push(read_common(view, kind, &item, &events)?),
            kind => operations::add(view, &item, kind, draft, &mut events)?,
        }
        read_views.resize(events.len(), view.clone());
    }
    check_order(&events, &read_views)?;
    Ok(events)
}

/// The keys of an event, inside it and beside it.
pub(super) struct Item<'a> {
    body: Fields<'a>,
    beside: Fields<'a>,
}

/// No keys at all.
static NOTHING: LazyLock<Value> = LazyLock::new(|| Value::Map(Default::default()));

impl<'a> Item<'a> {
    fn new(view: &View<'a>, written: Written<'a>, common: Common) -> Result<Self, InputError> {
        let allowed: Vec<&str> = written.kind.keys.iter().chain(common).copied().collect();
        let body = match &written.body {
            Some(body) => body.strict_fields(&allowed)?,
            None => View { value: &NOTHING, ..view.clone() }.strict_fields(&allowed)?,
        };
        Ok(Self { body, beside: written.item })
    }

    /// A common key, inside the event or beside it.
    pub(super) fn common(&self, key: &str) -> Result<Option<View<'a>>, InputError> {
        match (self.body.get(key), self.beside.get(key)) {
            (Some(_), Some(twice)) => Err(twice
                .error(format!("`{key}` is also inside the event"))
                .kind(ErrorKind::Duplicate)
                .expected("one of the two")),
            (inside, beside) => Ok(inside.or(beside)),
        }
    }
}

fn read_common(view: &View, kind: EventKind, item: &Item, earlier: &[Event]) -> Result<Event, InputError> {
    let id = match item.common("id")? {
        Some(id) => free_id(&id, earlier)?,
        None => numbered(&kind, earlier),
    };
    let times = item.common("times")?.map(|view| view.integer(1..=1000)).transpose()?.unwrap_or(1);
    let must = item.common("must")?.map(|view| view.boolean()).transpose()?.unwrap_or(false);
    let after = item.common("after")?.map(|view| view.name().map(str::to_owned)).transpose()?;
    Ok(Event { id, kind, times, must, after, operation: None, origin: view.origin() })
}

/// An id that no earlier event has.
pub(super) fn free_id(id: &View, earlier: &[Event]) -> Result<String, InputError> {
    let name = id.name()?;
    if earlier.iter().any(|event| event.id == name) {
        let error = id.error(format!("a second event `{name}`")).kind(ErrorKind::Duplicate);
        return Err(error.expected("ids that differ"));
    }
    Ok(name.to_owned())
}

/// The name of the kind, with a number behind it where an earlier event has that name.
pub(super) fn numbered(kind: &EventKind, earlier: &[Event]) -> String {
    let numbered = (2..).map(|number| format!("{}-{number}", kind.name()));
    let mut candidates = std::iter::once(kind.name().to_owned()).chain(numbered);
    candidates.find(|id| earlier.iter().all(|event| event.id != *id)).unwrap_or_default()
}

/// Every `after` names another event, and no event waits for itself.
fn check_order(events: &[Event], views: &[View]) -> Result<(), InputError> {
    for (event, view) in events.iter().zip(views) {
        let mut next = event.after.as_deref();
        for _ in 0..=events.len() {
            let Some(id) = next else { break };
            let Some(other) = events.iter().find(|other| other.id == id) else {
                let ids = events.iter().map(|other| other.id.as_str());
                return Err(view
                    .error(format!("after: no event `{id}`"))
                    .kind(ErrorKind::UnknownName)
                    .help(nearest_or_list(id, ids)));
            };
            if other.id == event.id {
                return Err(view
                    .error(format!("the event `{}` waits for itself", event.id))
                    .expected("no circle of `after`"));
            }
            next = other.after.as_deref();
        }
    }
    Ok(())
}

/// What the reader of a kind has at hand.
pub(in super::super) struct Reading<'r, 'a> {
    pub(in super::super) body: &'r Fields<'a>,
    names: &'r Names,
    files: &'r Folder<'r>,
    pub(in super::super) draft: &'r mut Draft,
    /// What `createDeployment` creates.
    created: Option<&'r WorkloadRef>,
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

fn read_node_failure(reading: &mut Reading) -> Result<EventKind, InputError> {
    let pool = reading.body.read("pool", |view| reading.names.pool(&view))?;
    let node = reading.node()?;
    if let (Some(_), Some(_)) = (&pool, &node) {
        let error = reading.body.view.error("both pool and node");
        return Err(error.expected("one of the two, or none for any node"));
    }
    Ok(EventKind::NodeFailure { pool: pool.or(node), recovers: reading.flag("recovers", true)? })
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
