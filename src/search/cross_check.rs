//! Every verdict again, by other means: both solvers on the same question, the explicit engine, and
//! the obligations of a proof one by one.
//!
//! A violation has to be found again within the size and the number of steps of the run that was shown. A clean
//! verdict has to survive the other engines as far as they get in their time; how far that is belongs to the report.
//! Answers that cannot both be true are a fault.

use super::driver::Question;
use super::restrict::Restricted;
use super::systems::Haste;
use super::{Fault, IntentResult, Systems, Verdict};
use crate::engines::explicit::Explicit;
use crate::engines::proof::Prover;
use crate::engines::proof::effects::{ALONE, METHOD};
use crate::engines::proof::invariants::Obstacle;
use crate::engines::symbolic::{Symbolic, alone};
use crate::engines::{Answer, Cancel, Engine, EngineError, Limits};
use crate::limits::Stop;
use crate::limits::search::RECHECK;
use crate::limits::search::RECHECK_DEPTH;
use crate::plural::plural;
use crate::smt::{Check, Encoding, Solver};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// One verdict looked at again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recheck {
    /// By whom, e.g. `symbolic with CaDiCaL`.
    pub by: String,
    /// What came out, in words.
    pub outcome: String,
    /// Whether that confirms the verdict, as far as it goes; otherwise the check was not possible.
    pub confirms: bool,
}

/// Looks at the verdict on a question again.
pub fn cross_check(question: &Question, result: &IntentResult) -> Result<Vec<Recheck>, Fault> {
    if matches!(result.verdict, Verdict::Unknown { .. }) {
        return Ok(Vec::new());
    }
    let Question { systems, property, options, cancel, observer, .. } = *question;
    let end = question.until.end;
    let mut rechecks = Vec::new();
    for solver in [Solver::Z3, Solver::Cadical] {
        let Some(encoding) = Encoding::Clauses.with_solver(solver) else { continue };
        let engine = Symbolic { encoding };
        if !(result.engine == engine.name() && options.encoding.solver() == solver) {
            let by = format!("{} with {}", engine.name(), solver.name());
            observer.phase(&format_args!("{}: checked again by {by}", result.intent));
            rechecks.push(again(question, result, by, &engine, &limits(result, true, end))?);
        }
    }
    let engine = Explicit::default();
    if result.engine != engine.name() {
        observer.phase(&format_args!("{}: checked again by explicit", result.intent));
        rechecks.push(again(question, result, engine.name().to_owned(), &engine, &limits(result, false, end))?);
    }
    if matches!(result.verdict, Verdict::Holds { .. }) && result.engine == Prover::default().name() {
        observer.phase(&format_args!("{}: obligations of the proof checked again by Z3", result.intent));
        rechecks.push(proof_again(systems, property, result, end, cancel)?);
    }
    Ok(rechecks)
}

/// The proof again, each of its obligations from scratch by a solver that had no part in finding it.
fn proof_again(
    systems: &Systems,
    property: usize,
    result: &IntentResult,
    end: Instant,
    cancel: &Cancel,
) -> Result<Recheck, Fault> {
    let patience = RECHECK.max(Duration::from_secs_f64(3.0 * result.seconds));
    let limits = Limits { deadline: Some(end.min(Instant::now() + patience)), ..Limits::default() };
    let fault = |source| Fault::Engine { intent: result.intent.clone(), source };
    let stop = Stop::of(&limits, cancel);
    let is_by_effects = matches!(result.verdict, Verdict::Holds { method: METHOD | ALONE, .. });
    let found = alone(&stop, || {
        if is_by_effects {
            let effects = systems.effects(Haste::Last, &stop);
            return Ok(effects.and_then(|one| one.obligations(property, &stop)).map_err(Obstacle::Reason));
        }
        let proof = Prover::default().prove(systems.searched(), property, &limits, cancel);
        Ok(proof.map(|proof| proof.obligations()))
    });
    let recheck =
        |outcome: String, confirms| Ok(Recheck { by: "the proof's obligations with Z3".to_owned(), outcome, confirms });
    let obligations = match found.map_err(fault)? {
        Ok(Ok(obligations)) => obligations,
        Ok(Err(Obstacle::Reason(reason))) => return recheck(format!("not possible: {reason}"), false),
        Ok(Err(Obstacle::Fault(source))) => return Err(fault(source)),
        Err(stopped) => return recheck(format!("not possible: {stopped}"), false),
    };
    let all = obligations.len();
    let components = if is_by_effects {
        systems.effects(Haste::Last, &stop).and_then(|one| one.components_again(property, &stop))
    } else {
        Ok((0, 0))
    };
    for (index, obligation) in obligations.iter().enumerate() {
        match alone(&stop, || Ok(obligation.check(Encoding::Clauses, &stop))).map_err(fault)? {
            Ok(Check::Unsat) => {}
            Ok(Check::Unknown(_)) | Err(_) => {
                return recheck(format!("{index} of {all} hold before the time was over"), false);
            }
            Ok(Check::Sat) => {
                return Err(Fault::Contradiction {
                    intent: result.intent.clone(),
                    first: format!("{} (holds)", result.engine),
                    second: format!("Z3 (does not refute: {})", obligation.name),
                    dump: "repeat with --show-proof".to_owned(),
                });
            }
        }
    }
    match components {
        Ok((0, _)) => recheck(format!("all {all} hold"), true),
        Ok((components, again)) => {
            let count = plural(components as i64, "component");
            recheck(format!("all {all} hold; {again} of {count} searched again without symmetry"), again == components)
        }
        Err(reason) => recheck(format!("not possible: {reason}"), false),
    }
}

/// The size of the violation, or everything as deep as the verdict goes.
fn limits(result: &IntentResult, bounded: bool, end: Instant) -> Limits {
    let deadline = Some(end.min(Instant::now() + RECHECK));
    match &result.verdict {
        Verdict::Violated(violation) | Verdict::Race(violation) => Limits {
            depth: bounded.then_some(violation.trace.steps.len()),
            nodes: Some(violation.nodes),
            pods: Some(violation.pods),
            deadline,
            ..Limits::default()
        },
        Verdict::BoundedClean { depth, .. } => {
            Limits { depth: bounded.then_some(*depth), deadline, ..Limits::default() }
        }
        _ => Limits { depth: bounded.then_some(RECHECK_DEPTH), deadline, ..Limits::default() },
    }
}

fn again(
    question: &Question,
    result: &IntentResult,
    by: String,
    engine: &dyn Engine,
    limits: &Limits,
) -> Result<Recheck, Fault> {
    let Question { cluster, systems, property, cancel, .. } = *question;
    let restricted = Restricted::new(engine, cluster, systems);
    let answer = restricted.decide(systems.searched(), property, limits, cancel);
    let fault = |source: EngineError| Fault::Engine { intent: result.intent.clone(), source };
    judge(result, by, &answer.map_err(fault)?.answer, limits.depth)
}

/// What an answer means for a verdict.
fn judge(result: &IntentResult, by: String, answer: &Answer, depth: Option<usize>) -> Result<Recheck, Fault> {
    let contradiction = |second: &str| Fault::Contradiction {
        intent: result.intent.clone(),
        first: format!("{} ({})", result.engine, result.verdict.word()),
        second: format!("{by} ({second})"),
        dump: "repeat with --engine of either name".to_owned(),
    };
    let violated = result.verdict.violation().is_some();
    let (outcome, confirms) = match answer {
        Answer::Violated(trace) => {
            let steps = trace.steps.len();
            let clean = match result.verdict {
                Verdict::Holds { .. } | Verdict::Vacuous { .. } => true,
                Verdict::BoundedClean { depth, .. } => steps <= depth,
                Verdict::Violated(_) | Verdict::Race(_) | Verdict::Unknown { .. } => false,
            };
            if clean {
                return Err(contradiction("violated"));
            }
            (format!("violated in {}", plural(steps as i64, "step")), violated)
        }
        Answer::Holds { .. } if violated => return Err(contradiction("holds")),
        Answer::Holds { .. } => ("holds at every depth".to_owned(), true),
        Answer::NoViolationUpTo { depth: reached } if violated => {
            if depth.map_or(*reached == usize::MAX, |depth| *reached >= depth) {
                return Err(contradiction("no violation within the size and steps of the run shown"));
            }
            (format!("not found within {} before the time was over", plural(*reached as i64, "step")), false)
        }
        Answer::NoViolationUpTo { depth } => (format!("no violation up to depth {depth}"), true),
        Answer::Unknown { reason } => (format!("not possible: {reason}"), false),
    };
    Ok(Recheck { by, outcome, confirms })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::Statistics;
    use crate::trace::Ending;
    use crate::trace::testing::tiny_run;
    use kubound_encodings::cluster::Timing;

    fn result(verdict: Verdict) -> IntentResult {
        IntentResult {
            property: 0,
            intent: "tiny".into(),
            target: None,
            headline: String::new(),
            origins: Vec::new(),
            verdict,
            engine: "explicit".into(),
            statistics: Statistics::default(),
            fired: Vec::new(),
            rests: false,
            timing: Timing::Paced,
            beside: Vec::new(),
            unpaced: None,
            undrained: false,
            same_as: None,
            rechecks: Vec::new(),
            seconds: 0.0,
        }
    }

    #[test]
    fn only_answers_that_cannot_both_be_true_are_faults() {
        let found = Answer::Violated(Box::new(tiny_run(3, Ending::Bad)));
        let judged = |verdict: Verdict, answer: &Answer| judge(&result(verdict), "other".into(), answer, Some(10));
        assert!(matches!(
            judged(Verdict::Holds { method: "m", proof: Vec::new() }, &found),
            Err(Fault::Contradiction { .. })
        ));
        let bounded = |depth| Verdict::BoundedClean { depth, asked: true };
        assert!(matches!(judged(bounded(5), &found), Err(Fault::Contradiction { .. })));
        assert!(judged(bounded(2), &found).is_ok_and(|recheck| !recheck.confirms));
        let clean = Answer::NoViolationUpTo { depth: 10 };
        assert!(
            judged(Verdict::Holds { method: "m", proof: Vec::new() }, &clean).is_ok_and(|recheck| recheck.confirms)
        );
        let unknown = Answer::Unknown { reason: "too many values".into() };
        assert!(
            judged(Verdict::Holds { method: "m", proof: Vec::new() }, &unknown).is_ok_and(|recheck| !recheck.confirms)
        );
    }
}
