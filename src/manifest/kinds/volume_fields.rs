//! Tables of the fields of PersistentVolumes and PersistentVolumeClaims.

use super::super::judgements::{Table, harmless, read as is_read, status, table, within};
use super::metadata::METADATA;
use super::selector::NODE_SELECTOR;

const BINDER: &str = "pkg/scheduler/framework/plugins/volumebinding/binder.go";
const BOUND: &str = "of a claim that is bound the scheduler reads nothing but its volume; others are told at the pods";

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

pub(super) static VOLUME_SPEC: Table = table(
    "io.k8s.api.core.v1.PersistentVolumeSpec",
    &[
        is_read("accessModes"),
        is_read("awsElasticBlockStore"),
        is_read("azureDisk"),
        is_read("azureFile"),
        harmless("capacity", BOUND, BINDER),
        is_read("cephfs"),
        is_read("cinder"),
        within("claimRef", &REFERENCE),
        is_read("csi"),
        is_read("fc"),
        is_read("flexVolume"),
        is_read("flocker"),
        is_read("gcePersistentDisk"),
        is_read("glusterfs"),
        is_read("hostPath"),
        is_read("iscsi"),
        is_read("local"),
        harmless("mountOptions", "only the kubelet reads it", "pkg/volume/util/util.go"),
        is_read("nfs"),
        within("nodeAffinity", &NODE_AFFINITY),
        harmless(
            "persistentVolumeReclaimPolicy",
            "claims stay during a run",
            "pkg/controller/volume/persistentvolume/pv_controller.go",
        ),
        is_read("photonPersistentDisk"),
        is_read("portworxVolume"),
        is_read("quobyte"),
        is_read("rbd"),
        is_read("scaleIO"),
        harmless("storageClassName", BOUND, BINDER),
        is_read("storageos"),
        harmless("volumeAttributesClassName", BOUND, BINDER),
        harmless("volumeMode", BOUND, BINDER),
        is_read("vsphereVolume"),
    ],
);

pub(super) static NODE_AFFINITY: Table =
    table("io.k8s.api.core.v1.VolumeNodeAffinity", &[within("required", &NODE_SELECTOR)]);

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

pub(super) static CLAIM_SPEC: Table = table(
    "io.k8s.api.core.v1.PersistentVolumeClaimSpec",
    &[
        is_read("accessModes"),
        harmless("dataSource", BOUND, BINDER),
        harmless("dataSourceRef", BOUND, BINDER),
        harmless("resources", BOUND, BINDER),
        harmless("selector", BOUND, BINDER),
        is_read("storageClassName"),
        harmless("volumeAttributesClassName", BOUND, BINDER),
        harmless("volumeMode", BOUND, BINDER),
        is_read("volumeName"),
    ],
);
