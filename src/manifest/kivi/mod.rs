//! Kivi's own inputs: JSON with `setup`, `userDefined`, `controllers`, `userCommand`, `events` and `intents`.
//!
//! What it says becomes the objects and the scenario that the same cluster would be written as, so that every default
//! and every rule is that of Kubernetes. Amounts are in units of the tool: one is a core, or a Gi of memory. Numbers of
//! nodes, pods, templates and deployments begin with 1. Kivi always asks whether a pod finds no node, and so does this.

mod commands;
mod controllers;
mod intents;
mod nodes;
mod pods;
mod sizes;
mod templates;
mod workloads;

use super::Severity::Harmless;
use super::draft::{Draft, Scenario};
use super::error::InputError;
use super::value::{Mapping, Value};
use super::view::{Context, Entry, Fields, View};
use super::{ErrorKind, source_map_place};
use crate::limits::reader::MOST_UNITS;
use kubound_encodings::cluster::node::HOSTNAME;
use kubound_encodings::cluster::{Bounds, Span, Start, WorkloadRef};
use std::sync::Arc;

/// How origins call the input.
pub(super) const OBJECT: &str = "Kivi";

/// Keys beside `setup`, one of which shows that a file is meant for Kivi.
const COMPANIONS: &[&str] = &["controllers", "events", "intents", "userCommand", "userDefined"];

/// Whether a text may hold such an input.
pub(super) fn is_mentioned(text: &str) -> bool {
    text.contains("\"setup\"") && COMPANIONS.iter().any(|companion| text.contains(companion))
}

/// Whether a value is such an input.
pub(super) fn is_input(value: &Value) -> bool {
    let is_setup = |map: &Mapping| {
        map.contains_key("setup")
            && !map.contains_key("apiVersion")
            && COMPANIONS.iter().any(|companion| map.contains_key(*companion))
    };
    let Some(map) = value.as_map() else { return false };
    is_setup(map) || map.get("template").and_then(Value::as_map).is_some_and(is_setup)
}

/// The only input of this kind among the objects, if there is one.
pub(super) fn find(entries: &[Entry], has_scenario: bool) -> Result<Option<&Entry>, InputError> {
    let Some(found) = entries.iter().find(|entry| entry.context.object == OBJECT) else { return Ok(None) };
    if entries.len() > 1 || has_scenario {
        return Err(found
            .context
            .error("", "Kivi's input beside other input")
            .kind(ErrorKind::Duplicate)
            .expected("one such file, and nothing else")
            .help("name the file itself; check several one at a time"));
    }
    Ok(Some(found))
}

/// A deployment of the input.
struct Deployment {
    /// As it is called in the input.
    written: String,
    reference: WorkloadRef,
    /// Index of its pod template.
    template: usize,
    /// `minReplicas` of its autoscaler, if there is one.
    min_replicas: Option<i64>,
    replicas: Span,
}

/// Reads the input: objects go into the draft.
pub(super) fn read(entry: &Entry, draft: &mut Draft) -> Result<Scenario, InputError> {
    let context = &entry.context;
    draft.sources.insert(OBJECT, source_map_place(context));
    let mut root = View::root(&entry.value, context).fields()?;
    if let Some(template) = root.get("template") {
        root.note_rest(&[
            ("setups", Harmless, "the sizes of userDefined are checked, all at once"),
            ("n_setups", Harmless, "the sizes of userDefined are checked, all at once"),
        ]);
        root = template.fields()?;
    }
    let setup = root.require("setup", "the cluster")?.fields()?;
    let sizes = root.below("userDefined")?;
    let has_autoscaling = controllers::read(&root, draft)?;
    let mut scenario = Scenario::default();
    let names = nodes::names(&setup, sizes.as_ref())?;
    let templates = templates::read(&setup, &names)?;
    let parts = Parts { setup: &setup, sizes: sizes.as_ref(), templates: &templates, has_autoscaling };
    let deployments = workloads::read(&parts, draft)?;
    if sizes.is_none() {
        let placed = pods::read(&setup, &names, &deployments, draft)?;
        draft.pools = nodes::read(&setup, &names, &pods::used(&placed, &names, &deployments, &templates))?;
        scenario.start = if placed.is_empty() { Start::Empty } else { Start::Snapshot };
        scenario.placed = placed;
    } else {
        draft.pools = sizes::pools(parts.sizes, &names)?;
        scenario.assumptions = sizes::assumptions(parts.sizes, &deployments, context)?;
    }
    scenario.bounds = Bounds {
        nodes_per_pool: draft.pools.iter().map(|pool| pool.count.hi).max().unwrap_or(0).max(1),
        pods: deployments.iter().map(|one| one.replicas.hi).fold(0, i64::saturating_add).max(1),
    };
    let known = commands::Known { deployments: &deployments, templates: &templates, pools: &draft.pools };
    commands::read_commands(&root, &setup, &known, sizes.is_some(), &mut scenario)?;
    commands::read_events(&root, &known, &mut scenario)?;
    scenario.intents = intents::read(&root, &deployments)?;
    setup.note_rest(&[("userDefined", Harmless, "only the one beside `setup` counts")]);
    if let Some(sizes) = &sizes {
        sizes.note_rest(sizes::REST);
    }
    root.note_rest(&[]);
    Ok(scenario)
}

/// What deployments are read from.
struct Parts<'a> {
    setup: &'a Fields<'a>,
    sizes: Option<&'a Fields<'a>>,
    templates: &'a [templates::PodTemplate],
    has_autoscaling: bool,
}

/// A name, which may be a number.
fn read_name(view: &View) -> Result<String, InputError> {
    let text = match view.value {
        Value::Integer(number) if (0..=i128::from(i64::MAX)).contains(number) => return Ok(number.to_string()),
        Value::Text(text) => text,
        other => return Err(view.error(format!("found {}", other.describe())).expected("a number or a name")),
    };
    let is_valid = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || "-.".contains(one);
    if text.is_empty() || text.len() > 200 || !text.chars().all(is_valid) {
        return Err(view
            .error(format!("found {}", view.value.describe()))
            .expected("a number, or lower-case letters, digits, `-` and `.`"));
    }
    Ok(text.clone())
}

/// The name of an object: a number alone says too little.
fn object_name(kind: &str, written: &str) -> String {
    if written.chars().all(|one| one.is_ascii_digit()) { format!("{kind}-{written}") } else { written.to_owned() }
}

/// The label that Kubernetes has for one of Kivi's.
fn label_key(key: &str) -> String {
    match key {
        "hostname" => HOSTNAME.to_owned(),
        "zone" => "topology.kubernetes.io/zone".to_owned(),
        _ => key.to_owned(),
    }
}

/// Labels; values may be numbers.
fn read_labels(view: &View) -> Result<Vec<(String, String)>, InputError> {
    let fields = view.fields()?;
    let labels = fields.entries().map(|(key, value)| {
        let text = value.scalar_text().ok_or_else(|| {
            value.error(format!("found {}", value.value.describe())).expected("the value of a label: text or a number")
        })?;
        Ok((label_key(key), text))
    });
    labels.collect()
}

/// An index that begins with 1.
fn read_index(view: &View, among: usize, what: &str) -> Result<usize, InputError> {
    let none = || {
        let most = if among == 0 { "there is none".to_owned() } else { format!("an integer from 1 to {among}") };
        view.error(format!("found {}", view.value.describe()))
            .kind(ErrorKind::UnknownName)
            .expected(format!("the number of {what}: {most}"))
    };
    match view.value {
        Value::Integer(number) => {
            usize::try_from(*number).ok().filter(|number| (1..=among).contains(number)).map(|number| number - 1)
        }
        _ => None,
    }
    .ok_or_else(none)
}

/// As many items of a list as the number beside it says.
fn read_counted<'a>(fields: &Fields<'a>, list: &str, number: &str) -> Result<Vec<View<'a>>, InputError> {
    let mut items = fields.items(list)?;
    if let Some(view) = fields.get(number) {
        let wanted = usize::try_from(view.integer(0..=i64::MAX)?).unwrap_or(usize::MAX);
        if wanted > items.len() && fields.get(list).is_some() {
            return Err(view
                .error(format!("{wanted}, and {list} has {}", items.len()))
                .expected(format!("at most the length of {list}")));
        }
        items.truncate(wanted);
    }
    Ok(items)
}

/// The place of an object that a part of the input stands for.
fn part(view: &View, object: String) -> Context {
    let places = Arc::new(view.context.places.find(&view.path).clone());
    Context { object, line: places.region().line, places, ..view.context.clone() }
}

/// A mapping.
fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// A text.
fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// A mapping from labels to their values.
fn label_map(labels: &[(String, String)]) -> Value {
    Value::Map(labels.iter().map(|(key, value)| (key.clone(), text(value))).collect())
}

/// An amount of memory, as a quantity.
fn gibibytes(units: i64) -> Value {
    text(format!("{units}Gi"))
}
