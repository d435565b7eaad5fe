//! Small searches on small systems: an engine that, asked about few nodes or pods, is given the system of a cluster
//! cut down to that size instead of the whole one with a condition on its initial states. The question is the same;
//! the system has fewer slots and smaller numbers, so that it is built and solved several times faster.

use super::Systems;
use crate::engines::{Answer, Cancel, Engine, EngineError, Limits, Outcome};
use crate::limits::Stop;
use crate::trace::expand::transfer;
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::{Cluster, Granularity, Span};
use kubound_encodings::system::TransitionSystem;

/// See the module.
pub struct Restricted<'a> {
    /// The engine that searches.
    pub engine: &'a dyn Engine,
    /// The cluster behind the systems.
    pub cluster: &'a Cluster,
    /// The granularity of the system searched.
    pub granularity: Granularity,
}

impl<'a> Restricted<'a> {
    /// For the system that `systems` searches.
    pub fn new(engine: &'a dyn Engine, cluster: &'a Cluster, systems: &Systems) -> Self {
        let granularity = if systems.fused.is_some() { Granularity::Fused } else { Granularity::Fine };
        Self { engine, cluster, granularity }
    }

    /// Whether limits cut the cluster down at all.
    pub fn is_smaller(&self, limits: &Limits) -> bool {
        cut_down(self.cluster, limits) != *self.cluster
    }
}

impl Engine for Restricted<'_> {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn decide(
        &self,
        system: &TransitionSystem,
        property: usize,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Outcome, EngineError> {
        let small = cut_down(self.cluster, limits);
        if small == *self.cluster {
            return self.engine.decide(system, property, limits, cancel);
        }
        let internal = |what: String| EngineError::Internal(format!("a smaller cluster: {what}"));
        let reduced = match Stop::of(limits, cancel).heed(|| assemble(&small, self.granularity)) {
            Ok(assembled) => assembled.map_err(|error| internal(error.to_string()))?,
            Err(stopped) => return Ok(Outcome::unknown(stopped.to_string())),
        };
        let mut outcome = self.engine.decide(&reduced, property, limits, cancel)?;
        if let Answer::Violated(trace) = outcome.answer {
            let trace = transfer(system, &reduced, &trace).map_err(|error| internal(error.to_string()))?;
            outcome.answer = Answer::Violated(Box::new(trace));
        }
        Ok(outcome)
    }
}

/// The cluster without the sizes that the limits exclude: no pool and no initial `spec.replicas` above them.
fn cut_down(cluster: &Cluster, limits: &Limits) -> Cluster {
    let cut = |span: Span, most: Option<i64>| match most {
        Some(most) => Span::new(span.lo, span.hi.min(most), span.step).unwrap_or(span),
        None => span,
    };
    let mut small = cluster.clone();
    for pool in &mut small.pools {
        pool.count = cut(pool.count, limits.nodes);
    }
    for workload in &mut small.workloads {
        workload.replicas = cut(workload.replicas, limits.pods);
    }
    small
}
