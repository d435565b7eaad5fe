//! What the pods of an input ask of nodes.

use super::super::draft::{Draft, DraftWorkload};
use super::super::wanted::Demand;
use kubound_encodings::cluster::cron_job::ACTIVE_JOBS;
use kubound_encodings::cluster::node::HOSTNAME;
use kubound_encodings::cluster::pod::{OS, WhenUnsatisfiable};
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::{Labels, PodTemplate, Resources};

impl Demand {
    /// What the workloads of a draft ask for, with as many pods as there may be.
    pub(super) fn of(draft: &Draft) -> Self {
        let mut demand = Self::default();
        for read in &draft.workloads {
            let template = &read.workload.template;
            demand.add_labels(asked(template));
            if read.workload.is_daemon() {
                add(&mut demand.on_each, &template.requests, 1);
                continue;
            }
            let pods = most_pods(read, draft);
            demand.pods += pods;
            add(&mut demand.total, &template.requests, pods);
            for (resource, amount) in &template.requests {
                let largest = demand.largest.entry(resource.clone()).or_default();
                *largest = (*largest).max(*amount);
            }
            demand.add_domains(read, pods);
        }
        demand
    }

    /// What pods of one workload ask for that must not be together.
    fn add_domains(&mut self, read: &DraftWorkload, pods: i64) {
        let template = &read.workload.template;
        let namespace = &read.workload.reference.namespace;
        let repels = template.pod_anti_affinity.required.iter().filter(|term| {
            term.looks_into(namespace, namespace)
                && term.selector.as_ref().is_some_and(|selector| selector.matches(&template.labels))
        });
        let mut wanted: Vec<(&str, i64)> = repels.map(|term| (term.topology_key.as_str(), pods)).collect();
        let affinity = template.pod_affinity.required.iter();
        wanted.extend(affinity.map(|term| (term.topology_key.as_str(), 1)));
        let strict = template.spread.iter().filter(|one| one.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule);
        wanted.extend(strict.map(|one| (one.topology_key.as_str(), one.min_domains)));
        if !template.host_ports.is_empty() {
            wanted.push((HOSTNAME, pods));
        }
        for (key, domains) in wanted {
            if key == HOSTNAME {
                self.apart = self.apart.max(domains);
            } else {
                self.keys.insert(key.to_owned());
                self.domains = self.domains.max(domains);
            }
        }
    }
}

/// The labels by which a template chooses nodes: its selector, and the first term of its affinity with the first value of
/// each condition.
fn asked(template: &PodTemplate) -> Labels {
    let mut labels = template.node_selector.clone();
    if let Some(os) = &template.os {
        labels.entry(OS.to_owned()).or_insert_with(|| os.clone());
    }
    let first = template.required_affinity.iter().flatten().next();
    for requirement in first.iter().flat_map(|term| &term.expressions) {
        let value = match &requirement.operator {
            Operator::In(values) => values.first().cloned(),
            Operator::Exists => Some("true".to_owned()),
            Operator::Gt(bound) => Some(bound.saturating_add(1).to_string()),
            Operator::Lt(bound) => Some(bound.saturating_sub(1).to_string()),
            Operator::NotIn(_) | Operator::DoesNotExist => None,
        };
        if let Some(value) = value {
            labels.entry(requirement.key.clone()).or_insert(value);
        }
    }
    // Each node has this label with its own name.
    labels.remove(HOSTNAME);
    labels
}

/// Most pods of a workload: as many as its autoscaler may ask for, and those that a rollout adds.
pub(super) fn most_pods(read: &DraftWorkload, draft: &Draft) -> i64 {
    let workload = &read.workload;
    let autoscaled = draft.hpas.iter().filter(|one| one.hpa.target == workload.reference).map(|one| one.hpa.max);
    let replicas = autoscaled.fold(workload.replicas.hi, i64::max).max(1);
    let at_once = if read.cron.is_some() { ACTIVE_JOBS as i64 } else { 1 };
    let surge = if workload.reference.kind == "Deployment" { workload.rollout.strategy.surge(replicas) } else { 0 };
    (replicas + surge).saturating_mul(at_once)
}

fn add(sum: &mut Resources<i64>, amounts: &Resources<i64>, times: i64) {
    for (resource, amount) in amounts {
        let sum = sum.entry(resource.clone()).or_default();
        *sum = sum.saturating_add(amount.saturating_mul(times));
    }
}
