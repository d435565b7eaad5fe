//! Makes a random run shorter: stretches that lead nowhere are cut out, then whatever the violation does without.

use super::lasso::{Judgement, judge};
use super::run::{Fired, Found};
use super::walker::Walker;
use crate::engines::EngineError;
use crate::limits::Stop;
use crate::limits::walks::SHORTENING;
use crate::trace::Ending;
use rustc_hash::FxHashMap;

/// A shorter run with the same kind of ending.
pub fn shorten(walker: &mut Walker, found: Found, stop: &Stop) -> Result<Found, EngineError> {
    let mut shortening = Shortening { walker, stop, initial: found.initial, ending: found.ending, left: SHORTENING };
    let (prefix, turn) = match found.ending {
        Ending::Loop { start } => (found.steps[..start].to_vec(), found.steps[start..].to_vec()),
        Ending::Bad | Ending::Stays => (found.steps, Vec::new()),
    };
    let prefix = shortening.without_detours(prefix)?;
    let turn = shortening.shortest_turn(&prefix, turn)?;
    let prefix = shortening.without_chunks(prefix, |shortening, prefix| shortening.tried(prefix, &turn))?;
    let turn = shortening.without_chunks(turn, |shortening, turn| shortening.tried_turn(&prefix, turn))?;
    let ending = if turn.is_empty() { found.ending } else { Ending::Loop { start: prefix.len() } };
    Ok(Found { initial: shortening.initial, steps: [prefix, turn].concat(), ending })
}

/// The steps made, and the values of all variables after them.
type Arrival = (Vec<Fired>, Vec<i64>);

struct Shortening<'a, 's> {
    walker: &'a mut Walker<'s>,
    stop: &'a Stop,
    initial: Vec<i64>,
    ending: Ending,
    /// Steps that may still be walked.
    left: usize,
}

impl Shortening<'_, '_> {
    fn is_over(&self) -> bool {
        self.left == 0 || self.stop.reason().is_some()
    }

    /// Cuts out everything between two visits of the same state.
    fn without_detours(&mut self, steps: Vec<Fired>) -> Result<Vec<Fired>, EngineError> {
        self.walker.enter(&self.initial);
        let mut last: FxHashMap<u64, usize> = FxHashMap::default();
        let mut keys = vec![self.walker.key()];
        last.insert(self.walker.key(), 0);
        for (index, step) in steps.iter().enumerate() {
            if !self.walker.repeat(step.rule, &step.picks)? {
                return Err(EngineError::Internal("a random run cannot be walked again".to_owned()));
            }
            keys.push(self.walker.key());
            last.insert(self.walker.key(), index + 1);
        }
        let (mut at, mut kept) = (0, Vec::new());
        loop {
            at = last[&keys[at]];
            match steps.get(at) {
                Some(step) => kept.push(step.clone()),
                None => return Ok(kept),
            }
            at += 1;
        }
    }

    /// The shortest stretch of a loop that comes back to where it begins and violates the claim by itself.
    fn shortest_turn(&mut self, prefix: &[Fired], turn: Vec<Fired>) -> Result<Vec<Fired>, EngineError> {
        if turn.is_empty() {
            return Ok(turn);
        }
        // Only turns from the first state on: others would need another prefix.
        let Some((_, begin)) = self.arrive(prefix)? else { return Ok(turn) };
        let mut returns = Vec::new();
        for (index, step) in turn.iter().enumerate() {
            if !self.walker.repeat(step.rule, &step.picks)? {
                return Ok(turn);
            }
            if self.walker.is_like(&begin) {
                returns.push(index + 1);
            }
        }
        let firsts = std::iter::once(0).chain(returns.iter().copied());
        let mut stretches: Vec<(usize, usize)> =
            firsts.flat_map(|from| returns.iter().map(move |&to| (from, to))).filter(|(from, to)| from < to).collect();
        stretches.sort_by_key(|(from, to)| (to - from, *from));
        for (from, to) in stretches {
            if self.is_over() {
                break;
            }
            self.left = self.left.saturating_sub(to - from);
            self.walker.enter(&begin);
            if judge(self.walker, &turn[from..to])? == Judgement::Violates {
                return Ok(turn[from..to].to_vec());
            }
        }
        Ok(turn)
    }

    /// Leaves out ever smaller parts of some steps, as long as `tried` finds the rest to do.
    fn without_chunks(
        &mut self,
        mut steps: Vec<Fired>,
        tried: impl Fn(&mut Self, &[Fired]) -> Result<Option<Vec<Fired>>, EngineError>,
    ) -> Result<Vec<Fired>, EngineError> {
        let mut size = steps.len().div_ceil(2);
        while size > 0 {
            let (mut at, before) = (0, steps.len());
            while at < steps.len() && !self.is_over() {
                let rest = [&steps[..at], &steps[(at + size).min(steps.len())..]].concat();
                match tried(self, &rest)? {
                    Some(shorter) if shorter.len() < steps.len() => steps = shorter,
                    _ => at += size,
                }
            }
            if self.is_over() {
                break;
            }
            // What could not go before may go now.
            if size > 1 || steps.len() == before {
                size /= 2;
            }
        }
        Ok(steps)
    }

    /// Walks some steps from the initial state on, leaving out those that cannot happen, up to a violation of an invariant
    /// or a state to stay in; the steps made, and the state.
    fn arrive(&mut self, steps: &[Fired]) -> Result<Option<Arrival>, EngineError> {
        self.walker.enter(&self.initial);
        let mut made = Vec::new();
        let is_there = |walker: &Walker, ending: Ending| match ending {
            Ending::Bad => !walker.seen().holds,
            Ending::Stays => walker.seen().stays,
            Ending::Loop { .. } => false,
        };
        for step in steps {
            if is_there(self.walker, self.ending) {
                break;
            }
            self.left = self.left.saturating_sub(1);
            if self.walker.repeat(step.rule, &step.picks)? {
                made.push(step.clone());
            }
        }
        let is_loop = matches!(self.ending, Ending::Loop { .. });
        let arrived = is_loop || is_there(self.walker, self.ending);
        Ok(arrived.then(|| (made, self.walker.state().to_vec())))
    }

    fn tried(&mut self, prefix: &[Fired], turn: &[Fired]) -> Result<Option<Vec<Fired>>, EngineError> {
        let Some((made, _)) = self.arrive(prefix)? else { return Ok(None) };
        let violates = turn.is_empty() || self.turns(turn)?;
        Ok(violates.then_some(made))
    }

    fn tried_turn(&mut self, prefix: &[Fired], turn: &[Fired]) -> Result<Option<Vec<Fired>>, EngineError> {
        if turn.is_empty() || self.arrive(prefix)?.is_none() {
            return Ok(None);
        }
        Ok(self.turns(turn)?.then(|| turn.to_vec()))
    }

    fn turns(&mut self, turn: &[Fired]) -> Result<bool, EngineError> {
        self.left = self.left.saturating_sub(turn.len());
        Ok(judge(self.walker, turn)? == Judgement::Violates)
    }
}
