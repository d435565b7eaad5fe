//! Objects as they are written, for those who pass them on and do not model them.

use super::error::InputError;
use super::load::Loader;
use super::source::Disk;
use super::value::Value;
use serde_json::Value as Json;
use std::path::PathBuf;

/// The files that are named, and the YAML and JSON files of the folders that are.
pub fn dump_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, InputError> {
    Loader::new(&Disk).files_of(paths)
}

/// The objects of files and folders, lists unpacked, in order. What is odd about the text is not told.
pub fn objects(paths: &[PathBuf]) -> Result<Vec<Json>, InputError> {
    let loader = Loader::new(&Disk);
    let mut objects = Vec::new();
    for file in loader.files_of(paths)? {
        objects.extend(loader.read(&file)?.into_iter().map(|entry| json(entry.value)));
    }
    Ok(objects)
}

pub(super) fn json(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => value.into(),
        Value::Integer(value) => i64::try_from(value).map_or_else(|_| value.to_string().into(), Json::from),
        Value::Float(value) => value.into(),
        Value::Text(text) => text.into(),
        Value::List(list) => list.into_iter().map(json).collect(),
        Value::Map(map) => Json::Object(map.into_iter().map(|(key, value)| (key, json(value))).collect()),
    }
}

/// The documents of a text.
#[cfg(test)]
pub(crate) fn of_text(text: &str) -> Vec<Json> {
    let documents = super::yaml::parse_documents(text).unwrap_or_else(|_| panic!("no YAML:\n{text}"));
    documents.into_iter().map(|document| json(document.root)).collect()
}
