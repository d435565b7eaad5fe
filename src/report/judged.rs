//! Why the scheduler takes a node in a step of a run: the reasons of its filters, and what each plugin adds to a score.

use super::narrate::ToldStep;
use super::nodes::{ScoreDocument, ShareDocument};
use super::scene::at;
use crate::limits::report::MOST_SHARES;
use crate::search::Systems;
use crate::trace::Trace;
use crate::trace::places::Places;
use kubound_encodings::controllers::Judgement;
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::TermId;
use kubound_encodings::term::eval::evaluate_each;

/// Adds to the scores of each step what they consist of, and why nodes have none; nothing where that is not known.
pub fn complete(systems: &Systems, trace: &Trace, steps: &mut [ToldStep]) {
    if steps.iter().all(|step| step.scores.len() < 2) {
        return;
    }
    let Some((system, judgements)) = systems.judgements() else { return };
    let Some(places) = Places::of(&systems.fine, system) else { return };
    for judgement in judgements {
        let is_meant = |step: &ToldStep| {
            let about = step.about.subject.as_ref().and_then(|subject| subject.object);
            !step.scores.is_empty() && about == Some(judgement.object)
        };
        let meant: Vec<usize> = (0..steps.len()).filter(|&index| is_meant(&steps[index])).collect();
        if !meant.is_empty() {
            judge(system, judgement, &places, trace, (steps, &meant));
        }
    }
}

/// Words the decisions of some steps about pods of one group.
fn judge(
    system: &TransitionSystem,
    judgement: &Judgement,
    places: &Places,
    trace: &Trace,
    (steps, meant): (&mut [ToldStep], &[usize]),
) {
    let refusals = judgement.refusals.iter().flat_map(|(_, slots)| slots);
    let all: Vec<TermId> = refusals.chain(judgement.shares.iter().flat_map(|(_, _, slots)| slots)).copied().collect();
    let states: Vec<Vec<i64>> = meant.iter().map(|&index| places.state(trace, index)).collect();
    let values = evaluate_each(&system.dag, &all, states.iter().map(at));
    let slots = system.names.slots.len();
    for (&index, values) in meant.iter().zip(&values) {
        let (refused, shares) = values.split_at(judgement.refusals.len() * slots);
        for (place, score) in steps[index].scores.iter_mut().enumerate() {
            let Some(slot) = system.names.slots.iter().position(|slot| slot.name == score.node) else { continue };
            let refused = refused.chunks(slots).map(|nodes| nodes[slot]);
            let shares = shares.chunks(slots).map(|nodes| nodes[slot]);
            // The best come first.
            let shares = shares.filter(|_| place < MOST_SHARES);
            word(score, judgement, refused, shares);
        }
        // What no filter refuses and has no score is a node that does not exist yet.
        steps[index].scores.retain(|score| score.score.is_some() || !score.refused.is_empty());
    }
}

fn word(
    score: &mut ScoreDocument,
    judgement: &Judgement,
    refused: impl Iterator<Item = i64>,
    shares: impl Iterator<Item = i64>,
) {
    if score.score.is_none() {
        let reasons = judgement.refusals.iter().zip(refused).filter(|(_, refused)| *refused != 0);
        score.refused = reasons.map(|((words, _), _)| words.clone()).collect();
        return;
    }
    let shares = judgement.shares.iter().zip(shares);
    score.shares = shares
        .map(|((plugin, weight, _), score)| ShareDocument { plugin: (*plugin).to_owned(), weight: *weight, score })
        .collect();
}
