//! CronJobs (section 8.2).

use super::super::Severity::{Harmless, Risky};
use super::super::draft::{Draft, DraftCronJob};
use super::super::error::InputError;
use super::super::view::{Fields, Ignored};
use super::{Object, job, schedule};
use kubound_encodings::cluster::{ConcurrencyPolicy, CronJob};

const SPEC: &[Ignored] = &[
    ("failedJobsHistoryLimit", Harmless, "a Job that has ended takes no room"),
    ("successfulJobsHistoryLimit", Harmless, "a Job that has ended takes no room"),
];

const POLICIES: &[(&str, ConcurrencyPolicy)] = &[
    ("Allow", ConcurrencyPolicy::Allow),
    ("Forbid", ConcurrencyPolicy::Forbid),
    ("Replace", ConcurrencyPolicy::Replace),
];

/// Reads a CronJob.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.require("spec", "the specification of the CronJob")?.fields()?;
    object.fields.note_rest(&[]);
    let gaps = read_schedule(&spec)?;
    let policy = spec.read("concurrencyPolicy", |view| view.one_of(POLICIES))?.unwrap_or_default();
    let is_suspended = spec.read("suspend", |view| view.boolean())?.unwrap_or(false);
    let seconds = 0..=i64::from(i32::MAX);
    let starting_deadline = spec.read("startingDeadlineSeconds", |view| view.integer(seconds))?;
    let template = spec.require("jobTemplate", "a Job template")?.fields()?;
    let job_view = template.require("spec", "the specification of the Job")?;
    let mut read = job::read_spec(object, &job_view.fields()?)?;
    template.note_rest(&[("metadata", Harmless, "labels of Jobs are not looked at")]);
    spec.note_rest(SPEC);
    let waits = read.workload.job().is_some_and(|job| job.replaces_failed_only);
    if waits && policy != ConcurrencyPolicy::Allow {
        let message = "a Job waits for terminating pods of the one before, too";
        object.context.note(Risky, "spec.jobTemplate.spec.podReplacementPolicy", message);
    }
    let cron = CronJob {
        reference: read.workload.reference.clone(),
        gap: gaps.least,
        is_regular: gaps.is_regular,
        policy,
        is_suspended,
        starting_deadline,
        jobs: Vec::new(),
        origin: object.context.origin(""),
    };
    read.cron = Some(DraftCronJob { cron, active_jobs: None });
    draft.place(read);
    Ok(())
}

/// Reads `schedule` and `timeZone`.
fn read_schedule(spec: &Fields) -> Result<schedule::Gaps, InputError> {
    let view = spec.require("schedule", "five fields such as \"*/5 * * * *\"")?;
    let zone = spec.read("timeZone", |view| match view.name()? {
        zone if zone.eq_ignore_ascii_case("local") => {
            Err(view.error("`Local` is no time zone here").expected("a name such as Etc/UTC or Europe/Berlin"))
        }
        zone => Ok(zone),
    })?;
    let gaps = schedule::read(view.text()?, zone).map_err(|message| {
        view.error(message)
            .expected("five fields: minute, hour, day of the month, month, day of the week, such as \"*/5 * * * *\"")
            .help("the API server refuses such a CronJob")
    })?;
    match gaps.least {
        None => view.note(Harmless, "no day is meant; it starts nothing"),
        Some(_) if gaps.is_regular => {}
        Some(seconds) => {
            let message = format!("starts are not equally far apart; here they are {seconds} s apart or more");
            view.note(Harmless, message);
        }
    }
    Ok(gaps)
}
