//! Syncs of an autoscaler, each from the memory that the real controller had then. How that memory is kept from sync to
//! sync is not compared: the model lets it expire earlier or later (tagged).

use crate::clusters::{cluster, deployment, event, node, origin, reference};
use crate::evaluator::Evaluator;
use crate::tally::Tally;
use crate::vectors::{File, field};
use kubound_encodings::cluster::hpa::{
    Behavior, Metric, MetricResource, MetricTarget, ScalingPolicy, ScalingRules, SelectPolicy,
};
use kubound_encodings::cluster::node::{CPU, MEMORY};
use kubound_encodings::cluster::workload::{Readiness, Startup, Usage};
use kubound_encodings::cluster::{EventKind, HorizontalPodAutoscaler, Span, Timing};
use serde_json::Value;

const SPEC: &str = "spec.replicas[default/web]";
const LARGEST: &str = "largest recommendation[default/web]";
const SMALLEST: &str = "smallest recommendation[default/web]";

/// What is remembered: variables and their values.
type Memory = Vec<(String, i64)>;

/// Replays the vectors; every sync is a comparison.
pub fn check(file: &File) -> Tally {
    let mut tally = Tally::default();
    for vector in &file.lines {
        let syncs: Vec<Value> = field(vector, "syncs");
        let model = Model::new(vector, &syncs);
        for sync in &syncs {
            let memory = model.memory(sync);
            let desired = model.sync(sync, &memory);
            let wrong = desired != field::<i64>(sync, "desired");
            tally.count(wrong.then(|| {
                let mut scenario = vector.clone();
                scenario["syncs"] = Value::Null;
                format!("{scenario}\n  {sync}\n  model: desired {desired}, memory {memory:?}")
            }));
        }
    }
    tally
}

/// The system of an autoscaler.
struct Model {
    evaluator: Evaluator,
    hpa: HorizontalPodAutoscaler,
    readiness: Readiness,
    most: i64,
}

impl Model {
    fn new(vector: &Value, syncs: &[Value]) -> Self {
        let hpa = autoscaler(vector);
        let most = hpa.max + 6;
        let readiness = match field::<String>(vector, "readiness").as_str() {
            "atOnce" => Readiness::AtOnce,
            _ => Readiness::After,
        };
        let mut web = deployment("web", most);
        web.startup = Some(Startup { cpu: field(vector, "startupCpu"), seconds: 300, readiness });
        web.memory_usage = Usage::PerPod(Span::exactly(field(vector, "memoryUsage")));
        let requests: [(&str, i64); 2] = [(CPU, field(vector, "cpuRequest")), (MEMORY, field(vector, "memoryRequest"))];
        web.template.cpu_requested_everywhere = requests[0].1 > 0;
        web.template.memory_requested_everywhere = requests[1].1 > 0;
        web.template.requests = requests
            .into_iter()
            .filter(|&(_, amount)| amount > 0)
            .map(|(name, amount)| (name.to_owned(), amount))
            .collect();
        let usage = syncs.iter().map(|sync| field::<i64>(sync, "cpuUsage")).max().unwrap_or(0).max(1);
        let mut cluster = cluster(vec![node("alive"), node("lost")], vec![web]);
        let to = Span { lo: 0, hi: usage, step: 1 };
        cluster.events.push(event("usage", EventKind::CpuChange { target: reference("web"), to }));
        cluster.events.push(event("failure", EventKind::NodeFailure { pool: None, recovers: true }));
        cluster.timing = Timing::Interleaved;
        cluster.hpas.push(hpa.clone());
        Self { evaluator: Evaluator::new(&cluster), hpa, readiness, most }
    }

    /// What the model keeps of what the real controller remembers.
    fn memory(&self, sync: &Value) -> Memory {
        let list = |name: &str| field::<Vec<(i64, i64)>>(sync, name);
        let mut recommendations = list("recommendations");
        if recommendations.is_empty() {
            // The first sync records the present replicas as the first recommendation.
            recommendations.push((0, field(sync, "current")));
        }
        let within = |window: i64| {
            let young = recommendations.iter().filter(move |&&(age, _)| age < window);
            young.map(|&(_, value)| value.min(self.most)).collect::<Vec<_>>()
        };
        let (down, up) = self.windows();
        let mut memory = Memory::new();
        if self.evaluator.has(LARGEST) {
            memory.push((LARGEST.to_owned(), within(down).into_iter().max().unwrap_or(0)));
        }
        if self.evaluator.has(SMALLEST) {
            memory.push((SMALLEST.to_owned(), within(up).into_iter().min().unwrap_or(self.most)));
        }
        for period in self.hpa.remembered_periods() {
            for name in ["added", "deleted"] {
                let sum: i64 = list(name).iter().filter(|&&(age, _)| age < period).map(|&(_, value)| value).sum();
                memory.push((format!("replicas {name} in {period} s[default/web]"), sum.min(self.most)));
            }
        }
        memory
    }

    fn windows(&self) -> (i64, i64) {
        match &self.hpa.behavior {
            None => (self.hpa.downscale_stabilization, 0),
            Some(behavior) => (behavior.down.stabilization, behavior.up.stabilization),
        }
    }

    /// The state before a sync.
    fn state(&self, sync: &Value, memory: &Memory) -> Vec<i64> {
        let mut state = self.evaluator.blank();
        let mut set = |name: &str, value: i64| self.evaluator.set(&mut state, name, value);
        let current: i64 = field(sync, "current");
        set(SPEC, current);
        set("replicaSet[default/web]", current);
        set("cpuUsage[default/web]", field(sync, "cpuUsage"));
        set("pending[default/web]", field(sync, "pending"));
        set("bound[default/web][alive]", field(sync, "bound"));
        set("starting[default/web][alive]", field(sync, "starting"));
        set("running[default/web][alive]", field(sync, "running"));
        set("running[default/web][lost]", field(sync, "lost"));
        set("terminating[default/web][alive]", field(sync, "terminating"));
        set("alive[alive]", 1);
        for (name, value) in memory {
            set(name, *value);
        }
        state
    }

    /// The replicas that a sync comes to.
    fn sync(&self, sync: &Value, memory: &Memory) -> i64 {
        let state = self.state(sync, memory);
        let fresh: String = field(sync, "fresh");
        let verb = match (fresh.as_str(), self.readiness) {
            ("missing", _) => "sync-before-first-sample",
            ("unready", Readiness::AtOnce) => "sync-before-readiness",
            _ => "sync",
        };
        match self.fire(verb, &state).as_slice() {
            // A sync that changes nothing is no step.
            [] => self.evaluator.get(&state, SPEC),
            [after] => self.evaluator.get(after, SPEC),
            more => panic!("{} outcomes of one sync", more.len()),
        }
    }

    fn fire(&self, verb: &str, state: &[i64]) -> Vec<Vec<i64>> {
        let rule = self.evaluator.rule(&format!("horizontal-pod-autoscaler/{verb}/default/web"));
        rule.map(|rule| self.evaluator.outcomes(rule, state)).unwrap_or_default()
    }
}

fn autoscaler(vector: &Value) -> HorizontalPodAutoscaler {
    let metric = |value: &Value| Metric {
        resource: match field::<String>(value, "resource").as_str() {
            "cpu" => MetricResource::Cpu,
            _ => MetricResource::Memory,
        },
        target: match (field(value, "utilization"), field(value, "average")) {
            (0, average) => MetricTarget::AverageValue(average),
            (percent, _) => MetricTarget::Utilization(percent),
        },
    };
    let behavior =
        (!vector["up"].is_null()).then(|| Behavior { up: rules(&vector["up"]), down: rules(&vector["down"]) });
    HorizontalPodAutoscaler {
        name: "web".into(),
        target: reference("web"),
        selector: None,
        other_metrics: Vec::new(),
        min: field(vector, "min"),
        max: field(vector, "max"),
        metrics: field::<Vec<Value>>(vector, "metrics").iter().map(metric).collect(),
        behavior,
        tolerance: Default::default(),
        sync_period: 15,
        downscale_stabilization: field(vector, "window"),
        origin: origin(),
    }
}

fn rules(value: &Value) -> ScalingRules {
    let policy = |value: &Value| match field::<String>(value, "type").as_str() {
        "Pods" => ScalingPolicy::Pods { value: field(value, "value"), period: field(value, "period") },
        _ => ScalingPolicy::Percent { value: field(value, "value"), period: field(value, "period") },
    };
    ScalingRules {
        stabilization: field(value, "window"),
        policies: field::<Vec<Value>>(value, "policies").iter().map(policy).collect(),
        select: match field::<String>(value, "select").as_str() {
            "Max" => SelectPolicy::Max,
            "Min" => SelectPolicy::Min,
            _ => SelectPolicy::Disabled,
        },
    }
}
