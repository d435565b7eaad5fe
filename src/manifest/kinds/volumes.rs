//! PersistentVolumes and the claims bound to them, as far as they tie pods to nodes (VolumeBinding and VolumeZone).

use super::super::NoteKind;
use super::super::Severity::{Harmless, Risky};
use super::super::draft::{Claim, Draft, Volume};
use super::super::error::InputError;
use super::super::judgements::{Table, depends, harmless, read as is_read, status, table, within};
use super::super::view::Fields;
use super::Object;
use super::metadata::METADATA;
use super::selector::{NODE_SELECTOR, read_node_term};
use crate::limits::reader::MOST_VOLUME_ORDINALS;
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::workload::VolumeNodes;
use kubound_encodings::cluster::{NodeSelectorTerm, Requirement};

const BINDER: &str = "pkg/scheduler/framework/plugins/volumebinding/binder.go";
const WHERE: &str = "the scheduler only reads nodeAffinity and the labels of a volume that is bound";
const BOUND: &str = "of a claim that is bound the scheduler reads nothing but its volume; others are told at the pods";
const MODES: &str = "ReadWriteOnce and ReadWriteOncePod: a second pod may have to wait";

/// A PersistentVolume.
pub(super) static VOLUME: Table = table(
    "io.k8s.api.core.v1.PersistentVolume",
    &[
        is_read("apiVersion"),
        is_read("kind"),
        within("metadata", &METADATA),
        within("spec", &VOLUME_SPEC),
        status("pkg/registry/core/persistentvolume/strategy.go"),
    ],
);

static VOLUME_SPEC: Table = table(
    "io.k8s.api.core.v1.PersistentVolumeSpec",
    &[
        depends("accessModes", MODES),
        harmless("awsElasticBlockStore", WHERE, BINDER),
        harmless("azureDisk", WHERE, BINDER),
        harmless("azureFile", WHERE, BINDER),
        harmless("capacity", BOUND, BINDER),
        harmless("cephfs", WHERE, BINDER),
        harmless("cinder", WHERE, BINDER),
        within("claimRef", &REFERENCE),
        harmless("csi", WHERE, BINDER),
        harmless("fc", WHERE, BINDER),
        harmless("flexVolume", WHERE, BINDER),
        harmless("flocker", WHERE, BINDER),
        harmless("gcePersistentDisk", WHERE, BINDER),
        harmless("glusterfs", WHERE, BINDER),
        harmless("hostPath", WHERE, BINDER),
        harmless("iscsi", WHERE, BINDER),
        harmless("local", WHERE, BINDER),
        harmless("mountOptions", "only the kubelet reads it", "pkg/volume/util/util.go"),
        harmless("nfs", WHERE, BINDER),
        within("nodeAffinity", &NODE_AFFINITY),
        harmless(
            "persistentVolumeReclaimPolicy",
            "claims stay during a run",
            "pkg/controller/volume/persistentvolume/pv_controller.go",
        ),
        harmless("photonPersistentDisk", WHERE, BINDER),
        harmless("portworxVolume", WHERE, BINDER),
        harmless("quobyte", WHERE, BINDER),
        harmless("rbd", WHERE, BINDER),
        harmless("scaleIO", WHERE, BINDER),
        harmless("storageClassName", BOUND, BINDER),
        harmless("storageos", WHERE, BINDER),
        harmless("volumeAttributesClassName", BOUND, BINDER),
        harmless("volumeMode", BOUND, BINDER),
        harmless("vsphereVolume", WHERE, BINDER),
    ],
);

static NODE_AFFINITY: Table = table("io.k8s.api.core.v1.VolumeNodeAffinity", &[within("required", &NODE_SELECTOR)]);

const REFERENCE_WHY: &str = "namespace and name say which claim is bound";

static REFERENCE: Table = table(
    "io.k8s.api.core.v1.ObjectReference",
    &[
        harmless("apiVersion", REFERENCE_WHY, BINDER),
        harmless("fieldPath", REFERENCE_WHY, BINDER),
        harmless("kind", REFERENCE_WHY, BINDER),
        is_read("name"),
        is_read("namespace"),
        harmless("resourceVersion", REFERENCE_WHY, BINDER),
        harmless("uid", REFERENCE_WHY, BINDER),
    ],
);

/// A PersistentVolumeClaim.
pub(super) static CLAIM: Table = table(
    "io.k8s.api.core.v1.PersistentVolumeClaim",
    &[
        is_read("apiVersion"),
        is_read("kind"),
        within("metadata", &METADATA),
        within("spec", &CLAIM_SPEC),
        status("pkg/registry/core/persistentvolumeclaim/strategy.go"),
    ],
);

static CLAIM_SPEC: Table = table(
    "io.k8s.api.core.v1.PersistentVolumeClaimSpec",
    &[
        depends("accessModes", MODES),
        harmless("dataSource", BOUND, BINDER),
        harmless("dataSourceRef", BOUND, BINDER),
        harmless("resources", BOUND, BINDER),
        harmless("selector", BOUND, BINDER),
        harmless("storageClassName", BOUND, BINDER),
        harmless("volumeAttributesClassName", BOUND, BINDER),
        harmless("volumeMode", BOUND, BINDER),
        is_read("volumeName"),
    ],
);

/// Labels of volumes that nodes must have, too, unless they have none of them.
const ZONES: [&str; 2] = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

/// Reads a PersistentVolume.
pub(super) fn read_volume(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.require("spec", "the specification of the volume")?.fields()?;
    object.judge_rest();
    let mut nodes = Vec::new();
    if let Some(affinity) = spec.below("nodeAffinity")? {
        if let Some(required) = affinity.below("required")? {
            let terms = required.require("nodeSelectorTerms", "at least one term")?;
            nodes.push(terms.list()?.iter().map(read_node_term).collect::<Result<Vec<_>, _>>()?);
            required.judge_rest(&NODE_SELECTOR);
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
    note_access(&spec)?;
    spec.judge_rest(&VOLUME_SPEC);
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
    object.judge_rest();
    let volume = spec.read("volumeName", |view| view.text().map(str::to_owned))?;
    note_access(&spec)?;
    spec.judge_rest(&CLAIM_SPEC);
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
