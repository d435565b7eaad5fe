//! Workloads.

use super::{Letters, fields, is_range, kinds, names_nodes, pods};
use kubound_encodings::cluster::Span;
use kubound_encodings::cluster::rollout::{Amount, Rollout, Strategy};
use kubound_encodings::cluster::workload::{
    Access, Control, DaemonSet, Disruption, Job, Readiness, Startup, StatefulSet, Usage, VolumeNodes, Workload,
};

pub const ALL: &[&[&str]] = &[WORKLOAD, KIND, USAGE, READINESS, ROLLOUT, STRATEGY, STATEFUL, DAEMON, JOB, DISRUPTION];

fields! { WORKLOAD, of_workload: Workload,
    Workload {
        reference: _, replicas, replicas_managed, template: _, later_templates, recommended: _, rollout: _, control: _,
        volume_nodes, exclusive_claims, cpu_usage: _, memory_usage, container_usage, metrics, startup, crash_loop, exists, origin: _,
    } => {
        "replicas: a range": is_range(*replicas),
        "replicas: perhaps none": replicas.lo == 0 && is_range(*replicas),
        "replicas not in the manifest": !replicas_managed,
        "another template": !later_templates.is_empty(),
        "volume of a node": volume_nodes.iter().any(|VolumeNodes { ordinal, terms }| ordinal.is_none() && names_nodes(terms)),
        "volume of one node at a time": exclusive_claims.iter().any(|one| one.access == Access::OneNode),
        "volume of one pod": exclusive_claims.iter().any(|one| one.access == Access::OnePod),
        "volume of a node for an ordinal": volume_nodes.iter().any(|one| one.ordinal.is_some()),
        "memoryUsage": matches!(memory_usage, Usage::PerPod(_)),
        "load.memory": matches!(memory_usage, Usage::Shared(_)),
        "usage of containers": !container_usage.is_empty(),
        "metrics": !metrics.is_empty(),
        "metrics: shared": metrics.iter().any(|one| one.is_shared),
        "metrics: a range": metrics.iter().any(|one| is_range(one.value)),
        "startup.cpuUsage": startup.is_some_and(|Startup { cpu, seconds: _, readiness: _ }| cpu > 0),
        "crashLoop": crash_loop.as_ref().is_some_and(|one| one.images.is_empty()),
        "crashLoop of an image": crash_loop.as_ref().is_some_and(|one| !one.images.is_empty()),
        "created later": !exists,
    }
}

kinds! { USAGE, of_usage: Usage, {
    Usage::Request => "usage: request",
    Usage::PerPod(Span { lo: _, hi: _, step: _ }) => "cpuUsage",
    Usage::Shared(_) => "load.cpu",
} }

kinds! { READINESS, of_readiness: Readiness, {
    Readiness::AtOnce => "startup: at-once",
    Readiness::After => "startup: after",
    Readiness::Never => "startup: never",
} }

fields! { ROLLOUT, of_rollout: Rollout,
    Rollout { strategy: _, is_paused, min_ready_seconds } => {
        "paused": *is_paused,
        "minReadySeconds": *min_ready_seconds > 0,
    }
}

kinds! { STRATEGY, of_strategy: Strategy, {
    Strategy::RollingUpdate { max_surge: Amount::Percent(25), max_unavailable: Amount::Percent(25) } => "strategy: default",
    Strategy::RollingUpdate { max_surge: _, max_unavailable: _ } => "strategy: RollingUpdate",
    Strategy::Recreate => "strategy: Recreate",
} }

const KIND: &[&str] = &["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Job of a CronJob", "bare Pod"];

/// The letters of a workload.
pub fn letters(workload: &Workload, found: &mut Letters) {
    of_workload(workload, found);
    let templates = std::iter::once(&workload.template).chain(&workload.later_templates);
    templates.for_each(|template| pods::letters(template, found));
    of_usage(&workload.cpu_usage, found);
    workload.startup.iter().for_each(|startup| of_readiness(&startup.readiness, found));
    of_rollout(&workload.rollout, found);
    let kind = match &workload.control {
        Control::Alike if workload.reference.kind == "ReplicaSet" => "ReplicaSet",
        Control::Alike => {
            of_strategy(&workload.rollout.strategy, found);
            "Deployment"
        }
        Control::EachNode(spec) => {
            of_daemon(spec, found);
            "DaemonSet"
        }
        Control::Ordinals(spec) => {
            of_stateful(spec, found);
            "StatefulSet"
        }
        Control::Ends(job) => {
            of_job(job, found);
            of_disruption(&job.on_disruption, found);
            if workload.reference.name.contains('#') { "Job of a CronJob" } else { "Job" }
        }
        Control::Bare => "bare Pod",
    };
    found.insert(kind);
}

fields! { STATEFUL, of_stateful: StatefulSet,
    StatefulSet { is_ordered, updates_on_delete, partition, max_unavailable, start } => {
        "StatefulSet: ordered": *is_ordered,
        "StatefulSet: parallel": !is_ordered,
        "StatefulSet: OnDelete": *updates_on_delete,
        "StatefulSet: partition": *partition > 0,
        "StatefulSet: maxUnavailable": *max_unavailable != Amount::Pods(1),
        "StatefulSet: first ordinal": *start > 0,
    }
}

fields! { DAEMON, of_daemon: DaemonSet,
    DaemonSet { updates_on_delete, max_unavailable, max_surge } => {
        "DaemonSet: OnDelete": *updates_on_delete,
        "DaemonSet: maxUnavailable": *max_unavailable != Amount::Pods(1),
        "DaemonSet: maxSurge": max_surge.is_positive(),
    }
}

fields! { JOB, of_job: Job,
    Job {
        completions, backoff_limit, by_index, active_deadline, is_suspended, on_disruption: _, replaces_failed_only,
        run_time,
    } => {
        "Job: work queue": completions.is_none(),
        "Job: several completions": completions.is_some_and(|completions| completions > 1),
        "Job: no failure": *backoff_limit == 0,
        "Job: by index": by_index.is_some(),
        "Job: maxFailedIndexes": by_index.is_some_and(|by_index| by_index.max_failed.is_some()),
        "Job: activeDeadlineSeconds": active_deadline.is_some(),
        "Job: suspend": *is_suspended,
        "Job: podReplacementPolicy": *replaces_failed_only,
        "Job: runTime": run_time.is_some(),
    }
}

kinds! { DISRUPTION, of_disruption: Disruption, {
    Disruption::Count => "Job: disruptions count",
    Disruption::Ignore => "Job: disruptions do not count",
    Disruption::FailJob => "Job: fails when disrupted",
} }
