//! Violations that end alike: the most telling one is told in full, the others are counted.
//!
//! Two runs end alike if everybody who cannot go on waits for the same in the end, however many pods or nodes that
//! concerns, or if the same is done again and again in their loops, at whatever nodes. That is what a reader would call one
//! cause; whether one change repairs both is for [`crate::repair`] to show.

use super::document::{IntentDocument, Outcome, ViolationDocument};
use super::scene::{SceneDocument, WaitDocument};
use kubound_encodings::intents::{self, Weight};
use std::collections::BTreeSet;

/// How a violation ends, without names of nodes and numbers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum End {
    /// What everybody waits for.
    Waits(BTreeSet<String>),
    /// Who does what to which objects, again and again.
    Loop(BTreeSet<(String, String, Vec<String>)>),
}

impl End {
    /// Nothing where the end alone does not tell why.
    fn of(violation: &ViolationDocument, target: Option<&str>) -> Option<Self> {
        if let Some((first, last)) = violation.repeats {
            let steps = violation.steps.get(first - 1..last)?;
            let objects = |step: &super::narrate::ToldStep| {
                step.about.requests.iter().map(|request| request.label.clone()).collect::<Vec<_>>()
            };
            return Some(Self::Loop(
                steps.iter().map(|step| (step.actor.clone(), step.reason.clone(), objects(step))).collect(),
            ));
        }
        let waits = || violation.scene.iter().flat_map(SceneDocument::roots);
        // What others wait for tells nothing of the target, unless it waits for nothing itself.
        let own: BTreeSet<String> =
            waits().filter(|wait| wait.object.as_deref() == target).map(WaitDocument::kind).collect();
        let roots = if own.is_empty() { waits().map(WaitDocument::kind).collect() } else { own };
        (violation.ending == "stays" && !roots.is_empty()).then_some(Self::Waits(roots))
    }

    /// In words.
    fn told(&self) -> String {
        match self {
            Self::Waits(kinds) => kinds.iter().cloned().collect::<Vec<_>>().join("; "),
            Self::Loop(acts) => {
                let acts: BTreeSet<String> =
                    acts.iter().map(|(actor, reason, _)| format!("{actor} {reason}")).collect();
                format!("the same loop of {}", acts.into_iter().collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// A place in the order of violations, the first one smallest.
pub type Rank = (bool, bool, Weight);

/// How telling a violation is, the most telling first: what nobody has accepted before what somebody has, what lasts before
/// what passes, and then as the kind of its intent says.
pub fn rank(result: &IntentDocument) -> Rank {
    let is_accepted = matches!(result.outcome(), Outcome::Expected | Outcome::Excepted | Outcome::Known);
    (is_accepted, result.verdict == "race", intents::weight(result.rule))
}

/// The answers as people are told: first what is clean, then the violations, the most telling first, then what is not known.
pub fn in_order(results: &[IntentDocument]) -> Vec<&IntentDocument> {
    let mut told: Vec<&IntentDocument> = results.iter().collect();
    told.sort_by_key(|one| match one.verdict {
        "violated" | "race" => (1, Some(rank(one))),
        "unknown" => (2, None),
        _ => (0, None),
    });
    told
}

/// Whether two answers are violations of one cause.
pub fn is_alike(one: &IntentDocument, other: &IntentDocument) -> bool {
    one.verdict == other.verdict && end(one).is_some_and(|own| end(other).as_ref() == Some(&own))
}

/// Which of the violations told before has the cause of this one, and what that is, in words.
pub fn like<'d>(result: &IntentDocument, mut earlier: impl Iterator<Item = &'d IntentDocument>) -> Option<String> {
    let first = earlier.find(|other| other.ends_like.is_none() && is_alike(other, result))?;
    Some(format!("{}: {}", first.title(), end(result)?.told()))
}

/// Finds out which violations have the same cause, where all of them are known: each names the most telling one.
pub fn compare(results: &mut [IntentDocument]) {
    let mut order: Vec<usize> = (0..results.len()).filter(|&at| results[at].violation.is_some()).collect();
    order.sort_by_key(|&at| rank(&results[at]));
    for (place, &at) in order.iter().enumerate() {
        results[at].ends_like = like(&results[at], order[..place].iter().map(|&earlier| &results[earlier]));
    }
}

fn end(result: &IntentDocument) -> Option<End> {
    End::of(result.violation.as_ref()?, result.target.as_deref())
}
