//! Whether a stretch of steps that comes back to where it began violates a claim if it is repeated forever: the same
//! conditions that a replay checks.

use super::run::Fired;
use super::walker::{UnitHere, Walker};
use crate::engines::EngineError;

/// What a loop is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// It violates the claim.
    Violates,
    /// These units are owed a turn, or late.
    Unfair(Vec<usize>),
    /// It does not violate the claim, fair or not.
    Harmless,
    /// It does not come back.
    Open,
}

/// What of a unit was seen along a loop.
#[derive(Clone, Copy)]
struct Along {
    acted: bool,
    live: bool,
    idle: bool,
    late: bool,
}

/// Walks along the steps from the state that the walker is in, which must be where the loop begins.
pub fn judge(walker: &mut Walker, steps: &[Fired]) -> Result<Judgement, EngineError> {
    let start = walker.state().to_vec();
    let mut units = vec![Along { acted: false, live: false, idle: false, late: false }; walker.units().len()];
    walker.judges_progress = true;
    let mut progresses = false;
    let mut found = None;
    for step in steps {
        if !walker.seen().within || walker.is_event(step.rule) {
            found = Some(Judgement::Harmless);
            break;
        }
        let is_slow = walker.is_slow(step.rule);
        for (unit, (along, UnitHere { enabled, due })) in units.iter_mut().zip(walker.units()).enumerate() {
            along.live |= *enabled > 0;
            along.idle |= *due == 0;
            along.late |= *enabled > 0 && is_slow && walker.system.fairness[unit].prompt;
        }
        if let Some(unit) = walker.unit(step.rule) {
            units[unit].acted = true;
        }
        if !walker.repeat(step.rule, &step.picks)? {
            found = Some(Judgement::Open);
            break;
        }
        if !walker.judged.0 {
            found = Some(Judgement::Harmless);
            break;
        }
        progresses |= walker.judged.1;
    }
    walker.judges_progress = false;
    if let Some(found) = found {
        return Ok(found);
    }
    if !walker.is_like(&start) {
        return Ok(Judgement::Open);
    }
    if !progresses {
        return Ok(Judgement::Harmless);
    }
    let is_owed = |along: &Along| !along.acted && ((along.live && !along.idle) || along.late);
    let owed: Vec<usize> = (0..units.len()).filter(|&unit| is_owed(&units[unit])).collect();
    Ok(if owed.is_empty() { Judgement::Violates } else { Judgement::Unfair(owed) })
}
