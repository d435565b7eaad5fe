//! The alphabet of inputs: which of the things that an input can say a cluster says.
//!
//! Structures are taken apart field by field and kinds are matched one by one, without a wildcard, so that whoever adds
//! a field or a kind to the input has to add a letter here; and a test fails until the generator writes it.

mod controllers;
mod descheduling;
mod events;
mod intents;
mod pods;
mod scheduling;
mod workloads;

use kubound_encodings::cluster::node::HOSTNAME;
use kubound_encodings::cluster::node_autoscaler::NodeGroup;
use kubound_encodings::cluster::selector::NodeSelectorTerm;
use kubound_encodings::cluster::workload::Service;
use kubound_encodings::cluster::{
    Assumption, Bounds, Cluster, FeatureGates, NodePool, PlacedPhase, Placement, Span, Start, TaintEffect, Timing,
};
use std::collections::BTreeSet;

/// The letters of a cluster.
pub type Letters = BTreeSet<&'static str>;

/// Letters of a structure: each with its condition over the fields.
macro_rules! fields {
    ($all:ident, $name:ident: $type:ty, $pattern:pat => { $($letter:literal: $is:expr,)* }) => {
        pub(super) const $all: &[&str] = &[$($letter),*];
        pub(super) fn $name(value: &$type, found: &mut Letters) {
            let $pattern = value;
            $(if $is { found.insert($letter); })*
        }
    };
}

/// Letters of an enumeration, one a kind; kinds beyond the alphabet have none.
macro_rules! kinds {
    ($all:ident, $name:ident: $type:ty, { $($pattern:pat => $letter:literal,)* } $(beyond { $beyond:pat })?) => {
        pub(super) const $all: &[&str] = &[$($letter),*];
        pub(super) fn $name(value: &$type, found: &mut Letters) {
            match value {
                $($pattern => drop(found.insert($letter)),)*
                $($beyond => {})?
            }
        }
    };
}
pub(crate) use fields;
pub(crate) use kinds;

/// Every letter.
pub fn alphabet() -> impl Iterator<Item = &'static str> {
    let own = [CLUSTER, START, TIMING, PHASE, POOL, EFFECT, GROUP];
    let others =
        [workloads::ALL, pods::ALL, controllers::ALL, descheduling::ALL, scheduling::ALL, events::ALL, intents::ALL];
    own.into_iter().chain(others.concat()).flatten().copied().collect::<Vec<_>>().into_iter()
}

/// The letters of a cluster.
pub fn letters(cluster: &Cluster) -> Letters {
    let mut found = Letters::new();
    of_cluster(cluster, &mut found);
    of_start(&cluster.start, &mut found);
    of_timing(&cluster.timing, &mut found);
    cluster.placed.iter().for_each(|placed| of_phase(&placed.phase, &mut found));
    cluster.pools.iter().for_each(|pool| of_nodes(pool, &mut found));
    cluster.workloads.iter().for_each(|workload| workloads::letters(workload, &mut found));
    controllers::letters(cluster, &mut found);
    cluster.descheduler.iter().for_each(|policy| descheduling::letters(policy, &mut found));
    cluster.profiles().for_each(|profile| scheduling::letters(profile, &mut found));
    cluster.scenario_controllers.iter().for_each(|one| events::controller_letters(one, &mut found));
    cluster.events.iter().for_each(|event| events::letters(event, &mut found));
    cluster.intents.iter().for_each(|intent| intents::letters(intent, &mut found));
    found
}

fn is_range(span: Span) -> bool {
    span.constant().is_none()
}

/// Whether a selector of nodes names some of them.
fn names_nodes(terms: &[NodeSelectorTerm]) -> bool {
    terms.iter().any(|term| !term.fields.is_empty() || term.expressions.iter().any(|one| one.key == HOSTNAME))
}

fields! { CLUSTER, of_cluster: Cluster,
    Cluster {
        name: _, version, gates, pools, workloads, cron_jobs: _, hpas: _, vpas: _, disruption_budgets: _, quotas: _, services,
        descheduler: _, node_autoscaler: _, scheduler: _, other_profiles, others: _, scenario_controllers: _, events: _,
        intents: _, assumptions, assumed: _, faults: _, placed, start: _, timing: _, bounds,
    } => {
        "an older release": version.0 < 33,
        "a later release": version.0 > 33,
        "a feature gate": { let FeatureGates(set) = gates; !set.is_empty() },
        "several pools": pools.len() > 1,
        "several workloads": workloads.len() > 1,
        "four nodes": pools.iter().map(|pool| pool.count.hi).sum::<i64>() >= 4,
        "six replicas": workloads.iter().any(|one| one.replicas.hi >= 6),
        "service": services.iter().any(|Service { namespace: _, name: _, selector }| !selector.is_empty()),
        "several profiles": !other_profiles.is_empty(),
        "assume": assumptions.iter().any(|Assumption { text: _, condition: _, origin: _ }| true),
        "placed": !placed.is_empty(),
        "placed: a range": placed.iter().any(|Placement { target: _, pool: _, pods, phase: _, origin: _ }| is_range(*pods)),
        "bounds": { let Bounds { nodes_per_pool, pods } = *bounds; nodes_per_pool < 6 || pods < 36 },
    }
}

kinds! { START, of_start: Start, {
    Start::Empty => "start: empty",
    Start::Settled => "start: settled",
    Start::Any => "start: any",
    Start::Arbitrary => "start: arbitrary",
    Start::Snapshot => "start: snapshot",
} }

kinds! { TIMING, of_timing: Timing, {
    Timing::Paced => "timing: paced",
    Timing::Delayed => "timing: delayed",
    Timing::Interleaved => "timing: interleaved",
} }

kinds! { PHASE, of_phase: PlacedPhase, {
    PlacedPhase::Pending => "placed: pending",
    PlacedPhase::Scheduled => "placed: scheduled",
    PlacedPhase::Running => "placed: running",
    PlacedPhase::Terminating => "placed: terminating",
} }

fields! { POOL, of_pool: NodePool,
    NodePool {
        name: _, is_single_node, count, autoscaling: _, labels, taints, startup_taints, unschedulable, allocatable, pods,
        origin: _,
    } => {
        "Node manifest": *is_single_node,
        "pool: several nodes": count.hi > 1,
        "pool: a range of nodes": is_range(*count),
        "pool: perhaps no node": count.lo == 0,
        "pool: labels": !labels.is_empty(),
        "pool: another host name": labels.contains_key(HOSTNAME),
        "pool: several taints": taints.len() > 1,
        "pool: startup taints": !startup_taints.is_empty(),
        "pool: cordoned": *unschedulable,
        "pool: a range of CPU": allocatable.values().any(|amount| is_range(*amount)),
        "pool: an extended resource": allocatable.contains_key("example.com/gpu"),
        "pool: few pods": pods.hi < 110,
    }
}

kinds! { EFFECT, of_effect: TaintEffect, {
    TaintEffect::NoSchedule => "taint: NoSchedule",
    TaintEffect::PreferNoSchedule => "taint: PreferNoSchedule",
    TaintEffect::NoExecute => "taint: NoExecute",
} }

fields! { GROUP, of_group: NodeGroup,
    NodeGroup { min: _, max: _, cpu_limit, memory_limit } => {
        "autoscaling of nodes": true,
        "autoscaling of nodes: limit of CPU": cpu_limit.is_some(),
        "autoscaling of nodes: limit of memory": memory_limit.is_some(),
    }
}

fn of_nodes(pool: &NodePool, found: &mut Letters) {
    of_pool(pool, found);
    pool.taints.iter().for_each(|taint| of_effect(&taint.effect, found));
    pool.autoscaling.iter().for_each(|group| of_group(group, found));
}
