//! PersistentVolumes and the claims bound to them, as far as they tie pods to nodes (VolumeBinding and VolumeZone).

use super::super::NoteKind;
use super::super::Severity::{Harmless, Risky};
use super::super::draft::{Claim, Draft, Volume};
use super::super::error::InputError;
use super::super::view::{Fields, Ignored};
use super::Object;
use super::selector::read_node_term;
use crate::limits::reader::MOST_VOLUME_ORDINALS;
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::workload::VolumeNodes;
use kubound_encodings::cluster::{NodeSelectorTerm, Requirement};

const VOLUME: &[Ignored] = &[
    ("capacity", Harmless, "sizes of volumes are not modelled"),
    ("mountOptions", Harmless, "not read by a scheduler"),
    ("persistentVolumeReclaimPolicy", Harmless, "claims stay"),
    ("storageClassName", Harmless, "bound volumes stay bound"),
    ("volumeAttributesClassName", Harmless, "not read by a scheduler"),
    ("volumeMode", Harmless, "not read by a scheduler"),
];

const CLAIM: &[Ignored] = &[
    ("dataSource", Harmless, "not read by a scheduler"),
    ("dataSourceRef", Harmless, "not read by a scheduler"),
    ("resources", Harmless, "sizes of volumes are not modelled"),
    ("selector", Harmless, "bound claims stay bound"),
    ("storageClassName", Harmless, "bound claims stay bound"),
    ("volumeAttributesClassName", Harmless, "not read by a scheduler"),
    ("volumeMode", Harmless, "not read by a scheduler"),
];

/// Labels of volumes that nodes must have, too, unless they have none of them.
const ZONES: [&str; 2] = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

/// Reads a PersistentVolume.
pub(super) fn read_volume(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.require("spec", "the specification of the volume")?.fields()?;
    object.fields.note_rest(&[]);
    let mut nodes = Vec::new();
    if let Some(affinity) = spec.below("nodeAffinity")? {
        if let Some(required) = affinity.below("required")? {
            let terms = required.require("nodeSelectorTerms", "at least one term")?;
            nodes.push(terms.list()?.iter().map(read_node_term).collect::<Result<Vec<_>, _>>()?);
            required.note_rest(&[]);
        }
        affinity.note_rest(&[]);
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
    note_access(&spec)?;
    let sources = spec.entries().filter(|(key, _)| *key != "nodeAffinity" && *key != "claimRef");
    for (key, view) in sources.filter(|(key, _)| !VOLUME.iter().any(|(known, ..)| known == key)) {
        spec.get(key);
        view.note(Harmless, "nodeAffinity of the volume says where it is");
    }
    spec.note_rest(VOLUME);
    let name = object.metadata.name.clone();
    draft.volumes.retain(|other| other.name != name);
    draft.volumes.push(Volume { name, claim, nodes });
    Ok(())
}

/// Says what the access modes of a volume or claim forbid.
fn note_access(spec: &Fields) -> Result<(), InputError> {
    let Some(view) = spec.get("accessModes") else { return Ok(()) };
    let modes = view.texts()?;
    let has = |wanted: &str| modes.iter().any(|mode| mode == wanted);
    if has("ReadWriteOncePod") {
        view.note(Risky, "only one pod of the cluster may use it: a second one stays pending, which is not modelled");
    } else if has("ReadWriteMany") || has("ReadOnlyMany") {
        view.note(Harmless, "pods on several nodes may use it at once");
    } else {
        view.note(
            Risky,
            "a pod on a second node waits until the volume is detached from the first, forever if that node is gone; \
             here it starts at once",
        );
    }
    Ok(())
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
    object.fields.note_rest(&[]);
    let volume = spec.read("volumeName", |view| view.text().map(str::to_owned))?;
    note_access(&spec)?;
    spec.note_rest(CLAIM);
    let (namespace, name) = (object.metadata.namespace.clone(), object.metadata.name.clone());
    draft.claims.retain(|other| (&other.namespace, &other.name) != (&namespace, &name));
    draft.claims.push(Claim { namespace, name, volume: volume.filter(|name| !name.is_empty()) });
    Ok(())
}

/// Ties the pods of all workloads to the nodes of their volumes, as far as claims are bound.
pub(in super::super) fn tie(draft: &mut Draft) {
    let mut workloads = std::mem::take(&mut draft.workloads);
    for read in &mut workloads {
        let namespace = read.workload.reference.namespace.clone();
        let mut tied = Vec::new();
        for claim in &read.claims {
            match nodes_of(draft, &namespace, claim) {
                Some(nodes) => tied.extend(nodes.into_iter().map(|terms| VolumeNodes { ordinal: None, terms })),
                None => note_unbound(read, claim),
            }
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
                    note_unbound(read, template);
                }
                tied.extend((ordinals.start..last).filter_map(of).flatten());
            }
        }
        read.workload.volume_nodes = tied;
    }
    draft.workloads = workloads;
}

fn note_unbound(read: &super::super::draft::DraftWorkload, claim: &str) {
    let message = format!("no volume is bound to the claim {claim}: it may tie pods to nodes once one is");
    read.context.note_kind(NoteKind::UnmodelledField, Risky, "spec.template.spec.volumes", message);
}

/// What the volume that is bound to a claim asks of nodes, each of several lists of alternatives; nothing if there is
/// no such volume.
fn nodes_of(draft: &Draft, namespace: &str, claim: &str) -> Option<Vec<Vec<NodeSelectorTerm>>> {
    let written = draft.claims.iter().find(|one| (one.namespace.as_str(), one.name.as_str()) == (namespace, claim));
    let named = written.and_then(|claim| claim.volume.as_deref());
    let is_bound = |volume: &&Volume| match named {
        Some(name) => volume.name == name,
        None => {
            volume.claim.as_ref().is_some_and(|(other, name)| (other.as_str(), name.as_str()) == (namespace, claim))
        }
    };
    draft.volumes.iter().find(is_bound).map(|volume| volume.nodes.clone())
}
