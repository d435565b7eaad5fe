//! The manifests of `tests/conformance`, and what API servers answered: how both are written. A path names a field, such as
//! `spec.template.spec.containers.0.image`; its value `null` means that the field is taken away.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Values by the paths of their fields.
pub type Fields = BTreeMap<String, Value>;

/// The manifest of a file that the others are made of.
const BASE: &str = "base";

/// A file of manifests.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The manifest that the others are made of.
    base: Value,
    /// What is set in it, by name.
    manifests: BTreeMap<String, Fields>,
    /// Why Kubound may answer otherwise, by name.
    #[serde(default)]
    differences: BTreeMap<String, String>,
}

/// One manifest.
#[derive(Clone)]
pub struct Manifest {
    /// `FILE/NAME`.
    pub id: String,
    /// The object.
    pub object: Value,
    /// Why Kubound may answer otherwise.
    #[allow(dead_code, reason = "the program that asks API servers does not compare")]
    pub difference: Option<String>,
}

impl Manifest {
    /// The id of the manifest that this one is made of.
    pub fn base(&self) -> String {
        format!("{}/{BASE}", self.id.split('/').next().unwrap_or_default())
    }
}

/// What an API server says of a manifest.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// It is accepted; what is set in it then.
    Accepted(Fields),
    /// It is accepted; what is set in it then other than in the manifest that it is made of, `null`: nothing.
    AsBase(Fields),
    /// It is refused: reasons by field.
    Refused(BTreeMap<String, String>),
    /// It is refused with a message alone.
    RefusedWith(String),
}

/// A line of the answers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// Id of the manifest.
    pub manifest: String,
    /// What is said.
    #[serde(flatten)]
    pub said: Said,
}

/// The folder of the corpus.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// Where the answers of a release are.
pub fn answers_file(release: &str) -> PathBuf {
    folder().join(format!("answers-{release}.jsonl"))
}

/// Objects that are there beside each manifest.
pub fn world() -> Vec<Value> {
    let text = fs::read_to_string(folder().join("world.yaml")).expect("world.yaml");
    serde_yaml::Deserializer::from_str(&text).map(|one| Value::deserialize(one).expect("an object")).collect()
}

/// All manifests, by file and name; of each file the base first.
pub fn manifests() -> Vec<Manifest> {
    let listed = fs::read_dir(folder().join("manifests")).expect("manifests");
    let mut files: Vec<PathBuf> = listed.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files.iter().flat_map(|file| manifests_of(file)).collect()
}

fn manifests_of(path: &Path) -> Vec<Manifest> {
    let text = fs::read_to_string(path).expect("a file");
    let file: File = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let stem = path.file_stem().expect("a name").to_string_lossy();
    for name in file.differences.keys() {
        assert!(file.manifests.contains_key(name), "{}: no manifest {name}", path.display());
    }
    let base = Manifest { id: format!("{stem}/{BASE}"), object: file.base.clone(), difference: None };
    let others = file.manifests.iter().map(|(name, fields)| Manifest {
        id: format!("{stem}/{name}"),
        object: with(&file.base, fields),
        difference: file.differences.get(name).cloned(),
    });
    std::iter::once(base).chain(others).collect()
}

/// An object with other values of some fields.
pub fn with(object: &Value, fields: &Fields) -> Value {
    let mut changed = object.clone();
    for (path, value) in fields {
        set(&mut changed, path, value);
    }
    changed
}

fn set(value: &mut Value, path: &str, to: &Value) {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    if let Value::Array(items) = value {
        let index: usize = key.parse().unwrap_or_else(|_| panic!("{key} is no place in a list"));
        if index == items.len() {
            items.push(Value::Null);
        }
        match rest {
            Some(rest) => set(&mut items[index], rest, to),
            None => items[index] = to.clone(),
        }
        return;
    }
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Value::Object(map) = value else { return };
    match rest {
        Some(rest) => set(map.entry(key).or_insert(Value::Null), rest, to),
        None if to.is_null() => {
            map.remove(key);
        }
        None => {
            map.insert(key.to_owned(), to.clone());
        }
    }
}
