//! Where the clusters rest with which intents compare: found out before the intents are decided, by the explicit engine
//! alone, since it takes every place to rest and not only one.
//!
//! The search asks again and again for a settled state whose numbers are not known yet, until it has looked at all states
//! and there is none. The numbers of both clusters are tied together by sizes and values, so one search serves all of
//! them.

use super::Options;
use super::timings::timing_word;
use crate::engines::explicit::Explicit;
use crate::engines::{Answer, Engine};
use crate::limits::search::MOST_OUTCOMES;
use crate::limits::{Limits, Stop};
use crate::plural::plural;
use kubound_encodings::assemble::{AssembleError, assemble_with_columns};
use kubound_encodings::cluster::comparison::Outcomes;
use kubound_encodings::cluster::{Cluster, Comparison, Granularity, Intent, Oracle, Timing};
use kubound_encodings::intents::Columns;
use kubound_encodings::system::{Claim, TransitionSystem};
use kubound_encodings::term::eval::{Assignment, evaluate};
use kubound_encodings::term::{Int, Term, TermId, all, within};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An intent that cannot be decided, since nobody knows what to compare with.
pub struct Open {
    /// The intent.
    pub intent: Intent,
    /// Why.
    pub why: String,
}

/// Finds out what intents compare with; takes those for which that is not known out of the cluster.
///
/// # Errors
///
/// A cluster that cannot be modelled.
pub fn resolve(cluster: &mut Cluster, options: &Options, stop: &Stop) -> Result<Vec<Open>, AssembleError> {
    let mut open = Vec::new();
    let mut known: Vec<(Comparison, Arc<Outcomes>)> = Vec::new();
    let mut intents = Vec::new();
    for mut intent in std::mem::take(&mut cluster.intents) {
        let Some(comparison) = Comparison::of(&intent).filter(|one| one.outcomes.is_none()).cloned() else {
            intents.push(intent);
            continue;
        };
        let asked = of_the_other(&comparison);
        let same = known.iter().find(|(other, _)| *other == asked).map(|(_, outcomes)| Arc::clone(outcomes));
        let found = match same {
            Some(outcomes) => Ok(outcomes),
            None => outcomes(cluster, &intent, &asked, options, stop)?.map(Arc::new),
        };
        match found {
            Ok(outcomes) => {
                known.push((asked, Arc::clone(&outcomes)));
                intent.kind = Comparison { outcomes: Some(outcomes), ..comparison }.into_kind();
                intents.push(intent);
            }
            Err(why) => open.push(Open { intent, why }),
        }
    }
    cluster.intents = intents;
    Ok(open)
}

/// What is asked about the other cluster: where it rests, and not whether it comes to rest. So `recovers` asks what
/// `sameAsFresh` does.
fn of_the_other(comparison: &Comparison) -> Comparison {
    let oracle = match comparison.oracle {
        Oracle::Recovers => Oracle::SameAsFresh,
        other => other,
    };
    Comparison { oracle, ..comparison.clone() }
}

/// The timings under which an intent of a cluster may be decided.
fn timings(cluster: &Cluster, options: &Options) -> Vec<Timing> {
    match cluster.timing {
        Timing::Paced if options.both => vec![Timing::Paced, Timing::Delayed, Timing::Interleaved],
        Timing::Interleaved => vec![Timing::Interleaved],
        // Where the clock of a timing stops, the widest one alone decides.
        own => vec![own, Timing::Interleaved],
    }
}

/// Where the other cluster of a comparison rests, under each timing; or why that is not known.
fn outcomes(
    cluster: &Cluster,
    intent: &Intent,
    comparison: &Comparison,
    options: &Options,
    stop: &Stop,
) -> Result<Result<Outcomes, String>, AssembleError> {
    let subject = match comparison.oracle {
        Oracle::SameAsWithoutFaults => "without faults the cluster rests",
        _ => "a fresh cluster rests",
    };
    let mut outcomes = Outcomes::default();
    let plain = Cluster { intents: Vec::new(), ..cluster.clone() };
    let own = built(&plain, Granularity::Fine, comparison, stop)?.1;
    for timing in timings(cluster, options) {
        let reference = other(&Cluster { timing, ..plain.clone() }, intent, comparison);
        let granularity = match timing {
            Timing::Paced => options.granularity,
            Timing::Delayed | Timing::Interleaved => Granularity::Fine,
        };
        let (system, others) = built(&reference, granularity, comparison, stop)?;
        if let Some(why) = own.differ(&others) {
            return Ok(Err(format!("where {subject} cannot be compared: {why}")));
        }
        match rows(system, &others, stop) {
            Ok(rows) => outcomes.rows.insert(timing, rows),
            Err(why) => {
                let timing = timing_word(timing);
                return Ok(Err(format!("where {subject} is not known ({timing} timing): {why}")));
            }
        };
    }
    Ok(Ok(outcomes))
}

/// The other cluster, with an intent that every place to rest violates.
fn other(cluster: &Cluster, intent: &Intent, comparison: &Comparison) -> Cluster {
    let nowhere = Outcomes { rows: BTreeMap::from([(cluster.timing, Vec::new())]) };
    let asked = Comparison { outcomes: Some(Arc::new(nowhere)), ..comparison.clone() };
    Cluster { intents: vec![Intent { kind: asked.into_kind(), ..intent.clone() }], ..cluster.reference(comparison) }
}

fn built(
    cluster: &Cluster,
    granularity: Granularity,
    comparison: &Comparison,
    stop: &Stop,
) -> Result<(TransitionSystem, Columns), AssembleError> {
    let build = || assemble_with_columns(cluster, granularity, comparison);
    stop.heed(build).unwrap_or_else(|stopped| Err(AssembleError::Stopped(stopped)))
}

/// The numbers of all settled states, each once.
fn rows(mut system: TransitionSystem, columns: &Columns, stop: &Stop) -> Result<Vec<BTreeMap<String, i64>>, String> {
    let values: Vec<TermId> = columns.columns.iter().map(|column| column.value).collect();
    let limits = Limits { deadline: stop.deadline, ..Limits::default() };
    let mut rows = Vec::new();
    loop {
        let outcome =
            Explicit::default().decide(&system, 0, &limits, &stop.cancel).map_err(|fault| fault.to_string())?;
        let trace = match outcome.answer {
            Answer::Holds { .. } => return Ok(rows),
            Answer::Violated(trace) => trace,
            Answer::Unknown { reason } => return Err(reason),
            Answer::NoViolationUpTo { depth } => {
                return Err(format!("only looked at {}", plural(depth as i64, "step")));
            }
        };
        if rows.len() == MOST_OUTCOMES {
            return Err(format!("it may rest in more than {MOST_OUTCOMES} ways; narrow the ranges of the scenario"));
        }
        let state = trace.state(trace.steps.len());
        let found = evaluate(&system.dag, &values, Assignment { vars: state, primed: &[], choices: &[] });
        let names = columns.columns.iter().map(|column| column.name.clone());
        rows.push(names.zip(found.iter().copied()).collect());
        exclude(&mut system, &values, &found);
    }
}

/// Makes the claim of a system hold where these terms have these values.
fn exclude(system: &mut TransitionSystem, terms: &[TermId], values: &[i64]) {
    let Claim::Invariant(holds) = system.properties[0].claim else { return };
    let (widened, dag) = within(std::mem::take(&mut system.dag), || {
        holds | all(terms.iter().zip(values).map(|(&term, &value)| Int::from_id(term).is(value)).collect::<Vec<_>>())
    });
    system.dag = dag;
    system.properties[0].claim = Claim::Invariant(widened);
}
