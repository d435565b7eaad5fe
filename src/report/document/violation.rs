//! A violation in words: a run, what its state consists of, how it ends, and who has to be late for it.

use super::super::narrate::ToldStep;
use super::super::nodes::RoomDocument;
use super::super::scene::SceneDocument;
use super::super::words::{self, Word};
use crate::search::late::Late;
use crate::search::scope::Size;
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A violation in words.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ViolationDocument {
    /// Most nodes at a time.
    pub nodes: i64,
    /// The nodes.
    pub machines: Vec<NodeDocument>,
    /// Number of nodes of each pool that has any.
    pub pools: Vec<Size>,
    /// Most pods at a time.
    pub pods: i64,
    /// Whether smaller clusters were ruled out.
    pub minimised: bool,
    /// Other values that were ranges, in units of the input.
    pub values: Vec<Size>,
    /// What the state consists of, with its value before the first step; steps tell what they change in it.
    pub variables: Vec<VariableDocument>,
    /// The steps.
    pub steps: Vec<ToldStep>,
    /// `bad`: the last state violates the intent; `stays`: no controller has anything left to do; `loop`.
    #[schemars(extend("enum" = ["bad", "stays", "loop"]))]
    #[serde(deserialize_with = "words::known")]
    pub ending: Word,
    /// How many steps at the beginning only bring the cluster up: controllers react to each other, and nothing happens to
    /// it. 0 where that is all of the run.
    #[serde(default)]
    pub start_up: usize,
    /// First and last step of the loop, counted from 1.
    #[serde(rename = "loop")]
    pub repeats: Option<(usize, usize)>,
    /// `inevitable`, `possible` or `undecided`.
    #[schemars(extend("enum" = ["inevitable", "possible", "undecided"]))]
    #[serde(deserialize_with = "words::known")]
    pub inevitability: Word,
    /// The step whose picks decide, counted from 1.
    pub needs_choice_at: Option<usize>,
    /// Who has to be late for it; none where nobody has to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late: Option<LateDocument>,
    /// The cluster where it ends, and what waits there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene: Option<SceneDocument>,
}

/// A node of a run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NodeDocument {
    /// Its name.
    pub name: String,
    /// The pool it is of.
    pub pool: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// How full it is before the first step, where that is known; steps tell what they change about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub room: Vec<RoomDocument>,
}

/// A variable of the model.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VariableDocument {
    /// Its name, by which steps refer to it.
    pub name: String,
    /// `size`: never changes; `cluster`: part of the cluster; `clock`: a timer; `budget`: what may still happen.
    #[schemars(extend("enum" = ["size", "cluster", "clock", "budget"]))]
    #[serde(deserialize_with = "words::known")]
    pub role: Word,
    /// The workload it is about.
    pub workload: Option<String>,
    /// The node it is about.
    pub node: Option<String>,
    /// What it counts or says of them, such as `running`.
    pub what: String,
    /// What it says, in words; no two variables of a run have the same.
    #[serde(default)]
    pub words: String,
    /// The pods that it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods: Option<CountedDocument>,
    /// Of one that counts time: how long a unit is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<i64>,
    /// Whether it is true (1) or false (0).
    pub is_flag: bool,
    /// Its value before the first step.
    pub initial: i64,
}

/// Pods that a variable counts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CountedDocument {
    /// What they are pods of, as names have it: `default/web@2`.
    pub of: String,
    /// The workload that they belong to: `Deployment/default/web`.
    pub workload: String,
    /// Their status, as `kubectl get pods` has it where it can.
    pub status: String,
}

/// Who is late in a violation that needs it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LateDocument {
    /// The controller that is late.
    pub who: String,
    /// Who comes first.
    pub behind: String,
    /// What they do, as Kubernetes Events name it.
    pub reason: String,
    /// The step at which they do it, counted from 1; steps tell who is late at them.
    pub step: usize,
    /// Whether the violation lasts, however fast everybody is from then on.
    pub lasts: bool,
}

impl ViolationDocument {
    /// The values of all variables before the first step and after each, in the order of the variables.
    pub fn states(&self) -> Vec<Vec<i64>> {
        let index: FxHashMap<&str, usize> =
            self.variables.iter().enumerate().map(|(index, variable)| (variable.name.as_str(), index)).collect();
        let mut state: Vec<i64> = self.variables.iter().map(|variable| variable.initial).collect();
        let mut states = vec![state.clone()];
        for step in &self.steps {
            for change in &step.changes {
                if let Some(&index) = index.get(change.variable.as_str()) {
                    state[index] = change.after;
                }
            }
            states.push(state.clone());
        }
        states
    }
}

impl LateDocument {
    pub(super) fn new(late: &Late, steps: &[ToldStep]) -> Option<Self> {
        let first = late.steps.first()?;
        let step = &steps[first.step];
        Some(Self {
            who: first.late.first()?.clone(),
            behind: step.actor.clone(),
            reason: step.reason.clone(),
            step: step.number,
            lasts: late.lasts,
        })
    }

    /// Who is late for whom, in words.
    pub(super) fn told(&self) -> String {
        let Self { who, behind, reason, step, .. } = self;
        format!("a race, {who} is late for {behind} ({reason}, step {step})")
    }
}
