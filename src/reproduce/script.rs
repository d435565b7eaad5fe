//! The text of the script.

use super::library::{COMMON, KIND, KWOK};
use super::nodes::Nodes;
use super::objects::ObjectFiles;
use super::steps::{Line, Plan};
use super::{Input, Tool, quote, stops_nodes};
use kubound_encodings::cluster::node::{CPU, MEMORY};
use std::fmt::Write as _;

/// Where the values of pods' usage come from.
const METRICS: &str = "https://github.com/kubernetes-sigs/kwok/releases/latest/download/metrics-usage.yaml";

/// Writes the script.
pub(super) fn text(input: &Input, tool: Tool, nodes: &Nodes, objects: &ObjectFiles, plan: &Plan) -> String {
    let mut text = String::from("#!/usr/bin/env bash\n# Follows a run that Kubound found, on a real cluster.\n");
    text.push_str(
        "# Settings: DEADLINE and PAUSE (seconds), ROUNDS, KEEP=1 (keeps the cluster), CLUSTER (its name).\n",
    );
    text.push_str("# Exit code 0: everything was seen, or could be; 1: the cluster did something else.\n");
    text.push_str(
        "# The steps use only some of the functions.\n# shellcheck disable=SC2034,SC2119,SC2120,SC2317,SC2329\n",
    );
    let _ = writeln!(text, "set -euo pipefail\n\ncluster={}", quote(&nodes.cluster));
    let _ = writeln!(text, "deadline=${{DEADLINE:-{}}} # seconds that a step may take", patience(input));
    let instead = if input.manifests.are_others { "yes" } else { "" };
    let _ = writeln!(text, "instead={instead} # whether other manifests are tried in the place of those of the run");
    let _ = writeln!(
        text,
        "quiet=${{QUIET:-{}}} # seconds without a change after which nothing more is expected of them",
        patience(input) - 160
    );
    let _ = writeln!(
        text,
        "alike=({}) # nodes that may stand for each other",
        words(nodes.alike().iter().map(|group| group.join(" ")))
    );
    if stops_nodes(input) {
        let _ =
            writeln!(text, "alone=({}) # nodes that may stop", words(nodes.list.iter().map(|node| node.name.clone())));
    } else {
        text.push_str("alone=()\n");
    }
    text.push_str(COMMON.trim_start());
    text.push_str(match tool {
        Tool::Kind => KIND,
        Tool::Kwok => KWOK,
    });
    if tool == Tool::Kind {
        text.push('\n');
        text.push_str(&nodes.kind_configuration());
    }
    text.push('\n');
    text.push_str(&set_up(input, tool, nodes, objects));
    let from = plan.loop_from.unwrap_or(plan.lines.len());
    text.push('\n');
    for (index, line) in plan.lines[..from].iter().enumerate() {
        if index == plan.failure_from {
            text.push_str("the_failure\n");
        }
        let _ = writeln!(text, "{}", shell(line));
    }
    if from < plan.lines.len() {
        text.push_str("\nthe_failure\nround=1\nrounds=${ROUNDS:-3}\nwhile [ \"$round\" -le \"$rounds\" ]; do\n    echo \"round $round of $rounds\"\n");
        for line in &plan.lines[from..] {
            let _ = writeln!(text, "    {}", shell(line));
        }
        text.push_str("    round=$((round + 1))\ndone\n");
    }
    text.push_str("\nconclude\n");
    text
}

/// Seconds after which a step is overdue: what programs of clusters take, and the longest wait of the run's controllers.
fn patience(input: &Input) -> i64 {
    let passes = input.cluster.descheduler.iter().map(|policy| policy.interval);
    let syncs = input.cluster.hpas.iter().map(|hpa| hpa.sync_period.max(hpa.downscale_stabilization));
    let templates = input.cluster.workloads.iter().flat_map(|workload| workload.templates());
    let tolerated = templates.flat_map(|template| &template.tolerations).filter_map(|one| one.seconds);
    // Pods that say nothing tolerate nodes that stopped for so long.
    let stopped = stops_nodes(input).then_some(300);
    180 + passes.chain(syncs).chain(tolerated).chain(stopped).max().unwrap_or(0)
}

fn words(all: impl Iterator<Item = String>) -> String {
    all.map(|one| quote(&one)).collect::<Vec<_>>().join(" ")
}

fn set_up(input: &Input, tool: Tool, nodes: &Nodes, objects: &ObjectFiles) -> String {
    let mut text = String::new();
    let has_autoscaler = !input.cluster.hpas.is_empty();
    if input.cluster.descheduler.is_some() {
        text.push_str("need descheduler\n");
    }
    text.push_str("trap finish EXIT\n");
    let version = input.cluster.version.0;
    match tool {
        Tool::Kind => text.push_str("create_cluster\n"),
        Tool::Kwok => {
            let _ = writeln!(text, "export KWOK_KUBE_VERSION=${{KWOK_KUBE_VERSION:-v1.{version}.0}}");
            text.push_str("create_cluster");
            if objects.has_scheduler {
                text.push_str(" --kube-scheduler-config \"$here/scheduler.json\"");
            }
            if has_autoscaler {
                let _ = write!(text, " --enable-metrics-server --config \"${{KWOK_METRICS:-{METRICS}}}\"");
            }
            text.push('\n');
        }
    }
    let _ = writeln!(text, "watch_pods\nrelease {version}");
    for node in &nodes.list {
        let name = quote(&node.name);
        if tool == Tool::Kind {
            for (verb, items) in [("label --overwrite", node.labels()), ("taint", node.taints())] {
                let words: Vec<String> = items.iter().map(|item| quote(item)).collect();
                if !words.is_empty() {
                    let (verb, flags) = verb.split_once(' ').unwrap_or((verb, ""));
                    let flags = if flags.is_empty() { String::new() } else { format!("{flags} ") };
                    let _ = writeln!(text, "kube {verb} {flags}node {name} {}", words.join(" "));
                }
            }
            if node.pool.unschedulable {
                let _ = writeln!(text, "kube cordon {name}");
            }
        }
        let _ = writeln!(text, "kube wait --for condition=Ready node/{} --timeout \"${{deadline}}s\"", node.name);
        for resource in [CPU, MEMORY] {
            if let Some(amount) = node.allocatable.get(resource) {
                let _ = writeln!(text, "offers {name} {resource} {amount}");
            }
        }
    }
    for namespace in &objects.namespaces {
        let _ = writeln!(text, "kube create namespace {}", quote(namespace));
    }
    for path in &objects.initial {
        let _ = writeln!(text, "kube apply --filename \"$here/{path}\"");
    }
    for (one, replicas) in &objects.scaled {
        let object = quote(&format!("{}/{}", one.kind.to_lowercase(), one.name));
        let _ = writeln!(text, "kube scale {object} --namespace {} --replicas {replicas}", quote(&one.namespace));
    }
    for usage in &objects.usage {
        let _ = writeln!(text, "set_usage {usage}");
    }
    text
}

fn shell(line: &Line) -> String {
    match line {
        Line::Do { step, text, command } => format!("perform {step} {} {command}", quote(text)),
        Line::See { step, text, is_tie, relation, expected, each_round, command } => {
            let firmness = if *is_tie { "could" } else { "must" };
            let expected = match each_round {
                0 => expected.to_string(),
                more => format!("$(({expected} + (round - 1) * {more}))"),
            };
            format!("see {firmness} {step} {} {relation} {expected} {command}", quote(text))
        }
    }
}
