//! The faults of the cases c1 to c8, hidden in the cluster of a platform team: the workload of the case under a name of its
//! own, on nodes of its own where the case needs them.

use super::platform::{Extras, files};
use std::fmt::Write as _;

/// The files of the platform's cluster with the fault of a case in it, by the number of the case.
pub fn hidden(case: u32) -> Vec<(String, String)> {
    let mut files = files(&extras(case));
    if case == 2 {
        files.push(("v2.yaml".to_owned(), deployment("", 200, "64Mi", "")));
    }
    files
}

fn extras(case: u32) -> Extras {
    let plain = |replicas: &str, cpu: i64, memory: &str, spec: &str| deployment(replicas, cpu, memory, spec);
    let target = "Deployment/team/hidden";
    match case {
        1 => Extras {
            nodes: nodes("hidden", 2, "", "", "4"),
            workloads: format!(
                "  - target: {target}\n    load: {{cpu: 100m}}\n    \
                 startup: {{cpuUsage: 150m, seconds: 30, ready: at-once}}\n"
            ),
            intents: format!("  - noOvershoot: {{target: {target}}}\n"),
            manifests: plain("1", 200, "64Mi", "") + &autoscaler(1, 8),
            ..Extras::default()
        },
        2 => Extras {
            nodes: nodes("hidden", 2, "", "", "4"),
            workloads: format!("  - target: {target}\n    cpuUsage: 100m\n"),
            events: "  - apply: {file: v2.yaml, mode: client-side}\n".to_owned(),
            intents: format!("  - replicas: {{target: {target}, min: 2, when: afterReached}}\n"),
            manifests: plain("3", 200, "64Mi", "") + &autoscaler(2, 6),
            ..Extras::default()
        },
        3 => Extras {
            nodes: nodes("hidden-a", 2, ", topology.kubernetes.io/zone: a", "", "4")
                + &nodes("hidden-b", 1, ", topology.kubernetes.io/zone: b", "", "4"),
            workloads: format!("  - target: {target}\n    cpuUsage: 100m\n"),
            events: format!("  - cpuChange: {{target: {target}, to: 100m..200m/20m}}\n"),
            manifests: plain("3", 200, "64Mi", &two_spreads()) + &autoscaler(1, 12),
            ..Extras::default()
        },
        4 => Extras {
            nodes: nodes("hidden", 2, "", "", "4"),
            workloads: format!("  - target: {target}\n    cpuUsage: 1320m\n"),
            controllers: "  - kernelPanic: {cpuLeftBelow: 2%}\n".to_owned(),
            intents: "  - noNodePanicLoop: {}\n".to_owned(),
            manifests: plain("5", 500, "64Mi", ""),
            ..Extras::default()
        },
        5 => Extras {
            nodes: nodes("hidden-big", 1, "", "", "4") + &nodes("hidden-other", 1, "", "", "600m"),
            plugins: "  - name: DefaultEvictor\n    args: {nodeFit: false}\n  - name: RemoveDuplicates\n".to_owned(),
            balance: vec!["RemoveDuplicates"],
            manifests: plain("4", 500, "256Mi", ""),
            ..Extras::default()
        },
        6 => Extras {
            nodes: nodes("hidden", 2, "", "", "4"),
            events: "  - {id: upkeep, maintenance: {atOnce: 1, pools: [hidden], times: 1}}\n  \
                     - {id: failure, nodeFailure: {pool: hidden, recovers: false}, after: upkeep}\n"
                .to_owned(),
            intents: format!("  - replicas: {{target: {target}, min: 1, when: afterReached}}\n"),
            manifests: plain("2", 100, "64Mi", &spread("kubernetes.io/hostname", "ScheduleAnyway")),
            ..Extras::default()
        },
        7 => Extras {
            nodes: nodes("special", 1, "", "\n      taints: [{key: dedicated, value: batch, effect: NoExecute}]", "4"),
            manifests: plain("1", 100, "64Mi", "      nodeName: special-0\n"),
            ..Extras::default()
        },
        _ => Extras {
            nodes: nodes("hidden-spot", 1, ", lifecycle: spot", "", "4")
                + &nodes("hidden-demand", 1, ", lifecycle: on-demand", "", "4"),
            plugins: "  - name: RemovePodsViolatingTopologySpreadConstraint\n    \
                      args: {constraints: [DoNotSchedule, ScheduleAnyway]}\n"
                .to_owned(),
            manifests: plain("4", 100, "200Mi", &(preference() + &spread("lifecycle", "ScheduleAnyway"))),
            ..Extras::default()
        },
    }
}

fn nodes(name: &str, count: usize, labels: &str, taints: &str, cpu: &str) -> String {
    format!(
        "  - name: {name}\n    count: {count}\n    template:\n      labels: {{team: hidden{labels}}}{taints}\n      \
         allocatable: {{cpu: \"{cpu}\", memory: 8Gi, pods: \"110\"}}\n"
    )
}

const SPREAD_MORE: &str = "      - maxSkew: 1
        topologyKey: KEY
        whenUnsatisfiable: WHEN
        labelSelector: {matchLabels: {app: hidden}}
";

fn spread(key: &str, when: &str) -> String {
    format!("      topologySpreadConstraints:\n{}", SPREAD_MORE.replace("KEY", key).replace("WHEN", when))
}

/// Over hosts and over zones, both hard.
fn two_spreads() -> String {
    let zones = SPREAD_MORE.replace("KEY", "topology.kubernetes.io/zone").replace("WHEN", "DoNotSchedule");
    spread("kubernetes.io/hostname", "DoNotSchedule") + &zones
}

fn preference() -> String {
    let mut text = String::from(
        "      affinity:\n        nodeAffinity:\n          preferredDuringSchedulingIgnoredDuringExecution:\n",
    );
    for (weight, value) in [(20, "spot"), (5, "on-demand")] {
        let _ = write!(
            text,
            "          - weight: {weight}\n            \
             preference: {{matchExpressions: [{{key: lifecycle, operator: In, values: [{value}]}}]}}\n"
        );
    }
    text
}

fn deployment(replicas: &str, cpu: i64, memory: &str, spec: &str) -> String {
    let replicas = if replicas.is_empty() { String::new() } else { format!("  replicas: {replicas}\n") };
    let own = if spec.contains("nodeName") { "" } else { "      nodeSelector: {team: hidden}\n" };
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: hidden, namespace: team}}\nspec:\n{replicas}  \
         selector: {{matchLabels: {{app: hidden}}}}\n  template:\n    metadata: {{labels: {{app: hidden}}}}\n    \
         spec:\n{own}{spec}      containers:\n      - name: app\n        image: team/hidden:1\n        \
         resources: {{requests: {{cpu: {cpu}m, memory: {memory}}}}}\n"
    )
}

fn autoscaler(least: u32, most: u32) -> String {
    format!(
        "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: hidden, namespace: team}}\nspec:\n  \
         scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: hidden}}\n  minReplicas: {least}\n  \
         maxReplicas: {most}\n  metrics:\n  - type: Resource\n    resource:\n      name: cpu\n      \
         target: {{type: Utilization, averageUtilization: 50}}\n"
    )
}
