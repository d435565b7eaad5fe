//! The numbers that the rules of Kubernetes give on small clusters, and what one step of each controller does.

mod apply;
mod autoscaler;
mod bare_pod;
mod cron_job;
mod daemon_set;
mod daemon_update;
mod descheduler;
mod disruption;
mod intents;
mod job;
mod kinds;
#[path = "../toy/nap.rs"]
mod nap;
mod node_autoscaler;
mod nodes;
mod paused;
mod pod_affinity;
mod preemption;
mod replica_set;
mod rollout;
mod scheduler;
mod start;
mod stateful_set;
mod support;
mod time;
mod volumes;
mod vpa;
