//! Random clusters that an API server accepts: a few nodes and workloads, some letters of an alphabet that depends on the
//! profile, and one or two events. The same seed and profile give the same cluster on every machine.

mod autoscaling;
mod descheduling;
mod events;
mod nodes;
mod pods;
mod profiles;
mod rules;
mod schedulers;
mod volumes;
mod workloads;

use crate::made::{Made, kind};
use crate::plane::PlaneKind;
use crate::random::Random;
pub use profiles::{PROFILES, Profile};
use serde_json::{Value, json};

/// Adds something to a cluster.
pub type Letter = fn(&mut Sketch);

/// A cluster under construction.
pub struct Sketch {
    pub random: Random,
    /// Whether amounts are odd numbers of thousandths that just fit, or just do not.
    pub is_brim: bool,
    pub made: Made,
}

/// The cluster of a seed.
pub fn draw(profile: &Profile, seed: u64) -> Made {
    let mut sketch = Sketch {
        random: Random::new(seed ^ (profile.number() << 32)),
        is_brim: profile.is_brim,
        made: Made::default(),
    };
    nodes::add(&mut sketch);
    for _ in 0..sketch.one_of(&[1, 2, 2, 2, 3]) {
        let kind = sketch.one_of(profile.kinds);
        workloads::add(&mut sketch, kind);
    }
    for _ in 0..sketch.random.within(1, 5) {
        let letter = weighted(&mut sketch.random, profile.letters);
        letter(&mut sketch);
    }
    for _ in 0..profile.events_each {
        let event = weighted(&mut sketch.random, profile.events);
        event(&mut sketch);
    }
    if profile.kind == PlaneKind::Schedulers {
        sketch.made.scheduler = Some(schedulers::configuration());
    }
    if profile.kind == PlaneKind::Descheduled {
        sketch.made.descheduler = Some(descheduling::policy(&mut sketch));
    }
    sketch.made
}

fn weighted<T: Copy>(random: &mut Random, choices: &[(i64, T)]) -> T {
    let all = choices.iter().map(|(share, _)| share).sum();
    let mut drawn = random.within(1, all);
    let found = choices.iter().find(|(share, _)| {
        drawn -= share;
        drawn <= 0
    });
    found.expect("shares add up").1
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
        self.random.within(0, self.made.workloads.len() as i64 - 1) as usize
    }

    /// The number of some workload of one of these kinds.
    pub fn some_of(&mut self, kinds: &[&str]) -> Option<usize> {
        let workloads = &self.made.workloads;
        let fitting: Vec<usize> = (0..workloads.len()).filter(|&one| kinds.contains(&kind(&workloads[one]))).collect();
        (!fitting.is_empty()).then(|| self.random.pick(&fitting))
    }

    /// The name of some workload.
    pub fn some_name(&mut self) -> String {
        let one = self.some_workload();
        crate::made::name(&self.made.workloads[one]).to_owned()
    }

    /// The name of some node.
    pub fn some_node(&mut self) -> String {
        format!("n{}", self.random.within(0, self.made.nodes.len() as i64 - 1))
    }

    /// The specification of the pods of some workload.
    pub fn some_pod(&mut self) -> &mut Value {
        let one = self.some_workload();
        pod_of(&mut self.made.workloads[one])
    }

    /// CPU that a pod requests.
    pub fn cpu(&mut self) -> Value {
        if !self.is_brim {
            return self.one_of(&["100m", "250m", "250m", "500m", "500m", "750m", "1"]).into();
        }
        let node = self.random.within(0, self.made.nodes.len() as i64 - 1) as usize;
        let text = self.made.nodes[node]["status"]["allocatable"]["cpu"].as_str().unwrap_or_default().to_owned();
        let whole: i64 = text.trim_end_matches('m').parse().unwrap_or(1000);
        let part = whole / self.random.within(1, 4) + self.one_of(&[-1, 0, 0, 0, 1]);
        format!("{}m", part.max(1)).into()
    }
}

/// The specification of the pods of a workload.
pub fn pod_of(manifest: &mut Value) -> &mut Value {
    &mut manifest["spec"]["template"]["spec"]
}

/// Adds to a list that may not be there yet.
pub fn push(list: &mut Value, item: Value) {
    match list {
        Value::Array(items) => items.push(item),
        other => *other = json!([item]),
    }
}
