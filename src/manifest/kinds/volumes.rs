//! PersistentVolumes and claims, as far as they tie pods to nodes (VolumeBinding and VolumeZone), and as far as not everybody
//! may use them at once (`accessModes`).

use super::super::Severity::Risky;
use super::super::draft::{Claim, Draft, DraftWorkload, Volume};
use super::super::error::InputError;
use super::super::quantity::Unit;
use super::super::value::{Value, child};
use super::super::view::{Fields, View};
use super::super::{ErrorKind, NoteKind};
use super::selector::{NODE_SELECTOR, read_node_term};
use super::syntax::is_subdomain;
use super::volume_fields::{CLAIM_SPEC, NODE_AFFINITY, VOLUME_SPEC};
use super::{Object, storage};
use crate::limits::reader::MOST_VOLUME_ORDINALS;
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::workload::{Access, ExclusiveClaim, VolumeNodes};
use kubound_encodings::cluster::{NodeSelectorTerm, Requirement};

/// Labels of volumes that nodes must have, too, unless they have none of them.
const ZONES: [&str; 2] = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

/// Reads a PersistentVolume.
pub(super) fn read_volume(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.require("spec", "the specification of the volume")?.fields()?;
    object.judge_rest();
    let mut nodes = Vec::new();
    if let Some(affinity) = spec.below("nodeAffinity")? {
        let required = affinity.require("required", "a node selector")?.fields()?;
        let terms = required.require("nodeSelectorTerms", "at least one term")?;
        nodes.push(terms.list()?.iter().map(read_node_term).collect::<Result<Vec<_>, _>>()?);
        required.judge_rest(&NODE_SELECTOR);
        if nodes.iter().any(Vec::is_empty) {
            return Err(terms.error("no terms").expected("at least one term").help(REFUSED));
        }
        affinity.judge_rest(&NODE_AFFINITY);
    }
    nodes.extend(zones(object));
    let claim = match spec.below("claimRef")? {
        Some(claim) => {
            let text = |key: &str| claim.read(key, |view| view.text().map(str::to_owned));
            let (namespace, name) = (text("namespace")?, text("name")?);
            namespace.zip(name)
        }
        None => None,
    };
    let modes = access_modes(&spec)?;
    check_class(&spec)?;
    check_local(&spec)?;
    check_size(&spec, &["capacity", "storage"])?;
    storage::take_source(&spec)?;
    spec.judge_rest(&VOLUME_SPEC);
    let name = object.metadata.name.clone();
    draft.volumes.retain(|other| other.name != name);
    draft.volumes.push(Volume { name, claim, nodes, modes, spec: spec.view.value.clone() });
    Ok(())
}

const REFUSED: &str = "the API server refuses it";

/// At least one mode, and ReadWriteOncePod alone (`ValidatePersistentVolumeSpec`, `ValidatePersistentVolumeClaimSpec`).
fn access_modes(spec: &Fields) -> Result<Vec<String>, InputError> {
    let known = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", ONE_POD].map(|mode| (mode, mode));
    let Some(at) = spec.get("accessModes") else {
        spec.note_missing("accessModes");
        return Ok(Vec::new());
    };
    let modes = at.list()?.iter().map(|view| view.one_of(&known)).collect::<Result<Vec<_>, _>>()?;
    if modes.is_empty() {
        return Err(at.error("no access modes").expected("at least one").help(REFUSED));
    }
    if modes.contains(&ONE_POD) && modes.len() > 1 {
        return Err(at
            .error(format!("{ONE_POD} beside other modes"))
            .expected(format!("{ONE_POD} alone"))
            .help(REFUSED));
    }
    Ok(modes.into_iter().map(str::to_owned).collect())
}

/// A class has the name of an object.
fn check_class(spec: &Fields) -> Result<(), InputError> {
    let class = spec.view.value.below(&["storageClassName"]).and_then(Value::as_text).unwrap_or_default();
    if class.is_empty() || is_subdomain(class) {
        return Ok(());
    }
    let at = child(&spec.view.path, "storageClassName");
    let error = spec.view.context.error(&at, format!("`{class}` is no name of a StorageClass"));
    Err(error.expected("the name of a StorageClass").help(REFUSED))
}

/// Local volumes say on which nodes they are, and paths of nodes do not lead upwards (`ValidatePersistentVolumeSpec`).
fn check_local(spec: &Fields) -> Result<(), InputError> {
    let is_there = |key: &str| spec.view.value.below(&[key]).is_some_and(|value| *value != Value::Null);
    if is_there("local") && !is_there("nodeAffinity") {
        let error = spec.view.context.error(&child(&spec.view.path, "nodeAffinity"), "missing");
        return Err(error.kind(ErrorKind::MissingField).expected("the nodes of a local volume").help(REFUSED));
    }
    for kind in ["hostPath", "local"] {
        let path = spec.view.value.below(&[kind, "path"]).and_then(Value::as_text).unwrap_or_default();
        if path.split('/').any(|part| part == "..") {
            let error = spec.view.context.error(&child(&child(&spec.view.path, kind), "path"), "a path upwards");
            return Err(error.expected("a path without `..`").help(REFUSED));
        }
    }
    Ok(())
}

const ONE_POD: &str = "ReadWriteOncePod";

/// Whatever has a size says how large it is, above 0.
fn check_size(spec: &Fields, keys: &[&str]) -> Result<(), InputError> {
    let Some(value) = spec.view.value.below(keys).filter(|value| **value != Value::Null) else {
        spec.note_missing(keys[0]);
        return Ok(());
    };
    let at = keys.iter().fold(spec.view.path.clone(), |path, key| child(&path, key));
    let view = View { value, path: at, context: spec.view.context };
    if view.amount(Unit::Whole)? > 0 {
        return Ok(());
    }
    Err(view.error("nothing").expected("a size above 0").help(REFUSED))
}

/// What the labels of a volume ask of nodes (VolumeZone): the same ones, unless the node has none of them.
fn zones(object: &Object) -> Option<Vec<NodeSelectorTerm>> {
    let labels = ZONES.iter().filter_map(|&key| Some((key, object.metadata.labels.get(key)?)));
    let values = |value: &str| value.split("__").map(str::to_owned).collect();
    let same: Vec<Requirement> =
        labels.map(|(key, value)| Requirement { key: key.to_owned(), operator: Operator::In(values(value)) }).collect();
    let absent = |key: &&str| Requirement { key: (*key).to_owned(), operator: Operator::DoesNotExist };
    let term = |expressions: Vec<Requirement>| NodeSelectorTerm { expressions, fields: Vec::new() };
    (!same.is_empty()).then(|| vec![term(same), term(ZONES.iter().map(absent).collect())])
}

/// Reads a PersistentVolumeClaim.
pub(super) fn read_claim(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.require("spec", "the specification of the claim")?.fields()?;
    object.judge_rest();
    let volume = spec.read("volumeName", |view| view.text().map(str::to_owned))?;
    let class = spec.read("storageClassName", |view| view.text().map(str::to_owned))?;
    check_class(&spec)?;
    let modes = access_modes(&spec)?;
    check_size(&spec, &["resources", "requests", "storage"])?;
    spec.judge_rest(&CLAIM_SPEC);
    let (namespace, name) = (object.metadata.namespace.clone(), object.metadata.name.clone());
    draft.claims.retain(|other| (&other.namespace, &other.name) != (&namespace, &name));
    let volume = volume.filter(|name| !name.is_empty());
    draft.claims.push(Claim { namespace, name, volume, modes, class, context: object.context.clone() });
    Ok(())
}

/// Ties the pods of all workloads to the nodes of their volumes, as far as claims are bound.
pub(in super::super) fn tie(draft: &mut Draft) {
    let mut workloads = std::mem::take(&mut draft.workloads);
    for read in &mut workloads {
        let namespace = read.workload.reference.namespace.clone();
        let (mut tied, mut exclusive) = (Vec::new(), Vec::new());
        for claim in &read.claims {
            match nodes_of(draft, &namespace, claim) {
                Some(nodes) => tied.extend(nodes.into_iter().map(|terms| VolumeNodes { ordinal: None, terms })),
                None => note_unbound(draft, read, claim),
            }
            exclusive.extend(exclusive_claim(draft, &namespace, claim));
        }
        if let Some(ordinals) = read.workload.ordinals().copied() {
            for template in &read.claim_templates {
                let last = ordinals.start.saturating_add(MOST_VOLUME_ORDINALS);
                let of = |ordinal: i64| {
                    let claim = format!("{template}-{}-{ordinal}", read.workload.reference.name);
                    let nodes = nodes_of(draft, &namespace, &claim)?;
                    Some(nodes.into_iter().map(move |terms| VolumeNodes { ordinal: Some(ordinal), terms }))
                };
                let wanted = ordinals.start..ordinals.start.saturating_add(read.workload.replicas.hi);
                if wanted.clone().any(|ordinal| of(ordinal).is_none()) {
                    note_unbound(draft, read, template);
                }
                tied.extend((ordinals.start..last).filter_map(of).flatten());
            }
        }
        read.workload.volume_nodes = tied;
        read.workload.exclusive_claims = exclusive;
    }
    draft.workloads = workloads;
}

fn note_unbound(draft: &Draft, read: &DraftWorkload, claim: &str) {
    let written = claim_of(draft, &read.workload.reference.namespace, claim);
    // Claims of a StatefulSet may be of a class that is not read.
    let class = written.map(|claim| storage::of_class(draft, claim.class.as_deref()));
    if let Some((_, Some(true))) = class {
        return;
    }
    let message = format!("no volume is bound to the claim {claim}: it may tie pods to nodes once one is");
    read.context.note_kind(NoteKind::UnmodelledField, Risky, "spec.template.spec.volumes", message);
}

fn claim_of<'d>(draft: &'d Draft, namespace: &str, name: &str) -> Option<&'d Claim> {
    draft.claims.iter().find(|one| (one.namespace.as_str(), one.name.as_str()) == (namespace, name))
}

/// A claim that not everybody may use at once. The scheduler reads the claim's modes, the attach/detach controller those of
/// its volume (`isMultiAttachForbidden`).
fn exclusive_claim(draft: &Draft, namespace: &str, name: &str) -> Option<ExclusiveClaim> {
    let claim = claim_of(draft, namespace, name)?;
    let origin = claim.context.origin("spec.accessModes");
    let has = |modes: &[String], wanted: &str| modes.iter().any(|mode| mode == wanted);
    if has(&claim.modes, ONE_POD) {
        return Some(ExclusiveClaim { name: name.to_owned(), access: Access::OnePod, origin });
    }
    let volume = volume_of(draft, namespace, name);
    let modes = volume.map_or(&claim.modes, |volume| &volume.modes);
    if modes.is_empty() || has(modes, "ReadWriteMany") || has(modes, "ReadOnlyMany") {
        return None;
    }
    let attaches = match volume {
        Some(volume) => storage::attaches(draft, &volume.spec),
        None => storage::of_class(draft, claim.class.as_deref()).0,
    };
    if attaches.is_none() {
        let message =
            "no volume, StorageClass or CSIDriver says whether it is attached to one node at a time; here it is";
        claim.context.note(Risky, "spec.accessModes", message);
    }
    attaches.unwrap_or(true).then(|| ExclusiveClaim { name: name.to_owned(), access: Access::OneNode, origin })
}

/// What the volume that is bound to a claim asks of nodes, each of several lists of alternatives; nothing if there is
/// no such volume.
fn nodes_of(draft: &Draft, namespace: &str, claim: &str) -> Option<Vec<Vec<NodeSelectorTerm>>> {
    volume_of(draft, namespace, claim).map(|volume| volume.nodes.clone())
}

/// The volume that is bound to a claim.
fn volume_of<'d>(draft: &'d Draft, namespace: &str, claim: &str) -> Option<&'d Volume> {
    let named = claim_of(draft, namespace, claim).and_then(|claim| claim.volume.as_deref());
    let is_bound = |volume: &&Volume| match named {
        Some(name) => volume.name == name,
        None => {
            volume.claim.as_ref().is_some_and(|(other, name)| (other.as_str(), name.as_str()) == (namespace, claim))
        }
    };
    draft.volumes.iter().find(is_bound)
}
