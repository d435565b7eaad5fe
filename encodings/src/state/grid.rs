//! Instants: how time is divided.
//!
//! As long as something may happen at a moment of its own (an event, a periodic controller that may act, a rule without
//! a countdown), time may stop at any unit before the next expiry: what is armed then runs off in another order than
//! what is armed at the expiry. Else it jumps to the next expiry, since all states in between are alike. Where nothing
//! runs at all it may still go by once, so that countdowns which do not run are whole again.
//!
//! The unit is the greatest common divisor of all durations, divided by the number of moments that events choose plus one.
//! Only the order of fractions of that divisor matters to what runs off when (the regions of a timed automaton): each
//! event brings in one fraction more, and any order of so many fractions is that of some multiples of the unit. Where
//! that would take too many parts, or something without a countdown happens again and again, there are fewer
//! instants, and the system says so among its assumptions. Periodic controllers act at such instants and at expiries.

use super::gcd;
use crate::limits::models::{MOST_INSTANTS, MOST_PARTS};
use crate::needs::Needs;

/// How time is divided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grid {
    /// Milliseconds of one unit of time.
    pub unit: i64,
    /// Units of the greatest common divisor of all durations.
    pub parts: i64,
    /// Units between two instants at which time may stop before the next expiry.
    pub stride: i64,
    /// Whether every order of expiries that events can bring about is one of events at such instants.
    pub is_exact: bool,
}

impl Grid {
    /// See the module: so many moments that no countdown decides need as many parts, and one more.
    pub(super) fn of(needs: &Needs) -> Self {
        let second = 1000;
        let whole = needs.durations.iter().copied().fold(0, gcd).max(1) * second;
        let longest = needs.durations.iter().max().map_or(1, |&seconds| seconds * second / whole);
        let wanted = needs.moments.saturating_add(1);
        let most = (MOST_INSTANTS / longest).clamp(1, MOST_PARTS);
        let divides = |parts: &i64| whole % parts == 0;
        let enough = (wanted..=most).find(divides);
        let parts = enough.or_else(|| (1..=most).rev().find(divides)).unwrap_or(1);
        let stride = ((longest * parts + MOST_INSTANTS - 1) / MOST_INSTANTS).max(1);
        Self { unit: whole / parts, parts, stride, is_exact: enough.is_some() && stride == 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(durations: &[i64], moments: i64) -> (i64, i64, bool) {
        let grid = Grid::of(&Needs { moments, ..Needs::durations(durations.iter().copied()) });
        (grid.unit, grid.stride, grid.is_exact)
    }

    #[test]
    fn the_unit_leaves_room_for_the_fraction_of_each_event() {
        assert_eq!(grid(&[300, 100], 0), (100_000, 1, true));
        assert_eq!(grid(&[300, 100], 1), (50_000, 1, true));
        assert_eq!(grid(&[300, 100], 2), (25_000, 1, true), "100 s have no third part in milliseconds");
        assert_eq!(grid(&[300, 15], 2), (5_000, 1, true));
    }

    #[test]
    fn too_many_instants_are_told() {
        assert_eq!(grid(&[300, 100], 9), (20_000, 1, false), "at most 6 parts");
        assert_eq!(grid(&[600, 15], 3), (5_000, 1, false), "40 units of 3 parts");
        assert_eq!(grid(&[86_400, 60], 0), (60_000, 12, false), "1440 units");
    }
}
