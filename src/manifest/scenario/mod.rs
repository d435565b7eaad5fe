//! The scenario: what manifests cannot say. Every key is known, or an error.
//!
//! Two keys of `spec` stand for flags of programs that no manifest shows: `deschedulerInterval` (`5m` by default, or
//! what a descheduler among the manifests is started with) is the time between two passes, and
//! `hpa: {syncPeriod, downscaleStabilization}` (`15s` and `5m`) are those of the controller manager. The common keys
//! of events (`id`, `times`, `must`, `after`; of operations `id` and `when`) and the `id` of intents may stand inside the event or beside it.

mod autoscalers;
mod containers;
mod controllers;
mod event_kinds;
mod events;
mod faults;
mod files;
mod intents;
mod metrics;
mod nodes;
mod operations;
mod schema;
mod settings;
mod workloads;

pub(super) use event_kinds::{EventReader, Reading};
pub(crate) use faults::contradiction as contradicting_faults;
pub(super) use files::{EVENT_LISTS, event_file, event_files, resources};
pub use schema::scenario_schema;
pub use settings::{KUBERNETES, release};

use super::draft::{Draft, Scenario};
use super::error::InputError;
use super::load::Loader;
use super::names::Names;
use super::value::Value;
use super::view::Entry;
use super::{exceptions, expression, formula, own, source_map_place, vary};
use kubound_encodings::cluster::{Assumption, CustomController, WorkloadRef, custom};
use std::path::Path;

/// How origins call the scenario.
pub(super) const OBJECT: &str = "Scenario";

/// The keys of `spec`.
const KEYS: &[&str] = &[
    "kubernetesVersion",
    "featureGates",
    "resources",
    "nodes",
    "workloads",
    "assume",
    "placed",
    "start",
    "timing",
    "controllers",
    "events",
    "operations",
    "faults",
    "intents",
    "bounds",
    "expect",
    "vary",
    "exceptions",
    "deschedulerInterval",
    "hpa",
    "clusterAutoscaler",
    "karpenter",
];

/// Whether a value is a scenario, of whatever version.
pub(super) fn is_scenario(value: &Value) -> bool {
    own::is_of_kind(value, OBJECT)
}

/// Reads a scenario; `folder` is where its paths start, if it is in a file.
pub(super) fn read(
    entry: &Entry,
    folder: Option<&Path>,
    loader: &Loader,
    draft: &mut Draft,
) -> Result<Scenario, InputError> {
    let root = own::root(&entry.value, &entry.context)?;
    draft.sources.insert(OBJECT, source_map_place(&entry.context));
    let mut scenario = Scenario::default();
    if let Some(metadata) = root.get("metadata") {
        let metadata = metadata.strict_fields(own::METADATA)?;
        scenario.name = metadata.read("name", |view| view.name().map(str::to_owned))?;
    }
    let spec = root.require("spec", "the scenario")?.strict_fields(KEYS)?;
    settings::read(&spec, loader.release, &mut scenario)?;
    nodes::read(&spec, draft)?;
    scenario.node_autoscaler = autoscalers::read(&spec, draft)?;
    let files = files::Folder { folder, loader };
    let created = events::add_created(&spec, &files, draft)?;
    let workloads: Vec<WorkloadRef> = draft.workloads.iter().map(|one| one.workload.reference.clone()).collect();
    let mut names = Names::new(workloads, &draft.pools);
    workloads::read(&spec, &names, draft)?;
    settings::raise_bounds(&spec, draft, &mut scenario.bounds)?;
    scenario.placed = workloads::read_placed(&spec, &names, scenario.start)?;
    for view in spec.items("assume")? {
        let condition = expression::read(&view, expression::Place::Assumption, &names)?;
        names.learn(&condition);
        let text = view.text()?.to_owned();
        scenario.assumptions.push(Assumption { text, condition, origin: view.origin() });
    }
    scenario.events = events::read(&spec, &names, &files, draft, &created)?;
    scenario.controllers = controllers::read(&spec, &names, &scenario.events)?;
    scenario.faults = faults::read(&spec)?;
    let hpas: Vec<String> =
        draft.hpas.iter().filter(|hpa| names.workloads.contains(&hpa.hpa.target)).map(|hpa| hpa.hpa.label()).collect();
    let customs: Vec<&CustomController> = custom::among(&draft.others).collect();
    let known = formula::Known { names: &names, hpas: &hpas, customs: &customs, rules: None };
    scenario.intents = intents::read(&spec, &known)?;
    scenario.exceptions = exceptions::read(&spec, &names)?;
    scenario.vary = vary::read(&spec, &draft.sources)?;
    scenario.expect = intents::read_expect(&spec, &scenario.intents)?;
    Ok(scenario)
}
