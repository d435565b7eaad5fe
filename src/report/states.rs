//! The states of a run, decoded: what every variable of the model stands for, where it starts, and what each step
//! changes. Nodes that a run does not have are left out, and so is what only serves to judge the run.

use super::document::{NodeDocument, VariableDocument};
use super::narrate::{ChangeDocument, ToldStep};
use super::nodes::ScoreDocument;
use super::origin::OriginDocument;
use super::{sizes, variables};
use crate::manifest::SourceMap;
use crate::trace::Trace;
use kubound_encodings::cluster::{Cluster, NodePool};
use kubound_encodings::subject::{ObjectId, Subject};
use kubound_encodings::system::{Pace, Phrase, Role, TransitionSystem};
use kubound_encodings::term::Sort;

/// What the variables of a system stand for in the runs from one initial state.
pub struct Decoder<'a> {
    system: &'a TransitionSystem,
    nodes: Vec<NodeDocument>,
    /// Names of the nodes that other runs have, and this one does not.
    absent: Vec<String>,
    /// `Kind/namespace/name`.
    workloads: Vec<String>,
    /// Milliseconds of a unit of time, where time is counted.
    unit: Option<i64>,
}

impl<'a> Decoder<'a> {
    /// For runs from `initial`.
    pub fn new(cluster: &Cluster, system: &'a TransitionSystem, initial: &[i64]) -> Self {
        let (mut nodes, mut absent) = (Vec::new(), Vec::new());
        for pool in &cluster.pools {
            let present = sizes::pool_size(pool, system, initial);
            for index in 0..usize::try_from(pool.most_nodes()).unwrap_or(0) {
                if (index as i64) < present || pool.autoscaling.is_some() {
                    nodes.push(node(pool, index));
                } else {
                    absent.push(pool.slot_name(index));
                }
            }
        }
        let references = cluster.workloads.iter().map(|workload| &workload.reference);
        let workloads = references.map(ToString::to_string).collect();
        Self { system, nodes, absent, workloads, unit: unit(system) }
    }

    /// The nodes of the run.
    pub fn nodes(&self) -> Vec<NodeDocument> {
        self.nodes.clone()
    }

    /// The variables of the run, with their values before the first step.
    pub fn variables(&self, trace: &Trace) -> Vec<VariableDocument> {
        self.shown().map(|index| self.variable(index, trace.initial[index])).collect()
    }

    /// What step `index` changes.
    pub fn changes(&self, trace: &Trace, index: usize) -> Vec<ChangeDocument> {
        let (before, after) = (trace.state(index), trace.state(index + 1));
        let changed = self.shown().filter(|&index| before[index] != after[index]);
        changed
            .map(|index| ChangeDocument {
                variable: self.name(index).to_owned(),
                before: before[index],
                after: after[index],
            })
            .collect()
    }

    /// The scores that a scheduling decision compared, best first.
    pub fn scores(&self, step: &ToldStep) -> Vec<ScoreDocument> {
        let chosen = step.about.node.as_ref();
        let scores = step.about.scores.iter();
        let present = scores.filter(|(name, _)| self.nodes.iter().any(|node| node.name == *name));
        let mut scores: Vec<ScoreDocument> = present
            .map(|(name, value)| ScoreDocument {
                node: name.clone(),
                score: (*value >= 0).then_some(*value),
                chosen: Some(name) == chosen,
                refused: Vec::new(),
                shares: Vec::new(),
            })
            .collect();
        scores.sort_by_key(|score| (!score.chosen, std::cmp::Reverse(score.score)));
        scores
    }

    /// Completes the steps of a run with what they change, compare and stem from.
    pub fn complete(&self, steps: &mut [ToldStep], trace: &Trace, sources: &SourceMap) {
        for (index, step) in steps.iter_mut().enumerate() {
            step.changes = self.changes(trace, index);
            step.scores = self.scores(step);
            let origins = self.system.rule(&step.rule).map_or(&[][..], |rule| &rule.origins);
            step.origins = origins.iter().map(|origin| OriginDocument::new(origin, None, sources)).collect();
        }
    }

    /// The variables that a report shows, in their order.
    fn shown(&self) -> impl Iterator<Item = usize> {
        let is_shown = |&index: &usize| {
            let names = &self.system.names;
            let mut slots = self.system.dag.vars()[index].subject.slots();
            let is_absent = slots.any(|slot| self.absent.contains(&names.slots[slot.index()].name));
            self.system.vars[index].role != Role::Monitor && !is_absent
        };
        (0..self.system.vars.len()).filter(is_shown)
    }

    fn name(&self, index: usize) -> &str {
        &self.system.dag.vars()[index].name
    }

    /// The workload that an object is, or a part of its first revision.
    fn workload(&self, object: ObjectId) -> Option<String> {
        let names = &self.system.names;
        let own = names.object(object);
        let is_first = own.revision == 0 && own.level == 0;
        let name = names.workload(object);
        (is_first && self.workloads.contains(&name)).then_some(name)
    }

    fn variable(&self, index: usize, initial: i64) -> VariableDocument {
        let decl = &self.system.dag.vars()[index];
        let names = &self.system.names;
        let node = decl.subject.slot.map(|slot| names.slots[slot.index()].name.clone());
        let workload = decl.subject.object.and_then(|object| self.workload(object));
        // What the workload or the node does not tell already.
        let object = decl.subject.object.filter(|_| workload.is_none());
        let what = names.variable(&Subject { object, slot: None, ..decl.subject.clone() });
        VariableDocument {
            name: decl.name.clone(),
            role: match self.system.vars[index].role {
                Role::Frozen => "size",
                Role::Cluster => "cluster",
                Role::Clock => "clock",
                Role::Budget => "budget",
                Role::Monitor => "monitor",
            },
            workload,
            node,
            what,
            words: variables::words(names, &decl.subject),
            pods: variables::pods(names, &decl.subject),
            milliseconds: self.unit.filter(|_| variables::counts_time(&decl.subject)),
            is_flag: decl.sort == Sort::Bool,
            initial,
        }
    }
}

/// Milliseconds of a unit of time, which the rules say by which it passes.
fn unit(system: &TransitionSystem) -> Option<i64> {
    let said = system.rules.iter().filter(|rule| rule.pace == Pace::Clock).flat_map(|rule| &rule.sentence);
    said.filter_map(|phrase| if let Phrase::Seconds { unit, .. } = phrase { Some(*unit) } else { None }).next()
}

fn node(pool: &NodePool, index: usize) -> NodeDocument {
    NodeDocument {
        name: pool.slot_name(index),
        pool: pool.name.clone(),
        labels: pool.slot_labels(index).into_iter().collect(),
        room: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubound_encodings::assemble::assemble;
    use kubound_encodings::cluster::{Granularity, Span};
    use kubound_encodings::system::Origin;

    fn cluster() -> Cluster {
        let pool = NodePool {
            name: "spot".into(),
            is_single_node: false,
            count: Span::new(0, 3, 1).expect("not empty"),
            autoscaling: None,
            labels: Default::default(),
            taints: Vec::new(),
            startup_taints: Vec::new(),
            unschedulable: false,
            allocatable: [("cpu".to_owned(), Span::new(1000, 4000, 1000).expect("not empty"))].into_iter().collect(),
            pods: Span::exactly(110),
            origin: Origin { object: "Scenario".into(), field: String::new() },
        };
        Cluster { pools: vec![pool], ..Cluster::default() }
    }

    #[test]
    fn nodes_that_a_run_does_not_have_are_left_out() {
        let cluster = cluster();
        let system = assemble(&cluster, Granularity::Fine).expect("supported");
        let initial = vec![2; system.vars.len()];
        let decoder = Decoder::new(&cluster, &system, &initial);
        let names: Vec<String> = decoder.nodes().into_iter().map(|node| node.name).collect();
        assert_eq!(names, ["spot-0", "spot-1"]);
        let trace = Trace { initial, steps: Vec::new(), ending: crate::trace::Ending::Stays };
        let variables = decoder.variables(&trace);
        assert!(variables.iter().any(|one| one.node.as_deref() == Some("spot-1")));
        assert!(variables.iter().all(|one| !one.name.contains("spot-2")), "{variables:?}");
    }
}
