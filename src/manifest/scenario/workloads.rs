//! `spec.workloads` and `spec.placed`: values that manifests do not have.

use super::super::ErrorKind;
use super::super::draft::{Draft, DraftWorkload};
use super::super::error::InputError;
use super::super::names::Names;
use super::super::quantity::Unit;
use super::super::span::{Count, read_span};
use super::super::value::Value;
use super::super::view::{Fields, View};
use super::{containers, metrics};
use crate::limits::reader::MAX_REPLICAS;
use crate::limits::reader::MOST_ACTIVE_JOBS;
use kubound_encodings::cluster::cron_job::CRON_JOB;
use kubound_encodings::cluster::node::CPU;
use kubound_encodings::cluster::workload::{Control, CrashLoop, JOB, Readiness, Startup, Usage, Workload};
use kubound_encodings::cluster::{ConcurrencyPolicy, PlacedPhase, Placement, Start};

/// The keys of a workload.
pub(super) const WORKLOAD: &[&str] = &[
    "target",
    "replicas",
    "cpuUsage",
    "memoryUsage",
    "load",
    "containers",
    "metrics",
    "startup",
    "crashLoop",
    "runTime",
    "activeJobs",
];

/// The keys of `crashLoop`.
pub(super) const CRASH_LOOP: &[&str] = &["images"];

/// The keys of `load`.
pub(super) const LOAD: &[&str] = &["cpu", "memory"];

/// The keys of `startup`.
pub(super) const STARTUP: &[&str] = &["cpuUsage", "seconds", "ready"];

/// The keys of an entry of `placed`.
pub(super) const PLACED: &[&str] = &["target", "pool", "pods", "phase"];

/// How far placed pods have come.
pub(super) const PHASES: &[(&str, PlacedPhase)] = &[
    ("running", PlacedPhase::Running),
    ("pending", PlacedPhase::Pending),
    ("scheduled", PlacedPhase::Scheduled),
    ("terminating", PlacedPhase::Terminating),
];

/// When starting pods become ready.
pub(super) const READINESS: &[(&str, Readiness)] =
    &[("at-once", Readiness::AtOnce), ("after", Readiness::After), ("never", Readiness::Never)];

/// Changes the workloads of the draft.
pub(super) fn read(spec: &Fields, names: &Names, draft: &mut Draft) -> Result<(), InputError> {
    let mut seen = Vec::new();
    for view in spec.items("workloads")? {
        let fields = view.strict_fields(WORKLOAD)?;
        let target_view = fields.require("target", "kind/namespace/name of a workload")?;
        let target = names.any_workload(&target_view)?;
        if seen.contains(&target) {
            return Err(target_view
                .error(format!("{target} occurs twice"))
                .kind(ErrorKind::Duplicate)
                .expected("one entry for each workload"));
        }
        if let Some(read) = draft.workloads.iter_mut().find(|read| read.workload.reference == target) {
            override_workload(&fields, &mut read.workload)?;
            containers::read(&fields, read)?;
            metrics::read(&fields, read, &draft.hpas)?;
            override_cron_job(&fields, read)?;
        }
        seen.push(target);
    }
    Ok(())
}

/// Only a CronJob that allows it has several active Jobs.
fn override_cron_job(fields: &Fields, read: &mut DraftWorkload) -> Result<(), InputError> {
    let Some(view) = fields.get("activeJobs") else { return Ok(()) };
    match &mut read.cron {
        Some(draft) if draft.cron.policy == ConcurrencyPolicy::Allow => {
            let most = view.integer(1..=MOST_ACTIVE_JOBS)?;
            draft.active_jobs = usize::try_from(most).ok();
            Ok(())
        }
        Some(_) => Err(view.error("one Job is active at a time").expected("a CronJob with `concurrencyPolicy: Allow`")),
        None => Err(view.error(format!("{} starts no Jobs", read.workload.reference)).expected("a CronJob")),
    }
}

fn override_workload(fields: &Fields, workload: &mut Workload) -> Result<(), InputError> {
    if let Some(view) = fields.get("replicas") {
        if workload.is_daemon() {
            return Err(view.error("a DaemonSet has no replicas").expected("a workload with replicas"));
        }
        if workload.is_bare() {
            return Err(view.error("a pod has no replicas").expected("a workload with replicas"));
        }
        if workload.reference.kind == CRON_JOB {
            return Err(view.error("a CronJob has no replicas").expected("a workload with replicas"));
        }
        workload.replicas = read_span(&view, &Count::Plain(0..=MAX_REPLICAS))?;
    }
    let load = fields.get("load").map(|view| view.strict_fields(LOAD)).transpose()?;
    for (usage_key, load_key, unit) in [("cpuUsage", "cpu", Unit::Milli), ("memoryUsage", "memory", Unit::Whole)] {
        let per_pod = fields.get(usage_key);
        let shared = load.as_ref().and_then(|load| load.get(load_key));
        let usage = match (per_pod, shared) {
            (Some(_), Some(shared)) => {
                return Err(shared
                    .error(format!("both {usage_key} and load.{load_key}"))
                    .kind(ErrorKind::Duplicate)
                    .expected("one of the two"));
            }
            (Some(view), None) => Usage::PerPod(read_span(&view, &Count::Amount(unit))?),
            (None, Some(view)) => Usage::Shared(read_span(&view, &Count::Amount(unit))?),
            (None, None) => continue,
        };
        match unit {
            Unit::Milli => workload.cpu_usage = usage,
            Unit::Whole => workload.memory_usage = usage,
        }
    }
    if let Some(view) = fields.get("startup") {
        workload.startup = Some(read_startup(&view, workload)?);
    }
    if let Some(view) = fields.get("runTime") {
        let Control::Ends(job) = &mut workload.control else {
            return Err(view.error(format!("pods of {} run forever", workload.reference)).expected("a Job or CronJob"));
        };
        job.run_time = Some(view.seconds()?);
    }
    if let Some(view) = fields.entries().find(|(key, _)| *key == "crashLoop").map(|(_, view)| view) {
        if workload.startup.is_some_and(|startup| startup.readiness == Readiness::Never) {
            return Err(view
                .error("containers crash after start-up, which never ends with `ready: never`")
                .expected("one of the two"));
        }
        workload.crash_loop = Some(read_crash_loop(&view)?);
    }
    Ok(())
}

fn read_startup(view: &View, workload: &Workload) -> Result<Startup, InputError> {
    let fields = view.strict_fields(STARTUP)?;
    let request = workload.template.requests.get(CPU).copied().unwrap_or(0);
    let cpu = fields.read("cpuUsage", |view| view.amount(Unit::Milli))?.unwrap_or(request);
    let readiness = fields.read("ready", |view| view.one_of(READINESS))?.unwrap_or(Readiness::After);
    let seconds = fields.require("seconds", "how long starting takes")?.seconds()?;
    Ok(Startup { cpu, seconds, readiness })
}

fn read_crash_loop(view: &View) -> Result<CrashLoop, InputError> {
    if *view.value == Value::Null {
        return Ok(CrashLoop::default());
    }
    let fields = view.strict_fields(CRASH_LOOP)?;
    Ok(CrashLoop { images: fields.read("images", |view| view.texts())?.unwrap_or_default() })
}

/// Reads `spec.placed`.
pub(super) fn read_placed(spec: &Fields, names: &Names, start: Start) -> Result<Vec<Placement>, InputError> {
    let mut placed: Vec<Placement> = Vec::new();
    for view in spec.items("placed")? {
        let fields = view.strict_fields(PLACED)?;
        let target = names.workload(&fields.require("target", "kind/namespace/name of a workload")?)?;
        if target.kind == JOB {
            return Err(view
                .error(format!("pods of {target} cannot be placed"))
                .kind(ErrorKind::NotSupported)
                .expected("a workload other than a Job"));
        }
        let phase = fields.read("phase", |view| view.one_of(PHASES))?.unwrap_or_default();
        let pool = match (fields.get("pool"), phase) {
            (Some(pool), PlacedPhase::Pending) => {
                return Err(pool.error("pending pods have no node").expected("no `pool` with `phase: pending`"));
            }
            (None, PlacedPhase::Pending) => None,
            _ => Some(names.pool(&fields.require("pool", "the name of a pool or Node")?)?),
        };
        let pods_view = fields.require("pods", "a number or a range such as 0..3")?;
        let pods = read_span(&pods_view, &Count::Plain(0..=MAX_REPLICAS))?;
        if pods.constant().is_none() && (start == Start::Snapshot || phase != PlacedPhase::Running) {
            let cause = if start == Start::Snapshot { "start: snapshot" } else { "a phase other than running" };
            return Err(pods_view.error(format!("a range with `{cause}`")).expected("an exact number of pods"));
        }
        if start == Start::Arbitrary {
            let error = view.error("`start: arbitrary` has pods anywhere").kind(ErrorKind::NotSupported);
            return Err(error.expected("no `placed`, or another `start`"));
        }
        if start == Start::Any && phase != PlacedPhase::Running {
            return Err(view
                .error("`start: any` has running pods only")
                .expected("`start: snapshot`, or no phase")
                .help("pods of a phase are placed by `start: empty` and `start: snapshot`"));
        }
        if placed.iter().any(|other| other.target == target && other.pool == pool && other.phase == phase) {
            let place = pool.map_or(String::new(), |pool| format!(" on {pool}"));
            return Err(view
                .error(format!("{} pods of {target}{place} occur twice", phase.name()))
                .kind(ErrorKind::Duplicate)
                .expected("one entry for each workload, pool and phase"));
        }
        placed.push(Placement { target, pool, pods, phase, origin: view.origin() });
    }
    Ok(placed)
}
