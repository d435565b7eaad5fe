//! Jobs and CronJobs.

use super::{assert_says, has_note, with_manifest};
use kubound::manifest::{Loaded, Severity};
use kubound_encodings::cluster::workload::{ByIndex, Disruption, Job};
use kubound_encodings::cluster::{ConcurrencyPolicy, Span};

#[test]
fn jobs_are_read_with_what_ends_them() {
    let job = |spec: &str| {
        let head = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\nspec:\n  template:\n    spec: {restartPolicy: \
                    Never, containers: [{name: a, image: a}]}\n";
        with_manifest(&format!("{head}{spec}"))
    };
    let read = |loaded: &Loaded| *loaded.cluster.workloads[1].job().expect("a Job");
    let plain = job("").expect("valid");
    assert_eq!((read(&plain), plain.cluster.workloads[1].replicas), (Job::default(), Span::exactly(1)));
    let queue = read(&job("  parallelism: 3\n").expect("valid"));
    assert_eq!(queue.completions, None, "nil if only parallelism is written");
    let policy = "  completions: 4\n  backoffLimit: 2\n  podFailurePolicy: {rules: [{action: Ignore, onPodConditions: \
                  [{type: DisruptionTarget, status: \"True\"}]}, {action: FailJob, onExitCodes: {operator: In, values: \
                  [42]}}]}\n  activeDeadlineSeconds: 60\n  suspend: true\n";
    let loaded = job(policy).expect("valid");
    let found = read(&loaded);
    assert_eq!((found.completions, found.backoff_limit, found.is_suspended), (Some(4), 2, true));
    assert_eq!((found.on_disruption, found.replaces_failed_only), (Disruption::Ignore, true));
    assert!(has_note(&loaded, Severity::Risky, "spec.podFailurePolicy.rules[1].onExitCodes", "not modelled"));
    assert_eq!(found.active_deadline, Some(60));
    assert!(job("  activeDeadlineSeconds: -1\n").is_err());
    let kept = job("  ttlSecondsAfterFinished: 100\n").expect("valid");
    assert!(has_note(&kept, Severity::Harmless, "spec.ttlSecondsAfterFinished", "takes no room"));
    let indexed = job("  completionMode: Indexed\n  completions: 3\n  backoffLimitPerIndex: 1\n").expect("valid");
    let found = read(&indexed);
    assert_eq!((found.by_index, found.backoff_limit), (Some(ByIndex { limit: 1, max_failed: None }), 1000));
    let policy = "  completionMode: Indexed\n  completions: 3\n  backoffLimitPerIndex: 4\n  maxFailedIndexes: 2\n  \
                  podFailurePolicy: {rules: [{action: FailIndex, onPodConditions: [{type: DisruptionTarget}]}]}\n";
    let failing = ByIndex { limit: 0, max_failed: Some(2) };
    assert_eq!(read(&job(policy).expect("valid")).by_index, Some(failing), "the first failure is that of the index");
    for refused in ["  backoffLimitPerIndex: 1\n", "  maxFailedIndexes: 1\n"] {
        assert!(job(refused).is_err(), "{refused}");
    }
    assert!(job("  podReplacementPolicy: Always\n").is_err());
    let ended = job("status: {conditions: [{type: Complete, status: \"True\"}]}\n").expect("valid");
    assert_eq!(ended.cluster.workloads.len(), 1);
    let scenario =
        |line: &str| job(&format!("---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {line}\n"));
    let timed = scenario("workloads: [{target: migrate, runTime: 5m, replicas: 1..2}]").expect("valid");
    assert_eq!(read(&timed).run_time, Some(300));
    for line in ["workloads: [{target: web, runTime: 5m}]", "events: [{scale: {target: migrate, replicas: 2}}]"] {
        assert!(scenario(line).is_err(), "{line}");
    }
}

#[test]
fn cron_jobs_are_read_as_jobs_that_are_started_again_and_again() {
    let cron = |spec: &str, scenario: &str| {
        let head = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: report}\nspec:\n  jobTemplate: {spec: \
                    {parallelism: 2, backoffLimit: 1, template: {spec: {restartPolicy: Never, containers: [{name: a, \
                    image: a}]}}}}\n";
        let scenario = if scenario.is_empty() {
            String::new()
        } else {
            format!("---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {scenario}\n")
        };
        with_manifest(&format!("{head}{spec}{scenario}"))
    };
    let read = |loaded: &Loaded| loaded.cluster.cron_jobs[0].clone();
    let hourly = cron("  schedule: '0 * * * *'\n  successfulJobsHistoryLimit: 5\n", "").expect("valid");
    let found = read(&hourly);
    assert_eq!((found.gap, found.is_regular, found.policy), (Some(3600), true, ConcurrencyPolicy::Allow));
    let names: Vec<String> = found.jobs.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["Job/default/report#1", "Job/default/report#2", "Job/default/report#3"]);
    let job = hourly.cluster.workloads[1].job().expect("a Job");
    assert_eq!((job.completions, job.backoff_limit, hourly.cluster.workloads[3].replicas), (None, 1, Span::exactly(2)));
    assert!(has_note(&hourly, Severity::Harmless, "spec.successfulJobsHistoryLimit", "takes no room"));
    assert!(has_note(&hourly, Severity::Risky, "spec.concurrencyPolicy", "taken to end before the next Job starts"));
    let more =
        "  schedule: '0 9 * * 1-5'\n  concurrencyPolicy: Forbid\n  startingDeadlineSeconds: 60\n  suspend: true\n";
    let found = cron(more, "").expect("valid");
    assert!(has_note(&found, Severity::Harmless, "spec.schedule", "86400 s apart or more"));
    let found = read(&found);
    assert_eq!((found.is_regular, found.starting_deadline, found.runs_every()), (false, Some(60), None));
    assert_eq!((found.policy, found.jobs.len()), (ConcurrencyPolicy::Forbid, 1));
    for (spec, words) in [
        ("  schedule: '* * * *'\n", "4 fields"),
        ("  schedule: '61 * * * *'\n", "`61` where numbers from 0 to 59"),
        ("  schedule: '* * * * *'\n  timeZone: Local\n", "no time zone"),
        ("  schedule: '* * * * *'\n  concurrencyPolicy: Never\n", "Never"),
        ("", "spec.schedule"),
    ] {
        assert_says(cron(spec, ""), &[words]);
    }
}

#[test]
fn scenarios_speak_of_cron_jobs_as_a_whole() {
    let cron = |policy: &str, scenario: &str| {
        with_manifest(&format!(
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: report}}\nspec:\n  schedule: '*/5 * * * *'\n  \
             concurrencyPolicy: {policy}\n  jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, containers: \
             [{{name: a, image: a}}]}}}}}}}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {scenario}\n"
        ))
    };
    let places = |loaded: &Loaded| loaded.cluster.cron_jobs[0].jobs.len();
    let timed = cron("Allow", "workloads: [{target: report, runTime: 10m, activeJobs: 5}]").expect("valid");
    assert_eq!(places(&timed), 5);
    assert!(timed.cluster.workloads[1..].iter().all(|one| one.job().is_some_and(|job| job.run_time == Some(600))));
    let asked: Vec<&str> = timed.cluster.intents.iter().map(|intent| intent.kind.name()).collect();
    assert_eq!(asked.iter().filter(|name| **name == "boundedPods").count(), 1, "asked because all else depends on it");
    let limited = cron("Allow", "intents: [{boundedPods: {target: report, max: 6}}, {schedulable: {target: report}}]");
    let limited = limited.expect("valid");
    assert_eq!((places(&limited), limited.cluster.intents.len()), (7, 2), "enough to go beyond the limit");
    for (policy, scenario) in [
        ("Forbid", "workloads: [{target: report, activeJobs: 2}]"),
        ("Allow", "workloads: [{target: web, activeJobs: 2}]"),
        ("Allow", "workloads: [{target: report, replicas: 2}]"),
        ("Allow", "intents: [{noOscillation: {target: report}}]"),
        ("Allow", "events: [{scale: {target: report, replicas: 2}}]"),
        ("Allow", "assume: [\"replicas('report') >= 2\"]"),
    ] {
        assert_says(cron(policy, scenario), &["Job"]);
    }
}
