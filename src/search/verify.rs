//! From a cluster to findings: what intents compare with, then the systems, then the intents themselves.

use super::rounds::{check, undecided, unresolved};
use super::{Decision, Fault, Findings, Observer, Options, Systems, references, undrained};
use crate::engines::Cancel;
use crate::limits::Stop;
use kubound_encodings::assemble::AssembleError;
use kubound_encodings::cluster::Cluster;
use kubound_encodings::stop::Stopped;
use std::time::{Duration, Instant};

/// Builds the model and decides everything; the time for both is that of the options.
///
/// # Errors
///
/// A cluster that cannot be modelled; inside, a fault of the search.
pub fn verify(
    cluster: &Cluster,
    options: &Options,
    cancel: &Cancel,
    observer: &dyn Observer,
) -> Result<Result<Findings, Fault>, AssembleError> {
    match options.undrained {
        Some(with) if undrained::is_drained(cluster) => undrained::verify(cluster, options, with, cancel, observer),
        _ => once(cluster, options, options.timeout, cancel, observer),
    }
}

/// The same with all events of the cluster, and with so much of the time for the intents themselves.
pub(super) fn once(
    cluster: &Cluster,
    options: &Options,
    most: Duration,
    cancel: &Cancel,
    observer: &dyn Observer,
) -> Result<Result<Findings, Fault>, AssembleError> {
    let begin = Instant::now();
    let stop = Stop { cancel: cancel.clone(), deadline: Some(begin + options.timeout) };
    let mut known = cluster.clone();
    // The other half is for the intents themselves.
    let half = stop.at_most(options.timeout / 2);
    let built = references::resolve(&mut known, options, &half)
        .and_then(|open| Ok((open, Systems::within(&known, options.granularity, &stop)?)));
    let (open, systems) = match built {
        Err(AssembleError::Stopped(Stopped(why))) => {
            let findings = undecided(cluster, options, why, cancel, begin.elapsed().as_secs_f64());
            tell_from(0, &findings, observer);
            return Ok(Ok(findings));
        }
        built => built?,
    };
    let left = Options { timeout: options.timeout.saturating_sub(begin.elapsed()).min(most), ..*options };
    let mut findings = match check(&known, systems, &left, cancel, observer) {
        Ok(findings) => findings,
        Err(fault) => return Ok(Err(fault)),
    };
    let first = findings.systems.fine.properties.len();
    let open = open.into_iter().enumerate();
    let decided = findings.results.len();
    findings.results.extend(open.map(|(number, one)| unresolved(&known, first + number, &one.intent, one.why)));
    tell_from(decided, &findings, observer);
    Ok(Ok(findings))
}

/// Tells all answers but so many, which were told.
pub(super) fn tell_from(told: usize, findings: &Findings, observer: &dyn Observer) {
    let intents = findings.results.len();
    for (index, result) in findings.results.iter().enumerate().skip(told) {
        observer.decided(&Decision { result, systems: findings.systems_of(result), decided: index + 1, intents });
    }
}
