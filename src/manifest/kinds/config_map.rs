//! ConfigMaps that hold the configuration of a descheduler or a scheduler.

use super::super::Severity::Harmless;
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::judgements::{Table, depends, harmless, read, table, within};
use super::super::places::{Below, Places, block_offset};
use super::super::source_map_place;
use super::super::value::child;
use super::super::view::Context;
use super::super::yaml::{self, Document};
use super::metadata::METADATA;
use super::{Object, header, object_name, read_object};
use std::sync::Arc;

/// A ConfigMap.
pub(super) static CONFIG_MAP: Table = table(
    "io.k8s.api.core.v1.ConfigMap",
    &[
        read("apiVersion"),
        harmless(
            "binaryData",
            "no controller that is modelled reads it",
            "cmd/kube-scheduler/app/options/configfile.go",
        ),
        depends("data", "a configuration of the descheduler or the scheduler inside of it is read"),
        harmless("immutable", "configurations do not change during a run", "pkg/registry/core/configmap/strategy.go"),
        read("kind"),
        within("metadata", &METADATA),
    ],
);

/// The context of a configuration inside: its places are those in the file where the text is written line by line, and
/// the key of the text elsewhere.
fn inner_context(context: &Context, field: &str, text: &str, document: &Document) -> Context {
    let key = context.places.find(field);
    let places = match block_offset(&context.source, key.key.unwrap_or(key.value), text) {
        Some((lines, columns)) => document.places.moved(lines, columns),
        None => Places { below: Below::Nothing, ..key.clone() },
    };
    let line = places.value.line;
    Context { object: object_name(&document.root), line, places: Arc::new(places), ..context.clone() }
}

/// Reads the configurations inside.
pub(super) fn read_config_map(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let context = object.context;
    let data = object.fields.below("data")?;
    object.judge_rest();
    let mut is_configuration = false;
    for (key, view) in data.iter().flat_map(|data| data.entries()) {
        if *view.value != super::super::value::Value::Null {
            view.text()?;
        }
        let Some(text) = view.value.as_text() else { continue };
        if !["DeschedulerPolicy", "KubeSchedulerConfiguration"].iter().any(|kind| text.contains(kind)) {
            continue;
        }
        let field = child("data", key);
        let documents = yaml::parse_documents(text).map_err(|malformed| {
            let line = malformed.region.line;
            let message = format!("{} (line {line} of the text)", malformed.message);
            context.error(&field, message).kind(malformed.kind).help(malformed.help)
        })?;
        for document in documents {
            if header(&document.root).is_none_or(|(_, kind)| kind == "ConfigMap") {
                continue;
            }
            is_configuration = true;
            let inner = inner_context(context, &field, text, &document);
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
