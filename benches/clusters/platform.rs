//! The cluster of a platform team, made from a seed: 50 nodes of seven pools in three zones, 20 Deployments with what people
//! write into them, two DaemonSets, a StatefulSet, a descheduler.

use fastrand::Rng;
use std::fmt::Write as _;

/// Whoever measures twice has to measure the same cluster.
const SEED: u64 = 0x006b_7562_6f75_6e64;

/// A pool: name, zone, nodes, CPU, taint.
const POOLS: [(&str, &str, usize, i64, &str); 7] = [
    ("general-a", "a", 12, 8000, ""),
    ("general-b", "b", 12, 8000, ""),
    ("general-c", "c", 12, 8000, ""),
    ("spot-a", "a", 4, 4000, ""),
    ("spot-b", "b", 4, 4000, ""),
    ("batch", "c", 4, 16000, "batch"),
    ("edge", "a", 2, 4000, "edge"),
];

const NAMES: [&str; 20] = [
    "accounts",
    "adverts",
    "basket",
    "billing",
    "catalogue",
    "checkout",
    "currency",
    "delivery",
    "email",
    "frontend",
    "gateway",
    "images",
    "orders",
    "payment",
    "profile",
    "ratings",
    "recommend",
    "reports",
    "search",
    "stock",
];

/// A Deployment.
struct Service {
    name: &'static str,
    replicas: i64,
    cpu: i64,
    /// Which of the things that people write into manifests it has.
    kind: usize,
}

fn services() -> Vec<Service> {
    let mut random = Rng::with_seed(SEED);
    let service = |(kind, name): (usize, &&'static str)| Service {
        name,
        replicas: random.i64(2..=6),
        cpu: 100 + 50 * random.i64(0..=12),
        kind,
    };
    NAMES.iter().enumerate().map(service).collect()
}

/// What else a row wants: it is written into the same places.
#[derive(Default)]
pub struct Extras {
    /// Entries of `spec.nodes`.
    pub nodes: String,
    /// Entries of `spec.workloads`.
    pub workloads: String,
    /// Entries of `spec.events`.
    pub events: String,
    /// Entries of `spec.controllers`.
    pub controllers: String,
    /// Entries of `spec.intents`, beside `noOscillation` and `schedulable`.
    pub intents: String,
    /// Configuration of plugins of the descheduler.
    pub plugins: String,
    /// Names of plugins of the descheduler that balance.
    pub balance: Vec<&'static str>,
    /// Manifests.
    pub manifests: String,
}

/// The files of the cluster.
pub fn files(extras: &Extras) -> Vec<(String, String)> {
    let mut nodes = String::new();
    for (name, zone, count, cpu, taint) in POOLS {
        let taints = match taint {
            "" => String::new(),
            taint => format!("\n      taints: [{{key: dedicated, value: {taint}, effect: NoSchedule}}]"),
        };
        let _ = write!(
            nodes,
            "  - name: {name}\n    count: {count}\n    template:\n      \
             labels: {{topology.kubernetes.io/zone: {zone}, pool: {}}}{taints}\n      \
             allocatable: {{cpu: {cpu}m, memory: 32Gi, pods: \"110\"}}\n",
            name.split('-').next().unwrap_or(name)
        );
    }
    let scenario = scenario(&format!("  nodes:\n{nodes}{}  start: empty\n", extras.nodes), &usage(extras), extras);
    vec![
        ("scenario.yaml".to_owned(), scenario),
        ("objects.yaml".to_owned(), objects(&[]) + &extras.manifests),
        ("policy.yaml".to_owned(), policy(extras)),
    ]
}

/// The scenario of a cluster: where it starts, and what happens.
fn scenario(start: &str, workloads: &str, extras: &Extras) -> String {
    let list = |key: &str, entries: &str| match entries {
        "" => String::new(),
        entries => format!("  {key}:\n{entries}"),
    };
    format!(
        "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: platform}}\nspec:\n  \
         resources: [objects.yaml, policy.yaml]\n{start}{}{}{}  \
         intents:\n  - noOscillation: {{}}\n  - schedulable: {{}}\n{}",
        list("workloads", workloads),
        list("controllers", &extras.controllers),
        list("events", &extras.events),
        extras.intents
    )
}

/// What pods of workloads with an autoscaler use: half of what they request, so that autoscalers are content.
fn usage(extras: &Extras) -> String {
    let scaled = services().into_iter().filter(Service::is_scaled);
    let usage = |service: Service| {
        format!("  - target: Deployment/shop/{}\n    cpuUsage: {}m\n", service.name, service.cpu / 2)
    };
    scaled.map(usage).chain([extras.workloads.clone()]).collect()
}

impl Service {
    fn is_scaled(&self) -> bool {
        self.kind.is_multiple_of(3)
    }

    /// The pods that it has in a snapshot.
    fn in_snapshot(&self) -> i64 {
        self.replicas * 15 / 4
    }

    fn spec(&self) -> String {
        let spread = |when: &str| {
            format!(
                "      topologySpreadConstraints:\n      - maxSkew: 1\n        topologyKey: topology.kubernetes.io/zone\n        \
                 whenUnsatisfiable: {when}\n        labelSelector: {{matchLabels: {{app: {}}}}}\n",
                self.name
            )
        };
        let mut spec = match self.kind % 4 {
            0 => spread("DoNotSchedule"),
            3 => String::new(),
            _ => spread("ScheduleAnyway"),
        };
        if self.kind % 5 == 1 {
            spec += "      priorityClassName: important\n";
        }
        spec += match self.kind {
            2 | 7 | 12 => {
                "      affinity:\n        nodeAffinity:\n          preferredDuringSchedulingIgnoredDuringExecution:\n          \
                 - weight: 20\n            preference: {matchExpressions: [{key: pool, operator: In, values: [spot]}]}\n"
            }
            17 => {
                "      nodeSelector: {pool: batch}\n      \
                 tolerations: [{key: dedicated, value: batch, effect: NoSchedule}]\n"
            }
            _ => "      nodeSelector: {pool: general}\n",
        };
        spec
    }
}

/// The objects; `replicas` in place of those of the Deployments, where there are any.
fn objects(replicas: &[i64]) -> String {
    let mut text = String::from(
        "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: important}\nvalue: 1000\n",
    );
    for (index, service) in services().iter().enumerate() {
        let Service { name, cpu, .. } = service;
        let replicas = replicas.get(index).copied().unwrap_or(service.replicas);
        let _ = write!(
            text,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  \
             replicas: {replicas}\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    \
             metadata: {{labels: {{app: {name}}}}}\n    spec:\n{}      containers:\n      - name: app\n        \
             image: shop/{name}:1\n        resources: {{requests: {{cpu: {cpu}m, memory: 256Mi}}}}\n",
            service.spec()
        );
        if service.kind.is_multiple_of(2) {
            let _ = write!(
                text,
                "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: {name}, namespace: shop}}\n\
                 spec:\n  maxUnavailable: 1\n  selector: {{matchLabels: {{app: {name}}}}}\n"
            );
        }
        if service.is_scaled() {
            let _ = write!(
                text,
                "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: {name}, namespace: shop}}\n\
                 spec:\n  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}\n  minReplicas: 2\n  \
                 maxReplicas: {}\n  metrics:\n  - type: Resource\n    resource:\n      name: cpu\n      \
                 target: {{type: Utilization, averageUtilization: 50}}\n",
                replicas + 4
            );
        }
    }
    for name in ["logs", "metrics"] {
        let _ = write!(
            text,
            "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: {name}, namespace: system}}\nspec:\n  \
             selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    \
             spec:\n      tolerations: [{{operator: Exists}}]\n      containers:\n      - name: agent\n        \
             image: system/{name}:1\n        resources: {{requests: {{cpu: 50m, memory: 64Mi}}}}\n"
        );
    }
    text + "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: database, namespace: shop}\nspec:\n  replicas: 3\n  \
            serviceName: database\n  selector: {matchLabels: {app: database}}\n  template:\n    \
            metadata: {labels: {app: database}}\n    spec:\n      nodeSelector: {pool: general}\n      containers:\n      \
            - name: database\n        image: shop/database:1\n        resources: {requests: {cpu: \"1\", memory: 2Gi}}\n"
}

fn policy(extras: &Extras) -> String {
    let mut balance = vec!["RemovePodsViolatingTopologySpreadConstraint"];
    balance.extend(extras.balance.iter().filter(|plugin| !plugin.is_empty()));
    balance.dedup();
    let configured = if extras.plugins.contains("RemovePodsViolatingTopologySpreadConstraint") {
        String::new()
    } else {
        "  - name: RemovePodsViolatingTopologySpreadConstraint\n    args: {constraints: [DoNotSchedule]}\n".to_owned()
    };
    format!(
        "apiVersion: descheduler/v1alpha2\nkind: DeschedulerPolicy\nprofiles:\n- name: default\n  pluginConfig:\n  \
         - name: RemovePodsViolatingNodeTaints\n{configured}{}  \
         plugins:\n    deschedule:\n      enabled: [RemovePodsViolatingNodeTaints]\n    balance:\n      enabled: [{}]\n",
        extras.plugins,
        balance.join(", ")
    )
}

/// The same cluster as it runs: 50 Nodes, 300 pods where a scheduler has put them, and somebody drains a node.
pub fn snapshot() -> Vec<(String, String)> {
    let mut nodes: Vec<(String, &str, &str, i64)> = Vec::new();
    let mut manifests = String::new();
    for (name, zone, count, cpu, taint) in POOLS {
        let kind = name.split('-').next().unwrap_or(name);
        for index in 0..count {
            let taints = match taint {
                "" => String::new(),
                taint => format!("spec: {{taints: [{{key: dedicated, value: {taint}, effect: NoSchedule}}]}}\n"),
            };
            let _ = write!(
                manifests,
                "---\napiVersion: v1\nkind: Node\nmetadata:\n  name: {name}-{index}\n  \
                 labels: {{topology.kubernetes.io/zone: {zone}, pool: {kind}}}\n{taints}\
                 status: {{allocatable: {{cpu: {cpu}m, memory: 32Gi, pods: \"110\"}}}}\n"
            );
            nodes.push((format!("{name}-{index}"), zone, kind, cpu));
        }
    }
    let mut placed = String::new();
    let mut place = |target: String, pods: &[usize], nodes: &[(String, &str, &str, i64)]| {
        for (node, &pods) in nodes.iter().zip(pods).filter(|(_, pods)| **pods > 0) {
            let _ = writeln!(placed, "  - {{target: {target}, pool: {}, pods: {pods}}}", node.0);
        }
    };
    let mut replicas = Vec::new();
    for service in services() {
        let pool = if service.kind == 17 { "batch" } else { "general" };
        let zones: &[&str] = if pool == "batch" { &["c"] } else { &["a", "b", "c"] };
        let mut pods = vec![0; nodes.len()];
        for pod in 0..service.in_snapshot() as usize {
            // The node of the next zone with the most room.
            let zone = zones[pod % zones.len()];
            let fits = nodes.iter().enumerate().filter(|(_, node)| node.1 == zone && node.2 == pool);
            if let Some(index) = fits.max_by_key(|(index, node)| (node.3, usize::MAX - index)).map(|(index, _)| index) {
                nodes[index].3 -= service.cpu;
                pods[index] += 1;
            }
        }
        replicas.push(service.in_snapshot());
        place(format!("Deployment/shop/{}", service.name), &pods, &nodes);
    }
    // Pods of DaemonSets follow from the nodes, and are not said.
    let database = ["general-a-0", "general-b-0", "general-c-0"];
    let pods: Vec<usize> = nodes.iter().map(|node| usize::from(database.contains(&node.0.as_str()))).collect();
    place("StatefulSet/shop/database".to_owned(), &pods, &nodes);
    let extras = Extras { events: "  - drain: {node: general-a-1}\n".to_owned(), ..Extras::default() };
    let scenario = scenario(&format!("  start: snapshot\n  placed:\n{placed}"), &usage(&extras), &extras);
    vec![
        ("scenario.yaml".to_owned(), scenario),
        ("objects.yaml".to_owned(), objects(&replicas) + &manifests),
        ("policy.yaml".to_owned(), policy(&extras)),
    ]
}
