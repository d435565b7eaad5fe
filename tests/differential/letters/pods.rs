//! Pod templates.

use super::{Letters, fields, kinds, names_nodes};
use kubound_encodings::cluster::node::HOSTNAME;
use kubound_encodings::cluster::pod::{PodTemplate, QosClass, Toleration, TopologySpreadConstraint, WhenUnsatisfiable};
use kubound_encodings::cluster::pod_affinity::{HostPort, PodAffinityTerm, RevisionMatch};
use kubound_encodings::cluster::selector::{LabelSelector, Operator};

pub const ALL: &[&[&str]] = &[TEMPLATE, QOS, OPERATOR, TOLERATION, SPREAD, TERM, REVISION];

fields! { TEMPLATE, of_template: PodTemplate,
    PodTemplate {
        labels: _, node_name, node_selector, required_affinity, preferred_affinity, pod_affinity, pod_anti_affinity,
        host_ports, is_gated, tolerations: _, spread: _, requests, nonzero_cpu: _, nonzero_memory: _,
        cpu_requested_everywhere, memory_requested_everywhere, containers, limits, cpu_limited_everywhere,
        memory_limited_everywhere, refused_by, qos: _, images: _, scheduler_name, has_local_storage, has_claims,
        priority, never_preempts, goes_at_once, os, annotations,
    } => {
        "nodeName": node_name.is_some(),
        "nodeName of no node": node_name.as_deref() == Some("nowhere"),
        "nodeSelector": !node_selector.is_empty(),
        "nodeSelector: host name": node_selector.contains_key(HOSTNAME),
        "node affinity": required_affinity.is_some(),
        "node affinity: names": required_affinity.as_deref().is_some_and(names_nodes),
        "node affinity: names in fields": required_affinity.iter().flatten().any(|term| !term.fields.is_empty()),
        "preferred node affinity": !preferred_affinity.is_empty(),
        "preferred node affinity: names": preferred_affinity.iter().any(|one| names_nodes(std::slice::from_ref(&one.term))),
        "pod affinity": !pod_affinity.required.is_empty(),
        "preferred pod affinity": !pod_affinity.preferred.is_empty(),
        "pod anti-affinity": !pod_anti_affinity.required.is_empty(),
        "preferred pod anti-affinity": !pod_anti_affinity.preferred.is_empty(),
        "host port": host_ports.iter().any(|HostPort { ip, protocol: _, port: _ }| ip.is_empty()),
        "host port with an address": host_ports.iter().any(|port| !port.ip.is_empty()),
        "scheduling gate": *is_gated,
        "no request of CPU": !requests.contains_key("cpu"),
        "request of memory": requests.contains_key("memory"),
        "request of an extended resource": requests.contains_key("example.com/gpu"),
        "requests of some containers": requests.contains_key("cpu") && !cpu_requested_everywhere,
        "requests of memory everywhere": *memory_requested_everywhere,
        "several containers": containers.len() > 1,
        "limits": !limits.is_empty(),
        "limit of CPU everywhere": *cpu_limited_everywhere,
        "limit of memory everywhere": *memory_limited_everywhere,
        "refused by a LimitRange": refused_by.is_some(),
        "another scheduler": scheduler_name != "default-scheduler",
        "local storage": *has_local_storage,
        "claims": *has_claims,
        "priority": *priority > 0,
        "no grace period": *goes_at_once,
        "another operating system": os.is_some(),
        "preemptionPolicy: Never": *never_preempts && *priority > 0,
        "annotations": !annotations.is_empty(),
    }
}

kinds! { QOS, of_qos: QosClass, {
    QosClass::BestEffort => "BestEffort",
    QosClass::Burstable => "Burstable",
    QosClass::Guaranteed => "Guaranteed",
} }

// Gt and Lt are for labels that are numbers, which the generator has none of.
kinds! { OPERATOR, of_operator: Operator, {
    Operator::In(_) => "operator In",
    Operator::NotIn(_) => "operator NotIn",
    Operator::Exists => "operator Exists",
    Operator::DoesNotExist => "operator DoesNotExist",
    Operator::Gt(_) => "operator Gt",
    Operator::Lt(_) => "operator Lt",
} }

fields! { TOLERATION, of_toleration: Toleration,
    Toleration { key, exists, value: _, effect, seconds } => {
        "toleration: Exists": key == "dedicated" && *exists,
        "toleration: Equal": key == "dedicated" && !exists,
        "toleration: any effect": effect.is_none(),
        "toleration: seconds": key == "dedicated" && seconds.is_some(),
        "toleration: no second": *seconds == Some(0),
        "toleration of stopped nodes": key.starts_with("node.") && seconds.is_some_and(|seconds| seconds != 300),
    }
}

fields! { SPREAD, of_spread: TopologySpreadConstraint,
    TopologySpreadConstraint {
        max_skew, topology_key, when_unsatisfiable, selector, min_domains, honors_affinity, honors_taints, own_revision,
    } => {
        "hard spread": *when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule,
        "soft spread": *when_unsatisfiable == WhenUnsatisfiable::ScheduleAnyway,
        "spread: by host": topology_key == HOSTNAME,
        "spread: by zone": topology_key != HOSTNAME,
        "spread: maxSkew 2": *max_skew > 1,
        "spread: no selector": selector.is_none(),
        "spread: minDomains": *min_domains > 1,
        "spread: nodeAffinityPolicy": !honors_affinity,
        "spread: nodeTaintsPolicy": *honors_taints,
        "spread: own revision": *own_revision,
    }
}

fields! { TERM, of_term: PodAffinityTerm,
    PodAffinityTerm { topology_key: _, selector, label_keys: _, revision: _, namespaces, namespace_selector } => {
        "pod affinity: no selector": selector.is_none(),
        "pod affinity: everything": selector.as_ref().is_some_and(LabelSelector::is_empty),
        "pod affinity: namespaces": !namespaces.is_empty(),
        "pod affinity: namespaceSelector": namespace_selector.is_some(),
    }
}

kinds! { REVISION, of_revision: RevisionMatch, {
    RevisionMatch::Any => "pod affinity: any revision",
    RevisionMatch::Own => "pod affinity: own revision",
    RevisionMatch::Other => "pod affinity: other revisions",
} }

/// The letters of a template.
pub fn letters(template: &PodTemplate, found: &mut Letters) {
    of_template(template, found);
    of_qos(&template.qos, found);
    template.tolerations.iter().for_each(|one| of_toleration(one, found));
    template.spread.iter().for_each(|one| of_spread(one, found));
    let terms =
        template.required_affinity.iter().flatten().chain(template.preferred_affinity.iter().map(|one| &one.term));
    for one in terms.flat_map(|term| term.expressions.iter().chain(&term.fields)) {
        of_operator(&one.operator, found);
    }
    for affinity in [&template.pod_affinity, &template.pod_anti_affinity] {
        for term in affinity.required.iter().chain(affinity.preferred.iter().map(|one| &one.term)) {
            of_term(term, found);
            of_revision(&term.revision, found);
        }
    }
}
