//! `controllers`: which run, and what the descheduler is told.

use super::super::Severity::Risky;
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::kinds;
use super::super::source_map_place;
use super::super::value::Value;
use super::super::view::{Fields, View};
use super::{map, part, text};

/// What the real descheduler's policy calls an object of its kind.
const POLICY: &str = "DeschedulerPolicy";

const SPREAD: &str = "RemovePodsViolatingTopologySpreadConstraint";

/// Plugins that can be told apart by name alone, with their extension points.
const PLUGINS: &[(&str, &str)] =
    &[("RemoveDuplicates", "balance"), (SPREAD, "balance"), ("RemovePodsViolatingNodeTaints", "deschedule")];

/// Reads the descheduler; returns whether autoscalers run.
pub(super) fn read(root: &Fields, draft: &mut Draft) -> Result<bool, InputError> {
    let Some(view) = root.get("controllers") else {
        return Ok(true);
    };
    let controllers = view.fields()?;
    for name in ["scheduler", "deployment"] {
        match controllers.get(name) {
            Some(view) => view.fields()?.note_rest(&[]),
            None => view.note(Risky, format!("`{name}` is missing; it always runs here")),
        }
    }
    let has_autoscaling = controllers.read("hpa", |view| view.fields().map(|fields| fields.note_rest(&[])))?.is_some();
    if let Some(view) = controllers.get("descheduler") {
        read_descheduler(&view, draft)?;
    }
    controllers.note_rest(&[]);
    Ok(has_autoscaling)
}

fn read_descheduler(view: &View, draft: &mut Draft) -> Result<(), InputError> {
    let fields = view.fields()?;
    let mut constraints = vec![text("DoNotSchedule")];
    let mut limits = Vec::new();
    if let Some(arguments) = fields.below("args")? {
        if let Some(view) = arguments.get("constraintsTopologySpread") {
            constraints = match view.integer(0..=2)? {
                0 => constraints,
                1 => vec![text("ScheduleAnyway")],
                _ => vec![text("DoNotSchedule"), text("ScheduleAnyway")],
            };
        }
        for key in ["maxNoOfPodsToEvictPerNode", "maxNoOfPodsToEvictPerNamespace"] {
            if let Some(view) = arguments.get(key) {
                limits.push((key, Value::Integer(i128::from(view.integer(0..=i64::from(u32::MAX))?))));
            }
        }
        arguments.note_rest(&[]);
    }
    let mut profiles = Vec::new();
    for (index, profile) in fields.items("profiles")?.iter().enumerate() {
        profiles.push(read_profile(profile, index, &constraints)?);
    }
    fields.note_rest(&[]);
    let mut policy = map([
        ("apiVersion", text("descheduler/v1alpha2")),
        ("kind", text(POLICY)),
        ("profiles", Value::List(profiles)),
    ]);
    if let Value::Map(policy) = &mut policy {
        policy.extend(limits.into_iter().map(|(key, value)| (key.to_owned(), value)));
    }
    let context = part(view, POLICY.to_owned());
    draft.sources.insert(POLICY, source_map_place(&context));
    kinds::read_object(&policy, &context, draft)
}

fn read_profile(profile: &View, index: usize, constraints: &[Value]) -> Result<Value, InputError> {
    let mut configurations = Vec::new();
    let mut points = [("deschedule", Vec::new()), ("balance", Vec::new())];
    for (name, view) in profile.fields()?.entries() {
        let Some((known, point)) = PLUGINS.iter().find(|(known, _)| *known == name) else {
            view.note(Risky, "this plugin is not read: its evictions do not happen");
            continue;
        };
        view.fields()?.note_rest(&[]);
        let mut configuration = vec![("name".to_owned(), text(*known))];
        if *known == SPREAD {
            let listed = Value::List(constraints.to_vec());
            configuration.push(("args".to_owned(), map([("constraints", listed)])));
        }
        configurations.push(Value::Map(configuration.into_iter().collect()));
        if let Some((_, enabled)) = points.iter_mut().find(|(other, _)| other == point) {
            enabled.push(text(*known));
        }
    }
    let plugins = points.map(|(point, enabled)| (point, map([("enabled", Value::List(enabled))])));
    Ok(map([
        ("name", text(format!("profile-{}", index + 1))),
        ("pluginConfig", Value::List(configurations)),
        ("plugins", map(plugins)),
    ]))
}
