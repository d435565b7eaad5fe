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
mod steps;

use crate::manifest::Written;
use crate::trace::Trace;
use kubound_encodings::cluster::hpa::OtherMetric;
use kubound_encodings::cluster::{Cluster, ScenarioControllerKind, WorkloadRef};
use kubound_encodings::system::TransitionSystem;
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
    /// The objects of the cluster as they are written.
    pub objects: &'a [Written],
    /// The objects that events apply or create, by the id of the event.
    pub applied: &'a BTreeMap<String, Vec<Written>>,
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
    /// A node stops.
    #[error("step {0} stops a node, and KWOK keeps all its nodes alive; use --script kind")]
    NodeStops(usize),
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
    /// What applies manifests again and again is not there.
    #[error("nothing in such a cluster puts fields back; leave `selfHeal` out")]
    HealsItself,
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
    /// Pods have names of their own.
    #[error("pods of {0} have names of their own, which scripts do not follow")]
    Named(String),
    /// Jobs are started by a clock.
    #[error("Jobs of {0} are started at times of the day, which scripts do not wait for")]
    ByTheClock(String),
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
    if let Some(named) = input.cluster.workloads.iter().find(|workload| workload.ordinals().is_some()) {
        return Err(Refusal::Named(named.reference.to_string()));
    }
    if let Some(cron) = input.cluster.cron_jobs.first() {
        return Err(Refusal::ByTheClock(cron.reference.to_string()));
    }
    let start = State { system: input.system, values: &input.trace.initial };
    let everywhere = |_: &Count| true;
    if start.sum(everywhere) > 0 {
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
    if input.cluster.scenario_controllers.iter().any(|one| matches!(one.kind, ScenarioControllerKind::SelfHeal { .. }))
    {
        return Err(Refusal::HealsItself);
    }
    let first = |marks: &[&str]| {
        let is_such = |step: &crate::trace::Step| marks.iter().any(|mark| step.rule.contains(mark));
        input.trace.steps.iter().position(is_such).map(|index| index + 1)
    };
    match tool {
        Tool::Kwok => {
            let stops = input.cluster.events.iter().map(|event| format!("event/{}/stop/", event.id));
            let panics = input.cluster.scenario_controllers.iter().map(|one| format!("event/{}/panic/", one.id));
            let stops: Vec<String> = stops.chain(panics).collect();
            let stops: Vec<&str> = stops.iter().map(String::as_str).collect();
            if let Some(step) = first(&stops) {
                return Err(Refusal::NodeStops(step));
            }
            first(&["kubelet/reject/"]).map_or(Ok(()), |step| Err(Refusal::Rejects(step)))
        }
        Tool::Kind if !input.cluster.hpas.is_empty() => Err(Refusal::Usage),
        Tool::Kind if input.objects.iter().any(|one| one.name == "KubeSchedulerConfiguration") => {
            Err(Refusal::Scheduler)
        }
        Tool::Kind => Ok(()),
    }
}

/// A state of the system, read by the names of its variables.
#[derive(Clone, Copy)]
struct State<'a> {
    system: &'a TransitionSystem,
    values: &'a [i64],
}

/// A variable that counts pods.
struct Count<'a> {
    phase: &'a str,
    /// `namespace/name`, without the revision.
    workload: &'a str,
    /// `None`: pods without a node.
    node: Option<&'a str>,
}

/// Phases of pods with a node that are not terminating, `starting, 3 left` among them.
const ASSIGNED: &[&str] = &["bound", "starting", "running"];

impl<'a> State<'a> {
    /// The value of a variable.
    fn get(&self, name: &str) -> Option<i64> {
        self.system.dag.vars().iter().position(|var| var.name == name).map(|index| self.values[index])
    }

    /// How many pods there are in all counts of some kind.
    fn sum(&self, is_meant: impl Fn(&Count) -> bool) -> i64 {
        let counts = self.system.dag.vars().iter().zip(self.values);
        counts
            .filter(|(var, _)| Count::of(&var.name).is_some_and(|count| is_meant(&count)))
            .map(|(_, value)| value)
            .sum()
    }

    /// Pods of a workload that are assigned to a node and not terminating.
    fn on(&self, workload: &str, node: &str) -> i64 {
        self.sum(|count| count.workload == workload && count.node == Some(node) && count.is_assigned())
    }

    /// Pods of a workload that are neither terminating nor failed.
    fn active(&self, workload: &str) -> i64 {
        self.sum(|count| count.workload == workload && (count.is_assigned() || count.phase == "pending"))
    }
}

impl<'a> Count<'a> {
    fn of(variable: &'a str) -> Option<Self> {
        let (phase, rest) = variable.split_once('[')?;
        let kind = phase.split(',').next().unwrap_or_default();
        if !ASSIGNED.contains(&kind) && !["pending", "terminating", "failed"].contains(&phase) {
            return None;
        }
        let rest = rest.strip_suffix(']')?;
        let (group, node) = match rest.split_once("][") {
            Some((group, node)) => (group, Some(node)),
            None => (rest, None),
        };
        Some(Self { phase, workload: without_revision(group), node })
    }

    fn is_assigned(&self) -> bool {
        ASSIGNED.contains(&self.phase.split(',').next().unwrap_or_default())
    }
}

/// `default/web` of `default/web@2`.
fn without_revision(group: &str) -> &str {
    group.split('@').next().unwrap_or(group)
}

/// The reference of `namespace/name`.
fn workload<'a>(cluster: &'a Cluster, name: &str) -> Option<&'a WorkloadRef> {
    let references = cluster.workloads.iter().map(|workload| &workload.reference);
    references.into_iter().find(|one| name.split_once('/') == Some((one.namespace.as_str(), one.name.as_str())))
}

/// Text as one word of a shell.
fn quote(text: &str) -> String {
    let text = crate::text::neutralise(text).replace('\n', " ");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
