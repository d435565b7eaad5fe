//! Jobs (section 8.1): how many pods are wanted, what counts as a failure.

use crate::support::{World, cluster, deployment, event, node, origin};
use kubound_encodings::cluster::disruption::Demand;
use kubound_encodings::cluster::event::EventKind;
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::workload::{ByIndex, Control, Disruption, JOB, Job};
use kubound_encodings::cluster::{Cluster, PodDisruptionBudget, Span, Workload};

fn batch(parallelism: i64, job: Job) -> Workload {
    let mut batch = deployment("batch", 1, 100, 100);
    batch.reference.kind = JOB.into();
    batch.replicas = Span::exactly(parallelism);
    batch.control = Control::Ends(job);
    batch
}

fn nodes(batch: Workload) -> Cluster {
    let mut cluster = cluster(vec![node("a", &[]), node("b", &[])], vec![batch]);
    cluster.events = vec![event("drain", EventKind::Drain { node: Some("a".into()), uncordon: true })];
    cluster
}

fn acts(world: &World) -> Vec<&str> {
    world.enabled("job-controller/").into_iter().filter_map(|rule| rule.split('/').nth(1)).collect()
}

/// So many pods run on node a, and the controller knows of them.
fn running(cluster: &Cluster, pods: i64) -> World {
    let mut world = World::fine(cluster);
    world.set("running[default/batch][a]", pods).set("known[default/batch]", pods);
    world
}

#[test]
fn as_many_pods_as_parallelism_but_no_more_than_completions_are_missing() {
    let created = |parallelism: i64, completions: Option<i64>, succeeded: i64| {
        let mut world = World::fine(&nodes(batch(parallelism, Job { completions, ..Job::default() })));
        world.set("succeeded[default/batch]", succeeded);
        match acts(&world)[..] {
            [] => 0,
            ["create"] => world.fire("job-controller/create/default/batch").get("pending[default/batch]"),
            ref others => panic!("{others:?}"),
        }
    };
    assert_eq!([0, 1, 2, 3, 5].map(|done| created(3, Some(5), done)), [3, 3, 3, 2, 0]);
    assert_eq!([0, 1].map(|done| created(3, None, done)), [3, 0], "a work queue is done with the first success");
    let suspended = World::fine(&nodes(batch(3, Job { is_suspended: true, ..Job::default() })));
    assert!(acts(&suspended).is_empty());
}

#[test]
fn pods_succeed_until_the_job_is_complete() {
    let mut world = running(&nodes(batch(2, Job { completions: Some(3), ..Job::default() })), 2);
    world.fire("kubelet/succeed/default/batch/a");
    assert_eq!((world.get("succeeded[default/batch]"), world.get("known[default/batch]")), (1, 1));
    assert_eq!(acts(&world), ["create"], "one is missing, and it is no failure");
    world.fire("job-controller/create/default/batch").calm();
    let on = |world: &World, node: &str| world.get(&format!("running[default/batch][{node}]"));
    assert_eq!(on(&world, "a") + on(&world, "b"), 2);
}

#[test]
fn pods_that_others_delete_are_failures() {
    let lost = |limit: i64, on_disruption: Disruption| {
        let job = Job { backoff_limit: limit, on_disruption, ..Job::default() };
        let mut world = running(&nodes(batch(1, job)), 1);
        world.fire("event/drain/a").fire("event/drain/evict/running/default/batch/a");
        assert_eq!(acts(&world), ["count"]);
        world.fire("job-controller/count/default/batch");
        (world.get("failures[default/batch]"), acts(&world).join(" "))
    };
    assert_eq!(lost(1, Disruption::Count), (1, "create".into()), "1 is not more than 1");
    assert_eq!(lost(0, Disruption::Count), (1, "fail".into()));
    assert_eq!(lost(0, Disruption::Ignore), (0, "create".into()));
    assert_eq!(lost(6, Disruption::FailJob), (7, "fail".into()));
}

#[test]
fn a_job_that_failed_deletes_its_pods() {
    let mut world = running(&nodes(batch(2, Job { backoff_limit: 0, ..Job::default() })), 1);
    world.set("pending[default/batch]", 1).set("failures[default/batch]", 1).set("known[default/batch]", 2);
    world.fire("job-controller/fail/default/batch");
    assert_eq!((world.get("terminating[default/batch][a]"), world.get("pending[default/batch]")), (1, 0));
    assert_eq!(world.get("failed[default/batch]"), 1);
    world.calm();
    assert!(acts(&world).is_empty());
}

#[test]
fn replacements_wait_for_the_end_of_deleted_pods_if_told() {
    let after_eviction = |replaces_failed_only: bool| {
        let mut world = running(&nodes(batch(1, Job { replaces_failed_only, ..Job::default() })), 1);
        world.fire("event/drain/a").fire("event/drain/evict/running/default/batch/a");
        let at_once = acts(&world).join(" ");
        world.set("terminating[default/batch][a]", 0);
        (at_once, acts(&world).join(" "))
    };
    assert_eq!(after_eviction(false), ("count".into(), "count".into()));
    assert_eq!(after_eviction(true), (String::new(), "count".into()));
}

#[test]
fn budgets_that_count_replicas_allow_nothing_for_jobs() {
    let evicts = |demand: Demand| {
        let mut cluster = nodes(batch(2, Job::default()));
        cluster.disruption_budgets = vec![PodDisruptionBudget {
            namespace: "default".into(),
            name: "batch".into(),
            selector: Some(Default::default()),
            demand,
            always_allows_unhealthy: false,
            origin: origin(),
        }];
        let mut world = running(&cluster, 2);
        world.set("begun[drain][a]", 1);
        world.is_enabled("event/drain/evict/running/default/batch/a")
    };
    assert!(evicts(Demand::MinAvailable(Amount::Pods(1))));
    assert!(!evicts(Demand::MaxUnavailable(Amount::Pods(2))), "a Job has no scale");
}

#[test]
fn a_job_fails_when_it_has_been_active_for_too_long() {
    let job = |run_time: i64| Job {
        completions: Some(2),
        active_deadline: Some(900),
        run_time: Some(run_time),
        backoff_limit: 1000,
        ..Job::default()
    };
    let mut world = World::fine(&nodes(batch(1, job(600))));
    world.calm().fire("time/passes");
    assert_eq!(acts(&world), [""; 0], "600 s, one pod has done its work");
    let ended = world.enabled("kubelet/succeed/")[0].to_owned();
    world.fire(&ended).calm().fire("time/passes");
    assert_eq!(acts(&world), ["deadline"], "another 300 s, and the second pod has 300 s to go");
    world.fire("job-controller/deadline/default/batch").calm();
    let pods: i64 = ["a", "b"].iter().map(|node| world.get(&format!("running[default/batch][{node}]"))).sum();
    assert_eq!((world.get("failed[default/batch]"), pods), (1, 0), "whatever backoffLimit says");
    assert!(acts(&world).is_empty());
    let suspended = Job { is_suspended: true, ..job(600) };
    assert!(World::fine(&nodes(batch(1, suspended))).enabled("job-controller/").is_empty());
}

#[test]
fn what_has_ended_has_no_deadline() {
    let job = Job { active_deadline: Some(900), run_time: Some(600), ..Job::default() };
    let mut world = World::fine(&nodes(batch(1, job)));
    world.calm().fire("time/passes");
    let ended = world.enabled("kubelet/succeed/")[0].to_owned();
    world.fire(&ended).calm();
    assert!(!world.is_enabled("time/passes"), "nothing is left to wait for");
}

/// So many of three indexes have failed and their controller knows of lost pods: what can become of the failed ones.
fn failed_indexes(limit: i64, failures: i64, lost: i64) -> Vec<Vec<i64>> {
    let by_index = Some(ByIndex { limit, max_failed: Some(1) });
    let job = Job { completions: Some(3), by_index, backoff_limit: 1000, ..Job::default() };
    let mut world = World::fine(&nodes(batch(3, job)));
    world.set("known[default/batch]", lost).set("failures[default/batch]", failures);
    world.results("job-controller/count/default/batch", &["failed indexes[default/batch]"])
}

#[test]
fn an_index_fails_with_more_failures_than_its_limit() {
    assert_eq!(failed_indexes(0, 0, 2), [[2]], "each failure is an index");
    assert_eq!(failed_indexes(1, 0, 1), [[0]], "one failure is not more than one");
    assert_eq!(failed_indexes(1, 0, 2), [[0], [1]], "two failures may be of one index");
    assert_eq!(failed_indexes(1, 2, 2), [[0], [1], [2]]);
}

#[test]
fn a_job_fails_with_too_many_failed_indexes_or_at_its_end() {
    let acts_with = |succeeded: i64, failed: i64| {
        let by_index = Some(ByIndex { limit: 0, max_failed: Some(1) });
        let job = Job { completions: Some(3), by_index, backoff_limit: 1000, ..Job::default() };
        let mut world = World::fine(&nodes(batch(3, job)));
        world.set("succeeded[default/batch]", succeeded).set("failed indexes[default/batch]", failed);
        match acts(&world)[..] {
            [] => 0,
            ["create"] => world.fire("job-controller/create/default/batch").get("pending[default/batch]"),
            _ => -1,
        }
    };
    assert_eq!(acts_with(0, 1), 2, "a failed index is not tried again");
    assert_eq!(acts_with(1, 1), 1);
    assert_eq!([acts_with(2, 1), acts_with(0, 2)], [-1, -1], "it fails");
    assert_eq!(acts_with(3, 0), 0);
}
