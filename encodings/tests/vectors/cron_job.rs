//! CronJobs (section 8.2): what a moment of the schedule does while a Job is active, and when moments are.

use crate::support::{World, cluster, deployment, event, node, origin};
use kubound_encodings::cluster::cron_job::CRON_JOB;
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::workload::{Control, JOB, Job};
use kubound_encodings::cluster::{
    Cluster, ConcurrencyPolicy, CronJob, Expression, Intent, IntentKind, Span, WorkloadRef,
};

/// A CronJob with so many places, every 300 s, whose pods run for so long.
fn cron(policy: ConcurrencyPolicy, places: usize, run_time: i64) -> Cluster {
    let job = |place: usize| {
        let mut job = deployment(&format!("report#{place}"), 1, 100, 100);
        job.reference.kind = JOB.into();
        job.replicas = Span::exactly(1);
        job.control = Control::Ends(Job { run_time: Some(run_time), backoff_limit: 0, ..Job::default() });
        job
    };
    let jobs: Vec<_> = (1..=places).map(job).collect();
    let reference = WorkloadRef { kind: CRON_JOB.into(), namespace: "default".into(), name: "report".into() };
    let cron = CronJob {
        reference: reference.clone(),
        gap: Some(300),
        is_regular: true,
        policy,
        is_suspended: false,
        starting_deadline: None,
        jobs: jobs.iter().map(|job| job.reference.clone()).collect(),
        origin: origin(),
    };
    let mut cluster = cluster(vec![node("a", &[])], jobs);
    cluster.cron_jobs = vec![cron];
    let kind = IntentKind::BoundedPods { target: reference, max: Some(Expression::Number(2)) };
    cluster.intents = vec![Intent { id: "boundedPods".into(), kind, origin: origin() }];
    cluster
}

fn acts(world: &World) -> Vec<String> {
    let names = world.enabled("cronjob-controller/").into_iter();
    names.map(|rule| rule.trim_start_matches("cronjob-controller/").to_owned()).collect()
}

/// Fires the only rule of the controller, and what follows at once.
fn act(world: &mut World, rule: &str) {
    assert!(acts(world).contains(&rule.to_owned()), "{rule} is not among {:?}", acts(world));
    world.fire(&format!("cronjob-controller/{rule}")).calm();
}

fn running(world: &World, place: usize) -> i64 {
    world.get(&format!("running[default/report#{place}][a]"))
}

#[test]
fn allow_starts_jobs_beside_each_other_until_no_more_are_modelled() {
    let mut world = World::fine(&cron(ConcurrencyPolicy::Allow, 3, 3600));
    assert_eq!(acts(&world).len(), 3, "the first moment may be now; any place will do");
    for place in 1..=3 {
        act(&mut world, &format!("start/default/report#{place}"));
        assert_eq!(running(&world, place), 1);
        assert_eq!(world.holds(), place < 3, "at most two pods are asked for");
        assert_eq!(acts(&world), [""; 0], "not before the next moment");
        world.fire("time/passes");
        assert!(!world.is_enabled("time/passes"), "a regular moment is not let pass");
    }
    assert_eq!(acts(&world), ["beyond/default/report#1"]);
    world.fire("cronjob-controller/beyond/default/report#1");
    for place in 1..=3 {
        world.set(&format!("running[default/report#{place}][a]"), 0);
    }
    assert!(!world.holds(), "more than are modelled is no bound");
}

#[test]
fn forbid_makes_up_for_a_missed_moment_when_the_job_has_ended() {
    let mut world = World::fine(&cron(ConcurrencyPolicy::Forbid, 1, 400));
    act(&mut world, "start/default/report");
    world.fire("time/passes");
    act(&mut world, "forbid/default/report");
    assert_eq!((running(&world, 1), world.get("missed[default/report]")), (1, 1));
    world.fire("time/passes").fire("kubelet/succeed/default/report#1/a");
    assert_eq!(acts(&world), ["catch-up/default/report"]);
    world.calm();
    assert_eq!((running(&world, 1), world.get("missed[default/report]")), (1, 0));
    assert_eq!(world.get("run timer[default/report#1]") * 100, 400, "the next Job runs for the whole time");
    assert_eq!(world.get("schedule[default/report]") * 100, 200, "and the schedule goes on");
}

#[test]
fn a_missed_moment_is_given_up_after_the_starting_deadline() {
    let mut late = cron(ConcurrencyPolicy::Forbid, 1, 500);
    late.cron_jobs[0].starting_deadline = Some(100);
    let mut world = World::fine(&late);
    act(&mut world, "start/default/report");
    world.fire("time/passes");
    act(&mut world, "forbid/default/report");
    world.fire("time/passes");
    assert_eq!(acts(&world), ["give-up/default/report"], "100 s after the moment the Job runs for another 100 s");
    world.calm().fire("time/passes").fire("kubelet/succeed/default/report#1/a").calm();
    assert_eq!((running(&world, 1), acts(&world)), (0, vec![]));
}

#[test]
fn replace_deletes_the_pods_of_the_active_job() {
    let mut world = World::fine(&cron(ConcurrencyPolicy::Replace, 1, 400));
    act(&mut world, "start/default/report");
    world.fire("time/passes").fire("cronjob-controller/replace/default/report");
    assert_eq!((running(&world, 1), world.get("terminating[default/report#1][a]")), (0, 1));
    world.calm();
    assert_eq!(running(&world, 1), 1, "the new Job has a pod of its own");
    assert_eq!(
        world.get("failures[default/report#1]"),
        0,
        "a deleted pod of the former Job is no failure of the new one"
    );
    assert_eq!(world.get("run timer[default/report#1]") * 100, 400);
}

#[test]
fn a_failed_job_is_followed_by_the_next_one() {
    let mut world = World::fine(&cron(ConcurrencyPolicy::Forbid, 1, 400));
    act(&mut world, "start/default/report");
    world.set("running[default/report#1][a]", 0).calm();
    assert_eq!(world.get("failed[default/report#1]"), 1, "its pod was lost, and backoffLimit is 0");
    world.fire("time/passes");
    act(&mut world, "start/default/report");
    assert_eq!((running(&world, 1), world.get("failed[default/report#1]")), (1, 0));
}

#[test]
fn irregular_schedules_may_be_late_and_suspended_ones_start_nothing() {
    let mut irregular = cron(ConcurrencyPolicy::Forbid, 1, 400);
    irregular.cron_jobs[0].is_regular = false;
    let mut world = World::fine(&irregular);
    act(&mut world, "start/default/report");
    world.fire("time/passes");
    assert_eq!(acts(&world), ["forbid/default/report"]);
    assert!(world.is_enabled("time/passes"), "the moment may be later");
    let mut suspended = cron(ConcurrencyPolicy::Allow, 3, 400);
    suspended.cron_jobs[0].is_suspended = true;
    assert!(acts(&World::fine(&suspended)).is_empty());
}

#[test]
fn pods_of_unknown_length_end_before_the_next_moment_if_they_run() {
    let mut cluster = cron(ConcurrencyPolicy::Replace, 1, 0);
    if let Control::Ends(job) = &mut cluster.workloads[0].control {
        job.run_time = None;
    }
    cluster.events = vec![event("stop", EventKind::NodeFailure { pool: None, recovers: false })];
    let mut world = World::fine(&cluster);
    act(&mut world, "start/default/report");
    assert_eq!((running(&world, 1), acts(&world)), (1, vec![]), "it ends first");
    world.set("alive[a]", 0).calm();
    assert_eq!(acts(&world), ["replace/default/report"], "it does not end");
    world.set("alive[a]", 1).calm().set("running[default/report#1][a]", 0).set("pending[default/report#1]", 1);
    assert_eq!(acts(&world), [""; 0], "the scheduler acts first");
    world.set("pending[default/report#1]", 0).set("running[default/report#1][a]", 1);
    world.fire("kubelet/succeed/default/report#1/a").calm();
    assert_eq!(acts(&world), ["start/default/report"]);
}
