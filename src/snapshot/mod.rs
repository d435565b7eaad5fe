//! A running cluster, as its API server lists it, becomes a folder that can be checked.
//!
//! What is written is what `prune` names and nothing else: values of environment variables, commands, data of
//! ConfigMaps and Secrets and almost all annotations stay out because nothing puts them in. Pods become numbers.

mod pods;
mod prune;
mod scenario;
mod yaml;

pub use prune::{KINDS, Kind};

use crate::manifest::likely;
use serde_json::Value;
use std::collections::BTreeMap;

/// A folder to be written, and what is to be known about it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Snapshot {
    /// Names and texts of its files.
    pub files: Vec<(String, String)>,
    /// Objects written, by kind.
    pub written: BTreeMap<&'static str, usize>,
    /// Objects left out, by kind.
    pub left_out: BTreeMap<String, usize>,
    /// Pods of workloads, by the phase in which they are placed.
    pub pods: BTreeMap<&'static str, i64>,
    /// What the folder does not say although the cluster does.
    pub notes: Vec<String>,
}

/// Makes a folder of the objects of a cluster.
pub fn take(objects: &[Value]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    for object in objects {
        let kind = text(object, &["kind"]);
        let Some(known) = KINDS.iter().find(|known| known.kind == kind) else {
            if kind != "Pod" {
                *snapshot.left_out.entry(kind.to_owned()).or_default() += 1;
            }
            continue;
        };
        if prune::is_owned(object) {
            // Deployments make their ReplicaSets anew.
            continue;
        }
        *snapshot.written.entry(known.kind).or_default() += 1;
        let file = texts.entry(known.file).or_default();
        if !file.is_empty() {
            file.push_str("---\n");
        }
        file.push_str(&yaml::write(&prune::prune(known, object)));
    }
    let counted = pods::count(objects);
    for placed in &counted.placed {
        *snapshot.pods.entry(placed.phase.name()).or_default() += placed.pods;
    }
    snapshot.notes.extend(counted.notes.iter().cloned());
    snapshot.files = texts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    let (mut scenario, notes) = scenario::write(objects, &counted.placed);
    snapshot.notes.extend(notes);
    match likely(&snapshot.files) {
        Ok(likely) => scenario += &likely,
        Err(fault) => snapshot.notes.push(format!("nothing is asked about, because of an object: {fault}")),
    }
    snapshot.files.push(("scenario.yaml".into(), scenario));
    snapshot
}

/// The value at the end of a path.
fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}

/// The text at the end of a path; empty if there is none.
fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    at(value, path).and_then(Value::as_str).unwrap_or_default()
}

/// The list at the end of a path; empty if there is none.
fn list<'v>(value: &'v Value, path: &[&str]) -> &'v [Value] {
    at(value, path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Namespace of an object, `default` if none is written.
fn namespace(object: &Value) -> &str {
    Some(text(object, &["metadata", "namespace"])).filter(|name| !name.is_empty()).unwrap_or("default")
}

/// Kind and name of the controller that owns an object.
fn owner(object: &Value) -> Option<(&str, &str)> {
    let owners = list(object, &["metadata", "ownerReferences"]);
    let owner = owners.iter().find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true))?;
    Some((text(owner, &["kind"]), text(owner, &["name"])))
}
