//! What is in a folder, without asking for everything that a check needs.

use super::draft::Draft;
use super::error::InputError;
use super::load::Loader;
use super::source::Disk;
use kubound_encodings::cluster::{NodePool, WorkloadRef};
use std::path::Path;

/// The objects of a folder that matter.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Survey {
    /// The file of a scenario that is there already.
    pub scenario: Option<String>,
    /// Deployments and ReplicaSets.
    pub workloads: Vec<WorkloadRef>,
    /// Workloads with an autoscaler.
    pub autoscaled: Vec<WorkloadRef>,
    /// Nodes.
    pub nodes: Vec<NodePool>,
    /// Whether a descheduler has a policy.
    pub has_descheduler: bool,
    /// Whether there are disruption budgets.
    pub has_budgets: bool,
}

/// Looks through a folder.
pub fn survey(folder: &Path) -> Result<Survey, InputError> {
    let loader = Loader::new(&Disk);
    let mut draft = Draft::new();
    let scenario = loader.read_folder(folder, &mut draft)?;
    let workloads: Vec<WorkloadRef> = draft.workloads.iter().map(|one| one.workload.reference.clone()).collect();
    let targets = draft.hpas.iter().map(|one| one.hpa.target.clone());
    Ok(Survey {
        scenario,
        autoscaled: targets.filter(|target| workloads.contains(target)).collect(),
        workloads,
        nodes: draft.pools,
        has_descheduler: draft.descheduler.is_some(),
        has_budgets: !draft.budgets.is_empty(),
    })
}
