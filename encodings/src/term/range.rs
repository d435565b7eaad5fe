//! Closed integer intervals, the static ranges of integer terms.

use crate::limits::terms::LARGEST_VALUE;
/// A closed interval `[lo, hi]` of `i64`; never empty.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Range {
    /// Smallest value.
    pub lo: i64,
    /// Largest value.
    pub hi: i64,
}

impl Range {
    /// The interval `[lo, hi]`. Panics if it is empty, which is an error of the caller, never of the user.
    pub fn new(lo: i64, hi: i64) -> Self {
        assert!(lo <= hi, "empty range {lo}..{hi}");
        Self { lo, hi }
    }

    /// The interval of one value.
    pub fn point(value: i64) -> Self {
        Self { lo: value, hi: value }
    }

    /// The single value, if there is only one.
    pub fn constant(self) -> Option<i64> {
        (self.lo == self.hi).then_some(self.lo)
    }

    /// Whether `value` lies inside.
    pub fn contains(self, value: i64) -> bool {
        self.lo <= value && value <= self.hi
    }

    /// The smallest interval that contains both.
    pub fn hull(self, other: Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// How many values lie inside.
    pub fn size(self) -> u64 {
        self.hi.abs_diff(self.lo).saturating_add(1)
    }

    /// Bits needed to write every value: unsigned when `lo >= 0`, else two's complement.
    pub fn width(self) -> u32 {
        if self.lo >= 0 {
            (64 - self.hi.leading_zeros()).max(1)
        } else {
            let positive = if self.hi < 0 { 0 } else { 64 - self.hi.leading_zeros() };
            let negative = 64 - (!self.lo).leading_zeros();
            positive.max(negative) + 1
        }
    }

    /// From exact bounds; `None` when they leave the limit of ±2^60.
    pub(crate) fn checked(lo: i128, hi: i128) -> Option<Self> {
        let limit = i128::from(LARGEST_VALUE);
        (lo >= -limit && hi <= limit).then(|| Self::new(lo as i64, hi as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_covers_every_value_and_no_bit_more() {
        for (lo, hi, bits) in
            [(0, 0, 1), (0, 1, 1), (0, 7, 3), (0, 8, 4), (-1, 0, 1), (-1, 1, 2), (-4, 3, 3), (-5, 3, 4)]
        {
            assert_eq!(Range::new(lo, hi).width(), bits, "{lo}..{hi}");
        }
    }
}
