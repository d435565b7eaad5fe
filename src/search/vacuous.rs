//! Clean verdicts about runs in which what the user wrote never happens.
//!
//! An intent that holds while an event of the scenario cannot happen says nothing about that event, and whoever wrote it
//! believes that it does. Controllers that never act are told in the report, but are no reason to doubt: a descheduler with
//! nothing to evict is as it should be.

use super::{IntentResult, Systems, Verdict};
use itertools::Itertools;
use kubound_encodings::cluster::{Cluster, Event, Start};
use kubound_encodings::system::Pace;
use rustc_hash::FxHashSet;

/// Makes a clean verdict vacuous where some event of the scenario can never happen.
pub fn judge(cluster: &Cluster, systems: &Systems, result: &mut IntentResult) {
    // Other engines do not know what can happen.
    if !matches!(result.verdict, Verdict::Holds { .. }) || result.engine != "explicit" {
        return;
    }
    let fired = systems.fine_names(&result.fired);
    let impossible: Vec<&Event> = cluster.events.iter().filter(|event| is_impossible(event, systems, &fired)).collect();
    if impossible.is_empty() {
        return;
    }
    let is_settled = || systems.fine.rules.iter().any(|rule| rule.reason == "Settled" && fired.contains(&rule.name));
    let why = if cluster.start == Start::Settled && !is_settled() {
        "the cluster never settles, and events wait for that".to_owned()
    } else {
        impossible.iter().map(|event| reason(event, &impossible)).join("; ")
    };
    result.verdict = Verdict::Vacuous { why };
}

/// Whether none of the steps that an event consists of is ever taken. What the environment does by itself again and again
/// has none, and is no event in that sense.
fn is_impossible(event: &Event, systems: &Systems, fired: &FxHashSet<String>) -> bool {
    let rules = systems.fine.rules.iter();
    let mut own = rules.filter(|rule| rule.pace == Pace::Event && rule.origins.contains(&event.origin)).peekable();
    own.peek().is_some() && !own.any(|rule| fired.contains(&rule.name))
}

fn reason(event: &Event, impossible: &[&Event]) -> String {
    let named = format!("event `{}` ({}) can never happen", event.id, event.kind.name());
    match &event.after {
        Some(after) if impossible.iter().any(|other| other.id == *after) => format!("{named}: it waits for `{after}`"),
        _ => named,
    }
}
