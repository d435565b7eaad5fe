//! Random small clusters, decided in several ways that must agree: the fused system against the fine one, the
//! explicit search with its reductions against the one without, the symbolic engines against the explicit one. On
//! the way every system must be well-formed, every violation must replay on the fine system, and no engine may
//! report a fault of the model.
//!
//! The clusters are numbered; the number is the seed. `KUBOUND_DIFFERENTIAL_CASES` says how many the symbolic engines
//! look at (the other comparisons look at a twelfth, the deeper symbolic one at a two-hundredth),
//! `KUBOUND_DIFFERENTIAL_FIRST` at which number they start. Searches are cut off at a number of states; cut ones are
//! counted, and must not be too many. A failure is told with its number as it is met, and how far the run is every now
//! and then (to be seen with `--nocapture`); in the end the first failure is made smaller by removing parts and printed
//! whole.

mod autoscaling;
mod compare;
mod generate;
mod nodes_and_pods;
mod random;
mod shrink;

use compare::{Comparison, Tally, compare};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const CASES: u64 = 4600;
/// Threads of one comparison; there are four comparisons.
const THREADS: usize = 2;
/// How many clusters are compared from one line about the progress to the next.
const LINE_EVERY: u64 = 1000;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The kind of a failure, and the intent where it says so.
fn kind(what: &str) -> &str {
    what.split(':').next().unwrap_or_default()
}

fn agree(comparison: Comparison, share: u64) -> Tally {
    let first = number("KUBOUND_DIFFERENTIAL_FIRST", 0);
    let end = first + number("KUBOUND_DIFFERENTIAL_CASES", CASES) / share;
    let next = AtomicU64::new(first);
    let results = Mutex::new((Tally::default(), Vec::<(u64, String)>::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    let result = compare(&generate::cluster(seed), comparison);
                    let mut results = results.lock().unwrap();
                    match result {
                        Ok(tally) => results.0 += tally,
                        Err(what) => {
                            println!("{comparison:?}: cluster {seed}: {what}");
                            results.1.push((seed, what));
                        }
                    }
                    if (seed + 1 - first).is_multiple_of(LINE_EVERY) {
                        println!("{comparison:?}: at cluster {seed} of {end}: {:?}", results.0);
                    }
                }
            });
        }
    });
    let (tally, mut failures) = results.into_inner().unwrap();
    println!("{comparison:?}: {tally:?}");
    failures.sort();
    report(comparison, &failures);
    tally
}

fn report(comparison: Comparison, failures: &[(u64, String)]) {
    let Some((seed, what)) = failures.first() else { return };
    let fails = |candidate: &_| matches!(compare(candidate, comparison), Err(other) if kind(&other) == kind(what));
    let smallest = shrink::shrink(&generate::cluster(*seed), fails);
    let why = compare(&smallest, comparison).err();
    let list: String = failures.iter().map(|(seed, what)| format!("{seed}: {what}\n")).collect();
    panic!("{comparison:?}: {} failures\n{list}the first, made smaller: {why:?}\n{smallest:#?}", failures.len());
}

fn expect_few_undecided(tally: Tally, percent: u64) {
    // Shares mean nothing for a few cases.
    if tally.properties < 300 {
        return;
    }
    assert!(tally.undecided * 100 <= tally.properties * percent, "too many undecided: {tally:?}");
    // About 7.6 %: most clusters with CronJobs or vertical autoscalers come to rest, and nobody is late forever.
    assert!(tally.violated * 14 >= tally.properties, "too few violated: {tally:?}");
    assert!(tally.holds * 10 >= tally.properties, "too few that hold: {tally:?}");
}

#[test]
fn fusing_rules_changes_no_verdict() {
    expect_few_undecided(agree(Comparison::Granularities, 12), 20);
}

/// The second plugin of a pass sees the pod that replaces what the first one evicted, before it starts.
#[test]
fn fused_rules_let_a_pass_go_on_before_pods_start() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/passes");
    let loaded = kubound::manifest::load(&[folder.into()], None).expect("a valid fixture");
    let tally = compare(&loaded.cluster, Comparison::Granularities).expect("the same verdicts");
    assert_eq!((tally.violated, tally.properties), (1, 1));
}

#[test]
fn reductions_change_no_verdict() {
    expect_few_undecided(agree(Comparison::Reductions, 12), 20);
}

#[test]
fn symbolic_and_explicit_search_agree() {
    let tally = agree(Comparison::Engines, 1);
    // Time that may stop anywhere while an event may happen takes states: 55.05 % of 4400 clusters.
    expect_few_undecided(tally, 57);
    // The clusters of a seed never change, and neither does how many of them are small enough.
    assert!(tally.clusters != CASES || tally.decided >= 2000, "{tally:?}");
}

#[test]
fn symbolic_and_explicit_search_agree_deeper() {
    expect_few_undecided(agree(Comparison::EnginesDeeper, 200), 50);
}
