//! `setup.pods`: those that are there at first. Idle ones are room for pods to come, which nothing here needs.

use super::super::ErrorKind;
use super::super::Severity::{Harmless, Risky};
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::view::{Fields, Ignored, View};
use super::nodes::Name;
use super::templates::{CORE, PodTemplate};
use super::{Deployment, MOST_UNITS, read_index};
use crate::limits::reader::MAX_REPLICAS;
use kubound_encodings::cluster::workload::Usage;
use kubound_encodings::cluster::{PlacedPhase, Placement, Span};
use std::collections::BTreeMap;

const REST: &[Ignored] = &[
    ("id", Harmless, "pods of a workload are not told apart"),
    ("memory", Harmless, "memory in use counts as requested"),
    ("important", Harmless, "a value of Kivi's own search"),
    ("score", Harmless, "a value of Kivi's own search"),
    ("curCpuIndex", Harmless, "a value of Kivi's own search"),
    ("startTime", Harmless, "start-up of pods that run at first is over"),
    ("labels", Harmless, "labels of the pod template count"),
    ("workloadType", Harmless, "deployments are the only workloads"),
];

/// Reads the pods; what running ones use becomes the usage of their workload, unless the pod template says it.
pub(super) fn read(
    setup: &Fields,
    names: &[Name],
    deployments: &[Deployment],
    draft: &mut Draft,
) -> Result<Vec<Placement>, InputError> {
    let mut counts: BTreeMap<(usize, Option<usize>, PlacedPhase), (i64, View)> = BTreeMap::new();
    let mut usage: BTreeMap<usize, i64> = BTreeMap::new();
    for view in setup.items("pods")? {
        let fields = view.fields()?;
        let status = fields.read("status", |view| view.integer(0..=3).map(|status| (status, view)))?;
        let phase = match status {
            None | Some((0, _)) => continue,
            Some((1, _)) => PlacedPhase::Running,
            Some((2, _)) => PlacedPhase::Pending,
            Some(_) => PlacedPhase::Terminating,
        };
        let owner = fields.require("workloadId", "the number of a deployment")?;
        let workload = read_index(&owner, deployments.len(), "a deployment")?;
        let place = fields.require("loc", "the number of a node, or 0")?;
        let node = if phase == PlacedPhase::Pending { None } else { Some(read_index(&place, names.len(), "a node")?) };
        if let Some(view) = fields.get("podTemplateId")
            && view.integer(0..=i64::MAX)? != i64::try_from(deployments[workload].template).unwrap_or(i64::MAX) + 1
        {
            view.note(Risky, "not the pod template of its deployment, which counts");
        }
        if let Some(view) = fields.get("cpu") {
            let cpu = view.integer(0..=MOST_UNITS)?;
            let first = *usage.entry(workload).or_insert(cpu);
            if first != cpu {
                view.note(Risky, format!("pods of a workload use alike: {first}, not {cpu}"));
            }
        }
        fields.note_rest(REST);
        let count = counts.entry((workload, node, phase)).or_insert((0, view.clone()));
        count.0 += 1;
        if count.0 > MAX_REPLICAS {
            return Err(view.error("too many pods").kind(ErrorKind::Range).expected(format!("at most {MAX_REPLICAS}")));
        }
    }
    for (workload, units) in usage {
        let reference = &deployments[workload].reference;
        let read = draft.workloads.iter_mut().find(|read| read.workload.reference == *reference);
        if let Some(read) = read.filter(|read| units > 0 && read.workload.cpu_usage == Usage::Request) {
            read.workload.cpu_usage = Usage::PerPod(Span::exactly(units * CORE));
        }
    }
    let placed = counts.into_iter().map(|((workload, node, phase), (pods, view))| Placement {
        target: deployments[workload].reference.clone(),
        pool: node.map(|node| names[node].pool.clone()),
        pods: Span::exactly(pods),
        phase,
        origin: view.origin(),
    });
    Ok(placed.collect())
}

/// What the pods listed on each node request, in units of CPU and memory.
pub(super) fn used(
    placed: &[Placement],
    names: &[Name],
    deployments: &[Deployment],
    templates: &[PodTemplate],
) -> Vec<(i64, i64)> {
    let on = |name: &Name| {
        let here = placed.iter().filter(|one| one.pool.as_ref() == Some(&name.pool));
        here.fold((0, 0), |(cpu, memory), one| {
            let owner = deployments.iter().find(|deployment| deployment.reference == one.target);
            let (pods, template) = (one.pods.hi, owner.map(|owner| &templates[owner.template]));
            let (one_cpu, one_memory) = template.map_or((0, 0), |template| (template.cpu, template.memory));
            (cpu + pods * one_cpu, memory + pods * one_memory)
        })
    };
    names.iter().map(on).collect()
}
