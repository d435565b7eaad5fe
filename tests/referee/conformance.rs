//! Asks a real API server about the manifests of `tests/conformance`, and keeps what it says: each is created with
//! `dryRun=All` and `fieldValidation=Strict`, as `kubectl create --dry-run=server` does it.

use crate::corpus::{self, Answer, Fields, Manifest, Said};
use crate::plane::{Plane, PlaneKind, Programs};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

#[derive(Args)]
pub struct Conformance {
    /// Release of Kubernetes.
    #[arg(long, default_value = "1.33")]
    release: String,
    /// First port.
    #[arg(long, default_value_t = 26400)]
    port: u16,
    /// Folder of the referee's programs and results.
    #[arg(long)]
    folder: PathBuf,
}

impl Conformance {
    /// Writes the answers of a release.
    pub fn go(&self) -> Result<()> {
        let folder = self.folder.canonicalize()?;
        let programs = Programs::of(&folder, &self.release);
        let plane = Plane::up(&programs, &folder.join(format!("plane-{}", self.port)), self.port, PlaneKind::Plain)?;
        for object in corpus::world() {
            plane.server.create(&path(&object)?, &object)?;
        }
        let (mut lines, mut accepted, mut refused) = (String::new(), 0, 0);
        let mut bases: BTreeMap<String, Fields> = BTreeMap::new();
        for manifest in corpus::manifests() {
            let said = ask(&plane, &manifest)?;
            let said = match (said, bases.get(&manifest.base())) {
                (Said::Accepted(own), Some(base)) => Said::AsBase(apart_from_base(base, &own)),
                (said, _) => said,
            };
            match &said {
                Said::Accepted(own) => {
                    bases.insert(manifest.id.clone(), own.clone());
                    accepted += 1;
                }
                Said::AsBase(_) => accepted += 1,
                Said::Refused(_) | Said::RefusedWith(_) => refused += 1,
            }
            writeln!(lines, "{}", serde_json::to_string(&Answer { manifest: manifest.id, said })?)?;
        }
        std::fs::write(corpus::answers_file(&self.release), lines)?;
        println!("{}: {accepted} accepted, {refused} refused", self.release);
        Ok(())
    }
}

fn ask(plane: &Plane, manifest: &Manifest) -> Result<Said> {
    let path = format!("{}?dryRun=All&fieldValidation=Strict&fieldManager=referee", path(&manifest.object)?);
    let (status, body) = plane.server.answer(&path, &manifest.object)?;
    if status < 300 {
        return Ok(Said::Accepted(between(&manifest.object, &without_chance(body, &manifest.object))));
    }
    if status >= 500 {
        bail!("{}: {status} {body}", manifest.id);
    }
    let causes = body["details"]["causes"].as_array().into_iter().flatten();
    let of_fields = causes.filter_map(|cause| Some((cause["field"].as_str()?, cause["reason"].as_str()?)));
    let mut reasons = BTreeMap::new();
    for (field, reason) in of_fields {
        reasons.entry(field.to_owned()).or_insert_with(|| reason.to_owned());
    }
    if !reasons.is_empty() {
        return Ok(Said::Refused(reasons));
    }
    Ok(Said::RefusedWith(body["message"].as_str().unwrap_or("no such version").to_owned()))
}

/// What each object gets and nobody reads from a manifest.
const OF_CREATION: [&str; 6] =
    ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];

/// An answer without what another run would have otherwise.
fn without_chance(mut object: Value, written: &Value) -> Value {
    let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    if let Some(prefix) = written["metadata"]["generateName"].as_str() {
        object["metadata"]["name"] = format!("{prefix}xxxxx").into();
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|key, _| !OF_CREATION.contains(&key.as_str()));
    }
    if object["kind"] != "Node" {
        object.as_object_mut().map(|map| map.remove("status"));
    }
    if object["kind"] == "Service" {
        forget_addresses(&mut object["spec"], &written["spec"]);
    }
    settle(&mut object, &uid);
    object
}

fn forget_addresses(spec: &mut Value, written: &Value) {
    let Some(map) = spec.as_object_mut() else { return };
    map.retain(|key, _| !["clusterIP", "clusterIPs"].contains(&key.as_str()) || written.get(key).is_some());
    for (index, port) in spec["ports"].as_array_mut().into_iter().flatten().enumerate() {
        if port.get("nodePort").is_some() && written["ports"][index].get("nodePort").is_none() {
            port["nodePort"] = json!(30000);
        }
    }
}

/// Takes empty times away, and writes the same word for every UID.
fn settle(value: &mut Value, uid: &str) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(|value| settle(value, uid));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| settle(item, uid)),
        Value::String(text) if !uid.is_empty() && text.contains(uid) => *text = text.replace(uid, "UID"),
        _ => {}
    }
}

/// Where objects of a kind are created, and whether they are in namespaces.
const KINDS: &[(&str, &str, bool)] = &[
    ("ConfigMap", "configmaps", true),
    ("CSIDriver", "csidrivers", false),
    ("CronJob", "cronjobs", true),
    ("DaemonSet", "daemonsets", true),
    ("Deployment", "deployments", true),
    ("HorizontalPodAutoscaler", "horizontalpodautoscalers", true),
    ("Job", "jobs", true),
    ("LimitRange", "limitranges", true),
    ("Namespace", "namespaces", false),
    ("Node", "nodes", false),
    ("PersistentVolume", "persistentvolumes", false),
    ("PersistentVolumeClaim", "persistentvolumeclaims", true),
    ("Pod", "pods", true),
    ("PodDisruptionBudget", "poddisruptionbudgets", true),
    ("PriorityClass", "priorityclasses", false),
    ("ReplicaSet", "replicasets", true),
    ("ResourceQuota", "resourcequotas", true),
    ("Service", "services", true),
    ("StatefulSet", "statefulsets", true),
    ("StorageClass", "storageclasses", false),
];

fn path(object: &Value) -> Result<String> {
    let kind = object["kind"].as_str().unwrap_or_default();
    let (_, plural, is_namespaced) =
        KINDS.iter().find(|(name, ..)| *name == kind).with_context(|| format!("no path for {kind}"))?;
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let root = if version.contains('/') { "apis" } else { "api" };
    // What names a namespace badly is sent to another one, which says so.
    let namespace = if *is_namespaced { "/namespaces/default" } else { "" };
    Ok(format!("/{root}/{version}{namespace}/{plural}"))
}

/// What has to be set in an object to get another one.
fn between(from: &Value, to: &Value) -> Fields {
    let mut fields = Fields::new();
    compare(from, to, "", &mut fields);
    fields
}

fn compare(from: &Value, to: &Value, path: &str, fields: &mut Fields) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (from, to) {
        _ if from == to => {}
        (Value::Object(one), Value::Object(other)) if one.keys().chain(other.keys()).all(|key| !key.contains('.')) => {
            for (key, value) in other {
                match one.get(key) {
                    Some(before) => compare(before, value, &below(key), fields),
                    None => {
                        fields.insert(below(key), value.clone());
                    }
                }
            }
            let gone = one.keys().filter(|key| !other.contains_key(*key));
            fields.extend(gone.map(|key| (below(key), Value::Null)));
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (before, after)) in one.iter().zip(other).enumerate() {
                compare(before, after, &below(&index.to_string()), fields);
            }
        }
        _ => {
            fields.insert(path.to_owned(), to.clone());
        }
    }
}

/// What is set in an accepted manifest, told by what is other than in the one that it is made of.
fn apart_from_base(base: &Fields, own: &Fields) -> Fields {
    let other = own.iter().filter(|(path, value)| base.get(*path) != Some(value));
    let gone = base.keys().filter(|path| !own.contains_key(*path));
    other
        .map(|(path, value)| (path.clone(), value.clone()))
        .chain(gone.map(|path| (path.clone(), Value::Null)))
        .collect()
}
