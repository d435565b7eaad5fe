//! `userCommand` and `events`: what users and machines do.

use super::super::ErrorKind;
use super::super::Severity::{Harmless, Risky};
use super::super::draft::Scenario;
use super::super::error::InputError;
use super::super::value::Value;
use super::super::view::{Fields, Ignored, View};
use super::templates::{CORE, PodTemplate};
use super::{Deployment, read_index, read_name};
use crate::limits::reader::MAX_REPLICAS;
use kubound_encodings::cluster::event::ApplyMode;
use kubound_encodings::cluster::workload::Usage;
use kubound_encodings::cluster::{Event, EventKind, NodePool, ScenarioController, ScenarioControllerKind, Span};

/// Units by which Kivi's `eventCpuChange` lets a usage rise.
const RISE: std::ops::RangeInclusive<i64> = 1..=6;

/// Kivi's nodes panic at 2 % of CPU left, rounded down, which is below 3 %.
const PANIC_BELOW: i64 = 3;

const REST: &[Ignored] =
    &[("after_stable", Harmless, "events happen at quiet moments"), ("priority", Harmless, "every order is checked")];

/// What events speak of.
pub(super) struct Known<'a> {
    pub(super) deployments: &'a [Deployment],
    pub(super) templates: &'a [PodTemplate],
    pub(super) pools: &'a [NodePool],
}

impl Known<'_> {
    /// The deployment that a value names, or else the one with this number.
    fn deployment(&self, view: &View) -> Result<&Deployment, InputError> {
        let written = read_name(view)?;
        match self.deployments.iter().find(|one| one.written == written) {
            Some(found) => Ok(found),
            None => Ok(&self.deployments[read_index(view, self.deployments.len(), "a deployment, or its name")?]),
        }
    }
}

/// Reads `userCommand`.
pub(super) fn read_commands(
    root: &Fields,
    setup: &Fields,
    known: &Known,
    has_sizes: bool,
    scenario: &mut Scenario,
) -> Result<(), InputError> {
    let templates = setup.items("deploymentTemplates")?;
    let mut created = Vec::new();
    for view in root.items("userCommand")? {
        let fields = view.fields()?;
        let name = fields.require("name", "the name of a command")?;
        let number = |among, what| read_index(&fields.require("para", "the number of its object")?, among, what);
        match name.text()? {
            "createTargetDeployment" => created.push(number(known.deployments.len(), "a deployment")?),
            "applyDeployment" => {
                let index = number(templates.len(), "one of deploymentTemplates")?;
                let kind = read_applied(&templates[index].fields()?, known)?;
                push(kind, 1, &view, scenario);
            }
            other => {
                name.note(Risky, format!("the command {other:?} is not read: it does not happen"));
                fields.get("para");
            }
        }
        fields.note_rest(REST);
    }
    let is_idle = |index: usize| {
        let target = &known.deployments[index].reference;
        !created.contains(&index) && !scenario.placed.iter().any(|one| one.target == *target)
    };
    for (index, view) in setup.items("d")?.iter().enumerate().take(known.deployments.len()) {
        let status = view.value.below(&["status"]);
        if !has_sizes && status == Some(&Value::Integer(0)) && is_idle(index) {
            view.note(Risky, "no command creates it; here it is there from the start");
        }
    }
    Ok(())
}

fn read_applied(fields: &Fields, known: &Known) -> Result<EventKind, InputError> {
    let target = known.deployment(&fields.require("name", "the name of a deployment")?)?.reference.clone();
    let replicas = fields.read("specReplicas", |view| view.integer(0..=MAX_REPLICAS))?;
    if let Some(view) = fields.get("podTemplateId") {
        view.note(Risky, "the pod template stays as it is");
    }
    fields.note_rest(&[
        ("id", Harmless, "the name tells which deployment it is"),
        ("strategy", Harmless, "the template stays as it is"),
        ("maxSurge", Harmless, "the template stays as it is"),
        ("maxUnavailable", Harmless, "the template stays as it is"),
    ]);
    Ok(EventKind::Apply { target, replicas, template: 0, mode: ApplyMode::ClientSide, paused: false })
}

/// Reads `events`.
pub(super) fn read_events(root: &Fields, known: &Known, scenario: &mut Scenario) -> Result<(), InputError> {
    let nodes = known.pools.iter().map(|pool| pool.count.hi).sum::<i64>().max(1);
    for view in root.items("events")? {
        let fields = view.fields()?;
        let name = fields.require("name", "the name of an event")?;
        let arguments = fields.below("para")?;
        let missing = |what: &str| view.error("no `para`").kind(ErrorKind::MissingField).expected(what);
        let found = match name.text()? {
            "kernelPanic" => {
                add_panics(&view, scenario);
                None
            }
            "nodeFailure" => Some((EventKind::NodeFailure { pool: None, recovers: true }, 1)),
            "maintenance" => {
                let arguments = arguments.as_ref().ok_or_else(|| missing("p: how many nodes are away at once"))?;
                let at_once = arguments.require("p", "how many nodes are away at once")?.integer(1..=5000)?;
                Some((EventKind::Maintenance { pools: Vec::new(), at_once }, nodes))
            }
            "eventCpuChange" => {
                let arguments = arguments.as_ref().ok_or_else(|| missing("targetDeployment"))?;
                let target = known.deployment(&arguments.require("targetDeployment", "a deployment")?)?;
                name.note(Risky, "the usage of all pods changes at once, and once only");
                Some((cpu_change(target, known), 1))
            }
            other => {
                name.note(Risky, format!("the event {other:?} is not read: it does not happen"));
                None
            }
        };
        if let Some(arguments) = arguments {
            arguments.note_rest(&[]);
        }
        fields.note_rest(REST);
        if let Some((kind, times)) = found {
            push(kind, times, &view, scenario);
        }
    }
    Ok(())
}

fn cpu_change(target: &Deployment, known: &Known) -> EventKind {
    let template = &known.templates[target.template];
    let now = match template.usage {
        Some(Usage::PerPod(span)) => span.hi,
        _ => template.cpu * CORE,
    };
    let to = Span { lo: now + RISE.start() * CORE, hi: now + RISE.end() * CORE, step: CORE };
    EventKind::CpuChange { target: target.reference.clone(), to }
}

fn add_panics(view: &View, scenario: &mut Scenario) {
    let kind = ScenarioControllerKind::KernelPanic { cpu_left_below: PANIC_BELOW };
    if !scenario.controllers.iter().any(|one| one.kind == kind) {
        let id = kind.name().to_owned();
        scenario.controllers.push(ScenarioController { id, kind, origin: view.origin() });
    }
}

fn push(kind: EventKind, times: i64, view: &View, scenario: &mut Scenario) {
    let same = scenario.events.iter().filter(|event| event.kind.name() == kind.name()).count();
    let id = if same == 0 { kind.name().to_owned() } else { format!("{}-{}", kind.name(), same + 1) };
    scenario.events.push(Event { id, kind, times, must: false, after: None, operation: None, origin: view.origin() });
}
