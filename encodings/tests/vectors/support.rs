//! Small clusters in words, and a run of one by hand: set variables, ask which rules are enabled, fire one by name.

use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::descheduler::{DeschedulerPlugin, EnabledPlugin, Evictor};
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::pod::{TopologySpreadConstraint, WhenUnsatisfiable};
use kubound_encodings::cluster::selector::{Operator, Requirement};
use kubound_encodings::cluster::workload::{Control, Usage};
use kubound_encodings::cluster::{
    Cluster, DeschedulerPolicy, Event, Granularity, LabelSelector, Labels, NodePool, Origin, PodTemplate, Rollout,
    ScenarioController, ScenarioControllerKind, Span, Workload, WorkloadRef,
};
use kubound_encodings::system::{Choice, Claim, Initial, Pace, Rule, TransitionSystem};
use kubound_encodings::term::eval::{Assignment, evaluate};
use kubound_encodings::term::{Sort, Term, TermId};

pub const MEBI: i64 = 1 << 20;
pub const ZONE: &str = "topology.kubernetes.io/zone";
pub const HOST: &str = "kubernetes.io/hostname";

pub fn origin() -> Origin {
    Origin { object: "test".into(), field: String::new() }
}

pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// A controller of the scenario.
pub fn acting(id: &str, kind: ScenarioControllerKind) -> ScenarioController {
    ScenarioController { id: id.into(), kind, origin: origin() }
}

/// A node of 4 cores and 8 GiB.
pub fn node(name: &str, pairs: &[(&str, &str)]) -> NodePool {
    NodePool {
        name: name.into(),
        is_single_node: true,
        count: Span::exactly(1),
        autoscaling: None,
        labels: labels(pairs),
        taints: vec![],
        startup_taints: vec![],
        unschedulable: false,
        allocatable: [("cpu", 4000), ("memory", 8192 * MEBI)]
            .map(|(resource, amount)| (resource.to_owned(), Span::exactly(amount)))
            .into(),
        pods: Span::exactly(110),
        origin: origin(),
    }
}

pub fn reference(name: &str) -> WorkloadRef {
    WorkloadRef { kind: "Deployment".into(), namespace: "default".into(), name: name.into() }
}

/// A Deployment of up to so many replicas (at first as many) whose pods request this much (milli-cores, MiB) and carry the label `app` with its name.
pub fn deployment(name: &str, replicas: i64, cpu: i64, memory: i64) -> Workload {
    let requests = [("cpu", cpu), ("memory", memory * MEBI)];
    let template = PodTemplate {
        labels: labels(&[("app", name)]),
        requests: requests.map(|(resource, amount)| (resource.to_owned(), amount)).into(),
        nonzero_cpu: cpu,
        nonzero_memory: memory * MEBI,
        cpu_requested_everywhere: cpu > 0,
        memory_requested_everywhere: memory > 0,
        scheduler_name: "default-scheduler".into(),
        ..PodTemplate::default()
    };
    Workload {
        reference: reference(name),
        replicas: Span { lo: 0, hi: replicas, step: 1 },
        replicas_managed: true,
        template,
        later_templates: vec![],
        recommended: vec![],
        container_usage: vec![],
        metrics: vec![],
        rollout: Rollout::default(),
        control: Control::default(),
        volume_nodes: vec![],
        exclusive_claims: vec![],
        cpu_usage: Usage::Request,
        memory_usage: Usage::Request,
        startup: None,
        crash_loop: None,
        exists: true,
        origin: origin(),
    }
}

/// A constraint on the pods labelled `app: web`.
pub fn spread(key: &str, max_skew: i64, when_unsatisfiable: WhenUnsatisfiable) -> TopologySpreadConstraint {
    let requirement = Requirement { key: "app".into(), operator: Operator::In(vec!["web".into()]) };
    TopologySpreadConstraint {
        max_skew,
        topology_key: key.into(),
        when_unsatisfiable,
        selector: Some(LabelSelector { requirements: vec![requirement] }),
        min_domains: 1,
        honors_affinity: true,
        honors_taints: false,
        own_revision: false,
    }
}

pub fn event(id: &str, kind: EventKind) -> Event {
    Event { id: id.into(), kind, times: 1, must: false, after: None, operation: None, origin: origin() }
}

pub fn cluster(pools: Vec<NodePool>, workloads: Vec<Workload>) -> Cluster {
    Cluster { pools, workloads, ..Cluster::default() }
}

/// A system and a state of it.
pub struct World {
    pub system: TransitionSystem,
    state: Vec<i64>,
}

/// Values of the choices, by id, with the state they lead to.
type Outcome = (Vec<i64>, Vec<i64>);

impl World {
    pub fn new(cluster: &Cluster) -> Self {
        Self::of(cluster, Granularity::Fused)
    }

    pub fn fine(cluster: &Cluster) -> Self {
        Self::of(cluster, Granularity::Fine)
    }

    fn of(cluster: &Cluster, granularity: Granularity) -> Self {
        Self::starting(assemble(cluster, granularity).expect("a cluster that can be modelled"))
    }

    /// The first state of a system.
    pub fn starting(system: TransitionSystem) -> Self {
        let mut world = Self { state: vec![0; system.vars.len()], system };
        for index in 0..world.state.len() {
            world.state[index] = match world.system.vars[index].initial {
                Initial::Term(term) => world.value(term),
                Initial::Free => match world.system.dag.vars()[index].sort {
                    Sort::Int(range) if world.system.dag.vars()[index].name.contains("replicas") => range.hi,
                    Sort::Int(range) => range.lo,
                    Sort::Bool => 0,
                },
            };
        }
        world
    }

    fn evaluate(&self, term: TermId, primed: &[i64], choices: &[i64]) -> i64 {
        evaluate(&self.system.dag, &[term], Assignment { vars: &self.state, primed, choices })[0]
    }

    /// The value of a term over the state.
    pub fn evaluate_state(&self, term: TermId) -> i64 {
        self.value(term)
    }

    fn value(&self, term: TermId) -> i64 {
        self.evaluate(term, &[], &[])
    }

    fn index(&self, name: &str) -> usize {
        let found = self.system.dag.vars().iter().position(|var| var.name == name);
        found.unwrap_or_else(|| {
            let names: Vec<&str> = self.system.dag.vars().iter().map(|var| var.name.as_str()).collect();
            panic!("no variable {name}; there are {names:?}")
        })
    }

    pub fn has(&self, variable: &str) -> bool {
        self.system.dag.vars().iter().any(|var| var.name == variable)
    }

    pub fn get(&self, name: &str) -> i64 {
        self.state[self.index(name)]
    }

    pub fn set(&mut self, name: &str, value: i64) -> &mut Self {
        let index = self.index(name);
        self.state[index] = value;
        self
    }

    /// As many running pods of a workload on each node as given.
    pub fn run_pods(&mut self, workload: &str, pods: &[(&str, i64)]) -> &mut Self {
        let mut total = self.get(&format!("pending[default/{workload}]"));
        for (node, count) in pods {
            self.set(&format!("running[default/{workload}][{node}]"), *count);
            total += count;
        }
        self.set(&format!("spec.replicas[default/{workload}]"), total);
        self.set(&format!("replicaSet[default/{workload}]"), total)
    }

    pub fn is_enabled(&self, rule: &str) -> bool {
        self.system.rule(rule).is_some_and(|rule| self.value(rule.enabled.id()) == 1)
    }

    /// Names of enabled rules that begin with this.
    pub fn enabled(&self, prefix: &str) -> Vec<&str> {
        let rules = self.system.rules.iter();
        let enabled = rules.filter(|rule| rule.name.starts_with(prefix) && self.value(rule.enabled.id()) == 1);
        enabled.map(|rule| rule.name.as_str()).collect()
    }

    /// A named detail of a rule that picks nothing.
    pub fn detail(&self, rule: &str, name: &str) -> i64 {
        let rule = self.system.rule(rule).unwrap_or_else(|| panic!("no rule {rule}"));
        let names = &self.system.names;
        let detail = rule.details.iter().find(|one| names.detail(&one.subject) == name);
        self.value(detail.expect("a detail of that name").term)
    }

    /// Everything that an enabled rule can do.
    fn outcomes(&self, name: &str) -> Vec<Outcome> {
        let rule = self.system.rule(name).unwrap_or_else(|| panic!("no rule {name}"));
        assert!(self.is_enabled(name), "{name} is not enabled");
        let mut picks = vec![vec![0; self.system.dag.choices().len()]];
        for choice in &rule.choices {
            picks = picks.iter().flat_map(|pick| self.extended(pick, choice)).collect();
        }
        picks.retain(|pick| self.evaluate(rule.constraint.id(), &[], pick) == 1);
        picks.into_iter().map(|pick| (pick.clone(), self.after(rule, &pick))).collect()
    }

    fn extended(&self, pick: &[i64], choice: &Choice) -> Vec<Vec<i64>> {
        let with = |pick: &[i64], id: kubound_encodings::term::ChoiceId, value: i64| {
            let mut pick = pick.to_vec();
            pick[id.index()] = value;
            pick
        };
        match choice {
            Choice::Value(id) => {
                let Sort::Int(range) = self.system.dag.choices()[id.index()].sort else {
                    return vec![with(pick, *id, 0), with(pick, *id, 1)];
                };
                (range.lo..=range.hi).map(|value| with(pick, *id, value)).collect()
            }
            Choice::Split { parts, low, high, total } => {
                let mut partial = vec![(pick.to_vec(), self.value(*total))];
                for ((&part, &low), &high) in parts.iter().zip(low).zip(high) {
                    let (low, high) = (self.value(low), self.value(high));
                    let step = |(pick, left): &(Vec<i64>, i64)| {
                        (low..=high.min(*left)).map(|value| (with(pick, part, value), left - value)).collect::<Vec<_>>()
                    };
                    partial = partial.iter().flat_map(step).collect();
                }
                partial.into_iter().filter(|(_, left)| *left == 0).map(|(pick, _)| pick).collect()
            }
        }
    }

    fn after(&self, rule: &Rule, pick: &[i64]) -> Vec<i64> {
        let mut next = self.state.clone();
        for &(var, term) in &rule.updates {
            next[var.index()] = self.evaluate(term, &[], pick);
        }
        for monitor in &self.system.monitors {
            next[monitor.var.index()] = self.evaluate(monitor.next, &next, &[]);
        }
        next
    }

    /// The values that some variables can have after a rule, sorted and distinct.
    pub fn results(&self, rule: &str, variables: &[&str]) -> Vec<Vec<i64>> {
        let indices: Vec<usize> = variables.iter().map(|name| self.index(name)).collect();
        let of = |(_, next): &Outcome| indices.iter().map(|&index| next[index]).collect::<Vec<i64>>();
        let mut results: Vec<Vec<i64>> = self.outcomes(rule).iter().map(of).collect();
        results.sort();
        results.dedup();
        results
    }

    /// Fires a rule with its first pick.
    pub fn fire(&mut self, rule: &str) -> &mut Self {
        let (_, next) = self.outcomes(rule).into_iter().next().unwrap_or_else(|| panic!("{rule} has no pick"));
        self.state = next;
        self
    }

    /// Fires fast rules until none is enabled.
    pub fn calm(&mut self) -> &mut Self {
        for _ in 0..1000 {
            let fast = self.system.rules.iter().filter(|rule| rule.pace == Pace::Fast);
            let Some(rule) = fast.into_iter().find(|rule| self.value(rule.enabled.id()) == 1) else { return self };
            let name = rule.name.clone();
            self.fire(&name);
        }
        panic!("fast rules do not end");
    }

    /// Whether the invariant of the only property holds here.
    pub fn holds(&self) -> bool {
        match self.system.properties[0].claim {
            Claim::Invariant(holds) => self.value(holds.id()) == 1,
            ref other => panic!("{other:?} is no invariant"),
        }
    }
}

/// A policy of one plugin without limits.
pub fn policy(plugin: DeschedulerPlugin, evictor: Evictor) -> DeschedulerPolicy {
    DeschedulerPolicy {
        plugins: vec![EnabledPlugin { plugin, evictor, origin: origin() }],
        node_selector: None,
        max_per_node: None,
        max_per_namespace: None,
        max_total: None,
        interval: 300,
        origin: origin(),
    }
}
