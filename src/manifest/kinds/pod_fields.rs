//! What becomes of each field of pods and their templates.

use super::super::judgements::{Table, depends, harmless, read, risky, table, table_in, within};
use super::affinity::{AFFINITY, SPREAD};
use super::container_fields::CONTAINER;
use super::metadata::METADATA as OBJECT_METADATA;
use super::security::POD_SECURITY;
use super::tolerations::TOLERATION;

/// A template of pods.
pub(super) static TEMPLATE: Table =
    table("io.k8s.api.core.v1.PodTemplateSpec", &[within("metadata", &METADATA), within("spec", &SPEC)]);

/// How kubelets set up a pod.
const KUBELET: &str = "pkg/kubelet/kubelet_pods.go";
const NETWORK: &str = "only the kubelet reads it, to set up names inside of the pod; networks are not modelled";
const CONTROLLER_UTILS: &str = "pkg/controller/controller_utils.go";
const TEMPLATE_WHY: &str = "controllers take only labels, annotations and finalizers from the template";

/// `metadata` of a template.
pub(super) static METADATA: Table = table_in(
    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
    "of a pod template",
    &[
        depends("annotations", "those that ask something of nodes or of controllers are told one by one"),
        harmless("creationTimestamp", TEMPLATE_WHY, CONTROLLER_UTILS),
        harmless("deletionGracePeriodSeconds", TEMPLATE_WHY, CONTROLLER_UTILS),
        harmless("deletionTimestamp", TEMPLATE_WHY, CONTROLLER_UTILS),
        risky("finalizers", "pods may stay in Terminating"),
        harmless("generateName", TEMPLATE_WHY, CONTROLLER_UTILS),
        harmless("generation", TEMPLATE_WHY, CONTROLLER_UTILS),
        read("labels"),
        harmless("managedFields", TEMPLATE_WHY, CONTROLLER_UTILS),
        harmless("name", TEMPLATE_WHY, CONTROLLER_UTILS),
        harmless("namespace", "pods are in the namespace of their workload", CONTROLLER_UTILS),
        harmless("ownerReferences", TEMPLATE_WHY, CONTROLLER_UTILS),
        harmless("resourceVersion", TEMPLATE_WHY, CONTROLLER_UTILS),
        harmless("selfLink", TEMPLATE_WHY, CONTROLLER_UTILS),
        harmless("uid", TEMPLATE_WHY, CONTROLLER_UTILS),
    ],
);

const ACCOUNT: &str = "only a missing account refuses pods; manifests are taken to leave accounts out";

/// `spec` of a pod.
pub(super) static SPEC: Table = table(
    "io.k8s.api.core.v1.PodSpec",
    &[
        depends("activeDeadlineSeconds", "a pod that runs for longer fails; here it goes on"),
        within("affinity", &AFFINITY),
        harmless(
            "automountServiceAccountToken",
            "it only adds a volume that every node has",
            "plugin/pkg/admission/serviceaccount/admission.go",
        ),
        within("containers", &CONTAINER),
        harmless("dnsConfig", NETWORK, "pkg/kubelet/network/dns/dns.go"),
        harmless("dnsPolicy", NETWORK, "pkg/kubelet/network/dns/dns.go"),
        harmless("enableServiceLinks", "it only changes variables of the environment", KUBELET),
        harmless(
            "ephemeralContainers",
            "they may not request anything, and templates may not have any",
            "pkg/apis/core/validation/validation.go",
        ),
        risky(
            "evictionResponders",
            "a responder may delay or refuse the eviction of the pod; here evictions are at once",
        ),
        harmless("hostAliases", NETWORK, KUBELET),
        harmless(
            "hostIPC",
            "only the kubelet reads it; what Pod Security refuses is told at the Namespace",
            "pkg/kubelet/kuberuntime/util/util.go",
        ),
        read("hostNetwork"),
        harmless(
            "hostPID",
            "only the kubelet reads it; what Pod Security refuses is told at the Namespace",
            "pkg/kubelet/kuberuntime/util/util.go",
        ),
        depends("hostUsers", "`false`: a node without user namespaces never starts the pod; here all nodes do"),
        harmless("hostname", NETWORK, KUBELET),
        harmless("hostnameOverride", NETWORK, KUBELET),
        harmless(
            "imagePullSecrets",
            "images are taken to be there on all nodes",
            "pkg/kubelet/images/image_manager.go",
        ),
        within("initContainers", &CONTAINER),
        read("nodeName"),
        read("nodeSelector"),
        within("os", &OS),
        read("overhead"),
        read("preemptionPolicy"),
        harmless("priority", "admission computes it from the class", "plugin/pkg/admission/priority/admission.go"),
        read("priorityClassName"),
        risky("readinessGates", "readiness follows `startup` of the scenario only"),
        risky("resourceClaims", "claims of devices are not modelled"),
        risky("resources", "resources of the pod as a whole are not modelled; requests of its containers are"),
        read("restartPolicy"),
        risky("runtimeClassName", "it may add overhead and node selectors; write them out"),
        read("schedulerName"),
        within("schedulingGates", &GATE),
        risky("schedulingGroup", "pods of a group wait for each other; here each is scheduled by itself"),
        within("securityContext", &POD_SECURITY),
        harmless("serviceAccount", ACCOUNT, "plugin/pkg/admission/serviceaccount/admission.go"),
        harmless("serviceAccountName", ACCOUNT, "plugin/pkg/admission/serviceaccount/admission.go"),
        depends(
            "setHostnameAsFQDN",
            "`true`: a pod whose full name is longer than 64 bytes never starts; here it does",
        ),
        harmless(
            "shareProcessNamespace",
            "only the kubelet reads it, to set up the pod",
            "pkg/kubelet/kuberuntime/util/util.go",
        ),
        harmless("subdomain", NETWORK, KUBELET),
        read("terminationGracePeriodSeconds"),
        within("tolerations", &TOLERATION),
        within("topologySpreadConstraints", &SPREAD),
        within("volumes", &VOLUME),
    ],
);

/// The operating system of a pod.
pub(super) static OS: Table = table("io.k8s.api.core.v1.PodOS", &[read("name")]);

/// A gate that keeps a pod from being scheduled.
pub(super) static GATE: Table = table("io.k8s.api.core.v1.PodSchedulingGate", &[read("name")]);

/// A claim that a pod uses.
pub(super) static CLAIM: Table = table(
    "io.k8s.api.core.v1.PersistentVolumeClaimVolumeSource",
    &[read("claimName"), harmless("readOnly", "the scheduler does not read it", BINDER)],
);

const BINDER: &str = "pkg/scheduler/framework/plugins/volumebinding/binder.go";
const EVERYWHERE: &str = "every node has such a volume: no filter of the scheduler looks at it";
const TIED: &str = "a volume of this kind may tie pods to nodes or to each other; that is not modelled";
const GONE: &str = "no release that is supported mounts such a volume, so that the pod never starts; here it does";

/// A volume of a pod.
pub(super) static VOLUME: Table = table(
    "io.k8s.api.core.v1.Volume",
    &[
        risky("awsElasticBlockStore", TIED),
        risky("azureDisk", TIED),
        risky("azureFile", TIED),
        risky("cephfs", GONE),
        risky("cinder", TIED),
        harmless("configMap", EVERYWHERE, BINDER),
        risky("csi", "nodes need the driver, and may limit the number of its volumes; that is not modelled"),
        harmless("downwardAPI", EVERYWHERE, BINDER),
        read("emptyDir"),
        risky("ephemeral", "a claim is made for each pod, which may tie it to nodes; that is not modelled"),
        risky("fc", TIED),
        risky("flexVolume", TIED),
        risky("flocker", GONE),
        risky("gcePersistentDisk", TIED),
        risky("gitRepo", GONE),
        risky("glusterfs", GONE),
        read("hostPath"),
        harmless("image", EVERYWHERE, BINDER),
        risky("iscsi", TIED),
        read("name"),
        harmless("nfs", EVERYWHERE, BINDER),
        within("persistentVolumeClaim", &CLAIM),
        risky("photonPersistentDisk", GONE),
        risky("portworxVolume", TIED),
        harmless("projected", EVERYWHERE, BINDER),
        risky("quobyte", GONE),
        risky("rbd", GONE),
        risky("scaleIO", GONE),
        harmless("secret", EVERYWHERE, BINDER),
        risky("storageos", GONE),
        risky("vsphereVolume", TIED),
    ],
);

/// `status` of a pod.
pub(super) const STATUS: &str =
    "a pod that has ended takes no room and is left out; others start as the scenario says, whatever they were";

/// A pod.
pub(super) static POD: Table = table(
    "io.k8s.api.core.v1.Pod",
    &[
        read("apiVersion"),
        read("kind"),
        within("metadata", &OBJECT_METADATA),
        within("spec", &SPEC),
        depends("status", STATUS),
    ],
);
