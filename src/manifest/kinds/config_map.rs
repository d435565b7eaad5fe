//! ConfigMaps that hold the configuration of a descheduler or a scheduler.

use super::super::Severity::Harmless;
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::source_map_place;
use super::super::value::child;
use super::super::view::Context;
use super::super::yaml;
use super::{Object, header, object_name, read_object};

/// Reads the configurations inside.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let context = object.context;
    let data = object.fields.below("data")?;
    object.fields.note_rest(&[
        ("binaryData", Harmless, "not read by a modelled controller"),
        ("immutable", Harmless, "configuration does not change"),
    ]);
    let mut is_configuration = false;
    for (key, view) in data.iter().flat_map(|data| data.entries()) {
        let Some(text) = view.value.as_text() else { continue };
        if !["DeschedulerPolicy", "KubeSchedulerConfiguration"].iter().any(|kind| text.contains(kind)) {
            continue;
        }
        let field = child("data", key);
        let documents = yaml::parse_documents(text).map_err(|malformed| {
            let line = malformed.line.map(|line| format!(" (line {line} of the text)")).unwrap_or_default();
            context.error(&field, format!("{}{line}", malformed.message)).help(malformed.help)
        })?;
        for document in documents {
            if header(&document.root).is_none_or(|(_, kind)| kind == "ConfigMap") {
                continue;
            }
            is_configuration = true;
            let inner = Context { object: object_name(&document.root), ..context.clone() };
            draft.sources.insert(&inner.object, source_map_place(&inner));
            // Errors inside name the policy; the key of the ConfigMap goes in front of the field.
            read_object(&document.root, &inner, draft).map_err(|error| {
                let path = format!("{field} > {}", error.field);
                error.at(path).in_object(format!("{} in {}", inner.object, context.object))
            })?;
        }
    }
    if !is_configuration {
        context.note(Harmless, "data", "no modelled controller reads this ConfigMap");
    }
    Ok(())
}
