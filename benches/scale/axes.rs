//! What grows along each axis: manifests of one size.

use std::fmt::Write as _;

/// One axis.
pub struct Axis {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is counted.
    pub unit: &'static str,
    /// What the cluster of a point looks like, for readers.
    pub what: &'static str,
    /// The sizes.
    pub sizes: &'static [u32],
    /// Who decides.
    pub engines: &'static [&'static str],
    /// The manifests of a size.
    pub manifests: fn(u32) -> String,
}

/// All axes.
pub const AXES: [Axis; 6] = [
    Axis {
        name: "nodes",
        unit: "nodes",
        what: "One Deployment of eight pods with a hard spread constraint over hostnames, start empty, `noOscillation`. \
               The number of nodes is fixed.",
        sizes: &[2, 4, 8, 16, 32, 64, 100],
        engines: &["explicit", "symbolic"],
        manifests: |nodes| {
            scenario(&format!("{nodes}"), "", "empty", "noOscillation") + &deployment("web", 8, "100m", SPREAD)
        },
    },
    Axis {
        name: "pods",
        unit: "pods",
        what: "One Deployment with a hard spread constraint over the hostnames of four nodes, start empty, \
               `noOscillation`. The number of replicas is fixed.",
        sizes: &[4, 8, 16, 32, 64, 128, 256, 400],
        engines: &["explicit", "symbolic"],
        manifests: |pods| scenario("4", "", "empty", "noOscillation") + &deployment("web", pods, "10m", SPREAD),
    },
    Axis {
        name: "workloads-alike",
        unit: "Deployments",
        what: "Deployments of one replica that differ only by name, three nodes, start empty, `noOscillation`.",
        sizes: &[1, 2, 4, 8, 16, 24, 32, 40],
        engines: &["explicit"],
        manifests: |count| {
            let head = scenario("3", "", "empty", "noOscillation");
            (0..count).fold(head, |text, index| text + &deployment(&format!("web-{index}"), 1, "100m", ""))
        },
    },
    Axis {
        name: "workloads-different",
        unit: "Deployments",
        what: "Deployments of one replica that ask for different amounts of CPU, three nodes, start empty, \
               `noOscillation`.",
        sizes: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        engines: &["explicit"],
        manifests: |count| {
            let head = scenario("3", "", "empty", "noOscillation");
            (0..count).fold(head, |text, index| {
                text + &deployment(&format!("web-{index}"), 1, &format!("{}m", 100 + 30 * index), "")
            })
        },
    },
    Axis {
        name: "sizes-at-once",
        unit: "replicas at most",
        what: "All clusters of zero to six nodes and one to so many replicas in one question: a Deployment with a hard \
               spread constraint, start empty, `noOscillation`.",
        sizes: &[4, 8, 12, 18, 24, 36, 60],
        engines: &["explicit", "symbolic"],
        manifests: |most| {
            scenario("0..6", &format!("1..{most}"), "empty", "noOscillation") + &deployment("web", 1, "10m", SPREAD)
        },
    },
    Axis {
        name: "values-at-once",
        unit: "cores at most",
        what: "Allocatable CPU of each of four nodes anywhere from 1 to so many cores, in one question: eight pods of \
               700m with a hard spread constraint, start empty, `noOscillation`. Explicit search lists all values.",
        sizes: &[1, 2, 3, 4, 6, 8, 16, 64],
        engines: &["explicit", "symbolic"],
        manifests: |cores| {
            scenario_of("4", "", "empty", "noOscillation", &format!("1..{cores}"))
                + &deployment("web", 8, "700m", SPREAD)
        },
    },
];

const SPREAD: &str = "
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: kubernetes.io/hostname
        whenUnsatisfiable: DoNotSchedule
        labelSelector: {matchLabels: {app: web}}";

fn scenario(nodes: &str, replicas: &str, start: &str, intent: &str) -> String {
    scenario_of(nodes, replicas, start, intent, "64")
}

fn scenario_of(nodes: &str, replicas: &str, start: &str, intent: &str, cpu: &str) -> String {
    let workloads = match replicas {
        "" => String::new(),
        range => format!("  workloads:\n  - target: Deployment/default/web\n    replicas: {range}\n"),
    };
    format!(
        "apiVersion: kubound.dev/v1alpha1
kind: Scenario
metadata: {{name: scale}}
spec:
  nodes:
  - name: node
    count: {nodes}
    template:
      allocatable: {{cpu: \"{cpu}\", memory: 256Gi, pods: \"500\"}}
{workloads}  start: {start}
  intents:
  - {intent}: {{}}
"
    )
}

fn deployment(name: &str, replicas: u32, cpu: &str, spread: &str) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: default}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:{spread}
      containers:
      - name: app
        image: app
        resources: {{requests: {{cpu: {cpu}, memory: 64Mi}}}}
"
    );
    text
}
