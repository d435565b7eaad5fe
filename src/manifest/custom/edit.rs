//! The event `edit`: fields of the specification of a custom resource are written.

use super::super::ErrorKind;
use super::super::error::InputError;
use super::super::formula;
use super::super::scenario::{EventReader, Reading};
use super::super::suggest::nearest_or_list;
use super::fields;
use kubound_encodings::cluster::custom::{self, Assigned, CustomController, Edit, Values};
use kubound_encodings::cluster::{EventKind, Other};

/// How it is read.
pub(in super::super) const EDIT: EventReader = EventReader {
    name: custom::EDIT,
    keys: &["target", "set"],
    required: &["target", "set"],
    about: "Fields of the spec of a custom resource are written, whose controller is among the manifests (CustomController).",
    read,
};

fn read(reading: &mut Reading) -> Result<EventKind, InputError> {
    let target = reading.body.require("target", "Kind/namespace/name of a custom resource")?;
    let customs: Vec<&CustomController> = custom::among(&reading.draft.others).collect();
    let name = target.name()?;
    let found = formula::find_custom(&customs, name);
    let [number] = found.as_slice() else {
        let labels: Vec<String> = customs.iter().map(|own| own.resource()).collect();
        let what = if found.is_empty() { "no custom resource" } else { "several custom resources" };
        return Err(target
            .error(format!("{what} `{name}`"))
            .kind(ErrorKind::UnknownName)
            .expected("the resource of a CustomController among the manifests")
            .help(nearest_or_list(name, labels.iter().map(String::as_str))));
    };
    let resource = &customs[*number].parts[custom::RESOURCE];
    let mut set = Vec::new();
    for (name, view) in reading.body.require("set", "{FIELD: VALUE}")?.fields()?.entries() {
        let Some(field) = resource.field(&format!("spec.{name}")) else {
            let known = resource.fields.iter().filter_map(|field| field.name.strip_prefix("spec."));
            let error = view.error(format!("{} has no field `spec.{name}`", resource.label()));
            return Err(error.kind(ErrorKind::UnknownName).help(nearest_or_list(name, known.collect::<Vec<_>>())));
        };
        let to = match resource.fields[field].values {
            Values::Bool(_) => Assigned::Bool(view.boolean()?),
            _ => Assigned::Number(fields::span(&view)?),
        };
        set.push((field, to));
    }
    if set.is_empty() {
        return Err(reading.body.view.error("nothing is written").expected("set: {FIELD: VALUE}"));
    }
    Ok(EventKind::Other(Other::new(custom::EDIT, Edit { controller: *number, set })))
}
