//! `--proof FILE`: what a solver says of the bounded question, for a checker that shares no code with us.

use super::args::SearchArgs;
use super::{Failure, check, export};
use crate::engines::symbolic::query::query;
use crate::engines::{Cancel, Limits};
use crate::limits::search::QUESTION_DEPTH;
use crate::manifest::Loaded;
use crate::search::{Findings, Verdict};
use crate::smt::{Check, Stop, drat};
use crate::text::plural;
use anyhow::{Context, anyhow};
use std::path::Path;
use std::time::{Duration, Instant};

/// Refuses, before anything is searched, what cannot be proved into one file.
pub fn check(file: &Path, loaded: &Loaded, search: &SearchArgs) -> Result<(), Failure> {
    if file.extension().is_some_and(|extension| extension == "cnf") {
        return Err(Failure::Usage(anyhow!("--proof: FILE.cnf is where the clauses go\nhelp: choose another name")));
    }
    let options = search.options(loaded);
    export::only_property(&check::systems_with_intents(&loaded.cluster, options.granularity)?).map(drop)
}

/// Writes clauses and proof, if the intent was not found violated; false if the question stayed open.
pub fn write(
    file: &Path,
    findings: &Findings,
    depth: Option<usize>,
    timeout: Duration,
    cancel: &Cancel,
) -> Result<bool, Failure> {
    let Some(result) = findings.results.first() else { return Ok(true) };
    let intent = &result.intent;
    let covered = match result.verdict {
        Verdict::Violated(_) | Verdict::Race(_) => {
            eprintln!("proof: {intent} is violated, so there is nothing to prove");
            return Ok(true);
        }
        Verdict::BoundedClean { depth, .. } => Some(depth),
        _ => None,
    };
    let steps = depth.or(covered.filter(|&depth| depth < usize::MAX)).unwrap_or(QUESTION_DEPTH);
    let told = plural(steps as i64, "step");
    let systems = findings.systems_of(result);
    let query =
        query(systems.searched(), 0, &Limits::default(), steps).map_err(|error| Failure::Internal(anyhow!(error)))?;
    let clauses = file.with_extension("cnf");
    let stop = Stop { cancel: cancel.clone(), deadline: Some(Instant::now() + timeout) };
    let answer = drat::refute(&query, &clauses, file, &stop)
        .with_context(|| format!("cannot write the proof {}", file.display()))
        .map_err(Failure::Usage)?;
    match answer {
        Check::Unsat => {
            let (proof, clauses) = (file.display(), clauses.display());
            eprintln!("proof: no run of at most {told} violates {intent}: {proof} refutes {clauses}");
            Ok(true)
        }
        Check::Unknown(why) => {
            eprintln!("proof: none that {intent} is kept for {told}: {why}");
            Ok(false)
        }
        Check::Sat => Err(Failure::Internal(anyhow!(
            "the clauses of {intent} have a model at {told}, although no engine found a violation"
        ))),
    }
}
