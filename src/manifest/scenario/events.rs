//! `spec.events`: what users and machines may do.

use super::super::draft::{Draft, DraftWorkload};
use super::super::error::InputError;
use super::super::kinds;
use super::super::names::Names;
use super::super::quantity::Unit;
use super::super::span::{Count, read_span};
use super::super::suggest::nearest_or_list;
use super::super::view::{Fields, View};
use super::super::{ErrorKind, Severity};
use super::files::Folder;
use crate::limits::reader::MAX_REPLICAS;
use kubound_encodings::cluster::event::ApplyMode;
use kubound_encodings::cluster::workload::{DAEMON_SET, JOB, POD, STATEFUL_SET};
use kubound_encodings::cluster::{Event, EventKind, Rollout, WorkloadRef};

/// Events and the keys of each, without the common ones.
pub(super) const EVENTS: &[(&str, &[&str])] = &[
    ("cpuChange", &["target", "to"]),
    ("nodeFailure", &["pool", "node", "recovers"]),
    ("maintenance", &["pools", "atOnce"]),
    ("drain", &["node", "uncordon"]),
    ("cordon", &["node"]),
    ("uncordon", &["node"]),
    ("apply", &["file", "mode"]),
    ("rollout", &["target"]),
    ("rollback", &["target"]),
    ("scale", &["target", "replicas"]),
    ("createDeployment", &["file"]),
    ("kernelPanic", &["cpuLeftBelow"]),
    ("memoryPressure", &[]),
    ("selfHeal", &["target", "every"]),
];

/// Seconds between two comparisons with the manifests unless `every` says otherwise.
const SELF_HEAL_INTERVAL: i64 = 180;

/// Keys that every event may have.
pub(super) const COMMON: &[&str] = &["id", "times", "must", "after"];

/// How a file is applied.
pub(super) const APPLY_MODES: &[(&str, ApplyMode)] =
    &[("client-side", ApplyMode::ClientSide), ("server-side", ApplyMode::ServerSide)];

/// An event as written: its name, and the mapping with its keys.
struct Written<'a> {
    name: &'static str,
    keys: &'static [&'static str],
    item: Fields<'a>,
    body: Option<View<'a>>,
}

fn written<'a>(view: &View<'a>) -> Result<Written<'a>, InputError> {
    let item = view.fields()?;
    let kinds: Vec<(&str, View)> = item.entries().filter(|(key, _)| !COMMON.contains(key)).collect();
    let supported = || EVENTS.iter().map(|(name, _)| *name);
    let [(name, at)] = kinds.as_slice() else {
        let found: Vec<_> = kinds.iter().map(|(key, _)| *key).collect();
        let found =
            if found.is_empty() { "no event".to_owned() } else { format!("several keys: {}", found.join(", ")) };
        return Err(view.error(found).expected("one event").help(nearest_or_list("", supported().collect::<Vec<_>>())));
    };
    let Some((name, keys)) = EVENTS.iter().find(|(known, _)| known == name) else {
        let names: Vec<_> = supported().collect();
        let error = at.error(format!("unknown event `{name}`")).kind(ErrorKind::UnknownName);
        return Err(error.help(nearest_or_list(name, names)));
    };
    let body = item.get(name);
    Ok(Written { name, keys, item, body })
}

/// Reads the workloads that `createDeployment` events bring into being; returns them by event.
pub(super) fn add_created(
    spec: &Fields,
    files: &Folder,
    draft: &mut Draft,
) -> Result<Vec<Option<WorkloadRef>>, InputError> {
    let mut created = Vec::new();
    for view in spec.items("events")? {
        let written = written(&view)?;
        let file = match (written.name, written.body) {
            ("createDeployment", Some(body)) => body.fields()?.require("file", "a file with one Deployment")?,
            ("createDeployment", None) => return Err(view.error("no file").expected("file: NAME")),
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

/// Reads `spec.events`.
pub(super) fn read(
    spec: &Fields,
    names: &Names,
    files: &Folder,
    draft: &mut Draft,
    created: &[Option<WorkloadRef>],
) -> Result<Vec<Event>, InputError> {
    let views = spec.items("events")?;
    let mut events: Vec<Event> = Vec::new();
    for (index, view) in views.iter().enumerate() {
        let written = written(view)?;
        let allowed: Vec<&str> = written.keys.iter().chain(COMMON).copied().collect();
        let empty = super::super::value::Value::Map(Default::default());
        let body = match &written.body {
            Some(body) => body.strict_fields(&allowed)?,
            None => View { value: &empty, ..view.clone() }.strict_fields(&allowed)?,
        };
        let kind = match (written.name, created.get(index)) {
            ("createDeployment", Some(Some(target))) => EventKind::CreateDeployment { target: target.clone() },
            ("apply", _) => read_apply(&body, files, draft)?,
            ("rollout" | "rollback", _) => read_rollout(written.name, &body, names, draft)?,
            (name, _) => read_kind(name, &body, names)?,
        };
        let event = read_common(view, kind, &body, &written.item, &events)?;
        events.push(event);
    }
    check_order(&events, &views)?;
    Ok(events)
}

/// A common key, inside the event or beside it.
fn common<'a>(key: &str, body: &Fields<'a>, item: &Fields<'a>) -> Result<Option<View<'a>>, InputError> {
    match (body.get(key), item.get(key)) {
        (Some(_), Some(twice)) => Err(twice
            .error(format!("`{key}` is also inside the event"))
            .kind(ErrorKind::Duplicate)
            .expected("one of the two")),
        (inside, beside) => Ok(inside.or(beside)),
    }
}

fn read_common(
    view: &View,
    kind: EventKind,
    body: &Fields,
    item: &Fields,
    earlier: &[Event],
) -> Result<Event, InputError> {
    let is_taken = |id: &str| earlier.iter().any(|event| event.id == id);
    let id = match common("id", body, item)? {
        Some(id) if is_taken(id.name()?) => {
            return Err(id
                .error(format!("a second event `{}`", id.name()?))
                .kind(ErrorKind::Duplicate)
                .expected("ids that differ"));
        }
        Some(id) => id.name()?.to_owned(),
        None => {
            let numbered = (2..).map(|number| format!("{}-{number}", kind.name()));
            let mut candidates = std::iter::once(kind.name().to_owned()).chain(numbered);
            candidates.find(|id| !is_taken(id)).unwrap_or_default()
        }
    };
    let times = common("times", body, item)?.map(|view| view.integer(1..=1000)).transpose()?.unwrap_or(1);
    let must = common("must", body, item)?.map(|view| view.boolean()).transpose()?.unwrap_or(false);
    let after = common("after", body, item)?.map(|view| view.name().map(str::to_owned)).transpose()?;
    Ok(Event { id, kind, times, must, after, origin: view.origin() })
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

fn read_kind(name: &str, body: &Fields, names: &Names) -> Result<EventKind, InputError> {
    let target = || names.workload(&body.require("target", "kind/namespace/name of a workload")?);
    let node = || body.read("node", |view| names.node(&view));
    let flag = |key: &str, default: bool| Ok(body.read(key, |view| view.boolean())?.unwrap_or(default));
    Ok(match name {
        "cpuChange" => {
            let to = body.require("to", "a CPU usage such as 100m..900m/100m")?;
            EventKind::CpuChange { target: target()?, to: read_span(&to, &Count::Amount(Unit::Milli))? }
        }
        "nodeFailure" => {
            let pool = body.read("pool", |view| names.pool(&view))?;
            let node = node()?;
            if let (Some(_), Some(_)) = (&pool, &node) {
                return Err(body.view.error("both pool and node").expected("one of the two, or none for any node"));
            }
            EventKind::NodeFailure { pool: pool.or(node), recovers: flag("recovers", true)? }
        }
        "maintenance" => {
            let pools = body.items("pools")?.iter().map(|view| names.pool(view)).collect::<Result<Vec<_>, _>>()?;
            let at_once = body.read("atOnce", |view| view.integer(1..=5000))?.unwrap_or(1);
            EventKind::Maintenance { pools, at_once }
        }
        "drain" => EventKind::Drain { node: node()?, uncordon: flag("uncordon", false)? },
        "cordon" => EventKind::Cordon { node: node()? },
        "uncordon" => EventKind::Uncordon { node: node()? },
        "scale" => {
            let replicas = body.require("replicas", "a number or a range such as 2..5")?;
            let target = target()?;
            if [POD, JOB].contains(&target.kind.as_str()) {
                return Err(body.view.error(format!("{target} has no replicas")).expected("a workload with replicas"));
            }
            EventKind::Scale { target, replicas: read_span(&replicas, &Count::Plain(0..=MAX_REPLICAS))? }
        }
        "kernelPanic" => EventKind::KernelPanic {
            cpu_left_below: read_percent(&body.require("cpuLeftBelow", "a percentage such as 2%")?)?,
        },
        "memoryPressure" => EventKind::MemoryPressure,
        "selfHeal" => {
            let every = body.read("every", |view| view.seconds())?;
            EventKind::SelfHeal { target: target()?, interval: every.unwrap_or(SELF_HEAL_INTERVAL).max(1) }
        }
        other => return Err(body.view.error(format!("the event `{other}` is not supported here"))),
    })
}

/// `kubectl rollout` works on Deployments that are not paused; here StatefulSets and DaemonSets can be restarted, too.
fn read_rollout(name: &str, body: &Fields, names: &Names, draft: &Draft) -> Result<EventKind, InputError> {
    let view = body.require("target", "kind/namespace/name of a Deployment")?;
    let target = names.workload_or_daemon_set(&view)?;
    if [STATEFUL_SET, DAEMON_SET].contains(&target.kind.as_str()) && name == "rollback" {
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
    Ok(if name == "rollout" { EventKind::Rollout { target } } else { EventKind::Rollback { target } })
}

fn read_percent(view: &View) -> Result<i64, InputError> {
    match view.value.as_text() {
        Some(text) => {
            let number = text.strip_suffix('%').and_then(|number| number.parse().ok());
            number.filter(|number| (0..=100).contains(number)).ok_or_else(|| {
                view.error(format!("found {}", view.value.describe())).expected("a percentage from 0% to 100%")
            })
        }
        None => view.integer(0..=100),
    }
}

fn read_apply(body: &Fields, files: &Folder, draft: &mut Draft) -> Result<EventKind, InputError> {
    let file = body.require("file", "a file with one Deployment")?;
    let mode = body.read("mode", |view| view.one_of(APPLY_MODES))?.unwrap_or(ApplyMode::ClientSide);
    let Some(applied) = files.read_workload(&file)?.workloads.pop() else {
        return Err(file.error("no workload").expected("one Deployment"));
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
