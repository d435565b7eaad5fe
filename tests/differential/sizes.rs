//! A range of sizes against every size by itself.

use crate::compare::{Case, Verdict, explicit, systems};
use kubound::engines::explicit::Explicit;
use kubound_encodings::cluster::{Bounds, Cluster, Span, Start};

/// Most sizes that are looked at by themselves.
const MOST: usize = 9;

/// An intent is violated for a range if and only if it is for some size within; and it is vacuous only if it is for all.
pub fn compare(case: &Case) -> Result<Option<bool>, String> {
    let Some(clusters) = exactly(case.cluster) else { return Ok(None) };
    let (mut word, mut is_cut) = ("vacuous", matches!(case.verdict, Verdict::Undecided));
    for cluster in &clusters {
        let (_, fused) = systems(cluster)?;
        match explicit(Explicit::default(), &fused, case.property, "fused")? {
            Verdict::Violated(_) => word = "violated",
            Verdict::Holds if word == "vacuous" => word = "holds",
            Verdict::Holds | Verdict::Vacuous => {}
            Verdict::Undecided => is_cut = true,
        }
    }
    let found = case.verdict.word();
    if !is_cut && found != word {
        return Err(format!("a range and every size of it, {found} and {word}"));
    }
    if word == "violated" && case.verdict.is_clean() {
        return Err(format!("a range and one size of it, {found} and violated"));
    }
    Ok(Some(!is_cut))
}

/// The clusters with each combination of numbers; nothing if there is no range of numbers, or if there are too many.
fn exactly(cluster: &Cluster) -> Option<Vec<Cluster>> {
    // A bound excludes sizes of a range, but no size that is written by itself.
    if cluster.bounds != Bounds::default() {
        return None;
    }
    let mut all = vec![cluster.clone()];
    let split = |all: Vec<Cluster>, span: Span, set: &dyn Fn(&mut Cluster, Span)| -> Vec<Cluster> {
        let with = |cluster: &Cluster, value: i64| {
            let mut copy = cluster.clone();
            set(&mut copy, Span::exactly(value));
            copy
        };
        all.iter().flat_map(|one| span.values().map(|value| with(one, value)).collect::<Vec<_>>()).collect()
    };
    for (index, pool) in cluster.pools.iter().enumerate() {
        all = split(all, pool.count, &|copy, span| copy.pools[index].count = span);
    }
    // From any state, controllers may have asked for any number of the range before.
    let replicas = cluster.workloads.iter().enumerate().filter(|_| cluster.start != Start::Arbitrary);
    for (index, workload) in replicas {
        all = split(all, workload.replicas, &|copy, span| copy.workloads[index].replicas = span);
    }
    (2..=MOST).contains(&all.len()).then_some(all)
}
