//! What each step of a run is to the script: something to do, something to see, or nothing.

use super::nodes::Nodes;
use super::objects::{event_path, selector};
use super::{Count, Input, Refusal, State, quote, without_revision, workload};
use crate::engines::explicit::stepper::Stepper;
use crate::report::narrate::{ToldStep, tell};
use kubound_encodings::cluster::event::ApplyMode;
use kubound_encodings::cluster::{Event, EventKind, ScenarioControllerKind, WorkloadRef};
use kubound_encodings::system::Pace;
use std::collections::BTreeMap;

/// A line of the script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Line {
    /// A command that does what a user or a machine does.
    Do {
        /// Counted from 1.
        step: usize,
        /// In words.
        text: String,
        /// The command.
        command: String,
    },
    /// A number to wait for.
    See {
        /// Counted from 1.
        step: usize,
        /// In words.
        text: String,
        /// Whether the model allows something else as well.
        is_tie: bool,
        /// `at-least`, `at-most` or `exactly`.
        relation: &'static str,
        /// The number; for counts of Events, from the start of the run on.
        expected: i64,
        /// How much of it each round of the loop adds.
        each_round: i64,
        /// Prints the number.
        command: String,
    },
}

/// The lines of a run.
pub(super) struct Plan {
    /// Those of all steps.
    pub(super) lines: Vec<Line>,
    /// Index of the line with which the loop begins.
    pub(super) loop_from: Option<usize>,
}

/// What a step is looked for by, before Events are added up.
struct Sight {
    relation: &'static str,
    number: i64,
    command: String,
    is_counted: bool,
}

/// Makes the lines.
pub(super) fn plan(input: &Input, nodes: &Nodes) -> Result<Plan, Refusal> {
    let mut stepper = Stepper::new(input.system).ok_or(Refusal::TooLarge)?;
    let told = tell(input.system, input.trace);
    let start = match input.trace.ending {
        crate::trace::Ending::Loop { start } => Some(start),
        _ => None,
    };
    let mut plan = Plan { lines: Vec::new(), loop_from: None };
    let mut counted: BTreeMap<String, i64> = BTreeMap::new();
    let mut counted_before_loop = BTreeMap::new();
    for (index, told) in told.iter().enumerate() {
        if start == Some(index) {
            plan.loop_from = Some(plan.lines.len());
            counted_before_loop = counted.clone();
        }
        let before = State { system: input.system, values: input.trace.state(index) };
        let after = State { system: input.system, values: &input.trace.steps[index].state };
        let moves = stepper.moves(before.values).map_err(|error| Refusal::Faulty(error.to_string()))?;
        let rules = &stepper.system().rules;
        if told.rule.starts_with("event/") && !moves.iter().any(|one| rules[one.rule].pace == Pace::Fast) {
            plan.lines.extend(settled(input, nodes, &before, told.number));
        }
        let family = family(&told.rule);
        let mut outcomes: Vec<_> =
            moves.iter().filter(|one| rules[one.rule].name.starts_with(family)).map(|one| &one.state).collect();
        outcomes.sort_unstable();
        outcomes.dedup();
        let is_tie = outcomes.len() > 1 || told.over_approximates.is_some();
        if let Some(command) = action(input, nodes, told, &after) {
            plan.lines.push(Line::Do { step: told.number, text: told.text.clone(), command });
        }
        for sight in sights(input, nodes, told, &before, &after) {
            let mut expected = sight.number;
            if sight.is_counted {
                let total = counted.entry(sight.command.clone()).or_default();
                *total += sight.number;
                expected = *total;
            }
            let (step, text) = (told.number, told.text.clone());
            let Sight { relation, command, .. } = sight;
            plan.lines.push(Line::See { step, text, is_tie, relation, expected, each_round: 0, command });
        }
    }
    finish(input, nodes, &mut plan, &counted, &counted_before_loop);
    Ok(plan)
}

/// Adds what each round of a loop adds; or what there is in the end, where nothing follows.
fn finish(
    input: &Input,
    nodes: &Nodes,
    plan: &mut Plan,
    counted: &BTreeMap<String, i64>,
    before_loop: &BTreeMap<String, i64>,
) {
    let Some(from) = plan.loop_from else {
        let last = input.trace.steps.len();
        if input.trace.ending == crate::trace::Ending::Stays {
            let state = State { system: input.system, values: input.trace.state(last) };
            plan.lines.extend(settled(input, nodes, &state, last));
        }
        return;
    };
    for line in &mut plan.lines[from..] {
        if let Line::See { command, each_round, .. } = line
            && counted.contains_key(command)
        {
            *each_round = counted.get(command).unwrap_or(&0) - before_loop.get(command).unwrap_or(&0);
        }
    }
}

/// The start of the names of rules of which only one can fire: a pod goes to one node.
fn family(rule: &str) -> &str {
    match rule.strip_prefix("default-scheduler/bind/") {
        Some(_) => rule.rsplit_once('/').map_or(rule, |(family, _)| &rule[..=family.len()]),
        None => rule,
    }
}

/// How many generated parts the names of a workload's pods have behind its own.
fn parts(reference: &WorkloadRef) -> usize {
    if reference.kind == "Deployment" { 2 } else { 1 }
}

fn events_about(namespace: &str, object: &str, parts: usize, reason: &str, message: &str) -> String {
    let words = [namespace, object, &parts.to_string(), reason, message].map(quote);
    format!("events {}", words.join(" "))
}

fn pods_command(reference: &WorkloadRef, node: &str, what: &str) -> String {
    let words = [&reference.namespace, &reference.name, &parts(reference).to_string(), node, what].map(quote);
    format!("pods {}", words.join(" "))
}

/// What there is when all controllers rest: replicas, and pods by node.
fn settled(input: &Input, nodes: &Nodes, state: &State, step: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut push = |text: String, expected: i64, command: String| {
        let relation = "exactly";
        lines.push(Line::See { step, text, is_tie: false, relation, expected, each_round: 0, command });
    };
    for workload in &input.cluster.workloads {
        let reference = &workload.reference;
        let name = format!("{}/{}", reference.namespace, reference.name);
        if state.get(&format!("exists[{name}]")) == Some(0) {
            continue;
        }
        if let Some(replicas) = state.get(&format!("spec.replicas[{name}]")) {
            let words = [&reference.namespace, &reference.kind.to_lowercase(), &reference.name].map(|word| quote(word));
            push(format!("before this, {name} wants"), replicas, format!("replicas {}", words.join(" ")));
        }
        for (slot, node) in nodes.slots() {
            let command = pods_command(reference, node, "active");
            push(format!("before this, {name} on {slot}"), state.on(&name, slot), command);
        }
        let pending = state.sum(|count| count.workload == name && count.phase == "pending");
        push(format!("before this, {name} without a node"), pending, pods_command(reference, "", "pending"));
    }
    lines
}

/// What a controller's step leaves behind.
fn sights(input: &Input, nodes: &Nodes, told: &ToldStep, before: &State, after: &State) -> Vec<Sight> {
    let counted = |number: i64, command: String| Sight { relation: "at-least", number, command, is_counted: true };
    let state = |relation, number: i64, command: String| Sight { relation, number, command, is_counted: false };
    let rest = told.rule.splitn(3, '/').nth(2).unwrap_or_default();
    let group = |text: &str| workload(input.cluster, without_revision(text)).cloned();
    // `namespace/name/node`
    let placed = |text: &str| {
        let (name, node) = text.rsplit_once('/')?;
        Some((group(name)?, without_revision(name).to_owned(), node.to_owned()))
    };
    let is_on = |name: &str, node: &str, phase: &str, at: &State| {
        at.sum(|count: &Count| count.workload == name && count.node == Some(node) && count.phase == phase)
    };
    let sight = match (told.actor.as_str(), told.reason.as_str()) {
        ("deployment-controller", "ScalingReplicaSet") => group(rest)
            .map(|one| counted(1, events_about(&one.namespace, &one.name, 0, "ScalingReplicaSet", "Scaled "))),
        ("replicaset-controller", reason @ ("SuccessfulCreate" | "SuccessfulDelete")) => group(rest).map(|one| {
            let name = without_revision(rest);
            let change = (after.active(name) - before.active(name)).abs();
            counted(change, events_about(&one.namespace, &one.name, parts(&one) - 1, reason, "pod: "))
        }),
        ("default-scheduler", "Scheduled") => placed(rest).map(|(one, _, node)| {
            let message = format!(" to {} ", nodes.name(&node));
            counted(1, events_about(&one.namespace, &one.name, parts(&one), "Scheduled", &message))
        }),
        ("kubelet", "Started" | "Ready") => placed(rest).map(|(one, name, node)| {
            let running = after.on(&name, &node) - is_on(&name, &node, "bound", after);
            state("at-least", running, pods_command(&one, nodes.name(&node), "running"))
        }),
        ("kubelet", "Killing") => placed(rest).map(|(one, name, node)| {
            let left = is_on(&name, &node, "terminating", after);
            state("at-most", left, pods_command(&one, nodes.name(&node), "terminating"))
        }),
        ("kubelet", "Failed") => {
            placed(rest).map(|(one, _, node)| counted(1, pods_command(&one, nodes.name(&node), "failed")))
        }
        ("horizontal-pod-autoscaler", "SuccessfulRescale") => group(rest).and_then(|one| {
            let name = format!("{}/{}", one.namespace, one.name);
            let hpa = input.cluster.hpas.iter().find(|hpa| hpa.target == one)?;
            let object = hpa.name.rsplit('/').next().unwrap_or(&hpa.name);
            let message = format!("New size: {};", after.get(&format!("spec.replicas[{name}]"))?);
            Some(counted(1, events_about(&one.namespace, object, 0, "SuccessfulRescale", &message)))
        }),
        ("node-controller", reason @ ("NodeNotReady" | "NodeReady")) => {
            let number = i64::from(reason == "NodeReady");
            Some(state("exactly", number, format!("ready {}", quote(nodes.name(rest)))))
        }
        ("node-controller", "TaintAdded") => {
            let node = quote(nodes.name(rest));
            Some(state("at-least", 1, format!("tainted {node} node.kubernetes.io/unreachable")))
        }
        ("taint-eviction-controller", _) | ("descheduler", "Descheduled") => {
            return evictions(input, nodes, told, before, after);
        }
        ("kubectl", "Evicted") => evicted_by_hand(input, nodes, told, after),
        _ => None,
    };
    sight.into_iter().collect()
}

/// Pods that a drain takes from a node.
fn evicted_by_hand(input: &Input, nodes: &Nodes, told: &ToldStep, after: &State) -> Option<Sight> {
    let (place, node) = told.rule.rsplit_once('/')?;
    let (rest, name) = place.rsplit_once('/')?;
    let name = format!("{}/{name}", rest.rsplit_once('/')?.1);
    let name = without_revision(&name);
    let one = workload(input.cluster, name)?;
    let command = pods_command(one, nodes.name(node), "active");
    Some(Sight { relation: "at-most", number: after.on(name, node), command, is_counted: false })
}

/// Events about pods that leave nodes.
fn evictions(input: &Input, nodes: &Nodes, told: &ToldStep, before: &State, after: &State) -> Vec<Sight> {
    let mut found = Vec::new();
    for workload in &input.cluster.workloads {
        let reference = &workload.reference;
        let name = format!("{}/{}", reference.namespace, reference.name);
        let mut gone_from_all = 0;
        for (slot, node) in nodes.slots() {
            let gone = before.on(&name, slot) - after.on(&name, slot);
            gone_from_all += gone.max(0);
            if gone > 0 && told.actor == "descheduler" {
                let message = format!(" from {node} ");
                let command = events_about(&reference.namespace, &reference.name, parts(reference), "", &message);
                found.push(Sight { relation: "at-least", number: gone, command, is_counted: true });
            }
        }
        if gone_from_all > 0 && told.actor != "descheduler" {
            let (namespace, name) = (&reference.namespace, &reference.name);
            let command =
                events_about(namespace, name, parts(reference), "TaintManagerEviction", "Marking for deletion");
            found.push(Sight { relation: "at-least", number: gone_from_all, command, is_counted: true });
        }
    }
    found
}

/// What the script does for a step that no controller does; starts the descheduler when it is its turn.
fn action(input: &Input, nodes: &Nodes, told: &ToldStep, after: &State) -> Option<String> {
    if told.actor == "descheduler" {
        let seconds = input.cluster.descheduler.as_ref().map_or(300, |policy| policy.interval);
        return Some(format!("start_descheduler {seconds}s"));
    }
    let Some((event, rest)) = event_of(input, &told.rule) else { return of_controller(input, nodes, &told.rule) };
    let node = |text: &str| quote(nodes.name(text));
    let object = |one: &WorkloadRef| {
        format!("{} --namespace {}", quote(&format!("{}/{}", one.kind.to_lowercase(), one.name)), quote(&one.namespace))
    };
    let file = || format!("\"$here/{}\"", event_path(input, &event.id));
    Some(match &event.kind {
        EventKind::Apply { mode: ApplyMode::ClientSide, .. } => format!("kube apply --filename {}", file()),
        EventKind::Apply { mode: ApplyMode::ServerSide, .. } => {
            format!("kube apply --server-side --filename {}", file())
        }
        EventKind::CreateDeployment { .. } => format!("kube create --filename {}", file()),
        EventKind::Scale { target, .. } => {
            let name = format!("{}/{}", target.namespace, target.name);
            let replicas = after.get(&format!("spec.replicas[{name}]"))?;
            format!("kube scale {} --replicas {replicas}", object(target))
        }
        EventKind::Rollout { target } => format!("kube rollout restart {}", object(target)),
        EventKind::Rollback { target } => format!("kube rollout undo {}", object(target)),
        EventKind::CpuChange { target, to } => {
            let index = told.picks.get(&format!("usage[{}]", event.id)).copied().unwrap_or_default();
            let words = [&target.namespace, &selector(input, target), &format!("{}m", to.lo + index * to.step)];
            format!("set_usage {}", words.map(|word| quote(word)).join(" "))
        }
        EventKind::Cordon { .. } => format!("kube cordon {}", node(rest)),
        EventKind::Uncordon { .. } => format!("kube uncordon {}", node(rest)),
        EventKind::Drain { .. } | EventKind::Maintenance { .. } => match rest.strip_prefix("finish/") {
            Some(slot) => {
                let back = if told.reason == "NodeSchedulable" { "yes" } else { "no" };
                format!("finish_drain {} {back}", node(slot))
            }
            None if rest.starts_with("evict/") => return None,
            None => format!("start_drain {}", node(rest)),
        },
        EventKind::NodeFailure { .. } => return node_command(nodes, rest),
        EventKind::Other(_) => return None,
    })
}

/// Stops or starts a node.
fn node_command(nodes: &Nodes, rest: &str) -> Option<String> {
    let (verb, slot) = rest.split_once('/')?;
    Some(format!("{}_node {}", if verb == "recover" { "start" } else { "stop" }, quote(nodes.name(slot))))
}

/// What the script does in place of a controller of the scenario. Nodes of KWOK have no memory that runs out.
fn of_controller(input: &Input, nodes: &Nodes, rule: &str) -> Option<String> {
    input.cluster.scenario_controllers.iter().find_map(|one| match one.kind {
        ScenarioControllerKind::KernelPanic { .. } => {
            node_command(nodes, rule.strip_prefix(&format!("event/{}/", one.id))?)
        }
        ScenarioControllerKind::MemoryPressure | ScenarioControllerKind::SelfHeal { .. } => None,
    })
}

/// The event of a rule, and what its name says beyond it.
fn event_of<'a>(input: &'a Input, rule: &'a str) -> Option<(&'a Event, &'a str)> {
    let events = input.cluster.events.iter();
    let named = events.filter_map(|event| Some((event, rule.strip_prefix(&format!("event/{}/", event.id))?)));
    named.max_by_key(|(event, _)| event.id.len())
}
