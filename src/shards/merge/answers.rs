//! The answers about the pieces of an intent as one answer about all sizes and values: the intent holds if it holds for
//! every piece, and is violated if it is for one.

use crate::report::document::{Actor, BesideDocument, IntentDocument, StatisticsDocument};
use itertools::Itertools;

/// Puts answers about the pieces of an intent together; `pattern` says what the intent speaks of.
pub fn combine(pattern: &IntentDocument, answers: &[&IntentDocument]) -> IntentDocument {
    let mut merged = match (smallest(answers), of_word(answers, "unknown"), of_word(answers, "bounded")) {
        (Some(violated), ..) => violated,
        (None, Some(_), _) => unknown(pattern, answers),
        (None, None, Some(_)) => bounded(pattern, answers),
        (None, None, None) => clean(pattern, answers),
    };
    merged.statistics = statistics(answers);
    merged.seconds = answers.iter().map(|answer| answer.seconds).sum();
    merged.piece = None;
    merged
}

fn of_word<'a>(answers: &[&'a IntentDocument], word: &str) -> Option<&'a IntentDocument> {
    answers.iter().copied().find(|answer| answer.verdict == word)
}

/// The violation that counts: one that needs no late controller if there is any, one that lasts before one that passes, and
/// the smallest of those.
fn smallest(answers: &[&IntentDocument]) -> Option<IntentDocument> {
    let class = |answer: &IntentDocument| {
        let violation = answer.violation.as_ref()?;
        Some((answer.verdict != "violated", violation.late.is_some()))
    };
    let size = |answer: &IntentDocument| {
        let violation = answer.violation.as_ref()?;
        Some((class(answer)?, violation.nodes, violation.pods, violation.steps.len()))
    };
    let violated = answers.iter().filter_map(|answer| Some((size(answer)?, *answer)));
    let ((best, ..), smallest) = violated.min_by_key(|(size, _)| *size)?;
    let mut found = smallest.clone();
    // A piece without an answer may have a smaller one, and so may one whose violation was not made small. Where late
    // controllers are needed, no size violates the intent without them.
    let rules_out_smaller = |answer: &IntentDocument| match (&answer.violation, answer.verdict) {
        (Some(violation), _) => violation.minimised || class(answer) > Some(best),
        (None, verdict) => verdict != "unknown",
    };
    if let Some(violation) = &mut found.violation {
        violation.minimised &= answers.iter().all(|answer| rules_out_smaller(answer));
    }
    Some(found)
}

/// Some piece has no answer.
fn unknown(pattern: &IntentDocument, answers: &[&IntentDocument]) -> IntentDocument {
    let open: Vec<&&IntentDocument> = answers.iter().filter(|answer| answer.verdict == "unknown").collect();
    let why = |answer: &&&IntentDocument| match &answer.piece {
        Some(piece) if answers.len() > 1 => format!("{} ({})", answer.message, piece.told()),
        _ => answer.message.clone(),
    };
    let first = open[0];
    let mut messages: Vec<String> = open.iter().take(1).map(why).collect();
    if open.len() > 1 {
        messages.push(format!("and {} more of {} pieces are open", open.len() - 1, answers.len()));
    }
    IntentDocument {
        target: pattern.target.clone(),
        origins: pattern.origins.clone(),
        rule: pattern.rule,
        message: messages.join("; "),
        same_as: None,
        reductions: Vec::new(),
        ..(**first).clone()
    }
}

/// Some piece was looked at up to a depth only.
fn bounded(pattern: &IntentDocument, answers: &[&IntentDocument]) -> IntentDocument {
    let depth = answers.iter().filter(|answer| answer.verdict == "bounded").filter_map(|answer| answer.depth).min();
    IntentDocument {
        verdict: "bounded",
        decided: answers.iter().all(|answer| answer.decided),
        message: format!("no violation up to depth {}", depth.unwrap_or_default()),
        depth,
        proof: Vec::new(),
        ..together(pattern, answers)
    }
}

/// Every piece is clean at any depth. Where nothing can happen in all of them, that is so for each.
fn clean(pattern: &IntentDocument, answers: &[&IntentDocument]) -> IntentDocument {
    let word = if answers.iter().all(|answer| answer.verdict == "vacuous") { "vacuous" } else { "holds" };
    let mut told =
        answers.iter().filter(|answer| answer.verdict == word).map(|answer| answer.message.as_str()).unique();
    IntentDocument { verdict: word, decided: true, message: told.join("; "), ..together(pattern, answers) }
}

/// What clean answers have in common, whatever they are.
fn together(pattern: &IntentDocument, answers: &[&IntentDocument]) -> IntentDocument {
    let first = answers[0];
    let timing = TIMINGS.into_iter().find(|timing| answers.iter().any(|answer| answer.timing == *timing));
    let timing = timing.unwrap_or(first.timing);
    let is_same = answers.iter().all(|answer| answer.same_as == first.same_as);
    let proofs = answers.iter().filter(|answer| !answer.proof.is_empty());
    let proof = proofs.flat_map(|answer| {
        let title = answer.piece.as_ref().filter(|_| answers.len() > 1).map(|piece| format!("{}:", piece.told()));
        title.into_iter().chain(answer.proof.iter().cloned())
    });
    IntentDocument {
        target: pattern.target.clone(),
        acted: acted(answers),
        did_not_act: did_not_act(answers),
        unmodelled: answers.iter().map(|answer| answer.unmodelled).max().unwrap_or_default(),
        timing,
        beside: beside(answers, timing),
        unpaced: answers.iter().find_map(|answer| answer.unpaced.clone()),
        undrained: answers.iter().any(|answer| answer.undrained),
        same_as: first.same_as.clone().filter(|_| is_same),
        rechecks: answers.iter().flat_map(|answer| answer.rechecks.iter().cloned()).collect(),
        proof: proof.collect(),
        engine: answers.iter().map(|answer| answer.engine.as_str()).unique().join(" and "),
        // What was left out of each search.
        reductions: first
            .reductions
            .iter()
            .filter(|one| answers.iter().all(|answer| answer.reductions.contains(one)))
            .cloned()
            .collect(),
        ..pattern.clone()
    }
}

/// Timings, those that allow fewer runs first.
const TIMINGS: [&str; 3] = ["paced", "delayed", "interleaved"];

/// Answers beside a verdict, the one that says least of all first.
const WORST: [&str; 6] = ["violated", "race", "unknown", "no violation up to depth", "vacuous", "holds"];

/// What is known under the other timings: for each the answer of the piece that has the worst one.
fn beside(answers: &[&IntentDocument], timing: &'static str) -> Vec<BesideDocument> {
    let asked = |other: &&'static str| {
        *other != timing && answers.iter().any(|answer| answer.timing == *other || known(answer, other).is_some())
    };
    let worst = |other: &'static str| {
        let told = answers.iter().map(|answer| match known(answer, other) {
            Some(known) => known.clone(),
            None if rank(answer.timing) >= rank(other) => {
                let answer =
                    WORST.into_iter().find(|word| *word == answer.verdict).unwrap_or("no violation up to depth");
                BesideDocument { timing: other, answer, why: String::new() }
            }
            None => BesideDocument { timing: other, answer: "unknown", why: "it was not asked".to_owned() },
        });
        told.min_by_key(|one| WORST.into_iter().position(|word| word == one.answer))
    };
    TIMINGS.into_iter().filter(asked).filter_map(worst).collect()
}

fn known<'a>(answer: &'a IntentDocument, timing: &str) -> Option<&'a BesideDocument> {
    answer.beside.iter().find(|one| one.timing == timing)
}

fn rank(timing: &str) -> Option<usize> {
    TIMINGS.into_iter().position(|one| one == timing)
}

/// Who acted in some piece.
fn acted(answers: &[&IntentDocument]) -> Vec<Actor> {
    let mut acted: Vec<Actor> = Vec::new();
    for actor in answers.iter().flat_map(|answer| &answer.acted) {
        match acted.iter_mut().find(|known| known.name == actor.name) {
            Some(known) => {
                let new = actor.reasons.iter().filter(|reason| !known.reasons.contains(reason)).cloned();
                let new: Vec<String> = new.collect();
                known.reasons.extend(new);
            }
            None => acted.push(actor.clone()),
        }
    }
    acted
}

/// Who acted in no piece, where every piece knows.
fn did_not_act(answers: &[&IntentDocument]) -> Vec<String> {
    let acted = acted(answers);
    let is_idle = |name: &&String| acted.iter().all(|actor| actor.name != **name);
    if answers.iter().any(|answer| answer.acted.is_empty() && answer.did_not_act.is_empty()) {
        return Vec::new();
    }
    answers.iter().flat_map(|answer| &answer.did_not_act).unique().filter(is_idle).cloned().collect()
}

fn statistics(answers: &[&IntentDocument]) -> StatisticsDocument {
    let all = || answers.iter().map(|answer| answer.statistics);
    StatisticsDocument {
        states: all().map(|one| one.states).sum(),
        transitions: all().map(|one| one.transitions).sum(),
        clauses: all().map(|one| one.clauses).sum(),
        variables: all().map(|one| one.variables).sum(),
        depth: all().map(|one| one.depth).max().unwrap_or_default(),
        rules_fired: all().map(|one| one.rules_fired).max().unwrap_or_default(),
    }
}
