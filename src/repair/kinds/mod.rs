//! The catalogue: which fields of which kinds can be changed, one file for each kind.

mod affinity;
mod autoscaler;
mod budget;
mod containers;
mod daemon_set;
mod deployment;
mod descheduler;
mod job;
mod missing_budget;
mod node;
mod pools;
mod priority;
mod quota;
mod scheduler;
mod spread;
mod stateful_set;
mod tolerations;
mod vertical;
mod volume;

use super::catalogue::Room;

/// All entries.
pub const REGISTRY: &[Room] = &[
    budget::ROOM,
    deployment::ROOM,
    stateful_set::ROOM,
    daemon_set::ROOM,
    descheduler::ROOM,
    spread::ROOM,
    affinity::ROOM,
    tolerations::ROOM,
    autoscaler::ROOM,
    vertical::ROOM,
    job::ROOM,
    job::CRON_ROOM,
    priority::ROOM,
    priority::DAEMON_ROOM,
    scheduler::ROOM,
    scheduler::MISSING_ROOM,
    containers::SILENT_ROOM,
    containers::ROOM,
    quota::ROOM,
    volume::ROOM,
    node::ROOM,
    pools::ROOM,
    missing_budget::ROOM,
];
