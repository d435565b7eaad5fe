//! A saved run as a script for a real cluster: the script sets up the nodes of the run, applies its manifests, performs
//! what users and machines do, and waits for what the controllers do; it never does their work for them.
//!
//! What a step leaves behind is looked for where it can still be found later: in Events, counted from the start of the
//! run, or in counts of pods. Where the model allows something else as well (a tie), a difference is told and not held
//! against the cluster.

mod library;
mod nodes;
mod objects;
mod script;
mod sights;
mod steps;

use crate::manifest::Written;
use crate::trace::Trace;
use kubound_encodings::cluster::hpa::OtherMetric;
use kubound_encodings::cluster::{Cluster, EventKind, ScenarioController, ScenarioControllerKind, WorkloadRef, custom};
use kubound_encodings::state::words;
use kubound_encodings::subject::{ObjectId, Subject};
use kubound_encodings::system::{Rule, TransitionSystem};
use std::collections::BTreeMap;

/// What provides the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tool {
    /// Nodes as containers with real kubelets.
    Kind,
    /// Nodes that only say that they run pods.
    Kwok,
}

/// A run and what it was found in.
pub struct Input<'a> {
    /// Name of the scenario.
    pub name: &'a str,
    /// The cluster.
    pub cluster: &'a Cluster,
    /// Its system, fine.
    pub system: &'a TransitionSystem,
    /// A run of it.
    pub trace: &'a Trace,
    /// Id of the intent that it violates.
    pub intent: &'a str,
    /// What is applied: the manifests of the run, or others in their place.
    pub manifests: Manifests<'a>,
}

/// What a script applies.
#[derive(Clone, Copy)]
pub struct Manifests<'a> {
    /// The cluster that they describe.
    pub cluster: &'a Cluster,
    /// The objects of the cluster as they are written.
    pub objects: &'a [Written],
    /// The objects that events apply or create, by the id of the event.
    pub applied: &'a BTreeMap<String, Vec<Written>>,
    /// Whether they are others than those of the run: the script then looks whether the failure stays away.
    pub are_others: bool,
}

/// A file of the script's folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// Path inside the folder.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Whether it is to be executable.
    pub is_program: bool,
}

/// Why a run cannot become a script.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// Pods are there initially.
    #[error("the run starts with pods in place, and only a scheduler can put them there; use `start: empty`")]
    PodsAtStart,
    /// A kubelet rejects a pod.
    #[error("in step {0} a kubelet rejects a pod, and KWOK has no kubelets; use --script kind")]
    Rejects(usize),
    /// Nodes come and go by themselves.
    #[error("nothing in such a cluster adds and removes nodes")]
    ScalesNodes,
    /// Requests of pods are changed.
    #[error("nothing in such a cluster recommends requests; leave VerticalPodAutoscalers out")]
    Recommends,
    /// Metrics are not those of resources.
    #[error("nothing in such a cluster serves metrics of type Pods, Object or External; leave them out")]
    NamedMetrics,
    /// Usage of pods matters.
    #[error("what pods use of a resource decides this run, and kind cannot set that; use --script kwok")]
    Usage,
    /// The scheduler is configured.
    #[error("the scheduler's configuration is set for KWOK only; use --script kwok")]
    Scheduler,
    /// An event names no file.
    #[error("the file that event `{0}` applies was not found")]
    NoFile(String),
    /// The system cannot be stepped through.
    #[error("the system is too large to look for ties")]
    TooLarge,
    /// Kubelets look at memory.
    #[error("in such a cluster no kubelet evicts pods for want of memory")]
    MemoryPressure,
    /// Pods of Jobs take time.
    #[error("KWOK ends pods of {0} at once, and in the run they take their time; use --script kind")]
    RunsForLong(String),
    /// Jobs are started by a clock.
    #[error("Jobs of {0} are started at times of the day, which scripts do not wait for")]
    ByTheClock(String),
    /// Something goes wrong around controllers.
    #[error("a fault decides this run ({0}), and scripts cause none")]
    Fault(&'static str),
    /// An operator of a rules file acts.
    #[error("a script runs the controllers of Kubernetes, and not the operator {0}")]
    Operator(String),
    /// No command stands for an event.
    #[error("scripts have no command for the event `{0}`")]
    NoCommand(String),
    /// The model is faulty.
    #[error("{0}")]
    Faulty(String),
}

/// The files that reproduce a run.
pub fn files(input: &Input, tool: Tool) -> Result<Vec<File>, Refusal> {
    check(input, tool)?;
    let nodes = nodes::Nodes::new(input, tool);
    let mut files = nodes.files();
    let written = objects::files(input, &nodes, tool)?;
    let plan = steps::plan(input, &nodes)?;
    let text = script::text(input, tool, &nodes, &written, &plan);
    files.extend(written.files);
    files.push(File { path: "run.sh".into(), text, is_program: true });
    Ok(files)
}

fn check(input: &Input, tool: Tool) -> Result<(), Refusal> {
    let happened = input.trace.steps.iter().filter_map(|step| input.system.rule(&step.rule)?.fault);
    if let Some(mark) = happened.into_iter().next() {
        return Err(Refusal::Fault(mark.kind));
    }
    if let Some(own) = custom::of(input.cluster).first() {
        return Err(Refusal::Operator(own.name.clone()));
    }
    if let Some(event) = input.cluster.events.iter().find(|event| matches!(event.kind, EventKind::Other(_))) {
        return Err(Refusal::NoCommand(event.id.clone()));
    }
    if let Some(cron) = input.cluster.cron_jobs.first() {
        return Err(Refusal::ByTheClock(cron.reference.to_string()));
    }
    let start = State { system: input.system, values: &input.trace.initial };
    if start.sum(|count: &Count| count.phase != words::PENDING) > 0 {
        return Err(Refusal::PodsAtStart);
    }
    if input.cluster.node_autoscaler.is_some() {
        return Err(Refusal::ScalesNodes);
    }
    if !input.cluster.vpas.is_empty() {
        return Err(Refusal::Recommends);
    }
    let mut metrics = input.cluster.hpas.iter().flat_map(|hpa| &hpa.other_metrics);
    if metrics.any(|metric| matches!(metric, OtherMetric::Named(_))) {
        return Err(Refusal::NamedMetrics);
    }
    let is_pressed = |one: &ScenarioController| matches!(one.kind, ScenarioControllerKind::MemoryPressure);
    if input.cluster.scenario_controllers.iter().any(is_pressed) {
        return Err(Refusal::MemoryPressure);
    }
    let first = |is_meant: &dyn Fn(&Rule) -> bool| {
        let is_such = |step: &crate::trace::Step| input.system.rule(&step.rule).is_some_and(is_meant);
        input.trace.steps.iter().position(is_such).map(|index| index + 1)
    };
    match tool {
        Tool::Kwok => {
            if let Some(job) = input.cluster.workloads.iter().find(|one| one.job().is_some()) {
                return Err(Refusal::RunsForLong(job.reference.to_string()));
            }
            let rejects = |rule: &Rule| rule.actor == "kubelet" && rule.subject.aspect.word == words::REJECT;
            first(&rejects).map_or(Ok(()), |step| Err(Refusal::Rejects(step)))
        }
        Tool::Kind if !input.cluster.hpas.is_empty() => Err(Refusal::Usage),
        Tool::Kind if input.manifests.objects.iter().any(|one| one.name == "KubeSchedulerConfiguration") => {
            Err(Refusal::Scheduler)
        }
        Tool::Kind => Ok(()),
    }
}

/// Whether a node stops in the run.
fn stops_nodes(input: &Input) -> bool {
    let is_such =
        |rule: &Rule| rule.actor == "node" && [words::STOP, words::PANIC].contains(&rule.subject.aspect.word.as_ref());
    input.trace.steps.iter().any(|step| input.system.rule(&step.rule).is_some_and(is_such))
}

/// A state of the system, read by the subjects of its variables.
#[derive(Clone, Copy)]
struct State<'a> {
    system: &'a TransitionSystem,
    values: &'a [i64],
}

/// A variable that counts pods.
struct Count<'a> {
    phase: &'a str,
    /// The workload that the pods belong to, whatever their revision.
    workload: ObjectId,
    /// `None`: pods without a node.
    node: Option<&'a str>,
}

/// Phases of pods with a node that are neither terminating nor failed.
const ASSIGNED: &[&str] = &[words::BOUND, words::STARTING, words::FRESH, words::RUNNING];

/// Other phases.
const OTHERS: &[&str] = &[words::PENDING, words::TERMINATING, words::FAILED];

impl<'a> State<'a> {
    /// The value of a variable.
    fn get(&self, subject: &Subject) -> Option<i64> {
        self.system.var(subject).map(|var| self.values[var.index()])
    }

    /// The value of a variable of a workload.
    fn of(&self, reference: &WorkloadRef, word: &'static str) -> Option<i64> {
        self.get(&Subject::new(word).of(object(self.system, reference)?))
    }

    /// How many pods there are in all counts of some kind.
    fn sum(&self, is_meant: impl Fn(&Count) -> bool) -> i64 {
        let counts = self.system.dag.vars().iter().zip(self.values);
        let meant =
            counts.filter(|(var, _)| Count::of(self.system, &var.subject).is_some_and(|count| is_meant(&count)));
        meant.map(|(_, value)| value).sum()
    }

    /// Pods of a workload that are assigned to a node and not terminating.
    fn on(&self, workload: ObjectId, node: &str) -> i64 {
        self.sum(|count| count.workload == workload && count.node == Some(node) && count.is_assigned())
    }

    /// Pods of a workload in a phase on a node.
    fn in_phase(&self, workload: ObjectId, node: &str, phase: &str) -> i64 {
        self.sum(|count| count.workload == workload && count.node == Some(node) && count.phase == phase)
    }
}

impl<'a> Count<'a> {
    fn of(system: &'a TransitionSystem, subject: &'a Subject) -> Option<Self> {
        let phase = subject.aspect.word.as_ref();
        if !ASSIGNED.contains(&phase) && !OTHERS.contains(&phase) {
            return None;
        }
        let node = subject.slot.map(|slot| system.names.slots[slot.index()].name.as_str());
        Some(Self { phase, workload: system.names.root(subject.object?), node })
    }

    fn is_assigned(&self) -> bool {
        ASSIGNED.contains(&self.phase)
    }
}

/// What subjects call a workload.
fn object(system: &TransitionSystem, reference: &WorkloadRef) -> Option<ObjectId> {
    system.names.find(&reference.kind, &reference.namespace, &reference.name)
}

/// The workload that an object is, or a part of it.
fn workload<'a>(input: &Input<'a>, object: ObjectId) -> Option<&'a WorkloadRef> {
    let names = &input.system.names;
    let root = names.object(names.root(object));
    let mut references = input.cluster.workloads.iter().map(|workload| &workload.reference);
    references.find(|own| (&own.kind, &own.namespace, &own.name) == (&root.kind, &root.namespace, &root.name))
}

/// A command of the script with its words.
fn command<const N: usize>(name: &str, words: [&str; N]) -> String {
    format!("{name} {}", words.map(quote).join(" "))
}

/// Text as one word of a shell.
fn quote(text: &str) -> String {
    let text = crate::text::neutralise(text).replace('\n', " ");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
