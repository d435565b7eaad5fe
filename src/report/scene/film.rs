//! The cluster in every state of a run: where its pods are, and how many of them are ready.

use super::{Look, NodeSceneDocument, PodsDocument, Stage, places};
use crate::limits::report::FILM;
use crate::report::narrate::values_of;
use crate::trace::Trace;
use kubound_encodings::scene::Scene;
use kubound_encodings::term::TermId;
use kubound_encodings::term::eval::Assignment;

/// The cluster in a state.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Picture {
    /// The nodes that there are.
    pub nodes: Vec<NodeSceneDocument>,
    /// Pods without a node.
    pub unplaced: Vec<PodsDocument>,
    /// The workloads that there are.
    pub workloads: Vec<CountDocument>,
}

/// How many pods of a workload are ready.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CountDocument {
    /// The workload.
    pub of: String,
    /// Its ready pods.
    pub ready: i64,
    /// How many its controller wants, if one keeps so many.
    pub wanted: Option<i64>,
}

impl Stage<'_> {
    /// The cluster before the first step of a run and after each, or why it is not known; nothing where the states of the
    /// run are not those of the cluster.
    pub fn film(&self, trace: &Trace) -> Option<Result<Vec<Picture>, String>> {
        let (system, scene) = match self.systems.scene_within(FILM)? {
            Ok(made) => (&made.0, &made.1),
            Err(why) => return Some(Err(why.to_owned())),
        };
        let places = places(&self.systems.fine, system)?;
        let terms = terms(scene);
        let picture = |index: usize| {
            let state: Vec<i64> = places.iter().map(|&place| trace.state(index)[place]).collect();
            let values = values_of(system, &terms, Assignment { vars: &state, primed: &[], choices: &[] });
            Look { system, state, values }.picture(scene)
        };
        Some(Ok((0..=trace.steps.len()).map(picture).collect()))
    }
}

/// What a picture shows.
fn terms(scene: &Scene) -> Vec<TermId> {
    let nodes = scene.nodes.iter().flat_map(|node| node.marks.iter().map(|mark| mark.0).chain([node.present]));
    let pods = scene.pods.iter().map(|pods| pods.count);
    let workloads = scene.workloads.iter().flat_map(|one| [one.exists, one.ready].into_iter().chain(one.wanted));
    nodes.chain(pods).chain(workloads).collect()
}

impl Look<'_> {
    fn picture(&self, scene: &Scene) -> Picture {
        let (nodes, unplaced) = self.places(scene);
        let workloads = scene.workloads.iter().filter(|one| self.value(one.exists) != 0).map(|one| CountDocument {
            of: one.name.clone(),
            ready: self.value(one.ready),
            wanted: one.wanted.map(|wanted| self.value(wanted)),
        });
        Picture { workloads: workloads.collect(), nodes, unplaced }
    }
}
