//! What runs start from (`start: any`).

use crate::support::{World, cluster, deployment, node};
use kubound_encodings::cluster::workload::{Control, JOB, Job};
use kubound_encodings::cluster::{Cluster, Start, Workload};
use kubound_encodings::term::Term;

/// Two Deployments of which each pod takes three of the node's four cores, and another workload behind them.
fn crowded(last: Workload) -> Cluster {
    let workloads = vec![deployment("web", 1, 3000, 100), deployment("db", 1, 3000, 100), last];
    Cluster { start: Start::Any, ..cluster(vec![node("a", &[])], workloads) }
}

/// Whether a run may start with one pod of each Deployment on the node.
fn may_start_crowded(cluster: &Cluster) -> bool {
    let mut world = World::fine(cluster);
    world.run_pods("web", &[("a", 1)]).run_pods("db", &[("a", 1)]);
    world.system.constraints.iter().all(|one| world.evaluate_state(one.holds.id()) == 1)
}

#[test]
fn pods_that_run_initially_fit_whatever_workload_is_the_last() {
    let mut job = deployment("job", 1, 100, 100);
    job.reference.kind = JOB.into();
    job.control = Control::Ends(Job { run_time: None, backoff_limit: 0, ..Job::default() });
    assert!(!may_start_crowded(&crowded(job)), "a Job has no pods initially");
    let created_later = Workload { exists: false, ..deployment("later", 1, 100, 100) };
    assert!(!may_start_crowded(&crowded(created_later)));
    let mut small = crowded(Workload { exists: false, ..deployment("later", 1, 100, 100) });
    small.workloads[1] = deployment("db", 1, 1000, 100);
    assert!(may_start_crowded(&small), "3000m and 1000m are 4000m");
}
