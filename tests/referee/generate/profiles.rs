//! Profiles: what a run of the referee draws from.

use super::{Letter, Sketch, autoscaling, descheduling, events, nodes, pods, rules, schedulers, volumes, workloads};
use crate::plane::PlaneKind;

/// What clusters are drawn from.
pub struct Profile {
    /// Its name.
    pub name: &'static str,
    /// Kinds of workloads.
    pub kinds: &'static [&'static str],
    /// Letters with their shares.
    pub letters: &'static [(i64, Letter)],
    /// Events with their shares.
    pub events: &'static [(i64, Letter)],
    /// How many events happen to a cluster.
    pub events_each: usize,
    /// Whether amounts are up to the brim.
    pub is_brim: bool,
    /// What the control plane needs besides.
    pub kind: PlaneKind,
}

impl Profile {
    /// Its number among all.
    pub fn number(&self) -> u64 {
        PROFILES.iter().position(|other| other.name == self.name).unwrap_or_default() as u64
    }
}

const ALL: &[&str] =
    &["Deployment", "Deployment", "Deployment", "ReplicaSet", "StatefulSet", "StatefulSet", "DaemonSet", "Job"];

fn any_of(sketch: &mut Sketch, letters: &[Letter]) {
    let letter = sketch.one_of(letters);
    letter(sketch);
}

fn node(sketch: &mut Sketch) {
    any_of(sketch, nodes::LETTERS);
}

fn pod(sketch: &mut Sketch) {
    any_of(sketch, pods::LETTERS);
}

fn workload(sketch: &mut Sketch) {
    any_of(sketch, workloads::LETTERS);
}

fn budget(sketch: &mut Sketch) {
    any_of(sketch, rules::BUDGETS);
}

fn quota(sketch: &mut Sketch) {
    any_of(sketch, rules::QUOTAS);
}

fn priority(sketch: &mut Sketch) {
    any_of(sketch, rules::PRIORITIES);
}

const LETTERS: &[(i64, Letter)] = &[(4, node), (8, pod), (2, workload), (2, budget), (1, quota), (2, priority)];

const MIXED: Profile = Profile {
    name: "mixed",
    kinds: ALL,
    letters: LETTERS,
    events: events::USERS,
    events_each: 1,
    is_brim: false,
    kind: PlaneKind::Plain,
};

/// All profiles. The number of one is part of what is drawn for a seed: new ones come last.
pub const PROFILES: &[Profile] = &[
    MIXED,
    Profile { name: "brim", is_brim: true, letters: &[(3, node), (4, pod), (3, priority), (2, quota)], ..MIXED },
    Profile {
        name: "rollouts",
        kinds: &["Deployment"],
        letters: &[(5, workload), (3, pod), (2, node), (1, quota), (1, priority)],
        events: &[(4, events::apply), (2, events::restart)],
        ..MIXED
    },
    Profile {
        name: "two-events",
        events: &[
            (4, events::drain),
            (2, events::uncordon),
            (4, events::scale),
            (5, events::apply),
            (4, events::roll_back),
            (2, events::restart),
            (2, events::create),
        ],
        events_each: 2,
        ..MIXED
    },
    Profile { name: "statefulsets", kinds: &["StatefulSet", "StatefulSet", "StatefulSet", "Deployment"], ..MIXED },
    Profile { name: "daemonsets", kinds: &["DaemonSet", "DaemonSet", "Deployment", "StatefulSet"], ..MIXED },
    Profile { name: "jobs", kinds: &["Job", "Job", "Deployment"], ..MIXED },
    Profile { name: "quotas", letters: &[(6, quota), (2, pod), (1, node), (2, workload), (1, budget)], ..MIXED },
    Profile { name: "priorities", letters: &[(6, priority), (3, pod), (1, node), (2, budget)], ..MIXED },
    Profile {
        name: "failure",
        events: &[(1, events::stop)],
        kinds: &["Deployment", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"],
        kind: PlaneKind::Stops,
        ..MIXED
    },
    Profile {
        name: "autoscaling",
        kinds: &["Deployment", "Deployment", "ReplicaSet", "StatefulSet"],
        letters: &[(6, autoscaling::scale_by_cpu), (2, pod), (1, node), (1, workload)],
        events: &[(4, autoscaling::use_more), (2, events::scale), (2, events::apply), (2, events::drain)],
        kind: PlaneKind::Metrics,
        ..MIXED
    },
    Profile {
        name: "schedulers",
        letters: &[(6, schedulers::choose), (5, pod), (3, node), (1, priority)],
        kind: PlaneKind::Schedulers,
        ..MIXED
    },
    Profile {
        name: "volumes",
        kinds: &["Deployment", "Deployment", "ReplicaSet", "StatefulSet", "StatefulSet", "StatefulSet", "DaemonSet"],
        letters: &[(8, volumes::mount), (4, pod), (2, node), (1, priority)],
        ..MIXED
    },
    Profile {
        name: "descheduler",
        kinds: &["Deployment", "Deployment", "ReplicaSet", "StatefulSet", "StatefulSet", "DaemonSet"],
        letters: &[(8, pod), (3, node), (3, descheduling::disagree), (1, workload), (2, budget), (1, priority)],
        // What comes back is empty, and the others are full.
        events: &[(14, events::uncordon), (4, events::scale), (2, events::cordon), (2, events::apply)],
        events_each: 2,
        kind: PlaneKind::Descheduled,
        ..MIXED
    },
];
