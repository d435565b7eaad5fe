//! A number, or a range of numbers with a step.

use std::fmt;

/// The values `lo, lo + step, … , hi`; `hi - lo` is a multiple of `step`, and `step >= 1`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Span {
    /// Smallest value.
    pub lo: i64,
    /// Largest value.
    pub hi: i64,
    /// Distance of neighbouring values.
    pub step: i64,
}

impl Span {
    /// One value.
    pub fn exactly(value: i64) -> Self {
        Self { lo: value, hi: value, step: 1 }
    }

    /// The values from `lo` in steps of `step` that do not exceed `hi`; `None` if there is none or the step is not
    /// positive.
    pub fn new(lo: i64, hi: i64, step: i64) -> Option<Self> {
        if lo > hi || step < 1 {
            return None;
        }
        Some(Self { lo, hi: lo + (hi - lo) / step * step, step })
    }

    /// The value, if there is only one.
    pub fn constant(self) -> Option<i64> {
        (self.lo == self.hi).then_some(self.lo)
    }

    /// Number of values.
    pub fn len(self) -> i64 {
        (self.hi - self.lo) / self.step + 1
    }

    /// Never: a span has a value.
    pub fn is_empty(self) -> bool {
        false
    }

    /// The values, ascending.
    pub fn values(self) -> impl Iterator<Item = i64> {
        (0..self.len()).map(move |index| self.lo + index * self.step)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.constant() {
            Some(value) => write!(f, "{value}"),
            None if self.step == 1 => write!(f, "{}..{}", self.lo, self.hi),
            None => write!(f, "{}..{}/{}", self.lo, self.hi, self.step),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_end_is_the_last_value_reached() {
        let span = Span::new(50, 520, 50).expect("not empty");
        assert_eq!((span.hi, span.len()), (500, 10));
        assert_eq!(span.values().last(), Some(500));
    }

    #[test]
    fn an_empty_range_or_a_zero_step_is_none() {
        assert_eq!(Span::new(3, 2, 1), None);
        assert_eq!(Span::new(1, 2, 0), None);
    }
}
