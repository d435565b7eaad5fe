//! Numbers as bit-vectors of the solver library, as wide as their ranges need.
//!
//! A number is read as two's complement if its range has negative values, else as unsigned. Sums and products are
//! computed in the width of their exact range, where they are right modulo two to that width, hence right.
//! Comparisons and quotients are computed in a width that holds both operands.

use super::terms::Theory;
use ::z3::ast::{BV, Bool};
use kubound_encodings::term::Range;
use kubound_encodings::term::lower::Ranged;

/// Bit-vectors.
#[derive(Debug)]
pub struct BitVectors;

/// `a` cut or extended to `width` bits.
fn resize(a: &Ranged<BV>, width: u32) -> BV {
    let own = a.range.width();
    if width <= own {
        return if width == own { a.number.clone() } else { a.number.extract(width - 1, 0) };
    }
    if a.range.lo < 0 { a.number.sign_ext(width - own) } else { a.number.zero_ext(width - own) }
}

/// Both in the same width, which holds every value of either.
fn align(a: &Ranged<BV>, b: &Ranged<BV>) -> (BV, BV, bool) {
    let hull = a.range.hull(b.range);
    (resize(a, hull.width()), resize(b, hull.width()), hull.lo < 0)
}

impl Theory for BitVectors {
    type Number = BV;

    const LOGIC: &'static str = "QF_BV";

    fn unknown(name: &str, range: Range) -> BV {
        BV::new_const(name, range.width())
    }

    fn constant(value: i64, range: Range) -> BV {
        BV::from_i64(value, range.width())
    }

    fn add(list: &[Ranged<BV>], range: Range) -> BV {
        let mut operands = list.iter().map(|operand| resize(operand, range.width()));
        let first = operands.next().unwrap_or_else(|| BV::from_i64(0, range.width()));
        operands.fold(first, |sum, operand| sum.bvadd(&operand))
    }

    fn multiply(a: Ranged<BV>, b: Ranged<BV>, range: Range) -> BV {
        resize(&a, range.width()).bvmul(resize(&b, range.width()))
    }

    fn quotient(a: Ranged<BV>, b: Ranged<BV>, range: Range) -> BV {
        let (first, second, _) = align(&a, &b);
        resize(&Ranged { number: &first.bvudiv(&second), range: a.range.hull(b.range) }, range.width())
    }

    fn remainder(a: Ranged<BV>, b: Ranged<BV>, range: Range) -> BV {
        let (first, second, _) = align(&a, &b);
        resize(&Ranged { number: &first.bvurem(&second), range: a.range.hull(b.range) }, range.width())
    }

    fn at_most(a: Ranged<BV>, b: Ranged<BV>) -> Bool {
        let (first, second, signed) = align(&a, &b);
        if signed { first.bvsle(&second) } else { first.bvule(&second) }
    }

    fn equal(a: Ranged<BV>, b: Ranged<BV>) -> Bool {
        let (first, second, _) = align(&a, &b);
        first.eq(&second)
    }

    fn convert(a: Ranged<BV>, range: Range) -> BV {
        resize(&a, range.width())
    }

    fn value(numeral: &BV, range: Range) -> Option<i64> {
        let raw = numeral.as_u64()?;
        let unused = 64 - range.width();
        Some(if range.lo < 0 { ((raw << unused) as i64) >> unused } else { raw as i64 })
    }
}
