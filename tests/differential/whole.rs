//! All that `kubound verify` does: no fault of an engine, and the same verdicts for one intent as for all together.

use kubound::engines::Cancel;
use kubound::search::{Fault, Findings, IntentResult, Options, Silent, Verdict, verify};
use kubound_encodings::cluster::Cluster;
use std::time::Duration;

/// Longest time for one cluster.
const TIMEOUT: Duration = Duration::from_secs(4);
/// Longest time for making one violation small.
const MINIMISE: Duration = Duration::from_secs(1);

/// What is found; nothing where no cluster is as the scenario wants it.
fn decide(cluster: &Cluster) -> Result<Option<Findings>, String> {
    let options = Options { timeout: TIMEOUT, minimise: MINIMISE, ..Options::default() };
    match verify(cluster, &options, &Cancel::default(), &Silent).map_err(|error| format!("assemble: {error}"))? {
        Ok(findings) => Ok(Some(findings)),
        Err(Fault::NothingToCheck { .. }) => Ok(None),
        Err(fault) => Err(format!("fault: {fault}")),
    }
}

/// Compares.
pub fn compare(cluster: &Cluster) -> Result<Vec<bool>, String> {
    let Some(together) = decide(cluster)? else { return Ok(Vec::new()) };
    let mut outcomes = Vec::new();
    for intent in &cluster.intents {
        let Some(alone) = decide(&Cluster { intents: vec![intent.clone()], ..cluster.clone() })? else {
            return Err(format!("nothing to check for one intent: {}", intent.id));
        };
        for result in &alone.results {
            let is_same = |other: &&IntentResult| other.intent == result.intent && other.target == result.target;
            let Some(other) = together.results.iter().find(is_same) else {
                return Err(format!("no verdict beside others: {}", result.intent));
            };
            let is_decided = |verdict: &Verdict| !verdict.is_undecided();
            let both = is_decided(&result.verdict) && is_decided(&other.verdict);
            if both && result.verdict.word() != other.verdict.word() && speak_of_the_same(result, other) {
                let (alone, beside) = (result.verdict.word(), other.verdict.word());
                return Err(format!("alone {alone}, beside others {beside}: {}", result.intent));
            }
            outcomes.push(both);
        }
    }
    Ok(outcomes)
}

/// Whether two answers exclude each other: what holds as long as controllers act at once may be violated by late ones, where
/// one of the runs had no time for them.
fn speak_of_the_same(one: &IntentResult, other: &IntentResult) -> bool {
    match (one.verdict.is_clean(), other.verdict.is_clean()) {
        (true, false) => one.timing >= other.timing,
        (false, true) => other.timing >= one.timing,
        _ => true,
    }
}
