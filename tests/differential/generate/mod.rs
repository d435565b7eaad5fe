//! Random inputs: a small cluster, and some letters of an alphabet that are added to it. The more letters there are, the
//! fewer nodes and pods, so that most clusters can be decided.

mod autoscaling;
mod descheduling;
mod events;
mod intents;
mod nodes;
mod pods;
mod policies;
mod scheduling;
mod start;
mod workloads;

use crate::input::{Input, MANIFESTS, SCENARIO};
use crate::random::Random;
use kubound_encodings::cluster::Cluster;
use serde_json::{Map, Value, json};

/// How often an input is drawn anew because the reader refuses what was drawn.
const ATTEMPTS: u64 = 8;

/// A workload as it is written.
pub struct Written {
    /// `Kind/namespace/name`.
    pub reference: String,
    /// The manifest.
    pub manifest: Value,
    /// Its entry in the scenario.
    pub settings: Map<String, Value>,
    /// Whether an event creates it.
    pub is_created: bool,
}

/// How many nodes and replicas there are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Small,
    Medium,
    Large,
}

/// An input under construction.
pub struct Sketch {
    pub random: Random,
    pub size: Size,
    /// Pools of the scenario.
    pub pools: Vec<Value>,
    /// Nodes of their own.
    pub nodes: Vec<Value>,
    pub workloads: Vec<Written>,
    /// Manifests of other objects.
    pub objects: Vec<Value>,
    /// Files that events read.
    pub files: Vec<(String, Value)>,
    pub events: Vec<Value>,
    pub intents: Vec<Value>,
    /// What else the scenario says.
    pub spec: Map<String, Value>,
}

/// Adds something to a cluster.
type Letter = fn(&mut Sketch);

/// What was drawn for a seed.
pub struct Drawn {
    pub input: Input,
    /// As it is read.
    pub cluster: Cluster,
    /// Why earlier draws were refused by the reader.
    pub refused: Vec<String>,
}

/// The input of a seed.
pub fn input(seed: u64) -> Drawn {
    let mut refused = Vec::new();
    for attempt in 0..ATTEMPTS {
        let input = draw(&mut Random::new(seed.wrapping_add(attempt << 40)));
        match input.load() {
            Ok(loaded) => return Drawn { input, cluster: loaded.cluster, refused },
            Err(why) => refused.push(why),
        }
    }
    panic!("seed {seed}: {refused:#?}");
}

fn draw(random: &mut Random) -> Input {
    let letters = random.pick(&[0, 1, 2, 3, 4, 4, 5, 5, 6, 8]);
    let size = match letters {
        0..3 => random.pick(&[Size::Small, Size::Medium, Size::Large]),
        3..5 => random.pick(&[Size::Small, Size::Small, Size::Medium]),
        _ => random.pick(&[Size::Small, Size::Small, Size::Small, Size::Medium]),
    };
    let mut sketch = Sketch {
        random: random.clone(),
        size,
        pools: Vec::new(),
        nodes: Vec::new(),
        workloads: Vec::new(),
        objects: Vec::new(),
        files: Vec::new(),
        events: Vec::new(),
        intents: Vec::new(),
        spec: Map::new(),
    };
    nodes::add(&mut sketch);
    workloads::add(&mut sketch);
    // Each topic gets its share, however many letters it has.
    let topics: [(i64, &[Letter]); 9] = [
        (10, nodes::LETTERS),
        (26, pods::LETTERS),
        (12, workloads::LETTERS),
        (14, autoscaling::LETTERS),
        (14, descheduling::LETTERS),
        (13, scheduling::LETTERS),
        (10, policies::LETTERS),
        (26, events::LETTERS),
        (8, start::LETTERS),
    ];
    for _ in 0..letters {
        let all: i64 = topics.iter().map(|(share, _)| share).sum();
        let mut drawn = sketch.random.within(1, all);
        let topic = topics.iter().find(|(share, _)| {
            drawn -= share;
            drawn <= 0
        });
        let (_, letters) = topic.expect("shares add up");
        let letter = sketch.random.pick(letters);
        letter(&mut sketch);
    }
    start::add(&mut sketch);
    for _ in 0..sketch.random.pick(&[1, 1, 2, 2, 3]) {
        intents::add(&mut sketch);
    }
    sketch.finish()
}

impl Sketch {
    /// True in that many of a hundred cases.
    pub fn percent(&mut self, chance: i64) -> bool {
        self.random.percent(chance)
    }

    /// One of these.
    pub fn one_of<T: Clone>(&mut self, values: &[T]) -> T {
        self.random.pick(values)
    }

    /// The number of some workload.
    pub fn some_workload(&mut self) -> usize {
        self.random.within(0, self.workloads.len() as i64 - 1) as usize
    }

    /// The number of some workload of one of these kinds.
    pub fn some_of(&mut self, kinds: &[&str]) -> Option<usize> {
        let fitting: Vec<usize> = (0..self.workloads.len()).filter(|&one| kinds.contains(&self.kind(one))).collect();
        (!fitting.is_empty()).then(|| self.random.pick(&fitting))
    }

    /// The kind of a workload.
    pub fn kind(&self, workload: usize) -> &str {
        self.workloads[workload].reference.split('/').next().unwrap_or_default()
    }

    /// The name of a workload.
    pub fn name(&self, workload: usize) -> &str {
        self.workloads[workload].reference.rsplit('/').next().unwrap_or_default()
    }

    /// The specification of the pods of a workload.
    pub fn pod(&mut self, workload: usize) -> &mut Value {
        pod_of(&mut self.workloads[workload].manifest)
    }

    /// The first container of the pods of a workload.
    pub fn container(&mut self, workload: usize) -> &mut Value {
        &mut self.pod(workload)["containers"][0]
    }

    /// Names of all pools and single nodes.
    pub fn pool_names(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let pools = self.pools.iter().map(|pool| text(&pool["name"]));
        pools.chain(self.nodes.iter().map(|node| text(&node["metadata"]["name"]))).collect()
    }

    /// The name of some node that may exist.
    pub fn some_node(&mut self) -> String {
        let mut names = Vec::new();
        for pool in &self.pools {
            let most = nodes::most(pool);
            names.extend((0..most).map(|slot| format!("{}-{slot}", pool["name"].as_str().unwrap_or_default())));
        }
        names.extend(self.nodes.iter().map(|node| node["metadata"]["name"].as_str().unwrap_or_default().to_owned()));
        self.random.pick(&names)
    }

    fn finish(self) -> Input {
        let mut spec = self.spec;
        spec.insert("nodes".into(), self.pools.into());
        spec.insert("events".into(), self.events.into());
        spec.insert("intents".into(), self.intents.into());
        spec.insert("resources".into(), json!([MANIFESTS]));
        let mut settings = Vec::new();
        let mut manifests = self.nodes;
        for workload in self.workloads {
            if !workload.settings.is_empty() {
                let mut entry = workload.settings;
                entry.insert("target".into(), workload.reference.into());
                settings.push(Value::from(entry));
            }
            if !workload.is_created {
                manifests.push(workload.manifest);
            }
        }
        spec.insert("workloads".into(), settings.into());
        spec.retain(|_, value| !value.as_array().is_some_and(Vec::is_empty));
        manifests.extend(self.objects);
        let scenario = json!({
            "apiVersion": "kubound.dev/v1alpha1", "kind": "Scenario", "metadata": {"name": "random"}, "spec": spec,
        });
        let mut files = vec![(SCENARIO.to_owned(), vec![scenario]), (MANIFESTS.to_owned(), manifests)];
        files.extend(self.files.into_iter().map(|(name, manifest)| (name, vec![manifest])));
        Input { files }
    }
}

/// The specification of the pods of a manifest.
pub fn pod_of(manifest: &mut Value) -> &mut Value {
    match manifest["kind"].as_str() {
        Some("Pod") => &mut manifest["spec"],
        Some("CronJob") => &mut manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        _ => &mut manifest["spec"]["template"]["spec"],
    }
}

/// Adds to a list that may not be there yet.
pub fn push(list: &mut Value, item: Value) {
    match list {
        Value::Array(items) => items.push(item),
        other => *other = json!([item]),
    }
}
