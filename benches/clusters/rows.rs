//! What is measured.

use super::{faults, platform};
use anyhow::Result;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Files by name.
pub type Files = Vec<(String, String)>;

/// One cluster.
pub struct Row {
    /// Its name on the command line.
    pub name: String,
    /// The curve that it belongs to, and its place there.
    pub curve: Option<(&'static str, u32)>,
    /// Its files.
    pub files: Files,
}

/// All clusters.
pub fn rows() -> Vec<Row> {
    let plain = |name: &str, files: Files| Row { name: name.to_owned(), curve: None, files };
    let mut rows = vec![plain("platform", platform::files(&platform::Extras::default()))];
    let events = [
        ("platform-drain", "  - drain: {node: general-a-0}\n"),
        ("platform-failure", "  - nodeFailure: {pool: general-a}\n"),
        ("platform-rollout", "  - rollout: {target: Deployment/shop/frontend}\n"),
    ];
    rows.extend(events.map(|(name, event)| {
        plain(name, platform::files(&platform::Extras { events: event.to_owned(), ..platform::Extras::default() }))
    }));
    rows.extend((1..=8).map(|case| plain(&format!("hidden-c{case}"), faults::hidden(case))));
    rows.push(plain("snapshot", platform::snapshot()));
    for count in [5, 10, 20, 50, 100] {
        let (curve, files) = (Some(("deployments", count)), deployments(count));
        rows.push(Row { name: format!("deployments-{count}"), curve, files });
    }
    for count in [50, 100, 200, 500, 1000] {
        rows.push(Row { name: format!("nodes-{count}"), curve: Some(("nodes", count)), files: nodes(count) });
    }
    rows
}

/// The manifests of others, a set a folder, each on so many nodes and with these events. What is in subfolders is read as
/// well.
pub fn of_folder(folder: &Path, nodes: u32, events: &str) -> Result<Vec<Row>> {
    let events = if events.is_empty() { String::new() } else { format!("  events:\n  - {{{events}}}\n") };
    let mut rows = Vec::new();
    let mut sets: Vec<PathBuf> = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    sets.sort();
    for set in sets.iter().filter(|set| set.is_dir()) {
        let name = set.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let scenario = format!(
            "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: {name}}}\nspec:\n  nodes:\n{}{events}",
            pool("node", nodes, "a").replace("cpu: \"16\", memory: 64Gi", "cpu: \"4\", memory: 16Gi")
        );
        let mut files = vec![("scenario.yaml".to_owned(), scenario)];
        collect(set, "", &mut files)?;
        rows.push(Row { name: format!("{name}-{nodes}"), curve: None, files });
    }
    Ok(rows)
}

/// The YAML files below a folder, with names that say where they were.
fn collect(folder: &Path, above: &str, files: &mut Files) -> Result<()> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    entries.sort();
    for path in entries {
        let name = format!("{above}{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            collect(&path, &format!("{name}-"), files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push((format!("manifest-{name}"), std::fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

fn scenario(nodes: &str, workloads: &str) -> String {
    format!(
        "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: clusters}}\nspec:\n  nodes:\n{nodes}{workloads}  \
         start: empty\n  intents:\n  - noOscillation: {{}}\n  - schedulable: {{}}\n"
    )
}

fn pool(name: &str, count: u32, zone: &str) -> String {
    format!(
        "  - name: {name}\n    count: {count}\n    template:\n      labels: {{topology.kubernetes.io/zone: {zone}}}\n      \
         allocatable: {{cpu: \"16\", memory: 64Gi, pods: \"110\"}}\n"
    )
}

fn deployment(name: &str, replicas: u32, cpu: u32, spec: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: default}}\nspec:\n  \
         replicas: {replicas}\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    \
         metadata: {{labels: {{app: {name}}}}}\n    spec:\n{spec}      containers:\n      - name: app\n        image: app\n        \
         resources: {{requests: {{cpu: {cpu}m, memory: 64Mi}}}}\n"
    )
}

/// Deployments that differ in their requests, on 50 nodes.
fn deployments(count: u32) -> Files {
    let objects = (0..count).map(|index| deployment(&format!("web-{index}"), 3, 100 + 10 * index, "")).collect();
    vec![("scenario.yaml".to_owned(), scenario(&pool("node", 50, "a"), "")), ("objects.yaml".to_owned(), objects)]
}

/// Three Deployments with what people write into them, on so many nodes.
fn nodes(count: u32) -> Files {
    let pools: String = (0u32..)
        .zip(["a", "b", "c"])
        .map(|(index, zone)| pool(&format!("zone-{zone}"), (count + 2 - index) / 3, zone))
        .collect();
    let (mut objects, mut workloads) = (String::new(), String::from("  workloads:\n"));
    for (name, cpu) in [("web", 200), ("api", 300), ("worker", 500)] {
        let spread = format!(
            "      topologySpreadConstraints:\n      - maxSkew: 1\n        topologyKey: topology.kubernetes.io/zone\n        \
             whenUnsatisfiable: DoNotSchedule\n        labelSelector: {{matchLabels: {{app: {name}}}}}\n"
        );
        objects += &deployment(name, 6, cpu, &spread);
        let _ = write!(
            objects,
            "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: {name}, namespace: default}}\nspec:\n  \
             maxUnavailable: 1\n  selector: {{matchLabels: {{app: {name}}}}}\n---\napiVersion: autoscaling/v2\n\
             kind: HorizontalPodAutoscaler\nmetadata: {{name: {name}, namespace: default}}\nspec:\n  \
             scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}\n  minReplicas: 3\n  maxReplicas: 9\n  \
             metrics:\n  - type: Resource\n    resource:\n      name: cpu\n      \
             target: {{type: Utilization, averageUtilization: 50}}\n"
        );
        let _ = write!(workloads, "  - target: Deployment/default/{name}\n    cpuUsage: {}m\n", cpu / 2);
    }
    vec![("scenario.yaml".to_owned(), scenario(&pools, &workloads)), ("objects.yaml".to_owned(), objects)]
}
