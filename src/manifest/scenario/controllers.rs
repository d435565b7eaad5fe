//! `spec.controllers`: what acts again and again and is no object of the cluster's API. Such controllers were once written
//! among `spec.events`, where they are still read.

use super::super::error::InputError;
use super::super::names::Names;
use super::super::suggest::nearest_or_list;
use super::super::value::Value;
use super::super::view::{Fields, View};
use super::super::{ErrorKind, Severity};
use super::event_kinds::COMMON;
use kubound_encodings::cluster::{Event, ScenarioController, ScenarioControllerKind};

/// A kind of controller in scenario files.
pub(super) struct Kind {
    /// Its name.
    pub(super) name: &'static str,
    /// Its keys, without `id`.
    pub(super) keys: &'static [&'static str],
    /// Those that must be there.
    pub(super) required: &'static [&'static str],
    /// What it does.
    pub(super) about: &'static str,
    read: fn(&Fields, &Names) -> Result<ScenarioControllerKind, InputError>,
}

/// All kinds of controllers.
pub(super) const CONTROLLERS: &[Kind] = &[
    Kind {
        name: "kernelPanic",
        keys: &["cpuLeftBelow"],
        required: &["cpuLeftBelow"],
        about: "Nodes with less free CPU than this stop: an assumption about nodes, not something Kubernetes does.",
        read: read_kernel_panic,
    },
    Kind {
        name: "memoryPressure",
        keys: &[],
        required: &[],
        about: "Kubelets evict pods from nodes whose pods use more memory (memoryUsage) than is allocatable, and the nodes are tainted.",
        read: |_, _| Ok(ScenarioControllerKind::MemoryPressure),
    },
    Kind {
        name: "selfHeal",
        keys: &["target", "every"],
        required: &["target"],
        about: "spec.replicas is put back to what the manifest says, again and again (GitOps).",
        read: read_self_heal,
    },
];

/// The key that every controller may have.
pub(super) const ID: &str = "id";

/// Seconds between two comparisons with the manifests unless `every` says otherwise.
const SELF_HEAL_INTERVAL: i64 = 180;

/// Reads `spec.controllers`, and those among `spec.events`.
pub(super) fn read(spec: &Fields, names: &Names, events: &[Event]) -> Result<Vec<ScenarioController>, InputError> {
    let mut found: Vec<ScenarioController> = Vec::new();
    for view in spec.items("controllers")? {
        let item = view.fields()?;
        let kinds: Vec<(&str, View)> = item.entries().filter(|(key, _)| *key != ID).collect();
        let supported: Vec<&str> = CONTROLLERS.iter().map(|kind| kind.name).collect();
        let [(name, at)] = kinds.as_slice() else {
            return Err(view.error("not one key").expected("one controller").help(nearest_or_list("", supported)));
        };
        let Some(kind) = CONTROLLERS.iter().find(|kind| kind.name == *name) else {
            let error = at.error(format!("unknown controller `{name}`")).kind(ErrorKind::UnknownName);
            return Err(error.help(nearest_or_list(name, supported)));
        };
        let controller = read_one(kind, &view, &item, &[ID], names, (events, &found))?;
        found.push(controller);
    }
    for view in spec.items("events")? {
        let item = view.fields()?;
        let Some(kind) = CONTROLLERS.iter().find(|kind| item.entries().any(|(key, _)| key == kind.name)) else {
            continue;
        };
        let controller = read_one(kind, &view, &item, COMMON, names, (events, &found))?;
        found.push(controller);
    }
    Ok(found)
}

fn read_one(
    kind: &Kind,
    view: &View,
    item: &Fields,
    common: &[&str],
    names: &Names,
    (events, earlier): (&[Event], &[ScenarioController]),
) -> Result<ScenarioController, InputError> {
    let allowed: Vec<&str> = kind.keys.iter().chain(common).copied().collect();
    let empty = Value::Map(Default::default());
    let body = match item.get(kind.name) {
        Some(body) => body.strict_fields(&allowed)?,
        None => View { value: &empty, ..view.clone() }.strict_fields(&allowed)?,
    };
    for key in common.iter().filter(|key| **key != ID) {
        if let Some(view) = body.get(key).or(item.get(key)) {
            view.note(Severity::Risky, format!("not read: `{}` acts again and again", kind.name));
        }
    }
    let is_taken = |id: &str| events.iter().any(|event| event.id == id) || earlier.iter().any(|other| other.id == id);
    let id = match body.get(ID).or(item.get(ID)) {
        Some(id) if is_taken(id.name()?) => {
            let error = id.error(format!("a second `{}`", id.name()?)).kind(ErrorKind::Duplicate);
            return Err(error.expected("ids that differ"));
        }
        Some(id) => id.name()?.to_owned(),
        None => {
            let numbered = (2..).map(|number| format!("{}-{number}", kind.name));
            let mut candidates = std::iter::once(kind.name.to_owned()).chain(numbered);
            candidates.find(|id| !is_taken(id)).unwrap_or_default()
        }
    };
    Ok(ScenarioController { id, kind: (kind.read)(&body, names)?, origin: view.origin() })
}

fn read_kernel_panic(body: &Fields, _: &Names) -> Result<ScenarioControllerKind, InputError> {
    let cpu_left_below = read_percent(&body.require("cpuLeftBelow", "a percentage such as 2%")?)?;
    Ok(ScenarioControllerKind::KernelPanic { cpu_left_below })
}

fn read_self_heal(body: &Fields, names: &Names) -> Result<ScenarioControllerKind, InputError> {
    let target = names.workload(&body.require("target", "kind/namespace/name of a workload")?)?;
    let every = body.read("every", |view| view.seconds())?;
    Ok(ScenarioControllerKind::SelfHeal { target, interval: every.unwrap_or(SELF_HEAL_INTERVAL).max(1) })
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
