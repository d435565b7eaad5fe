//! StorageClasses and CSIDrivers: whether volumes are attached to one node at a time, and whether they tie pods to nodes.

use super::super::Severity::Warning;
use super::super::draft::{Draft, StorageClass};
use super::super::error::InputError;
use super::super::judgements::{Table, harmless, read as is_read, table, within};
use super::super::value::Value;
use super::super::view::Fields;
use super::Object;
use super::metadata::METADATA;
use super::syntax::check_key;

const PROVISIONER: &str = "pkg/controller/volume/persistentvolume/pv_controller.go";
const KUBELET: &str = "pkg/volume/csi/csi_mounter.go";
const BINDER: &str = "pkg/scheduler/framework/plugins/volumebinding/binder.go";
const UNBOUND: &str = "only claims that are not bound need it, and those are told at the pods";
const ONLY_KUBELET: &str = "only the kubelet reads it, to mount a volume";

/// A StorageClass.
pub(super) static STORAGE_CLASS: Table = table(
    "io.k8s.api.storage.v1.StorageClass",
    &[
        harmless("allowVolumeExpansion", "sizes of volumes are not modelled", PROVISIONER),
        harmless("allowedTopologies", UNBOUND, BINDER),
        is_read("apiVersion"),
        is_read("kind"),
        within("metadata", &METADATA),
        harmless("mountOptions", ONLY_KUBELET, KUBELET),
        harmless("parameters", "only the driver reads them", PROVISIONER),
        is_read("provisioner"),
        harmless("reclaimPolicy", "claims stay during a run", PROVISIONER),
        harmless("volumeBindingMode", UNBOUND, BINDER),
    ],
);

/// A CSIDriver.
pub(super) static CSI_DRIVER: Table = table(
    "io.k8s.api.storage.v1.CSIDriver",
    &[is_read("apiVersion"), is_read("kind"), within("metadata", &METADATA), within("spec", &CSI_DRIVER_SPEC)],
);

static CSI_DRIVER_SPEC: Table = table(
    "io.k8s.api.storage.v1.CSIDriverSpec",
    &[
        is_read("attachRequired"),
        harmless("fsGroupPolicy", ONLY_KUBELET, KUBELET),
        harmless("nodeAllocatableUpdatePeriodSeconds", "limits of volumes a node are told at the CSINode", KUBELET),
        harmless("podInfoOnMount", ONLY_KUBELET, KUBELET),
        harmless("preventPodSchedulingIfMissing", "drivers are taken to be on all nodes", KUBELET),
        harmless("requiresRepublish", ONLY_KUBELET, KUBELET),
        harmless("seLinuxMount", ONLY_KUBELET, KUBELET),
        harmless("serviceAccountTokenInSecrets", ONLY_KUBELET, KUBELET),
        harmless("storageCapacity", UNBOUND, BINDER),
        harmless("tokenRequests", ONLY_KUBELET, KUBELET),
        harmless("volumeLifecycleModes", ONLY_KUBELET, KUBELET),
    ],
);

/// Drivers with what their own CSIDriver and topology say: whether a volume is attached to nodes, and whether not all nodes
/// can use it.
const DRIVERS: &[(&str, bool, bool)] = &[
    ("ebs.csi.aws.com", true, true),
    ("kubernetes.io/aws-ebs", true, true),
    ("pd.csi.storage.gke.io", true, true),
    ("kubernetes.io/gce-pd", true, true),
    ("disk.csi.azure.com", true, true),
    ("kubernetes.io/azure-disk", true, true),
    ("cinder.csi.openstack.org", true, true),
    ("csi.vsphere.vmware.com", true, true),
    ("efs.csi.aws.com", false, false),
    ("nfs.csi.k8s.io", false, false),
    ("file.csi.azure.com", false, false),
    ("kubernetes.io/azure-file", false, false),
    ("kubernetes.io/no-provisioner", false, true),
    ("rancher.io/local-path", false, true),
];

/// Sources of volumes that attach nothing: kinds of `spec` of a PersistentVolume.
const UNATTACHED: &[&str] =
    &["nfs", "hostPath", "local", "azureFile", "cephfs", "glusterfs", "quobyte", "flocker", "storageos"];

/// Sources that are attached to nodes.
const ATTACHED: &[&str] =
    &["awsElasticBlockStore", "azureDisk", "gcePersistentDisk", "cinder", "vsphereVolume", "rbd", "fc", "iscsi"];

/// Sources that may be either.
const EITHER: &[&str] = &["csi", "flexVolume", "photonPersistentDisk", "portworxVolume", "scaleIO"];

/// Takes what says of which kind a volume is, which is one kind; [`attaches`] reads it.
pub(super) fn take_source(spec: &Fields) -> Result<(), InputError> {
    let sources = UNATTACHED.iter().chain(ATTACHED).chain(EITHER);
    let found: Vec<_> = sources.filter_map(|source| spec.get(source)).collect();
    match found.as_slice() {
        [_] => Ok(()),
        [] => {
            let message = "no kind of volume; the API server refuses it";
            spec.view.note(Warning, message);
            Ok(())
        }
        [_, second, ..] => Err(second.error("a second kind of volume").expected("one kind").help(REFUSED)),
    }
}

const REFUSED: &str = "the API server refuses such a volume";

/// What annotation makes a class the default one.
const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

/// Reads a StorageClass.
pub(super) fn read_class(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let provisioner_view = object.fields.require("provisioner", "the name of a driver")?;
    let provisioner = provisioner_view.name()?.to_owned();
    check_key(&provisioner_view, &provisioner.to_ascii_lowercase())?;
    object.judge_rest();
    let name = object.metadata.name.clone();
    let is_default = object.metadata.annotations.get(DEFAULT).is_some_and(|value| value == "true");
    draft.storage_classes.retain(|other| other.name != name);
    draft.storage_classes.push(StorageClass { name, provisioner, is_default });
    Ok(())
}

/// Reads a CSIDriver.
pub(super) fn read_driver(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.below("spec")?;
    object.judge_rest();
    let mut attaches = true;
    if let Some(spec) = spec {
        attaches = spec.read("attachRequired", |view| view.boolean())?.unwrap_or(true);
        spec.judge_rest(&CSI_DRIVER_SPEC);
    }
    draft.drivers.insert(object.metadata.name.clone(), attaches);
    Ok(())
}

/// Whether a volume of a PersistentVolume's `spec` is attached to nodes; nothing where that is not known.
pub(super) fn attaches(draft: &Draft, spec: &Value) -> Option<bool> {
    if let Some(driver) = spec.below(&["csi", "driver"]).and_then(Value::as_text) {
        return driver_attaches(draft, driver);
    }
    if UNATTACHED.iter().any(|source| spec.below(&[source]).is_some()) {
        return Some(false);
    }
    ATTACHED.iter().any(|source| spec.below(&[source]).is_some()).then_some(true)
}

fn driver_attaches(draft: &Draft, driver: &str) -> Option<bool> {
    let known = || DRIVERS.iter().find(|(name, ..)| *name == driver).map(|&(_, attaches, _)| attaches);
    draft.drivers.get(driver).copied().or_else(known)
}

/// Whether volumes that a class makes are attached to nodes, and whether all nodes can use them; nothing where that is not
/// known. A claim without a class is of the default one.
pub(super) fn of_class(draft: &Draft, class: Option<&str>) -> (Option<bool>, Option<bool>) {
    let is_meant = |one: &&StorageClass| class.map_or(one.is_default, |class| one.name == class);
    let Some(class) = draft.storage_classes.iter().find(is_meant) else { return (None, None) };
    let known = DRIVERS.iter().find(|(name, ..)| *name == class.provisioner);
    (driver_attaches(draft, &class.provisioner), known.map(|&(_, _, is_tied)| !is_tied))
}
