//! What each step of a run is to the script: something to do, something to see, or nothing.

use super::nodes::Nodes;
use super::objects::{event_path, usage};
use super::sights::{Sight, pods_command, sights};
use super::{Input, Refusal, State, command, object, quote};
use crate::engines::explicit::stepper::{Move, Stepper};
use crate::report::narrate::{ToldStep, tell};
use kubound_encodings::cluster::event::ApplyMode;
use kubound_encodings::cluster::{Event, EventKind, IntentKind, LabelChange, ScenarioControllerKind, WorkloadRef};
use kubound_encodings::state::words;
use kubound_encodings::subject::{EVENT, Subject};
use kubound_encodings::system::{Pace, Rule};
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
    /// Index of the line with which the failure begins: the loop, or what there is in the end.
    pub(super) failure_from: usize,
}

/// Makes the lines.
pub(super) fn plan(input: &Input, nodes: &Nodes) -> Result<Plan, Refusal> {
    let mut stepper = Stepper::new(input.system).ok_or(Refusal::TooLarge)?;
    let told = tell(input.system, input.trace);
    let start = match input.trace.ending {
        crate::trace::Ending::Loop { start } => Some(start),
        _ => None,
    };
    let mut plan = Plan { lines: Vec::new(), loop_from: None, failure_from: 0 };
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
            plan.lines.extend(settled(input, nodes, &before, told.number, "before this"));
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
    let last = input.trace.state(input.trace.steps.len());
    let moves = stepper.moves(last).map_err(|error| Refusal::Faulty(error.to_string()))?;
    let rules = &stepper.system().rules;
    // What nodes are said to be moves no pods by itself.
    let goes_on =
        moves.iter().map(|one| &rules[one.rule]).any(|rule| rule.pace == Pace::Fast && rule.actor != "node-controller");
    finish(input, nodes, &mut plan, (&counted, &counted_before_loop), !goes_on);
    Ok(plan)
}

/// Adds what each round of a loop adds; or what there is in the end, where it stays so for a while.
fn finish(
    input: &Input,
    nodes: &Nodes,
    plan: &mut Plan,
    (counted, before_loop): (&BTreeMap<String, i64>, &BTreeMap<String, i64>),
    is_at_rest: bool,
) {
    let Some(from) = plan.loop_from else {
        let last = input.trace.steps.len();
        let is_seen = |line: &Line| matches!(line, Line::See { .. });
        plan.failure_from = plan.lines.iter().rposition(is_seen).unwrap_or_default();
        if is_at_rest || input.trace.ending == crate::trace::Ending::Stays {
            plan.failure_from = plan.lines.len();
            let state = State { system: input.system, values: input.trace.state(last) };
            plan.lines.extend(settled(input, nodes, &state, last, "in the end"));
            plan.lines.extend(incomplete(input, last));
        }
        return;
    };
    plan.failure_from = from;
    for line in &mut plan.lines[from..] {
        if let Line::See { command, each_round, .. } = line
            && counted.contains_key(command)
        {
            *each_round = counted.get(command).unwrap_or(&0) - before_loop.get(command).unwrap_or(&0);
        }
    }
}

/// That a rollout has not ended, if that is the failure: pods in their places do not show it.
fn incomplete(input: &Input, step: usize) -> Option<Line> {
    let intent = input.cluster.intents.iter().find(|intent| intent.id == input.intent)?;
    let IntentKind::RolloutCompletes { target } = &intent.kind else { return None };
    Some(Line::See {
        step,
        text: format!("in the end, the rollout of {}/{} is complete", target.namespace, target.name),
        is_tie: false,
        relation: "exactly",
        expected: 0,
        each_round: 0,
        command: command("rollout", [&target.namespace, &target.kind.to_lowercase(), &target.name]),
    })
}

/// Whether only one of two rules can fire: a pod goes to one node.
fn is_alternative(one: &Rule, other: &Rule) -> bool {
    let binds = |rule: &Rule| rule.subject.aspect.word == words::BIND;
    one.name == other.name || (binds(one) && binds(other) && one.subject.object == other.subject.object)
}

/// What there is when all controllers rest: replicas, and pods by node.
fn settled(input: &Input, nodes: &Nodes, state: &State, step: usize, when: &str) -> Vec<Line> {
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
        let has_replicas = ["Deployment", "ReplicaSet", "StatefulSet"].contains(&reference.kind.as_str());
        if let Some(replicas) = state.of(reference, words::REPLICAS).filter(|_| has_replicas) {
            let words = [&*reference.namespace, &reference.kind.to_lowercase(), &reference.name];
            push(format!("{when}, {name} wants"), replicas, command("replicas", words));
        }
        for (slot, node) in nodes.slots() {
            let command = pods_command(reference, &format!("@{node}"), "active");
            push(format!("{when}, {name} on {slot}"), state.on(id, slot), command);
        }
        // Pods of DaemonSets that wait are not all in the model.
        if reference.kind == "DaemonSet" {
            continue;
        }
        let pending = state.sum(|count| count.workload == id && count.phase == words::PENDING);
        push(format!("{when}, {name} without a node"), pending, pods_command(reference, "", "pending"));
    }
    lines
}

/// What the script does for a step that no controller does; starts the descheduler when it is its turn.
fn action(input: &Input, nodes: &Nodes, told: &ToldStep, after: &State) -> Option<String> {
    if told.actor == "descheduler" {
        let seconds = input.cluster.descheduler.as_ref().map_or(300, |policy| policy.interval);
        return Some(format!("start_descheduler {seconds}s"));
    }
    let subject = told.about.subject.as_ref()?;
    let node = || told.about.node.as_deref().map(|node| quote(&format!("@{}", nodes.name(node))));
    let Some(event) = event_of(input, subject) else { return of_controller(input, told, subject, node(), after) };
    let file = || format!("\"$here/{}\"", event_path(input, &event.id));
    Some(match &event.kind {
        EventKind::Apply { mode: ApplyMode::ClientSide, .. } => format!("kube apply --filename {}", file()),
        EventKind::Apply { mode: ApplyMode::ServerSide, .. } => {
            format!("kube apply --server-side --filename {}", file())
        }
        EventKind::CreateDeployment { .. } => format!("kube create --filename {}", file()),
        EventKind::Scale { target, .. } => {
            let replicas = after.of(target, words::REPLICAS)?;
            format!("kube scale {} --replicas {replicas}", named(target))
        }
        EventKind::Rollout { target } => format!("kube rollout restart {}", named(target)),
        EventKind::Rollback { target } => format!("kube rollout undo {}", named(target)),
        EventKind::CpuChange { target, to } => {
            let picked = Subject::new(words::USAGE).of(subject.object?);
            let index = told.picks.get(&input.system.names.variable(&picked)).copied().unwrap_or_default();
            let workload = input.cluster.workloads.iter().find(|one| one.reference == *target)?;
            format!("set_usage {}", usage(input, workload, Some(to.lo + index * to.step))?)
        }
        EventKind::Cordon { .. } => format!("kube cordon {}", node()?),
        EventKind::Uncordon { .. } => format!("kube uncordon {}", node()?),
        EventKind::Relabel(change) => format!("kube label --overwrite node {} {}", node()?, labels(change)),
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

/// A change of labels as `kubectl label` has it.
fn labels(change: &LabelChange) -> String {
    let set = change.set.iter().map(|(key, value)| quote(&format!("{key}={value}")));
    set.chain(change.remove.iter().map(|key| quote(&format!("{key}-")))).collect::<Vec<_>>().join(" ")
}

/// Stops or starts a node.
fn node_command(told: &ToldStep, node: &str) -> String {
    format!("{}_node {node}", if told.about.word() == words::RECOVER { "start" } else { "stop" })
}

/// What the script does in place of a controller of the scenario.
fn of_controller(
    input: &Input,
    told: &ToldStep,
    subject: &Subject,
    node: Option<String>,
    after: &State,
) -> Option<String> {
    let name = scenario_part(input, subject)?;
    let own = input.cluster.scenario_controllers.iter().find(|one| one.id == *name)?;
    match &own.kind {
        ScenarioControllerKind::KernelPanic { .. } => Some(node_command(told, &node?)),
        ScenarioControllerKind::SelfHeal { target, .. } => {
            let replicas = after.of(target, words::REPLICAS)?;
            Some(format!("kube scale {} --replicas {replicas}", named(target)))
        }
        ScenarioControllerKind::MemoryPressure => None,
    }
}

/// A workload, as `kubectl` is told of it.
fn named(one: &WorkloadRef) -> String {
    format!("{} --namespace {}", quote(&format!("{}/{}", one.kind.to_lowercase(), one.name)), quote(&one.namespace))
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
