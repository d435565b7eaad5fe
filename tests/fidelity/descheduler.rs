//! One pass of one plugin of the descheduler: how many pods of which workload on which node it evicts.

use crate::clusters::{cluster, event, origin};
use crate::evaluator::{Evaluator, Latest};
use crate::scheduler::{node_names, pool, requirements, workload, workload_names};
use crate::tally::Tally;
use crate::vectors::{File, field};
use kubound_encodings::cluster::descheduler::{
    DeschedulerPlugin, EnabledPlugin, Evictor, Namespaces, PodPhase, Thresholds, Utilization,
};
use kubound_encodings::cluster::pod::{QosClass, WhenUnsatisfiable};
use kubound_encodings::cluster::{
    Cluster, DeschedulerPolicy, EventKind, LabelSelector, Taint, TaintEffect, Timing, Workload,
};
use kubound_encodings::system::Rule;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Pods evicted, by workload, by node.
type Evicted = Vec<Vec<i64>>;

/// Replays the vectors.
pub fn check(file: &File) -> Tally {
    let mut tally = Tally::default();
    let mut latest = Latest::default();
    for vector in &file.lines {
        let evaluator = latest.of(&vector["cluster"], |cluster| Evaluator::new(&system(cluster)));
        let real: BTreeSet<Evicted> = field::<Vec<Evicted>>(vector, "evicted").into_iter().collect();
        let (allowed, is_tagged) = allowed(evaluator, vector);
        tally.both_ways(vector, &real, &allowed, is_tagged && !real.is_empty());
    }
    tally
}

/// What the model allows a pass to evict, and whether a rule of it is tagged. A pass that evicts nothing is left out.
fn allowed(evaluator: &Evaluator, vector: &Value) -> (BTreeSet<Evicted>, bool) {
    let (names, nodes) = (workload_names(&vector["cluster"]), node_names(&vector["cluster"]));
    let before = state(evaluator, vector, &names, &nodes);
    let rules: Vec<&Rule> =
        evaluator.system.rules.iter().filter(|rule| rule.name.starts_with("descheduler/")).collect();
    let (mut going, mut ended) = (vec![before.clone()], BTreeSet::new());
    while let Some(now) = going.pop() {
        for after in rules.iter().flat_map(|rule| evaluator.outcomes(rule, &now)) {
            // With several stages a pass goes on until it is at the first one again.
            let goes_on = evaluator.has(STAGE) && evaluator.get(&after, STAGE) > 0;
            if goes_on {
                going.push(after);
            } else {
                ended.insert(after);
            }
        }
    }
    let evicted = |after: &Vec<i64>| -> Evicted {
        let on = |name: &String, node: &String| {
            let variable = format!("running[{name}][{node}]");
            evaluator.get(&before, &variable) - evaluator.get(after, &variable)
        };
        names.iter().map(|name| nodes.iter().map(|node| on(name, node)).collect()).collect()
    };
    let some = |evicted: &Evicted| evicted.iter().flatten().any(|&pods| pods > 0);
    (ended.iter().map(evicted).filter(some).collect(), rules.iter().any(|rule| rule.over_approximates.is_some()))
}

const STAGE: &str = "descheduler stage";

fn state(evaluator: &Evaluator, vector: &Value, names: &[String], nodes: &[String]) -> Vec<i64> {
    let counts = |key: &str| field::<Vec<Vec<i64>>>(vector, key);
    let (active, terminating) = (counts("active"), counts("terminating"));
    let (pending, not_ready): (Vec<i64>, Vec<bool>) = (field(vector, "pending"), field(vector, "notReady"));
    let mut state = evaluator.blank();
    for (index, name) in names.iter().enumerate() {
        for (place, node) in nodes.iter().enumerate() {
            evaluator.set(&mut state, &format!("running[{name}][{node}]"), active[index][place]);
            evaluator.set(&mut state, &format!("terminating[{name}][{node}]"), terminating[index][place]);
        }
        evaluator.set(&mut state, &format!("pending[{name}]"), pending[index]);
    }
    for (node, flag) in nodes.iter().zip(not_ready) {
        evaluator.set(&mut state, &format!("alive[{node}]"), i64::from(!flag));
        evaluator.set(&mut state, &format!("notReady[{node}]"), i64::from(flag));
    }
    state
}

fn system(value: &Value) -> Cluster {
    let nodes = field::<Vec<Value>>(value, "nodes").iter().map(pool).collect();
    let workloads = field::<Vec<Value>>(value, "workloads").iter().map(described).collect();
    let mut cluster = cluster(nodes, workloads);
    // So that pods may be where they do not fit, and nodes may be not ready.
    cluster.scheduler.disabled_filters =
        ["NodeAffinity", "TaintToleration", "PodTopologySpread", "NodeUnschedulable", "InterPodAffinity"]
            .map(str::to_owned)
            .into();
    cluster.events.push(event("failure", EventKind::NodeFailure { pool: None, recovers: true }));
    // A pass waits for nothing.
    cluster.timing = Timing::Interleaved;
    cluster.descheduler = Some(policy(&value["policy"]));
    cluster
}

fn described(value: &Value) -> Workload {
    let mut workload = workload(value);
    let flag = |key: &str| field::<Option<bool>>(value, key).unwrap_or_default();
    let guaranteed = flag("guaranteed");
    let template = &mut workload.template;
    template.qos = match template.requests.values().any(|&amount| amount > 0) {
        _ if guaranteed => QosClass::Guaranteed,
        true => QosClass::Burstable,
        false => QosClass::BestEffort,
    };
    template.priority = field(value, "priority");
    template.has_local_storage = flag("localStorage");
    template.has_claims = flag("claims");
    template.images = vec![field(value, "name")];
    if flag("evict") {
        template.annotations = BTreeMap::from([("descheduler.alpha.kubernetes.io/evict".into(), "true".into())]);
    }
    workload
}

fn policy(value: &Value) -> DeschedulerPolicy {
    DeschedulerPolicy {
        plugins: vec![EnabledPlugin { plugin: plugin(value), evictor: evictor(&value["evictor"]), origin: origin() }],
        node_selector: None,
        max_per_node: field(value, "maxPerNode"),
        max_per_namespace: field(value, "maxPerNamespace"),
        max_total: field(value, "maxTotal"),
        interval: 300,
        origin: origin(),
    }
}

fn selector(value: &Value) -> Option<LabelSelector> {
    let list = &value["selector"];
    (!list.is_null()).then(|| LabelSelector { requirements: requirements(list) })
}

fn evictor(value: &Value) -> Evictor {
    Evictor {
        evict_local_storage_pods: field(value, "evictLocalStoragePods"),
        evict_system_critical_pods: field(value, "evictSystemCriticalPods"),
        evict_daemon_set_pods: false,
        ignore_pvc_pods: field(value, "ignorePvcPods"),
        ignore_pods_without_pdb: false,
        priority_threshold: field(value, "priorityThreshold"),
        label_selector: selector(value),
        min_replicas: field(value, "minReplicas"),
        node_fit: field(value, "nodeFit"),
    }
}

fn plugin(value: &Value) -> DeschedulerPlugin {
    let lists: (Option<Vec<String>>, Option<Vec<String>>) = (field(value, "include"), field(value, "exclude"));
    let namespaces = match lists {
        (Some(list), _) => Namespaces::Include(list),
        (_, Some(list)) => Namespaces::Exclude(list),
        _ => Namespaces::All,
    };
    let label_selector = selector(value);
    match field::<String>(value, "plugin").as_str() {
        "RemoveDuplicates" => {
            DeschedulerPlugin::RemoveDuplicates { exclude_owner_kinds: field(value, "excludeOwnerKinds"), namespaces }
        }
        "RemovePodsViolatingTopologySpreadConstraint" => {
            let action = |name: &String| match name.as_str() {
                "DoNotSchedule" => WhenUnsatisfiable::DoNotSchedule,
                _ => WhenUnsatisfiable::ScheduleAnyway,
            };
            DeschedulerPlugin::RemovePodsViolatingTopologySpreadConstraint {
                constraints: field::<Vec<String>>(value, "constraints").iter().map(action).collect(),
                topology_balance_node_fit: field(value, "topologyBalanceNodeFit"),
                label_selector,
                namespaces,
            }
        }
        "RemovePodsViolatingNodeAffinity" => DeschedulerPlugin::RemovePodsViolatingNodeAffinity {
            required: field(value, "required"),
            preferred: field(value, "preferred"),
            label_selector,
            namespaces,
        },
        "RemovePodsViolatingNodeTaints" => {
            let taint = |text: &String| {
                let (key, value) = text.split_once('=').unwrap_or((text, ""));
                Taint { key: key.into(), value: value.into(), effect: TaintEffect::NoSchedule }
            };
            DeschedulerPlugin::RemovePodsViolatingNodeTaints {
                include_prefer_no_schedule: field(value, "includePreferNoSchedule"),
                excluded: field::<Vec<String>>(value, "excludedTaints").iter().map(taint).collect(),
            }
        }
        "RemovePodsViolatingInterPodAntiAffinity" => {
            DeschedulerPlugin::RemovePodsViolatingInterPodAntiAffinity { label_selector, namespaces }
        }
        "LowNodeUtilization" => DeschedulerPlugin::LowNodeUtilization(utilization(&value["more"])),
        "HighNodeUtilization" => DeschedulerPlugin::HighNodeUtilization(Utilization {
            targets: Thresholds::new(),
            uses_deviations: false,
            most_per_node: None,
            only_thresholding_resources: field(&value["more"], "onlyThresholding"),
            ..utilization(&value["more"])
        }),
        "PodLifeTime" => {
            let states: Vec<String> = field(&value["more"], "states");
            let phase = |name: &String| if name == "Pending" { PodPhase::Pending } else { PodPhase::Running };
            DeschedulerPlugin::PodLifeTime {
                max_seconds: field(&value["more"], "maxSeconds"),
                phases: (!states.is_empty()).then(|| states.iter().map(phase).collect()),
                label_selector,
                namespaces,
            }
        }
        other => panic!("plugin {other}"),
    }
}

fn utilization(value: &Value) -> Utilization {
    Utilization {
        thresholds: field(value, "thresholds"),
        targets: field(value, "targets"),
        uses_deviations: field(value, "deviations"),
        number_of_nodes: field(value, "numberOfNodes"),
        excluded_namespaces: field(value, "excludedNamespaces"),
        most_per_node: field(value, "nodeLimit"),
        only_thresholding_resources: false,
    }
}
