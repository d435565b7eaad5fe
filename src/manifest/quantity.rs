//! Kubernetes quantities, exactly: an integer number of nano-units.

use crate::limits::reader::MAX_AMOUNT;
use std::fmt;

/// An amount such as `250m`, `1.5Gi` or `2e3`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Quantity {
    nano: i128,
    /// Nano-units of one unit of the suffix written, e.g. 10^6 for `m`.
    suffix: i128,
}

const NANO_PER_UNIT: i128 = 1_000_000_000;

/// What a resource is counted in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    /// Thousandths.
    Milli,
    /// Whole ones.
    Whole,
}

impl Unit {
    /// The unit of a resource.
    pub(super) fn of(resource: &str) -> Self {
        if resource == "cpu" { Self::Milli } else { Self::Whole }
    }

    fn nano(self) -> i128 {
        match self {
            Self::Milli => 1_000_000,
            Self::Whole => NANO_PER_UNIT,
        }
    }
}

impl Quantity {
    /// Reads a quantity; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not a quantity (a number such as 2, 0.5 or 1e3, then one of {SUFFIXES})");
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let end = unsigned.find(|one: char| !one.is_ascii_digit() && one != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(bad());
        }
        let scale = suffix_scale(suffix).ok_or_else(bad)?;
        let too_large = || format!("`{text}` has too many digits");
        let digits = format!("{whole}{}", fraction.trim_end_matches('0'));
        let mantissa: i128 = if digits.is_empty() { 0 } else { digits.parse().map_err(|_| too_large())? };
        let places = u32::try_from(fraction.trim_end_matches('0').len()).map_err(|_| too_large())?;
        let divisor =
            10i128.checked_pow(places).and_then(|power| power.checked_mul(scale.divisor)).ok_or_else(too_large)?;
        let product = mantissa.checked_mul(scale.nano).ok_or_else(too_large)?;
        let nano = divide_up(product, divisor);
        Ok(Self { nano: if negative { -nano } else { nano }, suffix: (scale.nano / scale.divisor).max(1) })
    }

    /// Whether it is below zero.
    pub(super) fn is_negative(self) -> bool {
        self.nano < 0
    }

    /// The amount in a unit, rounded up; `None` above [`MAX_AMOUNT`] or below zero.
    pub(super) fn amount(self, unit: Unit) -> Option<i64> {
        let amount = divide_up(self.nano, unit.nano());
        i64::try_from(amount).ok().filter(|amount| (0..=MAX_AMOUNT).contains(amount))
    }

    /// One unit of the suffix written, in a unit; at least 1.
    pub(super) fn step(self, unit: Unit) -> i64 {
        i64::try_from(divide_up(self.suffix, unit.nano())).unwrap_or(MAX_AMOUNT).max(1)
    }
}

/// Canonical: the largest of ``, `m`, `u`, `n` that needs no fraction.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (divisor, suffix) = [(NANO_PER_UNIT, ""), (1_000_000, "m"), (1_000, "u")]
            .into_iter()
            .find(|(divisor, _)| self.nano % divisor == 0)
            .unwrap_or((1, "n"));
        write!(f, "{}{suffix}", self.nano / divisor)
    }
}

const SUFFIXES: &str = "n u m k M G T P E Ki Mi Gi Ti Pi Ei, or none";

/// A factor as nano-units over a divisor; the divisor is above 1 only for negative exponents.
struct Scale {
    nano: i128,
    divisor: i128,
}

fn suffix_scale(suffix: &str) -> Option<Scale> {
    let decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    if let Some(position) = decimal.iter().position(|one| *one == suffix) {
        return Some(Scale { nano: 1000i128.pow(u32::try_from(position).ok()?), divisor: 1 });
    }
    let binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    if let Some(position) = binary.iter().position(|one| *one == suffix) {
        return Some(Scale { nano: NANO_PER_UNIT << (10 * (position + 1)), divisor: 1 });
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = 10i128.checked_pow(exponent.unsigned_abs())?;
    match exponent {
        0.. => Some(Scale { nano: NANO_PER_UNIT.checked_mul(power)?, divisor: 1 }),
        _ => Some(Scale { nano: NANO_PER_UNIT, divisor: power }),
    }
}

/// Quotient rounded away from zero for positive numbers, as the API server rounds what it cannot hold.
fn divide_up(value: i128, divisor: i128) -> i128 {
    value.div_euclid(divisor) + i128::from(value.rem_euclid(divisor) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn milli(text: &str) -> Option<i64> {
        Quantity::parse(text).expect("valid").amount(Unit::Milli)
    }

    fn whole(text: &str) -> Option<i64> {
        Quantity::parse(text).expect("valid").amount(Unit::Whole)
    }

    #[test]
    fn every_suffix_counts() {
        assert_eq!(milli("250m"), Some(250));
        assert_eq!(milli("0.1"), Some(100));
        assert_eq!(milli("2"), Some(2000));
        assert_eq!(milli("1n"), Some(1), "rounded up");
        assert_eq!(milli("1500u"), Some(2), "rounded up");
        assert_eq!(milli(".5"), Some(500));
        assert_eq!(milli("5."), Some(5000));
        assert_eq!(whole("1Ki"), Some(1024));
        assert_eq!(whole("1.5Gi"), Some(1_610_612_736));
        assert_eq!(whole("128974848000m"), Some(128_974_848));
        assert_eq!(whole("1e9"), Some(1_000_000_000));
        assert_eq!(whole("1E3"), Some(1000));
        assert_eq!(whole("5e-1"), Some(1), "rounded up");
        assert_eq!(whole("12E"), None, "above the limit");
        assert_eq!(whole("1k"), Some(1000));
        assert_eq!(whole("+3M"), Some(3_000_000));
        assert_eq!(whole("0"), Some(0));
    }

    #[test]
    fn the_step_is_one_unit_of_the_suffix() {
        let step = |text: &str, unit| Quantity::parse(text).expect("valid").step(unit);
        assert_eq!(step("100m", Unit::Milli), 1);
        assert_eq!(step("4", Unit::Milli), 1000);
        assert_eq!(step("8Gi", Unit::Whole), 1 << 30);
        assert_eq!(step("8n", Unit::Milli), 1);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "m", "1.2.3", "1 Gi", "1gi", "0x10", "1e", "1e99", "--1", "1K", ".", "١"] {
            assert!(Quantity::parse(text).is_err(), "{text}");
        }
        assert!(Quantity::parse("-1").expect("valid").is_negative());
        assert!(Quantity::parse(&"9".repeat(60)).expect_err("too long").contains("too many digits"));
        assert_eq!(whole("-1"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(nano in -1_000_000_000_000_000_000_000i128..1_000_000_000_000_000_000_000) {
            let quantity = Quantity { nano, suffix: 1 };
            prop_assert_eq!(Quantity::parse(&quantity.to_string()).expect("canonical").nano, nano);
        }

        #[test]
        fn decimal_text_is_exact(whole in 0u32..1_000_000, fraction in 0u32..1_000_000_000) {
            let quantity = Quantity::parse(&format!("{whole}.{fraction:09}")).expect("valid");
            prop_assert_eq!(quantity.nano, i128::from(whole) * NANO_PER_UNIT + i128::from(fraction));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = Quantity::parse(&text);
        }
    }
}
