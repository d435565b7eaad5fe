//! Resource metrics, of pods or of one of their containers: from usage to a proposal (sections 3.4 and 3.5).

use super::calculator::{Calculator, Requested, Sample};
use super::selected::{by_workload, selected};
use crate::cluster::HorizontalPodAutoscaler;
use crate::cluster::hpa::{Metric, MetricResource, MetricTarget};
use crate::cluster::node::{CPU, MEMORY};
use crate::cluster::workload::{Readiness, Share, Usage};
use crate::controllers::JobState;
use crate::state::{Group, Model};
use crate::term::{Bool, Int, any, ite, sum};

/// How starting pods look to the calculator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fresh {
    /// Sampled, and Ready if they are Ready at once.
    Sampled,
    /// Sampled before they became Ready.
    Unready,
    /// Without a sample.
    Missing,
}

/// What a metric is about: a resource of pods, or of those of their containers that have a name.
#[derive(Clone, Copy)]
struct Subject<'a> {
    resource: MetricResource,
    container: Option<&'a str>,
}

/// The proposal of one metric, of a container or of whole pods, and whether it is valid.
pub(super) fn proposal(
    model: &Model,
    hpa: &HorizontalPodAutoscaler,
    (metric, container): (&Metric, Option<&str>),
    group: usize,
    fresh: Fresh,
) -> (Int, Bool) {
    let subject = Subject { resource: metric.resource, container };
    let selected = selected(model, hpa, group);
    let requests: Vec<i64> = selected.iter().map(|&one| request(model, one, subject)).collect();
    let needs_request = matches!(metric.target, MetricTarget::Utilization(_));
    let current = model.groups[group].spec.value;
    if needs_request && requests.iter().all(|&request| request == 0) {
        return (current, false.into());
    }
    let sample = sample(model, subject, &selected, fresh);
    let has_sample = sample.ready.above(0) & !lacks_container(model, subject, &selected);
    let calculator = Calculator {
        target: metric.target,
        milli: if metric.resource == MetricResource::Memory { 1000 } else { 1 },
        request: requests[0],
        current,
        most: hpa.max.max(current.range().hi),
        version: model.cluster.version.0,
        tolerance: hpa.tolerance,
    };
    if !needs_request || requests.iter().all(|&request| request == requests[0]) {
        return (calculator.replicas(&sample, None), has_sample);
    }
    // One pod whose container has no request is enough for the metric to fail; one without the container adds nothing.
    let by_revision: Vec<Counts> = selected.iter().map(|&one| counts(model, metric.resource, &[one], fresh)).collect();
    let each = || by_revision.iter().zip(&requests);
    let has = |one: usize| container.is_none_or(|name| model.template(one).container(name).is_some());
    let fails = any(each()
        .zip(&selected)
        .filter(|&((_, &request), &one)| request == 0 && has(one))
        .map(|((counts, _), _)| (counts.ready + counts.unready + counts.missing).above(0)));
    let total = |of: fn(&Counts) -> Int| sum(each().map(|(counts, &request)| of(counts) * request));
    let fallback = each().map(|(counts, &request)| counts.missing * Calculator { request, ..calculator }.fallback());
    let requested = Requested {
        ready: total(|counts| counts.ready),
        unready: total(|counts| counts.unready),
        missing: total(|counts| counts.missing),
        fallback: sum(fallback),
    };
    (calculator.replicas(&sample, Some(&requested)), has_sample & !fails)
}

/// What a pod of a revision requests; 0 if some container requests nothing.
fn request(model: &Model, revision: usize, subject: Subject) -> i64 {
    let template = model.template(revision);
    let (resource, everywhere) = match subject.resource {
        MetricResource::Cpu => (CPU, template.cpu_requested_everywhere),
        MetricResource::Memory => (MEMORY, template.memory_requested_everywhere),
    };
    match subject.container {
        None if everywhere => template.lasting_request(resource),
        None => 0,
        Some(name) => template.container(name).and_then(|one| one.requests.get(resource)).copied().unwrap_or(0),
    }
}

/// Whether some running pod has no container of that name, which makes the metric fail (`getContainerMetrics`).
fn lacks_container(model: &Model, subject: Subject, selected: &[usize]) -> Bool {
    let Some(name) = subject.container else { return false.into() };
    let lacking = selected.iter().filter(|&&one| model.template(one).container(name).is_none());
    any(lacking
        .map(|&one| {
            let state = &model.groups[one];
            sum(state.slots().map(|slot| state.running_on(slot) + state.starting_on(slot))).above(0)
        })
        .collect::<Vec<_>>())
}

/// Pods of some revisions of a workload as the calculator groups them.
pub(super) struct Counts {
    pub(super) ready: Int,
    pub(super) unready: Int,
    pub(super) missing: Int,
    /// Of the ready ones those whose start-up is over, and those that still start.
    pub(super) settled: Int,
    pub(super) fresh: Int,
    /// Pods that serve a shared load.
    pub(super) serving: Int,
}

pub(super) fn counts(model: &Model, resource: MetricResource, revisions: &[usize], fresh: Fresh) -> Counts {
    let at_once = model.startup(revisions[0]).is_some_and(|startup| startup.readiness == Readiness::AtOnce);
    let revisions: Vec<&Group> = revisions.iter().map(|&one| &model.groups[one]).collect();
    // Only CPU looks at readiness; metrics that are no resources do as memory does.
    let looks = match fresh {
        Fresh::Missing => Fresh::Missing,
        Fresh::Sampled if at_once => Fresh::Sampled,
        _ if resource == MetricResource::Memory => Fresh::Sampled,
        _ => Fresh::Unready,
    };
    let on = |slot: usize, pods: Int, alive: bool| {
        let runs = model.slots[slot].is_alive();
        ite(if alive { runs } else { !runs }, pods, 0)
    };
    let running = |alive: bool| {
        let places = revisions.iter().flat_map(|one| one.slots().map(move |slot| (one, slot)));
        sum(places.map(|(one, slot)| on(slot, one.running_on(slot), alive)))
    };
    let none = Int::from(0);
    let starting = |alive: bool| {
        let places = revisions.iter().flat_map(|one| one.slots().map(move |slot| (one, slot)));
        sum(places.map(|(one, slot)| on(slot, one.starting_on(slot), alive)))
    };
    let (fresh_alive, fresh_dead) = (starting(true), starting(false));
    let bound = sum(revisions.iter().flat_map(|one| &one.bound).flatten().map(|count| count.value));
    let settled = running(true);
    // A running pod without a sample is missing whatever its readiness; so is one whose container has crashed.
    let crashed = sum(revisions.iter().flat_map(|one| &one.crashed).flatten().map(|count| count.value));
    let missing = running(false) + crashed + sum(revisions.iter().map(|one| completed(model, one)));
    let as_if = |wanted: Fresh| if looks == wanted { fresh_alive } else { none };
    let (fresh, unready_fresh, missing_fresh) = (as_if(Fresh::Sampled), as_if(Fresh::Unready), as_if(Fresh::Missing));
    let ready = settled + fresh;
    let unready = sum(revisions.iter().map(|one| one.unplaced())) + bound + unready_fresh;
    // A new pod serves its share of a load as soon as it is Ready, whether or not it is sampled yet.
    let serving = settled + if at_once { fresh_alive } else { none };
    Counts { ready, unready, missing: missing + fresh_dead + missing_fresh, settled, fresh, serving }
}

/// Pods of a Job that have succeeded: they are there without a sample until the Job is deleted. Those of a CronJob's are
/// not told apart from none.
pub(super) fn completed(model: &Model, group: &Group) -> Int {
    let workload = &model.cluster.workloads[group.workload];
    let stay = model.cluster.cron_job_of(&workload.reference).is_none();
    model.side::<JobState>(group.workload).filter(|_| stay).map_or(0.into(), |job| job.succeeded.value)
}

/// All pods that the autoscaler's selector matches, of whatever workload and revision (section 3.4).
fn sample(model: &Model, subject: Subject, selected: &[usize], fresh: Fresh) -> Sample {
    let parts = by_workload(model, selected);
    let mut samples: Vec<Sample> = parts.iter().map(|revisions| sample_of(model, subject, revisions, fresh)).collect();
    if samples.len() == 1 {
        return samples.remove(0);
    }
    let total = |of: fn(&Sample) -> Int| sum(samples.iter().map(of));
    Sample {
        ready: total(|one| one.ready),
        unready: total(|one| one.unready),
        missing: total(|one| one.missing),
        usage: total(|one| one.usage),
        each: None,
    }
}

/// The pods of some revisions of a workload.
fn sample_of(model: &Model, subject: Subject, revisions: &[usize], fresh: Fresh) -> Sample {
    let group = revisions[0];
    let all = counts(model, subject.resource, revisions, fresh);
    let alike = |one: &usize| {
        let same_share = share(model, group, subject) == share(model, *one, subject);
        let (first, one) = (model.uses(group), model.uses(*one));
        same_share && (first.cpu, first.cpu_unit, first.memory) == (one.cpu, one.cpu_unit, one.memory)
    };
    let (usage, each) = if revisions.iter().all(alike) {
        usage(model, subject, group, [all.settled, all.fresh, all.serving])
    } else {
        let parts = revisions.iter().map(|&one| {
            let own = counts(model, subject.resource, &[one], fresh);
            usage(model, subject, one, [own.settled, own.fresh, all.serving]).0
        });
        (sum(parts.collect::<Vec<_>>()), None)
    };
    Sample { ready: all.ready, unready: all.unready, missing: all.missing, usage, each }
}

/// Σ usage of the ready group of a revision, and the usage of one pod where all use the same.
fn usage(model: &Model, subject: Subject, group: usize, [settled, fresh, serving]: [Int; 3]) -> (Int, Option<Int>) {
    let uses = model.uses(group);
    let workload = model.workload(group);
    let (per_pod, shared) = match subject.resource {
        MetricResource::Cpu => (uses.cpu * uses.cpu_unit, matches!(workload.cpu_usage, Usage::Shared(_))),
        MetricResource::Memory => (uses.memory, matches!(workload.memory_usage, Usage::Shared(_))),
    };
    // A shared load is split evenly among the ready pods, each share truncated.
    let per_pod = if shared { per_pod / serving } else { per_pod };
    let per_pod = match share(model, group, subject) {
        None => per_pod,
        Some(Share::Exactly(amount)) => amount.into(),
        Some(Share::Rest(others)) => per_pod.monus(others),
    };
    let startup =
        model.startup(group).filter(|_| subject.resource == MetricResource::Cpu && fresh.constant() != Some(0));
    match startup {
        Some(startup) => (settled * per_pod + fresh * startup.cpu, None),
        None => ((settled + fresh) * per_pod, Some(per_pod)),
    }
}

/// Which part of what a pod uses its container does; nothing where the metric is about whole pods. The reader has made
/// sure that it is known.
fn share(model: &Model, group: usize, subject: Subject) -> Option<Share> {
    model.workload(group).share(model.template(group), subject.container?, subject.resource)
}
