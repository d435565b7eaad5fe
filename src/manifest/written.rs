//! Objects as they are written, for those who hand them on to a cluster.

use super::error::InputError;
use super::kivi;
use super::load::Loader;
use super::objects::json;
use super::scenario::{EVENT_LISTS, OBJECT, event_file};
use super::source::Disk;
use super::value::Value;
use super::{Loaded, yaml};
use kubound_encodings::cluster::Event;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// An object with all its fields, modelled or not.
#[derive(Clone, PartialEq, Debug)]
pub struct Written {
    /// `Kind/namespace/name`, `Kind//name`, or `Kind`.
    pub name: String,
    /// The object.
    pub value: serde_json::Value,
}

impl Loaded {
    /// Whether objects can be handed on to a cluster: inputs of Kivi are no manifests.
    pub fn has_manifests(&self) -> bool {
        self.sources.locate(kivi::OBJECT).is_none()
    }

    /// All objects of the input but the scenario, by name.
    pub fn objects(&self) -> Result<Vec<Written>, InputError> {
        let mut found = std::collections::BTreeMap::new();
        let files: BTreeSet<(&str, &str)> = self.sources.files().collect();
        for (file, text) in files {
            let entries = Loader::new(&Disk).parse(text, file)?;
            for entry in entries {
                let name = entry.context.object;
                let place = self.sources.locate(&name);
                if place.is_some_and(|place| place.file == file && place.document == entry.context.document) {
                    found.insert(name.clone(), Written { name, value: json(entry.value) });
                }
            }
        }
        found.remove(OBJECT);
        found.retain(|name, _| !name.starts_with("Scenario/"));
        Ok(found.into_values().collect())
    }

    /// What the objects and the scenario say, as 16 digits: files, order, comments and what the scenario expects of
    /// verdicts do not matter. Files of events count as far as they can be read.
    pub fn digest(&self) -> Result<String, InputError> {
        let mut parts: Vec<String> = self.objects()?.iter().map(|one| one.value.to_string()).collect();
        if let Some(mut scenario) = self.scenario() {
            if let Some(spec) = scenario.get_mut("spec").and_then(serde_json::Value::as_object_mut) {
                ["bounds", "exceptions", "expect", "resources"].iter().for_each(|key| drop(spec.remove(*key)));
            }
            parts.push(scenario.to_string());
        }
        for file in self.cluster.events.iter().filter_map(|event| self.event_file(event)) {
            parts.extend(objects_of(&file).unwrap_or_default().iter().map(|one| one.value.to_string()));
        }
        parts.sort();
        // FNV-1a; the digest tells changes, and protects from nobody.
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
        let digest =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        Ok(format!("{digest:016x}"))
    }

    fn scenario(&self) -> Option<serde_json::Value> {
        let place = self.sources.locate(OBJECT)?;
        let entries = Loader::new(&Disk).parse(place.source(), &place.file).ok()?;
        let entry = entries.into_iter().find(|entry| entry.context.document == place.document)?;
        Some(json(entry.value))
    }

    /// The file that an event applies or creates, if it names one.
    pub fn event_file(&self, event: &Event) -> Option<PathBuf> {
        let place = self.sources.locate(OBJECT)?;
        let documents = yaml::parse_documents(place.source()).ok()?;
        let scenario = documents.into_iter().find(|document| document.index == place.document)?;
        let item = |list: &&str| event.origin.field.strip_prefix("spec.")?.strip_prefix(*list)?.strip_prefix('[');
        let (list, rest) = EVENT_LISTS.iter().find_map(|list| Some((list, item(list)?)))?;
        let Some(Value::List(events)) = scenario.root.below(&["spec", list]) else { return None };
        let written = events.get(rest.split(']').next()?.parse::<usize>().ok()?)?;
        let file = event_file(written)?;
        Some(Path::new(&place.file).parent().unwrap_or(Path::new("")).join(file))
    }
}

/// The objects of a file.
pub fn objects_of(file: &Path) -> Result<Vec<Written>, InputError> {
    let entries = Loader::new(&Disk).read(file)?;
    Ok(entries.into_iter().map(|entry| Written { name: entry.context.object, value: json(entry.value) }).collect())
}
