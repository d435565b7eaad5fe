//! What vertical autoscalers recommend: their policies, tied to the containers and the usage of their targets.

use super::NoteKind;
use super::Severity::{Harmless, Risky};
use super::draft::{ContainerPolicy, DraftVpa, DraftWorkload, UpdateMode};
use kubound_encodings::cluster::hpa::MetricResource;
use kubound_encodings::cluster::node::{CPU, MEMORY};
use kubound_encodings::cluster::vpa::{Allowed, Controlled, Part, Requests, usages};
use kubound_encodings::cluster::workload::{Share, Usage};
use kubound_encodings::cluster::{
    Event, EventKind, HorizontalPodAutoscaler, PodTemplate, VerticalPodAutoscaler, Workload,
};

/// Makes the vertical autoscalers that act, and gives their targets the templates that they recommend. Says which do not
/// act, and why.
pub(super) fn resolve(
    drafts: Vec<DraftVpa>,
    workloads: &mut [DraftWorkload],
    hpas: &[HorizontalPodAutoscaler],
    events: &[Event],
) -> Vec<VerticalPodAutoscaler> {
    let mut vpas: Vec<VerticalPodAutoscaler> = Vec::new();
    for draft in drafts {
        let Some(read) = workloads.iter_mut().find(|one| one.workload.reference == draft.target) else {
            let message = format!("{} is not among the manifests; the autoscaler is left out", draft.target);
            draft.context.note_kind(NoteKind::DanglingReference, Risky, "spec.targetRef", message);
            continue;
        };
        if vpas.iter().any(|other| other.target == draft.target) {
            let message = "a second vertical autoscaler of this workload; what both do is not defined, it is left out";
            draft.context.note(Risky, "spec.targetRef", message);
            continue;
        }
        match acts(&draft, read, events) {
            Ok(()) => vpas.extend(tie(&draft, read, hpas, events)),
            Err(Some((field, why))) => draft.context.note(Risky, field, format!("{why}; the autoscaler is left out")),
            Err(None) => draft.context.note(Harmless, "spec.updatePolicy", "it only recommends"),
        }
    }
    vpas
}

/// Whether it acts on pods that are modelled; else where that is written and why, or nothing if it is switched off.
fn acts(draft: &DraftVpa, read: &DraftWorkload, events: &[Event]) -> Result<(), Option<(&'static str, &'static str)>> {
    if draft.mode == UpdateMode::Off {
        return Err(None);
    }
    let workload = &read.workload;
    let target = "spec.targetRef";
    if !workload.has_replica_sets() {
        return Err(Some((target, "requests of Deployments and ReplicaSets only are modelled as changing")));
    }
    let restarts = |event: &Event| matches!(&event.kind, EventKind::Rollout { target } if *target == draft.target);
    if !read.later.is_empty() || events.iter().any(restarts) {
        return Err(Some((target, "events change the template of its pods, whose requests then stay as they are")));
    }
    if read.is_limited {
        return Err(Some((target, "a LimitRange of the namespace would cap what it recommends")));
    }
    Ok(())
}

/// The autoscaler, if it controls a resource whose usage is known.
fn tie(
    draft: &DraftVpa,
    read: &mut DraftWorkload,
    hpas: &[HorizontalPodAutoscaler],
    events: &[Event],
) -> Option<VerticalPodAutoscaler> {
    let most_pods = most_replicas(&read.workload, hpas, events);
    let mut policies: Vec<(&str, ContainerPolicy)> = Vec::new();
    for (container, _) in read.containers.ordinary() {
        let policy = policy_of(draft, container);
        if policy.is_off {
            draft.context.note(Harmless, "spec.resourcePolicy", format!("switched off for container {container}"));
        } else {
            policies.push((container, policy));
        }
    }
    let mut found: Vec<(Part, MetricResource, Vec<i64>, Allowed)> = Vec::new();
    for resource in [CPU, MEMORY] {
        let is_controlled = |(_, policy): &&(&str, ContainerPolicy)| policy.controlled.contains(&resource);
        let (kind, usage) = match resource {
            CPU => (MetricResource::Cpu, read.workload.cpu_usage),
            _ => (MetricResource::Memory, read.workload.memory_usage),
        };
        let owners: Vec<_> = policies.iter().filter(is_controlled).collect();
        if owners.is_empty() {
            continue;
        }
        if usage == Usage::Request {
            let key = match (resource == CPU, read.containers.lasting_names().len() > 1) {
                (true, false) => "cpuUsage or load.cpu",
                (false, false) => "memoryUsage or load.memory",
                (true, true) => "cpuUsage of each of its `containers`",
                (false, true) => "memoryUsage of each of its `containers`",
            };
            let message = format!("what pods use of {resource} is not known, so nothing is recommended; give {key}");
            draft.context.note(Risky, "spec.resourcePolicy", message);
            continue;
        }
        let usages = usages(usage, &changes(&read.workload, events, kind), most_pods);
        for (container, policy) in owners {
            let Some(share) = read.workload.share(&read.workload.template, container, kind) else {
                let message = format!(
                    "what container {container} uses of {resource} is not told apart, so nothing is recommended for it; \
                     give `containers`"
                );
                draft.context.note(Risky, "spec.resourcePolicy", message);
                continue;
            };
            let (min, max) = (policy.min.get(resource).copied(), policy.max.get(resource).copied());
            let allowed = Allowed { min, max, containers: policies.len() as i64 };
            let container = (*container).to_owned();
            found.push((Part { container, share }, kind, usages.clone(), allowed));
        }
    }
    let varying = found.iter().filter(|(part, _, usages, _)| matches!(part.share, Share::Rest(_)) && usages.len() > 1);
    let alone = found.len() == 1 || (policies.len() > 1 && varying.count() < 2);
    let controlled: Vec<Controlled> = found
        .into_iter()
        .map(|(part, kind, usages, allowed)| Controlled::new(part, kind, usages, allowed, alone))
        .collect();
    if controlled.is_empty() {
        return None;
    }
    let mut written = Requests::new();
    for (container, requests) in read.containers.ordinary() {
        let own = controlled.iter().filter(|one| one.part.container == container);
        let own = own.filter_map(|one| Some((one.name().to_owned(), *requests.get(one.name())?)));
        written.insert(container.to_owned(), own.collect());
    }
    let only: Vec<String> =
        policies.iter().filter(|(_, policy)| policy.requests_only).map(|(name, _)| (*name).to_owned()).collect();
    let vpa = VerticalPodAutoscaler {
        name: draft.name.clone(),
        target: draft.target.clone(),
        evicts: draft.mode == UpdateMode::Recreate,
        min_replicas: draft.min_replicas,
        written,
        controlled,
        origin: draft.context.origin(""),
    };
    read.workload.recommended = vpa.levels().iter().map(|level| recommended(&vpa, read, level, &only)).collect();
    Some(vpa)
}

/// The template with recommended requests. Pods whose requests are then above their limits are refused.
fn recommended(
    vpa: &VerticalPodAutoscaler,
    read: &DraftWorkload,
    level: &Requests,
    requests_only: &[String],
) -> PodTemplate {
    let mut template = read.workload.template.clone();
    let containers =
        read.containers.with_requests(level, |container| !requests_only.iter().any(|one| one == container));
    containers.give_totals(&mut template);
    if !containers.are_within_limits() {
        template.refused_by = Some(vpa.origin.clone());
    }
    template
}

/// The policy of a container: its own, or that of all (`GetContainerResourcePolicy`).
fn policy_of(draft: &DraftVpa, container: &str) -> ContainerPolicy {
    let named = |name: &str| draft.policies.iter().find(|one| one.container == name);
    named(container).or_else(|| named("*")).cloned().unwrap_or_default()
}

/// What events make of the usage of a workload.
fn changes(workload: &Workload, events: &[Event], resource: MetricResource) -> Vec<Usage> {
    let change = |event: &Event| match (&event.kind, workload.cpu_usage, resource) {
        (EventKind::CpuChange { target, to }, usage, MetricResource::Cpu) if *target == workload.reference => {
            Some(if matches!(usage, Usage::Shared(_)) { Usage::Shared(*to) } else { Usage::PerPod(*to) })
        }
        _ => None,
    };
    events.iter().filter_map(change).collect()
}

/// The most replicas that a workload can have.
fn most_replicas(workload: &Workload, hpas: &[HorizontalPodAutoscaler], events: &[Event]) -> i64 {
    let scaled = hpas.iter().filter(|hpa| hpa.target == workload.reference).map(|hpa| hpa.max);
    let written = events.iter().filter_map(|event| match &event.kind {
        EventKind::Scale { target, replicas } if *target == workload.reference => Some(replicas.hi),
        EventKind::Apply { target, replicas, .. } if *target == workload.reference => *replicas,
        _ => None,
    });
    scaled.chain(written).fold(workload.replicas.hi, i64::max)
}
