//! CronJobs become Jobs: one workload for each that may be active at a time, and what is asked about them.

use super::Severity;
use super::draft::DraftWorkload;
use crate::limits::reader::MOST_ACTIVE_JOBS;
use kubound_encodings::cluster::cron_job::ACTIVE_JOBS;
use kubound_encodings::cluster::intent::{Intent, IntentKind};
use kubound_encodings::cluster::workload::JOB;
use kubound_encodings::cluster::{ConcurrencyPolicy, CronJob, Expression, Workload, WorkloadRef};

/// The workloads with the Jobs of CronJobs among them, the first of each in its place, and the CronJobs.
pub(super) fn expand(drafts: Vec<DraftWorkload>, intents: &[Intent]) -> (Vec<Workload>, Vec<CronJob>) {
    let (mut workloads, mut more, mut cron_jobs) = (Vec::new(), Vec::new(), Vec::new());
    for read in drafts {
        let Some(draft) = read.cron else {
            workloads.push(read.workload);
            continue;
        };
        let mut cron = draft.cron;
        let places = match cron.policy {
            ConcurrencyPolicy::Allow => draft.active_jobs.unwrap_or_else(|| places(&cron, &read.workload, intents)),
            ConcurrencyPolicy::Forbid | ConcurrencyPolicy::Replace => 1,
        };
        let is_timed = read.workload.job().is_some_and(|job| job.run_time.is_some());
        if cron.runs_every().is_some() && !is_timed {
            let message = "how long its pods run is not known (`runTime` in a scenario); those that run are taken to end \
                           before the next Job starts";
            read.context.note(Severity::Risky, "spec.concurrencyPolicy", message);
        }
        for place in 1..=places {
            let name = format!("{}#{place}", cron.reference.name);
            let reference = WorkloadRef { kind: JOB.into(), name, ..cron.reference.clone() };
            cron.jobs.push(reference.clone());
            let job = Workload { reference, ..read.workload.clone() };
            if place == 1 { &mut workloads } else { &mut more }.push(job);
        }
        cron_jobs.push(cron);
    }
    workloads.extend(more);
    (workloads, cron_jobs)
}

/// As many as it takes to go beyond a limit, if one is asked about.
fn places(cron: &CronJob, workload: &Workload, intents: &[Intent]) -> usize {
    let limits = intents.iter().filter_map(|intent| match &intent.kind {
        IntentKind::BoundedPods { target, max: Some(Expression::Number(max)) } if *target == cron.reference => {
            Some((max / workload.replicas.lo.max(1) + 1).min(MOST_ACTIVE_JOBS))
        }
        _ => None,
    });
    limits.filter_map(|places| usize::try_from(places).ok()).fold(ACTIVE_JOBS, usize::max)
}

/// Whether Jobs pile up is asked about every CronJob that allows it and whose Jobs take a known time, because all other
/// verdicts depend on it.
pub(super) fn add_intents(cron_jobs: &[CronJob], workloads: &[Workload], intents: &mut Vec<Intent>) {
    for cron in cron_jobs {
        let mut jobs = workloads.iter().filter(|one| cron.jobs.contains(&one.reference)).filter_map(Workload::job);
        let is_timed = jobs.any(|job| job.run_time.is_some());
        let is_asked = |intent: &Intent| matches!(&intent.kind, IntentKind::BoundedPods { target, .. } if *target == cron.reference);
        let piles_up = cron.policy == ConcurrencyPolicy::Allow && cron.runs_every().is_some() && is_timed;
        if piles_up && !intents.iter().any(is_asked) {
            let kind = IntentKind::BoundedPods { target: cron.reference.clone(), max: None };
            intents.push(Intent { id: kind.name().to_owned(), kind, origin: cron.origin.clone() });
        }
    }
}
