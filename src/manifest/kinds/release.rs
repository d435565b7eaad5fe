//! What the release decides about pods: known when the scenario has been read, which is after the objects.

use super::super::Severity::{Harmless, Warning};
use super::super::draft::{Draft, DraftWorkload};
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::workload::Control;
use kubound_encodings::cluster::{FeatureGate, FeatureGates, KubernetesVersion};

/// First release whose scheduler counts host ports of sidecars (`GetHostPorts` in `pkg/scheduler/util/utils.go`).
const PORTS_OF_SIDECARS: KubernetesVersion = KubernetesVersion(34);

/// Lets a release and its gates decide.
pub(in super::super) fn apply(draft: &mut Draft, version: KubernetesVersion, gates: &FeatureGates) {
    let updates_together = gates.is_on(FeatureGate::MaxUnavailableStatefulSet, version);
    for read in &mut draft.workloads {
        if !updates_together {
            update_one_by_one(read);
        }
        count_ports(read, version);
        read.later.iter_mut().for_each(|later| count_ports(later, version));
    }
}

/// The API server drops the field (`dropStatefulSetDisabledFields`).
fn update_one_by_one(read: &mut DraftWorkload) {
    let Control::Ordinals(ordinals) = &mut read.workload.control else { return };
    if ordinals.max_unavailable != Amount::Pods(1) {
        ordinals.max_unavailable = Amount::Pods(1);
        let gate = FeatureGate::MaxUnavailableStatefulSet.name();
        let message = format!("counts only with the gate {gate}: without it, several pods are updated one by one");
        read.context.note(Warning, "spec.updateStrategy.rollingUpdate.maxUnavailable", message);
    }
}

fn count_ports(read: &mut DraftWorkload, version: KubernetesVersion) {
    let hold = version >= PORTS_OF_SIDECARS;
    if !read.containers.hold_ports_of_sidecars(hold) {
        return;
    }
    if !hold {
        let message = "the scheduler of releases before 1.34 does not look at host ports of sidecars";
        read.context.note(Harmless, "spec.template.spec.initContainers", message);
    }
    read.containers.give_totals(&mut read.workload.template);
}
