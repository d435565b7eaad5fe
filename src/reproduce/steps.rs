//! What each step of a run is to the script: something to do, something to see, or nothing.

use super::nodes::Nodes;
use super::objects::{event_path, selector};
use super::{Input, Refusal, State, object, quote, workload};
use crate::engines::explicit::stepper::{Move, Stepper};
use crate::report::narrate::{Request, ToldStep, tell};
use kubound_encodings::cluster::event::ApplyMode;
use kubound_encodings::cluster::{Event, EventKind, ScenarioControllerKind, WorkloadRef};
use kubound_encodings::state::words;
use kubound_encodings::subject::{EVENT, Subject};
use kubound_encodings::system::{Pace, Rule, Verb};
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
        let own = input.system.rule(&told.rule);
        if own.is_some_and(|rule| event_of(input, &rule.subject).is_some())
            && !moves.iter().any(|one| rules[one.rule].pace == Pace::Fast)
        {
            plan.lines.extend(settled(input, nodes, &before, told.number));
        }
        let of_family = |one: &&Move| own.is_some_and(|own| is_alternative(own, &rules[one.rule]));
        let mut outcomes: Vec<_> = moves.iter().filter(of_family).map(|one| &one.state).collect();
        outcomes.sort_unstable();
        outcomes.dedup();
        let is_tie = outcomes.len() > 1 || told.over_approximates.is_some();
        if let Some(command) = action(input, nodes, told, &after) {
            plan.lines.push(Line::Do { step: told.number, text: told.text.clone(), command });
        }
        for sight in sights(input, nodes, told, &after) {
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

/// Whether only one of two rules can fire: a pod goes to one node.
fn is_alternative(one: &Rule, other: &Rule) -> bool {
    let binds = |rule: &Rule| rule.subject.aspect.word == words::BIND;
    one.name == other.name || (binds(one) && binds(other) && one.subject.object == other.subject.object)
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
        let Some(id) = object(input.system, reference) else { continue };
        let name = format!("{}/{}", reference.namespace, reference.name);
        if state.of(reference, words::EXISTS) == Some(0) {
            continue;
        }
        if let Some(replicas) = state.of(reference, words::REPLICAS) {
            let words = [&reference.namespace, &reference.kind.to_lowercase(), &reference.name].map(|word| quote(word));
            push(format!("before this, {name} wants"), replicas, format!("replicas {}", words.join(" ")));
        }
        for (slot, node) in nodes.slots() {
            let command = pods_command(reference, node, "active");
            push(format!("before this, {name} on {slot}"), state.on(id, slot), command);
        }
        let pending = state.sum(|count| count.workload == id && count.phase == words::PENDING);
        push(format!("before this, {name} without a node"), pending, pods_command(reference, "", "pending"));
    }
    lines
}

/// What a controller's step leaves behind.
fn sights(input: &Input, nodes: &Nodes, told: &ToldStep, after: &State) -> Vec<Sight> {
    let counted = |number: i64, command: String| Sight { relation: "at-least", number, command, is_counted: true };
    let state = |relation, number: i64, command: String| Sight { relation, number, command, is_counted: false };
    let requests = &told.about.requests;
    let first = |verb: Verb| requests.iter().find(|request| request.verb == verb);
    let of = |request: &Request| workload(input, request.object?);
    // Pods of a workload on a node.
    let placed = |verb: Verb| {
        let request = first(verb)?;
        Some((of(request)?, input.system.names.root(request.object?), request.node.as_deref()?))
    };
    let sight = match (told.actor.as_str(), told.reason.as_str()) {
        ("deployment-controller", "ScalingReplicaSet") => first(Verb::Update)
            .and_then(of)
            .map(|one| counted(1, events_about(&one.namespace, &one.name, 0, "ScalingReplicaSet", "Scaled "))),
        ("replicaset-controller", reason @ ("SuccessfulCreate" | "SuccessfulDelete")) => {
            let verb = if reason == "SuccessfulCreate" { Verb::Create } else { Verb::Delete };
            let change = requests.iter().filter(|request| request.verb == verb).map(|request| request.count).sum();
            first(verb)
                .and_then(of)
                .map(|one| counted(change, events_about(&one.namespace, &one.name, parts(one) - 1, reason, "pod: ")))
        }
        ("default-scheduler", "Scheduled") => placed(Verb::Bind).map(|(one, _, node)| {
            let message = format!(" to {} ", nodes.name(node));
            counted(1, events_about(&one.namespace, &one.name, parts(one), "Scheduled", &message))
        }),
        ("kubelet", "Started" | "Ready") => placed(Verb::Status).map(|(one, id, node)| {
            let running = after.on(id, node) - after.in_phase(id, node, words::BOUND);
            state("at-least", running, pods_command(one, nodes.name(node), "running"))
        }),
        ("kubelet", "Killing") => placed(Verb::Delete).map(|(one, id, node)| {
            let left = after.in_phase(id, node, words::TERMINATING);
            state("at-most", left, pods_command(one, nodes.name(node), "terminating"))
        }),
        ("kubelet", "Failed") => {
            placed(Verb::Status).map(|(one, _, node)| counted(1, pods_command(one, nodes.name(node), "failed")))
        }
        ("horizontal-pod-autoscaler", "SuccessfulRescale") => first(Verb::Update).and_then(of).and_then(|one| {
            let hpa = input.cluster.hpas.iter().find(|hpa| hpa.target == *one)?;
            let message = format!("New size: {};", after.of(one, words::REPLICAS)?);
            Some(counted(1, events_about(&one.namespace, &hpa.name, 0, "SuccessfulRescale", &message)))
        }),
        ("node-controller", reason @ ("NodeNotReady" | "NodeReady")) => {
            let number = i64::from(reason == "NodeReady");
            let node = told.about.node.as_deref();
            node.map(|node| state("exactly", number, format!("ready {}", quote(nodes.name(node)))))
        }
        ("node-controller", "TaintAdded") => told.about.node.as_deref().map(|node| {
            let node = quote(nodes.name(node));
            state("at-least", 1, format!("tainted {node} node.kubernetes.io/unreachable"))
        }),
        ("taint-eviction-controller", _) | ("descheduler", "Descheduled") => return evictions(input, nodes, told),
        ("kubectl", "Evicted") => placed(Verb::Evict)
            .map(|(one, id, node)| state("at-most", after.on(id, node), pods_command(one, nodes.name(node), "active"))),
        _ => None,
    };
    sight.into_iter().collect()
}

/// Events about pods that leave nodes.
fn evictions(input: &Input, nodes: &Nodes, told: &ToldStep) -> Vec<Sight> {
    let is_descheduler = told.actor == "descheduler";
    let mut found: Vec<Sight> = Vec::new();
    for workload in &input.cluster.workloads {
        let reference = &workload.reference;
        let id = object(input.system, reference);
        let own = told.about.requests.iter().filter(|request| {
            request.object.map(|object| input.system.names.root(object)) == id
                && matches!(request.verb, Verb::Evict | Verb::Delete)
        });
        let own: Vec<&Request> = own.collect();
        let (namespace, name) = (&reference.namespace, &reference.name);
        let mut look = |number: i64, reason: &str, message: &str| {
            let command = events_about(namespace, name, parts(reference), reason, message);
            if number > 0 {
                found.push(Sight { relation: "at-least", number, command, is_counted: true });
            }
        };
        if !is_descheduler {
            let gone = own.iter().map(|request| request.count).sum();
            look(gone, "TaintManagerEviction", "Marking for deletion");
            continue;
        }
        for (slot, node) in nodes.slots() {
            let here = own.iter().filter(|request| request.node.as_deref() == Some(slot));
            look(here.map(|request| request.count).sum(), "", &format!(" from {node} "));
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
    let subject = told.about.subject.as_ref()?;
    let node = || told.about.node.as_deref().map(|node| quote(nodes.name(node)));
    let Some(event) = event_of(input, subject) else { return of_controller(input, told, subject, &node()?) };
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
            let replicas = after.of(target, words::REPLICAS)?;
            format!("kube scale {} --replicas {replicas}", object(target))
        }
        EventKind::Rollout { target } => format!("kube rollout restart {}", object(target)),
        EventKind::Rollback { target } => format!("kube rollout undo {}", object(target)),
        EventKind::CpuChange { target, to } => {
            let picked = Subject::new(words::USAGE).of(subject.object?);
            let index = told.picks.get(&input.system.names.variable(&picked)).copied().unwrap_or_default();
            let words = [&target.namespace, &selector(input, target), &format!("{}m", to.lo + index * to.step)];
            format!("set_usage {}", words.map(|word| quote(word)).join(" "))
        }
        EventKind::Cordon { .. } => format!("kube cordon {}", node()?),
        EventKind::Uncordon { .. } => format!("kube uncordon {}", node()?),
        EventKind::Drain { .. } | EventKind::Maintenance { .. } => match told.about.word() {
            words::FINISH => {
                let back = if told.reason == "NodeSchedulable" { "yes" } else { "no" };
                format!("finish_drain {} {back}", node()?)
            }
            words::EVICT => return None,
            _ => format!("start_drain {}", node()?),
        },
        EventKind::NodeFailure { .. } => node_command(told, &node()?),
        EventKind::Other(_) => return None,
    })
}

/// Stops or starts a node.
fn node_command(told: &ToldStep, node: &str) -> String {
    format!("{}_node {node}", if told.about.word() == words::RECOVER { "start" } else { "stop" })
}

/// What the script does in place of a controller of the scenario. Nodes of KWOK have no memory that runs out.
fn of_controller(input: &Input, told: &ToldStep, subject: &Subject, node: &str) -> Option<String> {
    let name = scenario_part(input, subject)?;
    let own = input.cluster.scenario_controllers.iter().find(|one| one.id == *name)?;
    match own.kind {
        ScenarioControllerKind::KernelPanic { .. } => Some(node_command(told, node)),
        ScenarioControllerKind::MemoryPressure | ScenarioControllerKind::SelfHeal { .. } => None,
    }
}

/// The event that a rule belongs to.
fn event_of<'a>(input: &'a Input, subject: &Subject) -> Option<&'a Event> {
    let name = scenario_part(input, subject)?;
    input.cluster.events.iter().find(|event| event.id == *name)
}

/// The name of the event or controller of the scenario that a rule belongs to.
fn scenario_part<'a>(input: &'a Input, subject: &Subject) -> Option<&'a String> {
    let names = &input.system.names;
    let id = subject.objects().find(|&id| names.object(id).kind == EVENT)?;
    Some(&names.object(id).name)
}
