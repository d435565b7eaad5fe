//! Selectors that match pods of others: what autoscalers make of that is modelled, what controllers would is said here.

use super::Severity::{Harmless, Risky, Warning};
use super::draft::DraftWorkload;
use super::view::Context;
use kubound_encodings::cluster::workload::DAEMON_SET;
use kubound_encodings::cluster::{HorizontalPodAutoscaler, Workload};

/// Says whose pods besides those of its target an autoscaler looks at.
pub(super) fn note_taken(hpa: &HorizontalPodAutoscaler, context: &Context, workloads: &[DraftWorkload]) {
    let taken = |one: &&DraftWorkload| {
        let own = one.workload.reference == hpa.target;
        !own && templates(one).any(|workload| hpa.takes(workload, &workload.template))
    };
    for other in workloads.iter().filter(taken) {
        let message = format!(
            "the selector of {} also matches pods of {}: the autoscaler counts them",
            hpa.target, other.workload.reference
        );
        context.note(Warning, "spec.scaleTargetRef", message);
    }
}

/// Says where the selector of a workload matches pods of another one of its namespace.
pub(super) fn note_selectors(workloads: &[DraftWorkload]) {
    for one in workloads {
        let (reference, Some(selector)) = (&one.workload.reference, &one.selector) else { continue };
        for other in workloads {
            let theirs = &other.workload.reference;
            let is_met = reference != theirs
                && reference.namespace == theirs.namespace
                && templates(other).any(|workload| selector.matches(&workload.template.labels));
            if !is_met {
                continue;
            }
            // Pods of a Deployment carry a hash that its ReplicaSets select, too.
            let adopts = other.workload.is_bare() && ["ReplicaSet", DAEMON_SET].contains(&reference.kind.as_str());
            let (severity, message) = if adopts {
                (Risky, format!("it matches {theirs}, which a real one would adopt; here it stays on its own"))
            } else {
                (Harmless, format!("it also matches pods of {theirs}; owner references keep them apart"))
            };
            one.context.note(severity, "spec.selector", message);
        }
    }
}

/// A workload as each manifest has it.
fn templates(one: &DraftWorkload) -> impl Iterator<Item = &Workload> {
    std::iter::once(&one.workload).chain(one.later.iter().map(|later| &later.workload))
}
