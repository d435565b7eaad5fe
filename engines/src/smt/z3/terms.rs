//! Terms of our graph as terms of the solver library, for the two sorts of numbers that it offers.
//!
//! What the numbers are is a [`Theory`]: it gets the static range with every operand and of every result, so that
//! bit-vectors can choose widths that cannot wrap, and integers need nothing of it. Booleans and the solver are the same
//! for both and live here.

use super::Session;
use crate::smt::{Check, Size, Stop, View};
use ::z3::ast::{Ast, Bool};
use kubound_encodings::term::lower::{Algebra, Lowering, Ranged, Value};
use kubound_encodings::term::{Dag, Range, Sort, TermId, VarId};
use rustc_hash::FxHashMap;

/// A sort of numbers of the library. `range` is always the range of the result.
pub trait Theory {
    /// Its terms.
    type Number: Ast + Clone;

    /// The logic to open the solver for.
    const LOGIC: &'static str;

    /// An unknown; the caller demands its range.
    fn unknown(name: &str, range: Range) -> Self::Number;
    /// A constant of a range that contains it.
    fn constant(value: i64, range: Range) -> Self::Number;
    /// Sum.
    fn add(list: &[Ranged<Self::Number>], range: Range) -> Self::Number;
    /// Product.
    fn multiply(a: Ranged<Self::Number>, b: Ranged<Self::Number>, range: Range) -> Self::Number;
    /// Quotient of non-negative numbers, the divisor not being 0.
    fn quotient(a: Ranged<Self::Number>, b: Ranged<Self::Number>, range: Range) -> Self::Number;
    /// Remainder, likewise.
    fn remainder(a: Ranged<Self::Number>, b: Ranged<Self::Number>, range: Range) -> Self::Number;
    /// `a <= b`.
    fn at_most(a: Ranged<Self::Number>, b: Ranged<Self::Number>) -> Bool;
    /// `a = b`.
    fn equal(a: Ranged<Self::Number>, b: Ranged<Self::Number>) -> Bool;
    /// The same number as a term of another range, which contains its value.
    fn convert(a: Ranged<Self::Number>, range: Range) -> Self::Number;
    /// The value of a numeral.
    fn value(numeral: &Self::Number, range: Range) -> Option<i64>;
}

/// The library's terms as a language.
struct Terms<T: Theory> {
    session: Session,
    vars: FxHashMap<VarId, Value<Bool, T::Number>>,
    size: Size,
}

impl<T: Theory> Terms<T> {
    fn unknown(&mut self, var: VarId, sort: Sort) -> Value<Bool, T::Number> {
        self.size.variables += 1;
        let name = format!("v{}", var.0);
        let Sort::Int(range) = sort else { return Value::Bool(Bool::new_const(name)) };
        let number = T::unknown(&name, range);
        let itself = Ranged { number: &number, range };
        for (bound, above) in [(range.lo, true), (range.hi, false)] {
            let constant = T::constant(bound, Range::point(bound));
            let limit = Ranged { number: &constant, range: Range::point(bound) };
            let fact = if above { T::at_most(limit, itself) } else { T::at_most(itself, limit) };
            self.session.assert(&fact);
        }
        Value::Int(number)
    }

    /// `number`, or something else where `divisor` is 0.
    fn unless_zero(divisor: Ranged<T::Number>, otherwise: &T::Number, number: &T::Number) -> T::Number {
        let zero = T::constant(0, Range::point(0));
        T::equal(divisor, Ranged { number: &zero, range: Range::point(0) }).ite(otherwise, number)
    }

    fn read(&self, value: &Value<Bool, T::Number>, range: Range) -> i64 {
        let known = match value {
            Value::Bool(term) => self.session.evaluate(term).and_then(|value| value.as_bool()).map(i64::from),
            Value::Int(term) => self.session.evaluate(term).and_then(|value| T::value(&value, range)),
        };
        known.unwrap_or(range.lo)
    }
}

impl<T: Theory> Algebra for Terms<T> {
    type Bool = Bool;
    type Int = T::Number;

    fn variable(&mut self, var: VarId, sort: Sort) -> Value<Bool, T::Number> {
        if !self.vars.contains_key(&var) {
            let unknown = self.unknown(var, sort);
            self.vars.insert(var, unknown);
        }
        self.vars[&var].clone()
    }

    fn truth(&mut self, value: bool) -> Bool {
        Bool::from_bool(value)
    }

    fn not(&mut self, a: &Bool) -> Bool {
        a.not()
    }

    fn and(&mut self, list: &[Bool]) -> Bool {
        Bool::and(list)
    }

    fn or(&mut self, list: &[Bool]) -> Bool {
        Bool::or(list)
    }

    fn iff(&mut self, a: &Bool, b: &Bool) -> Bool {
        a.iff(b)
    }

    fn choose_bool(&mut self, condition: &Bool, a: &Bool, b: &Bool) -> Bool {
        condition.ite(a, b)
    }

    fn number(&mut self, value: i64, range: Range) -> T::Number {
        T::constant(value, range)
    }

    fn equal(&mut self, a: Ranged<T::Number>, b: Ranged<T::Number>) -> Bool {
        T::equal(a, b)
    }

    fn at_most(&mut self, a: Ranged<T::Number>, b: Ranged<T::Number>) -> Bool {
        T::at_most(a, b)
    }

    fn choose(&mut self, condition: &Bool, a: Ranged<T::Number>, b: Ranged<T::Number>, range: Range) -> T::Number {
        condition.ite(&T::convert(a, range), &T::convert(b, range))
    }

    fn sum(&mut self, parts: &[(i64, Ranged<T::Number>)], range: Range) -> T::Number {
        if let &[(factor, part)] = parts {
            let point = Range::point(factor);
            return T::multiply(Ranged { number: &T::constant(factor, point), range: point }, part, range);
        }
        T::add(&parts.iter().map(|&(_, part)| part).collect::<Vec<_>>(), range)
    }

    fn count(&mut self, list: &[Bool], range: Range) -> T::Number {
        let bit = Range::new(0, 1);
        let (one, none) = (T::constant(1, bit), T::constant(0, bit));
        let ones: Vec<T::Number> = list.iter().map(|term| term.ite(&one, &none)).collect();
        T::add(&ones.iter().map(|number| Ranged { number, range: bit }).collect::<Vec<_>>(), range)
    }

    fn product(&mut self, a: Ranged<T::Number>, b: Ranged<T::Number>, range: Range) -> T::Number {
        T::multiply(a, b, range)
    }

    fn quotient(&mut self, a: Ranged<T::Number>, b: Ranged<T::Number>, range: Range) -> T::Number {
        Self::unless_zero(b, &T::constant(0, range), &T::quotient(a, b, range))
    }

    fn remainder(&mut self, a: Ranged<T::Number>, b: Ranged<T::Number>, range: Range) -> T::Number {
        Self::unless_zero(b, &T::convert(a, range), &T::remainder(a, b, range))
    }

    fn entry(&mut self, index: Ranged<T::Number>, table: &[i64], range: Range) -> T::Number {
        look_up::<T>(index, index.range, table, range)
    }
}

/// Binary search for the entry, at an index in `inside`; runs of equal entries are leaves.
fn look_up<T: Theory>(index: Ranged<T::Number>, inside: Range, table: &[i64], range: Range) -> T::Number {
    let entries = &table[inside.lo as usize..=inside.hi as usize];
    if entries.iter().all(|entry| *entry == entries[0]) {
        return T::constant(entries[0], range);
    }
    let middle = inside.lo + (inside.hi - inside.lo) / 2;
    let low = look_up::<T>(index, Range::new(inside.lo, middle), table, range);
    let high = look_up::<T>(index, Range::new(middle + 1, inside.hi), table, range);
    let point = Range::point(middle);
    T::at_most(index, Ranged { number: &T::constant(middle, point), range: point }).ite(&low, &high)
}

/// Lowers terms to the library's own.
pub struct TermView<T: Theory>(Lowering<Terms<T>>);

impl<T: Theory> Default for TermView<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Theory> TermView<T> {
    /// Without assertions.
    pub fn new() -> Self {
        let session = Session::new(T::LOGIC);
        Self(Lowering::new(Terms { session, vars: FxHashMap::default(), size: Size::default() }))
    }
}

impl<T: Theory> View for TermView<T> {
    fn assert(&mut self, dag: &Dag, term: TermId) {
        let fact = self.0.bool(dag, term);
        self.0.algebra.size.clauses += 1;
        self.0.algebra.session.assert(&fact);
    }

    fn mention(&mut self, dag: &Dag, term: TermId) {
        self.0.lower(dag, term);
    }

    fn check(&mut self, dag: &Dag, assumptions: &[TermId], stop: &Stop) -> Check {
        // The library only takes constants as assumptions, so each term gets a name.
        let mut names = Vec::with_capacity(assumptions.len());
        for &term in assumptions {
            let fact = self.0.bool(dag, term);
            let name = Bool::new_const(format!("a{}", term.0));
            self.0.algebra.session.assert(&name.implies(&fact));
            names.push(name);
        }
        self.0.algebra.session.check(&names, stop)
    }

    fn value(&self, dag: &Dag, var: VarId) -> i64 {
        let range = dag.vars()[var.index()].sort.range();
        let terms = &self.0.algebra;
        terms.vars.get(&var).map_or(range.lo, |value| terms.read(value, range))
    }

    fn term_value(&self, dag: &Dag, term: TermId) -> i64 {
        let range = dag.range(term);
        self.0.get(term).map_or(range.lo, |value| self.0.algebra.read(value, range))
    }

    fn size(&self) -> Size {
        self.0.algebra.size
    }
}
