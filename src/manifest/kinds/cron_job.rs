//! CronJobs (section 8.2).

use super::super::Severity::{Harmless, Risky};
use super::super::draft::{Draft, DraftCronJob};
use super::super::error::InputError;
use super::super::judgements::{Table, harmless, read as is_read, status, table, within};
use super::super::suggest::did_you_mean;
use super::super::view::Fields;
use super::metadata::METADATA;
use super::{Object, job, schedule};
use kubound_encodings::cluster::{ConcurrencyPolicy, CronJob};

/// A CronJob.
pub(super) static CRON_JOB: Table = table(
    "io.k8s.api.batch.v1.CronJob",
    &[
        is_read("apiVersion"),
        is_read("kind"),
        within("metadata", &METADATA),
        within("spec", &SPEC),
        status("pkg/registry/batch/cronjob/strategy.go"),
    ],
);

const ENDED: &str = "a Job that has ended takes no room";
const CONTROLLER: &str = "pkg/controller/cronjob/cronjob_controllerv2.go";

static SPEC: Table = table(
    "io.k8s.api.batch.v1.CronJobSpec",
    &[
        is_read("concurrencyPolicy"),
        harmless("failedJobsHistoryLimit", ENDED, CONTROLLER),
        within("jobTemplate", &TEMPLATE),
        is_read("schedule"),
        is_read("startingDeadlineSeconds"),
        harmless("successfulJobsHistoryLimit", ENDED, CONTROLLER),
        is_read("suspend"),
        is_read("timeZone"),
    ],
);

static TEMPLATE: Table = table(
    "io.k8s.api.batch.v1.JobTemplateSpec",
    &[
        harmless("metadata", "no controller that is modelled reads labels of Jobs", "pkg/controller/cronjob/utils.go"),
        within("spec", &job::SPEC),
    ],
);

const POLICIES: &[(&str, ConcurrencyPolicy)] = &[
    ("Allow", ConcurrencyPolicy::Allow),
    ("Forbid", ConcurrencyPolicy::Forbid),
    ("Replace", ConcurrencyPolicy::Replace),
];

/// Longest name of a CronJob.
const NAME_LENGTH: usize = 52;

/// The names of time zones, as Go releases them (`lib/time/zoneinfo.zip`).
const ZONES: &str = include_str!("zones.txt");

/// Reads a CronJob.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.require("spec", "the specification of the CronJob")?.fields()?;
    object.judge_rest();
    if object.metadata.name.len() > NAME_LENGTH {
        return Err(object
            .context
            .error("metadata.name", "the name is too long")
            .expected(format!("at most {NAME_LENGTH} characters: its Jobs get 11 more"))
            .help("the API server refuses such a CronJob"));
    }
    let gaps = read_schedule(&spec)?;
    let policy = spec.choice("concurrencyPolicy", POLICIES, ConcurrencyPolicy::default())?;
    let is_suspended = spec.read("suspend", |view| view.boolean())?.unwrap_or(false);
    let seconds = 0..=i64::from(i32::MAX);
    let starting_deadline = spec.read("startingDeadlineSeconds", |view| view.integer(seconds))?;
    let template = spec.require("jobTemplate", "a Job template")?.fields()?;
    let job_view = template.require("spec", "the specification of the Job")?;
    let mut read = job::read_spec(object, &job_view.fields()?)?;
    template.judge_rest(&TEMPLATE);
    spec.judge_rest(&SPEC);
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
        zone if ZONES.lines().any(|known| known == zone) => Ok(zone),
        zone => Err(view
            .error(format!("`{zone}` is no time zone"))
            .expected("a name such as Etc/UTC or Europe/Berlin")
            .help(did_you_mean(zone, ZONES.lines()))),
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
