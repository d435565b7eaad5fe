//! Violations that end alike: told in full once, and counted.
//!
//! Two runs end alike if everybody who cannot go on waits for the same in the end, however many pods or nodes that
//! concerns, or if the same is done again and again in their loops, at whatever nodes. That is what a reader would call one
//! cause; whether one change repairs both is for [`crate::repair`] to show.

use super::document::{IntentDocument, ViolationDocument};
use super::scene::WaitDocument;
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
        let waits = || violation.scene.iter().flat_map(|scene| &scene.waits).filter(|wait| !wait.follows);
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

/// Says of an answer whether it is a violation that ends like one of those before it.
pub fn compare<'d>(result: &mut IntentDocument, earlier: impl IntoIterator<Item = &'d IntentDocument>) {
    let end = |one: &IntentDocument| End::of(one.violation.as_ref()?, one.target.as_deref());
    let Some(own) = end(result) else { return };
    let first = earlier.into_iter().filter(|other| other.ends_like.is_none() && other.verdict == result.verdict);
    let first = first.filter(|other| end(other).as_ref() == Some(&own)).map(IntentDocument::title).next();
    result.ends_like = first.map(|title| format!("{title}: {}", own.told()));
}
