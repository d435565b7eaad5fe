//! `spec.events` and `spec.operations`: what users and machines may do; how each kind is read is in `event_kinds`.

use super::super::ErrorKind;
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::kinds;
use super::super::names::Names;
use super::super::suggest::nearest_or_list;
use super::super::value::Value;
use super::super::view::{Fields, View};
use super::controllers::CONTROLLERS;
use super::event_kinds::{COMMON, EVENTS, EventReader, Reading};
use super::files::Folder;
use super::operations;
use kubound_encodings::cluster::comparison::RESTORE;
use kubound_encodings::cluster::{Event, EventKind, WorkloadRef};
use std::sync::LazyLock;

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
