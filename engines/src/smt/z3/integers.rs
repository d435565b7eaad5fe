//! Numbers as unbounded integers of the solver library: ranges are only facts about the unknowns.
//!
//! Linear arithmetic is what the library is good at, so products and quotients of two unknowns are split by the
//! values of the smaller one (products) or of the divisor, as long as those are few.

use super::terms::Theory;
use crate::limits::passes::CASES;
use ::z3::ast::{Bool, Int};
use kubound_encodings::term::Range;
use kubound_encodings::term::lower::Ranged;

/// Unbounded integers.
#[derive(Debug)]
pub struct Integers;

/// `function` of a number, by cases of its values if they are few.
fn split(number: &Ranged<Int>, function: impl Fn(Int) -> Int) -> Int {
    let Range { lo, hi } = number.range;
    if number.range.size() > CASES {
        return function(number.number.clone());
    }
    let last = function(Int::from_i64(hi));
    (lo..hi).rev().fold(last, |rest, value| {
        let constant = Int::from_i64(value);
        number.number.eq(&constant).ite(&function(constant), &rest)
    })
}

/// A divisor without the value 0, which the caller has set apart.
fn positive<'a>(divisor: &Ranged<'a, Int>) -> Ranged<'a, Int> {
    let Range { lo, hi } = divisor.range;
    Ranged { number: divisor.number, range: Range::new(lo.max(1), hi.max(1)) }
}

impl Theory for Integers {
    type Number = Int;

    const LOGIC: &'static str = "QF_LIA";

    fn unknown(name: &str, _range: Range) -> Int {
        Int::new_const(name)
    }

    fn constant(value: i64, _range: Range) -> Int {
        Int::from_i64(value)
    }

    fn add(list: &[Ranged<Int>], _range: Range) -> Int {
        Int::add(&list.iter().map(|operand| operand.number).collect::<Vec<_>>())
    }

    fn multiply(a: Ranged<Int>, b: Ranged<Int>, _range: Range) -> Int {
        let (few, other) = if a.range.size() <= b.range.size() { (a, b) } else { (b, a) };
        split(&few, |value| Int::mul(&[other.number, &value]))
    }

    fn quotient(a: Ranged<Int>, b: Ranged<Int>, _range: Range) -> Int {
        split(&positive(&b), |value| a.number.div(&value))
    }

    fn remainder(a: Ranged<Int>, b: Ranged<Int>, _range: Range) -> Int {
        split(&positive(&b), |value| a.number.modulo(&value))
    }

    fn at_most(a: Ranged<Int>, b: Ranged<Int>) -> Bool {
        a.number.le(b.number)
    }

    fn equal(a: Ranged<Int>, b: Ranged<Int>) -> Bool {
        a.number.eq(b.number)
    }

    fn convert(a: Ranged<Int>, _range: Range) -> Int {
        a.number.clone()
    }

    fn value(numeral: &Int, _range: Range) -> Option<i64> {
        numeral.as_i64()
    }
}
