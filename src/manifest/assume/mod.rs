//! What is assumed where no scenario says it: nodes, what happens, what shall hold. It is a scenario, which the reader reads
//! as it reads any other, and which `kubound init` writes: there is no second place that knows it.

mod demand;
mod events;
mod pool;

use super::draft::{Assumed, Draft, DraftWorkload};
use super::edit::scalar;
use super::scenario::KUBERNETES;
use super::wanted::{Demand, Wanted};
use crate::limits::first_run::TIMEOUT;
use events::Events;
use kubound_encodings::cluster::KubernetesVersion;
use kubound_encodings::cluster::cron_job::CRON_JOB;
use kubound_encodings::cluster::node::{CPU, MEMORY};
use pool::{Nodes, counted};
use std::fmt::Write as _;

/// The scenario for what was read; `resources` are the files of manifests, where the scenario is to name them. Nodes serve
/// what is `beside` as well.
pub(super) fn assume(draft: &Draft, resources: &[String], beside: Option<&Wanted>) -> Assumed {
    let events = Events::of(draft);
    let of = |draft| Wanted { demand: Demand::of(draft), lost: events.lost(), spare: events.spare };
    let wanted = draft.pools.is_empty().then(|| of(draft));
    let wanted = wanted.map(|own| beside.map_or_else(|| own.clone(), |other| own.and(other)));
    let nodes = wanted.as_ref().map(|wanted| Nodes::for_demand(&wanted.demand, wanted.lost, wanted.spare));
    let told = told(nodes.as_ref(), &events, beside.is_some());
    Assumed { text: text(draft, resources, nodes.as_ref(), &events), told, wanted }
}

/// What is likely to happen to a cluster that runs, and what shall hold then: two keys of `spec` of its scenario.
pub(super) fn for_running(draft: &Draft) -> String {
    let (events, mut text) = (Events::of_running(draft), String::new());
    write_events(&mut text, draft, &events);
    write_intents(&mut text, draft, &events);
    text
}

fn told(nodes: Option<&Nodes>, events: &Events, is_shared: bool) -> String {
    let sides = if is_shared { " on both sides" } else { "" };
    let mut told: Vec<String> = nodes.map(|nodes| format!("there are {}{sides}", nodes.told())).into_iter().collect();
    let happens = events.told();
    told.extend(happens);
    if !events.left_out.is_empty() {
        told.push(format!("no {}, for time", events.left_out.join(" or ")));
    }
    format!("no scenario is given, so: {}; `kubound init` writes this down", told.join(", "))
}

fn text(draft: &Draft, resources: &[String], nodes: Option<&Nodes>, events: &Events) -> String {
    let mut text = String::from(
        "# yaml-language-server: $schema=./scenario.schema.json\n\
         # (kubound schema scenario > scenario.schema.json gives editors completion and checks)\n\
         apiVersion: kubound.dev/v1alpha1\n\
         kind: Scenario\n\
         spec:\n",
    );
    let _ = writeln!(
        text,
        "  # Release of Kubernetes whose rules apply: \"1.{}\" to \"1.{}\".",
        KUBERNETES.start(),
        KUBERNETES.end()
    );
    let _ = writeln!(text, "  kubernetesVersion: \"1.{}\"\n", KubernetesVersion::default().0);
    if !resources.is_empty() {
        text.push_str("  # Manifests: files, folders and globs.\n  resources:\n");
        for file in resources {
            let _ = writeln!(text, "  - {}", scalar(file));
        }
        text.push('\n');
    }
    match nodes {
        Some(nodes) => write_nodes(&mut text, nodes),
        None => text.push_str(
            "  # The Nodes of the manifests are used; more can be added:\n  # nodes:\n\
            \x20 # - {name: spare, count: 0..2, template: {allocatable: {cpu: \"4\", memory: 16Gi}}}\n\n",
        ),
    }
    write_workloads(&mut text, draft, events);
    write_events(&mut text, draft, events);
    write_intents(&mut text, draft, events);
    let timing = if events.asks_about_late {
        "  # Controllers act at once, and then what changes if they are late; `paced` asks for the first only.\n  timing: both\n"
    } else {
        "  # Controllers act at once; `both` asks what changes if they are late as well, which takes longer.\n  timing: paced\n"
    };
    let _ = write!(text, "\n{timing}  bounds: {{timeout: {}s}}\n", TIMEOUT.as_secs());
    text
}

fn write_nodes(text: &mut String, nodes: &Nodes) {
    text.push_str(
        "  # CHANGE: pools of equal nodes; a range of counts is checked all at once. These are assumed: nodes on which all\n\
        \x20 # pods find a place, even while one is away.\n  nodes:\n",
    );
    for pool in &nodes.pools {
        let _ = writeln!(text, "  - name: {}\n    count: {}\n    template:", pool.name, counted(pool.count));
        let labels: Vec<String> =
            pool.labels.iter().map(|(key, value)| format!("{}: {}", scalar(key), scalar(value))).collect();
        let _ = writeln!(text, "      labels: {{{}}}\n      taints: []", labels.join(", "));
        let (cores, gi) = (nodes.cpu / 1000, nodes.memory / (1 << 30));
        let mut allocatable = format!("{CPU}: \"{cores}\", {MEMORY}: {gi}Gi, pods: \"110\"");
        for (resource, amount) in &nodes.others {
            let _ = write!(allocatable, ", {}: \"{amount}\"", scalar(resource));
        }
        let _ = writeln!(text, "      allocatable: {{{allocatable}}}");
    }
    text.push('\n');
}

fn write_workloads(text: &mut String, draft: &Draft, events: &Events) {
    text.push_str(
        "  # CHANGE: what pods use; without it, what they request. `replicas: 1..6` checks all these numbers.\n  workloads:\n",
    );
    for read in &draft.workloads {
        let reference = &read.workload.reference;
        let _ = writeln!(text, "  - target: {reference}");
        match events.loads.iter().find(|load| load.target == *reference) {
            Some(load) => {
                let _ = writeln!(
                    text,
                    "    load: {}  # all pods together; `cpuUsage: 50m..500m/50m` is that of each\n    \
                     # startup: {{cpuUsage: 800m, seconds: 60, ready: after}}",
                    load.range()
                );
            }
            None if has_replicas(read) => text.push_str("    # replicas: 1..6\n"),
            None => {}
        }
    }
}

fn write_events(text: &mut String, draft: &Draft, events: &Events) {
    text.push_str("\n  # What may happen: in any order, and never has to. `kubound list events` names the kinds.\n");
    let mut happens = Vec::new();
    if events.drain {
        happens.push("drain: {}  # one node, as budgets allow".to_owned());
    }
    if events.failure {
        happens.push("nodeFailure: {recovers: true}".to_owned());
    }
    happens.extend(events.rollouts.iter().map(|target| format!("rollout: {{target: {target}}}")));
    if happens.is_empty() {
        text.push_str("  events: []\n");
    } else {
        text.push_str("  events:\n");
    }
    for event in happens {
        let _ = writeln!(text, "  - {event}");
    }
    if !events.left_out.is_empty() {
        let _ = writeln!(
            text,
            "  # Likely as well, and left out because together they take long: {}.",
            events.left_out.join(", ")
        );
    }
    if !events.drain {
        text.push_str("  # - drain: {}\n");
    }
    if !events.failure {
        text.push_str("  # - nodeFailure: {recovers: true}\n");
    }
    let first = draft.workloads.iter().find(|read| has_replicas(read)).map(|read| &read.workload.reference);
    if let Some(first) = first {
        let _ = writeln!(text, "  # - cpuChange: {{target: {first}, to: 100m..900m/100m}}");
    }
    text.push_str("  # - maintenance: {atOnce: 1}\n");
}

fn write_intents(text: &mut String, draft: &Draft, events: &Events) {
    text.push_str("\n  # What shall hold; `kubound list intents` names more.\n  intents:\n");
    let why = if draft.descheduler.is_some() { "  # scheduler and descheduler may undo each other's work" } else { "" };
    let _ = writeln!(text, "  - noOscillation: {{}}{why}");
    for read in &draft.workloads {
        let reference = &read.workload.reference;
        let _ = writeln!(text, "  - schedulable: {{target: {reference}}}");
        // Nobody replaces a bare pod; a DaemonSet has no replicas to come to.
        if !read.workload.is_bare() && !read.workload.is_daemon() {
            let _ = writeln!(text, "  - converges: {{target: {reference}}}");
        }
        if draft.hpas.iter().any(|one| one.hpa.target == *reference) {
            let _ = writeln!(text, "  - noOvershoot: {{target: {reference}}}  # it has an autoscaler");
        }
        if events.rollouts.contains(reference) {
            let _ = writeln!(text, "  - rolloutCompletes: {{target: {reference}}}");
        }
    }
    if events.drain {
        text.push_str("  - drainCompletes: {}  # budgets may block drains forever\n");
    }
}

/// Whether a scenario can say how many replicas it has.
fn has_replicas(read: &DraftWorkload) -> bool {
    let workload = &read.workload;
    !workload.is_daemon() && !workload.is_bare() && workload.reference.kind != CRON_JOB
}
