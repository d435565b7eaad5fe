//! Plain clusters that vectors are replayed on.

use crate::vectors::field;
use kubound_encodings::cluster::node::{CPU, MEMORY};
use kubound_encodings::cluster::pod::Toleration;
use kubound_encodings::cluster::workload::{Control, Usage};
use kubound_encodings::cluster::{
    Cluster, Event, EventKind, NodePool, Origin, PodTemplate, Resources, Rollout, Span, Taint, TaintEffect, Workload,
    WorkloadRef,
};
use serde_json::Value;

/// Where everything comes from.
pub fn origin() -> Origin {
    Origin { object: "Vector".into(), field: String::new() }
}

/// A node of a name with room for everything.
pub fn node(name: &str) -> NodePool {
    let plenty = Span::exactly(1 << 40);
    NodePool {
        name: name.into(),
        is_single_node: true,
        count: Span::exactly(1),
        autoscaling: None,
        labels: Default::default(),
        taints: Vec::new(),
        startup_taints: Vec::new(),
        unschedulable: false,
        allocatable: Resources::from([(CPU.to_owned(), plenty), (MEMORY.to_owned(), plenty)]),
        pods: Span::exactly(1000),
        origin: origin(),
    }
}

/// `Deployment/default/NAME`.
pub fn reference(name: &str) -> WorkloadRef {
    WorkloadRef { kind: "Deployment".into(), namespace: "default".into(), name: name.into() }
}

/// A Deployment of up to some pods that ask for nothing.
pub fn deployment(name: &str, most: i64) -> Workload {
    Workload {
        reference: reference(name),
        replicas: Span { lo: 0, hi: most, step: 1 },
        replicas_managed: true,
        template: PodTemplate { scheduler_name: "default-scheduler".into(), ..PodTemplate::default() },
        later_templates: vec![],
        recommended: vec![],
        container_usage: vec![],
        metrics: vec![],
        rollout: Rollout::default(),
        control: Control::default(),
        volume_nodes: vec![],
        exclusive_claims: vec![],
        cpu_usage: Usage::Request,
        memory_usage: Usage::Request,
        startup: None,
        crash_loop: None,
        exists: true,
        origin: origin(),
    }
}

/// An event that may happen once.
pub fn event(id: &str, kind: EventKind) -> Event {
    Event { id: id.into(), kind, times: 1, must: false, after: None, operation: None, origin: origin() }
}

/// A cluster of nodes and workloads.
pub fn cluster(pools: Vec<NodePool>, workloads: Vec<Workload>) -> Cluster {
    Cluster { pools, workloads, ..Cluster::default() }
}

fn effect(name: &str) -> Option<TaintEffect> {
    match name {
        "NoSchedule" => Some(TaintEffect::NoSchedule),
        "PreferNoSchedule" => Some(TaintEffect::PreferNoSchedule),
        "NoExecute" => Some(TaintEffect::NoExecute),
        _ => None,
    }
}

/// The taints of a vector.
pub fn taints(vector: &Value) -> Vec<Taint> {
    let list: Vec<Value> = field(vector, "taints");
    let taint = |one: &Value| Taint {
        key: field(one, "key"),
        value: field(one, "value"),
        effect: effect(&field::<String>(one, "effect")).expect("an effect"),
    };
    list.iter().map(taint).collect()
}

/// The tolerations of a vector.
pub fn tolerations(vector: &Value) -> Vec<Toleration> {
    let list: Vec<Value> = field(vector, "tolerations");
    let toleration = |one: &Value| Toleration {
        key: field(one, "key"),
        exists: field(one, "exists"),
        value: field(one, "value"),
        effect: effect(&field::<String>(one, "effect")),
        seconds: field(one, "seconds"),
    };
    list.iter().map(toleration).collect()
}
