//! The JSON Schema (draft-07, the newest that editors take) of scenario files.
//!
//! Which keys there are comes from the tables that the strict readers use, so that the schema accepts a key exactly if
//! the reader does. What their values are is told here; a key that is not told about takes any value.

mod items;
mod values;

use super::super::exceptions::EXCEPTION;
use super::super::own::{API_VERSION, METADATA, ROOT, mapping, told};
use super::super::vary::VARIED;
use super::autoscalers::{AUTOSCALING, CLUSTER_AUTOSCALER, KARPENTER, LIMITS, POLICIES, PREFERENCE_POLICIES};
use super::containers::CONTAINER;
use super::faults::{self, FAULT};
use super::intents::VERDICTS;
use super::metrics::METRIC;
use super::nodes::{POOL, TEMPLATE};
use super::settings::{BOUNDS, HPA, KUBERNETES, STARTS, TIMINGS};
use super::workloads::{CRASH_LOOP, LOAD, PHASES, PLACED, READINESS, STARTUP, WORKLOAD};
use super::{KEYS, OBJECT};
use crate::limits::reader::{MOST_ACTIVE_JOBS, MOST_FAULTS};
use items::{controller, event, intent, operation};
use kubound_encodings::cluster::{FaultKind, FeatureGate};
use serde_json::{Value, json};
use values::{amounts, counts, duration, flag, integer, list, names_to, or_nothing, target, text, words};

/// The schema.
pub fn scenario_schema() -> Value {
    let mut schema = mapping(ROOT, &["apiVersion", "kind", "spec"], &|key| match key {
        "apiVersion" => json!({"const": API_VERSION}),
        "kind" => json!({"const": OBJECT}),
        "metadata" => mapping(METADATA, &[], &|key| match key {
            "name" => told("Name of the scenario in reports.", text("shop")),
            _ => json!({"type": "object"}),
        }),
        _ => mapping(KEYS, &[], &spec),
    });
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("Scenario of Kubound");
    schema["description"] = json!("What manifests cannot say: sizes, values, events, and what shall hold.");
    schema
}

fn spec(key: &str) -> Value {
    match key {
        "kubernetesVersion" => {
            let releases: Vec<String> =
                KUBERNETES.flat_map(|minor| [format!("1.{minor}"), format!("v1.{minor}")]).collect();
            told("Release of Kubernetes whose rules apply; in quotes. Default: \"1.33\".", json!({"enum": releases}))
        }
        "featureGates" => {
            let gates = FeatureGate::all().map(|gate| {
                (
                    gate.name().to_owned(),
                    told(&format!("Whether {}. Default: as the release has it.", gate.what()), flag()),
                )
            });
            let properties: serde_json::Map<String, Value> = gates.collect();
            told(
                "Feature gates of Kubernetes that are set, of those that change a rule of the models. Default: as the release has them.",
                json!({"type": "object", "properties": properties, "additionalProperties": false}),
            )
        }
        "resources" => told(
            "Manifests: files, folders and globs, relative to this file and inside of its folder. Default: every other YAML file of the folder; none if manifests are piped in.",
            list(text("web.yaml")),
        ),
        "nodes" => told(
            "Pools of equal nodes. Default: the Node manifests, each a pool of one.",
            list(mapping(POOL, &["name", "count"], &pool)),
        ),
        "workloads" => {
            told("What manifests do not say about workloads.", list(mapping(WORKLOAD, &["target"], &workload)))
        }
        "assume" => told(
            "Conditions over initial values, printed with every verdict. Default: none.",
            list(text("nodes.present >= 1")),
        ),
        "placed" => {
            let entry = mapping(PLACED, &["target", "pods"], &|key| match key {
                "target" => target(),
                "pool" => told("Name of a pool or Node; none for pending pods.", text("worker")),
                "phase" => told("How far the pods have come. Default: running.", words(PHASES)),
                _ => told("Pods on each node: a number, or a range such as 0..3.", counts("0..3")),
            });
            told("Pods that are there initially. Default: none.", list(entry))
        }
        "start" => told(
            "Where runs start: empty has no pods; settled neither, and no event before all is quiet once, from when on states are judged; any has all replicas running on nodes that could take them; arbitrary is any state of pods, ReplicaSets, timers and notes of controllers; snapshot has the pods of placed. Default: empty.",
            words(STARTS),
        ),
        "timing" => told(
            "How controllers and time interleave: paced, where controllers act at once; delayed, where they may be late; interleaved, where timers may expire early as well; both asks for paced, and then for what changes if controllers are late. Default: both.",
            words(TIMINGS),
        ),
        "controllers" => told(
            "What acts again and again beside the controllers of Kubernetes. Default: nothing.",
            list(controller()),
        ),
        "events" => {
            told("What users and machines may do; in any order, and never has to. Default: nothing.", list(event()))
        }
        "operations" => told(
            "What is done to the cluster, one after the other; each has to happen. Default: nothing.",
            list(operation()),
        ),
        "faults" => told(
            "What may go wrong around controllers, by kind: how often, or how often and to whom. Default: nothing.",
            mapping(&faults::kinds(), &[], &|key| {
                let kind = FaultKind::named(key).expect("one of the keys");
                let mut fault = mapping(FAULT, &[], &|key| match key {
                    "times" => told("How often, over all of them. Default: 1.", integer(0, MOST_FAULTS)),
                    _ => told(
                        "Controllers or processes that it may happen to, by name. Default: any.",
                        list(text("replicaset-controller")),
                    ),
                });
                fault["type"] = json!(["object", "integer"]);
                fault["minimum"] = json!(0);
                fault["maximum"] = json!(MOST_FAULTS);
                told(&format!("How often {}.", kind.summary()), fault)
            }),
        ),
        "intents" => told("What shall hold. Default: noOscillation, schedulable and converges.", list(intent())),
        "bounds" => told("How far to search.", mapping(BOUNDS, &[], &bound)),
        "expect" => told(
            "The verdict that each intent is expected to have; turns the exit code into a test. Default: none.",
            names_to(words(VERDICTS)),
        ),
        "vary" => {
            let entry = mapping(VARIED, VARIED, &|key| match key {
                "object" => told(
                    "Kind/namespace/name of an object, or a shorter form that is not ambiguous; Scenario for this file.",
                    text("Deployment/default/web"),
                ),
                "field" => told(
                    "Path of a field, written or not: keys with dots, [0] or [name=X] for items of lists.",
                    text("spec.replicas"),
                ),
                _ => told(
                    "A range, or a list of numbers and words.",
                    json!({"type": ["string", "array"], "minLength": 1, "minItems": 1, "items": {"type": ["number", "string", "boolean"]}, "examples": ["1..5"]}),
                ),
            });
            told("Fields with the values that `kubound vary` tries for them. Default: none.", list(entry))
        }
        "exceptions" => {
            let entry = mapping(EXCEPTION, &["intent", "reason", "expires"], &|key| match key {
                "intent" => told("Id of the intent.", text("converges")),
                "target" => target(),
                "reason" => told("Why the violation is accepted.", text("the quota is raised in spring")),
                _ => told("The last day on which it is, YYYY-MM-DD.", text("2027-01-31")),
            });
            told("Violations that are accepted for a time. Default: none.", list(entry))
        }
        "deschedulerInterval" => told(
            "Time between two passes of the descheduler. Default: that of its configuration, or 5m.",
            duration("5m"),
        ),
        "hpa" => told(
            "Flags of the controller manager.",
            mapping(HPA, &[], &|key| match key {
                "syncPeriod" => told("Time between two syncs. Default: 15s.", duration("15s")),
                "tolerance" => told("Deviation from the target that changes nothing. Default: 0.1.", amounts("0.1")),
                "configurableTolerance" => told(
                    "The same as the gate HPAConfigurableTolerance in `featureGates`: whether `tolerance` of a behavior counts. Default: true from 1.35 on.",
                    flag(),
                ),
                _ => told("Window of scaling down where behavior says nothing. Default: 5m.", duration("5m")),
            }),
        ),
        "clusterAutoscaler" => told(
            "The Cluster Autoscaler runs and scales the pools with `autoscaling`. Default: it does not.",
            mapping(CLUSTER_AUTOSCALER, &[], &|key| match key {
                "scaleDownUnneededTime" => {
                    told("How long a node is not needed before it goes. Default: 10m.", duration("10m"))
                }
                _ => told("Requested part of a node below which it may go. Default: 0.5.", amounts("0.5")),
            }),
        ),
        "karpenter" => told(
            "Karpenter runs and scales the pools with `autoscaling`. Default: it does not.",
            mapping(KARPENTER, &[], &|key| match key {
                "consolidateAfter" => {
                    told("How long it waits before a node goes, or Never. Default: 0s.", duration("30s"))
                }
                "preferencePolicy" => told(
                    "Whether it takes what pods prefer for required while it seeks nodes, its flag --preference-policy. Default: Respect.",
                    words(PREFERENCE_POLICIES),
                ),
                _ => told("Which nodes may go. Default: WhenEmptyOrUnderutilized.", words(POLICIES)),
            }),
        ),
        _ => json!({}),
    }
}

fn pool(key: &str) -> Value {
    match key {
        "name" => told(
            "Nodes are called NAME-0, NAME-1, and so on.",
            json!({"type": "string", "pattern": "^[a-z0-9.-]+$", "examples": ["spare"]}),
        ),
        "count" => told("A number, or a range such as 0..6.", counts("0..6")),
        "autoscaling" => told(
            "Between how many nodes clusterAutoscaler or karpenter keeps it; `count` is how many there are initially.",
            mapping(AUTOSCALING, &["max"], &|key| match key {
                "min" => told("Fewest nodes. Default: 0.", integer(0, 5000)),
                "limits" => told(
                    "What the nodes of the pool may have together: spec.limits of Karpenter's NodePools. Default: no limit.",
                    mapping(LIMITS, &[], &|key| match key {
                        "cpu" => told("CPU.", amounts("16")),
                        _ => told("Memory.", amounts("64Gi")),
                    }),
                ),
                _ => told("Most nodes.", integer(0, 5000)),
            }),
        ),
        "template" => told(
            "What its nodes are like.",
            mapping(TEMPLATE, &[], &|key| match key {
                "labels" => told("Labels of its nodes.", names_to(json!({"type": ["string", "null"]}))),
                "taints" => told(
                    "As in spec.taints of a Node.",
                    list(json!({"type": "object", "required": ["key", "effect"], "properties": {
                        "key": text("dedicated"),
                        "value": {"type": "string"},
                        "effect": {"enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
                    }})),
                ),
                "startupTaints" => told(
                    "Taints that nodes which are added have until something on them takes these away; autoscalers know of them. As in startupTaints of Karpenter's NodePools.",
                    list(json!({"type": "object", "required": ["key", "effect"], "properties": {
                        "key": text("node.cilium.io/agent-not-ready"),
                        "value": {"type": "string"},
                        "effect": {"enum": ["NoSchedule", "NoExecute"]},
                    }})),
                ),
                "allocatable" => told("What pods can have, by resource; ranges are accepted.", names_to(amounts("4"))),
                "unschedulable" => told("Whether the nodes are cordoned. Default: false.", flag()),
                _ => json!({}),
            }),
        ),
        _ => json!({}),
    }
}

fn workload(key: &str) -> Value {
    match key {
        "target" => target(),
        "replicas" => {
            told("Instead of spec.replicas; a range is a free initial value. Default: the manifest.", counts("1..6"))
        }
        "cpuUsage" => told("CPU that each pod uses. Default: its request.", amounts("50m..500m/50m")),
        "memoryUsage" => told("Memory that each pod uses. Default: its request.", amounts("100Mi")),
        "load" => told(
            "Totals that the ready pods share.",
            mapping(LOAD, &[], &|key| match key {
                "cpu" => told("CPU of all ready pods together.", amounts("2")),
                _ => told("Memory of all ready pods together.", amounts("4Gi")),
            }),
        ),
        "containers" => told(
            "What each container and sidecar uses, in place of what whole pods do; a range for one of them only, which cpuChange then changes.",
            list(mapping(CONTAINER, &["name"], &|key| match key {
                "name" => told("Name of a container or sidecar.", text("web")),
                "cpuUsage" => told("CPU that it uses.", amounts("50m")),
                _ => told("Memory that it uses.", amounts("100Mi")),
            })),
        ),
        "metrics" => told(
            "Values of metrics of type Pods, Object and External of its autoscaler, which metricChange events change. Default: such metrics are left out, and it is said that they are.",
            list(mapping(METRIC, &["name"], &|key| match key {
                "name" => told("Name of the metric.", text("queue-length")),
                "value" => {
                    told("The metric; with type Pods that of each pod. Either this or load.", amounts("0..100/10"))
                }
                _ => told(
                    "What the ready pods share: with type Pods each has its part, otherwise the metric is that part. Either this or value.",
                    amounts("600"),
                ),
            })),
        ),
        "startup" => {
            let startup = mapping(STARTUP, &["seconds"], &|key| match key {
                "cpuUsage" => told("CPU that each pod uses meanwhile. Default: its request.", amounts("800m")),
                "seconds" => told("How long starting takes.", duration("60s")),
                "ready" => told("When starting pods become ready. Default: after.", words(READINESS)),
                _ => json!({}),
            });
            told("What pods do while they start. Default: starting takes no time.", startup)
        }
        "activeJobs" => told(
            "How many Jobs of a CronJob with concurrencyPolicy Allow may be active at once; of more, it is only said that they would be. Default: 3, or one more than max of its boundedPods takes.",
            integer(1, MOST_ACTIVE_JOBS),
        ),
        "runTime" => {
            told("How long each pod of a Job or CronJob runs until it succeeds. Default: any time.", duration("10m"))
        }
        "crashLoop" => {
            let crash = mapping(CRASH_LOOP, &[], &|_| {
                told("Only containers of these images. Default: all.", list(text("registry.example/web:2")))
            });
            told("Containers crash again and again, some time after each start. Default: none does.", or_nothing(crash))
        }
        _ => json!({}),
    }
}

fn bound(key: &str) -> Value {
    match key {
        "depth" => told(
            "Steps of the runs to look at: a number, or auto for as deep as it takes. Default: auto.",
            json!({"anyOf": [{"const": "auto"}, integer(1, 1_000_000)]}),
        ),
        "timeout" => told("Time for all intents together. Default: 10m.", duration("10m")),
        "nodesPerPool" => told("Most nodes of a pool. Default: 6, or as many as the counts go to.", integer(1, 10_000)),
        "podsPerNode" => {
            told("Pods a node, times nodesPerPool the most pods of a cluster. Default: as pods.", integer(1, 10_000))
        }
        "pods" => told(
            "Most pods of a cluster, in place of podsPerNode. Default: 36, or as many as the replicas go to.",
            integer(1, 10_000),
        ),
        _ => integer(1, 10_000),
    }
}

#[cfg(test)]
mod tests;
