//! Built-in intents against the same ones in words.

use crate::compare::{Verdict, explicit, same};
use kubound::engines::explicit::Explicit;
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::expression::Comparison;
use kubound_encodings::cluster::formula::{Collection, Field, Formula, Members, Object, Word};
use kubound_encodings::cluster::intent::{Intent, IntentKind, SchedulableMode, When};
use kubound_encodings::cluster::{Cluster, Expression, Granularity, WorkloadRef};

/// Decides every intent that can be said in words in both ways, on one system.
pub fn compare(cluster: &Cluster) -> Result<Vec<bool>, String> {
    let mut pairs = Vec::new();
    for intent in &cluster.intents {
        if let Some((word, condition)) = in_words(cluster, &intent.kind) {
            let kind = IntentKind::Formula { word, text: "in words".into(), conditions: vec![condition] };
            pairs.push(intent.clone());
            pairs.push(Intent { id: format!("{} in words", intent.id), kind, origin: intent.origin.clone() });
        }
    }
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let cluster = Cluster { intents: pairs, ..cluster.clone() };
    let system = assemble(&cluster, Granularity::Fine).map_err(|error| format!("assemble: {error}"))?;
    if system.properties.len() != cluster.intents.len() {
        return Err("another number of properties".into());
    }
    let mut outcomes = Vec::new();
    for first in (0..system.properties.len()).step_by(2) {
        let decide = |property: usize| explicit(Explicit::default(), &system, property, "fine");
        // Words know of no premise.
        let clean = |verdict: Verdict| if verdict.is_clean() { Verdict::Holds } else { verdict };
        let (built_in, in_words) = (clean(decide(first)?), clean(decide(first + 1)?));
        outcomes.push(same("built in and in words", &built_in, &in_words)?);
    }
    Ok(outcomes)
}

fn of(name: &str, field: Field) -> Formula {
    Formula::Field(Object::Bound(name.into()), field)
}

fn text(text: &str) -> Formula {
    Formula::Text(text.into())
}

fn both(a: Formula, b: Formula) -> Formula {
    Formula::And(Box::new(a), Box::new(b))
}

fn either(a: Formula, b: Formula) -> Formula {
    Formula::Or(Box::new(a), Box::new(b))
}

fn equal(a: Formula, b: Formula) -> Formula {
    Formula::Same(Box::new(a), Box::new(b))
}

fn not(one: Formula) -> Formula {
    Formula::Not(Box::new(one))
}

/// Pods of a workload for which something holds.
fn pods(target: &WorkloadRef, holds: Formula) -> Members {
    let is_own = both(
        equal(of("p", Field::Owner), text(&target.name)),
        equal(of("p", Field::Namespace), text(&target.namespace)),
    );
    Members::Filter(Box::new(Members::All(Collection::Pods)), "p".into(), Box::new(both(is_own, holds)))
}

/// A limit over what a formula may speak of, too.
fn limit(cluster: &Cluster, target: &WorkloadRef, limit: &Expression) -> Option<Formula> {
    match limit {
        Expression::Number(number) => Some(Formula::Number(*number)),
        Expression::NodesPresent => Some(Formula::Size(Members::All(Collection::Nodes))),
        Expression::SpecReplicas => {
            Some(Formula::Field(Object::Workload(cluster.workload(target)?), Field::SpecReplicas))
        }
        _ => None,
    }
}

fn in_words(cluster: &Cluster, kind: &IntentKind) -> Option<(Word, Formula)> {
    // Pods know only the name of their workload.
    let is_known = |target: &WorkloadRef| {
        let named = cluster.workloads.iter().filter(|one| one.reference.name == target.name);
        named.count() == 1 && cluster.workload(target).is_some()
    };
    match kind {
        IntentKind::Replicas { target, min, max, when } if is_known(target) => {
            let ready = || Formula::Size(pods(target, of("p", Field::Ready)));
            let mut within = Formula::Bool(true);
            for (bound, comparison) in [(min, Comparison::AtLeast), (max, Comparison::AtMost)] {
                if let Some(bound) = bound {
                    let bound = limit(cluster, target, bound)?;
                    within = both(within, Formula::Compare(comparison, Box::new(ready()), Box::new(bound)));
                }
            }
            match when {
                When::Always => Some((Word::Always, within)),
                When::Settled => Some((Word::Always, either(not(Formula::Settled), within))),
                When::AfterReached => None,
            }
        }
        IntentKind::Schedulable { target: Some(target), mode: SchedulableMode::Settled } if is_known(target) => {
            let pending = pods(target, equal(of("p", Field::Phase), text("pending")));
            let none =
                Formula::Compare(Comparison::Equal, Box::new(Formula::Size(pending)), Box::new(Formula::Number(0)));
            Some((Word::InfinitelyOften, none))
        }
        IntentKind::Placement { target, pools } if is_known(target) => {
            let ends = equal(of("p", Field::Phase), text("terminating"));
            let nowhere = equal(of("p", Field::Node), text(""));
            let inside = pools.iter().map(|pool| equal(of("p", Field::Pool), text(pool)));
            let fine = inside.fold(either(ends, nowhere), either);
            let bad = Formula::Size(pods(target, not(fine)));
            Some((Word::Always, Formula::Compare(Comparison::Equal, Box::new(bad), Box::new(Formula::Number(0)))))
        }
        _ => None,
    }
}
