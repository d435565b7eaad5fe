//! The cluster in every state of a run: where its pods are, and how many of them are ready.

use super::{Look, NodeSceneDocument, PodsDocument, Stage, at, terms_of_places};
use crate::limits::report::FILM;
use crate::trace::Trace;
use crate::trace::places::Places;
use kubound_encodings::scene::Scene;
use kubound_encodings::term::TermId;
use kubound_encodings::term::eval::evaluate_each;

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
        let places = Places::of(&self.systems.fine, system)?;
        let terms = terms(scene);
        let states: Vec<Vec<i64>> = (0..=trace.steps.len()).map(|index| places.state(trace, index)).collect();
        let values = evaluate_each(&system.dag, &terms, states.iter().map(at));
        let picture = |(state, values): (Vec<i64>, Vec<i64>)| {
            let values = terms.iter().copied().zip(values).collect();
            Look { system, state, values }.picture(scene)
        };
        Some(Ok(states.into_iter().zip(values).map(picture).collect()))
    }
}

/// What a picture shows.
fn terms(scene: &Scene) -> Vec<TermId> {
    let workloads = scene.workloads.iter().flat_map(|one| [one.exists, one.ready].into_iter().chain(one.wanted));
    terms_of_places(scene).chain(workloads).collect()
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
